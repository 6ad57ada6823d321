"""Real processes on the loopback: join, submit, steal, store."""

import signal
import subprocess
import time
from functools import partial

from tests.live.farm import CLEAN, MUSEP2P, until

SLEEP = "name: small\nengine: sleep\nparams: {ms: 40}\nseeds: {count: 8}\n"
PICTURES = """\
name: hotels
prompt: "{{city}} at {{light}}"
size: 128x160
axes: {city: [Kyoto, Paris], light: [dawn, night]}
seeds: [1, 2]
"""


def two(farm):
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.wait_up(2, "p2")


def test_two_peers_share_a_batch(farm):
    """Eight tasks submitted at one peer are done by two, each once, and lie in the store."""
    two(farm)
    farm.wait_idle("p1")
    farm.run("submit", farm.batch(SLEEP), state="p1", check=0)
    rows = farm.results("p1")
    status = farm.status("p2")

    assert list(range(8)) == [row["index"] for row in rows]
    assert {"done", 8, 0} == {status["state"], status["total"], status["safe"], status["failed"]}
    assert len({row["peer"] for row in rows}) == 2
    assert len(list((farm.base / "store/objects").rglob("*.bin"))) == 1


def test_pictures_are_real_and_equal_work_is_not_done_twice(farm):
    """The same batch again renders nothing; another batch with the same tasks finds them by key."""
    two(farm)
    farm.run("submit", farm.batch(PICTURES), state="p2", check=0)
    rows = farm.results("p1")
    objects = len(list((farm.base / "store/objects").rglob("*.png")))
    again = farm.run("submit", farm.base / "batch.yaml", state="p1", check=0)
    renamed = farm.batch(PICTURES.replace("city", "town"), "other.yaml")
    farm.run("submit", renamed, state="p1", check=0)
    status = farm.status("p1")

    assert 8 == len(rows) == objects
    assert all((farm.base / "store" / row["path"]).read_bytes()[:4] == b"\x89PNG" for row in rows)
    assert "8/8 safe" in again.stderr
    assert (status["safe"], status["skipped"]) == (8, 8)
    assert objects == len(list((farm.base / "store/objects").rglob("*.png")))
    assert [row["digest"] for row in rows] == [row["digest"] for row in farm.results("p2")]


def test_a_polite_leave_loses_nothing(farm):
    """Ctrl-C once: what runs is finished, the rest is given away, the process ends by itself."""
    two(farm)
    farm.run("submit", farm.batch(SLEEP.replace("count: 8", "count: 60")), "--detach", state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 4, "some are done")
    farm.kill("p2", signal.SIGINT)

    assert farm.processes["p2"].wait(20) == 0
    farm.run("watch", "last", state="p1", check=0)
    assert list(range(60)) == [row["index"] for row in farm.results("p1")]
    assert "left" in {p["state"] for p in farm.peers("p1")}


def grown(file, size):
    return file.stat().st_size > size


def test_a_submitter_that_dies_before_or_after_it_said_accepted(farm):
    """What was accepted is done by the others; of what was not, the others know all or nothing."""
    two(farm)
    said = {}
    for number, moment_s in enumerate((0.0, 0.03, 0.1, 0.4)):
        farm.start("p3", "--peer", farm.addresses["p1"])
        farm.wait_up(3, "p3")
        journal = farm.base / "p3" / "journal.log"
        before = journal.stat().st_size
        text = SLEEP.replace("small", f"round{number}").replace("ms: 40", f"ms: {10 + number}")
        batch, base = farm.batch(text, f"{number}.yaml"), farm.base
        command = [*MUSEP2P, "submit", "--detach", batch, "--state", base / "p3"]
        with (base / f"{number}.log").open("w") as log:
            face = subprocess.Popen(
                [str(part) for part in command], stderr=log, stdout=log, env={**CLEAN, "MUSEP2P_FARM": farm.farm}
            )
            until(partial(grown, journal, before), "the recipe is written")
            time.sleep(moment_s)  # the moment of death is the fault itself
            farm.kill("p3")
            said[f"round{number}"] = face.wait(30) == 0

    for name, accepted in said.items():
        known = farm.status("p1", name)
        assert known or not accepted, f"{name} was accepted and is gone"
        if known:
            until(lambda name=name: farm.status("p2", name).get("state") == "done", f"{name} is done")
            assert [row["index"] for row in farm.results("p2", name)] == list(range(8))
    assert any(said.values())
