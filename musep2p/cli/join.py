"""`join`: a peer as a process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from musep2p.cli.show import counted, note, print_json
from musep2p.config import Settings
from musep2p.engines.finding import USUAL_PORTS, find_engines, use
from musep2p.errors import BatchCancelledError
from musep2p.peer import Options, Peer
from musep2p.platforms import on_stop

__all__ = ["join", "run_loop"]

_SHOWN = {"info", "warning", "error"}


def run_loop(main: object) -> None:
    """Run a coroutine on the selector loop, which ZeroMQ needs on Windows too."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main)  # type: ignore[arg-type]


def join(settings: Settings, *, mdns: bool, adopt_store: bool, as_json: bool, verbose: bool) -> None:
    """Be a peer until told to leave: Ctrl-C once drains, twice stops at once."""
    run_loop(_join(settings, mdns=mdns, adopt_store=adopt_store, as_json=as_json, verbose=verbose))


async def _join(settings: Settings, *, mdns: bool, adopt_store: bool, as_json: bool, verbose: bool) -> None:
    shown = _SHOWN | ({"debug"} if verbose else set())

    def tell(level: str, text: str) -> None:
        if level in shown:
            note(f"{time.strftime('%H:%M:%S')} {'' if level == 'info' else level + ': '}{text}")

    await asyncio.to_thread(_find_engines, settings, tell)
    peer = Peer(settings, Options(mdns, adopt_store, tell))
    leaving = asyncio.Event()
    _on_interrupt(peer, leaving)
    try:
        await peer.start()
        await peer.store_opened()
        if as_json:
            print_json({"id": peer.id, "address": peer.address})
        tell("info", f"{settings.name} listens at {peer.address}, farm {settings.farm_name!r}")
        if not peer.address.startswith("127."):
            tell("warning", "links are not encrypted yet: run this only on a LAN that you trust")
        if settings.store is None:
            tell("info", "no store here: pictures go to the farm's, and if it has none they stay with its peers")
        await _until_left(peer, leaving)
    finally:
        await peer.close()


def _find_engines(settings: Settings, tell: Callable[[str, str], None]) -> None:
    """Use what runs on this machine, if it needs no settings, and say what needs some."""
    ports = USUAL_PORTS if settings.probe is True else settings.probe or ()
    found = list(find_engines(settings.engines, ports))
    use(found)
    for one in found:
        memory = "".join(f", {name} with {megabytes} MB" for name, megabytes in one.gpu)
        models = f", {counted(len(one.models), 'model', 'models')}" if one.models else ""
        more = "" if one.ready else f"; to use it say more: `musep2p engines probe {one.url}`"
        tell("info", f"{one.engine} answers at {one.url}: {one.what}{models}{memory}{more}")


async def _until_left(peer: Peer, now: asyncio.Event) -> None:
    left = asyncio.ensure_future(peer.run_until_left())
    stop = asyncio.ensure_future(now.wait())
    await asyncio.wait({left, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if left.done():
        left.result()
        return
    left.cancel()
    raise BatchCancelledError("stopped at once; what ran here will be done again.")


def _on_interrupt(peer: Peer, now: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    asked = False

    def interrupted() -> None:
        nonlocal asked
        if asked:
            now.set()
            return
        asked = True
        note("leaving: what runs is finished first (Ctrl-C again stops at once)")
        peer.drain()

    on_stop(lambda: loop.call_soon_threadsafe(interrupted))
