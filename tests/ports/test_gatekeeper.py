"""What a slot's gate remembers: repeated pictures, usual times, and what it refused."""

import io

import pytest
from PIL import Image

from musep2p.core.ids import BatchId
from musep2p.core.recipe.checks import CHECKS, OFF
from musep2p.errors import EngineError
from musep2p.images.pixel_hash import pixel_hash
from musep2p.ports import Output, Task
from musep2p.runner.gatekeeper import Gatekeeper

BATCH = BatchId("b" * 32)


def output(tone):
    image = Image.linear_gradient("L").point(lambda level: (level + tone) % 256).convert("RGB").resize((64, 64))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Output(out.getvalue(), "png", pixel_hash(image))


class Gate:
    def __init__(self, base):
        self.base, self.keeper, self.asked = base, Gatekeeper(base / "quarantine"), {}

    def judge(self, index, made, *, took_s=2.0, attempt=1, batch=BATCH, off=(), of_batch=None, **parameters):
        """Empty, or what it says."""
        limits = {**CHECKS, **dict.fromkeys(off, OFF)}
        self.asked[index] = of_batch, parameters
        try:
            self.keeper.pass_on(batch, index, Task(parameters, attempt, 1.0), made, took_s, limits, self.of)
        except EngineError as error:
            assert not error.permanent
            return error.message
        return ""

    def of(self, index):
        if index not in self.asked:
            raise IndexError(index)
        return self.asked[index]

    def quarantined(self):
        return sorted(path.name for path in (self.base / "quarantine").iterdir())


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def test_the_same_pixels_for_another_seed_are_refused(gate):
    """An answer from a cache. Other parameters, another batch or the same task again may well look the same."""
    assert gate.judge(0, output(1), seed=1, prompt="a") == ""
    assert gate.judge(0, output(1), seed=1, prompt="a", attempt=2) == ""
    assert gate.judge(5, output(1), seed=2, prompt="b") == ""
    assert gate.judge(1, output(1), seed=2, prompt="a", batch=BatchId("c" * 32)) == ""
    assert gate.judge(6, output(2), seed=2, prompt="b") == ""
    assert "equal: its pixels are those of task 6" in gate.judge(7, output(2), seed=3, prompt="b")
    assert gate.judge(7, output(2), seed=3, prompt="b", off=["equal"]) == ""


def test_what_came_too_fast_is_refused(gate):
    """Where seconds are usual, milliseconds cannot be a render; what is refused changes not what is usual."""
    for index in range(5):
        assert gate.judge(index, output(index), took_s=4.0 + index / 10, width=64, height=64) == ""
    for attempt in range(3):
        said = gate.judge(9, output(99), took_s=0.01, attempt=attempt, width=64, height=64)
        assert "fast: it took 0.010 s where 4.2 s are usual" in said
    assert gate.judge(9, output(99), took_s=0.01, off=["fast"], width=64, height=64) == ""
    assert gate.judge(10, output(100), took_s=0.01) == "", "of another size nothing is usual yet"


def test_refused_pictures_are_kept_with_the_reason_in_their_name(gate):
    """The hint says where; the oldest make room."""
    assert gate.judge(3, output(0), width=32, height=64).startswith(
        "the gate refused what the engine gave: size: 64x64"
    )
    black = Image.new("RGB", (64, 64))
    out = io.BytesIO()
    black.save(out, "JPEG")
    assert "black" in gate.judge(4, Output(out.getvalue(), "jpg", pixel_hash(black)), attempt=2)
    cut = output(7)
    assert "damaged" in gate.judge(5, Output(cut.data[:-200], "png", cut.pixel_hash))

    assert gate.quarantined() == ["bbbbbbbb-3-1-size.png", "bbbbbbbb-4-2-black.jpg", "bbbbbbbb-5-1-damaged.png"]
    for attempt in range(300):
        gate.judge(3, output(0), width=32, height=64, attempt=attempt)
    assert len(gate.quarantined()) == 200


def test_a_disk_that_takes_nothing_changes_no_verdict(gate):
    """It is refused all the same, and the hint says that it could not be kept."""
    (gate.base / "quarantine").write_text("in the way")
    assert "size" in gate.judge(3, output(0), width=32, height=64)


def test_what_is_no_picture_passes(gate):
    """Numbers, films and scenes are not looked at."""
    assert gate.judge(0, Output(b"\0" * 100, "bin"), took_s=0.0) == ""


def test_a_seed_that_the_engine_does_not_take(gate):
    """The batch has one all the same: equal pictures of two seeds are one too many."""
    assert gate.judge(0, output(1), of_batch=1) == ""
    assert "equal: its pixels are those of task 0" in gate.judge(1, output(1), of_batch=2)
    assert gate.judge(2, output(1), of_batch=1) == "", "the same seed again"


def test_pictures_of_others(gate):
    """Told of by their pixels only: what was asked for them is the batch's. A task that is none says nothing."""
    gate.asked |= {3: (None, {"seed": 1, "prompt": "a"}), 4: (None, {"seed": 1, "prompt": "b"})}
    pixels = [output(tone).pixel_hash for tone in range(3)]
    gate.keeper.pictures.put(BATCH, [(pixels[0], 3), (pixels[1], 4), (pixels[2], 999)])

    assert "equal: its pixels are those of task 3" in gate.judge(5, output(0), seed=2, prompt="a")
    assert gate.judge(3, output(0), seed=1, prompt="a") == "", "the same task again"
    assert gate.judge(6, output(1), seed=2, prompt="a") == "", "its prompt is another"
    assert gate.judge(7, output(2), seed=2, prompt="a") == ""
    assert gate.judge(8, output(0), seed=3, prompt="a", batch=BatchId("c" * 32)) == "", "of another batch"


def test_a_picture_that_proved_wrong_refuses_nobody(gate):
    """Made here or told of; and what is known of old batches is let go of."""
    assert gate.judge(0, output(0), seed=1) == ""
    gate.asked[3] = None, {"seed": 3}
    gate.keeper.pictures.put(BATCH, [(output(1).pixel_hash, 3)])
    for index, tone in ((0, 0), (3, 1)):
        assert "equal" in gate.judge(7, output(tone), seed=9)
        gate.keeper.pictures.forget(BATCH, index)
        assert gate.judge(7 + tone, output(tone), seed=9) == ""
    gate.keeper.pictures.forget(BatchId("f" * 32), 0)
    for number in range(40):
        gate.keeper.pictures.put(BatchId(f"{number:032x}"), [("x", 0)])
    assert gate.judge(20, output(0), seed=30) == ""
