"""Takes into a store what another one has: of two stores that met, or the folder of a machine that had none.

Records keep their ids, so doing it twice, or from both sides, changes nothing. What cannot be read is left where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from musep2p.core.ids import BatchId, digest_of
from musep2p.core.recipe import Recipe, Tasks, decode_recipe
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.records import Entry, RecordId, ResultBlock, Will, Withdrawal
from musep2p.core.results import signed
from musep2p.core.wills import will_rank
from musep2p.errors import MuseError
from musep2p.store.batches import facts_of
from musep2p.store.layout import SharedStore
from musep2p.store.objects import object_path

__all__ = ["Merged", "merge_batch"]

_will = msgspec.msgpack.Decoder(Will).decode


@dataclass(slots=True)
class Merged:
    """What came of one batch: `taken` results that the store did not have, and the tasks whose output is `lost`."""

    folder: str
    batch: str = ""
    taken: int = 0
    there: int = 0
    withdrawn: int = 0
    lost: list[int] = field(default_factory=list)
    problem: str = ""


def merge_batch(store: SharedStore, root: Path, folder: Path) -> Merged:
    """Take in one batch.

    Args:
        store: what is merged into.
        root: of the other store.
        folder: the batch there.

    Raises:
        OSError, StoreError: the store cannot be written; what was taken until then counts.
    """
    merged = Merged(folder.name)
    try:
        batch, recipe, will = _read(folder)
    except (OSError, MuseError, msgspec.MsgspecError, ValueError) as error:
        merged.problem = f"its recipe or will cannot be read: {error}"
        return merged
    merged.batch, tasks, name = batch, Tasks(recipe), will.settings.name
    known = set(_named(store, batch))
    store.put_batch(batch, recipe, will)
    for fact in facts_of(folder, batch):
        if isinstance(fact, Withdrawal):
            if fact.record not in known:
                store.append_record(fact, name)
                merged.withdrawn += 1
            continue
        for entry, made in signed(fact).values():
            if made in known:
                merged.there += 1
            elif _take(store, root, batch, tasks, name, entry, made):
                merged.taken += 1
            else:
                merged.lost.append(entry.index)
    store.sync()
    return merged


def _read(folder: Path) -> tuple[BatchId, Recipe, Will]:
    data = (folder / "recipe.msgpack").read_bytes()
    will = max((_will(file.read_bytes()) for file in (folder / "wills").iterdir()), key=will_rank)
    return batch_id_of(data), decode_recipe(data), will


def _named(store: SharedStore, batch: BatchId) -> Iterator[RecordId]:
    """All records of a batch that the store has, and all that are withdrawn there."""
    folder = store.existing_folder(batch)
    for fact in facts_of(folder, batch) if folder is not None else ():
        if isinstance(fact, Withdrawal):
            yield fact.record
        else:
            yield from (made for _, made in signed(fact).values())


def _take(
    store: SharedStore, root: Path, batch: BatchId, tasks: Tasks, name: str, entry: Entry, made: RecordId
) -> bool:
    """Object, view, key and record of one result; False if the other store has not the bytes that its record names."""
    if entry.ext and not store.objects.has(entry.digest, entry.ext, entry.size):
        try:
            data = object_path(root, entry.digest, entry.ext).read_bytes()
        except OSError:
            return False
        if digest_of(data) != entry.digest:
            return False
        store.objects.put(data, entry.digest, entry.ext)
    store.put_results(ResultBlock(batch, made, (entry,)), tasks, name, root / "no spool")
    return True
