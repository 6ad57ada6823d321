"""A peer's own journal: recipes, wills, results, failures, safe marks. Written by one thread, group-committed.

While one fsync runs, what is appended waits; the next fsync takes all of it. Files of the spool that a record
speaks of are synced before the record.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from musep2p.core.records import Record
from musep2p.errors import StoreError
from musep2p.store.durably import fsync_folder
from musep2p.store.record_log import RecordLog, read_log

__all__ = ["Journal"]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class Journal:
    """The durable memory of one peer.

    Args:
        path: the log; made if it is missing.
        spool: the folder that `sync` names are in.
        durable: called from the journal's thread with the position that is now durable.
        failed: called from the journal's thread, once, when the disk refuses; nothing is written after that.
    """

    def __init__(
        self, path: Path, spool: Path, durable: Callable[[int], None], failed: Callable[[OSError], None]
    ) -> None:
        self._path, self._spool, self._durable, self._failed = path, spool, durable, failed
        self._queue: queue.SimpleQueue[tuple[int, Record, tuple[str, ...]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._log: RecordLog

    def open(self) -> list[Record]:
        """Replay the log and start the writer.

        Raises:
            StoreError: the log is damaged, or of another program.
        """
        try:
            payloads, end = read_log(self._path) if self._path.exists() else ([], 0)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}.", "Move it away to start anew.") from None
        try:
            records = [_decode(payload) for payload in payloads]
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"{self._path} holds a record that this version cannot read: {error}.",
                "Update musep2p, or move the file away; safe pictures are on the store.",
            ) from None
        self._log = RecordLog(self._path, end)
        self._log.sync()
        fsync_folder(self._path.parent)
        self._thread.start()
        return records

    def append(self, position: int, record: Record, sync: tuple[str, ...] = ()) -> None:
        """Write a record; `durable(position)` follows."""
        self._queue.put((position, record, sync))

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            try:
                self._commit(group)
            except OSError as error:
                self._failed(error)
                return
            self._durable(group[-1][0])
        self._log.close()

    def _next_group(self) -> list[tuple[int, Record, tuple[str, ...]]] | None:
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        with contextlib.suppress(queue.Empty):
            while (following := self._queue.get_nowait()) is not None:
                group.append(following)
            self._queue.put(None)
        return group

    def _commit(self, group: list[tuple[int, Record, tuple[str, ...]]]) -> None:
        names = [name for _, _, sync in group for name in sync]
        for name in names:
            handle = os.open(self._spool / name, os.O_RDWR)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        if names:
            fsync_folder(self._spool)
        for _, record, _ in group:
            self._log.append(_encode(record))
        self._log.sync()
