"""A column of packed integers by index, in pages that exist only where something is known.

One of them is what memory holds of each finished task, 4 bytes:

    position = the journal's position of the record that holds the result, from 1; 0 is nothing
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Literal

__all__ = ["PackedColumn"]

_PAGE = 1024  # so that a few results of a huge batch cost little


class PackedColumn:
    """index -> an unsigned integer, 0 where nothing was put.

    Args:
        kind: "I" for 32 bits, "Q" for 64.
    """

    __slots__ = ("_empty", "_kind", "_pages")

    def __init__(self, kind: Literal["I", "Q"]) -> None:
        self._kind = kind
        self._empty = bytes(array(kind).itemsize * _PAGE)
        self._pages: dict[int, array[int]] = {}

    def get(self, index: int) -> int:
        """What was put there."""
        number, at = divmod(index, _PAGE)
        page = self._pages.get(number)
        return page[at] if page is not None else 0

    def put(self, index: int, value: int) -> None:
        """Replace what is there."""
        number, at = divmod(index, _PAGE)
        self._page(number)[at] = value

    def put_run(self, start: int, values: Sequence[int]) -> None:
        """Put values at start, start + 1, ..."""
        done = 0
        while done < len(values):
            number, at = divmod(start + done, _PAGE)
            count = min(_PAGE - at, len(values) - done)
            self._page(number)[at : at + count] = array(self._kind, values[done : done + count])
            done += count

    def _page(self, number: int) -> array[int]:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = array(self._kind, self._empty)
        return page
