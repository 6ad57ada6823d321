"""How much memory this machine's GPU has, as NVIDIA's own tool tells; others say it in their settings."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

__all__ = ["gpu_memory_mb"]

_TIMEOUT_S = 5.0
_QUERY = ("--query-gpu=memory.total", "--format=csv,noheader,nounits")


def gpu_memory_mb(run: Callable[[], str] | None = None) -> int:
    """The memory of the smallest GPU, in MB, since any slot may get it; 0 if there is none that can be asked.

    Args:
        run: asks the tool; by default `nvidia-smi`, if it is installed.
    """
    try:
        lines = (run or _ask)().split()
    except (OSError, subprocess.SubprocessError):
        return 0
    return min((int(line) for line in lines if line.isdigit()), default=0)


def _ask() -> str:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    done = subprocess.run([tool, *_QUERY], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    return done.stdout
