"""The colours of a whole picture: by time of day, season, weather, and the colours that the prompt names."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.chance import Chance
from musep2p.painter.colour import NAMED, Colour, dark, grey_of, hex_colour, light, mix, vivid

__all__ = ["Palette", "choose_palette", "named"]

# Sky above, sky at the horizon, colour of the light; several a time, so that seeds differ.
_SKIES = {
    "dawn": ("7f9fd6 f9cdb2 ffe3c2", "a9b4df fbd9c6 fff0d8", "6a8fc0 f6b9a8 ffd9b8"),
    "noon": ("4a93d8 dcedf4 fff6dc", "2f7fc4 c9e6f2 fffbe8", "5fb0e0 eef4e6 fff4d0"),
    "sunset": ("4f3d80 ffab5e ffd08a", "3b3f7c f2785c ffc27a", "6d4a8c fbb24f ffe09a"),
    "night": ("0a1030 33457e f2efdc", "0b1a33 27566e e9f2ea", "150f33 4a3a7a f4ecd8"),
    "grey": ("7d8b9c ccd3d8 eef0ee", "8a90a0 d8d6d2 f2efe8"),
    "poster": (
        "e9b872 f7e3b8 fff3d6",
        "84b6c4 f4e6c8 fff3d6",
        "d98c6a f6dcb6 fff0cf",
        "8fb59a f1ead0 fff6dd",
        "9a8fc0 f3dccf fff0da",
    ),
}
# Near, middle and far ground, and an accent.
_GROUNDS = {
    "spring": ("4f8f4c 8fbf74 a9cdb0 ee9fb8", "5a9a56 a3c981 b9d6bd f2b6c6"),
    "summer": ("3a7a46 6fa55a 8fb8a8 e9573f", "44803f 87ac4f 93b7b0 f0b93a"),
    "autumn": ("8a4a24 c97c35 c9a070 d4442a", "7a3d22 d3923f bfa07a b93a2c"),
    "winter": ("dfe8f0 c3d3e2 aebfd4 c0453c", "e8eef3 cbd8e6 b2c2d8 3c6a9c"),
    "desert": ("c98b4e deae70 d8b48c 3f7f86", "c07a45 e0b57c dcb894 7c4a3a"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a picture, far to near, with the light that falls on it.

    Attributes:
        mood: key of the sky: `dawn`, `noon`, `sunset`, `night`, `grey` or `poster`.
        drawn: colours that the prompt names without a noun; they lead clothes, backdrops and ornaments.
    """

    mood: str
    sky: Colour
    horizon: Colour
    sun: Colour
    far: Colour
    middle: Colour
    near: Colour
    accent: Colour
    drawn: tuple[Colour, ...] = ()

    @property
    def night(self) -> bool:
        """It is dark outside."""
        return self.mood == "night"

    def lit(self, colour: Colour, part: float = 1.0) -> Colour:
        """A thing's own colour in this light; `part` is how much of the light reaches it."""
        if self.mood == "night":
            return mix(colour, colour * 0.42 + self.sky * 0.35 + self.horizon * 0.12, part)
        if self.mood in ("sunset", "dawn"):
            return mix(colour, colour * 0.86 + self.horizon * 0.12, part)
        if self.mood == "grey":
            return mix(colour, vivid(colour, 0.7) * 0.92 + self.horizon * 0.05, part)
        return colour

    def distant(self, colour: Colour, distance: float) -> Colour:
        """A colour seen through so much air (0 to 1)."""
        return mix(colour, self.horizon, distance)


def named(name: str, chance: Chance | None = None) -> Colour:
    """The colour of that name, varied a little by chance."""
    colour = hex_colour(NAMED[name])
    if chance is None:
        return colour
    shift = chance.between(f"tint {name}", -0.08, 0.08)
    return light(colour, shift) if shift > 0 else dark(colour, -shift)


def choose_palette(mood: str, season: str, colours: list[str], tones: set[str], chance: Chance) -> Palette:
    """The palette of a picture.

    Args:
        mood: of the sky.
        season: or `desert`.
        colours: names of colours that the whole picture should have.
        tones: `pastel`, `vivid`, `muted`, `mono`, `sepia`, `warm`, `cold`, `dark`.
        chance: picks among variants.
    """
    sky, horizon, sun = (hex_colour(c) for c in chance.pick(f"sky {mood}", _SKIES[mood]).split())
    near, middle, far, accent = (hex_colour(c) for c in chance.pick(f"ground {season}", _GROUNDS[season]).split())
    drawn = tuple(named(name) for name in colours)
    if drawn:
        lead, second = drawn[0], drawn[1 % len(drawn)]
        part = 0.45 if mood in ("night", "sunset", "dawn") else 0.62
        sky, horizon = mix(sky, lead, part), mix(horizon, light(second, 0.45), part * 0.8)
        middle, near, accent = mix(middle, second, 0.4), mix(near, dark(lead, 0.3), 0.4), drawn[-1]
    plain = Palette(mood, sky, horizon, sun, far, middle, near, accent, drawn)
    far, middle, near = plain.lit(mix(far, horizon, 0.35)), plain.lit(middle), plain.lit(near)
    return _toned([sky, horizon, sun, far, middle, near, accent], mood, drawn, tones)


def _toned(colours: list[Colour], mood: str, drawn: tuple[Colour, ...], tones: set[str]) -> Palette:
    changed = []
    for colour in colours:
        if "pastel" in tones:
            colour = light(vivid(colour, 0.8), 0.35)
        if "vivid" in tones:
            colour = vivid(colour, 1.35)
        if "muted" in tones:
            colour = vivid(colour, 0.55)
        if "warm" in tones:
            colour = mix(colour, hex_colour("e0934a"), 0.18)
        if "cold" in tones:
            colour = mix(colour, hex_colour("4a7fc0"), 0.18)
        if "dark" in tones:
            colour = dark(colour, 0.4 if grey_of(colour) > 70 else 0.2)
        changed.append(colour)
    sky, horizon, sun, far, middle, near, accent = changed
    return Palette(mood, sky, horizon, sun, far, middle, near, accent, drawn)
