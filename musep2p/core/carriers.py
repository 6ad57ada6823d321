"""Where outputs go: to the store, by way of a carrier that sees it, or, without one, to peers' own folders."""

from __future__ import annotations

from musep2p.core.data import Member
from musep2p.core.ids import PeerId, hash64
from musep2p.core.state import Core

__all__ = ["carrier", "first_that_sees", "has_carrier", "keeps", "sees", "storeless"]


def storeless(core: Core) -> bool:
    """True while we have no store and have not heard of one in this farm, in this life or an earlier one."""
    return core.store.state == "absent" and not core.store.farm_id


def keeps(core: Core) -> bool:
    """True when what we make stays in a folder of our own: there is no store, or somebody would have told us."""
    sure_ms = core.started_ms + core.tuning.adopt_after_ms
    if storeless(core) and core.now_ms < sure_ms:
        core.at("publish", sure_ms)
    return storeless(core) and core.now_ms >= sure_ms


def sees(core: Core, peer: PeerId) -> bool:
    """True when a peer, as far as it tells, sees the farm's store."""
    member = core.members.get(peer)
    return core.store.ok if peer == core.me else member is not None and member.beat is not None and member.beat.store_ok


def first_that_sees(core: Core) -> bool:
    """True at one of the peers that see the store: what must be done there by somebody is done by it."""
    return core.store.ok and min([core.me, *(m.id for m in core.up_members() if sees(core, m.id))]) == core.me


def carrier(core: Core) -> Member | None:
    """Who puts our outputs on the store: always the same while it is up and willing, another one for other peers."""
    seeing = [
        member for member in core.heard_members() if sees(core, member.id) and member.carries_from_ms <= core.now_ms
    ]
    return max(seeing, key=lambda member: hash64(f"{core.me}/{member.id}".encode()), default=None)


def has_carrier(core: Core) -> bool:
    """True when outputs can go by way of another peer, now or, since they could in this life, sometime."""
    return core.carrier_met
