"""Files that survive a power cut, on any system."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from musep2p.platforms import fsync_folder

__all__ = ["publish_file", "write_durably"]

_RETRIES = 10
_RETRY_S = 0.05  # scanners and indexers hold new files for a moment on Windows and SMB


def write_durably(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all: temporary name in the same folder, fsync, rename, fsync the folder.

    Raises:
        OSError: as the system says; a temporary file is not left behind.
    """
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _patiently(lambda: os.replace(temporary, path))
        fsync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def publish_file(temporary: Path, final: Path, *, links: bool) -> bool:
    """Give a complete, synced temporary file its final name, unless that name is taken.

    Returns:
        True when this call made the name; False when it was there already. The temporary name is gone in both cases.
    """
    try:
        if links:
            os.link(temporary, final)
        elif final.exists():
            return False
        else:
            _patiently(lambda: os.replace(temporary, final))
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return True


def _patiently(action: object) -> None:
    assert callable(action)
    for attempt in range(_RETRIES):
        try:
            action()
            return
        except PermissionError:
            if attempt == _RETRIES - 1:
                raise
            time.sleep(_RETRY_S)
