"""Birds, fish and what else has no four legs."""

from __future__ import annotations

import math

from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.vector import Points, mirror, oval, path, points, ribbon, spline

__all__ = ["SWIMMERS", "draw_bird", "draw_butterfly", "draw_dragon", "draw_small", "draw_swimmer"]

SWIMMERS = ("fish", "whale", "jellyfish", "octopus")


def draw_bird(pen: Pen, name: str, own: Colour | None, chance: Chance, detail: int) -> None:
    """`owl`, `penguin`, `crane`, `swan`, `eagle`, or a `parrot` for any small bird."""
    drawing = {"owl": _owl, "penguin": _penguin, "crane": _crane, "swan": _swan, "eagle": _eagle}.get(name, _parrot)
    drawing(pen, own, chance, detail)


def _eyes(pen: Pen, x: float, y: float, radius: float, iris: str) -> None:
    for side in (-1, 1):
        pen.oval(side * x, y, radius, radius, hex_colour(iris))
        pen.oval(side * x, y, radius * 0.6, radius * 0.6, hex_colour("151216"), line=0)
        pen.oval(side * x - radius * 0.2, y - radius * 0.25, radius * 0.2, radius * 0.2, hex_colour("ffffff"), line=0)


def _owl(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", ("8a6244", "a98a6a", "efe9df", "6a5a58")))
    body = pen.blob(
        path("0,-1.95 0.55,-1.8 0.72,-1.2 0.66,-0.4 0.3,0 -0.3,0 -0.66,-0.4 -0.72,-1.2 -0.55,-1.8"),
        coat,
    )
    tuft = points([(0.3, -1.8), (0.66, -2.2), (0.66, -1.6)])
    pen.many([tuft, mirror(tuft)], dark(coat, 0.2))
    pen.blob(
        path("0,-1.1 0.36,-0.9 0.36,-0.35 0,-0.08 -0.36,-0.35 -0.36,-0.9"),
        light(coat, 0.45),
        clip=body,
        line=0,
    )
    for row in range(3 + detail):
        y = -0.92 + row * 0.17
        pen.many(
            [
                ribbon(spline([(x - 0.08, y), (x, y + 0.07), (x + 0.08, y)], closed=False), 0.025)
                for x in (-0.24, -0.08, 0.08, 0.24)
            ],
            dark(coat, 0.3),
            clip=body,
            line=0,
        )
    wing = spline(path("0.5,-1.25 0.8,-0.9 0.78,-0.3 0.5,-0.08 0.44,-0.7"))
    pen.many([wing, mirror(wing)], dark(coat, 0.25))
    pen.many([oval(-0.3, -1.45, 0.34, 0.34), oval(0.3, -1.45, 0.34, 0.34)], light(coat, 0.55))
    _eyes(pen, 0.3, -1.45, 0.2, "f0a82a")
    pen.blob([(0, -1.42), (0.1, -1.3), (0, -1.08), (-0.1, -1.3)], hex_colour("e2a23a"))
    pen.many([oval(x, 0.02, 0.09, 0.06) for x in (-0.3, -0.16, 0.16, 0.3)], hex_colour("e2a23a"))


def _penguin(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour("26303f")
    foot = oval(0.26, 0.0, 0.26, 0.09)
    pen.many([foot, mirror(foot)], hex_colour("ee9a2f"))
    wing = spline([(0.5, -1.3), (0.86, -0.8), (0.84, -0.35), (0.6, -0.6)])
    pen.many([wing, mirror(wing)], coat)
    body = pen.blob(
        path("0,-2 0.42,-1.85 0.55,-1.45 0.66,-0.7 0.48,-0.05 -0.48,-0.05 -0.66,-0.7 -0.55,-1.45 -0.42,-1.85"),
        coat,
    )
    pen.blob(
        path("0,-1.3 0.34,-1.2 0.46,-0.6 0.3,-0.06 -0.3,-0.06 -0.46,-0.6 -0.34,-1.2"),
        hex_colour("f8f5ee"),
        clip=body,
        line=0,
    )
    face = spline(path("0,-1.5 0.3,-1.75 0.42,-1.5 0.2,-1.28 0,-1.25"))
    pen.many([face, mirror(face)], hex_colour("f8f5ee"), clip=body, line=0)
    _eyes(pen, 0.2, -1.58, 0.07, "26303f")
    pen.blob([(0, -1.52), (0.12, -1.42), (0, -1.3), (-0.12, -1.42)], hex_colour("ee9a2f"))


def _crane(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    white = own if own is not None else hex_colour("f8f6f1")
    pen = pen.at(0, 0, 1.0, flip=chance.true("left", 0.5))
    for x in (-0.05, 0.15):
        pen.many([ribbon([(x, -0.95), (x + 0.05, -0.5), (x, 0)], 0.045)], hex_colour("4a4448"))
        pen.many([ribbon([(x, 0), (x + 0.16, 0.02)], 0.04)], hex_colour("4a4448"))
    plumes = [
        ribbon(
            spline([(-0.3, -1.1), (-0.7, -0.95 + 0.05 * k), (-0.95, -0.6 + 0.1 * k)], closed=False), [0.16, 0.16, 0.02]
        )
        for k in range(4)
    ]
    pen.many(plumes, hex_colour("2c2a30") if own is None else dark(white, 0.4))
    pen.blob(path("-0.7,-1.05 -0.2,-1.35 0.35,-1.3 0.5,-1.08 0.2,-0.88 -0.3,-0.86"), white)
    neck = spline([(0.4, -1.15), (0.66, -1.5), (0.4, -1.85), (0.56, -2.12)], closed=False)
    pen.many([ribbon(neck, [0.22, 0.13, 0.11, 0.12])], white)
    pen.many([ribbon(neck[8:20], [0.1, 0.06])], hex_colour("2c2a30"), line=0, opacity=0.8 if own is None else 0.0)
    pen.oval(0.6, -2.14, 0.13, 0.11, white)
    pen.oval(0.59, -2.21, 0.08, 0.05, hex_colour("d8302f"), line=0)
    pen.poly([(0.68, -2.19), (1.12, -2.08), (0.68, -2.09)], hex_colour("6a6a4a"))
    pen.oval(0.63, -2.15, 0.022, 0.022, hex_colour("151216"), line=0)


def _swan(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    white = own if own is not None else hex_colour("fbfaf6")
    pen = pen.at(0, 0, 1.0, flip=chance.true("left", 0.5))
    body = pen.blob(
        path("-1,-0.45 -0.6,-0.8 0.1,-0.72 0.6,-0.45 0.55,-0.08 0,0.04 -0.6,0 -0.95,-0.2"),
        white,
    )
    pen.oval(-0.2, 0.0, 0.9, 0.2, hex_colour("9aaac4"), opacity=0.5, soft=0.06, clip=body)
    for k in range(3 + detail):
        pen.line(
            [(-0.85 + 0.1 * k, -0.5 + 0.08 * k), (-0.3, -0.5 + 0.1 * k), (0.2, -0.4 + 0.08 * k)],
            [0.01, 0.03, 0.01],
            hex_colour("a9b6cc"),
            clip=body,
        )
    neck = spline(path("0.5,-0.35 0.85,-0.75 0.55,-1.2 0.7,-1.6 0.95,-1.62"), closed=False)
    pen.many([ribbon(neck, [0.34, 0.22, 0.17, 0.18, 0.2])], white)
    pen.poly([(1.02, -1.68), (1.32, -1.5), (1.02, -1.5)], hex_colour("e8862f"))
    pen.oval(0.97, -1.64, 0.03, 0.03, hex_colour("151216"), line=0)


def _eagle(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    brown = own if own is not None else hex_colour("5a3a26")
    pen = pen.at(0, -1.0, 1.0, chance.between("bank", -0.03, 0.03))
    wing = path("0.2,-0.1 0.8,-0.65 1.7,-0.85 2.1,-0.7 1.85,-0.5 1.95,-0.35 1.6,-0.25 1.65,-0.1 1.2,0 0.7,0.2 0.2,0.3")
    pen.many([spline(wing, samples=4), spline(mirror(wing), samples=4)], brown)
    pen.many(
        [
            spline(path("0.2,-0.05 0.8,-0.5 1.5,-0.66 1,-0.2 0.3,0.1")),
            spline(mirror(path("0.2,-0.05 0.8,-0.5 1.5,-0.66 1,-0.2 0.3,0.1"))),
        ],
        light(brown, 0.18),
        line=0,
    )
    pen.blob(path("0,-0.35 0.26,-0.1 0.24,0.5 0,0.7 -0.24,0.5 -0.26,-0.1"), dark(brown, 0.15))
    pen.poly(path("-0.14,0.55 0.14,0.55 0.34,1.05 0,1.12 -0.34,1.05"), hex_colour("f4f1ea"))
    pen.oval(0, -0.38, 0.2, 0.22, hex_colour("f4f1ea"))
    pen.blob([(-0.07, -0.36), (0.07, -0.36), (0.03, -0.14), (-0.03, -0.14)], hex_colour("e8a52f"))
    _eyes(pen, 0.1, -0.42, 0.035, "e8c23a")


def _parrot(pen: Pen, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", ("d8352f", "2f8f5a", "2f7fc0", "e8a52f")))
    second = hex_colour(chance.pick("second", ("f2c23a", "3f8fd0", "4fa05a")))
    pen = pen.at(0, 0, 1.0, flip=chance.true("left", 0.5))
    pen.many(
        [ribbon(spline([(-1.2, -0.05), (0, 0.05), (1.2, -0.1)], closed=False), [0.1, 0.14, 0.08])], hex_colour("6a4a34")
    )
    pen.many(
        [ribbon(spline([(-0.2, -0.5), (-0.5, 0.1), (-0.7, 0.7)], closed=False), [0.3, 0.22, 0.05])], dark(coat, 0.2)
    )
    body = pen.blob(
        path("0.1,-1.75 0.48,-1.5 0.55,-0.9 0.3,-0.2 -0.05,0.05 -0.35,-0.4 -0.3,-1.1 -0.2,-1.6"),
        coat,
    )
    pen.oval(0.35, -0.6, 0.3, 0.5, light(second, 0.3), clip=body, line=0)
    pen.blob(path("-0.1,-1.2 0.15,-0.9 0,-0.3 -0.4,0.1 -0.45,-0.5"), second)
    pen.oval(0.25, -1.48, 0.17, 0.16, hex_colour("fbf7ee"))
    pen.oval(0.28, -1.48, 0.07, 0.07, hex_colour("151216"), line=0)
    pen.blob(path("0.42,-1.62 0.74,-1.48 0.66,-1.2 0.55,-1.32 0.42,-1.34"), hex_colour("2f2a2c"))
    pen.many([oval(x, 0.0, 0.07, 0.09) for x in (-0.05, 0.12)], hex_colour("5a5048"))


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
    _eyes(pen, 0.22, -0.15, 0.13, "f7f0d8")


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
        _eyes(pen, 0.36, -1.02, 0.15, "f2d23a")
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
