"""The keys of a batch file, and those of their values that need nothing else to be understood."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from musep2p.batchfile.fields import ALIASES, FIELDS
from musep2p.batchfile.source import MappingNode, Node, ScalarNode, Source
from musep2p.batchfile.values import Values
from musep2p.core.recipe import Counted, Derived, Settings
from musep2p.core.recipe.checks import CHECKS, OFF
from musep2p.core.recipe.recipe import CONSISTENCIES, ORDERS, WRITTEN

__all__ = ["Keys"]


class Keys:
    """Key -> node.

    Args:
        source: the batch file.
        root: its top node.

    Raises:
        BatchFileError: it has no keys at all.
    """

    def __init__(self, source: Source, root: Node) -> None:
        self.source, self.mistakes, self.values = source, source.mistakes, Values(source)
        self.nodes: dict[str, Node] = {}
        self.key_nodes: dict[str, Node] = {}
        if not isinstance(root, MappingNode):
            source.wrong(root, "a batch file is lines of `key: value`.", 'Start with `prompt: "..."`.')
            self.mistakes.raise_if_any()
        for key, key_node, value in source.pairs(root, "the batch file"):
            if key in FIELDS:
                self.nodes[key], self.key_nodes[key] = value, key_node
            elif key in ALIASES:
                source.wrong(key_node, f"unknown key {key!r}.", f"Here it is called `{ALIASES[key]}`.")
            else:
                source.unknown(key_node, "key", list(FIELDS))

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return self.nodes.get(key)

    def wrong(self, key: str, message: str, hint: str) -> None:
        """A mistake at a key; at the whole file if the key is not there."""
        node = self.key_nodes.get(key)
        line, column = self.source.place(node) if node is not None else (0, 0)
        self.mistakes.add(line, column, message, hint)

    def settings(self, default_name: str) -> Settings:
        """What may be changed without changing any picture."""
        name, timeout = self.get("name"), self.get("timeout")
        return Settings(
            (self.values.word(name, "name") if name is not None else default_name[:120]) or "batch",
            self.whole("priority", -1000, 1000, 0),
            self.whole("retries", 0, 100, 2),
            self.values.duration_ms(timeout, "timeout") if timeout is not None else 0,
            gate=self.gate(),
        )

    def gate(self) -> tuple[tuple[str, float], ...]:
        """Thresholds of the render gate that are not the usual ones."""
        node = self.get("gate")
        if node is None:
            return ()
        if not isinstance(node, MappingNode):
            if not self.values.is_off(node):
                self.source.wrong(node, "gate must be `off` or the checks that differ.", "Write {noise: off}.")
            return tuple((name, OFF) for name in CHECKS)
        changed: dict[str, float] = {}
        for name, key_node, value in self.source.pairs(node, "gate"):
            if name in CHECKS:
                changed[name] = self.values.threshold(value, name)
            else:
                self.source.unknown(key_node, "check", list(CHECKS))
        return tuple(changed.items())

    def engine(self) -> str:
        """The engine's name."""
        node = self.get("engine")
        if node is None:
            return "atelier"
        if isinstance(node, ScalarNode) and node.value == "null":
            return "null"  # the engine of that name, not YAML's nothing
        return self.values.word(node, "engine")

    def model(self) -> str:
        """The engine's model."""
        node = self.get("model")
        return (self.source.prompt_of(node, "model", strict=False) or "") if node is not None else ""

    def tags(self) -> tuple[str, ...]:
        """What a peer must be called."""
        node = self.get("tags")
        return self.values.words(node, "tags") if node is not None else ()

    def gpu_mb(self) -> int:
        """What its GPU must have."""
        node = self.get("gpu_memory")
        return self.values.memory_mb(node, "gpu_memory") if node is not None else 0

    def seeds(self) -> tuple[int, ...] | Counted | Derived:
        """The image seeds of every cell."""
        node = self.get("seeds")
        return self.values.seeds(node) if node is not None else ()

    def order(self) -> str:
        """In which order indices count the cells."""
        node = self.get("order")
        word = self.values.word(node, "order") if node is not None else WRITTEN
        if node is not None and word and word not in ORDERS:
            self.source.unknown(node, "order", list(ORDERS))
        return word if word in ORDERS else WRITTEN

    def looks(self) -> dict[str, str] | UnsetType:
        """Of a batch of one look: none is chosen yet."""
        node = self.get("consistency")
        word = self.values.word(node, "consistency") if node is not None else ""
        if node is not None and word and word not in CONSISTENCIES:
            self.source.unknown(node, "consistency", list(CONSISTENCIES))
        return {} if word == "look" else UNSET

    def vary_by(self, names: set[str]) -> tuple[str, ...]:
        """Names on whose values random choices depend."""
        node = self.get("vary_by")
        found = []
        for item in self.source.items(node) if node is not None else []:
            word = self.values.word(item, "vary_by")
            if word and word not in names:
                self.source.unknown(item, "name in vary_by:", sorted(names))
            elif word:
                found.append(word)
        return tuple(dict.fromkeys(found))

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number."""
        node = self.get(key)
        return self.values.whole(node, key, low, high, default) if node is not None else default
