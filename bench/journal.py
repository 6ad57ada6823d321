#!/usr/bin/env python3
"""A peer's journal: how large a million pictures make it, how long replaying it takes, and what the disk gives.

    bench/journal.py [--tasks 1000000]

Pictures: what a peer that makes all of them writes down, one at a time: handed to a slot, made, safe. Payloads:
results without files, five hundred in a record. Replay is that of a peer that starts, records read and merged.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from _bench import median, rows

from musep2p.core.ids import BatchId, Incarnation, PeerId, TaskKey, digest_of
from musep2p.core.messages import Hello
from musep2p.core.peer_state import PeerState
from musep2p.core.recipe import Recipe, Settings, batch_id
from musep2p.core.records import Entry, RecipeRecord, Record, RecordId, ResultBlock, StartRecord, Will, WillRecord
from musep2p.core.state import Core
from musep2p.core.tuning import Tuning
from musep2p.store.compaction import compact
from musep2p.store.journal import Journal

ME, LIFE = PeerId("1" * 16), Incarnation(1, "0" * 8)


def pictures(batch: BatchId, tasks: int) -> Iterator[Record]:
    """What the maker of every picture writes."""
    for index in range(tasks):
        digest = digest_of(b"%d" % index)
        entry = Entry(index, digest, 400_000, 5000, 1, TaskKey(digest[::-1]), digest[:16] * 2, "png")
        first = RecordId(ME, LIFE, index)
        yield StartRecord(batch, 1, 0, (index, index + 1), True)
        yield ResultBlock(batch, first, (entry,))
        yield ResultBlock(batch, first, (entry,), True)


def payloads(batch: BatchId, tasks: int) -> Iterator[Record]:
    """Results that are in their records."""
    for start in range(0, tasks, 500):
        entries = tuple(
            Entry(i, digest_of(b"%d" % i), 2, 0, payload=b"ok") for i in range(start, min(tasks, start + 500))
        )
        yield ResultBlock(batch, RecordId(ME, LIFE, start), entries)
        yield ResultBlock(batch, RecordId(ME, LIFE, start), entries, True)


class Written:
    """A journal in a folder of its own, and how far it is durable."""

    def __init__(self, folder: Path) -> None:
        self.path, self.position, self._durable = folder / "journal.log", 0, threading.Condition()
        self._reached = 0
        (folder / "spool").mkdir(exist_ok=True)
        self.journal = Journal(self.path, folder / "spool", self._on_durable, self._on_failed)

    def append(self, record: Record) -> None:
        """Hand it to the journal."""
        self.position += 1
        self.journal.append(self.position, record)

    def wait(self) -> None:
        """Until all of it is durable."""
        with self._durable:
            self._durable.wait_for(lambda: self._reached >= self.position)

    def _on_durable(self, position: int) -> None:
        with self._durable:
            self._reached = position
            self._durable.notify()

    def _on_failed(self, error: OSError) -> None:
        raise error


def replayed_s(path: Path) -> float:
    """Seconds that a starting peer needs to know all of it again."""
    hello = Hello(1, "bench", "bench", 1, 2, 1, ("null", "sim"))
    core = Core(me=ME, incarnation=Incarnation(2, "0" * 8), hello=hello, tuning=Tuning(), rng=random.Random(1))
    journal = Journal(path, path.parent, lambda position: None, lambda error: None)
    started = time.perf_counter()
    PeerState(core).restore(journal.open())
    took = time.perf_counter() - started
    journal.close()
    (batch,) = core.batches.values()
    assert batch.results.safe.count() == batch.results.wanted
    return took


def size_and_replay(kind: str, tasks: int) -> list[str]:
    """One row: bytes a task, seconds to replay, the same once it is compacted."""
    recipe = Recipe("null" if kind == "payloads" else "sim", {}, (), tuple(range(tasks)))
    batch = batch_id(recipe)
    with tempfile.TemporaryDirectory() as folder:
        written = Written(Path(folder))
        list(written.journal.open())
        written.append(RecipeRecord(batch, recipe))
        written.append(WillRecord(batch, Will(1, 0, Settings("bench"))))
        for record in (pictures if kind == "pictures" else payloads)(batch, tasks):
            written.append(record)
            if written.position % 10_000 == 0:
                written.wait()
        written.wait()
        written.journal.close()
        size, took = written.path.stat().st_size, replayed_s(written.path)
        compact(written.path)
        small, quick = written.path.stat().st_size, replayed_s(written.path)
    return [kind, f"{size / 1e6:.0f} MB", f"{took:.1f} s", f"{small / 1e6:.0f} MB", f"{quick:.1f} s"]


def rates() -> list[list[str]]:
    """Commits of one record, waited for; and records a second when nobody waits for each."""
    batch, entry = BatchId("2" * 32), Entry(0, digest_of(b""), 2, 0, payload=b"ok")
    block = ResultBlock(batch, RecordId(ME, LIFE, 0), (entry,))
    single, grouped = [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            written = Written(Path(folder))
            list(written.journal.open())
            for rate, count, each in ((single, 300, True), (grouped, 20_000, False)):
                started = time.perf_counter()
                for _ in range(count):
                    written.append(block)
                    if each:
                        written.wait()
                written.wait()
                rate.append(count / (time.perf_counter() - started))
            written.journal.close()
    return [
        ["commits of one record", f"{median(single):.0f}"],
        ["records in commits of many", f"{median(grouped):.0f}"],
    ]


def main() -> int:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    args = parser.parse_args()
    print(rows(["journal", "a second, median of 5"], rates()), flush=True)
    head = [f"{args.tasks} tasks", "journal", "replay", "compacted", "replay"]
    print(rows(head, [size_and_replay(kind, args.tasks) for kind in ("payloads", "pictures")]))
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
