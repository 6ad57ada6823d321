"""Every engine of this machine, loaded and, where that costs nothing, tried, in a process of its own.

    python -m musep2p.runner.probe

Prints one JSON array; `musep2p doctor` runs it, since an engine may crash or hang.
"""

from __future__ import annotations

import json
import time

from musep2p.engines.registry import engine_names, load_engine
from musep2p.ports import Task

__all__ = ["look", "main"]

_TRIED: dict[str, dict[str, str | int | float | bool]] = {
    "atelier": {"prompt": "a portrait", "width": 256, "height": 256},
    "null": {"v": 1},
}


def look(name: str) -> dict[str, str | float]:
    """An engine's identity and the seconds of a test task (negative if none was run), or why it is not."""
    try:
        engine = load_engine(name)
        if missing := engine.missing():
            return {"name": name, "missing": missing}
        started = time.perf_counter()
        if name in _TRIED:
            engine.render(Task(engine.normalise(_TRIED[name]), 1, 1.0))
        took = time.perf_counter() - started if name in _TRIED else -1.0
        return {"name": name, "identity": engine.identity, "seconds": took}
    except Exception as error:
        return {"name": name, "problem": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Look at all."""
    print(json.dumps([look(name) for name in engine_names()]))


if __name__ == "__main__":
    main()
