"""`verify`: proof that the store has what its records say, and the mending of what it can mend by itself."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from musep2p.cli.show import counted, note, print_json
from musep2p.config import Settings
from musep2p.errors import StoreError, UsageError
from musep2p.store.layout import stored_id
from musep2p.store.sheets import named_folders
from musep2p.store.verify import Verdict, repair_batch, verify_batch

__all__ = ["store_root", "verify"]

_EVERY_S = 0.5


def verify(settings: Settings, name: str, *, repair: bool, as_json: bool) -> int:
    """Verify one batch or all; 0 if all of them are sound, or were mended."""
    root = store_root(settings, "verify")
    folders = named_folders(root, name) if name else _all_folders(root)
    if not folders:
        what = f"the store has no batch {name!r}." if name else "the store has no batch yet."
        raise UsageError(what, f"Its batches are in {root / 'batches'}.")
    checked: dict[str, str] = {}
    verdicts = []
    told = time.monotonic()
    for number, folder in enumerate(folders, 1):
        verdict = verify_batch(root, folder, checked)
        mended = _mend(root, folder, verdict) if repair and verdict.problems else 0
        if mended:
            verdict = verify_batch(root, folder, {})
        verdicts.append((verdict, mended))
        if not as_json:
            _print(verdict, mended)
        if sys.stderr.isatty() and len(folders) > 1 and time.monotonic() - told > _EVERY_S:
            told = time.monotonic()
            note(f"{number} of {len(folders)} batches")
    if as_json:
        print_json([_json(verdict, mended) for verdict, mended in verdicts])
    return 1 if any(verdict.problems for verdict, _ in verdicts) else 0


def store_root(settings: Settings, command: str) -> Path:
    """The store's folder, which a command reads by itself.

    Raises:
        UsageError: none was named.
        StoreError: it is none.
    """
    if settings.store is None:
        raise UsageError(f"{command} reads the store.", "Say where it is with --store or MUSEP2P_STORE.")
    if not stored_id(settings.store):
        raise StoreError(f"{settings.store} is no store of a farm.", "Is the share mounted?")
    return settings.store


def _all_folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in (root / "batches").iterdir() if path.is_dir())
    except OSError:
        return []


def _mend(root: Path, folder: Path, verdict: Verdict) -> int:
    from musep2p.store.layout import self_test
    from musep2p.store.objects import ObjectStore

    try:
        return repair_batch(ObjectStore(root, links=self_test(root)), root, folder, verdict)
    except OSError as error:
        words = f"{error.filename or root}: {error.strerror or error}."
        raise StoreError(words, "The store must be writable, and have room, to be mended.") from None


def _print(verdict: Verdict, mended: int) -> None:
    read = f", {verdict.bytes_read / 1e6:.1f} MB read" if verdict.bytes_read else ""
    missing = verdict.tasks - verdict.results
    more = f"; {counted(missing, 'task has', 'tasks have')} no result yet" if missing > 0 else ""
    repaired = f", {mended} of them mended" if mended else ""
    print(f"{verdict.folder}: {verdict.sound} of {verdict.results} results are sound{repaired}{read}{more}")
    for problem in verdict.problems:
        print(f"  {problem.kind:8}{problem.path}: {problem.what}")
    if any(problem.kind in ("missing", "altered") for problem in verdict.problems):
        note("  what --repair cannot mend is rendered anew by `musep2p submit FILE --again`")


def _json(verdict: Verdict, mended: int) -> dict[str, Any]:
    value = asdict(verdict)
    return {"batch": value.pop("batch"), "name": verdict.folder.rpartition("-")[0], **value, "mended": mended}
