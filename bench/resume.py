#!/usr/bin/env python3
"""Kill everything in the middle of a batch of pictures, start again, submit again: what is rendered twice?

    bench/resume.py [--tasks 1000] [--peers 3]
    bench/resume.py --lost-state        the machines lose their disks as well: only the store remembers

Counts what the record logs on the store say was rendered, so a picture that was rendered twice counts twice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
from _bench import rows

from musep2p.core.records import Record, ResultBlock
from musep2p.store.record_log import read_log
from tests.live.farm import Farm, until

BATCH = """\
name: halls
prompt: "a castle at {{{{light}}}}"
size: 64x64
steps: 4
axes: {{light: [dawn, dusk]}}
seeds: {{count: {each}}}
"""


def join(farm: Farm, peers: int) -> None:
    """Start or start again."""
    for number in range(peers):
        first = ["--peer", farm.addresses["p0"]] if number else []
        farm.start(f"p{number}", *first)
    farm.wait_up(peers, "p0")


def rendered(store: Path) -> Counter[int]:
    """By index, how often the logs on the store say that it was rendered."""
    decode, found = msgspec.msgpack.Decoder(Record).decode, Counter[int]()
    for log in store.glob("batches/*/records/*.log"):
        for logged in read_log(log):
            record = decode(logged.payload)
            if isinstance(record, ResultBlock):
                found.update(entry.index for entry in record.entries if not entry.skipped)
    return found


def interrupted(tasks: int, peers: int, *, lost_state: bool) -> dict[str, int | float]:
    """The whole story."""
    with tempfile.TemporaryDirectory() as folder:
        farm = Farm(Path(folder))
        try:
            join(farm, peers)
            file = farm.batch(BATCH.format(each=tasks // 2))
            farm.run("submit", "--detach", file, state="p0", check=0)
            until(lambda: farm.status("p0").get("safe", 0) >= tasks // 2, "half is done", 600)
            for name in list(farm.processes):
                farm.kill(name)
            before = rendered(farm.base / "store")
            if lost_state:
                for number in range(peers):
                    shutil.rmtree(farm.base / f"p{number}")
            join(farm, peers)
            started = time.monotonic()
            done = farm.run("submit", file, "--json", state="p0", check=0, timeout_s=600)
            took, after = time.monotonic() - started, rendered(farm.base / "store")
            return {
                "rendered before the kill": before.total(), "rendered afterwards": after.total() - before.total(),
                "rendered twice": sum(count - 1 for count in after.values() if count > 1),
                "without a picture": tasks - len(farm.results("p0")), "skipped": json.loads(done.stdout)["skipped"],
                "seconds, the second time": round(took, 1),
            }  # fmt: skip
        finally:
            farm.close()


def main() -> int:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--peers", type=int, default=3)
    parser.add_argument("--lost-state", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = interrupted(args.tasks, args.peers, lost_state=args.lost_state)
    print(json.dumps(found) if args.json else rows(["", ""], [[name, str(value)] for name, value in found.items()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
