"""Which indices no task has: those of cells that the batch file excludes or does not include.

Computed axis by axis, never by listing tasks. Excluded cells keep their number, so that taking one out
changes no other picture's name.
"""

from __future__ import annotations

from collections.abc import Sequence

from musep2p.core.ranges import Ranges
from musep2p.core.recipe.axis import Axis, Scalar
from musep2p.core.recipe.grid import Grid
from musep2p.core.recipe.recipe import MIDDLE_OUT, Recipe, Rule
from musep2p.errors import RecipeError

__all__ = ["PIECES_MAX", "excluded_indices", "matching_rows"]

PIECES_MAX = 1 << 16  # what is left is reported in ranges; half of what a report takes


def excluded_indices(recipe: Recipe, grid: Grid) -> Ranges:
    """The indices that are no tasks.

    Raises:
        RecipeError: they cut the batch into too many pieces.
    """
    if not recipe.exclude and not recipe.include:
        return Ranges()
    out = Ranges()
    if recipe.include:
        out.add(0, recipe.cells())
        for rule in recipe.include:
            out = out - _cells(recipe.axes, rule)
    for rule in recipe.exclude:
        out = out | _cells(recipe.axes, rule)
        _check_pieces(out)
    if recipe.order == MIDDLE_OUT:
        out = _reordered(recipe, grid, out)
    repeats = recipe.repeats()
    return Ranges((start * repeats, stop * repeats) for start, stop in out)


def matching_rows(axis: Axis, rule: Rule) -> Ranges:
    """The points of an axis that a rule matches; all of them if it says nothing of this axis."""
    wanted = [(axis.names.index(name), _exact(values)) for name, values in rule.items() if name in axis.names]
    if not wanted:
        return Ranges([(0, axis.size)])
    rows = enumerate(axis.rows())
    return Ranges.of(*(i for i, row in rows if all((type(row[at]), row[at]) in values for at, values in wanted)))


def _exact(values: Sequence[Scalar]) -> set[tuple[type, Scalar]]:
    """True is not 1 here."""
    return {(type(value), value) for value in values}


def _cells(axes: Sequence[Axis], rule: Rule) -> Ranges:
    """The cells, numbered as written, that a rule matches."""
    inner, size = Ranges([(0, 1)]), 1
    for axis in reversed(axes):
        rows = matching_rows(axis, rule)
        whole = inner == Ranges([(0, size)])
        if whole:
            inner = Ranges((start * size, stop * size) for start, stop in rows)
        else:
            _check_count(rows.count() * len(inner))
            inner = Ranges((row * size + a, row * size + b) for row in rows.indices() for a, b in inner)
        size *= axis.size
    return inner


def _reordered(recipe: Recipe, grid: Grid, written: Ranges) -> Ranges:
    _check_count(written.count())
    sizes = [axis.size for axis in recipe.axes]
    plain = Grid(sizes)
    return Ranges.of(*sorted(grid.cell(plain.digits(cell)) for cell in written.indices()))


def _check_pieces(ranges: Ranges) -> None:
    _check_count(len(ranges))


def _check_count(pieces: int) -> None:
    if pieces > PIECES_MAX:
        raise RecipeError(
            f"include and exclude cut the batch into more than {PIECES_MAX:,} pieces.",
            "Name the axis that they speak of first, so that what is left out lies together.",
        )
