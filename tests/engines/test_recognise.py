"""What answers at an address: each server is known by what only it has, and says its models and GPU."""

import pytest

from musep2p.cli.engines import engines, probe
from musep2p.engines import recognise as module
from musep2p.engines.recognise import recognise
from musep2p.errors import ConfigError, EngineError
from tests.engines.servers import A1111Server, ComfyServer, OtherServer


@pytest.fixture
def serve():
    made = []

    def start(kind, *arguments):
        made.append(kind(*arguments))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.mark.parametrize(
    ("kind", "arguments", "engine", "what", "models", "gpu"),
    [
        (ComfyServer, (), "comfyui", "ComfyUI 0.3.60", 2, (("cuda:0 NVIDIA RTX A5000", 24576),)),
        (A1111Server, (), "a1111", "Automatic1111", 2, (("GPU", 24576),)),
        (OtherServer, ({"/sdcpp/v1/capabilities": {"limits": {}}},), "a1111", "stable-diffusion.cpp", 0, ()),
        (OtherServer, ({"/v1/models": {"data": [{"id": "sdxl"}]}},), "", "OpenAI", 1, ()),
    ],
)
def test_each_is_known(serve, kind, arguments, engine, what, models, gpu):
    """By a path that only it has."""
    found = recognise(serve(kind, *arguments).url)

    assert (found.engine, len(found.models), found.gpu) == (engine, models, gpu)
    assert what in found.what


@pytest.mark.parametrize("says", [{}, {"/system_stats": {"devices": 3}, "/v1/models": ["x"]}, {"/system_stats": None}])
def test_what_is_no_engine(serve, says):
    """A page for every path, or JSON of another shape."""
    assert recognise(serve(OtherServer, says).url) is None


def test_nobody_answers():
    """Or it is no address."""
    with pytest.raises(EngineError, match="nobody answers"):
        recognise("http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="url cannot be"):
        recognise("ftp://x")


def test_what_the_command_prints(serve, monkeypatch, capsys):
    """The lines for the settings, ready to be copied; without an address the usual ports are asked."""
    server = serve(ComfyServer)
    port = int(server.url.rpartition(":")[2])
    monkeypatch.setattr(module, "USUAL_PORTS", (9, port))

    assert probe("", as_json=False) == 0
    shown = capsys.readouterr().out
    assert "ComfyUI 0.3.60" in shown and "RTX A5000, 24576 MB" in shown and "dream.safetensors" in shown
    assert f'[engines.comfyui]\nurl = "{server.url}"\nworkflow = ' in shown
    assert probe(f"127.0.0.1:{port}", as_json=True) == 0 and '"engine": "comfyui"' in capsys.readouterr().out
    monkeypatch.setattr(module, "USUAL_PORTS", (9,))
    assert probe("", as_json=False) == 1
    with pytest.raises(EngineError, match="no engine that is known"):
        probe(serve(OtherServer, {}).url, as_json=False)


def test_the_engines_of_this_machine_are_listed(capsys):
    """What each lacks is said."""
    assert engines(as_json=False) == 0
    shown = capsys.readouterr().out
    assert "atelier  yes" in shown and "a1111    no    no server is set" in shown
