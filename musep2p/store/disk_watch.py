"""Room on a peer's own disk, where its journal and its spool are: work stops before nothing can be recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import psutil

from musep2p.core import events as ev
from musep2p.store.layout import room_test

__all__ = ["DiskWatch", "kept_free"]

_EVERY_S = 2.0
_LEAST, _MOST = 8 << 20, 256 << 20


def kept_free(total: int) -> int:
    """So many bytes of a disk of this size are left alone: a fiftieth, but neither very little nor very much."""
    return max(_LEAST, min(_MOST, total // 50))


class DiskWatch:
    """Says when a disk is full, and when it has room again.

    Args:
        folder: on that disk.
        post: takes `DiskChanged`, in the loop's thread.
    """

    def __init__(self, folder: Path, post: Callable[[ev.Event], None]) -> None:
        self._folder, self._post = folder, post
        self._full = False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Look at once, and from now on every two seconds."""
        self._look_at_space()
        self._task = asyncio.get_running_loop().create_task(self._watch())

    def no_room(self, reason: str) -> None:
        """Something could not be written."""
        if not self._full:
            self._full = True
            self._post(ev.DiskChanged(f"{reason} ({self._folder})"))

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            with contextlib.suppress(OSError):  # a disk that does not say how full it is is asked again
                await self._look()

    async def _look(self) -> None:
        if not self._full:
            self._look_at_space()
        elif self._free() >= 1.5 * kept_free(self._total()) and await asyncio.to_thread(self._takes_a_picture):
            self._full = False
            self._post(ev.DiskChanged(""))

    def _look_at_space(self) -> None:
        free = self._free()
        if free < kept_free(self._total()):
            self.no_room(f"only {free / 1e6:.1f} MB are free")

    def _free(self) -> int:
        return int(psutil.disk_usage(str(self._folder)).free)

    def _total(self) -> int:
        return int(psutil.disk_usage(str(self._folder)).total)

    def _takes_a_picture(self) -> bool:
        """What is free may be less for us, by a quota."""
        with contextlib.suppress(OSError):
            room_test(self._folder)
            return True
        return False
