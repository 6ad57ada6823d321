"""What is above: gradient, sun and moon, clouds, stars, aurora, and all that flies."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen, fade
from musep2p.painter.colour import Colour, hex_colour, light, mix
from musep2p.painter.noise import cloud, profile
from musep2p.painter.palette import named
from musep2p.painter.vector import Frame, Points, arc, oval, path, points, ribbon, spline, star

__all__ = ["paint_sky"]

_BRIGHT = {"red": "d8402f", "gold": "f2c14a", "orange": "f08a3a", "blue": "7fb0e8", "pink": "f2a0b8"}
_RAINBOW = ("d84a3f", "ea8b3a", "f2cf4a", "69b35f", "4a8fd0", "6a55a8")


def paint_sky(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """Fill the canvas with sky, and put into it what the brief wants; `horizon` in pixels."""
    palette = brief.palette
    canvas.flood(fade(palette.sky, palette.horizon, 0, horizon))
    if palette.night or brief.has("sky.stars"):
        _stars(canvas, brief, horizon)
    if brief.has("sky.aurora"):
        _aurora(canvas, brief, horizon)
    _disc(canvas, brief, horizon)
    if brief.has("sky.rainbow"):
        _rainbow(canvas, brief, horizon)
    cloudy = brief.has("sky.clouds", "weather.storm", "weather.rain") or palette.mood == "grey"
    if cloudy or (not palette.night and brief.extra("sky.clouds", 0.5)):
        _clouds(canvas, brief, horizon, heavy=cloudy)
    if brief.has("weather.storm"):
        _lightning(canvas, brief, horizon)
    _fliers(canvas, brief, horizon)


def _stars(canvas: Canvas, brief: Brief, horizon: float) -> None:
    asked = brief.weight("sky.stars")
    count = int((60 + 60 * brief.detail) * (1 + 2 * asked))
    values = brief.chance.field("stars", count, 3)
    unit = brief.short_side / 700
    shapes: list[Points] = []
    for x, y, size in values:
        radius = unit * (0.7 + 1.6 * size * size) * (1.3 if asked else 1)
        at = (x * canvas.width, y * horizon)
        shapes.append(star(*at, radius * 2.6, radius * 0.7, 4) if size > 0.9 else oval(*at, radius, radius)[::4])
    canvas.lay(canvas.cover(shapes), hex_colour("fff6da"), 0.95)
    if asked:
        _milky_way(canvas, brief, horizon)


def _milky_way(canvas: Canvas, brief: Brief, horizon: float) -> None:
    lean = brief.chance.between("galaxy", -0.6, 0.6)
    y = np.arange(canvas.height, dtype=np.float32)[:, None] / np.float32(canvas.height)
    x = np.arange(canvas.width, dtype=np.float32)[None, :] / np.float32(canvas.width)
    away = x - np.float32(0.5 + lean * 0.3) + (y - np.float32(0.3)) * np.float32(lean)
    band = np.maximum(0, 1 - away * away * np.float32(22))
    texture = cloud(brief.chance, "galaxy", (canvas.height, canvas.width), (7, 5), 4)
    fading = np.clip((horizon - np.arange(canvas.height)) / max(1, horizon), 0, 1).astype(np.float32)[:, None]
    canvas.veil(band * np.maximum(0, texture - np.float32(0.35)) * 1.4 * fading, hex_colour("cfc4f0"), 0.9)


def _aurora(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """Curtains: columns of light that hang from wavy lines."""
    colours = [hex_colour(c) for c in ("54f0a0", "3fd8c0", "9a6af0")]
    if brief.palette.drawn:
        colours[0] = light(brief.palette.drawn[0], 0.2)
    rows = np.arange(canvas.height, dtype=np.float32)[:, None]
    for number, colour in enumerate(colours):
        chance = brief.chance.branch(f"aurora {number}")
        foot = (0.45 + 0.2 * number + 0.4 * (profile(chance, "foot", canvas.width, 3, 3) - 0.5)) * horizon
        tall = (0.35 + 0.5 * profile(chance, "tall", canvas.width, 14, 3)) * horizon
        up = (foot[None, :].astype(np.float32) - rows) / tall[None, :].astype(np.float32)
        shine = np.where(up > 0, np.maximum(0, 1 - up), np.maximum(0, 1 + up * 9))
        rays = (0.45 + 0.75 * profile(chance, "rays", canvas.width, 60, 2))[None, :].astype(np.float32)
        canvas.veil(shine * shine * rays, colour, 0.62)


def _disc(canvas: Canvas, brief: Brief, horizon: float) -> None:
    palette, chance = brief.palette, brief.chance
    asked = brief.weight("sky.sun", "sky.moon")
    if brief.palette.mood == "grey" and not asked:
        return
    if not asked and not brief.extra("sky.moon" if palette.night else "sky.sun", 0.6):
        return
    moon = brief.has("sky.moon") or (palette.night and not brief.has("sky.sun"))
    radius = (0.055 + 0.035 * chance.unit("disc size") + 0.055 * min(2.0, asked)) * brief.short_side
    side = chance.pick("disc side", (0.24, 0.3, 0.7, 0.76)) + chance.between("disc x", -0.06, 0.06)
    low = palette.mood in ("sunset", "dawn")
    y = (chance.between("disc y", 0.66, 0.85) if low else chance.between("disc y", 0.22, 0.42)) * horizon
    x = side * canvas.width
    own = brief.colour("sky.sun", "sky.moon")
    colour = _bright(own) if own else light(palette.sun, 0.2)
    canvas.glow(x, y, radius * 5, colour, 0.6)
    pen = Pen(canvas, Frame(x, y, radius))
    if moon and not own and chance.true("crescent", 0.35):
        disc, shadow = (
            canvas.cover([pen.frame.place(shape)]) for shape in (oval(0, 0, 1, 1), oval(0.42, -0.18, 0.92, 0.92))
        )
        if disc is not None:
            canvas.lay(disc if shadow is None else disc.without(shadow), colour)
        return
    body = pen.oval(0, 0, 1, 1, colour)
    if moon and body is not None and brief.detail >= 1:
        spots = chance.field("craters", 7, 3)
        shapes = [oval(a * 1.3 - 0.65, b * 1.3 - 0.65, 0.08 + c * 0.2, 0.07 + c * 0.17) for a, b, c in spots]
        pen.many(shapes, colour * 0.88, opacity=0.5, clip=body, line=0)


def _bright(name: str) -> Colour:
    """A named colour as light or silk has it, brighter than paint."""
    return hex_colour(_BRIGHT[name]) if name in _BRIGHT else named(name)


def _rainbow(canvas: Canvas, brief: Brief, horizon: float) -> None:
    x = brief.chance.between("rainbow", 0.35, 0.65) * canvas.width
    outer = 0.62 * max(canvas.width, horizon)
    step = outer * 0.032 * min(1.6, brief.weight("sky.rainbow"))
    for number, colour in enumerate(_RAINBOW):
        radius = outer - number * step
        band = ribbon(arc(x, horizon, radius, radius, -0.5, 0, 48), step * 1.15)
        canvas.lay(canvas.cover([band]), hex_colour(colour), 0.72)


def _clouds(canvas: Canvas, brief: Brief, horizon: float, *, heavy: bool) -> None:
    palette, chance = brief.palette, brief.chance
    bright = (
        palette.lit(hex_colour("fdfbf5"), 0.8) if not heavy else palette.lit(mix(palette.sky, palette.horizon, 0.7))
    )
    shade = mix(bright, palette.sky, 0.45)
    size = (int(max(8, horizon)), canvas.width)
    cells = (5.0, 3.5 * canvas.width / max(1, horizon))
    texture = cloud(chance, "cover", size, cells, 3 + brief.detail)
    cover = np.float32(0.44 if heavy else 0.56)
    part = np.clip((texture - cover) * 5, 0, 1) * np.float32(0.85 if heavy else 0.6)
    fading = np.clip(1.1 - np.arange(size[0]) / size[0], 0, 1).astype(np.float32)[:, None]
    region = canvas.rgb[: size[0]]
    part = (part * fading)[: region.shape[0], :, None]
    lower = np.clip((texture - cover - np.float32(0.12)) * 4, 0, 1)[: region.shape[0], :, None]
    region += ((bright + (shade - bright) * lower).astype(np.float32) - region) * part
    if brief.weight("sky.clouds") or (not heavy and brief.detail >= 1):
        for number in range(2 + brief.detail + int(3 * brief.weight("sky.clouds"))):
            _puff(canvas, brief, horizon, number, (bright, shade))


def _puff(canvas: Canvas, brief: Brief, horizon: float, number: int, colours: tuple[Colour, Colour]) -> None:
    chance = brief.chance.branch(f"puff {number}")
    y = chance.between("y", 0.12, 0.8)
    scale = chance.between("size", 0.07, 0.14) * brief.short_side * (0.5 + 0.9 * (1 - y))
    pen = Pen(canvas, Frame(chance.unit("x") * canvas.width, y * horizon, scale), 0.7)
    lobes = [oval((k - 2) * 0.62, -0.25 - 0.3 * chance.unit(f"up {k}") * (1 if k in (1, 2, 3) else 0.2),
                  0.5, 0.42 if k in (0, 4) else 0.6) for k in range(5)]  # fmt: skip
    base = oval(0, 0.02, 1.75, 0.24)
    body = pen.many([*lobes, base], colours[0], opacity=0.92, line=0)
    pen.many([oval(0.05, 0.16, 1.6, 0.2)], colours[1], opacity=0.55, clip=body, line=0)


def _lightning(canvas: Canvas, brief: Brief, horizon: float) -> None:
    for number in range(1 + brief.chance.whole("bolts", 0, 1)):
        chance = brief.chance.branch(f"bolt {number}")
        x, y = chance.between("x", 0.2, 0.8) * canvas.width, 0.08 * horizon
        path = [(x, y)]
        while y < horizon * 0.98:
            y += horizon * chance.between(f"down {len(path)}", 0.07, 0.14)
            x += canvas.width * chance.between(f"aside {len(path)}", -0.07, 0.07)
            path.append((x, y))
        canvas.glow(path[0][0], path[0][1], brief.short_side * 0.5, hex_colour("dfe4ff"), 0.5)
        width = brief.short_side / 110
        canvas.lay(canvas.cover([ribbon(path, [width, width * 0.3])]), hex_colour("fffbe0"))


def _fliers(canvas: Canvas, brief: Brief, horizon: float) -> None:
    if brief.extra("sky.birds", 0.3 if brief.detail >= 1 else 0) and not brief.palette.night:
        _birds(canvas, brief, horizon)
    if brief.has("sky.balloon"):
        for number in range(1 + int(2 * brief.weight("sky.balloon"))):
            _balloon(canvas, brief, horizon, number)
    if brief.has("sky.fireworks"):
        for number in range(3 + brief.detail + int(2 * brief.weight("sky.fireworks"))):
            _firework(canvas, brief, horizon, number)
    if brief.has("sky.lanterns"):
        _lanterns(canvas, brief, horizon)
    if brief.has("sky.comet"):
        _comet(canvas, brief, horizon)
    if brief.has("sky.plane"):
        _plane(canvas, brief, horizon)
    if brief.has("sky.kite"):
        _kite(canvas, brief, horizon)


def _birds(canvas: Canvas, brief: Brief, horizon: float) -> None:
    asked = brief.weight("sky.birds")
    colour = mix(brief.palette.sky * 0.3, brief.palette.near, 0.3)
    cx, cy = brief.chance.between("flock x", 0.25, 0.7), brief.chance.between("flock y", 0.25, 0.55)
    wings = []
    for x, y, size in brief.chance.field("flock", 5 + int(9 * asked), 3):
        scale = brief.short_side * (0.012 + 0.02 * size) * (1 + 0.5 * min(1.5, asked))
        at = Frame(
            (cx + (x - 0.5) * (0.4 + 0.3 * min(1.0, asked))) * canvas.width,
            (cy + (y - 0.5) * 0.5) * horizon,
            scale,
            (y - 0.5) * 0.08,
        )
        wing = spline(path("-1,-0.35 -0.5,-0.55 0,0 0.5,-0.55 1,-0.3"), closed=False)
        wings.append(at.place(ribbon(wing, [0.04, 0.2, 0.26, 0.2, 0.04])))
    canvas.lay(canvas.cover(wings), colour)


def _balloon(canvas: Canvas, brief: Brief, horizon: float, number: int) -> None:
    chance = brief.chance.branch(f"balloon {number}")
    scale = brief.short_side * (0.12 if number == 0 else chance.between("size", 0.04, 0.09))
    slot = (number % 3) * 0.3 + 0.2
    x, y = slot + chance.between("x", -0.08, 0.08), chance.between("y", 0.22, 0.6)
    pen = Pen(canvas, Frame(x * canvas.width, y * horizon, scale))
    own = brief.colour("sky.balloon")
    one = _bright(own) if own else hex_colour(chance.pick("one", ("d8452f", "e8a33a", "3f7fc0", "7a4fa0")))
    envelope = pen.blob(
        path("0,-1 0.75,-0.7 0.92,-0.1 0.45,0.6 0.16,0.95 -0.16,0.95 -0.45,0.6 -0.92,-0.1 -0.75,-0.7"),
        brief.palette.lit(one, 0.5),
    )
    for side in (-0.56, 0.0, 0.56):
        pen.oval(side, -0.05, 0.14, 1.05, brief.palette.lit(hex_colour("fbf0d8"), 0.5), clip=envelope, line=0)
    pen.oval(0.55, 0.1, 0.5, 1.1, one * 0.5, opacity=0.25, clip=envelope, line=0)
    pen.line([(-0.14, 0.95), (-0.12, 1.3)], 0.03, hex_colour("4a3826"))
    pen.line([(0.14, 0.95), (0.12, 1.3)], 0.03, hex_colour("4a3826"))
    pen.poly([(-0.2, 1.28), (0.2, 1.28), (0.15, 1.56), (-0.15, 1.56)], hex_colour("8a5f36"))


def _firework(canvas: Canvas, brief: Brief, horizon: float, number: int) -> None:
    chance = brief.chance.branch(f"firework {number}")
    x, y = chance.unit("x") * canvas.width, chance.between("y", 0.12, 0.6) * horizon
    radius = brief.short_side * chance.between("size", 0.09, 0.2)
    colour = hex_colour(chance.pick("colour", ("ff6a5a", "ffd25a", "7af0c0", "7ab8ff", "f08aff", "fff0c0")))
    canvas.glow(x, y, radius * 1.3, colour, 0.55)
    rays, sparks = [], []
    count = 16 + 6 * brief.detail
    for k, (r, _) in enumerate(chance.field("rays", count, 2)):
        end = arc(x, y, radius * (0.75 + 0.3 * r), radius * (0.75 + 0.3 * r), k / count, k / count + 0.001, 2)[0]
        begin = points([(x, y)])[0] * 0.7 + end * 0.3
        drop = np.array((0.0, radius * 0.08))
        rays.append(ribbon(np.stack((begin, (begin + end) / 2, end + drop)), [radius * 0.008, radius * 0.03]))
        sparks.append(oval(end[0], end[1] + drop[1], radius * 0.028, radius * 0.028)[::8])
    canvas.lay(canvas.cover(rays), colour)
    canvas.lay(canvas.cover(sparks), light(colour, 0.6))


def _lanterns(canvas: Canvas, brief: Brief, horizon: float) -> None:
    for x, y, size in brief.chance.field("lanterns", 10 + 4 * brief.detail, 3):
        scale = brief.short_side * (0.012 + 0.035 * size * size)
        at = (x * canvas.width, (0.05 + 0.85 * y) * horizon)
        canvas.glow(*at, scale * 5, hex_colour("ffae4a"), 0.8)
        pen = Pen(canvas, Frame(*at, scale))
        pen.poly(
            [(-0.6, -1), (0.6, -1), (0.8, 0.9), (-0.8, 0.9)],
            fade(hex_colour("ffd98a"), hex_colour("f27a2a"), at[1] - scale, at[1] + scale),
        )


def _comet(canvas: Canvas, brief: Brief, horizon: float) -> None:
    for number in range(1 + brief.chance.whole("comets", 0, 2)):
        chance = brief.chance.branch(f"comet {number}")
        x, y = chance.between("x", 0.15, 0.75) * canvas.width, chance.between("y", 0.2, 0.6) * horizon
        long = brief.short_side * chance.between("long", 0.2, 0.4)
        head = brief.short_side / 90
        tail = ribbon([(x, y), (x + long * 0.5, y - long * 0.3), (x + long, y - long * 0.6)], [head * 2, 0.2])
        canvas.lay(canvas.cover([tail]), hex_colour("fff4d8"), 0.6)
        canvas.glow(x, y, head * 6, hex_colour("ffffff"), 0.9)


def _plane(canvas: Canvas, brief: Brief, horizon: float) -> None:
    x = brief.chance.between("plane", 0.3, 0.7) * canvas.width
    pen = Pen(canvas, Frame(x, 0.35 * horizon, brief.short_side * 0.16, -0.03))
    white = brief.palette.lit(hex_colour("f4f4f2"), 0.6)
    pen.poly([(-0.1, 0), (0.25, 0), (-0.35, -0.5), (-0.5, -0.5)], white * 0.8)
    pen.blob(path("-1,0 -0.6,-0.13 0.7,-0.12 1.05,0.03 0.7,0.13 -0.6,0.1"), white)
    pen.poly([(-0.95, 0), (-0.7, -0.02), (-0.9, -0.36), (-1.05, -0.36)], hex_colour("c8402f"))
    pen.poly([(-0.15, 0.05), (0.3, 0.05), (-0.4, 0.62), (-0.55, 0.62)], white * 0.9)
    pen.many([oval(-0.5 + k * 0.16, -0.01, 0.035, 0.04) for k in range(8)], hex_colour("4a6a8a"), line=0)


def _kite(canvas: Canvas, brief: Brief, horizon: float) -> None:
    x = brief.chance.between("kite", 0.35, 0.7) * canvas.width
    pen = Pen(canvas, Frame(x, 0.35 * horizon, brief.short_side * 0.1, 0.08))
    own = brief.colour("sky.kite")
    colour = _bright(own) if own else hex_colour("d8452f")
    pen.line([(0, 1.1), (-0.5, 2.4), (0.4, 3.6), (-0.6, 5.5)], 0.03, hex_colour("5a4a3a"))
    pen.poly([(0, -1), (0.75, -0.1), (0, 1.1), (-0.75, -0.1)], colour)
    pen.poly([(0, -1), (0.75, -0.1), (0, -0.1)], light(colour, 0.5), line=0)
    pen.poly([(0, 1.1), (-0.75, -0.1), (0, -0.1)], light(colour, 0.3), line=0)
    bows = [points([(a, b), (a - 0.22, b - 0.14), (a - 0.22, b + 0.14)]) for a, b in ((-0.3, 1.9), (0, 2.9), (0.1, 4))]
    pen.many([*bows, *[bow * (-1, 1) + (2 * bow[0][0], 0) for bow in bows]], hex_colour("f2c14a"), line=0)
