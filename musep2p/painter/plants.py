"""Flowers and trees. A flower is drawn around (0, 0) with radius 1; a tree stands on y = 0 and is 1 tall."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.vector import Points, oval, path, points, ribbon, spline, turned

__all__ = ["FLOWERS", "TREES", "draw_flower", "draw_tree"]


def draw_flower(pen: Pen, kind: str, own: Colour | None, chance: Chance) -> None:
    """One flower: `rose`, `sunflower`, `tulip`, `lotus`, `poppy`, `blossom`, `orchid` or `lavender`."""
    FLOWERS[kind](pen, own, chance)


def draw_tree(pen: Pen, kind: str, foliage: Colour, chance: Chance, detail: int) -> None:
    """One tree: `tree`, `pine`, `palm`, `willow`, `maple`, `blossom`, `bamboo` or `cactus`."""
    TREES[kind](pen, foliage, chance, detail)


def _petals(count: int, long: float, wide: float, turn: float = 0.0, inner: float = 0.12) -> list[Points]:
    shapes = []
    for k in range(count):
        c, s = turned(turn + k / count)
        leaf = spline([(inner, 0), (long * 0.5, -wide), (long, 0), (long * 0.5, wide)])
        shapes.append(points([(x * c - y * s, x * s + y * c) for x, y in leaf]))
    return shapes


def _rose(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour(chance.pick("rose", ("c8283f", "e8849a", "d8455a", "f3d9c0")))
    for k, radius in enumerate((1.0, 0.78, 0.56, 0.36)):
        tone = dark(colour, 0.28 - 0.08 * k) if k % 2 == 0 else light(colour, 0.05 + 0.06 * k)
        pen.many(
            [
                oval(c * radius * 0.45, s * radius * 0.45, radius * 0.6, radius * 0.56)
                for c, s in (turned(0.1 * k + j / 5) for j in range(5))
            ],
            tone,
        )
    pen.line(path("-0.14,0 0,-0.14 0.15,0 0.02,0.12 -0.06,0.02"), 0.06, dark(colour, 0.4))


def _sunflower(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour("f2b92e")
    turn = chance.unit("turn")
    pen.many(_petals(16, 1.0, 0.16, turn), dark(colour, 0.12))
    pen.many(_petals(16, 0.94, 0.14, turn + 0.031), colour)
    pen.oval(0, 0, 0.44, 0.44, hex_colour("5a3620"))
    pen.oval(0, 0, 0.26, 0.26, hex_colour("7a4c2a"), line=0)


def _tulip(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour(chance.pick("tulip", ("d8404f", "f0b53a", "e887a5", "8a4fa8")))
    pen.blob(
        path("0,0.8 -0.62,0.4 -0.62,-0.4 -0.5,-0.95 -0.16,-0.5 0,-1 0.16,-0.5 0.5,-0.95 0.62,-0.4 0.62,0.4"),
        dark(colour, 0.12),
    )
    pen.blob(path("0,0.8 -0.4,0.2 -0.3,-0.5 0,-0.98 0.3,-0.5 0.4,0.2"), light(colour, 0.14))


def _lotus(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour("f2a5bd")
    for count, reach, tone in ((7, 1.1, 0.0), (5, 0.95, 0.28), (3, 0.85, 0.5)):
        shapes = []
        for k in range(count):
            lean = (k / (count - 1) - 0.5) * 0.38
            c, s = turned(-0.25 + lean)
            leaf = spline([(0, 0), (reach * 0.5, -0.24), (reach, 0), (reach * 0.5, 0.24)])
            shapes.append(points([(x * c - y * s, x * s + y * c + 0.5) for x, y in leaf]))
        for shape in shapes:
            pen.many([shape], light(colour, tone))
    pen.oval(0, 0.34, 0.18, 0.12, hex_colour("f0c84a"))


def _poppy(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour(chance.pick("poppy", ("d8352a", "e8553a", "f2e9dc", "7a7fd0")))
    turn = chance.unit("turn")
    pen.many([oval(c * 0.48, s * 0.48, 0.56, 0.52) for c, s in (turned(turn + k / 5) for k in range(5))], colour)
    pen.many(
        [oval(c * 0.3, s * 0.3, 0.3, 0.28) for c, s in (turned(turn + 0.1 + k / 5) for k in range(5))],
        light(colour, 0.2),
        line=0,
    )
    pen.oval(0, 0, 0.22, 0.22, hex_colour("2f2430"))
    pen.many(
        [oval(c * 0.32, s * 0.32, 0.04, 0.04)[::8] for c, s in (turned(k / 9) for k in range(9))],
        hex_colour("f2c84a"),
        line=0,
    )


def _blossom(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour("f6bccb")
    turn = chance.unit("turn")
    pen.many([oval(c * 0.52, s * 0.52, 0.46, 0.42) for c, s in (turned(turn + k / 5) for k in range(5))], colour)
    pen.oval(0, 0, 0.26, 0.26, hex_colour("d8567a"), line=0)
    pen.many(
        [oval(c * 0.36, s * 0.36, 0.06, 0.06)[::8] for c, s in (turned(turn + k / 7) for k in range(7))],
        hex_colour("f7d76a"),
        line=0,
    )


def _orchid(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour(chance.pick("orchid", ("b57ac8", "f0e6f2", "d87aa8")))
    pen.many(_petals(3, 1.0, 0.3, -0.25), light(colour, 0.15))
    pen.many([oval(-0.55, 0.05, 0.5, 0.42), oval(0.55, 0.05, 0.5, 0.42)], colour)
    pen.blob([(0, 0.0), (0.26, 0.3), (0, 0.66), (-0.26, 0.3)], dark(colour, 0.35))
    pen.oval(0, 0.06, 0.12, 0.12, hex_colour("f2c84a"))


def _lavender(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = own if own is not None else hex_colour("8a6ac4")
    pen.many([oval(0.14 * (1 if k % 2 else -1), 0.9 - k * 0.2, 0.2, 0.16) for k in range(10)], colour)


FLOWERS: dict[str, Callable[[Pen, Colour | None, Chance], None]] = {
    "rose": _rose, "sunflower": _sunflower, "tulip": _tulip, "lotus": _lotus, "poppy": _poppy, "blossom": _blossom,
    "orchid": _orchid, "lavender": _lavender,
}  # fmt: skip


def _trunk(pen: Pen, chance: Chance, high: float, wide: float, colour: Colour) -> None:
    lean = chance.between("lean", -0.06, 0.06)
    pen.many(
        [
            ribbon(
                spline([(0, 0.02), (lean * 0.4, -high * 0.5), (lean, -high)], closed=False),
                [wide * 1.3, wide, wide * 0.7],
            )
        ],
        colour,
    )


def _crown(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    """Clusters of leaves: shaded below, lit above."""
    _trunk(pen, chance, 0.6, 0.07, hex_colour("5a4030"))
    for k in (-1, 1):
        pen.many(
            [ribbon(spline([(0, -0.38), (k * 0.1, -0.5), (k * 0.2, -0.62)], closed=False), [0.04, 0.02])],
            hex_colour("5a4030"),
        )
    balls = [(0.0, -0.72, 0.27)] + [
        ((a - 0.5) * 0.62, -0.5 - 0.36 * b, 0.12 + 0.08 * c) for a, b, c in chance.field("balls", 7, 3)
    ]
    pen.many([oval(x, y + 0.03, r * 1.04, r * 0.92) for x, y, r in balls], dark(foliage, 0.3))
    pen.many([oval(x - 0.02, y, r * 0.92, r * 0.8) for x, y, r in balls], foliage, line=0)
    pen.many([oval(x - r * 0.25, y - r * 0.3, r * 0.55, r * 0.42) for x, y, r in balls], light(foliage, 0.16), line=0)
    if detail >= 2:
        leaves = [
            oval((a - 0.5) * 0.85, -0.45 - 0.5 * b, 0.016, 0.012)[::8]
            for a, b in chance.field("leaves", 60 * detail, 2)
        ]
        near = [
            leaf
            for leaf in leaves
            if any(
                (leaf[0, 0] - x) * (leaf[0, 0] - x) + (leaf[0, 1] - y) * (leaf[0, 1] - y) < r * r for x, y, r in balls
            )
        ]
        pen.many(near[::2], light(foliage, 0.4), line=0, opacity=0.8)
        pen.many(near[1::2], dark(foliage, 0.45), line=0, opacity=0.6)


def _pine(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    _trunk(pen, chance, 0.3, 0.05, hex_colour("4a3428"))
    tiers = 5
    for k in range(tiers):
        y, wide = -0.12 - 0.17 * k, 0.27 * (1 - k / (tiers + 0.4))
        teeth = [
            (0.0, y - 0.3),
            (wide, y),
            (wide * 0.6, y - 0.03),
            (wide * 0.25, y + 0.02),
            (0, y - 0.02),
            (-wide * 0.25, y + 0.02),
            (-wide * 0.6, y - 0.03),
            (-wide, y),
        ]
        tier = pen.poly(teeth, light(dark(foliage, 0.3), 0.05 * k))
        pen.poly([(0, y - 0.3), (wide, y), (0.02, y)], dark(foliage, 0.5), opacity=0.5, clip=tier, line=0)


def _palm(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    lean = chance.between("lean", -0.2, 0.2)
    trunk = spline([(0, 0.02), (lean * 0.3, -0.4), (lean, -0.8)], closed=False)
    pen.many([ribbon(trunk, [0.06, 0.04, 0.03])], hex_colour("7a5a3c"))
    for k in range(9):
        c, s = turned(-0.5 + k / 16 + chance.between(f"frond {k}", -0.015, 0.015))
        end = (lean + c * 0.42, -0.8 + s * 0.22 + 0.12 * abs(c))
        mid = (lean + c * 0.22, -0.86 + s * 0.2)
        frond = ribbon(spline([(lean, -0.8), mid, end], closed=False), [0.02, 0.085, 0.01])
        pen.many([frond], dark(foliage, 0.2) if k % 2 else light(foliage, 0.08))
    pen.many([oval(lean + x, -0.77, 0.025, 0.028) for x in (-0.03, 0.02)], hex_colour("5a3a20"))


def _willow(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    _trunk(pen, chance, 0.62, 0.08, hex_colour("5f4a38"))
    pen.many(
        [oval(0, -0.76, 0.3, 0.18), oval(-0.18, -0.68, 0.2, 0.14), oval(0.2, -0.68, 0.2, 0.14)], dark(foliage, 0.15)
    )
    hanging: list[list[Points]] = [[], []]
    for number, (a, b) in enumerate(chance.field("hang", 26 + 16 * detail, 2)):
        x = (a - 0.5) * 0.82
        line = [(x * 0.8, -0.82 + 0.2 * abs(x)), (x * 1.06, -0.6), (x * 1.14, -0.12 - 0.34 * b)]
        hanging[number % 2].append(ribbon(spline(line, closed=False, samples=4), [0.02, 0.026, 0.006]))
    pen.many(hanging[0], foliage, line=0.3)
    pen.many(hanging[1], light(foliage, 0.25), line=0.3)


def _maple(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    _crown(pen, hex_colour(chance.pick("maple", ("c8402a", "d8602a", "b8302f"))), chance, detail)


def _cherry(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    bark = hex_colour("4f3a38")
    _trunk(pen, chance, 0.55, 0.08, bark)
    for x, y in ((-0.3, -0.75), (0.3, -0.72), (-0.12, -0.9), (0.14, -0.88)):
        pen.many([ribbon(spline([(0, -0.4), (x * 0.5, -0.58), (x, y)], closed=False), [0.05, 0.03, 0.012])], bark)
    pink = hex_colour("f4b3c6")
    balls = [((a - 0.5) * 0.95, -0.52 - 0.42 * b, 0.09 + 0.08 * c) for a, b, c in chance.field("balls", 13, 3)]
    pen.many([oval(x, y + 0.02, r, r * 0.86) for x, y, r in balls], dark(pink, 0.16))
    pen.many([oval(x - 0.015, y - 0.01, r * 0.86, r * 0.7) for x, y, r in balls], pink, line=0)
    dots = [
        oval((a - 0.5) * 1.05, -0.45 - 0.55 * b, 0.015, 0.015)[::8]
        for a, b in chance.field("dots", 40 + 60 * detail, 2)
    ]
    pen.many(dots, light(pink, 0.6), line=0)


def _bamboo(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    for k in range(3):
        c = chance.branch(f"cane {k}")
        x, lean, green = (
            (k - 1) * 0.09 + c.between("x", -0.02, 0.02),
            c.between("lean", -0.05, 0.05),
            light(foliage, c.between("tone", 0.0, 0.2)),
        )
        for j in range(8):
            y0, y1 = -j * 0.125, -(j + 1) * 0.125 + 0.012
            x0, x1 = x + lean * j / 8, x + lean * (j + 1) / 8
            pen.poly([(x0 - 0.02, y0), (x0 + 0.02, y0), (x1 + 0.018, y1), (x1 - 0.018, y1)], green)
        for a, b, d in c.field("leaves", 10 + 4 * detail, 3):
            side = 1 if a > 0.5 else -1
            y = -0.35 - 0.65 * b
            pen.poly(
                [
                    (x, y),
                    (x + side * 0.09, y - 0.01 + 0.05 * d),
                    (x + side * 0.19, y + 0.06 + 0.05 * d),
                    (x + side * 0.08, y + 0.03 + 0.04 * d),
                ],
                dark(green, 0.15),
                line=0.5,
            )


def _cactus(pen: Pen, foliage: Colour, chance: Chance, detail: int) -> None:
    green = hex_colour("4f8a55")
    for line in ([(-0.22, -0.62), (-0.22, -0.36), (0, -0.32)], [(0.24, -0.75), (0.24, -0.48), (0, -0.44)]):
        pen.many([ribbon(spline(line, closed=False), 0.11)], dark(green, 0.08))
    body = pen.many([ribbon([(0, 0), (0, -0.5), (0, -0.92)], 0.18)], green)
    for x in (-0.05, 0.0, 0.05):
        pen.line([(x, 0), (x, -1.0)], 0.012, dark(green, 0.35), clip=body)
    pen.many([oval(x, y, 0.035, 0.03) for x, y in ((0, -1.02), (-0.22, -0.69), (0.24, -0.82))], hex_colour("e8567a"))


TREES: dict[str, Callable[[Pen, Colour, Chance, int], None]] = {
    "tree": _crown,
    "pine": _pine,
    "palm": _palm,
    "willow": _willow,
    "maple": _maple,
    "blossom": _cherry,
    "bamboo": _bamboo,
    "cactus": _cactus,
}
