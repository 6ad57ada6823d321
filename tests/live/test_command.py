"""A program of one machine as an engine of the farm: who has it does the work; it never outlives its task."""

import json
import sys

import psutil
import pytest
from PIL import Image

from tests.live.farm import until

PAINTS = """
import sys, time
from pathlib import Path
from PIL import Image
name, seed, seconds, output = sys.argv[1:]
time.sleep(float(seconds))
image = Image.linear_gradient("L").resize((64, 64)).rotate(int(seed)).convert("RGB")
for words in sys.argv[0].replace("paints", "broken"), sys.argv[0].replace("paints", "small"):
    if Path(words).exists():
        sys.exit(Path(words).read_text())
black = "night" in name and int(seed) % 3 == 0 and "p1" in sys.argv[0]
image.point(lambda level: 0 if black else level).save(output)
"""


def start(farm, name, *arguments, has_program=True):
    """A peer whose own settings name the program, or not."""
    home = farm.base / f"home-{name}"
    (home / "musep2p").mkdir(parents=True)
    program = farm.base / f"paints-{name}.py"
    program.write_text(PAINTS)
    run = [sys.executable, str(program), "{prompt}", "{seed}", "{seconds}", "{output}"]
    settings = f"[engines.command]\nrun = {json.dumps(run)}\ndefaults = {{seconds = 0}}\n" if has_program else ""
    (home / "musep2p/config.toml").write_text(settings)
    farm.start(name, *arguments, env={"XDG_CONFIG_HOME": str(home)})


def programs(farm):
    """Those of this farm that run now."""
    lines = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if str(farm.base / "paints-") in line]


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


def test_black_pictures_are_refused_and_rendered_by_another(farm):
    """One machine gives black for every third seed: none is stored, the reason is told, the picture is kept aside."""
    start(farm, "p1")
    start(farm, "p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    text = "name: nights\nengine: command\nprompt: night\nparams: {seconds: 0.2}\nseeds: {count: 18}\n"
    farm.run("submit", farm.batch(text), state="p1", check=0, timeout_s=90)
    rows = farm.results("p1", "nights")
    pictures = [Image.open(farm.base / "store" / row["path"]) for row in rows]
    kept = list((farm.base / "p1" / "quarantine").iterdir())

    assert len(rows) == 18 and all(image.getextrema()[0][1] > 100 for image in pictures)
    assert kept and all(path.name.endswith("-black.png") for path in kept)
    assert "the gate refused what the engine gave: black" in farm.log("p1")
    assert not (farm.base / "p2" / "quarantine").exists()
    index = int(kept[0].name.split("-")[1])
    assert "the gate refused" in farm.run("why", "nights", str(index), state="p1", check=0).stdout


def test_a_batch_that_wants_black_turns_the_check_off(farm):
    """Masks, for example."""
    start(farm, "p1")
    farm.wait_up(1, "p1")
    text = "name: masks\nengine: command\nprompt: night\nseeds: [3, 6]\ngate: {black: off, flat: off, equal: off}\n"
    farm.run("submit", farm.batch(text), state="p1", check=0)

    assert [row["attempt"] for row in farm.results("p1", "masks")] == [1, 1]


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


@pytest.mark.parametrize(
    ("words", "told"),
    [("the driver is gone", "a test render comes first"), ("CUDA out of memory", "is left to others for 10 s")],
    ids=["fails all it tries", "has no memory"],
)
def test_a_machine_that_cannot_leaves_the_work_to_others(farm, words, told):
    """It fails at once, so it would be free for the next task again and again; some seconds later it is well again."""
    start(farm, "p1")
    start(farm, "p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    broken = farm.base / "broken-p2.py"
    broken.write_text(words)
    text = "name: town\nengine: command\nprompt: town\nretries: 0\nparams: {seconds: 0.1}\nseeds: {count: COUNT}\n"
    farm.run("submit", farm.batch(text.replace("COUNT", "40").replace("retries: 0", "retries: 3")), state="p1", check=0)
    failed = farm.log("p2").count(", attempt ")
    assert len(farm.results("p1", "town")) == 40
    assert 1 <= failed <= 5 and told in farm.log("p2")

    broken.unlink()
    more = text.replace("town", "village").replace("COUNT", "400")
    farm.run("submit", farm.batch(more, "more.yaml"), "--detach", state="p1", check=0)
    until(lambda: "renders again here" in farm.log("p2"), "it works again", 40)
    ids = {peer["name"]: peer["id"] for peer in farm.peers("p1")}
    until(lambda: any(row["peer"] == ids["p2"] for row in farm.results("p1", "village")), "its pictures count")
