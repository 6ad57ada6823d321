"""Probation: a machine that fails one task after the other would try all of them, since it is free so soon.

An engine that failed three tasks in a row, none of which another machine failed too, starts no more of them before
it has rendered a test: at once, then after 10 s, 20 s, and so on up to five minutes. If the test is well the tasks
are to blame, and those of that batch no longer count against the machine until one of them succeeds.
A class of work that a machine cannot do, of whose model or memory it lacks, is left to others at once and tried
again after as long.
"""

from __future__ import annotations

from musep2p.core.batch import Batch
from musep2p.core.data import Probation, Slot
from musep2p.core.effects import Kill
from musep2p.core.events import Tested
from musep2p.core.ids import short
from musep2p.core.ranges import Ranges
from musep2p.core.records import Failure
from musep2p.core.state import Core
from musep2p.core.trials import WAIT_MS, claim_slot, longer_ms

__all__ = [
    "barred",
    "bars",
    "on_failure",
    "on_success",
    "on_tested",
    "slot_died",
    "start_tests",
    "suspended",
    "test_due",
    "tick_probation",
    "told",
]

_IN_A_ROW = 3
_NO_ANSWER = "the test render did not end"


def bars(names: tuple[str, ...], batch: Batch) -> bool:
    """True when a peer that has these on probation starts nothing of a batch."""
    if not names:
        return False
    if batch.recipe.engine in names:
        return True
    classes = batch.tasks.all_classes()
    return bool(classes) and all(work_class in names for work_class in classes)


def barred(names: tuple[str, ...], batch: Batch) -> Ranges:
    """The tasks of a batch that a peer with these on probation does not start, though it starts others of it."""
    found = Ranges()
    for name in names:
        if name in batch.tasks.class_ranges:
            found.update(batch.tasks.class_ranges[name])
    return found


def suspended(core: Core) -> tuple[str, ...]:
    """The engines and classes of work that we start nothing of now."""
    if not core.probation:
        return ()
    now = (name for name, one in core.probation.items() if not one.by_tasks or core.now_ms < one.until_ms)
    return tuple(sorted(now, key=lambda name: "|" in name))


def told(core: Core) -> tuple[tuple[str, str], ...]:
    """Those that others hear of, with the reasons: not of a first test, which takes no time if all is well."""
    names = ((name, core.probation[name]) for name in suspended(core))
    return tuple((name, one.reason) for name, one in names if one.wait_ms or _takes_long(core, one))


def _takes_long(core: Core, one: Probation) -> bool:
    return one.slot >= 0 and core.now_ms >= one.tested_ms + WAIT_MS


def test_due(core: Core) -> bool:
    """True when a test waits for a slot that has nothing else to do."""
    return any(not one.by_tasks and one.slot < 0 and core.now_ms >= one.until_ms for one in core.probation.values())


def on_failure(core: Core, batch: Batch, failure: Failure, work_class: str) -> None:
    """A task failed here: that may say something of this machine."""
    if failure.permanent:
        return
    if failure.peer_bound:
        _put(core, work_class, failure.reason)
        return
    engine = batch.recipe.engine
    elsewhere = batch.results.failures.blamed_on_others(core.me, failure.turn)
    if batch.id in core.blamed or any(failure.index in failed for failed in elsewhere):
        return
    struck = core.strikes.setdefault(engine, set())
    struck.add((batch.id, failure.index))
    known = core.probation.get(engine)
    if known is not None and known.by_tasks:
        _put(core, engine, failure.reason)
    elif len(struck) >= _IN_A_ROW and known is None:
        core.probation[engine] = Probation(failure.reason, 0, core.now_ms)
        core.tell("warning", f"{engine} failed {len(struck)} tasks in a row here: a test render comes first")
        core.beat_wanted = core.stirred = True


def on_success(core: Core, batch: Batch, work_class: str) -> None:
    """A task was rendered here: whatever was wrong is over."""
    core.strikes.pop(batch.recipe.engine, None)
    core.blamed.discard(batch.id)
    for name in (batch.recipe.engine, work_class):
        known = core.probation.get(name)
        if known is not None and known.slot < 0:
            _release(core, name)


def start_tests(core: Core) -> None:
    """Give tests that are due to slots that have nothing else to do; none while nothing is started here."""
    for name, one in core.probation.items() if not (core.resting or core.disk_full) else ():
        if one.by_tasks or one.slot >= 0:
            continue
        if core.now_ms < one.until_ms:
            core.at("probation", one.until_ms)
            continue
        one.slot = claim_slot(core, name)
        if one.slot >= 0:
            one.tested_ms = core.now_ms
            core.at("probation", core.now_ms + WAIT_MS)


def on_tested(core: Core, event: Tested) -> None:
    """A test render ended; well, if without a reason."""
    name = next((name for name, one in core.probation.items() if one.slot == event.slot), None)
    if name is None or core.slots[event.slot].yields:
        return  # it was ended meanwhile
    core.slots[event.slot].ready = core.stirred = True
    core.probation[name].by_tasks = event.unsuitable
    _settle(core, name, event.reason)


def slot_died(core: Core, slot: Slot, reason: str) -> None:
    """A child ended: if it rendered a test, that went wrong, unless the owner of the machine wanted it back."""
    name = next((name for name, one in core.probation.items() if one.slot == slot.id), None)
    if name is not None and slot.yields:
        core.probation[name].slot = -1
    elif name is not None:
        _settle(core, name, reason)


def tick_probation(core: Core) -> None:
    """What is due is tried again, and a test that does not end is ended."""
    for name, one in list(core.probation.items()):
        due = one.until_ms if one.slot < 0 else one.tested_ms + core.tuning.timeout_floor_ms
        if core.now_ms < due:
            core.at("probation", due)
        elif one.slot >= 0:
            core.effects.append(Kill(one.slot, _NO_ANSWER))
            _settle(core, name, _NO_ANSWER)
        elif one.by_tasks and not one.over:
            one.over = True
            core.tell("info", f"{name} is tried again here")
    core.stirred = True


def _settle(core: Core, name: str, reason: str) -> None:
    one = core.probation[name]
    one.slot = -1
    if reason:
        _put(core, name, reason)
        return
    _release(core, name)
    batches = sorted({batch for batch, _ in core.strikes.pop(name, set())})
    core.blamed.update(batches)
    whose = ", ".join(map(short, batches))
    core.tell("warning", f"{name} rendered a test well: its failures are the tasks' own, of batch {whose}")


def _put(core: Core, name: str, reason: str) -> None:
    """On probation, for twice as long as the last time; what fails meanwhile was begun before, and is no news."""
    known = core.probation.get(name)
    if known is not None and core.now_ms < known.until_ms:
        return
    core.probation.pop(name, None)
    wait_ms = longer_ms(known.wait_ms if known is not None else 0)
    by_tasks = "|" in name or (known is not None and known.by_tasks)
    core.probation[name] = Probation(reason, wait_ms, core.now_ms + wait_ms, by_tasks=by_tasks)
    core.tell("warning", f"{name} is left to others for {wait_ms // 1000} s: {reason}")
    core.at("probation", core.now_ms + wait_ms)
    core.beat_wanted = core.stirred = True
    core.at("beat", core.now_ms)


def _release(core: Core, name: str) -> None:
    del core.probation[name]
    core.tell("info", f"{name} renders again here")
    core.beat_wanted = core.stirred = True
    core.at("beat", core.now_ms)
