"""Where systems differ in what they can be asked: the only module with calls that some of them lack.

Texts that differ (a firewall's command, the folders of fonts, an entry for logon) stay with whoever prints or
reads them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

__all__ = [
    "NO_ROOM",
    "ChildOptions",
    "child_options",
    "end_group",
    "end_tree",
    "fsync_folder",
    "links_max",
    "on_stop",
    "stand_back",
]

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})  # a disk or a quota that is full may have room again

_FILES_WANTED = 8192
_FILES_OF_A_LINK = 6  # of both ends: socket, its monitor, their mailboxes, the connection
_WINDOWS_LINKS = 200  # select() there takes 512 sockets; a link has two
_LINKS_WANTED = 1500


class ChildOptions(TypedDict):
    """Arguments of `subprocess.Popen`."""

    creationflags: int
    start_new_session: bool


def child_options() -> ChildOptions:
    """For a child that has no window and does not get the Ctrl-C of its parent's terminal."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags, "start_new_session": False}
    return {"creationflags": 0, "start_new_session": True}


def end_tree(pid: int, *, itself: bool = True) -> None:
    """Kill a process of ours and whatever it started."""
    import psutil  # needs as long to import as all else here; most processes never ask

    try:
        process = psutil.Process(pid)
        below = process.children(recursive=True)
        for each in [process, *below] if itself else below:
            with contextlib.suppress(psutil.Error):
                each.kill()
    except psutil.Error:
        return


def end_group(pid: int) -> None:
    """Kill what a child that is gone had started; Windows does not know what that was."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def stand_back(niceness: int) -> None:
    """Let this process yield to whoever uses the machine; Windows has one step for all."""
    if sys.platform == "win32":
        import psutil

        with contextlib.suppress(psutil.Error):
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, niceness)


def on_stop(handler: Callable[[], object]) -> None:
    """Call this when the user or the system asks the process to end; it may come in the middle of anything."""
    signal.signal(signal.SIGINT, lambda *_: handler())
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, lambda *_: handler())
    else:
        signal.signal(signal.SIGTERM, lambda *_: handler())


def fsync_folder(folder: Path) -> None:
    """Make names in a folder durable; Windows has no such call, and no such need.

    Raises:
        OSError: as the system says.
    """
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def links_max() -> int:
    """How many links this process can have open at once; asks the system for more descriptors first."""
    if sys.platform == "win32":
        return _WINDOWS_LINKS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # macOS names a limit that it does not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    return max(16, min(_LINKS_WANTED, files // _FILES_OF_A_LINK))
