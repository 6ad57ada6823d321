"""The faces: what scripts rely on, names of batches, exit codes, a farm of one."""

import json
import shutil
import signal
import subprocess
import zipfile

from PIL import Image

from musep2p.store.record_log import read_log
from tests.live.farm import CLEAN, MUSEP2P, until

PICTURES = 'name: tea house\nprompt: "{{city}}"\nsize: 96x96\naxes: {city: [Kyoto, 北京]}\nseeds: [1, 2]\n'
LONG = "name: long\nengine: sleep\nparams: {ms: 150}\nseeds: {count: 60}\n"
STATUS = {
    "batch", "name", "state", "total", "done", "failed", "skipped", "safe", "running", "queued", "guardian",
    "seconds_left", "peers",
}  # fmt: skip


def test_what_scripts_rely_on(farm):
    """Fields of each --json, and a batch by id, unique prefix, name and `last`."""
    ready = farm.start("p1", "--tag", "a100", "--speed", 2)
    farm.wait_up(1, "p1")
    accepted = json.loads(farm.run("submit", "--detach", "--json", farm.batch(PICTURES), state="p1", check=0).stdout)
    ended = json.loads(farm.run("watch", "--json", state="p1", check=0).stdout)
    batch = accepted["batch"]
    rows = farm.results("p1", batch)
    peer = farm.peers("p1")[0]

    assert set(ready) == {"id", "address"}
    assert accepted == {"batch": batch, "accepted": True, "tasks": 4, "copies": accepted["copies"], "done_before": 0}
    assert set(ended) >= STATUS and (ended["state"], ended["safe"], ended["guardian"]) == ("done", 4, "p1")
    for name in (batch, batch[:6], "tea house", "last"):
        assert farm.status("p1", name)["batch"] == batch
    assert set(rows[0]) == {"index", "digest", "pixel_hash", "path", "seconds", "peer", "attempt", "skipped"}
    assert [row["path"].rpartition("/")[2] for row in rows][2:] == ["0002_北京.png", "0003_北京.png"]
    assert {"id", "name", "address", "state", "incarnation", "slots", "engines", "speed"} <= set(peer)
    assert (peer["name"], peer["state"], peer["speed"], peer["id"]) == ("p1", "up", 2.0, ready["id"])


def test_pictures_can_be_taken_along(farm):
    """`results --zip` holds each picture under its name."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", farm.batch(PICTURES), state="p1", check=0)
    target = farm.base / "take.zip"
    farm.run("results", "--zip", target, "--store", farm.base / "store", state="p1", check=0)

    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == [
            f"000{i}_{city}.png" for i, city in enumerate(["Kyoto", "Kyoto", "北京", "北京"])
        ]
        assert archive.testzip() is None
        assert archive.read("0000_Kyoto.png")[:4] == b"\x89PNG"


def test_a_complete_batch_has_its_sheet_and_grids_on_demand(farm):
    """The peer draws `sheet.png` by itself; `results` draws from the store into files of one's own."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", farm.batch(PICTURES), state="p1", check=0)
    sheet = next((farm.base / "store" / "batches").iterdir()) / "sheet.png"
    until(sheet.exists, "the contact sheet")
    store = ("--store", farm.base / "store")
    drawn = json.loads(
        farm.run(
            "results", "--grid", "city,seed", *store, "--out", farm.base / "grid.png", "--json", state="p1", check=0
        ).stdout
    )

    with Image.open(farm.base / "grid.png") as grid, Image.open(sheet) as whole:
        assert (grid.width, grid.height) == (drawn["width"], drawn["height"])
        assert whole.width > 100
    assert drawn["axes"] == ["city", "seed"]
    wrong = farm.run("results", "--grid", "city,nope", *store, state="p1")
    assert wrong.returncode == 2 and "no axis 'nope'" in wrong.stderr and "Traceback" not in wrong.stderr


def test_a_batch_is_cancelled(farm):
    """What runs is stopped, what is safe stays, watchers learn of it."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", "--detach", farm.batch(LONG), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 2, "some are safe")
    farm.run("cancel", "long", state="p1", check=0)
    watched = farm.run("watch", "long", state="p1")
    status = farm.status("p1")
    again = farm.run("submit", farm.base / "batch.yaml", state="p1", check=0)

    assert watched.returncode == 4
    assert status["state"] == "cancelled" and 2 <= status["safe"] < 60
    assert "60/60 safe" in again.stderr


def start(farm, *arguments, **env):
    """A face that goes on while the test does."""
    return subprocess.Popen(
        [*MUSEP2P, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**CLEAN, "MUSEP2P_LISTEN": "127.0.0.1", **env},
    )  # fmt: skip


def test_what_is_done_is_not_cancelled(farm):
    """Said, with exit code 0; the batch stays done."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.run("submit", farm.batch(PICTURES), state="p1", check=0)
    told = farm.run("cancel", "last", "--json", state="p1", check=0)

    assert json.loads(told.stdout)["changed"] is False
    assert "done already" in told.stderr
    assert farm.status("p1")["state"] == "done"


def test_watching_goes_on_at_another_peer(farm):
    """The peer that took the batch dies: who watches hears of the end all the same."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    options = ["--state", farm.base / "p1", "--peer", farm.addresses["p2"]]
    submit = start(farm, "submit", farm.batch(LONG), *options, MUSEP2P_FARM=farm.farm)
    until(lambda: farm.status("p2").get("safe", 0) >= 2, "it runs")
    farm.kill("p1")
    _, told = submit.communicate(timeout=60)

    assert submit.returncode == 0
    assert "60/60 safe" in told


def recorded(farm):
    """How many records of results the store has."""
    return sum(len(list(read_log(path))) for path in (farm.base / "store/batches").glob("*/records/*.log"))


def test_a_peer_that_was_away_hears_how_it_ended(farm):
    """Started again after the batch was done elsewhere, it says so, and renders nothing again."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.wait_up(2, "p2")
    farm.run("submit", "--detach", farm.batch(LONG), state="p1", check=0)
    until(lambda: farm.status("p1").get("safe", 0) >= 4, "some are safe")
    farm.kill("p1")
    farm.run("watch", "long", state="p2", check=0)
    before = recorded(farm)
    farm.start("p1", "--peer", farm.addresses["p2"])
    until(lambda: farm.status("p1").get("state") == "done", "it hears of the end")

    assert farm.run("watch", "long", state="p1", check=0).returncode == 0
    assert farm.status("p1")["safe"] == 60
    assert recorded(farm) == before


def test_ctrl_c_stops_watching_not_the_batch(farm):
    """Exit 130, a line that says so, and the batch is done all the same."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    submit = start(farm, "submit", farm.batch(LONG), "--state", farm.base / "p1", MUSEP2P_FARM=farm.farm)
    until(lambda: farm.status("p1").get("safe", 0) >= 2, "it runs")
    submit.send_signal(signal.SIGINT)
    _, told = submit.communicate(timeout=20)

    assert submit.returncode == 130
    assert "the batch goes on" in told and "musep2p watch" in told
    farm.run("watch", "long", state="p1", check=0)


def test_a_farm_of_one(farm):
    """No peer anywhere: submit is one itself, and the pictures lie beside the batch file."""
    first = farm.run("submit", farm.batch(PICTURES), state="alone", check=0)
    second = farm.run("submit", farm.base / "batch.yaml", state="alone", check=0)

    images = list((farm.base / "musep2p-store/batches").glob("tea-house-*/images/*.png"))
    shutil.rmtree(farm.base / "musep2p-store")
    third = farm.run("submit", farm.base / "batch.yaml", state="alone", check=0)

    assert len(images) == 4 == len(list((farm.base / "musep2p-store/batches").glob("tea-house-*/images/*.png")))
    assert "4/4 safe" in third.stderr
    assert "farm of one" in first.stderr and "4/4 safe" in second.stderr
    assert len(list((farm.base / "musep2p-store/objects").rglob("*.png"))) == 4


def test_ctrl_c_twice_ends_a_farm_of_one_at_once(farm):
    """A task of a minute is not waited for."""
    batch = farm.batch(LONG.replace("ms: 150", "ms: 60000"))
    submit = start(farm, "submit", batch, "--state", farm.base / "alone")
    lines = iter(submit.stderr.readline, "")
    assert next(line for line in lines if "1 running" in line)
    submit.send_signal(signal.SIGINT)
    assert next(line for line in lines if "finishing what runs" in line)
    submit.send_signal(signal.SIGINT)

    assert submit.wait(20) == 4
    assert "stopped at once" in submit.stderr.read()


def test_ctrl_c_ends_a_farm_of_one_politely(farm):
    """What runs is finished and kept; submitting again goes on where it was."""
    batch = farm.batch(LONG)
    submit = start(farm, "submit", batch, "--state", farm.base / "alone")
    until(lambda: list((farm.base / "musep2p-store").rglob("*.log")), "something is recorded", 30)
    submit.send_signal(signal.SIGINT)
    _, told = submit.communicate(timeout=30)
    again = farm.run("submit", batch, state="alone", check=0, env={"MUSEP2P_FARM": ""})

    assert submit.returncode == 130
    assert "submit the same file again to go on" in told
    assert "Traceback" not in told
    assert "60/60 safe" in again.stderr


def test_small_faces(farm):
    """--version, config, completion and help answer at once, without a peer."""
    version = farm.run("--version", check=0).stdout
    config = json.loads(farm.run("config", "--json", "--store", farm.base, check=0).stdout)
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # the shell is named, not guessed from our parents
    completion = farm.run("--show-completion", "bash", env=named)

    assert version.startswith("musep2p ")
    assert "settings" in config or "store" in config
    assert "musep2p" in completion.stdout
    assert "submit" in farm.run("--help", check=0).stdout
