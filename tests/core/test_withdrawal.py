"""A result that proved wrong: its record counts no more, wherever it is met, and its task is done again."""

import pytest

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core import requests as r
from musep2p.core.ids import digest_of
from musep2p.core.loads import present_load
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, ResultBlock, Withdrawal
from musep2p.core.results import signed
from tests.core.wire import Table


def a_complete_batch(peers=3):
    """All see the store; one peer after the other has rendered what it was given."""
    table = Table(0)
    table.stores = True
    for number in range(peers):
        table.boot(f"p{number}", has_store=True)
        table.core(f"p{number}").payload = frozenset()
    table.meet()
    for name in table.peers:
        table.happen(name, ev.StoreChanged("ok", "5" * 32))
    table.submit("p0")
    table.wait(3000)
    for name in table.peers:
        table.happen(name, ev.SlotReady(0))
    finish(table)
    return table


def finish(table, salt=b"first"):
    """Everything that is handed to a slot is rendered, until nothing is handed any more."""
    for _ in range(300):
        table.wait(50)
        for name, start in table.starts:
            for index in Ranges.decode(start.ranges).indices():
                entry = Entry(index, digest_of(salt + b"%d" % index), 9, 1, ext="png")
                table.happen(name, ev.TasksDone(0, start.chunk, (entry,), 500_000))
            table.happen(name, ev.ChunkEnded(0, start.chunk))
        table.starts.clear()
        if all(table.batch(name).progress and table.batch(name).progress.complete for name in table.peers):
            return
    raise AssertionError("never complete")


def record_of(table, index):
    """Its record, as any journal has it."""
    blocks = (one for disk in table.disks.values() for one in disk if isinstance(one, ResultBlock))
    return next(signed(block)[index][1] for block in blocks if index in signed(block))


def withdraw(table, name, index, number=50):
    ask = r.WithdrawAsk("table", ((record_of(table, index), index),))
    table.happen(name, ev.Asked(b"face", r.Request(1, "table", number, ask)))


def test_a_withdrawn_result_is_rendered_again_and_nothing_else():
    """Complete, not complete, complete: by another record, which is the one that is shown."""
    table = a_complete_batch()
    wrong = record_of(table, 7)
    withdraw(table, "p1", 7)
    table.wait(500)
    again = [name for name in table.peers if table.batch(name).progress.complete]
    handed = [(name, list(Ranges.decode(start.ranges).indices())) for name, start in table.starts]
    finish(table, b"second")

    assert again == [] and [indices for _, indices in handed] == [[7]]
    assert isinstance(table.replies[-1], r.Withdrawn)
    for name in table.peers:
        results = table.batch(name).results
        records = [signed(table.disks[name][at - 1])[7] for at in results.positions(7)]
        assert all(made != wrong for _, made in records)
    assert sum(7 in table.batch(name).results.safe for name in table.peers) >= 2


def test_it_is_said_only_when_two_guardians_have_it():
    """Whoever told of it may go away then."""
    table = a_complete_batch()
    table.replies.clear()
    withdraw(table, "p1", 7)
    early = list(table.replies)
    table.wait(600)
    have = [name for name in table.peers if any(isinstance(record, Withdrawal) for record in table.disks[name])]

    assert early == [] and len(have) >= 2
    assert [type(reply) for reply in table.replies] == [r.Withdrawn]


def test_a_store_that_does_not_take_it():
    """Then nothing is withdrawn anywhere, and the face is told."""
    table = a_complete_batch()
    table.stores = False
    withdraw(table, "p1", 7)
    table.wait(600)

    assert table.replies[-1].message == "the store did not take it: full."
    assert not any(isinstance(record, Withdrawal) for disk in table.disks.values() for record in disk)


def test_another_result_of_the_same_task_takes_its_place():
    """Nothing is rendered again while one is left that nobody withdrew."""
    table = a_complete_batch()
    first = record_of(table, 7)
    name = next(name for name in table.peers if table.core(name).me == first.peer)
    other = next(other for other in table.peers if other != name)
    core = table.core(other)
    entry = Entry(7, digest_of(b"other"), 9, 1, ext="png")
    block = ResultBlock(table.batch(other).id, core.next_record(table.batch(other)), (entry,), True)
    for one in table.peers:
        table.happen(one, ev.ResultsRead(block.batch, (block,), 0)) if reads(table, one) else None
    withdraw(table, name, 7)
    table.wait(600)

    assert table.starts == []
    for one in table.peers:
        assert 7 in table.batch(one).results.safe
        shown = [signed(table.disks[one][at - 1])[7] for at in table.batch(one).results.positions(7)]
        assert (entry, block.first) in shown


def reads(table, name):
    """The peer shall be reading the store."""
    table.batch(name).reading = True
    return True


def test_a_thief_that_still_believes_in_it_is_told_with_the_grant():
    """Else it would call the task safe, and nobody who steals it would ever run it."""
    table = a_complete_batch(2)
    thief, victim = table.core("p1"), table.core("p0")
    wrong = Withdrawal(table.batch("p0").id, record_of(table, 7), 7)
    batch = table.batch("p0")
    table.happen("p0", ev.ResultsRead(batch.id, (wrong,), 0)) if reads(table, "p0") else None
    table.drop(m.Report)
    assert 7 not in batch.results.known and 7 in table.batch("p1").results.safe
    batch.take_in(Ranges.of(7))
    thief.ask = (99, victim.me, table.now_ms)
    envelope = m.Envelope(thief.me, thief.incarnation, victim.incarnation, "", m.Ask(99, 1, present_load(thief)))
    table.happen("p0", ev.Received(envelope, "10.0.0.1", b"p1"))
    grant = table.deliver(m.Grant, keep=True)
    table.wait(1500, settle=True)

    assert grant.withdrawals == (wrong,)
    assert table.batch("p1").results.has_withdrawal(wrong)


def test_what_comes_after_the_end_is_concluded_too_but_not_each_record_by_itself():
    """Results of the other side of a cut network, or after a withdrawal: the next manifest has them."""
    table = a_complete_batch()
    first = list(table.concluded)
    acting = first[-1][0]
    core, batch = table.core(acting), table.batch(acting)
    for index in range(4):
        entry = Entry(index, digest_of(b"late %d" % index), 9, 1, ext="png")
        late = ResultBlock(batch.id, core.next_record(batch), (entry,), True)
        table.happen(acting, ev.ResultsRead(late.batch, (late,), 0)) if reads(table, acting) else None
        table.wait(100)
    table.wait(8000)

    assert [name for name, _ in first] == [acting]
    assert len(table.concluded) == len(first) + 1 and table.concluded[-1][1].fresh
    table.wait(8000)
    assert len(table.concluded) == len(first) + 1 and not core.awake


def test_a_restart_does_not_take_for_safe_what_took_the_place_of_a_withdrawn_result():
    """Its journal has the withdrawn one as safe, and its own as finished: that one is published again."""
    table = a_complete_batch()
    wrong = record_of(table, 7)
    withdraw(table, "p1", 7)
    table.stores = False
    for _ in range(60):
        table.wait(50)
        if table.starts:
            break
    ((name, start),) = table.starts
    entry = Entry(7, digest_of(b"second"), 9, 1, ext="png")
    table.happen(name, ev.TasksDone(0, start.chunk, (entry,), 500_000))
    table.boot(name, counter=2, has_store=True).core.payload = frozenset()
    results = table.batch(name).results

    assert results.has_withdrawal(Withdrawal(table.batch(name).id, wrong, 7))
    assert 7 in results.known and 7 not in results.safe and 7 in table.batch(name).finished


def test_a_task_that_the_batch_has_not_is_refused():
    """Nothing is said to the store."""
    table = a_complete_batch()
    ask = r.WithdrawAsk("table", ((record_of(table, 7), 1 << 30),))
    table.happen("p1", ev.Asked(b"face", r.Request(1, "table", 50, ask)))

    assert table.replies[-1].message == "the batch has no such task."
    assert not table.core("p1").withdrawing


def test_a_batch_at_rest_wakes_for_what_is_withdrawn():
    """Its disk was slow: the record is durable only after the batch had come to rest."""
    table = a_complete_batch()
    name = "p0"
    table.wait(4000)
    batch = table.batch(name)
    at_rest = batch.id not in table.core(name).awake
    wrong = Withdrawal(batch.id, record_of(table, 7), 7)
    if reads(table, name):
        table.happen(name, ev.ResultsRead(batch.id, (wrong,), 0))
    table.wait(1500)

    assert at_rest and 7 not in batch.results.doubted
    assert wrong in table.disks[name] and 7 not in batch.results.known


@pytest.mark.parametrize("hears", [True, False])
def test_who_leaves_has_told_all_guardians_or_waited_long_enough(hears):
    """Two copies shall stay: its own, which counted before, goes with it."""
    table = a_complete_batch()
    withdraw(table, "p2", 7)
    table.happen("p2", ev.DrainAsked())

    def wait_deaf(ms):
        until = table.now_ms + ms
        while table.now_ms < until:
            table.wait(50, settle=False)
            while table.mail:
                deaf = table.mail[0][1] == "p0" and isinstance(table.mail[0][2].body, m.Report)
                if deaf:
                    table.mail.pop(0)
                else:
                    table.deliver()

    wait_deaf(2000)
    withdrawal = Withdrawal(table.batch("p0").id, record_of(table, 7), 7)
    before = table.core("p2").left, table.batch("p1").results.has_withdrawal(withdrawal)
    if hears:
        table.wait(3000)
    else:
        wait_deaf(table.core("p2").tuning.drain_ms)

    assert before == (False, True) and table.core("p2").left
    assert table.batch("p0").results.has_withdrawal(withdrawal) == hears
