"""How long tasks take here: the pace of each class of work, and what loading its model costs.

The first task after another model was loaded takes longer, and by how much is measured apart: it would spoil the
pace, and it says whether changing is worth it.
"""

from __future__ import annotations

from musep2p.core.data import Chunk, Slot
from musep2p.core.effects import KeepPaces
from musep2p.core.recipe.recipe import model_of
from musep2p.core.state import Core

__all__ = ["keep_paces", "loading_us", "measure", "model_given", "speed_us"]

_SMOOTHING = 0.3  # weight of the newest measurement
_KEEP_PACES_MS = 30_000
_CLASSES_KEPT = 64


def speed_us(core: Core, work_class: str) -> int:
    """Measured microseconds per task of a class on one of our slots, its rests included; 0 when unknown."""
    return max(1, round(core.paces[work_class] / core.share)) if work_class in core.paces else 0


def loading_us(core: Core, model: str) -> int:
    """Measured microseconds that loading a model takes here; 0 when unknown."""
    return round(core.loading.get(model, 0.0))


def model_given(core: Core, slot: Slot, chunk: Chunk) -> None:
    """A slot is handed a chunk: its model is what the slot has loaded from now on."""
    model = model_of(chunk.work_class)
    chunk.cold = model != slot.warm
    if chunk.cold:
        slot.warm, slot.warm_ms, slot.first, slot.ran = model, core.now_ms, None, 0


def measure(core: Core, slot: Slot, chunk: Chunk, name: str, us: int, count: int) -> None:
    """Take in how many microseconds so many tasks of a chunk, of the class of that name, took together."""
    each = us / count
    cold, chunk.cold = chunk.cold, False
    known = core.paces.get(name)
    if cold and known is not None:
        _learn_loading(core, name, us - count * known)
        return
    first, slot.first = slot.first, (name, each) if cold else None
    if first is not None and first[0] == name:
        _learn_loading(core, name, first[1] - each)
        known = None  # it had the loading in it
    core.paces.pop(name, None)
    core.paces[name] = each if known is None else known + _SMOOTHING * (each - known)
    times = core.times.setdefault(name, [])
    times.append(each)
    del times[:-64]
    if known is None or core.now_ms - core.paces_kept_ms >= _KEEP_PACES_MS:
        keep_paces(core)


def keep_paces(core: Core) -> None:
    """Let the next life of this peer know how fast it is: of many classes, those measured last."""
    core.paces_kept_ms = core.now_ms
    newest = list(core.paces)[-_CLASSES_KEPT:]
    core.effects.append(KeepPaces({name: max(1, round(core.paces[name])) for name in newest}))


def _learn_loading(core: Core, work_class: str, us: float) -> None:
    model, us = model_of(work_class), max(0.0, us)
    known = core.loading.pop(model, None)
    core.loading[model] = us if known is None else known + _SMOOTHING * (us - known)
    if len(core.loading) > _CLASSES_KEPT:
        del core.loading[next(iter(core.loading))]
