"""The design's invariants across peers, one class each. Each raises AssertionError with what it saw.

They are called on every effect (`observe`), and on the whole world every thousand events, at each fault and at
the end (`check`).
"""

from __future__ import annotations

from collections.abc import Iterator

from musep2p.core import effects as fx
from musep2p.core import messages as m
from musep2p.core.batch import Batch, View
from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.records import BatchFact, Failure, RecipeRecord, ResultBlock, SafeMark, WillRecord, Withdrawal
from musep2p.core.results import indices_of, signed, winner
from musep2p.sim.machine import SimPeer
from musep2p.sim.slots import look_name
from musep2p.sim.world import World

__all__ = [
    "ALL",
    "Checker",
    "NoPhantoms",
    "OneLook",
    "OneResult",
    "OnlyOurs",
    "SafeStaysSafe",
    "SaidMeansDurable",
    "all_batches",
]


class Checker:
    """One invariant."""

    def __init__(self, world: World) -> None:
        self.world = world

    def observe(self, peer: SimPeer, effect: fx.Effect) -> None:
        """Look at one effect before it is performed."""

    def check(self) -> None:
        """Look at the whole world."""


class SaidMeansDurable(Checker):
    """Invariant 2: copied, done and safe are said only of what the speaker's disk has."""

    def observe(self, peer: SimPeer, effect: fx.Effect) -> None:
        if isinstance(effect, fx.SendReport):
            latest = max(effect.facts, default=0)
            assert latest <= len(peer.disk.durable), f"p{peer.number} tells of a fact before its disk has it"
        if not isinstance(effect, fx.Send):
            return
        body = effect.envelope.body
        if isinstance(body, m.Copied):
            wills = [r for r in peer.disk.durable if isinstance(r, WillRecord) and r.batch == body.batch]
            assert any(record.will == body.will for record in wills), f"p{peer.number} said copied before its disk"
            recipes = {r.batch for r in peer.disk.durable if isinstance(r, RecipeRecord)}
            assert body.batch in recipes, f"p{peer.number} said copied without the recipe"
        elif isinstance(body, m.Report) and body.facts:
            known, failed, safe = _durable(peer, body.batch)
            for fact in body.facts:
                _assert_durable(peer, fact, known, failed, safe)


class SafeStaysSafe(Checker):
    """Invariant 1, second half: what any peer believes safe is on the store, or durable at two guardians."""

    def observe(self, peer: SimPeer, effect: fx.Effect) -> None:
        if isinstance(effect, fx.Write) and isinstance(effect.record, SafeMark) and not peer.state.core.up_members():
            self.world.counts["alone"] += 1

    def check(self) -> None:
        copied = self.world.counts["deaths"] == 0 and self.world.counts["alone"] == 0 and len(self.world.peers) > 1
        twice, none = dict[BatchId, Ranges](), Ranges()
        for peer, batch in all_batches(self.world):
            store = self.world.store
            if batch.results.safe.issubset(store.results.get(batch.id, none)):
                continue
            beyond = batch.results.safe - store.results.get(batch.id, none)
            beyond -= self.world.other_store.results.get(batch.id, none)
            beyond -= store.withdrawn.get(batch.id, none)  # of which it has not heard
            if beyond and self.world.stores:  # made where nobody saw it, before they met who does
                _assert_kept(self.world, peer, batch, beyond, 2 if copied else 1)
            elif beyond and copied:
                known = twice.setdefault(batch.id, Ranges()) or _on_two_disks(self.world, batch.id)
                twice[batch.id] = known
                assert beyond.issubset(known), f"safe with fewer than two copies: {beyond - known}"
            if beyond and copied and self.world.files and not self.world.stores:
                _assert_kept(self.world, peer, batch, beyond, 2)


class OneResult(Checker):
    """Invariant 3: peers that have merged the same records show the same result."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._shown: dict[tuple[int, BatchId], tuple[object, tuple[int, int]]] = {}

    def check(self) -> None:
        seen: dict[tuple[BatchId, int], tuple[int, int]] = {}
        for peer, batch in all_batches(self.world):
            if peer.state.core.durable < peer.state.core.written or batch.results.doubted:
                continue
            facts, shown = self._hashes(peer, batch)
            known = seen.setdefault((batch.id, facts), (peer.number, shown))
            assert known[1] == shown, f"p{known[0]} and p{peer.number} show different results for the same records"

    def _hashes(self, peer: SimPeer, batch: Batch) -> tuple[int, int]:
        """(hash of the merged records, hash of what is shown); computed anew only when either may have changed."""
        state = (peer.counter, batch.changes, len(peer.disk.durable))
        known = self._shown.get((peer.number, batch.id))
        if known is None or known[0] != state:
            records = [r for r in peer.disk.durable if isinstance(r, ResultBlock | Withdrawal) and r.batch == batch.id]
            facts = {("made", r.first) if isinstance(r, ResultBlock) else ("wrong", r.record) for r in records}
            shown = tuple(_shown(peer, batch, index) for index in batch.results.known.indices())
            known = self._shown[peer.number, batch.id] = (state, (hash(frozenset(facts)), hash(shown)))
        return known[1]


class NoPhantoms(Checker):
    """Invariant 7: nothing is held in a report that is as new as its sender's own state."""

    def check(self) -> None:
        for _, batch in all_batches(self.world):
            for sender_id, view in batch.accounting.views.items():
                sender = self.world.peers[int(sender_id, 16)]
                if sender.alive and sender.state.core.incarnation == view.incarnation:
                    _assert_no_phantom(sender, batch.id, view)


class OnlyOurs(Checker):
    """Who speaks another version or belongs to another farm is nobody's member and holds nothing."""

    def check(self) -> None:
        kinds = {peer.id: (peer.version, peer.farm) for peer in self.world.peers}
        if len(set(kinds.values())) < 2:
            return
        for peer in self.world.peers:
            for member in peer.state.core.up_members() if peer.alive else ():
                assert kinds[member.id] == kinds[peer.id], f"p{peer.number} took somebody else's peer for one of ours"


class OneLook(Checker):
    """What a peer renders of a batch of one look has that look."""

    def observe(self, peer: SimPeer, effect: fx.Effect) -> None:
        if isinstance(effect, fx.Start) and effect.recipe.looks:
            looks = set(effect.recipe.looks.values())
            assert looks == {look_name(peer.look)}, f"p{peer.number} renders in another look than the batch's"


ALL = (SaidMeansDurable, SafeStaysSafe, OneResult, NoPhantoms, OnlyOurs, OneLook)


def _shown(peer: SimPeer, batch: Batch, index: int) -> object:
    """What a face would be shown of a task."""
    records = [peer.disk.durable[position - 1] for position in batch.results.positions(index)]
    return winner(signed(record)[index] for record in records if isinstance(record, ResultBlock))


def _assert_no_phantom(sender: SimPeer, batch: BatchId, view: View) -> None:
    own = sender.state.core.batches.get(batch)
    if own is not None and own.version == view.version:
        told = view.queued | view.running | view.finished
        phantom = told - own.held() - own.results.known
        assert not phantom, f"p{sender.number} is believed to hold {phantom}, and does not"


def all_batches(world: World) -> Iterator[tuple[SimPeer, Batch]]:
    """Each batch as each living peer sees it."""
    for peer in world.peers:
        if peer.alive:
            for batch in peer.state.core.batches.values():
                yield peer, batch


def _assert_kept(world: World, peer: SimPeer, batch: Batch, safe: Ranges, copies: int) -> None:
    """Of each task that is called safe some result is in so many folders; which one is shown may be another's."""
    for index in safe.indices():
        records = [peer.disk.durable[position - 1] for position in batch.results.positions(index)]
        digests = {signed(record)[index][0].digest for record in records if isinstance(record, ResultBlock)}
        most = max((sum(digest in other.disk.kept for other in world.peers) for digest in digests), default=0)
        assert most >= copies, f"p{peer.number} calls {index} safe: not on the store, and in {most} folders"


def _on_two_disks(world: World, batch: BatchId) -> Ranges:
    once, twice = Ranges(), Ranges()
    for peer in world.peers:
        known = _durable(peer, batch)[0]
        twice.update(once & known)
        once.update(known)
    return twice


def _durable(peer: SimPeer, batch: BatchId) -> tuple[Ranges, set[object], Ranges]:
    """(known, failure ids, safe) on a peer's disk; cached, since a disk only grows within a life."""
    length, known, failed, safe = peer.disk_cache.get(batch, (0, Ranges(), set(), Ranges()))
    if length > len(peer.disk.durable):
        length, known, failed, safe = 0, Ranges(), set(), Ranges()
    for record in peer.disk.durable[length:]:
        if isinstance(record, ResultBlock) and record.batch == batch:
            known.update(indices_of(record.entries))
            if record.safe:
                safe.update(indices_of(record.entries))
        elif isinstance(record, Failure) and record.batch == batch:
            failed.add(record.id)
        elif isinstance(record, SafeMark) and record.batch == batch:
            safe.update(Ranges.decode(record.ranges))
    peer.disk_cache[batch] = (len(peer.disk.durable), known, failed, safe)
    return known, failed, safe


def _assert_durable(peer: SimPeer, fact: BatchFact, known: Ranges, failed: set[object], safe: Ranges) -> None:
    if isinstance(fact, ResultBlock):
        indices = indices_of(fact.entries)
        assert indices.issubset(known), f"p{peer.number} told of results before its disk had them"
        assert not fact.safe or indices.issubset(safe), f"p{peer.number} called results safe before its disk did"
    elif isinstance(fact, Failure):
        assert fact.id in failed, f"p{peer.number} told of a failure before its disk had it"
    elif isinstance(fact, Withdrawal):
        assert fact in peer.disk.durable, f"p{peer.number} told of a withdrawal before its disk had it"
    else:
        assert Ranges.decode(fact.ranges).issubset(safe), f"p{peer.number} told of safety before its disk had it"
