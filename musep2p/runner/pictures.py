"""What the farm has made of each batch, by its pixels: the gates of all slots hear of it."""

from __future__ import annotations

from collections import OrderedDict

from musep2p.core.ids import BatchId
from musep2p.core.records import ResultBlock

__all__ = ["Pictures", "Told"]

_BATCHES_MAX = 32
_PICTURES_MAX = 10_000  # of each batch: what an engine repeats, it repeats soon

Told = tuple[tuple[str, int], ...]  # of each picture its pixel hash, and its task


class Pictures:
    """Remembers the pixel hashes of results, of whichever peer."""

    def __init__(self) -> None:
        self._batches: OrderedDict[BatchId, OrderedDict[str, int]] = OrderedDict()

    def learn(self, block: ResultBlock) -> Told:
        """Results are known; returns those that are news. Of a block all are pictures, or none is."""
        if not block.entries or not block.entries[0].pixel_hash:
            return ()
        known = self._batches.setdefault(block.batch, OrderedDict())
        self._batches.move_to_end(block.batch)
        news = tuple((entry.pixel_hash, entry.index) for entry in block.entries if entry.pixel_hash not in known)
        known.update(news)
        while len(known) > _PICTURES_MAX:
            known.popitem(last=False)
        if len(self._batches) > _BATCHES_MAX:
            self._batches.popitem(last=False)
        return news

    def of(self, batch: BatchId) -> Told:
        """The latest pictures of a batch."""
        return tuple(self._batches.get(batch, {}).items())
