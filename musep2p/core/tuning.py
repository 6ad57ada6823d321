"""Times and limits of the protocol, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tuning"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times and limits of the protocol, in milliseconds where they are times; the same on all peers of a farm.

    Attributes:
        heartbeat_ms: between heartbeats; suspect and down are counted from the last thing heard.
        all_to_all: in farms of more peers each hears only a few others; the three times above double, and what
            guardians and their askers say to all comes the more rarely, the more peers there are.
        near, far: in such a farm heartbeats go to so many neighbours on each side, and to so many others.
        hear_ms: loads that were heard longer ago are not trusted there.
        stall_ms: to be woken this much later than asked means that we, not the others, were away.
        report_ms: least time between unasked reports on one batch.
        round_gap_ms: least time between rounds after one that found nothing lost.
        alone_ms: a peer that was started again and meets nobody for this long takes up what it replayed.
        drain_ms: a leaving peer with nothing to run waits this long for what it finished to become safe.
        forget_ms: a peer that is gone this long is no longer listed.
        chunk_us: work worth this long is handed to a child at once.
        ahead_us: slots with tasks shorter than this get a second chunk while the first runs.
        ahead_us_max: so do slots with tasks shorter than this, while plenty is queued.
        guardians: peers that account for a batch.
        copies: other peers that must have recipe and will before a batch is accepted.
        inline_bytes: recipes up to this size travel inside messages, larger ones piece by piece.
        spool_bytes: outputs that wait for the store on this peer's disk; with more of them it starts nothing.
        affinity: who has a model loaded goes on with it.
        piece_bytes: of a piece; with its envelope below the 1 MiB that a bulk message may have.
    """

    heartbeat_ms: int = 1000
    suspect_ms: int = 3000
    down_ms: int = 5000
    all_to_all: int = 64
    near: int = 3
    far: int = 2
    hear_ms: int = 15_000
    stall_ms: int = 2000
    report_ms: int = 500
    report_again_ms: int = 1000
    round_gap_ms: int = 200
    question_again_ms: int = 500
    ask_timeout_ms: int = 1000
    grant_again_ms: int = 300
    copy_again_ms: int = 500
    dial_ms: int = 500
    dial_ms_max: int = 10_000
    addresses_ms: int = 10_000
    adopt_after_ms: int = 2000
    alone_ms: int = 5000
    drain_ms: int = 10_000
    forget_ms: int = 3_600_000
    chunk_us: int = 20_000
    ahead_us: int = 10_000
    ahead_us_max: int = 1_000_000
    guardians: int = 3
    copies: int = 2
    inline_bytes: int = 32_768
    piece_bytes: int = 262_144
    spool_bytes: int = 10 << 30
    piece_again_ms: int = 2000
    candidates_max: int = 512
    timeout_floor_ms: int = 600_000
    timeout_factor: int = 20
    tail_rules: bool = True
    affinity: bool = True
