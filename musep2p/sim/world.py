"""Virtual time, virtual disks and a virtual store around the production core.

A world is a heap of (microsecond, number, action). Every message is encoded and decoded by the real codec,
journals lose what was not synced when a peer dies, and the touched peer is checked after every event.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, cast

import xxhash

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.clients import results_page
from musep2p.core.ids import BatchId, Incarnation, PeerId, digest_of
from musep2p.core.messages import Envelope, Hello
from musep2p.core.peer_state import PeerState
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe
from musep2p.core.records import BatchFact, Entry, ResultBlock, spool_name
from musep2p.core.reports import report_pages
from musep2p.core.requests import Answer, Request, RequestBody
from musep2p.core.state import Core
from musep2p.core.tuning import Tuning
from musep2p.core.why import why_answer
from musep2p.sim.disk import SimDisk
from musep2p.sim.network import SlowLink, Weather, fates
from musep2p.sim.store import SimStore
from musep2p.wire import codec

__all__ = ["Doom", "SimPeer", "TaskModel", "World"]

_PORT = 7340
_RESPAWN_US = 200_000
_BLOCKS_AT_ONCE = 20
_STARTED_AGAIN_US = 8_000_000  # by its user, who read why it ended
_LOOK_US = 2_000_000


@dataclass(slots=True)
class TaskModel:
    """What tasks do: how long each takes at speed 1, and how often an attempt fails or crashes its child."""

    us: Callable[[Recipe, int], int]
    fail: float = 0.0
    crash: float = 0.0
    digest_spread: int = 1


class Doom(NamedTuple):
    """A death in the middle: of the next event of a kind ('' any) that has more effects than this, so many are done."""

    effects: int
    event: str
    power_cut: bool


class SimPeer:
    """One virtual machine: the core, its disk, its slots."""

    def __init__(self, world: World, number: int, slots: int, speed: float, has_store: bool) -> None:
        self.world, self.number, self.slots, self.speed, self.has_store = world, number, slots, speed, has_store
        self.id = PeerId(f"{number:016x}")
        self.host = f"10.0.{number // 250}.{number % 250 + 1}"
        self.address = f"{self.host}:{_PORT}"
        self.disk = SimDisk()
        self.rate, self.offset_ms = 1.0, 0
        self.frozen_until_us, self.suspended = 0, False
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

    def boot(self, sightings: list[str]) -> None:
        """Start the process: replay the disk, open the slots, learn of some addresses."""
        if self.counter:
            self.stolen_before = self.steals()
        self.counter += 1
        self.disk.starts += 1
        rng = random.Random(self.world.rng.getrandbits(64))
        incarnation = Incarnation(self.disk.starts, f"{rng.getrandbits(32):08x}")
        hello = Hello(1, "sim", f"p{self.number}", _PORT, _PORT + 1, self.slots, ("sim",))
        payload = frozenset() if self.has_store else frozenset({"sim"})
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
            self.world.later(1000, self, self.world.store_state())
        for slot in range(self.slots):
            self.world.later(2000, self, ev.SlotReady(slot))
        for address in sightings:
            self.world.later(500, self, ev.Sighted(address))

    def clock_ms(self, now_us: int) -> int:
        """What this machine's monotonic clock shows."""
        return int(now_us * self.rate / 1000) + self.offset_ms

    def when_us(self, clock_ms: int) -> int:
        """When it will show that."""
        return math.ceil((clock_ms - self.offset_ms) * 1000 / self.rate)

    def steals(self) -> int:
        """Grants that this peer's lives gave."""
        return self.stolen_before + (self.state.core.steals if self.counter else 0)


class World:
    """A farm on virtual time.

    Args:
        rng: the only source of chance.
        weather: the network.
        model: what tasks do.
        tuning: of the protocol, the same for all peers.

    Attributes:
        check_every: events between two looks at a peer's invariants.
        decode_every: of so many messages one is decoded anew; the others arrive as the values that were encoded,
            which nobody can change.
    """

    def __init__(self, rng: random.Random, weather: Weather, model: TaskModel, tuning: Tuning | None = None) -> None:
        self.rng, self.weather, self.model = rng, weather, model
        self.tuning = tuning or Tuning()
        self.now_us = 0
        self.peers: list[SimPeer] = []
        self.store = SimStore()
        self.answers: list[tuple[int, Answer]] = []
        self.counts: Counter[str] = Counter()
        self.bytes_sent = 0
        self.executed: Counter[tuple[BatchId, int]] = Counter()
        self.cut: set[tuple[int, int]] = set()
        self.slow: dict[int, SlowLink] = {}
        self.fault_rng: random.Random | None = None
        self.doomed: dict[int, Doom] = {}
        self.told: list[str] = []
        self.keep_told = 0
        self.check_every = self.decode_every = 1
        self.trace = xxhash.xxh3_128()
        self.observers: list[Callable[[SimPeer, fx.Effect], None]] = []
        self._heap: list[tuple[int, int, SimPeer | None, int, ev.Event | Callable[[], None]]] = []
        self._number = 0
        self._by_address: dict[str, SimPeer] = {}

    def add_peer(self, *, slots: int = 1, speed: float = 1.0, has_store: bool = False) -> SimPeer:
        """Another machine; it runs once it is booted."""
        peer = SimPeer(self, len(self.peers), slots, speed, has_store)
        self.peers.append(peer)
        self._by_address[peer.address] = peer
        return peer

    def later(self, delay_us: int, peer: SimPeer, event: ev.Event) -> None:
        """Let an event happen to this life of a peer."""
        self._push(delay_us, peer, peer.counter, event)

    def call(self, delay_us: int, action: Callable[[], None]) -> None:
        """Let something happen to the world."""
        self._push(delay_us, None, 0, action)

    def ask(self, peer: SimPeer, number: int, body: RequestBody, delay_us: int = 0) -> None:
        """A face asks a peer; the answer ends up in `answers`."""
        request = Request(1, "sim", number, body)
        decoded = codec.decode(codec.encode(request))
        assert isinstance(decoded, Request)
        self.later(delay_us, peer, ev.Asked(b"face", decoded))

    def step(self) -> bool:
        """The next thing happens; False when nothing is left to happen."""
        if not self._heap:
            return False
        at, number, peer, life, what = heapq.heappop(self._heap)
        self.now_us = at
        if peer is None:
            what()  # type: ignore[operator]
        else:
            self._happen(peer, life, what, number)  # type: ignore[arg-type]
        return True

    def _happen(self, peer: SimPeer, life: int, event: ev.Event, number: int = 0) -> None:
        """An event reaches a life of a peer: at once, or when it is awake again."""
        if not peer.alive or life != peer.counter:
            return
        if self.now_us >= peer.frozen_until_us:
            self._handle(peer, event, number)
        elif not (peer.suspended and isinstance(event, ev.Received)):
            self._push(peer.frozen_until_us - self.now_us, peer, life, event)

    def kill(self, peer: SimPeer, *, power_cut: bool) -> None:
        """A peer dies, with what was not synced; the others' links are refused unless its machine is gone."""
        self.doomed.pop(peer.number, None)
        if not peer.alive:
            return
        self.counts["deaths"] += 1
        peer.alive = False
        peer.disk.die(self.fault_rng)
        if not power_cut:
            for other in self.peers:
                if other.alive:
                    self.later(2000, other, ev.LinkRefused(peer.address))

    def doom(self, peer: SimPeer, doom: Doom) -> None:
        """A peer dies in the middle of what it does."""
        self.doomed[peer.number] = doom

    def freeze(self, peer: SimPeer, us: int, *, suspended: bool) -> None:
        """A peer stands still and learns afterwards what happened; the mail of a suspended one is lost."""
        peer.frozen_until_us, peer.suspended = self.now_us + us, suspended

    def store_state(self) -> ev.StoreChanged:
        """What a look at the store says now."""
        return ev.StoreChanged("away", "", "gone") if self.store.away else ev.StoreChanged("ok", "5" * 32)

    def set_store(self, *, away: bool) -> None:
        """The store goes away, or is back; each peer that has it notices by itself, a little later."""
        self.store.away = away
        for peer in self.peers:
            if peer.alive and peer.has_store:
                self.call(1000 + self.rng.randrange(500_000), partial(self._look_at_store, peer))

    def _look_at_store(self, peer: SimPeer) -> None:
        """It sees what is there when it looks, not what was there when it was told to."""
        if peer.alive:
            self.later(0, peer, self.store_state())

    def drain(self, peer: SimPeer) -> None:
        """A peer is told to leave politely."""
        if peer.alive:
            self.later(0, peer, ev.DrainAsked())

    def quiet_since(self, peers: list[SimPeer]) -> bool:
        """True when nobody among these runs or publishes anything, and all have said all."""
        return not any(slot.chunks for peer in peers for slot in peer.state.core.slots.values()) and not any(
            peer.state.core.publishing or peer.state.core.waiting for peer in peers
        )

    def digest(self) -> str:
        """The digest of all that happened so far."""
        return self.trace.hexdigest()

    def _push(self, delay_us: int, peer: SimPeer | None, life: int, what: ev.Event | Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._heap, (self.now_us + delay_us, self._number, peer, life, what))

    def _handle(self, peer: SimPeer, event: ev.Event, number: int) -> None:
        if isinstance(event, ev.Woke):
            if not 0 <= peer.wake_us <= self.now_us:
                return
            peer.wake_us = -1
        self.counts["events"] += 1
        self.trace.update(f"{self.now_us} {peer.number} {type(event).__name__}".encode())
        effects = peer.state.handle(event, peer.clock_ms(self.now_us), f"e{number}")
        if self.counts["events"] % self.check_every == 0:
            peer.state.check()
        doom = self.doomed.get(peer.number)
        dies = doom is not None and doom.event in ("", type(event).__name__) and doom.effects < len(effects)
        for effect in effects[: doom.effects] if doom is not None and dies else effects:
            for observe in self.observers:
                observe(peer, effect)
            self._perform[type(effect)](self, peer, effect)
        if doom is not None and dies:
            self.kill(peer, power_cut=doom.power_cut)
        self._schedule_wake(peer)

    def _schedule_wake(self, peer: SimPeer) -> None:
        due = max(peer.when_us(peer.state.wake_at()), self.now_us + 100)
        if peer.alive and not peer.left and (peer.wake_us < 0 or due < peer.wake_us):
            peer.wake_us = due
            self._push(due - self.now_us, peer, peer.counter, ev.Woke())

    def _send(self, peer: SimPeer, effect: fx.Send) -> None:
        data = codec.encode(effect.envelope)
        self.counts["messages"] += 1
        self.counts[type(effect.envelope.body).__name__] += 1
        self.bytes_sent += len(data)
        self.trace.update(data)
        self._deliver(peer, effect.address, data, effect.envelope)

    def _reply_envelope(self, peer: SimPeer, effect: fx.ReplyEnvelope) -> None:
        self._deliver(peer, effect.via.decode(), codec.encode(effect.envelope), effect.envelope)

    def _deliver(self, sender: SimPeer, address: str, data: bytes, envelope: Envelope) -> None:
        target = self._by_address.get(address)
        if target is None or not target.alive or target.left or (sender.number, target.number) in self.cut:
            return
        slow = [self.slow[end] for end in (sender.number, target.number) if end in self.slow]
        for delay in fates(self.weather, self.rng):
            delay += sum(link.delay(self.now_us, len(data)) for link in slow)
            if self.counts["messages"] % self.decode_every == 0:
                decoded = codec.decode(data, codec.BULK_BYTES_MAX)
                assert isinstance(decoded, Envelope)
                envelope = decoded
            self.later(delay, target, ev.Received(envelope, sender.host, sender.address.encode()))

    def _write(self, peer: SimPeer, effect: fx.Write) -> None:
        peer.disk.pending.append((effect.position, effect.record))
        if not peer.disk.syncing:
            self._sync(peer)

    def _sync(self, peer: SimPeer) -> None:
        disk, life = peer.disk, peer.counter
        disk.syncing = True
        upto = disk.pending[-1][0]

        def synced() -> None:
            if not peer.alive or peer.counter != life:
                return
            disk.synced(upto)
            if disk.pending:
                self._sync(peer)
            self._happen(peer, life, ev.Durable(upto))

        self.call(disk.delay_us + self.rng.randrange(disk.delay_us + 1), synced)

    def _start(self, peer: SimPeer, effect: fx.Start) -> None:
        life = peer.lives[effect.slot]
        at = max(100, peer.busy_until_us[effect.slot] - self.now_us)  # behind what the child has already
        peer.begins[effect.chunk] = self.now_us + at, effect

        def say(event: ev.Event) -> None:
            self._slot_event(at, peer, effect.slot, life, event, effect.chunk)

        for index in Ranges.decode(effect.ranges).indices():
            key = (effect.batch, index)
            self.executed[key] += 1
            us = max(1, int(self.model.us(effect.recipe, index) / peer.speed))
            say(ev.Begun(effect.slot, effect.chunk, index))
            luck = self.rng.random()
            at += us
            if luck < self.model.crash:
                say(ev.SlotDied(effect.slot, "crashed"))
                return
            if luck < self.model.crash + self.model.fail:
                say(ev.TaskFailed(effect.slot, effect.chunk, index, "failed"))
                continue
            salt = self.rng.randrange(self.model.digest_spread)
            digest = digest_of(f"{effect.batch}/{index}/{salt}".encode())
            attempt, ext = effect.attempts.get(index, 1), "png" if peer.has_store else ""
            entry = Entry(index, digest, 100, us // 1000, attempt, ext=ext)
            if ext:
                peer.disk.spool.add(spool_name(effect.batch, entry))
            say(ev.TasksDone(effect.slot, effect.chunk, (entry,), us))
        peer.busy_until_us[effect.slot] = self.now_us + at
        say(ev.ChunkEnded(effect.slot, effect.chunk))

    def _recall(self, peer: SimPeer, effect: fx.Recall) -> None:
        begins_us, start = peer.begins[effect.chunk]
        if self.now_us >= begins_us or effect.chunk in peer.recalled:
            return
        self.executed.subtract((start.batch, index) for index in Ranges.decode(start.ranges).indices())
        life = peer.lives[effect.slot]
        self._slot_event(100, peer, effect.slot, life, ev.ChunkEnded(effect.slot, effect.chunk))
        peer.recalled.add(effect.chunk)
        peer.busy_until_us[effect.slot] = begins_us

    def _slot_event(self, delay_us: int, peer: SimPeer, slot: int, life: int, event: ev.Event, chunk: int = -1) -> None:
        counter = peer.counter

        def happen() -> None:
            if chunk in peer.recalled:
                return
            if peer.alive and peer.counter == counter and peer.lives[slot] == life:
                if isinstance(event, ev.SlotDied):
                    self._respawn(peer, slot)
                self._happen(peer, counter, event)

        self.call(delay_us, happen)

    def _respawn(self, peer: SimPeer, slot: int) -> None:
        peer.lives[slot] += 1
        peer.busy_until_us[slot] = 0
        self._slot_event(_RESPAWN_US, peer, slot, peer.lives[slot], ev.SlotReady(slot))

    def _kill_slot(self, peer: SimPeer, effect: fx.Kill) -> None:
        self._respawn(peer, effect.slot)
        self.later(100, peer, ev.SlotDied(effect.slot, effect.reason))

    def _send_report(self, peer: SimPeer, effect: fx.SendReport) -> None:
        facts = [peer.disk.durable[position - 1] for position in effect.facts]
        for envelope, bulk in report_pages(effect.envelope, [(cast(BatchFact, fact), 200) for fact in facts]):
            send = fx.Send(effect.address, envelope, effect.bulk_port if bulk else 0)
            for observe in self.observers:
                observe(peer, send)
            self._send(peer, send)

    def _reply_results(self, peer: SimPeer, effect: fx.ReplyResults) -> None:
        page = results_page(effect, lambda position: peer.disk.durable[position - 1])
        self.answers.append((peer.number, Answer(effect.number, page)))

    def _reply_why(self, peer: SimPeer, effect: fx.ReplyWhy) -> None:
        answer = why_answer(effect, lambda position: peer.disk.durable[position - 1])
        self.answers.append((peer.number, Answer(effect.number, answer)))

    def _publish(self, peer: SimPeer, effect: fx.Publish) -> None:
        block, op = peer.disk.durable[effect.position - 1], effect.op
        assert isinstance(block, ResultBlock)

        def put() -> ev.Event:
            if {spool_name(block.batch, e) for e in block.entries if e.ext} - peer.disk.spool:
                return ev.PublishFailed(op, "lost", block)
            self.store.publish(block)
            return ev.Published(op, block)

        self._at_store(peer, put, ev.PublishFailed(op, "away"), writes=True)

    def _lookup(self, peer: SimPeer, effect: fx.Lookup) -> None:
        self._at_store(peer, lambda: ev.LookedUp(effect.op, ()), ev.PublishFailed(effect.op, "away"))

    def _store_batch(self, peer: SimPeer, effect: fx.StoreBatch) -> None:
        def put() -> ev.Event:
            self.store.put_batch(effect.batch, effect.recipe, effect.will)
            return ev.BatchStored(effect.batch, effect.will)

        self._at_store(peer, put, writes=True)

    def _look_for_batches(self, peer: SimPeer, effect: fx.LookForBatches) -> None:
        self._at_store(peer, lambda: ev.BatchesFound(self.store.unfinished(effect.known)))

    def _read_results(self, peer: SimPeer, effect: fx.ReadResults) -> None:
        def read() -> ev.Event:
            blocks = tuple(self.store.blocks.get(effect.batch, [])[effect.start : effect.start + _BLOCKS_AT_ONCE])
            following = effect.start + len(blocks) if len(blocks) == _BLOCKS_AT_ONCE else 0
            return ev.ResultsRead(effect.batch, blocks, following)

        self._at_store(peer, read)

    def _at_store(
        self, peer: SimPeer, act: Callable[[], ev.Event], failed: ev.Event | None = None, *, writes: bool = False
    ) -> None:
        """Something is done on the store, and the peer hears of it; or it cannot be, or nobody knows whether it was."""
        store, life = self.store, peer.counter
        if store.away or (store.full and writes):
            # What fails on its last step has been done all the same.
            done = store.full and store.rng.random() < store.done_all_the_same
            self._fails(peer, failed, store.delay_us, act if done else None)
            return
        hung_us = max(0, store.hangs_until_us - self.now_us)
        if hung_us > store.patience_us:
            self._fails(peer, failed, store.patience_us)
            if store.rng.random() < store.done_all_the_same:
                self.call(hung_us + store.delay_us, lambda: _unheard(act))  # by the helper that was left behind
            return

        def happen() -> None:
            event = act()
            if peer.alive and peer.counter == life and isinstance(event, ev.PublishFailed):
                self.counts["lost outputs"] += 1
            self._push(1, peer, life, event)

        self.call(hung_us + store.delay_us, happen)

    def _fails(
        self, peer: SimPeer, failed: ev.Event | None, delay_us: int, act: Callable[[], ev.Event] | None = None
    ) -> None:
        """The peer's store helper gives up: the store is away for it, until a look at it says otherwise."""
        if act is not None:
            self.call(delay_us, lambda: _unheard(act))
        if not self.store.away:
            self.later(delay_us, peer, ev.StoreChanged("away", "", "failed"))
            look_us = max(delay_us, self.store.hangs_until_us - self.now_us) + _LOOK_US
            self.call(look_us, partial(self._look_at_store, peer))
        if failed is not None:
            self.later(delay_us, peer, failed)

    def _unspool(self, peer: SimPeer, effect: fx.Unspool) -> None:
        peer.disk.spool.difference_update(effect.names)

    def _tell(self, peer: SimPeer, effect: fx.Tell) -> None:
        self.counts[f"tell {effect.level}"] += 1
        if self.keep_told:
            line = f"{self.now_us / 1e6:9.4f} {effect.cause:>10} p{peer.number} {effect.level} {effect.text}"
            self.told = self.told[-self.keep_told :] + [line]
        if effect.level == "fatal" and peer.alive:
            self.kill(peer, power_cut=False)
            others = [other.address for other in self.peers if other is not peer]
            self.call(_STARTED_AGAIN_US, partial(peer.boot, others))

    def _leave(self, peer: SimPeer, effect: fx.Leave) -> None:
        peer.left, peer.alive = True, False

    _perform: dict[type[fx.Effect], Callable[..., None]] = {  # noqa: RUF012  # a table, never changed
        fx.Send: _send,
        fx.SendReport: _send_report,
        fx.ReplyResults: _reply_results,
        fx.ReplyWhy: _reply_why,
        fx.ReplyEnvelope: _reply_envelope,
        fx.Reply: lambda self, peer, effect: self.answers.append((peer.number, effect.answer)),
        fx.Hangup: lambda self, peer, effect: None,
        fx.Write: _write,
        fx.Start: _start,
        fx.Recall: _recall,
        fx.Kill: _kill_slot,
        fx.Publish: _publish,
        fx.Lookup: _lookup,
        fx.StoreBatch: _store_batch,
        fx.LookForBatches: _look_for_batches,
        fx.ReadResults: _read_results,
        fx.OpenStore: lambda self, peer, effect: self.later(1000, peer, self.store_state()),
        fx.Conclude: lambda self, peer, effect: None,
        fx.KeepPaces: lambda self, peer, effect: None,
        fx.Unspool: _unspool,
        fx.Tell: _tell,
        fx.Leave: _leave,
    }


def _unheard(act: Callable[[], ev.Event]) -> None:
    """What nobody waits for any more is done."""
    act()
