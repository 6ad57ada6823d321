"""A farm, its batches and its faults, drawn from one rng seed; run to the end with all checkers on.

Two phases: while faults are on, safety is checked; then the network heals and everything must complete within a
bounded virtual time.
"""

from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from musep2p.core.accounting import acting
from musep2p.core.data import Batch
from musep2p.core.ids import BatchId, hash64
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.recipe.recipe import Rule
from musep2p.core.requests import Accepted, CommandAsk, SubmitAsk, Word
from musep2p.core.tuning import Tuning
from musep2p.core.wills import CANCELLED, PAUSED
from musep2p.sim.checkers import ALL, Checker
from musep2p.sim.network import SlowLink, Weather
from musep2p.sim.world import SimPeer, TaskModel, World

__all__ = ["Outcome", "Plan", "draw", "run"]

_CHECK_EVERY = 1000
_LARGE = 64  # farms of more peers are looked at more rarely, or looking would take longer than running
_GRACE_US = 120_000_000  # after healing: back-offs of 10 s, lost peers, a handful of rounds and the work itself


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed stands for.

    Attributes:
        slots, speeds: of each peer.
        stores: whether outputs go to a shared store; otherwise to guardians.
        tasks: of each batch; `submitters` names the peer of each, `submit_us` when.
        task_us: least and greatest task time.
        weather: while faults are on.
        late: peers that join later, and when.
        deaths: (peer, microsecond, power cut?), and `rebirths` (peer, microsecond).
        fail, crash: probability of an attempt.
        cancel: index of a batch that is cancelled in the middle, or -1.
        outages: (from, to): while the store is away.
        commands: (microsecond, peer, batch, word): pause, resume or retry, said to any peer that knows the batch.
        cuts: (from, to, pairs): while the network is cut, nothing goes from the one to the other of each pair.
        spread: how many different outputs one task may have.
        heal_us: when the weather ends; 0 if it lasts.
        heartbeat_ms: between heartbeats; suspect and down follow it.
        all_to_all: in farms of more peers each hears only one or two others.
        slow: (peer, microseconds one way, bytes a second) of each machine behind a slow line, all the time.
    """

    seed: int
    slots: tuple[int, ...]
    speeds: tuple[float, ...]
    stores: bool
    tasks: tuple[int, ...]
    submitters: tuple[int, ...]
    submit_us: tuple[int, ...]
    task_us: tuple[int, int]
    weather: Weather
    late: tuple[tuple[int, int], ...] = ()
    leavers: tuple[tuple[int, int], ...] = ()
    deaths: tuple[tuple[int, int, bool], ...] = ()
    rebirths: tuple[tuple[int, int], ...] = ()
    fail: float = 0.0
    crash: float = 0.0
    cancel: int = -1
    cuts: tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...] = ()
    spread: int = 1
    heal_us: int = 8_000_000
    heartbeat_ms: int = 1000
    large_recipes: bool = False
    holes: int = 0
    all_to_all: int = 0
    slow: tuple[tuple[int, int, int], ...] = ()
    commands: tuple[tuple[int, int, int, Word], ...] = ()
    outages: tuple[tuple[int, int], ...] = ()

    def faults(self) -> list[str]:
        """The kinds of fault that are on."""
        kinds = {
            "loss": self.weather.loss > 0,
            "doubling": self.weather.doubling > 0,
            "delay": self.weather.delay_us > 5000,
            "reordering": self.weather.jitter_us > 5000,
            "late": bool(self.late),
            "leave": bool(self.leavers),
            "death": bool(self.deaths),
            "rebirth": bool(self.rebirths),
            "failure": self.fail > 0,
            "crash": self.crash > 0,
            "cancel": self.cancel >= 0,
            "gossip": 0 < self.all_to_all < len(self.slots) - 1,
            "slow line": bool(self.slow),
            "commands": bool(self.commands),
            "store away": bool(self.outages),
            "partition": any(len(pairs) > 1 for _, _, pairs in self.cuts),
            "one-way": any(len(pairs) == 1 for _, _, pairs in self.cuts),
        }
        return [kind for kind, on in kinds.items() if on]


@dataclass(slots=True)
class Outcome:
    """What came of a plan."""

    plan: Plan
    violations: list[str] = field(default_factory=list)
    makespan_ms: int = 0
    lower_bound_ms: int = 0
    steals: int = 0
    duplicates: int = 0
    events: int = 0
    messages: int = 0
    bytes_sent: int = 0
    trace_digest: str = ""
    told: list[str] = field(default_factory=list)


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    rng = random.Random(f"musep2p scenario {seed}")
    count = rng.choice((3, 3, 3, 4, 4, 5, 5, 6, 8)) if rng.random() < 0.97 else 2
    slots = tuple(rng.choice((1, 1, 1, 2, 3)) for _ in range(count))
    speeds = tuple(rng.choice((1.0, 1.0, 0.5, 0.25, 2.0)) for _ in range(count))
    weather = Weather(
        rng.choice((0.0, 0.02, 0.1, 0.25)),
        rng.choice((0.0, 0.05, 0.2)),
        rng.choice((300, 2000, 20_000, 80_000)),
        rng.choice((200, 10_000, 100_000)),
    )
    batches = rng.choice((1, 1, 2, 3))
    stores = rng.random() < 0.6
    late = tuple((p, rng.randrange(1_000_000, 6_000_000)) for p in range(2, count) if rng.random() < 0.2)
    mortal = [p for p in range(count) if p not in {q for q, _ in late}]
    doomed = rng.sample(mortal, min(len(mortal) - 1, rng.choice((0, 0, 1, 1, 2)) if stores else rng.choice((0, 1))))
    deaths = tuple((p, rng.randrange(2_000_000, 9_000_000), rng.random() < 0.4) for p in doomed)
    rebirths = tuple((p, at + rng.randrange(500_000, 9_000_000)) for p, at, _ in deaths if rng.random() < 0.5)
    living = [p for p in range(count) if p not in doomed]
    leavers = tuple((p, rng.randrange(3_000_000, 8_000_000)) for p in living[1:2] if rng.random() < 0.2)
    cuts = _draw_cuts(random.Random(f"musep2p cuts {seed}"), count)
    low = rng.choice((4000, 20_000, 50_000, 200_000))
    return Plan(
        seed, slots, speeds, stores,
        tuple(rng.choice((80, 120, 160) if i == 0 else (1, 7, 40, 120)) for i in range(batches)),
        tuple(rng.choice(mortal) for _ in range(batches)),
        tuple(rng.randrange(1_000_000, 3_000_000) for _ in range(batches)),
        (low, low * rng.choice((1, 3))), weather, late, leavers, deaths, rebirths,
        rng.choice((0.0, 0.0, 0.05, 0.2)), rng.choice((0.0, 0.0, 0.03)),
        rng.randrange(batches) if rng.random() < 0.15 else -1, cuts, rng.choice((1, 1, 2)),
        max([8_000_000, *(end for _, end, _ in cuts)]),
        **_draw_recipes(random.Random(f"musep2p recipes {seed}")),
        all_to_all=random.Random(f"musep2p gossip {seed}").choice((0, 0, 0, 2, 3)),
        slow=_draw_slow(random.Random(f"musep2p slow {seed}"), count),
        outages=_draw_outages(random.Random(f"musep2p outages {seed}")) if stores else (),
        commands=_draw_commands(random.Random(f"musep2p commands {seed}"), count, batches),
    )  # fmt: skip


def _draw_recipes(rng: random.Random) -> dict[str, Any]:
    """Whether recipes travel piece by piece, and every how manieth task is excluded."""
    return {"large_recipes": rng.random() < 0.3, "holes": rng.choice((0, 0, 0, 2, 3, 7))}


def _draw_cuts(rng: random.Random, count: int) -> tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]:
    """Splits of the farm in two, and deafness of one peer to another, each for some seconds."""
    cuts = []
    for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2))):
        start = rng.randrange(1_500_000, 9_000_000)
        end = start + rng.choice((1_000_000, 4_000_000, 6_000_000, 9_000_000))
        one, other = rng.sample(range(count), 2)
        side = {one, *(peer for peer in range(count) if peer != other and rng.random() < 0.5)}
        split = [(a, b) for a in range(count) for b in range(count) if (a in side) != (b in side)]
        cuts.append((start, end, tuple(split) if rng.random() < 0.6 else ((one, other),)))
    return tuple(cuts)


def _draw_slow(rng: random.Random, count: int) -> tuple[tuple[int, int, int], ...]:
    """In one farm of six, one machine is far away behind a thin line."""
    if rng.random() > 1 / 6:
        return ()
    return ((rng.randrange(count), rng.choice((20_000, 150_000, 400_000)), rng.choice((20_000, 100_000))),)


def _draw_outages(rng: random.Random) -> tuple[tuple[int, int], ...]:
    """In two of five farms with a store it is away for a time."""
    if rng.random() > 2 / 5:
        return ()
    start = rng.randrange(500_000, 6_000_000)
    return ((start, start + rng.choice((300_000, 2_000_000, 8_000_000))),)


def _draw_commands(rng: random.Random, peers: int, batches: int) -> tuple[tuple[int, int, int, Word], ...]:
    """In one farm of four somebody pauses, resumes and retries, here and there."""
    if rng.random() > 1 / 4:
        return ()
    often: tuple[Word, ...] = ("pause", "pause", "resume", "retry")
    words = [rng.choice(often) for _ in range(rng.randint(1, 4))]
    return tuple((rng.randrange(2_000_000, 9_000_000), rng.randrange(peers), rng.randrange(batches), w) for w in words)


def run(plan: Plan, *, keep_told: int = 0) -> Outcome:
    """Run a plan to its end; violations are returned, not raised."""
    world, outcome = _build(plan), Outcome(plan)
    world.keep_told = keep_told
    checkers: list[Checker] = [checker(world) for checker in ALL]
    world.observers = [checker.observe for checker in checkers]
    try:
        _advance(world, plan, checkers)
    except AssertionError as error:
        outcome.violations.append(f"at {world.now_us / 1e6:.3f} s: {error}")
    outcome.steals = sum(peer.steals() for peer in world.peers)
    outcome.duplicates = sum(count - 1 for count in world.executed.values())
    outcome.events, outcome.messages = world.counts["events"], world.counts["messages"]
    outcome.bytes_sent, outcome.trace_digest, outcome.told = world.bytes_sent, world.digest(), world.told
    outcome.makespan_ms = max((batch.accounting.took_ms for batch in _at_guardians(world)), default=0)
    outcome.lower_bound_ms = _lower_bound_us(plan) // 1000
    return outcome


def _recipe(number: int, tasks: int, holes: int) -> Recipe:
    """A batch of so many tasks; with `holes` every so manieth index beside them is no task."""
    batch = Axis.of("batch", (number,))
    if holes < 2:
        return Recipe("sim", {}, (batch,), tuple(range(tasks)))
    indices = range(tasks + -(-tasks // (holes - 1)))
    out: Rule = {"v": tuple(indices[::holes])}
    return Recipe("sim", {}, (batch, Axis.of("v", indices)), exclude=(out,))


def _build(plan: Plan) -> World:
    model = TaskModel(
        lambda recipe, index: _task_us(plan, int(next(recipe.axes[0].rows())[0]), index),
        plan.fail,
        plan.crash,
        plan.spread,
    )
    beat = plan.heartbeat_ms
    tuning = Tuning(heartbeat_ms=beat, suspect_ms=3 * beat, down_ms=5 * beat)
    if plan.large_recipes:
        tuning = replace(tuning, inline_bytes=0, piece_bytes=250, piece_again_ms=200)
    if plan.all_to_all:
        tuning = replace(tuning, all_to_all=plan.all_to_all, near=1, far=1)
    world = World(random.Random(f"musep2p world {plan.seed}"), plan.weather, model, tuning)
    world.slow = {peer: SlowLink(delay_us, rate) for peer, delay_us, rate in plan.slow}
    for slots, speed in zip(plan.slots, plan.speeds, strict=True):
        world.add_peer(slots=slots, speed=speed, has_store=plan.stores)
    late = dict(plan.late)
    for peer in world.peers:
        others = [other.address for other in world.peers[:2] if other is not peer]
        world.call(late.get(peer.number, 0), partial(peer.boot, others))
    for number, (tasks, submitter, at) in enumerate(zip(plan.tasks, plan.submitters, plan.submit_us, strict=True)):
        recipe = _recipe(number, tasks, plan.holes)
        settings = Settings(f"b{number}", priority=number % 2, retries=8)
        _submit(world, world.peers[submitter], number + 1, SubmitAsk(recipe, settings), at)
    if plan.cancel >= 0:
        asker = world.peers[plan.submitters[plan.cancel]]
        world.call(4_000_000, lambda: world.ask(asker, 99, CommandAsk(f"b{plan.cancel}", "cancel")))
    for at, whom, number, word in plan.commands:
        world.call(at, partial(_say, world, world.peers[whom], f"b{number}", word))
    if plan.commands:
        world.call(max(plan.heal_us, *(at for at, *_ in plan.commands)) + 1_000_000, partial(_resume_all, world))
    for start, end in plan.outages:
        world.call(start, partial(world.set_store, away=True))
        world.call(end, partial(world.set_store, away=False))
    _schedule_faults(world, plan)
    return world


def _say(world: World, peer: SimPeer, batch: str, word: Word) -> None:
    if peer.alive:
        world.ask(peer, 98, CommandAsk(batch, word))


def _resume_all(world: World) -> None:
    """What is still paused goes on, as soon as anybody who is left has heard of the pause."""
    for peer in world.peers:
        for batch in peer.state.core.batches.values() if peer.alive else ():
            if batch.will.word == PAUSED:
                world.ask(peer, 97, CommandAsk(batch.id, "resume"))
    world.call(5_000_000, partial(_resume_all, world))


def _submit(world: World, peer: SimPeer, number: int, ask: SubmitAsk, at: int) -> None:
    world.call(at, lambda: world.ask(peer, number, ask))


def _schedule_faults(world: World, plan: Plan) -> None:
    for number, at, power_cut in plan.deaths:
        world.call(at, partial(world.kill, world.peers[number], power_cut=power_cut))
    for number, at in plan.rebirths:
        peer = world.peers[number]
        others = [other.address for other in world.peers if other is not peer][:2]
        world.call(at, partial(peer.boot, others))
    for number, at in plan.leavers:
        world.call(at, partial(world.drain, world.peers[number]))

    for start, end, pairs in plan.cuts:
        world.call(start, partial(world.cut.update, pairs))
        world.call(end, partial(world.cut.difference_update, pairs))

    def heal() -> None:
        world.weather = Weather()

    if plan.heal_us:
        world.call(plan.heal_us, heal)


def _advance(world: World, plan: Plan, checkers: list[Checker]) -> None:
    times = [at for at in [*(d[1] for d in plan.deaths), *(r[1] for r in plan.rebirths), plan.heal_us] if at]
    others = [at for _, at in (*plan.outages, *plan.leavers, *plan.late)] + [at for at, *_ in plan.commands]
    last_fault = max([*times, *others, *plan.submit_us])
    deadline = last_fault + _GRACE_US + _work_us(plan)
    marks = sorted({*times, last_fault})
    checked, look_us = 0, last_fault + 1000
    large = len(plan.slots) > _LARGE
    world.check_every = 100 if large else 1
    world.decode_every = 16 if large else 1
    every = _CHECK_EVERY * 1000 if large else _CHECK_EVERY
    while world.step():
        at_mark = bool(marks) and world.now_us >= marks[0]
        if at_mark:
            marks.pop(0)
        if world.now_us >= look_us:
            look_us = world.now_us + (5_000_000 if large else 500_000)
            if _all_complete(world):
                break
        if at_mark or world.counts["events"] - checked >= every:
            checked = world.counts["events"]
            for checker in checkers:
                checker.check()
        assert world.now_us <= deadline, f"not complete {_GRACE_US / 1e6:.0f} s after the last fault: {_left(world)}"
    for checker in checkers:
        checker.check()
    _check_end(world)


def _task_us(plan: Plan, batch: int, index: int) -> int:
    low, high = plan.task_us
    return low + hash64(f"{batch} {index}".encode()) % (high - low + 1)


def _lower_bound_us(plan: Plan) -> int:
    """No schedule ends sooner: all power busy to the end; for equal tasks, whole tasks only."""
    power = sum(slots * speed for slots, speed in zip(plan.slots, plan.speeds, strict=True))
    work = sum(_task_us(plan, batch, i) for batch, tasks in enumerate(plan.tasks) for i in range(tasks))
    fluid = math.ceil(work / power)
    if plan.task_us[0] < plan.task_us[1]:
        return fluid
    ends = sorted({math.ceil(plan.task_us[0] * k / speed) for speed in plan.speeds for k in range(sum(plan.tasks) + 1)})

    def enough(end: int) -> bool:
        done = (s * int(end * v / plan.task_us[0] + 1e-9) for s, v in zip(plan.slots, plan.speeds, strict=True))
        return sum(done) >= sum(plan.tasks)

    return ends[bisect.bisect_left(ends, True, key=enough)]


def _work_us(plan: Plan) -> int:
    power = sum(s * v for s, v in zip(plan.slots, plan.speeds, strict=True))
    return round(4 * sum(plan.tasks) * plan.task_us[1] / power)


def _surviving(world: World) -> set[BatchId]:
    """Accepted batches of which a living peer or its store has a copy; at least as many disks have one as was said."""
    surviving = set()
    for accepted in (answer.body for _, answer in world.answers if isinstance(answer.body, Accepted)):
        holders = [peer for peer in world.peers if peer.disk.has(accepted.batch)]
        copies = len(holders) + accepted.store
        assert copies >= accepted.copies, f"accepted with {accepted.copies} copies, and there are {copies}"
        seen = any(peer.alive and peer.has_store for peer in world.peers)
        on_store = world.store.batches.get(accepted.batch)
        stored = seen and on_store is not None and on_store[1].word != CANCELLED
        if stored or any(peer.alive for peer in holders):
            surviving.add(accepted.batch)
    return surviving


def _all_complete(world: World) -> bool:
    living = [peer for peer in world.peers if peer.alive and not peer.left]
    for batch_id in sorted(_surviving(world)):
        guards = [batch for batch in _at_guardians(world) if batch.id == batch_id]
        if not guards or not all(_ended(batch) for batch in guards):
            return False
    waiting = any(peer.state.core.submissions for peer in living)
    return not waiting and world.quiet_since(living)


def _ended(batch: Batch) -> bool:
    return batch.will.word == CANCELLED or batch.accounting.complete


def _left(world: World) -> str:
    parts = []
    for peer in world.peers:
        if peer.alive:
            for batch in peer.state.core.batches.values():
                role = "acting " if acting(peer.state.core, batch) else ""
                done = f"{batch.results.safe.count()}/{batch.results.wanted}"
                rounds = f"round {batch.accounting.round} waits for {len(batch.accounting.waiting)}"
                parts.append(f"p{peer.number} {role}{batch.id[:6]} safe {done} held {batch.held()} {rounds}")
    return "; ".join(parts)


def _at_guardians(world: World) -> list[Batch]:
    """Each batch as its acting guardian, or who believes to be it, sees it."""
    living = [peer.state.core for peer in world.peers if peer.alive and not peer.left]
    return [batch for core in living for batch in core.batches.values() if acting(core, batch)]


def _check_end(world: World) -> None:
    """Every accepted batch is complete at its acting guardian: each task safe, or failed by its retries."""
    surviving = _surviving(world)
    for batch in _at_guardians(world):
        if batch.id in surviving and batch.will.word != CANCELLED:
            assert not batch.results.safe & batch.failed, "safe and failed"
            settled = batch.results.safe.count() + batch.failed.count()
            assert settled == batch.results.wanted, "complete with tasks missing"
            stray = [index for index in batch.results.excluded.indices() if world.executed[batch.id, index]]
            assert not stray, f"tasks that are excluded were run: {stray[:5]}"
