"""Hours of the week at which a machine works for the farm: `Mon-Fri 19:00-07:00`, `Sat`, `22:00-06:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from musep2p.errors import ConfigError

__all__ = ["Hours", "parse_hours"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_HINT = "Write them like `Mon-Fri 19:00-07:00`, `Sat` or `22:00-06:00`."


@dataclass(frozen=True, slots=True)
class _Span:
    """On these days from a minute on, to another one; at or before the first it is the next day's."""

    days: frozenset[int]
    start: int
    stop: int

    def has(self, day: int, minute: int) -> bool:
        if self.start < self.stop:
            return day in self.days and self.start <= minute < self.stop
        late = day in self.days and minute >= self.start
        return late or ((day - 1) % 7 in self.days and minute < self.stop)


@dataclass(frozen=True, slots=True)
class Hours:
    """Some hours of every week; without any, all.

    Attributes:
        texts: as they were written.
    """

    texts: tuple[str, ...] = ()
    spans: tuple[_Span, ...] = ()

    def has(self, now: datetime) -> bool:
        """True when a local time is one of them."""
        minute = now.hour * 60 + now.minute
        return not self.spans or any(span.has(now.weekday(), minute) for span in self.spans)


def parse_hours(texts: Iterable[str]) -> Hours:
    """Hours as a user writes them.

    Raises:
        ConfigError: one of them cannot be read.
    """
    texts = tuple(text.strip() for text in texts)
    return Hours(texts, tuple(_span(text) for text in texts))


def _span(text: str) -> _Span:
    *words, last = text.split() or [""]
    match = _SPAN.fullmatch(last)
    if match is None:
        return _Span(_days(" ".join((*words, last)), text), 0, _DAY)
    start, stop = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if max(start, stop) > _DAY or int(match[2]) > 59 or int(match[4]) > 59 or start == stop:
        raise ConfigError(f"hours: {text!r} are no hours of a day.", _HINT)
    return _Span(_days(" ".join(words), text) if words else frozenset(range(7)), start, stop)


def _days(words: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in words.replace(",", " ").split():
        first, _, last = part.lower().partition("-")
        if first[:3] not in _DAYS or (last and last[:3] not in _DAYS):
            raise ConfigError(f"hours: {part!r} in {text!r} is no day of the week.", _HINT)
        start = _DAYS.index(first[:3])
        count = (_DAYS.index(last[:3]) - start) % 7 + 1 if last else 1
        found.update((start + each) % 7 for each in range(count))
    if not found:
        raise ConfigError(f"hours: {text!r} names no days and no times.", _HINT)
    return frozenset(found)
