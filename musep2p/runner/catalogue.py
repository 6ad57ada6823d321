"""Which models the engines of a machine have: asked now and then, since owners add and remove some."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from musep2p.core import events as ev
from musep2p.ports import Engine, Listing

__all__ = ["Catalogue"]

_EVERY_S = 30.0
_MODELS_MAX, _NAME_MAX = 500, 300


class Catalogue:
    """Says what engines have, when that has changed.

    Args:
        engines: those that can render here; which do not list anything are not asked.
        post: takes `ModelsChanged`, in the loop's thread.
        every_s: between two questions.
    """

    def __init__(self, engines: Sequence[Engine], post: Callable[[ev.Event], None], every_s: float = _EVERY_S) -> None:
        self._engines = [(engine.name, engine) for engine in engines if isinstance(engine, Listing)]
        self._post, self._every_s = post, every_s
        self._known: dict[str, tuple[str, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Ask at once, and from now on every half a minute."""
        if self._engines:
            self._task = asyncio.get_running_loop().create_task(self._watch())

    def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while True:
            found = dict(self._known)
            for name, engine in self._engines:
                with contextlib.suppress(Exception):  # it is off, or talks nonsense: what it had is what it will have
                    found[name] = _sound(await asyncio.to_thread(engine.models))
            if found != self._known:
                self._known = found
                self._post(ev.ModelsChanged(found))
            await asyncio.sleep(self._every_s)


def _sound(names: tuple[str, ...]) -> tuple[str, ...]:
    """What a message takes; of more nothing is said, and all may be tried."""
    kept = tuple(dict.fromkeys(name for name in names if name and len(name) <= _NAME_MAX))
    return kept if len(kept) <= _MODELS_MAX else ()
