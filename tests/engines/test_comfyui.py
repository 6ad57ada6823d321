"""ComfyUI against the adapter: workflows and their inputs, queue, history, cache, and who is interrupted."""

import io
import json
import threading

import pytest
from PIL import Image

from musep2p.engines.comfyui import ComfyUIEngine
from musep2p.engines.workflow import load_workflow
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Cancellable, Shared, Task
from tests.engines.comfy_server import WORKFLOW, ComfyServer
from tests.engines.kinds import kind_of
from tests.live.farm import until

PARAMETERS = {"prompt": "a town", "negative": "people", "width": 64, "height": 72, "seed": 7, "steps": 3}


BOTH = pytest.mark.parametrize("server", [True, False], ids=["new", "old"], indirect=True)


@pytest.fixture
def server(request):
    """With the newer `/api/jobs`, or without."""
    made = ComfyServer(jobs=getattr(request, "param", True))
    yield made
    made.close()


@pytest.fixture
def workflow(tmp_path):
    path = tmp_path / "workflow_api.json"
    path.write_text(json.dumps(WORKFLOW))
    return path


@pytest.fixture
def engine(server, workflow):
    return ComfyUIEngine({"url": server.url, "workflow": str(workflow), "patience_s": 20})


def render(engine, attempt=1, **more):
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), attempt, 1.0))


def test_parameters_go_where_the_links_of_the_sampler_lead(workflow):
    """From the sampler to its texts, its empty picture and its checkpoint; other inputs stay as they are."""
    graph = load_workflow(workflow, {}).filled({**PARAMETERS, "model": "photo.safetensors", "guidance": 4.0})

    assert (graph["6"]["inputs"]["text"], graph["7"]["inputs"]["text"]) == ("a town", "people")
    assert graph["3"]["inputs"] == {**WORKFLOW["3"]["inputs"], "seed": 7, "steps": 3, "cfg": 4.0}
    assert graph["5"]["inputs"] == {"width": 64, "height": 72, "batch_size": 1}
    assert graph["4"]["inputs"]["ckpt_name"] == "photo.safetensors"
    assert json.loads(workflow.read_text()) == WORKFLOW


def test_settings_may_name_any_input(workflow):
    """Under any name, at several places, and instead of what was found."""
    flow = load_workflow(workflow, {"denoise": "3.denoise", "prompt": "6.text, 7.text"})
    graph = flow.filled({"denoise": 0.5, "prompt": "a cat"})

    assert graph["3"]["inputs"]["denoise"] == 0.5
    assert graph["6"]["inputs"]["text"] == graph["7"]["inputs"]["text"] == "a cat"


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("not json", {}, "cannot be read"),
        ('{"nodes": [], "links": []}', {}, "for the editor, not for the API"),
        ('{"3": {"inputs": {}}}', {}, "is no workflow"),
        ("{}", {}, "is no workflow"),
        (json.dumps(WORKFLOW), {"inputs": {"denoise": "3.denoize"}}, "no input '3.denoize' for denoise"),
        (json.dumps(WORKFLOW), {"output": "99"}, "no node '99'"),
        (json.dumps(WORKFLOW), {"url": ""}, "needs a url"),
    ],
)
def test_workflows_that_cannot_be_used(tmp_path, content, options, words):
    """One line that says what to do, before anything is asked of a server."""
    path = tmp_path / "w.json"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        ComfyUIEngine({"url": "http://127.0.0.1:9", "workflow": str(path), **options})
    assert words in str(caught.value)


def test_the_picture_that_was_saved_is_the_result(server, engine):
    """Not a preview; the seed decides it."""
    one, same, other = render(engine), render(engine), render(engine, seed=8)

    assert Image.open(io.BytesIO(one.data)).size == (64, 72) and one.ext == "png"
    assert one.data == same.data != other.data


def test_another_attempt_is_not_answered_from_the_cache(server, engine):
    """A black picture of the first attempt would come again for ever."""
    server.moods = ["black"]
    first, again = render(engine), render(engine)
    second = render(engine, attempt=2)

    assert first.data == again.data != second.data


@pytest.mark.parametrize("mood", ["forgets", "lost answer"])
def test_what_a_server_forgot_or_did_not_answer(server, engine, mood):
    """Neither queue nor history knows it: it is given again. A lost answer is looked up under the id that we gave."""
    server.moods = [mood]

    assert render(engine).ext == "png"
    assert len(server.posted("/prompt")) == (2 if mood == "forgets" else 1)


@BOTH
def test_a_prompt_that_begins_to_run_is_not_taken_for_forgotten(server, engine):
    """It waits in one answer and runs in the next: never seen in either list, if two answers were mixed."""
    server.slow_s = 1.0
    seen = []

    def waiting(lists):
        seen.append(1)
        if len(seen) % 2:  # as it was a moment ago
            return {"queue_running": [], "queue_pending": lists["queue_running"] + lists["queue_pending"]}
        return lists

    server.shown = waiting
    assert render(engine).ext == "png"
    assert len(seen) >= 2 and len(server.posted("/prompt")) == 1


def test_a_server_that_always_forgets(server, engine):
    """It is given up, and another peer may try."""
    server.moods = ["forgets"] * 9
    with pytest.raises(EngineError, match="again and again") as caught:
        render(engine)
    assert not caught.value.permanent and len(server.posted("/prompt")) == 3


@pytest.mark.parametrize(
    ("mood", "more", "words", "kind"),
    [
        ("", {"model": "other.safetensors"}, "CheckpointLoaderSimple: value not in list (ckpt_name: 'other", "here"),
        ("no node", {}, "node FancyNode does not exist", "here"),
        ("no node, newer", {}, "Node 'FancyNode' not found", "here"),
        ("", {"steps": 20000}, "KSampler: value bigger than max", "permanent"),
        ("value_smaller_than_min", {}, "KSampler: value smaller than min", "permanent"),
        ("return_type_mismatch", {}, "KSampler: return type mismatch", "here"),
        ("exception_during_validation", {}, "KSampler: exception during validation", "here"),
        ("partly", {}, "refused the workflow: SaveImage", "here"),
        ("oom", {}, "KSampler: torch.OutOfMemoryError: Allocation failed", "here"),
        ("broken", {}, "KSampler: RuntimeError", "passing"),
        ("no outputs", {}, "ended well and has no picture", "passing"),
        ("cut off", {}, "cannot be decoded", "passing"),
        ("html", {}, "refused the workflow", "here"),
        ("ill", {}, "status 500", "passing"),
    ],
)
def test_how_it_fails(server, engine, mood, more, words, kind):
    """In the server's words; a model or node that is not here may be elsewhere. The next task is fine."""
    server.moods = [mood]
    with pytest.raises(EngineError) as caught:
        render(engine, **more)
    assert words in str(caught.value) and kind_of(caught.value) == kind
    assert render(engine, seed=99).ext == "png"


@BOTH
def test_only_what_we_gave_is_taken_back(server, engine):
    """Running it is interrupted, waiting it leaves the queue; what the owner renders by hand goes on."""
    server.slow_s = 30.0
    server.queue["by hand"] = (WORKFLOW, "")
    until(lambda: server.running == "by hand", "the server has it")
    failed = []

    def fails():
        with pytest.raises(EngineError) as caught:
            render(engine)
        failed.append(str(caught.value))

    thread = threading.Thread(target=fails, daemon=True)
    thread.start()
    until(lambda: server.queue, "the server has it")
    engine.cancel()
    assert not server.queue and server.running == "by hand" and server.interrupted == []

    until(lambda: server.queue, "the server has it")  # given again, since it was gone
    server.running = ""
    until(lambda: server.running not in ("", "by hand"), "the server has it")
    ours = server.running
    engine.cancel()
    thread.join(20)
    assert failed and "interrupted at the server" in failed[0]
    assert isinstance(engine, Cancellable)
    assert (ours in server.cancelled) if server.jobs else (server.interrupted == [ours])
    assert all(body == {"prompt_id": ours} for body in server.posted("/interrupt"))
    engine.cancel()
    assert len(server.interrupted) <= 1


def test_parameters_of_another_kind_are_told_before(engine):
    """By what the workflow itself has there."""
    assert engine.check(PARAMETERS) == []
    assert [name for name, _ in engine.check({**PARAMETERS, "steps": "many", "sampler": 3})] == ["steps", "sampler"]
    assert engine.parameters >= {"prompt", "negative", "seed", "steps", "guidance", "sampler", "scheduler", "model"}


def test_what_a_batch_leaves_empty_stays_as_the_workflow_has_it(engine):
    """A batch without a model or a sampler hands over empty texts."""
    values = engine.normalise({"prompt": "", "model": "", "sampler": "", "seed": 3})

    assert (values["model"], values["sampler"], values["prompt"]) == ("dream.safetensors", "euler", "")
    assert engine.normalise(values) == values


def test_a_server_that_is_started_again_meanwhile(server, workflow):
    """It forgets queue and history: what it was given is given again when it is back."""
    port = int(server.url.rpartition(":")[2])
    engine = ComfyUIEngine({"url": server.url, "workflow": str(workflow), "patience_s": 30})
    server.slow_s = 60.0
    outputs = []
    thread = threading.Thread(target=lambda: outputs.append(render(engine)), daemon=True)
    thread.start()
    until(lambda: server.running, "the server has it")
    server.close()
    back = ComfyServer(port, jobs=server.jobs)
    thread.join(30)
    back.close()

    assert outputs and outputs[0].ext == "png"


FLUX = {
    "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux.safetensors", "weight_dtype": "default"}},
    "2": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "a", "clip_name2": "b", "type": "flux"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "as saved", "clip": ["2", 0]}},
    "4": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["3", 0]}},
    "5": {"class_type": "BasicGuider", "inputs": {"model": ["1", 0], "conditioning": ["4", 0]}},
    "6": {"class_type": "RandomNoise", "inputs": {"noise_seed": 5}},
    "7": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
    "8": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 20, "model": ["1", 0]}},
    "9": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 1024, "batch_size": 1}},
    "10": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {
            "noise": ["6", 0], "guider": ["5", 0], "sampler": ["7", 0], "sigmas": ["8", 0], "latent_image": ["9", 0],
        },
    },
}  # fmt: skip


def found(tmp_path, graph):
    path = tmp_path / "graph_api.json"
    path.write_text(json.dumps(graph))
    return {name: set(places) for name, places in load_workflow(path, {}).inputs.items()}


def test_a_sampler_of_separate_parts(tmp_path):
    """As in workflows for Flux: noise, guider, sampler and sigmas are nodes of their own."""
    assert found(tmp_path, FLUX) == {
        "prompt": {("3", "text")}, "seed": {("6", "noise_seed")}, "steps": {("8", "steps")},
        "scheduler": {("8", "scheduler")}, "sampler": {("7", "sampler_name")}, "guidance": {("4", "guidance")},
        "width": {("9", "width")}, "height": {("9", "height")}, "model": {("1", "unet_name")},
    }  # fmt: skip
    guided = {
        **FLUX,
        "5": {
            "class_type": "CFGGuider",
            "inputs": {"cfg": 4.0, "model": ["1", 0], "positive": ["3", 0], "negative": ["11", 0]},
        },
        "11": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["2", 0]}},
    }
    places = found(tmp_path, guided)
    assert places["prompt"] == {("3", "text")} and places["negative"] == {("11", "text")}
    assert places["guidance"] == {("5", "cfg")}


def test_a_negative_that_is_made_of_the_prompt_has_no_place(tmp_path):
    """ConditioningZeroOut: what a batch does not want to see would be written over what it wants."""
    zeroed = {
        **WORKFLOW,
        "3": {**WORKFLOW["3"], "inputs": {**WORKFLOW["3"]["inputs"], "negative": ["13", 0]}},
        "13": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}},
    }
    places = found(tmp_path, zeroed)

    assert places["prompt"] == {("6", "text")} and "negative" not in places


def test_an_advanced_sampler(tmp_path):
    """Its seed has another name."""
    inputs = {**WORKFLOW["3"]["inputs"], "noise_seed": 4}
    del inputs["seed"]
    places = found(tmp_path, {**WORKFLOW, "3": {"class_type": "KSamplerAdvanced", "inputs": inputs}})
    assert places["seed"] == {("3", "noise_seed")}


def test_a_model_by_its_short_name(server, engine):
    """The server takes its own names only."""
    render(engine, model="photo")
    (given,) = server.posted("/prompt")
    assert given["prompt"]["4"]["inputs"]["ckpt_name"] == "photo.safetensors"


def test_a_part_that_is_refused_leaves_nothing_in_the_queue(server, engine):
    """What was accepted of the workflow would be rendered for nobody."""
    server.moods, server.slow_s = ["partly"], 600.0
    with pytest.raises(EngineError, match="refused the workflow"):
        render(engine)
    until(lambda: not server.queue and not server.running, "it is taken back", 20)


def test_ids_are_canonical_and_those_of_older_servers_are_their_own(server, engine):
    """Newer ones refuse any other form; of older ones the answer says which id to look for."""
    assert server.jobs, "it refuses what is not canonical"
    ours = [render(engine, seed=seed).data for seed in (1, 2)]
    server.own_ids = True
    theirs = [render(engine, seed=seed).data for seed in (1, 2)]
    given = [body["prompt_id"] for body in server.posted("/prompt")]

    assert ours == theirs and len(set(given)) == 4
    assert {"its-own-2", "its-own-3"} <= set(server.history)


def test_a_server_that_is_ill_for_a_while_has_forgotten_nothing(server, engine):
    """Status 500 for its queue and history says nothing of the prompt: it is not given again."""
    server.slow_s, server.ill = 0.5, 6

    assert render(engine).ext == "png"
    assert len(server.posted("/prompt")) == 1 and server.ill == 0


def test_a_server_that_is_ill_now_and_then(server, workflow):
    """Patience is for one illness, not for all of a long render."""
    engine = ComfyUIEngine({"url": server.url, "workflow": str(workflow), "patience_s": 1.0})
    server.slow_s, seen = 2.5, []

    def waiting(lists):
        seen.append(1)
        server.ill = 2 if len(seen) > 3 else 0
        return lists

    server.shown = waiting
    assert render(engine).ext == "png" and len(seen) > 4


def test_a_server_that_stays_ill(server, workflow):
    """Costs an attempt after its patience, in its own words."""
    engine = ComfyUIEngine({"url": server.url, "workflow": str(workflow), "patience_s": 0.3})
    server.ill = 1000
    with pytest.raises(EngineError, match="status 500: 500 Internal Server Error") as caught:
        render(engine)
    assert not caught.value.permanent and len(server.posted("/prompt")) == 1


def test_a_picture_that_is_gone_from_its_folder(server, engine):
    """Status 404 with an empty body. Another attempt makes it anew, where the cache would name the same file."""
    server.moods = ["gone"]
    for _ in range(2):
        with pytest.raises(EngineError, match=r"the picture ComfyUI_00000_\.png cannot be had: status 404") as caught:
            render(engine)
    assert not caught.value.permanent
    assert render(engine, attempt=2).ext == "png"


def test_the_node_whose_picture_counts(server, workflow):
    """A preview, if that is asked; one that a workflow does not make is told."""
    chosen = {**WORKFLOW, "12": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}}
    workflow.write_text(json.dumps(chosen))
    made = [
        render(ComfyUIEngine({"url": server.url, "workflow": str(workflow), **more}))
        for more in ({}, {"output": "9"}, {"output": "12"})
    ]
    assert made[0].data == made[1].data
    assert [Image.open(io.BytesIO(output.data)).size for output in made] == [(64, 72), (64, 72), (32, 32)]


def test_what_is_through_is_not_taken_back(server, engine):
    """Somebody else's may run now."""
    render(engine)
    server.moods = ["no outputs"]
    with pytest.raises(EngineError):
        render(engine, seed=8)
    before = len(server.asked)
    engine.cancel()
    assert len(server.asked) == before and server.cancelled == []


def test_the_workflow_in_the_box(server):
    """Text to picture by a checkpoint: the server's first, if nobody names one; of one that has none, that is said."""
    engine = ComfyUIEngine({"url": server.url})
    first, same, other = (render(engine, model=name) for name in ("", "dream", "photo"))
    graphs = [body["prompt"] for body in server.posted("/prompt")]

    assert engine.parameters == frozenset(
        ("prompt", "negative", "seed", "steps", "guidance", "sampler", "scheduler", "width", "height", "model")
    )
    assert [graph["4"]["inputs"]["ckpt_name"] for graph in graphs] == ["dream.safetensors"] * 2 + ["photo.safetensors"]
    assert Image.open(io.BytesIO(other.data)).size == (64, 72) and first.data == same.data
    server.models = ()
    with pytest.raises(EngineError, match="has no model for the workflow") as caught:
        render(engine)
    assert kind_of(caught.value) == "here"


def test_memory_is_given_back_with_the_cache(server, engine):
    """Only that forgets what it rendered; unloading models alone does not."""
    render(engine)
    engine.release()
    assert server.posted("/free") == [{"unload_models": True, "free_memory": True}] and not server.cache
    assert not engine.in_use()
    server.slow_s = 5.0
    server.queue["by hand"] = (WORKFLOW, "")
    assert engine.in_use() and isinstance(engine, Shared)
    assert engine.release(), "who wants his machine back does not wait for that"
