"""Templates to text: variables looked up, choices made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from musep2p.core.recipe.axis import Scalar
from musep2p.core.recipe.draw import Draw
from musep2p.core.recipe.template import Choice, Lookup, Option, Part, Template, Variable, Wildcard, parse_line, walk
from musep2p.errors import RecipeError

__all__ = ["Pool", "Wildcards", "fill", "is_random", "text_of"]

_PARTS_MAX = 1000
_PICKS_MAX = 100
_REDRAWS = 64  # in a pool where one line weighs nearly all, drawing again would take for ever


def text_of(value: Scalar) -> str:
    """A value as it stands in a prompt or a name: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_random(template: Template) -> bool:
    """True when filling it takes a choice."""
    return any(isinstance(part, Choice | Wildcard) for part in walk(template))


class Pool:
    """Options to pick from, by their weights.

    Args:
        options: those without weight are left out.
    """

    __slots__ = ("_sums", "options")

    def __init__(self, options: Iterable[Option]) -> None:
        self.options = tuple(option for option in options if option.weight)
        self._sums = list(accumulate(option.weight for option in self.options))

    def pick(self, draw: Draw) -> Option:
        """One of them."""
        if not self.options:
            raise RecipeError("a wildcard file has no line.", "Add some lines.")
        return self.options[bisect_right(self._sums, draw.below(self._sums[-1]))]

    def picks(self, count: int, draw: Draw) -> list[Option]:
        """So many different ones, in the order they were drawn."""
        picked: list[Option] = []
        for _ in range(count):
            option = self._another(picked, draw)
            picked.append(option)
        return picked

    def _another(self, picked: list[Option], draw: Draw) -> Option:
        """Drawn again while it is one of those that we have; if that goes on too long, drawn from the others."""
        for _ in range(_REDRAWS if picked else 1):
            option = self.pick(draw)
            if all(option is not other for other in picked):
                return option
        left = [option for option in self.options if all(option is not other for other in picked)]
        return Pool(left).pick(draw)


class Wildcards:
    """The wildcard files of a recipe; lines are parsed when their file is first asked for.

    Args:
        files: name -> lines.
    """

    def __init__(self, files: Mapping[str, Sequence[str]]) -> None:
        self._files = files
        self._pools: dict[str, Pool] = {}

    def names(self, wildcard: Wildcard) -> list[str]:
        """The files that it names."""
        return sorted(name for name in self._files if wildcard.matches(name))

    def pool(self, wildcard: Wildcard) -> Pool:
        """The lines of all files that it names."""
        known = self._pools.get(wildcard.name)
        if known is None:
            known = Pool(parse_line(line) for name in self.names(wildcard) for line in self._files[name])
            self._pools[wildcard.name] = known
        return known


@dataclass(slots=True)
class _Filling:
    values: Mapping[str, Scalar]
    wildcards: Wildcards
    draw: Draw | None
    budget: int

    def template(self, template: Template) -> str:
        return "".join([part if isinstance(part, str) else self.part(part) for part in template.parts])

    def part(self, part: Part) -> str:
        self.budget -= 1
        if self.budget < 0:
            raise RecipeError(f"a prompt takes more than {_PARTS_MAX:,} variables and choices.", "Nest fewer lists.")
        if isinstance(part, Variable):
            return self.value(part.name)
        if isinstance(part, Lookup):
            wanted = part.candidates(self.value(part.key))
            return self.value(next((name for name in wanted if name in self.values), wanted[0]))
        assert self.draw is not None
        if isinstance(part, Wildcard):
            return self.template(self.wildcards.pool(part).pick(self.draw).template)
        assert isinstance(part, Choice)
        return self.choice(part, self.draw)

    def value(self, name: str) -> str:
        if name not in self.values:
            raise RecipeError(f"nothing gives {{{{{name}}}}} a value.", "Check the prompts in the rows.")
        return text_of(self.values[name])

    def choice(self, choice: Choice, draw: Draw) -> str:
        lines = choice.pool()
        pool = self.wildcards.pool(lines) if lines else Pool(choice.options)
        most = min(len(pool.options), _PICKS_MAX) if choice.most < 0 else choice.most
        count = choice.least + (draw.below(most - choice.least + 1) if most > choice.least else 0)
        return choice.separator.join([self.template(option.template) for option in pool.picks(count, draw)])


def fill(template: Template, values: Mapping[str, Scalar], wildcards: Wildcards, draw: Draw | None) -> str:
    """The template with its variables and choices filled in.

    Args:
        template: what to fill.
        values: of the variables.
        wildcards: the files of the recipe.
        draw: makes the choices; None for a template without any.

    Raises:
        RecipeError: a variable has no value or a list no line (recipes are checked for this, their rows by who
            submits them), or lists are nested without end.
    """
    return _Filling(values, wildcards, draw, _PARTS_MAX).template(template)
