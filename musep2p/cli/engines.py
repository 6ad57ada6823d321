"""`engines`: which there are on this machine, and what answers at an address."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from musep2p.cli.show import note, print_json, table
from musep2p.engines.finding import USUAL_PORTS
from musep2p.engines.recognise import Recognised, recognise, recognised_here
from musep2p.engines.registry import engine_names, load_engine
from musep2p.engines.trial import try_out
from musep2p.errors import EngineError, MuseError

__all__ = ["engines", "probe"]

_MODELS_SHOWN = 12


def engines(*, as_json: bool) -> int:
    """List them, with what each lacks here."""
    lacking = {name: _lacks(name) for name in engine_names()}
    if as_json:
        print_json([{"name": name, "ready": not lacks, "lacks": lacks} for name, lacks in lacking.items()])
    else:
        rows = [[name, "no" if lacks else "yes", lacks] for name, lacks in lacking.items()]
        print(table(["engine", "here", ""], rows))
    return 0


def _lacks(name: str) -> str:
    try:
        return load_engine(name).missing().removeprefix(f"{name}: ")
    except MuseError as error:
        return str(error)


def probe(url: str, *, test: bool, picture: Path | None, as_json: bool) -> int:
    """Recognise what answers at an address, or at the usual ports of this machine; 1 if nothing known does.

    Args:
        url: the address; empty for the usual ports, where nothing is rendered.
        test: render a picture there.
        picture: where it goes.

    Raises:
        ConfigError: that is no address.
        EngineError: nobody answers there, or it renders nothing.
    """
    if url and "://" not in url:
        url = f"http://{url}"
    answers = [recognise(url)] if url else recognised_here()
    found = [one for one in answers if one is not None]
    tested = _tested(found[0], picture) if found and url and test else None
    if as_json:
        print_json([{**asdict(one), "test": tested} for one in found])
    else:
        for one in found:
            _print(one)
        if tested:
            print(f"\n{tested['said']}")
    if found:
        return 0 if tested is None or tested["ok"] else 1
    if url:
        raise EngineError(
            f"something answers at {url}, and it is no engine that is known here.", "See docs/engines.md."
        )
    note(f"no engine answers at the usual ports of this machine: {', '.join(map(str, USUAL_PORTS))}")
    return 1


def _tested(one: Recognised, file: Path | None) -> dict[str, Any]:
    try:
        trial = try_out(one)
    except MuseError as error:
        return {"ok": False, "said": f"no test picture: {error}"}
    said = f"a test picture of {trial.width}x{trial.height} took {trial.seconds:.1f} s"
    if file is not None:
        file.write_bytes(trial.data)
        said += f": {file}"
    return {
        "ok": True, "said": said, "seconds": round(trial.seconds, 3), "width": trial.width, "height": trial.height,
    }  # fmt: skip


def _print(one: Recognised) -> None:
    print(f"{one.url}: {one.what}")
    for name, megabytes in one.gpu:
        print(f"  {name}, {megabytes} MB")
    shown = ", ".join(one.models[:_MODELS_SHOWN])
    more = f" and {len(one.models) - _MODELS_SHOWN} more" if len(one.models) > _MODELS_SHOWN else ""
    if shown:
        print(f"  models: {shown}{more}")
    print(f'\n[engines.{one.engine}]\nurl = "{one.url}"')
    for line in one.settings:
        print(line)
