"""Append-only logs of msgpack records with one writer each.

    file   = magic record*
    record = length (4 bytes) checksum (8 bytes, xxh3-64 of the payload) chain (4 bytes) payload
    chain  = xxh32 of length and checksum, seeded with the chain of the record before; 0 before the first

The checksum tells whether a record is whole, the chain whether all before it are there and in their order. A torn
tail (what a power cut leaves) is ignored; a damaged middle is an error, never skipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import xxhash

from musep2p.errors import StoreError

__all__ = ["Logged", "RecordLog", "read_log", "read_record"]

_MAGIC = b"musep2p log 2\n"
_SUMS = struct.Struct(">IQ")
_HEAD = struct.Struct(">IQI")
_LENGTH_MAX = 65 << 20  # a recipe of 64 MiB and what is around it
_SEARCHED = 1 << 16  # so far behind damage a sound record is looked for


class Logged(NamedTuple):
    """A record of a log: where it starts and ends, and the chain up to it."""

    start: int
    payload: bytes
    end: int
    chain: int


def read_log(path: Path) -> Iterator[Logged]:
    """Each whole record of a log, one at a time.

    Raises:
        StoreError: it is no log, or whole records follow a damaged or missing one.
    """
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
        if magic != _MAGIC:
            if _MAGIC.startswith(magic):
                return
            raise StoreError(f"{path} is not a log of this musep2p.", "Move it away; it is not needed to start anew.")
        end, chain = len(_MAGIC), 0
        while (found := _next(file)) is not None:
            payload, said = found
            if said != _chained(_sums(payload), chain):
                raise _damaged(path, end, path.stat().st_size)
            start, end, chain = end, end + _HEAD.size + len(payload), said
            yield Logged(start, payload, end, chain)
        _refuse_damage(file, path, end)


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
    found = _next(file)
    if found is None:
        raise StoreError(f"a log has no record at byte {offset} any more.", "The disk may be failing: check it.")
    return found[0]


def _next(file: BinaryIO) -> tuple[bytes, int] | None:
    """The payload of the next record and what it says of the chain; None at the end, and where it is torn."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum, chain = _HEAD.unpack(head)
    if length > _LENGTH_MAX:
        return None
    payload = file.read(length)
    if len(payload) < length or xxhash.xxh3_64_intdigest(payload) != checksum:
        return None
    return payload, chain


def _sums(payload: bytes) -> bytes:
    return _SUMS.pack(len(payload), xxhash.xxh3_64_intdigest(payload))


def _chained(sums: bytes, before: int) -> int:
    return xxhash.xxh32_intdigest(sums, seed=before)


def _damaged(path: Path, at: int, size: int) -> StoreError:
    return StoreError(
        f"{path} is damaged at byte {at} of {size}, and good records follow.",
        "The disk may be failing. Move the file away to start without it; safe pictures are on the store.",
    )


def _refuse_damage(file: BinaryIO, path: Path, end: int) -> None:
    """When a whole record starts somewhere behind the damage, then that is not a torn tail.

    Raises:
        StoreError: it does.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(end)
    data = file.read(_SEARCHED + _HEAD.size)
    for at in range(1, len(data) - _HEAD.size):
        length, checksum, _ = _HEAD.unpack_from(data, at)
        stop = end + at + _HEAD.size + length
        if not 0 < length <= _LENGTH_MAX or stop > size:
            continue
        file.seek(end + at + _HEAD.size)
        if xxhash.xxh3_64_intdigest(file.read(length)) == checksum:
            raise _damaged(path, end, size)


class RecordLog:
    """The one writer of a log. What is not durable yet stays in memory: a write that failed is done anew.

    Args:
        path: where; its folder exists.
        last: the last sound record when the log is continued; what follows it is cut off. None begins anew.
    """

    def __init__(self, path: Path, last: Logged | None = None) -> None:
        self._file = path.open("r+b" if last is not None else "wb", buffering=0)
        self._chain = last.chain if last is not None else 0
        self._waiting = bytearray() if last is not None else bytearray(_MAGIC)
        self._durable = last.end if last is not None else 0
        self._file.truncate(self._durable)

    @property
    def end(self) -> int:
        """Where the next record starts."""
        return self._durable + len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """What the next `sync` writes."""
        return len(self._waiting)

    def append(self, payload: bytes) -> int:
        """Add a record, which is durable after the next `sync`; returns the offset at which it starts."""
        start, sums = self.end, _sums(payload)
        self._chain = _chained(sums, self._chain)
        self._waiting += sums + self._chain.to_bytes(4, "big") + payload
        return start

    def sync(self) -> None:
        """Make all records durable.

        Raises:
            OSError: as the system says. Called again, it writes all of them anew: after a failed fsync nobody knows
                which bytes the disk has.
        """
        self._file.seek(self._durable)
        data, written = bytes(self._waiting), 0
        while written < len(data):
            written += self._file.write(data[written:]) or 0
        os.fsync(self._file.fileno())
        self._durable, self._waiting = self.end, bytearray()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
