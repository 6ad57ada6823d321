"""Stealing policy: whom to ask, how much to grant, whom to refuse at the tail. Plain functions of values.

The victim gives the share that lets both finish together by their measured speeds, the other hungry peers
counted in. At the tail a slow thief is refused: one more task of its own would end later than the others need
for all that is left. Source for the shape of the policy: Blumofe and Leiserson, "Scheduling multithreaded
computations by work stealing", 1999 (owner's end, thief's end); the shares and the tail rule are our own.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

from musep2p.core.ids import PeerId

__all__ = ["Offer", "Team", "choose_share", "choose_victim", "others_need_us", "too_slow", "worth_a_copy"]

_COPY_GAIN_US = 100_000  # less is not worth a second run
_FIRST_TASTE = 2  # tasks per slot for a peer whose speed nobody knows


class Team(NamedTuple):
    """One peer's power for a class of work: microseconds per task on one slot (0 unknown), and slots."""

    us: int
    slots: int


class Offer(NamedTuple):
    """What a thief knows of one possible victim: queued work that the thief could run, in milliseconds there."""

    peer: PeerId
    priority: int
    ms: int


def choose_victim(offers: Sequence[Offer], rng: random.Random) -> PeerId | None:
    """The most loaded peer among those with work of the highest priority; ties are broken by the rng."""
    if not offers:
        return None
    priority = max(offer.priority for offer in offers)
    best = [offer for offer in offers if offer.priority == priority]
    most = max(offer.ms for offer in best)
    return rng.choice([offer.peer for offer in best if offer.ms == most])


def choose_share(queued: int, victim: Team, thief: Team, hungry: Sequence[Team], *, ahead: bool = False) -> int:
    """How many of `queued` tasks the thief gets.

    Args:
        queued: tasks that may be given.
        victim: the giver's power; with no slots it gives all that the others do not need.
        thief: the asker's power.
        hungry: the power of the other peers that are idle now.
        ahead: the thief is busy, and asks ahead for what is more urgent.

    Returns:
        At least 1 when anything is queued; a taste of two a slot to a thief of unknown speed. Ahead, it is rounded
        down: of two that are busy the one that has the last task keeps it, or it would go to and fro.
    """
    if queued <= 0:
        return 0
    usual = victim.us or thief.us or next((team.us for team in hungry if team.us), 1)
    rates = [team.slots / (team.us or usual) for team in (thief, victim, *hungry)]
    exact = queued * rates[0] / sum(rates) if sum(rates) > 0 else queued
    share = math.floor(exact) if ahead else max(1, math.ceil(exact))
    if not thief.us:
        share = min(share, _FIRST_TASTE * thief.slots)
    return min(queued, share)


def others_need_us(queued: int, others: Sequence[Team], usual_us: int) -> int:
    """Microseconds that the others need for all that is queued and the half-done tasks in their slots."""
    rate = sum(team.slots / (team.us or usual_us) for team in others)
    if not rate:
        return 1 << 62
    slots = sum(team.slots for team in others)
    return round((queued + slots / 2) / rate)


def worth_a_copy(left_ms: int, thief_us: int) -> bool:
    """True when a copy of a running task, started now, is expected to end well before the first run does.

    Args:
        left_ms: what the first run still needs.
        thief_us: what the thief needs for such a task; 0 if nobody knows.
    """
    return thief_us > 0 and left_ms * 1000 > thief_us + max(thief_us // 2, _COPY_GAIN_US)


def too_slow(queued: int, mine: Team, others: Sequence[Team]) -> bool:
    """True when one more task here would end after the others could have finished everything without us.

    `queued` counts all tasks of the class that nobody has started, this one included.
    """
    if not mine.us or not others:
        return False
    fastest = min((team.us for team in others if team.us and team.slots), default=0)
    if not fastest or mine.us <= fastest * 1.5:
        return False
    return mine.us > others_need_us(queued, others, mine.us) + fastest // 2
