"""Parts of the docs that are made from the command line and from the core's own tables."""

import typer

from musep2p.cli.main import app
from musep2p.core.membership import MOVES


def commands():
    """Every command with its help, arguments and options."""
    parts = []
    for name, command in typer.main.get_command(app).commands.items():
        rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
        parts.append(f"### `{name}`\n\n{command.help}\n\n| | |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(parameter):
    if parameter.param_type_name == "argument":
        shown = f"`{parameter.name.upper()}`" if parameter.required else f"`[{parameter.name.upper()}]`"
    else:
        own = parameter.opts[0].removeprefix("--").replace("-", "_").upper()
        value = "" if parameter.is_flag else f" {parameter.metavar or own}"
        shown = f"`{parameter.opts[0]}{value}`" + (", again for more" if parameter.multiple else "")
    default = parameter.default
    told = "" if parameter.required or default in (None, "", False, ()) else f" Default: {default}."
    return f"| {shown} | {(parameter.help or '').replace('|', chr(92) + '|')}{told} |"


def moves():
    """The table of a member's states and its legal moves."""
    rows = [f"| {state} | {', '.join(sorted(to)) or '-'} |" for state, to in MOVES.items()]
    return "| from | to |\n| --- | --- |\n" + "\n".join(rows)
