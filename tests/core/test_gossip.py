"""Large farms: a bounded few hear each other, and all know of all."""

from collections import Counter
from dataclasses import replace

import pytest

from musep2p.cli.simulate import Farm
from musep2p.core import events as ev
from musep2p.core import messages as m
from musep2p.core.gossip import roster_hash
from musep2p.core.tuning import Tuning
from musep2p.sim import scenario
from tests.core.wire import Table

PEERS = 7
LARGE = replace(Tuning(), all_to_all=2, near=1, far=1)


@pytest.fixture
def farm():
    """Seven peers that know p0 alone, some seconds later."""
    table = Table(PEERS, tuning=LARGE)
    for name in list(table.peers)[1:]:
        table.happen(name, ev.Sighted("10.0.0.1:7000"))
    table.wait(15_000)
    return table


def up(table, name):
    return {member.hello.name for member in table.core(name).up_members()}


def everybody_but(table, *gone):
    return {name: set(table.peers) - {name, *gone} for name in table.peers if name not in gone}


def test_all_know_of_all_though_they_met_one(farm):
    """Rosters and news bring the others; the hash says that nothing is missing."""
    assert {name: up(farm, name) for name in farm.peers} == everybody_but(farm)
    assert len({roster_hash(farm.core(name)) for name in farm.peers}) == 1


def test_heartbeats_are_few(farm):
    """Two neighbours and one other in two seconds, however many there are."""
    farm.mail.clear()
    sent = Counter()
    for _ in range(200):
        farm.now_ms += 50
        for name in farm.peers:
            farm.happen(name, ev.Woke())
            while farm.mail:
                sender, _, envelope = farm.mail[0]
                sent[sender] += isinstance(envelope.body, m.Heartbeat)
                farm.deliver()

    assert set(sent) == set(farm.peers)
    assert max(sent.values()) <= 5 * 3 + 2


def test_a_death_is_heard_of_by_all(farm):
    """Its neighbours miss it; the others hear it from them."""
    del farm.peers["p3"]

    def lost():
        farm.mail = [mail for mail in farm.mail if mail[1] != "p3"]

    lost()
    for _ in range(600):
        farm.now_ms += 50
        for name in farm.peers:
            farm.happen(name, ev.Woke())
            lost()
            while farm.mail:
                farm.deliver()
                lost()

    assert {name: up(farm, name) for name in farm.peers} == everybody_but(farm, "p3")


def test_who_is_wrongly_called_down_says_so(farm):
    """A rumour about a living peer is outdone by the peer itself, everywhere."""
    victim, liar = farm.core("p4"), farm.core("p1")
    member = liar.members[victim.me]
    rumour = m.Rumour(victim.me, victim.incarnation, 0, 1, member.address, None)
    for name in farm.peers:
        if name not in ("p1", "p4"):
            core = farm.core(name)
            beat = m.Heartbeat(m.Load(), core.wills.hash, news=(rumour,))
            core.members[victim.me].heard_ms = -(1 << 30)
            envelope = m.Envelope(liar.me, liar.incarnation, core.incarnation, "", beat)
            farm.happen(name, ev.Received(envelope, "10.0.0.1"))
    believed = [name for name in farm.peers if "p4" not in up(farm, name) and name != "p4"]
    farm.wait(15_000)

    assert len(believed) >= 4
    assert {name: up(farm, name) for name in farm.peers} == everybody_but(farm)
    assert victim.version == 1


def test_a_new_life_of_a_peer_is_known_to_all(farm):
    """Restarted, it is up under its new incarnation at all others."""
    farm.boot("p5", counter=2)
    farm.happen("p5", ev.Sighted("10.0.0.1:7002"))
    farm.wait(20_000)
    lives = {
        name: farm.core(name).members[farm.core("p5").me].incarnation.counter for name in farm.peers if name != "p5"
    }

    assert set(lives.values()) == {2}
    assert {name: up(farm, name) for name in farm.peers} == everybody_but(farm)


def test_eighty_peers_share_what_one_has():
    """All work within seconds, nothing is lost, nobody is called down, and messages stay few."""
    outcome = scenario.run(Farm(80, 640, 3, task_ms=(2000, 6000)).plan(), keep_told=100_000)

    assert outcome.violations == []
    assert outcome.makespan_ms <= 1.3 * outcome.lower_bound_ms
    assert not [line for line in outcome.told if " is down" in line]
