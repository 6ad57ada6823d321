"""A farm without a store: an output is safe when two guardians have its bytes, whatever is lost on the way."""

from dataclasses import replace

import pytest

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, ResultBlock, Withdrawal
from musep2p.core.tuning import Tuning
from tests.core.test_handover import render_one, safe_at
from tests.core.wire import Table


def a_farm(count=3):
    """A batch of files at p0; nobody has a store, and all are sure of that."""
    table = Table(count, tuning=replace(Tuning(), piece_bytes=4))
    table.stores = True  # a folder of one's own takes everything at once
    for name in table.peers:
        table.core(name).payload = frozenset()
    table.meet()
    table.submit("p0")
    table.wait(2500)
    return table


def position_of(table, block, name="p0"):
    """Where this peer's journal has it."""
    return table.disks[name].index(block) + 1


def copies(table):
    """Who has copied outputs of others, by how many."""
    return [who for who, _ in table.published]


def test_a_result_is_safe_when_two_have_its_output():
    """The maker is one of them; both others fetch it, piece by piece."""
    table = a_farm()
    index = render_one(table, "p0")
    while not table.kept:
        table.deliver()
    early = safe_at(table, "p0", index)
    table.wait(1000)

    assert not early and safe_at(table, "p0", index)
    assert sorted(copies(table)) == ["p1", "p2"]
    assert [(start, length) for who, _, start, length in table.kept if who == "p1"] == [(0, 4), (4, 4), (8, 1)]
    assert not any(table.core(name).carried or table.core(name).spooled for name in table.peers)


def test_without_the_output_it_is_not_acknowledged():
    """A guardian that cannot have it says nothing that would count."""
    table = a_farm(2)
    table.core("p1").disk_full = "no room"
    index = render_one(table, "p0")
    table.wait(4000)

    assert not safe_at(table, "p0", index) and index not in table.batch("p1").results.known


@pytest.mark.parametrize("kind", [m.Report, m.OutputAsk, m.Output, m.ReportAck])
def test_each_message_may_be_lost_or_come_twice(kind):
    """It is said again."""
    table = a_farm()
    index = render_one(table, "p0")
    table.say_twice_then_lose(kind)
    table.wait(6000)

    assert safe_at(table, "p0", index)
    assert not any(table.core(name).carried for name in table.peers)


def test_who_submitted_has_a_copy_of_all():
    """Also where it is no guardian."""
    table = a_farm(6)
    batch = table.batch("p0")
    makers = sorted(set(table.peers) - {"p0"})
    for name in makers:
        render_one(table, name)
    table.wait(3000)

    assert batch.will.settings.home == table.core("p0").me
    assert copies(table).count("p0") == len(makers)
    assert batch.results.known.count() == len(makers)


def test_who_only_copies_has_the_recipe_too():
    """A folder with pictures and no recipe could not be concluded."""
    table = a_farm()
    render_one(table, "p0")
    table.wait(1000)

    assert sorted(who for who, _ in table.batches_stored) == ["p0", "p1", "p2"]


def test_a_guardian_that_heard_of_a_store_does_not_count():
    """It takes the record, and not the output: what goes to the store is not for guardians."""
    table = a_farm(2)
    table.core("p1").store.farm_id = "5" * 32
    index = render_one(table, "p0")
    table.wait(3000)

    assert index in table.batch("p1").results.known and copies(table) == []
    assert not safe_at(table, "p0", index)


def test_a_store_that_comes_takes_what_nobody_has_copied_yet():
    """It is handed over to who sees the store, out of the maker's folder."""
    table = a_farm(2)
    table.core("p1").disk_full = "no room"
    index = render_one(table, "p0")
    table.wait(1000)
    before = safe_at(table, "p0", index)
    table.boot("p2", has_store=True).core.payload = frozenset()
    table.happen("p2", ev.StoreChanged("ok", "5" * 32))
    for name in ("p0", "p1"):
        table.happen("p2", ev.Sighted(f"10.0.0.1:{7000 + int(name[1:])}"))
    table.wait(5000)

    assert not before and safe_at(table, "p0", index)
    assert copies(table) == ["p2"]


def test_an_output_that_its_maker_has_lost_is_made_again():
    """The guardian waits for it no longer, and the record is withdrawn."""
    table = a_farm(2)
    index = render_one(table, "p0")
    while not any(isinstance(envelope.body, m.OutputAsk) for _, _, envelope in table.mail):
        table.deliver()
    (ask,) = [envelope for _, _, envelope in table.mail if isinstance(envelope.body, m.OutputAsk)]
    table.drop(m.OutputAsk)
    block = next(record for record in table.disks["p0"] if isinstance(record, ResultBlock))
    gone = m.Output(ask.body.number, index, 0, 0, b"")
    maker, guardian = table.core("p0"), table.core("p1")
    envelope = m.Envelope(maker.me, maker.incarnation, guardian.incarnation, "", gone)
    table.happen("p1", ev.Received(envelope, "10.0.0.1", b"p0"))
    table.happen("p0", ev.OutputGone(position_of(table, block), block, index, "it is altered"))
    table.wait(3000)
    held = table.batch("p0").held() | table.batch("p1").held()

    assert Withdrawal(block.batch, block.first, index) in table.disks["p1"]
    assert index not in table.batch("p0").results.known and index in held


def test_what_is_safe_elsewhere_is_not_withdrawn_for_that():
    """A late guardian asks for what its maker has no more, since it is on the store, or with two others."""
    table = a_farm()
    index = render_one(table, "p0")
    table.wait(1000)
    block = next(record for record in table.disks["p0"] if isinstance(record, ResultBlock))
    table.happen("p0", ev.OutputGone(position_of(table, block), block, index, "it is not there"))
    table.wait(1000)

    assert safe_at(table, "p0", index)
    assert not any(isinstance(record, Withdrawal) for record in table.disks["p0"])


def test_an_output_that_could_not_be_copied_is_no_copy():
    """The record is taken, so that nothing waits for ever; whoever has only that makes nothing safe by it."""
    table = a_farm(3)
    index = render_one(table, "p0")
    while not any(isinstance(envelope.body, m.OutputAsk) for _, _, envelope in table.mail):
        table.deliver()
    (to, ask), *_ = [(who, one.body) for who, _, one in table.mail if isinstance(one.body, m.OutputAsk)]
    table.mail.clear()
    maker, guardian = table.core("p0"), table.core(to)
    gone = m.Output(ask.number, index, 0, 0, b"")
    envelope = m.Envelope(maker.me, maker.incarnation, guardian.incarnation, "", gone)
    table.happen(to, ev.Received(envelope, "10.0.0.1", b"p0"))
    table.mail.clear()
    del table.peers["p0"]
    for name in table.peers:
        table.happen(name, ev.LinkRefused("10.0.0.1:7000"))
    table.wait(3000)

    assert index in table.batch(to).results.known and not guardian.kept
    assert not safe_at(table, to, index)
    assert any(index in table.batch(name).work.held() for name in table.peers)


def test_a_copy_that_goes_bad_while_its_maker_is_gone_is_held_no_more():
    """The third had no room for it: the task is work again."""
    table = a_farm(3)
    table.core("p2").disk_full = "no room"
    index = render_one(table, "p0")
    while not table.published:
        table.deliver()
    block = next(record for record in table.disks["p1"] if isinstance(record, ResultBlock))
    del table.peers["p0"]
    table.mail.clear()
    for name in table.peers:
        table.happen(name, ev.LinkRefused("10.0.0.1:7000"))
    held = index in table.batch("p1").finished
    table.happen("p1", ev.OutputGone(position_of(table, block, "p1"), block, index, "it is altered"))
    table.wait(3000)

    assert held and not safe_at(table, "p1", index)
    assert index not in table.batch("p1").finished
    assert any(index in table.batch(name).work.held() for name in table.peers)


def test_what_a_guardian_never_said_of_itself_is_asked_for_by_no_mistake():
    """Of what is no result of a log, or beyond it, there are no bytes."""
    table = a_farm(2)
    core, batch = table.core("p1"), table.batch("p1")
    ask = m.OutputAsk(9, batch.id, False, 500, 0, 0)
    envelope = m.Envelope(core.me, core.incarnation, table.core("p0").incarnation, "", ask)
    table.mail.clear()
    table.happen("p0", ev.Received(envelope, "10.0.0.1", b"p1"))

    assert table.deliver(m.Output) == m.Output(9, 0, 0, 0, b"")


def test_a_guardian_hands_over_what_a_maker_left():
    """Its maker is gone for good and a store has come: the block goes there under the maker's record."""
    table = a_farm(2)
    render_one(table, "p0")
    table.wait(1000)
    batch = table.batch("p1")
    entry = Entry(19, digest_of(b"x"), 9, 1, ext="png")
    record = table.core("p0").next_record(table.batch("p0"))
    block = ResultBlock(batch.id, record, (entry,))
    table.boot("p2", has_store=True).core.payload = frozenset()
    table.happen("p2", ev.StoreChanged("ok", "5" * 32))
    table.happen("p2", ev.Sighted("10.0.0.1:7001"))
    table.wait(1500)
    core, carrier = table.core("p1"), table.core("p2")
    offer = m.Envelope(core.me, core.incarnation, carrier.incarnation, "", m.Handover(7, batch.id, block))
    table.published.clear()
    table.happen("p2", ev.Received(offer, "10.0.0.1", b"p1"))
    taken = list(carrier.carried.values())

    assert [one.block.first.peer for one in taken] == [table.core("p0").me]


def test_a_restarted_maker_goes_on():
    """Its folder has the output, its journal the record: nothing is rendered again."""
    table = a_farm()
    index = render_one(table, "p0")
    table.mail.clear()
    table.boot("p0", counter=2).core.payload = frozenset()
    for other in ("7001", "7002"):
        table.happen("p0", ev.Sighted(f"10.0.0.1:{other}"))
    table.wait(6000)

    assert safe_at(table, "p0", index)
    assert sum(index in Ranges.decode(start.ranges) for _, start in table.starts) == 1
    assert sorted(copies(table)) == ["p1", "p2"]


def test_alone_one_copy_is_all_there_is():
    """And nothing is started before it is known that there is no store."""
    table = Table(1)
    table.stores = True
    table.core("p0").payload = frozenset()
    table.submit("p0")
    table.happen("p0", ev.SlotReady(0))
    table.wait(1000)
    early = list(table.starts)
    table.wait(4000)
    (start,) = [start for _, start in table.starts]
    (index,) = Ranges.decode(start.ranges).indices()
    entry = Entry(index, digest_of(b"x"), 9, 1, ext="png")
    table.happen("p0", ev.TasksDone(0, start.chunk, (entry,), 500_000))

    assert early == [] and safe_at(table, "p0", index)


@pytest.mark.parametrize("store", [False, True], ids=["still none", "one came"])
def test_what_a_dead_maker_left_is_made_safe_by_who_copied_it(store):
    """By more copies, or on the store that came meanwhile; nothing is rendered again."""
    table = a_farm(2 if store else 4)
    index = render_one(table, "p0")
    while not table.published:
        table.deliver()
    (who, _) = table.published[0]
    table.wait(100, settle=False)
    del table.peers["p0"]
    table.mail.clear()
    if store:
        table.boot("p3", has_store=True).core.payload = frozenset()
        table.happen("p3", ev.StoreChanged("ok", "5" * 32))
    for name in table.peers:
        table.happen(name, ev.LinkRefused("10.0.0.1:7000"))
        if name != "p3":
            table.happen("p3", ev.Sighted(f"10.0.0.1:{7000 + int(name[1:])}"))
    table.wait(5000)

    assert safe_at(table, who, index)
    assert not any(index in Ranges.decode(start.ranges) for name, start in table.starts if name != "p0")
