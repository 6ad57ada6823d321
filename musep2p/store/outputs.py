"""Pieces of the outputs on a peer's own disk: for carriers, guardians' copies, and faces."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from musep2p.core.effects import ReplyPicture, SendOutput
from musep2p.core.ids import digest_of
from musep2p.core.messages import Envelope, Output
from musep2p.core.records import Entry, Record, ResultBlock, spool_name
from musep2p.core.requests import ErrorAnswer, Picture
from musep2p.core.results import signed
from musep2p.store.objects import object_path

__all__ = ["picture_of", "piece_of"]


def piece_of(effect: SendOutput, record: Record, spool: Path, kept: Path) -> Envelope:
    """The piece with its bytes; who asks for what is no output of the record gets an empty one.

    Args:
        record: the block that the effect names.
        spool: where outputs wait.
        kept: where those stay that are in no store; what is there is preferred, as it has its digest for a name.

    Raises:
        OSError: the output is in neither, or is not what was rendered.
    """
    body = effect.envelope.body
    assert isinstance(body, Output)
    entries = record.entries if isinstance(record, ResultBlock) else ()
    entry = next((entry for entry in entries if entry.index == body.index and entry.ext), None)
    data = b""
    if entry is not None and isinstance(record, ResultBlock) and body.start < entry.size:
        data = _read(_path(record, entry, spool, kept), entry, body.start, effect.length)
    size = entry.size if entry is not None else 0
    return msgspec.structs.replace(effect.envelope, body=msgspec.structs.replace(body, size=size, data=data))


def picture_of(effect: ReplyPicture, records: Iterable[Record], spool: Path, kept: Path) -> Picture | ErrorAnswer:
    """What a face asked for: of the task's results the one that counts, if its output is here, else another that is.

    Args:
        records: those that the effect names.
        spool, kept: as above.
    """
    index = effect.answer.entry.index
    blocks = [record for record in records if isinstance(record, ResultBlock)]
    for block in sorted(blocks, key=lambda block: signed(block)[index][0].digest):
        entry = signed(block)[index][0]
        if entry.ext:
            with contextlib.suppress(OSError):
                data = _read(_path(block, entry, spool, kept), entry, effect.start, effect.length)
                return msgspec.structs.replace(effect.answer, entry=entry, data=data)
    words = "on the store" if effect.answer.safe else "at whoever made it" if blocks else "not made yet"
    return ErrorAnswer("elsewhere", f"the picture is not on this peer's disk; it is {words}.", "", 1)


def _path(block: ResultBlock, entry: Entry, spool: Path, kept: Path) -> Path:
    path = object_path(kept, entry.digest, entry.ext)
    return path if path.exists() else spool / spool_name(block.batch, entry)


def _read(path: Path, entry: Entry, start: int, length: int) -> bytes:
    if start == 0 and digest_of(path.read_bytes()) != entry.digest:
        raise OSError(f"{path.name} is not what was rendered")
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(min(length, entry.size - start))
    if not data:
        raise OSError(f"{path.name} ends at byte {start} of {entry.size}")
    return data
