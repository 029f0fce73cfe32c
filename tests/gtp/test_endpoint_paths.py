"""Paths: echo, whether they live, restarts."""

from __future__ import annotations

from random import Random

import pytest

from gtp.constants import Cause, MessageType
from gtp.endpoint import (
    Endpoint,
    Event,
    PathDown,
    PathSuspected,
    PathUp,
    PeerRestarted,
    ResponseReceived,
)
from gtp.messages import (
    EchoRequest,
    EchoResponse,
    FailureReportRequest,
    FailureReportResponse,
    Message,
    VersionNotSupported,
    decode,
)
from gtp.path import MAX_REMEMBERED, TRANSITIONS, PathInput, Paths, PathState
from gtp.timers import Timers

PEER = ("192.0.2.9", 2123)
OTHER = ("192.0.2.10", 2123)


def endpoint(echo_interval: float = 60.0) -> Endpoint:
    return Endpoint(
        timers=Timers(t3_response=5, n3_requests=3, echo_interval=echo_interval),
        recovery=1,
        accepts=frozenset({MessageType.FAILURE_REPORT_REQUEST}),
        random=Random(1),
    )


def sent(under_test: Endpoint) -> list[Message]:
    return [decode(data) for data, _ in under_test.take_datagrams()]


def echo_at(under_test: Endpoint, now: float) -> EchoRequest:
    assert under_test.next_timeout() == now
    under_test.handle_timeout(now)
    (message,) = sent(under_test)
    assert isinstance(message, EchoRequest)
    return message


def respond(under_test: Endpoint, echo: EchoRequest, now: float, recovery: int = 9) -> list[Event]:
    answer = EchoResponse(recovery=recovery, sequence=echo.sequence)
    under_test.receive(answer.encode(), PEER, now)
    return under_test.take_events()


@pytest.mark.clause("29.060 §7.2.1, §7.2.2", "Echo")
def test_a_watched_peer_is_asked_at_the_interval() -> None:
    """Echo Requests go out one interval apart; the first answer says that the path is up."""
    under_test = endpoint()
    under_test.watch(PEER, 100.0)
    assert respond(under_test, echo_at(under_test, 160.0), 160.1) == [PathUp(PEER)]
    assert respond(under_test, echo_at(under_test, 220.0), 220.1) == []
    assert under_test.next_timeout() == 280.0


def test_a_peer_that_stops_answering_is_suspected_and_then_down() -> None:
    """One T3-RESPONSE makes it suspected, N3-REQUESTS transmissions down; echo goes on."""
    under_test = endpoint()
    assert under_test.path_state(PEER) is None
    under_test.watch(PEER, 0.0)
    respond(under_test, echo_at(under_test, 60.0), 60.1)
    echo_at(under_test, 120.0)
    echo_at(under_test, 125.0)
    assert under_test.take_events() == [PathSuspected(PEER)]
    echo_at(under_test, 130.0)
    assert under_test.take_events() == []
    assert under_test.path_state(PEER) is PathState.SUSPECTED
    under_test.handle_timeout(135.0)
    assert under_test.take_events() == [PathDown(PEER)]
    assert under_test.path_state(PEER) is PathState.DOWN
    assert sent(under_test) == []
    again = echo_at(under_test, 180.0)
    echo_at(under_test, 185.0)
    assert under_test.take_events() == []
    assert respond(under_test, again, 186.0) == [PathUp(PEER)]
    assert under_test.next_timeout() == 240.0


def test_a_suspected_peer_that_answers_is_up() -> None:
    """The answer to a later transmission is enough."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    echo = echo_at(under_test, 60.0)
    echo_at(under_test, 65.0)
    assert under_test.take_events() == [PathSuspected(PEER)]
    assert respond(under_test, echo, 66.0) == [PathUp(PEER)]


def test_any_answer_of_the_peer_says_that_it_lives() -> None:
    """A response to another request tells as much as an Echo Response."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    request = FailureReportRequest(imsi="234150999999999")
    under_test.request(request, PEER, 1.0)
    response = FailureReportResponse(cause=Cause.REQUEST_ACCEPTED, sequence=request.sequence)
    under_test.receive(response.encode(), PEER, 1.1)
    assert [type(event) for event in under_test.take_events()] == [PathUp, ResponseReceived]
    assert under_test.next_timeout() == 60.0


def test_a_peer_that_does_not_speak_version_1_is_down() -> None:
    """Version Not Supported is no Echo Response."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    echo = echo_at(under_test, 60.0)
    under_test.receive(VersionNotSupported(sequence=echo.sequence).encode(), PEER, 60.1)
    assert under_test.take_events() == [PathDown(PEER)]
    assert under_test.next_timeout() == 120.0


def test_an_interval_shorter_than_the_attempts_waits_for_their_end() -> None:
    """There is one Echo Request at a time, and the next follows at once when it is overdue."""
    under_test = endpoint(echo_interval=10.0)
    under_test.watch(PEER, 0.0)
    for now in (10.0, 15.0, 20.0):
        echo_at(under_test, now)
    under_test.handle_timeout(25.0)
    assert len(sent(under_test)) == 1


def test_watching_is_counted_and_its_end_leaves_no_timer() -> None:
    """With the last unwatch the echo ends, even with a request open."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    under_test.watch(PEER, 0.0)
    under_test.unwatch(PEER)
    assert under_test.watched_paths == 1
    echo = echo_at(under_test, 60.0)
    under_test.unwatch(PEER)
    assert under_test.watched_paths == 0
    assert under_test.next_timeout() is None
    assert under_test.open_requests == 0
    assert respond(under_test, echo, 60.1) == []


def test_unwatching_between_echoes_leaves_no_timer() -> None:
    """What was scheduled is forgotten, and a peer nobody watches may be unwatched."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    under_test.unwatch(PEER)
    under_test.unwatch(PEER)
    assert under_test.next_timeout() is None


def test_several_paths_have_their_own_times() -> None:
    """The earliest echo is the next timeout."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    under_test.watch(OTHER, 1.0)
    echo_at(under_test, 60.0)
    assert under_test.next_timeout() == 61.0
    under_test.handle_timeout(61.0)
    assert [peer for _, peer in under_test.take_datagrams()] == [OTHER]
    assert under_test.next_timeout() == 65.0


def test_echo_can_be_turned_off() -> None:
    """An interval of 0 leaves watched paths without timers."""
    under_test = endpoint(echo_interval=0)
    under_test.watch(PEER, 0.0)
    assert under_test.next_timeout() is None
    assert under_test.watched_paths == 1


@pytest.mark.clause("23.007 §18", "restart counter")
def test_a_restart_is_a_changed_counter_not_a_greater_one() -> None:
    """The counter wraps and may be lost: any change is a restart, told before PathUp."""
    under_test = endpoint()
    under_test.watch(PEER, 0.0)
    respond(under_test, echo_at(under_test, 60.0), 60.1, recovery=255)
    assert respond(under_test, echo_at(under_test, 120.0), 120.1, recovery=255) == []
    assert respond(under_test, echo_at(under_test, 180.0), 180.1, recovery=0) == [
        PeerRestarted(PEER, 255, 0)
    ]


def test_the_counter_survives_watching() -> None:
    """What was learned before and while a path is watched is known afterwards."""
    paths = Paths(60.0)
    assert paths.note_recovery(PEER, 1) is None
    paths.watch(PEER, 0.0)
    assert paths.note_recovery(PEER, 2) == PeerRestarted(PEER, 1, 2)
    paths.unwatch(PEER)
    assert paths.note_recovery(PEER, 3) == PeerRestarted(PEER, 2, 3)


def test_strangers_cannot_push_a_watched_peer_out_of_memory() -> None:
    """Counters of peers nobody watches are bounded; that of a watched peer stays."""
    paths = Paths(60.0)
    paths.note_recovery(PEER, 1)
    paths.note_recovery(OTHER, 1)
    paths.watch(PEER, 0.0)
    for number in range(MAX_REMEMBERED):
        paths.note_recovery((f"198.51.{number >> 8}.{number & 255}", 2123), 1)
    assert paths.note_recovery(OTHER, 2) is None
    assert paths.note_recovery(PEER, 2) == PeerRestarted(PEER, 1, 2)


@pytest.mark.parametrize("state", PathState)
@pytest.mark.parametrize("happened", PathInput)
def test_every_state_takes_every_input(state: PathState, happened: PathInput) -> None:
    """What is in the table happens; what is not changes nothing and tells nothing."""
    paths = Paths(60.0)
    paths.watch(PEER, 0.0)
    path = paths.find(PEER)
    assert path is not None
    path.state = state
    event = paths.apply(path, happened)
    if (state, happened) in TRANSITIONS:
        following, kind = TRANSITIONS[state, happened]
        assert path.state is following
        assert event == kind(PEER)
    else:
        assert path.state is state
        assert event is None
