"""The store goes away, fills up, hangs: work stops, the reason is said, nothing recorded is lost."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections import Counter

import psutil
import pytest

from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.records import ResultBlock
from musep2p.core.results import signed
from musep2p.store.batches import facts_of
from tests.live.farm import until

NIGHTS = "name: nights\nengine: sleep\nparams: {ms: 100}\nseeds: {count: 60}\n"
BATCH = "name: many\nengine: sleep\nparams: {ms: 100}\nseeds: {count: 40}\n"


def test_a_store_that_goes_away_and_comes_back(farm):
    """An unmounted share: rendering goes on, pictures wait here, and nothing is put into the empty folder."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", "--detach", farm.batch(BATCH), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 4, "some are safe")
    store, aside = farm.base / "store", farm.base / "aside"
    store.rename(aside)
    store.mkdir()
    until(lambda: "the store is away" in farm.log("p1"), "it is noticed")
    until(lambda: farm.status("p1")["done"] == 40, "all are rendered")
    waiting = farm.status("p1")

    assert waiting["state"] == "running" and "store is away" in waiting["reason"]
    assert waiting["safe"] < 40
    assert len(list((farm.base / "p1" / "spool").iterdir())) == 40 - waiting["safe"]
    assert list(store.iterdir()) == []
    some = max(int(path.name.split("-")[1]) for path in (farm.base / "p1" / "spool").iterdir())
    shown = farm.ask("picture", "many", str(some), "--out", str(farm.base / "shown"), state="p1")
    store.rmdir()
    aside.rename(store)
    farm.run("watch", "many", state="p1", check=0)
    assert [row["index"] for row in farm.results("p1")] == list(range(40))
    assert "is no longer the store" in farm.log("p1")
    assert shown["from"] == "p1" and shown["digest"] == farm.results("p1")[some]["digest"]
    until(lambda: not list((farm.base / "p1" / "spool").iterdir()), "the spool is empty again")


def test_a_spool_that_is_full(farm):
    """The peer starts nothing more, says why, and goes on by itself when the store is back."""
    (farm.base / "musep2p.toml").write_text("spool_mb = 1\n")
    text = 'name: big\nprompt: "Kyoto at dawn"\nsize: 256x256\nseeds: {count: 5000}\n'
    farm.start("p1", cwd=farm.base)
    farm.wait_up(1, "p1")
    farm.run("submit", "--detach", farm.batch(text), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 1, "some are safe")
    store, aside = farm.base / "store", farm.base / "aside"
    store.rename(aside)
    until(lambda: farm.status("p1")["state"] == "waiting", "the spool is full", 90)
    until(lambda: farm.status("p1")["running"] == 0, "what ran is finished")
    waiting = farm.status("p1")
    aside.rename(store)
    until(lambda: farm.status("p1")["safe"] > waiting["done"], "it goes on", 60)
    farm.run("cancel", "big", state="p1", check=0)

    assert "1 MB wait here, which is the limit" in waiting["reason"]
    assert waiting["safe"] < waiting["done"] < 5000


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a real file system of so many MB on a folder, for this test."""
    mounted = []

    def mount(name, size_mb):
        folder = tmp_path / name
        folder.mkdir()
        argv = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", folder]
        able = os.name == "posix" and os.geteuid() == 0 and subprocess.run(argv, check=False).returncode == 0
        if not able:
            reason = "mounting a small disk needs root"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_machine_whose_own_disk_is_full(farm, small_disk):
    """It starts nothing, says why, and gives its work away; nothing counts as failed, and with room it goes on."""
    disk = small_disk("p1", 24)
    farm.start("p1")
    farm.wait_up(1, "p1")
    text = 'name: big\nprompt: "Kyoto at dawn"\nsize: 512x512\nretries: 0\nseeds: {count: 60}\n'
    farm.run("submit", "--detach", farm.batch(text), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 2, "some are safe")
    with contextlib.suppress(OSError):  # the peer writes meanwhile: then there is less room still
        (disk / "holiday.mov").write_bytes(b"v" * (shutil.disk_usage(disk).free - 40_000))
    until(lambda: farm.status("p1")["state"] == "waiting", "it stops", 60)
    until(lambda: farm.status("p1")["running"] == 0, "what ran is finished or given back")
    waiting = farm.status("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    until(lambda: farm.status("p1")["safe"] >= waiting["safe"] + 3, "the other machine goes on", 60)
    (disk / "holiday.mov").unlink()
    until(lambda: "has room again" in farm.log("p1"), "it is noticed")
    farm.run("watch", "big", state="p1", check=0, timeout_s=90)

    assert "this machine's disk is full" in waiting["reason"] and waiting["failed"] == 0
    assert "disk is full, and nothing is started here" in farm.log("p1")
    assert [row["index"] for row in farm.results("p1")] == list(range(60))
    assert not farm.status("p1")["failed"]


def test_a_store_that_is_full(farm, small_disk):
    """No space left: said, and pictures wait; with room again they are stored, and every one is whole."""
    store = small_disk("store", 3)
    farm.start("p1")
    farm.wait_up(1, "p1")
    text = 'name: big\nprompt: "Kyoto at dawn"\nsize: 512x512\nseeds: {count: 20}\n'
    farm.run("submit", "--detach", farm.batch(text), state="p1", check=0)
    until(lambda: "No space left" in farm.log("p1"), "it is full", 60)
    until(lambda: farm.status("p1")["done"] == 20, "all are rendered", 60)
    waiting = farm.status("p1")
    subprocess.run(["mount", "-o", "remount,size=100m", store], check=True)
    farm.run("watch", "big", state="p1", check=0, timeout_s=90)
    rows = farm.results("p1")

    assert waiting["safe"] < 20 and "No space left" in waiting["reason"]
    assert [row["index"] for row in rows] == list(range(20))
    assert all((store / row["path"]).read_bytes().endswith(b"IEND\xaeB`\x82") for row in rows)
    assert not list(store.rglob(".tmp-*"))


def test_a_store_that_hangs(farm):
    """A helper stuck in a dead mount is left behind after its deadline; another one goes on."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", "--detach", farm.batch(BATCH), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 4, "some are safe")
    peer = psutil.Process(farm.processes["p1"].pid)
    helper = next(p for p in peer.children() if "musep2p.store.helper" in " ".join(p.cmdline()))
    helper.send_signal(signal.SIGSTOP)
    farm.run("watch", "many", state="p1", check=0, timeout_s=90)

    assert "no answer for 20 s" in farm.log("p1")
    assert [row["index"] for row in farm.results("p1")] == list(range(40))


def test_a_batch_of_which_only_the_store_knows_is_found(farm):
    """The one machine that knew it is gone for good, with its disk; another farm member goes on with what is left."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", "--detach", farm.batch(NIGHTS), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 5, "some are safe")
    farm.kill("p1")
    shutil.rmtree(farm.base / "p1")
    farm.start("p2")
    until(lambda: farm.status("p2", "nights").get("state") == "done", "it is found and done", 60)
    makers = Counter(row["peer"] for row in farm.results("p2", "nights"))

    assert "was found on the store" in farm.log("p2")
    assert makers.total() == 60 and len(makers) == 2 and min(makers.values()) >= 5


def test_pictures_that_have_gone_bad_are_rendered_again(farm):
    """Altered and deleted where the store has no other copy: withdrawn, done once more, and the rest is left alone."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    text = (
        'name: cities\nprompt: "{{city}} at dawn"\nsize: 128x128\naxes: {city: [Kyoto, Rome, Oslo, Lima, Bern, Ulm]}\n'
    )
    farm.run("submit", farm.batch(text), state="p1", check=0)
    before = {row["index"]: row for row in farm.results("p1")}
    store = farm.base / "store"
    (folder,) = (store / "batches").iterdir()

    def records():
        facts = facts_of(folder, batch_id_of((folder / "recipe.msgpack").read_bytes()))
        return Counter(index for fact in facts if isinstance(fact, ResultBlock) for index in signed(fact))

    made = records()
    until(lambda: list(folder.glob("manifest/1-*")), "it is frozen")
    damaged = bytearray((store / before[1]["path"]).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (store / before[1]["path"]).write_bytes(damaged)  # the view is a link: the object too
    (store / before[4]["path"]).unlink()
    next(store.glob(f"objects/*/*/{before[4]['digest']}.png")).unlink()
    found = farm.run("verify", "cities", "--store", store, "--json", state="p1", check=1)
    repaired = farm.run("verify", "--repair", "--store", store, state="p1", check=1)
    farm.run("watch", "cities", state="p1", check=0)
    after = farm.run("verify", "--store", store, "--json", state="p1", check=0)
    rows = {row["index"]: row for row in farm.results("p1")}
    more = records() - made

    assert {problem["index"] for problem in json.loads(found.stdout)[0]["problems"]} == {1, 4}
    assert "2 pictures have to be rendered again in cities, and the farm does so" in repaired.stderr
    assert json.loads(after.stdout)[0]["sound"] == 6
    assert {index: row["digest"] for index, row in rows.items()} == {i: row["digest"] for i, row in before.items()}
    assert set(more) == {1, 4}  # the last one may be done by two
    assert len(list(folder.glob("manifest/*"))) == 1  # the same pictures: the same root
    assert len(list((store / "quarantine").iterdir())) >= 1
