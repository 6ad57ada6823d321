"""`join` finds the engines of its machine by itself: what answers at the usual ports and needs no more than that.

Every child and helper asks what was found, so this imports what looks only where it looks.
"""

from __future__ import annotations

import json
import os
import socket
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from musep2p.errors import MuseError

if TYPE_CHECKING:
    from musep2p.engines.recognise import Recognised

__all__ = ["USUAL_PORTS", "find_engines", "found_settings", "use"]

USUAL_PORTS = (7860, 7861, 8188, 1234, 7801, 8080)

_VARIABLE = "MUSEP2P_FOUND_ENGINES"  # for the slots' processes, which inherit it
_CONNECT_S = 0.3


def find_engines(known: Collection[str], ports: Sequence[int]) -> Iterator[Recognised]:
    """One of each kind that answers on this machine, but for those that its settings name.

    Args:
        known: engines that have settings.
        ports: where to look, first to last.
    """
    seen = set(known)
    for port in filter(_is_open, ports):
        from musep2p.engines.recognise import recognise

        try:
            one = recognise(f"http://127.0.0.1:{port}")
        except MuseError:
            continue
        if one is not None and one.engine not in seen:
            seen.add(one.engine)
            yield one


def use(found: Collection[Recognised]) -> None:
    """From now on these are set up, in this process and in those that it starts."""
    tables = {one.engine: {"url": one.url, **tomllib.loads("\n".join(one.settings))} for one in found if one.ready}
    os.environ[_VARIABLE] = json.dumps(tables)


def found_settings(name: str) -> Mapping[str, Any] | None:
    """The settings of an engine that was found; None if it was not."""
    try:
        table = json.loads(os.environ.get(_VARIABLE) or "{}").get(name)
    except (ValueError, AttributeError):
        return None
    return table if isinstance(table, dict) else None


def _is_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), _CONNECT_S):
            return True
    except OSError:
        return False
