"""The JSON Schema of batch files, for editors: draft 7, which the YAML language server understands."""

from __future__ import annotations

from typing import Any

from musep2p.batchfile.fields import FIELDS

__all__ = ["batch_schema"]


def batch_schema() -> dict[str, Any]:
    """What a batch file may be; the reader is stricter (templates, tables, what the engine takes)."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "musep2p batch file",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": field.about, **field.schema} for key, field in FIELDS.items()},
    }
