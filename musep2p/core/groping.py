"""In a large farm: whom to ask when nobody that we heard of late has work, and whom to name to others."""

from __future__ import annotations

from musep2p.core.batch import Batch
from musep2p.core.data import Member
from musep2p.core.ids import PeerId
from musep2p.core.loads import may_start
from musep2p.core.progress import COUNT_MS
from musep2p.core.state import Core

__all__ = ["grope", "hint"]

_GROPE_MS = 250  # between asks of peers of whose load nothing is known


def hint(core: Core, thief: Member) -> str:
    """Who has most work, of those that we heard of late."""
    loads = [(member.load.total_ms(), member.id) for member in core.heard_members() if member is not thief]
    most, peer = max(loads, default=(0, ""))
    return peer if most else ""


def grope(core: Core) -> PeerId | None:
    """In a large farm: nobody that we heard of late has work. Who was named to us, else anybody, if any is left."""
    named, core.hint = core.hint, None
    if named is not None and core.members[named].up and core.members[named].refused_until_ms <= core.now_ms:
        return named
    if not core.up_members() or not any(
        may_start(core, batch) and _may_have_queued(core, batch) for batch in core.awake.values()
    ):
        return None
    due = core.groped_ms + _GROPE_MS
    if core.now_ms < due:
        core.at("seek", due)
        return None
    core.groped_ms = core.now_ms
    return core.rng.choice(core.up_members()).id


def _may_have_queued(core: Core, batch: Batch) -> bool:
    told = batch.progress
    if told is not None and told.complete and told.turn == batch.will.turn:
        return False
    if told is None or told.turn != batch.will.turn or core.now_ms - batch.progress_ms > 2 * COUNT_MS * core.crowd:
        return not batch.accounting.complete
    return told.queued > 0
