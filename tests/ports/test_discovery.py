"""mDNS on the loopback: peers of one farm see each other, again and again; other farms are passed over."""

import asyncio
import os

from musep2p.net.discovery import MdnsDiscovery


def test_peers_of_one_farm_see_each_other():
    """By real multicast; faces that only look are not seen."""

    async def whole():
        seen = {name: asyncio.Queue() for name in ("one", "two", "face", "other")}
        told = []
        made = {
            name: MdnsDiscovery(
                "127.0.0.1", port, f"{'other' if name == 'other' else 'studio'} {os.getpid()}", seen[name].put_nowait,
                lambda level, text: told.append(text),
            )
            for name, port in (("one", 7001), ("two", 7002), ("face", 0), ("other", 7003))
        }  # fmt: skip
        for name, discovery in made.items():
            await discovery.start(announce=name != "face")
        addresses = {}
        for name in ("one", "two", "face"):
            addresses[name] = {(await asyncio.wait_for(seen[name].get(), 10)).address}
        while len(addresses["face"]) < 2:
            addresses["face"].add((await asyncio.wait_for(seen["face"].get(), 10)).address)
        for discovery in made.values():
            await discovery.stop()

        assert addresses["one"] == {"127.0.0.1:7002"}
        assert addresses["two"] == {"127.0.0.1:7001"}
        assert addresses["face"] == {"127.0.0.1:7001", "127.0.0.1:7002"}
        assert seen["other"].empty() and told == []

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(whole())
