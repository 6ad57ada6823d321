"""Settings as one frozen value. Flag > environment > project file > user file > default.

The project file is `musep2p.toml` in the folder of the command or above it, the user file `config.toml` in the
user's configuration folder; both hold `key = value` lines with the names of the fields below.
"""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from musep2p.errors import ConfigError

__all__ = ["ENVIRONMENT", "Settings", "load_settings", "parse_listen", "user_file"]

ENVIRONMENT = {
    "state": "MUSEP2P_STATE",
    "store": "MUSEP2P_STORE",
    "farm": "MUSEP2P_FARM",
    "listen": "MUSEP2P_LISTEN",
}
LOOPBACK_FARM = "local"
ALWAYS, IDLE = "always", "idle"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and how a peer runs.

    Attributes:
        state: the state folder.
        store: the farm's shared folder, or None.
        farm: the farm's name; peers of other farms are refused. Empty: only loopback, farm `local`.
        listen: ADDR or ADDR:PORT; empty: all interfaces if a farm is named.
        name: what people call this peer.
        slots: tasks at one time.
        speed: relative speed that test engines pretend.
        memory_mb: a slot's child above this is ended.
        spool_mb: outputs that wait here while the store is away; 0: half of what is free, 10 GB at most.
        gpu_mb: memory of the GPU, for batches that ask for some; 0: what `nvidia-smi` says.
        probe: look for engines at the usual ports of this machine when a peer is started, at none, or at these.
        when: `always`, or `idle`: the machine works for the farm while nobody uses it.
        idle_minutes: so long nobody shall have touched it, then.
        idle_command: prints for how many milliseconds nobody did, where the system does not tell.
        hours: of the week at which it works, like `Mon-Fri 19:00-07:00`; none: all.
        share: of the time that a slot works; it rests after each task.
        engines: what each engine needs to know on this machine, by its name; only from files.
    """

    state: Path
    store: Path | None = None
    farm: str = ""
    listen: str = ""
    name: str = ""
    slots: int = 1
    speed: float = 1.0
    memory_mb: int = 0
    spool_mb: int = 0
    gpu_mb: int = 0
    peers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    probe: bool | tuple[int, ...] = True
    when: str = ALWAYS
    idle_minutes: float = 5.0
    idle_command: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    share: float = 1.0
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def place(self) -> tuple[str, int]:
        """The address and port (0: any free) to listen on.

        Raises:
            ConfigError: beyond loopback without a farm's name, or not an address.
        """
        host, port = parse_listen(self.listen) if self.listen else ("0.0.0.0" if self.farm else "127.0.0.1", 0)
        if not self.farm and not host.startswith("127."):
            raise ConfigError(
                f"listening on {host} opens this peer to the LAN, and no farm is named.",
                "Say --farm NAME (or set MUSEP2P_FARM), the same on all machines of the studio.",
            )
        return host, port

    def idle_s(self) -> float:
        """So many seconds nobody shall have touched the machine before it works; 0: that is no matter."""
        return self.idle_minutes * 60 if self.when == IDLE else 0.0

    @property
    def farm_name(self) -> str:
        """The farm's name, also when only loopback is used."""
        return self.farm or LOOPBACK_FARM


def parse_listen(text: str) -> tuple[str, int]:
    """ADDR or ADDR:PORT.

    Raises:
        ConfigError: it is neither.
    """
    match = re.fullmatch(r"([A-Za-z0-9.\-]+)(?::(\d{1,5}))?", text)
    if match is None or int(match[2] or 0) > 65534:
        raise ConfigError(f"{text!r} is no address to listen on.", "Write it as ADDR or ADDR:PORT, like 10.0.0.5:7340.")
    host = "127.0.0.1" if match[1] == "localhost" else match[1]
    try:
        host = socket.gethostbyname(host)
    except OSError:
        raise ConfigError(
            f"nobody knows the address {match[1]!r}.", "Give the IP of one of this machine's cards."
        ) from None
    return host, int(match[2] or 0)


def user_file() -> Path:
    """The user's own settings file."""
    return Path(platformdirs.user_config_dir("musep2p", appauthor=False)) / "config.toml"


def load_settings(
    flags: Mapping[str, Any], environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Settings:
    """Merge all sources; flags that are None were not given.

    Raises:
        ConfigError: a source has an unknown key or a value of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    known = {each.name for each in fields(Settings)}
    merged: dict[str, Any] = {}
    for path in (user_file(), _project_file(cwd or Path.cwd())):
        if path is not None and path.is_file():
            values = _read_file(path, known)
            merged.update({**values, "engines": {**merged.get("engines", {}), **values.get("engines", {})}})
    merged.update({key: environ[name] for key, name in ENVIRONMENT.items() if environ.get(name)})
    merged.update({key: value for key, value in flags.items() if value not in (None, ())})
    # A folder of its own for each farm: journals of two farms must not meet.
    farm = str(merged.get("farm") or LOOPBACK_FARM)
    default = Settings(
        Path(platformdirs.user_state_dir("musep2p", appauthor=False)) / farm, name=socket.gethostname()[:60]
    )
    return _checked(replace(default, **_typed(merged)))


def _project_file(cwd: Path) -> Path | None:
    return next((path for folder in (cwd, *cwd.parents) if (path := folder / "musep2p.toml").is_file()), None)


def _read_file(path: Path, known: set[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", "Mend it or move it away.") from None
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(f"{path}: unknown setting {unknown[0]!r}.", f"Known: {', '.join(sorted(known))}.")
    engines = values.get("engines", {})
    if not isinstance(engines, dict) or not all(isinstance(table, dict) for table in engines.values()):
        raise ConfigError(f"{path}: engines must be tables.", "Write [engines.NAME] above the options of an engine.")
    return values


def _typed(merged: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "state": Path, "store": Path, "farm": str, "listen": str, "name": str, "slots": int, "speed": float,
        "memory_mb": int, "spool_mb": int, "gpu_mb": int, "peers": tuple, "tags": tuple, "probe": _probe,
        "when": str, "idle_minutes": float, "idle_command": _texts, "hours": _texts, "share": float,
        "engines": dict,
    }  # fmt: skip
    typed: dict[str, Any] = {}
    for key, value in merged.items():
        try:
            typed[key] = kinds[key](value)
        except (TypeError, ValueError):
            raise ConfigError(f"the setting {key} cannot be {value!r}.", "See `musep2p config`.") from None
    for key in ("state", "store"):
        if key in typed:
            typed[key] = typed[key].expanduser().absolute()
    return typed


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return tuple(value)


def _probe(value: object) -> bool | tuple[int, ...]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, list) or not all(type(port) is int and 0 < port < 1 << 16 for port in value):
        raise TypeError
    return tuple(value)


def _checked(settings: Settings) -> Settings:
    if not 1 <= settings.slots <= 64:
        raise ConfigError(f"{settings.slots} slots are not possible.", "Take 1 to 64; usually one per GPU.")
    if not 0.001 <= settings.speed <= 1000:
        raise ConfigError(f"a speed of {settings.speed} is not possible.", "Take 0.001 to 1000; 1 is usual.")
    if settings.when not in (ALWAYS, IDLE):
        raise ConfigError(f"when cannot be {settings.when!r}.", "Say always or idle; hours of the day go into hours.")
    if not 0.05 <= settings.share <= 1:
        raise ConfigError(f"a share of {settings.share} is not possible.", "Take 0.05 to 1 of the time; 1 is all.")
    if not 0.01 <= settings.idle_minutes <= 1e5:
        raise ConfigError(f"idle_minutes cannot be {settings.idle_minutes}.", "Five are usual.")
    if len(settings.farm) > 60 or any(ord(c) < 33 for c in settings.farm):
        raise ConfigError(f"{settings.farm!r} is no farm name.", "Take up to 60 letters, digits or dashes.")
    if not settings.name.strip() or len(settings.name) > 60:
        raise ConfigError(f"{settings.name!r} is no name for a peer.", "Take 1 to 60 characters.")
    return settings
