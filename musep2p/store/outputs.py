"""Pieces of the outputs in a peer's spool, for the carrier that puts them on the store."""

from __future__ import annotations

from pathlib import Path

import msgspec

from musep2p.core.effects import SendOutput
from musep2p.core.messages import Envelope, Output
from musep2p.core.records import ResultBlock, spool_name

__all__ = ["piece_of"]


def piece_of(effect: SendOutput, block: ResultBlock, spool: Path) -> Envelope:
    """The piece with its bytes; a carrier that asks for no output of the block gets an empty one.

    Raises:
        OSError: the output is not in the spool, or not whole.
    """
    body = effect.envelope.body
    assert isinstance(body, Output)
    entry = next((entry for entry in block.entries if entry.index == body.index and entry.ext), None)
    data = b""
    if entry is not None and body.start < entry.size:
        with (spool / spool_name(block.batch, entry)).open("rb") as file:
            file.seek(body.start)
            data = file.read(min(effect.length, entry.size - body.start))
        if not data:
            raise OSError(f"{spool_name(block.batch, entry)} ends at byte {body.start} of {entry.size}")
    size = entry.size if entry is not None else 0
    return msgspec.structs.replace(effect.envelope, body=msgspec.structs.replace(body, size=size, data=data))
