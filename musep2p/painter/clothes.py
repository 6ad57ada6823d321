"""Torso, skirt and the pattern of cloth. Units as for limbs."""

from __future__ import annotations

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import dark, hex_colour, light, mix
from musep2p.painter.limbs import Build
from musep2p.painter.person import Person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Points, oval, ribbon, spline

__all__ = ["LONG", "WIDE_SLEEVES", "long_clothes", "paint_skirt", "paint_torso", "short_sleeves"]

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
