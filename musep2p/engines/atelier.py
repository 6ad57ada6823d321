"""`atelier`: the painter in the box. Real pictures from the prompt's words, no GPU, no weights.

The engine's face is light; the painter (numpy, Pillow) is loaded with the first picture.
"""

from __future__ import annotations

from functools import cached_property

from musep2p.core.recipe import Parameters
from musep2p.ports import Output, Task

__all__ = ["NOTE", "AtelierEngine"]

NOTE = "procedural preview, no AI model"
_VERSION = "atelier/2"
_DEFAULTS: Parameters = {
    "prompt": "", "negative": "", "width": 768, "height": 1024, "steps": 20, "guidance": 7.0, "seed": 0, "brush": -1,
}  # fmt: skip
_SIDES = range(64, 2049)
_STEPS = range(1, 1001)
_BRUSHES = range(-1, 26)


class AtelierEngine:
    """People, animals, things and places by words; the seed moves everything that the words leave open."""

    name = "atelier"
    keyed = True
    payload = False
    parameters = frozenset(_DEFAULTS)

    @cached_property
    def identity(self) -> str:
        """Version, and the hash of a calibration picture painted here: machines that paint alike share keys."""
        from musep2p.painter.paint import calibration

        return f"{_VERSION} {calibration()}"

    def missing(self) -> str:
        return ""

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        problems = []
        values = self.normalise(parameters)
        for side in ("width", "height"):
            if values[side] not in _SIDES:
                problems.append((side, f"atelier: {side} must be from 64 to 2048 pixels, not {values[side]!r}."))
        if isinstance(values["seed"], bool) or not isinstance(values["seed"], int):
            problems.append(("seed", f"atelier: seed must be a whole number, not {values['seed']!r}."))
        if isinstance(values["steps"], bool) or values["steps"] not in _STEPS:
            problems.append(("steps", f"atelier: steps must be from 1 to 1000, not {values['steps']!r}."))
        guidance = values["guidance"]
        if not isinstance(guidance, float) or not 0 <= guidance <= 100:
            problems.append(("guidance", f"atelier: guidance must be a number from 0 to 100, not {guidance!r}."))
        if isinstance(values["brush"], bool) or values["brush"] not in _BRUSHES:
            problems.append(("brush", f"atelier: brush must be from 0 to 25, or -1 for none, not {values['brush']!r}."))
        return problems

    def normalise(self, parameters: Parameters) -> Parameters:
        values = {name: parameters.get(name, default) for name, default in _DEFAULTS.items()}
        guidance = values["guidance"]
        if isinstance(guidance, int) and not isinstance(guidance, bool):
            values["guidance"] = float(guidance)
        return {**values, "engine": self.name}

    def render(self, task: Task) -> Output:
        from musep2p.engines.brush import brushed
        from musep2p.images.pixel_hash import pixel_hash
        from musep2p.images.png_text import encode_png
        from musep2p.painter.paint import paint

        image, note = paint(task.parameters), NOTE
        brush = int(task.parameters["brush"])
        if brush >= 0:
            image, note = brushed(image, brush), f"{NOTE}; brush strokes by a small neural network"
        return Output(encode_png(image, task.parameters, note), "png", pixel_hash(image))
