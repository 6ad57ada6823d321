"""What `submit` settles first: the look that most slots share, of those that could run the batch."""

import msgspec
import pytest

from musep2p.cli.pinning import pinned
from musep2p.core.messages import EngineModels, Look
from musep2p.core.recipe import Axis, Recipe, batch_id
from musep2p.core.requests import CalibrateAsk, PeersAnswer, PeerView
from musep2p.errors import EngineError, RecipeError

A, B = "a" * 12, "b" * 12
ONE = Recipe("null", {}, model="m", looks={})
TWO = Recipe("null", {}, (Axis.of("model", ("x", "y")),), given=("model",), looks={})


def peer(number, look="", *, model="m", reason="", titles=("m", "x", "y"), **more):
    looks = (Look("null", model, look, reason),) if look or reason else ()
    named = {"name": f"p{number}", "slots": 1, "models": (EngineModels("null", titles),), **more}
    return PeerView(f"{number:016x}", address="", state="up", incarnation="", engines=["null"], speed=1.0, looks=looks,
                    **named)  # fmt: skip


class Farm:
    """Answers in turn, the last for ever; a clock that goes on with every pause."""

    def __init__(self, *answers, known=()):
        self.answers, self.now, self.known, self.asked = list(answers), 100.0, set(known), []

    def ask(self, body, kind, timeout_s=10.0):
        self.asked.append(body)
        if isinstance(body, CalibrateAsk) and len(self.answers) > 1:
            return PeersAnswer(self.answers.pop(0), "f")
        return PeersAnswer(self.answers[0], "f")

    def knows(self, recipe):
        return batch_id(recipe) in self.known

    def pause(self, seconds):
        self.now += seconds

    def settle(self, recipe):
        return pinned(self, recipe, lambda: self.now, self.pause)


def test_who_could_not_run_it_has_no_say():
    """Tags, memory, another file of the model, another engine, rest: the group of the others is smaller, and taken."""
    others = [
        peer(1, B, slots=8), peer(2, B, slots=8, tags=("fast",), gpu_mb=1),
        peer(3, B, slots=8, tags=("fast",), gpu_mb=9000, titles=("another",)),
        peer(4, B, slots=8, tags=("fast",), gpu_mb=9000, resting="9 to 5"),
    ]  # fmt: skip
    one = peer(5, A, tags=("fast",), gpu_mb=9000)

    assert Farm([*others, one]).settle(msgspec.structs.replace(ONE, tags=("fast",), gpu_mb=8000)).looks == {"m": A}


def test_a_hash_and_a_look_are_of_the_same_machines():
    """Most peers have one file, most slots another: who has the other file has no say in the look."""
    peers = [peer(0, B, slots=8, titles=("m [aaaaaaaa]",)), *(peer(n, A, titles=("m [bbbbbbbb]",)) for n in (1, 2))]
    made = Farm(peers).settle(ONE)

    assert (made.hashes, made.looks) == ({"m": "b" * 8}, {"m": A})


def test_no_machine_needs_all_models():
    """Each model's look comes from those that have it."""
    farm = Farm([peer(0, A, model="x", titles=("x",)), peer(1, B, model="y", titles=("y",))])
    assert farm.settle(TWO).looks == {"x": A, "y": B}


def test_a_reason_of_before_is_not_trusted_at_once():
    """The server was off an hour ago; after a moment the peer has a look."""
    old = [peer(0, reason="off"), peer(1, A)]
    farm = Farm(old, old, [peer(0), peer(1, A)], [peer(0, B, slots=3), peer(1, A)])
    assert farm.settle(ONE).looks == {"m": B}

    with pytest.raises(EngineError, match="no peer could show") as raised:
        Farm([peer(0, reason="off")]).settle(ONE)
    assert raised.value.hint == "p0: off"


def test_two_machines_of_one_name():
    """One of them does not answer: after a minute the other's look is taken."""
    farm = Farm([peer(0, A, name="box"), peer(1, name="box")])
    assert farm.settle(ONE).looks == {"m": A} and 155 < farm.now < 170


def test_a_farm_that_rests_and_one_that_has_nothing():
    """Said at once, or after a moment."""
    with pytest.raises(EngineError, match="rest") as raised:
        Farm([peer(0, resting="hours")]).settle(ONE)
    assert raised.value.hint == "p0: hours"
    nobody = Farm([peer(0, titles=("another",))])
    with pytest.raises(EngineError, match="with the model 'm'"):
        nobody.settle(ONE)
    assert nobody.now < 110


def test_what_the_farm_has_stays_that_batch(capsys):
    """It was submitted before anybody told a hash; and nothing is asked where there is nothing to settle."""
    plain = Recipe("null", {}, model="m")
    told = [peer(0, titles=("m [aaaaaaaa]",))]

    assert Farm(told).settle(plain).hashes == {"m": "a" * 8}
    assert Farm(told, known={batch_id(plain)}).settle(plain) == plain
    farm = Farm(told)
    assert farm.settle(Recipe("null", {})) == Recipe("null", {}) and not farm.asked


def test_too_many_models():
    """One line."""
    rows = [(f"m{row}", row + 64) for row in range(1500)]
    recipe = Recipe("null", {}, (Axis.table(("model", "width"), rows),), given=("model", "width"), looks={})
    with pytest.raises(RecipeError, match="so many models"):
        Farm([]).settle(recipe)


def test_one_hash_told_in_eight_and_in_ten_digits(capsys):
    """Is one model, and nobody is named as having another."""
    titles = [("m [aaaaaaaa]",), ("m [aaaaaaaa12]",), ("m [bbbbbbbb]",)]
    made = Farm([peer(n, titles=each) for n, each in enumerate(titles)]).settle(Recipe("null", {}, model="m"))

    assert made.hashes == {"m": "aaaaaaaa12"}
    assert capsys.readouterr().err.count("which is not used") == 1
