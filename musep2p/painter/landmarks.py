"""Landmarks by which one knows a place; they stand on y = 0 and are about 1 high."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.painter.buildings import BUILDINGS, Site, windows
from musep2p.painter.canvas import Pen
from musep2p.painter.colour import dark, hex_colour, light
from musep2p.painter.vector import Points, arc, oval, path, points, ribbon, spline

__all__ = ["LANDMARKS", "draw_landmark"]


def draw_landmark(pen: Pen, place: str, site: Site) -> bool:
    """Draw what the place is known for; False if it is known for its land or its houses only."""
    drawing = LANDMARKS.get(place)
    if drawing is not None:
        drawing(pen, site)
    return drawing is not None


def _eiffel(pen: Pen, site: Site) -> None:
    iron = site.wall("6a5548", "5f4f4a")
    outer = spline([(-0.36, 0), (-0.24, -0.35), (-0.12, -0.8), (-0.035, -1.5)], closed=False)
    leg = points([*outer, (0, -1.5), (0.0, -0.62), (-0.08, -0.5), (-0.13, -0.28), (-0.2, 0)])
    pen.many([leg, leg * (-1, 1)], iron)
    for y, wide in ((-0.3, 0.3), (-0.62, 0.2), (-1.3, 0.07)):
        pen.poly([(-wide, y), (wide, y), (wide, y - 0.05), (-wide, y - 0.05)], dark(iron, 0.2))
    pen.many([ribbon(arc(0, 0, 0.21, 0.24, -0.5, 0, 16), 0.03)], dark(iron, 0.15))
    pen.many([ribbon([(0, -1.48), (0, -1.72)], [0.03, 0.008])], iron)
    if site.detail >= 1:
        bars: list[Points] = []
        for k in range(9):
            y, wide = -0.05 - 0.15 * k, 0.33 * (1 - k / 9) * (1 - k / 18) + 0.02
            bars += [
                ribbon([(-wide, y), (wide * 0.2 if k > 4 else -wide * 0.45, y - 0.14)], 0.012),
                ribbon([(wide, y), (-wide * 0.2 if k > 4 else wide * 0.45, y - 0.14)], 0.012),
            ]
        pen.many(bars, light(iron, 0.3), line=0)


def _big_ben(pen: Pen, site: Site) -> None:
    stone = site.wall("c9a56a", "bf9a60")
    pen.poly([(-1.1, 0), (-1.1, -0.42), (-0.16, -0.42), (-0.16, 0)], dark(stone, 0.1))
    windows(pen, site, (-1.06, -0.38, -0.2, -0.06), 9, 3, 0.45)
    for k in range(6):
        pen.poly([(-1.08 + 0.17 * k, -0.42), (-1.0 + 0.17 * k, -0.42), (-1.04 + 0.17 * k, -0.56)], stone)
    pen.poly([(-0.16, 0), (-0.16, -1.12), (0.16, -1.12), (0.16, 0)], stone)
    for x in (-0.08, 0.0, 0.08):
        pen.line([(x, -0.05), (x, -0.78)], 0.02, dark(stone, 0.35))
    pen.poly([(-0.19, -0.8), (0.19, -0.8), (0.19, -1.15), (-0.19, -1.15)], light(stone, 0.1))
    pen.oval(0, -0.97, 0.14, 0.14, hex_colour("fdf6df"))
    pen.line([(0, -0.97), (0, -1.07)], 0.02, hex_colour("2a2428"))
    pen.line([(0, -0.97), (0.07, -0.93)], 0.02, hex_colour("2a2428"))
    pen.poly(path("-0.19,-1.15 0.19,-1.15 0.06,-1.45 0,-1.7 -0.06,-1.45"), site.paint("4a5560"))


def _empire(pen: Pen, site: Site) -> None:
    stone = site.wall("a8a49c", "b8b0a4")
    for wide, top, base in ((0.34, -0.5, 0.0), (0.26, -1.0, -0.5), (0.17, -1.25, -1.0), (0.09, -1.42, -1.25)):
        pen.poly([(-wide, base), (-wide, top), (wide, top), (wide, base)], stone)
        windows(
            pen,
            site,
            (-wide * 0.9, top + 0.04, wide * 0.9, base - 0.02),
            max(2, int(wide * 24)),
            max(2, int((base - top) * 14)),
            0.45,
        )
    pen.many([ribbon([(0, -1.42), (0, -1.85)], [0.05, 0.008])], dark(stone, 0.2))


def _tokyo_tower(pen: Pen, site: Site) -> None:
    red = site.wall("e0502f")
    leg = points(path("-0.34,0 -0.14,-0.7 -0.05,-1.2 0,-1.2 0,-0.62 -0.1,-0.42 -0.22,0"))
    pen.many([leg, leg * (-1, 1)], red)
    for y, wide, white in ((-0.35, 0.25, False), (-0.7, 0.18, True), (-1.08, 0.1, True)):
        pen.poly([(-wide, y), (wide, y), (wide, y - 0.08), (-wide, y - 0.08)], hex_colour("f6f2ea") if white else red)
    pen.many([ribbon([(0, -1.18), (0, -1.6)], [0.05, 0.01])], hex_colour("f6f2ea"))


def _temple_of_heaven(pen: Pen, site: Site) -> None:
    blue, red = site.paint("2f5f9a"), site.paint("b23a2f")
    for k, wide in enumerate((0.95, 0.8, 0.66)):
        pen.poly(
            [(-wide, -0.09 * k), (wide, -0.09 * k), (wide * 0.96, -0.09 * (k + 1)), (-wide * 0.96, -0.09 * (k + 1))],
            site.paint("efe9de"),
        )
    for wide, y in ((0.5, -0.27), (0.38, -0.62), (0.26, -0.92)):
        pen.poly([(-wide * 0.86, y), (wide * 0.86, y), (wide * 0.86, y - 0.2), (-wide * 0.86, y - 0.2)], red)
        windows(pen, site, (-wide * 0.8, y - 0.18, wide * 0.8, y - 0.03), 9, 1, 0.5)
        pen.blob(
            [
                (-wide * 1.3, y - 0.17),
                (0, y - 0.13),
                (wide * 1.3, y - 0.17),
                (wide * 0.8, y - 0.3),
                (wide * 0.5, y - 0.38),
                (-wide * 0.5, y - 0.38),
                (-wide * 0.8, y - 0.3),
            ],
            blue,
        )
    pen.oval(0, -1.33, 0.07, 0.1, site.paint("e2b53c"))


def _pearl(pen: Pen, site: Site) -> None:
    pink, grey = site.wall("d8506f"), site.paint("b8bcc8")
    BUILDINGS["tower"](pen.at(0.62, 0, 0.85), site)
    BUILDINGS["tower"](pen.at(-0.66, 0, 0.62), site)
    for x in (-0.16, 0.0, 0.16):
        pen.many([ribbon([(x, 0), (x * 0.4, -0.85)], 0.05)], grey)
    pen.many([ribbon([(0, -0.8), (0, -1.5)], [0.08, 0.05]), ribbon([(0, -1.45), (0, -1.85)], [0.04, 0.008])], grey)
    for y, r in ((-0.36, 0.2), (-1.0, 0.15), (-1.45, 0.06)):
        pen.oval(0, y, r, r, pink)
        pen.oval(-r * 0.3, y - r * 0.3, r * 0.25, r * 0.2, light(pink, 0.6), line=0)


def _great_wall(pen: Pen, site: Site) -> None:
    stone = site.wall("b5a48c", "a89880")
    way = spline(path("-1.9,-0.55 -1.2,-0.32 -0.7,-0.5 -0.1,-0.2 0.4,-0.32 1,0.05 1.9,0.12"), closed=False)
    pen.many([ribbon(way, [0.08, 0.12, 0.18, 0.26, 0.4])], stone)
    teeth = [
        points([(x - 0.03, y), (x + 0.03, y), (x + 0.03, y - 0.08), (x - 0.03, y - 0.08)])
        for x, y in way[::2] - (0, 0.1)
    ]
    pen.many(teeth, light(stone, 0.1))
    for x, y, size in ((-1.2, -0.32, 0.22), (-0.1, -0.18, 0.34), (1.1, 0.12, 0.5)):
        pen.poly(
            [
                (x - size / 2, y + 0.1),
                (x - size * 0.42, y - size * 0.9),
                (x + size * 0.42, y - size * 0.9),
                (x + size / 2, y + 0.1),
            ],
            light(stone, 0.06),
        )
        pen.poly(
            [
                (x - size * 0.55, y - size * 0.9),
                (x + size * 0.55, y - size * 0.9),
                (x + size * 0.4, y - size * 1.25),
                (x - size * 0.4, y - size * 1.25),
            ],
            site.paint("5a5048"),
        )
        pen.many(
            [
                points(
                    [
                        (x - size * 0.12, y - size * 0.2),
                        *arc(x, y - size * 0.5, size * 0.12, size * 0.14, -0.5, 0, 8),
                        (x + size * 0.12, y - size * 0.2),
                    ]
                )
            ],
            site.paint("3a3028"),
        )


def _colosseum(pen: Pen, site: Site) -> None:
    stone = site.wall("d8b98c", "cfae84")
    outer = path("-0.95,0 -0.92,-0.72 -0.3,-0.9 0.2,-0.88 0.3,-0.66 0.62,-0.6 0.68,-0.42 0.95,-0.36 0.95,0")
    pen.poly(outer, stone)
    for row in range(3):
        for k in range(9):
            x, y = -0.8 + 0.2 * k, -0.06 - 0.23 * row
            if (row == 2 and k > 4) or (row == 1 and k > 7):
                continue
            pen.many(
                [points([(x - 0.06, y), *arc(x, y - 0.1, 0.06, 0.07, -0.5, 0, 8), (x + 0.06, y)])],
                dark(stone, 0.55),
                line=0.5,
            )


def _dubai(pen: Pen, site: Site) -> None:
    glass = site.wall("8fb0c4", "a8bcc8")
    for wide, top in ((0.22, -0.6), (0.16, -1.0), (0.1, -1.4)):
        pen.poly([(-wide, 0), (-wide * 0.9, top), (wide * 0.5, top - 0.08), (wide, 0)], glass)
        pen.poly([(wide * 0.2, 0), (wide * 0.15, top), (wide * 0.5, top - 0.08), (wide, 0)], dark(glass, 0.35), line=0)
    pen.many([ribbon([(0, -1.4), (0, -2.0)], [0.07, 0.006])], glass)
    sail = pen.at(0.75, 0, 0.75)
    sail.blob(path("-0.2,0 -0.2,-0.6 0,-1.1 0.3,-0.7 0.42,-0.3 0.4,0"), light(glass, 0.4))


def _opera(pen: Pen, site: Site) -> None:
    white = site.wall("f8f6f0")
    pen.poly([(-1.15, 0), (1.15, 0), (1.05, -0.14), (-1.05, -0.14)], site.paint("b5876a"))
    for x, size, way in ((-0.62, 0.6, 1), (-0.3, 0.78, 1), (0.08, 0.62, 1), (0.5, 0.55, -1), (0.78, 0.45, -1)):
        shell = [
            (x - way * size * 0.5, -0.14),
            (x - way * size * 0.34, -0.14 - size * 0.6),
            (x + way * size * 0.35, -0.14 - size),
            (x + way * size * 0.28, -0.14 - size * 0.4),
            (x + way * size * 0.42, -0.14),
        ]
        body = pen.blob(shell, white)
        pen.line(
            [(x - way * size * 0.2, -0.14), (x, -0.14 - size * 0.5), (x + way * size * 0.33, -0.14 - size)],
            0.03,
            dark(white, 0.2),
            clip=body,
        )


def _golden_gate(pen: Pen, site: Site) -> None:
    red = site.wall("c8452f")
    pen.poly([(-2.4, -0.24), (2.4, -0.24), (2.4, -0.17), (-2.4, -0.17)], red)
    cables: list[Points] = []
    for x0, x1 in ((-2.6, -0.9), (-0.9, 0.9), (0.9, 2.6)):
        for k in range(17):
            t = k / 16
            sag = 0.95 * (1 - 4 * t * (1 - t)) + 0.3 if x0 == -0.9 else 0.3 + 0.95 * (t if x0 < -1 else 1 - t)
            cables.append(ribbon([(x0 + (x1 - x0) * t, -0.2), (x0 + (x1 - x0) * t, -sag)], 0.012))
        curve = [
            (
                x0 + (x1 - x0) * k / 16,
                -(
                    0.95 * (1 - 4 * (k / 16) * (1 - k / 16)) + 0.3
                    if x0 == -0.9
                    else 0.3 + 0.95 * (k / 16 if x0 < -1 else 1 - k / 16)
                ),
            )
            for k in range(17)
        ]
        cables.append(ribbon(curve, 0.035))
    pen.many(cables, red, line=0.3)
    for x in (-0.9, 0.9):
        for dx in (-0.07, 0.07):
            pen.poly([(x + dx - 0.035, 0.1), (x + dx - 0.03, -1.3), (x + dx + 0.03, -1.3), (x + dx + 0.035, 0.1)], red)
        for y in (-0.5, -0.85, -1.2):
            pen.poly([(x - 0.08, y), (x + 0.08, y), (x + 0.08, y - 0.07), (x - 0.08, y - 0.07)], red)


def _rio(pen: Pen, site: Site) -> None:
    rock, stone = site.paint("4f6a55"), site.paint("e6e2d8")
    pen.blob(path("-1.5,0.1 -0.7,-0.25 -0.35,-0.7 0,-0.86 0.35,-0.7 0.7,-0.25 1.5,0.1"), rock)
    pen.poly([(-0.07, -0.84), (-0.06, -1.3), (0.06, -1.3), (0.07, -0.84)], stone)
    pen.poly(path("-0.36,-1.3 0.36,-1.3 0.36,-1.23 0.08,-1.18 -0.08,-1.18 -0.36,-1.23"), stone)
    pen.oval(0, -1.38, 0.05, 0.065, stone)


def _brandenburg(pen: Pen, site: Site) -> None:
    stone = site.wall("d9c8a8", "cbb894")
    for k in range(6):
        x = -0.66 + 0.264 * k
        pen.poly([(x - 0.06, 0), (x - 0.05, -0.6), (x + 0.05, -0.6), (x + 0.06, 0)], stone)
    pen.poly([(-0.85, -0.6), (0.85, -0.6), (0.85, -0.82), (-0.85, -0.82)], light(stone, 0.08))
    pen.poly([(-0.6, -0.82), (0.6, -0.82), (0.52, -0.95), (-0.52, -0.95)], stone)
    green = site.paint("4f7f70")
    pen.blob(path("-0.3,-0.95 -0.26,-1.12 -0.1,-1.06 0.1,-1.08 0.18,-1.3 0.26,-1.1 0.3,-0.95"), green)
    pen.many(
        [ribbon([(1.25, 0), (1.25, -1.5)], [0.07, 0.02]), ribbon([(1.25, -1.5), (1.25, -1.9)], [0.02, 0.006])],
        site.paint("b8bcc4"),
    )
    pen.oval(1.25, -1.3, 0.13, 0.12, site.paint("9aa4b0"))


def _kremlin(pen: Pen, site: Site) -> None:
    wall = site.paint("b5452f")
    pen.poly([(-0.8, 0), (-0.8, -0.45), (0.8, -0.45), (0.8, 0)], wall)
    windows(pen, site, (-0.75, -0.4, 0.75, -0.1), 9, 2, 0.45)
    for x, y, r, tone in (
        (-0.6, -0.62, 0.15, "3f8f5f"),
        (0.6, -0.62, 0.15, "d8a02f"),
        (-0.3, -0.82, 0.17, "3f6fb0"),
        (0.32, -0.84, 0.17, "c8402f"),
        (0.0, -1.1, 0.19, "e2b53c"),
    ):
        pen.poly(
            [(x - r * 0.75, -0.4), (x - r * 0.6, y + 0.06), (x + r * 0.6, y + 0.06), (x + r * 0.75, -0.4)],
            light(wall, 0.14),
        )
        onion = [
            (x, y - r * 2.0),
            (x + r * 0.25, y - r * 1.2),
            (x + r, y - r * 0.5),
            (x + r * 0.6, y + 0.08),
            (x - r * 0.6, y + 0.08),
            (x - r, y - r * 0.5),
            (x - r * 0.25, y - r * 1.2),
        ]
        dome = pen.blob(onion, site.paint(tone))
        for k in (-1, 0, 1):
            pen.line(
                [(x, y - r * 1.8), (x + k * r * 0.6, y - r * 0.5), (x + k * r * 0.4, y + 0.08)],
                0.025,
                light(site.paint(tone), 0.5),
                clip=dome,
            )
        pen.many([ribbon([(x, y - r * 1.9), (x, y - r * 2.5)], 0.02)], site.paint("e2b53c"))


def _taj(pen: Pen, site: Site) -> None:
    white = site.wall("f6f1e8")
    for x in (-0.95, 0.95):
        pen.poly([(x - 0.045, 0), (x - 0.035, -0.95), (x + 0.035, -0.95), (x + 0.045, 0)], white)
        pen.oval(x, -0.98, 0.055, 0.07, white)
    pen.poly([(-0.7, 0), (-0.7, -0.5), (0.7, -0.5), (0.7, 0)], white)
    for x, y, r in ((-0.42, -0.5, 0.13), (0.42, -0.5, 0.13), (0.0, -0.6, 0.3)):
        pen.blob(
            [
                (x - r * 0.9, y),
                (x - r * 1.05, y - r * 0.6),
                (x - r * 0.5, y - r * 1.25),
                (x, y - r * 1.75),
                (x + r * 0.5, y - r * 1.25),
                (x + r * 1.05, y - r * 0.6),
                (x + r * 0.9, y),
            ],
            light(white, 0.3),
        )
    pen.poly([(-0.22, 0), (-0.22, -0.6), (0.22, -0.6), (0.22, 0)], light(white, 0.2))
    for x, wide, high in ((0.0, 0.15, 0.42), (-0.45, 0.1, 0.3), (0.45, 0.1, 0.3)):
        pen.many(
            [points([(x - wide, 0), *arc(x, -high * 0.65, wide, high * 0.45, -0.5, 0, 10), (x + wide, 0)])],
            site.paint("7f7a88"),
        )


def _windmill_town(pen: Pen, site: Site) -> None:
    tones = ("b5543f", "d9a54a", "5f7f8a", "8f4f45", "e0d2b8", "6a8a6a")
    for k in range(6):
        x, high = -1.0 + 0.36 * k, 0.8 + 0.12 * (k % 3)
        wall = site.paint(tones[k])
        pen.poly([(x, 0), (x, -high), (x + 0.34, -high), (x + 0.34, 0)], wall)
        pen.poly(
            [
                (x, -high),
                (x + 0.06, -high - 0.06),
                (x + 0.06, -high - 0.13),
                (x + 0.12, -high - 0.18),
                (x + 0.17, -high - 0.3),
                (x + 0.22, -high - 0.18),
                (x + 0.28, -high - 0.13),
                (x + 0.28, -high - 0.06),
                (x + 0.34, -high),
            ],
            dark(wall, 0.12),
        )
        windows(pen, site, (x + 0.04, -high + 0.06, x + 0.3, -0.2), 2, 4, 0.55)
        pen.poly([(x + 0.12, 0), (x + 0.12, -0.18), (x + 0.22, -0.18), (x + 0.22, 0)], dark(wall, 0.5))


def _santorini(pen: Pen, site: Site) -> None:
    white, blue = site.paint("fbfaf5"), site.paint("2f6fc0")
    boxes = ((-1.1, 0.5, 0.5), (-0.65, 0.42, 0.75), (-0.2, 0.55, 0.6), (0.35, 0.4, 0.9), (0.7, 0.55, 0.55))
    for k, (x, wide, high) in enumerate(boxes):
        pen.poly(
            [(x, 0.1), (x, -high), (x + wide, -high), (x + wide, 0.1)],
            light(white, 0.1) if k % 2 else dark(white, 0.08),
        )
        if k in (1, 3):
            pen.many([points(arc(x + wide / 2, -high, wide * 0.44, wide * 0.42, -0.5, 0, 20))], blue)
            pen.many([ribbon([(x + wide / 2, -high - wide * 0.4), (x + wide / 2, -high - wide * 0.62)], 0.02)], white)
        pen.poly(
            [(x + wide * 0.3, 0.1), (x + wide * 0.3, -0.18), (x + wide * 0.55, -0.18), (x + wide * 0.55, 0.1)],
            blue,
            line=0.5,
        )
        windows(pen, site, (x + 0.08, -high + 0.08, x + wide - 0.08, -high + 0.26), 2, 1, 0.45)


def _venice(pen: Pen, site: Site) -> None:
    tones = ("d98f6a", "e2b58a", "c9705a", "e8d0b0", "b5604f")
    for k in range(6):
        x, high = -1.3 + 0.44 * k, 0.75 + 0.16 * ((k * 2) % 3)
        wall = site.paint(tones[k % 5])
        pen.poly([(x, 0), (x, -high), (x + 0.42, -high), (x + 0.42, 0)], wall)
        pen.poly(
            [(x - 0.02, -high), (x + 0.44, -high), (x + 0.36, -high - 0.1), (x + 0.06, -high - 0.1)],
            site.paint("9a4a35"),
        )
        for row in range(3):
            for col in range(3):
                cx, cy = x + 0.09 + 0.12 * col, -high + 0.24 + 0.2 * row
                pen.many(
                    [points([(cx - 0.035, cy), *arc(cx, cy - 0.07, 0.035, 0.05, -0.5, 0, 6), (cx + 0.035, cy)])],
                    site.pane,
                    line=0.4,
                )
    _gondola(pen.at(0.1, 0.3, 0.55), site)


def _gondola(pen: Pen, site: Site) -> None:
    pen.many([ribbon([(-0.75, -0.1), (-0.6, -0.75)], [0.14, 0.16]), oval(-0.6, -0.88, 0.1, 0.11)], site.paint("f2efe8"))
    pen.many([ribbon([(-0.5, -0.6), (-0.1, 0.25)], 0.03)], site.paint("8a5a36"))
    pen.blob(
        path("-1.25,-0.38 -0.95,-0.1 0.9,-0.1 1.25,-0.55 1.2,-0.1 0.8,0.12 -0.8,0.12"),
        site.paint("201c24"),
    )


def _skyline(pen: Pen, site: Site) -> None:
    for k, (x, scale) in enumerate(((-0.85, 0.7), (-0.3, 1.05), (0.25, 0.85), (0.75, 1.15))):
        BUILDINGS["tower"](pen.at(x, 0, scale), Site(site.palette, site.own, site.chance.branch(k), site.detail))


LANDMARKS: dict[str, Callable[[Pen, Site], None]] = {
    "paris": _eiffel, "london": _big_ben, "newyork": _empire, "tokyo": _tokyo_tower, "kyoto": BUILDINGS["torii"],
    "beijing": _temple_of_heaven, "shanghai": _pearl, "hangzhou": BUILDINGS["pavilion"], "wall": _great_wall,
    "hongkong": _skyline, "venice": _venice, "rome": _colosseum, "athens": BUILDINGS["ruins"], "santorini": _santorini,
    "cairo": BUILDINGS["pyramid"], "dubai": _dubai, "sydney": _opera, "sanfrancisco": _golden_gate, "rio": _rio,
    "amsterdam": _windmill_town, "berlin": _brandenburg, "moscow": _kremlin, "istanbul": BUILDINGS["mosque"],
    "india": _taj, "barcelona": BUILDINGS["church"], "tuscany": BUILDINGS["house"], "alps": BUILDINGS["house"],
}  # fmt: skip
