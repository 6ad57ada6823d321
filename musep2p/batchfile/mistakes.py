"""Mistakes in what artists write: collected, so that all are told at once, each with its place and remedy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from musep2p.errors import RecipeError

__all__ = ["BatchFileError", "Mistake", "Mistakes"]

_TOLD_MAX = 100
_IN_COLUMN_MAX = 5


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake.

    Attributes:
        file: as the user named it.
        line, column: from 1; in a table the row and the number of the cell. 0 when it is the whole file's.
        message: what is wrong.
        hint: what would be right.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message} {self.hint}".strip()


class BatchFileError(RecipeError):
    """A batch file, or a file that it reads, has mistakes.

    Attributes:
        mistakes: all that were found, in order.
    """

    def __init__(self, file: str, mistakes: tuple[Mistake, ...]) -> None:
        first = mistakes[0]
        if len(mistakes) == 1:
            super().__init__(str(first).removesuffix(first.hint).strip(), first.hint)
        else:
            super().__init__(f"{file} has {len(mistakes)} mistakes.", "Nothing of it was submitted.")
            self.details = tuple(map(str, mistakes))
        self.mistakes = mistakes


class Mistakes:
    """Collects mistakes while files are read.

    Args:
        file: the batch file, as the user named it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[Mistake, None] = {}
        self._in_column: Counter[tuple[str, int]] = Counter()
        self.notes: list[str] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, line: int, column: int, message: str, hint: str, file: str = "") -> None:
        """One more; the same one twice counts once, and of those in one column of a table the first five are told."""
        mistake = Mistake(file or self.file, line, column, message, hint)
        if mistake in self._found or len(self._found) >= _TOLD_MAX:
            return
        if file and line:
            self._in_column[file, column] += 1
            if self._in_column[file, column] == _IN_COLUMN_MAX + 1:
                mistake = Mistake(file, line, column, "there are more of these in this column.", "Mend those first.")
            elif self._in_column[file, column] > _IN_COLUMN_MAX:
                return
        self._found[mistake] = None

    def note(self, text: str) -> None:
        """Something worth knowing that is no mistake."""
        if text not in self.notes:
            self.notes.append(text)

    def found(self) -> tuple[Mistake, ...]:
        """All so far, by file and place; those of the batch file first."""
        return tuple(sorted(self._found, key=lambda m: (m.file != self.file, m)))

    def raise_if_any(self) -> None:
        """Stop here if there is one.

        Raises:
            BatchFileError: with all of them.
        """
        if self._found:
            raise BatchFileError(self.file, self.found())
