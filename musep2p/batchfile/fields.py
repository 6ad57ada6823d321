"""The keys of a batch file: what each means and what it may be. Reader, JSON Schema and reference share this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from musep2p.core.recipe.checks import CHECKS
from musep2p.core.recipe.recipe import CONSISTENCIES, MAX_TASKS, ORDERS, TASKS_LIMIT

__all__ = ["ALIASES", "FIELDS", "PARAMETERS", "Field"]


@dataclass(frozen=True, slots=True)
class Field:
    """One key.

    Attributes:
        about: what it means, in a line.
        schema: what it may be, as JSON Schema.
    """

    about: str
    schema: dict[str, Any]


_TEXT = {"type": "string"}
_WORD = {"type": "string", "minLength": 1, "maxLength": 120}
_SCALAR = {"type": ["string", "number", "boolean"]}
_SKIPPED = {"type": "object", "properties": {"SKIP": _SCALAR}, "additionalProperties": False}
_OFF = {"enum": ["off", False]}
_LIST = {"type": "array", "items": {"anyOf": [_SCALAR, _SKIPPED]}, "minItems": 1}
_SIZE = {"type": "string", "pattern": r"^\s*\d{1,5}\s*[xX\u00d7]\s*\d{1,5}\s*$"}
_WHOLE_OR_TEMPLATE = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
_NUMBER_OR_TEMPLATE = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_AXIS = {
    "anyOf": [
        _LIST,
        _SCALAR,
        {
            "type": "object",
            "properties": {
                "replace": {"type": "array", "items": _SCALAR, "minItems": 2},
                "file": _TEXT,
                "column": _TEXT,
                "wildcard": _TEXT,
            },
            "additionalProperties": False,
        },
    ]
}
_TABLE = {
    "type": "object",
    "properties": {"file": _TEXT, "sheet": _TEXT, "encoding": _TEXT, "delimiter": {"type": "string", "maxLength": 3}},
    "required": ["file"],
    "additionalProperties": False,
}
_RULE = {"type": "object", "additionalProperties": {"anyOf": [_SCALAR, _LIST]}}
_RULES = {"anyOf": [_RULE, {"type": "array", "items": _RULE}]}
_GROUP = {"type": "object", "additionalProperties": {"anyOf": [_LIST, _SCALAR]}}

FIELDS: dict[str, Field] = {
    "name": Field("shown to people, and the folder's name; default: the file's", _WORD),
    "engine": Field("what renders: `atelier` (default) or another engine of the farm", {"type": ["string", "null"]}),
    "model": Field("the engine's model", _TEXT),
    "prompt": Field("what shall be seen; a template", _TEXT),
    "negative": Field("what shall not be seen; a template", _TEXT),
    "size": Field("`WIDTHxHEIGHT` in pixels", _SIZE),
    "steps": Field("how many steps the engine takes", _WHOLE_OR_TEMPLATE),
    "guidance": Field("how closely it follows the prompt (CFG scale)", _NUMBER_OR_TEMPLATE),
    "sampler": Field("the engine's sampler", _TEXT),
    "params": Field(
        "further parameters of the engine, `name: value`", {"type": "object", "additionalProperties": _SCALAR}
    ),
    "seeds": Field(
        "image seeds of every cell: `7`, `[7, 8]`, `1-10`, `{count: 4, from: 1}` or `{derived: 4}`",
        {
            "anyOf": [
                {"type": ["integer", "string"]},
                {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1},
                {
                    "type": "object",
                    "properties": {"count": {"type": "integer", "minimum": 1}, "from": {"type": "integer"}},
                    "required": ["count"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"derived": {"type": "integer", "minimum": 1}},
                    "required": ["derived"],
                    "additionalProperties": False,
                },
            ]
        },
    ),
    "rng_seed": Field("of random choices and derived seeds; another number, other choices", {"type": "integer"}),
    "vary_by": Field(
        "names on whose values random choices and derived seeds depend; default: all",
        {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]},
    ),
    "axes": Field(
        "`name: values`; all combinations are made, the first axis outermost",
        {"type": "object", "additionalProperties": _AXIS},
    ),
    "zip": Field(
        "groups of lists that go together: the first values, the second values, ...",
        {"anyOf": [_GROUP, {"type": "array", "items": _GROUP}]},
    ),
    "rows": Field(
        "a table: a CSV, Excel or ODS file, `{file: ..., sheet: ..., encoding: ..., delimiter: ...}`, or rows in place",
        {"anyOf": [_TEXT, _TABLE, {"type": "array", "items": _RULE, "minItems": 1}]},
    ),
    "exclude": Field("cells that are left out: `{name: value}` or `{name: [values]}`, or a list of those", _RULES),
    "include": Field("only these cells, said as in `exclude`", _RULES),
    "wildcards": Field("folder of the lists that `__name__` takes a line of; default: `wildcards`", _TEXT),
    "order": Field(
        "`written` (default), or `middle-out`: first an even sample of the grid, then what is between",
        {"enum": list(ORDERS)},
    ),
    "consistency": Field(
        "`any` (default), or `look`: only peers whose engines give the same pixels take part, the largest such group",
        {"enum": list(CONSISTENCIES)},
    ),
    "output": Field("template of the pictures' names; default: the index and the first value of every axis", _TEXT),
    "max_tasks": Field(
        f"more tasks than this are a mistake; default {MAX_TASKS:,}",
        {"type": "integer", "minimum": 1, "maximum": TASKS_LIMIT},
    ),
    "priority": Field(
        "-1000 to 1000, higher runs first; default 0", {"type": "integer", "minimum": -1000, "maximum": 1000}
    ),
    "retries": Field(
        "failures of a task that are forgiven; default 2", {"type": "integer", "minimum": 0, "maximum": 100}
    ),
    "timeout": Field(
        "time for one task: seconds, or `90 s`, `10 min`, `2 h`; default (or 0) max(10 min, 20 x its class's median)",
        {"type": ["number", "string"]},
    ),
    "gate": Field(
        "what is refused as no picture: `off`, or `{check: off}` or `{check: threshold}` of "
        + ", ".join(f"`{name}`" for name in CHECKS),
        {
            "anyOf": [
                _OFF,
                {
                    "type": "object",
                    "properties": {name: {"anyOf": [_OFF, {"type": "number", "minimum": 0}]} for name in CHECKS},
                    "additionalProperties": False,
                },
            ]
        },
    ),
    "tags": Field("only peers that have all of them", {"anyOf": [_WORD, {"type": "array", "items": _WORD}]}),
    "gpu_memory": Field("only peers whose GPU has that much: `12` or `12 GB`", {"type": ["number", "string"]}),
}

PARAMETERS = ("prompt", "negative", "steps", "guidance", "sampler", "model", "width", "height")

ALIASES = {
    "negative_prompt": "negative", "cfg": "guidance", "cfg_scale": "guidance", "guidance_scale": "guidance",
    "seed": "seeds", "width": "size", "height": "size", "resolution": "size", "sampler_name": "sampler",
    "scheduler": "sampler", "checkpoint": "model", "sd_model_checkpoint": "model", "num_inference_steps": "steps",
    "count": "seeds", "n_iter": "seeds", "batch_size": "seeds", "batch_count": "seeds", "filename": "output",
    "csv": "rows", "table": "rows", "grid": "axes", "matrix": "axes", "prompts": "axes", "timeout_s": "timeout",
    "vram": "gpu_memory",
}  # fmt: skip
