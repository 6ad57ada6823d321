"""Machines and networks that are odd rather than dead: clocks, addresses, thin lines, other versions, strangers."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.live.farm import CLEAN, FARM, MUSEP2P, Farm, until
from tests.live.lan import Lan
from tests.live.switch import SlowLan, why_no_switch
from tests.live.test_lan import lan_or_skip
from tests.live.test_lan_faults import done, join, show_the_same, under_way

pytestmark = [pytest.mark.lan, pytest.mark.timeout(300)]
TASKS = 160  # as in the checks of test_lan_faults
BATCH = f"name: many\nengine: sleep\nprompt: many\nparams: {{ms: 200}}\nseeds: {{count: {TASKS}}}\n"
ODD = Path(__file__).parent / "odd"


@pytest.fixture
def lan(request):
    lan_or_skip()
    with Lan(getattr(request, "param", 4)) as made:
        yield made


@pytest.fixture
def farm(lan, tmp_path):
    made = Farm(tmp_path)
    try:
        yield made
    finally:
        made.close()


def start_all(farm, lan, odd=()):
    """A peer on each host that is not odd; they are up."""
    plain = [host for host in range(1, lan.count + 1) if host not in odd]
    for host in plain:
        join(farm, lan, host)
    for host in plain:
        farm.ready(f"h{host}")
    all_up(farm, lan, len(plain))


def start_odd(farm, lan, host, before=(), **env):
    farm.start(
        f"h{host}", listen=None, mdns=True, prefix=[*lan.on(host), *before],
        env={"PYTHONPATH": str(ODD), **env},
    )  # fmt: skip


def all_up(farm, lan, count, at=1, **kw):
    return farm.wait_up(count, f"h{at}", prefix=lan.on(at), **kw)


def submit(farm, lan, host=1, text=BATCH, *, name="batch.yaml"):
    farm.run("submit", "--detach", farm.batch(text, name), state=f"h{host}", prefix=lan.on(host), check=0)


def test_another_version_is_refused_in_one_line(farm, lan):
    """Both sides say what to do, and those that speak the same go on."""
    start_all(farm, lan, odd=[4])
    start_odd(farm, lan, 4, ODD_VERSION="1")
    until(lambda: "Install the same musep2p on both" in farm.log("h4"), "it is told why")
    submit(farm, lan)

    show_the_same(farm, lan, 1, 3)
    assert sum("Install the same musep2p" in line for line in farm.log("h4").splitlines()) <= 3
    assert len(farm.peers("h1", prefix=lan.on(1))) == 3


def test_clocks_that_are_wrong_and_are_set_back(farm, lan):
    """An hour ahead, an hour behind, a day longer up, and set back by two hours in the middle: it does not matter."""
    start_all(farm, lan, odd=[2, 3, 4])
    clocks = {host: farm.base / f"clock{host}" for host in (2, 3)}
    for host, wrong_s in ((2, 3600), (3, -3600)):
        clocks[host].write_text(str(wrong_s))
        start_odd(farm, lan, host, ODD_CLOCK=str(clocks[host]))
    start_odd(farm, lan, 4, before=["unshare", "--time", "--fork", "--monotonic", "86400", "--boottime", "86400"])
    all_up(farm, lan, 4)
    submit(farm, lan)
    under_way(farm, lan)
    clocks[2].write_text("-3600")

    show_the_same(farm, lan, 1, 2)
    show_the_same(farm, lan, 3, 4)
    assert not any("is down" in farm.log(f"h{host}") for host in range(1, 5))


def test_a_loop_that_is_stuck_while_threads_go_on(farm, lan):
    """Its system and its sockets answer; nobody is fooled, and what it says afterwards harms nothing."""
    start_all(farm, lan, odd=[3])
    start_odd(farm, lan, 3, ODD_STUCK="12")
    all_up(farm, lan, 4)
    submit(farm, lan)
    under_way(farm, lan)
    stuck = time.monotonic()
    farm.kill("h3", signal.SIGUSR1)
    until(lambda: "h3 is down" in farm.log("h1"), "it is declared down")
    noticed_s = time.monotonic() - stuck
    until(lambda: "stood still" in farm.log("h3"), "it goes on")

    show_the_same(farm, lan, 1, 3)
    assert noticed_s < 9


def test_a_machine_that_comes_back_with_another_address(farm, lan):
    """And two whose addresses were exchanged: each is known again as who it is, and gets what is meant for it."""
    start_all(farm, lan)
    submit(farm, lan)
    under_way(farm, lan)
    for host in (2, 3, 4):
        lan.cut_power(host)
        farm.processes[f"h{host}"].wait()
        lan.plug_in(host)
    for host, address in ((2, "10.77.0.99"), (3, lan.address(4)), (4, lan.address(3))):
        lan.readdress(host, address)
    began = time.monotonic()
    for host in (2, 3, 4):
        join(farm, lan, host)
    for host in (2, 3, 4):
        farm.ready(f"h{host}")
    all_up(farm, lan, 4)
    took_s = time.monotonic() - began
    addresses = {peer["name"]: peer["address"].rsplit(":", 1)[0] for peer in farm.peers("h1", prefix=lan.on(1))}

    show_the_same(farm, lan, 1, 4)
    assert addresses == {"h1": lan.address(1), "h2": "10.77.0.99", "h3": lan.address(4), "h4": lan.address(3)}
    assert took_s < 15


def test_a_machine_behind_a_thin_line(farm, lan):
    """One Mbit/s: the others are not held up, and it is nobody's fault."""
    start_all(farm, lan)
    lan.slow_down(4, 1000)
    submit(farm, lan)

    show_the_same(farm, lan, 1, 4)
    assert "is down" not in farm.log("h1")
    assert farm.status("h1", "many", prefix=lan.on(1))["seconds"] < 1.5 * TASKS * 0.2 / 3


def test_frames_that_come_late_twice_and_in_another_order(tmp_path):
    """Between a tenth and three tenths of a second on every line."""
    lan_or_skip(why_no_switch())
    farm = Farm(tmp_path)
    with SlowLan(4) as lan, contextlib.closing(farm):
        start_all(farm, lan)
        lan.delay_s, lan.jitter_s, lan.twice = 0.2, 0.1, 0.05
        submit(farm, lan)
        under_way(farm, lan)
        show_the_same(farm, lan, 1, 4)
        lan.heal()
        show_the_same(farm, lan, 2, 3)

        assert "is down" not in farm.log("h1")


@pytest.mark.crowd
def test_two_thousand_peers_that_do_not_exist(farm, lan):
    """Announced by a stranger, with one that says a real peer's address: real peers stay connected and finish."""
    start_all(farm, lan, odd=[4])
    port = int(farm.addresses["h1"].rsplit(":", 1)[1])
    rogue = subprocess.Popen(
        [*lan.on(4), sys.executable, ODD.parent / "rogue.py", lan.address(4), FARM, "2000", f"{lan.address(1)}:{port}"],
        stdout=subprocess.PIPE, text=True, env=CLEAN,
    )  # fmt: skip
    try:
        assert rogue.stdout.readline() == "announced\n"
        submit(farm, lan)
        under_way(farm, lan)
        longest_s = max(timed(lambda: farm.status("h1", "many", prefix=lan.on(1))) for _ in range(10))
        process = psutil.Process(farm.processes["h1"].pid)
        open_links = len(process.net_connections("tcp"))
        memory_mb = process.memory_info().rss >> 20
        show_the_same(farm, lan, 1, 3)
    finally:
        rogue.kill()
        rogue.wait()

    assert longest_s < 2 and open_links < 400 and memory_mb < 300
    assert not any("is down" in farm.log(f"h{host}") for host in (1, 2, 3))


def timed(ask):
    began = time.monotonic()
    assert ask()
    return time.monotonic() - began


@pytest.mark.parametrize("lan", [6], indirect=True)
def test_three_parts_that_hear_nothing_of_each_other(farm, lan):
    """All three go on; afterwards all show the same."""
    start_all(farm, lan)
    submit(farm, lan)
    under_way(farm, lan)
    lan.partition((1, 2), (3, 4), (5, 6))
    for host, others in ((1, "h3 h5"), (3, "h1 h5"), (5, "h1 h3")):
        for other in others.split():
            until(lambda host=host, other=other: f"{other} is down" in farm.log(f"h{host}"), "others are down")
    lan.heal()

    show_the_same(farm, lan, 1, 3)
    show_the_same(farm, lan, 1, 6)


def test_two_halves_that_have_never_met(farm, lan):
    """Each is a farm of its own, and one farm half a minute after they are connected."""
    lan.partition((1, 2), (3, 4))
    for host in range(1, 5):
        join(farm, lan, host)
    for host in range(1, 5):
        farm.ready(f"h{host}")
    for host in (1, 3):
        all_up(farm, lan, 2, host)
        assert len(farm.peers(f"h{host}", prefix=lan.on(host))) == 2
    submit(farm, lan, 1)
    under_way(farm, lan)
    lan.heal()
    for host in (1, 3):
        all_up(farm, lan, 4, host)

    show_the_same(farm, lan, 1, 4)


def acting_on_it(farm, lan, submitter):
    """The host that accounts for a batch that is under way."""
    start_all(farm, lan)
    submit(farm, lan, submitter)
    under_way(farm, lan)
    return int(farm.status("h1", "many", prefix=lan.on(1))["guardian"][1:])


def test_submitter_and_acting_guardian_die_together(farm, lan):
    """With their disks: whoever is left has all that was accepted."""
    guardian = acting_on_it(farm, lan, 2)
    gone = {2, guardian} if guardian != 2 else {2, 3}
    for host in gone:
        farm.kill(f"h{host}")
        shutil.rmtree(farm.base / f"h{host}")
    one, other = sorted(set(range(1, 5)) - gone)[:2]

    show_the_same(farm, lan, one, other)


def test_acting_guardian_and_store_are_gone_together(farm, lan):
    """The others go on with what waits in their spools, and store it when the store is back."""
    guardian = acting_on_it(farm, lan, 1)
    (farm.base / "store").rename(farm.base / "elsewhere")
    farm.kill(f"h{guardian}")
    one, other = [host for host in range(1, 5) if host != guardian][:2]
    seen = done(farm, lan, one)
    until(lambda: done(farm, lan, one) > seen + 10, "they go on")
    for left in (farm.base / "store").rglob("*"):
        assert left.is_dir(), "nothing is put where the store is not"
    if (farm.base / "store").exists():
        (farm.base / "store").rename(farm.base / "empty")
    (farm.base / "elsewhere").rename(farm.base / "store")

    show_the_same(farm, lan, one, other)


def test_equal_work_submitted_at_two_peers_at_once(farm, lan):
    """Two names for one content are one batch; two batches that share pictures have one object for each."""
    start_all(farm, lan)
    paint = "name: {}\nprompt: a quiet harbour\nsize: 128x128\nseeds: {{count: {}}}\n"
    commands = [
        [*lan.on(host), *MUSEP2P, "submit", farm.batch(paint.format(name, count), f"{name}.yaml"), "--state",
         farm.base / f"h{host}"]
        for host, name, count in ((1, "one", 12), (2, "two", 12), (3, "three", 16))
    ]  # fmt: skip
    env = {**CLEAN, "MUSEP2P_FARM": FARM}
    running = [subprocess.Popen([str(part) for part in command], env=env) for command in commands]
    assert [process.wait(90) for process in running] == [0, 0, 0]
    twelve, sixteen = (farm.results("h4", name, prefix=lan.on(4)) for name in ("last", "three"))
    objects = list((farm.base / "store" / "objects").rglob("*.png"))

    assert [row["digest"] for row in sixteen[: len(twelve)]] == [row["digest"] for row in twelve]
    assert len(objects) == 16
    assert len(json.loads(farm.run("status", "--json", state="h4", prefix=lan.on(4), check=0).stdout)) >= 1


@pytest.mark.crowd
@pytest.mark.parametrize("lan", [30], indirect=True)
def test_thirty_start_at_once_and_half_leave_at_once(farm, lan):
    """They find each other, and no task is lost."""
    start_all(farm, lan)
    submit(farm, lan)
    under_way(farm, lan)
    for host in range(16, 31):
        farm.kill(f"h{host}", signal.SIGTERM)

    show_the_same(farm, lan, 1, 15)
