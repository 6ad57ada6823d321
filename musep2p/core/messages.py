"""What peers say to each other: one frozen type each, all one-way. Any may be lost, doubled, late or out of order.

Fields that decoders see are bounded. New fields are optional and last; unknown ones are skipped.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from musep2p.core.ids import Incarnation, WireBatchId, WirePeerId
from musep2p.core.recipe import Recipe
from musep2p.core.records import BatchFact, Failure, FlatRanges, ResultBlock, Will, Withdrawal

__all__ = [
    "HELD_MAX",
    "PROTOCOL_VERSION",
    "Addresses",
    "Ask",
    "Barred",
    "Buckets",
    "Calibrate",
    "Copied",
    "Copy",
    "Declined",
    "Drop",
    "EngineModels",
    "Envelope",
    "Goodbye",
    "Grant",
    "HandedOver",
    "Handover",
    "Heartbeat",
    "Hello",
    "Load",
    "LoadEntry",
    "Look",
    "Message",
    "Output",
    "OutputAsk",
    "Pace",
    "Piece",
    "PieceAsk",
    "Progress",
    "ProgressAsk",
    "Question",
    "RecipeAsk",
    "Refusal",
    "Refused",
    "Report",
    "ReportAck",
    "Roster",
    "Rumour",
    "Taken",
    "Warm",
    "Wills",
]

PROTOCOL_VERSION = 2

Name = Annotated[str, Meta(max_length=120)]
Class = Annotated[str, Meta(max_length=400)]
Address = Annotated[str, Meta(max_length=300)]
Number = Annotated[int, Meta(ge=0)]
HELD_MAX = 1 << 17  # ranges of one kind in a report; what is beyond is queued a second time at worst
HeldRanges = Annotated[tuple[int, ...], Meta(max_length=2 * HELD_MAX)]
Hash64 = Number  # an unsigned 64-bit hash; msgpack itself bounds it
StoreId = Annotated[str, Meta(pattern="^([0-9a-f]{32})?$", max_length=32)]


class Pace(msgspec.Struct, frozen=True, array_like=True):
    """How long one task of a class takes here, and how long its model takes to load: microseconds, as measured."""

    work_class: Class
    us: Number
    loading_us: Number = 0


class LoadEntry(msgspec.Struct, frozen=True, array_like=True):
    """Queued work of one batch at a peer: number of tasks and estimated milliseconds with all its slots."""

    batch: WireBatchId
    priority: int
    queued: Number
    ms: Number


class Warm(msgspec.Struct, frozen=True, array_like=True):
    """A model (with its engine) that slots have loaded, and how many milliseconds of work for it are queued there."""

    model: Class
    ms: Number = 0


class Barred(msgspec.Struct, frozen=True, array_like=True):
    """An engine, or a class of work, that a peer starts nothing of now, and why."""

    name: Class
    reason: Annotated[str, Meta(max_length=200)] = ""


class Load(msgspec.Struct, frozen=True, array_like=True):
    """A peer's present load: the first 8 batches by priority, the rest as one sum, and what it could do.

    Attributes:
        entries: queued work by batch.
        rest_ms: the sum of what `entries` leaves out.
        slots: slots in all; 0 while the peer starts nothing (draining, store away).
        free: slots with nothing to run.
        running_ms: mean estimated time until one of the busy slots is free.
        paces: measured speeds by class of work.
        files: False when the peer has no place for files, so that it runs only engines whose outputs ride in records.
        straggler: when nothing is queued here: the running task that ends last, unless a copy of it runs; its
            `queued` is the index, its `ms` the time it still needs.
        warm: what the slots have loaded.
        turn_over: they were at it long enough: another batch of the same priority may come before.
        barred: what it is on probation for.
        resting: why its machine works for its owner alone now.
    """

    entries: Annotated[tuple[LoadEntry, ...], Meta(max_length=8)] = ()
    rest_ms: Number = 0
    slots: Number = 0
    free: Number = 0
    running_ms: Number = 0
    paces: Annotated[tuple[Pace, ...], Meta(max_length=8)] = ()
    straggler: LoadEntry | None = None
    files: bool = True
    warm: Annotated[tuple[Warm, ...], Meta(max_length=16)] = ()
    turn_over: bool = True
    barred: Annotated[tuple[Barred, ...], Meta(max_length=16)] = ()
    resting: Name = ""

    def total_ms(self) -> int:
        """All queued work, in milliseconds of this peer."""
        return self.rest_ms + sum(entry.ms for entry in self.entries)

    def barred_names(self) -> tuple[str, ...]:
        """The engines and classes of work that it starts nothing of."""
        return tuple(one.name for one in self.barred)

    def loaded(self) -> tuple[str, ...]:
        """The models that its slots have loaded."""
        return tuple(warm.model for warm in self.warm)

    def pace_us(self, work_class: str) -> int:
        """Measured microseconds per task of the class; 0 when unknown."""
        return next((pace.us for pace in self.paces if pace.work_class == work_class), 0)

    def loading_us(self, work_class: str) -> int:
        """Measured microseconds to load the model of the class; 0 when unknown."""
        return next((pace.loading_us for pace in self.paces if pace.work_class == work_class), 0)


class EngineModels(msgspec.Struct, frozen=True, array_like=True):
    """The models that an engine has here, as it calls them: `folder/name.safetensors [hash]`."""

    engine: Name
    names: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=500)]


class Look(msgspec.Struct, frozen=True, array_like=True):
    """The look of what an engine renders here with a model; empty, with a reason, where it could not be found out."""

    engine: Name
    model: Annotated[str, Meta(max_length=200)]
    look: Annotated[str, Meta(pattern="^([0-9a-f]{12})?$")]
    reason: Annotated[str, Meta(max_length=500)] = ""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """Who I am and what I can do; the first message on a link, checked for version and farm."""

    version: Number
    farm: Name
    name: Name
    port: Annotated[int, Meta(ge=0, le=65535)]
    bulk_port: Annotated[int, Meta(ge=0, le=65535)]
    slots: Number
    engines: Annotated[tuple[Name, ...], Meta(max_length=64)]
    tags: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    speed: float = 1.0
    gpu_mb: Number = 0
    software: Annotated[str, Meta(max_length=40)] = ""
    models: Annotated[tuple[EngineModels, ...], Meta(max_length=64)] = ()
    looks: Annotated[tuple[Look, ...], Meta(max_length=100)] = ()


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """Your hello is not welcome, and why; the reason is meant for the user's eyes."""

    code: Name
    reason: Annotated[str, Meta(max_length=500)]
    counter: Number = 0


class Rumour(msgspec.Struct, frozen=True, array_like=True):
    """What is believed of one life of a peer: the greatest (version, word) wins.

    Attributes:
        version: raised by the peer itself alone, when others wrongly believe it gone.
        word: 0 up, 1 down, 2 left.
        hello: its own, of peers that are up.
    """

    peer: WirePeerId
    incarnation: Incarnation
    version: Number
    word: Annotated[int, Meta(ge=0, le=2)]
    address: Address
    hello: Hello | None


class Heartbeat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """I am up, this is my load, and this is the hash of the wills I have durably; the next comes in `every_ms`.

    In large farms also the hash of the roster, what is new in it, and whether you are my neighbour, so that you
    shall judge me when you hear no more. `hello` is the hash of what I say of myself: it may have changed.
    """

    load: Load
    wills: Hash64
    store_id: StoreId = ""
    store_ok: bool = False
    every_ms: Annotated[int, Meta(ge=1, le=60_000)] = 1000
    roster: Hash64 = 0
    news: Annotated[tuple[Rumour, ...], Meta(max_length=64)] = ()
    near: bool = False
    hello: Hash64 = 0


class Roster(msgspec.Struct, frozen=True, array_like=True, tag="roster"):
    """What I believe of peers, in large farms; some of it or all."""

    rumours: Annotated[tuple[Rumour, ...], Meta(max_length=256)]


class Addresses(msgspec.Struct, frozen=True, array_like=True, tag="addresses"):
    """Peer exchange: where peers of this farm were reached."""

    addresses: Annotated[tuple[Address, ...], Meta(max_length=256)]


class Goodbye(msgspec.Struct, frozen=True, array_like=True, tag="goodbye"):
    """I leave, politely: I hold nothing any more."""


class Copy(msgspec.Struct, frozen=True, array_like=True, tag="copy"):
    """Recipe and will of a batch: make them durable and say so.

    A recipe that is too large for a message is left out; its pieces are asked for. `size`: of its encoding, bytes.
    """

    batch: WireBatchId
    recipe: Recipe | None
    will: Will
    size: Number = 0


class Copied(msgspec.Struct, frozen=True, array_like=True, tag="copied"):
    """Recipe and this will (the greatest known here) are durable here."""

    batch: WireBatchId
    will: Will


class Buckets(msgspec.Struct, frozen=True, array_like=True, tag="buckets"):
    """Our tables of wills differ: hashes of my 256 buckets."""

    hashes: Annotated[tuple[Hash64, ...], Meta(min_length=256, max_length=256)]


class Wills(msgspec.Struct, frozen=True, array_like=True, tag="wills"):
    """The wills of the buckets that differ; `batches` and `wills` side by side."""

    batches: Annotated[tuple[WireBatchId, ...], Meta(max_length=4096)]
    wills: Annotated[tuple[Will, ...], Meta(max_length=4096)]


class RecipeAsk(msgspec.Struct, frozen=True, array_like=True, tag="recipe?"):
    """I lack this batch: send recipe and will."""

    batch: WireBatchId


class PieceAsk(msgspec.Struct, frozen=True, array_like=True, tag="piece?"):
    """Send me the piece of this batch's recipe that starts at this byte."""

    batch: WireBatchId
    start: Number


class Piece(msgspec.Struct, frozen=True, array_like=True, tag="piece"):
    """Some bytes of a recipe's encoding, which is `size` bytes long."""

    batch: WireBatchId
    start: Number
    size: Number
    data: Annotated[bytes, Meta(max_length=1 << 20)]


class Question(msgspec.Struct, frozen=True, array_like=True, tag="question"):
    """Round `round` on this batch: what do you hold?"""

    batch: WireBatchId
    round: Number


class Report(msgspec.Struct, frozen=True, array_like=True, tag="report"):
    """What I hold of a batch, and what I know of it since the position you acknowledged.

    Attributes:
        version: grows with each change of what is held; the newest is believed.
        round: the question that this answers; 0 when nobody asked.
        start, stop: positions of `facts` in my log of this batch.
        end: the length of my log; holdings count only for who has all of it (`stop == end`).
        queued, running, finished: held, as flat ranges; finished = not yet safe.
        elapsed_ms: how long the batch's turn has run, or took.
    """

    batch: WireBatchId
    version: Number
    round: Number
    start: Number
    stop: Number
    end: Number
    facts: Annotated[tuple[BatchFact, ...], Meta(max_length=4096)]
    queued: HeldRanges
    running: HeldRanges
    finished: HeldRanges
    elapsed_ms: Number = 0


class ReportAck(msgspec.Struct, frozen=True, array_like=True, tag="report-ack"):
    """Your log is durable here up to this position, and this version of your holdings is known.

    With `gap`, something between that position and your report is missing here: send it again. With `copies`, the
    outputs of your results up to there are on my disk, too; what is only `received` waits here for them.
    """

    batch: WireBatchId
    position: Number
    version: Number
    gap: bool = False
    copies: bool = False
    received: Number = 0


class Drop(msgspec.Struct, frozen=True, array_like=True, tag="drop"):
    """From the acting guardian: these, queued or running at you, are safe, failed or held elsewhere."""

    batch: WireBatchId
    ranges: FlatRanges
    queued_only: bool = False


class Progress(msgspec.Struct, frozen=True, array_like=True, tag="progress"):
    """From the acting guardian: how far a batch is, and how long it will probably take, at least and at most.

    `again`: results of tasks that had one already.
    """

    batch: WireBatchId
    turn: Number
    safe: Number
    failed: Number
    skipped: Number
    running: Number
    queued: Number
    finished: Number
    complete: bool
    elapsed_ms: Number
    peers: Annotated[tuple[WirePeerId, ...], Meta(max_length=64)] = ()
    left_ms: int = -1
    left_ms_max: int = -1
    again: Number = 0


class ProgressAsk(msgspec.Struct, frozen=True, array_like=True, tag="progress?"):
    """I have not heard how far this batch is, or whether it has ended."""

    batch: WireBatchId


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """A thief is hungry: give me work for this many slots; with `copy`, leave to run your straggler too."""

    number: Number
    free: Annotated[int, Meta(ge=1)]
    load: Load
    copy: bool = False


class Grant(msgspec.Struct, frozen=True, array_like=True, tag="grant"):
    """A victim gives these tasks away; sent again under its number until answered.

    With `copy` it goes on running them itself, and says so once. `withdrawals`: of earlier results of these tasks,
    which the thief may still believe in.
    """

    number: Number
    ask: Number
    batch: WireBatchId
    ranges: FlatRanges
    failures: Annotated[tuple[Failure, ...], Meta(max_length=256)]
    load: Load
    copy: bool = False
    withdrawals: Annotated[tuple[Withdrawal, ...], Meta(max_length=256)] = ()


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag="refusal"):
    """A victim has nothing for you; do not ask again before so many milliseconds. In large farms: who may have."""

    ask: Number
    not_before_ms: Number
    load: Load
    hint: Annotated[str, Meta(max_length=16)] = ""


class Taken(msgspec.Struct, frozen=True, array_like=True, tag="taken"):
    """The thief holds what this grant gave."""

    number: Number


class Declined(msgspec.Struct, frozen=True, array_like=True, tag="declined"):
    """The thief does not want this grant; the victim keeps it."""

    number: Number


class Handover(msgspec.Struct, frozen=True, array_like=True, tag="handover"):
    """I do not see the store, and you do: fetch the outputs of these results of mine, and put them there."""

    number: Number
    batch: WireBatchId
    block: ResultBlock | None


class OutputAsk(msgspec.Struct, frozen=True, array_like=True, tag="output?"):
    """Send me what an output has from this byte on; the answer has my `number`.

    It is of a handover of yours, or of the result at this place of what you report on a batch.
    """

    number: Number
    batch: WireBatchId
    handover: bool
    place: Number
    index: Number
    start: Number


class Output(msgspec.Struct, frozen=True, array_like=True, tag="output"):
    """Some bytes of an output, which has `size` in all; none when it cannot be had."""

    number: Number
    index: Number
    start: Number
    size: Number
    data: Annotated[bytes, Meta(max_length=1 << 20)]


class HandedOver(msgspec.Struct, frozen=True, array_like=True, tag="handed-over"):
    """The results of this handover are on the store; or not `stored`: I cannot do it now."""

    number: Number
    stored: bool


class Calibrate(msgspec.Struct, frozen=True, array_like=True, tag="calibrate"):
    """Somebody wants to submit a batch of one look: find out yours with these models."""

    engine: Name
    models: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=100)]


Message = (
    Hello | Refused | Heartbeat | Roster | Addresses | Goodbye | Copy | Copied | Buckets | Wills | RecipeAsk | PieceAsk
    | Piece | Question | Report | ReportAck | Drop | Progress | ProgressAsk | Ask | Grant | Refusal | Taken | Declined
    | Handover | OutputAsk | Output | HandedOver | Calibrate
)  # fmt: skip


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """Who says it, to which of the addressee's lives (None before it is known), because of what."""

    sender: WirePeerId
    incarnation: Incarnation
    to: Incarnation | None
    cause: Annotated[str, Meta(max_length=64)]
    body: Message
