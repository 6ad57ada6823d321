"""What answers at an address: each server is known by what only it has, and says its models and GPU."""

import re
import tomllib

import pytest
from aiohttp import web
from PIL import Image

from musep2p.cli.engines import engines, probe
from musep2p.engines import recognise as module
from musep2p.engines.recognise import recognise
from musep2p.engines.registry import make_engine
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Task
from tests.engines.a1111_server import A1111Server
from tests.engines.comfy_server import ComfyServer
from tests.engines.more_servers import GradioServer, MuseServer, SdcppServer
from tests.engines.servers import OtherServer

PLAIN = {"test": True, "picture": None, "as_json": False}


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
        (OtherServer, ({"/sdcpp/v1/capabilities": {"limits": {}}},), "sdcpp", "stable-diffusion.cpp", 0, ()),
        (SdcppServer, (), "sdcpp", "stable-diffusion.cpp", 1, ()),
        (OtherServer, ({"/v1/models": {"data": [{"id": "sdxl"}]}},), "openai-images", "OpenAI", 1, ()),
        (MuseServer, (), "http", "describes itself", 0, ()),
        (GradioServer, (), "gradio", "infer takes prompt, negative_prompt, seed", 0, ()),
        (
            OtherServer,
            ({"/openapi.json": {**MuseServer.described, "info": {"title": "MusePublic Art"}}},),
            "musepublic",
            "MusePublic Art",
            0,
            (),
        ),
    ],
)
def test_each_is_known(serve, kind, arguments, engine, what, models, gpu):
    """By a path that only it has."""
    found = recognise(serve(kind, *arguments).url)

    assert (found.engine, len(found.models), found.gpu) == (engine, models, gpu)
    assert what in found.what


FOOT = 'version: <a href="https://github.com/{}/commit/82a973c">{}</a>&#x2000;•&#x2000;python: 3.10'


@pytest.mark.parametrize(
    ("says", "what"),
    [
        (
            {"/config": {"x": FOOT.format("AUTOMATIC1111/stable-diffusion-webui", "1.10.1")}},
            "Automatic1111's web UI 1.10.1",
        ),
        ({"/config": {"x": FOOT.format("lllyasviel/stable-diffusion-webui-forge", "f2.0.1")}}, "Forge f2.0.1"),
        ({"/sdapi/v1/version": {"app": "sd.next", "updated": "2026-01-02"}}, "sd.next 2026-01-02"),
        ({"/config": {"version": "3.41.2"}}, "Automatic1111's web UI or its kin"),
    ],
)
def test_which_of_its_kin_it_is(serve, says, what):
    """By the foot of its page, or by what it says itself; without a page nobody knows."""
    models = [{"title": "dream.safetensors [d9984043a7]", "model_name": "dream"}]
    found = recognise(serve(OtherServer, {"/sdapi/v1/sd-models": models, **says}).url)
    assert (found.engine, found.what, found.ready) == ("a1111", what, True)


def test_who_asks_for_a_login_or_a_key(serve):
    """It is there, and what to set is said; by itself it is not used."""
    for kind, engine, option in ((LoginServer, "a1111", "login_env"), (KeyServer, "openai-images", "key_env")):
        found = recognise(serve(kind, {}).url)
        assert (found.engine, found.ready) == (engine, False) and f"set {option}" in found.what


class LoginServer(OtherServer):
    """As with `--api-auth`: the page is everybody's."""

    async def page(self, request):
        if request.path.startswith("/sdapi"):
            return web.json_response({"detail": "Incorrect username or password"}, status=401)
        return web.json_response({} if request.path == "/internal/ping" else None)


class KeyServer(OtherServer):
    """As OpenAI's own."""

    async def page(self, request):
        return web.json_response({"error": {"message": "You didn't provide an API key."}}, status=401)


@pytest.mark.parametrize("cuda", [{"error": "unavailable"}, None, {"system": None}])
def test_a_server_that_does_not_know_its_memory(serve, monkeypatch, cuda):
    """On a processor, or one that does not tell at all."""
    monkeypatch.setattr(A1111Server, "cuda", cuda)
    for server in (serve(A1111Server), serve(NoMemoryServer)):
        found = recognise(server.url)
        assert (found.engine, found.gpu, len(found.models)) == ("a1111", (), 2)


class NoMemoryServer(A1111Server):
    """As sd-server: it says nothing of what it does or has."""

    def __init__(self):
        super().__init__(tells=False)


def test_a_processor_is_no_graphics_card(serve, monkeypatch):
    """As ComfyUI names its device with --cpu; and a Gradio of version 4 has its description elsewhere."""
    monkeypatch.setattr(ComfyServer, "device", {"name": "cpu", "type": "cpu", "vram_total": 1 << 34})
    assert recognise(serve(ComfyServer).url).gpu == ()
    plain = GradioServer(prefix="")
    found = recognise(plain.url)
    plain.close()
    assert found.engine == "gradio" and found.settings == ('api = "infer"', 'constants = {"randomize_seed" = false}')


class ErrorServer(OtherServer):
    """Whatever is asked is an error, in JSON of the right shape."""

    async def page(self, request):
        return web.json_response({"devices": [], "limits": {}, "data": []}, status=500)


def test_an_error_is_no_engine(serve):
    """Whatever is in it."""
    assert recognise(serve(ErrorServer, {}).url) is None


class EverythingServer(OtherServer):
    """Answers 200 to whatever it does not know, as LM Studio does."""

    async def page(self, request):
        return web.json_response({"error": f"Unexpected endpoint or method. (GET {request.path})"})


def test_who_knows_everything_is_no_engine(serve):
    """Status 200 proves nothing."""
    assert recognise(serve(EverythingServer, {}).url) is None


def test_a_server_of_language_models_is_not_used_by_itself(serve):
    """It may be one that makes pictures: that a person has to say."""
    found = recognise(serve(OtherServer, {"/v1/models": {"data": [{"id": "llama"}]}}).url)
    assert found.engine == "openai-images" and not found.ready


def test_a_web_ui_without_its_api(serve):
    """It is there, and what to do is said."""
    found = recognise(serve(OtherServer, {"/internal/ping": {}}).url)
    assert found.engine == "a1111" and not found.ready and "start it with --api" in found.what


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

    assert probe("", **PLAIN) == 0
    shown = capsys.readouterr().out
    assert "ComfyUI 0.3.60" in shown and "RTX A5000, 24576 MB" in shown and "dream.safetensors" in shown
    assert f'[engines.comfyui]\nurl = "{server.url}"\n# workflow = ' in shown
    assert (
        probe(f"127.0.0.1:{port}", test=False, picture=None, as_json=True) == 0
        and '"engine": "comfyui"' in capsys.readouterr().out
    )
    monkeypatch.setattr(module, "USUAL_PORTS", (9,))
    assert probe("", **PLAIN) == 1
    with pytest.raises(EngineError, match="no engine that is known"):
        probe(serve(OtherServer, {}).url, **PLAIN)


def test_the_engines_of_this_machine_are_listed(capsys):
    """What each lacks is said."""
    assert engines(as_json=False) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^atelier +yes", shown, re.MULTILINE)
    assert re.search(r"^a1111 +no +no server is set", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "engine"),
    [(MuseServer, "http"), (SdcppServer, "sdcpp"), (GradioServer, "gradio"), (ComfyServer, "comfyui")],
)
def test_a_test_picture_is_rendered_with_the_settings_that_are_printed(serve, tmp_path, capsys, kind, engine):
    """What is printed works as it is: settings of a server that nobody has described yet, too."""
    server, file = serve(kind), tmp_path / "test.png"
    assert probe(server.url, test=True, picture=file, as_json=False) == 0
    printed = capsys.readouterr().out
    table = tomllib.loads(printed[printed.index("[engines.") : printed.index("a test picture")])["engines"][engine]
    made = make_engine(engine, table)

    assert Image.open(file).size == (128, 128)
    assert made.render(Task(made.normalise({"prompt": "x", "width": 64, "height": 64, "seed": 2}), 1, 1.0)).ext == "png"


def test_a_server_that_renders_nothing_is_told_of(serve, capsys):
    """The exit code says so, too."""
    server = serve(A1111Server)
    server.moods = ["oom"]
    assert probe(server.url, **PLAIN) == 1
    assert "no test picture: a1111: status 500: OutOfMemoryError" in capsys.readouterr().out
