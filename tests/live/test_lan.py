"""Real hosts in network namespaces: discovery by mDNS, by one address, by the store and by word of mouth; deaths."""

import os
import signal

import pytest

from tests.live.farm import Farm, until
from tests.live.lan import Lan, why_not

pytestmark = [pytest.mark.lan, pytest.mark.timeout(180)]
HOSTS = 8
BATCH = "name: many\nengine: sleep\nparams: {ms: 50}\nseeds: {count: 160}\n"
LONG = BATCH.replace("ms: 50", "ms: 150")


def lan_or_skip(reason=""):
    """Fail in CI where no hosts can be made, or for another reason; skip elsewhere."""
    reason = why_not() or reason
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must run the LAN tests, but {reason}")
    if reason:
        pytest.skip(reason)


@pytest.fixture
def lan():
    lan_or_skip()
    with Lan(HOSTS) as made:
        yield made


@pytest.fixture
def farm(lan, tmp_path):
    made = Farm(tmp_path)
    yield made
    made.close()


def join_all(farm, lan, *options, mdns=True, first=(), count=HOSTS, store=True):
    """A peer on each host; `options` for all but the first, `first` for it."""
    for host in range(1, count + 1):
        extra = first if host == 1 else options
        farm.start(f"h{host}", *extra, listen=None, mdns=mdns, prefix=lan.on(host), wait=False, store=store)
    for host in range(1, count + 1):
        farm.ready(f"h{host}")


def all_see_all(farm, lan, count=HOSTS, timeout_s=40):
    """Each peer says of each other that it is up."""
    for host in range(1, count + 1):
        until(
            lambda host=host: farm.log(f"h{host}").count(" is up at ") >= count - 1,
            f"h{host} sees all: {farm.log(f'h{host}')}",
            timeout_s,
        )


def submit_and_check(farm, lan, host, total=160):
    """A batch submitted on this host is done once each, by all."""
    farm.wait_idle(f"h{host}", prefix=lan.on(host), env={"MUSEP2P_LISTEN": ""})
    farm.run("submit", farm.batch(BATCH), state=f"h{host}", prefix=lan.on(host), env={"MUSEP2P_LISTEN": ""}, check=0)
    rows = farm.results(f"h{host}", prefix=lan.on(host))
    assert [row["index"] for row in rows] == list(range(total))
    return {row["peer"] for row in rows}


def test_eight_hosts_find_each_other_by_mdns_alone(farm, lan):
    """No address is named anywhere; a batch submitted at any host is worked on by all, also where no peer runs."""
    join_all(farm, lan, count=HOSTS - 1)
    all_see_all(farm, lan, count=HOSTS - 1)
    farm.wait_up(HOSTS - 1, "h5", prefix=lan.on(5))

    assert len(submit_and_check(farm, lan, 5)) == HOSTS - 1
    farm.base.joinpath("batch.yaml").unlink()
    again = farm.batch(BATCH.replace("many", "more").replace("sleep", "sleep\nprompt: more"))
    on_eight = {"prefix": lan.on(HOSTS), "env": {"MUSEP2P_LISTEN": ""}}
    done = farm.run("submit", again, state="nobody", check=0, **on_eight)
    assert "160/160 safe" in done.stderr and "farm of one" not in done.stderr


def test_one_address_is_enough_where_multicast_is_dropped(farm, lan):
    """All know host 1 only; the rest goes by word of mouth. No store is shared before they meet."""
    lan.block_multicast()
    join_all(farm, lan, "--peer", f"{lan.address(1)}:7340", count=4, store=False)
    all_see_all(farm, lan, count=4)


def test_the_store_alone_is_enough(farm, lan):
    """No mDNS, no address: presence files on the NAS introduce the peers."""
    lan.block_multicast()
    join_all(farm, lan, mdns=False, count=3)
    all_see_all(farm, lan, count=3)


@pytest.mark.parametrize("victim", ["worker", "submitter"])
def test_a_killed_host_costs_no_task(farm, lan, victim):
    """kill -9 half way, of a host that works or of the one that submitted: every index has one result."""
    join_all(farm, lan)
    all_see_all(farm, lan)
    farm.wait_up(HOSTS, "h2", prefix=lan.on(2))
    farm.run("submit", "--detach", farm.batch(LONG), state="h2", prefix=lan.on(2), check=0)
    until(lambda: farm.status("h1", prefix=lan.on(1)).get("safe", 0) >= 40, "half is done")
    farm.kill("h2" if victim == "submitter" else "h7", signal.SIGKILL)
    farm.run("watch", "many", state="h1", prefix=lan.on(1), check=0)
    rows = farm.results("h1", prefix=lan.on(1))

    assert [row["index"] for row in rows] == list(range(160))
    assert "refuses the connection" in farm.log("h1")


def test_a_power_cut_and_lost_frames(farm, lan):
    """A host vanishes without a word while a tenth of all frames is lost: slower, not poorer."""
    join_all(farm, lan, count=4)
    all_see_all(farm, lan, count=4)
    farm.wait_up(4, "h1", prefix=lan.on(1))
    farm.run("submit", "--detach", farm.batch(LONG), state="h1", prefix=lan.on(1), check=0)
    until(lambda: farm.status("h1", prefix=lan.on(1)).get("safe", 0) >= 30, "some are done")
    lan.loss(0.1)
    lan.cut_power(3)
    farm.run("watch", "many", state="h1", prefix=lan.on(1), check=0, timeout_s=120)
    rows = farm.results("h1", prefix=lan.on(1))

    assert [row["index"] for row in rows] == list(range(160))
