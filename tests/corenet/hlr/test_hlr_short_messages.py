"""Short messages through the HLR: routing both ways, the lists of who waits, and hostile octets."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.hlr.config import ANY_CENTRE, HlrConfig, Subscriber
from corenet.hlr.events import (
    GrRequestTimedOut,
    ServiceCentreAlerted,
    ServiceCentreNotAlerted,
    ShortMessageForwarded,
    ShortMessageRefused,
)
from corenet.hlr.node import Hlr
from corenet.interfaces.gsup import (
    GsupMessage,
    MessageClass,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
    decode,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Interface
from corenet.interfaces.sms.causes import RpCause
from gtp.codes import MsNotReachableReason

IMSI, MSISDN = "234150999999999", "447700900123"
SGSN, OTHER_SGSN = ("192.0.2.2", 4222), ("192.0.2.12", 4222)
CENTRE, OTHER_CENTRE = ("192.0.2.9", 4222), ("192.0.2.19", 4222)
NUMBER = "447785016005"

MT = GsupMessage(
    MessageType.MT_FORWARD_SM_REQUEST,
    IMSI,
    sm_rp_mr=9,
    sm_rp_da=SmRpAddress.imsi(IMSI),
    sm_rp_oa=SmRpAddress.service_centre(NUMBER),
    sm_rp_ui=b"\x04",
    sm_rp_mms=1,
    message_class=MessageClass.SMS,
    source_name=b"smsc\0",
)
MO = GsupMessage(
    MessageType.MO_FORWARD_SM_REQUEST,
    IMSI,
    sm_rp_mr=5,
    sm_rp_da=SmRpAddress.service_centre(NUMBER),
    sm_rp_oa=SmRpAddress(SmRpAddressType.NONE),
    sm_rp_ui=b"\x01",
)


class Bench:
    """An HLR with SGSNs and service centres played by the test."""

    def __init__(self, **changes):
        changes = {"service_centres": {NUMBER: CENTRE}} | changes
        config = HlrConfig("192.0.2.3", (Subscriber(IMSI, MSISDN),), **changes)
        self.hlr = Hlr(config, random=Random(1), recovery=1)
        self.hlr.start(0.0)
        self.hlr.take_events()
        self.now = 0.0

    def give(self, octets, peer):
        self.hlr.receive(Interface.GR, octets, peer=peer, local=("", 0), now=self.now)

    def say(self, message, peer):
        self.give(message.encode(), peer)

    def heard(self):
        """Return what was sent since the last call: peer and message."""
        return [(one.peer, decode(one.data)) for one in self.hlr.take_datagrams()]

    def hear(self, peer, kind):
        """Take the one message that was sent; it is of that type and went there."""
        ((to, message),) = self.heard()
        assert (to, message.type) == (peer, kind)
        return message

    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.hlr.next_timeout()) is not None and due <= end:
            self.now = due
            self.hlr.handle_timeout(due)
        self.now = end

    def events(self, kind):
        return [event for event in self.hlr.take_events() if isinstance(event, kind)]

    def attach(self, sgsn=SGSN):
        self.say(GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, IMSI), sgsn)
        self.say(GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI), sgsn)
        self.heard()
        self.hlr.take_events()

    def answer(self, kind, *, peer=SGSN, reference=9, name=b"smsc\0", **more):
        self.say(GsupMessage(kind, IMSI, sm_rp_mr=reference, destination_name=name, **more), peer)

    def refuse(self, **more):
        self.answer(MessageType.MT_FORWARD_SM_ERROR, **more)


@pytest.fixture
def bench():
    bench = Bench()
    bench.attach()
    return bench


def test_message_is_forwarded_as_it_is(bench):
    """Everything that the centre says reaches the SGSN, and the result the centre."""
    bench.say(MT, CENTRE)
    assert bench.hear(SGSN, MT.type) == MT
    bench.answer(MessageType.MT_FORWARD_SM_RESULT, sm_rp_ui=b"\x00\x00")
    result = bench.hear(CENTRE, MessageType.MT_FORWARD_SM_RESULT)
    assert (result.sm_rp_mr, result.sm_rp_ui, result.destination_name) == (
        9,
        b"\x00\x00",
        b"smsc\0",
    )
    assert bench.events(ShortMessageForwarded) == [ShortMessageForwarded(IMSI, MT.type, CENTRE[0])]
    assert bench.hlr.under_way["requests"] == 0
    assert bench.hlr.next_timeout() is None


@pytest.mark.parametrize(
    "changes",
    [{"sm_rp_da": SmRpAddress.msisdn(MSISDN)}, {"sm_rp_da": None, "msisdn": MSISDN}],
    ids=["SM-RP-DA", "MSISDN"],
)
@pytest.mark.clause(
    "29.002 §12.2",
    "MT-forwardSM by MSISDN, for there is no GSUP message to ask for the IMSI",
    status="extension",
)
def test_number_stands_for_the_imsi(bench, changes):
    """The SGSN is told the IMSI; the centre the IMSI and its number again."""
    bench.say(replace(MT, imsi="", **changes), CENTRE)
    forwarded = bench.hear(SGSN, MT.type)
    assert (forwarded.imsi, forwarded.sm_rp_da) == (IMSI, SmRpAddress.imsi(IMSI))
    assert forwarded.msisdn is None
    bench.answer(MessageType.MT_FORWARD_SM_RESULT)
    result = bench.hear(CENTRE, MessageType.MT_FORWARD_SM_RESULT)
    assert (result.imsi, result.msisdn) == (IMSI, MSISDN)


def test_unanswered_message_names_the_number_it_came_with(bench):
    """The centre finds its own message again."""
    bench.say(replace(MT, imsi="", sm_rp_da=SmRpAddress.msisdn(MSISDN)), CENTRE)
    bench.heard()
    bench.wait(89)
    assert bench.heard() == []
    bench.wait(1)
    error = bench.hear(CENTRE, MessageType.MT_FORWARD_SM_ERROR)
    assert (error.imsi, error.msisdn, error.cause, error.sm_rp_cause) == (IMSI, MSISDN, 17, 38)
    assert bench.events(GrRequestTimedOut) == [GrRequestTimedOut(IMSI, SGSN[0], MT.type)]


def test_answer_that_comes_too_late_is_nobodys(bench):
    """It is counted, and goes nowhere."""
    bench.say(MT, CENTRE)
    bench.wait(90)
    bench.heard()
    bench.answer(MessageType.MT_FORWARD_SM_RESULT)
    assert bench.heard() == []
    assert bench.hlr.gr_counters.discarded == 1


def test_cause_that_nobody_knows_is_passed_on(bench):
    """It says nothing of the subscriber."""
    bench.say(MT, CENTRE)
    bench.heard()
    bench.refuse(cause=200, sm_rp_cause=99)
    assert bench.hear(CENTRE, MessageType.MT_FORWARD_SM_ERROR).cause == 200
    assert not bench.hlr.location(IMSI).not_reachable
    assert bench.events(ShortMessageRefused) == [
        ShortMessageRefused(IMSI, MT.type, CENTRE[0], 200, 99)
    ]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (10, MsNotReachableReason.GPRS_DETACHED),
        (16, MsNotReachableReason.NO_PAGING_RESPONSE_SGSN),
        (9, MsNotReachableReason.GPRS_DETACHED),
    ],
)
def test_absence_sets_the_flag_and_notes_the_centre(bench, cause, reason):
    """And from then on a message is refused at once."""
    bench.say(MT, CENTRE)
    bench.heard()
    bench.refuse(cause=cause, sm_rp_cause=27)
    bench.heard()
    location = bench.hlr.location(IMSI)
    assert (location.reason, location.waiting_centres) == (reason, ("smsc",))
    bench.say(replace(MT, source_name=None), OTHER_CENTRE)
    assert bench.hear(OTHER_CENTRE, MessageType.MT_FORWARD_SM_ERROR).sm_rp_cause == 27
    assert bench.hlr.location(IMSI).waiting_centres == ("smsc", OTHER_CENTRE[0])


def test_one_attempt_is_made_where_somebody_else_paged_in_vain(bench):
    """A GGSN's failure is not yet one of short messages."""
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.NO_PAGING_RESPONSE_SGSN, 0.0)
    bench.say(MT, CENTRE)
    bench.hear(SGSN, MT.type)
    bench.refuse(cause=16, sm_rp_cause=27)
    bench.heard()
    bench.say(replace(MT, sm_rp_mr=10), CENTRE)
    bench.hear(CENTRE, MessageType.MT_FORWARD_SM_ERROR)


def ready(reason, reference=None):
    return GsupMessage(
        MessageType.READY_FOR_SM_REQUEST, IMSI, sm_rp_mr=reference, sm_alert_reason=reason
    )


def test_every_centre_that_waits_is_told_once(bench):
    """Also where the SGSN says so twice; who answers leaves the list."""
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.GPRS_DETACHED, 0.0)
    for centre in (CENTRE, OTHER_CENTRE, CENTRE):
        bench.say(MT, centre)
    bench.heard()
    for _ in range(2):
        bench.say(ready(SmAlertReason.MS_PRESENT), SGSN)
    alerts = [peer for peer, message in bench.heard() if message.type.is_request]
    assert alerts == [CENTRE, OTHER_CENTRE]
    bench.answer(MessageType.READY_FOR_SM_RESULT, peer=CENTRE, reference=None, name=None)
    bench.answer(
        MessageType.READY_FOR_SM_ERROR, peer=OTHER_CENTRE, reference=None, name=None, cause=97
    )
    assert len(bench.events(ServiceCentreAlerted)) == 2
    assert bench.hlr.location(IMSI).waiting_centres == ()


def test_centre_that_is_silent_stays_on_the_list(bench):
    """It is told at the next occasion, here a command."""
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.GPRS_DETACHED, 0.0)
    bench.say(MT, CENTRE)
    bench.hlr.clear_not_reachable(IMSI, 0.0)
    bench.wait(10)
    assert bench.events(ServiceCentreNotAlerted) == [ServiceCentreNotAlerted(IMSI, "smsc\0"[:4])]
    bench.heard()
    bench.hlr.clear_not_reachable(IMSI, bench.now)
    alert = bench.hear(CENTRE, MessageType.READY_FOR_SM_REQUEST)
    assert (alert.msisdn, alert.destination_name) == (MSISDN, b"smsc\0")


@pytest.mark.clause("23.040 §3.2.6–§3.2.8, 29.002 §24.5", "MNRF, MCEF, message-waiting data, alert")
def test_memory_is_one_matter_and_presence_another(bench):
    """Both must be good before a centre is told."""
    bench.say(MT, CENTRE)
    bench.heard()
    bench.refuse(sm_rp_cause=22)
    bench.heard()
    assert bench.hlr.location(IMSI).memory_full
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.GPRS_DETACHED, 0.0)
    bench.say(ready(SmAlertReason.MEMORY_AVAILABLE, 6), SGSN)
    assert bench.hear(SGSN, MessageType.READY_FOR_SM_RESULT).sm_rp_mr == 6
    assert not bench.hlr.location(IMSI).memory_full
    bench.say(ready(SmAlertReason.MS_PRESENT), SGSN)
    assert [peer for peer, _ in bench.heard()] == [SGSN, CENTRE]


def test_message_that_arrives_shows_that_there_is_memory(bench):
    """The flag goes, and other centres need not wait for the mobile's own notice."""
    bench.say(MT, CENTRE)
    bench.refuse(sm_rp_cause=22)
    bench.say(MT, OTHER_CENTRE)
    bench.heard()
    bench.answer(MessageType.MT_FORWARD_SM_RESULT)
    assert [(peer, message.type) for peer, message in bench.heard()] == [
        (CENTRE, MessageType.READY_FOR_SM_REQUEST),
        (OTHER_CENTRE, MessageType.MT_FORWARD_SM_RESULT),
    ]
    assert not bench.hlr.location(IMSI).memory_full


def test_message_that_arrives_shows_that_the_mobile_is_there(bench):
    """The one attempt after somebody else has paged in vain may succeed."""
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.NO_PAGING_RESPONSE_SGSN, 0.0)
    bench.say(MT, CENTRE)
    bench.answer(MessageType.MT_FORWARD_SM_RESULT)
    assert not bench.hlr.location(IMSI).not_reachable


@pytest.mark.parametrize(
    ("message", "peer"), [(MT, CENTRE), (MO, SGSN)], ids=["to a mobile", "from a mobile"]
)
def test_too_many_at_one_time_are_congestion(message, peer):
    """Either way; one that is answered makes room."""
    bench = Bench(max_short_messages=1)
    bench.attach()
    bench.say(replace(MT, sm_rp_mr=1), CENTRE)
    bench.heard()
    bench.say(message, peer)
    error = bench.hear(peer, message.type.error)
    assert (error.cause, error.sm_rp_cause) == (GmmCause.CONGESTION, RpCause.CONGESTION)
    bench.answer(MessageType.MT_FORWARD_SM_RESULT, reference=1)
    bench.heard()
    bench.say(message, peer)
    assert [one.type for _, one in bench.heard()] == [message.type]


def test_list_of_who_waits_is_bounded(bench):
    """Sixteen are noted; others are refused all the same."""
    bench.hlr.set_not_reachable(IMSI, MsNotReachableReason.GPRS_DETACHED, 0.0)
    for number in range(20):
        bench.say(MT, (f"192.0.2.{100 + number}", 4222))
    assert len(bench.heard()) == 20
    assert len(bench.hlr.location(IMSI).waiting_centres) == 16


# From mobiles


def test_mobiles_message_goes_to_the_centre_of_that_number(bench):
    """The HLR vouches for the sender's number."""
    bench.say(MO, SGSN)
    forwarded = bench.hear(CENTRE, MO.type)
    assert forwarded.sm_rp_oa == SmRpAddress.msisdn(MSISDN)
    assert forwarded.source_name == b"192.0.2.2:4222"
    bench.answer(
        MessageType.MO_FORWARD_SM_RESULT, peer=CENTRE, reference=5, name=forwarded.source_name
    )
    result = bench.hear(SGSN, MessageType.MO_FORWARD_SM_RESULT)
    assert (result.sm_rp_mr, result.destination_name) == (5, None)


def test_other_numbers_may_have_a_centre_too():
    """One entry stands for all that have none."""
    bench = Bench(service_centres={ANY_CENTRE: OTHER_CENTRE})
    bench.attach()
    bench.say(MO, SGSN)
    bench.hear(OTHER_CENTRE, MO.type)


@pytest.mark.parametrize(
    ("changes", "peer", "cause", "rp_cause"),
    [
        ({}, OTHER_SGSN, 2, 28),
        ({"imsi": "234150000000000"}, SGSN, 2, 28),
        ({"sm_rp_mr": None}, SGSN, 96, 96),
        ({"sm_rp_ui": None}, SGSN, 96, 96),
        ({"sm_rp_da": None}, SGSN, 96, 96),
        ({"sm_rp_da": SmRpAddress.imsi(IMSI)}, SGSN, 96, 96),
        ({"sm_rp_da": SmRpAddress.service_centre("1")}, SGSN, 17, 1),
    ],
    ids=["sgsn", "imsi", "reference", "tpdu", "address", "kind", "centre"],
)
def test_mobiles_message_that_goes_nowhere(bench, changes, peer, cause, rp_cause):
    """Each has its causes, GMM and RP."""
    bench.say(replace(MO, **changes), peer)
    error = bench.hear(peer, MessageType.MO_FORWARD_SM_ERROR)
    assert (error.cause, error.sm_rp_cause) == (cause, rp_cause)


def test_centre_that_does_not_answer(bench):
    """Network out of order, for the mobile to be told before its timers end."""
    bench.say(MO, SGSN)
    bench.heard()
    bench.wait(10)
    assert bench.hear(SGSN, MessageType.MO_FORWARD_SM_ERROR).sm_rp_cause == 38


@pytest.mark.parametrize(
    "changes",
    [{"gr_timeout": 0}, {"short_message_timeout": -1}, {"service_centres": {"+44": CENTRE}}],
)
def test_contradictions_are_refused(changes):
    """A configuration that cannot be says which value is wrong."""
    with pytest.raises(ValueError, match=next(iter(changes)).rstrip("s").replace("_", ".")):
        HlrConfig("192.0.2.3", **changes)


spoiling = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([MT, MO, ready(SmAlertReason.MS_PRESENT)]),
            st.sampled_from([0, 1, 2]),
            st.sampled_from([SGSN, CENTRE, OTHER_CENTRE]),
            spoiling,
        ),
        max_size=10,
    )
)
def test_nothing_that_comes_raises(course):
    """Requests and answers, spoiled, from anybody in any order; in the end nothing is open."""
    bench = Bench()
    bench.attach()
    for message, kind, peer, changes in course:
        octets = bytearray(replace(message, cause=10 if kind == 1 else None).encode())
        octets[0] |= kind
        for position, octet in changes:
            octets[position % len(octets)] = octet
        bench.give(bytes(octets), peer)
    bench.wait(200)
    assert bench.hlr.under_way["requests"] == 0
    assert bench.hlr.next_timeout() is None
