"""All that can happen to a peer. Each is a value; the shell and the simulator make them, the core handles them."""

from __future__ import annotations

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.messages import Envelope
from musep2p.core.recipe import Recipe
from musep2p.core.records import Entry, RecordId, ResultBlock, Will, Withdrawal
from musep2p.core.requests import Request

__all__ = [
    "Asked",
    "BatchStored",
    "BatchesFound",
    "Begun",
    "ChunkEnded",
    "Cooled",
    "DiskChanged",
    "DrainAsked",
    "Durable",
    "Event",
    "FoundBatch",
    "LinkRefused",
    "LookedUp",
    "ModelsChanged",
    "OutputGone",
    "PublishFailed",
    "Published",
    "Received",
    "Recounted",
    "Reread",
    "RestChanged",
    "ResultsRead",
    "Sighted",
    "SlotDied",
    "SlotReady",
    "StopAsked",
    "StoreChanged",
    "TaskFailed",
    "TasksDone",
    "Tested",
    "WithdrawalsStored",
    "Woke",
]


class Event(msgspec.Struct, frozen=True):
    """The base of all events."""


class Woke(Event, frozen=True):
    """The time that `wake_at` named has come (or any other time: harmless)."""


class Sighted(Event, frozen=True):
    """Discovery says that a peer may be reached at this address (host:port). A rumour."""

    address: str


class Received(Event, frozen=True):
    """An envelope arrived. `host` is where the link comes from, `via` the way to answer on the same link."""

    envelope: Envelope
    host: str
    via: bytes = b""


class LinkRefused(Event, frozen=True):
    """The link to this address closed and its reconnection was refused: the process is gone."""

    address: str


class Durable(Event, frozen=True):
    """All records written up to this position are on the disk."""

    position: int


class Cooled(Event, frozen=True):
    """A child that had nothing to do for long gave back what its engine kept in memory."""

    slot: int


class SlotReady(Event, frozen=True):
    """A slot's child process is up and waits for work."""

    slot: int


class Begun(Event, frozen=True):
    """The child begins this task."""

    slot: int
    chunk: int
    index: int


class TasksDone(Event, frozen=True):
    """Tasks of a chunk were rendered; `us` is the time they took together."""

    slot: int
    chunk: int
    entries: tuple[Entry, ...]
    us: int


class TaskFailed(Event, frozen=True):
    """The engine refused or failed one task of a chunk; the chunk goes on."""

    slot: int
    chunk: int
    index: int
    reason: str
    permanent: bool = False
    peer_bound: bool = False


class Tested(Event, frozen=True):
    """A slot's child has rendered a test with an engine; `reason`: why not; `unsuitable`: it could not have.

    `look`: of its pixels.
    """

    slot: int
    engine: str
    reason: str = ""
    unsuitable: bool = False
    look: str = ""


class RestChanged(Event, frozen=True):
    """This machine shall rest, for a reason; without one it works for the farm."""

    reason: str


class ModelsChanged(Event, frozen=True):
    """What the engines here say that they have: engine -> models."""

    models: dict[str, tuple[str, ...]]


class ChunkEnded(Event, frozen=True):
    """The child has gone through the whole chunk."""

    slot: int
    chunk: int


class SlotDied(Event, frozen=True):
    """The slot's child ended with work in it; a new child is on its way."""

    slot: int
    reason: str


class StoreChanged(Event, frozen=True):
    """The store is `ok`, `away` (with the reason), or absent; its id when it can be read."""

    state: str
    store_id: str = ""
    reason: str = ""


class DiskChanged(Event, frozen=True):
    """This machine's own disk has no room for more work, with the reason, or has room again (empty reason)."""

    reason: str


class Published(Event, frozen=True):
    """A publish effect is done: the block's objects and record are on the store, opened and hashed again."""

    op: int
    block: ResultBlock
    folder: str = ""


class PublishFailed(Event, frozen=True):
    """A store effect could not be done now; what it was for stays in the spool, unless it is `lost` there too."""

    op: int
    reason: str
    lost: ResultBlock | None = None


class OutputGone(Event, frozen=True):
    """The output of this index of a block, asked for by a guardian, is not what it was, or not there any more.

    The block is at this position of our journal.
    """

    position: int
    block: ResultBlock
    index: int
    reason: str


class LookedUp(Event, frozen=True):
    """Keys were looked up: these tasks were done before, and are published as such."""

    op: int
    hits: tuple[Entry, ...]
    folder: str = ""


class BatchStored(Event, frozen=True):
    """Recipe and will of a batch are on the store, opened and hashed again."""

    batch: BatchId
    will: Will
    folder: str = ""


class FoundBatch(msgspec.Struct, frozen=True, array_like=True):
    """An unfinished batch on the store, whose recipe hashes to its id; `folder` is below the store's `batches`."""

    batch: BatchId
    recipe: Recipe
    will: Will
    folder: str


class BatchesFound(Event, frozen=True):
    """Unfinished batches lie on the store."""

    found: tuple[FoundBatch, ...]


class ResultsRead(Event, frozen=True):
    """The store's records say these; `next` is where to read on, 0 at the end."""

    batch: BatchId
    facts: tuple[ResultBlock | Withdrawal, ...]
    next: int


class WithdrawalsStored(Event, frozen=True):
    """The withdrawals of a `Withdraw` effect are on the store."""

    op: int


class Reread(Event, frozen=True):
    """Results of ours that a carrier put on the store, read again from the journal."""

    block: ResultBlock


class Recounted(Event, frozen=True):
    """The results of some indices, read again from the journal: by index, (position, result, record) of each."""

    batch: BatchId
    rows: tuple[tuple[int, tuple[tuple[int, Entry, RecordId], ...]], ...]


class Asked(Event, frozen=True):
    """A face asks something; `via` is the way to answer."""

    via: bytes
    request: Request


class DrainAsked(Event, frozen=True):
    """Finish what runs, give the rest away, leave."""


class StopAsked(Event, frozen=True):
    """The process ends in a moment, whatever runs: it is told to, and does not crash."""
