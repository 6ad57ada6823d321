"""The slots of the shell: real children, and what they say when chunks are given, recalled and begun."""

import asyncio

from musep2p.core import events as ev
from musep2p.core.effects import Recall, Start
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe, batch_id
from musep2p.runner.slots import Slots

LONG, SHORT = Recipe("sleep", {"ms": 400}, (), (1,)), Recipe("sleep", {"ms": 1}, (), (1,))


def start(chunk, recipe=SHORT):
    return Start(0, chunk, batch_id(recipe), recipe, Ranges.of(0).encode(), {})


def run(scenario, tmp_path):
    """One slot with a real child; the scenario gets it and the events that it posts."""

    async def whole():
        events = asyncio.Queue()
        slots = Slots(1, tmp_path, 1.0, 1 << 40, events.put_nowait)
        slots.open()
        try:
            assert await asyncio.wait_for(events.get(), 20) == ev.SlotReady(0)
            await scenario(slots, lambda: asyncio.wait_for(events.get(), 20))
        finally:
            await slots.close()

    asyncio.run(whole())


def test_a_chunk_behind_another_is_given_back_while_that_runs(tmp_path):
    """At once, not when the child has time; its recipe was heard all the same. What has begun is not given back."""

    async def scenario(slots, following):
        slots.start(start(1, LONG), {})
        slots.start(start(2), {})
        assert await following() == ev.Begun(0, 1, 0)
        slots.recall(Recall(0, 1))
        slots.recall(Recall(0, 2))
        assert await following() == ev.ChunkEnded(0, 2)
        done = await following()
        assert isinstance(done, ev.TasksDone) and done.chunk == 1 and done.entries[0].ms >= 400
        assert await following() == ev.ChunkEnded(0, 1)
        slots.start(start(3), {})
        said = [await following() for _ in range(3)]
        assert [type(event) for event in said] == [ev.Begun, ev.TasksDone, ev.ChunkEnded]

    run(scenario, tmp_path)


def test_a_recall_of_what_is_unknown_or_ended_says_nothing(tmp_path):
    """Orders and news cross each other."""

    async def scenario(slots, following):
        slots.recall(Recall(0, 9))
        slots.start(start(1), {})
        assert [type(await following()) for _ in range(3)] == [ev.Begun, ev.TasksDone, ev.ChunkEnded]
        slots.recall(Recall(0, 1))
        slots.start(start(2), {})
        assert await following() == ev.Begun(0, 2, 0)

    run(scenario, tmp_path)
