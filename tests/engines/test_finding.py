"""What a peer finds on its machine: one engine of each kind, unless its owner has set that up."""

import json
import os

import pytest

from musep2p.engines import finding, registry
from musep2p.engines.a1111 import A1111Engine
from musep2p.engines.finding import find_engines, found_settings, use
from tests.engines.a1111_server import A1111Server
from tests.engines.comfy_server import ComfyServer
from tests.engines.more_servers import MuseServer, SdcppServer
from tests.engines.servers import OtherServer


@pytest.fixture
def ports(monkeypatch):
    """Of a machine on which much runs."""
    monkeypatch.setenv(finding._VARIABLE, "")
    servers = [OtherServer({}), A1111Server(), A1111Server(), ComfyServer(), SdcppServer(), MuseServer()]
    yield [9, *(int(server.url.rpartition(":")[2]) for server in servers)]
    for server in servers:
        server.close()


def test_one_of_each_kind_is_found(ports):
    """The first; not what has settings, and not what is no engine."""
    found = list(find_engines((), ports))

    assert [one.engine for one in found] == ["a1111", "comfyui", "sdcpp", "http"]
    assert found[0].url.endswith(f":{ports[2]}")
    assert [one.engine for one in find_engines(("a1111", "http"), ports)] == ["comfyui", "sdcpp"]


def test_what_is_found_is_used_unless_more_must_be_said(ports, monkeypatch):
    """Here and in processes that are started from now on; the owner's own settings come first."""
    use(list(find_engines((), ports)))
    registry.load_engine.cache_clear()

    assert set(json.loads(os.environ[finding._VARIABLE])) == {"a1111", "sdcpp", "http"}
    assert {"a1111", "sdcpp", "http"} <= set(registry.usable_engines()) and found_settings("comfyui") is None
    engine = registry.load_engine("a1111")
    assert isinstance(engine, A1111Engine) and engine.missing() == ""
    registry.load_engine.cache_clear()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a1111": 3}', "null"])
def test_nonsense_in_the_environment_is_no_engine(monkeypatch, text):
    """Whoever wrote it."""
    monkeypatch.setenv(finding._VARIABLE, text)
    assert found_settings("a1111") is None
