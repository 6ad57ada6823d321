"""`comfyui`: ComfyUI by its HTTP interface, with workflows that the peer's settings name.

    [engines.comfyui]
    url = "http://127.0.0.1:8188"
    workflow = "portrait_api.json"

History is the truth: a prompt that is neither in it nor in the queue was lost with a restart, and is given again.
An identical graph is answered from a cache, so that another attempt first asks the server to forget it.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from musep2p.core.ids import digest_of
from musep2p.core.model_names import same_model
from musep2p.core.recipe import Parameters, Scalar
from musep2p.engines.http import AwayError, Http, LostAnswerError, Reply, words_of
from musep2p.engines.options import Options, named
from musep2p.engines.pictures import as_picture
from musep2p.engines.profile import at_place
from musep2p.engines.references import is_reference, read_reference
from musep2p.engines.restart import Restart
from musep2p.engines.workflow import load_workflow
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Output, Task

__all__ = ["ComfyUIEngine"]

_PATIENCE_S = 60.0
_LOOK_S = (0.1, 1.0)  # between two looks at the history: first and last
_RELEASE_S, _CANCEL_S = 30.0, 0.5
_GIVEN_MAX = 3  # times that a prompt is given to a server that forgets it
# What is the task's own fault. All else is said of this machine's workflow, models and nodes: another may do it.
_OF_THE_TASK = frozenset(("value_bigger_than_max", "value_smaller_than_min", "invalid_input_type"))
_DEFAULTS: Parameters = {"negative": "", "seed": 0}


class ComfyUIEngine:
    """One server, beside this peer.

    Args:
        settings: the table `engines.comfyui` of the peer's settings: `url`; `workflow`, a file in API format, else one
            of text to picture by a checkpoint;
            `inputs`, parameter to NODE.INPUT, where that is not found; `output`, the node whose picture counts;
            `images`, the folder of pictures that batches hand in; `identity`, what renders there;
            `patience_s`, how long a task waits for a server that does not answer; `restart`, a command
            that starts it again then.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "comfyui"
    payload = False

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        options = Options(self.name, settings or {})
        url, path, output = options.text("url"), options.text("workflow"), options.text("output")
        places = {name: str(place) for name, place in options.table("inputs").items()}
        self._patience_s = options.number("patience_s", _PATIENCE_S)
        restart = Restart(self.name, options.texts("restart"), url)
        self._references = options.text("images")
        keyed, identity = named("comfyui/1", options)
        options.end()
        if path and not url:
            raise ConfigError("engines.comfyui needs a url.", "See docs/engines.md.")
        self._http = Http(self.name, url, restart=restart.run) if url else None
        file = Path(path).expanduser() if path else files("musep2p.engines").joinpath("workflows", "plain_api.json")
        self._workflow = load_workflow(file, places, output)
        self.parameters = frozenset(self._workflow.inputs)
        self.keyed = keyed and not self._workflow.loads_files()  # which may change under their names
        self.identity = f"{identity} {self._workflow.digest()}"
        self._own_names: dict[str, str] = {}
        self._given = ""

    def missing(self) -> str:
        """Why nothing can be rendered here: no server is set."""
        example = 'Set it in musep2p.toml: [engines.comfyui] url = "http://127.0.0.1:8188".'
        return "" if self._http is not None else f"comfyui: no server is set. {example}"

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        problems = []
        for name, value in self.normalise(parameters).items():
            usual = self._workflow.default(name)
            number = isinstance(usual, int | float) and not isinstance(usual, bool)
            if number and (isinstance(value, bool) or not isinstance(value, int | float)):
                problems.append((name, f"comfyui: {name} must be a number, like {usual}, not {value!r}."))
            elif isinstance(usual, str) and not isinstance(value, str):
                problems.append((name, f"comfyui: {name} must be a text, like {usual!r}, not {value!r}."))
        return problems

    def normalise(self, parameters: Parameters) -> Parameters:
        known: Parameters = {}
        for name in self._workflow.inputs:
            given = parameters.get(name, "")
            value = self._workflow.default(name) if given == "" and name != "prompt" else given
            value = _DEFAULTS.get(name) if value is None else value
            if value is not None:
                known[name] = value
        return known

    def render(self, task: Task) -> Output:
        if self._http is None:
            raise EngineError(self.missing())
        if task.attempt > 1:
            with contextlib.suppress(LostAnswerError):  # it may have heard it
                self._http.post_when_there("/free", {"free_memory": True}, self._patience_s)
        more = {**self._uploaded(task.parameters), **self._model(task.parameters)}
        graph = self._workflow.filled({**task.parameters, **more})
        for _ in range(_GIVEN_MAX):
            self._given = _prompt_id()
            try:
                self._given = self._give(graph)
                done = self._result(self._given)
            finally:
                self._given = ""
            if done is not None:
                return self._picture(done)
        raise EngineError("comfyui: the server forgot what it was given, several times: it is started again and again.")

    def _uploaded(self, parameters: Mapping[str, Scalar]) -> Parameters:
        """Parameter -> the server's own name of a picture that was handed in, and is there now."""
        assert self._http is not None
        names: Parameters = {}
        for name in sorted(self._workflow.images() & parameters.keys()):
            asked = str(parameters[name])
            usual = asked in ("", self._workflow.default(name))
            if usual and not is_reference(self._references, asked):
                continue  # what the workflow names is in the server's own folder
            data = read_reference(self.name, self._references, asked)
            file = f"musep2p-{digest_of(data)}{Path(asked).suffix.lower()}"
            reply = self._http.upload_when_there(
                "/upload/image", {"type": "input"}, "image", file, data, self._patience_s
            )
            said = reply.json()
            if reply.status != 200 or not isinstance(said, dict) or not said.get("name"):
                raise EngineError(f"comfyui: it did not take the picture {asked!r}: {words_of(reply)}.")
            names[name] = f"{said['subfolder']}/{said['name']}" if said.get("subfolder") else str(said["name"])
        return names

    def _model(self, parameters: Mapping[str, Scalar]) -> Parameters:
        """The model by the server's own name for it: it takes no other. Where nobody names one, its first."""
        asked = str(parameters.get("model", ""))
        if "model" in parameters and not asked:
            assert self._http is not None
            has = self._listed(self._http.get_when_there(self._listing(), self._patience_s))
            if not has:
                raise EngineError("comfyui: this server has no model for the workflow.", peer_bound=True)
            return {"model": has[0]}
        if asked and asked not in self._own_names:
            with contextlib.suppress(EngineError):  # it is waited for, or refuses, when it gets the workflow
                has = self.models()
                same = [one for one in has if same_model(asked, one)]
                self._own_names[asked] = asked if asked in has or not same else same[0]
        return {"model": self._own_names.get(asked, asked)} if asked else {}

    def models(self) -> tuple[str, ...]:
        """What the server offers to the node of the workflow that loads the model."""
        path = self._listing()
        return self._listed(self._http.get(path)) if self._http is not None and path else ()

    def _listing(self) -> str:
        """The path that tells what the node that loads the model may be given; empty without such a node."""
        kind, _ = self._workflow.kind("model")
        return f"/object_info/{quote(kind, safe='')}" if kind else ""

    def _listed(self, reply: Reply) -> tuple[str, ...]:
        kind, name = self._workflow.kind("model")
        names = at_place(reply.json(), f"{kind}.input.required.{name}.0") if "." not in kind + name else None
        return tuple(str(one) for one in names) if isinstance(names, list) else ()

    def cancel(self) -> None:
        """Take what we gave out of the queue, or interrupt it if it is what runs; nothing else is touched."""
        given = self._given
        if self._http is None or not given:
            return
        reply = self._http.post(f"/api/jobs/{given}/cancel", {}, within_s=1.0)
        if reply.status == 200:
            return
        running, pending = self._queue(within_s=_CANCEL_S)
        if given in running:
            self._http.post("/interrupt", {"prompt_id": given}, within_s=_CANCEL_S)
        elif given in pending:
            self._http.post("/queue", {"delete": [given]}, within_s=_CANCEL_S)

    def in_use(self) -> bool:
        """True while the queue has anything: somebody's prompt would load the models anew."""
        return self._http is not None and any(self._queue(within_s=_CANCEL_S))

    def release(self) -> bool:
        """Let the server unload its models and forget its cache, when what it renders now is through."""
        body = {"unload_models": True, "free_memory": True}
        return self._http is not None and self._http.post("/free", body, within_s=_RELEASE_S).status == 200

    def _give(self, graph: Mapping[str, Any]) -> str:
        """Put the graph into the server's queue; returns the id that it has there."""
        assert self._http is not None
        body = {"prompt": graph, "prompt_id": self._given, "client_id": self._given}
        try:
            reply = self._http.post_when_there("/prompt", body, self._patience_s)
        except LostAnswerError:
            return self._given  # the history says whether it was heard
        said = reply.json()
        if reply.status != 200 or not isinstance(said, dict):
            raise self._refusal(reply)
        self._given = str(said.get("prompt_id") or self._given)
        if said.get("node_errors"):
            self.cancel()  # the rest of it would be rendered for nobody
            raise self._refusal(reply)
        return self._given

    def _result(self, given: str) -> Mapping[str, Any] | None:
        """The history's entry when it is through; None if the server has forgotten it."""
        assert self._http is not None
        pause_s, until = _LOOK_S[0], time.monotonic() + self._patience_s
        while True:
            try:
                entry = self._history(given)
                if entry is not None:
                    return entry
                running, pending = self._queue()
                # The history is looked at again: it may have gone there from the queue in between.
                if given not in running | pending and self._history(given) is None:
                    return None
                until = time.monotonic() + self._patience_s
            except (AwayError, LostAnswerError):
                if time.monotonic() > until:
                    raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.3, _LOOK_S[1])

    def _history(self, given: str) -> Mapping[str, Any] | None:
        said = self._said(f"/history/{given}", 10.0)
        entry = said.get(given) if isinstance(said, dict) else None
        return entry if isinstance(entry, dict) and entry.get("status") is not None else None

    def _said(self, path: str, within_s: float) -> Any:
        """What a healthy server says; of one that is ill nothing follows."""
        assert self._http is not None
        reply = self._http.get(path, within_s=within_s)
        if reply.status != 200:
            raise LostAnswerError(f"comfyui: status {reply.status}: {words_of(reply)}.")
        return reply.json()

    def _queue(self, within_s: float = 10.0) -> tuple[set[str], set[str]]:
        """Ids of what runs and of what waits."""
        said = self._said("/queue", within_s)
        lists = [said.get(name, []) if isinstance(said, dict) else [] for name in ("queue_running", "queue_pending")]
        running, pending = ({str(item[1]) for item in items if len(item) > 1} for items in lists)
        return running, pending

    def _picture(self, entry: Mapping[str, Any]) -> Output:
        assert self._http is not None
        status = entry["status"]
        if status.get("status_str") != "success":
            raise _failure(status)
        image = next(_images(entry.get("outputs") or {}, self._workflow.output), None)
        if image is None:
            raise EngineError("comfyui: it ended well and has no picture: was all of it answered from its cache?")
        query = urlencode({name: image.get(name, "") for name in ("filename", "subfolder", "type")})
        reply = self._http.get(f"/view?{query}", within_s=120.0)
        if reply.status != 200:
            raise EngineError(f"comfyui: the picture {image.get('filename')} cannot be had: {words_of(reply)}.")
        return as_picture(reply.body, self.name)

    def _refusal(self, reply: Reply) -> EngineError:
        said = reply.json()
        if reply.status not in (200, 400) or not isinstance(said, dict):
            return EngineError(f"comfyui: status {reply.status}: {words_of(reply)}.")
        kinds = {error.get("type") for node in _nodes(said) for error in node.get("errors", ())}
        words = f"comfyui: it refused the workflow: {_node_words(said) or words_of(reply)}."
        everywhere = bool(kinds) and kinds <= _OF_THE_TASK
        return EngineError(words, permanent=everywhere, peer_bound=not everywhere)


def _prompt_id() -> str:
    """A random UUID in its canonical form, which newer servers ask for."""
    digits = secrets.token_hex(16)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _nodes(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    nodes = said.get("node_errors")
    return [node for node in nodes.values() if isinstance(node, dict)] if isinstance(nodes, dict) else []


def _node_words(said: Mapping[str, Any]) -> str:
    """What is wrong with which nodes, in a line."""
    parts = [
        f"{node.get('class_type', 'node')}: {error.get('message', '')} ({error.get('details', '')})"
        for node in _nodes(said)
        for error in node.get("errors", ())
    ]
    return "; ".join(parts)[:500]


def _images(outputs: Mapping[str, Any], wanted: str) -> Iterator[Mapping[str, Any]]:
    """Pictures, those that were saved before those that were only shown."""
    nodes = [outputs[wanted]] if wanted in outputs else [] if wanted else list(outputs.values())
    found = [image for node in nodes for image in node.get("images", ()) if isinstance(image, dict)]
    yield from sorted(found, key=lambda image: image.get("type") != "output")


def _failure(status: Mapping[str, Any]) -> EngineError:
    for event, data in status.get("messages", ()):
        if event == "execution_interrupted":
            return EngineError("comfyui: it was interrupted at the server.")
        if event == "execution_error":
            where, kind = data.get("node_type", "a node"), data.get("exception_type", "an error")
            return EngineError(f"comfyui: {where}: {kind}: {str(data.get('exception_message', '')).strip()[:400]}.")
    return EngineError("comfyui: it failed and does not say why.")
