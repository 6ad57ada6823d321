"""The language of prompts, with dynamicprompts as the oracle where it is right."""

import random
import warnings
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musep2p.core.recipe.draw import Draw
from musep2p.core.recipe.fill import Wildcards, fill, is_random
from musep2p.core.recipe.template import TemplateError, parse

HATS = {"hats": ("fez", "bowler {red|blue}", "top hat")}


def all_of(text, values=None, wildcards=None, times=300):
    """What a template gives, over many draws."""
    template = parse(text)
    found = Counter()
    for repeat in range(times if is_random(template) else 1):
        draw = Draw(0, "prompt", {}, repeat)
        found[fill(template, values or {}, Wildcards(wildcards or HATS), draw)] += 1
    return found


def oracle(text, folder, times=300):
    """The same by dynamicprompts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dynamicprompts.generators import RandomPromptGenerator
        from dynamicprompts.wildcards.wildcard_manager import WildcardManager

        return set(RandomPromptGenerator(WildcardManager(folder), seed=1).generate(text, num_images=times))


@pytest.mark.parametrize(
    "text",
    [
        "{red|blue} hat", "{2$$a|b|c}", "{2$$ and $$a|b|c}", "{1-2$$a|b}", "{-2$$a|b}", "{2-$$a|b|c}", "{0$$a|b}",
        "__hats__", "{2$$__hats__}", "{2$$__hats__|x}", "{a||b}", "{{a|b}|c}", "{2$$a|b}", "a|b", "{a, b|c}",
        "(w:1.3) [a:b:0.5] <lora:x:0.8>", "__h*__", "{x {a|b}|y}", "{3::calm|1::wild}", "snake_case",
        "[a|b] alternates", "{2$$x|{a|b}|y}",
    ],
)  # fmt: skip
def test_choices_are_those_of_dynamicprompts(text, tmp_path):
    """The same set of texts."""
    (tmp_path / "hats.txt").write_text("\n".join(HATS["hats"]))

    assert oracle(text, tmp_path) == set(all_of(text))


options = st.lists(st.sampled_from(["a", "b c", "d", "e"]), min_size=2, max_size=4, unique=True)


@settings(max_examples=25, deadline=None)
@given(options, st.integers(1, 3), st.sampled_from(["", " and $$", "/$$"]))
def test_picks_are_those_of_dynamicprompts(texts, count, separator):
    """Drawn at random: options, how many, joined by what."""
    count = min(count, len(texts))
    text = f"x {{{count}$${separator}{'|'.join(texts)}}} y"

    assert oracle(text, None, 600) >= set(all_of(text, times=600))
    assert len(set(all_of(text, times=600))) > len(oracle(text, None, 600)) * 0.9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a # b", "a # b"),
        (r"\{x\}", "{x}"),
        (r"a \| b", "a | b"),
        (r"\__hats__", "__hats__"),
        (r"\(x\) C:\y", r"\(x\) C:\y"),
        ("a [b|c] d", "a [b|c] d"),
        ("__init__ alone_ _x", None),
        ("((a)) [[b]] <c>", "((a)) [[b]] <c>"),
        ("100% $5 & @x", "100% $5 & @x"),
    ],
)
def test_where_dynamicprompts_is_wrong_or_silent(text, expected):
    """It cuts at `#` and loses braces that are escaped; everything that is not ours passes through."""
    if expected is None:
        assert not Wildcards({}).pool(parse(text).parts[0]).options
    else:
        assert {expected: 1} == all_of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{city}}", "Kyoto"),
        ("{{ city }}!", "Kyoto!"),
        ("{{hotel name}}", "Ryokan"),
        ("{{text[lang]}}", "Bonjour"),
        ("{{ text [ lang ] }}", "Bonjour"),
        ("{{[lang]}}", "français"),
        ("{{yes}}", "true"),
        ("{{城市}}", "京都"),
        ("{{brace}}", "{a|b} __hats__ {{city}}"),
    ],
)
def test_variables(text, expected):
    """By name, by a name that another value completes; a value is never read as a template."""
    values = {
        "city": "Kyoto", "hotel name": "Ryokan", "text_fr": "Bonjour", "fr": "français", "lang": "fr", "yes": True,
        "城市": "京都", "brace": "{a|b} __hats__ {{city}}",
    }  # fmt: skip

    assert {expected: 1} == all_of(text, values)


def test_variables_in_choices():
    """Options are templates."""
    assert {"Kyoto", "b"} == set(all_of("{{{city}}|b}", {"city": "Kyoto"}))


def test_bars_in_brackets_split_no_choice():
    """In `{[a|b]|c}` the bracket is the engine's; dynamicprompts tears it apart."""
    assert {"[a|b]", "c"} == set(all_of("{[a|b]|c}"))


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("{3::a|1::b}", {"a": 0.75, "b": 0.25}),
        ("{0.5::a|b}", {"a": 1 / 3, "b": 2 / 3}),
        ("{0::a|b}", {"b": 1.0}),
        ("__w__", {"x": 0.8, "y": 0.2}),
        ("{a|b|c|d}", dict.fromkeys("abcd", 0.25)),
    ],
)
def test_weights(text, shares):
    """Shares are as the weights say, of options and of lines."""
    found = all_of(text, wildcards={"w": ("4::x", "y")}, times=4000)

    assert set(shares) == set(found)
    for option, share in shares.items():
        assert abs(found[option] / 4000 - share) < 0.04


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a {b", 2), ("a }", 2), ("{b}", 0), ("a {{b|c}}", 2), ("{4$$a|b}", 0), ("{2-1$$a|b}", 0), ("{$$a|b}", 1),
        ("${x}", 0), ("{{}}", 0), ("{0::a|0::b}", 0), ("{a|{b}", 3), ("{" * 60 + "a|b" + "}" * 60, 41), ("{}", 0),
    ],
)  # fmt: skip
def test_what_is_no_template_says_where(text, offset):
    """The offset of the character, a message and a remedy."""
    with pytest.raises(TemplateError) as caught:
        parse(text)

    assert offset == caught.value.offset
    assert caught.value.message
    assert caught.value.hint


@given(st.text(alphabet="{}|$_[]\\:ab1-,. *", max_size=60))
def test_any_text_is_a_template_or_says_why(text):
    """Never another exception, never a loop."""
    try:
        template = parse(text)
    except TemplateError as error:
        assert 0 <= error.offset <= len(text)
    else:
        assert isinstance(template.parts, tuple)


@given(st.text(max_size=100).filter(lambda t: not set(t) & set("{}\\$_")))
def test_text_without_marks_stays_as_it_is(text):
    """Whatever the script."""
    assert {text: 1} == all_of(text)


def test_numbers_are_even():
    """Every number below the limit comes about as often."""
    draw = Draw(1, "x", {"a": "b"}, 0)
    found = Counter(draw.below(7) for _ in range(7000))

    assert set(range(7)) == set(found)
    assert max(found.values()) < 1.15 * min(found.values())


def test_fields_and_repeats_are_independent():
    """Another field, repeat, cell or rng seed draws other numbers."""
    streams = {
        tuple(Draw(rng, field, {"c": cell}, repeat).below(1 << 30) for _ in range(3))
        for rng in (0, 1)
        for field in ("prompt", "negative")
        for cell in ("a", "b")
        for repeat in (0, 1)
    }

    assert len(streams) == 16
    assert random.Random(0)  # ours is none of Python's: its algorithm is not promised between versions
