"""Who can run what: engine, tags and GPU memory; and what is said when nobody can."""

import pytest

from musep2p.core import events as ev
from musep2p.core.data import Batch
from musep2p.core.loads import able, lacks
from musep2p.core.messages import Hello
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Settings, Tasks, batch_id
from musep2p.core.records import Will
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
