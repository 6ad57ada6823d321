"""`config`: the settings as they are merged, and their sources."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from musep2p.cli.show import print_json, table
from musep2p.config import ENVIRONMENT, Settings, user_file

__all__ = ["show"]


def show(settings: Settings, *, as_json: bool) -> None:
    """Print every setting with the environment variable that gives it."""
    values = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    plain = {k: str(v) if isinstance(v, Path) else list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    if as_json:
        print_json(plain)
        return
    print(table(["setting", "value", "environment"], [[k, str(v), ENVIRONMENT.get(k, "")] for k, v in plain.items()]))
    print(f"\nflag > environment > musep2p.toml here or above > {user_file()} > default")
