"""Names of models: servers write the same one in several ways."""

from __future__ import annotations

import re

__all__ = ["same_model"]

_ENDINGS = (".safetensors", ".ckpt", ".gguf")
_HASHED = re.compile(r"\[([0-9a-f]{8,64})\]\s*$")
_HASH = re.compile(r"[0-9a-f]{8,64}")


def same_model(asked: str, has: str) -> bool:
    """True for one model: a title is `folder/name.safetensors [hash]`; a name is the middle of it, or the hash."""
    if _plain(asked) == _plain(has):
        return True
    hashed, wanted = _HASHED.search(has.lower()), asked.strip().lower()
    if hashed is None or not _HASH.fullmatch(wanted):
        return False
    return wanted.startswith(hashed[1]) or hashed[1].startswith(wanted)


def _plain(text: str) -> str:
    name = text.partition(" [")[0].replace("\\", "/").rpartition("/")[2]
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.strip().lower()
