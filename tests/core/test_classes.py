"""Classes of work (engine, model, size): which task is of which, and a speed for each."""

import pytest

from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe
from musep2p.core.recipe.tasks import Tasks
from musep2p.core.records import Entry
from tests.core.wire import Table

SMALL, LARGE = "null||64x64", "null||512x512"


def sized(*sizes, others=5):
    """A batch of so many tasks of each size."""
    axes = (Axis.table(("width", "height"), [(size, size) for size in sizes]), Axis.of("v", range(others)))
    return Recipe("null", {}, axes, (1, 2), given=("width", "height"))


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        (Recipe("null", {"width": 64, "height": 64}, (Axis.of("v", (1, 2)),)), {SMALL: 2}),
        (Recipe("null", {}, (Axis.of("model", ("a", "b")),), given=("model",)), {"null|a|": 1, "null|b|": 1}),
        (Recipe("null", {}, (Axis.of("model", ("a", "b")),)), {"null||": 2}),
        (sized(64, 512), {SMALL: 10, LARGE: 10}),
        (sized(64, 512, 64), {SMALL: 20, LARGE: 10}),
    ],
    ids=["fixed size", "models", "a variable that no engine is given", "sizes", "a size that comes twice"],
)
def test_every_task_has_a_class(recipe, wanted):
    """As its parameters say; an axis that only fills templates makes none."""
    tasks = Tasks(recipe)

    assert tasks.classes(Ranges([(0, tasks.total)])) == wanted
    for index in range(tasks.total):
        made = tasks.parameters(index)
        size = f"{made['width']}x{made['height']}" if "width" in made else ""
        assert tasks.work_class(index) == f"null|{made.get('model', '')}|{size}"


def test_of_many_classes_a_sample_is_looked_at():
    """All tasks are counted, for a bounded price."""
    tasks = Tasks(sized(*range(1, 1001), others=3))
    counts = tasks.classes(Ranges([(0, tasks.total)]))

    assert sum(counts.values()) == tasks.total and len(counts) <= 16


def test_each_class_has_its_own_speed():
    """What is left is told by both; a slot's time-out and chunk follow the class that it runs."""
    table = Table(1)
    table.submit("p0", sized(64, 512, others=50))
    table.settle()
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    core = table.core("p0")
    first = True
    while core.paces.get(LARGE) is None:
        (_, start) = table.starts.pop(0)
        for index in Ranges.decode(start.ranges).indices():
            us = 1000 if index < 100 else 900_000
            entry = Entry(index, digest_of(b"%d" % index), 1, 1)
            table.happen("p0", ev.TasksDone(start.slot, start.chunk, (entry,), us))
        table.happen("p0", ev.ChunkEnded(start.slot, start.chunk))
        table.wait(600)
        if first:
            assert core.paces == {SMALL: 1000.0}
        first = False

    batch = table.batch("p0")
    left = batch.results.wanted - batch.results.known.count()
    assert core.paces[SMALL] == 1000.0
    assert batch.next_class() == batch.last_class() == LARGE
    assert batch.progress.left_ms == pytest.approx(left * 900, rel=0.05)
