"""A YAML file as nodes with places: scalars are text until somebody asks for a number.

YAML is read as YAML 1.2 means it, and more carefully than that: `no` is a word, `012` and `16:9` are text, a
key given twice is a mistake. Values of variables stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from musep2p.batchfile import traps
from musep2p.batchfile.mistakes import Mistakes
from musep2p.core.words import did_you_mean

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode", "Source", "is_plain"]

_NODES_MAX = 2_000_000  # aliases may make a small file stand for a huge one
_DEPTH_MAX = 20
_TAG = "tag:yaml.org,2002:"
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def is_plain(node: Node) -> bool:
    """True for a scalar that stands in no quotes."""
    return isinstance(node, ScalarNode) and not node.style


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 scalars."""


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(_pattern), list(_first))
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])


class Source:
    """The text of one YAML file, and what is wrong with it.

    Args:
        text: of the file.
        mistakes: where they are collected.
    """

    def __init__(self, text: str, mistakes: Mistakes) -> None:
        self.text, self.mistakes = text, mistakes
        self.lines = _BREAK.split(text)
        self._visited = 0

    def root(self) -> Node | None:
        """The top node; None when it is no YAML (the mistake is told) or empty."""
        try:
            if not self._is_shallow():
                return None
            node: Node | None = yaml.compose(self.text, _Loader)
        except yaml.YAMLError as error:
            self.mistakes.add(*traps.explain(self.lines, error))
            return None
        except (RecursionError, ValueError) as error:
            self.mistakes.add(0, 0, f"this is no batch file: {error}.", "Is it the right file?")
            return None
        return node if node is None or self._is_bounded(node, 0) else None

    def _is_shallow(self) -> bool:
        """Composing is recursive, in C: what is nested too deeply must not come that far."""
        depth = 0
        for event in yaml.parse(self.text, _Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH_MAX:
                mark = event.start_mark
                line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
                text = "this is no batch file: nested too deeply."
                self.mistakes.add(line, column, text, "Is a bracket never closed?")
                return False
        return True

    def wrong(self, node: Node, message: str, hint: str, offset: int = -1) -> None:
        """A mistake at a node, or at a character of its text."""
        line, column = self.place(node, offset)
        self.mistakes.add(line, column, message, hint)

    def place(self, node: Node, offset: int = -1) -> tuple[int, int]:
        """Line and column, from 1, of a node or of a character of its text."""
        start, end = node.start_mark, node.end_mark
        line, column = start.line + 1, start.column + 1
        if offset < 0 or not isinstance(node, ScalarNode):
            return line, column
        quote = 1 if node.style in ("'", '"') else 0
        source = self.lines[start.line][start.column + quote :] if start.line < len(self.lines) else ""
        if start.line == end.line and source.startswith(node.value):
            return line, column + quote + offset
        if node.style == "|":
            before = node.value[:offset]
            below = self.lines[start.line + 1 :]
            first = next((text for text in below if text.strip()), "")
            indent = len(first) - len(first.lstrip())
            return line + 1 + before.count("\n"), 1 + indent + offset - (before.rfind("\n") + 1)
        return line, column

    def kind(self, node: Node) -> str:
        """What a scalar is by its look: str, int, float, bool or null; else mapping or list."""
        if isinstance(node, MappingNode):
            return "mapping"
        return "list" if isinstance(node, SequenceNode) else str(node.tag.removeprefix(_TAG))

    def text_of(self, node: Node, what: str) -> str | None:
        """The text of a scalar as it is written, or None and a mistake."""
        if isinstance(node, ScalarNode):
            eaten = traps.eaten_by_yaml(self.lines, node)
            if eaten:
                self.wrong(node, *eaten)
                return None
            return "" if self.kind(node) == "null" and is_plain(node) else str(node.value)
        message, hint = traps.not_text(self.lines, node, what)
        self.wrong(node, message, hint)
        return None

    def prompt_of(self, node: Node, what: str, *, strict: bool = True) -> str | None:
        """As `text_of`, for a text that an artist wrote: a `#` that cut it short is a mistake."""
        text = self.text_of(node, what)
        if text is not None and (cut := traps.cut_by_comment(self.lines, node, strict=strict)):
            self.wrong(node, f"{what} ends before `{cut[0]}`: YAML takes that for a comment.", cut[1])
            return None
        return text

    def items(self, node: Node) -> list[Node]:
        """The items of a list, or the one thing that stands where a list may stand."""
        return list(node.value) if isinstance(node, SequenceNode) else [node]

    def pairs(self, node: Node, what: str) -> Iterator[tuple[str, Node, Node]]:
        """Key, key's node and value of a mapping; anything else is a mistake, and so is a key given twice."""
        if not isinstance(node, MappingNode):
            if self.kind(node) != "null":
                self.wrong(node, f"{what} must be lines of `name: value`.", "Write them below it, indented.")
            return
        seen: dict[str, int] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                self.wrong(node, *traps.not_text(self.lines, node, what))
                return
            key = str(key_node.value).strip()
            if key in seen:
                message = f"{key!r} is given twice (first in line {seen[key]})."
                self.wrong(key_node, message, "Keep one of them.")
                continue
            if not key:
                self.wrong(key_node, f"a name is missing in {what}.", "Write `name: value`.")
                continue
            seen[key] = key_node.start_mark.line + 1
            yield key, key_node, value

    def unknown(self, key_node: Node, what: str, known: list[str], hint: str = "") -> None:
        """A word that stands where only some words may stand."""
        self.wrong(key_node, f"unknown {what} {key_node.value!r}.", hint or did_you_mean(str(key_node.value), known))

    def _is_bounded(self, node: Node, depth: int) -> bool:
        self._visited += 1
        if self._visited > _NODES_MAX or depth > _DEPTH_MAX:
            text = "nested too deeply" if depth > _DEPTH_MAX else f"more than {_NODES_MAX:,} values"
            self.wrong(node, f"this is no batch file: {text}.", "Put long lists into a file of their own.")
            return False
        if isinstance(node, MappingNode):
            return all(self._is_bounded(k, depth + 1) and self._is_bounded(v, depth + 1) for k, v in node.value)
        if isinstance(node, SequenceNode):
            return all(self._is_bounded(item, depth + 1) for item in node.value)
        return True
