"""The merge of results is a semilattice: order, repetition and grouping of records do not matter."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ids import BatchId, Incarnation, PeerId, digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock, SafeMark
from musep2p.core.results import Results, indices_of

BATCH = BatchId("b" * 32)
TOTAL = 6


def block(peer, number, indices, salt, safe):
    rid = RecordId(PeerId(f"{peer:016x}"), Incarnation(1, "0" * 8), number)
    entries = tuple(Entry(i, digest_of(f"{i}/{salt}".encode()), 1, 1) for i in sorted(set(indices)))
    return ResultBlock(BATCH, rid, entries, safe)


blocks = st.builds(
    block,
    st.integers(0, 2),
    st.integers(0, 9),
    st.lists(st.integers(0, TOTAL - 1), min_size=1),
    st.integers(0, 2),
    st.booleans(),
)


def shown(results):
    return {i: results.entry(i) for i in range(TOTAL)}, set(results.known.indices()), set(results.safe.indices())


def merged(facts):
    results = Results(BATCH, TOTAL)
    for fact in facts:
        results.merge_block(fact)
    return shown(results)


@given(st.lists(blocks, max_size=4))
def test_any_order_and_any_repetition_give_the_same(facts):
    """Every permutation, and every fact twice, ends in the same state."""
    expected = merged(facts)

    for order in itertools.permutations(facts):
        assert expected == merged(order)
    assert expected == merged(facts + facts)


@given(st.lists(blocks, min_size=1, max_size=4))
def test_the_smallest_digest_wins(facts):
    """For each index the shown digest is the smallest of those told."""
    results, _, _ = merged(facts)

    for index in range(TOTAL):
        told = [entry.digest for fact in facts for entry in fact.entries if entry.index == index]
        assert (min(told) if told else None) == (results[index][0].digest if results[index] else None)


@given(blocks)
def test_what_is_covered_changes_nothing(fact):
    """A merged block is covered; merging it again is not needed."""
    results = Results(BATCH, TOTAL)
    assert not results.covers(fact)
    results.merge_block(fact)

    assert results.covers(fact)


@given(st.lists(st.integers(0, 50)))
def test_indices_of_unordered_entries(indices):
    """The set of indices does not depend on their order."""
    entries = [Entry(i, digest_of(b""), 0, 0) for i in indices]

    assert set(indices) == set(indices_of(entries).indices())


def failure(number, turn, *, permanent=False):
    rid = RecordId(PeerId("0" * 16), Incarnation(1, "0" * 8), number)
    return Failure(BATCH, rid, turn, 3, 1, "no", permanent)


def test_failures_count_once_in_their_own_turn_and_never_against_a_result():
    """More than `retries` distinct failures of one turn fail a task; a result beats them; repeats do not count."""
    results = Results(BATCH, TOTAL)
    for number in (0, 1, 1, 1):
        results.merge_failure(failure(number, 1))

    assert Ranges() == results.failed(1, 2)
    results.merge_failure(failure(2, 1))
    assert Ranges.of(3) == results.failed(1, 2)
    assert Ranges() == results.failed(2, 2)
    results.merge_block(block(1, 0, [3], 0, False))
    assert Ranges() == results.failed(1, 2)


def test_a_permanent_failure_fails_at_once():
    """Another try cannot help, so none is made."""
    results = Results(BATCH, TOTAL)
    results.merge_failure(failure(0, 1, permanent=True))

    assert Ranges.of(3) == results.failed(1, 5)


def test_only_what_is_known_can_be_marked_safe():
    """A safe mark for a result that is not known here says nothing."""
    results = Results(BATCH, TOTAL)
    results.merge_block(block(1, 0, [1], 0, False))
    results.mark_safe(Ranges.decode(SafeMark(BATCH, (0, 3)).ranges))

    assert Ranges.of(1) == results.safe
