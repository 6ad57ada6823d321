"""Every engine against the one interface, and every server against what servers do to each of them."""

import io
import ssl
import threading
import time

import pytest
import trustme
from PIL import Image

from musep2p.engines import http
from musep2p.engines.registry import engine_names
from musep2p.errors import ConfigError, EngineError
from musep2p.images.pixel_hash import pixel_hash
from musep2p.ports import Cancellable, Task
from musep2p.runner.child import classes_of
from tests.engines.a1111_server import title_of
from tests.engines.conformance import CASES
from tests.live.farm import until

PARAMETERS = {"prompt": "a town", "width": 64, "height": 72, "seed": 7}
MOODS = [(name, mood) for name, case in CASES.items() for mood in case.moods]
SERVED = [name for name, case in CASES.items() if case.server and case.served]


class Rig:
    """An engine of a case, with its server."""

    def __init__(self, name, folder):
        self.case = CASES[name]
        self.server = self.case.server() if self.case.server else None
        self.settings = self.case.settings(self.server.url if self.server else "", folder)
        self.engine = self.case.make(self.settings)

    def render(self, attempt=1, engine=None, **more):
        engine = engine or self.engine
        return engine.render(Task(engine.normalise({**PARAMETERS, **more}), attempt, 1.0))

    def misbehave(self, mood):
        """The next render meets it; returns what it shall be given."""
        word = self.case.moods[mood]
        if self.server is None:
            return {"prompt": f"{word}: a town"}
        self.server.moods.append(word)
        return {}

    def close(self):
        if self.server is not None:
            self.server.close()


@pytest.fixture(scope="module")
def certificate():
    """Of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def rig(request, tmp_path):
    made = Rig(request.param, tmp_path)
    yield made
    made.close()


def test_every_engine_is_here():
    """But for those that make nothing, which have tests of their own."""
    assert set(engine_names()) >= {*CASES, "null", "sleep"}
    assert set(engine_names()) - {"null", "sleep"} <= set(CASES), "an engine without a case"


@pytest.mark.parametrize("rig", CASES, indirect=True)
def test_the_interface_holds(rig):
    """Good parameters pass; normalising twice is once, and leaves what the engine does not take."""
    engine = rig.engine
    normal = engine.normalise({**PARAMETERS, "unheard_of": 1})

    assert engine.identity.startswith(engine.name) and engine.missing() == ""
    assert engine.check(PARAMETERS) == []
    assert engine.normalise(normal) == normal
    assert engine.parameters is None or "unheard_of" not in normal
    assert isinstance(engine, Cancellable) or not rig.case.cancels


@pytest.mark.parametrize("rig", CASES, indirect=True)
def test_a_picture_of_the_asked_size_that_its_seed_decides(rig):
    """Whole, with its pixel hash; again the same, and another for another seed; nothing is left from task to task."""
    one, same, other = rig.render(), rig.render(), rig.render(seed=8)
    image = Image.open(io.BytesIO(one.data))

    assert image.size == (64, 72) and one.ext == "png" and one.pixel_hash == pixel_hash(image)
    assert one.data == same.data
    assert one.pixel_hash != other.pixel_hash


@pytest.mark.parametrize(("rig", "mood"), MOODS, indirect=["rig"], ids=lambda value: str(value))
def test_what_goes_wrong_is_an_error_of_one_line(rig, mood, monkeypatch):
    """In the engine's own words and without markup; only what would fail everywhere is permanent; the next is fine."""
    monkeypatch.setattr(http, "_BODY_MAX", 4 << 20)
    with pytest.raises(EngineError) as caught:
        for _ in range(4):  # what is busy for a moment is asked again
            rig.render(**rig.misbehave(mood))
    text = str(caught.value)

    assert rig.case.words.get(mood, "") in text
    assert classes_of(caught.value) == (mood == "parameter", mood == "memory")
    assert "\n" not in text and "<" not in text and text.startswith(f"{rig.engine.name}: ")
    if rig.server is not None:
        rig.server.moods.clear()
    assert rig.render(attempt=2).ext == "png"


@pytest.mark.parametrize("rig", SERVED, indirect=True)
def test_nobody_answers_and_then_somebody_does(rig):
    """A server that is started again is waited for; one that stays away costs an attempt, after its patience."""
    port = int(rig.server.url.rpartition(":")[2])
    rig.server.close()
    with pytest.raises(EngineError, match="nobody answers") as caught:
        rig.render()
    back = []
    timer = threading.Timer(0.7, lambda: back.append(rig.case.server(port)))
    timer.start()
    output = rig.render(engine=rig.case.make({**rig.settings, "patience_s": 30}))
    timer.join()
    back[0].close()

    assert classes_of(caught.value) == (False, True)
    assert output.ext == "png"


@pytest.mark.parametrize("rig", SERVED, indirect=True)
def test_a_certificate_that_is_not_trusted_and_an_address_that_is_none(rig, certificate):
    """One line each, nothing is sent, and no retry is tried in vain; a server without TLS is one that is off."""
    strange = type("Strange", (type(rig.server),), {"tls": certificate})()
    with pytest.raises(EngineError, match=f"^{rig.engine.name}: the certificate of .* is not trusted") as caught:
        rig.render(engine=rig.case.make({**rig.settings, "url": strange.url, "patience_s": 30}))
    strange.close()
    assert caught.value.peer_bound and not strange.logins
    with pytest.raises(EngineError, match=f"{rig.engine.name}: "):
        rig.render(engine=rig.case.make({**rig.settings, "url": rig.server.url.replace("http:", "https:")}))
    with pytest.raises(ConfigError, match="url cannot be"):
        rig.case.make({**rig.settings, "url": "localhost"})


@pytest.mark.parametrize("rig", [name for name, case in CASES.items() if case.wrong], indirect=True)
def test_settings_that_it_does_not_know(rig):
    """Told by name, and without settings what is missing is said."""
    with pytest.raises(ConfigError, match="no option"):
        rig.case.make({**rig.settings, **rig.case.wrong})
    assert rig.case.make(None).missing().startswith(f"{rig.engine.name}: ")
    with pytest.raises(EngineError):
        rig.case.make(None).render(Task(PARAMETERS, 1, 1.0))


@pytest.mark.parametrize("rig", [name for name, case in CASES.items() if case.cancels], indirect=True)
def test_what_is_not_wanted_any_more_is_ended_at_the_server(rig):
    """Soon, and cancelling again, or when nothing runs, does nothing."""
    rig.engine.cancel()
    rig.server.slow_s = 30.0
    began = time.monotonic()
    failed = []

    def render():
        try:
            rig.render()
        except EngineError as error:
            failed.append(error)

    thread = threading.Thread(target=render, daemon=True)
    thread.start()
    until(lambda: _at_work(rig.server), "the server is at it")
    rig.engine.cancel()
    thread.join(15)

    assert not thread.is_alive() and time.monotonic() - began < 20
    assert not any(error.permanent for error in failed)


def _at_work(server):
    """What the server renders now, as each of them calls it."""
    jobs = server.jobs if isinstance(getattr(server, "jobs", None), dict) else {}
    return getattr(server, "active", "") or getattr(server, "running", "") or jobs


LISTED = {
    "a1111": (title_of("dream"), "dream", title_of("photo"), "photo"),
    "comfyui": ("dream.safetensors", "photo.safetensors"),
}


@pytest.mark.parametrize("rig", sorted(LISTED), indirect=True)
def test_a_server_lists_its_models(rig):
    """As it calls them; one that is off is an error, not an empty list."""
    assert rig.engine.models() == LISTED[rig.engine.name]
    rig.server.close()
    with pytest.raises(EngineError):
        rig.engine.models()
