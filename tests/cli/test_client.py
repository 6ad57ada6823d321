"""A face's link to a peer: whom it goes on asking when somebody is silent."""

import threading
import time

import pytest
import zmq

from musep2p.cli.client import PeerClient
from musep2p.core.requests import PeersAnswer, PeersAsk, ResultsPage
from musep2p.errors import NoPeersError

BATCH, OURS, DEAD, NEXT = "b" * 32, "127.0.0.1:9", "127.0.0.1:19", "127.0.0.1:29"


@pytest.fixture
def client():
    made = PeerClient(OURS, "test")
    yield made
    made.close()


def answering(monkeypatch, script):
    """Each address gives its answers in turn; one without is silent."""
    asked = []

    def ask(client, body, kind, timeout_s=0.0):
        asked.append(client.address)
        if not script.get(client.address):
            raise NoPeersError(f"the peer at {client.address} does not answer.")
        return script[client.address].pop(0)

    monkeypatch.setattr(PeerClient, "ask", ask)
    return asked


def to(address):
    return ResultsPage(BATCH, [], 0, address)


def test_whoever_was_named_and_died_is_not_the_end(monkeypatch, client):
    """Our own peer is asked again, and by then names another."""
    asked = answering(monkeypatch, {OURS: [to(DEAD), to(NEXT)], NEXT: [ResultsPage(BATCH, [], 0)]})

    assert list(client.results(BATCH)) == [ResultsPage(BATCH, [], 0)]
    assert asked == [OURS, DEAD, OURS, NEXT]


def test_two_who_are_silent_are_the_end(monkeypatch, client):
    """It is said, not tried for ever."""
    asked = answering(monkeypatch, {OURS: [to(DEAD), to(DEAD), to(DEAD)]})
    with pytest.raises(NoPeersError, match=DEAD):
        list(client.results(BATCH))

    assert asked == [OURS, DEAD, OURS, DEAD]


def test_who_dies_with_a_question_is_not_waited_for():
    """Its connection ends, and so does the wait: the answer of a submit may take half a minute, its peer's end not."""
    context = zmq.Context()
    peer = context.socket(zmq.ROUTER)
    port = peer.bind_to_random_port("tcp://127.0.0.1")

    def dies():
        peer.recv_multipart()
        peer.close(0)

    dying = threading.Thread(target=dies)
    dying.start()
    client, asked = PeerClient(f"127.0.0.1:{port}", "test"), time.monotonic()
    with pytest.raises(NoPeersError, match="went away"):
        client.ask(PeersAsk(), PeersAnswer, 60)
    with pytest.raises(NoPeersError, match="went away"):
        client.ask(PeersAsk(), PeersAnswer, 60)

    assert time.monotonic() - asked < 30
    dying.join()
    client.close()
    context.term()
