"""What the shell needs of the world, as interfaces. The simulator and the conformance tests know only these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from musep2p.core.messages import Envelope
from musep2p.core.recipe import Parameters
from musep2p.core.records import Record
from musep2p.core.requests import Answer

__all__ = [
    "Cancellable",
    "Discovery",
    "Engine",
    "Journal",
    "Links",
    "Listing",
    "Output",
    "Queueing",
    "Releasing",
    "Task",
]


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at a task.

    Attributes:
        parameters: as the engine normalised them.
        attempt: from 1.
        speed: relative speed that a peer pretends to have; only test engines use it.
    """

    parameters: Mapping[str, str | int | float | bool]
    attempt: int
    speed: float


@dataclass(frozen=True, slots=True)
class Output:
    """What an engine made.

    Attributes:
        data: the bytes.
        ext: extension of the object; empty when the bytes ride in the record.
        pixel_hash: hash of the decoded pixels; empty when it is no picture.
        model_hash: of the model that made it, where the engine tells.
    """

    data: bytes
    ext: str = ""
    pixel_hash: str = ""
    model_hash: str = ""


class Engine(Protocol):
    """What renders a task, in a child process of its own.

    `parameters` are the names that it takes, None for any. `keyed`: equal parameters mean equal work, so they are
    looked up first. `payload`: it makes no files, and its small outputs ride in the records.

    One whose constructor takes an argument gets its table of the peer's settings, or None.

    `render` may take any time, print, crash or hang: only this task's attempt pays for it. It must not keep
    state between tasks that changes their output.
    """

    name: str
    keyed: bool
    payload: bool
    parameters: frozenset[str] | None

    @property
    def identity(self) -> str:
        """Name, version and model: equal identities render equal parameters to equal work."""
        ...

    def missing(self) -> str:
        """Why nothing can be rendered on this machine; empty if it can. Quick: nobody is asked over a network."""
        ...

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        """What is wrong with these parameters: name and a line for each; empty when they can be rendered."""
        ...

    def normalise(self, parameters: Parameters) -> Parameters:
        """The parameters that decide the output, with defaults filled in and all others left out."""
        ...

    def render(self, task: Task) -> Output:
        """Render one task.

        Raises:
            EngineError: it cannot; `permanent` when no peer could.
        """
        ...


@runtime_checkable
class Cancellable(Protocol):
    """An engine whose work goes on elsewhere when its process ends, unless it is told."""

    def cancel(self) -> None:
        """Stop what is being rendered for us, and nothing else; called from another thread, two seconds at most."""
        ...


@runtime_checkable
class Queueing(Protocol):
    """An engine whose server has a queue from which a task cannot be taken: it can be stopped when it begins."""

    def left_behind(self) -> str:
        """The server's name of our task that `cancel` did not stop, since it waits there; empty if there is none.

        Called after `cancel`. It may have begun since.
        """
        ...

    def stop_when_begun(self, name: str) -> None:
        """Stop it as soon as it begins, and nothing else; returns then, or when it is gone, or cannot be told."""
        ...


@runtime_checkable
class Releasing(Protocol):
    """An engine that keeps much memory between tasks, and can give it back."""

    def release(self) -> bool | None:
        """Give it back: a task of another engine comes next, or none for long. The next of this one takes longer.

        Returns:
            False if it could not.
        """
        ...


@runtime_checkable
class Shared(Protocol):
    """An engine whose server others use, too, so that its memory is not given back for nothing."""

    def in_use(self) -> bool:
        """True while anybody renders there.

        Raises:
            EngineError: it does not answer.
        """
        ...


@runtime_checkable
class Listing(Protocol):
    """An engine that has some models and not others."""

    def models(self) -> tuple[str, ...]:
        """Those that it has now, asked for; none if that is not known, so that any may be tried.

        Raises:
            EngineError: it does not answer.
        """
        ...


class Journal(Protocol):
    """Durable records of one peer; appends in order, one fsync outstanding; durable ones are read by position."""

    def open(self) -> Iterator[Record]: ...

    def append(self, position: int, record: Record, sync: tuple[str, ...] = ()) -> None: ...

    def read(self, position: int) -> tuple[Record, int]: ...

    def close(self) -> None: ...


class Links(Protocol):
    """Carries envelopes; any may be lost. Sending never blocks."""

    def send(self, address: str, envelope: Envelope, bulk_port: int = 0) -> None: ...

    def reply(self, via: bytes, message: Envelope | Answer) -> None: ...

    def hang_up(self, address: str) -> None: ...

    def close(self) -> None: ...


class Discovery(Protocol):
    """Says where peers may be reached; every sighting is a rumour and may repeat."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
