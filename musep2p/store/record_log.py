"""Append-only logs of msgpack records with one writer each.

    file   = magic record*
    record = length (4 bytes) checksum (8 bytes, xxh3-64) payload

A torn tail (what a power cut leaves) is ignored; a damaged middle is an error, never skipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import xxhash

from musep2p.errors import StoreError

__all__ = ["RecordLog", "framed_bytes", "read_log", "read_record"]

_MAGIC = b"musep2p log 1\n"
_HEAD = struct.Struct(">IQ")
_LENGTH_MAX = 65 << 20  # a recipe of 64 MiB and what is around it
_SEARCHED = 1 << 16  # so far behind damage a sound record is looked for


def read_log(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each whole record of a log, one at a time: the offset at which it starts, and its payload.

    Raises:
        StoreError: it is no log, or whole records follow a damaged one.
    """
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
        if magic != _MAGIC:
            if _MAGIC.startswith(magic):
                return
            raise StoreError(f"{path} is not a log of musep2p.", "Move it away; it is not needed to start anew.")
        end = len(_MAGIC)
        while (payload := _next(file)) is not None:
            yield end, payload
            end += _HEAD.size + len(payload)
        _refuse_damage(file, path, end)


def framed_bytes(payload: bytes) -> int:
    """What a record with this payload takes in a log."""
    return _HEAD.size + len(payload)


def read_record(file: BinaryIO, offset: int, skip: int = 0) -> bytes:
    """The payload of the record at this offset of a sound log, or of the one so many records later.

    Raises:
        StoreError: what is there is no whole record.
    """
    file.seek(offset)
    for _ in range(skip):
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            break
        file.seek(_HEAD.unpack(head)[0], os.SEEK_CUR)
    payload = _next(file)
    if payload is None:
        raise StoreError(f"a log has no record at byte {offset} any more.", "The disk may be failing: check it.")
    return payload


def _next(file: BinaryIO) -> bytes | None:
    """The payload of the next record; None at the end, and where it is torn or damaged."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    if length > _LENGTH_MAX:
        return None
    payload = file.read(length)
    if len(payload) < length or xxhash.xxh3_64_intdigest(payload) != checksum:
        return None
    return payload


def _refuse_damage(file: BinaryIO, path: Path, end: int) -> None:
    """When a whole record starts somewhere behind the damage, then that is not a torn tail.

    Raises:
        StoreError: it does.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(end)
    data = file.read(_SEARCHED + _HEAD.size)
    for at in range(1, len(data) - _HEAD.size):
        length, checksum = _HEAD.unpack_from(data, at)
        stop = end + at + _HEAD.size + length
        if not 0 < length <= _LENGTH_MAX or stop > size:
            continue
        file.seek(end + at + _HEAD.size)
        if xxhash.xxh3_64_intdigest(file.read(length)) == checksum:
            raise StoreError(
                f"{path} is damaged at byte {end} of {size}, and good records follow.",
                "The disk may be failing. Move the file away to start without it; safe pictures are on the store.",
            )


class RecordLog:
    """The one writer of a log.

    Args:
        path: where; its folder exists.
        end: length of the sound part when the log is continued; what follows is cut off.
    """

    def __init__(self, path: Path, end: int = 0) -> None:
        self._file = path.open("r+b" if end else "wb")
        if end:
            self._file.truncate(end)
            self._file.seek(end)
            self.end = end
        else:
            self._file.write(_MAGIC)
            self.end = len(_MAGIC)

    def append(self, payload: bytes) -> int:
        """Add a record, which is durable after the next `sync`; returns the offset at which it starts."""
        start = self.end
        self._file.write(_HEAD.pack(len(payload), xxhash.xxh3_64_intdigest(payload)))
        self._file.write(payload)
        self.end += _HEAD.size + len(payload)
        return start

    def sync(self) -> None:
        """Make all records durable."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
