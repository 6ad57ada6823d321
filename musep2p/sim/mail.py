"""Mail for a process that is not running: ZeroMQ keeps it at the sender, and hands it to the next life."""

from __future__ import annotations

import random

from musep2p.core.messages import Envelope

__all__ = ["WaitingMail"]

_RECONNECT_US = (100_000, 5_000_000)  # between two tries of a link, as in `net.links`
_WAITING_MAX = 2000  # of one link; what finds no room is lost


class WaitingMail:
    """What was sent to dead peers, by link.

    Args:
        rng: of the time that links take to connect again.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._links: dict[tuple[int, str], list[Envelope]] = {}

    def keep(self, sender: int, address: str, envelope: Envelope) -> None:
        """A message waits for its link to connect again."""
        waiting = self._links.setdefault((sender, address), [])
        if len(waiting) < _WAITING_MAX:
            waiting.append(envelope)

    def hang_up(self, sender: int, address: str) -> None:
        """The sender closes its link: what waits there is lost."""
        self._links.pop((sender, address), None)

    def forget(self, sender: int) -> None:
        """The sender dies, and what waits there with it."""
        for link in [link for link in self._links if link[0] == sender]:
            del self._links[link]

    def take(self, address: str) -> list[tuple[int, int, Envelope]]:
        """A process listens there again: microseconds until each arrives, its sender, and the message."""
        arriving: list[tuple[int, int, Envelope]] = []
        for link in [link for link in self._links if link[1] == address]:
            delay_us = self._rng.randrange(*_RECONNECT_US)
            arriving += [(delay_us + n, link[0], waiting) for n, waiting in enumerate(self._links.pop(link))]
        return arriving
