"""A recipe: from a template and its axes to the parameters of any task, by computation.

The axes are a mixed-radix number system: the first axis is the outermost digit of the index, the seed the
innermost, so that a range of indices shares its outer values (engine, model and size above all).

    index = ((a0 * len(a1)) + a1) * len(seeds) + s
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from musep2p.core.ids import BatchId, TaskKey, hash_parts
from musep2p.core.recipe.template import fill, placeholders
from musep2p.errors import RecipeError

__all__ = ["Axis", "Parameters", "Recipe", "Scalar", "Settings", "batch_id", "task_key"]

Scalar = str | int | float | bool
Text = Annotated[str, Meta(max_length=200_000)]
Word = Annotated[str, Meta(min_length=1, max_length=120)]
Parameters = dict[str, Scalar]

MAX_TASKS = 10_000_000  # a mistyped axis, not a wish; the batch language will let users raise it


class Axis(msgspec.Struct, frozen=True):
    """One axis: a parameter or template variable and the values it takes, outermost axis first."""

    name: Word
    values: Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=1_000_000)]


class Settings(msgspec.Struct, frozen=True, array_like=True):
    """What a will may change without changing any picture.

    Attributes:
        name: shown to people and used for the folder; not unique.
        priority: higher runs first.
        retries: how many failures of a task are forgiven; one more and it has failed.
        timeout_ms: time for one task; 0 means max(10 min, 20 x the median of its class).
    """

    name: Word = "batch"
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    retries: Annotated[int, Meta(ge=0, le=100)] = 2
    timeout_ms: Annotated[int, Meta(ge=0)] = 0


class Recipe(msgspec.Struct, frozen=True):
    """What decides the pictures of a batch; immutable once submitted.

    Attributes:
        engine: the engine's name.
        fixed: parameters that are the same for all tasks; strings are templates.
        axes: outermost first.
        seeds: the image seeds of every cell, innermost.
        tags: a peer must have all of these to run a task.
        model: part of the class of work.
        run: 0, or the number of a run that shall render anew.
    """

    engine: Word
    fixed: Annotated[dict[Word, Scalar], Meta(max_length=200)]
    axes: Annotated[tuple[Axis, ...], Meta(max_length=16)] = ()
    seeds: Annotated[tuple[int, ...], Meta(max_length=1_000_000)] = ()
    tags: Annotated[tuple[Word, ...], Meta(max_length=16)] = ()
    model: Annotated[str, Meta(max_length=200)] = ""
    run: Annotated[int, Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        total = self.count()
        if total > MAX_TASKS:
            sizes = " x ".join(f"{axis.name} ({len(axis.values)})" for axis in self.axes)
            raise RecipeError(
                f"the batch has {total:,} tasks, more than {MAX_TASKS:,}: {sizes} x {max(1, len(self.seeds))} seeds.",
                "Take values out of an axis, or submit it in parts.",
            )
        self._check_names()
        self._check_placeholders()

    def count(self) -> int:
        """The number of tasks."""
        total = max(1, len(self.seeds))
        for axis in self.axes:
            total *= len(axis.values)
        return total

    def cell(self, index: int) -> Parameters:
        """The values of the axes (and `seed`) for one index."""
        if not 0 <= index < self.count():
            raise IndexError(f"task {index} of {self.count()}")
        values: Parameters = {}
        rest = index
        if self.seeds:
            rest, digit = divmod(rest, len(self.seeds))
            values["seed"] = self.seeds[digit]
        for axis in reversed(self.axes):
            rest, digit = divmod(rest, len(axis.values))
            values[axis.name] = axis.values[digit]
        return values

    def parameters(self, index: int) -> Parameters:
        """What the engine is asked for, for one index: the fixed parameters, filled, under the cell's own values."""
        cell = self.cell(index)
        known = {**cell, "index": index}
        filled = {name: fill(v, known) if isinstance(v, str) else v for name, v in self.fixed.items()}
        return {**filled, **cell, "engine": self.engine, "model": self.model}

    def label(self, index: int) -> str:
        """A short name for an index from its axes, for the file that people browse."""
        cell = self.cell(index)
        return "_".join(str(cell[axis.name]) for axis in self.axes)

    def work_class(self) -> str:
        """Class of work (engine, model, size): what speed is measured by."""
        size = f"{self.fixed.get('width', '')}x{self.fixed.get('height', '')}"
        return f"{self.engine}|{self.model}|{size if size != 'x' else ''}"

    def _check_names(self) -> None:
        names = [axis.name for axis in self.axes]
        taken = {"index"} | ({"seed"} if self.seeds else set())
        for name in names:
            if name in taken or names.count(name) > 1:
                raise RecipeError(f"an axis cannot be called {name!r}: that name has a value already.", "Rename it.")

    def _check_placeholders(self) -> None:
        known = {axis.name for axis in self.axes} | {"index"} | ({"seed"} if self.seeds else set())
        for name, value in self.fixed.items():
            for wanted in placeholders(value) if isinstance(value, str) else ():
                if wanted not in known:
                    raise RecipeError(
                        f"{name}: nothing gives {{{{{wanted}}}}} a value.",
                        f"Known here: {', '.join(sorted(known))}. "
                        + ("Add `seeds`." if wanted == "seed" else f"Add an axis named {wanted!r}."),
                    )


_canonical = msgspec.msgpack.Encoder(order="deterministic")


def batch_id(recipe: Recipe) -> BatchId:
    """The hash of what decides the batch's pictures, and of its run number."""
    return BatchId(hash_parts(b"musep2p batch 1", _canonical.encode(recipe)))


def task_key(identity: str, parameters: Parameters) -> TaskKey:
    """The hash of an engine's identity and normalised parameters: equal keys mean equal work."""
    return TaskKey(hash_parts(b"musep2p task 1", identity.encode(), _canonical.encode(parameters)))
