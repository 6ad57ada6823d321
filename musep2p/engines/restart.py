"""The owner's command that starts a server again, run when the server has been silent for longer than it may."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

from musep2p.core.ids import digest_of
from musep2p.errors import EngineError

__all__ = ["Restart"]

_WITHIN_S = 60.0
_AGAIN_S = 300.0  # a server that does not come up is not helped by being started ever again
_FRESH_S = 60.0  # another slot has just done it: worth waiting for


class Restart:
    """A command of the peer's settings: `["systemctl", "--user", "restart", "comfyui"]`; no shell reads it.

    It must end by itself: what it leaves running as its child would end with the slot.

    Args:
        engine: its name, for messages.
        command: program and arguments; empty: there is none.
        url: of the server; slots beside the same one run the command once.
        folder: where it is remembered when that was.
    """

    def __init__(self, engine: str, command: tuple[str, ...], url: str, folder: Path | None = None) -> None:
        self._engine, self._command = engine, command
        name = f"musep2p-restart-{digest_of(url.encode())[:16]}"
        self._mark = (folder or Path(tempfile.gettempdir())) / name

    def run(self) -> bool:
        """Run it, if there is one and it was not run for a while; True when the server is worth waiting for again.

        Raises:
            EngineError: it cannot be run, fails or does not end.
        """
        if not self._command:
            return False
        try:
            with FileLock(f"{self._mark}.lock", timeout=_WITHIN_S):
                age_s = time.time() - self._mark.stat().st_mtime if self._mark.exists() else _AGAIN_S
                if 0 <= age_s < _AGAIN_S:
                    return age_s < _FRESH_S
                self._mark.touch()
                self._call()
        except Timeout:
            return True
        return True

    def _call(self) -> None:
        words = f"{self._engine}: it does not answer, and {self._command[0]}, which shall start it again,"
        try:
            code = subprocess.call(
                self._command, timeout=_WITHIN_S, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise EngineError(f"{words} did not end within {_WITHIN_S:.0f} s.") from None
        except (OSError, ValueError) as error:
            raise EngineError(f"{words} cannot be run: {error}.") from None
        if code:
            raise EngineError(f"{words} ended with exit code {code}.")
