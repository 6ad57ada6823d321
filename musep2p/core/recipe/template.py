"""Prompt templates: `{{name}}` stands for the value of an axis in the task's cell.

Everything else passes through untouched: `(word:1.3)`, `[a:b:0.5]` and `<lora:x:0.8>` belong to the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["fill", "placeholders"]

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


def placeholders(template: str) -> list[str]:
    """The names that a template asks for, each once, in order of appearance."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(template)))


def fill(template: str, values: Mapping[str, object]) -> str:
    """The template with every `{{name}}` replaced.

    Raises:
        KeyError: a name has no value; recipes are checked for this before they are accepted.
    """
    return _PLACEHOLDER.sub(lambda match: str(values[match.group(1)]), template)
