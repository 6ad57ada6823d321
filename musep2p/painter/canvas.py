"""The canvas: colours, the lines of a pen above them, and a pen that draws in local units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from musep2p.painter.colour import Colour
from musep2p.painter.raster import Mask, Patch, coverage, softened
from musep2p.painter.vector import Frame, Pairs, Points, oval, points, ribbon, spline

__all__ = ["Canvas", "Paint", "Pen", "fade"]

Image = npt.NDArray[np.float32]
Paint = Colour | Callable[[slice, slice], Image]


def fade(top: Colour, bottom: Colour, y0: float, y1: float) -> Paint:
    """A paint that runs from one colour at row `y0` to another at row `y1`."""

    def paint(rows: slice, _columns: slice) -> Image:
        y = np.arange(rows.start, rows.stop, dtype=np.float64)
        t = np.clip((y - y0) / ((y1 - y0) or 1), 0, 1)[:, None, None]
        return (top + (bottom - top) * t).astype(np.float32)

    return paint


class Canvas:
    """A picture in the making.

    Args:
        height: rows.
        width: columns.
        line: width of outlines in pixels; 0 for pictures without them.

    Attributes:
        rgb: colours from 0 to 255, shape (height, width, 3).
        ink: how dark the outlines are, from 0 to 1; what is painted over a line hides it.
    """

    def __init__(self, height: int, width: int, line: float = 0.0) -> None:
        self.height, self.width, self.line = height, width, line
        self.rgb: Image = np.zeros((height, width, 3), np.float32)
        self.ink: Mask | None = np.zeros((height, width), np.float32) if line > 0 else None

    @property
    def lines(self) -> Mask:
        """The layer of outlines; empty in a picture without them."""
        return self.ink if self.ink is not None else np.zeros((self.height, self.width), np.float32)

    def cover(self, contours: Sequence[Points], holes: Sequence[Points] = ()) -> Patch | None:
        """The mask of some outlines in pixels."""
        return coverage(contours, self.height, self.width, holes)

    def lay(self, patch: Patch | None, paint: Paint, opacity: float = 1.0) -> None:
        """Put paint where the patch is."""
        if patch is None or opacity <= 0:
            return
        rows, columns = patch.window
        colour = paint(rows, columns) if callable(paint) else paint.astype(np.float32)
        part = patch.mask if opacity == 1 else patch.mask * np.float32(opacity)
        region = self.rgb[rows, columns]
        region += (colour - region) * part[:, :, None]
        if self.ink is not None and opacity > 0.5:
            self.ink[rows, columns] *= 1 - part

    def flood(self, paint: Paint, top: float = 0) -> None:
        """Put paint over everything from a row down."""
        first = int(top)
        self.lay(Patch(first, 0, np.ones((self.height - first, self.width), np.float32)), paint)

    def shade(self, patch: Patch | None, factor: float) -> None:
        """Darken (below 1) or lighten (above 1) where the patch is."""
        if patch is None:
            return
        self.rgb[patch.window] *= 1 + patch.mask[:, :, None] * np.float32(factor - 1)

    def outline(self, contours: Sequence[Points], width: float, clip: Patch | None = None) -> None:
        """Draw pen lines along closed outlines."""
        if self.ink is None or width <= 0:
            return
        closed = [np.concatenate((shape, shape[:2])) for shape in contours]
        self.draw([ribbon(shape, width) for shape in closed], clip)

    def draw(self, lines: Sequence[Points], clip: Patch | None = None) -> None:
        """Put filled shapes into the layer of lines."""
        if self.ink is None or not lines:
            return
        # One at a time: ribbons that close on themselves do not add up in one pass.
        for line in lines:
            patch = self.cover([line])
            if patch is not None and clip is not None:
                patch = patch.clipped(clip)
            if patch is not None:
                np.maximum(self.ink[patch.window], patch.mask, out=self.ink[patch.window])

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light that falls off from a point; adds, so that it shines."""
        if radius <= 0:
            return
        top, bottom = int(max(0, y - radius)), int(min(self.height, y + radius + 1))
        left, right = int(max(0, x - radius)), int(min(self.width, x + radius + 1))
        if bottom <= top or right <= left:
            return
        dy = ((np.arange(top, bottom) - y) / radius).astype(np.float32)[:, None]
        dx = ((np.arange(left, right) - x) / radius).astype(np.float32)[None, :]
        near = np.maximum(0, 1 - dy * dy - dx * dx)
        region = self.rgb[top:bottom, left:right]
        room = np.maximum(0, 255 - region) * np.float32(1 / 255)
        region += room * colour.astype(np.float32) * (near * near * np.float32(strength))[:, :, None]

    def veil(self, mask: Mask, colour: Colour, opacity: float = 1.0) -> None:
        """Put a colour over the whole canvas, as strongly as the mask says; row masks are broadcast."""
        part = (mask * np.float32(opacity))[:, :, None]
        self.rgb += (colour.astype(np.float32) - self.rgb) * part


class How(TypedDict, total=False):
    """How a shape is filled; see `Pen.many`."""

    opacity: float
    soft: float
    clip: Patch | None
    line: float


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on a canvas in the local units of a frame.

    Attributes:
        weight: how strong outlines are; 0 for none.
    """

    canvas: Canvas
    frame: Frame
    weight: float = 1.0

    @property
    def pixel(self) -> float:
        """One local unit in pixels."""
        return self.frame.scale

    def at(self, x: float, y: float, scale: float = 1.0, tilt: float = 0.0, *, flip: bool = False) -> Pen:
        """A pen whose frame lies in this one's."""
        return replace(self, frame=self.frame.within(x, y, scale, tilt, flip=flip))

    def thin(self, weight: float) -> Pen:
        """A pen with other outlines."""
        return replace(self, weight=weight)

    def many(
        self,
        shapes: Sequence[Points],
        paint: Paint,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        clip: Patch | None = None,
        line: float = 1.0,
        holes: Sequence[Points] = (),
    ) -> Patch | None:
        """Fill some outlines with one paint.

        Args:
            shapes: outlines in local units; what lies in several counts once.
            paint: a colour, or what gives the colours of a window.
            opacity: 0 to 1.
            soft: width of the soft edge in local units; such shapes have no outline.
            clip: keep to where this is.
            line: strength of the outline in pictures that have them.
            holes: outlines taken away from a single shape.

        Returns:
            Where it lies, for shapes that must stay inside; None when nothing of it is on the canvas.
        """
        if not shapes:
            return None
        placed = [self.frame.place(shape) for shape in shapes]
        patch = self.canvas.cover(placed, [self.frame.place(shape) for shape in holes])
        if patch is None:
            return None
        if soft:
            patch = softened(patch, int(soft * self.pixel + 0.5), self.canvas.height, self.canvas.width)
        cut = patch if clip is None else patch.clipped(clip)
        if cut is None:
            return None
        self.canvas.lay(cut, paint, opacity)
        if line * self.weight > 0 and not soft and opacity > 0.5:
            self.canvas.outline(placed, self.canvas.line * line * self.weight, clip)
        return cut

    def poly(self, shape: Pairs, paint: Paint, **how: Unpack[How]) -> Patch | None:
        """Fill a polygon."""
        return self.many([points(shape)], paint, **how)

    def blob(self, shape: Pairs, paint: Paint, **how: Unpack[How]) -> Patch | None:
        """Fill a smooth closed curve through the points."""
        return self.many([spline(shape)], paint, **how)

    def oval(self, cx: float, cy: float, rx: float, ry: float, paint: Paint, **how: Unpack[How]) -> Patch | None:
        """Fill an ellipse."""
        return self.many([oval(cx, cy, rx, ry)], paint, **how)

    def line(self, shape: Pairs, width: float | Sequence[float], paint: Paint, **how: Unpack[How]) -> Patch | None:
        """Draw a smooth open line; `width` in local units. In pictures with outlines it is drawn with the pen."""
        curve = ribbon(spline(shape, closed=False), width)
        how.setdefault("line", 0.0)
        return self.many([curve], paint, **how)

    def ink(self, shape: Pairs, width: float | Sequence[float], paint: Paint, opacity: float = 1.0) -> None:
        """A drawn line such as a mouth: in colour, or as pen line where the picture has them."""
        curve = ribbon(spline(shape, closed=False), width)
        if self.canvas.ink is not None:
            self.canvas.draw([self.frame.place(curve)])
        else:
            self.many([curve], paint, opacity=opacity, line=0.0)
