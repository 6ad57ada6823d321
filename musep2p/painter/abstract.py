"""Pictures without a subject, and the backdrops of portraits: arrangements of plain shapes in the palette."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen, fade
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix, vivid
from musep2p.painter.noise import cloud, profile
from musep2p.painter.vector import Frame, Points, arc, oval, path, points, ribbon, spline, turned

__all__ = ["paint_abstract", "paint_backdrop"]

_SETS = (
    "1f3a5f f2c14e f78154 5fad56 f4e9cd",
    "2d3142 ef8354 bfc0c0 4f5d75 f7efe0",
    "264653 2a9d8f e9c46a f4a261 e76f51",
    "3d405b e07a5f f2cc8f 81b29a f4f1de",
    "540d6e ee4266 ffd23f 3bceac f7f3e8",
    "22223b 9a8c98 c9ada7 f2e9e4 b5524a",
    "0b3954 bfd7ea ff6663 e0ff4f fefffe",
    "3a2e39 f15152 e9b44c 1e555c f4d8cd",
)


def paint_abstract(canvas: Canvas, brief: Brief) -> None:
    """A composition of shapes; which one and in which colours is the prompt's and the seed's."""
    colours = _colours(brief)
    drawing = brief.chance.pick("composition", (_circles, _waves, _strokes, _tiles, _rays, _pebbles))
    ground = colours[-1]
    canvas.flood(fade(light(ground, 0.15), mix(ground, colours[0], 0.12), 0, canvas.height))
    drawing(canvas, brief, colours)


def paint_backdrop(canvas: Canvas, brief: Brief) -> None:
    """A studio backdrop behind a figure: quiet in tone, with one ornament."""
    chance, palette = brief.chance, brief.palette
    base = (
        palette.drawn[-1]
        if palette.drawn
        else hex_colour(
            chance.pick("backdrop", ("c9b79c", "7f9a9f", "a8b59a", "c98f7a", "8a86a8", "d9c27f", "6f8fae", "b58a94"))
        )
    )
    base = palette.lit(base, 0.8)
    if brief.has("tone.dark", "light.dramatic", "light.spot"):
        base = dark(base, 0.6)
    canvas.flood(fade(light(base, 0.28), dark(base, 0.18), 0, canvas.height))
    texture = cloud(chance, "backdrop", (canvas.height, canvas.width), (5, 4), 2 + brief.detail)
    canvas.veil(np.clip(texture - 0.45, 0, 1), light(base, 0.6), 0.55)
    ornament = chance.pick("ornament", ("disc", "arch", "leaves", "none", "disc", "bands"))
    if brief.has("light.spot", "light.dramatic"):
        canvas.glow(canvas.width * 0.5, canvas.height * 0.35, brief.short_side * 0.7, light(base, 0.6), 0.7)
    elif brief.detail >= 1:
        _ornament(canvas, brief, ornament, base)


def _ornament(canvas: Canvas, brief: Brief, kind: str, base: Colour) -> None:
    pen = Pen(canvas, Frame(canvas.width / 2, canvas.height * 0.42, brief.short_side / 2), 0.5)
    accent = brief.palette.accent if not brief.palette.drawn else light(brief.palette.drawn[0], 0.3)
    if kind == "disc":
        pen.oval(0, 0, 0.82, 0.82, mix(base, light(accent, 0.35), 0.5), line=0.6)
    elif kind == "arch":
        pen.many(
            [points([(-0.75, 2), *arc(0, -0.1, 0.75, 0.85, -0.5, 0, 30), (0.75, 2)])], mix(base, light(base, 0.8), 0.5)
        )
    elif kind == "bands":
        for k in range(5):
            pen.line(
                [(-1.6, -0.9 + 0.42 * k), (0, -1.1 + 0.42 * k), (1.6, -0.8 + 0.42 * k)],
                0.12,
                light(base, 0.2 + 0.05 * k),
                opacity=0.5,
            )
    elif kind == "leaves":
        for side in (-1, 1):
            for k in range(5):
                own = brief.chance.branch(f"leaf {side} {k}")
                at = pen.at(
                    side * own.between("x", 0.7, 1.1),
                    own.between("y", -0.9, 1.0),
                    own.between("size", 0.28, 0.45),
                    own.unit("turn"),
                )
                leaf = at.blob(
                    path("0,-1 0.36,-0.3 0.3,0.4 0,1 -0.3,0.4 -0.36,-0.3"),
                    mix(brief.palette.near, base, 0.35),
                )
                at.line([(0, -0.9), (0, 0.95)], 0.05, light(base, 0.3), clip=leaf)


def _colours(brief: Brief) -> list[Colour]:
    drawn = list(brief.palette.drawn)
    base = [hex_colour(text) for text in brief.chance.pick("set", _SETS).split()]
    if drawn:
        lead = drawn[0]
        base = [*drawn, dark(lead, 0.5), light(lead, 0.5), vivid(mix(lead, base[1], 0.4), 1.2), light(lead, 0.82)]
    if brief.palette.night:
        base[-1] = dark(base[0], 0.55)
    return base


def _circles(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Discs, half discs and rings on a grid, as the Bauhaus taught."""
    count = 3 + brief.detail
    side = max(canvas.width, canvas.height) / count
    for row in range(int(canvas.height / side) + 1):
        for column in range(int(canvas.width / side) + 1):
            c = brief.chance.branch(f"cell {row} {column}")
            pen = Pen(canvas, Frame((column + 0.5) * side, (row + 0.5) * side, side / 2, c.whole("turn", 0, 3) / 4))
            one, two = c.pick("one", colours[:-1]), c.pick("two", colours[:-1])
            kind = c.pick("kind", ("half", "disc", "ring", "quarter", "empty", "stripes"))
            if kind == "half":
                pen.many([points(arc(0, 0, 0.94, 0.94, -0.5, 0, 30))], one)
            elif kind == "disc":
                pen.oval(0, 0, 0.9, 0.9, one)
                pen.oval(0, 0, 0.4, 0.4, two)
            elif kind == "ring":
                pen.many([ribbon(arc(0, 0, 0.7, 0.7, 0, 1, 40), 0.28)], one)
            elif kind == "quarter":
                pen.many([points([(-1, -1), *(arc(-1, -1, 1.9, 1.9, 0, 0.25, 20))])], one)
            elif kind == "stripes":
                for k in range(4):
                    pen.poly(
                        [
                            (-0.95, -0.9 + 0.5 * k),
                            (0.95, -0.9 + 0.5 * k),
                            (0.95, -0.68 + 0.5 * k),
                            (-0.95, -0.68 + 0.5 * k),
                        ],
                        one if k % 2 else two,
                    )


def _waves(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Layered waves of colour."""
    count = 6 + 3 * brief.detail
    for layer in range(count):
        part = layer / count
        line = (
            canvas.height * (0.08 + 0.95 * part)
            + (profile(brief.chance, f"wave {layer}", canvas.width, 2.4, 2) - 0.5) * canvas.height * 0.3
        )
        columns = np.arange(0, canvas.width + 4, 3, dtype=np.float64)
        rows = line[np.minimum(columns.astype(np.int64), canvas.width - 1)]
        shape = np.concatenate(
            (
                np.stack((columns, rows), axis=1),
                [(canvas.width + 4.0, canvas.height + 4.0), (-4.0, canvas.height + 4.0)],
            )
        )
        tone = mix(
            colours[layer % (len(colours) - 1)],
            colours[(layer + 1) % (len(colours) - 1)],
            brief.chance.unit(f"mix {layer}") * 0.4,
        )
        top = float(rows.min())
        canvas.lay(canvas.cover([shape]), fade(light(tone, 0.25), dark(tone, 0.1), top, top + canvas.height * 0.3))
        canvas.draw([ribbon(np.stack((columns, rows), axis=1), canvas.line)])


def _strokes(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Long strokes along a field of directions."""
    chance = brief.chance
    angle = cloud(chance, "field", (64, 64), (2.2, 2.2), 2)
    shapes: list[list[Points]] = [[] for _ in colours]
    unit = brief.short_side
    for number, (x, y, size, _hue) in enumerate(chance.field("strokes", 160 + 190 * brief.detail, 4)):
        path = []
        px, py = x * canvas.width, y * canvas.height
        for _ in range(12):
            path.append((px, py))
            column, row = int(min(63, max(0, px / canvas.width * 63))), int(min(63, max(0, py / canvas.height * 63)))
            c, s = turned(float(angle[row, column]) * 1.6)
            px, py = px + c * unit * 0.022, py + s * unit * 0.022
        shapes[number % len(colours)].append(ribbon(path, [unit * 0.002, unit * (0.006 + 0.014 * size), unit * 0.002]))
    for tone, group in zip([*colours[:-1], light(colours[0], 0.4)], shapes, strict=True):
        for chunk in range(0, len(group), 8):
            canvas.lay(canvas.cover(group[chunk : chunk + 8]), tone, 0.9)


def _tiles(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Blocks between heavy bars."""
    boxes = [(0.0, 0.0, 1.0, 1.0)]
    for number in range(5 + 3 * brief.detail):
        boxes.sort(key=lambda box: (box[2] - box[0]) * (box[3] - box[1]), reverse=True)
        x0, y0, x1, y1 = boxes.pop(0)
        cut = brief.chance.between(f"cut {number}", 0.3, 0.7)
        if (x1 - x0) * canvas.width > (y1 - y0) * canvas.height:
            boxes += [(x0, y0, x0 + (x1 - x0) * cut, y1), (x0 + (x1 - x0) * cut, y0, x1, y1)]
        else:
            boxes += [(x0, y0, x1, y0 + (y1 - y0) * cut), (x0, y0 + (y1 - y0) * cut, x1, y1)]
    pen = Pen(canvas, Frame(0, 0, 1), 0)
    bar = brief.short_side * 0.012
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        colour = brief.chance.pick(f"tile {number}", [*colours, colours[-1], light(colours[-1], 0.4)])
        left, top, right, bottom = x0 * canvas.width, y0 * canvas.height, x1 * canvas.width, y1 * canvas.height
        pen.poly([(left, top), (right, top), (right, bottom), (left, bottom)], hex_colour("1d1b22"))
        pen.poly(
            [
                (left + bar, top + bar),
                (right - bar, top + bar),
                (right - bar, bottom - bar),
                (left + bar, bottom - bar),
            ],
            fade(light(colour, 0.08), colour, top, bottom),
        )


def _rays(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Rays from a low sun."""
    x, y = brief.chance.between("x", 0.3, 0.7) * canvas.width, brief.chance.between("y", 0.45, 0.75) * canvas.height
    reach = (canvas.width + canvas.height) * 1.0
    count = 14 + 6 * brief.detail
    for k in range(count):
        a, b = arc(x, y, reach, reach, k / count, (k + 0.5 + 0.3 * brief.chance.unit(f"ray {k}")) / count, 2)
        canvas.lay(canvas.cover([points([(x, y), a, b])]), colours[k % (len(colours) - 1)], 0.9)
    pen = Pen(canvas, Frame(x, y, brief.short_side * 0.2))
    for k in range(3 + brief.detail):
        pen.oval(0, 0, 1 - 0.2 * k, 1 - 0.2 * k, colours[(k + 1) % len(colours)])


def _pebbles(canvas: Canvas, brief: Brief, colours: list[Colour]) -> None:
    """Balanced stones and leaves, cut from paper."""
    for number in range(9 + 4 * brief.detail):
        c: Chance = brief.chance.branch(f"pebble {number}")
        at = (c.unit("x") * canvas.width, c.unit("y") * canvas.height)
        pen = Pen(canvas, Frame(*at, brief.short_side * c.between("size", 0.08, 0.24), c.unit("turn")))
        ring = oval(0, 0, 1, 0.7)[::8]
        shape = [
            (float(px) * c.between(f"a {k}", 0.75, 1.2), float(py) * c.between(f"b {k}", 0.75, 1.2))
            for k, (px, py) in enumerate(ring)
        ]
        colour = c.pick("colour", colours[:-1])
        pen.many([spline([(px + 0.05, py + 0.07) for px, py in shape])], hex_colour("000000"), opacity=0.18, line=0)
        pen.blob(shape, colour)
        if c.true("vein", 0.5):
            pen.line([(-0.7, 0), (0, 0.08), (0.7, 0)], 0.04, light(colour, 0.4))
