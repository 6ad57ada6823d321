"""`plan`, `schema`, `example`: writing a batch file, before anything runs. No peer is asked."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from musep2p.batchfile.mistakes import BatchFileError
from musep2p.batchfile.plan import Plan, make_plan, plan_json
from musep2p.batchfile.reader import read_batch
from musep2p.batchfile.schema import batch_schema
from musep2p.cli.show import note, print_json, table
from musep2p.core.words import did_you_mean
from musep2p.errors import RecipeError, UsageError

__all__ = ["example", "plan", "schema", "write_mistakes"]

_WIDTH = 100
_NOTHING: dict[str, Any] = {
    "tasks": 0, "excluded": 0, "engine": "", "axes": [], "first": [],
    "names": {"template": "", "first": [], "collisions": []}, "recipe_bytes": 0, "notes": [],
}  # fmt: skip


def plan(path: Path, *, first: int, as_json: bool) -> int:
    """Show what a batch file will be, or everything that is wrong with it. Returns the exit code."""
    try:
        made = make_plan(read_batch(path), first)
    except RecipeError as error:
        if as_json:
            print_json({**_NOTHING, "errors": _errors(path, error)})
        write_mistakes(error)
        return error.exit_code
    if as_json:
        print_json(plan_json(made))
    else:
        print(_text(made))
    return 0


def schema(output: Path | None) -> None:
    """Print the JSON Schema, or write it into a file and say how an editor finds it."""
    if output is None:
        print_json(batch_schema())
        return
    import json

    try:
        output.write_text(json.dumps(batch_schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.", "Name another file.") from None
    note(f"written; begin a batch file with:  # yaml-language-server: $schema={output.name}")


def example(name: str, folder: Path | None, *, as_json: bool) -> int:
    """Copy one of the stories out of the package, or list them."""
    root = resources.files("musep2p.examples")
    known = {
        each.name: _about(each) for each in root.iterdir() if each.is_dir() and each.joinpath("batch.yaml").is_file()
    }
    if not name:
        if as_json:
            print_json([{"name": each, "about": known[each]} for each in sorted(known)])
        else:
            print(table(["EXAMPLE", "SHOWS"], [[each, known[each]] for each in sorted(known)]))
        return 0
    if name not in known:
        raise UsageError(f"there is no example {name!r}.", did_you_mean(name, known))
    target = folder or Path(name)
    if target.exists():
        raise UsageError(f"{target} is there already.", "Name another folder: musep2p example NAME FOLDER")
    with resources.as_file(root.joinpath(name)) as source:
        try:
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        except OSError as error:
            raise UsageError(f"{target} cannot be written: {error.strerror}.", "Name another folder.") from None
    if as_json:
        print_json({"example": name, "batch": str(target / "batch.yaml")})
    note(f"{target}/ is yours: look with `musep2p plan {target / 'batch.yaml'}`, then submit it")
    return 0


def write_mistakes(error: RecipeError) -> None:
    """Every mistake on a line of its own, on stderr."""
    note(f"musep2p: {error}")
    for line in error.details:
        note(f"  {line}")


def _errors(path: Path, error: RecipeError) -> list[dict[str, Any]]:
    if not isinstance(error, BatchFileError):
        return [{"file": str(path), "line": 0, "column": 0, "message": error.message, "hint": error.hint}]
    return [
        {"file": m.file, "line": m.line, "column": m.column, "message": m.message, "hint": m.hint}
        for m in error.mistakes
    ]


def _about(folder: Any) -> str:
    """The first line of the batch file, a comment that says what it shows."""
    return str(folder.joinpath("batch.yaml").read_text("utf-8").partition("\n")[0].lstrip("# "))


def _text(made: Plan) -> str:
    value = plan_json(made)
    sizes = " x ".join(f"{axis['names'][0]} ({axis['size']:,})" for axis in value["axes"]) or "one"
    left_out = f", {made.excluded:,} left out" if made.excluded else ""
    word = "task" if made.tasks == 1 else "tasks"
    lines = [
        f"{made.batch.settings.name}: {made.tasks:,} {word} by {value['engine']} = {sizes}{left_out}",
        "",
    ]
    if value["axes"]:
        rows = [[", ".join(a["names"])[:40], f"{a['size']:,}", _values(a)] for a in value["axes"]]
        lines += [table(["AXIS (outermost first)", "POINTS", "VALUES"], rows), ""]
    for index, name, parameters in made.first:
        lines.append(f"task {index}: {name}")
        lines += [f"  {key}: {parameters[key]}" for key in parameters if parameters[key] != "" or key == "prompt"]
    lines += ["", *(_collision(c) for c in made.collisions), *(f"note: {text}" for text in made.batch.notes)]
    return "\n".join(lines).rstrip()


def _values(axis: dict[str, Any]) -> str:
    shown = ["/".join(map(str, v)) if isinstance(v, list) else str(v) for v in axis["values"]]
    more = ", ..." if axis["size"] > len(shown) and shown != ["derived from each cell"] else ""
    text = ", ".join(shown) + more
    return text if len(text) <= _WIDTH - 50 else text[: _WIDTH - 54] + " ..."


def _collision(collision: Any) -> str:
    axis = collision.names[0]
    if not collision.text:
        return f"note: names do not tell the {collision.count:,} points of {axis!r} apart; their index does"
    values = ", ".join(repr(value) for value in collision.values)
    return f"note: {values} look the same in names ({collision.text}); their index tells them apart"
