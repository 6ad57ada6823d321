"""What a batch will be, before anything runs: computed from its axes, never by listing its tasks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import Any

from musep2p.batchfile.reader import BatchFile
from musep2p.core.recipe import Axis, Counted, Derived, Parameters, Recipe, Tasks, encode_recipe
from musep2p.core.recipe.fill import text_of
from musep2p.core.recipe.names import NameTemplate, folded, without_ending

__all__ = ["Collision", "Plan", "make_plan", "plan_json"]

_VALUES_SHOWN = 6
_COLLISIONS_MAX = 20


@dataclass(frozen=True, slots=True)
class Collision:
    """Points of one axis that names do not tell apart; the index in front of them does.

    Attributes:
        names: of the axis.
        text: what they have in common.
        values: the first of them.
        count: how many they are.
    """

    names: tuple[str, ...]
    text: str
    values: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch at a glance.

    Attributes:
        batch: what was read.
        tasks: how many there are.
        excluded: how many indices are none.
        first: the first of them: index, name, parameters.
        collisions: what names do not tell apart.
        recipe_bytes: what travels to each peer.
    """

    batch: BatchFile
    tasks: int
    excluded: int
    first: tuple[tuple[int, str, Parameters], ...]
    collisions: tuple[Collision, ...]
    recipe_bytes: int


def make_plan(batch: BatchFile, first: int = 3) -> Plan:
    """The plan of a batch file, with the first tasks in full."""
    tasks = batch.tasks
    indices = islice((tasks.unexcluded()), first)
    shown = tuple((index, tasks.name(index), tasks.parameters(index)) for index in indices)
    found = [collision for axis in batch.recipe.axes for collision in _collisions(axis, tasks)]
    size = len(encode_recipe(batch.recipe))
    return Plan(batch, tasks.wanted, tasks.excluded.count(), shown, tuple(found[:_COLLISIONS_MAX]), size)


def plan_json(plan: Plan) -> dict[str, Any]:
    """The documented fields of a plan."""
    recipe = plan.batch.recipe
    return {
        "tasks": plan.tasks,
        "excluded": plan.excluded,
        "engine": recipe.engine,
        "axes": [_axis_json(axis) for axis in recipe.axes] + _seeds_json(recipe),
        "first": [{"index": i, "name": name, "parameters": made} for i, name, made in plan.first],
        "names": {
            "template": recipe.output,
            "first": [name for _, name, _ in plan.first],
            "collisions": [
                {"axis": c.names, "text": c.text, "values": c.values, "count": c.count} for c in plan.collisions
            ],
        },
        "recipe_bytes": plan.recipe_bytes,
        "notes": list(plan.batch.notes),
        "errors": [],
    }


def _collisions(axis: Axis, tasks: Tasks) -> list[Collision]:
    """Points of an axis whose part of the name is the same on a share that ignores case."""
    used = [name for name in dict.fromkeys(NameTemplate(tasks.recipe.output).variables) if name in axis.names]
    if not used:
        shown = tuple(" ".join(map(text_of, row[:2])) for row in islice(axis.rows(), 2))
        return [Collision(axis.names, "", shown, axis.size)] if axis.size > 1 else []
    at = [axis.names.index(name) for name in used]
    seen: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in axis.rows():
        texts = [text_of(row[i]) for i in at]
        seen[tuple(folded(without_ending(text)) for text in texts)].append(" ".join(texts))
    return [
        Collision(axis.names, "_".join(key), tuple(values[:_VALUES_SHOWN]), len(values))
        for key, values in seen.items()
        if len(set(values)) > 1
    ]


def _axis_json(axis: Axis) -> dict[str, Any]:
    rows = [row[0] if len(row) == 1 else list(row) for row in islice(axis.rows(), _VALUES_SHOWN)]
    return {"names": list(axis.names), "size": axis.size, "values": rows}


def _seeds_json(recipe: Recipe) -> list[dict[str, Any]]:
    if not recipe.has_seeds():
        return []
    seeds = recipe.seeds
    values: list[Any] = ["derived from each cell"]
    if isinstance(seeds, Counted):
        values = [seeds.first + i for i in range(min(_VALUES_SHOWN, seeds.count))]
    elif not isinstance(seeds, Derived):
        values = list(seeds[:_VALUES_SHOWN])
    return [{"names": ["seed"], "size": recipe.repeats(), "values": values}]
