"""Recipes: index -> parameters, by computation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.recipe import Axis, Recipe, batch_id, task_key
from musep2p.core.recipe.names import folder_name, image_name, safe_part
from musep2p.errors import RecipeError

CITIES = Recipe(
    "atelier",
    {"prompt": "{{city}} in {{light}}, (gold:1.3), [a:b:0.5], <lora:x:0.8>"},
    (Axis("city", ("Kyoto", "北京")), Axis("light", ("dawn", "dusk", "noon"))),
    (7, 8),
)


def test_every_cell_comes_once():
    """The index counts through axes and seeds, the seed fastest."""
    cells = [tuple(CITIES.cell(i).items()) for i in range(CITIES.count())]

    assert 12 == CITIES.count() == len(set(cells))
    assert CITIES.cell(0) == {"city": "Kyoto", "light": "dawn", "seed": 7}
    assert CITIES.cell(1) == {"city": "Kyoto", "light": "dawn", "seed": 8}
    assert CITIES.cell(11) == {"city": "北京", "light": "noon", "seed": 8}


def test_prompts_are_filled_and_the_engines_syntax_left_alone():
    """`{{name}}` is ours, everything else the engine's."""
    assert CITIES.parameters(8)["prompt"] == "北京 in dusk, (gold:1.3), [a:b:0.5], <lora:x:0.8>"


def test_an_unknown_name_is_refused_with_those_that_are_known():
    """A typing error in a template is found before anything runs."""
    with pytest.raises(RecipeError, match="ctiy") as caught:
        Recipe("atelier", {"prompt": "{{ctiy}}"}, (Axis("city", ("a",)),))

    assert "city" in caught.value.hint


def test_too_many_tasks_name_the_axes():
    """The product of the axes is bounded, and the message says which."""
    with pytest.raises(RecipeError, match=r"a \(4000\) x b \(4000\)"):
        Recipe("null", {}, (Axis("a", tuple(range(4000))), Axis("b", tuple(range(4000)))))


def test_the_batch_id_depends_on_what_decides_the_pictures():
    """Template, axes, seeds and run number; the order in which fixed parameters were written does not matter."""
    other = Recipe("atelier", {"steps": 5, "prompt": "x"})

    assert batch_id(Recipe("atelier", {"prompt": "x", "steps": 5})) == batch_id(other)
    assert batch_id(other) != batch_id(Recipe("atelier", {"prompt": "x", "steps": 6}))
    assert batch_id(other) != batch_id(Recipe("atelier", {"prompt": "x", "steps": 5}, run=1))


@given(st.dictionaries(st.text(max_size=4), st.integers(-5, 5), max_size=4), st.text(max_size=3), st.text(max_size=3))
def test_task_keys_tell_engines_and_parameters_apart(parameters, one, other):
    """Equal keys only for equal identity and parameters."""
    assert (one == other) == (task_key(one, parameters) == task_key(other, parameters))
    assert task_key(one, parameters) != task_key(one, {**parameters, "more": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ukiyo-e", "ukiyo-e"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc", "etc"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("dots...", "dots"),
        ("北京 夜", "北京-夜"),
        ("", ""),
        ("a\x00b\x1fc", "abc"),
    ],
)
def test_names_are_safe_everywhere(text, expected):
    """No separators, reserved names, trailing dots or control characters."""
    assert expected == safe_part(text)


@given(st.text())
def test_any_text_gives_a_safe_name(text):
    """Short enough for every file system, and nothing that any of them forbids."""
    part = safe_part(text)

    assert len(part.encode()) <= 81
    assert not set(part) & set('<>:"/\\|?*')
    assert not part.endswith((".", " "))


def test_pictures_are_named_by_index_and_axes():
    """What people browse sorts by index and says what it shows."""
    assert image_name(CITIES, 8, "png") == "0008_北京_dusk.png"
    assert folder_name("hotels", "ab" * 16) == "hotels-" + "ab" * 4
