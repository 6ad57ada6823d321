"""The virtual network: every message passes through the real codec and may be lost, doubled, late or overtaken."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["SlowLink", "Weather", "fates"]


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network is.

    Attributes:
        loss, doubling: probabilities for each message.
        delay_us, jitter_us: one way; messages overtake each other within the jitter.
    """

    loss: float = 0.0
    doubling: float = 0.0
    delay_us: int = 300
    jitter_us: int = 200


@dataclass(slots=True)
class SlowLink:
    """The line between one machine and all others: messages of both ways pass it one after the other."""

    delay_us: int
    bytes_per_s: int
    free_us: int = 0

    def delay(self, now_us: int, size: int) -> int:
        """After how many microseconds a message of so many bytes, sent now, is through."""
        self.free_us = max(now_us, self.free_us) + size * 1_000_000 // self.bytes_per_s
        return self.free_us - now_us + self.delay_us


def fates(weather: Weather, rng: random.Random) -> list[int]:
    """After how many microseconds each copy of one message arrives; empty when it is lost."""
    copies = 0 if rng.random() < weather.loss else 1 + (rng.random() < weather.doubling)
    return [weather.delay_us + rng.randrange(weather.jitter_us + 1) for _ in range(copies)]
