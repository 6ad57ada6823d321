"""Crash, hang, leak and failure cost one attempt; the next is tried elsewhere; nothing is left running."""

import signal

import psutil
import pytest

from tests.live.farm import until


def two(farm, **kw):
    farm.start("p1", **kw)
    farm.start("p2", "--peer", farm.addresses["p1"], **kw)
    farm.wait_up(2, "p1")
    farm.wait_up(2, "p2")


def sleeping(farm, extra, count=6, settings=""):
    text = f"name: trouble\nengine: sleep\nparams: {{ms: 20, {extra}}}\nseeds: {{count: {count}}}\n{settings}"
    return farm.batch(text)


@pytest.mark.parametrize(
    ("extra", "settings", "words"),
    [
        ("fail_at: '1'", "", "told to fail"),
        ("crash_at: '1'", "", "ended with code 66"),
        ("hang_at: '1'", "timeout: 1.5", "timed out after 1.5 s"),
        ("leak_at: '1'", "", "MB of memory"),
    ],
    ids=["fails", "crashes", "hangs", "leaks"],
)
def test_trouble_costs_one_attempt(farm, extra, settings, words):
    """Each first attempt goes wrong, each second one is made by the other peer and is fine."""
    (farm.base / "home/musep2p").mkdir(parents=True)
    (farm.base / "home/musep2p/config.toml").write_text("memory_mb = 400\n")
    two(farm, env={"XDG_CONFIG_HOME": str(farm.base / "home")})
    farm.run("submit", sleeping(farm, extra, settings=settings), state="p1", check=0, timeout_s=90)
    rows = farm.results("p1")
    logs = farm.log("p1") + farm.log("p2")

    assert [row["attempt"] for row in rows] == [2] * 6
    assert logs.count(words) >= 6, logs
    first = {int(line.split("task ")[1].split()[0]): name for name in ("p1", "p2")
             for line in farm.log(name).splitlines() if "attempt 1:" in line}  # fmt: skip
    ids = {p["id"]: p["name"] for p in farm.peers("p1")}
    assert all(first[row["index"]] != ids[row["peer"]] for row in rows)


def test_a_task_that_always_fails_is_given_up(farm):
    """After its retries, by two peers; the others are done; the exit code says so, and the reason is kept."""
    two(farm)
    done = farm.run("submit", sleeping(farm, "fail_at: all", 3, "retries: 1"), "--json", state="p1", check=1)
    status, rows = farm.status("p1"), farm.results("p1")

    assert (status["state"], status["failed"], status["safe"]) == ("failed", 3, 0)
    assert all("told to fail" in row["failed"] and row["attempt"] == 2 for row in rows)
    assert '"failed": 3' in done.stdout


def ours(farm):
    """Processes of this farm, by the folder in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(farm.base) in " ".join(process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("how", ["twice", "kill"])
def test_nothing_is_left_running(farm, how):
    """Ctrl-C twice stops at once, with an exit code; kill -9 takes the children with it."""
    farm.start("p1", "--slots", 2)
    farm.wait_up(1, "p1")
    farm.run("submit", sleeping(farm, "hang_at: all"), "--detach", state="p1", check=0)
    until(lambda: farm.status("p1").get("running", 0) == 2, "two hang")
    assert len(ours(farm)) >= 4
    if how == "twice":
        farm.kill("p1", signal.SIGINT)
        until(lambda: "leaving" in farm.log("p1"), "the first is heard")
        farm.kill("p1", signal.SIGINT)
        assert farm.processes["p1"].wait(15) == 4
    else:
        farm.kill("p1")
    until(lambda: not ours(farm), "all processes are gone")


def test_two_models_do_not_go_to_and_fro(farm):
    """Batches of one priority take turns, task by task; but loading takes as long as five of these tasks."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    for model in ("xl", "turbo"):
        text = f"name: {model}\nmodel: {model}\nengine: sleep\nparams: {{ms: 100, load_ms: 500, distinct: true}}\n"
        path = farm.batch(text + "seeds: {count: 20}\n", f"{model}.yaml")
        farm.run("submit", path, "--detach", state="p1", check=0)
    for model in ("xl", "turbo"):
        farm.run("watch", model, state="p1", check=0)
    rows = [row for model in ("xl", "turbo") for row in farm.results("p1", model)]
    (me,) = farm.peers("p1")

    assert len(rows) == 40 and 2 <= sum(row["seconds"] >= 0.5 for row in rows) <= 6
    assert me["loaded"] in (["sleep|xl"], ["sleep|turbo"])
    assert 0.3 < me["seconds_to_load"][f"{me['loaded'][0]}|"] < 0.7
