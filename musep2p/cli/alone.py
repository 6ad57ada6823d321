"""`submit` where nobody else is: this machine is a farm of one until the batch is done."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from musep2p.batchfile.reader import BatchFile
from musep2p.cli.client import PeerClient
from musep2p.cli.join import run_loop
from musep2p.cli.show import note
from musep2p.cli.submit import of_farm, submit_to
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import BatchId
from musep2p.core.recipe import batch_id
from musep2p.engines.registry import load_engine
from musep2p.errors import BatchCancelledError
from musep2p.peer import Options, Peer
from musep2p.store.layout import stored_id

__all__ = ["OWN_STORE", "farm_of_one"]

OWN_STORE = "musep2p-store"
_MODELS_S, _LOOK_S = 3.0, 0.1


def farm_of_one(settings: Settings, path: Path, batch: BatchFile, *, again: bool, as_json: bool) -> int:
    """No peer is there: be one until the batch is done."""
    store = settings.store or path.absolute().parent / OWN_STORE
    store_id = stored_id(store) or secrets.token_hex(16)
    # What is safe is safe on one store: its journal is of no use for another.
    state = settings.state / "alone" / store_id[:16]
    alone = replace(settings, state=state, store=store, listen="127.0.0.1", peers=())
    stop = threading.Event()
    note(f"no other peer was found: this machine is a farm of one. Pictures go to {store}")
    code = 1

    async def run() -> None:
        nonlocal code
        peer = Peer(alone, Options(False, settings.store is None, _tell_alone, store_id))
        try:
            await peer.start()
            client = partial(_alone_client, peer.address, alone, batch, stop, again=again, as_json=as_json)
            work = asyncio.ensure_future(asyncio.to_thread(client))
            left = asyncio.ensure_future(peer.run_until_left())
            await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                left.result()
            code, run = await work
            sheet = await peer.sheet_of(run)
            if sheet is not None:
                note(f"contact sheet: {sheet}")
        except asyncio.CancelledError:
            stop.set()
            note("\nfinishing what runs; submit the same file again to go on")
            peer.drain()
            await peer.run_until_left()
            code = 130
        finally:
            stop.set()
            await peer.close()

    try:
        run_loop(run())
    except KeyboardInterrupt:
        raise BatchCancelledError("stopped at once; submit the same file again to go on.") from None
    return code


def _alone_client(
    address: str, settings: Settings, batch: BatchFile, stop: threading.Event, *, again: bool, as_json: bool
) -> tuple[int, BatchId]:
    client = PeerClient(address, settings.farm_name, stop)
    try:
        _wait_for_models(client, batch.recipe.engine)
        batch = of_farm(client, batch, again=again)
        return submit_to(client, batch, None, detach=False, as_json=as_json), batch_id(batch.recipe)
    except BatchCancelledError:
        return 130, batch_id(batch.recipe)
    finally:
        client.close()


def _wait_for_models(client: PeerClient, engine: str) -> None:
    """Our own peer has just been started: it asks its server now which models it has."""
    until = time.monotonic() + _MODELS_S
    while hasattr(load_engine(engine), "models") and time.monotonic() < until:
        (me, *_) = client.ask(r.PeersAsk(), r.PeersAnswer).peers
        if any(told.engine == engine for told in me.models):
            return
        time.sleep(_LOOK_S)


def _tell_alone(level: str, text: str) -> None:
    if level in ("warning", "error"):
        note(f"{level}: {text}")
