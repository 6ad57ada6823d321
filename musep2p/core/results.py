"""The merge of results: commutative, associative, idempotent, so that records may arrive in any order.

For one index the smallest digest wins; between equal digests the smaller record id, so that all peers name
the same maker. Results themselves stay in the journal: memory knows where, by the positions of their records.
Only the first 64 bits of a digest are compared here; records that are equal so far are all kept, and `winner`
decides between them when they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from musep2p.core.failures import Failures
from musep2p.core.ids import BatchId
from musep2p.core.packed import PackedColumn
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock

__all__ = ["Results", "indices_of", "signed", "winner"]

_PREFIX_DIGITS = 16
_Life = tuple[str, int, str]  # who numbers its records: a peer, in one incarnation


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


def winner(made: Iterable[tuple[Entry, RecordId]]) -> tuple[Entry, RecordId] | None:
    """Of results of one task, each with the id of its record, the one that counts; None of none."""
    return min(made, key=lambda one: (one[0].digest, one[1]), default=None)


def signed(block: ResultBlock) -> dict[int, tuple[Entry, RecordId]]:
    """The results of a block by their index, each with the id of its record."""
    peer, life = block.first.peer, block.first.incarnation
    return {e.index: (e, RecordId(peer, life, n)) for n, e in enumerate(block.entries, block.first.number)}


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
        self.failures = Failures()
        self._reused = Ranges()
        self._prefixes = PackedColumn("Q")
        self._positions = PackedColumn("I")
        self._ties: dict[int, tuple[int, ...]] = {}
        self._records: dict[_Life, Ranges] = {}

    @property
    def skipped(self) -> int:
        """How many results were found by their key, so that nothing was rendered for them."""
        return self._reused.count()

    def tasks(self) -> Ranges:
        """The indices of all tasks."""
        return self._tasks.copy()

    def tasks_among(self, ranges: Ranges) -> Ranges:
        """Those of these indices that are tasks of this batch."""
        kept = ranges - self.excluded
        kept.discard(self.total, max(self.total, 1 << 41))
        return kept

    def merge_block(self, block: ResultBlock, position: int) -> None:
        """Learn results that the journal holds at this position.

        Those beyond the batch are a stranger's mistake and ignored.
        """
        indices = self.tasks_among(indices_of(block.entries))
        if not self._has_records(block):
            entries = self._not_yet_merged(block)
            if entries and len(entries) == len(block.entries) == indices.count() and not indices & self.known:
                self._put_new(indices, entries, position)
            else:
                for entry in entries:
                    if entry.index in indices:
                        self._put(entry, position)
        self.known.update(indices)
        if block.safe:
            self.safe.update(indices)

    def mark_safe(self, ranges: Ranges) -> None:
        """Learn that results already known are where the promise says."""
        self.safe.update(ranges & self.known)

    def merge_failure(self, failure: Failure, position: int) -> None:
        """Learn of one failed attempt that the journal holds at this position."""
        if self.has_failure(failure):
            return
        number = failure.id.number
        self._records.setdefault(_life(failure.id), Ranges()).add(number, number + 1)
        if failure.index < self.total and failure.index not in self.excluded:
            self.failures.add(failure, position)

    def covers(self, block: ResultBlock) -> bool:
        """True when merging the block would change nothing."""
        indices = self.tasks_among(indices_of(block.entries))
        known = self.safe if block.safe else self.known
        return self._has_records(block) and not indices - known

    def positions(self, index: int) -> tuple[int, ...]:
        """Where the journal holds the result of a task: one position, or those among which `winner` decides."""
        ties = self._ties.get(index)
        if ties is not None:
            return ties
        position = self._positions.get(index)
        return (position,) if position else ()

    def by_position(self, ranges: Ranges) -> dict[int, Ranges]:
        """The tasks among these with a result, by the positions of the records that hold them."""
        found: dict[int, Ranges] = {}
        for index in (ranges & self.known).indices():
            for position in self.positions(index):
                found.setdefault(position, Ranges()).add(index, index + 1)
        return found

    def has_failure(self, failure: Failure) -> bool:
        """True when this failure is known."""
        return failure.id.number in self._records.get(_life(failure.id), ())

    def failed(self, turn: int, retries: int) -> Ranges:
        """Tasks with more than `retries` failures in this turn (or a permanent one) and no valid result."""
        return self.failures.failed(turn, retries) - self.known

    def _numbers(self, block: ResultBlock) -> tuple[_Life, Ranges]:
        first = block.first
        return _life(first), Ranges([(first.number, first.number + len(block.entries))])

    def _has_records(self, block: ResultBlock) -> bool:
        life, numbers = self._numbers(block)
        return not numbers - self._records.get(life, Ranges())

    def _not_yet_merged(self, block: ResultBlock) -> Sequence[Entry]:
        life, numbers = self._numbers(block)
        known = self._records.setdefault(life, Ranges())
        merged = known & numbers
        known.update(numbers)
        if not merged:
            return block.entries
        return tuple(e for n, e in enumerate(block.entries, block.first.number) if n not in merged)

    def _put_new(self, indices: Ranges, entries: Iterable[Entry], position: int) -> None:
        """Results of tasks of which nothing was known: the usual case, and many at once."""
        ordered = sorted(entries, key=lambda entry: entry.index)
        prefixes = [int(entry.digest[:_PREFIX_DIGITS], 16) for entry in ordered]
        at = 0
        for start, stop in indices:
            self._prefixes.put_run(start, prefixes[at : at + stop - start])
            self._positions.put_run(start, [position] * (stop - start))
            at += stop - start
        for entry in ordered:
            if entry.skipped:
                self._reused.add(entry.index, entry.index + 1)

    def _put(self, entry: Entry, position: int) -> None:
        index = entry.index
        prefix, known_at = self._prefixes.get(index), self._positions.get(index)
        ours = int(entry.digest[:_PREFIX_DIGITS], 16)
        if not known_at or ours < prefix:
            self._prefixes.put(index, ours)
            self._positions.put(index, position)
            self._ties.pop(index, None)
            self._reused.discard(index, index + 1)
            if entry.skipped:
                self._reused.add(index, index + 1)
        elif ours == prefix:
            self._ties[index] = tuple(sorted({*self.positions(index), position}))
            if not entry.skipped:
                self._reused.discard(index, index + 1)


def _life(record: RecordId) -> _Life:
    return record.peer, record.incarnation.counter, record.incarnation.nonce
