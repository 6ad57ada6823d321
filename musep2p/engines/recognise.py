"""What engine answers at an address: asked for what only one of them has, and for what it says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from musep2p.engines.finding import USUAL_PORTS
from musep2p.engines.gradio import endpoint_in
from musep2p.engines.http import AwayError, Http, Reply
from musep2p.engines.openapi import rendering_operation
from musep2p.errors import ConfigError, EngineError

__all__ = ["USUAL_PORTS", "Recognised", "recognise", "recognised_here"]

_WITHIN_S = 5.0
_MODELS_MAX = 1000
_KIN = "Automatic1111's web UI or its kin"
_PAGE_MAX = 8 << 20
_FOOT = re.compile(rb'version: <a href=\\?"([^"<>]{1,200})"[^<>]{0,40}>([^<>"]{1,40})<')


@dataclass(frozen=True, slots=True)
class Recognised:
    """An engine that answers.

    Attributes:
        url: where.
        engine: the name of the adapter for it; empty if there is none yet.
        what: for people: its own name and version.
        models: as a batch names them.
        gpu: of each device, its name and MB of memory.
        settings: what else the settings need, as TOML lines.
        ready: with these settings it can be used as it is; else a person has to say more.
        can_be_tried: though not ready, it can render a test picture.
    """

    url: str
    engine: str
    what: str
    models: tuple[str, ...] = ()
    gpu: tuple[tuple[str, int], ...] = ()
    settings: tuple[str, ...] = ()
    ready: bool = True
    can_be_tried: bool = False


def recognise(url: str) -> Recognised | None:
    """What answers there; None if something does that is no engine we know.

    Raises:
        ConfigError: that is no address.
        EngineError: nobody answers there, or not in HTTP.
    """
    http = Http("probe", url)
    for look in (_comfyui, _sd_server, _a1111, _openai, _gradio, _described, _web_ui):
        found = look(http)
        if found is not None:
            return found
    return None


def recognised_here() -> Iterator[Recognised]:
    """Engines at the usual ports of this machine."""
    for port in USUAL_PORTS:
        try:
            found = recognise(f"http://127.0.0.1:{port}")
        except (EngineError, ConfigError):
            continue
        if found is not None:
            yield found


def _reply(http: Http, path: str) -> Reply | None:
    """What is answered at a path; None if that is slow or strange."""
    try:
        return http.get(path, within_s=_WITHIN_S)
    except AwayError:
        raise
    except EngineError:
        return None


def _said(http: Http, path: str) -> Any:
    """The JSON at a path; None if there is none."""
    reply = _reply(http, path)
    return reply.json() if reply is not None and reply.status == 200 else None


def _is_refused(reply: Reply | None) -> bool:
    return reply is not None and reply.status == 401


def _comfyui(http: Http) -> Recognised | None:
    said = _said(http, "/system_stats")
    if not isinstance(said, dict) or not isinstance(said.get("devices"), list):
        return None
    version = (said.get("system") or {}).get("comfyui_version", "")
    devices = [device for device in said["devices"] if isinstance(device, dict) and device.get("type") != "cpu"]
    gpu = tuple((str(d.get("name", "")), int(d.get("vram_total") or 0) >> 20) for d in devices)
    said_models = _said(http, "/models/checkpoints")
    names = [name for name in said_models if isinstance(name, str)] if isinstance(said_models, list) else []
    # The workflow in the box needs a checkpoint; other kinds of models have workflows of their own.
    line = '# workflow = "FILE"  # yours, by Workflow > Export (API)' if names else 'workflow = "FILE"  # Export (API)'
    what = f"ComfyUI {version}".strip()
    # Used by itself it would render its own pictures of batches that are meant for the studio's workflow.
    return Recognised(
        http.url, "comfyui", what, tuple(names[:_MODELS_MAX]), gpu, (line,), ready=False, can_be_tried=bool(names)
    )


def _a1111(http: Http) -> Recognised | None:
    reply = _reply(http, "/sdapi/v1/sd-models")
    if _is_refused(reply) and not _is_refused(_reply(http, "/v1/models")):
        what = f"{_KIN}, which asks for a login: set login_env or login_file"
        return Recognised(http.url, "a1111", what, ready=False)
    models = reply.json() if reply is not None and reply.status == 200 else None
    if not isinstance(models, list):
        return None
    titles = [str(model["title"]) for model in models if isinstance(model, dict) and model.get("title")]
    memory = _said(http, "/sdapi/v1/memory")
    cuda = (memory.get("cuda") or {}).get("system") if isinstance(memory, dict) else None
    total = int(cuda.get("total") or 0) >> 20 if isinstance(cuda, dict) else 0
    return Recognised(http.url, "a1111", _kin(http), tuple(titles[:_MODELS_MAX]), (("GPU", total),) if total else ())


def _kin(http: Http) -> str:
    """Which of them it is, and its version: it stands at the foot of its page, or at a path of its own."""
    said = _said(http, "/sdapi/v1/version")
    if isinstance(said, dict) and said.get("app"):
        newest = next((str(said[name]) for name in ("version", "updated", "commit", "hash") if said.get(name)), "")
        return f"{said['app']} {newest}".strip()
    page = _reply(http, "/config")
    foot = _FOOT.search(page.body[:_PAGE_MAX]) if page is not None and page.status == 200 else None
    if foot is None:
        return _KIN
    name = "Forge" if b"forge" in foot[1].lower() else "Automatic1111's web UI"
    return f"{name} {foot[2].decode('utf-8', 'replace')}"


def _web_ui(http: Http) -> Recognised | None:
    """Automatic1111's page, started without what we need of it."""
    if _said(http, "/internal/ping") != {}:
        return None
    return Recognised(http.url, "a1111", f"{_KIN} without its API: start it with --api", ready=False)


def _sd_server(http: Http) -> Recognised | None:
    said = _said(http, "/sdcpp/v1/capabilities")
    if not isinstance(said, dict) or not {"limits", "model"} & said.keys():
        return None  # others answer 200 to whatever they do not know
    model = said.get("model")
    name = str(model.get("stem") or "") if isinstance(model, dict) else ""
    return Recognised(http.url, "sdcpp", "stable-diffusion.cpp's server", (name,) if name else ())


def _openai(http: Http) -> Recognised | None:
    reply = _reply(http, "/v1/models")
    said = reply.json() if reply is not None and reply.status in (200, 401) else None
    if _is_refused(reply) and isinstance(said, Mapping) and "error" in said:
        what = "a server in the manner of OpenAI's, which asks for a key: set key_env or key_file"
        return Recognised(http.url, "openai-images", what, ready=False)
    data = said.get("data") if isinstance(said, Mapping) else None
    if not isinstance(data, list):
        return None
    names = tuple(str(model["id"]) for model in data if isinstance(model, dict) and "id" in model)
    # Most of those speak and do not paint: a person has to say that this one does.
    what = "a server in the manner of OpenAI's, if it makes pictures"
    return Recognised(http.url, "openai-images", what, names[:_MODELS_MAX], ready=False)


def _gradio(http: Http) -> Recognised | None:
    for prefix in ("/gradio_api", ""):
        found = endpoint_in(_said(http, f"{prefix}/info"), "")
        if found is not None:
            names = ", ".join(str(part.get("parameter_name")) for part in found[1])
            # An app that draws its own seeds would give other pictures each time.
            draws = [str(part.get("parameter_name")) for part in found[1] if part.get("parameter_default") is True]
            fixed = ", ".join(f"{json.dumps(name)} = false" for name in draws if "random" in name.lower())
            lines = (f"api = {json.dumps(found[0])}", *((f"constants = {{{fixed}}}",) if fixed else ()))
            return Recognised(http.url, "gradio", f"a Gradio app; {found[0]} takes {names}", settings=lines)
    return None


def _described(http: Http) -> Recognised | None:
    """A server that describes itself, and has a path that takes a prompt."""
    said = _said(http, "/openapi.json")
    operation = rendering_operation(said)
    if operation is None:
        return None
    info = said.get("info")
    title = str(info.get("title") or "") if isinstance(info, dict) else ""
    engine = "musepublic" if "muse" in title.lower() else "http"
    fields = ", ".join(f"{ours} = {json.dumps(theirs)}" for ours, theirs in operation.fields)
    lines = (f"post = {json.dumps(operation.path)}", f"fields = {{{fields}}}")
    return Recognised(http.url, engine, title or "a server that describes itself", settings=lines)
