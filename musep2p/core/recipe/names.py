"""Names that people browse: safe on Windows, macOS, SMB and Linux, and the same on every peer.

A name is made from a template like `{{index}}_{{city}}`. Without the index in it, the index is put in front,
so that no two tasks of a batch ever have the same name; when a name is too long, its values are cut and never
its index. A value that names a file stands there without its ending, since the picture gets its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from musep2p.core.ids import BatchId, short
from musep2p.core.recipe.axis import Scalar
from musep2p.core.recipe.fill import text_of

__all__ = ["NameTemplate", "folded", "folder_name", "index_text", "safe_part", "without_ending"]

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\s]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?\Z", re.IGNORECASE)
_LENGTH_MAX = 80  # bytes; with folder, index and extension well below 255 bytes of any script
_PIECE = re.compile(r"\{\{([^{}]{1,200})\}\}|\{([^{}]{1,200})\}")
_INDEX: Final = "index"
# What values end with that are names of files themselves: a picture to start from, a model.
_ENDING = re.compile(
    r"(?<=[^./\\])\.(avif|bmp|ckpt|gguf|gif|jpe?g|json|pt|png|safetensors|tiff?|webp)\Z", re.IGNORECASE
)
_INVISIBLE = ("Cc", "Cf", "Cs")


def safe_part(text: str, length_max: int = _LENGTH_MAX) -> str:
    """Text as a part of a file name: forbidden characters become `-`, length is cut, nothing reserved is left."""
    plain = _cut(_plain(text), length_max)
    return f"_{plain}" if _RESERVED.match(plain) else plain


def folded(text: str) -> str:
    """What two names have in common when a share that ignores case cannot tell them apart."""
    return unicodedata.normalize("NFC", safe_part(text).casefold())


def without_ending(text: str) -> str:
    """A value as it stands in names: `lobby` for `lobby.png`."""
    return _ENDING.sub("", text)


def folder_name(name: str, batch: BatchId) -> str:
    """The folder of a batch below `batches/`."""
    return f"{safe_part(name) or 'batch'}-{short(batch)}"


def index_text(index: int, count: int) -> str:
    """An index as it stands in names: zero-padded, so that names sort."""
    return f"{index:0{max(4, len(str(count - 1)))}d}"


class NameTemplate:
    """The template of the names of a batch's pictures.

    Args:
        text: `{{name}}` (or `{name}`) stands for a variable, `{{index}}` for the padded index.
    """

    def __init__(self, text: str) -> None:
        self._pieces: list[str | tuple[str]] = []
        end = 0
        for match in _PIECE.finditer(text):
            self._pieces += [text[end : match.start()], ((match[1] or match[2]).strip(),)]
            end = match.end()
        self._pieces.append(text[end:])
        if not self._tells_index():
            self._pieces = [(_INDEX,), "_" if text else "", *self._pieces]

    @property
    def variables(self) -> list[str]:
        """The names that it asks for, without the index."""
        return [piece[0] for piece in self._pieces if isinstance(piece, tuple) and piece != (_INDEX,)]

    def _tells_index(self) -> bool:
        """True when the index is before or behind all variables: between two it may be mistaken for their digits."""
        order = [piece == (_INDEX,) for piece in self._pieces if isinstance(piece, tuple)]
        return bool(order) and (order[0] or order[-1])

    def fill(self, value: Callable[[str], Scalar], index: str) -> str:
        """The name of one task, without extension."""
        texts = [
            piece if isinstance(piece, str) else index if piece == (_INDEX,) else _value(text_of(value(piece[0])))
            for piece in self._pieces
        ]
        name = _plain("".join(texts))
        if len(name.encode()) > _LENGTH_MAX:
            name = self._shortened(texts)
        name = _squeezed(name)
        if len(name.encode()) > _LENGTH_MAX:
            name = _cut(f"{index}_{name}", _LENGTH_MAX)  # hundreds of pieces: even a letter of each is too much
        return f"_{name}" if _RESERVED.match(name) else name

    def _shortened(self, texts: list[str]) -> str:
        """As `fill`, with every text but the index cut to its share of the length."""
        index = [piece == (_INDEX,) for piece in self._pieces]
        fixed = sum(len(text.encode()) for text, kept in zip(texts, index, strict=True) if kept)
        left = _LENGTH_MAX - fixed
        parts = sorted(len(text.encode()) for text, kept in zip(texts, index, strict=True) if not kept)
        share = _fair_share(parts, left)
        return _plain("".join(text if kept else _cut(text, share) for text, kept in zip(texts, index, strict=True)))


def _fair_share(sizes: list[int], total: int) -> int:
    """The greatest share such that pieces cut to it fit the total; `sizes` ascending."""
    for at, size in enumerate(sizes):
        share = total // (len(sizes) - at)
        if size > share:
            return max(1, share)
        total -= size
    return max(1, total)


def _value(text: str) -> str:
    return _plain(without_ending(text))


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFC", text)
    # Characters that this Python does not know yet are kept: peers with a newer one keep them, too.
    normal = "".join(c for c in normal if unicodedata.category(c) not in _INVISIBLE or c in "\t\n\r ")
    return _FORBIDDEN.sub("-", normal).strip("-. ")


def _cut(text: str, length_max: int) -> str:
    return text.encode()[:length_max].decode(errors="ignore").rstrip("-. ")


def _squeezed(name: str) -> str:
    """Without the marks that an empty value leaves behind."""
    return re.sub(r"_{2,}", "_", name).strip("_-. ")
