"""Contact sheets and grids: every picture in its place, within limits, whatever the files are."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from musep2p.images.sheet import PIXELS_MAX, GridLabels, Tile, contact_sheet, even_sample, grid_sheet, tile_side


@pytest.fixture
def paint(tmp_path):
    def save(name, colour, size=(60, 80)):
        path = tmp_path / f"{name}.png"
        Image.new("RGB", size, colour).save(path)
        return path

    return save


@given(st.integers(1, 10_000), st.integers(2, 100))
def test_the_sample_is_even(count, most):
    """At most so many, ascending, first and last among them, gaps equal but for one."""
    sample = even_sample(count, most)
    gaps = {b - a for a, b in pairwise(sample)}

    assert len(sample) == min(count, most) == len(set(sample))
    assert sample[0] == 0 and sample[-1] == count - 1
    assert not gaps or max(gaps) - min(gaps) <= 1


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 100), st.integers(1, 100))
def test_no_sheet_is_larger_than_viewers_open(width, height, columns, rows):
    """Unless tiles would become too small to see, which the caller forbids."""
    wide, tall = tile_side((width, height), columns, rows, 50)

    assert 1 <= wide <= 384 and 1 <= tall <= 384
    assert wide * columns * tall * rows < PIXELS_MAX


def colours_of(sheet):
    return {colour for _, colour in sheet.getcolors(1 << 24)}


def test_every_picture_is_on_the_sheet(paint):
    """A hundred of them, each in its own colour, none larger than it was."""
    tiles = [Tile(f"{k:04} label", paint(f"{k}", (k * 2, 255 - k, 40))) for k in range(100)]
    sheet = contact_sheet("title", "note", tiles)

    assert {(k * 2, 255 - k, 40) for k in range(100)} <= colours_of(sheet)
    assert sheet.width * sheet.height < PIXELS_MAX
    assert sheet.width < 16 * 80


def test_missing_and_broken_pictures_are_crosses(paint, tmp_path):
    """A sheet is drawn all the same."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(paint("good", "red").read_bytes()[:60])
    sheet = contact_sheet("t", "n", [Tile("a", None), Tile("b", broken), Tile("c", tmp_path / "gone.png")])

    assert (255, 0, 0) not in colours_of(sheet)
    assert (0xE2, 0xDE, 0xD6) in colours_of(sheet)


def test_grid_cells_are_where_their_labels_are(paint):
    """Columns across, rows down, blocks below each other."""
    files = {
        (c, r, b): paint(f"{c}{r}{b}", (50 * c + 10, 60 * r + 10, 200 * b + 10), (40, 40))
        for c in range(3) for r in range(2) for b in range(2)
    }  # fmt: skip
    labels = GridLabels(("steps", "seed", "city"), ("5", "15", "30"), ("1", "2"), ("Kyoto", "Paris"))
    grid = grid_sheet("grid", "", labels, lambda c, r, b: files[c, r, b])
    places = {}
    for y in range(0, grid.height, 4):
        for x in range(0, grid.width, 4):
            places.setdefault(grid.getpixel((x, y)), (x, y))
    at = {key: places[50 * key[0] + 10, 60 * key[1] + 10, 200 * key[2] + 10] for key in files}

    for c, r, b in files:
        if c:
            assert at[c, r, b][0] > at[c - 1, r, b][0] and at[c, r, b][1] == at[c - 1, r, b][1]
        if r:
            assert at[c, r, b][1] > at[c, r - 1, b][1] and at[c, r, b][0] == at[c, r - 1, b][0]
        if b:
            assert at[c, r, b][1] > at[c, 1, b - 1][1]


def test_mixed_shapes_keep_theirs(paint):
    """A wide picture among tall ones is fitted in, not stretched."""
    tiles = [Tile("tall", paint("a", "red")), Tile("wide", paint("b", "blue", (80, 20)))]
    sheet = contact_sheet("t", "n", tiles)
    blue = [(x, y) for y in range(sheet.height) for x in range(sheet.width) if sheet.getpixel((x, y)) == (0, 0, 255)]
    width = max(x for x, _ in blue) - min(x for x, _ in blue) + 1
    height = max(y for _, y in blue) - min(y for _, y in blue) + 1

    assert 3.4 < width / height < 4.6
