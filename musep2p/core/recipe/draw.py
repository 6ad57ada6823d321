"""Random choices that are computed, not drawn: the n-th number is a hash of what it is for and of n.

So a choice is a function of the batch's rng seed, the cell's own values and the repeat, whatever the index,
the order of rows or the machine; and the same on every CPU, since only integers are used.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import xxhash

from musep2p.core.recipe.axis import Scalar

__all__ = ["Draw", "derived_seed"]

_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_SEED_BITS = 32  # what every engine of the trade takes


class Draw:
    """A stream of numbers for one field of one task.

    Args:
        rng_seed: the batch's.
        field: which field is filled; another field's choices do not move this one's.
        cell: the values that tell this cell from others, in any order.
        repeat: the image seed, or the number of the derived one.
    """

    __slots__ = ("_count", "_key")

    def __init__(self, rng_seed: int, field: str, cell: Mapping[str, Scalar], repeat: int) -> None:
        self._key = xxhash.xxh3_64_intdigest(_encode((rng_seed, field, cell, repeat)))
        self._count = 0

    def below(self, limit: int) -> int:
        """The next number, from 0 to limit - 1 (multiply and shift; the bias is below limit / 2^64)."""
        self._count += 1
        return xxhash.xxh3_64_intdigest(self._count.to_bytes(4, "big"), self._key) * limit >> 64


def derived_seed(rng_seed: int, cell: Mapping[str, Scalar], repeat: int) -> int:
    """The image seed of a cell's repeat."""
    return Draw(rng_seed, "seed", cell, repeat).below(1 << _SEED_BITS)
