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


_SAMBA = """
[global]
security = user
map to guest = bad user
guest account = root
load printers = no
disable spoolss = yes
server min protocol = SMB2
log file = {base}/smb.log
private dir = {base}/private
lock directory = {base}/lock
state directory = {base}/state
cache directory = {base}/cache
pid directory = {base}/pid
ncalrpc dir = {base}/ncalrpc
[farm]
path = {base}/export
read only = no
guest ok = yes
force user = root
"""


class Server:
    """A file server on host 1, of `base/export`."""

    def __init__(self, lan: Lan, base: Path) -> None:
        self.lan, self.base, self.export = lan, base, base / "export"
        self.export.mkdir()
        self.daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Serve."""
        raise NotImplementedError

    def crash(self) -> None:
        """It serves no more."""
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        self.daemons.clear()

    def mount(self, host: int, folder: Path) -> None:
        """Its share at a host."""
        raise NotImplementedError

    def on(self, host: int, *argv: str, check: bool = True) -> str:
        """Run there, but see all mounts: `ip netns exec` would hide those that are made later."""
        return run(*self.enter(host), *argv, check=check)

    def enter(self, host: int) -> list[str]:
        """What to put before a command for that."""
        return ["nsenter", f"--net=/run/netns/{self.lan.namespace(host)}"]

    def serve(self, *argv: str) -> None:
        """Start a process of the server."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.daemons.append(subprocess.Popen([*self.enter(1), *argv], **quiet))


class Nfs(Server):
    """The kernel's own."""

    def start(self) -> None:
        run("modprobe", "-aq", "nfsd", "nfs", "nfsv4", check=False)
        if not self.export.is_mount():
            run(
                "mount", "-t", "tmpfs", "tmpfs", str(self.export)
            )  # what is shared from the other kernel cannot be exported
        if not Path("/proc/fs/nfsd/threads").exists():
            self.on(1, "mount", "-t", "nfsd", "nfsd", "/proc/fs/nfsd")
        for folder in ("v4recovery", "sm", "nfsdcld"):
            Path("/var/lib/nfs", folder).mkdir(exist_ok=True)
        for file in ("etab", "rmtab"):
            Path("/var/lib/nfs", file).touch()
        for daemon in (["rpcbind", "-f", "-w"], ["rpc.mountd", "-F", "-N", "3"]):
            self.serve(*daemon)
            time.sleep(1)  # they say nothing when they are ready
        options = "rw,no_root_squash,no_subtree_check,fsid=0,insecure,sync"
        self.on(1, "exportfs", "-o", options, f"*:{self.export}")
        for file in ("nfsv4leasetime", "nfsv4gracetime"):
            self.on(1, "sh", "-c", f"echo 10 > /proc/fs/nfsd/{file}", check=False)
        self.on(1, "rpc.nfsd", "-N", "3", "4")

    def crash(self) -> None:
        self.on(1, "rpc.nfsd", "0", check=False)
        super().crash()

    def mount(self, host: int, folder: Path) -> None:
        # Each client says who it is, since all have one machine's name.
        identify = f"echo {self.lan.namespace(host)} > /sys/fs/nfs/net/nfs_client/identifier"
        self.on(host, "sh", "-c", identify, check=False)
        options = "vers=4.2,proto=tcp,soft,timeo=20,retrans=2"
        self.on(host, "mount", "-t", "nfs4", "-o", options, f"{self.lan.address(1)}:/", str(folder))


class Cifs(Server):
    """Samba."""

    def start(self) -> None:
        for folder in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
            (self.base / folder).mkdir(exist_ok=True)
        settings = self.base / "smb.conf"
        settings.write_text(_SAMBA.format(base=self.base))
        self.serve("/usr/sbin/smbd", "-F", "--no-process-group", "-s", str(settings))
        until(self._listens, "the server listens", 60)

    def crash(self) -> None:
        for pid in run("ip", "netns", "pids", self.lan.namespace(1)).split():
            run("kill", "-9", pid, check=False)  # with all that it has begun
        super().crash()

    def mount(self, host: int, folder: Path) -> None:
        run("modprobe", "-q", "cifs", check=False)
        options = "guest,vers=3.1.1,cache=strict,actimeo=1,soft"
        self.on(host, "mount", "-t", "cifs", f"//{self.lan.address(1)}/farm", str(folder), "-o", options)

    def _listens(self) -> bool:
        at = self.lan.address(1), 445
        code = f"import socket as s; c = s.socket(); c.settimeout(1); print(c.connect_ex({at}))"
        return self.on(1, sys.executable, "-c", code, check=False).strip() == "0"


def on_a_share(server_class: type[Server]) -> None:
    """Inside: a batch, and its server's death."""
    base = Path(tempfile.mkdtemp())
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
