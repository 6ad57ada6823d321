"""Large recipes travel by digest, piece by piece: lost pieces, lost senders, wrong bytes, uploads of faces."""

import msgspec

from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.recipe import Axis, Recipe, Settings, batch_id, encode_recipe
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.requests import Accepted, ErrorAnswer, Request, SubmitAsk, Upload, Uploaded
from musep2p.core.tuning import Tuning
from tests.core.wire import RECIPE, Table

LARGE = Tuning(inline_bytes=0, piece_bytes=64)
DATA, BATCH = encode_recipe(RECIPE), batch_id(RECIPE)
PIECES = -(-len(DATA) // 64)


def table(count=3):
    made = Table(count, tuning=LARGE)
    made.meet()
    return made


def ask(table, name, body):
    """A face asks; its answer, if there is one already."""
    before = len(table.replies)
    table.happen(name, ev.Asked(b"face", Request(1, "table", before + 1, body)))
    return table.replies[-1] if len(table.replies) > before else None


def known(table):
    """Who has the batch."""
    return sorted(name for name, peer in table.peers.items() if BATCH in peer.core.batches)


def test_a_large_recipe_comes_in_pieces():
    """The copy names only the batch and its size; the pieces are asked for; then it is accepted."""
    farm = table(2)
    farm.submit("p0")
    copy = farm.deliver(m.Copy)
    sizes = []
    for _ in range(PIECES):
        farm.deliver(m.PieceAsk)
        sizes.append(len(farm.deliver(m.Piece).data))
    farm.settle()

    assert (copy.recipe, copy.size) == (None, len(DATA))
    assert sum(sizes) == len(DATA) and max(sizes) <= 64
    assert known(farm) == ["p0", "p1"]
    assert farm.replies[-1] == Accepted(BATCH, 20, 2, False)
    assert not any(peer.core.fetches for peer in farm.peers.values())


def test_a_small_recipe_is_inside_its_copy():
    """Most are; no piece is asked for."""
    farm = Table(2)
    farm.meet()
    farm.submit("p0")

    assert farm.deliver(m.Copy).recipe == RECIPE
    farm.settle()
    assert known(farm) == ["p0", "p1"]


def test_a_lost_piece_is_asked_for_again():
    """So is a doubled one ignored."""
    farm = table(2)
    farm.submit("p0")
    farm.deliver(m.Copy)
    farm.deliver(m.PieceAsk)
    farm.drop(m.Piece)
    farm.wait(LARGE.piece_again_ms + 100, settle=False)
    farm.deliver(m.PieceAsk)
    farm.deliver(m.Piece, keep=True)
    farm.settle()

    assert known(farm) == ["p0", "p1"]


def test_the_rest_comes_from_another_peer():
    """The sender dies in the middle; somebody else has the recipe."""
    farm = table(3)
    farm.submit("p0")
    farm.deliver(m.Copy, "p1")
    while "p1" not in known(farm):
        farm.deliver(m.PieceAsk, "p0")
        farm.deliver(m.Piece, "p1")
    farm.deliver(m.Copy, "p2")
    farm.deliver(m.PieceAsk, "p0")
    farm.deliver(m.Piece, "p2")
    half = len(farm.core("p2").fetches[BATCH].parcel.data)
    del farm.peers["p0"]
    farm.mail = [mail for mail in farm.mail if "p0" not in mail[:2]]
    farm.wait(1500, settle=False)
    farm.mail = [mail for mail in farm.mail if "p0" not in mail[:2]]
    for _ in range(300):
        farm.mail = [mail for mail in farm.mail if "p0" not in mail[:2]]
        if farm.mail:
            farm.deliver()
        else:
            farm.wait(50, settle=False)

    assert 0 < half < len(DATA)
    assert known(farm) == ["p1", "p2"]


def test_wrong_bytes_are_refused():
    """What is not the recipe of the batch is told of and forgotten."""
    farm = table(2)
    farm.submit("p0")
    farm.deliver(m.Copy)
    for _ in range(PIECES):
        farm.deliver(m.PieceAsk)
        sender, target, envelope = next(mail for mail in farm.mail if isinstance(mail[2].body, m.Piece))
        farm.drop(m.Piece)
        body = msgspec.structs.replace(envelope.body, data=bytes(len(envelope.body.data)))
        farm.mail.append((sender, target, msgspec.structs.replace(envelope, body=body)))
        farm.deliver(m.Piece)

    assert known(farm) == ["p0"]
    assert not farm.core("p1").fetches
    assert any("cannot be used" in text for name, text in farm.told if name == "p1")


def test_a_size_that_nobody_has_is_not_waited_for():
    """Nothing is reserved for a recipe of a terabyte, nor for many at once."""
    farm = table(2)
    farm.submit("p0")
    sender, target, envelope = next(mail for mail in farm.mail if isinstance(mail[2].body, m.Copy))
    farm.drop(m.Copy)
    for number, size in enumerate([1 << 40, 0, *[100] * 9]):
        body = msgspec.structs.replace(envelope.body, batch=f"{number:032x}", size=size)
        farm.mail.append((sender, target, msgspec.structs.replace(envelope, body=body)))
        farm.deliver(m.Copy)

    assert len(farm.core("p1").fetches) == 4


def test_a_greater_will_on_the_way_counts():
    """Cancelled while the recipe travels: what is learned is cancelled."""
    farm = table(2)
    farm.submit("p0")
    farm.deliver(m.Copy)
    farm.submit("p0", settings=Settings("renamed"))
    farm.settle()
    farm.wait(1000)

    assert farm.batch("p1").will.settings.name == "renamed"


def test_faces_upload_large_recipes():
    """By name it is wanted; after the upload it is accepted; in disorder nothing is lost."""
    farm = table(1)
    wanted = ask(farm, "p0", SubmitAsk(None, Settings("x"), BATCH))
    pieces = [Upload(BATCH, at, len(DATA), DATA[at : at + 50]) for at in range(0, len(DATA), 50)]

    assert isinstance(wanted, ErrorAnswer) and wanted.code == "recipe_wanted"
    assert ask(farm, "p0", pieces[0]) == Uploaded(BATCH, 50)
    assert ask(farm, "p0", pieces[2]) == Uploaded(BATCH, 50)
    assert ask(farm, "p0", pieces[0]) == Uploaded(BATCH, 50)
    assert ask(farm, "p0", SubmitAsk(None, Settings("x"), BATCH)).code == "recipe_wanted"
    for piece in pieces[1:]:
        ask(farm, "p0", piece)
    ask(farm, "p0", SubmitAsk(None, Settings("x"), BATCH))
    farm.settle()
    assert isinstance(farm.replies[-1], Accepted)
    assert not farm.core("p0").uploads
    ask(farm, "p0", SubmitAsk(None, Settings("y"), BATCH))
    farm.settle()
    assert isinstance(farm.replies[-1], Accepted)


def test_what_is_uploaded_must_be_the_recipe():
    """Other bytes under its name are refused; uploads that nobody ends are forgotten."""
    farm = table(1)
    ask(farm, "p0", Upload(BATCH, 0, 4, b"nope"))
    refused = ask(farm, "p0", SubmitAsk(None, Settings("x"), BATCH))
    for number in range(5):
        ask(farm, "p0", Upload(f"{number:032x}", 0, 100, b"x"))

    assert isinstance(refused, ErrorAnswer) and refused.code == "recipe"
    assert len(farm.core("p0").uploads) == 2
    farm.wait(61_000, step=1000)
    assert not farm.core("p0").uploads


def test_a_batch_that_is_known_needs_no_upload():
    """Two faces bring the same recipe: the second is told that all is here."""
    farm = table(1)
    ask(farm, "p0", SubmitAsk(RECIPE, Settings("x")))
    farm.settle()

    assert ask(farm, "p0", Upload(BATCH, 0, len(DATA), DATA[:50])) == Uploaded(BATCH, len(DATA))
    assert not farm.core("p0").uploads


def test_bytes_that_are_no_encoding_of_ours_are_refused():
    """They would make a batch that nobody could take from us."""
    farm = table(1)
    value = msgspec.msgpack.decode(DATA)
    odd = msgspec.msgpack.encode({**value, "zz": 1}, order="deterministic")
    batch = batch_id_of(odd)
    ask(farm, "p0", Upload(batch, 0, len(odd), odd))

    assert ask(farm, "p0", SubmitAsk(None, Settings("x"), batch)).code == "recipe"


def test_a_recipe_that_cannot_be_used_is_refused():
    """A template that asks for what is not there, and a batch of which nothing is left."""
    farm = table(1)
    for recipe in (
        Recipe("null", {"prompt": "{{x}}"}),
        Recipe("null", {"prompt": "{"}),
        Recipe("null", {}, (Axis.of("a", (1,)),), exclude=({"a": (1,)},)),
    ):
        answer = ask(farm, "p0", SubmitAsk(recipe, Settings("x")))
        assert isinstance(answer, ErrorAnswer) and answer.code == "recipe"
    assert not farm.core("p0").batches
