"""Fish and what else lives in the sea, around (0, -1)."""

from __future__ import annotations

from musep2p.painter.beasts import paint_eyes
from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.vector import oval, path, points, ribbon, spline

__all__ = ["SWIMMERS", "draw_swimmer"]

SWIMMERS = ("fish", "whale", "jellyfish", "octopus")


def draw_swimmer(pen: Pen, name: str, own: Colour | None, chance: Chance, detail: int) -> None:
    """`fish`, `whale`, `jellyfish` or `octopus`, around (0, -1)."""
    {"fish": _fish, "whale": _whale, "jellyfish": _jellyfish, "octopus": _octopus}[name](
        pen.at(0, -1.0), own, chance, detail
    )


def _fish(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    white = own is None and chance.true("koi", 0.5)
    coat = (
        own
        if own is not None
        else hex_colour("f8f2e6" if white else chance.pick("coat", ("ee7a2a", "e8452f", "f2b53a")))
    )
    pen = pen.at(0, 0, 1.0, chance.between("dive", -0.05, 0.05), flip=chance.true("left", 0.5))
    fin = light(coat, 0.35)
    pen.blob(path("-0.85,0 -1.5,-0.55 -1.75,-0.5 -1.45,0 -1.75,0.5 -1.5,0.55"), fin, opacity=0.92)
    pen.blob([(0.3, -0.42), (-0.1, -0.85), (-0.55, -0.7), (-0.45, -0.3)], fin)
    pen.blob([(0.15, 0.38), (-0.1, 0.75), (-0.35, 0.62), (-0.25, 0.3)], fin)
    body = pen.blob(
        path("1.2,0.02 0.85,-0.34 0.2,-0.5 -0.5,-0.34 -1,-0.08 -1,0.1 -0.5,0.34 0.2,0.46 0.85,0.32"),
        coat,
    )
    if white:
        pen.many(
            [
                oval(x, y, a, b)
                for x, y, a, b in ((0.6, -0.3, 0.36, 0.26), (-0.15, -0.28, 0.4, 0.22), (-0.75, 0.0, 0.22, 0.18))
            ],
            hex_colour("e2452a"),
            clip=body,
            line=0,
        )
    scales = [
        ribbon(spline([(x, y - 0.09), (x + 0.07, y), (x, y + 0.09)], closed=False, samples=3), 0.02)
        for x in [-0.7 + 0.18 * k for k in range(7)]
        for y in (-0.2, 0.0, 0.2)
    ]
    if detail >= 1:
        pen.many(scales, dark(coat, 0.25), clip=body, opacity=0.6, line=0)
    pen.oval(0.2, 0.42, 1.0, 0.2, hex_colour("ffffff"), opacity=0.3, soft=0.08, clip=body)
    pen.ink([(0.72, -0.25), (0.62, 0.0), (0.72, 0.22)], 0.03, dark(coat, 0.4))
    pen.oval(0.92, -0.08, 0.09, 0.09, hex_colour("fbf7ee"))
    pen.oval(0.94, -0.08, 0.05, 0.05, hex_colour("151216"), line=0)


def _whale(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", ("3f5f86", "54708f", "2f4a66")))
    pen = pen.at(0, 0, 1.1, flip=chance.true("left", 0.5))
    pen.blob(path("-1.3,-0.1 -1.75,-0.65 -1.95,-0.5 -1.7,-0.1 -1.95,0.3 -1.7,0.4"), coat)
    body = pen.blob(
        path("1.4,0.05 1.2,-0.42 0.5,-0.62 -0.4,-0.48 -1.2,-0.16 -1.4,0.02 -0.6,0.3 0.3,0.55 1.1,0.45"),
        coat,
    )
    pen.blob(
        path("1.45,0.1 0.8,0.14 0,0.3 -0.6,0.32 0.3,0.6 1.2,0.5"),
        light(coat, 0.65),
        clip=body,
        line=0,
    )
    for k in range(4 + detail):
        pen.line(
            [(1.3, 0.16 + 0.07 * k), (0.6, 0.24 + 0.07 * k), (0.0, 0.36 + 0.05 * k)], 0.018, dark(coat, 0.1), clip=body
        )
    pen.blob([(0.35, 0.3), (0.1, 0.85), (-0.2, 0.9), (0.0, 0.35)], dark(coat, 0.2))
    pen.oval(0.92, -0.02, 0.06, 0.055, hex_colour("f4f1ea"))
    pen.oval(0.93, -0.02, 0.035, 0.035, hex_colour("10131a"), line=0)


def _jellyfish(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", ("f09ac0", "9ad0f0", "c0a0f0")))
    at = pen.frame.place(points([(0, -0.3)]))[0]
    pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 1.8, coat, 0.6)
    for k in range(7 + detail):
        x = (k / (6 + detail) - 0.5) * 1.2
        c = chance.branch(f"arm {k}")
        line = [
            (x, 0.0),
            (x + c.between("a", -0.15, 0.15), 0.6),
            (x + c.between("b", -0.2, 0.2), 1.2),
            (x + c.between("c", -0.3, 0.3), 1.9),
        ]
        pen.line(line, [0.07, 0.05, 0.05, 0.01], light(coat, 0.3), opacity=0.75)
    bell = pen.blob(
        path("0,-1 0.6,-0.8 0.85,-0.2 0.7,0.06 0.35,-0.04 0,0.08 -0.35,-0.04 -0.7,0.06 -0.85,-0.2 -0.6,-0.8"),
        coat,
        opacity=0.9,
    )
    pen.oval(-0.25, -0.6, 0.25, 0.2, hex_colour("ffffff"), opacity=0.5, soft=0.06, clip=bell)


def _octopus(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", ("d8604a", "b5508a", "e08a4a")))
    for k in range(8):
        side, n = (1 if k % 2 else -1), k // 2
        c = chance.branch(f"arm {k}")
        x = side * (0.15 + 0.2 * n)
        line = [
            (x, 0.1),
            (x + side * (0.2 + 0.25 * n), 0.55),
            (x + side * (0.15 + 0.32 * n), 1.0),
            (x + side * (0.4 + 0.3 * n) * c.between("c", 0.8, 1.2), 1.15 - 0.2 * n),
        ]
        pen.line(line, [0.3, 0.22, 0.13, 0.03], dark(coat, 0.06 * (k % 3)), line=1)
    head = pen.blob(path("0,-1.1 0.55,-0.9 0.66,-0.35 0.45,0.2 -0.45,0.2 -0.66,-0.35 -0.55,-0.9"), coat)
    pen.many(
        [oval((a - 0.5) * 1.0, -1.0 + 0.6 * b, 0.05, 0.05)[::8] for a, b in chance.field("spots", 9, 2)],
        light(coat, 0.4),
        clip=head,
        line=0,
    )
    paint_eyes(pen, 0.22, -0.15, 0.13, "f7f0d8")
