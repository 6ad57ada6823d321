"""Clothes: torso, skirt, collar and pattern. Units as for limbs."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import dark, grey_of, hex_colour, light, mix
from musep2p.painter.limbs import Build
from musep2p.painter.person import Person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Points, mirror, oval, path, points, ribbon, spline

__all__ = ["LONG", "WIDE_SLEEVES", "long_clothes", "paint_collar", "paint_skirt", "paint_torso", "short_sleeves"]

LONG = {"dress", "kimono", "hanfu", "qipao", "cloak", "skirt", "armour", "coat"}
WIDE_SLEEVES = {"kimono", "hanfu", "cloak"}


def long_clothes(person: Person) -> bool:
    """The clothes reach below the hips."""
    return person.wear in LONG


def short_sleeves(person: Person) -> bool:
    """Arms are bare."""
    return person.wear in ("dress", "tshirt", "qipao", "overalls", "skirt")


def paint_torso(pen: Pen, person: Person, build: Build, detail: int, light_side: int) -> Patch | None:
    """The body's clothes down to the hips, with folds and pattern; returns where they are."""
    s, h, low = build.shoulder, build.hip, build.crotch
    colour = person.wear_colour
    waist = s * (0.72 if person.female and not person.small else 0.86)
    if person.wear in ("coat", "hoodie", "cloak", "space", "sweater"):
        waist, h = s * 0.95, max(h, s * 0.95)
    side = [
        (0.16, -0.1),
        (s * 0.5, 0.02),
        (s * 0.86, 0.12),
        (s, 0.34),
        (s * 0.97, 0.7),
        (waist, low * 0.6),
        (h, low * 0.96),
    ]
    body = pen.many([spline([*side, (0, low * 1.04), *[(-x, y) for x, y in reversed(side)]])], colour)
    away = -light_side
    pen.oval(away * s * 0.95, low * 0.5, s * 0.55, low * 0.75, dark(colour, 0.5), opacity=0.4, soft=0.1, clip=body)
    if detail >= 1:
        pen.oval(light_side * s * 0.5, 0.45, s * 0.4, 0.4, light(colour, 0.4), opacity=0.22, soft=0.12, clip=body)
    paint_pattern(pen, person, body, detail, (s, low))
    if detail >= 3 and not person.pattern and person.wear not in ("armour", "space", "robot"):
        weave = [
            ribbon([(-s * 1.3 + 0.09 * k, -0.2), (-s * 1.3 + 0.09 * k - 0.5, low * 1.1)], 0.014)
            for k in range(int(s * 2.6 / 0.09) + 8)
        ]
        pen.many(weave, light(colour, 0.45), opacity=0.35, clip=body, line=0)
    if detail >= 2 and person.wear not in ("armour", "space", "robot"):
        for a, b, c in person.traits.field("folds", 7, 3):
            x, y = (a - 0.5) * 1.6 * s, low * (0.35 + 0.55 * b)
            pen.line(
                [(x, y), (x + 0.06 * (c - 0.5), y + 0.18), (x * 0.85, y + 0.36)],
                [0.005, 0.026, 0.005],
                dark(colour, 0.4),
                clip=body,
                opacity=0.5,
            )
    return body


def paint_pattern(pen: Pen, person: Person, body: Patch | None, detail: int, size: tuple[float, float]) -> None:
    """Stripes, dots, flowers or squares on cloth."""
    wide, tall = size
    kind = person.pattern or ("floral" if person.wear in ("kimono", "qipao") and detail >= 1 else "")
    if kind == "stripes":
        for k in range(int(tall / 0.16) + 1):
            pen.line(
                [(-wide * 1.2, 0.02 + 0.2 * k), (0, 0.07 + 0.2 * k), (wide * 1.2, 0.02 + 0.2 * k)],
                0.09,
                person.trim,
                clip=body,
            )
    elif kind == "dots":
        dots = [
            oval((col - 7 + 0.5 * (row % 2)) * 0.2, 0.02 + row * 0.17, 0.055, 0.055)[::4]
            for row in range(int(tall / 0.17) + 1)
            for col in range(15)
        ]
        pen.many(dots, person.trim, clip=body, line=0)
    elif kind == "plaid":
        for k in range(int(tall / 0.25) + 2):
            pen.line([(-wide * 1.2, 0.25 * k), (wide * 1.2, 0.25 * k)], 0.1, person.trim, clip=body, opacity=0.6)
        for k in range(-6, 7):
            pen.line(
                [(k * 0.25, -0.2), (k * 0.25, tall * 1.1)], 0.1, dark(person.wear_colour, 0.4), clip=body, opacity=0.6
            )
    elif kind == "floral":
        petals: list[Points] = []
        hearts: list[Points] = []
        for a, b, c in person.traits.field("floral", 16 + 12 * detail, 3):
            x, y, r = (a - 0.5) * 2.2 * wide, b * tall * 1.05, 0.05 + 0.05 * c
            petals += [oval(x + r * px, y + r * py, r * 0.62, r * 0.62)[::8] for px, py in oval(0, 0, 1, 1)[::13]]
            hearts.append(oval(x, y, r * 0.5, r * 0.5)[::8])
        pen.many(petals, mix(person.trim, hex_colour("f7d9dc"), 0.4), clip=body, line=0)
        pen.many(hearts, hex_colour("e0b33a"), clip=body, line=0)


_FLARES = {
    "dress": 1.45,
    "skirt": 0.95,
    "kimono": 0.72,
    "hanfu": 1.15,
    "qipao": 0.64,
    "cloak": 1.3,
    "armour": 0.8,
    "coat": 0.85,
}


def paint_skirt(pen: Pen, person: Person, build: Build, detail: int, light_side: int) -> None:
    """What hangs from the waist, for figures seen whole."""
    h, low, foot = build.hip, build.crotch * 0.62, build.foot
    flare = _FLARES[person.wear]
    end = {"skirt": build.knee - 0.35, "armour": build.knee - 0.6, "coat": build.knee, "qipao": foot - 0.7}.get(
        person.wear, foot - 0.05
    )
    if person.small and person.wear == "dress":
        end = build.knee + 0.1
    if person.role == "dancer" and person.wear == "dress":
        flare, end = 1.25, build.crotch + 0.45  # a tutu
    colour = person.wear_colour if person.wear != "hanfu" else light(person.wear_colour, 0.25)
    waist = h * 0.82
    side = [
        (waist, low),
        (h * 1.1, low + 0.5),
        (h * 0.4 + flare * 0.7, (low + end) / 2 + 0.2),
        (flare, end - 0.08),
        (flare * 0.55, end + 0.05),
    ]
    skirt = pen.many([spline([*side, (0, end + 0.08), *[(-x, y) for x, y in reversed(side)]])], colour)
    pen.oval(
        -light_side * flare * 0.8,
        (low + end) / 2,
        flare * 0.45,
        (end - low) * 0.62,
        dark(colour, 0.5),
        opacity=0.4,
        soft=0.12,
        clip=skirt,
    )
    for k in range(3 + 2 * detail):
        x = (k / (2 + 2 * detail) - 0.5) * 2
        pen.line(
            [(x * waist * 0.7, low + 0.3), (x * flare * 0.6, (low + end) / 2), (x * flare * 0.95, end)],
            [0.01, 0.03, 0.05],
            dark(colour, 0.35),
            clip=skirt,
            opacity=0.6,
        )
    paint_pattern(pen.at(0, low), person, skirt, detail, (flare, end - low))


def paint_collar(pen: Pen, person: Person, build: Build, body: Patch | None, detail: int) -> None:
    """What the neck comes out of, and what marks these clothes."""
    drawing = _COLLARS.get(person.wear, _crew)
    drawing(pen, person, build, body)
    if person.scarf is not None:
        scarf = pen.blob(path("-0.42,-0.2 0,-0.08 0.42,-0.2 0.5,0.08 0,0.24 -0.5,0.08"), person.scarf)
        pen.blob([(0.05, 0.1), (0.32, 0.08), (0.38, 0.95), (0.1, 1.0)], dark(person.scarf, 0.1))
        for k in range(2 + detail):
            pen.line(
                [(-0.4, -0.12 + 0.07 * k), (0, 0.0 + 0.07 * k), (0.4, -0.12 + 0.07 * k)],
                0.015,
                dark(person.scarf, 0.3),
                clip=scarf,
            )
    if person.necklace:
        beads = [
            oval(x, 0.12 + 0.26 * (1 - (x / 0.34) * (x / 0.34)), 0.035, 0.035)[::4]
            for x in [k * 0.068 for k in range(-5, 6)]
        ]
        pen.many(beads, hex_colour("f6efe2"))


def _skin_v(pen: Pen, person: Person, deep: float, wide: float = 0.2) -> Patch | None:
    return pen.poly([(-wide - 0.05, -0.19), (wide + 0.05, -0.19), (0.0, deep)], person.skin, line=0)


def _crew(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    pen.blob(path("-0.24,-0.12 0,-0.2 0.24,-0.12 0.2,0.06 0,0.12 -0.2,0.06"), person.skin, line=0)
    pen.line(path("-0.25,-0.13 -0.17,0.06 0,0.13 0.17,0.06 0.25,-0.13"), 0.06, dark(person.wear_colour, 0.2))
    if person.wear == "tshirt" and person.pattern == "":
        pen.oval(0, 0.75, 0.26, 0.26, person.trim, clip=body, line=0)


def _sweater(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    collar = pen.blob(
        path("-0.24,-0.34 0,-0.28 0.24,-0.34 0.28,0.02 0,0.1 -0.28,0.02"),
        light(person.wear_colour, 0.1),
    )
    for k in range(-5, 6):
        pen.line([(k * 0.05, -0.34), (k * 0.055, 0.1)], 0.012, dark(person.wear_colour, 0.3), clip=collar)
    if not person.pattern:
        for k in range(-3, 4):
            line = [(k * 0.22 + (0.03 if j % 2 else -0.03), 0.14 + 0.12 * j) for j in range(16)]
            pen.line(line, 0.018, dark(person.wear_colour, 0.25), clip=body, opacity=0.7)


def _shirt(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    _skin_v(pen, person, 0.3)
    flap = points([(0.21, -0.2), (0.06, 0.26), (0.36, 0.16), (0.34, -0.06)])
    pen.many([flap, mirror(flap)], light(person.wear_colour, 0.25))
    pen.line([(0, 0.28), (0, build.crotch)], 0.02, dark(person.wear_colour, 0.35), clip=body)
    pen.many([oval(0.05, y, 0.03, 0.03)[::4] for y in (0.5, 0.85, 1.2, 1.55)], light(person.trim, 0.3))


def _suit(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    pen.poly([(-0.26, -0.14), (0.26, -0.14), (0.0, 1.2)], hex_colour("f6f4ee"))
    collar = points([(0.22, -0.24), (0.02, 0.1), (0.22, 0.2), (0.3, -0.08)])
    lapel = points(path("0.28,-0.16 0.56,0.1 0.46,0.46 0,1.22 0.1,0.6"))
    tie = person.trim if abs(grey_of(person.trim) - 243) > 20 else hex_colour("a83240")
    if person.role in ("clown",) or (person.female and person.traits.true("no tie", 0.6)):
        _skin_v(pen, person, 0.55, 0.22)
    else:
        pen.poly(path("-0.07,0.06 0.07,0.06 0.12,0.95 0,1.1 -0.12,0.95"), tie, line=0)
        pen.poly([(-0.09, 0.02), (0.09, 0.02), (0.05, 0.16), (-0.05, 0.16)], dark(tie, 0.2))
    pen.many([collar, mirror(collar)], hex_colour("ffffff"))
    pen.many([lapel, mirror(lapel)], light(person.wear_colour, 0.1))
    pen.oval(0.03, 1.45, 0.04, 0.04, light(person.wear_colour, 0.5))


def _crossed(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    """Kimono and hanfu: left over right, with an inner collar and a sash."""
    _skin_v(pen, person, 0.34, 0.22)
    pen.line([(0.3, -0.2), (0.02, 0.38), (-0.14, 0.62)], 0.09, hex_colour("f8f3e8"), clip=body)
    pen.line([(-0.3, -0.2), (0.05, 0.42), (0.3, 0.9)], 0.09, hex_colour("f8f3e8"))
    pen.line([(0.36, -0.04), (0.08, 0.44), (-0.2, 0.9)], 0.13, person.trim, clip=body)
    pen.line([(-0.36, -0.04), (-0.02, 0.44), (0.42, 1.05)], 0.15, person.trim)
    low = build.crotch * 0.6
    sash = pen.poly(
        [
            (-build.shoulder, low - 0.24),
            (build.shoulder, low - 0.24),
            (build.shoulder, low + 0.2),
            (-build.shoulder, low + 0.2),
        ],
        dark(person.trim, 0.15),
        clip=body,
    )
    pen.line([(-build.shoulder, low - 0.02), (build.shoulder, low - 0.02)], 0.06, light(person.trim, 0.4), clip=sash)


def _qipao(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    pen.blob(path("-0.22,-0.3 0,-0.25 0.22,-0.3 0.26,0 0,0.06 -0.26,0"), person.wear_colour)
    pen.line([(-0.22, -0.28), (0, -0.22), (0.22, -0.28)], 0.035, person.trim)
    pen.line([(0.02, 0.02), (0.2, 0.2), (0.5, 0.42)], 0.045, person.trim, clip=body)
    pen.many([oval(x, y, 0.045, 0.03) for x, y in ((0.02, -0.1), (0.16, 0.17), (0.42, 0.36))], person.trim)


def _dress(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    s = build.shoulder
    pen.blob(
        [
            (-0.2, -0.2),
            (0.2, -0.2),
            (s * 0.62, 0.0),
            (s * 0.52, 0.36),
            (0.2, 0.5),
            (0, 0.42),
            (-0.2, 0.5),
            (-s * 0.52, 0.36),
            (-s * 0.62, 0.0),
        ],
        person.skin,
        line=0,
    )
    pen.ink([(-0.3, 0.12), (-0.1, 0.17)], [0.02, 0.008], mix(person.skin, hex_colour("8a4038"), 0.4), 0.6)
    pen.ink([(0.3, 0.12), (0.1, 0.17)], [0.02, 0.008], mix(person.skin, hex_colour("8a4038"), 0.4), 0.6)
    pen.line(
        [(-s * 0.55, 0.36), (-0.2, 0.5), (0, 0.42), (0.2, 0.5), (s * 0.55, 0.36)], 0.045, light(person.wear_colour, 0.3)
    )
    low = build.crotch * 0.62
    pen.poly([(-s, low - 0.1), (s, low - 0.1), (s, low + 0.08), (-s, low + 0.08)], person.trim, clip=body, line=0)


def _hoodie(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    pen.blob(
        path("-0.62,0.08 -0.5,-0.3 0,-0.14 0.5,-0.3 0.62,0.08 0.2,0.3 0,0.34 -0.2,0.3"),
        dark(person.wear_colour, 0.14),
    )
    pen.blob(path("-0.22,-0.14 0,-0.2 0.22,-0.14 0.16,0.08 0,0.15 -0.16,0.08"), person.skin, line=0)
    for side in (-1, 1):
        pen.line([(side * 0.14, 0.22), (side * 0.16, 0.5), (side * 0.13, 0.72)], 0.035, light(person.trim, 0.4))
    pen.poly([(-0.42, 1.6), (-0.34, 1.15), (0.34, 1.15), (0.42, 1.6)], dark(person.wear_colour, 0.12), clip=body)


def _coat(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    under = hex_colour("3a3a44") if person.role != "doctor" else hex_colour("7fb0c8")
    pen.poly([(-0.26, -0.14), (0.26, -0.14), (0.05, 0.9), (-0.05, 0.9)], under)
    _skin_v(pen, person, 0.22)
    lapel = points(path("0.24,-0.3 0.6,-0.04 0.56,0.42 0.3,0.36 0.02,0.95"))
    pen.many([lapel, mirror(lapel)], light(person.wear_colour, 0.14))
    pen.line([(0, 0.95), (0, build.crotch)], 0.03, dark(person.wear_colour, 0.4), clip=body)
    pen.many(
        [oval(side * 0.16, y, 0.05, 0.05)[::4] for side in (-1, 1) for y in (1.12, 1.48)], dark(person.wear_colour, 0.5)
    )


def _cloak(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    s = build.shoulder
    pen.poly(
        [(-0.2, 0.0), (0.2, 0.0), (0.5, build.crotch * 1.1), (-0.5, build.crotch * 1.1)],
        dark(person.trim, 0.25),
        clip=body,
    )
    half = spline([(0.12, -0.16), (0.62, -0.16), (s * 1.1, 0.24), (s * 0.8, 0.46), (0.3, 0.3)])
    fur = person.role in ("king", "queen")
    pen.many([half, mirror(half)], hex_colour("f6f1e6") if fur else dark(person.wear_colour, 0.12))
    if fur:
        spots = [
            oval(side * x, y, 0.025, 0.05)[::8]
            for side in (-1, 1)
            for x, y in ((0.4, 0.0), (0.6, 0.12), (0.5, 0.22), (0.75, 0.26))
        ]
        pen.many(spots, hex_colour("2a2428"), line=0)
    pen.oval(0, 0.14, 0.11, 0.11, hex_colour("e2b53c"))


def _armour(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    colour, s = person.wear_colour, build.shoulder
    pen.blob(path("-0.3,-0.2 0,-0.12 0.3,-0.2 0.32,0.06 0,0.16 -0.32,0.06"), dark(colour, 0.2))
    pen.line([(0, 0.15), (0, build.crotch * 0.62)], 0.05, dark(colour, 0.35), clip=body)
    for k in range(4):
        pen.line(
            [(-s, 0.95 + 0.25 * k), (0, 1.08 + 0.25 * k), (s, 0.95 + 0.25 * k)], 0.03, dark(colour, 0.4), clip=body
        )
    for side in (-1, 1):
        half = pen.at(0, 0, flip=side < 0)
        for k in range(3):
            half.blob(
                [
                    (s * 0.62, 0.06 + 0.16 * k),
                    (s * 1.02, 0.04 + 0.16 * k),
                    (s * 1.28, 0.34 + 0.16 * k),
                    (s * 0.95, 0.42 + 0.16 * k),
                ],
                light(colour, 0.22 - 0.1 * k),
            )
    pen.oval(0, 0.62, 0.16, 0.18, person.trim, clip=body)


def _overalls(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    s = build.shoulder
    pen.poly(
        [(-s * 1.1, -0.3), (s * 1.1, -0.3), (s * 1.1, build.crotch), (-s * 1.1, build.crotch)],
        light(person.trim, 0.35),
        clip=body,
        line=0,
    )
    pen.blob(path("-0.24,-0.14 0,-0.2 0.24,-0.14 0.18,0.06 0,0.12 -0.18,0.06"), person.skin, line=0)
    bib = pen.poly(
        [
            (-0.42, 0.62),
            (0.42, 0.62),
            (0.6, 1.25),
            (s, 1.3),
            (s, build.crotch * 1.1),
            (-s, build.crotch * 1.1),
            (-s, 1.3),
            (-0.6, 1.25),
        ],
        person.wear_colour,
        clip=body,
    )
    for side in (-1, 1):
        pen.line([(side * 0.36, 0.66), (side * 0.42, 0.0)], 0.13, person.wear_colour)
        pen.oval(side * 0.36, 0.7, 0.055, 0.055, hex_colour("e2b53c"))
    pen.poly([(-0.22, 0.85), (0.22, 0.85), (0.18, 1.15), (-0.18, 1.15)], dark(person.wear_colour, 0.2), clip=bib)


def _space(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    white = hex_colour("eef1f3")
    pen.blob(path("-0.6,-0.16 0,-0.02 0.6,-0.16 0.62,0.1 0,0.26 -0.62,0.1"), hex_colour("b4bec8"))
    panel = pen.poly([(-0.36, 0.62), (0.36, 0.62), (0.32, 1.15), (-0.32, 1.15)], hex_colour("9aa6b2"), clip=body)
    pen.many([oval(x, 0.76, 0.06, 0.06) for x in (-0.2, 0.0, 0.2)], hex_colour("d8452f"), clip=panel)
    pen.poly([(-0.24, 0.92), (0.24, 0.92), (0.24, 1.05), (-0.24, 1.05)], hex_colour("3f6fb0"), clip=panel, line=0)
    for side in (-1, 1):
        pen.line([(side * 0.5, 0.25), (side * 0.55, 0.9), (side * 0.45, 1.6)], 0.05, dark(white, 0.25), clip=body)


def _robot(pen: Pen, person: Person, build: Build, body: Patch | None) -> None:
    _armour(pen, person, build, body)
    pen.oval(0, 0.62, 0.2, 0.2, hex_colour("4ad8e8"))
    pen.oval(0, 0.62, 0.1, 0.1, hex_colour("eaffff"), line=0)


_COLLARS: dict[str, Callable[[Pen, Person, Build, Patch | None], None]] = {
    "sweater": _sweater, "shirt": _shirt, "suit": _suit, "kimono": _crossed, "hanfu": _crossed, "qipao": _qipao,
    "dress": _dress, "hoodie": _hoodie, "coat": _coat, "cloak": _cloak, "armour": _armour, "overalls": _overalls,
    "space": _space, "robot": _robot, "chef": _coat, "skirt": _shirt,
}  # fmt: skip
