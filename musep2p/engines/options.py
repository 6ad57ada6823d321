"""Reading an engine's table of the peer's settings, with one line for whatever is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from musep2p.core.words import did_you_mean
from musep2p.errors import ConfigError

__all__ = ["Options", "Scalar", "named"]

Scalar = str | int | float | bool


class Options:
    """The options of one engine, each taken once.

    Args:
        engine: its name.
        settings: the table `engines.NAME` of the settings.
    """

    def __init__(self, engine: str, settings: Mapping[str, Any]) -> None:
        self._engine, self._settings = engine, settings
        self._known: set[str] = set()

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._take(name, default)
        return value if isinstance(value, str) else self._wrong(name, value, "a text")

    def flag(self, name: str) -> bool:
        """True or false; false if it is not there."""
        value = self._take(name, False)
        return value if isinstance(value, bool) else self._wrong(name, value, "true or false")

    def number(self, name: str, default: float) -> float:
        """A number above 0."""
        value = self._take(name, default)
        good = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        return float(value) if good else self._wrong(name, value, "a number above 0")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(name, [])
        good = isinstance(value, list) and all(isinstance(part, str) and "\0" not in part for part in value)
        return tuple(value) if good else self._wrong(name, value, 'a list of texts, like ["a", "b"]')

    def whole_numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self._take(name, [])
        good = isinstance(value, list) and all(isinstance(part, int) and not isinstance(part, bool) for part in value)
        return tuple(value) if good else self._wrong(name, value, "a list of whole numbers, like [2, 3]")

    def table(self, name: str) -> dict[str, Scalar]:
        """A table of texts, numbers and true or false."""
        value = self._take(name, {})
        good = isinstance(value, dict) and all(isinstance(part, Scalar) for part in value.values())
        return dict(value) if good else self._wrong(name, value, "a table of names and values")

    def end(self) -> None:
        """All options were taken.

        Raises:
            ConfigError: there are others.
        """
        unknown = sorted(set(self._settings) - self._known)
        if unknown:
            hint = did_you_mean(unknown[0], self._known) or f"Known: {', '.join(sorted(self._known))}."
            raise ConfigError(f"engines.{self._engine}: there is no option {unknown[0]!r}.", hint)

    def _take(self, name: str, default: Any) -> Any:
        self._known.add(name)
        return self._settings.get(name, default)

    def _wrong(self, name: str, value: object, wanted: str) -> Any:
        raise ConfigError(f"engines.{self._engine}: {name} must be {wanted}, not {value!r}.", "See docs/engines.md.")


def named(engine: str, options: Options) -> tuple[bool, str]:
    """(keyed, identity) of a server: what renders there only the user knows, who may give it a name.

    Machines that share a store and give the same name must render the same.
    """
    own = options.text("identity")
    return own != "", f"{engine} {own}" if own else engine
