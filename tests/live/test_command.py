"""A program of one machine as an engine of the farm: who has it does the work; it never outlives its task."""

import json
import sys

import psutil
import pytest

from tests.live.farm import until

PAINTS = """
import sys, time
from PIL import Image
name, seed, seconds, output = sys.argv[1:]
time.sleep(float(seconds))
Image.effect_noise((32, 32), 40 + int(seed)).convert("RGB").save(output)
"""


def start(farm, name, *arguments, has_program=True):
    """A peer whose own settings name the program, or not."""
    home = farm.base / f"home-{name}"
    (home / "musep2p").mkdir(parents=True)
    program = farm.base / "paints.py"
    program.write_text(PAINTS)
    run = [sys.executable, str(program), "{prompt}", "{seed}", "{seconds}", "{output}"]
    settings = f"[engines.command]\nrun = {json.dumps(run)}\ndefaults = {{seconds = 0}}\n" if has_program else ""
    (home / "musep2p/config.toml").write_text(settings)
    farm.start(name, *arguments, env={"XDG_CONFIG_HOME": str(home)})


def programs(farm):
    """Those of this farm that run now."""
    lines = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(farm.base / "paints.py") in line]


def test_only_who_has_the_program_works(farm):
    """It is announced by those that can run it; a batch may be submitted at one that cannot."""
    start(farm, "p1", has_program=False)
    start(farm, "p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    engines = {peer["name"]: peer["engines"] for peer in farm.peers("p1")}
    text = 'name: drawn\nengine: command\nprompt: "a town"\nseeds: {count: 6}\n'
    farm.run("submit", farm.batch(text), state="p1", check=0)
    rows = farm.results("p1", "drawn")
    ids = {peer["name"]: peer["id"] for peer in farm.peers("p1")}

    assert "command" in engines["p2"] and "command" not in engines["p1"]
    assert {row["peer"] for row in rows} == {ids["p2"]} and len({row["digest"] for row in rows}) == 6
    assert all(row["path"].endswith(".png") and (farm.base / "store" / row["path"]).is_file() for row in rows)


@pytest.mark.parametrize("how", ["timeout", "peer killed"])
def test_a_program_that_hangs_is_ended(farm, how):
    """With its attempt, or with the peer, however that ends."""
    start(farm, "p1")
    farm.wait_up(1, "p1")
    timeout = "timeout: 1.5\nretries: 0\n" if how == "timeout" else ""
    text = f'name: drawn\nengine: command\nprompt: "a town"\nparams: {{seconds: 600}}\nseeds: {{count: 1}}\n{timeout}'
    farm.run("submit", "--detach", farm.batch(text), state="p1", check=0)
    until(lambda: programs(farm), "the program runs")
    if how == "timeout":
        until(lambda: farm.status("p1", "drawn")["failed"] == 1, "its attempt is over")
    else:
        farm.kill("p1")

    until(lambda: not programs(farm), "it was ended")
