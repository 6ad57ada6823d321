"""The slots of simulated machines: what their children would do, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import BatchId, digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.recipe.recipe import model_of
from musep2p.core.records import Entry, spool_name
from musep2p.sim.machine import SimPeer

if TYPE_CHECKING:
    from musep2p.sim.world import World

__all__ = ["SimSlots", "TaskModel", "look_name"]

_RESPAWN_US = 200_000
_REBOOT_US = 1_000_000
_SICK_US = 1000
_TEST_US = 500_000


@dataclass(slots=True)
class TaskModel:
    """What tasks do: how long each takes at speed 1, how often an attempt fails or crashes its child, which task takes
    the whole machine down each time, how long a slot loads another model at speed 1, and after how long without work
    it lets go of it (0: never)."""

    us: Callable[[Recipe, int], int]
    fail: float = 0.0
    crash: float = 0.0
    digest_spread: int = 1
    deadly: Callable[[Recipe, int], bool] = lambda recipe, index: False
    loading_us: int = 0
    cools_us: int = 0


def look_name(number: int) -> str:
    """A look, as it is told."""
    return f"{number:012x}"


class SimSlots:
    """The children of all machines of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tasks: dict[BatchId, Tasks] = {}
        self._loaded: dict[tuple[int, int], str] = {}

    def start(self, peer: SimPeer, effect: fx.Start) -> None:
        """A child gets a chunk."""
        life = peer.lives[effect.slot]
        at = max(100, peer.busy_until_us[effect.slot] - self.world.now_us)  # behind what the child has already
        peer.begins[effect.chunk] = self.world.now_us + at, effect

        def say(event: ev.Event) -> None:
            self._slot_event(at, peer, effect.slot, life, event, effect.chunk)

        for index in Ranges.decode(effect.ranges).indices():
            key = (effect.batch, index)
            self.world.executed[key] += 1
            if peer.number in self.world.sick:
                at += _SICK_US
                say(ev.Begun(effect.slot, effect.chunk, index))
                say(ev.TaskFailed(effect.slot, effect.chunk, index, "sick", False, self.world.sick[peer.number]))
                continue
            us = self.world.model.us(effect.recipe, index) + self._load_us(peer, effect, index)
            us = max(1, int(us / peer.speed))
            say(ev.Begun(effect.slot, effect.chunk, index))
            if self.world.model.deadly(effect.recipe, index):
                self._while_running(at + us // 2, peer, effect.slot, life, partial(self._take_down, peer), effect.chunk)
            luck = self.world.rng.random()
            at += us
            if luck < self.world.model.crash:
                say(ev.SlotDied(effect.slot, "crashed"))
                return
            if luck < self.world.model.crash + self.world.model.fail:
                say(ev.TaskFailed(effect.slot, effect.chunk, index, "failed"))
                continue
            salt = self.world.rng.randrange(self.world.model.digest_spread)
            digest = digest_of(f"{effect.batch}/{index}/{salt}".encode())
            attempt, ext = effect.attempts.get(index, 1), "png" if self.world.files else ""
            entry = Entry(index, digest, 100, us // 1000, attempt, ext=ext)
            if ext:
                peer.disk.spool.add(spool_name(effect.batch, entry))
            say(ev.TasksDone(effect.slot, effect.chunk, (entry,), us))
        peer.busy_until_us[effect.slot] = self.world.now_us + at
        say(ev.ChunkEnded(effect.slot, effect.chunk))
        if self.world.model.cools_us:
            cool = partial(self._cool, peer, effect.slot)
            self._while_running(at + self.world.model.cools_us, peer, effect.slot, life, cool, effect.chunk)

    def _cool(self, peer: SimPeer, slot: int) -> None:
        """A slot that did nothing since lets go of its model, and says so when the next task may be on its way."""
        if peer.busy_until_us[slot] <= self.world.now_us - self.world.model.cools_us:
            self._loaded.pop((peer.number, slot), None)
            self._slot_event(100, peer, slot, peer.lives[slot], ev.Cooled(slot))

    def _load_us(self, peer: SimPeer, effect: fx.Start, index: int) -> int:
        """How long the slot loads before this task, at speed 1; counted as a switch if another model was there."""
        if not self.world.model.loading_us:
            return 0
        tasks = self._tasks.setdefault(effect.batch, Tasks(effect.recipe))
        place, model = (peer.number, effect.slot), model_of(tasks.work_class(index))
        before, self._loaded[place] = self._loaded.get(place, ""), model
        self.world.counts["switches"] += before not in ("", model)
        return self.world.model.loading_us if before != model else 0

    def recall(self, peer: SimPeer, effect: fx.Recall) -> None:
        """A child gives back a chunk that it has not begun."""
        begins_us, start = peer.begins[effect.chunk]
        if self.world.now_us >= begins_us or effect.chunk in peer.recalled:
            return
        self.world.executed.subtract((start.batch, index) for index in Ranges.decode(start.ranges).indices())
        life = peer.lives[effect.slot]
        self._slot_event(100, peer, effect.slot, life, ev.ChunkEnded(effect.slot, effect.chunk))
        peer.recalled.add(effect.chunk)
        peer.busy_until_us[effect.slot] = begins_us

    def _slot_event(self, delay_us: int, peer: SimPeer, slot: int, life: int, event: ev.Event, chunk: int = -1) -> None:
        counter = peer.counter

        def happen() -> None:
            if isinstance(event, ev.SlotDied):
                self._respawn(peer, slot)
            self.world.happen(peer, counter, event)

        self._while_running(delay_us, peer, slot, life, happen, chunk)

    def _while_running(
        self, delay_us: int, peer: SimPeer, slot: int, life: int, action: Callable[[], None], chunk: int
    ) -> None:
        """Let something happen, if this life of the slot still runs what it runs now."""
        counter = peer.counter

        def happen() -> None:
            running = peer.alive and peer.counter == counter and peer.lives[slot] == life
            if running and chunk not in peer.recalled:
                action()

        self.world.call(delay_us, happen)

    def _take_down(self, peer: SimPeer) -> None:
        """A task takes the machine down with it; its user starts it again."""
        self.world.kill(peer, power_cut=True)
        others = [other.address for other in self.world.peers if other is not peer]
        self.world.call(_REBOOT_US, partial(peer.boot, others))

    def _respawn(self, peer: SimPeer, slot: int) -> None:
        peer.lives[slot] += 1
        peer.busy_until_us[slot] = 0
        self._loaded.pop((peer.number, slot), None)
        self._slot_event(_RESPAWN_US, peer, slot, peer.lives[slot], ev.SlotReady(slot))

    def test(self, peer: SimPeer, effect: fx.Test) -> None:
        """A child renders a test; it fails while the machine is sick."""

        def end() -> None:
            reason = "sick" if peer.number in self.world.sick else ""
            look = "" if reason else look_name(peer.look)
            self.world.happen(peer, counter, ev.Tested(effect.slot, effect.engine, reason, look=look))

        counter, life = peer.counter, peer.lives[effect.slot]
        self._while_running(_TEST_US, peer, effect.slot, life, end, -1)

    def kill(self, peer: SimPeer, effect: fx.Kill) -> None:
        """A child is ended, and another takes its place."""
        self._respawn(peer, effect.slot)
        self.world.later(100, peer, ev.SlotDied(effect.slot, effect.reason))
