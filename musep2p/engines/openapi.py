"""What a server says of itself in an OpenAPI description: which path renders, and what it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

__all__ = ["Operation", "our_fields", "rendering_operation"]

_OURS = {
    "prompt": ("prompt", "text", "positive_prompt", "prompt_text"), "negative": ("negative_prompt", "negative"),
    "seed": ("seed",), "steps": ("steps", "num_inference_steps", "sample_steps"),
    "guidance": ("cfg_scale", "guidance_scale", "guidance", "cfg"),
    "width": ("width",), "height": ("height",), "size": ("size",), "model": ("model", "model_name"),
    "sampler": ("sampler_name", "sampler"), "scheduler": ("scheduler",),
}  # fmt: skip
_PATHS_MAX = 2000


@dataclass(frozen=True, slots=True)
class Operation:
    """A path that takes a prompt by POST.

    Attributes:
        path: of the server.
        fields: our parameters to its names, as far as they are known.
    """

    path: str
    fields: tuple[tuple[str, str], ...]


def rendering_operation(described: Any) -> Operation | None:
    """The path that probably renders: of those that take a prompt, the one that takes most of what we have.

    Args:
        described: the JSON of `/openapi.json`; anything a stranger may answer.
    """
    paths = described.get("paths") if isinstance(described, Mapping) else None
    best: Operation | None = None
    items = [(str(path), item) for path, item in paths.items()] if isinstance(paths, Mapping) else []
    for path, item in sorted(items, key=itemgetter(0))[:_PATHS_MAX]:
        fields = our_fields(_properties(described, item))
        if "prompt" in fields and (best is None or len(fields) > len(best.fields)):
            best = Operation(path, tuple(fields.items()))
    return best


def our_fields(names: Collection[str]) -> dict[str, str]:
    """Our parameters to a server's names, as far as it has usual ones."""
    known = ((ours, next((name for name in usual if name in names), "")) for ours, usual in _OURS.items())
    return {ours: name for ours, name in known if name}


def _properties(described: Mapping[str, Any], item: Any) -> Mapping[str, Any]:
    content = _inner(item, "post", "requestBody", "content")
    schema = _inner(content, "application/json", "schema")
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if isinstance(reference, str) and reference.startswith("#/"):
        schema = _inner(described, *reference[2:].split("/"))
    found = _inner(schema, "properties")
    return found if isinstance(found, Mapping) else {}


def _inner(value: Any, *path: str) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
