"""The merge of results: commutative, associative, idempotent, so that records may arrive in any order.

For one index the smallest digest wins; between equal digests the smaller record id, so that all peers name
the same maker. Results themselves stay in the journal: memory knows where, by the positions of their records,
and `winner` decides between those of one index when they are read.

A withdrawal takes out one record for good, in whatever order both arrive. Which results an index has left is known
only once its records were read again: `doubted` until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from musep2p.core.failures import Failures
from musep2p.core.ids import BatchId
from musep2p.core.packed import PackedColumn
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock, Withdrawal

__all__ = ["Results", "indices_of", "signed", "winner"]

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
        self.doubted = Ranges()
        self.version = 0  # grows with every record that was news
        self._positions = PackedColumn("I")
        self._several: dict[int, tuple[int, ...]] = {}
        self._records: dict[_Life, Ranges] = {}
        self._withdrawn: dict[_Life, Ranges] = {}
        self._withdrawals: dict[int, list[Withdrawal]] = {}

    @property
    def skipped(self) -> int:
        """How many results were found by their key, so that nothing was rendered for them."""
        return self._reused.count()

    @property
    def again(self) -> int:
        """How many results are one too many: of tasks that several peers rendered, each on its own."""
        return sum(len(positions) - 1 for positions in self._several.values())

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
        if self._withdrawn:
            for part in self._valid(block):
                self._merge(part, position)
        else:
            self._merge(block, position)

    def mark_safe(self, ranges: Ranges) -> None:
        """Learn that results already known are where the promise says."""
        self.safe.update(ranges & self.known)

    def merge_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Learn that a record is wrong; what an index that had a result has left is not known yet."""
        number = withdrawal.record.number
        numbers = self._withdrawn.setdefault(_life(withdrawal.record), Ranges())
        merged = self._records.setdefault(_life(withdrawal.record), Ranges())
        if number not in numbers and number in merged and withdrawal.index in self.known:
            self.doubted.add(withdrawal.index, withdrawal.index + 1)
        if number not in numbers:
            self._withdrawals.setdefault(withdrawal.index, []).append(withdrawal)
        numbers.add(number, number + 1)

    def doubt_withdrawn(self) -> None:
        """Have all that anything was withdrawn of read again, in whatever order a journal had it."""
        for index in self._withdrawals:
            if index in self.known:
                self.doubted.add(index, index + 1)

    def withdrawals_of(self, ranges: Ranges) -> list[Withdrawal]:
        """What was withdrawn of these tasks."""
        return [one for index in sorted(self._withdrawals) if index in ranges for one in self._withdrawals[index]]

    def has_withdrawal(self, withdrawal: Withdrawal) -> bool:
        """True when this withdrawal is known."""
        return withdrawal.record.number in self._withdrawn.get(_life(withdrawal.record), ())

    def settle_doubt(self, index: int, read: Iterable[tuple[int, Entry, RecordId]], *, unsafe: bool) -> None:
        """The records of a doubted index were read again: those left count, all others are forgotten.

        Args:
            read: position, result and record.
            unsafe: what is left is not where the promise says yet.
        """
        self.doubted.discard(index, index + 1)
        self.version += 1
        left = [(at, entry) for at, entry, made in read if made.number not in self._withdrawn.get(_life(made), ())]
        self._several.pop(index, None)
        self._reused.discard(index, index + 1)
        self._positions.put(index, 0)
        if not left or unsafe:
            self.safe.discard(index, index + 1)
        if not left:
            self.known.discard(index, index + 1)
        for position, entry in left:
            self._put(entry, position)

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
        for part in self._valid(block):
            known = self.safe if part.safe else self.known
            if not self._has_records(part) or not self.tasks_among(indices_of(part.entries)).issubset(known):
                return False
        return True

    def positions(self, index: int) -> tuple[int, ...]:
        """Where the journal holds the results of a task, among which `winner` decides; usually there is one."""
        several = self._several.get(index)
        if several is not None:
            return several
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
        known = self._records.get(life)
        return known is not None and numbers.issubset(known)

    def _not_yet_merged(self, block: ResultBlock) -> Sequence[Entry]:
        life, numbers = self._numbers(block)
        known = self._records.setdefault(life, Ranges())
        merged = known & numbers
        known.update(numbers)
        if not merged:
            return block.entries
        return tuple(e for n, e in enumerate(block.entries, block.first.number) if n not in merged)

    def _valid(self, block: ResultBlock) -> Iterator[ResultBlock]:
        """What is left of a block without the results that were withdrawn."""
        life, numbers = self._numbers(block)
        withdrawn = self._withdrawn.get(life)
        if withdrawn is None or not numbers & withdrawn:
            yield block
            return
        self._records.setdefault(life, Ranges()).update(numbers & withdrawn)
        start = block.first.number
        for first, stop in numbers - withdrawn:
            made = RecordId(block.first.peer, block.first.incarnation, first)
            yield ResultBlock(block.batch, made, block.entries[first - start : stop - start], block.safe)

    def _merge(self, block: ResultBlock, position: int) -> None:
        indices = self.tasks_among(indices_of(block.entries))
        if not self._has_records(block):
            self.version += 1
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

    def _put_new(self, indices: Ranges, entries: Iterable[Entry], position: int) -> None:
        """Results of tasks of which nothing was known: the usual case, and many at once."""
        for start, stop in indices:
            self._positions.put_run(start, [position] * (stop - start))
        for entry in entries:
            if entry.skipped:
                self._reused.add(entry.index, entry.index + 1)

    def _put(self, entry: Entry, position: int) -> None:
        index = entry.index
        before = self.positions(index)
        if not before:
            self._positions.put(index, position)
        elif position not in before:
            self._several[index] = tuple(sorted((*before, position)))
        if entry.skipped and not before:
            self._reused.add(index, index + 1)
        elif not entry.skipped:
            self._reused.discard(index, index + 1)


def _life(record: RecordId) -> _Life:
    return record.peer, record.incarnation.counter, record.incarnation.nonce
