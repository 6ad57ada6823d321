"""Scenes that are no landscape: a table, a plant close up, a room, under water, space."""

from __future__ import annotations

import numpy as np

from musep2p.painter.abstract import paint_backdrop
from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen, fade
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix, vivid
from musep2p.painter.crafts import draw_craft
from musep2p.painter.land import below
from musep2p.painter.noise import cloud, profile
from musep2p.painter.palette import named
from musep2p.painter.plants import FLOWERS, draw_flower
from musep2p.painter.raster import Patch, softened
from musep2p.painter.things import SIZES, draw_thing
from musep2p.painter.vector import Frame, Points, oval, path, points, ribbon, spline, star

_APART = 0.3  # between things, in their own units

__all__ = ["botanical", "room", "space", "still_life", "underwater"]


def still_life(canvas: Canvas, brief: Brief) -> None:
    """Things on a table before a wall; with a window if the prompt has one."""
    if brief.has("land.room"):
        room(canvas, brief)
    else:
        paint_backdrop(canvas, brief)
    edge = canvas.height * 0.68
    wood = brief.palette.lit(hex_colour(brief.chance.pick("table", ("8a5a38", "6f4630", "b5875a", "d8cdbc"))), 0.8)
    rows = Patch(int(edge), 0, np.ones((canvas.height - int(edge), canvas.width), np.float32))
    canvas.lay(rows, fade(light(wood, 0.12), dark(wood, 0.3), edge, canvas.height))
    grain = cloud(brief.chance, "grain", rows.mask.shape, (30, 2.5), 2)
    canvas.lay(Patch(rows.top, 0, np.clip((grain - np.float32(0.55)) * 3, 0, 0.35)), dark(wood, 0.4))
    names = [name for name in brief.names("thing") if name in SIZES]
    names += ["vase", "fruit"] if not names else []
    for term in brief.terms:
        if term.slot == "plant" and term.name in FLOWERS and "vase" not in names:
            names.append("vase")
    if (
        len(names) == 1
        and not brief.count(f"thing.{names[0]}")
        and brief.extra("thing.beside", 0.35)
        and names[0] not in ("heart", "sword", "guitar", "clock")
    ):
        names.append(brief.chance.pick("beside", ("apple", "book", "orange", "candle")))
    _place(canvas, brief, names[:5])


def _place(canvas: Canvas, brief: Brief, names: list[str]) -> None:
    """Things in one row, or in two on a tall picture: large ones behind, small ones in front."""
    names = [name for name in names for _ in range(max(1, brief.count(f"thing.{name}")))][:7]
    wide = sum(SIZES[name][0] + _APART for name in names)
    if len(names) < 3 or canvas.width > canvas.height or wide < 3:
        _row(canvas, brief, list(enumerate(names)), 0.85, 0.56)
        return
    order = sorted(enumerate(names), key=lambda pair: SIZES[pair[1]][1], reverse=True)
    half = max(1, len(names) // 3)
    _row(canvas, brief, sorted(order[:half]), 0.79, 0.5)
    _row(canvas, brief, sorted(order[half:]), 0.93, 0.4)


def _row(canvas: Canvas, brief: Brief, things: list[tuple[int, str]], row: float, tall: float) -> None:
    total = sum(SIZES[name][0] + _APART for _, name in things) - _APART
    scale = min(canvas.width * 0.84 / max(total, 1.4), canvas.height * tall / max(SIZES[name][1] for _, name in things))
    scale = min(scale, brief.short_side * 0.36)
    x = canvas.width / 2 - total * scale / 2
    light_side = brief.chance.pick("light side", (-1, 1))
    flowers = [name for name in brief.names("plant") if name in FLOWERS]
    for number, name in things:
        wide = SIZES[name][0] * scale
        at, foot = x + wide / 2, canvas.height * (row + 0.02 * (number % 2))
        shadow = canvas.cover([oval(at - light_side * wide * 0.22, foot + scale * 0.02, wide * 0.56, scale * 0.11)])
        if shadow is not None:
            canvas.lay(softened(shadow, int(scale * 0.05), canvas.height, canvas.width), hex_colour("1c1418"), 0.45)
        own = brief.colour(f"thing.{name}")
        base = {"umbrella": 0.34, "sword": 0.12, "lantern": 0.12}.get(name, 0.0)
        pen = Pen(canvas, Frame(at, foot - base * scale, scale))
        draw_thing(pen, name, named(own) if own else None, brief.chance.branch(f"thing {number}"), flowers)
        x += wide + _APART * scale


def botanical(canvas: Canvas, brief: Brief) -> None:
    """Flowers, leaves or mushrooms, close up on plain paper or before a soft garden."""
    paint_backdrop(canvas, brief)
    kinds = [name for name in brief.names("plant") if name in (*FLOWERS, "mushroom", "leaf")]
    count = 1 if brief.weight(f"plant.{kinds[0]}") > 1.25 else 3 + brief.detail
    green = brief.palette.lit(hex_colour("4a8048"), 0.6)
    values = sorted(brief.chance.field("stems", count, 3).tolist(), key=lambda value: value[1])
    for number, (a, b, c) in enumerate(values):
        own = brief.chance.branch(f"stem {number}")
        kind = kinds[number % len(kinds)]
        x = 0.5 + (number - (count - 1) / 2) * 0.62 / max(1, count) + (a - 0.5) * 0.1
        scale = brief.short_side * (0.3 if count == 1 else 0.13 + 0.07 * c)
        y = canvas.height * (0.4 if count == 1 else 0.22 + 0.34 * b)
        colour = brief.colour(f"plant.{kind}")
        _stem(canvas, brief, green, (x * canvas.width, y), scale, number, kind)
        pen = Pen(canvas, Frame(x * canvas.width, y, scale))
        if kind == "mushroom":
            _mushroom(pen, named(colour) if colour else None)
        elif kind == "leaf":
            _leaf(pen, green, own.unit("turn") * 0.2)
        elif kind in FLOWERS:
            draw_flower(pen, kind, named(colour) if colour else None, own)


def _stem(
    canvas: Canvas, brief: Brief, green: Colour, top: tuple[float, float], scale: float, number: int, kind: str
) -> None:
    if kind == "mushroom":
        return
    own = brief.chance.branch(f"stalk {number}")
    foot = (canvas.width * (0.5 + (top[0] / canvas.width - 0.5) * 0.35), canvas.height * 1.02)
    bend = own.between("bend", -0.12, 0.12) * canvas.width
    line = spline([foot, ((foot[0] + top[0]) / 2 + bend * 0.4, (foot[1] + top[1]) / 2), top], closed=False)
    canvas.lay(canvas.cover([ribbon(line, [scale * 0.14, scale * 0.08])]), green)
    for k in range(2 + brief.detail):
        x, y = line[int((0.2 + 0.18 * k) * (len(line) - 1))]
        side = 1 if (k + number) % 2 else -1
        pen = Pen(canvas, Frame(float(x), float(y), scale * 0.9, flip=side < 0))
        leaf = pen.blob(path("0,0 0.5,-0.45 1.2,-0.55 0.85,-0.1 0.4,0.1"), light(green, 0.06 * k))
        pen.line([(0.05, -0.02), (0.6, -0.28), (1.1, -0.5)], 0.025, light(green, 0.35), clip=leaf)


def _mushroom(pen: Pen, own: Colour | None) -> None:
    red = own if own is not None else hex_colour("c8352a")
    pen.blob(path("-0.26,0.05 0.26,0.05 0.3,1.2 0.4,1.75 -0.4,1.75 -0.3,1.2"), hex_colour("f4ead6"))
    cap = pen.blob(path("-1.1,0.1 -0.85,-0.5 0,-0.95 0.85,-0.5 1.1,0.1 0,0.24"), red)
    pen.many(
        [
            oval(x, y, r, r * 0.8)
            for x, y, r in (
                (-0.5, -0.3, 0.17),
                (0.1, -0.6, 0.18),
                (0.55, -0.2, 0.16),
                (-0.05, -0.1, 0.13),
                (-0.8, 0.0, 0.1),
                (0.85, 0.02, 0.1),
            )
        ],
        hex_colour("fdf8ee"),
        clip=cap,
    )


def _leaf(pen: Pen, green: Colour, turn: float) -> None:
    at = pen.at(0, 0, 1.3, turn)
    leaf = at.blob(path("0,-1.2 0.5,-0.6 0.6,0.2 0,1 -0.6,0.2 -0.5,-0.6"), green)
    at.line([(0, -1.15), (0, 1.2)], 0.06, light(green, 0.35))
    for k in range(6):
        for side in (-1, 1):
            at.line([(0, 0.7 - 0.28 * k), (side * 0.5, 0.45 - 0.3 * k)], 0.025, light(green, 0.3), clip=leaf)


def room(canvas: Canvas, brief: Brief) -> None:
    """A room: wall, floor, a window with the light outside, a lamp or shelves."""
    chance, palette = brief.chance, brief.palette
    wall = hex_colour(chance.pick("wall", ("d8c3a5", "a9b8a5", "b5a5b8", "c9a08a", "8fa5b5")))
    wall = palette.lit(palette.drawn[0] if palette.drawn else wall, 0.6)
    floor = palette.lit(hex_colour("8a6244"), 0.7)
    edge = canvas.height * 0.76
    canvas.flood(fade(light(wall, 0.12), dark(wall, 0.12), 0, edge))
    canvas.flood(fade(light(floor, 0.1), dark(floor, 0.3), edge, canvas.height), edge)
    side = chance.pick("window", (0.28, 0.72))
    pen = Pen(canvas, Frame(side * canvas.width, canvas.height * 0.34, min(canvas.width * 0.24, canvas.height * 0.2)))
    pen.poly([(-1.1, -1.3), (1.1, -1.3), (1.1, 1.3), (-1.1, 1.3)], hex_colour("f6f1e6"))
    glass = pen.poly(
        [(-0.98, -1.18), (0.98, -1.18), (0.98, 1.18), (-0.98, 1.18)],
        fade(palette.sky, palette.horizon, canvas.height * 0.1, canvas.height * 0.6),
        line=0,
    )
    pen.blob(path("-1.2,1.3 -0.8,0.55 -0.2,0.75 0.4,0.4 1.2,0.8 1.2,1.4"), palette.far, clip=glass, line=0)
    for line in ([(0, -1.2), (0, 1.2)], [(-1, 0), (1, 0)]):
        pen.many([ribbon(line, 0.08)], hex_colour("f6f1e6"), line=0.4)
    for k in (-1, 1):
        curtain = pen.blob(
            [(k * 1.5, -1.5), (k * 0.7, -1.45), (k * 0.85, -0.4), (k * 1.15, 0.5), (k * 1.05, 1.7), (k * 1.5, 1.7)],
            palette.lit(palette.accent, 0.4),
        )
        pen.line([(k * 1.2, -1.4), (k * 1.2, 1.6)], 0.04, dark(palette.accent, 0.2), clip=curtain)
    shelf = Pen(canvas, Frame((1 - side) * canvas.width, canvas.height * 0.3, canvas.width * 0.16))
    tones = ("a83a32", "3f5f8f", "c99a3a", "4f7a5a", "6a4a7a", "d8cdb8")
    for row in range(2):
        y = row * 0.95
        shelf.poly([(-1.1, y), (1.1, y), (1.1, y + 0.09), (-1.1, y + 0.09)], floor)
        for k in range(9):
            tall = 0.45 + 0.25 * chance.unit(f"book {row} {k}")
            shelf.poly(
                [(-0.95 + 0.2 * k, y), (-0.95 + 0.2 * k, y - tall), (-0.79 + 0.2 * k, y - tall), (-0.79 + 0.2 * k, y)],
                palette.lit(hex_colour(tones[(k * 5 + row) % 6]), 0.6),
            )


def underwater(canvas: Canvas, brief: Brief) -> None:
    """Blue water with shafts of light, weed, coral, bubbles."""
    own = brief.colour("land.underwater", "land.sea") or (brief.names("colour") or [""])[0]
    deep = named(own) if own and not brief.names("animal") else hex_colour("1a5f8f")
    canvas.flood(fade(light(mix(deep, hex_colour("5fd0d8"), 0.45), 0.2), dark(deep, 0.55), 0, canvas.height))
    _shafts(canvas, brief)
    bed = canvas.height * 0.9 - profile(brief.chance, "bed", canvas.width, 3, 3) * canvas.height * 0.06
    sand, mud = hex_colour("c9b98a") * 0.75, hex_colour("8a7f70") * 0.6
    below(canvas, bed, fade(sand, mud, canvas.height * 0.85, canvas.height))
    _corals(canvas, brief)
    if brief.has("plant.lotus", "land.lake"):
        _surface(canvas, brief)
    bubbles: list[Points] = []
    for x, y, size in brief.chance.field("bubbles", 26 + 12 * brief.detail, 3):
        radius = brief.short_side * (0.003 + 0.012 * size * size)
        ring = oval(x * canvas.width, y * canvas.height, radius, radius)
        bubbles.append(ribbon(points([*ring, *ring[:2]]), radius * 0.35))
    for bubble in bubbles:
        canvas.lay(canvas.cover([bubble]), hex_colour("e8fbff"), 0.6)


def _shafts(canvas: Canvas, brief: Brief) -> None:
    """Light that falls in from above."""
    lean, low = canvas.width * 0.22, canvas.height * 0.85
    for k in range(6):
        x = brief.chance.between(f"shaft {k}", -0.1, 1.0) * canvas.width
        wide = brief.chance.between(f"shaft wide {k}", 0.02, 0.09) * canvas.width
        shaft = points([(x, -5), (x + wide, -5), (x + wide * 2.4 + lean, low), (x + lean, low)])
        canvas.lay(canvas.cover([shaft]), hex_colour("dff6f4"), 0.11)


def _surface(canvas: Canvas, brief: Brief) -> None:
    """Leaves and flowers that float above."""
    own = brief.colour("plant.lotus")
    for number, (x, y) in enumerate(brief.chance.field("floating", 7, 2).tolist()):
        radius = brief.short_side * (0.09 + 0.03 * y)
        pen = Pen(canvas, Frame((number + 0.3 + 0.5 * x) / 7 * canvas.width, canvas.height * (0.05 + 0.09 * y), radius))
        pen.line([(0, 0), (0.3 * (x - 0.5), 2.0), (0.2, 4.2)], [0.05, 0.03], hex_colour("3f7a55"), opacity=0.7)
        pen.oval(0, 0, 1.2, 0.34, hex_colour("4f9a5a"))
        if number % 2 and brief.has("plant.lotus"):
            draw_flower(
                pen.at(0, -0.1, 0.85), "lotus", named(own) if own else None, brief.chance.branch(f"lotus {number}")
            )


def _corals(canvas: Canvas, brief: Brief) -> None:
    for number, (x, size, kind) in enumerate(brief.chance.field("corals", 9 + 2 * brief.detail, 3).tolist()):
        scale = canvas.height * (0.08 + 0.12 * size)
        pen = Pen(canvas, Frame(x * canvas.width, canvas.height * (0.93 + 0.06 * kind), scale), 0.7)
        own = brief.chance.branch(f"coral {number}")
        if kind < 0.55:
            green = hex_colour(own.pick("weed", ("2f7f5a", "4f9a5f", "3f6f6a")))
            for k in range(4):
                lean = own.between(f"lean {k}", -0.3, 0.3)
                pen.line(
                    [(k * 0.12, 0), (k * 0.12 + lean, -0.6), (k * 0.12 - lean * 0.5, -1.1), (k * 0.12 + lean, -1.6)],
                    [0.13, 0.12, 0.08, 0.02],
                    green,
                    line=0.6,
                )
        else:
            pink = hex_colour(own.pick("coral", ("e8667a", "f0915a", "b56ac0", "f2c25a")))
            for k in range(5):
                lean = (k - 2) * 0.28
                pen.line(
                    [(0, 0), (lean * 0.5, -0.4), (lean, -0.9 + 0.08 * abs(k - 2))], [0.2, 0.15, 0.12], pink, line=0.6
                )
                pen.oval(lean, -0.92 + 0.08 * abs(k - 2), 0.1, 0.1, light(pink, 0.3), line=0)


def space(canvas: Canvas, brief: Brief) -> None:
    """Stars, a nebula, and planets; the moon's ground if one stands on it."""
    chance = brief.chance
    canvas.flood(fade(hex_colour("0b0d22"), hex_colour("1f1a3f"), 0, canvas.height))
    tones = [
        hex_colour(text) for text in chance.pick("nebula", ("7a3fa8 2f6fc0", "c0406a 5a3fa8", "2f8f9f 7a4fc0")).split()
    ]
    if brief.palette.drawn:
        tones[0] = brief.palette.drawn[0]
    for k, tone in enumerate(tones):
        mist = cloud(chance, f"nebula {k}", (canvas.height, canvas.width), (3.5, 3), 3 + brief.detail)
        canvas.veil(np.clip((mist - np.float32(0.48)) * 4, 0, 1), vivid(tone, 1.2), 0.75)
    shapes: list[Points] = []
    for x, y, size in chance.field("space stars", 160 + 130 * brief.detail, 3):
        radius = brief.short_side / 700 * (0.6 + 2.0 * size * size * size)
        at = (x * canvas.width, y * canvas.height)
        shapes.append(star(*at, radius * 3, radius * 0.7, 4) if size > 0.92 else oval(*at, radius, radius)[::8])
    canvas.lay(canvas.cover(shapes), hex_colour("fff9e8"), 0.95)
    if not brief.names("who") and not brief.names("role"):
        _planet(canvas, brief, 0.42, 0.4, 0.24, ringed=chance.true("ring", 0.7))
    _planet(canvas, brief, 0.82, 0.18, 0.08, ringed=False)
    if brief.has("land.moonscape"):
        _moonscape(canvas, brief)
    if brief.names("craft"):
        draw_craft(canvas, brief, brief.names("craft")[0], canvas.height, canvas.height * 0.6, 0)


def _moonscape(canvas: Canvas, brief: Brief) -> None:
    """The ground of the moon: grey hills and craters."""
    grey = hex_colour("b5b3b8")
    line = canvas.height * 0.72 - profile(brief.chance, "moon hills", canvas.width, 2.4, 3) * canvas.height * 0.1
    below(canvas, line, fade(light(grey, 0.25), dark(grey, 0.35), canvas.height * 0.62, canvas.height))
    for x, y, size in sorted(brief.chance.field("moon craters", 16, 3).tolist(), key=lambda value: value[1]):
        radius = canvas.width * (0.02 + 0.07 * size) * (0.4 + 0.8 * y)
        pen = Pen(canvas, Frame(x * canvas.width, canvas.height * (0.72 + 0.28 * y), radius), 0.6)
        pen.oval(0, 0, 1.0, 0.34, dark(grey, 0.42))
        pen.oval(0.0, 0.1, 0.86, 0.25, dark(grey, 0.16), line=0)


def _planet(canvas: Canvas, brief: Brief, x: float, y: float, size: float, *, ringed: bool) -> None:
    chance = brief.chance.branch(f"planet {x}")
    colour = hex_colour(chance.pick("planet", ("d98a4a", "4f8fc0", "b56a8f", "7fb58a", "e0c07a")))
    own = brief.colour("land.space")
    colour = named(own) if own else colour
    pen = Pen(
        canvas, Frame(x * canvas.width, y * canvas.height, size * brief.short_side, chance.between("tilt", -0.06, 0.06))
    )
    canvas.glow(pen.frame.x, pen.frame.y, pen.pixel * 1.7, colour, 0.35)
    ring = [ribbon(oval(0, 0, 1.75, 0.4)[k : k + 34], 0.2) for k in (31,)]
    if ringed:
        pen.many(ring, light(colour, 0.45), opacity=0.85, line=0.5)
    body = pen.oval(0, 0, 1, 1, colour)
    for k in range(4 + brief.detail):
        band = -0.8 + 0.36 * k + chance.between(f"band {k}", -0.06, 0.06)
        pen.many(
            [oval(0, band, 1.2, chance.between(f"thick {k}", 0.05, 0.13))],
            light(colour, 0.25) if k % 2 else dark(colour, 0.2),
            opacity=0.6,
            clip=body,
            line=0,
        )
    pen.oval(0.75, 0.35, 0.95, 1.15, hex_colour("0a0818"), opacity=0.55, soft=0.2, clip=body)
    if ringed:
        front = [ribbon(oval(0, 0, 1.75, 0.4)[:34], 0.2)]
        pen.many(front, light(colour, 0.5), opacity=0.92, line=0.5)
