"""Sheets of a batch's folder: which pictures, under which labels, and what cannot be drawn."""

import asyncio

import pytest
from PIL import Image

from musep2p.core.ids import BatchId
from musep2p.core.recipe import Axis, Counted, Recipe, Tasks, encode_recipe
from musep2p.errors import StoreError, UsageError
from musep2p.store.concluder import Concluder
from musep2p.store.sheets import SHEET, BatchFolder, named_folders, write_picture

RECIPE = Recipe(
    "atelier",
    {"prompt": "{{city}}"},
    (
        Axis.of("city", ("Kyoto", "北京")),
        Axis.of("steps", (5, 15, 30)),
        Axis.table(("hotel", "stars"), (("a", 3), ("b", 5))),
    ),
    Counted(2, 7),
    given=("steps",),
)  # fmt: skip


def colour(index):
    return (index * 10 + 3, 255 - index * 10, 77)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "batches" / "hotels-12345678"
    (path / "images").mkdir(parents=True)
    (path / "recipe.msgpack").write_bytes(encode_recipe(RECIPE))
    tasks = Tasks(RECIPE)
    for index in range(tasks.total):
        Image.new("RGB", (30, 40), colour(index)).save(path / "images" / f"{tasks.name(index)}.png")
    return path


def colours_of(sheet):
    return {colour for _, colour in sheet.getcolors(1 << 24)}


def drawn(folder, **options):
    """As a peer does when a batch is complete: whether there is a sheet, and what was told."""
    told = []

    async def draw():
        maker = Concluder(folder.parent.parent, lambda level, text: told.append(text))
        maker.conclude(folder.name, **options)
        path = await maker.sheet_of(BatchId(folder.name.rpartition("-")[2].ljust(32, "0")))
        await maker.close()
        maker.conclude(folder.name)
        assert not maker._drawing
        return path

    return asyncio.run(draw()), told


def test_a_child_writes_the_sheet_of_all(folder):
    """Again over the old one; with `only_missing` the old one stays."""
    for _ in range(2):
        assert drawn(folder) == (folder / SHEET, [])
    with Image.open(folder / SHEET) as sheet:
        sheet.load()

    assert {colour(index) for index in range(24)} <= colours_of(sheet)
    assert {path.name for path in folder.iterdir()} == {"images", "manifest", "recipe.msgpack", SHEET}
    (folder / SHEET).write_bytes(b"old")
    assert drawn(folder, only_missing=True) == (folder / SHEET, [])
    assert (folder / SHEET).read_bytes() == b"old"


def test_a_sheet_that_cannot_be_drawn_is_told_of(folder):
    """In a line, with the reason."""
    (folder / SHEET).mkdir()
    path, told = drawn(folder)

    assert path is None
    assert len(told) == 1 and "contact sheet drawn: " in told[0] and "Error" in told[0]


def test_leaving_does_not_wait_for_a_sheet(folder):
    """Whenever it comes: before the child is there, while it draws, and while another waits for its turn."""

    async def leave(after_s):
        maker = Concluder(folder.parent.parent, lambda level, text: None)
        maker.conclude(folder.name)
        maker.conclude("another-00000000")
        await asyncio.sleep(after_s)  # any moment will do
        await asyncio.wait_for(maker.close(), 5)

    for after_s in (0, 0.001, 0.05, 0.3):
        asyncio.run(leave(after_s))


def test_a_grid_has_its_axes_and_the_first_value_of_the_others(folder):
    """Cities across, steps down: hotel a, first seed."""
    batch = BatchFolder(folder)
    shown = colours_of(batch.grid(("city", "steps"), {}))
    tasks = batch.tasks
    wanted = {
        i for i in range(tasks.total) if tasks.cell(i)["hotel"] == "a" and tasks.cell(i)["seed"] == 7
    }  # fmt: skip

    assert {i for i in range(24) if colour(i) in shown} == wanted and len(wanted) == 6


def test_where_chooses_the_others_and_seeds_are_an_axis(folder):
    """By any column of a table, in the words of the file."""
    batch = BatchFolder(folder)
    shown = colours_of(batch.grid(("seed", "steps", "hotel"), {"city": "北京"}))

    assert {i for i in range(24) if colour(i) in shown} == {
        i for i in range(24) if batch.tasks.cell(i)["city"] == "北京"
    }
    shown = colours_of(batch.grid(("city", "steps"), {"stars": "5", "seed": "8"}))
    assert {i for i in range(24) if colour(i) in shown} == {
        i for i in range(24) if batch.tasks.cell(i)["stars"] == 5 and batch.tasks.cell(i)["seed"] == 8
    }


@pytest.mark.parametrize(
    ("names", "fixed", "message"),
    [
        (("city", "size"), {}, "no axis 'size'. Its axes: city, steps, hotel, stars, seed"),
        (("hotel", "stars"), {}, "not axes of their own"),
        (("city", "city"), {}, "not axes of their own"),
        (("city", "steps"), {"hotel": "c"}, "hotel is never 'c'. It is 'a', 'b'"),
        (("city", "steps"), {"nope": "1"}, "--where: the batch has no axis 'nope'"),
        (("city", "steps"), {"city": "Kyoto"}, "city is an axis of the grid"),
        (("city", "steps"), {"hotel": "a", "stars": "5"}, "no row has stars=5 and what is said before"),
        (("city", "steps"), {"seed": "9"}, "seed is never '9'. It is '7', '8'"),
    ],
)
def test_what_cannot_be_drawn_is_said(folder, names, fixed, message):
    """With what there is instead."""
    with pytest.raises(UsageError) as caught:
        BatchFolder(folder).grid(names, fixed)

    assert message in str(caught.value)


def test_too_many_cells(tmp_path):
    """A grid of a hundred thousand is refused before anything is opened."""
    path = tmp_path / "big-12345678"
    path.mkdir()
    axes = (Axis.of("a", tuple(range(400))), Axis.of("b", tuple(range(400))))
    (path / "recipe.msgpack").write_bytes(encode_recipe(Recipe("null", {}, axes, given=("a", "b"))))

    with pytest.raises(UsageError, match="160000 cells"):
        BatchFolder(path).grid(("a", "b"), {})
    with pytest.raises(StoreError, match="null makes no pictures"):
        BatchFolder(path).contact_sheet()


def test_values_are_found_as_numbers_too(folder):
    """5.0 is 5, and a name typed apart from its accents is the same name."""
    batch = BatchFolder(folder)

    one, other = (batch.grid(("city", "steps"), {"stars": value}) for value in (" 5.0 ", "5"))
    assert one.tobytes() == other.tobytes()


def test_a_grid_of_nothing_is_refused(folder):
    """Rather than drawn as crosses."""
    for path in (folder / "images").iterdir():
        path.unlink()
    batch = BatchFolder(folder)

    with pytest.raises(UsageError, match="no picture is there with hotel: a, seed: 7"):
        batch.grid(("city", "steps"), {})
    with pytest.raises(StoreError, match="no pictures of it are in"):
        batch.contact_sheet()


def test_folders_by_name_and_id(folder):
    """As `results` finds them without a peer."""
    store = folder.parent.parent

    for name in ("hotels", "12345", folder.name):
        assert named_folders(store, name) == [folder]
    for name in ("last", "123", "hotel"):
        assert named_folders(store, name) == []
    assert named_folders(store / "nowhere", "hotels") == []


def test_formats_by_suffix(folder, tmp_path):
    """PNG says the note, JPEG and WebP are what they are called."""
    sheet = BatchFolder(folder).contact_sheet()
    for suffix, kind in ((".png", "PNG"), (".JPG", "JPEG"), (".webp", "WEBP")):
        path = tmp_path / f"out{suffix}"
        write_picture(sheet, path, "procedural preview, no AI model")
        with Image.open(path) as image:
            assert image.format == kind
    with Image.open(tmp_path / "out.png") as image:
        assert image.info["Comment"] == "procedural preview, no AI model"


def test_no_recipe_is_one_line(tmp_path):
    """Not a batch's folder."""
    with pytest.raises(StoreError, match=r"recipe\.msgpack cannot be read"):
        BatchFolder(tmp_path)


def test_left_out_tasks_are_not_on_the_sheet(tmp_path):
    """The sample is of what is wanted, evenly; what is excluded has no place and no cross."""
    path = tmp_path / "hotels-12345678"
    (path / "images").mkdir(parents=True)
    steps = Axis.of("steps", tuple(range(300)))
    recipe = Recipe(
        "atelier", {"prompt": "x"}, (steps,), given=("steps",), exclude=({"steps": tuple(range(0, 300, 2))},)
    )
    (path / "recipe.msgpack").write_bytes(encode_recipe(recipe))
    tasks = Tasks(recipe)
    for index in tasks.unexcluded():
        Image.new("RGB", (9, 9), (index % 256, index // 256, 201)).save(path / "images" / f"{tasks.name(index)}.png")
    shown = {c[0] + 256 * c[1] for c in colours_of(BatchFolder(path).contact_sheet()) if c[2] == 201 and c[1] < 2}

    assert len(shown) == 100 and all(index % 2 for index in shown) and {1, 299} <= shown
    assert (0xE2, 0xDE, 0xD6) not in colours_of(BatchFolder(path).contact_sheet())


def test_a_grid_too_tall_for_any_viewer_is_refused(tmp_path):
    """Blocks of one tile each would make a ribbon."""
    path = tmp_path / "tall-12345678"
    (path / "images").mkdir(parents=True)
    axes = (Axis.of("a", (1,)), Axis.of("b", (1,)), Axis.of("c", tuple(range(800))))
    (path / "recipe.msgpack").write_bytes(
        encode_recipe(Recipe("atelier", {"prompt": "x"}, axes, given=("a", "b", "c")))
    )
    batch = BatchFolder(path)
    Image.new("RGB", (30, 40)).save(path / "images" / f"{batch.tasks.name(0)}.png")

    with pytest.raises(UsageError, match="too large"):
        batch.grid(("a", "b", "c"), {})
