"""A journal read again after a restart: batches with their wills, results, failures, what to tell guardians anew.

Holdings are never replayed. Own results that are not safe yet are held as finished, to be published or copied.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from musep2p.core.accounting import absorb, judge_failures
from musep2p.core.batch import Batch
from musep2p.core.carriers import storeless
from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Tasks
from musep2p.core.records import (
    BatchFact,
    RecipeRecord,
    Record,
    RecordId,
    ResultBlock,
    SafeMark,
    StartRecord,
    StoreRecord,
    WillRecord,
    Withdrawal,
    spooled_bytes,
)
from musep2p.core.reports import await_copies
from musep2p.core.results import indices_of
from musep2p.core.state import Core
from musep2p.core.submission import new_batch
from musep2p.core.wills import will_rank

__all__ = ["replay"]


@dataclass(slots=True)
class _Replay:
    """What is still open while the journal is read.

    Attributes:
        tasks: recipes without a will.
        untold: blocks not yet called safe as a whole, by their position; `sizes` of their outputs.
        running: what each slot was handed last, and what of it has neither result nor failure.
    """

    tasks: dict[BatchId, Tasks] = field(default_factory=dict)
    untold: dict[tuple[BatchId, RecordId], int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    running: dict[int, list[tuple[StartRecord, Ranges]]] = field(default_factory=dict)


def replay(core: Core, records: Iterable[Record]) -> None:
    """Take in a journal, one record after the other, in the order of its positions."""
    state = _Replay()
    for core.written, record in enumerate(records, 1):
        if isinstance(record, RecipeRecord):
            state.tasks[record.batch] = Tasks(record.recipe)
        elif isinstance(record, WillRecord):
            _will(core, state, record)
        elif isinstance(record, StoreRecord):
            core.store.farm_id = min(record.store_id, core.store.farm_id or record.store_id)
        elif isinstance(record, StartRecord):
            before = state.running.get(record.slot, [])[-1:] if record.ahead else []
            state.running[record.slot] = [*before, (record, Ranges.decode(record.ranges))]
        elif (batch := core.batches.get(record.batch)) is not None:
            _fact(batch, state, record, core.written)
            _ended(core, state, record)
    core.durable = core.written
    untold: dict[BatchId, list[tuple[int, bool]]] = {}
    for (batch_id, first), position in state.untold.items():
        untold.setdefault(batch_id, []).append((position, first.peer == core.me))
    for batch in core.batches.values():
        judge_failures(batch)
        batch.results.doubt_withdrawn()
        _take_up(core, batch, untold.get(batch.id, []), state.sizes)
    core.spooled = sum(state.sizes[position] for _, position in core.unpublished)
    for slot in state.running.values():
        left_over = [(start, left) for start, left in slot if left and start.batch in core.batches]
        core.crashed.append([(core.batches[start.batch], start, left) for start, left in left_over])


def _will(core: Core, state: _Replay, record: WillRecord) -> None:
    batch = core.batches.get(record.batch)
    if batch is None and record.batch in state.tasks:
        batch = new_batch(core, record.batch, state.tasks.pop(record.batch), record.will)
    if batch is not None:
        batch.known = batch.replayed = True
        batch.unread = core.store.state != "absent"
        batch.will = max(batch.will, record.will, key=will_rank)
        core.wills.put(batch.id, record.will)


def _fact(batch: Batch, state: _Replay, record: BatchFact, position: int) -> None:
    absorb(batch, record, position)
    if isinstance(record, ResultBlock) and not record.safe:
        state.untold[batch.id, record.first] = position
        state.sizes[position] = spooled_bytes(record.entries)
        return
    if isinstance(record, ResultBlock):
        state.untold.pop((batch.id, record.first), None)
    batch.log.append(position)


def _ended(core: Core, state: _Replay, record: BatchFact) -> None:
    """Tasks of which we said what came of them do not run any more."""
    if isinstance(record, SafeMark | Withdrawal):
        return
    if isinstance(record, ResultBlock):
        made, indices = record.first, indices_of(record.entries)
    else:
        made, indices = record.id, Ranges.of(record.index)
    if made.peer != core.me:
        return
    for start, left in (one for slot in state.running.values() for one in slot):
        if start.batch == record.batch:
            left.difference_update(indices)


def _take_up(core: Core, batch: Batch, untold: list[tuple[int, bool]], sizes: dict[int, int]) -> None:
    """Blocks that nothing called safe as a whole: told as far as marks made them safe, else published or copied."""
    # Of a doubted index nobody knows yet whether what is left is safe; to publish that again harms nothing.
    unsafe = batch.results.by_position((batch.results.known - batch.results.safe) | batch.results.doubted)
    alone = core.store.state == "absent"
    kept = storeless(core)  # what others made was told to us with its outputs
    copied = {position for position, own in untold if alone and (not sizes[position] or (kept and not own))}
    told = [position for position, _ in untold if position in copied or position not in unsafe]
    batch.log = array("I", sorted([*batch.log, *told]))
    for position, own in untold:
        if own and position in copied and position in unsafe:
            await_copies(core, batch, unsafe[position])
        elif own and position in unsafe:
            batch.finished.update(unsafe[position])
            core.unpublished.append((batch.id, position))
