"""The web UI's server against the adapter: what it is asked, and each way in which its answers mislead."""

import io
import json
import threading
import time

import pytest
from aiohttp import web
from PIL import Image

from musep2p.engines.a1111 import A1111Engine
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Cancellable, Task
from tests.engines.a1111_server import A1111Server, title_of
from tests.engines.kinds import kind_of
from tests.engines.servers import rendered, text_of
from tests.live.farm import until

PARAMETERS = {"prompt": "a town", "negative": "people", "width": 64, "height": 72, "seed": 7, "steps": 3}


@pytest.fixture
def server():
    made = A1111Server()
    yield made
    made.close()


@pytest.fixture
def engine(server):
    return A1111Engine({"url": server.url})


def render(engine, **more):
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


def test_what_the_server_is_asked(server, engine):
    """Its own names for ours; one picture, not saved there, under a task id of ours."""
    output = render(engine, sampler="Euler a", model="photo", clip_skip=2)
    (asked,) = server.posted("/sdapi/v1/txt2img")

    assert Image.open(io.BytesIO(output.data)).size == (64, 72)
    assert asked["prompt"] == "a town" and asked["negative_prompt"] == "people" and asked["cfg_scale"] == 7.0
    assert (asked["sampler_name"], "scheduler" in asked) == ("Euler a", False)
    assert asked["override_settings"] == {"sd_model_checkpoint": "photo", "CLIP_stop_at_last_layers": 2}
    assert asked["override_settings_restore_afterwards"] is True and asked["save_images"] is False
    assert asked["clip_skip"] == 2, "where sd-server looks for it"
    assert asked["force_task_id"].startswith("musep2p-") and asked["send_images"] is True
    assert (asked["batch_size"], asked["n_iter"]) == (1, 1)
    assert {path for path, _ in server.asked} == {"/sdapi/v1/txt2img", "/sdapi/v1/options"}


def test_the_seed_decides_the_picture(engine):
    """The same again, and another."""
    assert render(engine).data == render(engine).data != render(engine, seed=8).data


@pytest.mark.parametrize(
    ("mood", "ext"),
    [
        ("jpeg", "jpg"),
        ("webp", "webp"),
        ("grid", "png"),
        ("prefix", "png"),
        ("no info", "png"),
        ("black", "png"),
        ("far", "png"),
        ("odd info", "png"),
    ],
)
def test_answers_of_many_shapes(server, engine, mood, ext):
    """The user's own image format, a grid before the picture, a data prefix, no info. Black is the gate's."""
    server.moods = [mood]
    output = render(engine)

    assert output.ext == ext and Image.open(io.BytesIO(output.data)).size == (64, 72)


@pytest.mark.parametrize(
    ("mood", "words", "kind"),
    [
        ("oom", "OutOfMemoryError: CUDA out of memory", "here"),
        ("nans", "NansException: A tensor with all NaNs", "passing"),
        ("no sampler", "Sampler not found", "here"),
        ("no api", "started without --api", "here"),
        ("schema", "value is not a valid integer", "permanent"),
        ("too large", "Request Entity Too Large", "permanent"),
        ("login", "login_env", "here"),
        ("busy", "queue full", "passing"),
        ("sd-server", "returned no results", "passing"),
        ("html", "status 500: Internal Server Error", "passing"),
        ("redirect", "redirects to /elsewhere", "passing"),
        ("other model", "rendered with the model 'dream' (", "here"),
        ("other sampler", "rendered with the sampler 'DPM++ 2M', not with 'Euler a'", "here"),
        ("nothing", "without a picture", "passing"),
        ("no base64", "no base64", "passing"),
        ("cut off", "no picture: it cannot be decoded", "passing"),
    ],
)
def test_how_it_fails(server, engine, mood, words, kind):
    """In the engine's words, and whether another try can help; the next task is fine."""
    server.moods = [mood]
    with pytest.raises(EngineError) as caught:
        render(engine, model="photo", sampler="Euler a")
    assert words in str(caught.value) and kind_of(caught.value) == kind
    assert "<" not in str(caught.value)
    assert render(engine, model="photo").ext == "png"


@pytest.mark.parametrize("mood", ["cut", "gave up"])
def test_a_lost_answer_is_no_failed_render(server, engine, mood):
    """Cut, or given up by a proxy: while the server is still at it nothing is asked again; then the attempt is over."""
    server.moods, server.slow_s = [mood], 1.5
    began = time.monotonic()
    with pytest.raises(EngineError, match="answer did not come") as caught:
        render(engine)

    assert time.monotonic() - began >= 1.4 and server.active == "" and kind_of(caught.value) == "passing"
    assert len(server.posted("/sdapi/v1/txt2img")) == 1
    assert len(server.posted("/internal/progress")) >= 1 and server.interrupted == 0


def test_only_our_own_task_is_interrupted(server, engine):
    """What the owner of the machine renders by hand goes on."""
    server.slow_s = 30.0
    thread = threading.Thread(target=lambda: render(engine), daemon=True)
    thread.start()
    until(lambda: server.active, "the server is at it")
    ours, server.active, server.queued = server.active, "task(by hand)", 1
    engine.cancel()  # ours waits behind the owner's
    engine.cancel()  # and is unknown
    before, server.active = server.interrupted, ours
    engine.cancel()
    thread.join(10)

    assert isinstance(engine, Cancellable) and not thread.is_alive()
    assert (before, server.interrupted) == (0, 1)
    engine.cancel()
    assert server.interrupted == 1, "nothing is rendered for us any more"


def test_nobody_is_there():
    """A server that is off; a name that nobody knows; one that speaks no TLS."""
    for url in ("http://127.0.0.1:9", "http://no-such-host.invalid:7860"):
        with pytest.raises(EngineError, match="nobody answers") as caught:
            render(A1111Engine({"url": url, "patience_s": 0.1}))
        assert not caught.value.permanent
    assert "no server is set" in A1111Engine().missing()


def test_a_server_that_is_started_again_is_waited_for(server):
    """The task that meets nobody waits; only what ran when it stopped has failed."""
    port = int(server.url.rpartition(":")[2])
    server.close()
    later = []
    timer = threading.Timer(1.0, lambda: later.append(A1111Server(port)))
    timer.start()
    output = render(A1111Engine({"url": server.url, "patience_s": 30}))
    timer.join()
    later[0].close()

    assert output.ext == "png"


def test_a_login_comes_from_the_environment(server, monkeypatch):
    """Never from a batch, and without it the server's refusal says what to set."""
    monkeypatch.setenv("STUDIO_LOGIN", "ann:secret")
    server.login = "ann:secret"
    with pytest.raises(EngineError, match="login_env"):
        render(A1111Engine({"url": server.url}))
    assert render(A1111Engine({"url": server.url, "login_env": "STUDIO_LOGIN"})).ext == "png"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "localhost:7860"}, "url cannot be"),
        ({"url": "http://a b"}, "url cannot be"),
        ({"url": 7860}, "url must be a text"),
        ({"addr": "http://127.0.0.1"}, "no option 'addr'"),
    ],
)
def test_settings_that_cannot_be_used(settings, words):
    """One line that names the option."""
    with pytest.raises(ConfigError, match=words):
        A1111Engine(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", 100), ("steps", 0), ("seed", -1), ("seed", 1 << 32), ("guidance", "high"), ("clip_skip", 99)],
)
def test_parameters_that_it_would_refuse(engine, name, value):
    """Told before anything runs."""
    assert [problem for problem, _ in engine.check({**PARAMETERS, name: value})] == [name]
    assert engine.check({**PARAMETERS, "height": 64}) == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("model", "photo", "huge"),
        ("sampler", "k_euler_a", "Eller"),
        ("scheduler", "Karras", "k"),
        ("vae", "x.pt", "y.pt"),
        ("vae", "Automatic", "automatically"),
    ],
)
def test_what_this_server_has_not_is_not_asked_of_it(server, engine, name, good, bad):
    """Some render for minutes with another one and say nothing; another peer may have it."""
    render(engine, **{name: good})
    with pytest.raises(EngineError, match=f"this server has no {name} '{bad}'. It has ") as caught:
        render(engine, **{name: bad})
    assert kind_of(caught.value) == "here" and len(server.posted("/sdapi/v1/txt2img")) == 1


def test_a_server_that_cannot_list_what_it_has_now(server, engine):
    """It may have the sampler or not: neither is guessed."""
    server.ill = True
    with pytest.raises(EngineError, match="status 500: starting") as caught:
        render(engine, sampler="Euler a")
    assert kind_of(caught.value) == "passing" and not server.posted("/sdapi/v1/txt2img")
    server.ill = False
    assert render(engine, sampler="Euler a").ext == "png"


def test_a_server_that_lists_nothing_is_asked(server):
    """It answers for itself."""
    plain = A1111Server(lists=False)
    assert render(A1111Engine({"url": plain.url}), sampler="anything").ext == "png"
    plain.close()


def test_what_its_owner_has_set_stays(server, engine):
    """Of a fresh installation, too: it puts back only what its settings file has. Nothing is changed by asking."""
    render(engine)
    assert not server.posted("/sdapi/v1/options")
    render(engine, clip_skip=2, vae="x.pt")
    assert server.used == {"sd_vae": "x.pt", "CLIP_stop_at_last_layers": 2}
    assert server.now == {"sd_vae": "Automatic", "CLIP_stop_at_last_layers": 1}
    server.now = {"sd_vae": "None", "CLIP_stop_at_last_layers": 3}
    render(engine, clip_skip=2)
    assert server.now == {"sd_vae": "None", "CLIP_stop_at_last_layers": 3}
    assert len(server.posted("/sdapi/v1/options")) == 1


def test_what_another_task_has_set_is_not_taken_for_the_owners(server, engine):
    """While it renders the options are its own: an idle moment is waited for; a server that is ill is asked again."""
    server.now, server.active = {"sd_vae": "x.pt", "CLIP_stop_at_last_layers": 4}, "task(by hand)"

    def ends():
        server.now, server.active = {"sd_vae": "Automatic", "CLIP_stop_at_last_layers": 1}, ""

    timer = threading.Timer(1.0, ends)
    timer.start()
    engine._hold_options()
    timer.join()
    assert server.posted("/sdapi/v1/options") == [{"sd_vae": "Automatic", "CLIP_stop_at_last_layers": 1}]
    again = A1111Engine({"url": server.url})
    server.mute = True
    again._hold_options()
    server.mute = False
    again._hold_options()
    assert len(server.posted("/sdapi/v1/options")) == 2


def test_what_a_task_sets_does_not_outlive_it(server, engine):
    """A model stays loaded; VAE and clip skip are those of this task only."""
    render(engine, model="dream")
    render(engine, model="dream", vae="x.pt")
    render(engine)
    asked = server.posted("/sdapi/v1/txt2img")

    assert [body["override_settings_restore_afterwards"] for body in asked] == [False, True, True]
    assert asked[1]["override_settings"] == {"sd_model_checkpoint": "dream", "sd_vae": "x.pt"}


def test_a_model_by_its_hash(server, engine):
    """As its title has it; a title with another hash is another model, whatever its name."""
    title = title_of("photo")
    found = title.partition("[")[2][:-1]
    output = render(engine, model=found)
    (asked,) = server.posted("/sdapi/v1/txt2img")

    assert asked["override_settings"]["sd_model_checkpoint"] == title and output.model_hash == found
    with pytest.raises(EngineError, match=r"has no model 'photo\.safetensors \[0123456789\]'") as caught:
        render(engine, model="photo.safetensors [0123456789]")
    assert kind_of(caught.value) == "here"


def test_a_sampler_by_its_alias(server, engine):
    """Listed and not taken: the server would render with its usual one."""
    assert render(engine, sampler="k_euler_a").ext == "png"
    (asked,) = server.posted("/sdapi/v1/txt2img")
    assert asked["sampler_name"] == "Euler a"


def test_a_task_that_failed_unheard_is_not_waited_for(server, engine, monkeypatch):
    """The server says that it is at it until another begins; that it does nothing at all says more."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    monkeypatch.setattr("musep2p.engines.a1111._STILL_MAX_S", 60.0)
    server.moods = ["fails unheard"]
    began = time.monotonic()
    with pytest.raises(EngineError, match="rendered again"):
        render(engine)
    assert time.monotonic() - began < 20 and server.failed


@pytest.mark.parametrize(("asked", "sent"), [("Dream", "title"), ("dream.safetensors", "title"), ("dream", "dream")])
def test_a_model_is_asked_for_by_the_servers_own_name(server, engine, asked, sent):
    """Some servers take another name for none, and render with what is loaded."""
    server.model = "photo"
    output = render(engine, model=asked)
    (body,) = server.posted("/sdapi/v1/txt2img")

    assert body["override_settings"]["sd_model_checkpoint"] == (title_of("dream") if sent == "title" else sent)
    assert output.model_hash and title_of("dream").endswith(f"[{output.model_hash}]")


def test_samplers_of_before_that_name_their_scheduler(server, engine):
    """`Euler a Karras` is two words now."""
    render(engine, sampler="Euler a Karras")
    (asked,) = server.posted("/sdapi/v1/txt2img")

    assert (asked["sampler_name"], asked["scheduler"]) == ("Euler a", "Karras")
    with pytest.raises(EngineError, match="has no sampler 'Nobody Karras'"):
        render(engine, sampler="Nobody Karras")


@pytest.mark.parametrize("word", ["interrupted", "skipped", "stopping_generation"])
def test_half_a_picture_that_somebody_interrupted_by_hand(server, engine, word):
    """Status 200: only the server's state tells."""
    server.moods, server.word = ["by hand"], word
    with pytest.raises(EngineError, match="interrupted by hand") as raised:
        render(engine)

    assert kind_of(raised.value) == "passing"
    assert render(engine).pixel_hash


def test_another_job_that_was_interrupted_is_no_matter(server, engine):
    """The state is of the whole server: it may speak of its owner's."""
    server.moods, server.told = ["by hand"], "20261101000000"
    assert render(engine).pixel_hash


def test_each_task_has_an_id_of_its_own(server, engine):
    """By which it is known from all others at that server."""
    render(engine), render(engine)
    assert len({body["force_task_id"] for body in server.posted("/sdapi/v1/txt2img")}) == 2


def test_pictures_behind_ours_are_not_taken(server, engine):
    """Extensions append what they like."""
    server.moods = ["extra"]
    assert render(engine).pixel_hash == render(engine).pixel_hash


def test_a_lost_answer_while_it_waits_in_the_queue(server, engine, monkeypatch):
    """Asked again only when it is neither at it nor about to be."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    server.moods, server.queued = ["cut"], 3
    with pytest.raises(EngineError, match="rendered again"):
        render(engine)
    assert server.queued == 0


def test_memory_is_not_taken_where_that_cannot_be_undone(server, engine):
    """Automatic1111's own web UI renders nothing after it has unloaded its model, for its owner neither."""
    assert engine.release() is False and server.unloaded == 0


def test_a_server_that_says_nothing_of_what_it_does(monkeypatch):
    """As sd-server: what cannot be asked is neither waited for nor interrupted, since it may be somebody else's."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    plain = A1111Server(tells=False)
    engine = A1111Engine({"url": plain.url})
    plain.moods = ["no info", "cut"]
    try:
        assert render(engine).ext == "png"
        with pytest.raises(EngineError, match="answer did not come"):
            render(engine)
        plain.slow_s = 1.0
        thread = threading.Thread(target=lambda: render(engine), daemon=True)
        thread.start()
        until(lambda: plain.active, "the server is at it")
        engine.cancel()
        thread.join(10)
    finally:
        plain.close()

    assert not thread.is_alive() and not plain.posted("/sdapi/v1/interrupt")


def test_a_server_that_hangs_up_when_it_is_asked_what_it_does(server, engine, monkeypatch):
    """A picture is one all the same, a lost answer costs an attempt, and nothing is interrupted on a guess."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    server.mute = True
    assert render(engine).ext == "png"
    server.moods = ["cut"]
    with pytest.raises(EngineError, match="rendered again"):
        render(engine)
    engine._task = "musep2p-1"
    engine.cancel()
    assert not server.interrupted


@pytest.mark.parametrize("value", ["8888888888", None, ""])
def test_a_hash_that_a_server_does_not_know(server, engine, monkeypatch, value):
    """Null until somebody computes it; what is told is passed on, and whoever needs a certain one compares."""
    told = {"sd_model_name": "dream", "sd_model_hash": value}
    answer = {"images": [text_of(rendered(64, 72, 1))], "info": json.dumps(told)}
    monkeypatch.setattr(server, "refusal", lambda mood, asked: web.json_response(answer))

    assert render(engine, model="dream").model_hash == (value or "")


def test_what_waits_in_its_queue_is_stopped_when_it_begins(server, engine):
    """Nothing can be taken out of it; what its owner renders by hand before it is not touched."""
    server.slow_s = 60.0
    ours, owners = A1111Engine({"url": server.url}), A1111Engine({"url": server.url})
    threads = [threading.Thread(target=render, args=(each,)) for each in (owners, ours)]
    threads[0].start()
    until(lambda: server.active, "its owner's runs")
    by_hand = server.active
    threads[1].start()
    until(lambda: server.waiting, "ours waits")
    ours.cancel()
    name = ours.left_behind()
    assert server.interrupted == 0 and name == server.waiting[0]
    stopping = threading.Thread(target=engine.stop_when_begun, args=(name,))
    stopping.start()
    assert server.active == by_hand
    server.active = ""  # its owner's is through
    stopping.join(20)
    for thread in threads:
        thread.join(20)
    assert server.interrupted == 1 and not stopping.is_alive() and not server.active


def test_what_was_left_behind_and_is_gone(server, engine):
    """A server that was started again has forgotten it: nothing is interrupted."""
    engine.stop_when_begun("musep2p-gone")
    assert server.interrupted == 0 and engine.left_behind() == ""


def test_what_was_left_behind_has_failed(server, engine):
    """The server says that it is at it until another begins: that is not interrupted, nor waited for without end."""
    begins = A1111Engine({"url": server.url})
    server.failed, server.active = "musep2p-1", ""
    told = begins._told_of

    def owner_begins(task):
        said = told(task)
        server.failed, server.active = "", "task(by hand)"
        return said

    begins._told_of = owner_begins
    begins.stop_when_begun("musep2p-1")
    server.failed, server.active = "musep2p-1", "task(by hand)"  # in the moment before it says so
    begins.cancel()
    begins._told_of = told
    begins._task = "musep2p-1"
    begins.cancel()
    server.failed, server.active = "musep2p-1", ""
    engine.stop_when_begun("musep2p-1")
    assert server.interrupted == 0


def test_it_begins_between_two_questions(server, engine):
    """Too late to be interrupted then, it is told of as left behind."""
    engine._task = "musep2p-1"
    server.waiting.append("musep2p-1")
    engine.cancel()
    server.waiting.clear()
    server.active = "musep2p-1"
    assert engine.left_behind() == "musep2p-1" and server.interrupted == 0
    engine.cancel()
    assert engine.left_behind() == "" and server.interrupted == 1


def test_a_watch_goes_on_while_the_server_does_not_answer(server, engine):
    """As while it loads a model."""
    server.waiting.append("musep2p-1")
    told, asked = engine._told_of, []

    def silent_once(task):
        asked.append(task)
        if len(asked) == 1:
            raise EngineError("no answer within 5 s.")
        server.waiting.clear()
        server.active = "musep2p-1"
        return told(task)

    engine._told_of = silent_once
    engine.stop_when_begun("musep2p-1")
    assert server.interrupted == 1


def test_a_lost_answer_of_a_server_that_has_forgotten_it(server, engine, monkeypatch):
    """It was started again, and renders for others without a pause: what it is at now is waited for at most."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    engine._task, stamps = "musep2p-forgotten", iter(range(1, 1000))

    def busy():
        return {"job": "txt2img", "job_count": 1, "job_timestamp": next(stamps) // 3}

    monkeypatch.setattr(engine, "_progress", busy)
    engine._wait_until_done()
    assert next(stamps) < 10
