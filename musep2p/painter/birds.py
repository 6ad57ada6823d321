"""Birds, standing on y = 0 or flying, about 2 units tall."""

from __future__ import annotations

from musep2p.painter.beasts import paint_eyes
from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.vector import mirror, oval, path, points, ribbon, spline

__all__ = ["draw_bird"]


def draw_bird(pen: Pen, name: str, own: Colour | None, chance: Chance, detail: int) -> None:
    """`owl`, `penguin`, `crane`, `swan`, `eagle`, or a `parrot` for any small bird."""
    drawing = {"owl": _owl, "penguin": _penguin, "crane": _crane, "swan": _swan, "eagle": _eagle}.get(name, _parrot)
    drawing(pen, own, chance, detail)


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
    paint_eyes(pen, 0.3, -1.45, 0.2, "f0a82a")
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
    paint_eyes(pen, 0.2, -1.58, 0.07, "26303f")
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
    paint_eyes(pen, 0.1, -0.42, 0.035, "e8c23a")


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
