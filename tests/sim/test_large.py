"""Farms in which nobody hears everybody: all hungry, joiners in the middle, unequal speeds, one thin line."""

from dataclasses import replace

import pytest

from musep2p.cli.simulate import Farm
from musep2p.sim import scenario

CASES = [
    pytest.param(Farm(80, 1600, 1, task_ms=(1000, 3000)), 1.15, id="all are hungry at once", marks=pytest.mark.long),
    pytest.param(
        Farm(80, 800, 1, speeds=(1.0, 1.0, 0.5, 0.25), task_ms=(1000, 3000), late=16), 1.40,
        id="unequal, and joiners in the middle",
    ),
    pytest.param(
        Farm(80, 1600, 1, task_ms=(1000, 3000), slow_ms=300, slow_kb_s=20), 1.15,
        id="one far away behind a thin line", marks=pytest.mark.long,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("farm", "ratio"), CASES)
def test_a_large_farm_is_busy_and_quiet(farm, ratio):
    """Nearly as fast as any schedule could be on virtual time, at a bounded price of messages."""
    outcome = scenario.run(farm.plan())
    seconds = outcome.makespan_ms / 1000

    assert outcome.violations == []
    assert outcome.makespan_ms <= ratio * outcome.lower_bound_ms
    assert outcome.messages / farm.peers / seconds <= 40
    assert outcome.duplicates <= farm.tasks // 50


def test_thirty_at_once_of_which_half_leave_at_once():
    """Each leaver gives back what it has; no task is lost, and none is rendered twice for that."""
    plan = Farm(30, 600, 1, task_ms=(300, 600)).plan()
    leaving = tuple((peer, plan.submit_us[0] + 2_000_000) for peer in range(15, 30))
    outcome = scenario.run(replace(plan, leavers=leaving))

    assert outcome.violations == []
    assert outcome.duplicates <= 30
