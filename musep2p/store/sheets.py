"""Sheets of a batch from its folder on the store: which pictures, in which order, under which labels.

    python -m musep2p.store.sheets FOLDER        writes FOLDER/sheet.png

Reads only what is immutable there, so it needs no peer and can be repeated.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from musep2p.core.recipe import Tasks, decode_recipe
from musep2p.errors import MuseError, StoreError, UsageError
from musep2p.store.durably import write_durably

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SHEET", "BatchFolder", "main", "write_picture"]

SHEET = "sheet.png"
_EXTENSIONS = ("png", "webp", "jpg", "jpeg")
_CELLS_MAX = 2500
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

    def contact_sheet(self) -> Image | None:
        """An even sample of the batch's pictures; None when it has made none."""
        from musep2p.images.sheet import TILES_MAX, Tile, contact_sheet, even_sample

        sampled = self._sampled(even_sample(self.tasks.wanted, TILES_MAX))
        tiles = [Tile(self.tasks.name(index), self.picture(index)) for index in sampled]
        if not any(tile.path for tile in tiles):
            return None
        count = f"{self.tasks.wanted} pictures" + (f", {len(tiles)} shown" if len(tiles) < self.tasks.wanted else "")
        return contact_sheet(self.name, f"{count}; {self.note}", tiles)

    def grid(self, names: Sequence[str], fixed: dict[str, str]) -> Image:
        """A labelled grid of two or three axes, the others at their first value or as `fixed` says.

        Raises:
            UsageError: an axis is not there, two lie in one table, or there are too many cells.
        """
        from musep2p.images.sheet import GridLabels, grid_sheet

        digits, repeat = self._fixed(fixed)
        places = [self._axis_of(name) for name in names]
        if len(set(places)) < len(places):
            raise UsageError(
                f"--grid: {', '.join(names)} are not axes of their own.", "Columns of one table change together."
            )
        sizes = [self.tasks.recipe.repeats() if p < 0 else self.tasks.grid.sizes[p] for p in places]
        cells = sizes[0] * sizes[1] * (sizes[2] if len(sizes) > 2 else 1)
        if cells > _CELLS_MAX:
            raise UsageError(
                f"--grid: {cells} cells are more than the {_CELLS_MAX} that fit on one picture.",
                "Choose axes with fewer values.",
            )

        def index_at(*steps: int) -> int:
            here, which = list(digits), repeat
            for place, step in zip(places, steps, strict=False):
                if place < 0:
                    which = step
                else:
                    here[place] = step
            return self.tasks.index_at(here, which)

        def at(column: int, row: int, block: int) -> Path | None:
            return self.picture(index_at(column, row, block))

        def values_of(axis: int) -> tuple[str, ...]:
            steps = ([k if a == axis else 0 for a in range(len(names))] for k in range(sizes[axis]))
            return tuple(str(self.tasks.cell(index_at(*step))[names[axis]]) for step in steps)

        values = [values_of(axis) for axis in range(len(names))]
        labels = GridLabels(tuple(names), values[0], values[1], values[2] if len(values) > 2 else ("",))
        others = self._others(places, digits)
        return grid_sheet(self.name, "; ".join([*others, self.note]), labels, at)

    def _sampled(self, places: Sequence[int]) -> list[int]:
        """The tasks at these places among those that are wanted."""
        if not self.tasks.excluded:
            return list(places)
        wanted = set(places)
        return [index for place, index in enumerate(self.tasks.unexcluded()) if place in wanted]

    def _axis_of(self, name: str) -> int:
        """The number of the axis that gives this name its value; -1 for the seeds."""
        for number, axis in enumerate(self.tasks.recipe.axes):
            if name in axis.names:
                return number
        if name == "seed" and self.tasks.recipe.has_seeds():
            return -1
        known = [n for axis in self.tasks.recipe.axes for n in axis.names]
        known += ["seed"] if self.tasks.recipe.has_seeds() else []
        raise UsageError(f"--grid: the batch has no axis {name!r}.", f"Its axes: {', '.join(known) or 'none'}.")

    def _fixed(self, fixed: dict[str, str]) -> tuple[list[int], int]:
        """The digits of the first cell with these values, and the number of the seed."""
        digits, repeat = [0] * len(self.tasks.recipe.axes), 0
        for name, value in fixed.items():
            number = self._axis_of(name)
            if number < 0:
                seeds = [str(self.tasks.cell(k)["seed"]) for k in range(self.tasks.recipe.repeats())]
                repeat = _place(name, value, seeds)
            else:
                digits[number] = _place(name, value, [str(v) for v in self.tasks.recipe.axes[number].column(name)])
        return digits, repeat

    def _others(self, places: list[int], digits: list[int]) -> list[str]:
        cell = self.tasks.cell(self.tasks.index_at(digits, 0))
        axes = enumerate(self.tasks.recipe.axes)
        return [f"{axis.names[0]}: {cell[axis.names[0]]}" for n, axis in axes if n not in places and axis.size > 1]


def _place(name: str, value: str, values: list[str]) -> int:
    if value not in values:
        shown = ", ".join(values[:8]) + (" ..." if len(values) > 8 else "")
        raise UsageError(f"--where: {name} is never {value!r}.", f"It is {shown}.")
    return values.index(value)


def write_picture(image: Image, path: Path) -> None:
    """Write a PNG as a whole or not at all."""
    out = BytesIO()
    image.save(out, "PNG", compress_level=6)
    write_durably(path, out.getvalue())


def main() -> int:
    """Write the contact sheet of the folder that is named."""
    folder = BatchFolder(Path(sys.argv[1]))
    sheet = folder.contact_sheet()
    if sheet is not None:
        write_picture(sheet, folder.path / SHEET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
