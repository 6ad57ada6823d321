"""Pieces of the outputs on a peer's own disk, for the carrier that puts them on the store, or a guardian's copy."""

from __future__ import annotations

from pathlib import Path

import msgspec

from musep2p.core.effects import SendOutput
from musep2p.core.ids import digest_of
from musep2p.core.messages import Envelope, Output
from musep2p.core.records import Entry, Record, ResultBlock, spool_name
from musep2p.store.objects import object_path

__all__ = ["piece_of"]


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
        path = object_path(kept, entry.digest, entry.ext)
        path = path if path.exists() else spool / spool_name(record.batch, entry)
        data = _read(path, entry, body.start, effect.length)
    size = entry.size if entry is not None else 0
    return msgspec.structs.replace(effect.envelope, body=msgspec.structs.replace(body, size=size, data=data))


def _read(path: Path, entry: Entry, start: int, length: int) -> bytes:
    if start == 0 and digest_of(path.read_bytes()) != entry.digest:
        raise OSError(f"{path.name} is not what was rendered")
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(min(length, entry.size - start))
    if not data:
        raise OSError(f"{path.name} ends at byte {start} of {entry.size}")
    return data
