"""What any engine's server can do to a request: TLS, redirects, answers that are slow, huge or somewhere else."""

import asyncio
import datetime
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from typing import ClassVar

import aiohttp
import pytest
import trustme
from aiohttp import web

from musep2p.engines import http
from musep2p.engines.http import Http, LostAnswerError
from musep2p.errors import EngineError
from tests.engines.servers import OtherServer, Server, endless


class SlowServer(Server):
    """Thinks before its first byte, and between two."""

    think_s = 0.0

    def routes(self, app):
        app.router.add_post("/think", self.think)
        app.router.add_get("/loop", self.loop)
        app.router.add_get("/endless", endless)
        app.router.add_get("/later", self.later)

    async def think(self, request):
        time.sleep(self.think_s)  # noqa: ASYNC251  # as one whose only thread renders: nothing else is answered
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"a":')
        await asyncio.sleep(self.think_s)
        await response.write(b" 1}")
        return response

    async def loop(self, request):
        raise web.HTTPTemporaryRedirect("/loop")

    async def later(self, request):
        self.moods.append(time.monotonic())
        return web.Response(status=503 if len(self.moods) == 1 else 200, headers={"Retry-After": "1"})


def secure(authority, **more):
    """A server with a certificate of an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", **more).configure_cert(context)
    return type("Secure", (OtherServer,), {"tls": context})({"/a": {"b": 1}})


@pytest.fixture
def server():
    made = SlowServer()
    yield made
    made.close()


ASK = """
import sys
from musep2p.engines.http import Http
from musep2p.errors import EngineError
for url in sys.argv[1:]:
    try:
        print(Http("x", url).get_when_there("/a", 30.0).json())
    except EngineError as error:
        print(error.peer_bound, error)
"""


def test_certificates(tmp_path):
    """A stranger's, and one that is over, cost no waiting: one line says what is wrong. A trusted one is taken."""
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    servers = [secure(authority), secure(stranger), secure(authority, not_before=long_ago, not_after=long_ago)]
    trusting = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "ca.pem")}  # read when a process begins
    command = [sys.executable, "-c", ASK, *(server.url for server in servers)]
    try:
        said = subprocess.run(command, env=trusting, capture_output=True, text=True, timeout=25, check=True).stdout
    finally:
        for each in servers:
            each.close()
    good, unknown, expired = said.splitlines()

    assert good == "{'b': 1}"
    for line, words in ((unknown, "unable to get local issuer certificate"), (expired, "expired")):
        assert line.startswith("True x: the certificate of https://127.0.0.1:") and words in line
        assert "install its authority" in line


def test_a_redirect_is_not_followed(server):
    """Nor one to itself, for ever."""
    with pytest.raises(EngineError, match="redirects to /loop") as caught:
        Http("x", server.url).get("/loop")
    assert "Set url" in caught.value.hint


def test_an_answer_that_takes_longer_than_any_other_limit(server, monkeypatch):
    """A render keeps its request open, its headers come when it is through; only what it is given has a limit."""
    monkeypatch.setattr(http, "_CONNECT_S", 0.2)
    server.think_s = 0.6

    assert Http("x", server.url).post_when_there("/think", {}, 0.3).json() == {"a": 1}
    with pytest.raises(LostAnswerError, match="answer did not come"):
        Http("x", server.url).post("/think", {}, within_s=0.3)


def test_an_answer_without_end_is_not_taken_in(server, monkeypatch):
    """As much as a picture can have, and no more."""
    monkeypatch.setattr(http, "_BODY_MAX", 8 << 20)
    with pytest.raises(EngineError, match="more than 8 MB"):
        Http("x", server.url).get("/endless")


def test_a_server_that_says_when_to_come_again(server):
    """Is not asked before."""
    assert Http("x", server.url).get_when_there("/later", 30.0).status == 200
    first, second = server.moods
    assert second - first >= 1.0


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_stands_before_a_server_that_is_off(status):
    """It is waited for, by whoever only looks; what was given to a proxy that gave up may be done all the same."""
    server = ProxyServer()
    server.statuses = [status]
    assert Http("x", server.url).get_when_there("/x", 30.0).status == 200
    server.statuses = [status]
    if status == 504:
        with pytest.raises(LostAnswerError, match="status 504"):
            Http("x", server.url).post_when_there("/x", {}, 30.0)
    else:
        assert Http("x", server.url).post_when_there("/x", {}, 30.0).status == 200
    server.statuses, server.think_s = [502], 1.2
    with pytest.raises(LostAnswerError, match="status 502"):
        Http("x", server.url).post_when_there("/x", {}, 30.0)
    server.close()


def test_a_server_that_was_away_settles_once():
    """Then it is asked as any other, and no longer than patience lasts."""
    own = ProxyServer()
    port = int(own.url.rpartition(":")[2])
    own.close()
    back = []
    timer = threading.Timer(0.2, lambda: back.append(ProxyServer(port)))
    timer.start()
    began = time.monotonic()
    assert Http("x", own.url).get_when_there("/x", 30.0).status == 200
    timer.join()
    assert 2.0 <= time.monotonic() - began < 15
    back[0].close()


def test_who_asks_for_more_patience_than_there_is(server):
    """Is asked once more when it ends."""
    slow = ProxyServer()
    slow.statuses, slow.later_s = [503] * 9, 3600
    began = time.monotonic()
    assert Http("x", slow.url).get_when_there("/x", 1.5).status == 503
    slow.close()
    assert time.monotonic() - began < 10


class ProxyServer(Server):
    """Answers with these statuses, one after the other, and then well."""

    statuses, think_s, later_s = (), 0.0, 0

    def routes(self, app):
        app.router.add_route("*", "/x", self.x)

    async def x(self, request):
        await asyncio.sleep(self.think_s)
        status = self.statuses.pop(0) if self.statuses else 200
        return web.json_response({"error": "x"}, status=status, headers={"Retry-After": str(self.later_s)})


class HangsUp:
    """Takes a connection and ends it without a word, or answers something that is not HTTP."""

    words: ClassVar = {"silent": b"", "not http": b"SSH-2.0-OpenSSH_9.6\r\n"}

    def __init__(self, how):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.said = self.words[how]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                other, _ = self.socket.accept()
            except OSError:
                return
            with other:
                other.recv(4096)
                other.sendall(self.said)


@pytest.mark.parametrize("how", HangsUp.words)
def test_what_is_no_web_server(how):
    """One line."""
    server = HangsUp(how)
    with pytest.raises(LostAnswerError, match="answer did not come") as caught:
        Http("x", server.url).get("/")
    server.socket.close()
    assert "\n" not in str(caught.value)


def test_a_key_is_heard_by_its_own_server_only():
    """Whatever address an answer names for a picture."""
    own, foreign = OtherServer({"/a": 1}), OtherServer({"/a": 1})
    asking = Http("x", own.url, key=lambda: "sk-secret")
    for url in (own.url, foreign.url, own.url.replace("127.0.0.1", "localhost")):
        asking.fetch(f"{url}/a", within_s=5.0)
    own.close(), foreign.close()

    assert own.logins == ["Bearer sk-secret", None] and foreign.logins == [None]


@pytest.mark.parametrize(
    ("url", "hears"),
    [
        ("http://studio.example:8080/a", True),
        ("https://studio.example:8080/a", False),
        ("http://studio.example:8081/a", False),
        ("http://studio.example:8080.evil.example/a", False),
        ("http://studio.example:8080@evil.example/a", False),
    ],
)
def test_an_address_that_looks_like_its_own(monkeypatch, url, hears):
    """Scheme, name and port are its own, or it hears no key."""
    told = []

    async def asked(self, method, url, body, within_s, headers):
        told.append(headers)

    monkeypatch.setattr(Http, "_ask", asked)
    Http("x", "http://studio.example:8080", key=lambda: "sk-secret").fetch(url, within_s=1.0)
    assert told == [{"Authorization": "Bearer sk-secret"} if hears else {}]


def test_limits_of_time(server, monkeypatch):
    """For the connection, never for the answer of a render: the library's own would be five minutes."""
    limits, real = [], aiohttp.ClientSession
    monkeypatch.setattr(aiohttp, "ClientSession", lambda timeout, **kw: limits.append(timeout) or real(**kw))
    Http("x", server.url).post_when_there("/think", {}, 0.3)

    assert limits == [aiohttp.ClientTimeout(total=None, connect=None, sock_read=None, sock_connect=5.0)]


def test_no_proxy_of_the_environment(server, monkeypatch):
    """Pictures and keys go where the settings say."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert Http("x", server.url).post("/think", {}).json() == {"a": 1}
