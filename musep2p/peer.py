"""The asyncio shell of one peer: turns the world into events, performs effects in order. Nothing is decided here."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import psutil

from musep2p import __version__
from musep2p.config import Settings
from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.clients import results_page
from musep2p.core.handover import offer_of
from musep2p.core.ids import BatchId
from musep2p.core.messages import PROTOCOL_VERSION, Hello, Output
from musep2p.core.peer_state import PeerState
from musep2p.core.recipe.checks import thresholds
from musep2p.core.records import BatchFact, Record, ResultBlock, Withdrawal, spool_name
from musep2p.core.reports import report_pages
from musep2p.core.requests import Answer
from musep2p.core.state import Core
from musep2p.core.tuning import Tuning
from musep2p.core.why import why_answer
from musep2p.core.withdrawal import recounted
from musep2p.engines.registry import load_engine, usable_engines
from musep2p.errors import ConfigError, LocalProtocolError, MuseError, StoreError
from musep2p.net.addresses import live_addresses
from musep2p.net.links import ZmqLinks, peer_address
from musep2p.platforms import NO_ROOM, links_max
from musep2p.runner.catalogue import Catalogue
from musep2p.runner.gpu import gpu_memory_mb
from musep2p.runner.hours import parse_hours
from musep2p.runner.neighbour import Neighbour
from musep2p.runner.pictures import Pictures
from musep2p.runner.slots import Slots
from musep2p.store.disk_watch import DiskWatch
from musep2p.store.journal import Journal
from musep2p.store.layout import Presence
from musep2p.store.outlet import Outlet
from musep2p.store.outputs import picture_of, piece_of
from musep2p.store.state_folder import StateFolder

if TYPE_CHECKING:
    from musep2p.net.discovery import MdnsDiscovery

__all__ = ["Options", "Peer"]


def _spool_bytes(state: Path) -> int:
    """Half of what is free where the spool is, and not more than a night of pictures."""
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    return min(Tuning().spool_bytes, psutil.disk_usage(str(there)).free // 2)


@dataclass(frozen=True, slots=True)
class Options:
    """How this process is run, beside the settings.

    Attributes:
        mdns: announce and look by mDNS.
        adopt_store: make an empty folder the farm's store without asking the farm.
        tell: takes (level, line).
        store_id: what an adopted store is called; random if empty.
    """

    mdns: bool
    adopt_store: bool
    tell: Callable[[str, str], None]
    store_id: str = ""


class Peer:
    """One `musep2p join` process.

    Args:
        settings: where and how.
        options: of this process.
        tuning: of the protocol.

    Raises:
        ConfigError, StoreError: it cannot be started as asked; nothing is left behind.
    """

    def __init__(self, settings: Settings, options: Options, tuning: Tuning | None = None) -> None:
        self._settings, self._options = settings, options
        spool_bytes = settings.spool_mb << 20 or _spool_bytes(settings.state)
        self._tuning = tuning or Tuning(spool_bytes=spool_bytes)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._finished: asyncio.Future[None] = self._loop.create_future()
        self._refused = False
        self._queue: list[ev.Event] = []
        self._handling = self._broken = False
        self._discovery: MdnsDiscovery | None = None
        self._open_parts()
        self._perform: dict[type[fx.Effect], Callable[[fx.Effect], None]] = self._performers()

    @property
    def address(self) -> str:
        """Where faces and peers reach it: host:port."""
        return f"{live_addresses(self._host)[0]}:{self._links.port}"

    @property
    def id(self) -> str:
        """Its PeerId."""
        return self._folder.id

    async def start(self) -> None:
        """Open everything; returns when the peer listens."""
        self._folder.announce(self.address, self._settings.farm_name)
        self._clear_spool()
        self._neighbour.open()
        self._catalogue.open()
        self._slots.open()
        self._disk.open()
        presence = Presence(self._folder.id, self._settings.farm_name, self.address)
        self._outlet.open(presence, adopt=self._options.adopt_store)
        for peer in self._settings.peers:
            self.post(ev.Sighted(peer))
        self.post(ev.Woke())
        if self._options.mdns:
            from musep2p.net.discovery import MdnsDiscovery

            host, farm = self._host, self._settings.farm_name
            self._discovery = MdnsDiscovery(host, self._links.port, farm, self.post, self._options.tell)
            await self._discovery.start()

    async def store_opened(self) -> None:
        """Until the store has answered in whatever way, or two seconds have passed.

        Raises:
            MuseError: it can never be used as it is.
        """
        await self._outlet.opened()
        if self._finished.done():
            self._finished.result()

    async def sheet_of(self, batch: BatchId) -> Path | None:
        """The contact sheet of a batch that is complete, once it is drawn."""
        return await self._outlet.sheet_of(batch)

    async def run_until_left(self) -> None:
        """Until it drained, or something fatal.

        Raises:
            MuseError: what was fatal.
        """
        await asyncio.shield(self._finished)

    def drain(self) -> None:
        """Finish what runs, give the rest away, leave."""
        self.post(ev.DrainAsked())

    async def close(self) -> None:
        """Stop at once; nothing is left running."""
        if not self._broken:
            self.post(ev.StopAsked())
        if self._timer is not None:
            self._timer.cancel()
        if self._discovery is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._discovery.stop(), 2)
        self._disk.close()
        self._neighbour.close()
        self._catalogue.close()
        await self._slots.close()
        await self._outlet.close()
        self._links.close()
        self._journal.close()
        self._folder.close(failed=self._refused)

    def post(self, event: ev.Event) -> None:
        """An event happens; called in the loop's thread. Events that come while one is handled wait their turn."""
        self._queue.append(event)
        if self._handling:
            return
        self._handling = True
        while self._queue and not self._broken:
            self._handle(self._queue.pop(0))
        self._handling = False
        self._schedule()

    def _open_parts(self) -> None:
        settings = self._settings
        (self._host, port), hours = settings.place(), parse_hours(settings.hours)
        peers = tuple(peer_address(peer) for peer in settings.peers)
        self._settings = settings = replace(settings, peers=peers)
        self._folder = StateFolder(settings.state, settings.farm_name)
        try:
            path, spool = self._folder.journal_path, self._folder.spool
            self._journal = Journal(path, spool, self._on_durable, self._on_journal_failed, self._on_journal_full)
            self._links = ZmqLinks(self._host, port, self.post, self._options.tell, links_max())
        except MuseError:
            self._folder.close(failed=True)
            raise
        try:
            self._state = PeerState(self._make_core())
            pictures = Pictures()
            self._state.restore(pictures.seen(self._journal.open()))
        except MuseError:
            self._links.close()
            self._folder.close(failed=True)
            raise
        self._outlet = Outlet(
            root=settings.store, folder=self._folder, store_id=self._options.store_id, post=self.post,
            refused=self._on_store_refused, tell=self._options.tell,
        )  # fmt: skip
        memory = settings.memory_mb << 20 or psutil.virtual_memory().total // (2 * settings.slots)
        self._disk = DiskWatch(self._folder.path, self.post)
        no_room = self._disk.no_room
        self._neighbour = Neighbour(hours, settings.idle_s(), settings.idle_command, self._working, self.post)
        self._slots = Slots(settings.slots, self._folder.spool, settings.speed, memory, self.post, no_room, pictures)

    def _working(self) -> bool:
        return any(slot.chunks or not slot.ready for slot in self._state.core.slots.values())

    def _clear_spool(self) -> None:
        """What an earlier process left half-written, or had no time to remove."""
        waiting = [(batch, self._record(position)) for batch, position in self._state.core.unpublished]
        needed = {
            spool_name(batch, entry) for batch, record in waiting if isinstance(record, ResultBlock)
            for entry in record.entries
        }  # fmt: skip
        self._journal.unspool(tuple(path.name for path in self._folder.spool.iterdir() if path.name not in needed))

    def _make_core(self) -> Core:
        settings = self._settings
        engines = usable_engines()
        hello = Hello(
            PROTOCOL_VERSION, settings.farm_name, settings.name, self._links.port, self._links.bulk_port,
            settings.slots, engines, settings.tags, settings.speed, settings.gpu_mb or gpu_memory_mb(), __version__,
        )  # fmt: skip
        loaded = [load_engine(name) for name in engines]
        self._catalogue = Catalogue(loaded, self.post)
        core = Core(
            me=self._folder.id, incarnation=self._folder.incarnation, hello=hello, tuning=self._tuning,
            rng=random.Random(secrets.randbits(64)),
            keyed=frozenset(engine.name for engine in loaded if engine.keyed),
            payload=frozenset(engine.name for engine in loaded if engine.payload),
            has_store=settings.store is not None, may_adopt=self._options.adopt_store,
            paces=self._folder.paces(), share=settings.share,
        )  # fmt: skip
        core.host = live_addresses(self._host)[0]
        return core

    def _handle(self, event: ev.Event) -> None:
        try:
            for effect in self._state.handle(event, self._now_ms()):
                self._perform[type(effect)](effect)
        except StoreError as error:
            self._break(error)  # our own journal cannot be read again: what it holds can no longer be told
        except Exception as error:
            # Effects are lost in the middle: what we believe is no longer what we said. The journal is.
            for line in traceback.format_exception(error):
                self._options.tell("error", line.rstrip())
            hint = "Please report the lines above. Start it again: nothing that was recorded is lost."
            self._break(LocalProtocolError("this is a bug of musep2p, and the peer stops here.", hint))

    def _break(self, error: MuseError) -> None:
        self._broken = True
        self._finish(error)

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._broken:
            return
        delay = max(0.0005, (self._state.wake_at() - self._now_ms()) / 1000)
        self._timer = self._loop.call_later(delay, self.post, ev.Woke())

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)

    def _performers(self) -> dict[type[fx.Effect], Callable[[fx.Effect], None]]:
        links, slots = self._links, self._slots
        table: dict[type[fx.Effect], Callable[..., None]] = {
            fx.Send: lambda e: links.send(e.address, e.envelope, e.bulk_port),
            fx.SendReport: self._send_report,
            fx.ReplyResults: self._reply_results,
            fx.ReplyWhy: self._reply_why,
            fx.ReplyPicture: self._reply_picture,
            fx.Reply: lambda e: links.reply(e.via, e.answer),
            fx.ReplyEnvelope: lambda e: links.reply(e.via, e.envelope),
            fx.Hangup: lambda e: links.hang_up(e.address),
            fx.Write: self._write,
            fx.Start: self._start,
            fx.Recall: slots.recall,
            fx.Test: slots.test,
            fx.Kill: lambda e: slots.kill(e.slot, e.reason, release=e.release),
            fx.Publish: lambda e: self._outlet.publish(e, self._block(e.position)),
            fx.PublishFor: self._outlet.carry,
            fx.SendHandover: self._send_handover,
            fx.SendOutput: self._send_output,
            fx.KeepPiece: self._keep_piece,
            fx.Reread: lambda e: self.post(ev.Reread(self._block(e.position))),
            fx.Withdraw: self._outlet.perform,
            fx.Recount: lambda e: self.post(recounted(e, self._record)),
            fx.Unspool: lambda e: self._journal.unspool(e.names),
            fx.Lookup: self._outlet.perform,
            fx.StoreBatch: self._outlet.perform,
            fx.LookForBatches: self._outlet.perform,
            fx.ReadResults: self._outlet.perform,
            fx.OpenStore: self._outlet.open_again,
            fx.Conclude: self._outlet.conclude,
            fx.KeepPaces: lambda e: self._folder.keep_paces(e.paces),
            fx.Tell: self._tell,
            fx.Leave: lambda e: self._finish(None),
        }
        return table

    def _write(self, effect: fx.Write) -> None:
        self._journal.append(effect.position, effect.record, effect.sync)
        if isinstance(effect.record, ResultBlock):
            self._slots.learn(effect.record)
        elif isinstance(effect.record, Withdrawal):
            self._slots.forget(effect.record)

    def _send_report(self, effect: fx.SendReport) -> None:
        facts = ((cast(BatchFact, record), size) for record, size in map(self._journal.read, effect.facts))
        for envelope, bulk in report_pages(effect.envelope, facts):
            self._links.send(effect.address, envelope, effect.bulk_port if bulk else 0)

    def _reply_results(self, effect: fx.ReplyResults) -> None:
        page = results_page(effect, self._record)
        self._links.reply(effect.via, Answer(effect.number, page))

    def _reply_why(self, effect: fx.ReplyWhy) -> None:
        self._links.reply(effect.via, Answer(effect.number, why_answer(effect, self._record)))

    def _start(self, effect: fx.Start) -> None:
        settings = self._state.core.batches[effect.batch].will.settings
        self._slots.start(effect, thresholds(settings.gate))

    def _reply_picture(self, effect: fx.ReplyPicture) -> None:
        records = map(self._record, effect.positions)
        picture = picture_of(effect, records, self._folder.spool, self._folder.kept)
        self._links.reply(effect.via, Answer(effect.number, picture))

    def _record(self, position: int) -> Record:
        return self._journal.read(position)[0]

    def _block(self, position: int) -> ResultBlock:
        block = self._record(position)
        assert isinstance(block, ResultBlock)
        return block

    def _send_handover(self, effect: fx.SendHandover) -> None:
        self._links.send(effect.address, offer_of(effect, self._block(effect.position)))

    def _send_output(self, effect: fx.SendOutput) -> None:
        record = self._record(effect.position)
        try:
            envelope = piece_of(effect, record, self._folder.spool, self._folder.kept)
        except OSError as error:
            block = self._block(effect.position)
            if effect.number:
                self.post(ev.PublishFailed(effect.number, f"an output is no longer in the spool: {error}", block))
                return
            envelope, piece = effect.envelope, cast(Output, effect.envelope.body)
            self.post(ev.OutputGone(effect.position, block, piece.index, str(error)))
        self._links.send(effect.address, envelope, effect.bulk_port)

    def _keep_piece(self, effect: fx.KeepPiece) -> None:
        try:
            with (self._folder.spool / effect.name).open("r+b" if effect.start else "wb") as file:
                file.seek(effect.start)
                file.write(effect.data)
        except OSError as error:
            self.post(ev.PublishFailed(effect.op, str(error)))
            if error.errno in NO_ROOM:
                self._disk.no_room(error.strerror or str(error))

    def _tell(self, effect: fx.Tell) -> None:
        if effect.level == "fatal":
            self._finish(ConfigError(effect.text))
        else:
            self._options.tell(effect.level, effect.text)

    def _finish(self, error: MuseError | None) -> None:
        if self._finished.done():
            return
        if error is None:
            self._finished.set_result(None)
        else:
            self._finished.set_exception(error)

    def _on_durable(self, position: int) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.post, ev.Durable(position))

    def _on_journal_failed(self, error: OSError) -> None:
        reason = StoreError(
            f"the journal in {self._settings.state} cannot be written: {error.strerror or error}.",
            "Free some space there and run join again; nothing that was recorded is lost.",
        )
        self._loop.call_soon_threadsafe(self._finish, reason)

    def _on_journal_full(self, error: OSError) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._disk.no_room, error.strerror or str(error))

    def _on_store_refused(self, error: StoreError) -> None:
        self._refused = True
        self._finish(error)
