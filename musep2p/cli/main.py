"""The `musep2p` command: one line and an exit code for every error, JSON where asked."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from musep2p import __version__
from musep2p.cli import declared_batches as batches
from musep2p.cli import declared_files as files
from musep2p.cli import declared_peers as peers
from musep2p.cli import declared_store as store
from musep2p.cli.show import note, print_json
from musep2p.errors import MuseError

__all__ = ["app", "main"]

app = typer.Typer(
    name="musep2p",
    help="Turns the workstations of a LAN into one render farm for generative art, with no server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# In the order of `musep2p --help`.
_COMMANDS = (
    peers.join,
    files.submit,
    files.plan,
    files.schema,
    files.example,
    peers.peers,
    batches.status,
    batches.watch,
    batches.top,
    batches.cancel,
    batches.pause,
    batches.resume,
    batches.retry,
    batches.results,
    batches.picture,
    store.verify,
    store.gc,
    store.merge,
    batches.why,
    peers.doctor,
    peers.engines,
    peers.service,
    peers.config,
    files.simulate,
)


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


for _command in _COMMANDS:
    app.command()(_command)


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
