"""A peer's journal without what later records have made useless, so that it grows with results, not with history.

What stays, in the order of writing: each recipe, followed by its last will; each result once, as safe if it ever
was; what was withdrawn; the failures of the present turn; what slots were handed last. What was marked safe follows
at the end. Done before a journal is replayed, into a new file that takes its place by a rename: a crash leaves one or
the other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.records import (
    RANGES_MAX,
    Entry,
    Failure,
    RecipeRecord,
    Record,
    RecordId,
    ResultBlock,
    SafeMark,
    StartRecord,
    StoreRecord,
    WillRecord,
    Withdrawal,
)
from musep2p.core.results import indices_of, signed
from musep2p.core.wills import will_rank
from musep2p.platforms import fsync_folder
from musep2p.store.record_log import RecordLog, read_log

__all__ = ["compact", "compacted"]

_SMALL_BYTES = 4 << 20
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


def compact(path: Path) -> bool:
    """Compact a journal that is more than twice as long as when that was done last, and not small anyway.

    Returns:
        True when it was.

    Raises:
        StoreError: it is damaged.
        OSError: as the disk says; the journal is as it was.
        msgspec.MsgspecError: it holds what this version cannot read.
    """
    hint = path.with_suffix(".compacted")
    if path.stat().st_size < max(_SMALL_BYTES, 2 * _said(hint)):
        return False
    temporary = path.with_name(f".tmp-{path.name}")
    log = RecordLog(temporary)
    try:
        for record in compacted(lambda: (_decode(logged.payload) for logged in read_log(path))):
            log.append(_encode(record))
            if log.waiting_bytes > _SMALL_BYTES:
                log.sync()
        log.sync()
    finally:
        log.close()
    os.replace(temporary, path)
    fsync_folder(path.parent)
    hint.write_text(str(log.end))  # without it the next start compacts once more
    return True


def _said(hint: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(hint.read_text())
    return 0


@dataclass(slots=True)
class _Survey:
    """What a first reading finds: what the last word on everything is."""

    wills: dict[BatchId, WillRecord] = field(default_factory=dict)
    safe: set[tuple[BatchId, RecordId]] = field(default_factory=set)
    in_safe_blocks: dict[BatchId, Ranges] = field(default_factory=dict)
    known: dict[BatchId, Ranges] = field(default_factory=dict)
    marked: dict[BatchId, Ranges] = field(default_factory=dict)
    starts: dict[int, list[tuple[int, StartRecord]]] = field(default_factory=dict)
    store_id: str = ""
    wrong: set[tuple[BatchId, RecordId]] = field(default_factory=set)


def compacted(read: Callable[[], Iterable[Record]]) -> Iterator[Record]:
    """The records that are worth keeping; replayed, they make the same peer as all of them.

    Args:
        read: gives all records from the beginning, each time it is called.
    """
    survey = _survey(read())
    kept_starts = {at: record for slot in survey.starts.values() for at, record in slot}
    running: dict[BatchId, int] = {}
    for start in kept_starts.values():
        running[start.batch] = min(start.turn, running.get(start.batch, start.turn))
    seen: set[object] = set()
    left: dict[BatchId, Ranges] = {batch: Ranges() for batch in survey.marked}
    if survey.store_id:
        yield StoreRecord(survey.store_id)
    for position, record in enumerate(read()):
        if isinstance(record, RecipeRecord) and record.batch not in seen and record.batch in survey.wills:
            seen.add(record.batch)
            yield record
            yield survey.wills[record.batch]
        elif isinstance(record, ResultBlock):
            name = (record.batch, record.first)
            if record.batch in left:
                left[record.batch].update(indices_of(_not_wrong(record, survey.wrong)))
            if name not in seen and (record.safe or name not in survey.safe):
                seen.add(name)
                yield record
        elif isinstance(record, Failure):
            # An earlier turn's counts no more, but it says that what was begun then did not crash.
            turn = survey.wills[record.batch].will.turn
            needed = record.turn >= min(turn, running.get(record.batch, turn))
            if needed and record.id not in seen:
                seen.add(record.id)
                yield record
        elif isinstance(record, StartRecord) and position in kept_starts:
            yield record
        elif isinstance(record, Withdrawal) and (record.batch, record.record, "withdrawn") not in seen:
            seen.add((record.batch, record.record, "withdrawn"))
            yield record
    for batch, marked in survey.marked.items():
        for part in (marked & left[batch] - survey.in_safe_blocks.get(batch, Ranges())).parts(RANGES_MAX):
            yield SafeMark(batch, part.encode())


def _survey(records: Iterable[Record]) -> _Survey:
    found = _Survey()
    for position, record in enumerate(records):
        if isinstance(record, WillRecord):
            found.wills[record.batch] = max(
                found.wills.get(record.batch, record), record, key=lambda one: will_rank(one.will)
            )
        elif isinstance(record, ResultBlock):
            indices = indices_of(_not_wrong(record, found.wrong))
            found.known.setdefault(record.batch, Ranges()).update(indices)
            if record.safe:
                found.safe.add((record.batch, record.first))
                found.in_safe_blocks.setdefault(record.batch, Ranges()).update(indices)
        elif isinstance(record, SafeMark):
            # A mark is of the results that were known then.
            news = Ranges.decode(record.ranges) & found.known.get(record.batch, Ranges())
            found.marked.setdefault(record.batch, Ranges()).update(news)
        elif isinstance(record, Withdrawal):
            found.wrong.add((record.batch, record.record))
        elif isinstance(record, StartRecord):
            before = found.starts.get(record.slot, [])[-1:] if record.ahead else []
            found.starts[record.slot] = [*before, (position, record)]
        elif isinstance(record, StoreRecord):
            found.store_id = min(record.store_id, found.store_id or record.store_id)
    return found


def _not_wrong(block: ResultBlock, wrong: set[tuple[BatchId, RecordId]]) -> Iterable[Entry]:
    if not wrong:
        return block.entries
    return [entry for entry, made in signed(block).values() if (block.batch, made) not in wrong]
