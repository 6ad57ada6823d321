"""Results that proved wrong: their records are withdrawn, on the store first, then in the journals of all who count.

A face names records whose objects are not what they say. What an index has left is known once its records were read
again; with none left it is unaccounted, and rendered anew like whatever else nobody holds.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from musep2p.core import requests as r
from musep2p.core.accounting import absorb, judge_failures
from musep2p.core.batch import Batch
from musep2p.core.effects import Recount, Reply, Withdraw
from musep2p.core.events import Asked, Recounted, WithdrawalsStored
from musep2p.core.ranges import Ranges
from musep2p.core.records import ResultBlock, Withdrawal
from musep2p.core.reports import add_fact, copied
from musep2p.core.results import signed
from musep2p.core.state import Core

__all__ = [
    "learn_withdrawal",
    "on_recounted",
    "on_withdraw_ask",
    "on_withdraw_failed",
    "on_withdrawals_stored",
    "recount",
    "recounted",
    "settle_withdrawn",
]

_AT_ONCE = 256


def on_withdraw_ask(core: Core, event: Asked, batch: Batch) -> None:
    """A face says which records are wrong: the store is told first, so that it never says less than we do."""
    ask = event.request.body
    assert isinstance(ask, r.WithdrawAsk)
    if not core.store.ok:
        answer = r.ErrorAnswer("store", "this peer does not see the store now.", "Ask again when it does.", 1)
        core.effects.append(Reply(event.via, r.Answer(event.request.number, answer)))
        return
    if any(index >= batch.results.total for _, index in ask.records):
        answer = r.ErrorAnswer("index", "the batch has no such task.", "`musep2p status` says how many it has.", 2)
        core.effects.append(Reply(event.via, r.Answer(event.request.number, answer)))
        return
    wrong = tuple(Withdrawal(batch.id, record, index) for record, index in ask.records)
    op = core.next_number()
    core.withdrawing[op] = (batch.id, wrong, event.via, event.request.number)
    core.effects.append(Withdraw(op, batch.id, batch.will.settings.name, batch.recipe, wrong))


def on_withdrawals_stored(core: Core, event: WithdrawalsStored) -> None:
    """The store has them: now they count here, and the guardians hear of them."""
    asked = core.withdrawing.pop(event.op, None)
    if asked is None:
        return
    batch_id, wrong, via, number = asked
    batch = core.batches[batch_id]
    for withdrawal in wrong:
        if not batch.results.has_withdrawal(withdrawal):
            learn_withdrawal(core, batch, withdrawal)
    answer = Reply(via, r.Answer(number, r.Withdrawn(batch.id, len(wrong))))
    core.when_durable(lambda: core.withdrawn.append((batch.id, len(batch.log), answer)))


def settle_withdrawn(core: Core) -> None:
    """Answer the faces whose withdrawals two guardians have durably, or all that there are."""
    for batch_id, told, answer in list(core.withdrawn):
        if copied(core, core.batches[batch_id]) >= told:
            core.withdrawn.remove((batch_id, told, answer))
            core.effects.append(answer)


def on_withdraw_failed(core: Core, op: int, reason: str) -> bool:
    """The store did not take them; False if that was another operation."""
    asked = core.withdrawing.pop(op, None)
    if asked is None:
        return False
    answer = r.ErrorAnswer("store", f"the store did not take it: {reason}.", "Ask again when it is well.", 1)
    core.effects.append(Reply(asked[2], r.Answer(asked[3], answer)))
    return True


def learn_withdrawal(core: Core, batch: Batch, withdrawal: Withdrawal) -> None:
    """Write a withdrawal that is news here; once that is durable it counts and is told."""

    def learned(position: int) -> None:
        absorb(batch, withdrawal, position)
        batch.wake()
        add_fact(core, batch, position)
        core.remember(batch, Ranges.of(withdrawal.index), "its result proved wrong and was withdrawn")
        core.stirred = True

    core.write(withdrawal, learned)


def recount(core: Core, batch: Batch) -> None:
    """Have the records of doubted indices read again."""
    doubted = batch.results.doubted
    if not doubted or batch.recounting:
        return
    batch.recounting = True
    rows = tuple((index, batch.results.positions(index)) for index in doubted.first(_AT_ONCE).indices())
    core.effects.append(Recount(batch.id, rows))


def recounted(effect: Recount, read: Callable[[int], object]) -> Recounted:
    """What an effect asks for, with `read` giving the record at a position of the journal."""
    needed = {position for _, positions in effect.rows for position in positions}
    blocks = {at: signed(record) for at in sorted(needed) if isinstance(record := read(at), ResultBlock)}
    rows = (
        (index, tuple((at, *blocks[at][index]) for at in positions if at in blocks)) for index, positions in effect.rows
    )
    return Recounted(effect.batch, tuple(rows))


def on_recounted(core: Core, event: Recounted) -> None:
    """The records are read: what was withdrawn is out; what has no result left is work again."""
    batch = core.batches[event.batch]
    results = batch.results
    batch.recounting = False
    for index, read in event.rows:
        if {position for position, _, _ in read} != set(results.positions(index)):
            continue  # another came meanwhile: read again
        results.settle_doubt(index, read, unsafe=index in batch.finished)
        if index not in results.safe:
            _is_work_again(core, batch, index)
    core.stirred = True


def _is_work_again(core: Core, batch: Batch, index: int) -> None:
    batch.told_on.discard(index, index + 1)
    judge_failures(batch)
    batch.accounting.complete = False
    if batch.progress is not None and batch.progress.complete:
        batch.progress = msgspec.structs.replace(batch.progress, complete=False)
    batch.changes += 1
    batch.wake()
    core.at("rounds", core.now_ms)
