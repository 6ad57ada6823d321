"""Which indices no task has: those of cells that the batch file excludes or does not include.

Computed axis by axis, never by listing tasks. Excluded cells keep their number, so that taking one out
changes no other picture's name.
"""

from __future__ import annotations

from musep2p.core.ranges import Ranges
from musep2p.core.recipe.axis import Axis, Scalar
from musep2p.core.recipe.grid import Grid
from musep2p.core.recipe.recipe import MIDDLE_OUT, Recipe, Rule
from musep2p.errors import RecipeError

__all__ = ["PIECES_MAX", "excluded_indices"]

PIECES_MAX = 1 << 14  # what is left is reported in ranges; with 65 536 of them peers answered late
_CELLS_MAX = 1_000_000  # that are renumbered one by one in the order middle-out
_RULES_WORTH = 8  # all rules together may make so many times the pieces: a bound of time, not of memory
_ByValue = dict[tuple[type, Scalar], list[int]]


def excluded_indices(recipe: Recipe, grid: Grid) -> Ranges:
    """The indices that are no tasks.

    Raises:
        RecipeError: they cut the batch into too many pieces.
    """
    if not recipe.exclude and not recipe.include:
        return Ranges()
    rules = _Rules(recipe)
    out = Ranges()
    if recipe.include:
        out.add(0, recipe.cells())
        for rule in recipe.include:
            out = out - rules.cells(rule)
    for rule in recipe.exclude:
        out = out | rules.cells(rule)
    _check_count(len(out))
    if recipe.order == MIDDLE_OUT:
        out = _reordered(recipe, grid, out)
        _check_count(len(out))
    repeats = recipe.repeats()
    return Ranges((start * repeats, stop * repeats) for start, stop in out)


class _Rules:
    """Finds the cells that rules match; every axis is read once, whatever the number of rules.

    Args:
        recipe: whose rules.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._axes = recipe.axes
        self._pieces = 0
        named = {name for rule in (*recipe.exclude, *recipe.include) for name in rule}
        self._rows = [_rows_by_value(axis, named) for axis in recipe.axes]

    def cells(self, rule: Rule) -> Ranges:
        """The cells, numbered as written, that a rule matches."""
        inner, size = Ranges([(0, 1)]), 1
        for axis, by_value in zip(reversed(self._axes), reversed(self._rows), strict=True):
            rows = _matching(axis, by_value, rule)
            if inner == Ranges([(0, size)]):
                inner = Ranges((start * size, stop * size) for start, stop in rows)
            else:
                _check_count(rows.count() * len(inner))
                inner = Ranges((row * size + a, row * size + b) for row in rows.indices() for a, b in inner)
            size *= axis.size
        self._pieces += len(inner)
        _check_count(self._pieces // _RULES_WORTH)
        return inner


def _rows_by_value(axis: Axis, named: set[str]) -> dict[str, _ByValue]:
    """name -> value -> rows, for those names of an axis that rules speak of."""
    wanted = [(at, name) for at, name in enumerate(axis.names) if name in named]
    found: dict[str, _ByValue] = {name: {} for _, name in wanted}
    for number, row in enumerate(axis.rows() if wanted else ()):
        for at, name in wanted:
            found[name].setdefault(_exact(row[at]), []).append(number)
    return found


def _matching(axis: Axis, by_value: dict[str, _ByValue], rule: Rule) -> Ranges:
    """The points of an axis that a rule matches; all of them if it says nothing of this axis."""
    rows = Ranges([(0, axis.size)])
    for name, values in rule.items():
        if name in by_value:
            found = sorted({row for value in values for row in by_value[name].get(_exact(value), ())})
            rows = rows & Ranges((row, row + 1) for row in found)
    return rows


def _exact(value: Scalar) -> tuple[type, Scalar]:
    """True is not 1 here."""
    return type(value), value


def _reordered(recipe: Recipe, grid: Grid, written: Ranges) -> Ranges:
    if written.count() > _CELLS_MAX:
        text = f"more than {_CELLS_MAX:,} cells are left out of a batch in the order middle-out."
        raise RecipeError(text, "Take the order out, or what is excluded out of the axes.")
    sizes = [axis.size for axis in recipe.axes]
    plain = Grid(sizes)
    return Ranges.of(*sorted(grid.cell(plain.digits(cell)) for cell in written.indices()))


def _check_count(pieces: int) -> None:
    if pieces > PIECES_MAX:
        raise RecipeError(
            f"include and exclude cut the batch into more than {PIECES_MAX:,} pieces.",
            "Name the axis that they speak of first, so that what is left out lies together.",
        )
