"""A switch in user space, for what the kernel's cannot do here: frames that come late, in another order, or twice.

Each host's eth0 is a TAP device whose other end this process holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import os
import random
import selectors
import struct
import threading
import time
from pathlib import Path

from tests.live.lan import Lan, run

__all__ = ["SlowLan", "why_no_switch"]

_TUNSETIFF, _TAP, _NO_INFO = 0x400454CA, 0x0002, 0x1000


def why_no_switch():
    """Why there can be none here; empty if there can."""
    return "" if Path("/dev/net/tun").exists() else "no /dev/net/tun"


class SlowLan(Lan):
    """Hosts whose frames take `delay_s` plus or minus up to `jitter_s`, and come twice by chance, drawn from a seed."""

    def __init__(self, count, *, seed=1):
        super().__init__(count)
        self.delay_s = self.jitter_s = self.twice = 0.0
        self._rng = random.Random(seed)
        self._ends = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._forward, daemon=True)

    def __enter__(self):
        for i in range(1, self.count + 1):
            namespace, name = self.namespace(i), f"{self.namespace(i)}t"[-15:]
            run("ip", "netns", "add", namespace)
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _TAP | _NO_INFO))
            run("ip", "link", "set", name, "netns", namespace)
            run("ip", "-n", namespace, "link", "set", name, "name", "eth0")
            self._ends[i] = end
            self._bring_up(i)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()
        super().__exit__(*exc)
        for end in self._ends.values():
            os.close(end)

    def heal(self):
        """Frames come at once, and once."""
        self.delay_s = self.jitter_s = self.twice = 0.0

    def _forward(self):
        ready, places, late, number = selectors.DefaultSelector(), {}, [], 0
        for host, end in self._ends.items():
            ready.register(end, selectors.EVENT_READ, host)
        while not self._stop.is_set():
            wait_s = max(0.0, min(0.05, late[0][0] - time.monotonic())) if late else 0.05
            for key, _ in ready.select(wait_s):
                for frame in self._frames(key.fd):
                    places[frame[6:12]] = key.data
                    known = places.get(frame[:6]) if not frame[0] & 1 else None
                    for host in [known] if known else [other for other in self._ends if other != key.data]:
                        for _ in range(2 if self._rng.random() < self.twice else 1):
                            at = time.monotonic() + self.delay_s + self._rng.uniform(-1, 1) * self.jitter_s
                            number += 1
                            heapq.heappush(late, (at, number, host, frame))
            while late and late[0][0] <= time.monotonic():
                _, _, host, frame = heapq.heappop(late)
                with contextlib.suppress(OSError):
                    os.write(self._ends[host], frame)

    def _frames(self, end):
        for _ in range(64):
            try:
                yield os.read(end, 65536)
            except OSError:
                return
