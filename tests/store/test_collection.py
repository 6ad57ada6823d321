"""Collection takes what no record names, by way of the trash, and gives back what turns out to be needed."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from musep2p.cli.gc import gc
from musep2p.config import load_settings
from musep2p.core.ids import PeerId, digest_of
from musep2p.core.records import RecordId, ResultBlock
from musep2p.errors import StoreError
from musep2p.store.collection import collect, unneeded
from musep2p.store.manifest import freeze
from musep2p.store.verify import verify_batch
from tests.store.test_verify import BATCH, LIFE, Stored

NOW_S, DAY_S = 1_800_000_000.0, 86_400.0


@pytest.fixture
def stored(tmp_path, monkeypatch):
    return Stored(tmp_path, monkeypatch, links=True)


def files(root, folder):
    return {path.name for path in (root / folder).rglob("*") if path.is_file()}


def test_what_a_record_names_stays(stored):
    """Also when it is the only one of many batches that does."""
    being_written = stored.root / "objects/.tmp-now"
    being_written.write_bytes(b"being written")
    os.utime(being_written, (NOW_S - 60, NOW_S - 60))

    assert collect(stored.root, NOW_S) == unneeded(stored.root, NOW_S)
    assert not unneeded(stored.root, NOW_S).objects and not (stored.root / "trash").exists()
    assert stored.found()[1] == set()


def test_what_was_begun_a_day_ago_and_never_ended_is_deleted(stored, capsys):
    """Its writer is gone; by the share's own clock, since ours may be years away. What is new stays."""
    old, new = stored.root / "objects/.tmp-old", stored.folder / "images/.tmp-new"
    for path, age_s in ((old, 2 * DAY_S), (new, 60)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    settings = load_settings({"store": stored.root})
    assert gc(settings, apply=False, as_json=False) == 0
    said = capsys.readouterr().out
    found = collect(stored.root, 0.0)

    assert "1 file half written by somebody who is gone" in said
    assert found.half_written == ["objects/.tmp-old"]
    assert not old.exists() and new.exists() and not list(stored.root.glob(".tmp-*"))


def test_a_batch_that_somebody_deleted_is_collected_in_two_runs(stored):
    """Moved by the first, with its keys; deleted by one that comes a day later, not by one right after it."""
    objects, keys = files(stored.root, "objects"), files(stored.root, "keys")
    shutil.rmtree(stored.folder)
    assert len(unneeded(stored.root, NOW_S).objects) == 2 == len(objects)
    moved = collect(stored.root, NOW_S)

    assert (len(moved.objects), len(moved.keys), moved.size) == (2, 3, 450)
    assert not files(stored.root, "objects") and not files(stored.root, "keys")
    assert files(stored.root, moved.trash) == objects | keys
    assert collect(stored.root, NOW_S + DAY_S / 2).deleted == 0
    last = collect(stored.root, NOW_S + DAY_S)
    assert (last.deleted, last.put_back, files(stored.root, "trash")) == (5, 0, set())


def test_what_is_named_after_it_was_moved_is_put_back(stored):
    """A peer wrote its record just then: its object is found in the trash, by whoever misses it and by the next run."""
    aside = stored.root.parent / "aside"
    stored.folder.rename(aside)
    collect(stored.root, NOW_S)
    aside.rename(stored.folder)
    digest = digest_of(stored.outputs[0])
    assert stored.store.objects.has(digest, "png", 250)
    assert stored.store.objects.get(digest, "png") == stored.outputs[0]
    again = collect(stored.root, NOW_S + DAY_S)

    assert (again.put_back, again.deleted) == (1, 3)  # the other object; keys only save work
    assert verify_batch(stored.root, stored.folder, {}).sound == 3


def test_repair_looks_in_the_trash(stored):
    """Where the object is, and its view is not."""
    stored.view(0).unlink()
    aside = stored.root.parent / "aside"
    stored.folder.rename(aside)
    collect(stored.root, NOW_S)
    aside.rename(stored.folder)

    assert stored.mend() == 3
    assert stored.found()[1] == set()


def test_a_log_that_cannot_be_read_stops_it(stored):
    """Nobody knows what it names."""
    stored.store.append_record(ResultBlock(BATCH, RecordId(PeerId("1" * 16), LIFE, 9), ()), "cities")
    stored.store.sync()
    (log,) = (stored.folder / "records").glob("*.log")
    data = bytearray(log.read_bytes())
    data[40] ^= 1
    log.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="cannot be read to its end"):
        collect(stored.root, NOW_S)


def test_the_command_says_and_does(stored, capsys):
    """By default it only says."""
    settings = load_settings({"store": stored.root})
    assert gc(settings, apply=False, as_json=False) == 0
    assert "is named by a record" in capsys.readouterr().out
    shutil.rmtree(stored.folder)
    gc(settings, apply=False, as_json=False)
    said = capsys.readouterr().out
    gc(settings, apply=True, as_json=True)
    found = json.loads(capsys.readouterr().out)

    assert "2 objects (0.0 MB) and 3 keys that no record names" in said and "say --apply" in said
    assert len(found["objects"]) == 2 and found["trash"].startswith("trash/")


def test_a_folder_that_must_not_be_read_stops_it(stored, monkeypatch):
    """What its records name would be taken for unneeded."""
    hidden, real = stored.folder / "records", Path.iterdir

    def iterdir(path):
        if path == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(PermissionError):
        collect(stored.root, NOW_S)
    with pytest.raises(StoreError, match="Permission denied"):
        gc(load_settings({"store": stored.root}), apply=True, as_json=False)

    assert not (stored.root / "trash").exists()


def test_what_only_a_manifest_names_is_needed(stored):
    """Record logs that were deleted can be written again from it, if the pictures are still there."""
    freeze(stored.folder, BATCH, 4)
    for log in (stored.folder / "records").iterdir():
        log.unlink()

    assert unneeded(stored.root, NOW_S).objects == []
