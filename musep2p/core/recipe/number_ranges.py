"""Numbers as artists of the trade write them.

    1-5             1, 2, 3, 4, 5                   AUTOMATIC1111, X/Y/Z plot
    1-10 (+3)       1, 4, 7, 10
    10-1 (-3)       10, 7, 4, 1
    1-10 [4]        1, 4, 7, 10: so many, evenly
    0.2-1.0 [5]     0.2, 0.4, 0.6, 0.8, 1.0
    1, 2, .., 5     1, 2, 3, 4, 5                   SwarmUI, grid generator

Computed in decimals, so that 0.1-0.5 (+0.1) ends at 0.5 and 0.3 is 0.3.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal

from musep2p.errors import RecipeError

__all__ = ["VALUES_MAX", "expand_numbers"]

VALUES_MAX = 1_000_000
_NUMBER = r"[+-]?(?:\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})"
_SINGLE = re.compile(_NUMBER)
_RANGE = re.compile(
    rf"({_NUMBER})\s*-\s*({_NUMBER})(?:\s*\(\s*([+-](?:\d{{1,15}}(?:\.\d{{0,12}})?|\.\d{{1,12}}))\s*\)|\s*\[\s*(\d{{1,9}})\s*\])?"
)
_DOTS = frozenset(("..", "...", "…"))

Number = int | float


def expand_numbers(text: str, *, whole: bool = False) -> list[Number] | None:
    """The numbers that a text stands for; None when it is not such a text.

    Args:
        text: parts separated by commas.
        whole: cut evenly spread numbers to whole ones, as AUTOMATIC1111 does for steps and seeds.

    Raises:
        RecipeError: it is such a text, but an impossible one.
    """
    parts = [part.strip() for part in text.split(",")]
    if not parts or not all(part in _DOTS or _SINGLE.fullmatch(part) or _RANGE.fullmatch(part) for part in parts):
        return None
    if all(part in _DOTS for part in parts):
        return None
    values: list[Decimal] = []
    for at, part in enumerate(parts):
        if part in _DOTS:
            values += _continued(text, values, parts[at + 1 : at + 2])
        else:
            values += _part(part, whole=whole)
        if len(values) > VALUES_MAX:
            raise _too_many(part)
    return [_number(value) for value in values]


def _part(part: str, *, whole: bool) -> list[Decimal]:
    match = _RANGE.fullmatch(part)
    if match is None:
        return [Decimal(part)]
    start, stop = Decimal(match[1]), Decimal(match[2])
    if match[4]:
        return _spread(part, start, stop, int(match[4]), whole=whole)
    step = Decimal(match[3]) if match[3] else Decimal(1)
    if not step:
        raise RecipeError(f"{part!r} goes on for ever: its step is 0.", "Write a step like (+2).")
    if (stop - start) * step < 0:
        back = f"{match[1]}-{match[2]} (-{abs(step)})" if step > 0 else f"{match[1]}-{match[2]} (+{abs(step)})"
        raise RecipeError(f"{part!r} is no number at all: it goes the other way.", f"Write {back!r}.")
    return _steps(part, start, stop, step)


def _steps(part: str, start: Decimal, stop: Decimal, step: Decimal) -> list[Decimal]:
    count = int((stop - start) / step) + 1
    if count > VALUES_MAX:
        raise _too_many(part)
    return [start + step * i for i in range(count)]


def _spread(part: str, start: Decimal, stop: Decimal, count: int, *, whole: bool) -> list[Decimal]:
    if count < 1:
        raise RecipeError(f"{part!r} asks for no number at all.", "Write how many in the brackets, like [5].")
    if count > VALUES_MAX:
        raise _too_many(part)
    values = [start + (stop - start) * i / (count - 1) for i in range(count)] if count > 1 else [start]
    if not whole:
        return [value.quantize(Decimal("1e-12")).normalize() for value in values]
    return list(dict.fromkeys(value.to_integral_value(ROUND_DOWN) for value in values))


def _continued(text: str, before: list[Decimal], after: list[str]) -> list[Decimal]:
    """What `..` stands for: on from the two before it, to the one after it, which is left to come."""
    if len(before) < 2 or not after or not _SINGLE.fullmatch(after[0]):
        hint = "Write two numbers before it and one after it: 1, 2, .., 10."
        raise RecipeError(f"`..` in {text!r} does not say how it goes on.", hint)
    step, stop = before[-1] - before[-2], Decimal(after[0])
    if not step or (stop - before[-1]) / step <= 0:
        raise RecipeError(f"`..` in {text!r} never arrives at {after[0]}.", "Check the numbers before and after it.")
    values = _steps(text, before[-1], stop, step)[1:]
    return values[:-1] if values and values[-1] == stop else values


def _number(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)


def _too_many(part: str) -> RecipeError:
    return RecipeError(f"{part!r} stands for more than {VALUES_MAX:,} numbers.", "Use a larger step, or a count.")
