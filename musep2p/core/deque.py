"""A peer's own work on one batch: the owner takes from the front, thieves get the back.

Segments keep the order in which work arrived, so that what was taken over from a lost peer (pushed at the
back) runs last. The same indices as a set are kept beside the order, since reports and checks want sets.
"""

from __future__ import annotations

from collections import deque

from musep2p.core.ranges import Ranges

__all__ = ["PIECES_MAX", "WorkDeque"]

PIECES_MAX = 1024  # ranges taken at once: what is granted fits one message


class WorkDeque:
    """Ordered, disjoint ranges of task indices."""

    __slots__ = ("_count", "_held", "_segments")

    def __init__(self) -> None:
        self._segments: deque[tuple[int, int]] = deque()
        self._held = Ranges()
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._segments)

    def count(self) -> int:
        """How many tasks are queued."""
        return self._count

    def held(self) -> Ranges:
        """The queued indices as a set; do not change it."""
        return self._held

    def check(self) -> None:
        """Assert that the order, the set and the number are of the same tasks."""
        assert self._count == self._held.count(), "the deque's number and set differ"
        segments = iter(sorted(self._segments))
        for start, stop in self._held:
            while start < stop:
                first, beyond = next(segments, (-1, -1))
                assert start == first < beyond <= stop, "the deque's order and set differ"
                start = beyond
        assert next(segments, None) is None, "the deque's order has more than its set"

    def first(self) -> int:
        """What the owner takes next; 0 if nothing is queued."""
        return self._segments[0][0] if self._segments else 0

    def last(self) -> int:
        """What a thief gets first; 0 if nothing is queued."""
        return self._segments[-1][1] - 1 if self._segments else 0

    def push(self, ranges: Ranges) -> Ranges:
        """Put work at the back, less what is queued already; returns what was new."""
        new = ranges - self._held
        self._segments.extend(new)
        self._held.update(new)
        self._count += new.count()
        return new

    def push_front(self, ranges: Ranges) -> None:
        """Put work at the front: what came back unstarted from a slot."""
        new = ranges - self._held
        self._segments.extendleft(reversed(list(new)))
        self._held.update(new)
        self._count += new.count()

    def take_front(self, count: int, avoid: Ranges | None = None, among: Ranges | None = None) -> Ranges:
        """Remove up to `count` tasks at the owner's end, none to be avoided, and all among some if these are given."""
        return self._take(count, avoid or Ranges(), among, front=True)

    def take_back(self, count: int, avoid: Ranges | None = None, among: Ranges | None = None) -> Ranges:
        """Remove up to `count` tasks at the thief's end, none to be avoided, and all among some if these are given."""
        return self._take(count, avoid or Ranges(), among, front=False)

    def discard(self, ranges: Ranges) -> Ranges:
        """Remove these indices wherever they are; returns what was there."""
        gone = self._held & ranges
        if gone:
            kept = (piece for segment in self._segments for piece in Ranges([segment]) - gone)
            self._segments = deque(kept)
            self._held.difference_update(gone)
            self._count -= gone.count()
        return gone

    def _take(self, count: int, avoid: Ranges, among: Ranges | None, *, front: bool) -> Ranges:
        if not avoid and among is None:
            return self._take_any(count, front=front)
        taken = Ranges()
        order = list(self._segments) if front else list(reversed(self._segments))
        for segment in order:
            if taken.count() >= count or len(taken) >= PIECES_MAX:
                break
            whole = Ranges([segment]) - avoid
            free = list(whole if among is None else whole & among)
            for start, stop in free if front else reversed(free):
                size = min(stop - start, count - taken.count())
                if size > 0:
                    taken.update(Ranges([(start, start + size) if front else (stop - size, stop)]))
        self.discard(taken)
        return taken

    def _take_any(self, count: int, *, front: bool) -> Ranges:
        taken = Ranges()
        while count > 0 and self._segments and len(taken) < PIECES_MAX:
            start, stop = self._segments.popleft() if front else self._segments.pop()
            size = min(stop - start, count)
            if front and size < stop - start:
                self._segments.appendleft((start + size, stop))
                stop = start + size
            elif size < stop - start:
                self._segments.append((start, stop - size))
                start = stop - size
            taken.add(start, stop)
            count -= size
            self._count -= size
        self._held.difference_update(taken)
        return taken
