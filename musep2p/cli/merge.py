"""`merge`: takes what another store has into the farm's."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from pathlib import Path

from musep2p.cli.show import counted, note, print_json
from musep2p.cli.verify import store_root
from musep2p.config import Settings
from musep2p.errors import StoreError, UsageError

__all__ = ["merge"]


def merge(settings: Settings, other: Path, *, as_json: bool) -> int:
    """Take in every batch of another store; 0 if nothing of it was lost there."""
    from musep2p.store.layout import SharedStore, stored_id
    from musep2p.store.merging import merge_batch

    root = store_root(settings, "merge")
    if not stored_id(other):
        raise UsageError(f"{other} is no store.", "Name another store, or `outputs` in a peer's state folder.")
    if other.resolve() == root.resolve() or stored_id(other) == stored_id(root):
        raise UsageError(f"{other} is the farm's store itself.", "Name the other one.")
    try:
        store = SharedStore(root, f"merge-{secrets.token_hex(8)}")
        folders = sorted(path for path in (other / "batches").iterdir() if path.is_dir())
        found = []
        for folder in folders:
            found.append(merge_batch(store, other, folder))
            if not as_json:
                one = found[-1]
                lost = f"; {counted(len(one.lost), 'picture is', 'pictures are')} lost there" if one.lost else ""
                words = one.problem or f"{one.taken} results taken in, {one.there} were here{lost}"
                print(f"{one.folder}: {words}")
    except OSError as error:
        words = f"{error.filename or root}: {error.strerror or error}."
        raise StoreError(words, "What was taken in counts; say it again to go on.") from None
    if as_json:
        print_json([asdict(one) for one in found])
    elif any(one.taken for one in found):
        note("peers that work on such a batch see it when they are started again; nothing is lost until then")
    return 1 if any(one.lost or one.problem for one in found) else 0
