"""The commands on batches, as the command line declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musep2p.cli.options import BatchName, Farm, Json, Listen, PeerOption, State, Store, client_settings

__all__ = ["cancel", "pause", "picture", "results", "resume", "retry", "status", "top", "watch", "why"]


def status(
    batch: Annotated[str, typer.Argument(help="Id, unique beginning of it, name, or `last`; all if left out.")] = "",
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """How far batches are."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.status(client_settings(state, farm, listen, peer), batch, as_json=json))


def watch(
    batch: BatchName = "last",
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Follow a batch to its end."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.watch(client_settings(state, farm, listen, peer), batch, as_json=json))


def top(
    once: Annotated[bool, typer.Option("--once", help="Show it once, and end.")] = False,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """The whole farm at a glance: who does what, how fast, how long it will take."""
    from musep2p.cli import top as commands

    raise typer.Exit(commands.top(client_settings(state, farm, listen, peer), once=once, as_json=json))


def cancel(
    batch: BatchName,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Cancel a batch; what is safe stays."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.command(client_settings(state, farm, listen, peer), batch, "cancel", as_json=json))


def pause(
    batch: BatchName,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Start no more tasks of a batch; what runs is finished."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.command(client_settings(state, farm, listen, peer), batch, "pause", as_json=json))


def resume(
    batch: BatchName,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Go on with a batch that was paused or cancelled."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.command(client_settings(state, farm, listen, peer), batch, "resume", as_json=json))


def retry(
    batch: BatchName,
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Try again what failed of a batch."""
    from musep2p.cli import batches as commands

    raise typer.Exit(commands.command(client_settings(state, farm, listen, peer), batch, "retry", as_json=json))


def results(
    batch: BatchName = "last",
    index: Annotated[str, typer.Option("--index", metavar="N[-M]", help="Only these: 7, 100-199, 100-.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only tasks that failed, and why.")] = False,
    made_by: Annotated[str, typer.Option("--by", metavar="PEER", help="Only those that this peer made.")] = "",
    zip_file: Annotated[Path | None, typer.Option("--zip", help="Take all pictures along as one file.")] = None,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Draw them on one picture: at most 100, evenly chosen.")
    ] = False,
    grid: Annotated[
        str, typer.Option("--grid", metavar="X,Y[,Z]", help="Draw two or three axes against each other, labelled.")
    ] = "",
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="AXIS=VALUE", help="With --grid: value of another axis.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File of the sheet or grid.")] = None,
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """What a batch yielded."""
    from musep2p.cli import batches as commands

    picture = commands.picture_of(sheet=sheet, grid=grid, where=where or [], out=out)
    settings = client_settings(state, farm, listen, peer, store)
    wanted = commands.wanted_of(indices=index, failed=failed, made_by=made_by)
    raise typer.Exit(commands.results(settings, batch, wanted, zip_path=zip_file, picture=picture, as_json=json))


def picture(
    batch: BatchName,
    index: Annotated[int, typer.Argument(min=0, help="The task's index.")],
    out: Annotated[Path | None, typer.Option("--out", help="File; by default named after the task, here.")] = None,
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """One picture, wherever it is now: also what still waits for the store on a peer's disk."""
    from musep2p.cli import picture as commands

    settings = client_settings(state, farm, listen, peer, store)
    raise typer.Exit(commands.picture(settings, batch, index, out, as_json=json))


def why(
    batch: BatchName,
    index: Annotated[int, typer.Argument(min=0, help="The task's index.")],
    state: State = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """The story of a task: where it is, who tried it, why it waits, was skipped or failed."""
    from musep2p.cli import why as commands

    raise typer.Exit(commands.why(client_settings(state, farm, listen, peer), batch, index, as_json=json))
