"""The commands on batch files, and the simulator, as the command line declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musep2p.cli.options import Farm, Json, Listen, PeerOption, State, Store
from musep2p.config import load_settings

__all__ = ["example", "plan", "schema", "simulate", "submit"]


def submit(
    batch: Annotated[Path, typer.Argument(help="The batch file.")],
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when the batch is accepted.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Render all anew, as a batch of its own.")] = False,
    json: Json = False,
) -> None:
    """Submit a batch file, from any machine of the farm."""
    from musep2p.cli import submit as commands

    settings = load_settings(
        {"state": state, "store": store, "farm": farm, "listen": listen, "peers": tuple(peer or ())}
    )
    raise typer.Exit(commands.submit(settings, batch, detach=detach, again=again, as_json=json))


def plan(
    batch: Annotated[Path, typer.Argument(help="The batch file.")],
    first: Annotated[int, typer.Option(min=0, max=1000, help="Tasks that are shown in full.")] = 3,
    json: Json = False,
) -> None:
    """What a batch file will be, or everything that is wrong with it. Nothing runs."""
    from musep2p.cli import plan as commands

    raise typer.Exit(commands.plan(batch, first=first, as_json=json))


def schema(
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this file.")] = None,
) -> None:
    """The JSON Schema of batch files, for editors."""
    from musep2p.cli import plan as commands

    commands.schema(output)


def example(
    name: Annotated[str, typer.Argument(help="Which; all are listed if left out.")] = "",
    folder: Annotated[Path | None, typer.Argument(help="Where to; default: a folder of its name.")] = None,
    json: Json = False,
) -> None:
    """Copy one of the example batches out of the package."""
    from musep2p.cli import plan as commands

    raise typer.Exit(commands.example(name, folder, as_json=json))


def simulate(
    peers: Annotated[int, typer.Option(help="Machines.")] = 8,
    tasks: Annotated[int, typer.Option(help="Tasks, all submitted at one machine.")] = 400,
    rng_seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 1,
    speeds: Annotated[str, typer.Option(help="Speeds of the machines, repeated in turn: 1,1,0.5")] = "1",
    slots: Annotated[int, typer.Option(help="Slots of each machine.")] = 1,
    task_ms: Annotated[str, typer.Option(help="Time of a task at speed 1, in ms: 50 or 20-60")] = "50",
    loss: Annotated[float, typer.Option(help="Share of the messages that is lost.")] = 0.0,
    doubling: Annotated[float, typer.Option(help="Share of the messages that comes twice.")] = 0.0,
    delay_ms: Annotated[float, typer.Option(help="One way, in ms.")] = 0.3,
    jitter_ms: Annotated[float, typer.Option(help="Added at random, in ms; messages overtake each other.")] = 0.2,
    late: Annotated[int, typer.Option(help="So many machines join later.")] = 0,
    deaths: Annotated[int, typer.Option(help="So many machines die on the way.")] = 0,
    fail: Annotated[float, typer.Option(help="Share of the attempts that fails.")] = 0.0,
    shared_store: Annotated[bool, typer.Option("--shared-store", help="Outputs go to a shared store.")] = False,
    heartbeat_ms: Annotated[int, typer.Option(help="Between heartbeats.")] = 1000,
    slow_ms: Annotated[float, typer.Option(help="One machine is so far from all others, one way, in ms.")] = 0.0,
    slow_kb_s: Annotated[float, typer.Option(help="Its line carries so many kB/s, both ways together.")] = 0.0,
    models: Annotated[int, typer.Option(help="The tasks need so many models, one after the other.")] = 1,
    loading_ms: Annotated[int, typer.Option(help="Loading another model takes so long at speed 1, in ms.")] = 0,
    affinity: Annotated[bool, typer.Option(help="Peers heed what they have loaded.")] = True,
    scenario: Annotated[int | None, typer.Option(help="Replay a fault scenario of the tests by its seed.")] = None,
    told: Annotated[int, typer.Option(help="Print the last so many lines that peers told.")] = 0,
    json: Json = False,
) -> None:
    """A farm on virtual time, with the production protocol; faults at will."""
    from musep2p.cli import simulate as commands
    from musep2p.sim.plan import draw

    farm = commands.Farm(
        peers, tasks, rng_seed, commands.numbers(speeds), slots, commands.span(task_ms), loss, doubling, delay_ms,
        jitter_ms, late, deaths, fail, shared_store, heartbeat_ms, slow_ms, slow_kb_s, models, loading_ms,
        affinity,
    )  # fmt: skip
    plan = farm.plan() if scenario is None else draw(scenario)
    raise typer.Exit(commands.simulate(plan, as_json=json, told=told))
