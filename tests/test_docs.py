"""The pages are true: their commands run, in order, as they stand; their links lead somewhere.

A fenced `sh` block is preceded by `<!-- run -->` or `<!-- run: background -->`, a file by `<!-- file: NAME -->`.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.live.farm import until

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#(?P<part>[\w-]+))?\)")


pytestmark = pytest.mark.xdist_group("default farm")  # whose peers on this machine would find each other


def blocks(page):
    return [(m["mark"] or "", m["kind"], m["text"]) for m in BLOCK.finditer(page.read_text("utf-8"))]


class Shell:
    """A folder in which a page's commands run, with the musep2p of this Python."""

    def __init__(self, base):
        self.base, self.background = base, []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MUSEP2P_")}
        self.env = {
            **clean, "PATH": path, "MUSEP2P_STATE": str(base / "state"), "XDG_CONFIG_HOME": str(base / "config"),
            "MUSEP2P_LISTEN": "127.0.0.1", "HOME": str(base),
        }  # fmt: skip

    def run(self, text):
        script = f"set -e\n{text}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.base,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, text):
        log = (self.base / f"background-{len(self.background)}.log").open("w+")
        command = ["bash", "-c", f"exec {text.strip()}"]
        self.background.append(
            subprocess.Popen(command, cwd=self.base, env=self.env, stderr=log, stdout=log, start_new_session=True)
        )
        until(lambda: " listens at " in Path(log.name).read_text(), text, 30)
        until(lambda: "the store is there" in Path(log.name).read_text(), text, 30)

    def close(self):
        for process in self.background:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.background:
            process.wait(30)


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.close()
    left = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    assert not left


RUNNABLE = [page for page in PAGES if "<!-- run" in page.read_text("utf-8")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page, shell):
    """In order, in one folder; each ends with 0."""
    for mark, kind, text in blocks(page):
        if mark.startswith("file: "):
            (shell.base / mark.removeprefix("file: ")).write_text(text, "utf-8")
        elif mark == "run: background":
            shell.start(text)
        elif mark == "run":
            shell.run(text)
        else:
            assert kind != "sh", f"{page.name}: a block of commands that no test runs:\n{text}"


def test_enough_pages_are_run():
    """The tutorial, the how-tos and the simulation."""
    assert {"tutorial.md", "how-to.md", "simulation.md"} <= {page.name for page in RUNNABLE}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """To a file of the repository, and to a heading that it has."""
    for match in LINK.finditer(page.read_text("utf-8")):
        if "://" in match["target"]:
            continue
        target = (page.parent / match["target"]).resolve()
        assert target.exists(), match[0]
        if match["part"]:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert match["part"] in {h.lower().replace(" ", "-") for h in headings}, match[0]


def test_the_batch_of_the_read_me_is_a_batch(tmp_path):
    """What the read-me shows as a batch file is one."""
    from musep2p.batchfile.reader import read_text

    (text,) = [text for _, kind, text in blocks(ROOT / "README.md") if kind == "yaml"]
    assert read_text(text, "x").recipe.count() == 24


def test_every_command_and_setting_is_in_the_reference():
    """Commands, long options and settings."""
    from dataclasses import fields

    import typer

    from musep2p.cli.main import app
    from musep2p.config import Settings

    reference = (ROOT / "docs/reference.md").read_text("utf-8")
    commands = typer.main.get_command(app).commands
    for name in commands:
        assert f"`{name}" in reference, name
    for name in ("join", "submit"):
        for parameter in commands[name].params:
            for option in parameter.opts:
                assert not option.startswith("--") or option in reference, option
    for field in fields(Settings):
        assert f"`{field.name}`" in reference, field.name


def test_the_protocol_is_drawn_as_it_is():
    """Every message and every move of a member is on the page."""
    from musep2p.core import messages
    from musep2p.core.membership import MOVES

    page = (ROOT / "docs/protocol.md").read_text("utf-8")
    named = set(re.findall(r"[A-Z]\w+", "".join(line for line in page.splitlines() if line.startswith("| "))))
    drawn = {tuple(move) for move in re.findall(r"(\w+) -> (\w+)", page.split("## Membership")[1].split("## ")[0])}
    moves = {(before, after) for before, states in MOVES.items() for after in states}

    assert {kind.__name__ for kind in messages.Message.__args__} <= named
    assert drawn == {move for move in moves if move[1] != "left"} | {("any", "left")}
