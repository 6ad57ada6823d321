"""The child of a slot: engines one after the other, and what they leave behind."""

import io
import threading

import msgspec
import pytest

from musep2p.core.ids import BatchId
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, Tasks
from musep2p.engines.sleep import SleepEngine
from musep2p.errors import EngineError
from musep2p.ports import Output
from musep2p.runner import child as module
from musep2p.runner.child import Child
from musep2p.runner.protocol import Run
from tests.live.farm import until


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


@pytest.mark.parametrize(("answer", "tells"), [(None, True), (True, True), (False, False), (RuntimeError(), False)])
def test_memory_is_given_back_when_nothing_was_asked_for_long(tmp_path, monkeypatch, answer, tells):
    """Once, and the peer hears of it, if it was; the next task is rendered all the same."""
    heavy = Heavy()

    def release(self):
        self.released += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Heavy, "release", release)
    monkeypatch.setattr(module, "load_engine", {"heavy": heavy}.get)
    monkeypatch.setattr(module, "_KEEPS_S", 0.05)
    say = io.BytesIO()
    child = Child(say, tmp_path, 1.0)
    run = Run(1, BatchId("b" * 32), Recipe("heavy", {"ms": 0}, (), (1,)), Ranges.of(0).encode(), {}, {})
    child.run(run)
    for _ in range(2):
        waiting = threading.Thread(target=lambda: child.run(child.next()))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        child.hear(msgspec.msgpack.encode(run))
        waiting.join(20)

    assert heavy.released == 2 if tells else heavy.released > 2, "what did not work is tried again"
    assert say.getvalue().count(b"cooled") == (2 if tells else 0)
    assert say.getvalue().count(b"ended") == 3


def test_memory_of_a_server_that_somebody_uses_is_not_given_back_for_nothing(tmp_path, monkeypatch):
    """It is looked at again later; a server that does not answer may be in use."""
    heavy, answers = Heavy(), [True, EngineError("gone"), False]

    def in_use():
        said = answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    heavy.in_use = in_use
    monkeypatch.setattr(module, "load_engine", {"heavy": heavy}.get)
    monkeypatch.setattr(module, "_KEEPS_S", 0.02)
    child = Child(io.BytesIO(), tmp_path, 1.0)
    run = Run(1, BatchId("b" * 32), Recipe("heavy", {"ms": 0}, (), (1,)), Ranges.of(0).encode(), {}, {})
    child.run(run)
    waiting = threading.Thread(target=child.next)
    waiting.start()
    until(lambda: heavy.released, "it is given back")
    child.hear(msgspec.msgpack.encode(run))
    waiting.join(20)

    assert heavy.released == 1 and answers == []


class Served(SleepEngine):
    """Renders at a server, which tells the hash of the model that it used, or nothing."""

    name, keyed, parameters = "served", False, None

    def normalise(self, parameters):
        return dict(parameters)


@pytest.mark.parametrize(
    ("told", "key", "refused"),
    [("abc123", True, False), ("abc123def456", True, False), ("", False, False), ("fff999", False, True)],
)
def test_a_key_by_the_hash_of_a_model_is_given_only_for_that_model(told, key, refused):
    """The recipe names the hash: another model's picture is none, and one of nobody knows which has no key."""
    recipe = Recipe("served", {"prompt": "a", "model": "m"}, (), (1,), hashes={"m": "abc123"})
    output = Output(b"x", "png", "p", told)
    if refused:
        with pytest.raises(EngineError, match="a model of the hash fff999, not abc123") as caught:
            module._key(Served(), Tasks(recipe), 0, output)
        assert caught.value.peer_bound
    else:
        assert bool(module._key(Served(), Tasks(recipe), 0, output)) == key
