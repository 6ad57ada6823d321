"""Accounting by guardians: what is neither safe nor failed nor held is unaccounted, and queued again.

The acting guardian asks all up peers in numbered rounds while anything is unaccounted. What is unaccounted in
one finished round and still in the next is queued: one round may just have missed a grant on its way. Two
guardians may both believe to be acting; that costs duplicates, which are found and dropped here.
"""

from __future__ import annotations

from array import array

from musep2p.core import messages as m
from musep2p.core.ahead import recall, recall_behind
from musep2p.core.batch import Batch
from musep2p.core.carriers import storeless
from musep2p.core.data import NEVER, Member, Slot
from musep2p.core.effects import Kill, ReadResults, StoreBatch
from musep2p.core.ids import PeerId, short
from musep2p.core.progress import count, to_be_concluded, up_views
from musep2p.core.ranges import Ranges
from musep2p.core.records import RANGES_MAX, BatchFact, Failure, ResultBlock, Withdrawal
from musep2p.core.reports import add_fact, await_copies, guardians
from musep2p.core.state import Core
from musep2p.core.wills import CANCELLED, PAUSED, RUNNING

__all__ = [
    "absorb",
    "acting",
    "begin_turn",
    "forget_peer",
    "judge_failures",
    "on_drop",
    "stop_work",
    "tick_rounds",
    "unaccounted",
]

_READ_MS = 10_000  # then it goes on without
_PATIENCE_MS_MAX = 4000


def acting(core: Core, batch: Batch) -> bool:
    """True when we, as far as we know, are the acting guardian of the batch."""
    guards = guardians(core, batch)
    return bool(guards) and guards[0] == core.me


def begin_turn(core: Core, batch: Batch) -> None:
    """A batch became known here or its will changed: judge it anew."""
    accounting = batch.accounting
    batch.wake()
    batch.replayed = False
    batch.copied.clear()
    accounting.since_ms, accounting.complete, accounting.told = core.now_ms, False, None
    accounting.ended_ms, accounting.missing = -NEVER, Ranges()
    judge_failures(batch)
    if batch.will.word == CANCELLED:
        stop_work(core, batch, batch.results.tasks(), queued_only=False)
    elif batch.will.word == PAUSED:
        recall_behind(core, batch)
    batch.changes += 1
    core.stirred = True
    core.at("rounds", core.now_ms)


def judge_failures(batch: Batch) -> None:
    """Which tasks have failed by the present will; they are neither queued nor run."""
    batch.failed = batch.results.failed(batch.will.turn, batch.will.settings.retries)


def absorb(batch: Batch, fact: BatchFact, position: int) -> None:
    """Learn a fact about a batch, our own or another peer's, that our journal holds at this position."""
    results = batch.results
    if isinstance(fact, ResultBlock):
        results.merge_block(fact, position)
    elif isinstance(fact, Failure):
        results.merge_failure(fact, position)
        if results.failures.has_failed(fact.index, batch.will.turn, batch.will.settings.retries):
            batch.failed.add(fact.index, fact.index + 1)
    elif isinstance(fact, Withdrawal):
        results.merge_withdrawal(fact)
    else:
        # Who marked them means other records than those that we have finished and not made safe yet.
        results.mark_safe(Ranges.decode(fact.ranges) - batch.finished)
    if batch.failed:
        batch.failed.difference_update(results.known)
    batch.changes += 1


def on_drop(core: Core, sender: Member, body: m.Drop) -> None:
    """The acting guardian says that these need not be done here."""
    batch = core.batches.get(body.batch)
    if batch is not None:
        stop_work(core, batch, Ranges.decode(body.ranges), queued_only=body.queued_only)


def stop_work(core: Core, batch: Batch, ranges: Ranges, *, queued_only: bool) -> None:
    """Drop queued tasks, recall those behind others, and end the children that run nothing else."""
    dropped = batch.work.discard(ranges)
    core.remember(batch, dropped, "dropped: another peer has it, or it is settled")
    gone = bool(dropped)
    if not queued_only and batch.running & ranges:
        for slot in core.slots.values():
            gone = _stop_slot(core, batch, slot, ranges) or gone
    if gone:
        batch.touch()
        core.stirred = True
        core.at("reports", core.now_ms)


def _stop_slot(core: Core, batch: Batch, slot: Slot, ranges: Ranges) -> bool:
    useless = [c for c in slot.chunks if c.batch == batch.id and not c.lookup and c.left.issubset(ranges)]
    for chunk in useless:
        batch.running.difference_update(chunk.left)
        chunk.left = Ranges()
    if not useless:
        return False
    if slot.chunks[0] is not useless[0]:
        recall(core, slot, useless[0])
        return True
    for chunk in slot.chunks:
        if chunk.batch == batch.id:
            batch.running.difference_update(chunk.left & ranges)
        core.batches[chunk.batch].requeue(chunk.left)
    slot.chunks, slot.ready = [], False
    core.note_idle(batch, slot)
    core.effects.append(Kill(slot.id, "its task is not wanted any more"))
    return True


def forget_peer(core: Core, lost: Member) -> None:
    """A peer is down, left or lives again: what only it held is unaccounted; what it told us, we tell on."""
    for batch in core.batches.values():
        batch.wake()
        view = batch.accounting.views.pop(lost.id, None)
        batch.cursors.pop(lost.id, None)
        batch.accounting.waiting.discard(lost.id)
        core.at("rounds", core.now_ms)
        core.at("reports", core.now_ms)
        batch.dirty = batch.dirty or bool(batch.log)
        told = batch.progress
        batch.accounting.lost |= told is None or not told.complete or told.turn != batch.will.turn
        if view is not None:
            tell_on(core, batch, view.facts)


def tick_rounds(core: Core) -> None:
    """Open, repeat and end rounds on the batches for which we act; tell how far they are."""
    for batch in list(core.awake.values()):
        ended = batch.accounting.complete and batch.accounting.told is not None
        if batch.known and (not ended or to_be_concluded(core, batch)):
            if _too_early(core, batch):
                core.at("rounds", core.started_ms + core.tuning.alone_ms)
            elif acting(core, batch) and _reads_first(core, batch):
                core.at("rounds", core.started_ms + _READ_MS)
            elif acting(core, batch) and _reads_last(core, batch):
                core.at("rounds", batch.accounting.reads_until_ms)
            elif acting(core, batch):
                if core.wide:
                    _drop_now_and_then(core, batch)
                _tick_batch(core, batch)
            else:
                batch.accounting.open = False


def unaccounted(core: Core, batch: Batch) -> Ranges:
    """Tasks that are not safe, not failed and not held by any peer that is up, as far as told."""
    left = batch.results.tasks()
    left.difference_update(batch.results.safe)
    left.difference_update(batch.failed)
    for held in (batch.work.held(), batch.granted, batch.running, batch.finished):
        left.difference_update(held)
    for view in up_views(core, batch):
        for held in (view.queued, view.running, view.finished):
            left.difference_update(held)
    return left


def _too_early(core: Core, batch: Batch) -> bool:
    """Just started again and nobody met yet: the others most likely hold what we replayed."""
    alone = not core.up_members() and core.now_ms < core.started_ms + core.tuning.alone_ms
    return batch.replayed and alone


def _reads_first(core: Core, batch: Batch) -> bool:
    """True while a guardian that was started again still reads on the store what was done of a batch.

    Those that know it may be started later, or never.
    """
    wanted = batch.unread and batch.will.word == RUNNING and not batch.all_settled()
    if not wanted or core.now_ms >= core.started_ms + _READ_MS:
        return False
    if core.store.ok and not batch.reading:
        batch.reading = True
        core.effects.append(ReadResults(batch.id, batch.recipe, 0))
    return True


def _reads_last(core: Core, batch: Batch) -> bool:
    """True while a guardian reads on the store what peers that died meanwhile may have told nobody but the store.

    That a picture had gone bad, above all: the batch would be called complete without it.
    """
    accounting, files = batch.accounting, batch.recipe.engine not in core.payload
    wanted = accounting.lost and batch.will.word == RUNNING and batch.all_settled() and core.store.ok and files
    if not wanted:
        return False
    if accounting.reads_until_ms < 0:
        accounting.reads_until_ms = core.now_ms + _READ_MS
        if not batch.reading:
            batch.reading = True
            core.effects.append(ReadResults(batch.id, batch.recipe, 0))
    elif core.now_ms >= accounting.reads_until_ms:
        accounting.lost, accounting.reads_until_ms = False, -NEVER
    return accounting.lost


def _tick_batch(core: Core, batch: Batch) -> None:
    accounting = batch.accounting
    if core.store.ok and batch.stored != batch.will and accounting.told is None:
        core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))
    if accounting.open:
        _continue_round(core, batch)
    if not accounting.open and batch.will.word == RUNNING and not batch.all_settled():
        _consider_round(core, batch)
    count(core, batch)


def _consider_round(core: Core, batch: Batch) -> None:
    accounting = batch.accounting
    due = accounting.ended_ms + core.tuning.round_gap_ms * core.crowd
    if (accounting.missing and not core.wide) or accounting.ended_ms < 0:
        due = core.now_ms
    if core.now_ms < due:
        core.at("rounds", due)
    elif unaccounted(core, batch) or _doubled(core, batch):
        _open_round(core, batch)
    elif core.wide:
        accounting.ended_ms = core.now_ms  # looking at what a thousand peers hold takes a while


def _open_round(core: Core, batch: Batch) -> None:
    accounting = batch.accounting
    accounting.round += 1
    accounting.open, accounting.asked_ms = True, core.now_ms
    accounting.patience_ms = core.tuning.question_again_ms
    accounting.waiting = {member.id for member in core.up_members()}
    for member in core.up_members():
        core.send(member, m.Question(batch.id, accounting.round))
    core.at("rounds", core.now_ms + accounting.patience_ms)
    _continue_round(core, batch)


def _continue_round(core: Core, batch: Batch) -> None:
    accounting = batch.accounting
    waiting = {peer for peer in accounting.waiting if core.members[peer].up and not _answered(batch, peer)}
    accounting.waiting = waiting
    if not waiting:
        _end_round(core, batch)
    elif core.now_ms - accounting.asked_ms >= accounting.patience_ms:
        accounting.asked_ms = core.now_ms
        accounting.patience_ms = min(2 * accounting.patience_ms, _PATIENCE_MS_MAX)
        for peer in sorted(waiting):
            core.send(core.members[peer], m.Question(batch.id, accounting.round))
        core.at("rounds", core.now_ms + accounting.patience_ms)


def _end_round(core: Core, batch: Batch) -> None:
    accounting = batch.accounting
    accounting.open, accounting.ended_ms = False, core.now_ms
    missing = unaccounted(core, batch)
    lost = missing & accounting.missing
    accounting.missing = missing - lost
    if lost and batch.will.word == RUNNING:
        core.tell("debug", f"{lost.count()} tasks of {short(batch.id)} are unaccounted: queued here")
        core.remember(batch, lost, "queued: nobody held it" if accounting.round > 2 else "queued: submitted")
        batch.take_in(lost)
        batch.touch()
        core.stirred = True
        core.at("reports", core.now_ms)
    doubled = _doubled(core, batch)
    _drop_doubles(core, batch, doubled & accounting.doubled)
    accounting.doubled = doubled
    again = core.tuning.round_gap_ms * core.crowd
    core.at("rounds", core.now_ms + (0 if accounting.missing and not core.wide else again))


def _doubled(core: Core, batch: Batch) -> Ranges:
    """What two peers hold and one of them has not started; two runs of one task end with the first result."""
    queued, running = batch.work.held().copy(), batch.running.copy()
    doubled = Ranges()
    for view in up_views(core, batch):
        for one, other in ((view.queued, queued), (view.queued, running), (view.running, queued)):
            doubled.update(one & other)
        queued.update(view.queued)
        running.update(view.running)
    return doubled - batch.granted


def _drop_doubles(core: Core, batch: Batch, doubled: Ranges) -> None:
    """Of peers that hold the same task, one that runs it keeps it, else the first in rank; the others drop it."""
    if not doubled:
        return
    holders: list[tuple[PeerId, Ranges, Ranges]] = [(core.me, batch.work.held().copy(), batch.running.copy())]
    views = batch.accounting.views
    holders += [(p, views[p].queued, views[p].running) for p in sorted(views) if core.members[p].up]
    kept = Ranges()
    for _, _, running in holders:
        kept.update(running & doubled)
    for peer, queued, _ in holders:
        drop = queued & doubled & kept
        kept.update(queued & doubled)
        if drop and peer == core.me:
            stop_work(core, batch, drop, queued_only=True)
        elif drop:
            core.send(core.members[peer], m.Drop(batch.id, drop.encode()[: 2 * RANGES_MAX], True))


def _drop_now_and_then(core: Core, batch: Batch) -> None:
    """Looking at what a thousand peers hold takes a while."""
    accounting = batch.accounting
    due = accounting.dropped_ms + core.tuning.round_gap_ms * core.crowd
    if core.now_ms >= due or batch.all_settled():
        accounting.dropped_ms = core.now_ms
        drop_settled(core, batch)
    else:
        core.at("rounds", due)


def drop_settled(core: Core, batch: Batch, only: PeerId | None = None) -> None:
    """Nobody shall go on with what is safe or has failed."""
    settled = batch.results.safe | batch.failed
    views = batch.accounting.views
    for peer, view in sorted(views.items()) if only is None else [(only, views[only])]:
        useless = (view.queued | view.running) & settled
        if useless and core.members[peer].up:
            core.send(core.members[peer], m.Drop(batch.id, useless.encode()[: 2 * RANGES_MAX]))
    stop_work(core, batch, settled, queued_only=False)


def _answered(batch: Batch, peer: PeerId) -> bool:
    view = batch.accounting.views.get(peer)
    return view is not None and view.answered >= batch.accounting.round


def tell_on(core: Core, batch: Batch, facts: array[int]) -> None:
    """Who told us is gone: other guardians shall hear it from us, and what is not safe yet is ours to make safe."""
    for position in facts:
        add_fact(core, batch, position)
    unsafe = batch.results.known - batch.results.safe
    told = set(facts) if unsafe else set()
    for position, ranges in batch.results.by_position(unsafe).items():
        if position in told:
            _make_safe(core, batch, position, ranges)


def _make_safe(core: Core, batch: Batch, position: int, ranges: Ranges) -> None:
    """Results of somebody who is gone, as far as we have their outputs; what we have not is rendered again."""
    if batch.recipe.engine in core.payload:
        await_copies(core, batch, ranges)
    elif position in core.kept and storeless(core):
        await_copies(core, batch, ranges, position)
    elif position in core.kept:
        batch.finished.update(ranges)
        core.unpublished.append((batch.id, position))
        core.at("publish", core.now_ms)
