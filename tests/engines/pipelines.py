"""`torch` and `diffusers` as far as the adapter knows them: the same names, the same signatures, pictures of waves."""

import io
import sys
import types
from typing import ClassVar

import pytest
from PIL import Image

from tests.engines.servers import black, rendered


class OutOfMemoryError(RuntimeError):
    """As `torch.cuda` raises it."""


class Generator:
    def __init__(self, device):
        assert device == "cpu"
        self.seed = 0

    def manual_seed(self, seed):
        self.seed = seed
        return self


class Pipeline:
    """What `DiffusionPipeline.from_pretrained` gives.

    Attributes:
        loaded: all that was loaded, as (model, keywords, device).
        moods: of the next calls.
    """

    loaded: ClassVar = []
    moods: ClassVar = []

    def __init__(self, model, keywords):
        self.entry = [model, keywords, ""]
        Pipeline.loaded.append(self.entry)

    @classmethod
    def from_pretrained(cls, model, *, use_safetensors, local_files_only, **keywords):
        if model == "missing/model":
            raise OSError("missing/model is not a local folder and is not a valid model identifier")
        if model == "too/large":
            raise OutOfMemoryError("CUDA out of memory.\nTried to allocate 20 GiB")
        known = {"use_safetensors": use_safetensors, "local_files_only": local_files_only}
        return cls(model, {**known, **keywords})

    def to(self, device):
        self.entry[2] = device
        return self

    def set_progress_bar_config(self, *, disable):
        assert disable

    def __call__(
        self, *, prompt, width, height, num_inference_steps, guidance_scale, num_images_per_prompt, generator,
        negative_prompt=None,
    ):  # fmt: skip
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "memory":
            raise OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")
        if mood == "parameter":
            raise ValueError("`height` and `width` have to be divisible by 16")
        data = black(width, height) if mood == "black" else rendered(width, height, generator.seed)
        return types.SimpleNamespace(images=[Image.open(io.BytesIO(data))])


def cached(model, file):
    """As the hub's library: where a file of a repository is, None if it is not here."""
    if model.startswith("/"):
        raise ValueError("Repo id must be in the form 'repo_name' or 'namespace/repo_name'")
    commit = {"b/model": "5ede9e4b3b5a0a1c9d7f0c6f2f5f7a3b1c2d3e4f"}.get(model)
    return f"/cache/models--b--model/snapshots/{commit}/{file}" if commit else None


def install(patch):
    """Put them where the real ones would be."""
    Pipeline.loaded.clear()
    Pipeline.moods.clear()
    torch, diffusers = types.ModuleType("torch"), types.ModuleType("diffusers")
    torch.float16, torch.float32, torch.bfloat16 = "float16", "float32", "bfloat16"
    torch.Generator, torch.inference_mode = Generator, lambda: io.BytesIO()
    torch.cuda = types.SimpleNamespace(
        is_available=lambda: True, empty_cache=lambda: None, OutOfMemoryError=OutOfMemoryError
    )
    torch.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: False))
    diffusers.DiffusionPipeline, diffusers.__version__ = Pipeline, "0.42.1"
    hub = types.ModuleType("huggingface_hub")
    hub.try_to_load_from_cache = cached
    for module in (torch, diffusers, hub):
        module.__spec__ = types.SimpleNamespace(name=module.__name__)
        patch.setitem(sys.modules, module.__name__, module)


class PipelineMoods:
    """The pipelines in the place of a server."""

    url = ""

    def __init__(self):
        self._patch = pytest.MonkeyPatch()
        install(self._patch)
        self.moods = Pipeline.moods

    def close(self):
        self._patch.undo()
