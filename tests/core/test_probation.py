"""Probation: who fails one task after the other renders a test; who lacks what work takes leaves it to others."""

import msgspec
import pytest

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core import market
from musep2p.core.failures import Failures
from musep2p.core.ids import Incarnation, digest_of
from musep2p.core.loads import present_load
from musep2p.core.messages import Barred, EngineModels, Load, LoadEntry, Pace
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.records import Entry, Failure, RecordId
from musep2p.core.requests import Request, StatusAsk
from musep2p.core.shares import avoided, hold_back, share_for
from tests.core.wire import RECIPE, Table

BATCH, ONE, OTHER = "b" * 32, "1" * 16, "2" * 16
MODELS = Recipe("null", {}, (Axis.of("model", ("a", "b")), Axis.of("v", tuple(range(10)))), given=("model",))


def working(recipe=RECIPE, count=1, retries=50):
    """Peers of which p0 has the work and a slot that is ready."""
    table = Table(count)
    if count > 1:
        table.meet()
    table.submit("p0", recipe, Settings("table", retries=retries))
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    return table


def fail(table, reason="broken", **kind):
    """The task that p0 was given last fails; its index."""
    start = table.starts[-1][1]
    (index,) = Ranges.decode(start.ranges).indices()
    table.happen("p0", ev.TaskFailed(0, start.chunk, index, reason, **kind))
    table.happen("p0", ev.ChunkEnded(0, start.chunk))
    return index


def succeed(table):
    start = table.starts[-1][1]
    for index in Ranges.decode(start.ranges).indices():
        table.happen("p0", ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 5_000_000))
    table.happen("p0", ev.ChunkEnded(0, start.chunk))


def three_in_a_row(table):
    failed = {fail(table) for _ in range(3)}
    assert len(failed) == 3, "one task after the other"


def barred(table):
    """What others hear of it."""
    return list(present_load(table.core("p0")).barred_names())


def test_three_tasks_in_a_row_and_a_test_comes_first():
    """Nothing more is started before; after a good test the tasks are to blame, and are tried on."""
    table = working()
    three_in_a_row(table)
    started = len(table.starts)
    assert table.tests == [("p0", fx.Test(0, "null"))] and barred(table) == []
    table.wait(2000)
    assert len(table.starts) == started
    table.happen("p0", ev.Tested(0, "null"))

    assert len(table.starts) == started + 1
    assert any("the tasks' own" in text for _, text in table.told)
    for _ in range(5):
        fail(table)
    assert len(table.tests) == 1, "that batch is known to be at fault"


def test_after_a_bad_test_it_waits_ever_longer_and_works_again_after_a_good_one():
    """Ten seconds, twenty, forty, at most five minutes."""
    table = working()
    three_in_a_row(table)
    waits = []
    for _ in range(7):
        table.happen("p0", ev.Tested(0, "null", "still broken"))
        before, tests = table.now_ms, len(table.tests)
        assert barred(table) == ["null"], "others hear of it"
        while len(table.tests) == tests:
            table.wait(1000, step=1000)
        waits.append(round((table.now_ms - before) / 1000))
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    started = len(table.starts)
    table.happen("p0", ev.Tested(0, "null"))

    assert len(table.starts) == started + 1


def test_a_success_between_ends_the_row():
    """Two failures, a picture, two failures: that is no machine at fault."""
    table = working()
    for what in (fail, fail, succeed, fail, fail, succeed, fail, fail):
        what(table)

    assert table.tests == []


def test_one_task_that_fails_often_is_one():
    """Its own trouble; it is alone in the queue."""
    table = working(Recipe("null", {}, (Axis.of("v", (1,)),)))
    for _ in range(6):
        fail(table)

    assert table.tests == []


def test_what_another_machine_failed_too_says_nothing():
    """A prompt that fails everywhere does not blame the machines."""
    table = working(count=2)
    batch = table.batch("p0")
    (other,) = table.core("p0").members
    for index in range(20):
        made = RecordId(other, Incarnation(1, "0" * 8), index)
        batch.results.failures.add(Failure(batch.id, made, batch.will.turn, index, 1, "bad prompt"), 0)
    for _ in range(4):
        if table.starts and table.core("p0").slots[0].chunks:
            fail(table)

    assert table.tests == [] and not table.core("p0").strikes


@pytest.mark.parametrize("how", ["crash", "never ends"])
def test_a_test_that_crashes_or_hangs_has_failed(how):
    """The engine stays on probation."""
    table = working()
    three_in_a_row(table)
    if how == "never ends":
        table.wait(601_000, step=1000)
        assert isinstance(table.slot_orders[-1][1], fx.Kill)
    table.happen("p0", ev.SlotDied(0, "crashed"))
    table.happen("p0", ev.SlotReady(0))

    assert barred(table) == ["null"] and table.core("p0").probation["null"].wait_ms == 10_000


def test_a_class_of_work_that_a_machine_cannot_do_is_left_to_others_and_tried_again():
    """The rest of the batch goes on here; the wait doubles, and ends with a picture."""
    table = working(MODELS)
    assert fail(table, "no model a", peer_bound=True) == 0
    assert barred(table) == ["null|a|"]
    for _ in range(10):
        index = next(Ranges.decode(table.starts[-1][1].ranges).indices())
        assert index >= 10
        succeed(table)
    started = len(table.starts)
    table.wait(9000)
    assert len(table.starts) == started
    table.wait(1500)
    assert len(table.starts) == started + 1 and barred(table) == []
    fail(table, "no model a", peer_bound=True)
    assert table.core("p0").probation["null|a|"].wait_ms == 20_000
    table.wait(20_500)
    succeed(table)

    assert table.core("p0").probation == {} and table.tests == []


def test_what_was_begun_together_fails_together():
    """Four tasks of one chunk say the same: that does not make the wait four times as long."""
    table = working()
    table.core("p0").paces[RECIPE.work_class()] = 5000.0
    succeed(table)
    start = table.starts[-1][1]
    indices = list(Ranges.decode(start.ranges).indices())
    for index in indices:
        table.happen("p0", ev.TaskFailed(0, start.chunk, index, "out of memory", peer_bound=True))

    assert len(indices) > 2 and table.core("p0").probation[RECIPE.work_class()].wait_ms == 10_000


def test_who_is_on_probation_for_a_class_is_not_waited_for():
    """What failed here goes to another that has not tried it, unless that does not take its class now."""
    table = working(MODELS, count=2)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    core, batch = table.core(owner), table.batch(owner)
    (other,) = core.members.values()
    other.load = Load(slots=1, free=1)
    for index in (3, 13):
        made = RecordId(core.me, Incarnation(1, "0" * 8), index)
        batch.results.failures.add(Failure(batch.id, made, batch.will.turn, index, 1, "broken"), 0)
    assert avoided(core, batch, core.me) == Ranges.of(3, 13)
    other.load = Load(slots=1, free=1, barred=(Barred("null|a|", "no model"),))

    assert avoided(core, batch, core.me) == Ranges.of(13)


def test_where_nobody_can_do_it_the_batch_waits_and_says_why():
    """Not failed, and not silent."""
    table = working()
    fail(table, "out of memory", peer_bound=True)
    table.wait(3000)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 90, StatusAsk())))
    (status,) = table.replies[-1].batches

    assert (status.state, status.failed) == ("waiting", 0)
    assert "p0: out of memory" in status.reason


def test_a_thief_gets_nothing_that_it_is_on_probation_for():
    """Of the rest it gets its share."""
    table = working(MODELS, count=2)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    core, batch = table.core(owner), table.batch(owner)
    (thief,) = core.members.values()
    thief.load = Load(slots=1, free=1, barred=(Barred("null|b|", "no model"),))
    share = share_for(core, batch, thief, 1)

    assert avoided(core, batch, thief.id) == Ranges([(10, 20)])
    assert share and share.highest() < 10


def failure(peer, number, *, bound, turn=1, index=5):
    return Failure(BATCH, RecordId(peer, Incarnation(1, "0" * 8), number), turn, index, 1, "no", peer_bound=bound)


@pytest.mark.parametrize("order", [1, -1])
def test_each_machine_may_say_once_that_it_cannot(order):
    """That counts against no task; what it says again does, and what failed for other reasons: in any order."""
    many = [
        failure(ONE, 1, bound=True), failure(OTHER, 1, bound=True), failure(ONE, 2, bound=True),
        failure(ONE, 3, bound=False), failure(OTHER, 2, bound=False),
    ]  # fmt: skip
    failures = Failures()
    for position, one in enumerate(many[::order]):
        failures.add(one, position)

    assert failures.has_failed(5, 1, 2) and not failures.has_failed(5, 1, 3)
    assert failures.count(5) == 5 and 5 in failures.blamed_on(ONE, 1)


def test_no_test_is_rendered_while_the_owner_uses_the_machine():
    """One that is, is ended, and says nothing of the engine; it comes again afterwards."""
    table = working()
    three_in_a_row(table)
    table.happen("p0", ev.RestChanged("somebody uses this machine"))
    assert table.slot_orders[-1] == ("p0", fx.Kill(0, "somebody uses this machine", True))
    table.happen("p0", ev.Tested(0, "null", "interrupted"))
    table.happen("p0", ev.SlotDied(0, "ended"))
    table.happen("p0", ev.SlotReady(0))
    table.wait(3000)
    assert len(table.tests) == 1 and table.core("p0").probation["null"].wait_ms == 0
    table.happen("p0", ev.RestChanged(""))

    assert len(table.tests) == 2


def test_an_engine_that_no_test_suits_is_tried_again_by_tasks():
    """A program that asks for more than the test has can only be judged by its tasks."""
    table = working()
    three_in_a_row(table)
    table.happen("p0", ev.Tested(0, "null", "it asks for {name}", True))
    started = len(table.starts)
    table.wait(9000)
    assert len(table.starts) == started
    table.wait(1500)
    assert len(table.starts) == started + 1 and len(table.tests) == 1
    fail(table)
    assert table.core("p0").probation["null"].wait_ms == 20_000
    table.wait(20_500)
    succeed(table)

    assert table.core("p0").probation == {} and len(table.tests) == 1


def test_a_test_that_was_ended_says_nothing_more():
    """Its slot is not ready before its next child is."""
    table = working()
    three_in_a_row(table)
    table.wait(601_000, step=1000)
    started = len(table.starts)
    table.happen("p0", ev.Tested(0, "null"))
    table.wait(11_000)

    assert len(table.starts) == started and barred(table) == ["null"]


def test_others_hear_of_a_first_test_that_takes_long():
    """They would wait for this machine otherwise."""
    table = working()
    three_in_a_row(table)
    table.wait(9000)
    assert barred(table) == []
    table.wait(2000)

    assert barred(table) == ["null"]


def test_who_holds_only_what_it_cannot_do_asks_for_more():
    """It would stand still beside a peer that is full."""
    table = working(MODELS, count=2)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    core, batch = table.core(owner), table.batch(owner)
    core.hello = msgspec.structs.replace(core.hello, models=(EngineModels("null", ("a",)),))
    batch.work.discard(Ranges([(0, 10)]))
    core.slots[0].chunks, core.slots[0].ready = [], True
    (other,) = core.members.values()
    other.load = Load((LoadEntry(batch.id, 0, 9, 9000),), slots=1)
    core.ask = None
    market.seek(core)

    assert core.ask is not None and core.ask[1] == other.id


def test_the_tail_is_left_to_nobody_who_cannot_do_it():
    """A fast peer without the model is no reason to wait, nor to refuse a slow one that has it."""
    table = working(MODELS, count=2)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    core, batch = table.core(owner), table.batch(owner)
    (other,) = core.members.values()
    core.paces["null|b|"] = 60_000_000.0
    batch.work.discard(Ranges([(0, 19)]))
    other.load = Load(slots=1, free=1, paces=(Pace("null|b|", 1_000_000),))
    assert hold_back(core, batch, core.slots[0], "null|b|")
    other.hello = msgspec.structs.replace(other.hello, models=(EngineModels("null", ("a",)),))
    assert not hold_back(core, batch, core.slots[0], "null|b|")

    core.paces["null|b|"] = 1_000_000.0
    other.hello = msgspec.structs.replace(other.hello, models=())
    other.load = Load(slots=1, free=1, paces=(Pace("null|b|", 60_000_000),))
    assert not share_for(core, batch, other, 1)
    core.hello = msgspec.structs.replace(core.hello, models=(EngineModels("null", ("a",)),))
    assert share_for(core, batch, other, 1) == Ranges.of(19)
