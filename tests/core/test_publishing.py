"""From finished to safe: what is told, and what is thrown away, only after the disk has it."""

from musep2p.core import effects as fx
from musep2p.core import events as ev
from musep2p.core.ids import digest_of
from musep2p.core.ranges import Ranges
from musep2p.core.records import Entry, ResultBlock
from tests.core.wire import RECIPE, Table


def test_the_spool_keeps_an_output_until_the_journal_says_that_it_is_safe():
    """A crash between the store's answer and the journal's would lose a picture that is there."""
    table = Table(1)
    table.core("p0").payload = frozenset()
    table.happen("p0", ev.StoreChanged("ok", "5" * 32))
    table.submit("p0", RECIPE)
    table.wait(6000)
    table.happen("p0", ev.SlotReady(0))
    start = table.starts[-1][1]
    (index,) = Ranges.decode(start.ranges).indices()
    peer, now = table.peers["p0"], table.now_ms
    entry = Entry(index, digest_of(b"x"), 1, 1, ext="png")
    (write,) = [e for e in peer.handle(ev.TasksDone(0, start.chunk, (entry,), 9), now) if isinstance(e, fx.Write)]
    (publish,) = [e for e in peer.handle(ev.Durable(write.position), now) if isinstance(e, fx.Publish)]
    told = peer.handle(ev.Published(publish.op, write.record), now)
    (safe,) = [e for e in told if isinstance(e, fx.Write) and isinstance(e.record, ResultBlock)]
    after = peer.handle(ev.Durable(peer.core.written), now)

    assert write.sync == (f"{start.batch}-{index}-1.png",) and safe.record.safe
    assert not any(isinstance(effect, fx.Unspool) for effect in told)
    assert [effect.names for effect in after if isinstance(effect, fx.Unspool)] == [write.sync]
