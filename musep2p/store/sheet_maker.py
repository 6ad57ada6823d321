"""Draws the contact sheets of batches that are complete, one at a time, each in a process of its own.

A sheet is a convenience: a share that hangs or a picture that breaks the decoder costs a sheet, never the peer.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from musep2p.core.ids import BatchId, short
from musep2p.store.sheets import SHEET

__all__ = ["SheetMaker"]

_DEADLINE_S = 180.0  # a hundred large pictures over a slow share; a healthy one takes two seconds


class SheetMaker:
    """The sheets of one peer's store.

    Args:
        root: the store's folder.
        tell: takes level and text when one could not be drawn.
    """

    def __init__(self, root: Path, tell: Callable[[str, str], None]) -> None:
        self._root, self._tell = root, tell
        self._turn = asyncio.Lock()
        self._drawing: dict[str, asyncio.Task[None]] = {}

    def draw(self, folder: str, *, only_missing: bool = False) -> None:
        """Draw the sheet of a batch's folder, some time soon; with `only_missing` not over one that is there."""
        task = asyncio.ensure_future(self._draw(self._root / "batches" / folder, only_missing))
        self._drawing[folder] = task
        task.add_done_callback(lambda _: self._drawing.pop(folder, None))

    async def sheet_of(self, batch: BatchId) -> Path | None:
        """The sheet of a batch that this peer is drawing, when it is drawn or given up; None if there is none."""
        for folder, task in list(self._drawing.items()):
            if short(batch) in folder:
                await asyncio.wait({task})
                path = self._root / "batches" / folder / SHEET
                return path if await asyncio.to_thread(path.exists) else None
        return None

    async def close(self) -> None:
        """Give up what is not drawn yet."""
        left = list(self._drawing.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _draw(self, folder: Path, only_missing: bool) -> None:
        if only_missing and await asyncio.to_thread((folder / SHEET).exists):
            return
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "musep2p.store.sheets", str(folder), stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                _, said = await asyncio.wait_for(child.communicate(), _DEADLINE_S)
            except TimeoutError:
                said = b"it took too long"
            finally:
                if child.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        child.kill()
            if child.returncode != 0:
                words = said.decode("utf-8", "replace").strip().splitlines() or ["no reason was given"]
                self._tell("warning", f"the contact sheet of {folder.name} could not be drawn: {words[-1]}")
