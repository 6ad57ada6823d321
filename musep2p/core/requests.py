"""What a face asks of a peer, and what it is answered. Faces are clients; they hold no state of the farm."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from musep2p.core.ids import BatchId, Incarnation, WireBatchId, WirePeerId
from musep2p.core.messages import EngineModels, Look, Pace
from musep2p.core.recipe import Recipe, Settings
from musep2p.core.recipe.recipe import RECIPE_BYTES_MAX
from musep2p.core.records import Entry, Index, RecordId

__all__ = [
    "WITHDRAWALS_MAX",
    "Accepted",
    "Answer",
    "AnswerBody",
    "BatchStatus",
    "CommandAsk",
    "Entry",
    "ErrorAnswer",
    "FailureLine",
    "PeerView",
    "PeersAnswer",
    "PeersAsk",
    "Picture",
    "PictureAsk",
    "Request",
    "RequestBody",
    "ResultRow",
    "ResultsAsk",
    "ResultsPage",
    "StatusAsk",
    "StatusList",
    "StoryLine",
    "SubmitAsk",
    "Upload",
    "Uploaded",
    "WhyAnswer",
    "WhyAsk",
    "WithdrawAsk",
    "Withdrawn",
    "Word",
]

WITHDRAWALS_MAX = 1000  # in one request
Number = Annotated[int, Meta(ge=0)]
BatchName = Annotated[str, Meta(max_length=120)]


class SubmitAsk(msgspec.Struct, frozen=True, tag="submit"):
    """Make this recipe a batch; answered when it is accepted.

    A large recipe is uploaded before, and only its batch is named; the error `recipe_wanted` says that it is not here.
    """

    recipe: Recipe | None
    settings: Settings
    batch: Annotated[BatchId, Meta(pattern="^([0-9a-f]{32})?$", max_length=32)] = BatchId("")


class Upload(msgspec.Struct, frozen=True, tag="upload"):
    """Some bytes of a recipe's encoding, which is `size` bytes long; over the bulk link."""

    batch: WireBatchId
    start: Number
    size: Annotated[int, Meta(ge=1, le=RECIPE_BYTES_MAX)]
    data: Annotated[bytes, Meta(max_length=1 << 20)]


class Uploaded(msgspec.Struct, frozen=True, tag="uploaded"):
    """So many bytes are here, from the first on."""

    batch: WireBatchId
    next: Number


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The batch is durable in `copies` places, `store` when one is the store; `before` tasks are safe already."""

    batch: WireBatchId
    tasks: int
    copies: int
    store: bool
    note: str = ""
    before: int = 0


class StatusAsk(msgspec.Struct, frozen=True, tag="status"):
    """How far is a batch (id, unique prefix, name or `last`; empty for all)?

    With `after`, the answer waits until something changed since that version, one second at most.
    """

    batch: BatchName = ""
    after: int = -1


class BatchStatus(msgspec.Struct, frozen=True):
    """One batch as its acting guardian last told it.

    Attributes:
        seconds_left, seconds_left_max: at least and at most; None while unknown.
        again: results of tasks that had one already, since two peers rendered them.
    """

    batch: WireBatchId
    name: str
    state: str
    total: int
    done: int
    failed: int
    skipped: int
    safe: int
    running: int
    queued: int
    guardian: str
    seconds_left: float | None
    peers: list[str]
    reason: str = ""
    seconds: float = 0.0
    version: int = 0
    turn: int = 1
    seconds_left_max: float | None = None
    again: int = 0


class StatusList(msgspec.Struct, frozen=True, tag="statuses"):
    """The batches asked for, newest last."""

    batches: list[BatchStatus]


Word = Literal["cancel", "pause", "resume", "retry"]


class CommandAsk(msgspec.Struct, frozen=True, tag="command"):
    """Say something of a batch that exists; answered when the will is accepted, or with a note why nothing changes."""

    batch: BatchName
    word: Word


class WithdrawAsk(msgspec.Struct, frozen=True, tag="withdraw"):
    """The objects of these records, each with its index, are not what they say: they shall not count any more."""

    batch: BatchName
    records: Annotated[tuple[tuple[RecordId, Index], ...], Meta(max_length=WITHDRAWALS_MAX)]


class Withdrawn(msgspec.Struct, frozen=True, tag="withdrawn"):
    """So many records are withdrawn, on the store and durably here."""

    batch: WireBatchId
    count: int


class PeersAsk(msgspec.Struct, frozen=True, tag="peers"):
    """Who is in the farm, as this peer sees it?"""


class CalibrateAsk(msgspec.Struct, frozen=True, tag="calibrate"):
    """Find out the looks of all peers with these models of an engine; what they are, the list of peers tells."""

    engine: Annotated[str, Meta(max_length=120)]
    models: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=100)]


class PeerView(msgspec.Struct, frozen=True):
    """One peer as seen by the one that answers."""

    id: WirePeerId
    name: str
    address: str
    state: str
    incarnation: str
    slots: int
    engines: list[str]
    speed: float
    store: str = ""
    gpu_mb: int = 0
    paces: tuple[Pace, ...] = ()
    version: str = ""
    free: int = 0
    queued: int = 0
    loaded: tuple[str, ...] = ()
    resting: str = ""
    models: tuple[EngineModels, ...] = ()
    looks: tuple[Look, ...] = ()
    tags: tuple[str, ...] = ()


class PeersAnswer(msgspec.Struct, frozen=True, tag="peer-list"):
    """All peers known, the answering one first."""

    peers: list[PeerView]
    farm: str
    store_path: str = ""


class ResultsAsk(msgspec.Struct, frozen=True, tag="results"):
    """Results of a batch from index `start` on; a peer that does not account for it names one that does.

    Attributes:
        stop: before this index, if it is not 0.
        failed: only tasks that failed.
    """

    batch: BatchName
    start: Number = 0
    stop: Number = 0
    failed: bool = False


class ResultRow(msgspec.Struct, frozen=True, array_like=True):
    """One result, the peer that made it and the path of its picture below the store ('' if there is none)."""

    entry: Entry
    peer: WirePeerId
    incarnation: Incarnation
    path: str
    failed: str = ""


class ResultsPage(msgspec.Struct, frozen=True, tag="results-page"):
    """Rows by index; `next` continues, 0 at the end; `redirect` names the address to ask instead."""

    batch: WireBatchId
    rows: list[ResultRow]
    next: int
    redirect: str = ""


class WhyAsk(msgspec.Struct, frozen=True, tag="why"):
    """What do you know of this task?"""

    batch: BatchName
    index: Number


class PictureAsk(msgspec.Struct, frozen=True, tag="picture"):
    """Send me what you have of this task's output, on your own disk, from this byte on."""

    batch: BatchName
    index: Number
    start: Number = 0


class Picture(msgspec.Struct, frozen=True, tag="picture-bytes"):
    """Some bytes of an output and the result that it is of; `safe` when it is where the promise says, too."""

    entry: Entry
    name: str
    safe: bool
    data: Annotated[bytes, Meta(max_length=1 << 20)]


class StoryLine(msgspec.Struct, frozen=True, array_like=True):
    """Something that happened to a task at a peer, so many milliseconds ago."""

    ago_ms: Number
    peer: str
    text: str


class FailureLine(msgspec.Struct, frozen=True, array_like=True):
    """An attempt that failed."""

    peer: str
    attempt: int
    turn: int
    reason: str
    permanent: bool
    peer_bound: bool = False


class MadeLine(msgspec.Struct, frozen=True, array_like=True):
    """A result of a task."""

    peer: str
    attempt: int
    digest: str
    counts: bool


class WhyAnswer(msgspec.Struct, frozen=True, tag="why-answer"):
    """What one peer knows of a task.

    Attributes:
        state: safe, failed, finished, running, granted, queued, unaccounted, paused, cancelled; excluded or missing
            when the batch has no such task.
        holders: (peer, how it holds the task).
        waits: why it does not run, empty if there is no such reason.
        guardian: address of the peer that accounts for the batch; empty when it is this one.
        made: its results, when there are several.
    """

    batch: WireBatchId
    index: Number
    state: str
    name: str = ""
    holders: list[tuple[str, str]] = []
    failures: list[FailureLine] = []
    story: list[StoryLine] = []
    waits: str = ""
    guardian: str = ""
    made: list[MadeLine] = []


class ErrorAnswer(msgspec.Struct, frozen=True, tag="error"):
    """The request cannot be served; exit code as the command line shall end with."""

    code: str
    message: str
    hint: str
    exit_code: int


RequestBody = (
    SubmitAsk | Upload | StatusAsk | CommandAsk | PeersAsk | CalibrateAsk | ResultsAsk | WhyAsk | WithdrawAsk
    | PictureAsk
)  # fmt: skip
AnswerBody = (
    Accepted | Uploaded | StatusList | PeersAnswer | ResultsPage | WhyAnswer | Withdrawn | Picture | ErrorAnswer
)


class Request(msgspec.Struct, frozen=True, array_like=True):
    """A client's request under its own number."""

    version: Number
    farm: Annotated[str, Meta(max_length=120)]
    number: Number
    body: RequestBody


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The answer to the request of that number."""

    number: Number
    body: AnswerBody
