"""Wills: what the user wants of each batch, as registers of which the greatest wins, and their anti-entropy.

A table's hash is the exclusive or of its entries' hashes, kept in 256 buckets by the first byte of the batch
id, so that two peers find what differs with one small message. Only what is durable is in the table.
"""

from __future__ import annotations

import msgspec

from musep2p.core.ids import BatchId, hash64
from musep2p.core.records import Will

__all__ = ["CANCELLED", "PAUSED", "RUNNING", "WORDS", "WillTable", "greater", "will_rank"]

RUNNING, PAUSED, CANCELLED = 0, 1, 2
WORDS = ("running", "paused", "cancelled")

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def will_rank(will: Will) -> tuple[int, int, bytes]:
    """The order of wills: turn, then word, then the encoded settings."""
    return will.turn, will.word, _encode(will.settings)


def greater(one: Will, other: Will) -> bool:
    """True when `one` outdoes `other`."""
    return will_rank(one) > will_rank(other)


class WillTable:
    """batch -> greatest durable will, with bucket hashes."""

    def __init__(self) -> None:
        self._wills: dict[BatchId, Will] = {}
        self._buckets = [0] * 256
        self.hash = 0

    def get(self, batch: BatchId) -> Will | None:
        """The durable will of a batch."""
        return self._wills.get(batch)

    def put(self, batch: BatchId, will: Will) -> bool:
        """Take a will if it is greater than what is there; True when it was."""
        known = self._wills.get(batch)
        if known is not None and not greater(will, known):
            return False
        bucket = int(batch[:2], 16)
        change = _entry_hash(batch, will) ^ (_entry_hash(batch, known) if known is not None else 0)
        self._buckets[bucket] ^= change
        self.hash ^= change
        self._wills[batch] = will
        return True

    def buckets(self) -> tuple[int, ...]:
        """The hash of each bucket."""
        return tuple(self._buckets)

    def differing(self, theirs: tuple[int, ...]) -> list[tuple[BatchId, Will]]:
        """Our entries in the buckets whose hash differs, by batch id."""
        unequal = {i for i, (a, b) in enumerate(zip(self._buckets, theirs, strict=True)) if a != b}
        return [(b, self._wills[b]) for b in sorted(self._wills) if int(b[:2], 16) in unequal]


def _entry_hash(batch: BatchId, will: Will) -> int:
    return hash64(batch.encode() + _encode(will))
