"""What the render gate looks for, and the thresholds that a batch may change."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CHECKS", "OFF", "thresholds"]

OFF = -1.0
CHECKS: dict[str, float] = {
    "size": 0,  # pixels by which a side may differ from what was asked
    "black": 3,  # mean level (of 255) up to which a picture is black, if nothing in it shines
    "white": 3,  # the same, from white
    "flat": 1.5,  # standard deviation of the levels up to which there is nothing to be seen
    "noise": 0.44,  # share of the variance that is left when neighbours are averaged: 0.25 in noise, 0.6 in pictures
    "grey": 0.2,  # share of the rows, from below, that are one mid grey: where a decoder had no more data
    "equal": 0,  # on or off: pixels that are those of another seed
    "fast": 0.02,  # share of the usual time up to which nothing can have been rendered
}


def thresholds(changed: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Those of a batch; OFF turns a check off. Names that are unknown here are left out."""
    return {**CHECKS, **{name: value for name, value in changed if name in CHECKS}}
