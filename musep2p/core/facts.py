"""What reporters tell a guardian: facts are made durable, then the holdings are believed, then all is acknowledged.

In a farm without a store a result whose output is a file counts here only when its bytes do: they are fetched first,
some results at once, and what follows in the log waits.
"""

from __future__ import annotations

from array import array

from musep2p.core import messages as m
from musep2p.core.accounting import absorb, acting, drop_settled, tell_on
from musep2p.core.batch import Batch, View
from musep2p.core.carriers import storeless
from musep2p.core.data import Carried, Member
from musep2p.core.handover import fetch
from musep2p.core.progress import conclude_own
from musep2p.core.ranges import Ranges
from musep2p.core.records import BatchFact, Failure, ResultBlock, Withdrawal, spooled_bytes
from musep2p.core.state import Core

__all__ = ["on_report", "take_copy"]

_WAITING_MAX = 64


def on_report(core: Core, sender: Member, body: m.Report) -> None:
    """A peer tells what it holds and knows."""
    batch = core.batches.get(body.batch)
    sender.known.add(body.batch)
    if batch is None or not batch.known:
        core.send(sender, m.RecipeAsk(body.batch))
        return
    batch.wake()
    batch.began_before(core.now_ms, body.elapsed_ms)
    view = _view(batch, sender)
    gap = body.start > view.received
    if not gap and len(view.waiting) < _WAITING_MAX:
        news = body.facts[view.received - body.start :]
        view.waiting.extend(news)
        view.received += len(news)
    _take_in(core, batch, sender, view)
    taken = view.taken
    core.when_durable(lambda: _believe(core, batch, sender, view, body, taken, gap))


def take_copy(core: Core, carried: Carried, *, there: bool) -> None:
    """The outputs of a reported result are here, or cannot be had: it counts, and so does what waited behind it."""
    batch, sender = core.batches[carried.block.batch], core.members.get(carried.sender)
    view = batch.accounting.views.get(carried.sender)
    if view is None or sender is None or carried.incarnation != view.incarnation:
        return
    view.fetched[carried.number] = there
    _take_in(core, batch, sender, view)
    taken = view.taken

    def told() -> None:
        if batch.accounting.views.get(sender.id) is view:
            view.position = max(view.position, taken)
            _acknowledge(core, batch, sender, view)

    core.when_durable(told)


def _take_in(core: Core, batch: Batch, sender: Member, view: View) -> None:
    """Write down what is complete, in order, and ask for outputs of what is not."""
    while view.waiting and not _must_copy(core, batch, view, view.taken, view.waiting[0]):
        copied = view.fetched.pop(view.taken, False)
        _keep_fact(core, batch, view, view.waiting.popleft(), copied=copied)
    for place, fact in enumerate(view.waiting, view.taken):
        if isinstance(fact, ResultBlock) and _must_copy(core, batch, view, place, fact):
            fetch(core, sender, place, fact)


def _must_copy(core: Core, batch: Batch, view: View, place: int, fact: BatchFact) -> bool:
    """True for a result that cannot be acknowledged yet, since its outputs are not here."""
    if not storeless(core) or not isinstance(fact, ResultBlock) or fact.batch != batch.id or place in view.fetched:
        return False
    return bool(spooled_bytes(fact.entries)) and not batch.results.covers(fact)


def _view(batch: Batch, sender: Member) -> View:
    view = batch.accounting.views.get(sender.id)
    if view is None or view.incarnation != sender.incarnation:
        view = batch.accounting.views[sender.id] = View(sender.incarnation)
    return view


def _keep_fact(core: Core, batch: Batch, view: View, fact: BatchFact, *, copied: bool) -> None:
    if fact.batch != batch.id or _knows(batch, fact):
        return

    def learned(position: int) -> None:
        if copied:
            core.kept.add(position)
        _learn(core, batch, view, fact, position)

    core.write(fact, learned)


def _knows(batch: Batch, fact: BatchFact) -> bool:
    if isinstance(fact, ResultBlock):
        return batch.results.covers(fact)
    if isinstance(fact, Failure):
        return batch.results.has_failure(fact)
    if isinstance(fact, Withdrawal):
        return batch.results.has_withdrawal(fact)
    return Ranges.decode(fact.ranges).issubset(batch.results.safe)


def _learn(core: Core, batch: Batch, view: View, fact: BatchFact, position: int) -> None:
    """Keep what a reporter told for the case that it is lost; if it was lost meanwhile, tell it on.

    What was known before needs no keeping: it is in our own log, or in that of somebody who is up.
    """
    absorb(batch, fact, position)
    conclude_own(core, batch)
    batch.wake()
    core.stirred = core.stirred or bool(batch.results.doubted)
    if any(known is view for known in batch.accounting.views.values()):
        view.facts.append(position)
    else:
        tell_on(core, batch, array("I", [position]))


def _believe(core: Core, batch: Batch, sender: Member, view: View, body: m.Report, taken: int, gap: bool) -> None:
    if core.members.get(sender.id) is not sender or batch.accounting.views.get(sender.id) is not view:
        return
    if not gap:
        view.position = max(view.position, taken)
    whole = not gap and body.stop == body.end and view.position >= body.end
    if whole and body.version >= view.version:
        view.version = body.version
        view.queued, view.running = Ranges.decode(body.queued), Ranges.decode(body.running)
        view.finished = Ranges.decode(body.finished)
        view.answered = max(view.answered, body.round)
    _acknowledge(core, batch, sender, view, gap=gap)
    if whole and acting(core, batch):
        if core.wide:
            drop_settled(core, batch, sender.id)
            core.at("rounds", core.now_ms + core.tuning.report_ms)
        else:
            drop_settled(core, batch)
            core.at("rounds", core.now_ms)


def _acknowledge(core: Core, batch: Batch, sender: Member, view: View, *, gap: bool = False) -> None:
    ack = m.ReportAck(batch.id, view.position, max(0, view.version), gap, storeless(core), view.received)
    core.send(sender, ack)
