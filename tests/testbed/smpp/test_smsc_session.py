"""The SMSC's side of a session: binds, messages, deliveries, timers, and what is refused."""

from __future__ import annotations

import pytest

from testbed.codecs.smpp import (
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    CancelSmResp,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    LocalProtocolError,
    Outbind,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    encode,
)
from testbed.codecs.smpp import parameters as p
from testbed.smpp.errors import (
    NothingToAnswerError,
    QueueFullError,
    SessionStateError,
    VersionError,
)
from testbed.smpp.events import (
    Answered,
    BindRequested,
    Cancelled,
    LinkLost,
    PduRefused,
    PeerNacked,
    Queried,
    Replaced,
    SessionClosed,
    Submitted,
    TimedOut,
    Unbound,
)
from testbed.smpp.states import State
from tests.testbed.smpp.smpp_peer import BINDS, CONNECTION, SUBMIT, TERMINAL, PlayedEsme

S = CommandStatus
C = CONNECTION
DELIVER = DeliverSm(destination=TERMINAL, short_message=b"receipt")
VERSION = (p.SC_INTERFACE_VERSION(0x34),)


def refusals(esme):
    return [(event.pdu, event.status) for event in esme.told() if isinstance(event, PduRefused)]


# Binding


@pytest.mark.parametrize("state", BINDS)
@pytest.mark.clause("SMPP 3.4 §4.1", "bind as transmitter, receiver, transceiver")
def test_a_bind_is_accepted(state: State) -> None:
    """The user is told what the ESME wants; the response says who and which version we are."""
    esme = PlayedEsme()
    bind = BINDS[state](system_id="wap", password="secret", system_type="VMA")
    esme.give(bind, 7)
    assert esme.told() == [BindRequested(C, bind)]
    assert esme.sent() == []
    esme.session.accept(esme.now, system_id="SMSC")
    ((sequence, response),) = esme.sent()
    assert sequence == 7
    assert response.COMMAND == bind.COMMAND | 0x80000000
    assert (response.status, response.system_id, response.tlvs) == (0, "SMSC", VERSION)
    assert (esme.session.state, esme.session.version) == (state, 0x34)
    assert esme.session.bound_as == bind


def test_a_bind_that_is_refused_may_be_tried_again() -> None:
    """The response has the status and no body; the session stays open for another bind."""
    esme = PlayedEsme()
    esme.give(BindReceiver(password="wrong"), 1)
    esme.session.refuse(S.RINVPASWD, esme.now)
    assert esme.sent() == [(1, BindReceiverResp(status=S.RINVPASWD))]
    assert esme.session.state is State.OPEN
    esme.give(BindReceiver(password="right"), 2)
    esme.session.accept(esme.now)
    assert esme.session.state is State.BOUND_RX


def test_a_second_bind_is_refused() -> None:
    """While the first waits by ESME_RINVBNDSTS, once bound by ESME_RALYBND."""
    esme = PlayedEsme()
    esme.give(BindTransmitter(), 1)
    esme.give(BindReceiver(), 2)
    assert esme.sent() == [(2, BindReceiverResp(status=S.RINVBNDSTS))]
    esme.session.accept(esme.now)
    esme.sent()
    esme.give(BindTransceiver(), 3)
    assert esme.sent() == [(3, BindTransceiverResp(status=S.RALYBND))]
    assert esme.session.state is State.BOUND_TX


def test_there_must_be_a_bind_to_answer() -> None:
    """Accepting or refusing nothing is our user's mistake."""
    esme = PlayedEsme()
    for answer in (lambda: esme.session.accept(esme.now), lambda: esme.session.refuse(8, esme.now)):
        with pytest.raises(NothingToAnswerError):
            answer()


@pytest.mark.parametrize(
    ("asked", "version"), [(0x00, 0x33), (0x33, 0x33), (0x34, 0x34), (0x50, 0x34)]
)
@pytest.mark.clause("SMPP 3.4 §3.4", "versions 3.3 and 5.0 negotiated down")
def test_versions_are_negotiated_down(asked: int, version: int) -> None:
    """3.3 and less stays 3.3 and gets no TLV; 5.0 becomes 3.4."""
    esme = PlayedEsme()
    esme.give(BindTransceiver(interface_version=asked))
    esme.session.accept(esme.now, system_id="SMSC")
    (response,) = esme.pdus()
    assert esme.session.version == version
    assert response.tlvs == (VERSION if version == 0x34 else ())


def test_a_peer_of_version_3_3_gets_no_optional_parameters() -> None:
    """They are left out; what cannot do without them is our user's mistake."""
    esme = PlayedEsme().bound(version=0x33)
    esme.session.deliver(
        DeliverSm(short_message=b"x", tlvs=(p.RECEIPTED_MESSAGE_ID("7"),)), "c", esme.now
    )
    assert esme.pdus() == [DeliverSm(short_message=b"x")]
    esme.give(SUBMIT, 9)
    esme.session.respond(9, SubmitSmResp(message_id="7", tlvs=(p.SET_DPF(1),)), esme.now)
    assert esme.pdus() == [SubmitSmResp(message_id="7")]
    with pytest.raises(VersionError, match="no message_payload"):
        esme.session.deliver(DeliverSm(tlvs=(p.MESSAGE_PAYLOAD(b"x"),)), None, esme.now)
    with pytest.raises(VersionError, match="no data_sm"):
        esme.session.deliver(DataSm(), None, esme.now)
    with pytest.raises(VersionError, match="no alert_notification"):
        esme.session.alert(AlertNotification(), esme.now)
    assert esme.sent() == []


@pytest.mark.clause("SMPP 3.4 §4.1.7", "outbind")
def test_outbind_asks_for_a_bind() -> None:
    """On a connection of ours: outbind, then the ESME binds as receiver."""
    esme = PlayedEsme(session_init=30.0)
    esme.wait(20.0)
    esme.session.outbind("SMSC", "secret", esme.now)
    assert esme.pdus() == [Outbind(system_id="SMSC", password="secret")]
    assert esme.session.state is State.OUTBOUND
    esme.wait(20.0)
    esme.give(BindTransmitter(), 1)
    assert esme.pdus() == [BindTransmitterResp(status=S.RINVBNDSTS)]
    esme.give(BindReceiver(), 2)
    esme.session.accept(esme.now)
    assert esme.session.state is State.BOUND_RX
    with pytest.raises(SessionStateError, match=r"outbind needs OPEN, the session is BOUND_RX"):
        esme.session.outbind("SMSC", "secret", esme.now)


# Messages of the ESME's

REQUESTS = [
    (SUBMIT, Submitted, SubmitSmResp(message_id="7")),
    (DataSm(tlvs=(p.MESSAGE_PAYLOAD(b"x"),)), Submitted, DataSmResp(message_id="7")),
    (
        SubmitMulti(destinations=(TERMINAL,)),
        Submitted,
        SubmitMultiResp(message_id="7", tlvs=()),
    ),
    (QuerySm(message_id="7"), Queried, QuerySmResp(message_id="7", message_state=1)),
    (CancelSm(message_id="7"), Cancelled, CancelSmResp()),
    (ReplaceSm(message_id="7", short_message=b"y"), Replaced, ReplaceSmResp(status=S.RREPLACEFAIL)),
]


@pytest.mark.parametrize(("request_", "event", "response"), REQUESTS)
def test_a_request_is_told_and_answered(request_, event, response) -> None:
    """The user gets sequence and request, and answers whenever it likes."""
    esme = PlayedEsme().bound()
    esme.give(request_, 44)
    assert esme.told() == [event(C, 44, request_)]
    assert (esme.sent(), esme.session.unanswered) == ([], 1)
    esme.wait(20.0)
    esme.session.respond(44, response, esme.now)
    assert esme.sent() == [(44, response)]
    assert esme.session.unanswered == 0


@pytest.mark.clause("SMPP 3.4 §2.7", "windows both ways, responses in any order")
def test_responses_may_come_in_any_order() -> None:
    """A transaction that takes long does not hold up the others."""
    esme = PlayedEsme().bound()
    for sequence in range(1, 6):
        esme.give(SUBMIT, sequence)
    for sequence in (3, 1, 5, 2, 4):
        esme.session.respond(sequence, SubmitSmResp(message_id=str(sequence)), esme.now)
    assert [sequence for sequence, _ in esme.sent()] == [3, 1, 5, 2, 4]


def test_what_does_not_wait_cannot_be_answered() -> None:
    """Twice, never asked, or by another response: our user's mistakes."""
    esme = PlayedEsme().bound()
    esme.give(SUBMIT, 1)
    with pytest.raises(NothingToAnswerError, match="data_sm_resp is no response to submit_sm"):
        esme.session.respond(1, DataSmResp(), esme.now)
    with pytest.raises(LocalProtocolError, match="message_id"):
        esme.session.respond(1, SubmitSmResp(message_id="x" * 65), esme.now)
    esme.session.respond(1, GenericNack(status=S.RSYSERR), esme.now)
    with pytest.raises(NothingToAnswerError, match="sequence number 1"):
        esme.session.respond(1, SubmitSmResp(), esme.now)


def test_an_answer_after_the_end_goes_nowhere() -> None:
    """The outcome of a transaction whose session is over is nobody's mistake."""
    esme = PlayedEsme().bound()
    esme.give(SUBMIT, 1)
    esme.session.lost("reset", esme.now)
    esme.session.respond(1, SubmitSmResp(), esme.now)
    assert esme.sent() == []


def test_the_peers_window_is_bounded() -> None:
    """More requests than peer_window are throttled until one is answered."""
    esme = PlayedEsme(peer_window=2).bound()
    for sequence in (1, 2, 3):
        esme.give(SUBMIT, sequence)
    assert esme.sent() == [(3, SubmitSmResp(status=S.RTHROTTLED))]
    esme.give(QuerySm(message_id="1"), 4)
    assert esme.sent() == [(4, QuerySmResp(status=S.RTHROTTLED))]
    esme.session.respond(1, SubmitSmResp(), esme.now)
    esme.told()
    esme.give(SUBMIT, 5)
    assert esme.told() == [Submitted(C, 5, SUBMIT)]
    assert esme.counters["throttled"] == 2


@pytest.mark.clause("SMPP 3.4", "ESME_RTHROTTLED by rate and by window")
def test_the_rate_is_bounded() -> None:
    """A burst passes, then so many a second; questions are not counted."""
    esme = PlayedEsme(rate=2.0, burst=3).bound()
    for sequence in range(1, 6):
        esme.give(SUBMIT, sequence)
    throttled = [sequence for sequence, pdu in esme.sent() if pdu.status == S.RTHROTTLED]
    assert throttled == [4, 5]
    esme.give(QuerySm(message_id="1"), 6)
    esme.wait(0.5)
    esme.give(SUBMIT, 7)
    esme.give(SUBMIT, 8)
    assert esme.sent() == [(8, SubmitSmResp(status=S.RTHROTTLED))]


def test_what_was_not_used_of_a_rate_is_not_saved() -> None:
    """After a long silence no more than the burst passes at once."""
    esme = PlayedEsme(rate=2.0, burst=3, enquire_link=None).bound()
    esme.wait(3600.0)
    for sequence in range(1, 6):
        esme.give(SUBMIT, sequence)
    assert [sequence for sequence, _ in esme.sent()] == [4, 5]


def test_an_account_has_limits_of_its_own() -> None:
    """What accept is given replaces what the session was made with."""
    esme = PlayedEsme().bound(rate=1.0, burst=1, window=1)
    esme.give(SUBMIT, 1)
    esme.give(SUBMIT, 2)
    assert esme.sent() == [(2, SubmitSmResp(status=S.RTHROTTLED))]
    esme.session.deliver(DELIVER, 1, esme.now)
    esme.session.deliver(DELIVER, 2, esme.now)
    assert (esme.session.outstanding, esme.session.queued) == (1, 1)


def test_a_sequence_number_that_waits_is_not_taken_twice() -> None:
    """Nobody could tell the two answers apart."""
    esme = PlayedEsme().bound()
    esme.give(SUBMIT, 1)
    esme.give(SUBMIT, 1)
    assert esme.sent() == [(1, SubmitSmResp(status=S.RSYSERR))]
    esme.session.respond(1, SubmitSmResp(), esme.now)
    esme.told()
    esme.give(SUBMIT, 1)
    assert esme.told() == [Submitted(C, 1, SUBMIT)]


# Deliveries of ours


def test_a_delivery_is_answered() -> None:
    """Sequence numbers count up; the answer comes with the context."""
    esme = PlayedEsme().bound()
    esme.session.deliver(DELIVER, "one", esme.now)
    esme.session.deliver(DataSm(), "two", esme.now)
    sent = esme.sent()
    assert sent == [(1, DELIVER), (2, DataSm())]
    refusal = DataSmResp(status=S.RX_T_APPN)
    esme.give(refusal, 2)
    esme.give(DeliverSmResp(), 1)
    assert esme.told() == [Answered(C, "two", refusal), Answered(C, "one", DeliverSmResp())]
    assert esme.session.outstanding == 0


def test_a_window_that_is_full_makes_deliveries_wait() -> None:
    """The next goes out when one is answered; in order; the queue is bounded."""
    esme = PlayedEsme(window=2, queue=2).bound()
    for number in range(4):
        esme.session.deliver(DELIVER, number, esme.now)
    with pytest.raises(QueueFullError, match="2 requests are outstanding and 2 wait"):
        esme.session.deliver(DELIVER, 4, esme.now)
    assert [sequence for sequence, _ in esme.sent()] == [1, 2]
    esme.give(DeliverSmResp(), 2)
    assert [sequence for sequence, _ in esme.sent()] == [3]
    esme.give(DeliverSmResp(), 1)
    esme.give(DeliverSmResp(), 3)
    assert [sequence for sequence, _ in esme.sent()] == [4]
    esme.give(DeliverSmResp(), 4)
    assert [event.context for event in esme.told()] == [1, 0, 2, 3]


@pytest.mark.clause("SMPP 3.4 §7.2", "response timer")
def test_a_delivery_that_is_not_answered_times_out() -> None:
    """The session goes on, the window has room again, and a late answer means nothing."""
    esme = PlayedEsme(window=1, response=5.0, enquire_link=None).bound()
    esme.session.deliver(DELIVER, "slow", esme.now)
    esme.session.deliver(DELIVER, "next", esme.now)
    esme.sent()
    esme.wait(5.0)
    assert esme.told() == [TimedOut(C, "slow")]
    assert [sequence for sequence, _ in esme.sent()] == [2]
    esme.give(DeliverSmResp(), 1)
    esme.give(DeliverSmResp(), 2)
    assert esme.told() == [Answered(C, "next", DeliverSmResp())]
    assert (esme.counters["timed-out"], esme.counters["unmatched"]) == (1, 1)


def test_a_nack_answers_a_delivery() -> None:
    """generic_nack with our sequence number is an answer; with another one it is told apart."""
    esme = PlayedEsme().bound()
    esme.session.deliver(DELIVER, "one", esme.now)
    esme.give(GenericNack(status=S.RINVCMDID), 1)
    esme.give(GenericNack(status=S.RINVCMDLEN), 0)
    assert esme.told() == [
        Answered(C, "one", GenericNack(status=S.RINVCMDID)),
        PeerNacked(C, S.RINVCMDLEN),
    ]


def test_another_response_is_no_answer() -> None:
    """A response of the wrong kind is counted, and the request still waits."""
    esme = PlayedEsme().bound()
    esme.session.deliver(DELIVER, "one", esme.now)
    esme.give(SubmitSmResp(), 1)
    assert (esme.told(), esme.counters["unmatched"], esme.session.outstanding) == ([], 1, 1)


def test_what_cannot_be_sent_is_our_users_mistake() -> None:
    """State and PDU are checked when the command is given; nothing is sent then."""
    esme = PlayedEsme().bound(State.BOUND_TX)
    with pytest.raises(SessionStateError, match="BOUND_RX, BOUND_TRX, the session is BOUND_TX"):
        esme.session.deliver(DELIVER, None, esme.now)
    with pytest.raises(SessionStateError):
        esme.session.alert(AlertNotification(), esme.now)
    with pytest.raises(LocalProtocolError, match="longer than 254"):
        PlayedEsme().bound().session.deliver(DeliverSm(short_message=bytes(255)), None, 1.0)
    assert esme.sent() == []


@pytest.mark.clause("SMPP 3.4 §4.12", "alert_notification")
def test_an_alert_needs_no_answer() -> None:
    """alert_notification goes out at once, window or not."""
    esme = PlayedEsme(window=1).bound(State.BOUND_RX)
    esme.session.deliver(DELIVER, None, esme.now)
    alert = AlertNotification(source=TERMINAL, tlvs=(p.MS_AVAILABILITY_STATUS(0),))
    esme.session.alert(alert, esme.now)
    assert esme.pdus() == [DELIVER, alert]
    assert esme.session.outstanding == 1


# The link


@pytest.mark.clause("SMPP 3.4 §7.2", "session init timer")
def test_a_peer_that_never_binds_is_left() -> None:
    """The session init timer closes the connection (SMPP 3.4 §7.2)."""
    esme = PlayedEsme(session_init=30.0)
    esme.wait(29.9)
    assert esme.told() == []
    esme.wait(0.1)
    assert esme.told() == [SessionClosed(C, "no bind within 30 s")]
    assert (esme.sent(), esme.is_disconnected, esme.timers) == ([], True, None)


@pytest.mark.clause("SMPP 3.4 §7.2", "enquire link timer")
def test_a_silent_peer_is_asked_and_left() -> None:
    """enquire_link after silence; without a response the session ends and loses what waits."""
    esme = PlayedEsme(enquire_link=30.0, link_response=10.0).bound()
    esme.wait(20.0)
    esme.give(EnquireLink(), 8)
    assert esme.sent() == [(8, EnquireLinkResp())]
    esme.wait(29.9)
    assert esme.sent() == []
    esme.wait(0.1)
    ((sequence, pdu),) = esme.sent()
    assert pdu == EnquireLink()
    esme.give(EnquireLinkResp(), sequence)
    esme.session.deliver(DELIVER, "lost", esme.now)
    esme.sent()
    esme.wait(30.0)
    assert esme.pdus() == [EnquireLink()]
    esme.wait(10.0)
    assert esme.told() == [
        LinkLost(C, "lost", sent=True),
        SessionClosed(C, "no response to enquire_link"),
    ]
    assert (esme.sent(), esme.is_disconnected) == ([], True)


def test_a_nack_to_enquire_link_shows_that_somebody_is_there() -> None:
    """A peer that does not know enquire_link is alive."""
    esme = PlayedEsme(enquire_link=30.0).bound()
    esme.wait(30.0)
    ((sequence, _),) = esme.sent()
    esme.give(GenericNack(status=S.RINVCMDID), sequence)
    esme.wait(20.1)
    assert esme.session.state.is_bound


@pytest.mark.clause("SMPP 3.4 §7.2", "inactivity timer")
def test_an_idle_session_is_unbound() -> None:
    """The inactivity timer counts operations; enquire_link is none."""
    esme = PlayedEsme(inactivity=100.0, enquire_link=None).bound()
    esme.wait(60.0)
    esme.give(SUBMIT, 1)
    esme.session.respond(1, SubmitSmResp(), esme.now)
    esme.wait(60.0)
    esme.give(EnquireLink(), 2)
    esme.sent()
    esme.wait(39.9)
    assert esme.sent() == []
    esme.wait(0.1)
    ((sequence, pdu),) = esme.sent()
    assert (pdu, esme.session.state) == (Unbind(), State.UNBOUND)
    esme.give(UnbindResp(), sequence)
    assert esme.told()[-1] == SessionClosed(C, "unbound")


def test_unbinding_gives_up_the_queue_and_hears_answers_out() -> None:
    """What was not sent is lost at once; what was sent may be answered until unbind_resp."""
    esme = PlayedEsme(window=2).bound()
    for number in range(3):
        esme.session.deliver(DELIVER, number, esme.now)
    esme.sent()
    esme.session.unbind(esme.now)
    assert esme.told() == [LinkLost(C, 2, sent=False)]
    ((sequence, _),) = esme.sent()
    esme.give(DeliverSmResp(), 1)
    assert esme.told() == [Answered(C, 0, DeliverSmResp())]
    esme.give(SUBMIT, 9)
    assert esme.sent() == [(9, SubmitSmResp(status=S.RINVBNDSTS))]
    esme.told()
    esme.session.unbind(esme.now)
    esme.give(UnbindResp(), sequence)
    assert esme.told() == [LinkLost(C, 1, sent=True), SessionClosed(C, "unbound")]
    assert (esme.sent(), esme.is_disconnected, esme.timers) == ([], True, None)


def test_the_peers_requests_are_answered_until_the_end() -> None:
    """An outcome that is known while unbind waits for its answer still reaches the ESME."""
    esme = PlayedEsme().bound()
    esme.give(SUBMIT, 1)
    esme.session.unbind(esme.now)
    esme.sent()
    esme.session.respond(1, SubmitSmResp(message_id="7"), esme.now)
    assert esme.sent() == [(1, SubmitSmResp(message_id="7"))]


def test_a_peer_that_does_not_answer_unbind_is_left() -> None:
    """The response timer ends what unbind began."""
    esme = PlayedEsme(link_response=7.0).bound()
    esme.session.unbind(esme.now)
    esme.wait(7.0)
    assert esme.told() == [SessionClosed(C, "no response to unbind")]


def test_unbinding_before_a_bind_closes() -> None:
    """There is nobody to say goodbye to."""
    esme = PlayedEsme()
    esme.session.unbind(esme.now)
    assert esme.told() == [SessionClosed(C, "closed before a bind")]
    assert (esme.sent(), esme.is_disconnected) == ([], True)


def test_a_peer_that_unbinds_is_answered_and_left() -> None:
    """unbind_resp, then the connection closes; what it still sends is not read."""
    esme = PlayedEsme().bound()
    esme.session.deliver(DELIVER, "lost", esme.now)
    esme.sent()
    esme.give_octets(encode(Unbind(), 3) + encode(SUBMIT, 4))
    assert esme.sent() == [(3, UnbindResp())]
    assert esme.is_disconnected
    assert esme.told() == [
        Unbound(C),
        LinkLost(C, "lost", sent=True),
        SessionClosed(C, "the peer has unbound"),
    ]
    esme.give(SUBMIT, 5)
    esme.session.lost("closed here", esme.now)
    assert (esme.told(), esme.sent(), esme.timers) == ([], [], None)


def test_a_connection_that_is_lost_ends_everything() -> None:
    """No command goes to a connection that is over."""
    esme = PlayedEsme(window=1).bound()
    esme.session.deliver(DELIVER, 1, esme.now)
    esme.session.deliver(DELIVER, 2, esme.now)
    esme.sent()
    esme.session.lost("reset", esme.now)
    assert esme.told() == [
        LinkLost(C, 1, sent=True),
        LinkLost(C, 2, sent=False),
        SessionClosed(C, "reset"),
    ]
    assert (esme.surroundings.take_commands(), esme.timers) == ([], None)
    assert esme.counters["link-lost"] == 2


def test_a_session_can_be_closed_at_once() -> None:
    """Without a farewell, for a reason of the user's."""
    esme = PlayedEsme().bound()
    esme.session.close("banned", esme.now)
    assert esme.told() == [SessionClosed(C, "banned")]
    assert (esme.sent(), esme.is_disconnected) == ([], True)


# What breaks the protocol


def test_a_broken_body_is_refused_and_the_session_goes_on() -> None:
    """The response has the status of the field."""
    esme = PlayedEsme().bound()
    octets = bytearray(encode(SUBMIT, 6))
    octets[octets.index(b"hello") - 1] = 99
    esme.give_octets(bytes(octets))
    assert esme.sent() == [(6, SubmitSmResp(status=S.RINVMSGLEN))]
    (refused,) = esme.told()
    assert (refused.pdu, refused.status) == ("submit_sm", S.RINVMSGLEN)
    assert "short_message: 99 octets are announced" in refused.text
    assert esme.counters["malformed"] == esme.counters["refused ESME_RINVMSGLEN"] == 1
    esme.give(SUBMIT, 7)
    assert esme.told() == [Submitted(C, 7, SUBMIT)]


def test_an_unknown_command_is_nacked_and_the_session_goes_on() -> None:
    """generic_nack with ESME_RINVCMDID."""
    esme = PlayedEsme().bound()
    esme.give_octets(bytes.fromhex("00000010 00000111 00000000 00000009"))
    assert esme.sent() == [(9, GenericNack(status=S.RINVCMDID))]
    assert esme.session.state.is_bound


@pytest.mark.clause("SMPP 3.4 §3.2", "a command_length that is none ends the connection")
def test_a_length_that_is_none_is_nacked_and_ends_the_connection() -> None:
    """Nobody knows where the next PDU begins; PDUs before it are served."""
    esme = PlayedEsme(largest_pdu=1000).bound()
    long = bytes.fromhex("00000400 00000004 00000000 00000009")
    esme.give_octets(encode(EnquireLink(), 8) + long + encode(EnquireLink(), 10))
    assert esme.sent() == [(8, EnquireLinkResp()), (9, GenericNack(status=S.RINVCMDLEN))]
    assert esme.is_disconnected
    assert esme.told()[-1] == SessionClosed(C, "a command_length of 1024 is more than 1000")


def test_a_broken_response_is_no_answer() -> None:
    """It is counted and not answered; the request times out."""
    esme = PlayedEsme(response=5.0).bound()
    esme.session.deliver(DELIVER, "one", esme.now)
    esme.sent()
    esme.give_octets(bytes.fromhex("00000011 80000005 00000000 00000001 41"))
    assert esme.sent() == []
    esme.wait(5.0)
    assert esme.told()[-1] == TimedOut(C, "one")


@pytest.mark.clause("SMPP 3.4", "a PDU that never ends", status="extension: closed after 10 s")
def test_a_pdu_that_comes_too_slowly_ends_the_connection() -> None:
    """A peer cannot hold a session by an octet now and then."""
    esme = PlayedEsme(whole_pdu=10.0).bound()
    octets = encode(SUBMIT, 1)
    for index in range(9):
        esme.give_octets(octets[index : index + 1])
        esme.wait(1.0)
    assert esme.told() == []
    esme.wait(1.0)
    assert esme.told() == [SessionClosed(C, "the rest of a PDU has not come within 10 s")]


def test_a_steady_peer_may_cut_pdus_anywhere() -> None:
    """Each PDU has the whole time, although one is always under way."""
    esme = PlayedEsme(whole_pdu=10.0).bound()
    octets = encode(EnquireLink(), 1) * 10
    for start in range(0, len(octets), 20):
        esme.give_octets(octets[start : start + 20])
        esme.wait(9.0)
    assert len(esme.sent()) == 10
    assert esme.told() == []
