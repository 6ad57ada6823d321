"""The hash of decoded pixels: equal pictures in unequal files are seen as equal."""

from __future__ import annotations

import xxhash
from PIL import Image

__all__ = ["pixel_hash"]


def pixel_hash(image: Image.Image) -> str:
    """xxh3-128 over size and RGB(A) bytes, as lower-case hex."""
    plain = image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
    hasher = xxhash.xxh3_128(f"{plain.mode} {plain.width}x{plain.height}\n".encode())
    hasher.update(plain.tobytes())
    return hasher.hexdigest()
