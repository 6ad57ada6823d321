"""Where cells are: index <-> digits, in both orders."""

from itertools import pairwise
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.recipe.grid import Grid, coarse_to_fine

shapes = st.lists(st.integers(1, 6), max_size=4)


@given(shapes, st.integers(0, 4), st.booleans())
def test_every_cell_has_one_number(sizes, outer, middle_out):
    """Whatever the order: a bijection, and `cell` undoes `digits`."""
    grid = Grid(sizes, outer=min(outer, len(sizes)), middle_out=middle_out)
    places = [grid.digits(i) for i in range(grid.count)]

    assert prod(sizes) == grid.count == len(set(places))
    assert list(range(grid.count)) == [grid.cell(place) for place in places]


@given(shapes)
def test_as_written_is_counting(sizes):
    """The first axis is the outermost digit."""
    assert sorted(map(Grid(sizes).digits, range(prod(sizes)))) == [Grid(sizes).digits(i) for i in range(prod(sizes))]


@given(st.integers(1, 300))
def test_coarse_to_fine_halves_the_gaps(size):
    """Every number once; after any 2^k + 1 of them no gap is wider than twice the narrowest."""
    order = list(coarse_to_fine(size))

    assert list(range(size)) == sorted(order)
    for count in (3, 5, 9, 17):
        if count < size:
            seen = sorted(order[:count])
            gaps = [b - a for a, b in pairwise(seen)]
            assert max(gaps) <= 2 * min(gaps)


def test_middle_out_shows_the_whole_range_first():
    """The first four of a grid are its corners, the first nine a grid of three by three."""
    grid = Grid((5, 9), middle_out=True)

    assert {(0, 0), (0, 8), (4, 0), (4, 8)} == {grid.digits(i) for i in range(4)}
    assert {(a, b) for a in (0, 2, 4) for b in (0, 4, 8)} == {grid.digits(i) for i in range(9)}


def test_classes_of_work_stay_whole_in_any_order():
    """A leading axis that decides the class of work is not mixed with the others."""
    grid = Grid((2, 4, 4), outer=1, middle_out=True)

    assert [grid.digits(i)[0] for i in range(32)] == [0] * 16 + [1] * 16
