"""Wildcard files: `__hats__` is one line of `hats.txt`. Those that a batch names, and those that they name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from musep2p.batchfile.mistakes import Mistakes
from musep2p.batchfile.texts import read_lines
from musep2p.core.recipe.template import Template, TemplateError, Wildcard, parse_line, walk
from musep2p.errors import RecipeError

__all__ = ["WildcardFolder"]

_FILES_MAX = 10_000
_LINES_MAX = 1_000_000


class WildcardFolder:
    """A folder of lists, read only as far as they are asked for.

    Args:
        folder: where they are; a folder that is missing has none.
        shown: how the user names it.
        mistakes: where mistakes in them are collected.
    """

    def __init__(self, folder: Path, shown: str, mistakes: Mistakes) -> None:
        self._folder, self._shown, self._mistakes = folder, shown, mistakes
        self._paths: dict[str, Path] | None = None
        self._read: dict[str, tuple[str, ...]] = {}

    def names(self) -> list[str]:
        """The names of all lists there: their paths below the folder without `.txt`."""
        if self._paths is None:
            found = sorted(self._folder.rglob("*.txt"))[:_FILES_MAX] if self._folder.is_dir() else []
            names = [path.relative_to(self._folder).with_suffix("").as_posix() for path in found]
            self._paths = dict(zip((unicodedata.normalize("NFC", name) for name in names), found, strict=True))
        return list(self._paths)

    def needed(self, templates: Iterable[Template]) -> dict[str, tuple[str, ...]]:
        """The lines of the lists that these templates name, and of those named in these."""
        found: dict[str, tuple[str, ...]] = {}
        waiting = list(templates)
        while waiting:
            for part in walk(waiting.pop()):
                if not isinstance(part, Wildcard):
                    continue
                for name in [name for name in self.names() if part.matches(name) and name not in found]:
                    found[name] = self._lines(name)
                    waiting += [parse_line(line).template for line in found[name]]
        return dict(sorted(found.items()))

    def _lines(self, name: str) -> tuple[str, ...]:
        if name in self._read:
            return self._read[name]
        assert self._paths is not None
        shown = f"{self._shown}/{name}.txt"
        try:
            lines = read_lines(self._paths[name], "the wildcard file")
        except RecipeError as error:
            self._mistakes.add(0, 0, error.message, error.hint, shown)
            lines = []
        sound = []
        for number, line in lines[:_LINES_MAX]:
            try:
                parse_line(line)
                sound.append(line)
            except TemplateError as error:
                self._mistakes.add(number, error.offset + 1, error.message, error.hint, shown)
        self._read[name] = tuple(sound)
        return self._read[name]
