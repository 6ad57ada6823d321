"""Who is painted: every trait of a figure, from the words, from the role, and where both are silent from the seed."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.brief import Brief
from musep2p.painter.chance import Chance
from musep2p.painter.colour import Colour, hex_colour, light, mix
from musep2p.painter.palette import named

__all__ = ["Person", "make_person"]

_SKINS = ("f6d7bf", "f0c6a4", "e3b088", "c98f63", "a06a43", "6f442b")
_SKIN_WORDS = {
    "pale": ("fbe6d8",),
    "tan": ("c98f63", "b67e52"),
    "dark": ("8a5636", "6f442b", "593522"),
    "east": ("f3d2b0", "eec39c"),
}
_HAIRS = ("2a211f", "3d2a20", "5a3a26", "7c4f30", "b5813f", "d9b46a", "a4512c")
_DRESSES = ("b23a48", "2f6f8f", "3f7f5f", "d99a3a", "5a4a8a", "e8dcc4", "34405e", "c9665a", "7fa0a8", "2f3038")
_EYES = ("4a2f1f", "3f5f7f", "4f7a5a", "6a4a2a", "2f2a2a")
# What a role wears: clothes, hat, colour of the clothes, thing held; `-` for nothing said.
_ROLES = {
    "king": "cloak crown crimson sword", "queen": "dress crown purple -", "knight": "armour helmet silver sword",
    "samurai": "armour - crimson sword", "wizard": "cloak wizard indigo -", "astronaut": "space - white -",
    "chef": "chef chef white -", "doctor": "coat - white -", "pirate": "coat pirate crimson sword",
    "monk": "hanfu - orange -", "geisha": "kimono - red fan", "robot": "robot - silver -", "dancer": "dress - pink -",
    "farmer": "overalls straw blue -", "business": "suit - navy -", "cowboy": "shirt cowboy brown -",
    "fairy": "dress flowers mint -", "clown": "suit clown yellow -", "musician": "suit - black guitar",
    "scholar": "hanfu - teal book",
}  # fmt: skip
_FEMALE = {"woman", "girl", "grandmother"}
_MALE = {"man", "boy", "grandfather"}
_FEMALE_ROLES = {"queen", "geisha", "dancer", "fairy"}
_MALE_ROLES = {"king", "knight", "samurai", "monk", "pirate", "cowboy"}
_WEAR = {
    "f": ("dress", "sweater", "shirt", "coat", "dress", "sweater"),
    "m": ("suit", "sweater", "shirt", "coat", "suit", "hoodie"),
}
_HAIR_STYLES = {
    "f": ("long", "bob", "wavy", "bun", "long", "ponytail", "curly"),
    "m": ("short", "short", "swept", "curly", "short"),
}
_PLACES_WEAR = {
    "kyoto": "kimono",
    "fuji": "kimono",
    "tokyo": "kimono",
    "beijing": "hanfu",
    "hangzhou": "hanfu",
    "wall": "hanfu",
    "guilin": "hanfu",
}
_HELD = (
    "thing.cup", "thing.umbrella", "thing.book", "thing.lantern", "thing.fan", "thing.sword", "thing.guitar",
    "thing.apple", "thing.wine", "thing.candle", "thing.heart", "thing.bottle", "thing.key", "thing.cake",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A figure.

    Attributes:
        female: shape of face and body.
        age: `baby`, `child`, `young`, `adult` or `old`.
        held: what a hand holds, as `slot.name`, or empty.
        traits: numbers of the face from 0 to 1 that stay with the seed.
    """

    female: bool
    age: str
    skin: Colour
    hair: str
    hair_colour: Colour
    bangs: bool
    beard: str
    mood: str
    hat: str
    hat_colour: Colour
    glasses: str
    wear: str
    wear_colour: Colour
    trim: Colour
    pattern: str
    pose: str
    held: str
    eyes: Colour
    lips: Colour
    role: str
    scarf: Colour | None
    necklace: bool
    earrings: bool
    freckles: bool
    traits: Chance

    @property
    def small(self) -> bool:
        """A child's proportions."""
        return self.age in ("child", "baby")


def make_person(brief: Brief, number: int = 0) -> Person:
    """The figure of that number in the picture; the first is the one the words describe."""
    own = brief.self.branch(f"person {number}")
    role = brief.name("role")
    female, age = _female(brief, own, role, number), _age(brief, number)
    suit = dict(zip(("wear", "hat", "colour", "held"), _ROLES.get(role, "- - - -").split(), strict=True))
    hat = brief.name("hat") or (suit["hat"] if suit["hat"] != "-" and "hat" not in brief.denied else "")
    wear_colour = _wear_colour(brief, suit["colour"], number)
    skin = _skin(brief, own)
    return Person(
        female=female,
        age=age,
        skin=skin,
        hair=_hair(brief, own, female=female, age=age, role=role),
        hair_colour=_hair_colour(brief, own, age, role),
        bangs=_bangs(brief, own, female=female, age=age),
        beard=_beard(brief, own, female=female, age=age),
        mood=brief.name("mood") or own.pick("mood", ("calm", "smile", "calm", "smile", "serious")),
        hat=hat,
        hat_colour=named(brief.colour("hat")) if brief.colour("hat") else _hat_colour(hat, own),
        glasses=brief.name("glasses") or ("patch" if role == "pirate" else ""),
        wear=_wear(brief, brief.chance.branch(f"wear {number}"), female=female, role_wear=suit["wear"]),
        wear_colour=wear_colour,
        trim=_trim(brief, wear_colour, own),
        pattern=brief.name("pattern"),
        pose=_pose(brief),
        held=_held(brief, suit["held"]),
        eyes=named(brief.colour("eyes")) if brief.colour("eyes") else hex_colour(own.pick("eyes", _EYES)),
        lips=_lips(brief, skin, role, female=female),
        role=role,
        scarf=named(brief.colour("scarf") or "red") if brief.names("scarf") else None,
        necklace=bool(brief.names("necklace")) or role == "queen",
        earrings=bool(brief.names("earrings")) or (female and own.true("earrings", 0.3)),
        freckles=bool(brief.names("freckles")),
        traits=own,
    )


def _wear_colour(brief: Brief, of_role: str, number: int) -> Colour:
    said = brief.colour("wear", "clothes", "pattern") or ("red" if brief.has("hat.santa") else "")
    name = said or (of_role if of_role != "-" else "")
    return named(name) if name else _dress(brief, brief.chance.branch(f"dress {number}"), number)


def _beard(brief: Brief, own: Chance, *, female: bool, age: str) -> str:
    if age in ("child", "baby"):
        return ""
    asked = brief.name("beard")
    if asked or female or "beard.full" in brief.denied or age == "young":
        return asked
    odds = 0.45 if age == "old" else 0.2
    return own.pick("beard", ("full", "moustache", "stubble")) if own.true("bearded", odds) else ""


def _lips(brief: Brief, skin: Colour, role: str, *, female: bool) -> Colour:
    if brief.names("lips") or role in ("geisha", "clown"):
        return named(brief.colour("lips") or "red")
    return mix(skin, hex_colour("b5474a"), 0.55 if female else 0.3)


def _female(brief: Brief, own: Chance, role: str, number: int) -> bool:
    words = [name for name in brief.names("who") if name in _FEMALE | _MALE]
    if number == 1 and len(words) < 2 and {"couple", "many"} & set(brief.names("group")):
        return not _female(brief, brief.self.branch("person 0"), role, 0)
    if words:
        return words[min(number, len(words) - 1)] in _FEMALE
    if role in _FEMALE_ROLES or brief.has("wear.dress", "wear.qipao", "hair.twintails"):
        return True
    if role in _MALE_ROLES or brief.names("beard"):
        return False
    return own.true("female", 0.5)


def _age(brief: Brief, number: int) -> str:
    who = [name for name in brief.names("who") if name != "person"]
    name = who[min(number, len(who) - 1)] if who else ""
    if name in ("grandmother", "grandfather") or brief.has("age.old"):
        return "old"
    if name == "baby":
        return "baby"
    if name == "boy" or name == "child":
        return "child"
    if name == "girl":
        return "child" if brief.has("who.child", "who.boy") or brief.weight("who.girl") > 1.25 else "young"
    return "young" if brief.has("age.young") else "adult"


def _skin(brief: Brief, own: Chance) -> Colour:
    word = brief.name("skin")
    if brief.name("role") == "geisha":
        return hex_colour("fdf3ec")
    if brief.name("role") == "robot":
        return hex_colour("b8c4cc")
    if not word and (brief.has("wear.hanfu", "wear.qipao", "wear.kimono") or brief.name("place") in _PLACES_WEAR):
        word = "east"
    return hex_colour(own.pick("skin", _SKIN_WORDS.get(word, _SKINS[:5])))


def _hair(brief: Brief, own: Chance, *, female: bool, age: str, role: str) -> str:
    asked = [name for name in brief.names("hair") if name != "bangs"]
    if len(asked) > 1 and asked[0] in ("long", "short"):
        return asked[1] if asked[1] not in ("long", "short") else asked[0]
    if asked:
        return asked[0]
    if role in ("monk", "robot") or age == "baby":
        return "bald"
    if role in ("astronaut", "knight") or brief.has("hat.hijab"):
        return "short"
    if role in ("geisha", "samurai", "queen", "dancer") or (
        brief.has("wear.hanfu", "wear.kimono") and own.true("bun", 0.6)
    ):
        return "bun"
    if age == "old":
        return (
            own.pick("old hair", ("bun", "bob", "curly"))
            if female
            else own.pick("old hair", ("receding", "short", "bald", "receding"))
        )
    return own.pick("hair", _HAIR_STYLES["f" if female else "m"])


def _hair_colour(brief: Brief, own: Chance, age: str, role: str) -> Colour:
    word = brief.colour("hairs", "hair", "beard")
    for alone in ("blonde", "ginger", "brunette"):
        if not word and f"colour.{alone}" in {f"colour.{name}" for name in brief.names("colour")}:
            word = alone
    if word:
        return named({"red": "ginger", "gold": "blonde", "yellow": "blonde"}.get(word, word))
    if role == "clown":
        return named("orange")
    if age == "old":
        return hex_colour(own.pick("grey", ("d8d8d6", "b9bcc0", "ecebe6", "9a9ca2")))
    if brief.name("skin") in ("east", "dark") or brief.has("wear.hanfu", "wear.qipao", "wear.kimono"):
        return hex_colour(own.pick("dark hair", ("1d1a1e", "2a211f", "231c22")))
    return hex_colour(own.pick("hair colour", _HAIRS))


def _bangs(brief: Brief, own: Chance, *, female: bool, age: str) -> bool:
    if brief.has("hair.bangs"):
        return True
    return age == "child" or (female and own.true("bangs", 0.35)) or brief.has("finish.anime")


def _wear(brief: Brief, own: Chance, *, female: bool, role_wear: str) -> str:
    asked = brief.name("wear")
    if asked:
        return asked
    if role_wear != "-":
        return role_wear
    if brief.has("hat.santa") or brief.has("hat.hijab"):
        return "coat" if brief.has("hat.santa") else "sweater"
    if brief.season == "winter" and brief.has("weather.snow", "season.winter"):
        return "coat"
    place = brief.name("place")
    if place in _PLACES_WEAR and own.true("local", 0.7):
        return _PLACES_WEAR[place]
    return own.pick("wear", _WEAR["f" if female else "m"])


def _dress(brief: Brief, own: Chance, number: int) -> Colour:
    drawn = brief.palette.drawn
    if drawn:
        return drawn[number % len(drawn)]
    return hex_colour(own.pick("dress", _DRESSES))


def _trim(brief: Brief, colour: Colour, own: Chance) -> Colour:
    if len(brief.palette.drawn) > 1:
        return brief.palette.drawn[1]
    return own.pick("trim", (light(colour, 0.7), hex_colour("f2e6cc"), hex_colour("d4a437"), light(colour, 0.45)))


def _hat_colour(hat: str, own: Chance) -> Colour:
    usual = {
        "straw": "deb96a",
        "bamboo": "c9a25a",
        "top": "2a2830",
        "crown": "e2b53c",
        "helmet": "aab4c0",
        "chef": "f8f6f0",
        "wizard": "3a3580",
        "cowboy": "8a5a34",
        "santa": "c8322b",
        "pirate": "26242c",
        "catears": "3a2f34",
    }
    return hex_colour(usual.get(hat) or own.pick("hat", ("b23a48", "2f4f7f", "3f6f5f", "c99a3a", "3a3440")))


def _pose(brief: Brief) -> str:
    asked = [name for name in brief.names("pose") if name not in ("side", "back")]
    return asked[0] if asked else ""


def _held(brief: Brief, role_held: str) -> str:
    for concept in _HELD:
        if brief.has(concept):
            return concept
    for term in brief.terms:
        if (
            term.slot == "plant"
            and term.name in ("rose", "sunflower", "tulip", "lotus", "poppy")
            and brief.has("pose.hold")
        ):
            return f"plant.{term.name}"
        if (
            term.slot == "animal"
            and term.name in ("cat", "dog", "rabbit", "owl", "panda", "fox")
            and brief.has("pose.hold")
        ):
            return f"animal.{term.name}"
    if brief.has("sky.balloon") and brief.has("pose.hold"):
        return "sky.balloon"
    return f"thing.{role_held}" if role_held != "-" else ""
