"""Hosts that stand still, are off, or hear only some of the others: the batch completes, each index with one result."""

import json
import signal

import pytest

from tests.live.farm import Farm, until
from tests.live.lan import Lan
from tests.live.test_lan import lan_or_skip

pytestmark = [pytest.mark.lan, pytest.mark.timeout(240)]
HOSTS = 4
TASKS = 160
BATCH = f"name: many\nengine: sleep\nprompt: many\nparams: {{ms: 300, random: true}}\nseeds: {{count: {TASKS}}}\n"


@pytest.fixture
def lan():
    lan_or_skip()
    with Lan(HOSTS) as made:
        yield made


@pytest.fixture
def farm(lan, tmp_path):
    """Four hosts with a store that work on a batch submitted at the second."""
    made = Farm(tmp_path)
    try:
        for host in range(1, HOSTS + 1):
            join(made, lan, host)
        for host in range(1, HOSTS + 1):
            made.ready(f"h{host}")
        for host in range(1, HOSTS + 1):
            made.wait_up(HOSTS, f"h{host}", prefix=lan.on(host))
        made.run("submit", "--detach", made.batch(BATCH), state="h2", prefix=lan.on(2), check=0)
        yield made
    finally:
        lan.heal()
        made.close()


def join(farm, lan, host):
    farm.start(f"h{host}", listen=None, mdns=True, prefix=lan.on(host), wait=False)


def done(farm, lan, host):
    return farm.status(f"h{host}", "many", prefix=lan.on(host)).get("done", 0)


def submit(farm, lan, name, *, ms):
    text = BATCH.replace("name: many", f"name: {name}").replace("ms: 300", f"ms: {ms}")
    farm.run("submit", "--detach", farm.batch(text, f"{name}.yaml"), state="h2", prefix=lan.on(2), check=0)
    for host in (1, 4):
        until(lambda host=host: farm.status(f"h{host}", name, prefix=lan.on(host)), f"h{host} has heard of it")


def under_way(farm, lan, count=16):
    until(lambda: done(farm, lan, 1) >= count, "it is under way")


def shown(farm, lan, host, name="many"):
    """What a host shows once the batch is complete; nothing while it has not heard of all results itself."""
    farm.run("watch", name, state=f"h{host}", prefix=lan.on(host), check=0, timeout_s=90)
    rows = farm.results(f"h{host}", name, prefix=lan.on(host))
    if [row["index"] for row in rows] != list(range(TASKS)):
        return ""
    return json.dumps([(row["index"], row["digest"], row["peer"]) for row in rows])


def show_the_same(farm, lan, one, other, name="many"):
    """Complete at both, and soon with the same results: what was made twice is known to both by then."""
    until(lambda: shown(farm, lan, one, name) == shown(farm, lan, other, name) != "", "both show the same")


def show_what_was_made_twice(farm, lan, host, other):
    """It is counted at both, and of one such task both name the same result, of several with other bytes."""
    rows = [farm.results(f"h{h}", "many", prefix=lan.on(h)) for h in (host, other)]
    told = [farm.status(f"h{h}", "many", prefix=lan.on(h))["again"] for h in (host, other)]
    assert told[0] == told[1] > 0
    stories = (farm.ask("why", "many", str(row["index"]), state=f"h{host}", prefix=lan.on(host)) for row in rows[0])
    story = next(story for story in stories if story["made"])
    digests = [made["digest"] for made in story["made"]]
    counting = [made["digest"] for made in story["made"] if made["counts"]]

    assert len(set(digests)) >= 2
    assert counting == [min(digests)] == [row[story["index"]]["digest"] for row in rows[:1]]


def test_the_submitter_is_off_right_after_accepted(farm, lan):
    """Recipe and will were at two others before that was said."""
    lan.cut_power(2)

    show_the_same(farm, lan, 1, 4)


def test_all_lose_their_power_and_are_started_again(farm, lan):
    """What was finished is not rendered again, but for what no disk had yet."""
    under_way(farm, lan, 40)
    for host in range(1, HOSTS + 1):
        farm.kill(f"h{host}", signal.SIGKILL)
    for host in range(1, HOSTS + 1):
        join(farm, lan, host)
    for host in range(1, HOSTS + 1):
        farm.ready(f"h{host}")

    show_the_same(farm, lan, 1, 3)


def test_two_halves_that_hear_nothing_of_each_other(farm, lan):
    """Longer than it takes to be declared down: both go on, and afterwards show the same."""
    under_way(farm, lan)
    common = max(done(farm, lan, host) for host in (1, 4)) + HOSTS
    lan.partition((1, 2), (3, 4))
    for host, other in ((1, "h4"), (4, "h1")):
        until(lambda host=host, other=other: f"{other} is down" in farm.log(f"h{host}"), "the other side is down")
    before = [done(farm, lan, host) for host in (1, 4)]
    for place, host in enumerate((1, 4)):
        until(lambda place=place, host=host: done(farm, lan, host) > before[place] + 4, "each side goes on")
    both = TASKS + common  # by then each side has done what the other has, too, however slow the machine is
    until(lambda: done(farm, lan, 1) + done(farm, lan, 4) > both, "some was done on both sides", 60)
    lan.heal()

    show_the_same(farm, lan, 1, 4)
    show_what_was_made_twice(farm, lan, 1, 4)


def test_a_host_that_stands_still_and_goes_on(farm, lan):
    """Its system answers for it, but not its loop: what it held is done by others, and what it brings harms nothing."""
    under_way(farm, lan)
    lan.freeze(3)
    until(lambda: "h3 is down" in farm.log("h1"), "it is declared down")
    lan.thaw(3)

    show_the_same(farm, lan, 1, 3)
    assert "stood still" in farm.log("h3")


def test_a_host_that_is_cut_off_and_returns(farm, lan):
    """Alone it goes on with what it has; its finished results are accepted."""
    under_way(farm, lan)
    lan.partition((1, 2, 3), (4,))
    until(lambda: "h4 is down" in farm.log("h1"), "it is declared down")
    lan.heal()

    show_the_same(farm, lan, 1, 4)


def test_some_hear_less_than_others(farm, lan):
    """For longer than a batch takes: nobody goes round in circles."""
    cases = {"one-way": [(1, 3)], "both-ways": [(1, 3), (3, 1)], "mute": [(2, 1), (2, 3), (2, 4)]}
    for name, pairs in cases.items():
        submit(farm, lan, name, ms=150)
        lan.cut(*pairs)
        assert shown(farm, lan, 4, name), name
        lan.heal()
        show_the_same(farm, lan, 1, 3, name)


def test_a_link_that_comes_and_goes(farm, lan):
    """Two seconds up, two seconds down."""
    under_way(farm, lan)
    for _ in range(4):
        lan.partition((1, 2, 3), (4,))
        seen = done(farm, lan, 1)
        until(lambda seen=seen: done(farm, lan, 1) >= min(TASKS, seen + 12), "some time passes")
        lan.heal()
        seen = done(farm, lan, 1)
        until(lambda seen=seen: done(farm, lan, 1) >= min(TASKS, seen + 12), "some time passes")

    show_the_same(farm, lan, 1, 4)


def test_frames_that_are_lost(farm, lan):
    """Slower, with nothing failed."""
    for share in (0.05, 0.2, 0.5):
        name = f"lost-{share:.0%}"
        lan.loss(share)
        submit(farm, lan, name, ms=100)
        farm.run("watch", name, state="h1", prefix=lan.on(1), check=0, timeout_s=180)
        lan.heal()
        show_the_same(farm, lan, 1, 4, name)
