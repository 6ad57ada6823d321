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

import xxhash

from musep2p.errors import StoreError

__all__ = ["RecordLog", "read_log"]

_MAGIC = b"musep2p log 1\n"
_HEAD = struct.Struct(">IQ")
_LENGTH_MAX = 65 << 20  # a recipe of 64 MiB and what is around it


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(end offset, payload) of each whole record."""
    at = len(_MAGIC)
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        payload = data[at + _HEAD.size : at + _HEAD.size + length]
        if length > _LENGTH_MAX or len(payload) < length or xxhash.xxh3_64_intdigest(payload) != checksum:
            return
        at += _HEAD.size + length
        yield at, payload


def read_log(path: Path) -> tuple[list[bytes], int]:
    """The payloads of a log and the length of its sound part.

    Raises:
        StoreError: it is no log, or whole records follow a damaged one.
    """
    data = path.read_bytes()
    if len(data) < len(_MAGIC) or not data.startswith(_MAGIC):
        if _MAGIC.startswith(data):
            return [], 0
        raise StoreError(f"{path} is not a log of musep2p.", "Move it away; it is not needed to start anew.")
    payloads, end = [], len(_MAGIC)
    for end, payload in _frames(data):  # noqa: B007  # the last end is wanted
        payloads.append(payload)
    if _sound_record_after(data, end):
        raise StoreError(
            f"{path} is damaged at byte {end} of {len(data)}, and good records follow.",
            "The disk may be failing. Move the file away to start without it; safe pictures are on the store.",
        )
    return payloads, end


def _sound_record_after(data: bytes, end: int) -> bool:
    """True when a whole record starts somewhere in the last part: then the damage is not a torn tail."""
    for at in range(end + 1, min(len(data) - _HEAD.size, end + (1 << 16))):
        length, checksum = _HEAD.unpack_from(data, at)
        stop = at + _HEAD.size + length
        if length > 0 and stop <= len(data) and xxhash.xxh3_64_intdigest(data[at + _HEAD.size : stop]) == checksum:
            return True
    return False


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
        else:
            self._file.write(_MAGIC)

    def append(self, payload: bytes) -> None:
        """Add a record; it is durable after the next `sync`."""
        self._file.write(_HEAD.pack(len(payload), xxhash.xxh3_64_intdigest(payload)))
        self._file.write(payload)

    def sync(self) -> None:
        """Make all records durable."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
