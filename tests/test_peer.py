"""The shell of one peer: what it does when the core itself fails."""

import asyncio

import pytest

from musep2p.config import load_settings
from musep2p.core import events as ev
from musep2p.errors import LocalProtocolError
from musep2p.peer import Options, Peer


def test_a_bug_of_ours_ends_the_peer_with_a_line(tmp_path):
    """Half of an event's effects may be lost, so it does not go on; what it had written down stays."""
    told = []

    async def live():
        settings = load_settings({"state": tmp_path, "listen": "127.0.0.1"})
        peer = Peer(settings, Options(False, False, lambda level, text: told.append(text)))
        try:
            await peer.start()
            handled = []

            def broken(event, now_ms, cause=""):
                handled.append(event)
                raise ZeroDivisionError("by nothing")

            peer._state.handle = broken
            peer.post(ev.Woke())
            peer.post(ev.Woke())
            with pytest.raises(LocalProtocolError, match=r"bug of musep2p.*report"):
                await peer.run_until_left()
            assert len(handled) == 1
        finally:
            await peer.close()

    asyncio.run(live())

    assert any("by nothing" in line for line in told)
