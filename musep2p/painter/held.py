"""What figures hold."""

from __future__ import annotations

from musep2p.painter.animals import draw_animal
from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Pen
from musep2p.painter.colour import hex_colour
from musep2p.painter.limbs import Joints
from musep2p.painter.palette import named
from musep2p.painter.person import Person
from musep2p.painter.plants import draw_flower
from musep2p.painter.things import draw_thing

__all__ = ["paint_held", "paint_held_behind"]

# Size in head heights, and how far below the hand the thing stands.
_GRIPS = {
    "cup": (0.5, 0.2),
    "book": (0.62, 0.06),
    "apple": (0.42, 0.05),
    "wine": (0.5, 0.3),
    "candle": (0.42, 0.3),
    "heart": (0.55, 0.1),
    "bottle": (0.5, 0.45),
    "key": (0.5, 0.25),
    "cake": (0.5, 0.02),
    "fan": (0.62, 0.06),
    "sword": (0.72, 0.06),
    "lantern": (0.5, 0.8),
}


def paint_held_behind(pen: Pen, person: Person, joints: Joints) -> None:
    """An umbrella's canopy and balloons are behind the head."""
    x, y = joints.right[1]
    if person.held == "thing.umbrella":
        draw_thing(pen.at(x - 0.25, y + 0.1, 1.15, -0.02), "umbrella", None, person.traits)
    if person.held == "sky.balloon":
        for k, (dx, dy) in enumerate(((0.1, -2.0), (0.55, -1.7), (-0.3, -1.6))):
            colour = hex_colour(("d8352f", "f2c23a", "3f8fd0")[k])
            pen.line([(x, y), (x + dx * 0.6, y + dy * 0.5), (x + dx, y + dy + 0.4)], 0.015, hex_colour("5a5a60"))
            pen.oval(x + dx, y + dy, 0.34, 0.42, colour)
            pen.oval(x + dx - 0.1, y + dy - 0.14, 0.07, 0.1, hex_colour("ffffff"), opacity=0.5, soft=0.02)


def paint_held(pen: Pen, brief: Brief, person: Person, joints: Joints) -> None:
    """The thing, over the body and under the hand."""
    slot, _, name = person.held.partition(".")
    x, y = joints.right[1]
    own = brief.colour(person.held)
    colour = named(own) if own else None
    if slot == "animal":
        draw_animal(pen.at(0.02, y + 0.62, 0.62), name, colour, brief.chance.branch("held"), min(2, brief.detail))
    elif slot == "plant":
        pen.line([(x - 0.02, y + 0.5), (x, y), (x - 0.02, y - 0.5)], 0.045, hex_colour("4a7a40"))
        pen.blob([(x, y + 0.1), (x + 0.24, y - 0.06), (x + 0.06, y - 0.08)], hex_colour("5a9048"))
        draw_flower(pen.at(x - 0.02, y - 0.55, 0.3), name, colour, brief.chance.branch("held"))
    elif name == "guitar":
        draw_thing(pen.at(-0.35, 1.75, 0.98, 0.13), name, colour, person.traits)
    elif name in _GRIPS:
        size, below = _GRIPS[name]
        draw_thing(pen.at(x, y + below, size), name, colour, person.traits)
