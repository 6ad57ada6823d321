"""Before a batch is submitted: which model its names mean, and in which look it is rendered, as the farm tells.

Both become part of the recipe: what is rendered under another hash, or in another look, is another picture.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec

from musep2p.cli.client import PeerClient
from musep2p.cli.show import note
from musep2p.core import requests as r
from musep2p.core.abilities import fits, lacked
from musep2p.core.ids import PeerId
from musep2p.core.model_names import hash_in, same_model
from musep2p.core.recipe import Recipe, Tasks
from musep2p.core.recipe.recipe import model_of
from musep2p.errors import EngineError, RecipeError

__all__ = ["hashes_of", "largest_group", "pinned"]

Clock = Callable[[], float]
Pause = Callable[[float], None]

_HASH_DIGITS = 10  # as Automatic1111 and its kin shorten them; some tell eight
_SAME_DIGITS = 8
_LOOK_EVERY_S = 0.5
_OLD_S = 3.0  # by then a peer that is asked again tells no reason of before
_STRAGGLERS_S = 60.0  # how long after the first look the others are waited for
_PATIENCE_S = 900.0  # loading a model for the first time takes minutes
_MODELS_MAX = 100


def pinned(client: PeerClient, recipe: Recipe, clock: Clock = time.monotonic, pause: Pause = time.sleep) -> Recipe:
    """The recipe with the hashes of its models, where peers tell them, and with its look, if it asks for one.

    One that the farm has already stays as it is: what was not known when it was submitted makes it no other batch.

    Raises:
        EngineError: no peer that could run it shows a look.
        RecipeError: it has too many models and sizes for one.
        NoPeersError: no answer in time.
    """
    models = tuple(dict.fromkeys(model_of(name).partition("|")[2] for name in Tasks(recipe).all_classes()))
    one_look = recipe.looks == {}
    if one_look and not 0 < len(models) <= _MODELS_MAX:
        raise RecipeError("a batch of one look cannot have so many models and sizes.", "Submit it in parts.")
    if not any(models) and not one_look:
        return recipe
    if not one_look and client.knows(recipe):
        return recipe
    peers = [peer for peer in _up(client.ask(r.PeersAsk(), r.PeersAnswer)) if fits(peer, recipe)]
    hashes = hashes_of(peers, recipe.engine, models[:_MODELS_MAX])
    if hashes:
        recipe = msgspec.structs.replace(recipe, hashes=hashes)
    return msgspec.structs.replace(recipe, looks=_looks(client, recipe, models, clock, pause)) if one_look else recipe


def hashes_of(peers: list[r.PeerView], engine: str, models: tuple[str, ...]) -> dict[str, str]:
    """model -> the hash that most of these peers tell of it; those that differ are told to the user."""
    found: dict[str, str] = {}
    for model in filter(None, models):
        told: dict[str, dict[PeerId, str]] = defaultdict(dict)  # by its beginning: the longest form, and who has it
        for peer in peers:
            titles = next((one.names for one in peer.models if one.engine == engine), ())
            for title in titles:
                known = hash_in(title)[:_HASH_DIGITS] if same_model(model, title) else ""
                if known:
                    told[known[:_SAME_DIGITS]][peer.id] = known
        if told:
            best = min(told, key=lambda each: (-len(told[each]), each))
            found[model] = max(told[best].values(), key=len)
            names = {peer.id: peer.name for peer in peers}
            for other in sorted(told.keys() - {best}):
                whose = ", ".join(names[peer] for peer in told[other])
                note(f"model {model!r} is {found[model]} in this batch; at {whose} it is {other}, which is not used")
    return found


def _looks(client: PeerClient, recipe: Recipe, models: tuple[str, ...], clock: Clock, pause: Pause) -> dict[str, str]:
    """Have all peers that can run it render the test picture, and take the looks that have most slots behind them."""
    began, first, said = clock(), 0.0, ""
    ask = r.CalibrateAsk(recipe.engine, models)
    while True:
        fitting = [peer for peer in _up(client.ask(ask, r.PeersAnswer)) if fits(peer, recipe)]
        able = [peer for peer in fitting if not peer.resting]
        if fitting and not able:
            rest = "; ".join(f"{peer.name}: {peer.resting}" for peer in fitting)
            raise EngineError("all machines that could show their look rest.", rest)
        now = clock()
        trusted = now >= began + _OLD_S
        wanted = {(peer.id, model) for peer in able for model in models if not _lacks(peer, recipe, model)}
        told = {(peer.id, one.model): one for peer in able for one in peer.looks if one.engine == recipe.engine}
        ready = {each for each in wanted if each in told and (told[each].look or trusted)}
        shown = {model for peer, model in ready if told[peer, model].look}
        whole = shown.issuperset(models)
        first = first or (now if whole else 0.0)
        if (ready == wanted and (wanted or trusted)) or (first and now > first + _STRAGGLERS_S):
            break
        if now > began + _PATIENCE_S:
            break
        status = f"looking for the largest look group: {len(ready)} of {len(wanted)} test pictures are rendered"
        if status != said:
            note(status)
            said = status
        pause(_LOOK_EVERY_S)
    if not whole:
        reasons = [
            f"{peer.name}: {told[peer.id, model].reason}"
            for peer in able
            for model in models
            if (peer.id, model) in ready and told[peer.id, model].reason
        ]
        raise _no_look(recipe, [model for model in models if model and model not in shown], reasons)
    return {
        model: largest_group([p for p in able if (p.id, model) in wanted], recipe.engine, model) for model in models
    }


def _no_look(recipe: Recipe, missing: list[str], reasons: list[str]) -> EngineError:
    what = f" with the model {' or '.join(map(repr, missing))}" if missing else ""
    nobody = f"Is a peer up that has {recipe.engine}, and what else the batch asks for? `musep2p peers` shows."
    return EngineError(f"no peer could show in which look it renders{what}.", "; ".join(reasons) or nobody)


def largest_group(peers: list[r.PeerView], engine: str, model: str) -> str:
    """The look in which most slots render with a model, the smallest of equals; told to the user with its peers."""
    slots: Counter[str] = Counter()
    members: dict[str, list[str]] = defaultdict(list)
    for peer in peers:
        look = _look(peer, engine, model)
        if look:
            slots[look] += peer.slots
            members[look].append(peer.name)
    best = min(slots, key=lambda look: (-slots[look], look))
    others = [f"{', '.join(members[look])} ({look})" for look in sorted(members) if look != best]
    but = f"; another one have {' and '.join(others)}" if others else ""
    note(f"look {best}{f' with {model}' if model else ''}: {', '.join(members[best])}{but}")
    return best


def _look(peer: r.PeerView, engine: str, model: str) -> str:
    return next((one.look for one in peer.looks if (one.engine, one.model) == (engine, model)), "")


def _lacks(peer: r.PeerView, recipe: Recipe, model: str) -> bool:
    """True where something but the look is missing."""
    return lacked(peer, msgspec.structs.replace(recipe, looks=msgspec.UNSET), model) != ""


def _up(answer: r.PeersAnswer) -> list[r.PeerView]:
    return [peer for peer in answer.peers if peer.state in ("up", "suspect")]
