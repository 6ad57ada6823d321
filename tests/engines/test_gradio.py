"""Gradio apps: what they are asked in which order, and how their streams end."""

import io

import pytest
from PIL import Image

from musep2p.engines.gradio import GradioEngine, endpoint_in
from musep2p.engines.http import Http
from musep2p.errors import EngineError
from musep2p.ports import Task
from tests.engines.kinds import kind_of
from tests.engines.more_servers import GradioServer

PARAMETERS = {"prompt": "a town", "width": 64, "height": 72, "seed": 7}


@pytest.fixture(params=["/gradio_api", ""], ids=["as version 5", "as version 4"])
def server(request):
    made = GradioServer(prefix=request.param)
    yield made
    made.close()


def render(server, settings=None, **more):
    engine = GradioEngine({"url": server.url, "patience_s": 0.3, **(settings or {})})
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


def test_arguments_are_in_the_order_of_the_app(server):
    """Ours by their usual names, its own by theirs, its defaults for what is left out."""
    render(server, {"constants": {"randomize_seed": False}}, negative="people", steps=4)
    render(server, {"api": "/infer", "inputs": {"strength": "guidance_scale"}}, strength=3, randomize_seed=False)
    first, second = (asked["data"] for asked in server.posted(f"{server.prefix}/call/infer"))

    assert first == ["a town", "people", 7, False, 64, 72, 7, 4]
    assert second == ["a town", "", 7, False, 64, 72, 3, 20]


@pytest.mark.parametrize("mood", ["", "gallery", "step by step", "data"])
def test_the_picture_is_fetched_from_the_app_that_we_know(server, mood):
    """Also when it names another address for itself, in a gallery, and after half pictures on the way there."""
    server.moods = [mood]

    assert Image.open(io.BytesIO(render(server).data)).size == (64, 72)


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("memory", "it failed: CUDA out of memory"),
        ("silent", "it does not say why"),
        ("null", "it does not say why"),
        ("gone", "the picture cannot be had"),
        ("ill", "status 500"),
        ("stream cut", "answer did not come"),
        ("stream ends", "answer did not come"),
    ],
)
def test_how_a_stream_ends(server, mood, words):
    """An error, one without a word, or no end at all."""
    server.moods = [mood]
    with pytest.raises(EngineError, match=words) as caught:
        render(server)
    assert kind_of(caught.value) == ("here" if mood == "memory" else "passing")


def test_an_app_that_was_started_again_and_one_that_is_busy(server):
    """The first knows nothing of our event; the second is asked again."""
    server.moods = ["forgets"]
    with pytest.raises(EngineError, match="It was started again") as caught:
        render(server)
    assert kind_of(caught.value) == "here"
    server.moods, server.hits = ["busy"], 0
    assert render(server, {"patience_s": 20}).ext == "png" and server.hits == 2


def test_a_stream_has_no_limit_of_time_and_is_read_once(server, monkeypatch):
    """A render takes what it takes; whoever asks for an event again waits for ever."""
    asked, real = [], Http.get

    def get(self, path, *, within_s=10.0):
        asked.append((path, within_s))
        return real(self, path, within_s=within_s)

    monkeypatch.setattr(Http, "get", get)
    render(server)
    assert [limit for path, limit in asked if "/call/" in path] == [None]


def test_an_app_that_asks_for_a_token(server, monkeypatch):
    """This machine has it, or another does the work."""
    server.key = "hf_secret"
    monkeypatch.setenv("APP_KEY", "hf_secret")
    with pytest.raises(EngineError, match="Set key_env or key_file") as caught:
        render(server)
    assert kind_of(caught.value) == "here"
    assert render(server, {"key_env": "APP_KEY"}).ext == "png"


def test_an_app_without_what_is_asked(server, monkeypatch):
    """No such endpoint; one that asks for more than is given."""
    with pytest.raises(EngineError, match="no endpoint 'paint'") as caught:
        render(server, {"api": "paint"})
    assert kind_of(caught.value) == "here"
    monkeypatch.setattr(GradioServer, "takes", (*GradioServer.takes, ("style", None)))
    with pytest.raises(EngineError, match="asks for 'style'"):
        render(server)


@pytest.mark.parametrize("said", [None, [], {"named_endpoints": 3}, {"named_endpoints": {"/x": {"parameters": [3]}}}])
def test_descriptions_of_nothing(said):
    """Whatever a stranger answers."""
    assert endpoint_in(said, "") is None
