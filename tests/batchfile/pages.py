"""The parts of the docs that are made from the tests: run `python -m tests.batchfile.pages` after a change.

A part stands between `<!-- made: NAME -->` and `<!-- end -->`.
"""

import re
import tempfile
from pathlib import Path

from musep2p.batchfile.fields import FIELDS
from musep2p.batchfile.reader import read_batch
from musep2p.errors import RecipeError
from tests.batchfile import constructs, wrong
from tests.cli.pages import commands, moves

DOCS = Path(__file__).resolve().parents[2] / "docs"
PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(folder, text, files):
    """A batch file and others beside it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path = folder / "batch.yaml"
    path.write_text(text, "utf-8")
    return path


def keys():
    """The table of keys."""
    rows = [f"| `{name}` | {field.about.replace('|', chr(92) + '|')} |" for name, field in FIELDS.items()]
    return "\n".join(["| key | meaning |", "| --- | --- |", *rows]) + "\n"


def construct(case):
    """One construct: text, files, and the first tasks that come of it."""
    with tempfile.TemporaryDirectory() as folder:
        read = read_batch(written(Path(folder), case.text, case.files))
    lines = []
    for _, index in zip(range(case.tasks), read.tasks.unexcluded(), strict=False):
        made = read.tasks.parameters(index)
        shown = "  ".join(f"{made[n]}" if case.shown == ("prompt",) else f"{n}={made[n]}" for n in case.shown)
        lines.append(f"{read.tasks.name(index):<28} {shown}")
    more = [f"... {read.tasks.wanted} tasks"] if read.tasks.wanted > case.tasks else []
    files = [f"`{name}`:\n\n```\n{text.rstrip()}\n```\n" for name, text in case.files.items()]
    parts = [
        f"### {case.title}\n",
        case.about.replace(". ", ".\n"),
        "",
        f"```yaml\n{case.text.rstrip()}\n```\n",
        *files,
    ]
    return "\n".join([*parts, "```\n" + "\n".join([*lines, *more]) + "\n```\n"])


def language():
    """All constructs."""
    return "\n".join(
        f"## {name}\n\n" + "\n".join(construct(case) for case in cases) for name, cases in constructs.ALL.items()
    )


def told(case):
    """What is said of a mistake, as a user reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), case.text, case.files)
        try:
            read_batch(path)
        except RecipeError as error:
            return str(error).replace(str(path), "batch.yaml").replace(folder + "/", "")
    raise AssertionError(f"{case.kind} is no mistake")


def mistakes():
    """The table of mistakes."""
    parts = []
    for name, cases in wrong.ALL.items():
        parts.append(f"## {name}\n\n| mistake | written | told |\n| --- | --- | --- |")
        for case in cases:
            text = case.text.rstrip("\n").replace("\n", " ⏎ ").replace("\t", "→").replace("\x07", "␇")
            row = [case.kind, f"`` {text or ' '} ``", f"`` {told(case)} ``"]
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        parts.append("")
    return "\n".join(parts)


MAKERS = {"keys": keys, "language": language, "mistakes": mistakes, "commands": commands, "moves": moves}


def made(text):
    """A page with its parts made anew."""
    return PART.sub(lambda match: match[1] + "\n" + MAKERS[match[2]]() + "\n" + match[3], text)


def pages():
    """The pages that have such parts."""
    return [page for page in sorted(DOCS.rglob("*.md")) if "<!-- made: " in page.read_text("utf-8")]


if __name__ == "__main__":
    for page in pages():
        page.write_text(made(page.read_text("utf-8")), "utf-8")
        print(page)
