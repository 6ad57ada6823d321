"""Names of models, samplers and schedulers: servers write the same one in several ways."""

from __future__ import annotations

__all__ = ["same_model"]

_ENDINGS = (".safetensors", ".ckpt", ".gguf")


def same_model(asked: str, has: str) -> bool:
    """True for one model: a title is `folder/name.safetensors [hash]`, a name only the middle of it."""
    return _plain(asked) == _plain(has)


def _plain(text: str) -> str:
    name = text.partition(" [")[0].replace("\\", "/").rpartition("/")[2]
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.strip().lower()
