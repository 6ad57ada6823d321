"""All that a peer can ask of the world. Performed in list order; whatever takes time ends as an event."""

from __future__ import annotations

import msgspec

from musep2p.core.ids import BatchId, PeerId
from musep2p.core.messages import Envelope
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.records import Failure, Record, ResultBlock, Will, Withdrawal
from musep2p.core.requests import Answer, Picture, ResultRow, WhyAnswer

__all__ = [
    "Conclude",
    "Effect",
    "Hangup",
    "KeepPaces",
    "KeepPiece",
    "Kill",
    "Leave",
    "LookForBatches",
    "Lookup",
    "OpenStore",
    "Publish",
    "PublishFor",
    "ReadResults",
    "Recall",
    "Recount",
    "Reply",
    "ReplyEnvelope",
    "ReplyPicture",
    "ReplyResults",
    "ReplyWhy",
    "Reread",
    "Send",
    "SendHandover",
    "SendOutput",
    "SendReport",
    "Start",
    "StoreBatch",
    "Tell",
    "Test",
    "Unspool",
    "Withdraw",
    "Write",
]


class Effect(msgspec.Struct, frozen=True):
    """The base of all effects."""


class Send(Effect, frozen=True):
    """Send an envelope to the peer at this address (host:port); it may be lost.

    With `bulk_port` it goes over the bulk link, so that no heartbeat waits behind it.
    """

    address: str
    envelope: Envelope
    bulk_port: int = 0


class SendReport(Effect, frozen=True):
    """Read these facts from the journal and send them as a report, in as many messages as they need.

    Each may be lost, like any message. `envelope` has the report without its facts.
    """

    address: str
    bulk_port: int
    envelope: Envelope
    facts: tuple[int, ...]


class Reply(Effect, frozen=True):
    """Answer a face on the link that it asked on."""

    via: bytes
    answer: Answer


class ReplyResults(Effect, frozen=True):
    """Read these results from the journal and answer a face with them.

    Attributes:
        rows: by index, the positions of the records that may hold its result, or of its failures, or the row of a
            failed task.
        folder: of the batch below the store's `batches`.
        next: where the next page starts, 0 if there is none.
    """

    via: bytes
    number: int
    batch: BatchId
    rows: tuple[tuple[int, tuple[int, ...] | ResultRow], ...]
    tasks: Tasks
    folder: str
    next: int


class ReplyPicture(Effect, frozen=True):
    """Answer a face with bytes of an output of these records that is on our own disk, or that there is none.

    `answer` has the name and whether it is safe; its result and bytes are read.
    """

    via: bytes
    number: int
    answer: Picture
    positions: tuple[int, ...]
    start: int
    length: int


class ReplyWhy(Effect, frozen=True):
    """Read these failures and results of a task from the journal, and answer a face with all that we know of it.

    Attributes:
        answer: without them.
        failures: records, or positions of those that memory has no more.
        results: positions of the blocks with its results, when there are several.
        names: of the peers.
    """

    via: bytes
    number: int
    answer: WhyAnswer
    failures: tuple[Failure | int, ...]
    names: dict[PeerId, str]
    results: tuple[int, ...] = ()


class ReplyEnvelope(Effect, frozen=True):
    """Answer a stranger on the link that it used: only refusals."""

    via: bytes
    envelope: Envelope


class Hangup(Effect, frozen=True):
    """Close the link to this address."""

    address: str


class Write(Effect, frozen=True):
    """Append a record to the journal; `Durable(position)` follows once it is on the disk.

    Files named in `sync` (of the spool) are made durable first.
    """

    position: int
    record: Record
    sync: tuple[str, ...] = ()


class Start(Effect, frozen=True):
    """Hand a chunk to a slot's child: flat ranges of one batch, with attempt numbers above 1 for some."""

    slot: int
    chunk: int
    batch: BatchId
    recipe: Recipe
    ranges: tuple[int, ...]
    attempts: dict[int, int]


class Test(Effect, frozen=True):
    """Have a slot's child render a test picture with an engine, by its usual model or another one.

    `Tested` follows, or `SlotDied`. One that `calibrates` shows the look of the engine, whatever is on the picture.
    """

    slot: int
    engine: str
    model: str = ""
    calibrates: bool = False


class Kill(Effect, frozen=True):
    """End a slot's child now and start a new one; `SlotDied` follows. `release`: its engine lets go of memory first."""

    slot: int
    reason: str
    release: bool = False


class Recall(Effect, frozen=True):
    """Take a chunk back from a slot's child that has not begun it; then `ChunkEnded` follows, else what it does."""

    slot: int
    chunk: int


class Publish(Effect, frozen=True):
    """Put the objects and the record of the block at this position of the journal on the store."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    position: int


class Withdraw(Effect, frozen=True):
    """Put these withdrawals on the store; `WithdrawalsStored` or `PublishFailed` follows."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    withdrawals: tuple[Withdrawal, ...]


class Reread(Effect, frozen=True):
    """Read results of ours again, at this position of the journal; the event `Reread` follows."""

    position: int


class SendHandover(Effect, frozen=True):
    """Read these results from the journal and offer them to a carrier; `envelope` has the offer without them."""

    address: str
    envelope: Envelope
    position: int


class SendOutput(Effect, frozen=True):
    """Read a piece of an output in the spool, of the results at this position of the journal, and send it.

    `envelope` has the piece without its bytes. An output that is not there any more fails the handover:
    `PublishFailed` with what is lost.
    """

    address: str
    bulk_port: int
    envelope: Envelope
    number: int
    position: int
    length: int


class KeepPiece(Effect, frozen=True):
    """Write a piece of another peer's output into the spool; `PublishFailed` of this operation if there is no room."""

    op: int
    name: str
    start: int
    data: bytes


class PublishFor(Effect, frozen=True):
    """Put another peer's results on the store, whose outputs are in our spool."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    block: ResultBlock
    maker: PeerId


class Recount(Effect, frozen=True):
    """Read the results of these indices again, at these positions of the journal; `Recounted` follows."""

    batch: BatchId
    rows: tuple[tuple[int, tuple[int, ...]], ...]


class Unspool(Effect, frozen=True):
    """These files of the spool are needed no more: the journal says that what they held is safe."""

    names: tuple[str, ...]


class Lookup(Effect, frozen=True):
    """Look up by task key whether these tasks were done before; publish those found under this batch."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    ranges: tuple[int, ...]
    number: int


class StoreBatch(Effect, frozen=True):
    """Put recipe and will of a batch on the store."""

    batch: BatchId
    recipe: Recipe
    will: Will


class OpenStore(Effect, frozen=True):
    """Open the store's folder again; with `adopt`, make it the farm's store if it is still empty."""

    adopt: bool


class LookForBatches(Effect, frozen=True):
    """Look on the store for unfinished batches; not for those whose ids begin with one of these eight digits."""

    known: tuple[str, ...]


class ReadResults(Effect, frozen=True):
    """Read what the store's records say of a batch, from that block on."""

    batch: BatchId
    recipe: Recipe
    start: int


class Conclude(Effect, frozen=True):
    """A batch is complete: show it as a whole, in its folder on the store. May repeat; nothing depends on it.

    Not `fresh` when it was so before we first counted, as after a restart: then only what is missing is made.
    """

    folder: str
    fresh: bool


class KeepPaces(Effect, frozen=True):
    """Keep the measured speeds for the next life of this peer: class of work -> microseconds a task."""

    paces: dict[str, int]


class Tell(Effect, frozen=True):
    """One line for people and logs: what happened, in the words of the glossary."""

    level: str
    text: str
    cause: str


class Leave(Effect, frozen=True):
    """The peer has left the farm: stop the process."""
