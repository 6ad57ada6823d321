"""`include` and `exclude`: which cells are tasks."""

from __future__ import annotations

from collections.abc import Sequence

from musep2p.batchfile.drafts import Draft
from musep2p.batchfile.source import Node, ScalarNode, SequenceNode, Source
from musep2p.core.recipe.axis import Axis, Scalar
from musep2p.core.recipe.fill import text_of
from musep2p.core.recipe.number_ranges import expand_numbers
from musep2p.core.recipe.recipe import Rule
from musep2p.core.words import did_you_mean
from musep2p.errors import RecipeError

__all__ = ["read_rules", "skipped_rules"]

_RULES_MAX = 1000
_ByText = dict[str, list[Scalar]]


def read_rules(source: Source, node: Node, what: str, axes: Sequence[Axis]) -> tuple[Rule, ...]:
    """The rules of `include` or `exclude`; each must match something, else it is a mistake."""
    known = {name: axis for axis in axes for name in axis.names}
    by_text: dict[str, _ByText] = {}
    items = source.items(node)
    if len(items) > _RULES_MAX:
        source.wrong(
            node, f"{what} has {len(items):,} rules; at most {_RULES_MAX:,} are possible.", "Use lists in rules."
        )
        return ()
    rules = []
    for item in items:
        rule: Rule = {}
        for name, key_node, value in source.pairs(item, what):
            if name == "seed":
                source.wrong(key_node, "seeds cannot be excluded one by one.", "Take it out of `seeds`.")
            elif name not in known:
                source.unknown(key_node, f"name in {what}:", list(known))
            else:
                if name not in by_text:
                    by_text[name] = _by_text(known[name], name)
                rule[name] = _values(source, value, name, by_text[name])
        if rule:
            rules.append(rule)
    return tuple(rules)


def skipped_rules(draft: Draft, axis: Axis) -> tuple[Rule, ...]:
    """Values marked `SKIP:`, as rules for `exclude`."""
    wanted = set(draft.skipped)
    rows = [row for at, row in enumerate(axis.rows()) if at in wanted]
    if rows and len(axis.names) == 1:
        return ({axis.names[0]: tuple(row[0] for row in rows)},)
    return tuple({name: (value,) for name, value in zip(axis.names, row, strict=True)} for row in rows)


def _values(source: Source, node: Node, name: str, values: _ByText) -> tuple[Scalar, ...]:
    found: dict[Scalar, None] = {}
    for item in source.items(node):
        text = source.text_of(item, name) if isinstance(item, ScalarNode) else None
        if text is None:
            if isinstance(item, SequenceNode):
                source.wrong(item, f"{name}: a list in a list.", "Write one list of values.")
            elif not isinstance(item, ScalarNode):
                source.text_of(item, name)
            continue
        wanted = [text] if text in values else _numbers(text, values)
        if not wanted:
            source.wrong(item, f"{name} has no value {text!r}.", did_you_mean(text, values))
        found.update((value, None) for each in wanted for value in values[each])
    return tuple(found)


def _by_text(axis: Axis, name: str) -> _ByText:
    """Text -> the values that read so: True and 'true', 7 and 7.0."""
    found: _ByText = {}
    for value in dict.fromkeys((type(value), value) for value in axis.column(name)):
        found.setdefault(_spelled(value[1]), []).append(value[1])
    return found


def _spelled(value: Scalar) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else text_of(value)


def _numbers(text: str, values: _ByText) -> list[str]:
    """Values within a range like `10-20`."""
    try:
        numbers = expand_numbers(text)
    except RecipeError:
        return []
    return [_spelled(number) for number in numbers or () if _spelled(number) in values]
