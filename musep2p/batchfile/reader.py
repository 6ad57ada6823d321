"""batch.yaml -> recipe and settings, with every mistake told at its line.

YAML is read as YAML 1.2 means it: `no` is a word, `012` is 12, `16:9` is text, and a key given twice is an error.
"""

from __future__ import annotations

import difflib
import re
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from musep2p.core.recipe import Axis, Recipe, Scalar, Settings
from musep2p.engines.registry import engine_names, load_engine
from musep2p.errors import EngineError, RecipeError

__all__ = ["BatchFile", "read_batch", "read_text"]

_KEYS = (
    "name", "engine", "model", "prompt", "negative", "size", "steps", "guidance", "sampler",
    "seeds", "axes", "params", "priority", "retries", "timeout", "tags",
)  # fmt: skip
_FIXED = ("prompt", "negative", "steps", "guidance", "sampler")
_BYTES_MAX = 4 << 20
_NUMBER_MAX = 1 << 63
_SEEDS_MAX = 1_000_000
_ENGINE_NULL = re.compile(r"^engine:[ \t]+null\b", re.MULTILINE)
_SIZE = re.compile(r"(\d{1,5})\s*[xX]\s*(\d{1,5})")


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What a batch file says."""

    recipe: Recipe
    settings: Settings


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 scalars, and no key twice."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if isinstance(key, dict | list):
            text = "a prompt that starts with { or [ must stand in quotes"
            raise RecipeError(f"line {line}: this is no key: {text}.")
        if key in seen:
            raise RecipeError(f"line {line}: {key!r} is given twice (first in line {seen[key]}).")
        seen[key] = line
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read_batch(path: Path) -> BatchFile:
    """Read a batch file.

    Raises:
        RecipeError: it cannot be read, or says something impossible; the message names file and line.
    """
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise RecipeError(f"{path} is larger than {_BYTES_MAX >> 20} MiB.", "Is this the batch file?")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    try:
        return read_text(text, path.stem)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error.message}", error.hint) from None


def read_text(text: str, name: str) -> BatchFile:
    """As `read_batch`, from text; `name` is used when it gives none.

    Raises:
        RecipeError: with the line.
    """
    try:
        values = yaml.load(text, _Loader)  # a safe loader
        lines = _lines(text)
    except yaml.YAMLError as error:
        raise RecipeError(_yaml_words(error), "A text with { [ : # in it must stand in quotes.") from None
    except (RecursionError, ValueError) as error:
        raise RecipeError(f"this is no batch file: {error}.") from None
    if not isinstance(values, dict):
        raise RecipeError("a batch file is a list of `key: value` lines.", "Start with `prompt: ...`.")
    if values.get("engine", "") is None and _ENGINE_NULL.search(text):
        values["engine"] = "null"  # the engine of that name, not YAML's nothing
    try:
        return _build(values, lines, name)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{error}.") from None


def _build(values: dict[Any, Any], lines: dict[Any, int], name: str) -> BatchFile:
    _check_keys(values, lines)
    engine = values.get("engine", "atelier")
    fixed: dict[str, Scalar] = {}
    for key in _FIXED:
        if key in values:
            fixed[key] = _scalar(values[key], key, lines)
    if "size" in values:
        fixed["width"], fixed["height"] = _size(values["size"], lines)
    for key, value in _mapping(values, "params", lines).items():
        fixed[str(key)] = _scalar(value, str(key), lines)
    recipe = Recipe(
        engine=_text(engine, "engine", lines),
        fixed=fixed,
        axes=tuple(_axis(key, value, lines) for key, value in _mapping(values, "axes", lines).items()),
        seeds=_seeds(values.get("seeds"), lines),
        tags=tuple(str(tag) for tag in _list(values.get("tags", []), "tags", lines)),
        model=str(values.get("model", "")),
    )
    settings = Settings(
        _name(values, name, lines),
        _whole(values, "priority", 0, (-1000, 1000), lines),
        _whole(values, "retries", 2, (0, 100), lines),
        round(_number(values, "timeout", 0.0, lines) * 1000),
    )
    msgspec.convert(msgspec.to_builtins(recipe), Recipe)
    msgspec.convert(msgspec.to_builtins(settings), Settings)
    _check_engine(recipe, lines)
    return BatchFile(recipe, settings)


def _check_keys(values: dict[Any, Any], lines: dict[Any, int]) -> None:
    for key in values:
        if key not in _KEYS:
            close = difflib.get_close_matches(str(key), _KEYS, 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(_KEYS)}."
            raise RecipeError(f"line {lines.get(key, 1)}: unknown key {key!r}.", hint)


def _check_engine(recipe: Recipe, lines: dict[Any, int]) -> None:
    """Every value of every axis is tried once with the engine; other peers may have engines that we lack."""
    if recipe.engine not in engine_names():
        return
    try:
        engine = load_engine(recipe.engine)
    except EngineError as error:
        raise RecipeError(str(error)) from None
    step = 1
    indices = {0}
    for size in [max(1, len(recipe.seeds)), *(len(axis.values) for axis in reversed(recipe.axes))]:
        indices.update(digit * step for digit in range(min(size, 1000)))
        step *= size
    for index in sorted(indices):
        problems = engine.check(recipe.parameters(index))
        if problems:
            raise RecipeError(f"task {index}: {problems[0]}")


def _lines(text: str) -> dict[Any, int]:
    node = yaml.compose(text, yaml.CSafeLoader)
    found: dict[Any, int] = {}
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            found[key_node.value] = key_node.start_mark.line + 1
            if isinstance(value_node, yaml.MappingNode):
                for inner, _ in value_node.value:
                    found.setdefault(inner.value, inner.start_mark.line + 1)
    return found


def _yaml_words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return f"{place}{problem}."


def _wrong(key: str, value: object, wanted: str, lines: dict[Any, int]) -> RecipeError:
    return RecipeError(f"line {lines.get(key, 1)}: {key} must be {wanted}, not {reprlib.repr(value)}.")


def _scalar(value: object, key: str, lines: dict[Any, int]) -> Scalar:
    if isinstance(value, dict):
        raise RecipeError(
            f"line {lines.get(key, 1)}: {key} is read as a mapping, not as text.", 'Put it in quotes: "{{city}} ..."'
        )
    if not isinstance(value, str | int | float | bool):
        raise _wrong(key, value, "text or a number", lines)
    if isinstance(value, int | float) and not abs(value) < _NUMBER_MAX:
        raise _wrong(key, value, "a number below 2^63", lines)
    return value


def _name(values: dict[Any, Any], default: str, lines: dict[Any, int]) -> str:
    name = str(values.get("name", default[:120])) or "batch"
    if len(name) > 120:
        raise _wrong("name", name, "at most 120 characters long", lines)
    return name


def _text(value: object, key: str, lines: dict[Any, int]) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, "a word", lines)
    return value


def _list(value: object, key: str, lines: dict[Any, int]) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(key, value, "a list like [a, b]", lines)
    return value


def _mapping(values: dict[Any, Any], key: str, lines: dict[Any, int]) -> dict[Any, Any]:
    value = values.get(key, {})
    if not isinstance(value, dict):
        raise _wrong(key, value, "lines of `name: value`", lines)
    return value


def _axis(key: object, value: object, lines: dict[Any, int]) -> Axis:
    name = str(key)
    values = _list(value, name, lines)
    if not values:
        raise _wrong(name, value, "a list with at least one value", lines)
    return Axis(name, tuple(_scalar(item, name, lines) for item in values))


def _seeds(value: object, lines: dict[Any, int]) -> tuple[int, ...]:
    """A list of image seeds, one seed, or `{count: N, from: S}`."""
    found: list[Any] = []
    if value is None:
        return ()
    if isinstance(value, dict) and set(value) <= {"count", "from"} and isinstance(value.get("count"), int):
        count, first = value["count"], value.get("from", 1)
        if count > _SEEDS_MAX:
            raise _wrong("seeds", value, f"at most {_SEEDS_MAX:,} of them", lines)
        found = list(range(first, first + count)) if isinstance(first, int) else []
    elif isinstance(value, list | int):
        found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(v, int) and not isinstance(v, bool) and abs(v) < _NUMBER_MAX for v in found):
        raise _wrong("seeds", value, "one seed, a list of seeds like [7, 8], or {count: 4, from: 1}", lines)
    return tuple(found)


def _size(value: object, lines: dict[Any, int]) -> tuple[int, int]:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong("size", value, "WIDTHxHEIGHT, like 768x1024", lines)
    return int(match[1]), int(match[2])


def _whole(values: dict[Any, Any], key: str, default: int, span: tuple[int, int], lines: dict[Any, int]) -> int:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not span[0] <= value <= span[1]:
        raise _wrong(key, value, f"a whole number from {span[0]} to {span[1]}", lines)
    return value


def _number(values: dict[Any, Any], key: str, default: float, lines: dict[Any, int]) -> float:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _wrong(key, value, "a number of seconds", lines)
    return float(value)
