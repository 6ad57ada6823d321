"""A farm on the loopback for each test."""

import pytest

from tests.live.farm import Farm


@pytest.fixture
def farm(tmp_path):
    made = Farm(tmp_path)
    yield made
    made.close()
