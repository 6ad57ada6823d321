"""The same seed is the same run, whatever the interpreter's hash seed."""

import json
import os
import subprocess
import sys

import pytest

from musep2p.sim import scenario
from musep2p.sim.plan import draw

RUN = [sys.executable, "-m", "musep2p", "simulate", "--json"]


def simulate(*options, hash_seed="0"):
    done = subprocess.run(
        [*RUN, *options],
        capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.mark.parametrize("options", [["--scenario", "7"], ["--peers", "5", "--loss", "0.1", "--deaths", "1"]])
def test_two_processes_tell_the_same_story(options):
    """Every message and every event at the same virtual time, byte for byte."""
    one = simulate(*options, hash_seed="1")
    two = simulate(*options, hash_seed="4242")

    assert one == two
    assert len(one["trace_digest"]) == 32


def test_another_seed_is_another_run():
    """The digest is of what happened, not of the options."""
    digests = {scenario.run(draw(seed)).trace_digest for seed in range(5)}

    assert len(digests) == 5
