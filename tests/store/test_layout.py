"""The shared store: adoption, format, the self-test, batches, keys, presence."""

import errno
import os
import pathlib

import msgspec
import pytest

from musep2p.core.ids import Incarnation, PeerId, TaskKey, digest_of
from musep2p.core.recipe import Axis, Recipe, Settings, Tasks, batch_id
from musep2p.core.records import Entry, RecordId, ResultBlock, Will
from musep2p.errors import StoreError
from musep2p.store import protocol as p
from musep2p.store.helper import Helper
from musep2p.store.layout import AlteredOutputError, EmptyStore, Presence, SharedStore, self_test
from musep2p.store.record_log import read_log

ID = "a" * 32
RECIPE = Recipe("sleep", {"prompt": "{{city}}"}, (Axis.of("city", ("Kyoto", "Paris")),), (1,))
BATCH, TASKS = batch_id(RECIPE), Tasks(RECIPE)
FIRST = RecordId(PeerId("1" * 16), Incarnation(1, "0" * 8), 0)


@pytest.fixture
def store(tmp_path):
    (tmp_path / "spool").mkdir()
    return SharedStore(tmp_path / "nas", "p-1-0-1", ID)


def block(spool, *outputs, key=True):
    """Results in the spool, as a slot leaves them."""
    entries = []
    for index, data in enumerate(outputs):
        digest = digest_of(data)
        (spool / f"{BATCH}-{index}-1.png").write_bytes(data)
        name = TaskKey(digest_of(f"key {index}".encode())) if key else TaskKey("")
        entries.append(Entry(index, digest, len(data), 5, key=name, ext="png"))
    return ResultBlock(BATCH, FIRST, tuple(entries))


def test_an_empty_folder_is_adopted_only_when_told(tmp_path):
    """Asked without an id it is empty; with one it becomes the store; then anybody opens it."""
    (tmp_path / "nas").mkdir()
    with pytest.raises(EmptyStore):
        SharedStore(tmp_path / "nas", "w")

    assert SharedStore(tmp_path / "nas", "w", ID).id == ID
    assert SharedStore(tmp_path / "nas", "w").id == ID
    assert SharedStore(tmp_path / "nas", "w", "b" * 32).id == ID
    assert sorted(p.name for p in (tmp_path / "nas").iterdir()) == ["FORMAT", "store.id"]


@pytest.mark.parametrize("adopt", [ID, ""])
def test_a_folder_that_another_peer_adopts_at_the_same_moment(tmp_path, monkeypatch, adopt):
    """Between the look for its id and the look for what else is there: it is the store, and nobody's mistake."""
    nas, real, looks = tmp_path / "nas", pathlib.Path.iterdir, []
    nas.mkdir()

    def meanwhile(self):
        if not looks and self == nas:
            looks.append(1)
            SharedStore(nas, "other", "b" * 32).announce(Presence("p", "farm", "h:1"), "i", 1)
        return real(self)

    monkeypatch.setattr(pathlib.Path, "iterdir", meanwhile)
    assert SharedStore(nas, "w", adopt).id == "b" * 32 and looks


def test_a_share_that_lists_what_it_does_not_show_yet(tmp_path, monkeypatch):
    """It is asked again later, and the folder is not taken for somebody else's."""
    SharedStore(tmp_path, "other", "b" * 32)
    real = pathlib.Path.read_text

    def hidden(self, *args, **kw):
        if self.name == "store.id":
            raise FileNotFoundError(2, "No such file or directory")
        return real(self, *args, **kw)

    monkeypatch.setattr(pathlib.Path, "read_text", hidden)
    with pytest.raises(OSError, match="does not show it yet"):
        SharedStore(tmp_path, "w", ID)


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    """A folder with other things in it is not ours, and nothing is put there."""
    (tmp_path / "holiday.jpg").write_bytes(b"1")
    with pytest.raises(StoreError, match="is no store of musep2p"):
        SharedStore(tmp_path, "w", ID)

    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_newer_format_is_refused(store):
    """A store that a later version wrote is not touched."""
    (store.root / "FORMAT").write_text("2\n")

    with pytest.raises(StoreError, match=r"format 2.*up to 1") as caught:
        SharedStore(store.root, "w")
    assert "Update musep2p" in caught.value.hint


def test_a_share_without_exclusive_create_is_refused(tmp_path, monkeypatch):
    """Where two can both make one name, nothing that we rest on holds."""
    real = pathlib.Path.open
    monkeypatch.setattr(pathlib.Path, "open", lambda self, mode="r", **kw: real(self, mode.replace("x", "w"), **kw))

    with pytest.raises(StoreError, match="exclusive create"):
        self_test(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_share_without_rename_is_refused(tmp_path, monkeypatch):
    """A rename that copies and leaves the old name is none."""
    monkeypatch.setattr(os, "replace", lambda old, new: pathlib.Path(new).write_bytes(pathlib.Path(old).read_bytes()))

    with pytest.raises(StoreError, match="rename"):
        self_test(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.ENOSPC, OSError), (errno.EIO, OSError), (errno.EROFS, StoreError)]
)
def test_a_share_that_is_ill_may_be_well_again(store, monkeypatch, number, raised):
    """It is no reason to refuse it for good, unlike rights that are missing."""

    def ill(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", ill)
    with pytest.raises(raised) as caught:
        SharedStore(store.root, "w")
    assert type(caught.value) is raised
    monkeypatch.undo()
    assert SharedStore(store.root, "w").id == store.id


def test_without_hard_links_views_are_copies(tmp_path, monkeypatch):
    """Links that fail are found by the self-test, and nothing else changes."""

    def refused(old, new):
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "spool").mkdir()
    store = SharedStore(tmp_path / "nas", "w", ID)
    folder = store.put_results(block(tmp_path / "spool", b"one"), TASKS, "city", tmp_path / "spool")

    images = list((tmp_path / "nas" / "batches" / folder / "images").iterdir())
    assert [p.read_bytes() for p in images] == [b"one"]


def test_recipe_and_will_are_there_and_readable(store):
    """As submitted (JSON for people, msgpack for peers), and every will under its turn."""
    will = Will(1, 0, Settings("Hotels & more"))
    folder = store.root / "batches" / store.put_batch(BATCH, RECIPE, will)
    store.put_batch(BATCH, RECIPE, Will(2, 2, will.settings))

    assert folder.name.endswith(BATCH[:8])
    assert msgspec.msgpack.decode((folder / "recipe.msgpack").read_bytes(), type=Recipe) == RECIPE
    assert b'"engine": "sleep"' in (folder / "recipe.json").read_bytes()
    assert sorted(p.name.rpartition("-")[0] for p in (folder / "wills").iterdir()) == ["1-running", "2-cancelled"]


def test_the_folder_keeps_the_name_it_was_made_under(store):
    """A batch submitted again under another name stays where people found it."""
    first = store.put_batch(BATCH, RECIPE, Will(1, 0, Settings("spring")))
    again = SharedStore(store.root, "other").put_batch(BATCH, RECIPE, Will(2, 0, Settings("summer")))

    assert first == again and first.startswith("spring-")


def test_results_become_objects_views_keys_and_a_record(store, tmp_path):
    """Two tasks with equal outputs are one object, shown under two names, recorded once durable."""
    told = block(tmp_path / "spool", b"same", b"same")
    folder = store.root / "batches" / store.put_results(told, TASKS, "city", tmp_path / "spool")
    store.sync()
    payloads = [record.payload for record in read_log(folder / "records" / "p-1-0-1.log")]
    kept = msgspec.msgpack.decode(payloads[0], type=ResultBlock)

    assert len(list((store.root / "objects").rglob("*.png"))) == 1
    assert len(list((folder / "images").iterdir())) == 2
    assert kept.safe and kept.entries == told.entries
    assert not list(store.root.rglob(".tmp-*"))


def test_a_recipe_is_the_same_whatever_the_order_it_was_written_in(store):
    """Two peers with one recipe, its parameters in another order, and a view that an older version wrote."""
    one, other = (Recipe("sleep", fixed, ()) for fixed in ({"ms": 1, "a": 2}, {"a": 2, "ms": 1}))
    will = Will(1, 0, Settings("x"))
    folder = store.root / "batches" / store.put_batch(batch_id(one), one, will)
    (folder / "recipe.json").write_text("{}")

    assert folder.name == SharedStore(store.root, "other").put_batch(batch_id(other), other, will)


def test_two_batches_whose_ids_begin_alike(store):
    """Each has a folder of its own, whoever comes first, and finds it again."""
    seen = {}
    for run in range(1, 1_000_000):
        recipe = Recipe("sleep", {"ms": 1}, run=run)
        first = seen.setdefault(batch_id(recipe)[:8], recipe)
        if first is not recipe:
            break
    will = Will(1, 0, Settings("x"))
    one, other = batch_id(first), batch_id(recipe)
    folders = [store.put_batch(batch, r, will) for batch, r in ((one, first), (other, recipe))]
    again = SharedStore(store.root, "other")

    assert folders == [again.put_batch(batch, r, will) for batch, r in ((one, first), (other, recipe))]
    assert len(set(folders)) == 2 and one[:8] == other[:8]


def test_equal_work_is_found_by_its_key(store, tmp_path):
    """A sound key gives the result again under another batch; an unsound one gives nothing and is mended."""
    told = block(tmp_path / "spool", b"one", b"two")
    store.put_results(told, TASKS, "city", tmp_path / "spool")
    other = Recipe("sleep", {"prompt": "other"}, (), (1, 2))
    key = told.entries[1].key
    hit = store.reuse(batch_id(other), Tasks(other), "other", 0, key)
    view = next((store.root / "batches").glob("other-*/images/*"))

    assert (hit.index, hit.digest, hit.skipped) == (0, told.entries[1].digest, True)
    assert view.read_bytes() == b"two"
    assert store.reuse(batch_id(other), Tasks(other), "other", 1, TaskKey("f" * 32)) is None

    store.objects.path(told.entries[1].digest, "png").unlink()
    assert store.reuse(batch_id(other), Tasks(other), "other", 0, key) is None
    (tmp_path / "spool" / f"{BATCH}-1-1.png").write_bytes(b"two")
    store.put_results(told, TASKS, "city", tmp_path / "spool")
    assert store.reuse(batch_id(other), Tasks(other), "other", 0, key) is not None


def test_a_torn_key_is_a_miss_and_is_written_anew(store, tmp_path):
    """Keys are not synced; a power cut may leave one empty."""
    told = block(tmp_path / "spool", b"one")
    store.put_results(told, TASKS, "city", tmp_path / "spool")
    path = store.root / "keys" / told.entries[0].key[:2] / told.entries[0].key
    path.write_bytes(b"")

    assert store.reuse(BATCH, TASKS, "city", 0, told.entries[0].key) is None
    (tmp_path / "spool" / f"{BATCH}-0-1.png").write_bytes(b"one")
    store.put_results(told, TASKS, "city", tmp_path / "spool")
    assert store.reuse(BATCH, TASKS, "city", 0, told.entries[0].key) is not None


def test_a_spool_file_that_changed_is_not_published(store, tmp_path):
    """What does not hash to its record's digest stays out of the store."""
    told = block(tmp_path / "spool", b"one")
    (tmp_path / "spool" / f"{BATCH}-0-1.png").write_bytes(b"two")

    with pytest.raises(AlteredOutputError, match="is not what was rendered"):
        store.put_results(told, TASKS, "city", tmp_path / "spool")
    assert not list((store.root / "objects").rglob("*.png"))


def test_an_altered_output_is_lost_and_the_share_is_not_to_blame(store, tmp_path):
    """The task is rendered again; everything else is published as before."""
    told = block(tmp_path / "spool", b"one")
    (tmp_path / "spool" / f"{BATCH}-0-1.png").write_bytes(b"two")
    helper = Helper(store.root, tmp_path / "spool", "p-1-0-2")
    put = p.PutResults(7, told, "city")
    _, failed, opened = helper.serve([p.Open(""), p.Know(BATCH, RECIPE), put, p.Open("")])

    assert failed == p.Failed(7, failed.reason, True) and "is not what was rendered" in failed.reason
    assert opened.state == "ok" and len(list(store.root.glob("batches/*/records/*"))) == 0


def test_what_was_published_before_a_crash_is_published_without_its_spool_file(store, tmp_path):
    """The record was not durable at the peer, the object is on the store: nothing is rendered again."""
    told = block(tmp_path / "spool", b"one", b"two")
    store.put_results(told, TASKS, "city", tmp_path / "spool")
    for file in (tmp_path / "spool").iterdir():
        file.unlink()
    after = SharedStore(store.root, "p-2-0-1")
    folder = after.root / "batches" / after.put_results(told, TASKS, "city", tmp_path / "spool")
    after.sync()

    assert [path.name for path in sorted((folder / "records").iterdir())] == ["p-1-0-1.log", "p-2-0-1.log"]
    (spoiled,) = (store.root / "objects").rglob(f"{told.entries[0].digest}.png")
    spoiled.write_bytes(b"bad")
    with pytest.raises(StoreError, match="quarantine"):
        after.put_results(told, TASKS, "city", tmp_path / "spool")


def test_presence_is_a_rumour_that_survives_garbage(store):
    """Files that cannot be read are passed over; a withdrawn life is gone."""
    store.announce(Presence("1" * 16, "studio", "10.0.0.1:7340"), "1-00", 1)
    store.announce(Presence("2" * 16, "studio", "10.0.0.2:7340"), "1-00", 1)
    (store.root / "peers" / "broken.msgpack").write_bytes(b"\xc1")
    before = [presence.address for presence in store.present()]
    store.withdraw("1" * 16, "1-00")

    assert before == ["10.0.0.1:7340", "10.0.0.2:7340"]
    assert [presence.address for presence in store.present()] == ["10.0.0.2:7340"]


def test_a_life_that_was_killed_is_present_no_more_when_the_next_one_is(store):
    """Nobody took its file away; the next life says another address, and two in a row do no harm."""
    store.announce(Presence("1" * 16, "studio", "10.0.0.1:7340"), "1-00", 1)
    store.announce(Presence("1" * 15 + "2", "studio", "10.0.0.2:7340"), "1-00", 1)
    before = len(store.present())
    for _ in range(2):
        store.announce(Presence("1" * 16, "studio", "10.0.0.9:7340"), "2-00", 1)

    assert before == 2
    assert [presence.address for presence in store.present()] == ["10.0.0.9:7340", "10.0.0.2:7340"]
