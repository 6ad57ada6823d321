"""The virtual disk of one peer: journal and spool, and what of them a crash or a power cut leaves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from musep2p.core.ids import BatchId, Digest
from musep2p.core.records import RecipeRecord, Record, WillRecord

__all__ = ["SimDisk"]


@dataclass(slots=True)
class SimDisk:
    """A journal: what is durable, what is only written, and whether a sync is under way.

    Attributes:
        starts: what the state folder counts; every incarnation has the next number.
        stuck_until_us: no sync ends before, for want of room.
        spool: names of the files that wait for the store.
        kept: digests of the outputs in its own folder, in a farm without a store.
    """

    durable: list[Record] = field(default_factory=list)
    pending: list[tuple[int, Record]] = field(default_factory=list)
    syncing: bool = False
    delay_us: int = 500
    starts: int = 0
    stuck_until_us: int = 0
    spool: set[str] = field(default_factory=set)
    kept: set[Digest] = field(default_factory=set)
    looked_at: int = 0
    recipes: set[BatchId] = field(default_factory=set)
    wills: set[BatchId] = field(default_factory=set)

    def has(self, batch: BatchId) -> bool:
        """True when recipe and a will of this batch are durable here."""
        for record in self.durable[self.looked_at :]:
            if isinstance(record, RecipeRecord):
                self.recipes.add(record.batch)
            elif isinstance(record, WillRecord):
                self.wills.add(record.batch)
        self.looked_at = len(self.durable)
        return batch in self.recipes and batch in self.wills

    def synced(self, upto: int) -> None:
        """A sync ended: all up to this position is durable."""
        self.durable.extend(record for position, record in self.pending if position <= upto)
        self.pending = [(position, record) for position, record in self.pending if position > upto]
        self.syncing = False

    def die(self, rng: random.Random | None) -> None:
        """The process is gone: of what was not synced nothing is left, or as much as chance has it.

        What the system had not written, or had written in part, a replay does not see: both are a shorter log.
        """
        if rng is not None:
            kept = rng.randint(0, len(self.pending))
            self.durable.extend(record for _, record in self.pending[:kept])
        self.pending.clear()
        self.syncing = False

    def restore(self, length: int) -> None:
        """Somebody put an old copy of the state folder back, made before the latest start."""
        self.starts -= 1
        del self.durable[length:]
        self.looked_at = 0
        self.recipes.clear()
        self.wills.clear()
