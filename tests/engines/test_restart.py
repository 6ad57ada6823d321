"""A server that does not come back by itself is started again by its owner's command, once."""

import sys
import threading
import time

import pytest

from musep2p.engines import restart as module
from musep2p.engines.a1111 import A1111Engine
from musep2p.engines.restart import Restart
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Task
from tests.engines.a1111_server import A1111Server
from tests.live.farm import until

APPEND = "import sys; open(sys.argv[1], 'a').write('x')"


def command(file):
    return (sys.executable, "-c", APPEND, str(file))


def test_it_is_run_once_in_a_while_by_whichever_slot(tmp_path, monkeypatch):
    """Two slots notice at the same moment; both wait for the server again."""
    said, file = [], tmp_path / "runs"
    slots = [Restart("a1111", command(file), "http://x", tmp_path) for _ in range(2)]
    threads = [threading.Thread(target=lambda slot=slot: said.append(slot.run())) for slot in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    monkeypatch.setattr(module, "_FRESH_S", 0.0)

    assert said == [True, True] and file.read_text() == "x"
    assert slots[0].run() is False, "it did not help, and is not done again at once"
    monkeypatch.setattr(module, "_AGAIN_S", 0.0)
    assert slots[0].run() is True and file.read_text() == "xx"
    assert Restart("a1111", (), "http://x", tmp_path).run() is False


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (("no-such-program",), "cannot be run"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with exit code 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "did not end within 1 s"),
    ],
)
def test_a_command_that_does_not_work_is_said(tmp_path, monkeypatch, program, words):
    """As the reason why the attempt failed."""
    monkeypatch.setattr(module, "_WITHIN_S", 1.0)
    with pytest.raises(EngineError, match=words):
        Restart("a1111", program, "http://x", tmp_path).run()


def test_the_task_that_waited_is_rendered(tmp_path, monkeypatch):
    """After its patience the command is run, and the server is waited for once more."""
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: str(tmp_path))
    server = A1111Server()
    port, file, back = int(server.url.rpartition(":")[2]), tmp_path / "runs", []
    server.close()

    def service_manager():
        until(file.exists, "it is told to")
        back.append(A1111Server(port))

    thread = threading.Thread(target=service_manager)
    thread.start()
    engine = A1111Engine({"url": server.url, "patience_s": 3, "restart": list(command(file))})
    began = time.monotonic()
    output = engine.render(Task(engine.normalise({"prompt": "x", "width": 64, "height": 64}), 1, 1.0))
    thread.join(30)
    back[0].close()

    assert output.ext == "png" and file.read_text() == "x" and time.monotonic() - began < 20
    with pytest.raises(ConfigError, match="restart must be a list of texts"):
        A1111Engine({"url": server.url, "restart": "systemctl restart x"})
