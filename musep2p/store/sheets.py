"""Sheets of a batch from its folder on the store: which pictures, in which order, under which labels.

Reads only what is immutable there, so it needs no peer and can be repeated.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from io import BytesIO
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from musep2p.core.recipe import Tasks, decode_recipe
from musep2p.errors import MuseError, StoreError, UsageError
from musep2p.store.durably import write_durably

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "PICTURE_SUFFIXES",
    "SHEET",
    "BatchFolder",
    "named_folders",
    "write_picture",
]

SHEET = "sheet.png"
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_EXTENSIONS = ("png", "webp", "jpg", "jpeg")
_CELLS_MAX = 2500
_NO_PICTURES = ("null", "sleep")
_NOTES = {"atelier": "procedural preview, no AI model"}


class BatchFolder:
    """A batch as it lies on the store.

    Args:
        path: its folder.

    Raises:
        StoreError: its recipe cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.tasks = Tasks(decode_recipe((path / "recipe.msgpack").read_bytes()))
        except (OSError, MuseError) as error:
            raise StoreError(f"{path}/recipe.msgpack cannot be read: {error}.", "Is this the farm's store?") from None
        self.name = path.name.rpartition("-")[0] or path.name
        self.note = _NOTES.get(self.tasks.recipe.engine, self.tasks.recipe.engine)

    def picture(self, index: int) -> Path | None:
        """The file that people browse for a task, if it is there."""
        stem = self.path / "images" / self.tasks.name(index)
        return next((p for e in _EXTENSIONS if (p := stem.with_name(f"{stem.name}.{e}")).is_file()), None)

    def contact_sheet(self) -> Image:
        """An even sample of the batch's pictures.

        Raises:
            StoreError: there are none.
        """
        from musep2p.images.sheet import TILES_MAX, Tile, contact_sheet, even_sample

        wanted = self.tasks.wanted
        sampled = self._sampled(even_sample(wanted, TILES_MAX))
        tiles = [Tile(self.tasks.name(index), self.picture(index)) for index in sampled]
        if not any(tile.path for tile in tiles):
            raise self._no_pictures()
        count = "1 picture" if wanted == 1 else f"{wanted} pictures"
        count += f", {len(tiles)} shown" if len(tiles) < wanted else ""
        return contact_sheet(self.name, f"{self.note}; {count}", tiles)

    def _no_pictures(self) -> StoreError:
        engine = self.tasks.recipe.engine
        if engine in _NO_PICTURES:
            return StoreError(f"the engine {engine} makes no pictures.", "There is nothing to draw.")
        return StoreError(f"no pictures of it are in {self.path}/images.", "`musep2p status` says how far it is.")

    def grid(self, names: Sequence[str], fixed: dict[str, str]) -> Image:
        """A labelled grid of two or three axes, the others at their first value or as `fixed` says.

        Raises:
            UsageError: an axis is not there, two lie in one table, there are too many cells, or no picture is there.
            StoreError: the batch's engine makes no pictures.
        """
        from musep2p.images.sheet import GridLabels, grid_sheet

        places = [self._axis_of(name, "--grid") for name in names]
        if len(set(places)) < len(places):
            raise UsageError(
                f"--grid: {', '.join(names)} are not axes of their own.", "Columns of one table change together."
            )
        digits, repeat = self._fixed(fixed, places)
        shape = [self.tasks.recipe.repeats() if p < 0 else self.tasks.grid.sizes[p] for p in places]
        if prod(shape) > _CELLS_MAX:
            raise UsageError(
                f"--grid: {prod(shape)} cells are more than the {_CELLS_MAX} that fit on one picture.",
                "Choose axes with fewer values.",
            )

        def index_at(steps: Sequence[int]) -> int:
            here = dict(zip(places, steps, strict=True))
            return self.tasks.index_at([here.get(n, digit) for n, digit in enumerate(digits)], here.get(-1, repeat))

        def values_of(axis: int) -> tuple[str, ...]:
            steps = ([k if a == axis else 0 for a in range(len(names))] for k in range(shape[axis]))
            return tuple(str(self.tasks.cell(index_at(step))[names[axis]]) for step in steps)

        cells = product(*(range(side) for side in shape))
        found = {at: path for at in cells if (path := self.picture(index_at(at))) is not None}
        others = self._others(places, digits, repeat)
        if not found:
            raise self._no_cells(others)
        labels = GridLabels(tuple(names), *[values_of(axis) for axis in range(len(names))])
        note = "; ".join([self.note, *others])
        try:
            return grid_sheet(self.name, note, labels, lambda *at: found.get(at[: len(names)]))
        except ValueError as error:
            raise UsageError(f"--grid: a picture of {error} is too large.", "Put longer axes first.") from None

    def _no_cells(self, others: list[str]) -> MuseError:
        if self.tasks.recipe.engine in _NO_PICTURES:
            return self._no_pictures()
        said = f" with {', '.join(others)}" if others else ""
        return UsageError(f"--grid: no picture is there{said}.", "Other values of other axes: --where AXIS=VALUE.")

    def _sampled(self, places: Sequence[int]) -> list[int]:
        """The tasks at these places among those that are wanted."""
        if not self.tasks.excluded:
            return list(places)
        wanted = set(places)
        return [index for place, index in enumerate(self.tasks.unexcluded()) if place in wanted]

    def _axis_of(self, name: str, option: str) -> int:
        """The number of the axis that gives this name its value; -1 for the seeds."""
        for number, axis in enumerate(self.tasks.recipe.axes):
            if name in axis.names:
                return number
        if name == "seed" and self.tasks.recipe.has_seeds():
            return -1
        known = [n for axis in self.tasks.recipe.axes for n in axis.names]
        known += ["seed"] if self.tasks.recipe.has_seeds() else []
        raise UsageError(f"{option}: the batch has no axis {name!r}.", f"Its axes: {', '.join(known) or 'none'}.")

    def _fixed(self, fixed: dict[str, str], places: Sequence[int]) -> tuple[list[int], int]:
        """The digits of the first cell with these values, and the number of the seed."""
        chosen: dict[int, int] = {}
        for name, value in fixed.items():
            number = self._axis_of(name, "--where")
            if number in places:
                raise UsageError(f"--where: {name} is an axis of the grid.", "All of its values are shown.")
            if number < 0:
                values = [str(self.tasks.cell(k)["seed"]) for k in range(self.tasks.recipe.repeats())]
            else:
                values = [str(v) for v in self.tasks.recipe.axes[number].column(name)]
            step = _place(name, value, values)
            if chosen.setdefault(number, step) != step:
                raise UsageError(f"--where: no row has {name}={value} and what is said before.", "Say one of them.")
        digits = [chosen.get(number, 0) for number in range(len(self.tasks.recipe.axes))]
        return digits, chosen.get(-1, 0)

    def _others(self, places: list[int], digits: list[int], repeat: int) -> list[str]:
        """The axes that are not shown, with the value that they have on the whole grid."""
        cell = self.tasks.cell(self.tasks.index_at(digits, repeat))
        axes = enumerate(self.tasks.recipe.axes)
        shown = [f"{axis.names[0]}: {cell[axis.names[0]]}" for n, axis in axes if n not in places and axis.size > 1]
        return shown + ([f"seed: {cell['seed']}"] if -1 not in places and self.tasks.recipe.repeats() > 1 else [])


def _place(name: str, value: str, values: list[str]) -> int:
    """Where a value is among others: as written, else as the same number."""
    wanted = _plain(value)
    plain = [_plain(other) for other in values]
    if wanted in plain:
        return plain.index(wanted)
    numbers = [_number(other) for other in plain]
    if (number := _number(wanted)) is not None and number in numbers:
        return numbers.index(number)
    shown = ", ".join(repr(v) for v in values[:8]) + (" ..." if len(values) > 8 else "")
    raise UsageError(f"--where: {name} is never {value!r}.", f"It is {shown}.")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def named_folders(store: Path, name: str) -> list[Path]:
    """The folders of the store's batches that go by this name, or by an id that begins so."""
    try:
        folders = sorted(path for path in (store / "batches").iterdir() if (path / "recipe.msgpack").is_file())
    except OSError:
        return []
    return [path for path in folders if _goes_by(path.name, name)]


def _goes_by(folder: str, name: str) -> bool:
    called, _, batch = folder.rpartition("-")
    return name in (called, folder) or (len(name) >= 4 and batch.startswith(name[:8]))


def write_picture(image: Image, path: Path, note: str) -> None:
    """Write a picture whole or not at all, in the format of its suffix; a PNG says the note too."""
    from PIL.PngImagePlugin import PngInfo

    out = BytesIO()
    if path.suffix.lower() == ".png":
        info = PngInfo()
        info.add_itxt("Comment", note)
        image.save(out, "PNG", compress_level=6, pnginfo=info)
    else:
        image.save(out, "WEBP" if path.suffix.lower() == ".webp" else "JPEG", quality=88)
    write_durably(path, out.getvalue())
