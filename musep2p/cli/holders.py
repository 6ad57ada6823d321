"""Pictures that peers still have on their own disks: in the spool, or in the folder of a farm without a store."""

from __future__ import annotations

from musep2p.cli.client import PeerClient
from musep2p.core import requests as r
from musep2p.core.ids import digest_of
from musep2p.errors import MuseError

__all__ = ["Holders"]

_ASKED_MAX = 64
_EACH_S = 2.0


class Holders:
    """All peers that are up, asked one after the other; who does not answer is asked no more.

    Args:
        client: of one peer, which knows the others; stays open.
        farm: its name.
        first: names of peers that most likely have what is wanted.

    Raises:
        MuseError: that peer does not answer.
    """

    def __init__(self, client: PeerClient, farm: str, first: frozenset[str] = frozenset()) -> None:
        peers = client.ask(r.PeersAsk(), r.PeersAnswer).peers
        others = sorted((peer for peer in peers[1:] if peer.state == "up"), key=lambda peer: peer.name not in first)
        self._first = client
        self._clients = {peers[0].name: client}
        self._clients.update((peer.name, PeerClient(peer.address, farm)) for peer in others[:_ASKED_MAX])

    def fetch(self, batch: str, index: int, digest: str = "") -> tuple[r.Entry, bytes, str] | None:
        """The picture of a task, whole and as its record says, and whose it is; None if nobody has it.

        Args:
            batch: its id.
            digest: only this one will do, if given.
        """
        for name, client in list(self._clients.items()):
            try:
                found = _whole(client, batch, index, digest)
            except MuseError:
                self._drop(name)
                continue
            if found is not None:
                return *found, name
        return None

    def close(self) -> None:
        """Close all but the client that was given."""
        for name in list(self._clients):
            self._drop(name)

    def _drop(self, name: str) -> None:
        client = self._clients.pop(name)
        if client is not self._first:
            client.close()


def _whole(client: PeerClient, batch: str, index: int, digest: str) -> tuple[r.Entry, bytes] | None:
    page = client.ask(r.PictureAsk(batch, index), r.Picture, _EACH_S)
    entry, data = page.entry, page.data
    if digest and entry.digest != digest:
        return None
    while page.data and len(data) < entry.size:
        page = client.ask(r.PictureAsk(batch, index, len(data)), r.Picture, _EACH_S)
        data += page.data
    return (entry, data) if digest_of(data) == entry.digest else None
