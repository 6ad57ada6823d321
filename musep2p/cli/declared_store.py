"""The commands on the store, as the command line declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musep2p.cli.options import Farm, Json, Listen, PeerOption, State, Store, client_settings
from musep2p.config import load_settings

__all__ = ["gc", "merge", "verify"]


def verify(
    batch: Annotated[str, typer.Argument(help="Id, unique beginning of it, or name; all if left out.")] = "",
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Mend what the store or a peer has the bytes of; render the rest anew."),
    ] = False,
    store: Store = None,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Read every picture on the store again: is it what its record says?"""
    from musep2p.cli import verify as commands

    settings = client_settings(state, farm, listen, peer, store)
    raise typer.Exit(commands.verify(settings, batch, repair=repair, as_json=json))


def gc(
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else it is only said.")] = False,
    store: Store = None,
    farm: Farm = None,
    json: Json = False,
) -> None:
    """Collect what no batch on the store needs any more, by way of its trash."""
    from musep2p.cli import gc as commands

    raise typer.Exit(commands.gc(load_settings({"store": store, "farm": farm}), apply=apply, as_json=json))


def merge(
    other: Annotated[Path, typer.Argument(help="Another store, or `outputs` in the state folder of a peer.")],
    store: Store = None,
    farm: Farm = None,
    json: Json = False,
) -> None:
    """Take into the farm's store what another one has."""
    from musep2p.cli import merge as commands

    raise typer.Exit(commands.merge(load_settings({"store": store, "farm": farm}), other, as_json=json))
