"""What the farm has made of each batch, by its pixels: the gates of all slots hear of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from musep2p.core.ids import BatchId
from musep2p.core.records import Record, ResultBlock, Withdrawal

__all__ = ["Pictures", "Told"]

_BATCHES_MAX = 16
_PICTURES_MAX = 10_000  # of each batch: what an engine repeats, it repeats soon

Told = tuple[tuple[str, int], ...]  # of each picture its pixel hash, and its task


class Pictures:
    """Remembers the pixel hashes of results, of whichever peer: the latest ones of the latest batches.

    Any thread may ask.
    """

    def __init__(self) -> None:
        self._batches: OrderedDict[BatchId, OrderedDict[str, int]] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, block: ResultBlock) -> Told:
        """Results are known; returns those that are pictures, and news."""
        pictures = [(entry.pixel_hash, entry.index) for entry in block.entries if entry.pixel_hash]
        return self.put(block.batch, pictures) if pictures else ()

    def put(self, batch: BatchId, pictures: Iterable[tuple[str, int]]) -> Told:
        """Pixel hashes, and of which tasks; returns those that are news."""
        with self._lock:
            known = self._batches.setdefault(batch, OrderedDict())
            self._batches.move_to_end(batch)
            news = tuple((pixels, index) for pixels, index in pictures if pixels not in known)
            known.update(news)
            while len(known) > _PICTURES_MAX:
                known.popitem(last=False)
            if len(self._batches) > _BATCHES_MAX:
                self._batches.popitem(last=False)
        return news

    def task(self, batch: BatchId, pixels: str) -> int | None:
        """Whose pixels these are; None if nobody's are."""
        with self._lock:
            known = self._batches.get(batch)
            return known.get(pixels) if known is not None else None

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
        with self._lock:
            known = self._batches.get(batch, OrderedDict())
            for pixels in [each for each, its in known.items() if its == index]:
                del known[pixels]

    def of(self, batch: BatchId) -> Told:
        """The latest pictures of a batch."""
        with self._lock:
            return tuple(self._batches.get(batch, {}).items())
