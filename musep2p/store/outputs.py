"""Pieces of the outputs in a peer's spool, for the carrier that puts them on the store."""

from __future__ import annotations

from pathlib import Path

import msgspec

from musep2p.core.effects import SendOutput
from musep2p.core.ids import digest_of
from musep2p.core.messages import Envelope, Output
from musep2p.core.records import ResultBlock, spool_name

__all__ = ["piece_of"]


def piece_of(effect: SendOutput, block: ResultBlock, spool: Path) -> Envelope:
    """The piece with its bytes; a carrier that asks for no output of the block gets an empty one.

    Raises:
        OSError: the output is not in the spool, or is not what was rendered.
    """
    body = effect.envelope.body
    assert isinstance(body, Output)
    entry = next((entry for entry in block.entries if entry.index == body.index and entry.ext), None)
    data = b""
    if entry is not None and body.start < entry.size:
        name = spool / spool_name(block.batch, entry)
        if body.start == 0 and digest_of(name.read_bytes()) != entry.digest:
            raise OSError(f"{name.name} is not what was rendered")
        with name.open("rb") as file:
            file.seek(body.start)
            data = file.read(min(effect.length, entry.size - body.start))
        if not data:
            raise OSError(f"{name.name} ends at byte {body.start} of {entry.size}")
    size = entry.size if entry is not None else 0
    return msgspec.structs.replace(effect.envelope, body=msgspec.structs.replace(body, size=size, data=data))
