"""Pictures: what each word, seed, step and guidance does to them, and that no prompt breaks the painter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.painter.brief import make_brief
from musep2p.painter.finishes import FINISHES
from musep2p.painter.lexicon import lexicon
from musep2p.painter.paint import paint
from musep2p.painter.person import make_person

SIZE = {"width": 96, "height": 128}


def values(prompt, **more):
    return {"prompt": prompt, "negative": "", **SIZE, "steps": 20, "guidance": 7.0, "seed": 1, **more}


def pixels(prompt, **more):
    return np.asarray(paint(values(prompt, **more))).astype(np.int64)


def distance(one, other):
    """Mean difference of channels, 0 to 255."""
    return np.abs(one - other).sum() / one.size


def lively(picture):
    """It is neither flat nor nearly so."""
    grey = picture.mean(axis=2)
    return len(np.unique(grey)) > 8 and grey.std() > 6


SUBJECTS = (
    "portrait of a woman",
    "old man with a beard",
    "girl in a red dress, full body, dancing",
    "a cat",
    "horse",
    "koi fish",
    "teapot and apples",
    "sunflowers",
    "red maple tree",
    "castle",
    "mountains",
    "city at night",
    "sea",
    "desert",
    "abstract",
)


def test_subjects_differ():
    """Every two of fifteen subjects are far apart with the same seed."""
    pictures = [pixels(prompt) for prompt in SUBJECTS]

    for a in range(len(pictures)):
        assert lively(pictures[a]), SUBJECTS[a]
        for b in range(a):
            assert distance(pictures[a], pictures[b]) > 12, (SUBJECTS[a], SUBJECTS[b])


def test_seeds_steps_and_guidance_differ():
    """One portrait: eight seeds, four steps, four guidances; all visibly apart."""
    prompt = "portrait of a woman with a hat in a garden, blue dress"
    by_seed = [pixels(prompt, seed=seed) for seed in range(8)]
    by_steps = [pixels(prompt, steps=steps) for steps in (5, 15, 30, 60)]
    by_guidance = [pixels(prompt, guidance=float(g)) for g in (1, 4, 8, 16)]

    assert min(distance(a, b) for i, a in enumerate(by_seed) for b in by_seed[:i]) > 8
    assert min(distance(a, b) for i, a in enumerate(by_steps) for b in by_steps[:i]) > 0.5
    assert min(distance(a, b) for i, a in enumerate(by_guidance) for b in by_guidance[:i]) > 4


def test_every_finish_is_another_picture():
    """Each of them against all others, and against none."""
    words = {meant[0]: " ".join(phrase) for phrase, meant in reversed(list(lexicon().english.items()))}
    pictures = {name: pixels(f"lighthouse by the sea, {words[f'finish.{name}']}") for name in FINISHES}
    pictures[""] = pixels("lighthouse by the sea")

    for name, picture in pictures.items():
        assert lively(picture), name
        for other, its in pictures.items():
            assert name == other or distance(picture, its) > 3, (name, other)


def test_the_face_stays_when_the_prompt_changes():
    """Who is painted is the seed's; what she wears is the prompt's."""
    one, other = (
        make_person(make_brief(values(f"portrait of a woman, {dress}"))) for dress in ("red dress", "blue coat, hat")
    )

    assert (one.hair, one.age, tuple(one.skin)) == (other.hair, other.age, tuple(other.skin))
    assert (one.wear, other.wear, other.hat) == ("dress", "coat", "plain")


def test_a_weight_makes_it_larger():
    """(moon:2) is a larger moon in the same picture."""
    plain, heavy = pixels("full moon over hills"), pixels("(full moon:2) over hills")

    assert 1 < distance(plain, heavy) < 60


def test_negative_words_are_seen():
    """Rain taken away leaves another picture, the one without rain."""
    wet = pixels("lighthouse, rain")

    assert distance(wet, pixels("lighthouse, rain", negative="rain")) > 2


@pytest.mark.parametrize("size", [(64, 64), (64, 2048), (2048, 64), (65, 127), (640, 96)])
@pytest.mark.parametrize(
    "prompt", ["portrait of a king", "two cats", "city street", "still life", "xyz", "woodcut of a fish"]
)
def test_every_shape(size, prompt):
    """From strips to squares."""
    picture = pixels(prompt, width=size[0], height=size[1])

    assert picture.shape == (size[1], size[0], 3)
    assert lively(picture)


WITH_A_FIGURE = ("hair", "hat", "role", "thing", "wear", "who")


@pytest.mark.parametrize("slot", sorted({m.split(".")[0] for meant in lexicon().english.values() for m in meant}))
def test_every_concept_can_be_painted(slot):
    """Each word of the vocabulary alone, and with a figure where people wear, are or carry it."""
    meant = {concept: " ".join(phrase) for phrase, concepts in lexicon().english.items() for concept in concepts}
    for concept, phrase in meant.items():
        if concept.split(".")[0] == slot:
            for prompt in (phrase, f"woman, {phrase}") if slot in WITH_A_FIGURE else (phrase,):
                assert lively(pixels(prompt, width=64, height=80)), prompt


WORDS = st.sampled_from([" ".join(p) for p in lexicon().english] + list(lexicon().chinese))
NOISE = st.text(max_size=40)
PROMPTS = st.lists(st.one_of(WORDS, NOISE), max_size=9).map(", ".join)


@settings(max_examples=80, deadline=None)
@given(PROMPTS, PROMPTS, st.integers(0, 200), st.floats(0, 40), st.integers(-(2**70), 2**70))
def test_no_prompt_breaks_it(prompt, negative, steps, guidance, seed):
    """Words of both languages, noise, emoji, lone surrogates, odd numbers."""
    picture = pixels(prompt, negative=negative, steps=steps, guidance=guidance, seed=seed, width=64, height=64)

    assert lively(picture)


@pytest.mark.parametrize(
    "prompt", ["", "🦊🌊", "x" * 10_000, "(" * 5000, "cat, " * 2500, "\ud800", "\0\n\t", "女" * 3000, "((((:1.3)"]
)
def test_strange_prompts(prompt):
    """Empty, huge, unbalanced, undecodable."""
    assert lively(pixels(prompt))
