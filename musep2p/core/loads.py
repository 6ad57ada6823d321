"""Loads: what this peer has queued and how fast it is, as every heartbeat and answer tells."""

from __future__ import annotations

from musep2p.core.abilities import able, missing_classes
from musep2p.core.batch import Batch
from musep2p.core.carriers import has_carrier, keeps
from musep2p.core.data import Member
from musep2p.core.messages import Barred, Load, LoadEntry, Pace, Warm
from musep2p.core.paces import loading_us, speed_us
from musep2p.core.probation import bars, suspended, told
from musep2p.core.recipe.recipe import model_of
from musep2p.core.rest import is_free
from musep2p.core.state import Core
from musep2p.core.wills import RUNNING

__all__ = [
    "GUESS_US",
    "by_urgency",
    "can_run",
    "estimate_us",
    "has_place",
    "known_us",
    "may_start",
    "present_load",
    "running_ms",
    "straggler",
]

GUESS_US = 1_000_000  # a task of unknown length; only used to compare queues


def estimate_us(core: Core, work_class: str) -> int:
    """Microseconds per task of a class: measured here, else what the fastest other peer says, else a guess."""
    return known_us(core, work_class) or GUESS_US


def known_us(core: Core, work_class: str) -> int:
    """The same, without a guess: 0 when nobody has measured it."""
    own = speed_us(core, work_class)
    if own:
        return own
    told = [pace for member in core.heard_members() if (pace := member.load.pace_us(work_class))]
    return min(told, default=0)


def _queued_us(core: Core, batch: Batch) -> int:
    classes = batch.tasks.classes(batch.work.held())
    return sum(count * estimate_us(core, work_class) for work_class, count in classes.items())


def _queued_for(core: Core, model: str) -> int:
    """Milliseconds of queued work for a model, with all our slots."""
    us = 0
    for batch in core.awake.values():
        if batch.work and batch.will.word == RUNNING:
            queued = batch.queued_for(model)
            us += queued.count() * estimate_us(core, batch.tasks.work_class(queued.lowest())) if queued else 0
    return us // 1000 // max(1, len(core.slots))


def can_run(core: Core, member: Member, batch: Batch) -> bool:
    """True when another peer could start tasks of the batch, as far as it tells."""
    place = member.load.files or batch.recipe.engine in core.payload
    return place and member.load.slots > 0 and able(member.hello, batch) and not bars(_unfit(member, batch), batch)


def _unfit(member: Member, batch: Batch) -> tuple[str, ...]:
    return (*member.load.barred_names(), *missing_classes(member.hello, batch))


def may_start(core: Core, batch: Batch) -> bool:
    """True when we could run tasks of this batch now: able, wanted, and with a place for the outputs."""
    if core.draining or core.disk_full or core.resting or batch.will.word != RUNNING or not batch.known:
        return False
    if not able(core.hello, batch) or bars((*suspended(core), *missing_classes(core.hello, batch)), batch):
        return False
    return (core.store.state == "absent" and batch.recipe.engine in core.payload) or has_place(core)


def has_place(core: Core) -> bool:
    """True when outputs have somewhere to go: the farm's store, who sees it, or the spool while both are away.

    A peer that has seen neither in this life does not know whether it ever will. Without a store they stay with peers.
    """
    seen = core.store.ok or (core.store.state == "away" and core.store.id == core.store.farm_id != "")
    return (seen or has_carrier(core) or keeps(core)) and core.spooled < core.tuning.spool_bytes


def by_urgency(core: Core) -> list[Batch]:
    """Batches with queued work: higher priority first; within one, who was served longest ago."""
    queued = [batch for batch in core.awake.values() if batch.work]
    return sorted(queued, key=lambda b: (-b.will.settings.priority, b.served, b.order))


def present_load(core: Core) -> Load:
    """Our load now."""
    entries: list[LoadEntry] = []
    rest = 0
    starting = not (core.draining or core.disk_full or core.resting) and (
        core.store.state == "absent" or has_place(core)
    )
    slots = len(core.slots) if starting else 0
    for batch in by_urgency(core):
        if batch.will.word != RUNNING:
            continue
        count = batch.work.count()
        ms = _queued_us(core, batch) // 1000 // max(1, len(core.slots))
        if len(entries) < 8:
            entries.append(LoadEntry(batch.id, batch.will.settings.priority, count, ms))
        else:
            rest += ms
    paces = tuple(Pace(c, speed_us(core, c), loading_us(core, model_of(c))) for c in sorted(list(core.paces)[-8:]))
    free = sum(is_free(core, slot) for slot in core.slots.values())
    warm = [slot for slot in core.slots.values() if slot.warm]
    last = None if entries else straggler(core)
    return Load(
        tuple(entries),
        rest,
        slots,
        free if slots else 0,
        running_ms(core),
        paces,
        last,
        core.store.state != "absent" or has_place(core),
        tuple(Warm(model, _queued_for(core, model)) for model in dict.fromkeys(slot.warm for slot in warm[:16])),
        all(core.turn_is_over(slot) for slot in warm),
        tuple(Barred(name, reason[:200]) for name, reason in told(core)[:16]),
        core.resting[:120],
    )


def straggler(core: Core) -> LoadEntry | None:
    """The task that ends last of those running here, as far as anybody has measured; none that has a copy."""
    found: list[LoadEntry] = []
    for slot in core.slots.values():
        chunk = slot.chunks[0] if slot.chunks else None
        if chunk is None or chunk.lookup or chunk.left.count() != 1:
            continue
        batch, (index,) = core.batches[chunk.batch], chunk.left.indices()
        usual_ms = known_us(core, chunk.work_class) // 1000
        if usual_ms and index not in batch.copied and batch.will.word == RUNNING:
            spent_ms = core.now_ms - max(chunk.handed_ms, chunk.begun_ms)
            # What takes twice as long as usual is expected to take as long again.
            left_ms = spent_ms if spent_ms > 2 * usual_ms else max(0, usual_ms - spent_ms)
            found.append(LoadEntry(batch.id, batch.will.settings.priority, index, left_ms))
    return max(found, key=lambda entry: (entry.ms, entry.batch, entry.queued), default=None)


def running_ms(core: Core) -> int:
    """Mean estimated milliseconds until one of our busy slots is free."""
    lefts = []
    for slot in core.slots.values():
        for chunk in slot.chunks:
            whole = estimate_us(core, chunk.work_class) * chunk.left.count() // 1000
            lefts.append(max(0, whole - (core.now_ms - chunk.handed_ms)))
    return sum(lefts) // max(1, len(core.slots))
