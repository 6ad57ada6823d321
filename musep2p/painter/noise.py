"""Value noise: random values on a coarse lattice, smoothly interpolated, in one and two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from musep2p.painter.chance import Chance
from musep2p.painter.raster import Mask

__all__ = ["cloud", "profile", "smooth", "value_noise"]

Row = npt.NDArray[np.float64]


def smooth(t: Any) -> Any:
    """The cubic that starts and ends flat."""
    return t * t * (3 - 2 * t)


def value_noise(chance: Chance, purpose: str, size: tuple[int, int], cells: tuple[float, float]) -> Mask:
    """One octave from 0 to 1 over `size` (rows, columns), with so many lattice cells down and across."""
    height, width = size
    down, across = max(0.01, cells[0]), max(0.01, cells[1])
    values = chance.field(purpose, int(down) + 3, int(across) + 3).astype(np.float32)
    y0, fy = _places(height, down)
    x0, fx = _places(width, across)
    rows = values[:, x0] + (values[:, x0 + 1] - values[:, x0]) * fx[None, :]
    above = rows[y0]
    return above + (rows[y0 + 1] - above) * fy[:, None]


def cloud(chance: Chance, purpose: str, size: tuple[int, int], cells: tuple[float, float], octaves: int) -> Mask:
    """Octaves of noise, each twice as fine and half as strong; from 0 to 1."""
    total = np.zeros(size, np.float32)
    weight, sum_ = 1.0, 0.0
    for octave in range(octaves):
        factor = 1 << octave
        total += value_noise(chance, f"{purpose} {octave}", size, (cells[0] * factor, cells[1] * factor)) * np.float32(
            weight
        )
        sum_ += weight
        weight *= 0.5
    total *= np.float32(1 / sum_)
    return total


def profile(chance: Chance, purpose: str, count: int, cells: float, octaves: int) -> Row:
    """A line from 0 to 1 over `count` places: octaves of one-dimensional noise."""
    total, weight, sum_ = np.zeros(count), 1.0, 0.0
    for octave in range(octaves):
        fine = max(0.01, cells * (1 << octave))
        values = chance.field(f"{purpose} {octave}", int(fine) + 3)
        places = np.arange(count) * (fine / count)
        low = places.astype(np.int64)
        part = smooth(places - low)
        total += weight * (values[low] + (values[low + 1] - values[low]) * part)
        sum_ += weight
        weight *= 0.5
    return total / sum_


def _places(count: int, cells: float) -> tuple[npt.NDArray[np.int64], Mask]:
    places = np.arange(count) * (cells / count)
    low = places.astype(np.int64)
    return low, smooth(places - low).astype(np.float32)
