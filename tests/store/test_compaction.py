"""A compacted journal makes the same peer as the whole one, and is shorter."""

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.core.accounting import judge_failures
from musep2p.core.ids import Incarnation, PeerId, digest_of
from musep2p.core.messages import Hello
from musep2p.core.peer_state import PeerState
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, batch_id
from musep2p.core.records import (
    Entry,
    Failure,
    RecipeRecord,
    RecordId,
    ResultBlock,
    SafeMark,
    StartRecord,
    StoreRecord,
    Will,
    WillRecord,
    Withdrawal,
)
from musep2p.core.results import signed
from musep2p.core.state import Core
from musep2p.core.tuning import Tuning
from musep2p.store import compaction
from musep2p.store.compaction import compact, compacted
from musep2p.store.journal import Journal
from musep2p.store.record_log import RecordLog, read_log

TASKS = 8
RECIPES = [Recipe("null", {"b": n}, (Axis.of("v", tuple(range(TASKS))),)) for n in range(2)]
BATCHES = [batch_id(recipe) for recipe in RECIPES]
ME, OTHER = PeerId("1" * 16), PeerId("2" * 16)
LIFE = Incarnation(1, "0" * 8)


@st.composite
def journals(draw):
    """What a peer may have written in some life: recipes before wills before facts; blocks may come again as safe."""
    records, turn, number = [], [1, 1], 0
    for batch, recipe in zip(BATCHES, RECIPES, strict=True):
        records += [RecipeRecord(batch, recipe), WillRecord(batch, Will(1, 0, Settings("x", retries=1)))]
    for _ in range(draw(st.integers(0, 25))):
        which = draw(st.integers(0, 1))
        batch, index = BATCHES[which], draw(st.integers(0, TASKS - 2))
        kind = draw(st.sampled_from(("block", "block", "again", "mark", "wrong", "failure", "start", "will", "store")))
        number += 2
        rid = RecordId(draw(st.sampled_from((ME, OTHER))), LIFE, number)
        if kind == "block":
            digests = [digest_of(b"%d" % draw(st.integers(0, 2))) for _ in range(2)]
            entries = tuple(Entry(index + n, digest, 100, 1, ext="png") for n, digest in enumerate(digests))
            records.append(ResultBlock(batch, rid, entries, draw(st.booleans())))
        elif kind == "again":
            blocks = [record for record in records if isinstance(record, ResultBlock)]
            if blocks:
                records.append(msgspec.structs.replace(draw(st.sampled_from(blocks)), safe=True))
        elif kind == "wrong":
            made = [(r.batch, *one) for r in records if isinstance(r, ResultBlock) for one in signed(r).items()]
            if made:
                whose, at, (_, record) = draw(st.sampled_from(made))
                records.append(Withdrawal(whose, record, at))
        elif kind == "mark":
            records.append(SafeMark(batch, (index, index + 2)))
        elif kind == "failure":
            when = turn[which] if rid.peer == ME else draw(st.integers(1, turn[which]))
            records.append(Failure(batch, rid, when, index, 1, "no"))
        elif kind == "start":
            ranges = draw(st.sampled_from(((), (index, index + 1))))
            records.append(StartRecord(batch, turn[which], draw(st.integers(0, 1)), ranges, draw(st.booleans())))
        elif kind == "will":
            turn[which] += 1
            records.append(WillRecord(batch, Will(turn[which], draw(st.integers(0, 2)), Settings("x", retries=1))))
        else:
            records.append(StoreRecord("a" * 32))
    return records


def withdrawn_in(batch):
    """Tasks of which a result was: whether the next attempt had ended is not told by one that is told again."""
    return Ranges([(w.index, w.index + 1) for w in batch.results.withdrawals_of(batch.results.tasks())])


def peer_of(records):
    """All that a peer takes from its journal, but positions; what is doubted is read again first."""
    hello = Hello(1, "t", "p", 1, 2, 1, ("null",))
    core = Core(
        me=ME, incarnation=Incarnation(2, "1" * 8), hello=hello, tuning=Tuning(), rng=random.Random(1), has_store=True
    )
    PeerState(core).restore(records)
    shown = {}
    for batch in core.batches.values():
        results, turn = batch.results, batch.will.turn
        for index in list(results.doubted.indices()):
            read = [(at, *signed(records[at - 1])[index]) for at in results.positions(index)]
            results.settle_doubt(index, read, unsafe=index in batch.finished)
        judge_failures(batch)
        facts = [records[at - 1] for at in batch.log]
        told = {(fact.first, fact.safe) for fact in facts if isinstance(fact, ResultBlock)}
        shown[batch.id] = (
            batch.will, batch.failed.encode(), results.known.encode(), results.safe.encode(), batch.finished.encode(),
            {i: {fact.first for at in results.positions(i) for fact in [records[at - 1]]} for i in range(TASKS)},
            [results.failures.blamed_on(peer, turn).encode() for peer in (ME, OTHER)],
            {(w.record, w.index) for w in results.withdrawals_of(results.tasks())},
            {first for first, safe in told}, {records[at - 1].first for b, at in core.unpublished if b == batch.id},
        )  # fmt: skip
    ran = [
        (batch.id, start.turn, start.ahead, left - batch.results.known - withdrawn_in(batch))
        for slot in core.crashed
        for batch, start, left in slot
    ]
    crashed = sorted((*start, left.encode()) for *start, left in ran if left)
    return shown, crashed, core.spooled, core.store.farm_id, core.wills.hash


@settings(max_examples=250, deadline=None)
@given(journals())
def test_a_compacted_journal_makes_the_same_peer(records):
    """Wills, results, what is safe, told, held and failed, and what ran; and compacting it again changes nothing."""
    kept = list(compacted(lambda: iter(records)))

    assert peer_of(records) == peer_of(kept)
    assert len(kept) <= len(records) + 1
    assert kept == list(compacted(lambda: iter(kept)))


def written(path: Path, count: int):
    """A journal in which each result was told twice, and begun before."""
    log = RecordLog(path)
    encode = msgspec.msgpack.Encoder().encode
    log.append(encode(RecipeRecord(BATCHES[0], RECIPES[0])))
    log.append(encode(WillRecord(BATCHES[0], Will(1, 0, Settings("x")))))
    for number in range(count):
        entry = Entry(number % TASKS, digest_of(b"%d" % number), 1, 1, payload=bytes(200))
        block = ResultBlock(BATCHES[0], RecordId(ME, LIFE, number), (entry,))
        for record in (StartRecord(BATCHES[0], 1, 0, (0, 1)), block, msgspec.structs.replace(block, safe=True)):
            log.append(encode(record))
    log.sync()
    log.close()


def test_a_long_journal_is_compacted_when_it_is_opened(tmp_path, monkeypatch):
    """Once, and not again before it has doubled; what is read is by the new positions."""
    monkeypatch.setattr(compaction, "_SMALL_BYTES", 10_000)
    path = tmp_path / "journal.log"
    written(path, 200)
    before = path.stat().st_size
    (tmp_path / "spool").mkdir()
    journal = Journal(path, tmp_path / "spool", lambda position: None, lambda error: None)
    records = list(journal.open())
    again = [journal.read(position)[0] for position in range(1, len(records) + 1)]
    journal.close()

    assert path.stat().st_size < 0.5 * before
    assert again == records and sum(isinstance(record, ResultBlock) for record in records) == 200
    assert not compact(path)


def test_a_short_journal_is_left_alone(tmp_path):
    """It costs nothing."""
    written(tmp_path / "journal.log", 20)

    assert not compact(tmp_path / "journal.log")


def test_a_crash_in_the_middle_leaves_the_journal_as_it_was(tmp_path, monkeypatch):
    """The new file takes its place only when it is durable."""
    monkeypatch.setattr(compaction, "_SMALL_BYTES", 1000)
    path = tmp_path / "journal.log"
    written(path, 50)
    whole = path.read_bytes()

    def crash(self):
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(RecordLog, "sync", crash)
    with pytest.raises(OSError, match="gone"):
        compact(path)
    assert path.read_bytes() == whole
    monkeypatch.undo()
    monkeypatch.setattr(compaction, "_SMALL_BYTES", 1000)
    assert compact(path)
    assert len(list(read_log(path))) < 3 * 50
