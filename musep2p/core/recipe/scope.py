"""What the templates of a recipe may ask for, and whether they ask for nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from musep2p.core.recipe.axis import Axis
from musep2p.core.recipe.fill import Wildcards, text_of
from musep2p.core.recipe.template import Choice, Lookup, Part, Template, TemplateError, Variable, Wildcard, walk
from musep2p.core.words import did_you_mean

__all__ = ["Scope"]

_VALUES_SHOWN = 3
_DEPTH_MAX = 40
_IN_FILE = "in the wildcard file"


class Scope:
    """Variables and wildcard files.

    Args:
        variables: names that have a value in every cell.
        axes: where the values of variables are found.
        wildcards: the files of the recipe.
        lists: names of more files that could be meant by a misspelt one.
        deep: look into axes and files too, which takes time; who wrote the recipe has done so.
    """

    def __init__(
        self,
        variables: Sequence[str],
        axes: Sequence[Axis],
        wildcards: Mapping[str, Sequence[str]],
        *,
        deep: bool = True,
        lists: Sequence[str] = (),
    ) -> None:
        self._deep = deep
        self.variables = frozenset(variables)
        self._axes = axes
        self._lists = [*wildcards, *lists]
        self.wildcards = Wildcards(wildcards)
        self._sound: set[str] = set()

    def problems(self, template: Template) -> Iterator[TemplateError]:
        """What a template asks for in vain; offsets are in its own text."""
        yield from self._problems(template, ())

    def _problems(self, template: Template, inside: tuple[str, ...]) -> Iterator[TemplateError]:
        if len(inside) > _DEPTH_MAX:
            yield TemplateError(0, f"wildcards are nested deeper than {_DEPTH_MAX}.", "Join some of the files.")
            return
        for part in walk(template):
            yield from self._part(part, inside)

    def _part(self, part: Part, inside: tuple[str, ...]) -> Iterator[TemplateError]:
        if isinstance(part, Variable):
            yield from self._variable(part.name, part.offset)
        elif isinstance(part, Lookup) and part.key in ("seed", "index"):
            yield TemplateError(part.offset, f"{part.key!r} chooses no column.", "Use an axis of words, like language.")
        elif isinstance(part, Lookup):
            yield from self._variable(part.key, part.offset) or (self._lookup(part) if self._deep else ())
        elif isinstance(part, Wildcard):
            yield from self._wildcard(part, inside)
        elif self._deep and isinstance(part, Choice) and (pool := part.pool()) is not None:
            lines = len(self.wildcards.pool(pool).options)
            if lines < max(part.least, part.most) and lines:
                text = f"this asks for {max(part.least, part.most)} of {lines} lines of {pool.name!r}."
                yield TemplateError(part.offset, text, "Ask for fewer, or add lines.")

    def _variable(self, name: str, offset: int) -> list[TemplateError]:
        if name in self.variables:
            return []
        hint = "Add `seeds`." if name == "seed" else did_you_mean(name, self.variables)
        return [TemplateError(offset, f"nothing gives {{{{{name}}}}} a value.", hint)]

    def _lookup(self, lookup: Lookup) -> list[TemplateError]:
        values = [
            text_of(value) for axis in self._axes if lookup.key in axis.names for value in axis.column(lookup.key)
        ]
        missing = [
            value for value in dict.fromkeys(values) if not self.variables.intersection(lookup.candidates(value))
        ]
        if not missing:
            return []
        wanted = lookup.candidates(missing[0])[0]
        shown = ", ".join(missing[:_VALUES_SHOWN]) + (" ..." if len(missing) > _VALUES_SHOWN else "")
        text = f"there is no column {wanted!r} (nothing for {lookup.key}: {shown})."
        return [TemplateError(lookup.offset, text, did_you_mean(wanted, self.variables))]

    def _wildcard(self, wildcard: Wildcard, inside: tuple[str, ...]) -> Iterator[TemplateError]:
        names = self.wildcards.names(wildcard)
        if not names or (self._deep and not self.wildcards.pool(wildcard).options):
            if names:
                yield TemplateError(wildcard.offset, f"the wildcard file {names[0]!r} has no line.", "Add some lines.")
                return
            hint = did_you_mean(wildcard.name, self._lists)
            yield TemplateError(wildcard.offset, f"there is no wildcard file {wildcard.name!r}.", hint)
        for name in names if self._deep else ():
            if name in inside:
                path = " -> ".join([*inside[inside.index(name) :], name])
                yield TemplateError(wildcard.offset, f"wildcards name each other in a circle: {path}.", "Break it.")
            elif name not in self._sound:
                yield from self._file(name, wildcard, (*inside, name))

    def _file(self, name: str, wildcard: Wildcard, inside: tuple[str, ...]) -> Iterator[TemplateError]:
        found = False
        for option in self.wildcards.pool(Wildcard(name, 0)).options:
            for problem in self._problems(option.template, inside):
                found = True
                where = "" if problem.message.startswith(_IN_FILE) else f"{_IN_FILE} {name!r}: "
                yield TemplateError(wildcard.offset, where + problem.message, problem.hint)
        if not found:
            self._sound.add(name)
