"""`gc`: collect what no record on the store names; by default it only says what that is."""

from __future__ import annotations

import time
from dataclasses import asdict

from musep2p.cli.show import counted, print_json
from musep2p.cli.verify import store_root
from musep2p.config import Settings
from musep2p.errors import StoreError
from musep2p.store.collection import Collected, collect, unneeded

__all__ = ["gc"]


def gc(settings: Settings, *, apply: bool, as_json: bool) -> int:
    """Say what is unneeded, and with `apply` collect it; 0."""
    root = store_root(settings, "gc")
    try:
        found = collect(root, time.time()) if apply else unneeded(root, time.time())
    except OSError as error:
        words = f"{error.filename or root}: {error.strerror or error}."
        raise StoreError(words, "Run it again: it goes on where it ended.") from None
    if as_json:
        print_json(asdict(found))
        return 0
    for line in _lines(found, applied=apply):
        print(line)
    return 0


def _lines(found: Collected, *, applied: bool) -> list[str]:
    lines = []
    if found.keys or found.objects:
        objects, keys = counted(len(found.objects), "object", "objects"), counted(len(found.keys), "key", "keys")
        lines.append(f"{objects} ({found.size / 1e6:.1f} MB) and {keys} that no record names")
        moved = f"  moved to {found.trash}; a run after a day deletes them"
        lines.append(moved if applied else "  nothing was changed: say --apply")
    else:
        lines.append("every object and key on the store is named by a record")
    if found.deleted:
        files = counted(found.deleted, "file", "files")
        lines.append(f"{files} of earlier runs deleted: {found.deleted_size / 1e6:.1f} MB")
    if found.half_written:
        words = counted(len(found.half_written), "file", "files")
        lines.append(f"{words} half written by somebody who is gone{': deleted' if applied else ''}")
    if found.put_back:
        lines.append(f"{counted(found.put_back, 'file', 'files')} put back: a record names them by now")
    return lines
