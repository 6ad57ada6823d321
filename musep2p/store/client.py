"""A peer's side of its store helper: deadlines, and helpers abandoned when the share hangs.

A process stuck in a dead mount cannot be killed, so a helper that misses its deadline is left behind and a new
one takes over what was not confirmed; at most three are left, then the store is away until one of them ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.recipe import Recipe
from musep2p.core.records import RecordId, ResultBlock
from musep2p.pipes import FrameProcess
from musep2p.store import protocol as p
from musep2p.store.layout import Presence

__all__ = ["StoreClient", "ToStore"]

_DEADLINE_S = 20.0  # a healthy NAS answers in milliseconds; a failing-over one may need some seconds
_AGAIN_S = 2.0
_ABANDONED_MAX = 3
_PRESENCE_S = 10.0
_encode = msgspec.msgpack.Encoder().encode


ToStore = fx.Lookup | fx.StoreBatch | fx.LookForBatches | fx.ReadResults | fx.Withdraw


class StoreClient:
    """The store, as one peer sees it.

    Args:
        root, spool: the store's folder and the peer's own.
        me, incarnation: name the record logs.
        store_id: the id to adopt an empty folder under.
        post: takes events, in the loop's thread.
        refused: called with message and hint when the folder can never be used as it is.
    """

    def __init__(
        self, *, root: Path, spool: Path, me: PeerId, incarnation: Incarnation, store_id: str,
        post: Callable[[ev.Event], None], refused: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        self._root, self._spool, self._me, self._incarnation = root, spool, me, incarnation
        self._store_id, self._post, self._refused = store_id, post, refused
        self._loop = asyncio.get_running_loop()
        self._helper: FrameProcess | None = None
        self._helpers = 0
        self._abandoned = 0
        self._closing = False
        self._state = "opening"
        self._asked_at: float | None = None
        self._unanswered = 0
        self._ops: dict[int, ResultBlock | None] = {}
        self._known: set[BatchId] = set()
        self._presence: Presence | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._presence_at = 0.0

    def open(self, presence: Presence | None, adopt: bool = False) -> None:
        """Open the folder; `StoreChanged` follows."""
        self._presence = presence or self._presence
        if self._helper is None:
            self._spawn()
        self._ask(p.Open(self._store_id if adopt else ""))
        self._schedule()

    def publish(self, effect: fx.Publish, block: ResultBlock) -> None:
        """Put objects and record of a block on the store; an event follows, of success or failure."""
        self._ops[effect.op] = block
        self._ask_of(effect.batch, effect.recipe, p.PutResults(effect.op, block, effect.name))

    def carry(self, effect: fx.PublishFor) -> None:
        """The same for results of another peer."""
        self._ops[effect.op] = effect.block
        self._ask_of(effect.batch, effect.recipe, p.PutResults(effect.op, effect.block, effect.name, effect.maker))

    def perform(self, effect: ToStore) -> None:
        """Carry out another store effect; an event follows, of success or failure."""
        if isinstance(effect, fx.LookForBatches):
            self._ask(p.FindBatches(effect.known))
            return
        if isinstance(effect, fx.ReadResults):
            self._ask_of(effect.batch, effect.recipe, p.ReadRecords(effect.batch, effect.start))
            return
        if isinstance(effect, fx.StoreBatch):
            self._ask_of(effect.batch, effect.recipe, p.PutBatch(effect.batch, effect.will))
            return
        self._ops[effect.op] = None
        if isinstance(effect, fx.Withdraw):
            put = p.PutWithdrawals(effect.op, effect.batch, effect.name, effect.withdrawals)
            self._ask_of(effect.batch, effect.recipe, put)
            return
        first = RecordId(self._me, self._incarnation, effect.number)
        self._ask_of(effect.batch, effect.recipe, p.Reuse(effect.op, effect.batch, effect.name, effect.ranges, first))

    async def close(self) -> None:
        """Take our presence away and let the helper finish."""
        self._closing = True
        if self._tick is not None:
            self._tick.cancel()
        if self._helper is not None:
            if self._state == "ok":
                self._helper.send(_encode(p.Withdraw(self._me, str(self._incarnation))))
                await asyncio.sleep(0.05)
            helper = self._helper
            await asyncio.to_thread(helper.close, 2.0)

    def _spawn(self) -> None:
        self._helpers += 1
        number = self._helpers
        self._unanswered, self._asked_at = 0, None
        self._known.clear()
        writer = f"{self._me}-{self._incarnation.counter}-{self._incarnation.nonce}-{number}"
        argv = ["-m", "musep2p.store.helper", str(self._root), str(self._spool), writer]
        self._helper = FrameProcess(
            argv,
            lambda frame: self._in_loop(self._said, number, frame),
            lambda code: self._in_loop(self._ended, number, code),
        )

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _ask_of(self, batch: BatchId, recipe: Recipe, request: p.ToHelper) -> None:
        """Ask about a batch; its recipe goes first when this helper has not had it."""
        if self._helper is not None and batch not in self._known:
            self._known.add(batch)
            self._helper.send(_encode(p.Know(batch, recipe)))
        self._ask(request)

    def _ask(self, request: p.ToHelper) -> None:
        if self._helper is None:
            return
        self._unanswered += 1
        self._asked_at = self._asked_at or self._loop.time()
        self._helper.send(_encode(request))

    def _said(self, number: int, frame: bytes) -> None:
        if number != self._helpers or self._closing:
            return
        answer = p.from_helper.decode(frame)
        self._unanswered = max(0, self._unanswered - 1)
        self._asked_at = self._loop.time() if self._unanswered > 0 else None
        if isinstance(answer, p.Opened):
            self._opened(answer)
        elif isinstance(answer, p.ResultsPut):
            self._results_put(answer)
        elif isinstance(answer, p.Reused):
            self._ops.pop(answer.op, None)
            self._post(ev.LookedUp(answer.op, answer.hits, answer.folder))
        elif isinstance(answer, p.WithdrawalsPut):
            self._ops.pop(answer.op, None)
            self._post(ev.WithdrawalsStored(answer.op))
        elif isinstance(answer, p.BatchPut):
            self._post(ev.BatchStored(answer.batch, answer.will, answer.folder))
        elif isinstance(answer, p.Batches):
            self._post(ev.BatchesFound(answer.found))
        elif isinstance(answer, p.RecordsRead):
            self._post(ev.ResultsRead(answer.batch, answer.facts, answer.next))
        elif isinstance(answer, p.Present):
            for presence in answer.peers:
                if presence.peer != self._me and self._presence and presence.farm == self._presence.farm:
                    self._post(ev.Sighted(presence.address))
        elif isinstance(answer, p.Announced):
            pass
        elif answer.lost:
            self._post(ev.PublishFailed(answer.op, answer.reason, self._ops.pop(answer.op, None)))
        else:
            self._away(answer.reason)

    def _opened(self, answer: p.Opened) -> None:
        if answer.state == "refused":
            if self._state == "opening":
                self._refused(answer.message, answer.hint)
            else:
                self._away(answer.message)
            return
        if answer.state == "ok" and self._state != "ok" and self._presence is not None:
            self._ask(p.Announce(self._presence, str(self._incarnation), 1))
            self._ask(p.ListPresent())
            self._presence_at = self._loop.time() + _PRESENCE_S
        if answer.state != self._state or answer.state == "empty":
            self._state = answer.state
            self._post(ev.StoreChanged(answer.state, answer.store_id))

    def _results_put(self, answer: p.ResultsPut) -> None:
        block = self._ops.pop(answer.op, None)
        if block is not None:
            self._post(ev.Published(answer.op, block, answer.folder))

    def _away(self, reason: str) -> None:
        """What was not confirmed fails; the folder is tried again until it answers."""
        was_away = self._state == "away"
        self._state = "away"
        if not was_away:
            self._post(ev.StoreChanged("away", "", reason))
        ops, self._ops = self._ops, {}
        for op in ops:
            self._post(ev.PublishFailed(op, reason))
        self._schedule()

    def _ended(self, number: int, code: int) -> None:
        if number != self._helpers:
            self._abandoned -= 1
            return
        if not self._closing:
            self._helper = None
            self._away(f"the store helper ended with code {code}")

    def _schedule(self) -> None:
        if self._tick is None and not self._closing:
            self._tick = self._loop.call_later(_AGAIN_S, self._look)

    def _look(self) -> None:
        """Every two seconds: abandon a helper that is stuck, open again what is away, read who is present."""
        self._tick = None
        if self._asked_at is not None and self._loop.time() - self._asked_at > _DEADLINE_S:
            self._abandon()
        elif self._helper is None and self._abandoned < _ABANDONED_MAX:
            self._spawn()
        if self._state == "away" and self._unanswered == 0:
            self._ask(p.Open(""))
        if self._state == "ok" and self._loop.time() >= self._presence_at:
            self._presence_at = self._loop.time() + _PRESENCE_S
            self._ask(p.ListPresent())
        self._schedule()

    def _abandon(self) -> None:
        helper, self._helper = self._helper, None
        self._asked_at, self._unanswered = None, 0
        if helper is not None:
            self._abandoned += 1
            self._helpers += 1
            helper.kill()
        self._away(f"no answer for {_DEADLINE_S:.0f} s")
        if self._abandoned < _ABANDONED_MAX:
            self._spawn()
