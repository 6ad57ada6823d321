"""Any program as an engine: what it is given, what it may write, and how it fails."""

import io
import json
import sys
import textwrap

import pytest
from PIL import Image

from musep2p.engines.command import CommandEngine
from musep2p.errors import ConfigError, EngineError
from musep2p.images.pixel_hash import pixel_hash
from musep2p.ports import Task

PARAMETERS = {"prompt": "a 'red' $HOME; rm -rf {x}", "width": 32, "height": 16, "seed": 7, "engine": "command"}
PAINTS = """
    import json, sys
    from PIL import Image
    prompt, width, height, seed, output = sys.argv[1:]
    Image.new("RGB", (int(width), int(height)), (int(seed), 0, 0)).save(output)
    print(prompt)
"""
ARGUMENTS = ("{prompt}", "{width}", "{height}", "{seed}", "{output}")


@pytest.fixture
def made(tmp_path):
    """An engine that runs a Python program with these arguments."""

    def make(program, *arguments, **settings):
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(program))
        return CommandEngine({"run": [sys.executable, str(script), *arguments], **settings})

    return make


def render(engine, **more):
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


def test_a_program_paints(made):
    """It gets the parameters as arguments, whatever they hold, and its picture is known by its pixels."""
    output = render(made(PAINTS, *ARGUMENTS))
    image = Image.open(io.BytesIO(output.data))

    assert (output.ext, image.size, image.getpixel((0, 0))) == ("png", (32, 16), (7, 0, 0))
    assert output.pixel_hash == pixel_hash(image)


def test_an_argument_is_what_the_batch_says_and_no_shell_reads_it(made):
    """Quotes, dollars and braces arrive as they are; `{{` is a brace of the setting itself."""
    says = 'import json, sys; json.dump(sys.argv[1:], open(sys.argv[-1], "w"))'
    output = render(made(says, "--p={prompt}", "{{x}}", "{output}", ext="json"))

    assert json.loads(output.data)[:2] == ["--p=" + PARAMETERS["prompt"], "{x}"]
    assert (output.ext, output.pixel_hash) == ("json", "")


def test_all_parameters_as_a_file(made):
    """For programs that take what they need: any name goes, and defaults are filled in."""
    says = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    engine = made(says, "{parameters}", "{output}", ext="json", defaults={"steps": 20, "seed": 1})
    given = json.loads(render(engine, mood="calm").data)

    assert engine.parameters is None
    assert given == {k: v for k, v in {**PARAMETERS, "mood": "calm", "steps": 20}.items() if k != "engine"}


def test_the_format_is_what_the_bytes_are(made):
    """A program that writes JPEG into output.png made a jpg."""
    program = 'import sys; from PIL import Image; Image.new("RGB", (8, 8)).save(sys.argv[1], "JPEG")'

    assert render(made(program, "{output}")).ext == "jpg"


@pytest.mark.parametrize(
    ("program", "settings", "words", "permanent"),
    [
        ("import sys; print('no such model'); sys.exit(2)", {"permanent": [2]}, "exit code 2: no such model", True),
        ("import sys; print('out of memory'); sys.exit(3)", {"permanent": [2]}, "exit code 3: out of memory", False),
        ("import os, signal; os.kill(os.getpid(), 9)", {}, "exit code -9", False),
        ("pass", {}, "wrote nothing", False),
        ("import sys; open(sys.argv[1], 'w')", {}, "wrote 0 bytes", False),
        ("import sys; open(sys.argv[1], 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(20))", {}, "no picture", False),
    ],
)
def test_how_it_fails(made, program, settings, words, permanent):
    """The exit code and the last line that was printed; what is no picture after all is no result."""
    with pytest.raises(EngineError, match=words) as caught:
        render(made(program, "{output}", **settings))
    assert caught.value.permanent == permanent


def test_what_is_not_here(tmp_path):
    """No program is set, or it is not installed: this machine says that it has no such engine."""
    nothing, absent = CommandEngine(), CommandEngine({"run": ["no-such-renderer", "{output}"]})

    assert "no program is set" in nothing.missing() and "no-such-renderer" in absent.missing()
    with pytest.raises(EngineError, match="no-such-renderer") as caught:
        render(absent)
    assert not caught.value.permanent
    assert CommandEngine({"run": [sys.executable, "{output}"]}).missing() == ""


def test_what_the_program_asks_for_must_be_given(made):
    """Said when the batch is planned, not when the first task fails."""
    engine = made("pass", "{prompt}", "{mood}", "{output}")

    assert engine.parameters == {"prompt", "mood"}
    assert [name for name, _ in engine.check(PARAMETERS)] == ["mood"]
    assert engine.check({**PARAMETERS, "mood": "calm"}) == []


def test_equal_work_is_found_by_its_key_when_the_program_has_a_name(made):
    """Other arguments, another program or version: other work."""
    plain, named = made("pass", "{output}"), made("pass", "{output}", identity="r 3.1")
    other = made("pass", "{output}", "--fast", identity="r 3.1")

    assert (plain.keyed, named.keyed) == (False, True)
    assert len({named.identity, other.identity, made("pass", "{output}", identity="r 3.2").identity}) == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"run": "render {prompt}"}, "run must be a list of texts"),
        ({"run": ["render", "{prompt}"]}, "run has no {output}"),
        ({"run": ["render", "{output", "x"]}, "expected '}'"),
        ({"run": ["render", "{output}", "{0.x}"]}, "placeholder that is no name"),
        ({"run": ["render", "{output}"], "permanent": ["2"]}, "permanent must be a list of whole numbers"),
        ({"run": ["render", "{output}"], "ext": "../x"}, "ext cannot be"),
        ({"run": ["render", "{output}"], "defaults": {"a": [1]}}, "defaults must be a table"),
        ({"run": ["render", "{output}"], "permament": [2]}, "did you mean 'permanent'"),
    ],
)
def test_settings_that_cannot_be_used(settings, words):
    """One line that names the option."""
    with pytest.raises(ConfigError) as caught:
        CommandEngine(settings)
    assert words.lower() in str(caught.value).lower() and "engines.command" in str(caught.value)
