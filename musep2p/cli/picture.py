"""`picture`: one picture as it is now, wherever that is: on a peer's disk while the store is away, or on the store."""

from __future__ import annotations

from pathlib import Path

from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.holders import Holders
from musep2p.cli.show import print_json
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import digest_of, short
from musep2p.errors import ConfigError, StoreError, UsageError
from musep2p.store.objects import object_path

__all__ = ["picture"]


def picture(settings: Settings, name: str, index: int, out: Path | None, *, as_json: bool) -> int:
    """Fetch the picture of a task into a file.

    Raises:
        UsageError: there is no such task, or it has no picture yet.
        StoreError: it is on the store, and that cannot be read here.
        ConfigError: the file cannot be written.
    """
    client = find_peer(settings)
    if client is None:
        raise no_peers(settings)
    try:
        first = client.ask(r.WhyAsk(name, index), r.WhyAnswer)
        if first.state in ("missing", "excluded"):
            raise UsageError(f"the batch has no task {index}.", "`musep2p status` says how many it has.")
        found = _from_peers(client, first, settings) or _from_store(client, first, settings)
    finally:
        client.close()
    if found is None:
        raise UsageError(f"task {index} of {short(first.batch)} has no picture yet.", "See `musep2p why`.")
    entry, data, source = found
    file = out or Path(f"{first.name}.{entry.ext}")
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.", "Name another file with --out.") from None
    if as_json:
        print_json({"batch": first.batch, "index": index, "digest": entry.digest, "from": source, "file": str(file)})
    else:
        print(f"{file} ({len(data)} bytes, from {source})")
    return 0


def _from_peers(client: PeerClient, first: r.WhyAnswer, settings: Settings) -> tuple[r.Entry, bytes, str] | None:
    """From our peer's disk, or that of another that is up: whoever holds it first."""
    holding = frozenset(peer for peer, how in first.holders if how == "finished")
    holders = Holders(client, settings.farm_name, holding)
    try:
        return holders.fetch(first.batch, first.index)
    finally:
        holders.close()


def _from_store(client: PeerClient, first: r.WhyAnswer, settings: Settings) -> tuple[r.Entry, bytes, str] | None:
    pages = client.results(first.batch, start=first.index, stop=first.index + 1)
    row = next((row for page in pages for row in page.rows if not row.failed and row.entry.ext), None)
    if row is None:
        return None
    if settings.store is None:
        raise StoreError("the picture is on the store, and no peer keeps it any more.", "Say where that is: --store.")
    path = object_path(settings.store, row.entry.digest, row.entry.ext)
    try:
        data = path.read_bytes()
    except OSError as error:
        words = error.strerror or str(error)
        raise StoreError(f"{path} cannot be read: {words}.", "Is the share mounted? See `musep2p verify`.") from None
    if digest_of(data) != row.entry.digest:
        raise StoreError(f"{path} is not what was rendered.", "`musep2p verify --repair` has it rendered again.")
    return row.entry, data, "the store"
