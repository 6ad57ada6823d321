"""Text files as artists' programs write them: UTF-8 with or without a mark, UTF-16, cp1252, GB 18030."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

from musep2p.errors import RecipeError

__all__ = ["FILE_BYTES_MAX", "decoded", "read_bytes", "read_lines"]

FILE_BYTES_MAX = 64 << 20
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_COMMON_GB = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")  # punctuation and the 3755 characters of level 1
_FITTING = 0.9
_REMARK = re.compile(r"#(?!(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$)")
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

    Not every file says what it is. What is no UTF-8 is taken for cp1252 or GB 18030 if it looks like one of them
    and not like the other; else nobody guesses.

    Raises:
        RecipeError: it is no text in that encoding, or in none that can be told.
    """
    try:
        known = codecs.lookup(encoding).name if encoding else _guessed(data)
        text = data.decode("utf-8-sig" if known == "utf-8" else known)
        text.encode("utf-8")  # half characters are none
        return unicodedata.normalize("NFC", text), known
    except LookupError:
        hint = "Known are utf-8, cp1252, gb18030, shift_jis, big5, euc-kr, utf-16 and others."
        raise RecipeError(f"nobody knows the encoding {encoding!r}.", hint) from None
    except UnicodeError as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        told = f"{what} is no text in {encoding} (line {line})."
        hint = "Save it as UTF-8, or say `encoding:` cp1252, gb18030, cp1251, shift_jis or what it is."
        raise RecipeError(told if encoding else f"{what} is not UTF-8, and nobody can tell what it is.", hint) from None


def read_lines(path: Path, what: str) -> list[tuple[int, str]]:
    """The lines of a list with their numbers, without blank ones and `#` comments; `#ff0000` is a colour.

    Raises:
        RecipeError: it cannot be read.
    """
    text, _ = decoded(read_bytes(path, what), f"{what} {path}")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in lines if line and not _REMARK.match(line)]


def _guessed(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        western, chinese = _looks_western(data), _looks_chinese(data)
        if western != chinese:
            return "cp1252" if western else "gb18030"
        raise UnicodeError("it could be one of several") from None


def _looks_western(data: bytes) -> bool:
    """Accented letters stand alone or in twos, beside plain ones; the rest are marks like quotes and euro signs."""
    runs = list(_HIGH_RUN.finditer(data))
    fitting = 0
    for run in runs:
        letters = re.sub(rb"[\x80-\xbf\xd7\xf7]", b"", run[0])
        beside = data[run.start() - 1 : run.start()] + data[run.end() : run.end() + 1]
        fitting += len(letters) <= 2 and (not letters or re.search(rb"[A-Za-z]", beside) is not None)
    return fitting >= _FITTING * len(runs)


def _looks_chinese(data: bytes) -> bool:
    """Nearly all characters beyond ASCII are common ones of GB 2312, and few stand inside words of plain letters."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    common = sum(len(c.encode("gb18030")) == 2 and _COMMON_GB.match(c.encode("gb18030")) is not None for c in text)
    beyond = sum(ord(c) > 127 for c in text)
    inside = len(re.findall(r"[A-Za-z][^\x00-\x7f]+[A-Za-z]", text))
    return common >= _FITTING * beyond and inside <= beyond / 10
