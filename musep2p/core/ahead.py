"""The chunk behind: a slot whose child still works on one chunk has the next already, so no trip parts two tasks.

What lies behind another chunk cannot be stolen, so this is done for short tasks while plenty is queued. And nobody
knows how long the task before it takes: when it takes longer than others of its class, the chunk behind is recalled.
"""

from __future__ import annotations

from musep2p.core.batch import Batch
from musep2p.core.data import Chunk, Slot
from musep2p.core.effects import Recall
from musep2p.core.loads import by_urgency, may_start
from musep2p.core.looks import calibration_due
from musep2p.core.paces import speed_us
from musep2p.core.probation import test_due
from musep2p.core.state import Core

__all__ = ["recall", "recall_behind", "tick_behind", "wants_ahead", "watch_behind"]

_PLENTY = 4  # queued tasks per slot
_GRACE_MS = 20


def wants_ahead(core: Core, slot: Slot) -> bool:
    """True when a slot that has one chunk shall have another behind it."""
    first = slot.chunks[0]
    pace = core.paces.get(first.work_class)
    if core.share < 1 or test_due(core) or calibration_due(core) or pace is None or pace > core.tuning.ahead_us_max:
        return False
    if first.lookup or core.now_ms >= _overdue_ms(core, first):
        return False
    queued = next((batch for batch in by_urgency(core) if may_start(core, batch)), None)
    if queued is None or queued.singly or core.batches[first.batch].singly:
        return False
    return pace <= core.tuning.ahead_us or _plenty(core, queued)


def watch_behind(core: Core, slot: Slot) -> None:
    """Look again when the chunk before another should have ended long ago."""
    if len(slot.chunks) > 1 and not slot.chunks[1].recalled:
        core.at("behind", _overdue_ms(core, slot.chunks[0]))


def tick_behind(core: Core) -> None:
    """Recall what lies behind a chunk that takes too long; other slots and peers may be free for it."""
    for slot in core.slots.values():
        if len(slot.chunks) > 1 and core.now_ms >= _overdue_ms(core, slot.chunks[0]):
            recall(core, slot, slot.chunks[1])
        watch_behind(core, slot)


def recall(core: Core, slot: Slot, chunk: Chunk) -> None:
    """Ask the child for a chunk that it has not begun. It answers that the chunk ended, or begins it after all."""
    if chunk.given and not chunk.recalled:
        core.effects.append(Recall(slot.id, chunk.number))
    chunk.recalled = True


def recall_behind(core: Core, batch: Batch) -> None:
    """The batch shall start nothing more: recall what lies behind other chunks."""
    for slot in core.slots.values():
        for chunk in slot.chunks[1:]:
            if chunk.batch == batch.id:
                recall(core, slot, chunk)


def _plenty(core: Core, queued: Batch) -> bool:
    """So much is queued here that nobody would want to steal the very next task."""
    short = 0 < speed_us(core, queued.next_class()) <= core.tuning.ahead_us_max
    return short and queued.work.count() > _PLENTY * len(core.slots)


def _overdue_ms(core: Core, chunk: Chunk) -> int:
    usual_ms = core.paces.get(chunk.work_class, 0.0) * chunk.left.count() / 1000
    return round(max(chunk.handed_ms, chunk.begun_ms) + 2 * usual_ms + _GRACE_MS)
