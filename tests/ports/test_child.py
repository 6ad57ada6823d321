"""The child of a slot: engines one after the other, and what they leave behind."""

import io

from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe
from musep2p.engines.sleep import SleepEngine
from musep2p.runner import child as module
from musep2p.runner.child import Child
from musep2p.runner.protocol import Run


class Heavy(SleepEngine):
    """Keeps memory, and says when it gives it back."""

    def __init__(self):
        self.released = 0

    def release(self):
        self.released += 1


def test_memory_is_given_back_when_another_engine_comes_next(tmp_path, monkeypatch):
    """Not between tasks of one engine, whose weights the next task wants."""
    engines = {"heavy": Heavy(), "sleep": SleepEngine()}
    monkeypatch.setattr(module, "load_engine", engines.get)
    child = Child(io.BytesIO(), tmp_path, 1.0)
    released = []
    for number, name in enumerate(("heavy", "heavy", "sleep", "sleep", "heavy")):
        batch = BatchId(f"{number:032x}")
        child.run(Run(number, batch, Recipe(name, {"ms": 0}, (), (1,)), Ranges.of(0).encode(), {}, {}))
        released.append(engines["heavy"].released)

    assert released == [0, 0, 1, 1, 1]
