"""Animals: sitting and looking at us, or standing in profile. They stand on y = 0 and are about 2 units tall."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.beasts import draw_butterfly, draw_dragon, draw_small
from musep2p.painter.birds import draw_bird
from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, grey_of, hex_colour, light
from musep2p.painter.raster import Patch
from musep2p.painter.swimmers import SWIMMERS, draw_swimmer
from musep2p.painter.vector import Points, mirror, oval, path, points, ribbon, spline

__all__ = ["PROFILE", "SITTING", "draw_animal"]


@dataclass(frozen=True, slots=True)
class _Sitter:
    """A sitting animal: coats to pick from, colour of its belly, shape of the ears, and what marks it."""

    coats: tuple[str, ...]
    belly: str
    ears: str
    mark: str = ""
    muzzle: float = 0.3
    wide: float = 1.0


@dataclass(frozen=True, slots=True)
class _Walker:
    """An animal in profile: coat, length of neck and legs, height of the body, and what marks it."""

    coats: tuple[str, ...]
    neck: float
    leg: float
    thick: float
    mark: str = ""


SITTING = {
    "cat": _Sitter(("e09a4a", "8a8d94", "2e2a30", "f0e2cc", "b5835a"), "f8efe2", "cat", "whiskers"),
    "dog": _Sitter(("c98a4a", "e6cfa0", "6a4630", "f0ece4"), "f6ead6", "flop", "tongue", 0.36),
    "fox": _Sitter(("d9692a", "e07a34"), "fbf3e8", "cat", "fox", 0.3),
    "wolf": _Sitter(("7f868f", "5f666f"), "e9e9e6", "cat", "wolf", 0.32),
    "rabbit": _Sitter(("efe6da", "b59a80", "fdfbf7"), "ffffff", "long", "whiskers", 0.24),
    "bear": _Sitter(("7a4f30", "5f3d28"), "c79a6a", "round", "", 0.36, 1.12),
    "panda": _Sitter(("f6f4ee",), "f6f4ee", "round", "panda", 0.28, 1.15),
    "lion": _Sitter(("dfa94f",), "f3dcae", "round", "mane", 0.36, 1.05),
    "tiger": _Sitter(("e5882f",), "fbf1e2", "round", "tiger", 0.36, 1.08),
    "monkey": _Sitter(("7f5638",), "e3b98f", "side", "monkey", 0.4),
    "mouse": _Sitter(("a9a4a0", "8f8a88"), "efe6e0", "big", "whiskers", 0.24, 0.9),
}
PROFILE = {
    "horse": _Walker(("7f4a2a", "3a2a26", "e9e3d8", "a8683a"), 0.75, 1.05, 0.62, "mane"),
    "deer": _Walker(("b0743f", "9a6236"), 0.72, 1.1, 0.5, "antlers"),
    "elephant": _Walker(("8f959e", "7f858f"), 0.2, 0.85, 1.0, "trunk"),
    "cow": _Walker(("f2eee6",), 0.3, 0.8, 0.78, "patches"),
    "sheep": _Walker(("f4efe4",), 0.28, 0.62, 0.8, "wool"),
    "giraffe": _Walker(("e5b45a",), 1.7, 1.25, 0.6, "spots"),
}


def draw_animal(pen: Pen, name: str, own: Colour | None, chance: Chance, detail: int) -> None:
    """Draw an animal; `own` is the colour that the prompt gives it."""
    if name in SITTING:
        _draw_sitter(pen, SITTING[name], own, chance, detail)
    elif name in PROFILE:
        _draw_walker(pen, PROFILE[name], own, chance, detail)
    elif name in SWIMMERS:
        draw_swimmer(pen, name, own, chance, detail)
    elif name == "butterfly":
        draw_butterfly(pen.at(0, -1.0), own, chance, detail)
    elif name == "dragon":
        draw_dragon(pen, own, chance, detail)
    elif name in ("frog", "snake", "turtle"):
        draw_small(pen, name, own, chance, detail)
    else:
        draw_bird(pen, name, own, chance, detail)


def _draw_sitter(pen: Pen, kind: _Sitter, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", kind.coats))
    belly = hex_colour(kind.belly) if own is None else light(coat, 0.45)
    limb = hex_colour("2b2830") if kind.mark == "panda" else coat
    if kind.mark in ("whiskers", "fox", "wolf", "tiger", "mane", "tongue") and kind.ears != "long":
        _tail(pen, kind, coat, belly)
    w = kind.wide
    body = pen.blob(
        [
            (0, -1.25),
            (0.42 * w, -1.05),
            (0.6 * w, -0.5),
            (0.62 * w, -0.1),
            (0.35 * w, 0),
            (-0.35 * w, 0),
            (-0.62 * w, -0.1),
            (-0.6 * w, -0.5),
            (-0.42 * w, -1.05),
        ],
        coat,
    )
    pen.oval(0.62 * w, -0.5, 0.3, 0.75, dark(coat, 0.5), opacity=0.35, soft=0.1, clip=body)
    pen.blob(
        [(0, -1.3), (0.26 * w, -1.0), (0.3 * w, -0.4), (0, -0.15), (-0.3 * w, -0.4), (-0.26 * w, -0.9)],
        belly,
        clip=body,
        line=0,
    )
    if kind.mark == "tiger":
        _stripes(pen, body)
    for side in (-1, 1):
        half = pen.at(0, 0, flip=side < 0)
        half.blob(path("0.08,-0.75 0.3,-0.75 0.32,-0.1 0.36,0.02 0.08,0.02 0.1,-0.1"), limb)
        half.oval(0.52 * w, -0.06, 0.26, 0.13, limb)
        if detail >= 1:
            for k in range(2):
                half.ink([(0.17 + 0.09 * k, -0.06), (0.17 + 0.09 * k, 0.02)], 0.018, dark(limb, 0.5), 0.8)
    head = pen.at(chance.between("look", -0.06, 0.06), -1.62, 0.68, chance.between("nod", -0.02, 0.02))
    _sitter_head(head, kind, coat, belly, chance, detail)


def _tail(pen: Pen, kind: _Sitter, coat: Colour, belly: Colour) -> None:
    line = [(0.4, -0.15), (0.95, -0.1), (1.12, -0.55), (0.98, -1.0)]
    wide = [0.2, 0.36, 0.42, 0.06] if kind.mark in ("fox", "wolf") else [0.16, 0.16, 0.15, 0.12]
    tail = pen.many([ribbon(spline(line, closed=False), wide)], coat)
    if kind.mark in ("fox", "wolf"):
        pen.oval(1.0, -0.95, 0.25, 0.24, belly, clip=tail, line=0)
    if kind.mark == "mane":
        pen.oval(0.98, -1.05, 0.17, 0.2, dark(coat, 0.4))


def _stripes(pen: Pen, clip: Patch | None) -> None:
    for k in range(5):
        for side in (-1, 1):
            y = -1.05 + 0.22 * k
            pen.line(
                [(side * 0.75, y - 0.06), (side * 0.5, y + 0.02), (side * 0.3, y)],
                [0.12, 0.08, 0.01],
                hex_colour("2a2226"),
                clip=clip,
            )


def _sitter_head(pen: Pen, kind: _Sitter, coat: Colour, belly: Colour, chance: Chance, detail: int) -> None:
    if kind.mark == "mane":
        ring = oval(0, 0.02, 1, 1)[[k * 64 // 22 for k in range(22)]]
        pen.many([spline(ring * [(1.45 if k % 2 else 1.18,) for k in range(22)])], hex_colour("8a4a22"))
        pen.oval(0, 0.05, 1.12, 1.1, hex_colour("a86030"), line=0)
    _ears(pen, kind, coat, belly)
    face = pen.blob(
        path("0,-0.82 0.55,-0.72 0.88,-0.2 0.86,0.22 0.5,0.62 0,0.74 -0.5,0.62 -0.86,0.22 -0.88,-0.2 -0.55,-0.72"),
        coat,
    )
    pen.oval(0.9, 0.05, 0.35, 0.8, dark(coat, 0.5), opacity=0.3, soft=0.1, clip=face)
    _face_marks(pen, kind, coat, belly, face)
    pen.oval(0, 0.36, kind.muzzle * 1.25, kind.muzzle * 0.9, belly, clip=face, line=0)
    _sitter_eyes(pen, kind, chance)
    _snout(pen, kind, coat, detail)


def _sitter_eyes(pen: Pen, kind: _Sitter, chance: Chance) -> None:
    slit = kind.ears == "cat" and kind.mark == "whiskers"
    eye = hex_colour(chance.pick("eyes", ("7fa03a", "d9a02f", "3f7f9f")) if slit else "4a2f1c")
    for side in (-1, 1):
        at = pen.at(side * 0.36, -0.06, flip=side < 0)
        at.oval(0, 0, 0.19, 0.18, hex_colour("1d181c"))
        at.oval(0, 0, 0.155, 0.15, eye if kind.mark != "panda" else hex_colour("2a2024"), line=0)
        at.oval(0, 0, 0.06 if slit else 0.1, 0.13, hex_colour("120e12"), line=0)
        at.oval(-0.05, -0.06, 0.05, 0.05, hex_colour("ffffff"), line=0)


def _snout(pen: Pen, kind: _Sitter, coat: Colour, detail: int) -> None:
    """Nose, mouth and whiskers."""
    nose = hex_colour("d9788a") if kind.mark == "whiskers" else hex_colour("2a2024")
    pen.blob([(-0.12, 0.2), (0.12, 0.2), (0.06, 0.31), (-0.06, 0.31)], nose)
    pen.ink([(0, 0.3), (0, 0.4)], 0.025, hex_colour("3a2a28"))
    if kind.mark == "tongue":
        pen.blob([(-0.09, 0.46), (0.09, 0.46), (0.08, 0.7), (-0.08, 0.7)], hex_colour("e8788a"))
    pen.ink(
        path("-0.22,0.42 -0.1,0.47 0,0.4 0.1,0.47 0.22,0.42"),
        [0.015, 0.03, 0.02, 0.03, 0.015],
        hex_colour("3a2a28"),
    )
    if detail >= 1 and kind.mark in ("whiskers", "tiger", "fox"):
        for side in (-1, 1):
            for k in range(3):
                pen.ink(
                    [(side * 0.3, 0.34 + 0.06 * k), (side * 0.7, 0.28 + 0.1 * k), (side * 1.05, 0.26 + 0.15 * k)],
                    [0.014, 0.012, 0.004],
                    hex_colour("f6f2ea") if grey_of(coat) < 160 else hex_colour("5a5050"),
                )


def _ears(pen: Pen, kind: _Sitter, coat: Colour, belly: Colour) -> None:
    pink = hex_colour("e8a5a8")
    outer, inner, tone = {
        "cat": (
            points([(0.18, -0.72), (0.68, -1.3), (0.84, -0.38)]),
            points([(0.36, -0.76), (0.64, -1.1), (0.77, -0.52)]),
            pink,
        ),
        "long": (
            spline(path("0.15,-0.7 0.16,-1.6 0.36,-2 0.56,-1.6 0.5,-0.65")),
            spline(path("0.24,-0.8 0.26,-1.5 0.36,-1.8 0.46,-1.5 0.42,-0.8")),
            pink,
        ),
        "round": (oval(0.66, -0.68, 0.3, 0.3), oval(0.67, -0.66, 0.17, 0.17), dark(coat, 0.35)),
        "big": (oval(0.76, -0.72, 0.48, 0.48), oval(0.77, -0.7, 0.33, 0.33), pink),
        "side": (oval(0.95, 0.0, 0.26, 0.3), oval(0.96, 0.0, 0.16, 0.2), belly),
        "flop": (
            spline(path("0.5,-0.75 0.85,-0.7 1.08,-0.1 1,0.35 0.78,0.3 0.72,-0.2")),
            oval(5, 5, 0.01, 0.01),
            coat,
        ),
    }[kind.ears]
    colour = hex_colour("2b2830") if kind.mark == "panda" else dark(coat, 0.22) if kind.ears == "flop" else coat
    pen.many([outer, mirror(outer)], colour)
    if kind.ears != "flop" and kind.mark != "panda":
        pen.many([inner, mirror(inner)], tone, line=0)


def _face_marks(pen: Pen, kind: _Sitter, coat: Colour, belly: Colour, face: Patch | None) -> None:
    black = hex_colour("2b2830")
    if kind.mark == "panda":
        patch = oval(0.38, -0.03, 0.26, 0.31, 0.06)
        pen.many([patch, mirror(patch)], black, clip=face, line=0)
    if kind.mark in ("fox", "wolf"):
        cheek = spline(path("0.12,0.18 0.5,-0.02 0.98,0.12 0.6,0.72 0.1,0.8"))
        pen.many([cheek, mirror(cheek)], belly, clip=face, line=0)
    if kind.mark == "tiger":
        bars = [
            points([(-0.06, -0.84), (0.06, -0.84), (0, -0.42)]),
            points([(0.2, -0.8), (0.34, -0.76), (0.2, -0.42)]),
            points([(-0.2, -0.8), (-0.34, -0.76), (-0.2, -0.42)]),
        ]
        side = [points([(0.9, -0.2), (0.9, -0.06), (0.58, -0.08)]), points([(0.92, 0.1), (0.9, 0.24), (0.6, 0.2)])]
        pen.many([*bars, *side, *[mirror(s) for s in side]], black, clip=face, line=0)
    if kind.mark == "monkey":
        half = spline(path("0,-0.35 0.36,-0.5 0.62,-0.15 0.52,0.3 0.3,0.68 0,0.74"))
        pen.many([half, mirror(half)], belly, clip=face, line=0)


def _draw_walker(pen: Pen, kind: _Walker, own: Colour | None, chance: Chance, detail: int) -> None:
    coat = own if own is not None else hex_colour(chance.pick("coat", kind.coats))
    pen = pen.at(0, 0, 0.92, flip=chance.true("face left", 0.5))
    leg, thick, far = kind.leg, kind.thick, dark(coat, 0.35)
    width = 0.3 if kind.mark == "trunk" else 0.17
    for x, swing in ((-0.62, 0.12), (0.55, -0.1)):
        line = [(x, -leg - 0.1), (x + swing, -leg * 0.5), (x + swing * 0.6, 0)]
        pen.many([ribbon(spline(line, closed=False), [width * 1.3, width * 0.8, width * 0.7])], far)
    tail = [(-0.95, -leg - thick * 0.8), (-1.15, -leg - 0.1), (-1.1, -leg + 0.35)]
    pen.many([ribbon(spline(tail, closed=False), [0.08, 0.14 if kind.mark == "mane" else 0.06, 0.03])], far)
    back = -leg - thick
    body = [
        (-0.95, back + 0.12),
        (-0.4, back),
        (0.3, back + 0.04),
        (0.85, back + 0.02),
        (0.95, -leg - 0.2),
        (0.4, -leg + 0.06),
        (-0.5, -leg + 0.04),
        (-0.98, -leg - 0.2),
    ]
    patch = pen.blob(body, coat)
    if kind.mark == "wool":
        ring = oval(0, -leg - thick / 2, 1.0, thick * 0.62)[::5]
        patch = pen.many(
            [oval(float(x), float(y), 0.24, 0.22) for x, y in ring] + [oval(0, -leg - thick / 2, 1.0, thick * 0.6)],
            coat,
        )
    pen.oval(0, -leg + 0.1, 1.0, 0.32, dark(coat, 0.5), opacity=0.4, soft=0.08, clip=patch)
    _coat_marks(pen, kind, coat, chance, patch, back)
    for x, swing in ((-0.72, -0.08), (0.68, 0.1)):
        line = [(x, -leg - 0.15), (x + swing, -leg * 0.5), (x + swing * 0.5, 0)]
        pen.many([ribbon(spline(line, closed=False), [width * 1.5, width * 0.85, width * 0.75])], coat)
    if kind.mark == "trunk":
        _elephant_head(pen, coat, back)
    else:
        _walker_head(pen, kind, coat, back)


def _coat_marks(pen: Pen, kind: _Walker, coat: Colour, chance: Chance, patch: Patch | None, back: float) -> None:
    if kind.mark == "patches":
        spots = [
            oval(x, back + y, a, b)
            for x, y, a, b in ((-0.6, 0.25, 0.32, 0.26), (0.1, 0.15, 0.3, 0.2), (0.65, 0.45, 0.22, 0.3))
        ]
        pen.many(spots, hex_colour("2f2a2c"), clip=patch, line=0)
    if kind.mark == "spots":
        spots = [oval((a - 0.5) * 2, back + b * 0.7, 0.1, 0.09)[::10] for a, b in chance.field("spots", 26, 2)]
        pen.many(spots, hex_colour("9a5f2a"), clip=patch, line=0)
    if kind.mark == "antlers":
        pen.many(
            [oval((a - 0.5) * 1.4, back + 0.06 + b * 0.25, 0.035, 0.03)[::8] for a, b in chance.field("spots", 18, 2)],
            light(coat, 0.6),
            clip=patch,
            line=0,
        )


def _elephant_head(pen: Pen, coat: Colour, back: float) -> None:
    pen = pen.at(0, back)
    pen.blob(path("0.75,0.05 1.1,-0.2 1.5,-0.05 1.6,0.45 1.3,0.75 0.9,0.65"), coat)
    trunk = spline(path("1.5,0.4 1.68,1 1.62,1.5 1.9,1.62"), closed=False)
    pen.many([ribbon(trunk, [0.32, 0.24, 0.18, 0.12])], coat)
    tusk = spline(path("1.42,0.68 1.7,0.86 1.95,0.78"), closed=False)
    pen.many([ribbon(tusk, [0.12, 0.09, 0.02])], hex_colour("f6efe0"))
    pen.blob(path("0.95,-0.1 1.15,0.1 1.1,0.62 0.75,0.75 0.5,0.35 0.65,-0.02"), dark(coat, 0.18))
    pen.oval(1.33, 0.18, 0.05, 0.05, hex_colour("1d181c"))


def _walker_head(pen: Pen, kind: _Walker, coat: Colour, back: float) -> None:
    top = (1.0 + kind.neck * 0.35, back - kind.neck)
    neck = spline([(0.72, back + 0.25), (0.95, back - kind.neck * 0.5), top], closed=False)
    colour = hex_colour("3a3436") if kind.mark == "wool" else coat
    pen.many([ribbon(neck, [0.56, 0.4 if kind.mark != "spots" else 0.3, 0.3])], colour)
    if kind.mark == "spots":
        pen.many([oval(float(x), float(y), 0.07, 0.07)[::10] for x, y in neck[::3]], hex_colour("9a5f2a"), line=0)
    head = pen.at(top[0], top[1])
    if kind.mark == "mane":
        mane = [(0.6, back + 0.15), (0.72, back - kind.neck * 0.5), (top[0] - 0.1, top[1] - 0.16)]
        pen.many([ribbon(spline(mane, closed=False), [0.14, 0.26, 0.18])], dark(coat, 0.6))
    ear = points([(-0.12, -0.12), (-0.12, -0.42), (0.04, -0.16)])
    head.many([ear], dark(colour, 0.15))
    if kind.mark == "antlers":
        _antlers(head)
    head.blob(
        path("-0.2,-0.08 0,-0.2 0.3,-0.08 0.62,0.16 0.62,0.32 0.44,0.36 0.1,0.24 -0.12,0.2"),
        colour,
    )
    head.oval(0.1, 0.0, 0.045, 0.05, hex_colour("1d181c"))
    head.oval(0.56, 0.2, 0.03, 0.03, hex_colour("1d181c"), line=0)
    if kind.mark == "patches":
        head.blob([(0.4, 0.08), (0.66, 0.16), (0.64, 0.36), (0.42, 0.36)], hex_colour("e8b0a8"))
        head.many(
            [ribbon(spline([(-0.02, -0.16), (0.1, -0.34), (0.02, -0.46)], closed=False), [0.07, 0.02])],
            hex_colour("d8cfc0"),
        )
    if kind.mark == "spots":
        head.many([ribbon([(0.02, -0.15), (0.04, -0.38)], 0.05), oval(0.04, -0.4, 0.06, 0.06)], hex_colour("9a5f2a"))


def _antlers(head: Pen) -> None:
    bone = hex_colour("d8c39a")
    for dx in (-0.06, 0.08):
        main = spline([(dx, -0.18), (dx - 0.22, -0.55), (dx - 0.08, -1.0)], closed=False)
        tines: list[Points] = [ribbon(main, [0.07, 0.055, 0.02])]
        for t, (ex, ey) in ((0.35, (0.16, -0.62)), (0.6, (0.12, -0.86)), (0.5, (-0.42, -0.82))):
            x, y = main[int(t * (len(main) - 1))]
            tines.append(ribbon([(float(x), float(y)), (dx + ex, ey)], [0.045, 0.015]))
        head.many(tines, bone)
