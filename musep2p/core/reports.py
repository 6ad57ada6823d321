"""Reports: what this peer tells the guardians of each batch it knows.

A report says what is held, under a version that grows with each change, and the facts of this peer's log
since the position that this life of the guardian acknowledged. Unasked reports go out on change, at most every
half second, until acknowledged; a peer that has emptied itself says so at once; a question is answered at once.
"""

from __future__ import annotations

import heapq
from functools import partial

from musep2p.core import messages as m
from musep2p.core.ids import PeerId, hash64
from musep2p.core.ranges import Ranges
from musep2p.core.records import RANGES_MAX, BatchFact, ResultBlock, SafeMark, fact_name
from musep2p.core.state import NEVER, Batch, Core, Cursor, Member

__all__ = [
    "add_fact",
    "await_copies",
    "guardians",
    "on_question",
    "on_report_ack",
    "settle_copies",
    "tick_reports",
]

_ENTRIES_IN_PAGE = 3000  # about 300 kB, far below the limit of a bulk message
_PAGES_AT_ONCE = 8


def guardians(core: Core, batch: Batch) -> list[PeerId]:
    """The first three peers that are up, in rendezvous order, among all that know the batch; the first acts."""
    knowing = [core.me] if batch.known else []
    knowing += [member.id for member in core.members.values() if member.up and batch.id in member.known]
    return heapq.nlargest(core.tuning.guardians, knowing, key=lambda peer: _rank(batch, peer))


def add_fact(core: Core, batch: Batch, fact: BatchFact) -> None:
    """Something durable to tell the guardians, unless it is in our log already."""
    name = fact_name(fact)
    if name in batch.logged:
        return
    batch.logged.add(name)
    batch.log.append(fact)
    batch.dirty = True
    core.at("reports", core.now_ms)


def await_copies(core: Core, batch: Batch, block: ResultBlock, ranges: Ranges) -> None:
    """Without a store: these results are safe once two guardians have them durably."""
    add_fact(core, batch, block)
    batch.finished.update(ranges)
    batch.awaiting.append((len(batch.log), ranges))
    batch.touch(urgent=True)
    core.stirred = True


def settle_copies(core: Core, batch: Batch) -> None:
    """Mark safe what enough guardians have."""
    if not batch.awaiting:
        return
    guards = guardians(core, batch)
    needed = 2
    if not core.up_members():
        sure_ms = core.started_ms + core.tuning.adopt_after_ms
        if core.now_ms < sure_ms:
            core.at("seek", sure_ms)
        else:
            needed = 1
    positions = sorted((_acknowledged(core, batch, guard) for guard in guards), reverse=True)
    reached = positions[needed - 1] if len(positions) >= needed else -1
    ready = Ranges()
    while batch.awaiting and batch.awaiting[0][0] <= reached:
        ready.update(batch.awaiting.popleft()[1])
    for part in ready.parts(RANGES_MAX):
        mark = SafeMark(batch.id, part.encode())
        core.write(mark, partial(_marked_safe, core, batch, mark))


def on_question(core: Core, sender: Member, body: m.Question) -> None:
    """A guardian's round: answer at once, whoever asks."""
    batch = core.batches.get(body.batch)
    if batch is None or not batch.known:
        core.send(sender, m.RecipeAsk(body.batch))
        return
    sender.known.add(batch.id)
    _send_report(core, batch, sender, body.round)


def on_report_ack(core: Core, sender: Member, body: m.ReportAck) -> None:
    """A guardian has our log durably up to a position, and knows a version of our holdings."""
    core.hold_starts_until_ms = 0
    batch = core.batches.get(body.batch)
    if batch is None:
        return
    cursor = _cursor(batch, sender)
    if body.gap:
        # It may have judged us down in between, and forgotten what it acknowledged.
        cursor.position = cursor.sent_position = min(cursor.position, body.position)
        cursor.version = body.version
        # Long reports go by the bulk link and are overtaken by short ones: sent again at once, but once.
        batch.urgent = batch.urgent or body.position != cursor.gap_position
        cursor.gap_position = body.position
    else:
        cursor.position = max(cursor.position, min(body.position, len(batch.log)))
        cursor.version = max(cursor.version, body.version)
    settle_copies(core, batch)
    if cursor.position < len(batch.log):
        batch.dirty = True
        core.at("reports", core.now_ms + 1)


def tick_reports(core: Core) -> None:
    """Send the reports that are due; come back for those that are not acknowledged."""
    tuning = core.tuning
    for batch in core.batches.values():
        if not batch.known or not (batch.dirty or batch.version or batch.log):
            continue
        due = batch.reported_ms + (0 if batch.urgent else tuning.report_ms)
        stale = [guard for guard in guardians(core, batch) if guard != core.me and _behind(core, batch, guard)]
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
    news = cursor.sent_version < batch.version or cursor.sent_position < len(batch.log)
    again = core.now_ms - cursor.sent_ms >= core.tuning.report_again_ms
    if again:
        cursor.sent_position = cursor.position
    if news or again:
        batch.reported_ms = core.now_ms
        _send_report(core, batch, guard, 0)
    return core.now_ms + core.tuning.report_again_ms


def _send_report(core: Core, batch: Batch, guard: Member, round_: int) -> None:
    cursor = _cursor(batch, guard)
    start = max(cursor.position, cursor.sent_position)
    if round_:
        start = cursor.position
    end = len(batch.log)
    bulk = _weight(batch.log[start:end]) > 100
    for _ in range(_PAGES_AT_ONCE):
        stop, entries = start, 0
        while stop < end and entries < _ENTRIES_IN_PAGE:
            entries += _weight(batch.log[stop : stop + 1])
            stop += 1
        _send_page(core, batch, guard, (round_, start, stop, end), bulk=bulk)
        start = stop
        if stop == end:
            break
    cursor.sent_ms, cursor.sent_version, cursor.sent_position = core.now_ms, batch.version, start


def _send_page(core: Core, batch: Batch, guard: Member, page: tuple[int, int, int, int], *, bulk: bool) -> None:
    round_, start, stop, end = page
    whole = stop == end
    queued = batch.work.held() | batch.granted
    report = m.Report(
        batch.id,
        batch.version,
        round_,
        start,
        stop,
        end,
        tuple(batch.log[start:stop]),
        *(held.encode()[: 2 * m.HELD_MAX] if whole else () for held in (queued, batch.running, batch.finished)),
    )
    fragmented = whole and len(queued) + len(batch.running) + len(batch.finished) > 1000
    core.send(guard, report, bulk=bulk or fragmented)


def _weight(facts: list[BatchFact]) -> int:
    return sum(len(fact.entries) if isinstance(fact, ResultBlock) else 1 for fact in facts)


def _behind(core: Core, batch: Batch, guard: PeerId) -> bool:
    cursor = _cursor(batch, core.members[guard])
    return cursor.position < len(batch.log) or cursor.version < batch.version


def _cursor(batch: Batch, guard: Member) -> Cursor:
    cursor = batch.cursors.get(guard.id)
    if cursor is None or cursor.incarnation != guard.incarnation:
        cursor = batch.cursors[guard.id] = Cursor(guard.incarnation, sent_ms=-NEVER)
    return cursor


def _acknowledged(core: Core, batch: Batch, guard: PeerId) -> int:
    if guard == core.me:
        return len(batch.log)
    return _cursor(batch, core.members[guard]).position


def _marked_safe(core: Core, batch: Batch, mark: SafeMark) -> None:
    ranges = Ranges.decode(mark.ranges)
    batch.results.mark_safe(ranges)
    batch.finished.difference_update(ranges)
    add_fact(core, batch, mark)
    batch.touch(urgent=not batch.finished)
    core.stirred = True


def _rank(batch: Batch, peer: PeerId) -> tuple[int, PeerId]:
    rank = batch.ranks.get(peer)
    if rank is None:
        rank = batch.ranks[peer] = hash64(f"{batch.id}/{peer}".encode())
    return rank, peer
