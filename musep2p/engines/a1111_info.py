"""What a server of Automatic1111's kind says of a picture, in `info` beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from musep2p.core.model_names import same_model
from musep2p.errors import EngineError

__all__ = ["check_model", "check_vae", "info_of"]

_PAIR = re.compile(r'(?:^|, )(Model|VAE|App): (?:"([^"]+)"|([^,"]+))')
_LEFT_OUT = str.maketrans("", "", ",:")  # of a model's name, in SD.Next's text


def info_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """JSON inside a string; some servers leave it empty."""
    try:
        info = json.loads(said.get("info") or "{}")
    except (TypeError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


def check_model(info: Mapping[str, Any], model: str) -> None:
    """Compare the model that made it, as far as that is told.

    Raises:
        EngineError: it was another one than was asked for.
    """
    made_by, known = str(info.get("sd_model_name") or ""), str(info.get("sd_model_hash") or "")
    asked = model
    if not made_by:
        made_by, asked = _text(info).get("Model", ""), model.translate(_LEFT_OUT)
    if model and made_by and not same_model(asked, f"{made_by} [{known}]" if known else made_by):
        words = f"a1111: it rendered with the model {made_by!r} ({known or 'no hash'}), not with {model!r}."
        raise EngineError(words, peer_bound=True)


def check_vae(info: Mapping[str, Any], vae: str) -> None:
    """SD.Next renders with the model's own VAE when it cannot load another, and names what it has loaded.

    Raises:
        EngineError: it could not load this one.
    """
    told, stem = _text(info), PurePosixPath(vae.replace("\\", "/")).stem
    says = told.get("App") == "SD.Next" and "Model" in told and stem == stem.translate(_LEFT_OUT)
    if says and told.get("VAE", "").casefold() != stem.casefold():
        raise EngineError(f"a1111: this server could not load the vae {vae!r}.", "See its log.", peer_bound=True)


def _text(info: Mapping[str, Any]) -> dict[str, str]:
    """Some pairs of the last line of the picture's text; above that line is the prompt."""
    texts = info.get("infotexts")
    last = str(texts[0]).rpartition("\n")[2] if isinstance(texts, list) and texts else ""
    return {name: quoted or plain for name, quoted, plain in _PAIR.findall(last)}
