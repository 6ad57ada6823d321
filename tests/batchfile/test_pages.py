"""The pages that are made from the tests are as the tests make them; the schema fits what the reader takes."""

import tempfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from musep2p.batchfile.fields import ALIASES, FIELDS
from musep2p.batchfile.reader import read_batch
from musep2p.batchfile.schema import batch_schema
from tests.batchfile import constructs
from tests.batchfile.pages import MAKERS, PART, made, pages, written

STORIES = sorted((Path(__file__).resolve().parents[2] / "musep2p/examples").glob("*/batch.yaml"))
CONSTRUCTS = [case for cases in constructs.ALL.values() for case in cases]
SCHEMA = jsonschema.Draft7Validator(batch_schema())


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_pages_are_up_to_date(page):
    """Made anew they are the same; else run `python -m tests.batchfile.pages` and look at the difference."""
    text = page.read_text("utf-8")

    assert text == made(text)


def test_every_part_is_on_a_page():
    """Keys, constructs and mistakes."""
    found = {match[2] for page in pages() for match in PART.finditer(page.read_text("utf-8"))}

    assert set(MAKERS) == found


@pytest.mark.parametrize("case", CONSTRUCTS, ids=lambda case: case.title)
def test_the_schema_takes_every_construct(case):
    """An editor underlines nothing that the reader takes."""
    SCHEMA.validate(yaml.safe_load(case.text))


def test_every_key_is_used_by_a_construct_or_a_story():
    """No key without an example that was read."""
    texts = [case.text for case in CONSTRUCTS] + [path.read_text("utf-8") for path in STORIES]
    used = {key for text in texts for key in yaml.safe_load(text)}
    plain = {
        "model",
        "sampler",
        "priority",
        "retries",
        "timeout",
        "tags",
        "gpu_memory",
        "gate",
        "max_tasks",
        "guidance",
        "wildcards",
    }

    assert set(FIELDS) <= used | plain
    assert set(ALIASES.values()) <= set(FIELDS)
    assert not set(ALIASES) & set(FIELDS)


def test_the_schema_is_one_that_editors_know():
    """Draft 7, a line about every key, and no key that is not there."""
    schema = batch_schema()
    jsonschema.Draft7Validator.check_schema(schema)

    assert all(part["description"] for part in schema["properties"].values())
    for wrong in (
        {"promt": "a"},
        {"order": "random"},
        {"steps": []},
        {"seeds": {"cuont": 1}},
        {"axes": {"a": {"b": 1}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            SCHEMA.validate(wrong)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.parent.name)
def test_stories_are_sound(story):
    """Read without a note, names of their own, accepted by the schema, and begun with what they show."""
    read = read_batch(story)
    SCHEMA.validate(yaml.safe_load(story.read_text("utf-8")))

    assert read.notes == ()
    assert read.settings.name == story.parent.name
    assert story.read_text("utf-8").startswith("# ")
    assert len({read.tasks.name(i) for i in read.tasks.unexcluded()}) == read.tasks.wanted


def test_there_are_four_stories():
    """Hotels, languages, a character, a grid; the character has its sixty variants."""
    assert [story.parent.name for story in STORIES] == ["advert", "character", "grid", "hotels"]
    assert read_batch(STORIES[1]).tasks.wanted == 60


def test_a_row_more_in_the_hotels_changes_no_other_picture():
    """The story's promise, with its own file."""
    (story,) = [path for path in STORIES if path.parent.name == "hotels"]
    rows = (story.parent / "hotels.csv").read_text("utf-8").splitlines()
    more = [rows[0], "NEW-01,Oslo,a skipper,a fjord,ink", *reversed(rows[1:])]
    before = read_batch(story).tasks
    with tempfile.TemporaryDirectory() as folder:
        files = {"hotels.csv": "\n".join(more)}
        after = read_batch(written(Path(folder), story.read_text("utf-8"), files)).tasks

    def all_of(tasks):
        return {str(tasks.parameters(i)) for i in range(tasks.total)}

    assert all_of(before) < all_of(after)
    assert len(all_of(after) - all_of(before)) == 1
