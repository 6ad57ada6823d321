"""What memory holds of each finished task: 12 packed bytes, in pages that exist only where something is known.

prefix   = the first 64 bits of the winning digest
position = the journal's position of the record that holds the result, from 1; 0 is nothing
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

__all__ = ["PackedTasks"]

_PAGE = 1024  # tasks: 12 kB, so that a few results of a huge batch cost little


class PackedTasks:
    """index -> (prefix, position)."""

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        self._pages: dict[int, tuple[array[int], array[int]]] = {}

    def get(self, index: int) -> tuple[int, int]:
        """(prefix, position) of a task; position 0 where nothing is known."""
        number, at = divmod(index, _PAGE)
        page = self._pages.get(number)
        return (page[0][at], page[1][at]) if page is not None else (0, 0)

    def put(self, index: int, prefix: int, position: int) -> None:
        """Replace what is known of a task."""
        number, at = divmod(index, _PAGE)
        prefixes, positions = self._page(number)
        prefixes[at], positions[at] = prefix, position

    def put_run(self, start: int, prefixes: Sequence[int], position: int) -> None:
        """Set tasks start, start + 1, ... which one record holds."""
        done = 0
        while done < len(prefixes):
            number, at = divmod(start + done, _PAGE)
            count = min(_PAGE - at, len(prefixes) - done)
            page = self._page(number)
            page[0][at : at + count] = array("Q", prefixes[done : done + count])
            page[1][at : at + count] = array("I", [position]) * count
            done += count

    def _page(self, number: int) -> tuple[array[int], array[int]]:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = (array("Q", bytes(8 * _PAGE)), array("I", bytes(4 * _PAGE)))
        return page
