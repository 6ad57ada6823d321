"""Every construct of the batch language: what is written, and what comes of it.

The page docs/batch-language.md is made from these (`python -m tests.batchfile.pages`) and is what they are
checked against.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Construct:
    """One construct.

    Attributes:
        title: of its paragraph.
        about: a sentence or two.
        text: of a batch file.
        shown: the parameters that its result shows.
        files: other files beside it.
        tasks: how many tasks of the result are shown.
    """

    title: str
    about: str
    text: str
    shown: tuple[str, ...] = ("prompt",)
    files: dict[str, str] = field(default_factory=dict, hash=False)
    tasks: int = 4


HATS = {"wildcards/hats.txt": "# one a line, with or without a weight\nfez\n3::top hat with a {red|blue} band\n"}

TEMPLATES = [
    Construct(
        "Variables",
        "`{{name}}` is the value of an axis or a column. In a value nothing is read as a template again.",
        'prompt: "a hotel in {{city}}"\naxes:\n  city: [Kyoto, 北京, "{a|b}"]\n',
    ),
    Construct(
        "Index and seed",
        "`{{index}}` and `{{seed}}` are variables too. A prompt with the index in it is another one for each task.",
        'prompt: "poster {{index}}, seed {{seed}}"\nseeds: [7, 8]\n',
    ),
    Construct(
        "A column for each language",
        "`{{text[language]}}` takes the column `text_fr` where `language` is `fr` (also `text-fr`, `text.fr`, `text fr`); "
        "`{{[language]}}` takes the column `fr`.",
        'prompt: "{{product}}: {{text[language]}}"\nrows: products.csv\naxes:\n  language: [en, fr, 中文]\n',
        files={"products.csv": "product,text_en,text_fr,text_中文\ntea,Slow down,Doucement,慢慢来\n"},
    ),
    Construct(
        "Choices",
        "One of the options, at random: always the same one for the same cell, on every machine.",
        'prompt: "a {red|blue|green} {hat|coat}"\nseeds: {count: 3}\n',
    ),
    Construct(
        "Weights",
        "`3::` makes an option three times as likely; what has no weight has 1.",
        'prompt: "a {3::calm|1::wild} sea"\nseeds: {count: 4}\n',
    ),
    Construct(
        "Several of them",
        "`2$$` takes two different ones, joined by a comma; `2$$ and $$` joins them by ` and `; `1-2$$` takes one or two.",
        'prompt: "{2$$hat|coat|scarf}; {2$$ and $$sun|rain|snow}; {1-2$$cat|dog}"\nseeds: {count: 3}\n',
    ),
    Construct(
        "Wildcards",
        "`__hats__` is one line of `wildcards/hats.txt`, `{2$$__hats__}` are two; `__deep/hats__` lies in a folder, "
        "`__*__` is any file. The files are read when the batch is submitted.",
        'prompt: "a man, __hats__"\nseeds: {count: 4}\n',
        files=HATS,
    ),
    Construct(
        "Nested",
        "Options and lines are templates: choices, variables and wildcards may stand in them.",
        'prompt: "{in {{city}}|at the {2$$sea|lake|river}}"\naxes: {city: [Kyoto]}\nseeds: {count: 3}\n',
    ),
    Construct(
        "What is left alone",
        "Emphasis, prompt editing, alternation and LoRA belong to the engine. `\\{`, `\\}`, `\\|` and `\\__` are characters.",
        "prompt: '(gold:1.3), [a:b:0.5], [cat|dog], <lora:ink:0.8>, \\{x\\}, 50% #1'\n",
    ),
]

AXES = [
    Construct(
        "Axes",
        "All combinations; the first axis is the outermost. Values of variables stay as they are written.",
        'prompt: "{{city}}, {{code}}"\naxes:\n  city: [Kyoto, no]\n  code: [012, 16:9]\n',
    ),
    Construct(
        "Axes of parameters",
        "`steps`, `guidance`, `sampler`, `size`, `model`, `prompt`, `negative`, and whatever the engine takes. "
        "The model is always outermost, then the size, so that machines keep what they have loaded.",
        "prompt: a tree\naxes:\n  steps: [10, 20]\n  size: [256x320, 320x256]\n",
        ("width", "height", "steps"),
    ),
    Construct(
        "Ranges as A1111 writes them",
        "`1-5`, `1-9 (+4)`, `0.2-1.0 [5]`; also backwards, `9-1 (-4)`.",
        "engine: null\naxes:\n  a: 1-9 (+4)\n  b: 0.2-1.0 [3]\n",
        ("a", "b"),
    ),
    Construct(
        "Ranges and lists as SwarmUI writes them",
        "`1, 2, .., 10`; `||` between texts that have commas; `SKIP:` leaves a value out, and it keeps its number.",
        'prompt: "{{place}}"\naxes:\n  steps: "1, 2, .., 4"\n  place: "Rome, Italy || SKIP: Paris || Oslo, Norway"\n',
        ("steps", "prompt"),
    ),
    Construct(
        "Search and replace",
        "The first text is looked for in the prompts and replaced by each.",
        "prompt: a fox, ink, ink splashes\naxes:\n  medium: {replace: [ink, oil, chalk]}\n",
    ),
    Construct(
        "Zipped groups",
        "Lists that go together, the first values, then the second ones.",
        'prompt: "{{city}}, {{landmark}}"\nzip:\n  city: [Kyoto, Paris]\n  landmark: [a temple, a tower]\n',
    ),
    Construct(
        "Axes from files",
        "`{file: places.txt}`: the lines; `{file: h.csv, column: city}`: a column; `{wildcard: hats}`: all lines of a list.",
        'prompt: "{{place}}, {{hat}}"\naxes:\n  place: {file: places.txt}\n  hat: {wildcard: caps}\n',
        files={"places.txt": "a beach\na street\n", "wildcards/caps.txt": "fez\nbowler\n"},
    ),
]

ROWS = [
    Construct(
        "Rows from a table",
        "CSV (`,` or `;`, with or without a mark, UTF-8, cp1252, UTF-16 or GB 18030), Excel or ODS. "
        "A column called like a parameter sets it.",
        'prompt: "{{city}}, {{style}}"\nrows: hotels.csv\n',
        ("prompt", "steps"),
        {"hotels.csv": "city;style;steps\nKyoto;ukiyo-e;20\nParis;oil;30\n"},
    ),
    Construct(
        "A sheet, an encoding",
        '`{file: h.xlsx, sheet: Hotels}`; for CSV also `encoding: cp1252` and `delimiter: ";"`.',
        'prompt: "{{city}}"\nrows: {file: hotels.csv, delimiter: "|"}\n',
        files={"hotels.csv": "city|n\nKyoto, Gion|1\n"},
    ),
    Construct(
        "Rows in place",
        "For a handful.",
        'prompt: "{{city}}, {{style}}"\nrows:\n  - {city: Kyoto, style: ukiyo-e}\n  - {city: Paris, style: oil}\n',
    ),
    Construct(
        "A prompt in each row",
        "A column `prompt` holds templates.",
        "rows: prompts.csv\n",
        files={"prompts.csv": 'prompt,city\n"a hotel in {{city}}, {day|night}",Kyoto\na plain chair,\n'},
    ),
    Construct(
        "Exclude and include",
        "Cells that are left out keep their number, so that no other picture is renamed.",
        'prompt: "{{city}}, {{light}}"\naxes:\n  city: [Kyoto, Paris]\n  light: [dawn, dusk, night]\n'
        "exclude:\n  - {city: Kyoto, light: [dusk, night]}\ninclude: {light: [dawn, dusk]}\n",
    ),
]

SEEDS = [
    Construct("One seed, or a list", "The same for every cell.", "prompt: a\nseeds: [7, 100-102]\n", ("seed",)),
    Construct("So many", "Counted from 1, or from another.", "prompt: a\nseeds: {count: 3, from: 40}\n", ("seed",)),
    Construct(
        "Derived",
        "Computed from the values of the cell: other cells, other seeds; a row that is added changes none.",
        'prompt: "{{city}}"\naxes: {city: [Kyoto, Paris]}\nseeds: {derived: 2}\n',
        ("prompt", "seed"),
    ),
    Construct(
        "Other choices",
        "Another `rng_seed` gives other choices and other derived seeds.",
        'prompt: "{{city}} {by day|by night}"\naxes: {city: [Kyoto, Paris]}\nseeds: {derived: 1}\nrng_seed: 2\n',
        ("prompt", "seed"),
    ),
    Construct(
        "What they depend on",
        "`vary_by: city`: the same choices and seeds for all steps, so that only the steps differ.",
        'prompt: "{{city}} {by day|by night}"\naxes: {city: [Kyoto], steps: [10, 20]}\nseeds: {derived: 1}\nvary_by: city\n',
        ("prompt", "steps", "seed"),
    ),
]

WHOLE = [
    Construct(
        "Names",
        "A template; without `{{index}}` the index is put in front. Names are safe on Windows, macOS, SMB and Linux; "
        "a value that names a file, like `lobby.png`, stands there without its ending.",
        'prompt: "{{city}}"\naxes: {city: ["Rio/Niterói", CON, lobby.png]}\noutput: "{{city}}_{{index}}"\n',
    ),
    Construct(
        "Order",
        "`middle-out`: the first tasks are an even sample of the whole grid, later ones fill it in.",
        "prompt: a\naxes: {steps: 10-50 (+10), guidance: 1-9 (+2)}\norder: middle-out\n",
        ("steps", "guidance"),
        tasks=9,
    ),
    Construct(
        "One look",
        "The same seed gives other pixels on other graphics cards. With `consistency: look` each peer renders a test "
        "picture first, and only the largest group whose pixels are the same takes part.",
        "prompt: a chair\nsize: 64x64\nconsistency: look\n",
    ),
    Construct(
        "A parameter from a variable",
        "A text that is only one variable keeps its kind: the engine gets a number.",
        'engine: null\nparams: {strength: "{{s}}"}\naxes: {s: [0.2, 0.8]}\n',
        ("strength",),
    ),
]

ALL = {
    "Templates": TEMPLATES, "Axes": AXES, "Rows and cells": ROWS, "Seeds and choices": SEEDS, "The whole batch": WHOLE,
}  # fmt: skip
