"""Virtual time, virtual disks and a virtual store around the production core.

A world is a heap of (microsecond, number, action). Every message is encoded and decoded by the real codec,
journals lose what was not synced when a peer dies, and the touched peer is checked after every event.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

import xxhash
from msgspec import structs

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.clients import results_page
from musep2p.core.handover import offer_of
from musep2p.core.ids import BatchId
from musep2p.core.messages import Envelope, Output
from musep2p.core.records import BatchFact, RecordId, ResultBlock, Withdrawal, spool_name
from musep2p.core.reports import report_pages
from musep2p.core.requests import Answer, Request, RequestBody
from musep2p.core.tuning import Tuning
from musep2p.core.why import why_answer
from musep2p.core.withdrawal import recounted
from musep2p.errors import PeerError
from musep2p.sim.helpers import StoreHelpers
from musep2p.sim.machine import SimPeer
from musep2p.sim.mail import WaitingMail
from musep2p.sim.network import SlowLink, Weather, fates
from musep2p.sim.slots import SimSlots, TaskModel
from musep2p.sim.store import SimStore
from musep2p.wire import codec

__all__ = ["Doom", "World"]

_PIECE = 60  # of the 100 bytes of an output
_STARTED_AGAIN_US = 8_000_000  # by its user, who read why it ended


class Doom(NamedTuple):
    """A death in the middle: of the next event of a kind ('' any) that has more effects than this, so many are done."""

    effects: int
    event: str
    power_cut: bool


def _block(peer: SimPeer, position: int) -> ResultBlock:
    block = peer.disk.durable[position - 1]
    assert isinstance(block, ResultBlock)
    return block


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
        self.store = SimStore("5" * 32, lambda: self.now_us)
        self.other_store = SimStore("9" * 32, lambda: self.now_us)  # that few see, and the farm will not keep
        self.stores = self.files = False
        self._helpers, self._slots = StoreHelpers(self), SimSlots(self)
        self.answers: list[tuple[int, Answer]] = []
        self.counts: Counter[str] = Counter()
        self.bytes_sent = 0
        self.executed: Counter[tuple[BatchId, int]] = Counter()
        self.cut: set[tuple[int, int]] = set()
        self.slow: dict[int, SlowLink] = {}
        self.mail: WaitingMail | None = None
        self.garbage, self.garbage_rng = 0.0, random.Random("musep2p garbage")
        self.fault_rng: random.Random | None = None
        self.doomed: dict[int, Doom] = {}
        self.sick: dict[
            int, bool
        ] = {}  # peers that fail each task at once; whether they say that it is their own fault
        self.spoiled: list[Withdrawal] = []
        self.told: list[str] = []
        self.keep_told = 0
        self.check_every = self.decode_every = 1
        self.trace = xxhash.xxh3_128()
        self.observers: list[Callable[[SimPeer, fx.Effect], None]] = []
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._by_address: dict[str, SimPeer] = {}

    def add_peer(self, *, slots: int = 1, speed: float = 1.0, has_store: bool = False) -> SimPeer:
        """Another machine; it runs once it is booted."""
        peer = SimPeer(self, len(self.peers), slots, speed, has_store)
        self.peers.append(peer)
        self._by_address[peer.address] = peer
        return peer

    def move(self, peer: SimPeer, host: str) -> None:
        """A machine has another address from now on; '' stands for one that nobody ever had."""
        self.counts["moves"] += 1
        if self._by_address.get(peer.address) is peer:
            del self._by_address[peer.address]
        peer.move(host or f"10.9.{self.counts['moves']}.1")
        self._by_address[peer.address] = peer

    def claim_address(self, peer: SimPeer) -> None:
        """A machine is started: where another runs at its address by now, it gets a new one."""
        there = self._by_address.get(peer.address)
        if there is not None and there is not peer and there.alive:
            self.move(peer, "")
        self._by_address[peer.address] = peer

    def later(self, delay_us: int, peer: SimPeer, event: ev.Event) -> None:
        """Let an event happen to the present life of a peer."""
        self.reach(delay_us, peer, peer.counter, event)

    def reach(self, delay_us: int, peer: SimPeer, life: int, event: ev.Event) -> None:
        """Let an event happen to a life of a peer, if it is still that then."""
        self.call(delay_us, partial(self.happen, peer, life, event, self._number + 1))

    def call(self, delay_us: int, action: Callable[[], None]) -> None:
        """Let something happen to the world."""
        self._number += 1
        heapq.heappush(self._heap, (self.now_us + delay_us, self._number, action))

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
        self.now_us, _, action = heapq.heappop(self._heap)
        action()
        return True

    def happen(self, peer: SimPeer, life: int, event: ev.Event, number: int = 0) -> None:
        """An event reaches a life of a peer: at once, or when it is awake again."""
        if not peer.alive or life != peer.counter:
            return
        if self.now_us >= peer.frozen_until_us:
            self._handle(peer, event, number)
        elif not (peer.suspended and isinstance(event, ev.Received)):
            self.reach(peer.frozen_until_us - self.now_us, peer, life, event)

    def kill(self, peer: SimPeer, *, power_cut: bool) -> None:
        """A peer dies, with what was not synced; the others' links are refused unless its machine is gone."""
        self.doomed.pop(peer.number, None)
        if not peer.alive:
            return
        self.counts["deaths"] += 1
        peer.alive = False
        if self.mail is not None:
            self.mail.forget(peer.number)
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

    def set_store(self, *, away: bool) -> None:
        """The store goes away, or is back; each peer that has it notices by itself, a little later."""
        self.store.away = away
        for peer in self.peers:
            if peer.alive and peer.has_store:
                self.call(1000 + self.rng.randrange(500_000), partial(self.look_at_store, peer))

    def look_at_store(self, peer: SimPeer) -> None:
        """A peer looks: it sees what is there when it looks, not what was there when it was told to."""
        if peer.alive:
            self.later(0, peer, peer.store.state())

    def fill_disk(self, peer: SimPeer, stuck_until_us: int) -> None:
        """A machine's own disk is full; its journal may have to wait for room, too."""
        peer.disk.stuck_until_us = stuck_until_us
        if peer.alive:
            self.later(0, peer, ev.DiskChanged("no room"))

    def free_disk(self, peer: SimPeer) -> None:
        """It has room again."""
        if peer.alive:
            self.later(0, peer, ev.DiskChanged(""))

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

    def _handle(self, peer: SimPeer, event: ev.Event, number: int) -> None:
        if isinstance(event, ev.Woke):
            if not 0 <= peer.wake_us <= self.now_us:
                return
            peer.wake_us = -1
        self.counts["events"] += 1
        self.trace.update(b"%d %d %b" % (self.now_us, peer.number, type(event).__name__.encode()))
        effects = peer.state.handle(event, peer.clock_ms(self.now_us), f"e{number}")
        if self.counts["events"] % self.check_every == 0:
            peer.state.check()
        doom = self.doomed.get(peer.number) if self.doomed else None
        dies = doom is not None and doom.event in ("", type(event).__name__) and doom.effects < len(effects)
        perform, observers = self._perform, self.observers
        for effect in effects[: doom.effects] if doom is not None and dies else effects:
            for observe in observers:
                observe(peer, effect)
            perform[type(effect)](self, peer, effect)
        if doom is not None and dies:
            self.kill(peer, power_cut=doom.power_cut)
        self._schedule_wake(peer)

    def _schedule_wake(self, peer: SimPeer) -> None:
        due = max(peer.when_us(peer.state.wake_at()), self.now_us + 100)
        if peer.alive and not peer.left and (peer.wake_us < 0 or due < peer.wake_us):
            peer.wake_us = due
            self.later(due - self.now_us, peer, ev.Woke())

    def _send(self, peer: SimPeer, effect: fx.Send) -> None:
        data = codec.encode(effect.envelope)
        self.counts["messages"] += 1
        self.counts[type(effect.envelope.body).__name__] += 1
        self.bytes_sent += len(data)
        self.trace.update(data)
        self._deliver(peer, effect.address, data, effect.envelope)

    def _reply_envelope(self, peer: SimPeer, effect: fx.ReplyEnvelope) -> None:
        if (target := self._by_address.get(effect.via.decode())) is not None and target.alive:
            self._deliver(peer, target.address, codec.encode(effect.envelope), effect.envelope)

    def deliver_waiting(self, peer: SimPeer) -> None:
        """A process listens again: what was sent meanwhile reaches it, most of it meant for its life before."""
        for delay_us, number, envelope in self.mail.take(peer.address) if self.mail is not None else ():
            sender = self.peers[number]
            self.later(delay_us, peer, ev.Received(envelope, sender.host, sender.address.encode()))

    def _hang_up(self, peer: SimPeer, effect: fx.Hangup) -> None:
        if self.mail is not None:
            self.mail.hang_up(peer.number, effect.address)

    def _deliver(self, sender: SimPeer, address: str, data: bytes, envelope: Envelope) -> None:
        target = self._by_address.get(address)
        if target is None or target.left or (sender.number, target.number) in self.cut:
            return
        if not target.alive:
            if self.mail is not None:
                self.mail.keep(sender.number, address, envelope)
            return
        slow = [self.slow[end] for end in (sender.number, target.number) if end in self.slow]
        if self.garbage and self.garbage_rng.random() < self.garbage:
            self._refuse(data[: self.garbage_rng.randrange(len(data))])
            return
        for delay in fates(self.weather, self.rng):
            delay += sum(link.delay(self.now_us, len(data)) for link in slow)
            if self.counts["messages"] % self.decode_every == 0:
                decoded = codec.decode(data, codec.BULK_BYTES_MAX)
                assert isinstance(decoded, Envelope)
                envelope = decoded
            self.later(delay, target, ev.Received(envelope, sender.host, sender.address.encode()))

    def _refuse(self, data: bytes) -> None:
        """What is no message must be refused by the codec; nobody hears of it."""
        try:
            codec.decode(data, codec.BULK_BYTES_MAX)
        except PeerError:
            self.counts["refused"] += 1
        else:
            raise AssertionError(f"the codec took {len(data)} bytes of a longer message for a message")

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
            self.happen(peer, life, ev.Durable(upto))

        delay_us = disk.delay_us + self.rng.randrange(disk.delay_us + 1)
        self.call(max(delay_us, disk.stuck_until_us - self.now_us), synced)

    def _send_report(self, peer: SimPeer, effect: fx.SendReport) -> None:
        facts = [peer.disk.durable[position - 1] for position in effect.facts]
        for envelope, bulk in report_pages(effect.envelope, [(cast(BatchFact, fact), 200) for fact in facts]):
            send = fx.Send(effect.address, envelope, effect.bulk_port if bulk else 0)
            for observe in self.observers:
                observe(peer, send)
            self._send(peer, send)

    def _send_handover(self, peer: SimPeer, effect: fx.SendHandover) -> None:
        self._send(peer, fx.Send(effect.address, offer_of(effect, _block(peer, effect.position))))

    def _send_output(self, peer: SimPeer, effect: fx.SendOutput) -> None:
        block, body = _block(peer, effect.position), effect.envelope.body
        assert isinstance(body, Output)
        place = next((place for place, entry in enumerate(block.entries) if entry.index == body.index), -1)
        assert place >= 0, f"p{peer.number} was asked for an output that is not where it shall be"
        entry = block.entries[place]
        if spool_name(block.batch, entry) not in peer.disk.spool and entry.digest not in peer.disk.kept:
            known = peer.state.core.batches[block.batch].results
            record = RecordId(block.first.peer, block.first.incarnation, block.first.number + place)
            withdrawn = known.has_withdrawal(Withdrawal(block.batch, record, entry.index))  # it was safe before
            self.counts["lost outputs"] += entry.index not in known.safe and not withdrawn
            if not effect.number:
                self._send(peer, fx.Send(effect.address, effect.envelope, effect.bulk_port))
                self.later(1, peer, ev.OutputGone(effect.position, block, entry.index, "lost"))
                return
            self.later(1, peer, ev.PublishFailed(effect.number, "lost", block))
            return
        piece = structs.replace(body, size=entry.size, data=bytes(min(_PIECE, entry.size - body.start)))
        self._send(peer, fx.Send(effect.address, structs.replace(effect.envelope, body=piece), effect.bulk_port))

    def _recount(self, peer: SimPeer, effect: fx.Recount) -> None:
        self.later(1, peer, recounted(effect, lambda position: peer.disk.durable[position - 1]))

    def _reply_results(self, peer: SimPeer, effect: fx.ReplyResults) -> None:
        page = results_page(effect, lambda position: peer.disk.durable[position - 1])
        self.answers.append((peer.number, Answer(effect.number, page)))

    def _reply_why(self, peer: SimPeer, effect: fx.ReplyWhy) -> None:
        answer = why_answer(effect, lambda position: peer.disk.durable[position - 1])
        self.answers.append((peer.number, Answer(effect.number, answer)))

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
        fx.ReplyPicture: lambda self, peer, effect: None,
        fx.ReplyEnvelope: _reply_envelope,
        fx.Reply: lambda self, peer, effect: self.answers.append((peer.number, effect.answer)),
        fx.Hangup: _hang_up,
        fx.Write: _write,
        fx.Start: lambda self, peer, effect: self._slots.start(peer, effect),
        fx.Recall: lambda self, peer, effect: self._slots.recall(peer, effect),
        fx.Test: lambda self, peer, effect: self._slots.test(peer, effect),
        fx.Kill: lambda self, peer, effect: self._slots.kill(peer, effect),
        fx.Publish: lambda self, peer, effect: self._helpers.publish(peer, effect),
        fx.PublishFor: lambda self, peer, effect: self._helpers.carry(peer, effect),
        fx.SendHandover: _send_handover,
        fx.SendOutput: _send_output,
        fx.KeepPiece: lambda self, peer, effect: peer.disk.spool.add(effect.name),
        fx.Reread: lambda self, peer, effect: self.later(1, peer, ev.Reread(_block(peer, effect.position))),
        fx.Withdraw: lambda self, peer, effect: self._helpers.withdraw(peer, effect),
        fx.Recount: _recount,
        fx.Lookup: lambda self, peer, effect: self._helpers.lookup(peer, effect),
        fx.StoreBatch: lambda self, peer, effect: self._helpers.store_batch(peer, effect),
        fx.LookForBatches: lambda self, peer, effect: self._helpers.look_for_batches(peer, effect),
        fx.ReadResults: lambda self, peer, effect: self._helpers.read_results(peer, effect),
        fx.OpenStore: lambda self, peer, effect: self.later(1000, peer, peer.store.state()),
        fx.Conclude: lambda self, peer, effect: None,
        fx.KeepPaces: lambda self, peer, effect: None,
        fx.Unspool: _unspool,
        fx.Tell: _tell,
        fx.Leave: _leave,
    }
