"""The commands of and on peers, as the command line declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musep2p.cli.options import Farm, Json, Listen, PeerOption, State, Store, client_settings
from musep2p.config import load_settings
from musep2p.errors import UsageError

__all__ = ["config", "doctor", "engines", "join", "peers", "service"]


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
    when: Annotated[str | None, typer.Option(help="`idle`: work only while nobody uses this machine.")] = None,
    hours: Annotated[list[str] | None, typer.Option(help="Work only then, like `Mon-Fri 19:00-07:00`.")] = None,
    share: Annotated[float | None, typer.Option(help="Work for this share of the time, like 0.5.")] = None,
    no_mdns: Annotated[bool, typer.Option("--no-mdns", help="Do not announce or look by mDNS.")] = False,
    probe: Annotated[bool | None, typer.Option(help="Look for engines at this machine's usual ports.")] = None,
    adopt_store: Annotated[bool, typer.Option("--adopt-store", help="Make an empty folder the farm's store.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell of steals too.")] = False,
    json: Json = False,
) -> None:
    """Be a peer of the farm until Ctrl-C."""
    from musep2p.cli import join as commands

    settings = load_settings(
        {
            "state": state, "store": store, "farm": farm, "listen": listen, "slots": slots, "name": name,
            "speed": speed, "peers": tuple(peer or ()), "tags": tuple(tag or ()), "probe": probe,
            "when": when, "hours": tuple(hours or ()), "share": share,
        }
    )  # fmt: skip
    commands.join(settings, mdns=not no_mdns, adopt_store=adopt_store, as_json=json, verbose=verbose)


def peers(
    state: State = None, farm: Farm = None, listen: Listen = None, peer: PeerOption = None, json: Json = False
) -> None:
    """Who is in the farm."""
    from musep2p.cli import peers as commands

    commands.peers(client_settings(state, farm, listen, peer), as_json=json)


def engines(
    word: Annotated[str, typer.Argument(help="`probe`: what answers at an address; else all are listed.")] = "",
    url: Annotated[str, typer.Argument(help="With probe: where; the usual ports of this machine if left out.")] = "",
    test: Annotated[bool, typer.Option(help="With an address: render a test picture there.")] = True,
    picture: Annotated[Path | None, typer.Option(help="Where the test picture goes.")] = None,
    json: Json = False,
) -> None:
    """The engines of this machine, and what answers at an address."""
    from musep2p.cli import engines as commands

    if word not in ("", "probe"):
        raise UsageError(f"engines has no {word!r}.", "Say `musep2p engines` or `musep2p engines probe [URL]`.")
    if word:
        raise typer.Exit(commands.probe(url, test=test, picture=picture, as_json=json))
    raise typer.Exit(commands.engines(as_json=json))


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

    raise typer.Exit(commands.doctor(client_settings(state, farm, listen, peer, store), as_json=json))


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


def config(
    state: State = None, store: Store = None, farm: Farm = None, listen: Listen = None, json: Json = False
) -> None:
    """The settings as they are, and where they may be given."""
    from musep2p.cli import settings as commands

    commands.show(load_settings({"state": state, "store": store, "farm": farm, "listen": listen}), as_json=json)
