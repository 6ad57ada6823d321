"""What YAML does to prompts, told as an artist would understand it."""

from __future__ import annotations

import re

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

__all__ = ["cut_by_comment", "eaten_by_yaml", "explain", "not_text"]

_KEY_VALUE = re.compile(r"^(?P<before>\s*(?:-\s+)*(?:[^\s#:'\"{\[\]}-][^:#'\"]*:\s+)?)(?P<value>\S.*?)\s*$")
_CLOSED = re.compile(r"""^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?P<rest>\s*[^\s,\]}#:].*)$""")
_COMMENT = re.compile(r"\s+(#.*)$")
_RESERVED = "@`%!&*|>"
_SHOWN = 60
_QUOTED_MAX = 400  # a remedy is whole, or it is none
_LINE_MAX = 4000
_ONCE = ("prompt", "negative", "model", "sampler")
_BACKSLASH = "In double quotes a backslash starts an escape: use single quotes, or write it twice."


def explain(lines: list[str], error: yaml.YAMLError) -> tuple[int, int, str, str]:
    """Line, column, message and hint for what YAML says is no YAML."""
    if isinstance(error, yaml.reader.ReaderError):
        return _bad_character(lines, error)
    problem_mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context_mark = getattr(error, "context_mark", None) or problem_mark
    problem = str(getattr(error, "problem", None) or error)
    if problem_mark is None or context_mark is None:
        return 0, 0, f"this is no YAML: {problem}.", "Is it the right file?"
    line = min(problem_mark.line, max(0, len(lines) - 1))
    for at in dict.fromkeys((line, min(context_mark.line, line), line - 1)):
        told = _known_trap(lines, at, problem) if 0 <= at < len(lines) else None
        if told:
            return told
    return _plain_words(lines, problem_mark, context_mark, problem)


def not_text(lines: list[str], node: Node, what: str) -> tuple[str, str]:
    """Message and hint for a mapping or list where a text should stand: mostly a prompt without quotes."""
    kind = "mapping" if isinstance(node, MappingNode) else "list"
    line = lines[node.start_mark.line] if node.start_mark.line < len(lines) else ""
    end = node.end_mark.column if node.end_mark.line == node.start_mark.line else None
    written = line[node.start_mark.column : end].strip()
    if (
        kind == "list"
        and what in _ONCE
        and all(isinstance(item, ScalarNode) for item in node.value)
        and len(node.value) > 1
    ):
        return f"several values of {what} are an axis.", f"Write it below `axes:`, as {what}: {written or '...'}"
    if written[:1] in ("{", "["):
        return f"{what} is read as a {kind}, not as text.", f"Put it in quotes: {_quoted(written)}"
    if kind == "mapping" and ": " in written:
        return (
            f"{what} is read as a {kind}, not as text, because of the colon.",
            f"Put it in quotes: {_quoted(written)}",
        )
    return f"{what} must be a text, not a {kind}.", "Write it on one line, in quotes."


def eaten_by_yaml(lines: list[str], node: ScalarNode) -> tuple[str, str] | None:
    """A first word like `!important` or `&more` that YAML takes for a tag or an anchor; message and hint."""
    start = node.start_mark
    line = lines[start.line][:_LINE_MAX] if start.line < len(lines) else ""
    match = re.search(r"(?:^|[\s,\[{])((?:[&!][^\s,\[\]{}]*\s+)+)$", line[: start.column])
    own = re.match(r"[&!][^\s,\[\]{}]*\s+", line[start.column :])
    word = match[1] if match else own[0] if own and not node.style else ""
    if not word.strip():
        return None
    text = word + str(node.value)
    return f"YAML takes `{word.strip()}` for a mark of its own.", f"Put it in quotes: {_quoted(text)}"


def cut_by_comment(lines: list[str], node: Node, *, strict: bool) -> tuple[str, str] | None:
    """What a `#` cut off from a text without quotes, and the remedy.

    With `strict` any comment behind it counts; else only one without a space, like the colour in `hair #ff0000`.
    """
    if not isinstance(node, ScalarNode) or node.style or node.end_mark.line >= len(lines):
        return None
    match = _COMMENT.match(lines[node.end_mark.line], node.end_mark.column)
    if match is None or not (strict or re.match(r"#\w", match[1])):
        return None
    if not node.value:
        return None
    return match[1][:_SHOWN], f"Put it in quotes: {_quoted(node.value + match[0])}, or the comment on its own line."


def _known_trap(lines: list[str], at: int, problem: str) -> tuple[int, int, str, str] | None:
    line = lines[at][:_LINE_MAX]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or ("\\t" in problem and "\t" in line):
        return at + 1, line.index("\t") + 1, "a tab cannot indent YAML.", "Use spaces, two for each level."
    odd = re.match(r"^[ ]*([\u00a0\u3000\u2000-\u200b])", line)
    if odd:
        text = f"there is a space here that YAML does not know (U+{ord(odd[1]):04X})."
        return at + 1, odd.start(1) + 1, text, "Replace it by an ordinary space."
    wide = re.match(r"^\s{0,40}[\w-]{1,60}(\uff1a|:(?=[^\s/]))", line)
    if wide:
        text = "a full-width colon is a letter to YAML." if wide[1] != ":" else "a space is missing behind the colon."
        return at + 1, wide.start(1) + 1, text, "Write `key: value`."
    match = _KEY_VALUE.match(line)
    if match is None:
        return None
    value, column = match["value"], match.start("value") + 1
    if value[0] in "{[" and _is_not_flow(value):
        text = f"a text that starts with `{value[0]}` must stand in quotes."
        return at + 1, column, text, f"Write: {_shown(match['before'])}{_quoted(value)}"
    if "mapping values are not allowed" in problem and re.search(r":\s|:$", value) and match["before"].strip(" -"):
        text = "a text with a colon and a space in it must stand in quotes."
        return at + 1, column, text, f"Write: {_shown(match['before'])}{_quoted(value)}"
    behind = _CLOSED.match(value)
    if behind and not behind["rest"].lstrip().startswith("#"):
        text = "the text goes on behind its closing quote."
        return at + 1, column + behind.start("rest"), text, f"Write: {_shown(match['before'])}{_quoted(value)}"
    if value[0] in _RESERVED and ("cannot start" in problem or "undefined alias" in problem or "expected" in problem):
        text = f"a text that starts with `{value[0]}` must stand in quotes."
        return at + 1, column, text, f"Write: {_shown(match['before'])}{_quoted(value)}"
    return None


def _is_not_flow(value: str) -> bool:
    """True when a value that starts like a list or mapping goes on like a text."""
    depth = 0
    for at, character in enumerate(value):
        depth += character in "{["
        depth -= character in "}]"
        if not depth:
            rest = value[at + 1 :].strip()
            return bool(rest and not rest.startswith("#")) or value.startswith("{{")
    return "|" in value or "{{" in value


def _plain_words(lines: list[str], problem: yaml.Mark, context: yaml.Mark, text: str) -> tuple[int, int, str, str]:
    line, column = problem.line + 1, problem.column + 1
    if "escape" in text or "hexdecimal" in text:
        return line, column, "this is no escape that YAML knows.", _BACKSLASH
    if "quoted scalar" in text or "unexpected end of stream" in text:
        where = f"{context.line + 1}"
        return (
            context.line + 1,
            context.column + 1,
            "a quote is opened here and never closed.",
            f"Close it in line {where}.",
        )
    if "another document" in text or "document start" in text:
        return line, column, "a second document starts here.", "One batch a file: take the `---` out."
    if "mapping values are not allowed" in text or "could not find expected ':'" in text:
        return line, column, "this line is no `key: value`.", "Check its indentation and put texts in quotes."
    if "undefined alias" in text or "cannot start any token" in text:
        return line, column, "this character has a meaning in YAML.", "Put the text in quotes."
    if "',' or" in text:
        hint = "Close the list or mapping that line " + str(context.line + 1) + " opens, or put the text in quotes."
        return line, column, "a list or mapping is not closed.", hint
    return (
        line,
        column,
        "this line does not line up with those above it.",
        "Check its indentation and the line before it.",
    )


def _bad_character(lines: list[str], error: yaml.reader.ReaderError) -> tuple[int, int, str, str]:
    for number, line in enumerate(lines, 1):
        for column, character in enumerate(line, 1):
            if (ord(character) < 32 and character != "\t") or 0x7F <= ord(character) < 0xA0 or character == "\ufffe":
                text = f"there is a control character here (U+{ord(character):04X})."
                return number, column, text, "Delete it; it may have come with a copy from another program."
    return 0, 0, f"there is a character that no text has ({error.reason}).", "Save the file as UTF-8 text."


def _quoted(value: str) -> str:
    if len(value) > _QUOTED_MAX:
        return "the whole text from here on"
    text = value
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def _shown(before: str) -> str:
    return before.strip() + " " if before.strip() else ""
