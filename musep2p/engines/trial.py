"""One test picture by an engine at an address, with this machine's settings for it or those that were found out."""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass

from musep2p.config import load_settings
from musep2p.core.ids import digest_of
from musep2p.core.recipe import Parameters
from musep2p.core.recipe.checks import OFF, thresholds
from musep2p.engines.pictures import size_of
from musep2p.engines.recognise import Recognised
from musep2p.engines.registry import make_engine
from musep2p.errors import ConfigError, EngineError
from musep2p.ports import Engine, Output, Task

__all__ = ["Trial", "look_of", "render_test", "try_out"]

_TEST: Parameters = {
    "prompt": "a lighthouse at dawn", "negative": "", "width": 128, "height": 128, "steps": 4, "seed": 1,
}  # fmt: skip

_LENIENT = (("noise", OFF), ("grey", OFF))


@dataclass(frozen=True, slots=True)
class Trial:
    """A picture that was rendered: its bytes, its size in pixels, and the seconds that it took."""

    data: bytes
    width: int
    height: int
    seconds: float


def try_out(one: Recognised) -> Trial:
    """Render one picture there.

    Raises:
        EngineError: it renders none.
        ConfigError: the settings cannot be used.
    """
    own = load_settings({}).engines.get(one.engine)
    if own is None:
        if not (one.ready or one.can_be_tried):
            raise ConfigError("its settings must be completed first.")
        own = tomllib.loads("\n".join(one.settings))
    engine = make_engine(one.engine, {**own, "url": one.url})
    began = time.monotonic()
    output = render_test(engine)
    return Trial(output.data, *size_of(output), time.monotonic() - began)


def look_of(output: Output) -> str:
    """What a look group has in common: the pixels of its test picture, in twelve hexadecimal digits."""
    return digest_of((output.pixel_hash or digest_of(output.data)).encode())[:12]


def render_test(engine: Engine, model: str = "", *, strict: bool = True) -> Output:
    """One small picture by an engine, with its usual model or another one, looked at as results are.

    Unless that is `strict`, noise passes: what some batches ask for.

    Raises:
        EngineError: there is none, or it is none that would count.
    """
    asked = {**_TEST, "model": model} if model else _TEST
    output = engine.render(Task(engine.normalise(asked), 2, 1.0))  # a second attempt is answered from no cache
    if output.pixel_hash:
        from musep2p.images.decode import decoded
        from musep2p.images.gate import refusal

        try:
            image, _ = decoded(output.data)
        except ValueError as error:
            raise EngineError(f"{engine.name}: the test picture is damaged: {error}.") from None
        reason = refusal(image, thresholds(() if strict else _LENIENT), None)
        if reason:
            raise EngineError(f"{engine.name}: the gate refused the test picture: {reason}.")
    return output
