"""Buildings: drawn standing on y = 0 around x = 0, about 1 high."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from musep2p.painter.canvas import Pen
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, dark, hex_colour, light
from musep2p.painter.palette import Palette
from musep2p.painter.vector import Points, arc, path, points, ribbon, spline

__all__ = ["BUILDINGS", "Site", "draw_building", "windows"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a building stands: the light there, the colour the prompt gives it, chance and detail."""

    palette: Palette
    own: Colour | None
    chance: Chance
    detail: int

    def paint(self, text: str) -> Colour:
        """A colour in this light."""
        return self.palette.lit(hex_colour(text), 0.75)

    def wall(self, *options: str) -> Colour:
        """The colour of the walls."""
        if self.own is not None:
            return self.palette.lit(self.own, 0.6)
        return self.paint(self.chance.pick("wall", options))

    @property
    def pane(self) -> Colour:
        """A window: lit from inside when it is dark."""
        return hex_colour("ffd27a") if self.palette.night or self.palette.mood == "sunset" else self.paint("4f6a80")


def draw_building(pen: Pen, name: str, site: Site) -> None:
    """Draw a building of the vocabulary."""
    BUILDINGS[name](pen, site)


def windows(
    pen: Pen, site: Site, box: tuple[float, float, float, float], columns: int, rows: int, share: float = 0.55
) -> None:
    """A grid of windows in a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    wide, tall = (right - left) / columns, (bottom - top) / rows
    lit: list[Points] = []
    unlit: list[Points] = []
    for number, luck in enumerate(site.chance.field(f"windows {box}", columns * rows)):
        x, y = left + (number % columns + 0.5) * wide, top + (number // columns + 0.5) * tall
        a, b = wide * share / 2, tall * share / 2
        pane = points([(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)])
        (lit if luck < (0.6 if site.palette.night else 0.5) else unlit).append(pane)
    glow = site.pane
    pen.many(lit, glow, line=0)
    pen.many(unlit, dark(glow, 0.25) if not site.palette.night else hex_colour("2a3350"), line=0)


def _box(pen: Pen, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, shade: bool = True) -> None:
    body = pen.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)
    if shade:
        pen.poly(
            [(x0 + (x1 - x0) * 0.66, y0), (x1, y0), (x1, y1), (x0 + (x1 - x0) * 0.66, y1)],
            dark(colour, 0.5),
            opacity=0.28,
            clip=body,
            line=0,
        )


def _house(pen: Pen, site: Site) -> None:
    wall, roof = (
        site.wall("f0e2c8", "e0c8a8", "d9a58a", "f4f0e6"),
        site.paint(site.chance.pick("roof", ("a8442f", "7a3f2f", "4f5f6f"))),
    )
    _box(pen, -0.5, -0.5, 0.5, 0, wall)
    _box(pen, 0.2, -1.0, 0.33, -0.6, dark(roof, 0.2), shade=False)
    if site.detail >= 1:
        for k in range(3):
            pen.oval(
                0.27 + 0.06 * k,
                -1.1 - 0.12 * k,
                0.06 + 0.03 * k,
                0.05 + 0.02 * k,
                hex_colour("ffffff"),
                opacity=0.4,
                line=0,
            )
    pen.poly([(-0.62, -0.46), (-0.34, -0.86), (0.34, -0.86), (0.62, -0.46)], roof)
    pen.poly([(-0.08, 0), (-0.08, -0.28), (0.1, -0.28), (0.1, 0)], dark(roof, 0.35))
    windows(pen, site, (-0.44, -0.42, -0.12, -0.14), 2, 1, 0.7)
    windows(pen, site, (0.16, -0.42, 0.46, -0.14), 2, 1, 0.7)


def _castle(pen: Pen, site: Site) -> None:
    wall, roof = (
        site.wall("c9c2b8", "b8b0ac", "d9cdb8"),
        site.paint(site.chance.pick("roof", ("4f5f8f", "8f3f3f", "5a4f7f"))),
    )
    for x, high, wide in (
        (-0.62, 0.85, 0.2),
        (0.62, 0.8, 0.2),
        (-0.28, 1.05, 0.18),
        (0.3, 1.15, 0.17),
        (0.02, 1.4, 0.2),
    ):
        _box(pen, x - wide / 2, -high, x + wide / 2, 0, light(wall, 0.06))
        pen.poly([(x - wide * 0.68, -high), (x + wide * 0.68, -high), (x, -high - wide * 1.9)], roof)
        pen.poly(
            [(x, -high - wide * 1.85), (x + 0.13, -high - wide * 1.75), (x, -high - wide * 1.62)],
            site.paint("d8402f"),
            line=0,
        )
        windows(pen, site, (x - wide * 0.3, -high + 0.06, x + wide * 0.3, -high + 0.3), 1, 2, 0.5)
    teeth = [(-0.78, -0.5)]
    for k in range(13):
        x = -0.78 + 0.12 * k
        teeth += [(x, -0.58), (x + 0.06, -0.58), (x + 0.06, -0.5), (x + 0.12, -0.5)]
    pen.poly([*teeth, (0.78, 0), (-0.78, 0)], wall)
    pen.many([points([(-0.13, 0), *arc(0, -0.22, 0.13, 0.14, -0.5, 0, 10), (0.13, 0)])], site.paint("4a342a"))
    windows(pen, site, (-0.7, -0.4, -0.2, -0.2), 3, 1, 0.3)
    windows(pen, site, (0.2, -0.4, 0.7, -0.2), 3, 1, 0.3)


def _pagoda(pen: Pen, site: Site) -> None:
    red = site.wall("b23a2f", "a8352f", "8f3f35")
    roof, tiers = site.paint("2f4a4a" if site.own is None else "3a3a40"), 5
    for k in range(tiers):
        wide, y = 0.42 - 0.06 * k, -0.24 * k
        _box(pen, -wide * 0.68, y - 0.2, wide * 0.68, y, red)
        windows(pen, site, (-wide * 0.6, y - 0.15, wide * 0.6, y - 0.04), 5 - (k > 2) * 2, 1, 0.5)
        eave = [
            (-wide * 1.35, y - 0.2),
            (-wide * 1.1, y - 0.19),
            (0, y - 0.17),
            (wide * 1.1, y - 0.19),
            (wide * 1.35, y - 0.2),
            (wide * 0.8, y - 0.26),
            (wide * 0.45, y - 0.31),
            (-wide * 0.45, y - 0.31),
            (-wide * 0.8, y - 0.26),
        ]
        pen.poly(eave, roof)
        pen.many(
            [
                ribbon(
                    spline(
                        [(side * wide * 1.1, y - 0.2), (side * wide * 1.38, y - 0.22), (side * wide * 1.48, y - 0.28)],
                        closed=False,
                    ),
                    [0.035, 0.02],
                )
                for side in (-1, 1)
            ],
            roof,
            line=0,
        )
    pen.many([ribbon([(0, -1.24), (0, -1.55)], [0.05, 0.012])], site.paint("c9a03a"))


def _torii(pen: Pen, site: Site) -> None:
    red = site.wall("d2452f", "c8402f")
    for side in (-1, 1):
        pen.poly([(side * 0.44, 0), (side * 0.54, 0), (side * 0.48, -1.0), (side * 0.4, -1.0)], red)
    pen.poly([(-0.62, -0.72), (0.62, -0.72), (0.62, -0.8), (-0.62, -0.8)], red)
    pen.poly([(-0.05, -0.8), (0.05, -0.8), (0.05, -0.94), (-0.05, -0.94)], red)
    pen.blob(
        path("-0.85,-1.08 -0.4,-1 0,-0.98 0.4,-1 0.85,-1.08 0.82,-0.97 0,-0.9 -0.82,-0.97"),
        red,
    )
    pen.blob(
        path("-0.92,-1.18 -0.4,-1.09 0,-1.07 0.4,-1.09 0.92,-1.18 0.88,-1.07 0,-1 -0.88,-1.07"),
        site.paint("2a2428"),
    )


def _church(pen: Pen, site: Site) -> None:
    wall, roof = site.wall("ece4d4", "d8c8b0", "f4f2ec"), site.paint("5a4a55")
    _box(pen, -0.1, -0.5, 0.62, 0, wall)
    pen.poly([(-0.14, -0.48), (0.66, -0.48), (0.5, -0.78), (-0.05, -0.78)], roof)
    _box(pen, -0.42, -0.9, -0.06, 0, light(wall, 0.05))
    pen.poly([(-0.48, -0.9), (0.0, -0.9), (-0.24, -1.6)], roof)
    pen.many(
        [ribbon([(-0.24, -1.58), (-0.24, -1.78)], 0.025), ribbon([(-0.3, -1.7), (-0.18, -1.7)], 0.025)],
        site.paint("e2b53c"),
    )
    for x in (0.08, 0.28, 0.48):
        pen.many([points([(x - 0.05, -0.14), *arc(x, -0.32, 0.05, 0.08, -0.5, 0, 8), (x + 0.05, -0.14)])], site.pane)
    pen.many([points([(-0.33, 0), *arc(-0.24, -0.24, 0.09, 0.12, -0.5, 0, 8), (-0.15, 0)])], site.paint("6a4428"))
    pen.oval(-0.24, -0.65, 0.1, 0.1, site.pane)


def _mosque(pen: Pen, site: Site) -> None:
    wall, dome = site.wall("f0e8d8", "e8dcc8"), site.paint("3f8f9f" if site.own is None else "c9a03a")
    for x in (-0.75, 0.75):
        _box(pen, x - 0.05, -1.25, x + 0.05, 0, light(wall, 0.1))
        _box(pen, x - 0.075, -1.0, x + 0.075, -0.94, wall, shade=False)
        pen.poly([(x - 0.07, -1.25), (x + 0.07, -1.25), (x, -1.5)], dome)
    _box(pen, -0.58, -0.45, 0.58, 0, wall)
    for x, r in ((-0.4, 0.17), (0.4, 0.17), (0.0, 0.36)):
        pen.blob(
            [
                (x - r, -0.44),
                (x - r * 1.05, -0.44 - r * 0.5),
                (x - r * 0.6, -0.44 - r),
                (x, -0.44 - r * 1.35),
                (x + r * 0.6, -0.44 - r),
                (x + r * 1.05, -0.44 - r * 0.5),
                (x + r, -0.44),
            ],
            dome,
        )
    pen.many([ribbon([(0, -0.9), (0, -1.1)], 0.02)], site.paint("e2b53c"))
    for x in (-0.4, -0.2, 0.0, 0.2, 0.4):
        pen.many(
            [points([(x - 0.07, 0), *arc(x, -0.2, 0.07, 0.12, -0.5, 0, 8), (x + 0.07, 0)])],
            site.pane if x else site.paint("5a3a2a"),
        )


def _lighthouse(pen: Pen, site: Site) -> None:
    white, red = site.wall("f6f3ea"), site.paint("c8352f")
    at = pen.frame.place(points([(0, -1.12)]))[0]
    if site.palette.mood != "noon":
        for side in (-1, 1):
            pen.poly([(0, -1.14), (side * 2.6, -1.5), (side * 2.6, -0.9)], hex_colour("fff0b8"), opacity=0.3, line=0)
        pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 0.8, hex_colour("ffe9a0"), 0.9)
    pen.blob(path("-0.7,0.12 -0.5,-0.06 -0.1,-0.02 0.4,-0.08 0.75,0.12"), site.paint("5a5560"))
    tower = pen.poly([(-0.2, 0), (-0.13, -1.0), (0.13, -1.0), (0.2, 0)], white)
    for k in range(3):
        y = -0.12 - 0.33 * k
        pen.poly([(-0.3, y), (0.3, y), (0.3, y - 0.16), (-0.3, y - 0.16)], red, clip=tower, line=0)
    pen.poly(
        [(0.06, 0.05), (0.3, 0.05), (0.3, -1.05), (0.06, -1.05)], dark(white, 0.6), opacity=0.25, clip=tower, line=0
    )
    _box(pen, -0.19, -1.05, 0.19, -1.0, site.paint("3a3440"), shade=False)
    _box(pen, -0.11, -1.22, 0.11, -1.05, hex_colour("fff0b0"), shade=False)
    pen.poly([(-0.16, -1.22), (0.16, -1.22), (0, -1.4)], red)


def _windmill(pen: Pen, site: Site) -> None:
    wall = site.wall("e8dcc4", "c9a582", "f0ece2")
    pen.poly([(-0.3, 0), (-0.19, -0.75), (0.19, -0.75), (0.3, 0)], wall)
    pen.blob(path("-0.22,-0.72 -0.15,-0.95 0,-1.02 0.15,-0.95 0.22,-0.72"), site.paint("7a3f2f"))
    pen.poly([(-0.08, 0), (-0.08, -0.2), (0.08, -0.2), (0.08, 0)], site.paint("5a3a28"))
    windows(pen, site, (-0.08, -0.5, 0.08, -0.38), 1, 1, 0.8)
    turn = site.chance.between("sails", 0.02, 0.2)
    for k in range(4):
        sail = pen.at(0, -0.82, 1.0, turn + k / 4)
        sail.many([ribbon([(0, 0), (0.72, 0)], 0.03)], site.paint("4a3426"))
        sail.poly([(0.14, 0.0), (0.72, 0.0), (0.72, 0.16), (0.14, 0.13)], site.paint("f2ead8"))
    pen.oval(0, -0.82, 0.05, 0.05, site.paint("4a3426"))


def _bridge(pen: Pen, site: Site) -> None:
    stone = site.wall("b8aca0", "a89a90", "b5443a")
    outer = [(-1.1, 0.05), *[(float(x), float(y)) for x, y in arc(0, 0.05, 1.1, 0.62, -0.5, 0, 20)], (1.1, 0.05)]
    pen.many(
        [points(outer)], stone, holes=[points([*arc(0, 0.06, 0.62, 0.42, -0.5, 0, 20), (0.62, 0.3), (-0.62, 0.3)])]
    )
    posts = [ribbon([(x, y), (x, y - 0.14)], 0.035) for x, y in arc(0, 0.02, 1.05, 0.62, -0.48, -0.02, 13)]
    pen.many(posts, dark(stone, 0.2))
    pen.many([ribbon(arc(0, -0.1, 1.06, 0.62, -0.49, -0.01, 20), 0.035)], dark(stone, 0.2))


def _tower(pen: Pen, site: Site) -> None:
    wall = site.wall("7f95a8", "a8b4bc", "5f7690")
    _box(pen, -0.24, -1.15, 0.24, 0, wall)
    _box(pen, -0.15, -1.35, 0.15, -1.15, wall)
    pen.many([ribbon([(0, -1.35), (0, -1.7)], [0.03, 0.008])], dark(wall, 0.3))
    windows(pen, site, (-0.22, -1.1, 0.22, -0.06), 5, 16, 0.6)


def _hotel(pen: Pen, site: Site) -> None:
    wall = site.wall("ecdcc0", "d9b8a0", "c9d3d8", "e8d0c8")
    _box(pen, -0.75, -0.85, 0.75, 0, wall)
    _box(pen, -0.3, -1.05, 0.3, 0, light(wall, 0.12))
    windows(pen, site, (-0.72, -0.8, -0.32, -0.2), 4, 4, 0.55)
    windows(pen, site, (0.32, -0.8, 0.72, -0.2), 4, 4, 0.55)
    windows(pen, site, (-0.26, -0.84, 0.26, -0.32), 4, 3, 0.6)
    sign = site.paint("8f2f35")
    pen.poly([(-0.24, -0.9), (0.24, -0.9), (0.24, -1.0), (-0.24, -1.0)], sign)
    _lettering(pen.at(-0.2, -0.915, 0.07), hex_colour("ffe9b8"))
    pen.poly([(-0.34, -0.22), (0.34, -0.22), (0.26, -0.3), (-0.26, -0.3)], sign)
    pen.poly(
        [(-0.12, 0), (-0.12, -0.2), (0.12, -0.2), (0.12, 0)],
        hex_colour("ffdf9a") if site.palette.night else site.paint("6a4a30"),
    )
    for side in (-1, 1):
        pen.oval(side * 0.24, -0.08, 0.07, 0.09, site.paint("4f8a4a"))
        pen.poly([(side * 0.2, 0), (side * 0.28, 0), (side * 0.27, -0.06), (side * 0.21, -0.06)], site.paint("8a5a3a"))


def _lettering(pen: Pen, colour: Colour) -> None:
    """HOTEL, in straight strokes."""
    glyphs = {
        "H": "0,0 0,-1|.6,0 .6,-1|0,-.5 .6,-.5",
        "O": "0,0 0,-1 .6,-1 .6,0 0,0",
        "T": "0,-1 .6,-1|.3,-1 .3,0",
        "E": ".6,0 0,0 0,-1 .6,-1|0,-.5 .5,-.5",
        "L": "0,-1 0,0 .6,0",
    }
    strokes = []
    for k, letter in enumerate("HOTEL"):
        for stroke in glyphs[letter].split("|"):
            line = [(float(x) + k * 1.15, float(y)) for x, y in (pair.split(",") for pair in stroke.split())]
            strokes += [ribbon(line[i : i + 2], 0.16) for i in range(len(line) - 1)]
    pen.many(strokes, colour, line=0)


def _pavilion(pen: Pen, site: Site) -> None:
    red, roof = site.wall("b5402f", "a83a30"), site.paint("3f5a4f")
    for x in (-0.45, -0.17, 0.17, 0.45):
        _box(pen, x - 0.035, -0.6, x + 0.035, 0, red, shade=False)
    pen.poly([(-0.55, 0), (0.55, 0), (0.55, -0.07), (-0.55, -0.07)], site.paint("cfc6b8"))
    pen.poly([(-0.5, -0.12), (0.5, -0.12), (0.5, -0.16), (-0.5, -0.16)], red)
    for wide, y in ((0.78, -0.56), (0.46, -0.82)):
        roof_line = [
            (-wide, y - 0.06),
            (-wide * 0.75, y),
            (0, y + 0.03),
            (wide * 0.75, y),
            (wide, y - 0.06),
            (wide * 0.5, y - 0.16),
            (wide * 0.22, y - 0.3),
            (-wide * 0.22, y - 0.3),
            (-wide * 0.5, y - 0.16),
        ]
        pen.blob(roof_line, roof)
    pen.oval(0, -1.15, 0.06, 0.08, site.paint("e2b53c"))


def _pyramid(pen: Pen, site: Site) -> None:
    sand = site.wall("dfb56a", "d9a95f")
    for x, size in ((-0.95, 0.55), (0.95, 0.42), (0.0, 1.0)):
        body = pen.poly([(x - size * 0.85, 0), (x, -size), (x + size * 0.85, 0)], light(sand, 0.12))
        pen.poly([(x, -size), (x + size * 0.85, 0), (x + size * 0.22, 0)], dark(sand, 0.3), clip=body, line=0)
        if site.detail >= 1:
            for k in range(1, 12):
                pen.line(
                    [(x - size, -size * k / 12), (x + size, -size * k / 12)],
                    0.008,
                    dark(sand, 0.35),
                    clip=body,
                    opacity=0.6,
                )


def _ruins(pen: Pen, site: Site) -> None:
    stone = site.wall("e6dcc8", "d8ccb8")
    pen.poly([(-0.85, 0), (0.85, 0), (0.8, -0.1), (-0.8, -0.1)], stone)
    for k in range(7):
        x = -0.66 + 0.22 * k
        column = pen.poly([(x - 0.06, -0.1), (x - 0.05, -0.68), (x + 0.05, -0.68), (x + 0.06, -0.1)], stone)
        pen.poly(
            [(x + 0.015, -0.1), (x + 0.015, -0.7), (x + 0.08, -0.7), (x + 0.08, -0.1)],
            dark(stone, 0.5),
            opacity=0.35,
            clip=column,
            line=0,
        )
        pen.poly([(x - 0.085, -0.68), (x + 0.085, -0.68), (x + 0.07, -0.73), (x - 0.07, -0.73)], light(stone, 0.1))
    pen.poly([(-0.8, -0.73), (0.8, -0.73), (0.8, -0.84), (-0.8, -0.84)], stone)
    pen.poly([(-0.86, -0.84), (0.86, -0.84), (0, -1.14)], light(stone, 0.08))
    pen.poly([(-0.6, -0.87), (0.6, -0.87), (0, -1.06)], dark(stone, 0.22), line=0)


def _tent(pen: Pen, site: Site) -> None:
    cloth = site.wall("e0862f", "c8502f", "3f7f6f")
    at = pen.frame.place(points([(0, -0.25)]))[0]
    pen.poly([(-0.75, 0), (0, -0.8), (0.75, 0)], cloth)
    pen.poly([(0, -0.8), (0.75, 0), (0.25, 0)], dark(cloth, 0.25), line=0)
    pen.poly(
        [(-0.2, 0), (0, -0.8), (0.22, 0)], hex_colour("ffd98a") if site.palette.night else dark(cloth, 0.55), line=0
    )
    if site.palette.night:
        pen.canvas.glow(float(at[0]), float(at[1]), pen.pixel * 1.2, hex_colour("ffb85a"), 0.6)
    pen.many(
        [ribbon([(0.95, 0.05), (1.25, 0.0)], 0.06), ribbon([(0.95, 0.0), (1.25, 0.05)], 0.06)], site.paint("5a3a28")
    )
    pen.blob([(1.1, -0.35), (1.2, -0.12), (1.1, 0.0), (1.0, -0.12)], hex_colour("ff9a2f"))
    pen.blob([(1.1, -0.2), (1.15, -0.08), (1.1, 0.0), (1.05, -0.08)], hex_colour("ffe08a"), line=0)


def _cafe(pen: Pen, site: Site) -> None:
    wall, awning = (
        site.wall("7f5a45", "3f5f5a", "c98a5a", "5a6a8a"),
        site.paint(site.chance.pick("awning", ("c8402f", "2f7f6f", "e2a53a"))),
    )
    _box(pen, -0.8, -1.0, 0.8, 0, wall)
    windows(pen, site, (-0.7, -0.95, 0.7, -0.66), 4, 1, 0.55)
    pen.poly([(-0.68, -0.08), (-0.68, -0.42), (0.12, -0.42), (0.12, -0.08)], hex_colour("ffdf9a"))
    pen.poly([(0.26, 0), (0.26, -0.42), (0.6, -0.42), (0.6, 0)], dark(wall, 0.4))
    for k in range(8):
        x = -0.8 + 0.2 * k
        pen.blob(
            [(x, -0.62), (x + 0.2, -0.62), (x + 0.2, -0.46), (x + 0.1, -0.41), (x, -0.46)],
            awning if k % 2 == 0 else hex_colour("f7f1e4"),
        )
    pen.poly([(-0.5, -0.04), (-0.2, -0.04), (-0.2, -0.16), (-0.5, -0.16)], site.paint("8a5a36"), line=0)


def _igloo(pen: Pen, site: Site) -> None:
    snow = site.wall("eef4fa")
    dome = pen.many([points([*arc(0, 0, 0.8, 0.75, -0.5, 0, 30)])], snow)
    for k in range(1, 5):
        pen.line(arc(0, 0, 0.8 - 0.01 * k, 0.75 - 0.16 * k, -0.5, 0, 20), 0.015, dark(snow, 0.25), clip=dome)
    pen.many([points([*arc(0.25, 0, 0.3, 0.36, -0.5, 0, 20)])], dark(snow, 0.08))
    pen.many(
        [points([*arc(0.25, 0, 0.2, 0.26, -0.5, 0, 20)])],
        hex_colour("ffcf7a") if site.palette.night else site.paint("3a4a60"),
    )


BUILDINGS: dict[str, Callable[[Pen, Site], None]] = {
    "house": _house, "castle": _castle, "pagoda": _pagoda, "torii": _torii, "church": _church, "mosque": _mosque,
    "lighthouse": _lighthouse, "windmill": _windmill, "bridge": _bridge, "tower": _tower, "hotel": _hotel,
    "pavilion": _pavilion, "pyramid": _pyramid, "ruins": _ruins, "tent": _tent, "cafe": _cafe, "igloo": _igloo,
}  # fmt: skip
