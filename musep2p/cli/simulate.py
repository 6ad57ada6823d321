"""`simulate`: a farm on virtual time, on this machine, in seconds; the production core with faults at will."""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass

from musep2p.cli.show import note, print_json
from musep2p.errors import UsageError
from musep2p.sim import scenario
from musep2p.sim.network import Weather
from musep2p.sim.plan import Plan

__all__ = ["Farm", "numbers", "simulate", "span"]


_LAN_BYTES_S = 100_000_000


def numbers(text: str) -> tuple[float, ...]:
    """`1,1,0.5` as numbers.

    Raises:
        UsageError: it is something else.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{text!r} are no speeds.", "Write them like 1,1,0.5.") from None


def span(text: str) -> tuple[int, int]:
    """`50` or `20-60` as least and greatest.

    Raises:
        UsageError: it is something else.
    """
    low, _, high = text.partition("-")
    if not low.isdigit() or not (high or low).isdigit() or not 0 < int(low) <= int(high or low):
        raise UsageError(f"{text!r} is no time of a task.", "Write it in ms, like 50 or 20-60.")
    return int(low), int(high or low)


@dataclass(frozen=True, slots=True)
class Farm:
    """What to simulate.

    Attributes:
        speeds: of the peers, repeated in turn; 1 is usual.
        task_ms: least and greatest time of a task at speed 1.
        loss, doubling: probabilities for each message; delay_ms, jitter_ms: one way.
        slow_ms, slow_kb_s: what lies between the last peer and all others, if either is not 0.
        models: the tasks need so many, one after the other; loading another one takes `loading_ms` at speed 1.
        affinity: peers heed what they have loaded.
        late: so many peers join later; deaths: so many die on the way (never the one that submits).
    """

    peers: int
    tasks: int
    rng_seed: int
    speeds: tuple[float, ...] = (1.0,)
    slots: int = 1
    task_ms: tuple[int, int] = (50, 50)
    loss: float = 0.0
    doubling: float = 0.0
    delay_ms: float = 0.3
    jitter_ms: float = 0.2
    late: int = 0
    deaths: int = 0
    fail: float = 0.0
    store: bool = False
    heartbeat_ms: int = 1000
    slow_ms: float = 0.0
    slow_kb_s: float = 0.0
    models: int = 1
    loading_ms: int = 0
    affinity: bool = True

    def plan(self) -> Plan:
        """The scenario: one batch, submitted at peer 0 after 1.5 s.

        Raises:
            UsageError: the numbers make no farm.
        """
        self._check()
        rng = random.Random(f"musep2p farm {self.rng_seed}")
        low, high = self.task_ms[0] * 1000, self.task_ms[1] * 1000
        power = self.slots * sum(self.speeds[i % len(self.speeds)] for i in range(self.peers))
        span = max(1_000_000, int(self.tasks * (low + high) / 2 / power))
        others = rng.sample(range(1, self.peers), self.late + self.deaths)
        slow = (self.peers - 1, int(self.slow_ms * 1000), int(self.slow_kb_s * 1000) or _LAN_BYTES_S)
        return Plan(
            self.rng_seed,
            (self.slots,) * self.peers,
            tuple(self.speeds[i % len(self.speeds)] for i in range(self.peers)),
            self.store,
            (self.tasks,),
            (0,),
            (1_500_000,),
            (low, high),
            Weather(self.loss, self.doubling, int(self.delay_ms * 1000), int(self.jitter_ms * 1000)),
            tuple((p, 1_500_000 + rng.randrange(span)) for p in others[: self.late]),
            (),
            tuple((p, 1_500_000 + rng.randrange(span), rng.random() < 0.4) for p in others[self.late :]),
            fail=self.fail,
            heal_us=0,
            heartbeat_ms=self.heartbeat_ms,
            models=self.models,
            loading_us=self.loading_ms * 1000,
            affinity=self.affinity,
            slow=(slow,) if self.slow_ms or self.slow_kb_s else (),
        )

    def _check(self) -> None:
        if not all(0 < n < 1e9 for n in (self.peers, self.tasks, self.slots, self.heartbeat_ms, *self.speeds)):
            raise UsageError("peers, tasks, slots, speeds, heartbeats must be above 0.", "Try `--peers 8`.")
        if self.models < 1 or self.tasks % self.models:
            raise UsageError("the tasks cannot be shared out equally among the models.", "Try `--models 2`.")
        times = (self.loading_ms, self.delay_ms, self.jitter_ms, self.slow_ms, self.slow_kb_s)
        if not all(0 <= value < 1e6 for value in times):
            raise UsageError("delays, jitter and kB/s must be numbers from 0 on.", "Try `--delay-ms 0.3`.")
        if (
            not all(0 <= share < 1 for share in (self.loss, self.doubling, self.fail))
            or self.late + self.deaths >= self.peers
        ):
            raise UsageError(
                "probabilities must be below 1, and one peer must be there all the time.", "Lower the faults."
            )


def simulate(plan: Plan, *, as_json: bool, told: int = 0) -> int:
    """Run it; returns 1 when an invariant was violated."""
    gc.set_threshold(50_000, 50, 1000)  # objects stay to the end: nothing to look for
    outcome = scenario.run(plan, keep_told=told)
    peers = len(plan.slots)
    ratio = outcome.makespan_ms / outcome.lower_bound_ms if outcome.lower_bound_ms else 0.0
    value = {
        "makespan_ms": outcome.makespan_ms, "lower_bound_ms": outcome.lower_bound_ms, "ratio": round(ratio, 4),
        "messages_per_peer": round(outcome.messages / peers), "bytes_per_peer": round(outcome.bytes_sent / peers),
        "steals": outcome.steals, "switches": outcome.switches, "duplicates": outcome.duplicates,
        "violations": outcome.violations,
        "trace_digest": outcome.trace_digest,
    }  # fmt: skip
    for line in outcome.told:
        note(line)
    if as_json:
        print_json(value)
    else:
        for name, shown in value.items():
            print(f"{name:18} {shown if shown != [] else 'none'}")
    return 1 if outcome.violations else 0
