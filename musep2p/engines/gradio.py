"""`gradio`: Gradio apps (4.23 and newer) by their queue: an event is asked for, and its stream says what came of it.

    [engines.gradio]
    url = "http://127.0.0.1:7860"
    api = "infer"

What an endpoint takes is positional, so its order and defaults are read from the app's own description. A stream can be
read once only: whoever asks for an event again waits for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from musep2p.core.recipe import Parameters
from musep2p.engines.http import AwayError, Http, LostAnswerError, Reply, words_of
from musep2p.engines.keys import Secret
from musep2p.engines.openapi import our_fields
from musep2p.engines.options import Options, Scalar, named
from musep2p.engines.pictures import as_picture
from musep2p.engines.profile import picture_of
from musep2p.engines.restart import Restart
from musep2p.errors import EngineError
from musep2p.ports import Output, Task

__all__ = ["GradioEngine", "endpoint_in"]

_PATIENCE_S = 60.0
_DEFAULTS: Parameters = {"negative": "", "seed": 0}
_PREFIXES = ("/gradio_api", "")  # of Gradio 5 and newer, and of 4
_DEPTH_MAX = 6


class GradioEngine:
    """One app, beside this peer.

    Args:
        settings: the table `engines.gradio` of the peer's settings: `url`; `api`, the endpoint, if the app has several
            that take a prompt; `inputs`, parameter to the endpoint's name for it, where that is not found; `constants`,
            of the endpoint's own names; `key_env` or `key_file`, where its token is; `patience_s`, how long a task
            waits for an app that does not answer.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "gradio"
    payload = False
    parameters = None

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        options = Options(self.name, settings or {})
        url, self._api = options.text("url"), options.text("api").strip("/")
        self._inputs = {ours: str(theirs) for ours, theirs in options.table("inputs").items()}
        self._constants = options.table("constants")
        self._patience_s = options.number("patience_s", _PATIENCE_S)
        key = Secret(self.name, options, "key")
        restart = Restart(self.name, options.texts("restart"), url)
        self.keyed, identity = named("gradio/1", options)
        self.identity = f"{identity} {self._api} {sorted(self._inputs.items())} {sorted(self._constants.items())}"
        options.end()
        self._http = Http(self.name, url, key=key.read, restart=restart.run) if url else None

    def missing(self) -> str:
        """Why nothing can be rendered here: no app is set."""
        example = 'Set it in musep2p.toml: [engines.gradio] url = "http://127.0.0.1:7860".'
        return "" if self._http is not None else f"gradio: no app is set. {example}"

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        """Nothing that can be said without asking the app: it checks its own ranges."""
        return []

    def normalise(self, parameters: Parameters) -> Parameters:
        return {**_DEFAULTS, **{name: value for name, value in parameters.items() if name != "engine"}}

    def render(self, task: Task) -> Output:
        if self._http is None:
            raise EngineError(self.missing())
        prefix, api, takes = self._endpoint()
        body = {"data": self._arguments(takes, dict(task.parameters))}
        reply = self._http.post_when_there(f"{prefix}/call/{api}", body, self._patience_s, busy=Reply.is_too_many)
        said = reply.json()
        event = str(said.get("event_id") or "") if isinstance(said, dict) else ""
        if reply.status != 200 or not event:
            raise self._error(reply)
        stream = self._http.get(f"{prefix}/call/{api}/{event}", within_s=None)
        if stream.status != 200:
            raise self._error(stream)
        return self._picture(prefix, _outcome(stream.body))

    def _endpoint(self) -> tuple[str, str, list[Mapping[str, Any]]]:
        """(prefix of all paths, name of the endpoint, what it takes in order)."""
        assert self._http is not None
        for prefix in _PREFIXES:
            reply = self._http.get_when_there(f"{prefix}/info", self._patience_s)
            found = endpoint_in(reply.json(), self._api) if reply.status == 200 else None
            if found is not None:
                return prefix, *found
        if self._api:
            raise EngineError(f"gradio: the app at {self._http.url} has no endpoint {self._api!r}.", peer_bound=True)
        words = f"gradio: the app at {self._http.url} has no endpoint that takes a prompt."
        raise EngineError(words, "Set `api`.", peer_bound=True)

    def _arguments(self, takes: list[Mapping[str, Any]], given: Parameters) -> list[Scalar | None]:
        names = [str(one.get("parameter_name", "")) for one in takes]
        places = {**our_fields(names), **self._inputs}
        named = {places[ours]: value for ours, value in given.items() if ours in places}
        named |= {name: value for name, value in given.items() if name in names and name not in places.values()}
        arguments: list[Scalar | None] = []
        for name, one in zip(names, takes, strict=True):
            if name not in named and name not in self._constants and not one.get("parameter_has_default"):
                words = f"gradio: the app asks for {name!r}, and none is given."
                raise EngineError(words, "Set it in `constants`.", peer_bound=True)
            arguments.append(named.get(name, self._constants.get(name, one.get("parameter_default"))))
        return arguments

    def _picture(self, prefix: str, said: Any) -> Output:
        assert self._http is not None
        file = next(_files(said), None)
        if file is None:
            raise EngineError(f"gradio: it ended well and gave no picture: {json.dumps(said)[:200]}.")
        if data := picture_of(str(file.get("url") or "")):
            return as_picture(data, self.name)
        reply = self._http.get(f"{prefix}/file={quote(str(file['path']))}", within_s=120.0)
        if reply.status != 200:
            raise EngineError(f"gradio: the picture cannot be had: {words_of(reply)}.")
        return as_picture(reply.body, self.name)

    def _error(self, reply: Reply) -> EngineError:
        if reply.status in (401, 403):
            words = f"gradio: status {reply.status}: {words_of(reply)}."
            return EngineError(words, "Set key_env or key_file.", peer_bound=True)
        if reply.status == 404:
            return AwayError(
                f"gradio: status 404: {words_of(reply)}.", "It was started again, or is another app.", peer_bound=True
            )
        return EngineError(f"gradio: status {reply.status}: {words_of(reply)}.")


def endpoint_in(described: Any, api: str) -> tuple[str, list[Mapping[str, Any]]] | None:
    """(name, parameters) of an endpoint in what `/info` says: the one named, or that which takes most of what we have.

    Args:
        described: anything a stranger may answer.
        api: its name without a slash, or empty.
    """
    named = described.get("named_endpoints") if isinstance(described, Mapping) else None
    best: tuple[str, list[Mapping[str, Any]]] | None = None
    most = 0
    for path, one in named.items() if isinstance(named, Mapping) else ():
        listed = one.get("parameters") if isinstance(one, Mapping) else None
        takes = [part for part in listed if isinstance(part, Mapping)] if isinstance(listed, list) else []
        known = our_fields([str(part.get("parameter_name", "")) for part in takes])
        if str(path).strip("/") == api:
            return api, takes
        if not api and "prompt" in known and len(known) > most:
            best, most = (str(path).strip("/"), takes), len(known)
    return best


def _outcome(stream: bytes) -> Any:
    """What the stream of an event ended with."""
    event = ""
    for line in stream.decode("utf-8", "replace").split("\n"):
        field, _, value = line.partition(":")
        if field == "event":
            event = value.strip()
        elif field == "data" and event == "complete":
            return _json(value)
        elif field == "data" and event == "error":
            said = _json(value)
            words = said.get("error") if isinstance(said, dict) else said
            raise EngineError(f"gradio: it failed: {' '.join(str(words or 'it does not say why').split())[:500]}.")
    raise LostAnswerError("gradio: the app was asked, and its answer did not come: its stream ended before.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _files(said: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Files in what was given, at any place: a picture, a gallery of them."""
    if isinstance(said, Mapping) and isinstance(said.get("path"), str):
        yield said
    elif depth < _DEPTH_MAX:
        inner = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
        for part in inner:
            yield from _files(part, depth + 1)
