"""Manifests: what a complete batch yielded, frozen; what record logs lose is known all the same."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ids import Incarnation, PeerId, digest_of
from musep2p.core.records import Entry, RecordId, ResultBlock, Withdrawal
from musep2p.errors import StoreError
from musep2p.store.collection import unneeded
from musep2p.store.conclusion import conclude
from musep2p.store.manifest import _root, blocks_by_index, freeze, latest, manifests
from musep2p.store.verify import set_aside, verify_batch
from tests.store.test_verify import BATCH, TASKS, Stored

LIFE = Incarnation(3, "0" * 8)


@pytest.fixture
def stored(tmp_path, monkeypatch):
    return Stored(tmp_path, monkeypatch, links=True)


def result(stored, index, data, number=9):
    """Another result of a task, by another peer."""
    stored.store.objects.put(data, digest_of(data), "png")
    entry = Entry(index, digest_of(data), len(data), 5, ext="png")
    made = RecordId(PeerId("2" * 16), LIFE, number)
    stored.store.append_record(ResultBlock(BATCH, made, (entry,), True), "cities")
    stored.store.sync()
    return made


def frozen(stored):
    return freeze(stored.folder, BATCH, TASKS.wanted)


def test_a_manifest_says_what_the_records_say(stored):
    """Each result with its maker; freezing the same again makes no other."""
    path = frozen(stored)
    manifest = latest(stored.folder)

    assert path == manifest.path and path.name == f"1-{manifest.head.root[:8]}"
    assert (manifest.head.batch, manifest.head.tasks, manifest.head.results) == (BATCH, 4, 3)
    assert {i: entry.digest for i, (entry, _) in manifest.results.items()} == {
        i: digest_of(data) for i, data in enumerate(stored.outputs)
    }
    assert [made.number for _, made in manifest.results.values()] == [0, 1, 2]
    assert frozen(stored) is None and manifests(stored.folder) == [path]


def test_other_results_begin_the_next_generation(stored):
    """The old one stays as it was; after a withdrawal the same holds."""
    first = frozen(stored)
    before = first.read_bytes()
    made = result(stored, 3, b"Oslo")
    second = frozen(stored)
    stored.store.append_record(Withdrawal(BATCH, made, 3), "cities")
    stored.store.sync()
    third = frozen(stored)

    assert [path.name[:2] for path in manifests(stored.folder)] == ["3-", "2-", "1-"]
    assert manifests(stored.folder) == [third, second, first] and first.read_bytes() == before
    assert (latest(stored.folder).head.results, third.name[2:]) == (3, first.name[2:])


def test_two_of_one_generation(stored):
    """Two sides of a cut network: the smaller root counts, on all machines."""
    one = frozen(stored)
    aside = one.rename(stored.folder / "aside")
    result(stored, 3, b"Oslo")
    other = frozen(stored)
    aside.rename(one)

    assert one.name[0] == other.name[0] == "1"
    assert latest(stored.folder).path == min(one, other)


def test_a_damaged_manifest_is_passed_over_and_said(stored):
    """It speaks for nothing; the one before does."""
    first = frozen(stored)
    result(stored, 3, b"Oslo")
    second = frozen(stored)
    whole = bytearray(second.read_bytes())
    whole[-9] ^= 1
    second.write_bytes(whole)
    verdict, problems = stored.found()

    assert latest(stored.folder).path == first
    assert ("damaged", -1) in problems and verdict.problems[0].path.endswith(second.name)


def test_lost_record_logs_are_written_again_from_the_manifest(stored):
    """Somebody deleted them: what is missing is said, and mended, with the makers that the results had."""
    frozen(stored)
    before = latest(stored.folder).results
    for log in (stored.folder / "records").iterdir():
        log.unlink()
    verdict, problems = stored.found()
    mended = stored.mend()
    after, left = stored.found()

    assert {problem for problem in problems if problem[0] == "missing"} == {("missing", i) for i in range(3)}
    assert "no record of task 0 is left; the manifest has it" in [problem.what for problem in verdict.problems]
    assert mended == 3 and left == set() and (after.results, after.sound) == (3, 3)
    assert frozen(stored) is None and latest(stored.folder).results == before


def test_a_withdrawn_result_is_not_brought_back_by_the_manifest(stored):
    """It was taken out for good, and that is no problem: it waits to be rendered again."""
    frozen(stored)
    made = latest(stored.folder).results[0][1]
    stored.object(0).unlink()
    stored.view(0).unlink()
    verdict, _ = stored.found()
    set_aside(stored.store.objects, stored.root, stored.folder, verdict)
    stored.store.append_record(Withdrawal(BATCH, made, 0), "cities")
    stored.store.sync()
    verdict, problems = stored.found()

    assert problems == set() and verdict.results == 2
    assert stored.mend() == 0


def test_a_conclusion_leaves_what_is_there(stored):
    """After a restart nothing is read again; else a manifest that says less is followed by one that says all."""
    conclude(stored.folder, only_missing=True)
    (first,) = manifests(stored.folder)
    result(stored, 3, b"Oslo")
    conclude(stored.folder, only_missing=True)
    assert manifests(stored.folder) == [first]
    conclude(stored.folder, only_missing=False)

    assert len(manifests(stored.folder)) == 2
    assert {path.name[0] for path in (stored.folder / "manifest").iterdir()} == {"1", "2"}


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 3), min_size=31, max_size=31))
def test_results_in_blocks_are_the_same_results(indices, makers):
    """Blocks are runs of records that follow one another; their order is that of the index."""
    made = {
        index: (Entry(index, digest_of(b"%d" % index), 1, 1), RecordId(PeerId(f"{makers[index]:016x}"), LIFE, index))
        for index in indices
    }
    again = {}
    for block in blocks_by_index(BATCH, made):
        for number, entry in enumerate(block.entries, block.first.number):
            again[entry.index] = (entry, RecordId(block.first.peer, block.first.incarnation, number))

    assert again == made and list(again) == sorted(made)


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=40), st.data())
def test_the_root_depends_on_every_leaf_and_on_their_order(leaves, data):
    """Of no two lists of leaves is it the same."""
    whole = _root(leaves)
    if len(leaves) > 1:
        at = data.draw(st.integers(0, len(leaves) - 2))
        swapped = [*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]
        assert (_root(swapped) == whole) == (leaves[at] == leaves[at + 1])
        assert _root(leaves[:-1]) != whole
    changed = [*leaves, hashlib.sha256(os.urandom(8)).digest()[:16]]
    assert _root(changed) != whole


def test_what_is_being_written_is_no_manifest(stored):
    """Its name says so."""
    frozen(stored)
    (stored.folder / "manifest" / ".tmp-12").write_bytes(b"half")

    assert len(manifests(stored.folder)) == 1
    assert verify_batch(stored.root, stored.folder, {}).problems == []


def test_a_damaged_manifest_is_followed_by_a_sound_one(stored):
    """Though the results are the same; until then nothing is collected."""
    path = frozen(stored)
    whole = bytearray(path.read_bytes())
    whole[-9] ^= 1
    path.write_bytes(whole)
    with pytest.raises(StoreError, match=r"a manifest of cities-.* cannot be read"):
        unneeded(stored.root, 0.0)
    second = frozen(stored)

    assert second.name[:2] == "2-" and latest(stored.folder).path == second
    assert unneeded(stored.root, 0.0).objects == []
