"""The event log: numbers, memory, listeners, and events as plain values."""

import json
from dataclasses import dataclass, fields, is_dataclass

from corenet.control.event_log import Entry, EventLog
from corenet.interfaces.activation import Step
from corenet.interfaces.node import Event, Interface

START = 1_700_000_000.7
FIRST = 1_700_000_000_000_001


@dataclass(frozen=True, slots=True)
class Part:
    """Something that an event consists of."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Rang(Event):
    """Something happened, with values of every kind that events have."""

    tone: int
    step: Step | None = None
    parts: tuple[Part, ...] = ()
    named: tuple[tuple[str, float], ...] = ()
    by_interface: dict[Interface, int] | None = None


def filled(count, kept=10):
    log = EventLog(START, kept)
    for tone in range(1, count + 1):
        log.note(START + tone, "bell", Rang(tone))
    return log


def tones(entries):
    return [entry.event.tone for entry in entries]


def test_numbers_begin_with_the_time_and_have_no_gap():
    """A later process has higher numbers, so nobody takes its events for those of an earlier."""
    log = filled(3)
    assert [entry.number for entry in log.since(0)] == [FIRST, FIRST + 1, FIRST + 2]
    assert (log.first_kept, log.last) == (FIRST, FIRST + 2)
    assert EventLog(START + 1).last > log.last
    assert EventLog(4_000_000_000).last < 2**53


def test_listener_that_was_away_gets_what_came_since():
    """The number last seen is where it goes on."""
    log = filled(5)
    assert tones(log.since(FIRST + 2)) == [4, 5]
    assert log.since(FIRST + 4) == []


def test_log_forgets_the_oldest():
    """Beyond its bound the log keeps the last events."""
    log = filled(25)
    assert tones(log.since(0)) == list(range(16, 26))
    assert tones(log.since(FIRST + 3)) == list(range(16, 26))
    assert log.first_kept == FIRST + 15


def test_number_that_was_never_given_means_everything():
    """A number of another log, or one made up, loses nothing."""
    assert tones(filled(3).since(FIRST + 100)) == [1, 2, 3]


def test_empty_log_has_nothing():
    """Before the first event there is nothing to give, and the next number is known."""
    log = EventLog(START)
    assert (log.since(0), log.first_kept, log.last) == ([], FIRST, FIRST - 1)


def test_listeners_hear_until_they_end():
    """Each new entry is told to each listener; ending twice is no harm."""
    log, heard, also = EventLog(START), [], []
    end = log.listen(heard.append)
    log.listen(also.append)
    log.note(1.0, "bell", Rang(1))
    end()
    end()
    log.note(2.0, "bell", Rang(2))
    assert (tones(heard), tones(also)) == ([1], [1, 2])


def test_listener_may_end_while_it_listens():
    """Who leaves on an event does not keep others from hearing it."""
    log, heard = EventLog(START), []
    ends = []
    ends.append(log.listen(lambda entry: ends[0]()))
    log.listen(heard.append)
    log.note(1.0, "bell", Rang(1))
    assert tones(heard) == [1]


def test_entry_is_plain_values():
    """Whatever events are made of becomes values that JSON has."""
    event = Rang(
        7, Step.ACTIVE, (Part(b"\x01\xff"),), (("a", 0.5),), by_interface={Interface.GI: 2}
    )
    plain = Entry(1, 2.0, "bell", event).plain()
    assert plain == {
        "number": 1,
        "time": 2.0,
        "node": "bell",
        "event": "Rang",
        "tone": 7,
        "step": "active",
        "parts": [{"octets": "01ff"}],
        "named": [["a", 0.5]],
        "by_interface": {"gi": 2},
    }
    assert json.loads(json.dumps(plain)) == plain


def subclasses(kind):
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_no_event_of_the_core_hides_what_every_entry_has(world, who):
    """No event has a member named as one of the entry's own, and all that happen are plain."""
    own = {"number", "time", "node", "event"}
    for kind in subclasses(Event):
        of_the_core = kind.__module__.startswith("corenet.") and "testing" not in kind.__module__
        if of_the_core and is_dataclass(kind):
            assert own.isdisjoint(field.name for field in fields(kind)), kind
    core = world()
    core.finished(core.request(1))
    core.control.deactivate(who(1).imsi, "wap.example")
    core.wait(5)
    entries = core.control.events.since(0)
    assert [entry.event for entry in entries] == core.events
    assert {"MobileAttached", "PdpContextCreated", "ActivationFinished"} <= {
        json.loads(json.dumps(entry.plain()))["event"] for entry in entries
    }
