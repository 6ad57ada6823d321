#!/usr/bin/env python3
"""A million tasks that do nothing, and what a farm costs that has nothing to do.

    bench/scale.py [--tasks 1000000] [--slots 4] [--peers 1]     one large batch, status asked for all the while
    bench/scale.py --batches 1000 --peers 2                      so many batches at once, of ten tasks each
    bench/scale.py --idle 4                                      so many idle peers

Clock: from accepted to complete. Memory: the greatest resident set of a peer process, its children apart; for
idle peers the proportional set. Traffic: of the loopback, by the number of peers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from _bench import median, rows

from musep2p.cli.client import PeerClient
from musep2p.core import requests as r
from musep2p.core.recipe import Recipe
from musep2p.core.recipe import Settings as RecipeSettings
from tests.live.farm import FARM, Farm, until

BATCH = "name: large\nengine: null\nparams: {{v: 1}}\nseeds: {{count: {tasks}}}\n"
SETTLE_S, IDLE_S = 15.0, 20.0


def joined(base: Path, peers: int, slots: int) -> Farm:
    """A farm on the loopback that has met."""
    farm = Farm(base)
    for number in range(peers):
        first = ["--peer", farm.addresses["p0"]] if number else []
        farm.start(f"p{number}", "--slots", max(1, slots // peers), *first, store=False)
    farm.wait_up(peers, "p0", store=False)
    return farm


class Asker(threading.Thread):
    """Asks a peer for a batch's status, again and again, and notes how long each answer took."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.client, self.took_s, self.ended = PeerClient(address, FARM), list[float](), threading.Event()

    def run(self) -> None:
        """Until the batch has ended."""
        while True:
            before = time.monotonic()
            status = self.client.status("large")
            self.took_s.append(time.monotonic() - before)
            if status.state in ("done", "failed"):
                break
            time.sleep(0.02)
        self.ended.set()


def large(tasks: int, slots: int, peers: int) -> dict[str, float]:
    """One batch of so many tasks."""
    with tempfile.TemporaryDirectory() as folder:
        farm = joined(Path(folder), peers, slots)
        try:
            file = farm.batch(BATCH.format(tasks=tasks))
            before, sent = time.monotonic(), psutil.net_io_counters(pernic=True)["lo"].bytes_sent
            farm.run("submit", "--detach", file, state="p0", check=0)
            accepted = time.monotonic() - before
            asker = Asker(farm.addresses["p0"])
            asker.start()
            assert asker.ended.wait(600), "it did not end"
            seconds = float(farm.status("p0", "large")["seconds"])
            sent = psutil.net_io_counters(pernic=True)["lo"].bytes_sent - sent
            return {
                "accepted, s": accepted, "tasks/s": tasks / seconds, "complete, s": seconds,
                "peak memory of a peer, MB": max(peak_mb(p.pid) for p in farm.processes.values()),
                "status, median ms": median(asker.took_s) * 1000, "status, slowest ms": max(asker.took_s) * 1000,
                "traffic, kB/s a peer": sent / 1000 / seconds / peers,
            }  # fmt: skip
        finally:
            farm.close()


def many(batches: int, slots: int, peers: int) -> dict[str, float]:
    """So many batches, submitted one after the other by one face."""
    with tempfile.TemporaryDirectory() as folder:
        farm = joined(Path(folder), peers, slots)
        client = PeerClient(farm.addresses["p0"], FARM)
        try:
            before, took_s = time.monotonic(), []
            for number in range(batches):
                asked = time.monotonic()
                recipe = Recipe("null", {"v": number}, (), tuple(range(10)))
                client.submit(recipe, RecipeSettings(f"b{number}"), 60)
                took_s.append(time.monotonic() - asked)
            accepted = time.monotonic() - before
            until(lambda: all_done(client, batches), "all are done", 600)
            complete = time.monotonic() - before
            asked = time.monotonic()
            client.ask(r.StatusAsk(""), r.StatusList)
            return {
                "all accepted, s": accepted, "accepted, median ms": median(took_s) * 1000,
                "accepted, the last ten, median ms": median(took_s[-10:]) * 1000, "all complete, s": complete,
                "status of all, ms": (time.monotonic() - asked) * 1000,
                "peak memory of a peer, MB": max(peak_mb(p.pid) for p in farm.processes.values()),
            }  # fmt: skip
        finally:
            client.close()
            farm.close()


def all_done(client: PeerClient, batches: int) -> bool:
    """True when so many batches are done."""
    known = client.ask(r.StatusAsk(""), r.StatusList).batches
    return len(known) == batches and all(batch.state == "done" for batch in known)


def peak_mb(pid: int) -> float:
    """The greatest resident set so far (Linux)."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


def idle(peers: int) -> dict[str, float]:
    """So many peers with nothing to do."""
    with tempfile.TemporaryDirectory() as folder:
        farm = joined(Path(folder), peers, peers)
        try:
            time.sleep(SETTLE_S)  # first exchanges are over
            all_of_them = [psutil.Process(p.pid) for p in farm.processes.values()]
            cpu = sum(sum(p.cpu_times()[:2]) for p in all_of_them)
            before = psutil.net_io_counters(pernic=True)["lo"]
            time.sleep(IDLE_S)
            after = psutil.net_io_counters(pernic=True)["lo"]
            cpu = sum(sum(p.cpu_times()[:2]) for p in all_of_them) - cpu
            memory = [p.memory_full_info().pss / (1 << 20) for p in all_of_them]
            children = [c.memory_full_info().pss / (1 << 20) for p in all_of_them for c in p.children()]
            return {
                "CPU, % of a core a peer": 100 * cpu / IDLE_S / peers,
                "packets/s a peer": (after.packets_sent - before.packets_sent) / IDLE_S / peers,
                "kB/s a peer": (after.bytes_sent - before.bytes_sent) / 1000 / IDLE_S / peers,
                "memory of a peer, MB (PSS)": median(memory),
                "memory of its slot, MB (PSS)": median(children),
            }
        finally:
            farm.close()


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--batches", type=int, default=0)
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.idle:
        found = idle(args.idle)
    elif args.batches:
        found = many(args.batches, args.slots, args.peers)
    else:
        found = large(args.tasks, args.slots, args.peers)
    if args.json:
        print(json.dumps(found))
    else:
        print(
            rows(
                ["", ""], [[name, f"{value:.3g}" if value < 1000 else f"{value:,.0f}"] for name, value in found.items()]
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
