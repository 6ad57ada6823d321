"""The trees of a landscape: which, where, and in front of what."""

from __future__ import annotations

from dataclasses import dataclass

from musep2p.painter.brief import Brief
from musep2p.painter.canvas import Canvas, Pen
from musep2p.painter.colour import hex_colour, mix
from musep2p.painter.landmarks import LANDMARKS
from musep2p.painter.plants import TREES, draw_tree
from musep2p.painter.subject import subject_of
from musep2p.painter.vector import Frame

__all__ = ["Tree", "building_place", "grove_of", "paint_tree"]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of the picture: where its foot is, how tall, how near (0 to 1)."""

    number: int
    kind: str
    x: float
    foot: float
    tall: float
    depth: float


def grove_of(canvas: Canvas, brief: Brief, stand: float, *, among: bool) -> list[Tree]:
    """The trees, far ones first; `among` buildings they keep to the back and to the sides."""
    kinds = [name for name in brief.names("plant") if name in TREES]
    wood = brief.has("land.forest", "plant.bamboo")
    bare = brief.has("land.desert", "land.snowfield")
    if not wood and not kinds and (bare or not (brief.names("season") or brief.extra("plant.tree", 0.55))):
        return []
    lone = not wood and bool(brief.names("plant"))
    count = 9 + 3 * brief.detail if kinds == ["bamboo"] else 18 + 8 * brief.detail if wood else 3 if lone else 5
    count += max((brief.count(f"plant.{name}") for name in kinds), default=0)
    kinds = kinds or [_usual_tree(brief)]
    trees = []
    values = sorted(brief.chance.field("grove", count, 3).tolist(), key=lambda value: value[1])
    for number, (x, depth, size) in enumerate(values):
        kind = kinds[number % len(kinds)]
        tall = (0.12 + 0.2 * depth) * (0.8 + 0.4 * size) * (1.5 if wood else 1.0) * (1.9 if kind == "bamboo" else 1)
        if lone and number == len(values) - 1:
            x, depth, tall = _lone_place(brief, among=among), 0.55, 0.58
        elif among and depth > 0.19 and 0.2 < x < 0.8:
            depth *= 0.19
        foot = stand + canvas.height * (0.26 * depth - 0.05)
        trees.append(Tree(number, kind, x * canvas.width, foot, tall * canvas.height, depth))
    return trees


def _lone_place(brief: Brief, *, among: bool) -> float:
    """In the middle if the tree is the subject, else out of the way of it."""
    if brief.names("building"):
        return 0.14 if building_place(brief, 0) > 0.5 else 0.86
    alone = subject_of(brief) == "scene" and not among
    return 0.5 if alone else brief.chance.pick("lone", (0.16, 0.84))


def _usual_tree(brief: Brief) -> str:
    if brief.season == "winter" or brief.has("land.mountain"):
        return "pine"
    return "maple" if brief.season == "autumn" and brief.detail else "tree"


def paint_tree(canvas: Canvas, brief: Brief, tree: Tree) -> None:
    """Paint one of them, the paler the farther."""
    greens = {"autumn": "c0702f", "winter": "5f7f78"}
    foliage = brief.palette.lit(hex_colour("5f9a4f" if tree.kind == "bamboo" else greens.get(brief.season, "4a8a4a")))
    tone = mix(foliage, brief.palette.horizon, 0.4 * (1 - tree.depth)) if tree.tall < canvas.height * 0.55 else foliage
    pen = Pen(canvas, Frame(tree.x, tree.foot, tree.tall), 0.7)
    detail = brief.detail if tree.depth > 0.4 else min(1, brief.detail)
    draw_tree(pen, tree.kind, tone, brief.chance.branch(f"tree {tree.number}"), detail)


def building_place(brief: Brief, number: int) -> float:
    """Beside the landmark of the place or the mountain, if there is one."""
    if number:
        return brief.chance.pick(f"building {number}", (0.18, 0.82))
    if any(name in LANDMARKS for name in brief.names("place")):
        return 1 - brief.chance.pick("landmark side", (0.24, 0.76)) * 0.92
    if brief.has("place.fuji"):
        return brief.chance.pick("building x", (0.24, 0.76))
    return brief.chance.pick("building x", (0.4, 0.5, 0.6))
