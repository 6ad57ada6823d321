"""Names that people browse: safe on Windows, macOS, SMB and Linux, and the same on every peer."""

from __future__ import annotations

import re
import unicodedata

from musep2p.core.ids import BatchId, short
from musep2p.core.recipe.recipe import Recipe

__all__ = ["folder_name", "image_name", "safe_part"]

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\s]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)
_LENGTH_MAX = 80  # with folder, index and extension well below 255 bytes of any script


def safe_part(text: str) -> str:
    """Text as a part of a file name: forbidden characters become `-`, length is cut, nothing reserved is left."""
    plain = unicodedata.normalize("NFC", text)
    plain = "".join(c for c in plain if unicodedata.category(c)[0] != "C" or c in "\t\n ")
    plain = _FORBIDDEN.sub("-", plain).strip("-. ")
    while len(plain.encode()) > _LENGTH_MAX:
        plain = plain[:-1]
    plain = plain.rstrip("-. ")
    return f"_{plain}" if _RESERVED.match(plain) else plain


def folder_name(name: str, batch: BatchId) -> str:
    """The folder of a batch below `batches/`."""
    return f"{safe_part(name) or 'batch'}-{short(batch)}"


def image_name(recipe: Recipe, index: int, ext: str) -> str:
    """The file of one task below `images/`: zero-padded index, then the values of its axes."""
    width = max(4, len(str(recipe.count() - 1)))
    label = safe_part(recipe.label(index))
    return f"{index:0{width}d}{'_' + label if label else ''}.{ext}"
