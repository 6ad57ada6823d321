"""Farms without a store: pictures stay in folders of peers, each in two before it is called safe."""

import shutil

from musep2p.core.ids import digest_of
from tests.live.farm import files, pictures, until

TASKS = 24


def start(farm, *names):
    for name in names:
        first = next(iter(farm.addresses.values()), None)
        farm.start(name, *(("--peer", first) if first else ()), store=False)
    farm.wait_up(len(farm.addresses), names[0], store=False)
    farm.wait_idle(names[0])


def whole(farm, name, rows):
    """The tasks whose pictures this peer has, each as its record says."""
    outputs = farm.base / name / "outputs"
    there = {row["index"]: outputs / row["path"] for row in rows if (outputs / row["path"]).is_file()}
    digests = {row["index"]: row["digest"] for row in rows}
    return {index for index, path in there.items() if digest_of(path.read_bytes()) == digests[index]}


def test_pictures_are_with_the_submitter_and_with_guardians(farm):
    """By their names, with a sheet; spools are empty; what one machine has lost the others have."""
    start(farm, "p1", "p2", "p3", "p4")
    assert len(farm.makers("p3", 20)) == 4
    farm.run("submit", farm.batch(pictures(TASKS // 3, 192)), state="p3", check=0, timeout_s=90)
    rows = farm.results("p1")
    everything = set(range(TASKS))
    until(lambda: whole(farm, "p3", rows) == everything, "the submitter has all")
    until(lambda: list(farm.base.glob("p3/outputs/batches/*/sheet.png")), "its sheet is drawn")
    have = {name: whole(farm, name, rows) for name in farm.addresses}
    spools = [list((farm.base / name / "spool").iterdir()) for name in farm.addresses]

    assert [row["index"] for row in rows] == list(range(TASKS))
    assert sum(found == everything for found in have.values()) >= 3, "three guardians, and who submitted"
    assert spools == [[], [], [], []]
    assert "no store here" in farm.log("p1")
    shown = farm.ask("picture", "cities", "5", "--out", str(farm.base / "shown.png"), state="p2")
    assert digest_of((farm.base / "shown.png").read_bytes()) == shown["digest"] == rows[5]["digest"]
    farm.run("verify", "--store", farm.base / "p3" / "outputs", state="p3", check=0)

    for path in farm.base.glob(f"p3/outputs/*/**/{rows[5]['digest']}*"):
        path.unlink()
    (farm.base / "p3" / "outputs" / rows[5]["path"]).unlink()
    repair = "verify", "cities", "--repair", "--store", farm.base / "p3" / "outputs"
    repaired = farm.run(*repair, state="p3", check=0)
    assert "1 of them mended" in repaired.stdout and "task 5 comes from p" in repaired.stderr
    assert whole(farm, "p3", rows) == everything


def test_a_maker_that_is_gone_for_good(farm):
    """Whatever was called safe is with others; the rest is rendered again."""
    start(farm, "p1", "p2", "p3")
    farm.run("submit", "--detach", farm.batch(files(30)), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 10, "some are safe", 60)
    farm.kill("p2")
    shutil.rmtree(farm.base / "p2")
    farm.run("watch", "cities", state="p1", check=0, timeout_s=90)
    rows = farm.results("p1")
    until(lambda: len(whole(farm, "p1", rows)) == 90, "the submitter has all")

    assert [row["index"] for row in rows] == list(range(90))
    until(lambda: len(whole(farm, "p3", rows)) == 90, "the other guardian has all, too", 60)


def test_one_machine_alone(farm):
    """Its own folder is all there is, and it says so."""
    start(farm, "p1")
    farm.run("submit", farm.batch(files(TASKS // 3)), state="p1", check=0, timeout_s=90)

    assert whole(farm, "p1", farm.results("p1")) == set(range(TASKS))


def test_a_store_that_comes_later(farm):
    """What was called safe stays where it is; all that is made from then on goes to the store."""
    start(farm, "p1", "p2")
    farm.run("submit", farm.batch(files(TASKS // 3)), state="p1", check=0, timeout_s=90)
    farm.start("p3", "--peer", farm.addresses["p1"], "--adopt-store")
    farm.wait_up(3, "p1", store=False)
    until(lambda: any(peer["store"] == "ok" for peer in farm.peers("p1")), "the store is open")
    more = files(TASKS // 3).replace("cities", "more").replace("Oslo", "Ulm")
    farm.run("submit", farm.batch(more, "more.yaml"), state="p1", check=0, timeout_s=90)
    store = farm.base / "store"
    farm.run("merge", farm.base / "p1" / "outputs", "--store", store, check=0)
    farm.run("verify", "--store", store, state="p1", check=0)
    farm.run("picture", "more", "3", "--store", store, "--out", farm.base / "x", state="p1", check=0)

    assert digest_of((farm.base / "x").read_bytes()) == farm.results("p1", "more")[3]["digest"]
    assert all((store / row["path"]).is_file() for row in farm.results("p1", "cities"))
    assert whole(farm, "p1", farm.results("p1", "cities")) == set(range(TASKS))
    assert all((farm.base / "store" / row["path"]).is_file() for row in farm.results("p1", "more"))
