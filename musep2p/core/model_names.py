"""Names of models: servers write the same one in several ways."""

from __future__ import annotations

import re

__all__ = ["hash_in", "same_hash", "same_model"]

_ENDINGS = (".safetensors", ".ckpt", ".gguf")
_HASHED = re.compile(r"\[([0-9a-f]{8,64})\]\s*$")
_HASH = re.compile(r"[0-9a-f]{8,64}")


def same_model(asked: str, has: str) -> bool:
    """True for one model: a title is `folder/name.safetensors [hash]`; a name is the middle of it, or the hash."""
    theirs, wanted = hash_in(has), asked.strip().lower()
    if "" != _repository(asked) != _repository(has) != "":
        return False
    if _plain(asked) == _plain(has):
        return same_hash(hash_in(asked), theirs)
    return theirs != "" and _HASH.fullmatch(wanted) is not None and same_hash(wanted, theirs)


def hash_in(title: str) -> str:
    """The hash that a title ends with, or nothing."""
    found = _HASHED.search(title.lower())
    return found[1] if found else ""


def same_hash(one: str, other: str) -> bool:
    """False when both are known and differ: some servers tell only the beginning."""
    return one.startswith(other) or other.startswith(one)


def _repository(text: str) -> str:
    """`owner/name` of a model at Hugging Face, empty of files: a file's folder is no part of its name, an owner is."""
    name = text.partition(" [")[0].strip().lower()
    return name if name.count("/") == 1 and not name.startswith("/") and not name.endswith(_ENDINGS) else ""


def _plain(text: str) -> str:
    name = text.partition(" [")[0].replace("\\", "/").rpartition("/")[2]
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.strip().lower()
