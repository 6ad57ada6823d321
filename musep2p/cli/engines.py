"""`engines`: which there are on this machine, and what answers at an address."""

from __future__ import annotations

from dataclasses import asdict

from musep2p.cli.show import note, print_json, table
from musep2p.engines.recognise import USUAL_PORTS, Recognised, recognise, recognised_here
from musep2p.engines.registry import engine_names, load_engine
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


def probe(url: str, *, as_json: bool) -> int:
    """Recognise what answers at an address, or at the usual ports of this machine; 1 if nothing known does.

    Raises:
        ConfigError: that is no address.
        EngineError: nobody answers there.
    """
    if url and "://" not in url:
        url = f"http://{url}"
    answers = [recognise(url)] if url else recognised_here()
    found = [one for one in answers if one is not None]
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            _print(one)
    if found:
        return 0
    if url:
        raise EngineError(
            f"something answers at {url}, and it is no engine that is known here.", "See docs/engines.md."
        )
    note(f"no engine answers at the usual ports of this machine: {', '.join(map(str, USUAL_PORTS))}")
    return 1


def _print(one: Recognised) -> None:
    print(f"{one.url}: {one.what}")
    for name, megabytes in one.gpu:
        print(f"  {name}, {megabytes} MB")
    shown = ", ".join(one.models[:_MODELS_SHOWN])
    more = f" and {len(one.models) - _MODELS_SHOWN} more" if len(one.models) > _MODELS_SHOWN else ""
    if shown:
        print(f"  models: {shown}{more}")
    if not one.engine:
        print("  there is no adapter for it yet")
        return
    print(f'\n[engines.{one.engine}]\nurl = "{one.url}"')
    if one.engine == "comfyui":
        print('workflow = "FILE"  # saved by Workflow > Export (API)')
