"""What the protocol does against each fault, how to take it away, and the seed of a farm that fails without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from msgspec import UNSET, structs

from musep2p.core import (
    abilities,
    accounting,
    facts,
    finding,
    market,
    membership,
    peer_state,
    publishing,
    reports,
    submission,
)
from musep2p.core.effects import Unspool, Write
from musep2p.core.ids import Incarnation
from musep2p.core.messages import Envelope, Hello
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Recipe
from musep2p.core.records import spool_name
from musep2p.core.results import Results
from musep2p.core.state import Core
from musep2p.sim import machine
from musep2p.sim.network import Weather
from musep2p.sim.plan import Plan, draw

__all__ = ["PROTECTIONS", "Protection"]


class Protection(NamedTuple):
    """How it is taken away, and a farm (a seed's, or one of its own) that shows it then."""

    take_away: Callable[[pytest.MonkeyPatch], None]
    farm: int | Plan

    @property
    def plan(self) -> Plan:
        """The farm as a plan."""
        return draw(self.farm) if isinstance(self.farm, int) else self.farm


def _without(where: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(where, name, lambda *_: None)


def _nonces(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "Incarnation", lambda counter, nonce: Incarnation(counter, "0" * 8))


def _addressee(patch: pytest.MonkeyPatch) -> None:
    real = membership.known_sender

    def known_sender(core: Core, envelope: Envelope, via: bytes) -> Any:
        return real(core, envelope if envelope.to is None else structs.replace(envelope, to=core.incarnation), via)

    patch.setattr(membership, "known_sender", known_sender)


def _looks(patch: pytest.MonkeyPatch) -> None:
    real = abilities.lacked

    def lacked(peer: Hello, recipe: Recipe, model: str) -> str:
        return real(peer, structs.replace(recipe, looks=UNSET), model)

    patch.setattr(abilities, "lacked", lacked)


def _durable(patch: pytest.MonkeyPatch) -> None:
    def write(core: Core, record: Any, then: Any = None, sync: tuple[str, ...] = ()) -> int:
        core.written += 1
        core.effects.append(Write(core.written, record, sync))
        if then is not None:
            then(core.written)
        return core.written

    patch.setattr(Core, "write", write)


def _spool(patch: pytest.MonkeyPatch) -> None:
    real = publishing.on_published

    def on_published(core: Core, event: Any) -> None:
        names = tuple(spool_name(event.block.batch, entry) for entry in event.block.entries if entry.ext)
        core.effects.append(Unspool(names))
        real(core, event)

    patch.setattr(publishing, "on_published", on_published)


def _copies(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publishing, "await_copies", lambda core, batch, ranges, *_: reports._mark_safe(core, batch, ranges))


def _winner(patch: pytest.MonkeyPatch) -> None:
    real = Results._put

    def put(results: Results, entry: Any, position: int) -> None:
        if not results.positions(entry.index):
            real(results, entry, position)

    patch.setattr(Results, "_put", put)


def _versions(patch: pytest.MonkeyPatch) -> None:
    real = facts._believe

    def believe(core: Core, batch: Any, sender: Any, view: Any, *rest: Any) -> None:
        view.version = -1
        real(core, batch, sender, view, *rest)

    patch.setattr(facts, "_believe", believe)


_ONLY_THE_STORE_KNOWS = Plan(
    2, (1, 1), (1.0, 1.0), True, (40,), (0,), (1_500_000,), (200_000, 200_000), Weather(),
    late=((1, 20_000_000),), deaths=((0, 9_000_000, True),), heal_us=2_000_000,
)  # fmt: skip

PROTECTIONS = {
    "the nonce of an incarnation": Protection(_nonces, 10211),
    "what the dead told only the store is read before the end": Protection(
        lambda patch: patch.setattr(accounting, "_reads_last", lambda core, batch: False), 967508
    ),
    "who renders in another look leaves the batch to others": Protection(_looks, 197),
    "what is meant for an earlier life is not heard": Protection(_addressee, 10717),
    "grants are taken back from peers that are gone": Protection(_without(market, "take_back_grants"), 10025),
    "grants are sent again until they are answered": Protection(_without(market, "tick_grants"), 10011),
    "what nobody holds is queued again": Protection(
        lambda patch: patch.setattr(accounting, "unaccounted", lambda core, batch: Ranges()), 10000
    ),
    "said only when durable": Protection(_durable, 10000),
    "an output stays until the journal says that it is safe": Protection(_spool, 10216),
    "safe only with two copies": Protection(_copies, 10004),
    "a guardian's word counts when it has the output": Protection(
        lambda patch: patch.setattr(facts, "_must_copy", lambda *_: False), 300001
    ),
    "the smallest digest wins": Protection(_winner, 10003),
    "a failure counts once": Protection(
        lambda patch: patch.setattr(Results, "has_failure", lambda results, failure: False), 100001
    ),
    "a withdrawn record counts no more, also when it is met later": Protection(
        lambda patch: patch.setattr(Results, "_valid", lambda results, block: iter([block])), 100009
    ),
    "the greatest will wins": Protection(
        lambda patch: patch.setattr(submission, "greater", lambda one, other: False), 10001
    ),
    "wills are exchanged until they are equal": Protection(_without(submission, "exchange_wills"), 10058),
    "an older report changes nothing": Protection(_versions, replace(draw(10033), blind=())),
    "batches are found on the store": Protection(_without(finding, "tick_look"), _ONLY_THE_STORE_KNOWS),
    "failures and late results are reported": Protection(_without(peer_state.reports, "tick_reports"), 10000),
}
