"""Before a batch is submitted: which model its names mean, and in which look it is rendered, as the farm tells.

Both become part of the recipe: what is rendered under another hash, or in another look, is another picture.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict

import msgspec

from musep2p.cli.client import PeerClient
from musep2p.cli.show import note
from musep2p.core import requests as r
from musep2p.core.messages import Look
from musep2p.core.model_names import hash_in, same_model
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.recipe.recipe import model_of
from musep2p.errors import EngineError, RecipeError

__all__ = ["hashes_of", "largest_group", "pinned"]

_HASH_DIGITS = 10  # as Automatic1111 and its kin shorten them
_LOOK_EVERY_S = 0.5
_STRAGGLERS_S = 60.0  # how long after the first look the others are waited for
_PATIENCE_S = 900.0  # loading a model for the first time takes minutes
_MODELS_MAX = 100


def pinned(client: PeerClient, recipe: Recipe) -> Recipe:
    """The recipe with the hashes of its models, where peers tell them, and with its look, if it asks for one.

    Raises:
        EngineError: no peer that could run it shows a look.
        RecipeError: it has too many models and sizes for one.
        NoPeersError: no answer in time.
    """
    classes = Tasks(recipe).all_classes()
    models = tuple(dict.fromkeys(model_of(name).partition("|")[2] for name in classes))
    if recipe.looks == {} and not 0 < len(models) <= _MODELS_MAX:
        raise RecipeError("a batch of one look cannot have so many models and sizes.", "Submit it in parts.")
    peers = [peer for peer in _up(client.ask(r.PeersAsk(), r.PeersAnswer)) if recipe.engine in peer.engines]
    hashes = hashes_of(peers, recipe.engine, models[:_MODELS_MAX])
    if hashes:
        recipe = msgspec.structs.replace(recipe, hashes=hashes)
    return msgspec.structs.replace(recipe, looks=_looks(client, recipe, models)) if recipe.looks == {} else recipe


def hashes_of(peers: list[r.PeerView], engine: str, models: tuple[str, ...]) -> dict[str, str]:
    """model -> the hash that most of these peers tell of it; those that differ are told to the user."""
    found: dict[str, str] = {}
    for model in filter(None, models):
        told: dict[str, list[str]] = defaultdict(list)
        for peer in peers:
            titles = next((one.names for one in peer.models if one.engine == engine), ())
            hashes = {hash_in(title)[:_HASH_DIGITS] for title in titles if same_model(model, title)} - {""}
            for each in sorted(hashes):
                told[each].append(peer.name)
        if told:
            found[model] = min(told, key=lambda each: (-len(told[each]), each))
            for other in sorted(told.keys() - {found[model]}):
                names = ", ".join(told[other])
                note(f"model {model!r} is {found[model]} in this batch; at {names} it is {other}, which is not used")
    return found


def _looks(client: PeerClient, recipe: Recipe, models: tuple[str, ...]) -> dict[str, str]:
    """Have all peers that can run it render the test picture, and take the look that has most slots behind it."""
    began, first, said = time.monotonic(), 0.0, ""
    ask = r.CalibrateAsk(recipe.engine, models)
    while True:
        up = _up(client.ask(ask, r.PeersAnswer))
        able = [peer for peer in up if recipe.engine in peer.engines and recipe.gpu_mb <= peer.gpu_mb]
        told = {peer.name: _told(peer, recipe.engine, models) for peer in able}
        ready = [peer for peer in able if len(told[peer.name]) == len(models)]
        shown = [peer for peer in ready if all(one.look for one in told[peer.name])]
        first = first or (time.monotonic() if shown else 0.0)
        late = first and time.monotonic() > first + _STRAGGLERS_S
        if len(ready) == len(able) or late or time.monotonic() > began + _PATIENCE_S:
            break
        status = f"looking for the largest look group: {len(ready)} of {len(able)} peers have rendered the test picture"
        if status != said:
            note(status)
            said = status
        time.sleep(_LOOK_EVERY_S)
    if not shown:
        reasons = [f"{peer.name}: {one.reason}" for peer in ready for one in told[peer.name] if one.reason]
        hint = "; ".join(reasons) or f"Is a peer up that has {recipe.engine}? `musep2p peers` shows."
        raise EngineError("no peer could show in which look it renders.", hint)
    return {model: largest_group(able, recipe.engine, model) for model in models}


def largest_group(peers: list[r.PeerView], engine: str, model: str) -> str:
    """The look in which most slots render with a model, the smallest of equals; told to the user with its peers."""
    slots: Counter[str] = Counter()
    members: dict[str, list[str]] = defaultdict(list)
    for peer in peers:
        for one in _told(peer, engine, (model,)):
            if one.look:
                slots[one.look] += peer.slots
                members[one.look].append(peer.name)
    best = min(slots, key=lambda look: (-slots[look], look))
    others = [f"{', '.join(members[look])} ({look})" for look in sorted(members) if look != best]
    but = f"; another one have {' and '.join(others)}" if others else ""
    note(f"look {best}{f' with {model}' if model else ''}: {', '.join(members[best])}{but}")
    return best


def _told(peer: r.PeerView, engine: str, models: tuple[str, ...]) -> list[Look]:
    return [one for one in peer.looks if one.engine == engine and one.model in models]


def _up(answer: r.PeersAnswer) -> list[r.PeerView]:
    return [peer for peer in answer.peers if peer.state in ("up", "suspect")]
