"""A child that was told to stop: what it cut off is no result, and memory is given back."""

import io
import threading

import msgspec

from musep2p.core.recipe import Recipe
from musep2p.errors import EngineError
from musep2p.ports import Output
from musep2p.runner import child as module
from musep2p.runner import protocol as p


class Interruptible:
    """Gives half a picture, and says that all is well, when it is interrupted."""

    name, keyed, payload, parameters, identity = "half", False, False, None, "half/1"

    def __init__(self):
        self.working, self.cancelled, self.released = threading.Event(), threading.Event(), threading.Event()

    def normalise(self, parameters):
        return {}

    def render(self, task):
        self.working.set()
        if not self.cancelled.wait(20):
            raise EngineError("nobody interrupted it.")
        return Output(b"half a picture", "bin")

    def cancel(self):
        self.cancelled.set()

    def release(self):
        self.released.set()


def test_half_a_picture_is_not_told_of(monkeypatch, tmp_path):
    """The render returns before the process is gone."""
    engine, ended = Interruptible(), threading.Event()
    monkeypatch.setattr(module, "load_engine", lambda name: engine)
    monkeypatch.setattr(module, "end_tree", lambda *args, **kw: None)
    monkeypatch.setattr(module.os, "_exit", lambda code: ended.set())
    (tmp_path / "spool").mkdir()
    say = io.BytesIO()
    child = module.Child(say, tmp_path / "spool", 1.0)
    run = p.Run(1, "b" * 32, Recipe("half", {}), (0, 1), {}, {})
    rendering = threading.Thread(target=child.run, args=(run,))
    rendering.start()
    assert engine.working.wait(20)
    before = say.getvalue()
    child.hear(msgspec.msgpack.encode(p.Stop(True)))
    rendering.join(20)

    assert ended.is_set() and engine.released.is_set() and not rendering.is_alive()
    assert say.getvalue() == before and b"begun" in before
