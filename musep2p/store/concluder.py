"""Concludes batches that are complete, one at a time, each in a process of its own: manifest and contact sheet.

A share that hangs or a picture that breaks the decoder costs a sheet, never the peer, which does not touch the share
itself and leaves without waiting for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from musep2p.core.ids import BatchId, short
from musep2p.pipes import FrameProcess
from musep2p.store.conclusion import DRAWN, ONLY_MISSING
from musep2p.store.sheets import SHEET

__all__ = ["Concluder"]

_DEADLINE_S = 180.0  # a hundred large pictures over a slow share; a healthy one takes two seconds


class Concluder:
    """What a peer does on its store when a batch is complete.

    Args:
        root: the store's folder.
        tell: takes level and text when one could not be concluded.
    """

    def __init__(self, root: Path, tell: Callable[[str, str], None]) -> None:
        self._root, self._tell = root, tell
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._drawing: dict[str, asyncio.Task[bool]] = {}
        self._closed = False

    def conclude(self, folder: str, *, only_missing: bool = False) -> None:
        """Freeze and draw a batch's folder, some time soon; with `only_missing` what is there stays as it is."""
        if self._closed:
            return
        task = self._loop.create_task(self._conclude(self._root / "batches" / folder, only_missing))
        self._drawing[folder] = task
        task.add_done_callback(lambda _: self._drawing.pop(folder, None))

    async def sheet_of(self, batch: BatchId) -> Path | None:
        """The sheet of a batch that this peer is drawing, when it is drawn or given up; None if there is none."""
        for folder, task in list(self._drawing.items()):
            if short(batch) in folder:
                return self._root / "batches" / folder / SHEET if await task else None
        return None

    async def close(self) -> None:
        """Give up what is not drawn yet; nothing is drawn any more."""
        self._closed = True
        left = list(self._drawing.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _conclude(self, folder: Path, only_missing: bool) -> bool:
        """True when the sheet is there."""
        async with self._turn:
            said: list[bytes] = []
            ended: asyncio.Future[int] = self._loop.create_future()

            def end(code: int) -> None:
                if not ended.done():
                    ended.set_result(code)

            def on_exit(code: int) -> None:
                if not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(end, code)

            argv = ["-m", "musep2p.store.conclusion", str(folder), *([ONLY_MISSING] if only_missing else [])]
            child = FrameProcess(argv, said.append, on_exit)
            try:
                code = await asyncio.wait_for(ended, _DEADLINE_S)
            except TimeoutError:
                code, said = 1, [b"it took too long"]
            finally:
                child.kill()
        if code != 0:
            words = said[-1].decode() if said else f"its process ended with code {code}"
            self._tell("warning", f"{folder.name} could not be concluded, or its contact sheet drawn: {words}")
        return code == 0 and DRAWN in said
