"""`why`: what this peer knows of one task, from where it is now to what happened to it here."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from musep2p.core import requests as r
from musep2p.core.abilities import able
from musep2p.core.batch import Batch
from musep2p.core.effects import Reply, ReplyWhy
from musep2p.core.events import Asked
from musep2p.core.ids import short
from musep2p.core.loads import can_run, may_start
from musep2p.core.records import Failure, ResultBlock
from musep2p.core.reports import guardians
from musep2p.core.results import signed, winner
from musep2p.core.shares import avoided
from musep2p.core.state import Core
from musep2p.core.wills import CANCELLED, PAUSED

__all__ = ["answer_why", "why_answer"]


def answer_why(core: Core, event: Asked, batch: Batch, reason: str) -> None:
    """Tell a face all that we know of a task; `reason`: why the whole batch waits, if it does."""
    ask = event.request.body
    assert isinstance(ask, r.WhyAsk)
    index = ask.index
    if index >= batch.results.total or index in batch.results.excluded:
        word = "excluded" if index < batch.results.total else "missing"
        core.effects.append(Reply(event.via, r.Answer(event.request.number, r.WhyAnswer(batch.id, index, word))))
        return
    happenings = [
        r.StoryLine(core.now_ms - one.at_ms, core.hello.name, one.text) for one in core.story.of(batch.id, index)
    ]
    guards = guardians(core, batch)
    answer = r.WhyAnswer(
        batch.id, index, _state(core, batch, index), batch.tasks.name(index), _holders(core, batch, index),
        [], happenings, _wait(core, batch, index, reason),
        core.members[guards[0]].address if guards and guards[0] != core.me else "",
    )  # fmt: skip
    names = {core.me: core.hello.name, **{peer: member.hello.name for peer, member in core.members.items()}}
    made = batch.results.positions(index)
    several = tuple(at for at in made if at <= core.durable) if len(made) > 1 else ()
    failures = _failures(core, batch, index)
    core.effects.append(ReplyWhy(event.via, event.request.number, answer, failures, names, several))


def why_answer(effect: ReplyWhy, read: Callable[[int], object]) -> r.WhyAnswer:
    """The answer that an effect asks for, with `read` giving the record at a position of the journal."""
    records = [read(one) if isinstance(one, int) else one for one in effect.failures]
    lines = [
        r.FailureLine(_name_in(effect, f), f.attempt, f.turn, f.reason, f.permanent, f.peer_bound)
        for f in sorted((f for f in records if isinstance(f, Failure)), key=lambda f: (f.turn, f.attempt, f.id))
    ]
    return msgspec.structs.replace(effect.answer, failures=lines, made=_made(effect, read))


def _name_in(effect: ReplyWhy, failure: Failure) -> str:
    return effect.names.get(failure.id.peer, short(failure.id.peer))


def _made(effect: ReplyWhy, read: Callable[[int], object]) -> list[r.MadeLine]:
    blocks = [block for block in map(read, effect.results) if isinstance(block, ResultBlock)]
    made = [found for block in blocks if (found := signed(block).get(effect.answer.index)) is not None]
    best = winner(made)
    return [
        r.MadeLine(effect.names.get(by.peer, short(by.peer)), entry.attempt, entry.digest, (entry, by) == best)
        for entry, by in sorted(made, key=lambda one: one[1])
    ]


def _failures(core: Core, batch: Batch, index: int) -> tuple[Failure | int, ...]:
    positions = batch.results.failures.positions(index)
    kept = batch.results.failures.kept(index)
    return tuple(kept) if len(kept) == len(positions) else tuple(at for at in positions if at <= core.durable)


def _state(core: Core, batch: Batch, index: int) -> str:
    if index in batch.results.safe:
        return "safe"
    if index in batch.failed:
        return "failed"
    if batch.will.word == CANCELLED:
        return "cancelled"
    if batch.will.word == PAUSED:
        return "paused"
    held = [how for _, how in _holders(core, batch, index)]
    return next((how for how in ("finished", "running", "granted", "queued") if how in held), "unaccounted")


def _holders(core: Core, batch: Batch, index: int) -> list[tuple[str, str]]:
    """(peer, how it holds the task): here, and as others reported to us if we account for the batch."""
    own = {"queued": batch.work.held(), "granted": batch.granted, "running": batch.running, "finished": batch.finished}
    found = [(core.hello.name, how) for how, held in own.items() if index in held]
    for peer, view in sorted(batch.accounting.views.items()):
        told = {"queued": view.queued, "running": view.running, "finished": view.finished}
        found += [(_name(core, peer), how) for how, held in told.items() if index in held and core.members[peer].up]
    return found


def _wait(core: Core, batch: Batch, index: int, reason: str) -> str:
    """Why a queued task does not run, as far as this peer can tell."""
    if reason or index not in batch.work.held():
        return reason
    if not able(core.hello, batch):
        return f"{core.hello.name} cannot run it and keeps it for whoever can"
    if not may_start(core, batch):
        return f"{core.hello.name} starts nothing now"
    if index in avoided(core, batch, core.me):
        return f"it failed on {core.hello.name}, so another peer shall try it"
    urgent = batch.will.settings.priority
    if any(other.work and other.will.settings.priority > urgent for other in core.batches.values()):
        return "work of higher priority comes first"
    if batch.held_back:
        return "faster peers will have done it sooner"
    if any(can_run(core, member, batch) and member.load.free for member in core.up_members()):
        return "an idle peer may steal it at any moment"
    return "all slots are busy; it is in line"


def _name(core: Core, peer: str) -> str:
    if peer == core.me:
        return core.hello.name
    member = next((core.members[i] for i in core.members if i == peer), None)
    return member.hello.name if member is not None else peer[:8]
