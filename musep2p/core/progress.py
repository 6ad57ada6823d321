"""How far a batch is: counted by its acting guardian, told to everybody for their faces."""

from __future__ import annotations

from musep2p.core import messages as m
from musep2p.core.batch import Accounting, Batch, View
from musep2p.core.carriers import first_that_sees, sees, storeless
from musep2p.core.data import Member
from musep2p.core.effects import Conclude, StoreBatch
from musep2p.core.loads import can_run, may_start
from musep2p.core.reports import guardians
from musep2p.core.state import Core
from musep2p.core.wills import CANCELLED

__all__ = [
    "COUNT_MS",
    "conclude_own",
    "count",
    "on_progress",
    "on_progress_ask",
    "tick_progress",
    "to_be_concluded",
    "up_views",
]

COUNT_MS = 500  # between progress messages of one batch, in a farm where everybody hears everybody
_ASK_MS = 2000
_CONCLUDE_MS = 5000


def on_progress(core: Core, sender: Member, body: m.Progress) -> None:
    """The acting guardian's count, for the faces of this peer."""
    batch = core.batches.get(body.batch)
    if batch is not None and body.turn >= (batch.progress.turn if batch.progress else 0):
        before = batch.progress
        batch.progress, batch.progress_ms = body, core.now_ms
        if body.complete and not (before and before.complete and before.turn == body.turn):
            _conclude_for(core, batch, sender)
        conclude_own(core, batch)
        if body.turn == batch.will.turn:
            batch.began_before(core.now_ms, body.elapsed_ms)
        batch.wake()
        batch.changes += 1


def on_progress_ask(core: Core, sender: Member, body: m.ProgressAsk) -> None:
    """A peer has heard nothing for a while: say it again."""
    batch = core.batches.get(body.batch)
    if batch is not None and batch.accounting.told is not None:
        core.send(sender, batch.accounting.told)


def tick_progress(core: Core) -> None:
    """Ask the acting guardian of a batch whose end we have not heard of: its word may have been lost, or we away."""
    for batch in list(core.awake.values()):
        told = batch.progress
        ended = told is not None and told.complete and told.turn == batch.will.turn
        if not batch.known or ended or batch.will.word == CANCELLED:
            continue
        guards = guardians(core, batch)
        if guards and guards[0] != core.me and core.now_ms - batch.progress_ms >= _ASK_MS * core.crowd:
            batch.progress_ms = core.now_ms
            core.send(core.members[guards[0]], m.ProgressAsk(batch.id))


def up_views(core: Core, batch: Batch) -> list[View]:
    """What the peers that are up have reported, by their ids."""
    views = batch.accounting.views
    return [views[p] for p in sorted(views) if (mem := core.members.get(p)) is not None and mem.up]


def count(core: Core, batch: Batch) -> None:
    """Tell everybody how far the batch is: on change, at most twice a second, at once when it is complete."""
    accounting = batch.accounting
    complete = batch.all_settled()
    every = COUNT_MS * core.crowd
    due = accounting.told_ms + every
    late = accounting.complete and to_be_concluded(core, batch)
    if core.now_ms < due and not late and not (complete and not accounting.complete):
        core.at("rounds", due)
        return
    if complete and not accounting.complete:
        accounting.complete, accounting.took_ms = True, batch.elapsed_ms(core.now_ms)
        failed = f", {batch.failed.count()} failed" if batch.failed else ""
        core.tell(
            "info",
            f"batch {batch.will.settings.name!r} is complete: {batch.results.safe.count()} safe{failed}",
        )
    if accounting.complete:
        _conclude(core, batch)
    progress = _progress(core, batch, accounting)
    if accounting.told is None or _stripped(progress) != _stripped(accounting.told):
        accounting.told, accounting.told_ms = progress, core.now_ms
        batch.progress = progress
        batch.changes += 1
        for member in core.up_members():
            core.send(member, progress)
    if not complete:
        core.at("rounds", core.now_ms + every)


def conclude_own(core: Core, batch: Batch) -> None:
    """In a farm without a store each folder that has all of a complete batch is concluded by its own peer."""
    told, accounting = batch.progress, batch.accounting
    complete = told is not None and told.complete and told.turn == batch.will.turn
    if not storeless(core) or not batch.folder or not complete or accounting.concluded == batch.results.version:
        return
    if batch.results.known.count() + batch.failed.count() >= batch.results.wanted:
        accounting.concluded = batch.results.version
        core.effects.append(Conclude(batch.folder, True))


def _conclude_for(core: Core, batch: Batch, acting: Member) -> None:
    """A batch is complete, and who accounts for it does not see the store: one of those that do concludes it."""
    if sees(core, acting.id) or not first_that_sees(core) or batch.recipe.engine in core.payload:
        return
    batch.accounting.concluded = batch.results.version
    if batch.folder:
        core.effects.append(Conclude(batch.folder, True))
    else:
        batch.conclude = True
        core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))


def to_be_concluded(core: Core, batch: Batch) -> bool:
    """True when results came, or were withdrawn, since the store was last told that the batch is complete."""
    files = bool(batch.folder) and batch.recipe.engine not in core.payload
    return files and batch.accounting.complete and batch.accounting.concluded != batch.results.version


def _conclude(core: Core, batch: Batch) -> None:
    """Late results come in a crowd: the first time at once, then every few seconds."""
    accounting = batch.accounting
    due = accounting.concluded_ms + _CONCLUDE_MS
    if not to_be_concluded(core, batch):
        return
    accounting.late = core.now_ms < due
    if accounting.late:
        core.at("rounds", due)
        return
    fresh = accounting.told is not None or accounting.concluded >= 0
    accounting.concluded, accounting.concluded_ms = batch.results.version, core.now_ms
    core.effects.append(Conclude(batch.folder, fresh))


def _stripped(progress: m.Progress) -> tuple[object, ...]:
    told = ("safe", "failed", "running", "queued", "finished", "complete", "turn", "again")
    return tuple(getattr(progress, field) for field in told)


def _progress(core: Core, batch: Batch, accounting: Accounting) -> m.Progress:
    views = up_views(core, batch)
    running = batch.running.copy()
    queued = batch.work.held() | batch.granted
    finished = batch.finished.copy()
    for view in views:
        running.update(view.running)
        queued.update(view.queued)
        finished.update(view.finished)
    working = [p for p in sorted(accounting.views) if accounting.views[p].running]
    return m.Progress(
        batch.id,
        batch.will.turn,
        batch.results.safe.count(),
        batch.failed.count(),
        batch.results.skipped,
        running.count(),
        (queued - running).count(),
        (finished - batch.results.safe).count(),
        accounting.complete,
        accounting.took_ms if accounting.complete else batch.elapsed_ms(core.now_ms),
        tuple(([core.me] if batch.running else []) + working)[:64],
        *_left_ms(core, batch),
        batch.results.again,
    )


def _left_ms(core: Core, batch: Batch) -> tuple[int, int]:
    """What is left, in ms: if peers of unknown speed are as fast as the others, and if they do nothing at all.

    The second also has the last task begin when all others are done. (-1, -1) while no speed is known.
    """
    left = batch.results.tasks() - batch.results.known - batch.failed
    times = [(count, _class_ms(core, batch, name, count)) for name, count in batch.tasks.classes(left).items()]
    known = [(count, ms) for count, ms in times if ms[0] >= 0]
    if not known:
        return (-1, -1) if times else (0, 0)
    # Classes of unknown speed are taken for as fast as the others.
    scale = left.count() / sum(count for count, _ in known)
    return round(scale * sum(ms[0] for _, ms in known)), round(scale * sum(ms[1] for _, ms in known))


def _class_ms(core: Core, batch: Batch, work_class: str, left: int) -> tuple[int, int]:
    """What is left of one class, or (-1, -1)."""
    teams = [(core.paces.get(work_class, 0.0), len(core.slots))] if may_start(core, batch) else []
    teams += [
        (float(member.load.pace_us(work_class)), member.load.slots)
        for member in core.up_members()
        if can_run(core, member, batch)
    ]
    known = [(us, slots) for us, slots in teams if us]
    rate = sum(slots / us for us, slots in known)
    if not rate:
        return -1, -1
    usual = sum(slots for _, slots in known) / rate
    hoped = rate + sum(slots / usual for us, slots in teams if not us)
    slowest = max(us for us, _ in known)
    return round(left / hoped / 1000), round((left / rate + (slowest if left else 0)) / 1000)
