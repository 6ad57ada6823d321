"""The data of one peer, and the outbox of one event. Handlers in the sibling modules work on it.

`Core.write` is the one way to say something durable: the continuation runs, and its effects leave, only when
the journal's position has been reported durable.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice

from musep2p.core.batch import Batch
from musep2p.core.data import (
    NEVER,
    Calibration,
    Carried,
    Handover,
    Member,
    OpenGrant,
    Probation,
    Slot,
    StoreView,
    Submission,
    Waiter,
)  # fmt: skip
from musep2p.core.effects import Effect, Reply, Send, Tell, Write
from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.messages import Envelope, Hello, Load, Message
from musep2p.core.parcels import Fetch, Parcel
from musep2p.core.ranges import Ranges
from musep2p.core.records import Record, RecordId, StartRecord, Withdrawal
from musep2p.core.story import Story
from musep2p.core.tuning import Tuning
from musep2p.core.wills import WillTable

__all__ = ["Core"]

_TRIES = 3  # chunks with a model of which nobody knows what loading it costs
_TURN = 5  # times what loading a model costs: at most a sixth of the time goes into that
_HEARD_MAX = 32  # loads that are looked at, of a large farm's peers


class Core:
    """The state of one peer, its random source, and the effects of the event being handled."""

    def __init__(
        self,
        *,
        me: PeerId,
        incarnation: Incarnation,
        hello: Hello,
        tuning: Tuning,
        rng: random.Random,
        keyed: frozenset[str] = frozenset(),
        payload: frozenset[str] = frozenset(),
        has_store: bool = False,
        may_adopt: bool = False,
        paces: Mapping[str, int] | None = None,
        share: float = 1.0,
    ) -> None:
        self.me, self.incarnation, self.hello = me, incarnation, hello
        self.host = "127.0.0.1"
        self.tuning, self.rng = tuning, rng
        self.keyed, self.payload = keyed, payload
        self.now_ms = 0
        self.started_ms = -1
        self.cause = ""
        self.effects: list[Effect] = []
        self.timers: dict[str, int] = {}
        self.due_ms = NEVER
        self.written = 0
        self.durable = 0
        self.waiting: deque[tuple[int, Callable[[int], None]]] = deque()
        self.members: dict[PeerId, Member] = {}
        self.up_known: list[Member] | None = None
        self.up_count = 0
        self.wide_until_ms = -NEVER
        self.neighbours: dict[PeerId, int] = {}
        self.judging: set[PeerId] = set()
        self.greeting: set[PeerId] = set()
        self.version = 0
        self.news: dict[PeerId, int] = {}
        self.roster_known: int | None = None
        self.roster_ms = -NEVER
        self.heard: dict[PeerId, int] = {}
        self.hint: PeerId | None = None
        self.groped_ms = -NEVER
        self.candidates: dict[str, tuple[int, int]] = {}
        self.own_addresses: set[str] = set()
        self.batches: dict[BatchId, Batch] = {}
        self.awake: dict[BatchId, Batch] = {}
        self.wills = WillTable()
        self.slots = {i: Slot(i) for i in range(hello.slots)}
        self.paces: dict[str, float] = dict(paces or {})
        self.paces_kept_ms = 0
        self.share = share
        self.resting = ""
        self.loading: dict[str, float] = {}
        self.probation: dict[str, Probation] = {}
        self.looks: dict[str, Calibration] = {}
        self.strikes: dict[str, set[tuple[BatchId, int]]] = {}
        self.blamed: set[BatchId] = set()
        self.times: dict[str, list[float]] = {}
        self.crashed: list[list[tuple[Batch, StartRecord, Ranges]]] = []
        self.served = 0
        self.probed_store = self.looked = False
        self.grants: dict[int, OpenGrant] = {}
        self.late_asks: dict[PeerId, tuple[int, int]] = {}
        self.answers_given: dict[tuple[PeerId, Incarnation, int], bool] = {}
        self.ask: tuple[int, PeerId, int] | None = None
        self.publishing: dict[int, tuple[BatchId, int]] = {}
        self.unpublished: deque[tuple[BatchId, int]] = deque()
        self.withdrawing: dict[int, tuple[BatchId, tuple[Withdrawal, ...], bytes, int]] = {}
        self.withdrawn: list[tuple[BatchId, int, Reply]] = []
        self.kept: set[int] = set()  # positions of others' results whose outputs were copied here
        self.handovers: dict[int, Handover] = {}
        self.carried: dict[int, Carried] = {}
        self.carried_done: dict[tuple[PeerId, Incarnation, int], None] = {}
        self.carrier_met = False
        self.lost: list[Member] = []
        self.refusals: dict[str, str] = {}
        self.addresses_due_ms = 0
        self.spooled = 0
        self.disk_full = ""
        self.store = StoreView(state="opening" if has_store else "absent")
        self.may_adopt = may_adopt
        self.submissions: dict[BatchId, Submission] = {}
        self.fetches: dict[BatchId, Fetch] = {}
        self.uploads: dict[BatchId, Parcel] = {}
        self.encoded: tuple[BatchId, bytes] | None = None
        self.waiters: list[Waiter] = []
        self.counter = 0
        self.story = Story()
        self.stirred = True
        self.beaten_ms = -NEVER
        self.beat_wanted = False
        self.hold_starts_until_ms = 0
        self.draining = False
        self.idle_since_ms = 0
        self.left = False
        self.steals = 0
        self.announced = (0, -NEVER)  # queued tasks, and the highest priority of them

    def next_number(self) -> int:
        """A fresh number of this incarnation for chunks, asks, grants and store effects."""
        self.counter += 1
        return self.counter

    def next_record(self, batch: Batch, count: int = 1) -> RecordId:
        """The id of the next record of a batch; a block of `count` results uses that many numbers."""
        first = RecordId(self.me, self.incarnation, batch.records)
        batch.records += count
        return first

    def when_durable(self, then: Callable[[], None]) -> None:
        """Run `then` after all that is written so far is durable, and after what waits for it already."""
        if self.waiting or self.durable < self.written:
            self.waiting.append((self.written, lambda _: then()))
        else:
            then()

    def write(self, record: Record, then: Callable[[int], None] | None = None, sync: tuple[str, ...] = ()) -> int:
        """Append to the journal; `then` runs with its position when it is durable, in the order of writing.

        Returns:
            The position, which asserts nothing yet.
        """
        self.written += 1
        self.effects.append(Write(self.written, record, sync))
        if then is not None:
            self.waiting.append((self.written, then))
        return self.written

    def note_idle(self, batch: Batch, slot: Slot) -> None:
        """Write down that nothing of the batch runs in a slot any more: a crash from now on is not its fault."""
        slot.noted = None
        self.write(StartRecord(batch.id, batch.will.turn, slot.id, ()))

    def on_durable(self, position: int) -> None:
        """The journal is on disk up to `position`: say what waited for it."""
        self.durable = max(self.durable, position)
        while self.waiting and self.waiting[0][0] <= self.durable:
            written, then = self.waiting.popleft()
            then(written)

    def send(self, member: Member, body: Message, *, bulk: bool = False) -> None:
        """Say something to the present life of a peer."""
        envelope = Envelope(self.me, self.incarnation, member.incarnation, self.cause, body)
        self.effects.append(Send(member.address, envelope, member.hello.bulk_port if bulk else 0))

    def send_stranger(self, address: str, body: Message) -> None:
        """Say something to whoever lives at an address."""
        self.effects.append(Send(address, Envelope(self.me, self.incarnation, None, self.cause, body)))

    def tell(self, level: str, text: str) -> None:
        """A line for people and logs."""
        self.effects.append(Tell(level, text, self.cause))

    def remember(self, batch: Batch, ranges: Ranges, text: str) -> None:
        """Something happened to these tasks; `musep2p why` tells it."""
        self.story.add(self.now_ms, batch.id, ranges, text)

    def at(self, timer: str, due_ms: int) -> None:
        """Wake for this timer no later than `due_ms`."""
        known = self.timers.get(timer)
        if known is None or due_ms < known:
            self.timers[timer] = due_ms
            self.due_ms = min(self.due_ms, due_ms)

    def take_due(self) -> list[str]:
        """The timers that are due, in the order in which they were set; they are set no more."""
        if self.now_ms < self.due_ms:
            return []
        due = [name for name, at in self.timers.items() if at <= self.now_ms]
        for name in due:
            del self.timers[name]
        self.due_ms = min(self.timers.values(), default=NEVER)
        return due

    def up_members(self) -> list[Member]:
        """The other peers that count, by id; do not change the list. Kept until a member moves."""
        if self.up_known is None:
            self.up_known = [self.members[i] for i in sorted(self.members) if self.members[i].up]
        return self.up_known

    def up_changed(self, member: Member) -> None:
        """A member is up since now, or no more: all batches are looked at anew."""
        self.awake.update(self.batches)
        self.up_count += 1 if member.up else -1
        if self.up_known is not None:
            place = bisect_left(self.up_known, member.id, key=lambda known: known.id)
            new = [member] if member.up else []
            self.up_known = [*self.up_known[:place], *new, *self.up_known[place + 1 - len(new) :]]

    def turn_is_over(self, slot: Slot) -> bool:
        """True when a slot has worked with a model for long enough against what loading one costs."""
        if not slot.warm:
            return True
        loading = self.loading.get(slot.warm)
        if loading is None:  # a second task will tell, unless all fail
            return slot.ran >= _TRIES
        return self.now_ms - slot.warm_ms >= _TURN * loading / 1000

    @property
    def wide(self) -> bool:
        """True in a farm that is too large for everybody to hear everybody, as we or somebody we hear can tell."""
        return self.up_count > self.tuning.all_to_all or self.now_ms < self.wide_until_ms

    @property
    def crowd(self) -> int:
        """By how much rarer things are said to all: 1 in farms in which everybody hears everybody."""
        return 1 + self.up_count // self.tuning.all_to_all

    def note_load(self, member: Member, load: Load) -> None:
        """A peer said how loaded it is."""
        member.load, member.load_ms = load, self.now_ms
        self.heard.pop(member.id, None)
        self.heard[member.id] = self.now_ms
        if len(self.heard) > 2 * _HEARD_MAX:
            self.heard = dict(list(self.heard.items())[_HEARD_MAX:])

    def heard_members(self) -> list[Member]:
        """The peers that are up and whose loads are worth looking at: in a large farm, those heard of late."""
        if not self.wide:
            return self.up_members()
        stale = self.now_ms - self.tuning.hear_ms
        newest = islice(reversed(self.heard.items()), _HEARD_MAX)
        fresh = [self.members.get(peer) for peer, at_ms in newest if at_ms >= stale]
        return [member for member in fresh if member is not None and member.up]
