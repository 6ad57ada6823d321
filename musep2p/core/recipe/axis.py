"""One axis of a batch: a table whose rows are the points of the axis and whose columns are names.

A plain axis has one column, a zipped group or the rows of a spreadsheet have several. Rows are kept packed,
64 to a block of msgpack, so that a table costs a recipe its bytes and not an object for each cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated

import msgspec
from msgspec import Meta

from musep2p.errors import RecipeError

__all__ = ["BLOCK_ROWS", "Axis", "AxisReader", "Row", "Scalar", "Word"]

Scalar = str | int | float | bool
Word = Annotated[str, Meta(min_length=1, max_length=120)]
Row = tuple[Scalar, ...]

BLOCK_ROWS = 64  # one row read at random costs the decoding of a block, some 15 microseconds
_BLOCK_BYTES_MAX = 16 << 20
_NUMBER_MAX = 1 << 63
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Row]).decode


class Axis(msgspec.Struct, frozen=True):
    """A table of values.

    Attributes:
        names: of the columns.
        size: the number of rows.
        blocks: the rows, packed.
    """

    names: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=1000)]
    size: Annotated[int, Meta(ge=1, le=1 << 40)]
    blocks: tuple[Annotated[bytes, Meta(max_length=_BLOCK_BYTES_MAX)], ...]

    def __post_init__(self) -> None:
        if len(self.blocks) != -(-self.size // BLOCK_ROWS):
            raise RecipeError(f"the axis {self.names[0]!r} is damaged: it has not the number of rows that it says.")
        for number, block in enumerate(self.blocks):
            wanted = min(BLOCK_ROWS, self.size - number * BLOCK_ROWS)
            rows = _decode(block)
            if len(rows) != wanted or any(len(row) != len(self.names) for row in rows):
                raise RecipeError(f"the axis {self.names[0]!r} is damaged: a row has too few or too many values.")

    @classmethod
    def of(cls, name: str, values: Sequence[Scalar]) -> Axis:
        """A plain axis: one name, its values."""
        return cls.table((name,), ((value,) for value in values))

    @classmethod
    def table(cls, names: Sequence[str], rows: Iterable[Row]) -> Axis:
        """An axis of several names that change together."""
        blocks, size, source = [], 0, iter(rows)
        while block := list(islice(source, BLOCK_ROWS)):
            blocks.append(_encode(block))
            size += len(block)
        return msgspec.convert(
            {"names": tuple(names), "size": size, "blocks": tuple(blocks)}, cls, builtin_types=(bytes,)
        )

    def rows(self) -> Iterator[Row]:
        """All rows, one block in memory at a time."""
        for block in self.blocks:
            yield from _decode(block)

    def column(self, name: str) -> Iterator[Scalar]:
        """The values of one column."""
        at = self.names.index(name)
        return (row[at] for row in self.rows())


class AxisReader:
    """Reads single rows of an axis; neighbours come from the block that is open already."""

    __slots__ = ("_blocks", "_number", "_open")

    def __init__(self, axis: Axis) -> None:
        self._blocks = axis.blocks
        self._number = -1
        self._open: list[Row] = []

    def row(self, at: int) -> Row:
        """The values of one row."""
        number, offset = divmod(at, BLOCK_ROWS)
        if number != self._number:
            self._open = _decode(self._blocks[number])
            self._number = number
        return self._open[offset]
