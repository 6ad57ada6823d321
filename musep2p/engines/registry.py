"""Engines by name, from entry points: a message can name an engine that this peer has, never carry one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import Any

from musep2p.config import load_settings
from musep2p.core.ids import TaskKey
from musep2p.core.recipe import Parameters, Tasks, task_key
from musep2p.engines.finding import found_settings
from musep2p.errors import EngineError
from musep2p.ports import Engine

__all__ = ["engine_names", "key_of", "load_engine", "make_engine", "usable_engines"]


# Those in the box that can do nothing without settings: where there are none they need not even be imported.
_SET_UP = frozenset(
    ("command", "a1111", "comfyui", "openai-images", "sdcpp", "musepublic", "http", "gradio", "diffusers")
)


_WEIGHTS = re.compile(r"<(lora|lyco|lycoris|hypernet):", re.IGNORECASE)


@cache
def _points() -> dict[str, EntryPoint]:
    """Looked up once: every look reads the metadata of all that is installed."""
    return {point.name: point for point in entry_points(group="musep2p.engines")}


def engine_names() -> list[str]:
    """The engines installed here, whether or not they can render."""
    return sorted(_points())


def usable_engines() -> tuple[str, ...]:
    """Those that can render here, as far as they know."""
    own = load_settings({}).engines
    useful = (name for name in engine_names() if name not in _SET_UP or own.get(name) or found_settings(name))
    return tuple(name for name in useful if not load_engine(name).missing())


@cache
def load_engine(name: str) -> Engine:
    """The engine of that name, with this machine's settings for it.

    Raises:
        EngineError: there is none here.
        ConfigError: its settings cannot be used.
    """
    return make_engine(name, load_settings({}).engines.get(name) or found_settings(name))


def make_engine(name: str, settings: Mapping[str, Any] | None) -> Engine:
    """The engine of that name with these settings.

    Raises:
        EngineError: there is none here.
        ConfigError: they cannot be used.
    """
    point = _points().get(name)
    if point is None:
        raise EngineError(f"there is no engine {name!r} here.", f"Known: {', '.join(engine_names())}.", permanent=False)
    make = point.load()
    engine: Engine = make(settings) if signature(make).parameters else make()
    return engine


def key_of(engine: Engine, tasks: Tasks, index: int) -> TaskKey:
    """The task key by this engine: equal keys mean equal work; empty where nobody can know that.

    A model counts by its hash, whatever it is called here; in a batch of one look only work of that look is equal.
    """
    parameters = engine.normalise(tasks.parameters(index))
    model, recipe = tasks.model(index), tasks.recipe
    identity = engine.identity
    model_hash = recipe.hashes.get(model, "") if recipe.hashes else ""
    if model_hash and "model" in parameters and not _names_more(parameters):
        parameters = {name: value for name, value in parameters.items() if name != "model"}
        identity += f"|{model_hash}"
    elif not engine.keyed:
        return TaskKey("")
    look = recipe.looks.get(model, "") if recipe.looks else ""
    return task_key(f"{identity}|look {look}" if look else identity, parameters)


def _names_more(parameters: Parameters) -> bool:
    """True when a prompt names further files of weights, which may differ under one name."""
    return any(isinstance(value, str) and _WEIGHTS.search(value) for value in parameters.values())
