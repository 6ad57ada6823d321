"""Membership of large farms: each peer hears a bounded few, and what they see spreads as rumours.

In farms of more than `Tuning.all_to_all` peers, heartbeats go to the neighbours on the ring of sorted ids, who
judge each other, and to some peers chosen at random. Two peers may differ on the ring: who is told that it is a
neighbour answers with heartbeats and judges, and who tells so judges by those answers. Heartbeats carry news (who
is up, down, left) and a hash of the roster; who differs exchanges rosters. A rumour about one life of a peer is
ordered by (version, up < down < left); only the peer itself raises its version, to say that it is up when others
say that it is not.

Source: Das, Gupta, Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership
Protocol", 2002, without its indirect probes: a peer has six neighbours, each of which may call it down.
"""

from __future__ import annotations

from bisect import bisect_left

import msgspec

from musep2p.core import messages as m
from musep2p.core.data import Member
from musep2p.core.ids import PeerId, hash64
from musep2p.core.state import Core

__all__ = [
    "audience",
    "is_news",
    "meet_roster",
    "near",
    "news",
    "outdated",
    "roster_hash",
    "roster_pages",
    "spread",
    "toggle",
]

_BEATS_WITH_NEWS = 2  # each reaches some eight peers; what is still missed comes with the roster
_NEWS_IN_BEAT = 48
_ROSTER_PAGE = 128
_EXCHANGE_MS = 5000
_RANK = {"new": 0, "up": 0, "suspect": 0, "down": 1, "left": 2}
WORDS = ("up", "down", "left")


def near(core: Core) -> list[Member]:
    """Our neighbours on the ring of peers that are up: they judge us, and we them."""
    up, reach = core.up_members(), core.tuning.near
    if len(up) <= 2 * reach:
        return up
    at = bisect_left(up, core.me, key=lambda member: member.id)
    return [up[(at + step) % len(up)] for step in range(-reach, reach)]


def audience(core: Core) -> list[tuple[Member, bool]]:
    """Who gets our next heartbeat, and who of them judges us by it.

    All in a small farm; in a large one neighbours, those that believe to be ours, some others, and once more those
    that were neighbours.
    """
    if not core.wide:
        everybody = [member for member in core.members.values() if member.state not in ("down", "left")]
        core.neighbours = {member.id: core.neighbours.get(member.id, core.now_ms) for member in everybody}
        return [(member, True) for member in everybody]
    neighbours = {member.id: member for member in near(core)}
    once_more = sorted((core.neighbours.keys() | core.judging | core.greeting) - neighbours.keys())
    others = [core.members[i] for i in once_more if i in core.members]
    others += core.rng.sample(core.up_members(), min(core.tuning.far, core.up_count))
    core.neighbours = {i: core.neighbours.get(i, core.now_ms) for i in neighbours}
    passing = {member.id: member for member in others if member.id not in neighbours and member.state != "left"}
    return [(member, True) for member in neighbours.values()] + [(member, False) for member in passing.values()]


def spread(core: Core, peer: PeerId) -> None:
    """What we know of this peer changed: the next heartbeats say so."""
    if core.wide:
        core.news[peer] = _BEATS_WITH_NEWS


def news(core: Core) -> tuple[m.Rumour, ...]:
    """What the present heartbeat says of others, the freshest first."""
    if not core.news:
        return ()
    chosen = sorted(core.news, key=lambda peer: -core.news[peer])[:_NEWS_IN_BEAT]
    for peer in chosen:
        core.news[peer] -= 1
        if not core.news[peer]:
            del core.news[peer]
    return tuple(_rumour(core, peer) for peer in chosen if peer == core.me or peer in core.members)


def roster_hash(core: Core) -> int:
    """The same at all peers that believe the same lives of the same peers to be up; 0 in a small farm."""
    if not core.wide:
        return 0
    if core.roster_known is None:
        core.roster_known = hash64(f"{core.me}/{core.incarnation}/{core.version}".encode())
        for member in core.up_members():
            core.roster_known ^= _life_hash(member)
    return core.roster_known


def toggle(core: Core, member: Member) -> None:
    """A life is up from now on, or no longer: the hash of the roster gains or loses it."""
    if core.roster_known is not None:
        core.roster_known ^= _life_hash(member)


def meet_roster(core: Core, sender: Member, theirs: int) -> bool:
    """True when the sender believes in other lives than we do, and it is time to tell it of ours."""
    if not theirs or theirs == roster_hash(core) or core.news or core.now_ms - core.roster_ms < _EXCHANGE_MS:
        return False
    core.roster_ms = core.now_ms
    return True


def roster_pages(core: Core) -> list[m.Roster]:
    """All that we know of all peers, ourselves too."""
    peers = [core.me, *(member.id for member in core.members.values() if member.state != "new")]
    rumours = [_rumour(core, peer) for peer in peers]
    return [m.Roster(tuple(rumours[at : at + _ROSTER_PAGE])) for at in range(0, len(rumours), _ROSTER_PAGE)]


def is_news(known: Member, rumour: m.Rumour) -> bool:
    """True when a rumour about the life that we know says more than we know."""
    return (rumour.version, rumour.word) > (known.version, _RANK[known.state])


def outdated(core: Core, rumour: m.Rumour) -> bool:
    """True when a rumour about ourselves is wrong and has to be outdone; it then is."""
    if rumour.incarnation != core.incarnation or rumour.word == 0 or rumour.version < core.version or core.left:
        return False
    core.version = rumour.version + 1
    core.roster_known = None
    core.news[core.me] = _BEATS_WITH_NEWS
    return True


def _rumour(core: Core, peer: PeerId) -> m.Rumour:
    if peer == core.me:
        return m.Rumour(
            core.me, core.incarnation, core.version, 0, f"{core.host}:{core.hello.port}", _short(core.hello)
        )
    member = core.members[peer]
    hello = _short(member.hello) if member.up else None
    return m.Rumour(peer, member.incarnation, member.version, _RANK[member.state], member.address, hello)


def _short(hello: m.Hello) -> m.Hello:
    """Of what a peer says of itself, what others need at once; its models and looks they hear from itself."""
    return msgspec.structs.replace(hello, models=(), looks=())


def _life_hash(member: Member) -> int:
    if member.life[0] != member.version:
        member.life = (member.version, hash64(f"{member.id}/{member.incarnation}/{member.version}".encode()))
    return member.life[1]
