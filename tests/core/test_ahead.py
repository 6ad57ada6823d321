"""What lies behind the chunk that a slot works on: given while plenty is queued, and taken back when it would wait."""

import msgspec
import pytest

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings
from musep2p.core.records import Entry, StartRecord
from tests.core.test_commands import say
from tests.core.wire import RECIPE, Table

PACE_US = 50_000


def lone(pace_us=PACE_US):
    """A peer alone, whose one slot was just given work of a batch of 20 tasks."""
    table = Table(1)
    table.core("p0").paces[RECIPE.work_class()] = pace_us
    table.submit("p0", settings=Settings("table", retries=1))
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    return table


def indices(start):
    return list(Ranges.decode(start.ranges).indices())


def end(table, start, ms=50):
    for index in indices(start):
        table.happen("p0", ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), ms * 1000))
    table.happen("p0", ev.ChunkEnded(0, start.chunk))


def test_short_tasks_are_given_one_ahead_while_plenty_is_queued():
    """And no longer when the queue is short: what is queued can be stolen, what lies behind another cannot."""
    table = lone()
    assert [indices(start) for _, start in table.starts] == [[0], [1]]
    while len(table.starts) > 1:
        (_, first), *table.starts = table.starts
        end(table, first)

    assert indices(table.starts[0][1]) == [15]
    assert table.batch("p0").work.count() == 4


@pytest.mark.parametrize("pace_us", [0, 2_000_000], ids=["unknown", "long"])
def test_nothing_is_given_ahead_of_time_where_a_task_may_take_long(pace_us):
    """The trip between two tasks is nothing to them."""
    table = Table(1)
    if pace_us:
        table.core("p0").paces[RECIPE.work_class()] = pace_us
    table.submit("p0")
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))

    assert len(table.starts) == 1


def test_what_lies_behind_a_task_that_takes_too_long_is_taken_back():
    """It is queued again, nothing more is put there, and a crash from now on is the long task's alone."""
    table = lone()
    (_, first), (_, second) = table.starts
    table.wait(100)
    assert table.slot_orders == []
    table.wait(50)
    assert table.slot_orders == [("p0", fx.Recall(0, second.chunk))]
    table.happen("p0", ev.ChunkEnded(0, second.chunk))
    table.wait(1000)

    assert table.batch("p0").work.first() == 1 and table.batch("p0").running == Ranges.of(0)
    assert len(table.slot_orders) == 1 and len(table.starts) == 2
    (last,) = [record for record in table.disks["p0"] if isinstance(record, StartRecord)][-1:]
    assert (Ranges.decode(last.ranges), last.ahead) == (Ranges.of(0), False)
    end(table, first)
    assert indices(table.starts[2][1]) == [1]


def test_a_child_that_has_begun_it_keeps_it():
    """The order came too late; the slot goes on as if nothing was said."""
    table = lone()
    (_, first), (_, second) = table.starts
    table.wait(150)
    assert len(table.slot_orders) == 1
    end(table, first)
    table.happen("p0", ev.Begun(0, second.chunk, 1))
    end(table, second)

    assert table.batch("p0").results.known == Ranges([(0, 2)])
    assert [indices(start) for _, start in table.starts[2:]] == [[2], [3]]


@pytest.fixture
def mixed():
    """A slot that works on task 1 of `table`, with a task of the more urgent `other` behind it."""
    table = lone()
    table.submit("p0", msgspec.structs.replace(RECIPE, seeds=(3, 4)), Settings("other", priority=5, retries=1))
    table.wait(10, step=10)
    end(table, table.starts[0][1])
    assert [chunk.batch for chunk in table.core("p0").slots[0].chunks] == [start.batch for _, start in table.starts[1:]]
    assert len({start.batch for _, start in table.starts}) == 2
    return table


def test_a_cancelled_batch_makes_way_for_what_lies_behind_it(mixed):
    """Its child is ended, and the other batch's task is queued again."""
    urgent = mixed.core("p0").batches[mixed.starts[2][1].batch]
    say(mixed, "p0", "cancel")

    assert [type(order) for _, order in mixed.slot_orders] == [fx.Kill]
    assert (urgent.work.first(), urgent.running) == (0, Ranges())


@pytest.mark.parametrize("word", ["cancel", "pause"])
def test_a_batch_that_shall_not_run_is_taken_back_from_behind_another(mixed, word):
    """The other's task goes on."""
    last = mixed.starts[2][1]
    urgent = mixed.core("p0").batches[last.batch]
    say(mixed, "p0", word, "other")
    assert [order for _, order in mixed.slot_orders] == [fx.Recall(0, last.chunk)]
    mixed.happen("p0", ev.ChunkEnded(0, last.chunk))

    assert not urgent.running and (word == "pause") == bool(urgent.work)
    end(mixed, mixed.starts[1][1])
    assert [start.batch == last.batch for _, start in mixed.starts[3:]] == [False, False]
