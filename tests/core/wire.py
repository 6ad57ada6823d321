"""Cores on a table: every message between them is laid out, and delivered, doubled or dropped by hand."""

from __future__ import annotations

import random

from msgspec import structs

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.handover import offer_of
from musep2p.core.ids import Incarnation, PeerId
from musep2p.core.messages import PROTOCOL_VERSION, Hello
from musep2p.core.peer_state import PeerState
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.reports import report_pages
from musep2p.core.requests import Request, SubmitAsk
from musep2p.core.state import Core
from musep2p.core.tuning import Tuning
from musep2p.core.withdrawal import recounted

_OUTPUT = 9  # bytes of each output that is a file
RECIPE = Recipe("null", {}, (Axis.of("v", tuple(range(10))),), (1, 2))


class Table:
    """Peers p0, p1, ... and the messages on their way, oldest first."""

    def __init__(self, count, *, slots=1, tuning=None):
        self.now_ms = 0
        self.peers: dict[str, PeerState] = {}
        self.disks: dict[str, list] = {}
        self.mail: list[tuple[str, str, object]] = []  # from, to, envelope
        self.starts: list[tuple[str, fx.Start]] = []
        self.slot_orders: list[tuple[str, fx.Recall | fx.Kill]] = []
        self.tests: list[tuple[str, fx.Test]] = []
        self.replies: list = []
        self.told: list[tuple[str, str]] = []
        self.kept: list[tuple[str, str, int, int]] = []  # pieces of others' outputs
        self.published: list[tuple[str, object]] = []  # for others
        self.concluded: list[tuple[str, fx.Conclude]] = []
        self.batches_stored: list[tuple[str, fx.StoreBatch]] = []
        self.stores = False  # whether what is put on the store is there at once
        self.tuning, self.slots = tuning or Tuning(), slots
        for number in range(count):
            self.boot(f"p{number}")

    def boot(self, name, counter=1, nonce=None, *, has_store=False):
        """Start a process of a peer (again): it replays its disk."""
        number = int(name[1:])
        incarnation = Incarnation(counter, nonce or f"{counter:08x}")
        hello = Hello(PROTOCOL_VERSION, "table", name, 7000 + number, 7100, self.slots, ("null",))
        core = Core(
            me=PeerId(f"{number:016x}"), incarnation=incarnation, hello=hello, tuning=self.tuning,
            rng=random.Random(number), payload=frozenset({"null"}), has_store=has_store,
        )  # fmt: skip
        self.peers[name] = PeerState(core)
        self.peers[name].restore(self.disks.setdefault(name, []))
        self.happen(name, ev.Woke())
        return self.peers[name]

    def core(self, name):
        return self.peers[name].core

    def happen(self, name, event):
        """One event at one peer; disks are instant unless `hold_disk`."""
        effects = self.peers[name].handle(event, self.now_ms)
        self.peers[name].check()
        written, again = 0, []
        for effect in effects:
            if isinstance(effect, fx.Send):
                to = f"p{int(effect.address.rpartition(':')[2]) - 7000}"
                self.mail.append((name, to, effect.envelope))
            elif isinstance(effect, fx.SendReport):
                to = f"p{int(effect.address.rpartition(':')[2]) - 7000}"
                facts = [(self.disks[name][position - 1], 100) for position in effect.facts]
                self.mail += [(name, to, envelope) for envelope, _ in report_pages(effect.envelope, facts)]
            elif isinstance(effect, fx.ReplyEnvelope):
                self.mail.append((name, effect.via.decode(), effect.envelope))
            elif isinstance(effect, fx.Write):
                self.disks[name].append(effect.record)
                written = effect.position
            elif isinstance(effect, fx.Recount):
                again.append(recounted(effect, lambda position: self.disks[name][position - 1]))
            elif isinstance(effect, fx.Withdraw):
                again.append(ev.WithdrawalsStored(effect.op) if self.stores else ev.PublishFailed(effect.op, "full"))
            elif isinstance(effect, fx.Publish) and self.stores:
                again.append(ev.Published(effect.op, self.disks[name][effect.position - 1], "a-folder"))
            elif isinstance(effect, fx.SendHandover):
                self._mail(name, effect.address, offer_of(effect, self.disks[name][effect.position - 1]))
            elif isinstance(effect, fx.SendOutput):
                self._mail(name, effect.address, self._piece(effect))
            elif isinstance(effect, fx.KeepPiece):
                self.kept.append((name, effect.name, effect.start, len(effect.data)))
            elif isinstance(effect, fx.PublishFor):
                self.published.append((name, effect.block))
                there = ev.Published(effect.op, effect.block, "a-folder")
                again.append(there if self.stores else ev.PublishFailed(effect.op, "full"))
            elif isinstance(effect, fx.Reread):
                again.append(ev.Reread(self.disks[name][effect.position - 1]))
            elif isinstance(effect, fx.StoreBatch):
                self.batches_stored.append((name, effect))
            elif isinstance(effect, fx.Conclude):
                self.concluded.append((name, effect))
            elif isinstance(effect, fx.Start):
                self.starts.append((name, effect))
            elif isinstance(effect, fx.Test):
                self.tests.append((name, effect))
            elif isinstance(effect, fx.Recall | fx.Kill):
                self.slot_orders.append((name, effect))
            elif isinstance(effect, fx.Reply):
                self.replies.append(effect.answer.body)
            elif isinstance(effect, fx.Tell):
                self.told.append((name, effect.text))
        if written:
            self.happen(name, ev.Durable(written))
        for following in again:
            self.happen(name, following)

    def _mail(self, name, address, envelope):
        self.mail.append((name, f"p{int(address.rpartition(':')[2]) - 7000}", envelope))

    def _piece(self, effect):
        body = effect.envelope.body
        piece = structs.replace(body, size=_OUTPUT, data=bytes(min(effect.length, _OUTPUT - body.start)))
        return structs.replace(effect.envelope, body=piece)

    def deliver(self, kind=None, to=None, *, keep=False):
        """Deliver the oldest message (of a kind, to a peer), if that lives; with `keep` it stays, to come twice."""
        for place, (sender, target, envelope) in enumerate(self.mail):
            if (kind is None or isinstance(envelope.body, kind)) and to in (None, target):
                if not keep:
                    self.mail.pop(place)
                if target in self.peers:
                    self.happen(target, ev.Received(envelope, "10.0.0.1", sender.encode()))
                return envelope.body
        raise AssertionError(f"no {kind} to {to} among {self.kinds()}")

    def drop(self, kind):
        """Lose all messages of a kind."""
        self.mail = [m for m in self.mail if not isinstance(m[2].body, kind)]

    def say_twice_then_lose(self, kind):
        """Go on until somebody says this; that comes twice, and what else there is of it never."""
        while not any(isinstance(envelope.body, kind) for _, _, envelope in self.mail):
            self.deliver()
        self.deliver(kind, keep=True)
        self.drop(kind)

    def kinds(self):
        return [(sender, to, type(envelope.body).__name__) for sender, to, envelope in self.mail]

    def settle(self, rounds=400):
        """Deliver everything, in order, without letting time pass."""
        for _ in range(rounds):
            if not self.mail:
                return
            self.deliver()
        raise AssertionError(f"never quiet: {self.kinds()[:10]}")

    def wait(self, ms, *, step=50, settle=True):
        """Let time pass at all peers."""
        until = self.now_ms + ms
        while self.now_ms < until:
            self.now_ms += step
            for name in self.peers:
                self.happen(name, ev.Woke())
                if settle:
                    self.settle()

    def meet(self):
        """All know each other and are up."""
        for name in self.peers:
            for other in self.peers:
                if other != name:
                    self.happen(name, ev.Sighted(f"10.0.0.1:{7000 + int(other[1:])}"))
        self.settle()
        self.wait(100)
        assert all(len(peer.core.up_members()) == len(self.peers) - 1 for peer in self.peers.values())

    def submit(self, name, recipe=RECIPE, settings=Settings("table", retries=1)):  # noqa: B008  # frozen
        request = Request(1, "table", len(self.replies) + 1, SubmitAsk(recipe, settings))
        self.happen(name, ev.Asked(b"face", request))

    def batch(self, name):
        (batch,) = self.core(name).batches.values()
        return batch
