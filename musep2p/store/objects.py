"""Objects: immutable bytes under their digest, in `objects/ab/cd/<digest>.<ext>` of a shared folder.

Published as a NAS needs it: a temporary file in the same folder, fsync, link or rename into place, fsync the
folder, open again, hash again. Names are immutable, so stale caches cost at most a repeat. Nothing is locked.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from musep2p.core.ids import Digest, digest_of
from musep2p.errors import StoreError
from musep2p.platforms import fsync_folder
from musep2p.store.durably import publish_file

__all__ = ["ObjectStore", "object_path"]


def object_path(root: Path, digest: Digest, ext: str) -> Path:
    """Where an object of a store is, or would be."""
    return root / "objects" / digest[:2] / digest[2:4] / f"{digest}.{ext}"


class ObjectStore:
    """put, get, has over one folder.

    Args:
        root: the store's folder.
        links: whether the share has hard links.
    """

    def __init__(self, root: Path, *, links: bool) -> None:
        self._root, self._links = root, links
        self._folders: set[Path] = set()
        self._left: set[Path] = set()

    def path(self, digest: Digest, ext: str) -> Path:
        """Where an object is, or would be."""
        return object_path(self._root, digest, ext)

    def put(self, data: bytes, digest: Digest, ext: str) -> bool:
        """Make an object durable under its name; True when it was new.

        A dedup hit compares the bytes. An object of the right name and wrong bytes is quarantined and replaced.

        Raises:
            OSError: as the share says.
            StoreError: what was read back is not what was written.
        """
        path = self.path(digest, ext)
        if self._same(path, data):
            return False
        self._make_folder(path.parent)
        temporary = path.with_name(f".tmp-{secrets.token_hex(8)}")
        try:
            self._write(temporary, data)
            new = publish_file(temporary, path, links=self._links)
            if not new and not self._same(path, data):
                self.quarantine(path)
                self._write(temporary, data)
                publish_file(temporary, path, links=self._links)
        except OSError:
            self._left.add(temporary)
            raise
        fsync_folder(path.parent)
        if digest_of(path.read_bytes()) != digest:
            raise StoreError(f"{path} reads back other bytes than were written.", "Check the share and its disks.")
        return new

    def tidy(self) -> None:
        """Remove what was left half-written when the share failed."""
        for temporary in sorted(self._left):
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
                self._left.discard(temporary)

    def get(self, digest: Digest, ext: str) -> bytes:
        """The bytes of an object.

        Raises:
            FileNotFoundError: not there; on a network share that proves nothing for a minute.
            StoreError: its bytes are not those of its name; it was quarantined.
        """
        path = self.path(digest, ext)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            if not self._taken_from_trash(path):
                raise
            data = path.read_bytes()
        if digest_of(data) != digest:
            self.quarantine(path)
            raise StoreError(f"{path} was altered; it is now in quarantine/.", "Run the batch again to restore it.")
        return data

    def has(self, digest: Digest, ext: str, size: int) -> bool:
        """True when it can be opened and has the recorded size. (stat alone may lie for half a minute on NFS.)"""
        path = self.path(digest, ext)
        try:
            if not path.exists() and not self._taken_from_trash(path):
                return False
            with path.open("rb") as file:
                return os.fstat(file.fileno()).st_size == size
        except OSError:
            return False

    def show_as(self, digest: Digest, ext: str, view: Path) -> None:
        """Let people browse an object under another name: a hard link, a copy where links fail."""
        source = self.path(digest, ext)
        try:
            if self._links:
                os.link(source, view)
                return
        except OSError:
            pass  # it is there already, or this folder takes no links: looked at below
        if self._shows(view, source):
            return
        temporary = view.with_name(f".tmp-{secrets.token_hex(8)}")
        try:
            if not self._links:
                raise OSError
            os.link(source, temporary)
        except OSError:
            temporary.write_bytes(source.read_bytes())
        os.replace(temporary, view)

    def quarantine(self, path: Path) -> None:
        """Move a wrong file out of the way; nothing is thrown away."""
        folder = self._root / "quarantine"
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, folder / f"{path.name}-{secrets.token_hex(4)}")

    def _taken_from_trash(self, path: Path) -> bool:
        """Collection may have moved it while it was given a record."""
        for moved in (self._root / "trash").glob(f"*/{path.relative_to(self._root).as_posix()}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.replace(moved, path)
                return True
        return False

    def _shows(self, view: Path, source: Path) -> bool:
        """A view of an object that was damaged and made again shows the damage still."""
        try:
            return view.samefile(source) or view.read_bytes() == source.read_bytes()
        except FileNotFoundError:
            return False

    def _same(self, path: Path, data: bytes) -> bool:
        try:
            return path.read_bytes() == data
        except FileNotFoundError:
            return False

    def _make_folder(self, folder: Path) -> None:
        """Make what is missing below the root, never the root: a share that is gone must not come back as a folder."""
        if folder in self._folders:
            return
        for made in (folder.parent.parent, folder.parent, folder):
            with contextlib.suppress(FileExistsError):
                made.mkdir()
                fsync_folder(made.parent)
        self._folders.add(folder)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
