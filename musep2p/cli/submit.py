"""`submit`: a batch file becomes a batch, of the farm or, where nobody else is, of this machine alone."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from musep2p.batchfile.reader import BatchFile, read_batch
from musep2p.cli.batches import ANSWERED_S, EXIT_CODES, follow
from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.farm import run_loop
from musep2p.cli.pinning import pinned
from musep2p.cli.show import counted, note, print_json
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import BatchId, short
from musep2p.core.recipe import batch_id
from musep2p.engines.registry import load_engine
from musep2p.errors import BatchCancelledError
from musep2p.peer import Options, Peer
from musep2p.store.layout import stored_id

__all__ = ["OWN_STORE", "submit"]

OWN_STORE = "musep2p-store"
_MODELS_S, _LOOK_S = 3.0, 0.1


def submit(settings: Settings, path: Path, *, detach: bool, again: bool, as_json: bool) -> int:
    """Submit a batch file and, unless detached, watch it to its end. Returns the exit code."""
    batch = read_batch(path)
    for text in batch.notes:
        note(f"note: {text}")
    client = find_peer(settings)
    if client is not None:
        try:
            batch = _of_farm(client, batch, again=again)
            return _submit_to(client, batch, settings, detach=detach, as_json=as_json)
        finally:
            client.close()
    if detach:
        raise no_peers(settings)
    return _farm_of_one(settings, path, batch, again=again, as_json=as_json)


def _of_farm(client: PeerClient, batch: BatchFile, *, again: bool) -> BatchFile:
    """The batch with this farm's models and look; or its next run, of which the farm knows nothing yet."""
    recipe = pinned(client, batch.recipe)
    return replace(batch, recipe=client.next_run(recipe) if again else recipe)


def _submit_to(client: PeerClient, batch: BatchFile, settings: Settings | None, *, detach: bool, as_json: bool) -> int:
    accepted = client.submit(batch.recipe, batch.settings, ANSWERED_S)
    value: dict[str, Any] = {
        "batch": accepted.batch, "accepted": True, "tasks": accepted.tasks, "copies": accepted.copies,
        "done_before": accepted.before,
    }  # fmt: skip
    tasks, copies = counted(accepted.tasks, "task", "tasks"), counted(accepted.copies, "copy", "copies")
    note(f"batch {short(accepted.batch)} accepted: {tasks}, {copies}")
    if accepted.note:
        note(accepted.note)
    if accepted.before:
        note(f"{accepted.before} of them are done already and are not rendered again (--again renders all anew)")
    if detach:
        if as_json:
            print_json(value)
        return 0
    try:
        ended = follow(client, accepted.batch, settings)
    except KeyboardInterrupt:
        note(f"\nno longer watching; the batch goes on. `musep2p watch {short(accepted.batch)}` looks again")
        return 130
    if as_json:
        print_json({**value, "state": ended.state, "failed": ended.failed, "skipped": ended.skipped})
    return EXIT_CODES[ended.state]


def _farm_of_one(settings: Settings, path: Path, batch: BatchFile, *, again: bool, as_json: bool) -> int:
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
        batch = _of_farm(client, batch, again=again)
        return _submit_to(client, batch, None, detach=False, as_json=as_json), batch_id(batch.recipe)
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
