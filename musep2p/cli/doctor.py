"""`doctor`: is this machine ready for the farm? Each check says what it found and, if that is bad, what to do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from musep2p import __version__
from musep2p.cli.client import find_peer, sighted
from musep2p.cli.show import counted, print_json
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.errors import MuseError
from musep2p.net.addresses import live_addresses
from musep2p.net.links import DEFAULT_PORT

__all__ = ["Finding", "doctor"]

_CHILD_S = 20.0
_CONNECT_S = 1.0
_CLOCK_S = 5.0
_LOW_MB = 2048
_SLOW_MBS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: which.
        state: ok, note (worth knowing) or bad.
        what: what was found.
        remedy: what to do; empty if nothing is.
    """

    check: str
    state: str
    what: str
    remedy: str = ""


def doctor(settings: Settings, *, as_json: bool) -> int:
    """Run all checks; 1 if something is bad."""
    client = find_peer(settings, mdns=False)
    try:
        peers = client.ask(r.PeersAsk(), r.PeersAnswer).peers if client is not None else []
    except MuseError:
        peers = []
    finally:
        if client is not None:
            client.close()
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _here(settings, peers),
        lambda: _network(settings, peers),
        lambda: _multicast(settings, peers),
        lambda: _others(peers),
        lambda: _store(settings),
        _engines,
    ]
    found: list[Finding] = []
    for check in checks:
        for finding in check():
            found.append(finding)
            if not as_json:
                print(f"{finding.state:4}  {finding.check}: {finding.what}")
                if finding.remedy:
                    print(f"      {finding.remedy}")
    if as_json:
        print_json([asdict(finding) for finding in found])
    return 1 if any(finding.state == "bad" for finding in found) else 0


def _here(settings: Settings, peers: list[r.PeerView]) -> Iterator[Finding]:
    yield Finding("musep2p", "ok", f"version {__version__}, Python {platform.python_version()}, {platform.system()}")
    folder = next(path for path in (settings.state, *settings.state.parents) if path.exists())
    free = shutil.disk_usage(folder).free >> 20
    if free < _LOW_MB:
        remedy = "Free some, or put the state folder elsewhere with --state: outputs wait there for the store."
        yield Finding("disk", "bad", f"{free} MB are free for the state folder {settings.state}", remedy)
    else:
        yield Finding("disk", "ok", f"{free >> 10} GB are free for the state folder {settings.state}")
    if peers:
        yield Finding("peer", "ok", f"{peers[0].name} runs here, at {peers[0].address}")
    else:
        yield Finding("peer", "note", "no peer runs from this state folder", "Start it with `musep2p join`.")


def _network(settings: Settings, peers: list[r.PeerView]) -> Iterator[Finding]:
    host, port = settings.place()
    addresses = live_addresses(host)
    if not settings.farm:
        remedy = "Name your farm, the same on all machines: --farm NAME or MUSEP2P_FARM."
        yield Finding("network", "note", "no farm is named, so only this machine can be reached", remedy)
    if not addresses:
        yield Finding("network", "bad", "this machine has no IPv4 address", "Connect it to the LAN.")
        return
    yield Finding("network", "ok", f"reached at {', '.join(addresses)}")
    first = int(peers[0].address.rpartition(":")[2]) if peers else port or DEFAULT_PORT
    yield Finding("firewall", "note", f"TCP {first}-{first + 1} and UDP 5353 must be open", _firewall(first))
    if not peers and _taken(addresses[0], first):
        remedy = "Another program has it, or a peer with another state folder; the next free pair is taken."
        yield Finding("ports", "note", f"port {first} is taken on {addresses[0]}", remedy)


def _firewall(port: int) -> str:
    ports = f"{port}-{port + 1}"
    if sys.platform == "win32":
        return (
            f"PowerShell as administrator: New-NetFirewallRule -DisplayName musep2p -Direction Inbound "
            f"-Protocol TCP -LocalPort {ports} -Action Allow"
        )
    if sys.platform == "darwin":
        return f"sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add {sys.executable}"
    if shutil.which("firewall-cmd"):
        return f"sudo firewall-cmd --permanent --add-service=mdns --add-port={ports}/tcp && sudo firewall-cmd --reload"
    return f"sudo ufw allow {port}:{port + 1}/tcp && sudo ufw allow 5353/udp   (if ufw is in use)"


def _taken(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def _multicast(settings: Settings, peers: list[r.PeerView]) -> Iterator[Finding]:
    if all(address.startswith("127.") for address in live_addresses(settings.place()[0])):
        yield Finding("multicast", "ok", "not needed: only this machine can be reached")
        return
    others = {peer.address for peer in peers[1:] if peer.state == "up"}
    seen = set(asyncio.run(sighted(settings, all_of_them=True)))
    if seen & others or (seen and not others):
        yield Finding("multicast", "ok", f"mDNS shows {counted(len(seen), 'peer', 'peers')} of the farm")
    elif others:
        remedy = "The switch or a firewall drops multicast. The farm works all the same; new machines need one --peer."
        yield Finding("multicast", "bad", f"mDNS shows none of the {len(others)} other peers", remedy)
    else:
        remedy = "If one runs: is it of the same farm, and does the switch pass multicast? Else use --peer HOST:PORT."
        yield Finding("multicast", "note", "mDNS shows no peer of this farm", remedy)


def _others(peers: list[r.PeerView]) -> Iterator[Finding]:
    for peer in peers[1:]:
        if peer.state == "left":
            continue
        host, _, port = peer.address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), _CONNECT_S).close()
        except OSError as error:
            words = f"{peer.address} cannot be reached: {error.strerror or error}"
            yield Finding(peer.name, "bad", words, "Is it on, and is its firewall open? Run `musep2p doctor` there.")
            continue
        if peer.version != __version__:
            words = f"has musep2p {peer.version or 'of an unknown version'}, this machine {__version__}"
            yield Finding(peer.name, "note", words, "Install the same version on all machines.")
        elif peer.store == "away":
            yield Finding(peer.name, "bad", "does not see the store", "Check the mount there: `musep2p doctor`.")
        else:
            yield Finding(peer.name, "ok", f"reached at {peer.address}, store {peer.store or 'unknown'}")


def _store(settings: Settings) -> Iterator[Finding]:
    if settings.store is None:
        remedy = "With --store DIR on one machine all pictures are there; without any they stay in folders of peers."
        yield Finding("store", "note", "no store is set", remedy)
        return
    said = _child("musep2p.store.probe", str(settings.store))
    if isinstance(said, Finding):
        yield said
        return
    if "message" in said:
        yield Finding("store", "bad", said["message"], said["hint"])
        return
    yield from _share(settings, said)


def _share(settings: Settings, said: dict[str, float | str | bool]) -> Iterator[Finding]:
    kind = f"store {str(said['id'])[:8]}" if said["id"] else "an empty folder, not a store yet"
    links = "hard links" if said["links"] else "no hard links, so pictures are stored twice"
    words = f"{settings.store}: {kind}, {links}, {said['mb_per_second']} MB/s, {int(said['free_mb']) >> 10} GB free"
    slow, low = float(said["mb_per_second"]) < _SLOW_MBS, int(said["free_mb"]) < _LOW_MB
    remedy = "Free some space there." if low else "Slow for pictures: check cable, Wi-Fi and NAS." if slow else ""
    yield Finding("store", "bad" if low else "note" if slow else "ok", words, remedy)
    ahead = float(said["clock_ahead_s"])
    if abs(ahead) > _CLOCK_S:
        words = f"this machine's clock differs from the store's by {abs(ahead):.0f} s"
        yield Finding("clock", "note", words, "Only times in logs depend on it; turn on time synchronisation.")
    else:
        yield Finding("clock", "ok", "agrees with the store's")


def _engines() -> Iterator[Finding]:
    said = _child("musep2p.runner.probe")
    if isinstance(said, Finding):
        yield said
        return
    for engine in said:
        name = f"engine {engine['name']}"
        if "missing" in engine:
            what, _, remedy = engine["missing"].partition(". ")
            yield Finding(name, "note", what, remedy)
        elif "problem" in engine:
            remedy = "Install musep2p, or the package that brings it, again."
            yield Finding(name, "bad", f"does not work: {engine['problem']}", remedy)
        else:
            tried = f", a test task in {engine['seconds']:.2f} s" if engine["seconds"] >= 0 else ""
            yield Finding(name, "ok", f"{engine['identity']}{tried}")


def _child(module: str, *arguments: str) -> Any:
    """What a look in a process of its own says as JSON; a finding when it hangs or crashes."""
    what = module.split(".")[1]
    try:
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_CHILD_S, check=False)
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        remedy = "If it is the share: check the NAS, then mount it again."
        return Finding(what, "bad", f"no answer within {_CHILD_S:.0f} s", remedy)
    except ValueError:
        return Finding(what, "bad", "could not be looked at", (done.stderr or "").strip()[-300:])
