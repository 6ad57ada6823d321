"""Cancel, pause, resume and retry: whichever peer they are said to, also when it dies right afterwards."""

import pytest
from msgspec import structs

from musep2p.core import events as ev
from musep2p.core.accounting import acting
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Settings
from musep2p.core.records import Entry, Failure
from musep2p.core.reports import guardians
from musep2p.core.requests import Accepted, CommandAsk, Request, ResultsAsk
from musep2p.core.wills import CANCELLED, PAUSED, RUNNING
from tests.core.wire import Table


def say(table, name, word, batch="table"):
    """What the face is answered."""
    table.happen(name, ev.Asked(b"face", Request(1, "table", 50, CommandAsk(batch, word))))
    table.settle()
    table.wait(100)
    answer = table.replies[-1]
    assert isinstance(answer, Accepted)
    return answer


def work(table, ms, *, fail=()):
    """Children do what they are handed, for so long; those indices fail for good."""
    for _ in range(0, ms, 50):
        for name, start in table.starts:
            for index in Ranges.decode(start.ranges).indices():
                if index in fail:
                    table.happen(name, ev.TaskFailed(start.slot, start.chunk, index, "no", True))
                else:
                    entry = Entry(index, digest_of(b"%d" % index), 1, 1)
                    table.happen(name, ev.TasksDone(start.slot, start.chunk, (entry,), 20_000))
            table.happen(name, ev.ChunkEnded(start.slot, start.chunk))
        table.starts = []
        table.wait(50)


def farm(count=3):
    table = Table(count)
    table.meet()
    for name in table.peers:
        table.happen(name, ev.SlotReady(0))
    table.submit("p0", settings=Settings("table", retries=0))
    table.settle()
    return table


def test_a_paused_batch_starts_nothing_and_goes_on_where_another_peer_says_so():
    """What runs is finished; what is queued stays where it is."""
    table = farm()
    table.wait(400)
    begun = [start for _, start in table.starts]
    paused = say(table, "p1", "pause")
    work(table, 2000)
    done = {name: table.batch(name).results.known.count() for name in table.peers}

    assert begun and paused.copies == 3
    assert table.starts == [] and max(done.values()) == len(begun)
    assert {table.batch(name).will.word for name in table.peers} == {PAUSED}
    assert say(table, "p2", "resume").copies == 3
    work(table, 8000)
    assert all(table.batch(name).progress.complete for name in table.peers)


def test_what_failed_is_tried_again_and_what_is_safe_is_not():
    """The next turn forgives failures, and nothing else is done again."""
    table = farm()
    work(table, 6000, fail=(3, 7))
    assert table.batch("p0").progress.failed == 2
    assert say(table, "p1", "retry").copies == 3
    again = []
    for _ in range(40):
        again += [index for _, start in table.starts for index in Ranges.decode(start.ranges).indices()]
        work(table, 50)

    assert sorted(again) == [3, 7]
    assert all(table.batch(name).progress.safe == 20 for name in table.peers)


@pytest.mark.parametrize(("word", "will"), [("pause", PAUSED), ("cancel", CANCELLED)])
def test_a_command_survives_the_peer_that_it_was_said_to(word, will):
    """Accepted means that two others have it."""
    table = farm()
    table.wait(300)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 50, CommandAsk("table", word))))
    while not isinstance(table.replies[-1], Accepted) or len(table.replies) < 2:
        table.deliver()
    del table.peers["p0"]
    table.mail.clear()
    table.wait(7000)

    assert {table.batch(name).will.word for name in ("p1", "p2")} == {will}
    assert say(table, "p1", "resume").copies == 2
    assert {table.batch(name).will.word for name in ("p1", "p2")} == {RUNNING}


def test_what_would_change_nothing_is_said():
    """And no turn is written."""
    table = farm()
    table.wait(300)
    assert say(table, "p0", "resume").note == "it is running already"
    assert say(table, "p0", "retry").note == "none of its tasks has failed: nothing to retry"
    say(table, "p1", "pause")
    assert say(table, "p0", "pause").note == "it is paused already"
    say(table, "p1", "cancel")
    assert say(table, "p2", "cancel").note == "it is cancelled already"
    assert say(table, "p2", "pause").note.startswith("it is cancelled; ")
    turn = table.batch("p0").will.turn
    say(table, "p1", "resume")
    for name in table.peers:  # whose children were ended by the cancelling
        table.happen(name, ev.SlotReady(0))
    work(table, 8000)
    assert say(table, "p0", "pause").note == "it is done already: nothing to pause"
    assert say(table, "p0", "cancel").note == "it is done already: nothing to cancel"
    assert table.batch("p0").will.turn == turn + 1


def test_a_guardian_that_has_heard_less_names_who_accounts():
    """It was told that more is done than it knows: results are asked for where they are."""
    table = Table(2)
    table.meet()
    table.submit("p0")
    table.wait(1000)
    acts = next(name for name in table.peers if acting(table.core(name), table.batch(name)))
    other = next(name for name in table.peers if name != acts)
    batch = table.batch(other)

    def answer():
        asked = Request(1, "table", 9, ResultsAsk("table"))
        table.replies.clear()
        table.happen(other, ev.Asked(b"face", asked))
        return table.replies[-1] if table.replies else None

    assert answer() is None, "a page of its own"
    batch.progress = structs.replace(batch.progress, safe=1)
    assert answer().redirect == table.core(other).members[table.core(acts).me].address


def apart(table, ms, some, *, works=True):
    """For so long these hear nothing of the others, and the others nothing of them; children work, or take long."""
    until = table.now_ms + ms
    while table.now_ms < until:
        if works:
            work_at_hand(table)
        table.wait(50, settle=False)
        while table.mail:
            if (table.mail[0][0] in some) != (table.mail[0][1] in some):
                table.mail.pop(0)
            else:
                table.deliver()


def work_at_hand(table):
    for name, start in table.starts:
        for index in Ranges.decode(start.ranges).indices():
            entry = Entry(index, digest_of(b"%d" % index), 1, 1)
            table.happen(name, ev.TasksDone(start.slot, start.chunk, (entry,), 300_000))
        table.happen(name, ev.ChunkEnded(start.slot, start.chunk))
    table.starts = []


def test_a_batch_is_cancelled_while_a_guardian_is_cut_off():
    """It goes on there until it is heard of again; then it is cancelled there too, and what it did counts."""
    table = farm()
    guard = next(name for name in guards(table) if name != "p0")
    table.wait(300)
    apart(table, 6000, {guard}, works=False)
    table.happen("p0", ev.Asked(b"face", Request(1, "table", 50, CommandAsk("table", "cancel"))))
    apart(table, 1000, {guard}, works=False)
    before = {name: table.batch(name).will.word for name in table.peers}
    table.wait(5000)

    assert before[guard] == RUNNING and before["p0"] == CANCELLED
    assert {table.batch(name).will.word for name in table.peers} == {CANCELLED}
    assert len({str(table.batch(name).results.known) for name in guards(table)}) == 1


def test_a_late_copy_of_a_failure_is_no_failure_of_the_next_turn():
    """Retry was said meanwhile: the old attempt counts as little when it is heard again as it did then."""
    table = farm()
    kept, deliver = [], table.deliver

    def deliver_and_keep(*arguments, **options):
        sender, to, envelope = table.mail[0]
        if any(isinstance(fact, Failure) for fact in getattr(envelope.body, "facts", ())):
            kept.append((sender, to, envelope))
        return deliver(*arguments, **options)

    table.deliver = deliver_and_keep
    work(table, 6000, fail=(3, 7))
    say(table, "p1", "retry")
    table.mail += kept
    table.settle()
    failed = {name: str(table.batch(name).failed) for name in table.peers}
    work(table, 4000)
    table.mail += kept
    table.settle()

    assert kept and set(failed.values()) == {str(Ranges())}
    assert all(table.batch(name).progress.safe == 20 and not table.batch(name).failed for name in table.peers)


def test_all_guardians_are_on_the_other_side():
    """Both sides go on, each with guardians of its own; afterwards all know the same, and the first act again."""
    table = farm(5)
    table.wait(300)
    before = guards(table)
    alone = set(table.peers) - set(before)
    apart(table, 12_000, alone)
    without = table.batch(sorted(alone)[0]).results.known.count()
    work(table, 8000)

    assert len(before) == 3 and len(alone) == 2 and without > 5
    assert guards(table) == before
    for name in before:
        assert table.batch(name).results.safe == table.batch(name).results.tasks()
    assert all(table.batch(name).progress.complete for name in table.peers)


def guards(table):
    """Names of the batch's guardians, as the first peer sees them."""
    ids = {table.core(name).me: name for name in table.peers}
    return [ids[peer] for peer in guardians(table.core("p0"), table.batch("p0"))]
