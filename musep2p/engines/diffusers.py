"""`diffusers`: Hugging Face's pipelines in the slot's own process; `pip install 'musep2p[diffusers]'`.

    [engines.diffusers]
    models = ["stabilityai/stable-diffusion-xl-base-1.0"]

A batch chooses among the machine's models and can name no other: weights may hold programs. They are loaded once and
kept as long as tasks ask for the same model. Noise is drawn on the CPU, so that a seed means the same picture on
machines of unequal GPUs, as far as their arithmetic agrees.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from musep2p.core.model_names import hash_in, same_model
from musep2p.core.recipe import Parameters
from musep2p.engines.options import Options, named
from musep2p.engines.pictures import as_picture
from musep2p.engines.values import one_form, wrong_values
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Output, Task

__all__ = ["DiffusersEngine"]

_DEFAULTS: Parameters = {
    "prompt": "", "negative": "", "width": 512, "height": 512, "steps": 30, "guidance": 7.0, "seed": 0, "model": "",
}  # fmt: skip
_DEVICES = ("auto", "cuda", "mps", "cpu")
_DTYPES = ("auto", "float16", "bfloat16", "float32")
_SEED_MAX = (1 << 63) - 1
_INSTALL = "Install it: pip install 'musep2p[diffusers]'."


class DiffusersEngine:
    """Pipelines of this machine.

    Args:
        settings: the table `engines.diffusers` of the peer's settings: `models`, folders or names at Hugging Face; a
            batch that names none gets the first; `device`: auto, cuda, mps, cpu; `dtype`: auto, float16, bfloat16,
            float32; `offline`: load nothing over the network; `options`, given to `from_pretrained` as they are.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "diffusers"
    payload = False
    parameters = frozenset(_DEFAULTS)

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        options = Options(self.name, settings or {})
        self._models = options.texts("models")
        self._device, self._dtype = options.text("device", "auto"), options.text("dtype", "auto")
        self._offline = options.flag("offline")
        self._options = options.table("options")
        self.keyed, identity = named("diffusers/1", options)
        self.identity = f"{identity} {self._dtype} {sorted(self._options.items())}"
        options.end()
        for name, value, known in (("device", self._device, _DEVICES), ("dtype", self._dtype, _DTYPES)):
            if value not in known:
                raise ConfigError(f"engines.diffusers: {name} cannot be {value!r}.", f"Known: {', '.join(known)}.")
        self._loaded, self._commit, self._pipeline = "", "", None

    def missing(self) -> str:
        """Why nothing can be rendered here: it is not installed, or has no models."""
        lacking = [name for name in ("torch", "diffusers") if find_spec(name) is None]
        if lacking:
            return f"diffusers: {' and '.join(lacking)} is not installed here. {_INSTALL}"
        example = 'Set them in musep2p.toml: [engines.diffusers] models = ["FOLDER or NAME"].'
        return "" if self._models else f"diffusers: no models are set. {example}"

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        return wrong_values(self.name, self.normalise(parameters), seed_max=_SEED_MAX)

    def normalise(self, parameters: Parameters) -> Parameters:
        return one_form({name: parameters.get(name, default) for name, default in _DEFAULTS.items()})

    def render(self, task: Task) -> Output:
        if problem := self.missing():
            raise EngineError(problem)
        import torch

        values = task.parameters
        pipeline = self._ready(str(values["model"]) or self._models[0])
        negative = {"negative_prompt": values["negative"]} if values["negative"] else {}
        try:
            with torch.inference_mode():
                made = pipeline(
                    prompt=values["prompt"], width=values["width"], height=values["height"],
                    num_inference_steps=values["steps"], guidance_scale=values["guidance"], num_images_per_prompt=1,
                    generator=torch.Generator("cpu").manual_seed(int(values["seed"])), **negative,
                )  # fmt: skip
        except torch.cuda.OutOfMemoryError as error:
            self.release()
            raise EngineError(
                f"diffusers: out of memory: {_line(error)}.", "A smaller size may fit.", peer_bound=True
            ) from None
        except (TypeError, ValueError) as error:
            raise EngineError(f"diffusers: {_line(error)}.", permanent=True) from None
        out = io.BytesIO()
        made.images[0].save(out, "PNG")
        return replace(as_picture(out.getvalue(), self.name), model_hash=self._commit)

    def models(self) -> tuple[str, ...]:
        """Those of this machine's settings; of those from Hugging Face also which commit is here."""
        commits = [(model, self._commit_of(model)) for model in self._models]
        return tuple(f"{model} [{commit}]" if commit else model for model, commit in commits)

    def release(self) -> None:
        """Let go of the weights, so that another engine has the memory."""
        self._pipeline, self._loaded, self._commit = None, "", ""
        gc.collect()
        if find_spec("torch") is not None:
            import torch

            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _commit_of(self, model: str) -> str:
        """Empty too where the settings choose another one, or look elsewhere."""
        return "" if {"revision", "cache_dir"} & self._options.keys() else _commit(model)

    def _ready(self, model: str) -> Any:
        """The pipeline of that model; another one is let go of first."""
        if model not in self._models and ("/" not in model or hash_in(model)):
            name = model.partition(" [")[0]
            same = [one for title, one in zip(self.models(), self._models, strict=True) if same_model(model, title)]
            model = next((one for one in same if one == name), same[0] if same and "/" not in name else model)
        if model not in self._models:
            known = ", ".join(self._models)
            raise EngineError(
                f"diffusers: the model {model!r} is none of this machine's.", f"It has {known}.", peer_bound=True
            )
        commit = self._commit_of(model)
        if self._pipeline is not None and (self._loaded, self._commit) == (model, commit):
            return self._pipeline
        self.release()
        import diffusers
        import torch

        device = self._device if self._device != "auto" else _best_device(torch)
        usual = "float32" if device == "cpu" else "float16"
        dtype = getattr(torch, self._dtype if self._dtype != "auto" else usual)
        try:
            revision = {"revision": commit} if commit else {}  # what this machine tells is what it renders with
            # An older one takes the new name for a part that it does not know, and renders in single precision.
            precision = {"dtype" if int(diffusers.__version__.split(".")[0]) >= 1 else "torch_dtype": dtype}
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                model, use_safetensors=True, local_files_only=self._offline, **precision, **revision, **self._options
            )
            pipeline = pipeline.to(device)
        except torch.cuda.OutOfMemoryError as error:
            words = f"diffusers: {model} does not fit into the memory here: {_line(error)}."
            raise EngineError(words, peer_bound=True) from None
        except (OSError, ValueError, ImportError) as error:
            words = f"diffusers: the model {model!r} cannot be loaded here: {_line(error)}."
            raise EngineError(words, peer_bound=True) from None
        pipeline.set_progress_bar_config(disable=True)
        self._pipeline, self._loaded, self._commit = pipeline, model, self._commit_of(model)
        return pipeline


def _commit(model: str) -> str:
    """Which commit of Hugging Face's repository is in this machine's cache; empty of a folder, or of none."""
    if find_spec("huggingface_hub") is None or Path(model).is_dir():
        return ""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(model, "model_index.json")
    except ValueError:  # no name of a repository
        return ""
    return Path(found).parent.name if isinstance(found, str) else ""


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
