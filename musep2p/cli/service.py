"""`service --print`: what the three systems need to start a peer when somebody logs on, and to keep it running."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from musep2p.cli.show import note
from musep2p.config import Settings

__all__ = ["SYSTEMS", "arguments", "entry", "service"]

SYSTEMS = ("linux", "macos", "windows")
_HERE = {"win32": "windows", "darwin": "macos"}
_WHERE = {
    "linux": (
        "Save it as ~/.config/systemd/user/musep2p.service, then:\n"
        "  systemctl --user daemon-reload && systemctl --user enable --now musep2p\n"
        "  loginctl enable-linger     (if it shall run while nobody is logged on)\n"
        "  journalctl --user -u musep2p -f     shows what it says"
    ),
    "macos": (
        "Save it as ~/Library/LaunchAgents/org.musep2p.peer.plist, then:\n"
        "  launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/org.musep2p.peer.plist"
    ),
    "windows": (
        "Save it as musep2p.xml in UTF-16 (PowerShell: musep2p service --print | Out-File -Encoding unicode "
        "musep2p.xml), then:\n  schtasks /Create /TN musep2p /XML musep2p.xml\n  schtasks /Run /TN musep2p"
    ),
}


def service(settings: Settings, system: str) -> int:
    """Print the entry for a system, this one by default; how to use it goes to standard error."""
    system = system or _HERE.get(sys.platform, "linux")
    print(entry(system, [sys.executable, "-m", "musep2p", *arguments(settings)], settings))
    note(_WHERE[system])
    if not settings.farm:
        note("No farm is named: this peer would reach only its own machine. Add --farm NAME.")
    return 0


def arguments(settings: Settings) -> list[str]:
    """`join` and its options, so that the peer starts with the settings of this moment, whatever the folder."""
    options: list[str] = ["join", "--state", str(settings.state.absolute())]
    if settings.store is not None:
        options += ["--store", str(settings.store.absolute())]
    for name, value in (("--farm", settings.farm), ("--listen", settings.listen), ("--name", settings.name)):
        options += [name, value] if value else []
    options += ["--slots", str(settings.slots)]
    for peer in settings.peers:
        options += ["--peer", peer]
    for tag in settings.tags:
        options += ["--tag", tag]
    return options


def entry(system: str, command: Sequence[str], settings: Settings) -> str:
    """A systemd unit, a launchd property list or a Task Scheduler definition that runs this command."""
    if system == "macos":
        return _launchd(command, settings.state)
    return _scheduler(command) if system == "windows" else _systemd(command)


def _systemd(command: Sequence[str]) -> str:
    return f"""[Unit]
Description=musep2p, a peer of the render farm
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={" ".join(_unit_word(word) for word in command)}
Restart=on-failure
RestartSec=10
KillSignal=SIGINT
TimeoutStopSec=60

[Install]
WantedBy=default.target"""


def _launchd(command: Sequence[str], state: Path) -> str:
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>org.musep2p.peer</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>StandardErrorPath</key><string>{escape(str(state.absolute() / "peer.log"))}</string>
</dict>
</plist>"""


def _scheduler(command: Sequence[str]) -> str:
    program, *rest = command
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(rest))}</Arguments>
    </Exec>
  </Actions>
</Task>"""


def _unit_word(word: str) -> str:
    """systemd reads quotes, backslashes, % and $ in its own way."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"' if not quoted or any(c in quoted for c in " \t'\"\\;") else quoted
