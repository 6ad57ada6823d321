"""One peer as a state machine: `handle(event, now_ms) -> effects`, `wake_at()`, `check()`.

The whole protocol is reached from the two tables below: what can happen, and what peers can say. Everything
that follows from an event (slots to fill, work to ask for, faces to answer) is settled before the effects leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from musep2p.core import (
    abilities,
    accounting,
    ahead,
    clients,
    facts,
    finding,
    handover,
    hearing,
    looks,
    market,
    membership,
    messages,
    paces,
    probation,
    progress,
    publishing,
    reports,
    rest,
    submission,
    travel,
    withdrawal,
    work,
)
from musep2p.core import events as ev
from musep2p.core.data import NEVER
from musep2p.core.effects import Effect, Leave
from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.records import Record
from musep2p.core.replay import replay
from musep2p.core.state import Core
from musep2p.errors import LocalProtocolError

__all__ = ["PeerState"]

_REST_MS = 1000


class PeerState:
    """The protocol of one peer.

    Args:
        core: the peer's data, made by the shell or the simulator with its identity, rng and tuning.
    """

    def __init__(self, core: Core) -> None:
        self.core = core
        self._on_event: dict[type[ev.Event], Callable[[Any], None]] = {
            ev.Woke: lambda event: None,
            ev.Sighted: lambda event: membership.on_sighted(core, event),
            ev.Received: self._on_received,
            ev.LinkRefused: lambda event: membership.on_link_refused(core, event),
            ev.Durable: lambda event: core.on_durable(event.position),
            ev.SlotReady: lambda event: work.on_slot_ready(core, event),
            ev.Cooled: lambda event: work.on_cooled(core, event),
            ev.ModelsChanged: lambda event: abilities.on_models(core, event),
            ev.RestChanged: lambda event: rest.on_rest(core, event),
            ev.Tested: self._on_tested,
            ev.Begun: lambda event: work.on_begun(core, event),
            ev.TasksDone: lambda event: work.on_tasks_done(core, event),
            ev.TaskFailed: lambda event: work.on_task_failed(core, event),
            ev.ChunkEnded: lambda event: work.on_chunk_ended(core, event),
            ev.SlotDied: lambda event: work.on_slot_died(core, event),
            ev.StoreChanged: lambda event: publishing.on_store_changed(core, event),
            ev.DiskChanged: lambda event: publishing.on_disk_changed(core, event),
            ev.Published: lambda event: publishing.on_published(core, event),
            ev.PublishFailed: lambda event: publishing.on_publish_failed(core, event),
            ev.OutputGone: lambda event: publishing.on_output_gone(core, event),
            ev.LookedUp: lambda event: work.on_looked_up(core, event),
            ev.BatchesFound: lambda event: finding.on_batches_found(core, event),
            ev.ResultsRead: lambda event: finding.on_results_read(core, event),
            ev.WithdrawalsStored: lambda event: withdrawal.on_withdrawals_stored(core, event),
            ev.Reread: lambda event: publishing.on_reread(core, event),
            ev.Recounted: lambda event: withdrawal.on_recounted(core, event),
            ev.BatchStored: lambda event: submission.on_batch_stored(core, event),
            ev.Asked: lambda event: clients.on_asked(core, event),
            ev.DrainAsked: lambda event: self._on_drain(),
            ev.StopAsked: lambda event: work.on_stop_asked(core, event),
        }
        self._on_message: dict[type[Any], Callable[..., None]] = {
            messages.Heartbeat: self._on_heartbeat,
            messages.Roster: hearing.on_roster,
            messages.Addresses: membership.on_addresses,
            messages.Goodbye: membership.on_goodbye,
            messages.Copy: submission.on_copy,
            messages.Copied: submission.on_copied,
            messages.Buckets: submission.on_buckets,
            messages.Wills: submission.on_wills,
            messages.RecipeAsk: self._on_recipe_ask,
            messages.PieceAsk: travel.on_piece_ask,
            messages.Piece: submission.on_piece,
            messages.Question: reports.on_question,
            messages.Report: facts.on_report,
            messages.ReportAck: reports.on_report_ack,
            messages.Drop: accounting.on_drop,
            messages.Progress: progress.on_progress,
            messages.ProgressAsk: progress.on_progress_ask,
            messages.Ask: market.on_ask,
            messages.Grant: market.on_grant,
            messages.Refusal: market.on_refusal,
            messages.Taken: market.on_taken,
            messages.Declined: market.on_declined,
            messages.Handover: handover.on_handover,
            messages.OutputAsk: handover.on_output_ask,
            messages.Output: publishing.on_output,
            messages.HandedOver: handover.on_handed_over,
            messages.Calibrate: looks.on_calibrate,
        }
        self._on_timer: dict[str, Callable[[Core], None]] = {
            "beat": membership.tick_beat,
            "dial": membership.tick_dial,
            "copies": submission.tick_copies,
            "fetches": travel.tick_fetches,
            "reports": reports.tick_reports,
            "rounds": accounting.tick_rounds,
            "progress": progress.tick_progress,
            "ask": market.tick_ask,
            "grants": market.tick_grants,
            "handovers": handover.tick_handovers,
            "publish": _publish,
            "rest": _rest,
            "seek": _stir,
            "store": finding.store_is_there,
            "look": finding.tick_look,
            "held-starts": _stir,
            "probation": probation.tick_probation,
            "calibrations": looks.tick_calibrations,
            "crashed": work.tick_crashed,
            "deadlines": work.tick_deadlines,
            "behind": ahead.tick_behind,
            "waiters": clients.tick_waiters,
            "adoption": publishing.tick_adoption,
            "drain": _stir,
        }

    def restore(self, records: Iterable[Record]) -> None:
        """Replay a journal, before the first event: recipes, wills, results, failures; never holdings."""
        replay(self.core, records)
        assert not self.core.effects, "nothing is done before the first event"

    def handle(self, event: ev.Event, now_ms: int, cause: str = "") -> list[Effect]:
        """Take one event; return what shall be done, in order.

        Args:
            event: what happened.
            now_ms: monotonic milliseconds of this peer; never goes back.
            cause: what the effects shall name as their cause; made up from the event when empty.

        Raises:
            LocalProtocolError: the event is of no known type: a bug of the caller.
        """
        core = self.core
        core.effects = []
        if isinstance(event, ev.Received):
            core.cause = event.envelope.cause
        else:
            core.cause = cause or f"{core.hello.name[:24]}.{core.next_number()}"
        self._set_clock(now_ms)
        handler = self._on_event.get(type(event))
        if handler is None:
            raise LocalProtocolError(f"no handler for {type(event).__name__}")
        handler(event)
        self._settle()
        return core.effects

    def wake_at(self) -> int:
        """When `handle(Woke())` is due, in this peer's milliseconds."""
        return self.core.due_ms if self.core.timers else self.core.now_ms + _REST_MS

    def check(self) -> None:
        """Assert the invariants of one peer. Called by tests, and by the simulator after every event.

        Raises:
            AssertionError: one does not hold.
        """
        core = self.core
        granted, running, none = _granted(core), _in_slots(core), Ranges()
        for batch in core.batches.values():
            grants = granted.get(batch.id, none)
            assert grants == batch.granted, f"grants {grants} but held as granted {batch.granted}"
            slots = running.get(batch.id, none)
            assert slots.issubset(batch.running), f"in slots {slots} but held as running {batch.running}"
            if slots != batch.running:
                lost = batch.running - slots - batch.failing
                assert not lost, f"held as running {lost}, and no slot has them"
            held = batch.work.held()
            assert held.isdisjoint(batch.granted), "queued and granted"
            assert held.isdisjoint(batch.running), "queued and running"
            batch.work.check()
            assert batch.results.safe.issubset(batch.results.known), "safe without a result"
            assert batch.results.known.count() <= batch.results.wanted
        assert all(len(slot.chunks) <= 2 for slot in core.slots.values())
        assert core.durable <= core.written, "more durable than written"

    def _set_clock(self, now_ms: int) -> None:
        core = self.core
        before, core.now_ms = core.now_ms, max(now_ms, core.now_ms)
        if core.started_ms < 0:
            core.started_ms = core.now_ms
            core.at("beat", core.now_ms)
            core.at("crashed", core.now_ms)
        if core.now_ms - before > core.tuning.stall_ms:
            late = core.now_ms - self.wake_at()
            if late > core.tuning.stall_ms:
                membership.survived_stall(core, late)

    def _on_received(self, event: ev.Received) -> None:
        body = event.envelope.body
        if type(body) is messages.Hello:
            membership.on_hello(self.core, event)
            return
        if type(body) is messages.Refused:
            membership.on_refused(self.core, event)
            return
        sender = membership.known_sender(self.core, event.envelope, event.via)
        if sender is not None:
            self._on_message[type(body)](self.core, sender, body)

    def _on_tested(self, event: ev.Tested) -> None:
        if not looks.on_calibrated(self.core, event):
            probation.on_tested(self.core, event)

    def _on_heartbeat(self, core: Core, sender: Any, body: messages.Heartbeat) -> None:
        hearing.on_heartbeat(core, sender, body)
        submission.exchange_wills(core, sender, body.wills)
        publishing.meet_store(core, sender, body)

    def _on_recipe_ask(self, core: Core, sender: Any, body: messages.RecipeAsk) -> None:
        submission.on_recipe_ask(core, sender, body)
        batch = core.batches.get(body.batch)
        if batch is not None and sender.id in batch.accounting.waiting:
            batch.accounting.waiting.discard(sender.id)
            core.at("rounds", core.now_ms)

    def _on_drain(self) -> None:
        core = self.core
        core.draining = core.stirred = True
        core.idle_since_ms = core.now_ms
        market.give_all_away(core)
        core.beat_wanted = True
        core.at("beat", core.now_ms)

    def _settle(self) -> None:
        """What follows from the event: timers that are due, peers lost, slots to fill, faces to answer."""
        core = self.core
        for _ in range(4):
            self._run_timers()
            while core.lost:
                lost = core.lost.pop()
                market.take_back_grants(core, lost)
                accounting.forget_peer(core, lost)
                handover.forget_carriage(core, lost.id)
            if not core.stirred:
                break
            core.stirred = False
            work.fill_slots(core)
            market.seek(core)
            for batch in list(core.awake.values()):
                reports.settle_copies(core, batch)
                withdrawal.recount(core, batch)
            _announce_work(core)
        if core.submissions:
            submission.settle_submissions(core)
        if core.withdrawn:
            withdrawal.settle_withdrawn(core)
        if core.waiters:
            clients.settle_waiters(core)
        if core.draining and not core.left:
            _leave_if_empty(core)

    def _run_timers(self) -> None:
        for name in self.core.take_due():
            self._on_timer[name](self.core)


def _granted(core: Core) -> dict[BatchId, Ranges]:
    """What all grants have, by batch; asserts that nothing is granted twice."""
    granted: dict[BatchId, Ranges] = {}
    for grant in core.grants.values():
        before = granted.setdefault(grant.batch, Ranges())
        assert before.isdisjoint(grant.ranges), f"granted twice: {before & grant.ranges}"
        before.update(grant.ranges)
    return granted


def _in_slots(core: Core) -> dict[BatchId, Ranges]:
    """What all slots have, by batch."""
    running: dict[BatchId, Ranges] = {}
    for slot in core.slots.values():
        for chunk in slot.chunks:
            running.setdefault(chunk.batch, Ranges()).update(chunk.left)
    return running


def _rest(core: Core) -> None:
    reports.let_rest(core)
    if core.awake:
        core.at("rest", core.now_ms + _REST_MS)


def _publish(core: Core) -> None:
    publishing.publish_waiting(core)
    core.stirred = True


def _stir(core: Core) -> None:
    core.stirred = True


def _announce_work(core: Core) -> None:
    """Others hear of a load that changed much, or became more urgent, before the next heartbeat; not too often."""
    queued = [batch for batch in core.awake.values() if batch.work]
    total = sum(batch.work.count() for batch in queued)
    urgent = max((batch.will.settings.priority for batch in queued), default=-NEVER)
    before, urgent_before = core.announced
    grown = total > 0 and (before == 0 or urgent > urgent_before)
    changed = abs(total - before) * 4 > before
    core.announced = (before, urgent)
    if not (grown or changed) or not core.members:
        return
    core.announced = (total, urgent)
    gap = 20 if grown else 500 if core.wide else max(100, 10 * len(core.members))
    core.beat_wanted = True
    core.at("beat", max(core.now_ms, core.beaten_ms + gap))


def _leave_if_empty(core: Core) -> None:
    """Leave once nothing runs and all is safe; what cannot become safe now waits in the spool, and that is said."""
    if any(batch.running for batch in core.batches.values()):
        core.idle_since_ms = core.now_ms
        return
    patient = core.now_ms < core.idle_since_ms + core.tuning.drain_ms
    unsafe = sum(batch.finished.count() for batch in core.batches.values())
    on_their_way = core.publishing or core.handovers or core.carried or core.grants
    busy = on_their_way or core.submissions or core.durable < core.written
    untold = any(reports.is_behind(core, batch) for batch in core.awake.values())  # two copies shall stay, not one
    if patient and (unsafe or busy or untold):
        core.at("drain", core.idle_since_ms + core.tuning.drain_ms)
        return
    if unsafe:
        core.tell("warning", f"{unsafe} results exist only here; they are published when this peer joins again")
    core.left = True
    paces.keep_paces(core)
    for member in core.up_members():
        core.send(member, messages.Goodbye())
    core.effects.append(Leave())
