"""The render gate: what engines give now and then that is no picture at all, found by its pixels.

Each check has a threshold, which a batch may change or turn off; they are in `core.recipe.checks`. Levels are of 0 to
255.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat

__all__ = ["refusal"]

_SHINES = 24  # level of the brightest thousandth from which a dark picture shows something
_GREY = (112, 144)
_GREY_SHAKES = 4  # levels, by lossy formats
_NOISE_SCALES = (1, 8)  # pixels; models work on blocks of 8, and their noise is of that size
_TAILS = 4.5  # kurtosis: 3 of a bell curve, more where few cells stand out
_CENTRE = 512  # pixels
_NOISE_CELLS = 16  # a grid smaller than that says nothing
_Plane = NDArray[np.float32]


def refusal(image: Image.Image, thresholds: Mapping[str, float], asked: tuple[int, int] | None = None) -> str:
    """Why this is no picture, beginning with the name of the check; empty if it is one.

    Args:
        image: decoded whole.
        thresholds: of each check; one below 0 is off.
        asked: width and height, if they were asked for.
    """
    if asked is not None and _on(thresholds, "size"):
        off_by = max(abs(image.width - asked[0]), abs(image.height - asked[1]))
        if off_by > thresholds["size"]:
            return f"size: {image.width}x{image.height} pixels, not {asked[0]}x{asked[1]}"
    plain = image.convert("RGB")
    level = plain.convert("L")
    return (
        _light(level, thresholds) or _flat(plain, thresholds) or _grey(plain, thresholds) or _noise(level, thresholds)
    )


def _on(thresholds: Mapping[str, float], check: str) -> bool:
    return thresholds[check] >= 0


def _light(level: Image.Image, thresholds: Mapping[str, float]) -> str:
    counts = np.asarray(level.histogram(), dtype=np.float64)
    for check, from_it in (("black", counts), ("white", counts[::-1])):
        if not _on(thresholds, check):
            continue
        mean = float((from_it * np.arange(256)).sum() / from_it.sum())
        farthest = int(np.searchsorted(np.cumsum(from_it), 0.999 * from_it.sum()))
        if mean <= thresholds[check] and farthest < _SHINES:
            return f"{check}: its mean level is {mean:.1f} from {check}, and nothing stands out"
    return ""


def _flat(plain: Image.Image, thresholds: Mapping[str, float]) -> str:
    deviation = max(ImageStat.Stat(plain).stddev)
    if _on(thresholds, "flat") and deviation <= thresholds["flat"]:
        return f"flat: its levels deviate by {deviation:.2f} only"
    return ""


def _grey(plain: Image.Image, thresholds: Mapping[str, float]) -> str:
    """A lower part of one grey: what JPEG decoders fill in for data that is not there."""
    if not _on(thresholds, "grey"):
        return ""
    pixels = np.asarray(plain)
    last = pixels[-1].mean(axis=0)
    if np.ptp(last) > _GREY_SHAKES or not _GREY[0] <= last.mean() <= _GREY[1]:
        return ""
    same = np.abs(pixels - last).max(axis=(1, 2)) <= _GREY_SHAKES
    rows = len(same) if same.all() else int(np.argmin(same[::-1]))
    share = rows / len(same)
    return f"grey: its lower {share:.0%} are one grey" if share >= thresholds["grey"] else ""


def _noise(level: Image.Image, thresholds: Mapping[str, float]) -> str:
    """White noise, of pixels or of a model's blocks: averaging four neighbours leaves a quarter of its variance."""
    if not _on(thresholds, "noise"):
        return ""
    centre = np.asarray(_centre(level), dtype=np.float32)
    for scale in _NOISE_SCALES:
        cells = centre if scale == 1 else np.asarray(level.reduce(scale), dtype=np.float32)
        if min(cells.shape) < _NOISE_CELLS:
            return ""
        left = (_left(cells) + _left(_averaged(cells, 2))) / 2
        if left <= thresholds["noise"] and _is_even(cells) and _tails(centre) < _TAILS:
            return f"noise: averaging leaves {left:.2f} of its variance"
    return ""


def _centre(level: Image.Image) -> Image.Image:
    """As much as tells: noise is everywhere the same."""
    width, height = (min(side, _CENTRE) for side in level.size)
    left, top = (level.width - width) // 2, (level.height - height) // 2
    return level.crop((left, top, left + width, top + height))


def _averaged(plane: _Plane, side: int) -> _Plane:
    height, width = (n // side * side for n in plane.shape)
    cut = plane[:height, :width].reshape(height // side, side, width // side, side)
    averaged: _Plane = cut.mean(axis=(1, 3))
    return averaged


def _left(cells: _Plane) -> float:
    variance = float(cells.var())
    return float(_averaged(cells, 2).var()) / variance if variance else 1.0


def _is_even(cells: _Plane) -> bool:
    """Noise is everywhere the same: not some lights in the dark, nor a pattern whose neighbours are opposites."""
    centred = cells - cells.mean()
    variance = float((centred**2).mean())
    beside = float((centred[:, 1:] * centred[:, :-1]).mean())
    below = float((centred[1:] * centred[:-1]).mean())
    return min(beside, below) > -0.3 * variance and _tails(cells) < _TAILS


def _tails(plane: _Plane) -> float:
    """The kurtosis; of a plane of one level it is infinite."""
    centred = plane - plane.mean()
    variance = float((centred**2).mean())
    return float((centred**4).mean()) / variance**2 if variance else math.inf
