"""Wills: the greatest wins whatever the order, and tables that differ find out where."""

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ids import BatchId
from musep2p.core.recipe import Settings
from musep2p.core.records import Will
from musep2p.core.wills import WillTable, greater, will_rank

wills = st.builds(Will, st.integers(1, 3), st.integers(0, 2), st.builds(Settings, priority=st.integers(0, 1)))
entries = st.lists(st.tuples(st.integers(0, 600).map(lambda i: BatchId(f"{i % 256:02x}{i:030x}")), wills), max_size=12)


def table(rows):
    made = WillTable()
    for batch, will in rows:
        made.put(batch, will)
    return made


@given(entries, st.randoms())
def test_order_does_not_matter(rows, rng):
    """Tables that have met the same wills are equal, hash and content."""
    shuffled = rows[:]
    rng.shuffle(shuffled)

    assert table(rows).hash == table(shuffled + rows).hash
    assert table(rows).differing((1,) * 256) == table(shuffled).differing((1,) * 256)


@given(entries, entries)
def test_one_exchange_of_buckets_makes_tables_equal(mine, theirs):
    """What `differing` names is enough for both to agree."""
    a, b = table(mine), table(theirs)
    for_b, for_a = a.differing(b.buckets()), b.differing(a.buckets())
    for batch, will in for_b:
        b.put(batch, will)
    for batch, will in for_a:
        a.put(batch, will)

    assert a.hash == b.hash
    assert a.differing((1,) * 256) == b.differing((1,) * 256)


@given(wills, wills)
def test_wills_are_totally_ordered(one, other):
    """Of two wills exactly one is greater, unless they are equal."""
    assert (will_rank(one) == will_rank(other)) != (greater(one, other) or greater(other, one))
    assert not (greater(one, other) and greater(other, one))


def test_cancelled_beats_running_in_the_same_turn():
    """Two commands at once: the stronger word wins everywhere."""
    settings = Settings()

    assert greater(Will(2, 2, settings), Will(2, 0, settings))
    assert greater(Will(3, 0, settings), Will(2, 2, settings))
