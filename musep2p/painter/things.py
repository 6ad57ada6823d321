"""Things: drawn standing on y = 0 around x = 0, in units of about a hand's length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.plants import draw_flower
from musep2p.painter.vector import Points, arc, mirror, oval, path, points, ribbon, spline

__all__ = ["SIZES", "draw_thing"]

# Width and height of each, for those who place them.
SIZES = {
    "teapot": (1.7, 1.2),
    "cup": (1.1, 0.9),
    "bottle": (0.8, 1.9),
    "wine": (0.8, 1.5),
    "apple": (0.9, 0.9),
    "pear": (0.8, 1.1),
    "orange": (0.9, 0.85),
    "lemon": (1.0, 0.7),
    "grapes": (1.1, 1.1),
    "fruit": (2.2, 1.3),
    "bowl": (1.6, 1.1),
    "bread": (1.7, 0.8),
    "cake": (1.6, 1.7),
    "vase": (1.9, 2.5),
    "candle": (0.6, 1.6),
    "lantern": (0.9, 1.5),
    "lamp": (1.2, 1.9),
    "book": (1.5, 0.7),
    "clock": (1.4, 1.5),
    "umbrella": (2.2, 2.2),
    "guitar": (1.2, 2.6),
    "sword": (0.6, 2.4),
    "fan": (1.8, 1.1),
    "skull": (1.1, 1.2),
    "key": (0.5, 1.4),
    "shoe": (1.7, 0.9),
    "heart": (1.3, 1.2),
}


def draw_thing(pen: Pen, name: str, own: Colour | None, chance: Chance, flowers: Sequence[str] = ()) -> None:
    """Draw a thing.

    Args:
        pen: its origin is where the thing stands.
        name: as in the vocabulary.
        own: the colour that the prompt gives it, or None.
        chance: for what the prompt leaves open.
        flowers: what stands in a vase; all kinds when empty.
    """
    if name == "vase":
        _vase(pen, own, chance, flowers)
    else:
        _THINGS[name](pen, own, chance)


def _lit(pen: Pen, shape: Points, colour: Colour, shine: tuple[float, float, float, float] | None = None) -> None:
    """A rounded body with a shaded right side and a light on the left."""
    body = pen.many([shape], colour)
    x0, x1 = float(shape[:, 0].min()), float(shape[:, 0].max())
    y0, y1 = float(shape[:, 1].min()), float(shape[:, 1].max())
    pen.oval(
        x1, (y0 + y1) / 2, (x1 - x0) * 0.3, (y1 - y0) * 0.6, dark(colour, 0.55), opacity=0.45, soft=0.06, clip=body
    )
    cx, cy, rx, ry = shine or (x0 + (x1 - x0) * 0.3, y0 + (y1 - y0) * 0.32, (x1 - x0) * 0.08, (y1 - y0) * 0.14)
    pen.oval(cx, cy, rx, ry, light(colour, 0.75), opacity=0.6, soft=0.02, clip=body)


def _or(own: Colour | None, chance: Chance, *options: str) -> Colour:
    return own if own is not None else hex_colour(chance.pick("own", options))


def _teapot(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "7a4a34", "3f6f7f", "b5543f", "dfe3dc")
    pen.many([ribbon(spline([(0.55, -0.75), (1.0, -0.85), (1.05, -0.45), (0.6, -0.2)], closed=False), 0.12)], colour)
    pen.blob(path("-0.5,-0.25 -0.85,-0.5 -1.02,-0.85 -0.9,-0.9 -0.7,-0.62 -0.5,-0.6"), colour)
    _lit(pen, oval(0, -0.48, 0.68, 0.48), colour)
    pen.blob([(-0.34, -0.9), (0, -1.06), (0.34, -0.9), (0, -0.84)], light(colour, 0.12))
    pen.oval(0, -1.1, 0.09, 0.09, colour)
    pen.poly([(-0.36, 0), (-0.4, -0.08), (0.4, -0.08), (0.36, 0)], dark(colour, 0.25))


def _cup(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "f3efe6", "c9503f", "3f6f9f", "e2b94a")
    pen.oval(0, -0.02, 0.72, 0.11, dark(light(colour, 0.2), 0.08))
    pen.many([ribbon(spline([(0.4, -0.62), (0.72, -0.6), (0.68, -0.28), (0.36, -0.24)], closed=False), 0.09)], colour)
    _lit(pen, spline(path("-0.46,-0.75 0.46,-0.75 0.42,-0.3 0.24,-0.04 -0.24,-0.04 -0.42,-0.3")), colour)
    pen.oval(0, -0.73, 0.44, 0.1, dark(colour, 0.15))
    pen.oval(0, -0.71, 0.38, 0.075, hex_colour("6a3d22"), line=0)
    for side in (-0.14, 0.1):
        pen.line(
            [(side, -0.85), (side + 0.1, -1.0), (side - 0.06, -1.18), (side + 0.08, -1.4)],
            [0.05, 0.06, 0.04, 0.01],
            hex_colour("ffffff"),
            opacity=0.45,
        )


def _bottle(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "2f5f45", "7a2f3f", "c98a3a", "3f5f8f")
    _lit(
        pen,
        spline(
            path(
                "-0.32,0 0.32,0 0.34,-0.95 0.26,-1.15 0.12,-1.32 0.12,-1.72 "
                "-0.12,-1.72 -0.12,-1.32 -0.26,-1.15 -0.34,-0.95"
            )
        ),
        colour,
        (-0.2, -0.7, 0.04, 0.35),
    )
    pen.poly([(-0.13, -1.66), (0.13, -1.66), (0.13, -1.86), (-0.13, -1.86)], hex_colour("c9a24a"))
    pen.poly([(-0.3, -0.3), (0.3, -0.3), (0.3, -0.78), (-0.3, -0.78)], hex_colour("f3ead6"))
    pen.line([(-0.2, -0.62), (0.2, -0.62)], 0.04, dark(colour, 0.1))
    pen.line([(-0.16, -0.48), (0.16, -0.48)], 0.025, dark(colour, 0.1))


def _wine(pen: Pen, own: Colour | None, chance: Chance) -> None:
    drink = _or(own, chance, "8a1f35", "e8c46a")
    glass = hex_colour("dfe9ee")
    pen.oval(0, -0.03, 0.32, 0.07, glass)
    pen.line([(0, -0.05), (0, -0.7)], 0.06, glass)
    bowl = pen.blob(path("-0.36,-1.4 0.36,-1.4 0.4,-1.05 0.2,-0.72 -0.2,-0.72 -0.4,-1.05"), glass, opacity=0.75)
    pen.poly([(-0.5, -1.12), (0.5, -1.12), (0.5, -0.6), (-0.5, -0.6)], drink, clip=bowl, line=0)
    pen.oval(-0.22, -1.15, 0.04, 0.16, hex_colour("ffffff"), opacity=0.7, line=0)


def _apple(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "c0322f", "cf3f33", "7fa53a")
    _lit(
        pen,
        spline(path("0,-0.78 0.25,-0.84 0.46,-0.6 0.4,-0.2 0.16,0 0,-0.04 -0.16,0 -0.4,-0.2 -0.46,-0.6 -0.25,-0.84")),
        colour,
    )
    pen.line([(0, -0.76), (0.05, -1.0)], 0.05, hex_colour("4a3020"))
    pen.blob([(0.05, -0.92), (0.3, -1.08), (0.42, -0.98), (0.2, -0.88)], hex_colour("5f9a3f"))


def _pear(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "b9b23f", "d9b64a", "8fa545")
    _lit(
        pen,
        spline(
            path("0,-1 0.14,-0.92 0.22,-0.62 0.42,-0.32 0.3,-0.02 0,0 -0.3,-0.02 -0.42,-0.32 -0.22,-0.62 -0.14,-0.92")
        ),
        colour,
    )
    pen.line([(0, -0.98), (0.06, -1.18)], 0.05, hex_colour("4a3020"))


def _orange(pen: Pen, own: Colour | None, chance: Chance) -> None:
    _lit(pen, oval(0, -0.4, 0.43, 0.4), _or(own, chance, "ee8a2a", "f09a3a"))
    pen.blob([(0, -0.78), (0.2, -0.92), (0.34, -0.84), (0.14, -0.74)], hex_colour("4f8a3f"))
    pen.oval(0, -0.77, 0.05, 0.035, hex_colour("4f6a2f"))


def _lemon(pen: Pen, own: Colour | None, chance: Chance) -> None:
    _lit(
        pen,
        spline(path("-0.55,-0.3 -0.36,-0.52 0,-0.64 0.36,-0.52 0.55,-0.3 0.36,-0.08 0,0 -0.36,-0.08")),
        _or(own, chance, "f2d23a", "efc93a"),
    )


def _grapes(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "5f3f8a", "7f9f3f", "6a2f5a")
    pen.line([(0, -0.95), (0.08, -1.3)], 0.05, hex_colour("5a4028"))
    for row in range(5):
        for k in range(5 - row):
            x, y = (k - (4 - row) / 2) * 0.22, -0.92 + row * 0.2
            _lit(pen, oval(x, y, 0.14, 0.14), light(colour, 0.08 * ((row + k) % 3)))


def _bowl(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "3f5f8f", "b23f35", "eee6d6")
    pen.oval(0, -0.72, 0.78, 0.2, dark(colour, 0.2))
    pen.oval(0, -0.72, 0.68, 0.15, hex_colour("d8a84a"), line=0)
    for k in range(5):
        pen.line(
            [(-0.5 + 0.2 * k, -0.72), (-0.4 + 0.2 * k, -0.82), (-0.3 + 0.2 * k, -0.68)], 0.05, hex_colour("f4dc9a")
        )
    pen.oval(0.25, -0.78, 0.16, 0.1, hex_colour("fbf6ea"))
    pen.oval(0.25, -0.78, 0.08, 0.05, hex_colour("f0a53a"), line=0)
    _lit(
        pen,
        spline(path("-0.8,-0.7 0,-0.54 0.8,-0.7 0.62,-0.25 0.3,-0.02 -0.3,-0.02 -0.62,-0.25")),
        colour,
    )
    for side in (0.0, 0.12):
        pen.line([(0.3 + side, -0.75), (0.95 + side, -1.35)], 0.045, hex_colour("7a3f2a"))


def _fruit(pen: Pen, own: Colour | None, chance: Chance) -> None:
    for x, y, drawing in (
        (-0.45, -0.55, _orange),
        (0.45, -0.55, _apple),
        (0.0, -0.62, _pear),
        (-0.75, -0.4, _lemon),
        (0.72, -0.42, _orange),
    ):
        drawing(pen.at(x, y, 0.8), None, chance.branch(f"{x}"))
    colour = _or(own, chance, "e9e4d8", "5f7f9f")
    _lit(pen, spline(path("-1.1,-0.6 0,-0.46 1.1,-0.6 0.8,-0.2 0.4,0 -0.4,0 -0.8,-0.2")), colour)


def _bread(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "c98a45")
    _lit(pen, spline(path("-0.85,-0.2 -0.6,-0.6 0,-0.7 0.6,-0.6 0.85,-0.2 0.6,0 -0.6,0")), colour)
    for x in (-0.45, -0.1, 0.25, 0.55):
        pen.line([(x - 0.12, -0.6), (x + 0.08, -0.3)], [0.03, 0.09, 0.03], light(colour, 0.5))


def _cake(pen: Pen, own: Colour | None, chance: Chance) -> None:
    cream = _or(own, chance, "f2b8c6", "f7efe0", "8a5a3a")
    pen.oval(0, -0.02, 0.95, 0.14, hex_colour("e8ecef"))
    pen.poly([(-0.75, -0.05), (0.75, -0.05), (0.75, -0.6), (-0.75, -0.6)], hex_colour("e0b070"))
    pen.poly([(-0.75, -0.3), (0.75, -0.3), (0.75, -0.38), (-0.75, -0.38)], hex_colour("c8404f"), line=0)
    drips = [(-0.75, -0.62), (0.75, -0.62), (0.75, -0.42)]
    for k in range(7):
        drips += [(0.6 - 0.2 * k, -0.36 - 0.1 * (k % 2)), (0.5 - 0.2 * k, -0.52)]
    pen.blob([*drips, (-0.75, -0.42)], cream)
    pen.oval(0, -0.64, 0.75, 0.13, light(cream, 0.25))
    for x in (-0.4, 0.0, 0.4):
        pen.poly([(x - 0.05, -0.66), (x + 0.05, -0.66), (x + 0.05, -1.15), (x - 0.05, -1.15)], hex_colour("6fa8d0"))
        _flame(pen.at(x, -1.16, 0.6))
    pen.many([oval(x, -0.68, 0.09, 0.08) for x in (-0.6, -0.2, 0.2, 0.6)], hex_colour("c8283a"))


def _flame(pen: Pen) -> None:
    at = pen.frame.place(points([(0, -0.2)]))[0]
    pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 1.5, hex_colour("ffc46a"), 0.75)
    pen.blob([(0, -0.5), (0.12, -0.18), (0, 0), (-0.12, -0.18)], hex_colour("ffb13a"))
    pen.blob([(0, -0.3), (0.06, -0.14), (0, -0.02), (-0.06, -0.14)], hex_colour("fff3c0"), line=0)


def _vase(pen: Pen, own: Colour | None, chance: Chance, flowers: Sequence[str]) -> None:
    for k in range(7):
        c = chance.branch(f"stem {k}")
        lean = (k - 3) * 0.3 + c.between("lean", -0.08, 0.08)
        top = -1.7 - 0.5 * c.unit("up") + 0.1 * abs(k - 3)
        pen.line([(0.04 * (k - 3), -0.9), (lean * 0.5, -1.3), (lean, top)], 0.05, hex_colour("4a7a40"))
        pen.blob(
            [(lean * 0.5, -1.25), (lean * 0.5 + 0.3 * (1 if k % 2 else -1), -1.5), (lean * 0.7, -1.45)],
            hex_colour("5a9048"),
        )
        kind = c.pick("kind", flowers or ("rose", "sunflower", "tulip", "poppy"))
        draw_flower(pen.at(lean, top, 0.32), kind, None, c)
    colour = _or(own, chance, "3f6f8f", "d9d2c0", "7a9a8a", "b5654a")
    _lit(
        pen,
        spline(path("-0.22,-1 0.22,-1 0.18,-0.82 0.46,-0.45 0.3,0 -0.3,0 -0.46,-0.45 -0.18,-0.82")),
        colour,
    )
    pen.oval(0, -1.0, 0.24, 0.06, dark(colour, 0.3))


def _candle(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "f4ead2", "d8503f")
    pen.oval(0, -0.03, 0.36, 0.08, hex_colour("b08a3a"))
    _lit(pen, points([(-0.16, -0.05), (0.16, -0.05), (0.16, -1.0), (-0.16, -1.0)]), colour)
    pen.oval(0, -1.0, 0.16, 0.05, light(colour, 0.4))
    pen.line([(0, -1.0), (0.01, -1.12)], 0.03, hex_colour("2a2020"))
    _flame(pen.at(0, -1.1))


def _lantern(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "d8352a", "e8862f")
    at = pen.frame.place(points([(0, -0.75)]))[0]
    pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 2.2, hex_colour("ffb45a"), 0.6)
    pen.line([(0, -1.25), (0, -1.5)], 0.04, hex_colour("3a2a20"))
    body = pen.oval(0, -0.75, 0.48, 0.46, colour)
    for x in (-0.3, -0.1, 0.1, 0.3):
        pen.line([(x * 0.7, -1.2), (x * 1.4, -0.75), (x * 0.7, -0.3)], 0.02, dark(colour, 0.3), clip=body)
    pen.oval(0, -0.75, 0.26, 0.36, hex_colour("ffd27a"), opacity=0.5, soft=0.12, clip=body)
    for y in (-1.24, -0.33):
        pen.poly([(-0.2, y), (0.2, y), (0.2, y + 0.08), (-0.2, y + 0.08)], hex_colour("c9a03a"))
    for x in (-0.08, 0.0, 0.08):
        pen.line([(x, -0.25), (x * 1.3, 0.1)], 0.03, hex_colour("e2b53c"))


def _lamp(pen: Pen, own: Colour | None, chance: Chance) -> None:
    at = pen.frame.place(points([(0, -1.3)]))[0]
    pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 2.6, hex_colour("ffd58a"), 0.6)
    pen.oval(0, -0.05, 0.4, 0.09, hex_colour("8a6a3a"))
    pen.line([(0, -0.05), (0, -1.1)], 0.09, hex_colour("8a6a3a"))
    pen.poly([(-0.6, -1.0), (0.6, -1.0), (0.32, -1.8), (-0.32, -1.8)], _or(own, chance, "f2d9a0", "d9664a"))


def _book(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "8f2f35", "2f4f7f", "3f6a4a")
    pen.blob(
        path("0,-0.1 0.4,-0.22 0.95,-0.1 0.95,0.06 0,0.06 -0.95,0.06 -0.95,-0.1 -0.4,-0.22"),
        colour,
    )
    page = spline(path("0,-0.12 0.35,-0.32 0.9,-0.18 0.9,-0.02 0.4,-0.12 0,0.02"))
    pen.many([page], hex_colour("fbf5e6"))
    pen.many([mirror(page)], hex_colour("f1e8d2"))
    for k in range(3):
        for side in (-1, 1):
            pen.line(
                [(side * 0.14, -0.16 + 0.05 * k), (side * 0.4, -0.24 + 0.05 * k), (side * 0.78, -0.16 + 0.05 * k)],
                0.014,
                hex_colour("8a8078"),
            )


def _clock(pen: Pen, own: Colour | None, chance: Chance) -> None:
    rim = _or(own, chance, "7a5030", "b08a3a", "3f5f7f")
    _lit(pen, oval(0, -0.7, 0.68, 0.68), rim)
    pen.oval(0, -0.7, 0.56, 0.56, hex_colour("fbf6ea"))
    pen.many(
        [
            ribbon([(c * 0.44, -0.7 + s * 0.44), (c * 0.52, -0.7 + s * 0.52)], 0.04)
            for c, s in oval(0, 0, 1, 1)[:: 16 // 3]
        ],
        hex_colour("2a2428"),
        line=0,
    )
    pen.line([(0, -0.7), (-0.2, -0.92)], 0.06, hex_colour("2a2428"))
    pen.line([(0, -0.7), (0.24, -1.02)], 0.04, hex_colour("2a2428"))
    pen.oval(0, -0.7, 0.05, 0.05, hex_colour("b23a32"))


def _umbrella(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "c8352f", "2f5f9f", "e2b03a", "3a7f6a")
    pen.line([(0, -1.3), (0, 0.3)], 0.06, hex_colour("4a3424"))
    canopy = path("-1.15,-1.2 -0.85,-1.85 0,-2.2 0.85,-1.85 1.15,-1.2 0.8,-1.32 0.4,-1.16 0,-1.3 -0.4,-1.16 -0.8,-1.32")
    body = pen.blob(canopy, colour)
    for x in (-0.75, -0.38, 0.0, 0.38, 0.75):
        pen.line([(0, -2.2), (x * 0.8, -1.75), (x * 1.05, -1.2)], 0.03, dark(colour, 0.35), clip=body)
    pen.poly([(0, -2.2), (1.3, -1.9), (1.3, -1.0), (0.4, -1.1)], dark(colour, 0.4), opacity=0.3, clip=body, line=0)
    pen.line([(0, -2.15), (0, -2.36)], 0.06, hex_colour("4a3424"))


def _guitar(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "b5763a", "8a4528", "d9a04a")
    pen.poly([(-0.07, -1.0), (0.07, -1.0), (0.06, -2.3), (-0.06, -2.3)], hex_colour("4a3020"))
    pen.poly([(-0.12, -2.25), (0.12, -2.25), (0.09, -2.6), (-0.09, -2.6)], hex_colour("3a2618"))
    _lit(
        pen,
        spline(
            path(
                "0,-1.22 0.34,-1.16 0.38,-0.88 0.3,-0.68 0.52,-0.36 0.42,-0.04 0,0.02 "
                "-0.42,-0.04 -0.52,-0.36 -0.3,-0.68 -0.38,-0.88 -0.34,-1.16"
            )
        ),
        colour,
    )
    pen.oval(0, -0.66, 0.17, 0.17, hex_colour("2a1a14"))
    pen.poly([(-0.2, -0.22), (0.2, -0.22), (0.2, -0.16), (-0.2, -0.16)], hex_colour("3a2618"))
    for k in range(4):
        pen.line([(-0.045 + 0.03 * k, -0.2), (-0.04 + 0.027 * k, -2.4)], 0.01, hex_colour("f0e6d0"))


def _sword(pen: Pen, own: Colour | None, chance: Chance) -> None:
    pen.poly(path("-0.09,-0.4 -0.08,-2.1 0,-2.4 0.08,-2.1 0.09,-0.4"), hex_colour("d5dde4"))
    pen.poly([(0, -0.4), (0, -2.4), (0.08, -2.1), (0.09, -0.4)], hex_colour("97a5b2"), line=0)
    pen.poly([(-0.36, -0.42), (0.36, -0.42), (0.36, -0.3), (-0.36, -0.3)], _or(own, chance, "c9a03a"))
    pen.poly([(-0.06, -0.3), (0.06, -0.3), (0.06, 0.05), (-0.06, 0.05)], hex_colour("5a3424"))
    pen.oval(0, 0.1, 0.1, 0.1, hex_colour("c9a03a"))


def _fan(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "c8404a", "efe2c8", "3f6f9f")
    outer, inner = arc(0, 0, 1.05, 1.05, -0.44, -0.06, 24), arc(0, 0, 0.42, 0.42, -0.06, -0.44, 24)
    paper = pen.many([points([*outer, *inner])], colour)
    for k in range(9):
        end = arc(0, 0, 1.0, 1.0, -0.44 + k * 0.0475, -0.43 + k * 0.0475, 2)[0]
        pen.line([(0, 0), (float(end[0]), float(end[1]))], 0.03, hex_colour("6a4428"))
    pen.many(
        [oval(x, y, 0.1, 0.1) for x, y in ((-0.45, -0.62), (0, -0.78), (0.45, -0.62))],
        light(colour, 0.55),
        clip=paper,
        line=0,
    )


def _skull(pen: Pen, own: Colour | None, chance: Chance) -> None:
    bone = _or(own, chance, "ece4d0")
    pen.poly([(-0.3, -0.35), (0.3, -0.35), (0.26, 0), (-0.26, 0)], dark(bone, 0.08))
    _lit(
        pen,
        spline(path("0,-1.15 0.42,-1.02 0.54,-0.65 0.42,-0.32 0,-0.26 -0.42,-0.32 -0.54,-0.65 -0.42,-1.02")),
        bone,
    )
    pen.many([oval(-0.22, -0.58, 0.15, 0.16), oval(0.22, -0.58, 0.15, 0.16)], hex_colour("2a2226"))
    pen.poly([(0, -0.48), (0.08, -0.3), (-0.08, -0.3)], hex_colour("2a2226"))
    for k in range(-2, 3):
        pen.line([(k * 0.1, -0.22), (k * 0.1, -0.02)], 0.025, hex_colour("4a4238"))


def _key(pen: Pen, own: Colour | None, chance: Chance) -> None:
    gold = _or(own, chance, "d0a23a")
    pen.line([(0, -0.9), (0, -0.02)], 0.1, gold)
    pen.many([oval(0, -1.12, 0.26, 0.26)], gold, holes=[oval(0, -1.12, 0.13, 0.13)])
    pen.poly(path("0,-0.05 0.26,-0.05 0.26,-0.15 0.14,-0.2 0.26,-0.26 0.26,-0.36 0,-0.36"), gold)


def _shoe(pen: Pen, own: Colour | None, chance: Chance) -> None:
    colour = _or(own, chance, "c8403a", "2f4f8f", "f0ece2")
    _lit(
        pen,
        spline(path("-0.75,-0.1 -0.78,-0.75 -0.35,-0.78 -0.1,-0.55 0.4,-0.38 0.85,-0.25 0.9,-0.1")),
        colour,
    )
    pen.poly([(-0.8, -0.12), (0.92, -0.12), (0.9, 0), (-0.8, 0)], hex_colour("f4f1ea"))
    for k in range(4):
        pen.line([(-0.2 + 0.15 * k, -0.62 + 0.06 * k), (0.0 + 0.15 * k, -0.52 + 0.06 * k)], 0.04, hex_colour("ffffff"))


def _heart(pen: Pen, own: Colour | None, chance: Chance) -> None:
    _lit(
        pen,
        spline(
            path("0,0 -0.42,-0.42 -0.62,-0.78 -0.4,-1.1 -0.12,-1.06 0,-0.86 0.12,-1.06 0.4,-1.1 0.62,-0.78 0.42,-0.42")
        ),
        _or(own, chance, "d8303f"),
    )


_THINGS: dict[str, Callable[[Pen, Colour | None, Chance], None]] = {
    "teapot": _teapot,
    "cup": _cup,
    "bottle": _bottle,
    "wine": _wine,
    "apple": _apple,
    "pear": _pear,
    "orange": _orange,
    "lemon": _lemon,
    "grapes": _grapes,
    "fruit": _fruit,
    "bowl": _bowl,
    "bread": _bread,
    "cake": _cake,
    "candle": _candle,
    "lantern": _lantern,
    "lamp": _lamp,
    "book": _book,
    "clock": _clock,
    "umbrella": _umbrella,
    "guitar": _guitar,
    "sword": _sword,
    "fan": _fan,
    "skull": _skull,
    "key": _key,
    "shoe": _shoe,
    "heart": _heart,
}
