"""What the engine says of the parameters, before a single task runs; other peers may have engines that we lack."""

from __future__ import annotations

from collections.abc import Mapping

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.source import Node, Source
from musep2p.core.recipe import Tasks
from musep2p.core.recipe.axis import Row
from musep2p.core.words import did_you_mean
from musep2p.engines.registry import engine_names, load_engine
from musep2p.errors import EngineError
from musep2p.ports import Engine

__all__ = ["check_with_engine", "engine_parameters"]

_STANDARD = ("prompt", "negative", "width", "height", "steps", "guidance", "sampler", "model", "seed", "engine")


def engine_parameters(name: str) -> frozenset[str] | None:
    """The parameters that an engine takes; None when it takes any, or is not here to say."""
    if name not in engine_names():
        return None
    try:
        return load_engine(name).parameters
    except EngineError:
        return None


def check_with_engine(tasks: Tasks, drafts: list[Draft], nodes: Mapping[str, Node], source: Source) -> None:
    """Try the fixed parameters, and every different value of every axis that the engine is handed."""
    recipe = tasks.recipe
    if recipe.engine not in engine_names():
        source.mistakes.note(f"the engine {recipe.engine!r} is not on this machine: its parameters were not checked")
        return
    try:
        engine = load_engine(recipe.engine)
    except EngineError as error:
        source.mistakes.add(0, 0, error.message, error.hint)
        return
    _check_names(engine, recipe.fixed, nodes, source)
    if engine.parameters and "prompt" in engine.parameters and "prompt" not in {*recipe.fixed, *recipe.given}:
        source.mistakes.add(1, 1, "there is no prompt.", 'Add `prompt: "..."`, or a column or an axis `prompt`.')
    base = tasks.parameters(0)
    given = set(recipe.given)
    told: set[Node | None] = set()
    for name, problem in engine.check(base):
        node = nodes.get(name)
        if name not in given and node not in told:
            told.add(node)
            line, column = source.place(node) if node is not None else (0, 0)
            source.mistakes.add(line, column, problem, "")
    for draft, axis in zip(drafts, recipe.axes, strict=True):
        at = [i for i, name in enumerate(axis.names) if name in given]
        if at:
            seen: set[Row] = set()
            for number, row in enumerate(axis.rows()):
                values = tuple(row[i] for i in at)
                if values not in seen:
                    seen.add(values)
                    wanted = {axis.names[i]: row[i] for i in at}
                    _check_row(engine.check({**base, **wanted}), wanted, draft, number, source)


def _check_names(engine: Engine, fixed: Mapping[str, object], nodes: Mapping[str, Node], source: Source) -> None:
    if engine.parameters is None:
        return
    for name in fixed:
        if name in engine.parameters:
            continue
        if name in _STANDARD:
            source.mistakes.note(f"{engine.name} has no {name}: it changes nothing")
        else:
            hint = did_you_mean(name, engine.parameters)
            source.wrong(nodes[name], f"{engine.name} has no parameter {name!r}.", hint)


def _check_row(
    problems: list[tuple[str, str]], wanted: Mapping[str, object], draft: Draft, row: int, source: Source
) -> None:
    for name, problem in problems[:1]:
        if name in wanted:
            column = draft.names.index(name) if name in draft.names else draft.names.index("size")
            file, line, at = draft.place(row, column)
            source.mistakes.add(line, at, problem, "", file)
