"""Landscapes: the sky, what closes the view, water or land, and what stands there."""

from __future__ import annotations

import numpy as np

from musep2p.painter import land
from musep2p.painter.brief import Brief
from musep2p.painter.buildings import draw_building
from musep2p.painter.canvas import Canvas, Pen, fade
from musep2p.painter.colour import dark, hex_colour, light, mix
from musep2p.painter.crafts import draw_craft
from musep2p.painter.grove import building_place, grove_of, paint_tree
from musep2p.painter.landmarks import LANDMARKS, draw_landmark
from musep2p.painter.noise import profile
from musep2p.painter.palette import named
from musep2p.painter.plants import FLOWERS, TREES, draw_flower, draw_tree
from musep2p.painter.sky import paint_sky
from musep2p.painter.subject import subject_of
from musep2p.painter.town import paint_row, paint_skyline, paint_street, site_of
from musep2p.painter.vector import Frame, oval, path

__all__ = ["paint_landscape"]

_WATERY = (
    "land.sea",
    "land.lake",
    "land.river",
    "land.harbour",
    "land.beach",
    "land.island",
    "craft.sailboat",
    "craft.ship",
    "place.venice",
    "place.hangzhou",
    "place.sydney",
    "place.sanfrancisco",
    "place.santorini",
    "place.hawaii",
    "building.lighthouse",
    "animal.swan",
    "plant.lotus",
    "place.guilin",
)


_OPEN_SEA = (
    "land.sea",
    "land.beach",
    "land.island",
    "craft.ship",
    "place.sydney",
    "place.sanfrancisco",
    "place.santorini",
    "place.hawaii",
    "building.lighthouse",
)


_KNOWN_FOR = {"kyoto": "torii", "istanbul": "mosque", "hangzhou": "pavilion", "cairo": "pyramid", "athens": "ruins"}


_STREETY = ("land.street", "finish.neon")


def paint_landscape(canvas: Canvas, brief: Brief) -> None:
    """Fill the canvas with the place that the brief names, or with one that goes with what it says."""
    chance = brief.chance
    horizon = chance.between("horizon", 0.5, 0.6) * canvas.height
    if brief.has("place.dubai", "land.city") or brief.has(*_STREETY):
        horizon = chance.between("horizon", 0.55, 0.62) * canvas.height
    if brief.has(*_STREETY) and not brief.has("land.sea", "land.mountain", "land.forest"):
        paint_sky(canvas, brief, horizon)
        if brief.has("land.city", "finish.neon"):
            paint_skyline(canvas, brief, horizon * 1.02)
        paint_street(canvas, brief, horizon)
        _landmark(canvas, brief, horizon, 0.9)
        _crafts(canvas, brief, horizon, (horizon + canvas.height) / 2)
        return
    watery = brief.has(*_WATERY)
    paint_sky(canvas, brief, horizon)
    _far(canvas, brief, horizon, watery=watery)
    if watery:
        _water(canvas, brief, horizon)
        return
    if brief.has("land.city") or (
        brief.has("building.tower", "place.newyork", "place.hongkong", "place.tokyo", "place.shanghai", "place.dubai")
    ):
        paint_skyline(canvas, brief, canvas.height * 0.86)
        _landmark(canvas, brief, canvas.height * 0.86, 1.0)
        _crafts(canvas, brief, horizon, canvas.height * 0.93)
        return
    stand = _ground(canvas, brief, horizon)
    _standing(canvas, brief, stand)


def _far(canvas: Canvas, brief: Brief, horizon: float, *, watery: bool) -> None:
    """What closes the view."""
    if brief.has("land.volcano"):
        land.volcano(canvas, brief, horizon * 1.02)
    elif brief.has(
        "land.mountain",
        "place.fuji",
        "place.guilin",
        "place.alps",
        "place.wall",
        "land.snowfield",
        "land.waterfall",
        "place.iceland",
    ):
        weight = max(1.0, brief.weight("land.mountain"))
        land.mountains(canvas, brief, horizon * 1.02, min(0.46, 0.34 * weight))
        if brief.has("land.waterfall"):
            _waterfall(canvas, brief, horizon + canvas.height * 0.12)
    elif (watery and not brief.has(*_OPEN_SEA)) or brief.has("place.tuscany", "place.rio"):
        land.mountains(canvas, brief, horizon * 1.01, 0.12)


def _water(canvas: Canvas, brief: Brief, horizon: float) -> None:
    top = horizon * 1.0
    calm = not brief.has(*_OPEN_SEA)
    if brief.has("land.harbour", "land.city"):
        paint_skyline(canvas, brief, top + 2)
    if calm:
        if not brief.has("land.city", "land.harbour"):
            _shore(canvas, brief, top)
        _landmark(canvas, brief, top + canvas.height * 0.01, 0.95)
        _buildings(canvas, brief, top + canvas.height * 0.012, 0.85)
        land.water_mirror(canvas, brief, top + canvas.height * 0.015)
    else:
        land.sea(canvas, brief, top)
        _islands(canvas, brief, top)
        _landmark(canvas, brief, top + canvas.height * (0.1 if brief.has("place.sanfrancisco") else 0.03), 0.95)
    if brief.has("land.beach", "place.hawaii"):
        _beach(canvas, brief)
    elif not calm and any(name not in ("lighthouse", "bridge") for name in brief.names("building")):
        bank = canvas.height * (0.84 + 0.03 * profile(brief.chance, "bank", canvas.width, 3, 2))
        land.below(
            canvas,
            bank,
            fade(light(brief.palette.near, 0.1), dark(brief.palette.near, 0.2), canvas.height * 0.84, canvas.height),
        )
        _buildings(canvas, brief, canvas.height * 0.9, 1.05)
    _crafts(canvas, brief, horizon, top + (canvas.height - top) * 0.42)
    if brief.has("plant.lotus"):
        _lily_pads(canvas, brief, top)
    trees = [name for name in brief.names("plant") if name in TREES] or (
        ["palm"] if brief.has("place.hawaii", "land.beach") else ["willow"] if brief.has("place.hangzhou") else []
    )
    for number, name in enumerate(trees[:2]):
        side = brief.chance.pick("near tree", (0.12, 0.88)) if number == 0 else 0.5
        pen = Pen(canvas, Frame(side * canvas.width, canvas.height * 1.0, canvas.height * 0.56))
        draw_tree(pen, name, brief.palette.lit(hex_colour("3f7a45")), brief.chance.branch("near tree"), brief.detail)


def _shore(canvas: Canvas, brief: Brief, top: float) -> None:
    line = top - canvas.height * (0.012 + 0.05 * profile(brief.chance, "shore", canvas.width, 5, 4))
    colour = brief.palette.distant(mix(brief.palette.near, brief.palette.middle, 0.3), 0.25)
    land.below(canvas, line, dark(colour, 0.12))


def _islands(canvas: Canvas, brief: Brief, top: float) -> None:
    lighthouse = brief.has("building.lighthouse")
    if not (brief.has("land.island", "place.hawaii") or lighthouse):
        return
    x = brief.chance.pick("island", (0.3, 0.7)) * canvas.width
    wide = canvas.width * 0.3
    rock = brief.palette.lit(hex_colour("5a5f58" if lighthouse else "5f8a55"), 0.8)
    base = top + canvas.height * 0.045
    pen = Pen(canvas, Frame(x, base, wide))
    pen.blob(
        path("-1,0.06 -0.75,-0.1 -0.35,-0.2 0.05,-0.26 0.45,-0.16 0.85,-0.06 1,0.06 0,0.13"),
        rock,
    )
    pen.line([(-1.0, 0.07), (0, 0.13), (1.0, 0.07)], 0.03, hex_colour("f4f8fa"), opacity=0.8)
    if brief.has("land.island", "place.hawaii") and not lighthouse:
        for k in (-0.4, -0.1, 0.25):
            draw_tree(
                pen.at(k, -0.16, 0.55),
                "palm",
                brief.palette.lit(hex_colour("3f8a4a")),
                brief.chance.branch(f"palm {k}"),
                brief.detail,
            )
    if lighthouse:
        scale = min(0.33 * canvas.height, canvas.width * 0.6)
        draw_building(
            Pen(canvas, Frame(x, base - wide * 0.22, scale)),
            "lighthouse",
            site_of(brief, "lighthouse", "building.lighthouse"),
        )


def _beach(canvas: Canvas, brief: Brief) -> None:
    line = canvas.height * 0.84 + (profile(brief.chance, "beach", canvas.width, 1.6, 1) - 0.5) * canvas.height * 0.12
    sand = brief.palette.lit(hex_colour("ecd8ae"), 0.8)
    land.below(canvas, line - canvas.height * 0.014, brief.palette.lit(hex_colour("f8fbfb"), 0.6))
    land.below(canvas, line, fade(dark(sand, 0.1), light(sand, 0.1), canvas.height * 0.8, canvas.height))
    if brief.detail >= 1:
        pen = Pen(canvas, Frame(canvas.width * 0.68, canvas.height * 0.95, canvas.height * 0.11))
        pen.line([(0.1, 0.05), (-0.1, -1.1)], 0.05, hex_colour("8a6a4a"))
        stripe = pen.blob(
            path("-0.85,-0.9 -0.6,-1.25 -0.08,-1.42 0.5,-1.2 0.72,-0.8 0.3,-0.95 -0.1,-0.98 -0.5,-0.98"),
            hex_colour("d8452f"),
        )
        for x in (-0.5, 0.0, 0.45):
            pen.line([(-0.08, -1.42), (x, -0.8)], 0.14, hex_colour("fbf4e6"), clip=stripe)


def _lily_pads(canvas: Canvas, brief: Brief, top: float) -> None:
    values = sorted(brief.chance.field("pads", 14 + 6 * brief.detail, 3).tolist(), key=lambda value: value[1])
    own = brief.colour("plant.lotus")
    for number, (x, y, size) in enumerate(values):
        depth = 0.15 + 0.8 * y
        radius = brief.short_side * (0.02 + 0.07 * depth) * (0.7 + 0.5 * size)
        pen = Pen(canvas, Frame(x * canvas.width, top + (canvas.height - top) * depth, radius))
        pen.many([oval(0, 0, 1.3, 0.42)], brief.palette.lit(hex_colour("4f8f5a" if number % 2 else "3f7f55"), 0.7))
        if number % 3 == 0:
            draw_flower(
                pen.at(0.2, -0.45, 0.8), "lotus", named(own) if own else None, brief.chance.branch(f"lotus {number}")
            )


def _crafts(canvas: Canvas, brief: Brief, horizon: float, row: float) -> None:
    for number, name in enumerate(brief.names("craft")[:3]):
        draw_craft(canvas, brief, name, horizon, row, number)


def _landmark(canvas: Canvas, brief: Brief, base: float, size: float) -> None:
    for place in (name for name in brief.names("place") if name in LANDMARKS):
        if brief.names("building") and (
            place in ("barcelona", "tuscany", "alps") or _KNOWN_FOR.get(place) in brief.names("building")
        ):
            continue
        person = subject_of(brief) == "person"
        beside = person or (brief.names("building") and not brief.has("building.lighthouse"))
        x = brief.chance.pick("landmark side", (0.24, 0.76)) if beside else brief.chance.pick("landmark", (0.42, 0.58))
        scale = (
            size
            * (0.3 if not person else 0.36)
            * min(1.25, 0.75 + 0.25 * brief.weight(f"place.{place}"))
            * canvas.height
        )
        if place in ("sanfrancisco", "venice", "santorini", "amsterdam", "rome", "sydney"):
            scale = min(scale, canvas.width * 0.42)
        if place == "wall":
            x, scale = 0.5, canvas.width * 0.36
        draw_landmark(Pen(canvas, Frame(x * canvas.width, base, scale)), place, site_of(brief, f"landmark {place}"))


def _buildings(canvas: Canvas, brief: Brief, base: float, size: float, x: float | None = None) -> None:
    for number, name in enumerate(brief.names("building")[:3]):
        weight = min(1.5, max(0.8, brief.weight(f"building.{name}")))
        at = x if x is not None else canvas.width * building_place(brief, number)
        scale = (
            size
            * 0.33
            * weight
            * canvas.height
            * (1 if number == 0 else 0.7)
            * (0.72 if brief.has("place.fuji") else 1)
        )
        scale = min(scale, canvas.width * (0.34 if name in ("bridge", "pyramid", "mosque", "hotel", "castle") else 0.6))
        if brief.count(f"building.{name}") and x is None:
            draw_building(
                Pen(canvas, Frame(at + canvas.width * 0.25, base, scale * 0.75)),
                name,
                site_of(brief, f"second {name}", f"building.{name}"),
            )
        draw_building(Pen(canvas, Frame(at, base, scale)), name, site_of(brief, f"building {name}", f"building.{name}"))


def _ground(canvas: Canvas, brief: Brief, horizon: float) -> float:
    """Paint the land; returns the row where things stand."""
    low = horizon + (canvas.height - horizon) * 0.5
    if brief.has("land.desert", "place.cairo", "building.pyramid", "plant.cactus"):
        if brief.has("place.cairo", "building.pyramid"):
            land.below(canvas, np.full(canvas.width, horizon), brief.palette.lit(hex_colour("e5c083")))
            _landmark(canvas, brief, horizon + canvas.height * 0.05, 1.0)
            _buildings(canvas, brief, horizon + canvas.height * 0.05, 1.0)
        land.dunes(canvas, brief, horizon + canvas.height * 0.02)
        return low
    if brief.has("plant.lavender"):
        land.lavender_rows(canvas, brief, horizon)
        return horizon + canvas.height * 0.03
    flowers = [name for name in brief.names("plant") if name in FLOWERS and name not in ("blossom",)]
    if brief.has("land.meadow") or flowers:
        land.hills(canvas, brief, horizon, 3)
        own = brief.colour("plant", "land.meadow")
        tone = (
            named(own)
            if own
            else hex_colour(
                {"sunflower": "f2b92e", "lotus": "f2a5bd", "tulip": "d8404f"}.get(
                    flowers[0] if flowers else "", "e8503f"
                )
            )
        )
        field = bool(flowers) or brief.extra("plant.poppy", 0.5)
        land.meadow(canvas, brief, low, flowers=brief.palette.lit(tone, 0.7) if field else None)
        return low + canvas.height * 0.06
    if brief.has("land.snowfield"):
        land.hills(canvas, brief, horizon, 3)
        return low
    line = land.hills(canvas, brief, horizon, 4)
    return float(line[canvas.width // 2]) + canvas.height * 0.03


def _standing(canvas: Canvas, brief: Brief, stand: float) -> None:
    """What stands on the land: forest, village, trees, buildings, crafts."""
    built = bool(brief.names("building")) or any(name in LANDMARKS for name in brief.names("place"))
    trees = grove_of(canvas, brief, stand, among=built)
    for tree in trees:
        if not built or tree.foot <= stand:
            paint_tree(canvas, brief, tree)
    if brief.has("place.tuscany"):
        _cypresses(canvas, brief, stand)
    if brief.has("land.hills") and (brief.has("place.tuscany", "place.alps") or brief.extra("building.house", 0.4)):
        paint_row(canvas, brief, stand, 3 + brief.detail)
    _landmark(canvas, brief, stand, 1.05)
    if not brief.has("building.pyramid", "place.cairo"):
        _buildings(canvas, brief, stand, 1.15)
    for tree in trees:
        if built and tree.foot > stand:
            paint_tree(canvas, brief, tree)
    _crafts(canvas, brief, stand, stand + canvas.height * 0.06)


def _cypresses(canvas: Canvas, brief: Brief, stand: float) -> None:
    green = dark(brief.palette.lit(hex_colour("2f5a3a")), 0.1)
    for k in range(6):
        foot, tall = stand - canvas.height * 0.01 * k, canvas.height * (0.2 - 0.015 * k)
        pen = Pen(canvas, Frame(canvas.width * (0.62 + 0.05 * k), foot, tall))
        pen.blob(path("0,-1 0.13,-0.55 0.1,0 -0.1,0 -0.13,-0.55"), green)


def _waterfall(canvas: Canvas, brief: Brief, stand: float) -> None:
    x = brief.chance.between("fall", 0.4, 0.6) * canvas.width
    pen = Pen(canvas, Frame(x, stand, canvas.height * 0.5))
    rock = brief.palette.lit(hex_colour("5f6a66"))
    pen.blob(
        path("-0.75,0.05 -0.6,-0.6 -0.22,-0.86 0,-0.84 0.2,-0.9 0.62,-0.62 0.8,0.05 0,0.12"),
        rock,
    )
    for side in (-1, 1):
        pen.blob(
            [(side * 0.16, 0.05), (side * 0.18, -0.75), (side * 0.45, -0.6), (side * 0.5, 0.05)],
            dark(rock, 0.25),
            line=0.6,
        )
    fall = pen.blob(path("-0.13,-0.86 0.13,-0.87 0.16,-0.4 0.2,0.06 -0.2,0.06 -0.16,-0.4"), hex_colour("e9f4f8"))
    for k in range(4 + 3 * brief.detail):
        c = brief.chance.between(f"thread {k}", -0.15, 0.15)
        pen.line([(c * 0.7, -0.84), (c, -0.3), (c * 1.2, 0.06)], 0.014, hex_colour("a8c8d8"), clip=fall)
    pen.oval(0, 0.12, 0.75, 0.12, brief.palette.lit(hex_colour("5f9fb4")))
    pen.many(
        [oval((a - 0.5) * 0.7, 0.06 - 0.06 * b, 0.09, 0.05) for a, b in brief.chance.field("spray", 9, 2)],
        hex_colour("ffffff"),
        opacity=0.7,
        line=0,
    )
