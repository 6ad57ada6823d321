"""Columns of text to the values of a recipe's axes: parameters of the engine get their types, variables stay text."""

from __future__ import annotations

from collections.abc import Iterable

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.mistakes import Mistakes
from musep2p.batchfile.values import Quoted, ambiguous, as_guidance, as_size, as_whole, spelling
from musep2p.core.recipe.axis import Axis, Scalar
from musep2p.core.recipe.recipe import CLASS_NAMES
from musep2p.core.recipe.tasks import scalar_of

__all__ = ["SIZE", "Column", "axis_of", "outermost_first"]

SIZE = "size"  # a column of this name is a variable and gives width and height as well
_WHOLE = {"steps": (1, 10_000), "width": (1, 65_536), "height": (1, 65_536), "seed": (0, (1 << 63) - 1)}
_TEXTS = ("prompt", "negative", "sampler", "model")
Column = list[Scalar]


def axis_of(draft: Draft, given: Iterable[str], mistakes: Mistakes) -> tuple[Axis, list[str]]:
    """The axis of a draft, and which of its names the engine is handed.

    Args:
        draft: what was written.
        given: names that are parameters of the engine.
        mistakes: where values that are none are told.
    """
    wanted = set(given)
    names: list[str] = []
    columns: list[Column] = []
    handed: list[str] = []
    for at, name in enumerate(draft.names):
        texts = [row[at] for row in draft.rows]
        names.append(name)
        if name == SIZE:
            sizes = [_size(draft, at, row, text, mistakes) for row, text in enumerate(texts)]
            columns.append([str(text) for text in texts])
            names += ["width", "height"]
            columns += [[size[0] for size in sizes], [size[1] for size in sizes]]
            handed += ["width", "height"]
        elif name in wanted:
            columns.append([_typed(draft, at, row, text, mistakes) for row, text in enumerate(texts)])
            handed.append(name)
        else:
            columns.append([str(text) for text in texts])
    return Axis.table(names, zip(*columns, strict=True)), handed


def outermost_first(drafts: list[Draft]) -> list[Draft]:
    """As written, but model, then size outermost, so that ranges are of one class of work, and models change least."""
    return sorted(drafts, key=lambda d: ("model" not in d.names, not (CLASS_NAMES | {SIZE}) & set(d.names)))


def _typed(draft: Draft, column: int, row: int, text: str, mistakes: Mistakes) -> Scalar:
    name = draft.names[column]
    value: Scalar | None
    if name in _WHOLE:
        value = as_whole(text, *_WHOLE[name])
        wanted = "a whole number from {:,} to {:,}".format(*_WHOLE[name])
    elif name == "guidance":
        value, wanted = as_guidance(text), "a number"
    elif name in _TEXTS or isinstance(text, Quoted):
        return str(text)
    else:
        if draft.listed and (hint := ambiguous(text)):
            file, line, at = draft.place(row, column)
            mistakes.add(line, at, f"{name}: {text!r} may be a text or something else.", hint, file)
        return scalar_of(text)
    if value is None:
        _wrong(draft, column, row, f"{name} must be {wanted}, not {text!r}.", mistakes)
        return 1
    return value


def _size(draft: Draft, column: int, row: int, text: str, mistakes: Mistakes) -> tuple[int, int]:
    size = as_size(text)
    if size is None:
        _wrong(draft, column, row, f"size must be WIDTHxHEIGHT, like 768x1024, not {text!r}.", mistakes)
    return size or (64, 64)


def _wrong(draft: Draft, column: int, row: int, message: str, mistakes: Mistakes) -> None:
    file, line, at = draft.place(row, column)
    text = draft.rows[row][column]
    hint = spelling(text) if text else "An empty cell is no value: fill it in."
    mistakes.add(line, at, message, hint, file)
