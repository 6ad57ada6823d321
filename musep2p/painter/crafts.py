"""What carries people: boats, ships, cars, trains, bicycles, rockets."""

from __future__ import annotations

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.palette import named
from musep2p.painter.vector import Frame, oval, path, points, ribbon, spline

__all__ = ["draw_craft"]


def draw_craft(canvas: Canvas, brief: Brief, name: str, horizon: float, row: float, number: int) -> None:
    """Draw a craft where it belongs: on the row of the road or water, or in the sky."""
    own = brief.colour(f"craft.{name}")
    weight = min(1.5, max(0.8, brief.weight(f"craft.{name}")))
    side = brief.chance.between(f"craft {number}", 0.36, 0.64) if number == 0 else 0.22 + 0.56 * (number % 2)
    scale = brief.short_side * (0.24 if name in ("ship", "train") else 0.2) * weight
    if name == "rocket":
        row, scale = horizon * 0.62, brief.short_side * 0.2
    pen = Pen(canvas, Frame(side * canvas.width, row, scale, flip=brief.chance.true(f"left {number}", 0.5)))
    colour = named(own) if own else None
    paint = brief.palette.lit
    if name == "sailboat" and (brief.count("craft.sailboat") or brief.chance.true("fleet", 0.4)):
        for k in range(3):
            x, far = brief.chance.unit(f"fleet {k}"), 0.25 + 0.2 * k
            y = horizon + (row - horizon) * far
            small = Pen(canvas, Frame((0.1 + 0.8 * x) * canvas.width, y + scale * 0.05, scale * 0.3 * (0.6 + far)))
            _sailboat(small, None, brief.chance.branch(f"small {k}"), brief)
    drawing = {
        "sailboat": _sailboat,
        "ship": _ship,
        "car": _car,
        "train": _train,
        "bicycle": _bicycle,
        "rocket": _rocket,
    }[name]
    drawing(pen, paint(colour, 0.5) if colour is not None else None, brief.chance.branch(f"{name} {number}"), brief)


def _paint(brief: Brief, text: str) -> Colour:
    return brief.palette.lit(hex_colour(text), 0.6)


def _sailboat(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    sail = own if own is not None else _paint(brief, chance.pick("sail", ("f8f2e4", "f8f2e4", "e8a33a", "d8563f")))
    pen.blob(
        path("-1,-0.12 0,-0.02 1.1,-0.14 0.85,0.16 0.5,0.26 -0.6,0.26 -0.85,0.14"),
        _paint(brief, "7a4630"),
    )
    pen.line([(-0.95, -0.08), (0, 0.03), (1.05, -0.1)], 0.05, _paint(brief, "f2e2c4"))
    pen.many([ribbon([(0, 0), (0.02, -2.0)], [0.06, 0.035])], _paint(brief, "4a3426"))
    pen.blob(path("0.06,-1.95 0.5,-1.2 0.98,-0.35 0.5,-0.22 0.06,-0.24"), sail)
    pen.blob(path("-0.05,-1.75 -0.4,-0.9 -0.86,-0.3 -0.4,-0.22 -0.05,-0.26"), dark(sail, 0.12))
    pen.line([(-1.2, 0.27), (0, 0.3), (1.3, 0.27)], [0.01, 0.04, 0.01], hex_colour("ffffff"), opacity=0.6)


def _ship(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    hull = own if own is not None else _paint(brief, chance.pick("hull", ("26344a", "8f2f2f", "e8e4da")))
    pen.blob(
        path("-1.5,-0.3 -0.7,-0.22 1,-0.24 1.7,-0.42 1.4,0.18 1.1,0.26 -1.1,0.26 -1.4,0.1"),
        hull,
    )
    for k in range(3):
        x0, x1, y = -1.0 + 0.14 * k, 0.85 - 0.22 * k, -0.26 - 0.2 * k
        pen.poly([(x0, y), (x1, y), (x1 - 0.06, y - 0.2), (x0 + 0.04, y - 0.2)], _paint(brief, "f6f3ea"))
        pen.many(
            [oval(x0 + 0.16 + j * 0.16, y - 0.1, 0.04, 0.045)[::4] for j in range(int((x1 - x0 - 0.2) / 0.16))],
            _paint(brief, "4a6a8a") if not brief.palette.night else hex_colour("ffdc8a"),
            line=0,
        )
    for x in (-0.45, 0.1):
        pen.poly([(x, -0.84), (x + 0.24, -0.84), (x + 0.2, -1.3), (x + 0.02, -1.3)], _paint(brief, "c8402f"))
        pen.poly([(x, -1.2), (x + 0.22, -1.2), (x + 0.2, -1.32), (x, -1.32)], _paint(brief, "26242c"), line=0)


def _wheels(pen: Pen, places: tuple[float, ...], radius: float) -> None:
    for x in places:
        pen.oval(x, -radius, radius, radius, hex_colour("232128"))
        pen.oval(x, -radius, radius * 0.5, radius * 0.5, hex_colour("c3c8cf"), line=0)


def _car(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    body = own if own is not None else _paint(brief, chance.pick("body", ("d8402f", "f2b93a", "3f8fb0", "e8e2d4")))
    pen.oval(0, 0.0, 1.35, 0.08, hex_colour("14121a"), opacity=0.4, line=0)
    pen.blob(path("-0.62,-0.5 -0.42,-0.92 0,-1.02 0.4,-0.95 0.72,-0.5 0,-0.42"), body)
    pen.blob([(-0.5, -0.52), (-0.36, -0.82), (-0.06, -0.9), (-0.06, -0.52)], _paint(brief, "bcd6e4"))
    pen.blob([(0.04, -0.52), (0.04, -0.9), (0.32, -0.84), (0.56, -0.52)], _paint(brief, "bcd6e4"))
    pen.blob(
        path("-1.2,-0.2 -1.15,-0.5 -0.6,-0.56 0.7,-0.56 1.18,-0.46 1.25,-0.18 0.6,-0.12 -0.6,-0.12"),
        body,
    )
    pen.line([(-1.1, -0.36), (1.15, -0.34)], 0.035, light(body, 0.5))
    _wheels(pen, (-0.72, 0.72), 0.25)
    pen.oval(1.16, -0.38, 0.08, 0.08, hex_colour("fff3c0"))


def _train(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    body = own if own is not None else _paint(brief, chance.pick("body", ("2f5f4a", "8f2f2f", "2f4a7f")))
    pen.many([ribbon([(-4, 0.04), (4, 0.04)], 0.05)], hex_colour("4a4448"))
    for k in range(2):
        x = -3.1 + 1.5 * k
        pen.poly([(x, -0.15), (x + 1.4, -0.15), (x + 1.4, -0.9), (x, -0.9)], light(body, 0.12))
        pen.many(
            [
                points(
                    [
                        (x + 0.12 + 0.32 * j, -0.75),
                        (x + 0.34 + 0.32 * j, -0.75),
                        (x + 0.34 + 0.32 * j, -0.48),
                        (x + 0.12 + 0.32 * j, -0.48),
                    ]
                )
                for j in range(4)
            ],
            hex_colour("ffdf9a"),
            line=0.5,
        )
        _wheels(pen, (x + 0.3, x + 1.1), 0.16)
    pen.poly([(0.0, -0.15), (0.0, -1.15), (0.6, -1.15), (0.6, -0.15)], body)
    pen.poly([(-0.08, -1.15), (0.68, -1.15), (0.64, -1.25), (-0.04, -1.25)], dark(body, 0.4))
    pen.poly([(0.12, -0.7), (0.48, -0.7), (0.48, -1.0), (0.12, -1.0)], hex_colour("ffdf9a"))
    pen.many([ribbon([(0.55, -0.5), (1.75, -0.5)], 0.58)], body)
    pen.poly(path("1.45,-0.75 1.5,-1.3 1.4,-1.38 1.75,-1.38 1.65,-1.3 1.68,-0.75"), hex_colour("26242c"))
    for k in range(5):
        pen.oval(
            1.5 - 0.35 * k, -1.6 - 0.12 * k, 0.2 + 0.07 * k, 0.16 + 0.05 * k, hex_colour("eef0f0"), opacity=0.75, line=0
        )
    pen.poly([(1.8, -0.15), (2.2, 0.04), (1.8, 0.04)], hex_colour("8f2f2f"))
    _wheels(pen, (0.3, 0.85, 1.4), 0.22)


def _bicycle(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    frame = own if own is not None else _paint(brief, "c8402f")
    ring = oval(0, 0, 0.5, 0.5)
    closed = points([*ring, *ring[:2]])
    for x in (-0.7, 0.7):
        pen.many([ribbon(closed + (x, -0.5), 0.06)], hex_colour("232128"), line=0)
        pen.many(
            [ribbon([(x, -0.5), (x + c * 0.48, -0.5 + s * 0.48)], 0.012) for c, s in oval(0, 0, 1, 1)[::6]],
            hex_colour("9a9aa2"),
            line=0,
        )
    for line in (
        path("-0.7,-0.5 -0.2,-1.05 0.5,-1.1 0,-0.45 -0.7,-0.5"),
        [(-0.28, -1.2), (0.0, -0.45)],
        [(0.7, -0.5), (0.48, -1.3)],
    ):
        pen.many([ribbon(line, 0.06)], frame, line=0.4)
    pen.many(
        [
            ribbon([(-0.45, -1.22), (-0.12, -1.2)], 0.1),
            ribbon(spline([(0.36, -1.36), (0.5, -1.32), (0.62, -1.2)], closed=False), 0.06),
        ],
        hex_colour("3a2a22"),
    )


def _rocket(pen: Pen, own: Colour | None, chance: Chance, brief: Brief) -> None:
    body = own if own is not None else hex_colour("f0efe8")
    tilted = pen.at(0, 0, 1.0, 0.06)
    tilted.blob(path("-0.28,0.9 0,0.75 0.28,0.9 0.14,1.5 0,2.1 -0.14,1.5"), hex_colour("ff9a2f"))
    tilted.blob([(-0.15, 0.9), (0, 0.8), (0.15, 0.9), (0, 1.5)], hex_colour("ffe9a0"), line=0)
    for side in (-1, 1):
        tilted.blob(
            [(side * 0.3, 0.25), (side * 0.7, 0.65), (side * 0.66, 1.0), (side * 0.28, 0.85)], hex_colour("d8402f")
        )
    hull = tilted.blob(path("0,-1.4 0.34,-0.75 0.42,0.1 0.3,0.9 -0.3,0.9 -0.42,0.1 -0.34,-0.75"), body)
    tilted.blob([(0, -1.45), (0.32, -0.78), (-0.32, -0.78)], hex_colour("d8402f"), clip=hull)
    tilted.oval(0.4, 0.1, 0.25, 1.1, dark(body, 0.5), opacity=0.3, soft=0.06, clip=hull)
    tilted.oval(0, -0.35, 0.19, 0.19, hex_colour("5a6a7a"))
    tilted.oval(0, -0.35, 0.13, 0.13, hex_colour("9ad8f0"), line=0)
