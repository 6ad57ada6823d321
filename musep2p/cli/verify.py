"""`verify`: proof that the store has what its records say, and the mending of what is wrong.

What neither the store nor a peer has the bytes of is rendered again: a running peer withdraws its records.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from musep2p.cli.client import PeerClient, find_peer
from musep2p.cli.holders import Holders
from musep2p.cli.show import counted, note, print_json
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import BatchId
from musep2p.core.records import Entry
from musep2p.errors import MuseError, StoreError, UsageError
from musep2p.store.layout import stored_id
from musep2p.store.sheets import named_folders
from musep2p.store.verify import Verdict, naming, repair_batch, set_aside, verify_batch, withdrawn_for_good

__all__ = ["store_root", "verify"]

_EVERY_S = 0.5
_ALIKE_SHOWN = 20
_WITHDRAW_S = 30.0  # the store and two guardians take part in the answer


def verify(settings: Settings, name: str, *, repair: bool, as_json: bool) -> int:
    """Verify one batch or all; 0 if all of them are sound, or were mended."""
    root = store_root(settings, "verify")
    folders = named_folders(root, name) if name else _all_folders(root)
    if not folders:
        what = f"the store has no batch {name!r}." if name else "the store has no batch yet."
        raise UsageError(what, f"Its batches are in {root / 'batches'}.")
    checked: dict[str, str] = {}
    verdicts: list[tuple[Verdict, int]] = []
    gone: set[str] = set()
    told = time.monotonic()
    peers = _Peers(settings)
    for number, folder in enumerate(folders, 1):
        verdict, mended = verify_batch(root, folder, checked), 0
        if repair and verdict.problems:
            verdict, mended, wrong = _mend(root, folder, verdict, peers)
            gone |= wrong
        verdicts.append((verdict, mended))
        if not as_json:
            _print(verdict, mended)
        if sys.stderr.isatty() and len(folders) > 1 and time.monotonic() - told > _EVERY_S:
            told = time.monotonic()
            note(f"{number} of {len(folders)} batches")
    lacking = {verdict.folder for verdict, _ in verdicts if repair and verdict.results < verdict.tasks}
    again = _render_again(peers, root, gone, lacking) if gone or lacking else {}
    peers.close()
    if as_json:
        print_json([_json(verdict, mended, again) for verdict, mended in verdicts])
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


class _Peers:
    """The farm, looked for when it is needed first; nothing is wrong if nobody is there."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._sought = settings, False
        self._client: PeerClient | None = None
        self._holders: Holders | None = None

    def client(self) -> PeerClient | None:
        """Of a running peer."""
        if not self._sought:
            self._sought, self._client = True, find_peer(self._settings)
        return self._client

    def picture(self, batch: BatchId, entry: Entry) -> bytes | None:
        """What a peer still has on its own disk."""
        client = self.client()
        if self._holders is None and client is not None:
            with contextlib.suppress(MuseError):
                self._holders = Holders(client, self._settings.farm_name)
        found = self._holders.fetch(batch, entry.index, entry.digest) if self._holders is not None else None
        if found is None:
            return None
        note(f"the picture of task {entry.index} comes from {found[2]}")
        return found[1]

    def close(self) -> None:
        """Nobody is asked any more."""
        if self._holders is not None:
            self._holders.close()
        if self._client is not None:
            self._client.close()


def _mend(root: Path, folder: Path, verdict: Verdict, peers: _Peers) -> tuple[Verdict, int, set[str]]:
    """What is wrong after mending, how many results were mended, and the objects that nobody has the bytes for."""
    from musep2p.store.layout import self_test
    from musep2p.store.objects import ObjectStore

    try:
        store = ObjectStore(root, links=self_test(root))
        mended = repair_batch(store, root, folder, verdict, peers.picture)
        verdict = verify_batch(root, folder, {}) if mended else verdict
        return verdict, mended, set_aside(store, root, folder, verdict)
    except OSError as error:
        words = f"{error.filename or root}: {error.strerror or error}."
        raise StoreError(words, "The store must be writable, and have room, to be mended.") from None


def _render_again(peers: _Peers, root: Path, gone: set[str], lacking: set[str]) -> dict[str, int]:
    """Have a peer withdraw what must be rendered again; returns how many records, by batch.

    Args:
        peers: of the farm.
        root: of the store.
        gone: objects that nobody has; every record that names one, of whatever batch, is withdrawn.
        lacking: folders of batches without a result of some task; what was withdrawn there is told once more.
    """
    withdrawn: dict[str, int] = {}
    for folder in _all_folders(root):
        batch, records = naming(root, folder, gone)
        records += withdrawn_for_good(root, folder) if folder.name in lacking else []
        if not records:
            continue
        client = peers.client()
        name = folder.name.rpartition("-")[0]
        lost = counted(len({index for _, index in records}), "picture has", "pictures have")
        if client is None:
            note(f"{lost} to be rendered again in {name}: start a peer with `musep2p join`, then say --repair again")
            continue
        try:
            for at in range(0, len(records), r.WITHDRAWALS_MAX):
                ask = r.WithdrawAsk(batch, tuple(records[at : at + r.WITHDRAWALS_MAX]))
                client.ask(ask, r.Withdrawn, _WITHDRAW_S)
                withdrawn[batch] = withdrawn.get(batch, 0) + len(ask.records)
            note(f"{lost} to be rendered again in {name}, and the farm does so: `musep2p watch {batch[:8]}`")
        except MuseError as error:
            note(f"{lost} to be rendered again in {name}: {error}")
            if getattr(error, "code", "") == "batch":
                note(f"  no peer knows {name} any more: submit its file again")
    return withdrawn


def _print(verdict: Verdict, mended: int) -> None:
    read = f", {verdict.bytes_read / 1e6:.1f} MB read" if verdict.bytes_read else ""
    missing = verdict.tasks - verdict.results
    more = f"; {counted(missing, 'task has', 'tasks have')} no result yet" if missing > 0 else ""
    repaired = f", {mended} of them mended" if mended else ""
    print(f"{verdict.folder}: {verdict.sound} of {verdict.results} results are sound{repaired}{read}{more}")
    for problem in verdict.problems:
        print(f"  {problem.kind:8}{problem.path}: {problem.what}")
    for first, index in verdict.alike[:_ALIKE_SHOWN]:
        print(
            f"  alike   the pictures of tasks {first} and {index}, though the tasks differ: did the engine heed them?"
        )
    if len(verdict.alike) > _ALIKE_SHOWN:
        print(f"  alike   and {len(verdict.alike) - _ALIKE_SHOWN} more")


def _json(verdict: Verdict, mended: int, again: dict[str, int]) -> dict[str, Any]:
    value = asdict(verdict)
    name = verdict.folder.rpartition("-")[0]
    withdrawn = again.get(verdict.batch, 0)
    return {"batch": value.pop("batch"), "name": name, **value, "mended": mended, "withdrawn": withdrawn}
