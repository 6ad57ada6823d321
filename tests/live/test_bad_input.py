"""Bad input of every kind: one clear line, an exit code that is not 0, no traceback, no file left behind."""

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.live.farm import until

GOOD = "name: ok\nengine: sleep\nparams: {ms: 1}\nseeds: {count: 2}\n"


def tree(base):
    """All below a folder, but logs of the tests, and where running peers say again and again that they are."""
    paths = (p.relative_to(base) for p in base.rglob("*") if p.suffix != ".log")
    return sorted(str(path) for path in paths if path.parts[:2] != ("store", "peers"))


def refused(farm, *arguments, code, words, env=()):
    """Run it; the line; nothing new on the disk."""
    before = tree(farm.base)
    done = farm.run(*arguments, env=env)
    told = [line for line in done.stderr.splitlines() if line.startswith("musep2p: ")]

    assert done.returncode == code, done.stderr
    assert len(told) == 1, done.stderr
    for word in words:
        assert word in told[0], told[0]
    assert done.stdout == ""
    assert tree(farm.base) == before
    return told[0]


def join(farm, *options):
    """A join that is expected to end by itself."""
    state = [] if "--state" in options else ["--state", farm.base / "state"]
    return ["join", "--no-mdns", *state, *options]


def make_store(path, files):
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prompt: [a\n", ["batch.yaml:2:1", "closed"]),
        ("promt: a\n", ["batch.yaml:1:1", "Did you mean 'prompt'"]),
        ('prompt: "{{ctiy}}"\naxes: {city: [a]}\n', ["batch.yaml:1:10", "ctiy", "Did you mean 'city'"]),
        ("engine: sleep\nparams: {ms: -4}\n", ["ms must be"]),
    ],
    ids=["no yaml", "unknown key", "unknown name", "wrong parameter"],
)
def test_a_broken_recipe(farm, text, words):
    """Found before anything is started."""
    refused(farm, "submit", farm.batch(text), "--state", farm.base / "s", code=2, words=words)


def test_a_missing_batch_file(farm):
    """Named by its path."""
    refused(farm, "submit", farm.base / "none.yaml", code=2, words=["none.yaml"])


def test_an_engine_that_nobody_has(farm):
    """Said by the peer, which knows what the farm has."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    path = farm.batch("engine: comfy\nprompt: a\n")

    refused(farm, "submit", path, "--state", farm.base / "p1", code=2, words=["'comfy'", "sleep"])


def test_a_store_that_cannot_be_written(farm):
    """A file is no folder."""
    (farm.base / "file").write_text("x")

    refused(farm, *join(farm, "--store", farm.base / "file"), code=1, words=["file", "is not a folder"])


def test_a_share_without_exclusive_create(farm):
    """Refused at the start: nothing that we rest on would hold."""
    (farm.base / "nas").mkdir()
    env = {"PYTHONPATH": str(Path(__file__).parent / "no_exclusive")}

    refused(farm, *join(farm, "--store", farm.base / "nas"), code=1, words=["exclusive create", "NFS"], env=env)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"store.id": "a" * 32, "FORMAT": "7\n"}, ["format 7", "Update musep2p"]),
        ({"store.id": "a" * 32}, ["FORMAT cannot be read"]),
        ({"holiday.jpg": "x"}, ["holiday.jpg", "is no store"]),
    ],
    ids=["newer", "half", "a stranger's"],
)
def test_a_folder_that_is_not_our_store(farm, files, words):
    """Nothing is put into it."""
    nas = make_store(farm.base / "nas", files)

    refused(farm, *join(farm, "--store", nas), code=1, words=words)


def test_a_port_that_is_taken(farm):
    """The one asked for or none."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(farm, *join(farm, "--listen", f"127.0.0.1:{port}"), code=2, words=[str(port), "--listen"])


def test_two_peers_with_one_state_folder(farm):
    """The second is told to take a folder of its own."""
    farm.start("p1")
    farm.wait_up(1, "p1")

    refused(farm, *join(farm, "--state", farm.base / "p1"), code=2, words=["another peer is running", "--state"])


def test_a_state_folder_that_is_a_file(farm):
    """Named, with what to do."""
    (farm.base / "file").write_text("x")

    refused(farm, *join(farm, "--state", farm.base / "file"), code=2, words=["state folder", "--state"])


def test_a_damaged_journal(farm):
    """Never skipped, never overwritten."""
    farm.start("p1", store=False)
    farm.run("submit", farm.batch("engine: null\nseeds: {count: 40}\n"), state="p1", check=0)
    farm.kill("p1")
    journal = farm.base / "p1/journal.log"
    data = bytearray(journal.read_bytes())
    data[len(data) // 3] ^= 0xFF
    journal.write_bytes(data)
    for name in ("running.json", "pid"):
        (farm.base / "p1" / name).unlink()

    refused(farm, *join(farm, "--state", farm.base / "p1"), code=1, words=["journal.log", "damaged at byte"])
    assert journal.read_bytes() == bytes(data)


def test_an_empty_folder_where_the_farm_has_a_store(farm):
    """A share that is not mounted is an empty folder: it is not adopted, and the way out is named."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    (farm.base / "unmounted").mkdir()
    options = ["--store", farm.base / "unmounted", "--peer", farm.addresses["p1"], "--state", farm.base / "p2"]
    done = farm.run("join", "--no-mdns", *options)

    assert done.returncode == 2
    assert "--adopt-store" in done.stderr and "mounted" in done.stderr
    assert list((farm.base / "unmounted").iterdir()) == []


@pytest.mark.parametrize(
    "command", ["status", "status last", "peers", "cancel last", "watch", "results", "submit --detach B"]
)
def test_nobody_is_there(farm, command):
    """Exit 3, and how to start one."""
    path = farm.batch(GOOD)
    arguments = [path if part == "B" else part for part in command.split()]

    refused(farm, *arguments, "--state", farm.base / "none", code=3, words=["no peer", "musep2p join"])


def test_a_peer_that_cannot_be_reached(farm):
    """An address where nobody listens, and a name that nobody knows."""
    refused(farm, "peers", "--peer", "127.0.0.1:9", code=3, words=["no peer"])
    refused(farm, "peers", "--peer", "no-such-host.invalid:7340", code=2, words=["no-such-host.invalid"])
    refused(farm, "peers", "--peer", "7340", code=2, words=["HOST:PORT"])


def test_a_peer_of_another_farm(farm):
    """Two farms on one LAN do not mix, and both say why."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.start("q1", "--peer", farm.addresses["p1"], env={"MUSEP2P_FARM": "other"}, store=False)
    until(lambda: "refused by" in farm.log("q1"), "the stranger is refused")

    assert f"it is of farm '{farm.farm}', we are of farm 'other'" in farm.log("q1")
    refused(farm, "peers", "--peer", farm.addresses["p1"], code=3, words=["farm"], env={"MUSEP2P_FARM": "other"})


def test_the_lan_without_a_farm(farm):
    """Beyond the loopback a farm must be named."""
    env = {"MUSEP2P_FARM": "", "MUSEP2P_LISTEN": "0.0.0.0"}

    refused(farm, *join(farm), code=2, words=["no farm is named", "--farm"], env=env)


def test_a_batch_that_is_not_known(farm):
    """And what to ask instead."""
    farm.start("p1")
    until(lambda: list((farm.base / "store" / "peers").glob("*.msgpack")), "it has said where it is")

    refused(farm, "status", "nothing", "--state", farm.base / "p1", code=2, words=["'nothing'", "musep2p status"])


@pytest.mark.parametrize(
    "option", [["--slots", "0"], ["--speed", "0"], ["--listen", "nowhere:1:2"], ["--name", "x" * 200]]
)
def test_a_setting_out_of_range(farm, option):
    """Named, before anything starts."""
    refused(farm, *join(farm, *option), code=2, words=[option[0].strip("-")])


def test_errors_for_scripts(farm):
    """With --json the error is a value too."""
    done = farm.run("status", "--json", "--state", farm.base / "none")
    error = json.loads(done.stdout)["error"]

    assert (done.returncode, error["code"]) == (3, "no_peers")
    assert "musep2p join" in error["hint"]


def test_a_cloned_state_folder(farm):
    """A copy of a running peer's folder on the same LAN: the later one refuses to start."""
    farm.start("p1")
    farm.wait_up(1, "p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.kill("p2", signal.SIGINT)
    farm.processes["p2"].wait(20)
    copy = farm.base / "copy"
    (copy / "spool").mkdir(parents=True)
    for name in ("peer.json", "journal.log"):
        (copy / name).write_bytes((farm.base / "p2" / name).read_bytes())
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    done = farm.run("join", "--no-mdns", "--state", copy, "--peer", farm.addresses["p1"], timeout_s=30)

    assert done.returncode != 0
    assert "cloned state folder" in done.stderr
