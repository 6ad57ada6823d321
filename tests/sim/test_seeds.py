"""Hundreds of farms with faults, each drawn from a seed; and by name those seeds that once found a bug."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from musep2p.core import market, work
from musep2p.sim import scenario
from tests.sim.found import FOUND

SEEDS = int(os.environ.get("MUSEP2P_TEST_SEEDS", "240"))


def outcome_of(seed):
    """The outcome, or a failure that says how to run it again."""
    outcome = scenario.run(scenario.draw(seed))
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
def test_the_invariants_hold_for_hundreds_of_seeds(capsys):
    """Nothing lost, said means durable, one result, no phantoms, under loss, doubling, delay, deaths and rebirths."""
    rich = 0
    peers, kinds = Counter(), Counter()
    for seed in range(10_000, 10_000 + SEEDS):
        outcome = outcome_of(seed)
        faults = outcome.plan.faults()
        peers[len(outcome.plan.slots)] += 1
        kinds.update(faults)
        rich += len(outcome.plan.slots) >= 3 and len(faults) >= 2 and outcome.steals >= 1
    with capsys.disabled():
        print(f"\n{SEEDS} seeds, {rich} with three peers, two kinds of fault and a steal")
        print("  peers:", ", ".join(f"{n}: {peers[n]}" for n in sorted(peers)))
        print("  faults:", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))

    assert rich >= 0.9 * SEEDS


def test_the_checkers_see_what_they_are_for():
    """A peer that forgets what it was granted, or says what its disk has not, is found."""
    plan = scenario.draw(3)

    lost = market._take

    def forgetful(core, sender, body):
        taken = lost(core, sender, body)
        for batch in core.batches.values():
            batch.known = batch.known and not taken
        return taken

    hasty = work.settle_results
    try:
        market._take = forgetful
        assert any(scenario.run(scenario.draw(seed)).violations for seed in range(3, 8))
    finally:
        market._take = lost
    try:
        work.settle_results = lambda core, batch, block, indices: None
        assert scenario.run(plan).violations
    finally:
        work.settle_results = hasty
