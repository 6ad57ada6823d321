"""Slots: the set of child processes of one peer. A child that ends is replaced; what it had is told of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from musep2p.core import events as ev
from musep2p.core.effects import Recall, Start, Test
from musep2p.core.ids import BatchId
from musep2p.core.records import ResultBlock, Withdrawal
from musep2p.pipes import FrameProcess
from musep2p.runner import protocol as p
from musep2p.runner.pictures import Pictures

__all__ = ["Slots"]

_WATCH_S = 0.5
_LEFT_BEHIND_S = 3600.0  # what waits that long in the queue of a server is forgotten
_STOP_S = 2.5  # for an engine that has to tell a server that nobody waits any more
_RESTART_S = (0.0, 0.5, 2.0, 10.0)  # a child that dies at once, again and again, is started ever more slowly
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class _Slot:
    number: int
    process: FrameProcess | None = None
    life: int = 0
    recipes: set[BatchId] = field(default_factory=set)
    reason: str = ""
    quick_deaths: int = 0
    left_behind: dict[tuple[str, str], float] = field(default_factory=dict)


class Slots:
    """Children that render, one per slot.

    Args:
        count: how many.
        spool: where they put objects.
        speed: handed to the engines.
        memory_bytes: a child above this is ended; its task pays an attempt.
        post: takes events, in the loop's thread.
        no_room: called with the reason, in the loop's thread, when an output had no room on the disk.
        pictures: what is known of before.
    """

    def __init__(
        self, count: int, spool: Path, speed: float, memory_bytes: int, post: Callable[[ev.Event], None],
        no_room: Callable[[str], None] = lambda reason: None, pictures: Pictures | None = None,
    ) -> None:  # fmt: skip
        self._spool, self._speed, self._memory_bytes, self._post = spool, speed, memory_bytes, post
        self._no_room, self._pictures = no_room, pictures or Pictures()
        self._slots = [_Slot(number) for number in range(count)]
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._watch: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start the children; `SlotReady` follows for each."""
        for slot in self._slots:
            self._spawn(slot)
        self._watch = self._loop.create_task(self._watch_memory())

    def start(self, effect: Start, gate: dict[str, float]) -> None:
        """Hand a chunk to a child, with the thresholds of the render gate."""
        slot = self._slots[effect.slot]
        if slot.process is None:
            return
        recipe = None if effect.batch in slot.recipes else effect.recipe
        if recipe is not None and (pictures := self._pictures.of(effect.batch)):
            slot.process.send(_encode(p.Made(effect.batch, pictures)))
        slot.recipes.add(effect.batch)
        slot.process.send(_encode(p.Run(effect.chunk, effect.batch, recipe, effect.ranges, effect.attempts, gate)))

    def learn(self, block: ResultBlock) -> None:
        """Results of whichever peer: the children that render this batch hear of its pictures, also while they do."""
        news = self._pictures.learn(block)
        for slot in self._slots:
            if news and slot.process is not None and block.batch in slot.recipes:
                slot.process.send(_encode(p.Made(block.batch, news)))

    def forget(self, withdrawn: Withdrawal) -> None:
        """A result proved wrong: another picture may have its pixels."""
        self._pictures.forget(withdrawn.batch, withdrawn.index)
        for slot in self._slots:
            if slot.process is not None and withdrawn.batch in slot.recipes:
                slot.process.send(_encode(p.Withdrawn(withdrawn.batch, withdrawn.index)))

    def test(self, effect: Test) -> None:
        """Have a child render a test."""
        process = self._slots[effect.slot].process
        if process is not None:
            process.send(_encode(p.Test(effect.engine, effect.model, effect.calibrates)))

    def recall(self, effect: Recall) -> None:
        """Ask a child for a chunk that it has not begun."""
        process = self._slots[effect.slot].process
        if process is not None:
            process.send(_encode(p.GiveBack(effect.chunk)))

    def kill(self, number: int, reason: str, *, release: bool = False) -> None:
        """End a child now, after it gave back its memory at a server; `SlotDied` follows, then a new child."""
        slot = self._slots[number]
        slot.reason = reason
        if slot.process is not None:
            slot.process.send(_encode(p.Stop(release)))
            self._loop.call_later(_STOP_S, self._kill_hard, slot, slot.life)

    def _kill_hard(self, slot: _Slot, life: int) -> None:
        if slot.process is not None and slot.life == life:
            slot.process.kill()

    async def close(self) -> None:
        """End all children; nothing is left running."""
        self._closing = True
        if self._watch is not None:
            self._watch.cancel()
        running = [slot.process for slot in self._slots if slot.process is not None]
        for process in running:
            process.send(_encode(p.Stop()))
        for process in running:
            await asyncio.to_thread(process.close, _STOP_S)

    def _spawn(self, slot: _Slot) -> None:
        if self._closing:
            return
        slot.life += 1
        life = slot.life
        slot.recipes.clear()
        slot.reason = ""
        argv = ["-m", "musep2p.runner.child", str(self._spool), repr(self._speed)]
        slot.process = FrameProcess(
            argv,
            lambda frame: self._in_loop(self._said, slot, life, frame),
            lambda code: self._in_loop(self._ended, slot, life, code),
        )

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _said(self, slot: _Slot, life: int, frame: bytes) -> None:
        if life != slot.life or self._closing:
            return
        message = p.from_child.decode(frame)
        number = slot.number
        if isinstance(message, p.Ready):
            self._stop_when_begun(slot)
            self._post(ev.SlotReady(number))
        elif isinstance(message, p.LeftBehind):
            slot.left_behind[message.engine, message.name] = self._loop.time()
        elif isinstance(message, p.Gone):
            slot.left_behind.pop((message.engine, message.name), None)
        elif isinstance(message, p.Begun):
            self._post(ev.Begun(number, message.chunk, message.index))
        elif isinstance(message, p.Done):
            slot.quick_deaths = 0
            self._post(ev.TasksDone(number, message.chunk, message.entries, message.us))
        elif isinstance(message, p.Failed):
            self._post(ev.TaskFailed(number, *msgspec.structs.astuple(message)))
        elif isinstance(message, p.Tested):
            self._post(ev.Tested(number, *msgspec.structs.astuple(message)))
        elif isinstance(message, p.Cooled):
            self._post(ev.Cooled(number))
        elif isinstance(message, p.NoRoom):
            self._no_room(message.reason)
        else:
            self._post(ev.ChunkEnded(number, message.chunk))

    def _stop_when_begun(self, slot: _Slot) -> None:
        """What children left in queues of servers when they were ended, the next one stops there."""
        for (engine, name), since in list(slot.left_behind.items()):
            if self._loop.time() - since > _LEFT_BEHIND_S:
                del slot.left_behind[engine, name]
            elif slot.process is not None:
                slot.process.send(_encode(p.StopWhenBegun(engine, name)))

    def _ended(self, slot: _Slot, life: int, code: int) -> None:
        if life != slot.life or self._closing:
            return
        slot.process = None
        reason = slot.reason or f"the engine's process ended with code {code}"
        delay = _RESTART_S[min(slot.quick_deaths, len(_RESTART_S) - 1)]
        slot.quick_deaths += 0 if slot.reason else 1  # whom we end is no child that cannot live
        self._post(ev.SlotDied(slot.number, reason))
        self._loop.call_later(delay, self._spawn, slot)

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            for slot in self._slots:
                used = _resident_bytes(slot.process)
                if used > self._memory_bytes:
                    self.kill(slot.number, f"used {used >> 20} MB of memory, more than {self._memory_bytes >> 20} MB")


def _resident_bytes(process: FrameProcess | None) -> int:
    if process is None:
        return 0
    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.Error:
        return 0
