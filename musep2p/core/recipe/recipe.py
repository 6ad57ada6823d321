"""A recipe: what decides the pictures of a batch, immutable once submitted.

It is not a list. `Tasks` (tasks.py) computes the parameters of any index from it, so that a million tasks
cost what ten cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from musep2p.core.ids import BatchId, TaskKey, hash_parts
from musep2p.core.recipe.axis import Axis, Scalar, Word
from musep2p.errors import RecipeError

__all__ = [
    "CLASS_NAMES",
    "CONSISTENCIES",
    "MAX_TASKS",
    "MIDDLE_OUT",
    "ORDERS",
    "RECIPE_BYTES_MAX",
    "WRITTEN",
    "Counted",
    "Derived",
    "Parameters",
    "Recipe",
    "Rule",
    "Settings",
    "batch_id",
    "batch_id_of",
    "decode_recipe",
    "encode_recipe",
    "model_of",
    "task_key",
]

Parameters = dict[str, Scalar]
Rule = dict[Word, tuple[Scalar, ...]]

MAX_TASKS = 10_000_000  # unless the batch file says more: a mistyped axis, not a wish
TASKS_LIMIT = 1_000_000_000  # whatever the file says; 20 bytes a task would be 20 GB
RECIPE_BYTES_MAX = 64 << 20
SEED_MAX = (1 << 63) - 1
WRITTEN, MIDDLE_OUT = "written", "middle-out"
ORDERS = (WRITTEN, MIDDLE_OUT)
CONSISTENCIES = ("any", "look")
CLASS_NAMES = frozenset(("model", "width", "height"))  # with the engine they are the class of work

Text = Annotated[str, Meta(max_length=200_000)]
ModelName = Annotated[str, Meta(max_length=200)]
ModelHash = Annotated[str, Meta(pattern="^[0-9a-f]{8,10}$")]
LookName = Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
ImageSeed = Annotated[int, Meta(ge=-SEED_MAX, le=SEED_MAX)]


class Settings(msgspec.Struct, frozen=True, array_like=True):
    """What a will may change without changing any picture.

    Attributes:
        name: shown to people and used for the folder; not unique.
        priority: higher runs first.
        retries: how many failures of a task are forgiven; one more and it has failed.
        timeout_ms: time for one task; 0 means max(10 min, 20 x the median of its class).
        home: the peer at which it was submitted; in a farm without a store the pictures go there, too.
        gate: checks of the render gate with a threshold of their own; one below 0 is off.
    """

    name: Word = "batch"
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    retries: Annotated[int, Meta(ge=0, le=100)] = 2
    timeout_ms: Annotated[int, Meta(ge=0)] = 0
    home: Annotated[str, Meta(pattern="^([0-9a-f]{16})?$")] = ""
    gate: Annotated[tuple[tuple[Word, float], ...], Meta(max_length=32)] = ()


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The image seeds `first`, `first + 1`, ..."""

    count: Annotated[int, Meta(ge=1, le=TASKS_LIMIT)]
    first: ImageSeed = 1


class Derived(msgspec.Struct, frozen=True, tag="derived"):
    """So many image seeds for each cell, computed from the cell's own values."""

    count: Annotated[int, Meta(ge=1, le=TASKS_LIMIT)]


class Recipe(msgspec.Struct, frozen=True):
    """What decides the pictures of a batch.

    Attributes:
        engine: the engine's name.
        fixed: parameters that are the same for all tasks; texts are templates.
        axes: outermost first; their names are variables of the templates.
        seeds: the image seeds of every cell, innermost; none: the engine's own default.
        given: names of axes that the engine is handed as parameters, too.
        rng_seed: of random choices and derived seeds.
        vary_by: names on whose values random choices and derived seeds depend; empty for all.
        wildcards: file name -> lines.
        exclude: cells that match one of these are left out; a rule gives names the values that match.
        include: if there are any, cells that match none are left out.
        order: `written` or `middle-out`.
        output: template of the pictures' names; empty for the index and the first value of every axis.
        tags: a peer must have all of these to run a task.
        gpu_mb: memory that a peer's GPU must have.
        model: part of the class of work.
        run: 0, or the number of a run that shall render anew.
        hashes: model -> its hash, where a peer told it as the batch was submitted: another one is another model.
        looks: model -> the look that all its pictures have; empty: one look, not yet chosen; unset: any.
    """

    engine: Word
    fixed: Annotated[dict[Word, Scalar], Meta(max_length=200)]
    axes: Annotated[tuple[Axis, ...], Meta(max_length=32)] = ()
    seeds: Annotated[tuple[ImageSeed, ...], Meta(max_length=1_000_000)] | Counted | Derived = ()
    given: Annotated[tuple[Word, ...], Meta(max_length=1000)] = ()
    rng_seed: ImageSeed = 0
    vary_by: Annotated[tuple[Word, ...], Meta(max_length=1000)] = ()
    wildcards: Annotated[dict[Annotated[str, Meta(max_length=300)], tuple[Text, ...]], Meta(max_length=10_000)] = {}
    exclude: Annotated[tuple[Rule, ...], Meta(max_length=1000)] = ()
    include: Annotated[tuple[Rule, ...], Meta(max_length=1000)] = ()
    order: Annotated[str, Meta(pattern="^(written|middle-out)$")] = WRITTEN
    output: Annotated[str, Meta(max_length=1000)] = ""
    tags: Annotated[tuple[Word, ...], Meta(max_length=16)] = ()
    gpu_mb: Annotated[int, Meta(ge=0, le=1 << 30)] = 0
    model: Annotated[str, Meta(max_length=200)] = ""
    run: Annotated[int, Meta(ge=0)] = 0
    # Unset ones are not encoded: a batch that asks for neither keeps its id.
    hashes: Annotated[dict[ModelName, ModelHash], Meta(max_length=100)] | UnsetType = UNSET
    looks: Annotated[dict[ModelName, LookName], Meta(max_length=100)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.count() > TASKS_LIMIT:
            raise RecipeError(
                f"the batch has {self.count():,} tasks, more than {TASKS_LIMIT:,}.", "Submit it in parts."
            )
        for name, times in Counter(self.variables()).items():
            if times > 1:
                raise RecipeError(f"an axis cannot be called {name!r}: that name has a value already.", "Rename it.")
        names = {name for axis in self.axes for name in axis.names}
        ruled = {name for rule in (*self.exclude, *self.include) for name in rule}
        missing = {*self.given, *self.vary_by, *ruled} - names
        if missing:
            raise RecipeError(f"no axis gives {sorted(missing)[0]!r} a value.", "Add one, or take the name out.")

    def repeats(self) -> int:
        """How many image seeds every cell has."""
        return self.seeds.count if isinstance(self.seeds, Counted | Derived) else max(1, len(self.seeds))

    def cells(self) -> int:
        """The number of cells: the product of the axes, excluded ones counted."""
        return prod(axis.size for axis in self.axes)

    def count(self) -> int:
        """The number of indices; those of excluded cells count."""
        return self.cells() * self.repeats()

    def has_seeds(self) -> bool:
        """True when the tasks differ in their image seed."""
        return self.seeds != ()

    def variables(self) -> list[str]:
        """The names that templates may use."""
        return [name for axis in self.axes for name in axis.names] + (["seed"] if self.has_seeds() else []) + ["index"]

    def work_class(self, given: Mapping[str, Scalar] | None = None) -> str:
        """Class of work (engine, model, size), by which speed is measured.

        Args:
            given: what the axes give a task; without it, the class of a batch that has only one.
        """
        known = {"model": self.model, **self.fixed, **(given or {})}
        size = f"{known.get('width', '')}x{known.get('height', '')}"
        return f"{self.engine}|{known['model']}|{size if size != 'x' else ''}"


_canonical = msgspec.msgpack.Encoder(order="deterministic")
_decode = msgspec.msgpack.Decoder(Recipe).decode


def model_of(work_class: str) -> str:
    """Engine and model of a class of work: what has to be loaded for it."""
    return work_class.rpartition("|")[0]


def encode_recipe(recipe: Recipe) -> bytes:
    """The one encoding of a recipe: what its batch's id is the hash of, and what travels."""
    return _canonical.encode(recipe)


def decode_recipe(data: bytes | bytearray | memoryview) -> Recipe:
    """The recipe in some bytes.

    Raises:
        RecipeError: there is none.
    """
    try:
        return _decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RecipeError(f"a recipe that cannot be read: {error}.") from None


def batch_id(recipe: Recipe) -> BatchId:
    """The hash of what decides the batch's pictures, and of its run number."""
    return batch_id_of(encode_recipe(recipe))


def batch_id_of(encoded: bytes | bytearray) -> BatchId:
    """As `batch_id`, from the recipe's encoding."""
    return BatchId(hash_parts(b"musep2p batch 1", encoded))


def task_key(identity: str, parameters: Parameters) -> TaskKey:
    """The hash of an engine's identity and normalised parameters: equal keys mean equal work."""
    return TaskKey(hash_parts(b"musep2p task 1", identity.encode(), _canonical.encode(parameters)))
