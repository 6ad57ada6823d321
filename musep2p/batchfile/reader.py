"""batch.yaml -> recipe and settings, checked whole: every mistake is told at once, at its line and column."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import msgspec

from musep2p.batchfile.build import Builder
from musep2p.batchfile.mistakes import BatchFileError, Mistakes
from musep2p.batchfile.source import Source
from musep2p.batchfile.texts import decoded, read_bytes
from musep2p.core.recipe import Recipe, Settings, Tasks
from musep2p.errors import RecipeError

__all__ = ["BatchFile", "read_batch", "read_text"]

_BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What a batch file says.

    Attributes:
        recipe: what decides the pictures.
        settings: what does not.
        tasks: of the recipe.
        notes: what is worth knowing before it runs.
    """

    recipe: Recipe
    settings: Settings
    tasks: Tasks
    notes: tuple[str, ...] = ()


def read_batch(path: Path) -> BatchFile:
    """Read a batch file and the tables and lists that it names.

    Raises:
        BatchFileError: there are mistakes; it has all of them.
        RecipeError: it cannot be read at all.
    """
    data = read_bytes(path, "the batch file")
    if len(data) > _BYTES_MAX:
        raise RecipeError(f"{path} is larger than {_BYTES_MAX >> 20} MiB.", "Put long lists into a table: rows: FILE")
    try:
        text, _ = decoded(data, str(path), "utf-8")
    except RecipeError as error:
        raise RecipeError(error.message, "Save it as UTF-8.") from None
    return read_text(text, path.stem, path.parent, str(path))


def read_text(text: str, name: str, folder: Path | None = None, shown: str = "batch.yaml") -> BatchFile:
    """As `read_batch`, from text.

    Args:
        text: of the batch file.
        name: of the batch, when the text gives none.
        folder: that paths are relative to.
        shown: how mistakes name the file.

    Raises:
        BatchFileError: there are mistakes; it has all of them.
    """
    mistakes = Mistakes(shown)
    source = Source(unicodedata.normalize("NFC", text), mistakes)
    root = source.root()
    if root is None:
        if not mistakes:
            mistakes.add(1, 1, "the file is empty.", "Start with `prompt: ...`.")
        raise BatchFileError(shown, mistakes.found())
    try:
        tasks, settings = Builder(source, root, folder or Path()).build(name)
    except (msgspec.ValidationError, RecipeError) as error:
        if isinstance(error, BatchFileError):
            raise
        told = error if isinstance(error, RecipeError) else RecipeError(f"{error}.")
        mistakes.add(0, 0, told.message, told.hint)
        raise BatchFileError(shown, mistakes.found()) from None
    return BatchFile(tasks.recipe, settings, tasks, tuple(mistakes.notes))
