"""Finishes of the press, the window and the screen."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Image
from musep2p.painter.colour import Colour, hex_colour
from musep2p.painter.filters import blurred, grey, levelled, nearest_colour, over, saturated, tinted, voronoi
from musep2p.painter.media import seal
from musep2p.painter.noise import cloud, value_noise
from musep2p.painter.raster import Mask, Patch, coverage
from musep2p.painter.vector import Points, points

__all__ = [
    "anime",
    "blueprint",
    "comic",
    "deco",
    "glass",
    "lowpoly",
    "mosaic",
    "neon",
    "papercut",
    "pixel",
    "pop",
    "poster",
    "ukiyoe",
    "woodblock",
]

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16


def _colours(text: str) -> list[Colour]:
    return [hex_colour(word) for word in text.split()]


def woodblock(canvas: Canvas, brief: Brief) -> Image:
    """A black key block over two or three flat colours, with the grain of the wood."""
    tone = levelled(grey(blurred(canvas.rgb, 2)))
    flat = nearest_colour(canvas.rgb, _colours("efe4c9 d8a24a c2553b 5f7f5a 41627f 241f24 e9c9a2 8a5a3a"))
    y, x = np.arange(canvas.height, dtype=np.float32)[:, None], np.arange(canvas.width, dtype=np.float32)[None, :]
    unit = np.float32(max(1.0, brief.short_side / 512))
    bend = cloud(brief.chance, "wood", tone.shape, (3, 5), 2) * 60
    phase = (y + bend + x * np.float32(0.02)) / (unit * 5)
    grain = np.abs(phase - np.floor(phase) - np.float32(0.5)) * 2
    cuts = np.clip((np.float32(88) - tone) * np.float32(1 / 22), 0, 1) * np.clip(grain * 3 - np.float32(0.9), 0, 1)
    out = over(flat, cuts, (28, 24, 28))
    out = over(out, np.clip((grain - np.float32(0.72)) * 3, 0, 0.3), (240, 228, 202))
    return over(out, canvas.lines, (24, 20, 24))


def ukiyoe(canvas: Canvas, brief: Brief) -> Image:
    """Flat muted colours, fine key lines, a sky graded by hand, a seal."""
    palette = _colours(
        "f0e4c8 d9c49a c98f5f b5523f 8f3a34 7f8f5a 4f6f55 a9bcb8 6f94a4 "
        "33587f 1f3557 2c2a30 e8cdb0 dca98a f7f0de e3b7a8"
    )
    flat = nearest_colour(saturated(canvas.rgb, 0.8), palette)
    out = flat * np.float32(0.7) + canvas.rgb * np.float32(0.3)
    fade = np.clip(1 - np.arange(canvas.height) / (canvas.height * 0.2), 0, 1).astype(np.float32)
    out = over(out, (fade * fade)[:, None] * np.ones((1, canvas.width), np.float32), (31, 62, 104), 0.7)
    fibre = value_noise(brief.chance, "fibre", (canvas.height, canvas.width), (canvas.height / 2, canvas.width / 14))
    out *= (1 + (fibre - np.float32(0.5)) * np.float32(0.1))[:, :, None]
    out = over(out, canvas.lines, (34, 34, 52), 0.92)
    out = _frame(out, brief, (240, 229, 203), 0.028)
    return seal(out, brief, 0.07, 0.08)


def _frame(pixels: Image, brief: Brief, colour: tuple[int, int, int], part: float) -> Image:
    edge = max(2, int(brief.short_side * part))
    out = np.empty_like(pixels)
    out[:] = np.asarray(colour, np.float32)
    out[edge:-edge, edge:-edge] = pixels[edge:-edge, edge:-edge]
    return out


def neon(canvas: Canvas, brief: Brief) -> Image:
    """Lines of light in the dark."""
    vivid = saturated(canvas.rgb, 2.2)
    bright = np.clip(vivid * np.float32(0.6) + 95, 0, 255)
    y = (np.arange(canvas.height) / canvas.height).astype(np.float32)[:, None, None]
    night = canvas.rgb * np.array((0.30, 0.22, 0.40), np.float32) + np.array((14, 6, 30), np.float32)
    night = night * (1 - y * np.float32(0.2)) + np.array((26, 4, 34), np.float32) * y
    light = np.clip((grey(canvas.rgb) - 200) * np.float32(1 / 55), 0, 1)
    lines = np.clip(canvas.lines + light * np.float32(0.25), 0, 1)[:, :, None]
    glow = blurred(bright * lines, max(2, brief.short_side // 90)) * np.float32(1.5)
    wide = blurred(bright * lines, max(4, brief.short_side // 28)) * np.float32(1.3)
    core = bright * np.float32(0.75) + 64
    out = night + glow + wide
    return np.clip(out + (core - out) * lines, 0, 255)


def deco(canvas: Canvas, brief: Brief) -> Image:
    """Gold lines on few deep colours, in a stepped frame."""
    palette = _colours("10202f 1a3a4a 2a6a6a d2a545 f2e6c8 7a2230 e8c9a4 0b0f18 b5683c 9fb8ae")
    flat = nearest_colour(saturated(canvas.rgb, 1.15), palette)
    out = flat * np.float32(0.72) + canvas.rgb * np.float32(0.28)
    out = over(out, canvas.lines, (214, 172, 84))
    edge = brief.short_side * 0.05
    for outer, inner, gold in ((0.0, 0.35, False), (0.35, 0.47, True), (0.47, 0.85, False), (0.85, 0.92, True)):
        ring = coverage(
            [_stepped(canvas, edge * outer, edge)], canvas.height, canvas.width, [_stepped(canvas, edge * inner, edge)]
        )
        if ring is not None:
            region = out[ring.window]
            region += (np.array((214, 172, 84) if gold else (14, 24, 36), np.float32) - region) * ring.mask[:, :, None]
    return out


def _stepped(canvas: Canvas, inset: float, edge: float) -> Points:
    """A rectangle whose corners are steps."""
    w, h, s = canvas.width, canvas.height, edge * 1.1 if inset > 0 else 0.0
    a = inset
    quarter = [
        (a, a + 2 * s),
        (a + s * 0.6, a + 2 * s),
        (a + s * 0.6, a + s),
        (a + s, a + s),
        (a + s, a + s * 0.6),
        (a + 2 * s, a + s * 0.6),
        (a + 2 * s, a),
    ]
    top = quarter + [(w - x, y) for x, y in reversed(quarter)]
    return points([*top, *[(x, h - y) for x, y in reversed(top)]])


def pixel(canvas: Canvas, brief: Brief) -> Image:
    """Big square pixels in few colours, dithered (Bayer, 1973)."""
    across = 72 + 24 * brief.detail
    block = max(2, brief.short_side // across)
    rows, columns = -(-canvas.height // block), -(-canvas.width // block)
    padded = np.pad(
        canvas.rgb, ((0, rows * block - canvas.height), (0, columns * block - canvas.width), (0, 0)), mode="edge"
    )
    sums = np.clip(padded, 0, 255).astype(np.int64).reshape(rows, block, columns, block, 3).sum(axis=(1, 3))
    small = (sums / (block * block)).astype(np.float32)
    small = saturated(np.clip((small - 128) * np.float32(1.12) + 128, 0, 255), 1.25)
    tile = np.tile(_BAYER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns, None]
    step = np.float32(255 / 8)
    small = np.clip(np.floor(small / step + tile * np.float32(0.8)) * step, 0, 255)
    return np.repeat(np.repeat(small, block, axis=0), block, axis=1)[: canvas.height, : canvas.width]


def _dots(canvas: Canvas, tone: Mask, side: float) -> Mask:
    """A halftone screen at 45 degrees: dots that grow with the darkness (tone from 0, dark, to 1)."""
    y, x = np.arange(canvas.height, dtype=np.float32)[:, None], np.arange(canvas.width, dtype=np.float32)[None, :]
    u, v = (x + y) / np.float32(side), (x - y) / np.float32(side)
    du, dv = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    radius = np.sqrt(np.clip(1 - tone, 0, 1)) * np.float32(0.72)
    return np.clip((radius - np.sqrt(du * du + dv * dv)) * np.float32(side * 0.5), 0, 1)


def pop(canvas: Canvas, brief: Brief) -> Image:
    """Loud flat colours, dots, black lines."""
    palette = _colours("ffd23f ee4266 3bceac 0ead69 540d6e ff8c42 4cc9f0 f7f3e8 1b1b1e f9a1bc")
    base = saturated(np.clip((canvas.rgb - 128) * np.float32(1.3) + 140, 0, 255), 1.9)
    out = nearest_colour(base, palette)
    out = over(
        out,
        _dots(canvas, np.clip(grey(canvas.rgb) * np.float32(1 / 190), 0, 1), brief.short_side / 62),
        (27, 27, 30),
        0.32,
    )
    return over(out, canvas.lines, (18, 16, 20))


def comic(canvas: Canvas, brief: Brief) -> Image:
    """Inked outlines, flat tones, dots in the shadows, yellowed paper."""
    step = np.float32(52)
    tone = grey(canvas.rgb)
    level = np.floor(tone / step + np.float32(0.5)) * step
    out = saturated(canvas.rgb + (level - tone)[:, :, None] * np.float32(0.75), 1.3)
    out = over(out, _dots(canvas, np.clip(tone * np.float32(1 / 150), 0, 1), brief.short_side / 90), (30, 28, 40), 0.3)
    out = out * np.array((1.0, 0.985, 0.93), np.float32)
    return over(out, canvas.lines, (16, 14, 20))


def anime(canvas: Canvas, brief: Brief) -> Image:
    """Clear colours, thin dark outlines, a bloom."""
    out = saturated(canvas.rgb, 1.16)
    soft = blurred(out, max(2, brief.short_side // 48))
    bloom: Image = np.maximum(0, soft - 168).astype(np.float32)
    out = out + bloom * np.float32(0.4) + np.float32(5)
    return over(out, canvas.lines, (58, 36, 52), 0.85)


def glass(canvas: Canvas, brief: Brief) -> Image:
    """Pieces of coloured glass in lead, lit from behind."""
    side = max(6.0, brief.short_side / (13 + 5 * brief.detail))
    owner, edge, (rows, columns) = voronoi(brief.chance, (canvas.height, canvas.width), side)
    base = saturated(blurred(canvas.rgb, max(1, int(side / 9))), 1.6)
    flat = base[rows, columns][owner] * np.float32(0.35) + base * np.float32(0.65)
    shine = cloud(brief.chance, "glass", (canvas.height, canvas.width), (9, 7), 3)
    out = np.clip(flat * (np.float32(0.8) + shine * np.float32(0.55))[:, :, None] + 8, 0, 255)
    lead = np.clip(np.float32(side * 0.075) - edge + np.float32(0.5), 0, 1)
    out = over(out, np.maximum(lead, canvas.lines), (20, 18, 24))
    return _frame(out, brief, (26, 24, 30), 0.02)


def mosaic(canvas: Canvas, brief: Brief) -> Image:
    """Small stones set in mortar."""
    side = max(5, brief.short_side // (44 + 9 * brief.detail))
    rows, columns = canvas.height // side + 1, canvas.width // side + 1
    y, x = np.arange(canvas.height), np.arange(canvas.width)
    shift = (brief.chance.field("course", rows) * side).astype(np.int64)
    across = x[None, :] + shift[y // side][:, None]
    column = np.clip(across // side, 0, columns)
    middle_y = np.clip((y // side) * side + side // 2, 0, canvas.height - 1)
    middle_x = np.clip(column * side + side // 2 - shift[y // side][:, None], 0, canvas.width - 1)
    base = saturated(blurred(canvas.rgb, max(1, side // 5)), 1.25)
    stone = base[middle_y[:, None], middle_x]
    luck = brief.chance.field("stones", rows, columns + 2).astype(np.float32)[(y // side)[:, None], column]
    stone = stone * (np.float32(0.88) + luck * np.float32(0.24))[:, :, None]
    inside_y, inside_x = (y % side)[:, None], across % side
    border = np.minimum(np.minimum(inside_y, side - 1 - inside_y), np.minimum(inside_x, side - 1 - inside_x))
    out = stone + (((inside_x + inside_y) < side * 0.7) * np.float32(12))[:, :, None]
    return over(out, (border < max(1, side // 9)).astype(np.float32), (150, 140, 128), 0.8)


def lowpoly(canvas: Canvas, brief: Brief) -> Image:
    """Triangles, each of the colour in its middle."""
    side = brief.short_side / (20 + 10 * brief.detail)
    rows, columns = int(canvas.height / side) + 3, int(canvas.width / side) + 3
    jitter = (brief.chance.field("corners", rows, columns, 2) - 0.5) * side * 0.8
    x = (np.arange(columns)[None, :] - 1) * side + jitter[:, :, 0]
    y = (np.arange(rows)[:, None] - 1) * side + jitter[:, :, 1]
    base = saturated(blurred(canvas.rgb, max(1, int(side / 8))), 1.12)
    out = base.copy()
    for row in range(rows - 1):
        for column in range(columns - 1):
            a, b = (x[row, column], y[row, column]), (x[row, column + 1], y[row, column + 1])
            c, d = (x[row + 1, column + 1], y[row + 1, column + 1]), (x[row + 1, column], y[row + 1, column])
            halves = ((a, b, c), (a, c, d)) if (row + column) % 2 else ((a, b, d), (b, c, d))
            for number, triangle in enumerate(halves):
                cx, cy = sum(p[0] for p in triangle) / 3, sum(p[1] for p in triangle) / 3
                colour = base[int(min(canvas.height - 1, max(0, cy))), int(min(canvas.width - 1, max(0, cx)))]
                _fill(out, canvas, points(triangle), colour * np.float32(1.05 if number else 0.95))
    return out


def _fill(out: Image, canvas: Canvas, shape: Points, colour: Image) -> None:
    centre = (shape[0] + shape[1] + shape[2]) / 3
    patch: Patch | None = coverage([centre + (shape - centre) * 1.04], canvas.height, canvas.width)
    if patch is not None:
        region = out[patch.window]
        region += (colour - region) * patch.mask[:, :, None]


def papercut(canvas: Canvas, brief: Brief) -> Image:
    """Red paper cut with a knife, on cream."""
    tone = levelled(grey(blurred(canvas.rgb, max(1, brief.short_side // 256))))
    unit = brief.short_side / 512
    shadow = np.roll(tone, (max(1, int(3 * unit)), max(1, int(2 * unit))), axis=(0, 1))
    levels = np.clip((tone - 132) * np.float32(0.5), -1, 1) * np.float32(0.5) + np.float32(0.5)
    below = np.clip((shadow - 132) * np.float32(0.5), -1, 1) * np.float32(0.5) + np.float32(0.5)
    out = tinted(levels * 255, (184, 32, 34), (248, 238, 218))
    deep = np.clip((np.float32(70) - tone) * np.float32(0.25), 0, 1)
    out = over(out, deep, (140, 18, 26))
    out = over(out, np.clip(levels - below, 0, 1), (150, 130, 110), 0.55)
    lines = canvas.lines
    out = over(out, lines * (1 - levels), (250, 240, 222))
    return over(out, lines * levels, (184, 32, 34), 0.9)


def blueprint(canvas: Canvas, brief: Brief) -> Image:
    """White lines on blue, over a grid."""
    out = tinted(grey(canvas.rgb) * np.float32(0.35), (18, 58, 122), (120, 170, 230))
    side = max(8, brief.short_side // 24)
    y, x = np.arange(canvas.height)[:, None], np.arange(canvas.width)[None, :]
    grid = ((y % side == 0) | (x % side == 0)).astype(np.float32) * np.float32(0.16)
    out = over(out, grid, (200, 224, 250))
    return over(out, canvas.lines, (240, 247, 255), 0.95)


def poster(canvas: Canvas, brief: Brief) -> Image:
    """A printed poster: flat tones, a fine grain, a pale border."""
    step = np.float32(26)
    tone = grey(canvas.rgb)
    level = np.floor(tone / step + np.float32(0.5)) * step
    out = saturated(canvas.rgb + (level - tone)[:, :, None] * np.float32(0.8), 1.12)
    grain = value_noise(brief.chance, "print", (canvas.height, canvas.width), (canvas.height / 1.6, canvas.width / 1.6))
    out *= (1 + (grain - np.float32(0.5)) * np.float32(0.07))[:, :, None]
    return _frame(out, brief, (246, 238, 219), 0.035)
