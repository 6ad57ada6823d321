"""Rest: the owner of a machine wants it back. It starts nothing, and gives back what runs, which is no failure."""

from __future__ import annotations

from musep2p.core.data import Slot
from musep2p.core.effects import Kill
from musep2p.core.events import RestChanged
from musep2p.core.state import Core

__all__ = ["is_free", "on_rest", "rest_after"]

_LEAST_MS = 100


def on_rest(core: Core, event: RestChanged) -> None:
    """It rests from now on, or works again. What was loaded is let go of: the owner needs the memory."""
    before, core.resting = core.resting, event.reason
    core.beat_wanted = core.stirred = True
    core.at("beat", core.now_ms)
    if not event.reason:
        core.tell("info", "this machine works for the farm again")
        return
    core.tell("info", f"this machine rests: {event.reason}")
    testing = {one.slot for one in core.probation.values()} | {one.slot for one in core.looks.values()}
    for slot in core.slots.values() if not before else ():
        if slot.chunks or slot.warm or slot.id in testing:
            slot.ready, slot.yields = False, True
            core.effects.append(Kill(slot.id, event.reason, True))


def is_free(core: Core, slot: Slot) -> bool:
    """True when a slot has nothing to do, and may."""
    return slot.ready and not slot.chunks and core.now_ms >= slot.rests_until_ms


def rest_after(core: Core, slot: Slot, since_ms: int) -> None:
    """A chunk is through: a slot that has only a share of the time rests, once it owes enough."""
    if core.share >= 1:
        return
    slot.owes_ms += (core.now_ms - since_ms) * (1 / core.share - 1)
    if slot.owes_ms >= _LEAST_MS:
        slot.rests_until_ms = core.now_ms + round(slot.owes_ms)
        slot.owes_ms = 0.0
