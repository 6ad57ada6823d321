"""What the slots are told of the farm's pictures: each once, and not without end."""

from musep2p.core.ids import BatchId, Digest, PeerId
from musep2p.core.records import Entry, RecordId, ResultBlock, Withdrawal
from musep2p.runner import pictures as module
from musep2p.runner.pictures import Pictures

BATCH = BatchId("b" * 32)


def block(first, *pixels, batch=BATCH):
    made = [Entry(first + n, Digest("d" * 32), 1, 1, pixel_hash=one) for n, one in enumerate(pixels)]
    return ResultBlock(batch, RecordId(PeerId("p" * 16), "i", first), tuple(made))


def test_what_is_new_is_told_once():
    """A result that comes again is no news; nor is what is no picture."""
    known = Pictures()
    assert known.learn(block(0, "a", "b")) == (("a", 0), ("b", 1))
    assert known.learn(block(0, "a", "b")) == known.learn(block(7, "", "")) == ()
    assert known.learn(block(1, "b", "c")) == (("c", 2),)
    assert known.of(BATCH) == (("a", 0), ("b", 1), ("c", 2)) and known.of(BatchId("c" * 32)) == ()


def test_the_latest_are_kept(monkeypatch):
    """Of each batch, and of so many batches."""
    monkeypatch.setattr(module, "_PICTURES_MAX", 3)
    monkeypatch.setattr(module, "_BATCHES_MAX", 2)
    known = Pictures()
    known.learn(block(0, "a", "b", "c", "d", "e"))
    assert known.of(BATCH) == (("c", 2), ("d", 3), ("e", 4))
    for name in ("1", "2"):
        known.learn(block(0, "x", batch=BatchId(name * 32)))
    assert known.of(BATCH) == ()


def test_what_proved_wrong_is_forgotten_and_what_a_journal_has_is_learned():
    """In the order in which it has it; nothing is taken out of what is read."""
    known, made = Pictures(), block(0, "a", "", "b")
    wrong = Withdrawal(BATCH, RecordId(PeerId("p" * 16), "i", 0), 0)
    assert list(known.seen([made, wrong])) == [made, wrong]
    assert known.of(BATCH) == (("b", 2),)
    known.forget(BATCH, 2)
    known.forget(BatchId("c" * 32), 2)
    assert known.of(BATCH) == ()
