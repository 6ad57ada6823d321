"""What falls and drifts in front of everything: rain, snow, mist, petals."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas
from musep2p.painter.colour import hex_colour, mix
from musep2p.painter.noise import cloud
from musep2p.painter.vector import Points, oval, points, ribbon

__all__ = ["paint_mist", "paint_weather"]


def paint_mist(canvas: Canvas, brief: Brief, centre: float, strength: float) -> None:
    """Bands of mist around a row (part of the height)."""
    size = (canvas.height, canvas.width)
    texture = cloud(brief.chance, "mist", size, (6, 2.2 * canvas.width / canvas.height), 3)
    away = (np.arange(canvas.height) / canvas.height - centre) * 3.2
    band = np.maximum(0, 1 - away * away).astype(np.float32)[:, None]
    pale = mix(brief.palette.horizon, hex_colour("f4f4f2"), 0.5 if not brief.palette.night else 0.12)
    canvas.veil(np.clip(texture * 1.5 - 0.25, 0, 1) * band, pale, min(0.95, strength))


def paint_weather(canvas: Canvas, brief: Brief, *, gentle: bool) -> None:
    """Weather in front of the scene; `gentle` keeps it off a face."""
    if brief.has("weather.mist"):
        paint_mist(canvas, brief, 0.72 if gentle else 0.6, 0.75 * brief.weight("weather.mist"))
    if brief.has("weather.rain", "weather.storm"):
        _rain(canvas, brief, gentle=gentle)
    if brief.has("weather.snow") or (
        brief.has("season.winter", "hat.santa") and not gentle and brief.extra("weather.snow", 0.5)
    ):
        _snow(canvas, brief, gentle=gentle)
    if brief.has("weather.petals", "plant.blossom") or (brief.season == "autumn" and brief.has("weather.wind")):
        _petals(canvas, brief)


def _rain(canvas: Canvas, brief: Brief, *, gentle: bool) -> None:
    weight = brief.weight("weather.rain", "weather.storm")
    count = int((180 + 120 * brief.detail) * weight * (0.6 if gentle else 1))
    lean = brief.chance.between("rain", -0.28, 0.28)
    unit = brief.short_side / 768
    drops: list[Points] = []
    for x, y, size in brief.chance.field("rain", count, 3):
        long = (26 + 46 * size) * unit
        at = (x * canvas.width * 1.2 - canvas.width * 0.1, y * canvas.height)
        drops.append(ribbon([at, (at[0] + lean * long, at[1] + long)], [0.4 * unit, 1.9 * unit]))
    canvas.lay(canvas.cover(drops), hex_colour("e6eef6"), 0.5)


def _snow(canvas: Canvas, brief: Brief, *, gentle: bool) -> None:
    weight = max(0.7, brief.weight("weather.snow"))
    count = int((160 + 90 * brief.detail) * weight * (0.5 if gentle else 1))
    unit = brief.short_side / 768
    flakes: list[Points] = []
    for x, y, size in brief.chance.field("snow", count, 3):
        radius = (1.4 + 5.2 * size * size * size) * unit
        flakes.append(oval(x * canvas.width, y * canvas.height, radius, radius)[::4])
    canvas.lay(canvas.cover(flakes), hex_colour("ffffff"), 0.88)


def _petals(canvas: Canvas, brief: Brief) -> None:
    autumn = brief.season == "autumn" and not brief.has("plant.blossom")
    tones = ("c8502a", "d98a2f") if autumn else ("f6bfd0", "fbdfe6")
    unit = brief.short_side / 768
    shapes: list[list[Points]] = [[], []]
    for number, (x, y, size, turn) in enumerate(brief.chance.field("petals", 34 + 22 * brief.detail, 4)):
        radius = (4 + 9 * size) * unit
        shape = oval(x * canvas.width, y * canvas.height, radius, radius * 0.55, turn)[::4]
        shapes[number % 2].append(points(shape))
    canvas.lay(canvas.cover(shapes[0]), hex_colour(tones[0]), 0.92)
    canvas.lay(canvas.cover(shapes[1]), hex_colour(tones[1]), 0.92)
