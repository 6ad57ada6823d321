"""Stealing policy: values in, a value out."""

import random

from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ids import PeerId
from musep2p.core.stealing import Offer, Team, choose_share, choose_victim, others_need_us, too_slow, worth_a_copy

A, B, C = (PeerId(f"{i:016x}") for i in range(3))
teams = st.builds(Team, st.integers(0, 10_000_000), st.integers(0, 8))


@given(
    st.integers(0, 100_000),
    teams,
    st.builds(Team, st.integers(0, 10**7), st.integers(1, 8)),
    st.lists(teams, max_size=5),
)
def test_a_share_is_never_more_than_there_is_nor_nothing(queued, victim, thief, hungry):
    """Between 1 and all of what is queued; nothing only of nothing. Ahead, no more than that."""
    share = choose_share(queued, victim, thief, hungry)

    assert (share == 0) == (queued == 0)
    assert 0 <= choose_share(queued, victim, thief, hungry, ahead=True) <= share <= queued


def test_equal_peers_halve():
    """Two equal peers finish together with half each."""
    assert choose_share(100, Team(1000, 1), Team(1000, 1), []) == 50


def test_a_fast_thief_gets_more():
    """Shares follow measured speeds."""
    assert choose_share(100, Team(4000, 1), Team(1000, 1), []) == 80


def test_others_that_are_hungry_are_counted_in():
    """Seven thieves at once: the first does not take half."""
    assert choose_share(400, Team(1000, 1), Team(1000, 1), [Team(1000, 1)] * 6) == 50


def test_an_unknown_thief_gets_a_taste():
    """Two tasks a slot, until its speed is known."""
    assert choose_share(1000, Team(1000, 1), Team(0, 3), []) == 6


def test_who_cannot_run_it_gives_all():
    """A draining victim has no slots: the thief gets everything."""
    assert choose_share(100, Team(1000, 0), Team(1000, 1), []) == 100


def test_of_two_busy_peers_the_one_that_has_the_last_task_keeps_it():
    """Asked ahead for what is more urgent; who cannot run it gives it all the same."""
    assert choose_share(1, Team(1000, 1), Team(1000, 1), [], ahead=True) == 0
    assert choose_share(1, Team(1000, 1), Team(100, 4), [], ahead=True) == 0
    assert choose_share(8, Team(1000, 1), Team(1000, 1), [], ahead=True) == 4
    assert choose_share(1, Team(1000, 0), Team(1000, 1), [], ahead=True) == 1


def test_the_most_loaded_peer_of_the_highest_priority_is_asked():
    """Priority first, then load."""
    offers = [Offer(A, 0, 900), Offer(B, 5, 10), Offer(C, 5, 20)]

    assert choose_victim(offers, random.Random(1)) == C
    assert choose_victim([], random.Random(1)) is None


def test_a_slow_thief_is_refused_only_at_the_tail():
    """An eight times slower peer may take work while there is much, not when the others end sooner without it."""
    others = [Team(50_000, 1)] * 4
    slow = Team(400_000, 1)

    assert not too_slow(100, slow, others)
    assert too_slow(8, slow, others)


def test_equals_are_never_refused():
    """Among equals the tail rule changes nothing, however little is left."""
    assert not too_slow(1, Team(50_000, 1), [Team(50_000, 1)] * 7)


def test_nobody_else_means_no_refusal():
    """Alone, the slowest peer does the work."""
    assert not too_slow(1, Team(400_000, 1), [])
    assert others_need_us(5, [], 1000) > 1 << 60


def test_a_copy_must_be_expected_to_win_clearly():
    """Half as long again and a tenth of a second: a second run costs power."""
    assert worth_a_copy(10_000, 5_000_000)
    assert not worth_a_copy(7_000, 5_000_000)
    assert not worth_a_copy(120, 50_000)
    assert not worth_a_copy(10_000, 0)
