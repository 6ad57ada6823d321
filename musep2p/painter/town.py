"""Towns: a skyline far away, and a street that one stands in."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.buildings import Site, draw_building, windows
from musep2p.painter.canvas import Canvas, Pen, fade
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix
from musep2p.painter.palette import named
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Frame, Points, oval, points, ribbon

__all__ = ["paint_row", "paint_skyline", "paint_street", "site_of"]

_NEON = ("ff4f9a", "4fd8ff", "ffd24f", "9a6aff", "5affb0")


def site_of(brief: Brief, purpose: str, *concepts: str) -> Site:
    """Where a building of this picture stands."""
    own = brief.colour(*concepts) if concepts else ""
    return Site(brief.palette, named(own) if own else None, brief.chance.branch(purpose), brief.detail)


def paint_skyline(canvas: Canvas, brief: Brief, base: float) -> None:
    """Rows of towers, pale in the distance, with lit windows; `base` is the row they stand on."""
    palette = brief.palette
    layers = 2 + (brief.detail >= 1)
    for layer in range(layers):
        chance = brief.chance.branch(f"skyline {layer}")
        near = (layer + 1) / layers
        wall = palette.lit(mix(hex_colour("5a6378"), palette.near, 0.25))
        colour = mix(wall, palette.horizon, 0.72 * (1 - near))
        x = -0.02
        number = 0
        while x < 1.0:
            wide = chance.between(f"wide {number}", 0.05, 0.1) * (0.7 + 0.5 * near)
            tall = (0.16 + 0.34 * chance.unit(f"tall {number}") * (1.15 - 0.35 * near)) * (canvas.height * 0.8)
            _tower(
                canvas, brief, (x * canvas.width, (x + wide) * canvas.width, base - tall, base), colour, number, near
            )
            x += wide * chance.between(f"gap {number}", 0.85, 1.25)
            number += 1
    ground = Patch(
        int(max(0, min(base, canvas.height - 1))),
        0,
        np.ones((max(1, canvas.height - int(min(base, canvas.height - 1))), canvas.width), np.float32),
    )
    canvas.lay(ground, fade(mix(palette.near, palette.horizon, 0.3), dark(palette.near, 0.3), base, canvas.height))


def _tower(
    canvas: Canvas, brief: Brief, box: tuple[float, float, float, float], colour: Colour, number: int, near: float
) -> None:
    left, right, top, base = box
    own = brief.chance.branch(f"tower {number} {near}")
    tone = (
        light(colour, own.between("tone", -0.0, 0.12))
        if own.true("bright", 0.5)
        else dark(colour, own.between("tone", 0.0, 0.18))
    )
    roof = _roof(own.pick("shape", ("flat", "flat", "step", "slant", "spire")), left, right, top)
    pen = Pen(canvas, Frame(0, 0, 1), 0.6)
    body = pen.poly(
        [(left, base + 2), *roof, (right, base + 2)], fade(tone, mix(tone, brief.palette.horizon, 0.35), top, base)
    )
    inner = left + (right - left) * 0.62
    shade = [(inner, top - 40), (right, top - 40), (right, base), (inner, base)]
    pen.poly(shade, dark(tone, 0.5), opacity=0.25, clip=body, line=0)
    if brief.detail >= 1 and near > 0.4:
        site = Site(brief.palette, None, own, brief.detail)
        cell = max(5.0, brief.short_side / (60 + 25 * brief.detail))
        columns, rows = int((right - left) * 0.86 / cell), int((base - top) / (cell * 1.5)) - 1
        if columns > 0 and rows > 0:
            margin = (right - left) * 0.07
            box = (left + margin, top + cell, right - margin, base - cell)
            windows(pen, site, box, min(columns, 10), min(rows, 40), 0.5)


def _roof(shape: str, left: float, right: float, top: float) -> list[tuple[float, float]]:
    wide, middle = right - left, (left + right) / 2
    if shape == "step":
        inner, outer = left + wide * 0.25, left + wide * 0.75
        return [
            (left, top + 12),
            (inner, top + 12),
            (inner, top - 8),
            (outer, top - 8),
            (outer, top + 12),
            (right, top + 12),
        ]
    if shape == "slant":
        return [(left, top + wide * 0.4), (right, top)]
    if shape == "spire":
        low = top - wide * 0.25
        return [(left, top), (middle - 2, low), (middle, top - wide), (middle + 2, low), (right, top)]
    return [(left, top), (right, top)]


def paint_street(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """A street that runs away from us between houses, with a wet road when it rains."""
    palette = brief.palette
    vanish = (brief.chance.between("street", 0.42, 0.58) * canvas.width, horizon)
    road = palette.lit(hex_colour("6a6672"))
    canvas.flood(fade(mix(road, palette.horizon, 0.4), dark(road, 0.25), horizon, canvas.height), horizon)
    pen = Pen(canvas, Frame(0, 0, 1), 0.7)
    pave = palette.lit(hex_colour("a8a098"))
    for side in (-1, 1):
        edge = canvas.width * (0.5 + side * 0.62)
        pen.poly(
            [
                vanish,
                (edge - side * canvas.width * 0.2, canvas.height + 2),
                (edge + side * canvas.width * 0.6, canvas.height + 2),
            ],
            pave,
            line=0.5,
        )
    for side in (-1, 1):
        for number in range(5, -1, -1):
            _street_house(canvas, brief, pen, vanish, side, number)
    if palette.night or brief.has("weather.rain"):
        _reflections(canvas, brief, int(horizon + (canvas.height - horizon) * 0.12))
    _lamps(canvas, brief, vanish)


def _street_house(canvas: Canvas, brief: Brief, pen: Pen, vanish: tuple[float, float], side: int, number: int) -> None:
    """One front of the row, in one-point perspective; number 0 is nearest."""
    own = brief.chance.branch(f"front {side} {number}")
    depths = (1.25, 0.78, 0.5, 0.33, 0.22, 0.15, 0.09)
    near, far = depths[number], depths[number + 1]
    reach = canvas.width * 0.52 * side
    tall = canvas.height * own.between("tall", 0.62, 0.95)
    foot = (canvas.height - vanish[1]) * 0.82
    x0, x1 = vanish[0] + reach * near, vanish[0] + reach * far
    y0, y1 = vanish[1] - tall * near, vanish[1] - tall * far
    b0, b1 = vanish[1] + foot * near, vanish[1] + foot * far
    tones = (
        ("c9705a", "d9a56a", "7f8fa5", "e2cfae", "8f5f55", "a9b08a")
        if not brief.has("finish.neon")
        else ("2f2a4a", "3a2f55", "25304f")
    )
    wall = brief.palette.lit(mix(hex_colour(own.pick("wall", tones)), brief.palette.horizon, 0.12 * number))
    body = pen.poly([(x0, y0), (x1, y1), (x1, b1), (x0, b0)], fade(light(wall, 0.06), dark(wall, 0.25), y0, b0))
    site = Site(brief.palette, None, own, brief.detail)
    front = (x0, x1, y0, y1, b0, b1)
    groups: tuple[list[Points], list[Points]] = ([], [])
    floors, columns = 5, 3
    for k, luck in enumerate(own.field("panes", floors * columns)):
        s, t = (k % columns) / columns, (k // columns) / (floors + 1.6) + 0.05
        corners = _on_front(front, s + 0.06, s + 0.26, t + 0.03, t + 0.114)
        groups[int(luck < 0.35)].append(points(corners))
    pen.many(groups[0], site.pane, clip=body, line=0.5)
    pen.many(groups[1], dark(site.pane, 0.55), clip=body, line=0.5)
    _shop(canvas, brief, pen, own, front, (side, near, tall))


def _on_front(
    front: tuple[float, float, float, float, float, float], s0: float, s1: float, t0: float, t1: float
) -> list[tuple[float, float]]:
    """A rectangle on a house front that runs into the distance; s along it, t down it, from 0 to 1."""
    x0, x1, y0, y1, b0, b1 = front
    corners = []
    for s, t in ((s0, t0), (s1, t0), (s1, t1), (s0, t1)):
        top, bottom = y0 + (y1 - y0) * s, b0 + (b1 - b0) * s
        corners.append((x0 + (x1 - x0) * s, top + (bottom - top) * t))
    return corners


def _shop(
    canvas: Canvas, brief: Brief, pen: Pen, own: Chance, front: tuple[float, float, float, float, float, float],
    where: tuple[int, float, float],
) -> None:  # fmt: skip
    """The shop's sign; at night it shines, and a board hangs beside it."""
    side, near, tall = where
    shining = brief.palette.night or brief.has("finish.neon")
    awning = brief.palette.lit(hex_colour(own.pick("awning", ("c8402f", "2f7f6f", "d9a53a"))))
    sign = hex_colour(own.pick("sign", _NEON)) if shining else awning
    shop = _on_front(front, 0.1, 0.9, 0.78, 0.84)
    pen.poly(shop, sign)
    if not brief.palette.night:
        return
    wide_front = abs(front[1] - front[0])
    canvas.glow(sum(p[0] for p in shop) / 4, sum(p[1] for p in shop) / 4, wide_front * 0.9 + 4, sign, 0.5)
    if own.true("board", 0.7):
        x, y = _on_front(front, 0.75, 0.75, 0, 0)[0]
        wide, high = canvas.width * 0.072 * near * -side, tall * 0.32 * near
        board = hex_colour(own.pick("board colour", _NEON))
        low, foot = y + high * 0.6, y + high * 1.6
        pen.poly([(x, low), (x + wide, low), (x + wide, foot), (x, foot)], board)
        rows = [y + high * (0.75 + 0.22 * k) for k in range(4)]
        marks = [oval(x + wide * 0.5, row, abs(wide) * 0.25, high * 0.07) for row in rows]
        pen.many(marks, hex_colour("ffffff"), line=0)
        canvas.glow(x + wide * 0.6, y + high, high, board, 0.5)


def _lamps(canvas: Canvas, brief: Brief, vanish: tuple[float, float]) -> None:
    iron = hex_colour("26242c")
    for side, depth in ((-1, 0.62), (1, 0.62), (-1, 0.36), (1, 0.36)):
        x = vanish[0] + side * canvas.width * 0.36 * depth
        foot = vanish[1] + (canvas.height - vanish[1]) * 0.86 * depth
        pen = Pen(canvas, Frame(x, foot, canvas.height * 0.5 * depth), 0.6)
        pen.many([ribbon([(0, 0), (0, -0.62), (-side * 0.02, -0.72)], 0.022)], iron)
        pen.poly(
            [(-0.045, -0.72), (0.045, -0.72), (0.03, -0.84), (-0.03, -0.84)],
            hex_colour("ffe2a0") if brief.palette.night else hex_colour("e8e4d8"),
        )
        if brief.palette.night:
            canvas.glow(x, foot - pen.pixel * 0.78, pen.pixel * 0.4, hex_colour("ffd58a"), 0.75)


def _reflections(canvas: Canvas, brief: Brief, top: int) -> None:
    """Wet ground: the picture above, upside down and torn by ripples."""
    rows = np.arange(top, canvas.height)
    if not len(rows):
        return
    shift = (brief.chance.field("wet", len(rows)) - 0.5) * canvas.width * 0.02
    columns = np.clip(np.arange(canvas.width)[None, :] + shift.astype(np.int64)[:, None], 0, canvas.width - 1)
    source = np.clip(2 * top - rows - 1, 0, canvas.height - 1)
    part = np.clip(1.0 - (rows - top) / (canvas.height - top) * 0.7, 0, 1).astype(np.float32)[
        :, None, None
    ] * np.float32(0.42)
    canvas.rgb[top:] += (canvas.rgb[source[:, None], columns] - canvas.rgb[top:]) * part


def paint_row(canvas: Canvas, brief: Brief, base: float, count: int) -> None:
    """A village: small houses on a line."""
    for number in range(count):
        own = brief.chance.branch(f"village {number}")
        size = canvas.height * own.between("size", 0.05, 0.09)
        x = (number + own.between("x", 0.2, 0.8)) / count * canvas.width
        pen = Pen(canvas, Frame(x, base + own.between("y", -0.01, 0.05) * canvas.height, size), 0.7)
        draw_building(
            pen, "church" if number == count // 2 else "house", Site(brief.palette, None, own, max(0, brief.detail - 1))
        )
