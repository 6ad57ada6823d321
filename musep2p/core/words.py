"""Help with words that were mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "known_words"]

_SHOWN = 12


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the known word that is closest, or else the words that are known."""
    names = sorted(known)
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold(), folded, 1)
    return f"Did you mean {folded[close[0]]!r}?" if close else known_words(names)


def known_words(known: Iterable[str]) -> str:
    """A hint: the words that are known, the first dozen."""
    names = sorted(known)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"Known here: {', '.join(names[:_SHOWN])}{more}." if names else "Nothing of that kind is known here."
