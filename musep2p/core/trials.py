"""Test renders: what probation and look groups have in common."""

from __future__ import annotations

from musep2p.core.effects import Test
from musep2p.core.rest import is_free
from musep2p.core.state import Core

__all__ = ["WAIT_MS", "claim_slot", "longer_ms"]

WAIT_MS, _WAIT_MS_MAX = 10_000, 300_000


def claim_slot(core: Core, engine: str, model: str = "", *, calibrates: bool = False) -> int:
    """Start a test in a slot that has nothing else to do; returns its number, -1 if there is none."""
    slot = next((slot for slot in core.slots.values() if is_free(core, slot)), None)
    if slot is None:
        return -1
    slot.ready, slot.warm = False, ""
    core.effects.append(Test(slot.id, engine, model, calibrates))
    return slot.id


def longer_ms(wait_ms: int) -> int:
    """How long to wait after one more failure: twice as long as before, five minutes at most."""
    return min(2 * wait_ms, _WAIT_MS_MAX) if wait_ms else WAIT_MS
