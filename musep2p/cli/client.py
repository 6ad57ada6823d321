"""A face's link to a peer: requests and answers, and how to find a peer to ask."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import TypeVar

import msgspec
import zmq

from musep2p.config import Settings
from musep2p.core import events as ev
from musep2p.core import requests as r
from musep2p.core.ids import BatchId
from musep2p.core.messages import PROTOCOL_VERSION
from musep2p.core.recipe import Recipe, batch_id, encode_recipe
from musep2p.core.recipe import Settings as BatchSettings
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.tuning import Tuning
from musep2p.errors import BatchCancelledError, MuseError, NoPeersError
from musep2p.net.links import peer_address
from musep2p.store.state_folder import running_peer
from musep2p.wire.codec import BULK_BYTES_MAX, decode, encode

__all__ = ["PeerClient", "find_peer", "no_peers", "sighted"]

_FIND_S = 1.5
_PROBE_S = 0.5
_ANSWER_S = 10.0
_LOOK_S = 0.2
_TUNING = Tuning()
_LOST = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED  # it went away, or nobody listens there
_Body = TypeVar("_Body", bound=r.AnswerBody)


class RemoteError(MuseError):
    """A peer answered with an error."""

    def __init__(self, answer: r.ErrorAnswer) -> None:
        super().__init__(answer.message, answer.hint)
        self.code, self.exit_code = answer.code, answer.exit_code


class PeerClient:
    """One peer, asked synchronously.

    Args:
        address: host:port of its control socket.
        farm: the farm that it must be of.
        stop: when set, waiting for an answer ends with BatchCancelledError.
    """

    def __init__(self, address: str, farm: str, stop: threading.Event | None = None) -> None:
        self.address, self._farm = address, farm
        self._stop = stop or threading.Event()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._monitors: dict[zmq.Socket[bytes], zmq.Socket[bytes]] = {}
        self._socket = self._connect(address)
        self._bulk: zmq.Socket[bytes] | None = None
        self._number = 0

    def ask(self, body: r.RequestBody, kind: type[_Body], timeout_s: float = _ANSWER_S) -> _Body:
        """Ask, and wait for the answer.

        Raises:
            NoPeersError: no answer in time, or the peer is gone.
            RemoteError: the peer says what is wrong.
        """
        return self._ask_by(self._socket, body, kind, timeout_s)

    def submit(self, recipe: Recipe, settings: BatchSettings, timeout_s: float) -> r.Accepted:
        """Submit a recipe; a large one is uploaded over the bulk link, unless the peer knows it already.

        Raises:
            NoPeersError: no answer in time.
            RemoteError: the peer says what is wrong.
        """
        data = encode_recipe(recipe)
        if len(data) <= _TUNING.inline_bytes:
            return self.ask(r.SubmitAsk(recipe, settings), r.Accepted, timeout_s)
        batch = batch_id_of(data)
        try:
            return self.ask(r.SubmitAsk(None, settings, batch), r.Accepted, timeout_s)
        except RemoteError as error:
            if error.code != "recipe_wanted":
                raise
        self._upload(batch, data)
        return self.ask(r.SubmitAsk(None, settings, batch), r.Accepted, timeout_s)

    def next_run(self, recipe: Recipe) -> Recipe:
        """The recipe under the first run number above 0 that the farm does not know: nothing is looked up for it.

        Raises:
            NoPeersError: no answer in time.
        """
        recipe = msgspec.structs.replace(recipe, run=recipe.run + 1)
        while self.knows(recipe):
            recipe = msgspec.structs.replace(recipe, run=recipe.run + 1)
        return recipe

    def knows(self, recipe: Recipe) -> bool:
        """True when the farm has a batch of exactly this recipe.

        Raises:
            NoPeersError: no answer in time.
        """
        try:
            self.ask(r.StatusAsk(batch_id(recipe)), r.StatusList)
        except RemoteError as error:
            if error.code != "batch":
                raise
            return False
        return True

    def _upload(self, batch: BatchId, data: bytes) -> None:
        host, _, port = self.address.rpartition(":")
        if self._bulk is None:
            self._bulk = self._connect(f"{host}:{int(port) + 1}")
        at = 0
        while at < len(data):
            piece = r.Upload(batch, at, len(data), data[at : at + _TUNING.piece_bytes])
            before, at = at, self._ask_by(self._bulk, piece, r.Uploaded, _ANSWER_S).next
            if at <= before:
                raise NoPeersError(f"the peer at {self.address} does not take the recipe.", "Submit it again.")

    def _connect(self, address: str) -> zmq.Socket[bytes]:
        made: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        for option, value in {zmq.LINGER: 0, zmq.MAXMSGSIZE: BULK_BYTES_MAX, zmq.HANDSHAKE_IVL: 2000}.items():
            made.setsockopt(option, value)
        self._monitors[made] = made.get_monitor_socket(_LOST)
        made.connect(f"tcp://{address}")
        return made

    def _ask_by(self, link: zmq.Socket[bytes], body: r.RequestBody, kind: type[_Body], timeout_s: float) -> _Body:
        self._number += 1
        request = r.Request(PROTOCOL_VERSION, self._farm, self._number, body)
        monitor = self._monitors[link]
        while monitor.poll(0):  # what was before the question is no matter
            monitor.recv_multipart()
        either = zmq.Poller()
        either.register(link, zmq.POLLIN)
        either.register(monitor, zmq.POLLIN)
        link.send(encode(request), zmq.NOBLOCK)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if self._stop.is_set():
                raise BatchCancelledError("no longer watching.")
            ready = dict(either.poll(int(min(left, _LOOK_S) * 1000) + 1))
            if link not in ready:
                if monitor in ready:
                    raise NoPeersError(
                        f"the peer at {self.address} went away.", "Start it again and say the same again."
                    )
                continue
            answer = decode(link.recv(), BULK_BYTES_MAX)
            if isinstance(answer, r.Answer) and answer.number == self._number:
                if isinstance(answer.body, r.ErrorAnswer):
                    raise RemoteError(answer.body)
                assert isinstance(answer.body, kind)
                return answer.body
        raise NoPeersError(f"the peer at {self.address} does not answer.", "Is it running? `musep2p peers` shows.")

    def status(self, batch: str, after: int = -1) -> r.BatchStatus:
        """One batch; with `after`, once it changed or a second passed."""
        answer = self.ask(r.StatusAsk(batch, after), r.StatusList)
        if not answer.batches:
            raise BatchCancelledError(f"the peer at {self.address} no longer knows batch {batch}.")
        return answer.batches[0]

    def results(self, batch: str, *, start: int = 0, stop: int = 0, failed: bool = False) -> Iterator[r.ResultsPage]:
        """Results from index `start` to `stop` (0: the end), in pages; follows to who accounts for the batch.

        Raises:
            NoPeersError: nobody answers, also not whom our peer names after the first named one was silent.
        """
        client, silent = self, False
        try:
            while True:
                try:
                    page = client.ask(r.ResultsAsk(batch, start, stop, failed), r.ResultsPage)
                except NoPeersError:
                    if client is self or silent:
                        raise
                    client.close()
                    client, silent = self, True
                    continue
                if page.redirect and client is self:
                    client = PeerClient(page.redirect, self._farm)
                    continue
                yield page
                start = page.next
                if not start:
                    break
        finally:
            if client is not self:
                client.close()

    def close(self) -> None:
        """Close the links."""
        for link, monitor in self._monitors.items():
            link.disable_monitor()
            monitor.close()
            link.close()
        self._context.term()


def find_peer(settings: Settings, *, mdns: bool = True) -> PeerClient | None:
    """The peer of our state folder, else one of `--peer`, else any of the farm seen within 1.5 s."""
    folders = [settings.state, *sorted((settings.state / "alone").glob("*"))]
    running = [known for folder in folders if (known := running_peer(folder)) is not None]
    candidates = [known.address for known in running if known.farm == settings.farm_name]
    candidates += [peer_address(peer) for peer in settings.peers]
    for address in candidates:
        if (client := _answering(address, settings)) is not None:
            return client
    if not mdns:
        return None
    for address in asyncio.run(sighted(settings)):
        if (client := _answering(address, settings)) is not None:
            return client
    return None


def no_peers(settings: Settings) -> NoPeersError:
    """What to say when nobody is there."""
    return NoPeersError(
        f"no peer of farm {settings.farm_name!r} is running or was seen within {_FIND_S} s.",
        "Start one with `musep2p join`, or name one with --peer HOST:PORT.",
    )


def _answering(address: str, settings: Settings) -> PeerClient | None:
    client = PeerClient(address, settings.farm_name)
    try:
        client.ask(r.PeersAsk(), r.PeersAnswer, _PROBE_S)
        return client
    except MuseError:
        client.close()
        return None


async def sighted(settings: Settings, *, all_of_them: bool = False) -> list[str]:
    """Addresses of the farm's peers that mDNS shows within 1.5 s: the first, or all."""
    from musep2p.net.discovery import MdnsDiscovery  # most commands find a peer of this machine

    found: asyncio.Queue[str] = asyncio.Queue()

    def post(event: ev.Event) -> None:
        if isinstance(event, ev.Sighted):
            found.put_nowait(event.address)

    host, _ = settings.place()
    browser = MdnsDiscovery(host, 0, settings.farm_name, post, lambda level, text: None)
    await browser.start(announce=False)
    addresses: list[str] = []
    deadline = asyncio.get_running_loop().time() + _FIND_S
    try:
        while (all_of_them or not addresses) and (left := deadline - asyncio.get_running_loop().time()) > 0:
            addresses.append(await asyncio.wait_for(found.get(), left))
    except TimeoutError:
        pass
    finally:
        await browser.stop()
    return addresses
