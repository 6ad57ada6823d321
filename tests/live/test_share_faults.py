"""A NAS that fails in every way it can: nothing is called safe that is not there, and nothing is lost."""

import os

import pytest

from tests.live.farm import Farm, until
from tests.live.share import Share, why_no_share

COUNT = 40
BATCH = f"name: many\nengine: sleep\nparams: {{ms: 150, distinct: true}}\nseeds: {{count: {COUNT}}}\n"


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
        made.run("submit", "--detach", made.batch(BATCH), state="p1", check=0)
        until(lambda: made.status("p1").get("safe", 0) >= 4, "some are safe")
        yield made
    finally:
        share.fails()
        made.close()


def whole(farm, share, *, tidy=True):
    """The batch completes; every index has one result, and every object is what its name says.

    `tidy`: nothing is left half-written, as by a helper that was left behind while it wrote.
    """
    farm.run("watch", "many", state="p1", check=0, timeout_s=90)
    rows = farm.results("p1")
    assert [row["index"] for row in rows] == list(range(COUNT))
    farm.run("verify", "many", "--store", share.path, check=0)
    until(lambda: not tidy or not list(share.backing.glob("objects/*/*/.tmp-*")), "nothing is left half-written")
    return rows


long = pytest.mark.long


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("write", "ENOSPC"),
        ("fsync", "EIO"),
        ("all", "ESTALE"),
        pytest.param("write", "EDQUOT", marks=long),
        pytest.param("fsync", "ENOSPC", marks=long),
        pytest.param("flush", "EDQUOT", marks=long),
        pytest.param("create", "EROFS", marks=long),
        pytest.param("create", "EACCES", marks=long),
    ],
)
def test_what_cannot_be_stored_waits(farm, share, operation, error):
    """All is rendered meanwhile, and stored once the share is well again; a failed fsync is not believed later."""
    share.fails(**{operation: {"errno": error}})
    until(lambda: farm.status("p1")["done"] == COUNT, "all are rendered", 60)
    waiting = farm.status("p1")
    share.fails()
    whole(farm, share, tidy=False)

    assert waiting["safe"] < COUNT
    assert "the store is away" in farm.log("p1") + farm.log("p2")


@pytest.mark.parametrize(
    "error",
    ["EIO", *(pytest.param(error, marks=long) for error in ("ESTALE", "ETIMEDOUT", "ENOTCONN"))],
)
def test_errors_now_and_then(farm, share, error):
    """Three of ten writes and renames fail: what is unknown is looked at again, and done again."""
    rule = {"errno": error, "p": 0.3}
    share.fails(write=rule, fsync=rule, link=rule, rename=rule)
    until(lambda: farm.status("p1")["done"] == COUNT, "all are rendered", 60)
    share.fails()
    whole(farm, share)


def test_a_presence_file_that_cannot_be_written(farm, share):
    """The store was away and is there but for that; once that is well too, everything is stored."""
    share.fails(all={"errno": "ESTALE"})
    until(lambda: farm.log("p1").count("the store is away") == 1, "it is noticed", 60)
    share.fails(create={"errno": "EIO", "path": "/peers/"})
    until(lambda: farm.log("p1").count("the store is away") >= 2, "the announcement failed", 60)
    share.fails()
    whole(farm, share)


@pytest.mark.parametrize(
    "rule",
    [{"write": {"errno": "ENOSPC"}}, {"all": {"errno": "ENOTCONN"}}, {"all": {"hang": True}}],
    ids=["full", "gone", "hangs"],
)
def test_a_peer_that_is_started_meanwhile(farm, share, rule):
    """It joins, waits for its share, and uses it as soon as that is well."""
    share.fails(**rule)
    farm.start("p3", "--peer", farm.addresses["p1"])
    if rule != {"all": {"hang": True}}:  # that is known after its deadline only
        until(lambda: "the store is away" in farm.log("p3"), "it is said", 60)
    farm.wait_up(3, "p3", store=False)
    share.fails()
    until(lambda: "the store is there" in farm.log("p3"), "it is used", 60)
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


@pytest.mark.parametrize("rule", [{"flip": True, "times": 3}, {"short": 0.5, "times": 3}], ids=["flipped", "short"])
def test_bytes_that_are_not_what_was_written(farm, share, rule):
    """Read again before they are called safe: found, set aside, and written anew."""
    share.fails(write={**rule, "path": "objects"})
    whole(farm, share)
