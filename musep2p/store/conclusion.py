"""The end of a batch: its results are frozen in a manifest, and its contact sheet is drawn.

    python -m musep2p.store.conclusion FOLDER [--only-missing]        a peer's child: says `drawn` when a sheet is there

Reads only what is immutable there, so it needs no peer and can be repeated.
"""

from __future__ import annotations

import sys
from pathlib import Path

from musep2p.core.recipe.recipe import batch_id_of
from musep2p.errors import StoreError
from musep2p.pipes import child_pipes, listen, write_frame
from musep2p.platforms import stand_back
from musep2p.store.manifest import freeze, manifests
from musep2p.store.sheets import SHEET, BatchFolder, write_picture

__all__ = ["DRAWN", "ONLY_MISSING", "conclude", "main"]

ONLY_MISSING, DRAWN = "--only-missing", b"drawn"


def conclude(path: Path, *, only_missing: bool) -> bool:
    """Freeze and draw; True when there is a sheet. A batch without pictures has none.

    Args:
        path: the batch's folder.
        only_missing: leave what is there as it is.

    Raises:
        OSError: as the share says.
    """
    try:
        folder = BatchFolder(path)
    except StoreError:
        return False
    if not (only_missing and manifests(path)):
        freeze(path, batch_id_of((path / "recipe.msgpack").read_bytes()), folder.tasks.wanted)
    if not (only_missing and (path / SHEET).exists()):
        try:
            write_picture(folder.contact_sheet(), path / SHEET, folder.note)
        except StoreError:
            return False
    return True


def main() -> int:
    """Conclude the folder that is named."""
    path, only_missing = Path(sys.argv[1]), ONLY_MISSING in sys.argv[2:]
    stand_back(10)
    commands, say = child_pipes()
    listen(commands, lambda frame: None)
    try:
        if conclude(path, only_missing=only_missing):
            write_frame(say, DRAWN)
    except Exception as error:  # whatever is wrong with a picture, the peer's user is told in a line
        write_frame(say, f"{type(error).__name__}: {error}"[:500].encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
