"""Peers that do not see the store: what they render goes there by way of one that does."""

import signal

from tests.live.farm import files, pictures, until


def spool(farm):
    return {path.name for path in (farm.base / "p2" / "spool").iterdir()}


def test_one_machine_has_the_store_and_the_others_need_none(farm):
    """All work; every picture is on the store, whole, under its maker's name, and no spool keeps anything."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"], store=False)
    farm.start("p3", "--peer", farm.addresses["p1"], store=False)
    farm.wait_up(3, "p1", store=False)
    until(lambda: farm.peers("p1")[0]["store"] == "ok", "the store is open")
    farm.wait_idle("p1")
    assert len(farm.makers("p2", 20)) == 3
    farm.run("submit", "--detach", farm.batch(pictures(20, 128)), state="p2", check=0)
    farm.run("watch", "cities", state="p3", check=0, timeout_s=90)
    rows = farm.results("p1", "cities")
    until(lambda: list(farm.base.glob("store/batches/*/sheet.png")), "the sheet is drawn")
    spools = [list((farm.base / name / "spool").iterdir()) for name in ("p1", "p2", "p3")]

    assert [row["index"] for row in rows] == list(range(60))
    assert all((farm.base / "store" / row["path"]).read_bytes().endswith(b"IEND\xaeB`\x82") for row in rows)
    assert spools == [[], [], []]
    assert list(farm.base.glob("store/batches/*/manifest/1-*"))
    farm.run("verify", "--store", farm.base / "store", state="p1", check=0)


def test_a_carrier_that_dies_and_comes_back(farm):
    """Pictures wait where they were made, and the batch goes on."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"], store=False)
    farm.wait_up(2, "p1", store=False)
    farm.run("submit", "--detach", farm.batch(files(40)), state="p2", check=0)
    until(lambda: farm.status("p2").get("safe", 0) >= 6, "some are safe", 60)
    farm.kill("p1")
    until(lambda: len(spool(farm)) >= 3, "pictures wait", 60)
    held = spool(farm)
    farm.start("p1", "--peer", farm.addresses["p2"])
    farm.run("watch", "cities", state="p2", check=0, timeout_s=90)
    rows = farm.results("p2")

    assert held and [row["index"] for row in rows] == list(range(120))
    assert spool(farm) == set()
    farm.run("verify", "--store", farm.base / "store", state="p1", check=0)


def test_two_stores_that_meet(farm):
    """The one with the smaller id is the farm's; who has the other one is told, and works all the same."""
    (farm.base / "other").mkdir()
    farm.start("p1")
    farm.start("p2", "--store", farm.base / "other")
    for name in ("p1", "p2"):
        farm.wait_up(1, name)
    farm.kill("p2", signal.SIGTERM)
    farm.processes["p2"].wait(20)
    farm.start("p2", "--store", farm.base / "other", "--peer", farm.addresses["p1"])
    ids = {(farm.base / folder / "store.id").read_text(): folder for folder in ("store", "other")}
    ours, stranger = ids[min(ids)], "p2" if ids[min(ids)] == "store" else "p1"
    until(lambda: "is not the farm's" in farm.log(stranger), "it is told")
    farm.wait_idle("p1")
    farm.run("submit", "--detach", farm.batch(files(40)), state="p2", check=0)
    farm.run("watch", "cities", state="p1", check=0, timeout_s=90)
    rows = farm.results("p1")

    assert [row["index"] for row in rows] == list(range(120)) and len({row["peer"] for row in rows}) == 2
    assert all((farm.base / ours / row["path"]).is_file() for row in rows)
    farm.run("verify", "--store", farm.base / ours, state="p1", check=0)
