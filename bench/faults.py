#!/usr/bin/env python3
"""What faults cost, at full length: eight hosts in network namespaces, one share, and one fault half way.

    bench/faults.py acting       kill -9 of the acting guardian; or submitter, or power (a submitter's, no FIN)
    bench/faults.py all          every host is killed and started again
    bench/faults.py nas          the share hangs for 20 s, in a batch of 90 s
    bench/faults.py off          the submitter's machine is off right after `accepted`
    bench/faults.py partition    4 and 4 hosts for 30 s, in a batch of 90 s

Needs root, ip, nft and fuse3.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from _bench import median, rows, spread
from farm import Bench, batch_text

from musep2p.core.records import Record, ResultBlock
from musep2p.store.record_log import read_log
from tests.live.farm import until
from tests.live.lan import Lan, why_not
from tests.live.share import Share, why_no_share

_decode = msgspec.msgpack.Decoder(Record).decode
_HOSTS = 8
_SHORT = (50, 400)  # ms and tasks
_LONG = (1000, 720)  # 90 s on eight slots
_HANG_S = 20
_SPLIT_S = 30


class Faults(Bench):
    """A farm on a LAN and a share that can both fail."""

    def __init__(self, lan: Lan, share: Share, base: Path) -> None:
        super().__init__(lan, base, [1.0] * _HOSTS)
        self.share = share
        self.join()

    def on(self, host: int) -> dict[str, object]:
        """Which peer is asked, and where."""
        return {"state": f"h{host}", "prefix": self.lan.on(host)}

    def submit(self, name: str, ms: int, tasks: int, at: int) -> None:
        """Submit a batch and do not watch it."""
        file = self.farm.batch(batch_text(name, ms, tasks), f"{name}.yaml")
        self.farm.run("submit", "--detach", file, check=0, **self.on(at))

    def half(self, name: str, ms: int, tasks: int, at: int) -> dict[str, object]:
        """A status of a batch that was submitted just now, and the middle of its time."""
        middle = time.monotonic() + tasks * ms / 1000 / _HOSTS / 2
        status = self.farm.status(f"h{at}", name, prefix=self.lan.on(at))
        time.sleep(max(0.0, middle - time.monotonic()))  # `half way` of the run is what is measured
        return status

    def finish(self, name: str, tasks: int, at: int) -> tuple[float, Counter[str]]:
        """Wait for the end; seconds it took, and what was found out about its results."""
        self.farm.run("watch", name, check=0, timeout_s=300, **self.on(at))
        status = self.farm.status(f"h{at}", name, prefix=self.lan.on(at))
        found = self.farm.results(f"h{at}", name, prefix=self.lan.on(at))
        assert [row["index"] for row in found] == list(range(tasks)), "not every index has exactly one result"
        return float(status["seconds"]), Counter(row["peer"] for row in found)

    def downs(self) -> int:
        """How often any peer was declared down by any other."""
        return sum(self.farm.log(f"h{host}").count(" is down") for host in range(1, _HOSTS + 1))

    def rendered(self, hosts: range = range(1, _HOSTS + 1)) -> int:
        """How many results these peers have made so far, as their journals have it."""
        made, ids = 0, {peer["name"]: peer["id"] for peer in self.farm.peers(**self.on(1))}
        for host in hosts:
            for logged in read_log(self.farm.base / f"h{host}" / "journal.log"):
                record = _decode(logged.payload)
                if isinstance(record, ResultBlock) and record.first.peer == ids[f"h{host}"] and not record.safe:
                    made += len(record.entries)
        return made


def killed(bench: Faults, victim: str) -> dict[str, float]:
    """Seconds without a kill and with one at half; the batch is submitted at host 3."""
    ms, tasks = _SHORT
    bench.batch("warmup", ms, 64)
    plain = bench.batch("plain", ms, tasks, at=3)
    names = {str(peer["id"]): str(peer["name"]) for peer in bench.farm.peers(**bench.on(2))}
    bench.submit("killed", ms, tasks, 3)
    status = bench.half("killed", ms, tasks, 2)
    host = 3
    if victim == "acting":
        host = int(names.get(str(status["guardian"]), "h2").removeprefix("h"))
    if victim == "power":
        bench.lan.cut_power(host)
    else:
        bench.farm.kill(f"h{host}", signal.SIGKILL)
    took, _ = bench.finish("killed", tasks, 2 if host != 2 else 1)
    return {"nobody killed": plain, f"{victim} killed": took, "extra": took - plain}


def all_killed(bench: Faults) -> dict[str, float]:
    """Every host dies at half and is started again."""
    ms, tasks = _SHORT
    bench.submit("reborn", ms, tasks, 3)
    bench.half("reborn", ms, tasks, 2)
    for host in range(1, _HOSTS + 1):
        bench.farm.kill(f"h{host}", signal.SIGKILL)
    began = time.monotonic()
    for host in range(1, _HOSTS + 1):
        bench._start(host, mdns=True)
    for host in range(1, _HOSTS + 1):
        bench.farm.ready(f"h{host}")
    bench.finish("reborn", tasks, 2)
    took = time.monotonic() - began
    return {
        "from the first start to complete": took,
        "rendered twice": bench.rendered() - tasks,
    }


def hung(bench: Faults) -> dict[str, float]:
    """The share hangs for 20 s in the middle."""
    ms, tasks = _LONG
    bench.submit("hung", ms, tasks, 3)
    bench.half("hung", ms, tasks, 2)
    before = bench.farm.status("h2", "hung", prefix=bench.lan.on(2))
    bench.share.fails(all={"hang": True})
    time.sleep(_HANG_S)  # the fault is this long
    during = bench.farm.status("h2", "hung", prefix=bench.lan.on(2))
    bench.share.fails()
    back = time.monotonic()

    def caught_up() -> bool:
        status = bench.farm.status("h2", "hung", prefix=bench.lan.on(2))
        return bool(status["safe"] >= during["done"])

    until(caught_up, "what was done meanwhile is safe", 120)
    caught_s = time.monotonic() - back
    bench.finish("hung", tasks, 2)
    return {
        "rendered while it hung": during["done"] - before["done"], "safe after its return": caught_s,
        "declared down": bench.downs(),
    }  # fmt: skip


def off(bench: Faults) -> dict[str, float]:
    """The submitter's machine loses its power as soon as the batch is accepted."""
    ms, tasks = _SHORT
    bench.submit("off", ms, tasks, 3)
    bench.lan.cut_power(3)
    began = time.monotonic()
    _, makers = bench.finish("off", tasks, 2)
    return {"from then to complete": time.monotonic() - began, "peers that made results": len(makers)}


def split(bench: Faults) -> dict[str, float]:
    """Two halves for 30 s; both see the share."""
    ms, tasks = _LONG
    bench.submit("split", ms, tasks, 3)
    until(lambda: bench.farm.status("h2", "split", prefix=bench.lan.on(2)).get("safe", 0) >= 100, "it is under way", 60)
    sides = range(1, 5), range(5, 9)
    bench.lan.partition(*sides)
    began = [bench.rendered(side) for side in sides]  # what a status says may be what the other side had told
    time.sleep(_SPLIT_S)  # the fault is this long
    ended = [bench.rendered(side) for side in sides]
    bench.lan.heal()
    took, makers = bench.finish("split", tasks, 2)
    other = bench.farm.results("h6", "split", prefix=bench.lan.on(6))
    here = bench.farm.results("h2", "split", prefix=bench.lan.on(2))
    assert [row["digest"] for row in other] == [row["digest"] for row in here], "the sides show different results"
    return {
        "done on one side meanwhile": ended[0] - began[0], "on the other": ended[1] - began[1],
        "from accepted to complete": took, "peers that made results": len(makers),
        "rendered twice": bench.rendered() - tasks,
    }  # fmt: skip


ROWS: dict[str, Callable[[Faults], dict[str, float]]] = {
    "submitter": lambda bench: killed(bench, "submitter"),
    "acting": lambda bench: killed(bench, "acting"),
    "power": lambda bench: killed(bench, "power"),
    "all": all_killed,
    "nas": hung,
    "off": off,
    "partition": split,
}


def main() -> int:
    """Measure one row and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    reason = why_not() or why_no_share()
    if reason:
        print(f"bench/faults.py: {reason}", file=sys.stderr)
        return 2
    measured: dict[str, list[float]] = {}
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as folder, Share(Path(folder)) as share, Lan(_HOSTS) as lan:
            bench = Faults(lan, share, Path(folder))
            try:
                one = ROWS[args.row](bench)
            finally:
                share.fails()
                bench.farm.close()
        print({name: round(value, 2) for name, value in one.items()}, file=sys.stderr, flush=True)
        for name, value in one.items():
            measured.setdefault(name, []).append(value)
    table = [[name, f"{median(values):.2f}", spread(values)] for name, values in measured.items()]
    print(rows([args.row, "median", f"of {args.repeats} (range)"], table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
