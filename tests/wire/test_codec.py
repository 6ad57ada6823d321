"""The codec: what is encoded comes back; what is not ours is one kind of error, whatever the bytes."""

import itertools
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.core import messages as m
from musep2p.core.ids import BatchId, Incarnation, PeerId, digest_of
from musep2p.core.messages import Envelope
from musep2p.core.ranges import Ranges
from musep2p.core.recipe import Axis, Recipe, Settings
from musep2p.core.records import Entry, Failure, RecordId, ResultBlock, SafeMark, Will, Withdrawal
from musep2p.core.requests import Answer, PeersAsk, Request, ResultsAsk, StatusList
from musep2p.errors import PeerError
from musep2p.wire.codec import CONTROL_BYTES_MAX, decode, encode

ME, LIFE, BATCH = PeerId("1" * 16), Incarnation(1, "0" * 8), BatchId("b" * 32)
RID = RecordId(ME, LIFE, 3)
RECIPE = Recipe("sleep", {"prompt": "{{city}}"}, (Axis.of("city", ("京都", 2, True)),), (1, 2))
WILL = Will(2, 1, Settings("x"))
FAILURE = Failure(BATCH, RID, 1, 4, 1, "why")
WRONG = Withdrawal(BATCH, RID, 3)
LOAD = m.Load((m.LoadEntry(BATCH, 1, 40, 9000),), 1, 2, 1, 30, (m.Pace("sleep||", 50_000),))
BLOCK = ResultBlock(BATCH, RID, (Entry(0, digest_of(b"x"), 1, 2, payload=b"x"),), True)
HELLO = m.Hello(1, "studio", "p1", 7340, 7341, 2, ("null", "sleep"), ("a100",), 0.5)
RUMOUR = m.Rumour(ME, LIFE, 3, 1, "10.0.0.1:7340", HELLO)
BODIES = [
    HELLO,
    m.Refused("farm", "no"),
    m.Heartbeat(LOAD, 77, "a" * 32, True, 2000, 5, (RUMOUR,)),
    m.Roster((RUMOUR, RUMOUR)),
    m.Addresses(("10.0.0.1:7340",)),
    m.Goodbye(),
    m.Copy(BATCH, RECIPE, WILL),
    m.Copied(BATCH, WILL),
    m.Buckets(tuple(range(256))),
    m.Wills((BATCH,), (WILL,)),
    m.RecipeAsk(BATCH),
    m.Copy(BATCH, None, WILL, 1 << 20),
    m.PieceAsk(BATCH, 786_432),
    m.Piece(BATCH, 786_432, 1 << 20, b"some bytes"),
    m.Question(BATCH, 4),
    m.Report(BATCH, 1, 2, 0, 3, 3, (BLOCK, FAILURE, SafeMark(BATCH, (0, 1)), WRONG), (0, 4), (5, 6), (8, 9)),
    m.ReportAck(BATCH, 3, 1, True),
    m.Drop(BATCH, (0, 5), True),
    m.Progress(BATCH, 1, 2, 3, 4, 5, 6, 7, False, 8, (ME,), 9),
    m.ProgressAsk(BATCH),
    m.Ask(1, 2, LOAD),
    m.Grant(1, 2, BATCH, (0, 4), (FAILURE,), LOAD, withdrawals=(WRONG,)),
    m.Refusal(1, 100, LOAD, ME),
    m.Taken(1),
    m.Declined(1),
    m.Handover(1, BATCH, BLOCK),
    m.OutputAsk(1, BATCH, True, 7, 7, 262_144),
    m.Output(1, 7, 262_144, 1 << 20, b"some bytes"),
    m.HandedOver(1, True),
    m.Calibrate("null", ("m", "")),
]


def envelope(body):
    return Envelope(ME, LIFE, Incarnation(7, "f" * 8), "p1.9", body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_message_comes_back(body):
    """Encoding and decoding is the identity, for each type that peers say."""
    assert decode(encode(envelope(body))) == envelope(body)


def test_all_types_of_message_are_tried():
    """A new message cannot be forgotten here."""
    assert {type(body) for body in BODIES} == set(m.Message.__args__)


def test_requests_and_answers_come_back():
    """Faces speak the same bytes under letters of their own."""
    for value in (
        Request(1, "studio", 3, PeersAsk()),
        Request(1, "", 1, ResultsAsk("last")),
        Answer(3, StatusList([])),
    ):
        assert decode(encode(value)) == value


def test_new_fields_of_a_later_version_are_skipped():
    """An older peer reads what it knows of a longer message."""
    plain = msgspec.msgpack.decode(encode(envelope(m.Taken(5)))[1:])
    plain[4] = [*plain[4], "from the future", {"x": 1}]
    plain.append("more")

    assert decode(b"P" + msgspec.msgpack.encode(plain)) == envelope(m.Taken(5))


@pytest.mark.parametrize(
    "entry",
    [
        {"digest": "../../../../etc/passwd"},
        {"digest": "g" * 32},
        {"digest": "a" * 31},
        {"digest": ""},
        {"digest": "a" * 31 + "\n"},
        {"key": "a" * 16},
        {"key": "../" * 10 + "aa"},
        {"ext": "../x"},
        {"ext": "png\n"},
    ],
    ids=lambda change: repr(change)[:40],
)
def test_a_result_that_would_name_a_file_elsewhere_is_refused(entry):
    """Digests, keys and extensions of strangers become file names: hashes and plain letters only."""
    good = {"index": 0, "digest": "a" * 32, "size": 1, "ms": 2, "key": "b" * 32, "ext": "png"}

    def report(of):
        """As another program might write it."""
        plain = msgspec.msgpack.decode(encode(envelope(m.Report(BATCH, 1, 2, 0, 1, 1, (BLOCK,), (), (), ())))[1:])
        assert plain[4][7][0][0] == "results"
        plain[4][7][0][3] = [msgspec.to_builtins(Entry(**of), builtin_types=(bytes,))]
        return b"P" + msgspec.msgpack.encode(plain)

    decode(report(good))
    with pytest.raises(PeerError, match="not of the protocol"):
        decode(report({**good, **entry}))


def only_peer_errors(data):
    try:
        decode(data)
    except PeerError:
        return


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_an_error_of_the_peer(data):
    """Nothing else is ever raised."""
    for letter in (b"", b"P", b"Q", b"A"):
        only_peer_errors(letter + data)


def test_bent_messages_are_an_error_of_the_peer():
    """Thousands of real messages with bytes changed, cut or doubled."""
    rng = random.Random(1)
    for body in BODIES:
        data = encode(envelope(body))
        for _ in range(200):
            bent = bytearray(data)
            for _ in range(rng.randrange(1, 4)):
                bent[rng.randrange(len(bent))] = rng.randrange(256)
            only_peer_errors(bytes(bent[: rng.randrange(1, len(bent) + 1)]))


@pytest.mark.parametrize(
    "data",
    [
        b"P" + b"\x91" * 100_000,  # nested too deep
        b"P" + b"\xdd\xff\xff\xff\xff",  # an array of four thousand million
        b"P" + b"\xc6\xff\xff\xff\xff",  # a text of four gigabytes
        b"P" * (CONTROL_BYTES_MAX + 1),
        b"Z" + b"\x90",
        b"",
    ],
    ids=["deep", "long array", "long text", "too large", "unknown kind", "empty"],
)
def test_bombs_are_refused(data):
    """Depth, announced lengths and size are bounded."""
    with pytest.raises(PeerError):
        decode(data)


def test_a_recipe_with_too_many_tasks_is_refused():
    """A rule of the recipe itself is an error of its sender, not a crash."""
    value = msgspec.to_builtins(envelope(m.Copy(BATCH, RECIPE, WILL)))
    seeds = {"type": "counted", "count": 1_000_000_000}
    axis = msgspec.to_builtins(Axis.of("a", (1, 2)), builtin_types=(bytes,))
    value[4][2] = {"engine": "null", "fixed": {}, "axes": [axis], "seeds": seeds}

    with pytest.raises(PeerError, match="2,000,000,000"):
        decode(b"P" + msgspec.msgpack.encode(value))


@given(st.lists(st.integers(0, 1 << 41), max_size=12))
def test_ranges_from_the_wire_are_ranges_or_an_error(flat):
    """Unsorted, overlapping or odd lists of bounds never become a broken set."""
    try:
        ranges = Ranges.decode(tuple(flat))
    except (PeerError, ValueError):
        return
    pieces = list(ranges)
    assert all(start < stop for start, stop in pieces)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(pieces))
