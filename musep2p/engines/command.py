"""`command`: any program as an engine. Which one is a setting of the peer; a batch gives parameters, never a program.

    [engines.command]
    run = ["my-renderer", "--prompt", "{prompt}", "--seed", "{seed}", "--out", "{output}"]

No shell is involved: each text of `run` is one argument, whatever the parameters hold.
"""

from __future__ import annotations

import io
import json
import shutil
import string
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musep2p.core.ids import digest_of
from musep2p.core.recipe import Parameters
from musep2p.engines.options import Options
from musep2p.engines.pictures import as_picture
from musep2p.errors import ConfigError, EngineError
from musep2p.images.decode import PICTURES
from musep2p.ports import Output, Task

__all__ = ["CommandEngine"]

_OUTPUT, _PARAMETERS = "output", "parameters"
_OUTPUT_BYTES_MAX = 512 << 20
_SAID_BYTES = 4000
_EXAMPLE = 'Set it in musep2p.toml: [engines.command] run = ["program", "{prompt}", "{output}"].'


@dataclass(frozen=True, slots=True)
class _Command:
    """As the peer's settings have it.

    Attributes:
        run: the arguments, with placeholders.
        defaults: parameters that a batch may leave out.
        permanent: exit codes that say that no other try can help.
        identity: a name for the program and its version; with it equal work is found by its key.
        ext: of the output file, for programs that judge by it.
    """

    run: tuple[str, ...] = ()
    defaults: tuple[tuple[str, str | int | float | bool], ...] = ()
    permanent: tuple[int, ...] = ()
    identity: str = ""
    ext: str = "png"


class CommandEngine:
    """A program of this machine, run once a task.

    Args:
        settings: the table `engines.command` of the peer's settings.

    Raises:
        ConfigError: they cannot be used.
    """

    name = "command"
    payload = False

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self._command = _read(settings or {})
        self._asked = _placeholders(self._command.run)
        self.keyed = bool(self._command.identity)
        whole = _PARAMETERS in self._asked
        names = self._asked - {_OUTPUT, _PARAMETERS} | {name for name, _ in self._command.defaults}
        self.parameters = None if whole or not self._command.run else frozenset(names)

    @property
    def identity(self) -> str:
        """Of the program as its settings name it, and of the arguments that it gets."""
        arguments = digest_of(json.dumps(self._command.run).encode())
        return f"command/1 {self._command.identity or 'unnamed'} {arguments}"

    def missing(self) -> str:
        """Why nothing can be rendered here: no program is set, or it is not installed."""
        if not self._command.run:
            return f"command: no program is set. {_EXAMPLE}"
        program = self._command.run[0]
        return "" if shutil.which(program) else f"command: there is no program {program!r} here."

    def check(self, parameters: Parameters) -> list[tuple[str, str]]:
        known = self.normalise(parameters)
        lacking = sorted(self._asked - {_OUTPUT, _PARAMETERS} - set(known))
        return [(name, f"command: this machine's program asks for {{{name}}}, and none is given.") for name in lacking]

    def normalise(self, parameters: Parameters) -> Parameters:
        given = {**dict(self._command.defaults), **{k: v for k, v in parameters.items() if k != "engine"}}
        return given if self.parameters is None else {k: v for k, v in given.items() if k in self.parameters}

    def render(self, task: Task) -> Output:
        if problem := self.missing():
            raise EngineError(problem)
        if problems := self.check(dict(task.parameters)):
            raise EngineError(problems[0][1], permanent=True)
        with tempfile.TemporaryDirectory(prefix="musep2p-") as folder:
            output = Path(folder) / f"output.{self._command.ext}"
            self._run(task, output)
            return _read_output(output, self._command.run[0])

    def _run(self, task: Task, output: Path) -> None:
        values: dict[str, object] = {**task.parameters, _OUTPUT: output}
        if _PARAMETERS in self._asked:
            file = output.with_name("parameters.json")
            file.write_text(json.dumps(dict(task.parameters)), "utf-8")
            values[_PARAMETERS] = file
        arguments = [
            part.format_map({name: str(value) for name, value in values.items()}) for part in self._command.run
        ]
        with tempfile.TemporaryFile() as said:
            try:
                code = subprocess.call(
                    arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, cwd=output.parent
                )
            except (OSError, ValueError) as error:
                raise EngineError(f"command: {arguments[0]} cannot be run: {error}.") from None
            if code:
                words = f"command: {arguments[0]} ended with exit code {code}{_last_words(said)}"
                raise EngineError(words, permanent=code in self._command.permanent)


def _read(settings: Mapping[str, Any]) -> _Command:
    options = Options("command", settings)
    run = options.texts("run")
    defaults = options.table("defaults")
    command = _Command(
        run, tuple(sorted(defaults.items())), options.whole_numbers("permanent"), options.text("identity"),
        options.text("ext", "png"),
    )  # fmt: skip
    options.end()
    if not command.ext.isalnum():
        raise ConfigError(f"engines.command: ext cannot be {command.ext!r}.", "Write letters only, like png.")
    if run and _OUTPUT not in _placeholders(run):
        raise ConfigError("engines.command: run has no {output}.", "The program must be told where to write.")
    return command


def _placeholders(run: tuple[str, ...]) -> frozenset[str]:
    found = set[str]()
    for part in run:
        try:
            fields = [(name, form, conversion) for _, name, form, conversion in string.Formatter().parse(part)]
        except ValueError as error:
            raise ConfigError(f"engines.command: {part!r}: {error}.", "A brace itself is written {{ or }}.") from None
        for name, form, conversion in fields:
            if name is not None and (not name.isidentifier() or form or conversion):
                raise ConfigError(f"engines.command: {part!r} has a placeholder that is no name.", "Write {prompt}.")
            found |= {name} if name is not None else set()
    return frozenset(found)


def _read_output(path: Path, program: str) -> Output:
    try:
        size = path.stat().st_size
    except OSError:
        raise EngineError(f"command: {program} ended well, and wrote nothing to {{output}}.") from None
    if not 0 < size <= _OUTPUT_BYTES_MAX:
        raise EngineError(f"command: {program} wrote {size} bytes; 1 to {_OUTPUT_BYTES_MAX >> 20} MB are taken.")
    data, ext = path.read_bytes(), path.suffix[1:]
    try:
        return as_picture(data, f"command: {program}")
    except EngineError:
        if ext in PICTURES.values():
            raise
        return Output(data, ext)  # a film, a sound, a scene: whatever it makes


def _last_words(said: Any) -> str:
    """The last line that the program printed."""
    end = said.seek(0, io.SEEK_END)
    said.seek(max(0, end - _SAID_BYTES))
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()[:500]}" if lines else "."
