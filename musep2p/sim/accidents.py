"""Rarer faults: machines that move, are set up anew or do not belong here, a store with odd habits, a deadly task."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from musep2p.core.events import RestChanged, Sighted
from musep2p.core.messages import PROTOCOL_VERSION

if TYPE_CHECKING:
    from musep2p.sim.machine import SimPeer
    from musep2p.sim.world import World

__all__ = ["Accidents", "arrange", "come_back", "draw_accidents"]

_SIGHTED_AT_ONCE = 20  # of peers that do not exist
_FOREIGN = ((PROTOCOL_VERSION + 1, "sim"), (PROTOCOL_VERSION, "another"))


@dataclass(frozen=True, slots=True)
class Accidents:
    """What happens in few farms.

    Attributes:
        moved: peers that come back with another address: that of a machine that is off, or a new one.
        wiped: peers that come back without their state folder, as somebody new at the same address.
        strangers: when discovery tells every peer of addresses where nobody listens.
        garbage: probability that a message arrives cut short.
        foreign: (version, farm) of machines that greet the others and do not belong to them.
        hidden_us: after what time others see what was put on the store.
        other_store: peers that see another store than the others, which the farm will not keep.
        dark: (from, to): while all machines are without power; (0, 0): never.
        cools_us: after so long without work a slot lets go of its model; 0: never.
        owners: (peer, from, to): while a machine's owner uses it.
        sick: (peer, from, to, says so?): while a machine fails each task at once.
        poison: the task of the first batch that takes down the machine that runs it, each time; -1: none.
    """

    moved: tuple[int, ...] = ()
    wiped: tuple[int, ...] = ()
    strangers: tuple[int, ...] = ()
    garbage: float = 0.0
    foreign: tuple[tuple[int, str], ...] = ()
    hidden_us: int = 0
    other_store: tuple[int, ...] = ()
    dark: tuple[int, int] = (0, 0)
    poison: int = -1
    sick: tuple[tuple[int, int, int, bool], ...] = ()
    owners: tuple[tuple[int, int, int], ...] = ()
    cools_us: int = 0

    def kinds(self) -> dict[str, bool]:
        """Which of them happen."""
        return {
            "moved": bool(self.moved),
            "wiped": bool(self.wiped),
            "strangers": bool(self.strangers),
            "garbage": self.garbage > 0,
            "foreign": bool(self.foreign),
            "seen late": self.hidden_us > 0,
            "two stores": bool(self.other_store),
            "dark": self.dark[1] > 0,
            "poison": self.poison >= 0,
            "sick": bool(self.sick),
            "owners": bool(self.owners),
            "cools": self.cools_us > 0,
        }


def draw_accidents(
    seed: int, peers: int, spared: int, reborn: Collection[int], *, stores: bool, tasks: int
) -> Accidents:
    """Those of a seed.

    Args:
        peers: how many there are.
        spared: one that lives to the end, and sees the farm's store: without any the rest waits for ever.
        reborn: peers that come back after their death.
        tasks: of the first batch.
    """
    rng = random.Random(f"musep2p accidents {seed}")
    comes_back = {peer: rng.random() for peer in sorted(reborn)}
    others = random.Random(f"musep2p two stores {seed}")
    elsewhere = tuple(peer for peer in range(peers) if peer != spared and others.random() < 0.5)
    dark = random.Random(f"musep2p dark {seed}")
    off_us = dark.randrange(2_000_000, 7_000_000)
    cools = random.Random(f"musep2p cools {seed}")
    return Accidents(
        moved=tuple(peer for peer, luck in comes_back.items() if luck < 0.3),
        wiped=tuple(peer for peer, luck in comes_back.items() if luck > 0.85),
        strangers=tuple(rng.randrange(500_000, 8_000_000) for _ in range(rng.choice((1, 3)))) * (rng.random() < 0.1),
        garbage=rng.choice((0.01, 0.1)) * (rng.random() < 0.1),
        foreign=(rng.choice(_FOREIGN),) * (rng.random() < 0.1),
        hidden_us=rng.choice((500_000, 5_000_000, 30_000_000)) * (rng.random() < 0.1) * stores,
        poison=rng.randrange(tasks) if rng.random() < 0.05 else -1,
        other_store=elsewhere * (stores and others.random() < 0.05),
        owners=_draw_owners(random.Random(f"musep2p owners {seed}"), peers),
        sick=_draw_sick(random.Random(f"musep2p sick {seed}"), peers),
        cools_us=cools.choice((100_000, 1_000_000)) * (cools.random() < 0.25),
        dark=(off_us, off_us + dark.choice((500_000, 6_000_000))) if dark.random() < 0.05 else (0, 0),
    )


def _draw_sick(rng: random.Random, peers: int) -> tuple[tuple[int, int, int, bool], ...]:
    """In one farm of seven one or two machines fail all that they try, for a time."""
    if rng.random() > 1 / 7:
        return ()
    starts = [(peer, rng.randrange(1_500_000, 7_000_000)) for peer in rng.sample(range(peers), rng.choice((1, 1, 2)))]
    return tuple((peer, at, at + rng.choice((1_000_000, 8_000_000)), rng.random() < 0.5) for peer, at in starts)


def _draw_owners(rng: random.Random, peers: int) -> tuple[tuple[int, int, int], ...]:
    """In one farm of seven owners of machines come and go."""
    if rng.random() > 1 / 7:
        return ()
    starts = [(rng.randrange(peers), rng.randrange(1_500_000, 8_000_000)) for _ in range(rng.choice((1, 2, 4)))]
    return tuple((peer, at, at + rng.choice((200_000, 4_000_000))) for peer, at in starts)


def arrange(world: World, accidents: Accidents, seed: int) -> None:
    """Let them happen; those of machines that come back are up to `come_back`."""
    world.store.hidden_us = accidents.hidden_us
    world.garbage, world.garbage_rng = accidents.garbage, random.Random(f"musep2p garbage {seed}")
    farm = [peer.address for peer in world.peers]
    for version, name in accidents.foreign:
        stranger = world.add_peer()
        stranger.version, stranger.farm = version, name
        world.call(0, partial(stranger.boot, farm))
        for peer in world.peers[:2]:
            world.call(1_000_000, partial(_sight, world, peer, [stranger.address]))
    for number in accidents.other_store:
        world.peers[number].store = world.other_store
    if accidents.dark[1]:
        world.call(accidents.dark[0], partial(_turn_off_all, world, accidents.dark[1] - accidents.dark[0]))
    for number, start, end in accidents.owners:
        world.call(start, partial(_rest, world, number, "somebody uses this machine"))
        world.call(end, partial(_rest, world, number, ""))
    for number, start, end, bound in accidents.sick:
        world.call(start, partial(world.sick.update, {number: bound}))
        world.call(end, partial(_get_well, world, number))
    for number, at in enumerate(accidents.strangers):
        nowhere = [f"10.99.{number}.{host + 1}:7340" for host in range(_SIGHTED_AT_ONCE)]
        for peer in world.peers:
            world.call(at, partial(_sight, world, peer, nowhere))


def come_back(world: World, accidents: Accidents, peer: SimPeer, sightings: list[str]) -> None:
    """A machine that was off, and still is, is on again, as it was or otherwise."""
    if peer.alive or peer.left:
        return
    if peer.number in accidents.moved:
        free = [other for other in world.peers if other is not peer and not other.alive and not other.left]
        hosts = sorted({other.host for other in free})
        world.move(peer, world.rng.choice(hosts) if hosts and world.rng.random() < 0.5 else "")
    if peer.number in accidents.wiped:
        heir = world.add_peer(slots=peer.slots, speed=peer.speed, has_store=peer.has_store)
        heir.store = peer.store
        world.move(heir, peer.host)
        heir.boot(sightings)
    else:
        peer.boot(sightings)


def _rest(world: World, number: int, reason: str) -> None:
    if world.peers[number].alive:
        world.later(0, world.peers[number], RestChanged(reason))


def _get_well(world: World, number: int) -> None:
    world.sick.pop(number, None)


def _sight(world: World, peer: SimPeer, addresses: Iterable[str]) -> None:
    if peer.alive:
        for address in addresses:
            world.later(1000, peer, Sighted(address))


def _turn_off_all(world: World, us: int) -> None:
    """All machines lose their power at once, and are on again together."""
    farm = [peer.address for peer in world.peers]
    for peer in world.peers:
        if peer.alive:
            world.kill(peer, power_cut=True)
            world.call(us, partial(peer.boot, [address for address in farm if address != peer.address]))
