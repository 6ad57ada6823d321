"""The journal: what is said durable is there after any end; torn tails are cut, damage is an error."""

import errno
import queue
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.core.ids import BatchId, Incarnation, PeerId
from musep2p.core.records import Failure, RecordId, SafeMark, StoreRecord
from musep2p.errors import StoreError
from musep2p.store.journal import _AGAIN_S, Journal
from musep2p.store.record_log import RecordLog, read_log
from tests.live.farm import until

BATCH = BatchId("b" * 32)


def failure(number):
    return Failure(BATCH, RecordId(PeerId("1" * 16), Incarnation(1, "0" * 8), number), 1, number, 1, "no")


def opened(tmp_path, durable=lambda position: None, failed=lambda error: None):
    (tmp_path / "spool").mkdir(exist_ok=True)
    journal = Journal(tmp_path / "journal.log", tmp_path / "spool", durable, failed)
    return journal, list(journal.open())


def test_what_was_durable_is_replayed_in_order(tmp_path):
    """Positions come back as they become durable; a new life reads the same records."""
    said = queue.SimpleQueue()
    journal, before = opened(tmp_path, said.put)
    records = [failure(1), SafeMark(BATCH, (0, 4)), StoreRecord("a" * 32)]
    for position, record in enumerate(records, 1):
        journal.append(position, record)
    while said.get(timeout=10) < 3:
        pass
    journal.close()
    again, replayed = opened(tmp_path)
    again.close()

    assert before == []
    assert replayed == records


def test_records_are_read_again_by_their_position(tmp_path):
    """The newest from memory, older ones from the file; after a restart too."""
    said = queue.SimpleQueue()
    journal, _ = opened(tmp_path, said.put)
    records = [SafeMark(BATCH, tuple(range(2 * (number % 40)))) for number in range(1, 30_000)]
    for position, record in enumerate(records, 1):
        journal.append(position, record)
    while said.get(timeout=10) < len(records):
        pass
    chosen = random.Random(1).sample(range(1, len(records) + 1), 200)
    before = [journal.read(position)[0] for position in chosen]
    journal.close()
    again, _ = opened(tmp_path)
    after = [again.read(position)[0] for position in chosen]
    again.close()

    assert before == after == [records[position - 1] for position in chosen]
    assert len(journal._recent) < len(records)


def test_a_record_that_the_disk_does_not_give_back_is_an_error(tmp_path):
    """Damaged while the peer runs: named with its position, and never taken for another record."""
    said = queue.SimpleQueue()
    journal, _ = opened(tmp_path, said.put)
    journal.append(1, failure(1))
    assert said.get(timeout=10) == 1
    journal.close()
    again, _ = opened(tmp_path)
    path = tmp_path / "journal.log"
    whole = bytearray(path.read_bytes())
    whole[-3] ^= 1
    path.write_bytes(whole)

    with pytest.raises(StoreError, match="record 1 back no more"):
        again.read(1)
    again.close()


def test_files_of_the_spool_are_synced_before_their_record(tmp_path):
    """A record whose file is gone is never written: the disk's error is told instead."""
    errors = queue.SimpleQueue()
    journal, _ = opened(tmp_path, failed=errors.put)
    journal.append(1, failure(1), ("not-there.png",))

    assert isinstance(errors.get(timeout=10), FileNotFoundError)
    journal.close()
    again, replayed = opened(tmp_path)
    again.close()
    assert replayed == []


def test_files_of_the_spool_go_after_what_was_written_before(tmp_path):
    """Not before the journal has said why they are needed no more; a file that is gone already is no error."""
    said = queue.SimpleQueue()
    journal, _ = opened(tmp_path, said.put)
    (tmp_path / "spool" / "a.png").write_bytes(b"a")
    journal.append(1, failure(1), ("a.png",))
    assert said.get(timeout=10) == 1
    journal.unspool(("a.png", "b.png"))  # nothing is written after it
    until(lambda: not list((tmp_path / "spool").iterdir()), "the file is gone")
    journal.close()


def test_a_log_of_another_program_is_named(tmp_path):
    """One clear line, and the file is left as it is."""
    (tmp_path / "journal.log").write_bytes(b"PK\x03\x04 something else entirely")

    with pytest.raises(StoreError, match="not a log of this musep2p"):
        opened(tmp_path)
    assert (tmp_path / "journal.log").read_bytes().startswith(b"PK")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=8), st.data())
def test_a_torn_tail_costs_only_what_was_not_synced(tmp_path_factory, payloads, data):
    """Cut anywhere: a prefix of the records is read, and the log goes on from there."""
    path = tmp_path_factory.mktemp("log") / "a.log"
    log = RecordLog(path)
    for payload in payloads:
        log.append(payload)
    log.sync()
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    records = list(read_log(path))
    kept = [record.payload for record in records]
    log = RecordLog(path, records[-1] if records else None)
    log.append(b"after")
    log.sync()
    log.close()

    assert kept == payloads[: len(kept)]
    assert [record.payload for record in read_log(path)] == [*kept, b"after"]


def test_damage_in_the_middle_is_an_error_never_skipped(tmp_path):
    """A flipped bit with good records after it is not a torn tail."""
    path = tmp_path / "a.log"
    log = RecordLog(path)
    for number in range(20):
        log.append(f"record {number}".encode() * 3)
    log.sync()
    log.close()
    whole = bytearray(path.read_bytes())
    rng = random.Random(1)
    for _ in range(30):
        damaged = bytearray(whole)
        damaged[rng.randrange(20, len(whole) - 60)] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match="damaged at byte"):
            list(read_log(path))


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 2), (0, 1, 1, 2)], ids=["swapped", "missing", "twice"])
def test_whole_records_in_another_order_are_damage(tmp_path, order):
    """Each is sound by itself; the chain says that they are not what was written."""
    path = tmp_path / "a.log"
    log = RecordLog(path)
    for number in range(3):
        log.append(f"record {number}".encode())
    log.sync()
    log.close()
    whole, records = path.read_bytes(), list(read_log(path))
    head = whole[: records[0].start]
    path.write_bytes(head + b"".join(whole[records[n].start : records[n].end] for n in order))

    with pytest.raises(StoreError, match="damaged at byte"):
        list(read_log(path))


def test_a_disk_that_is_full_is_waited_for(tmp_path):
    """Nothing is said to be durable meanwhile; then all of it is written anew, and a replay finds each record once."""
    said, full = queue.SimpleQueue(), queue.SimpleQueue()
    (tmp_path / "spool").mkdir()
    journal = Journal(tmp_path / "journal.log", tmp_path / "spool", said.put, full.put, full.put)
    assert list(journal.open()) == []
    journal.append(1, failure(1))
    assert said.get(timeout=10) == 1
    log, whole = journal._log, journal._log._file
    log._file = Narrow(whole, 3 * 40)
    for position in range(2, 9):
        journal.append(position, failure(position))
    error = full.get(timeout=10)
    assert error.errno == errno.ENOSPC
    with pytest.raises(queue.Empty):
        said.get(timeout=2 * _AGAIN_S)
    log._file = whole
    until(lambda: not said.empty() and said.get() == 8, "all are durable")
    journal.close()
    again, replayed = opened(tmp_path)
    again.close()

    assert replayed == [failure(position) for position in range(1, 9)]
    assert full.empty()


class Narrow:
    """A file on a disk that has room for so many bytes and no more."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        written = min(len(data), self._room)
        self._room -= written
        if not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data[:written])
