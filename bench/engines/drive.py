"""Drive a real engine's server through two peers: render, start the server again, refusals, cancelling.

    python drive.py ENGINE --url URL --settings TOML [--probe] [--only SCENARIO,...] -- SERVER COMMAND...

Run it with the Python that has musep2p. It starts the server's command and ends it; what it makes goes to `--work`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

_SETTLES_S = 2.0  # a web UI that is asked something while it starts may end with an error
MUSEP2P = [sys.executable, "-m", "musep2p"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("MUSEP2P_")}


def until(condition, what, timeout_s=300.0, pause_s=0.2):
    """The first true value of a condition."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(pause_s)
    raise SystemExit(f"not within {timeout_s} s: {what}")


class Engine:
    """The server's process; its words are in a file."""

    def __init__(self, command, url, ready, log):
        self.command, self.url, self._ready, self._log, self._process = command, url, ready, log, None

    def start(self):
        began = time.monotonic()
        with self._log.open("a") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, start_new_session=True)
        until(self._listens, f"{self.url} listens, see {self._log}")
        time.sleep(_SETTLES_S)
        until(self.answers, f"{self.url} answers, see {self._log}")
        return time.monotonic() - began

    def _listens(self):
        if self._process.poll() is not None:
            raise SystemExit(f"the server ended, see {self._log}")
        where = urllib.parse.urlsplit(self.url)
        try:
            with socket.create_connection((where.hostname, where.port), 1.0):
                return True
        except OSError:
            return False

    def kill(self):
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def answers(self):
        if self._process.poll() is not None:
            raise SystemExit(f"the server ended, see {self._log}")
        return self.ask(self._ready)[0] == 200

    def ask(self, path, body=None):
        """(status, JSON or text); status 0: nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        except OSError as error:
            return 0, str(error)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode("utf-8", "replace")


class Farm:
    """Two peers on the loopback, with one store."""

    def __init__(self, base, settings):
        self.base, self._peers, self.address = base, [], ""
        (base / "store").mkdir(parents=True, exist_ok=True)
        for name in ("one", "two"):
            folder = base / name
            folder.mkdir(exist_ok=True)
            (folder / "musep2p.toml").write_text(settings)
            self._join(name, folder)

    def _join(self, name, folder):
        command = [*MUSEP2P, "join", "--json", "--verbose", "--no-mdns", "--listen", "127.0.0.1", "--name", name]
        command += ["--farm", "real", "--state", str(folder / "state"), "--store", str(self.base / "store")]
        command += ["--peer", self.address] if self.address else ["--adopt-store"]
        with (self.base / f"{name}.log").open("a") as log:
            peer = subprocess.Popen(command, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=log, text=True)
        self._peers.append(peer)
        self.address = json.loads(peer.stdout.readline())["address"]

    def ask(self, *arguments, code=(0,)):
        """A face's command; its JSON."""
        command = [*MUSEP2P, *arguments, "--json", "--farm", "real", "--state", str(self.base / "one" / "state")]
        done = subprocess.run(command, cwd=self.base, env=CLEAN, capture_output=True, text=True, check=False)
        if done.returncode not in code:
            ended = [peer.poll() for peer in self._peers]
            raise SystemExit(f"{' '.join(arguments)}: {done.returncode}: {done.stdout}{done.stderr}; peers: {ended}")
        return json.loads(done.stdout)

    def submit(self, name, count, **keys):
        path = self.base / f"{name}.json"  # JSON is YAML
        prompt = f"a harbour, {name}"  # else equal work would be one batch
        batch = {"name": name, "prompt": prompt, "gate": "off", "seeds": {"count": count}, **keys}
        path.write_text(json.dumps(batch))
        return self.ask("submit", str(path), "--detach")["batch"]

    def state(self, batch):
        return self.ask("status", batch)

    def ended(self, batch, timeout_s=900.0):
        through = ("done", "failed", "cancelled")
        return until(lambda: (s := self.state(batch))["state"] in through and s, f"{batch} ends", timeout_s, 0.5)

    def given_up(self, batch):
        """Why nobody does it, as `status` says; empty when it has ended."""
        decided = ("done", "failed", "cancelled", "waiting")
        state = until(lambda: (s := self.state(batch))["state"] in decided and s, f"{batch} ends or waits")
        if state["state"] == "waiting":
            self.ask("cancel", batch)
        return state["reason"]

    def close(self):
        for peer in self._peers:
            peer.send_signal(signal.SIGINT)
        for peer in self._peers:
            try:
                peer.wait(60)
            except subprocess.TimeoutExpired:
                peer.kill()


def told(farm, batch):
    """A line on a batch: how it ended, seconds a picture, who made them, sizes of the pictures."""
    from PIL import Image

    state, results = farm.state(batch), farm.ask("results", batch)
    made = [result for result in results if result.get("path")]
    sizes = {Image.open(farm.base / "store" / result["path"]).size for result in made}
    return {
        "state": state["state"], "done": state["done"], "failed": state["failed"], "seconds": state["seconds"],
        "each_s": sorted(round(r["seconds"], 2) for r in made), "by": sorted({r["peer"] for r in made}),
        "attempts": sorted({r["attempt"] for r in made}), "sizes": sorted(sizes),
        "different": len({r["digest"] for r in made}), "again": state["again"],
        "reasons": sorted({r["failed"] for r in results if r.get("failed")}),
    }  # fmt: skip


def render(farm, engine, keys):
    """Six small pictures."""
    batch = farm.submit("render", 6, **keys)
    farm.ended(batch)
    return told(farm, batch)


def restart(farm, engine, keys):
    """The server is killed in the middle of a batch and started again: all must be done."""
    batch = farm.submit("restart", 6, **keys)
    until(lambda: farm.state(batch)["done"] >= 2, "two are done")
    done = farm.state(batch)["done"]
    engine.kill()
    time.sleep(5)
    away = farm.state(batch)
    loaded_s = engine.start()
    farm.ended(batch)
    return {"done_before": done, "while_away": [away["state"], away["reason"]], "start_s": loaded_s} | told(farm, batch)


def refused(farm, engine, keys):
    """A model and a sampler that it has not: the batch waits for who has them, or has failed."""
    said = {}
    for name, more in (("model", {"model": "nobody-has-this.safetensors"}), ("sampler", {"sampler": "nobody's"})):
        path = farm.base / f"wrong-{name}.json"
        path.write_text(
            json.dumps({"name": f"wrong-{name}", "prompt": "x", "gate": "off", "seeds": [1], **keys, **more})
        )
        answer = farm.ask("submit", str(path), "--detach", code=(0, 2))
        if "batch" not in answer:
            said[name] = answer
            continue
        began = time.monotonic()
        waits = farm.given_up(answer["batch"])
        why = farm.ask("why", answer["batch"], "0")
        said[name] = told(farm, answer["batch"]) | {
            "after_s": round(time.monotonic() - began, 1),
            "waits": waits,
            "failures": [[f["peer"], f["attempt"], f["permanent"], f["reason"]] for f in why["failures"]],
        }
    return said


def cancel(farm, engine, keys):
    """A batch is cancelled while the server renders it."""
    batch = farm.submit("cancel", 4, **keys | {"steps": 12})
    until(lambda: farm.state(batch)["running"], "one runs")
    time.sleep(8)
    before = engine.ask("/queue") if farm.engine == "comfyui" else None
    began = time.monotonic()
    farm.ask("cancel", batch)
    farm.ended(batch)
    said = {"queue_before": _ids(before), "cancelled_s": round(time.monotonic() - began, 2)}
    time.sleep(3)
    if farm.engine == "comfyui":
        said["queue_after"] = _ids(engine.ask("/queue"))
    after = farm.submit("after", 1, **keys)
    farm.ended(after)
    return said | {"next_batch": told(farm, after)}


def cancel_beside(farm, engine, keys):
    """What its owner gave the server is not touched, neither while it runs nor while it waits behind ours."""
    if farm.engine == "a1111":
        return _beside_by_hand(farm, engine, keys)
    if farm.engine != "comfyui":
        return "only for comfyui and web UIs"
    graph = json.loads(Path(farm.workflow).read_text())
    said = {}
    for case in ("owner first", "ours first"):
        owner = _graph(graph, seed=int(time.time()), steps=3)
        given = engine.ask("/prompt", {"prompt": owner})[1]["prompt_id"] if case == "owner first" else ""
        batch = farm.submit(f"beside-{case[:4]}", 2, **keys | {"steps": 40})
        ours = "running" if case == "ours first" else "pending"
        until(partial(_in_queue, engine, ours), f"ours is {ours}")
        time.sleep(4)
        given = given or engine.ask("/prompt", {"prompt": owner})[1]["prompt_id"]
        before = _ids(engine.ask("/queue"))
        farm.ask("cancel", batch)
        until(partial(_through, engine, given), "the owner's is through")
        ended = engine.ask(f"/history/{given}")[1][given]["status"]["status_str"]
        said[case] = {
            "owner": given, "before": before, "owner_ended": ended,
            "queue_after": _ids(engine.ask("/queue")),
        }  # fmt: skip
    return said


def _beside_by_hand(farm, engine, keys):
    """A web UI: the picture that its owner renders by hand must be the one that it is without us."""
    body = {"prompt": "by hand", "seed": 3, "steps": 12, "width": 64, "height": 64, "save_images": False}
    by_hand = partial(engine.ask, "/sdapi/v1/txt2img", body)
    alone, said = by_hand()[1]["images"], {}
    with ThreadPoolExecutor(1) as pool:
        for case in ("owner first", "ours first"):
            owners = pool.submit(by_hand) if case == "owner first" else None
            if owners:
                until(partial(_at_work, engine), "its owner's is running")
            batch = farm.submit(f"beside-{case[:4]}", 2, **keys | {"steps": 24})
            until(partial(_runs_at, farm, batch, engine), "ours is there")
            owners = owners or pool.submit(by_hand)
            time.sleep(4)
            farm.ask("cancel", batch)
            said[case] = {"owner_done": owners.done(), "owner_as_alone": owners.result()[1]["images"] == alone}
            farm.ended(batch)
    return said


def _runs_at(farm, batch, engine):
    return farm.state(batch)["running"] and _at_work(engine)


def _at_work(engine):
    return engine.ask("/sdapi/v1/progress?skip_current_image=true")[1]["state"]["job_count"]


def overrides(farm, engine, keys):
    """A web UI: a picture before one with another clip skip or VAE, and the same one after it, must be equal."""
    if farm.engine != "a1111":
        return "only for a1111"
    made = []
    between = {"params": {"vae": farm.vae} if farm.vae else {"clip_skip": 2}}
    after = {"seeds": [5, 6]}  # else equal work would be one batch
    for name, more in (("before", {}), ("between", between), ("after", after)):
        batch = farm.submit(name, 1, **{**keys, "prompt": "a harbour", "seeds": [5], **more})
        farm.ended(batch)
        made.append(farm.ask("results", batch)[0]["pixel_hash"])
    return {"pixels": made, "put back": made[0] == made[2] != made[1]}


def look(farm, engine, keys):
    """A batch of one look: both peers render the test picture, which is the same, and both take part."""
    batch = farm.submit("look", 6, **keys, consistency="look")
    farm.ended(batch)
    peers = farm.ask("peers")
    return {"looks": {p["name"]: p["looks"] for p in peers}, "models": peers[0]["models"]} | told(farm, batch)


def reference(farm, engine, keys):
    """ComfyUI, by a workflow that loads a picture: two different ones are handed in, each with two seeds."""
    if "image" not in json.loads(Path(farm.workflow or os.devnull).read_text() or "{}").get("10", {}).get("inputs", {}):
        return "only for workflow_image_api.json"
    batch = farm.submit(
        "reference", 2, **{n: v for n, v in keys.items() if n != "size"}, axes={"image": ["a.png", "b.png"]}
    )
    farm.ended(batch)
    return told(farm, batch)


def _in_queue(engine, place):
    return _ids(engine.ask("/queue"))[place]


def _through(engine, given):
    return engine.ask(f"/history/{given}")[1]


def _ids(answer):
    if not answer:
        return None
    return {name: [item[1] for item in answer[1][f"queue_{name}"]] for name in ("running", "pending")}


def _graph(graph, seed, steps):
    graph = json.loads(json.dumps(graph))
    for node in graph.values():
        if node["class_type"] == "KSampler":
            node["inputs"] |= {"seed": seed, "steps": steps}
        if node["class_type"] == "EmptyLatentImage":
            node["inputs"] |= {"width": 128, "height": 128}
    return graph


def probed(url):
    """What `musep2p engines probe` says."""
    command = [*MUSEP2P, "engines", "probe", url, "--json"]
    return json.loads(subprocess.run(command, env=CLEAN, capture_output=True, text=True, check=False).stdout)


SCENARIOS = {
    function.__name__: function
    for function in (render, restart, refused, cancel, cancel_beside, overrides, look, reference)
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("--url", required=True)
    parser.add_argument("--ready", default="/", help="a path that answers 200 when the server is up")
    parser.add_argument("--settings", default="", help="lines of its table beside url")
    parser.add_argument("--workflow", default="", help="ComfyUI's, in API format")
    parser.add_argument("--vae", default="", help="a web UI's, for `overrides`; else it sets clip skip")
    parser.add_argument("--keys", default="{}", help="JSON: more keys of the batches")
    parser.add_argument("--probe", action="store_true", help="also `engines probe`, with its test picture")
    parser.add_argument("--only", default=",".join(SCENARIOS))
    parser.add_argument("--work", default="", help="folder for what it makes; default: a temporary one")
    parser.add_argument("server", nargs="+")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended then, too
    base = Path(options.work or tempfile.mkdtemp(prefix="real-"), options.engine).resolve()
    base.mkdir(parents=True)
    engine = Engine(options.server, options.url, options.ready, base / "server.log")
    lines = [f"[engines.{options.engine}]", f'url = "{options.url}"', options.settings]
    lines += [f'workflow = "{Path(options.workflow).resolve()}"'] if options.workflow else []
    farm = None
    try:
        print(json.dumps({"start_s": round(engine.start(), 1)}), flush=True)
        if options.probe:
            print(json.dumps({"probe": probed(options.url)}), flush=True)
        farm = Farm(base, "\n".join(lines))
        farm.engine, farm.workflow, farm.vae = options.engine, options.workflow, options.vae
        keys = {"engine": options.engine, "size": "64x64"} | json.loads(options.keys)
        for name in options.only.split(","):
            print(json.dumps({name: SCENARIOS[name](farm, engine, keys)}), flush=True)
    finally:
        if farm is not None:
            farm.close()
        engine.kill()
        print(base, flush=True)


if __name__ == "__main__":
    main()
