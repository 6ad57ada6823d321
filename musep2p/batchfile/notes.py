"""What is no mistake, but worth knowing before a batch runs."""

from __future__ import annotations

import re
from collections import Counter

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.fields import ALIASES, PARAMETERS
from musep2p.batchfile.mistakes import Mistakes
from musep2p.core.recipe import Recipe
from musep2p.core.recipe.fill import is_random
from musep2p.core.recipe.recipe import CLASS_NAMES
from musep2p.core.recipe.tasks import TEMPLATED
from musep2p.core.recipe.template import Template

__all__ = ["misnamed", "take_notes"]

_MARKUP = re.compile(r"\{[^{}]*[|$][^{}]*\}|(?<![^\W_])__[^\W_][\w\-./]*__")
_SETTINGS = frozenset(("steps", "guidance", "sampler")) | CLASS_NAMES
_KNOWN = {*PARAMETERS, "seed", "size"}


def misnamed(column: str) -> str:
    """The parameter that a column is most likely meant to set, though it is not called so; empty if it is none."""
    plain = column.casefold().strip().replace(" ", "_").replace("-", "_")
    meant = {**ALIASES, "seed": "seed", "seeds": "seed", "width": "size", "height": "size"}.get(plain, plain)
    return meant if meant in _KNOWN and column not in _KNOWN else ""


def take_notes(
    recipe: Recipe, drafts: list[Draft], asked: set[str], templates: dict[str, Template], mistakes: Mistakes
) -> None:
    """Look at the whole for what may not be meant.

    Args:
        recipe: what was read.
        drafts: its axes as they are written.
        asked: names of variables that templates ask for.
        templates: of the fixed parameters.
        mistakes: where notes are taken.
    """
    for draft in drafts:
        _empty_cells(draft, asked, mistakes)
        _markup_in_values(draft, asked, mistakes)
        _equal_rows(draft, mistakes)
    random = [name for name, template in templates.items() if is_random(template)]
    settings = sorted(_SETTINGS & set(recipe.given))
    if random and settings and not recipe.vary_by:
        others = sorted({name for axis in recipe.axes for name in axis.names} - _SETTINGS - {"size"})
        by = f"`vary_by: [{', '.join(others)}]`" if others else "a `vary_by` that names another axis"
        text = f"choices in {random[0]} differ between values of {' and '.join(settings)}; {by} keeps them the same"
        mistakes.note(text)
    if "/" in recipe.output:
        mistakes.note("a `/` in `output` becomes `-`: all pictures of a batch are in one folder")


def _empty_cells(draft: Draft, asked: set[str], mistakes: Mistakes) -> None:
    """A translation that is missing is worth knowing before it is rendered."""
    for at, name in enumerate(draft.names):
        empty = [row for row, cells in enumerate(draft.rows) if not cells[at]]
        if empty and (name in asked or name in TEMPLATED):
            file, line, _ = draft.place(empty[0], at)
            more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
            mistakes.note(f"{name!r} is empty at {file or mistakes.file}:{line}{more}")


def _markup_in_values(draft: Draft, asked: set[str], mistakes: Mistakes) -> None:
    for at, name in enumerate(draft.names):
        if name in asked and name not in TEMPLATED:
            found = next((cells[at] for cells in draft.rows if _MARKUP.search(cells[at])), "")
            if found:
                shown = found if len(found) < 40 else found[:37] + "..."
                mistakes.note(f"values are put in as they are: {shown!r} of {name!r} makes no choice")


def _equal_rows(draft: Draft, mistakes: Mistakes) -> None:
    counts = Counter(draft.rows)
    if len(counts) < len(draft.rows):
        row, times = counts.most_common(1)[0]
        shown = " ".join(row[:2])
        mistakes.note(f"{shown!r} is there {times} times: equal tasks are rendered once")
