"""Identifiers: who a peer is, which batch, which equal work, which bytes. All are lower-case hex.

Each kind is a type of its own for the type checker, with one parser and one short form for people.
The `Wire...` forms are the same types with the bounds that a decoder enforces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, NewType

import msgspec
import xxhash

__all__ = [
    "BatchId",
    "Digest",
    "Incarnation",
    "PeerId",
    "TaskKey",
    "WireBatchId",
    "WirePeerId",
    "digest_of",
    "hash64",
    "hash_parts",
    "is_hex",
    "rendezvous_order",
    "short",
]

PeerId = NewType("PeerId", str)
BatchId = NewType("BatchId", str)
TaskKey = NewType("TaskKey", str)
Digest = NewType("Digest", str)

WirePeerId = Annotated[PeerId, msgspec.Meta(pattern="^[0-9a-f]{16}$", max_length=16)]
WireBatchId = Annotated[BatchId, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]

_HEX = re.compile(r"[0-9a-f]+\Z")


class Incarnation(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One process of a peer: the counter grows at every start, the nonce tells copies of a state folder apart."""

    counter: Annotated[int, msgspec.Meta(ge=0)]
    nonce: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$", max_length=8)]

    def __str__(self) -> str:
        return f"{self.counter}.{self.nonce}"


def is_hex(text: str) -> bool:
    """True for a non-empty string of lower-case hex digits."""
    return _HEX.match(text) is not None


def digest_of(data: bytes) -> Digest:
    """The name of some bytes: xxh3-128, safe against accidents, not against malice."""
    return Digest(xxhash.xxh3_128_hexdigest(data))


def hash_parts(*parts: bytes | bytearray) -> str:
    """xxh3-128 over length-prefixed parts, so that no two lists of parts collide by concatenation."""
    hasher = xxhash.xxh3_128()
    for part in parts:
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.hexdigest()


def hash64(data: bytes) -> int:
    """xxh3-64 as an unsigned integer: for tables and ranks, never a name."""
    return xxhash.xxh3_64_intdigest(data)


def short(identifier: str) -> str:
    """The first eight digits: what people read and may type."""
    return identifier[:8]


def rendezvous_order(batch: BatchId, peers: Iterable[PeerId]) -> list[PeerId]:
    """Peers by highest random weight for this batch; every peer computes the same order by itself.

    Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.
    """
    return sorted(peers, key=lambda peer: (hash64(f"{batch}/{peer}".encode()), peer), reverse=True)
