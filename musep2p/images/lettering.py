"""Text on pictures: a font that has the characters, or a text without those that it has not. Never boxes."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

__all__ = ["Font", "Lettering", "system_fonts"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
# Fonts that systems and their usual packages bring: one for accents, then those with Chinese, Japanese or Korean,
# best first. Pillow's own, which comes before them, has plain Latin only.
_NAMES = {
    "win32": (
        "segoeui.ttf", "arial.ttf", "msyh.ttc", "msyh.ttf", "simhei.ttf", "simsun.ttc", "meiryo.ttc", "msgothic.ttc",
    ),
    "darwin": ("Arial.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Medium.ttc", "Arial Unicode.ttf"),
    "linux": (
        "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf",
        "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "SourceHanSansSC-Regular.otf",
        "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "uming.ttc", "NotoSerifCJK-Regular.ttc",
    ),
}  # fmt: skip
_FOLDERS = {
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
}
_ABSENT = "\U0010ffff"  # no font has a glyph for it: what is drawn for it is what is drawn for all that is missing


@cache
def system_fonts() -> tuple[Path, ...]:
    """The fonts of this machine for what Pillow's own font has not, in the order to try them."""
    system = sys.platform if sys.platform in _FOLDERS else "linux"
    there: dict[str, Path] = {}
    for folder in _FOLDERS[system]:
        root = Path(folder).expanduser()
        if root.is_dir():
            there |= {path.name: path for path in sorted(root.rglob("*")) if path.name in _NAMES[system]}
    return tuple(there[name] for name in _NAMES[system] if name in there)


class Lettering:
    """Draws labels of one size.

    Args:
        size: height of the letters in pixels.
        fonts: files to try after Pillow's own font, in this order.
    """

    def __init__(self, size: int, fonts: Iterable[Path] = ()) -> None:
        self.size = size
        self._fonts: list[Font] = [ImageFont.load_default(size)]
        for path in fonts:
            try:
                self._fonts.append(ImageFont.truetype(str(path), size))
            except OSError:
                continue  # a broken font file is not worth a missing sheet
        self._known: dict[tuple[int, str], bool] = {}

    def readable(self, text: str) -> tuple[str, Font]:
        """What of the text can be drawn, and with which font: that which has most of it, Pillow's own among equals."""
        plain = "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable())
        has = [sum(self._has(number, c) for c in plain) for number in range(len(self._fonts))]
        best = has.index(max(has))
        if has[best] == len(plain):
            return plain, self._fonts[best]
        kept = "".join(self._drawable(best, c) for c in plain)
        parts = kept.replace("_ ", " ").replace(" _", " ").split()
        return " ".join(part for part in parts if part.strip("_-.,")), self._fonts[best]

    def _drawable(self, number: int, character: str) -> str:
        """The character, its letter without accents, or a space."""
        if self._has(number, character):
            return character
        letters = (c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
        return "".join(c if self._has(number, c) else " " for c in letters)

    def fitted(self, text: str, width: int, lines: int = 1) -> list[tuple[str, Font]]:
        """The text in at most so many lines of so many pixels, cut with an ellipsis."""
        shown, font = self.readable(text)
        done: list[tuple[str, Font]] = []
        while shown and len(done) < lines:
            count = self._count(shown, font, width)
            if count < len(shown) and len(done) == lines - 1:
                done.append((shown[: max(1, count - 1)].rstrip(" _,") + "...", font))
                break
            if count < len(shown):
                cut = max(shown.rfind(mark, 1, count + 1) for mark in " _-")
                count = cut if cut > count // 3 else count
            done.append((shown[:count].strip(), font))
            shown = shown[count:].lstrip(" _-")
        return done

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: Font, fill: str) -> None:
        """Draw a line with its upper left corner there."""
        canvas.text(at, text, font=font, fill=fill)

    def _count(self, text: str, font: Font, width: int) -> int:
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if font.getlength(text[:middle]) <= width else (low, middle - 1)
        return low

    def _has(self, number: int, character: str) -> bool:
        if character in " _" or (character.isascii() and character.isprintable()):
            return True
        key = (number, character)
        if key not in self._known:
            font = self._fonts[number]
            self._known[key] = bytes(font.getmask(character)) != bytes(font.getmask(_ABSENT))
        return self._known[key]
