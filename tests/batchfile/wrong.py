"""What artists write by mistake: text, the place that must be named, and words of what they are told.

The table in docs/mistakes.md is made from these (`python -m tests.batchfile.pages`).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wrong:
    """One kind of mistake.

    Attributes:
        kind: in a few words.
        text: of the batch file.
        place: line:column; with a file in front when it is not the batch file.
        told: words that the message must have.
        files: other files beside it.
    """

    kind: str
    text: str
    place: str
    told: str
    files: dict[str, str | bytes] = field(default_factory=dict, hash=False)


TABLE = {"h.csv": "city,steps\nKyoto,20\nParis,many\n"}
CITIES = {"h.csv": "branch,city\n1,Kyoto\n2,Paris\n"}

YAML = [
    Wrong("a choice without quotes", "prompt: {red|blue} hat\n", "1:9", 'Write: prompt: "{red|blue} hat"'),
    Wrong("a variable without quotes", "prompt: {{city}} hotel\n", "1:9", 'Write: prompt: "{{city}} hotel"'),
    Wrong("a lone variable without quotes", "prompt: {{city}}\n", "1:9", 'Put it in quotes: "{{city}}"'),
    Wrong("an engine's bracket without quotes", "prompt: [a:b:0.5] tree\n", "1:9", 'Write: prompt: "[a:b:0.5] tree"'),
    Wrong("a colon and a space", "prompt: a: b: c\n", "1:9", 'Write: prompt: "a: b: c"'),
    Wrong("a prompt cut by a comment", "prompt: a # b\n", "1:9", 'Put it in quotes: "a # b"'),
    Wrong("a colour cut by a comment", "prompt: '{{h}}'\naxes:\n  h:\n    - hair #ff0000\n", "4:7", '"hair #ff0000"'),
    Wrong(
        "a choice in a list",
        "prompt: '{{a}}'\naxes:\n  a:\n    - {a|b}\n",
        "4:7",
        'Put it in quotes: "{a|b}"',
    ),
    Wrong("a key given twice", "prompt: a\nsteps: 5\nprompt: b\n", "3:1", "given twice (first in line 1)"),
    Wrong("a tab", "prompt: a\naxes:\n\tcity: [a]\n", "3:1", "Use spaces"),
    Wrong("a quote that is never closed", 'prompt: "a hotel\nsteps: 5\n', "1:9", "never closed"),
    Wrong("a list that is never closed", "prompt: '{{a}}'\naxes:\n  a: [b, c\nsteps: 5\n", "4:6", "not closed"),
    Wrong("a star at the start", "prompt: *a\n", "1:9", 'Write: prompt: "*a"'),
    Wrong("an at sign at the start", "prompt: @home\n", "1:9", 'Write: prompt: "@home"'),
    Wrong("a word that YAML eats", "prompt: !important cat\n", "1:9", 'Put it in quotes: "!important cat"'),
    Wrong("a text behind its quotes", 'prompt: "Neon" sign\n', "1:15", "goes on behind its closing quote"),
    Wrong("an escape that is none", 'prompt: "C:\\Users"\n', "1:14", "In double quotes a backslash"),
    Wrong("a full-width colon", "prompt: a\nsteps\uff1a5\n", "2:6", "a full-width colon"),
    Wrong("no space behind the colon", "prompt: a\nsteps:5\n", "2:6", "a space is missing"),
    Wrong("nested too deeply", "prompt: " + "[" * 30 + "]" * 30 + "\n", "1:28", "nested too deeply"),
    Wrong("two documents", "prompt: a\n---\nprompt: b\n", "2:1", "One batch a file"),
    Wrong("a line that does not line up", "prompt: a\n  steps: 5\n", "2:8", "indentation"),
    Wrong("a control character", "prompt: a\x07b\n", "1:10", "U+0007"),
    Wrong("a list instead of keys", "- a\n- b\n", "1:1", "lines of `key: value`"),
    Wrong("an empty file", "", "1:1", "empty"),
]

KEYS = [
    Wrong("a misspelt key", "promt: a\n", "1:1", "Did you mean 'prompt'?"),
    Wrong("another tool's key", "prompt: a\ncfg_scale: 7\n", "2:1", "Here it is called `guidance`"),
    Wrong("a word for a number", "prompt: a\nsteps: twenty\n", "2:8", "steps must be a whole number"),
    Wrong("a number with an underscore", "prompt: a\nrng_seed: 1_000\n", "2:11", "Write 1000."),
    Wrong("a comma for a point", "prompt: a\nguidance: 7,5\n", "2:11", "Write 7.5: a point, not a comma."),
    Wrong("a number in quotes", "prompt: a\nsteps: '20'\n", "2:8", "Take the quotes away."),
    Wrong("several prompts", "prompt: [a cat, a dog]\n", "1:9", "as prompt: [a cat, a dog]"),
    Wrong("a number with a leading zero", "prompt: a\nsteps: 012\n", "2:8", "Write 12."),
    Wrong("a number with a unit", "prompt: a\nsteps: 20 steps\n", "2:8", "steps must be a whole number"),
    Wrong("a ratio for a size", "prompt: a\nsize: 16:9\n", "2:7", "WIDTHxHEIGHT, like 768x1024, not '16:9'"),
    Wrong("a size that the engine has not", "prompt: a\nsize: 8x8\n", "2:7", "from 64 to 2048"),
    Wrong("several sizes for one", "prompt: a\nsize: [64x64, 96x96]\n", "2:7", "Write it below `axes:`"),
    Wrong("a clock for a duration", "prompt: a\ntimeout: 12:30\n", "2:10", "seconds, or like `90 s`"),
    Wrong("a priority out of bounds", "prompt: a\npriority: 5000\n", "2:11", "from -1,000 to 1,000"),
    Wrong("retries below nothing", "prompt: a\nretries: -1\n", "2:10", "from 0 to 100"),
    Wrong("a check that the gate has not", "prompt: a\ngate: {blakc: off}\n", "2:8", "Did you mean 'black'?"),
    Wrong("a threshold that is none", "prompt: a\ngate: {noise: much}\n", "2:15", "`off`, or a number from 0 on"),
    Wrong("a gate that is open", "prompt: a\ngate: open\n", "2:7", "gate must be `off`"),
    Wrong("memory that is none", "prompt: a\ngpu_memory: much\n", "2:13", "gigabytes, like `12`"),
    Wrong("an order that is none", "prompt: a\norder: middle out\n", "2:8", "Did you mean 'middle-out'?"),
    Wrong("a parameter that has a key", "prompt: a\nparams: {steps: 5}\n", "2:10", "has a key of its own"),
    Wrong("a parameter that the engine has not", "prompt: a\nparams: {stpes: 5}\n", "2:17", "Did you mean 'steps'?"),
    Wrong("a parameter without a value", "engine: sleep\nparams:\n  ms:\n", "3:6", "ms has no value"),
    Wrong("a parameter that the engine refuses", "engine: sleep\nparams: {ms: soon}\n", "2:14", "milliseconds"),
    Wrong("a no that may be false", "engine: null\nparams: {tiling: no}\n", "2:18", "Write false, or 'no' in quotes"),
    Wrong(
        "a parameter with a leading zero", "engine: null\nparams: {n: 012}\n", "2:13", "Write 12, or '012' in quotes"
    ),
    Wrong(
        "an axis of yes and no", "engine: null\naxes: {tiling: [yes, 1]}\n", "2:17", "Write true, or 'yes' in quotes"
    ),
    Wrong("no prompt", "steps: 5\n", "1:1", "there is no prompt"),
    Wrong("a number that is too large", "prompt: a\nguidance: 1e99\n", "2:11", "guidance must be a number"),
]

SEEDS = [
    Wrong("a random seed", "prompt: a\nseeds: -1\n", "2:8", "Write {derived: 1}"),
    Wrong("a word for seeds", "prompt: a\nseeds: many\n", "2:8", "a range 1-10"),
    Wrong("seeds backwards", "prompt: a\nseeds: 10-1\n", "2:8", "Write '10-1 (-1)'"),
    Wrong("no seeds", "prompt: a\nseeds: {count: 0}\n", "2:16", "from 1 to"),
    Wrong("a misspelt word in seeds", "prompt: a\nseeds: {cuont: 3}\n", "2:9", "Did you mean 'count'?"),
    Wrong("seeds said twice over", "prompt: a\nseeds: {count: 3, derived: 2}\n", "2:8", "neither how many nor which"),
    Wrong("too many tasks", "prompt: a\nseeds: {count: 20000000}\n", "2:1", "more than 10,000,000: seeds (20,000,000)"),
]

TEMPLATES = [
    Wrong("a misspelt variable", 'prompt: "a {{ctiy}}"\naxes: {city: [a]}\n', "1:12", "Did you mean 'city'?"),
    Wrong("a single brace", 'prompt: "a {city} b"\naxes: {city: [a]}\n', "1:12", "For a variable write {{city}}"),
    Wrong("double braces round a choice", 'prompt: "{{red|blue}} hat"\n', "1:10", "single braces: {red|blue}"),
    Wrong("a brace that is never closed", 'prompt: "a {b|c"\n', "1:12", "never closed"),
    Wrong("a brace that was never opened", 'prompt: "a b|c}"\n', "1:15", "closes nothing"),
    Wrong("more picks than options", 'prompt: "{4$$a|b|c}"\n', "1:10", "asks for 4 of 3 options"),
    Wrong("a range of picks backwards", 'prompt: "{3-2$$a|b|c}"\n', "1:10", "at least 3 and at most 2"),
    Wrong("no weight at all", 'prompt: "{0::a|0::b}"\n', "1:10", "all weights of this choice are 0"),
    Wrong("dynamicprompts' variables", 'prompt: "${c={a|b}} hat"\n', "1:10", "not part of this language"),
    Wrong(
        "a wildcard file that is not there",
        'prompt: "__hatz__"\n',
        "1:10",
        "Did you mean 'hats'?",
        {"wildcards/hats.txt": "fez\n"},
    ),
    Wrong(
        "wildcards that name each other",
        'prompt: "__a__"\n',
        "1:10",
        "in a circle: a -> b -> a",
        {"wildcards/a.txt": "x __b__\n", "wildcards/b.txt": "y __a__\n"},
    ),
    Wrong(
        "a mistake in a wildcard file",
        'prompt: "__a__"\n',
        "wildcards/a.txt:2:3",
        "never closed",
        {"wildcards/a.txt": "x\ny {b\n"},
    ),
    Wrong(
        "an empty wildcard file",
        'prompt: "__a__"\n',
        "1:10",
        "has no line",
        {"wildcards/a.txt": "# nothing\n"},
    ),
    Wrong(
        "a language without a column",
        'prompt: "{{t[l]}}"\nrows: h.csv\naxes: {l: [en, fr]}\n',
        "1:10",
        "there is no column 't_fr'",
        {"h.csv": "t_en,x\na,1\n"},
    ),
    Wrong(
        "a name that names nothing", 'prompt: "{{c}}"\naxes: {c: [a]}\noutput: "{{d}}"\n', "3:12", "nothing gives {{d}}"
    ),
]

AXES = [
    Wrong("an axis without values", "prompt: a\naxes: {steps: []}\n", "2:15", "at least one value"),
    Wrong("axes as a list", "prompt: a\naxes: [1]\n", "2:7", "lines of `name: value`"),
    Wrong("an axis that changes nothing", "prompt: a\naxes: {stpes: [5]}\n", "2:15", "Did you mean 'steps'?"),
    Wrong("an axis with a value that is none", "prompt: a\naxes: {steps: [5, ten]}\n", "2:19", "not 'ten'"),
    Wrong("a text that may be several", "prompt: '{{c}}'\naxes: {c: 'Kyoto, Paris'}\n", "2:11", "one value or several"),
    Wrong("steps that never arrive", "prompt: a\naxes: {steps: '5, 4, .., 9'}\n", "2:15", "never arrives"),
    Wrong("dots without a start", "prompt: a\naxes: {steps: '1, .., 9'}\n", "2:15", "does not say how it goes on"),
    Wrong("a value and an axis", "prompt: a\nsteps: 5\naxes: {steps: [5]}\n", "2:8", "given twice"),
    Wrong("two axes of one name", "prompt: a\naxes: {steps: [5]}\nzip: {steps: [6]}\n", "3:6", "given by two axes"),
    Wrong("lists of unequal length", "prompt: '{{a}}{{b}}'\nzip: {a: [x, y], b: [z]}\n", "2:6", "a 2, b 1"),
    Wrong("a text that is not in the prompt", "prompt: a\naxes: {s: {replace: [ink, oil]}}\n", "2:21", "has no 'ink'"),
    Wrong("an unknown kind of axis", "prompt: a\naxes: {s: {replase: [a, b]}}\n", "2:11", "unknown word 'replase'"),
    Wrong(
        "an exclusion that matches nothing",
        "prompt: '{{c}}'\naxes: {c: [Kyoto]}\nexclude: {c: Kyto}\n",
        "3:14",
        "Did you mean 'Kyoto'?",
    ),
    Wrong(
        "an exclusion of no axis",
        "prompt: '{{c}}'\naxes: {c: [a]}\nexclude: {d: a}\n",
        "3:11",
        "unknown name in exclude",
    ),
    Wrong(
        "everything excluded",
        "prompt: '{{c}}'\naxes: {c: [a]}\nexclude: {c: a}\n",
        "3:1",
        "every cell of the batch is left out",
    ),
    Wrong(
        "too many combinations", "prompt: '{{a}}{{b}}'\naxes: {a: 1-4000, b: 1-4000}\n", "2:1", "a (4,000) x b (4,000)"
    ),
]

TABLES = [
    Wrong("a table that is not there", "prompt: '{{city}}'\nrows: hotles.csv\n", "2:7", "is not there"),
    Wrong("a cell that is no number", "prompt: '{{city}}'\nrows: h.csv\n", "h.csv:3:2", "not 'many'", TABLE),
    Wrong(
        "a column with a wrong prompt",
        "rows: h.csv\n",
        "h.csv:3:1",
        "never closed",
        {"h.csv": "prompt,x\nok,1\na {b,2\n"},
    ),
    Wrong(
        "two columns of one name",
        "prompt: '{{a}}'\nrows: h.csv\n",
        "h.csv:1:2",
        "two columns 'a'",
        {"h.csv": "a,a\n1,2\n"},
    ),
    Wrong(
        "a column without a name",
        "prompt: '{{a}}'\nrows: h.csv\n",
        "h.csv:1:2",
        "has no name",
        {"h.csv": "a,,b\n1,2,3\n"},
    ),
    Wrong(
        "a row with too many cells",
        "prompt: '{{a}}'\nrows: h.csv\n",
        "h.csv:2:3",
        "must stand in quotes",
        {"h.csv": "a,b\n1,2,3\n"},
    ),
    Wrong("a table without rows", "prompt: '{{a}}'\nrows: h.csv\n", "2:7", "only its first row", {"h.csv": "a,b\n"}),
    Wrong(
        "a table that is no text",
        "prompt: '{{a}}'\nrows: {file: h.csv, encoding: ascii}\n",
        "2:7",
        "no text in ascii",
        {"h.csv": "é\n1\n".encode()},
    ),
    Wrong("a spreadsheet that is none", "prompt: '{{a}}'\nrows: h.xlsx\n", "2:7", "cannot be read", {"h.xlsx": b"no"}),
    Wrong(
        "a column that is not in the table", "prompt: '{{cty}}'\nrows: h.csv\n", "1:10", "Did you mean 'city'?", CITIES
    ),
    Wrong("a row that is no row", "prompt: '{{a}}'\nrows: [Kyoto]\n", "2:8", "a row must be"),
    Wrong(
        "a table with an unknown option",
        "prompt: '{{city}}'\nrows: {file: h.csv, shet: a}\n",
        "2:21",
        "Did you mean 'sheet'?",
        CITIES,
    ),
]

ALL = {"YAML": YAML, "Keys": KEYS, "Seeds": SEEDS, "Templates": TEMPLATES, "Axes": AXES, "Tables": TABLES}
