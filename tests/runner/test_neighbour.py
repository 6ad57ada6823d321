"""When a machine works: hours of the week, nobody at it, nothing else on its GPU."""

import sys
from datetime import datetime

import pytest

from musep2p.errors import ConfigError
from musep2p.runner import idle
from musep2p.runner.hours import parse_hours
from musep2p.runner.idle import idle_s
from musep2p.runner.neighbour import reason_to_rest

MONDAY = 23  # of November 2026
NOBODY_KNOWS = "it works when nobody uses it, and does not tell whether somebody does: set idle_command"


def at(day, hour, minute=0):
    """A time of that week; 0 is its Monday."""
    return datetime(2026, 11, MONDAY + day, hour, minute)


@pytest.mark.parametrize(
    ("hours", "when", "works"),
    [
        ([], at(2, 12), True),
        (["19:00-07:00"], at(2, 12), False),
        (["19:00-07:00"], at(2, 19), True),
        (["19:00-07:00"], at(2, 6, 59), True),
        (["19:00-07:00"], at(2, 7), False),
        (["Mon-Fri 19:00-07:00"], at(0, 3), False),
        (["Mon-Fri 19:00-07:00"], at(5, 3), True),
        (["Mon-Fri 19:00-07:00"], at(5, 20), False),
        (["Mon-Fri 19:00-07:00", "Sat", "Sun"], at(5, 20), True),
        (["Sat, Sunday"], at(6, 0), True),
        (["sat-mon 09:00-17:00"], at(0, 10), True),
        (["sat-mon 09:00-17:00"], at(1, 10), False),
        (["Tue 09:00-24:00"], at(1, 23, 59), True),
    ],
)
def test_hours_of_the_week(hours, when, works):
    """What begins late belongs to the day on which it begins."""
    assert parse_hours(hours).has(when) == works


@pytest.mark.parametrize("text", ["", "noon", "25:00-07:00", "9-17", "Mon 09:70-10:00", "Mxn", "09:00-09:00"])
def test_what_are_no_hours_is_said(text):
    """With an example of what would be."""
    with pytest.raises(ConfigError, match=r"hours: .*Write them like"):
        parse_hours([text])


@pytest.mark.parametrize(
    ("hours", "idle", "wanted", "gpu", "reason"),
    [
        ([], None, 0, False, ""),
        ([], 1.0, 0, True, ""),
        ([], 299.0, 300, False, "somebody uses this machine"),
        ([], 301.0, 300, False, ""),
        ([], 301.0, 300, True, "another program uses the GPU"),
        ([], None, 300, False, NOBODY_KNOWS),
        (["Sat"], 999.0, 300, False, "it works Sat"),
    ],
)
def test_why_a_machine_rests(hours, idle, wanted, gpu, reason):
    """All that is set must hold."""
    assert reason_to_rest(parse_hours(hours), idle, wanted, gpu, at(2, 12)) == reason


@pytest.mark.parametrize(("said", "seconds"), [("61000\n", 61.0), ("nonsense", None)])
def test_a_command_says_how_long_nobody_did_anything(said, seconds):
    """In milliseconds, as xprintidle does; what says something else says nothing."""
    assert idle_s((sys.executable, "-c", f"print({said!r})")) == seconds
    assert idle_s(("no-such-program",)) is None


def test_the_system_is_asked():
    """Whatever it is: a time, or nothing where it tells nothing."""
    found = idle_s()

    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("desktop", "session", "terminal", "seconds"),
    [(7200.0, 0.0, 5.0, 7200.0), (None, 0.0, 5.0, 0.0), (None, None, 5.0, 5.0), (None, None, None, None)],
    ids=["a desktop that knows", "logind", "terminals", "nothing"],
)
def test_who_knows_best_is_believed(monkeypatch, desktop, session, terminal, seconds):
    """Some desktops never tell logind that they are idle."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name, told in (("_mutter", desktop), ("_x11", None), ("_sessions", session), ("_terminals", terminal)):
        monkeypatch.setattr(idle, name, lambda told=told: told)

    assert idle_s() == seconds
