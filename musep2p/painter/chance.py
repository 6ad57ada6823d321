"""Chance that is a hash: numbers from 0 to 1 that depend only on a text and a purpose.

Purposes instead of an order of calls: a scene that asks for one number more changes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

__all__ = ["Chance"]

T = TypeVar("T")


class Chance:
    """Repeatable chance.

    Args:
        text: what it depends on.
        base: hash of what it depends on besides.
    """

    def __init__(self, text: str, base: int = 0) -> None:
        self._base = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"), base)

    def branch(self, purpose: str | int) -> Chance:
        """Chance of its own for a part."""
        return Chance(str(purpose), self._base)

    def unit(self, purpose: str) -> float:
        """A number in [0, 1)."""
        return (self._seed(purpose) >> 11) / (1 << 53)

    def between(self, purpose: str, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit(purpose)

    def whole(self, purpose: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit(purpose) * (high - low + 1))

    def true(self, purpose: str, probability: float) -> bool:
        """True that often."""
        return self.unit(purpose) < probability

    def pick(self, purpose: str, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.unit(purpose) * len(options))]

    def field(self, purpose: str, *shape: int) -> npt.NDArray[np.float64]:
        """Independent numbers in [0, 1) over a grid: splitmix64 of the position (Steele, Lea and Flood, 2014)."""
        count = 1
        for side in shape:
            count *= side
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(self._seed(purpose))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        return ((z >> np.uint64(40)).astype(np.float64) / (1 << 24)).reshape(shape)

    def _seed(self, purpose: str) -> int:
        return xxhash.xxh3_64_intdigest(purpose.encode(), self._base)
