"""A peer that does not see the store: whatever is lost on the way to a carrier, a result is safe once."""

from dataclasses import replace

import pytest

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry
from musep2p.core.tuning import Tuning
from tests.core.wire import Table


def a_farm(seeing=("p1",), blind=("p0",), *, piece_bytes=4):
    """A batch of files; the peers that are named first see the store."""
    table = Table(0, tuning=replace(Tuning(), piece_bytes=piece_bytes))
    table.stores = True
    for name in sorted((*seeing, *blind)):
        table.boot(name, has_store=name in seeing)
        table.core(name).payload = frozenset()
    table.meet()
    for name in seeing:
        table.happen(name, ev.StoreChanged("ok", "5" * 32))
    table.submit("p0")
    table.wait(1500)
    return table


def render_one(table, name):
    """Its slot gets a task, if it may start any, and renders it; returns the index."""
    table.happen(name, ev.SlotReady(0))
    for _ in range(60):
        if any(who == name for who, _ in table.starts):
            break
        table.wait(50)
    (start,) = [start for who, start in table.starts if who == name]
    (index,) = Ranges.decode(start.ranges).indices()
    entry = Entry(index, digest_of(b"%d" % index), 9, 1, ext="png")
    table.happen(name, ev.TasksDone(0, start.chunk, (entry,), 500_000))
    return index


def safe_at(table, name, index):
    return index in table.batch(name).results.safe


def test_the_carrier_fetches_it_piece_by_piece_and_both_know_that_it_is_safe():
    """Under its maker's own record, published once; nobody keeps it afterwards."""
    table = a_farm()
    index = render_one(table, "p0")
    assert index in table.batch("p0").finished and not safe_at(table, "p0", index)
    table.settle()
    table.wait(100)
    ((who, block),) = table.published

    assert [(start, length) for _, _, start, length in table.kept] == [(0, 4), (4, 4), (8, 1)]
    assert who == "p1" and block.first.peer == table.core("p0").me
    assert safe_at(table, "p0", index) and safe_at(table, "p1", index)
    assert not table.core("p0").handovers and not table.core("p1").carried
    assert table.core("p0").spooled == table.core("p1").spooled == 0


@pytest.mark.parametrize("kind", [m.Handover, m.OutputAsk, m.Output, m.HandedOver])
def test_each_message_may_be_lost_or_come_twice(kind):
    """It is said again, and what was done is not done again."""
    table = a_farm()
    index = render_one(table, "p0")
    table.say_twice_then_lose(kind)
    table.wait(6000)

    assert safe_at(table, "p0", index) and len(table.published) == 1
    assert not table.core("p0").handovers and not table.core("p1").carried


def test_a_carrier_that_cannot_take_it_now_is_left_alone_for_a_while():
    """Another one may; then the first again."""
    table = a_farm(seeing=("p1", "p2"))
    for name in ("p1", "p2"):
        table.core(name).disk_full = "no room"
    index = render_one(table, "p0")
    table.wait(1000)
    asked = {to for _, to, _ in table.mail}
    first = safe_at(table, "p0", index)
    for name in ("p1", "p2"):
        table.core(name).disk_full = ""
    table.wait(4000)

    assert not first and asked <= {"p1", "p2"}
    assert safe_at(table, "p0", index) and len(table.published) == 1


@pytest.mark.parametrize("ended", ["refused", "dead"])
def test_what_no_carrier_took_goes_to_our_own_store_that_is_back(ended):
    """It was offered while the store was away here, and comes back when the store has been there for a while."""
    table = a_farm()
    index = render_one(table, "p0")
    table.core("p1").disk_full = "no room"
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    if ended == "dead":
        del table.peers["p1"]
        table.mail.clear()
        table.happen("p0", ev.LinkRefused("10.0.0.1:7001"))
    table.wait(100)

    assert safe_at(table, "p0", index) and table.published == []


def test_a_carrier_that_dies_is_replaced():
    """What it had not said to be there is offered to another."""
    table = a_farm(seeing=("p1", "p2"))
    index = render_one(table, "p0")
    offer = next((to for _, to, envelope in table.mail if isinstance(envelope.body, m.Handover)))
    table.deliver(m.Handover)
    table.drop(m.OutputAsk)
    del table.peers[offer]
    table.happen("p0", ev.LinkRefused(f"10.0.0.1:{7000 + int(offer[1:])}"))
    table.wait(4000)
    ((who, _),) = table.published

    assert who in {"p1", "p2"} - {offer} and safe_at(table, "p0", index)


def test_what_the_carrier_has_whole_counts_though_its_maker_is_gone():
    """The carrier itself tells the guardians."""
    table = a_farm()
    index = render_one(table, "p0")
    while not table.published:
        table.deliver()
    del table.peers["p0"]
    table.mail.clear()
    table.happen("p1", ev.LinkRefused("10.0.0.1:7000"))
    table.wait(500)

    assert safe_at(table, "p1", index)


def test_a_store_that_fails_at_the_carrier_gives_it_back():
    """The maker keeps it, and hands it over again later."""
    table = a_farm()
    table.stores = False
    index = render_one(table, "p0")
    table.wait(1000)
    kept = list(table.core("p0").unpublished) or list(table.core("p0").handovers)
    table.stores = True
    table.wait(4000)

    assert kept and safe_at(table, "p0", index)
    assert table.core("p1").spooled == 0


def test_a_restarted_maker_hands_over_what_its_journal_has():
    """It was finished and not safe: nothing is rendered again."""
    table = a_farm()
    index = render_one(table, "p0")
    table.mail.clear()
    payload = table.core("p0").payload
    table.boot("p0", counter=2).core.payload = payload
    table.happen("p0", ev.Sighted("10.0.0.1:7001"))
    table.wait(6000)

    assert [block.first.incarnation.counter for _, block in table.published] == [1]
    assert safe_at(table, "p0", index)


def test_nobody_starts_what_has_nowhere_to_go():
    """The farm has a store, and no peer that is up sees it: nothing that makes files is begun."""
    table = a_farm(seeing=(), blind=("p0", "p1"))
    for name in ("p0", "p1"):
        table.core(name).store.farm_id = "5" * 32
    table.happen("p0", ev.SlotReady(0))
    table.wait(4000)

    assert table.starts == []


def test_what_its_maker_hands_over_no_more_is_let_go():
    """Its output is gone there, or another carrier has it: nothing is kept for it, and there is room for others."""
    table = a_farm()
    render_one(table, "p0")
    table.deliver(m.Handover)
    (number,) = table.core("p0").handovers
    lost = table.disks["p0"][table.core("p0").handovers[number].position - 1]
    table.happen("p0", ev.PublishFailed(number, "no longer in the spool", lost))
    table.settle()

    assert not table.core("p1").carried and table.core("p1").spooled == 0
    assert table.published == []


def test_a_maker_that_says_nothing_any_more_is_given_up():
    """Its link works one way only: after half a minute without a piece there is room for others."""
    table = a_farm()
    render_one(table, "p0")
    table.deliver(m.Handover)
    core = table.core("p1")
    for _ in range(36):
        table.drop(m.OutputAsk)
        table.drop(m.Handover)
        table.wait(1000, step=1000, settle=False)
        table.mail = [one for one in table.mail if not isinstance(one[2].body, m.OutputAsk | m.Handover)]
        table.settle()

    assert not core.carried and core.spooled == 0


def test_a_carrier_that_sees_the_store_no_more_gives_it_back():
    """It has all pieces by then: nobody waits for a store that may never be there again."""
    table = a_farm()
    index = render_one(table, "p0")
    while len(table.kept) < 2:
        table.deliver()
    table.happen("p1", ev.StoreChanged("away", "", "gone"))
    table.settle()
    back = not table.core("p1").carried and table.core("p1").spooled == 0
    table.happen("p1", ev.StoreChanged("ok", "5" * 32))
    table.wait(5000)

    assert back and safe_at(table, "p0", index)
