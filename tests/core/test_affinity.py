"""Warm models: who has one loaded goes on with it, and changes when that is worth it, or when its turn is over."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from musep2p.cli.simulate import Farm
from musep2p.core import events as ev
from musep2p.core.affinity import for_slot, for_thief, owner_us
from musep2p.core.ids import digest_of
from musep2p.core.messages import Load, LoadEntry, Pace, Warm
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.records import Entry
from musep2p.core.shares import hold_back
from musep2p.core.tuning import Tuning
from musep2p.sim import scenario
from tests.core.wire import Table

MODELS = Recipe("null", {}, (Axis.of("model", ("a", "b", "c")), Axis.of("v", tuple(range(10)))), given=("model",))
A, B, C = "null|a", "null|b", "null|c"
LOADING_US, USUAL_US = 20_000_000, 1_000_000


def alone(*recipes, slots=1):
    """A peer alone, with these batches and its slots ready."""
    table = Table(1, slots=slots)
    for recipe in recipes:
        table.submit("p0", recipe, Settings(recipe.model or "table"))
    table.wait(6000)
    for slot in range(slots):
        table.happen("p0", ev.SlotReady(slot))
    return table


def run_next(table):
    """The oldest chunk that was started takes what it takes; the model of its first task."""
    _, start = table.starts.pop(0)
    core = table.core("p0")
    slot, batch = core.slots[start.slot], core.batches[start.batch]
    (chunk,) = [chunk for chunk in slot.chunks if chunk.number == start.chunk]
    for index in list(Ranges.decode(start.ranges).indices()):
        us = USUAL_US + (LOADING_US if chunk.cold else 0)
        table.wait(us // 1000, step=us // 1000)
        table.happen("p0", ev.TasksDone(start.slot, start.chunk, (Entry(index, digest_of(b""), 1, 1),), us))
    table.happen("p0", ev.ChunkEnded(start.slot, start.chunk))
    return batch.tasks.work_class(next(Ranges.decode(start.ranges).indices())).rpartition("|")[0]


def test_loading_is_measured_apart_from_the_pace():
    """The first task after another model tells what loading costs as soon as a second one was run."""
    table = alone(MODELS)
    core = table.core("p0")
    run_next(table)
    assert (core.paces["null|a|"], core.loading) == (LOADING_US + USUAL_US, {})
    run_next(table)
    assert (core.paces["null|a|"], core.loading) == (USUAL_US, {A: LOADING_US})
    while run_next(table) != B:
        pass
    run_next(table)

    assert core.paces == {"null|a|": USUAL_US, "null|b|": USUAL_US}
    assert core.loading == {A: LOADING_US, B: LOADING_US}


def test_one_slot_runs_one_model_after_the_other():
    """Each is loaded once."""
    table = alone(MODELS)
    order = [run_next(table) for _ in range(30)]

    assert order == [A] * 10 + [B] * 10 + [C] * 10


def test_batches_of_two_models_take_turns_that_are_long_against_loading():
    """Five times as long, at least; then the other one's turn comes all the same."""
    recipes = [Recipe("null", {}, (Axis.of("v", tuple(range(300))),), model=name) for name in "ab"]
    table = alone(*recipes)
    order = [run_next(table) for _ in range(400)]
    changes = [at for at in range(1, 400) if order[at] != order[at - 1]]
    turns = [after - before for before, after in pairwise(changes)]

    assert 2 <= len(changes) <= 6
    assert all(turn * USUAL_US >= 4 * LOADING_US for turn in turns)


def test_a_more_urgent_batch_does_not_wait_for_the_turn():
    """It costs a change of the model, and its user wanted that."""
    plain, urgent = (Recipe("null", {}, (Axis.of("v", tuple(range(30))),), model=name) for name in "ab")
    table = alone(plain)
    run_next(table)
    table.submit("p0", urgent, Settings("urgent", priority=1))
    table.wait(6000)
    run_next(table)

    assert run_next(table) == B


@pytest.mark.parametrize(
    ("warm", "among"),
    [((A,), (0, 10)), ((B,), (10, 20)), ((C, B), (20, 30)), (("null|other",), (20, 30)), ((), (20, 30))],
    ids=["a", "b", "two", "another", "nothing"],
)
def test_a_thief_gets_what_it_has_loaded(warm, among):
    """Else the last of the models on which fewest work; ours is the first."""
    table = Table(2)
    table.meet()
    table.submit("p0", MODELS)
    table.wait(2000)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    table.happen(owner, ev.SlotReady(0))
    core, batch = table.core(owner), table.batch(owner)
    (thief,) = core.members.values()
    thief.load = Load(slots=1, free=1, warm=tuple(Warm(model) for model in warm))
    first, beyond = among

    chosen = for_thief(core, batch, thief, Ranges())
    assert chosen == Ranges([(first or 1, beyond)])  # of the first model one runs


def test_what_failed_here_hides_no_other_model():
    """All that is left of the loaded one is for others to try: the slot takes another."""
    table = alone(MODELS)
    core, batch = table.core("p0"), table.batch("p0")
    run_next(table)
    left = Ranges([(0, 10)])

    assert for_slot(core, batch, core.slots[0], Ranges()) == Ranges([(2, 10)])
    assert for_slot(core, batch, core.slots[0], left) == Ranges([(10, 20)])


def test_a_change_counts_before_the_next_task():
    """Also of a model that was never loaded here: it will take as long as another."""
    table = alone(MODELS)
    core = table.core("p0")
    run_next(table)
    run_next(table)
    core.paces["null|b|"] = 2 * USUAL_US

    assert owner_us(core, core.slots[0], "null|a|") == USUAL_US
    assert owner_us(core, core.slots[0], "null|b|") == 2 * USUAL_US + LOADING_US


def test_a_child_that_died_has_nothing_loaded():
    """Its successor loads anew."""
    table = alone(MODELS)
    run_next(table)
    table.happen("p0", ev.SlotDied(0, "crashed"))

    assert table.core("p0").slots[0].warm == ""


def test_a_child_that_gave_back_its_memory_has_nothing_loaded():
    """Its next task is one that loads; one that was handed a task just then keeps what that task loads."""
    table = alone(MODELS)
    table.happen("p0", ev.Cooled(0))
    assert table.core("p0").slots[0].warm == A
    while table.starts:
        run_next(table)
    assert table.core("p0").slots[0].warm == C
    table.happen("p0", ev.Cooled(0))
    assert table.core("p0").slots[0].warm == ""


def test_a_turn_of_failures_ends():
    """Nothing is measured, and the other batch waits all the same."""
    recipes = [Recipe("null", {}, (Axis.of("v", tuple(range(50))),), model=name) for name in "ab"]
    table = alone(*recipes)
    order = []
    for _ in range(12):
        _, start = table.starts.pop(0)
        (index,) = Ranges.decode(start.ranges).indices()
        order.append(table.core("p0").batches[start.batch].recipe.model)
        table.happen("p0", ev.TaskFailed(0, start.chunk, index, "no", permanent=True))
        table.happen("p0", ev.ChunkEnded(0, start.chunk))

    assert set(order[:5]) == {"a", "b"}


def test_a_batch_is_not_left_to_a_peer_that_is_busy_with_another():
    """It has the model loaded, and work of its own for a quarter of an hour."""
    table = Table(2)
    table.meet()
    table.submit("p0", MODELS)
    table.wait(2000)
    owner = next(name for name in ("p0", "p1") if table.batch(name).work)
    core, batch = table.core(owner), table.batch(owner)
    (other,) = core.members.values()
    core.paces["null|a|"], core.loading[A] = 3_000_000.0, 60_000_000.0
    batch.work.discard(Ranges([(0, 6), (10, 30)]))
    free = Load(slots=1, free=1, paces=(Pace("null|a|", 3_000_000, 60_000_000),), warm=(Warm(A),))
    core.now_ms = other.load_ms
    other.load = free
    assert hold_back(core, batch, core.slots[0], "null|a|")
    other.load = msgspec.structs.replace(free, free=0, entries=(LoadEntry("f" * 32, 0, 300, 900_000),))

    assert not hold_back(core, batch, core.slots[0], "null|a|")


@pytest.mark.parametrize("rng_seed", [1, 2])
def test_two_models_on_six_machines(rng_seed):
    """Loading takes as long as seven pictures: nobody changes but at the end, and without the rules nearly all do."""
    farm = Farm(6, 240, rng_seed, task_ms=(2000, 2000), models=2, loading_ms=15_000)
    heeding, heedless = scenario.run(farm.plan()), scenario.run(replace(farm, affinity=False).plan())

    assert heeding.violations == heedless.violations == []
    assert heeding.switches <= 2 < 6 <= heedless.switches
    assert heeding.makespan_ms < 1.1 * (heeding.lower_bound_ms + 15_000) < heedless.makespan_ms


def test_heeding_can_be_turned_off():
    """For comparison."""
    assert Tuning().affinity and not Farm(2, 2, 1, affinity=False).plan().affinity
