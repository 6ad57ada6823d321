"""The deque against a dumb twin: a list of integers in order."""

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.deque import WorkDeque
from musep2p.core.ranges import Ranges

spans = st.tuples(st.integers(0, 40), st.integers(1, 8)).map(lambda t: Ranges([(t[0], t[0] + t[1])]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), spans),
        st.tuples(st.just("front"), st.integers(0, 6)),
        st.tuples(st.just("back"), st.integers(0, 6)),
        st.tuples(st.just("discard"), spans),
        st.tuples(st.just("return"), spans),
    ),
    max_size=20,
)


@given(steps)
def test_the_owner_takes_from_the_front_and_thieves_from_the_back(actions):
    """Any sequence of moves leaves the deque and the list with the same tasks in the same order."""
    deque, twin = WorkDeque(), []
    for action, value in actions:
        if action == "push":
            deque.push(value)
            twin += [i for i in value.indices() if i not in twin]
        elif action == "return":
            deque.push_front(value)
            twin = [i for i in value.indices() if i not in twin] + twin
        elif action == "front":
            taken, twin = twin[:value], twin[value:]
            assert set(taken) == set(deque.take_front(value).indices())
        elif action == "back":
            taken, twin = twin[len(twin) - min(value, len(twin)) :], twin[: len(twin) - min(value, len(twin))]
            assert set(taken) == set(deque.take_back(value).indices())
        else:
            deque.discard(value)
            twin = [i for i in twin if i not in value]

    assert set(twin) == set(deque.held().indices())
    assert len(twin) == deque.count()
    assert twin == [i for start, stop in deque._segments for i in range(start, stop)]


@given(spans, spans, st.integers(0, 8), st.booleans())
def test_what_is_avoided_stays(work, avoid, count, front):
    """Avoided tasks are not taken from either end, and nothing is lost."""
    deque = WorkDeque()
    deque.push(work)
    taken = deque.take_front(count, avoid) if front else deque.take_back(count, avoid)

    assert not taken & avoid
    assert min(count, (work - avoid).count()) == taken.count()
    assert work == taken | deque.held()
