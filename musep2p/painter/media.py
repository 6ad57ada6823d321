"""Finishes of the brush and the pencil."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Image
from musep2p.painter.filters import blurred, grey, levelled, over, saturated, shifted, tinted, vignette
from musep2p.painter.noise import cloud, value_noise
from musep2p.painter.raster import Mask, coverage
from musep2p.painter.vector import points, turned

__all__ = ["charcoal", "impressionist", "ink_wash", "oil", "pencil", "photo", "pointillism", "seal", "watercolour"]

_PAPER = (250, 246, 236)


def _paper(brief: Brief, canvas: Canvas, fine: float) -> Mask:
    """The tooth of paper, around 1."""
    size = (canvas.height, canvas.width)
    rough = value_noise(brief.chance, "paper", size, (canvas.height / fine, canvas.width / fine))
    return 1 + (rough - np.float32(0.5)) * np.float32(0.09)


def _deckle(canvas: Canvas, brief: Brief, margin: float) -> Mask:
    """1 inside an uneven painted field, 0 on the bare margin of the paper."""
    size = (canvas.height, canvas.width)
    y, x = np.arange(canvas.height, dtype=np.float32)[:, None], np.arange(canvas.width, dtype=np.float32)[None, :]
    inside = np.minimum(np.minimum(y, canvas.height - 1 - y), np.minimum(x, canvas.width - 1 - x))
    wobble = cloud(brief.chance, "deckle", size, (14, 11), 3) - np.float32(0.5)
    limit = np.float32(brief.short_side * margin)
    return np.clip((inside + wobble * limit * 2.2 - limit) / (limit * np.float32(0.22)), 0, 1)


def watercolour(canvas: Canvas, brief: Brief) -> Image:
    """Transparent washes that pool at their edges, on rough white paper."""
    size, unit = (canvas.height, canvas.width), brief.short_side / 512
    wobble = [cloud(brief.chance, f"wobble {k}", size, (18, 14), 3) - np.float32(0.5) for k in (0, 1)]
    pixels = shifted(canvas.rgb, brief.chance, wobble[0] * 22 * unit, wobble[1] * 22 * unit)
    soft = blurred(pixels, max(1, int(2.5 * unit)))
    edge = np.clip(np.abs(grey(soft) - grey(pixels)) * np.float32(1 / 26), 0, 1)
    flow = cloud(brief.chance, "flow", size, (7, 5), 4)
    density = np.float32(0.62) + flow * np.float32(0.5) + edge * np.float32(0.22)
    pixels = 255 - (255 - soft * 0.7 - pixels * 0.3) * density[:, :, None]
    bloom = np.clip((cloud(brief.chance, "bloom", size, (4, 3), 3) - np.float32(0.6)) * 5, 0, 0.5)
    pixels = over(pixels, bloom, (255, 253, 246))
    pixels *= _paper(brief, canvas, 2.6 * max(1.0, unit))[:, :, None]
    pixels = over(pixels, 1 - _deckle(canvas, brief, 0.035), _PAPER)
    return over(
        pixels,
        shifted(canvas.lines[:, :, None], brief.chance, wobble[0] * 12 * unit, wobble[1] * 12 * unit)[:, :, 0],
        (84, 66, 60),
        0.5,
    )


def ink_wash(canvas: Canvas, brief: Brief) -> Image:
    """Black ink on rice paper in a few washes; reds stay, as on a seal."""
    size, unit = (canvas.height, canvas.width), brief.short_side / 512
    wobble = cloud(brief.chance, "wobble", size, (22, 16), 3) - np.float32(0.5)
    pixels = shifted(canvas.rgb, brief.chance, wobble * 16 * unit, wobble * -12 * unit)
    tone = grey(blurred(pixels, max(1, int(3 * unit)))) * np.float32(0.75) + grey(pixels) * np.float32(0.25)
    flow = cloud(brief.chance, "flow", size, (8, 6), 4) - np.float32(0.5)
    level = levelled(tone) + flow * 60
    washes = np.clip((np.floor(level / 46) * 46 + 30) * np.float32(0.55) + level * np.float32(0.55), 0, 255)
    washes = np.clip((washes - 18) * np.float32(1.12) + 30, 0, 255)
    out = tinted(washes.astype(np.float32), (26, 26, 30), (246, 240, 224))
    red = np.clip((pixels[:, :, 0] - np.maximum(pixels[:, :, 1], pixels[:, :, 2]) - 62) * np.float32(1 / 50), 0, 1)
    out = over(out, red, (186, 52, 40), 0.78)
    dry = value_noise(brief.chance, "dry", size, (canvas.height / 5, canvas.width / 9))
    out = over(out, np.clip(canvas.lines * (np.float32(0.72) + dry * np.float32(0.6)), 0, 1), (22, 20, 24), 0.95)
    out *= _paper(brief, canvas, 3.4 * max(1.0, unit))[:, :, None]
    out = over(out, 1 - _deckle(canvas, brief, 0.04), (244, 237, 220))
    return seal(out, brief, 0.86, 0.88)


def seal(pixels: Image, brief: Brief, x: float, y: float) -> Image:
    """A red seal with a few strokes, as painters sign."""
    height, width, _ = pixels.shape
    side = brief.short_side * 0.055
    left, top = x * width, y * height
    box = coverage(
        [points([(left, top), (left + side, top), (left + side, top + side), (left, top + side)])], height, width
    )
    if box is None:
        return pixels
    out = pixels.copy()
    region = out[box.window]
    region += (np.array((178, 40, 34), np.float32) - region) * box.mask[:, :, None] * np.float32(0.92)
    strokes = []
    for k in range(3):
        a, b = 0.2 + 0.28 * k, 0.14 + 0.1 * brief.chance.unit(f"seal {k}")
        strokes.append(
            points(
                [
                    (left + side * a, top + side * b),
                    (left + side * (a + 0.1), top + side * b),
                    (left + side * (a + 0.1), top + side * 0.86),
                    (left + side * a, top + side * 0.86),
                ]
            )
        )
    strokes.append(
        points(
            [
                (left + side * 0.16, top + side * 0.44),
                (left + side * 0.86, top + side * 0.44),
                (left + side * 0.86, top + side * 0.54),
                (left + side * 0.16, top + side * 0.54),
            ]
        )
    )
    marks = coverage(strokes, height, width)
    if marks is not None:
        region = out[marks.window]
        region += (np.array((246, 236, 222), np.float32) - region) * marks.mask[:, :, None]
    return out


def pencil(canvas: Canvas, brief: Brief) -> Image:
    """Graphite: outlines, and hatching that thickens with the shadow."""
    tone = levelled(grey(blurred(canvas.rgb, 1)))
    unit = max(1.0, brief.short_side / 512)
    y, x = np.arange(canvas.height, dtype=np.float32)[:, None], np.arange(canvas.width, dtype=np.float32)[None, :]
    size = (canvas.height, canvas.width)
    shake = (cloud(brief.chance, "shake", size, (30, 24), 2) - np.float32(0.5)) * np.float32(9 * unit)
    step = np.float32(5.2 * unit)
    out = np.full((canvas.height, canvas.width, 3), np.float32(248))
    out *= np.array((1.0, 0.985, 0.955), np.float32)
    pressure = np.float32(0.55) + value_noise(brief.chance, "pressure", size, (60, 50)) * np.float32(0.5)
    for limit, lean, strength in ((222, 1.0, 0.34), (168, -0.7, 0.42), (112, 0.25, 0.5), (64, -2.4, 0.55)):
        phase = (x + y * np.float32(lean) + shake) / step
        line = np.abs(phase - np.floor(phase) - np.float32(0.5)) * 2
        deep = np.clip((limit - tone) * np.float32(1 / 60), 0, 1)
        hatch = np.clip(line * 3 - 2 + deep * np.float32(1.5), 0, 1) * np.minimum(1, deep * 4)
        out = over(out, hatch * pressure, (52, 50, 56), strength)
    wash = np.clip((205 - tone) * np.float32(1 / 400), 0, 0.4)
    out = over(out, wash, (84, 82, 88))
    out = over(out, np.clip(canvas.lines * (np.float32(0.6) + pressure * np.float32(0.6)), 0, 1), (40, 38, 44), 0.9)
    return out * _paper(brief, canvas, 2.2 * unit)[:, :, None]


def charcoal(canvas: Canvas, brief: Brief) -> Image:
    """Soft black chalk on toned paper, with white lights."""
    unit = max(1.0, brief.short_side / 512)
    tone = levelled(grey(blurred(canvas.rgb, max(1, int(2 * unit)))))
    grain = value_noise(
        brief.chance,
        "chalk",
        (canvas.height, canvas.width),
        (canvas.height / (2.2 * unit), canvas.width / (2.2 * unit)),
    )
    out = tinted(np.full_like(tone, 255), (0, 0, 0), (222, 208, 186))
    dark = np.clip((170 - tone) * np.float32(1 / 130), 0, 1)
    out = over(out, np.clip(dark * np.float32(1.3) - grain * np.float32(0.45), 0, 1), (34, 30, 32), 0.92)
    bright = np.clip((tone - 196) * np.float32(1 / 60), 0, 1)
    out = over(out, np.clip(bright - grain * np.float32(0.5), 0, 1), (252, 248, 240), 0.85)
    return over(out, np.clip(canvas.lines - grain * np.float32(0.3), 0, 1), (28, 24, 26), 0.9)


def _stamps(brief: Brief, long: int, thick: int, count: int = 12) -> list[tuple[Mask, Mask]]:
    """Bristle marks at several angles: coverage and relief."""
    side = long + 3
    half = np.float32(side / 2)
    y, x = (
        np.arange(side, dtype=np.float32)[:, None] - half + 0.5,
        np.arange(side, dtype=np.float32)[None, :] - half + 0.5,
    )
    bristles = brief.chance.field("bristles", 64).astype(np.float32)
    stamps = []
    for k in range(count):
        c, s = turned(k / (2 * count))
        along, across = x * np.float32(c) + y * np.float32(s), y * np.float32(c) - x * np.float32(s)
        a, b = along / np.float32(long / 2), across / np.float32(thick / 2)
        body: Mask = np.clip((1 - a * a * a * a - b * b) * 3, 0, 1).astype(np.float32)
        hair = bristles[(np.clip((b + 1) * 16 + 8, 0, 63)).astype(np.int64)]
        covers, raised = body * (np.float32(0.78) + hair * np.float32(0.22)), (hair - np.float32(0.5)) * body
        stamps.append((covers.astype(np.float32), raised.astype(np.float32)))
    return stamps


def _strokes(
    canvas: Canvas, brief: Brief, base: Image, *, sizes: tuple[float, ...], lively: float, swirl: float
) -> Image:
    """Paint the picture again in strokes, broad ones first (after Hertzmann, 1998)."""
    out = blurred(base, max(1, brief.short_side // 64))
    relief = np.zeros((canvas.height, canvas.width), np.float32)
    angle = cloud(brief.chance, "swirl", (72, 72), (3.2, 3.2), 2)
    tone = grey(blurred(base, max(1, brief.short_side // 220)))
    for level, part in enumerate(sizes):
        long = max(6, int(brief.short_side * part))
        thick = max(3, int(long * 0.34))
        stamps = _stamps(brief, long, thick)
        source = blurred(base, max(1, thick // 4))
        places = _places(canvas, brief, f"strokes {level}", long * 0.46, thick * 0.9)
        luck = brief.chance.field(f"lively {level}", len(places), 3).astype(np.float32)
        x, y = places[:, 0], places[:, 1]
        if level:
            # A finer brush only where the broad one has missed something.
            missed = np.abs(source[y, x] - out[y, x]).max(axis=1) >= 14
            places, luck, x, y = places[missed], luck[missed], x[missed], y[missed]
        flow = angle[y * 72 // canvas.height, x * 72 // canvas.width] * np.float32(swirl)
        ways = _directions(tone, places, flow + luck[:, 2] * np.float32(0.08))
        tint = source[y, x] * (1 + (luck[:, :1] - np.float32(0.5)) * np.float32(lively))
        tint = tint + (luck[:, 1:2] - np.float32(0.5)) * np.float32(40 * lively)
        for number, (column, row) in enumerate(places.tolist()):
            _stamp(out, relief, column, row, tint[number], stamps[ways[number]])
    shine = relief - np.roll(relief, (1, 1), axis=(0, 1))
    lit: Image = out + np.clip(shine * 46, -22, 26)[:, :, None]
    return lit


def _places(canvas: Canvas, brief: Brief, purpose: str, across: float, down: float) -> npt.NDArray[np.int64]:
    """Jittered places over the whole canvas, in a mixed order."""
    columns, rows = int(canvas.width / across) + 1, int(canvas.height / down) + 1
    jitter = brief.chance.field(purpose, rows, columns, 3)
    x = np.clip((np.arange(columns)[None, :] + jitter[:, :, 0]) * across, 0, canvas.width - 1).astype(np.int64)
    y = np.clip((np.arange(rows)[:, None] + jitter[:, :, 1]) * down, 0, canvas.height - 1).astype(np.int64)
    order = np.argsort(jitter[:, :, 2].reshape(-1), kind="stable")
    return np.stack((x.reshape(-1), y.reshape(-1)), axis=1)[order]


def _directions(tone: Mask, places: npt.NDArray[np.int64], flow: Mask) -> list[int]:
    """Which of twelve stamps at each place: along the edges of what is painted, elsewhere along the flow."""
    height, width = tone.shape
    x, y = places[:, 0], places[:, 1]
    across = tone[y, np.minimum(x + 3, width - 1)] - tone[y, np.maximum(x - 3, 0)]
    down = tone[np.minimum(y + 3, height - 1), x] - tone[np.maximum(y - 3, 0), x]
    compass = np.array([turned(k / 24) for k in range(12)], np.float32)
    against = np.abs(across[:, None] * compass[None, :, 0] + down[:, None] * compass[None, :, 1])
    drifting = (flow * 24).astype(np.int64) % 12
    ways: list[int] = np.where(np.abs(across) + np.abs(down) < 10, drifting, against.argmin(axis=1)).tolist()
    return ways


def _stamp(out: Image, relief: Mask, x: int, y: int, colour: Image, stamp: tuple[Mask, Mask]) -> None:
    body, hair = stamp
    side = body.shape[0]
    top, left = y - side // 2, x - side // 2
    y0, x0 = max(0, -top), max(0, -left)
    y1, x1 = min(side, out.shape[0] - top), min(side, out.shape[1] - left)
    if y1 <= y0 or x1 <= x0:
        return
    mask = body[y0:y1, x0:x1]
    region = out[top + y0 : top + y1, left + x0 : left + x1]
    region += (colour - region) * mask[:, :, None]
    bumps = relief[top + y0 : top + y1, left + x0 : left + x1]
    bumps += (hair[y0:y1, x0:x1] - bumps) * mask


def oil(canvas: Canvas, brief: Brief) -> Image:
    """Oil on canvas: strokes along the forms, with the relief of bristles."""
    fine = (0.075, 0.04, 0.022) if brief.detail < 2 else (0.07, 0.036, 0.018)
    return _strokes(canvas, brief, canvas.rgb, sizes=fine, lively=0.12, swirl=1.0)


def impressionist(canvas: Canvas, brief: Brief) -> Image:
    """Broken colour in short lively strokes."""
    return _strokes(canvas, brief, saturated(canvas.rgb, 1.25), sizes=(0.075, 0.045, 0.026), lively=0.36, swirl=2.4)


def pointillism(canvas: Canvas, brief: Brief) -> Image:
    """Dots of purer colour than what they add up to."""
    out = blurred(canvas.rgb, max(1, brief.short_side // 40)) * np.float32(0.7) + 70
    relief = np.zeros((canvas.height, canvas.width), np.float32)
    side = max(5, int(brief.short_side / (62 + 14 * brief.detail)))
    base = saturated(blurred(canvas.rgb, 1), 1.35)
    dot = _stamps(brief, side, side, 1)[0]
    for level in range(2):
        places = _places(canvas, brief, f"dots {level}", side * 0.9, side * 0.9)
        luck = brief.chance.field(f"hues {level}", len(places), 3).astype(np.float32) - np.float32(0.5)
        tint = np.clip(base[places[:, 1], places[:, 0]] + luck * 66, 0, 255)
        for number, (x, y) in enumerate(places.tolist()):
            _stamp(out, relief, x, y, tint[number], dot)
    return out


def photo(canvas: Canvas, brief: Brief) -> Image:
    """The look of film: bloom, a curve, grain, dark corners."""
    soft = blurred(canvas.rgb, max(2, brief.short_side // 60))
    pixels = canvas.rgb + np.maximum(0, soft - 150) * np.float32(0.28)
    part = np.clip(pixels * np.float32(1 / 255), 0, 1)
    pixels = (part * part * (3 - 2 * part) * np.float32(0.5) + part * np.float32(0.5)) * 255
    grain = brief.chance.field("film", canvas.height, canvas.width).astype(np.float32) - np.float32(0.5)
    return vignette(pixels + (grain * 15)[:, :, None], 0.3)
