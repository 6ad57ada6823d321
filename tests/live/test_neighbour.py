"""Machines that work only while nobody uses them."""

import json
import sys

from tests.live.farm import until

TEXT = "name: night\nengine: sleep\nparams: {ms: 400}\nretries: 0\nseeds: {count: COUNT}\n"


def start(farm, name, *arguments):
    """A peer that is told by a file for how long nobody has touched its machine."""
    home = farm.base / f"home-{name}"
    (home / "musep2p").mkdir(parents=True)
    said = farm.base / f"idle-{name}"
    said.write_text("600000")
    command = [sys.executable, "-c", f"print(open({str(said)!r}).read())"]
    (home / "musep2p/config.toml").write_text(f"idle_command = {json.dumps(command)}\n")
    farm.start(name, "--when", "idle", *arguments, env={"XDG_CONFIG_HOME": str(home)})
    return said


def state_of(farm, name):
    return next((peer for peer in farm.peers("p1") if peer["name"] == name), {}).get("resting", "")


def results_by(farm, name):
    """Those that this peer made, as it says itself."""
    ids = {peer["name"]: peer["id"] for peer in farm.peers(name)}
    return [row for row in farm.results(name) if row["peer"] == ids[name]]


def test_its_owner_comes_back(farm):
    """What runs is given back and costs no attempt; the other goes on; it works again when its owner has left."""
    farm.start("p1")
    said = start(farm, "p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.run("submit", farm.batch(TEXT.replace("COUNT", "60")), "--detach", state="p1", check=0)
    until(lambda: results_by(farm, "p2"), "both are at it")
    said.write_text("0")
    until(lambda: state_of(farm, "p2") == "somebody uses this machine", "it rests")
    made = len(results_by(farm, "p2"))
    others = len(results_by(farm, "p1"))
    until(lambda: len(results_by(farm, "p1")) >= others + 5, "the other goes on")
    assert len(results_by(farm, "p2")) == made, "what ran there was given back"
    assert "rests" in farm.run("peers", state="p1", check=0).stdout
    said.write_text("600000")
    until(lambda: not state_of(farm, "p2"), "it works again")
    farm.run("watch", "night", state="p1", check=0, timeout_s=60)
    rows = farm.results("p1")

    assert len(rows) == 60 and all(row["attempt"] == 1 for row in rows)
    assert len({row["peer"] for row in rows}) == 2
    assert "attempt 1" not in farm.log("p2")


def test_a_machine_that_is_used_starts_nothing(farm):
    """A batch that nobody else can do says so, and runs when its owner has left."""
    said = start(farm, "p1")
    farm.wait_up(1, "p1")
    said.write_text("0")
    until(lambda: "this machine rests: somebody uses this machine" in farm.log("p1"), "it rests")
    farm.run("submit", farm.batch(TEXT.replace("COUNT", "2")), "--detach", state="p1", check=0)
    until(lambda: farm.status("p1")["state"] == "waiting", "it waits")
    assert "all machines that can do it rest; p1: somebody uses this machine" in farm.status("p1")["reason"]
    said.write_text("600000")

    farm.run("watch", "night", state="p1", check=0, timeout_s=60)


def test_hours_that_are_none_are_refused(farm):
    """In a line, before anything is opened."""
    done = farm.run("join", "--no-mdns", "--hours", "noon", "--state", farm.base / "s")

    assert done.returncode == 2 and "hours: 'noon'" in done.stderr and "Traceback" not in done.stderr
    assert not (farm.base / "s").exists()
