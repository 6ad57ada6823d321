"""What faces ask: status, peers, results, cancel. Answers come from what this peer knows."""

from __future__ import annotations

from collections.abc import Callable

from musep2p.core import requests as r
from musep2p.core.abilities import able, lacked, lacks, missing_classes
from musep2p.core.batch import Batch
from musep2p.core.carriers import storeless
from musep2p.core.commands import on_command
from musep2p.core.data import Member, Waiter
from musep2p.core.effects import Reply, ReplyPicture, ReplyResults
from musep2p.core.events import Asked
from musep2p.core.ids import Digest, PeerId, short
from musep2p.core.loads import has_place, present_load
from musep2p.core.looks import calibrate
from musep2p.core.messages import Calibrate
from musep2p.core.probation import barred, bars
from musep2p.core.recipe.names import folder_name
from musep2p.core.recipe.recipe import model_of
from musep2p.core.records import Failure, ResultBlock
from musep2p.core.reports import guardians
from musep2p.core.results import signed, winner
from musep2p.core.state import Core
from musep2p.core.submission import on_submit
from musep2p.core.travel import on_upload
from musep2p.core.why import answer_why
from musep2p.core.wills import CANCELLED, PAUSED
from musep2p.core.withdrawal import on_withdraw_ask

__all__ = ["on_asked", "results_page", "settle_waiters", "tick_waiters"]

_ROWS = 500
_TOLD = 8  # peers of which it is said why they cannot run a batch
_WAIT_MS = 1000


def on_asked(core: Core, event: Asked) -> None:
    """Dispatch a face's request."""
    handlers = {
        r.SubmitAsk: on_submit,
        r.Upload: _on_upload,
        r.StatusAsk: _on_status,
        r.CommandAsk: _on_command,
        r.PeersAsk: _on_peers,
        r.CalibrateAsk: _on_calibrate,
        r.ResultsAsk: _on_results,
        r.WhyAsk: _on_why,
        r.WithdrawAsk: _on_withdraw,
        r.PictureAsk: _on_picture,
    }
    if event.request.farm != core.hello.farm:
        text = f"this peer is of farm {core.hello.farm!r}, not {event.request.farm!r}."
        _answer(core, event, r.ErrorAnswer("farm", text, "Set --farm or MUSEP2P_FARM.", 3))
    elif core.draining and not isinstance(event.request.body, r.StatusAsk):
        _answer(core, event, r.ErrorAnswer("draining", "this peer is leaving.", "Ask another peer.", 3))
    else:
        handlers[type(event.request.body)](core, event)


def settle_waiters(core: Core) -> None:
    """Answer faces that waited for a change."""
    for waiter in list(core.waiters):
        batch = _find(core, waiter.ask.batch)
        if isinstance(batch, Batch) and batch.changes > waiter.ask.after:
            core.waiters.remove(waiter)
            _reply_status(core, waiter.via, waiter.number, [batch])


def tick_waiters(core: Core) -> None:
    """Answer faces that waited long enough."""
    for waiter in [w for w in core.waiters if w.until_ms <= core.now_ms]:
        core.waiters.remove(waiter)
        batch = _find(core, waiter.ask.batch)
        _reply_status(core, waiter.via, waiter.number, [batch] if isinstance(batch, Batch) else [])
    if core.waiters:
        core.at("waiters", min(waiter.until_ms for waiter in core.waiters))


def _on_upload(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.Upload)
    _answer(core, event, on_upload(core, ask))


def _on_status(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.StatusAsk)
    if not ask.batch:
        batches = sorted(core.batches.values(), key=lambda b: b.order)
        _reply_status(core, event.via, event.request.number, batches)
        return
    batch = _find(core, ask.batch)
    if isinstance(batch, r.ErrorAnswer):
        _answer(core, event, batch)
    elif ask.after >= batch.changes:
        core.waiters.append(Waiter(event.via, event.request.number, ask, core.now_ms + _WAIT_MS))
        core.at("waiters", core.now_ms + _WAIT_MS)
    else:
        _reply_status(core, event.via, event.request.number, [batch])


def _on_command(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.CommandAsk)
    batch = _named(core, event, ask.batch)
    if batch is not None:
        on_command(core, event, batch, ask.word)


def _on_peers(core: Core, event: Asked) -> None:
    hello, load = core.hello, present_load(core)
    me = r.PeerView(
        core.me, hello.name, f"{core.host}:{hello.port}", "up", str(core.incarnation), hello.slots,
        list(hello.engines), hello.speed, _store_word(core), hello.gpu_mb, load.paces, hello.software,
        load.free, sum(entry.queued for entry in load.entries), load.loaded(), core.resting,
        hello.models, hello.looks, hello.tags,
    )  # fmt: skip
    others = [_view(core.members[i]) for i in sorted(core.members)]
    _answer(core, event, r.PeersAnswer([me, *others], hello.farm))


def _on_calibrate(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.CalibrateAsk)
    calibrate(core, ask.engine, ask.models)
    for member in core.up_members():
        told = {one.model for one in member.hello.looks if one.engine == ask.engine and one.look}
        if ask.engine in member.hello.engines and not told.issuperset(ask.models):
            core.send(member, Calibrate(ask.engine, ask.models))
    _on_peers(core, event)


def _on_results(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.ResultsAsk)
    batch = _named(core, event, ask.batch)
    if batch is None:
        return
    guards = guardians(core, batch)
    if guards and guards[0] != core.me and (core.me not in guards or _behind(batch)):
        _answer(core, event, r.ResultsPage(batch.id, [], 0, core.members[guards[0]].address))
    else:
        core.effects.append(_page(core, batch, ask, event))


def _behind(batch: Batch) -> bool:
    """True when who acts has told of more than we have heard ourselves yet."""
    told = batch.progress
    ours = batch.results.safe.count() + batch.failed.count()
    return told is not None and told.turn == batch.will.turn and ours < told.safe + told.failed


def _on_why(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.WhyAsk)
    batch = _named(core, event, ask.batch)
    if batch is not None:
        answer_why(core, event, batch, _why_waiting(core, batch))


def _on_withdraw(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.WithdrawAsk)
    batch = _named(core, event, ask.batch)
    if batch is not None:
        on_withdraw_ask(core, event, batch)


def _on_picture(core: Core, event: Asked) -> None:
    ask = event.request.body
    assert isinstance(ask, r.PictureAsk)
    batch = _named(core, event, ask.batch)
    if batch is None:
        return
    if ask.index not in batch.results.tasks():
        text = f"the batch has no task {ask.index}."
        _answer(core, event, r.ErrorAnswer("index", text, "`musep2p status` says how many it has.", 2))
        return
    nothing = r.Entry(ask.index, Digest(""), 0, 0)
    answer = r.Picture(nothing, batch.tasks.name(ask.index), ask.index in batch.results.safe, b"")
    positions = batch.results.positions(ask.index)
    length = core.tuning.piece_bytes
    core.effects.append(ReplyPicture(event.via, event.request.number, answer, positions, ask.start, length))


def _page(core: Core, batch: Batch, ask: r.ResultsAsk, event: Asked) -> ReplyResults:
    settled = batch.failed.copy() if ask.failed else (batch.results.safe & batch.results.known) | batch.failed
    settled.discard(0, ask.start)
    if ask.stop:
        settled.discard(ask.stop, max(ask.stop, batch.results.total))
    shown = settled.first(_ROWS)
    rows = tuple((index, _row(core, batch, index)) for index in shown.indices())
    more = settled.count() > len(rows)
    folder = batch.folder or folder_name(batch.will.settings.name, batch.id)
    return ReplyResults(
        event.via, event.request.number, batch.id, rows, batch.tasks, folder, rows[-1][0] + 1 if more else 0
    )


def _row(core: Core, batch: Batch, index: int) -> tuple[int, ...] | r.ResultRow:
    if index in batch.results.known:
        return batch.results.positions(index)
    failures = batch.results.failures
    if failures.kept(index):
        return _failed_row(failures.kept(index))
    return tuple(position for position in failures.positions(index) if position <= core.durable)


def _failed_row(failures: list[Failure]) -> r.ResultRow:
    last = max(failures, key=lambda failure: (failure.turn, failure.attempt))
    entry = r.Entry(last.index, Digest(""), 0, 0, last.attempt)
    return r.ResultRow(entry, last.id.peer, last.id.incarnation, "", last.reason)


def results_page(effect: ReplyResults, read: Callable[[int], object]) -> r.ResultsPage:
    """The page that an effect asks for, with `read` giving the record at a position of the journal."""
    needed = {position for _, where in effect.rows if isinstance(where, tuple) for position in where}
    records = {position: read(position) for position in sorted(needed)}
    blocks = {at: signed(record) for at, record in records.items() if isinstance(record, ResultBlock)}
    rows: list[r.ResultRow] = []
    for index, where in effect.rows:
        if isinstance(where, r.ResultRow):
            rows.append(where)
            continue
        best = winner(blocks[position][index] for position in where if position in blocks)
        failed = [record for at in where if isinstance(record := records[at], Failure)]
        if best is not None:
            entry, made = best
            path = f"batches/{effect.folder}/images/{effect.tasks.name(index)}.{entry.ext}" if entry.ext else ""
            rows.append(r.ResultRow(entry, made.peer, made.incarnation, path))
        elif failed:
            rows.append(_failed_row(failed))
    return r.ResultsPage(effect.batch, rows, effect.next)


def _view(member: Member) -> r.PeerView:
    hello, beat = member.hello, member.beat
    store = "" if beat is None else "ok" if beat.store_ok else "away" if beat.store_id else "none"
    return r.PeerView(
        member.id, hello.name, member.address, "down" if member.state == "new" else member.state,
        str(member.incarnation), hello.slots, list(hello.engines), hello.speed, store, hello.gpu_mb,
        member.load.paces, hello.software, member.load.free, sum(entry.queued for entry in member.load.entries),
        member.load.loaded(), member.load.resting, hello.models, hello.looks, hello.tags,
    )  # fmt: skip


def _store_word(core: Core) -> str:
    return "ok" if core.store.ok else "none" if core.store.state == "absent" else "away"


def _named(core: Core, event: Asked, name: str) -> Batch | None:
    """The batch that a face names; if there is none, or several, it is told so."""
    batch = _find(core, name)
    if isinstance(batch, Batch):
        return batch
    _answer(core, event, batch)
    return None


def _find(core: Core, name: str) -> Batch | r.ErrorAnswer:
    batches = sorted(core.batches.values(), key=lambda b: b.order)
    if name == "last" and batches:
        return batches[-1]
    matches = [b for b in batches if b.id == name] or [b for b in batches if b.will.settings.name == name][-1:]
    matches = matches or ([b for b in batches if b.id.startswith(name)] if len(name) >= 2 else [])
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(short(b.id) for b in matches[:5])
        return r.ErrorAnswer("batch", f"{name!r} fits several batches: {ids}.", "Type more of the id.", 2)
    return r.ErrorAnswer("batch", f"no batch is called {name!r} here.", "`musep2p status` lists the batches.", 2)


def _reply_status(core: Core, via: bytes, number: int, batches: list[Batch]) -> None:
    answer = r.StatusList([_status(core, batch) for batch in batches])
    core.effects.append(Reply(via, r.Answer(number, answer)))


def _status(core: Core, batch: Batch) -> r.BatchStatus:
    progress, total = batch.progress, batch.results.wanted
    if progress is not None and progress.turn < batch.will.turn:
        progress = None
    guards = guardians(core, batch)
    state, reason = _state(core, batch, progress is not None and progress.complete)
    names = [_name(core, peer) for peer in (progress.peers if progress else ())]
    safe = progress.safe if progress else batch.results.safe.count()
    least = most = None
    if progress and progress.left_ms >= 0 and state == "running":
        least, most = progress.left_ms / 1000, progress.left_ms_max / 1000
    return r.BatchStatus(
        batch.id, batch.will.settings.name, state, total,
        safe + (progress.finished if progress else 0),
        progress.failed if progress else batch.failed.count(),
        progress.skipped if progress else batch.results.skipped,
        safe,
        progress.running if progress else batch.running.count(),
        progress.queued if progress else batch.work.count(),
        _name(core, guards[0]) if guards else "",
        least, names, reason, progress.elapsed_ms / 1000 if progress else 0.0, batch.changes, batch.will.turn, most,
        progress.again if progress else batch.results.again,
    )  # fmt: skip


def _state(core: Core, batch: Batch, complete: bool) -> tuple[str, str]:
    if batch.will.word == CANCELLED:
        return "cancelled", ""
    if complete:
        failed = batch.progress.failed if batch.progress else 0
        return ("failed", f"{failed} {'task' if failed == 1 else 'tasks'} failed") if failed else ("done", "")
    if batch.will.word == PAUSED:
        return "paused", ""
    reason = _why_waiting(core, batch)
    if reason:
        return "waiting", reason
    away = core.store.state == "away" and batch.recipe.engine not in core.payload
    return "running", f"the store is away, and pictures wait on the peers' disks: {core.store.reason}" if away else ""


def _on_probation(core: Core, batch: Batch, capable: list[Member]) -> str:
    """Why all who could do a batch leave it for now; empty if somebody does not."""
    loads = [(member.hello.name, member.load) for member in capable]
    loads += [(core.hello.name, present_load(core))] if able(core.hello, batch) else []
    if not all(load.barred and bars(load.barred_names(), batch) for _, load in loads):
        return ""
    names = {batch.recipe.engine, *batch.tasks.class_ranges, batch.next_class()}
    told = [f"{name}: {next(one.reason for one in load.barred if one.name in names)}" for name, load in loads]
    return f"whoever can do it tries again later; {'; '.join(told[:_TOLD])}"


def _models_nowhere(core: Core, batch: Batch) -> str:
    """What is left of a batch needs models or looks that nobody has: which; empty if some of it does not."""
    hellos = [hello for hello in (core.hello, *(m.hello for m in core.up_members())) if able(hello, batch)]
    missing = [set(missing_classes(hello, batch)) for hello in hellos]
    nowhere = set.intersection(*missing) if missing else set()
    left = batch.results.tasks() - batch.results.safe - batch.failed
    if not nowhere or not left or not left.issubset(barred(tuple(nowhere), batch)):
        return ""
    models = dict.fromkeys(model_of(name).partition("|")[2] for name in batch.tasks.class_ranges if name in nowhere)
    words = dict.fromkeys(lacked(hellos[0], batch.recipe, model).partition(" (")[0] for model in models)
    return f"no peer that is up has {' or '.join(words)}"


def _resting(core: Core, capable: list[Member], me: bool) -> list[tuple[str, str]]:
    """(name, why it rests) of those that can do something."""
    others = [(member.hello.name, member.load.resting) for member in capable]
    return [*others, (core.hello.name, core.resting)] if me else others


def _why_waiting(core: Core, batch: Batch) -> str:
    capable = [mem for mem in core.up_members() if able(mem.hello, batch)]
    me = able(core.hello, batch)
    if not capable and not me:
        hellos = [core.hello, *(member.hello for member in core.up_members())]
        told = [f"{hello.name} has not {lacks(hello, batch)}" for hello in hellos[:_TOLD]]
        more = f" (and {len(hellos) - _TOLD} more)" if len(hellos) > _TOLD else ""
        return f"no peer that is up can do it: {'; '.join(told)}{more}"
    nowhere = _models_nowhere(core, batch)
    if nowhere:
        return nowhere
    on_probation = _on_probation(core, batch, capable)
    if on_probation:
        return on_probation
    here = [has_place(core) and not core.disk_full and not core.resting] if me else []
    places = [bool(mem.load.slots and mem.load.files) for mem in capable] + here
    if any(places):
        return ""
    resting = [f"{name}: {why}" for name, why in _resting(core, capable, me) if why]
    if len(resting) == len(places):
        return f"all machines that can do it rest; {'; '.join(resting[:_TOLD])}"
    if core.disk_full and not any(mem.load.slots for mem in capable):
        return f"this machine's disk is full: {core.disk_full}"
    if batch.recipe.engine in core.payload and (core.store.state == "absent" or capable):
        return ""
    if core.store.state in ("opening", "empty"):
        return "the store is being opened"
    if core.store.state == "away":
        full = core.spooled >= core.tuning.spool_bytes
        waiting = f", and {core.spooled >> 20} MB wait here, which is the limit" if full else ""
        return f"the store is away{waiting}: {core.store.reason}"
    if core.spooled >= core.tuning.spool_bytes:
        return f"{core.spooled >> 20} MB wait here for the store, which is the limit"
    if any(mem.beat is not None and mem.beat.store_id for mem in capable):
        return "the store is away at the peers that have one"
    if storeless(core):
        return "it is found out whether the farm has a store"
    return f"engine {batch.recipe.engine!r} makes files and no peer that is up has the farm's store: start one that has"


def _name(core: Core, peer: PeerId) -> str:
    if peer == core.me:
        return core.hello.name
    member = core.members.get(peer)
    return member.hello.name if member is not None else short(peer)


def _answer(core: Core, event: Asked, body: r.AnswerBody) -> None:
    core.effects.append(Reply(event.via, r.Answer(event.request.number, body)))
