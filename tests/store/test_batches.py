"""Batches that lie on the store: the unfinished ones are found, with their latest will and all that was done."""

import pytest

from musep2p.core.ids import BatchId, Incarnation, PeerId, digest_of, short
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, batch_id
from musep2p.core.records import Entry, RecordId, ResultBlock, Will
from musep2p.core.results import indices_of
from musep2p.store import protocol as p
from musep2p.store.batches import unfinished
from musep2p.store.helper import Helper
from musep2p.store.layout import SharedStore

LIFE = Incarnation(1, "0" * 8)


def recipe(number, tasks=6):
    return Recipe("null", {"n": number}, (Axis.of("v", tuple(range(tasks))),))


@pytest.fixture
def store(tmp_path):
    return SharedStore(tmp_path / "nas", "p-1-0-1", "a" * 32)


def put(store, made, *words, done=0):
    """A batch with these wills, one after the other, and so many results."""
    batch = batch_id(made)
    for turn, word in enumerate(words, 1):
        store.put_batch(batch, made, Will(turn, word, Settings(f"b{turn}")))
    for index in range(done):
        rid = RecordId(PeerId("1" * 16), LIFE, index)
        store.append_record(ResultBlock(batch, rid, (Entry(index, digest_of(b""), 0, 1),), True), "b")
    store.sync()
    return batch


def test_only_what_is_unfinished_and_unknown_is_found(store):
    """Not what is done, cancelled, known or unreadable; each of those is looked at once."""
    half = put(store, recipe(1), 0, 1, done=3)
    known = put(store, recipe(2), 0)
    put(store, recipe(3), 0, done=6)
    put(store, recipe(4), 0, 2)
    (store.root / "batches" / "broken-12345678").mkdir()
    finished = set()
    found = unfinished(store.root, {short(known)}, finished)

    assert [(one.batch, one.recipe, one.will.turn, one.will.word) for one in found] == [(half, recipe(1), 2, 1)]
    assert found[0].folder == f"b1-{short(half)}"
    assert len(finished) == 3 and "broken-12345678" in finished


def test_what_was_done_is_read_page_by_page(store):
    """From all logs; a damaged one counts as far as it can be read."""
    batch = put(store, recipe(1, tasks=500), 0, done=450)
    folder = store.folder(batch, "b1")
    (folder / "records" / "other.log").write_bytes(b"PK")
    helper = Helper(store.root, store.root, "w")
    helper.serve([p.Open("")])
    read, start, pages = Ranges(), 0, 0
    while pages == 0 or start:
        (answer,) = helper.serve([p.ReadRecords(batch, start)])
        start, pages = answer.next, pages + 1
        for block in answer.facts:
            read.update(indices_of(block.entries))

    assert pages == 3
    assert read == Ranges([(0, 450)])
    assert helper.serve([p.ReadRecords(batch, 200)])[0].next == 400, "also from the middle"
    assert helper.serve([p.ReadRecords(BatchId("f" * 32), 0)]) == [p.RecordsRead(BatchId("f" * 32), (), 0)]
    assert not list((store.root / "batches").glob("*ffffffff"))


def test_an_empty_store_has_none(store):
    """Not even the folder."""
    assert unfinished(store.root, set(), set()) == []
