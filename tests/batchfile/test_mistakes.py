"""Mistakes: each is told once, where it is, with what would be right; and all of them at once."""

import pytest

from musep2p.batchfile.mistakes import BatchFileError
from musep2p.batchfile.reader import read_batch
from tests.batchfile.wrong import ALL

CASES = [case for group in ALL.values() for case in group]


def mistakes_of(folder, text, files=()):
    """What the reader says of a batch file in a folder."""
    for name, content in dict(files).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "batch.yaml").write_text(text, "utf-8")
    with pytest.raises(BatchFileError) as caught:
        read_batch(folder / "batch.yaml")
    return caught.value.mistakes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_each_is_told_once_at_its_place(case, tmp_path):
    """One line: file, line, column, what is wrong, what would be right."""
    mistakes = mistakes_of(tmp_path, case.text, case.files)

    assert len(mistakes) == 1, [str(m) for m in mistakes]
    (mistake,) = mistakes
    file = mistake.file if mistake.file != str(tmp_path / "batch.yaml") else ""
    place = f"{mistake.line}:{mistake.column}"
    assert case.place == (f"{file}:{place}" if file else place), str(mistake)
    assert case.told in str(mistake)
    assert "\n" not in str(mistake).rstrip("\n")


def test_there_are_sixty_kinds_at_least():
    """As many as were promised, and no kind twice."""
    assert len(CASES) == len({case.kind for case in CASES}) == len({(c.text, str(c.files)) for c in CASES})
    assert len(CASES) >= 60


def test_all_mistakes_are_told_at_once(tmp_path):
    """In the order of the file, each with its place."""
    text = 'prompt: "{{ctiy}} {a"\nsteps: many\nsize: 3\nprioritty: 1\naxes: {city: []}\n'
    mistakes = mistakes_of(tmp_path, text)

    assert sorted({m.line for m in mistakes} - {1}) == [2, 3, 4, 5]
    assert 1 in {m.line for m in mistakes}
