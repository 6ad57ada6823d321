"""A peer's state folder: its identity, its journal, its spool, and where its process listens now.

One process at a time: a lock that the system releases when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Annotated

import msgspec

from musep2p.core.ids import Incarnation, PeerId, WirePeerId
from musep2p.errors import ConfigError, StoreError
from musep2p.store.durably import write_durably

__all__ = ["StateFolder", "running_peer"]


class _Identity(msgspec.Struct):
    """What `peer.json` holds."""

    id: WirePeerId
    counter: int
    farm: str = ""


class RunningPeer(msgspec.Struct):
    """What `running.json` holds: how a face on the same machine finds the peer."""

    address: str
    farm: str


_Pace = Annotated[int, msgspec.Meta(ge=1)]


class StateFolder:
    """The folder, opened for one process of a peer.

    Raises:
        ConfigError: it cannot be made or written, is of another farm, or another process of this peer runs.
        StoreError: it holds something that is not a state folder's.
    """

    def __init__(self, path: Path, farm: str = "") -> None:
        from filelock import FileLock, Timeout  # whoever only asks where a peer runs locks nothing

        self.path, self._farm = path, farm
        self._created = not path.exists()
        try:
            (path / "spool").mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / "lock", timeout=0)
            self._lock.acquire()
        except Timeout:
            raise ConfigError(
                f"another peer is running from the state folder {path}.",
                "Give this one a folder of its own with --state.",
            ) from None
        except OSError as error:
            raise ConfigError(
                f"the state folder {path} cannot be used: {error.strerror}.", "Name another with --state."
            ) from None
        self.id, self.incarnation = self._next_incarnation()

    @property
    def journal_path(self) -> Path:
        """The journal's file."""
        return self.path / "journal.log"

    @property
    def spool(self) -> Path:
        """The folder of outputs that the store does not have yet."""
        return self.path / "spool"

    @property
    def kept(self) -> Path:
        """The folder of outputs that stay here, in a farm without a store."""
        return self.path / "outputs"

    def announce(self, address: str, farm: str) -> None:
        """Tell faces on this machine where the process listens, and people which one it is."""
        (self.path / "pid").write_text(f"{os.getpid()}\n", "ascii")
        write_durably(self.path / "running.json", msgspec.json.encode(RunningPeer(address, farm)))

    def paces(self) -> dict[str, int]:
        """How fast this machine was when it last said so: class of work -> microseconds a task."""
        try:
            return msgspec.json.decode((self.path / "speeds.json").read_bytes(), type=dict[str, _Pace])
        except (OSError, msgspec.MsgspecError):
            return {}

    def keep_paces(self, paces: dict[str, int]) -> None:
        """Keep measured speeds for the next process; a disk that refuses costs only that."""
        temporary = self.path / ".speeds.json"
        with contextlib.suppress(OSError):
            temporary.write_bytes(msgspec.json.encode(paces))
            os.replace(temporary, self.path / "speeds.json")

    def close(self, *, failed: bool = False) -> None:
        """The process ends; if it `failed` to become a peer, a folder that it made goes with it."""
        for name in ("running.json", "pid"):
            (self.path / name).unlink(missing_ok=True)
        self._lock.release()
        if failed and self._created:
            shutil.rmtree(self.path, ignore_errors=True)

    def _next_incarnation(self) -> tuple[PeerId, Incarnation]:
        path = self.path / "peer.json"
        try:
            if path.exists():
                identity = msgspec.json.decode(path.read_bytes(), type=_Identity)
            else:
                identity = _Identity(PeerId(secrets.token_hex(8)), 0)
            if self._farm and identity.farm not in ("", self._farm):
                self._lock.release()
                raise ConfigError(
                    f"the state folder {self.path} is of farm {identity.farm!r}, not {self._farm!r}.",
                    "Give this farm a folder of its own with --state.",
                )
            identity.counter, identity.farm = identity.counter + 1, self._farm
            write_durably(path, msgspec.json.encode(identity))
        except msgspec.MsgspecError as error:
            self._lock.release()
            raise StoreError(f"{path} is damaged: {error}.", "Move it away; the peer gets a new id.") from None
        except OSError as error:
            self._lock.release()
            raise ConfigError(
                f"the state folder {self.path} cannot be written: {error.strerror}.", "Name another with --state."
            ) from None
        return PeerId(identity.id), Incarnation(identity.counter, secrets.token_hex(4))


def running_peer(state: Path) -> RunningPeer | None:
    """Where the peer of this state folder listens, if one runs (its process may just have died)."""
    try:
        return msgspec.json.decode((state / "running.json").read_bytes(), type=RunningPeer)
    except (OSError, msgspec.MsgspecError):
        return None
