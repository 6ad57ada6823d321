"""Profiles: how a server that renders over HTTP is asked and understood, as data.

A profile is TOML; docs/engines.md has its tables. Places in JSON are written with dots, `images.0.url`.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from musep2p.engines.options import Options
from musep2p.errors import ConfigError

__all__ = [
    "Job", "Profile", "addresses_in", "at_place", "filled", "load_profile", "looks_like_picture", "picture_of",
    "pictures_in", "read_profile",
]  # fmt: skip

Scalar = str | int | float | bool
_PLACE = re.compile(r"[^.\s]+(\.[^.\s]+)*")
_DEPTH_MAX = 8
_TEXT_MIN = 60  # characters that the smallest picture takes in base64
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_ADDRESS = re.compile(r"[^\s<>]{1,2000}\.(png|jpe?g|webp)(\?\S{0,2000})?", re.IGNORECASE)
_PERMANENT = ("400 *", "413 *", "422 *")


@dataclass(frozen=True, slots=True)
class Job:
    """For servers that answer at once and render later.

    Attributes:
        id: place of the job's id in the answer.
        get: the path at which it is asked for, with `{id}`.
        state: place of its state.
        done, failed: states in which it is through.
        cancel: the path that ends it by POST, or empty.
    """

    id: str
    get: str
    state: str
    done: tuple[str, ...]
    failed: tuple[str, ...]
    cancel: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of server.

    Attributes:
        post: the path that renders; empty when it has to be looked for.
        fields: parameter to place in the body; `size` stands for WIDTHxHEIGHT.
        defaults: of parameters that a batch may leave out.
        constants: place in the body to value.
        image: places at which the answer may have the picture; none: wherever it is.
        model: place of the name of the model that made it, or empty.
        error: place of an error in an answer of 200, or empty.
        known_get, known: a path, and parameter to place there, where a list or a name says what the server has; what
            is named and not there is left to another peer, since some servers take it and do something else.
        permanent, elsewhere: patterns of `STATUS words`: no other try can help; another peer may.
    """

    post: str
    fields: tuple[tuple[str, str], ...]
    defaults: tuple[tuple[str, Scalar], ...]
    constants: tuple[tuple[str, Scalar], ...]
    image: tuple[str, ...]
    model: str
    error: str
    known_get: str
    known: tuple[tuple[str, str], ...]
    permanent: tuple[str, ...]
    elsewhere: tuple[str, ...]
    job: Job | None

    def is_permanent(self, status: int, words: str) -> bool:
        """True when this answer says that the same task would fail anywhere."""
        line = f"{status} {words}".lower()
        return _fits(line, self.permanent) and not _fits(line, self.elsewhere)

    def is_elsewhere(self, status: int, words: str) -> bool:
        """True when this answer says that another peer may do it, and this one cannot."""
        return _fits(f"{status} {words}".lower(), self.elsewhere)

    def with_more(self, post: str, fields: Mapping[str, Scalar], constants: Mapping[str, Scalar]) -> Profile:
        """The same with what a machine's settings add."""
        more = {name: str(place) for name, place in fields.items()}
        return replace(
            self, post=post or self.post, fields=_sorted({**dict(self.fields), **more}),
            constants=_sorted({**dict(self.constants), **constants}),
        )  # fmt: skip


def load_profile(path: Path, engine: str) -> Profile:
    """The profile in a file.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"engines.{engine}: the profile {path} cannot be read: {error}.") from None
    return read_profile(text, f"{engine} ({path.name})")


def read_profile(text: str, whose: str) -> Profile:
    """The profile that a TOML text describes.

    Raises:
        ConfigError: it describes none.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"engines.{whose}: that is no TOML: {error}.", "See docs/engines.md.") from None
    inner = {name: tables.pop(name, {}) for name in ("answer", "errors", "job", "known")}
    for name, table in inner.items():
        if not isinstance(table, dict):
            raise ConfigError(f"engines.{whose}: {name} must be a table.", "See docs/engines.md.")
    top = Options(whose, tables)
    answer, errors, known = (Options(f"{whose}: {name}", inner[name]) for name in ("answer", "errors", "known"))
    fields = {name: str(place) for name, place in top.table("fields").items()}
    profile = Profile(
        top.text("post"), _sorted(fields), _sorted(top.table("defaults")),
        _sorted(top.table("constants")), answer.texts("image"), answer.text("model"), answer.text("error"),
        known.text("get"), _sorted(known.table("places")),
        errors.texts("permanent") or _PERMANENT, errors.texts("elsewhere"), _job(whose, inner["job"]),
    )  # fmt: skip
    for options in (top, answer, errors, known):
        options.end()
    _check(profile, whose)
    return profile


def filled(places: Mapping[str, Scalar]) -> dict[str, Any]:
    """A body with each value at its place: `{"a.b": 1}` becomes `{"a": {"b": 1}}`."""
    body: dict[str, Any] = {}
    for place, value in places.items():
        *outer, last = place.split(".")
        table = body
        for name in outer:
            table = table.setdefault(name, {})
        table[last] = value
    return body


def at_place(said: Any, place: str) -> Any:
    """What JSON has at a place; None if it has none there."""
    for part in place.split("."):
        if isinstance(said, Mapping):
            said = said.get(part)
        elif isinstance(said, Sequence) and not isinstance(said, str) and part.isdigit() and int(part) < len(said):
            said = said[int(part)]
        else:
            return None
    return said


def pictures_in(said: Any, depth: int = 0) -> Iterator[bytes]:
    """The pictures in base64, with or without a data prefix, anywhere in JSON."""
    if isinstance(said, str):
        if len(said) >= _TEXT_MIN and (data := picture_of(said)):
            yield data
    elif depth < _DEPTH_MAX:
        inner = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
        for part in inner:
            yield from pictures_in(part, depth + 1)


def addresses_in(said: Any, depth: int = 0) -> Iterator[str]:
    """The texts anywhere in JSON that look like the address of a picture."""
    if isinstance(said, str):
        if _ADDRESS.fullmatch(said):
            yield said
    elif depth < _DEPTH_MAX:
        inner = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
        for part in inner:
            yield from addresses_in(part, depth + 1)


def picture_of(text: str) -> bytes:
    """The bytes of a picture in base64; none if it is no base64, or of no picture."""
    try:
        data = base64.b64decode(text.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if looks_like_picture(data) else b""


def looks_like_picture(data: bytes) -> bool:
    """True when the first bytes are those of a picture's format."""
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:12] == b"ftypavif"


def _job(whose: str, table: Mapping[str, Any]) -> Job | None:
    if not table:
        return None
    options = Options(f"{whose}: job", table)
    job = Job(
        options.text("id"), options.text("get"), options.text("state"), options.texts("done"),
        options.texts("failed"), options.text("cancel"),
    )  # fmt: skip
    options.end()
    if not (job.id and job.state and job.done and "{id}" in job.get):
        raise ConfigError(f"engines.{whose}: job needs id, get with {{id}}, state and done.", "See docs/engines.md.")
    return job


def _check(profile: Profile, whose: str) -> None:
    if not profile.fields:
        raise ConfigError(f"engines.{whose}: fields is missing: which parameter goes where?", "See docs/engines.md.")
    of_job = (profile.job.get, profile.job.cancel) if profile.job else ()
    for path in (profile.post, profile.known_get, *of_job):
        if path and not path.startswith("/"):
            raise ConfigError(f"engines.{whose}: {path!r} is no path.", "Paths begin with /.")
    places = [place for _, place in profile.fields] + [place for place, _ in profile.constants] + [*profile.image]
    wrong = next((place for place in places if not _PLACE.fullmatch(place)), None)
    if wrong is not None:
        raise ConfigError(f"engines.{whose}: {wrong!r} is no place in JSON.", "Write it with dots, images.0.url.")


def _fits(line: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(line, pattern.lower()) for pattern in patterns)


def _sorted(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))
