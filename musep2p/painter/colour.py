"""Colours: names to RGB, and the arithmetic that painters do with them. Channels run from 0 to 255."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["NAMED", "Colour", "dark", "grey_of", "hex_colour", "light", "mix", "vivid"]

Colour = npt.NDArray[np.float64]

NAMED = {
    "red": "c8322b",
    "crimson": "a01f33",
    "scarlet": "d8352a",
    "orange": "e07b28",
    "yellow": "edc436",
    "gold": "d4a437",
    "green": "3f8f55",
    "emerald": "1f7a5c",
    "olive": "7b7f3a",
    "mint": "9fd6bd",
    "teal": "1f7f86",
    "turquoise": "3fb5b0",
    "blue": "2f63b5",
    "navy": "1e2f5e",
    "azure": "5fa6dc",
    "indigo": "39357f",
    "purple": "7546a0",
    "violet": "8a63bb",
    "lavender": "b9a5dc",
    "magenta": "c13c8f",
    "pink": "ea93ad",
    "rose": "dc6f86",
    "brown": "7c4f32",
    "beige": "e3cfae",
    "cream": "f4e8cf",
    "white": "f6f4ef",
    "black": "23222a",
    "grey": "8b8e94",
    "silver": "c3c8cf",
    "copper": "b8683c",
    "blonde": "e3bf72",
    "ginger": "c4602b",
    "chestnut": "6d3b22",
    "brunette": "4a2c1d",
    "peach": "f3b58f",
}


def hex_colour(text: str) -> Colour:
    """A colour from six hexadecimal digits."""
    return np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], dtype=np.float64)


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """So much of the other in the one."""
    return one + (other - one) * part


def light(colour: Colour, part: float) -> Colour:
    """Towards white."""
    return colour + (255 - colour) * part


def dark(colour: Colour, part: float) -> Colour:
    """Towards a cool black."""
    return colour + (np.array((18.0, 14.0, 30.0)) - colour) * part


def grey_of(colour: Colour) -> float:
    """Luminance (Rec. 601)."""
    return float(colour[0]) * 0.299 + float(colour[1]) * 0.587 + float(colour[2]) * 0.114


def vivid(colour: Colour, factor: float) -> Colour:
    """More (above 1) or less (below 1) saturated."""
    grey = grey_of(colour)
    return np.clip(grey + (colour - grey) * factor, 0, 255)
