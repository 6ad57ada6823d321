"""Reports: what this peer tells the guardians of each batch it knows.

A report says what is held, under a version that grows with each change, and the facts of this peer's log
since the position that this life of the guardian acknowledged. Unasked reports go out on change, at most every
half second, until acknowledged, ever more patiently, or a thin line would be full of repetitions. A peer that has
emptied itself says so at once; a question is answered at once.
Facts stay in the journal: the core names their positions, and `report_pages` cuts what was read into messages.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

import msgspec

from musep2p.core import messages as m
from musep2p.core.batch import Awaited, Batch, Cursor
from musep2p.core.carriers import storeless
from musep2p.core.data import NEVER, Member
from musep2p.core.effects import SendReport
from musep2p.core.ids import PeerId, hash64
from musep2p.core.messages import Envelope
from musep2p.core.ranges import Ranges
from musep2p.core.records import RANGES_MAX, BatchFact, SafeMark
from musep2p.core.state import Core
from musep2p.core.wills import CANCELLED

__all__ = [
    "add_fact",
    "await_copies",
    "copied",
    "guardians",
    "is_behind",
    "let_rest",
    "listeners",
    "on_question",
    "on_report_ack",
    "report_pages",
    "settle_copies",
    "tick_reports",
]

_PAGE_BYTES = 256 << 10  # far below the limit of a bulk message; a fact has at most some 64 kB
_SMALL_BYTES = 32 << 10  # what is smaller may go before heartbeats
_ENTRIES_AT_ONCE = 8000
_FACTS_AT_ONCE = (16, 500)
_WINDOW = 32
_PATIENCE_MS_MAX = 8000
_MEASURED_MS_MAX = 4000  # a guardian that stood still is no slow line


def guardians(core: Core, batch: Batch) -> list[PeerId]:
    """The first three peers that are up, in rendezvous order, among all that know the batch; the first acts."""
    if core.wide:
        return _guardians_of_all(core, batch)
    knowing = [core.me] if batch.known else []
    knowing += [member.id for member in core.members.values() if member.up and batch.id in member.known]
    return heapq.nlargest(core.tuning.guardians, knowing, key=lambda peer: _rank(batch, peer))


def _guardians_of_all(core: Core, batch: Batch) -> list[PeerId]:
    """In a large farm nobody hears from everybody what it knows: a guardian that lacks the batch asks for it."""
    up = core.up_members()
    if batch.guards is None or batch.guards[0] is not up:
        peers = [core.me, *(member.id for member in up)]
        batch.guards = (up, heapq.nlargest(core.tuning.guardians, peers, key=lambda peer: _rank(batch, peer)))
    return batch.guards[1]


def listeners(core: Core, batch: Batch) -> list[PeerId]:
    """Who gets our reports: the guardians, and in a farm without a store also who submitted, for the pictures."""
    guards = guardians(core, batch)
    home = batch.will.settings.home
    member = core.members.get(PeerId(home)) if home and storeless(core) else None
    return [*guards, member.id] if member is not None and member.up and member.id not in guards else guards


def add_fact(core: Core, batch: Batch, position: int) -> None:
    """Something durable, at this position of our journal, to tell the guardians."""
    batch.log.append(position)
    batch.dirty = True
    batch.wake()
    core.at("reports", core.now_ms)


def await_copies(core: Core, batch: Batch, ranges: Ranges, position: int = 0) -> None:
    """Without a store: these results, just told of, are safe once two guardians have them durably.

    With a position in the journal also their outputs, which are files.
    """
    batch.finished.update(ranges)
    batch.awaiting.append(Awaited(len(batch.log), ranges, position))
    batch.touch(urgent=True)
    core.stirred = True


def settle_copies(core: Core, batch: Batch) -> None:
    """Mark safe what enough guardians have."""
    if not batch.awaiting:
        return
    reached, kept = copied(core, batch), copied(core, batch, outputs=True)
    ready = Ranges()
    while batch.awaiting and batch.awaiting[0].place <= (kept if batch.awaiting[0].position else reached):
        ready.update(batch.awaiting.popleft().ranges)
    for part in ready.parts(RANGES_MAX):
        _mark_safe(core, batch, part)


def copied(core: Core, batch: Batch, *, outputs: bool = False) -> int:
    """So much of our log two guardians have durably; the only peer there is counts for two. -1 if there are too few.

    Args:
        outputs: with the files that it speaks of.
    """
    needed = 2
    if not core.up_members():
        sure_ms = core.started_ms + core.tuning.adopt_after_ms
        if core.now_ms < sure_ms:
            core.at("seek", sure_ms)
        else:
            needed = 1
    guards = guardians(core, batch)
    positions = sorted((_acknowledged(core, batch, guard, outputs) for guard in guards), reverse=True)
    return positions[needed - 1] if len(positions) >= needed else -1


def on_question(core: Core, sender: Member, body: m.Question) -> None:
    """A guardian's round: answer at once, whoever asks."""
    batch = core.batches.get(body.batch)
    if batch is None or not batch.known:
        core.send(sender, m.RecipeAsk(body.batch))
        return
    sender.known.add(batch.id)
    batch.wake()
    _send_report(core, batch, sender, body.round)


def on_report_ack(core: Core, sender: Member, body: m.ReportAck) -> None:
    """A guardian has our log durably up to a position, and knows a version of our holdings."""
    core.hold_starts_until_ms = 0
    batch = core.batches.get(body.batch)
    if batch is None:
        return
    batch.wake()
    cursor = _cursor(batch, sender)
    if not cursor.resent:
        took_ms = core.now_ms - cursor.sent_ms  # Karn: of what was sent twice nobody knows which was answered
        cursor.patience_ms = min(2 * took_ms, _MEASURED_MS_MAX)
    if body.gap:
        # It may have judged us down in between, and forgotten what it acknowledged.
        cursor.position = cursor.sent_position = min(cursor.position, body.position)
        cursor.received = body.received
        cursor.version = body.version
        # Long reports go by the bulk link and are overtaken by short ones: sent again at once, but once.
        batch.urgent = batch.urgent or body.position != cursor.gap_position
        cursor.gap_position = body.position
    else:
        cursor.position = max(cursor.position, min(body.position, len(batch.log)))
        cursor.received = max(cursor.received, body.received)
        cursor.version = max(cursor.version, body.version)
    if body.copies:
        cursor.kept = max(cursor.kept, min(body.position, len(batch.log)))
    settle_copies(core, batch)
    if cursor.position < len(batch.log):
        batch.dirty = True
        core.at("reports", core.now_ms + 1)


def tick_reports(core: Core) -> None:
    """Send the reports that are due; come back for those that are not acknowledged."""
    tuning = core.tuning
    for batch in list(core.awake.values()):
        if not batch.known or not (batch.dirty or batch.version or batch.log):
            continue
        due = batch.reported_ms + (0 if batch.urgent else tuning.report_ms)
        stale = [guard for guard in listeners(core, batch) if guard != core.me and _behind(core, batch, guard)]
        if not stale:
            batch.dirty = batch.urgent = False
            continue
        if batch.dirty and core.now_ms < due:
            core.at("reports", due)
            continue
        waits = [_report_if_due(core, batch, core.members[guard]) for guard in stale]
        batch.dirty = batch.urgent = False
        core.at("reports", min(waits))


def _report_if_due(core: Core, batch: Batch, guard: Member) -> int:
    """Send what this guardian lacks unless it was just sent; returns when to look again."""
    cursor = _cursor(batch, guard)
    ready = min(len(batch.log), _window(core, batch, cursor))
    news = cursor.sent_version < batch.version or cursor.sent_position < ready
    again = not _fresh(core, cursor)
    if news or again:
        batch.reported_ms = core.now_ms
        _send_report(core, batch, guard, 0)
    return core.now_ms + _patience_ms(core, cursor)


def _send_report(core: Core, batch: Batch, guard: Member, round_: int) -> None:
    cursor = _cursor(batch, guard)
    cursor.resent = not _fresh(core, cursor) and cursor.sent_ms >= 0
    if cursor.resent:
        cursor.patience_ms = min(2 * _patience_ms(core, cursor), _PATIENCE_MS_MAX)
        cursor.sent_position = cursor.received
    start = max(cursor.position, cursor.sent_position)
    stop = max(start, min(len(batch.log), start + _facts_at_once(batch), _window(core, batch, cursor)))
    whole = stop == len(batch.log)
    all_held = (batch.work.held() | batch.granted, batch.running, batch.finished)
    queued, running, finished = (held.encode()[: 2 * m.HELD_MAX] if whole else () for held in all_held)
    report = m.Report(
        batch.id, batch.version, round_, start, stop, len(batch.log), (), queued, running, finished,
        batch.elapsed_ms(core.now_ms),
    )  # fmt: skip
    envelope = Envelope(core.me, core.incarnation, guard.incarnation, core.cause, report)
    core.effects.append(SendReport(guard.address, guard.hello.bulk_port, envelope, tuple(batch.log[start:stop])))
    cursor.sent_ms, cursor.sent_version, cursor.sent_position = core.now_ms, batch.version, stop


def _fresh(core: Core, cursor: Cursor) -> bool:
    """True while an answer to what was sent last may still be on its way."""
    return core.now_ms - cursor.sent_ms < _patience_ms(core, cursor)


def _patience_ms(core: Core, cursor: Cursor) -> int:
    return min(max(cursor.patience_ms, core.tuning.report_again_ms), _PATIENCE_MS_MAX)


def _window(core: Core, batch: Batch, cursor: Cursor) -> int:
    """Up to where in our log facts are sent: of those whose outputs must be fetched first only so many wait there."""
    waits = storeless(core) and batch.recipe.engine not in core.payload
    return cursor.position + _WINDOW if waits else len(batch.log)


def _facts_at_once(batch: Batch) -> int:
    """So many facts are worth some thousand results, as this batch's usually are."""
    least, most = _FACTS_AT_ONCE
    usual = max(1, batch.results.known.count() // max(1, len(batch.log)))
    return max(least, min(most, _ENTRIES_AT_ONCE // usual))


def let_rest(core: Core) -> None:
    """Look no longer at batches of which nothing is held, told or awaited here, and whose end we know of.

    Whatever touches one, and any change of who is up, wakes it.
    """
    for batch in list(core.awake.values()):
        if batch.id not in core.submissions and _at_rest(core, batch):
            del core.awake[batch.id]


def _at_rest(core: Core, batch: Batch) -> bool:
    told = batch.progress
    ended = told is not None and told.complete and told.turn == batch.will.turn
    if not batch.known or batch.dirty or batch.awaiting or not (ended or batch.will.word == CANCELLED):
        return False
    if batch.held() or batch.failing or batch.accounting.open or batch.accounting.late or batch.results.doubted:
        return False
    guards = guardians(core, batch)
    if guards and guards[0] == core.me and not (batch.accounting.complete and batch.accounting.told is not None):
        return False
    return not is_behind(core, batch)


def is_behind(core: Core, batch: Batch) -> bool:
    """True while one of those who are told of a batch has not acknowledged all of our log and what we hold."""
    return any(_behind(core, batch, guard) for guard in listeners(core, batch) if guard != core.me)


def report_pages(envelope: Envelope, facts: Iterable[tuple[BatchFact, int]]) -> Iterator[tuple[Envelope, bool]]:
    """A report and its facts as messages, none too large; what is held goes with the last.

    Args:
        envelope: with a report that has no facts yet.
        facts: those from `start` to `stop`, each with its size in bytes.

    Yields:
        A message, and whether it belongs on the bulk link.
    """
    report = envelope.body
    assert isinstance(report, m.Report)
    page: list[BatchFact] = []
    at, size = report.start, 0
    several = False
    for fact, fact_bytes in facts:
        if page and size + fact_bytes > _PAGE_BYTES:
            part = msgspec.structs.replace(
                report, start=at, stop=at + len(page), facts=tuple(page), queued=(), running=(), finished=()
            )
            yield msgspec.structs.replace(envelope, body=part), True
            at, page, size, several = at + len(page), [], 0, True
        page.append(fact)
        size += fact_bytes
    last = msgspec.structs.replace(report, start=at, facts=tuple(page))
    held = len(report.queued) + len(report.running) + len(report.finished)
    yield msgspec.structs.replace(envelope, body=last), several or size > _SMALL_BYTES or held > 2000


def _behind(core: Core, batch: Batch, guard: PeerId) -> bool:
    cursor = _cursor(batch, core.members[guard])
    return cursor.position < len(batch.log) or cursor.version < batch.version


def _cursor(batch: Batch, guard: Member) -> Cursor:
    cursor = batch.cursors.get(guard.id)
    if cursor is None or cursor.incarnation != guard.incarnation:
        cursor = batch.cursors[guard.id] = Cursor(guard.incarnation, sent_ms=-NEVER)
    return cursor


def _acknowledged(core: Core, batch: Batch, guard: PeerId, outputs: bool) -> int:
    if guard == core.me:
        return len(batch.log)
    cursor = _cursor(batch, core.members[guard])
    return cursor.kept if outputs else cursor.position


def _mark_safe(core: Core, batch: Batch, ranges: Ranges) -> None:
    def marked(position: int) -> None:
        batch.results.mark_safe(ranges)
        batch.finished.difference_update(ranges)
        add_fact(core, batch, position)
        batch.touch(urgent=not batch.finished)
        core.stirred = True
        if batch.all_settled():
            core.at("rounds", core.now_ms)

    core.write(SafeMark(batch.id, ranges.encode()), marked)


def _rank(batch: Batch, peer: PeerId) -> tuple[int, PeerId]:
    rank = batch.ranks.get(peer)
    if rank is None:
        rank = batch.ranks[peer] = hash64(f"{batch.id}/{peer}".encode())
    return rank, peer
