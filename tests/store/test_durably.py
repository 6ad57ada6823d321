"""Files that are whole or not there, on systems whose scanners hold new files for a moment."""

import os

import pytest

from musep2p.store.durably import publish_file, write_durably


@pytest.fixture
def busy(monkeypatch):
    """The first renames of each test are refused, as a virus scanner makes Windows do."""
    left, real = [3], os.replace

    def replace(old, new):
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "in use")
        real(old, new)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr("musep2p.store.durably._RETRY_S", 0)
    return left


def test_a_file_that_is_held_for_a_moment_is_waited_for(tmp_path, busy):
    """Written whole, and nothing is left beside it."""
    write_durably(tmp_path / "a.json", b"one")

    assert (tmp_path / "a.json").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_without_links_a_rename_is_waited_for(tmp_path, busy):
    """As above for what is published; a name that is taken stays."""
    for number, made in ((1, True), (2, False)):
        (tmp_path / ".tmp-1").write_bytes(b"%d" % number)
        assert publish_file(tmp_path / ".tmp-1", tmp_path / "final", links=False) is made

    assert (tmp_path / "final").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


def test_a_file_that_is_held_for_good_is_an_error(tmp_path, busy):
    """Said, after some tries; the old file is whole, and nothing is left beside it."""
    (tmp_path / "a.json").write_bytes(b"old")
    busy[0] = 1000

    with pytest.raises(PermissionError):
        write_durably(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
