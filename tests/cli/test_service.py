"""What `service --print` prints is read by the systems' own formats, with the same words in the same order."""

import plistlib
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from musep2p.cli.service import arguments, entry
from musep2p.config import Settings

SETTINGS = Settings(
    state=Path("/home/an artist/state"), store=Path("/mnt/NAS & more/100%"), farm='st"udio', name="h1", slots=2,
    peers=("10.0.0.5:7340",), tags=("a100",),
)  # fmt: skip
COMMAND = ["/usr/bin/python3", "-m", "musep2p", *arguments(SETTINGS)]


def test_all_that_was_set_is_said():
    """The peer starts with the same settings wherever it is started from."""
    assert COMMAND[3:] == [
        "join", "--state", "/home/an artist/state", "--store", "/mnt/NAS & more/100%", "--farm", 'st"udio',
        "--name", "h1", "--slots", "2", "--peer", "10.0.0.5:7340", "--tag", "a100",
    ]  # fmt: skip


def test_systemd_reads_the_words():
    """Its quoting is like a shell's, but for % and $, which are doubled."""
    line = next(x for x in entry("linux", COMMAND, SETTINGS).splitlines() if x.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))

    assert [word.replace("%%", "%").replace("$$", "$") for word in words] == COMMAND


def test_launchd_reads_the_words():
    """As a property list."""
    assert plistlib.loads(entry("macos", COMMAND, SETTINGS).encode())["ProgramArguments"] == COMMAND


def test_the_task_scheduler_reads_the_words():
    """As XML, and the arguments as Windows programs split them."""
    root = ElementTree.fromstring(entry("windows", COMMAND, SETTINGS).replace("UTF-16", "UTF-8").encode())
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    found = next(root.iter(f"{space}Arguments")).text

    assert next(root.iter(f"{space}Command")).text == COMMAND[0]
    assert found == subprocess.list2cmdline(COMMAND[1:])


@pytest.mark.parametrize("system", ["linux", "macos", "windows"])
def test_as_a_user_prints_it(tmp_path, system):
    """The entry is on stdout, what to do with it on stderr; without --print nothing is done."""
    run = [sys.executable, "-m", "musep2p", "service", "--state", str(tmp_path), "--farm", "f", "--system", system]
    done = subprocess.run([*run, "--print"], capture_output=True, text=True, check=True)
    refused = subprocess.run(run, capture_output=True, text=True, check=False)

    assert "join" in done.stdout and "Save it as" in done.stderr
    assert refused.returncode == 2 and "--print" in refused.stderr
