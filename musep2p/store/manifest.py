"""Manifests: the frozen results of a batch that is complete, in `manifest/<generation>-<root8>` of its folder.

    file = a record log: one Head, then the results that count, in blocks, by index
    root = of a Merkle tree over the results (RFC 6962, with xxh3-128): leaf = 0 index key digest, node = 1 left right

A manifest never changes; other results begin the next generation. Of two with the same number (two sides of a cut
network, each of which completed) the smaller root counts. What the record logs lose, it still says.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec
import xxhash

from musep2p.core.ids import BatchId
from musep2p.core.records import MAX_ENTRIES, Entry, RecordId, ResultBlock
from musep2p.core.results import winner
from musep2p.errors import StoreError
from musep2p.platforms import fsync_folder
from musep2p.store.batches import facts_of, results_of
from musep2p.store.durably import publish_file
from musep2p.store.record_log import RecordLog, read_log

__all__ = ["Head", "Manifest", "blocks_by_index", "freeze", "latest", "manifests"]

_NAME = re.compile(r"(\d{1,9})-([0-9a-f]{8})\Z")
_SYNC_BYTES = 4 << 20
_Result = tuple[Entry, RecordId]


class Head(msgspec.Struct, frozen=True, array_like=True, tag="manifest"):
    """What a manifest is of.

    Attributes:
        generation: from 1.
        root: of the tree over all results.
        tasks: how many the batch has.
        results: how many have a result; the others failed.
    """

    batch: BatchId
    generation: int
    root: str
    tasks: int
    results: int


class Manifest(msgspec.Struct, frozen=True):
    """A manifest that was read and whose root is what it says."""

    path: Path
    head: Head
    results: dict[int, _Result]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Head | ResultBlock).decode


def manifests(folder: Path) -> list[Path]:
    """A batch's manifests, the one that counts first, then those that it followed."""
    with contextlib.suppress(OSError):
        named = [(match, path) for path in (folder / "manifest").iterdir() if (match := _NAME.match(path.name))]
        return [path for match, path in sorted(named, key=lambda one: (-int(one[0][1]), one[0][2]))]
    return []


def latest(folder: Path) -> Manifest | None:
    """The manifest that counts; one that cannot be read, or is not what its name says, is passed over."""
    for path in manifests(folder):
        with contextlib.suppress(OSError, StoreError, msgspec.MsgspecError):
            return _read(path)
    return None


def freeze(folder: Path, batch: BatchId, tasks: int) -> Path | None:
    """Write what the record logs say, unless the manifest that counts says the same.

    Args:
        folder: of the batch.
        batch: its id.
        tasks: how many it has.

    Returns:
        The new manifest.

    Raises:
        OSError: as the share says; no half-written manifest has a name.
    """
    made: dict[int, _Result] = {}
    for index, results in results_of(facts_of(folder, batch)).items():
        best = winner(results)
        if best is not None:
            made[index] = best
    root = _root([_leaf(index, made[index][0]) for index in sorted(made)]).hex()
    there, counts = manifests(folder), latest(folder)
    generation = 1 + int(there[0].name.partition("-")[0]) if there else 1
    if counts is not None and counts.path == there[0] and counts.head.root == root:
        return None
    return _write(folder / "manifest", Head(batch, generation, root, tasks, len(made)), made)


def _write(folder: Path, head: Head, made: dict[int, _Result]) -> Path:
    folder.mkdir(exist_ok=True)
    final = folder / f"{head.generation}-{head.root[:8]}"
    temporary = folder / f".tmp-{secrets.token_hex(8)}"
    try:
        log = RecordLog(temporary)
        try:
            log.append(_encode(head))
            for block in blocks_by_index(head.batch, made):
                log.append(_encode(block))
                if log.waiting_bytes > _SYNC_BYTES:
                    log.sync()
            log.sync()
        finally:
            log.close()
        publish_file(temporary, final, links=False)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_folder(folder)
    return final


def blocks_by_index(batch: BatchId, made: dict[int, _Result]) -> Iterator[ResultBlock]:
    """Results by index, those together whose records follow one another."""
    run: list[Entry] = []
    first: RecordId | None = None
    for index in sorted(made):
        entry, record = made[index]
        following = first is not None and record == RecordId(first.peer, first.incarnation, first.number + len(run))
        if run and (not following or len(run) >= MAX_ENTRIES):
            assert first is not None
            yield ResultBlock(batch, first, tuple(run), True)
            run = []
        if not run:
            first = record
        run.append(entry)
    if run and first is not None:
        yield ResultBlock(batch, first, tuple(run), True)


def _read(path: Path) -> Manifest:
    records = (_decode(logged.payload) for logged in read_log(path))
    head = next(records, None)
    if not isinstance(head, Head):
        raise StoreError(f"{path} is no manifest.")
    made: dict[int, _Result] = {}
    for block in records:
        if isinstance(block, ResultBlock):
            for number, entry in enumerate(block.entries, block.first.number):
                made[entry.index] = (entry, RecordId(block.first.peer, block.first.incarnation, number))
    root = _root([_leaf(index, made[index][0]) for index in sorted(made)]).hex()
    if root != head.root or path.name != f"{head.generation}-{root[:8]}":
        raise StoreError(f"{path} is not what it was: its results have another root.")
    return Manifest(path, head, made)


def _leaf(index: int, entry: Entry) -> bytes:
    text = b"\0" + index.to_bytes(8, "big") + bytes.fromhex(entry.key) + bytes.fromhex(entry.digest)
    return xxhash.xxh3_128_digest(text)


def _root(level: list[bytes]) -> bytes:
    """Level by level; a node without a neighbour moves up as it is."""
    if not level:
        return xxhash.xxh3_128_digest(b"")
    while len(level) > 1:
        pairs = [xxhash.xxh3_128_digest(b"\1" + level[at] + level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]
