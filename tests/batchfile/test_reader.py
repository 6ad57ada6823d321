"""Batch files: what artists write, and the recipe that comes of it."""

import codecs
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.batchfile.reader import read_batch, read_text
from musep2p.core.recipe import task_key
from musep2p.errors import RecipeError

GOOD = """\
name: hotels
prompt: "{{city}} at {{light}}, (gold:1.3)"
negative: people
size: 512x768
steps: 12
axes:
  city: [Kyoto, "北京", no]
  light: [dawn, 012]
seeds: {count: 2, from: 40}
priority: 3
retries: 1
timeout: 90
tags: [a100]
gpu_memory: 12 GB
"""
# The classic bomb: ten lists, each ten times the one before it.
LAUGHS = "prompt: a\nparams:\n  a: &a [x]\n" + "".join(
    f"  {new}: &{new} [{', '.join(['*' + old] * 10)}]\n" for old, new in itertools.pairwise("abcdefghij")
)


def prompts(read):
    """The prompts of all tasks, in order."""
    return [read.tasks.parameters(i)["prompt"] for i in range(read.tasks.total)]


def read_in(folder, text, **files):
    """A batch file with others beside it."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_text(text, "x", folder)


def test_a_whole_file():
    """Axes are the outermost digits in the order written; settings stay out of the recipe."""
    read = read_text(GOOD, "file")

    assert read.recipe.count() == 12
    assert read.tasks.parameters(5)["prompt"] == "北京 at dawn, (gold:1.3)"
    assert read.tasks.parameters(0)["seed"] == 40
    assert read.tasks.cell(8)["city"] == "no"
    assert (read.recipe.fixed["width"], read.recipe.fixed["height"]) == (512, 768)
    assert (read.settings.name, read.settings.priority, read.settings.timeout_ms) == ("hotels", 3, 90_000)
    assert (read.recipe.tags, read.recipe.gpu_mb) == (("a100",), 12 * 1024)
    assert read.tasks.name(5) == "0005_北京_dawn"


def test_variables_stay_as_they_are_written():
    """No, 012, 1.10, 1_000, 16:9, true and 1e3 are texts in a prompt."""
    read = read_text('prompt: "{{v}}"\naxes: {v: [no, 012, 1.10, 1_000, 16:9, true, 1e3, 2026-11-23]}\n', "x")

    assert prompts(read) == ["no", "012", "1.10", "1_000", "16:9", "true", "1e3", "2026-11-23"]


def test_parameters_have_types():
    """What the engine is handed is a number where it looks like one, unless it stands in quotes."""
    read = read_text("engine: null\nparams: {a: 1, b: 1.5, c: '1', d: true, e: word}\naxes: {f: [2, '3']}\n", "x")

    made = [read.tasks.parameters(i) for i in (0, 1)]
    assert made[0] == {"engine": "null", "model": "", "a": 1, "b": 1.5, "c": "1", "d": True, "e": "word", "f": 2}
    assert made[1]["f"] == "3"


def test_the_engine_called_null_needs_no_quotes():
    """YAML's nothing is no engine; the word is."""
    assert read_text("engine: null\nparams: {v: 1}\n", "x").recipe.engine == "null"
    with pytest.raises(RecipeError, match="engine must be"):
        read_text("engine:\nparams: {v: 1}\n", "x")


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ("7", [7]),
        ("[7, 8]", [7, 8]),
        ("1-4", [1, 2, 3, 4]),
        ("[1-3, 9]", [1, 2, 3, 9]),
        ("'1, 2, .., 5'", [1, 2, 3, 4, 5]),
        ("{count: 3}", [1, 2, 3]),
        ("{count: 2, from: 40}", [40, 41]),
        ("1-20", list(range(1, 21))),
    ],
)
def test_seeds(seeds, expected):
    """Fixed, listed, counted, or as a range."""
    read = read_text(f"prompt: a\nseeds: {seeds}\n", "x")

    assert expected == [read.tasks.parameters(i)["seed"] for i in range(read.tasks.total)]


def test_derived_seeds_differ_from_cell_to_cell():
    """Each cell has its own, always the same; another rng_seed gives others."""
    text = 'prompt: "{{c}}"\naxes: {c: [a, b]}\nseeds: {derived: 2}\n'
    one, same, other = read_text(text, "x"), read_text(text, "y"), read_text(text + "rng_seed: 1\n", "x")
    seeds = [[read.tasks.parameters(i)["seed"] for i in range(4)] for read in (one, same, other)]

    assert seeds[0] == seeds[1]
    assert len({*seeds[0], *seeds[2]}) == 8
    assert all(0 <= seed < 1 << 32 for seed in seeds[0])


def test_a_zipped_group_goes_together():
    """The first values, then the second; other axes multiply it."""
    read = read_text('prompt: "{{a}}{{b}}{{c}}"\nzip: {a: [x, y], b: [1, 2]}\naxes: {c: [p, q]}\n', "x")

    assert prompts(read) == ["x1p", "x1q", "y2p", "y2q"]


def test_axes_are_nested_as_they_are_written_but_model_and_size_outermost():
    """So that ranges keep one class of work, and the model changes least."""
    read = read_text('prompt: "{{c}}"\naxes: {c: [p, q], size: [64x64, 128x64], model: [m, n]}\n', "x")

    assert [axis.names[0] for axis in read.recipe.axes] == ["model", "size", "c"]
    made = read.tasks.parameters(7)
    assert (made["width"], made["height"], made["model"], made["prompt"]) == (128, 64, "n", "q")
    assert read.tasks.name(7) == "0007_n_128x64_q"


def test_search_and_replace():
    """The first text is searched in the prompts and replaced by each."""
    text = "prompt: a fox, ink, ink wash\nnegative: no ink\naxes: {medium: {replace: [ink, oil]}}\n"
    read = read_text(text, "x")

    assert prompts(read) == ["a fox, ink, ink wash", "a fox, oil, oil wash"]
    assert read.tasks.parameters(1)["negative"] == "no oil"


def test_values_in_one_text():
    """Numbers as A1111 and SwarmUI write them, texts between bars, and skipped ones that keep their number."""
    read = read_text('prompt: "{{a}}"\naxes: {steps: "5-9 (+2)", a: "x, y || SKIP: z || w"}\n', "x")

    assert [read.tasks.parameters(i)["steps"] for i in (0, 3, 6)] == [5, 7, 9]
    assert prompts(read)[:3] == ["x, y", "z", "w"]
    assert list(read.tasks.excluded.indices()) == [1, 4, 7]


def test_columns_in_many_languages(tmp_path):
    """`{{text[language]}}` takes the column of each language; Chinese names, columns and files work."""
    table = "城市,text_fr,text_中文\n京都,Bienvenue,欢迎\n"
    text = "prompt: '{{text[language]}}, {{城市}}'\nrows: rows.csv\naxes: {language: [fr, 中文]}\n"
    read = read_in(tmp_path, text, rows_dot_csv=table)

    assert prompts(read) == ["Bienvenue, 京都", "欢迎, 京都"]
    assert read.tasks.name(1) == "0001_京都_中文"


ROWS = [("Zürich", "20"), ("Genève, lac", "30")]


def table(delimiter, encoding, mark=b"", newline="\r\n"):
    """A CSV as some program writes it."""
    lines = ["city" + delimiter + "steps"] + [
        (f'"{city}"' if delimiter in city else city) + delimiter + steps for city, steps in ROWS
    ]
    return mark + newline.join([*lines, ""]).encode(encoding)


@pytest.mark.parametrize(
    "data",
    [
        table(",", "utf-8"),
        table(";", "utf-8", codecs.BOM_UTF8),
        table(";", "cp1252"),
        table("\t", "utf-16-le", codecs.BOM_UTF16_LE),
        b"sep=;\r\n" + table(";", "cp1252"),
        table(",", "utf-8", newline="\n"),
        table(";", "utf-8") + b"\r\n;\r\n",
    ],
    ids=["utf-8", "excel utf-8", "excel cp1252", "excel unicode", "sep=", "unix", "blank rows"],
)
def test_tables_as_excel_writes_them(data, tmp_path):
    """Whatever the encoding and the separator: the same rows."""
    read = read_in(tmp_path, "prompt: '{{city}}'\nrows: rows.csv\n", rows_dot_csv=data)

    assert [(p["prompt"], str(p["steps"])) for p in map(read.tasks.parameters, (0, 1))] == ROWS


def test_chinese_tables_in_their_old_encoding(tmp_path):
    """GB 18030 is told from cp1252 by its pairs of bytes, and the guess is said."""
    read = read_in(tmp_path, "prompt: '{{城市}}'\nrows: r.csv\n", r_dot_csv="城市\n北京\n上海\n".encode("gb18030"))

    assert prompts(read) == ["北京", "上海"]
    assert "gb18030" in read.notes[0]


def test_spreadsheets(tmp_path):
    """Excel and ODS: whole numbers without a point, dates as dates, the sheet that is asked for."""
    import datetime

    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["other"])
    sheet = book.create_sheet("Hotels")
    for row in (["city", "steps", "day", "n"], ["京都", 20, datetime.datetime(2026, 11, 23), 1.5]):
        sheet.append(row)
    book.save(tmp_path / "h.xlsx")
    read = read_in(tmp_path, "prompt: '{{city}} {{day}} {{n}}'\nrows: {file: h.xlsx, sheet: Hotels}\n")

    assert read.tasks.parameters(0)["prompt"] == "京都 2026-11-23 1.5"
    assert read.tasks.parameters(0)["steps"] == 20
    assert prompts(read_in(tmp_path, f"prompt: '{{{{city}}}}'\nrows: {write_ods(tmp_path)}\n")) == ["北京"]


def write_ods(folder):
    """A small ODS file; returns its name."""
    opendocument = pytest.importorskip("odf.opendocument")
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document, page = opendocument.OpenDocumentSpreadsheet(), Table(name="a")
    for text in ("city", "北京"):
        row, cell = TableRow(), TableCell(valuetype="string")
        cell.addElement(P(text=text))
        row.addElement(cell)
        page.addElement(row)
    document.spreadsheet.addElement(page)
    document.save(folder / "c.ods")
    return "c.ods"


def test_prompts_may_come_from_a_column_or_an_axis(tmp_path):
    """And are templates then."""
    read = read_in(tmp_path, "rows: p.csv\n", p_dot_csv="prompt,city\n{{city}} by day,Kyoto\nplain,Paris\n")

    assert prompts(read) == ["Kyoto by day", "plain"]
    assert prompts(read_text("axes: {prompt: [a, b c]}\n", "x")) == ["a", "b c"]


def test_axes_from_files(tmp_path):
    """The lines of a list, a column of a table, the lines of a wildcard file."""
    text = "prompt: '{{a}}{{b}}{{c}}'\naxes:\n  a: {file: a.txt}\n  b: {file: b.csv, column: n}\n  c: {wildcard: w}\n"
    read = read_in(tmp_path, text, a_dot_txt="# list\nx\ny\n", b_dot_csv="m,n\n1,2\n", wildcards__w_dot_txt="p\nq\n")

    assert prompts(read) == ["x2p", "x2q", "y2p", "y2q"]


def test_wildcards_are_embedded_with_those_they_name(tmp_path):
    """Only these; the recipe needs no file any more."""
    files = {"wildcards__a_dot_txt": "x __deep/b__\n", "wildcards__c_dot_txt": "unused\n"}
    (tmp_path / "wildcards/deep").mkdir(parents=True)
    (tmp_path / "wildcards/deep/b.txt").write_text("y\n")
    read = read_in(tmp_path, "prompt: '__a__'\n", **files)

    assert read.recipe.wildcards == {"a": ("x __deep/b__",), "deep/b": ("y",)}
    assert prompts(read) == ["x y"]


def test_the_most_of_tasks_can_be_raised():
    """A mistyped axis is a mistake; a wish is said."""
    text = "engine: null\nseeds: {count: 20000000}\n"

    with pytest.raises(RecipeError, match="more than 10,000,000"):
        read_text(text, "x")
    assert read_text(text + "max_tasks: 20000000\n", "x").tasks.wanted == 20_000_000


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "prompt: &a [*a]\n",
        "a: " + "[" * 900 + "]" * 900 + "\n",
        "axes: " + "[" * 100_000,
        'prompt: "{{' + " " * 50_000 + '"\n',
        'prompt: "{' + " " * 50_000 + '|"\n',
        'prompt: "' + "__a " * 20_000 + '{"\n',
        "prompt: a" + " " * 100_000 + "{ b: c: d\n",
    ],
    ids=["laughs", "itself", "deep", "deeper", "spaces", "more spaces", "wildcards", "a long line"],
)
@pytest.mark.timeout(10)
def test_bombs_are_refused(text):
    """A small file that stands for a huge one."""
    with pytest.raises(RecipeError):
        read_text(text, "x")


def test_the_file_is_named(tmp_path):
    """A missing file and a file of bytes are told by path."""
    for path, data in ((tmp_path / "none.yaml", None), (tmp_path / "bytes.yaml", b"\xff\xfe\x00a")):
        if data:
            path.write_bytes(data)
        with pytest.raises(RecipeError) as caught:
            read_batch(path)
        assert path.name in str(caught.value)


def test_search_and_replace_leaves_names_alone(tmp_path):
    """Variables and wildcards that contain the text stay what they are."""
    text = "prompt: 'a hat, __hats__, {{hat}}'\naxes: {hat: [x], kind: {replace: [hat, coat]}}\n"
    read = read_in(tmp_path, text, wildcards__hats_dot_txt="fez\n")

    assert prompts(read) == ["a hat, fez, x", "a coat, fez, x"]


def test_a_prompt_column_may_be_wrapped(tmp_path):
    """`{{prompt}}` in the prompt: the column is a variable then."""
    read = read_in(tmp_path, "prompt: '{{prompt}}, masterpiece'\nrows: p.csv\n", p_dot_csv="prompt,n\na {b},1\n")

    assert prompts(read) == ["a {b}, masterpiece"]


def test_lists_of_colours_and_numbers(tmp_path):
    """`#ff0000` is no comment; ranges may stand in lists of numbers; a weight is no part of a value."""
    text = "prompt: '{{c}} {{h}}'\naxes: {c: {file: c.txt}, h: {wildcard: h}, steps: [10-20 (+10), 60]}\n"
    read = read_in(tmp_path, text, c_dot_txt="# red\n#ff0000\n#abc\n", wildcards__h_dot_txt="3::fez\n")

    assert prompts(read)[::3] == ["#ff0000 fez", "#abc fez"]
    assert [read.tasks.parameters(i)["steps"] for i in range(3)] == [10, 20, 60]


def test_letters_in_two_forms_are_the_same(tmp_path):
    """A column that one system wrote decomposed is found by a name that another wrote composed."""
    text = "prompt: '{{Stra\u0308\u00dfe}}'\nrows: r.csv\nexclude: {Str\u00e4\u00dfe: K\u00f6ln}\n"
    read = read_in(tmp_path, text, r_dot_csv="Str\u00e4\u00dfe,n\nKo\u0308ln,1\nBonn,2\n")

    assert list(read.tasks.unexcluded()) == [1]


@pytest.mark.parametrize(
    ("cells", "encoding"),
    [
        (["decoração", "Süße Füße", "50 €"], "cp1252"),
        (["Größe", "Weiß"], "cp1252"),
        (["北京市的酒店", "上海 2026"], "gb18030"),
        (["Москва", "Тверь"], None),
    ],
)
def test_an_encoding_is_told_or_asked_for(cells, encoding, tmp_path):
    """Never guessed between two that fit."""
    data = "\n".join(["text,n", *(f"{cell},1" for cell in cells)]).encode(encoding or "cp1251")
    if encoding is None:
        with pytest.raises(RecipeError, match="nobody can tell"):
            read_in(tmp_path, "prompt: '{{text}}'\nrows: r.csv\n", r_dot_csv=data)
    else:
        assert cells == prompts(read_in(tmp_path, "prompt: '{{text}}'\nrows: r.csv\n", r_dot_csv=data))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prompt: 'a {b|c}'\naxes: {steps: [5, 9], x: [p]}\noutput: '{{x}}'\n", "`vary_by: [x]` keeps them the same"),
        ("prompt: '{{c}}'\naxes: {c: ['a {b|c}']}\n", "makes no choice"),
        ("prompt: '{{c}}'\naxes: {c: [a, a]}\n", "'a' is there 2 times"),
        ("prompt: '{{c}}'\naxes: {c: [a, '']}\n", "'c' is empty at"),
        ("prompt: a\naxes: {sampler: [x, y]}\n", "atelier has no sampler"),
        ("prompt: '{{c}}'\naxes: {c: [a]}\noutput: 'x/{{c}}'\n", "`/` in `output` becomes `-`"),
        ("engine: comfy\nprompt: a\n", "'comfy' is not on this machine"),
    ],
)
def test_notes(text, told):
    """What is no mistake but worth knowing."""
    assert told in " ".join(read_text(text, "x").notes)


CITIES = st.lists(st.text("abcdé北", min_size=1, max_size=4), min_size=2, max_size=6, unique=True)


def keys_by_city(cities, seeds):
    """city -> task keys of its tasks."""
    rows = ", ".join(f"{{city: '{city}', style: s{len(city)}}}" for city in cities)
    text = f"prompt: '{{{{city}}}} {{a|b|c}} {{{{style}}}}'\nrows: [{rows}]\naxes: {{steps: [5, 9]}}\nseeds: {seeds}\n"
    tasks = read_text(text, "x").tasks
    found = {}
    for index in range(tasks.total):
        found.setdefault(tasks.cell(index)["city"], set()).add(task_key("e", tasks.parameters(index)))
    return found


@settings(max_examples=40)
@given(CITIES, st.randoms(use_true_random=False), st.sampled_from(["{derived: 3}", "[7, 8]", "{count: 2}"]))
def test_a_row_concerns_only_its_own_pictures(cities, rng, seeds):
    """Rows shuffled, one added, one taken away, one changed: the other rows' task keys stay what they were."""
    before = keys_by_city(cities, seeds)
    shuffled = rng.sample(cities, len(cities))
    with_another = ["zz", *shuffled]

    assert before == keys_by_city(shuffled, seeds)
    after = keys_by_city(with_another, seeds)
    assert before == {city: keys for city, keys in after.items() if city != "zz"}
    assert not after["zz"] & set().union(*before.values())
    assert {city: before[city] for city in cities[1:]} == keys_by_city(cities[1:], seeds)
    changed = keys_by_city(["yy", *cities[1:]], seeds)
    assert {city: before[city] for city in cities[1:]} == {c: keys for c, keys in changed.items() if c != "yy"}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    """Never another exception."""
    try:
        read_text(text, "x")
    except RecipeError as error:
        assert error.message
