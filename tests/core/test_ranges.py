"""Interval sets against a dumb twin: a Python set."""

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ranges import Ranges

pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda t: (t[0], t[0] + t[1])), max_size=12)
many = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5)).map(lambda t: (t[0], t[0] + t[1])), max_size=120)


def twin(spans):
    return {i for start, stop in spans for i in range(start, stop)}


@given(pairs)
def test_a_set_of_ranges_is_the_set_of_its_integers(spans):
    """Whatever is added, contents, count and membership are those of the plain set; ranges never touch."""
    ranges = Ranges(spans)

    assert twin(spans) == set(ranges.indices())
    assert len(twin(spans)) == ranges.count()
    assert all(stop < following for (_, stop), (following, _) in zip(ranges, list(ranges)[1:], strict=False))


@given(st.one_of(pairs, many), st.one_of(pairs, many))
def test_operations_are_those_of_sets(one, other):
    """Union, difference and intersection agree with the plain sets."""
    a, b = Ranges(one), Ranges(other)

    assert twin(one) | twin(other) == set((a | b).indices())
    assert twin(one) - twin(other) == set((a - b).indices())
    assert twin(one) & twin(other) == set((a & b).indices())
    assert twin(one).isdisjoint(twin(other)) == a.isdisjoint(b)
    assert twin(one).issubset(twin(other)) == a.issubset(b)
    assert (a & b).issubset(a) and (a - b).isdisjoint(b)


@given(pairs)
def test_what_is_encoded_is_decoded(spans):
    """The flat form that messages carry loses nothing."""
    assert Ranges(spans) == Ranges.decode(Ranges(spans).encode())


@given(st.lists(st.integers(-5, 50)))
def test_a_strangers_nonsense_is_harmless(flat):
    """Overlapping, unordered or empty ranges give a sound set."""
    ranges = Ranges.decode(flat)

    assert ranges == Ranges(list(ranges))


@given(pairs, st.integers(0, 40))
def test_first_takes_the_lowest(spans, count):
    """`first(n)` is the n lowest integers."""
    assert sorted(twin(spans))[:count] == list(Ranges(spans).first(count).indices())


@given(pairs, st.integers(0, 80))
def test_membership(spans, index):
    """`in` agrees with the plain set."""
    assert (index in twin(spans)) == (index in Ranges(spans))


@given(
    st.lists(st.integers(0, 400), max_size=200),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 40)), max_size=2),
)
def test_few_ranges_meet_many(points, few):
    """Where one set has many more ranges than the other, they are looked up: the same comes out."""
    many, one = Ranges.of(*points), Ranges((start, start + size) for start, size in few)
    expected = sorted({i for start, size in few for i in range(start, start + size)} & set(points))

    assert list((many & one).indices()) == list((one & many).indices()) == expected
    assert (many & one) == Ranges.of(*expected)
