"""Scenes: a figure, an animal, things or a place, in its setting and its light."""

from __future__ import annotations

import numpy as np

from musep2p.painter.abstract import paint_abstract, paint_backdrop
from musep2p.painter.animals import PROFILE, draw_animal
from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Image, Pen
from musep2p.painter.colour import dark, hex_colour
from musep2p.painter.figure import framing, paint_people
from musep2p.painter.landscape import paint_landscape
from musep2p.painter.palette import named
from musep2p.painter.raster import Patch, softened
from musep2p.painter.stage import botanical, room, space, still_life, underwater
from musep2p.painter.subject import outdoors, subject_of
from musep2p.painter.swimmers import SWIMMERS
from musep2p.painter.things import SIZES, draw_thing
from musep2p.painter.vector import Frame, oval
from musep2p.painter.weather import paint_weather

__all__ = ["paint_scene"]

_TALL = {"giraffe": 3.4, "deer": 3.0, "frog": 1.7, "turtle": 1.7, "snake": 2.4}


_WIDE = {
    "eagle": 4.4,
    "dragon": 5.2,
    "whale": 4.2,
    "giraffe": 5.2,
    "deer": 4.4,
    "horse": 4.4,
    "elephant": 4.3,
    "turtle": 3.4,
    "parrot": 2.8,
}


def paint_scene(canvas: Canvas, brief: Brief) -> None:
    """Paint all of the brief onto an empty canvas."""
    subject = subject_of(brief)
    if subject == "abstract":
        paint_abstract(canvas, brief)
    elif subject == "thing":
        still_life(canvas, brief)
    elif subject == "plant":
        botanical(canvas, brief)
    elif subject == "person":
        _figure_scene(canvas, brief)
    else:
        _setting(canvas, brief)
        if subject == "animal":
            before = canvas.rgb.copy()
            _animals(canvas, brief)
            _relight(canvas, brief, before)
    if subject != "abstract":
        paint_weather(canvas, brief, gentle=subject == "person")


def _figure_scene(canvas: Canvas, brief: Brief) -> None:
    if outdoors(brief):
        _setting(canvas, brief)
        if framing(brief) != "full":
            _defocus(canvas, brief)
    else:
        paint_backdrop(canvas, brief)
        if framing(brief) == "full":
            floor = Patch(
                int(canvas.height * 0.86),
                0,
                np.ones((canvas.height - int(canvas.height * 0.86), canvas.width), np.float32),
            )
            canvas.lay(
                softened(floor, int(canvas.height * 0.02), canvas.height, canvas.width),
                np.array((40.0, 34.0, 40.0)),
                0.22,
            )
    before = canvas.rgb.copy()
    paint_people(canvas, brief)
    _relight(canvas, brief, before)
    companions = [name for name in brief.names("animal") if f"animal.{name}" != _held_animal(brief)]
    for number, name in enumerate(companions[:2]):
        side = brief.chance.pick("companion side", (0.2, 0.8)) if number == 0 else 0.5
        size = canvas.height * (0.12 if framing(brief) != "full" else 0.1)
        own = brief.colour(f"animal.{name}")
        draw_animal(
            Pen(canvas, Frame(side * canvas.width, canvas.height * 0.985, size)),
            name,
            named(own) if own else None,
            brief.chance.branch(f"companion {number}"),
            brief.detail,
        )


def _relight(canvas: Canvas, brief: Brief, before: Image) -> None:
    """Let the light of the place fall on what was just painted; against the light it is a silhouette."""
    painted = (np.abs(canvas.rgb - before).max(axis=2) > 1.5)[:, :, None]
    palette, tone = brief.palette, canvas.rgb
    if brief.has("light.back"):
        changed = tone * np.float32(0.12) + (dark(palette.near, 0.75) * 0.9).astype(np.float32)
    elif palette.mood == "night" and outdoors(brief):
        changed = tone * np.float32(0.74) + (palette.sky * 0.1 + palette.horizon * 0.14).astype(np.float32)
    elif palette.mood in ("sunset", "dawn") and outdoors(brief):
        changed = tone * np.array((1.0, 0.95, 0.89), np.float32) + (palette.sun * 0.035).astype(np.float32)
    else:
        return
    canvas.rgb = np.where(painted, changed, tone).astype(np.float32)


def _held_animal(brief: Brief) -> str:
    if not brief.has("pose.hold"):
        return ""
    return next(
        (f"animal.{n}" for n in brief.names("animal") if n in ("cat", "dog", "rabbit", "owl", "panda", "fox")), ""
    )


def _defocus(canvas: Canvas, brief: Brief) -> None:
    """The background of a portrait steps back: softer and paler."""
    radius = max(1, brief.short_side // 240)
    for channel in range(3):
        soft = softened(
            Patch(0, 0, canvas.rgb[:, :, channel] * np.float32(1 / 256)), radius, canvas.height, canvas.width
        )
        canvas.rgb[:, :, channel] = soft.mask * np.float32(256)
    canvas.rgb += (brief.palette.horizon.astype(np.float32) - canvas.rgb) * np.float32(0.16)
    if canvas.ink is not None:
        canvas.ink *= np.float32(0.45)


def _setting(canvas: Canvas, brief: Brief) -> None:
    """The place, from the sky to what stands in it."""
    if brief.has("land.space", "land.moonscape"):
        space(canvas, brief)
    elif brief.has("land.underwater") or any(name in SWIMMERS for name in brief.names("animal")):
        underwater(canvas, brief)
    elif brief.has("land.room"):
        room(canvas, brief)
    else:
        paint_landscape(canvas, brief)


def _animals(canvas: Canvas, brief: Brief) -> None:
    """The animals of the prompt, large in front of their setting."""
    names = brief.names("animal")
    close = brief.has("frame.close", "frame.bust")
    count = max(1, brief.count(f"animal.{names[0]}"))
    placed = [(name, k) for name in names[:2] for k in range(count if len(names) == 1 else 1)]
    for number, (name, k) in enumerate(placed):
        flying = name in ("eagle", "butterfly", "dragon", *SWIMMERS)
        share = 0.5 if len(placed) == 1 else (number + 0.6) / (len(placed) + 0.2)
        x = share + brief.chance.between(f"animal x {number}", -0.05, 0.05)
        tall = _TALL.get(name, 2.75 if name in PROFILE else 2.4)
        wide = _WIDE.get(name, 3.4 if name in PROFILE or name in SWIMMERS else 2.3)
        scale = min(
            canvas.height * (0.86 if close else 0.66) / tall,
            canvas.width * 0.92 / wide / (len(placed) if len(placed) > 1 else 1) * (1.25 if len(placed) > 1 else 1),
        )
        foot = canvas.height * (0.62 if flying else 1.02 if close else 0.93) - k * canvas.height * (
            0.06 if not flying else 0.18
        )
        own = brief.colour(f"animal.{name}")
        if not flying:
            shadow = canvas.cover([oval(x * canvas.width, foot, scale * 1.1, scale * 0.13)])
            if shadow is not None:
                canvas.lay(softened(shadow, int(scale * 0.05), canvas.height, canvas.width), hex_colour("1a1620"), 0.35)
        pen = Pen(canvas, Frame(x * canvas.width, foot, scale if (flying and count == 1) or k == 0 else scale * 0.85))
        draw_animal(pen, name, named(own) if own else None, brief.chance.branch(f"animal {number}"), brief.detail)
    _beside(canvas, brief)


def _beside(canvas: Canvas, brief: Brief) -> None:
    """Things that the prompt names beside an animal lie in front of it."""
    names = [name for name in brief.names("thing") if name in SIZES][:4]
    for number, name in enumerate(names):
        share = (0.16, 0.84, 0.33, 0.67)[number]
        scale = canvas.height * 0.15 / max(1.0, SIZES[name][1])
        own = brief.colour(f"thing.{name}")
        pen = Pen(canvas, Frame(share * canvas.width, canvas.height * (0.965 + 0.01 * (number % 2)), scale))
        draw_thing(pen, name, named(own) if own else None, brief.chance.branch(f"beside {number}"))
