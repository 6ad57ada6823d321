"""Single values of a batch file: from a node to a number, a size, a duration. A mistake gives the default."""

from __future__ import annotations

import re
import reprlib

from musep2p.batchfile.source import MappingNode, Node, ScalarNode, SequenceNode, Source, is_plain
from musep2p.core.recipe.axis import Scalar
from musep2p.core.recipe.checks import OFF
from musep2p.core.recipe.number_ranges import expand_numbers
from musep2p.core.recipe.recipe import SEED_MAX, TASKS_LIMIT, Counted, Derived
from musep2p.core.recipe.tasks import scalar_of
from musep2p.errors import RecipeError

__all__ = ["Quoted", "Values", "ambiguous", "as_guidance", "as_size", "as_whole", "spelling"]

_NUMBER_MAX = 1 << 63
_WHOLE = re.compile(r"[-+]?\d{1,19}")
_DECIMAL = re.compile(r"[-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,2})?")
_SIZE = re.compile(r"(\d{1,5})\s*[xX\u00d7]\s*(\d{1,5})")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?)?")
_MEMORY = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(gb|gib|mb|mib)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_TRUTHS = {"yes": "true", "no": "false", "on": "true", "off": "false"}


class Quoted(str):
    """A text that stood in quotes: it stays a text, whatever it looks like."""

    __slots__ = ()


def as_whole(text: str, low: int, high: int) -> int | None:
    """A whole number within bounds, or None."""
    return int(text) if _WHOLE.fullmatch(text) and low <= int(text) <= high else None


def as_guidance(text: str) -> Scalar | None:
    """A number, whole where it is written so, or None."""
    if not _DECIMAL.fullmatch(text):
        return None
    value = scalar_of(text)
    return value if isinstance(value, int | float) and abs(value) < _NUMBER_MAX else None


def ambiguous(text: str) -> str:
    """What to write instead of a value that other readers of YAML take for another one; empty if it is clear."""
    truth = _TRUTHS.get(text.lower())
    if truth:
        return f"Write {truth}, or '{text}' in quotes for the text."
    bare = text.replace("_", "")
    if re.fullmatch(r"[-+]?\d[\d_]*", text) and str(int(bare)) != text.lstrip("+"):
        return f"Write {int(bare)}, or '{text}' in quotes for the text."
    return ""


def as_size(text: str) -> tuple[int, int] | None:
    """Width and height, or None."""
    match = _SIZE.fullmatch(text.strip())
    return (int(match[1]), int(match[2])) if match and int(match[1]) and int(match[2]) else None


class Values:
    """Reads values and tells mistakes.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source

    def wrong(self, node: Node, what: str, wanted: str) -> None:
        """`steps must be a whole number, not 'twenty'.`"""
        shown = reprlib.repr(node.value) if isinstance(node, ScalarNode) else f"a {self.source.kind(node)}"
        hint = _remedy(node) if isinstance(node, ScalarNode) else ""
        self.source.wrong(node, f"{what} must be {wanted}, not {shown}.", hint)

    def word(self, node: Node, what: str, length_max: int = 120) -> str:
        """A short text."""
        text = self.source.prompt_of(node, what, strict=False)
        if text is not None and not 0 < len(text) <= length_max:
            self.source.wrong(node, f"{what} must be 1 to {length_max} characters long.", "Shorten it, or fill it in.")
            return ""
        return text or ""

    def words(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of short texts; in one text they stand between commas."""
        if isinstance(node, ScalarNode) and "," in node.value:
            return tuple(part.strip() for part in node.value.split(",") if part.strip())
        return tuple(self.word(item, what) for item in self.source.items(node))

    def whole(self, node: Node, what: str, low: int, high: int, default: int) -> int:
        """A whole number."""
        value = as_whole(node.value, low, high) if isinstance(node, ScalarNode) else None
        plain = isinstance(node, ScalarNode) and self.source.kind(node) == "int"
        if value is None or not plain:
            self.wrong(node, what, f"a whole number from {low:,} to {high:,}")
            return default
        return value

    def duration_ms(self, node: Node, what: str) -> int:
        """Seconds, or a number with a unit."""
        match = _DURATION.fullmatch(node.value.strip()) if isinstance(node, ScalarNode) else None
        if match is None:
            self.wrong(node, what, "seconds, or like `90 s`, `10 min`, `2 h`")
            return 0
        return round(float(match[1]) * _SECONDS[(match[2] or "s")[0]] * 1000)

    def memory_mb(self, node: Node, what: str) -> int:
        """Gigabytes, or a number with a unit."""
        match = _MEMORY.fullmatch(node.value.strip()) if isinstance(node, ScalarNode) else None
        if match is None:
            self.wrong(node, what, "gigabytes, like `12` or `12 GB`")
            return 0
        return round(float(match[1]) * (1 if (match[2] or "g")[0] in "mM" else 1024))

    def is_off(self, node: Node) -> bool:
        """True for `off`, or another YAML word for it."""
        return isinstance(node, ScalarNode) and node.value.lower() in ("off", "false", "no")

    def threshold(self, node: Node, what: str) -> float:
        """A number from 0 on, or OFF."""
        if self.is_off(node):
            return OFF
        value = as_guidance(node.value) if isinstance(node, ScalarNode) else None
        if not isinstance(value, int | float) or value < 0:
            self.wrong(node, what, "`off`, or a number from 0 on")
            return OFF
        return float(value)

    def size(self, node: Node) -> tuple[int, int] | None:
        """Width and height."""
        size = as_size(node.value) if isinstance(node, ScalarNode) else None
        if size is None:
            if isinstance(node, SequenceNode):
                self.source.wrong(node, "several sizes are an axis.", "Write it below `axes:`.")
            else:
                self.wrong(node, "size", "WIDTHxHEIGHT, like 768x1024")
        return size

    def scalar(self, node: Node, what: str) -> Scalar | None:
        """A value for an engine: what it looks like, unless it stands in quotes."""
        text = self.source.prompt_of(node, what, strict=False)
        if text is None:
            return None
        if not is_plain(node):
            return text
        if self.source.kind(node) == "null":
            self.source.wrong(node, f"{what} has no value.", 'Give it one, or "" for an empty text.')
            return None
        if hint := ambiguous(text):
            self.source.wrong(node, f"{what}: {text!r} may be a text or something else.", hint)
            return None
        value = {"True": True, "TRUE": True, "False": False, "FALSE": False}.get(text, scalar_of(text))
        if isinstance(value, int | float) and not abs(value) < _NUMBER_MAX:
            self.wrong(node, what, "a number below 2^63")
            return None
        return value

    def seeds(self, node: Node) -> tuple[int, ...] | Counted | Derived:
        """The image seeds of every cell."""
        if isinstance(node, MappingNode):
            return self._seed_rule(node)
        found: list[int] = []
        for item in self.source.items(node):
            found += self._some_seeds(item)
        if not found:
            if isinstance(node, SequenceNode) and not node.value:
                self.source.wrong(node, "seeds has no seed in it.", "Write [1, 2, 3], or {count: 3}.")
            return ()
        if len(found) > 1_000_000:
            self.source.wrong(node, f"seeds lists {len(found):,} seeds, more than 1,000,000.", "Write {count: N}.")
            return ()
        run = found == list(range(found[0], found[0] + len(found))) and len(found) > 8
        return Counted(len(found), found[0]) if run else tuple(found)

    def _some_seeds(self, node: Node) -> list[int]:
        wanted = "whole numbers like 7, a list [7, 8], a range 1-10, {count: 4} or {derived: 4}"
        if not isinstance(node, ScalarNode):
            self.wrong(node, "seeds", wanted)
            return []
        if node.value.strip() == "-1" or node.value.strip().lower() == "random":
            hint = "Write {derived: 1}: seeds computed from each cell, other ones with another `rng_seed`."
            self.source.wrong(node, "a random seed cannot be rendered a second time.", hint)
            return []
        try:
            numbers = expand_numbers(str(node.value), whole=True)
        except RecipeError as error:
            self.source.wrong(node, f"seeds: {error.message}", error.hint)
            return []
        if numbers is None or not all(isinstance(n, int) and 0 <= n <= SEED_MAX for n in numbers):
            self.wrong(node, "seeds", wanted)
            return []
        return [int(n) for n in numbers]

    def _seed_rule(self, node: MappingNode) -> tuple[int, ...] | Counted | Derived:
        count = first = derived = None
        for key, key_node, value in self.source.pairs(node, "seeds"):
            if key == "count":
                count = self.whole(value, "seeds: count", 1, TASKS_LIMIT, 1)
            elif key == "from":
                first = self.whole(value, "seeds: from", 0, SEED_MAX - TASKS_LIMIT, 1)
            elif key == "derived":
                derived = self.whole(value, "seeds: derived", 1, TASKS_LIMIT, 1)
            else:
                self.source.unknown(key_node, "word in seeds", ["count", "from", "derived"])
                return ()
        if (derived is not None and (count is not None or first is not None)) or (derived is None and count is None):
            hint = "Write {count: 4}, {count: 4, from: 100}, or {derived: 4}."
            self.source.wrong(node, "seeds says neither how many nor which.", hint)
            return ()
        return Derived(derived) if derived is not None else Counted(count or 1, 1 if first is None else first)


def _remedy(node: ScalarNode) -> str:
    if not is_plain(node) and _DECIMAL.fullmatch(node.value):
        return "Take the quotes away."
    return spelling(node.value)


def spelling(text: str) -> str:
    """What would be right, for the usual ways to write a number that YAML does not know."""
    bare = text.strip()
    if re.fullmatch(r"[-+]?\d{1,3}(?:[_,' ]\d{3})+", bare):
        return f"Write {re.sub('[^0-9+-]', '', bare)}."
    if re.fullmatch(r"[-+]?\d+,\d+", bare):
        return f"Write {bare.replace(',', '.')}: a point, not a comma."
    if re.fullmatch(r"[-+]?[\d_]*\d[\d_]*", bare) and bare != str(int(bare.replace("_", ""))):
        return f"Write {int(bare.replace('_', ''))}."
    match = re.fullmatch(r"(\d+)\s*(?:steps?|px|pixels?|x|times)", bare)
    return f"Write {match[1]}." if match else ""
