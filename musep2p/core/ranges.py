"""Interval sets: everything that is said about tasks is said in half-open ranges of their indices.

A `Ranges` is kept as two parallel sorted lists, starts and stops, never empty, never touching. Memory and
cost grow with the number of ranges, not with the number of tasks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge

__all__ = ["Ranges"]

_MUCH_FEWER = 8  # by so much, looking up beats walking along both
_FEW = 16  # up to here ranges are spliced in one by one; more are merged in one pass over both sets


class Ranges:
    """A mutable set of non-negative integers held as disjoint half-open ranges."""

    __slots__ = ("_starts", "_stops")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in pairs:
            self.add(start, stop)

    @classmethod
    def of(cls, *indices: int) -> Ranges:
        """The set of these single indices."""
        return cls((i, i + 1) for i in indices)

    @classmethod
    def decode(cls, flat: Iterable[int]) -> Ranges:
        """From `encode`'s flat form; overlapping or unordered ranges of a stranger are merged, empty ones dropped."""
        values = list(flat)
        return cls((start, stop) for start, stop in zip(values[::2], values[1::2], strict=False) if 0 <= start < stop)

    def encode(self) -> tuple[int, ...]:
        """Flat (start, stop, start, stop, ...), as messages carry it."""
        return tuple(x for pair in zip(self._starts, self._stops, strict=True) for x in pair)

    def copy(self) -> Ranges:
        """An independent copy."""
        new = Ranges()
        new._starts, new._stops = self._starts[:], self._stops[:]
        return new

    def parts(self, most: int) -> Iterator[Ranges]:
        """The same set in pieces of at most so many ranges."""
        pairs = list(self)
        for at in range(0, len(pairs), most):
            yield Ranges(pairs[at : at + most])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._stops, strict=True)))

    def __len__(self) -> int:
        """The number of ranges (use `count` for the number of integers)."""
        return len(self._starts)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._starts == other._starts and self._stops == other._stops

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return "Ranges(" + ", ".join(f"{a}-{b}" for a, b in self) + ")"

    def __contains__(self, index: int) -> bool:
        at = bisect_right(self._starts, index) - 1
        return at >= 0 and index < self._stops[at]

    def count(self) -> int:
        """How many integers the set has."""
        return sum(self._stops) - sum(self._starts)

    def lowest(self) -> int:
        """The least integer; of a set that is not empty."""
        return self._starts[0]

    def highest(self) -> int:
        """The greatest integer; of a set that is not empty."""
        return self._stops[-1] - 1

    def indices(self) -> Iterator[int]:
        """Every integer, ascending."""
        for start, stop in zip(self._starts, self._stops, strict=True):
            yield from range(start, stop)

    def add(self, start: int, stop: int) -> None:
        """Put start..stop-1 in."""
        if start >= stop:
            return
        low = bisect_left(self._stops, start)
        high = bisect_right(self._starts, stop)
        if low < high:
            start = min(start, self._starts[low])
            stop = max(stop, self._stops[high - 1])
        self._starts[low:high] = [start]
        self._stops[low:high] = [stop]

    def discard(self, start: int, stop: int) -> None:
        """Take start..stop-1 out, as far as they are in."""
        if start >= stop:
            return
        low = bisect_right(self._stops, start)
        high = bisect_left(self._starts, stop)
        if low >= high:
            return
        starts, stops = [], []
        if self._starts[low] < start:
            starts.append(self._starts[low])
            stops.append(start)
        if self._stops[high - 1] > stop:
            starts.append(stop)
            stops.append(self._stops[high - 1])
        self._starts[low:high] = starts
        self._stops[low:high] = stops

    def update(self, other: Ranges) -> None:
        """Add every range of the other."""
        if len(other) > _FEW and len(self) > _FEW:
            self._starts, self._stops = _united(self, other)
            return
        for start, stop in zip(other._starts, other._stops, strict=True):
            self.add(start, stop)

    def difference_update(self, other: Ranges) -> None:
        """Take out every range of the other."""
        if len(other) > _FEW:
            self._starts, self._stops = _less(self, other)
            return
        for start, stop in zip(other._starts, other._stops, strict=True):
            self.discard(start, stop)

    def __or__(self, other: Ranges) -> Ranges:
        new = self.copy()
        new.update(other)
        return new

    def __sub__(self, other: Ranges) -> Ranges:
        if not self or not other:
            return self.copy()
        new = self.copy()
        new.difference_update(other)
        return new

    def __and__(self, other: Ranges) -> Ranges:
        if len(self) * _MUCH_FEWER < len(other):
            return _within(self, other)
        if len(other) * _MUCH_FEWER < len(self):
            return _within(other, self)
        new = Ranges()
        i = j = 0
        while i < len(self._starts) and j < len(other._starts):
            start = max(self._starts[i], other._starts[j])
            stop = min(self._stops[i], other._stops[j])
            if start < stop:
                new._starts.append(start)
                new._stops.append(stop)
            if self._stops[i] < other._stops[j]:
                i += 1
            else:
                j += 1
        return new

    def isdisjoint(self, other: Ranges) -> bool:
        """True when no integer is in both; as `not self & other`, without making that."""
        few, many = (self, other) if len(self._starts) <= len(other._starts) else (other, self)
        stops, starts = many._stops, many._starts
        for start, stop in zip(few._starts, few._stops, strict=True):
            at = bisect_right(stops, start)
            if at < len(starts) and starts[at] < stop:
                return False
        return True

    def issubset(self, other: Ranges) -> bool:
        """True when every integer is in the other, too; as `not self - other`, without making that."""
        starts, stops = other._starts, other._stops
        if self._starts == starts and self._stops == stops:
            return True
        for start, stop in zip(self._starts, self._stops, strict=True):
            at = bisect_right(starts, start) - 1
            if at < 0 or stops[at] < stop:
                return False
        return True

    def first(self, count: int) -> Ranges:
        """The lowest `count` integers, as a new set."""
        new = Ranges()
        for start, stop in zip(self._starts, self._stops, strict=True):
            if count <= 0:
                break
            end = min(stop, start + count)
            new.add(start, end)
            count -= end - start
        return new


def _within(few: Ranges, many: Ranges) -> Ranges:
    """The common integers of two sets, looking up each range of the smaller one."""
    new = Ranges()
    for start, stop in few:
        at = bisect_right(many._stops, start)
        while at < len(many._starts) and many._starts[at] < stop:
            new._starts.append(max(start, many._starts[at]))
            new._stops.append(min(stop, many._stops[at]))
            at += 1
    return new


def _united(one: Ranges, other: Ranges) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in merge(one, other):
        if stops and start <= stops[-1]:
            stops[-1] = max(stops[-1], stop)
        else:
            starts.append(start)
            stops.append(stop)
    return starts, stops


def _less(one: Ranges, other: Ranges) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    stops: list[int] = []
    holes = list(other)
    at = 0
    for start, stop in one:
        while at < len(holes) and holes[at][1] <= start:
            at += 1
        hole = at
        while start < stop:
            if hole == len(holes) or holes[hole][0] >= stop:
                starts.append(start)
                stops.append(stop)
                break
            if holes[hole][0] > start:
                starts.append(start)
                stops.append(holes[hole][0])
            start = holes[hole][1]
            hole += 1
    return starts, stops
