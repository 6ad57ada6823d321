"""The dialogues of the protocol, message by message, with losses, doubles and restarts at the worst moments."""

import msgspec
import pytest

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core import submission
from musep2p.core.ids import Incarnation
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings
from musep2p.core.records import Will
from musep2p.core.requests import Accepted, ErrorAnswer
from musep2p.core.wills import CANCELLED, RUNNING
from tests.core.wire import RECIPE, Table


def loaded(count=2):
    """A batch of 20 tasks, all queued at its acting guardian, whose own slot is not ready; (table, victim, thief)."""
    table = Table(count)
    table.meet()
    table.submit("p0")
    table.settle()
    table.wait(300)
    victim = next(name for name in table.peers if table.batch(name).work)
    thief = next(name for name in table.peers if name != victim)
    return table, victim, thief


def ask(table, thief):
    """The thief's slot is free: it asks."""
    table.happen(thief, ev.SlotReady(0))


def test_a_grant_moves_work_and_is_answered():
    """Ask, grant, taken: the tasks leave the victim's deque, are held as granted, then by the thief alone."""
    table, victim, thief = loaded()
    ask(table, thief)
    table.deliver(m.Ask)
    given = table.batch(victim).granted.copy()
    grant = table.deliver(m.Grant)
    held = table.batch(thief).held()
    table.deliver(m.Taken)

    assert given and Ranges.decode(grant.ranges) == given == held
    assert not table.batch(victim).granted
    assert table.batch(victim).work.held() == Ranges([(0, 20)]) - given


def test_a_lost_grant_is_sent_again_and_a_doubled_one_taken_once():
    """Under the same number; the answer is repeated, the work is not taken twice."""
    table, _, thief = loaded()
    ask(table, thief)
    table.deliver(m.Ask)
    table.drop(m.Grant)
    table.wait(350, settle=False)
    first = table.deliver(m.Grant, keep=True)
    held = table.batch(thief).held().copy()
    again = table.deliver(m.Grant)
    answers = [kind for _, _, kind in table.kinds() if kind in ("Taken", "Declined")]

    assert first.number == again.number
    assert table.batch(thief).held() == held
    assert answers == ["Taken", "Taken"]


def test_a_lost_answer_is_asked_for_again():
    """The thief repeats `taken` to a number that it has seen, also when it has moved on."""
    table, victim, thief = loaded()
    ask(table, thief)
    table.deliver(m.Ask)
    table.deliver(m.Grant)
    table.drop(m.Taken)
    table.wait(350, settle=False)
    table.deliver(m.Grant)
    table.deliver(m.Taken)

    assert not table.batch(victim).granted


def test_a_grant_to_an_ask_that_is_over_is_declined():
    """The thief gave up waiting; the work goes back into the victim's deque."""
    table, victim, thief = loaded()
    ask(table, thief)
    table.deliver(m.Ask)
    late = [mail for mail in table.mail if isinstance(mail[2].body, m.Grant)]
    table.drop(m.Grant)
    table.core(thief).ask = None
    table.mail = late
    table.deliver(m.Grant)
    table.deliver(m.Declined)

    assert table.batch(victim).work.held() == Ranges([(0, 20)])
    assert not table.batch(victim).granted and not table.batch(thief).held()


def test_a_thief_that_died_gives_everything_back():
    """Its link is refused, or it comes back as another incarnation: what it had not answered is the victim's again."""
    for reborn in (False, True):
        table, victim, thief = loaded()
        ask(table, thief)
        table.deliver(m.Ask)
        assert table.batch(victim).granted
        table.mail.clear()
        if reborn:
            table.boot(thief, counter=2)
            table.happen(thief, ev.Sighted(f"10.0.0.1:{7000 + int(victim[1:])}"))
            table.settle()
        else:
            table.happen(victim, ev.LinkRefused(f"10.0.0.1:{7000 + int(thief[1:])}"))

        assert not table.batch(victim).granted
        assert table.batch(victim).work.held() == Ranges([(0, 20)])


def test_what_was_meant_for_an_earlier_life_is_dropped():
    """A grant that arrives at the next incarnation of the thief changes nothing there."""
    table, _, thief = loaded()
    ask(table, thief)
    table.deliver(m.Ask)
    grants = [mail for mail in table.mail if isinstance(mail[2].body, m.Grant)]
    table.boot(thief, counter=2)
    table.mail = grants
    table.deliver(m.Grant)

    assert not table.batch(thief).held()
    assert not any(kind in ("Taken", "Declined") for _, _, kind in table.kinds())


def test_a_command_is_written_above_a_greater_will():
    """Two people cancel and go on at once: one turn is above the other, and all end with the same will."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    table.settle()
    batch = table.batch("p1")
    greater = Will(7, CANCELLED, Settings("table"))
    submission.learn(table.core("p1"), batch.id, RECIPE, greater)
    table.mail.clear()
    table.happen("p1", ev.Durable(table.core("p1").written))
    table.submit("p0")
    table.settle()
    table.wait(2500)

    (will,) = {table.batch(name).will for name in table.peers}
    assert (will.turn, will.word) == (8, RUNNING)
    assert [type(reply) for reply in table.replies] == [Accepted, Accepted]


def test_accepted_means_copied():
    """Nobody is told *accepted* while too few have it; with two copies elsewhere it is said."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    before = list(table.replies)
    table.deliver(m.Copy, "p1")
    table.deliver(m.Copied)
    one = list(table.replies)
    table.deliver(m.Copy, "p2")
    table.deliver(m.Copied)

    assert before == one == []
    assert table.replies[0].copies == 3


def test_lost_copies_are_sent_again():
    """Until enough have said that it is on their disks."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    table.drop(m.Copy)
    table.wait(600)

    assert [type(reply) for reply in table.replies] == [Accepted]


def test_a_late_peer_learns_every_batch():
    """By comparing hashes of wills, not by being told of each."""
    table, victim, _ = loaded()
    late = table.boot("p2")
    table.happen("p2", ev.Sighted("10.0.0.1:7000"))
    table.settle()
    table.wait(2500)

    assert [batch.known for batch in late.core.batches.values()] == [True]
    assert late.core.wills.hash == table.core(victim).wills.hash


def test_a_queue_that_died_is_queued_again():
    """The acting guardian dies with all tasks queued: in two rounds the next one has them."""
    table, victim, _ = loaded(3)
    del table.peers[victim]
    for name in table.peers:
        table.happen(name, ev.LinkRefused(f"10.0.0.1:{7000 + int(victim[1:])}"))
    table.mail = [mail for mail in table.mail if mail[1] != victim]
    for _ in range(10):
        table.wait(50, settle=False)
        table.mail = [mail for mail in table.mail if mail[1] != victim]
        while table.mail:
            table.deliver()
            table.mail = [mail for mail in table.mail if mail[1] != victim]

    queued = Ranges()
    for name in table.peers:
        queued.update(table.batch(name).held())
    assert queued == Ranges([(0, 20)])


def test_a_doubled_task_is_dropped_by_one_of_two():
    """Two hold the same tasks: the guardian lets one of them keep each."""
    table, victim, thief = loaded()
    table.batch(thief).take_in(Ranges([(0, 5)]))
    table.batch(thief).touch(urgent=True)
    table.core(thief).at("reports", table.now_ms)
    table.wait(3000)
    both = table.batch(victim).work.held() & table.batch(thief).work.held()

    assert not both
    assert (table.batch(victim).held() | table.batch(thief).held()) == Ranges([(0, 20)])


def test_a_clone_is_refused_by_who_knows_the_original():
    """The same id with another nonce and no higher counter, while the first is up."""
    table = Table(2)
    table.meet()
    original = table.peers["p1"]
    clone = table.boot("p1", counter=1, nonce="ffffffff")
    table.mail.clear()
    table.happen("p1", ev.Sighted("10.0.0.1:7000"))
    table.deliver(m.Hello, "p0")
    refusal = table.deliver(m.Refused, "p1")

    assert refusal.code == "clone"
    assert ("p1", "refused by 10.0.0.1: " + refusal.reason) in table.told
    assert table.core("p0").members[clone.core.me].incarnation == original.core.incarnation


@pytest.mark.parametrize(
    ("change", "words"), [({"farm": "other"}, "of farm 'table'"), ({"version": 1}, "speaks protocol 2")]
)
def test_strangers_are_refused_with_a_reason(change, words):
    """Another farm or version: one clear line at the stranger, nothing else."""
    table = Table(2)
    table.core("p1").hello = msgspec.structs.replace(table.core("p1").hello, **change)
    table.happen("p1", ev.Sighted("10.0.0.1:7000"))
    table.deliver(m.Hello, "p0")
    refusal = table.deliver(m.Refused, "p1")

    assert words in refusal.reason
    assert not table.core("p0").members


def test_membership_moves_as_the_table_says():
    """Silent: suspect after 3 s, down after 5; a late word of its own loop: up again."""
    table = Table(2)
    table.meet()
    (member,) = table.core("p0").members.values()
    beat = m.Heartbeat(m.Load(), 0)
    states = []
    for _ in range(6):
        table.now_ms += 1000
        table.happen("p0", ev.Woke())
        states.append(member.state)
    envelope = m.Envelope(member.id, member.incarnation, table.core("p0").incarnation, "", beat)
    table.happen("p0", ev.Received(envelope, "10.0.0.1"))

    assert states == ["up", "up", "suspect", "suspect", "down", "down"]
    assert member.state == "up"


def test_an_unknown_engine_is_an_error_for_the_face():
    """The peer knows what the farm has."""
    table = Table(1)
    table.submit("p0", msgspec.structs.replace(RECIPE, engine="comfy"))

    assert isinstance(table.replies[0], ErrorAnswer)
    assert "comfy" in table.replies[0].message and not table.core("p0").batches


def test_incarnations_compare_by_counter_then_nonce():
    """A total order, so that two lives are never both the newer one."""
    assert Incarnation(1, "f" * 8) < Incarnation(2, "0" * 8)
