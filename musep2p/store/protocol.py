"""What a peer and its store helper say to each other."""

from __future__ import annotations

import msgspec

from musep2p.core.events import FoundBatch
from musep2p.core.ids import BatchId, PeerId
from musep2p.core.recipe import Recipe
from musep2p.core.records import Entry, RecordId, ResultBlock, Will, Withdrawal
from musep2p.store.layout import Presence

__all__ = [
    "Announce",
    "Announced",
    "BatchPut",
    "Batches",
    "Failed",
    "FindBatches",
    "FromHelper",
    "Know",
    "ListPresent",
    "Open",
    "Opened",
    "Present",
    "PutBatch",
    "PutResults",
    "PutWithdrawals",
    "ReadRecords",
    "RecordsRead",
    "ResultsPut",
    "Reuse",
    "Reused",
    "ToHelper",
    "Withdraw",
    "WithdrawalsPut",
    "from_helper",
    "to_helper",
]


class Open(msgspec.Struct, frozen=True, array_like=True, tag="open"):
    """Open the store; adopt it under this id if it is empty and `adopt` is not ''."""

    adopt: str


class PutResults(msgspec.Struct, frozen=True, array_like=True, tag="put"):
    """Objects and record of a block; `maker` when it is another peer's, whose outputs are in our spool."""

    op: int
    block: ResultBlock
    name: str
    maker: PeerId | None = None


class Reuse(msgspec.Struct, frozen=True, array_like=True, tag="reuse"):
    """Which of these tasks were done before? Show and record those."""

    op: int
    batch: BatchId
    name: str
    ranges: tuple[int, ...]
    first: RecordId


class Know(msgspec.Struct, frozen=True, array_like=True, tag="know"):
    """The recipe of a batch: said once in a helper's life, before anything else on the batch. Not answered."""

    batch: BatchId
    recipe: Recipe


class PutBatch(msgspec.Struct, frozen=True, array_like=True, tag="batch"):
    """Recipe and will of a batch."""

    batch: BatchId
    will: Will


class PutWithdrawals(msgspec.Struct, frozen=True, array_like=True, tag="withdraw-results"):
    """These records of a batch are wrong."""

    op: int
    batch: BatchId
    name: str
    withdrawals: tuple[Withdrawal, ...]


class Announce(msgspec.Struct, frozen=True, array_like=True, tag="announce"):
    """Write our presence file."""

    presence: Presence
    incarnation: str
    number: int


class Withdraw(msgspec.Struct, frozen=True, array_like=True, tag="withdraw"):
    """Remove our presence files: the peer leaves."""

    peer: str
    incarnation: str


class ListPresent(msgspec.Struct, frozen=True, array_like=True, tag="list"):
    """Read all presence files."""


class FindBatches(msgspec.Struct, frozen=True, array_like=True, tag="find"):
    """Which unfinished batches are there, but those whose ids begin so?"""

    known: tuple[str, ...]


class ReadRecords(msgspec.Struct, frozen=True, array_like=True, tag="read"):
    """The results and withdrawals of a batch in all logs, from this one on."""

    batch: BatchId
    start: int


class Opened(msgspec.Struct, frozen=True, array_like=True, tag="opened"):
    """`ok` with the id, `empty`, or `refused` with the reason (trying again does not help by itself)."""

    state: str
    store_id: str = ""
    message: str = ""
    hint: str = ""


class Announced(msgspec.Struct, frozen=True, array_like=True, tag="announced"):
    """Our presence file is there."""


class ResultsPut(msgspec.Struct, frozen=True, array_like=True, tag="put-ok"):
    """On the store, read back."""

    op: int
    folder: str


class Reused(msgspec.Struct, frozen=True, array_like=True, tag="reused"):
    """What was found."""

    op: int
    hits: tuple[Entry, ...]
    folder: str


class WithdrawalsPut(msgspec.Struct, frozen=True, array_like=True, tag="withdraw-results-ok"):
    """On the store, durably."""

    op: int


class BatchPut(msgspec.Struct, frozen=True, array_like=True, tag="batch-ok"):
    """On the store, read back."""

    batch: BatchId
    will: Will
    folder: str


class Present(msgspec.Struct, frozen=True, array_like=True, tag="present"):
    """The presence files."""

    peers: tuple[Presence, ...]


class Batches(msgspec.Struct, frozen=True, array_like=True, tag="found"):
    """Some unfinished batches."""

    found: tuple[FoundBatch, ...]


class RecordsRead(msgspec.Struct, frozen=True, array_like=True, tag="read-ok"):
    """Some blocks and withdrawals; `next` is where to read on, 0 at the end."""

    batch: BatchId
    facts: tuple[ResultBlock | Withdrawal, ...]
    next: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The share refused. `lost` when the spool itself no longer has what was to be put."""

    op: int
    reason: str
    lost: bool = False


ToHelper = (
    Open | Know | PutResults | PutWithdrawals | Reuse | PutBatch | Announce | Withdraw | ListPresent | FindBatches
    | ReadRecords
)  # fmt: skip
FromHelper = (
    Opened | Announced | ResultsPut | WithdrawalsPut | Reused | BatchPut | Present | Batches | RecordsRead | Failed
)

to_helper = msgspec.msgpack.Decoder(ToHelper)
from_helper = msgspec.msgpack.Decoder(FromHelper)
