"""Bytes on a link: one kind byte, then msgpack. Typed, bounded, nothing parsed that is too large.

b"P" envelope of a peer      b"Q" request of a face      b"A" answer to a face
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from musep2p.core.messages import Envelope
from musep2p.core.requests import Answer, Request
from musep2p.errors import MuseError, PeerError

__all__ = ["BULK_BYTES_MAX", "CONTROL_BYTES_MAX", "decode", "encode"]

CONTROL_BYTES_MAX = 1 << 20  # keeps the worst untyped bomb at some 70 MB, and heartbeats moving
BULK_BYTES_MAX = 8 << 20

_encode = msgspec.msgpack.Encoder().encode
_parsers: dict[int, Callable[[memoryview], Envelope | Request | Answer]] = {
    ord("P"): msgspec.msgpack.Decoder(Envelope).decode,
    ord("Q"): msgspec.msgpack.Decoder(Request).decode,
    ord("A"): msgspec.msgpack.Decoder(Answer).decode,
}
_letters: dict[type, bytes] = {Envelope: b"P", Request: b"Q", Answer: b"A"}


def encode(value: Envelope | Request | Answer) -> bytes:
    """The bytes of a message."""
    return _letters[type(value)] + _encode(value)


def decode(data: bytes, limit: int = CONTROL_BYTES_MAX) -> Envelope | Request | Answer:
    """The message in some bytes.

    Raises:
        PeerError: too long, or no valid message of any kind; the sender is at fault.
    """
    if len(data) > limit:
        raise PeerError(f"a message of {len(data)} bytes is over the limit of {limit}.")
    parse = _parsers.get(data[0]) if data else None
    if parse is None:
        raise PeerError("a message of no known kind.")
    try:
        return parse(memoryview(data)[1:])
    except (msgspec.MsgspecError, MuseError, ValueError, RecursionError) as error:
        raise PeerError(f"a message that is not of the protocol: {error}") from None
