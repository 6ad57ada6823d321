"""How long nobody has touched this machine, as far as its system tells; and whether its GPU has other work."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

__all__ = ["gpu_use", "idle_s"]

_TIMEOUT_S = 2.0
_MUTTER = (
    "gdbus", "call", "--session", "--dest", "org.gnome.Mutter.IdleMonitor", "--object-path",
    "/org/gnome/Mutter/IdleMonitor/Core", "--method", "org.gnome.Mutter.IdleMonitor.GetIdletime",
)  # fmt: skip
_UTILIZATION = ("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


def idle_s(command: Sequence[str] = ()) -> float | None:
    """Seconds since anybody used keyboard or mouse, or typed at a terminal; None where that cannot be found out.

    Args:
        command: prints the milliseconds, where the system does not tell or tells wrong.
    """
    if command:
        said = _number(_said(command))
        return None if said is None else said / 1000
    for ways in _ways():
        known = [found for way in ways if (found := way()) is not None]
        if known:
            return min(known)
    return None


def gpu_use() -> int:
    """The highest utilization of an NVIDIA GPU here, in percent; 0 where none tells."""
    numbers = [int(line) for line in _said(_UTILIZATION).split() if line.isdigit()]
    return max(numbers, default=0)


def _ways() -> tuple[tuple[Callable[[], float | None], ...], ...]:
    """Those that tell best; if none does, those after them."""
    if sys.platform == "win32":
        return ((_windows,),)
    if sys.platform == "darwin":
        return ((_macos,),)
    return ((_mutter, _x11), (_sessions, _terminals))


def _windows() -> float | None:
    if sys.platform != "win32":
        return None

    class LastInput(ctypes.Structure):
        _fields_ = (("size", ctypes.c_uint), ("time", ctypes.c_uint))

    last = LastInput(ctypes.sizeof(LastInput), 0)
    if not ctypes.windll.user32.GetLastInputInfo(ctypes.byref(last)):
        return None
    now = int(ctypes.windll.kernel32.GetTickCount())
    return ((now - int(last.time)) & 0xFFFFFFFF) / 1000


def _macos() -> float | None:
    match = re.search(r'"HIDIdleTime" = (\d+)', _said(("ioreg", "-c", "IOHIDSystem", "-d", "4")))
    return int(match[1]) / 1e9 if match else None


def _mutter() -> float | None:
    """GNOME, on Wayland too: `(uint64 12345,)`."""
    match = re.search(r"uint64 (\d+)", _said(_MUTTER))
    return int(match[1]) / 1000 if match else None


def _x11() -> float | None:
    said = _number(_said(("xprintidle",))) if os.environ.get("DISPLAY") else None
    return None if said is None else said / 1000


def _sessions() -> float | None:
    """Desktops tell logind when they are idle; a peer that is a service of the system hears of it there."""
    found = []
    for line in _said(("loginctl", "list-sessions", "--no-legend")).splitlines():
        words = line.split()
        if not words:
            continue
        asked = (
            "loginctl",
            "show-session",
            words[0],
            "-p",
            "Type",
            "-p",
            "Class",
            "-p",
            "IdleHint",
            "-p",
            "IdleSinceHint",
        )
        said = dict(part.partition("=")[::2] for part in _said(asked).splitlines())
        if said.get("Type") in ("x11", "wayland", "mir") and said.get("Class") == "user":
            since = _number(said.get("IdleSinceHint", "")) if said.get("IdleHint") == "yes" else None
            found.append(0.0 if since is None else max(0.0, time.time() - since / 1e6))
    return min(found, default=None)


def _terminals() -> float | None:
    """A terminal is read when somebody types: its device says when that was last."""
    return min(_typed(), default=None)


def _typed() -> Iterator[float]:
    for user in psutil.users():
        with suppress(OSError):
            yield max(0.0, time.time() - (Path("/dev") / (user.terminal or "none")).stat().st_atime)


def _said(command: Sequence[str]) -> str:
    tool = shutil.which(command[0])
    if tool is None:
        return ""
    try:
        done = subprocess.run(
            [tool, *command[1:]], capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _number(text: str) -> float | None:
    match = re.match(r"\s*(\d+(?:\.\d+)?)", text)
    return float(match[1]) if match else None
