"""What faces print: times as ranges, rates of what is seen, the farm at a glance."""

import json

import pytest

from musep2p.cli.show import print_json_rows, time_left
from musep2p.cli.top import Rates, picture
from musep2p.core import requests as r
from musep2p.core.ids import BatchId, PeerId


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [
        (5, 5.2, "about 5 s"), (5, None, "about 5 s"), (0.2, 3, "at most 3 s"), (40, 70, "40 to 70 s"),
        (80, 130, "80 s to 2 min"), (240, 360, "4 to 6 min"), (5000, 9000, "83 min to 2.5 h"),
    ],
)  # fmt: skip
def test_time_left_is_a_range_where_it_is_one_to_the_eye(least, most, told):
    """The unit is said once where both ends have it."""
    assert time_left(least, most) == told


@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_are_one_json_array(capsys, count):
    """However many there are, and whatever is in them."""
    rows = [{"index": index, "name": "京都"} for index in range(count)]
    print_json_rows(iter(rows))

    assert json.loads(capsys.readouterr().out) == rows


def batch(safe, state="running", name="hotels"):
    return r.BatchStatus(
        BatchId("b" * 32), name, state, 100, safe, 0, 0, safe, 2, 98 - safe, "ann", 30.0, ["ann"], seconds_left_max=50.0
    )  # fmt: skip


def test_a_rate_is_of_the_last_seconds():
    """Twenty seconds are looked at; one look is no rate."""
    rates = Rates()
    seen = [rates.note(at, batch(safe)) for at, safe in ((0, 0), (10, 20), (30, 30), (40, 30))]

    assert seen == [0.0, 2.0, 0.5, 0.0]


def test_the_farm_at_a_glance():
    """Who does what; open batches come last, and of many only some are shown."""
    peers = [r.PeerView(PeerId("1" * 16), "ann", "10.0.0.1:7340", "up", "1.0", 2, [], 1.0, "ok", free=1, queued=40)]
    shown = picture([batch(100, "done", "old"), batch(30)], peers, {BatchId("b" * 32): 1.5})
    many = picture([batch(1, name=f"b{i}") for i in range(20)], peers, {})

    assert "ann   up     1/2   40      ok     hotels" in shown
    assert shown.index("old") < shown.index("hotels  bbbbbbbb")
    assert "30/100" in shown and "1.5" in shown and "30 to 50 s" in shown
    assert "and 8 more" in many
