"""Rows from spreadsheets: CSV as Excel writes it (`,` or `;`, any usual encoding), Excel and ODS."""

from __future__ import annotations

import csv
import datetime
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musep2p.batchfile.mistakes import Mistakes
from musep2p.batchfile.texts import decoded, read_bytes
from musep2p.errors import RecipeError

__all__ = ["SHEETS", "Table", "read_table"]

SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_DELIMITERS = ",;\t|"
_NAME_MAX = 120
_COLUMNS_MAX = 1000
_CELL_MAX = 200_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns and their rows, all text.

    Attributes:
        file: as the user named it.
        names: of the columns.
        rows: one text for each column.
        lines: the line (CSV) or row (sheet) of each.
    """

    file: str
    names: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int]


def read_table(
    path: Path, shown: str, mistakes: Mistakes, *, sheet: str = "", encoding: str = "", delimiter: str = ""
) -> Table | None:
    """Read a table; None when its head is wrong (the mistakes are told).

    Args:
        path: of the file.
        shown: how the user named it.
        mistakes: where mistakes in it are collected.
        sheet: of a spreadsheet; the first if empty.
        encoding, delimiter: of a CSV; guessed if empty.

    Raises:
        RecipeError: it cannot be read at all.
    """
    data = read_bytes(path, "the table")
    if path.suffix.lower() in SHEETS:
        lines: Iterable[tuple[int, list[str]]] = _sheet_rows(data, shown, sheet, mistakes)
    else:
        lines = _csv_rows(data, shown, encoding, delimiter, mistakes)
    return _table(shown, lines, mistakes)


def _table(shown: str, lines: Iterable[tuple[int, list[str]]], mistakes: Mistakes) -> Table | None:
    filled = ((number, cells) for number, cells in lines if any(cell.strip() for cell in cells))
    number, head = next(filled, (0, []))
    if not head:
        raise RecipeError(f"the table {shown} has no rows.", "Its first row names the columns.")
    left = next(at for at, cell in enumerate(head) if cell.strip())
    names = _names(shown, number, head, left, mistakes)
    if names is None:
        return None
    head_line = number
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    for number, cells in filled:
        extra = [at for at, cell in enumerate(cells) if not left <= at < left + len(names) and cell.strip()]
        if extra and len(names) == 1 and not rows:
            text = f"this row names only one column, {names[0][:40]!r}, and the next has more: is it a title?"
            mistakes.add(head_line, left + 1, text, "Delete it: the first row names the columns.", shown)
            return None
        if extra:
            text = f"this row has {extra[-1] + 1} cells, the first one names {len(names)} columns."
            hint = "A text with the separator in it must stand in quotes."
            mistakes.add(number, extra[0] + 1, text, hint, shown)
            continue
        texts = [cell.strip() for cell in cells[left : left + len(names)]]
        texts += [""] * (len(names) - len(texts))
        if _sound_cells(shown, number, left, texts, mistakes):
            rows.append(tuple(texts))
            numbers.append(number)
    if not rows and not mistakes:
        raise RecipeError(f"the table {shown} has only its first row, the names.", "Add a row for each picture.")
    return Table(shown, names, rows, numbers)


def _sound_cells(shown: str, line: int, left: int, texts: list[str], mistakes: Mistakes) -> bool:
    """False, and a mistake, for a cell that no text has; a cell of several lines is noted."""
    for at, text in enumerate(texts, left + 1):
        if len(text) > _CELL_MAX:
            told = f"this cell has more than {_CELL_MAX:,} characters."
            mistakes.add(line, at, told, "Is a quote never closed?", shown)
            return False
        odd = _CONTROL.search(text)
        if odd:
            told = f"there is a control character in this cell (U+{ord(odd[0]):04X})."
            mistakes.add(line, at, told, "Delete it; it may have come with a copy from another program.", shown)
            return False
        if "\n" in text:
            count = text.count("\n") + 1
            mistakes.note(f"a cell of {shown}:{line} has {count} lines; if it shall not, a quote is not closed")
    return True


def _names(shown: str, line: int, head: list[str], left: int, mistakes: Mistakes) -> tuple[str, ...] | None:
    names = [unicodedata.normalize("NFC", cell.strip()) for cell in head]
    while names and not names[-1]:
        names.pop()
    names = names[left:]
    before = mistakes.found()
    if len(names) > _COLUMNS_MAX:
        mistakes.add(line, _COLUMNS_MAX + 1, f"more than {_COLUMNS_MAX} columns.", "Is this the right file?", shown)
        return None
    seen: dict[str, int] = {}
    for at, name in enumerate(names, left + 1):
        if not name:
            mistakes.add(line, at, "this column has no name.", "Name it, or take it out.", shown)
        elif len(name) > _NAME_MAX or set(name) & set("{}[]|\n\r"):
            hint = "The first row names the columns: short, without { } [ ] |."
            mistakes.add(line, at, f"{name[:40]!r} cannot be the name of a column.", hint, shown)
        elif name in seen:
            mistakes.add(line, at, f"there are two columns {name!r} (also number {seen[name]}).", "Rename one.", shown)
        seen.setdefault(name, at)
    return tuple(names) if mistakes.found() == before else None


def _csv_rows(
    data: bytes, shown: str, encoding: str, delimiter: str, mistakes: Mistakes
) -> Iterator[tuple[int, list[str]]]:
    text, used = decoded(data, f"the table {shown}", encoding)
    if used not in ("utf-8", "utf-8-sig") and not encoding:
        mistakes.note(f"{shown} was read as {used}; if letters look wrong, say `encoding:` or save it as UTF-8")
    first, told = 1, ""
    if text.startswith("sep=") and text[4:5]:
        told, first, text = text[4], 2, text.partition("\n")[2]
    separator = delimiter or told or _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(_CELL_MAX * 10)
    at = first
    try:
        for cells in reader:
            yield at, cells
            at = reader.line_num + first
    except csv.Error as error:
        hint = "Check the quotes in this row: inside quotes a quote is written twice."
        mistakes.add(at, 1, f"this row cannot be read: {error}.", hint, shown)


def _separator(text: str) -> str:
    """The one that the first row has most of, outside quotes."""
    head = ""
    quoted = False
    for character in text[:20_000]:
        quoted ^= character == '"'
        if character in "\r\n" and not quoted and head.strip():
            break
        head += "" if quoted else character
    return max(_DELIMITERS, key=head.count)


def _sheet_rows(data: bytes, shown: str, sheet: str, mistakes: Mistakes) -> Iterator[tuple[int, list[str]]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        if sheet and sheet not in book.sheet_names:
            names = ", ".join(book.sheet_names)
            raise RecipeError(f"the table {shown} has no sheet {sheet!r}.", f"It has: {names}.")
        page = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
        top, left = page.start or (0, 0)
        rows = page.to_python(skip_empty_area=True)
    except (python_calamine.CalamineError, ValueError, OSError, IndexError) as error:
        hint = "Save it again as .xlsx, or as CSV in UTF-8."
        raise RecipeError(f"the table {shown} cannot be read: {error}.", hint) from None
    if not sheet and len(book.sheet_names) > 1:
        mistakes.note(f"{shown} has {len(book.sheet_names)} sheets; the first, {book.sheet_names[0]!r}, is read")
    for at, row in enumerate(rows, top + 1):
        yield at, [""] * left + [_cell_text(cell) for cell in row]


def _cell_text(cell: Any) -> str:
    """A cell as a person reads it: 20, not 20.0; 2026-11-23, not midnight of that day."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat(" ") if isinstance(cell, datetime.datetime) else cell.isoformat()
    return str(cell)
