"""From the nodes of a batch file to a recipe: one pass over the keys, then over what they say together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from musep2p.batchfile.columns import SIZE, axis_of, outermost_first
from musep2p.batchfile.drafts import Draft, Drafts
from musep2p.batchfile.engine_check import check_with_engine, engine_parameters
from musep2p.batchfile.fields import ALIASES, FIELDS, PARAMETERS
from musep2p.batchfile.rules import read_rules, skipped_rules
from musep2p.batchfile.source import MappingNode, Node, ScalarNode, Source, is_plain
from musep2p.batchfile.values import Values, as_guidance
from musep2p.batchfile.wildcards import WildcardFolder
from musep2p.core.recipe import Axis, Counted, Derived, Recipe, Scalar, Settings, Tasks, encode_recipe
from musep2p.core.recipe.names import NameTemplate
from musep2p.core.recipe.recipe import MAX_TASKS, ORDERS, RECIPE_BYTES_MAX, SEED_MAX, TASKS_LIMIT, WRITTEN, Rule
from musep2p.core.recipe.scope import Scope
from musep2p.core.recipe.tasks import TEMPLATED
from musep2p.core.recipe.template import Lookup, Template, TemplateError, Variable, Wildcard, parse, walk
from musep2p.core.words import did_you_mean
from musep2p.errors import RecipeError

__all__ = ["Builder"]

_KINDS_OF_AXES = ("rows", "zip", "axes")
_OUTPUT_MAX = 1000


class Builder:
    """Builds one recipe.

    Args:
        source: the batch file.
        folder: that paths are relative to.
        name: of the batch, when the file gives none.
    """

    def __init__(self, source: Source, folder: Path, name: str) -> None:
        self.source, self.mistakes, self._folder, self._name = source, source.mistakes, folder, name
        self.values = Values(source)
        self.nodes: dict[str, Node] = {}
        self.key_nodes: dict[str, Node] = {}
        self.fixed: dict[str, Scalar] = {}
        self.fixed_nodes: dict[str, Node] = {}
        self.templates: dict[str, Template] = {}
        self.drafts: list[Draft] = []
        self.tasks: Tasks
        self._idle: list[tuple[Node, str, str]] = []

    def build(self, root: Node) -> tuple[Recipe, Settings]:
        """Recipe and settings.

        Raises:
            BatchFileError: there are mistakes.
            RecipeError: the whole is impossible.
        """
        self._read_keys(root)
        self._open_wildcards()
        settings = self._settings()
        engine = self._engine()
        self._read_fixed()
        self._read_axes()
        seeds = self._seeds()
        self._search_and_replace()
        self._parse_templates()
        axes, given = self._axes(engine)
        self._check_fixed_twice(given)
        wildcards = self._wildcards.needed([*self.templates.values(), *self._column_templates(axes, given)])
        recipe = self._recipe(engine, axes, given, seeds, wildcards)
        self._check_scope(recipe)
        self.mistakes.raise_if_any()
        for idle in self._idle:
            self.source.wrong(*idle)
        self.mistakes.raise_if_any()
        self._check_size(recipe)
        self.tasks = Tasks(recipe)
        self._check_wanted(self.tasks)
        check_with_engine(self.tasks, self.drafts, self.fixed_nodes, self.source)
        self.mistakes.raise_if_any()
        return recipe, settings

    def _read_keys(self, root: Node) -> None:
        if not isinstance(root, MappingNode):
            self.source.wrong(root, "a batch file is lines of `key: value`.", 'Start with `prompt: "..."`.')
            self.mistakes.raise_if_any()
        for key, key_node, value in self.source.pairs(root, "the batch file"):
            if key in FIELDS:
                self.nodes[key], self.key_nodes[key] = value, key_node
            elif key in ALIASES:
                self.source.wrong(key_node, f"unknown key {key!r}.", f"Here it is called `{ALIASES[key]}`.")
            else:
                self.source.unknown(key_node, "key", list(FIELDS))

    def _open_wildcards(self) -> None:
        node = self.nodes.get("wildcards")
        shown = self.values.word(node, "wildcards", 1000) if node is not None else "wildcards"
        folder = self._folder / shown
        if node is not None and shown and not folder.is_dir():
            self.source.wrong(node, f"the folder {shown!r} is not there.", "Paths are relative to the batch file.")
        self._wildcards = WildcardFolder(folder, shown, self.mistakes)

    def _settings(self) -> Settings:
        name = self.nodes.get("name")
        timeout = self.nodes.get("timeout")
        return Settings(
            (self.values.word(name, "name") if name is not None else self._name[:120]) or "batch",
            self._whole("priority", -1000, 1000, 0),
            self._whole("retries", 0, 100, 2),
            self.values.duration_ms(timeout, "timeout") if timeout is not None else 0,
        )

    def _engine(self) -> str:
        node = self.nodes.get("engine")
        if node is None:
            return "atelier"
        if isinstance(node, ScalarNode) and node.value == "null":
            return "null"  # the engine of that name, not YAML's nothing
        return self.values.word(node, "engine")

    def _read_fixed(self) -> None:
        for name in ("prompt", "negative", "sampler"):
            if name in self.nodes:
                self._fix(name, self.source.prompt_of(self.nodes[name], name, strict=name in TEMPLATED))
        for name, bounds in (("steps", (1, 10_000)), ("guidance", None)):
            if name in self.nodes:
                self._fix_number(name, self.nodes[name], bounds)
        if SIZE in self.nodes and (size := self.values.size(self.nodes[SIZE])):
            self.fixed["width"], self.fixed["height"] = size
            self.fixed_nodes["width"] = self.fixed_nodes["height"] = self.nodes[SIZE]
        if "params" in self.nodes:
            for name, key_node, value in self.source.pairs(self.nodes["params"], "params"):
                if name in (*PARAMETERS, "seed", "engine"):
                    hint = f"Write `{ALIASES.get(name, name)}:` on its own line."
                    self.source.wrong(key_node, f"{name!r} has a key of its own.", hint)
                    continue
                scalar = self.values.scalar(value, name)
                if scalar is not None:
                    self.fixed[name], self.fixed_nodes[name] = scalar, value

    def _fix(self, name: str, text: str | None) -> None:
        if text is not None:
            self.fixed[name], self.fixed_nodes[name] = text, self.nodes[name]

    def _fix_number(self, name: str, node: Node, bounds: tuple[int, int] | None) -> None:
        if isinstance(node, ScalarNode) and "{{" in node.value:
            self._fix(name, str(node.value))
        elif bounds is not None:
            self.fixed[name] = self.values.whole(node, name, *bounds, 20)
        else:
            value = as_guidance(node.value) if isinstance(node, ScalarNode) and is_plain(node) else None
            if value is None:
                self.values.wrong(node, name, "a number")
                return
            self.fixed[name] = value
        self.fixed_nodes[name] = node

    def _read_axes(self) -> None:
        drafts = Drafts(self.values, self._folder, self._lines_of_wildcard, self._wildcards.names)
        for key in [key for key in self.nodes if key in _KINDS_OF_AXES]:
            node = self.nodes[key]
            if key == "axes":
                self.drafts += drafts.axes(node)
            elif key == "zip":
                self.drafts += drafts.groups(node)
            elif (rows := drafts.rows(node)) is not None:
                self.drafts.append(rows)
        self.drafts = outermost_first(self.drafts)
        seen: dict[str, Draft] = {}
        for draft in self.drafts:
            for name in draft.names:
                if name in ("index", "engine") or name in seen:
                    text = f"{name!r} is given by two axes." if name in seen else f"{name!r} cannot be an axis."
                    self.source.wrong(draft.node, text, "Rename one." if name in seen else "Submit one batch for each.")
                seen[name] = draft

    def _lines_of_wildcard(self, name: str) -> tuple[str, ...] | None:
        found = self._wildcards.needed([Template((Wildcard(name, 0),))])
        return found.get(name)

    def _seeds(self) -> tuple[int, ...] | Counted | Derived:
        """`seeds`, or an axis called `seed`: innermost, wherever it is written."""
        found = [draft for draft in self.drafts if draft.listed and draft.names in (["seed"], ["seeds"])]
        column = next((draft for draft in self.drafts if "seed" in draft.names and draft not in found), None)
        node = self.nodes.get("seeds")
        if (column is not None or found) and node is not None:
            self.source.wrong(node, "seeds are given twice: here and by an axis or column `seed`.", "Keep one of them.")
        if found:
            self.drafts = [draft for draft in self.drafts if draft not in found]
            return self.values.seeds(found[0].node)
        return self.values.seeds(node) if node is not None else ()

    def _search_and_replace(self) -> None:
        """The text that is searched for becomes the variable of its axis."""
        for draft in self.drafts:
            if not draft.replaced:
                continue
            where = [name for name in ("prompt", "negative") if draft.replaced in str(self.fixed.get(name, ""))]
            for name in where:
                self.fixed[name] = str(self.fixed[name]).replace(draft.replaced, f"{{{{{draft.names[0]}}}}}")
            if not where:
                hint = "The first text of `replace` must stand in the prompt as it is."
                self.source.wrong(draft.node, f"the prompt has no {draft.replaced!r} to replace.", hint)

    def _parse_templates(self) -> None:
        for name, value in self.fixed.items():
            if isinstance(value, str):
                try:
                    self.templates[name] = parse(value)
                except TemplateError as error:
                    self._wrong_template(name, error)

    def _wrong_template(self, name: str, error: TemplateError) -> None:
        node = self.fixed_nodes[name]
        moved = isinstance(node, ScalarNode) and self.fixed[name] != node.value
        self.source.wrong(node, f"{name}: {error.message}", error.hint, -1 if moved else error.offset)

    def _axes(self, engine: str) -> tuple[list[Axis], list[str]]:
        asked = self._asked_for()
        own = engine_parameters(engine)
        known = {*PARAMETERS, *(own or ())}
        axes: list[Axis] = []
        given: list[str] = []
        for draft in self.drafts:
            wanted = [name for name in draft.names if name in known | {"seed"}]
            if draft.listed:
                wanted += self._unasked(draft, asked, known, any_name=own is None)
            axis, handed = axis_of(draft, wanted, self.mistakes)
            axes.append(axis)
            given += handed
        return axes, given

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

    def _asked_for(self) -> set[str]:
        """Names of variables that templates may ask for, columns that hold templates included."""
        columns = [name for draft in self.drafts for name in draft.names]
        asked: set[str] = set()
        for template in [*self.templates.values(), *self._draft_templates()]:
            for part in walk(template):
                if isinstance(part, Variable):
                    asked.add(part.name)
                elif isinstance(part, Lookup):
                    asked |= {part.key} | {name for name in columns if name.startswith(part.prefix)}
        node = self.nodes.get("output")
        output = NameTemplate(str(node.value)) if isinstance(node, ScalarNode) else None
        by = self.nodes.get("vary_by")
        words = {str(item.value) for item in self.source.items(by) if isinstance(item, ScalarNode)} if by else set()
        return asked | set(output.variables if output else ()) | words

    def _draft_templates(self) -> Iterator[Template]:
        """Templates in columns called `prompt` or `negative`; a wrong one is a mistake at its place."""
        for draft in self.drafts:
            for at in [at for at, name in enumerate(draft.names) if name in TEMPLATED]:
                for row, cells in enumerate(draft.rows):
                    if not set(cells[at]) & set("{}_\\$"):
                        continue
                    try:
                        yield parse(cells[at])
                    except TemplateError as error:
                        file, line, column = draft.place(row, at)
                        self.mistakes.add(line, column, f"{draft.names[at]}: {error.message}", error.hint, file)

    def _column_templates(self, axes: list[Axis], given: list[str]) -> Iterator[Template]:
        return self._draft_templates() if TEMPLATED & set(given) else iter(())

    def _check_fixed_twice(self, given: list[str]) -> None:
        for name in given:
            if name in self.fixed or (name == "model" and "model" in self.nodes):
                shown = SIZE if name == "width" else name
                if name != "height":
                    node = self.fixed_nodes.get(name) or self.nodes["model"]
                    text = f"{shown} is given twice: here and by an axis."
                    self.source.wrong(node, text, "Keep one of them.")

    def _recipe(
        self, engine: str, axes: list[Axis], given: list[str], seeds: tuple[int, ...] | Counted | Derived,
        wildcards: dict[str, tuple[str, ...]],
    ) -> Recipe:  # fmt: skip
        exclude = self._rules("exclude", axes)
        for draft, axis in zip(self.drafts, axes, strict=True):
            exclude += skipped_rules(draft, axis)
        include = self._rules("include", axes)
        names = {name for axis in axes for name in axis.names}
        vary_by, order = self._vary_by(names), self._order()
        tags = self.values.words(self.nodes["tags"], "tags") if "tags" in self.nodes else ()
        memory = self.nodes.get("gpu_memory")
        gpu_mb = self.values.memory_mb(memory, "gpu_memory") if memory is not None else 0
        model = self.source.prompt_of(self.nodes["model"], "model", strict=False) if "model" in self.nodes else ""
        rng_seed = self._whole("rng_seed", -SEED_MAX, SEED_MAX, 0)
        output = self._output(axes, has_seed=seeds != ())
        self.mistakes.raise_if_any()
        made = Recipe(
            engine, self.fixed, tuple(axes), seeds, tuple(given), rng_seed, vary_by, wildcards, exclude, include,
            order, output, tags, gpu_mb, model or "",
        )  # fmt: skip
        return msgspec.convert(msgspec.to_builtins(made, builtin_types=(bytes,)), Recipe, builtin_types=(bytes,))

    def _rules(self, key: str, axes: list[Axis]) -> tuple[Rule, ...]:
        return read_rules(self.source, self.nodes[key], key, axes) if key in self.nodes else ()

    def _vary_by(self, names: set[str]) -> tuple[str, ...]:
        node = self.nodes.get("vary_by")
        if node is None:
            return ()
        found = []
        for item in self.source.items(node):
            word = self.values.word(item, "vary_by")
            if word and word not in names:
                self.source.unknown(item, "name in vary_by:", sorted(names))
            elif word:
                found.append(word)
        return tuple(dict.fromkeys(found))

    def _order(self) -> str:
        node = self.nodes.get("order")
        if node is None:
            return WRITTEN
        word = self.values.word(node, "order")
        if word and word not in ORDERS:
            self.source.unknown(node, "order", list(ORDERS))
            return WRITTEN
        return word or WRITTEN

    def _output(self, axes: list[Axis], *, has_seed: bool) -> str:
        """The template of names; by default the index and the first value of every axis."""
        node = self.nodes.get("output")
        if node is None:
            first = [SIZE if SIZE in axis.names else axis.names[0] for axis in axes if "prompt" not in axis.names[:1]]
            return "_".join(f"{{{{{name}}}}}" for name in ["index", *first])
        text = self.values.word(node, "output", _OUTPUT_MAX)
        known = {"index", *(name for axis in axes for name in axis.names)} | ({"seed"} if has_seed else set())
        for wanted in NameTemplate(text).variables:
            if wanted not in known:
                at = text.find(wanted)
                hint = did_you_mean(wanted, known)
                self.source.wrong(node, f"output: nothing gives {{{{{wanted}}}}} a value.", hint, at)
        return text

    def _check_scope(self, recipe: Recipe) -> None:
        scope = Scope(recipe.variables(), recipe.axes, recipe.wildcards)
        known_lists = self._wildcards.names()
        for name, template in self.templates.items():
            for problem in scope.problems(template):
                if problem.message.startswith("there is no wildcard file"):
                    wanted = problem.message.split("'")[1]
                    problem = TemplateError(problem.offset, problem.message, did_you_mean(wanted, known_lists))
                self._wrong_template(name, problem)
        for draft in self.drafts:
            for at in [at for at, name in enumerate(draft.names) if name in TEMPLATED]:
                self._check_column(scope, draft, at)

    def _check_column(self, scope: Scope, draft: Draft, at: int) -> None:
        for row, cells in enumerate(draft.rows):
            if set(cells[at]) & set("{_"):
                for problem in scope.problems(parse(cells[at])):
                    file, line, column = draft.place(row, at)
                    self.mistakes.add(line, column, f"{draft.names[at]}: {problem.message}", problem.hint, file)

    def _check_size(self, recipe: Recipe) -> None:
        limit = self._whole("max_tasks", 1, TASKS_LIMIT, MAX_TASKS)
        if recipe.count() > limit:
            sizes = [f"{' and '.join(axis.names[:3])} ({axis.size:,})" for axis in recipe.axes]
            sizes += [f"seeds ({recipe.repeats():,})"] if recipe.repeats() > 1 else []
            keys = [key for key in ("max_tasks", *_KINDS_OF_AXES, "seeds") if key in self.nodes]
            text = f"{recipe.count():,} tasks, more than {limit:,}: {' x '.join(sizes)}."
            self._wrong_key(keys[0], text, "Take values out of an axis, or raise `max_tasks`.")
        size = len(encode_recipe(recipe))
        if size > RECIPE_BYTES_MAX:
            text = f"rows and lists take {size >> 20} MiB; at most {RECIPE_BYTES_MAX >> 20} MiB travel with a batch."
            self.mistakes.add(0, 0, text, "Take columns out that no template uses, or split the table.")
        self.mistakes.raise_if_any()

    def _check_wanted(self, tasks: Tasks) -> None:
        key = "include" if "include" in self.nodes else "exclude"
        try:
            wanted = tasks.wanted
        except RecipeError as error:
            self.source.wrong(self.key_nodes[key], error.message, error.hint)
        else:
            if not wanted:
                self._wrong_key(key, "every cell of the batch is left out.", "Exclude less, or include more.")
        self.mistakes.raise_if_any()

    def _wrong_key(self, key: str, message: str, hint: str) -> None:
        node = self.key_nodes.get(key)
        line, column = self.source.place(node) if node is not None else (0, 0)
        self.mistakes.add(line, column, message, hint)

    def _whole(self, key: str, low: int, high: int, default: int) -> int:
        node = self.nodes.get(key)
        return self.values.whole(node, key, low, high, default) if node is not None else default
