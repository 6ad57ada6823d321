"""A plan of a farm, its batches and its faults, run to the end with all checkers on.

Two phases: while faults are on, safety is checked; then the network heals and everything must complete within a
bounded virtual time.
"""

from __future__ import annotations

import bisect
import math
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial

from msgspec.structs import replace as replace_fields

from musep2p.core.accounting import acting
from musep2p.core.batch import Batch
from musep2p.core.events import Sighted
from musep2p.core.ids import BatchId, hash64
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings, Tasks
from musep2p.core.recipe.recipe import Rule, model_of
from musep2p.core.records import Failure, Will, Withdrawal
from musep2p.core.requests import Accepted, CommandAsk, SubmitAsk, WithdrawAsk, Withdrawn, Word
from musep2p.core.tuning import Tuning
from musep2p.core.wills import CANCELLED, PAUSED
from musep2p.sim.accidents import arrange, come_back
from musep2p.sim.checkers import ALL, Checker, all_batches
from musep2p.sim.machine import SimPeer
from musep2p.sim.mail import WaitingMail
from musep2p.sim.network import SlowLink, Weather
from musep2p.sim.plan import Plan
from musep2p.sim.slots import TaskModel, look_name
from musep2p.sim.world import Doom, World

__all__ = ["Outcome", "run"]


_CHECK_EVERY = 1000
_LARGE = 64  # farms of more peers are looked at more rarely, or looking would take longer than running
_DOOM_US = 500_000  # a peer that does nothing of that length meanwhile dies all the same
_SPOILED = 1000  # numbers of faces that tell of it
_RUMOURS_US = 10_000_000  # as mDNS and presence files are repeated
_CARRY_US = 2_000_000
_GRACE_US = 120_000_000  # after healing: back-offs of 10 s, lost peers, a handful of rounds and the work itself


@dataclass(slots=True)
class Outcome:
    """What came of a plan."""

    plan: Plan
    violations: list[str] = field(default_factory=list)
    virtual_ms: int = 0
    makespan_ms: int = 0
    lower_bound_ms: int = 0
    steals: int = 0
    switches: int = 0
    duplicates: int = 0
    events: int = 0
    messages: int = 0
    bytes_sent: int = 0
    trace_digest: str = ""
    told: list[str] = field(default_factory=list)


def run(plan: Plan, *, keep_told: int = 0) -> Outcome:
    """Run a plan to its end; violations are returned, not raised."""
    world, outcome = _build(plan), Outcome(plan)
    world.keep_told = keep_told
    checkers: list[Checker] = [checker(world) for checker in ALL]
    world.observers = [checker.observe for checker in checkers if type(checker).observe is not Checker.observe]
    try:
        _advance(world, plan, checkers)
    except AssertionError as error:
        outcome.violations.append(f"at {world.now_us / 1e6:.3f} s: {error}")
    outcome.steals = sum(peer.steals() for peer in world.peers)
    outcome.switches = world.counts["switches"]
    outcome.duplicates = sum(count - 1 for count in world.executed.values())
    outcome.events, outcome.messages = world.counts["events"], world.counts["messages"]
    outcome.bytes_sent, outcome.trace_digest, outcome.told = world.bytes_sent, world.digest(), world.told
    outcome.virtual_ms = world.now_us // 1000
    outcome.makespan_ms = max((batch.accounting.took_ms for batch in _at_guardians(world)), default=0)
    outcome.lower_bound_ms = _lower_bound_us(plan) // 1000
    return outcome


def _recipe(number: int, tasks: int, holes: int, models: int) -> Recipe:
    """A batch of so many tasks, of so many models; with `holes` every so manieth index beside them is no task."""
    batch = Axis.of("batch", (number,))
    if models > 1 and tasks % models == 0:
        model = Axis.of("model", tuple(f"m{each}" for each in range(models)))
        return Recipe("sim", {}, (model, batch), tuple(range(tasks // models)), given=("model",))
    if holes < 2:
        return Recipe("sim", {}, (batch,), tuple(range(tasks)))
    indices = range(tasks + -(-tasks // (holes - 1)))
    out: Rule = {"v": tuple(indices[::holes])}
    return Recipe("sim", {}, (batch, Axis.of("v", indices)), exclude=(out,))


def _models(recipe: Recipe) -> list[str]:
    return [model_of(name).partition("|")[2] for name in Tasks(recipe).all_classes()]


def _build(plan: Plan) -> World:
    world = _farm(plan)
    late = dict(plan.late)
    for peer in world.peers:
        others = [other.address for other in world.peers[:2] if other is not peer]
        world.call(late.get(peer.number, 0), partial(peer.boot, others))
    for number, (tasks, submitter, at) in enumerate(zip(plan.tasks, plan.submitters, plan.submit_us, strict=True)):
        recipe = _recipe(number, tasks, plan.holes, plan.models)
        if plan.looks:
            recipe = replace_fields(recipe, looks=dict.fromkeys(_models(recipe), look_name(0)))
        settings = Settings(f"b{number}", priority=number % 2, retries=8)
        _submit(world, world.peers[submitter], number + 1, SubmitAsk(recipe, settings), at)
    if plan.cancel >= 0:
        asker = world.peers[plan.submitters[plan.cancel]]
        world.call(4_000_000, lambda: world.ask(asker, 99, CommandAsk(f"b{plan.cancel}", "cancel")))
    for at, whom, number, word in plan.commands:
        world.call(at, partial(_say, world, world.peers[whom], f"b{number}", word))
    if plan.commands:
        world.call(max(plan.heal_us, *(at for at, *_ in plan.commands)) + 1_000_000, partial(_resume_all, world))
    _schedule_store(world, plan)
    _schedule_faults(world, plan)
    arrange(world, plan.accidents, plan.seed)
    if len(world.peers) <= _LARGE:
        world.call(plan.heal_us + _RUMOURS_US, partial(_spread_rumours, world))
    return world


def _spread_rumours(world: World) -> None:
    """Who is up is sighted by all, again and again: two peers that met nobody else would stay alone otherwise.

    Only after healing: before it, peers find each other by word of mouth or not at all.
    """
    up = [peer for peer in world.peers if peer.alive and not peer.left]
    for peer in up:
        for other in up:
            if other is not peer and other.address not in peer.state.core.candidates:
                world.later(1000, peer, Sighted(other.address))
    world.call(_RUMOURS_US, partial(_spread_rumours, world))


def _farm(plan: Plan) -> World:
    """The machines and what lies between them; nothing happens yet."""
    model = TaskModel(
        lambda recipe, index: _task_us(plan, _batch_of(recipe), index),
        plan.fail,
        plan.crash,
        plan.spread,
        lambda recipe, index: index == plan.accidents.poison and _batch_of(recipe) == 0,
        plan.loading_us,
        plan.accidents.cools_us,
    )
    beat = plan.heartbeat_ms
    tuning = Tuning(heartbeat_ms=beat, suspect_ms=3 * beat, down_ms=5 * beat, affinity=plan.affinity)
    if plan.large_recipes:
        tuning = replace(tuning, inline_bytes=0, piece_bytes=250, piece_again_ms=200)
    if plan.all_to_all:
        tuning = replace(tuning, all_to_all=plan.all_to_all, near=1, far=1)
    world = World(random.Random(f"musep2p world {plan.seed}"), plan.weather, model, tuning)
    world.slow = {peer: SlowLink(delay_us, rate) for peer, delay_us, rate in plan.slow}
    world.stores, world.files = plan.stores, plan.stores or plan.folders
    for number, (slots, speed) in enumerate(zip(plan.slots, plan.speeds, strict=True)):
        world.add_peer(slots=slots, speed=speed, has_store=plan.stores and number not in plan.blind)
    for peer, (rate, offset_ms) in zip(world.peers, plan.clocks, strict=False):
        peer.rate, peer.offset_ms = rate, offset_ms
    for peer, look in zip(world.peers, plan.looks, strict=False):
        peer.look = look
    world.fault_rng = random.Random(f"musep2p disks {plan.seed}") if plan.torn else None
    world.mail = WaitingMail(random.Random(f"musep2p waiting mail {plan.seed}")) if plan.mail else None
    world.store.rng = random.Random(f"musep2p store {plan.seed}")
    return world


def _schedule_store(world: World, plan: Plan) -> None:
    for start, end, state in plan.nas:
        world.call(start, partial(_store_is, world, state, end))
        world.call(end, partial(_store_is, world, "well", end))
    for start, end in plan.outages:
        world.call(start, partial(world.set_store, away=True))
        world.call(end, partial(world.set_store, away=False))


def _store_is(world: World, state: str, until_us: int) -> None:
    world.store.full = state == "full"
    world.store.flaky = 0.3 if state == "flaky" else 0.0
    world.store.hangs_until_us = until_us if state == "hangs" else 0


def _spoil(world: World, seed: int) -> None:
    """A result on the store is wrong; whoever found that tells one peer after the other until one has taken it."""
    wrong = world.store.some_record(random.Random(seed))
    if wrong is None:
        return
    world.spoiled.append(wrong)
    world.counts["spoiled"] += 1
    number = _SPOILED + world.counts["spoiled"]
    _report_spoiled(world, wrong, number, 0)


def _report_spoiled(world: World, wrong: Withdrawal, number: int, tries: int) -> None:
    answers = [answer.body for _, answer in world.answers if answer.number == number]
    knowing = any(batch.id == wrong.batch for _, batch in all_batches(world))
    if any(isinstance(body, Withdrawn) for body in answers) or (tries > len(world.peers) and not knowing):
        world.spoiled.remove(wrong)
        return
    peer = world.peers[(number + tries) % len(world.peers)]
    if peer.alive and not peer.left:
        world.ask(peer, number, WithdrawAsk(wrong.batch, ((wrong.record, wrong.index),)))
    world.call(3_000_000, partial(_report_spoiled, world, wrong, number, tries + 1))


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
    between = plan.between or ((-1, ""),) * len(plan.deaths)
    in_the_middle = {number for (number, *_), (after, _) in zip(plan.deaths, between, strict=True) if after >= 0}
    for (number, at, power_cut), (after, event) in zip(plan.deaths, between, strict=True):
        peer = world.peers[number]
        if after >= 0:
            world.call(at, partial(world.doom, peer, Doom(after, event, power_cut)))
        late_us = _DOOM_US if after >= 0 else 0
        world.call(at + late_us, partial(world.kill, peer, power_cut=power_cut))
    for number, at in plan.rebirths:
        peer = world.peers[number]
        others = [other.address for other in world.peers if other is not peer][:2]
        again_us = at + _DOOM_US if number in in_the_middle else at
        if number in plan.old_copies:
            world.call(again_us, partial(_put_old_copy_back, world, peer))
        world.call(again_us, partial(come_back, world, plan.accidents, peer, others))
    for number, at, length_us, suspended in plan.pauses:
        world.call(at, partial(world.freeze, world.peers[number], length_us, suspended=suspended))
    for at, seed in plan.spoils:
        world.call(at, partial(_spoil, world, seed))
    for number, start, end, stuck in plan.disks:
        world.call(start, partial(world.fill_disk, world.peers[number], end if stuck else 0))
        world.call(end, partial(world.free_disk, world.peers[number]))
    for number, at in plan.leavers:
        world.call(at, partial(world.drain, world.peers[number]))

    for start, end, pairs in plan.cuts:
        world.call(start, partial(world.cut.update, pairs))
        world.call(end, partial(world.cut.difference_update, pairs))

    def heal() -> None:
        world.weather = Weather()

    if plan.heal_us:
        world.call(plan.heal_us, heal)


def _put_old_copy_back(world: World, peer: SimPeer) -> None:
    """Of all that its journal had, the first half; nothing if it runs."""
    if peer.alive:
        return
    world.counts["old copies"] += 1
    peer.disk.restore(len(peer.disk.durable) // 2)
    peer.disk_cache.clear()


def _advance(world: World, plan: Plan, checkers: list[Checker]) -> None:
    times = [at for at in [*(d[1] for d in plan.deaths), *(r[1] for r in plan.rebirths), plan.heal_us] if at]
    others = [at for _, at in (*plan.outages, *plan.leavers, *plan.late)] + [at for at, *_ in plan.commands]
    others += [at + us for _, at, us, _ in plan.pauses] + [end for _, end, _ in (*plan.nas, *plan.cuts)]
    others += [end for _, _, end, _ in plan.disks] + [at for at, _ in plan.spoils]
    others.append(plan.accidents.dark[1])
    times = [at + _DOOM_US for at in times] if plan.between else times
    last_fault = max([*times, *others, *plan.submit_us])
    deadline = last_fault + _GRACE_US + _work_us(plan) + _carrying_us(plan)
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


def _batch_of(recipe: Recipe) -> int:
    return int(next(next(axis for axis in recipe.axes if "batch" in axis.names).column("batch")))


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
    """Four times what the machines that are left, and may take part, need for all of it."""
    gone = {number for number, look in enumerate(plan.looks) if look}
    gone |= {number for number, *_ in plan.deaths} - {number for number, *_ in plan.rebirths}
    gone |= {number for number, _ in plan.leavers}
    machines = list(zip(plan.slots, plan.speeds, strict=True))
    left = [slots * speed for number, (slots, speed) in enumerate(machines) if number not in gone]
    return round(4 * sum(plan.tasks) * (plan.task_us[1] + plan.loading_us) / (sum(left) or 1))


def _surviving(world: World) -> set[BatchId]:
    """Accepted batches of which a living peer or its store has a copy; at least as many disks have one as was said."""
    surviving = set()
    for accepted in (answer.body for _, answer in world.answers if isinstance(answer.body, Accepted)):
        holders = [peer for peer in world.peers if peer.disk.has(accepted.batch)]
        copies = len(holders) + accepted.store
        if not world.counts["old copies"]:
            assert copies >= accepted.copies, f"accepted with {accepted.copies} copies, and there are {copies}"
        seen = any(peer.alive and peer.has_store for peer in world.peers)
        stored = seen and world.store.wants(accepted.batch)
        if stored or any(peer.alive for peer in holders):
            surviving.add(accepted.batch)
    return surviving


def _all_complete(world: World) -> bool:
    living = [peer for peer in world.peers if peer.alive and not peer.left]
    for batch_id in sorted(_surviving(world)):
        guards = [batch for batch in _at_guardians(world) if batch.id == batch_id]
        if not guards or not all(_ended(batch) for batch in guards):
            return False
    waiting = bool(world.spoiled) or any(peer.state.core.submissions for peer in living)
    waiting = waiting or any(_not_there(world, batch) for batch in _at_guardians(world))
    return not waiting and _agreed(world) and world.quiet_since(living)


def _carrying_us(plan: Plan) -> int:
    """Where messages are cut short to the end, each result that others put on the store may take a second or two."""
    carried = plan.accidents.garbage and (plan.blind or plan.accidents.other_store)
    return _CARRY_US * sum(plan.tasks) if carried else 0


def _not_there(world: World, batch: Batch) -> Ranges:
    """What is called safe, and whose results on the store were all withdrawn."""
    withdrawn = world.store.withdrawn.get(batch.id, Ranges())
    there = world.store.results.get(batch.id, Ranges()) | world.other_store.results.get(batch.id, Ranges())
    return (batch.results.safe & withdrawn) - there


def _agreed(world: World) -> bool:
    """All peers want the same of each batch."""
    wills: dict[BatchId, Will] = {}
    return all(batch.will == wills.setdefault(batch.id, batch.will) for _, batch in all_batches(world))


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
                word = f"will {batch.will.turn}.{batch.will.word}"
                parts.append(f"p{peer.number} {role}{batch.id[:6]} safe {done} held {batch.held()} {rounds} {word}")
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
            _check_failed(world, batch)
    if not world.counts["old copies"]:
        assert not world.counts["lost outputs"], "an output was thrown away before the journal said that it is safe"


def _check_failed(world: World, batch: Batch) -> None:
    """What is given up failed more often than it may, each failure counted once."""
    if not batch.failed:
        return
    disks = (record for peer in world.peers for record in peer.disk.durable)
    failures = {r.id: r for r in disks if isinstance(r, Failure) and r.batch == batch.id and r.turn == batch.will.turn}
    counted = Counter(failure.index for failure in failures.values())
    for index in batch.failed.indices():
        assert counted[index] > batch.will.settings.retries, f"task {index} is given up after {counted[index]} failures"
