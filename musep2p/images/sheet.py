"""Many pictures on one: a contact sheet of a batch, and a labelled grid of two or three of its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from PIL import Image, ImageDraw

from musep2p.images.lettering import Lettering, system_fonts

__all__ = [
    "PIXELS_MAX",
    "SIDE_MAX",
    "TILES_MAX",
    "GridLabels",
    "Tile",
    "contact_sheet",
    "even_sample",
    "grid_sheet",
    "tile_side",
]

TILES_MAX = 100
PIXELS_MAX = 40_000_000  # what every viewer opens
SIDE_MAX = 16_383  # what WebP, and with it many a gallery, takes
_SIDE = 384  # of a picture on a sheet, when there is room
_SIDE_MIN = 48
_GAP = 10
_PAPER, _INK, _QUIET, _GONE = "#f6f4ef", "#2a2830", "#7a7780", "#e2ded6"
_SMALL, _LARGE = 15, 26
_HEAD = _LARGE + _SMALL + 8 + 3 * _GAP
_WIDTH_MIN = 420  # room for title and note over few small pictures


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture on a sheet: its label and its file, None if there is no picture."""

    label: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class GridLabels:
    """Names and values of a grid's axes: across, down, and one block for each value of the third (or none)."""

    names: tuple[str, ...]
    across: tuple[str, ...]
    down: tuple[str, ...]
    blocks: tuple[str, ...] = ("",)


def even_sample(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [k * (count - 1) // (most - 1) for k in range(most)]


def contact_sheet(title: str, note: str, tiles: Sequence[Tile], shape: tuple[int, int] | None = None) -> Image.Image:
    """Pictures in rows, each over its label.

    Args:
        title: above them.
        note: smaller, below the title.
        tiles: at most `TILES_MAX`.
        shape: width and height of a typical picture; read from the first file when None.

    Returns:
        A picture of at most `PIXELS_MAX` pixels.
    """
    wide, tall = shape or _shape(tile.path for tile in tiles)
    columns = max(min(4, len(tiles)), round(sqrt(len(tiles) * 1.5 * tall / wide)))
    rows = -(-len(tiles) // columns)
    label = 2 * (_SMALL + 4) + 4
    width, height = tile_side((wide, tall), columns, rows, label + _GAP)
    full = max(_WIDTH_MIN, columns * (width + _GAP) + _GAP)
    sheet = Image.new("RGB", (full, _HEAD + rows * (height + label + _GAP) + _GAP), _PAPER)
    pen, small = ImageDraw.Draw(sheet), Lettering(_SMALL, system_fonts())
    _title(pen, sheet.width, title, note)
    for number, tile in enumerate(tiles):
        x, y = _GAP + number % columns * (width + _GAP), _HEAD + number // columns * (height + label + _GAP)
        _place(sheet, pen, tile.path, (x, y, width, height))
        for line, (text, font) in enumerate(small.fitted(tile.label, width, 2)):
            small.draw(pen, (x, y + height + 3 + line * (_SMALL + 4)), text, font, _INK)
    return sheet


def grid_sheet(title: str, note: str, labels: GridLabels, at: Callable[[int, int, int], Path | None]) -> Image.Image:
    """Every combination of two axes, a block for each value of a third.

    Args:
        title: above it.
        note: smaller, below the title.
        labels: of the axes.
        at: the file of (column, row, block), or None.

    Returns:
        A picture of at most `PIXELS_MAX` pixels.

    Raises:
        ValueError: it would be larger even with the smallest tiles.
    """
    columns, rows, blocks = len(labels.across), len(labels.down), len(labels.blocks)
    shape = _shape(at(c, r, b) for b in range(blocks) for r in range(rows) for c in range(columns))
    small, bold = Lettering(_SMALL, system_fonts()), Lettering(_SMALL + 4, system_fonts())
    side, strip = 150, _SMALL * 2 + 14
    block_head = strip + (_SMALL + 16 if blocks > 1 else 0)
    width, height = tile_side(shape, columns, rows * blocks, _GAP)
    block = block_head + rows * (height + _GAP)
    full, tall = max(_WIDTH_MIN, side + columns * (width + _GAP) + _GAP), _HEAD + blocks * block + _GAP
    if full * tall > PIXELS_MAX or max(full, tall) > SIDE_MAX:
        raise ValueError(f"{full}x{tall} pixels")
    sheet = Image.new("RGB", (full, tall), _PAPER)
    pen = ImageDraw.Draw(sheet)
    _title(pen, sheet.width, title, note)
    for b, heading in enumerate(labels.blocks):
        top = _HEAD + b * block
        if blocks > 1:
            text, font = bold.readable(f"{labels.names[2]}: {heading}")
            bold.draw(pen, (_GAP, top), text, font, _INK)
        top += block_head
        _axis(pen, small, labels, (side, top, width, height))
        for r in range(rows):
            for c in range(columns):
                box = (side + c * (width + _GAP), top + r * (height + _GAP), width, height)
                _place(sheet, pen, at(c, r, b), box)
    return sheet


def tile_side(shape: tuple[int, int], columns: int, rows: int, extra: int) -> tuple[int, int]:
    """Width and height of each picture so that all of them stay below `PIXELS_MAX` together."""
    side = float(min(_SIDE, max(shape)))
    while True:
        scale = side / max(shape)
        width, height = max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
        if (width + _GAP) * columns * (height + extra) * rows < PIXELS_MAX * 0.9 or side <= _SIDE_MIN:
            return width, height
        side = max(_SIDE_MIN, side * 0.93)


def _axis(pen: ImageDraw.ImageDraw, small: Lettering, labels: GridLabels, box: tuple[int, int, int, int]) -> None:
    """Values above the columns and beside the rows, the names of both in the corner."""
    left, top, width, height = box
    for c, value in enumerate(labels.across):
        for line, (text, font) in enumerate(small.fitted(value, width, 2)):
            small.draw(pen, (left + c * (width + _GAP), top - 2 * (_SMALL + 4) + line * (_SMALL + 3)), text, font, _INK)
    for r, value in enumerate(labels.down):
        for line, (text, font) in enumerate(small.fitted(value, left - 2 * _GAP, 4)):
            small.draw(pen, (_GAP, top + r * (height + _GAP) + line * (_SMALL + 4)), text, font, _INK)
    corner, font = small.readable(f"{labels.names[0]} >  {labels.names[1]} v")
    small.draw(pen, (_GAP, top - (_SMALL + 8)), corner, font, _QUIET)


def _title(pen: ImageDraw.ImageDraw, width: int, title: str, note: str) -> None:
    large, small = Lettering(_LARGE, system_fonts()), Lettering(_SMALL, system_fonts())
    for text, font in large.fitted(title, width - 2 * _GAP):
        large.draw(pen, (_GAP, _GAP), text, font, _INK)
    for text, font in small.fitted(note, width - 2 * _GAP):
        small.draw(pen, (_GAP, _GAP + _LARGE + 8), text, font, _QUIET)


def _shape(paths: Iterable[Path | None]) -> tuple[int, int]:
    for path in paths:
        if path is not None:
            try:
                with Image.open(path) as image:
                    return image.size
            except OSError:
                continue
    return (3, 4)


def _place(sheet: Image.Image, pen: ImageDraw.ImageDraw, path: Path | None, box: tuple[int, int, int, int]) -> None:
    """The picture in its box; a cross when there is none or it cannot be read."""
    x, y, width, height = box
    try:
        if path is None:
            raise OSError
        with Image.open(path) as image:
            small = image.convert("RGB")
            small.thumbnail((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
        sheet.paste(small, (x + (width - small.width) // 2, y + (height - small.height) // 2))
    except (OSError, ValueError, Image.DecompressionBombError):
        pen.rectangle((x, y, x + width - 1, y + height - 1), fill=_GONE)
        pen.line((x + width // 3, y + height // 3, x + 2 * width // 3, y + 2 * height // 3), fill=_QUIET, width=2)
        pen.line((x + 2 * width // 3, y + height // 3, x + width // 3, y + 2 * height // 3), fill=_QUIET, width=2)
