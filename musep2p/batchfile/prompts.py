"""The fixed parameters of a batch and its templates: read, parsed, and checked against what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.fields import ALIASES, PARAMETERS
from musep2p.batchfile.keys import Keys
from musep2p.batchfile.source import Node, ScalarNode, is_plain
from musep2p.batchfile.values import as_guidance
from musep2p.core.recipe import Scalar
from musep2p.core.recipe.scope import Scope
from musep2p.core.recipe.tasks import TEMPLATED
from musep2p.core.recipe.template import Lookup, Template, TemplateError, Variable, parse, walk

__all__ = ["Prompts"]

_STEPS_MAX = 10_000
_NAMED = re.compile(r"(\{\{[^{}]{0,300}\}\}|__[\w\-./*]{1,200}__)")
_MARKS = frozenset("{}_\\$")  # a text without any of these is its own template


class Prompts:
    """Fixed parameters and templates.

    Args:
        keys: of the batch file.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys, self._source, self._values = keys, keys.source, keys.values
        self.fixed: dict[str, Scalar] = {}
        self.nodes: dict[str, Node] = {}
        self.templates: dict[str, Template] = {}

    def read(self) -> None:
        """Prompts, numbers, size and `params`."""
        for name in ("prompt", "negative", "sampler"):
            if (node := self._keys.get(name)) is not None:
                self._fix(name, node, self._source.prompt_of(node, name, strict=name in TEMPLATED))
        if (steps := self._keys.get("steps")) is not None:
            self._fix("steps", steps, _template_in(steps) or self._values.whole(steps, "steps", 1, _STEPS_MAX, 1))
        if (guidance := self._keys.get("guidance")) is not None:
            self._fix("guidance", guidance, _template_in(guidance) or self._number(guidance, "guidance"))
        if (size := self._keys.get("size")) is not None and (sides := self._values.size(size)):
            self._fix("width", size, sides[0])
            self._fix("height", size, sides[1])
        if (params := self._keys.get("params")) is not None:
            self._read_params(params)

    def replace(self, drafts: list[Draft]) -> None:
        """Search and replace: the text that is searched for becomes the variable of its axis."""
        for draft in drafts:
            if not draft.replaced:
                continue
            found = False
            for name in [name for name in ("prompt", "negative") if name in self.fixed]:
                before = str(self.fixed[name])
                after = _replaced(before, draft.replaced, f"{{{{{draft.names[0]}}}}}")
                self.fixed[name], found = after, found or after != before
            if not found:
                hint = "The first text of `replace` must stand in the prompt as it is."
                self._source.wrong(draft.node, f"the prompt has no {draft.replaced!r} to replace.", hint)

    def parse(self) -> None:
        """Parse every text among the fixed parameters."""
        for name, value in self.fixed.items():
            if isinstance(value, str):
                try:
                    self.templates[name] = parse(value)
                except TemplateError as error:
                    self._wrong(name, error)

    def asked_for(self, drafts: list[Draft]) -> set[str]:
        """Names of the variables that templates may ask for, those in columns included."""
        columns = [name for draft in drafts for name in draft.names]
        asked: set[str] = set()
        for template in [*self.templates.values(), *self.in_columns(drafts)]:
            for part in walk(template):
                if isinstance(part, Variable):
                    asked.add(part.name)
                elif isinstance(part, Lookup):
                    asked |= {part.key} | {name for name in columns if name.startswith(part.prefix)}
        return asked

    def in_columns(self, drafts: list[Draft]) -> Iterator[Template]:
        """Templates in columns called `prompt` or `negative`; a wrong one is a mistake at its place."""
        return (template for _, _, _, template in self._columns(drafts))

    def check(self, scope: Scope, drafts: list[Draft]) -> None:
        """Whether all that templates ask for is there.

        Args:
            scope: what is there.
            drafts: the axes, whose columns may hold templates.
        """
        for name, template in self.templates.items():
            for problem in scope.problems(template):
                self._wrong(name, problem)
        for draft, row, at, template in self._columns(drafts):
            for problem in scope.problems(template):
                self._wrong_cell(draft, row, at, problem)

    def _columns(self, drafts: list[Draft]) -> Iterator[tuple[Draft, int, int, Template]]:
        """Draft, row, column and template of the cells that hold one."""
        for draft in drafts:
            for at in [at for at, name in enumerate(draft.names) if name in TEMPLATED - set(self.fixed)]:
                for row, cells in enumerate(draft.rows):
                    if not set(cells[at]) & _MARKS:
                        continue
                    try:
                        yield draft, row, at, parse(cells[at])
                    except TemplateError as error:
                        self._wrong_cell(draft, row, at, error)

    def _wrong_cell(self, draft: Draft, row: int, at: int, error: TemplateError) -> None:
        file, line, column = draft.place(row, at)
        self._source.mistakes.add(line, column, f"{draft.names[at]}: {error.message}", error.hint, file)

    def _fix(self, name: str, node: Node, value: Scalar | None) -> None:
        if value is not None:
            self.fixed[name], self.nodes[name] = value, node

    def _number(self, node: Node, name: str) -> Scalar | None:
        value = as_guidance(node.value) if is_plain(node) else None
        if value is None:
            self._values.wrong(node, name, "a number")
        return value

    def _read_params(self, node: Node) -> None:
        for name, key_node, value in self._source.pairs(node, "params"):
            if name in (*PARAMETERS, "seed", "engine"):
                hint = f"Write `{ALIASES.get(name, name)}:` on its own line."
                self._source.wrong(key_node, f"{name!r} has a key of its own.", hint)
            else:
                self._fix(name, value, self._values.scalar(value, name))

    def _wrong(self, name: str, error: TemplateError) -> None:
        """A mistake in a template, at its character unless search and replace has moved it."""
        node = self.nodes[name]
        moved = isinstance(node, ScalarNode) and self.fixed[name] != node.value
        self._source.wrong(node, f"{name}: {error.message}", error.hint, -1 if moved else error.offset)


def _replaced(template: str, searched: str, by: str) -> str:
    """The template with a text replaced, but not inside variables and wildcards."""
    parts = _NAMED.split(template)
    return "".join(part if at % 2 else part.replace(searched, by) for at, part in enumerate(parts))


def _template_in(node: Node) -> str | None:
    """The text of a node that stands for a variable, like `steps: "{{steps}}"`."""
    return str(node.value) if isinstance(node, ScalarNode) and "{{" in node.value else None
