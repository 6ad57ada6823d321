#!/usr/bin/env python3
"""How fast outputs become safe on a store, beside plain write + fsync + rename on the same disk.

    bench/store.py [--folder DIR] [--objects 200] [--bytes 200000] [--repeats 5]

`publish` is all that a picture costs: read from the spool, hash, object, view, key, record, read back.
`dedup` is the same for bytes that are there already: they are compared, nothing is written but view and record.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _bench import median, rows, spread

from musep2p.core.ids import Incarnation, PeerId, TaskKey, digest_of
from musep2p.core.recipe import Recipe, Tasks, batch_id
from musep2p.core.records import Entry, RecordId, ResultBlock
from musep2p.store.layout import SharedStore

ME = PeerId("0" * 16)
LIFE = Incarnation(1, "0" * 8)


def plain(folder: Path, outputs: list[bytes]) -> None:
    """The floor: whole files under their names, durably."""
    for number, data in enumerate(outputs):
        temporary = folder / f".tmp-{number}"
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(folder / f"{number}.bin")


def publish(store: SharedStore, spool: Path, outputs: list[bytes], name: str, group: int) -> None:
    """Results of one batch, `group` of them a record."""
    recipe = Recipe("sleep", {"prompt": name}, (), tuple(range(len(outputs))))
    tasks = Tasks(recipe)
    batch = batch_id(recipe)
    entries = []
    for index, data in enumerate(outputs):
        (spool / f"{batch}-{index}-1.bin").write_bytes(data)
        digest = digest_of(data)
        entries.append(Entry(index, digest, len(data), 1, key=TaskKey(digest_of(digest.encode())), ext="bin"))
    started = time.perf_counter()
    for at in range(0, len(entries), group):
        part = tuple(entries[at : at + group])
        store.put_results(ResultBlock(batch, RecordId(ME, LIFE, at), part), tasks, name, spool)
        store.sync()
    TIMES.append(time.perf_counter() - started)


TIMES: list[float] = []


def timed(call: Callable[[], None]) -> float:
    """Seconds; of `publish`, without filling the spool."""
    TIMES.clear()
    started = time.perf_counter()
    call()
    return TIMES[-1] if TIMES else time.perf_counter() - started


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk or share to measure")
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--bytes", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    rng = random.Random(1)
    rates: dict[str, list[float]] = {}
    for repeat in range(args.repeats):
        outputs = [rng.randbytes(args.bytes) for _ in range(args.objects)]
        with tempfile.TemporaryDirectory(dir=args.folder) as made:
            base = Path(made)
            for name in ("plain", "store", "spool"):
                (base / name).mkdir()
            store = SharedStore(base / "store", "bench", "a" * 32)
            seconds = {
                "write + fsync + rename": timed(lambda base=base, o=outputs: plain(base / "plain", o)),
                "publish, one record each": timed(
                    lambda s=store, base=base, o=outputs: publish(s, base / "spool", o, "one", 1)
                ),
                "dedup, one record each": timed(
                    lambda s=store, base=base, o=outputs: publish(s, base / "spool", o, "two", 1)
                ),
                "dedup, 64 a record": timed(
                    lambda s=store, base=base, o=outputs: publish(s, base / "spool", o, "three", 64)
                ),
            }
        for name, took in seconds.items():
            rates.setdefault(name, []).append(args.objects / took)
        print(f"run {repeat + 1} of {args.repeats}", file=sys.stderr)
    floor = median(rates["write + fsync + rename"])
    lines = [[name, spread(values, 0), f"{median(values) / floor:.2f}"] for name, values in rates.items()]
    print(rows([f"{args.bytes} bytes", "objects/s", "x plain"], lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
