"""Collection: what no record or manifest of any batch names goes, by way of `trash/`.

A run reads all record logs, moves keys and then objects that none names to `trash/<run>/`, and deletes what earlier
runs moved there at least a day ago and still none names. What was begun to be written a day ago and has no final name
is deleted: its writer is gone. A peer may give an object a record just while it is moved:
whoever misses an object looks in the trash, and a run puts back what is named by now.
"""

from __future__ import annotations

import calendar
import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.records import Entry, Record, RecordId, ResultBlock, Withdrawal
from musep2p.core.results import signed
from musep2p.errors import MuseError, StoreError
from musep2p.store.manifest import latest, manifests
from musep2p.store.record_log import read_log

__all__ = ["Collected", "collect", "unneeded"]

_decode = msgspec.msgpack.Decoder(Record).decode
_decode_key = msgspec.msgpack.Decoder(Entry).decode
_KEPT_S = 86_400.0
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(slots=True)
class Collected:
    """What a run found, and did.

    Attributes:
        keys, objects: paths below the store that no record names; after a run, moved to `trash`.
        size: bytes of those objects.
        trash: the run's folder below the store; empty if nothing was moved.
        deleted, deleted_size: files of earlier runs, and their bytes.
        put_back: files of earlier runs that a record names by now.
        half_written: paths that somebody began to write a day ago; after a run, deleted.
    """

    keys: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    size: int = 0
    trash: str = ""
    deleted: int = 0
    deleted_size: int = 0
    put_back: int = 0
    half_written: list[str] = field(default_factory=list)


def unneeded(root: Path, now_s: float) -> Collected:
    """What no record of any batch names. Changes nothing.

    Args:
        root: of the store.
        now_s: seconds since 1970.

    Raises:
        StoreError: a log cannot be read to its end, so nobody knows what it names.
        OSError: as the share says.
    """
    found = _unneeded(root, _named(root))
    found.half_written = [path.relative_to(root).as_posix() for path in _half_written(root, now_s)]
    return found


def collect(root: Path, now_s: float) -> Collected:
    """Move what is unneeded to the trash, and delete what was moved there a day ago.

    Args:
        root: of the store.
        now_s: seconds since 1970.

    Raises:
        StoreError: a log cannot be read to its end.
        OSError: as the share says; a later run goes on.
    """
    named = _named(root)
    found = _unneeded(root, named)
    _settle_trash(root, named, now_s, found)
    if found.keys or found.objects:
        stamp = time.strftime(_STAMP, time.gmtime(now_s))
        found.trash = f"trash/{stamp}-{secrets.token_hex(2)}"
    for path in _half_written(root, _share_now_s(root)):
        path.unlink(missing_ok=True)
        found.half_written.append(path.relative_to(root).as_posix())
    for name in [*found.keys, *found.objects]:
        target = root / found.trash / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(root / name, target)
    return found


def _half_written(root: Path, now_s: float) -> list[Path]:
    folders = [root, *(root / name for name in ("objects", "keys", "batches", "peers"))]
    there = (path for folder in folders for path in folder.glob(".tmp-*" if folder is root else "**/.tmp-*"))
    return sorted(path for path in there if path.is_file() and now_s - _written_s(path) >= _KEPT_S)


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")


def _share_now_s(root: Path) -> float:
    """The time by the clock that dates the share's files: another machine's may be years away."""
    probe = root / f".tmp-{secrets.token_hex(8)}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _named(root: Path) -> set[str]:
    """File names of all objects that any record or manifest speaks of, unless the record was withdrawn."""
    wrong: set[tuple[BatchId, RecordId]] = set()
    named: set[str] = set()
    for record in _records(root):
        if isinstance(record, Withdrawal):
            wrong.add((record.batch, record.record))
        elif isinstance(record, ResultBlock):
            named.update(f"{entry.digest}.{entry.ext}" for entry in record.entries if entry.ext)
    if wrong:
        made = (record for record in _records(root) if isinstance(record, ResultBlock))
        valid = (e for block in made for e, by in signed(block).values() if (block.batch, by) not in wrong)
        named = {f"{entry.digest}.{entry.ext}" for entry in valid if entry.ext}
    for folder in _children(root / "batches"):
        manifest = latest(folder)
        newest = manifests(folder)[:1] if _children(folder / "manifest") else []
        if newest and (manifest is None or [manifest.path] != newest):
            raise StoreError(
                f"a manifest of {folder.name} cannot be read, and nobody knows what it names.",
                "Nothing was collected. `musep2p verify` says more.",
            )
        for entry, by in manifest.results.values() if manifest is not None else ():
            if entry.ext and manifest is not None and (manifest.head.batch, by) not in wrong:
                named.add(f"{entry.digest}.{entry.ext}")
    return named


def _records(root: Path) -> Iterator[Record]:
    for log in _logs(root):
        try:
            for logged in read_log(log):
                yield _decode(logged.payload)
        except (MuseError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"{log} cannot be read to its end, and nobody knows what it names: {error}",
                "Nothing was collected. `musep2p verify` says more.",
            ) from None


def _logs(root: Path) -> Iterator[Path]:
    """All record logs. `glob` would leave out, without a word, what must not be read here."""
    for batch in _children(root / "batches"):
        for path in _children(batch / "records"):
            if path.suffix == ".log":
                yield path


def _children(folder: Path) -> list[Path]:
    """What lies in a folder; nothing if it is none, or is not there."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _unneeded(root: Path, named: set[str]) -> Collected:
    found = Collected()
    for key in _files(root / "keys"):
        try:
            entry = _decode_key(key.read_bytes())
            needed = f"{entry.digest}.{entry.ext}" in named
        except (FileNotFoundError, msgspec.MsgspecError):
            needed = False
        if not needed:
            found.keys.append(key.relative_to(root).as_posix())
    for path in _files(root / "objects"):
        if path.name not in named:
            found.objects.append(path.relative_to(root).as_posix())
            found.size += _size(path)
    return found


def _settle_trash(root: Path, named: set[str], now_s: float, found: Collected) -> None:
    for run in sorted((root / "trash").glob("*")):
        for path in _files(run):
            if path.name in named:
                _put_back(run, path, root)
                found.put_back += 1
            elif now_s - _moved_s(run) >= _KEPT_S:
                found.deleted += 1
                found.deleted_size += _size(path)
                path.unlink(missing_ok=True)
        for folder in sorted((path for path in run.rglob("*") if path.is_dir()), reverse=True):
            _remove_if_empty(folder)
        _remove_if_empty(run)


def _put_back(run: Path, path: Path, root: Path) -> None:
    target = root / path.relative_to(run)
    if target.exists():
        path.unlink(missing_ok=True)  # made again meanwhile
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)


def _files(folder: Path) -> Iterator[Path]:
    """All but what is being written."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".tmp-"):
            yield path


def _moved_s(run: Path) -> float:
    try:
        return float(calendar.timegm(time.strptime(run.name.partition("-")[0], _STAMP)))
    except ValueError:
        return float("inf")  # nobody of ours named it


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
