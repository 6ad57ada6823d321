"""What a peer journals before it begins it: a task that takes its machine down with it is blamed when it is back."""

import pytest

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings
from musep2p.core.records import Entry, Failure, StartRecord
from tests.core.test_commands import say
from tests.core.wire import RECIPE, Table


def lone(pace_us=0, retries=1, *, singly=False):
    """A peer alone with a batch of 20 tasks, whose slot has just been given the first of them."""
    table = Table(1)
    if pace_us:
        table.core("p0").paces[RECIPE.work_class()] = pace_us
    table.submit("p0", settings=Settings("table", retries=retries))
    table.batch("p0").singly = singly
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    assert table.starts
    return table


def again(table, counter):
    """The process is gone from one moment to the next, and started again."""
    table.starts = []
    table.boot("p0", counter)
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    return [record for record in table.disks["p0"] if isinstance(record, Failure)]


def test_a_task_that_ends_its_machine_stops_after_its_retries():
    """The next task may have begun, so the first time nobody is blamed; from then on each runs for itself."""
    table = lone()
    (index,) = Ranges.decode(table.starts[-1][1].ranges).indices()
    blamed = [[failure.index for failure in again(table, counter)] for counter in (2, 3, 4)]

    assert blamed == [[], [index], [index, index]]
    assert "crash" in again(table, 5)[-1].reason
    assert table.batch("p0").failed == Ranges.of(index)
    assert index not in Ranges.decode(table.starts[-1][1].ranges)


def test_what_comes_next_is_written_down_before_the_slot_is_free():
    """So a slot does not wait for the disk between two tasks; and what was stolen meanwhile is not blamed."""
    table = lone()
    written = len(table.disks["p0"])
    start = table.starts[-1][1]
    (index,) = Ranges.decode(start.ranges).indices()
    peer = table.peers["p0"]
    entry = Entry(index, digest_of(b""), 1, 1)
    peer.handle(ev.TasksDone(0, start.chunk, (entry,), 50_000), table.now_ms)
    given = [e for e in peer.handle(ev.ChunkEnded(0, start.chunk), table.now_ms) if isinstance(e, fx.Start)]

    assert [Ranges.decode(effect.ranges) for effect in given] == [Ranges.of(index + 1)]
    assert isinstance(table.disks["p0"][written - 1], StartRecord) and table.disks["p0"][written - 1].ahead


def test_of_several_that_ran_together_none_is_blamed_and_all_run_singly():
    """Nobody knows which it was."""
    table = lone(pace_us=100)
    assert Ranges.decode(table.starts[-1][1].ranges).count() > 1
    failures = again(table, 2)
    table.wait(100)

    assert failures == []
    assert table.batch("p0").singly
    assert {Ranges.decode(start.ranges).count() for _, start in table.starts} == {1}


def test_what_runs_for_itself_is_blamed():
    """As the next test would be without what it does."""
    table = lone(singly=True)
    (index,) = Ranges.decode(table.starts[-1][1].ranges).indices()

    assert [failure.index for failure in again(table, 2)] == [index]


@pytest.mark.parametrize("how", ["done", "failed", "stopped", "unwanted", "given back"])
def test_what_did_not_crash_is_not_blamed(how):
    """It has its result or failure, the process was told to end, or the slot had nothing any more."""
    table = lone(retries=5, singly=True)  # so that what runs is known
    start = table.starts[-1][1]
    (index,) = Ranges.decode(start.ranges).indices()
    table.core("p0").hold_starts_until_ms = 1 << 40
    if how == "done":
        table.happen("p0", ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 1000))
    elif how == "failed":
        table.happen("p0", ev.TaskFailed(0, start.chunk, index, "no"))
    elif how == "stopped":
        table.happen("p0", ev.StopAsked())
    elif how == "unwanted":
        say(table, "p0", "cancel")
    else:
        table.happen("p0", ev.ChunkEnded(0, start.chunk))
    failures = again(table, 2)

    assert [failure.reason for failure in failures] == (["no"] if how == "failed" else [])


def test_a_child_that_dies_before_it_was_given_its_task_is_nobodys_fault():
    """The record was not durable yet, so the child had nothing."""
    table = Table(1)
    table.submit("p0")
    table.wait(6000)
    peer = table.peers["p0"]
    peer.handle(ev.SlotReady(0), table.now_ms)  # its effects, and so the disk's answer, are held back
    assert [chunk.given for chunk in table.core("p0").slots[0].chunks] == [False]
    peer.handle(ev.SlotDied(0, "crashed"), table.now_ms)

    assert not table.batch("p0").results.failures.failing
    assert table.batch("p0").work.count() == 20
