"""`null`: does nothing and gives its parameters back, inside the record. For tests and for measuring overhead."""

from __future__ import annotations

import msgspec

from musep2p.core.recipe import Parameters
from musep2p.errors import EngineError
from musep2p.ports import Output, Task

__all__ = ["NullEngine"]

_BYTES_MAX = 256
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class NullEngine:
    """Any parameters, as at most 256 bytes of msgpack."""

    name = "null"
    keyed = False
    payload = True
    parameters = None
    identity = "null/1"

    def missing(self) -> str:
        return ""

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        size = len(_encode(self.normalise(parameters)))
        return (
            [] if size <= _BYTES_MAX else [("", f"null: the parameters take {size} bytes; at most {_BYTES_MAX} fit.")]
        )

    def normalise(self, parameters: Parameters) -> Parameters:
        return parameters

    def render(self, task: Task) -> Output:
        data = _encode(task.parameters)
        if len(data) > _BYTES_MAX:
            raise EngineError(f"the parameters take {len(data)} bytes; at most {_BYTES_MAX} fit.", permanent=True)
        return Output(data)
