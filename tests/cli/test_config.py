"""Settings: flag > environment > project file > user file > default."""

import pytest

from musep2p import config
from musep2p.config import load_settings, parse_listen
from musep2p.errors import ConfigError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A user file and a project folder with a project file above it."""
    user = tmp_path / "user.toml"
    monkeypatch.setattr(config, "user_file", lambda: user)
    (tmp_path / "project/deep").mkdir(parents=True)
    return user, tmp_path / "project/musep2p.toml", tmp_path / "project/deep"


def test_the_nearer_source_wins(files):
    """Each source overrides the next, key by key."""
    user, project, cwd = files
    user.write_text('farm = "user"\nslots = 2\nname = "user"\nlisten = "127.0.0.1"\n')
    project.write_text('farm = "project"\nslots = 3\nname = "project"\n')
    environ = {"MUSEP2P_FARM": "environment"}

    assert load_settings({"slots": None}, environ, cwd).slots == 3
    assert load_settings({"farm": "flag"}, environ, cwd).farm == "flag"
    assert load_settings({}, environ, cwd).farm == "environment"
    assert load_settings({}, {}, cwd).name == "project"
    assert load_settings({}, {}, cwd).listen == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slot = 2", "unknown setting 'slot'"),
        ('slots = "many"', "slots"),
        ("slots = 0", "slots"),
        ("speed = -1.0", "speed"),
        ("slots = [", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(files, text, message):
    """One line, with the name."""
    _, project, cwd = files
    project.write_text(text)

    with pytest.raises(ConfigError, match=message):
        load_settings({}, {}, cwd)


def test_the_lan_needs_a_farm(files):
    """Without a farm's name a peer stays on the loopback, and says how to leave it."""
    _, _, cwd = files
    assert load_settings({}, {}, cwd).place() == ("127.0.0.1", 0)
    assert load_settings({"farm": "studio"}, {}, cwd).place() == ("0.0.0.0", 0)
    with pytest.raises(ConfigError, match="no farm is named"):
        load_settings({"listen": "0.0.0.0"}, {}, cwd).place()


@pytest.mark.parametrize("text", ["", "10.0.0.5:99999", "10.0.0.5:x", "a b", "http://x"])
def test_what_is_no_address(text):
    """Said in one line."""
    with pytest.raises(ConfigError, match="address"):
        parse_listen(text)
