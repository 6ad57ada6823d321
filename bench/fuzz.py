#!/usr/bin/env python3
"""Batch files that went through the mill: the reader must refuse or read each, quickly and in bounded memory.

    bench/fuzz.py [--minutes 10] [--rng-seed 1]

Starts from every construct, mistake and story of the tests with the files beside them; mutates bytes, lines
and characters that mean something, splices files, and reads the result. Prints what was done; ends with 1 at the
first other exception, a text without a message, or one input that takes more than five seconds.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from _bench import ROOT

from musep2p.batchfile.plan import make_plan, plan_json
from musep2p.batchfile.reader import read_batch
from musep2p.errors import RecipeError
from tests.batchfile import constructs, wrong

MARKS = list("{}[]|:,#'\"\\&*!%@`?-_$<>=~ \t\n0123456789.;") + [
    "{{", "}}", "$$", "::", "__", "\r\n", "\ufeff", "\x00", "\u202e", "é", "北", "😀", "- ", ": ", "..", "1-9", " [5]",
    "(+2)",
    "rows:", "axes:", "zip:", "seeds:", "exclude:", "{count: 3}", "{derived: 2}", "{file: h.csv}", "{replace: [a, b]}",
    "999999999999999999999", "1e308", "-1", "&a [*a]", "<<: *a", "---\n", "?\n", "|\n", ">\n", "prompt: ", "{{index}}",
]  # fmt: skip
LIMIT_S = 5


def corpus() -> list[dict[str, bytes]]:
    """Batch files with what lies beside them."""
    cases = [case for cases in (*constructs.ALL.values(), *wrong.ALL.values()) for case in cases]
    found = []
    for case in cases:
        files = {name: text if isinstance(text, bytes) else text.encode() for name, text in case.files.items()}
        found.append({"batch.yaml": case.text.encode(), **files})
    for story in sorted((ROOT / "musep2p/examples").glob("*/batch.yaml")):
        paths = [path for path in story.parent.rglob("*") if path.is_file()]
        found.append({path.relative_to(story.parent).as_posix(): path.read_bytes() for path in paths})
    return found


def mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Some bytes, changed a little or much."""
    for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((0, 1, 2, 5, 20)))
        kind = rng.random()
        if kind < 0.55:
            data = data[:at] + rng.choice(MARKS).encode() + data[end:]
        elif kind < 0.7:
            data = data[:at] + bytes([rng.randrange(256)]) + data[end:]
        elif kind < 0.85:
            lines = data.split(b"\n")
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(rng.choice(others).split(b"\n")))
            data = b"\n".join(lines)
        elif kind < 0.95:
            data = data[:at] + data[at:end] * rng.choice((2, 10, 300)) + data[end:]
        else:
            data = data[:at]
    return data


def main() -> int:
    """Run for the asked time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rng-seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.rng_seed)
    cases = corpus()
    others = [data for case in cases for data in case.values()]
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    until, done, read, slowest = time.monotonic() + options.minutes * 60, 0, 0, 0.0
    base = Path(tempfile.mkdtemp())
    try:
        while time.monotonic() < until:
            case = {
                name: mutated(data, others, rng) if rng.random() < 0.8 else data
                for name, data in rng.choice(cases).items()
            }
            folder = base / "case"
            for name, data in case.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            started = time.perf_counter()
            signal.alarm(LIMIT_S)
            try:
                plan_json(make_plan(read_batch(folder / "batch.yaml")))
                read += 1
            except RecipeError as error:
                assert error.message, case
            except BaseException:
                traceback.print_exc()
                print(f"after {done} inputs, rng seed {options.rng_seed}: {case!r}")
                return 1
            finally:
                signal.alarm(0)
            slowest = max(slowest, time.perf_counter() - started)
            done += 1
            shutil.rmtree(folder)
    finally:
        shutil.rmtree(base)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{done} inputs, {read} of them read, {done - read} refused")
    print(f"slowest {slowest:.2f} s; peak memory {peak:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
