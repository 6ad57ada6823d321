"""What a peer keeps, as plain data: of other peers, of its slots, of what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field

from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.messages import Heartbeat, Hello, Load
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, RecordId, ResultBlock, Will
from musep2p.core.requests import StatusAsk

__all__ = [
    "NEVER",
    "Calibration",
    "Carried",
    "Chunk",
    "Handover",
    "Member",
    "OpenGrant",
    "Probation",
    "Slot",
    "StoreView",
    "Submission",
    "Waiter",
]

NEVER = 1 << 60


@dataclass(slots=True)
class Member:
    """What we know of another peer: its life, what it said, how loaded it is."""

    id: PeerId
    incarnation: Incarnation
    address: str
    hello: Hello
    state: str = "new"
    heard_ms: int = 0
    beat: Heartbeat | None = None
    load: Load = field(default_factory=Load)
    load_ms: int = 0
    refused_until_ms: int = 0
    knows_wills: int = -1
    exchanged_ms: int = -NEVER
    greeted_ms: int = -NEVER
    version: int = 0
    life: tuple[int, int] = (-1, 0)
    carries_from_ms: int = -NEVER
    known: set[BatchId] = field(default_factory=set)

    @property
    def up(self) -> bool:
        """True for peers that count (a suspect is still up)."""
        return self.state in ("up", "suspect")


@dataclass(slots=True)
class Chunk:
    """Tasks for a slot together: its child is `given` them once that is durable, and names the one it has `begun`.

    `recalled` are those that it shall give back unless it has begun them; `first` is the record of what a lookup finds.
    The first task of a `cold` one loads the model.
    """

    number: int
    batch: BatchId
    left: Ranges
    handed_ms: int
    begun: int = -1
    begun_ms: int = 0
    lookup: int = 0
    first: RecordId | None = None
    work_class: str = ""
    given: bool = False
    recalled: bool = False
    cold: bool = False


@dataclass(slots=True)
class Slot:
    """One place where one task runs at a time.

    Attributes:
        noted: batch, ranges and position of what the journal has already as given to it next.
        warm: engine and model of what it was handed last, since `warm_ms`; empty after its child died.
        yields: its child was ended for the machine's owner: nothing that it had has failed.
        rests_until_ms: of a machine that works a share of the time only; `owes_ms`: what it shall rest yet.
        ran: chunks since it loaded what it has.
        first: class and microseconds of a first task, while nobody knows how much of that was loading.
    """

    id: int
    ready: bool = False
    chunks: list[Chunk] = field(default_factory=list)
    noted: tuple[BatchId, tuple[int, ...], int] | None = None
    warm: str = ""
    warm_ms: int = 0
    first: tuple[str, float] | None = None
    yields: bool = False
    rests_until_ms: int = 0
    owes_ms: float = 0.0
    ran: int = 0


@dataclass(slots=True)
class Probation:
    """Why an engine, or a class of work, is not started here until some time; then for twice `wait_ms`.

    Attributes:
        slot: that renders a test since `tested_ms`; -1: none.
        over: it was told that this class is tried again.
        by_tasks: an engine for which no test suits is tried again by tasks, as a class of work is.
    """

    reason: str
    wait_ms: int
    until_ms: int
    slot: int = -1
    tested_ms: int = 0
    over: bool = False
    by_tasks: bool = False


@dataclass(slots=True)
class Calibration:
    """What is known of our look with a model: it, or the reason why it is not known; neither before the render.

    Attributes:
        slot: that renders since `began_ms`; -1: none.
        until_ms: when it may be tried again; `wait_ms` after it failed.
    """

    engine: str
    model: str
    until_ms: int
    look: str = ""
    reason: str = ""
    slot: int = -1
    began_ms: int = 0
    wait_ms: int = 0

    @property
    def name(self) -> str:
        """Engine and model, as in classes of work."""
        return f"{self.engine}|{self.model}"

    def is_due(self) -> bool:
        """True when it waits for a slot."""
        return self.slot < 0 and not self.look and not self.reason


@dataclass(slots=True)
class OpenGrant:
    """A grant of ours that the thief has not answered."""

    number: int
    thief: PeerId
    thief_incarnation: Incarnation
    batch: BatchId
    ranges: Ranges
    ask: int
    sent_ms: int


@dataclass(slots=True)
class Handover:
    """Results of ours that a carrier shall put on the store; `position` is where our journal has them."""

    number: int
    batch: BatchId
    position: int
    carrier: PeerId
    incarnation: Incarnation
    sent_ms: int = -NEVER


@dataclass(slots=True)
class Carried:
    """Results of another peer that we put on the store, or copy because we are a guardian and there is no store.

    `got` bytes of the output `at` are here, and all before it.

    Attributes:
        number: of the handover; of a copy, its place in what the sender reports.
    """

    op: int
    sender: PeerId
    incarnation: Incarnation
    number: int
    block: ResultBlock
    copy: bool = False
    at: int = 0
    got: int = 0
    asked_ms: int = -NEVER
    came_ms: int = 0
    publishing: bool = False

    @property
    def key(self) -> tuple[PeerId, Incarnation, int]:
        """Which handover of which life it is."""
        return self.sender, self.incarnation, self.number

    def wanted(self) -> Entry | None:
        """The output of which something is missing; None when all are here."""
        entries = self.block.entries
        while self.at < len(entries) and not (entries[self.at].ext and entries[self.at].size):
            self.at += 1
        return entries[self.at] if self.at < len(entries) else None


@dataclass(slots=True)
class Submission:
    """A command that waits until its will is durable in enough places."""

    batch: BatchId
    will: Will
    via: bytes
    number: int
    kind: str
    durable: bool = False
    also: list[tuple[bytes, int]] = field(default_factory=list)
    copies: set[PeerId] = field(default_factory=set)
    stored: bool = False
    sent_ms: int = -NEVER


@dataclass(slots=True)
class StoreView:
    """How our own store is: absent, opening, empty, ok or away; and the id that the farm agreed on."""

    state: str = "absent"
    id: str = ""
    farm_id: str = ""
    reason: str = ""
    told_other: bool = False
    away_ms: int = -NEVER

    @property
    def ok(self) -> bool:
        """True when outputs can be published."""
        return self.state == "ok" and self.id == self.farm_id


@dataclass(slots=True)
class Waiter:
    """A face that waits for a batch to change."""

    via: bytes
    number: int
    ask: StatusAsk
    until_ms: int
