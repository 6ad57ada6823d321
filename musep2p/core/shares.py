"""Who gets how much: the stealing policy asked with what this peer knows of speeds and loads.

A batch may have several classes of work, one after the other: the owner works at its first task, thieves get
the last.
"""

from __future__ import annotations

from musep2p.core.abilities import missing_classes
from musep2p.core.affinity import for_thief, owner_us, thief_us
from musep2p.core.batch import Batch
from musep2p.core.data import Member, Slot
from musep2p.core.ids import PeerId
from musep2p.core.loads import can_run, may_start, running_ms
from musep2p.core.paces import speed_us
from musep2p.core.probation import barred, suspended
from musep2p.core.ranges import Ranges
from musep2p.core.recipe.recipe import model_of
from musep2p.core.rest import is_free
from musep2p.core.state import Core
from musep2p.core.stealing import Team, choose_share, too_slow

__all__ = ["avoided", "hold_back", "share_for"]


def share_for(core: Core, batch: Batch, thief: Member, free: int) -> Ranges:
    """What a thief with so many free slots gets of a batch; nothing if the others would be done before it is."""
    avoid = avoided(core, batch, thief.id)
    among = for_thief(core, batch, thief, avoid)
    if among is not None and not among:
        return Ranges()
    work_class = batch.tasks.work_class(among.highest() if among else batch.work.last())
    mine = Team(speed_us(core, work_class), len(core.slots) if _starts(core, batch, work_class) else 0)
    his = Team(thief.load.pace_us(work_class), max(free, thief.load.slots))
    if core.tuning.tail_rules and not _has_failing(batch):
        others = _other_teams(core, batch, work_class, without=thief.id)
        if too_slow(_farm_queued(core, batch), his._replace(us=thief_us(core, thief, work_class)), others):
            return Ranges()
    able = [mem for mem in core.heard_members() if mem is not thief and _runs(core, mem, batch, work_class)]
    hungry = [Team(mem.load.pace_us(work_class), mem.load.free) for mem in able if mem.load.free]
    count = choose_share(batch.work.count(), mine, his, hungry, ahead=not thief.load.free)
    if among is not None:  # who works with that model, here and elsewhere, shall not run out of it
        model = model_of(work_class)
        mine = mine._replace(slots=sum(slot.warm == model for slot in core.slots.values()) if mine.slots else 0)
        same = [Team(mem.load.pace_us(work_class), mem.load.slots) for mem in able if model in mem.load.loaded()]
        count = min(count, choose_share(among.count(), mine, his, same, ahead=not thief.load.free))
    return batch.work.take_back(count, avoid, among)


def hold_back(core: Core, batch: Batch, slot: Slot, work_class: str) -> bool:
    """Should the owner leave its next task to faster peers? Only where the loads are fresh against the task."""
    mine = Team(owner_us(core, slot, work_class), len(core.slots))
    if not core.tuning.tail_rules or not mine.us or _has_failing(batch):
        return False
    able = [mem for mem in core.heard_members() if _runs(core, mem, batch, work_class)]
    others = [mem for mem in able if not _busy(core, mem, batch, work_class)]
    fresh = [mem for mem in others if 3 * (core.now_ms - mem.load_ms) * 1000 < mine.us]
    if not fresh:
        return False
    teams = [Team(thief_us(core, mem, work_class), mem.load.slots) for mem in fresh]
    return too_slow(_farm_queued(core, batch), mine, teams)


def avoided(core: Core, batch: Batch, peer: PeerId) -> Ranges:
    """Tasks that this peer cannot run now, or failed in this turn while another up, able peer has not failed them."""
    turn, failures = batch.will.turn, batch.results.failures
    avoid = _unfit(core, batch, peer)
    own = failures.blamed_on(peer, turn) & batch.work.held() if failures.failing else Ranges()
    if not own:
        return avoid
    others = [member.id for member in core.up_members() if can_run(core, member, batch)]
    for other in [*others, *([core.me] if may_start(core, batch) else [])]:
        if other != peer:
            avoid.update(own - failures.blamed_on(other, turn) - _unfit(core, batch, other))
    return avoid


def _unfit(core: Core, batch: Batch, peer: PeerId) -> Ranges:
    """Tasks of classes that a peer is on probation for, or has no model for."""
    names = _unfit_names(core, batch, None if peer == core.me else core.members[peer])
    return barred(names, batch) if names else Ranges()


def _unfit_names(core: Core, batch: Batch, member: Member | None) -> tuple[str, ...]:
    """Those classes of another peer, or of ours; and engines."""
    if member is None:
        return (*suspended(core), *missing_classes(core.hello, batch))
    return (*member.load.barred_names(), *missing_classes(member.hello, batch))


def _runs(core: Core, member: Member, batch: Batch, work_class: str) -> bool:
    """True when another peer could start tasks of this class."""
    return can_run(core, member, batch) and work_class not in _unfit_names(core, batch, member)


def _starts(core: Core, batch: Batch, work_class: str) -> bool:
    """The same of us."""
    return may_start(core, batch) and work_class not in _unfit_names(core, batch, None)


def _other_teams(core: Core, batch: Batch, work_class: str, *, without: PeerId) -> list[Team]:
    """The power of the up, able peers (ourselves too), but one, and but those that others' work keeps busy."""
    teams = []
    if without != core.me and _starts(core, batch, work_class) and not _busy_here(core, batch, work_class):
        us = min(owner_us(core, slot, work_class) for slot in core.slots.values())
        teams.append(Team(us, len(core.slots)))
    for member in core.heard_members():
        runs = member.id != without and _runs(core, member, batch, work_class)
        if runs and not _busy(core, member, batch, work_class):
            teams.append(Team(thief_us(core, member, work_class), member.load.slots))
    return teams


def _farm_queued(core: Core, batch: Batch) -> int:
    """Tasks of a batch that nobody has started, as far as loads tell."""
    told = sum(e.queued for mem in core.heard_members() for e in mem.load.entries if e.batch == batch.id)
    return batch.work.count() + told


def _busy(core: Core, member: Member, batch: Batch, work_class: str) -> bool:
    """True when a peer is occupied for longer than a task of this batch takes it, or has more urgent work queued."""
    priority = batch.will.settings.priority
    pace = member.load.pace_us(work_class)
    held_up = not member.load.free and member.load.running_ms * 1000 > 2 * pace > 0
    others = [entry for entry in member.load.entries if entry.batch != batch.id and entry.queued]
    waits_ms = sum(entry.ms for entry in others if entry.priority == priority)
    held_up = held_up or waits_ms * 1000 > 2 * pace > 0
    return held_up or any(entry.priority > priority for entry in others)


def _busy_here(core: Core, batch: Batch, work_class: str) -> bool:
    free = any(is_free(core, slot) for slot in core.slots.values())
    held_up = not free and running_ms(core) * 1000 > 2 * speed_us(core, work_class) > 0
    urgent = batch.will.settings.priority
    return held_up or any(other.work and other.will.settings.priority > urgent for other in core.awake.values())


def _has_failing(batch: Batch) -> bool:
    """True when a queued task has failed before: who may try it next is limited, so nobody is turned away."""
    return bool(batch.results.failures.failing & batch.work.held())
