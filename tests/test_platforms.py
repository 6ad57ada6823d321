"""What systems are asked for, on the one that the tests run on."""

import os
import signal
import subprocess
import sys

import pytest

from musep2p.platforms import child_options, fsync_folder, links_max, on_stop

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def test_a_child_is_out_of_its_parents_terminal():
    """It does not get the Ctrl-C that is meant for the parent."""
    code = "import os; print(os.getpid() == os.getsid(0))" if sys.platform != "win32" else "print(True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **child_options())

    assert done.stdout.strip() == "True"


@POSIX
def test_whoever_asks_the_process_to_end_is_heard():
    """Ctrl-C and the service manager."""
    before, heard = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}, []
    try:
        on_stop(lambda: heard.append(1))
        for number in before:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert heard == [1, 1]


@POSIX
def test_links_follow_what_the_system_grants():
    """More descriptors are asked for, as far as may be; few of them make few links, never none."""
    code = (
        "import resource; from musep2p.platforms import links_max;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        "print(links_max(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    said = []
    for soft, hard in ((64, 1200), (40, 40)):
        command = [sys.executable, "-c", code.format(soft=soft, hard=hard)]
        said.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    assert said == [["200", "1200"], ["16", "40"]]
    assert links_max() >= 16


def test_folders_and_niceness(tmp_path):
    """They may be asked for anywhere."""
    fsync_folder(tmp_path)
    code = "from musep2p.platforms import stand_back; stand_back(7); import psutil; print(psutil.Process().nice())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert sys.platform == "win32" or int(done.stdout) == os.nice(0) + 7
