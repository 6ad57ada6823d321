"""ZeroMQ links: one ROUTER for control and one for bulk bound here, one DEALER to each address we speak to.

The Harmony pattern of the ZeroMQ guide: servers bind, clients connect, each peer is both. Everything goes one
way, DEALER to ROUTER; only faces and strangers are answered on the link that they used. Sockets are drained
without blocking when their descriptor is readable, and sending never blocks: what finds no room is lost, as
any message may be.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

import zmq
from zmq.utils.monitor import parse_monitor_message

from musep2p.core import events as ev
from musep2p.core.messages import Envelope
from musep2p.core.requests import Answer, Request
from musep2p.errors import ConfigError, PeerError
from musep2p.wire.codec import BULK_BYTES_MAX, CONTROL_BYTES_MAX, decode, encode

__all__ = ["DEFAULT_PORT", "ZmqLinks", "peer_address"]

DEFAULT_PORT = 7340
_PORTS_TRIED = 100
_READING_S = 0.03
_PROBE_S = 1.0
_PROBE_AGAIN_S = 0.15
_PROBING_S = 5.0  # then silence has told the core
_PEER_ADDRESS = "Peer-Address"
_CONTROL, _BULK = b"c", b"b"
_SOCKETS_OF_A_LINK = 3  # it, and both ends of its monitor
_OTHERS = 300  # sockets besides
_CLOSING = 2  # times as many sockets as may be open: ZeroMQ lets go of closed ones when it has time
_ROOM_MADE = 16  # links closed when the system has no room for one more
_ROOM_S = 0.5  # and no more of them before those may be gone
_BULK_WAITING = 32  # messages of up to 1 MiB; who does not read them loses more

COMMON_OPTIONS = {
    zmq.LINGER: 0,  # a closing peer waits for nobody
    zmq.SNDHWM: 2000,  # a slow peer fills its own queue, then loses messages
    zmq.RCVHWM: 5000,
    zmq.SNDTIMEO: 0,
    zmq.HANDSHAKE_IVL: 2000,  # silent connections are let go after 2 s, not 30
    zmq.HEARTBEAT_IVL: 1000,  # the kernel notices a cut cable after 15 min, this after 2 s
    zmq.HEARTBEAT_TIMEOUT: 2000,
    zmq.HEARTBEAT_TTL: 3000,
    zmq.TCP_KEEPALIVE: 1,
}
SERVER_OPTIONS = {
    zmq.ROUTER_MANDATORY: 1,  # an answer to somebody who left is an error, not a silent loss
    zmq.BACKLOG: 1024,
    zmq.ROUTER_HANDOVER: 0,
}
CLIENT_OPTIONS = {
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 5000,
    zmq.CONNECT_TIMEOUT: 3000,
    zmq.IMMEDIATE: 0,  # a first hello waits for its connection; stale ones go with the hang-up
}
_BACK = zmq.EVENT_HANDSHAKE_SUCCEEDED
_MONITORED = zmq.EVENT_DISCONNECTED | _BACK


@dataclass(slots=True)
class _Link:
    """One connected DEALER, and the monitor that tells when it closes and when it is back."""

    socket: zmq.Socket[bytes]
    monitor: zmq.Socket[bytes] | None
    probe: asyncio.Task[None] | None = None


class ZmqLinks:
    """All sockets of one peer, on the running loop.

    Of a large farm's peers only those spoken to of late keep a link: systems limit how many there can be.

    Args:
        listen: the address to bind, as an IP.
        port: the control port, or 0 for the first free pair from the default on.
        post: takes events.
        tell: takes (level, line) for what is worth a line.
        most: links that are open at once; then the one that was used longest ago is closed.

    Raises:
        ConfigError: the address or the port asked for cannot be bound.
    """

    def __init__(
        self,
        listen: str,
        port: int,
        post: Callable[[ev.Event], None],
        tell: Callable[[str, str], None],
        most: int = 200,
    ) -> None:
        self._post, self._tell = post, tell
        self._loop = asyncio.get_running_loop()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, _CLOSING * _SOCKETS_OF_A_LINK * most + _OTHERS)
        self._links: dict[str, _Link] = {}
        self._most = most
        self._bad: dict[str, int] = {}
        self._crowded = self._closed = False
        self._made_room = float("-inf")
        self._drain_soon: set[zmq.Socket[bytes]] = set()
        self._control, self._bulk, self.port, self.bulk_port = self._bind_pair(listen, port)
        self._watch(self._control, lambda: self._drain_router(self._control))
        self._watch(self._bulk, lambda: self._drain_router(self._bulk))

    def send(self, address: str, envelope: Envelope, bulk_port: int = 0) -> None:
        """Send to whoever listens there; over the bulk link when a port for it is named."""
        data = encode(envelope)
        if bulk_port or len(data) > CONTROL_BYTES_MAX // 4:
            host = address.rpartition(":")[0]
            address = f"{host}:{bulk_port}" if bulk_port else address
        link = self._links.pop(address, None) or self._connect(address, bulk=bool(bulk_port))
        if link is None:
            return
        self._links[address] = link
        try:
            link.socket.send(data, zmq.NOBLOCK)
        except zmq.ZMQError:
            return
        self._recheck(link.socket, lambda: self._drain_dealer(address))

    def reply(self, via: bytes, message: Envelope | Answer) -> None:
        """Answer on the link that a request came by."""
        router = self._bulk if via[:1] == _BULK else self._control
        try:
            router.send_multipart([via[1:], encode(message)], zmq.NOBLOCK)
        except zmq.ZMQError:
            return
        self._recheck(router, lambda: self._drain_router(router))

    def hang_up(self, address: str) -> None:
        """Close the control and bulk links to a peer."""
        host = address.rpartition(":")[0]
        port = int(address.rpartition(":")[2])
        for known in (address, f"{host}:{port + 1}"):
            link = self._links.pop(known, None)
            if link is not None:
                self._close_link(link)

    def close(self) -> None:
        """Close all sockets; what is queued for sending gets 200 ms."""
        if self._closed:
            return
        self._closed = True
        for link in self._links.values():
            link.socket.setsockopt(zmq.LINGER, 200)
            self._close_link(link)
        for router in (self._control, self._bulk):
            self._loop.remove_reader(_descriptor(router))
            router.setsockopt(zmq.LINGER, 200)
            router.close()
        self._context.term()

    def _bind_pair(self, listen: str, port: int) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes], int, int]:
        first = port or DEFAULT_PORT
        reason = ""
        for control_port in [first] if port else range(first, first + 2 * _PORTS_TRIED, 2):
            control, bulk = self._router(CONTROL_BYTES_MAX), self._router(BULK_BYTES_MAX)
            try:
                control.bind(f"tcp://{_literal(listen)}:{control_port}")
                bulk.bind(f"tcp://{_literal(listen)}:{control_port + 1}")
                return control, bulk, control_port, control_port + 1
            except zmq.ZMQError as error:
                reason = zmq.strerror(error.errno or 0)
                control.close()
                bulk.close()
        self._context.term()
        place = f"{listen}:{first} (or {first + 1})" if port else f"{listen}, any port from {first} on"
        raise ConfigError(f"cannot listen on {place}: {reason}.", "Name another with --listen ADDR:PORT.")

    def _router(self, limit: int) -> zmq.Socket[bytes]:
        router = self._context.socket(zmq.ROUTER)
        for option, value in {**COMMON_OPTIONS, **SERVER_OPTIONS, zmq.MAXMSGSIZE: limit}.items():
            router.setsockopt(option, value)
        return router

    def _connect(self, address: str, *, bulk: bool = False) -> _Link | None:
        if self._closed:
            return None
        while len(self._links) >= self._most:
            self._close_link(self._links.pop(next(iter(self._links))))
        try:
            dealer, monitor = self._dealer(bulk=bulk)
        except (zmq.ZMQError, OSError) as error:
            self._make_room(error.strerror or str(error))
            return None
        try:
            dealer.connect(f"tcp://{address}")
        except zmq.ZMQError as error:
            self._tell("warning", f"{address} is no address: {zmq.strerror(error.errno or 0)}")
            dealer.disable_monitor()
            dealer.close()
            return None
        link = _Link(dealer, monitor)
        self._watch(dealer, lambda: self._drain_dealer(address))
        self._watch(monitor, lambda: self._drain_monitor(address, link))
        return link

    def _dealer(self, *, bulk: bool) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        dealer = self._context.socket(zmq.DEALER)
        try:
            for option, value in {**COMMON_OPTIONS, **CLIENT_OPTIONS, zmq.MAXMSGSIZE: CONTROL_BYTES_MAX}.items():
                dealer.setsockopt(option, value)
            if bulk:
                dealer.setsockopt(zmq.SNDHWM, _BULK_WAITING)
            return dealer, dealer.get_monitor_socket(_MONITORED)
        except zmq.ZMQError:
            dealer.close()
            raise

    def _make_room(self, reason: str) -> None:
        """The message is lost, as any may be; the links used longest ago are closed for the next ones."""
        if not self._crowded:
            self._crowded = True
            self._tell("warning", f"no room for one more link ({reason}); raise this process's limit of open files")
        if self._loop.time() - self._made_room < _ROOM_S:
            return
        self._made_room = self._loop.time()
        for address in list(self._links)[:_ROOM_MADE]:
            self._close_link(self._links.pop(address))

    def _close_link(self, link: _Link) -> None:
        if link.probe is not None:
            link.probe.cancel()
        self._loop.remove_reader(_descriptor(link.socket))
        if link.monitor is not None:
            self._loop.remove_reader(_descriptor(link.monitor))
            link.socket.disable_monitor()
            link.monitor.close()
            link.monitor = None
        link.socket.close()

    def _watch(self, sock: zmq.Socket[bytes], drain: Callable[[], None]) -> None:
        self._loop.add_reader(_descriptor(sock), drain)
        self._loop.call_soon(drain)

    def _recheck(self, sock: zmq.Socket[bytes], drain: Callable[[], None]) -> None:
        """ZeroMQ's descriptor is edge-triggered: a send may have eaten the edge, so look once more."""
        if sock not in self._drain_soon:
            self._drain_soon.add(sock)

            def look() -> None:
                self._drain_soon.discard(sock)
                drain()

            self._loop.call_soon(look)

    def _drain_router(self, router: zmq.Socket[bytes]) -> None:
        """What came in; `via` says which socket it came by and from whom, so that an answer finds its way.

        Not for longer than a moment at once: a face that asks shall not wait until all long messages are read.
        """
        until = self._loop.time() + _READING_S
        mark, limit = (_BULK, BULK_BYTES_MAX) if router is self._bulk else (_CONTROL, CONTROL_BYTES_MAX)
        while not self._closed:
            try:
                frames = router.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            if len(frames) == 2:
                host = str(frames[1].get(_PEER_ADDRESS))
                self._received(frames[1].bytes, host, mark + frames[0].bytes, limit)
            if self._loop.time() > until:
                self._recheck(router, lambda: self._drain_router(router))
                return

    def _drain_dealer(self, address: str) -> None:
        while not self._closed and (link := self._links.get(address)) is not None:
            try:
                data = link.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            except zmq.ZMQError:
                return
            self._received(data, address.rpartition(":")[0], b"", CONTROL_BYTES_MAX)

    def _received(self, data: bytes, host: str, via: bytes, limit: int) -> None:
        try:
            message = decode(data, limit)
        except PeerError as error:
            self._bad[host] = self._bad.get(host, 0) + 1
            if self._bad[host] == 1:
                self._tell("warning", f"{host} sends what is no message of ours: {error}")
            return
        if isinstance(message, Envelope):
            self._post(ev.Received(message, host, via))
        elif isinstance(message, Request) and via:
            self._post(ev.Asked(via, message))

    def _drain_monitor(self, address: str, link: _Link) -> None:
        while not self._closed and link.monitor is not None:
            try:
                event = parse_monitor_message(link.monitor.recv_multipart(zmq.NOBLOCK))["event"]
            except zmq.ZMQError:
                return
            if link.probe is not None:
                link.probe.cancel()
            link.probe = None if event == _BACK else self._loop.create_task(self._probe(address))

    async def _probe(self, address: str) -> None:
        """A link closed: is the process gone (connection refused), or only the path?

        A dying process closes its sockets one by one, and on a busy machine takes its time, so who still accepts
        connections is tried again until it has shaken hands or was silent for long enough to be down anyway.
        """
        host, _, port = address.rpartition(":")
        until = self._loop.time() + _PROBING_S
        while self._loop.time() < until:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), _PROBE_S)
                writer.close()
            except TimeoutError:
                continue
            except ConnectionRefusedError:
                self._post(ev.LinkRefused(address))
                return
            except OSError:
                pass  # reset while it dies, or no route at the moment: neither says that it is gone
            await asyncio.sleep(_PROBE_AGAIN_S)


def _descriptor(sock: zmq.Socket[bytes]) -> int:
    return int(sock.getsockopt(zmq.FD))


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def peer_address(text: str) -> str:
    """HOST:PORT, as a user names a peer, with the host's IPv4 address.

    Raises:
        ConfigError: it is no such thing, or nobody knows the host.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"--peer {text!r} is no address.", "Write it as HOST:PORT, like 10.0.0.5:7340.")
    try:
        return f"{socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0]}:{port}"
    except OSError as error:
        raise ConfigError(f"nobody knows the host {host!r}: {error.strerror or error}.", "Check the name.") from None
