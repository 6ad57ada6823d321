"""A share that fails on command: a pass-through file system in a process of its own.

    with Share(folder) as share:
        share.fails(write={"errno": "ENOSPC", "after": 3})    # the fourth write
        share.fails(fsync={"errno": "EIO", "p": 0.3})         # three of ten, by a seeded chance
        share.fails(all={"hang": True}); share.fails()        # until it is taken away again
        share.fails(rename={"hidden_s": 2}, write={"flip": True, "times": 1, "path": "objects"})
        share.crash(); share.serve()                          # the server is gone, and is back

Needs root, /dev/fuse, fusermount3 and mfusepy.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

__all__ = ["Share", "why_no_share"]


def why_no_share():
    """Why no share can be made here; empty if one can."""
    if not Path("/dev/fuse").exists() or os.geteuid() != 0:
        return "a share of one's own needs root and /dev/fuse"
    if shutil.which("fusermount3") is None:
        return "fuse3 is not installed"
    return ""


class Share:
    """One share: `path` is where it is mounted, `backing` what is really there."""

    def __init__(self, base):
        self.path, self.backing, self._control = base / "store", base / "backing", base / "share.json"
        self._server = None

    def __enter__(self):
        self.path.mkdir()
        self.backing.mkdir()
        self.fails()
        self.serve()
        return self

    def __exit__(self, *exc):
        self.fails()
        self.crash()

    def serve(self):
        """Start the server, and mount."""
        argv = [sys.executable, __file__, self.backing, self.path, self._control]
        self._server = subprocess.Popen([str(part) for part in argv])
        deadline = time.monotonic() + 20
        while not os.path.ismount(self.path):
            assert time.monotonic() < deadline and self._server.poll() is None, "the share was not mounted"
            time.sleep(0.02)

    def crash(self):
        """The server dies, and what was mounted is unmounted."""
        self._server.kill()
        self._server.wait()
        subprocess.run(["umount", "-l", self.path], check=True)

    def fails(self, **rules):
        """From now on, by operation; `all` is any. Without rules it is well."""
        temporary = self._control.with_suffix(".tmp")
        temporary.write_text(json.dumps(rules))
        temporary.replace(self._control)


class _Rules:
    """What shall go wrong now, as the file says."""

    def __init__(self, control):
        self._control, self._seen, self._rules = control, -1, {}
        self._calls, self._rng, self._lock = {}, random.Random(1), threading.Lock()

    def apply(self, operation, path):
        """Wait, raise, or return the rule that holds for this call."""
        with self._lock:
            self._read()
            name = operation if operation in self._rules else "all"
            rule = self._rules.get(name, {})
            if not rule or rule.get("path", "") not in path:
                return {}
            calls = self._calls[name] = self._calls.get(name, 0) + 1
            first = rule.get("after", 0)
            if not first < calls <= first + rule.get("times", 1 << 60) or self._rng.random() >= rule.get("p", 1):
                return {}
        while rule.get("hang") and rule == self._rules.get(name):
            time.sleep(0.02)  # this is the hanging
            with self._lock:
                self._read()
        if "errno" in rule:
            raise OSError(getattr(errno, rule["errno"]), "as told")
        return rule

    def flip(self, data):
        """The same with one bit turned over."""
        turned = bytearray(data)
        turned[self._rng.randrange(len(turned))] ^= 1 << self._rng.randrange(8)
        return bytes(turned)

    def _read(self):
        with contextlib.suppress(OSError, ValueError):
            changed = self._control.stat().st_mtime_ns
            if changed != self._seen:
                self._rules, self._calls, self._seen = json.loads(self._control.read_text()), {}, changed


def _serve(backing, mount, control):
    """Serve until killed."""
    os.environ.setdefault("FUSE_LIBRARY_NAME", "fuse3")
    import mfusepy

    names = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks", "st_ino")

    class Files(mfusepy.Operations):
        """Every call goes to the backing folder, after its rule."""

        use_ns = True

        def __init__(self):
            self.rules, self.hidden = _Rules(control), {}

        def place(self, path):
            return backing / path.lstrip("/")

        def apply(self, operation, path):
            try:
                return self.rules.apply(operation, path)
            except OSError as error:
                raise mfusepy.FuseOSError(error.errno) from None

        def look(self, path):
            if time.monotonic() < self.hidden.get(path, 0):
                raise mfusepy.FuseOSError(errno.ENOENT)

        def hide(self, path, rule):
            if "hidden_s" in rule:
                self.hidden[path] = time.monotonic() + rule["hidden_s"]

        def getattr(self, path, fh=None):
            self.apply("getattr", path)
            self.look(path)
            found = os.lstat(self.place(path))
            times = {f"st_{kind}time": getattr(found, f"st_{kind}time_ns") for kind in "amc"}
            return {name: getattr(found, name) for name in names} | times

        def readdir(self, path, fh):
            self.apply("readdir", path)
            folder = path.rstrip("/")
            names = [child.name for child in self.place(path).iterdir()]
            return [".", "..", *(name for name in names if self.hidden.get(f"{folder}/{name}", 0) <= time.monotonic())]

        def statfs(self, path):
            self.apply("statfs", path)
            found = os.statvfs(self.place(path))
            return {name: getattr(found, name) for name in dir(found) if name.startswith("f_") and name != "f_fsid"}

        def rename(self, old, new, flags=0):
            rule = self.apply("rename", new)
            self.place(old).rename(self.place(new))
            self.hidden.pop(old, None)
            self.hide(new, rule)

        def link(self, target, source):
            rule = self.apply("link", target)
            os.link(self.place(source), self.place(target))
            self.hide(target, rule)

        def unlink(self, path):
            self.apply("unlink", path)
            self.place(path).unlink()

        def mkdir(self, path, mode):
            self.apply("mkdir", path)
            self.place(path).mkdir(mode)

        def rmdir(self, path):
            self.place(path).rmdir()

        def utimens(self, path, times=None):
            os.utime(self.place(path), ns=times)

        def chmod(self, path, mode):
            self.place(path).chmod(mode)

        def truncate(self, path, length, fh=None):
            self.apply("truncate", path)
            os.truncate(self.place(path), length)

        def open(self, path, flags):
            self.apply("open", path)
            self.look(path)
            return os.open(self.place(path), flags & ~os.O_APPEND)

        def create(self, path, mode, fi=None):
            rule = self.apply("create", path)
            made = os.open(self.place(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
            self.hide(path, rule)
            return made

        def read(self, path, size, offset, fh):
            rule, data = self.apply("read", path), os.pread(fh, size, offset)
            return self.rules.flip(data) if data and rule.get("flip") else data

        def write(self, path, data, offset, fh):
            rule = self.apply("write", path)
            if rule.get("flip"):
                data = self.rules.flip(data)
            kept = data[: max(1, int(len(data) * rule.get("short", 1)))]
            return os.pwrite(fh, kept, offset)

        def flush(self, path, fh):
            self.apply("flush", path)
            return 0

        def fsync(self, path, datasync, fh):
            self.apply("fsync", path)
            os.fsync(fh)
            return 0

        def release(self, path, fh):
            os.close(fh)
            return 0

    mfusepy.FUSE(
        Files(), str(mount), foreground=True, nothreads=False, default_permissions=True, max_threads=10,
        attr_timeout=0, entry_timeout=0,
    )  # fmt: skip


if __name__ == "__main__":
    _serve(*(Path(argument) for argument in sys.argv[1:4]))
