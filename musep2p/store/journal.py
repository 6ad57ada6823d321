"""A peer's own journal: recipes, wills, results, failures, safe marks. Written by one thread, group-committed.

While one fsync runs, what is appended waits; the next fsync takes all of it. Files of the spool that a record
speaks of are synced before the record. Records are read again by their position, the first being 1: memory
keeps the offset of every 16th, and the bytes of the newest few, which are asked for most.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from musep2p.core.records import Record
from musep2p.errors import StoreError
from musep2p.platforms import NO_ROOM, fsync_folder
from musep2p.store.compaction import compact
from musep2p.store.record_log import Logged, RecordLog, read_log, read_record

__all__ = ["Journal"]

_AGAIN_S = 0.5
_STRIDE = 16
_RECENT_BYTES = 1 << 20
_RECENT_LARGEST = 1 << 17
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


_Entry = tuple[int, Record | None, tuple[str, ...]]  # position, record, files to sync; no record: files to remove


class Journal:
    """The durable memory of one peer.

    Args:
        path: the log; made if it is missing.
        spool: the folder that `sync` names are in.
        durable: called from the journal's thread with the position that is now durable.
        failed: called from the journal's thread, once, when the disk refuses; nothing is written after that.
        full: called from the journal's thread, once a time, when the disk has no room; it waits for some.
    """

    def __init__(
        self, path: Path, spool: Path, durable: Callable[[int], None], failed: Callable[[OSError], None],
        full: Callable[[OSError], None] = lambda error: None,
    ) -> None:  # fmt: skip
        self._path, self._spool = path, spool
        self._durable, self._failed, self._full = durable, failed, full
        self._closing = threading.Event()
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._offsets = array("Q")
        self._count = 0
        self._recent: OrderedDict[int, bytes] = OrderedDict()
        self._recent_bytes = 0
        self._lock = threading.Lock()
        self._log: RecordLog
        self._reader: BinaryIO

    def open(self) -> Iterator[Record]:
        """Replay the log, one record after the other; after the last one the writer is started.

        Raises:
            StoreError: the log is damaged, or of another program.
        """
        last: Logged | None = None
        try:
            if self._path.exists():
                compact(self._path)
            for last in read_log(self._path) if self._path.exists() else ():
                self._count_record(last.start)
                yield _decode(last.payload)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}.", "Move it away to start anew.") from None
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"{self._path} holds a record that this version cannot read: {error}.",
                "Update musep2p, or move the file away; safe pictures are on the store.",
            ) from None
        self._log = RecordLog(self._path, last)
        self._log.sync()
        self._reader = self._path.open("rb")
        fsync_folder(self._path.parent)
        self._thread.start()

    def append(self, position: int, record: Record, sync: tuple[str, ...] = ()) -> None:
        """Write a record; `durable(position)` follows."""
        self._queue.put((position, record, sync))

    def unspool(self, names: tuple[str, ...]) -> None:
        """Remove files of the spool, after what was appended so far; a disk that is busy takes its time for that."""
        self._queue.put((0, None, names))

    def read(self, position: int) -> tuple[Record, int]:
        """A durable record, and its size in bytes.

        Raises:
            StoreError: the disk gives something else back.
        """
        with self._lock:
            payload = self._recent.get(position)
        if payload is None:
            stride, skip = divmod(position - 1, _STRIDE)
            try:
                payload = read_record(self._reader, self._offsets[stride], skip)
            except (OSError, StoreError) as error:
                raise StoreError(
                    f"{self._path} gives record {position} back no more: {error}.",
                    "The disk may be failing. Move the file away to start without it; safe pictures are on the store.",
                ) from None
        return _decode(payload), len(payload)

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(timeout=10)
        self._reader.close()

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            try:
                self._commit(group)
            except OSError as error:
                self._failed(error)
                return
            position = max(position for position, _, _ in group)
            if position:
                self._durable(position)
            self._remove([name for _, record, names in group if record is None for name in names])
        self._log.close()

    def _remove(self, names: list[str]) -> None:
        for name in names:
            with contextlib.suppress(OSError):  # a file that stays costs room until the next start
                (self._spool / name).unlink()

    def _next_group(self) -> list[_Entry] | None:
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        with contextlib.suppress(queue.Empty):
            while (following := self._queue.get_nowait()) is not None:
                group.append(following)
            self._queue.put(None)
        return group

    def _commit(self, group: list[_Entry]) -> None:
        written = [(position, record, sync) for position, record, sync in group if record is not None]
        if not written:
            return
        names = [name for _, _, sync in written for name in sync]
        if names:
            self._when_there_is_room(lambda: self._sync_spool(names))
        for position, record, _ in written:
            payload = _encode(record)
            self._count_record(self._log.append(payload))
            self._keep(position, payload)
        self._when_there_is_room(self._log.sync)

    def _sync_spool(self, names: list[str]) -> None:
        """What a failed one lost is found by its digest when it is published."""
        for name in names:
            handle = os.open(self._spool / name, os.O_RDWR)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        fsync_folder(self._spool)

    def _when_there_is_room(self, action: Callable[[], None]) -> None:
        """Nothing more is said to be durable meanwhile, so that nobody relies on it.

        Raises:
            OSError: the disk refuses for another reason, or is still full when the peer ends.
        """
        told = False
        while True:
            try:
                action()
                return
            except OSError as error:
                if error.errno not in NO_ROOM or self._closing.wait(_AGAIN_S):
                    raise
                if not told:
                    told = True
                    self._full(error)

    def _count_record(self, offset: int) -> None:
        if self._count % _STRIDE == 0:
            self._offsets.append(offset)
        self._count += 1

    def _keep(self, position: int, payload: bytes) -> None:
        if len(payload) > _RECENT_LARGEST:
            return
        with self._lock:
            self._recent[position] = payload
            self._recent_bytes += len(payload)
            while self._recent_bytes > _RECENT_BYTES:
                self._recent_bytes -= len(self._recent.popitem(last=False)[1])
