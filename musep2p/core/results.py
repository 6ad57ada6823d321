"""The merge of results: commutative, associative, idempotent, so that records may arrive in any order.

For one index the smallest digest wins; between equal digests the smaller record id, so that all peers name
the same maker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock

__all__ = ["Results", "indices_of"]

_Maker = tuple[str, int, str, int]  # the record's id: peer, incarnation counter and nonce, number


def indices_of(entries: Iterable[Entry]) -> Ranges:
    """The set of indices of some entries; cheap for the usual ascending runs."""
    ranges = Ranges()
    start = stop = -1
    for entry in entries:
        if entry.index == stop:
            stop += 1
        else:
            ranges.add(start, stop)
            start, stop = entry.index, entry.index + 1
    ranges.add(start, stop)
    return ranges


def _signed(block: ResultBlock) -> Iterator[tuple[Entry, _Maker]]:
    """The entries of a block, each with the id of its record."""
    life, peer, number = block.first.incarnation, block.first.peer, block.first.number
    return ((entry, (peer, life.counter, life.nonce, number + i)) for i, entry in enumerate(block.entries))


class Results:
    """All that one peer knows durably of a batch's outcome: results, which of them are safe, failures.

    Args:
        batch: whose results.
        total: the number of indices.
        excluded: indices that no task has.
    """

    def __init__(self, batch: BatchId, total: int, excluded: Ranges | None = None) -> None:
        self.batch = batch
        self.total = total
        self.excluded = excluded or Ranges()
        self.wanted = total - self.excluded.count()
        self._tasks = Ranges([(0, total)]) - self.excluded
        self.known = Ranges()
        self.safe = Ranges()
        self.skipped = 0
        self._best: dict[int, tuple[Entry, _Maker]] = {}
        self._failures: dict[int, dict[RecordId, Failure]] = {}

    def tasks(self) -> Ranges:
        """The indices of all tasks."""
        return self._tasks.copy()

    def tasks_among(self, ranges: Ranges) -> Ranges:
        """Those of these indices that are tasks of this batch."""
        kept = ranges - self.excluded
        kept.discard(self.total, max(self.total, 1 << 41))
        return kept

    def merge_block(self, block: ResultBlock) -> None:
        """Learn results; those beyond the batch are a stranger's mistake and ignored."""
        for entry, maker in _signed(block):
            if self._stray(entry.index):
                continue
            best = self._best.get(entry.index)
            if best is None:
                self._best[entry.index] = (entry, maker)
                self.skipped += entry.skipped
            elif (entry.digest, maker) < (best[0].digest, best[1]):
                self._best[entry.index] = (entry, maker)
                self.skipped += entry.skipped - best[0].skipped
        indices = self.tasks_among(indices_of(block.entries))
        self.known.update(indices)
        if block.safe:
            self.safe.update(indices)

    def mark_safe(self, ranges: Ranges) -> None:
        """Learn that results already known are where the promise says."""
        self.safe.update(ranges & self.known)

    def merge_failure(self, failure: Failure) -> None:
        """Learn of one failed attempt."""
        if not self._stray(failure.index):
            self._failures.setdefault(failure.index, {})[failure.id] = failure

    def covers(self, block: ResultBlock) -> bool:
        """True when merging the block would change nothing."""
        indices = self.tasks_among(indices_of(block.entries))
        known = self.safe if block.safe else self.known
        return not (indices - known) and all(
            (best := self._best.get(entry.index)) is not None and (best[0].digest, best[1]) <= (entry.digest, maker)
            for entry, maker in _signed(block)
        )

    def safe_blocks(self, ranges: Ranges) -> list[ResultBlock]:
        """The safe results among these tasks as facts, to tell them anew."""
        blocks = []
        for index in (ranges & self.safe & self.known).indices():
            entry, (peer, counter, nonce, number) = self._best[index]
            first = RecordId(PeerId(peer), Incarnation(counter, nonce), number)
            blocks.append(ResultBlock(self.batch, first, (entry,), True))
        return blocks

    def _stray(self, index: int) -> bool:
        return index >= self.total or index in self.excluded

    def has_failure(self, failure: Failure) -> bool:
        """True when this failure is known."""
        return failure.id in self._failures.get(failure.index, ())

    def failures(self, index: int, turn: int | None = None) -> list[Failure]:
        """Failed attempts at a task, oldest record first; of one turn only when `turn` is given."""
        known = self._failures.get(index, {})
        return [known[rid] for rid in sorted(known) if turn is None or known[rid].turn == turn]

    def failing(self) -> Iterator[int]:
        """Indices with at least one failure, ascending."""
        return iter(sorted(self._failures))

    def failed(self, turn: int, retries: int) -> Ranges:
        """Tasks with more than `retries` failures in this turn (or a permanent one) and no valid result."""
        failed = Ranges()
        for index in self._failures:
            of_turn = self.failures(index, turn)
            if len(of_turn) > retries or any(f.permanent for f in of_turn):
                failed.add(index, index + 1)
        return failed - self.known

    def entry(self, index: int) -> tuple[Entry, _Maker] | None:
        """The winning result of a task and its record's id (peer, incarnation counter and nonce, number)."""
        return self._best.get(index)
