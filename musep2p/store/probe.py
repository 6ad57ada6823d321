"""One look at a store's folder in a process of its own, since a share may hang: `musep2p doctor` runs it.

    python -m musep2p.store.probe ROOT

Prints one JSON object. Nothing is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from musep2p.errors import StoreError
from musep2p.store.layout import self_test, stored_id

__all__ = ["look", "main"]

_BYTES = 4 << 20


def look(root: Path) -> dict[str, Any]:
    """What the folder is and how it behaves: its id, links, free space, speed, and how far its clock is off.

    Raises:
        StoreError: it cannot be used.
    """
    if not root.is_dir():
        raise StoreError(f"{root} is not there.", "Check the path, and that the share is mounted.")
    file = root / f".tmp-doctor-{secrets.token_hex(8)}"
    try:
        links = self_test(root)
        started = time.time()
        with file.open("xb") as probe:
            probe.write(os.urandom(_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
        took = time.time() - started
        ahead = file.stat().st_mtime - time.time()
    except OSError as error:
        raise StoreError(f"{root} takes no file of 4 MB: {error.strerror}.", "Is it full, or read-only?") from None
    finally:
        with contextlib.suppress(OSError):
            file.unlink()
    return {
        "id": stored_id(root), "links": links, "free_mb": shutil.disk_usage(root).free >> 20,
        "mb_per_second": round(_BYTES / (1 << 20) / max(took, 1e-6), 1), "clock_ahead_s": round(ahead, 1),
    }  # fmt: skip


def main() -> None:
    """Print what `look` finds, or what is wrong."""
    try:
        print(json.dumps(look(Path(sys.argv[1]))))
    except StoreError as error:
        print(json.dumps({"message": error.message, "hint": error.hint}))


if __name__ == "__main__":
    main()
