#!/usr/bin/env python3
"""10 000 tasks that do nothing, beside Dask, Ray and a process pool, interleaved in the same run.

    bench/throughput.py [--tasks 10000] [--slots 2,4] [--repeats 5]

musep2p runs `null` (its output rides in the record) through `join` and `submit`, so its figure holds the whole
way: recipe, deque, child process, fsynced record, report, safe. Clock: from accepted to complete. The others:
from the first submission until the last result is back, workers warm. Dask is measured as it comes and with
worker-saturation=inf, which suits empty tasks better. Ray gets all its tasks at once and is asked for all results.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Protocol

from _bench import median, rows, spread

from tests.live.farm import Farm

NULL = "name: {name}\nengine: null\nparams: {{v: {name}}}\nseeds: {{count: {tasks}}}\n"


def nothing(index: int) -> int:
    """The task of the others."""
    return index


class System(Protocol):
    """What is measured."""

    def run(self, tasks: int) -> float:
        """Seconds for so many tasks."""

    def close(self) -> None:
        """End it."""


class OurFarm:
    """`peers` processes on the loopback with `slots` in all."""

    def __init__(self, base: Path, slots: int, peers: int) -> None:
        base.mkdir()
        self.farm, self.count = Farm(base), 0
        for number in range(peers):
            first = ["--peer", self.farm.addresses["p0"]] if number else []
            self.farm.start(f"p{number}", "--slots", slots // peers, *first, store=False)
        self.farm.wait_up(peers, "p0", store=False)

    def run(self, tasks: int) -> float:
        """Seconds for so many tasks."""
        self.count += 1
        file = self.farm.batch(NULL.format(name=f"r{self.count}", tasks=tasks), f"r{self.count}.yaml")
        self.farm.run("submit", file, state="p0", check=0, timeout_s=300)
        status = self.farm.status("p0", f"r{self.count}")
        assert status["safe"] == tasks, status
        return float(status["seconds"])

    def close(self) -> None:
        """End it."""
        self.farm.close()


class Pool:
    """concurrent.futures, one task a call."""

    def __init__(self, slots: int) -> None:
        self.pool = ProcessPoolExecutor(slots)
        list(self.pool.map(nothing, range(slots * 8)))

    def run(self, tasks: int) -> float:
        """Seconds for so many tasks."""
        started = time.perf_counter()
        assert len(list(self.pool.map(nothing, range(tasks)))) == tasks
        return time.perf_counter() - started

    def close(self) -> None:
        """End it."""
        self.pool.shutdown()


class Dask:
    """A LocalCluster of one-thread processes."""

    def __init__(self, slots: int, saturation: float) -> None:
        import dask
        from distributed import Client, LocalCluster

        logging.getLogger("distributed").setLevel(logging.ERROR)
        dask.config.set({"distributed.scheduler.worker-saturation": saturation})
        self.cluster = LocalCluster(n_workers=slots, threads_per_worker=1, dashboard_address=None)
        self.client = Client(self.cluster)
        self.client.gather(self.client.map(nothing, range(slots * 8), pure=False))

    def run(self, tasks: int) -> float:
        """Seconds for so many tasks."""
        started = time.perf_counter()
        futures = self.client.map(nothing, range(tasks), pure=False)
        assert len(self.client.gather(futures)) == tasks
        return time.perf_counter() - started

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.cluster.close()


class Ray:
    """A local Ray of one-CPU workers, which stays on the loopback and reports to nobody."""

    def __init__(self, slots: int) -> None:
        os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
        import ray

        options = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
        ray.init(num_cpus=slots, _node_ip_address="127.0.0.1", **options)
        self.ray, self.task = ray, ray.remote(nothing)
        ray.get([self.task.remote(index) for index in range(slots * 8)])

    def run(self, tasks: int) -> float:
        """Seconds for so many tasks."""
        started = time.perf_counter()
        assert len(self.ray.get([self.task.remote(index) for index in range(tasks)])) == tasks
        return time.perf_counter() - started

    def close(self) -> None:
        """End it."""
        self.ray.shutdown()


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--slots", default="2,4")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found: dict[str, dict[int, list[float]]] = {}
    for slots in map(int, args.slots.split(",")):
        for name, times in measure(slots, args.tasks, args.repeats).items():
            found.setdefault(name, {})[slots] = [args.tasks / took for took in times]
    if args.json:
        print(json.dumps({"tasks": args.tasks, "tasks_per_second": found}))
        return 0
    for slots in next(iter(found.values())):
        rivals = {name: median(found[name][slots]) for name in ("dask", "ray", "process pool") if name in found}
        lines = [
            [name, spread(values[slots], 0), *(f"{median(values[slots]) / rival:.2f}" for rival in rivals.values())]
            for name, values in found.items()
        ]
        print(f"\n{slots} slots, {args.tasks} tasks, {os.cpu_count()} cores\n")
        print(rows(["", "tasks/s", *(f"x {name}" for name in rivals)], lines))
    return 0


def measure(slots: int, tasks: int, repeats: int) -> dict[str, list[float]]:
    """Seconds of each, one after the other in each round; nobody else runs meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        makers: dict[str, Callable[[], System]] = {
            "musep2p, 1 peer": lambda: OurFarm(Path(folder) / f"one{time.monotonic_ns()}", slots, 1),
            "musep2p, 2 peers": lambda: OurFarm(Path(folder) / f"two{time.monotonic_ns()}", slots, 2),
            "process pool": lambda: Pool(slots),
        }
        if installed("distributed"):
            makers["dask"] = lambda: Dask(slots, 1.1)
            makers["dask, worker-saturation=inf"] = lambda: Dask(slots, float("inf"))
        if installed("ray"):
            makers["ray"] = lambda: Ray(slots)
        times: dict[str, list[float]] = {name: [] for name in makers}
        for _ in range(repeats):
            for name, make in makers.items():
                system = make()
                try:
                    system.run(min(tasks, 1000))
                    times[name].append(system.run(tasks))
                finally:
                    system.close()
        return times


def installed(module: str) -> bool:
    """Say so if a rival cannot be measured."""
    found = importlib.util.find_spec(module) is not None
    if not found:
        print(f"{module} is not installed: it has no rows (pip install '.[bench]')", file=sys.stderr)
    return found


if __name__ == "__main__":
    sys.exit(main())
