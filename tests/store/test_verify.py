"""Proof: what is missing, altered or extra on a store is said exactly, and mended where the bytes are."""

import json
import os
from pathlib import Path

import pytest

from musep2p.cli.verify import verify
from musep2p.config import load_settings
from musep2p.core.ids import Incarnation, PeerId, TaskKey, digest_of
from musep2p.core.recipe import Axis, Recipe, Settings, Tasks, batch_id
from musep2p.core.records import Entry, RecordId, ResultBlock, Will, Withdrawal
from musep2p.errors import StoreError, UsageError
from musep2p.store.layout import SharedStore
from musep2p.store.objects import object_path
from musep2p.store.verify import repair_batch, set_aside, verify_batch, withdrawn_for_good

RECIPE = Recipe("sleep", {"prompt": "{{city}}"}, (Axis.of("city", ("Kyoto", "Paris", "Rome", "Oslo")),), (1,))
BATCH, TASKS = batch_id(RECIPE), Tasks(RECIPE)
LIFE = Incarnation(1, "0" * 8)


class Stored:
    """A store with a batch of four tasks, three of which have a picture; two of those are equal."""

    def __init__(self, base, monkeypatch, *, links):
        if not links:
            monkeypatch.setattr(os, "link", self._refused)
        (base / "spool").mkdir()
        self.root = base / "nas"
        self.store = SharedStore(self.root, "p-1-0-1", "a" * 32)
        self.store.put_batch(BATCH, RECIPE, Will(1, 0, Settings("cities")))
        self.outputs = [b"Kyoto" * 50, b"same" * 50, b"same" * 50]
        entries = []
        for index, data in enumerate(self.outputs):
            (base / "spool" / f"{BATCH}-{index}-1.png").write_bytes(data)
            key = TaskKey(digest_of(f"key {index}".encode()))
            pixels = digest_of(b"pixels" + data)
            entries.append(Entry(index, digest_of(data), len(data), 5, key=key, pixel_hash=pixels, ext="png"))
        block = ResultBlock(BATCH, RecordId(PeerId("1" * 16), LIFE, 0), tuple(entries))
        self.folder = self.root / "batches" / self.store.put_results(block, TASKS, "cities", base / "spool")
        self.store.sync()

    @staticmethod
    def _refused(*_, **__):
        raise OSError(1, "no links here")

    def object(self, index):
        return object_path(self.root, digest_of(self.outputs[index]), "png")

    def view(self, index):
        return self.folder / "images" / f"{TASKS.name(index)}.png"

    def found(self):
        verdict = verify_batch(self.root, self.folder, {})
        return verdict, {(problem.kind, problem.index) for problem in verdict.problems}

    def mend(self, elsewhere=lambda batch, entry: None):
        verdict, _ = self.found()
        return repair_batch(self.store.objects, self.root, self.folder, verdict, elsewhere)


@pytest.fixture(params=[True, False], ids=["links", "copies"])
def stored(tmp_path, monkeypatch, request):
    return Stored(tmp_path, monkeypatch, links=request.param)


def test_a_store_as_it_was_left_is_sound(stored):
    """What is not rendered yet is no problem; objects that are shared are read once."""
    verdict, problems = stored.found()

    assert problems == set()
    assert (verdict.batch, verdict.tasks, verdict.results, verdict.sound) == (BATCH, 4, 3, 3)
    linked = stored.view(0).samefile(stored.object(0))
    assert verdict.bytes_read == (250 + 200 if linked else 2 * 250 + 200 + 2 * 200)


def test_pictures_that_are_alike_though_their_tasks_differ(stored, capsys, tmp_path, monkeypatch):
    """Whoever made them: the engine did not heed what differs. It is told, and is no damage."""
    monkeypatch.chdir(tmp_path)
    verdict, problems = stored.found()

    assert verdict.alike == [(1, 2)] and not problems
    assert verify(load_settings({"store": stored.root}), "", repair=False, as_json=False) == 0
    assert "alike   the pictures of tasks 1 and 2, though the tasks differ" in capsys.readouterr().out


def test_what_is_wrong_is_said_exactly(stored):
    """Missing, altered and extra files, each with its task; two tasks of one object are both concerned."""
    stored.object(0).unlink()
    stored.view(2).unlink()
    stored.object(1).write_bytes(b"bad")
    (stored.folder / "images" / "mine.png").write_bytes(b"?")
    verdict, problems = stored.found()

    assert problems == {("missing", 0), ("missing", 2), ("altered", 1), ("altered", 2), ("extra", -1)}
    assert verdict.sound == 0
    assert {p.path for p in verdict.problems if p.kind == "extra"} == {f"batches/{stored.folder.name}/images/mine.png"}


def test_an_object_is_made_from_its_view_and_a_view_from_its_object(stored):
    """What can be mended is; a file that was wrong is in quarantine."""
    stored.object(0).unlink()
    stored.view(1).unlink()
    copies = not stored.view(2).samefile(stored.object(2))
    if copies:
        stored.view(2).write_bytes(b"bad")

    assert stored.mend() == 2 + copies
    assert stored.found()[1] == set()
    assert [stored.view(index).read_bytes() for index in range(3)] == stored.outputs


def test_what_a_peer_still_has_is_put_back(stored):
    """It is asked for that result only, and what was wrong is in quarantine."""
    stored.object(0).write_bytes(b"bad")
    stored.view(0).unlink()
    stored.view(0).write_bytes(b"bad")
    asked = []

    def elsewhere(batch, entry):
        asked.append((batch, entry.index))
        return stored.outputs[0]

    assert stored.mend(elsewhere) == 1 and asked == [(BATCH, 0)]
    assert stored.found()[1] == set()
    assert stored.view(0).read_bytes() == stored.outputs[0]
    assert b"bad" in [path.read_bytes() for path in (stored.root / "quarantine").iterdir()]


def test_what_nobody_has_is_left_as_it_is(stored):
    """Neither thrown away nor called mended."""
    stored.object(0).write_bytes(b"bad")
    stored.view(0).unlink()
    stored.view(0).write_bytes(b"worse")

    assert stored.mend() == 0
    assert stored.found()[1] == {("altered", 0)}
    assert stored.view(0).read_bytes() == b"worse"


def test_an_altered_object_is_replaced_from_a_sound_view(tmp_path, monkeypatch):
    """Where views are copies, each is a second one."""
    stored = Stored(tmp_path, monkeypatch, links=False)
    stored.object(0).write_bytes(b"bad")

    assert stored.mend() == 1
    assert stored.found()[1] == set()
    assert [path.read_bytes() for path in (stored.root / "quarantine").iterdir()] == [b"bad"]


def test_damaged_logs_and_recipes_are_told_of(stored):
    """As far as they can be read they count."""
    log = next((stored.folder / "records").iterdir())
    log.write_bytes(b"PK" + log.read_bytes()[2:])
    verdict, _ = stored.found()

    assert [problem.kind for problem in verdict.problems] == ["damaged", "extra", "extra", "extra"]
    (stored.folder / "recipe.msgpack").write_bytes(b"?")
    verdict, _ = stored.found()
    assert [problem.kind for problem in verdict.problems] == ["damaged"] and verdict.batch == ""


def test_the_command_says_so_in_words_and_in_json(stored, capsys, tmp_path, monkeypatch):
    """Exit code 1 while anything is wrong, 0 once it is mended."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"store": stored.root})
    assert verify(settings, "", repair=False, as_json=False) == 0
    assert "3 of 3 results are sound" in capsys.readouterr().out
    stored.object(0).unlink()
    assert verify(settings, "cities", repair=False, as_json=True) == 1
    (value,) = json.loads(capsys.readouterr().out)
    assert value["name"] == "cities" and value["sound"] == 2 and value["problems"][0]["kind"] == "missing"
    assert verify(settings, BATCH[:8], repair=True, as_json=False) == 0
    assert "1 of them mended" in capsys.readouterr().out
    assert stored.object(0).exists()


def test_what_cannot_be_verified(tmp_path, monkeypatch):
    """No store, a folder that is none, a batch that nobody knows."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--store"):
        verify(load_settings({}), "", repair=False, as_json=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="no store"):
        verify(load_settings({"store": tmp_path / "empty"}), "", repair=False, as_json=False)
    SharedStore(tmp_path / "nas", "p-1-0-1", "a" * 32)
    with pytest.raises(UsageError, match="no batch 'x'"):
        verify(load_settings({"store": tmp_path / "nas"}), "x", repair=False, as_json=False)


def test_what_cannot_be_read_now_is_not_taken_for_wrong(stored, monkeypatch):
    """A share that fails for a moment: nothing is set aside, and nothing is rendered again for it."""
    real = Path.read_bytes

    def fails(path):
        if path.name == stored.object(0).name or path == stored.view(0):
            raise OSError(5, "Input/output error")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fails)
        verdict, problems = stored.found()
        gone = set_aside(stored.store.objects, stored.root, stored.folder, verdict)

    assert ("unreadable", 0) in problems and {kind for kind, _ in problems} == {"unreadable"}
    assert gone == set() and stored.found()[1] == set()


def test_withdrawals_of_what_nothing_took_the_place_of_are_named_again(stored):
    """Whoever knew of them in the farm may be gone; what was rendered since is left alone."""
    made = [RecordId(PeerId("1" * 16), LIFE, number) for number in range(3)]
    for index in (0, 1):
        stored.store.append_record(Withdrawal(BATCH, made[index], index), "cities")
    again = RecordId(PeerId("1" * 16), LIFE, 1000)
    entry = Entry(1, digest_of(stored.outputs[1]), 3, 1, ext="png")
    stored.store.append_record(ResultBlock(BATCH, again, (entry,), True), "cities")
    stored.store.sync()

    assert withdrawn_for_good(stored.root, stored.folder) == [(made[0], 0)]
