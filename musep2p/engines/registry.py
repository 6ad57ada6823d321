"""Engines by name, from entry points: a message can name an engine that this peer has, never carry one."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from musep2p.core.ids import TaskKey
from musep2p.core.recipe import Tasks, task_key
from musep2p.errors import EngineError
from musep2p.ports import Engine

__all__ = ["engine_names", "key_of", "load_engine"]


def engine_names() -> list[str]:
    """The engines installed here."""
    return sorted({point.name for point in entry_points(group="musep2p.engines")})


@cache
def load_engine(name: str) -> Engine:
    """The engine of that name.

    Raises:
        EngineError: there is none here.
    """
    for point in entry_points(group="musep2p.engines", name=name):
        engine: Engine = point.load()()
        return engine
    raise EngineError(f"there is no engine {name!r} here.", f"Known: {', '.join(engine_names())}.", permanent=False)


def key_of(engine: Engine, tasks: Tasks, index: int) -> TaskKey:
    """The task key by this engine: equal keys mean equal work."""
    return task_key(engine.identity, engine.normalise(tasks.parameters(index)))
