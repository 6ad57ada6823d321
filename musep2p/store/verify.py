"""Proof: is every result of a batch on the store what its record says? Everything is read again.

What should be there is what the record logs say. An object is sound if its bytes hash to its name; a view, which
is what people browse, if it shows the bytes of its object. Objects that batches share are read once.

Repair makes an object from a view that has its bytes, or from what a peer still has, and a view from its object; a
file that is wrong is moved to `quarantine/`, never thrown away. What nobody has must be rendered again: the records
that name such an object, of whatever batch, are to be withdrawn.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from musep2p.core.ids import BatchId, Digest, digest_of
from musep2p.core.recipe import Tasks, decode_recipe
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.records import Entry, Record, RecordId, ResultBlock, Withdrawal
from musep2p.core.results import winner
from musep2p.errors import MuseError, StoreError
from musep2p.platforms import fsync_folder
from musep2p.store.batches import results_of
from musep2p.store.manifest import blocks_by_index, latest, manifests
from musep2p.store.objects import ObjectStore, object_path
from musep2p.store.record_log import RecordLog, read_log

__all__ = [
    "Elsewhere",
    "Problem",
    "Verdict",
    "naming",
    "repair_batch",
    "set_aside",
    "verify_batch",
    "withdrawn_for_good",
]

Elsewhere = Callable[[BatchId, Entry], bytes | None]
_Made = dict[int, list[tuple[Entry, RecordId]]]
_REPAIR = "repair"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be.

    Attributes:
        kind: missing, altered, extra, unreadable (now, which proves nothing), or damaged (a log, a recipe or a manifest
            that cannot be read to its end).
        path: below the store.
        what: in words.
        index: of the task; -1 if it concerns none.
    """

    kind: str
    path: str
    what: str
    index: int = -1


@dataclass(slots=True)
class Verdict:
    """What was found of one batch.

    Attributes:
        folder: its name below `batches`.
        batch: its id; empty if its recipe cannot be read.
        tasks, results: how many it should have, and how many have a record.
        sound: results whose object and view are as they should be.
        alike: tasks of other parameters with one picture, of which the second was likely made from the wrong ones.
    """

    folder: str
    batch: str = ""
    tasks: int = 0
    results: int = 0
    sound: int = 0
    bytes_read: int = 0
    problems: list[Problem] = field(default_factory=list)
    alike: list[tuple[int, int]] = field(default_factory=list)


def verify_batch(root: Path, folder: Path, checked: dict[str, str]) -> Verdict:
    """Read a batch's folder, and all objects that its records name.

    Args:
        root: of the store.
        folder: of the batch.
        checked: what was found of each object so far, by its path; filled.
    """
    verdict = Verdict(folder.name)
    try:
        data = (folder / "recipe.msgpack").read_bytes()
        tasks = Tasks(decode_recipe(data))
    except (OSError, MuseError) as error:
        where = f"batches/{folder.name}/recipe.msgpack"
        verdict.problems.append(Problem("damaged", where, f"the recipe cannot be read: {_words(error)}"))
        return verdict
    verdict.batch, verdict.tasks = batch_id_of(data), tasks.wanted
    made = _records(root, folder, verdict)
    verdict.problems += _forgotten(root, folder, verdict, made)
    shown: set[str] = set()
    pictures: dict[str, int] = {}
    for index, results in sorted(made.items()):
        best = winner(results)
        if best is None:
            continue
        verdict.results += 1
        shown |= {f"{tasks.name(index)}.{entry.ext}" for entry, _ in results if entry.ext}
        first = pictures.setdefault(best[0].pixel_hash, index) if best[0].pixel_hash else index
        if first != index and tasks.parameters(first) != tasks.parameters(index):
            verdict.alike.append((first, index))
        problems = list(_result_problems(root, folder, tasks, best[0], checked, verdict))
        verdict.problems += problems
        verdict.sound += not problems
    verdict.problems += _extra(root, folder, shown)
    return verdict


def repair_batch(store: ObjectStore, root: Path, folder: Path, verdict: Verdict, elsewhere: Elsewhere) -> int:
    """Mend what the store itself has the bytes for, or somebody else; returns how many results were mended.

    Args:
        store: the objects of that root.
        root, folder: as for `verify_batch`.
        verdict: what it found.
        elsewhere: asked for what the store has no bytes of; gives bytes that hash to the entry's digest, or None.

    Raises:
        OSError: as the share says.
        StoreError: what was written reads back otherwise.
    """
    wrong = {problem.index for problem in verdict.problems if problem.kind in ("missing", "altered")} - {-1}
    if not wrong:
        return 0
    tasks = Tasks(decode_recipe((folder / "recipe.msgpack").read_bytes()))
    made, mended = _remembered(root, folder, verdict), 0
    for index in sorted(wrong):
        best = winner(made.get(index, []))
        if best is None or not best[0].ext:
            continue
        entry, view = best[0], folder / "images" / f"{tasks.name(index)}.{best[0].ext}"
        target = object_path(root, entry.digest, entry.ext)
        moved = (root / "trash").glob(f"*/{target.relative_to(root).as_posix()}")
        data = _sound_bytes([target, view, *moved], entry.digest)
        data = data if data is not None else elsewhere(BatchId(verdict.batch), entry)
        if data is not None:
            store.put(data, entry.digest, entry.ext)
            store.show_as(entry.digest, entry.ext, view)
            mended += 1
    return mended


def _remembered(root: Path, folder: Path, verdict: Verdict) -> _Made:
    """What the records say, after those that only the manifest has were written again."""
    made = _records(root, folder, Verdict(folder.name, verdict.batch))
    manifest = latest(folder)
    lost = {i: manifest.results[i] for i in manifest.results if i not in made} if manifest is not None else {}
    if lost:
        log = RecordLog(folder / "records" / f"{_REPAIR}-{secrets.token_hex(8)}.log")
        try:
            for block in blocks_by_index(BatchId(verdict.batch), lost):
                log.append(_encode(block))
            log.sync()
        finally:
            log.close()
        fsync_folder(folder / "records")
        made.update({index: [result] for index, result in lost.items()})
    return made


def set_aside(store: ObjectStore, root: Path, folder: Path, verdict: Verdict) -> set[str]:
    """After a repair: move what is still wrong to `quarantine/`; returns the file names of the objects concerned.

    Args:
        store, root, folder: as for `repair_batch`.
        verdict: what was found after it.
    """
    wrong = {problem.index for problem in verdict.problems if problem.kind in ("missing", "altered")} - {-1}
    if not wrong:
        return set()
    tasks = Tasks(decode_recipe((folder / "recipe.msgpack").read_bytes()))
    made, gone = _records(root, folder, Verdict(folder.name, verdict.batch)), set[str]()
    for index in wrong:
        for entry, _ in made.get(index, []):
            target = object_path(root, entry.digest, entry.ext)
            if entry.ext and _is_wrong(target, entry.digest):
                store.quarantine(target)
                store.quarantine(folder / "images" / f"{tasks.name(index)}.{entry.ext}")
                gone.add(target.name)
    return gone


def naming(root: Path, folder: Path, objects: set[str]) -> tuple[str, list[tuple[RecordId, int]]]:
    """The id of a batch, and its records, each with its index, that name one of these objects (by file name)."""
    try:
        batch = batch_id_of((folder / "recipe.msgpack").read_bytes())
    except OSError:
        return "", []
    found = [
        (record, index)
        for index, results in sorted(_records(root, folder, Verdict(folder.name, batch)).items())
        for entry, record in results
        if f"{entry.digest}.{entry.ext}" in objects
    ]
    return batch, found


def withdrawn_for_good(root: Path, folder: Path) -> list[tuple[RecordId, int]]:
    """Records that were withdrawn, each with its index, of tasks that have no other result.

    Who told the farm of them may have died with those who heard it: told again, they harm nobody.
    """
    batch = batch_id_of((folder / "recipe.msgpack").read_bytes())
    facts = list(_facts(root, folder, Verdict(folder.name, batch)))
    made = results_of(iter(facts))
    return [(f.record, f.index) for f in facts if isinstance(f, Withdrawal) and not made.get(f.index)]


def _forgotten(root: Path, folder: Path, verdict: Verdict, made: _Made) -> Iterator[Problem]:
    """Results that were frozen when the batch was complete, and of which no record speaks any more.

    A manifest speaks for records that were withdrawn since, too: those are known, and no problem.
    """
    manifest = latest(folder)
    for path in manifests(folder)[: None if manifest is None else 1]:
        if manifest is None or path != manifest.path:
            where = path.relative_to(root).as_posix()
            verdict.problems.append(Problem("damaged", where, "the manifest cannot be read, or is not what it was"))
    if manifest is None:
        return
    where = f"batches/{folder.name}/records"
    for index in sorted(manifest.results):
        if index not in made:
            yield Problem("missing", where, f"no record of task {index} is left; the manifest has it", index)


def _sound_bytes(paths: list[Path], digest: Digest) -> bytes | None:
    for path in paths:
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if digest_of(data) == digest:
                return data
    return None


def _records(root: Path, folder: Path, verdict: Verdict) -> _Made:
    """By index, every result that the logs say is safe and that was not withdrawn.

    A torn tail is what a power cut leaves; damage is told.
    """
    return results_of(_facts(root, folder, verdict))


def _facts(root: Path, folder: Path, verdict: Verdict) -> Iterator[ResultBlock | Withdrawal]:
    for log in sorted((folder / "records").glob("*.log")):
        try:
            for logged in read_log(log):
                record = _decode(logged.payload)
                if isinstance(record, ResultBlock | Withdrawal) and record.batch == verdict.batch:
                    yield record
        except (OSError, StoreError, msgspec.MsgspecError) as error:
            where = log.relative_to(root).as_posix()
            verdict.problems.append(Problem("damaged", where, f"the log cannot be read to its end: {_words(error)}"))


def _result_problems(
    root: Path, folder: Path, tasks: Tasks, entry: Entry, checked: dict[str, str], verdict: Verdict
) -> Iterator[Problem]:
    if not entry.ext:
        if digest_of(entry.payload) != entry.digest:
            where = f"batches/{folder.name}/records"
            yield Problem("altered", where, f"the output of task {entry.index} is not what it was", entry.index)
        return
    target = object_path(root, entry.digest, entry.ext)
    where = target.relative_to(root).as_posix()
    if where not in checked:
        checked[where] = _state(target, entry.digest, verdict)
    if checked[where]:
        kind = _kind(checked[where])
        yield Problem(kind, where, f"the object of task {entry.index} {checked[where]}", entry.index)
    view = folder / "images" / f"{tasks.name(entry.index)}.{entry.ext}"
    shown = _view_state(view, target, entry.digest, verdict)
    if shown and not (checked[where] and _same(view, target)):
        kind = _kind(shown)
        yield Problem(kind, view.relative_to(root).as_posix(), f"the view of task {entry.index} {shown}", entry.index)


def _kind(state: str) -> str:
    return "missing" if state == "is missing" else "unreadable" if state.startswith("cannot") else "altered"


def _is_wrong(path: Path, digest: Digest) -> bool:
    """Not there, or other bytes. What cannot be read now may be sound."""
    try:
        return digest_of(path.read_bytes()) != digest
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _state(path: Path, digest: Digest, verdict: Verdict) -> str:
    """What is wrong with a file that should have this digest; empty if nothing is."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    verdict.bytes_read += len(data)
    return "" if digest_of(data) == digest else "is not what it was: its bytes have another hash"


def _view_state(view: Path, target: Path, digest: Digest, verdict: Verdict) -> str:
    """A view that is the object itself was read with it."""
    return "" if _same(view, target) and _exists(view) else _state(view, digest, verdict)


def _same(view: Path, target: Path) -> bool:
    try:
        return view.samefile(target)
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _extra(root: Path, folder: Path, shown: set[str]) -> Iterator[Problem]:
    """Files among the views that no record speaks of."""
    try:
        names = sorted(path.name for path in (folder / "images").iterdir())
    except OSError as error:
        yield Problem("missing", f"batches/{folder.name}/images", f"the folder cannot be read: {_words(error)}")
        return
    for name in names:
        if name not in shown and not name.startswith("."):
            yield Problem("extra", f"batches/{folder.name}/images/{name}", "no record speaks of this file")


def _words(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
