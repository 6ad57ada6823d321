"""Text files as artists' programs write them: UTF-8 with or without a mark, UTF-16, cp1252, GB 18030."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from musep2p.errors import RecipeError

__all__ = ["FILE_BYTES_MAX", "decoded", "read_bytes", "read_lines"]

FILE_BYTES_MAX = 64 << 20
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_bytes(path: Path, what: str) -> bytes:
    """The bytes of a file.

    Raises:
        RecipeError: it cannot be read, or is too large to be meant.
    """
    try:
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "is not there"
            raise RecipeError(f"{what} {path} {reason}.", "Paths are relative to the batch file.")
        if path.stat().st_size > FILE_BYTES_MAX:
            raise RecipeError(f"{what} {path} is larger than {FILE_BYTES_MAX >> 20} MiB.", "Split it.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecipeError(f"{what} {path} cannot be read: {reason}.", "Check the path and its rights.") from None


def decoded(data: bytes, what: str, encoding: str = "") -> tuple[str, str]:
    """Text and the name of its encoding, guessed if none is given.

    Not every file says what it is: what is no UTF-8 is taken for GB 18030 when its bytes above 127 come in
    pairs, as Chinese does, and for cp1252 otherwise.

    Raises:
        RecipeError: it is no text in that encoding.
    """
    try:
        known = codecs.lookup(encoding).name if encoding else _guessed(data)
        return data.decode("utf-8-sig" if known == "utf-8" else known), known
    except LookupError:
        hint = "Known are utf-8, cp1252, gb18030, shift_jis, big5, euc-kr, utf-16 and others."
        raise RecipeError(f"nobody knows the encoding {encoding!r}.", hint) from None
    except (UnicodeDecodeError, UnicodeError) as error:
        at = getattr(error, "start", 0)
        line = data[:at].count(b"\n") + 1
        hint = "Save it as UTF-8, or say `encoding: cp1252` (or what it is)."
        raise RecipeError(
            f"{what} is no text in {encoding or 'any encoding that it could be'} (line {line}).", hint
        ) from None


def read_lines(path: Path, what: str) -> list[tuple[int, str]]:
    """The lines of a list with their numbers, without blank ones and `#` comments.

    Raises:
        RecipeError: it cannot be read.
    """
    text, _ = decoded(read_bytes(path, what), f"{what} {path}")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _guessed(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        runs = _HIGH_RUN.findall(data)
        if all(len(run) % 2 == 0 for run in runs):
            return "gb18030"
        return "cp1252"
