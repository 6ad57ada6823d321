"""What a review of the protocol found, each as the story that went wrong: one-way silence, flapping, odd restarts."""

from itertools import pairwise

import pytest

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.accounting import acting
from musep2p.core.ids import Incarnation, PeerId, digest_of, hash64
from musep2p.core.messages import PROTOCOL_VERSION, Hello
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, batch_id
from musep2p.core.records import Entry, RecipeRecord, RecordId, ResultBlock, SafeMark, Will, WillRecord
from musep2p.core.requests import Accepted, CommandAsk, Request
from musep2p.wire import codec
from tests.core.wire import Table

LIFE = Incarnation(1, "00000001")


def entry(index, ext=""):
    return Entry(index, digest_of(b"%d" % index), 1, 1, ext=ext)


def work(table):
    """Every slot's child ends what it was handed."""
    done = []
    for name, start in list(table.starts):
        table.starts.remove((name, start))
        if name not in table.peers:
            continue
        for index in Ranges.decode(start.ranges).indices():
            table.happen(name, ev.TasksDone(start.slot, start.chunk, (entry(index),), 500_000))
            done.append(index)
        table.happen(name, ev.ChunkEnded(start.slot, start.chunk))
    return done


def running(table):
    """All slots are ready."""
    for name in table.peers:
        table.happen(name, ev.SlotReady(0))


def silence(table, ms, *, lost):
    """Time passes while mail for which `lost(from, to)` holds does not arrive."""
    until = table.now_ms + ms
    while table.now_ms < until:
        table.now_ms += 50
        for name in list(table.peers):
            table.happen(name, ev.Woke())
            while table.mail:
                if lost(table.mail[0][0], table.mail[0][1]):
                    table.mail.pop(0)
                else:
                    table.deliver()


def finish(table, rounds=100):
    """Work until nothing moves."""
    for _ in range(rounds):
        work(table)
        table.wait(200)


def test_one_way_silence_does_not_stop_a_report_for_ever():
    """The guardian judged a peer down that never noticed: afterwards the report starts again where it must."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    table.settle()
    table.wait(300)
    guard = next(name for name in table.peers if acting(table.core(name), table.batch(name)))
    reporter = next(name for name in table.peers if name != guard)
    running(table)
    table.settle()
    table.wait(500)
    work(table)
    table.wait(1500)
    silence(table, 6000, lost=lambda sender, to: (sender, to) == (reporter, guard))
    assert table.core(guard).members[table.core(reporter).me].state == "down"
    finish(table)

    assert table.batch(guard).accounting.complete
    assert not any(table.batch(name).held() for name in table.peers)


def test_splits_do_not_make_logs_grow():
    """Facts that come back by another way are logged once."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    table.settle()
    running(table)
    finish(table, 40)
    lengths = []
    for _ in range(4):
        silence(table, 6000, lost=lambda sender, to: True)
        table.wait(3000)
        lengths.append(max(len(table.batch(name).log) for name in table.peers))

    assert lengths[-1] == lengths[1]
    assert lengths[-1] <= 4 * 20


def test_cancelling_one_batch_leaves_the_next_chunk_of_the_slot():
    """A slot has a chunk of each of two batches: the end of one does not lose the other."""
    table = Table(1)
    one = Recipe("null", {}, (Axis.of("v", tuple(range(10))),), (1,))
    two = Recipe("null", {}, (Axis.of("w", (1, 2)),), (1, 2))
    table.submit("p0", one, Settings("one"))
    table.submit("p0", two, Settings("two"))
    table.wait(3000)
    core = table.core("p0")
    core.paces[one.work_class()] = 9000.0
    running(table)
    table.wait(500)
    (slot,) = core.slots.values()
    assert len({chunk.batch for chunk in slot.chunks}) == 2
    name = core.batches[slot.chunks[0].batch].will.settings.name
    other = next(batch for batch in core.batches.values() if batch.will.settings.name != name)
    table.happen("p0", ev.Asked(b"f", Request(1, "table", 9, CommandAsk(name, "cancel"))))
    table.wait(100)
    table.happen("p0", ev.SlotDied(0, "not wanted any more"))
    table.happen("p0", ev.SlotReady(0))
    finish(table, 20)

    assert other.accounting.complete and not other.running


@pytest.mark.parametrize("own", [True, False], ids=["own", "another's"])
def test_a_partly_safe_block_is_told_on_after_a_restart(own):
    """Three of five results of one block are safe: whoever acts learns of them, and the rest is done."""
    for seed in range(100):
        recipe = Recipe("null", {}, (Axis.of("v", tuple(range(5))),), (seed,))
        batch = batch_id(recipe)
        if hash64(f"{batch}/{0:016x}".encode()) > hash64(f"{batch}/{1:016x}".encode()):
            break
    table = Table(0)
    maker = PeerId(f"{1 if own else 7:016x}")
    block = ResultBlock(batch, RecordId(maker, LIFE, 0), tuple(entry(i) for i in range(5)))
    table.disks["p1"] = [
        RecipeRecord(batch, recipe), WillRecord(batch, Will(1, 0, Settings("table"))), block, SafeMark(batch, (0, 3)),
    ]  # fmt: skip
    table.boot("p0")
    table.boot("p1", counter=2)
    table.core("p0").hello = Hello(PROTOCOL_VERSION, "table", "p0", 7000, 7100, 1, ())
    table.meet()
    table.happen("p1", ev.SlotReady(0))
    finish(table, 50)

    assert table.batch("p0").results.safe == table.batch("p1").results.safe == Ranges([(0, 5)])
    assert table.batch("p0").accounting.round < 20


def test_a_fact_whose_teller_dies_before_the_disk_has_it_is_told_on():
    """It was written, its view is gone: it is ours to tell."""
    table = Table(3)
    table.meet()
    table.submit("p0")
    table.settle()
    table.wait(300)
    batch, teller, core = table.batch("p1").id, table.core("p2"), table.core("p1")
    block = ResultBlock(batch, RecordId(teller.me, teller.incarnation, 0), (entry(3),), True)
    body = m.Report(batch, 9, 0, 0, 1, 1, (block,), (), (), ())
    envelope = m.Envelope(teller.me, teller.incarnation, core.incarnation, "", body)
    effects = table.peers["p1"].handle(ev.Received(envelope, "10.0.0.1"), table.now_ms)
    writes = [effect for effect in effects if isinstance(effect, fx.Write)]
    effects += table.peers["p1"].handle(ev.LinkRefused(core.members[teller.me].address), table.now_ms)
    table.disks["p1"] += [effect.record for effect in effects if isinstance(effect, fx.Write)]
    table.happen("p1", ev.Durable(writes[-1].position))

    assert table.batch("p1").results.safe == Ranges([(3, 4)])
    assert block in [table.disks["p1"][position - 1] for position in table.batch("p1").log]


def test_what_is_scattered_fits_its_messages():
    """Ten thousand single open tasks: each grant, report and record can be read by who gets it."""
    total = 20_000
    recipe = Recipe("null", {}, (Axis.of("v", tuple(range(200))),), tuple(range(total // 200)))
    batch = batch_id(recipe)
    blocks = [
        ResultBlock(batch, RecordId(PeerId("7" * 16), LIFE, i), tuple(entry(j) for j in range(i, i + 4000, 2)), True)
        for i in range(0, total, 4000)
    ]
    table = Table(0)
    for name in ("p0", "p1"):
        table.disks[name] = [RecipeRecord(batch, recipe), WillRecord(batch, Will(1, 0, Settings("table"))), *blocks]
        table.boot(name, counter=2)
    deliver = table.deliver

    def through_the_codec(*args, **options):
        sender, to, envelope = table.mail[0]
        table.mail[0] = (sender, to, codec.decode(codec.encode(envelope), codec.BULK_BYTES_MAX))
        return deliver(*args, **options)

    table.deliver = through_the_codec
    table.meet()
    table.wait(3000)
    owner = max(table.peers, key=lambda name: table.batch(name).work.count())
    thief = "p0" if owner == "p1" else "p1"
    for name in table.peers:
        table.core(name).paces[recipe.work_class()] = 1000.0
    table.happen(thief, ev.SlotReady(0))
    table.settle()
    before = table.batch(thief).work.count()
    marks = [SafeMark(batch, part.encode()) for part in Ranges.of(*range(0, total, 2)).parts(4096)]

    assert before > 0 and not table.batch(owner).granted
    assert sum(len(mark.ranges) for mark in marks) == total
    assert all(len(mark.ranges) <= 8192 for mark in marks)


def test_peers_of_long_ago_do_not_slow_the_heart():
    """Hundreds that left: who is new is not judged down, and in time they are forgotten."""
    table = Table(2)
    for number in range(320):
        peer, me = PeerId(f"{1000 + number:016x}"), table.core("p0").incarnation
        hello = Hello(PROTOCOL_VERSION, "table", f"x{number}", 9000, 9100, 1, ("null",))
        for body in (hello, m.Heartbeat(m.Load(), 0), m.Goodbye()):
            host = f"10.1.{number // 250}.{number % 250 + 1}"
            table.happen("p0", ev.Received(m.Envelope(peer, LIFE, me, "", body), host))
    table.mail.clear()
    table.happen("p1", ev.Sighted("10.0.0.1:7000"))

    def stranger(sender, to):
        return to not in table.peers

    silence(table, 30_000, lost=stranger)
    assert not [text for name, text in table.told if name == "p1" and "is down" in text]
    table.now_ms += 3_600_000
    for name in table.peers:
        table.happen(name, ev.Woke())
    silence(table, 2000, lost=stranger)
    assert len(table.core("p0").members) == 1


def test_a_failed_task_does_not_wait_for_a_peer_that_starts_nothing():
    """Who cannot run it is no better next try."""
    table = Table(2)
    for name in table.peers:
        table.core(name).payload = frozenset()
    table.happen("p1", ev.DiskChanged("no room"))
    table.meet()
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    table.submit("p0", settings=Settings("x", retries=3))
    table.settle()
    running(table)
    failed = False
    handle, published = table.peers["p0"].handle, []
    table.peers["p0"].handle = lambda *args: [published.append(e) or e for e in handle(*args)]
    for _ in range(300):
        table.wait(50)
        for name, start in list(table.starts):
            table.starts.remove((name, start))
            for index in Ranges.decode(start.ranges).indices():
                if index == 7 and not failed:
                    failed = True
                    table.happen(name, ev.TaskFailed(start.slot, start.chunk, index, "no memory"))
                else:
                    done = ev.TasksDone(start.slot, start.chunk, (entry(index, "png"),), 500_000)
                    table.happen(name, done)
            table.happen(name, ev.ChunkEnded(start.slot, start.chunk))
        for effect in [e for e in published if isinstance(e, fx.Publish)]:
            table.happen("p0", ev.Published(effect.op, table.disks["p0"][effect.position - 1]))
        published.clear()

    assert failed
    assert table.batch("p0").results.safe.count() == 20


def test_a_busy_fast_peer_does_not_keep_a_slow_one_idle():
    """The fast one runs hours of more urgent work: the slow one does what is queued here."""
    table = Table(2)
    core = table.core("p1")
    core.hello = Hello(PROTOCOL_VERSION, "table", "p1", 7001, 7100, 1, ("null", "gpu"))
    core.payload = frozenset({"null", "gpu"})
    table.meet()
    urgent = Recipe("gpu", {}, (Axis.of("v", (1, 2, 3, 4)),), (1,))
    plain = Recipe("null", {}, (Axis.of("v", (1, 2)),), (1,))
    table.submit("p1", urgent, Settings("urgent", priority=5))
    table.wait(2000)
    core.paces = {urgent.work_class(): 3.6e9, plain.work_class(): 10e6}
    table.core("p0").paces = {plain.work_class(): 40e6}
    table.happen("p1", ev.SlotReady(0))
    table.wait(500)
    table.submit("p0", plain, Settings("plain"))
    table.wait(3000)
    table.happen("p0", ev.SlotReady(0))
    table.wait(2000)

    assert ("p0", "null") in [(name, start.recipe.engine) for name, start in table.starts]


def test_two_commands_at_once_are_both_answered():
    """The same word: both are accepted with the later turn."""
    table = Table(2)
    table.meet()
    table.submit("p0")
    table.submit("p0")
    table.settle()

    assert [type(reply) for reply in table.replies] == [Accepted, Accepted]


def last_acts(batch, peers):
    """Of so many peers, the last will act for the batch."""
    ranks = [hash64(f"{batch}/{number:016x}".encode()) for number in range(peers)]
    return ranks[-1] == max(ranks)


def test_who_acts_next_counts_time_from_the_same_beginning():
    """However late it joined, and also when the batch has long been complete."""
    recipe = next(r for r in (Recipe("null", {"n": n}) for n in range(99)) if last_acts(batch_id(r), 3))
    table = Table(2)
    table.meet()
    table.submit("p0", recipe)
    table.settle()
    table.wait(3000)
    table.boot("p2")
    for name in table.peers:
        table.happen(name, ev.Sighted("10.0.0.1:7002"))
    table.wait(1500)
    running(table)
    finish(table, 10)
    assert acting(table.core("p2"), table.batch("p2"))
    took = [table.batch(name).elapsed_ms(table.now_ms) for name in table.peers]

    assert len(set(took)) == 1 and 3000 < took[0] < 7000
    table.wait(9000)
    (guardian,) = [name for name in table.peers if acting(table.core(name), table.batch(name))]
    gone = table.core(guardian).hello.port
    del table.peers[guardian]
    for name in table.peers:
        table.happen(name, ev.LinkRefused(f"10.0.0.1:{gone}"))
    table.mail.clear()
    table.wait(3000)
    (heir,) = [table.batch(name) for name in table.peers if acting(table.core(name), table.batch(name))]

    assert heir.accounting.complete and heir.accounting.took_ms == took[0]


def test_a_heart_that_knows_the_same_batches_wakes_none():
    """Of a thousand batches at rest, only those are looked at again of which the sender's knowledge is news."""
    table = Table(2)
    table.meet()
    running(table)
    for number in range(3):
        table.submit("p0", Recipe("null", {}, (Axis.of("v", (number,)),), (1, 2)))
        table.settle()
    finish(table, 10)
    table.wait(5000)
    core = table.core("p1")
    assert len(core.batches) == 3 and not core.awake

    table.submit("p0")
    table.settle()
    awake = set()
    for _ in range(60):
        table.wait(50)
        awake |= core.awake.keys()

    assert len(core.batches) == 4 and len(awake) == 1


def test_a_peer_that_stood_still_says_so_and_judges_nobody():
    """It, not the others, was away."""
    table = Table(2)
    table.meet()
    table.now_ms += 10_000
    table.happen("p0", ev.Woke())

    assert any(who == "p0" and "this peer stood still" in text for who, text in table.told)
    assert len(table.core("p0").up_members()) == 1


def test_what_nobody_answers_is_said_ever_more_rarely():
    """A thin line would be full of repetitions; the first answer makes us as quick as it was."""
    table = Table(2)
    table.meet()
    table.submit("p0")
    table.wait(1000)
    running(table)
    work(table)
    told = []
    for _ in range(600):
        table.wait(50, settle=False)
        while table.mail:
            told += [table.now_ms for _, to, one in table.mail if isinstance(one.body, m.Report) and to == "p1"]
            table.drop(m.Report)
            if table.mail:
                table.deliver()
    pauses = [later - earlier for earlier, later in pairwise(sorted(set(told)))][-4:]
    table.wait(9000)
    after = table.core("p0").batches[table.batch("p0").id].cursors[table.core("p1").me]

    assert pauses == sorted(pauses) and pauses[-1] >= 4 * pauses[0] > 0
    assert after.position == len(table.batch("p0").log) and after.patience_ms < 2000
