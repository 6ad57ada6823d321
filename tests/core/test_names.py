"""Names: safe on every system, and never two alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.recipe import Axis, Recipe, Tasks
from musep2p.core.recipe.names import NameTemplate, folded, folder_name, index_text, safe_part

TEXTS = st.text(max_size=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ukiyo-e", "ukiyo-e"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc", "etc"),
        ("con", "_con"),
        ("COM¹", "_COM¹"),
        ("conout$", "_conout$"),
        ("NUL.txt", "_NUL.txt"),
        ("dots...", "dots"),
        ("北京 夜", "北京-夜"),
        ("", ""),
        ("a\x00b\x1fc", "abc"),
        ("a\u202eb", "ab"),
        ("e\u0301", "é"),
    ],
)
def test_names_are_safe_everywhere(text, expected):
    """No separators, reserved names, trailing dots, control or direction characters; composed letters."""
    assert expected == safe_part(text)


@given(TEXTS)
def test_any_text_gives_a_safe_name(text):
    """Short enough for every file system, and nothing that any of them forbids."""
    part = safe_part(text)

    assert len(part.encode()) <= 81
    assert not set(part) & set('<>:"/\\|?*')
    assert not part.endswith((".", " "))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{index}}_{{city}}", "0007_Kyoto"),
        ("{{city}}", "0007_Kyoto"),
        ("{city}-{index}", "Kyoto-0007"),
        ("", "0007"),
        ("picture", "0007_picture"),
        ("{{city}}/{{empty}}", "0007_Kyoto"),
        ("{{city}}_{{index}}_{{city}}", "0007_Kyoto_0007_Kyoto"),
        ("../{{city}}", "0007_..-Kyoto"),
        ("{{city}}_{{empty}}_{{index}}", "Kyoto_0007"),
    ],
)
def test_templates_of_names(template, expected):
    """Values are made safe; the index is there, in front unless it stands where it cannot be mistaken."""
    values = {"city": "Kyoto", "empty": ""}

    assert expected == NameTemplate(template).fill(values.__getitem__, index_text(7, 100))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("lobby.png", "0007_lobby"),
        ("photos/Lobby 2.JPEG", "0007_photos-Lobby-2"),
        ("sdxl.safetensors", "0007_sdxl"),
        ("v1.5", "0007_v1.5"),
        (".png", "0007_png"),
        ("rooms/.png", "0007_rooms-.png"),
    ],
)
def test_a_value_that_names_a_file_loses_its_ending(value, expected):
    """The picture gets one of its own, and `lobby.png.png` is nobody's wish."""
    assert expected == NameTemplate("{{photo}}").fill({"photo": value}.__getitem__, index_text(7, 100))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=20), st.sampled_from([
    "{{a}}", "{{index}}{{a}}{{b}}", "{{a}}{{b}}{{index}}", "{{a}}{{index}}{{b}}", "{{a}}_{{b}}", "", "x{{index}}",
]))  # fmt: skip
def test_no_two_names_are_alike(rows, template):
    """On a share that ignores case too, whatever the values; and none is unsafe."""
    names = NameTemplate(template)
    made = [names.fill({"a": a, "b": b}.__getitem__, index_text(i, len(rows))) for i, (a, b) in enumerate(rows)]

    assert len({folded(name) for name in made}) == len(rows)
    for name in made:
        assert len(name.encode()) <= 81
        assert not set(name) & set('<>:"/\\|?*\n\r\t\x00')
        assert not name.startswith((".", "-")) and not name.endswith((".", " "))


def test_pictures_are_named_by_index_and_axes():
    """What people browse sorts by index and says what it shows."""
    axes = (Axis.of("city", ("Kyoto", "北京")), Axis.of("light", ("dawn", "dusk")))

    assert Tasks(Recipe("e", {}, axes, (1, 2))).name(6) == "0006_北京_dusk"
    assert Tasks(Recipe("e", {}, axes, (1, 2), output="{{light}} {{seed}}")).name(6) == "0006_dusk-1"
    assert folder_name("hotels", "ab" * 16) == "hotels-" + "ab" * 4
