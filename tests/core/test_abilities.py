"""Who can run what: engine, models, tags and GPU memory; and what is said when nobody can."""

import pytest

from musep2p.core import events as ev
from musep2p.core.abilities import able, lacks
from musep2p.core.batch import Batch
from musep2p.core.ids import digest_of
from musep2p.core.messages import EngineModels, Heartbeat, Hello
from musep2p.core.probation import bars
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, Tasks, batch_id
from musep2p.core.records import Entry, Will
from musep2p.core.requests import Request, StatusAsk
from musep2p.core.results import Results
from musep2p.runner.gpu import gpu_memory_mb
from tests.core.wire import Table


def batch_of(**wanted):
    recipe = Recipe("null", {"v": 1}, **wanted)
    return Batch(batch_id(recipe), Tasks(recipe), Will(1, 0, Settings()), Results(batch_id(recipe), 1, Ranges()))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"tags": ("a100",)}, True),
        ({"tags": ("a100", "fast")}, False),
        ({"gpu_mb": 12288}, True),
        ({"gpu_mb": 12289}, False),
    ],
)
def test_a_peer_is_able_or_not(wanted, expected):
    """All that the batch asks for, the peer must have."""
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), ("a100",), 1.0, 12288)

    assert expected == able(peer, batch_of(**wanted)) == (not lacks(peer, batch_of(**wanted)))


@pytest.mark.parametrize(
    ("engine", "wanted", "expected"),
    [
        ("null", {"tags": ("a100", "fast")}, "the tag 'fast'"),
        ("null", {"gpu_mb": 24 * 1024}, "24 GB of GPU memory, but 12"),
        ("sleep", {"tags": ("fast",)}, "the engine 'sleep' and the tag 'fast'"),
    ],
)
def test_what_a_peer_lacks_is_said(engine, wanted, expected):
    """Each thing by its name."""
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), ("a100",), 1.0, 12288)
    recipe = Recipe(engine, {}, **wanted)
    batch = Batch(batch_id(recipe), Tasks(recipe), Will(1, 0, Settings()), Results(batch_id(recipe), 1, Ranges()))

    assert lacks(peer, batch) == expected


def test_a_batch_that_asks_for_more_memory_than_there_is_waits_and_says_so():
    """Accepted, not started, with the reason."""
    farm = Table(2)
    farm.meet()
    for name in farm.peers:
        farm.happen(name, ev.SlotReady(0))
    farm.submit("p0", Recipe("null", {"v": 1}, gpu_mb=24 * 1024))
    farm.settle()
    farm.wait(3000)
    farm.happen("p0", ev.Asked(b"face", Request(1, "table", 9, StatusAsk("table"))))

    status = farm.replies[-1].batches[0]
    assert not farm.starts
    assert (status.state, status.reason) == (
        "waiting",
        "no peer that is up can do it: p0 has not 24 GB of GPU memory; p1 has not 24 GB of GPU memory",
    )  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), [("24576\n12288\n", 12288), ("8192", 8192), ("", 0), ("[N/A]\n", 0)])
def test_the_smallest_gpu_counts(said, expected):
    """Any slot may get it; a tool that says nothing means none."""
    assert expected == gpu_memory_mb(lambda: said)


def test_a_tool_that_fails_means_no_gpu():
    """No driver, no permission: the peer starts all the same."""

    def fails():
        raise OSError("no device")

    assert gpu_memory_mb(fails) == 0


TITLES = ("sd/dream_xl.safetensors [0123abcdef]", "photo.ckpt")


@pytest.mark.parametrize(
    ("model", "fits"),
    [
        ("", True), ("dream_xl", True), ("Dream_XL.safetensors", True), ("sd\\dream_xl.safetensors", True),
        ("0123abcdef", True), ("0123abcdef" + "0" * 54, True), ("photo", True), ("dream", False), ("beef0123", False),
    ],
)  # fmt: skip
def test_models_by_whatever_name(model, fits):
    """By file, folder and file, or hash; a batch without one takes what is loaded."""
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), models=(EngineModels("null", TITLES),))
    other = Hello(1, "f", "p", 1, 2, 1, ("null",), models=(EngineModels("another", ("x",)),))

    assert able(peer, batch_of(model=model)) == fits == (not lacks(peer, batch_of(model=model)))
    assert able(other, batch_of(model=model)), "who does not tell its models may be asked for any"


def two_models():
    """A farm in which p0 has one model and p1 the other; nobody has the third."""
    farm = Table(2)
    farm.meet()
    for name, model in (("p0", "a"), ("p1", "b")):
        farm.happen(name, ev.ModelsChanged({"null": (f"{model}.safetensors",)}))
    farm.wait(1500)
    return farm


def render_all(farm):
    """Slots work until nothing is started any more; who did which task."""
    who = {}
    for name in farm.peers:
        farm.happen(name, ev.SlotReady(0))
    for _ in range(200):
        if not farm.starts:
            farm.wait(1000)
        if not farm.starts:
            return who
        name, start = farm.starts.pop(0)
        for index in Ranges.decode(start.ranges).indices():
            who[index] = name
            farm.happen(name, ev.TasksDone(0, start.chunk, (Entry(index, digest_of(b""), 1, 1),), 2_000_000))
        farm.happen(name, ev.ChunkEnded(0, start.chunk))
    raise AssertionError("never through")


def test_each_takes_only_what_it_has_the_model_for():
    """Nothing is tried where it cannot be done; what nobody can do waits and says which model is missing."""
    farm = two_models()
    assert [each.hello.models[0].names for each in farm.core("p0").members.values()] == [("b.safetensors",)]
    models = Axis.of("model", ("a", "b", "c"))
    farm.submit("p0", Recipe("null", {}, (models, Axis.of("v", tuple(range(8)))), given=("model",)))
    farm.wait(3000)
    who = render_all(farm)
    farm.happen("p0", ev.Asked(b"face", Request(1, "table", 9, StatusAsk("table"))))
    status = farm.replies[-1].batches[0]

    assert {who[index] for index in range(8)} == {"p0"} and {who[index] for index in range(8, 16)} == {"p1"}
    assert sorted(who) == list(range(16))
    assert (status.state, status.reason) == ("waiting", "no peer that is up has the model 'c'")

    farm.happen("p1", ev.ModelsChanged({"null": ("b.safetensors", "c.safetensors")}))
    farm.wait(2000)
    assert set(render_all(farm)) == set(range(16, 24)), "somebody put it there"


def test_a_peer_that_was_not_heard_introduces_itself_again():
    """Its hello was lost: the next heartbeat tells that what we know of it is old."""
    farm = Table(2)
    farm.meet()
    farm.happen("p0", ev.ModelsChanged({"null": ("a",)}))
    farm.drop(Heartbeat)
    farm.wait(2500)

    (member,) = farm.core("p1").members.values()
    assert member.hello.models == (EngineModels("null", ("a",)),)


def test_of_very_many_classes_none_is_judged():
    """A table of a thousand models and sizes: the first row says nothing of the others."""
    rows = [("a" if row == 0 else "b", row + 64) for row in range(1500)]
    recipe = Recipe("null", {}, (Axis.table(("model", "width"), rows),), given=("model", "width"))
    batch = Batch(batch_id(recipe), Tasks(recipe), Will(1, 0, Settings()), Results(batch_id(recipe), 1500, Ranges()))
    peer = Hello(1, "f", "p", 1, 2, 1, ("null",), models=(EngineModels("null", ("b",)),))

    assert able(peer, batch) and not bars(("null|a|64x",), batch) and bars(("null",), batch)
