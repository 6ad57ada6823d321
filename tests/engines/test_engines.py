"""Each engine of the box against the one interface; and what `atelier` paints."""

import io
import re
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET
from PIL import Image

from musep2p.core.recipe import Recipe, Tasks
from musep2p.engines import registry
from musep2p.engines.a1111 import A1111Engine
from musep2p.engines.registry import engine_names, key_of, load_engine, make_engine
from musep2p.errors import EngineError
from musep2p.images.pixel_hash import pixel_hash
from musep2p.images.png_text import read_text
from musep2p.ports import Task

RECIPES = {
    "atelier": Recipe("atelier", {"prompt": "Kyoto at dawn", "width": 96, "height": 64}, (), (1, 2)),
    "null": Recipe("null", {"v": 7}, (), (1, 2)),
    "sleep": Recipe("sleep", {"ms": 1}, (), (1, 2)),
}


def rendered(name, index=0, attempt=1, **extra):
    engine = load_engine(name)
    parameters = engine.normalise({**Tasks(RECIPES[name]).parameters(index), **extra})
    return engine.render(Task(parameters, attempt, 1.0))


def test_the_box_has_three():
    """Others come with packages of their own, by entry point."""
    assert set(engine_names()) >= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_interface_holds(name):
    """Good parameters pass, normalising twice is once, equal work gives equal bytes, keys differ where work does."""
    engine, tasks = load_engine(name), Tasks(RECIPES[name])
    normal = engine.normalise(tasks.parameters(0))

    assert engine.name == name and engine.identity.startswith(name)
    assert engine.check(tasks.parameters(0)) == []
    assert engine.normalise(normal) == normal
    assert rendered(name).data == rendered(name).data
    assert bool(rendered(name).ext) != engine.payload
    assert (key_of(engine, tasks, 0) != key_of(engine, tasks, 1)) == engine.keyed


def test_null_gives_its_parameters_back():
    """As msgpack, inside the record."""
    output = rendered("null")

    assert msgspec.msgpack.decode(output.data)["v"] == 7
    assert len(output.data) <= 256
    with pytest.raises(EngineError) as caught:
        rendered("null", v="x" * 300)
    assert caught.value.permanent


def test_sleep_fails_at_the_attempts_it_is_told():
    """The next attempt is fine."""
    with pytest.raises(EngineError, match="attempt 1"):
        rendered("sleep", fail_at="1")
    assert len(rendered("sleep", attempt=2, fail_at="1").data) == 2048


def test_atelier_paints_a_picture_that_says_how_it_was_made():
    """Right size, many colours, text for people and for tools; the seed and the words change it."""
    output = rendered("atelier")
    image = Image.open(io.BytesIO(output.data))
    text = read_text(output.data)

    assert image.size == (96, 64)
    assert len(image.convert("RGB").getcolors(1 << 16)) > 200
    assert output.pixel_hash == pixel_hash(image)
    assert text["parameters"].startswith("Kyoto at dawn\n") and "Seed: 1" in text["parameters"]
    assert "procedural preview" in text["musep2p"]
    assert len({output.data, rendered("atelier", 1).data, rendered("atelier", prompt="Paris by night").data}) == 3


def test_equal_pixels_are_seen_in_unequal_files():
    """The pixel hash is of what is seen, not of how it is packed."""
    image = Image.open(io.BytesIO(rendered("atelier").data))
    other = io.BytesIO()
    image.save(other, "PNG", compress_level=9)

    assert other.getvalue() != rendered("atelier").data
    assert pixel_hash(Image.open(other)) == rendered("atelier").pixel_hash


def test_the_engine_of_the_docs_is_one(monkeypatch):
    """As it stands on the page: found by its entry point, and rendered by a slot's child."""
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text("utf-8")
    (text,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    module = types.ModuleType("our_package")
    exec(text, module.__dict__)
    monkeypatch.setitem(sys.modules, "our_package", module)
    point = EntryPoint("stripes", "our_package:StripesEngine", "musep2p.engines")
    monkeypatch.setattr(registry, "_points", lambda: {"stripes": point})
    engine = make_engine("stripes", None)
    output = engine.render(Task(engine.normalise({"width": 64, "height": 48, "seed": 3}), 1, 1.0))

    assert Image.open(io.BytesIO(output.data)).size == (64, 48)
    with pytest.raises(EngineError, match="at most 1000"):
        engine.render(Task(engine.normalise({"seed": 2000}), 1, 1.0))
    assert registry.usable_engines() == ("stripes",)


def keys(hashes=UNSET, looks=UNSET, prompt="a town", model="xl", settings=None):
    """The task keys of a batch of two seeds by an Automatic1111."""
    fixed = {"prompt": prompt, "model": model}
    recipe = Recipe("a1111", fixed, seeds=(1, 2), hashes=hashes, looks=looks)
    engine = A1111Engine({"url": "http://127.0.0.1:1", **(settings or {})})
    return [key_of(engine, Tasks(recipe), index) for index in range(2)]


def test_a_model_counts_by_its_hash():
    """Whatever it is called; without a hash nobody knows what renders, unless the user names it."""
    known = keys({"xl": "0123abcdef"})

    assert keys() == ["", ""] and len(set(known)) == 2
    assert keys({"dream": "0123abcdef"}, model="dream") == known
    assert keys({"xl": "fedcba9876"}) != known
    assert keys({"another": "0123abcdef"}) == ["", ""]
    assert keys({"xl": "0123abcdef"}, prompt="a town <lora:mood:0.8>") == ["", ""], "that file may be another one"
    named = keys(settings={"identity": "forge on 4090"})
    assert len(set(named)) == 2 and named != keys(settings={"identity": "forge on 3060"})


def test_in_a_batch_of_one_look_only_its_own_work_is_equal():
    """The same task in another look is another picture."""
    looks = [keys({"xl": "0123abcdef"}, {"xl": look * 12}) for look in "01"]

    assert len({key for pair in (*looks, keys({"xl": "0123abcdef"})) for key in pair}) == 6
    assert keys(looks={"xl": "0" * 12}) == ["", ""]
