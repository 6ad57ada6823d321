"""What a peer keeps of each batch, as plain data: what it holds, what it told, and a guardian's views of others."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from musep2p.core.data import NEVER, Member
from musep2p.core.deque import WorkDeque
from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.messages import Hello, Progress
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.recipe.recipe import model_of
from musep2p.core.records import BatchFact, Will
from musep2p.core.results import Results

__all__ = ["Accounting", "Awaited", "Batch", "Cursor", "View"]


@dataclass(slots=True)
class Cursor:
    """What one life of a guardian acknowledged of our reports on one batch; `kept`, with outputs that are files.

    It need not be sent again what it has `received`. After `patience_ms` without an answer (0: the usual) we send
    again, and are twice as patient; an answer to what was not `resent` says how long one takes.
    """

    incarnation: Incarnation
    position: int = 0
    kept: int = 0
    received: int = 0
    patience_ms: int = 0
    resent: bool = False
    version: int = 0
    sent_ms: int = -NEVER
    sent_version: int = -1
    sent_position: int = -1
    gap_position: int = -1


class Awaited(NamedTuple):
    """Results that are safe once others have them: told of before this place of the log.

    With a `position` in the journal their outputs are files, and others must have those, too.
    """

    place: int
    ranges: Ranges
    position: int = 0


@dataclass(slots=True)
class View:
    """What a guardian knows of one reporter's holdings and log; `facts` are positions in our own journal.

    `waiting` are the last facts received, not taken in since outputs of them are not here. `fetched` says, by places in
    the log, whose outputs need not be waited for any more: True if they are here, False if nobody has them.
    """

    incarnation: Incarnation
    position: int = 0
    version: int = -1
    received: int = 0
    answered: int = 0
    queued: Ranges = field(default_factory=Ranges)
    running: Ranges = field(default_factory=Ranges)
    finished: Ranges = field(default_factory=Ranges)
    facts: array[int] = field(default_factory=lambda: array("I"))
    waiting: deque[BatchFact] = field(default_factory=deque)
    fetched: dict[int, bool] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """Up to where in its log all was taken in."""
        return self.received - len(self.waiting)


@dataclass(slots=True)
class Accounting:
    """A guardian's rounds on one batch.

    `concluded` is the version of its results when that was last asked for; `late` when it shall be again, soon.
    `lost`: a peer died before it was complete, and the store was not read since; it is until `reads_until_ms`.
    """

    round: int = 0
    open: bool = False
    asked_ms: int = 0
    patience_ms: int = 0
    ended_ms: int = -NEVER
    waiting: set[PeerId] = field(default_factory=set)
    missing: Ranges = field(default_factory=Ranges)
    doubled: Ranges = field(default_factory=Ranges)
    views: dict[PeerId, View] = field(default_factory=dict)
    told: Progress | None = None
    told_ms: int = -NEVER
    dropped_ms: int = -NEVER
    since_ms: int = 0
    took_ms: int = 0
    complete: bool = False
    concluded: int = -1
    concluded_ms: int = -NEVER
    late: bool = False
    lost: bool = False
    reads_until_ms: int = -NEVER


@dataclass(slots=True)
class Batch:
    """A batch known here: recipe and will, what we hold of it, and what we know of it.

    `unread` is one that was replayed, until the store was asked what else was done of it.
    `log` has the facts that guardians shall know, as positions in our journal, in the order of telling.
    """

    id: BatchId
    tasks: Tasks
    will: Will
    results: Results
    known: bool = False
    replayed: bool = False
    unread: bool = False
    reading: bool = False
    recounting: bool = False
    work: WorkDeque = field(default_factory=WorkDeque)
    granted: Ranges = field(default_factory=Ranges)
    running: Ranges = field(default_factory=Ranges)
    finished: Ranges = field(default_factory=Ranges)
    failed: Ranges = field(default_factory=Ranges)
    log: array[int] = field(default_factory=lambda: array("I"))
    told_on: Ranges = field(default_factory=Ranges)
    failing: Ranges = field(default_factory=Ranges)
    records: int = 0
    cursors: dict[PeerId, Cursor] = field(default_factory=dict)
    awaiting: deque[Awaited] = field(default_factory=deque)
    version: int = 0
    reported_ms: int = -NEVER
    dirty: bool = False
    urgent: bool = False
    accounting: Accounting = field(default_factory=Accounting)
    progress: Progress | None = None
    progress_ms: int = -NEVER
    ranks: dict[PeerId, int] = field(default_factory=dict)
    guards: tuple[list[Member], list[PeerId]] | None = None
    folder: str = ""
    stored: Will | None = None
    conclude: bool = False
    copied: set[int] = field(default_factory=set)
    held_back: bool = False
    lookup_width: int = 1
    singly: bool = False
    changes: int = 0
    served: int = 0
    order: int = 0
    missing: dict[int, tuple[Hello, tuple[str, ...]]] = field(default_factory=dict)
    awake: dict[BatchId, Batch] = field(default_factory=dict)

    @property
    def recipe(self) -> Recipe:
        """What its tasks are computed from."""
        return self.tasks.recipe

    def next_class(self) -> str:
        """The class of work that we would do next."""
        return self.tasks.work_class(self.work.first())

    def queued_for(self, model: str) -> Ranges:
        """The queued tasks that need a model; do not change the set."""
        models, held = self.tasks.models, self.work.held()
        if models:
            return held & models[model] if model in models else Ranges()
        return held if model == model_of(self.tasks.work_class(0)) else Ranges()

    def last_class(self) -> str:
        """The class of work that a thief would get."""
        return self.tasks.work_class(self.work.last())

    def held(self) -> Ranges:
        """All that we hold of it: queued, granted and not yet answered, running, finished and not yet safe."""
        return self.work.held() | self.granted | self.running | self.finished

    def all_settled(self) -> bool:
        """True when every task is safe or has failed."""
        return self.results.safe.count() + self.failed.count() >= self.results.wanted

    def elapsed_ms(self, now_ms: int) -> int:
        """How long it took, or takes until now, as far as we know."""
        told = self.progress
        if told is not None and told.complete and told.turn == self.will.turn:
            return told.elapsed_ms
        return now_ms - self.accounting.since_ms

    def began_before(self, now_ms: int, elapsed_ms: int) -> None:
        """Somebody has known it for so long: whoever acts next counts from the same beginning."""
        self.accounting.since_ms = min(self.accounting.since_ms, now_ms - elapsed_ms)

    def take_in(self, ranges: Ranges) -> None:
        """Queue work that comes from elsewhere, less what is settled or held here already."""
        self.work.push(ranges - self.results.safe - self.failed - self.held())
        self.wake()

    def requeue(self, ranges: Ranges) -> Ranges:
        """Of these, what is held as running is queued again, at the front and unless it is safe; returns it."""
        left = ranges & self.running
        self.running.difference_update(left)
        self.work.push_front(left - self.results.safe)
        self.touch()
        return left

    def wake(self) -> None:
        """Something may have to be done for it: it is looked at until it is at rest."""
        self.awake[self.id] = self

    def touch(self, *, urgent: bool = False) -> None:
        """Our holdings changed: guardians shall hear of it."""
        self.version += 1
        self.dirty = True
        self.urgent = self.urgent or urgent or not (self.work or self.granted or self.running or self.finished)
        self.wake()
