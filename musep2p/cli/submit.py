"""`submit`: a batch file becomes a batch of the farm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from musep2p.batchfile.reader import BatchFile, read_batch
from musep2p.cli.batches import ANSWERED_S, EXIT_CODES, follow
from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.pinning import pinned
from musep2p.cli.show import counted, note, print_json
from musep2p.config import Settings
from musep2p.core.ids import short

__all__ = ["of_farm", "submit", "submit_to"]


def submit(settings: Settings, path: Path, *, detach: bool, again: bool, as_json: bool) -> int:
    """Submit a batch file and, unless detached, watch it to its end. Returns the exit code."""
    batch = read_batch(path)
    for text in batch.notes:
        note(f"note: {text}")
    client = find_peer(settings)
    if client is not None:
        try:
            batch = of_farm(client, batch, again=again)
            return submit_to(client, batch, settings, detach=detach, as_json=as_json)
        finally:
            client.close()
    if detach:
        raise no_peers(settings)
    from musep2p.cli.alone import farm_of_one  # a whole peer, which is rarely needed

    return farm_of_one(settings, path, batch, again=again, as_json=as_json)


def of_farm(client: PeerClient, batch: BatchFile, *, again: bool) -> BatchFile:
    """The batch with this farm's models and look; or its next run, of which the farm knows nothing yet."""
    recipe = pinned(client, batch.recipe)
    return replace(batch, recipe=client.next_run(recipe) if again else recipe)


def submit_to(client: PeerClient, batch: BatchFile, settings: Settings | None, *, detach: bool, as_json: bool) -> int:
    """Submit a batch and, unless detached, watch it to its end. Returns the exit code."""
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
