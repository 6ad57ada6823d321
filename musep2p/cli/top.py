"""`top`: the whole farm at a glance, who does what and how fast, redrawn every second."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.show import print_json, table, time_left
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import BatchId, short
from musep2p.errors import NoPeersError

__all__ = ["Rates", "picture", "top"]

_EVERY_S = 1.0
_WINDOW_S = 20.0
_BATCHES = 12
_CLEAR = "\x1b[H\x1b[2J"
_ENDED = ("done", "failed", "cancelled")


@dataclass(slots=True)
class Rates:
    """Results per second of each batch, over the last seconds that were looked at."""

    seen: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def note(self, at_s: float, batch: r.BatchStatus) -> float:
        """Take in a status; the rate since the oldest one that is kept, 0.0 while there is only one."""
        marks = self.seen.setdefault(batch.batch, [])
        marks.append((at_s, batch.safe))
        while at_s - marks[0][0] > _WINDOW_S:
            marks.pop(0)
        since, before = marks[0]
        return (batch.safe - before) / (at_s - since) if at_s > since else 0.0


def top(settings: Settings, *, once: bool, as_json: bool) -> int:
    """Show the farm until Ctrl-C; once, where nobody could see it being redrawn."""
    rates, live = Rates(), sys.stdout.isatty() and not once and not as_json
    client: PeerClient | None = None
    try:
        while True:
            client = client or find_peer(settings)
            if client is None:
                raise no_peers(settings)
            try:
                batches, peers = _ask(client)
            except NoPeersError:
                client.close()
                client = None
                continue
            shown = {batch.batch: rates.note(time.monotonic(), batch) for batch in batches}
            if as_json:
                print_json(_json(batches, peers))
            else:
                print((_CLEAR if live else "") + picture(batches, peers, shown), flush=True)
            if not live:
                return 0
            time.sleep(_EVERY_S)
    except KeyboardInterrupt:
        return 0
    finally:
        if client is not None:
            client.close()


def _ask(client: PeerClient) -> tuple[list[r.BatchStatus], list[r.PeerView]]:
    batches = client.ask(r.StatusAsk(""), r.StatusList).batches
    return batches, client.ask(r.PeersAsk(), r.PeersAnswer).peers


def picture(batches: list[r.BatchStatus], peers: list[r.PeerView], rates: Mapping[BatchId, float]) -> str:
    """The farm as text: peers and what they work on, then the last batches that ended, then those that have not."""
    doing: dict[str, list[str]] = {}
    for batch in batches:
        for name in batch.peers if batch.state == "running" else ():
            doing.setdefault(name, []).append(batch.name)
    rows = [
        [peer.name, peer.state, f"{peer.slots - peer.free}/{peer.slots}", str(peer.queued or ""), peer.store,
         ", ".join(doing.get(peer.name, []))]
        for peer in peers
    ]  # fmt: skip
    open_ones = [batch for batch in batches if batch.state not in _ENDED]
    room = max(0, _BATCHES - len(open_ones))
    ended = [batch for batch in batches if batch.state in _ENDED][-room:] if room else []
    lines = [_batch_row(batch, rates.get(batch.batch, 0.0)) for batch in [*ended, *open_ones[:_BATCHES]]]
    parts = [table(["peer", "state", "busy", "queued", "store", "works on"], rows)]
    if lines:
        parts.append(table(["batch", "id", "state", "safe", "failed", "per s", "left"], lines))
    if len(open_ones) > _BATCHES:
        parts.append(f"and {len(open_ones) - _BATCHES} more")
    return "\n\n".join(parts)


def _batch_row(batch: r.BatchStatus, rate: float) -> list[str]:
    left = "" if batch.seconds_left is None else time_left(batch.seconds_left, batch.seconds_left_max)
    speed = f"{rate:.3g}" if rate > 0 and batch.state == "running" else ""
    state = f"{batch.state}: {batch.reason}" if batch.reason and batch.state == "waiting" else batch.state
    return [batch.name, short(batch.batch), state, f"{batch.safe}/{batch.total}", str(batch.failed or ""), speed, left]


def _json(batches: list[r.BatchStatus], peers: list[r.PeerView]) -> dict[str, object]:
    peer_names = ("id", "name", "state", "slots", "free", "queued", "store")
    batch_names = (
        "batch", "name", "state", "total", "safe", "failed", "peers", "seconds_left", "seconds_left_max",
    )  # fmt: skip
    return {
        "peers": [{name: getattr(peer, name) for name in peer_names} for peer in peers],
        "batches": [{name: getattr(batch, name) for name in batch_names} for batch in batches],
    }
