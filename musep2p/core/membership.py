"""Membership: who is in the farm, and who of them is up.

A peer is up once it answered our hello (it names our incarnation) and a heartbeat of its own loop came in.
Discovery only says where to knock. States and their moves:

    new -> up, down      up -> suspect, down, left      suspect -> up, down, left      down -> up, left

Words and times follow memberlist; there is no indirect probe, since all peers hear each other directly, or in
large farms six neighbours each.
"""

from __future__ import annotations

import msgspec

from musep2p.core import messages as m
from musep2p.core.abilities import hello_hash
from musep2p.core.data import Member
from musep2p.core.effects import Hangup, ReplyEnvelope
from musep2p.core.events import LinkRefused, Received, Sighted
from musep2p.core.gossip import (
    audience,
    news,
    roster_hash,
    roster_pages,
    spread,
    toggle,
)
from musep2p.core.ids import PeerId, short
from musep2p.core.loads import present_load
from musep2p.core.messages import Envelope
from musep2p.core.state import Core
from musep2p.errors import LocalProtocolError

__all__ = [
    "MOVES",
    "beat",
    "known_sender",
    "move",
    "on_addresses",
    "on_goodbye",
    "on_hello",
    "on_link_refused",
    "on_refused",
    "on_sighted",
    "send_roster",
    "survived_stall",
    "tick_beat",
    "tick_dial",
]

MOVES = {
    "new": {"up", "down", "left"},
    "up": {"suspect", "down", "left"},
    "suspect": {"up", "down", "left"},
    "down": {"up", "left"},
    "left": set[str](),
}

_HOPELESS = 4  # dials in vain after which a candidate makes room for a new one
_DIALS_AT_ONCE = 16  # connection attempts per tick: a rogue's thousand sightings cost a trickle


def on_sighted(core: Core, event: Sighted) -> None:
    """A rumour of an address: remember it, knock soon. The list of candidates is capped."""
    _add_candidate(core, event.address)


def on_addresses(core: Core, sender: Member, body: m.Addresses) -> None:
    """Peer exchange: more rumours. Loopback addresses mean something only to who shares the loopback."""
    local = sender.address.startswith("127.")
    for address in body.addresses:
        if local or not address.startswith("127."):
            _add_candidate(core, address)


def tick_dial(core: Core) -> None:
    """Say hello to candidates whose time has come, with back-off."""
    reached = _reached(core)
    due = [a for a, (at, _) in core.candidates.items() if at <= core.now_ms and a not in reached]
    for address in due[:_DIALS_AT_ONCE]:
        tries = core.candidates[address][1]
        pause = min(core.tuning.dial_ms_max, core.tuning.dial_ms << min(tries, 10))
        core.candidates[address] = (core.now_ms + pause, tries + 1)
        if not core.draining:
            core.send_stranger(address, core.hello)
    waits = [at for a, (at, _) in core.candidates.items() if a not in reached]
    if waits:
        core.at("dial", max(min(waits), core.now_ms + 50))


def on_hello(core: Core, event: Received) -> None:
    """A peer introduces itself: check that it belongs here, remember this life of it, answer."""
    envelope = event.envelope
    hello = envelope.body
    assert isinstance(hello, m.Hello)
    refusal = _objection(core, envelope, hello)
    if refusal is not None:
        answer = Envelope(core.me, core.incarnation, envelope.incarnation, core.cause, refusal)
        core.effects.append(ReplyEnvelope(event.via, answer))
        return
    address = f"{event.host}:{hello.port}"
    if envelope.sender == core.me:
        core.own_addresses.add(address)
        core.candidates.pop(address, None)
        return
    member = _remember(core, envelope, hello, address)
    if envelope.to is None:
        core.send(member, core.hello)
    if envelope.to == core.incarnation or member.state != "new":
        core.send(member, _heartbeat(core))


def on_goodbye(core: Core, sender: Member, body: m.Goodbye) -> None:
    """A peer leaves politely."""
    if sender.state != "left":
        move(core, sender, "left")


def on_link_refused(core: Core, event: LinkRefused) -> None:
    """The process behind an address is gone: its peer is down at once."""
    for member in list(core.members.values()):
        if member.address == event.address and member.state in ("new", "up", "suspect"):
            move(core, member, "down", "its machine refuses the connection")


def on_refused(core: Core, event: Received) -> None:
    """We are not welcome somewhere: one clear line; nothing else changes."""
    body = event.envelope.body
    assert isinstance(body, m.Refused)
    if core.refusals.get(event.host) != body.reason:
        core.refusals[event.host] = body.reason
        core.tell("fatal" if body.code == "clone" else "warning", f"refused by {event.host}: {body.reason}")


def known_sender(core: Core, envelope: Envelope, via: bytes) -> Member | None:
    """The member that an envelope is from, if it is from its present life and meant for ours; else None."""
    member = core.members.get(envelope.sender)
    if envelope.to != core.incarnation:
        if envelope.to is not None and member is not None and member.incarnation == envelope.incarnation:
            core.send_stranger(member.address, core.hello)
        return None
    if member is None or member.incarnation < envelope.incarnation:
        core.at("dial", core.now_ms)
        if core.wide and via:
            # It knows us from others: let it introduce itself.
            core.effects.append(ReplyEnvelope(via, Envelope(core.me, core.incarnation, None, core.cause, core.hello)))
        return None
    if member.incarnation != envelope.incarnation or member.state == "left":
        return None
    if member.state == "down" and not isinstance(envelope.body, m.Heartbeat):
        # It was judged and what it held is being queued again: it speaks anew once its own loop has.
        return None
    member.heard_ms = core.now_ms
    if member.state == "suspect":
        move(core, member, "up")
    return member


def move(core: Core, member: Member, state: str, why: str = "", *, rumoured: bool = False) -> None:
    """The one place where a member changes its state; `rumoured` if others say so, not our own link.

    Raises:
        LocalProtocolError: the table has no such move.
    """
    if state not in MOVES[member.state]:
        raise LocalProtocolError(f"member {short(member.id)} cannot move from {member.state} to {state}")
    before, member.state = member.state, state
    core.greeting.discard(member.id)
    if member.up != (before in ("up", "suspect")):
        core.up_changed(member)
        toggle(core, member)
        if not rumoured:
            spread(core, member.id)
    core.stirred = True
    if state == "up" and before != "suspect":
        member.heard_ms = core.now_ms
        if not rumoured:
            core.tell("info", f"{member.hello.name} is up at {member.address}")
            _introduce(core, member)
    elif state in ("down", "left"):
        core.tell("debug" if rumoured else "info", f"{member.hello.name} is {state}" + (f": {why}" if why else ""))
        core.judging.discard(member.id)
        core.effects.append(Hangup(member.address))
        core.lost.append(member)
        if not rumoured:
            _add_candidate(core, member.address)
            core.candidates[member.address] = (core.now_ms + core.tuning.dial_ms, 1)
            core.at("dial", core.now_ms + core.tuning.dial_ms)


def tick_beat(core: Core) -> None:
    """Judge the silent, then send heartbeats when they are due or our load changed."""
    tuning = core.tuning
    every = _every_ms(core)
    for member in _judged(core):
        usual = max(tuning.heartbeat_ms, member.beat.every_ms if member.beat is not None else every)
        pace = usual / tuning.heartbeat_ms
        silent = core.now_ms - max(member.heard_ms, core.neighbours.get(member.id, 0) if core.wide else 0)
        if member.state == "up" and silent >= tuning.suspect_ms * pace:
            move(core, member, "suspect")
        if core.wide and member.state == "new" and silent >= tuning.down_ms * pace:
            core.greeting.discard(member.id)
            del core.members[member.id]  # a greeting that came to nothing; whether it is up, others know
        elif member.state in ("new", "suspect") and silent >= tuning.down_ms * pace:
            move(core, member, "down", f"silent for {silent / 1000:.0f} s")
    due = core.beaten_ms + every
    if core.now_ms >= due or core.beat_wanted:
        beat(core)
        due = core.now_ms + every
    core.at("beat", due)
    if core.awake:
        core.at("rest", core.now_ms + core.tuning.heartbeat_ms)
        core.at("rounds", core.now_ms)
        core.at("reports", core.now_ms)
        core.at("progress", core.now_ms)
    if core.now_ms >= core.addresses_due_ms:
        core.addresses_due_ms = core.now_ms + tuning.addresses_ms
        _forget_long_gone(core)
        if core.up_members() and not core.wide:
            _send_addresses(core, core.rng.choice(core.up_members()))


def _judged(core: Core) -> list[Member]:
    """Who speaks to us regularly; in a large farm, others are judged by their neighbours."""
    if not core.wide:
        return list(core.members.values())
    speaking = core.judging | core.greeting | core.neighbours.keys()
    return [core.members[i] for i in sorted(speaking) if i in core.members]


def beat(core: Core) -> None:
    """One heartbeat to every peer that is not known to be gone; in a large farm, to some."""
    core.beaten_ms, core.beat_wanted = core.now_ms, False
    passing = _heartbeat(core, news(core))
    heartbeat = msgspec.structs.replace(passing, near=True)
    for member, is_near in audience(core):
        core.send(member, heartbeat if is_near else passing)


def survived_stall(core: Core, gap_ms: int) -> None:
    """We, not the others, were away: nobody is judged for a full window, nothing starts until a report is answered."""
    core.tell("warning", f"this peer stood still for {gap_ms / 1000:.1f} s")
    for member in core.members.values():
        if member.state not in ("down", "left"):
            member.heard_ms = core.now_ms
    if core.up_members():
        core.hold_starts_until_ms = core.now_ms + core.tuning.stall_ms
        core.at("held-starts", core.hold_starts_until_ms)
    for batch in core.batches.values():
        batch.touch(urgent=True)


def _heartbeat(core: Core, told: tuple[m.Rumour, ...] = ()) -> m.Heartbeat:
    store = core.store
    every, roster = _every_ms(core), roster_hash(core)
    introduced = hello_hash(core.hello)
    return m.Heartbeat(present_load(core), core.wills.hash, store.id, store.ok, every, roster, told, hello=introduced)


def _every_ms(core: Core) -> int:
    return core.tuning.heartbeat_ms * (2 if core.wide else 1)


def _introduce(core: Core, member: Member) -> None:
    """What a peer that we just met wants to know: who else is there, and how loaded we are.

    One that knows of a large farm has a roster, and says by its hash whether it lacks something.
    """
    if core.wide and (member.beat is None or not member.beat.roster):
        send_roster(core, member)
    elif not core.wide:
        _send_addresses(core, member)
    core.send(member, _heartbeat(core))


def send_roster(core: Core, member: Member) -> None:
    """Tell a peer all that we believe of all others."""
    for page in roster_pages(core):
        core.send(member, page, bulk=True)


def _forget_long_gone(core: Core) -> None:
    gone = [i for i, member in core.members.items() if member.state in ("down", "left")]
    for peer in gone:
        if core.now_ms - core.members[peer].heard_ms >= core.tuning.forget_ms:
            core.candidates.pop(core.members[peer].address, None)
            del core.members[peer]


def _reached(core: Core) -> set[str]:
    return {member.address for member in core.members.values() if member.state not in ("down", "left")}


def _add_candidate(core: Core, address: str) -> None:
    if address in core.candidates or address in core.own_addresses:
        return
    if len(core.candidates) >= core.tuning.candidates_max:
        hopeless = max(core.candidates, key=lambda known: core.candidates[known][1])
        if core.candidates[hopeless][1] < _HOPELESS:
            return
        del core.candidates[hopeless]
        if hopeless not in _reached(core):
            core.effects.append(Hangup(hopeless))
    core.candidates[address] = (core.now_ms, 0)
    core.at("dial", core.now_ms)


def _objection(core: Core, envelope: Envelope, hello: m.Hello) -> m.Refused | None:
    if hello.version != m.PROTOCOL_VERSION:
        return m.Refused(
            "version",
            f"it speaks protocol {m.PROTOCOL_VERSION}, we speak {hello.version}. Install the same musep2p on both.",
        )
    if hello.farm != core.hello.farm:
        return m.Refused("farm", f"it is of farm {core.hello.farm!r}, we are of farm {hello.farm!r}.")
    if envelope.sender == core.me:
        cloned = envelope.incarnation != core.incarnation
        return _clone(envelope.incarnation.counter) if cloned else None
    known = core.members.get(envelope.sender)
    if known is None or known.incarnation == envelope.incarnation:
        return None
    if envelope.incarnation.counter > known.incarnation.counter or not known.up:
        return None
    return _clone(known.incarnation.counter)


def _clone(counter: int) -> m.Refused:
    reason = "cloned state folder: another running peer has the same id. Give this one a state folder of its own."
    return m.Refused("clone", reason, counter)


def _remember(core: Core, envelope: Envelope, hello: m.Hello, address: str) -> Member:
    known = core.members.get(envelope.sender)
    if known is not None and known.incarnation == envelope.incarnation:
        if known.address != address:
            core.effects.append(Hangup(known.address))
            known.address = address
        known.hello, known.heard_ms = hello, core.now_ms
        return known
    if known is not None and known.up:
        move(core, known, "down", "it was started again")
    member = Member(PeerId(envelope.sender), envelope.incarnation, address, hello, heard_ms=core.now_ms)
    core.members[member.id] = member
    core.greeting.add(member.id)
    return member


def _send_addresses(core: Core, member: Member) -> None:
    others = [other.address for other in core.up_members() if other is not member]
    if others:
        core.send(member, m.Addresses(tuple(others[:256])))
