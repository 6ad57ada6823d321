"""Failed attempts at the tasks of a batch: how many, in which turn, and whom they blame, as sets of indices.

A million tasks that fail, one after the other, are a few ranges. The records stay in the journal: memory has the
position of each (8 bytes a failure, 4 a task), and the newest records themselves, which are asked for most.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict

from musep2p.core.ids import PeerId
from musep2p.core.packed import PackedColumn
from musep2p.core.ranges import Ranges
from musep2p.core.records import Failure

__all__ = ["Failures"]

_KEPT = 256


class Failures:
    """What one peer knows of the failed attempts of a batch.

    Attributes:
        failing: tasks that failed at least once, in whatever turn.
    """

    def __init__(self) -> None:
        self.failing = Ranges()
        self._more_than: dict[int, list[Ranges]] = {}  # by turn; at n, the tasks with more than n failures
        self._permanent: dict[int, Ranges] = {}
        self._blamed: dict[tuple[int, PeerId], Ranges] = {}
        self._bound: dict[tuple[int, PeerId], Ranges] = {}  # of these, each peer has one that does not count
        self._newest = PackedColumn("I")  # 1 + where the two columns below have the task's newest failure
        self._positions = array("I")
        self._earlier = array("I")
        self._kept: OrderedDict[int, Failure] = OrderedDict()

    def add(self, failure: Failure, position: int) -> None:
        """Learn of a failure that was not known, and that the journal holds at this position."""
        index, turn = failure.index, failure.turn
        self.failing.add(index, index + 1)
        once = self._bound.setdefault((turn, failure.id.peer), Ranges()) if failure.peer_bound else None
        if once is None or index in once:
            self._level(turn, index).add(index, index + 1)
        else:
            once.add(index, index + 1)
        self._blamed.setdefault((turn, failure.id.peer), Ranges()).add(index, index + 1)
        if failure.permanent:
            self._permanent.setdefault(turn, Ranges()).add(index, index + 1)
        self._positions.append(position)
        self._earlier.append(self._newest.get(index))
        self._newest.put(index, len(self._positions))
        self._kept[position] = failure
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def count(self, index: int) -> int:
        """How often a task failed, all turns together."""
        return len(self.positions(index))

    def positions(self, index: int) -> list[int]:
        """Where the journal holds the failures of a task, in the order of learning."""
        found, at = [], self._newest.get(index)
        while at:
            found.append(self._positions[at - 1])
            at = self._earlier[at - 1]
        return found[::-1]

    def kept(self, index: int) -> list[Failure]:
        """Those of a task's failures that memory still has, in the order of learning."""
        return [self._kept[position] for position in self.positions(index) if position in self._kept]

    def failed(self, turn: int, retries: int) -> Ranges:
        """Tasks with more than `retries` failures in this turn, or a permanent one."""
        levels = self._more_than.get(turn, [])
        often = levels[retries] if retries < len(levels) else Ranges()
        return often | self._permanent.get(turn, Ranges())

    def has_failed(self, index: int, turn: int, retries: int) -> bool:
        """True when one task is among `failed`."""
        levels = self._more_than.get(turn, [])
        often = retries < len(levels) and index in levels[retries]
        return often or index in self._permanent.get(turn, Ranges())

    def blamed_on(self, peer: PeerId, turn: int) -> Ranges:
        """Tasks that failed at this peer in this turn; do not change the set."""
        return self._blamed.get((turn, peer), Ranges())

    def blamed_on_others(self, peer: PeerId, turn: int) -> list[Ranges]:
        """The same of every other peer."""
        return [tasks for (at, who), tasks in self._blamed.items() if at == turn and who != peer]

    def _level(self, turn: int, index: int) -> Ranges:
        """The first set of a turn that lacks the task."""
        levels = self._more_than.setdefault(turn, [])
        for level in levels:
            if index not in level:
                return level
        levels.append(Ranges())
        return levels[-1]
