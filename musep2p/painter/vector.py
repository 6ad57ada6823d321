"""Shapes as arrays of points: splines, ovals, ribbons, and the frame that places them on a canvas.

Points are float64 arrays of shape (n, 2): x to the right, y down. Angles are in turns (1 = a full circle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = [
    "Frame",
    "Pairs",
    "Points",
    "arc",
    "bumpy",
    "mirror",
    "oval",
    "path",
    "points",
    "ribbon",
    "spline",
    "star",
    "turned",
]

Points = npt.NDArray[np.float64]
Pairs = Sequence[tuple[float, float]] | Points
_TAU = 6.283185307179586


def turned(angle: float) -> tuple[float, float]:
    """Cosine and sine of an angle in turns, by Taylor polynomials of an eighth of a turn (error below 1e-9)."""
    angle -= int(angle)
    if angle < 0:
        angle += 1
    octant = int(angle * 8)
    within = angle * 8 - octant
    a = (1 - within if octant & 1 else within) * (_TAU / 8)
    s = a * a
    cosine = 1 - s / 2 * (1 - s / 12 * (1 - s / 30 * (1 - s / 56 * (1 - s / 90))))
    sine = a * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72))))
    if octant in (1, 2, 5, 6):
        cosine, sine = sine, cosine
    return (-cosine if octant in (2, 3, 4, 5) else cosine), (-sine if octant >= 4 else sine)


_CIRCLE = np.array([turned(k / 64) for k in range(64)])


def points(pairs: Pairs) -> Points:
    """The pairs as an array."""
    return np.asarray(pairs, dtype=np.float64)


@cache
def path(text: str) -> tuple[tuple[float, float], ...]:
    """Corners written as `x,y x,y ...`, as in SVG."""
    pairs = (pair.split(",") for pair in text.split())
    return tuple((float(x), float(y)) for x, y in pairs)


def mirror(shape: Pairs) -> Points:
    """The shape on the other side of x = 0."""
    return points(shape) * np.array((-1.0, 1.0))


def oval(cx: float, cy: float, rx: float, ry: float, tilt: float = 0.0) -> Points:
    """An ellipse."""
    shape = _CIRCLE * np.array((rx, ry))
    if tilt:
        c, s = turned(tilt)
        shape = np.stack((shape[:, 0] * c - shape[:, 1] * s, shape[:, 0] * s + shape[:, 1] * c), axis=1)
    return shape + np.array((cx, cy))


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, count: int = 16) -> Points:
    """A piece of an ellipse, from `start` to `end` in turns; 0 points right, 0.25 down."""
    angles = [start + (end - start) * k / (count - 1) for k in range(count)]
    return np.array([turned(angle) for angle in angles]) * np.array((rx, ry)) + np.array((cx, cy))


def spline(pairs: Pairs, *, closed: bool = True, samples: int = 8) -> Points:
    """A smooth curve through the points: uniform Catmull-Rom (Catmull and Rom, 1974)."""
    p = points(pairs)
    if closed:
        before, after, last = np.roll(p, 1, axis=0), np.roll(p, -1, axis=0), np.roll(p, -2, axis=0)
    else:
        p = np.concatenate((2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]))
        before, p, after, last = p[:-3], p[1:-2], p[2:-1], p[3:]
    t = (np.arange(samples) / samples)[None, :, None]
    a, b, c, d = before[:, None], p[:, None], after[:, None], last[:, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) + (3 * b - a - 3 * c + d) * (t * t * t))
    flat = curve.reshape(-1, 2)
    return flat if closed else np.concatenate((flat, after[-1:]))


def ribbon(pairs: Pairs, widths: float | Sequence[float]) -> Points:
    """The outline of a line whose width changes along it; `widths` are spread evenly over its length.

    Args:
        pairs: the line, at least two points.
        widths: one width, or two or more from its start to its end.
    """
    p = points(pairs)
    ways = np.empty_like(p)
    ways[1:-1], ways[0], ways[-1] = p[2:] - p[:-2], p[1] - p[0], p[-1] - p[-2]
    length = np.sqrt(ways[:, 0] * ways[:, 0] + ways[:, 1] * ways[:, 1])
    ways /= np.maximum(length, 1e-9)[:, None]
    normals = np.stack((-ways[:, 1], ways[:, 0]), axis=1)
    half = _spread(widths, len(p))[:, None] / 2
    caps = [_cap(p[-1], normals[-1], half[-1, 0]), _cap(p[0], -normals[0], half[0, 0])]
    return np.concatenate((p + normals * half, caps[0], (p - normals * half)[::-1], caps[1]))


def bumpy(cx: float, cy: float, rx: float, ry: float, bumps: Sequence[float]) -> Points:
    """A wobbly oval: `bumps` scale its radius all the way round."""
    count = len(bumps)
    ring = np.array([turned(k / count) for k in range(count)]) * points([(b, b) for b in bumps])
    return spline(ring * np.array((rx, ry)) + np.array((cx, cy)), samples=5)


def star(cx: float, cy: float, outer: float, inner: float, tips: int, tilt: float = 0.0) -> Points:
    """A star."""
    ring = [turned(tilt + k / (2 * tips)) for k in range(2 * tips)]
    return np.array([(cx + c * r, cy + s * r) for (c, s), r in zip(ring, [outer, inner] * tips, strict=True)])


def _cap(end: Points, normal: Points, half: float) -> Points:
    """Half a circle round the end of a ribbon, from one side to the other."""
    ahead = np.array((normal[1], -normal[0]))
    steps = [turned(k / 20) for k in range(1, 10)]
    return np.array([end + (normal * c + ahead * s) * half for c, s in steps])


def _spread(widths: float | Sequence[float], count: int) -> Points:
    if isinstance(widths, int | float):
        return np.full(count, float(widths))
    known = points([(w, w) for w in widths])[:, 0]
    place = np.arange(count) * ((len(known) - 1) / max(1, count - 1))
    low = np.minimum(place.astype(np.int64), len(known) - 2)
    part = place - low
    spread: Points = known[low] * (1 - part) + known[low + 1] * part
    return spread


@dataclass(frozen=True, slots=True)
class Frame:
    """Where local coordinates lie on the canvas: scaled, tilted (turns), perhaps flipped, then moved to (x, y)."""

    x: float
    y: float
    scale: float
    tilt: float = 0.0
    flip: bool = False

    def place(self, shape: Points) -> Points:
        """Local points on the canvas, in pixels."""
        c, s = turned(self.tilt)
        x = shape[:, 0] * (-self.scale if self.flip else self.scale)
        y = shape[:, 1] * self.scale
        return np.stack((x * c - y * s + self.x, x * s + y * c + self.y), axis=1)

    def within(self, x: float, y: float, scale: float = 1.0, tilt: float = 0.0, *, flip: bool = False) -> Frame:
        """A frame that lies in this one."""
        at = self.place(np.array([(x, y)]))[0]
        turn = self.tilt + (-tilt if self.flip else tilt)
        return replace(
            self, x=float(at[0]), y=float(at[1]), scale=self.scale * scale, tilt=turn, flip=self.flip != flip
        )
