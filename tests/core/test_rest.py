"""A machine whose owner is back gives back what runs, starts nothing, and nothing of that is a failure."""

import pytest

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.loads import present_load
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings
from musep2p.core.records import Entry, Failure
from musep2p.core.requests import Request, StatusAsk
from tests.core.wire import RECIPE, Table


def working(share=1.0):
    table = Table(1)
    table.core("p0").share = share
    table.submit("p0", RECIPE, Settings("table", retries=0))
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    return table


def done(table, ms):
    """The chunk that was started last takes so long."""
    start = table.starts[-1][1]
    table.wait(ms, step=ms)
    entries = tuple(Entry(i, digest_of(b""), 1, 1) for i in Ranges.decode(start.ranges).indices())
    table.happen("p0", ev.TasksDone(0, start.chunk, entries, ms * 1000))
    table.happen("p0", ev.ChunkEnded(0, start.chunk))


def test_what_runs_is_given_back_and_counts_no_failure():
    """At once, with the memory; it is the next thing that runs when the owner is gone."""
    table = working()
    before = table.starts[-1][1].ranges
    table.happen("p0", ev.RestChanged("somebody uses this machine"))
    assert table.slot_orders == [("p0", fx.Kill(0, "somebody uses this machine", True))]
    table.happen("p0", ev.SlotDied(0, "ended"))
    table.happen("p0", ev.SlotReady(0))
    table.wait(3000)
    load, batch = present_load(table.core("p0")), table.batch("p0")
    assert (load.slots, load.free, load.resting) == (0, 0, "somebody uses this machine")
    assert batch.work.count() == 20 and not batch.running and len(table.starts) == 1
    table.happen("p0", ev.RestChanged(""))

    assert [start.ranges for _, start in table.starts] == [before, before]
    assert not any(isinstance(record, Failure) for record in table.disks["p0"])


def test_a_slot_that_has_something_loaded_lets_go_of_it():
    """Also when nothing runs: the owner needs the memory."""
    table = working()
    while table.core("p0").slots[0].chunks:
        done(table, 2000)
    table.happen("p0", ev.RestChanged("somebody uses this machine"))

    assert [order for _, order in table.slot_orders] == [fx.Kill(0, "somebody uses this machine", True)]
    table.happen("p0", ev.RestChanged("another program uses the GPU"))
    assert len(table.slot_orders) == 1, "for another reason, that is no news to the slots"


def test_a_crash_after_the_rest_counts_again():
    """Only what the owner's return ended is excused."""
    table = working()
    table.happen("p0", ev.RestChanged("somebody uses this machine"))
    table.happen("p0", ev.SlotDied(0, "ended"))
    table.happen("p0", ev.SlotReady(0))
    table.happen("p0", ev.RestChanged(""))
    table.happen("p0", ev.Begun(0, table.starts[-1][1].chunk, 0))
    table.happen("p0", ev.SlotDied(0, "crashed"))

    assert [r.reason for r in table.disks["p0"] if isinstance(r, Failure)] == ["crashed"]


def test_the_user_is_told_that_all_rest():
    """And of what."""
    table = working()
    table.happen("p0", ev.RestChanged("it works Sat"))
    table.happen("p0", ev.SlotDied(0, "ended"))
    table.wait(2000)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 90, StatusAsk())))
    (status,) = table.replies[-1].batches

    assert (status.state, status.reason) == ("waiting", "all machines that can do it rest; p0: it works Sat")


@pytest.mark.parametrize(("share", "rest_ms"), [(0.5, 1000), (0.25, 3000), (1.0, 0)])
def test_a_share_of_the_time(share, rest_ms):
    """After a second of work it rests in proportion, and its speed is told so."""
    table = working(share)
    done(table, 1000)
    begun, started = table.now_ms, len(table.starts)
    while len(table.starts) == started and share < 1:
        table.wait(50)

    assert table.now_ms - begun == pytest.approx(rest_ms, abs=100)
    assert present_load(table.core("p0")).pace_us(RECIPE.work_class()) == pytest.approx(1_000_000 / share)


def test_each_slot_of_a_lone_machine_is_woken_after_its_rest():
    """Also where something else set the same timer before."""
    table = Table(1, slots=2)
    table.core("p0").share = 0.5
    table.submit("p0", RECIPE, Settings("table"))
    table.wait(6000)
    for slot in (0, 1):
        table.happen("p0", ev.SlotReady(slot))
    table.wait(1000)
    for _, start in list(table.starts):
        (index,) = Ranges.decode(start.ranges).indices()
        table.happen("p0", ev.TasksDone(start.slot, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 1_000_000))
        table.happen("p0", ev.ChunkEnded(start.slot, start.chunk))
        table.core("p0").at("seek", table.now_ms + 300)
        table.wait(200)
    started = len(table.starts)
    table.wait(2000)

    assert started == 2 and {start.slot for _, start in table.starts[2:]} == {0, 1}


def test_short_tasks_rest_together():
    """Not a tenth of a second after each of twenty milliseconds."""
    table = working(0.5)
    rests, before = 0, table.now_ms
    for _ in range(8):
        slot = table.core("p0").slots[0]
        while not slot.chunks:
            table.wait(10, step=10)
        done(table, 40)
        rests += slot.rests_until_ms > table.now_ms
    assert rests == 2 and table.now_ms - before < 8 * 40 + 300


def test_what_its_engine_says_on_being_stopped_is_no_failure():
    """It was told to stop; its words may overtake its end."""
    table = working()
    start = table.starts[-1][1]
    table.happen("p0", ev.RestChanged("somebody uses this machine"))
    table.happen("p0", ev.TaskFailed(0, start.chunk, 0, "interrupted"))
    table.happen("p0", ev.SlotDied(0, "ended"))

    assert not any(isinstance(record, Failure) for record in table.disks["p0"])
    assert table.batch("p0").work.count() == 20
