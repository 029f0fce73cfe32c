"""The live event stream: what a listener gets, and what becomes of one that does not listen."""

import json
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from corenet.adapters.event_stream import HEARTBEAT
from corenet.control.event_log import EventLog
from corenet.ggsn.events import MsReachable
from corenet.interfaces.node import Event

KEPT = 100
HELLO = ": events of the core\n\n"


def dechunked(octets):
    """Return the text of what came in whole chunks, and whether the last one was there."""
    text, rest = b"", octets
    while rest:
        size, rest = rest.split(b"\r\n", 1)
        length = int(size, 16)
        text, rest = text + rest[:length], rest[length + 2 :]
        if not length:
            return text.decode(), True
    return text.decode(), False


class Listener:
    """A client that listens."""

    def __init__(self, client, last=None, method="GET"):
        headers = [] if last is None else [("Last-Event-ID", str(last))]
        self.connection = client.begin(method, "/v1/events", headers=headers)
        head, body = self.connection.received().split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.first, self.ended = dechunked(body)

    def hear(self):
        text, self.ended = dechunked(self.connection.received())
        return text

    def events(self, text=None):
        """Return what came: (number, name, data) of each event."""
        heard = []
        for block in (self.hear() if text is None else text).split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "id" in lines:
                heard.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
        return heard

    def stop_reading(self):
        """Let the operating system's buffers be full."""
        self.connection.transport.producer.pauseProducing()

    def read_again(self):
        self.connection.transport.producer.resumeProducing()


def tell(client, count=1, start=1):
    """Have events happen, each recognizable by its IMSI."""
    for number in range(start, start + count):
        client.world.control.events.note(
            client.world.network.now(), "ggsn", MsReachable(f"{number:015d}", "127.0.10.2")
        )


def imsis(events):
    return [int(data["imsi"]) for _, _, data in events]


@pytest.fixture
def quiet(client):
    """A core in which nothing happens by itself, and whose log is short."""
    core = client(ggsns={}, sgsns={}, hlr=None, mobiles=())
    core.world.control.events = EventLog(core.world.network.now(), KEPT)
    return core


def test_listener_hears_what_happens(client, who):
    """Each event has its number, its name and its members, from when one listens."""
    core = client()
    listener = Listener(core)
    assert "200 OK" in listener.head
    assert "Content-Type: text/event-stream; charset=utf-8" in listener.head
    assert "Cache-Control: no-store" in listener.head
    assert listener.first == HELLO
    core.post("/v1/activations", {"imsi": who(1).imsi, "apn": "wap.example", "key": "k"})
    heard = listener.events()
    names = [name for _, name, _ in heard]
    assert names.index("ActivationStarted") < names.index("ActivationFinished")
    numbers = [number for number, _, _ in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(heard)))
    finished = heard[names.index("ActivationFinished")][2]
    assert (finished["key"], finished["outcome"]["step"], finished["node"]) == (
        "k",
        "active",
        "ggsn",
    )


def test_listener_that_comes_back_goes_on_where_it_was(quiet):
    """With Last-Event-ID nothing is missed and nothing comes twice."""
    first = Listener(quiet)
    tell(quiet, 3)
    heard = first.events()
    first.connection.break_off()
    tell(quiet, 2, start=4)
    second = Listener(quiet, last=heard[-1][0])
    tell(quiet, 1, start=6)
    assert imsis(second.events(second.first)) == [4, 5]
    assert imsis(second.events()) == [6]


def test_listener_without_a_number_gets_the_new_only(quiet):
    """What happened before is not told, unless it is asked for."""
    tell(quiet, 3)
    assert Listener(quiet).first == HELLO
    everything = Listener(quiet, last=0)
    assert imsis(everything.events(everything.first)) == [1, 2, 3]


def test_number_of_another_run_gives_all_that_is_kept(quiet):
    """A core that has started anew holds nothing back from one that knew it before."""
    tell(quiet, 2)
    for last in (quiet.world.control.events.last + 50, 17):
        listener = Listener(quiet, last=last)
        assert imsis(listener.events(listener.first)) == [1, 2]


def test_listener_is_told_that_it_has_missed_events(quiet):
    """Where the log has forgotten what it wants, a comment says so."""
    tell(quiet, 1)
    seen = quiet.world.control.events.last
    tell(quiet, KEPT + 1, start=2)
    listener = Listener(quiet, last=seen)
    assert "forgotten" in listener.first
    assert imsis(listener.events(listener.first)) == list(range(3, KEPT + 3))
    caught_up = Listener(quiet, last=seen + 1)
    assert "forgotten" not in caught_up.first


@pytest.mark.parametrize("last", ["", "x", "-1", "1.5", "٣", "9" * 19])
def test_number_that_is_none_is_refused(quiet, last):
    """400 names the header."""
    answer = quiet.ask("GET", "/v1/events", headers=[("Last-Event-ID", last.encode())])
    assert (answer.status, answer.json()["field"]) == (400, "Last-Event-ID")


def test_head_of_the_stream_ends(quiet):
    """HEAD tells the type and opens no stream."""
    answer = quiet.ask("HEAD", "/v1/events")
    assert (answer.status, answer.media) == (200, "text/event-stream; charset=utf-8")
    assert quiet.clock.getDelayedCalls() == []


def test_heart_beats(quiet):
    """On a quiet stream a comment comes now and then, so that a dead peer is noticed."""
    listener = Listener(quiet)
    quiet.clock.advance(HEARTBEAT)
    assert listener.hear() == ": still here\n\n"
    quiet.clock.advance(HEARTBEAT - 0.1)
    assert listener.hear() == ""
    quiet.clock.advance(0.1)
    assert listener.hear() == ": still here\n\n"


def test_stream_outlives_the_idle_time(quiet):
    """A listener says nothing, and stays."""
    listener = Listener(quiet)
    for _ in range(10):
        quiet.clock.advance(HEARTBEAT)
    assert not listener.connection.transport.disconnecting


def test_listener_that_goes_leaves_nothing_behind(quiet):
    """No timer, no entry in the log's list, no write."""
    listener = Listener(quiet)
    assert len(quiet.clock.getDelayedCalls()) == 1
    listener.connection.break_off()
    assert quiet.clock.getDelayedCalls() == []
    tell(quiet, 3)
    assert listener.connection.received() == b""


def test_slow_listener_gets_everything_when_it_reads_again(quiet):
    """While it does not read nothing is kept for it; then it catches up from the log."""
    listener, other = Listener(quiet), Listener(quiet)
    listener.stop_reading()
    tell(quiet, KEPT)
    quiet.clock.advance(HEARTBEAT)
    assert listener.connection.received() == b""
    assert len(other.events()) == KEPT
    listener.read_again()
    tell(quiet, 1, start=KEPT + 1)
    assert imsis(listener.events()) == list(range(1, KEPT + 2))


def test_listener_may_stop_reading_in_the_midst(quiet):
    """A long replay waits for its reader as often as it must."""
    listener = Listener(quiet)
    transport = listener.connection.transport
    listener.stop_reading()
    tell(quiet, KEPT)
    write, written = transport.writeSequence, []

    def write_a_little(octets):
        write(octets)
        written.append(octets)
        if len(written) % 40 == 0:
            listener.stop_reading()

    transport.writeSequence = write_a_little
    heard = []
    for _ in range(3):
        listener.read_again()
        heard.append(imsis(listener.events()))
    assert [len(part) for part in heard] == [40, 40, KEPT - 80]
    assert [imsi for part in heard for imsi in part] == list(range(1, KEPT + 1))


def test_listener_that_is_too_slow_is_let_go(quiet):
    """Once the log has forgotten what comes next for it, the connection is cut."""
    listener = Listener(quiet)
    listener.stop_reading()
    tell(quiet, KEPT)
    assert not listener.connection.transport.aborted
    with capture_logs() as logs:
        tell(quiet, 2)
    assert listener.connection.transport.aborted
    assert [log["event"] for log in logs] == ["event listener too slow"]
    assert quiet.clock.getDelayedCalls() == []


def test_streams_end_with_the_interface(quiet):
    """Closing tells each listener that nothing more comes."""
    listeners = [Listener(quiet), Listener(quiet)]
    quiet.interface.close()
    for listener in listeners:
        assert (listener.hear(), listener.ended) == ("", True)
        listener.connection.break_off()
    assert quiet.clock.getDelayedCalls() == []
    quiet.interface.close()


def test_connection_goes_on_after_its_stream(quiet, wire):
    """A pipelined request behind a stream waits, and is refused when the interface has closed."""
    listener = Listener(quiet)
    listener.connection.send(wire("GET", "/v1/contexts"))
    assert listener.hear() == ""
    quiet.interface.close()
    assert b"503 Service Unavailable" in listener.connection.received()


def test_event_that_json_has_no_words_for_is_text(quiet):
    """Whatever an event is made of, the stream goes on."""

    @dataclass(frozen=True)
    class Odd(Event):
        """Has a member of a kind of its own."""

        member: object

    listener = Listener(quiet)
    quiet.world.control.events.note(1.0, "ggsn", Odd(1j))
    ((_, name, data),) = listener.events()
    assert (name, data["node"], data["member"]) == ("Odd", "ggsn", "1j")
