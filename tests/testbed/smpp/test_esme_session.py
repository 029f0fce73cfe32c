"""The ESME's side of a session: bind, submit, be delivered to, outbind."""

from __future__ import annotations

import pytest

from testbed.codecs.smpp import (
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    Outbind,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from testbed.codecs.smpp import parameters as p
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.errors import QueueFullError, SessionStateError, VersionError
from testbed.smpp.events import (
    Alerted,
    Answered,
    BindRefused,
    Bound,
    Delivered,
    LinkLost,
    OutbindReceived,
    SessionClosed,
    Unbound,
)
from testbed.smpp.states import State
from tests.testbed.smpp.smpp_peer import CONNECTION, SUBMIT, VERSION, PlayedSmsc

S = CommandStatus
C = CONNECTION


def test_a_bind_that_is_accepted_binds() -> None:
    """The SMSC's name and the version are told."""
    smsc = PlayedSmsc()
    bind = BindTransceiver(system_id="wap", password="secret")
    smsc.session.bind(bind, smsc.now)
    assert smsc.sent() == [(1, bind)]
    assert smsc.session.state is State.OPEN
    smsc.give(BindTransceiverResp(system_id="SMSC", tlvs=VERSION), 1)
    assert smsc.told() == [Bound(C, "SMSC", 0x34)]
    assert smsc.session.state is State.BOUND_TRX


@pytest.mark.parametrize("answer", [BindReceiverResp(status=S.RINVPASWD), GenericNack(status=0x0E)])
def test_a_bind_that_is_refused_closes(answer) -> None:
    """The status is told; the connection is of no use any more."""
    smsc = PlayedSmsc()
    smsc.session.bind(BindReceiver(), smsc.now)
    smsc.sent()
    smsc.give(answer, 1)
    assert smsc.told() == [
        BindRefused(C, S.RINVPASWD),
        SessionClosed(C, "the SMSC has refused the bind"),
    ]
    assert (smsc.sent(), smsc.is_disconnected) == ([], True)


def test_a_bind_that_is_not_answered_closes() -> None:
    """The response timer is for binds too."""
    smsc = PlayedSmsc(link_response=5.0)
    smsc.session.bind(BindReceiver(), smsc.now)
    smsc.wait(5.0)
    assert smsc.told() == [SessionClosed(C, "no response to bind_receiver")]


def test_one_bind_at_a_time() -> None:
    """A second bind, and a bind when bound, are our user's mistakes."""
    smsc = PlayedSmsc()
    smsc.session.bind(BindReceiver(), smsc.now)
    with pytest.raises(SessionStateError, match="waits for its answer already"):
        smsc.session.bind(BindReceiver(), smsc.now)
    with pytest.raises(SessionStateError, match="bind_transmitter needs OPEN"):
        PlayedSmsc().bound().session.bind(BindTransmitter(), smsc.now)


@pytest.mark.parametrize(
    ("asked", "said", "assumed", "version"),
    [
        (0x34, 0x34, 0x33, 0x34),
        (0x34, 0x33, 0x34, 0x33),
        (0x34, 0x50, 0x33, 0x34),
        (0x33, 0x34, 0x34, 0x33),
        (0x34, None, 0x33, 0x33),
        (0x34, None, 0x34, 0x34),
    ],
)
def test_the_version_is_the_lower_one(asked, said, assumed, version) -> None:
    """What the SMSC says counts; where it says nothing, what the user assumes (§3.4.2)."""
    smsc = PlayedSmsc()
    smsc.session.bind(BindTransceiver(interface_version=asked), smsc.now, assumed_version=assumed)
    tlvs = () if said is None else (p.SC_INTERFACE_VERSION(said),)
    smsc.give(BindTransceiverResp(tlvs=tlvs), 1)
    assert smsc.session.version == version


def test_submissions_end_in_answers_in_any_order() -> None:
    """Each answer comes with the context that the submission was given."""
    smsc = PlayedSmsc().bound()
    for context in "abc":
        smsc.session.submit(SUBMIT, context, smsc.now)
    smsc.session.submit(QuerySm(message_id="1"), "query", smsc.now)
    sequences = [sequence for sequence, _ in smsc.sent()]
    assert sequences == [2, 3, 4, 5]
    outcome = SubmitSmResp(status=S.RX_T_APPN)
    smsc.give(SubmitSmResp(message_id="2"), 3)
    smsc.give(QuerySmResp(message_id="1", message_state=2), 5)
    smsc.give(outcome, 2)
    assert smsc.told() == [
        Answered(C, "b", SubmitSmResp(message_id="2")),
        Answered(C, "query", QuerySmResp(message_id="1", message_state=2)),
        Answered(C, "a", outcome),
    ]


def test_a_hundred_transactions_are_outstanding() -> None:
    """A window of any size; the queue behind it is bounded."""
    smsc = PlayedSmsc(window=100, queue=0).bound()
    for context in range(100):
        smsc.session.submit(DataSm(), context, smsc.now)
    with pytest.raises(QueueFullError):
        smsc.session.submit(DataSm(), 100, smsc.now)
    for sequence, _ in reversed(smsc.sent()):
        smsc.give(DataSmResp(), sequence)
    assert [event.context for event in smsc.told()] == list(reversed(range(100)))


def test_what_3_3_cannot_say_is_refused_before_it_is_sent() -> None:
    """Without sc_interface_version the SMSC is one of 3.3."""
    smsc = PlayedSmsc().bound(tlvs=())
    with pytest.raises(VersionError):
        smsc.session.submit(SubmitSm(tlvs=(p.MESSAGE_PAYLOAD(b"x"),)), None, smsc.now)
    smsc.session.submit(SubmitSm(tlvs=(p.DESTINATION_PORT(2948),)), None, smsc.now)
    assert smsc.pdus() == [SubmitSm()]


def test_deliveries_are_told_and_answered() -> None:
    """deliver_sm and data_sm from the SMSC; alerts need no answer."""
    smsc = PlayedSmsc().bound()
    alert = AlertNotification()
    smsc.give(DeliverSm(esm_class=4), 70)
    smsc.give(DataSm(), 71)
    smsc.give(alert, 72)
    assert smsc.told() == [
        Delivered(C, 70, DeliverSm(esm_class=4)),
        Delivered(C, 71, DataSm()),
        Alerted(C, alert),
    ]
    smsc.session.respond(71, DataSmResp(), smsc.now)
    smsc.session.respond(70, DeliverSmResp(status=S.RX_T_APPN), smsc.now)
    assert smsc.sent() == [(71, DataSmResp()), (70, DeliverSmResp(status=S.RX_T_APPN))]


def test_deliveries_beyond_the_window_are_throttled() -> None:
    """An ESME is bounded as an SMSC is."""
    smsc = PlayedSmsc(peer_window=1).bound()
    smsc.give(DeliverSm(), 1)
    smsc.give(DeliverSm(), 2)
    smsc.give(DataSm(), 3)
    assert smsc.pdus() == [
        DeliverSmResp(status=S.RTHROTTLED),
        DataSmResp(status=S.RTHROTTLED),
    ]


def test_an_outbind_is_followed_by_a_bind() -> None:
    """On a connection that the SMSC opened; the user decides whether to bind."""
    smsc = PlayedSmsc()
    smsc.give(Outbind(system_id="SMSC", password="secret"), 1)
    assert smsc.told() == [OutbindReceived(C, Outbind(system_id="SMSC", password="secret"))]
    assert smsc.session.state is State.OUTBOUND
    smsc.session.bind(BindReceiver(), smsc.now)
    smsc.sent()
    smsc.give(BindReceiverResp(tlvs=VERSION), 1)
    assert smsc.session.state is State.BOUND_RX


def test_an_smsc_that_unbinds_is_answered() -> None:
    """What was outstanding is lost, and may have been carried out."""
    smsc = PlayedSmsc().bound()
    smsc.session.submit(SUBMIT, "x", smsc.now)
    smsc.sent()
    smsc.give(Unbind(), 9)
    assert smsc.sent() == [(9, UnbindResp())]
    assert smsc.told() == [
        Unbound(C),
        LinkLost(C, "x", sent=True),
        SessionClosed(C, "the peer has unbound"),
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"session_init": 0},
        {"response": -1.0},
        {"inactivity": 0.0},
        {"window": 0},
        {"peer_window": 0},
        {"burst": 0},
        {"rate": 0.0},
        {"queue": -1},
    ],
)
def test_bounds_that_let_nothing_pass_are_refused(values) -> None:
    """A timer runs for some time, a window has room for one."""
    kind = SmppTimers if hasattr(SmppTimers(), next(iter(values))) else SmppLimits
    with pytest.raises(ValueError, match=next(iter(values))):
        kind(**values)
