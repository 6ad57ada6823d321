"""A farm, its batches and its faults, drawn from one rng seed. What follows from it follows from it alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal

from musep2p.core.requests import Word
from musep2p.sim.accidents import Accidents, draw_accidents
from musep2p.sim.network import Weather

__all__ = ["NasState", "Plan", "draw"]

NasState = Literal["hangs", "full", "flaky"]

_FATAL = ("", "", "Durable", "Published", "TasksDone", "Received")  # in the middle of which peers die


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed stands for.

    Attributes:
        slots, speeds: of each peer.
        stores: whether outputs go to a shared store; otherwise to guardians, with `folders` as files.
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
        torn: a process that dies may leave some of what was not synced, not only nothing.
        between: of each death, after how many effects of what event it comes; (-1, ''): between two events.
        clocks: (rate, milliseconds ahead) of each peer's clock.
        pauses: (peer, from, microseconds, suspended?): its process stands still, or its machine and its mail is lost.
        nas: (from, to, what): while the store hangs, is full, or fails now and then.
        old_copies: peers that are started again from an old copy of their state folder.
        disks: (peer, from, to, stuck?): while its own disk is full; when stuck, also its journal waits for room.
        spoils: (microsecond, rng seed): when the object of a result on the store goes bad, and somebody notices.
        blind: peers that do not see the store, where there is one.
        slow: (peer, microseconds one way, bytes a second) of each machine behind a slow line, all the time.
        mail: what is sent to a process that is not running waits for its next life.
        accidents: the rarer faults.
        models: the tasks of a batch need so many models, one after the other, where they can be shared out equally.
        looks: of each peer, in which look it renders, and all batches ask for the look 0; empty if they do not.
        loading_us: what loading another one takes at speed 1; `affinity`: whether peers heed what they have loaded.
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
    torn: bool = False
    between: tuple[tuple[int, str], ...] = ()
    clocks: tuple[tuple[float, int], ...] = ()
    pauses: tuple[tuple[int, int, int, bool], ...] = ()
    nas: tuple[tuple[int, int, NasState], ...] = ()
    old_copies: tuple[int, ...] = ()
    disks: tuple[tuple[int, int, int, bool], ...] = ()
    spoils: tuple[tuple[int, int], ...] = ()
    blind: tuple[int, ...] = ()
    folders: bool = False
    mail: bool = False
    accidents: Accidents = field(default_factory=Accidents)
    models: int = 1
    looks: tuple[int, ...] = ()
    loading_us: int = 0
    affinity: bool = True

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
            "torn": self.torn and bool(self.deaths),
            "between effects": any(after >= 0 for after, _ in self.between),
            "clocks": bool(self.clocks),
            "pause": any(not suspended for *_, suspended in self.pauses),
            "suspension": any(suspended for *_, suspended in self.pauses),
            "store hangs": any(what == "hangs" for *_, what in self.nas),
            "store full": any(what == "full" for *_, what in self.nas),
            "old copy": bool(self.old_copies),
            "disk full": bool(self.disks),
            "spoiled object": bool(self.spoils),
            "blind": bool(self.blind),
            "folders": self.folders,
            "mail": self.mail and bool(self.rebirths),
            "partition": any(len(pairs) > 1 for _, _, pairs in self.cuts),
            "one-way": any(len(pairs) == 1 for _, _, pairs in self.cuts),
            "apart at first": any(start == 0 for start, _, _ in self.cuts),
            "models": self.models > 1,
            "looks": bool(self.looks),
            "store flaky": any(what == "flaky" for *_, what in self.nas),
            **self.accidents.kinds(),
        }
        return [kind for kind, on in kinds.items() if on]


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
    hasty = {p for p, *_ in deaths if random.Random(f"musep2p hasty {seed} {p}").random() < 0.3}
    rebirths = tuple((p, next(d[1] for d in deaths if d[0] == p) + 20_000 if p in hasty else at) for p, at in rebirths)
    living = [p for p in range(count) if p not in doomed]
    leavers = tuple((p, rng.randrange(3_000_000, 8_000_000)) for p in living[1:2] if rng.random() < 0.2)
    cuts = _draw_cuts(seed, count)
    low = rng.choice((4000, 20_000, 50_000, 200_000))
    tasks = tuple(rng.choice((80, 120, 160) if i == 0 else (1, 7, 40, 120)) for i in range(batches))
    return Plan(
        seed, slots, speeds, stores, tasks,
        tuple(rng.choice(mortal) for _ in range(batches)),
        tuple(rng.randrange(1_000_000, 3_000_000) for _ in range(batches)),
        (low, low * rng.choice((1, 3))), weather, late, leavers, deaths, rebirths,
        rng.choice((0.0, 0.0, 0.05, 0.2)), rng.choice((0.0, 0.0, 0.03)),
        rng.randrange(batches) if rng.random() < 0.15 else -1, cuts, rng.choice((1, 1, 2)),
        max([8_000_000, *(end for _, end, _ in cuts)]),
        **_draw_recipes(random.Random(f"musep2p recipes {seed}")),
        all_to_all=random.Random(f"musep2p gossip {seed}").choice((0, 0, 0, 2, 3)),
        slow=_draw_slow(random.Random(f"musep2p slow {seed}"), count),
        **(_draw_store(seed, count, living[0]) if stores else {}),
        **_draw_machines(random.Random(f"musep2p machines {seed}"), count, deaths, rebirths, hasty, stores),
        disks=_draw_disks(random.Random(f"musep2p full disks {seed}"), count),
        **_draw_kept(seed, stores),
        commands=_draw_commands(random.Random(f"musep2p commands {seed}"), count, batches),
        **_draw_rendering(seed, count, living[0]),
        accidents=draw_accidents(seed, count, living[0], {peer for peer, _ in rebirths}, stores=stores, tasks=tasks[0]),
    )  # fmt: skip


def _draw_store(seed: int, count: int, spared: int) -> dict[str, Any]:
    """When it is away, what goes bad on it, and who does not see it."""
    return {
        "outages": _draw_outages(random.Random(f"musep2p outages {seed}")),
        "blind": _draw_blind(random.Random(f"musep2p blind {seed}"), count, spared),
        "spoils": _draw_spoils(random.Random(f"musep2p spoils {seed}")),
    }


def _draw_kept(seed: int, stores: bool) -> dict[str, Any]:
    """What stays where it is: files in folders of peers, mail for processes that do not run."""
    folders = not stores and random.Random(f"musep2p folders {seed}").random() < 1 / 5
    return {"folders": folders, "mail": random.Random(f"musep2p mail {seed}").random() < 1 / 2}


def _draw_recipes(rng: random.Random) -> dict[str, Any]:
    """Whether recipes travel piece by piece, and every how manieth task is excluded."""
    return {"large_recipes": rng.random() < 0.3, "holes": rng.choice((0, 0, 0, 2, 3, 7))}


def _draw_rendering(seed: int, count: int, spared: int) -> dict[str, Any]:
    """Which models tasks need, and in which looks machines render."""
    looks = _draw_looks(random.Random(f"musep2p looks {seed}"), count, spared)
    return {**_draw_models(random.Random(f"musep2p models {seed}")), "looks": looks}


def _draw_models(rng: random.Random) -> dict[str, Any]:
    """In one farm of six tasks need two or four models, and loading one takes as long as several tasks."""
    if rng.random() > 1 / 6:
        return {}
    return {"models": rng.choice((2, 4)), "loading_us": rng.choice((50_000, 400_000))}


def _draw_looks(rng: random.Random, count: int, spared: int) -> tuple[int, ...]:
    """In one farm of ten not all render in the same look, and the batches ask for one that somebody has."""
    drawn = tuple(rng.choice((0, 0, 1)) for _ in range(count))
    return tuple(0 if peer == spared else look for peer, look in enumerate(drawn)) if rng.random() < 1 / 10 else ()


def _draw_cuts(seed: int, count: int) -> tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]:
    """All that cuts some peers off from others."""
    splits = _draw_splits(random.Random(f"musep2p cuts {seed}"), count)
    splits += _draw_early_cuts(random.Random(f"musep2p early cuts {seed}"), count)
    return splits + _draw_more_cuts(random.Random(f"musep2p more cuts {seed}"), count)


def _draw_splits(rng: random.Random, count: int) -> tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]:
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


def _draw_early_cuts(rng: random.Random, count: int) -> tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]:
    """In one farm of twenty two parts have never heard of each other."""
    if rng.random() > 1 / 20:
        return ()
    side = [rng.random() < 0.5 for _ in range(count)]
    split = [(a, b) for a in range(count) for b in range(count) if side[a] != side[b]]
    return ((0, rng.choice((3_000_000, 7_000_000)), tuple(split)),) if split else ()


def _draw_more_cuts(rng: random.Random, count: int) -> tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]:
    """In one farm of ten a partition in thirds; in another a peer whose link comes and goes."""
    kind, start = rng.random(), rng.randrange(1_500_000, 6_000_000)
    if kind < 0.1:
        side = [rng.randrange(3) for _ in range(count)]
        split = [(a, b) for a in range(count) for b in range(count) if side[a] != side[b]]
        return ((start, start + rng.choice((4_000_000, 8_000_000)), tuple(split)),) if split else ()
    if kind < 0.2:
        loose, every = rng.randrange(count), rng.choice((300_000, 2_000_000))
        split = [(a, b) for a in range(count) for b in range(count) if a != b and loose in (a, b)]
        return tuple((at, at + every, tuple(split)) for at in range(start, start + 6 * every, 2 * every))
    return ()


def _draw_machines(
    rng: random.Random,
    count: int,
    deaths: tuple[tuple[int, int, bool], ...],
    rebirths: tuple[tuple[int, int], ...],
    hasty: set[int],
    stores: bool,
) -> dict[str, Any]:
    """What is wrong with disks, clocks, processes and the store."""
    clocks = tuple((1 + rng.choice((0, 0.0002, -0.0002, 0.05, -0.05)), rng.randrange(10**9)) for _ in range(count))
    pauses = tuple(
        (peer, rng.randrange(1_500_000, 8_000_000), rng.choice((500_000, 3_000_000, 9_000_000)), rng.random() < 0.4)
        for peer in rng.sample(range(count), rng.choice((0, 0, 0, 0, 1, 1, 2)))
    )
    start = rng.randrange(1_500_000, 7_000_000)
    states: tuple[NasState, ...] = ("hangs", "full")
    nas = ((start, start + rng.choice((500_000, 1_800_000, 6_000_000)), rng.choice(states)),)
    return {
        "torn": rng.random() < 0.5,
        "between": tuple(
            (rng.choice((-1, 0, 0, 1, 1, 2, 3)), rng.choice(_FATAL)) if peer not in hasty else (-1, "")
            for peer, *_ in deaths
        ),
        "clocks": clocks if rng.random() < 0.3 else (),
        "pauses": pauses,
        "nas": nas if stores and rng.random() < 0.3 else _draw_flaky(start) if stores else (),
        "old_copies": tuple(peer for peer, _ in rebirths if stores and rng.random() < 0.2),
    }


def _draw_flaky(start: int) -> tuple[tuple[int, int, NasState], ...]:
    """In one farm of seven with a store it fails now and then, for four seconds."""
    return ((start, start + 4_000_000, "flaky"),) if start % 7 == 0 else ()


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


def _draw_disks(rng: random.Random, count: int) -> tuple[tuple[int, int, int, bool], ...]:
    """In one farm of ten the disk of one or two machines is full for a time."""
    if rng.random() > 1 / 10:
        return ()
    full = []
    for peer in rng.sample(range(count), rng.choice((1, 1, 2))):
        start = rng.randrange(1_500_000, 8_000_000)
        full.append((peer, start, start + rng.choice((500_000, 3_000_000, 8_000_000)), rng.random() < 0.5))
    return tuple(full)


def _draw_blind(rng: random.Random, count: int, spared: int) -> tuple[int, ...]:
    """In one of eight farms with a store some peers do not see it; one that lives to the end does."""
    if rng.random() > 1 / 8:
        return ()
    others = [peer for peer in range(count) if peer != spared]
    return tuple(sorted(rng.sample(others, rng.randint(1, len(others)))))


def _draw_spoils(rng: random.Random) -> tuple[tuple[int, int], ...]:
    """In one of six farms with a store some objects there go bad."""
    if rng.random() > 1 / 6:
        return ()
    return tuple((rng.randrange(2_500_000, 12_000_000), rng.getrandbits(32)) for _ in range(rng.choice((1, 2, 5))))


def _draw_commands(rng: random.Random, peers: int, batches: int) -> tuple[tuple[int, int, int, Word], ...]:
    """In one farm of four somebody pauses, resumes and retries, here and there."""
    if rng.random() > 1 / 4:
        return ()
    often: tuple[Word, ...] = ("pause", "pause", "resume", "retry")
    words = [rng.choice(often) for _ in range(rng.randint(1, 4))]
    return tuple((rng.randrange(2_000_000, 9_000_000), rng.randrange(peers), rng.randrange(batches), w) for w in words)
