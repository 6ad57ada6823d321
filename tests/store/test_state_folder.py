"""The state folder: an id that lasts, a new incarnation each time, one process at a time."""

import os

import pytest

from musep2p.errors import ConfigError, StoreError
from musep2p.store.state_folder import StateFolder, running_peer


def test_the_id_lasts_and_the_incarnation_grows(tmp_path):
    """Counter and nonce are durable before the first message."""
    lives = []
    for _ in range(3):
        folder = StateFolder(tmp_path / "state")
        lives.append((folder.id, folder.incarnation))
        folder.close()

    assert len({peer for peer, _ in lives}) == 1
    assert [life.counter for _, life in lives] == [1, 2, 3]
    assert len({life.nonce for _, life in lives}) == 3


def test_two_peers_cannot_share_it(tmp_path):
    """The second is told to take a folder of its own; the first goes on."""
    first = StateFolder(tmp_path)
    with pytest.raises(ConfigError, match="another peer is running") as caught:
        StateFolder(tmp_path)

    assert "--state" in caught.value.hint
    first.close()
    StateFolder(tmp_path).close()


def test_it_belongs_to_one_farm(tmp_path):
    """What one farm calls safe means nothing to another."""
    StateFolder(tmp_path, "studio").close()
    with pytest.raises(ConfigError, match="is of farm 'studio', not 'other'"):
        StateFolder(tmp_path, "other")

    StateFolder(tmp_path, "studio").close()


def test_faces_find_the_process_while_it_runs(tmp_path):
    """running.json comes with the address and goes with the process."""
    folder = StateFolder(tmp_path)
    folder.announce("10.0.0.5:7340", "studio")
    seen, process = running_peer(tmp_path), (tmp_path / "pid").read_text()
    folder.close()

    assert int(process) == os.getpid() and not (tmp_path / "pid").exists()
    assert (seen.address, seen.farm) == ("10.0.0.5:7340", "studio")
    assert running_peer(tmp_path) is None


def test_a_damaged_identity_is_never_guessed(tmp_path):
    """Another id in the same folder would make its journal a stranger's."""
    StateFolder(tmp_path).close()
    (tmp_path / "peer.json").write_text("{")

    with pytest.raises(StoreError, match="damaged"):
        StateFolder(tmp_path)
    assert (tmp_path / "peer.json").read_text() == "{"
