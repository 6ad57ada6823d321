"""One batch on three virtual peers: who says what to whom, and what comes of it."""

import random

from musep2p.core import messages as m
from musep2p.core.effects import Send
from musep2p.core.events import Woke
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.records import ResultBlock
from musep2p.core.requests import Accepted, ResultsAsk, ResultsPage, StatusAsk, StatusList, SubmitAsk
from musep2p.sim.network import Weather
from musep2p.sim.slots import TaskModel
from musep2p.sim.world import World

RECIPE = Recipe("sim", {}, (Axis.of("city", ("Kyoto", "Paris")),), (1, 2, 3, 4))


def farm(count=3, *, has_store=True):
    world = World(random.Random(1), Weather(), TaskModel(lambda recipe, index: 200_000))
    for _ in range(count):
        world.add_peer(has_store=has_store)
    for peer in world.peers:
        peer.boot([other.address for other in world.peers[:1] if other is not peer])
    return world


def run(world, until_s):
    """Let everything happen up to a virtual time, exactly."""
    there = []
    world.call(int(until_s * 1e6) - world.now_us, lambda: there.append(True))
    while not there:
        world.step()


def answers(world, kind):
    return [answer.body for _, answer in world.answers if isinstance(answer.body, kind)]


def said(world):
    """(speaker, message type) in order, from now on."""
    heard = []
    world.observers.append(
        lambda peer, effect: heard.append((peer.number, type(effect.envelope.body))) if isinstance(effect, Send) else 0
    )
    return heard


def test_three_peers_share_eight_tasks():
    """Submit, copies, ask, grant, taken, done: every task once, at more than one peer, safe on the store."""
    world = farm()
    run(world, 1)
    heard = said(world)
    world.ask(world.peers[0], 1, SubmitAsk(RECIPE, Settings("small")))
    run(world, 4)
    world.ask(world.peers[1], 2, StatusAsk("small"))
    world.ask(world.peers[2], 3, ResultsAsk("small"))
    for peer in world.peers:
        world.ask(peer, 4, ResultsAsk("small"))
    run(world, 4.1)
    accepted, status = answers(world, Accepted)[0], answers(world, StatusList)[0].batches[0]
    rows = next(page.rows for page in answers(world, ResultsPage) if page.rows)

    assert (accepted.tasks, accepted.copies) == (8, 3)
    assert (status.state, status.safe, status.failed) == ("done", 8, 0)
    assert [row.entry.index for row in rows] == list(range(8))
    assert len({row.peer for row in rows}) == 3
    assert set(world.executed.values()) == {1}
    order = [kind for _, kind in heard if kind in (m.Copy, m.Copied, m.Ask, m.Grant, m.Taken, m.Report)]
    for earlier, later in ((m.Copy, m.Copied), (m.Copied, m.Ask), (m.Ask, m.Grant), (m.Grant, m.Taken)):
        assert order.index(earlier) < order.index(later)


def test_the_second_guardian_acts_when_the_first_is_down():
    """The acting guardian loses its power in the middle: the next in rank finds what only it held."""
    world = farm(4)
    run(world, 1)
    world.ask(world.peers[0], 1, SubmitAsk(RECIPE, Settings("small")))
    run(world, 1.15)
    status = StatusAsk("small")
    world.ask(world.peers[0], 2, status)
    run(world, 1.2)
    name = answers(world, StatusList)[0].batches[0].guardian
    first = next(peer for peer in world.peers if f"p{peer.number}" == name)
    world.kill(first, power_cut=True)
    run(world, 12)
    other = next(peer for peer in world.peers if peer is not first)
    world.ask(other, 3, status)
    run(world, 12.1)
    batch = answers(world, StatusList)[-1].batches[0]

    assert (batch.state, batch.safe) == ("done", 8)
    assert batch.guardian != name


def test_alone_a_batch_is_accepted_with_one_copy_and_says_so():
    """No other peer, no store: the answer names the risk."""
    world = farm(1, has_store=False)
    run(world, 1)
    world.ask(world.peers[0], 1, SubmitAsk(RECIPE, Settings("small")))
    run(world, 6)

    assert answers(world, Accepted)[0].copies == 1
    assert "one copy" in answers(world, Accepted)[0].note
    assert set(world.executed.values()) == {1}


def test_a_stall_of_our_own_declares_nobody_down():
    """A laptop that slept wakes up: it judges no one, and nobody's work is queued twice."""
    world = farm(2)
    run(world, 2)
    sleeper = world.peers[0]
    before = [member.state for member in sleeper.state.core.members.values()]
    sleeper.state.handle(Woke(), 60_000)

    assert before == ["up"]
    assert [member.state for member in sleeper.state.core.members.values()] == ["up"]
    assert sleeper.state.core.hold_starts_until_ms == 62_000


def test_what_is_urgent_is_fetched_while_slots_are_busy():
    """A queue of plain tasks at both: the urgent batch, submitted at one of them, is done by both before the rest."""
    world = farm(2)
    run(world, 1)
    plain = Recipe("sim", {}, (Axis.of("v", tuple(range(100))),), ())
    world.ask(world.peers[0], 1, SubmitAsk(plain, Settings("plain")))
    run(world, 3)
    world.ask(world.peers[0], 2, SubmitAsk(RECIPE, Settings("urgent", priority=5)))
    run(world, 4.5)  # what runs, and four tasks each; one alone would take until 5.0
    world.ask(world.peers[1], 3, StatusAsk("urgent"))
    world.ask(world.peers[1], 4, StatusAsk("plain"))
    run(world, 5)
    urgent, rest = (answer.batches[0] for answer in answers(world, StatusList)[-2:])

    assert (urgent.state, urgent.safe) == ("done", 8)
    assert rest.state == "running" and rest.safe < 50
    for peer in world.peers:
        made = [r for r in peer.disk.durable if isinstance(r, ResultBlock) and r.batch == urgent.batch]
        assert sum(len(block.entries) for block in made if block.first.peer == peer.id and not block.safe) >= 2


def test_a_straggler_is_overtaken_by_a_copy():
    """One peer of four is twenty times slower: its task is run elsewhere too, and its own run ends with the result."""
    world = World(random.Random(1), Weather(), TaskModel(lambda recipe, index: 5_000_000))
    for speed in (1, 1, 1, 0.05):
        world.add_peer(speed=speed, has_store=True)
    for peer in world.peers:
        peer.boot([other.address for other in world.peers[:1] if other is not peer])
    run(world, 1)
    world.ask(world.peers[0], 1, SubmitAsk(RECIPE, Settings("small")))
    run(world, 22)
    world.ask(world.peers[0], 2, StatusAsk("small"))
    run(world, 23)

    assert answers(world, StatusList)[-1].batches[0].state == "done"
    assert sum(world.executed.values()) == 9
    assert not any(slot.chunks for slot in world.peers[3].state.core.slots.values())
