"""Batches that only the store knows: whoever sees the store finds them there, and they go on.

Every peer looks when it first sees the store, after it had time to hear of the others' batches; later one of those
that see it looks every minute. What the store's records say is learned before the batch counts as known here.
"""

from __future__ import annotations

from functools import partial

from musep2p.core.accounting import absorb
from musep2p.core.batch import Batch
from musep2p.core.carriers import first_that_sees
from musep2p.core.data import NEVER
from musep2p.core.effects import LookForBatches, ReadResults
from musep2p.core.events import BatchesFound, FoundBatch, ResultsRead
from musep2p.core.ids import short
from musep2p.core.recipe import Tasks
from musep2p.core.records import RecipeRecord, ResultBlock, WillRecord, Withdrawal
from musep2p.core.reports import add_fact
from musep2p.core.state import Core
from musep2p.core.submission import new_batch, will_durable
from musep2p.errors import RecipeError

__all__ = ["on_batches_found", "on_results_read", "store_is_there", "tick_look"]

_FIRST_MS = 4000  # by then the others have told of what they know
_EVERY_MS = 60_000
_MORE_MS = 1000


def store_is_there(core: Core) -> None:
    """The store was opened, or is back."""
    core.looked = False
    core.at("look", core.now_ms + _FIRST_MS)
    for batch in core.batches.values():
        if batch.reading:
            core.effects.append(ReadResults(batch.id, batch.recipe, 0))


def tick_look(core: Core) -> None:
    """Look for batches that nobody told us of."""
    if not core.store.ok or core.draining:
        return
    if not core.looked or first_that_sees(core):
        core.effects.append(LookForBatches(tuple(sorted({short(batch) for batch in core.batches}))))
    core.looked = True
    core.at("look", core.now_ms + _EVERY_MS)


def on_batches_found(core: Core, event: BatchesFound) -> None:
    """Unfinished batches that we did not know when we asked."""
    for found in event.found:
        if found.batch not in core.batches:
            _begin(core, found)
    if event.found:
        core.at("look", core.now_ms + _MORE_MS)
        core.looked = False


def on_results_read(core: Core, event: ResultsRead) -> None:
    """What was done of a batch is learned; after the last of it one that was found is known."""
    batch = core.batches.get(event.batch)
    if batch is None or not batch.reading:
        return
    for fact in event.facts:
        if isinstance(fact, Withdrawal):
            known = batch.results.has_withdrawal(fact)
        else:
            known = batch.results.covers(fact)
        if fact.batch == batch.id and not known:
            core.write(fact, partial(_learn, core, batch, fact))
    if event.next:
        core.effects.append(ReadResults(batch.id, batch.recipe, event.next))
    else:
        batch.reading = False
        core.when_durable(lambda: _found(core, batch))


def _begin(core: Core, found: FoundBatch) -> None:
    try:
        tasks = Tasks(found.recipe)
    except RecipeError as error:
        core.tell("warning", f"{found.folder} on the store has a recipe that cannot be used: {error}")
        return
    batch = new_batch(core, found.batch, tasks, found.will)
    batch.folder, batch.reading = found.folder, True
    core.write(RecipeRecord(batch.id, found.recipe))
    core.write(WillRecord(batch.id, found.will))
    core.effects.append(ReadResults(batch.id, found.recipe, 0))


def _learn(core: Core, batch: Batch, fact: ResultBlock | Withdrawal, position: int) -> None:
    absorb(batch, fact, position)
    core.stirred = core.stirred or bool(batch.results.doubted)
    add_fact(core, batch, position)


def _found(core: Core, batch: Batch) -> None:
    batch.unread = batch.accounting.lost = False
    batch.accounting.reads_until_ms = -NEVER
    core.at("rounds", core.now_ms)
    if not batch.known:
        core.tell("info", f"batch {short(batch.id)} {batch.will.settings.name!r} was found on the store, and goes on")
        will_durable(core, batch, batch.will)
