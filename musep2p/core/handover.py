"""Outputs on their way from one peer to another, in pieces.

A peer that does not see the store has them put there by one that does, the carrier; in a farm without a store guardians
copy them to folders of their own.

The sender offers a block of results; the carrier asks for one piece after the other, keeps them on its own disk, has
them published under the sender's own record, and says so. Nothing is given away before: whatever is not answered, or
whose carrier is gone, is offered again, to another if there is one. Doubled records are harmless.
"""

from __future__ import annotations

from msgspec import structs

from musep2p.core import messages as m
from musep2p.core.accounting import absorb
from musep2p.core.batch import Batch
from musep2p.core.carriers import carrier
from musep2p.core.data import Carried, Handover, Member
from musep2p.core.effects import KeepPiece, PublishFor, Reread, SendHandover, SendOutput, StoreBatch, Unspool
from musep2p.core.ids import PeerId
from musep2p.core.messages import Envelope
from musep2p.core.records import ResultBlock, spool_name, spooled_bytes
from musep2p.core.reports import add_fact
from musep2p.core.state import Core

__all__ = [
    "fetch",
    "forget_carriage",
    "hand_on",
    "let_go",
    "offer_of",
    "on_carried",
    "on_carry_failed",
    "on_handed_over",
    "on_handover",
    "on_output",
    "on_output_ask",
    "tick_handovers",
]

_AT_ONCE = 4  # blocks of ours on their way
_CARRIED_MAX = 16  # of others, here
_COPIES_MAX = 8
_DONE_KEPT = 1024
_AGAIN_MS = 2000
_REFUSED_MS = 2000
_GIVEN_UP_MS = 30_000
_PATIENT_MS = 10_000


def offer_of(effect: SendHandover, block: ResultBlock) -> Envelope:
    """The offer that an effect asks for, with the results that it is of."""
    body = effect.envelope.body
    assert isinstance(body, m.Handover)
    return structs.replace(effect.envelope, body=structs.replace(body, block=block))


def hand_on(core: Core) -> None:
    """Offer what waits, as long as we do not see the store and somebody else does.

    A store that we have seen is most likely away for all, or back in a moment: first we wait.
    """
    waits_until_ms = core.store.away_ms + _PATIENT_MS
    if core.store.state == "away" and core.now_ms < waits_until_ms:
        core.at("handovers", waits_until_ms)
        return
    while not core.store.ok and core.unpublished and len(core.handovers) < _AT_ONCE:
        member = carrier(core)
        if member is None:
            core.at("handovers", core.now_ms + _AGAIN_MS)
            return
        batch_id, position = core.unpublished.popleft()
        number = core.next_number()
        core.handovers[number] = Handover(number, batch_id, position, member.id, member.incarnation)
        _offer(core, core.handovers[number], member)


def on_handover(core: Core, sender: Member, body: m.Handover) -> None:
    """A peer that does not see the store gives us results to put there."""
    key = (sender.id, sender.incarnation, body.number)
    block, batch = body.block, core.batches.get(body.batch)
    if key in core.carried_done:
        core.send(sender, m.HandedOver(body.number, True))
        return
    known = next((one for one in core.carried.values() if not one.copy and one.key == key), None)
    if known is not None:
        _ask(core, known)
        return
    if batch is None or not batch.known:
        core.send(sender, m.RecipeAsk(body.batch))
    fits = block is not None and block.batch == body.batch and _has_room(core)
    if batch is None or not batch.known or block is None or not fits or not core.store.ok:
        core.send(sender, m.HandedOver(body.number, False))
        return
    for stale in [one for one in core.carried.values() if one.block.first == block.first]:
        del core.carried[stale.op]  # offered again under another number: its files are written anew
        core.spooled -= spooled_bytes(block.entries)
    _begin(core, Carried(core.next_number(), sender.id, sender.incarnation, body.number, block))


def fetch(core: Core, sender: Member, place: int, block: ResultBlock) -> None:
    """Copy the outputs of a result that a peer reports at this place of its log, unless that is under way, or too much.

    What is not begun now is reported again.
    """
    under_way = [one for one in core.carried.values() if one.copy]
    if len(under_way) < _COPIES_MAX and _has_room(core) and all(one.block.first != block.first for one in under_way):
        _begin(core, Carried(core.next_number(), sender.id, sender.incarnation, place, block, copy=True))


def _has_room(core: Core) -> bool:
    return core.spooled < core.tuning.spool_bytes and not core.disk_full and len(core.carried) < _CARRIED_MAX


def _begin(core: Core, carried: Carried) -> None:
    core.carried[carried.op] = carried
    carried.came_ms = core.now_ms
    core.spooled += spooled_bytes(carried.block.entries)
    _ask(core, carried)


def on_output_ask(core: Core, sender: Member, body: m.OutputAsk) -> None:
    """The carrier, or a guardian, wants a piece of an output."""
    handover = core.handovers.get(body.place) if body.handover else None
    batch = core.batches.get(body.batch)
    position = 0
    if handover is not None and handover.carrier == sender.id:
        handover.sent_ms, position = core.now_ms, handover.position
    elif batch is not None and not body.handover and body.place < len(batch.log):
        position = batch.log[body.place]
    piece = m.Output(body.number, body.index, body.start, 0, b"")
    if not position:
        core.send(sender, piece)
        return
    envelope = Envelope(core.me, core.incarnation, sender.incarnation, core.cause, piece)
    number = handover.number if handover is not None else 0
    length = core.tuning.piece_bytes
    core.effects.append(SendOutput(sender.address, sender.hello.bulk_port, envelope, number, position, length))


def on_output(core: Core, sender: Member, body: m.Output) -> Carried | None:
    """A piece of an output has come: keep it, and ask for the next, or publish when all are here.

    Returns:
        A copy that cannot be had: nobody shall wait for it.
    """
    carried = core.carried.get(body.number)
    if carried is None or (carried.sender, carried.incarnation) != (sender.id, sender.incarnation):
        return None
    entry = carried.wanted()
    if entry is None:
        return None
    if not body.size:
        let_go(core, carried)  # its maker hands it over no more, or has it no more
        return carried if carried.copy else None
    fits = 0 < len(body.data) <= entry.size - body.start
    if (body.index, body.start) != (entry.index, carried.got) or not fits:
        return None
    core.effects.append(KeepPiece(carried.op, spool_name(carried.block.batch, entry, sender.id), body.start, body.data))
    carried.got += len(body.data)
    carried.came_ms = core.now_ms
    if carried.got >= entry.size:
        carried.at, carried.got = carried.at + 1, 0
    _ask(core, carried)
    return None


def on_handed_over(core: Core, sender: Member, body: m.HandedOver) -> None:
    """Our results are on the store, put there by the carrier, or it cannot do that now."""
    handover = core.handovers.get(body.number)
    if handover is None or handover.carrier != sender.id:
        return
    del core.handovers[body.number]
    if body.stored:
        core.effects.append(Reread(handover.position))
    else:
        _wait_again(core, handover)
        sender.carries_from_ms = core.now_ms + _REFUSED_MS
        core.at("handovers", core.now_ms + _REFUSED_MS)


def on_carried(core: Core, carried: Carried) -> None:
    """What we carried is on the store: it counts, whatever becomes of its maker."""
    block = carried.block
    batch = core.batches[block.batch]
    core.carried_done[carried.key] = None
    if len(core.carried_done) > _DONE_KEPT:
        del core.carried_done[next(iter(core.carried_done))]
    safe = ResultBlock(block.batch, block.first, block.entries, True)

    def told(position: int) -> None:
        absorb(batch, safe, position)
        add_fact(core, batch, position)
        batch.touch()
        core.at("rounds", core.now_ms)
        _answer(core, carried, stored=True)

    core.write(safe, told)


def on_carry_failed(core: Core, op: int) -> bool:
    """The store, or our disk, did not take it: whoever made it keeps it. False if that was another operation."""
    carried = core.carried.get(op)
    if carried is None:
        return False
    let_go(core, carried)
    if not carried.copy:
        _answer(core, carried, stored=False)
    return True


def forget_carriage(core: Core, lost: PeerId) -> None:
    """A peer is gone: what it was to carry for us waits again; of what we carried for it, only what is here goes on."""
    for handover in [one for one in core.handovers.values() if one.carrier == lost]:
        del core.handovers[handover.number]
        _wait_again(core, handover)
    for carried in [one for one in core.carried.values() if one.sender == lost and one.wanted() is not None]:
        let_go(core, carried)
    core.at("handovers", core.now_ms)


def _wait_again(core: Core, handover: Handover) -> None:
    """Nobody carries it: another one may, or our own store, which may have come back meanwhile."""
    core.unpublished.append((handover.batch, handover.position))
    core.at("publish", core.now_ms)


def tick_handovers(core: Core) -> None:
    """Offer again what nobody answered; ask again for pieces that did not come."""
    for handover in list(core.handovers.values()):
        member = core.members.get(handover.carrier)
        if member is not None and core.now_ms - handover.sent_ms >= _AGAIN_MS:
            _offer(core, handover, member)
    for carried in list(core.carried.values()):
        if carried.wanted() is not None and core.now_ms - carried.came_ms >= _GIVEN_UP_MS:
            let_go(core, carried)
        elif carried.wanted() is not None and core.now_ms - carried.asked_ms >= _AGAIN_MS:
            _ask(core, carried)
    hand_on(core)
    if core.handovers or core.carried:
        core.at("handovers", core.now_ms + _AGAIN_MS)


def _offer(core: Core, handover: Handover, member: Member) -> None:
    handover.sent_ms = core.now_ms
    body = m.Handover(handover.number, handover.batch, None)
    envelope = Envelope(core.me, core.incarnation, member.incarnation, core.cause, body)
    core.effects.append(SendHandover(member.address, envelope, handover.position))
    core.at("handovers", core.now_ms + _AGAIN_MS)


def _ask(core: Core, carried: Carried) -> None:
    """Ask for the next piece; with all of them here, publish."""
    entry = carried.wanted()
    carried.asked_ms = core.now_ms
    core.at("handovers", core.now_ms + _AGAIN_MS)
    if entry is not None:
        member = core.members.get(carried.sender)
        if member is not None:
            ask = m.OutputAsk(
                carried.op, carried.block.batch, not carried.copy, carried.number, entry.index, carried.got
            )
            core.send(member, ask)
    elif not core.store.ok and not carried.copy:
        on_carry_failed(core, carried.op)
    elif not carried.publishing:
        carried.publishing = True
        batch: Batch = core.batches[carried.block.batch]
        if batch.stored != batch.will:
            core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))
            batch.stored = batch.will if carried.copy else batch.stored  # a folder of our own takes it
        name = batch.will.settings.name
        core.effects.append(PublishFor(carried.op, batch.id, name, batch.recipe, carried.block, carried.sender))


def let_go(core: Core, carried: Carried) -> None:
    """What we carried is stored, or given up: it takes no room here any more."""
    core.carried.pop(carried.op, None)
    core.spooled -= spooled_bytes(carried.block.entries)
    files = [entry for entry in carried.block.entries if entry.ext and not entry.skipped]
    core.effects.append(Unspool(tuple(spool_name(carried.block.batch, entry, carried.sender) for entry in files)))


def _answer(core: Core, carried: Carried, *, stored: bool) -> None:
    member = core.members.get(carried.sender)
    if member is not None and member.up and member.incarnation == carried.incarnation:
        core.send(member, m.HandedOver(carried.number, stored))
