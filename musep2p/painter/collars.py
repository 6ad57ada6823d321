"""What the neck comes out of, and what marks each kind of clothes. Units as for limbs."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import dark, grey_of, hex_colour, light, mix
from musep2p.painter.limbs import Build
from musep2p.painter.person import Person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import mirror, oval, path, points, spline

__all__ = ["paint_collar"]


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
