"""A butterfly, a dragon, and small animals."""

from __future__ import annotations

import math

from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.vector import Points, mirror, oval, path, points, ribbon, spline

__all__ = ["draw_butterfly", "draw_dragon", "draw_small", "paint_eyes"]


def paint_eyes(pen: Pen, x: float, y: float, radius: float, iris: str) -> None:
    """Two round eyes that look at us."""
    for side in (-1, 1):
        pen.oval(side * x, y, radius, radius, hex_colour(iris))
        pen.oval(side * x, y, radius * 0.6, radius * 0.6, hex_colour("151216"), line=0)
        pen.oval(side * x - radius * 0.2, y - radius * 0.25, radius * 0.2, radius * 0.2, hex_colour("ffffff"), line=0)


def draw_butterfly(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    """Wings open, around (0, 0)."""
    coat = own if own is not None else hex_colour(chance.pick("coat", ("e8862f", "3f8fd0", "8a5ac0", "e8c23a")))
    upper = spline(path("0.05,-0.1 0.5,-0.95 1.25,-1.05 1.3,-0.45 0.8,0 0.1,0.05"))
    lower = spline(path("0.05,0.05 0.7,0.05 1,0.45 0.7,0.95 0.3,0.75"))
    edge = hex_colour("2a2226")
    pen.many([upper, mirror(upper), lower, mirror(lower)], edge)
    inner = [shape * 0.84 + (0.07, 0.0) for shape in (upper, lower)]
    pen.many([*inner, *[mirror(shape) for shape in inner]], coat, line=0)
    veins = [
        ribbon([(0.1, 0.0), end], 0.025) for end in ((0.9, -0.9), (1.15, -0.6), (0.85, -0.2), (0.8, 0.5), (0.5, 0.75))
    ]
    pen.many([*veins, *[mirror(vein) for vein in veins]], edge, line=0)
    dots = [oval(x, y, 0.07, 0.07) for x, y in ((1.14, -0.84), (1.2, -0.6), (0.78, 0.72))]
    pen.many([*dots, *[mirror(dot) for dot in dots]], hex_colour("fbf4e4"), line=0)
    pen.oval(0, 0.08, 0.08, 0.5, edge)
    for side in (-1, 1):
        pen.line([(0, -0.4), (side * 0.15, -0.75), (side * 0.32, -0.95)], [0.03, 0.02, 0.03], edge)


def draw_dragon(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    """A Chinese dragon: a long body in coils, mane, horns and whiskers."""
    coat = own if own is not None else hex_colour(chance.pick("coat", ("2f8f6a", "c8352a", "d8a02f", "2f6fae")))
    gold = hex_colour("e8b83a")
    pen = pen.at(0, -0.2, 0.95, flip=chance.true("left", 0.5))
    body = spline(
        path(
            "-1.9,-0.35 -1.35,0.05 -0.8,-0.35 -1.1,-1 -0.5,-1.35 0.1,-0.95 "
            "0.05,-0.35 0.6,-0.05 1.1,-0.5 0.85,-1.15 1.1,-1.6"
        ),
        closed=False,
    )
    spikes: list[Points] = []
    for k in range(4, len(body) - 4, 3):
        (x, y), (bx, by) = body[k], body[k + 1] - body[k - 1]
        norm = max(1e-6, math.sqrt(bx * bx + by * by))
        nx, ny = by / norm, -bx / norm
        spikes.append(
            points([(x - bx * 0.3, y - by * 0.3), (x + nx * 0.36, y + ny * 0.36), (x + bx * 0.3, y + by * 0.3)])
        )
    pen.many(spikes, hex_colour("d8502a") if float(coat[0]) < 150 else gold)
    for x, y, dx in ((-0.95, -0.7, -0.5), (0.2, -0.6, -0.45), (0.95, -0.35, 0.45)):
        leg = ribbon(
            spline([(x, y), (x + dx * 0.6, y + 0.28), (x + dx * 0.9, y + 0.62)], closed=False), [0.24, 0.15, 0.1]
        )
        claws = [
            ribbon([(x + dx * 0.9, y + 0.6), (x + dx * 0.9 + c, y + 0.8)], [0.07, 0.01]) for c in (-0.14, 0.0, 0.14)
        ]
        pen.many([leg], dark(coat, 0.2))
        pen.many(claws, gold)
    widths = [0.05, 0.24, 0.36, 0.42, 0.44, 0.44, 0.42, 0.4, 0.38, 0.34, 0.3]
    trunk = pen.many([ribbon(body, widths)], coat)
    pen.many([ribbon(body + (0.05, 0.1), [w * 0.36 for w in widths])], light(gold, 0.4), clip=trunk, line=0)
    if detail >= 1:
        scales = [oval(float(x) - 0.02, float(y) - 0.07, 0.05, 0.04)[::8] for x, y in body[3:-3:2]]
        pen.many(scales, dark(coat, 0.35), clip=trunk, line=0)
    pen.many([points(path("-1.85,-0.35 -2.3,-0.75 -2.05,-0.4 -2.45,-0.3 -1.95,-0.2"))], gold)
    _dragon_head(pen.at(1.12, -1.72, 0.62), coat, gold)


def _dragon_head(pen: Pen, coat: Colour, gold: Colour) -> None:
    mane = [
        ribbon(spline([(-0.2, 0.1), (-0.7, -0.3 + 0.28 * k), (-1.2, -0.5 + 0.42 * k)], closed=False), [0.3, 0.22, 0.02])
        for k in range(4)
    ]
    pen.many(mane, hex_colour("e0622a"))
    for dx in (-0.2, 0.08):
        pen.many(
            [ribbon(spline([(dx, -0.4), (dx - 0.25, -0.95), (dx - 0.6, -1.2)], closed=False), [0.14, 0.1, 0.02])], gold
        )
    pen.blob(
        path("-0.5,-0.3 0,-0.55 0.45,-0.4 0.95,-0.3 1.2,-0.1 1.1,0.1 0.5,0.12 0.9,0.3 0.8,0.42 0.1,0.42 -0.4,0.3"),
        coat,
    )
    pen.poly([(0.5, 0.1), (1.05, 0.08), (0.95, 0.3), (0.5, 0.2)], hex_colour("8a1f2a"))
    pen.many(
        [points([(x, 0.08), (x + 0.1, 0.08), (x + 0.05, 0.22)]) for x in (0.6, 0.76, 0.92)],
        hex_colour("fbf7ee"),
        line=0,
    )
    pen.oval(0.22, -0.28, 0.16, 0.14, hex_colour("fbf4d0"))
    pen.oval(0.27, -0.27, 0.08, 0.09, hex_colour("151216"), line=0)
    pen.oval(1.08, -0.16, 0.07, 0.06, dark(coat, 0.3))
    for y in (0.05, 0.35):
        pen.line([(1.0, y - 0.1), (1.5, y), (1.6, y + 0.5), (1.95, y + 0.6)], [0.06, 0.04, 0.03, 0.01], gold)


def draw_small(pen: Pen, name: str, own: Colour | None, chance: Chance, detail: int) -> None:
    """`frog`, `snake` or `turtle`."""
    green = own if own is not None else hex_colour(chance.pick("green", ("5a9a45", "6fa550", "3f8a5a")))
    if name == "frog":
        leg = spline(path("0.3,-0.1 0.95,-0.5 1,-0.1 0.7,0.03 0.3,0.02"))
        pen.many([leg, mirror(leg)], dark(green, 0.15))
        pen.blob(path("0,-1 0.62,-0.8 0.72,-0.3 0.4,0 -0.4,0 -0.72,-0.3 -0.62,-0.8"), green)
        pen.oval(0, -0.28, 0.44, 0.26, light(green, 0.55), line=0)
        pen.many([oval(-0.36, -1.0, 0.24, 0.24), oval(0.36, -1.0, 0.24, 0.24)], green)
        paint_eyes(pen, 0.36, -1.02, 0.15, "f2d23a")
        pen.ink([(-0.5, -0.62), (0, -0.48), (0.5, -0.62)], [0.02, 0.045, 0.02], dark(green, 0.6))
    elif name == "snake":
        for k, wide in enumerate((1.15, 0.85, 0.55)):
            pen.many([ribbon(oval(0, -0.14 - 0.24 * k, wide, 0.26), 0.26)], dark(green, 0.15 - 0.07 * k))
        neck = spline([(0.3, -0.7), (0.5, -1.2), (0.1, -1.55), (0.3, -1.9)], closed=False)
        pen.many([ribbon(neck, [0.28, 0.24, 0.22, 0.26])], green)
        pen.blob(path("0.1,-1.9 0.3,-2.12 0.62,-2.05 0.75,-1.9 0.5,-1.78"), green)
        pen.oval(0.42, -1.98, 0.05, 0.05, hex_colour("f2c23a"))
        pen.line([(0.72, -1.9), (0.95, -1.86), (1.05, -1.94)], 0.03, hex_colour("d8303f"))
    else:
        for x in (-0.6, 0.6):
            pen.oval(x, -0.12, 0.26, 0.16, green)
        pen.blob(path("0.7,-0.4 1,-0.75 1.35,-0.72 1.4,-0.5 1.1,-0.3"), green)
        pen.oval(1.2, -0.62, 0.045, 0.045, hex_colour("151216"))
        shell = pen.blob(path("-1,-0.25 -0.8,-0.75 0,-1.05 0.8,-0.75 1,-0.25 0,-0.12"), hex_colour("8a6a3a"))
        plates = [
            ribbon(points(line), 0.035)
            for line in (
                [(-0.4, -0.95), (-0.55, -0.2)],
                [(0.4, -0.95), (0.55, -0.2)],
                [(-0.9, -0.6), (0.9, -0.6)],
                [(0, -1.05), (0, -0.15)],
            )
        ]
        pen.many(plates, hex_colour("5a4224"), clip=shell, line=0)
