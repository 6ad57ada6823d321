"""Templates to text: variables looked up, choices made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from musep2p.core.recipe.axis import Scalar
from musep2p.core.recipe.draw import Draw
from musep2p.core.recipe.template import Choice, Lookup, Option, Part, Template, Variable, Wildcard, parse_line, walk

__all__ = ["Wildcards", "fill", "is_random", "text_of"]


def text_of(value: Scalar) -> str:
    """A value as it stands in a prompt or a name: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_random(template: Template) -> bool:
    """True when filling it takes a choice."""
    return any(isinstance(part, Choice | Wildcard) for part in walk(template))


class Wildcards:
    """The wildcard files of a recipe; lines are parsed when their file is first asked for.

    Args:
        files: name -> lines.
    """

    def __init__(self, files: Mapping[str, Sequence[str]]) -> None:
        self._files = files
        self._options: dict[str, tuple[Option, ...]] = {}

    def options(self, wildcard: Wildcard) -> tuple[Option, ...]:
        """The lines of all files that it names."""
        known = self._options.get(wildcard.name)
        if known is None:
            names = sorted(name for name in self._files if wildcard.matches(name))
            known = tuple(parse_line(line) for name in names for line in self._files[name])
            self._options[wildcard.name] = known
        return known


@dataclass(slots=True)
class _Filling:
    values: Mapping[str, Scalar]
    wildcards: Wildcards
    draw: Draw | None

    def template(self, template: Template) -> str:
        return "".join([part if isinstance(part, str) else self.part(part) for part in template.parts])

    def part(self, part: Part) -> str:
        if isinstance(part, Variable):
            return text_of(self.values[part.name])
        if isinstance(part, Lookup):
            wanted = part.candidates(text_of(self.values[part.key]))
            return text_of(next(self.values[name] for name in wanted if name in self.values))
        if isinstance(part, Wildcard):
            return self.template(self.pick(list(self.wildcards.options(part))).template)
        assert isinstance(part, Choice)
        return self.choice(part)

    def choice(self, choice: Choice) -> str:
        pool = choice.pool()
        left = [o for o in (self.wildcards.options(pool) if pool else choice.options) if o.weight]
        most = len(left) if choice.most < 0 else choice.most
        count = choice.least + (self.below(most - choice.least + 1) if most > choice.least else 0)
        picked = []
        for _ in range(count):
            option = self.pick(left)
            left = [other for other in left if other is not option]
            picked.append(self.template(option.template))
        return choice.separator.join(picked)

    def pick(self, options: Sequence[Option]) -> Option:
        place = self.below(sum(option.weight for option in options))
        for option in options:
            place -= option.weight
            if place < 0:
                return option
        raise AssertionError("weights that sum up to more than their sum")

    def below(self, limit: int) -> int:
        assert self.draw is not None
        return self.draw.below(limit)


def fill(template: Template, values: Mapping[str, Scalar], wildcards: Wildcards, draw: Draw | None) -> str:
    """The template with its variables and choices filled in.

    Args:
        template: what to fill.
        values: of the variables.
        wildcards: the files of the recipe.
        draw: makes the choices; None for a template without any.

    Raises:
        KeyError: a variable has no value; recipes are checked for this before they are accepted.
    """
    return _Filling(values, wildcards, draw).template(template)
