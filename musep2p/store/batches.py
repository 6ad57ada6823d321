"""What lies in the store's `batches/`: which batches are unfinished, and what their record logs say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from musep2p.core.events import FoundBatch
from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Tasks, decode_recipe
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.records import Entry, Record, RecordId, ResultBlock, Will, Withdrawal
from musep2p.core.results import indices_of, signed
from musep2p.core.wills import CANCELLED, will_rank
from musep2p.errors import MuseError, StoreError
from musep2p.store.record_log import read_log

__all__ = ["facts_of", "results_of", "unfinished"]

_AT_ONCE = 4  # batches; each may be a recipe of many megabytes
_record = msgspec.msgpack.Decoder(Record).decode
_will = msgspec.msgpack.Decoder(Will).decode


def unfinished(root: Path, known: set[str], finished: set[str]) -> list[FoundBatch]:
    """Some batches that are neither cancelled nor done.

    Args:
        root: of the store.
        known: first eight digits of the ids of batches that are not looked at.
        finished: names of folders that need not be looked at again; filled.

    Raises:
        OSError: the folder of batches cannot be read.
    """
    found: list[FoundBatch] = []
    folder = root / "batches"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name in finished or path.name.rpartition("-")[2][:8] in known:
            continue
        batch = _look(path)
        if batch is None:
            finished.add(path.name)
        else:
            found.append(batch)
        if len(found) >= _AT_ONCE:
            break
    return found


def _look(path: Path) -> FoundBatch | None:
    """The batch of a folder; None if it is done, cancelled, or cannot be read."""
    try:
        data = (path / "recipe.msgpack").read_bytes()
        recipe, batch = decode_recipe(data), batch_id_of(data)
        will = max((_will(file.read_bytes()) for file in (path / "wills").iterdir()), key=will_rank, default=None)
        tasks = Tasks(recipe)
    except (OSError, MuseError, msgspec.MsgspecError):
        return None
    done = _done(path, batch)
    if will is None or will.word == CANCELLED or (done - tasks.excluded).count() >= tasks.wanted:
        return None
    return FoundBatch(batch, recipe, will, path.name)


def _done(folder: Path, batch: BatchId) -> Ranges:
    """Tasks with a result that was not withdrawn."""
    results, wrong = Ranges(), set[RecordId]()
    for fact in facts_of(folder, batch):
        if isinstance(fact, Withdrawal):
            wrong.add(fact.record)
        else:
            results.update(indices_of(fact.entries))
    if not wrong:
        return results
    left = Ranges()
    for fact in facts_of(folder, batch):
        if isinstance(fact, ResultBlock):
            left.update(indices_of(entry for entry, made in signed(fact).values() if made not in wrong))
    return left


def results_of(facts: Iterable[ResultBlock | Withdrawal]) -> dict[int, list[tuple[Entry, RecordId]]]:
    """By index, all results among these facts that none of them withdraws."""
    made: dict[int, list[tuple[Entry, RecordId]]] = {}
    wrong: dict[int, set[RecordId]] = {}
    for fact in facts:
        if isinstance(fact, Withdrawal):
            wrong.setdefault(fact.index, set()).add(fact.record)
        else:
            for index, result in signed(fact).items():
                made.setdefault(index, []).append(result)
    for index, records in wrong.items():
        made[index] = [result for result in made.get(index, []) if result[1] not in records]
    return made


def facts_of(folder: Path, batch: BatchId) -> Iterator[ResultBlock | Withdrawal]:
    """Results that the logs call safe, and withdrawals; a log that is damaged counts as far as it can be read."""
    for log in sorted((folder / "records").glob("*.log")):
        with contextlib.suppress(OSError, StoreError, msgspec.MsgspecError):
            for logged in read_log(log):
                record = _record(logged.payload)
                results = isinstance(record, ResultBlock) and record.safe
                if (results or isinstance(record, Withdrawal)) and record.batch == batch:
                    yield record
