"""What is to be painted: the prompt's terms weighed against the negative prompt, guidance and chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from musep2p.painter.chance import Chance
from musep2p.painter.palette import Palette, choose_palette
from musep2p.painter.prompt import Term, plain_words, read_prompt

__all__ = ["Brief", "make_brief"]

Values = Mapping[str, str | int | float | bool]

# A scene is not what the words say without these, however loosely they are followed.
_ESSENTIAL = {"who", "animal", "finish", "place", "frame"}
_WHOLE_SLOT = {
    "hat.plain": "hat",
    "glasses.plain": "glasses",
    "group.many": "who",
    "who.person": "who",
    "hairs.": "hair",
}


@dataclass(frozen=True, slots=True)
class Brief:
    """A picture to be painted.

    Attributes:
        width: columns.
        height: rows.
        terms: what is wanted, in the prompt's order.
        denied: concepts that must not come by chance either.
        detail: 0 (a few flat shapes) to 3 (all that the painter has), from the steps.
        closeness: 0 (words are hints) to 1 (words are orders), from the guidance.
        chance: of this picture: prompt and seed.
        self: chance of the seed alone, for what stays when the prompt changes, such as a character's face.
        palette: its colours.
        season: `spring` to `winter`, or `desert`.
    """

    width: int
    height: int
    terms: tuple[Term, ...]
    denied: frozenset[str]
    detail: int
    closeness: float
    chance: Chance
    self: Chance
    palette: Palette
    season: str

    def has(self, *concepts: str) -> bool:
        """Any of the concepts (`slot.name`) is wanted."""
        return any(f"{term.slot}.{term.name}" in concepts for term in self.terms)

    def term(self, slot: str) -> Term | None:
        """The strongest term of a slot; of equals the first."""
        found = [term for term in self.terms if term.slot == slot]
        return max(found, key=lambda term: term.weight) if found else None

    def name(self, slot: str, default: str = "") -> str:
        """The name of a slot's strongest term."""
        term = self.term(slot)
        return term.name if term else default

    def names(self, slot: str) -> list[str]:
        """All names of a slot, without repetitions."""
        return list(dict.fromkeys(term.name for term in self.terms if term.slot == slot))

    def colour(self, *slots: str) -> str:
        """The colour that the prompt gives to any of the slots (or `slot.name`), or empty."""
        for term in self.terms:
            if term.colour and (term.slot in slots or f"{term.slot}.{term.name}" in slots):
                return term.colour
        return ""

    def count(self, *concepts: str) -> int:
        """How many of the first of the concepts the prompt asks for; 0 when it does not say."""
        return next((t.count for t in self.terms if t.count and f"{t.slot}.{t.name}" in concepts), 0)

    def weight(self, *concepts: str) -> float:
        """The greatest weight of the concepts; 0 when none is wanted."""
        return max((term.weight for term in self.terms if f"{term.slot}.{term.name}" in concepts), default=0.0)

    def extra(self, concept: str, probability: float) -> bool:
        """Something that was not asked for may be there: more often when the words are only hints."""
        if concept in self.denied or concept.partition(".")[0] in self.denied:
            return False
        return self.has(concept) or self.chance.true(f"extra {concept}", probability * (1.5 - self.closeness))

    @property
    def short_side(self) -> int:
        """The shorter side in pixels."""
        return min(self.width, self.height)


def make_brief(values: Values) -> Brief:
    """The brief of normalised parameters: prompt, negative, width, height, steps, guidance, seed."""
    prompt, seed = str(values["prompt"]), values["seed"]
    chance, own = Chance(f"{plain_words(prompt)}|{seed}"), Chance(f"seed {seed}")
    steps, guidance = int(values["steps"]), float(values["guidance"])
    detail = 0 if steps < 10 else 1 if steps < 20 else 2 if steps < 45 else 3
    loose = max(0.0, min(100.0, guidance) - 1)
    closeness = min(1.0, 1.45 * loose / (loose + 7))
    denied = _denied(read_prompt(str(values["negative"])), read_prompt(prompt))
    terms = _kept([t for t in read_prompt(prompt) if not t.negative and t.weight > 0.2], denied, closeness, chance)
    bare = Brief(
        int(values["width"]), int(values["height"]), terms, denied, detail, closeness, chance, own,
        choose_palette("noon", "summer", [], set(), chance), "summer",
    )  # fmt: skip
    season = _season(bare)
    mood = _mood(bare)
    colours = [name for name in bare.names("colour") if f"colour.{name}" not in denied]
    palette = choose_palette(mood, season, colours, set(bare.names("tone")), chance)
    return replace(bare, season=season, palette=palette)


def _denied(negative: list[Term], prompt: list[Term]) -> frozenset[str]:
    concepts = [f"{t.slot}.{t.name}" for t in negative] + [f"{t.slot}.{t.name}" for t in prompt if t.negative]
    slots = [_WHOLE_SLOT[concept] for concept in concepts if concept in _WHOLE_SLOT]
    return frozenset(concepts) | frozenset(slots)


def _kept(terms: list[Term], denied: frozenset[str], closeness: float, chance: Chance) -> tuple[Term, ...]:
    kept = []
    for term in terms:
        concept = f"{term.slot}.{term.name}"
        if concept in denied or term.slot in denied:
            continue
        if f"colour.{term.colour}" in denied:
            term = replace(term, colour="")
        strength = term.weight * (0.42 + 1.1 * closeness)
        if term.slot in _ESSENTIAL or chance.unit(f"keep {concept}") < strength:
            kept.append(term)
    return tuple(kept)


def _season(brief: Brief) -> str:
    if brief.has("land.desert", "place.cairo", "place.dubai", "building.pyramid", "plant.cactus"):
        return "desert"
    named = brief.name("season")
    if named:
        return named
    if brief.has("weather.snow", "land.snowfield", "place.iceland", "hat.santa", "building.igloo"):
        return "winter"
    if brief.has("plant.blossom", "plant.tulip"):
        return "spring"
    if brief.has("plant.maple"):
        return "autumn"
    return brief.chance.pick("season", ("spring", "summer", "summer", "summer", "autumn"))


def _mood(brief: Brief) -> str:
    named = brief.name("time")
    if named:
        return named
    if brief.has("sky.moon", "sky.stars", "sky.aurora", "sky.fireworks", "sky.comet", "sky.lanterns", "finish.neon"):
        return "night"
    if brief.has("weather.rain", "weather.storm", "weather.mist", "sky.clouds"):
        return "grey" if not brief.has("sky.clouds") else "noon"
    if brief.has("light.golden", "light.back"):
        return "sunset"
    if brief.has("tone.dark", "land.space"):
        return "night"
    if brief.has("sky.rainbow", "sky.sun", "land.beach"):
        return "noon"
    return brief.chance.pick("mood", ("noon", "noon", "poster", "poster", "dawn", "sunset"))
