"""What a batch is: a template and its axes, from which every task is computed."""

from musep2p.core.recipe.recipe import Axis, Parameters, Recipe, Scalar, Settings, batch_id, task_key

__all__ = ["Axis", "Parameters", "Recipe", "Scalar", "Settings", "batch_id", "task_key"]
