"""From finished to safe: objects and records go to the store, or, without one, to folders of two guardians.

Also the farm's store itself: which id it has, who may adopt an empty folder, and what to do while it is away.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from musep2p.core import handover
from musep2p.core import messages as m
from musep2p.core.accounting import absorb
from musep2p.core.batch import Batch
from musep2p.core.carriers import keeps, sees, storeless
from musep2p.core.data import NEVER, Chunk, Member, Slot
from musep2p.core.effects import Lookup, OpenStore, Publish, StoreBatch, Unspool
from musep2p.core.events import DiskChanged, LookedUp, OutputGone, Published, PublishFailed, Reread, StoreChanged
from musep2p.core.facts import take_copy
from musep2p.core.handover import hand_on, let_go, on_carried, on_carry_failed
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, RecordId, ResultBlock, StoreRecord, Withdrawal, spool_name, spooled_bytes
from musep2p.core.reports import add_fact, await_copies, guardians
from musep2p.core.results import indices_of, signed
from musep2p.core.state import Core
from musep2p.core.withdrawal import learn_withdrawal, on_withdraw_failed

__all__ = [
    "meet_store",
    "on_disk_changed",
    "on_output",
    "on_output_gone",
    "on_publish_failed",
    "on_published",
    "on_reread",
    "on_store_changed",
    "publish_waiting",
    "settle_lookup",
    "settle_results",
    "start_lookup",
    "tick_adoption",
]

_LOOKUP_WIDTH_MAX = 64
_AGAIN_MS = 2000
_PUBLISHING_MAX = 256  # blocks handed to the store at once; the others wait in the journal


def settle_results(core: Core, batch: Batch, block: ResultBlock, indices: Ranges, position: int) -> None:
    """Our own results are durable here: bring them where the promise says."""
    absorb(batch, block, position)
    core.stirred = True
    if core.store.state == "absent" and not spooled_bytes(block.entries):
        add_fact(core, batch, position)
        await_copies(core, batch, indices)
    else:
        core.unpublished.append((batch.id, position))
        publish_waiting(core)


def publish_waiting(core: Core) -> None:
    """Publish what waits, while the store is there; else by way of who sees it; without one in our own folder."""
    while core.unpublished and (core.store.ok or keeps(core)) and len(core.publishing) < _PUBLISHING_MAX:
        batch_id, position = core.unpublished.popleft()
        batch = core.batches[batch_id]
        op = core.next_number()
        if not core.store.ok and batch.stored != batch.will:
            core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))
            batch.stored = batch.will  # a folder of our own takes it
        elif batch.stored is None and not any(sees(core, guard) for guard in guardians(core, batch)[:1]):
            core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))  # else who acts does it
        core.publishing[op] = (batch_id, position)
        core.effects.append(Publish(op, batch.id, batch.will.settings.name, batch.recipe, position))
    hand_on(core)


def on_published(core: Core, event: Published) -> None:
    """Object and record were opened again on the store: say so durably, then to the guardians."""
    carried, waiting = core.carried.get(event.op), core.publishing.pop(event.op, None)
    batch = core.batches[event.block.batch]
    batch.folder = event.folder or batch.folder
    if carried is not None:
        let_go(core, carried)
        if carried.copy:
            take_copy(core, carried, there=True)
        else:
            on_carried(core, carried)
    elif waiting is not None and core.store.state == "absent":
        _is_kept(core, batch, event.block, waiting[1])
        publish_waiting(core)
    elif waiting is not None:
        _is_there(core, event.block)
        publish_waiting(core)


def on_output(core: Core, sender: Member, body: m.Output) -> None:
    """A piece of an output of another peer."""
    given_up = handover.on_output(core, sender, body)
    if given_up is not None:
        core.tell("debug", f"{sender.hello.name} has an output no more that it made or copied: it is not copied here")
        take_copy(core, given_up, there=False)


def on_output_gone(core: Core, event: OutputGone) -> None:
    """An output that we keep is not what it was: unless it is safe elsewhere, it is rendered again.

    What we made is withdrawn. What we copied we hold no more; its maker, if that lives, tells of it.
    """
    batch = core.batches[event.block.batch]
    if event.index in batch.results.safe:
        return
    core.kept.discard(event.position)
    for lost in [one for one in batch.awaiting if one.position == event.position]:
        batch.awaiting.remove(lost)
        batch.finished.difference_update(lost.ranges)
        batch.touch(urgent=True)
        core.at("reports", core.now_ms)
    own = [made for entry, made in signed(event.block).values() if made.peer == core.me and entry.index == event.index]
    for made in own:
        core.tell("error", f"{event.reason}: the task will be rendered again")
        learn_withdrawal(core, batch, Withdrawal(batch.id, made, event.index))


def on_reread(core: Core, event: Reread) -> None:
    """Results of ours that a carrier put on the store, as our journal has them."""
    _is_there(core, event.block)
    publish_waiting(core)


def _is_kept(core: Core, batch: Batch, block: ResultBlock, position: int) -> None:
    """In a farm without a store our results are in our own folder: safe once two guardians have them in theirs."""
    _leaves_the_spool(core, block)
    if not storeless(core):
        core.unpublished.append((batch.id, position))
        return
    add_fact(core, batch, position)
    await_copies(core, batch, indices_of(block.entries) - batch.results.safe, position)


def _leaves_the_spool(core: Core, block: ResultBlock) -> None:
    names = tuple(spool_name(block.batch, entry) for entry in block.entries if entry.ext and not entry.skipped)
    if names:
        core.spooled = max(0, core.spooled - spooled_bytes(block.entries))
        core.effects.append(Unspool(names))


def _is_there(core: Core, block: ResultBlock) -> None:
    batch = core.batches[block.batch]
    safe = ResultBlock(block.batch, block.first, block.entries, True)
    core.write(safe, lambda position: _now_safe(core, batch, safe, position))


def on_publish_failed(core: Core, event: PublishFailed) -> None:
    """The store did not take it: it stays in the spool until the store is back."""
    if on_carry_failed(core, event.op):
        return
    offered = core.handovers.pop(event.op, None)
    waiting = core.publishing.pop(event.op, None)
    if offered is not None:
        waiting = (offered.batch, offered.position)
    if waiting is not None and event.lost is not None:
        batch = core.batches[waiting[0]]
        core.tell("error", f"{event.reason}: the task will be rendered again")
        core.spooled = max(0, core.spooled - spooled_bytes(event.lost.entries))
        batch.finished.difference_update(indices_of(event.lost.entries))
        batch.touch(urgent=True)
        core.at("reports", core.now_ms)
        return
    if waiting is not None:
        core.unpublished.append(waiting)
        if core.store.state != "away":  # else it goes on when the store is back
            core.at("publish", core.now_ms + _AGAIN_MS)
        return
    if on_withdraw_failed(core, event.op, event.reason):
        return
    for slot in core.slots.values():
        for chunk in [c for c in slot.chunks if c.lookup == event.op]:
            slot.chunks.remove(chunk)
            core.batches[chunk.batch].requeue(chunk.left)
            core.stirred = True


def start_lookup(core: Core, slot: Slot, batch: Batch, ranges: Ranges) -> None:
    """Before tasks are run: were they done before, under another batch?"""
    op = core.next_number()
    first = core.next_record(batch, ranges.count())
    work_class = batch.tasks.work_class(next(ranges.indices()))
    slot.chunks.append(Chunk(op, batch.id, ranges.copy(), core.now_ms, lookup=op, first=first, work_class=work_class))
    batch.running.update(ranges)
    effect = Lookup(op, batch.id, batch.will.settings.name, batch.recipe, ranges.encode(), first.number)
    core.effects.append(effect)


def settle_lookup(core: Core, event: LookedUp) -> tuple[Slot | None, Batch | None, Ranges]:
    """What was found is a safe result already; returns slot, batch and the tasks that are still to be run."""
    for slot in core.slots.values():
        for chunk in [c for c in slot.chunks if c.lookup == event.op]:
            slot.chunks.remove(chunk)
            batch = core.batches[chunk.batch]
            batch.folder = event.folder or batch.folder
            batch.running.difference_update(chunk.left)
            hits = indices_of(event.hits) & chunk.left
            misses = chunk.left - hits - batch.results.safe
            batch.lookup_width = 1 if misses else min(_LOOKUP_WIDTH_MAX, batch.lookup_width * 2)
            if hits and chunk.first is not None:
                _record_hits(core, batch, event, hits, chunk.first)
            batch.touch()
            core.stirred = True
            return slot, batch, misses
    return None, None, Ranges()


def on_store_changed(core: Core, event: StoreChanged) -> None:
    """The store was opened, found empty, lost or found again."""
    store = core.store
    if event.state == "empty" and store.id:
        event = StoreChanged("away", "", "its folder is empty now: is the share mounted?")
    before = store.ok
    if event.state == "away" and store.state != "away":
        store.away_ms = core.now_ms if before else -NEVER
    store.state, store.id, store.reason = event.state, event.store_id or store.id, event.reason
    if event.state == "ok":
        _agree(core, event.store_id)
        if store.ok and not before:
            core.tell("info", f"the store is there ({store.id[:8]})")
            for batch in core.batches.values():
                if batch.known and batch.stored != batch.will:
                    core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))
            core.at("store", core.now_ms)
        publish_waiting(core)
    elif event.state == "empty":
        core.at("adoption", core.now_ms if core.may_adopt else core.started_ms + core.tuning.adopt_after_ms)
    else:
        core.tell("warning", f"the store is away: outputs wait here until it is back: {event.reason}")
    core.stirred = core.beat_wanted = True
    core.at("beat", core.now_ms)


def on_disk_changed(core: Core, event: DiskChanged) -> None:
    """Our own disk is full, or not any more: while it is, nothing is started here and thieves may have all."""
    if event.reason and not core.disk_full:
        core.tell("warning", f"this machine's disk is full, and nothing is started here: {event.reason}")
    elif core.disk_full and not event.reason:
        core.tell("info", "this machine's disk has room again")
    core.disk_full = event.reason
    core.stirred = core.beat_wanted = True
    core.at("beat", core.now_ms)


def tick_adoption(core: Core) -> None:
    """An empty folder was offered: make it the farm's store, unless the farm has one already."""
    if core.store.state != "empty":
        return
    if core.may_adopt or not core.store.farm_id:
        core.effects.append(OpenStore(adopt=True))
    elif core.probed_store:
        core.tell(
            "fatal",
            "this folder is empty, but the farm has a store already: is the share mounted here? "
            "If it shall become the store, say --adopt-store.",
        )
    else:
        core.probed_store = True
        core.effects.append(OpenStore(adopt=False))


def meet_store(core: Core, sender: Member, body: m.Heartbeat) -> None:
    """A heartbeat names a store: of two, the smaller id is the farm's."""
    if body.store_id:
        _agree(core, body.store_id)
    core.carrier_met = core.carrier_met or body.store_ok
    if body.store_ok and core.unpublished and not core.store.ok:
        hand_on(core)


def _agree(core: Core, store_id: str) -> None:
    store = core.store
    if store.farm_id and store.farm_id <= store_id:
        agreed = store.farm_id
    else:
        agreed = store_id
        core.write(StoreRecord(store_id))
    if agreed != store.farm_id:
        store.farm_id = agreed
        _take_back_kept(core)
        core.stirred = True
        publish_waiting(core)
    if store.state == "ok" and store.id != agreed and not store.told_other:
        store.told_other = True
        core.tell(
            "warning",
            f"this peer's store ({store.id[:8]}) is not the farm's ({agreed[:8]}): what is rendered here goes there "
            "by way of other peers. Give --store the folder that they use.",
        )


def _take_back_kept(core: Core) -> None:
    """There is a store after all: what was to be copied by guardians goes there instead."""
    for batch in core.batches.values():
        core.unpublished.extend((batch.id, one.position) for one in batch.awaiting if one.position)
        batch.awaiting = deque(one for one in batch.awaiting if not one.position)


def _now_safe(core: Core, batch: Batch, safe: ResultBlock, position: int) -> None:
    absorb(batch, safe, position)
    _leaves_the_spool(core, safe)
    batch.finished.difference_update(indices_of(safe.entries))
    add_fact(core, batch, position)
    batch.touch(urgent=not batch.finished and not batch.running and not batch.work)
    core.at("reports", core.now_ms)
    core.at("rounds", core.now_ms)
    core.stirred = True


def _record_hits(core: Core, batch: Batch, event: LookedUp, hits: Ranges, first: RecordId) -> None:
    """Under the records that the store has them by: the helper numbers what it finds from the first on."""
    batch.finished.update(hits)
    core.remember(batch, hits, "skipped: equal work was done before, and its picture is on the store")
    run: list[Entry] = []
    for number, entry in enumerate(event.hits, first.number):
        if entry.index in hits:
            run.append(entry)
        if run and (entry.index not in hits or number == first.number + len(event.hits) - 1):
            start = number + (entry.index in hits) - len(run)
            made = RecordId(first.peer, first.incarnation, start)
            block = ResultBlock(batch.id, made, tuple(run), True)
            core.write(block, partial(_now_safe, core, batch, block))
            run = []
