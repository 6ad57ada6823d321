"""A second Linux kernel as one ordinary process (User-Mode Linux), for what this machine's cannot do.

Its root is this machine's file system, with fresh folders in memory at /tmp, /run, /mnt and /var/lib/nfs. It has no
network but what the command makes inside.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["lines_of", "why_no_kernel"]

_INIT = r"""#!/bin/bash
export PATH={path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc; mount -t sysfs sys /sys
for d in /tmp /run /mnt /var/lib/nfs /var/log /lib/modules /dev/shm; do
  [ -d $d ] && mount -t tmpfs tmpfs $d
done
mkdir -p /dev/pts /run/netns && mount -t devpts devpts /dev/pts
[ -d /lib/modules ] && ln -s /usr/lib/uml/modules/$(uname -r) /lib/modules/$(uname -r)
ip link set lo up
cd {folder}
( {command} ) < /dev/null
printf "\nUML-EXIT %s\n" $?
sync
poweroff -f > /dev/null 2>&1
"""
_NOISE = re.compile(r"SELinux: |mmapper_init|Failed to initialize ubd|random: |reboot: |Core dump limits")


def why_no_kernel() -> str:
    """Why there can be none here; empty if there can."""
    missing = [tool for tool in ("linux.uml", "mkfs.ext4") if not _which(tool)]
    return f"{' and '.join(missing)} not installed (Debian: user-mode-linux, kmod, e2fsprogs)" if missing else ""


def lines_of(command: list[str], folder: Path, disk: Path | None = None) -> Iterator[str]:
    """What a command prints under that kernel, which is killed at once, as by a power cut, when nobody reads on.

    Args:
        command: run in `folder`, which exists on this machine.
        disk: becomes /dev/ubda.

    Raises:
        SystemExit: the command failed, with its exit code.
    """
    with tempfile.TemporaryDirectory(dir="/var/tmp") as run:
        init = Path(run) / "init"
        words = {
            "path": Path(sys.executable).parent,
            "folder": shlex.quote(str(folder)),
            "command": shlex.join(command),
        }
        init.write_text(_INIT.format(**words))
        init.chmod(0o755)
        argv = ["linux.uml", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw", "mem=2G", "quiet", "con=null"]
        argv += ["con0=null,fd:1", f"init={init}", f"uml_dir={run}", *([f"ubd0={disk}"] if disk else [])]
        kernel = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            assert kernel.stdout is not None
            for line in map(str.rstrip, kernel.stdout):
                ended = re.match(r"UML-EXIT (\d+)", line)
                if ended and ended[1] != "0":
                    raise SystemExit(int(ended[1]))
                if ended:
                    return
                if line and not _NOISE.match(line):
                    yield line
        finally:
            os.killpg(kernel.pid, signal.SIGKILL)
            kernel.wait()


def _which(tool: str) -> bool:
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/sbin", "/usr/sbin"]
    return any((Path(folder) / tool).exists() for folder in folders)
