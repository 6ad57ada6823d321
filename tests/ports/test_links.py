"""The links of the shell: real sockets on the loopback, and what they promise."""

import asyncio
import errno
import socket
import sys
from pathlib import Path

import pytest
import zmq

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.ids import Incarnation, PeerId
from musep2p.core.messages import Envelope
from musep2p.core.requests import Answer, PeersAsk, Request, StatusList
from musep2p.errors import ConfigError
from musep2p.net.links import ZmqLinks, peer_address
from musep2p.platforms import links_max
from musep2p.wire.codec import CONTROL_BYTES_MAX, decode, encode


def envelope(body):
    return Envelope(PeerId("1" * 16), Incarnation(1, "0" * 8), None, "", body)


class End:
    """One peer's links, and what came of them."""

    def __init__(self, port=0, **options):
        self.events, self.told = asyncio.Queue(), []
        self.links = ZmqLinks("127.0.0.1", port, self.events.put_nowait, self.tell, **options)
        self.address = f"127.0.0.1:{self.links.port}"

    def tell(self, level, text):
        self.told.append(text)

    async def next(self):
        return await asyncio.wait_for(self.events.get(), 10)


def run(scenario, count=2):
    """Run a coroutine over some ends, on the loop that peers use."""

    async def whole():
        ends = [End() for _ in range(count)]
        try:
            await scenario(*ends)
        finally:
            for end in ends:
                end.links.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(whole())


def test_envelopes_arrive_in_order_with_the_host_that_the_link_proves():
    """Who a message is from is what the link proves, never what it says."""

    async def scenario(one, two):
        for number in range(300):
            one.links.send(two.address, envelope(m.Taken(number)))
        got = [await two.next() for _ in range(300)]

        assert [event.envelope.body.number for event in got] == list(range(300))
        assert {event.host for event in got} == {"127.0.0.1"}

    run(scenario)


def test_what_is_large_goes_by_the_bulk_link():
    """Three megabytes arrive, and control messages need not wait behind them."""

    async def scenario(one, two):
        addresses = tuple(f"{'x' * 290}{i}" for i in range(250))
        big = envelope(m.Wills((), ())), envelope(m.Addresses(addresses))
        for message in big:
            one.links.send(two.address, message, two.links.bulk_port)
        got = {type((await two.next()).envelope.body) for _ in big}

        assert got == {m.Wills, m.Addresses}

    run(scenario)


def test_faces_and_strangers_are_answered_on_their_own_link():
    """A request comes with the way back."""

    async def scenario(one):
        dealer = zmq.Context.instance().socket(zmq.DEALER)
        dealer.connect(f"tcp://{one.address}")
        dealer.send(encode(Request(1, "x", 5, PeersAsk())))
        asked = await one.next()
        one.links.reply(asked.via, Answer(5, StatusList([])))
        assert await asyncio.to_thread(dealer.poll, 10_000)
        assert decode(dealer.recv()) == Answer(5, StatusList([]))
        dealer.close(0)

    run(scenario, 1)


def test_a_process_that_is_gone_is_told_at_once():
    """Its connection closes and the next one is refused."""

    async def scenario(one, two):
        one.links.send(two.address, envelope(m.Goodbye()))
        await two.next()
        two.links.close()
        refused = await one.next()

        assert refused == ev.LinkRefused(two.address)

    run(scenario)


def test_a_process_that_dies_slowly_is_told_as_soon_as_it_refuses():
    """Its links close while its listening socket lives on for most of a second, as on a busy machine."""

    async def scenario(one, two):
        one.links.send(two.address, envelope(m.Goodbye()))
        await two.next()
        port = two.links.port
        two.links.close()
        with socket.create_server(("127.0.0.1", port)) as dying:
            first, _ = await asyncio.to_thread(dying.accept)
            await asyncio.sleep(0.85)  # the condition itself: it lives for so long
            assert one.events.empty()
            first.close()

        assert await one.next() == ev.LinkRefused(two.address)

    run(scenario)


def test_a_connection_reset_while_a_process_dies_is_tried_again(monkeypatch):
    """Between its accepting and its refusing lies a moment in which the system resets what it accepted."""
    real, resets = asyncio.open_connection, []

    async def reset_first(*where, **options):
        if len(resets) < 2:
            resets.append(where)
            raise ConnectionResetError
        return await real(*where, **options)

    async def scenario(one, two):
        one.links.send(two.address, envelope(m.Goodbye()))
        await two.next()
        two.links.close()

        assert await one.next() == ev.LinkRefused(two.address)
        assert len(resets) == 2

    monkeypatch.setattr(asyncio, "open_connection", reset_first)
    run(scenario)


def test_nobody_there_costs_nothing():
    """Sending never blocks and never raises; what found no room is lost."""

    async def scenario(one):
        for number in range(5000):
            one.links.send("127.0.0.1:9", envelope(m.Taken(number)))
        one.links.send("no address", envelope(m.Taken(1)))
        one.links.hang_up("127.0.0.1:9")

    run(scenario, 1)


def test_garbage_is_told_once_and_changes_nothing():
    """Bytes of another protocol, too large ones, too many frames."""

    async def scenario(one):
        dealer = zmq.Context.instance().socket(zmq.DEALER)
        dealer.connect(f"tcp://{one.address}")
        for _ in range(50):
            dealer.send(b"GET / HTTP/1.1\r\n\r\n")
            dealer.send_multipart([b"P", b"x", b"y"])
        dealer.send(encode(envelope(m.Goodbye())))
        event = await one.next()

        assert event.envelope.body == m.Goodbye()
        assert len([text for text in one.told if "no message of ours" in text]) == 1
        dealer.send(b"P" * (CONTROL_BYTES_MAX + 1))
        dealer.close(1000)

    run(scenario, 1)


def test_the_port_asked_for_or_the_next_free_pair():
    """One that is asked for and taken is an error; without a wish the next pair is taken."""

    async def scenario(one, two):
        assert one.links.bulk_port == one.links.port + 1
        assert two.links.port != one.links.port
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="cannot listen"):
            End(taken.getsockname()[1])

    run(scenario)


@pytest.mark.parametrize("text", ["", "7340", "host:", "host:x", "host:0", "host:70000", ":7340"])
def test_what_is_no_address_of_a_peer(text):
    """Said before anything is started."""
    with pytest.raises(ConfigError, match="HOST:PORT"):
        peer_address(text)


def test_links_that_are_not_used_make_room_for_others():
    """Systems limit how many there can be; who is spoken to again gets a new one."""

    async def scenario(one):
        few, others = End(most=4), [End() for _ in range(9)]
        others.append(one)
        try:
            for other in [*others, others[0]]:
                few.links.send(other.address, envelope(m.Goodbye()))
                await other.next()
                assert len(few.links._links) <= 4
            assert list(few.links._links) == [end.address for end in (*others[-3:], others[0])]
        finally:
            for end in (few, *others):
                end.links.close()

    run(scenario, 1)


def test_as_many_links_as_are_allowed_can_be_open():
    """ZeroMQ's own limit of sockets is not met first, though those that were closed go a little later."""

    async def scenario(one):
        many = End(most=links_max())
        try:
            for port in range(10_000, 10_000 + links_max() + 200):
                many.links.send(f"127.0.0.1:{port}", envelope(m.Goodbye()))
            assert len(many.links._links) == links_max() and many.told == []
        finally:
            many.links.close()

    run(scenario, 1)


def test_links_that_are_closed_but_not_gone_cost_no_others(monkeypatch):
    """On a busy machine ZeroMQ is behind: a burst is lost, and what was open stays open, but for a few."""

    async def scenario(one):
        many = End(most=100)
        monkeypatch.setattr(many.links, "_dealer", refused := Refused(many.links._dealer))
        try:
            for port in range(10_000, 10_080):
                many.links.send(f"127.0.0.1:{port}", envelope(m.Goodbye()))
            refused.full = True
            for port in range(11_000, 11_020):
                many.links.send(f"127.0.0.1:{port}", envelope(m.Goodbye()))
            refused.full = False
            many.links.send(one.address, envelope(m.Goodbye()))
            assert isinstance((await one.next()).envelope.body, m.Goodbye)
            assert len(many.links._links) == 80 - 16 + 1 and len(many.told) == 1
        finally:
            many.links.close()

    run(scenario, 1)


class Refused:
    """Makes sockets unless there are too many."""

    def __init__(self, make):
        self.make, self.full = make, False

    def __call__(self, **how):
        if self.full:
            raise zmq.ZMQError(errno.EMFILE)
        return self.make(**how)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_a_process_without_room_for_one_more_link_goes_on():
    """It says so once, and makes room by letting go of the oldest."""

    async def scenario(one):
        import resource

        many, limits = End(most=500), resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (sum(1 for _ in Path("/dev/fd").iterdir()) + 60, limits[1]))
        try:
            for port in range(10_000, 10_100):
                many.links.send(f"127.0.0.1:{port}", envelope(m.Goodbye()))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        many.links.send(one.address, envelope(m.Goodbye()))
        assert isinstance((await one.next()).envelope.body, m.Goodbye)
        assert len(many.told) == 1 and "open files" in many.told[0]
        many.links.close()

    run(scenario, 1)
