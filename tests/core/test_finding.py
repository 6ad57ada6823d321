"""A batch that only the store knows is found by whoever sees the store, and goes on where it was."""

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import Incarnation, PeerId, digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings, batch_id
from musep2p.core.records import Entry, RecordId, ResultBlock, Will
from tests.core.wire import RECIPE, Table

STORE = "5" * 32
BATCH = batch_id(RECIPE)
FOUND = ev.FoundBatch(BATCH, RECIPE, Will(3, 0, Settings("old")), "old-1")


def blocks(*indices):
    rid = RecordId(PeerId("9" * 16), Incarnation(1, "0" * 8), 0)
    return (ResultBlock(BATCH, rid, tuple(Entry(i, digest_of(b"%d" % i), 1, 1, ext="png") for i in indices), True),)


def watch(table, asked):
    """Note what the peers ask of the store."""
    for name, peer in table.peers.items():
        handle = peer.handle

        def watched(event, now, cause="", name=name, handle=handle):
            effects = handle(event, now, cause)
            asked.extend((name, e) for e in effects if isinstance(e, fx.LookForBatches | fx.ReadResults))
            return effects

        peer.handle = watched


def seeing(count=1):
    """Peers that see the store, and the effects that each was asked for."""
    table, asked = Table(count), []
    watch(table, asked)
    if count > 1:
        table.meet()
    for name in table.peers:
        table.happen(name, ev.StoreChanged("ok", STORE))
    return table, asked


def looks(asked):
    return [name for name, effect in asked if isinstance(effect, fx.LookForBatches)]


def test_each_looks_once_and_then_one_of_them_every_minute():
    """The first to see it may be the only one; afterwards the lowest in rank is enough."""
    table, asked = seeing(3)
    table.wait(6000)
    assert sorted(looks(asked)) == ["p0", "p1", "p2"]
    asked.clear()
    table.wait(130_000, step=500)
    assert looks(asked) == ["p0", "p0"]


def test_a_found_batch_goes_on_without_what_was_done():
    """It counts as known only when all that the records say is learned; then it is told, and the rest is queued."""
    table, asked = seeing()
    table.wait(6000)
    table.happen("p0", ev.BatchesFound((FOUND,)))
    assert [e for _, e in asked if isinstance(e, fx.ReadResults)] == [fx.ReadResults(BATCH, RECIPE, 0)]
    table.wait(6000)
    batch = table.batch("p0")
    assert not batch.known and not batch.work
    table.happen("p0", ev.ResultsRead(BATCH, blocks(0, 1, 2), 1))
    assert asked[-1][1] == fx.ReadResults(BATCH, RECIPE, 1)
    table.happen("p0", ev.ResultsRead(BATCH, blocks(5), 0))
    table.wait(3000)

    assert batch.known and batch.will.turn == 3
    assert batch.results.safe == Ranges([(0, 3), (5, 6)])
    assert batch.work.held() == Ranges([(0, 20)]) - Ranges([(0, 3), (5, 6)])
    again = table.boot("p0", 2)
    assert again.core.batches[BATCH].results.safe == Ranges([(0, 3), (5, 6)])


def test_the_reading_begins_again_when_the_store_was_away():
    """What was half read is not taken for all."""
    table, asked = seeing()
    table.wait(6000)
    table.happen("p0", ev.BatchesFound((FOUND,)))
    asked.clear()
    table.happen("p0", ev.StoreChanged("away", "", "gone"))
    table.happen("p0", ev.StoreChanged("ok", STORE))
    table.wait(100)

    assert [e for _, e in asked] == [fx.ReadResults(BATCH, RECIPE, 0)]


def test_what_is_known_meanwhile_stays_as_it_is():
    """Another peer told of it, or its submitter came first."""
    table, asked = seeing()
    table.submit("p0", RECIPE, Settings("mine"))
    table.wait(500)
    table.happen("p0", ev.BatchesFound((FOUND,)))
    table.happen("p0", ev.ResultsRead(BATCH, blocks(0), 0))

    assert table.batch("p0").will.settings.name == "mine"
    assert not any(isinstance(effect, fx.ReadResults) for _, effect in asked)
    assert not table.batch("p0").results.safe


def restarted(table, asked, *, store="ok"):
    """The one peer that is there begins again, with two results of an accepted batch that it has not heard of."""
    table.happen("p0", ev.StoreChanged("ok", STORE))
    table.submit("p0", RECIPE)
    table.wait(6000)
    (batch,) = table.core("p0").batches.values()
    again = table.boot("p0", 2, has_store=True)
    watch(table, asked)
    table.happen("p0", ev.StoreChanged(store, STORE if store == "ok" else "", ""))
    table.wait(6000)
    return again.core.batches[batch.id]


def test_a_guardian_that_was_started_again_reads_first_what_the_store_knows():
    """Those that made the rest may be started later, or never: nothing of it is queued meanwhile."""
    table, asked = Table(1), []
    batch = restarted(table, asked)
    assert [effect.start for _, effect in asked if isinstance(effect, fx.ReadResults)] == [0]
    assert not batch.work
    table.happen("p0", ev.ResultsRead(BATCH, blocks(0, 1, 2), 0))
    table.wait(2000)

    assert batch.work.held() == Ranges([(3, 20)])


def test_it_does_not_wait_for_ever():
    """The store answers nothing, or is away."""
    for store in ("ok", "away"):
        table, asked = Table(1), []
        batch = restarted(table, asked, store=store)
        assert not batch.work
        table.wait(6000)
        assert batch.work.count() == 20
