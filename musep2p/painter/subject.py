"""What a picture is of: the first of people, animals, things, plants and places that the prompt names."""

from __future__ import annotations

from musep2p.painter.brief import Brief
from musep2p.painter.plants import FLOWERS, TREES

__all__ = ["outdoors", "subject_of"]

_PERSON = ("who", "role", "group")


_SPECIFIC = (
    "hair",
    "beard",
    "wear",
    "hat",
    "glasses",
    "mood",
    "age",
    "skin",
    "hairs",
    "eyes",
    "clothes",
    "scarf",
    "pose",
    "lips",
    "freckles",
    "group",
)


_OUTDOORS = ("land", "place", "building", "craft", "sky", "weather", "season")


def subject_of(brief: Brief) -> str:
    """What the picture is of: `person`, `animal`, `thing`, `plant`, `scene` or `abstract`."""
    slots = {term.slot for term in brief.terms}
    plain = {term.name for term in brief.terms if term.slot == "who"} <= {"person"} and "role" not in slots
    if (
        slots & set(_PERSON)
        and "who" not in brief.denied
        and not (plain and slots & {"animal", "thing", "plant", "building"} and not slots & set(_SPECIFIC))
    ):
        return "person"
    if "animal" in slots:
        return "animal"
    if slots & {"wear", "hair", "beard", "glasses"} and "who" not in brief.denied:
        return "person"
    if brief.has("art.still"):
        return "thing"
    if brief.has("art.abstract"):
        return "abstract"
    if "thing" in slots and not slots & {"building", "land", "place", "craft"}:
        return "thing"
    if "thing" in slots and brief.has("land.room"):
        return "thing"
    flowers = [term for term in brief.terms if term.slot == "plant" and term.name in (*FLOWERS, "mushroom", "leaf")]
    if (
        flowers
        and not slots & {"building", "land", "place", "craft"}
        and not brief.has("plant.blossom", "plant.lavender")
    ):
        return "plant"
    if slots & {*_OUTDOORS, "plant", "time", "thing"}:
        return "scene"
    return (
        "person"
        if slots & {"hat", "mood", "pose", "scarf", "age", "skin", "eyes", "lips", "frame"}
        and "who" not in brief.denied
        else "abstract"
    )


def outdoors(brief: Brief) -> bool:
    """The prompt says something of where it is."""
    return any(
        term.slot in _OUTDOORS and f"{term.slot}.{term.name}" not in ("sky.balloon", "sky.lanterns")
        for term in brief.terms
    ) or bool(brief.names("time") or [n for n in brief.names("plant") if n in TREES])
