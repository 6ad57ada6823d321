"""Hosts of a LAN as network namespaces on one machine, and faults at its switch.

A bridge in a namespace of its own is the switch; each host has eth0 = 10.77.0.<i>. Nothing has an address outside
of the namespaces, so no packet can leave the machine. Faults are nftables rules of family bridge at the switch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess

__all__ = ["Lan", "run", "why_not"]


def why_not():
    """Why hosts cannot be made here; empty if they can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "nft") if shutil.which(tool) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    probe = subprocess.run(["ip", "netns", "add", f"mp-probe{os.getpid()}"], capture_output=True, check=False)
    if probe.returncode:
        return "this system makes no network namespaces"
    subprocess.run(["ip", "netns", "del", f"mp-probe{os.getpid()}"], check=False)
    return ""


def run(*argv, text=None, check=True):
    """Run a command and return what it prints; asserts that it succeeds."""
    done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False)
    assert not check or done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}"
    return done.stdout


class Lan:
    """So many hosts, numbered from 1."""

    def __init__(self, count):
        self.count = count
        self._tag = f"mp{os.getpid()}"
        self._switch = f"{self._tag}-sw"
        self._rules = {}

    def __enter__(self):
        hosts = range(1, self.count + 1)
        for name in [self._switch, *map(self.namespace, hosts)]:
            run("ip", "netns", "add", name)
        self._batch(
            None,
            [f"link add p{i} netns {self._switch} type veth peer name eth0 netns {self.namespace(i)}" for i in hosts],
        )
        bridge = ["link set lo up", "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0"]
        ports = [f"link set p{i} master br0 up" for i in hosts]
        self._batch(self._switch, [*bridge, "link set br0 up", *ports])
        for i in hosts:
            self._bring_up(i)
        return self

    def __exit__(self, *exc):
        for i in range(1, self.count + 1):
            self._signal(i, signal.SIGKILL)
        for name in [*(self.namespace(i) for i in range(1, self.count + 1)), self._switch]:
            run("ip", "netns", "del", name, check=False)

    def namespace(self, host):
        """Its name."""
        return f"{self._tag}-h{host}"

    def address(self, host):
        """Its IPv4 address."""
        return f"10.77.0.{host}"

    def on(self, host):
        """What to put before a command so that it runs on this host."""
        return ["ip", "netns", "exec", self.namespace(host)]

    def cut_power(self, host):
        """Every process of a host dies at once, and no packet leaves it any more."""
        run("ip", "-n", self.namespace(host), "link", "set", "eth0", "down")
        self._signal(host, signal.SIGKILL)

    def plug_in(self, host):
        """A host whose power was cut has its link again."""
        run("ip", "-n", self.namespace(host), "link", "set", "eth0", "up")
        run("ip", "-n", self.namespace(host), "route", "replace", "224.0.0.0/4", "dev", "eth0")

    def freeze(self, host):
        """Every process of a host stands still; its system answers for them."""
        self._signal(host, signal.SIGSTOP)

    def thaw(self, host):
        """They go on."""
        self._signal(host, signal.SIGCONT)

    def cut(self, *pairs):
        """Of each pair the first is not heard by the second."""
        self._rules["cut"] = [f'iifname "p{one}" oifname "p{other}" drop' for one, other in pairs]
        self._apply()

    def block_multicast(self):
        """A switch that drops multicast, as many studios' do."""
        self._rules["multicast"] = [
            "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 ether daddr != ff:ff:ff:ff:ff:ff drop"
        ]
        self._apply()

    def loss(self, share):
        """This share of all frames is lost."""
        self._rules["loss"] = [f"numgen random mod 1000 < {round(share * 1000)} drop"]
        self._apply()

    def partition(self, *sides):
        """Hosts of different sides hear nothing of each other."""
        groups = ["{ " + ", ".join(f'"p{host}"' for host in side) + " }" for side in sides]
        self._rules["partition"] = [
            f"iifname {one} oifname {other} drop" for one in groups for other in groups if one != other
        ]
        self._apply()

    def heal(self):
        """No faults any more."""
        self._rules.clear()
        self._apply()

    def readdress(self, host, address):
        """A host has another address from now on; what it had open is gone."""
        name = self.namespace(host)
        run("ip", "-n", name, "addr", "flush", "dev", "eth0")
        run("ip", "-n", name, "addr", "add", f"{address}/24", "brd", "+", "dev", "eth0")
        run("ip", "-n", name, "route", "replace", "224.0.0.0/4", "dev", "eth0")
        run("ip", "-n", name, "neigh", "flush", "all", check=False)

    def slow_down(self, host, kbit):
        """So much a second goes from and to a host."""
        for namespace, device in ((self.namespace(host), "eth0"), (self._switch, f"p{host}")):
            shape = ["tbf", "rate", f"{kbit}kbit", "burst", "32kbit", "latency", "400ms"]
            run("ip", "netns", "exec", namespace, "tc", "qdisc", "add", "dev", device, "root", *shape)

    def _bring_up(self, host):
        up = ["link set lo up", "link set eth0 up", f"addr add {self.address(host)}/24 brd + dev eth0"]
        self._batch(self.namespace(host), [*up, "route add 224.0.0.0/4 dev eth0"])

    def _signal(self, host, sig):
        for pid in run("ip", "netns", "pids", self.namespace(host), check=False).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), sig)

    def _batch(self, namespace, lines):
        run("ip", *(["-n", namespace] if namespace else []), "-batch", "-", text="\n".join(lines) + "\n")

    def _apply(self):
        rules = "\n".join(f"    {rule}" for rules in self._rules.values() for rule in rules)
        table = (
            "table bridge lan {}\ndelete table bridge lan\ntable bridge lan {\n  chain forwarded {\n"
            f"    type filter hook forward priority 0; policy accept;\n{rules}\n  }}\n}}\n"
        )
        run("ip", "netns", "exec", self._switch, "nft", "-f", "-", text=table)
