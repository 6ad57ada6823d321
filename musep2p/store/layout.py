"""The shared store's folders: who it is, whether it can be trusted, batches, keys, presence.

store.id FORMAT objects/ batches/<name>-<id8>/{recipe.msgpack,wills/,records/,images/} keys/ab/<key> peers/
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

import msgspec

from musep2p.core.ids import BatchId, PeerId, TaskKey, digest_of, hash64, short
from musep2p.core.recipe import Recipe, Tasks, encode_recipe
from musep2p.core.recipe.names import folder_name
from musep2p.core.recipe.recipe import batch_id_of
from musep2p.core.recipe.view import recipe_json
from musep2p.core.records import Entry, ResultBlock, Will, Withdrawal, sound, spool_name
from musep2p.core.wills import WORDS
from musep2p.errors import StoreError
from musep2p.platforms import fsync_folder
from musep2p.store.durably import publish_file, write_durably
from musep2p.store.objects import ObjectStore
from musep2p.store.record_log import RecordLog

__all__ = [
    "FORMAT",
    "AlteredOutputError",
    "EmptyStore",
    "Presence",
    "SharedStore",
    "room_test",
    "self_test",
    "stored_id",
]

FORMAT = 1
_encode = msgspec.msgpack.Encoder().encode
_PRESENCE_MAX = 1000
_ROOM = 4 << 20
_OURS = frozenset(("store.id", "objects", "batches", "keys", "peers"))
_LOOKS = 3  # at a folder that becomes a store while it is looked at
# What does not go away by waiting. All else may: a share that is full, hangs up or is ill will be well again.
_LASTING = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EINVAL})


class EmptyStore(Exception):  # noqa: N818  # a state that callers ask about, not a failure
    """The folder is empty: it is no store yet."""


class AlteredOutputError(StoreError):
    """An output in the spool is not what its record says: the share is not to blame."""


class Presence(msgspec.Struct, frozen=True):
    """Where a peer of the farm listens."""

    peer: str
    farm: str
    address: str


def stored_id(root: Path) -> str:
    """The id of the store in this folder; empty if there is none that can be read."""
    try:
        return (root / "store.id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def self_test(root: Path) -> bool:
    """Does the share keep the two promises that everything rests on? Returns whether it has hard links.

    Raises:
        StoreError: exclusive create or rename do not hold, or it must not be written.
        OSError: it cannot be written now, as when it is full.
    """
    probe = root / f".tmp-probe-{secrets.token_hex(8)}"
    other = probe.with_name(probe.name + "-2")
    try:
        with probe.open("xb") as file:
            file.write(b"1")
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            probe.open("xb").close()
            raise StoreError(
                f"the share at {root} does not honour exclusive create.", "Mount it another way (NFS, SMB or SFTP)."
            )
        os.replace(probe, other)
        if probe.exists() or other.read_bytes() != b"1":
            raise StoreError(f"the share at {root} does not honour rename.", "Mount it another way (NFS, SMB, SFTP).")
        return _links_hold(other, probe)
    except OSError as error:
        if error.errno not in _LASTING:
            raise
        raise StoreError(
            f"the store {root} cannot be written: {error.strerror}.", "Check the mount and its rights."
        ) from None
    finally:
        for leftover in (probe, other):
            with contextlib.suppress(OSError):
                leftover.unlink()


def room_test(root: Path) -> None:
    """Is there room again? A full share takes a few bytes, but no picture.

    Raises:
        OSError: as the share says.
    """
    probe = root / f".tmp-room-{secrets.token_hex(8)}"
    try:
        with probe.open("xb") as file:
            file.write(b"\0" * _ROOM)
            file.flush()
            os.fsync(file.fileno())
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def _links_hold(existing: Path, new: Path) -> bool:
    try:
        os.link(existing, new)
    except OSError:
        return False
    try:
        os.link(existing, new)
    except FileExistsError:
        return True
    return False


def _is_of(folder: Path, batch: BatchId) -> bool:
    """False for the folder of another batch; one without a recipe is still being made."""
    try:
        return batch_id_of((folder / "recipe.msgpack").read_bytes()) == batch
    except FileNotFoundError:
        return True


class SharedStore:
    """The farm's store, opened by one process.

    Args:
        root: its folder.
        writer: names this process's record logs: `<peer>-<incarnation>-<helper>`.
        adopt: the id to give the folder if it is empty, or "".

    Raises:
        EmptyStore: it is empty and not to be adopted.
        StoreError: it is no store, of a newer format, or not to be trusted.
        OSError: it cannot be used now; it may be later.
    """

    def __init__(self, root: Path, writer: str, adopt: str = "") -> None:
        self.root, self._writer = root, writer
        self._check_folder()
        self.id = self._read_id()
        if not self.id and not adopt:
            self_test(root)
            raise EmptyStore
        links = self_test(root)
        if not self.id:
            self.id = self._adopt(adopt, links=links)
        self._check_format()
        self.objects = ObjectStore(root, links=links)
        self._folders: dict[BatchId, Path] = {}
        self._logs: dict[BatchId, RecordLog] = {}
        self._log_sets = 1
        self._present: dict[str, Presence | None] = {}

    def check_identity(self) -> None:
        """Is it still this store? An unmounted share is an ordinary empty folder.

        Raises:
            StoreError: it is not.
        """
        if stored_id(self.root) != self.id:
            raise StoreError(f"{self.root} is no longer the store ({self.id[:8]}).", "Is the share mounted?")

    def folder(self, batch: BatchId, name: str) -> Path:
        """The batch's folder: it keeps the name it was made under."""
        known = self._folders.get(batch)
        if known is not None:
            return known
        parent = self.root / "batches"
        parent.mkdir(exist_ok=True)
        folder = self.existing_folder(batch) or parent / folder_name(name, batch)
        if not _is_of(folder, batch):
            folder = parent / f"{folder.name}{batch[8:]}"  # another batch whose id begins with the same eight digits
        for made in (folder, folder / "images", folder / "records", folder / "wills"):
            made.mkdir(exist_ok=True)
        fsync_folder(parent)
        self._folders[batch] = folder
        return folder

    def existing_folder(self, batch: BatchId) -> Path | None:
        """The batch's folder, if somebody made it."""
        parent = self.root / "batches"
        there = sorted(path for path in parent.glob(f"*-{short(batch)}*") if path.is_dir() and _is_of(path, batch))
        return there[0] if there else None

    def put_batch(self, batch: BatchId, recipe: Recipe, will: Will) -> str:
        """Make recipe and will durable, read them again; returns the folder's name."""
        folder = self.folder(batch, will.settings.name)
        encoded = _encode(will)
        files = {
            folder / "recipe.msgpack": encode_recipe(recipe),
            folder / "wills" / f"{will.turn}-{WORDS[will.word]}-{hash64(encoded) >> 32:08x}": encoded,
        }
        for path, data in files.items():
            if not path.exists():
                write_durably(path, data)
            if path.read_bytes() != data:
                raise StoreError(f"{path} holds something else.", "Check the share.")
        view = folder / "recipe.json"
        if not view.exists():
            write_durably(view, recipe_json(recipe))  # for people; another version may have written another view
        return folder.name

    def put_results(self, block: ResultBlock, tasks: Tasks, name: str, spool: Path, maker: PeerId | None = None) -> str:
        """Objects, views, keys, and the record (durable after `sync`); returns the folder's name."""
        folder = self.folder(block.batch, name)
        for entry in block.entries:
            if entry.ext:
                data = self._finished(spool / spool_name(block.batch, entry, maker), entry)
                self.objects.put(data, entry.digest, entry.ext)
                view = folder / "images" / f"{tasks.name(entry.index)}.{entry.ext}"
                self.objects.show_as(entry.digest, entry.ext, view)
                if entry.key:
                    self._put_key(entry)
        self._log(block.batch, folder).append(_encode(ResultBlock(block.batch, block.first, block.entries, True)))
        return folder.name

    def _finished(self, file: Path, entry: Entry) -> bytes:
        """An output from the spool; or from here, when it was published before a crash and the spool has it no more."""
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return self.objects.get(entry.digest, entry.ext)
        if digest_of(data) != entry.digest:
            raise AlteredOutputError(f"{file} is not what was rendered.")
        return data

    def reuse(self, batch: BatchId, tasks: Tasks, name: str, index: int, key: TaskKey) -> Entry | None:
        """A result of equal work, shown under this batch: sound = its object opens and has the recorded size."""
        found = self._read_key(key)
        if found is None or not self.objects.has(found.digest, found.ext, found.size):
            return None
        view = self.folder(batch, name) / "images" / f"{tasks.name(index)}.{found.ext}"
        self.objects.show_as(found.digest, found.ext, view)
        with view.open("rb") as file:
            if os.fstat(file.fileno()).st_size != found.size:
                return None
        return msgspec.structs.replace(found, index=index, attempt=1, ms=0, skipped=True)

    def append_record(self, record: ResultBlock | Withdrawal, name: str) -> None:
        """Add a withdrawal, or results whose objects are there already (durable after `sync`)."""
        self._log(record.batch, self.folder(record.batch, name)).append(_encode(record))

    def sync(self) -> None:
        """Make the records appended so far durable."""
        for log in self._logs.values():
            log.sync()

    def begin_new_logs(self) -> None:
        """The share failed: what is open on it may never work again, and nobody knows how the logs end."""
        for log in self._logs.values():
            with contextlib.suppress(OSError):
                log.close()
        self._logs.clear()
        self._log_sets += 1

    def announce(self, presence: Presence, incarnation: str, number: int) -> None:
        """Say where this peer listens; what earlier lives of it said goes, since they had no time to."""
        folder = self.root / "peers"
        folder.mkdir(exist_ok=True)
        path = folder / f"{presence.peer}-{incarnation}-{number}.msgpack"
        write_durably(path, _encode(presence))
        for stale in folder.glob(f"{presence.peer}-*.msgpack"):
            if stale.name != path.name:
                stale.unlink(missing_ok=True)

    def withdraw(self, peer: str, incarnation: str) -> None:
        """This life of the peer ends: its presence files go."""
        for path in (self.root / "peers").glob(f"{peer}-{incarnation}-*.msgpack"):
            with contextlib.suppress(OSError):
                path.unlink()

    def present(self) -> list[Presence]:
        """What all presence files say that can be read; a rumour, like all discovery. Each is read once."""
        with contextlib.suppress(OSError):
            names = sorted(path.name for path in (self.root / "peers").glob("*.msgpack"))[:_PRESENCE_MAX]
            self._present = {name: self._present.get(name) or self._read_presence(name) for name in names}
        return [presence for presence in self._present.values() if presence is not None]

    def _read_presence(self, name: str) -> Presence | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.msgpack.decode((self.root / "peers" / name).read_bytes(), type=Presence)
        return None

    def _check_folder(self) -> None:
        try:
            try:
                self.root.stat()  # a mount whose server is gone is there, and cannot be made
            except FileNotFoundError:
                self.root.mkdir()
        except OSError as error:
            if error.errno not in _LASTING:
                raise
            raise StoreError(
                f"the store {self.root} cannot be reached: {error.strerror}.", "Check the path and that it is mounted."
            ) from None
        if not self.root.is_dir():
            raise StoreError(f"the store {self.root} is not a folder.", "Name a folder with --store.")

    def _read_id(self) -> str:
        """The store's id; empty in a folder that is.

        Raises:
            StoreError: it is somebody else's folder, or cannot be used.
            OSError: the share does not show yet what it has.
        """
        names: set[str] = set()
        for _ in range(_LOOKS):
            text = self._id_text()
            if text is not None:
                return text
            names = {path.name for path in self.root.iterdir() if not path.name.startswith(".tmp-")}
            if not names & _OURS:
                break  # else another peer makes it a store at this very moment
        if "store.id" in names:
            raise OSError(errno.ESTALE, f"{self.root}/store.id is there, and the share does not show it yet")
        if strangers := sorted(names - {"FORMAT"}):
            raise StoreError(
                f"{self.root} is not empty and is no store of musep2p (it has {strangers[0]!r}).",
                "Name an empty folder, or the farm's store.",
            )
        return ""

    def _id_text(self) -> str | None:
        try:
            return (self.root / "store.id").read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, OSError) and error.errno not in _LASTING:
                raise
            raise StoreError(
                f"{self.root}/store.id cannot be read: {error}.", "Check the share and its rights."
            ) from None

    def _adopt(self, store_id: str, *, links: bool) -> str:
        write_durably(self.root / "FORMAT", f"{FORMAT}\n".encode())
        temporary = self.root / f".tmp-{secrets.token_hex(8)}"
        with temporary.open("xb") as file:
            file.write(f"{store_id}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        publish_file(temporary, self.root / "store.id", links=links)
        fsync_folder(self.root)
        return self._read_id()

    def _check_format(self) -> None:
        try:
            text = (self.root / "FORMAT").read_text("ascii").strip()
            version = int(text)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in _LASTING:
                raise
            raise StoreError(f"{self.root}/FORMAT cannot be read.", "Is this the farm's store?") from None
        if version > FORMAT:
            raise StoreError(
                f"the store {self.root} has format {version}; this musep2p knows formats up to {FORMAT}.",
                "Update musep2p on this machine.",
            )

    def _log(self, batch: BatchId, folder: Path) -> RecordLog:
        log = self._logs.get(batch)
        if log is None:
            name = self._writer if self._log_sets == 1 else f"{self._writer}-{self._log_sets}"
            log = self._logs[batch] = RecordLog(folder / "records" / f"{name}.log")
        return log

    def _key_path(self, key: TaskKey) -> Path:
        return self.root / "keys" / key[:2] / key

    def _read_key(self, key: TaskKey) -> Entry | None:
        try:
            found = msgspec.msgpack.decode(self._key_path(key).read_bytes(), type=Entry)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if found.key == key and sound((found,)) else None

    def _put_key(self, entry: Entry) -> None:
        """Keys only save work, so they are not synced; one that a power cut left torn is written anew."""
        known = self._read_key(entry.key)
        if known is not None and self.objects.has(known.digest, known.ext, known.size):
            return
        path = self._key_path(entry.key)
        path.parent.parent.mkdir(exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".tmp-{secrets.token_hex(8)}")
        temporary.write_bytes(_encode(entry))
        os.replace(temporary, path)
