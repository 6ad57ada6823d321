"""Automatic1111's kin, where they differ from it: Forge's modules, SD.Next's tasks without names."""

import pytest

from musep2p.engines.a1111 import A1111Engine
from musep2p.errors import EngineError
from musep2p.ports import Task
from tests.engines.a1111_kin import MODULES, ForgeServer, SdnextServer
from tests.engines.kinds import kind_of

PARAMETERS = {"prompt": "a town", "width": 64, "height": 72, "seed": 7, "steps": 3}
ENCODER = "/forge/models/text_encoder/t5.safetensors"


@pytest.fixture
def forge():
    made = ForgeServer()
    yield made
    made.close()


@pytest.fixture
def sdnext(monkeypatch):
    monkeypatch.setattr("musep2p.engines.http._SETTLES_S", 0.1)
    made = SdnextServer()
    yield made
    made.close()


def render(server, engine=None, **more):
    engine = engine or A1111Engine({"url": server.url, "patience_s": 3})
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


def settings(server):
    return [body["override_settings"] for body in server.posted("/sdapi/v1/txt2img")]


def test_a_vae_is_a_module(forge):
    """Beside the text encoder that its owner has chosen, in place of his VAE, and his are there again afterwards."""
    chosen = ["/forge/models/VAE/y.pt", ENCODER]
    forge.put({MODULES: chosen})
    render(forge, vae="x.pt")

    assert settings(forge) == [{MODULES: ["x.pt", ENCODER]}]
    assert forge.used[MODULES] == ["/forge/models/VAE/x.pt", ENCODER]
    assert forge.now[MODULES] == chosen and forge.now["sd_vae"] == "Automatic"


def test_no_module_was_chosen_and_none_stays(forge):
    """A fresh installation has no list, and takes an empty one for no change."""
    render(forge, vae="x.pt")
    assert forge.used[MODULES] == ["/forge/models/VAE/x.pt"] and forge.now[MODULES] == []


def test_no_vae_but_the_models_own(forge):
    """Text encoders stay: without them some models cannot be used."""
    forge.put({MODULES: ["/forge/models/VAE/y.pt", ENCODER]})
    render(forge, vae="None")
    assert forge.used[MODULES] == [ENCODER]


def test_without_a_vae_its_modules_are_not_touched(forge):
    """They are its owner's."""
    render(forge)
    assert settings(forge) == [{}] and "/sdapi/v1/sd-modules" not in {path for path, _ in forge.asked}


def test_a_module_that_it_has_not(forge):
    """It would render with its own."""
    with pytest.raises(EngineError, match=r"no vae 'z\.pt'\. It has x\.pt, y\.pt") as raised:
        render(forge, vae="z.pt")
    assert kind_of(raised.value) == "here" and not settings(forge)


@pytest.mark.parametrize("kin", ["forge", "sdnext"])
def test_memory_is_given_back(kin, request):
    """Both load their model again when it is needed; not under a render of somebody else."""
    server = request.getfixturevalue(kin)
    engine = A1111Engine({"url": server.url})
    assert engine.release() and server.unloaded == 1 and render(server, engine).pixel_hash
    server.active, server.busy = "task(by hand)", 99
    assert engine.release() is False and server.unloaded == 1


@pytest.mark.parametrize("what", [{"page": "task(1)"}, {"steps": 1}])
def test_a_model_is_not_unloaded_where_something_runs_of_which_the_state_is_silent(sdnext, what):
    """A prompt that is encoded ends the job that it is part of, for all that its state says."""
    vars(sdnext).update(what)
    assert A1111Engine({"url": sdnext.url}).release() is False and sdnext.unloaded == 0


def test_a_vae_that_it_could_not_load(sdnext):
    """It renders with the model's own, and names none."""
    assert render(sdnext, vae="x.pt").pixel_hash and render(sdnext, vae="None").pixel_hash
    sdnext.broken = ("x.pt",)
    with pytest.raises(EngineError, match=r"could not load the vae 'x\.pt'") as raised:
        render(sdnext, vae="x.pt")
    assert kind_of(raised.value) == "here"


def test_schedulers_that_it_cannot_list(sdnext):
    """It would take no notice of one."""
    with pytest.raises(EngineError, match="cannot say which schedulers it has") as raised:
        render(sdnext, scheduler="karras")
    assert kind_of(raised.value) == "here" and not settings(sdnext)


def test_answers_without_a_picture_while_the_model_loads(sdnext):
    """They are waited for, as a server that starts, and cost no attempt."""
    sdnext.loading = 2
    assert render(sdnext).pixel_hash and len(settings(sdnext)) == 3


def test_no_model_was_ever_loaded(sdnext):
    """What to do is said; other machines may have one."""
    sdnext.loading = -1
    with pytest.raises(EngineError, match=r"no model loaded\. Choose one in its UI") as raised:
        render(sdnext)
    assert kind_of(raised.value) == "here"


def test_no_picture_though_its_model_is_loaded(sdnext):
    """That is a failed render as anywhere; once it may be that the model was there just after the answer."""
    sdnext.moods = ["nothing", "nothing"]
    with pytest.raises(EngineError, match="without a picture") as raised:
        render(sdnext)
    assert kind_of(raised.value) == "passing" and len(settings(sdnext)) == 2
    sdnext.moods = ["nothing"]
    assert render(sdnext).pixel_hash


def test_the_model_that_it_tells_in_the_pictures_text(sdnext):
    """It renders with the one that it has when it does not know what was asked for."""
    sdnext.models = "dream", "photo", "photo, sharp"
    assert render(sdnext, model="photo").pixel_hash and render(sdnext, model="photo, sharp").pixel_hash
    sdnext.moods, sdnext.model = ["other model"], "dream"
    with pytest.raises(EngineError, match="it rendered with the model 'dream'") as raised:
        render(sdnext, model="photo")
    assert kind_of(raised.value) == "here"


def test_a_lost_answer_where_tasks_have_no_names(sdnext, monkeypatch):
    """While anything runs there, ours may."""
    monkeypatch.setattr("musep2p.engines.a1111._STILL_S", 0.01)
    sdnext.moods, sdnext.busy = ["cut"], 4
    with pytest.raises(EngineError, match="rendered again"):
        render(sdnext)
    assert sdnext.busy == 0


def test_nothing_is_interrupted_where_tasks_have_no_names(sdnext):
    """It might be its owner's."""
    engine = A1111Engine({"url": sdnext.url})
    engine._task = "musep2p-1"
    engine.cancel()
    assert sdnext.interrupted == 0


def test_two_slots_write_down_what_its_owner_has_chosen(forge):
    """The one reads between the two lists that the other writes: that is not its owner's."""
    one, two = A1111Engine({"url": forge.url}), A1111Engine({"url": forge.url})
    post = one._http.post

    def posting(path, body, **more):
        reply = post(path, body, **more)
        if body.get(MODULES) == ["x.pt"]:
            two._hold_options()
        return reply

    one._http.post = posting
    one._hold_options()
    assert forge.now[MODULES] == [] and MODULES in forge.written


def test_the_second_list_is_written_again_when_it_did_not_arrive(forge):
    """Else its owner would be left with a module that he has not chosen."""
    engine, calls = A1111Engine({"url": forge.url}), []
    post = engine._http.post

    def posting(path, body, **more):
        calls.append(body)
        if path == "/sdapi/v1/options" and len(calls) == 2:
            raise EngineError("cut off")
        return post(path, body, **more)

    engine._http.post = posting
    engine._hold_options()
    assert forge.now[MODULES] == [] and len(calls) == 3
