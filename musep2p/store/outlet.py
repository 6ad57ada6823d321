"""Where a peer's outputs go: the farm's store, or, where it was given none, a folder of its own once it needs one.

That folder is laid out as a store, so that pictures have their names there, and `verify` and `sheet` read it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import BatchId
from musep2p.core.records import ResultBlock
from musep2p.errors import StoreError
from musep2p.store.client import StoreClient, ToStore
from musep2p.store.concluder import Concluder
from musep2p.store.layout import Presence
from musep2p.store.state_folder import StateFolder

__all__ = ["Outlet"]

_OPENS_S = 2.0  # a healthy share answers at once; one that hangs delays nothing longer


class Outlet:
    """The store of one peer, or what it has instead.

    Args:
        root: the store's folder; None if this peer has none.
        folder: the peer's own.
        store_id: what an adopted store is called; random if empty.
        post: takes events, in the loop's thread.
        refused: called when the store's folder can never be used as it is.
        tell: takes level and text.
    """

    def __init__(
        self, *, root: Path | None, folder: StateFolder, store_id: str, post: Callable[[ev.Event], None],
        refused: Callable[[StoreError], None], tell: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        self._folder, self._post, self._tell = folder, post, tell
        self._refused = refused
        self._store_id = store_id or secrets.token_hex(16)
        self._answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._has_store = root is not None
        self._client: StoreClient | None = None
        self._concluder: Concluder | None = None
        if root is None:
            self._answered.set_result(None)
        else:
            self._client, self._concluder = self._made(root, self._post_and_note), Concluder(root, tell)

    def open(self, presence: Presence, *, adopt: bool) -> None:
        """Open the store, if there is one; `StoreChanged` follows."""
        if self._client is not None:
            self._client.open(presence, adopt)

    async def opened(self) -> None:
        """Until the store has answered in whatever way, or two seconds have passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._answered), _OPENS_S)

    def publish(self, effect: fx.Publish, block: ResultBlock) -> None:
        """Put our outputs and their record there."""
        self._place().publish(effect, block)

    def carry(self, effect: fx.PublishFor) -> None:
        """The same for another peer's."""
        self._place().carry(effect)

    def perform(self, effect: ToStore) -> None:
        """Another effect on the store; of them a folder of our own knows only that of a batch."""
        if self._has_store or isinstance(effect, fx.StoreBatch):
            self._place().perform(effect)

    def open_again(self, effect: fx.OpenStore) -> None:
        """Open the store's folder once more, as it is or to adopt it."""
        if self._client is not None and self._has_store:
            self._client.open(None, effect.adopt)

    def conclude(self, effect: fx.Conclude) -> None:
        """A batch is complete there."""
        if self._concluder is not None:
            self._concluder.conclude(effect.folder, only_missing=not effect.fresh)

    async def sheet_of(self, batch: BatchId) -> Path | None:
        """The contact sheet of a batch that is complete, once it is drawn."""
        return await self._concluder.sheet_of(batch) if self._concluder is not None else None

    async def close(self) -> None:
        """Nothing is drawn any more, and the helper finishes."""
        if self._concluder is not None:
            await self._concluder.close()
        if self._client is not None:
            await self._client.close()

    def _place(self) -> StoreClient:
        if self._client is None:
            kept = self._folder.kept
            kept.mkdir(exist_ok=True)
            self._client, self._concluder = self._made(kept, self._post_of_own), Concluder(kept, self._tell)
            self._client.open(None, True)
        return self._client

    def _made(self, root: Path, post: Callable[[ev.Event], None]) -> StoreClient:
        return StoreClient(
            root=root, spool=self._folder.spool, me=self._folder.id, incarnation=self._folder.incarnation,
            store_id=self._store_id, post=post, refused=self._on_refused,
        )  # fmt: skip

    def _post_and_note(self, event: ev.Event) -> None:
        if isinstance(event, ev.StoreChanged):
            self._note()
        self._post(event)

    def _post_of_own(self, event: ev.Event) -> None:
        """Our own folder is not the farm's store: of what happens there only the outputs concern anybody."""
        if isinstance(event, ev.Published | ev.PublishFailed):
            self._post(event)
        elif isinstance(event, ev.StoreChanged) and event.state == "away":
            self._tell("warning", f"outputs cannot be kept in {self._folder.kept} now: {event.reason}")

    def _on_refused(self, message: str, hint: str) -> None:
        if self._has_store:
            self._refused(StoreError(message, hint))
            self._note()
        else:
            self._tell("error", f"{message} {hint}")

    def _note(self) -> None:
        if not self._answered.done():
            self._answered.set_result(None)
