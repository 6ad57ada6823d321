"""The merge of results is a semilattice: order, repetition and grouping of records do not matter."""

import itertools
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ids import BatchId, Incarnation, PeerId, digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock, SafeMark, Withdrawal
from musep2p.core.results import Results, indices_of, signed, winner

BATCH = BatchId("b" * 32)
TOTAL = 6


def block(peer, number, indices, salt, safe):
    rid = RecordId(PeerId(f"{peer:016x}"), Incarnation(1, "0" * 8), number)
    entries = tuple(Entry(i, digest_of(f"{i}/{salt}".encode()), 1, 1, skipped=salt == 2) for i in indices)
    return ResultBlock(BATCH, rid, entries, safe)


@st.composite
def facts_of_some_peers(draw, most=4, withdrawals=0):
    """Records as peers make them: an id stands for one result for ever, though blocks may come again as safe."""
    facts = []
    for number in range(draw(st.integers(1, most))):
        indices = draw(st.lists(st.integers(0, TOTAL + 1), min_size=1, max_size=4, unique=True))
        made = block(draw(st.integers(0, 2)), 10 * number, indices, draw(st.integers(0, 2)), draw(st.booleans()))
        facts.append(made)
        if draw(st.booleans()):
            facts.append(ResultBlock(BATCH, made.first, made.entries, True))
    made = [one for fact in facts for one in signed(fact).items()]
    for index, (_, record) in draw(st.lists(st.sampled_from(made), max_size=withdrawals)):
        facts.append(Withdrawal(BATCH, record, index))
    return facts


def shown(results, journal):
    winners = {i: winner(signed(journal[at - 1])[i] for at in results.positions(i)) for i in range(TOTAL)}
    return winners, set(results.known.indices()), set(results.safe.indices()), results.skipped, results.again


def merged(facts):
    results = Results(BATCH, TOTAL)
    for position, fact in enumerate(facts, 1):
        if isinstance(fact, Withdrawal):
            results.merge_withdrawal(fact)
        else:
            results.merge_block(fact, position)
    read_again(results, facts)
    return shown(results, facts)


def read_again(results, journal):
    for index in list(results.doubted.indices()):
        read = [(at, *signed(journal[at - 1])[index]) for at in results.positions(index)]
        results.settle_doubt(index, read, unsafe=False)


@given(facts_of_some_peers())
def test_any_order_and_any_repetition_give_the_same(facts):
    """Every permutation, and every fact twice, ends in the same state."""
    expected = merged(facts)

    for order in itertools.islice(itertools.permutations(facts), 120):
        assert expected == merged(order)
    assert expected == merged(facts + facts)


@given(facts_of_some_peers(3, withdrawals=2), st.randoms(use_true_random=False))
def test_a_withdrawn_record_counts_no_more_in_whatever_order_it_is_met(facts, rng):
    """What is left is what was never withdrawn: the same as if the record had never been made."""
    wrong = {fact.record for fact in facts if isinstance(fact, Withdrawal)}
    valid = {}
    for fact in facts:
        if not isinstance(fact, Withdrawal):
            for index, (entry, record) in signed(fact).items():
                if record not in wrong and index < TOTAL:
                    valid.setdefault(index, []).append((entry, record))
    best = {index: winner(made) for index, made in valid.items()}

    for _ in range(20):
        rng.shuffle(facts)
        winners, known, safe, skipped, again = merged(facts)
        assert {index: one for index, one in winners.items() if one} == best
        assert known == set(best) and safe <= known
        assert skipped == sum(all(entry.skipped for entry, _ in made) for made in valid.values())
        assert again == sum(len({record for _, record in made}) - 1 for made in valid.values())


@given(facts_of_some_peers())
def test_the_smallest_digest_wins_and_then_the_smallest_record(facts):
    """As a dumb twin says that keeps everything; what is skipped was rendered by nobody."""
    results, known, safe, skipped, again = merged(facts)
    told = {}
    for fact in facts:
        for number, entry in enumerate(fact.entries, fact.first.number):
            told.setdefault(entry.index, []).append((entry.digest, fact.first.peer, number, entry))
    best = {index: min(entries)[3] for index, entries in told.items() if index < TOTAL}

    assert {index: found[0] for index, found in results.items() if found} == best
    assert known == set(best)
    assert safe == {e.index for fact in facts if fact.safe for e in fact.entries if e.index < TOTAL}
    assert skipped == sum(all(entry.skipped for _, _, _, entry in told[index]) for index in best)
    assert again == sum(len({made[1:3] for made in told[index]}) - 1 for index in best)


@given(facts_of_some_peers(1))
def test_what_is_covered_changes_nothing(facts):
    """A merged block is covered; merging it again is not needed. Its safe twin says more."""
    results = Results(BATCH, TOTAL)
    assert not results.covers(facts[0])
    results.merge_block(facts[0], 1)

    assert results.covers(facts[0])
    unsafe = not facts[0].safe and any(entry.index < TOTAL for entry in facts[0].entries)
    assert results.covers(ResultBlock(BATCH, facts[0].first, facts[0].entries, True)) is not unsafe


TENTH = 100_000  # of a million


def test_a_million_results_take_a_few_bytes_each():
    """Memory has where they are, not what they are."""
    tracemalloc.start()
    results = Results(BATCH, TENTH)
    for start in range(0, TENTH, 500):
        entries = tuple(
            Entry(i, f"{i * 2654435761 % (1 << 64):016x}{'0' * 16}", 1, 1) for i in range(start, start + 500)
        )
        rid = RecordId(PeerId("1" * 16), Incarnation(1, "0" * 8), start)
        results.merge_block(ResultBlock(BATCH, rid, entries, True), 1 + start // 500)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used < 8 * TENTH
    assert results.positions(77_777) == (156,)
    assert results.safe == Ranges([(0, TENTH)])


@given(st.lists(st.integers(0, 50)))
def test_indices_of_unordered_entries(indices):
    """The set of indices does not depend on their order."""
    entries = [Entry(i, digest_of(b""), 0, 0) for i in indices]

    assert set(indices) == set(indices_of(entries).indices())


def failure(number, turn, index=3, peer=0, *, permanent=False):
    rid = RecordId(PeerId(f"{peer:016x}"), Incarnation(1, "0" * 8), number)
    return Failure(BATCH, rid, turn, index, 1, "no", permanent)


def test_failures_count_once_in_their_own_turn_and_never_against_a_result():
    """More than `retries` distinct failures of one turn fail a task; a result beats them; repeats do not count."""
    results = Results(BATCH, TOTAL)
    for position, number in enumerate((0, 1, 1, 1), 1):
        results.merge_failure(failure(number, 1), position)

    assert Ranges() == results.failed(1, 2)
    results.merge_failure(failure(2, 1), 5)
    assert Ranges.of(3) == results.failed(1, 2)
    assert Ranges() == results.failed(2, 2)
    assert results.failures.positions(3) == [1, 2, 5]
    results.merge_block(block(1, 0, [3], 0, False), 6)
    assert Ranges() == results.failed(1, 2)


def test_a_permanent_failure_fails_at_once():
    """Another try cannot help, so none is made."""
    results = Results(BATCH, TOTAL)
    results.merge_failure(failure(0, 1, permanent=True), 1)

    assert Ranges.of(3) == results.failed(1, 5)


def test_only_what_is_known_can_be_marked_safe():
    """A safe mark for a result that is not known here says nothing."""
    results = Results(BATCH, TOTAL)
    results.merge_block(block(1, 0, [1], 0, False), 1)
    results.mark_safe(Ranges.decode(SafeMark(BATCH, (0, 3)).ranges))

    assert Ranges.of(1) == results.safe
