"""A recipe for people to read: what lies beside a batch's pictures."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from musep2p.core.recipe.axis import Axis
from musep2p.core.recipe.recipe import Recipe

__all__ = ["recipe_json"]

_ROWS_SHOWN = 1000  # the whole table is in the recipe itself; this is for reading


def recipe_json(recipe: Recipe) -> bytes:
    """The recipe as indented JSON, tables as rows, at most the first thousand of each; ends with a line feed."""
    value = msgspec.to_builtins(recipe, builtin_types=(bytes,))
    value["axes"] = [_axis(axis) for axis in recipe.axes]
    value = {name: part for name, part in value.items() if part or name in ("engine", "fixed")}
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic")) + b"\n"


def _axis(axis: Axis) -> dict[str, Any]:
    rows = list(islice(axis.rows(), _ROWS_SHOWN))
    shown: dict[str, Any] = {"names": axis.names, "size": axis.size, "rows": rows}
    if len(axis.names) == 1:
        shown["rows"] = [row[0] for row in rows]
    return shown
