"""What the store helpers of simulated peers do on the virtual store, and how that fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.records import ResultBlock, spool_name
from musep2p.sim.machine import SimPeer

if TYPE_CHECKING:
    from musep2p.sim.world import World

__all__ = ["StoreHelpers"]

_FACTS_AT_ONCE = 20
_LOOK_US = 2_000_000


class StoreHelpers:
    """The helpers of all peers of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def publish(self, peer: SimPeer, effect: fx.Publish) -> None:
        """Objects and record of a block."""
        block, op = peer.disk.durable[effect.position - 1], effect.op
        assert isinstance(block, ResultBlock)

        def put() -> ev.Event:
            if {spool_name(block.batch, e) for e in block.entries if e.ext} - peer.disk.spool:
                return ev.PublishFailed(op, "lost", block)
            peer.store.publish(block)
            return ev.Published(op, block)

        if not peer.has_store:
            self._keep(peer, op, block, [spool_name(block.batch, e) for e in block.entries])
            return
        self._at_store(peer, put, ev.PublishFailed(op, "away"), writes=True)

    def carry(self, peer: SimPeer, effect: fx.PublishFor) -> None:
        """The same for another peer's, whose outputs are in our spool."""
        block, op = effect.block, effect.op

        def put() -> ev.Event:
            if {spool_name(block.batch, e, effect.maker) for e in block.entries} - peer.disk.spool:
                return ev.PublishFailed(op, "let go of meanwhile")
            peer.store.publish(block)
            return ev.Published(op, block)

        if not peer.has_store:
            self._keep(peer, op, block, [spool_name(block.batch, e, effect.maker) for e in block.entries])
            return
        self._at_store(peer, put, ev.PublishFailed(op, "away"), writes=True)

    def _keep(self, peer: SimPeer, op: int, block: ResultBlock, names: list[str]) -> None:
        """In a peer's own folder, which never hangs; outputs that are there already need not be in the spool."""
        life = peer.counter

        def put() -> None:
            if not peer.alive or peer.counter != life:
                return
            there = {e.digest for e, name in zip(block.entries, names, strict=True) if name in peer.disk.spool}
            if {e.digest for e in block.entries} - there - peer.disk.kept:
                self._world.counts["lost outputs"] += 1
                self._world.reach(1, peer, life, ev.PublishFailed(op, "lost", block))
                return
            peer.disk.kept |= there
            self._world.reach(1, peer, life, ev.Published(op, block, "b"))

        self._world.call(peer.store.delay_us, put)

    def withdraw(self, peer: SimPeer, effect: fx.Withdraw) -> None:
        """Records count no more."""

        def put() -> ev.Event:
            peer.store.withdraw(effect.withdrawals)
            return ev.WithdrawalsStored(effect.op)

        self._at_store(peer, put, ev.PublishFailed(effect.op, "away"), writes=True)

    def lookup(self, peer: SimPeer, effect: fx.Lookup) -> None:
        """Was equal work done before? Never, here."""
        self._at_store(peer, lambda: ev.LookedUp(effect.op, ()), ev.PublishFailed(effect.op, "away"))

    def store_batch(self, peer: SimPeer, effect: fx.StoreBatch) -> None:
        """Recipe and will."""

        if not peer.has_store:
            return

        def put() -> ev.Event:
            peer.store.put_batch(effect.batch, effect.recipe, effect.will)
            return ev.BatchStored(effect.batch, effect.will)

        self._at_store(peer, put, writes=True)

    def look_for_batches(self, peer: SimPeer, effect: fx.LookForBatches) -> None:
        """Unfinished batches."""
        self._at_store(peer, lambda: ev.BatchesFound(peer.store.unfinished(effect.known)))

    def read_results(self, peer: SimPeer, effect: fx.ReadResults) -> None:
        """A page of what was done of a batch."""

        def read() -> ev.Event:
            facts = tuple(peer.store.seen(effect.batch)[effect.start : effect.start + _FACTS_AT_ONCE])
            following = effect.start + len(facts) if len(facts) == _FACTS_AT_ONCE else 0
            return ev.ResultsRead(effect.batch, facts, following)

        self._at_store(peer, read)

    def _at_store(
        self, peer: SimPeer, act: Callable[[], ev.Event], failed: ev.Event | None = None, *, writes: bool = False
    ) -> None:
        """Something is done on the store, and the peer hears of it; or it cannot be, or nobody knows whether it was."""
        store, life = peer.store, peer.counter
        flaky = store.flaky > 0 and store.rng.random() < store.flaky
        if store.away or flaky or (store.full and writes):
            # What fails on its last step has been done all the same.
            done = not store.away and writes and store.rng.random() < store.done_all_the_same
            self._fails(peer, failed, store.delay_us, act if done else None)
            return
        hung_us = max(0, store.hangs_until_us - self._world.now_us)
        if hung_us > store.patience_us:
            self._fails(peer, failed, store.patience_us)
            if store.rng.random() < store.done_all_the_same:
                self._world.call(hung_us + store.delay_us, lambda: _unheard(act))  # by the helper that was left behind
            return

        def happen() -> None:
            event = act()
            if peer.alive and peer.counter == life and isinstance(event, ev.PublishFailed) and event.lost is not None:
                self._world.counts["lost outputs"] += 1
            self._world.reach(1, peer, life, event)

        self._world.call(hung_us + store.delay_us, happen)

    def _fails(
        self, peer: SimPeer, failed: ev.Event | None, delay_us: int, act: Callable[[], ev.Event] | None = None
    ) -> None:
        """The peer's store helper gives up: the store is away for it, until a look at it says otherwise."""
        if act is not None:
            self._world.call(delay_us, lambda: _unheard(act))
        if not peer.store.away:
            self._world.later(delay_us, peer, ev.StoreChanged("away", "", "failed"))
            look_us = max(delay_us, peer.store.hangs_until_us - self._world.now_us) + _LOOK_US
            self._world.call(look_us, partial(self._world.look_at_store, peer))
        if failed is not None:
            self._world.later(delay_us, peer, failed)


def _unheard(act: Callable[[], ev.Event]) -> None:
    """What nobody waits for any more is done."""
    act()
