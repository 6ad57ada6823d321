#!/usr/bin/env python3
"""Peers on network file systems of a real kernel, and on a disk that loses its power, under User-Mode Linux.

    bench/kernel.py nfs      two machines on NFS 4.2; the server dies in the middle of a batch and comes back after 12 s
    bench/kernel.py cifs     the same with Samba and the kernel's CIFS client
    bench/kernel.py disk     a machine whose ext4 disk loses its power in the middle, and is started again

Needs root and Debian's user-mode-linux kmod e2fsprogs, nfs-kernel-server nfs-common, samba cifs-utils. That kernel
has one processor and starts processes some thirty times as slowly, so it takes minutes, and times say little.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _bench import rows
from _uml import lines_of, why_no_kernel

from tests.live.farm import MUSEP2P, Farm, until
from tests.live.lan import Lan, run

_ROOT = Path(__file__).resolve().parent.parent
_BOOT_S = 300
_OFF_S = 12
_CUTS = (5, 20, 40)  # safe tasks
_TASKS = 60
_BATCH = f"name: kernel\nengine: sleep\nprompt: kernel\nparams: {{ms: 300}}\nseeds: {{count: {_TASKS}}}\n"


_SAMBA = (
    "security = user",
    "map to guest = bad user",
    "guest account = root",
    "load printers = no",
    "disable spoolss = yes",
    "server min protocol = SMB2",
)
_SAMBA_FOLDERS = (
    "private dir",
    "lock directory",
    "state directory",
    "cache directory",
    "pid directory",
    "ncalrpc dir",
)


class Nfs:
    """The kernel's own server on host 1."""

    def __init__(self, lan: Lan, base: Path) -> None:
        self._lan, self._export = lan, base / "export"
        self._export.mkdir()
        run("mount", "-t", "tmpfs", "tmpfs", str(self._export))
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Serve."""
        run("modprobe", "-aq", "nfsd", "nfs", "nfsv4", check=False)
        if not Path("/proc/fs/nfsd/threads").exists():
            self._at_server("mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd")
        for folder in ("v4recovery", "sm", "nfsdcld"):
            Path("/var/lib/nfs", folder).mkdir(exist_ok=True)
        for file in ("etab", "rmtab"):
            Path("/var/lib/nfs", file).touch()
        for daemon in (["rpcbind", "-f", "-w"], ["rpc.mountd", "-F", "-N", "3"]):
            self._daemons.append(subprocess.Popen([*self._enter(1), *daemon], stderr=subprocess.DEVNULL))
            time.sleep(1)  # they say nothing when they are ready
        options = "rw,no_root_squash,no_subtree_check,fsid=0,insecure,sync"
        self._at_server("exportfs", "-o", options, f"*:{self._export}")
        for file in ("nfsv4leasetime", "nfsv4gracetime"):
            self._at_server("sh", "-c", f"echo 10 > /proc/fs/nfsd/{file}", check=False)
        self._at_server("rpc.nfsd", "-N", "3", "4")

    def crash(self) -> None:
        """It serves no more."""
        self._at_server("rpc.nfsd", "0", check=False)
        for daemon in self._daemons:
            daemon.kill()
            daemon.wait()
        self._daemons.clear()

    def mount(self, host: int, folder: Path) -> None:
        """Its share at a host; each client says who it is, since all have one machine's name."""
        name = self._lan.namespace(host)
        identify = f"echo {name} > /sys/fs/nfs/net/nfs_client/identifier"
        run(*self._enter(host), "sh", "-c", identify, check=False)
        options = "vers=4.2,proto=tcp,soft,timeo=20,retrans=2"
        run(*self._enter(host), "mount", "-t", "nfs4", "-o", options, f"{self._lan.address(1)}:/", str(folder))

    def _at_server(self, *argv: str, check: bool = True) -> None:
        run(*self._enter(1), *argv, check=check)

    def _enter(self, host: int) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self._lan.namespace(host)}"]


class Cifs:
    """Samba on host 1."""

    def __init__(self, lan: Lan, base: Path) -> None:
        self._lan, self._base = lan, base
        settings = [f"log file = {base}/smb.log", *_SAMBA]
        for name in (
            "private dir",
            "lock directory",
            "state directory",
            "cache directory",
            "pid directory",
            "ncalrpc dir",
        ):
            folder = base / name.partition(" ")[0]
            folder.mkdir()
            settings.append(f"{name} = {folder}")
        (base / "export").mkdir()
        share = [f"path = {base}/export", "read only = no", "guest ok = yes", "force user = root"]
        (base / "smb.conf").write_text("\n".join(["[global]", *settings, "[farm]", *share, ""]))
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve."""
        argv = ["/usr/sbin/smbd", "-F", "--no-process-group", "-s", str(self._base / "smb.conf")]
        self._server = subprocess.Popen([*self._enter(1), *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self._listens(), "the server listens", 60)

    def crash(self) -> None:
        """It is killed, with all that it has begun."""
        for pid in run("ip", "netns", "pids", self._lan.namespace(1)).split():
            run("kill", "-9", pid, check=False)
        assert self._server is not None
        self._server.wait()

    def mount(self, host: int, folder: Path) -> None:
        """Its share at a host."""
        run("modprobe", "-q", "cifs", check=False)
        options = "guest,vers=3.1.1,cache=strict,actimeo=1,soft"
        run(*self._enter(host), "mount", "-t", "cifs", f"//{self._lan.address(1)}/farm", str(folder), "-o", options)

    def _listens(self) -> bool:
        code = (
            f"import socket as s; c = s.socket(); c.settimeout(1); print(c.connect_ex(('{self._lan.address(1)}', 445)))"
        )
        return run(*self._enter(1), sys.executable, "-c", code, check=False).strip() == "0"

    def _enter(self, host: int) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self._lan.namespace(host)}"]


def on_a_share(server_class: type[Nfs | Cifs]) -> None:
    """Inside: a batch, and its server's death."""
    base = Path("/tmp/kernel")
    base.mkdir()
    with Lan(3) as lan:
        server = server_class(lan, base)
        server.start()
        farm = Farm(base)
        for host in (2, 3):
            folder = base / f"nas{host}"
            folder.mkdir()
            server.mount(host, folder)
            options = ["--store", folder, *(["--adopt-store"] if host == 2 else [])]
            farm.start(f"h{host}", *options, store=False, listen=None, mdns=True, prefix=lan.on(host))
            print(f"host {host} has joined", flush=True)
        on = {"state": "h2", "prefix": lan.on(2)}
        farm.wait_up(2, "h2", prefix=lan.on(2), timeout_s=_BOOT_S)
        began = time.monotonic()
        farm.run("submit", "--detach", farm.batch(_BATCH), check=0, **on)
        until(lambda: farm.status("h2", prefix=lan.on(2)).get("safe", 0) >= 10, "some are safe", _BOOT_S)
        server.crash()
        off = time.monotonic()
        until(lambda: farm.status("h2", prefix=lan.on(2)).get("done", 0) >= 30, "rendering goes on", _BOOT_S)
        time.sleep(max(0.0, _OFF_S - (time.monotonic() - off)))  # the fault is this long
        server.start()
        back = time.monotonic()
        farm.run("watch", "kernel", check=0, timeout_s=_BOOT_S, **on)
        done = time.monotonic()
        found = farm.results("h3", "kernel", prefix=lan.on(3))
        assert [row["index"] for row in found] == list(range(_TASKS)), "not every index has exactly one result"
        downs = sum(farm.log(f"h{host}").count(" is down") for host in (2, 3))
        argv = [*lan.on(2), *MUSEP2P, "verify", "--store", str(base / "nas2"), "--state", str(base / "h2")]
        print(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip())
        seen = [
            ["seconds in all", f"{done - began:.0f}"],
            ["until all were safe after the server was back", f"{done - back:.0f}"],
            ["attempts more than one", str(sum(row["attempt"] > 1 for row in found))],
            ["declared down", str(downs)],
        ]
        print(rows(["", ""], seen), flush=True)
        farm.close()


def before_the_cut() -> None:
    """Inside: a batch on the disk; says what was called safe, until the power goes."""
    run("mount", "/dev/ubda", "/mnt")
    farm = Farm(Path("/mnt"), farm="kernel")
    farm.start("p1")
    farm.run("submit", "--detach", farm.batch(_BATCH), state="p1", check=0)
    print("accepted", flush=True)
    while True:
        found = farm.results("p1")
        print("safe", json.dumps([(row["index"], row["digest"]) for row in found]), flush=True)


def after_the_cut() -> None:
    """Inside: the machine is started again."""
    run("mount", "/dev/ubda", "/mnt")
    farm = Farm(Path("/mnt"), farm="kernel")
    farm.start("p1")
    began = time.monotonic()
    farm.run("watch", "kernel", state="p1", check=0, timeout_s=_BOOT_S)
    found = farm.results("p1")
    assert [row["index"] for row in found] == list(range(_TASKS)), "not every index has exactly one result"
    farm.run("verify", "--store", "/mnt/store", state="p1", check=0)
    lives = {row["index"]: row["digest"] for row in found}
    print("shown", json.dumps([list(one) for one in lives.items()]), flush=True)
    print(f"took {time.monotonic() - began:.0f}", flush=True)
    farm.close()


def cut_the_power(safe: int) -> list[list[str]]:
    """Boot, cut when so many are safe, boot again; nothing that was told is lost."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        disk = Path(folder) / "disk"
        with disk.open("wb") as file:
            file.truncate(512 << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", disk], check=True)
        told: list[tuple[int, str]] = []
        for line in lines_of([sys.executable, "bench/kernel.py", "before"], _ROOT, disk):
            word, _, rest = line.partition(" ")
            if word == "safe":
                told = [(index, digest) for index, digest in json.loads(rest)]
            if len(told) >= safe:
                break
        shown: dict[int, str] = {}
        took = ""
        for line in lines_of([sys.executable, "bench/kernel.py", "after"], _ROOT, disk):
            word, _, rest = line.partition(" ")
            if word == "shown":
                shown = dict(json.loads(rest))
            elif word == "took":
                took = rest
            else:
                print(line)
    assert told and all(shown.get(index) == digest for index, digest in told), "what was safe is not shown any more"
    return [
        [f"{len(told)} of {_TASKS} were safe when the power went", "all there"],
        ["seconds to go on to the end", took],
    ]


def main() -> int:
    """Run one of them under the other kernel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("nfs", "cifs", "disk", "inside-nfs", "inside-cifs", "before", "after"))
    what = parser.parse_args().what
    inside = {
        "inside-nfs": lambda: on_a_share(Nfs), "inside-cifs": lambda: on_a_share(Cifs),
        "before": before_the_cut, "after": after_the_cut,
    }  # fmt: skip
    if what in inside:
        inside[what]()
        return 0
    reason = why_no_kernel()
    if reason:
        print(f"bench/kernel.py: {reason}", file=sys.stderr)
        return 2
    if what == "disk":
        for safe in _CUTS:
            print(rows([f"cut at {safe}", ""], cut_the_power(safe)), flush=True)
        return 0
    for line in lines_of([sys.executable, "bench/kernel.py", f"inside-{what}"], _ROOT):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
