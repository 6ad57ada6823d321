"""What the conformance suite needs of each engine: how to set it up, and how its server is made to misbehave."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musep2p.engines.a1111 import A1111Engine
from musep2p.engines.atelier import AtelierEngine
from musep2p.engines.comfyui import ComfyUIEngine
from musep2p.engines.command import CommandEngine
from musep2p.engines.diffusers import DiffusersEngine
from musep2p.engines.gradio import GradioEngine
from musep2p.engines.profiled import HttpEngine, MusePublicEngine, OpenAIImagesEngine, SdcppEngine
from tests.engines.a1111_server import A1111Server
from tests.engines.comfy_server import WORKFLOW, ComfyServer
from tests.engines.more_servers import GradioServer, MuseServer, OpenAIServer, SdcppServer
from tests.engines.pipelines import PipelineMoods

PROFILE = """\
post = "/v1/render"
[fields]
prompt = "prompt"
width = "width"
height = "height"
seed = "seed"
[answer]
image = ["output.0.picture"]
"""

PAINTER = """\
import sys
from PIL import Image
words, wide, high, seed, out = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
mood = words.partition(":")[0]
if mood == "parameter":
    sys.exit("the prompt is refused") if False else (print("the prompt is refused"), sys.exit(2))
if mood == "memory":
    print("out of memory"), sys.exit(1)
if mood == "nothing":
    sys.exit(0)
image = Image.linear_gradient("L").resize((wide, high)).rotate(seed * 7).convert("RGB")
image.save(out)
if mood == "cut off":
    data = open(out, "rb").read()
    open(out, "wb").write(data[: len(data) // 2])
"""


@dataclass
class Case:
    """One engine.

    Attributes:
        settings: from its server's address and a folder to the table of settings.
        server: of the tests; None if it has none.
        moods: what can happen to it, and the server's word for it: parameter (refused for good), memory (not enough),
            busy, page (500 in HTML), cut off (half a picture), nothing (no picture), cut (no answer), huge, redirect.
        words: what must be said then.
        wrong: settings that cannot be used.
        cancels: it has something to end at its server.
        served: its server is another process.
    """

    make: Callable[..., Any]
    settings: Callable[[str, Path], dict[str, Any]]
    server: Callable[..., Any] | None = None
    moods: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=lambda: {"addr": 1})
    cancels: bool = False
    served: bool = True


def _profile(url, folder):
    (folder / "own.toml").write_text(PROFILE)
    return {"url": url, "profile": str(folder / "own.toml"), "patience_s": 0.3}


def _workflow(url, folder):
    (folder / "workflow.json").write_text(json.dumps(WORKFLOW))
    return {"url": url, "workflow": str(folder / "workflow.json"), "patience_s": 0.3}


def _program(url, folder):
    (folder / "painter.py").write_text(PAINTER)
    run = [sys.executable, str(folder / "painter.py"), "{prompt}", "{width}", "{height}", "{seed}", "{output}"]
    return {"run": run, "permanent": [2]}


def _plain(url, folder):
    return {"url": url, "patience_s": 0.3}


_ANY = {
    "parameter": "parameter", "memory": "memory", "busy": "busy", "page": "page", "cut off": "cut off",
    "nothing": "nothing", "cut": "cut", "huge": "huge", "redirect": "redirect",
}  # fmt: skip
_MEMORY = {"memory": "out of memory", "page": "Internal Server Error", "huge": "more than"}

CASES = {
    "atelier": Case(lambda settings: AtelierEngine(), lambda url, folder: {}, wrong={}),
    "command": Case(
        CommandEngine, _program, moods={name: name for name in ("parameter", "memory", "nothing", "cut off")},
        words={"parameter": "the prompt is refused", "memory": "out of memory"},
    ),
    "a1111": Case(
        A1111Engine, _plain, A1111Server,
        {**_ANY, "parameter": "schema", "memory": "oom", "page": "html"},
        {**_MEMORY, "parameter": "not a valid integer", "busy": "queue full"}, cancels=True,
    ),
    "comfyui": Case(
        ComfyUIEngine, _workflow, ComfyServer,
        {
            "parameter": "value_smaller_than_min", "memory": "oom", "cut off": "cut off", "nothing": "no outputs",
            "page": "page", "huge": "huge", "redirect": "redirect",
        },
        {**_MEMORY, "parameter": "refused", "memory": "OutOfMemoryError"}, cancels=True,
    ),
    "openai-images": Case(
        OpenAIImagesEngine, lambda url, folder: {**_plain(url, folder), "fields": {"seed": "seed"}}, OpenAIServer, _ANY,
        {**_MEMORY, "parameter": "Invalid size", "busy": "Rate limit"},
    ),
    "sdcpp": Case(
        SdcppEngine, _plain, SdcppServer, _ANY,
        {**_MEMORY, "parameter": "invalid generation parameters", "busy": "queue is full"}, cancels=True,
    ),
    "musepublic": Case(
        MusePublicEngine, _plain, MuseServer, _ANY,
        {**_MEMORY, "parameter": "422_INVALID_PROMPT_LENGTH", "busy": "queue is full"},
    ),
    "http": Case(
        HttpEngine, _profile, MuseServer, _ANY,
        {**_MEMORY, "parameter": "prompt is too long", "busy": "queue is full"},
    ),
    "gradio": Case(
        GradioEngine, lambda url, folder: {**_plain(url, folder), "constants": {"randomize_seed": False}}, GradioServer,
        {name: word for name, word in _ANY.items() if name != "parameter"}, {**_MEMORY, "busy": "queue is full"},
    ),
    "diffusers": Case(
        DiffusersEngine, lambda url, folder: {"models": ["a/model"]}, PipelineMoods,
        {name: name for name in ("parameter", "memory")},
        {"parameter": "divisible by 16", "memory": "out of memory"}, served=False,
    ),
}  # fmt: skip
