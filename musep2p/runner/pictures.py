"""What the farm has made of each batch, by its pixels: the gates of all slots hear of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from musep2p.core.ids import BatchId
from musep2p.core.records import Record, ResultBlock, Withdrawal

__all__ = ["Pictures", "Told"]

_BATCHES_MAX = 16
_PICTURES_MAX = 10_000  # of each batch: what an engine repeats, it repeats soon

Told = tuple[tuple[str, int], ...]  # of each picture its pixel hash, and its task


class Pictures:
    """Remembers the pixel hashes of results, of whichever peer."""

    def __init__(self) -> None:
        self._batches: OrderedDict[BatchId, OrderedDict[str, int]] = OrderedDict()

    def learn(self, block: ResultBlock) -> Told:
        """Results are known; returns those that are pictures, and news."""
        pictures = [(entry.pixel_hash, entry.index) for entry in block.entries if entry.pixel_hash]
        if not pictures:
            return ()
        known = self._batches.setdefault(block.batch, OrderedDict())
        self._batches.move_to_end(block.batch)
        news = tuple((pixels, index) for pixels, index in pictures if pixels not in known)
        known.update(news)
        while len(known) > _PICTURES_MAX:
            known.popitem(last=False)
        if len(self._batches) > _BATCHES_MAX:
            self._batches.popitem(last=False)
        return news

    def seen(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records, one after the other, learned on the way."""
        for record in records:
            if isinstance(record, ResultBlock):
                self.learn(record)
            elif isinstance(record, Withdrawal):
                self.forget(record.batch, record.index)
            yield record

    def forget(self, batch: BatchId, index: int) -> None:
        """What was made of this task proved wrong."""
        known = self._batches.get(batch, OrderedDict())
        for pixels in [each for each, its in known.items() if its == index]:
            del known[pixels]

    def of(self, batch: BatchId) -> Told:
        """The latest pictures of a batch."""
        return tuple(self._batches.get(batch, {}).items())
