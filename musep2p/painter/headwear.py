"""Hats, glasses and what else is worn on the head; units as for the face."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import Colour, dark, grey_of, hex_colour, light, mix
from musep2p.painter.face import Look
from musep2p.painter.person import Person
from musep2p.painter.vector import arc, mirror, oval, path, points, ribbon, spline, star

__all__ = ["paint_glasses", "paint_hat", "paint_hat_behind"]


def paint_glasses(pen: Pen, person: Person, look: Look) -> None:
    """Glasses, an eyepatch or a mask; `pen` is turned with the face."""
    kind = person.glasses
    if kind == "mask":
        mask = pen.blob(path("-0.66,0.25 0,0.16 0.66,0.25 0.5,0.82 0,0.98 -0.5,0.82"), hex_colour("dfeaf0"))
        for y in (0.38, 0.52, 0.66):
            pen.line([(-0.5, y), (0, y + 0.03), (0.5, y)], 0.015, hex_colour("a9bcc8"), clip=mask)
        pen.line([(-0.64, 0.28), (-0.76, 0.1)], 0.03, hex_colour("dfeaf0"))
        pen.line([(0.64, 0.28), (0.76, 0.1)], 0.03, hex_colour("dfeaf0"))
        return
    if kind == "patch":
        pen.line([(-0.72, -0.5), (0.1, -0.12), (0.72, 0.12)], 0.05, hex_colour("1c1a20"))
        pen.oval(0.31, 0.02, 0.24, 0.2, hex_colour("1c1a20"))
        return
    if not kind:
        return
    round_ = person.traits.true("round glasses", 0.6)
    rim = hex_colour(person.traits.pick("rims", ("2a2226", "3a2a20", "7a4a2a", "b08a3a")))
    lens = oval(0.32, 0.03, 0.25, 0.23 if round_ else 0.19)
    if kind == "sun":
        lens = spline(path("0.08,-0.12 0.32,-0.17 0.58,-0.12 0.55,0.14 0.34,0.24 0.13,0.16"))
    width = 0.045
    if kind == "sun":
        pen.many([lens, mirror(lens)], hex_colour("1d1b24"))
        pen.many(
            [
                points([(0.2, -0.1), (0.32, -0.12), (0.24, 0.15), (0.15, 0.1)]),
                points([(-0.44, -0.1), (-0.32, -0.12), (-0.4, 0.15), (-0.49, 0.1)]),
            ],
            hex_colour("8f9ab8"),
            opacity=0.5,
            line=0,
        )
    else:
        pen.many([lens, mirror(lens)], hex_colour("eaf4ff"), opacity=0.16, line=0)
        if look.detail >= 1:
            shine = points([(0.2, -0.1), (0.27, -0.14), (0.17, 0.12), (0.13, 0.05)])
            pen.many([shine, shine + (-0.62, 0.0)], hex_colour("ffffff"), opacity=0.3, line=0)
        for shape in (lens, mirror(lens)):
            closed = points([*shape, *shape[:2]])
            pen.many([ribbon(closed, width)], rim, line=0)
            pen.canvas.draw([pen.frame.place(ribbon(closed, width * 0.8))])
    pen.line([(-0.08, 0.0), (0, -0.04), (0.08, 0.0)], width, rim)
    for side in (-1, 1):
        pen.line([(side * 0.56, -0.03), (side * 0.76, -0.02)], width, rim)


def paint_hat_behind(pen: Pen, person: Person) -> None:
    """The parts of a hat that lie behind the head."""
    if person.hat == "straw":
        pen.oval(0, -0.52, 1.5, 0.5, dark(person.hat_colour, 0.3))
    if person.hat == "hijab":
        pen.blob(
            path("0,-1.28 0.8,-1 1,-0.1 1.02,0.9 1.3,1.9 -1.3,1.9 -1.02,0.9 -1,-0.1 -0.8,-1"),
            dark(person.hat_colour, 0.25),
        )
    if person.wear == "space":
        pen.oval(0, -0.05, 1.42, 1.42, hex_colour("c9d3dc"))
        pen.oval(0, -0.05, 1.26, 1.26, hex_colour("3a4a60"))


def paint_hat(pen: Pen, person: Person, look: Look) -> None:
    """The hat that is worn, over hair and head."""
    drawing = _HATS.get(person.hat)
    if drawing:
        drawing(pen, person.hat_colour, person.trim, look)
    if person.wear == "space":
        glass = pen.oval(0, -0.05, 1.26, 1.26, hex_colour("bcd8ee"), opacity=0.14, line=1)
        pen.many(
            [ribbon(arc(0, -0.05, 1.05, 1.05, -0.42, -0.24), [0.02, 0.1, 0.02])],
            hex_colour("ffffff"),
            opacity=0.6,
            clip=glass,
            line=0,
        )
        pen.many([ribbon(arc(0, -0.05, 1.34, 1.34, 0, 1, 64), 0.16)], hex_colour("e8edf0"), line=0)


def _dome(pen: Pen, colour: Colour, look: Look, *, high: float, wide: float, base: float) -> None:
    dome = pen.blob(
        [
            (-wide, base),
            (-wide * 0.97, base - high * 0.6),
            (-wide * 0.55, base - high),
            (wide * 0.55, base - high),
            (wide * 0.97, base - high * 0.6),
            (wide, base),
            (0, base + 0.12),
        ],
        colour,
    )
    pen.oval(
        -look.light_side * wide,
        base - high * 0.4,
        wide * 0.5,
        high,
        dark(colour, 0.4),
        opacity=0.35,
        soft=0.1,
        clip=dome,
    )


def _straw(pen: Pen, colour: Colour, trim: Colour, look: Look) -> None:
    _dome(pen, colour, look, high=0.72, wide=0.8, base=-0.6)
    brim = pen.blob(
        path("-1.55,-0.5 -0.8,-0.72 0,-0.66 0.8,-0.72 1.55,-0.5 0.8,-0.46 0,-0.38 -0.8,-0.46"),
        light(colour, 0.1),
    )
    for k in range(3 + 2 * look.detail):
        y = -0.7 + 0.05 * k
        pen.line([(-1.4, y + 0.14), (0, y + 0.02), (1.4, y + 0.14)], 0.012, dark(colour, 0.35), clip=brim)
    pen.blob(
        path("-0.8,-0.82 0,-0.72 0.8,-0.82 0.81,-0.64 0,-0.55 -0.81,-0.64"),
        trim if abs(grey_of(trim) - grey_of(colour)) > 40 else hex_colour("a8322b"),
    )


def _bamboo(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    hat = pen.poly(path("-1.55,-0.38 -0.1,-1.42 0.1,-1.42 1.55,-0.38 0,-0.22"), colour)
    for k in range(-6, 7):
        pen.line([(0, -1.4), (k * 0.24, -0.3)], 0.014, dark(colour, 0.4), clip=hat)
    pen.poly(
        [(0.1, -1.42), (1.55, -0.38), (0.3, -0.25)]
        if look.light_side < 0
        else [(-0.1, -1.42), (-1.55, -0.38), (-0.3, -0.25)],
        dark(colour, 0.4),
        opacity=0.3,
        clip=hat,
        line=0,
    )


def _top(pen: Pen, colour: Colour, trim: Colour, look: Look) -> None:
    pen.poly([(-0.68, -0.6), (-0.76, -1.7), (0.76, -1.7), (0.68, -0.6)], colour)
    pen.oval(0, -1.7, 0.76, 0.12, light(colour, 0.12))
    pen.poly([(-0.69, -0.62), (-0.71, -0.9), (0.71, -0.9), (0.69, -0.62)], hex_colour("8f2b34"), line=0)
    pen.oval(0, -0.6, 1.12, 0.17, light(colour, 0.06))
    pen.line([(look.light_side * 0.5, -0.95), (look.light_side * 0.55, -1.6)], 0.06, light(colour, 0.4), opacity=0.6)


def _beret(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    hat = pen.blob(
        path("-0.82,-0.56 -1.02,-0.9 -0.5,-1.28 0.4,-1.3 1.12,-0.98 1.06,-0.66 0.74,-0.58 0,-0.68"),
        colour,
    )
    pen.oval(0.6, -0.7, 0.7, 0.25, dark(colour, 0.4), opacity=0.4, soft=0.08, clip=hat)
    pen.line([(0.1, -1.28), (0.14, -1.42)], 0.06, colour)
    pen.line([(-0.8, -0.58), (0, -0.7), (0.76, -0.6)], 0.08, dark(colour, 0.3))


def _cap(pen: Pen, colour: Colour, trim: Colour, look: Look) -> None:
    _dome(pen, colour, look, high=0.66, wide=0.82, base=-0.52)
    pen.line([(0, -1.17), (0, -0.6)], 0.02, dark(colour, 0.4))
    pen.oval(0, -1.17, 0.07, 0.05, dark(colour, 0.2))
    pen.blob(
        path("-0.8,-0.56 -0.5,-0.46 0.5,-0.46 0.8,-0.56 0.7,-0.26 0,-0.18 -0.7,-0.26"),
        dark(colour, 0.22),
    )
    pen.oval(0, -0.82, 0.2, 0.18, light(trim, 0.3))


def _beanie(pen: Pen, colour: Colour, trim: Colour, look: Look) -> None:
    _dome(pen, colour, look, high=0.78, wide=0.86, base=-0.5)
    cuff = pen.blob(path("-0.9,-0.74 0,-0.84 0.9,-0.74 0.9,-0.4 0,-0.48 -0.9,-0.4"), light(colour, 0.16))
    for k in range(-8, 9):
        pen.line([(k * 0.11, -0.84), (k * 0.11, -0.4)], 0.02, dark(colour, 0.25), clip=cuff)
    pen.oval(0, -1.36, 0.25, 0.24, light(trim, 0.3))
    for k in range(7):
        x, y = oval(0, -1.36, 0.19, 0.18)[k * 9]
        pen.line([(x * 0.4, -1.36 + (y + 1.36) * 0.4), (x, y)], 0.02, light(trim, 0.55))


def _ring(count: int) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in oval(0, 0, 1, 1)[:: 64 // count]]


def _crown(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    tips = path("-0.74,-0.62 -0.86,-1.32 -0.5,-0.98 -0.34,-1.46 0,-1.04 0.34,-1.46 0.5,-0.98 0.86,-1.32 0.74,-0.62")
    crown = pen.poly([*tips, (0.4, -0.54), (0, -0.5), (-0.4, -0.54)], colour)
    pen.poly(
        [(0, -0.4), (0, -1.5), (-look.light_side * 0.9, -1.5), (-look.light_side * 0.9, -0.4)],
        dark(colour, 0.4),
        opacity=0.3,
        clip=crown,
        line=0,
    )
    pen.line([(-0.74, -0.68), (0, -0.57), (0.74, -0.68)], 0.05, light(colour, 0.5))
    for x, y, gem in (
        (-0.86, -1.36, "c8324a"),
        (-0.34, -1.5, "2f6fc0"),
        (0.34, -1.5, "2f6fc0"),
        (0.86, -1.36, "c8324a"),
        (0, -0.8, "c8324a"),
    ):
        pen.oval(x, y, 0.075, 0.075, hex_colour(gem))


def _wizard(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    hat = pen.blob(
        path("-0.76,-0.56 -0.5,-1.2 -0.1,-2.1 0.3,-2.45 0.55,-2.3 0.3,-2 0.52,-1.2 0.76,-0.56 0,-0.46"),
        colour,
    )
    pen.oval(-look.light_side * 0.6, -1.2, 0.42, 1.1, dark(colour, 0.5), opacity=0.4, soft=0.12, clip=hat)
    pen.many(
        [
            star(-0.12, -1.1, 0.13, 0.05, 5, 0.05),
            star(0.26, -1.5, 0.1, 0.04, 5),
            star(0.3, -0.85, 0.09, 0.035, 5, 0.02),
            star(-0.4, -0.8, 0.07, 0.03, 5),
        ],
        hex_colour("f2cf5a"),
        line=0,
    )
    pen.oval(0, -0.56, 1.35, 0.24, light(colour, 0.06))
    pen.blob(
        path("-0.74,-0.72 0,-0.6 0.74,-0.72 0.78,-0.56 0,-0.44 -0.78,-0.56"),
        hex_colour("8a5a2a"),
        line=0,
    )


def _cowboy(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    pen.blob(
        path("-0.74,-0.6 -0.7,-1.2 -0.35,-1.42 0,-1.28 0.35,-1.42 0.7,-1.2 0.74,-0.6 0,-0.5"),
        colour,
    )
    pen.line([(-0.73, -0.7), (0, -0.6), (0.73, -0.7)], 0.1, dark(colour, 0.5))
    pen.blob(
        path("-1.55,-0.86 -1.1,-0.62 0,-0.62 1.1,-0.62 1.55,-0.86 1.2,-0.42 0,-0.36 -1.2,-0.42"),
        light(colour, 0.08),
    )


def _helmet(pen: Pen, colour: Colour, trim: Colour, look: Look) -> None:
    helmet = pen.blob(
        path(
            "-0.9,0.45 -0.96,-0.4 -0.7,-1.1 0,-1.36 0.7,-1.1 0.96,-0.4 0.9,0.45 0.68,0.5 "
            "0.62,-0.2 0.12,-0.3 0,-0.1 -0.12,-0.3 -0.62,-0.2 -0.68,0.5"
        ),
        colour,
    )
    pen.oval(look.light_side * 0.45, -0.85, 0.16, 0.4, light(colour, 0.7), opacity=0.6, soft=0.06, clip=helmet)
    pen.line([(0, -1.34), (0, -0.2)], 0.09, dark(colour, 0.3))
    pen.blob(path("-0.05,-1.3 0.1,-1.75 0.55,-1.9 1,-1.6 0.6,-1.5 0.3,-1.3"), hex_colour("b5323a"))


def _chef(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    puffs = [
        oval(x, y, r, r * 0.9)
        for x, y, r in ((-0.55, -1.4, 0.46), (0.55, -1.4, 0.46), (0, -1.62, 0.55), (0, -1.3, 0.5))
    ]
    puff = pen.many(puffs, colour, line=0)
    for x in (-0.4, 0.0, 0.4):
        pen.line([(x, -0.9), (x * 1.1, -1.35)], 0.02, dark(colour, 0.25), clip=puff)
    pen.poly(path("-0.78,-0.55 -0.74,-1 0.74,-1 0.78,-0.55 0,-0.46"), light(colour, 0.4))


def _hijab(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    outer = spline(
        path(
            "0,-1.26 0.7,-1.05 0.94,-0.3 0.88,0.5 0.72,1.05 0.9,1.6 -0.9,1.6 -0.72,1.05 -0.88,0.5 -0.94,-0.3 -0.7,-1.05"
        )
    )
    inner = spline(path("0,-0.74 0.5,-0.6 0.66,0 0.52,0.66 0,1 -0.52,0.66 -0.66,0 -0.5,-0.6"))
    cloth = pen.many([outer], colour, holes=[inner])
    for k in range(2 + look.detail):
        pen.line(
            [(-0.8, 0.5 + 0.2 * k), (0, 1.08 + 0.14 * k), (0.8, 0.6 + 0.16 * k)], 0.025, dark(colour, 0.35), clip=cloth
        )


def _flowers(pen: Pen, _colour: Colour, trim: Colour, look: Look) -> None:
    pen.line([(-0.86, -0.5), (-0.4, -0.78), (0.4, -0.78), (0.86, -0.5)], 0.1, hex_colour("4f7f45"))
    tones = ("e86a7a", "f4d35e", "f7f3ea", "e88a4a", "c77adf")
    for k in range(7):
        x = (k - 3) * 0.28
        at = pen.at(x, -0.8 + 0.36 * (x / 0.9) * (x / 0.9), 0.19)
        at.many([oval(a * 0.62, b * 0.62, 0.5, 0.5)[::4] for a, b in _ring(4)], hex_colour(tones[k % 5]))
        at.oval(0, 0, 0.34, 0.34, hex_colour("f2c23a" if k % 5 != 1 else "a8622a"), line=0)


def _headphones(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    pen.many([ribbon(arc(0, -0.1, 0.98, 1.2, -0.52, 0.02, 24), 0.13)], dark(colour, 0.4))
    pen.many([oval(0.94, 0.08, 0.19, 0.32), oval(-0.94, 0.08, 0.19, 0.32)], colour)


def _catears(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    ear = points([(0.2, -1.08), (0.62, -1.68), (0.84, -0.78)])
    inner = points([(0.36, -1.08), (0.61, -1.46), (0.73, -0.92)])
    pen.many([ear, mirror(ear)], colour)
    pen.many([inner, mirror(inner)], hex_colour("eba3ae"), line=0)


def _bow(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    half = spline([(0, 0), (0.5, -0.36), (0.62, 0.0), (0.5, 0.32)])
    at = pen.at(0.5, -1.04, 0.85, 0.04)
    at.many([half, mirror(half)], colour)
    at.oval(0, 0, 0.13, 0.16, dark(colour, 0.2))


def _santa(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    pen.blob(
        path("-0.8,-0.6 -0.6,-1.2 0,-1.6 0.7,-1.5 1.15,-0.9 1.05,-0.8 0.7,-1.05 0.8,-0.6 0,-0.5"),
        colour,
    )
    pen.oval(1.12, -0.78, 0.2, 0.2, hex_colour("fbfaf6"))
    pen.blob(path("-0.92,-0.7 0,-0.82 0.92,-0.7 0.92,-0.4 0,-0.48 -0.92,-0.4"), hex_colour("fbfaf6"))


def _plain(pen: Pen, colour: Colour, _trim: Colour, look: Look) -> None:
    pen.blob(
        path("-0.72,-0.6 -0.68,-1.18 -0.3,-1.32 0,-1.24 0.3,-1.32 0.68,-1.18 0.72,-0.6 0,-0.5"),
        colour,
    )
    pen.line([(-0.72, -0.72), (0, -0.62), (0.72, -0.72)], 0.15, dark(mix(colour, hex_colour("20202a"), 0.3), 0.35))
    pen.blob([(-1.2, -0.56), (0, -0.64), (1.2, -0.56), (0, -0.36)], light(colour, 0.06))


_HATS: dict[str, Callable[[Pen, Colour, Colour, Look], None]] = {
    "straw": _straw, "bamboo": _bamboo, "top": _top, "beret": _beret, "cap": _cap, "beanie": _beanie, "crown": _crown,
    "wizard": _wizard, "cowboy": _cowboy, "helmet": _helmet, "chef": _chef, "hijab": _hijab, "flowers": _flowers,
    "headphones": _headphones, "catears": _catears, "bow": _bow, "santa": _santa, "plain": _plain, "pirate": _plain,
}  # fmt: skip
