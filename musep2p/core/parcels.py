"""Large recipes on their way: bytes that come piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field

from musep2p.core.ids import BatchId, PeerId
from musep2p.core.records import Will

__all__ = ["Fetch", "Parcel"]


@dataclass(slots=True)
class Parcel:
    """Bytes that come piece by piece, in order."""

    size: int
    data: bytearray = field(default_factory=bytearray)
    touched_ms: int = 0

    @property
    def whole(self) -> bool:
        """True when nothing is missing."""
        return len(self.data) == self.size

    def put(self, start: int, size: int, data: bytes) -> bool:
        """Take the next piece; False for another one."""
        if start != len(self.data) or size != self.size or start + len(data) > size or not data:
            return False
        self.data += data
        return True


@dataclass(slots=True)
class Fetch:
    """A large recipe on its way to us, and the greatest will that was told with it."""

    batch: BatchId
    will: Will
    source: PeerId
    parcel: Parcel
    asked_ms: int = 0
    tries: int = 0
