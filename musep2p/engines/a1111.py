"""`a1111`: Automatic1111's web UI and its kin (Forge, SD.Next, sd-server) by `/sdapi/v1`.

    [engines.a1111]
    url = "http://127.0.0.1:7860"

An answer of 200 proves little there: which picture of the answer is the picture, and which model made it, is read from
`info` where there is one; the gate looks at the pixels. One queue serves us and whoever uses the UI by hand, so nothing
is interrupted but a task of our own.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from musep2p.core.recipe import Parameters, Scalar
from musep2p.engines.a1111_info import check_model, check_vae, info_of
from musep2p.engines.a1111_names import ANY_VAE, MODULES, VAE, Names
from musep2p.engines.a1111_refusal import refusal
from musep2p.engines.http import Http, LostAnswerError, Reply, words_of
from musep2p.engines.keys import Secret
from musep2p.engines.options import Options, named
from musep2p.engines.pictures import as_picture
from musep2p.engines.restart import Restart
from musep2p.engines.values import one_form, wrong_values
from musep2p.errors import EngineError
from musep2p.ports import Output, Task

__all__ = ["A1111Engine"]

_DEFAULTS: Parameters = {
    "prompt": "", "negative": "", "width": 512, "height": 512, "steps": 20, "guidance": 7.0, "seed": 0,
    "sampler": "", "scheduler": "", "model": "", "vae": "", "clip_skip": 0,
}  # fmt: skip
_CLIP_SKIP = "CLIP_stop_at_last_layers"
_OPTIONS = (VAE, MODULES, _CLIP_SKIP)
_CLIP_SKIP_MAX = 12
_BY_HAND = ("interrupted", "skipped", "stopping_generation")
_SEED_MAX = (1 << 32) - 1
_PATIENCE_S = 60.0
_STILL_S = 2.0
_HOLD_S, _LOOK_S, _ENDS_LOOKS, _FAILED_LOOKS = 5.0, 0.2, 5, 5
_STILL_MAX_S = 900.0
_RELEASE_S, _SAYS_S, _MOVES_S = 30.0, 5.0, 1.0


class A1111Engine:
    """One server, beside this peer.

    Args:
        settings: the table `engines.a1111` of the peer's settings: `url`; `login_env` or `login_file`, where
            `user:password` is; `identity`, what renders there; `patience_s`, how long a task waits for a server that
            does not answer; `restart`, a command that starts it again then.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "a1111"
    payload = False
    parameters = frozenset(_DEFAULTS)

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        options = Options(self.name, settings or {})
        url, login = options.text("url"), Secret(self.name, options, "login")
        self._patience_s = options.number("patience_s", _PATIENCE_S)
        restart = Restart(self.name, options.texts("restart"), url)
        self.keyed, self.identity = named("a1111/1", options)
        options.end()
        self._http = Http(self.name, url, login.read, restart=restart.run) if url else None
        self._names = Names(self._http, self._patience_s) if self._http is not None else None
        self._task, self._interrupted, self._held, self._empty = "", "", False, 0
        self._writing = threading.Lock()

    def missing(self) -> str:
        """Why nothing can be rendered here: no server is set."""
        example = 'Set it in musep2p.toml: [engines.a1111] url = "http://127.0.0.1:7860".'
        return "" if self._http is not None else f"a1111: no server is set. {example}"

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        values = self.normalise(parameters)
        skip, problems = values["clip_skip"], wrong_values(self.name, values, seed_max=_SEED_MAX)
        if isinstance(skip, bool) or not isinstance(skip, int) or not 0 <= skip <= _CLIP_SKIP_MAX:
            problems.append(("clip_skip", f"a1111: clip_skip must be from 0 to {_CLIP_SKIP_MAX}, not {skip!r}."))
        return problems

    def normalise(self, parameters: Parameters) -> Parameters:
        return one_form({name: parameters.get(name, default) for name, default in _DEFAULTS.items()})

    def render(self, task: Task) -> Output:
        if self._http is None or self._names is None:
            raise EngineError(self.missing())
        named = self._names.of(task.parameters)
        if not self._held and (named["vae"] or task.parameters["clip_skip"]):
            self._hold_options()
        self._task, self._empty = f"musep2p-{secrets.token_hex(8)}", 0
        try:
            body = self._request({**task.parameters, **named}, self._names.vae_settings(str(named["vae"])))
            reply = self._http.post_when_there("/sdapi/v1/txt2img", body, self._patience_s, busy=self._loads)
        except LostAnswerError as error:
            self._wait_until_done()
            raise EngineError(f"{error.message} It is rendered again.") from None
        finally:
            self._task = ""
        if reply.status != 200:
            raise refusal(reply)
        if _is_empty(reply) and self._has_no_model():
            raise EngineError("a1111: the server has no model loaded.", "Choose one in its UI.", peer_bound=True)
        return self._picture(reply, str(task.parameters["model"]), named, self._names)

    def _hold_options(self) -> None:
        """Have the server write down its owner's VAE and clip skip: it puts back only what its settings file has.

        While something is rendered its options may be those of that task, so an idle moment is waited for; if there
        is none, or it does not answer well, the next such task tries again.
        """
        assert self._http is not None
        until = time.monotonic() + _HOLD_S
        with contextlib.suppress(EngineError):
            self._held = not self._progress()  # one that tells nothing has no options either
            while not self._held and time.monotonic() < until:
                idle = self._is_idle()
                said = self._http.get_when_there("/sdapi/v1/options", self._patience_s).json()
                now = {name: said[name] for name in _OPTIONS if name in said} if isinstance(said, dict) else {}
                if now and idle and self._is_idle():
                    self._held = self._write_down(now)
                else:
                    time.sleep(_LOOK_S)

    def _write_down(self, now: dict[str, Any]) -> bool:
        assert self._http is not None and self._names is not None
        # A list of Forge's that is not empty is written down already, and may be what another slot writes just now.
        some = self._names.a_module() if now.pop(MODULES, None) == [] else ""
        with self._writing:
            if some:
                # An empty one is no change to it where it has none yet; what it loads does not change by this.
                self._http.post("/sdapi/v1/options", {MODULES: [some]}, within_s=_RELEASE_S)
                now[MODULES] = []
            for _ in range(_ENDS_LOOKS):
                with contextlib.suppress(EngineError):
                    return self._http.post("/sdapi/v1/options", now, within_s=_RELEASE_S).status == 200
        return False

    def models(self) -> tuple[str, ...]:
        """The checkpoints that the server lists, by title (name and hash) and by what it calls their name."""
        said = self._http.get("/sdapi/v1/sd-models").json() if self._http is not None else None
        items = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
        return tuple(str(item[key]) for item in items for key in ("title", "model_name") if item.get(key))

    def cancel(self) -> None:
        """Interrupt what we are rendering, and nothing else that the server does."""
        with self._writing:
            pass  # after this our process may end: nothing of the owner's is left half written
        if self._http is not None and self._task and self._is_active(self._task):
            self._http.post("/sdapi/v1/interrupt", {}, within_s=2.0)
            self._interrupted = self._task

    def left_behind(self) -> str:
        """The name of our task while it waits in the server's queue, or has just begun: `cancel` was too early."""
        task = self._task
        if not task or task == self._interrupted:
            return ""
        said = self._told_of(task)
        return task if said.get("queued") is True or said.get("active") is True else ""

    def stop_when_begun(self, name: str) -> None:
        """Interrupt a task of ours as soon as the server works on it."""
        assert self._http is not None
        until, looks = time.monotonic() + _STILL_MAX_S, 0
        while time.monotonic() < until and looks < _FAILED_LOOKS:
            with contextlib.suppress(EngineError):  # while it loads a model it may not answer
                state = self._progress()
                said = self._told_of(name)
                if said.get("active") is True and _works(state) and not _is_by_hand(state):
                    self._http.post("/sdapi/v1/interrupt", {}, within_s=_SAYS_S)
                    return
                if said.get("active") is not True and said.get("queued") is not True:
                    return
                looks += said.get("active") is True  # it has failed: it is active until another begins
            time.sleep(_LOOK_S)

    def release(self) -> bool:
        """Let Forge or SD.Next unload its model, which they load again when it is needed.

        Automatic1111's own would render nothing afterwards, for its owner neither. Nor is it unloaded under a render of
        somebody else.
        """
        if self._http is None:
            return False
        forge = self._is_forge()
        if not forge and "type" not in self._checkpoint():
            return False
        for _ in range(_ENDS_LOOKS):  # what was interrupted just now needs a moment
            if self._is_idle() and (forge or self._rests()):
                return self._http.post("/sdapi/v1/unload-checkpoint", {}, within_s=_RELEASE_S).status in (200, 204)
            time.sleep(_LOOK_S)
        return False

    def _rests(self) -> bool:
        """SD.Next seems idle in the middle of some renders: its page's queue tells, and whether anything moves."""
        assert self._http is not None
        looks = []
        for pause_s in (0.0, _MOVES_S):
            time.sleep(pause_s)
            said, state = self._http.get("/sdapi/v1/status", within_s=_SAYS_S).json(), self._progress()
            queue = (said.get("current"), said.get("queued")) if isinstance(said, dict) else ()
            looks.append((*queue, state.get("job_timestamp"), state.get("sampling_step")))
        return looks[0] == looks[1] and looks[0][:2] == ("", 0)

    def _is_forge(self) -> bool:
        assert self._http is not None
        said = self._http.get("/sdapi/v1/options").json()
        return isinstance(said, dict) and any(name.startswith("forge") for name in said)

    def _checkpoint(self) -> Mapping[str, Any]:
        """What SD.Next says of the model that is loaded; others say nothing, and neither does who does not answer."""
        assert self._http is not None
        with contextlib.suppress(EngineError):
            said = self._http.get("/sdapi/v1/checkpoint", within_s=_SAYS_S).json()
            return said if isinstance(said, dict) else {}
        return {}

    def _loads(self, reply: Reply) -> bool:
        """True when there is no picture since no model is loaded: SD.Next gives empty answers until it is.

        One that is there when we ask may have come just after the first empty answer.
        """
        if not _is_empty(reply):
            return False
        self._empty += 1
        return self._has_no_model() or (self._empty == 1 and "type" in self._checkpoint())

    def _has_no_model(self) -> bool:
        return self._checkpoint().get("type", "") is None

    def _request(self, values: Mapping[str, Scalar], settings: dict[str, Any]) -> dict[str, Any]:
        # A model stays, else some servers load it anew for each task; what else was set must not outlive the task.
        restore = not values["model"] or bool(values["vae"] or values["clip_skip"])
        if values["model"]:
            settings["sd_model_checkpoint"] = values["model"]
        if values["clip_skip"]:
            settings[_CLIP_SKIP] = values["clip_skip"]
        skip = {"clip_skip": values["clip_skip"]} if values["clip_skip"] else {}  # where sd-server looks for it
        named = {"sampler_name": values["sampler"], "scheduler": values["scheduler"]}
        return {
            "prompt": values["prompt"], "negative_prompt": values["negative"], "seed": values["seed"],
            "width": values["width"], "height": values["height"], "steps": values["steps"],
            "cfg_scale": values["guidance"], "batch_size": 1, "n_iter": 1, "send_images": True, "save_images": False,
            **{name: value for name, value in named.items() if value}, **skip,
            "override_settings": settings, "override_settings_restore_afterwards": restore,
            "force_task_id": self._task,
        }  # fmt: skip

    def _picture(self, reply: Reply, model: str, named: Parameters, names: Names) -> Output:
        said, sampler, vae = reply.json(), str(named["sampler"]), str(named["vae"])
        images = said.get("images") if isinstance(said, dict) else None
        if not isinstance(images, list) or not images:
            raise EngineError(f"a1111: it answered well and without a picture: {words_of(reply)}.")
        info = info_of(said)
        check_model(info, model)
        if vae and vae not in ANY_VAE:
            check_vae(info, vae)
        told = str(info.get("sampler_name") or "")
        if sampler and told != sampler and told in names.listed.get("sampler", ()):
            words = f"a1111: it rendered with the sampler {told!r}, not with {sampler!r}."
            raise EngineError(words, peer_bound=True)
        self._check_whole(info)
        first = info.get("index_of_first_image", 0)
        place = first if isinstance(first, int) and 0 <= first < len(images) else 0
        try:
            data = base64.b64decode(str(images[place]).rpartition(",")[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise EngineError(f"a1111: what it gave is no base64: {error}.") from None
        return replace(as_picture(data, self.name), model_hash=str(info.get("sd_model_hash") or ""))

    def _check_whole(self, info: Mapping[str, Any]) -> None:
        """Interrupted by hand, a render ends with status 200 and half a picture: only the server's state tells.

        Raises:
            EngineError: somebody did so.
        """
        stamp = info.get("job_timestamp")
        if not stamp:
            return
        try:
            state = self._progress()
        except EngineError:
            return
        if state.get("job_timestamp") == stamp and any(state.get(word) for word in _BY_HAND):
            raise EngineError("a1111: it was interrupted by hand at the server.")

    def _wait_until_done(self) -> None:
        """Our answer was lost on the way: while the server is still at it, asking again would only queue behind."""
        until = time.monotonic() + _STILL_MAX_S
        with contextlib.suppress(EngineError):
            job = self._progress().get("job_timestamp")
            while time.monotonic() < until and self._is_still_there(self._told_of(self._task), job):
                time.sleep(_STILL_S)

    def _is_still_there(self, said: Mapping[str, Any], job: Any) -> bool:
        """True while a task of ours runs or waits; where they have no names (SD.Next), while this job runs."""
        if said.get("active") is True:  # it says so also of one that has failed, until another begins
            return not self._is_idle()
        if said.get("queued") is True:
            return True
        state = self._progress()
        return said.get("completed") is False and _works(state) and state.get("job_timestamp") == job

    def _is_active(self, task: str) -> bool:
        """True while the server works on a task of ours; False too if it cannot say.

        It is asked whether it works at all first: of a task that has failed it says that it is at it, until another
        begins.
        """
        try:
            state = self._progress()
            active = self._told_of(task).get("active") is True
            return active and not _is_by_hand(state) and (not state or _works(state))
        except EngineError:
            return False

    def _told_of(self, task: str) -> Mapping[str, Any]:
        """What the server says of a task.

        Raises:
            EngineError: it does not answer.
        """
        assert self._http is not None
        asked = {"id_task": task, "id_live_preview": -1, "live_preview": False}
        said = self._http.post("/internal/progress", asked, within_s=_SAYS_S).json()
        return said if isinstance(said, dict) else {}

    def _is_idle(self) -> bool:
        """True if it says so; one that tells nothing may be at work."""
        state = self._progress()
        return bool(state) and not _works(state)

    def _progress(self) -> Mapping[str, Any]:
        """What the server says of what it does now; nothing if it cannot say.

        Raises:
            EngineError: it does not answer.
        """
        assert self._http is not None
        said = self._http.get("/sdapi/v1/progress?skip_current_image=true", within_s=_SAYS_S).json()
        state = said.get("state") if isinstance(said, dict) else None
        return state if isinstance(state, dict) else {}


def _works(state: Mapping[str, Any]) -> bool:
    """Whether a server is at work by what it says of itself."""
    return bool(state) and (state.get("job") != "" or state.get("job_count") != 0)


def _is_by_hand(state: Mapping[str, Any]) -> bool:
    """True when it says that it has just begun with a task of its own page."""
    return str(state.get("job", "")).startswith("task(")


def _is_empty(reply: Reply) -> bool:
    """True for a good answer without a picture."""
    said = reply.json() if reply.status == 200 else None
    return isinstance(said, dict) and not said.get("images")
