#!/usr/bin/env python3
"""Thousands of simulated farms with faults, each drawn from a seed, with all checkers on.

    bench/seeds.py --seeds 10000 --jobs 2
    bench/seeds.py --without nonce --fault "old copy"     the first seed that fails without a protection

A seed that violates an invariant is printed at once, with the command that runs it again.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections import Counter
from typing import NamedTuple

import pytest
from _bench import median, rows

from musep2p.sim import scenario
from musep2p.sim.plan import draw
from tests.sim.protections import PROTECTIONS


class Ran(NamedTuple):
    """One seed: what it cost and what came of it."""

    seed: int
    cpu_s: float
    virtual_s: float
    events: int
    faults: tuple[str, ...]
    violation: str


def run(seed: int) -> Ran:
    """Run one seed; an exception is a violation too."""
    before, plan = time.process_time(), draw(seed)
    faults = tuple(plan.faults())
    try:
        outcome = scenario.run(plan)
    except Exception as error:
        return Ran(seed, time.process_time() - before, 0.0, 0, faults, f"{type(error).__name__}: {error}")
    cpu_s, virtual_s = time.process_time() - before, outcome.virtual_ms / 1000
    return Ran(seed, cpu_s, virtual_s, outcome.events, faults, "".join(outcome.violations[:1]))


def search(without: str, fault: str, first: int, seeds: int) -> int:
    """Print the first seed that fails without each protection whose name has this in it; 1 when one has none."""
    missed = 0
    for name in (name for name in PROTECTIONS if without in name):
        with pytest.MonkeyPatch.context() as patch:
            PROTECTIONS[name].take_away(patch)
            ran = (run(seed) for seed in range(first, first + seeds) if not fault or fault in draw(seed).faults())
            found = next((one for one in ran if one.violation), None)
        print(f"{name}: {f'seed {found.seed}, {found.violation[:100]}' if found else 'none'}", flush=True)
        missed += found is None
    return 1 if missed else 0


def main() -> int:
    """Run them and print what was seen; 1 when anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--without", default="")
    parser.add_argument("--fault", default="")
    args = parser.parse_args()
    if args.without:
        return search(args.without, args.fault, args.first, args.seeds)
    started, ran = time.monotonic(), []
    with multiprocessing.Pool(args.jobs, gc.set_threshold, (50_000, 50, 1000)) as pool:
        for one in pool.imap_unordered(run, range(args.first, args.first + args.seeds), 4):
            ran.append(one)
            if one.violation:
                print(f"seed {one.seed} {', '.join(one.faults)}: {one.violation}")
                print(f"  again, with the story: musep2p simulate --scenario {one.seed} --told 50", flush=True)
            if len(ran) % 500 == 0:
                print(f"{len(ran)} seeds, {(time.monotonic() - started) / 60:.0f} min", file=sys.stderr, flush=True)
    kinds = Counter(kind for one in ran for kind in one.faults)
    bad = [one.seed for one in ran if one.violation]
    costs = [one.cpu_s for one in ran]
    table = [
        ["seeds", f"{args.first} to {args.first + args.seeds - 1}"],
        ["violations", str(len(bad))],
        ["clock", f"{(time.monotonic() - started) / 3600:.2f} h with {args.jobs} processes"],
        ["CPU", f"{sum(costs) / 3600:.2f} h; a seed {median(costs):.2f} s at the median, {max(costs):.1f} s at most"],
        ["virtual time", f"{sum(one.virtual_s for one in ran) / 3600:.0f} h"],
        ["events", f"{sum(one.events for one in ran) / 1e6:.1f} million"],
        *([kind, str(count)] for kind, count in kinds.most_common()),
    ]
    print(rows(["", ""], table))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
