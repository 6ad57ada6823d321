"""Asks and grants: the dialogue between thief and victim.

    thief                         victim
      Ask(n) ------------------->   choose_share, tasks leave the deque, held as granted
      <------------ Grant(g, n)     sent again under g until answered
      Taken(g) ----------------->   no longer held here
      or Declined(g) ----------->   back into the deque
      <------------- Refusal(n)     nothing for you, not before so many ms

A thief has one ask open and repeats its answer to a grant it has seen; a victim has one grant open per thief
and takes it back only when the thief is down or lives again.
"""

from __future__ import annotations

from functools import partial

from musep2p.core import messages as m
from musep2p.core.abilities import able, missing_classes
from musep2p.core.accounting import absorb
from musep2p.core.affinity import copy_us, suits, thief_us
from musep2p.core.batch import Batch
from musep2p.core.data import Member, OpenGrant
from musep2p.core.groping import grope, hint
from musep2p.core.ids import PeerId, short
from musep2p.core.loads import by_urgency, may_start, present_load, straggler
from musep2p.core.ranges import Ranges
from musep2p.core.records import RANGES_MAX, SafeMark
from musep2p.core.reports import add_fact
from musep2p.core.rest import is_free
from musep2p.core.results import Results
from musep2p.core.shares import avoided, share_for
from musep2p.core.state import Core
from musep2p.core.stealing import Offer, choose_victim, worth_a_copy
from musep2p.core.wills import RUNNING
from musep2p.core.withdrawal import learn_withdrawal

__all__ = [
    "give_all_away",
    "on_ask",
    "on_declined",
    "on_grant",
    "on_refusal",
    "on_taken",
    "seek",
    "take_back_grants",
    "tick_ask",
    "tick_grants",
]

_REFUSED_MS = 100  # the tail is short: asking again costs one small message
_FAILURES_TOLD = 256  # of a grant's tasks; guardians know them all
_ANSWERS_KEPT = 4096


def seek(core: Core) -> None:
    """If slots are idle and nothing of our own can fill them, ask the most loaded peer.

    What is more urgent than our own next task is asked for ahead, while slots are still busy.
    """
    if core.ask is not None or not core.awake or core.draining or core.now_ms < core.hold_starts_until_ms:
        return
    free = sum(is_free(core, slot) for slot in core.slots.values())
    own = [batch.will.settings.priority for batch in core.awake.values() if _can_run(core, batch)]
    urgent = max(batch.will.settings.priority for batch in core.awake.values())
    if (not free and not own) or (own and max(own) >= urgent):
        return
    offers = [offer for member in core.heard_members() if (offer := _offer(core, member)) is not None]
    if own:
        offers = [offer for offer in offers if offer.priority > max(own)]
        free = max(1, free)
    idle = not offers and not own
    heard = core.heard_members() if idle else []
    stragglers = [offer for member in heard if (offer := _straggler(core, member)) is not None]
    copy = not offers
    victim = choose_victim(_akin(core, offers) or offers or stragglers, core.rng)
    if victim is None and idle and core.wide:
        victim, copy = grope(core), False
    if victim is None:
        return
    number = core.next_number()
    core.ask = (number, victim, core.now_ms)
    core.at("ask", core.now_ms + core.tuning.ask_timeout_ms)
    core.send(core.members[victim], m.Ask(number, free, present_load(core), copy))


def on_ask(core: Core, sender: Member, body: m.Ask) -> None:
    """A thief asks: give it its share, or leave to run a copy, or refuse."""
    _note_load(core, sender, body.load)
    if body.copy:
        _let_copy(core, sender, body.number)
        return
    open_grant = next((g for g in core.grants.values() if g.thief == sender.id), None)
    if open_grant is not None:
        core.late_asks[sender.id] = (body.number, body.free)
        _send_grant(core, sender, open_grant)
        return
    _serve(core, sender, body.number, body.free)


def on_grant(core: Core, sender: Member, body: m.Grant) -> None:
    """The victim gives: take what answers our present ask, once; repeat the answer to what we have seen."""
    _note_load(core, sender, body.load)
    seen = (sender.id, sender.incarnation, body.number)
    if seen not in core.answers_given:
        if len(core.answers_given) >= _ANSWERS_KEPT:
            core.answers_given.pop(next(iter(core.answers_given)))
        core.answers_given[seen] = _take(core, sender, body)
    core.send(sender, m.Taken(body.number) if core.answers_given[seen] else m.Declined(body.number))


def on_refusal(core: Core, sender: Member, body: m.Refusal) -> None:
    """Nothing there now: look elsewhere, come back later."""
    _note_load(core, sender, body.load)
    if core.ask is not None and core.ask[0] == body.ask:
        core.ask = None
        if body.hint in core.members:
            core.hint = PeerId(body.hint)
        sender.refused_until_ms = core.now_ms + body.not_before_ms
        core.at("seek", sender.refused_until_ms)


def on_taken(core: Core, sender: Member, body: m.Taken) -> None:
    """The thief holds it now; we no longer do."""
    grant = core.grants.get(body.number)
    if grant is not None and grant.thief == sender.id:
        _close(core, grant)
        batch = core.batches[grant.batch]
        batch.touch()
        core.at("reports", core.now_ms)
        late = core.late_asks.pop(sender.id, None)
        if late is not None:
            _serve(core, sender, *late)


def on_declined(core: Core, sender: Member, body: m.Declined) -> None:
    """The thief does not want it: it is ours again."""
    grant = core.grants.get(body.number)
    if grant is None or grant.thief != sender.id:
        return
    _close(core, grant)
    core.batches[grant.batch].work.push(grant.ranges)
    late = core.late_asks.pop(sender.id, None)
    if late is not None:
        _serve(core, sender, *late)


def tick_ask(core: Core) -> None:
    """An ask without an answer is forgotten; what comes later is declined."""
    if core.ask is None:
        return
    due = core.ask[2] + core.tuning.ask_timeout_ms
    if core.now_ms < due:
        core.at("ask", due)
        return
    victim = core.members.get(core.ask[1])
    if victim is not None:
        victim.refused_until_ms = core.now_ms + core.tuning.ask_timeout_ms
        core.at("seek", victim.refused_until_ms)
    core.ask = None
    core.stirred = True


def tick_grants(core: Core) -> None:
    """Send unanswered grants again."""
    for grant in core.grants.values():
        thief = core.members.get(grant.thief)
        if thief is not None and core.now_ms - grant.sent_ms >= core.tuning.grant_again_ms:
            _send_grant(core, thief, grant)
    if core.grants:
        core.at("grants", core.now_ms + core.tuning.grant_again_ms)


def take_back_grants(core: Core, lost: Member) -> None:
    """The thief is down, has left or lives again: what it did not answer is ours."""
    core.late_asks.pop(lost.id, None)
    for grant in [g for g in core.grants.values() if g.thief == lost.id]:
        _close(core, grant)
        core.remember(core.batches[grant.batch], grant.ranges, f"taken back: {lost.hello.name} is gone")
        core.batches[grant.batch].work.push(grant.ranges)
        core.batches[grant.batch].touch()
    if core.ask is not None and core.ask[1] == lost.id:
        core.ask = None


def give_all_away(core: Core) -> None:
    """Draining: what is queued here is dropped; it is unaccounted then, and queued where it can run."""
    for batch in core.batches.values():
        if batch.work:
            batch.work.discard(batch.work.held().copy())
            batch.touch(urgent=True)


def _can_run(core: Core, batch: Batch) -> bool:
    """True when a queued task of ours is one that we shall run ourselves."""
    if not batch.work or batch.held_back or not may_start(core, batch):
        return False
    limited = batch.results.failures.failing or core.probation or missing_classes(core.hello, batch)
    return not limited or bool(batch.work.held() - avoided(core, batch, core.me))


def _offer(core: Core, member: Member) -> Offer | None:
    if member.refused_until_ms > core.now_ms:
        return None
    usable = []
    for entry in member.load.entries:
        batch = core.batches.get(entry.batch)
        if batch is not None and entry.queued and may_start(core, batch):
            usable.append((entry.priority, entry.ms))
    if not usable:
        return None
    priority = max(p for p, _ in usable)
    return Offer(member.id, priority, sum(ms for p, ms in usable if p == priority))


def _akin(core: Core, offers: list[Offer]) -> list[Offer]:
    """Of the most urgent offers, those of peers with work for what we have loaded, by how much of that they have."""
    loaded = {slot.warm for slot in core.slots.values() if slot.warm} if core.tuning.affinity else set()
    urgent = max((offer.priority for offer in offers), default=0)
    akin = []
    for offer in offers:
        ms = sum(warm.ms for warm in core.members[offer.peer].load.warm if warm.model in loaded)
        if ms and offer.priority == urgent:
            akin.append(offer._replace(ms=ms))
    return akin


def _straggler(core: Core, member: Member) -> Offer | None:
    """What a peer runs last, if we would be done with a copy of it well before."""
    entry = member.load.straggler
    batch = core.batches.get(entry.batch) if entry is not None else None
    if entry is None or batch is None or member.refused_until_ms > core.now_ms or not may_start(core, batch):
        return None
    left_ms = entry.ms - (core.now_ms - member.load_ms)
    if not worth_a_copy(left_ms, copy_us(core, batch.tasks.work_class(entry.queued))) or entry.queued in batch.held():
        return None
    return Offer(member.id, entry.priority, left_ms)


def _let_copy(core: Core, thief: Member, ask: int) -> None:
    """The last task that runs here may be run there too; the first result ends the other run."""
    entry = straggler(core)
    batch = core.batches[entry.batch] if entry is not None else None
    work_class = batch.tasks.work_class(entry.queued) if entry is not None and batch is not None else ""
    us = thief_us(core, thief, work_class) if thief.load.pace_us(work_class) else 0
    if entry is None or batch is None or not worth_a_copy(entry.ms, us):
        core.send(thief, m.Refusal(ask, _REFUSED_MS, present_load(core)))
        return
    batch.copied.add(entry.queued)
    one = (entry.queued, entry.queued + 1)
    core.tell("debug", f"{thief.hello.name} runs a copy of task {entry.queued} of {short(batch.id)}")
    core.send(thief, m.Grant(core.next_number(), ask, batch.id, one, (), present_load(core), True))


def _note_load(core: Core, sender: Member, load: m.Load) -> None:
    core.note_load(sender, load)
    core.stirred = True


def _serve(core: Core, thief: Member, ask: int, free: int) -> None:
    batches = [b for b in by_urgency(core) if b.will.word == RUNNING and able(thief.hello, b)]
    warm = () if thief.load.turn_over else thief.load.loaded()
    batches.sort(key=lambda b: (-b.will.settings.priority, not suits(b, warm), not thief.load.pace_us(b.last_class())))
    for batch in batches:
        ranges = share_for(core, batch, thief, free)
        if ranges:
            grant = OpenGrant(core.next_number(), thief.id, thief.incarnation, batch.id, ranges, ask, core.now_ms)
            core.grants[grant.number] = grant
            batch.granted.update(ranges)
            core.remember(batch, ranges, f"given to {thief.hello.name}, which asked for work")
            core.steals += 1
            core.at("grants", core.now_ms + core.tuning.grant_again_ms)
            _send_grant(core, thief, grant)
            return
    core.send(thief, m.Refusal(ask, _REFUSED_MS, present_load(core), hint(core, thief) if core.wide else ""))


def _send_grant(core: Core, thief: Member, grant: OpenGrant) -> None:
    grant.sent_ms = core.now_ms
    results: Results = core.batches[grant.batch].results
    turn = core.batches[grant.batch].will.turn
    failing = results.failures.failing & grant.ranges
    failures = [f for i in failing.first(_FAILURES_TOLD).indices() for f in results.failures.kept(i) if f.turn == turn]
    core.send(
        thief,
        m.Grant(
            grant.number,
            grant.ask,
            grant.batch,
            grant.ranges.encode(),
            tuple(failures[:_FAILURES_TOLD]),
            present_load(core),
            withdrawals=tuple(results.withdrawals_of(grant.ranges)[:_FAILURES_TOLD]),
        ),
    )


def _take(core: Core, sender: Member, body: m.Grant) -> bool:
    if core.ask is None or core.ask[:2] != (body.ask, sender.id):
        return False
    core.ask = None
    batch = core.batches.get(body.batch)
    if batch is None or not batch.known:
        core.send(sender, m.RecipeAsk(body.batch))
        return False
    if not may_start(core, batch):
        return False
    news = [w for w in body.withdrawals if w.batch == batch.id and not batch.results.has_withdrawal(w)]
    for withdrawal in news:
        learn_withdrawal(core, batch, withdrawal)
    for failure in body.failures:
        if failure.batch == batch.id and not batch.results.has_failure(failure):
            # It counts at once, for this very task; what waits for the disk afterwards waits for this record too.
            absorb(batch, failure, core.write(failure, partial(add_fact, core, batch)))
    ranges = batch.results.tasks_among(Ranges.decode(body.ranges))
    believed = ranges & batch.results.safe
    if any(withdrawal.index in believed for withdrawal in news):
        return False  # it counts once it is durable here: until then we could not take what we think is safe
    _tell_safe(core, batch, believed)
    batch.take_in(ranges)
    batch.touch()
    core.remember(batch, ranges, f"{'copied' if body.copy else 'stolen'} from {sender.hello.name}")
    core.tell("debug", f"stole {ranges.count()} tasks of {short(batch.id)} from {sender.hello.name}")
    return True


def _tell_safe(core: Core, batch: Batch, ranges: Ranges) -> None:
    """The victim has not heard that these are safe: unless told, they would be queued and stolen for ever."""
    news = ranges - batch.told_on
    if not news:
        return
    batch.told_on.update(news)
    for position in batch.results.by_position(news):
        add_fact(core, batch, position)
    for part in news.parts(RANGES_MAX):
        core.write(SafeMark(batch.id, part.encode()), partial(add_fact, core, batch))


def _close(core: Core, grant: OpenGrant) -> None:
    del core.grants[grant.number]
    batch = core.batches[grant.batch]
    batch.granted.difference_update(grant.ranges)
    core.stirred = True
