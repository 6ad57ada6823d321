"""From parameters to a picture."""

from __future__ import annotations

import numpy as np
import xxhash
from PIL import Image as PilImage

from musep2p.painter.brief import Values, make_brief
from musep2p.painter.canvas import Canvas
from musep2p.painter.finishes import finish, line_width, touch
from musep2p.painter.scenes import paint_scene

__all__ = ["calibration", "paint"]

# Between them a face, a town, water, a table and every way of laying paint that has arithmetic of its own.
_CALIBRATION = (
    "woman with wavy hair and glasses in Paris at sunset, rain, oil painting",
    "old man with a beard, straw hat, striped sweater, snow, watercolour",
    "koi fish and lotus, ink wash",
    "neon street at night, fireworks",
)


def paint(values: Values) -> PilImage.Image:
    """The picture of some normalised parameters.

    Args:
        values: prompt, negative, width, height, steps, guidance, seed.

    Returns:
        An RGB picture of the asked size, the same on every CPU.
    """
    brief = make_brief(values)
    canvas = Canvas(brief.height, brief.width, line_width(brief))
    paint_scene(canvas, brief)
    touch(canvas, brief, int(values["steps"]))
    pixels = finish(canvas, brief)
    return PilImage.fromarray(np.clip(pixels + np.float32(0.5), 0, 255).astype(np.uint8))


def calibration() -> str:
    """The hash of small pictures painted on this machine: where it differs, so would larger ones."""
    hasher = xxhash.xxh3_64()
    for seed, prompt in enumerate(_CALIBRATION):
        values: dict[str, str | int | float | bool] = {
            "prompt": prompt,
            "negative": "",
            "width": 64,
            "height": 80,
            "steps": 30,
            "guidance": 7.0,
            "seed": seed,
        }
        hasher.update(paint(values).tobytes())
    return hasher.hexdigest()
