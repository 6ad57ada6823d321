"""Failed attempts as sets of indices, against a dumb twin that keeps a list."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.failures import Failures
from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.ranges import Ranges
from musep2p.core.records import Failure, RecordId

BATCH = BatchId("b" * 32)
PEERS = [PeerId(f"{peer:016x}") for peer in range(3)]
ATTEMPTS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 2), st.sampled_from(PEERS), st.booleans()), max_size=20)


def failure(number, index, turn, peer, permanent=False):
    return Failure(BATCH, RecordId(peer, Incarnation(1, "0" * 8), number), turn, index, 1, "no", permanent)


@given(ATTEMPTS, st.integers(0, 3))
def test_sets_say_what_a_list_would(attempts, retries):
    """Who failed how often in which turn, by whom, and where the journal has it."""
    known, told = Failures(), []
    for number, (index, turn, peer, permanent) in enumerate(attempts, 1):
        told.append(failure(number, index, turn, peer, permanent))
        known.add(told[-1], number)
    for turn in (1, 2):
        of_turn = [one for one in told if one.turn == turn]
        for index in range(5):
            count = sum(one.index == index for one in of_turn)
            failed = count > retries or any(one.permanent for one in of_turn if one.index == index)

            assert failed == known.has_failed(index, turn, retries) == (index in known.failed(turn, retries))
        for peer in PEERS:
            blamed = {one.index for one in of_turn if one.id.peer == peer}

            assert blamed == set(known.blamed_on(peer, turn).indices())
    for index in range(5):
        positions = [number for number, one in enumerate(told, 1) if one.index == index]

        assert positions == known.positions(index) and len(positions) == known.count(index)
        assert known.kept(index) == [told[position - 1] for position in positions]
    assert {one.index for one in told} == set(known.failing.indices())


def test_many_failures_cost_some_bytes_each():
    """An engine that is gone fails a whole batch; memory has where the records are, and the newest of them."""
    tasks, reason = 10_000, "connection refused " * 20
    tracemalloc.start()
    known = Failures()
    for attempt in range(4):
        for index in range(tasks):
            number = attempt * tasks + index
            rid = RecordId(PEERS[attempt % 3], Incarnation(1, "0" * 8), number)
            known.add(Failure(BATCH, rid, 1, index, attempt + 1, reason + str(index)), number + 1)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used < 20 * 4 * tasks + 500_000  # the records that are kept
    assert known.failed(1, 3) == Ranges([(0, tasks)]) and not known.failed(1, 4)
    assert known.positions(5) == [6, tasks + 6, 2 * tasks + 6, 3 * tasks + 6]
    assert [one.attempt for one in known.kept(tasks - 1)] == [4] and known.kept(5) == []
