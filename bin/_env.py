"""Make a virtual environment beside the code, install musep2p into it, and run things there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def environment(extra: str = "") -> Path:
    """The Python of an up-to-date environment with musep2p (and an extra) installed from this folder."""
    if sys.version_info < OLDEST:
        sys.exit(f"musep2p needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    folder = ROOT / f".venv-{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / f"installed{extra}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"installing into {folder.name} (once; about half a minute)", file=sys.stderr, flush=True)
    if not python.exists():
        venv.create(folder, with_pip=True)
    quiet = ["-q", "--disable-pip-version-check", "--no-compile"]  # what is used is compiled when it is
    subprocess.run([python, "-m", "pip", "install", *quiet, "-e", f"{ROOT}{extra}"], check=True)
    stamp.write_text(wanted)
    return python
