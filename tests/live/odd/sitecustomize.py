"""What is odd about a machine: for processes that are started with this folder on their PYTHONPATH.

Environment: ODD_CLOCK is a file with the seconds by which the clock of the day is wrong, read each time anew;
ODD_STUCK, for how many seconds the first thread does nothing after SIGUSR1, while the others go on; ODD_VERSION, by
how much the version of the protocol is higher.
"""

import os
import signal
import time
from pathlib import Path

if clock := os.environ.get("ODD_CLOCK"):
    right = time.time
    time.time = lambda: right() + float(Path(clock).read_text())

if stuck := os.environ.get("ODD_STUCK"):
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(float(stuck)))

if version := os.environ.get("ODD_VERSION"):
    from musep2p.core import messages

    messages.PROTOCOL_VERSION += int(version)
