"""What one store has is taken into another: records under their own ids, once, and nothing that is not sound."""

import json

import pytest

from musep2p.cli.merge import merge
from musep2p.config import load_settings
from musep2p.core.ids import Incarnation, PeerId, digest_of
from musep2p.core.records import Entry, RecordId, ResultBlock, Withdrawal
from musep2p.errors import UsageError
from musep2p.store.batches import facts_of, results_of
from musep2p.store.layout import SharedStore
from musep2p.store.objects import object_path
from musep2p.store.verify import verify_batch
from tests.store.test_verify import BATCH, LIFE, TASKS, Stored


@pytest.fixture
def other(tmp_path, monkeypatch):
    """A store with three pictures of a batch of four."""
    (tmp_path / "other").mkdir()
    return Stored(tmp_path / "other", monkeypatch, links=True)


@pytest.fixture
def settings(tmp_path):
    """The farm's store has the batch's fourth picture only."""
    root, spool = tmp_path / "nas", tmp_path / "spool"
    spool.mkdir()
    data = b"Oslo" * 50
    (spool / f"{BATCH}-3-1.png").write_bytes(data)
    store = SharedStore(root, "q-1-0-1", "b" * 32)
    entry = Entry(3, digest_of(data), len(data), 5, ext="png")
    made = RecordId(PeerId("2" * 16), Incarnation(1, "1" * 8), 0)
    store.put_results(ResultBlock(BATCH, made, (entry,)), TASKS, "towns", spool)
    store.sync()
    return load_settings({"store": root})


def folder_of(settings):
    (folder,) = (settings.store / "batches").iterdir()
    return folder


def test_all_results_are_there_afterwards(other, settings, capsys):
    """Each with its view, its record as it was made, and sound; a second time there is nothing to do."""
    assert merge(settings, other.root, as_json=True) == 0
    first = json.loads(capsys.readouterr().out)
    assert merge(settings, other.root, as_json=True) == 0
    second = json.loads(capsys.readouterr().out)
    results = results_of(facts_of(folder_of(settings), BATCH))
    verdict = verify_batch(settings.store, folder_of(settings), {})

    assert [(one["taken"], one["there"]) for one in first + second] == [(3, 0), (0, 3)]
    assert {index: made for index, ((_, made),) in results.items()} == {
        **{n: RecordId(PeerId("1" * 16), LIFE, n) for n in range(3)},
        3: RecordId(PeerId("2" * 16), Incarnation(1, "1" * 8), 0),
    }
    assert verdict.problems == [] and verdict.sound == 4
    assert other.found()[0].problems == [], "the other store is as it was"


def test_what_the_other_store_has_lost_or_altered_is_said(other, settings, capsys):
    """And the rest is taken."""
    other.object(0).unlink()
    other.object(1).write_bytes(b"other bytes")

    assert merge(settings, other.root, as_json=True) == 1
    (one,) = json.loads(capsys.readouterr().out)
    assert one["taken"] == 0 and sorted(one["lost"]) == [0, 1, 2]
    assert sorted(results_of(facts_of(folder_of(settings), BATCH))) == [3]


def test_withdrawals_come_along(other, settings, capsys):
    """What was wrong there does not count here."""
    wrong = RecordId(PeerId("1" * 16), LIFE, 1)
    other.store.append_record(Withdrawal(BATCH, wrong, 1), "cities")
    other.store.sync()

    assert merge(settings, other.root, as_json=False) == 0
    assert "3 results taken in" in capsys.readouterr().out
    results = results_of(facts_of(folder_of(settings), BATCH))
    assert results[1] == [] and len(results[0]) == len(results[2]) == 1


def test_a_batch_that_cannot_be_read_is_left(other, settings, capsys):
    """The others are merged, and the exit code says so."""
    (other.root / "batches" / "broken-12345678").mkdir()

    assert merge(settings, other.root, as_json=False) == 1
    told = capsys.readouterr().out
    assert "broken-12345678: its recipe or will cannot be read" in told and "3 results taken in" in told


@pytest.mark.parametrize("which", ["nothing", "itself"])
def test_what_is_no_other_store_is_refused(which, settings, tmp_path):
    """Before anything is written."""
    with pytest.raises(UsageError):
        merge(settings, settings.store if which == "itself" else tmp_path, as_json=False)
    assert not object_path(settings.store, digest_of(b"x"), "png").exists()
