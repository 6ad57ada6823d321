"""A good neighbour: a machine whose owner wants it back rests, at once, and works again when it is left alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime

from musep2p.core import events as ev
from musep2p.runner.hours import Hours
from musep2p.runner.idle import gpu_use, idle_s

__all__ = ["Neighbour", "reason_to_rest"]

_EVERY_S = 1.0
_GPU_BUSY = 30  # percent
_GPU_EVERY = 5  # looks at the rest


def reason_to_rest(hours: Hours, idle: float | None, idle_wanted_s: float, gpu_busy: bool, now: datetime) -> str:
    """Why a machine works for nobody else now; empty if it does.

    Args:
        hours: at which it may.
        idle: seconds since somebody touched it; None: nobody knows.
        idle_wanted_s: so long nobody shall have touched it; 0: that is no matter.
        gpu_busy: its GPU has work that is not ours.
        now: the local time.
    """
    if not hours.has(now):
        return f"it works {', '.join(hours.texts)}"
    if not idle_wanted_s:
        return ""
    if idle is None:
        return "it works when nobody uses it, and does not tell whether somebody does: set idle_command"
    if idle < idle_wanted_s:
        return "somebody uses this machine"
    return "another program uses the GPU" if gpu_busy else ""


class Neighbour:
    """Says when a machine shall rest, and when it works again; needed where either is limited.

    Args:
        hours: at which it works.
        idle_wanted_s: so long nobody shall have touched it; 0: that is no matter.
        idle_command: prints for how many milliseconds nobody did.
        working: whether slots have work, so that the GPU is busy with it.
        post: takes `RestChanged`, in the loop's thread.
    """

    def __init__(
        self, hours: Hours, idle_wanted_s: float, idle_command: Sequence[str], working: Callable[[], bool],
        post: Callable[[ev.Event], None],
    ) -> None:  # fmt: skip
        self._hours, self._idle_wanted_s, self._idle_command = hours, idle_wanted_s, idle_command
        self._working, self._post = working, post
        self._reason, self._looks, self._gpu_busy, self._seen_busy = "", 0, False, False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Look from now on, every second; a machine that is in use rests before it starts anything."""
        if not self._hours.spans and not self._idle_wanted_s:
            return
        self._tell(reason_to_rest(self._hours, self._idle(), self._idle_wanted_s, False, datetime.now()))
        self._task = asyncio.get_running_loop().create_task(self._watch())

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            with contextlib.suppress(Exception):  # what cannot be asked now is asked again
                idle = await asyncio.to_thread(self._idle)
                self._looks += 1
                if self._idle_wanted_s and self._looks % _GPU_EVERY == 0:
                    await self._look_at_gpu()
                self._tell(reason_to_rest(self._hours, idle, self._idle_wanted_s, self._gpu_busy, datetime.now()))

    async def _look_at_gpu(self) -> None:
        """Busy with other work in two looks, of which we had none in between."""
        busy = not self._working() and await asyncio.to_thread(gpu_use) >= _GPU_BUSY and not self._working()
        self._gpu_busy, self._seen_busy = busy and self._seen_busy, busy

    def _idle(self) -> float | None:
        return idle_s(self._idle_command) if self._idle_wanted_s else None

    def _tell(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            self._post(ev.RestChanged(reason))
