"""The `musep2p` command: options, one line and an exit code for every error, JSON where asked."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from musep2p import __version__
from musep2p.cli.show import note, print_json
from musep2p.config import load_settings
from musep2p.errors import MuseError, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="musep2p",
    help="Turns the workstations of a LAN into one render farm for generative art, with no server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

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


def _version(wanted: bool) -> None:
    if wanted:
        print(f"musep2p {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
def join(
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    slots: Annotated[int | None, typer.Option(help="Tasks at one time; usually one per GPU.")] = None,
    name: Annotated[str | None, typer.Option(help="What people call this peer.")] = None,
    speed: Annotated[float | None, typer.Option(help="Relative speed that test engines pretend.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A batch may ask for peers with this tag.")] = None,
    no_mdns: Annotated[bool, typer.Option("--no-mdns", help="Do not announce or look by mDNS.")] = False,
    adopt_store: Annotated[bool, typer.Option("--adopt-store", help="Make an empty folder the farm's store.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell of steals too.")] = False,
    json: Json = False,
) -> None:
    """Be a peer of the farm until Ctrl-C."""
    from musep2p.cli import farm as commands

    settings = load_settings(
        {
            "state": state, "store": store, "farm": farm, "listen": listen, "slots": slots, "name": name,
            "speed": speed, "peers": tuple(peer or ()), "tags": tuple(tag or ()),
        }
    )  # fmt: skip
    commands.join(settings, mdns=not no_mdns, adopt_store=adopt_store, as_json=json, verbose=verbose)


@app.command()
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


@app.command()
def plan(
    batch: Annotated[Path, typer.Argument(help="The batch file.")],
    first: Annotated[int, typer.Option(min=0, max=1000, help="Tasks that are shown in full.")] = 3,
    json: Json = False,
) -> None:
    """What a batch file will be, or everything that is wrong with it. Nothing runs."""
    from musep2p.cli import plan as commands

    raise typer.Exit(commands.plan(batch, first=first, as_json=json))


@app.command()
def schema(
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this file.")] = None,
) -> None:
    """The JSON Schema of batch files, for editors."""
    from musep2p.cli import plan as commands

    commands.schema(output)


@app.command()
def example(
    name: Annotated[str, typer.Argument(help="Which; all are listed if left out.")] = "",
    folder: Annotated[Path | None, typer.Argument(help="Where to; default: a folder of its name.")] = None,
    json: Json = False,
) -> None:
    """Copy one of the example batches out of the package."""
    from musep2p.cli import plan as commands

    raise typer.Exit(commands.example(name, folder, as_json=json))


@app.command()
def peers(
    state: State = None, farm: Farm = None, listen: Listen = None, peer: PeerOption = None, json: Json = False
) -> None:
    """Who is in the farm."""
    from musep2p.cli import farm as commands

    commands.peers(_client_settings(state, farm, listen, peer), as_json=json)


@app.command()
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

    raise typer.Exit(commands.status(_client_settings(state, farm, listen, peer), batch, as_json=json))


@app.command()
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

    raise typer.Exit(commands.watch(_client_settings(state, farm, listen, peer), batch, as_json=json))


@app.command()
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

    raise typer.Exit(commands.top(_client_settings(state, farm, listen, peer), once=once, as_json=json))


@app.command()
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

    raise typer.Exit(commands.command(_client_settings(state, farm, listen, peer), batch, "cancel", as_json=json))


@app.command()
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

    raise typer.Exit(commands.command(_client_settings(state, farm, listen, peer), batch, "pause", as_json=json))


@app.command()
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

    raise typer.Exit(commands.command(_client_settings(state, farm, listen, peer), batch, "resume", as_json=json))


@app.command()
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

    raise typer.Exit(commands.command(_client_settings(state, farm, listen, peer), batch, "retry", as_json=json))


@app.command()
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
    settings = _client_settings(state, farm, listen, peer, store)
    wanted = commands.wanted_of(indices=index, failed=failed, made_by=made_by)
    raise typer.Exit(commands.results(settings, batch, wanted, zip_path=zip_file, picture=picture, as_json=json))


@app.command()
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

    settings = _client_settings(state, farm, listen, peer, store)
    raise typer.Exit(commands.picture(settings, batch, index, out, as_json=json))


@app.command()
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

    settings = _client_settings(state, farm, listen, peer, store)
    raise typer.Exit(commands.verify(settings, batch, repair=repair, as_json=json))


@app.command()
def gc(
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else it is only said.")] = False,
    store: Store = None,
    farm: Farm = None,
    json: Json = False,
) -> None:
    """Collect what no batch on the store needs any more, by way of its trash."""
    from musep2p.cli import gc as commands

    raise typer.Exit(commands.gc(load_settings({"store": store, "farm": farm}), apply=apply, as_json=json))


@app.command()
def merge(
    other: Annotated[Path, typer.Argument(help="Another store, or `outputs` in the state folder of a peer.")],
    store: Store = None,
    farm: Farm = None,
    json: Json = False,
) -> None:
    """Take into the farm's store what another one has."""
    from musep2p.cli import merge as commands

    raise typer.Exit(commands.merge(load_settings({"store": store, "farm": farm}), other, as_json=json))


@app.command()
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

    raise typer.Exit(commands.why(_client_settings(state, farm, listen, peer), batch, index, as_json=json))


@app.command()
def doctor(
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    json: Json = False,
) -> None:
    """Is this machine ready? Network, multicast, firewall, other peers, store, engines; and what to do."""
    from musep2p.cli import doctor as commands

    raise typer.Exit(commands.doctor(_client_settings(state, farm, listen, peer, store), as_json=json))


@app.command()
def service(
    print_it: Annotated[bool, typer.Option("--print", help="Print it; nothing is installed.")] = False,
    system: Annotated[str, typer.Option("--system", help="linux, macos or windows; default: this one.")] = "",
    state: State = None,
    store: Store = None,
    farm: Farm = None,
    listen: Listen = None,
    peer: PeerOption = None,
    slots: Annotated[int | None, typer.Option(help="Tasks at one time; usually one per GPU.")] = None,
    name: Annotated[str | None, typer.Option(help="What people call this peer.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A batch may ask for peers with this tag.")] = None,
) -> None:
    """The systemd, launchd or Task Scheduler entry that starts a peer at logon."""
    from musep2p.cli import service as commands

    if not print_it or system not in ("", *commands.SYSTEMS):
        known = ", ".join(commands.SYSTEMS)
        raise UsageError("say `service --print`, with --system one of " + known + ".", "Nothing is installed by it.")
    settings = load_settings(
        {
            "state": state, "store": store, "farm": farm, "listen": listen, "slots": slots, "name": name,
            "peers": tuple(peer or ()), "tags": tuple(tag or ()),
        }
    )  # fmt: skip
    raise typer.Exit(commands.service(settings, system))


@app.command()
def config(
    state: State = None, store: Store = None, farm: Farm = None, listen: Listen = None, json: Json = False
) -> None:
    """The settings as they are, and where they may be given."""
    from musep2p.cli import settings as commands

    commands.show(load_settings({"state": state, "store": store, "farm": farm, "listen": listen}), as_json=json)


@app.command()
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
    scenario: Annotated[int | None, typer.Option(help="Replay a fault scenario of the tests by its seed.")] = None,
    told: Annotated[int, typer.Option(help="Print the last so many lines that peers told.")] = 0,
    json: Json = False,
) -> None:
    """A farm on virtual time, with the production protocol; faults at will."""
    from musep2p.cli import simulate as commands
    from musep2p.sim.plan import draw

    farm = commands.Farm(
        peers, tasks, rng_seed, commands.numbers(speeds), slots, commands.span(task_ms), loss, doubling, delay_ms,
        jitter_ms, late, deaths, fail, shared_store, heartbeat_ms, slow_ms, slow_kb_s,
    )  # fmt: skip
    plan = farm.plan() if scenario is None else draw(scenario)
    raise typer.Exit(commands.simulate(plan, as_json=json, told=told))


def _client_settings(
    state: Path | None, farm: str | None, listen: str | None, peer: list[str] | None, store: Path | None = None
) -> Any:
    return load_settings({"state": state, "store": store, "farm": farm, "listen": listen, "peers": tuple(peer or ())})


def main() -> None:
    """Run the command line; every expected error is one line and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to stop
    try:
        app()
    except MuseError as error:
        if "--json" in sys.argv:
            print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        note(f"musep2p: {error}")
        for line in error.details:
            note(f"  {line}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
