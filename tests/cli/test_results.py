"""`results --sheet` and `--grid`: which options go together, and what they draw from the store."""

from pathlib import Path

import pytest

from musep2p.cli.batches import Picture, picture_of
from musep2p.errors import UsageError


def asked(**options):
    return picture_of(**{"sheet": False, "grid": "", "where": [], "out": None, **options})


def test_what_is_drawn():
    """Nothing, a sheet, or a grid of two or three axes."""
    assert asked() is None
    assert asked(sheet=True) == Picture()
    assert asked(grid="steps, guidance,seed", where=["city = Kyoto", "note=a=b"]) == Picture(
        ("steps", "guidance", "seed"), {"city": "Kyoto", "note": "a=b"}
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": "steps"}, "two or three axes"),
        ({"grid": "a,b,c,d"}, "two or three axes"),
        ({"grid": ","}, "two or three axes"),
        ({"grid": "a,b", "sheet": True}, "two pictures"),
        ({"where": ["a=1"]}, "go with --grid or --sheet"),
        ({"sheet": True, "where": ["a=1"]}, "AXIS=VALUE, with --grid"),
        ({"grid": "a,b", "where": ["a"]}, "AXIS=VALUE"),
        ({"sheet": True, "out": Path()}, "no picture's name"),
        ({"sheet": True, "out": Path("folder/")}, "no picture's name"),
        ({"sheet": True, "out": Path("a.txt")}, "End it in .png, .jpg"),
    ],
)
def test_options_that_say_nothing(options, message):
    """One line each."""
    with pytest.raises(UsageError, match=message):
        asked(**options)
