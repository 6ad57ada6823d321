"""From a prompt to terms: concepts in their order, with weights and the colours that belong to them.

Reads what users of image models write: `(word)`, `(word:1.3)`, `[word]`, `<lora:...>`, tags with underscores, English
and Chinese mixed. Never fails: what it does not know it passes over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from musep2p.painter.lexicon import lexicon

__all__ = ["Term", "plain_words", "read_prompt"]

_LENGTH_MAX = 4000  # characters; what matters is said before
_TOKEN = re.compile(
    r"<[^<>]{0,200}>|\\.|:\s*\d{1,4}(?:\.\d{1,6})?\s*\)|[()\[\]]|[a-zà-öø-ÿ0-9&]+|['\u2019]s?"
    r"|[\u3400-\u9fff\uf900-\ufaff]+|[,;.|\n、。!?/]"
)
_STOPS = ",;.|\n、。!?/"
_NEAR = 4  # words between a colour and its noun
_STEP = 1.1  # what one pair of brackets does in A1111
_WEIGHT_MAX = 3.0
_COLOURED = {
    "hairs", "eyes", "lips", "hair", "beard", "wear", "clothes", "scarf", "hat", "glasses", "animal", "thing", "plant",
    "building", "sky", "craft", "land", "necklace", "earrings", "pattern", "weather",
}  # fmt: skip
_COUNTS = {"two": 2, "three": 3}
_COUNTED = {"animal", "thing", "plant", "building", "craft", "who"}
_STYLE = {"finish", "tone"}
_SHADES = {"tone.dark": "black", "light.soft": "", "tone.pastel": "", "tone.warm": "", "time.noon": ""}


@dataclass(frozen=True, slots=True)
class Term:
    """A concept of the prompt.

    Attributes:
        slot: what it is about: `who`, `hair`, `animal`, `time` ...
        name: which of them.
        weight: 1 unless the prompt says otherwise.
        colour: the colour that stands before it, or empty.
        count: how many of it, 0 when the prompt does not say.
        negative: it is not wanted (`no hat`).
        clause: number of the part between commas.
        place: number of the word.
    """

    slot: str
    name: str
    weight: float = 1.0
    colour: str = ""
    count: int = 0
    negative: bool = False
    clause: int = 0
    place: int = 0


@dataclass(slots=True)
class _Token:
    text: str
    weight: float
    clause: int


def read_prompt(text: str) -> list[Term]:
    """The terms of a prompt, in order; colours without a noun stay as terms of the slot `colour`."""
    return _bound(_terms(_tokens(text)))


def plain_words(text: str) -> str:
    """What chance depends on: the words without weights and without those of style.

    So emphasis and another finish leave the composition as it is.
    """
    pieces = _matches(_tokens(text))
    kept = [said for said, concepts, _ in pieces if not concepts or {c.split(".")[0] for c in concepts} - _STYLE]
    return " ".join(kept) or text.strip()


def _tokens(text: str) -> list[_Token]:
    plain = unicodedata.normalize("NFKC", text[:_LENGTH_MAX]).lower().replace("_", " ").replace("-", " ")
    tokens: list[_Token] = []
    open_: list[tuple[str, int]] = []
    clause = 0
    for text_ in _TOKEN.findall(plain):
        if text_ in "([":
            open_.append((text_, len(tokens)))
        elif text_ in ")]" or text_[0] == ":":
            if open_:
                bracket, start = open_.pop()
                factor = float(text_[1:-1]) if text_[0] == ":" else _STEP if bracket == "(" else 1 / _STEP
                for token in tokens[start:]:
                    token.weight = min(_WEIGHT_MAX, token.weight * factor)
        elif text_ in _STOPS:
            clause += 1
        elif text_[0] not in "<\\'\u2019":
            tokens.append(_Token(text_, 1.0, clause))
    return tokens


def _matches(tokens: list[_Token]) -> Iterator[tuple[str, tuple[str, ...], _Token]]:
    """The text in pieces, each with the concepts that it means; none for what is not understood."""
    words, at = lexicon(), 0
    while at < len(tokens):
        token = tokens[at]
        if token.text[0] >= "\u3400":
            inside = 0
            while inside < len(token.text):
                count, concepts = words.characters(token.text, inside)
                yield token.text[inside : inside + max(1, count)], concepts, token
                inside += max(1, count)
            at += 1
            continue
        end = at
        while end < len(tokens) and end < at + words.longest[0] and tokens[end].clause == token.clause:
            end += 1
        phrase = [other.text for other in tokens[at:end]]
        count, concepts = words.words(phrase, 0)
        yield " ".join(phrase[: max(1, count)]), concepts, token
        at += max(1, count)


def _terms(tokens: list[_Token]) -> list[Term]:
    terms: list[Term] = []
    place = 0
    for _, concepts, token in _matches(tokens):
        terms += [_term(concept, token, place) for concept in concepts]
        # Characters that mean nothing here (such as the particle between colour and noun) keep nobody apart.
        place += 1 if concepts or token.text[0] < "\u3400" else 0
    return terms


def _term(concept: str, token: _Token, place: int) -> Term:
    slot, _, name = concept.partition(".")
    return Term(slot, name, token.weight, clause=token.clause, place=place)


def _bound(terms: list[Term]) -> list[Term]:
    """Colours go to the noun behind them, `no` to what it denies."""
    bound: list[Term] = []
    colours: list[Term] = []
    denied: Term | None = None
    cut: Term | None = None
    number: Term | None = None
    for term in terms:
        if term.slot == "not":
            denied = term
            continue
        if denied and term.clause == denied.clause and term.place - denied.place <= 2:
            bound.append(replace(term, negative=True))
            continue
        if term.slot == "colour" or f"{term.slot}.{term.name}" in _SHADES:
            colours.append(term)
            continue
        if term.slot == "count":
            number = term
            continue
        if number and term.slot in _COUNTED and term.clause == number.clause and term.place - number.place <= _NEAR:
            term, number = replace(term, count=_COUNTS[number.name]), None
        if term.slot == "cut":
            cut = term
            continue
        if term.slot == "hairs" and cut and cut.clause == term.clause and term.place - cut.place <= _NEAR:
            term, cut = replace(term, slot="hair", name=cut.name), None
        near = [c for c in colours if c.clause == term.clause and term.place - c.place <= _NEAR]
        if near and term.slot in _COLOURED:
            first = near[0]
            colours.remove(first)
            colour = _SHADES.get(f"{first.slot}.{first.name}", first.name)
            if not colour:
                bound.append(first)
            term = replace(term, colour=colour)
        bound.append(term)
    # A colour can stand behind its noun too: "dressed in blue".
    for left in colours:
        behind = [i for i, t in enumerate(bound) if t.slot in ("wear", "clothes") and not t.colour]
        near_by = [i for i in behind if bound[i].clause == left.clause and 0 < left.place - bound[i].place <= _NEAR]
        if near_by and left.slot == "colour":
            bound[near_by[-1]] = replace(bound[near_by[-1]], colour=left.name)
        else:
            bound.append(left)
    return bound
