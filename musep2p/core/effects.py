"""All that a peer can ask of the world. Performed in list order; whatever takes time ends as an event."""

from __future__ import annotations

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.messages import Envelope
from musep2p.core.recipe import Recipe
from musep2p.core.records import Record, ResultBlock, Will
from musep2p.core.requests import Answer

__all__ = [
    "Conclude",
    "Effect",
    "Hangup",
    "Kill",
    "Leave",
    "Lookup",
    "OpenStore",
    "Publish",
    "Reply",
    "ReplyEnvelope",
    "Send",
    "Start",
    "StoreBatch",
    "Tell",
    "Write",
]


class Effect(msgspec.Struct, frozen=True):
    """The base of all effects."""


class Send(Effect, frozen=True):
    """Send an envelope to the peer at this address (host:port); it may be lost.

    With `bulk_port` it goes over the bulk link, so that no heartbeat waits behind it.
    """

    address: str
    envelope: Envelope
    bulk_port: int = 0


class Reply(Effect, frozen=True):
    """Answer a face on the link that it asked on."""

    via: bytes
    answer: Answer


class ReplyEnvelope(Effect, frozen=True):
    """Answer a stranger on the link that it used: only refusals."""

    via: bytes
    envelope: Envelope


class Hangup(Effect, frozen=True):
    """Close the link to this address."""

    address: str


class Write(Effect, frozen=True):
    """Append a record to the journal; `Durable(position)` follows once it is on the disk.

    Files named in `sync` (of the spool) are made durable first.
    """

    position: int
    record: Record
    sync: tuple[str, ...] = ()


class Start(Effect, frozen=True):
    """Hand a chunk to a slot's child: flat ranges of one batch, with attempt numbers above 1 for some."""

    slot: int
    chunk: int
    batch: BatchId
    recipe: Recipe
    ranges: tuple[int, ...]
    attempts: dict[int, int]


class Kill(Effect, frozen=True):
    """End a slot's child now and start a new one; `SlotDied` follows."""

    slot: int
    reason: str


class Publish(Effect, frozen=True):
    """Put the objects and the record of a block on the store."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    block: ResultBlock


class Lookup(Effect, frozen=True):
    """Look up by task key whether these tasks were done before; publish those found under this batch."""

    op: int
    batch: BatchId
    name: str
    recipe: Recipe
    ranges: tuple[int, ...]
    number: int


class StoreBatch(Effect, frozen=True):
    """Put recipe and will of a batch on the store."""

    batch: BatchId
    recipe: Recipe
    will: Will


class OpenStore(Effect, frozen=True):
    """Open the store's folder again; with `adopt`, make it the farm's store if it is still empty."""

    adopt: bool


class Conclude(Effect, frozen=True):
    """A batch is complete: show it as a whole, in its folder on the store. May repeat; nothing depends on it.

    Not `fresh` when it was so before we first counted, as after a restart: then only what is missing is made.
    """

    folder: str
    fresh: bool


class Tell(Effect, frozen=True):
    """One line for people and logs: what happened, in the words of the glossary."""

    level: str
    text: str
    cause: str


class Leave(Effect, frozen=True):
    """The peer has left the farm: stop the process."""
