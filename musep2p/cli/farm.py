"""`join` and `peers`: a peer as a process, and who is in the farm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from musep2p.cli.client import find_peer, no_peers
from musep2p.cli.show import counted, note, print_json, table
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import short
from musep2p.engines.finding import USUAL_PORTS, find_engines, use
from musep2p.errors import BatchCancelledError
from musep2p.peer import Options, Peer
from musep2p.platforms import on_stop

__all__ = ["join", "peers", "run_loop"]

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


def peers(settings: Settings, *, as_json: bool) -> None:
    """Who is in the farm."""
    client = find_peer(settings)
    if client is None:
        raise no_peers(settings)
    answer = client.ask(r.PeersAsk(), r.PeersAnswer)
    client.close()
    if as_json:
        print_json([_row(peer) for peer in answer.peers])
        return
    head = ["peer", "id", "state", "address", "slots", "store", "engines", "seconds a task"]
    rows = [
        [
            p.name,
            short(p.id),
            "rests" if p.resting and p.state == "up" else p.state,
            p.address,
            str(p.slots),
            p.store,
            " ".join(p.engines),
            _paces(p),
        ]
        for p in answer.peers
    ]
    print(table(head, rows))


def _paces(peer: r.PeerView) -> str:
    """`atelier 768x1024 0.47`, class by class."""
    shown = [(" ".join(part for part in pace.work_class.split("|") if part), pace.us / 1e6) for pace in peer.paces]
    return ", ".join(f"{name} {seconds:.3g}" for name, seconds in shown)


def _row(peer: r.PeerView) -> dict[str, object]:
    return {
        "id": peer.id, "name": peer.name, "address": peer.address, "state": peer.state,
        "incarnation": peer.incarnation, "slots": peer.slots, "engines": peer.engines, "speed": peer.speed,
        "gpu_mb": peer.gpu_mb, "store": peer.store, "version": peer.version, "free": peer.free, "queued": peer.queued,
        "seconds_a_task": {pace.work_class: pace.us / 1e6 for pace in peer.paces},
        "seconds_to_load": {pace.work_class: pace.loading_us / 1e6 for pace in peer.paces if pace.loading_us},
        "loaded": peer.loaded, "resting": peer.resting,
        "tags": peer.tags,
        "models": {told.engine: told.names for told in peer.models},
        "looks": {f"{told.engine}|{told.model}": told.look or told.reason for told in peer.looks},
    }  # fmt: skip
