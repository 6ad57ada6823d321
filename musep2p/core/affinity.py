"""Warm models: loading one takes as long as many pictures, so who has a model loaded goes on with it.

A slot prefers queued work of the model that it ran last; a victim gives a thief what the thief has loaded; who has
nothing suitable loaded gets the model of which most is left for each peer that works on it. Between batches of one
priority a slot changes only after a turn that is long against the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from musep2p.core.batch import Batch
from musep2p.core.data import Member, Slot
from musep2p.core.loads import by_urgency, estimate_us, known_us
from musep2p.core.paces import loading_us, speed_us
from musep2p.core.ranges import Ranges
from musep2p.core.recipe.recipe import model_of
from musep2p.core.rest import is_free
from musep2p.core.state import Core

__all__ = ["copy_us", "for_slot", "for_thief", "in_turn", "owner_us", "suits", "thief_us"]


def in_turn(core: Core, slot: Slot) -> list[Batch]:
    """Batches with queued work, as their turn comes at this slot: more urgent ones first, then what is loaded."""
    queued = by_urgency(core)
    if core.turn_is_over(slot) or not core.tuning.affinity:
        return queued
    return sorted(queued, key=lambda batch: (-batch.will.settings.priority, not suits(batch, (slot.warm,))))


def suits(batch: Batch, warm: Collection[str]) -> bool:
    """True when queued work of the batch needs one of these models."""
    return any(batch.queued_for(model) for model in warm)


def for_slot(core: Core, batch: Batch, slot: Slot, avoid: Ranges) -> Ranges | None:
    """The queued tasks among which a slot's next is chosen, maybe none; None for all."""
    return _suited(core, batch, (slot.warm,), list(batch.tasks.models), avoid)


def for_thief(core: Core, batch: Batch, thief: Member, avoid: Ranges) -> Ranges | None:
    """The queued tasks among which a thief's share is chosen, maybe none; None for all."""
    return _suited(core, batch, thief.load.loaded(), list(batch.tasks.models)[::-1], avoid)


def owner_us(core: Core, slot: Slot, work_class: str) -> int:
    """How long the next task takes in a slot of ours, loading included; 0 when unknown."""
    us, model = speed_us(core, work_class), model_of(work_class)
    if slot.warm == model or not core.tuning.affinity:
        return us
    loading = loading_us(core, model) or round(max(core.loading.values(), default=0))
    return (us or known_us(core, work_class)) + loading if loading else us


def thief_us(core: Core, thief: Member, work_class: str) -> int:
    """The same of a thief: as it says, or what we know, where it has not tried it."""
    us, model = thief.load.pace_us(work_class), model_of(work_class)
    if model in thief.load.loaded() or not core.tuning.affinity:
        return us
    others = max((pace.loading_us for pace in thief.load.paces), default=0)
    loading = thief.load.loading_us(work_class) or loading_us(core, model) or others
    return (us or known_us(core, work_class)) + loading if loading else us


def copy_us(core: Core, work_class: str) -> int:
    """The same in the best of our free slots, if such a task was ever run here."""
    free = [slot for slot in core.slots.values() if is_free(core, slot)]
    known = work_class in core.paces
    return min((owner_us(core, slot, work_class) for slot in free), default=0) if known else 0


def _suited(core: Core, batch: Batch, warm: Collection[str], order: list[str], avoid: Ranges) -> Ranges | None:
    """Queued tasks of one model: one that is loaded, else the one that lacks workers most, the first of equals."""
    models, rest = batch.tasks.models, batch.work.held() - avoid if avoid else None
    if not models or not core.tuning.affinity:
        return rest
    for model in warm:
        if queued := batch.queued_for(model) - avoid:
            return queued
    left = {model: queued for model in order if (queued := batch.queued_for(model) - avoid)}
    if len(left) < 2:
        return rest
    workers = _workers(core)
    return max(left.items(), key=lambda one: _left_us(core, batch, one[1]) / (1 + workers[one[0]]))[1]


def _left_us(core: Core, batch: Batch, queued: Ranges) -> int:
    return queued.count() * estimate_us(core, batch.tasks.work_class(queued.lowest()))


def _workers(core: Core) -> Counter[str]:
    """How many slots of ours, and how many other peers, have each model loaded or are about to load it."""
    workers = Counter(slot.warm for slot in core.slots.values() if slot.warm)
    for member in core.heard_members():
        workers.update(member.load.loaded())
    for grant in core.grants.values():
        thief = core.members.get(grant.thief)
        model = model_of(core.batches[grant.batch].tasks.work_class(grant.ranges.lowest()))
        workers[model] += thief is None or model not in thief.load.loaded()
    return workers
