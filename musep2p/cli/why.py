"""`why`: the story of one task, gathered from all peers."""

from __future__ import annotations

import time
from typing import Any

from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.show import note, print_json
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import PeerId, short
from musep2p.errors import MuseError, UsageError

__all__ = ["why"]

_ASKED_MAX = 64
_EACH_S = 1.0


def why(settings: Settings, name: str, index: int, *, as_json: bool) -> int:
    """Tell where a task is, what came of it, and what happened to it at which peer."""
    client = find_peer(settings)
    if client is None:
        raise no_peers(settings)
    try:
        first = client.ask(r.WhyAsk(name, index), r.WhyAnswer)
        _refuse_strangers(first)
        peers = client.ask(r.PeersAsk(), r.PeersAnswer).peers
        answers, silent = _everybody(peers, first, settings)
        result = _result(client, first)
    finally:
        client.close()
    best = next((answer for answer in answers if not answer.guardian), first)
    value = _gathered(best, answers, silent)
    if result is not None:
        value["result"] = _result_json(result, {peer.id: peer.name for peer in peers})
    if as_json:
        print_json(value)
    else:
        _print(value)
    return 0


def _refuse_strangers(answer: r.WhyAnswer) -> None:
    if answer.state == "missing":
        raise UsageError(f"the batch has no task {answer.index}.", "`musep2p status` says how many it has.")
    if answer.state == "excluded":
        raise UsageError(f"index {answer.index} is excluded: it is no task.", "See `exclude:` in the batch file.")


def _everybody(peers: list[r.PeerView], first: r.WhyAnswer, settings: Settings) -> tuple[list[r.WhyAnswer], list[str]]:
    """The answers of all peers that are up, and the names of those that gave none."""
    answers, silent = [first], []
    for peer in [peer for peer in peers[1:] if peer.state == "up"][:_ASKED_MAX]:
        other = PeerClient(peer.address, settings.farm_name)
        try:
            answers.append(other.ask(r.WhyAsk(first.batch, first.index), r.WhyAnswer, _EACH_S))
        except MuseError:
            silent.append(peer.name)
        finally:
            other.close()
    return answers, silent


def _result(client: PeerClient, first: r.WhyAnswer) -> r.ResultRow | None:
    pages = client.results(first.batch, start=first.index, stop=first.index + 1)
    return next((row for page in pages for row in page.rows if not row.failed), None)


def _gathered(best: r.WhyAnswer, answers: list[r.WhyAnswer], silent: list[str]) -> dict[str, Any]:
    now = time.time()
    story = sorted(
        ({"time": now - line.ago_ms / 1000, "peer": line.peer, "what": line.text} for a in answers for line in a.story),
        key=lambda line: float(str(line["time"])),
    )
    return {
        "batch": best.batch, "index": best.index, "name": best.name, "state": best.state,
        "holders": [{"peer": peer, "how": how} for peer, how in best.holders],
        "waits": next((answer.waits for answer in [best, *answers] if answer.waits), ""),
        "failures": [
            {
                "peer": f.peer, "attempt": f.attempt, "turn": f.turn, "reason": f.reason, "permanent": f.permanent,
                "peer_bound": f.peer_bound,
            }
            for f in max((answer.failures for answer in answers), key=len)
        ],
        "made": [
            {"peer": one.peer, "attempt": one.attempt, "digest": one.digest, "counts": one.counts}
            for one in max((answer.made for answer in answers), key=len)
        ],
        "story": story, "silent": silent,
    }  # fmt: skip


def _result_json(result: r.ResultRow, names: dict[PeerId, str]) -> dict[str, Any]:
    entry = result.entry
    return {
        "peer": names.get(result.peer, short(result.peer)), "attempt": entry.attempt, "seconds": entry.ms / 1000,
        "skipped": entry.skipped, "digest": entry.digest, "path": result.path,
    }  # fmt: skip


def _print(value: dict[str, Any]) -> None:
    print(f"task {value['index']} of {short(value['batch'])}, {value['name']}: {value['state']}")
    result = value.get("result")
    if result and result["skipped"]:
        print(f"  skipped: equal work was done before. {result['path']}")
    elif result:
        made = f"  made by {result['peer']}, attempt {result['attempt']}, {result['seconds']:g} s. {result['path']}"
        print(made.rstrip())
    for made in value["made"]:
        words = "counts" if made["counts"] else "is one too many"
        print(f"  the result of {made['peer']}, attempt {made['attempt']}, {made['digest'][:8]}, {words}")
    for holder in value["holders"]:
        print(f"  {holder['how']} at {holder['peer']}")
    if value["waits"]:
        print(f"  it waits: {value['waits']}")
    for failure in value["failures"]:
        final = ", for good" if failure["permanent"] else ", which cannot do it" if failure["peer_bound"] else ""
        print(f"  attempt {failure['attempt']} failed at {failure['peer']}{final}: {failure['reason']}")
    for line in value["story"]:
        print(f"  {time.strftime('%H:%M:%S', time.localtime(line['time']))} {line['peer']}: {line['what']}")
    if not value["story"]:
        note("no peer remembers more: what happened is kept for a while, until the peer is restarted")
    for name in value["silent"]:
        note(f"{name} did not answer")
