r"""The language of prompts.

    {{city}}            the value of a variable in the task's cell
    {{text[language]}}  the variable called text_<the value of language>; {{[language]}}: called as that value
    {a|b|c}             one of these, {3::calm|1::wild} with weights
    {2$$a|b|c}          two different ones, joined by ","; {1-2$$...} one or two, {2$$ and $$...} joined by " and "
    __hats__            one line of the wildcard file hats.txt; {2$$__hats__} two different ones
    \{ \} \| \__        as text

Options and lines of wildcards are templates themselves. Everything else passes through untouched:
`(word:1.3)`, `[a:b:0.5]`, `[a|b]` and `<lora:x:0.8>` belong to the engine. The syntax of choices is that of
dynamicprompts (adieyal/dynamicprompts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from musep2p.errors import RecipeError

__all__ = [
    "Choice", "Lookup", "Option", "Part", "Template", "TemplateError", "Variable", "Wildcard", "parse", "parse_line",
    "walk", "without_weight",
]  # fmt: skip

_VARIABLE = re.compile(r"\{\{([^{}|\[\]]{0,200})(?:\[([^{}|\[\]]{1,200})\]\s{0,20})?\}\}")
_WILDCARD = re.compile(r"__([^\W_](?:[\w\-./* ]{0,200}?[\w\-.*])?|\*)__(?!_)")
_WEIGHT = re.compile(r"\s{0,20}(\d{1,6}(?:\.\d{1,6})?)::")
_COUNT = re.compile(r"\s{0,20}(\d{0,4})(-?)(\d{0,4})\s{0,20}\$\$(?:([^{}$]{0,200})\$\$)?")
_BRACKET = re.compile(r"\[[^\[\]{}\\_]*\]")
_ESCAPED = "{}|"
_ESCAPE_HINT = " (in double quotes the backslash is written twice)"
_WEIGHT_UNIT = 1_000_000  # weights have six decimals and are counted in millionths
_PLAIN = re.compile(r"[^\\{}|\[_$]+")
_DEPTH_MAX = 40
_PICKS_MAX = 100
_SEPARATOR = ","  # as in dynamicprompts


class TemplateError(RecipeError):
    """A template that is none.

    Attributes:
        offset: of the character where it goes wrong.
    """

    def __init__(self, offset: int, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Variable:
    """`{{name}}`"""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """`{{prefix[key]}}`: the variable whose name the value of `key` completes."""

    prefix: str
    key: str
    offset: int

    def candidates(self, value: str) -> list[str]:
        """The names that are looked for, the first one found is it."""
        return [f"{self.prefix}{mark}{value}" for mark in "_-. "] if self.prefix else [value]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`__name__`; the name may have `*`."""

    name: str
    offset: int

    def matches(self, name: str) -> bool:
        """True for the file of that name."""
        return fnmatchcase(name, self.name) if "*" in self.name else name == self.name


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice; the weight is in millionths."""

    weight: int
    template: Template


@dataclass(frozen=True, slots=True)
class Choice:
    """`{least-most$$separator$$a|b}`; most is -1 for all."""

    least: int
    most: int
    separator: str
    options: tuple[Option, ...]
    offset: int

    def pool(self) -> Wildcard | None:
        """The wildcard whose lines are the options, when it is the only one."""
        parts = self.options[0].template.parts
        only = parts[0] if len(self.options) == 1 and len(parts) == 1 else None
        return only if isinstance(only, Wildcard) else None


Part = str | Variable | Lookup | Wildcard | Choice


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    parts: tuple[Part, ...]


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """Read a template.

    Raises:
        TemplateError: it is none; says where and what to write instead.
    """
    template, end = _Parser(text).template(0, 0, "")
    assert end == len(text)
    return template


def parse_line(text: str) -> Option:
    """Read one line of a wildcard file: `3::calm` has the weight 3."""
    parser = _Parser(text)
    weight, start = parser.weight(0)
    return Option(weight, parser.template(start, 0, "")[0])


def without_weight(text: str) -> str:
    """A line of a wildcard file without the weight in front of it."""
    return text[_Parser(text).weight(0)[1] :]


def walk(template: Template) -> Iterator[Variable | Lookup | Wildcard | Choice]:
    """Every part that is not text, also inside options."""
    for part in template.parts:
        if not isinstance(part, str):
            yield part
        if isinstance(part, Choice):
            for option in part.options:
                yield from walk(option.template)


class _Parser:
    """Recursive descent; positions are offsets in the text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def template(self, at: int, depth: int, stops: str) -> tuple[Template, int]:
        """Read until one of `stops` at this level or the end."""
        if depth > _DEPTH_MAX:
            raise TemplateError(at, f"choices are nested deeper than {_DEPTH_MAX}.", "Use a wildcard file.")
        parts: list[Part] = []
        while at < len(self.text) and self.text[at] not in stops:
            part, at = self._part(at, depth, stops)
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            elif part != "":
                parts.append(part)
        return Template(tuple(parts)), at

    def weight(self, at: int) -> tuple[int, int]:
        """The weight of the option that starts here, and where its text starts."""
        match = _WEIGHT.match(self.text, at)
        if match is None:
            return _WEIGHT_UNIT, at
        whole, _, decimals = match[1].partition(".")
        return int(whole) * _WEIGHT_UNIT + int(decimals.ljust(6, "0") or 0), match.end()

    def _part(self, at: int, depth: int, stops: str) -> tuple[Part, int]:
        text = self.text
        plain = _PLAIN.match(text, at)
        if plain:
            return plain[0], plain.end()
        if text[at] == "\\":
            return self._escape(at)
        if text[at] == "_":
            match = _WILDCARD.match(text, at)
            return (Wildcard(match[1], at), match.end()) if match else (text[at], at + 1)
        if text[at] == "[" and stops:
            return self._bracket(at)
        if text[at] == "$" and text.startswith("${", at):
            hint = "Make it a column or an axis and write {{name}}."
            raise TemplateError(at, "`${...}` variables are not part of this language.", hint)
        if text[at] == "{":
            match = _VARIABLE.match(text, at)
            return self._variable(match) if match else self._choice(at, depth)
        if text[at] == "}":
            hint = f"Open it with `{{`, or write `\\}}` for the character{_ESCAPE_HINT}."
            raise TemplateError(at, "`}` closes nothing.", hint)
        return text[at], at + 1

    def _escape(self, at: int) -> tuple[str, int]:
        following = self.text[at + 1 : at + 2]
        if following and following in _ESCAPED:
            return following, at + 2
        if self.text.startswith("__", at + 1):
            return "__", at + 3
        return "\\", at + 1

    def _bracket(self, at: int) -> tuple[str, int]:
        """In a choice `[a|b]` is the engine's: its bars split nothing."""
        match = _BRACKET.match(self.text, at)
        return (match[0], match.end()) if match else ("[", at + 1)

    def _variable(self, match: re.Match[str]) -> tuple[Part, int]:
        name, key = match[1].strip(), (match[2] or "").strip()
        if not name and not key:
            raise TemplateError(match.start(), "`{{}}` names no variable.", "Write {{city}}, say.")
        part = Lookup(name, key, match.start()) if key else Variable(name, match.start())
        return part, match.end()

    def _choice(self, start: int, depth: int) -> tuple[Choice, int]:
        least, most, separator, at = self._picks(start + 1)
        options, first = [], at
        while True:
            weight, at = self.weight(at)
            template, at = self.template(at, depth + 1, "|}")
            options.append(Option(weight, template))
            if at >= len(self.text):
                hint = f"Close it with `}}`, or write `\\{{` for the character{_ESCAPE_HINT}."
                raise TemplateError(start, "`{` is never closed.", hint)
            at += 1
            if self.text[at - 1] == "}":
                break
        choice = Choice(least, most, separator, tuple(options), start)
        self._check_choice(choice, self.text[first : at - 1], counted=first != start + 1)
        return choice, at

    def _picks(self, at: int) -> tuple[int, int, str, int]:
        match = _COUNT.match(self.text, at)
        if match is None:
            return 1, 1, _SEPARATOR, at
        low, dash, high, separator = match.groups()
        if not low and not high:
            hint = "Write {2$$a|b|c} for two of them, {1-2$$a|b|c} for one or two."
            raise TemplateError(at, "there is no number before `$$`.", hint)
        least = int(low) if low else 1
        most = int(high) if high else -1 if dash else least
        if max(least, most) > _PICKS_MAX:
            raise TemplateError(at, f"this asks for more than {_PICKS_MAX}.", "Ask for fewer.")
        return least, most, _SEPARATOR if separator is None else separator, match.end()

    def _check_choice(self, choice: Choice, inside: str, *, counted: bool) -> None:
        only = len(choice.options) == 1
        if only and not counted and choice.pool() is None:
            text = f"\\{{{inside}\\}}{_ESCAPE_HINT}"
            hint = f"For a variable write {{{{{inside}}}}}, for a choice {{a|b}}, for the characters {text}."
            if inside.startswith("{"):
                hint = f"Write it with single braces: {inside}."
            raise TemplateError(choice.offset, f"`{{{inside}}}` is a choice of one.", hint)
        if not any(option.weight for option in choice.options):
            raise TemplateError(choice.offset, "all weights of this choice are 0.", "Give one option a weight.")
        possible = sum(option.weight > 0 for option in choice.options)
        if choice.pool() is None and max(choice.least, choice.most) > possible:
            text = f"this asks for {max(choice.least, choice.most)} of {possible} options."
            raise TemplateError(choice.offset, text, "Ask for fewer, or add options.")
        if choice.most != -1 and choice.most < choice.least:
            text = f"this asks for at least {choice.least} and at most {choice.most}."
            raise TemplateError(choice.offset, text, "Write the smaller number first.")
