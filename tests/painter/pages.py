"""What docs/atelier.md has from the code: run `python -m tests.painter.pages` after a change of words or looks.

The table of words stands between two comments and is compared by a test; the pictures in docs/images are made anew only
with `--pictures`, since the labels on them depend on the fonts of the machine.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from musep2p.images.sheet import Tile, contact_sheet
from musep2p.painter.finishes import FINISHES
from musep2p.painter.lexicon import lexicon
from musep2p.painter.paint import paint
from tests.painter.prompts24 import PROMPTS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PART = re.compile(r"(<!-- words of the painter -->\n).*?(<!-- end of words -->)", re.DOTALL)
TITLES = {
    "who": "people", "role": "roles, with their clothes", "group": "several people", "age": "age", "frame": "framing",
    "skin": "skin", "hair": "hair", "beard": "beard", "mood": "expression", "pose": "pose", "wear": "clothes",
    "pattern": "patterns of cloth", "hat": "on the head", "glasses": "on the face", "animal": "animals",
    "thing": "things", "plant": "plants", "building": "buildings", "land": "landscape", "sky": "in the sky",
    "craft": "vehicles", "place": "places, by their landmarks", "time": "time of day", "season": "season",
    "weather": "weather", "light": "light", "tone": "tone", "finish": "finish", "colour": "colours", "art": "kinds",
}  # fmt: skip
Said = dict[str, str | int | float | bool]
PORTRAIT = "portrait of a woman with a hat in a garden, blue dress, smiling"


def words() -> str:
    """One row for each class of words: the first English and Chinese phrase of every concept."""
    known = lexicon()
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    for phrase, concepts in known.english.items():
        for concept in concepts:
            english.setdefault(concept, " ".join(phrase))
    for character, concepts in known.chinese.items():
        for concept in concepts:
            chinese.setdefault(concept, character)
    rows = ["| what | words |", "| --- | --- |"]
    for slot, title in TITLES.items():
        mine = [concept for concept in english if concept.partition(".")[0] == slot]
        said = [english[c] + (f" {chinese[c]}" if c in chinese else "") for c in mine]
        rows.append(f"| {title} | {', '.join(said)} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The page with its table made anew."""
    text = (DOCS / "atelier.md").read_text("utf-8")
    return PART.sub(lambda match: match[1] + words() + match[2], text)


def _sheet(name: str, title: str, wanted: list[tuple[str, Said]], size: tuple[int, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tiles = []
        for number, (label, said) in enumerate(wanted):
            values = {
                "negative": "",
                "width": size[0],
                "height": size[1],
                "steps": 30,
                "guidance": 7.0,
                "seed": 1,
                **said,
            }
            path = Path(folder) / f"{number}.png"
            paint({**values, "width": size[0], "height": size[1]}).save(path)
            tiles.append(Tile(label, path))
        sheet = contact_sheet(title, "procedural preview, no AI model", tiles)
    sheet.save(DOCS / "images" / f"{name}.jpg", quality=82, optimize=True)


def pictures() -> None:
    """All pictures of the page."""
    _sheet("atelier-sheet", "24 prompts", [(prompt, {"prompt": prompt}) for prompt in PROMPTS], (384, 512))
    _sheet("atelier-seeds", PORTRAIT, [(f"seed {s}", {"prompt": PORTRAIT, "seed": s}) for s in range(8)], (240, 320))
    steps = [(f"steps {s}", {"prompt": PORTRAIT, "seed": 3, "steps": s}) for s in (5, 15, 30, 60)]
    _sheet("atelier-steps", PORTRAIT, steps, (300, 400))
    guidance = [(f"guidance {g}", {"prompt": PORTRAIT, "seed": 3, "guidance": float(g)}) for g in (1, 4, 8, 16)]
    _sheet("atelier-guidance", PORTRAIT, guidance, (300, 400))
    names = {
        concept.partition(".")[2]: " ".join(phrase)
        for phrase, concepts in reversed(list(lexicon().english.items()))
        for concept in concepts
        if concept.startswith("finish.")
    }
    subject = "old man with a beard, a wool hat and a yellow coat, by the sea"
    finishes = [("no finish", {"prompt": subject})]
    finishes += [(names[name], {"prompt": f"{subject}, {names[name]}"}) for name in FINISHES]
    _sheet("atelier-finishes", "Finishes", finishes, (270, 360))


if __name__ == "__main__":
    (DOCS / "atelier.md").write_text(page(), "utf-8")
    if "--pictures" in sys.argv:
        pictures()
