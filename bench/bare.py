#!/usr/bin/env python3
"""The floor: what hosts need that do nothing but sleep and keep each output, told in advance how many are theirs.

    bench/bare.py FOLDER COUNT SECONDS     one host: waits for a line, sleeps COUNT times, fsyncs 2 kB after each

A farm that loses nothing cannot be faster on the same machine: it has all this to do, and more.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_OUTPUT = b"musep2p sleeps. " * 128


def bare_s(speeds: list[float], tasks: int, ms: int, bound_s: float) -> float:
    """Seconds that processes of these speeds need for their best shares of the tasks, known in advance."""
    shares = [math.floor(bound_s * 1000 * speed / ms + 1e-9) for speed in speeds]
    shares[0] -= sum(shares) - tasks
    with tempfile.TemporaryDirectory() as folder:
        hosts = [
            subprocess.Popen(
                [sys.executable, __file__, folder, str(share), str(ms / 1000 / speed)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for share, speed in zip(shares, speeds, strict=True)
        ]  # fmt: skip
        _lines(hosts)
        started = time.monotonic()
        for host in hosts:
            assert host.stdin is not None
            host.stdin.write(b"\n")
            host.stdin.flush()
        _lines(hosts)
        took = time.monotonic() - started
        for host in hosts:
            host.communicate()
    return took


def _lines(hosts: list[subprocess.Popen[bytes]]) -> None:
    for host in hosts:
        assert host.stdout is not None
        host.stdout.readline()


def _host(folder: Path, count: int, seconds: float) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    descriptor = os.open(folder, os.O_RDONLY)
    for number in range(count):
        time.sleep(seconds)
        path = folder / f"{os.getpid()}-{number}"
        with path.with_suffix(".tmp").open("wb") as file:
            file.write(_OUTPUT)
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".tmp").replace(path)
        os.fsync(descriptor)
    print("done", flush=True)


if __name__ == "__main__":
    _host(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
