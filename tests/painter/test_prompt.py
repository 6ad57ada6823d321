"""What the painter reads out of prompts."""

import pytest

from musep2p.painter.brief import make_brief
from musep2p.painter.lexicon import lexicon
from musep2p.painter.prompt import plain_words, read_prompt
from musep2p.painter.subject import subject_of


def concepts(text):
    return [f"{t.slot}.{t.name}".rstrip(".") for t in read_prompt(text) if not t.negative]


def brief(prompt, negative="", steps=30, guidance=7.0, seed=1):
    said = {"prompt": prompt, "negative": negative, "steps": steps, "guidance": guidance, "seed": seed}
    return make_brief({**said, "width": 96, "height": 128})


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("girl with long black hair", "黑色长发的女孩"),
        ("old man, glasses", "老人,戴眼镜"),
        ("red lantern", "红色的灯笼"),
        ("lighthouse in the snow", "雪中的灯塔"),
        ("watercolour", "水彩画"),
        ("white cat", "白色的猫"),
    ],
)
def test_english_and_chinese_say_the_same(english, chinese):
    """Concepts and colours agree."""
    said = {(t.slot, t.name, t.colour) for t in read_prompt(english)}

    assert said == {(t.slot, t.name, t.colour) for t in read_prompt(chinese)}


def test_traditional_characters_are_read():
    """As their simplified forms."""
    assert concepts("戴紅色圍巾的貓") == concepts("戴红色围巾的猫")


def test_a_colour_belongs_to_the_noun_behind_it():
    """Across a few words, not across a comma; clothes may come first."""
    terms = {f"{t.slot}.{t.name}": t.colour for t in read_prompt("long red hair, dressed in dark blue, a green hat")}

    assert terms == {"hair.long": "red", "clothes.": "navy", "hat.plain": "green"}
    assert [t.slot for t in read_prompt("red, house")] == ["building", "colour"]


def test_weights_as_in_a1111():
    """(word), (word:1.3), [word], nested; capped; loras and unbalanced brackets do no harm."""
    weights = {
        t.name: round(t.weight, 3) for t in read_prompt("(cat:1.3), ((dog)), [fox], (owl:99), <lora:x:0.8> ((bear")
    }

    assert weights == {"cat": 1.3, "dog": 1.21, "fox": 0.909, "owl": 3.0, "bear": 1.0}
    assert plain_words("(cat:1.3)") == plain_words("cat")


def test_no_and_without_take_away():
    """In both languages, and for words with a class of their own."""
    assert "hat.plain" not in concepts("man without hat") and "who.man" in concepts("man without hat")
    assert "glasses.plain" not in concepts("女孩不戴眼镜")


def test_numbers_count_what_follows():
    """Two foxes are two, and the cup beside them is one."""
    terms = {t.name: t.count for t in read_prompt("two foxes and a cup, 三只猫")}

    assert terms == {"fox": 2, "cup": 0, "cat": 3}


def test_negative_words_remove():
    """A concept, a whole class of hats, a colour."""
    said = "woman with a straw hat and a red dress, rain"

    assert not brief(said, "hat, rain").names("hat")
    assert not brief(said, "rain").has("weather.rain")
    assert brief(said, "red").colour("wear") == ""
    assert brief(said, "blurry, low quality, text").names("hat") == ["straw"]


def test_low_guidance_lets_words_go_and_weight_holds_them():
    """At 1 some of forty attributes go missing, at 7 none; a weighted one stays."""
    said = "man with hat, scarf, glasses, beard, blue coat"

    kept = [len(brief(said, guidance=1.0, seed=seed).terms) for seed in range(40)]
    assert min(kept) < max(kept)
    assert all(len(brief(said, guidance=7.0, seed=seed).terms) == len(brief(said).terms) for seed in range(40))
    assert all(brief("man with (hat:2.6)", guidance=1.0, seed=seed).names("hat") for seed in range(40))


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("portrait of a woman", "person"),
        ("portrait of a cat", "animal"),
        ("girl holding a cat", "person"),
        ("teapot and lemons", "thing"),
        ("sunflowers", "plant"),
        ("a hotel in Kyoto", "scene"),
        ("晚霞中的帆船", "scene"),
        ("family on the beach", "person"),
        ("asdf qwer", "abstract"),
        ("", "abstract"),
        ("abstract blue", "abstract"),
        ("blue twin tails", "person"),
    ],
)
def test_the_subject(prompt, subject):
    """People before animals before things before places; what is not understood is abstract."""
    assert subject == subject_of(brief(prompt))


def test_no_phrase_is_empty_or_hidden():
    """Every phrase of the vocabulary is found by the reader, alone."""
    words = lexicon()
    for phrase, meant in words.english.items():
        if meant[0].split(".")[0] in ("not", "cut", "count"):
            continue
        assert set(concepts(" ".join(phrase))) == set(meant), phrase
    for phrase, meant in words.chinese.items():
        if meant[0].split(".")[0] in ("not", "cut", "count"):
            continue
        assert set(concepts(phrase)) == set(meant), phrase
