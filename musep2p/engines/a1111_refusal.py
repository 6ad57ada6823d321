"""What an answer of a server of Automatic1111's kind means that is not 200."""

from __future__ import annotations

from typing import Final

from musep2p.engines.http import Reply, words_of
from musep2p.errors import EngineError

__all__ = ["refusal"]

_BUSY: Final = (429, 502, 503, 504)


def refusal(reply: Reply) -> EngineError:
    """The error of an answer, with its class: permanent, of this machine, or to be tried again."""
    words = words_of(reply)
    text = f"a1111: status {reply.status}: {words}."
    if reply.status == 401:
        return EngineError(text, "Set login_env or login_file.", peer_bound=True)
    if reply.status == 404 and "not found" in words.lower() and "sampler" in words.lower():
        return EngineError(text, peer_bound=True)
    if reply.status in (404, 405):
        return EngineError(text, "Was it started without --api?", peer_bound=True)
    if reply.status in (400, 413, 422):
        return EngineError(text, permanent=True)
    if reply.status in _BUSY:
        return EngineError(text, "It is busy.")
    return EngineError(text)
