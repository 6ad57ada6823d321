"""Filled shapes as coverage masks.

Each edge adds its signed area to the first two pixels that it crosses on a sub-scanline, and a running sum along the
row turns the steps into coverage: no sorting, and integers throughout, so the result is exact. Source: the
accumulation buffer of font-rs (Levien, 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musep2p.painter.vector import Points

__all__ = ["Mask", "Patch", "coverage", "softened"]

Mask = npt.NDArray[np.float32]
_SUBLINES = 4  # per pixel row; 8 looks the same at twice the price
_FAR = 1e6  # pixels; beyond it only rounding errors live


@dataclass(frozen=True, slots=True)
class Patch:
    """A mask from 0 to 1 and where its upper left corner lies."""

    top: int
    left: int
    mask: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """Where it lies on the canvas."""
        rows, columns = self.mask.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)

    def without(self, by: Patch) -> Patch:
        """This patch where the other one is not."""
        mask = self.mask.copy()
        both = self.clipped(by)
        if both is not None:
            rows, columns = both.top - self.top, both.left - self.left
            mask[rows : rows + both.mask.shape[0], columns : columns + both.mask.shape[1]] -= both.mask
        return Patch(self.top, self.left, mask)

    def clipped(self, by: Patch) -> Patch | None:
        """This patch where the other one is."""
        top, left = max(self.top, by.top), max(self.left, by.left)
        bottom = min(self.top + self.mask.shape[0], by.top + by.mask.shape[0])
        right = min(self.left + self.mask.shape[1], by.left + by.mask.shape[1])
        if bottom <= top or right <= left:
            return None
        mine = self.mask[top - self.top : bottom - self.top, left - self.left : right - self.left]
        other = by.mask[top - by.top : bottom - by.top, left - by.left : right - by.left]
        return Patch(top, left, mine * other)


def coverage(contours: Sequence[Points], height: int, width: int, holes: Sequence[Points] = ()) -> Patch | None:
    """How much of each pixel lies in any of the contours.

    Args:
        contours: closed outlines in pixels; those that overlap count once.
        height: rows of the canvas.
        width: columns of the canvas.
        holes: outlines that are taken away from a single contour.

    Returns:
        The smallest patch that holds the shape, or None when nothing of it is on the canvas.
    """
    shapes = [_oriented(shape, 1) for shape in contours] + [_oriented(shape, -1) for shape in holes]
    if not shapes:
        return None
    start = np.clip(np.concatenate(shapes), -_FAR, _FAR)
    end = np.clip(np.concatenate([np.roll(shape, -1, axis=0) for shape in shapes]), -_FAR, _FAR)
    low, high = start.min(axis=0), start.max(axis=0)
    left, top = (int(max(0, np.floor(edge))) for edge in low)
    right, bottom = int(min(width, np.ceil(high[0]))), int(min(height, np.ceil(high[1])))
    if right <= left or bottom <= top:
        return None
    rows, columns, places, steps = _crossings(start, end, (top, bottom), (left, right))
    stride = right - left + 2
    index = rows * stride + columns
    size = (bottom - top) * stride
    bins = np.bincount(index, steps * (64 - places), size) + np.bincount(index + 1, steps * places, size)
    area = np.cumsum(bins.reshape(bottom - top, stride), axis=1)[:, :-2]
    mask = np.minimum(np.abs(area), 64 * _SUBLINES) * (1 / (64 * _SUBLINES))
    return Patch(top, left, mask.astype(np.float32))


def softened(patch: Patch, radius: int, height: int, width: int) -> Patch:
    """The patch with soft edges: two box blurs of `radius` pixels in integers."""
    if radius < 1:
        return patch
    margin = 2 * radius
    top, left = max(0, patch.top - margin), max(0, patch.left - margin)
    bottom = min(height, patch.top + patch.mask.shape[0] + margin)
    right = min(width, patch.left + patch.mask.shape[1] + margin)
    wide = np.zeros((bottom - top, right - left), np.int32)
    rows, columns = patch.top - top, patch.left - left
    wide[rows : rows + patch.mask.shape[0], columns : columns + patch.mask.shape[1]] = patch.mask * 4096
    for axis in (0, 1, 0, 1):
        wide = _box(wide, radius, axis)
    return Patch(top, left, (wide * (1 / 4096)).astype(np.float32))


def _box(values: npt.NDArray[np.int32], radius: int, axis: int) -> npt.NDArray[np.int32]:
    side = values.shape[axis]
    padding = [(0, 0), (0, 0)]
    padding[axis] = (radius + 1, radius)
    total = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.int32)
    ahead = [slice(None), slice(None)]
    behind = [slice(None), slice(None)]
    ahead[axis], behind[axis] = slice(2 * radius + 1, 2 * radius + 1 + side), slice(0, side)
    mean = (total[tuple(ahead)] - total[tuple(behind)]) * np.float32(1 / (2 * radius + 1))
    return mean.astype(np.int32)


def _oriented(shape: Points, way: int) -> Points:
    x, y = shape[:, 0], shape[:, 1]
    # An exact sum, so that the direction never hangs on the order of additions.
    steps = np.clip((np.roll(x, -1) - x) * (np.roll(y, -1) + y) * 64, -1e12, 1e12)
    return shape if int(steps.astype(np.int64).sum()) * way > 0 else shape[::-1]


def _crossings(
    start: Points, end: Points, rows: tuple[int, int], columns: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where edges cross sub-scanlines: row, column, 64ths of a pixel, and +1 or -1, all within the window."""
    down = end[:, 1] > start[:, 1]
    above, below = np.where(down[:, None], start, end), np.where(down[:, None], end, start)
    tall = below[:, 1] - above[:, 1]
    slope = (below[:, 0] - above[:, 0]) / np.where(tall > 0, tall, 1)
    first = np.clip(np.ceil(above[:, 1] * _SUBLINES - 0.5), rows[0] * _SUBLINES, rows[1] * _SUBLINES).astype(np.int64)
    last = np.clip(np.ceil(below[:, 1] * _SUBLINES - 0.5), rows[0] * _SUBLINES, rows[1] * _SUBLINES).astype(np.int64)
    counts = np.maximum(0, last - first)
    which = np.repeat(np.arange(len(counts)), counts)
    line = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + first[which]
    x = above[which, 0] + ((line + 0.5) * (1 / _SUBLINES) - above[which, 1]) * slope[which]
    fixed = ((np.clip(x, columns[0], columns[1]) - columns[0]) * 64).astype(np.int64)
    return line // _SUBLINES - rows[0], fixed >> 6, fixed & 63, np.where(down[which], 1, -1)
