"""Servers as data: profiles that can and cannot be used, what a server is asked by one, and where its picture is."""

import io
import re
import time
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp import web
from PIL import Image

from musep2p.engines.openapi import rendering_operation
from musep2p.engines.profile import addresses_in, at_place, filled, pictures_in, read_profile
from musep2p.engines.profiled import HttpEngine, MusePublicEngine, OpenAIImagesEngine, SdcppEngine
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Task
from tests.engines.kinds import kind_of
from tests.engines.more_servers import MuseServer, OpenAIServer, SdcppServer
from tests.engines.servers import rendered, text_of

FIELDS = '[fields]\nprompt = "prompt"\n'
PARAMETERS = {"prompt": "a town", "width": 64, "height": 72, "seed": 7}


@pytest.fixture
def serve():
    made = []

    def start(kind):
        made.append(kind())
        return made[-1]

    yield start
    for server in made:
        server.close()


def render(engine, **more):
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("post = ", "that is no TOML"),
        ('post = "/x"', "fields is missing"),
        (FIELDS + 'x = "a..b"', "'a..b' is no place"),
        ('post = "render"\n' + FIELDS, "'render' is no path"),
        ("oops = 1\n" + FIELDS, "no option 'oops'"),
        (FIELDS + '[answer]\nimages = ["a"]', "no option 'images'. Did you mean 'image'"),
        (FIELDS + '[job]\nid = "id"', "job needs id, get"),
        ("answer = 3\n" + FIELDS, "answer must be a table"),
        (FIELDS + "[errors]\npermanent = [400]", "permanent must be a list of texts"),
    ],
)
def test_profiles_that_cannot_be_used(text, words):
    """One line that says what and where."""
    with pytest.raises(ConfigError) as caught:
        read_profile(text, "http (own.toml)")
    assert words in str(caught.value) and "engines.http (own.toml)" in str(caught.value)


def test_settings_that_cannot_be_used(tmp_path):
    """A profile that is not there; none at all; two places for one key."""
    for settings, words in (
        ({"profile": str(tmp_path / "none.toml")}, "cannot be read"),
        ({}, "needs a profile, or post and fields"),
        ({"fields": {"prompt": "p"}, "key_env": "A", "key_file": "B"}, "not both"),
    ):
        with pytest.raises(ConfigError, match=words):
            HttpEngine({"url": "http://127.0.0.1:9", **settings})


def test_places():
    """Into a body, and out of an answer, whatever it is."""
    said = {"a": [{"b": 1}, "x"], "c": None}

    assert filled({"a.b": 1, "a.c": 2, "d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}
    assert [at_place(said, place) for place in ("a.0.b", "a.1", "a.2", "a.b", "c.d", "e")] == [1, "x", *[None] * 4]


def test_a_picture_is_found_wherever_it_is():
    """In base64, with or without a prefix; text that looks like base64 is none."""
    data = rendered(32, 32, 1)
    said = {"x": ["A" * 400, {"deep": [{"im": f"data:image/png;base64,{text_of(data)}"}]}], "n": 3}

    assert list(pictures_in(said)) == [data]
    assert list(pictures_in({"a": "short", "b": "no base64! " * 40})) == []


def test_what_a_server_in_the_manner_of_openai_is_asked(serve):
    """The standard's fields; what a machine's settings add; nothing that the batch left empty."""
    server = serve(OpenAIServer)
    engine = OpenAIImagesEngine({"url": server.url, "fields": {"seed": "seed"}, "constants": {"quality": "high"}})
    render(engine, model="")
    render(engine, model="local")
    plain, named = server.posted("/v1/images/generations")

    assert plain == {"prompt": "a town", "size": "64x72", "n": 1, "seed": 7, "quality": "high"}
    assert named == {**plain, "model": "local"}
    assert OpenAIImagesEngine({"url": server.url}).parameters == {"prompt", "model", "width", "height"}


def test_a_picture_at_an_address(serve):
    """As some servers answer."""
    server = serve(OpenAIServer)
    server.moods = ["address"]
    output = render(OpenAIImagesEngine({"url": server.url, "fields": {"seed": "seed"}}))

    assert Image.open(io.BytesIO(output.data)).size == (64, 72)


@pytest.mark.parametrize(
    ("mood", "kind"),
    [
        ("moderation", "permanent"),
        ("parameter", "permanent"),
        ("too large", "permanent"),
        ("no model", "here"),
        ("bad model", "here"),
        ("other model", "here"),
        ("billing", "here"),
        ("gave up", "passing"),
    ],
)
def test_what_would_fail_everywhere_and_what_only_here(serve, mood, kind):
    """A prompt that is refused is refused by all; another machine may have the model, or a key that is paid for."""
    server = serve(OpenAIServer)
    server.moods = [mood]
    with pytest.raises(EngineError) as caught:
        render(OpenAIImagesEngine({"url": server.url}))
    assert kind_of(caught.value) == kind and server.hits == 1
    assert server.refusals[mood][1]["error"]["message"] in str(caught.value)


def test_keys_come_from_the_environment_or_from_a_file_of_ones_own(serve, tmp_path, monkeypatch):
    """A file that others can read is refused; without a key the server's refusal says what to set."""
    server = serve(OpenAIServer)
    server.key = "sk-secret"
    file = tmp_path / "key"
    file.write_text("sk-secret\n")
    file.chmod(0o644)
    monkeypatch.setenv("STUDIO_KEY", "sk-secret")

    for settings, words in (({}, "key_env or key_file"), ({"key_file": str(file)}, "others can read")):
        with pytest.raises(EngineError, match=words) as caught:
            render(OpenAIImagesEngine({"url": server.url, **settings}))
        assert kind_of(caught.value) == "here"
    with pytest.raises(EngineError, match="NO_SUCH is not set"):
        render(OpenAIImagesEngine({"url": server.url, "key_env": "NO_SUCH"}))
    file.chmod(0o600)
    for settings in ({"key_file": str(file)}, {"key_env": "STUDIO_KEY"}):
        assert render(OpenAIImagesEngine({"url": server.url, **settings})).ext == "png"


def test_a_job_that_is_forgotten_is_given_again(serve):
    """The server was started again; one that fails says why."""
    server = serve(SdcppServer)
    engine = SdcppEngine({"url": server.url, "patience_s": 1})
    server.moods = ["forgets", "forgets"]
    assert render(engine).ext == "png" and server.hits == 3
    server.moods = ["forgets"] * 3
    with pytest.raises(EngineError, match="forgot its job several times"):
        render(engine)
    server.moods = ["failed"]
    with pytest.raises(EngineError, match="generate_image returned empty results") as caught:
        render(engine)
    assert not caught.value.permanent
    assert server.jobs["job_00000000"][2]["batch_count"] == 1


def test_a_server_that_describes_itself(serve):
    """Of the paths that take a prompt, the one that takes most of what we have; the answer may be the picture."""
    server = serve(MuseServer)
    engine = MusePublicEngine({"url": server.url})
    server.moods = ["", "bytes"]
    render(engine), render(engine)
    asked, _ = server.posted("/v1/render")

    assert asked == {
        "prompt": "a town", "width": 64, "height": 72, "seed": 7, "steps": 30, "cfg_scale": 7.0,
    }  # fmt: skip
    with pytest.raises(EngineError, match="Set `post`"):
        render(MusePublicEngine({"url": serve(SdcppServer).url}))


@pytest.mark.parametrize(
    "described", [None, [], {"paths": 3}, {"paths": {"/x": {"post": 3}, "/y": None}}, {"paths": {}}]
)
def test_descriptions_of_nothing(described):
    """Whatever a stranger answers."""
    assert rendering_operation(described) is None


def test_the_profile_of_the_docs_is_one():
    """As it stands on the page."""
    page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text("utf-8")
    (text,) = [block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if block.startswith("post")]
    profile = read_profile(text, "docs")

    assert profile.job is not None and profile.is_permanent(400, "x") and not profile.is_permanent(500, "x")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("model", "tiny.safetensors", "huge"), ("sampler", "euler_a", "eller"), ("scheduler", "karras", "k")],
)
def test_what_a_server_would_take_and_ignore(serve, name, good, bad):
    """sd-server renders with what it has and says nothing; another peer may have what was asked for."""
    server = serve(SdcppServer)
    engine = SdcppEngine({"url": server.url})
    render(engine, **{name: good})
    with pytest.raises(EngineError, match=f"this server has no {name} '{bad}'. It has ") as caught:
        render(engine, **{name: bad})
    assert kind_of(caught.value) == "here" and server.hits == 1


def test_an_address_is_found_wherever_it_is(serve):
    """What is no picture's address is none."""
    server = serve(MuseServer)
    server.moods = ["address"]

    assert render(MusePublicEngine({"url": server.url})).pixel_hash
    assert list(addresses_in({"a": ["x.txt", "no png", {"b": "http://h/p/1.JPG?size=2"}], "c": "/out/1.webp"})) == [
        "http://h/p/1.JPG?size=2", "/out/1.webp",
    ]  # fmt: skip


def test_a_model_by_another_form_of_its_name(serve, tmp_path):
    """The answer names the file; the batch its name."""
    profile = tmp_path / "named.toml"
    profile.write_text(
        'post = "/v1/render"\n[fields]\nprompt = "prompt"\nmodel = "model"\n[answer]\nmodel = "made_by"\n'
    )
    engine = HttpEngine({"url": serve(NamedServer).url, "profile": str(profile)})

    assert render(engine, model="xl").pixel_hash
    with pytest.raises(EngineError, match=r"it rendered with the model 'xl\.safetensors', not with 'dream'") as raised:
        render(engine, model="dream")
    assert raised.value.peer_bound


class NamedServer(MuseServer):
    """Says which file made the picture."""

    async def render(self, request):
        return web.json_response({"image": text_of(rendered(64, 64, 1)), "made_by": "xl.safetensors"})


def test_a_picture_at_a_foreign_address_is_fetched_without_the_key(serve, monkeypatch):
    """What an answer names may be anybody's."""
    monkeypatch.setenv("STUDIO_KEY", "sk-secret")
    server, foreign = serve(OpenAIServer), serve(OpenAIServer)
    server.key, server.files_at, server.moods = "sk-secret", foreign.url, ["address"]
    engine = OpenAIImagesEngine({"url": server.url, "key_env": "STUDIO_KEY", "fields": {"seed": "seed"}})

    assert render(engine).ext == "png"
    assert server.logins == ["Bearer sk-secret"] and foreign.logins == [None]


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("file:///etc/hostname", "neither base64 nor an address"),
        ("ftp://studio/a.png", "neither base64 nor an address"),
        ("/gone/1.png", "cannot be had: 404: Not Found"),
    ],
)
def test_an_address_that_has_no_picture(serve, mood, words):
    """A file of this machine is none, whatever a server says."""
    server = serve(OpenAIServer)
    server.moods = [mood]
    with pytest.raises(EngineError, match=words) as caught:
        render(OpenAIImagesEngine({"url": server.url}))
    assert kind_of(caught.value) == "passing"


def test_a_job_without_a_number(serve):
    """Nobody could ask for it."""
    server = serve(SdcppServer)
    server.moods = ["no number"]
    with pytest.raises(EngineError, match="gave it no id"):
        render(SdcppEngine({"url": server.url}))
    assert render(SdcppEngine({"url": server.url})).ext == "png"


def test_who_has_too_much_to_do_is_asked_again_when_it_says(serve):
    """And who has been paid too little is not: that is a matter of this machine's key."""
    server = serve(OpenAIServer)
    server.later_s, server.moods = 2, ["busy"]
    engine = OpenAIImagesEngine({"url": server.url, "patience_s": 30})
    began = time.monotonic()
    assert render(engine).ext == "png" and server.hits == 2
    assert time.monotonic() - began >= 2
    server.moods = ["quota"] * 9
    with pytest.raises(EngineError, match="exceeded your current quota: insufficient_quota") as caught:
        render(engine)

    assert caught.value.peer_bound and not caught.value.permanent and server.hits == 3


def test_a_job_that_is_too_old_is_given_again(serve):
    """Its server keeps results for a while only."""
    server = serve(SdcppServer)
    server.moods = ["expired"]
    assert render(SdcppEngine({"url": server.url})).ext == "png" and server.hits == 2


def test_a_server_that_is_ill_while_it_works(serve):
    """Status 500 for a look at a job says nothing of it; if that goes on, it costs an attempt after its patience."""
    server = serve(SdcppServer)
    server.ill, server.slow_s = 3, 0.2
    assert render(SdcppEngine({"url": server.url, "patience_s": 20})).ext == "png" and server.hits == 1
    server.ill = 1000
    with pytest.raises(EngineError, match="status 500: Internal Server Error") as caught:
        render(SdcppEngine({"url": server.url, "patience_s": 0.3}))
    assert kind_of(caught.value) == "passing" and server.hits == 2


class WellServer(MuseServer):
    """Status 200 for everything; what went wrong is inside."""

    said: ClassVar = {"ok": False, "problem": {"words": "the model fell over"}}

    async def render(self, request):
        return web.json_response(self.said)


def test_an_error_in_an_answer_of_200(serve, tmp_path):
    """Where the profile says that it is, its words are told, and its patterns say what it means."""
    profile = tmp_path / "well.toml"
    profile.write_text(
        'post = "/v1/render"\n[fields]\nprompt = "prompt"\n[answer]\nerror = "problem.words"\n'
        '[errors]\npermanent = ["200 *fell over*"]\n'
    )
    with pytest.raises(EngineError, match=r"http: status 200: the model fell over\.") as caught:
        render(HttpEngine({"url": serve(WellServer).url, "profile": str(profile)}))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("name", "value"), [("width", 0), ("height", "high"), ("seed", -1), ("seed", 1.5), ("steps", 0), ("steps", True)]
)
def test_parameters_that_no_server_takes(name, value):
    """Told before anything runs."""
    engine = MusePublicEngine({"url": "http://127.0.0.1:9"})
    assert engine.check({**PARAMETERS, "steps": 4}) == []
    assert [problem for problem, _ in engine.check({**PARAMETERS, name: value})] == [name]
