#!/usr/bin/env python3
"""Several models on real hosts: how often each is loaded, and how near the time is to the least possible.

    bench/models.py                       six hosts, two models, 60 tasks each of 0.4 s, loading takes 3 s

Without heeding what is loaded: `musep2p simulate --models 2 --loading-ms 15000 --no-affinity`.
Needs root, ip and nft.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from _bench import median, rows
from farm import Bench

from tests.live.lan import Lan, why_not


def batch_text(name: str, models: int, each: int, ms: int, loading_ms: int) -> str:
    """A batch of sleeping tasks of several models."""
    named = ", ".join(f"m{number}" for number in range(models))
    params = f"{{ms: {ms}, load_ms: {loading_ms}, distinct: true}}"
    return f"name: {name}\nengine: sleep\nparams: {params}\naxes: {{model: [{named}]}}\nseeds: {{count: {each}}}\n"


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=6)
    parser.add_argument("--models", type=int, default=2)
    parser.add_argument("--each", type=int, default=60)
    parser.add_argument("--ms", type=int, default=400)
    parser.add_argument("--loading-ms", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    if reason := why_not():
        print(f"bench/models.py: {reason}", file=sys.stderr)
        return 2
    loads, ratios = [], []
    least_s = (args.models * args.each * args.ms / args.hosts + args.loading_ms) / 1000
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as folder, Lan(args.hosts) as lan:
            bench = Bench(lan, Path(folder), [1.0] * args.hosts)
            try:
                bench.join()
                text = batch_text("models", args.models, args.each, args.ms, args.loading_ms)
                on = {"state": "h1", "prefix": lan.on(1)}
                bench.farm.run("submit", bench.farm.batch(text), check=0, timeout_s=300, **on)
                seconds = float(bench.farm.status("h1", "models", prefix=lan.on(1))["seconds"])
                done = bench.farm.results("h1", "models", prefix=lan.on(1))
            finally:
                bench.farm.close()
        loads.append(sum(row["seconds"] * 1000 >= args.loading_ms for row in done))
        ratios.append(seconds / least_s)
    shown = [["models loaded", f"{median(loads):g} ({min(loads)}-{max(loads)}); {args.hosts} are needed"]]
    shown += [["time", f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) of the least, {least_s:.1f} s"]]
    print(rows(["", ""], shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
