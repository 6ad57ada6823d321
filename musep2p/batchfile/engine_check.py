"""What the engine says of the parameters, before a single task runs; other peers may have engines that we lack."""

from __future__ import annotations

from collections.abc import Mapping

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.source import Node, Source
from musep2p.core.recipe import Recipe, Scalar, Tasks
from musep2p.core.recipe.axis import Row
from musep2p.core.recipe.tasks import TEMPLATED
from musep2p.core.recipe.template import Variable, parse, walk
from musep2p.core.words import did_you_mean
from musep2p.engines.registry import engine_names, load_engine
from musep2p.errors import EngineError
from musep2p.ports import Engine

__all__ = ["check_fixed", "check_with_engine", "engine_parameters"]

_STANDARD = ("prompt", "negative", "width", "height", "steps", "guidance", "sampler", "model", "seed", "engine")


def engine_parameters(name: str) -> frozenset[str] | None:
    """The parameters that an engine takes; None when it takes any, or is not here to say."""
    try:
        engine = load_engine(name)
    except EngineError:
        return None
    return None if engine.missing() else engine.parameters


def check_fixed(engine_name: str, fixed: Mapping[str, Scalar], nodes: Mapping[str, Node], source: Source) -> None:
    """What the engine says of parameters that are no templates; needs no sound axes."""
    engine = _engine(engine_name, source)
    if engine is None:
        return
    plain = {name: value for name, value in fixed.items() if not (isinstance(value, str) and "{{" in value)}
    _check_names(engine, fixed, nodes, source)
    told: set[Node] = set()
    for name, problem in engine.check(dict(plain)):
        node = nodes.get(name)
        if node is not None and node not in told:
            told.add(node)
            source.wrong(node, problem, "")


def check_with_engine(tasks: Tasks, drafts: list[Draft], nodes: Mapping[str, Node], source: Source) -> None:
    """Try every different value of every axis that the engine is handed, or that a parameter is made of."""
    recipe = tasks.recipe
    engine = _engine(recipe.engine, source)
    if engine is None:
        return
    prompted = recipe.fixed.get("prompt", "") != "" or "prompt" in recipe.given
    if engine.parameters and "prompt" in engine.parameters and not prompted:
        source.mistakes.add(1, 1, "there is no prompt.", 'Add `prompt: "..."`, or a column or an axis `prompt`.')
    for name in recipe.given:
        if engine.parameters is not None and name not in engine.parameters | {"seed"}:
            source.mistakes.note(f"{engine.name} has no {name}: it changes nothing")
    for problem_of, problem in engine.check(tasks.parameters(0)) if not recipe.axes else ():
        if problem_of not in nodes:
            source.mistakes.add(0, 0, problem, "")
    made_of = _made_of(recipe)
    for at, draft in enumerate(drafts):
        _check_axis(engine, tasks, at, draft, made_of, source)


def _engine(name: str, source: Source) -> Engine | None:
    """The engine, if it can render here; else other machines have to know."""
    absent = name not in engine_names()
    try:
        engine = None if absent else load_engine(name)
    except EngineError as error:
        source.mistakes.add(0, 0, error.message, error.hint)
        return None
    if engine is None or engine.missing():
        what = "is not on this machine" if absent else "is not set up on this machine"
        source.mistakes.note(f"the engine {name!r} {what}: its parameters were not checked")
        return None
    return engine


def _made_of(recipe: Recipe) -> dict[str, set[str]]:
    """Parameter -> the variables that its template asks for; prompts are text whatever they are made of."""
    templates = {name: parse(value) for name, value in recipe.fixed.items() if isinstance(value, str)}
    return {
        name: {part.name for part in walk(template) if isinstance(part, Variable)}
        for name, template in templates.items()
        if name not in TEMPLATED
    }


def _check_axis(
    engine: Engine, tasks: Tasks, at: int, draft: Draft, made_of: Mapping[str, set[str]], source: Source
) -> None:
    """Each different row of an axis once, with the first point of every other axis."""
    recipe = tasks.recipe
    axis = recipe.axes[at]
    sources = {name: name for name in axis.names if name in recipe.given and name not in TEMPLATED}
    sources |= {name: sorted(parts & set(axis.names))[0] for name, parts in made_of.items() if parts & set(axis.names)}
    columns = sorted({axis.names.index(name) for name in sources.values()})
    seen: set[Row] = set()
    for number, row in enumerate(axis.rows() if columns else ()):
        values = tuple(row[i] for i in columns)
        if values in seen:
            continue
        seen.add(values)
        digits = [0] * len(recipe.axes)
        digits[at] = number
        problems = engine.check(tasks.parameters(tasks.grid.cell(digits) * recipe.repeats()))
        for name, problem in [each for each in problems if each[0] in sources][:1]:
            column = sources[name] if sources[name] in draft.names else "size"
            file, line, place = draft.place(number, draft.names.index(column))
            source.mistakes.add(line, place, problem, "", file)


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
