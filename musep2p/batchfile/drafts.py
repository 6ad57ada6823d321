"""Axes as they are written: axes, zipped groups and tables become columns of text with the place of each value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from musep2p.batchfile.source import MappingNode, Node, ScalarNode, SequenceNode, is_plain
from musep2p.batchfile.tables import SHEETS, Table, read_table
from musep2p.batchfile.texts import read_lines
from musep2p.batchfile.values import Quoted, Values
from musep2p.core.recipe.number_ranges import expand_numbers
from musep2p.core.recipe.template import without_weight
from musep2p.core.words import did_you_mean
from musep2p.errors import RecipeError

__all__ = ["Draft", "Drafts"]

Place = tuple[str, int, int]  # file, line, column; an empty file is the batch file
_NAME_MAX = 120
_SKIP = "SKIP:"
_WHOLE = ("steps", "seed", "width", "height")
_NUMBERS = (*_WHOLE, "guidance")
_SPAN = re.compile(r"\d+\s*-\s*\d+")  # in quotes it may be meant: "1990-2000"
_VALUES_MAX = 1_000_000
_KINDS = ("replace", "wildcard", "file", "column", "sheet", "encoding", "delimiter")


@dataclass(slots=True)
class Draft:
    """One axis.

    Attributes:
        names: of its columns.
        rows: one text for each column.
        places: of each row.
        node: where it is written.
        listed: False for a table, whose columns need not all be used.
        replaced: for a search-and-replace axis, the text that is searched for.
        skipped: rows that are left out but keep their number.
    """

    names: list[str]
    rows: list[tuple[str, ...]]
    places: list[Place]
    node: Node
    listed: bool = True
    replaced: str = ""
    skipped: list[int] = field(default_factory=list)

    def place(self, row: int, column: int) -> Place:
        """Where one value is written."""
        file, line, at = self.places[row]
        return (file, line, column + 1) if file else (file, line, at)


class Drafts:
    """Reads axes.

    Args:
        values: of the batch file.
        folder: that paths are relative to.
        wildcard_lines: the lines of a wildcard file by its name, or None.
        wildcard_names: the names there are.
    """

    def __init__(
        self,
        values: Values,
        folder: Path,
        wildcard_lines: Callable[[str], tuple[str, ...] | None],
        wildcard_names: Callable[[], list[str]],
    ) -> None:
        self._values, self._source, self._folder = values, values.source, folder
        self._wildcard_lines, self._wildcard_names = wildcard_lines, wildcard_names

    def axes(self, node: Node) -> list[Draft]:
        """`axes:` one draft for each name."""
        found = []
        for name, key_node, value in self._source.pairs(node, "axes"):
            draft = self._axis(self._name(name, key_node), value)
            if draft is not None:
                found.append(draft)
        return found

    def groups(self, node: Node) -> list[Draft]:
        """`zip:` one draft for each group."""
        return [draft for item in self._source.items(node) if (draft := self._group(item)) is not None]

    def rows(self, node: Node) -> Draft | None:
        """`rows:` a table in a file or in place."""
        if isinstance(node, SequenceNode):
            return self._rows_in_place(node)
        file, options = self._file_options(node, ("sheet", "encoding", "delimiter"))
        table = self._table(node, file, options) if file else None
        if table is None or not table.rows:
            return None
        places = [(table.file, line, 1) for line in table.lines]
        names = [self._name(name, node) for name in table.names]
        return Draft(names, list(table.rows), places, node, listed=False)

    def _axis(self, name: str, node: Node) -> Draft | None:
        if isinstance(node, MappingNode):
            return self._special(name, node)
        if isinstance(node, ScalarNode):
            return self._spelled(name, node)
        draft, sound = Draft([name], [], [], node), True
        for item in node.value:
            text = self._value(item, name, draft)
            sound = sound and text is not None
            for each in self._several(text, name, item) if text is not None else ():
                draft.rows.append((each,))
                draft.places.append(("", *self._source.place(item)))
        return self._nonempty(draft, name, node) if sound else None

    def _several(self, text: str, name: str, node: Node) -> list[str]:
        """An item of a list of numbers may be a range: [10-50 (+10), 60]."""
        if name not in _NUMBERS or not is_plain(node):
            return [text]
        try:
            numbers = expand_numbers(text, whole=name in _WHOLE)
        except RecipeError as error:
            self._source.wrong(node, f"{name}: {error.message}", error.hint)
            return []
        return [text] if numbers is None or len(numbers) == 1 else [str(number) for number in numbers]

    def _value(self, node: Node, name: str, draft: Draft) -> str | None:
        """One value of a list; `SKIP: x` keeps its number and is left out."""
        if isinstance(node, MappingNode) and len(node.value) == 1 and node.value[0][0].value == "SKIP":
            draft.skipped.append(len(draft.rows))
            node = node.value[0][1]
        text = self._source.prompt_of(node, f"a value of {name}", strict=False)
        if text is None:
            return None
        if text.startswith(_SKIP):
            draft.skipped.append(len(draft.rows))
            text = text.removeprefix(_SKIP).strip()
        if not text and is_plain(node):
            hint = 'Write it, or "" for an empty text.'
            self._source.wrong(node, f"a value of {name} is missing.", hint)
            return None
        return text if is_plain(node) else Quoted(text)

    def _spelled(self, name: str, node: ScalarNode) -> Draft | None:
        """Values in one text: numbers as the trade writes them, or texts between `||`."""
        text = self._source.prompt_of(node, name, strict=False)
        if not text:
            if text is not None:
                self._source.wrong(node, f"{name} must have values.", "Write a list like [a, b], or 1-5.")
            return None
        try:
            numbers = expand_numbers(text, whole=name in _WHOLE)
        except RecipeError as error:
            self._source.wrong(node, f"{name}: {error.message}", error.hint)
            return None
        draft = Draft([name], [], [], node)
        if numbers is not None and (is_plain(node) or name in _NUMBERS or not _SPAN.fullmatch(text.strip())):
            parts = [text] if len(numbers) == 1 else [str(number) for number in numbers]
        elif "||" in text:
            parts = [part.strip() for part in text.split("||")]
        elif "," in text and name != "size":
            listed = ", ".join(part.strip() for part in text.split(","))
            self._source.wrong(node, f"{name}: is this one value or several?", f'Write [{listed}], or ["{text}"].')
            return None
        else:
            parts = [part.strip() for part in text.split(",")] if name == "size" else [text]
        for part in parts:
            if part.startswith(_SKIP):
                draft.skipped.append(len(draft.rows))
                part = part.removeprefix(_SKIP).strip()
            draft.rows.append((part,))
        draft.places = [("", *self._source.place(node))] * len(draft.rows)
        return draft

    def _special(self, name: str, node: MappingNode) -> Draft | None:
        """`{replace: [...]}`, `{file: ...}`, `{wildcard: ...}`"""
        keys = {key: value for key, _, value in self._source.pairs(node, name)}
        strange = next((key for key in keys if key not in _KINDS), None)
        if strange is not None or not keys:
            hint = "Write a list [a, b], or {replace: [...]}, {file: ...} or {wildcard: ...}."
            text = f"{name} is read as a mapping." if strange is None or "|" in strange or "{" in strange else ""
            self._source.wrong(node, text or f"unknown word {strange!r} in {name}.", hint)
            return None
        if "replace" in keys:
            return self._replace(name, keys["replace"])
        if "wildcard" in keys:
            return self._from_wildcard(name, keys["wildcard"])
        return self._from_file(name, node)

    def _replace(self, name: str, node: Node) -> Draft | None:
        if not isinstance(node, SequenceNode) or len(node.value) < 2:
            hint = "Write [watercolour, oil, ink]: the first is searched in the prompt."
            self._source.wrong(node, f"{name}: replace needs a list of at least two texts.", hint)
            return None
        draft = self._axis(name, node)
        if draft is not None:
            draft.replaced = draft.rows[0][0]
        return draft

    def _from_wildcard(self, name: str, node: Node) -> Draft | None:
        wanted = self._values.word(node, f"{name}: wildcard").strip("_ ")
        lines = self._wildcard_lines(wanted)
        if lines is None:
            hint = did_you_mean(wanted, self._wildcard_names())
            self._source.wrong(node, f"there is no wildcard file {wanted!r}.", hint)
            return None
        place = ("", *self._source.place(node))
        lines = tuple(without_weight(line) for line in lines)
        return self._nonempty(Draft([name], [(line,) for line in lines], [place] * len(lines), node), name, node)

    def _from_file(self, name: str, node: MappingNode) -> Draft | None:
        file, options = self._file_options(node, ("column", "sheet", "encoding", "delimiter"))
        if not file:
            return None
        if Path(file).suffix.lower() not in (".csv", ".tsv", *SHEETS):
            return self._lines_of(name, file, node)
        column = options.pop("column", "")
        table = self._table(node, file, options)
        if table is None:
            return None
        if not column and len(table.names) > 1:
            hint = f"Say which: {{file: {file}, column: {table.names[0]}}}."
            self._source.wrong(node, f"{file} has {len(table.names)} columns.", hint)
            return None
        if column and column not in table.names:
            self._source.wrong(node, f"{file} has no column {column!r}.", did_you_mean(column, table.names))
            return None
        at = table.names.index(column) if column else 0
        places = [(table.file, line, at + 1) for line in table.lines]
        return Draft([name], [(row[at],) for row in table.rows], places, node)

    def _lines_of(self, name: str, file: str, node: Node) -> Draft | None:
        try:
            lines = read_lines(self._folder / file, "the list")
        except RecipeError as error:
            self._source.wrong(node, error.message, error.hint)
            return None
        places = [(file, number, 1) for number, _ in lines]
        return self._nonempty(Draft([name], [(line,) for _, line in lines], places, node), name, node)

    def _group(self, node: Node) -> Draft | None:
        """One zipped group: lists of equal length."""
        columns = [
            draft
            for name, key_node, value in self._source.pairs(node, "zip")
            if (draft := self._axis(self._name(name, key_node), value)) is not None
        ]
        sizes = {draft.names[0]: len(draft.rows) for draft in columns}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items())
            self._source.wrong(
                node, f"the lists of a zipped group must be equally long: {told}.", "Fill the short ones."
            )
            return None
        if not columns:
            return None
        rows = [tuple(draft.rows[i][0] for draft in columns) for i in range(len(columns[0].rows))]
        skipped = sorted({row for draft in columns for row in draft.skipped})
        return Draft([draft.names[0] for draft in columns], rows, columns[0].places, node, skipped=skipped)

    def _rows_in_place(self, node: SequenceNode) -> Draft | None:
        found: list[dict[str, str]] = []
        draft = Draft([], [], [], node, listed=False)
        names: dict[str, None] = {}
        for item in node.value:
            if not isinstance(item, MappingNode):
                self._source.wrong(item, "a row must be `{city: Kyoto, style: ink}`.", "Give every value a name.")
                return None
            row: dict[str, str] = {}
            for name, key_node, value in self._source.pairs(item, "a row"):
                text = self._source.prompt_of(value, name, strict=False)
                if text is not None:
                    row[self._name(name, key_node)] = text if is_plain(value) else Quoted(text)
            names.update(dict.fromkeys(row))
            found.append(row)
            draft.places.append(("", *self._source.place(item)))
        draft.names = list(names)
        draft.rows = [tuple(row.get(name, "") for name in names) for row in found]
        return self._nonempty(draft, "rows", node) if names else None

    def _file_options(self, node: Node, allowed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        if isinstance(node, ScalarNode):
            return self._values.word(node, "the file", 1000), {}
        options: dict[str, str] = {}
        for key, key_node, value in self._source.pairs(node, "the table"):
            if key not in ("file", *allowed):
                self._source.unknown(key_node, "word", ["file", *allowed])
                return "", {}
            options[key] = self._values.word(value, key, 1000)
        delimiter = options.get("delimiter", "")
        if delimiter:
            options["delimiter"] = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
        if len(options.get("delimiter", "")) > 1:
            self._source.wrong(node, f"delimiter must be one character, not {delimiter!r}.", 'Write ";" or tab.')
            return "", {}
        if "file" not in options:
            self._source.wrong(node, "the table has no `file`.", "Write {file: hotels.csv}.")
        return options.pop("file", ""), options

    def _table(self, node: Node, file: str, options: dict[str, str]) -> Table | None:
        try:
            return read_table(self._folder / file, file, self._source.mistakes, **options)
        except RecipeError as error:
            self._source.wrong(node, error.message, error.hint)
            return None

    def _name(self, name: str, node: Node) -> str:
        plain = unicodedata.normalize("NFC", name)
        if len(plain) > _NAME_MAX or set(plain) & set("{}[]|"):
            self._source.wrong(node, f"{plain[:40]!r} cannot be a name.", "Names are short and have no { } [ ] |.")
        return plain[:_NAME_MAX]

    def _nonempty(self, draft: Draft, name: str, node: Node) -> Draft | None:
        if not draft.rows:
            self._source.wrong(node, f"{name} must have at least one value.", "Write a list like [a, b].")
            return None
        if len(draft.rows) > _VALUES_MAX:
            self._source.wrong(
                node, f"{name} has {len(draft.rows):,} values.", f"At most {_VALUES_MAX:,} are possible."
            )
            return None
        return draft
