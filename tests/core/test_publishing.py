"""From finished to safe: what is told, and what is thrown away, only after the disk has it."""

from dataclasses import replace

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.loads import present_load
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, ResultBlock
from musep2p.core.requests import Request, StatusAsk
from musep2p.core.results import signed
from tests.core.wire import RECIPE, Table


def test_the_spool_keeps_an_output_until_the_journal_says_that_it_is_safe():
    """A crash between the store's answer and the journal's would lose a picture that is there."""
    table = Table(1)
    table.core("p0").payload = frozenset()
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    table.submit("p0", RECIPE)
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    start = table.starts[-1][1]
    (index,) = Ranges.decode(start.ranges).indices()
    peer, now = table.peers["p0"], table.now_ms
    entry = Entry(index, digest_of(b"x"), 1, 1, ext="png")
    (write,) = [e for e in peer.handle(ev.TasksDone(0, start.chunk, (entry,), 9), now) if isinstance(e, fx.Write)]
    (publish,) = [e for e in peer.handle(ev.Durable(write.position), now) if isinstance(e, fx.Publish)]
    told = peer.handle(ev.Published(publish.op, write.record), now)
    (safe,) = [e for e in told if isinstance(e, fx.Write) and isinstance(e.record, ResultBlock)]
    after = peer.handle(ev.Durable(peer.core.written), now)

    assert write.sync == (f"{start.batch}-{index}-1.png",) and safe.record.safe
    assert not any(isinstance(effect, fx.Unspool) for effect in told)
    assert [effect.names for effect in after if isinstance(effect, fx.Unspool)] == [write.sync]


def painting(table, *, spool_bytes):
    """A peer alone whose engine makes files, with a batch queued and its slot ready."""
    core = table.core("p0")
    core.payload = frozenset()
    core.tuning = replace(core.tuning, spool_bytes=spool_bytes)
    table.submit("p0", RECIPE)
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))


def paint(table, size):
    """What it was given is rendered."""
    _, start = table.starts.pop(0)
    for index in Ranges.decode(start.ranges).indices():
        entry = Entry(index, digest_of(b"%d" % index), size, 1, ext="png")
        table.happen("p0", ev.TasksDone(0, start.chunk, (entry,), 2_000_000))
    table.happen("p0", ev.ChunkEnded(0, start.chunk))


def test_work_goes_on_while_the_store_is_away_until_the_spool_is_full():
    """Nothing is called safe; when the store is back and has taken some, it goes on."""
    table = Table(1)
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    painting(table, spool_bytes=1000)
    table.happen("p0", ev.StoreChanged("away", "", "the cable is out"))
    for _ in range(3):
        paint(table, 400)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 9, StatusAsk("table"))))
    (status,) = table.replies[-1].batches

    assert table.starts == [] and table.core("p0").spooled == 1200
    assert status.state == "waiting" and "which is the limit: the cable is out" in status.reason
    assert (status.safe, table.batch("p0").finished.count()) == (0, 3)


def test_a_peer_that_has_not_seen_the_store_in_this_life_waits_for_it():
    """It cannot know whether the share will ever be there."""
    table = Table(1)
    table.happen("p0", ev.StoreChanged("away", "", "not mounted"))
    painting(table, spool_bytes=1000)
    assert table.starts == []
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    assert len(table.starts) == 1


def test_a_machine_whose_disk_is_full_starts_nothing_and_offers_its_work():
    """It says why; what it is asked for it gives away whole; with room again it goes on."""
    table = Table(1)
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    painting(table, spool_bytes=10**9)
    table.happen("p0", ev.DiskChanged("only 3.0 MB are free"))
    paint(table, 400)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 9, StatusAsk("table"))))
    (status,) = table.replies[-1].batches

    assert table.starts == [] and present_load(table.core("p0")).slots == 0
    assert (status.state, status.reason) == ("waiting", "this machine's disk is full: only 3.0 MB are free")
    table.happen("p0", ev.DiskChanged(""))
    assert len(table.starts) == 1


def test_what_was_found_by_its_key_has_the_record_that_the_store_has():
    """The helper numbers what it finds from the first on; what was settled meanwhile leaves a gap, not a shift."""
    table = Table(1)
    table.core("p0").keyed = frozenset({"null"})
    table.core("p0").payload = frozenset()
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    looked = []
    handle = table.peers["p0"].handle
    table.peers["p0"].handle = lambda *args: [looked.append(e) or e for e in handle(*args)]
    table.submit("p0", RECIPE)
    table.wait(6000)
    table.batch("p0").lookup_width = 4
    table.happen("p0", ev.SlotReady(0))
    (lookup,) = [effect for effect in looked if isinstance(effect, fx.Lookup)]
    indices = list(Ranges.decode(lookup.ranges).indices())
    gone = Ranges.of(indices[1])
    table.core("p0").slots[0].chunks[0].left.difference_update(gone)
    table.batch("p0").running.difference_update(gone)
    hits = tuple(Entry(index, digest_of(b"%d" % index), 9, 1, ext="png", skipped=True) for index in indices)
    table.happen("p0", ev.LookedUp(lookup.op, hits))
    blocks = [record for record in table.disks["p0"] if isinstance(record, ResultBlock)]
    made = {index: one for block in blocks for index, (_, one) in signed(block).items()}

    assert len(indices) == 4
    assert {index: record.number for index, record in made.items()} == {
        index: lookup.number + n for n, index in enumerate(indices) if n != 1
    }


def test_a_folder_that_is_empty_all_of_a_sudden_is_no_new_store():
    """Also not for who said --adopt-store: a share was unmounted, and a new helper finds its folder."""
    table = Table(1)
    table.core("p0").may_adopt = True
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    effects = table.peers["p0"].handle(ev.StoreChanged("empty"), table.now_ms + 5000)

    assert not [effect for effect in effects if isinstance(effect, fx.OpenStore)]
    assert table.core("p0").store.state == "away" and table.core("p0").store.farm_id == "5" * 32


def test_a_look_up_that_failed_with_the_store_leaves_no_slot_idle():
    """The store goes away while keys are looked up: the task is rendered, and waits in the spool."""
    table = Table(1)
    table.core("p0").keyed = frozenset({"null"})
    table.core("p0").payload = frozenset()
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    table.submit("p0", RECIPE)
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    (chunk,) = table.core("p0").slots[0].chunks
    table.happen("p0", ev.StoreChanged("away", "", "gone"))
    table.happen("p0", ev.PublishFailed(chunk.lookup, "gone"))

    assert chunk.lookup and len(table.starts) == 1
