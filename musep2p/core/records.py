"""Records: what is durable. Everything a journal holds, and everything reports carry about results.

A record is made by one peer and has that peer's own id (peer, incarnation, number). A block carries the
results of one chunk under consecutive numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from musep2p.core.ids import BatchId, Digest, Incarnation, PeerId, TaskKey, WireBatchId, WirePeerId
from musep2p.core.recipe import Recipe, Settings

__all__ = [
    "MAX_ENTRIES",
    "MAX_INDEX",
    "PAYLOAD_BYTES_MAX",
    "RANGES_MAX",
    "BatchFact",
    "Entry",
    "Failure",
    "FlatRanges",
    "Index",
    "RecipeRecord",
    "Record",
    "RecordId",
    "ResultBlock",
    "SafeMark",
    "StartRecord",
    "StoreRecord",
    "Will",
    "WillRecord",
    "Withdrawal",
    "sound",
    "spool_name",
    "spooled_bytes",
]

PAYLOAD_BYTES_MAX = 1024  # larger outputs are objects of their own
MAX_ENTRIES = 4096  # entries in a block: a chunk is worth about 20 ms, a few thousand at the very fastest
MAX_INDEX = 1 << 40
_HASH_DIGITS = 32
_HEX = re.compile(r"[0-9a-f]*\Z")
_EXT = re.compile(r"[a-z0-9]{0,5}\Z")

Index = Annotated[int, Meta(ge=0, le=MAX_INDEX)]
RANGES_MAX = 4096  # in one message or record
FlatRanges = Annotated[tuple[Index, ...], Meta(max_length=2 * RANGES_MAX)]
Count = Annotated[int, Meta(ge=0)]


class RecordId(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Who made a record, in which life, and the how-manieth it was."""

    peer: WirePeerId
    incarnation: Incarnation
    number: Count


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The result of one task. A decoder checks its lengths only: `sound` is for those of strangers.

    Attributes:
        index: the task.
        digest: name of the output's bytes.
        size: bytes of the output.
        ms: how long the engine took.
        attempt: which attempt it was, from 1.
        key: task key by the executor's own engine; empty for engines whose work is never looked up.
        pixel_hash: hash of the decoded pixels; empty where the output is no picture.
        ext: extension of the object's name; empty when the output is the payload.
        payload: the output itself, when the engine makes no pictures and it is small.
        skipped: True when an equal task's object was found and nothing was rendered.
    """

    index: Index
    digest: Annotated[Digest, Meta(max_length=_HASH_DIGITS)]
    size: Count
    ms: Count
    attempt: Annotated[int, Meta(ge=1)] = 1
    key: Annotated[TaskKey, Meta(max_length=_HASH_DIGITS)] = ""  # type: ignore[assignment]
    pixel_hash: Annotated[str, Meta(max_length=_HASH_DIGITS)] = ""
    ext: Annotated[str, Meta(max_length=5)] = ""
    payload: Annotated[bytes, Meta(max_length=PAYLOAD_BYTES_MAX)] = b""
    skipped: bool = False


def sound(entries: Sequence[Entry]) -> bool:
    """True when digests and keys are hashes, and extensions plain: file names are made of them.

    A pattern at each field costs five times what decoding the entry does; all of a block are looked at at once.
    """
    digests = "".join([entry.digest for entry in entries])
    keys = "".join([entry.key for entry in entries])
    return (
        len(digests) == _HASH_DIGITS * len(entries)
        and {len(entry.key) for entry in entries} <= {0, _HASH_DIGITS}
        and _HEX.match(digests + keys) is not None
        and all(_EXT.match(ext) for ext in dict.fromkeys(entry.ext for entry in entries))
    )


class ResultBlock(msgspec.Struct, frozen=True, array_like=True, tag="results"):
    """Results of one peer under consecutive numbers; `safe` says that each is where the promise says.

    Raises:
        ValueError: an entry is not `sound`.
    """

    batch: WireBatchId
    first: RecordId
    entries: Annotated[tuple[Entry, ...], Meta(max_length=MAX_ENTRIES)]
    safe: bool = False

    def __post_init__(self) -> None:
        if not sound(self.entries):
            raise ValueError("a result whose digest, key or extension is none")


def spool_name(batch: BatchId, entry: Entry, maker: PeerId | None = None) -> str:
    """The file in the spool that holds a result's object until the store has it; `maker`: of another peer's result.

    Of one task another peer may send several results: what it rendered, and what it passes on.
    """
    name = f"{batch}-{entry.index}-{entry.attempt}.{entry.ext}"
    return f"{maker}-{entry.digest[:8]}-{name}" if maker else name


def spooled_bytes(entries: Sequence[Entry]) -> int:
    """What the outputs of these results take in the spool."""
    return sum(entry.size for entry in entries if entry.ext and not entry.skipped)


class Failure(msgspec.Struct, frozen=True, array_like=True, tag="failure"):
    """One attempt that failed; it counts in its own turn only.

    Attributes:
        permanent: no peer could do it.
        peer_bound: its peer lacks what it takes; that counts against the task only from the second time on.
    """

    batch: WireBatchId
    id: RecordId
    turn: Count
    index: Index
    attempt: Annotated[int, Meta(ge=1)]
    reason: Annotated[str, Meta(max_length=2000)]
    permanent: bool = False
    peer_bound: bool = False


class SafeMark(msgspec.Struct, frozen=True, array_like=True, tag="safe"):
    """Results already told of are now where the promise says."""

    batch: WireBatchId
    ranges: FlatRanges


class Withdrawal(msgspec.Struct, frozen=True, array_like=True, tag="withdrawn"):
    """This record proved wrong: its object is not what it says. It counts no more, wherever it is met."""

    batch: WireBatchId
    record: RecordId
    index: Index


class Will(msgspec.Struct, frozen=True, array_like=True):
    """What the user wants of a batch: the greatest (turn, word, settings) wins.

    Attributes:
        turn: grows with each command.
        word: 0 running, 1 paused, 2 cancelled.
        settings: name, priority, retries, time-out of that turn.
    """

    turn: Annotated[int, Meta(ge=1)]
    word: Annotated[int, Meta(ge=0, le=2)]
    settings: Settings


class RecipeRecord(msgspec.Struct, frozen=True, array_like=True, tag="recipe"):
    """A batch became known here."""

    batch: WireBatchId
    recipe: Recipe


class WillRecord(msgspec.Struct, frozen=True, array_like=True, tag="will"):
    """A greater will became known here."""

    batch: WireBatchId
    will: Will


class StoreRecord(msgspec.Struct, frozen=True, array_like=True, tag="store"):
    """The id of the farm's store."""

    store_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]


class StartRecord(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    """What a slot's child is handed: should the peer be gone before a result, that was running.

    Attributes:
        turn: of the batch's will.
        ranges: empty when the slot runs nothing any more.
        ahead: written while the slot has another chunk, which it does first; it may not come to it.
    """

    batch: WireBatchId
    turn: Count
    slot: Count
    ranges: FlatRanges
    ahead: bool = False


BatchFact = ResultBlock | Failure | SafeMark | Withdrawal


Record = BatchFact | RecipeRecord | WillRecord | StartRecord | StoreRecord
