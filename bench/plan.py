#!/usr/bin/env python3
"""What a plan costs, and what a task's parameters cost, by the size of the batch; beside dynamicprompts.

    bench/plan.py [--repeats 5]

Each plan runs in a process of its own: three axes and a CSV. `plan` is reading, checking and showing, after
start-up; `start-up` is the whole command for a batch of one task.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from _bench import median, rows, spread

SIZES = {"1,000": (10, 10, 5, 2), "1,000,000": (1000, 10, 10, 10), "10,000,000": (10_000, 10, 10, 10)}
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from musep2p.batchfile.plan import make_plan
from musep2p.batchfile.reader import read_batch
import musep2p.engines.atelier
before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
batch = read_batch(Path(sys.argv[1]))
plan = make_plan(batch)
took = time.perf_counter() - before[0]
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before[1]
tasks, n = batch.tasks, 20000
step = max(1, tasks.total // n)
started = time.perf_counter()
for i in range(0, tasks.total, step): tasks.parameters(i)
random = (time.perf_counter() - started) / len(range(0, tasks.total, step))
started = time.perf_counter()
for i in range(min(n, tasks.total)): tasks.parameters(i)
inrow = (time.perf_counter() - started) / min(n, tasks.total)
print(json.dumps([plan.tasks, took, grown / 1024, inrow * 1e6, random * 1e6]))
"""


def make_batch(folder: Path, sizes: tuple[int, int, int, int]) -> Path:
    """A batch of three axes and a table."""
    table, one, two, three = sizes
    lines = ["branch,city,style"] + [f"B{i:05d},City {i % 97},style {i % 13}" for i in range(table)]
    (folder / "rows.csv").write_text("\n".join(lines), "utf-8")
    path = folder / "batch.yaml"
    path.write_text(
        'prompt: "{{city}} in {{style}}, {{light}}, {calm|wild} sea, (gold:1.3)"\nrows: rows.csv\naxes:\n'
        f"  light: {json.dumps([f'light {i}' for i in range(one)])}\n"
        f"  steps: 1-{two}\n  guidance: 1-{three}\nseeds: {{derived: 1}}\n",
        "utf-8",
    )
    return path


def measure(folder: Path, sizes: tuple[int, int, int, int]) -> list[float]:
    """Tasks, seconds, MiB, microseconds in a row and at random."""
    path = make_batch(folder, sizes)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    values: list[float] = json.loads(done.stdout)
    return values


def start_up(folder: Path) -> float:
    """The command for one task."""
    path = folder / "one.yaml"
    path.write_text("prompt: a\n", "utf-8")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "musep2p", "plan", path], capture_output=True, check=True)
    return time.perf_counter() - started


def rival(count: int = 2000) -> float:
    """Microseconds for a prompt of the same choices by dynamicprompts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dynamicprompts.generators import RandomPromptGenerator

        generator = RandomPromptGenerator(seed=1)
        generator.generate("{calm|wild} sea", num_images=10)
        started = time.perf_counter()
        for _ in range(count // 100):
            generator.generate("City 5 in style 3, light 2, {calm|wild} sea, (gold:1.3)", num_images=100)
        return (time.perf_counter() - started) / count * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, sizes in SIZES.items():
            runs = [measure(folder, sizes) for _ in range(repeats)]
            columns = list(zip(*runs, strict=True))
            lines.append(
                [
                    label,
                    *(spread(list(column), digits) for column, digits in zip(columns[1:], (3, 1, 1, 1), strict=True)),
                ]
            )
        print(rows(["tasks", "plan, s", "memory, MiB", "us a task, in a row", "us a task, at random"], lines))
        print(f"\nstart-up: {spread([start_up(folder) for _ in range(repeats)], 2)} s")
        print(f"dynamicprompts, a prompt: {median([rival() for _ in range(repeats)]):.1f} us")


if __name__ == "__main__":
    main()
