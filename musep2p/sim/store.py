"""The virtual store that all simulated peers see: what it confirmed, what may be found on it, and how it fails."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import structs

from musep2p.core import events as ev
from musep2p.core.ids import BatchId, Digest, short
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.records import RecordId, ResultBlock, Will, Withdrawal
from musep2p.core.results import signed
from musep2p.core.wills import CANCELLED, will_rank

__all__ = ["SimStore"]


@dataclass(slots=True)
class SimStore:
    """The shared store.

    Attributes:
        id: what its `store.id` says.
        clock: tells the microsecond.
        delay_us: how long anything takes.
        away: nobody sees it.
        full: reading works, writing fails.
        hangs_until_us: what is begun before takes until then; whoever waits longer than `patience_us` is told that
            it failed.
        flaky: how often something fails for no reason.
        hidden_us: after what time others see what was put there.
        done_all_the_same: how often what is said to have failed was done, or is done later.
    """

    id: str
    clock: Callable[[], int]
    delay_us: int = 3000
    away: bool = False
    full: bool = False
    flaky: float = 0.0
    hidden_us: int = 0
    hangs_until_us: int = 0
    patience_us: int = 2_000_000
    done_all_the_same: float = 0.5
    rng: random.Random = field(default_factory=lambda: random.Random("musep2p store"))
    results: dict[BatchId, Ranges] = field(default_factory=dict)
    digests: set[Digest] = field(default_factory=set)
    batches: dict[BatchId, tuple[Recipe, Will]] = field(default_factory=dict)
    facts: dict[BatchId, list[ResultBlock | Withdrawal]] = field(default_factory=dict)
    withdrawn: dict[BatchId, Ranges] = field(default_factory=dict)
    wrong: set[tuple[BatchId, RecordId]] = field(default_factory=set)
    _times: dict[BatchId, list[int]] = field(default_factory=dict)  # when each fact was put

    def state(self) -> ev.StoreChanged:
        """What a look at it says now."""
        return ev.StoreChanged("away", "", "gone") if self.away else ev.StoreChanged("ok", self.id)

    def publish(self, block: ResultBlock) -> None:
        """Objects and record are there."""
        self._put(block.batch, structs.replace(block, safe=True))
        self._count(block)

    def _put(self, batch: BatchId, fact: ResultBlock | Withdrawal) -> None:
        self.facts.setdefault(batch, []).append(fact)
        self._times.setdefault(batch, []).append(self.clock())

    def seen(self, batch: BatchId) -> list[ResultBlock | Withdrawal]:
        """The facts of a batch that others see by now, in the order in which they were put."""
        old = bisect_right(self._times.get(batch, []), self.clock() - self.hidden_us)
        return self.facts.get(batch, [])[:old]

    def withdraw(self, withdrawals: tuple[Withdrawal, ...]) -> None:
        """These records count no more."""
        for one in withdrawals:
            self._put(one.batch, one)
            self.wrong.add((one.batch, one.record))
            self.withdrawn.setdefault(one.batch, Ranges()).add(one.index, one.index + 1)
            self.results[one.batch] = Ranges()
            for block in self.facts[one.batch]:
                if isinstance(block, ResultBlock):
                    self._count(block)

    def some_record(self, rng: random.Random) -> Withdrawal | None:
        """A record that counts, to be withdrawn."""
        there = [
            Withdrawal(batch, made, index)
            for batch in sorted(self.facts)
            for block in self.facts[batch]
            if isinstance(block, ResultBlock)
            for index, (_, made) in signed(block).items()
            if (batch, made) not in self.wrong
        ]
        return rng.choice(there) if there else None

    def _count(self, block: ResultBlock) -> None:
        ranges = self.results.setdefault(block.batch, Ranges())
        for entry, made in signed(block).values():
            if (block.batch, made) not in self.wrong:
                ranges.add(entry.index, entry.index + 1)
                self.digests.add(entry.digest)

    def put_batch(self, batch: BatchId, recipe: Recipe, will: Will) -> None:
        """Recipe and will are there; of two wills the greater."""
        known = self.batches.get(batch)
        self.batches[batch] = (recipe, max(known[1], will, key=will_rank) if known else will)

    def wants(self, batch: BatchId) -> bool:
        """True when there is something to do for a batch that is there."""
        if batch not in self.batches:
            return False
        recipe, will = self.batches[batch]
        return will.word != CANCELLED and self.results.get(batch, Ranges()).count() < Tasks(recipe).wanted

    def unfinished(self, known: tuple[str, ...]) -> tuple[ev.FoundBatch, ...]:
        """As a store helper finds them."""
        found = []
        for batch, (recipe, will) in sorted(self.batches.items()):
            news = len(self.seen(batch)) < len(self.facts.get(batch, ()))
            if short(batch) not in known and (news or self.wants(batch)):
                found.append(ev.FoundBatch(batch, recipe, will, f"b-{short(batch)}"))
        return tuple(found[:4])
