"""Draws the contact sheets of batches that are complete, one at a time, each in a process of its own.

A sheet is a convenience: a share that hangs or a picture that breaks the decoder costs a sheet, never the peer.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

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
        self._tasks: set[asyncio.Task[None]] = set()
        self.drawn: list[Path] = []

    def draw(self, folder: str) -> None:
        """Draw the sheet of a batch's folder, some time soon."""
        task = asyncio.ensure_future(self._draw(self._root / "batches" / folder))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Until all that were asked for are drawn, or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what is not drawn yet."""
        for task in self._tasks:
            task.cancel()
        await self.settle()

    async def _draw(self, folder: Path) -> None:
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
            if child.returncode == 0:
                self.drawn += [path for path in [folder / SHEET] if path.exists()]
            else:
                words = said.decode("utf-8", "replace").strip().splitlines() or ["no reason was given"]
                self._tell("warning", f"the contact sheet of {folder.name} could not be drawn: {words[-1]}")
