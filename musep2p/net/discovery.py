"""mDNS: says where to knock, never who is alive. Announced and asked for again every 10 s on every live interface.

Each record is a rumour: it holds the protocol version, a random instance id and the farm's name. There is no
uniqueness probe (the instance id is random), so a new peer is seen within milliseconds.

All of it runs in a thread with a loop of its own: thousands of announcements, from whomever, keep no peer from work.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import Callable

from zeroconf import Error, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from musep2p.core import events as ev
from musep2p.core.messages import PROTOCOL_VERSION
from musep2p.net.addresses import live_addresses

__all__ = ["SERVICE", "MdnsDiscovery"]

SERVICE = "_musep2p._tcp.local."
_AGAIN_S = 10.0
_ASK_MS = 2000
_ASKED_AT_ONCE = 32
_STOP_S = 2.0
_TTL_S = 120


class MdnsDiscovery:
    """Announces one peer and looks for others.

    Args:
        listen, port: where the peer listens.
        farm: peers of other farms are not knocked at.
        post: takes `Sighted` events, in the loop that started it.
        tell: takes (level, line), in that loop too.
    """

    def __init__(
        self, listen: str, port: int, farm: str, post: Callable[[ev.Event], None], tell: Callable[[str, str], None]
    ) -> None:
        self._mdns = _Mdns(listen, port, farm, post, tell)
        self._thread: threading.Thread | None = None
        self._stopped: Callable[[], object] = lambda: None

    async def start(self, *, announce: bool = True) -> None:
        """Announce (a face does not), ask, and keep doing both; returns at once."""
        home, looking = asyncio.get_running_loop(), asyncio.SelectorEventLoop()
        self._mdns.deliver = lambda call, *given: _deliver(home, call, *given)
        stopped = asyncio.Event()
        self._stopped = lambda: looking.call_soon_threadsafe(stopped.set)

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: looking) as runner:
                runner.run(self._mdns.run(announce, stopped))

        self._thread = threading.Thread(target=run, name="mdns", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Say goodbye and close; two seconds at most."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with contextlib.suppress(RuntimeError):  # it ended by itself
            self._stopped()
        await asyncio.to_thread(thread.join, _STOP_S)


def _deliver(home: asyncio.AbstractEventLoop, call: Callable[..., None], *given: object) -> None:
    with contextlib.suppress(RuntimeError):  # the peer is gone
        home.call_soon_threadsafe(call, *given)


class _Mdns:
    """What runs in the thread."""

    def __init__(
        self, listen: str, port: int, farm: str, post: Callable[[ev.Event], None], tell: Callable[[str, str], None]
    ) -> None:
        self._listen, self._port, self._farm, self._post, self._tell = listen, port, farm, post, tell
        self.deliver: Callable[..., None] = lambda call, *given: None
        self._instance = secrets.token_hex(8)
        self._announces = True
        self._addresses: list[str] = []
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._info: AsyncServiceInfo | None = None
        self._lookups: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def run(self, announce: bool, stopped: asyncio.Event) -> None:
        """Until it is stopped."""
        self._announces = announce
        await self._open()
        again = asyncio.create_task(self._repeat())
        await stopped.wait()
        again.cancel()
        await self._close()

    async def _open(self) -> None:
        self._addresses = live_addresses(self._listen)
        if not self._addresses:
            return
        try:
            self._zeroconf = AsyncZeroconf(interfaces=list(self._addresses), ip_version=IPVersion.V4Only)
            self._info = AsyncServiceInfo(
                SERVICE,
                f"{self._instance}.{SERVICE}",
                port=self._port,
                addresses=[socket.inet_aton(address) for address in self._addresses],
                properties={"v": str(PROTOCOL_VERSION), "id": self._instance, "farm": self._farm},
                host_ttl=_TTL_S,
                server=f"{self._instance}.local.",
            )
            if self._announces:
                await self._zeroconf.async_register_service(self._info, cooperating_responders=True)
            self._browse()
        except (OSError, Error) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            line = f"mDNS does not work here ({why}); use --peer HOST:PORT"
            self.deliver(self._tell, "warning", line)
            await self._close()

    async def _close(self) -> None:
        zeroconf, self._zeroconf = self._zeroconf, None
        browser, self._browser = self._browser, None
        with contextlib.suppress(OSError, Error, asyncio.TimeoutError):
            if browser is not None:
                await browser.async_cancel()
            if zeroconf is not None:
                await zeroconf.async_unregister_all_services()
                await zeroconf.async_close()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN_S)
            if live_addresses(self._listen) != self._addresses:
                await self._close()
                await self._open()
            elif self._zeroconf is not None and self._info is not None:
                with contextlib.suppress(OSError, Error):
                    if self._announces:
                        await self._zeroconf.async_update_service(self._info)
                    if self._browser is not None:
                        await self._browser.async_cancel()
                    self._browse()

    def _browse(self) -> None:
        assert self._zeroconf is not None
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._changed], delay=100)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed or name.startswith(self._instance):
            return
        task = asyncio.get_running_loop().create_task(self._look_up(zeroconf, name))
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(SERVICE, name)
        if not info.load_from_cache(zeroconf):
            async with self._asking:
                if not await info.async_request(zeroconf, _ASK_MS):
                    return
        farm = info.decoded_properties.get("farm")
        if farm != self._farm or info.port is None:
            return
        for address in info.parsed_addresses(IPVersion.V4Only):
            self.deliver(self._post, ev.Sighted(f"{address}:{info.port}"))
