"""What the gate says of pictures whose verdict is known; and of the edges between."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from musep2p.core.recipe.checks import CHECKS, OFF, thresholds
from musep2p.images.decode import decoded
from musep2p.images.gate import refusal
from tests.images.labelled import BAD, GOOD, SIDE, drawn

EACH = 25


def judged(data, **changed):
    try:
        image, _ = decoded(data)
    except ValueError as error:
        return f"damaged: {error}"
    return refusal(image, thresholds(changed.items()), (SIDE, SIDE))


def test_good_pictures_pass():
    """Of 300 of twelve kinds, at most one in two hundred is refused."""
    verdicts = [(kind, judged(data)) for kind, data in drawn(GOOD, EACH, "good")]
    refused = Counter((kind, verdict) for kind, verdict in verdicts if verdict)
    print(f"{len(verdicts)} good pictures, {refused.total()} refused: {dict(refused)}")

    assert len(verdicts) >= 200 and refused.total() <= len(verdicts) // 200


def test_failed_renders_are_refused():
    """Of 200 black, white, flat, noisy and half grey ones, and of 80 cut off or of another size, 99 of 100 are."""
    verdicts = [(kind, judged(data)) for kind, data in drawn(BAD, 40, "bad")]
    verdicts += [("damaged", judged(data[: len(data) * share // 100])) for data, share in cut_off()]
    verdicts += [("size", judged(data)) for data in of_another_size()]
    passed = Counter(kind for kind, verdict in verdicts if not verdict)
    named = sum(verdict.startswith(kind) for kind, verdict in verdicts)
    print(f"{len(verdicts)} failed renders, {passed.total()} passed: {dict(passed)}; {named} named rightly")

    assert len(verdicts) >= 280 and passed.total() <= len(verdicts) // 100
    assert named >= 0.97 * len(verdicts)


def cut_off():
    """Good ones, of which the end is missing."""
    photographs = {kind: GOOD[kind] for kind in ("photograph", "film grain")}
    for number, (_, data) in enumerate(drawn(photographs, 20, "cut")):
        yield data, 30 + number


def of_another_size():
    for number, (_, data) in enumerate(drawn({"photograph": GOOD["photograph"]}, 40, "size")):
        image, _ = decoded(data)
        yield encode(image.resize((SIDE + 8 * (number % 3), SIDE - 8 - number)))


def encode(image):
    import io

    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("check", ["black", "white", "flat", "noise", "grey"])
def test_each_check_can_be_turned_off_and_moved(check):
    """For batches that want just that: masks, test charts, textures."""
    (data,) = [data for _, data in drawn({check: BAD[check]}, 1, "off")]
    others = {name: OFF for name in CHECKS if name != check}

    assert judged(data, **others).startswith(check)
    assert judged(data, **others, **{check: OFF}) == ""


def test_the_size_may_be_near_enough_if_a_batch_says_so():
    """Engines that work in steps of eight pixels."""
    data = encode(Image.effect_mandelbrot((SIDE + 4, SIDE), (-2, -1, 1, 1), 60).convert("RGB"))

    assert judged(data).startswith("size: 164x160 pixels, not 160x160")
    assert judged(data, size=8) == ""


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16", "CMYK"])
def test_every_mode_that_engines_give(mode):
    """Grey, with transparency, of sixteen bits: looked at as it would be seen."""
    level = np.linspace(0, 255, SIDE * SIDE).reshape(SIDE, SIDE)
    if mode == "I;16":
        image = Image.fromarray((level * 257).astype(np.uint16))
    else:
        image = Image.fromarray(level.astype(np.uint8)).convert(mode)

    assert refusal(image, CHECKS) == ""


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (3, 700)])
def test_tiny_pictures_are_judged_by_what_they_have(size):
    """No check divides by nothing."""
    colourful = np.random.default_rng(1).integers(60, 200, size=(size[1], size[0], 3)).astype(np.uint8)
    colourful[0, 0] = (255, 0, 60)

    assert not refusal(Image.fromarray(colourful), CHECKS).startswith(("black", "white", "noise"))


def test_names_that_are_unknown_here_change_nothing():
    """A batch of a later version."""
    assert thresholds([("unheard of", 1.0)]) == CHECKS
