"""The process that does all store I/O, so that a hanging share hangs nothing else.

    python -m musep2p.store.helper ROOT SPOOL WRITER

Requests that wait are taken together: their objects are published one by one, their records synced once.
"""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Tasks
from musep2p.core.records import ResultBlock, Withdrawal, spool_name
from musep2p.engines.registry import key_of, load_engine
from musep2p.errors import MuseError, StoreError
from musep2p.pipes import child_pipes, listen, write_frame
from musep2p.store import protocol as p
from musep2p.store.batches import facts_of, unfinished
from musep2p.store.layout import AlteredOutputError, EmptyStore, SharedStore, room_test

__all__ = ["Helper", "main"]

_GROUP_MAX = 64
_FACTS_AT_ONCE = 200
_encode = msgspec.msgpack.Encoder().encode


class _Reading(NamedTuple):
    """The logs of a batch, read up to a fact: a page follows the one before without reading that again."""

    batch: BatchId
    next: int
    facts: Iterator[ResultBlock | Withdrawal]


class Helper:
    """Serves the store to one peer.

    Args:
        root: the store's folder.
        spool: where objects wait.
        writer: names the record logs of this process.
    """

    def __init__(self, root: Path, spool: Path, writer: str) -> None:
        self._root, self._spool, self._writer = root, spool, writer
        self._store: SharedStore | None = None
        self._tasks: dict[BatchId, Tasks] = {}
        self._finished: set[str] = set()
        self._reading = _Reading(BatchId(""), 0, iter(()))
        self._handlers: dict[type, Callable[[Any], p.FromHelper | None]] = {
            p.Open: self._open,
            p.Know: self._know,
            p.PutResults: self._put_results,
            p.PutWithdrawals: self._put_withdrawals,
            p.Reuse: self._reuse,
            p.PutBatch: self._put_batch,
            p.Announce: self._announce,
            p.Withdraw: self._withdraw,
            p.ListPresent: self._present,
            p.FindBatches: self._find,
            p.ReadRecords: self._read,
        }

    def serve(self, requests: list[p.ToHelper]) -> list[p.FromHelper]:
        """Answers to some requests; what says *put* is durable, the records too."""
        answers: list[p.FromHelper] = []
        failed = False
        for request in requests:
            try:
                if self._store is not None and not isinstance(request, p.Know):
                    self._store.check_identity()
                answer = self._handlers[type(request)](request)
            except (OSError, MuseError) as error:
                answer, failed = p.Failed(getattr(request, "op", 0), _words(error)), True
            if answer is not None:
                answers.append(answer)
        try:
            if self._store is not None:
                self._store.sync()
                self._store.check_identity()
        except (OSError, MuseError) as error:
            answers, failed = [_unsaid(answer, _words(error)) for answer in answers], True
        if failed and self._store is not None:
            self._store.begin_new_logs()
        return answers

    def _open(self, request: p.Open) -> p.FromHelper:
        if self._store is not None:
            # Asked again after something failed: only a share that takes a picture is there.
            room_test(self._root)
            self._store.objects.tidy()
            return p.Opened("ok", self._store.id)
        try:
            self._store = SharedStore(self._root, self._writer, request.adopt)
        except EmptyStore:
            return p.Opened("empty")
        except StoreError as error:
            return p.Opened("refused", "", error.message, error.hint)
        return p.Opened("ok", self._store.id)

    def _put_results(self, request: p.PutResults) -> p.FromHelper:
        store, block = self._need(), request.block
        for entry in block.entries:
            name = spool_name(block.batch, entry, request.maker)
            there = not entry.ext or (self._spool / name).exists()
            if not there and not store.objects.has(entry.digest, entry.ext, entry.size):
                return p.Failed(request.op, f"{name} is no longer in the spool", True)
        tasks = self._tasks[block.batch]
        try:
            folder = store.put_results(block, tasks, request.name, self._spool, request.maker)
        except AlteredOutputError as error:
            return p.Failed(request.op, error.message, True)
        return p.ResultsPut(request.op, folder)

    def _put_withdrawals(self, request: p.PutWithdrawals) -> p.FromHelper:
        store = self._need()
        for withdrawal in request.withdrawals:
            store.append_record(withdrawal, request.name)
        return p.WithdrawalsPut(request.op)

    def _know(self, request: p.Know) -> None:
        self._tasks[request.batch] = Tasks(request.recipe)

    def _reuse(self, request: p.Reuse) -> p.FromHelper:
        store = self._need()
        tasks = self._tasks[request.batch]
        hits = []
        for index in Ranges.decode(request.ranges).indices():
            try:
                key = key_of(load_engine(tasks.recipe.engine), tasks, index)
            except Exception:
                continue  # whatever is wrong with this task, it fails where it is run, and says why there
            entry = store.reuse(request.batch, tasks, request.name, index, key) if key else None
            if entry is not None:
                hits.append(entry)
        if hits:
            block = ResultBlock(request.batch, request.first, tuple(hits), True)
            store.append_record(block, request.name)
        return p.Reused(request.op, tuple(hits), store.folder(request.batch, request.name).name)

    def _put_batch(self, request: p.PutBatch) -> p.FromHelper:
        folder = self._need().put_batch(request.batch, self._tasks[request.batch].recipe, request.will)
        return p.BatchPut(request.batch, request.will, folder)

    def _announce(self, request: p.Announce) -> p.FromHelper:
        self._need().announce(request.presence, request.incarnation, request.number)
        return p.Announced()

    def _withdraw(self, request: p.Withdraw) -> None:
        self._need().withdraw(request.peer, request.incarnation)

    def _present(self, request: p.ListPresent) -> p.FromHelper:
        return p.Present(tuple(self._need().present()))

    def _find(self, request: p.FindBatches) -> p.FromHelper:
        return p.Batches(tuple(unfinished(self._need().root, set(request.known), self._finished)))

    def _read(self, request: p.ReadRecords) -> p.FromHelper:
        reading = self._reading
        if not request.start or (reading.batch, reading.next) != (request.batch, request.start):
            folder = self._need().existing_folder(request.batch)
            there = facts_of(folder, request.batch) if folder is not None else iter(())
            reading = _Reading(request.batch, request.start, islice(there, request.start, None))
        facts = tuple(islice(reading.facts, _FACTS_AT_ONCE))
        following = request.start + len(facts) if len(facts) == _FACTS_AT_ONCE else 0
        self._reading = _Reading(request.batch, following, reading.facts)
        return p.RecordsRead(request.batch, facts, following)

    def _need(self) -> SharedStore:
        if self._store is None:
            raise StoreError("the store is not open.")
        return self._store


def _unsaid(answer: p.FromHelper, reason: str) -> p.FromHelper:
    return (
        p.Failed(getattr(answer, "op", 0), reason)
        if isinstance(answer, p.ResultsPut | p.Reused | p.BatchPut | p.WithdrawalsPut)
        else answer
    )


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return str(error)


def main() -> None:
    """Serve until the parent is gone."""
    root, spool, writer = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    commands, say = child_pipes()
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    listen(commands, frames.put)
    helper = Helper(root, spool, writer)
    while True:
        _serve_group(helper, frames, say)


def _serve_group(helper: Helper, frames: queue.SimpleQueue[bytes], say: BinaryIO) -> None:
    group = [p.to_helper.decode(frames.get())]
    while len(group) < _GROUP_MAX and not frames.empty():
        group.append(p.to_helper.decode(frames.get()))
    for answer in helper.serve(group):
        write_frame(say, _encode(answer))


if __name__ == "__main__":
    main()
