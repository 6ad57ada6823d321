"""Membership: who is in the farm, and who of them is up.

A peer is up once it answered our hello (it names our incarnation) and a heartbeat of its own loop came in.
Discovery only says where to knock. States and their moves:

    new -> up, down      up -> suspect, down, left      suspect -> up, down, left      down -> up, left

Words and times follow memberlist; there is no indirect probe, since all peers hear each other directly.
"""

from __future__ import annotations

from musep2p.core import messages as m
from musep2p.core.effects import Hangup, ReplyEnvelope
from musep2p.core.events import LinkRefused, Received, Sighted
from musep2p.core.ids import PeerId, short
from musep2p.core.loads import present_load
from musep2p.core.messages import Envelope
from musep2p.core.state import Core, Member
from musep2p.errors import LocalProtocolError

__all__ = [
    "MOVES",
    "beat",
    "known_sender",
    "move",
    "on_addresses",
    "on_goodbye",
    "on_heartbeat",
    "on_hello",
    "on_link_refused",
    "on_refused",
    "on_sighted",
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
    reached = {member.address for member in core.members.values() if member.state not in ("down", "left")}
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


def on_heartbeat(core: Core, sender: Member, body: m.Heartbeat) -> None:
    """A peer's own loop is alive and knows us: it is up, and this is its load."""
    if sender.state != "up" and not core.left:
        move(core, sender, "up")
    sender.beat = body
    sender.load, sender.load_ms = body.load, core.now_ms
    core.stirred = True


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


def known_sender(core: Core, envelope: Envelope, address: str) -> Member | None:
    """The member that an envelope is from, if it is from its present life and meant for ours; else None."""
    member = core.members.get(envelope.sender)
    if envelope.to != core.incarnation:
        if envelope.to is not None and member is not None and member.incarnation == envelope.incarnation:
            core.send_stranger(member.address, core.hello)
        return None
    if member is None or member.incarnation < envelope.incarnation:
        core.at("dial", core.now_ms)
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


def move(core: Core, member: Member, state: str, why: str = "") -> None:
    """The one place where a member changes its state.

    Raises:
        LocalProtocolError: the table has no such move.
    """
    if state not in MOVES[member.state]:
        raise LocalProtocolError(f"member {short(member.id)} cannot move from {member.state} to {state}")
    before, member.state = member.state, state
    core.up_known = None
    core.stirred = True
    if state == "up" and before != "suspect":
        member.heard_ms = core.now_ms
        core.tell("info", f"{member.hello.name} is up at {member.address}")
        _send_addresses(core, member)
        core.send(member, _heartbeat(core))
    elif state in ("down", "left"):
        core.tell("info", f"{member.hello.name} is {state}" + (f": {why}" if why else ""))
        core.effects.append(Hangup(member.address))
        _add_candidate(core, member.address)
        core.candidates[member.address] = (core.now_ms + core.tuning.dial_ms, 1)
        core.at("dial", core.now_ms + core.tuning.dial_ms)
        core.lost.append(member)


def tick_beat(core: Core) -> None:
    """Judge the silent, then send heartbeats when they are due or our load changed."""
    tuning = core.tuning
    _forget_long_gone(core)
    every = _every_ms(core)
    for member in list(core.members.values()):
        usual = max(tuning.heartbeat_ms, member.beat.every_ms if member.beat is not None else 0)
        pace = usual / tuning.heartbeat_ms
        silent = core.now_ms - member.heard_ms
        if member.state == "up" and silent >= tuning.suspect_ms * pace:
            move(core, member, "suspect")
        if member.state in ("new", "suspect") and silent >= tuning.down_ms * pace:
            move(core, member, "down", f"silent for {silent / 1000:.0f} s")
    due = core.beaten_ms + every
    if core.now_ms >= due or core.beat_wanted:
        beat(core)
        due = core.now_ms + every
    core.at("beat", due)
    if core.batches:
        core.at("rounds", core.now_ms)
        core.at("reports", core.now_ms)
        core.at("progress", core.now_ms)
    if core.now_ms >= core.addresses_due_ms:
        core.addresses_due_ms = core.now_ms + tuning.addresses_ms
        if core.up_members():
            _send_addresses(core, core.rng.choice(core.up_members()))


def beat(core: Core) -> None:
    """One heartbeat to every peer that is not known to be gone."""
    core.beaten_ms, core.beat_wanted = core.now_ms, False
    heartbeat = _heartbeat(core)
    for member in core.members.values():
        if member.state not in ("down", "left"):
            core.send(member, heartbeat)


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


def _heartbeat(core: Core) -> m.Heartbeat:
    return m.Heartbeat(present_load(core), core.wills.hash, core.store.id, core.store.ok, _every_ms(core))


def _every_ms(core: Core) -> int:
    """Between our heartbeats: more in farms of more peers, so that nobody has to hear too many."""
    return core.tuning.heartbeat_ms * (1 + len(core.up_members()) // core.tuning.all_to_all)


def _forget_long_gone(core: Core) -> None:
    gone = [i for i, member in core.members.items() if member.state in ("down", "left")]
    for peer in gone:
        if core.now_ms - core.members[peer].heard_ms >= core.tuning.forget_ms:
            core.candidates.pop(core.members[peer].address, None)
            del core.members[peer]


def _add_candidate(core: Core, address: str) -> None:
    if address in core.candidates or address in core.own_addresses:
        return
    if len(core.candidates) >= core.tuning.candidates_max:
        hopeless = max(core.candidates, key=lambda known: core.candidates[known][1])
        if core.candidates[hopeless][1] < _HOPELESS:
            return
        del core.candidates[hopeless]
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
    core.up_known = None
    return member


def _send_addresses(core: Core, member: Member) -> None:
    others = [other.address for other in core.up_members() if other is not member]
    if others:
        core.send(member, m.Addresses(tuple(others[:256])))
