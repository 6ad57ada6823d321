"""Batch files: what artists write, and what they are told when it is wrong."""

import itertools

import pytest

from musep2p.batchfile.reader import read_batch, read_text
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
"""


NUMBERS = list(range(4000))
# The classic bomb: ten lists, each ten times the one before it.
LAUGHS = "prompt: a\nparams:\n  a: &a [x]\n" + "".join(
    f"  {new}: &{new} [{', '.join(['*' + old] * 10)}]\n" for old, new in itertools.pairwise("abcdefgh")
)


def test_a_whole_file():
    """Axes are the outermost digits in the order written; settings stay out of the recipe."""
    read = read_text(GOOD, "file")

    assert read.recipe.count() == 12
    assert read.recipe.parameters(5)["prompt"] == "北京 at dawn, (gold:1.3)"
    assert read.recipe.parameters(0)["seed"] == 40
    assert read.recipe.parameters(8)["city"] == "no"
    assert (read.recipe.fixed["width"], read.recipe.fixed["height"]) == (512, 768)
    assert (read.settings.name, read.settings.priority, read.settings.timeout_ms) == ("hotels", 3, 90_000)
    assert read.recipe.tags == ("a100",)


def test_the_engine_called_null_needs_no_quotes():
    """YAML's nothing is no engine; the word is."""
    assert read_text("engine: null\nparams: {v: 1}\n", "x").recipe.engine == "null"
    with pytest.raises(RecipeError, match="engine must be a word"):
        read_text("engine:\nparams: {v: 1}\n", "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt: [a", "line"),
        ("- a\n- b\n", "list of `key: value`"),
        ("promt: a\n", "unknown key 'promt'"),
        ("prompt: a\nprompt: b\n", "given twice"),
        ("prompt: {{city}}\n", "quotes"),
        ('prompt: "{{city}}"\n', "nothing gives {{city}}"),
        ("prompt: a\naxes: {city: []}\n", "at least one value"),
        ("prompt: a\naxes: [1]\n", "lines of"),
        ("prompt: a\nseeds: many\n", "seeds must be"),
        ("prompt: a\nseeds: {count: 0}\n", "seeds must be"),
        ("prompt: a\nsize: big\n", "WIDTHxHEIGHT"),
        ("prompt: a\nsize: 8x8\n", "from 64 to 2048"),
        ("prompt: a\nsteps: many\n", "steps must be"),
        ("prompt: a\npriority: high\n", "whole number"),
        ("prompt: a\nretries: -1\n", "from 0 to 100"),
        ("prompt: a\nseeds: [99999999999999999999]\n", "seeds must be"),
        ("prompt: a\nguidance: 1e400\n", "below 2^63"),
        ("prompt: a\nparams: {x: 99999999999999999999}\n", "below 2^63"),
        ("prompt: a\nseeds: {count: 100000000000}\n", "at most 1,000,000"),
        ("prompt: a\nseeds: [1]\naxes: {seed: [2]}\n", "cannot be called"),
        ("prompt: '{{ time of day }}'\n", "nothing gives {{time of day}}"),
        ("prompt: a\ntimeout: -5\n", "number of seconds"),
        ("engine: sleep\nparams: {ms: soon}\n", "ms must be"),
        (f"engine: null\nparams: {{v: {'x' * 300}}}\n", "at most 256"),
        (f"prompt: a\naxes: {{a: {NUMBERS}, b: {NUMBERS}}}\n", "16,000,000"),
        ("prompt: &a [*a]\n", "recursive"),
        (LAUGHS, "a must be"),
        ("", "list of `key: value`"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    """One line with what and where; never another exception."""
    with pytest.raises(RecipeError) as caught:
        read_text(text, "x")

    assert message in str(caught.value)
    assert "\n" not in caught.value.message.rstrip()


def test_a_misspelt_key_gets_a_proposal():
    """What would be right is said."""
    with pytest.raises(RecipeError) as caught:
        read_text("promt: a\n", "x")

    assert "Did you mean 'prompt'?" in str(caught.value)


def test_the_file_is_named(tmp_path):
    """A missing file and a file of bytes are told by path."""
    for path, data in ((tmp_path / "none.yaml", None), (tmp_path / "bytes.yaml", b"\xff\xfe\x00a")):
        if data:
            path.write_bytes(data)
        with pytest.raises(RecipeError) as caught:
            read_batch(path)
        assert path.name in str(caught.value)
