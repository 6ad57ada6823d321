"""The head: skin, features, expression and age. Units: half the height of the head, its centre at (0, 0)."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix, vivid
from musep2p.painter.person import Person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Points, mirror, oval, points, spline

__all__ = ["Look", "head_outline", "paint_face"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a head is held and how finely it is drawn.

    Attributes:
        turn: -1 (its right) to 1: features move that way.
        light_side: -1 or 1, where the light comes from.
        detail: 0 to 3.
        big_eyes: as in drawn films.
    """

    turn: float
    light_side: int
    detail: int
    big_eyes: bool


_FEMALE = ((0.42, -0.93), (0.68, -0.58), (0.735, -0.12), (0.69, 0.26), (0.56, 0.62), (0.31, 0.9))
_MALE = ((0.44, -0.93), (0.70, -0.58), (0.755, -0.12), (0.73, 0.3), (0.65, 0.68), (0.38, 0.95))
_CHILD = ((0.5, -0.92), (0.77, -0.55), (0.83, -0.05), (0.8, 0.34), (0.62, 0.7), (0.32, 0.9))


def head_outline(person: Person) -> Points:
    """The outline of the head without ears and hair."""
    base = _CHILD if person.small else _FEMALE if person.female else _MALE
    wide = 0.94 + 0.11 * person.traits.unit("face width")
    jaw = 0.92 + 0.16 * person.traits.unit("jaw")
    side = [(x * wide * (jaw if y > 0.4 else 1), y) for x, y in base]
    chin = 0.97 if person.small else 1.0 + 0.05 * person.traits.unit("chin")
    return spline([(0, -1.0), *side, (0, chin), *[(-x, y) for x, y in reversed(side)]])


def paint_face(pen: Pen, person: Person, look: Look) -> Patch | None:
    """Ears, head and features; returns the head's patch."""
    skin = person.skin
    for side in (-1, 1):
        pen.oval(side * 0.75 + look.turn * 0.1, 0.12, 0.13, 0.22, mix(skin, dark(skin, 0.3), 0.3))
        if look.detail >= 1:
            pen.oval(side * 0.76 + look.turn * 0.1, 0.12, 0.06, 0.13, _shade(skin), opacity=0.5, line=0)
    head = pen.many([head_outline(person)], skin)
    _model(pen, person, look, head)
    face = pen.at(look.turn * 0.2, 0.1 if person.small else 0.0)
    if look.detail >= 1:
        _cheeks(face, person, head)
    for side in (-1, 1):
        _eye(face, person, look, side)
        _brow(face, person, look, side)
    _nose(face, person, look, head)
    _mouth(face, person, look)
    if person.age == "old":
        _wrinkles(face, person, look)
    if person.freckles and look.detail >= 1:
        dots = [
            oval((a - 0.5) * 0.95, 0.16 + 0.24 * b, 0.014, 0.012)[::8]
            for a, b in person.traits.field("freckles", 34, 2)
        ]
        face.many(dots, mix(skin, hex_colour("8a4a26"), 0.6), opacity=0.75, clip=head, line=0)
    _marks(face, person, head)
    return head


def _shade(skin: Colour) -> Colour:
    return mix(vivid(skin, 1.25) * 0.72, hex_colour("7a3040"), 0.14)


def _model(pen: Pen, person: Person, look: Look, head: Patch | None) -> None:
    """Light and shadow on the head."""
    away = -look.light_side
    pen.oval(away * 0.95, 0.05, 0.55, 1.25, _shade(person.skin), opacity=0.42, soft=0.12, clip=head)
    if look.detail >= 1:
        pen.oval(0, 1.12, 0.7, 0.26, _shade(person.skin), opacity=0.4, soft=0.1, clip=head)
        pen.oval(0, -0.98, 0.9, 0.36, _shade(person.skin), opacity=0.35, soft=0.1, clip=head)
        pen.oval(look.light_side * 0.4, -0.15, 0.3, 0.5, light(person.skin, 0.5), opacity=0.3, soft=0.12, clip=head)


def _cheeks(pen: Pen, person: Person, head: Patch | None) -> None:
    rosy = mix(person.skin, hex_colour("e0605a"), 0.5)
    strength = 0.5 if person.female or person.small else 0.28
    for side in (-1, 1):
        pen.oval(side * 0.42, 0.36, 0.17, 0.12, rosy, opacity=strength, soft=0.06, clip=head)


def _eye(pen: Pen, person: Person, look: Look, side: int) -> None:
    far = 1 - 0.22 * max(0.0, side * look.turn)
    size = (1.5 if look.big_eyes else 1.0) * (1.22 if person.small else 1.0)
    wide = 0.155 * far * (0.92 + 0.16 * person.traits.unit("eye width")) * (1 + (size - 1) * 0.6)
    high = 0.082 * size * (0.85 + 0.3 * person.traits.unit("eye height")) * (1.45 if person.mood == "surprised" else 1)
    eye = pen.at(
        side * (0.305 + 0.03 * person.traits.unit("eyes apart")) * (1 - 0.06 * abs(look.turn)), 0.02, flip=side < 0
    )
    closed = person.mood == "sleep" or (person.mood == "laugh") or (person.mood == "wink" and side > 0)
    lash = mix(hex_colour("241a1c"), person.hair_colour, 0.12)
    if closed:
        bend = -0.07 if person.mood == "laugh" else 0.06
        eye.ink([(-wide, 0.0), (-wide * 0.4, bend), (wide * 0.4, bend), (wide, -0.01)], [0.02, 0.05, 0.045, 0.02], lash)
        return
    eye.oval(0, -0.02, wide * 1.35, high * 1.9, _shade(person.skin), opacity=0.32, soft=0.05)
    almond = [(-wide, 0.025), (-wide * 0.55, -high * 0.75), (0.0, -high), (wide * 0.6, -high * 0.72), (wide, -0.012),
              (wide * 0.55, high * 0.62), (-wide * 0.3, high * 0.72)]  # fmt: skip
    white = eye.blob(almond, hex_colour("f7f1ea"), line=0)
    gaze = look.turn * 0.03 * (1 if side > 0 else -1) + (-0.02 if side > 0 else 0.02)
    iris = high * (1.02 if not look.big_eyes else 1.0)
    droop = 0.012 if person.mood in ("sad", "cry") else 0.0
    eye.oval(gaze, droop, iris, iris * (1.15 if look.big_eyes else 1.0), person.eyes, clip=white, line=0)
    eye.oval(gaze, droop - iris * 0.35, iris, iris * 0.55, dark(person.eyes, 0.55), opacity=0.7, clip=white, line=0)
    eye.oval(gaze, droop, iris * 0.5, iris * 0.52, hex_colour("120e12"), clip=white, line=0)
    if look.detail >= 1:
        shine = (-0.3 if side * look.light_side > 0 else 0.3) * -iris
        eye.oval(gaze + shine, droop - iris * 0.38, iris * 0.27, iris * 0.25, hex_colour("ffffff"), clip=white, line=0)
        eye.oval(0, -high * 0.95, wide, high * 0.5, lash, opacity=0.25, clip=white, line=0)
    _lids(eye, person, look, (wide, high), lash)


def _lids(eye: Pen, person: Person, look: Look, size: tuple[float, float], lash: Colour) -> None:
    wide, high = size
    thick = (0.05 if person.female or look.big_eyes else 0.036) + 0.008 * person.small
    top = [
        (-wide * 1.02, 0.03),
        (-wide * 0.55, -high * 0.78),
        (0.0, -high * 1.02),
        (wide * 0.62, -high * 0.74),
        (wide * 1.1, -0.03),
    ]
    eye.ink(top, [thick * 0.3, thick * 0.8, thick, thick, thick * 0.5], lash)
    if person.female and look.detail >= 1:
        eye.ink([(wide * 0.8, -high * 0.55), (wide * 1.22, -high * 0.55 - 0.07)], [thick * 0.8, 0.008], lash)
        if look.detail >= 3:
            for k in range(5):
                x = wide * (-0.5 + 0.36 * k)
                eye.ink([(x, -high * 0.85), (x + 0.02 * (k - 1), -high * 0.85 - 0.055)], [0.016, 0.004], lash)
    if look.detail >= 2:
        eye.ink(
            [(-wide * 0.8, high * 0.5), (0, high * 0.82), (wide * 0.8, high * 0.35)],
            [0.006, 0.014, 0.006],
            _shade(person.skin),
            0.8,
        )
        fold = [(-wide * 0.75, -high * 1.05), (0, -high * 1.5), (wide * 0.9, -high * 0.95)]
        eye.ink(fold, [0.006, 0.016, 0.006], dark(_shade(person.skin), 0.2), 0.7)


def _brow(pen: Pen, person: Person, look: Look, side: int) -> None:
    inner = {"angry": 0.11, "sad": -0.09, "cry": -0.10, "surprised": -0.11, "serious": 0.03, "laugh": -0.03}.get(
        person.mood, 0.0
    )
    outer = {"angry": -0.05, "sad": 0.05, "cry": 0.05, "surprised": -0.09}.get(person.mood, 0.0)
    lift = -0.24 - 0.04 * person.traits.unit("brow") - (0.06 if look.big_eyes else 0)
    thick = (0.05 if person.female else 0.075) + 0.02 * person.traits.unit("brow thick")
    colour = mix(dark(person.hair_colour, 0.25), person.skin, 0.12)
    brow = pen.at(side * 0.31, 0, flip=side < 0)
    arch = 0.045 + 0.03 * person.traits.unit("arch")
    line = [(-0.185, lift + inner + 0.02), (-0.02, lift - arch + (inner + outer) / 3), (0.2, lift + 0.02 + outer)]
    brow.line(line, [thick * 0.75, thick, thick * 0.25], colour)


def _nose(pen: Pen, person: Person, look: Look, head: Patch | None) -> None:
    long = 0.36 + 0.08 * person.traits.unit("nose long") - (0.08 if person.small else 0)
    wide = 0.105 + 0.05 * person.traits.unit("nose wide") - (0.02 if person.female else 0)
    if person.role == "clown":
        pen.oval(0, long, 0.17, 0.16, hex_colour("d8352a"))
        return
    shade, away = _shade(person.skin), -look.light_side
    if look.detail >= 1:
        side = [
            (away * 0.03, -0.1),
            (away * 0.05, 0.1),
            (away * wide * 1.15, long),
            (away * 0.02, long + 0.03),
            (away * 0.01, 0.1),
        ]
        pen.blob(side, shade, opacity=0.38, clip=head, line=0)
        pen.oval(look.light_side * 0.015, long - 0.06, 0.045, 0.06, light(person.skin, 0.6), opacity=0.4, soft=0.02)
    pen.oval(0, long + 0.035, wide * 0.95, 0.045, shade, opacity=0.55, soft=0.02)
    if look.detail >= 1:
        for flip in (False, True):
            half = pen.at(0, 0, flip=flip)
            wing = [(wide * 0.95, long - 0.05), (wide * 1.02, long + 0.02), (wide * 0.62, long + 0.045)]
            half.ink(wing, [0.006, 0.02, 0.01], dark(shade, 0.22), 0.75)


# How far the corners of the mouth are below its middle.
_MOUTHS = {"smile": -0.085, "wink": -0.085, "sad": 0.085, "cry": 0.1, "angry": 0.07, "calm": -0.022, "sleep": -0.02}


def _mouth(pen: Pen, person: Person, look: Look) -> None:
    y = 0.6 + (0.02 if person.small else 0.03 * person.traits.unit("mouth"))
    wide = (0.21 + 0.05 * person.traits.unit("mouth wide")) * (0.85 if person.small else 1)
    line = mix(dark(person.lips, 0.5), hex_colour("4a1f22"), 0.4)
    if person.mood == "laugh" or (person.mood == "smile" and person.traits.true("teeth", 0.35)):
        deep = (0.26 if person.mood == "laugh" else 0.15) * (0.7 if person.small else 1)
        _open_smile(pen, person, y, wide, deep=deep)
        return
    if person.mood == "surprised":
        pen.oval(0, y + 0.07, 0.12, 0.165, person.lips)
        pen.oval(0, y + 0.07, 0.085, 0.125, hex_colour("3a1418"), line=0)
        return
    bend = _MOUTHS.get(person.mood, 0.0)
    mid = y - bend * 0.35
    if look.detail >= 1:
        _lips(pen, person, look, (wide, y + bend, mid))
    ends = [(-wide * 1.05, y + bend * 1.15), (-wide * 0.5, mid), (0, mid + 0.008)]
    mouth = [*ends, (wide * 0.5, mid), (wide * 1.05, y + bend * 1.15)]
    pen.ink(mouth, [0.014, 0.03, 0.026, 0.03, 0.014], line)
    pen.oval(0, y + 0.19, 0.13, 0.03, _shade(person.skin), opacity=0.3, soft=0.03)


def _lips(pen: Pen, person: Person, look: Look, where: tuple[float, float, float]) -> None:
    wide, corner, mid = where
    full = 0.07 if person.female else 0.05
    bow = [(0.4, -1.0), (0.1, -1.1), (0.0, -0.75), (-0.1, -1.1), (-0.4, -1.0)]
    upper = [(wide, corner), *[(wide * x, mid + full * y) for x, y in bow], (-wide, corner)]
    upper += [(-wide * 0.4, mid + 0.012), (wide * 0.4, mid + 0.012)]
    under = [(0.45, 1.15), (0.0, 1.5), (-0.45, 1.15)]
    lower = [(-wide, corner), (-wide * 0.4, mid), (wide * 0.4, mid), (wide, corner)]
    lower += [(wide * x, mid + full * y) for x, y in under]
    pen.blob(lower, light(person.lips, 0.12), line=0)
    pen.blob(upper, dark(person.lips, 0.14), line=0)
    shine = light(person.lips, 0.55)
    pen.oval(look.light_side * 0.05, mid + full * 0.7, wide * 0.25, full * 0.28, shine, opacity=0.4, soft=0.015)


def _open_smile(pen: Pen, person: Person, y: float, wide: float, *, deep: float) -> None:
    wide *= 1.18
    shape = [
        (-wide, y - 0.08),
        (-wide * 0.5, y - 0.035),
        (0, y - 0.02),
        (wide * 0.5, y - 0.035),
        (wide, y - 0.08),
        (wide * 0.72, y + deep * 0.55),
        (0, y + deep),
        (-wide * 0.72, y + deep * 0.55),
    ]
    outer = [(x * 1.08, y + (b - y) * 1.22 - 0.01) for x, b in shape]
    pen.blob(outer, person.lips)
    inside = pen.blob(shape, hex_colour("5a1c22"), line=0)
    pen.oval(0, y - 0.05, wide * 0.95, 0.1 + deep * 0.22, hex_colour("fbf7f0"), clip=inside, line=0)
    if deep > 0.2:
        pen.oval(0, y + deep * 0.95, wide * 0.55, deep * 0.42, hex_colour("d8696a"), clip=inside, line=0)


def _wrinkles(pen: Pen, person: Person, look: Look) -> None:
    colour = dark(_shade(person.skin), 0.12)
    for side in (-1, 1):
        half = pen.at(0, 0, flip=side < 0)
        half.ink([(0.16, 0.36), (0.27, 0.5), (0.31, 0.68)], [0.01, 0.026, 0.008], colour, 0.75)
        half.ink([(0.17, 0.16), (0.3, 0.2), (0.43, 0.14)], [0.008, 0.02, 0.008], colour, 0.6)
        if look.detail >= 1:
            for k in range(3):
                half.ink([(0.5, 0.02 + 0.05 * (k - 1)), (0.6, 0.02 + 0.1 * (k - 1))], [0.014, 0.005], colour, 0.7)
    for k in range(2 + (look.detail >= 2)):
        y = -0.46 - 0.1 * k
        pen.ink(
            [(-0.3 + 0.04 * k, y + 0.02), (-0.1, y - 0.01), (0.1, y + 0.01), (0.3 - 0.04 * k, y + 0.02)],
            [0.006, 0.018, 0.018, 0.006],
            colour,
            0.55,
        )


def _marks(pen: Pen, person: Person, head: Patch | None) -> None:
    if person.mood == "cry":
        for side in (-1, 1):
            drop = points(
                [(side * 0.32, 0.12), (side * 0.32 + 0.05, 0.3), (side * 0.32, 0.38), (side * 0.32 - 0.05, 0.3)]
            )
            pen.many([spline(drop)], hex_colour("8fc8ee"), opacity=0.9)
    if person.role == "geisha":
        pen.oval(0, -0.02, 0.02, 0.02, person.lips, line=0)
    if person.role == "clown":
        for side in (-1, 1):
            pen.oval(side * 0.32, -0.2, 0.06, 0.2, hex_colour("3a7fc0"), opacity=0.8, clip=head, line=0)
    if person.role == "robot":
        for shape in (
            [(-0.7, -0.4), (0.7, -0.4)],
            [(0, -1), (0, -0.4)],
            [(-0.5, 0.5), (-0.5, 0.95)],
            [(0.5, 0.5), (0.5, 0.95)],
        ):
            pen.line(shape, 0.02, hex_colour("6a7680"), clip=head)
        pen.many(
            [mirror(oval(0.6, -0.6, 0.035, 0.035)), oval(0.6, -0.6, 0.035, 0.035)],
            hex_colour("6a7680"),
            clip=head,
            line=0,
        )
