"""From an index to the parameters of its task, and to its name: a recipe, made ready to be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite, prod

from musep2p.core.ranges import Ranges
from musep2p.core.recipe.axis import AxisReader, Scalar
from musep2p.core.recipe.draw import Draw, derived_seed
from musep2p.core.recipe.excluded import excluded_indices
from musep2p.core.recipe.fill import Wildcards, fill, is_random
from musep2p.core.recipe.grid import Grid
from musep2p.core.recipe.names import NameTemplate, index_text
from musep2p.core.recipe.recipe import CLASS_NAMES, MIDDLE_OUT, Counted, Derived, Parameters, Recipe, model_of
from musep2p.core.recipe.scope import Scope
from musep2p.core.recipe.template import Template, Variable, parse
from musep2p.core.words import known_words
from musep2p.errors import RecipeError

__all__ = ["TEMPLATED", "Tasks", "scalar_of"]

_CLASSES_KEPT = 1024
_CLASSES_LOOKED_AT = 16
TEMPLATED = frozenset(("prompt", "negative"))  # a column of this name holds templates
_TEXTS = TEMPLATED | {"sampler", "model"}  # stay text, whatever they look like
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d{1,3})?")


def scalar_of(text: str) -> Scalar:
    """What a text means where an engine wants a value: a number, true or false, else the text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and isfinite(value := float(text)):
        return value
    return {"true": True, "false": False}.get(text, text)


class Tasks:
    """The tasks of a recipe, computed.

    Args:
        recipe: what to compute from.

    Raises:
        RecipeError: a template is none, or asks for what is not there.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._repeats = recipe.repeats()
        self.total = recipe.count()
        outer = 0
        while outer < len(recipe.axes) and CLASS_NAMES & set(recipe.axes[outer].names):
            outer += 1
        sizes = [axis.size for axis in recipe.axes]
        self._class_axes, self._classes = outer, dict[int, str]()
        self._of_one_class = self.total // prod(sizes[:outer])
        self.grid = Grid(sizes, outer=outer, middle_out=recipe.order == MIDDLE_OUT)
        self._readers = [AxisReader(axis) for axis in recipe.axes]
        self._wildcards = Wildcards(recipe.wildcards)
        self._templates = {name: parse(value) for name, value in recipe.fixed.items() if isinstance(value, str)}
        self._plain = {name: value for name, value in recipe.fixed.items() if not isinstance(value, str)}
        self._random = {name for name, template in self._templates.items() if is_random(template)}
        self._names = NameTemplate(recipe.output or "_".join(f"{{{{{axis.names[0]}}}}}" for axis in recipe.axes))
        self._check()

    @cached_property
    def excluded(self) -> Ranges:
        """The indices that are no tasks."""
        return excluded_indices(self.recipe, self.grid)

    @cached_property
    def wanted(self) -> int:
        """How many indices are tasks."""
        return self.total - self.excluded.count()

    def unexcluded(self) -> Iterator[int]:
        """The indices of all tasks, ascending."""
        return (Ranges([(0, self.total)]) - self.excluded).indices()

    def cell(self, index: int) -> Parameters:
        """The values of the axes, and `seed`, for one index.

        Raises:
            IndexError: the batch has no such index.
        """
        cell, repeat = self._place(index)
        values = self._values(cell)
        if self.recipe.has_seeds():
            values["seed"] = self._seed(values, repeat)
        return values

    def parameters(self, index: int) -> Parameters:
        """What the engine is asked for, for one index.

        Raises:
            IndexError: the batch has no such index.
        """
        cell, repeat = self._place(index)
        values = self._values(cell)
        apart = self._apart(values)
        if self.recipe.has_seeds():
            values["seed"] = self._seed(values, repeat)
        if not isinstance(self.recipe.seeds, Derived) and self.recipe.has_seeds():
            repeat = int(values["seed"])
        known = {**values, "index": index}
        made: Parameters = {**self._plain, "engine": self.recipe.engine, "model": self.recipe.model}
        for name, template in self._templates.items():
            made[name] = self._fill(name, template, known, apart, repeat)
        for name in self.recipe.given:
            value = values[name]
            if name in TEMPLATED and isinstance(value, str):
                value = self._fill(name, parse(value), known, apart, repeat)
            made[name] = value
        if "seed" in values:
            made["seed"] = values["seed"]
        return made

    def name(self, index: int) -> str:
        """The name of a task's picture, without extension."""
        cell = self.cell(index)
        return self._names.fill(cell.__getitem__, index_text(index, self.total))

    def work_class(self, index: int) -> str:
        """The class of work (engine, model, size) of a task; indices of one class follow each other."""
        cell = index // self._of_one_class
        known = self._classes.get(cell)
        if known is None:
            if len(self._classes) >= _CLASSES_KEPT:
                self._classes.clear()
            values = self._values(index // self._repeats)
            given = {name: values[name] for name in self.recipe.given if name in CLASS_NAMES}
            known = self._classes[cell] = self.recipe.work_class(given)
        return known

    def model(self, index: int) -> str:
        """The model of a task, as its class of work names it."""
        return model_of(self.work_class(index)).partition("|")[2]

    def classes(self, ranges: Ranges) -> dict[str, int]:
        """How many of these tasks are of which class; exact for few classes, for many by a sample."""
        if not self._class_axes:
            return {self.work_class(0): ranges.count()} if ranges else {}
        counts: dict[str, int] = {}
        cells = self.total // self._of_one_class
        step = -(-cells // _CLASSES_LOOKED_AT)
        for cell in range(0, cells, step):
            start, stop = cell * self._of_one_class, min(cell + step, cells) * self._of_one_class
            found = (ranges & Ranges([(start, stop)])).count()
            if found:
                name = self.work_class(start)
                counts[name] = counts.get(name, 0) + found
        return counts

    @cached_property
    def class_ranges(self) -> dict[str, Ranges]:
        """The indices of each class of work, in the order of the batch; empty of one, and of very many."""
        cells = self.total // self._of_one_class
        found: dict[str, Ranges] = {}
        for cell in range(cells) if self._class_axes and cells <= _CLASSES_KEPT else ():
            start = cell * self._of_one_class
            found.setdefault(self.work_class(start), Ranges()).add(start, start + self._of_one_class)
        return found if len(found) > 1 else {}

    def all_classes(self) -> tuple[str, ...]:
        """All classes of work; none where there are too many to tell."""
        if self.class_ranges:
            return tuple(self.class_ranges)
        many = self._class_axes and self.total // self._of_one_class > _CLASSES_KEPT
        return () if many else (self.work_class(0),)

    @cached_property
    def models(self) -> dict[str, Ranges]:
        """The same by what has to be loaded; empty where all have one model."""
        found: dict[str, Ranges] = {}
        for work_class, ranges in self.class_ranges.items():
            found.setdefault(model_of(work_class), Ranges()).update(ranges)
        return found if len(found) > 1 else {}

    def index_at(self, digits: Sequence[int], repeat: int = 0) -> int:
        """The index of the cell at this place on every axis, with its seed of that number."""
        return self.grid.cell(digits) * self._repeats + repeat

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < self.total:
            raise IndexError(f"task {index} of {self.total}")
        return divmod(index, self._repeats)

    def _values(self, cell: int) -> Parameters:
        values: Parameters = {}
        digits = self.grid.digits(cell)
        for axis, reader, digit in zip(self.recipe.axes, self._readers, digits, strict=True):
            values.update(zip(axis.names, reader.row(digit), strict=True))
        return values

    def _apart(self, values: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """What random choices and derived seeds depend on."""
        by = self.recipe.vary_by
        return {name: values[name] for name in by} if by else dict(values)

    def _seed(self, values: Mapping[str, Scalar], repeat: int) -> int:
        seeds = self.recipe.seeds
        if isinstance(seeds, Derived):
            return derived_seed(self.recipe.rng_seed, self._apart(values), repeat)
        return seeds.first + repeat if isinstance(seeds, Counted) else seeds[repeat]

    def _fill(
        self, name: str, template: Template, values: Parameters, apart: Mapping[str, Scalar], repeat: int
    ) -> Scalar:
        only = template.parts[0] if len(template.parts) == 1 else None
        if isinstance(only, Variable) and name not in _TEXTS:
            value = values[only.name]
            return scalar_of(value) if isinstance(value, str) else value
        random = name in self._random or (name not in self._templates and is_random(template))
        draw = Draw(self.recipe.rng_seed, name, apart, repeat) if random else None
        return fill(template, values, self._wildcards, draw)

    def _check(self) -> None:
        scope = Scope(self.recipe.variables(), self.recipe.axes, self.recipe.wildcards, deep=False)
        for name, template in self._templates.items():
            for problem in scope.problems(template):
                raise RecipeError(f"{name}: {problem.message}", problem.hint)
        for wanted in self._names.variables:
            if wanted not in scope.variables:
                raise RecipeError(f"output: nothing gives {{{{{wanted}}}}} a value.", known_words(scope.variables))
