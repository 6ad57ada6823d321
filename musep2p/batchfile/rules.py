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


def read_rules(source: Source, node: Node, what: str, axes: Sequence[Axis]) -> tuple[Rule, ...]:
    """The rules of `include` or `exclude`; each must match something, else it is a mistake."""
    known = {name: axis for axis in axes for name in axis.names}
    by_text: dict[str, dict[str, Scalar]] = {}
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
                    by_text[name] = {text_of(each): each for each in known[name].column(name)}
                rule[name] = _values(source, value, name, by_text[name])
        if rule:
            rules.append(rule)
    return tuple(rules)


def skipped_rules(draft: Draft, axis: Axis) -> tuple[Rule, ...]:
    """Values marked `SKIP:`, as rules for `exclude`."""
    wanted = set(draft.skipped)
    rows = [row for at, row in enumerate(axis.rows()) if at in wanted]
    return tuple({name: (value,) for name, value in zip(axis.names, row, strict=True)} for row in rows)


def _values(source: Source, node: Node, name: str, values: dict[str, Scalar]) -> tuple[Scalar, ...]:
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
        found.update((values[each], None) for each in wanted)
    return tuple(found)


def _numbers(text: str, values: dict[str, Scalar]) -> list[str]:
    """Values within a range like `10-20`."""
    try:
        numbers = expand_numbers(text)
    except RecipeError:
        return []
    return [str(number) for number in numbers or () if str(number) in values]
