"""Children and their frames: in order, without waiting, and nothing is left when they end."""

import sys
import threading
import time

from musep2p.pipes import FrameProcess
from tests.live.farm import until

ECHO = """
import sys
from musep2p.pipes import child_pipes, read_frame, write_frame
commands, say = child_pipes()
while (frame := read_frame(commands)) is not None:
    write_frame(say, frame)
"""
DEAF = "import time; print('up', flush=True); time.sleep(600)"


def start(code, heard, ended):
    return FrameProcess(["-c", code], heard.append, lambda code: ended.append(code))


def test_frames_in_order_and_an_end():
    """Large ones too; what is said last is heard before the end."""
    heard, ended = [], []
    child = start(ECHO, heard, ended)
    said = [bytes([n % 256]) * (n * n) for n in range(500)]
    for frame in said:
        child.send(frame)
    assert child.close(20)
    until(lambda: ended, "its end is told")

    assert heard == said and ended == [0]


def test_a_child_that_does_not_listen_keeps_nobody_waiting():
    """As one that hangs in a library: what it is told waits in a queue, and it can be ended."""
    ended, threads = [], threading.active_count()
    child = start(DEAF, [], ended)
    began = time.monotonic()
    for _ in range(100):
        child.send(b"x" * 100_000)
    assert time.monotonic() - began < 5
    child.kill()
    until(lambda: ended, "its end is told")
    child.send(b"more")
    assert child.close(5)
    until(lambda: threading.active_count() <= threads, "its threads are gone")


def test_what_a_child_leaves_running_is_ended():
    """It may hold what the next child needs."""
    code = f"import subprocess, sys; subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'])"
    ended = []
    child = start(code, [], ended)
    assert child.close(20)
    until(lambda: ended, "its end is told, though what it started held its output", 20)
