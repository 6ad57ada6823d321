"""Peers beside servers that misbehave: what is stored is a picture, and nobody's work is lost or interrupted."""

import json
import threading

import pytest
from PIL import Image

from musep2p.engines.a1111 import A1111Engine
from tests.engines.a1111_server import A1111Server, title_of
from tests.engines.comfy_server import WORKFLOW, ComfyServer
from tests.engines.test_a1111 import render
from tests.live.farm import until


@pytest.fixture
def servers():
    made = [A1111Server(), A1111Server()]
    yield made
    for server in made:
        server.close()


def start(farm, servers, engine="a1111", more="", slots=1):
    """A peer beside each."""
    for number, server in enumerate(servers, 1):
        home = farm.base / f"home-p{number}"
        (home / "musep2p").mkdir(parents=True)
        (home / "musep2p/config.toml").write_text(f'[engines.{engine}]\nurl = "{server.url}"\n{more}')
        first = next(iter(farm.addresses.values()), None)
        options = ("--slots", str(slots), *(("--peer", first) if first else ()))
        farm.start(f"p{number}", *options, env={"XDG_CONFIG_HOME": str(home)})
    farm.wait_up(len(servers), "p1")


def batch(farm, count, more="", name="towns"):
    text = f'name: {name}\nengine: a1111\nprompt: "a town"\nsize: 64x64\nsteps: 3\nseeds: {{count: {count}}}\n{more}'
    return farm.batch(text)


def test_a_server_that_misbehaves_costs_attempts_and_no_picture(farm, servers):
    """Black with status 200, out of memory, a page of HTML, half a file, a grid first, a lost answer."""
    servers[0].moods = ["black", "", "oom", "html", "cut off", "grid", "cut", "busy"]
    for server in servers:
        server.slow_s = 0.1
    start(farm, servers)
    farm.run("submit", batch(farm, 24), state="p1", check=0, timeout_s=90)
    rows = farm.results("p1", "towns")
    pictures = [Image.open(farm.base / "store" / row["path"]) for row in rows]

    assert len(rows) == 24 and {image.size for image in pictures} == {(64, 64)}
    assert len({row["digest"] for row in rows}) == 24 and all(len(image.getcolors(1 << 13)) > 50 for image in pictures)
    assert sorted({row["attempt"] for row in rows}) == [1, 2]
    assert servers[0].interrupted == servers[1].interrupted == 0


def test_a_server_that_is_killed_and_started_again(farm, servers):
    """Half way: all is done, and at most what it was at has cost an attempt."""
    for server in servers:
        server.slow_s = 0.1
    start(farm, servers)
    farm.run("submit", "--detach", batch(farm, 60), state="p1", check=0)
    until(lambda: farm.status("p1", "towns").get("safe", 0) >= 20, "it is under way", 60)
    port = int(servers[1].url.rpartition(":")[2])
    servers[1].close()
    until(lambda: farm.status("p1", "towns").get("safe", 0) >= 30, "the other goes on", 60)
    servers[1] = A1111Server(port)
    farm.run("watch", "towns", state="p1", check=0, timeout_s=90)
    rows = farm.results("p1", "towns")

    assert len(rows) == 60 and sum(row["attempt"] > 1 for row in rows) <= 1
    assert len({row["digest"] for row in rows}) == 60


def test_what_is_not_wanted_any_more_is_interrupted_at_the_server(farm, servers):
    """A task that takes too long: ours is stopped, and nothing else would be."""
    servers[0].slow_s = 600.0
    start(farm, servers[:1])
    farm.run("submit", "--detach", batch(farm, 1, "timeout: 2\nretries: 0\n"), state="p1", check=0)
    until(lambda: farm.status("p1", "towns")["failed"] == 1, "its attempt is over")

    until(lambda: servers[0].interrupted == 1, "it was interrupted")


def test_what_waits_at_the_server_is_interrupted_when_it_begins(farm, servers):
    """Nothing can be taken out of its queue, and nobody wants it any more."""
    servers[0].slow_s = 600.0
    start(farm, servers[:1], slots=2)
    farm.run("submit", "--detach", batch(farm, 2), state="p1", check=0)
    until(lambda: servers[0].active and servers[0].waiting, "one runs and one waits", 30)
    farm.run("cancel", "towns", state="p1", check=0)
    until(lambda: servers[0].interrupted == 2, "both were interrupted")


def times_asked(server, task):
    return [body["id_task"] for body in server.posted("/internal/progress")].count(task)


def test_two_that_wait_behind_its_owners_are_both_interrupted(farm, servers):
    """The child that watches for the first is ended itself when the second is not wanted any more."""
    server = servers[0]
    server.slow_s = 600.0
    start(farm, servers[:1])
    owners = threading.Thread(target=render, args=(A1111Engine({"url": server.url}),))
    owners.start()
    until(lambda: server.active, "its owner's runs")
    by_hand = server.active
    for number in (1, 2):
        name = f"towns{number}"
        text = batch(farm, 1).read_text().replace("name: towns", f"name: {name}").replace("a town", f"town {number}")
        farm.run("submit", "--detach", farm.batch(text), state="p1", check=0)
        until(lambda number=number: len(server.waiting) == number, "ours waits", 30)
        task = server.waiting[-1]
        farm.run("cancel", name, state="p1", check=0)
        until(lambda task=task: times_asked(server, task) > 4, "the next child watches for it", 30)
    assert server.interrupted == 0 and server.active == by_hand
    server.active = ""
    until(lambda: server.interrupted == 2, "both were interrupted", 30)
    owners.join(20)


def test_workflows_of_comfyui(farm):
    """Two servers, one of which gives black, forgets, and has no memory: all is done, and nothing twice."""
    workflow = farm.base / "town_api.json"
    workflow.write_text(json.dumps(WORKFLOW))
    servers = [ComfyServer(), ComfyServer(jobs=False)]
    servers[0].moods = ["black", "forgets", "oom", "no outputs", "", "cut off"]
    for server in servers:
        server.slow_s = 0.1
    try:
        start(farm, servers, "comfyui", f'workflow = "{workflow}"\n')
        text = 'name: towns\nengine: comfyui\nprompt: "a town"\nsize: 64x64\nsteps: 3\nseeds: {count: 16}\n'
        farm.run("submit", farm.batch(text), state="p1", check=0, timeout_s=90)
        rows = farm.results("p1", "towns")
    finally:
        for server in servers:
            server.close()
    pictures = [Image.open(farm.base / "store" / row["path"]) for row in rows]

    assert len(rows) == 16 and len({row["digest"] for row in rows}) == 16
    assert all(len(image.getcolors(1 << 13)) > 50 for image in pictures)
    assert any(row["attempt"] == 2 for row in rows) and "is left to others for 10 s" in farm.log("p1")


def test_engines_are_found_and_what_nobody_can_do_is_said(farm, servers):
    """Without a setting but the port. A batch that nobody can do says why of each peer."""
    for number, server in enumerate(servers, 1):
        home = farm.base / f"home-p{number}"
        (home / "musep2p").mkdir(parents=True)
        port = server.url.rpartition(":")[2] if number == 2 else "9"
        (home / "musep2p/config.toml").write_text(f"probe = [{port}]\n")
        first = farm.addresses.get("p1")
        farm.start(f"p{number}", *(("--peer", first) if first else ()), env={"XDG_CONFIG_HOME": str(home)})
    farm.wait_up(2, "p1")
    engines = {peer["name"]: peer["engines"] for peer in farm.peers("p1")}
    farm.run("submit", batch(farm, 6), state="p1", check=0)
    rows = farm.results("p1", "towns")

    farm.run("submit", "--detach", batch(farm, 7, "tags: [fast]\n"), state="p1", check=0)
    reason = until(lambda: farm.status("p1", "last").get("reason"), "it waits")

    assert "p1 has not the engine 'a1111' and the tag 'fast'; p2 has not the tag 'fast'" in reason
    assert "a1111" in engines["p2"] and "a1111" not in engines["p1"]
    assert "a1111 answers at" in farm.log("p2") and "GPU with 24576 MB" in farm.log("p2")
    assert len({row["digest"] for row in rows}) == 6 and len({row["peer"] for row in rows}) == 1


def test_who_has_which_model(farm, servers):
    """Two servers with a model each: nothing is tried in vain, and what nobody has is said before anything starts."""
    servers[0].models, servers[1].models = ("dream",), ("photo",)
    start(farm, servers)
    has = {"p1": [title_of("dream"), "dream"], "p2": [title_of("photo"), "photo"]}
    until(lambda: {p["name"]: p["models"].get("a1111") for p in farm.peers("p1")} == has, "they tell their models")
    farm.run("submit", batch(farm, 8, "axes: {model: [dream, photo]}\n"), state="p1", check=0)
    rows = farm.results("p1", "towns")
    names = {peer["id"]: peer["name"] for peer in farm.peers("p1")}
    farm.run("submit", "--detach", batch(farm, 8, "model: xl\n"), state="p1", check=0)
    reason = until(lambda: farm.status("p1", "last").get("reason"), "it waits")

    assert {names[row["peer"]] for row in rows[:8]} == {"p1"} and {names[row["peer"]] for row in rows[8:]} == {"p2"}
    assert len(rows) == 16 and all(row["attempt"] == 1 for row in rows)
    assert "p1 has not the model 'xl'; p2 has not the model 'xl'" in reason


def test_a_batch_of_one_look(farm, servers):
    """Two servers whose pixels differ in the last bit: each shows its look, and one of them renders all."""
    servers[1].gpu = 1
    start(farm, servers)
    said = farm.run("submit", batch(farm, 8, "model: dream\nconsistency: look\n"), state="p1", check=0)
    rows = farm.results("p1", "towns")
    looks = {peer["name"]: peer["looks"]["a1111|dream"] for peer in farm.peers("p1")}
    names = {peer["id"]: peer["name"] for peer in farm.peers("p1")}
    chosen = min(looks, key=looks.get)
    renders = [[body["seed"] for body in server.posted("/sdapi/v1/txt2img")] for server in servers]

    assert len(set(looks.values())) == 2 and len(rows) == 8
    assert {names[row["peer"]] for row in rows} == {chosen}
    assert sorted(map(len, renders)) == [1, 9], "the other one rendered its test picture only"
    assert f"look {looks[chosen]} with dream: {chosen}; another one have" in said.stderr


def test_models_of_one_name_and_work_that_was_done_before(farm, servers):
    """Who has another file of that name takes no part; a longer batch renders what is new of it."""
    servers[1].weights = 1
    start(farm, servers)
    until(lambda: all(peer["models"] for peer in farm.peers("p1")), "they tell their models")
    said = farm.run("submit", batch(farm, 6, "model: dream\n"), state="p1", check=0)
    farm.run("submit", batch(farm, 9, "model: dream\n", "more"), state="p1", check=0)
    names = {peer["id"]: peer["name"] for peer in farm.peers("p1")}
    rows = [row for name in ("towns", "more") for row in farm.results("p1", name)]
    renders = [len(server.posted("/sdapi/v1/txt2img")) for server in servers]

    assert len(rows) == 15 and {names[row["peer"]] for row in rows if not row["skipped"]} <= {"p1", "p2"}
    assert sorted(renders) == [0, 9], "six are found again"
    assert "model 'dream' is" in said.stderr and "which is not used" in said.stderr


def test_a_picture_that_another_machine_made_for_another_seed(farm, servers):
    """Servers that do not hear the seed: the second picture is refused, whoever made the first."""
    for server in servers:
        server.deaf = True
    servers[1].slow_s = 600.0
    start(farm, servers)
    farm.run("submit", "--detach", batch(farm, 2, "retries: 0\n"), state="p1", check=0)
    until(lambda: servers[1].active and farm.status("p2", "towns").get("done") == 1, "one is done, and known to both")
    servers[1].slow_s = 0.0
    servers[1].active = ""
    until(lambda: farm.status("p1", "towns")["failed"] == 1, "the other is refused", 30)
    reasons = [row["failed"] for row in farm.results("p1", "towns") if row.get("failed")]

    assert farm.status("p1", "towns")["done"] == 1
    assert len(reasons) == 1 and "equal: its pixels are those of task" in reasons[0]
