"""From the nodes of a batch file to a recipe: what each key says, then what they say together."""

from __future__ import annotations

from pathlib import Path

import msgspec

from musep2p.batchfile.columns import SIZE, axis_of, outermost_first
from musep2p.batchfile.drafts import Draft, Drafts
from musep2p.batchfile.engine_check import check_fixed, check_with_engine, engine_parameters
from musep2p.batchfile.fields import PARAMETERS
from musep2p.batchfile.keys import Keys
from musep2p.batchfile.notes import misnamed, take_notes
from musep2p.batchfile.prompts import Prompts
from musep2p.batchfile.rules import read_rules, skipped_rules
from musep2p.batchfile.source import Node, ScalarNode, Source
from musep2p.batchfile.wildcards import WildcardFolder
from musep2p.core.recipe import Axis, Counted, Derived, Recipe, Settings, Tasks, encode_recipe
from musep2p.core.recipe.names import NameTemplate
from musep2p.core.recipe.recipe import MAX_TASKS, RECIPE_BYTES_MAX, SEED_MAX, TASKS_LIMIT, Rule
from musep2p.core.recipe.scope import Scope
from musep2p.core.recipe.template import Template, Wildcard
from musep2p.core.words import did_you_mean
from musep2p.errors import RecipeError

__all__ = ["Builder"]

_KINDS_OF_AXES = ("rows", "zip", "axes")
_OUTPUT_MAX = 1000
Seeds = tuple[int, ...] | Counted | Derived


class Builder:
    """Builds one recipe.

    Args:
        source: the batch file.
        root: its top node.
        folder: that paths are relative to.
    """

    def __init__(self, source: Source, root: Node, folder: Path) -> None:
        self._source, self._mistakes, self._folder = source, source.mistakes, folder
        self._keys = Keys(source, root)
        self._prompts = Prompts(self._keys)
        self._drafts: list[Draft] = []
        self._axes_sound = True
        self._idle: list[tuple[Node, str, str]] = []

    def build(self, default_name: str) -> tuple[Tasks, Settings]:
        """The tasks of the recipe, and the settings.

        Raises:
            BatchFileError: there are mistakes.
            RecipeError: the whole is impossible.
        """
        keys, prompts = self._keys, self._prompts
        self._open_wildcards()
        settings, engine = keys.settings(default_name), keys.engine()
        prompts.read()
        before = len(self._mistakes)
        self._read_axes()
        self._axes_sound = len(self._mistakes) == before
        seeds = self._seeds()
        prompts.replace(self._drafts)
        prompts.parse()
        axes, given = self._axes(engine)
        self._check_given_twice(given)
        recipe = self._recipe(engine, axes, given, seeds)
        self._check_idle()
        self._check_size(recipe)
        asked = prompts.asked_for(self._drafts)
        take_notes(recipe, self._drafts, asked, prompts.templates, self._mistakes)
        tasks = Tasks(recipe)
        self._check_wanted(tasks)
        check_with_engine(tasks, self._drafts, prompts.nodes, self._source)
        self._mistakes.raise_if_any()
        return tasks, settings

    def _open_wildcards(self) -> None:
        node = self._keys.get("wildcards")
        shown = self._keys.values.word(node, "wildcards", 1000) if node is not None else "wildcards"
        folder = self._folder / shown
        if node is not None and shown and not folder.is_dir():
            self._source.wrong(node, f"the folder {shown!r} is not there.", "Paths are relative to the batch file.")
        self._wildcards = WildcardFolder(folder, shown, self._mistakes)

    def _read_axes(self) -> None:
        drafts = Drafts(self._keys.values, self._folder, self._lines_of_wildcard, self._wildcards.names)
        for key in [key for key in self._keys.nodes if key in _KINDS_OF_AXES]:
            node = self._keys.nodes[key]
            if key == "axes":
                self._drafts += drafts.axes(node)
            elif key == "zip":
                self._drafts += drafts.groups(node)
            elif (rows := drafts.rows(node)) is not None:
                self._drafts.append(rows)
        self._drafts = outermost_first(self._drafts)
        seen: set[str] = set()
        for draft in self._drafts:
            for name in draft.names:
                if name in seen:
                    self._source.wrong(draft.node, f"{name!r} is given by two axes.", "Rename one.")
                elif name in ("index", "engine"):
                    self._source.wrong(draft.node, f"{name!r} cannot be an axis.", "Submit one batch for each.")
                seen.add(name)

    def _lines_of_wildcard(self, name: str) -> tuple[str, ...] | None:
        return self._wildcards.needed([Template((Wildcard(name, 0),))]).get(name)

    def _seeds(self) -> Seeds:
        """`seeds`, or an axis called `seed`: innermost, wherever it is written."""
        listed = [draft for draft in self._drafts if draft.listed and draft.names in (["seed"], ["seeds"])]
        column = any("seed" in draft.names for draft in self._drafts if draft not in listed)
        node = self._keys.get("seeds")
        if node is not None and (column or listed):
            text = "seeds are given twice: here and by an axis or column `seed`."
            self._source.wrong(node, text, "Keep one of them.")
        if listed:
            self._drafts = [draft for draft in self._drafts if draft not in listed]
            return self._keys.values.seeds(listed[0].node)
        return self._keys.seeds()

    def _axes(self, engine: str) -> tuple[list[Axis], list[str]]:
        """The axes, and which of their names the engine is handed."""
        asked = self._prompts.asked_for(self._drafts) | self._mentioned()
        own = engine_parameters(engine)
        known = {*PARAMETERS, *(own or ())}
        axes: list[Axis] = []
        given: list[str] = []
        for draft in self._drafts:
            wrapped = {name for name in draft.names if name in asked and name in self._prompts.fixed}
            wanted = [name for name in draft.names if name in (known | {"seed"}) - wrapped]
            if draft.listed:
                wanted += self._unasked(draft, asked, known, any_name=own is None)
            else:
                self._check_columns(draft, asked | known)
            axis, handed = axis_of(draft, wanted, self._mistakes)
            axes.append(axis)
            given += handed
        return axes, given

    def _check_columns(self, draft: Draft, used: set[str]) -> None:
        """A column that sets nothing, and is called nearly as what would."""
        for name in draft.names:
            meant = misnamed(name) if name not in used else ""
            if meant:
                text = f"the column {name!r} sets nothing."
                self._source.wrong(draft.node, text, f"Call it {meant!r}, or rename it if it is something else.")

    def _unasked(self, draft: Draft, asked: set[str], known: set[str], *, any_name: bool) -> list[str]:
        """Names of listed axes that no template asks for: for the engine, if it takes any."""
        lone = [name for name in draft.names if name not in asked and name not in known | {"seed", SIZE}]
        if any_name:
            return lone
        if len(lone) == len(draft.names):
            close = did_you_mean(lone[0], known)
            hint = close if close.startswith("Did") else f"Write {{{{{lone[0]}}}}} into the prompt, or take it out."
            self._idle.append((draft.node, f"the axis {lone[0]!r} changes nothing: no template asks for it.", hint))
        return []

    def _mentioned(self) -> set[str]:
        """Names in `output` and `vary_by`."""
        output, by = self._keys.get("output"), self._keys.get("vary_by")
        names = NameTemplate(str(output.value)).variables if isinstance(output, ScalarNode) else []
        items = self._source.items(by) if by is not None else []
        return {*names, *(str(item.value) for item in items if isinstance(item, ScalarNode))}

    def _check_idle(self) -> None:
        """Said only when nothing else is wrong: a misspelt variable leaves its axis idle, too."""
        for node, message, hint in self._idle:
            self._source.wrong(node, message, hint)
        self._mistakes.raise_if_any()

    def _check_given_twice(self, given: list[str]) -> None:
        for name in given:
            node = self._prompts.nodes.get(name) or (self._keys.get("model") if name == "model" else None)
            if node is not None and name != "height":
                shown = SIZE if name == "width" else name
                self._source.wrong(node, f"{shown} is given twice: here and by an axis.", "Keep one of them.")

    def _recipe(self, engine: str, axes: list[Axis], given: list[str], seeds: Seeds) -> Recipe:
        keys = self._keys
        names = {name for axis in axes for name in axis.names}
        templates = [*self._prompts.templates.values(), *self._prompts.in_columns(self._drafts)]
        wildcards = self._wildcards.needed(templates)
        plain = Recipe(
            engine, {}, seeds=seeds, tags=keys.tags(), gpu_mb=keys.gpu_mb(), model=keys.model(), looks=keys.looks()
        )
        rng_seed, order = keys.whole("rng_seed", -SEED_MAX, SEED_MAX, 0), keys.order()
        if self._axes_sound:  # else what is missing is missing because of a mistake that is told already
            seeded = ["seed"] if keys.get("seeds") is not None or seeds != () else []
            scope = Scope(["index", *seeded, *names], axes, wildcards, lists=self._wildcards.names())
            self._prompts.check(scope, self._drafts)
            exclude, include = self._rules("exclude", axes), self._rules("include", axes)
            for draft, axis in zip(self._drafts, axes, strict=True):
                exclude += skipped_rules(draft, axis)
            vary_by, output = keys.vary_by(names), self._output(axes, {*names, "index", *seeded})
        check_fixed(engine, self._prompts.fixed, self._prompts.nodes, self._source)
        self._mistakes.raise_if_any()
        made = msgspec.structs.replace(
            plain, fixed=self._prompts.fixed, axes=tuple(axes), given=tuple(given), rng_seed=rng_seed, vary_by=vary_by,
            wildcards=wildcards, exclude=exclude, include=include, order=order, output=output,
        )  # fmt: skip
        # Fields are bounded by their types, which only a conversion checks.
        return msgspec.convert(msgspec.to_builtins(made, builtin_types=(bytes,)), Recipe, builtin_types=(bytes,))

    def _rules(self, key: str, axes: list[Axis]) -> tuple[Rule, ...]:
        node = self._keys.get(key)
        return read_rules(self._source, node, key, axes) if node is not None else ()

    def _output(self, axes: list[Axis], known: set[str]) -> str:
        """The template of names; by default the index and the first value of every axis."""
        node = self._keys.get("output")
        if node is None:
            first = [SIZE if SIZE in axis.names else axis.names[0] for axis in axes if axis.names[0] != "prompt"]
            return "_".join(f"{{{{{name}}}}}" for name in ["index", *first])
        text = self._keys.values.word(node, "output", _OUTPUT_MAX)
        for wanted in NameTemplate(text).variables:
            if wanted not in known:
                hint = did_you_mean(wanted, known)
                message = f"output: nothing gives {{{{{wanted}}}}} a value."
                self._source.wrong(node, message, hint, text.find(wanted))
        return text

    def _check_size(self, recipe: Recipe) -> None:
        limit = self._keys.whole("max_tasks", 1, TASKS_LIMIT, MAX_TASKS)
        if recipe.count() > limit:
            sizes = [f"{' and '.join(axis.names[:3])} ({axis.size:,})" for axis in recipe.axes]
            sizes += [f"seeds ({recipe.repeats():,})"] if recipe.repeats() > 1 else []
            keys = [key for key in ("max_tasks", *_KINDS_OF_AXES, "seeds") if key in self._keys.nodes]
            text = f"{recipe.count():,} tasks, more than {limit:,}: {' x '.join(sizes)}."
            self._keys.wrong(keys[0], text, "Take values out of an axis, or raise `max_tasks`.")
        size = len(encode_recipe(recipe))
        if size > RECIPE_BYTES_MAX:
            text = f"rows and lists take {size >> 20} MiB; at most {RECIPE_BYTES_MAX >> 20} MiB travel with a batch."
            self._mistakes.add(0, 0, text, "Take columns out that no template uses, or split the table.")
        self._mistakes.raise_if_any()

    def _check_wanted(self, tasks: Tasks) -> None:
        key = "include" if self._keys.get("include") is not None else "exclude"
        try:
            if not tasks.wanted:
                self._keys.wrong(key, "every cell of the batch is left out.", "Exclude less, or include more.")
        except RecipeError as error:
            self._keys.wrong(key, error.message, error.hint)
        self._mistakes.raise_if_any()
