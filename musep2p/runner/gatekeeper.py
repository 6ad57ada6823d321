"""The render gate of one slot: what an engine gave is looked at before it counts as a result.

What is refused is kept in `quarantine/` of the state folder, with the check in its name.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from musep2p.core.ids import BatchId
from musep2p.core.recipe import Parameters
from musep2p.errors import EngineError
from musep2p.ports import Output, Task
from musep2p.runner.pictures import Pictures

__all__ = ["Asked", "Gatekeeper"]

_SIZES_KEPT = 100
_TIMES_KEPT = 20
_TIMES_NEEDED = 5
_USUAL_S = 1.0  # nothing is too fast where a second is usual
_QUARANTINED_MAX = 200
_Size = frozenset[tuple[str, str | int | float | bool]]
Asked = tuple[object, Parameters]  # of a task: the batch's seed of it, and what its engine was asked for


class Gatekeeper:
    """Remembers what a slot rendered and what others did, and refuses what is no picture.

    Args:
        quarantine: where refused pictures go; made when it is needed.

    Attributes:
        pictures: those that this slot made or was told of.
    """

    def __init__(self, quarantine: Path) -> None:
        self._quarantine = quarantine
        self.pictures = Pictures()
        self._times: OrderedDict[tuple[BatchId, _Size], deque[float]] = OrderedDict()

    def pass_on(
        self, batch: BatchId, index: int, task: Task, output: Output, took_s: float, thresholds: Mapping[str, float],
        asked: Callable[[int], Asked],
    ) -> None:  # fmt: skip
        """Nothing, for a picture that is one, or for an output that is none and need not be.

        Args:
            asked: of any task of the batch.

        Raises:
            EngineError: it is refused; another attempt may be better.
        """
        if not output.pixel_hash:
            return
        reason = self._refusal(batch, index, task, output, took_s, thresholds, asked)
        if reason:
            kept = self._keep(f"{batch[:8]}-{index}-{task.attempt}-{reason.partition(':')[0]}", output)
            raise EngineError(f"the gate refused what the engine gave: {reason}.", kept)

    def _refusal(
        self, batch: BatchId, index: int, task: Task, output: Output, took_s: float, thresholds: Mapping[str, float],
        asked: Callable[[int], Asked],
    ) -> str:  # fmt: skip
        from musep2p.images.decode import decoded
        from musep2p.images.gate import refusal

        size = frozenset((name, task.parameters[name]) for name in ("width", "height") if name in task.parameters)
        times = self._times.setdefault((batch, size), deque(maxlen=_TIMES_KEPT))
        if len(self._times) > _SIZES_KEPT:
            self._times.popitem(last=False)
        reason = _too_fast(times, took_s, thresholds["fast"])
        if not reason and thresholds["equal"] >= 0:
            reason = _repeated(self.pictures.task(batch, output.pixel_hash), index, asked)
        if not reason:
            try:
                image, _ = decoded(output.data)
            except ValueError as error:
                return f"damaged: {error}"
            reason = refusal(image, thresholds, _size(task))
        if not reason:
            times.append(took_s)
            self.pictures.put(batch, ((output.pixel_hash, index),))
        return reason

    def _keep(self, name: str, output: Output) -> str:
        path = self._quarantine / f"{name}.{output.ext}"
        try:
            self._quarantine.mkdir(exist_ok=True)
            path.write_bytes(output.data)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            return f"It could not be kept: {error.strerror or error}."
        with contextlib.suppress(OSError):  # another slot may make room at the same time
            for old in sorted(self._quarantine.iterdir(), key=lambda each: each.stat().st_mtime)[:-_QUARANTINED_MAX]:
                old.unlink(missing_ok=True)
        return f"It is in {path}."


def _size(task: Task) -> tuple[int, int] | None:
    width, height = task.parameters.get("width"), task.parameters.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _too_fast(times: deque[float], took_s: float, share: float) -> str:
    if share < 0 or len(times) < _TIMES_NEEDED or (usual := median(times)) < _USUAL_S or took_s > share * usual:
        return ""
    return f"fast: it took {took_s:.3f} s where {usual:.1f} s are usual"


def _repeated(other: int | None, index: int, asked: Callable[[int], Asked]) -> str:
    """The same pixels for another seed: an answer from a cache, or an engine that does not hear the seed."""
    if other is None or other == index:
        return ""
    try:
        (seed, parameters), (its_seed, its_parameters) = asked(index), asked(other)
    except IndexError:  # a mistake of a stranger
        return ""
    same_but_seed = {**parameters, "seed": 0} == {**its_parameters, "seed": 0}
    if not same_but_seed or parameters.get("seed", seed) == its_parameters.get("seed", its_seed):
        return ""
    return f"equal: its pixels are those of task {other}, which has another seed"
