"""The pipelines' adapter against pipelines of the same signature; and, by hand, against real ones of random weights."""

import io

import pytest
from PIL import Image

from musep2p.engines.diffusers import DiffusersEngine
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Releasing, Task
from tests.engines import pipelines
from tests.engines.kinds import kind_of

PARAMETERS = {"prompt": "a town", "width": 64, "height": 72, "seed": 7, "steps": 2}


@pytest.fixture
def fake(monkeypatch):
    pipelines.install(monkeypatch)
    return pipelines.Pipeline


def render(engine, **more):
    return engine.render(Task(engine.normalise({**PARAMETERS, **more}), 1, 1.0))


def test_weights_are_loaded_once_and_let_go_of_for_others(fake):
    """In the precision of the device; a batch may name another model than the machine's."""
    engine = DiffusersEngine({"models": ["a/model", "b/model"], "offline": True, "options": {"variant": "fp16"}})
    render(engine)
    render(engine, seed=8)
    render(engine, model="b/model")
    render(engine)
    engine.release()
    render(engine)
    keywords = {"torch_dtype": "float16", "use_safetensors": True, "local_files_only": True, "variant": "fp16"}

    assert [model for model, _, _ in fake.loaded] == ["a/model", "b/model", "a/model", "a/model"]
    assert fake.loaded[0] == ["a/model", keywords, "cuda"] and isinstance(engine, Releasing)


@pytest.mark.parametrize(("version", "keyword"), [("0.31.0", "torch_dtype"), ("1.0.0.dev0", "dtype")])
def test_precision_by_the_name_that_the_version_knows(fake, monkeypatch, version, keyword):
    """An older one would take the new name, ignore it, and need twice the memory."""
    monkeypatch.setattr("diffusers.__version__", version)
    render(DiffusersEngine({"models": ["a/model"]}))
    assert fake.loaded[0][1][keyword] == "float16" and len({"torch_dtype", "dtype"} & set(fake.loaded[0][1])) == 1


def test_a_batch_can_name_no_other_model(fake):
    """Nothing is fetched because a message says so; another machine may have it."""
    with pytest.raises(EngineError, match=r"none of this machine's\. It has a/model") as caught:
        render(DiffusersEngine({"models": ["a/model"]}), model="stranger/model")
    assert not caught.value.permanent and fake.loaded == []


@pytest.mark.parametrize(
    ("settings", "mood", "words", "kind"),
    [
        ({"models": ["missing/model"]}, "", "the model 'missing/model' cannot be loaded here", "here"),
        ({"models": ["too/large"]}, "", "does not fit into the memory here: CUDA out of memory. Tried", "here"),
        ({}, "", "no models are set", "passing"),
        ({"models": ["a/model"]}, "memory", "out of memory: CUDA out of memory. Tried to allocate 2 GiB", "here"),
        ({"models": ["a/model"]}, "parameter", "have to be divisible by 16", "permanent"),
    ],
)
def test_how_it_fails(fake, settings, mood, words, kind):
    """A model or memory that is lacking here may be elsewhere; what the pipeline refuses is refused everywhere."""
    fake.moods[:] = [mood]
    with pytest.raises(EngineError) as caught:
        render(DiffusersEngine(settings))
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert kind_of(caught.value) == kind


def test_which_commit_of_a_repository_is_here(fake, tmp_path):
    """It is the hash of the model: told, confirmed by each picture, and another one is none of this machine's."""
    commit = "5ede9e4b3b5a0a1c9d7f0c6f2f5f7a3b1c2d3e4f"
    engine = DiffusersEngine({"models": ["a/model", "b/model", "/models/portraits", str(tmp_path)]})

    assert engine.models() == ("a/model", f"b/model [{commit}]", "/models/portraits", str(tmp_path))
    assert [render(engine, model=name).model_hash for name in ("", "b/model")] == ["", commit]
    assert render(engine, model=f"b/model [{commit[:12]}]").model_hash == commit
    assert fake.loaded[-1][1]["revision"] == commit, "what it tells is what it renders with"
    with pytest.raises(EngineError, match="is none of this machine's") as caught:
        render(engine, model="b/model [0123456789ab]")
    assert kind_of(caught.value) == "here"


def test_another_commit_came_while_one_was_loaded(fake, monkeypatch):
    """Then it is loaded; where the settings choose a revision, no commit is told."""
    engine = DiffusersEngine({"models": ["b/model"]})
    first, later = render(engine).model_hash, "0" * 40
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: f"/c/snapshots/{later}/model_index.json")
    assert render(engine).model_hash == later != first and len(fake.loaded) == 2
    chosen = DiffusersEngine({"models": ["b/model"], "options": {"revision": "fp16"}})
    assert chosen.models() == ("b/model",) and render(chosen).model_hash == ""


def test_after_memory_was_short_weights_are_loaded_anew(fake):
    """What is left of the failed attempt might be what is lacking."""
    engine = DiffusersEngine({"models": ["a/model"], "device": "cpu"})
    fake.moods[:] = ["", "memory"]
    render(engine)
    with pytest.raises(EngineError):
        render(engine)
    assert render(engine).ext == "png" and len(fake.loaded) == 2
    assert fake.loaded[0][1]["torch_dtype"] == "float32"


def test_settings_that_cannot_be_used():
    """One line each; and what is not installed is said."""
    for settings, words in (
        ({"device": "gpu"}, "device cannot be 'gpu'"),
        ({"dtype": "fp16"}, "dtype cannot be 'fp16'"),
        ({"offline": 1}, "offline must be true or false"),
        ({"model": "x"}, "Did you mean 'models'"),
    ):
        with pytest.raises(ConfigError, match=words):
            DiffusersEngine(settings)


@pytest.mark.parametrize(("name", "value"), [("width", 100), ("steps", 0), ("seed", -1), ("guidance", "high")])
def test_parameters_that_it_would_refuse(name, value):
    """Told before anything runs."""
    assert [problem for problem, _ in DiffusersEngine().check({**PARAMETERS, name: value})] == [name]
    assert DiffusersEngine().check(PARAMETERS) == []


@pytest.mark.real
@pytest.mark.timeout(600)
def test_a_real_pipeline_of_random_weights(tmp_path):
    """`pip install 'musep2p[diffusers]'`, then `bin/test tests/engines/test_diffusers.py -m real`."""
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    torch.manual_seed(1)
    unet = diffusers.UNet2DModel(
        sample_size=64, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    diffusers.DDPMPipeline(unet, diffusers.DDPMScheduler()).save_pretrained(tmp_path / "no prompt")
    _stable_diffusion(torch, diffusers, tmp_path / "tiny")
    folders = [str(tmp_path / name) for name in ("tiny", "no prompt", "nothing")]
    engine = DiffusersEngine({"models": folders, "device": "cpu", "offline": True})
    one, same, other = render(engine, height=64), render(engine, height=64), render(engine, height=64, seed=8)

    assert Image.open(io.BytesIO(one.data)).size == (64, 64)
    assert one.data == same.data and one.pixel_hash != other.pixel_hash
    with pytest.raises(EngineError, match="unexpected keyword argument") as caught:
        render(engine, height=64, model=str(tmp_path / "no prompt"))
    assert caught.value.permanent
    with pytest.raises(EngineError, match="cannot be loaded here"):
        render(engine, model=str(tmp_path / "nothing"))


def _stable_diffusion(torch, diffusers, folder):
    """Stable Diffusion's parts, each as small as it can be."""
    import transformers

    words = folder.parent / "words"
    words.mkdir()
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    entries = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = ", ".join(f'"{entry}": {number}' for number, entry in enumerate(entries))
    (words / "vocab.json").write_text(f"{{{vocabulary}}}")
    (words / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=77)
    text = transformers.CLIPTextConfig(
        vocab_size=len(entries), hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(32, 64),
        cross_attention_dim=32, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32, 32, 32), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, latent_channels=4,
    )  # fmt: skip
    diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=transformers.CLIPTextModel(text), tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
