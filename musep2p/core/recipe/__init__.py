"""What a batch is: templates and axes, from which every task is computed."""

from musep2p.core.recipe.axis import Axis, Scalar
from musep2p.core.recipe.recipe import (
    Counted,
    Derived,
    Parameters,
    Recipe,
    Settings,
    batch_id,
    decode_recipe,
    encode_recipe,
    task_key,
)
from musep2p.core.recipe.tasks import Tasks

__all__ = [
    "Axis",
    "Counted",
    "Derived",
    "Parameters",
    "Recipe",
    "Scalar",
    "Settings",
    "Tasks",
    "batch_id",
    "decode_recipe",
    "encode_recipe",
    "task_key",
]
