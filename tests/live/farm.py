"""Real peers as processes, and waiting for conditions with a deadline."""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import typer.main

from musep2p.cli.main import app
from musep2p.errors import MuseError

FARM = f"test{os.getpid()}"  # tests that run side by side do not meet
COMMAND = typer.main.get_command(app)
MUSEP2P = [sys.executable, "-m", "musep2p"]
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("MUSEP2P_")}


def pictures(each, size):
    """A batch of so many pictures of each of three cities."""
    return (
        f'name: cities\nprompt: "{{{{city}}}} at dawn"\nsize: {size}x{size}\n'
        f"axes: {{city: [Kyoto, Rome, Oslo]}}\nseeds: {{count: {each}}}\n"
    )


def files(each):
    """The same of files that take no time to make, each of other bytes."""
    return (
        'name: cities\nengine: sleep\nprompt: "{{city}}"\nparams: {ms: 80, distinct: true}\n'
        f"axes: {{city: [Kyoto, Rome, Oslo]}}\nseeds: {{count: {each}}}\n"
    )


def until(condition, what, timeout_s=30.0):
    """The first true value of a condition, or a failure that says what did not come true."""
    deadline, pause_s = time.monotonic() + timeout_s, 0.02
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause_s)  # a poll interval, not a guess of how long something takes
        pause_s = min(0.2, 1.3 * pause_s)
    raise AssertionError(f"not within {timeout_s} s: {what}")


def enter(namespace):
    """This thread is on another host from now on."""
    with (Path("/var/run/netns") / namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), namespace)


def said(arguments, environment):
    """(exit code, stdout, stderr) of a command in this process; what it needs to be parsed is made once."""
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environment, clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            code = COMMAND.main(args=arguments, prog_name="musep2p", standalone_mode=False)
        except MuseError as error:
            return error.exit_code, out.getvalue(), str(error)
        except SystemExit as stop:
            code = stop.code
    return code or 0, out.getvalue(), err.getvalue()


class Farm:
    """Some peers of one farm below a folder; every process that it starts is ended with it."""

    def __init__(self, base: Path, *, farm: str = FARM, prefix=()):
        self.base, self.farm, self.prefix = base, farm, list(prefix)
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.addresses: dict[str, str] = {}

    def start(
        self, name, *options, store=True, wait=True, listen="127.0.0.1", mdns=False, prefix=None, env=(), cwd=None
    ):  # fmt: skip
        """`musep2p join`; returns the ready line."""
        command = [*MUSEP2P, "join", "--name", name, "--state", self.base / name, "--json", "--verbose"]
        command += ["--store", self.base / "store"] if store else []
        command += ["--listen", listen] if listen else []
        command += [] if mdns else ["--no-mdns"]
        if not self.processes:
            (self.base / "store").mkdir(exist_ok=True)  # later it may be a share that hangs
        if wait and store and not mdns and not self.processes and not any((self.base / "store").iterdir()):
            command += ["--adopt-store"]  # who is first need not look around for others
        log = (self.base / f"{name}.log").open("a")
        full = [*(self.prefix if prefix is None else prefix), *map(str, command), *map(str, options)]
        process = subprocess.Popen(
            full, stdout=subprocess.PIPE, stderr=log, text=True, env={**CLEAN, "MUSEP2P_FARM": self.farm, **dict(env)},
            start_new_session=True, cwd=cwd,
        )  # fmt: skip
        self.processes[name] = process
        return self.ready(name) if wait else None

    def ready(self, name):
        """The ready line of a peer that was started."""
        line = self.processes[name].stdout.readline()
        assert line, f"{name} ended: {self.log(name)}"
        ready = json.loads(line)
        assert "address" in ready, line
        self.addresses[name] = ready["address"]
        return ready

    def log(self, name):
        """What a peer has said so far."""
        return (self.base / f"{name}.log").read_text()

    def run(self, *arguments, state=None, timeout_s=60, check=None, prefix=None, env=()):
        """A face's command; asserts the exit code if one is expected.

        What needs no process of its own (no terminal, no signal) and shall succeed is run in this one: much is asked.
        """
        detached = arguments[0] in ("results", "watch") or "--detach" in arguments
        if check == 0 and detached and state and not env:
            code, out, err = self._here(*map(str, arguments), "--state", str(self.base / state), prefix=prefix)
            assert code == 0, f"{code}: {out} {err}"
            return subprocess.CompletedProcess(list(arguments), code, out, err)
        command = [*(self.prefix if prefix is None else prefix), *MUSEP2P, *map(str, arguments)]
        command += ["--state", str(self.base / state)] if state else []
        environment = {**CLEAN, "MUSEP2P_FARM": self.farm, "MUSEP2P_LISTEN": "127.0.0.1", **dict(env)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=environment, check=False)
        assert check is None or done.returncode == check, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ask(self, *arguments, state, prefix=None, env=()):
        """A face's command in this process, for what is asked again and again: its JSON, None if it failed."""
        code, out, _ = self._here(*arguments, "--json", "--state", str(self.base / state), prefix=prefix, env=env)
        return json.loads(out) if code == 0 else None

    def _here(self, *arguments, prefix=None, env=()):
        """(exit code, stdout, stderr) of a command that is run in this process."""
        prefix = self.prefix if prefix is None else prefix
        settings = {"MUSEP2P_FARM": self.farm, "MUSEP2P_LISTEN": "127.0.0.1", **dict(env)}
        with ThreadPoolExecutor(1) as thread:  # one of its own can be on another host
            if prefix:
                thread.submit(enter, prefix[-1]).result()
            return thread.submit(said, list(arguments), {**CLEAN, **settings}).result()

    def peers(self, state, **kw):
        """The farm as one peer sees it."""
        return self.ask("peers", state=state, **kw) or []

    def wait_up(self, count, state, *, store=True, timeout_s=30.0, **kw):
        """Until a peer sees this many up, each with the store."""

        def all_up():
            seen = [p for p in self.peers(state, **kw) if p["state"] == "up" and (p["store"] == "ok" or not store)]
            return len(seen) >= count and seen

        return until(all_up, f"{count} peers up at {state}", timeout_s)

    def wait_idle(self, state, **kw):
        """Until each peer has a slot that could begin at once: a small batch is over before a child is up."""
        return until(lambda: (seen := self.peers(state, **kw)) and all(p["free"] for p in seen), "all slots are up")

    def makers(self, submitter, each):
        """The peers that worked on a batch whose every task takes as long: of pictures, a slow start may get none."""
        text = files(each).replace("name: cities", "name: shared")
        self.run("submit", self.batch(text, "shared.yaml"), state=submitter, check=0, timeout_s=90)
        return {row["peer"] for row in self.results(submitter, "shared")}

    def batch(self, text, name="batch.yaml"):
        """A batch file."""
        path = self.base / name
        path.write_text(text, "utf-8")
        return path

    def status(self, state, batch="last", **kw):
        """The status of a batch, or {}."""
        return self.ask("status", batch, state=state, **kw) or {}

    def results(self, state, batch="last", **kw):
        """All results of a batch."""
        return json.loads(self.run("results", batch, "--json", state=state, check=0, **kw).stdout)

    def kill(self, name, sig=signal.SIGKILL):
        """A signal to one peer's process and its children."""
        process = self.processes[name]
        if sig == signal.SIGKILL:
            os.killpg(process.pid, sig)
            process.wait()
        else:
            process.send_signal(sig)

    def close(self):
        """End every process."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            process.stdout.close()
