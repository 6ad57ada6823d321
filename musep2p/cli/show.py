"""What faces print: plain lines for people on stderr or stdout, one JSON value for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from musep2p.core import requests as r
from musep2p.core.ids import short

__all__ = ["Progress", "counted", "note", "print_json", "print_json_rows", "status_line", "table", "time_left"]


def note(text: str) -> None:
    """A line for people; never on stdout, which belongs to data."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    plain = msgspec.to_builtins(value, str_keys=True) if not isinstance(value, dict | list) else value
    narrow = "utf" not in (sys.stdout.encoding or "").lower()  # a Windows pipe, a C locale
    print(json.dumps(plain, ensure_ascii=narrow), flush=True)


def print_json_rows(rows: Iterable[Any]) -> None:
    """A JSON array on stdout, written row by row, so that it may be of any length."""
    narrow = "utf" not in (sys.stdout.encoding or "").lower()
    before = "["
    for row in rows:
        sys.stdout.write(before + json.dumps(row, ensure_ascii=narrow))
        before = ", "
    print("[]" if before == "[" else "]", flush=True)


def counted(number: int, one: str, many: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {one if number == 1 else many}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Aligned columns."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    ]
    return "\n".join(lines)


def status_line(status: r.BatchStatus) -> str:
    """One batch in one line."""
    parts = [f"{status.safe}/{status.total} safe"]
    if status.done > status.safe:
        parts.append(f"{status.done - status.safe} being stored")
    for count, word in ((status.running, "running"), (status.queued, "queued"), (status.failed, "failed")):
        if count:
            parts.append(f"{count} {word}")
    if status.skipped:
        parts.append(f"{status.skipped} skipped (done before)")
    if status.again:
        parts.append(f"{status.again} rendered again by another peer")
    if status.seconds_left is not None and status.state == "running":
        parts.append(f"{time_left(status.seconds_left, status.seconds_left_max)} left")
    if status.peers:
        parts.append(f"on {', '.join(status.peers[:4])}" + (" ..." if len(status.peers) > 4 else ""))
    text = f"{status.name} ({short(status.batch)}) {status.state}: {', '.join(parts)}"
    return f"{text}. {status.reason}" if status.reason else text


class Progress:
    """Live progress: one line that is redrawn on a terminal, a line at most every second elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = ""
        self._width = 0

    def show(self, status: r.BatchStatus) -> None:
        """Show the present state."""
        line = status_line(status)
        if line == self._shown:
            return
        self._shown = line
        if self._live:
            filled = round(24 * status.safe / max(1, status.total))
            bar = "[" + "#" * filled + "-" * (24 - filled) + "] "
            text = (bar + line)[:118]
            print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = len(text)
        else:
            note(line)

    def end(self) -> None:
        """Leave the line as it is."""
        if self._live and self._shown:
            print(file=sys.stderr, flush=True)


def time_left(least: float, most: float | None) -> str:
    """`about 5 s`, `4 to 6 min`, `at most 3 s`: a range where it is one to the eye."""
    low, high = _duration(least), _duration(least if most is None else most)
    if low == high:
        return f"about {high}"
    if least < 1:
        return f"at most {high}"
    number, _, unit = low.partition(" ")
    return f"{number} to {high}" if high.endswith(f" {unit}") else f"{low} to {high}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
