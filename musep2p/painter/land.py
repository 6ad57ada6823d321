"""The ground: mountains, hills, dunes, meadows and water, from far to near."""

from __future__ import annotations

import numpy as np

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Paint, Pen, fade
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix, vivid
from musep2p.painter.noise import Row, profile, smooth, value_noise
from musep2p.painter.palette import named
from musep2p.painter.raster import Mask, Patch
from musep2p.painter.vector import Frame, Points, oval, points, ribbon, spline

__all__ = ["below", "dunes", "hills", "lavender_rows", "meadow", "mountains", "sea", "volcano", "water_mirror"]


def below(canvas: Canvas, line: Row, paint: Paint, *, outline: float = 1.0) -> Patch | None:
    """Fill everything under a line that gives a row for every column."""
    columns = np.arange(0, canvas.width + 4, 2, dtype=np.float64)
    rows = line[np.minimum(columns.astype(np.int64), canvas.width - 1)]
    edge = np.stack((columns, rows), axis=1)
    shape = np.concatenate((edge, [(canvas.width + 4.0, canvas.height + 4.0), (-4.0, canvas.height + 4.0)]))
    shape[0, 0] = -4.0
    patch = canvas.cover([shape])
    canvas.lay(patch, paint)
    if canvas.line and outline:
        canvas.draw([ribbon(edge, canvas.line * outline)])
    return patch


def mountains(canvas: Canvas, brief: Brief, horizon: float, relief: float) -> None:
    """Ranges one behind the other; `relief` is their height as a part of the picture's."""
    if brief.has("place.fuji"):
        _cone(canvas, brief, horizon, relief * 1.15)
        return
    if brief.has("place.guilin"):
        _karst(canvas, brief, horizon, relief)
        return
    layers = 3 + (brief.detail >= 2)
    snowy = brief.season == "winter" or brief.has("place.alps", "weather.snow", "place.iceland") or relief > 0.3
    rock = mix(hex_colour("5c6684"), brief.palette.middle, 0.15)
    own = brief.colour("land.mountain")
    if own:
        rock = mix(rock, named_land(own), 0.7)
    for layer in range(layers):
        distance = 1 - (layer + 1) / (layers + 0.6)
        chance = brief.chance.branch(f"range {layer}")
        tall = relief * (1.0 - 0.16 * layer) * canvas.height
        ridge = profile(chance, "ridge", canvas.width, 1.6 + layer, 3 + brief.detail)
        sharp = 1 - np.abs(2 * ridge - 1)
        peaks = 0.6 * profile(chance, "peaks", canvas.width, 1.3 + 0.8 * layer, 1) + 0.5 * sharp
        line = horizon + (layer - 0.5) * 0.03 * canvas.height - tall * (peaks - 0.1)
        colour = brief.palette.lit(brief.palette.distant(rock, 0.8 * distance))
        _massif(canvas, brief, line, colour, snow=tall * 0.34 * (1 - 0.2 * layer) if snowy and layer < 3 else 0)


def _massif(canvas: Canvas, brief: Brief, line: Row, colour: Colour, snow: float) -> None:
    """One range with a lit and a shaded side, and snow above."""
    patch = below(canvas, line, mix(colour, brief.palette.sun, 0.10))
    if patch is None:
        return
    rows, columns = patch.window
    depth = np.arange(rows.start, rows.stop)[:, None] - line[None, columns]
    coarse = profile_slope(line)
    across = np.clip(np.arange(canvas.width)[None, columns] - (depth * 0.55).astype(np.int64), 0, canvas.width - 1)
    shade = Patch(patch.top, patch.left, patch.mask * (coarse[across] > 0))
    canvas.lay(shade, dark(colour, 0.28))
    if snow:
        ragged = value_noise(brief.chance, "snow edge", depth.shape, (depth.shape[0] / 14, depth.shape[1] / 18))
        white = np.clip((snow * (0.45 + 1.1 * ragged) - depth) * 0.2, 0, 1).astype(np.float32) * patch.mask
        bright = brief.palette.lit(hex_colour("f7f9fc"), 0.75)
        canvas.lay(Patch(patch.top, patch.left, white), bright)
        canvas.lay(Patch(patch.top, patch.left, white * shade.mask), mix(bright, hex_colour("7f9ac8"), 0.5))
    haze = np.clip(depth / (canvas.height * 0.32), 0, 0.55).astype(np.float32) * patch.mask
    canvas.lay(Patch(patch.top, patch.left, haze), brief.palette.horizon)


def profile_slope(line: Row) -> Row:
    """Where a line falls, taken over some distance, so that small steps do not count."""
    reach = max(2, len(line) // 48)
    padded = np.concatenate((np.full(reach, line[0]), line, np.full(reach, line[-1])))
    slope: Row = padded[2 * reach :] - padded[: -2 * reach]
    return slope


def _cone(canvas: Canvas, brief: Brief, horizon: float, relief: float) -> None:
    """Mount Fuji: one mountain with long concave sides and a white top."""
    x = brief.chance.between("cone", 0.38, 0.62) * canvas.width
    tall, wide = relief * canvas.height, max(canvas.width, canvas.height * 0.7) * 0.75
    away = np.abs(np.arange(canvas.width) - x) / wide
    side = np.maximum(0, 1 - away)
    rough = (profile(brief.chance, "rough", canvas.width, 30, 2) - 0.5) * 0.02
    line = horizon - tall * np.minimum(0.92, side * side * side * 1.08 + rough * side)
    colour = brief.palette.lit(brief.palette.distant(hex_colour("41598c"), 0.2))
    patch = below(canvas, line, fade(colour, mix(colour, brief.palette.horizon, 0.75), horizon - tall * 0.5, horizon))
    if patch is None:
        return
    rows, columns = patch.window
    teeth = profile(brief.chance, "snow", canvas.width, 26, 2)
    limit = horizon - tall * (0.56 + 0.22 * teeth)
    depth = limit[None, columns] - np.arange(rows.start, rows.stop)[:, None]
    white = np.clip(depth * 0.4, 0, 1).astype(np.float32) * patch.mask
    canvas.lay(Patch(patch.top, patch.left, white), brief.palette.lit(hex_colour("fbfbfd"), 0.7))


def _karst(canvas: Canvas, brief: Brief, horizon: float, relief: float) -> None:
    """Rounded limestone towers in layers of mist, as on the Li river."""
    for layer in range(4):
        chance = brief.chance.branch(f"karst {layer}")
        line = np.full(canvas.width, horizon + layer * 0.02 * canvas.height)
        for x, wide, tall in chance.field("towers", 7, 3):
            half = (0.04 + 0.07 * wide) * max(canvas.width, canvas.height * 0.6)
            away = np.minimum(1, np.abs(np.arange(canvas.width) - x * canvas.width) / half)
            dome = 1 - away * away * away
            height = relief * (0.35 + 0.75 * tall * tall) * (1.05 - 0.2 * layer) * canvas.height
            line = np.minimum(line, horizon + layer * 0.02 * canvas.height - height * dome)
        line = line + (profile(chance, "bush", canvas.width, 60, 2) - 0.5) * canvas.height * 0.012
        colour = brief.palette.lit(brief.palette.distant(hex_colour("3f6f66"), 0.72 - 0.2 * layer))
        foot = horizon + 0.03 * canvas.height
        below(canvas, line, fade(colour, mix(colour, brief.palette.horizon, 0.8), foot - relief * canvas.height, foot))


def volcano(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """A cone with fire in it and smoke above."""
    x, tall = brief.chance.between("volcano", 0.4, 0.6) * canvas.width, 0.34 * canvas.height
    unit = 0.34 * max(canvas.width, canvas.height * 0.7)
    for k, (a, b, c) in enumerate(brief.chance.field("smoke", 16, 3)):
        rise = k / 16
        radius = unit * (0.1 + 0.22 * rise) * (0.8 + 0.5 * c)
        at = (x + unit * ((a - 0.5) * 0.4 + rise * 0.5), horizon - tall - rise * tall * 0.8 + (b - 0.5) * unit * 0.1)
        tone = mix(hex_colour("5a4a50"), brief.palette.horizon, 0.25 + 0.4 * b)
        canvas.lay(canvas.cover([oval(*at, radius, radius * 0.8)]), tone, 0.8)
    canvas.glow(x, horizon - tall, unit * 0.9, hex_colour("ff7a2a"), 0.9)
    pen = Pen(canvas, Frame(x, horizon, unit))
    top = -tall / unit
    body = pen.blob([(-1.4, 0.1), (-0.6, top * 0.45), (-0.2, top), (0, top * 0.97), (0.2, top), (0.6, top * 0.45),
                     (1.4, 0.1)], brief.palette.lit(hex_colour("4a3a44"), 0.6))  # fmt: skip
    pen.many(
        [points([(0.2, top), (0.6, top * 0.45), (1.4, 0.1), (0.3, 0.1)])],
        hex_colour("241c28"),
        opacity=0.5,
        clip=body,
        line=0,
    )
    for number in range(4):
        c = brief.chance.branch(f"lava {number}")
        flow, drift = [(c.between("x", -0.14, 0.14), top * 0.99)], 0.0
        for k in range(1, 6):
            drift += c.between(f"{k}", -0.08, 0.08)
            flow.append((flow[0][0] * (1 + k * 0.7) + drift, top * (1 - k * 0.17)))
        pen.line(flow, [0.1, 0.05, 0.07, 0.02], hex_colour("ff8a2a"), clip=body)
        pen.line(flow, [0.04, 0.02, 0.03, 0.005], hex_colour("ffe07a"), clip=body)
    for a, b, c in brief.chance.field("sparks", 40, 3):
        pen.oval((a - 0.5) * 0.9, top - b * b * 0.6, 0.008 + 0.014 * c, 0.008 + 0.014 * c, hex_colour("ffc04a"), line=0)


def hills(canvas: Canvas, brief: Brief, horizon: float, count: int = 4) -> Row:
    """Rolling hills down to the lower edge; returns the line of the nearest but one, where things can stand."""
    palette = brief.palette
    line = np.full(canvas.width, horizon)
    stand = line
    for layer in range(count):
        part = layer / max(1, count - 1)
        chance = brief.chance.branch(f"hill {layer}")
        base = horizon + (canvas.height - horizon) * (part * 0.72)
        swing = (0.10 - 0.03 * part) * canvas.height
        line = base - swing * (profile(chance, "line", canvas.width, 1.5 + part, 1 + brief.detail) - 0.4)
        colour = mix(mix(palette.far, palette.middle, float(smooth(part))), palette.near, max(0.0, part * 1.6 - 0.6))
        colour = vivid(colour, 0.9 + 0.3 * part)
        patch = below(canvas, line, fade(light(colour, 0.12), dark(colour, 0.22), base - swing, base + swing * 3.2))
        if patch is not None and brief.detail >= 1 and layer >= 1:
            _furrows(canvas, brief, patch, line, colour, layer)
        if layer == count - 2:
            stand = line
    return stand


def _furrows(canvas: Canvas, brief: Brief, patch: Patch, line: Row, colour: Colour, layer: int) -> None:
    """Faint rows of a field that follow the hill."""
    chance = brief.chance.branch(f"furrow {layer}")
    if not chance.true("ploughed", 0.75):
        return
    lean = chance.between("lean", -0.5, 0.5)
    xs = np.arange(-40, canvas.width + 60, max(6, canvas.width // 60), dtype=np.float64)
    strips = []
    for k in range(3 + 3 * brief.detail):
        down = (0.012 + 0.03 * k) * canvas.height * (1 + 0.35 * k)
        rows = line[np.clip(xs, 0, canvas.width - 1).astype(np.int64)] + down + lean * (xs - canvas.width / 2) * 0.12
        strips.append(ribbon(np.stack((xs, rows), axis=1), canvas.height * 0.003 * (1 + k * 0.4)))
    cut = canvas.cover(strips)
    if cut is not None:
        canvas.lay(cut.clipped(patch), dark(colour, 0.3), 0.4)


def lavender_rows(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """Rows of blooming bushes that run to a vanishing point."""
    purple = brief.palette.lit(hex_colour("7a5ab4"), 0.7)
    below(canvas, np.full(canvas.width, horizon), brief.palette.lit(hex_colour("6f8a4a"), 0.7))
    vanish = brief.chance.between("vanish", 0.3, 0.7) * canvas.width
    shapes: list[Points] = []
    lights: list[Points] = []
    for k in range(-9, 10):
        near = canvas.width / 2 + k * canvas.width * 0.2
        for step in range(10 + 14 * (1 + brief.detail)):
            t = step / (24 + 14 * brief.detail) * 2.2
            depth = 1 / (1 + 6 * max(0.0, 1 - t))
            x, y = vanish + (near - vanish) * depth, horizon + (canvas.height * 1.02 - horizon) * depth
            size = canvas.width * 0.075 * depth
            shapes.append(oval(x, y, size, size * 0.6)[::4])
            lights.append(oval(x - size * 0.2, y - size * 0.22, size * 0.5, size * 0.25)[::8])
    canvas.lay(canvas.cover(shapes), fade(mix(purple, brief.palette.horizon, 0.5), purple, horizon, canvas.height))
    canvas.lay(canvas.cover(lights), light(purple, 0.35), 0.5)


def dunes(canvas: Canvas, brief: Brief, horizon: float) -> None:
    """Dunes: each with a lit slope and a sharp shadow."""
    sand = brief.palette.middle
    for layer in range(4):
        chance = brief.chance.branch(f"dune {layer}")
        part = layer / 3
        base = horizon + (canvas.height - horizon) * part * 0.66
        swing = (0.07 + 0.12 * part) * canvas.height
        wave = profile(chance, "line", canvas.width, 1.4, 1)
        line = base - swing * (smooth(wave) - 0.35)
        colour = mix(brief.palette.far, mix(sand, brief.palette.near, 0.25 * part), 0.35 + 0.65 * part)
        patch = below(canvas, line, fade(light(colour, 0.15), dark(colour, 0.12), base - swing, base + swing * 2))
        if patch is None:
            continue
        rows, columns = patch.window
        depth = np.arange(rows.start, rows.stop)[:, None] - line[None, columns]
        slope = profile_slope(line)
        across = np.clip(np.arange(canvas.width)[None, columns] + (depth * 0.8).astype(np.int64), 0, canvas.width - 1)
        fading = np.clip(1 - depth / (swing * 1.5), 0, 1)
        shade = patch.mask * (slope[across] > 0) * fading.astype(np.float32)
        canvas.lay(Patch(patch.top, patch.left, shade.astype(np.float32)), dark(vivid(colour, 1.2), 0.38))
        if brief.detail >= 2:
            ripple = np.abs(((depth * (0.10 - 0.05 * part)) % 2) - 1) > 0.8
            part_mask = (patch.mask * ripple * np.float32(0.22)).astype(np.float32)
            canvas.lay(Patch(patch.top, patch.left, part_mask), dark(colour, 0.4))


def meadow(canvas: Canvas, brief: Brief, horizon: float, *, flowers: Colour | None = None) -> None:
    """A field of grass from the horizon down, with tufts, and flowers if their colour is given."""
    palette = brief.palette
    top, near = mix(palette.middle, palette.horizon, 0.25), palette.near
    line = horizon + (profile(brief.chance, "meadow", canvas.width, 2, 2) - 0.5) * canvas.height * 0.03
    below(canvas, line, fade(top, near, horizon, canvas.height))
    count = 120 + 260 * brief.detail
    blades: list[list[Points]] = [[], []]
    for number, (x, y, lean) in enumerate(brief.chance.field("grass", count, 3)):
        depth = y * y * 0.9 + 0.1 * y
        foot = (x * canvas.width, horizon + (canvas.height - horizon) * (0.06 + depth))
        tall = canvas.height * (0.008 + 0.045 * depth)
        tip = (foot[0] + (lean - 0.5) * tall, foot[1] - tall)
        blades[number % 2].append(points([(foot[0] - tall * 0.07, foot[1]), tip, (foot[0] + tall * 0.07, foot[1])]))
    canvas.lay(canvas.cover(blades[0]), light(near, 0.22), 0.7)
    canvas.lay(canvas.cover(blades[1]), dark(near, 0.25), 0.7)
    if flowers is not None:
        _blooms(canvas, brief, horizon, flowers)


def _blooms(canvas: Canvas, brief: Brief, horizon: float, colour: Colour) -> None:
    petals: list[Points] = []
    eyes: list[Points] = []
    for x, y, size in brief.chance.field("blooms", 90 + 110 * brief.detail, 3):
        depth = y * y
        radius = canvas.height * (0.0022 + 0.014 * depth) * (0.7 + 0.6 * size)
        at = (x * canvas.width, horizon + (canvas.height - horizon) * (0.05 + 0.95 * depth))
        for k in range(5):
            around = oval(at[0], at[1], radius, radius * 0.8)[(k * 13 + int(size * 12)) % 64]
            petals.append(oval(around[0], around[1], radius * 0.62, radius * 0.55)[::8])
        eyes.append(oval(*at, radius * 0.42, radius * 0.36)[::8])
    canvas.lay(canvas.cover(petals), fade(mix(colour, brief.palette.horizon, 0.3), colour, horizon, canvas.height))
    canvas.lay(canvas.cover(eyes), hex_colour("f2c84a"))


def water_mirror(canvas: Canvas, brief: Brief, top: float) -> None:
    """Still water from a row down: what is above stands in it upside down, broken by ripples."""
    first = int(top)
    if first >= canvas.height - 1 or first < 2:
        return
    rows = np.arange(first, canvas.height)
    size = (len(rows), canvas.width)
    near = ((rows - first) / max(1, canvas.height - first)).astype(np.float32)
    wave = value_noise(brief.chance, "ripple", size, (26 + 14 * brief.detail, 3)) - np.float32(0.5)
    shift = (wave * (2 + near * canvas.width * 0.05)[:, None]).astype(np.int64)
    columns = np.clip(np.arange(canvas.width)[None, :] + shift, 0, canvas.width - 1)
    source = np.clip(2 * first - rows - 1, 0, first - 1)
    mirrored = canvas.rgb[source[:, None], columns]
    tint = mix(brief.palette.sky, brief.palette.horizon, 0.35)
    own = brief.colour("land.lake", "land.river", "land.sea")
    if own:
        tint = mix(tint, named_land(own), 0.6)
    canvas.rgb[first:] = mirrored * np.float32(0.68) + (tint * 0.29).astype(np.float32)
    streak = np.clip((value_noise(brief.chance, "streak", size, (44, 5)) - np.float32(0.72)) * 5, 0, 0.6)
    canvas.lay(Patch(first, 0, streak * (0.3 + 0.7 * near)[:, None]), light(brief.palette.horizon, 0.5))
    if canvas.ink is not None:
        canvas.ink[first:] = 0
        lines = [
            ribbon(
                spline(
                    [
                        (x * canvas.width, first + y * len(rows)),
                        (x * canvas.width + canvas.width * 0.05, first + y * len(rows) - 1),
                        (x * canvas.width + canvas.width * 0.1, first + y * len(rows)),
                    ],
                    closed=False,
                ),
                canvas.line * 0.6,
            )
            for x, y in brief.chance.field("lines", 14, 2)
        ]
        canvas.draw(lines)


def sea(canvas: Canvas, brief: Brief, top: float) -> None:
    """Open water: swell that grows towards the viewer, with foam, and the light of the sky on it."""
    palette = brief.palette
    own = brief.colour("land.sea")
    deep = palette.lit(named_land(own) if own else hex_colour("1f6f96"), 0.85)
    far = mix(deep, palette.horizon, 0.55)
    rough = 1.0 + 1.2 * brief.has("weather.storm", "weather.wind") + 0.6 * max(0.0, brief.weight("land.sea") - 1)
    below(canvas, np.full(canvas.width, top), fade(far, deep, top, canvas.height), outline=0.6)
    count = 7 + 3 * brief.detail
    for layer in range(count):
        part = (layer + 0.5) / count
        depth = part * part
        chance = brief.chance.branch(f"wave {layer}")
        base = top + (canvas.height - top) * (0.02 + 0.98 * depth)
        swing = canvas.height * (0.004 + 0.05 * depth) * rough
        crest = profile(chance, "crest", canvas.width, 9 - 6 * part, 2)
        sharp = 1 - np.abs(2 * crest - 1)
        line = base - swing * (sharp - 0.4)
        colour = mix(far, mix(deep, dark(deep, 0.3), part), 0.3 + 0.7 * part)
        patch = below(
            canvas, line, fade(light(colour, 0.2), dark(colour, 0.1), base - swing, base + swing * 1.5), outline=0.5
        )
        if patch is not None and layer > 1:
            _foam(canvas, patch, line, sharp, swing, palette.lit(hex_colour("f4fafb"), 0.5))
    shine = value_noise(brief.chance, "shine", (max(1, canvas.height - int(top)), canvas.width), (70, 12))
    glint: Mask = np.clip((shine - np.float32(0.8)) * 6, 0, 0.7)
    canvas.lay(Patch(int(top), 0, glint[: canvas.height - int(top)]), light(palette.sun, 0.2))


def _foam(canvas: Canvas, patch: Patch, line: Row, sharp: Row, swing: float, white: Colour) -> None:
    rows, columns = patch.window
    depth = (np.arange(rows.start, rows.stop)[:, None] - line[None, columns]).astype(np.float32)
    band = np.maximum(0, sharp - 0.8)[None, columns].astype(np.float32) * np.float32(swing * 1.5)
    band = np.minimum(band, np.float32(swing * 0.1 + 1))
    mask = np.clip(band - np.abs(depth - band * np.float32(0.4)), 0, 1) * patch.mask
    canvas.lay(Patch(patch.top, patch.left, mask), white, 0.9)


def named_land(name: str) -> Colour:
    """A named colour, a little calmer, as large surfaces need it."""
    return vivid(named(name), 0.9)
