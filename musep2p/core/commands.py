"""What users say of a batch that exists: cancel, pause, resume, retry. Each is the next turn of its will."""

from __future__ import annotations

from musep2p.core import requests as r
from musep2p.core.batch import Batch
from musep2p.core.effects import Reply
from musep2p.core.events import Asked
from musep2p.core.state import Core
from musep2p.core.submission import command
from musep2p.core.wills import CANCELLED, PAUSED, RUNNING

__all__ = ["on_command"]

_WORDS = {"cancel": CANCELLED, "pause": PAUSED, "resume": RUNNING, "retry": RUNNING}
_ALREADY = {"cancel": "cancelled", "pause": "paused", "resume": "running"}


def on_command(core: Core, event: Asked, batch: Batch, word: str) -> None:
    """Write the next turn, or say why it would change nothing."""
    note = _pointless(batch, word)
    if note:
        answer = r.Accepted(batch.id, batch.results.wanted, 0, False, note)
        core.effects.append(Reply(event.via, r.Answer(event.request.number, answer)))
    else:
        command(core, batch.id, batch.tasks, _WORDS[word], batch.will.settings, event, word)


def _pointless(batch: Batch, word: str) -> str:
    told = batch.progress if batch.progress is not None and batch.progress.turn == batch.will.turn else None
    if word == "retry":
        failed = told.failed if told is not None else batch.failed.count()
        return "" if failed else "none of its tasks has failed: nothing to retry"
    if batch.will.word == _WORDS[word]:
        return f"it is {_ALREADY[word]} already"
    if word != "resume" and told is not None and told.complete:
        return f"it is done already: nothing to {word}"
    if word == "pause" and batch.will.word == CANCELLED:
        return "it is cancelled; `musep2p resume` goes on with it"
    return ""
