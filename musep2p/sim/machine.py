"""One virtual machine: the production core, its disk, its clock and its slots."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.messages import PROTOCOL_VERSION, Hello
from musep2p.core.peer_state import PeerState
from musep2p.core.ranges import Ranges
from musep2p.core.state import Core
from musep2p.sim.disk import SimDisk

if TYPE_CHECKING:
    from musep2p.sim.world import World

__all__ = ["SimPeer"]

_PORT = 7340


class SimPeer:
    """One virtual machine: the core, its disk, its slots."""

    def __init__(self, world: World, number: int, slots: int, speed: float, has_store: bool) -> None:
        self.world, self.number, self.slots, self.speed, self.has_store = world, number, slots, speed, has_store
        self.id = PeerId(f"{number:016x}")
        self.move(f"10.0.{number // 250}.{number % 250 + 1}")
        self.version, self.farm = PROTOCOL_VERSION, "sim"
        self.store = world.store
        self.disk = SimDisk()
        self.rate, self.offset_ms = 1.0, 0
        self.frozen_until_us, self.suspended = 0, False
        self.look = 0
        self.counter = 0
        self.alive = False
        self.left = False
        self.wake_us = -1
        self.lives: list[int] = []
        self.begins: dict[int, tuple[int, fx.Start]] = {}
        self.recalled: set[int] = set()
        self.disk_cache: dict[BatchId, tuple[int, Ranges, set[object], Ranges]] = {}
        self.stolen_before = 0
        self.state: PeerState

    def move(self, host: str) -> None:
        """It has this address from its next start on."""
        self.host, self.address = host, f"{host}:{_PORT}"

    def boot(self, sightings: list[str]) -> None:
        """Start the process unless it runs: replay the disk, open the slots, learn of some addresses."""
        if self.alive or self.left:
            return
        if self.counter:
            self.stolen_before = self.steals()
        self.world.claim_address(self)
        self.counter += 1
        self.disk.starts += 1
        rng = random.Random(self.world.rng.getrandbits(64))
        incarnation = Incarnation(self.disk.starts, f"{rng.getrandbits(32):08x}")
        hello = Hello(self.version, self.farm, f"p{self.number}", _PORT, _PORT + 1, self.slots, ("sim",))
        payload = frozenset() if self.world.files else frozenset({"sim"})
        core = Core(
            me=self.id, incarnation=incarnation, hello=hello, tuning=self.world.tuning, rng=rng,
            payload=payload, has_store=self.has_store,
        )  # fmt: skip
        core.host = self.host
        self.state, self.alive, self.left, self.wake_us = PeerState(core), True, False, -1
        self.state.restore(self.disk.durable)
        self.lives, self.busy_until_us = [0] * self.slots, [0] * self.slots
        self.begins, self.recalled, self.frozen_until_us = {}, set(), 0
        if self.has_store:
            self.world.later(1000, self, self.store.state())
        for slot in range(self.slots):
            self.world.later(2000, self, ev.SlotReady(slot))
        for address in sightings:
            self.world.later(500, self, ev.Sighted(address))
        self.world.deliver_waiting(self)

    def clock_ms(self, now_us: int) -> int:
        """What this machine's monotonic clock shows."""
        return int(now_us * self.rate / 1000) + self.offset_ms

    def when_us(self, clock_ms: int) -> int:
        """When it will show that."""
        return math.ceil((clock_ms - self.offset_ms) * 1000 / self.rate)

    def steals(self) -> int:
        """Grants that this peer's lives gave."""
        return self.stolen_before + (self.state.core.steals if self.counter else 0)
