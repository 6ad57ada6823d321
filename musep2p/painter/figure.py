"""Figures: one or more people, placed and framed as the prompt asks."""

from __future__ import annotations

from dataclasses import replace

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen
from musep2p.painter.clothes import (
    WIDE_SLEEVES,
    long_clothes,
    paint_skirt,
    paint_torso,
    short_sleeves,
)
from musep2p.painter.collars import paint_collar
from musep2p.painter.colour import Colour, dark, hex_colour, light, mix
from musep2p.painter.face import Look, paint_face
from musep2p.painter.hair import paint_back_hair, paint_beard, paint_front_hair
from musep2p.painter.headwear import paint_glasses, paint_hat, paint_hat_behind
from musep2p.painter.held import paint_held, paint_held_behind
from musep2p.painter.limbs import (
    Build,
    Joints,
    build_of,
    joints_of,
    paint_arm,
    paint_forearm,
    paint_hand,
    paint_legs,
    shoe_colour,
)
from musep2p.painter.person import Person, make_person
from musep2p.painter.raster import Patch
from musep2p.painter.vector import Frame, path, points, spline

__all__ = ["framing", "paint_people"]

_TALL = {
    "top": 0.55,
    "wizard": 1.35,
    "chef": 0.6,
    "cowboy": 0.25,
    "crown": 0.3,
    "catears": 0.3,
    "bamboo": 0.3,
    "straw": 0.2,
    "santa": 0.25,
    "pirate": 0.15,
}
_TALL_HAIR = {"afro": 0.5, "bun": 0.5, "mohawk": 0.5}
_WHOLE = {"pose.run", "pose.walk", "pose.dance", "pose.stand", "pose.sit", "frame.full"}


def framing(brief: Brief) -> str:
    """How much of a figure is seen: `close`, `bust` or `full`."""
    asked = brief.names("frame")
    if "close" in asked:
        return "close"
    if "full" in asked:
        return "full"
    if "bust" in asked:
        return "bust"
    if brief.has(*_WHOLE) or brief.has("role.dancer", "group.many"):
        return "full"
    return "bust"


def paint_people(canvas: Canvas, brief: Brief) -> None:
    """The figures that the brief asks for, the described one in front."""
    count = (
        3
        if "many" in brief.names("group")
        else 2
        if {"two", "couple"} & set(brief.names("group")) or _pair(brief)
        else 1
    )
    frame = framing(brief) if count < 3 else "full"
    people = [make_person(brief, number) for number in range(count)]
    if count == 3:
        people[2] = replace(people[2], age="child")
    chance = brief.chance
    middle = 0.5 + (chance.between("figure x", -0.07, 0.07) if count == 1 else 0)
    apart = 0.0 if count == 1 else min(0.46, 0.36 * canvas.height / canvas.width) if frame != "full" else 0.24
    order = [0] if count == 1 else [1, 0] if count == 2 else [2, 1, 0]
    for number in order:
        offset = (number - (count - 1) / 2) * apart
        _paint_person(canvas, brief, people[number], (middle + offset) * canvas.width, frame, number, count)


def _pair(brief: Brief) -> bool:
    who = [name for name in brief.names("who") if name != "person"]
    return (
        any(brief.count(f"who.{name}") for name in who) or {"woman", "man"} <= set(who) or {"girl", "boy"} <= set(who)
    )


def _paint_person(canvas: Canvas, brief: Brief, person: Person, x: float, frame: str, number: int, count: int) -> None:
    build = build_of(person)
    if person.pose == "sit" and long_clothes(person):
        build = replace(build, foot=build.crotch + 0.8)
    joints = joints_of(person, build)
    scale, y = _placed(canvas, brief, person, build, joints, frame, count)
    if frame != "full" and (canvas.height - y) / scale > build.crotch * 0.95:
        frame = "full"
    look, tilt = _look(brief, person, number, big=build.head * scale > 40)
    pen = Pen(canvas, Frame(x, y, scale))
    head = pen.at(look.turn * 0.05, -build.neck, build.head, tilt)
    paint_held_behind(pen, person, joints)
    paint_hat_behind(head, person)
    if person.hat != "hijab":
        paint_back_hair(head, person, look)
    _paint_body(pen, person, build, joints, look, frame)
    if brief.has("pose.back"):
        _back_of_head(head, person, look)
        return
    _paint_head(head, person, look)
    if joints.shown and frame != "close":
        _paint_hands(pen, brief, person, joints)


def _placed(
    canvas: Canvas, brief: Brief, person: Person, build: Build, joints: Joints, frame: str, count: int
) -> tuple[float, float]:
    """Pixels per head height, and the row of the pit of the neck."""
    tall = _TALL.get(person.hat, 0.0) + _TALL_HAIR.get(person.hair, 0.0)
    tall += 1.1 * (person.held == "thing.umbrella") + 0.3 * (person.wear == "space")
    above = build.neck + build.head * (1 + tall * 0.8) + 0.3
    if frame == "full":
        # Several people share one scale, so that children are small beside their parents.
        tallest = above + build.foot if count == 1 else 6.9
        scale = min(canvas.height * 0.9 / tallest, canvas.width / (3.4 if count == 1 else 4.6))
        return scale, canvas.height * 0.965 - build.foot * scale
    shown, wide = above + 1.28 + 0.35 * joints.shown, 2.25
    if frame == "close":
        shown, wide = above + 0.45, 1.75
    elif person.pose == "wave":
        wide = 2.75
    elif person.hat in ("straw", "bamboo", "cowboy"):
        wide = 2.5
    wide *= 1 if count == 1 else 1.45
    scale = min(canvas.height / shown, canvas.width / wide) * (0.8 + 0.3 * brief.closeness)
    return scale, min(canvas.height - (shown - above) * scale, above * scale * 1.08)


def _look(brief: Brief, person: Person, number: int, *, big: bool) -> tuple[Look, float]:
    chance = brief.chance.branch(f"pose {number}")
    turn = chance.between("turn", -0.75, 0.75) if not brief.has("pose.side") else chance.pick("side", (-1.0, 1.0))
    tilt = chance.between("tilt", -0.022, 0.022) * (2 if person.mood in ("calm", "sad", "sleep") else 1)
    detail = brief.detail if big else min(brief.detail, 1)
    return Look(turn, brief.chance.pick("light side", (-1, 1)), detail, brief.has("finish.anime")), tilt


def _paint_head(head: Pen, person: Person, look: Look) -> None:
    face = head.at(look.turn * 0.2, 0.1 if person.small else 0.0)
    paint_face(head, person, look)
    if person.beard:
        paint_beard(face, person, look)
    if person.hat != "hijab":
        paint_front_hair(head, person, look)
    if person.earrings and person.hair in ("bun", "ponytail", "short", "twintails", "braids", "bob"):
        for side in (-1, 1):
            head.oval(side * 0.78 + look.turn * 0.1, 0.42, 0.055, 0.09, hex_colour("e2b53c"))
    if person.glasses:
        paint_glasses(face, person, look)
    paint_hat(head, person, look)


def _paint_body(pen: Pen, person: Person, build: Build, joints: Joints, look: Look, frame: str) -> None:
    cloth, wide = person.wear_colour, person.wear in WIDE_SLEEVES
    bare = person.skin if short_sleeves(person) else None
    if frame == "full":
        _paint_below(pen, person, build, look)
    throat = _paint_neck(pen, person, build)
    raised = person.pose == "cross" or joints.shown
    for joint in (joints.left, joints.right):
        paint_arm(pen, build, joint, cloth, wide=wide, bare=bare)
        if frame == "full" and not raised:
            paint_hand(pen, joint, person.skin, open_=True)
    body = paint_torso(pen, person, build, look.detail, look.light_side)
    paint_collar(pen, person, build, body, look.detail)
    if person.wear not in ("sweater", "qipao", "space", "armour") and person.scarf is None:
        _chin_shadow(pen, person, build, throat)
    if raised:
        for joint in (joints.left, joints.right):
            paint_forearm(pen, build, joint, cloth if bare is None else bare, wide=wide)
        if frame == "full" and joints.left[1][1] > 1.4:
            paint_hand(pen, joints.left, person.skin, open_=True)


def _paint_below(pen: Pen, person: Person, build: Build, look: Look) -> None:
    """What is below the hips: a lap, legs, a skirt."""
    low = build.crotch
    if person.pose == "sit" and long_clothes(person):
        lap = [(0.5, low * 0.7), (1.3, low + 0.2), (1.5, low + 0.65), (0.7, low + 0.8)]
        robe = pen.blob([*[(-x, y) for x, y in lap], *reversed(lap)], dark(person.wear_colour, 0.08))
        fold = [(-1.2, low + 0.3), (0, low + 0.55), (1.2, low + 0.3)]
        pen.line(fold, [0.02, 0.06, 0.02], dark(person.wear_colour, 0.4), clip=robe)
        return
    if person.pose == "sit":
        stool = [(-0.8, low - 0.1), (0.8, low - 0.1), (0.72, build.foot), (-0.72, build.foot)]
        pen.poly(stool, hex_colour("6f4a30"))
    trousers = None if person.wear in ("dress", "skirt", "qipao") else _trousers(person)
    paint_legs(pen, person, build, trousers, shoe_colour(person))
    if long_clothes(person) and person.pose != "sit":
        paint_skirt(pen, person, build, look.detail, look.light_side)


def _paint_neck(pen: Pen, person: Person, build: Build) -> Patch | None:
    """The neck; returns the throat, where the chin's shadow falls."""
    neck = 0.15 if person.small else 0.175 if person.female else 0.225
    high = -build.neck + build.head * 0.5
    side = [(neck, high), (neck, -0.25), (neck * 1.7, 0.04)]
    skin = pen.blob([*[(-x, y) for x, y in side], (0, 0.24), *reversed(side)], person.skin)
    _chin_shadow(pen, person, build, skin)
    throat = points([(-neck, high), (-neck, -0.25), (0, 0.2), (neck, -0.25), (neck, high)])
    return pen.canvas.cover([pen.frame.place(throat * (0.97, 1.0))])


def _chin_shadow(pen: Pen, person: Person, build: Build, clip: Patch | None) -> None:
    neck = 0.15 if person.small else 0.175 if person.female else 0.225
    shade = mix(person.skin * 0.7, hex_colour("7a3040"), 0.15)
    pen.oval(0, -build.neck + build.head * 0.98, neck * 1.5, 0.2, shade, opacity=0.55, soft=0.055, clip=clip)


def _trousers(person: Person) -> Colour:
    if person.wear in ("suit", "overalls", "space", "robot", "armour"):
        return dark(person.wear_colour, 0.1)
    return hex_colour(person.traits.pick("trousers", ("34405e", "2f3038", "5a4a3a", "4a5a52")))


def _paint_hands(pen: Pen, brief: Brief, person: Person, joints: Joints) -> None:
    if person.pose == "cross":
        for joint in (joints.left, joints.right):
            paint_hand(pen, joint, person.skin, open_=False)
        return
    open_ = person.pose in ("wave", "dance") or not person.held
    if person.held:
        paint_held(pen, brief, person, joints)
    if person.pose in ("wave", "dance", "run") or person.held:
        paint_hand(pen, joints.right, person.skin, open_=open_)
    if person.pose in ("dance", "run", "sit") or joints.left[1][0] > -0.5:
        paint_hand(pen, joints.left, person.skin, open_=open_ and person.pose == "dance")


def _back_of_head(head: Pen, person: Person, look: Look) -> None:
    """A figure that looks away."""
    colour = person.hair_colour if person.hair != "bald" else person.skin
    back = head.many(
        [spline(path("0,-1.2 0.7,-0.95 0.9,-0.3 0.78,0.4 0.4,0.8 -0.4,0.8 -0.78,0.4 -0.9,-0.3 -0.7,-0.95"))],
        colour,
    )
    if person.hair in ("long", "wavy"):
        back = head.blob(path("0,-1.2 0.9,-0.4 1,0.8 0.9,2.2 0,2.4 -0.9,2.2 -1,0.8 -0.9,-0.4"), colour)
    for k in range(4 + 4 * look.detail):
        x = (k / (3 + 4 * look.detail) - 0.5) * 1.5
        head.line(
            [(x * 0.3, -1.1), (x, -0.3), (x * 1.05, 2.0)],
            [0.01, 0.03, 0.01],
            dark(colour, 0.3) if k % 2 else light(colour, 0.15),
            clip=back,
            opacity=0.6,
        )
    paint_hat(head, person, look)
