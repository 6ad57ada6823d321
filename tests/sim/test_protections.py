"""The simulator bites: each protection of the protocol, taken away, breaks an invariant in a farm that is named."""

import pytest

from musep2p.sim import scenario
from tests.sim.protections import PROTECTIONS


@pytest.mark.parametrize("name", PROTECTIONS)
def test_without_it_a_farm_fails(monkeypatch, name):
    """And with it, the same farm is sound."""
    protection = PROTECTIONS[name]
    assert scenario.run(protection.plan).violations == []
    protection.take_away(monkeypatch)

    assert scenario.run(protection.plan).violations
