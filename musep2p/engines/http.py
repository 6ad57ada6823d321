"""HTTP to an engine that runs beside the peer: bounded, without surprises, one line for whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any
from urllib.parse import urlsplit

from musep2p.errors import ConfigError, EngineError

__all__ = ["AwayError", "Http", "LostAnswerError", "Reply", "one_line", "words_of"]

_CONNECT_S = 5.0
_SETTLES_S = 2.0  # a web UI that is asked something while it starts may end with an error
_NOT_THERE = (502, 503, 504)  # what stands before an engine that is off, or one that is ending
_GAVE_UP = 504  # of a proxy before an engine that may still be at it
_SOON_S = 1.0  # later than that, a proxy's 502 is an engine's that was at it
_TOO_MANY = 429
_BODY_MAX = 256 << 20  # a picture of 100 megapixels, in base64
_WORDS_MAX = 500
_UPLOAD_S = 120.0
_RETRY_AFTER_MAX_S = 30.0
_MARKUP = re.compile(r"<(script|style|head).*?</\1>|<[^>]*>", re.DOTALL)


Secret = Callable[[], str]


def _no_secret() -> str:
    return ""


class LostAnswerError(EngineError):
    """The engine was asked, and its answer did not come: it may have done what it was asked, or still be at it."""


class AwayError(EngineError):
    """Nobody answers at the engine's address now: it is off, or starts again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    body: bytes
    retry_after_s: float = 0.0

    def is_too_many(self) -> bool:
        """True when it says that it is asked too much."""
        return self.status == _TOO_MANY

    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class _File:
    """A form with a file in one of its fields."""

    fields: Mapping[str, str]
    field: str
    name: str
    data: bytes


class Http:
    """One engine's address.

    Args:
        engine: its name, for messages.
        url: where its paths begin.
        login: tells `user:password`, or nothing.
        key: tells the key that it asks for, or nothing.
        restart: starts it again; True when it is worth waiting for once more.

    Raises:
        ConfigError: that is no address.
    """

    def __init__(
        self, engine: str, url: str, login: Secret = _no_secret, key: Secret = _no_secret,
        restart: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ConfigError(f"engines.{engine}: url cannot be {url!r}.", "Write it like http://127.0.0.1:7860.")
        self.engine, self.url = engine, url.rstrip("/")
        self._login, self._key, self._restart = login, key, restart

    def get(self, path: str, *, within_s: float | None = 10.0) -> Reply:
        """GET.

        Raises:
            EngineError: no answer, or one that cannot be taken.
        """
        return self._run("GET", path, None, within_s)

    def post(self, path: str, body: Any, *, within_s: float | None = None) -> Reply:
        """POST a JSON body; without a limit it may take as long as the slot lets it.

        Raises:
            LostAnswerError: the engine heard it, and its answer did not come.
            EngineError: no answer, or one that cannot be taken.
        """
        return self._run("POST", path, body, within_s)

    def upload_when_there(
        self, path: str, fields: Mapping[str, str], field: str, name: str, data: bytes, patience_s: float
    ) -> Reply:
        """POST a form with a file, and while nobody answers try again.

        Raises:
            EngineError: no answer, or one that cannot be taken; AwayError when patience ends.
        """
        file = _File(fields, field, name, data)
        return self._patiently(lambda: self._run("POST", path, file, _UPLOAD_S), patience_s)

    def fetch(self, url: str, *, within_s: float) -> Reply:
        """GET from any address; only the engine's own hears our key.

        Raises:
            EngineError: no answer, or one that cannot be taken.
        """
        own = urlsplit(url)[:2] == urlsplit(self.url)[:2]
        return asyncio.run(self._ask("GET", url, None, within_s, self._headers() if own else {}))

    def get_when_there(self, path: str, patience_s: float) -> Reply:
        """GET, and while nobody answers try again.

        Raises:
            EngineError: as `get`; AwayError when patience ends.
        """
        return self._patiently(lambda: self.get(path), patience_s)

    def post_when_there(
        self, path: str, body: Any, patience_s: float, *, busy: Callable[[Reply], bool] = lambda reply: False
    ) -> Reply:
        """POST, and while nobody answers try again: an engine that was started again needs a while.

        Args:
            busy: which other answers say that it has too much to do now, and are waited for too.

        Raises:
            LostAnswerError, EngineError: as `post`; AwayError when patience ends.
        """
        return self._patiently(lambda: self._post_once(path, body), patience_s, busy)

    def _post_once(self, path: str, body: Any) -> Reply:
        """POST, where a proxy that lost patience is an answer that did not come: what was asked may be done."""
        began = time.monotonic()
        reply = self.post(path, body)
        if reply.status == _GAVE_UP or (reply.status == 502 and time.monotonic() - began > _SOON_S):
            words = f"{self.engine}: {self.url} was asked, and its answer did not come: status {reply.status}"
            raise LostAnswerError(f"{words}: {words_of(reply)}.", "A proxy may wait too short a time for a render.")
        return reply

    def _patiently(
        self, ask: Callable[[], Reply], patience_s: float, busy: Callable[[Reply], bool] = lambda reply: False
    ) -> Reply:
        try:
            return self._until(ask, patience_s, busy)
        except AwayError:
            if not self._restart():
                raise
            return self._until(ask, patience_s, busy)

    def _until(self, ask: Callable[[], Reply], patience_s: float, busy: Callable[[Reply], bool]) -> Reply:
        until, away = time.monotonic() + patience_s, False
        for pause_s in chain((0.5, 1.0, 2.0), repeat(5.0)):
            last = time.monotonic() + pause_s >= until
            asked_s = 0.0
            try:
                if away and self._connects():
                    time.sleep(max(0.0, min(_SETTLES_S, until - time.monotonic())))
                    away = False
                reply = ask()
                if last or not (reply.status in _NOT_THERE or busy(reply)):
                    return reply
                asked_s = min(reply.retry_after_s, _RETRY_AFTER_MAX_S, until - time.monotonic())
            except AwayError:
                if last:
                    raise
                away = True
            time.sleep(max(pause_s, asked_s))
        raise AssertionError

    def _connects(self) -> bool:
        """True when somebody listens there: of one that starts nothing else should be asked yet."""
        where = urlsplit(self.url)
        try:
            port = where.port or (443 if where.scheme == "https" else 80)
            with socket.create_connection((where.hostname or "", port), _CONNECT_S):
                return True
        except (OSError, ValueError):
            return False

    def _run(self, method: str, path: str, body: Any, within_s: float | None) -> Reply:
        return asyncio.run(self._ask(method, self.url + path, body, within_s, self._headers()))

    def _headers(self) -> dict[str, str]:
        if login := self._login():
            return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        key = self._key()
        return {"Authorization": f"Bearer {key}"} if key else {}

    async def _ask(self, method: str, url: str, body: Any, within_s: float | None, headers: Mapping[str, str]) -> Reply:
        import aiohttp

        limits = aiohttp.ClientTimeout(total=within_s, sock_connect=_CONNECT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits, headers=headers) as session,
                session.request(method, url, allow_redirects=False, **_content(body)) as answer,
            ):
                if 300 <= answer.status < 400:
                    where = answer.headers.get("Location", "nowhere")
                    raise EngineError(f"{self.engine}: {self.url} redirects to {where}.", "Set url to where it is.")
                return Reply(answer.status, await self._body(answer), _seconds(answer.headers.get("Retry-After")))
        except aiohttp.ClientConnectorCertificateError as error:
            raise EngineError(
                f"{self.engine}: the certificate of {self.url} is not trusted: {_plain(error.certificate_error)}.",
                "Use http, or install its authority on this machine.",
                peer_bound=True,
            ) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ssl.SSLError) as error:
            words = f"{self.engine}: nobody answers at {self.url}: {_plain(error)}."
            raise AwayError(words, "Is the engine running?", peer_bound=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise LostAnswerError(
                f"{self.engine}: {self.url} was asked, and its answer did not come: {_plain(error)}."
            ) from None

    async def _body(self, answer: Any) -> bytes:
        data = bytearray()
        async for part in answer.content.iter_chunked(1 << 16):
            data += part
            if len(data) > _BODY_MAX:
                raise EngineError(f"{self.engine}: it answered with more than {_BODY_MAX >> 20} MB.")
        return bytes(data)


def _content(body: Any) -> dict[str, Any]:
    """How a request carries what is posted."""
    if not isinstance(body, _File):
        return {"json": body}
    import aiohttp

    form = aiohttp.FormData(dict(body.fields))
    form.add_field(body.field, body.data, filename=body.name)
    return {"data": form}


def words_of(reply: Reply) -> str:
    """What an answer says in plain text, whatever it is: JSON of several shapes, HTML, or nothing."""
    said = reply.json()
    if isinstance(said, dict):
        inner = said["error"] if isinstance(said.get("error"), dict) else said
        found = [inner.get(name) for name in ("error", "message", "detail", "errors", "type", "code")]
        texts = [text if isinstance(text, str) else json.dumps(text) for text in found if text]
        words = ": ".join(dict.fromkeys(texts))
    else:
        words = _MARKUP.sub(" ", reply.body[:20_000].decode("utf-8", "replace"))
    return one_line(words) or f"status {reply.status} without a word"


def one_line(text: str) -> str:
    """What a server says, in one line, and no longer than anybody reads."""
    return " ".join(text.split())[:_WORDS_MAX]


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdecimal() and len(text) < 8 else 0.0


def _plain(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
