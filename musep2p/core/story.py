"""What happened here of late, by task: the memory that `musep2p why` reads. Bounded; the oldest is forgotten first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges

__all__ = ["Happening", "Story"]

_KEPT = 4096
_RANGES_KEPT = 64  # of one happening; of scattered work the first


class Happening(NamedTuple):
    """Something that happened to some tasks of a batch, at a time of this peer's clock."""

    at_ms: int
    batch: BatchId
    ranges: Ranges
    text: str


class Story:
    """The happenings of one peer, oldest first."""

    def __init__(self) -> None:
        self._happenings: deque[Happening] = deque(maxlen=_KEPT)

    def add(self, at_ms: int, batch: BatchId, ranges: Ranges, text: str) -> None:
        """Something happened to these tasks."""
        if ranges:
            kept = next(ranges.parts(_RANGES_KEPT))
            self._happenings.append(Happening(at_ms, batch, kept, text))

    def of(self, batch: BatchId, index: int) -> Iterator[Happening]:
        """What happened to one task."""
        return (one for one in self._happenings if one.batch == batch and index in one.ranges)
