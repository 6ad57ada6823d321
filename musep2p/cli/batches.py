"""`status`, `watch`, `results`, and `cancel`, `pause`, `resume`, `retry`: a batch from the outside."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musep2p.cli.client import PeerClient, find_peer, no_peers
from musep2p.cli.show import Progress, note, print_json, print_json_rows, status_line
from musep2p.config import Settings
from musep2p.core import requests as r
from musep2p.core.ids import short
from musep2p.errors import NoPeersError, StoreError, UsageError
from musep2p.store.sheets import PICTURE_SUFFIXES, named_folders

__all__ = [
    "ANSWERED_S",
    "EXIT_CODES",
    "Picture",
    "Wanted",
    "command",
    "follow",
    "picture_of",
    "results",
    "status",
    "status_json",
    "wanted_of",
    "watch",
]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a whole batch: a contact sheet, or a grid if axes are named.

    Attributes:
        axes: two or three names; none for a contact sheet.
        fixed: values of other axes.
        target: the file; None for one named after the batch, in the present folder.
    """

    axes: tuple[str, ...] = ()
    fixed: dict[str, str] = field(default_factory=dict)
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results are asked for.

    Attributes:
        start, stop: indices; to the end if `stop` is 0.
        failed: only tasks that failed.
        peer: only those that this peer made, by name or the beginning of its id.
    """

    start: int = 0
    stop: int = 0
    failed: bool = False
    peer: str = ""


_SAID = {
    "cancel": "is cancelled; what is safe stays",
    "pause": "is paused; what runs is finished",
    "resume": "goes on",
    "retry": "goes on: what failed is tried again",
}
_ENDED = {"done", "failed", "cancelled"}
EXIT_CODES = {"done": 0, "failed": 1, "cancelled": 4}
ANSWERED_S = 30.0  # a command is durable in several places before it is answered


def status(settings: Settings, name: str, *, as_json: bool) -> int:
    """How far batches are."""
    client = _need_peer(settings)
    try:
        answer = client.ask(r.StatusAsk(name), r.StatusList)
    finally:
        client.close()
    if as_json:
        rows = [status_json(batch) for batch in answer.batches]
        print_json(rows[0] if name else rows)
        return 0
    for batch in answer.batches:
        print(status_line(batch))
    if not answer.batches:
        note("no batch is known here yet; `musep2p submit batch.yaml` makes one")
    return 0


def watch(settings: Settings, name: str, *, as_json: bool) -> int:
    """Follow a batch to its end."""
    client = _need_peer(settings)
    try:
        ended = follow(client, name, settings)
    finally:
        client.close()
    if as_json:
        print_json(status_json(ended))
    return EXIT_CODES[ended.state]


def command(settings: Settings, name: str, word: r.Word, *, as_json: bool) -> int:
    """Cancel, pause, resume or retry a batch, at whichever peer answers."""
    client = _need_peer(settings)
    try:
        answer = client.ask(r.CommandAsk(name, word), r.Accepted, ANSWERED_S)
    finally:
        client.close()
    changed = answer.copies > 0
    if as_json:
        print_json({"batch": answer.batch, "command": word, "changed": changed, "copies": answer.copies})
    note(f"batch {short(answer.batch)} {_SAID[word]}" if changed else f"batch {short(answer.batch)}: {answer.note}")
    return 0


def wanted_of(*, indices: str, failed: bool, made_by: str) -> Wanted:
    """Which results are asked for: `7`, `100-199`, `100-`.

    Raises:
        UsageError: these are no indices.
    """
    first, dash, last = indices.partition("-")
    if not indices:
        return Wanted(failed=failed, peer=made_by)
    if not first.isdecimal() or (last and not last.isdecimal()) or (last and int(last) < int(first)):
        raise UsageError(f"--index {indices!r} is no range.", "Write it like 7, 100-199 or 100-.")
    stop = 0 if dash and not last else int(last or first) + 1
    return Wanted(int(first), stop, failed, made_by)


def picture_of(*, sheet: bool, grid: str, where: list[str], out: Path | None) -> Picture | None:
    """What `results` is asked to draw; None for nothing.

    Raises:
        UsageError: options that do not go together, or say nothing that can be drawn.
    """
    axes = tuple(name.strip() for name in grid.split(",") if name.strip())
    if grid and len(axes) not in (2, 3):
        raise UsageError(f"--grid wants two or three axes, not {grid!r}.", "For example --grid steps,guidance,seed.")
    if sheet and grid:
        raise UsageError("--sheet and --grid are two pictures.", "Ask for one at a time.")
    if not sheet and not grid:
        if where or out:
            raise UsageError("--where and --out go with --grid or --sheet.", "Say which of them to draw.")
        return None
    if out is not None and out.suffix.lower() not in PICTURE_SUFFIXES:
        raise UsageError(f"--out: {str(out)!r} is no picture's name.", f"End it in {', '.join(PICTURE_SUFFIXES)}.")
    fixed = dict(part.partition("=")[::2] for part in where)
    if (sheet and fixed) or not all("=" in part for part in where):
        raise UsageError("--where wants AXIS=VALUE, with --grid.", "For example --where city=Kyoto.")
    return Picture(axes, {name.strip(): value.strip() for name, value in fixed.items()}, out)


def results(
    settings: Settings, name: str, wanted: Wanted, *, zip_path: Path | None, picture: Picture | None, as_json: bool
) -> int:
    """List the results of a batch; take the pictures along, or draw them all on one picture instead."""
    if picture is not None:
        drawn = _draw(settings, name, picture)
        note(f"{drawn['file']}: {drawn['width']}x{drawn['height']} pixels")
        if as_json:
            print_json(drawn)
        return 0
    rows = _rows(settings, name, wanted)
    if zip_path is not None:
        rows = _zipped(settings, rows, zip_path)
    if as_json:
        print_json_rows(rows)
    else:
        for row in rows:
            print(f"{row['index']:>7}  {row['digest'][:16]:16}  {row['path'] or row.get('failed', '')}")
    return 0


def _rows(settings: Settings, name: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """One row after the other, as the peer gives them: a million never lie in memory."""
    client = _need_peer(settings)
    try:
        peers = {peer.id for peer in client.ask(r.PeersAsk(), r.PeersAnswer).peers if peer.name == wanted.peer}
        for page in client.results(name, start=wanted.start, stop=wanted.stop, failed=wanted.failed):
            for row in page.rows:
                if not wanted.peer or row.peer in peers or row.peer.startswith(wanted.peer):
                    yield _result_row(row)
    finally:
        client.close()


def _draw(settings: Settings, name: str, picture: Picture) -> dict[str, Any]:
    """Draw a contact sheet or a grid from the store; what was drawn, as JSON."""
    from musep2p.store.sheets import BatchFolder, write_picture

    option = "--grid" if picture.axes else "--sheet"
    if settings.store is None:
        raise UsageError(
            f"{option} reads the pictures from the store.", "Say where it is with --store or MUSEP2P_STORE."
        )
    folder = BatchFolder(_folder_of(settings, settings.store, name))
    target = picture.target or Path(f"{folder.name}-{'grid' if picture.axes else 'sheet'}.png")
    image = folder.grid(picture.axes, picture.fixed) if picture.axes else folder.contact_sheet()
    try:
        write_picture(image, target, folder.note)
    except OSError as error:
        raise StoreError(
            f"{target} could not be written: {error.strerror or error}.", "Name another file with --out."
        ) from None
    return {"file": str(target), "width": image.width, "height": image.height, "axes": list(picture.axes)}


def _folder_of(settings: Settings, store: Path, name: str) -> Path:
    """The batch's folder: the store is enough for a name or an id, `last` is known to peers."""
    found = named_folders(store, name)
    if len(found) == 1:
        return found[0]
    shown = next((row["path"] for row in _rows(settings, name, Wanted()) if row["path"]), "")
    if not shown:
        raise UsageError("the batch has no pictures yet.", "`musep2p status` says how far it is.")
    return (store / shown).parent.parent


def status_json(batch: r.BatchStatus) -> dict[str, Any]:
    """The documented fields of a batch's status."""
    names = (
        "batch", "name", "state", "total", "done", "failed", "skipped", "safe", "running", "queued", "guardian",
        "seconds_left", "seconds_left_max", "peers", "reason", "seconds", "again",
    )  # fmt: skip
    return {name: getattr(batch, name) for name in names}


def follow(client: PeerClient, name: str, settings: Settings | None) -> r.BatchStatus:
    """Follow a batch to its end; if the peer that we ask is gone, ask another (not in a farm of one)."""
    progress = Progress()
    seen = -1
    try:
        while True:
            try:
                now = client.status(name, seen)
            except NoPeersError as error:
                other = find_peer(settings) if settings is not None else None
                if other is None:
                    hint = f"The batch goes on where it is held: `musep2p watch {name[:8]}` looks again."
                    raise NoPeersError(error.message, hint) from None
                client, seen = other, -1
                continue
            progress.show(now)
            if now.state in _ENDED:
                return now
            seen = now.version
    finally:
        progress.end()


def _need_peer(settings: Settings) -> PeerClient:
    client = find_peer(settings)
    if client is None:
        raise no_peers(settings)
    return client


def _result_row(row: r.ResultRow) -> dict[str, Any]:
    entry = row.entry
    value: dict[str, Any] = {
        "index": entry.index, "digest": entry.digest, "pixel_hash": entry.pixel_hash, "path": row.path,
        "seconds": entry.ms / 1000, "peer": row.peer, "attempt": entry.attempt, "skipped": entry.skipped,
    }  # fmt: skip
    if row.failed:
        value["failed"] = row.failed
    return value


def _zipped(settings: Settings, rows: Iterator[dict[str, Any]], target: Path) -> Iterator[dict[str, Any]]:
    """The same rows, each after its file went into the archive."""
    if settings.store is None:
        raise UsageError("--zip reads the pictures from the store.", "Say where it is with --store or MUSEP2P_STORE.")
    files = 0
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for row in rows:
                if row["path"]:
                    archive.write(settings.store / row["path"], Path(row["path"]).name)
                    files += 1
                yield row
    except OSError as error:
        if target.is_file():
            target.unlink()
        raise StoreError(
            f"the zip could not be written: {error.strerror}: {error.filename}.", "Check both paths."
        ) from None
    note(f"{target}: {files} files")
