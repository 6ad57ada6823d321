"""The painter: a layered landscape from the prompt's words, in integers and + - x / sqrt only.

So pixels are equal on unlike CPUs. Chance is an integer hash of (seed, purpose, position). Layers from far to
near: sky, disc, clouds, ridges, ground or water, and what stands on it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xxhash
from PIL import Image

__all__ = ["paint"]

Grid = npt.NDArray[np.float64]

_PALETTES = {
    "dawn": ((0xF6, 0xC1, 0x9B), (0x8E, 0x9C, 0xC9), (0x3E, 0x4A, 0x6B)),
    "noon": ((0xDC, 0xEC, 0xF5), (0x6F, 0xA8, 0xDC), (0x2F, 0x5D, 0x50)),
    "sunset": ((0xFF, 0xB3, 0x47), (0xC0, 0x39, 0x5B), (0x2C, 0x1E, 0x4A)),
    "night": ((0x2B, 0x3A, 0x67), (0x0B, 0x13, 0x2B), (0x05, 0x08, 0x14)),
    "spring": ((0xF9, 0xDC, 0xE4), (0xA8, 0xD5, 0xBA), (0x4C, 0x7A, 0x5A)),
    "autumn": ((0xF4, 0xD3, 0x9C), (0xC9, 0x6A, 0x3D), (0x5A, 0x2A, 0x1E)),
    "winter": ((0xF2, 0xF6, 0xFA), (0xB4, 0xC7, 0xDC), (0x4A, 0x5E, 0x78)),
}
_WORDS = {
    "dawn": ("dawn", "morning", "sunrise", "清晨", "早晨", "日出"),
    "sunset": ("sunset", "dusk", "evening", "golden", "日落", "黄昏", "夕阳"),
    "night": ("night", "moon", "midnight", "neon", "夜", "月"),
    "spring": ("spring", "blossom", "cherry", "春", "樱"),
    "autumn": ("autumn", "fall", "maple", "秋", "枫"),
    "winter": ("winter", "snow", "ice", "冬", "雪"),
    "water": ("sea", "lake", "river", "ocean", "harbor", "harbour", "water", "beach", "海", "湖", "江", "河"),
    "city": ("city", "skyline", "tower", "hotel", "tokyo", "paris", "london", "berlin", "york", "城", "楼", "酒店"),
    "forest": ("forest", "tree", "wood", "pine", "garden", "森林", "树", "园"),
    "mountain": ("mountain", "hill", "ridge", "alps", "fuji", "valley", "山", "峰"),
    "rain": ("rain", "storm", "雨"),
    "stars": ("star", "stars", "galaxy", "星"),
    "mist": ("mist", "fog", "haze", "雾"),
}


def paint(parameters: Mapping[str, str | int | float | bool]) -> Image.Image:
    """The picture of some normalised parameters.

    Args:
        parameters: prompt, negative, width, height, steps, guidance, seed.

    Returns:
        An RGB picture of the asked size.
    """
    width, height = int(parameters["width"]), int(parameters["height"])
    words = _subjects(str(parameters["prompt"]), str(parameters["negative"]))
    chance = _Chance(f"{parameters['prompt']}|{parameters['seed']}")
    detail = max(2, min(7, 1 + int(parameters["steps"]) // 6))
    purity = min(1.0, max(0.35, 0.3 + float(parameters["guidance"]) / 15))
    light, middle, dark = _colours(words, chance)
    horizon = 0.45 + 0.2 * chance.unit("horizon")
    canvas = _sky(width, height, light, middle)
    _disc(canvas, chance, words, horizon)
    _clouds(canvas, chance, words, detail, light)
    _ridges(canvas, chance, words, detail, horizon, (light, middle, dark))
    if "water" in words:
        _water(canvas, chance, horizon, light)
    if "city" in words:
        _city(canvas, chance, horizon, dark, night="night" in words)
    if "forest" in words:
        _trees(canvas, chance, horizon, dark)
    _weather(canvas, chance, words)
    grey = canvas.mean(axis=2, keepdims=True)
    canvas = grey + (canvas - grey) * (0.55 + 0.6 * purity)
    grain = chance.field("grain", height, width) - 0.5
    canvas = canvas + grain[:, :, None] * 9
    return Image.fromarray(np.clip(canvas + 0.5, 0, 255).astype(np.uint8), "RGB")


class _Chance:
    """Numbers from 0 to 1 that depend only on a text and a purpose."""

    def __init__(self, text: str) -> None:
        self._base = xxhash.xxh3_64_intdigest(text.encode())

    def unit(self, purpose: str) -> float:
        return (self._seed(purpose) >> 11) / (1 << 53)

    def field(self, purpose: str, *shape: int) -> Grid:
        """Independent values over a grid: splitmix64 of the position (Steele, Lea and Flood, 2014)."""
        count = 1
        for side in shape:
            count *= side
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(self._seed(purpose))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        return ((z >> np.uint64(40)).astype(np.float64) / (1 << 24)).reshape(shape)

    def _seed(self, purpose: str) -> int:
        return xxhash.xxh3_64_intdigest(purpose.encode(), self._base)


def _subjects(prompt: str, negative: str) -> set[str]:
    wanted = {name for name, words in _WORDS.items() if any(word in prompt.lower() for word in words)}
    unwanted = {name for name, words in _WORDS.items() if any(word in negative.lower() for word in words)}
    return wanted - unwanted


def _colours(words: set[str], chance: _Chance) -> tuple[Grid, Grid, Grid]:
    named = [name for name in _PALETTES if name in words]
    names = sorted(_PALETTES)
    name = named[-1] if named else names[int(chance.unit("palette") * len(names))]
    shift = (chance.field("tint", 3) - 0.5) * 28
    light, middle, dark = (np.array(colour, dtype=np.float64) for colour in _PALETTES[name])
    return light + shift, middle + shift, dark + shift / 2


def _smooth(t: Grid) -> Grid:
    return t * t * (3 - 2 * t)


def _noise(chance: _Chance, purpose: str, height: int, width: int, cells: int) -> Grid:
    """Value noise: random values on a coarse grid, smoothly interpolated."""
    values = chance.field(purpose, cells + 2, cells + 2)
    ys, xs = np.arange(height) * (cells / height), np.arange(width) * (cells / width)
    y0, x0 = ys.astype(np.int64), xs.astype(np.int64)
    fy = _smooth((ys - y0).astype(np.float64))[:, None]
    fx = _smooth((xs - x0).astype(np.float64))[None, :]
    top = values[y0][:, x0] * (1 - fx) + values[y0][:, x0 + 1] * fx
    bottom = values[y0 + 1][:, x0] * (1 - fx) + values[y0 + 1][:, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


def _line(chance: _Chance, purpose: str, width: int, detail: int) -> Grid:
    """A ridge line from 0 to 1: octaves of one-dimensional value noise."""
    total, weight, cells, sum_ = np.zeros(width), 1.0, 3, 0.0
    for octave in range(detail):
        total += weight * _noise(chance, f"{purpose}{octave}", 1, width, cells)[0]
        sum_ += weight
        weight, cells = weight * 0.5, cells * 2
    return total / sum_


def _sky(width: int, height: int, light: Grid, middle: Grid) -> Grid:
    t = _smooth(np.arange(height, dtype=np.float64) / max(1, height - 1))[:, None, None]
    return np.repeat(middle * (1 - t) + light * t, width, axis=1)


def _blend(canvas: Grid, mask: Grid, colour: Grid) -> None:
    canvas += (colour - canvas) * mask[:, :, None]


def _disc(canvas: Grid, chance: _Chance, words: set[str], horizon: float) -> None:
    height, width, _ = canvas.shape
    radius = (0.05 + 0.07 * chance.unit("disc size")) * width
    cx, cy = (0.15 + 0.7 * chance.unit("disc x")) * width, (0.12 + 0.6 * chance.unit("disc y") * horizon) * height
    dy, dx = np.arange(height)[:, None] - cy, np.arange(width)[None, :] - cx
    distance = np.sqrt(dx * dx + dy * dy)
    colour = np.array((245, 242, 225) if "night" in words else (255, 232, 190), dtype=np.float64)
    _blend(canvas, 0.35 * np.clip(1 - distance / (radius * 4), 0, 1) ** 2, colour)
    _blend(canvas, np.clip(radius - distance + 0.5, 0, 1), colour)


def _clouds(canvas: Grid, chance: _Chance, words: set[str], detail: int, light: Grid) -> None:
    height, width, _ = canvas.shape
    total, weight, cells = np.zeros((height, width)), 0.5, 4
    for octave in range(min(detail, 5)):
        total += weight * _noise(chance, f"cloud{octave}", height, width, cells)
        weight, cells = weight * 0.5, cells * 2
    cover = 0.35 if words & {"rain", "mist"} else 0.52
    fade = np.clip(1 - np.arange(height) / (0.7 * height), 0, 1)[:, None]
    colour = light * 0.55 + 110 if "night" not in words else light * 0.6 + 30
    _blend(canvas, np.clip((total - cover) * 3, 0, 0.8) * fade, colour)


def _ridges(
    canvas: Grid, chance: _Chance, words: set[str], detail: int, horizon: float, colours: tuple[Grid, Grid, Grid]
) -> None:
    height, width, _ = canvas.shape
    light, middle, dark = colours
    layers, relief = (6, 0.36) if "mountain" in words else (4, 0.16)
    rows = np.arange(height)[:, None]
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = (horizon - relief * 0.55 + (1 - horizon) * 0.75 * depth * depth) * height
        line = base - (_line(chance, f"ridge{layer}", width, detail) - 0.35) * relief * height * (1.25 - depth * 0.7)
        haze = 0.75 if "mist" in words else 0.45
        colour = (light * (1 - depth) + middle * depth) * haze * (1 - depth) + (middle * (1 - depth) + dark * depth) * (
            1 - haze * (1 - depth)
        )
        mask = np.clip(rows - line[None, :], 0, 1)
        shade = 1 - 0.25 * np.clip((rows - line[None, :]) / (0.5 * height), 0, 1)
        _blend(canvas, mask, colour * shade[:, :, None])


def _water(canvas: Grid, chance: _Chance, horizon: float, light: Grid) -> None:
    height, width, _ = canvas.shape
    top = int((horizon + 0.18) * height)
    rows = np.arange(top, height)
    ripple = (_noise(chance, "ripple", height - top, width, 24) - 0.5) * (rows - top)[:, None] * 0.12
    source = np.clip(2 * top - rows, 0, height - 1)
    columns = np.clip(np.arange(width)[None, :] + ripple, 0, width - 1).astype(np.int64)
    mirrored = canvas[source[:, None], columns]
    streak = np.clip(_noise(chance, "streak", height - top, width, 40) - 0.62, 0, 1)[:, :, None] * 1.2
    canvas[top:] = (mirrored * 0.72 + light * 0.12) * (1 - streak) + 235 * streak


def _city(canvas: Grid, chance: _Chance, horizon: float, dark: Grid, *, night: bool) -> None:
    height, width, _ = canvas.shape
    ground = int((horizon + 0.2) * height)
    count = 14 + int(chance.unit("towers") * 10)
    values = chance.field("city", count, 3)
    for number, (place, tall, wide) in enumerate(values):
        left = int(place * width * 0.96)
        right = min(width, left + max(4, int((0.03 + 0.05 * wide) * width)))
        roof = int(ground - (0.08 + 0.34 * tall * tall) * height)
        canvas[max(0, roof) : ground, left:right] = dark * (0.7 + 0.5 * (number % 5) / 5)
        _windows(canvas, chance, (left, right, max(0, roof), ground), number, night=night)


def _windows(canvas: Grid, chance: _Chance, box: tuple[int, int, int, int], number: int, *, night: bool) -> None:
    left, right, top, bottom = box
    lit = np.array((255, 214, 120) if night else (210, 220, 226), dtype=np.float64)
    for y in range(top + 5, bottom - 5, 9):
        row = chance.field(f"window {number} {y}", max(1, (right - left) // 7))
        for at, luck in enumerate(row):
            x = left + 3 + at * 7
            if luck > 0.45 and x + 3 < right:
                canvas[y : y + 4, x : x + 3] = lit * (0.6 + 0.4 * luck)


def _trees(canvas: Grid, chance: _Chance, horizon: float, dark: Grid) -> None:
    height, width, _ = canvas.shape
    values = chance.field("trees", 46, 3)
    order = np.argsort(values[:, 1], kind="stable")
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    for place, near, hue in values[order]:
        foot = int((horizon + 0.2 + 0.3 * near) * height)
        tall = int((0.06 + 0.16 * near) * height)
        centre = int(place * width)
        low, high = max(0, foot - tall), min(height, foot)
        half = (rows[low:high] - (foot - tall)) * (0.22 + 0.08 * hue)
        steps = 1 - ((rows[low:high] - low) % max(3, tall // 6)) / (tall * 0.5)
        mask = np.clip(half * steps - np.abs(columns - centre) + 1, 0, 1)
        colour = dark * (0.45 + 0.5 * (1 - near)) + np.array((0.0, 22.0, 6.0)) * hue
        canvas[low:high] += (colour - canvas[low:high]) * mask[:, :, None]


def _weather(canvas: Grid, chance: _Chance, words: set[str]) -> None:
    height, width, _ = canvas.shape
    if "mist" in words:
        band = (
            _noise(chance, "mist", height, width, 5)
            * np.clip(1 - np.abs(np.arange(height) / height - 0.6) * 3, 0, 1)[:, None]
        )
        _blend(canvas, band * 0.75, np.array((236.0, 238.0, 240.0)))
    if words & {"stars", "night"}:
        count = 240 if "stars" in words else 90
        for x, y, power in chance.field("stars", count, 3):
            canvas[int(y * 0.5 * height), int(x * (width - 1))] += 90 + 160 * power
    if words & {"rain", "winter"}:
        flakes = chance.field("flakes", 900 if "rain" in words else 700, 3)
        for x, y, size in flakes:
            row, column = int(y * (height - 12)), int(x * (width - 4))
            if "rain" in words:
                canvas[row : row + 12, column] += 34
            else:
                side = 1 + int(size * 2.5)
                canvas[row : row + side, column : column + side] += 110
