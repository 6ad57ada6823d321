"""`plan`, `schema`, `example`: what a user types before anything runs."""

import json
import os
import subprocess
import sys

import pytest

from musep2p.batchfile.plan import make_plan, plan_json
from musep2p.batchfile.reader import read_text
from musep2p.batchfile.schema import batch_schema


def musep2p(*arguments, cwd):
    """Run the command; never a traceback."""
    env = {**os.environ, "PYTHONPATH": "", "COLUMNS": "100"}
    command = [sys.executable, "-m", "musep2p", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("name", ["hotels", "advert", "character", "grid"])
def test_an_example_is_copied_and_planned(name, tmp_path):
    """Out of the package, with all it reads; a second time nothing is overwritten."""
    copied = musep2p("example", name, cwd=tmp_path)
    plan = musep2p("plan", f"{name}/batch.yaml", "--json", "--first", 2, cwd=tmp_path)
    value = json.loads(plan.stdout)

    assert (copied.returncode, plan.returncode) == (0, 0), copied.stderr + plan.stderr
    assert set(value) >= {"tasks", "axes", "first", "names", "errors"}
    assert value["errors"] == [] and len(value["first"]) == 2
    assert value["first"][0]["parameters"]["prompt"]
    assert value["names"]["first"] == [task["name"] for task in value["first"]]
    again = musep2p("example", name, cwd=tmp_path)
    assert again.returncode == 2 and "there already" in again.stderr


def test_examples_are_listed(tmp_path):
    """By name, with what they show; a misspelt one gets a proposal."""
    listed = musep2p("example", "--json", cwd=tmp_path)

    assert [row["name"] for row in json.loads(listed.stdout)] == ["advert", "character", "grid", "hotels"]
    assert "Did you mean 'hotels'?" in musep2p("example", "hotel", cwd=tmp_path).stderr
    assert "advert" in musep2p("example", cwd=tmp_path).stdout


def test_mistakes_are_values_for_scripts_and_lines_for_people(tmp_path):
    """`plan --json` gives each with file, line, column, message and hint; the exit code is 2."""
    (tmp_path / "b.yaml").write_text("promt: a\nsteps: many\n")
    plan = musep2p("plan", "b.yaml", "--json", cwd=tmp_path)
    errors = json.loads(plan.stdout)["errors"]

    assert plan.returncode == 2
    assert [(e["file"], e["line"], e["column"]) for e in errors] == [("b.yaml", 1, 1), ("b.yaml", 2, 8)]
    assert all(e["message"] and set(e) == {"file", "line", "column", "message", "hint"} for e in errors)
    assert "b.yaml:1:1: unknown key 'promt'. Did you mean 'prompt'?" in plan.stderr
    submitted = musep2p("submit", "b.yaml", cwd=tmp_path)
    assert submitted.returncode == 2 and "b.yaml:2:8: " in submitted.stderr


def test_a_file_that_is_not_there_is_a_value_too(tmp_path):
    """One error, of the whole file."""
    plan = musep2p("plan", "none.yaml", "--json", cwd=tmp_path)

    assert plan.returncode == 2
    assert "none.yaml is not there" in json.loads(plan.stdout)["errors"][0]["message"]


def test_the_schema_is_written_for_editors(tmp_path):
    """To stdout or into a file, with the line that an editor wants."""
    written = musep2p("schema", "--output", "s.json", cwd=tmp_path)

    assert json.loads(musep2p("schema", cwd=tmp_path).stdout) == batch_schema()
    assert json.loads((tmp_path / "s.json").read_text("utf-8")) == batch_schema()
    assert "# yaml-language-server: $schema=s.json" in written.stderr
    assert musep2p("schema", "--output", "none/s.json", cwd=tmp_path).returncode == 2


def test_the_plan_is_readable(tmp_path):
    """Counts, axes, the first tasks in full, and notes."""
    (tmp_path / "b.yaml").write_text('prompt: "{{c}}"\naxes: {c: [Kyoto, KYOTO, Paris]}\nsampler: Euler a\n')
    text = musep2p("plan", "b.yaml", cwd=tmp_path).stdout

    assert "b: 3 tasks by atelier = c (3)" in text
    assert "task 0: 0000_Kyoto\n" in text and "  prompt: Kyoto\n" in text
    assert "'Kyoto', 'KYOTO' look the same in names" in text
    assert "atelier has no sampler" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('prompt: "{{c}}"\naxes: {c: [a/b, "a:b", A-b, x]}\n', [("a-b", ("a/b", "a:b", "A-b"), 3)]),
        ('prompt: "{{c}}"\naxes: {c: [ä, Ä, a]}\n', [("ä", ("ä", "Ä"), 2)]),
        ('prompt: "{{c}}{{d}}"\naxes: {c: [a, b], d: [e, f]}\noutput: "{{c}}"\n', [("", ("e", "f"), 2)]),
        ('prompt: "{{c}}"\naxes: {c: [hall.png, Hall.jpg, b.c]}\n', [("hall", ("hall.png", "Hall.jpg"), 2)]),
        ('prompt: "{{c}}"\naxes: {c: [a, b]}\n', []),
    ],
)
def test_names_that_look_the_same_are_told(text, expected):
    """Decided for each axis on its own, as a share sees it that ignores case."""
    plan = make_plan(read_text(text, "x"))

    assert expected == [(c.text, c.values, c.count) for c in plan.collisions]


def test_a_plan_lists_no_tasks():
    """A batch of ten million is planned from its axes."""
    plan = plan_json(make_plan(read_text("engine: null\nseeds: {count: 10000000}\n", "x")))

    assert plan["tasks"] == 10_000_000
    assert plan["axes"] == [{"names": ["seed"], "size": 10_000_000, "values": [1, 2, 3, 4, 5, 6]}]
    assert plan["recipe_bytes"] < 1000
