"""The errors that users meet, each with its exit code and the text that says what to do next.

    MuseError                 exit 1
      UsageError              exit 2   the command line is wrong
      ConfigError             exit 2   a setting is wrong
      RecipeError             exit 2   the batch file is wrong
      NoPeersError            exit 3   no peer of this farm could be reached
      BatchCancelledError     exit 4   the batch was cancelled or timed out
      PeerError               exit 1   another peer broke a rule of the protocol
      LocalProtocolError      exit 1   we did: a bug
      StoreError              exit 1   the shared store cannot be used
      EngineError             exit 1   an engine failed; `permanent` says whether another try can help

A message says what happened and where; `hint` says what to do about it; `details` has a line for each of several
things that are wrong at once.
"""

from __future__ import annotations

__all__ = [
    "BatchCancelledError",
    "ConfigError",
    "EngineError",
    "LocalProtocolError",
    "MuseError",
    "NoPeersError",
    "PeerError",
    "RecipeError",
    "StoreError",
    "UsageError",
]


class MuseError(Exception):
    """Anything that ends in one line for the user and an exit code."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(MuseError):
    """The command line asks for something impossible."""

    code = "usage"
    exit_code = 2


class ConfigError(MuseError):
    """A setting (flag, environment, file) cannot be used."""

    code = "config"
    exit_code = 2


class RecipeError(MuseError):
    """The batch file is wrong; nothing of it was run."""

    code = "recipe"
    exit_code = 2


class NoPeersError(MuseError):
    """No peer of this farm answered."""

    code = "no_peers"
    exit_code = 3


class BatchCancelledError(MuseError):
    """The batch was cancelled, or a wait for it timed out."""

    code = "cancelled"
    exit_code = 4


class PeerError(MuseError):
    """Another peer sent something that the protocol does not allow."""

    code = "peer"


class LocalProtocolError(MuseError):
    """We were about to break a rule of the protocol ourselves: a bug of musep2p."""

    code = "internal"


class StoreError(MuseError):
    """The shared store cannot be used as it is."""

    code = "store"


class EngineError(MuseError):
    """An engine could not render a task.

    Attributes:
        permanent: True when the same task would fail again on any peer.
        peer_bound: True when others may do what this peer cannot: it lacks the model, or the memory.
    """

    code = "engine"

    def __init__(self, message: str, hint: str = "", *, permanent: bool = False, peer_bound: bool = False) -> None:
        super().__init__(message, hint)
        self.permanent, self.peer_bound = permanent, peer_bound
