"""Strangers at a peer's port: thousands of silent connections, and messages of any size.

By hand: `bin/test tests/live/test_flood.py -m long`.
"""

import contextlib
import socket
import time

import psutil
import pytest
import zmq

from tests.live.farm import files, until

pytestmark = [pytest.mark.crowd, pytest.mark.timeout(180)]
SILENT = 10_000


@pytest.fixture
def many_files():
    """As many open files as the system allows us: each connection is one."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < SILENT + 500:
        pytest.skip(f"only {hard} open files are allowed here")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def answered(farm, rounds=10):
    """The longest time that a peer took to say how its batch goes, and how many attempts got no answer."""
    longest_s = 0.0
    for _ in range(rounds):
        began = time.monotonic()
        assert farm.status("p1")
        longest_s = max(longest_s, time.monotonic() - began)
    return longest_s


def memory_mb(farm):
    return psutil.Process(farm.processes["p1"].pid).memory_info().rss >> 20


def test_ten_thousand_silent_connections(farm, many_files):
    """The honest are answered meanwhile, work goes on, and the silent are let go after two seconds."""
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.run("submit", "--detach", farm.batch(files(60)), state="p1", check=0)
    usual_s, before_mb = answered(farm), memory_mb(farm)
    host, port = farm.addresses["p1"].rsplit(":", 1)
    process = psutil.Process(farm.processes["p1"].pid)
    with contextlib.ExitStack() as silent:
        opened = 0
        for _ in range(SILENT):
            sock = silent.enter_context(socket.socket())
            sock.setblocking(False)
            opened += sock.connect_ex((host, int(port))) in (0, 115)
        held = process.num_fds()
        longest_s, after_mb = answered(farm), memory_mb(farm)
        farm.run("watch", "cities", state="p1", check=0, timeout_s=90)
    until(lambda: process.num_fds() < 500, "the silent are let go", 30)

    assert opened == SILENT and held > SILENT / 10  # of those that came first some were let go already
    assert longest_s < usual_s + 1, f"{usual_s:.2f} s became {longest_s:.2f} s"
    assert after_mb < before_mb + 50
    assert "is down" not in farm.log("p1") + farm.log("p2")


def test_a_message_that_is_too_long(farm):
    """It is never taken in: the connection is closed when its length is said, and others go on."""
    farm.start("p1")
    before_mb = memory_mb(farm)
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.setsockopt(zmq.LINGER, 0)
    dealer.connect(f"tcp://{farm.addresses['p1']}")
    try:
        long = bytes(256 << 20)
        for _ in range(4):  # a gigabyte
            dealer.send(long)
        peaks = []
        for _ in range(20):
            peaks.append(memory_mb(farm))
            assert farm.run("peers", "--json", state="p1", check=0)
        assert max(peaks) < before_mb + 50
    finally:
        context.destroy(linger=0)
