"""`sleep`: waits, then gives 2 kB of constant bytes. For tests: it can fail, crash, hang or leak when told to.

Parameters: `ms`, the time at speed 1; `load_ms`, what another `model` than before takes more; `distinct`, whether
tasks with other parameters give other bytes; `random`, whether each attempt does; `fail_at`, `crash_at`, `hang_at`,
`leak_at`: attempts (like `1` or `1,2`, or `all`) at which it does that.
"""

from __future__ import annotations

import os
import time

from musep2p.core.recipe import Parameters
from musep2p.errors import EngineError
from musep2p.ports import Output, Task

__all__ = ["SleepEngine"]

_DATA = b"musep2p sleeps. " * 128
_MISCHIEF = ("fail_at", "crash_at", "hang_at", "leak_at")
_KNOWN = ("ms", "model", "load_ms", "seed", "distinct", "random", *_MISCHIEF)
_LEAK_STEP = 64 << 20


class SleepEngine:
    """A task of known length."""

    name = "sleep"
    keyed = False
    payload = False
    parameters = frozenset(_KNOWN)
    identity = "sleep/1"

    def __init__(self) -> None:
        self._loaded: object = None

    def missing(self) -> str:
        return ""

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        problems = []
        for name in ("ms", "load_ms"):
            ms = parameters.get(name, 0)
            if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 <= ms <= 1e9:
                problems.append((name, f"sleep: {name} must be a number of milliseconds, not {ms!r}."))
        for name in _MISCHIEF:
            value = parameters.get(name, "")
            if value != "all" and any(not part.strip().isdigit() for part in str(value).split(",") if part):
                problems.append((name, f"sleep: {name} must be attempts like 1 or 1,2 or all, not {value!r}."))
        return problems

    def normalise(self, parameters: Parameters) -> Parameters:
        return {name: parameters[name] for name in _KNOWN if name in parameters}

    def render(self, task: Task) -> Output:
        ms = float(task.parameters.get("ms", 0))
        model = task.parameters.get("model", "")
        if model != self._loaded:
            ms, self._loaded = ms + float(task.parameters.get("load_ms", 0)), model
        if self._told(task, "crash_at"):
            os._exit(66)
        if self._told(task, "leak_at"):
            self._leak()
        if self._told(task, "hang_at"):
            time.sleep(1e6)
        time.sleep(ms / 1000 / task.speed)
        if self._told(task, "fail_at"):
            raise EngineError(f"told to fail at attempt {task.attempt}.")
        own = f"{task.parameters}".encode() if task.parameters.get("distinct") else b""
        own += os.urandom(8) if task.parameters.get("random") else b""
        return Output(_DATA + own, "bin")

    def _told(self, task: Task, mischief: str) -> bool:
        attempts = str(task.parameters.get(mischief, ""))
        return attempts == "all" or str(task.attempt) in [part.strip() for part in attempts.split(",")]

    def _leak(self) -> None:
        kept = []
        while True:
            kept.append(bytearray(os.urandom(4096)) * (_LEAK_STEP // 4096))
            time.sleep(0.02)
