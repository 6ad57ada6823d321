"""Options that commands share, and the settings that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musep2p.config import Settings, load_settings

__all__ = ["BatchName", "Farm", "Json", "Listen", "PeerOption", "State", "Store", "client_settings"]

State = Annotated[Path | None, typer.Option("--state", help="State folder of the peer on this machine.")]
# Typer looks at paths, and a share may hang: only its helper process touches it.
Store = Annotated[
    Path | None, typer.Option("--store", help="The farm's shared folder (NAS).", parser=Path, metavar="STORE")
]
Farm = Annotated[str | None, typer.Option("--farm", help="The farm's name, the same on all machines.")]
Listen = Annotated[str | None, typer.Option("--listen", help="ADDR or ADDR:PORT to listen on.")]
PeerOption = Annotated[list[str] | None, typer.Option("--peer", help="HOST:PORT of a peer, if mDNS does not find it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
BatchName = Annotated[str, typer.Argument(help="Id, unique beginning of it, name, or `last`.")]


def client_settings(
    state: Path | None, farm: str | None, listen: str | None, peer: list[str] | None, store: Path | None = None
) -> Settings:
    """The settings of a command that asks a peer."""
    return load_settings({"state": state, "store": store, "farm": farm, "listen": listen, "peers": tuple(peer or ())})
