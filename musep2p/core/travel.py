"""How recipes travel: small ones inside the message that speaks of them, large ones by digest, piece by piece.

A `Copy` without a recipe names the batch and its size; who lacks the recipe asks the sender for one piece
after the other, over the bulk link, and checks the whole against the batch's id before reading it. A piece
that does not come is asked for again, after some tries of another peer that has it. Faces upload the same way.
"""

from __future__ import annotations

from musep2p.core import messages as m
from musep2p.core.batch import Batch
from musep2p.core.data import Member
from musep2p.core.ids import BatchId, short
from musep2p.core.parcels import Fetch, Parcel
from musep2p.core.recipe import Tasks, decode_recipe, encode_recipe
from musep2p.core.recipe.recipe import RECIPE_BYTES_MAX, batch_id_of
from musep2p.core.records import Will
from musep2p.core.requests import Upload, Uploaded
from musep2p.core.state import Core
from musep2p.core.wills import greater
from musep2p.errors import RecipeError

__all__ = ["copy_of", "on_piece", "on_piece_ask", "on_upload", "readable", "send_for", "tick_fetches", "uploaded"]

_FETCHES_MAX = 4  # each may hold 64 MiB; the others come when their copies are sent again
_UPLOADS_MAX = 2
_UPLOAD_KEPT_MS = 60_000
_TRIES = 4


def readable(data: bytes | bytearray, batch: BatchId) -> Tasks:
    """The tasks of the recipe in some bytes.

    Raises:
        RecipeError: it is not this batch's recipe, or none that can be used.
    """
    if batch_id_of(data) != batch:
        raise RecipeError(f"this is not the recipe of {short(batch)}.")
    recipe = decode_recipe(data)
    if encode_recipe(recipe) != data:
        raise RecipeError("this recipe is not encoded as ours are.", "Is another version of musep2p in the farm?")
    tasks = Tasks(recipe)
    if not tasks.wanted:
        raise RecipeError("every cell of the batch is excluded.", "Exclude less, or include more.")
    return tasks


def copy_of(core: Core, batch: Batch, will: Will) -> m.Copy:
    """What tells a peer of a batch; the recipe is in it if it is small."""
    size = len(_encoded(core, batch))
    inline = size <= core.tuning.inline_bytes
    return m.Copy(batch.id, batch.recipe if inline else None, will, size)


def send_for(core: Core, sender: Member, body: m.Copy) -> None:
    """A peer tells of a batch whose recipe is too large for a message: ask for its pieces."""
    fetch = core.fetches.get(body.batch)
    if fetch is not None:
        fetch.will = body.will if greater(body.will, fetch.will) else fetch.will
        return
    if not 0 < body.size <= RECIPE_BYTES_MAX or len(core.fetches) >= _FETCHES_MAX:
        return
    core.fetches[body.batch] = fetch = Fetch(body.batch, body.will, sender.id, Parcel(body.size))
    _ask(core, fetch)


def on_piece_ask(core: Core, sender: Member, body: m.PieceAsk) -> None:
    """A peer wants a piece of a recipe."""
    batch = core.batches.get(body.batch)
    if batch is None or not batch.known:
        return
    data = _encoded(core, batch)
    piece = data[body.start : body.start + core.tuning.piece_bytes]
    core.send(sender, m.Piece(batch.id, body.start, len(data), piece), bulk=True)


def on_piece(core: Core, sender: Member, body: m.Piece) -> tuple[Tasks, Will] | None:
    """A piece has come: ask for the next one, or return the tasks and the will once all are here."""
    fetch = core.fetches.get(body.batch)
    if fetch is None or not fetch.parcel.put(body.start, body.size, body.data):
        return None
    fetch.tries, fetch.source = 0, sender.id
    if not fetch.parcel.whole:
        _ask(core, fetch)
        return None
    del core.fetches[body.batch]
    try:
        return readable(fetch.parcel.data, body.batch), fetch.will
    except RecipeError as error:
        core.tell("warning", f"{sender.hello.name} sent a recipe that cannot be used: {error}")
        return None


def tick_fetches(core: Core) -> None:
    """Ask again for pieces that did not come; after some tries, somebody else."""
    for fetch in list(core.fetches.values()):
        patience = core.tuning.piece_again_ms << fetch.tries  # a slow link must not be filled with what was asked twice
        if core.now_ms - fetch.asked_ms < patience:
            core.at("fetches", fetch.asked_ms + patience)
            continue
        fetch.tries += 1
        source = core.members.get(fetch.source)
        if source is None or not source.up or fetch.tries > _TRIES:
            others = [mem for mem in core.up_members() if fetch.batch in mem.known and mem.id != fetch.source]
            if not others:
                del core.fetches[fetch.batch]  # whoever has it will tell of it again
                continue
            fetch.source, fetch.tries = core.rng.choice(others).id, 0
        _ask(core, fetch)
    for batch, upload in list(core.uploads.items()):
        if core.now_ms - upload.touched_ms > _UPLOAD_KEPT_MS:
            del core.uploads[batch]


def on_upload(core: Core, body: Upload) -> Uploaded:
    """A face brings a piece of a recipe; answered with what is here of it."""
    if body.batch in core.batches:
        return Uploaded(body.batch, body.size)
    upload = core.uploads.get(body.batch)
    if upload is None or upload.size != body.size:
        while len(core.uploads) >= _UPLOADS_MAX:
            del core.uploads[min(core.uploads, key=lambda batch: core.uploads[batch].touched_ms)]
        upload = core.uploads[body.batch] = Parcel(body.size)
    upload.put(body.start, body.size, body.data)
    upload.touched_ms = core.now_ms
    core.at("fetches", core.now_ms + _UPLOAD_KEPT_MS + 1)
    return Uploaded(body.batch, len(upload.data))


def uploaded(core: Core, batch: BatchId) -> Tasks | None:
    """The tasks of a batch that is known or was uploaded whole.

    Raises:
        RecipeError: what was uploaded cannot be used.
    """
    known = core.batches.get(batch)
    if known is not None:
        return known.tasks
    upload = core.uploads.get(batch)
    if upload is None or not upload.whole:
        return None
    del core.uploads[batch]
    return readable(upload.data, batch)


def _ask(core: Core, fetch: Fetch) -> None:
    source = core.members.get(fetch.source)
    if source is not None:
        core.send(source, m.PieceAsk(fetch.batch, len(fetch.parcel.data)))
    fetch.asked_ms = core.now_ms
    core.at("fetches", core.now_ms + core.tuning.piece_again_ms)


def _encoded(core: Core, batch: Batch) -> bytes:
    """The recipe's bytes; those of the last one asked for are kept, since pieces are asked for one by one."""
    if core.encoded is None or core.encoded[0] != batch.id:
        core.encoded = (batch.id, encode_recipe(batch.recipe))
    return core.encoded[1]
