"""What a picture says about itself is read by the tools that artists use, and always says that no AI made it."""

import io
import json
import re

from PIL import Image
from sd_parsers import ParserManager

from musep2p.engines.atelier import NOTE
from musep2p.engines.registry import load_engine
from musep2p.images.png_text import a1111_text, encode_png, read_text
from musep2p.ports import Task

# As in parse_generation_parameters of AUTOMATIC1111/stable-diffusion-webui, which its PNG info and most tools use.
A1111_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
SAID = {"prompt": "a (red:1.3) cat, 水墨\nsecond line", "negative": "dog, rain", "width": 64, "height": 80, "seed": 5}


def rendered():
    engine = load_engine("atelier")
    return engine.render(Task(engine.normalise(SAID), 1, 1.0)).data


def test_sd_parsers_reads_it():
    """As a picture of Automatic1111, with prompts, seed and steps."""
    found = ParserManager().parse(io.BytesIO(rendered()))
    sampler = found.samplers[0]

    assert found.generator.value == "AUTOMATIC1111"
    assert sampler.prompts[0].value == SAID["prompt"]
    assert sampler.negative_prompts[0].value == SAID["negative"]
    assert sampler.parameters["seed"] == "5" and sampler.parameters["steps"] == "20"


def test_a1111_reads_it():
    """Its own expression finds every pair of the last line, the quoted one too."""
    *lines, last = read_text(rendered())["parameters"].split("\n")
    pairs = dict(A1111_PAIR.findall(last))

    assert lines == ["a (red:1.3) cat, 水墨", "second line", "Negative prompt: dog, rain"]
    assert pairs["Size"] == "64x80" and pairs["Seed"] == "5" and pairs["CFG scale"] == "7.0"
    assert json.loads(pairs["Note"]) == NOTE == "procedural preview, no AI model"


def test_both_chunks_say_that_no_ai_made_it():
    """Ours is JSON with all parameters."""
    text = read_text(rendered())
    ours = json.loads(text["musep2p"])

    assert "procedural preview, no AI model" in text["parameters"]
    assert ours["note"] == "procedural preview, no AI model"
    assert {name: ours["parameters"][name] for name in SAID} == SAID


def test_values_with_commas_are_quoted():
    """So that the line can be taken apart again."""
    last = a1111_text({"prompt": "x", "steps": 3, "sampler": 'a, "b": c'}, "n").split("\n")[-1]

    assert json.loads(dict(A1111_PAIR.findall(last))["Sampler"]) == 'a, "b": c'


def test_any_prompt_can_be_written():
    """Lone surrogates and control characters do not break the file."""
    image = Image.new("RGB", (8, 8))
    for prompt in ("\ud800", "\0", "🦊", "x" * 100_000):
        assert read_text(encode_png(image, {"prompt": prompt}, "n"))
