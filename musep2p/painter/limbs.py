"""Arms, legs and hands. Units: the height of the head, the pit of the neck at (0, 0), y down."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.canvas import Pen
from musep2p.painter.colour import Colour, dark, hex_colour
from musep2p.painter.person import Person
from musep2p.painter.vector import oval, ribbon, spline

__all__ = [
    "Build",
    "Joints",
    "build_of",
    "joints_of",
    "paint_arm",
    "paint_forearm",
    "paint_hand",
    "paint_legs",
    "shoe_colour",
]

Joint = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Build:
    """Proportions of a body.

    Attributes:
        shoulder: half the width of the shoulders.
        hip: half the width of the hips.
        arm: width of a sleeve at the shoulder.
        crotch, knee, foot: rows of the legs' joints.
        head: half the height of the head.
        neck: how far the head's centre is above the pit of the neck.
    """

    shoulder: float
    hip: float
    arm: float
    crotch: float
    knee: float
    foot: float
    head: float
    neck: float


@dataclass(frozen=True, slots=True)
class Joints:
    """Where elbows and hands are, for the left arm (x < 0) and the right one; shoulders are the build's."""

    left: tuple[Joint, Joint]
    right: tuple[Joint, Joint]
    shown: bool


def build_of(person: Person) -> Build:
    """The proportions of that age and sex."""
    if person.age == "baby":
        return Build(0.5, 0.42, 0.3, 1.25, 1.7, 2.1, 0.62, 0.6)
    if person.age == "child":
        return Build(0.56, 0.42, 0.28, 1.6, 2.5, 3.4, 0.56, 0.68)
    if person.female:
        return Build(0.73, 0.56, 0.34, 2.0, 3.65, 5.3, 0.5, 0.76)
    return Build(0.93, 0.58, 0.44, 2.05, 3.75, 5.45, 0.5, 0.76)


def joints_of(person: Person, build: Build) -> Joints:
    """Where the pose puts the arms."""
    s, lift = build.shoulder, build.crotch / 2.0
    down_left: tuple[Joint, Joint] = ((-s - 0.14, 1.1 * lift), (-s - 0.06, 2.0 * lift))
    down_right: tuple[Joint, Joint] = ((s + 0.14, 1.1 * lift), (s + 0.06, 2.0 * lift))
    if person.pose == "wave":
        return Joints(down_left, ((s + 0.36, 0.8 * lift), (s + 0.26, -0.4)), True)
    if person.pose == "cross":
        return Joints(
            ((-s - 0.12, 1.0 * lift), (0.42, 1.12 * lift)), ((s + 0.12, 1.0 * lift), (-0.42, 0.98 * lift)), True
        )
    if person.pose == "dance":
        return Joints(((-s - 0.55, 0.2), (-s - 0.75, -0.75)), ((s + 0.6, 0.5), (s + 1.1, 0.1)), True)
    if person.pose == "run":
        return Joints(
            ((-s - 0.32, 0.95 * lift), (-s + 0.5, 0.75 * lift)), ((s + 0.32, 0.95 * lift), (s + 0.42, 0.1)), True
        )
    if person.held in ("thing.umbrella", "sky.balloon", "thing.sword", "thing.lantern"):
        return Joints(down_left, ((s + 0.22, 1.05 * lift), (s + 0.04, 0.52)), True)
    if person.held == "thing.guitar":
        return Joints(
            ((-s - 0.2, 1.0 * lift), (-0.25, 1.3 * lift)), ((s + 0.34, 0.9 * lift), (s + 0.22, 0.75 * lift)), True
        )
    if person.held:
        return Joints(
            ((-s - 0.14, 1.05 * lift), (-0.16, 1.2 * lift)), ((s + 0.14, 1.05 * lift), (0.2, 1.02 * lift)), True
        )
    if person.pose == "sit":
        return Joints(
            ((-s - 0.14, 1.05 * lift), (-0.34, 1.95 * lift)), ((s + 0.14, 1.05 * lift), (0.34, 1.95 * lift)), True
        )
    return Joints(down_left, down_right, False)


def paint_forearm(pen: Pen, build: Build, joint: tuple[Joint, Joint], sleeve: Colour, *, wide: bool) -> None:
    """The part of a raised arm that is in front of the body."""
    elbow, hand = joint
    width = build.arm
    ends = [width * 0.84, width * 1.7] if wide else [width * 0.84, width * 0.66]
    pen.many([ribbon([elbow, hand], ends)], sleeve)


def paint_arm(
    pen: Pen, build: Build, joint: tuple[Joint, Joint], sleeve: Colour, *, wide: bool, bare: Colour | None
) -> None:
    """One arm in its sleeve, from shoulder to wrist; `bare` is the skin if the arm has no long sleeve."""
    side = -1 if joint[0][0] < 0 else 1
    shoulder = (side * (build.shoulder - 0.12), 0.3)
    elbow, hand = joint
    line = spline([shoulder, elbow, hand], closed=False, samples=8)
    width = build.arm
    if bare is not None:
        pen.many([ribbon(line, [width * 0.8, width * 0.66, width * 0.5])], bare)
        upper = [shoulder, ((shoulder[0] * 2 + elbow[0]) / 3, (shoulder[1] * 2 + elbow[1]) / 3)]
        pen.many([ribbon(upper, [width * 1.1, width * 0.95])], sleeve)
        return
    widths = [width * 1.05, width * 0.9, width * 1.7] if wide else [width * 1.05, width * 0.86, width * 0.66]
    arm = pen.many([ribbon(line, widths)], sleeve)
    fold = [
        (elbow[0] - side * 0.12, elbow[1] - 0.05),
        (elbow[0], elbow[1] + 0.03),
        (elbow[0] + side * 0.1, elbow[1] - 0.02),
    ]
    pen.line(fold, [0.01, 0.03, 0.01], dark(sleeve, 0.35), clip=arm, opacity=0.7)


def paint_hand(pen: Pen, joint: tuple[Joint, Joint], skin: Colour, *, open_: bool) -> None:
    """A hand at the end of an arm: open with fingers, or closed round something."""
    elbow, hand = joint
    x, y = hand
    dx, dy = x - elbow[0], y - elbow[1]
    if not open_:
        pen.oval(x, y + 0.02, 0.15, 0.12, skin)
        for k in range(4):
            pen.oval(x - 0.105 + 0.07 * k, y + 0.03 + 0.012 * abs(k - 1.5), 0.043, 0.1, skin, line=0.6)
            pen.ink(
                [(x - 0.07 + 0.07 * k, y - 0.03), (x - 0.07 + 0.07 * k, y + 0.09)], 0.01, dark(skin, 0.3), 0.5 * (k < 3)
            )
        return
    up = -1 if dy < 0 else 1
    fingers = [
        ribbon(
            spline(
                [
                    (x, y + up * 0.02),
                    (x + (k - 1.5) * 0.075, y + up * 0.2),
                    (x + (k - 1.5) * 0.1, y + up * (0.34 - 0.03 * abs(k - 1.5))),
                ],
                closed=False,
                samples=4,
            ),
            [0.09, 0.085, 0.06],
        )
        for k in range(4)
    ]
    thumb = ribbon(
        spline(
            [
                (x, y),
                (x - 0.14 * (1 if dx >= 0 else -1), y + up * 0.08),
                (x - 0.19 * (1 if dx >= 0 else -1), y + up * 0.17),
            ],
            closed=False,
            samples=4,
        ),
        [0.1, 0.09, 0.06],
    )
    pen.many([oval(x, y + up * 0.07, 0.15, 0.16), *fingers, thumb], skin)


def paint_legs(pen: Pen, person: Person, build: Build, cloth: Colour | None, shoe: Colour) -> None:
    """Both legs; `cloth` is the trousers, None for bare legs."""
    colour = person.skin if cloth is None else cloth
    width = build.hip * (0.86 if cloth is not None else 0.62)
    for side in (-1, 1):
        hip, knee, foot = _leg(person, build, side)
        thin = width * (0.6 if cloth is not None else 0.42)
        pen.many([ribbon([hip, knee], [width, width * 0.82]), ribbon([knee, foot], [width * 0.82, thin])], colour)
        ahead = 0.16 if person.pose in ("run", "walk") else side * 0.08
        pen.blob(
            [
                (foot[0] - 0.15, foot[1] - 0.06),
                (foot[0] + 0.12, foot[1] - 0.08),
                (foot[0] + 0.14 + ahead, foot[1] + 0.1),
                (foot[0] + 0.1 + ahead, foot[1] + 0.18),
                (foot[0] - 0.17 + min(0.0, ahead), foot[1] + 0.18),
            ],
            shoe,
        )
        if cloth is not None:
            fold = [(knee[0] - 0.1, knee[1]), (knee[0] + 0.1, knee[1] + 0.05)]
            pen.line(fold, [0.03, 0.01], dark(colour, 0.35), opacity=0.6)


def _leg(person: Person, build: Build, side: int) -> tuple[Joint, Joint, Joint]:
    hip, foot, knee = (side * build.hip * 0.5, build.crotch - 0.1), build.foot, build.knee
    if person.pose == "run":
        if side < 0:
            return hip, (-0.15, knee - 0.1), (-0.95, knee + 0.35)
        return hip, (0.75, knee - 0.5), (0.75, foot - 0.35)
    if person.pose == "walk":
        return hip, (side * 0.3 + 0.06, knee), (side * 0.5 + (0.1 if side > 0 else -0.12), foot)
    if person.pose == "dance":
        return (hip, (0.3, knee), (0.18, foot)) if side < 0 else (hip, (0.85, knee - 0.75), (0.28, knee + 0.02))
    if person.pose == "sit":
        return (
            hip,
            (side * 0.42, build.crotch + 0.42),
            (side * 0.38, build.crotch + 1.75 * (build.foot - build.crotch) / 3.4),
        )
    return hip, (side * build.hip * 0.54, knee), (side * build.hip * 0.6, foot)


def shoe_colour(person: Person) -> Colour:
    """What goes with the clothes."""
    return hex_colour("2a2428") if person.wear in ("suit", "coat", "hanfu", "kimono") else dark(person.trim, 0.35)
