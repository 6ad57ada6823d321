"""A NAS that fails in every way it can: nothing is called safe that is not there, and nothing is lost."""

import os

import pytest

from tests.live.farm import Farm, until
from tests.live.share import Share, why_no_share

COUNT = 40
BATCH = "name: {}\nengine: sleep\nparams: {{ms: 150, distinct: true}}\nseeds: {{count: {}, from: {}}}\n"


@pytest.fixture
def share(tmp_path):
    reason = why_no_share()
    if reason:
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with Share(tmp_path) as made:
        yield made


@pytest.fixture
def farm(share, tmp_path):
    """Two peers on that share, with a batch of which some is safe."""
    made = Farm(tmp_path)
    try:
        made.start("p1")
        made.start("p2", "--peer", made.addresses["p1"])
        made.wait_up(2, "p1")
        made.wait_up(2, "p2")
        under_way(made, "many")
        yield made
    finally:
        share.fails()
        made.close()


def under_way(farm, name, number=0):
    """A batch of outputs that no other number has; some of them are safe."""
    text = BATCH.format(name, COUNT, 1 + 1000 * number)
    farm.run("submit", "--detach", farm.batch(text, f"{name}.yaml"), state="p1", check=0)
    until(lambda: farm.status("p1", name).get("safe", 0) >= 4, f"some of {name} are safe")


def whole(farm, share, name="many", *, tidy=True):
    """The batch completes; every index has one result, and every object is what its name says.

    `tidy`: nothing is left half-written, as by a helper that was left behind while it wrote.
    """
    farm.run("watch", name, state="p1", check=0, timeout_s=90)
    rows = farm.results("p1", name)
    assert [row["index"] for row in rows] == list(range(COUNT))
    farm.run("verify", name, "--store", share.path, check=0)
    until(lambda: not tidy or not list(share.backing.glob("objects/*/*/.tmp-*")), "nothing is left half-written")
    return rows


@pytest.mark.parametrize(
    "failures",
    [
        "write ENOSPC, fsync EIO, all ESTALE, create EROFS",
        "write EDQUOT, fsync ENOSPC, flush EDQUOT, create EACCES",
    ],
)
def test_what_cannot_be_stored_waits(farm, share, failures):
    """All is rendered meanwhile, and stored once the share is well again; a failed fsync is not believed later.

    One failure after the other, each in the middle of a batch.
    """
    for number, failure in enumerate(failures.split(", "), 1):
        operation, error = failure.split()
        name, said = f"{operation}-{error}".lower(), [len(farm.log(peer)) for peer in ("p1", "p2")]
        under_way(farm, name, number)
        share.fails(**{operation: {"errno": error}})
        until(lambda name=name: farm.status("p1", name)["done"] == COUNT, "all are rendered", 60)
        waiting = farm.status("p1", name)
        share.fails()
        whole(farm, share, name, tidy=False)

        assert waiting["safe"] < COUNT, failure
        assert "the store is away" in farm.log("p1")[said[0] :] + farm.log("p2")[said[1] :], failure


def test_errors_now_and_then(farm, share):
    """Three of ten writes and renames fail: what is unknown is looked at again, and done again."""
    for number, error in enumerate(("EIO", "ESTALE", "ETIMEDOUT", "ENOTCONN"), 1):
        rule, name = {"errno": error, "p": 0.3}, error.lower()
        under_way(farm, name, number)
        share.fails(write=rule, fsync=rule, link=rule, rename=rule)
        until(lambda name=name: farm.status("p1", name)["done"] == COUNT, "all are rendered", 60)
        share.fails()
        whole(farm, share, name)


def test_a_presence_file_that_cannot_be_written(farm, share):
    """The store was away and is there but for that; once that is well too, everything is stored."""
    share.fails(all={"errno": "ESTALE"})
    until(lambda: farm.log("p1").count("the store is away") == 1, "it is noticed", 60)
    share.fails(create={"errno": "EIO", "path": "/peers/"})
    until(lambda: farm.log("p1").count("the store is away") >= 2, "the announcement failed", 60)
    share.fails()
    whole(farm, share)


def test_a_peer_that_is_started_meanwhile(farm, share):
    """It joins, waits for its share, and uses it as soon as that is well."""
    gone = {"write": {"errno": "ENOSPC"}}, {"all": {"errno": "ENOTCONN"}}, {"all": {"hang": True}}
    for peer, rule in zip(("full", "away", "hangs"), gone, strict=True):
        share.fails(**rule)
        farm.start(peer, "--peer", farm.addresses["p1"])
        if peer != "hangs":  # that is known after its deadline only
            until(lambda peer=peer: "the store is away" in farm.log(peer), "it is said", 60)
        farm.wait_up(3, peer, store=False)
        share.fails()
        until(lambda peer=peer: "the store is there" in farm.log(peer), "it is used", 60)
        farm.kill(peer)
    whole(farm, share, tidy=False)


def test_a_share_that_hangs_for_a_while(farm, share):
    """No peer looks dead, faces are answered, rendering goes on; all is safe soon after."""
    share.fails(all={"hang": True})
    until(lambda: farm.status("p1")["done"] == COUNT, "all are rendered", 60)
    waiting = farm.status("p1")
    share.fails()
    whole(farm, share)

    assert waiting["safe"] < COUNT
    assert " is down" not in farm.log("p1") + farm.log("p2")


def test_a_server_that_is_killed_and_is_back(farm, share):
    """In the middle of writes. What was put is found, the rest is put again."""
    share.crash()
    until(lambda: farm.status("p1")["done"] == COUNT, "all are rendered", 60)
    share.serve()
    whole(farm, share)


def test_names_that_others_see_late(farm, share):
    """As on NFS: what was made is there for nobody for two seconds. Nothing is rendered again for that."""
    share.fails(rename={"hidden_s": 2, "path": "objects"}, link={"hidden_s": 2, "path": "objects"})
    rows = whole(farm, share)

    assert {row["attempt"] for row in rows} == {1}


def test_bytes_that_are_not_what_was_written(farm, share):
    """Read again before they are called safe: found, set aside, and written anew."""
    for number, (name, rule) in enumerate((("flipped", {"flip": True}), ("short", {"short": 0.5})), 1):
        under_way(farm, name, number)
        share.fails(write={**rule, "times": 3, "path": "objects"})
        whole(farm, share, name)
