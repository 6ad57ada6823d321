"""Keys of engines: from the environment, or from a file that nobody else can read; never from settings themselves."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from musep2p.engines.options import Options
from musep2p.errors import ConfigError, EngineError

__all__ = ["Secret"]


class Secret:
    """A key, read anew each time it is needed.

    Args:
        engine: its name, for messages.
        options: with `NAME_env`, the name of an environment variable, or `NAME_file`, a file with mode 0600.
        name: of the secret: `key`, `login`.

    Raises:
        ConfigError: both are given.
    """

    def __init__(self, engine: str, options: Options, name: str) -> None:
        self._engine = engine
        self._variable, self._file = options.text(f"{name}_env"), options.text(f"{name}_file")
        if self._variable and self._file:
            raise ConfigError(f"engines.{engine}: give {name}_env or {name}_file, not both.")

    def read(self) -> str:
        """The key; empty if none is set.

        Raises:
            EngineError: the variable is not set, or the file cannot be read or can be read by others.
        """
        if self._variable:
            if not os.environ.get(self._variable):
                words = f"{self._engine}: the variable {self._variable} is not set for this peer."
                raise EngineError(words, peer_bound=True)
            return os.environ[self._variable].strip()
        return self._from_file(Path(self._file).expanduser()) if self._file else ""

    def _from_file(self, path: Path) -> str:
        try:
            mode = path.stat().st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise EngineError(f"{self._engine}: others can read {path}.", f"chmod 600 {path}", peer_bound=True)
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            words = f"{self._engine}: the key in {path} cannot be read: {error}."
            raise EngineError(words, peer_bound=True) from None
