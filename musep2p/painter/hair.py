"""Hair and beards, in the units of the head (half its height)."""

from __future__ import annotations

import numpy as np

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import dark, light, mix
from musep2p.painter.face import Look
from musep2p.painter.person import Person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Pairs, Points, bumpy, mirror, oval, path, points, ribbon, spline, turned

__all__ = ["paint_back_hair", "paint_beard", "paint_front_hair"]

_CROWN = path("-0.84,-0.02 -0.9,-0.42 -0.7,-0.93 -0.28,-1.2 0.2,-1.21 0.66,-0.96 0.9,-0.42 0.84,-0.02")
_SHORT = path("-0.8,-0.06 -0.83,-0.5 -0.66,-0.98 -0.26,-1.24 0.22,-1.25 0.64,-1 0.83,-0.5 0.8,-0.06")
_LENGTHS = {"long": 2.5, "wavy": 2.2, "bob": 0.98, "curly": 1.5, "afro": 0.6, "braids": 0.7, "twintails": 0.5}
_TIED = ("bun", "ponytail", "twintails", "braids", "short", "swept", "receding", "mohawk", "bald")


def paint_back_hair(pen: Pen, person: Person, look: Look) -> None:
    """What hangs behind head and shoulders."""
    colour, style = dark(person.hair_colour, 0.22), person.hair
    if style in ("afro", "curly"):
        _curls(pen, person, look, colour)
    elif style in ("long", "wavy", "bob"):
        low = _LENGTHS[style]
        swing = 0.1 * person.traits.between("swing", -1, 1)
        wide = 0.98 if style == "bob" else 1.08
        side = [(0.88, -0.42), (wide, 0.25), (wide * 1.02, low * 0.55), (wide * 0.92, low * 0.9), (0.45, low * 1.04)]
        if style == "wavy":
            side = list(path("0.9,-0.42 1.12,0.1 0.98,0.6 1.2,1.05 1.04,1.5 1.12,1.95 0.5,2.3"))
        shape = [(0, -1.2), (0.62, -1.0), *side, *[(-x + swing * (y > 1), y) for x, y in reversed(side)], (-0.62, -1.0)]
        back = pen.blob(shape, colour)
        _hanging(pen, person, look, back, low)
    if style in ("ponytail",):
        tail = path("0.25,-0.95 0.95,-0.9 1.3,-0.2 1.2,0.7 0.95,1.5")
        _tail(pen, person, look, tail, [0.3, 0.55, 0.62, 0.5, 0.04])
    if style == "twintails":
        for flip in (False, True):
            half = pen.at(0, 0, flip=flip)
            _tail(
                half,
                person,
                look,
                path("0.72,-0.62 1.2,-0.5 1.42,0.2 1.36,1.1 1.1,1.9"),
                [0.3, 0.5, 0.6, 0.5, 0.04],
            )
            half.oval(0.84, -0.62, 0.13, 0.16, person.trim)
    if style == "bun":
        high = -1.36 if person.female else -1.3
        bun = pen.oval(0, high, 0.42, 0.36, person.hair_colour)
        for k in range(2 + look.detail):
            pen.line(
                [(-0.36, high + 0.2 - 0.12 * k), (0, high - 0.05 - 0.1 * k), (0.36, high + 0.2 - 0.12 * k)],
                0.02,
                colour,
                clip=bun,
            )
        if person.wear in ("hanfu", "kimono"):
            pen.line([(-0.7, high + 0.12), (0.75, high - 0.14)], 0.05, person.trim)
            pen.oval(0.78, high - 0.15, 0.09, 0.09, person.trim)


def _tail(pen: Pen, person: Person, look: Look, line: Pairs, widths: list[float]) -> None:
    curve = spline(line, closed=False)
    tail = pen.many([ribbon(curve, widths)], person.hair_colour)
    for k in range(1 + 2 * look.detail):
        shift = (k / (1 + 2 * look.detail) - 0.4) * 0.34
        strand = ribbon(
            spline([(x + shift * (0.4 + 0.6 * (i > 0)), y) for i, (x, y) in enumerate(line)], closed=False),
            [0.012, 0.03, 0.005],
        )
        tone = dark(person.hair_colour, 0.3) if k % 2 else light(person.hair_colour, 0.2)
        pen.many([strand], tone, opacity=0.7, clip=tail, line=0)


def _curls(pen: Pen, person: Person, look: Look, colour: Points) -> None:
    bumps = [1 + 0.1 * value for value in person.traits.field("curls", 22)]
    if person.hair == "afro":
        patch = pen.many([bumpy(0, -0.38, 1.38, 1.2, bumps)], person.hair_colour)
        spread = (0, -0.38, 1.3, 1.12)
    else:
        patch = pen.many([bumpy(0, 0.12, 1.2, 1.42, bumps)], colour)
        spread = (0, 0.12, 1.12, 1.32)
    _ringlets(pen, person, look, patch, spread)


def _ringlets(
    pen: Pen, person: Person, look: Look, patch: Patch | None, spread: tuple[float, float, float, float]
) -> None:
    """Small arcs that read as curls."""
    cx, cy, rx, ry = spread
    arcs: list[list[Points]] = [[], []]
    for number, (a, r, size) in enumerate(person.traits.field("ringlets", 24 + 50 * look.detail, 3)):
        c, s = turned(a)
        reach = 0.35 + 0.65 * r
        x, y, radius = cx + c * rx * reach, cy + s * ry * reach, 0.06 + 0.07 * size
        curve = [(x + radius * turned(a + k / 6)[0], y + radius * turned(a + k / 6)[1]) for k in range(5)]
        arcs[number % 2].append(ribbon(spline(curve, closed=False, samples=3), [0.008, 0.03, 0.008]))
    pen.many(arcs[0], light(person.hair_colour, 0.16), clip=patch, opacity=0.7, line=0)
    pen.many(arcs[1], dark(person.hair_colour, 0.35), clip=patch, opacity=0.7, line=0)


def _hanging(pen: Pen, person: Person, look: Look, patch: Patch | None, low: float) -> None:
    lines: list[list[Points]] = [[], []]
    for number, (a, b, c) in enumerate(person.traits.field("hanging", 6 + 12 * look.detail, 3)):
        x = (a - 0.5) * 2.1
        wave = 0.09 if person.hair == "wavy" else 0.03
        curve = [
            (x * 0.75, -0.9),
            (x, 0.0),
            (x + wave * (b - 0.3), low * 0.33),
            (x - wave * (c - 0.3), low * 0.66),
            (x * 0.95, low * 1.02),
        ]
        lines[number % 2].append(ribbon(spline(curve, closed=False, samples=4), [0.006, 0.028, 0.022, 0.006]))
    pen.many(lines[0], light(person.hair_colour, 0.12), clip=patch, opacity=0.55, line=0)
    pen.many(lines[1], dark(person.hair_colour, 0.42), clip=patch, opacity=0.6, line=0)


def paint_front_hair(pen: Pen, person: Person, look: Look) -> None:
    """What lies over the head: crown, parting, fringe, locks."""
    style = person.hair
    if style == "bald":
        if person.age == "old":
            _sides(pen, person)
        pen.oval(look.light_side * 0.3, -0.72, 0.2, 0.1, light(person.skin, 0.7), opacity=0.5, soft=0.05)
        return
    if style == "receding":
        _sides(pen, person)
        return
    if style == "mohawk":
        spikes = [
            points([(x - 0.13, -0.85), (x * 1.35, -1.5 - 0.25 * (1 - abs(x) * 2)), (x + 0.13, -0.85)])
            for x in (-0.36, -0.2, -0.04, 0.12, 0.28, 0.4)
        ]
        pen.many(spikes, person.hair_colour)
        return
    if style in ("short", "swept") or (style == "curly" and not person.female):
        cap = _short(pen, person, look)
    else:
        cap = _parted(pen, person, look)
    _strands(pen, person, look, cap)
    if style in ("long", "wavy"):
        _locks(pen, person, look)
    if style == "braids":
        _braids(pen, person)


def _sides(pen: Pen, person: Person) -> None:
    side = path("0.66,-0.5 0.85,-0.55 0.96,-0.15 0.88,0.3 0.76,0.28 0.72,-0.1")
    pen.many([spline(side), spline(mirror(side))], person.hair_colour)


def _short(pen: Pen, person: Person, look: Look) -> Patch | None:
    flip = person.traits.true("part side", 0.5)
    pen = pen.at(0, 0, flip=flip)
    if person.hair == "curly":
        bumps = [1 + 0.13 * value for value in person.traits.field("short curls", 15)]
        cap = pen.many([bumpy(0, -0.78, 0.9, 0.52, bumps)], person.hair_colour)
        _ringlets(pen, person, look, cap, (0, -0.8, 0.8, 0.45))
        side = [(0.7, -0.62), (0.86, -0.55), (0.86, 0.0), (0.76, 0.02)]
        pen.many([spline(side), spline(mirror(side))], person.hair_colour)
        return cap
    if person.bangs or person.small:
        inner = path(
            "0.74,-0.1 0.66,-0.4 0.5,-0.36 0.34,-0.5 0.12,-0.4 -0.08,-0.52 -0.3,-0.4 -0.5,-0.5 -0.66,-0.36 -0.74,-0.1"
        )
        return pen.many([_cap_shape(_SHORT, inner)], person.hair_colour)
    if person.hair == "swept":
        inner = path("0.73,-0.08 0.66,-0.45 0.45,-0.7 0.1,-0.82 -0.25,-0.78 -0.52,-0.64 -0.68,-0.42 -0.73,-0.08")
    else:
        inner = path("0.73,-0.08 0.67,-0.38 0.6,-0.56 0.2,-0.6 -0.2,-0.56 -0.5,-0.72 -0.64,-0.5 -0.73,-0.08")
    return pen.many([_cap_shape(_SHORT, inner)], person.hair_colour)


def _parted(pen: Pen, person: Person, look: Look) -> Patch | None:
    part = person.traits.between("part", -0.4, 0.4)
    low = 0.3 if person.hair in ("bob", "long", "wavy", "curly") else 0.0
    crown = [(x, y + low if abs(y) < 0.1 else y) for x, y in _CROWN]
    if person.bangs:
        inner = [
            (0.7, low + 0.02),
            (0.66, -0.2),
            (0.54, -0.26),
            (0.36, -0.22),
            (0.2, -0.3),
            (0.02, -0.23),
            (-0.18, -0.3),
            (-0.36, -0.22),
            (-0.54, -0.27),
            (-0.66, -0.2),
            (-0.7, low + 0.02),
        ]
    else:
        inner = [
            (0.71, low + 0.02),
            (0.66, -0.2),
            (0.5, -0.5),
            (part + 0.18, -0.7),
            (part, -0.86),
            (part - 0.18, -0.7),
            (-0.5, -0.48),
            (-0.66, -0.2),
            (-0.71, low + 0.02),
        ]
    return pen.many([_cap_shape(crown, inner)], person.hair_colour)


def _cap_shape(outer: Pairs, inner: Pairs) -> Points:
    """A crown of hair: a smooth outside and a smooth hairline, with corners where they meet."""
    return np.concatenate((spline(outer, closed=False), spline(inner, closed=False)))


def _strands(pen: Pen, person: Person, look: Look, cap: Patch | None) -> None:
    """Lines from the parting down the sides, and the band of light that hair has."""
    part = person.traits.between("part", -0.4, 0.4)
    lines: list[list[Points]] = [[], []]
    for number, (a, b) in enumerate(person.traits.field("strands", 10 + 16 * look.detail, 2)):
        side = 1 if number % 4 < 2 else -1
        reach = 0.15 + 0.8 * a
        curve = [
            (part, -1.12 + 0.1 * b),
            (part + side * reach * 0.5, -1.05 + 0.35 * a * b),
            (side * (0.3 + 0.6 * reach), -0.75 + 0.2 * b),
            (side * 0.84 * min(1.0, 0.4 + reach), -0.1 + 0.4 * b),
        ]
        lines[number % 2].append(ribbon(spline(curve, closed=False, samples=4), [0.006, 0.024, 0.02, 0.004]))
    pen.many(lines[0], light(person.hair_colour, 0.18), clip=cap, opacity=0.6, line=0)
    pen.many(lines[1], dark(person.hair_colour, 0.35), clip=cap, opacity=0.6, line=0)
    if look.detail >= 1:
        shine = spline([(-0.66, -0.62), (-0.3, -0.92), (0.2, -0.95), (0.64, -0.66)], closed=False)
        pen.many(
            [ribbon(shine, [0.02, 0.12, 0.12, 0.02])],
            light(mix(person.hair_colour, person.skin, 0.2), 0.35),
            clip=cap,
            opacity=0.33,
            soft=0.04,
        )


def _locks(pen: Pen, person: Person, look: Look) -> None:
    """Locks that fall over the shoulders."""
    wave = 0.14 if person.hair == "wavy" else 0.04
    for side in (False, True):
        if person.traits.true(f"lock {side}", 0.8):
            half = pen.at(0, 0, flip=side)
            line = [(0.76, -0.1), (0.9, 0.5), (0.86 + wave, 1.0), (0.88 - wave, 1.5), (0.72, 2.2)]
            _tail(half, person, look, line, [0.22, 0.36, 0.4, 0.32, 0.03])


def _braids(pen: Pen, person: Person) -> None:
    for side in (False, True):
        half = pen.at(0, 0, flip=side)
        for k in range(8):
            x, size = 0.84 + (0.05 if k % 2 else -0.05), 0.2 - 0.008 * k
            half.oval(x, 0.25 + 0.25 * k, size, 0.19, person.hair_colour if k % 2 else dark(person.hair_colour, 0.12))
        half.oval(0.84, 2.2, 0.12, 0.1, person.trim)
        half.blob(path("0.76,2.25 0.94,2.25 0.9,2.6 0.84,2.7 0.78,2.6"), person.hair_colour)


def paint_beard(pen: Pen, person: Person, look: Look) -> None:
    """Beard and moustache; `pen` is turned with the face."""
    colour = person.hair_colour if person.beard != "stubble" else mix(person.skin, dark(person.hair_colour, 0.2), 0.45)
    if person.beard == "full":
        long = 1.3 + (0.55 if person.age == "old" or person.role in ("wizard", "king", "scholar") else 0.0)
        side = [(0.74, 0.1), (0.74, 0.5), (0.62, 0.95), (0.3, long)]
        inner = [(0.62, 0.32), (0.42, 0.46), (0.24, 0.44)]
        shape = [
            *side,
            (0, long + 0.1),
            *[(-x, y) for x, y in reversed(side)],
            *[(-x, y) for x, y in inner],
            *reversed(inner),
        ]
        beard = pen.many([spline(shape)], colour, holes=[spline(path("-0.2,0.6 0,0.53 0.2,0.6 0.12,0.74 -0.12,0.74"))])
        lines: list[list[Points]] = [[], []]
        for number, (a, b) in enumerate(person.traits.field("beard", 10 + 16 * look.detail, 2)):
            x = (a - 0.5) * 1.3
            curve = [(x, 0.5 + 0.2 * b), (x * 0.9, 0.8 + 0.2 * b), (x * 0.55, long + 0.05 * b)]
            lines[number % 2].append(ribbon(curve, [0.006, 0.024, 0.004]))
        pen.many(lines[0], light(colour, 0.25), clip=beard, opacity=0.6, line=0)
        pen.many(lines[1], dark(colour, 0.3), clip=beard, opacity=0.6, line=0)
    if person.beard in ("full", "moustache"):
        half = [
            (0, 0.47),
            (0.16, 0.44),
            (0.32, 0.56),
            (0.42 if person.beard == "moustache" else 0.3, 0.5),
            (0.26, 0.63),
            (0.1, 0.6),
            (0, 0.56),
        ]
        pen.many([spline(half), spline(mirror(half))], mix(colour, dark(colour, 0.2), 0.5))
    if person.beard == "stubble":
        for x, y in [(0, 1.0)]:
            pen.oval(x, y - 0.1, 0.22, 0.16, colour, opacity=0.75, line=0)
        pen.many([oval(0, 0.49, 0.2, 0.045)], colour, opacity=0.5, line=0)
