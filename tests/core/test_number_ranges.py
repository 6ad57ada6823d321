"""Numbers as A1111 and SwarmUI write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.recipe.number_ranges import expand_numbers
from musep2p.errors import RecipeError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", [7]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-5 (+2)", [1, 3, 5]),
        ("10-5 (-3)", [10, 7]),
        ("1-10 [5]", [1, 3.25, 5.5, 7.75, 10]),
        ("0.2-1.0 [5]", [0.2, 0.4, 0.6, 0.8, 1]),
        ("0.1-0.5 (+0.1)", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("-2-2", [-2, -1, 0, 1, 2]),
        ("1, 2, .., 5", [1, 2, 3, 4, 5]),
        ("1, 3, ..., 8", [1, 3, 5, 7, 8]),
        ("1-3, 8, 10-12", [1, 2, 3, 8, 10, 11, 12]),
        (".5-1 (+.25)", [0.5, 0.75, 1]),
        ("Kyoto", None),
        ("16:9", None),
        ("512x768", None),
        ("1 2", None),
        ("..", None),
        ("", None),
    ],
)
def test_numbers(text, expected):
    """Computed in decimals; what is no such text is none."""
    assert expected == expand_numbers(text)


def test_whole_numbers_are_cut_as_a1111_does():
    """`1-10 [5]` for steps."""
    assert expand_numbers("1-10 [5]", whole=True) == [1, 3, 5, 7, 10]


@pytest.mark.parametrize(
    "text", ["5-1", "1-5 (-1)", "1-5 (+0)", "1-2 [0]", "1, .., 3", "1, 2, ..", "3, 2, .., 9", "1-9999999"]
)
def test_impossible_ones(text):
    """Said with what would be right."""
    with pytest.raises(RecipeError) as caught:
        expand_numbers(text)

    assert caught.value.hint


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 9))
def test_ranges_are_ranges(start, length, step):
    """As Python's, the last one included."""
    stop = start + length

    assert list(range(start, stop + 1, step)) == expand_numbers(f"{start}-{stop} (+{step})")


@given(st.text(alphabet="0123456789-+.,[]() ", max_size=30))
def test_any_text(text):
    """Numbers, none, or a mistake that is told."""
    try:
        values = expand_numbers(text)
    except RecipeError:
        return
    assert values is None or all(isinstance(v, int | float) for v in values)
