"""A slot's child process: renders chunks with its engines until its input ends.

    python -m musep2p.runner.child SPOOL SPEED

A crash, a hang or a leak here costs one attempt at one task, never the peer.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import time
import traceback
from collections import deque
from pathlib import Path
from typing import BinaryIO

import msgspec

from musep2p.core.ids import BatchId, TaskKey, digest_of
from musep2p.core.model_names import same_hash
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Tasks
from musep2p.core.records import Entry, spool_name
from musep2p.engines.registry import key_of, load_engine
from musep2p.errors import EngineError, MuseError
from musep2p.pipes import child_pipes, listen, write_frame
from musep2p.platforms import NO_ROOM, end_tree, stand_back
from musep2p.ports import Cancellable, Engine, Output, Queueing, Releasing, Shared, Task
from musep2p.runner import protocol as p
from musep2p.runner.gatekeeper import Asked, Gatekeeper

__all__ = ["Child", "classes_of", "main"]

_NICENESS = 5
_KEEPS_S = 300.0  # so long an engine keeps its model while nothing is asked of it
_STOPPED = 3  # the exit code of a child that was told to
_FLUSH_S = 0.02  # results of very short tasks travel together
_ENTRIES_MAX = 500
_PAYLOAD_MAX = 32 << 10  # so that a record has at most some 64 kB
_NO_MEMORY = re.compile(
    r"out of memory|outofmemory|not enough memory|memoryerror|(failed to|cannot|can't|unable to) allocate",
    re.IGNORECASE,
)
_encode = msgspec.msgpack.Encoder().encode


class _NoRoomError(Exception):
    """The disk took no output."""


class Child:
    """Renders chunks and says what came of them.

    Args:
        say: where messages go.
        spool: where objects are put.
        speed: relative speed that this peer pretends to have.
    """

    def __init__(self, say: BinaryIO, spool: Path, speed: float) -> None:
        self._say, self._spool, self._speed = say, spool, speed
        self._tasks: dict[BatchId, Tasks] = {}
        self._gatekeeper = Gatekeeper(spool.parent / "quarantine")
        self._entries: list[Entry] = []
        self._flushed = 0.0
        self._spent_s = 0.0
        self._payload = 0
        self._mute = False
        self._changed, self._telling = threading.Condition(), threading.Lock()
        self._waiting: deque[p.Run | p.Test] = deque()
        self._engine: Engine | None = None
        self._latest: Engine | None = None

    def hear(self, frame: bytes) -> None:
        """Take a command, in the thread that listens: it is heard also while a task runs."""
        command = p.to_child.decode(frame)
        if isinstance(command, p.Made):
            self._gatekeeper.pictures.put(command.batch, command.pictures)
            return
        if isinstance(command, p.Withdrawn):
            self._gatekeeper.pictures.forget(command.batch, command.index)
            return
        if isinstance(command, p.StopWhenBegun):
            threading.Thread(target=self._stop_when_begun, args=(command,), daemon=True).start()
            return
        with self._changed:
            if isinstance(command, p.Run | p.Test):
                self._waiting.append(command)
                self._changed.notify()
                return
            if isinstance(command, p.Stop):
                with self._telling:
                    self._mute = True  # what is cut off now may look like a picture
                try:
                    self.abandon()
                    self._tell_what_is_left()
                    if command.release:
                        self._release(self._latest)
                    end_tree(os.getpid(), itself=False)
                finally:
                    os._exit(_STOPPED)
            recalled = next((w for w in self._waiting if isinstance(w, p.Run) and w.chunk == command.chunk), None)
            if recalled is None:
                return
            self._waiting.remove(recalled)
            if recalled.recipe is not None:
                self._tasks[recalled.batch] = Tasks(recalled.recipe)
        self._tell(p.Ended(command.chunk))

    def abandon(self) -> None:
        """Nobody waits for what is rendered: let the engine stop it, if it can."""
        with contextlib.suppress(Exception):
            if isinstance(self._engine, Cancellable):
                self._engine.cancel()

    def _tell_what_is_left(self) -> None:
        """What waits at a server is stopped there by the next child, when it begins."""
        engine = self._engine
        with contextlib.suppress(Exception):
            if isinstance(engine, Queueing) and (name := engine.left_behind()):
                write_frame(self._say, _encode(p.LeftBehind(engine.name, name)))

    def _stop_when_begun(self, left: p.StopWhenBegun) -> None:
        with contextlib.suppress(Exception):
            engine = load_engine(left.engine)
            if isinstance(engine, Queueing):
                engine.stop_when_begun(left.name)
        self._tell(p.Gone(left.engine, left.name))

    def next(self) -> p.Run | p.Test:
        """The next chunk to run, or test to render; waits for it. What an engine keeps is not kept for nothing."""
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: bool(self._waiting), _KEEPS_S):
                    return self._waiting.popleft()
            if not self._in_use() and self._release(self._latest):
                self._latest = None
                self._tell(p.Cooled())

    def run(self, command: p.Run) -> None:
        """Render one chunk."""
        if command.recipe is not None:
            self._tasks[command.batch] = Tasks(command.recipe)
        tasks = self._tasks[command.batch]
        indices = list(Ranges.decode(command.ranges).indices())
        try:
            engine = load_engine(tasks.recipe.engine)
        except Exception as error:
            for index in indices:
                self._tell(p.Failed(command.chunk, index, _words(error), False, True))
            self._tell(p.Ended(command.chunk))
            return
        self._make_room_for(engine)
        self._flushed, self._engine = time.perf_counter(), engine
        try:
            for index in indices:
                self._one(command, engine, tasks, index)
        except _NoRoomError as error:
            self._tell(p.NoRoom(command.chunk, str(error)))
        self._engine = None
        self._flush(command.chunk)
        self._tell(p.Ended(command.chunk))

    def test(self, command: p.Test) -> None:
        """Render a test picture, and look at it."""
        from musep2p.engines.trial import look_of, render_test

        try:
            engine = load_engine(command.engine)
            self._make_room_for(engine)
            self._engine = engine
            look = look_of(render_test(engine, command.model, strict=not command.calibrates))
        except Exception as error:
            self._tell(p.Tested(command.engine, _words(error), classes_of(error)[0]))
        else:
            self._tell(p.Tested(command.engine, "", False, look))
        self._engine = None

    def _make_room_for(self, engine: Engine) -> None:
        """What another engine keeps in memory may be just what this one lacks."""
        before, self._latest = self._latest, engine
        if before is not engine:
            self._release(before)

    def _in_use(self) -> bool:
        """True too while nobody can say."""
        with contextlib.suppress(Exception):
            return isinstance(self._latest, Shared) and self._latest.in_use()
        return True

    def _release(self, engine: Engine | None) -> bool:
        """True if it has given back what it kept."""
        if isinstance(engine, Releasing):
            with contextlib.suppress(Exception):  # of a graphics card that fails, for one
                return engine.release() is not False
        return False

    def _one(self, command: p.Run, engine: Engine, tasks: Tasks, index: int) -> None:
        if not engine.payload:
            self._tell(p.Begun(command.chunk, index))
        attempt = command.attempts.get(index, 1)
        before = time.perf_counter()
        try:
            entry = self._render(engine, tasks, command, index, attempt)
        except _NoRoomError:
            raise
        except Exception as error:
            self._flush(command.chunk)
            self._tell(p.Failed(command.chunk, index, _words(error), *classes_of(error)))
            return
        now = time.perf_counter()
        self._spent_s += now - before
        self._entries.append(entry)
        self._payload += len(entry.payload)
        full = len(self._entries) >= _ENTRIES_MAX or self._payload >= _PAYLOAD_MAX
        if full or now - self._flushed >= _FLUSH_S:
            self._flush(command.chunk)

    def _render(self, engine: Engine, tasks: Tasks, command: p.Run, index: int, attempt: int) -> Entry:
        before = time.perf_counter()
        task = Task(engine.normalise(tasks.parameters(index)), attempt, self._speed)
        output = engine.render(task)
        took_s = time.perf_counter() - before

        def asked(other: int) -> Asked:
            parameters = tasks.parameters(other)
            return parameters.get("seed"), engine.normalise(parameters)

        self._gatekeeper.pass_on(command.batch, index, task, output, took_s, command.gate, asked)
        ms = round(took_s * 1000)
        digest, size = digest_of(output.data), len(output.data)
        if not output.ext:
            return Entry(index, digest, size, ms, attempt, payload=output.data)
        key = _key(engine, tasks, index, output)
        entry = Entry(index, digest, size, ms, attempt, key, output.pixel_hash, output.ext)
        self._put(self._spool / spool_name(command.batch, entry), output.data)
        return entry

    def _put(self, name: Path, data: bytes) -> None:
        temporary = name.with_name(f".{name.name}")
        try:
            temporary.write_bytes(data)
            os.replace(temporary, name)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            if error.errno in NO_ROOM:
                raise _NoRoomError(error.strerror or str(error)) from None
            raise

    def _flush(self, chunk: int) -> None:
        if self._entries:
            self._tell(p.Done(chunk, tuple(self._entries), round(self._spent_s * 1e6)))
        self._entries, self._spent_s, self._payload = [], 0.0, 0
        self._flushed = time.perf_counter()

    def _tell(self, message: p.FromChild) -> None:
        with self._telling:
            if not self._mute:
                write_frame(self._say, _encode(message))


def _key(engine: Engine, tasks: Tasks, index: int, output: Output) -> TaskKey:
    """The key of what was rendered. Where the model's hash decides it, who rendered must tell that it was that model.

    Raises:
        EngineError: it was another one.
    """
    wanted = tasks.recipe.hashes.get(tasks.model(index), "") if tasks.recipe.hashes else ""
    if wanted and output.model_hash and not same_hash(wanted, output.model_hash):
        words = f"{engine.name}: it rendered with a model of the hash {output.model_hash}, not {wanted}."
        raise EngineError(words, peer_bound=True)
    sure = not wanted or engine.keyed or output.model_hash
    return key_of(engine, tasks, index) if sure else TaskKey("")


def classes_of(error: Exception) -> tuple[bool, bool]:
    """(permanent, peer-bound): what it says itself; and whatever says so lacks memory."""
    words = f"{type(error).__name__}: {error}"
    permanent = isinstance(error, EngineError) and error.permanent
    bound = (isinstance(error, EngineError) and error.peer_bound) or bool(_NO_MEMORY.search(words))
    return permanent, bound and not permanent


def _words(error: Exception) -> str:
    if isinstance(error, MuseError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"[:1000]


def main() -> None:
    """Run until the parent is gone."""
    spool, speed = Path(sys.argv[1]), float(sys.argv[2])
    stand_back(_NICENESS)  # also behind the peer itself, which has to answer in time
    commands, say = child_pipes()
    child = Child(say, spool, speed)
    listen(commands, child.hear, child.abandon)
    write_frame(say, _encode(p.Ready()))
    while True:
        command = child.next()
        if isinstance(command, p.Run):
            child.run(command)
        else:
            child.test(command)


if __name__ == "__main__":
    main()
