"""What heartbeats and rosters tell: who is up, how loaded it is, and, in large farms, what others believe.

One's own ears are believed more than rumours; a rumour about ourselves that is wrong is outdone.
"""

from __future__ import annotations

from musep2p.core import messages as m
from musep2p.core.abilities import meet_hello
from musep2p.core.data import Member
from musep2p.core.gossip import WORDS, is_news, meet_roster, outdated, spread, toggle
from musep2p.core.ids import PeerId
from musep2p.core.membership import MOVES, move, send_roster
from musep2p.core.state import Core

__all__ = ["on_heartbeat", "on_roster"]

_WIDE_BEATS = 5  # so long after such a heartbeat the farm is known to be large


def on_heartbeat(core: Core, sender: Member, body: m.Heartbeat) -> None:
    """A peer's own loop is alive and knows us: it is up, and this is its load."""
    sender.beat = body
    if sender.state != "up" and not core.left:
        move(core, sender, "up")
    core.note_load(sender, body.load)
    meet_hello(core, sender, body)
    core.stirred = core.stirred or not core.wide or _of_use(core, body.load)
    if body.near:
        core.judging.add(sender.id)
    else:
        core.judging.discard(sender.id)
    if body.roster:
        core.wide_until_ms = core.now_ms + _WIDE_BEATS * body.every_ms
    for rumour in body.news:
        _believe(core, rumour, news=True)
    if meet_roster(core, sender, body.roster):
        send_roster(core, sender)


def _of_use(core: Core, load: m.Load) -> bool:
    """True when a load may change what we do now: slots are idle, or it is more urgent than something of ours."""
    if any(not slot.chunks for slot in core.slots.values()):
        return True
    ours = min((batch.will.settings.priority for batch in core.awake.values()), default=0)
    return any(entry.priority > ours for entry in load.entries[:1])


def on_roster(core: Core, sender: Member, body: m.Roster) -> None:
    """Another peer's beliefs about all: take what is newer; if it lacks some of ours, its hash will say so."""
    for rumour in body.rumours:
        _believe(core, rumour)


def _believe(core: Core, rumour: m.Rumour, *, news: bool = False) -> None:
    """A rumour about a peer: it may be new to us, or known better; our own ears are believed more."""
    if rumour.peer == core.me:
        if outdated(core, rumour):
            core.beat_wanted = True
            core.at("beat", core.now_ms)
        return
    if news:
        _spread_if_new(core, rumour)
    known = core.members.get(rumour.peer)
    if known is None or known.incarnation < rumour.incarnation:
        if rumour.word == 0 and rumour.hello is not None:
            _hear_of(core, known, rumour, rumour.hello)
        return
    if known.incarnation != rumour.incarnation or known.state == "left":
        return
    if known.state == "new" and rumour.word == 0:
        move(core, known, "up", rumoured=True)
    if not is_news(known, rumour):
        return
    heard = core.now_ms - known.heard_ms < core.tuning.suspect_ms and known.state == "up" and known.beat is not None
    if rumour.word == 1 and heard:
        return
    if known.up:
        toggle(core, known)
    known.version = rumour.version
    if known.up:
        toggle(core, known)
    state = WORDS[rumour.word]
    if state != known.state and state in MOVES[known.state]:
        move(core, known, state, "others say so", rumoured=True)


def _spread_if_new(core: Core, rumour: m.Rumour) -> None:
    """What came as news goes on as news; what came with a roster, others have or get the same way."""
    known = core.members.get(rumour.peer)
    if known is None or known.incarnation < rumour.incarnation:
        if rumour.word == 0:
            spread(core, PeerId(rumour.peer))
    elif known.incarnation == rumour.incarnation and known.state != "left" and is_news(known, rumour):
        spread(core, known.id)


def _hear_of(core: Core, earlier: Member | None, rumour: m.Rumour, hello: m.Hello) -> None:
    """A life that we did not know is up."""
    if earlier is not None and earlier.up:
        move(core, earlier, "down", "it was started again", rumoured=True)
    member = Member(
        PeerId(rumour.peer), rumour.incarnation, rumour.address, hello, heard_ms=core.now_ms,
        version=rumour.version,
    )  # fmt: skip
    core.members[member.id] = member
    core.candidates.pop(rumour.address, None)
    move(core, member, "up", rumoured=True)
