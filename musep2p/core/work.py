"""Slots: what runs next, in chunks worth about 20 ms, and what follows when tasks end, fail, hang or crash."""

from __future__ import annotations

from statistics import median

from musep2p.core import looks, probation
from musep2p.core.accounting import absorb
from musep2p.core.affinity import for_slot, in_turn
from musep2p.core.ahead import wants_ahead, watch_behind
from musep2p.core.batch import Batch
from musep2p.core.data import Chunk, Slot
from musep2p.core.effects import Kill, Recall, Start
from musep2p.core.events import (
    Begun,
    ChunkEnded,
    Cooled,
    LookedUp,
    SlotDied,
    SlotReady,
    StopAsked,
    TaskFailed,
    TasksDone,
)
from musep2p.core.ids import short
from musep2p.core.loads import may_start
from musep2p.core.paces import measure, model_given, speed_us
from musep2p.core.publishing import settle_lookup, settle_results, start_lookup
from musep2p.core.ranges import Ranges
from musep2p.core.records import MAX_ENTRIES, Failure, ResultBlock, StartRecord, spool_name, spooled_bytes
from musep2p.core.reports import add_fact
from musep2p.core.rest import rest_after
from musep2p.core.results import indices_of
from musep2p.core.shares import avoided, hold_back
from musep2p.core.state import Core

__all__ = [
    "fill_slots",
    "hand_over",
    "on_begun",
    "on_chunk_ended",
    "on_cooled",
    "on_looked_up",
    "on_slot_died",
    "on_slot_ready",
    "on_stop_asked",
    "on_task_failed",
    "on_tasks_done",
    "tick_crashed",
    "tick_deadlines",
]


def fill_slots(core: Core) -> None:
    """Give idle slots their next chunk, and slots with short tasks one more behind it."""
    if core.draining or core.now_ms < core.hold_starts_until_ms:
        return
    probation.start_tests(core)
    looks.looks_wanted(core)
    looks.start_calibrations(core)
    for slot in core.slots.values():
        if slot.ready and core.now_ms < slot.rests_until_ms:
            core.at("seek", slot.rests_until_ms)
        while _wants_chunk(core, slot):
            if not _start_next(core, slot):
                break


def on_slot_ready(core: Core, event: SlotReady) -> None:
    """A child waits for work."""
    core.slots[event.slot].ready = True
    core.stirred = True


def on_cooled(core: Core, event: Cooled) -> None:
    """A slot has no model loaded any more, unless it was handed a task just then."""
    slot = core.slots[event.slot]
    if not slot.chunks:
        slot.warm = ""


def on_begun(core: Core, event: Begun) -> None:
    """A child names the task that it begins: its clock starts, and a crash now is this task's."""
    chunk = _chunk(core, event.slot, event.chunk)
    if chunk is not None:
        chunk.begun, chunk.begun_ms = event.index, core.now_ms


def on_tasks_done(core: Core, event: TasksDone) -> None:
    """Results: held as finished until they are safe, told of once they are durable."""
    chunk = _chunk(core, event.slot, event.chunk)
    if chunk is None:
        return
    batch = core.batches[chunk.batch]
    indices = indices_of(event.entries) & chunk.left
    if indices.count() != len(event.entries):
        return
    chunk.left.difference_update(indices)
    chunk.begun, chunk.begun_ms = -1, core.now_ms
    batch.running.difference_update(indices)
    batch.finished.update(indices)
    work_class = batch.tasks.work_class(event.entries[0].index)
    probation.on_success(core, batch, work_class)
    measure(core, core.slots[event.slot], chunk, work_class, event.us, len(event.entries))
    core.remember(batch, indices, "rendered")
    block = ResultBlock(batch.id, core.next_record(batch, len(event.entries)), event.entries)
    names = tuple(spool_name(batch.id, entry) for entry in event.entries if entry.ext)
    core.spooled += spooled_bytes(event.entries)
    core.write(block, lambda position: settle_results(core, batch, block, indices, position), names)
    batch.touch()
    core.at("reports", core.now_ms)


def on_task_failed(core: Core, event: TaskFailed) -> None:
    """The engine failed one task."""
    chunk = _chunk(core, event.slot, event.chunk)
    if chunk is not None and event.index in chunk.left and not core.slots[event.slot].yields:
        _fail(core, chunk, event.index, event.reason, permanent=event.permanent, peer_bound=event.peer_bound)


def on_chunk_ended(core: Core, event: ChunkEnded) -> None:
    """The child is through with a chunk; what it said nothing about goes back to the deque."""
    slot = core.slots[event.slot]
    chunk = _chunk(core, event.slot, event.chunk)
    if chunk is not None:
        first = chunk is slot.chunks[0]
        slot.ran += 1
        if chunk.recalled and chunk.cold and chunk.begun < 0:
            slot.warm = ""
        slot.chunks.remove(chunk)
        _give_back(core, chunk, event.slot)
        rest_after(core, slot, chunk.handed_ms)
        if first and slot.chunks:
            slot.chunks[0].handed_ms = core.now_ms
        watch_behind(core, slot)
    core.stirred = True


def on_slot_died(core: Core, event: SlotDied) -> None:
    """A child crashed or was killed: the task that it had begun failed, the others go back uncounted."""
    slot = core.slots[event.slot]
    slot.ready, slot.warm = False, ""
    probation.slot_died(core, slot, event.reason)
    looks.slot_died(core, slot, event.reason)
    chunks, slot.chunks = slot.chunks, []
    yields, slot.yields = slot.yields, False
    for chunk in chunks:
        blamed = chunk.begun if chunk.begun in chunk.left else -1
        if yields:
            _give_back(core, chunk, event.slot)
            continue
        if chunk.left.count() == 1:
            blamed = next(chunk.left.indices())
        if blamed >= 0 and chunk is chunks[0] and chunk.given:
            _fail(core, chunk, blamed, event.reason)
        elif chunk is chunks[0] and not chunk.lookup and chunk.given:
            core.batches[chunk.batch].singly = True
        _give_back(core, chunk, event.slot)
    core.stirred = True


def on_looked_up(core: Core, event: LookedUp) -> None:
    """Keys were looked up: what was not found is run now, as much as makes a chunk."""
    slot, batch, misses = settle_lookup(core, event)
    if slot is None or batch is None or not misses:
        return
    us = speed_us(core, batch.tasks.work_class(next(misses.indices())))
    chunk = misses.first(max(1, core.tuning.chunk_us // us) if us else 1)
    batch.work.push_front(misses - chunk)
    if may_start(core, batch):
        hand_over(core, slot, batch, chunk)
    else:
        batch.work.push_front(chunk)
    batch.touch()


def tick_deadlines(core: Core) -> None:
    """Kill children whose task takes longer than it may."""
    for slot in core.slots.values():
        if not slot.chunks or slot.chunks[0].lookup:
            continue
        chunk = slot.chunks[0]
        limit = _limit_ms(core, chunk)
        due = max(chunk.handed_ms, chunk.begun_ms) + limit
        if core.now_ms >= due:
            core.effects.append(Kill(slot.id, f"timed out after {limit / 1000:g} s"))
            slot.ready = False
            due = core.now_ms + 5000
        core.at("deadlines", due)


def hand_over(core: Core, slot: Slot, batch: Batch, ranges: Ranges) -> None:
    """Hand tasks to a slot's child; they are running from now on."""
    work_class = batch.tasks.work_class(next(ranges.indices()))
    chunk = Chunk(core.next_number(), batch.id, ranges.copy(), core.now_ms, work_class=work_class)
    model_given(core, slot, chunk)
    slot.chunks.append(chunk)
    batch.running.update(ranges)
    noted, slot.noted = slot.noted, None
    if noted is None or noted[:2] != (batch.id, ranges.encode()):
        start = StartRecord(batch.id, batch.will.turn, slot.id, ranges.encode(), len(slot.chunks) > 1)
        core.write(start, lambda _: _give(core, slot, batch, chunk))
    elif core.durable >= noted[2]:
        _give(core, slot, batch, chunk)
    else:
        core.when_durable(lambda: _give(core, slot, batch, chunk))


def _give(core: Core, slot: Slot, batch: Batch, chunk: Chunk) -> None:
    """It is durable that they run: from now on a crash of this machine is told of when it is back."""
    if not any(known is chunk for known in slot.chunks):
        return
    chunk.given, chunk.handed_ms = True, core.now_ms
    failures = batch.results.failures
    attempts = {i: 1 + failures.count(i) for i in (failures.failing & chunk.left).indices()}
    core.remember(batch, chunk.left, f"handed to slot {slot.id}")
    core.effects.append(Start(slot.id, chunk.number, batch.id, batch.recipe, chunk.left.encode(), attempts))
    core.at("deadlines", core.now_ms + _limit_ms(core, chunk))
    if chunk.recalled:
        core.effects.append(Recall(slot.id, chunk.number))
    watch_behind(core, slot)
    _note_next(core, slot)


def _note_next(core: Core, slot: Slot) -> None:
    """Write down now what the slot will most likely be given next: then it need not wait for the disk.

    Nothing is taken from the deque by that.
    """
    if len(slot.chunks) > 1 or core.draining:
        return
    batch = next((batch for batch in in_turn(core, slot) if may_start(core, batch) and not batch.singly), None)
    if batch is None:
        return
    among = for_slot(core, batch, slot, avoided(core, batch, core.me))
    if among is not None and not among:
        return
    index = among.lowest() if among else batch.work.first()
    if _run_size(core, batch, batch.tasks.work_class(index)) > 1:
        return
    ranges = Ranges.of(index)
    start = StartRecord(batch.id, batch.will.turn, slot.id, ranges.encode(), True)
    slot.noted = (batch.id, start.ranges, core.write(start))


def on_stop_asked(core: Core, event: StopAsked) -> None:
    """The process ends now, and not by a crash: what runs is no failure of its task."""
    core.draining = True
    for slot in core.slots.values():
        if slot.chunks:
            core.note_idle(core.batches[slot.chunks[0].batch], slot)


def tick_crashed(core: Core) -> None:
    """Tasks that ran when an earlier process of this peer was ended may have been the reason.

    Where more than one may have run, nobody knows which; from now on each runs for itself.
    """
    crashed, core.crashed = core.crashed, []
    for slot in crashed:
        suspects = [(batch, start, left - batch.results.known) for batch, start, left in slot]
        suspects = [suspect for suspect in suspects if suspect[2]]
        for batch, _, _ in suspects:
            batch.singly = True
        sure = len(suspects) == 1 and suspects[0][2].count() == 1 and not suspects[0][1].ahead
        if sure and suspects[0][1].turn == suspects[0][0].will.turn:
            reason = "this peer was ended while it ran it: a crash, a power cut, or somebody killed it"
            _record_failure(core, suspects[0][0], next(suspects[0][2].indices()), reason)


def _wants_chunk(core: Core, slot: Slot) -> bool:
    if not slot.ready or len(slot.chunks) > 1 or core.now_ms < slot.rests_until_ms:
        return False
    return not slot.chunks or wants_ahead(core, slot)


def _start_next(core: Core, slot: Slot) -> bool:
    for batch in in_turn(core, slot):
        if not may_start(core, batch):
            continue
        avoid = avoided(core, batch, core.me)
        among = for_slot(core, batch, slot, avoid)
        if among is not None and not among:
            continue
        work_class = batch.tasks.work_class(among.lowest() if among else batch.work.first())
        batch.held_back = hold_back(core, batch, slot, work_class)
        if batch.held_back:
            core.at("seek", core.now_ms + 20)
            continue
        count = _chunk_size(core, batch, work_class)
        ranges = batch.work.take_front(count, avoid, among)
        if not ranges:
            continue
        core.served += 1
        batch.served = core.served
        batch.touch()
        if _looks_up(core, batch):
            start_lookup(core, slot, batch, ranges)
        else:
            hand_over(core, slot, batch, ranges)
        return True
    return False


def _looks_up(core: Core, batch: Batch) -> bool:
    """Was equal work done before? Not asked for a batch that shall be rendered anew."""
    known = batch.recipe.engine in core.keyed or bool(batch.recipe.hashes)
    return known and core.store.ok and not batch.recipe.run


def _chunk_size(core: Core, batch: Batch, work_class: str) -> int:
    return batch.lookup_width if _looks_up(core, batch) else _run_size(core, batch, work_class)


def _run_size(core: Core, batch: Batch, work_class: str) -> int:
    us = speed_us(core, work_class)
    if not us or batch.singly:
        return 1
    fair = -(-batch.work.count() // (2 * len(core.slots)))
    return max(1, min(core.tuning.chunk_us // us, fair, MAX_ENTRIES // 2))


def _chunk(core: Core, slot: int, number: int) -> Chunk | None:
    return next((chunk for chunk in core.slots[slot].chunks if chunk.number == number), None)


def _limit_ms(core: Core, chunk: Chunk) -> int:
    asked = core.batches[chunk.batch].will.settings.timeout_ms
    if asked:
        return asked
    times = core.times.get(chunk.work_class)
    usual = median(times) / 1000 if times else 0
    return max(core.tuning.timeout_floor_ms, round(core.tuning.timeout_factor * usual))


def _give_back(core: Core, chunk: Chunk, slot: int) -> None:
    batch = core.batches[chunk.batch]
    left = batch.requeue(chunk.left)
    if left and chunk.given:
        _note_left(core, core.slots[slot], batch)
    core.remember(batch, left, "back in line: its slot gave it back")
    core.at("reports", core.now_ms)


def _note_left(core: Core, slot: Slot, batch: Batch) -> None:
    """Write down what runs in a slot after a chunk of the batch was taken from it: nothing, or what was before it."""
    given = next((chunk for chunk in slot.chunks if chunk.given and not chunk.lookup), None)
    if given is None:
        core.note_idle(batch, slot)
        return
    slot.noted = None
    batch = core.batches[given.batch]
    core.write(StartRecord(batch.id, batch.will.turn, slot.id, given.left.encode()))


def _fail(
    core: Core, chunk: Chunk, index: int, reason: str, *, permanent: bool = False, peer_bound: bool = False
) -> None:
    batch = core.batches[chunk.batch]
    chunk.left.discard(index, index + 1)
    batch.failing.add(index, index + 1)
    failure = _record_failure(core, batch, index, reason, permanent=permanent, peer_bound=peer_bound)
    probation.on_failure(core, batch, failure, batch.tasks.work_class(index))


def _record_failure(
    core: Core, batch: Batch, index: int, reason: str, *, permanent: bool = False, peer_bound: bool = False
) -> Failure:
    attempt, made = 1 + batch.results.failures.count(index), core.next_record(batch)
    failure = Failure(batch.id, made, batch.will.turn, index, attempt, reason[:2000], permanent, peer_bound)
    core.remember(batch, Ranges.of(index), f"attempt {attempt} failed: {reason}")
    core.tell("warning", f"task {index} of {short(batch.id)}, attempt {attempt}: {reason}")
    core.write(failure, lambda position: _failed(core, batch, failure, position))
    return failure


def _failed(core: Core, batch: Batch, failure: Failure, position: int) -> None:
    absorb(batch, failure, position)
    if failure.index in batch.failing:  # what an earlier process failed may run here again meanwhile
        batch.running.discard(failure.index, failure.index + 1)
        batch.failing.discard(failure.index, failure.index + 1)
    add_fact(core, batch, position)
    batch.touch(urgent=True)
    core.stirred = True
    core.at("rounds", core.now_ms)
