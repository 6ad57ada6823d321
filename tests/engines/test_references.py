"""Pictures that a batch hands to ComfyUI: read from one folder, uploaded, and no other file of the machine."""

import json
import threading

import pytest

from musep2p.engines.comfyui import ComfyUIEngine
from musep2p.engines.references import is_reference
from musep2p.engines.workflow import load_workflow
from musep2p.errors import EngineError
from musep2p.ports import Task
from tests.engines.comfy_server import WORKFLOW, ComfyServer
from tests.engines.servers import rendered

LOADS = {
    **WORKFLOW,
    "10": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "11": {"class_type": "VAEEncode", "inputs": {"pixels": ["10", 0], "vae": ["4", 2]}},
}


@pytest.fixture
def server():
    made = ComfyServer()
    yield made
    made.close()


@pytest.fixture
def workflow(tmp_path):
    path = tmp_path / "workflow_api.json"
    path.write_text(json.dumps(LOADS))
    return path


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "references"
    (made / "rooms").mkdir(parents=True)
    (made / "rooms/Zürich 1.png").write_bytes(rendered(32, 32, 3))
    (made / "b.png").write_bytes(rendered(32, 32, 4))
    (made / "empty.png").touch()
    (tmp_path / "references-private").mkdir()
    (tmp_path / "references-private/c.png").write_bytes(rendered(32, 32, 5))
    (tmp_path / "secret.txt").write_text("key")
    (made / "link.png").symlink_to(tmp_path / "secret.txt")
    return made


@pytest.fixture
def engine(server, workflow, folder):
    return ComfyUIEngine({"url": server.url, "workflow": str(workflow), "images": str(folder), "patience_s": 5})


def render(engine, **more):
    parameters = {"prompt": "a town", "width": 64, "height": 64, "seed": 7, "steps": 3, **more}
    return engine.render(Task(engine.normalise(parameters), 1, 1.0))


def test_a_picture_is_uploaded_and_loaded(engine, server):
    """The pictures differ, and are the same again for the same one; the server's own needs no upload."""
    own = render(engine)
    assert list(server.inputs) == ["example.png"]
    made = [render(engine, image=name) for name in ("rooms/Zürich 1.png", "b.png", "rooms/Zürich 1.png")]

    assert len({output.pixel_hash for output in (own, *made)}) == 3
    assert made[0].pixel_hash == made[2].pixel_hash
    names = sorted(server.inputs)
    assert len(names) == 3 and all(name.startswith("musep2p-") and name.endswith(".png") for name in names[1:])


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [
        ("nothing.png", "cannot be read", "peer_bound"),
        ("../secret.txt", "is not in", "permanent"),
        ("../references-private/c.png", "is not in", "permanent"),
        ("link.png", "is not in", "permanent"),
        ("/etc/hostname", "is not in", "permanent"),
        ("empty.png", "is empty", "permanent"),
        ("rooms", "rooms", "peer_bound"),
    ],
)
def test_what_cannot_be_handed_in(engine, server, name, said, kind):
    """One line and the right class; nothing else of this machine leaves it."""
    with pytest.raises(EngineError, match=said) as raised:
        render(engine, image=name)

    assert not kind or getattr(raised.value, kind)
    assert list(server.inputs) == ["example.png"] and not server.posted("/prompt")


def test_a_server_that_takes_no_picture(engine, server):
    """It says so."""
    server.moods = ["no upload"]
    with pytest.raises(EngineError, match=r"did not take the picture 'b\.png'"):
        render(engine, image="b.png")


@pytest.mark.parametrize(("mood", "place"), [("its own folder", "clients/musep2p-"), ("its own name", "musep2p-")])
def test_a_server_that_puts_pictures_where_it_likes(engine, server, mood, place):
    """The answer says where it is, and that is what the workflow loads."""
    server.moods = [mood]
    assert render(engine, image="b.png").ext == "png"
    (given,) = server.posted("/prompt")
    loaded = given["prompt"]["10"]["inputs"]["image"]

    assert loaded.startswith(place) and loaded.endswith(" (1)") and loaded in server.inputs


def test_a_picture_that_the_server_has_lost_again(engine, server):
    """Its owner cleared the folder: another machine may do it, and this one next time."""
    server.moods = ["loses it"]
    with pytest.raises(EngineError, match="custom validation failed") as raised:
        render(engine, image="b.png")
    assert raised.value.peer_bound and render(engine, image="b.png").ext == "png"


def test_pictures_that_are_too_large(engine, server, monkeypatch):
    """No server waits for gigabytes."""
    monkeypatch.setattr("musep2p.engines.references._BYTES_MAX", 100)
    with pytest.raises(EngineError, match="larger than"):
        render(engine, image="b.png")
    assert list(server.inputs) == ["example.png"]


def test_without_a_folder(server, workflow):
    """What to set is said; another machine may have it."""
    engine = ComfyUIEngine({"url": server.url, "workflow": str(workflow)})
    with pytest.raises(EngineError, match="no folder for that is set") as raised:
        render(engine, image="b.png")

    assert raised.value.peer_bound and "images =" in raised.value.hint


def test_several_loaders_have_names_of_their_own(tmp_path):
    """The first is `image`; a workflow without one has none."""
    path = tmp_path / "two_api.json"
    path.write_text(json.dumps({**LOADS, "12": {"class_type": "LoadImageMask", "inputs": {"image": "m.png"}}}))

    assert load_workflow(path, {}).images() == {"image", "image_2"}
    assert load_workflow(path, {"mask": "12.image"}).images() == {"image", "image_2", "mask"}
    path.write_text(json.dumps(WORKFLOW))
    assert load_workflow(path, {}).images() == set()


def test_equal_work_by_a_name_for_what_renders(server, workflow, tmp_path):
    """Only where the user says what renders, and never where pictures are handed in, which may change."""
    plain = tmp_path / "plain_api.json"
    plain.write_text(json.dumps(WORKFLOW))
    kinds = [
        ComfyUIEngine({"url": server.url, "workflow": str(path), **named})
        for path in (plain, workflow)
        for named in ({}, {"identity": "sdxl on 4090"})
    ]

    assert [engine.keyed for engine in kinds] == [False, True, False, False]
    assert len({engine.identity for engine in kinds}) == 4


def test_a_picture_named_as_the_workflows_own_is_handed_in_all_the_same(engine, server, folder):
    """It is in the folder; the server may have another one of that name, or none."""
    own = render(engine)
    (folder / "example.png").write_bytes(rendered(32, 32, 9))

    assert render(engine).pixel_hash != own.pixel_hash
    assert len(server.inputs) == 2 and server.inputs["example.png"] == b"example"


def test_a_server_that_is_started_again_is_waited_for_with_the_picture(workflow, folder):
    """As with anything else that it is asked."""
    server = ComfyServer()
    port = int(server.url.rpartition(":")[2])
    engine = ComfyUIEngine({"url": server.url, "workflow": str(workflow), "images": str(folder), "patience_s": 20})
    server.close()
    made = []
    waiting = threading.Thread(target=lambda: made.append(render(engine, image="b.png")))
    waiting.start()
    again = ComfyServer(port)
    waiting.join(20)
    again.close()
    assert made and len(again.inputs) == 2


def test_what_is_handed_in_is_in_the_folder(folder):
    """And nothing else is asked for there."""
    names = ("b.png", "rooms/Zürich 1.png", "../secret.txt", "link.png", "rooms", "nothing.png")
    assert [is_reference(str(folder), name) for name in names] == [True, True, False, False, False, False]
    assert not is_reference("", "b.png")


def test_what_decides_the_picture_is_in_the_identity(server, tmp_path):
    """Output, places of the inputs, the graph itself; and films that the server loads may change."""
    path = tmp_path / "plain_api.json"
    path.write_text(json.dumps(WORKFLOW))
    swapped = {"prompt": "7.text", "negative": "6.text"}
    kinds = [
        ComfyUIEngine({"url": server.url, "workflow": str(path), "identity": "x", **more})
        for more in ({}, {"output": "9"}, {"inputs": swapped})
    ]
    assert len({engine.identity for engine in kinds}) == 3 and all(engine.keyed for engine in kinds)
    film = {"class_type": "VHS_LoadVideo", "inputs": {"video": "a.mp4"}}
    path.write_text(json.dumps({**WORKFLOW, "14": film}))
    assert not ComfyUIEngine({"url": server.url, "workflow": str(path), "identity": "x"}).keyed
