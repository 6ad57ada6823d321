"""What diffusion models take: the usual parameters, and what is wrong with those that are given."""

from __future__ import annotations

from musep2p.core.recipe import Parameters

__all__ = ["one_form", "wrong_values"]

_SIDES = range(64, 8193)
_STEPS = range(1, 1001)
_GUIDANCE_MAX = 100


def one_form(values: Parameters) -> Parameters:
    """The same with guidance as a fraction: 7 and 7.0 are equal work."""
    guidance = values.get("guidance")
    if isinstance(guidance, int) and not isinstance(guidance, bool):
        return {**values, "guidance": float(guidance)}
    return values


def wrong_values(engine: str, values: Parameters, *, seed_max: int) -> list[tuple[str, str]]:
    """Name and a line for each parameter that no such engine can render: sides, steps, seed and guidance.

    Args:
        engine: its name, for the lines.
        values: with all of these.
        seed_max: the greatest seed that it takes.
    """
    problems = []
    for side in ("width", "height"):
        if values[side] not in _SIDES or int(values[side]) % 8:
            problems.append((side, f"{engine}: {side} must be a multiple of 8 up to 8192, not {values[side]!r}."))
    for name, known in (("steps", _STEPS), ("seed", range(seed_max + 1))):
        value = values[name]
        if isinstance(value, bool) or not isinstance(value, int) or value not in known:
            told = f"{engine}: {name} must be a whole number from {known[0]} to {known[-1]}, not {value!r}."
            problems.append((name, told))
    guidance = values["guidance"]
    if isinstance(guidance, bool) or not isinstance(guidance, int | float) or not 0 <= guidance <= _GUIDANCE_MAX:
        told = f"{engine}: guidance must be a number from 0 to {_GUIDANCE_MAX}, not {guidance!r}."
        problems.append(("guidance", told))
    return problems
