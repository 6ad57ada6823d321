"""Submit and commands: a will is written above the greatest known, copied, and accepted once it is safe enough.

Accepted = recipe and will are durable here and at min(2, other up peers), or here and on the store. A hung
store delays nothing while peers answer. The same module spreads wills by anti-entropy.
"""

from __future__ import annotations

from msgspec import structs

from musep2p.core import messages as m
from musep2p.core import travel
from musep2p.core.accounting import begin_turn
from musep2p.core.batch import Batch
from musep2p.core.data import Member, Submission
from musep2p.core.effects import Conclude, Reply, StoreBatch
from musep2p.core.events import Asked, BatchStored
from musep2p.core.ids import BatchId, short
from musep2p.core.recipe import Settings, Tasks, batch_id, encode_recipe
from musep2p.core.records import RecipeRecord, Will, WillRecord
from musep2p.core.requests import Accepted, Answer, ErrorAnswer, SubmitAsk
from musep2p.core.results import Results
from musep2p.core.state import Core
from musep2p.core.travel import copy_of, readable, send_for, uploaded
from musep2p.core.wills import RUNNING, WORDS, greater
from musep2p.errors import RecipeError

__all__ = [
    "command",
    "exchange_wills",
    "learn",
    "new_batch",
    "on_batch_stored",
    "on_buckets",
    "on_copied",
    "on_copy",
    "on_piece",
    "on_recipe_ask",
    "on_submit",
    "on_wills",
    "settle_submissions",
    "tick_copies",
    "will_durable",
]

_WILLS_IN_MESSAGE = 1000


def on_submit(core: Core, event: Asked) -> None:
    """A face submits a recipe: a new batch, or the next turn of one that exists."""
    ask = event.request.body
    assert isinstance(ask, SubmitAsk)
    try:
        tasks = Tasks(ask.recipe) if ask.recipe is not None else uploaded(core, ask.batch)
        if tasks is not None and not tasks.wanted:
            raise RecipeError("every cell of the batch is excluded.", "Exclude less, or include more.")
    except RecipeError as error:
        _refuse(core, event, ErrorAnswer(error.code, error.message, error.hint, error.exit_code))
        return
    if tasks is None:
        _refuse(core, event, ErrorAnswer("recipe_wanted", "this peer has not the recipe.", "Upload it first.", 1))
        return
    if tasks.recipe.looks == {}:
        text = "the batch asks for one look, and none is chosen."
        _refuse(core, event, ErrorAnswer("look", text, "Submit its file with `musep2p submit`.", 2))
        return
    engines = set(core.hello.engines).union(*(member.hello.engines for member in core.members.values()))
    if tasks.recipe.engine not in engines:
        text = f"no peer of this farm has an engine {tasks.recipe.engine!r}."
        _refuse(core, event, ErrorAnswer("engine", text, f"Known: {', '.join(sorted(engines))}.", 2))
        return
    settings = structs.replace(ask.settings, home=core.me)
    command(core, batch_id(tasks.recipe), tasks, RUNNING, settings, event, "submit")


def _refuse(core: Core, event: Asked, answer: ErrorAnswer) -> None:
    core.effects.append(Reply(event.via, Answer(event.request.number, answer)))


def command(core: Core, batch: BatchId, tasks: Tasks, word: int, settings: Settings, event: Asked, kind: str) -> None:
    """Write the next turn of a batch's will and answer the face once it is accepted."""
    known = core.batches.get(batch)
    will = Will(known.will.turn + 1 if known else 1, word, settings)
    submission = Submission(batch, will, event.via, event.request.number, kind)
    _join_or_outdo(core, submission)
    core.submissions[batch] = submission
    learn(core, batch, tasks, will)
    _send_copies(core, submission)


def _join_or_outdo(core: Core, submission: Submission) -> None:
    """A command that still waits is answered together with this one if both say the same; else it is outdone."""
    earlier = core.submissions.get(submission.batch)
    if earlier is None:
        return
    faces = [*earlier.also, (earlier.via, earlier.number)]
    if earlier.will.word == submission.will.word:
        submission.also = faces
        return
    outdone = ErrorAnswer("outdone", "another command on this batch came right after it.", "See its status.", 4)
    for via, number in faces:
        core.effects.append(Reply(via, Answer(number, outdone)))


def learn(core: Core, batch_id_: BatchId, tasks: Tasks, will: Will, sender: Member | None = None) -> None:
    """Make recipe and will durable if they are news; tell the sender what is durable here once it is."""
    batch = core.batches.get(batch_id_)
    if batch is None:
        batch = new_batch(core, batch_id_, tasks, will)
        core.write(RecipeRecord(batch_id_, tasks.recipe))
    elif greater(will, batch.will):
        batch.will = will
        batch.wake()
    elif batch.known and will == core.wills.get(batch_id_):
        if sender is not None:
            core.send(sender, m.Copied(batch_id_, will))
        return
    written = batch.will
    core.write(WillRecord(batch_id_, written), lambda _: will_durable(core, batch, written, sender))


def on_copy(core: Core, sender: Member, body: m.Copy) -> None:
    """Another peer gives us recipe and will, or tells us of them."""
    batch = core.batches.get(body.batch)
    if batch is None and body.recipe is None:
        send_for(core, sender, body)
        return
    try:
        tasks = batch.tasks if batch is not None else _inline(body)
    except RecipeError as error:
        core.tell("warning", f"{sender.hello.name} sent a recipe that cannot be used: {error}")
        return
    sender.known.add(body.batch)
    learn(core, body.batch, tasks, body.will, sender)
    core.batches[body.batch].wake()


def _inline(body: m.Copy) -> Tasks:
    assert body.recipe is not None
    return readable(encode_recipe(body.recipe), body.batch)


def on_piece(core: Core, sender: Member, body: m.Piece) -> None:
    """A piece of a large recipe has come; the last one makes it known."""
    arrived = travel.on_piece(core, sender, body)
    if arrived is not None:
        sender.known.add(body.batch)
        tasks, will = arrived
        known = core.batches.get(body.batch)
        learn(core, body.batch, known.tasks if known is not None else tasks, will, sender)


def on_copied(core: Core, sender: Member, body: m.Copied) -> None:
    """A peer has recipe and a will durably; if its will is greater than ours, ours is written again above it."""
    sender.known.add(body.batch)
    batch = core.batches.get(body.batch)
    submission = core.submissions.get(body.batch)
    if batch is None:
        core.send(sender, m.RecipeAsk(body.batch))
        return
    batch.wake()
    if submission is not None and greater(body.will, submission.will):
        mine = submission.will
        submission.will = Will(body.will.turn + 1, mine.word, mine.settings)
        submission.copies.clear()
        submission.durable = submission.stored = False
        learn(core, body.batch, batch.tasks, submission.will)
        _send_copies(core, submission)
    elif submission is not None and body.will == submission.will:
        submission.copies.add(sender.id)
    elif greater(body.will, batch.will):
        learn(core, body.batch, batch.tasks, body.will)


def on_batch_stored(core: Core, event: BatchStored) -> None:
    """The store has recipe and will."""
    batch = core.batches.get(event.batch)
    if batch is not None:
        batch.stored = event.will
        batch.folder = event.folder or batch.folder
        if batch.conclude and batch.folder:
            batch.conclude = False
            core.effects.append(Conclude(batch.folder, True))
    submission = core.submissions.get(event.batch)
    if submission is not None and submission.will == event.will:
        submission.stored = True


def on_recipe_ask(core: Core, sender: Member, body: m.RecipeAsk) -> None:
    """A peer lacks a batch that it heard of."""
    batch = core.batches.get(body.batch)
    if batch is not None and batch.known:
        core.send(sender, copy_of(core, batch, batch.will), bulk=True)


def exchange_wills(core: Core, sender: Member, theirs: int) -> None:
    """After a heartbeat: equal hashes mean that both know all; unequal ones start an exchange, once a second."""
    if theirs == core.wills.hash:
        if sender.knows_wills != theirs:
            sender.knows_wills = theirs
            for unknown in core.batches.keys() - sender.known:
                if core.batches[unknown].known:
                    sender.known.add(unknown)
                    core.batches[unknown].wake()
        return
    if core.now_ms - sender.exchanged_ms >= core.tuning.heartbeat_ms:
        sender.exchanged_ms = core.now_ms
        core.send(sender, m.Buckets(core.wills.buckets()))


def on_buckets(core: Core, sender: Member, body: m.Buckets) -> None:
    """Answer with our wills of the buckets that differ."""
    entries = core.wills.differing(body.hashes)
    for at in range(0, max(1, len(entries)), _WILLS_IN_MESSAGE):
        part = entries[at : at + _WILLS_IN_MESSAGE]
        core.send(sender, m.Wills(tuple(b for b, _ in part), tuple(w for _, w in part)), bulk=len(part) > 100)


def on_wills(core: Core, sender: Member, body: m.Wills) -> None:
    """Take greater wills, ask for batches we lack, answer with ours where it is greater."""
    for batch_id_, will in zip(body.batches, body.wills, strict=False):
        sender.known.add(batch_id_)
        batch = core.batches.get(batch_id_)
        if batch is not None:
            batch.wake()
        if batch is None:
            core.send(sender, m.RecipeAsk(batch_id_))
        elif greater(will, batch.will):
            learn(core, batch_id_, batch.tasks, will)
        elif batch.known and greater(batch.will, will):
            core.send(sender, m.Wills((batch_id_,), (batch.will,)))


def tick_copies(core: Core) -> None:
    """Send copies again to peers that have not said that they have them; store what is not on the store."""
    for submission in core.submissions.values():
        if core.now_ms - submission.sent_ms >= core.tuning.copy_again_ms:
            _send_copies(core, submission)
    if core.submissions:
        core.at("copies", core.now_ms + core.tuning.copy_again_ms)


def settle_submissions(core: Core) -> None:
    """Answer the faces whose command is now accepted."""
    for submission in list(core.submissions.values()):
        others = {member.id for member in core.up_members()}
        enough = len(submission.copies & others) >= min(core.tuning.copies, len(others))
        if submission.durable and (enough or submission.stored):
            del core.submissions[submission.batch]
            accepted = _accepted(core, submission)
            for via, number in [(submission.via, submission.number), *submission.also]:
                core.effects.append(Reply(via, Answer(number, accepted)))


def new_batch(core: Core, batch_id_: BatchId, tasks: Tasks, will: Will) -> Batch:
    """A batch that this peer did not have."""
    batch = Batch(batch_id_, tasks, will, Results(batch_id_, tasks.total, tasks.excluded))
    batch.order = len(core.batches)
    batch.accounting.since_ms = core.now_ms
    batch.awake = core.awake
    batch.wake()
    core.batches[batch_id_] = batch
    return batch


def will_durable(core: Core, batch: Batch, will: Will, sender: Member | None = None) -> None:
    """A will of a batch is on our disk, its recipe before it: the batch is known here."""
    batch.known = True
    core.wills.put(batch.id, will)
    submission = core.submissions.get(batch.id)
    if submission is not None and submission.will == will:
        submission.durable = True
    if sender is not None and core.members.get(sender.id) is sender:
        core.send(sender, m.Copied(batch.id, will))
    if submission is not None and core.store.ok:
        core.effects.append(StoreBatch(batch.id, batch.recipe, batch.will))
    begin_turn(core, batch)


def _send_copies(core: Core, submission: Submission) -> None:
    submission.sent_ms = core.now_ms
    batch = core.batches[submission.batch]
    for member in core.up_members():
        if member.id not in submission.copies:
            core.send(member, copy_of(core, batch, submission.will))
    core.at("copies", core.now_ms + core.tuning.copy_again_ms)


def _accepted(core: Core, submission: Submission) -> Accepted:
    batch = core.batches[submission.batch]
    copies = 1 + len(submission.copies) + submission.stored
    word = "accepted" if submission.will.word == RUNNING else WORDS[submission.will.word]
    note = "one copy: no other peer and no store has this batch" if copies == 1 else ""
    core.tell("info", f"batch {short(batch.id)} {batch.will.settings.name!r} {word}, {copies} copies")
    told = batch.progress.safe if batch.progress is not None else 0
    before = max(batch.results.safe.count(), told)
    return Accepted(batch.id, batch.results.wanted, copies, submission.stored, note, before)
