"""Where a cell is: index <-> the digits of a mixed-radix number, one for each axis, the seed innermost.

    index = ((d0 * n1) + d1) * seeds + s          order `written`: the first axis is the outermost digit

With order `middle-out` the first indices are an even sample of the whole grid and later ones fill it in, so
that somebody who looks after a tenth of the time has seen the range. The points of each axis are ranked
first, last, middle, quarters, ... and the cells come in shells: shell r has the cells whose greatest rank
is r. Within a shell the cells are told apart by the first axis that has rank r. Axes that decide the class
of work (engine, model, size) stay plain outer digits, so that ranges stay whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import prod

__all__ = ["Grid", "coarse_to_fine"]

Digits = tuple[int, ...]


def coarse_to_fine(size: int) -> array[int]:
    """The numbers below `size`: first, last, then the middle of every gap, widest gaps first."""
    ranks = array("q", range(min(size, 2)) if size < 2 else (0, size - 1))
    gaps = [(0, size - 1)]
    while gaps:
        halves = []
        for low, high in gaps:
            middle = (low + high) // 2
            if middle > low:
                ranks.append(middle)
                halves += [(low, middle), (middle, high)]
        gaps = halves
    return ranks


class Grid:
    """The cells of a batch.

    Args:
        sizes: of the axes, outermost first.
        outer: how many leading axes stay plain digits in any order.
        middle_out: False for the order as written.
    """

    def __init__(self, sizes: Sequence[int], *, outer: int = 0, middle_out: bool = False) -> None:
        self.sizes = tuple(sizes)
        self.count = prod(self.sizes)
        self._outer = outer if middle_out else len(self.sizes)
        self._inner = self.sizes[self._outer :]
        self._inner_count = prod(self._inner)
        self._order = [coarse_to_fine(size) for size in self._inner]
        self._rank = [_inverse(order) for order in self._order]

    def digits(self, cell: int) -> Digits:
        """The place of a cell on every axis."""
        cell, shell_place = divmod(cell, self._inner_count)
        outer = _split(cell, self.sizes[: self._outer])
        if not self._inner:
            return outer
        ranks = self._ranks(shell_place)
        return outer + tuple(order[rank] for order, rank in zip(self._order, ranks, strict=True))

    def cell(self, digits: Sequence[int]) -> int:
        """The number of the cell at this place."""
        outer = _join(digits[: self._outer], self.sizes[: self._outer])
        if not self._inner:
            return outer
        ranks = [rank[digit] for rank, digit in zip(self._rank, digits[self._outer :], strict=True)]
        return outer * self._inner_count + self._place(ranks)

    def _box(self, edge: int) -> int:
        """How many cells have only ranks below `edge`."""
        return prod(min(edge, size) for size in self._inner)

    def _sides(self, shell: int, first: int) -> tuple[int, ...]:
        """Sizes of the axes in that part of a shell where axis `first` is the first with the shell's rank."""
        before = tuple(min(shell, size) for size in self._inner[:first])
        return before + (1,) + tuple(min(shell + 1, size) for size in self._inner[first + 1 :])

    def _ranks(self, place: int) -> Digits:
        low, high = 0, max(self._inner)
        while low < high - 1:
            edge = (low + high) // 2
            low, high = (edge, high) if self._box(edge) <= place else (low, edge)
        place -= self._box(low)
        for first, size in enumerate(self._inner):
            if low >= size:
                continue
            sides = self._sides(low, first)
            if place < prod(sides):
                ranks = _split(place, sides)
                return ranks[:first] + (low,) + ranks[first + 1 :]
            place -= prod(sides)
        raise AssertionError("a cell beyond the grid")

    def _place(self, ranks: Sequence[int]) -> int:
        shell = max(ranks)
        first = list(ranks).index(shell)
        before = sum(prod(self._sides(shell, axis)) for axis in range(first) if shell < self._inner[axis])
        plain = [*ranks[:first], 0, *ranks[first + 1 :]]
        return self._box(shell) + before + _join(plain, self._sides(shell, first))


def _split(number: int, sizes: Sequence[int]) -> Digits:
    digits = []
    for size in reversed(sizes):
        number, digit = divmod(number, size)
        digits.append(digit)
    return tuple(reversed(digits))


def _join(digits: Sequence[int], sizes: Sequence[int]) -> int:
    number = 0
    for digit, size in zip(digits, sizes, strict=True):
        number = number * size + digit
    return number


def _inverse(order: array[int]) -> array[int]:
    inverse = array("q", bytes(8 * len(order)))
    for rank, digit in enumerate(order):
        inverse[digit] = rank
    return inverse
