"""Daily use: why a task is where it is, what the farm does, whether a machine is ready, what is not rendered again."""

import json
import re

from tests.live.farm import until

ENDLESS = "name: endless\nengine: sleep\npriority: -1\nparams: {ms: 600000}\nseeds: {count: 8}\n"
FAILING = "name: rows\nengine: sleep\nparams: {ms: 120, fail_at: '1'}\nseeds: {count: 30}\n"
PICTURES = (
    'name: halls\nprompt: "{{who}}, ink"\nsize: 64x64\nsteps: 5\naxes: {who: [queen, king, clown]}\nseeds: {count: 4}\n'
)


def why(farm, state, batch, index):
    return json.loads(farm.run("why", batch, index, "--json", state=state, check=0).stdout)


def test_the_story_of_a_task_is_gathered_from_all_peers(farm):
    """Who stole it, who failed it and why, who made it; from any peer, while it runs and afterwards."""
    farm.start("p1", "--name", "ann")
    farm.start("p2", "--name", "bob", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.run("submit", "--detach", farm.batch(FAILING), state="p1", check=0)
    # Of less priority, but who begins one of these when its own failed tasks are for others first goes on with it.
    farm.run("submit", "--detach", farm.batch(ENDLESS.replace("600000", "4000")), state="p2", check=0)
    until(lambda: farm.status("p1", "rows").get("safe", 0) >= 2, "it runs")
    during = why(farm, "p2", "rows", 29)
    glance = json.loads(farm.run("top", "--json", state="p2", check=0).stdout)
    shown = farm.run("top", state="p1", check=0).stdout
    farm.run("cancel", "endless", state="p1", check=0)
    farm.run("watch", "rows", state="p1", check=0)
    stories = [why(farm, "p2", "rows", index) for index in range(26, 30)]
    stolen = [s for s in stories if any(line["what"].startswith("stolen from") for line in s["story"])]
    text = farm.run("why", "rows", 3, state="p1", check=0).stdout

    assert during["state"] != "missing" and during["name"] == "0029"
    assert {peer["name"] for peer in glance["peers"]} == {"ann", "bob"}
    assert "running" in [batch["state"] for batch in glance["batches"] if batch["name"] == "endless"]
    assert "endless" in shown and "rows" in shown and "ann" in shown
    assert stolen
    for story in stories:
        assert story["state"] == "safe" and story["silent"] == []
        assert story["failures"][0]["reason"] == "told to fail at attempt 1."
        assert story["failures"][0]["peer"] in ("ann", "bob") and story["result"]["peer"] in ("ann", "bob")
        assert "rendered" in [line["what"] for line in story["story"]]
        assert [line["time"] for line in story["story"]] == sorted(line["time"] for line in story["story"])
    assert "made by" in text and "attempt 1 failed at" in text
    refused = farm.run("why", "rows", 30, state="p1", check=2).stderr
    assert "has no task 30" in refused
    some = json.loads(farm.run("results", "rows", "--index", "3-5", "--json", state="p2", check=0).stdout)
    by_ann = json.loads(farm.run("results", "rows", "--by", "ann", "--json", state="p2", check=0).stdout)
    by_bob = json.loads(farm.run("results", "rows", "--by", "bob", "--json", state="p2", check=0).stdout)
    assert [row["index"] for row in some] == [3, 4, 5]
    assert sorted(row["index"] for row in by_ann + by_bob) == list(range(30)) and by_ann and by_bob


def test_why_a_task_waits_or_failed(farm):
    """No peer can run it; it failed more often than is forgiven."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    waiting = "name: far\nengine: sleep\ntags: [a100]\nparams: {ms: 1}\nseeds: {count: 3}\n"
    farm.run("submit", "--detach", farm.batch(waiting), state="p1", check=0)
    farm.run("submit", farm.batch(FAILING.replace("'1'", "all").replace("30", "8"), "all.yaml"), state="p1", check=1)
    until(lambda: why(farm, "p1", "far", 1)["state"] == "queued", "it is queued")
    failed = json.loads(farm.run("results", "rows", "--failed", "--json", state="p1", check=0).stdout)

    assert "a100" in why(farm, "p1", "far", 1)["waits"]
    assert why(farm, "p1", "rows", 7)["state"] == "failed"
    assert len(why(farm, "p1", "rows", 7)["failures"]) == 3
    assert len(failed) == 8 and {row["failed"] for row in failed} == {"told to fail at attempt 3."}


def test_only_what_changed_is_rendered(farm):
    """The same batch, one row changed, another batch that shares tasks, and the next run."""
    farm.start("p1")
    farm.wait_up(1, "p1")

    def submitted(text, *options):
        done = farm.run("submit", farm.batch(text), "--json", *options, state="p1", check=0)
        ended = json.loads(done.stdout)
        return ended["done_before"], ended["skipped"], ended["batch"]

    first = submitted(PICTURES)
    assert first[:2] == (0, 0)
    assert submitted(PICTURES)[:2] == (12, 0)
    assert submitted(PICTURES.replace("clown", "nun"))[:2] == (0, 8)
    assert submitted(PICTURES.replace("halls", "more").replace("count: 4", "count: 6"))[:2] == (0, 12)
    again, once_more = submitted(PICTURES, "--again"), submitted(PICTURES, "--again")
    assert again[:2] == once_more[:2] == (0, 0)
    assert len({first[2], again[2], once_more[2]}) == 3
    assert "skipped: equal work was done before" in farm.run("why", "more", 1, state="p1", check=0).stdout


def test_a_machine_is_looked_at(farm):
    """All is well here; a store that is not there is bad, and each finding says what to do."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    well = farm.run("doctor", "--json", "--store", farm.base / "store", state="p1", check=0)
    found = {one["check"]: one for one in json.loads(well.stdout)}
    bad = farm.run("doctor", "--store", farm.base / "not there", state="nobody", check=1).stdout

    assert found["peer"]["state"] == found["store"]["state"] == found["clock"]["state"] == "ok"
    assert "hard links" in found["store"]["what"]
    assert re.search(r"TCP \d+-\d+ and UDP 5353", found["firewall"]["what"])
    assert "atelier/" in found["engine atelier"]["what"]
    assert "bad   store" in bad and "mounted" in bad and "musep2p join" in bad


def test_speeds_are_remembered(farm):
    """A peer that joins again knows how long its tasks take, and says so."""
    farm.start("p1", store=False)
    farm.run("submit", farm.batch("name: quick\nengine: null\nseeds: {count: 500}\n"), state="p1", check=0)
    before = farm.peers("p1")[0]["seconds_a_task"]
    farm.kill("p1")
    farm.start("p1", store=False)
    after = farm.peers("p1")[0]["seconds_a_task"]

    assert list(before) == list(after) == ["null||"] and 0 < after["null||"] < 1
