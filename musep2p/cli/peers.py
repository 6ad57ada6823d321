"""`peers`: who is in the farm."""

from __future__ import annotations

from musep2p.cli.client import find_peer, no_peers
from musep2p.cli.show import print_json, table
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import short

__all__ = ["peers"]


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
