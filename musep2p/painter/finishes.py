"""Finishes: how the painted scene becomes a watercolour, a woodblock, pixels; and the last touches of every picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musep2p.painter import media, prints
from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Image
from musep2p.painter.filters import blurred, cells, grey, saturated, stretched, tinted, vignette
from musep2p.painter.noise import cloud, value_noise
from musep2p.painter.vector import Points, oval

__all__ = ["FINISHES", "finish", "line_width", "touch"]

# Width of the outlines that a finish wants, in pixels of a picture 512 wide.
_LINES = {
    "ink": 2.4, "pencil": 1.3, "charcoal": 1.8, "woodblock": 3.0, "ukiyoe": 1.8, "comic": 2.4, "anime": 1.4, "pop": 3.0,
    "deco": 1.5, "neon": 1.9, "blueprint": 1.3, "glass": 3.6, "watercolour": 0.9, "papercut": 2.2,
}  # fmt: skip
FINISHES: dict[str, Callable[[Canvas, Brief], Image]] = {
    "watercolour": media.watercolour,
    "ink": media.ink_wash,
    "pencil": media.pencil,
    "charcoal": media.charcoal,
    "oil": media.oil,
    "impressionist": media.impressionist,
    "pointillism": media.pointillism,
    "woodblock": prints.woodblock,
    "ukiyoe": prints.ukiyoe,
    "neon": prints.neon,
    "deco": prints.deco,
    "pixel": prints.pixel,
    "pop": prints.pop,
    "comic": prints.comic,
    "anime": prints.anime,
    "glass": prints.glass,
    "mosaic": prints.mosaic,
    "lowpoly": prints.lowpoly,
    "papercut": prints.papercut,
    "blueprint": prints.blueprint,
    "photo": media.photo,
    "poster": prints.poster,
}


def line_width(brief: Brief) -> float:
    """How wide the picture's outlines are, in pixels; 0 for none."""
    width = _LINES.get(brief.name("finish"), 0.0)
    return max(0.8, width * brief.short_side / 512) if width else 0.0


def touch(canvas: Canvas, brief: Brief, steps: int) -> None:
    """Brush marks over the scene, more of them with every step."""
    count = min(1500, 10 * steps)
    unit = brief.short_side
    groups: list[list[Points]] = [[], []]
    for number, (x, y, size, turn) in enumerate(brief.chance.field("touches", count, 4)):
        long = unit * (0.006 + 0.016 * size)
        groups[number % 2].append(oval(x * canvas.width, y * canvas.height, long, long * 0.22, turn * 0.2 - 0.1)[::8])
    white, black = np.array((255.0, 250.0, 240.0)), np.array((30.0, 24.0, 40.0))
    ink, canvas.ink = canvas.ink, None
    canvas.lay(canvas.cover(groups[0]), white, 0.05)
    canvas.lay(canvas.cover(groups[1]), black, 0.035)
    canvas.ink = ink


def finish(canvas: Canvas, brief: Brief) -> Image:
    """The pixels of the finished picture, from 0 to 255."""
    close = brief.closeness
    canvas.rgb = saturated(canvas.rgb, 0.5 + 0.75 * close)
    if close < 0.35:
        _dream(canvas, brief, 1 - close / 0.35)
    if brief.detail == 0:
        canvas.rgb = cells(canvas.rgb, brief.chance, brief.short_side / 46)
    elif brief.detail == 1 and brief.name("finish") not in ("pixel", "blueprint"):
        canvas.rgb = blurred(canvas.rgb, max(1, brief.short_side // 700))
    drawing = FINISHES.get(brief.name("finish"), _gouache)
    pixels = drawing(canvas, brief)
    contrast = np.float32(0.78 + 0.33 * close)
    if brief.has("light.dramatic"):
        contrast *= np.float32(1.15)
    middle = np.float32(128)
    pixels = (pixels - middle) * contrast + middle
    return _toned(stretched(pixels), brief)


def _dream(canvas: Canvas, brief: Brief, amount: float) -> None:
    """With hardly any guidance the picture drifts: soft, and in colours that nobody asked for."""
    soft = blurred(canvas.rgb, max(1, brief.short_side // 90))
    canvas.rgb += (soft - canvas.rgb) * np.float32(0.65 * amount)
    drift = cloud(brief.chance, "drift", (canvas.height, canvas.width), (3, 2.4), 2)
    other = np.roll(brief.palette.horizon, 1) * 0.9
    canvas.veil(np.clip((drift - 0.35) * 2, 0, 1), other, 0.42 * amount)


def _gouache(canvas: Canvas, brief: Brief) -> Image:
    """Without a word of style: opaque colour on lightly toothed paper, a little darker to the corners."""
    tooth = value_noise(brief.chance, "tooth", (canvas.height, canvas.width), (canvas.height / 2.5, canvas.width / 2.5))
    pixels = canvas.rgb * (1 + (tooth - np.float32(0.5)) * np.float32(0.035 + 0.012 * brief.detail))[:, :, None]
    return vignette(pixels, 0.16)


def _toned(pixels: Image, brief: Brief) -> Image:
    if brief.has("tone.mono"):
        return np.repeat(grey(pixels)[:, :, None], 3, axis=2)
    if brief.has("tone.sepia"):
        return tinted(grey(pixels), (38, 24, 14), (250, 232, 200))
    if brief.has("light.golden"):
        return pixels * np.array((1.04, 0.99, 0.88), np.float32)
    return pixels
