"""What a peer can do, as it says of itself: engines, models, tags, GPU memory; and what it lacks for a batch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from musep2p.core.batch import Batch
from musep2p.core.data import Member
from musep2p.core.events import ModelsChanged
from musep2p.core.ids import hash64
from musep2p.core.messages import EngineModels, Heartbeat, Hello, Look
from musep2p.core.model_names import hash_in, same_hash, same_model
from musep2p.core.recipe.recipe import Recipe, model_of
from musep2p.core.state import Core

__all__ = ["able", "fits", "hello_hash", "lacked", "lacks", "meet_hello", "missing_classes", "on_models"]

_KEPT = 256
_SHOWN = 8
_ASK_AGAIN_MS = 1000


class _Tells(Protocol):
    """Who says of itself, or of whom another says, what it can do."""

    @property
    def engines(self) -> Collection[str]: ...

    @property
    def tags(self) -> Collection[str]: ...

    @property
    def gpu_mb(self) -> int: ...

    @property
    def models(self) -> tuple[EngineModels, ...]: ...

    @property
    def looks(self) -> tuple[Look, ...]: ...


def able(peer: Hello, batch: Batch) -> bool:
    """True when a peer that says this of itself can run tasks of the batch, some of them at least."""
    return fits(peer, batch.recipe) and len(missing_classes(peer, batch)) < max(1, len(batch.tasks.class_ranges))


def fits(peer: _Tells, recipe: Recipe) -> bool:
    """True when a peer has what all tasks of a recipe need: the engine, the tags, the memory."""
    return recipe.engine in peer.engines and set(recipe.tags) <= set(peer.tags) and recipe.gpu_mb <= peer.gpu_mb


def missing_classes(peer: Hello, batch: Batch) -> tuple[str, ...]:
    """The classes of work whose model a peer's engine has not, as far as it tells, or in whose look it renders not."""
    known = batch.missing.get(id(peer))
    if known is None or known[0] is not peer:
        if len(batch.missing) >= _KEPT:
            batch.missing.clear()
        models = dict.fromkeys(model_of(name) for name in batch.tasks.all_classes())
        without = {model for model in models if lacked(peer, batch.recipe, model.partition("|")[2])}
        missing = tuple(name for name in batch.tasks.all_classes() if model_of(name) in without)
        known = batch.missing[id(peer)] = (peer, missing)
    return known[1]


def lacks(peer: Hello, batch: Batch) -> str:
    """What a peer has not that tasks of the batch ask for; empty when it is able."""
    recipe, lacking = batch.recipe, []
    if recipe.engine not in peer.engines:
        lacking.append(f"the engine {recipe.engine!r}")
    lacking += [f"the tag {tag!r}" for tag in recipe.tags if tag not in peer.tags]
    if recipe.gpu_mb > peer.gpu_mb:
        has = f", but {peer.gpu_mb / 1024:g}" if peer.gpu_mb else ""
        lacking.append(f"{recipe.gpu_mb / 1024:g} GB of GPU memory{has}")
    missing = missing_classes(peer, batch)
    if missing and len(missing) == max(1, len(batch.tasks.class_ranges)):
        models = dict.fromkeys(model_of(name).partition("|")[2] for name in missing)
        lacking.append(" or ".join(lacked(peer, recipe, model) for model in list(models)[:_SHOWN]))
    return " and ".join(lacking)


def on_models(core: Core, event: ModelsChanged) -> None:
    """What our engines say that they have; others hear by the next heartbeat that we introduce ourselves anew."""
    told = tuple(EngineModels(engine, names) for engine, names in sorted(event.models.items()) if names)
    if told != core.hello.models:
        core.hello = msgspec.structs.replace(core.hello, models=told)
        core.awake.update(core.batches)
        core.beat_wanted = core.stirred = True
        core.at("beat", core.now_ms)


def meet_hello(core: Core, sender: Member, body: Heartbeat) -> None:
    """A peer says something else of itself than we know: introduced to us, it does so itself."""
    if body.hello and body.hello != hello_hash(sender.hello) and core.now_ms >= sender.greeted_ms + _ASK_AGAIN_MS:
        sender.greeted_ms = core.now_ms
        core.send_stranger(sender.address, core.hello)


def hello_hash(hello: Hello) -> int:
    """What a heartbeat says of it."""
    return hash64(msgspec.msgpack.encode(hello))


def lacked(peer: _Tells, recipe: Recipe, model: str) -> str:
    """What a peer lacks for tasks with a model: it, or the look that all pictures with it shall have."""
    has = next((told.names for told in peer.models if told.engine == recipe.engine), ())
    same = [one for one in has if same_model(model, one)]
    if model and has and not same:
        return f"the model {model!r}"
    wanted = recipe.hashes.get(model, "") if recipe.hashes else ""
    known = [one for one in same if hash_in(one)]  # the same one may be listed without, too
    if wanted and known and not any(same_hash(wanted, hash_in(one)) for one in known):
        return f"the model {model!r} with the hash {wanted}: its own is {known[0]!r}"
    look = recipe.looks.get(model, "") if recipe.looks else ""
    own = next((one for one in peer.looks if (one.engine, one.model) == (recipe.engine, model)), None)
    if look and (own is None or own.look != look):
        why = f"its own is {own.look}" if own is not None and own.look else "its own is not known"
        why += f": {own.reason}" if own is not None and own.reason else ""
        return f"the look {look} ({why})"
    return ""
