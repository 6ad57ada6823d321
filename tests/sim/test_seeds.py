"""Hundreds of farms with faults, each drawn from a seed; and by name those seeds that once found a bug."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from musep2p.core import market
from musep2p.core.batch import Batch
from musep2p.core.state import Core
from musep2p.sim import scenario
from musep2p.sim.checkers import ALL
from musep2p.sim.network import Weather
from musep2p.sim.plan import Plan, draw
from tests.sim.found import FOUND

SEEDS = int(os.environ.get("MUSEP2P_TEST_SEEDS", "300"))
_AT_ONCE = 50  # a test each, so that they run side by side


def outcome_of(seed):
    """The outcome, or a failure that says how to run it again."""
    outcome = scenario.run(draw(seed))
    assert not outcome.violations, (
        f"seed {seed} {outcome.plan.faults()}: {outcome.violations[0]}\n"
        f"again, with the story: musep2p simulate --scenario {seed} --told 50"
    )
    return outcome


@pytest.mark.parametrize("plan", FOUND.values(), ids=FOUND)
def test_a_farm_that_found_a_bug(plan):
    """Each of these violated an invariant once."""
    assert scenario.run(plan).violations == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(10_000, 10_000 + SEEDS, _AT_ONCE))
def test_the_invariants_hold_for_hundreds_of_seeds(capsys, first):
    """Nothing lost, said means durable, one result, no phantoms, under loss, doubling, delay, deaths and rebirths."""
    rich = 0
    peers, kinds = Counter(), Counter()
    seeds = range(first, min(first + _AT_ONCE, 10_000 + SEEDS))
    for seed in seeds:
        outcome = outcome_of(seed)
        faults = outcome.plan.faults()
        peers[len(outcome.plan.slots)] += 1
        kinds.update(faults)
        rich += len(outcome.plan.slots) >= 3 and len(faults) >= 2 and outcome.steals >= 1
    with capsys.disabled():
        print(f"\n{len(seeds)} seeds, {rich} with three peers, two kinds of fault and a steal")
        print("  peers:", ", ".join(f"{n}: {peers[n]}" for n in sorted(peers)))
        print("  faults:", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))

    assert rich >= 0.8 * len(seeds)


SMALL = Plan(
    1, (1, 1, 1), (1.0, 1.0, 1.0), True, (12,), (0,), (1_500_000,), (20_000, 20_000), Weather(), heal_us=2_000_000
)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "name", "instead", "words"),
    [
        (Core, "write", lambda core, record, then=None, sync=(): then and then(1), "before its disk"),
        (market, "_close", lambda core, grant: core.grants.pop(grant.number), "held as granted"),
        (Batch, "take_in", lambda batch, ranges: None, "not complete"),
    ],
    ids=["says before the disk has it", "forgets a grant", "drops work"],
)
def test_the_checkers_see_what_they_are_for(monkeypatch, where, name, instead, words):
    """A core with a bug of each kind is found out; the sound one passes."""
    assert scenario.run(SMALL).violations == []
    monkeypatch.setattr(where, name, instead)

    assert words in str(scenario.run(SMALL).violations)


def test_the_checkers_across_peers_see_what_they_are_for():
    """A holding that nobody has, and a result that the store has not."""
    world = scenario._build(SMALL)
    while world.now_us < 1_540_000:
        world.step()
    checkers = {type(checker).__name__: checker for checker in (kind(world) for kind in ALL)}
    for checker in checkers.values():
        checker.check()
    (batch,) = world.peers[0].state.core.batches.values()
    guard = next(b for p in world.peers for b in p.state.core.batches.values() if b.accounting.views)
    reporter, view = next(iter(guard.accounting.views.items()))
    view.finished.add(0, 12)
    view.version = world.peers[int(reporter, 16)].state.core.batches[batch.id].version

    with pytest.raises(AssertionError, match="is believed to hold"):
        checkers["NoPhantoms"].check()
    batch.results.safe.add(0, 12)
    with pytest.raises(AssertionError, match="not on the store"):
        checkers["SafeStaysSafe"].check()
