"""Labels are readable or short, never boxes."""

import os

import pytest

from musep2p.images.lettering import Lettering, system_fonts

LATIN = Lettering(15)
CHINESE = {"NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "PingFang.ttc"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0001_Kyoto_dusk", "0001_Kyoto_dusk"),
        ("0003_北京_dusk", "0003 dusk"),
        ("0004_🦊", "0004"),
        ("北京", ""),
        ("Zürich, São Paulo", "Zurich, Sao Paulo"),
        ("Zürich 北京", "Zurich"),
        ("a\tb\0c", "abc"),
        ("", ""),
    ],
)
def test_what_the_font_has_not_is_left_out(text, shown):
    """Index and Latin stay when no font has the rest."""
    assert LATIN.readable(text)[0] == shown


@pytest.fixture
def whole():
    """Lettering with the fonts of this machine; `.ci/run` installs one that has Chinese."""
    there = {path.name for path in system_fonts()}
    if not there & CHINESE and "CI" not in os.environ:
        pytest.skip("no font with Chinese characters on this machine: install one, such as fonts-wqy-microhei")
    assert there & CHINESE
    return Lettering(15, system_fonts())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0003_北京_dusk", "0003_北京_dusk"),
        ("Zürich 北京", "Zürich 北京"),
        ("0001_猫🐱_水墨", "0001_猫 水墨"),
    ],
)
def test_a_font_of_the_system_brings_the_rest(whole, text, shown):
    """The font that has most of the label is taken; one strange character costs only itself."""
    assert whole.readable(text)[0] == shown


def test_a_broken_font_file_is_passed_over(tmp_path):
    """The label falls back."""
    broken = tmp_path / "no-such-font.ttc"
    broken.write_bytes(b"not a font")

    assert Lettering(15, [broken, tmp_path / "gone.ttf"]).readable("城_1")[0] == "1"


def test_long_labels_are_cut():
    """At a separator if there is one, with an ellipsis if more is left."""
    lines = LATIN.fitted("0001_a-long-name_with-many_parts_and-more_and-more", 120, 2)

    assert len(lines) == 2 and lines[1][0].endswith("...")
    assert all(font.getlength(text) <= 140 for text, font in lines)
    assert [text for text, _ in LATIN.fitted("short", 120, 2)] == ["short"]
    assert LATIN.fitted("北京", 120) == []
