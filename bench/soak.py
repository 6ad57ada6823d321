#!/usr/bin/env python3
"""Ten thousand tasks on eight hosts and one share, and a fault every second, drawn from a seed.

    bench/soak.py [--tasks 10000] [--rng-seed 1]

Hosts are killed, lose their power, stand still; links lose frames, go one way, split the farm; the share fails,
is full, hangs. Each fault lasts some seconds, and several overlap. In the end all is well again, and: every task has
one result, all hosts show the same, and everything on the store is what its record says.

Needs root, ip, nft and fuse3.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from _bench import rows
from faults import _HOSTS, Faults

from tests.live.farm import until
from tests.live.lan import Lan, why_not
from tests.live.share import Share, why_no_share

_TASK_MS = 250
_EVERY_S = 1.0
_LASTS_S = (1.0, 2.0, 4.0, 7.0)
_DOWN_MAX = 3  # hosts at once
_KINDS = ("kill", "power", "freeze", "loss", "one-way", "split", "store error", "store full", "store hangs")


class Soak:
    """Faults that come and go.

    Args:
        bench: the farm.
        rng: the only source of chance.
    """

    def __init__(self, bench: Faults, rng: random.Random) -> None:
        self.bench, self._rng = bench, rng
        self.faults: Counter[str] = Counter()
        self._off: dict[int, float] = {}
        self._still: dict[int, float] = {}
        self._network_until = self._store_until = 0.0

    def step(self) -> None:
        """End what has lasted long enough, and begin something."""
        self._end(time.monotonic())
        kind = self._rng.choice(_KINDS)
        until_s = time.monotonic() + self._rng.choice(_LASTS_S)
        if kind in ("kill", "power", "freeze"):
            self._to_a_host(kind, until_s)
        elif kind in ("loss", "one-way", "split"):
            self._to_the_network(kind, until_s)
        else:
            self._to_the_store(kind, until_s)

    def end(self) -> None:
        """All is well again."""
        self._network_until = self._store_until = 0.0
        self._end(float("inf"))
        self.bench.lan.heal()
        self.bench.share.fails()

    def host(self) -> int:
        """One that is up."""
        return next(host for host in range(1, _HOSTS + 1) if host not in self._off and host not in self._still)

    def _to_a_host(self, kind: str, until_s: float) -> None:
        left = [host for host in range(1, _HOSTS + 1) if host not in self._off and host not in self._still]
        if _HOSTS - len(left) >= _DOWN_MAX:
            return
        host = self._rng.choice(left)
        self.faults[kind] += 1
        if kind == "freeze":
            self.bench.lan.freeze(host)
            self._still[host] = until_s
            return
        self._off[host] = until_s
        if kind == "power":
            self.bench.lan.cut_power(host)
        self.bench.farm.kill(f"h{host}", signal.SIGKILL)

    def _to_the_network(self, kind: str, until_s: float) -> None:
        if self._network_until:
            return
        self.faults[kind] += 1
        self._network_until = until_s
        hosts = list(range(1, _HOSTS + 1))
        if kind == "loss":
            self.bench.lan.loss(self._rng.choice((0.05, 0.2)))
        elif kind == "one-way":
            self.bench.lan.cut(*(tuple(self._rng.sample(hosts, 2)) for _ in range(3)))
        else:
            self._rng.shuffle(hosts)
            at = self._rng.randint(1, _HOSTS // 2)
            self.bench.lan.partition(hosts[:at], hosts[at:])

    def _to_the_store(self, kind: str, until_s: float) -> None:
        if self._store_until:
            return
        self.faults[kind] += 1
        self._store_until = until_s
        if kind == "store error":
            self.bench.share.fails(all={"errno": self._rng.choice(("EIO", "ESTALE", "ETIMEDOUT")), "p": 0.3})
        elif kind == "store full":
            self.bench.share.fails(write={"errno": "ENOSPC"})
        else:
            self.bench.share.fails(all={"hang": True})

    def _end(self, now_s: float) -> None:
        if self._network_until and now_s >= self._network_until:
            self._network_until = 0.0
            self.bench.lan.heal()
        if self._store_until and now_s >= self._store_until:
            self._store_until = 0.0
            self.bench.share.fails()
        for host in [host for host, at in self._still.items() if now_s >= at]:
            del self._still[host]
            self.bench.lan.thaw(host)
        for host in [host for host, at in self._off.items() if now_s >= at]:
            del self._off[host]
            self.bench.lan.plug_in(host)
            self.bench._start(host, mdns=True)


def soak(bench: Faults, tasks: int, rng_seed: int) -> list[list[str]]:
    """Run it; what was seen, as rows."""
    run = Soak(bench, random.Random(rng_seed))
    bench.submit("soak", _TASK_MS, tasks, 3)
    began = time.monotonic()
    enough_s = began + tasks * _TASK_MS / 1000 / _HOSTS
    while time.monotonic() < enough_s:
        run.step()
        time.sleep(_EVERY_S)  # a fault every second
    run.end()
    host = run.host()
    until(lambda: bench.farm.status(f"h{host}", "soak", prefix=bench.lan.on(host)).get("state") == "done", "done", 900)
    took_s = time.monotonic() - began
    shown = [
        [(row["index"], row["digest"]) for row in bench.farm.results(f"h{at}", "soak", prefix=bench.lan.on(at))]
        for at in range(1, _HOSTS + 1)
    ]
    assert [index for index, _ in shown[0]] == list(range(tasks)), "not every index has exactly one result"
    assert all(one == shown[0] for one in shown), "hosts show different results"
    bench.farm.run("verify", "soak", "--store", bench.share.path, check=0, timeout_s=600)
    return [
        ["seconds", f"{took_s:.0f}, {tasks * _TASK_MS / 1000 / _HOSTS:.0f} of them with faults"],
        *([kind, str(run.faults[kind])] for kind in _KINDS),
        ["declared down, by all hosts together", str(bench.downs())],
        ["rendered more than once", str(bench.rendered() - tasks)],
    ]


def main() -> int:
    """Soak, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rng-seed", type=int, default=1)
    args = parser.parse_args()
    reason = why_not() or why_no_share()
    if reason:
        print(f"bench/soak.py: {reason}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, Share(Path(folder)) as share, Lan(_HOSTS) as lan:
        bench = Faults(lan, share, Path(folder))
        try:
            seen = soak(bench, args.tasks, args.rng_seed)
        finally:
            share.fails()
            lan.heal()
            bench.farm.close()
    print(rows([f"{args.tasks} tasks", ""], seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
