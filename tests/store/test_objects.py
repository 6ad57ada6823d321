"""Objects: published whole, found again, compared byte for byte, quarantined when altered."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.core.ids import digest_of
from musep2p.errors import StoreError
from musep2p.store.objects import ObjectStore


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def store(tmp_path, request):
    return ObjectStore(tmp_path, links=request.param)


def test_what_was_put_is_there(store, tmp_path):
    """The bytes come back; the second put is a hit; no temporary file stays."""
    digest = digest_of(b"picture")

    assert store.put(b"picture", digest, "png")
    assert not store.put(b"picture", digest, "png")
    assert store.get(digest, "png") == b"picture"
    assert store.has(digest, "png", 7) and not store.has(digest, "png", 8)
    assert store.path(digest, "png").parent == tmp_path / "objects" / digest[:2] / digest[2:4]
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [f"{digest}.png"]


def test_a_hit_compares_the_bytes(store, tmp_path):
    """A file of the right name and other bytes is never trusted: it goes to quarantine."""
    digest = digest_of(b"right")
    store.path(digest, "bin").parent.mkdir(parents=True)
    store.path(digest, "bin").write_bytes(b"wrong")
    store.put(b"right", digest, "bin")

    assert store.get(digest, "bin") == b"right"
    assert [p.read_bytes() for p in (tmp_path / "quarantine").iterdir()] == [b"wrong"]


def test_an_altered_object_is_quarantined_not_served(store, tmp_path):
    """Bit rot is found when it is read."""
    digest = digest_of(b"fine")
    store.put(b"fine", digest, "bin")
    store.path(digest, "bin").chmod(0o644)
    store.path(digest, "bin").write_bytes(b"rot.")

    with pytest.raises(StoreError, match="quarantine"):
        store.get(digest, "bin")
    with pytest.raises(FileNotFoundError):
        store.get(digest, "bin")


def test_views_are_made_once_and_survive_a_second_call(store, tmp_path):
    """People browse links, or copies where links fail."""
    digest = digest_of(b"fine")
    store.put(b"fine", digest, "png")
    for _ in range(2):
        store.show_as(digest, "png", tmp_path / "0001_kyoto.png")

    assert (tmp_path / "0001_kyoto.png").read_bytes() == b"fine"
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_view_of_a_damaged_object_is_mended(store, tmp_path):
    """The picture that people see is the object that is there now."""
    digest, view = digest_of(b"fine"), tmp_path / "0001_kyoto.png"
    store.put(b"fine", digest, "png")
    store.show_as(digest, "png", view)
    view.write_bytes(b"rot.")
    store.put(b"fine", digest, "png")
    store.show_as(digest, "png", view)

    assert view.read_bytes() == b"fine"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=12))
def test_any_bytes_in_any_order_are_stored_once(tmp_path_factory, outputs):
    """Equal outputs are one object, whatever else is stored."""
    root = tmp_path_factory.mktemp("store")
    store = ObjectStore(root, links=True)
    new = [store.put(data, digest_of(data), "bin") for data in outputs]

    assert sum(new) == len(set(outputs)) == len(list(root.rglob("*.bin")))
    assert all(store.get(digest_of(data), "bin") == data for data in outputs)


def test_what_a_share_that_fails_leaves_half_written_goes_when_it_is_back(store, tmp_path, monkeypatch):
    """It was gone while the temporary file was to be removed."""
    digest, gone = digest_of(b"picture"), OSError(5, "Input/output error")
    store.path(digest, "png").parent.mkdir(parents=True)
    store._folders.add(store.path(digest, "png").parent)

    def fail(*_, **__):
        raise gone

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", fail)
        patch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            store.put(b"picture", digest, "png")
    left = list(tmp_path.rglob(".tmp-*"))
    store.tidy()

    assert len(left) == 1 and not list(tmp_path.rglob(".tmp-*"))
    assert store.put(b"picture", digest, "png")
