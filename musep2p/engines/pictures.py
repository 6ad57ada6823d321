"""From the bytes that an engine gave to an output that is a picture."""

from __future__ import annotations

from musep2p.errors import EngineError
from musep2p.images.decode import decoded
from musep2p.images.pixel_hash import pixel_hash
from musep2p.ports import Output

__all__ = ["as_picture", "size_of"]


def as_picture(data: bytes, whose: str) -> Output:
    """The picture in its own format, known by its pixels.

    Args:
        data: what was given.
        whose: the engine, for messages.

    Raises:
        EngineError: it is no picture that can be decoded whole.
    """
    try:
        image, ext = decoded(data)
    except ValueError as error:
        raise EngineError(f"{whose}: what it gave is no picture: {error}.") from None
    return Output(data, ext, pixel_hash(image))


def size_of(output: Output) -> tuple[int, int]:
    """Width and height of an output that is a picture.

    Raises:
        ValueError: it is none.
    """
    return decoded(output.data)[0].size
