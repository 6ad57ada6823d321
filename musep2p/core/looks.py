"""Look groups: peers whose engines give the same pixels for the same task, proven by a calibration render.

A batch that asks for one look names one for each of its models. Who does not know its own look yet renders the test
picture first, as do all whom somebody asks before such a batch is submitted; whose look is another one leaves the
batch to others.
"""

from __future__ import annotations

import msgspec

from musep2p.core.abilities import fits, lacked
from musep2p.core.data import Calibration, Member, Slot
from musep2p.core.effects import Kill
from musep2p.core.events import Tested
from musep2p.core.messages import Calibrate, Look
from musep2p.core.state import Core
from musep2p.core.trials import claim_slot, longer_ms
from musep2p.core.wills import RUNNING

__all__ = [
    "calibrate",
    "calibration_due",
    "looks_wanted",
    "on_calibrate",
    "on_calibrated",
    "slot_died",
    "start_calibrations",
    "tick_calibrations",
]

_KEPT = 100
_RESTS = 5  # times as long as the attempt took
_REASON_MAX = 200
_NO_ANSWER = "the calibration render did not end"


def calibrate(core: Core, engine: str, models: tuple[str, ...]) -> None:
    """Find out our look with these models, where it is not known, or could not be found out a while ago."""
    if engine not in core.hello.engines:
        return
    for model in models:
        name = f"{engine}|{model}"
        known = core.looks.get(name)
        if known is None:
            if len(core.looks) >= _KEPT:
                core.looks.pop(next((each for each, one in core.looks.items() if one.slot < 0), name), None)
            core.looks[name] = Calibration(engine, model, core.now_ms)
            core.stirred = True
        elif known.reason and core.now_ms >= known.until_ms:
            known.reason = ""
            _tell(core)


def on_calibrate(core: Core, sender: Member, body: Calibrate) -> None:
    """Somebody at another peer wants to know our look. In large farms heartbeats would not tell it to all."""
    calibrate(core, body.engine, body.models)
    if core.wide:
        core.send_stranger(sender.address, core.hello)


def looks_wanted(core: Core) -> None:
    """Batches of which something is left, and that run here if our look is theirs: find it out."""
    for batch in list(core.awake.values()):
        recipe, told = batch.recipe, batch.progress
        if not recipe.looks or batch.will.word != RUNNING or told is None or told.turn != batch.will.turn:
            continue
        if fits(core.hello, recipe) and not told.complete and not batch.all_settled():
            others = msgspec.structs.replace(recipe, looks=msgspec.UNSET)
            calibrate(core, recipe.engine, tuple(m for m in recipe.looks if not lacked(core.hello, others, m)))


def calibration_due(core: Core) -> bool:
    """True when a calibration waits for a slot that has nothing else to do."""
    return any(one.is_due() for one in core.looks.values())


def start_calibrations(core: Core) -> None:
    """Give calibrations to slots that have nothing else to do; none while nothing is started here."""
    for one in core.looks.values() if not (core.resting or core.disk_full) else ():
        if one.is_due() and (slot := claim_slot(core, one.engine, one.model, calibrates=True)) >= 0:
            one.slot, one.began_ms = slot, core.now_ms
            core.at("calibrations", core.now_ms + core.tuning.timeout_floor_ms)


def on_calibrated(core: Core, event: Tested) -> bool:
    """A test render ended; False if it was no calibration."""
    one = _in_slot(core, event.slot)
    slot = core.slots[event.slot]
    if one is None:
        return False
    if not slot.yields:  # else it was ended meanwhile
        slot.ready = core.stirred = True
        slot.warm = one.name if event.look else ""
        _settle(core, one, event.look, event.reason)
    return True


def slot_died(core: Core, slot: Slot, reason: str) -> None:
    """A child ended: if it calibrated, that went wrong, unless the owner of the machine wanted it back."""
    one = _in_slot(core, slot.id)
    if one is not None and slot.yields:
        one.slot = -1
    elif one is not None:
        _settle(core, one, "", reason)


def tick_calibrations(core: Core) -> None:
    """A calibration that does not end is ended; what failed is tried again, if it is still wanted."""
    for one in core.looks.values():
        due = one.began_ms + core.tuning.timeout_floor_ms if one.slot >= 0 else one.until_ms
        if core.now_ms < due:
            core.at("calibrations", due)
        elif one.slot >= 0:
            core.effects.append(Kill(one.slot, _NO_ANSWER))
            _settle(core, one, "", _NO_ANSWER)
    core.stirred = True


def _in_slot(core: Core, slot: int) -> Calibration | None:
    return next((one for one in core.looks.values() if one.slot == slot), None)


def _settle(core: Core, one: Calibration, look: str, reason: str) -> None:
    """It is known, or why not: then it is tried again after ever longer, and never most of the time."""
    one.slot, one.look, one.reason = -1, look, "" if look else reason or "its picture has no look"
    if look:
        core.tell("info", f"the look here with {one.name.replace('|', ' ').strip()} is {look}")
    else:
        one.wait_ms = longer_ms(one.wait_ms)
        one.until_ms = core.now_ms + max(one.wait_ms, _RESTS * (core.now_ms - one.began_ms))
        core.at("calibrations", one.until_ms)
        core.tell("warning", f"the look here with {one.name} could not be found out: {one.reason}")
    _tell(core)


def _tell(core: Core) -> None:
    """Others hear of it by the next heartbeat."""
    told = [Look(each.engine, each.model, each.look, each.reason[:_REASON_MAX]) for each in core.looks.values()]
    known = tuple(each for each in told if each.look or each.reason)
    core.hello = msgspec.structs.replace(core.hello, looks=known)
    core.awake.update(core.batches)
    core.beat_wanted = core.stirred = True
    core.at("beat", core.now_ms)
