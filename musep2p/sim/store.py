"""The virtual store that all simulated peers see: what it confirmed, and what may be found on it."""

from __future__ import annotations

from dataclasses import dataclass, field

from musep2p.core import events as ev
from musep2p.core.ids import BatchId, Digest, short
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.records import ResultBlock, Will
from musep2p.core.wills import CANCELLED

__all__ = ["SimStore"]


@dataclass(slots=True)
class SimStore:
    """The shared store: what it confirmed, and how long a confirmation takes."""

    delay_us: int = 3000
    away: bool = False
    results: dict[BatchId, Ranges] = field(default_factory=dict)
    digests: set[Digest] = field(default_factory=set)
    batches: dict[BatchId, tuple[Recipe, Will]] = field(default_factory=dict)
    blocks: dict[BatchId, list[ResultBlock]] = field(default_factory=dict)

    def unfinished(self, known: tuple[str, ...]) -> tuple[ev.FoundBatch, ...]:
        """As a store helper finds them."""
        found = []
        for batch, (recipe, will) in sorted(self.batches.items()):
            done = self.results.get(batch, Ranges())
            if short(batch) not in known and will.word != CANCELLED and done.count() < Tasks(recipe).wanted:
                found.append(ev.FoundBatch(batch, recipe, will, f"b-{short(batch)}"))
        return tuple(found[:4])
