#!/usr/bin/env python3
"""A farm of real processes on hosts in network namespaces: discovery, efficiency, unequal hosts, killed hosts.

    bench/farm.py                                      8 equal hosts, 400 tasks of 50 ms
    bench/farm.py --speeds 1,1,1,1,.5,.5,.25,.125      unequal hosts
    bench/farm.py --kill worker                        kill -9 of a host half way; or --kill submitter
    bench/farm.py --discovery                          until all see all, by mDNS; and with --peer alone

Clock: from `accepted` to the acting guardian's *complete*. Cold: no task of the class was run since the start;
warm: after one batch of 64. In the same runs, the floor: bare loops that sleep and keep their outputs.
Needs root, ip and nft.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import tempfile
import time
from pathlib import Path

from _bench import median, rows, spread
from bare import bare_s

from tests.live.farm import Farm, until
from tests.live.lan import Lan, why_not


def batch_text(name: str, ms: int, tasks: int) -> str:
    """A batch of sleeping tasks; the name is in the prompt, so that each name is a batch of its own."""
    return f"name: {name}\nengine: sleep\nprompt: {name}\nparams: {{ms: {ms}}}\nseeds: {{count: {tasks}}}\n"


def bound_ms(speeds: list[float], tasks: int, ms: int) -> float:
    """The greedy integer bound: the least time in which whole tasks fit."""
    ends = sorted({ms * k / v for v in speeds for k in range(1, tasks + 1)})
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        done = sum(math.floor(ends[middle] * v / ms + 1e-9) for v in speeds)
        low, high = (low, middle) if done >= tasks else (middle + 1, high)
    return ends[low]


class Bench:
    """One farm on one LAN."""

    def __init__(self, lan: Lan, base: Path, speeds: list[float]) -> None:
        self.lan, self.farm, self.speeds = lan, Farm(base), speeds

    def join(self, *, mdns: bool = True) -> float:
        """Start all hosts; seconds from the start of the last process until all see all."""
        count = len(self.speeds)
        for host in range(1, count):
            self._start(host, mdns=mdns)
        for host in range(1, count):
            self.farm.ready(f"h{host}")
        until(lambda: self._seen(count - 1), "all but one see each other", 30)
        started = time.monotonic()
        self._start(count, mdns=mdns)
        until(lambda: self._seen(count), "all see all", 30)
        took = time.monotonic() - started
        self.farm.ready(f"h{count}")
        self.farm.wait_up(count, "h1", prefix=self.lan.on(1))
        return took

    def batch(self, name: str, ms: int, tasks: int, *, at: int = 1, kill: int = 0) -> float:
        """Seconds from accepted to complete; with `kill`, that host dies half way."""
        state, prefix = f"h{at}", self.lan.on(at)
        file = self.farm.batch(batch_text(name, ms, tasks), f"{name}.yaml")
        watch_at = 1 if at != 1 else 2
        if kill:
            self.farm.run("submit", "--detach", file, state=state, prefix=prefix, check=0)
            half = tasks * ms / sum(self.speeds) / 2000
            time.sleep(max(0.0, half - 0.3))  # `half way` of the run is what is measured
            self.farm.kill(f"h{kill}", signal.SIGKILL)
            other = self.lan.on(watch_at)
            self.farm.run("watch", name, state=f"h{watch_at}", prefix=other, check=0, timeout_s=180)
            status = self.farm.status(f"h{watch_at}", name, prefix=other)
            indices = [row["index"] for row in self.farm.results(f"h{watch_at}", name, prefix=other)]
            assert indices == list(range(tasks)), "not every index has exactly one result"
        else:
            self.farm.run("submit", file, state=state, prefix=prefix, check=0, timeout_s=180)
            status = self.farm.status(state, name, prefix=prefix)
        assert status["safe"] == tasks, status
        return float(status["seconds"])

    def _start(self, host: int, *, mdns: bool) -> None:
        options = ["--speed", self.speeds[host - 1]]
        if not mdns and host > 1:
            options += ["--peer", f"{self.lan.address(1)}:7340"]
        self.farm.start(f"h{host}", *options, listen=None, mdns=mdns, prefix=self.lan.on(host), wait=False)

    def _seen(self, count: int) -> bool:
        for name, process in self.farm.processes.items():
            assert process.poll() is None, f"{name} ended:\n{self.farm.log(name)}"
        return all(self.farm.log(f"h{host}").count(" is up at ") >= count - 1 for host in range(1, count + 1))


def main() -> int:
    """Measure what was asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speeds", default="1,1,1,1,1,1,1,1")
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--ms", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kill", choices=["worker", "submitter"])
    parser.add_argument("--discovery", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    reason = why_not()
    if reason:
        print(f"bench/farm.py: {reason}", file=sys.stderr)
        return 2
    speeds = [float(part) for part in args.speeds.split(",")]
    measured: dict[str, list[float]] = {}
    for repeat in range(args.repeats):
        for mode in ("mdns", "peer") if args.discovery else ("mdns",):
            one_farm(args, speeds, measured, repeat, mode)
    bound = bound_ms(speeds, args.tasks, args.ms) / 1000
    ideal = args.tasks * args.ms / 1000 / sum(speeds)
    table = []
    for name, values in measured.items():
        clock = not name.startswith("all see all")
        ratio = f"{median(values) / bound:.3f}" if clock else "-"
        table.append([name, spread(values), ratio, f"{ideal / median(values):.3f}" if clock else "-"])
    if args.json:
        print(json.dumps({"bound_s": bound, "seconds": measured}))
    else:
        print(rows(["", f"seconds, median of {args.repeats} (range)", f"x bound {bound:.3f} s", "efficiency"], table))
    return 0


def one_farm(
    args: argparse.Namespace, speeds: list[float], measured: dict[str, list[float]], repeat: int, mode: str
) -> None:
    """Start a farm, measure, end it."""
    with tempfile.TemporaryDirectory() as folder, Lan(len(speeds)) as lan:
        bench = Bench(lan, Path(folder), speeds)
        try:
            if not args.discovery:
                bound_s = bound_ms(speeds, args.tasks, args.ms) / 1000
                measured.setdefault("bare loops", []).append(bare_s(speeds, args.tasks, args.ms, bound_s))
            if mode == "peer":
                lan.block_multicast()
            seen = bench.join(mdns=mode == "mdns")
            measured.setdefault(f"all see all, {mode}", []).append(seen)
            if args.discovery:
                return
            if args.kill:
                victim = 3 if args.kill == "submitter" else len(speeds)
                bench.batch("warmup", args.ms, 64)
                plain = bench.batch("plain", args.ms, args.tasks, at=3)
                killed = bench.batch("killed", args.ms, args.tasks, at=3, kill=victim)
                measured.setdefault("nobody killed", []).append(plain)
                measured.setdefault(f"{args.kill} killed", []).append(killed)
                return
            measured.setdefault("cold", []).append(bench.batch("cold", args.ms, args.tasks))
            bench.batch("warmup", args.ms, 64)
            measured.setdefault("warm", []).append(bench.batch("warm", args.ms, args.tasks))
        finally:
            bench.farm.close()
        print(f"run {repeat + 1}: { ({k: round(v[-1], 3) for k, v in measured.items()}) }", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
