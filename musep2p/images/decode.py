"""Bytes to a picture, wholly: whatever cannot be decoded to its last row is none."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

__all__ = ["PICTURES", "decoded"]

PICTURES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tif", "BMP": "bmp", "AVIF": "avif"}


def decoded(data: bytes) -> tuple[Image.Image, str]:
    """The picture, and the usual extension of its format.

    Raises:
        ValueError: it is no picture, is cut off, or is so large that it must be a mistake; the text says which.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
            ext = PICTURES.get(image.format or "", "")
            image.load()
    except UnidentifiedImageError:
        raise ValueError(f"it begins with {data[:16]!r}") from None
    except Exception as error:  # decoders raise whatever they like at bytes that are damaged
        raise ValueError(f"it cannot be decoded: {error}") from None
    if not ext:
        raise ValueError(f"its format ({image.format}) is an unusual one")
    return image, ext
