"""Filters over whole pictures, of elementary operations in a fixed order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musep2p.painter.canvas import Image
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour
from musep2p.painter.raster import Mask, Patch, softened

__all__ = [
    "blurred",
    "cells",
    "grey",
    "levelled",
    "nearest_colour",
    "over",
    "saturated",
    "shifted",
    "stretched",
    "tinted",
    "vignette",
    "voronoi",
]


_RANGE_MIN = 40  # tones between the darkest and lightest twentieth, below which a picture looks empty


def grey(pixels: Image) -> Mask:
    """Luminance (Rec. 601), from 0 to 255."""
    return (
        pixels[:, :, 0] * np.float32(0.299) + pixels[:, :, 1] * np.float32(0.587) + pixels[:, :, 2] * np.float32(0.114)
    )


def saturated(pixels: Image, factor: float) -> Image:
    """More or less colourful."""
    flat = grey(pixels)[:, :, None]
    return np.clip(flat + (pixels - flat) * np.float32(factor), 0, 255)


def levelled(tone: Mask) -> Mask:
    """The tones spread over the whole range: the darkest and lightest fiftieth go to the ends."""
    counts = np.cumsum(np.bincount(np.clip(tone, 0, 255).astype(np.int64).reshape(-1), minlength=256))
    low = int(np.searchsorted(counts, counts[-1] // 50))
    high = int(np.searchsorted(counts, counts[-1] - counts[-1] // 50))
    return np.clip((tone - low) * np.float32(240 / max(40, high - low)) + 8, 0, 255)


def stretched(pixels: Image) -> Image:
    """More contrast for a picture that has hardly any; others as they are."""
    counts = np.cumsum(np.bincount(np.clip(grey(pixels), 0, 255).astype(np.int64).reshape(-1), minlength=256))
    low = int(np.searchsorted(counts, counts[-1] // 20))
    high = int(np.searchsorted(counts, counts[-1] - counts[-1] // 20))
    if high - low >= _RANGE_MIN:
        return pixels
    middle = np.float32((low + high) / 2)
    return (pixels - middle) * np.float32(min(6.0, _RANGE_MIN / max(1, high - low))) + np.clip(middle, 70, 185)


def tinted(tone: Mask, low: tuple[int, int, int] | Colour, high: tuple[int, int, int] | Colour) -> Image:
    """A picture in two colours: `low` where the tone is 0, `high` where it is 255."""
    part = (np.clip(tone, 0, 255) * np.float32(1 / 255))[:, :, None]
    dark, bright = np.asarray(low, np.float32), np.asarray(high, np.float32)
    return dark + (bright - dark) * part


def blurred(pixels: Image, radius: int) -> Image:
    """Softly out of focus."""
    height, width, channels = pixels.shape
    out = np.empty_like(pixels)
    for channel in range(channels):
        patch = Patch(0, 0, np.clip(pixels[:, :, channel], 0, 255) * np.float32(1 / 256))
        out[:, :, channel] = softened(patch, radius, height, width).mask * np.float32(256)
    return out


def over(pixels: Image, mask: Mask, colour: tuple[int, int, int] | Colour, opacity: float = 1.0) -> Image:
    """A colour laid over the picture as strongly as the mask says."""
    part = (mask * np.float32(opacity))[:, :, None]
    return pixels + (np.asarray(colour, np.float32) - pixels) * part


def shifted(pixels: Image, chance: Chance, across: Mask, down: Mask) -> Image:
    """Each pixel taken from so many pixels further right and down."""
    height, width, _ = pixels.shape
    rows = np.clip(np.arange(height)[:, None] + down.astype(np.int64), 0, height - 1)
    columns = np.clip(np.arange(width)[None, :] + across.astype(np.int64), 0, width - 1)
    moved: Image = pixels[rows, columns]
    return moved


def voronoi(
    chance: Chance, size: tuple[int, int], side: float
) -> tuple[npt.NDArray[np.int64], Mask, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Cells round jittered points.

    Returns:
        The number of each pixel's cell, how far the pixel is from the edge of its cell in pixels (roughly), and the
        rows and columns of the cells' points.
    """
    height, width = size
    down, across = int(height / side) + 3, int(width / side) + 3
    jitter = chance.field("cells", 2, down, across).astype(np.float32)
    point_y = (np.arange(down)[:, None] - 1 + jitter[0]) * np.float32(side)
    point_x = (np.arange(across)[None, :] - 1 + jitter[1]) * np.float32(side)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    home_y, home_x = (np.arange(height) / side).astype(np.int64) + 1, (np.arange(width) / side).astype(np.int64) + 1
    first = np.full(size, np.float32(1e9))
    second = np.full(size, np.float32(1e9))
    owner = np.zeros(size, np.int64)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            row, column = (
                np.clip(home_y + step_y, 0, down - 1)[:, None],
                np.clip(home_x + step_x, 0, across - 1)[None, :],
            )
            dy, dx = y - point_y[row, column], x - point_x[row, column]
            away = dy * dy + dx * dx
            nearer = away < first
            second = np.where(nearer, first, np.minimum(second, away))
            owner = np.where(nearer, row * across + column, owner)
            first = np.where(nearer, away, first)
    rows = np.clip(point_y, 0, height - 1).astype(np.int64).reshape(-1)
    columns = np.clip(point_x, 0, width - 1).astype(np.int64).reshape(-1)
    return owner, np.sqrt(second) - np.sqrt(first), (rows, columns)


def cells(pixels: Image, chance: Chance, side: float) -> Image:
    """Flat patches, as of a palette knife: each has the colour under its point."""
    owner, _, (rows, columns) = voronoi(chance, pixels.shape[:2], max(3.0, side))
    flat: Image = pixels[rows, columns][owner]
    return flat


def nearest_colour(pixels: Image, palette: list[Colour]) -> Image:
    """The closest colour of a palette for each pixel (weighted distance in RGB)."""
    best = np.full(pixels.shape[:2], np.float32(1e12))
    out = np.zeros_like(pixels)
    for colour in palette:
        away = pixels - colour.astype(np.float32)
        distance = (
            away[:, :, 0] * away[:, :, 0] * np.float32(0.9)
            + away[:, :, 1] * away[:, :, 1] * np.float32(1.3)
            + away[:, :, 2] * away[:, :, 2] * np.float32(0.8)
        )
        closer = distance < best
        best = np.where(closer, distance, best)
        out[closer] = colour.astype(np.float32)
    return out


def vignette(pixels: Image, strength: float) -> Image:
    """Darker towards the corners."""
    height, width, _ = pixels.shape
    y = ((np.arange(height) + 0.5) / height * 2 - 1).astype(np.float32)[:, None]
    x = ((np.arange(width) + 0.5) / width * 2 - 1).astype(np.float32)[None, :]
    away = x * x * np.float32(0.5) + y * y * np.float32(0.5)
    return pixels * (1 - away * away * np.float32(strength))[:, :, None]
