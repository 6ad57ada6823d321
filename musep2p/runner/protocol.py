"""What a slot's child and its peer say to each other."""

from __future__ import annotations

import msgspec

from musep2p.core.ids import BatchId
from musep2p.core.recipe import Recipe
from musep2p.core.records import Entry
from musep2p.runner.pictures import Told

__all__ = [
    "Begun",
    "Command",
    "Cooled",
    "Done",
    "Ended",
    "Failed",
    "FromChild",
    "GiveBack",
    "Gone",
    "LeftBehind",
    "Made",
    "NoRoom",
    "Ready",
    "Run",
    "Stop",
    "StopWhenBegun",
    "Test",
    "Tested",
    "Withdrawn",
    "from_child",
    "to_child",
]


class Run(msgspec.Struct, frozen=True, array_like=True, tag="run"):
    """Render these ranges of a batch. `recipe` is None when the child has it from before; `gate`: its thresholds."""

    chunk: int
    batch: BatchId
    recipe: Recipe | None
    ranges: tuple[int, ...]
    attempts: dict[int, int]
    gate: dict[str, float]


class Made(msgspec.Struct, frozen=True, array_like=True, tag="made"):
    """The farm has made these pictures of a batch: another task's should not have their pixels."""

    batch: BatchId
    pictures: Told


class Withdrawn(msgspec.Struct, frozen=True, array_like=True, tag="withdrawn"):
    """The picture of this task proved wrong: it says nothing of others any more."""

    batch: BatchId
    index: int


class GiveBack(msgspec.Struct, frozen=True, array_like=True, tag="give-back"):
    """End this chunk at once if it has not begun; else that comes too late."""

    chunk: int


class Stop(msgspec.Struct, frozen=True, array_like=True, tag="stop"):
    """End now, and have the engine stop what it renders for us; `release`: and give its memory back."""

    release: bool = False


class LeftBehind(msgspec.Struct, frozen=True, array_like=True, tag="left-behind"):
    """A task of ours waits in the queue of an engine's server, and nobody wants it any more."""

    engine: str
    name: str


class Gone(msgspec.Struct, frozen=True, array_like=True, tag="gone"):
    """What was left behind there is no more."""

    engine: str
    name: str


class StopWhenBegun(msgspec.Struct, frozen=True, array_like=True, tag="stop-when-begun"):
    """Have an engine stop what was left behind in its server's queue, when it begins; go on with other things."""

    engine: str
    name: str


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The child is up."""


class Begun(msgspec.Struct, frozen=True, array_like=True, tag="begun"):
    """This task begins now."""

    chunk: int
    index: int


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """These are rendered; objects lie in the spool under their spool names."""

    chunk: int
    entries: tuple[Entry, ...]
    us: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag="failed"):
    """The engine failed this task."""

    chunk: int
    index: int
    reason: str
    permanent: bool
    peer_bound: bool = False


class Test(msgspec.Struct, frozen=True, array_like=True, tag="test"):
    """Render a test picture with this engine, by its usual model or another one; one that `calibrates` may be noise."""

    engine: str
    model: str = ""
    calibrates: bool = False


class Tested(msgspec.Struct, frozen=True, array_like=True, tag="tested"):
    """The test picture is rendered, and is one; `reason`: why not. Of an `unsuitable` test nothing follows.

    `look`: of its pixels.
    """

    engine: str
    reason: str
    unsuitable: bool = False
    look: str = ""


class Cooled(msgspec.Struct, frozen=True, array_like=True, tag="cooled"):
    """Its engine gave back what it kept in memory, since nothing was asked of it for long."""


class NoRoom(msgspec.Struct, frozen=True, array_like=True, tag="no-room"):
    """The disk has no room for an output: no fault of the task, which is given back with what follows it."""

    chunk: int
    reason: str


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    """Through with the chunk."""

    chunk: int


Command = Run | Made | Withdrawn | Test | GiveBack | StopWhenBegun | Stop
FromChild = Ready | Begun | Done | Failed | Tested | Cooled | NoRoom | LeftBehind | Gone | Ended

to_child = msgspec.msgpack.Decoder(Command)
from_child = msgspec.msgpack.Decoder(FromChild)
