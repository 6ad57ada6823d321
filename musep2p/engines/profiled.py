"""Engines that are data: a server over HTTP, asked and understood as a profile says.

    [engines.http]
    url = "http://127.0.0.1:9000"
    post = "/v1/render"
    fields = {prompt = "prompt", seed = "seed"}  # or profile = "my-server.toml"

`openai-images`, `sdcpp` and `musepublic` are profiles in the box; `http` takes any.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urljoin, urlsplit

from musep2p.core.model_names import same_model
from musep2p.core.recipe import Parameters
from musep2p.engines.http import AwayError, Http, LostAnswerError, Reply, one_line, words_of
from musep2p.engines.keys import Secret
from musep2p.engines.openapi import rendering_operation
from musep2p.engines.options import Options, named
from musep2p.engines.pictures import as_picture
from musep2p.engines.profile import (
    Job,
    Profile,
    addresses_in,
    at_place,
    filled,
    load_profile,
    looks_like_picture,
    picture_of,
    pictures_in,
    read_profile,
)  # fmt: skip
from musep2p.engines.restart import Restart
from musep2p.engines.values import one_form
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Output, Task

__all__ = ["HttpEngine", "MusePublicEngine", "OpenAIImagesEngine", "SdcppEngine"]

_PATIENCE_S = 60.0
_LOOK_S = (0.1, 1.0)  # between two looks at a job: first and last
_NUMBERED_S = 1.0  # for the id of what was given just now
_GIVEN_MAX = 3  # times that a job is given to a server that forgets it
_SIZE = "size"
_SHOWN = 12
_NUMBERS = {"width": (1, 16384), "height": (1, 16384), "seed": (0, (1 << 63) - 1), "steps": (1, 1000)}


class HttpEngine:
    """One server, beside this peer or elsewhere.

    Args:
        settings: the table `engines.NAME` of the peer's settings: `url`; `profile`, a file; `post`, `fields`,
            `constants`, which add to the profile; `key_env` or `key_file`, where its key is; `identity`, what renders
            there; `patience_s`, how long a task waits for a server that does not answer or is busy.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "http"
    profile = ""  # in the box
    payload = False

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        options = Options(self.name, settings or {})
        url, own = options.text("url"), options.text("profile")
        post, fields, constants = options.text("post"), options.table("fields"), options.table("constants")
        self._patience_s = options.number("patience_s", _PATIENCE_S)
        self._key = Secret(self.name, options, "key")
        self.keyed, identity = named(f"{self.name}/1", options)
        restart = Restart(self.name, options.texts("restart"), url)
        options.end()
        if url and not (own or self.profile or fields):
            hint = f"`musep2p engines probe {url}` may know them."
            raise ConfigError(f"engines.{self.name} needs a profile, or post and fields.", hint)
        self._http = Http(self.name, url, key=self._key.read, restart=restart.run) if url else None
        self._profile = _profile(self.name, own, self.profile).with_more(post, fields, constants)
        self.identity = f"{identity} {self._profile!r}"
        names = {name for name, _ in (*self._profile.fields, *self._profile.known)}
        self.parameters = frozenset(names - {_SIZE} | ({"width", "height"} if _SIZE in names else set()))
        self._job = ""
        self._numbered = Event()  # unset while the server has something of ours whose id we do not know yet
        self._numbered.set()

    def missing(self) -> str:
        """Why nothing can be rendered here: no server is set."""
        example = f'Set it in musep2p.toml: [engines.{self.name}] url = "http://127.0.0.1:8080".'
        return "" if self._http is not None else f"{self.name}: no server is set. {example}"

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        values, problems = self.normalise(parameters), []
        for name, (least, most) in _NUMBERS.items():
            value = values.get(name, least)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                problems.append((name, f"{self.name}: {name} must be from {least} to {most}, not {value!r}."))
        return problems

    def normalise(self, parameters: Parameters) -> Parameters:
        known = {**dict(self._profile.defaults), **parameters}
        return one_form({name: value for name, value in known.items() if name in (self.parameters or ())})

    def render(self, task: Task) -> Output:
        if self._http is None:
            raise EngineError(self.missing())
        self._check_known(task)
        body = self._body(task)
        model, path = str(task.parameters.get("model", "")), self._profile.post or self._described_path()
        for _ in range(_GIVEN_MAX):
            reply, job = self._given(path, body), self._profile.job
            said = reply.json() if job is None else self._outcome(job)
            if said is not None or job is None:
                return self._picture(reply, said, model)
        raise EngineError(f"{self.name}: the server forgot its job several times: it is started again and again.")

    def models(self) -> tuple[str, ...]:
        """What the server says that it has, where the profile knows at which place it does."""
        place = dict(self._profile.known).get("model")
        if self._http is None or place is None:
            return ()
        has = at_place(self._http.get(self._profile.known_get).json(), place)
        return tuple(str(one) for one in (has if isinstance(has, list) else [has]) if one)

    def cancel(self) -> None:
        """End our job at the server, where it has jobs that can be ended; else it renders to its end for nobody."""
        path = self._profile.job.cancel if self._profile.job else ""
        if self._http is not None and path and self._numbered.wait(_NUMBERED_S) and (job := self._job):
            self._http.post(path.replace("{id}", job), {}, within_s=1.0)

    def _body(self, task: Task) -> dict[str, Any]:
        values = dict(task.parameters)
        if "width" in values and "height" in values:
            values[_SIZE] = f"{values['width']}x{values['height']}"
        given = {place: values[name] for name, place in self._profile.fields if values.get(name, "") != ""}
        return filled({**dict(self._profile.constants), **given})

    def _check_known(self, task: Task) -> None:
        """A server that takes a sampler or a model that it has not renders something else and says that all is well."""
        named = [(name, place) for name, place in self._profile.known if task.parameters.get(name, "") != ""]
        if self._http is None or not named:
            return
        said = self._http.get_when_there(self._profile.known_get, self._patience_s).json()
        for name, place in named:
            has, asked = at_place(said, place), str(task.parameters[name])
            listed = [str(one) for one in (has if isinstance(has, list) else [has])]
            if has is not None and not any(same_model(asked, one) for one in listed):
                shown = ", ".join(listed[:_SHOWN])
                words = f"{self.name}: this server has no {name} {asked!r}."
                raise EngineError(words, f"It has {shown}.", peer_bound=True)

    def _described_path(self) -> str:
        assert self._http is not None
        reply = self._http.get_when_there("/openapi.json", self._patience_s)
        operation = rendering_operation(reply.json()) if reply.status == 200 else None
        if operation is None:
            raise EngineError(
                f"{self.name}: {self._http.url} does not say which path renders.", "Set `post` in its settings."
            )
        return operation.path

    def _given(self, path: str, body: dict[str, Any]) -> Reply:
        """What the server answers to what we give it; if that is the id of a job, `cancel` knows it from now on."""
        assert self._http is not None
        self._numbered.clear()
        try:
            reply = self._http.post_when_there(path, body, self._patience_s, busy=self._is_busy)
            if not 200 <= reply.status < 300:
                raise self._error(reply)
            if self._profile.job is not None:
                self._job = str(at_place(reply.json(), self._profile.job.id) or "")
                if not self._job:
                    raise EngineError(f"{self.name}: it took the job and gave it no id: {words_of(reply)}.")
            return reply
        finally:
            self._numbered.set()

    def _is_busy(self, reply: Reply) -> bool:
        """Too much to do for the moment; a key whose money is used up has the same status."""
        return reply.is_too_many() and not self._profile.is_elsewhere(reply.status, self._words(reply))

    def _outcome(self, job: Job) -> Any:
        """What is said of our job when it is through; None if the server has forgotten it."""
        try:
            return self._followed(job, job.get.replace("{id}", self._job))
        finally:
            self._job = ""

    def _followed(self, job: Job, path: str) -> Any:
        assert self._http is not None
        pause_s, until = _LOOK_S[0], time.monotonic() + self._patience_s
        while True:
            try:
                reply = self._http.get(path)
                if reply.status in (404, 410):
                    return None
                if reply.status != 200:
                    raise LostAnswerError(f"{self.name}: status {reply.status}: {words_of(reply)}.")
                said, until = reply.json(), time.monotonic() + self._patience_s
                state = at_place(said, job.state)
                if state in job.failed:
                    raise self._error(reply)
                if state in job.done:
                    return said
            except (AwayError, LostAnswerError):
                if time.monotonic() > until:
                    raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.3, _LOOK_S[1])

    def _picture(self, reply: Reply, said: Any, model: str) -> Output:
        if looks_like_picture(reply.body):
            return as_picture(reply.body, self.name)
        if self._profile.error and at_place(said, self._profile.error):
            raise self._error(reply)
        made_by = str(at_place(said, self._profile.model) or "") if self._profile.model else ""
        if model and made_by and not same_model(model, made_by):
            words = f"{self.name}: it rendered with the model {made_by!r}, not with {model!r}."
            raise EngineError(words, peer_bound=True)
        anywhere = () if self._profile.image else chain(pictures_in(said), map(self._fetched, addresses_in(said)))
        data = next(chain(self._placed(said), anywhere), None)
        if data is None:
            raise EngineError(f"{self.name}: it answered well and without a picture: {words_of(reply)}.")
        return as_picture(data, self.name)

    def _placed(self, said: Any) -> Iterator[bytes]:
        """The pictures at the places that the profile names: in base64, or at an address."""
        for place in self._profile.image:
            text = at_place(said, place)
            if isinstance(text, str) and text:
                yield picture_of(text) or self._fetched(text)

    def _fetched(self, where: str) -> bytes:
        """A picture at an address: the server's own, or what it points at, without our key."""
        assert self._http is not None
        url = urljoin(self._http.url + "/", where)
        if urlsplit(url).scheme not in ("http", "https") or len(url) > 4000:
            raise EngineError(f"{self.name}: what it gave is neither base64 nor an address.")
        reply = self._http.fetch(url, within_s=120.0)
        if reply.status != 200:
            raise EngineError(f"{self.name}: the picture at {url} cannot be had: {words_of(reply)}.")
        return reply.body

    def _words(self, reply: Reply) -> str:
        """What is said at the profile's own place, or wherever the answer says something."""
        words, said = words_of(reply), at_place(reply.json(), self._profile.error) if self._profile.error else None
        return words if not isinstance(said, str) or said in words else one_line(said)

    def _error(self, reply: Reply) -> EngineError:
        words = self._words(reply)
        text = f"{self.name}: status {reply.status}: {words}."
        if reply.status in (401, 403):
            return EngineError(text, "Set key_env or key_file.", peer_bound=True)
        permanent = self._profile.is_permanent(reply.status, words)
        if reply.status in (404, 405) and not permanent:
            return EngineError(text, "Is `post` the right path?", peer_bound=True)
        return EngineError(text, permanent=permanent, peer_bound=self._profile.is_elsewhere(reply.status, words))


class OpenAIImagesEngine(HttpEngine):
    """Servers in the manner of OpenAI's images."""

    name = "openai-images"
    profile = "openai-images.toml"


class SdcppEngine(HttpEngine):
    """stable-diffusion.cpp's server by its own interface."""

    name = "sdcpp"
    profile = "sdcpp.toml"


class MusePublicEngine(HttpEngine):
    """MusePublic's servers."""

    name = "musepublic"
    profile = "musepublic.toml"


def _profile(engine: str, own: str, boxed: str) -> Profile:
    if own:
        return load_profile(Path(own).expanduser(), engine)
    if not boxed:
        return read_profile('[fields]\nprompt = "prompt"', engine)
    return read_profile(files("musep2p.engines").joinpath("profiles", boxed).read_text("utf-8"), engine)
