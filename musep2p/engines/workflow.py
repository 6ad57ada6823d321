"""ComfyUI workflows in API format: which input of which node is our parameter, and the graph of a task.

    {"3": {"class_type": "KSampler", "inputs": {"seed": 5, "positive": ["6", 0], ...}}, ...}

Where the settings do not say it, the inputs are found by following the links of the sampler.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from musep2p.core.ids import digest_of
from musep2p.errors import ConfigError

__all__ = ["Workflow", "load_workflow"]

Scalar = str | int | float | bool
Graph = dict[str, dict[str, Any]]
Place = tuple[str, str]  # node and input

_HINT = "Save it in ComfyUI by Workflow > Export (API)."
_SAMPLER_INPUTS = {
    "seed": ("seed", "noise_seed"), "steps": ("steps",), "guidance": ("cfg",), "sampler": ("sampler_name",),
    "scheduler": ("scheduler",),
}  # fmt: skip
# What lies behind the links of a sampler, or of the guider of one that has its parts apart: our name, link, input.
_PARTS = (
    ("seed", "noise", "noise_seed"), ("steps", "sigmas", "steps"), ("scheduler", "sigmas", "scheduler"),
    ("sampler", "sampler", "sampler_name"), ("guidance", "guider", "cfg"), ("prompt", "positive", "text"),
    ("prompt", "conditioning", "text"), ("negative", "negative", "text"), ("guidance", "positive", "guidance"),
    ("guidance", "conditioning", "guidance"), ("width", "latent_image", "width"), ("height", "latent_image", "height"),
    ("model", "model", "ckpt_name"), ("model", "model", "unet_name"),
)  # fmt: skip
_FILES = frozenset(("image", "video", "audio", "path", "file", "directory"))
_DEPTH_MAX = 50


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph, and where parameters go.

    Attributes:
        graph: node id to node.
        inputs: parameter to the places that take it.
        output: the node whose picture is the result; empty: the first that has one.
    """

    graph: Graph
    inputs: Mapping[str, tuple[Place, ...]]
    output: str

    def filled(self, parameters: Mapping[str, Scalar]) -> Graph:
        """The graph of a task; parameters that it has no place for change nothing."""
        graph = copy.deepcopy(self.graph)
        for name, places in self.inputs.items():
            for node, slot in places if name in parameters else ():
                graph[node]["inputs"][slot] = parameters[name]
        return graph

    def default(self, name: str) -> Scalar | None:
        """What the workflow itself has for a parameter; None if nothing, or a link."""
        for node, slot in self.inputs.get(name, ()):
            value = self.graph[node]["inputs"].get(slot)
            if isinstance(value, Scalar):
                return value
        return None

    def images(self) -> set[str]:
        """The parameters that name a picture which the server loads."""
        return {
            name
            for name, places in self.inputs.items()
            if any(slot == "image" and _loads_image(self.graph[node]) for node, slot in places)
        }

    def loads_files(self) -> bool:
        """True when a node loads a picture, a film or the like from the server's disk."""
        return any(
            "load" in node["class_type"].lower() and _FILES.intersection(node["inputs"]) for node in self.graph.values()
        )

    def digest(self) -> str:
        """Of all that decides what comes of equal parameters."""
        places = sorted((name, list(map(list, where))) for name, where in self.inputs.items())
        return digest_of(json.dumps([self.graph, places, self.output], sort_keys=True).encode())

    def kind(self, name: str) -> tuple[str, str]:
        """(class of the node, input) that takes a parameter; both empty if none does."""
        node, slot = next(iter(self.inputs.get(name, ())), ("", ""))
        return (str(self.graph[node].get("class_type", "")), slot) if node else ("", "")


def load_workflow(path: Path | Traversable, places: Mapping[str, str], output: str = "") -> Workflow:
    """Read a workflow file.

    Args:
        path: of the JSON file.
        places: parameter to `node.input`, several with commas between; these win over what is found.
        output: id of a node, or empty.

    Raises:
        ConfigError: it is no workflow in API format, or a place is not in it.
    """
    try:
        graph = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the workflow {path} cannot be read: {error}.", _HINT) from None
    if isinstance(graph, dict) and "nodes" in graph and "links" in graph:
        raise ConfigError(f"{path} is a workflow for the editor, not for the API.", _HINT)
    if not _is_graph(graph):
        raise ConfigError(f"{path} is no workflow: each node needs class_type and inputs.", _HINT)
    named = {name: tuple(_place(path, graph, name, part) for part in text.split(",")) for name, text in places.items()}
    if output and output not in graph:
        raise ConfigError(f"{path} has no node {output!r}, which is to be the output.", "Name one by its id.")
    return Workflow(graph, {**_found(graph), **named}, output)


def _loads_image(node: Mapping[str, Any]) -> bool:
    return str(node["class_type"]).startswith("LoadImage")


def _is_graph(graph: object) -> bool:
    return (
        isinstance(graph, dict)
        and bool(graph)
        and all(
            isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)
            for node in graph.values()
        )
    )


def _place(path: Path | Traversable, graph: Graph, name: str, text: str) -> Place:
    node, _, slot = text.strip().partition(".")
    if node not in graph or slot not in graph[node]["inputs"]:
        raise ConfigError(f"{path} has no input {text.strip()!r} for {name}.", "Write it as NODE.INPUT, like 6.text.")
    return node, slot


def _found(graph: Graph) -> dict[str, tuple[Place, ...]]:
    """By the links, from the samplers to the texts, the empty picture and the checkpoint; and pictures to be loaded."""
    found: dict[str, tuple[Place, ...]] = {}

    def add(name: str, node: str, slot: str) -> None:
        if slot in graph[node]["inputs"] and (node, slot) not in found.get(name, ()):
            found[name] = (*found.get(name, ()), (node, slot))

    for sampler, node in graph.items():
        inputs = node["inputs"]
        if "Sampler" not in node["class_type"] or "latent_image" not in inputs:
            continue
        for name, slots in _SAMPLER_INPUTS.items():
            for slot in slots:
                if isinstance(inputs.get(slot), Scalar):
                    add(name, sampler, slot)
        guider = graph.get(_source(inputs.get("guider")), {}).get("inputs", {})
        for name, link, slot in _PARTS:
            for part in _upstream(graph, inputs.get(link, guider.get(link)), slot):
                add(name, part, slot)
    # A negative that is made of the prompt, as by ConditioningZeroOut, is none.
    negative = tuple(place for place in found.pop("negative", ()) if place not in found.get("prompt", ()))
    if negative:
        found["negative"] = negative
    loaders = [node for node, known in graph.items() if _loads_image(known) and "image" in known["inputs"]]
    for number, loader in enumerate(loaders, 1):
        add("image" if number == 1 else f"image_{number}", loader, "image")
    return found


def _source(link: object) -> str:
    """The node that a link comes from; empty if it is none."""
    return link[0] if isinstance(link, list) and link and isinstance(link[0], str) else ""


def _upstream(graph: Graph, link: object, slot: str, depth: int = 0) -> Iterator[str]:
    """The nearest nodes behind a link with a plain value in this input."""
    source = _source(link)
    if source not in graph or depth > _DEPTH_MAX:
        return
    inputs = graph[source]["inputs"]
    if isinstance(inputs.get(slot), Scalar):
        yield source
        return
    for behind in inputs.values():
        yield from _upstream(graph, behind, slot, depth + 1)
