"""Recipes: index -> parameters, by computation."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musep2p.core.ranges import Ranges
from musep2p.core.recipe import (
    Axis,
    Counted,
    Derived,
    Recipe,
    Tasks,
    batch_id,
    decode_recipe,
    encode_recipe,
    task_key,
)
from musep2p.core.recipe.axis import BLOCK_ROWS, AxisReader
from musep2p.core.recipe.view import recipe_json
from musep2p.errors import RecipeError

CITIES = Recipe(
    "atelier",
    {"prompt": "{{city}} in {{light}}, (gold:1.3), [a:b:0.5], <lora:x:0.8>"},
    (Axis.of("city", ("Kyoto", "北京")), Axis.of("light", ("dawn", "dusk", "noon"))),
    (7, 8),
)
scalars = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.floats(allow_nan=False))


def test_every_cell_comes_once():
    """The index counts through axes and seeds, the seed fastest."""
    tasks = Tasks(CITIES)
    cells = [tuple(tasks.cell(i).items()) for i in range(CITIES.count())]

    assert 12 == CITIES.count() == len(set(cells))
    assert tasks.cell(0) == {"city": "Kyoto", "light": "dawn", "seed": 7}
    assert tasks.cell(1) == {"city": "Kyoto", "light": "dawn", "seed": 8}
    assert tasks.cell(11) == {"city": "北京", "light": "noon", "seed": 8}
    with pytest.raises(IndexError):
        tasks.cell(12)


def test_prompts_are_filled_and_the_engines_syntax_left_alone():
    """`{{name}}` is ours, everything else the engine's."""
    assert Tasks(CITIES).parameters(8)["prompt"] == "北京 in dusk, (gold:1.3), [a:b:0.5], <lora:x:0.8>"


def test_a_template_that_is_one_variable_keeps_its_type():
    """`scale: "{{s}}"` hands the engine a number; a prompt stays text."""
    tasks = Tasks(Recipe("e", {"prompt": "{{s}}", "scale": "{{s}}"}, (Axis.of("s", ("0.5", "7", "true", "x")),)))

    assert [tasks.parameters(i)["scale"] for i in range(4)] == [0.5, 7, True, "x"]
    assert [tasks.parameters(i)["prompt"] for i in range(4)] == ["0.5", "7", "true", "x"]


def test_an_unknown_name_is_refused_with_what_may_be_meant():
    """A typing error in a template is found before anything runs."""
    with pytest.raises(RecipeError, match="ctiy") as caught:
        Tasks(Recipe("atelier", {"prompt": "{{ctiy}}"}, (Axis.of("city", ("a",)),)))

    assert "city" in caught.value.hint


def test_the_batch_id_depends_on_what_decides_the_pictures():
    """Template, axes, seeds and run number; the order in which fixed parameters were written does not matter."""
    other = Recipe("atelier", {"steps": 5, "prompt": "x"})

    assert batch_id(Recipe("atelier", {"prompt": "x", "steps": 5})) == batch_id(other)
    assert batch_id(other) != batch_id(Recipe("atelier", {"prompt": "x", "steps": 6}))
    assert batch_id(other) != batch_id(Recipe("atelier", {"prompt": "x", "steps": 5}, run=1))


@given(st.dictionaries(st.text(max_size=4), st.integers(-5, 5), max_size=4), st.text(max_size=3), st.text(max_size=3))
def test_task_keys_tell_engines_and_parameters_apart(parameters, one, other):
    """Equal keys only for equal identity and parameters."""
    assert (one == other) == (task_key(one, parameters) == task_key(other, parameters))
    assert task_key(one, parameters) != task_key(one, {**parameters, "more": 1})


@given(st.lists(st.tuples(scalars, scalars), min_size=1, max_size=3 * BLOCK_ROWS))
def test_an_axis_gives_back_its_rows(rows):
    """Packed and read one by one, in any order."""
    axis = Axis.table(("a", "b"), rows)
    reader = AxisReader(axis)

    assert rows == list(axis.rows()) == [reader.row(i) for i in range(len(rows))]
    assert rows[-1] == AxisReader(axis).row(len(rows) - 1)


@pytest.mark.parametrize("damage", [{"size": 3}, {"blocks": ()}, {"names": ("a", "b")}])
def test_a_damaged_axis_is_refused(damage):
    """A table whose rows are not as many, or as wide, as it says."""
    value = {"names": ("a",), "size": 2, "blocks": Axis.of("a", (1, 2)).blocks, **damage}

    with pytest.raises(RecipeError, match="damaged"):
        Axis(**value)


def test_a_size_without_rows_costs_nothing():
    """A few bytes that speak of a trillion rows are refused before anything is made for them."""
    value = {"names": ("a",), "size": 1 << 40, "blocks": ()}

    with pytest.raises(RecipeError, match="damaged"):
        Axis(**value)


@pytest.mark.timeout(20)
def test_lists_that_double_are_no_bomb():
    """Sixty lists, each naming the next twice: the task fails, the peer goes on."""
    lists = {f"w{i}": (f"__w{i + 1}__ __w{i + 1}__",) for i in range(60)} | {"w60": ("x",)}
    tasks = Tasks(Recipe("e", {"prompt": "__w0__"}, wildcards=lists))

    with pytest.raises(RecipeError, match=r"nested|takes more than"):
        tasks.parameters(0)


def test_a_template_in_a_row_that_asks_in_vain_fails_only_its_task():
    """Rows are checked by who submits them; a peer that meets one says so."""
    rows = ("{{nosuch}}", "__nosuch__", "{{a[prompt]}}", "fine")
    tasks = Tasks(Recipe("e", {}, (Axis.of("prompt", rows),), given=("prompt",)))

    for index in range(3):
        with pytest.raises(RecipeError):
            tasks.parameters(index)
    assert tasks.parameters(3)["prompt"] == "fine"


@pytest.mark.parametrize("bad", [{"vary_by": ("index",)}, {"given": ("seed",)}, {"exclude": ({"z": (1,)},)}])
def test_names_that_no_axis_gives_are_refused(bad):
    """In whatever field."""
    with pytest.raises(RecipeError, match="no axis gives"):
        Recipe("e", {}, (Axis.of("a", (1,)),), Counted(2), **bad)


def test_middle_out_takes_simple_exclusions():
    """Half of a grid of 120 000 cells, renumbered, is few pieces or a clear no."""
    axes = (Axis.of("a", range(300)), Axis.of("b", range(40)))
    out = {"a": tuple(range(150))}

    assert Tasks(Recipe("e", {}, axes, exclude=(out,), order="middle-out")).wanted == 6000


def test_a_recipe_is_read_from_its_own_bytes_only():
    """Encoded and decoded it is the same; other bytes are refused."""
    assert decode_recipe(encode_recipe(CITIES)) == CITIES
    for data in (b"", b"\x81", encode_recipe(CITIES)[:-1], b"\xa3abc"):
        with pytest.raises(RecipeError):
            decode_recipe(data)


def test_a_recipe_can_be_read_by_people():
    """The view beside the pictures has texts, not packed blocks."""
    assert '"Kyoto"' in recipe_json(CITIES).decode()
    assert '"北京"' in recipe_json(CITIES).decode()


@given(st.integers(1, 50), st.integers(0, 10**6))
def test_counted_seeds_are_the_seeds_counted(count, first):
    """A rule stands for its list."""
    by_rule, by_list = (
        Tasks(Recipe("e", {}, (), s)) for s in (Counted(count, first), tuple(range(first, first + count)))
    )

    assert [by_list.parameters(i) for i in range(count)] == [by_rule.parameters(i) for i in range(count)]


CHOICES = Recipe(
    "e", {"prompt": "{{city}} {a|b|c|d} {2$$p|q|r|s} __w__"},
    (Axis.of("city", ("Kyoto", "Paris")), Axis.of("steps", (5, 9))), Derived(3), ("steps",),
    wildcards={"w": ("x", "y", "z")},
)  # fmt: skip


def test_random_choices_are_the_same_everywhere():
    """In a process with another hash seed too; fixed here, so that last year's batch comes again."""
    made = [Tasks(CHOICES).parameters(i)["prompt"] for i in range(12)]
    program = (
        "from tests.core.test_recipe import CHOICES, Tasks\n"
        "print([Tasks(CHOICES).parameters(i)['prompt'] for i in range(12)])"
    )
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": "."}
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)

    assert made == eval(other.stdout)
    assert made[:2] == ["Kyoto c r,p z", "Kyoto b q,p z"]


def test_vary_by_says_what_choices_depend_on():
    """With `vary_by: city` a grid of steps shows the same picture at each."""
    import msgspec

    tasks = Tasks(msgspec.structs.replace(CHOICES, vary_by=("city",)))
    first, second = ([tasks.parameters(i) for i in range(at, at + 3)] for at in (0, 3))

    assert [(p["prompt"], p["seed"]) for p in first] == [(p["prompt"], p["seed"]) for p in second]
    assert [first[0]["steps"], second[0]["steps"]] == [5, 9]


RULES = st.lists(
    st.dictionaries(
        st.sampled_from("abc"), st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3
    ),
    max_size=3,
).map(tuple)


@given(RULES, RULES, st.sampled_from(["written", "middle-out"]), st.integers(1, 3))
def test_excluded_cells_are_those_that_the_rules_say(exclude, include, order, seeds):
    """Computed by ranges, the same as asked cell by cell; nobody else's number changes."""
    axes = (Axis.of("a", (0, 1, 2)), Axis.table(("b", "x"), [(i, i) for i in range(4)]), Axis.of("c", (0, 1)))
    tasks = Tasks(Recipe("e", {}, axes, Counted(seeds), exclude=exclude, include=include, order=order))

    def left_out(index):
        cell = tasks.cell(index)
        hit = [all(cell[name] in values for name, values in rule.items()) for rule in exclude]
        kept = [all(cell[name] in values for name, values in rule.items()) for rule in include]
        return any(hit) or (bool(include) and not any(kept))

    assert [i for i in range(tasks.total) if left_out(i)] == list(tasks.excluded.indices())
    assert tasks.wanted == tasks.total - tasks.excluded.count()


def test_true_is_not_one():
    """A rule for 1 leaves True alone."""
    tasks = Tasks(Recipe("e", {}, (Axis.of("a", (1, True, "1")),), exclude=({"a": (True,)},)))

    assert Ranges([(1, 2)]) == tasks.excluded


def test_too_many_pieces_are_refused():
    """What is left out must not tear the batch into shreds."""
    axes = (Axis.of("a", tuple(range(70_000))), Axis.of("b", (0, 1, 2)))

    with pytest.raises(RecipeError, match="16,384 pieces"):
        _ = Tasks(Recipe("e", {}, axes, exclude=({"b": (1,)},))).excluded
