"""Child processes spoken to in frames over their standard input and output; the same on all systems.

    frame = length (4 bytes, big endian) payload

Threads read what the child says and write what it is told, so that nothing here needs an event loop that knows pipes
(Windows' selector loop does not), and nobody waits for a child that does not listen.
A child whose parent is gone sees the end of its input and ends itself at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from musep2p.platforms import child_options, end_group, end_tree

__all__ = ["FrameProcess", "child_pipes", "listen", "read_frame", "write_frame"]

_LENGTH = struct.Struct(">I")
_LAST_WORDS_S = 5.0  # what it started, and what left its group, may hold its output for ever


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Send one frame."""
    stream.write(_LENGTH.pack(len(payload)) + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, or None when the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    payload = stream.read(length)
    return payload if len(payload) == length else None


class FrameProcess:
    """One child process.

    Args:
        argv: what to run with this Python, as arguments after the interpreter.
        on_frame: called from a thread for each frame that the child says.
        on_exit: called from a thread, once, with the exit code, after the last frame.
    """

    def __init__(self, argv: list[str], on_frame: Callable[[bytes], None], on_exit: Callable[[int], None]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **child_options(),
        )
        self._on_frame, self._on_exit = on_frame, on_exit
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        name = f"child {self._process.pid}"
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()
        for target in (self._write, self._wait):
            threading.Thread(target=target, name=name, daemon=True).start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def send(self, payload: bytes) -> None:
        """Say something to the child, in order; returns at once. Lost if it is gone, which `on_exit` tells."""
        self._frames.put(payload)

    def kill(self) -> None:
        """End the child now, and whatever it started."""
        if self._process.poll() is None:
            end_tree(self._process.pid)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Let the child end by itself, kill it if it does not; False if even that did not end it."""
        self._frames.put(None)
        for _ in range(2):
            try:
                self._process.wait(timeout_s)
                return True
            except subprocess.TimeoutExpired:
                self.kill()
        return False

    def _write(self) -> None:
        assert self._process.stdin is not None
        while (payload := self._frames.get()) is not None:
            with contextlib.suppress(OSError):  # what comes after the child has gone is let go of, too
                write_frame(self._process.stdin, payload)  # type: ignore[arg-type]
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while (frame := read_frame(self._process.stdout)) is not None:  # type: ignore[arg-type]
            self._on_frame(frame)

    def _wait(self) -> None:
        """What it started ends with it, also what holds its output, so that its last words end."""
        code = self._process.wait()
        end_group(self._process.pid)
        self._frames.put(None)
        self._reader.join(_LAST_WORDS_S)
        self._on_exit(code)


def child_pipes() -> tuple[BinaryIO, BinaryIO]:
    """In a child: the streams of the parent's frames and of the answers.

    What the program prints goes to standard error from now on.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb"), answers


def listen(commands: BinaryIO, hear: Callable[[bytes], None], at_end: Callable[[], None] = lambda: None) -> None:
    """In a child: have a thread hear the parent's frames.

    When the parent is gone `at_end` is called, and the process ends, whatever it is doing.
    """

    def listening() -> None:
        while (frame := read_frame(commands)) is not None:
            hear(frame)
        try:
            at_end()
            end_tree(os.getpid(), itself=False)
        finally:
            os._exit(0)

    threading.Thread(target=listening, name="parent", daemon=True).start()
