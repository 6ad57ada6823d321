"""Pictures that a batch hands to an engine: files of one folder that all machines see, by their names in it."""

from __future__ import annotations

from pathlib import Path

from musep2p.errors import EngineError

__all__ = ["is_reference", "read_reference"]

_BYTES_MAX = 128 << 20


def read_reference(engine: str, folder: str, name: str) -> bytes:
    """The bytes of a file in the folder that this machine's settings name for an engine.

    Raises:
        EngineError: there is none, or it is elsewhere: a batch may read no other file of this machine.
    """
    if not folder:
        hint = f'Set [engines.{engine}] images = "FOLDER" in musep2p.toml.'
        raise EngineError(
            f"{engine}: the batch hands in {name!r}, and no folder for that is set.", hint, peer_bound=True
        )
    root = Path(folder).expanduser().resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise EngineError(f"{engine}: {name!r} is not in {folder}.", permanent=True)
    try:
        data = path.read_bytes() if path.stat().st_size <= _BYTES_MAX else b""
    except OSError as error:
        words = f"{engine}: {path} cannot be read: {error.strerror or error}."
        raise EngineError(words, "Is it in the folder `images` of that machine?", peer_bound=True) from None
    if not data:
        raise EngineError(f"{engine}: {path} is empty, or larger than {_BYTES_MAX >> 20} MB.", permanent=True)
    return data


def is_reference(folder: str, name: str) -> bool:
    """True when the folder has a file of that name."""
    root = Path(folder).expanduser().resolve()
    return bool(folder) and (root / name).resolve().is_relative_to(root) and (root / name).is_file()
