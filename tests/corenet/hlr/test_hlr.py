"""The HLR, procedure by procedure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.hlr.events import (
    FailureReported,
    GgsnNotificationFailed,
    GgsnNotified,
    GrRequestTimedOut,
    LocationCancelled,
    LocationUpdated,
    LocationUpdateFailed,
    MsBecameNotReachable,
    MsBecameReachable,
    MsPurged,
    RouteingInformationGiven,
)
from corenet.hlr.node import Hlr
from corenet.hlr.reachability import AGAIN
from corenet.interfaces.gsup import (
    CancelType,
    CnDomain,
    GsupMessage,
    MessageType,
    PdpAddress,
    PdpInfo,
    PdpType,
    SmAlertReason,
    decode,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Event, Interface
from gtp.codes import MapCause, MsNotReachableReason
from gtp.constants import Cause
from gtp.messages import (
    FailureReportRequest,
    FailureReportResponse,
    Message,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
)
from gtp.messages import decode as decode_gtp
from gtp.timers import Timers

IMSI = "234150999999999"
UNKNOWN = "234150000000000"
HLR = "192.0.2.3"
SGSN: Address = ("192.0.2.2", 4222)
OTHER_SGSN: Address = ("192.0.2.12", 4222)
GGSN: Address = ("192.0.2.1", 2123)
OTHER_GGSN: Address = ("192.0.2.11", 2123)

SUBSCRIBER = Subscriber(
    IMSI,
    "447700900123",
    (
        SubscribedApn("wap.example", "10.45.0.7"),
        SubscribedApn("internet"),
        SubscribedApn("six.example", "2001:db8::7"),
    ),
)
GR_TIMEOUT = 10.0
REASON = MsNotReachableReason


class Lab:
    """An HLR with everything around it played by the test."""

    def __init__(self) -> None:
        timers = Timers(t3_response=5, n3_requests=3)
        config = HlrConfig(HLR, (SUBSCRIBER,), timers, gr_timeout=GR_TIMEOUT)
        self.hlr = Hlr(config, random=Random(1), recovery=1)
        self.hlr.start(0.0)
        self.hlr.take_events()
        self.now = 0.0
        self.sequence = 0

    def gr(self, message: GsupMessage, sgsn: Address = SGSN) -> list[tuple[Address, object]]:
        """Let an SGSN say something; return what goes out then."""
        return self.octets_on_gr(message.encode(), sgsn)

    def octets_on_gr(self, data: bytes, sgsn: Address = SGSN) -> list[tuple[Address, object]]:
        self.hlr.receive(Interface.GR, data, peer=sgsn, local=(HLR, 4222), now=self.now)
        return self.sent()

    def gtp(self, message: Message, ggsn: Address = GGSN) -> list[tuple[Address, object]]:
        """Let a GGSN say something; return what goes out then."""
        if message.sequence == 0:
            self.sequence += 1
            message.sequence = self.sequence
        data = message.encode()
        self.hlr.receive(Interface.GTP_C, data, peer=ggsn, local=(HLR, 2123), now=self.now)
        return self.sent()

    def sent(self) -> list[tuple[Address, object]]:
        """Return what has gone out, each with whom it goes to."""
        return [
            (
                datagram.peer,
                decode(datagram.data)
                if datagram.interface is Interface.GR
                else decode_gtp(datagram.data),
            )
            for datagram in self.hlr.take_datagrams()
        ]

    def events(self) -> list[Event]:
        return self.hlr.take_events()

    def wait(self, seconds: float) -> list[tuple[Address, object]]:
        """Let time pass; return what goes out meanwhile."""
        until = self.now + seconds
        while (due := self.hlr.next_timeout()) is not None and due <= until:
            self.now = due
            self.hlr.handle_timeout(due)
        self.now = until
        return self.sent()

    def attach(self, sgsn: Address = SGSN) -> list[tuple[Address, object]]:
        """Register an SGSN in good order; return what goes out at the end."""
        self.gr(update_location(), sgsn)
        sent = self.gr(GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI), sgsn)
        self.events()
        return sent

    def routeing(self, ggsn: Address = GGSN) -> SendRouteingInformationResponse:
        """Ask where the subscriber is."""
        ((peer, answer),) = self.gtp(SendRouteingInformationRequest(imsi=IMSI), ggsn)
        assert peer == ggsn
        assert isinstance(answer, SendRouteingInformationResponse)
        return answer


@pytest.fixture
def lab() -> Lab:
    return Lab()


def update_location(imsi: str = IMSI) -> GsupMessage:
    return GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, imsi, cn_domain=CnDomain.PS)


def ready_for_sm() -> GsupMessage:
    return GsupMessage(
        MessageType.READY_FOR_SM_REQUEST, IMSI, sm_alert_reason=SmAlertReason.MS_PRESENT
    )


def error(message_type: MessageType, cause: int, imsi: str = IMSI) -> GsupMessage:
    return GsupMessage(message_type, imsi, cause=cause, cn_domain=CnDomain.PS)


UPDATED = GsupMessage(MessageType.UPDATE_LOCATION_RESULT, IMSI, cn_domain=CnDomain.PS)
READY = GsupMessage(MessageType.READY_FOR_SM_RESULT, IMSI, cn_domain=CnDomain.PS)
DATA = GsupMessage(
    MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
    IMSI,
    msisdn="447700900123",
    pdp_info_complete=True,
    pdp_info=(
        PdpInfo(1, PdpAddress(PdpType.IPV4, "10.45.0.7"), "wap.example"),
        PdpInfo(2, PdpAddress(PdpType.IPV4), "internet"),
        PdpInfo(3, PdpAddress(PdpType.IPV6, "2001:db8::7"), "six.example"),
    ),
    cn_domain=CnDomain.PS,
)
CANCEL = GsupMessage(
    MessageType.LOCATION_CANCEL_REQUEST,
    IMSI,
    cancel_type=CancelType.UPDATE_PROCEDURE,
    cn_domain=CnDomain.PS,
)


def note(answer: object, ggsn: Address = GGSN, sgsn: Address = SGSN) -> NoteMsGprsPresentRequest:
    """Return the only thing that went out, a Note MS GPRS Present Request."""
    assert isinstance(answer, list)
    ((peer, message),) = answer
    assert peer == ggsn
    assert isinstance(message, NoteMsGprsPresentRequest)
    assert (message.imsi, message.sgsn_address) == (IMSI, sgsn[0])
    return message


def acceptance_of(request: NoteMsGprsPresentRequest) -> NoteMsGprsPresentResponse:
    """Return a GGSN's answer."""
    return NoteMsGprsPresentResponse(cause=Cause.REQUEST_ACCEPTED, sequence=request.sequence)


class TestUpdateLocation:
    """Update GPRS Location (TS 23.060 §6.5, TS 29.002 §19.1.1)."""

    @pytest.mark.clause(
        "GSUP",
        "Update Location at the HLR: Insert Data, then the result (TS 29.002 §8.1.7, §8.8.1)",
    )
    def test_the_first_sgsn_gets_the_data_and_then_its_result(self, lab: Lab) -> None:
        """The subscriber's data go first; their acknowledgement grants the update."""
        lab.now = 7.0
        assert lab.gr(update_location()) == [(SGSN, DATA)]
        assert lab.hlr.open_requests == 1
        assert lab.events() == []
        result = GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI)
        assert lab.gr(result) == [(SGSN, UPDATED)]
        assert lab.events() == [LocationUpdated(IMSI, SGSN[0], None)]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert (location.sgsn, location.since, location.not_reachable) == (SGSN[0], 7.0, False)
        assert lab.hlr.next_timeout() is None
        assert lab.hlr.open_requests == 0

    def test_the_same_sgsn_again_keeps_since(self, lab: Lab) -> None:
        """A repeated attach in one SGSN cancels nothing and does not begin anew."""
        lab.attach()
        lab.now = 50.0
        assert lab.gr(update_location()) == [(SGSN, DATA)]
        lab.gr(GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI))
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.since == 0.0

    @pytest.mark.clause("GSUP", "Location Cancel to the old SGSN (TS 29.002 §8.1.3)")
    def test_another_sgsn_cancels_the_location_in_the_old_one(self, lab: Lab) -> None:
        """Cancel Location goes to the old SGSN, the data to the new one (§6.9.1.2)."""
        lab.attach()
        assert lab.gr(update_location(), OTHER_SGSN) == [(SGSN, CANCEL), (OTHER_SGSN, DATA)]
        result = GsupMessage(MessageType.LOCATION_CANCEL_RESULT, IMSI)
        assert lab.gr(result, SGSN) == []
        assert lab.events() == [LocationCancelled(IMSI, SGSN[0])]
        result = GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI)
        assert lab.gr(result, OTHER_SGSN) == [(OTHER_SGSN, UPDATED)]
        assert lab.events() == [LocationUpdated(IMSI, OTHER_SGSN[0], SGSN[0])]

    def test_an_old_sgsn_that_knows_nothing_is_as_good(self, lab: Lab) -> None:
        """An error in answer to Cancel Location says what was wanted."""
        lab.attach()
        lab.gr(update_location(), OTHER_SGSN)
        lab.gr(error(MessageType.LOCATION_CANCEL_ERROR, GmmCause.IMSI_UNKNOWN_IN_HLR), SGSN)
        assert lab.events() == [LocationCancelled(IMSI, SGSN[0])]

    def test_an_unknown_imsi_is_refused(self, lab: Lab) -> None:
        """GMM cause 2, IMSI unknown in HLR."""
        assert lab.gr(update_location(UNKNOWN)) == [
            (
                SGSN,
                error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.IMSI_UNKNOWN_IN_HLR, UNKNOWN),
            )
        ]
        assert lab.hlr.gr_counters.refused == 1

    @pytest.mark.clause("GSUP", "Update Location for the circuit switched domain", status="refused")
    def test_the_circuit_switched_domain_is_refused(self, lab: Lab) -> None:
        """This register knows SGSNs only."""
        message = GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, IMSI, cn_domain=CnDomain.CS)
        assert lab.gr(message) == [
            (
                SGSN,
                error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.SEMANTICALLY_INCORRECT_MESSAGE),
            )
        ]

    @pytest.mark.clause("GSUP", "Update Location fails where Insert Data does")
    def test_an_sgsn_that_refuses_the_data_is_refused(self, lab: Lab) -> None:
        """The update fails with the SGSN's own cause, and nothing has changed."""
        lab.gr(update_location())
        refusal = error(
            MessageType.INSERT_SUBSCRIBER_DATA_ERROR, GmmCause.PROTOCOL_ERROR_UNSPECIFIED
        )
        assert lab.gr(refusal) == [
            (
                SGSN,
                error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.PROTOCOL_ERROR_UNSPECIFIED),
            )
        ]
        assert lab.events() == [
            LocationUpdateFailed(IMSI, SGSN[0], GmmCause.PROTOCOL_ERROR_UNSPECIFIED)
        ]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.sgsn is None

    def test_an_sgsn_that_does_not_take_the_data_is_refused_in_time(self, lab: Lab) -> None:
        """After the timeout on Gr the update fails with network failure."""
        lab.gr(update_location())
        assert lab.wait(GR_TIMEOUT - 0.1) == []
        assert lab.wait(0.1) == [
            (SGSN, error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.NETWORK_FAILURE))
        ]
        assert lab.events() == [
            GrRequestTimedOut(IMSI, SGSN[0], MessageType.INSERT_SUBSCRIBER_DATA_REQUEST),
            LocationUpdateFailed(IMSI, SGSN[0], GmmCause.NETWORK_FAILURE),
        ]
        assert lab.gr(GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI)) == []
        assert lab.hlr.gr_counters.discarded == 1

    def test_an_old_sgsn_that_is_silent_delays_nothing(self, lab: Lab) -> None:
        """The new SGSN is granted the update; the silence is told."""
        lab.attach()
        assert lab.attach(OTHER_SGSN)[0] == (OTHER_SGSN, UPDATED)
        assert lab.wait(GR_TIMEOUT) == []
        assert lab.events() == [
            GrRequestTimedOut(IMSI, SGSN[0], MessageType.LOCATION_CANCEL_REQUEST)
        ]
        assert lab.hlr.next_timeout() is None

    def test_an_update_that_crosses_another_restarts_it(self, lab: Lab) -> None:
        """The SGSN asks again before it has answered: one request is open, with a new time."""
        lab.gr(update_location())
        lab.wait(6.0)
        assert lab.gr(update_location()) == [(SGSN, DATA)]
        assert lab.hlr.open_requests == 1
        assert lab.wait(6.0) == []
        result = GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI)
        assert lab.gr(result) == [(SGSN, UPDATED)]

    def test_two_sgsns_at_once_end_with_the_later(self, lab: Lab) -> None:
        """The earlier update is refused when the later comes, whatever its SGSN says then."""
        lab.gr(update_location(), SGSN)
        assert lab.gr(update_location(), OTHER_SGSN) == [
            (SGSN, error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.IMPLICITLY_DETACHED)),
            (OTHER_SGSN, DATA),
        ]
        assert lab.events() == [LocationUpdateFailed(IMSI, SGSN[0], GmmCause.IMPLICITLY_DETACHED)]
        result = GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_RESULT, IMSI)
        assert lab.gr(result, SGSN) == []
        assert lab.gr(result, OTHER_SGSN) == [(OTHER_SGSN, UPDATED)]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.sgsn == OTHER_SGSN[0]
        assert lab.hlr.open_requests == 0


class TestPurge:
    """Purge (TS 23.060 §6.6.1.3, TS 29.002 §19.1.4)."""

    @pytest.mark.clause("GSUP", "Purge MS (TS 29.002 §8.1.6)")
    def test_the_serving_sgsn_is_forgotten(self, lab: Lab) -> None:
        """The P-TMSI is frozen, and the MS not reachable: purged."""
        lab.attach()
        assert lab.gr(GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI)) == [
            (
                SGSN,
                GsupMessage(
                    MessageType.PURGE_MS_RESULT, IMSI, freeze_ptmsi=True, cn_domain=CnDomain.PS
                ),
            )
        ]
        assert lab.events() == [
            MsPurged(IMSI, SGSN[0]),
            MsBecameNotReachable(IMSI, REASON.PURGED_GPRS),
        ]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert (location.sgsn, location.since, location.reason) == (None, None, REASON.PURGED_GPRS)

    def test_another_sgsn_changes_nothing(self, lab: Lab) -> None:
        """It is granted, but need not freeze the P-TMSI."""
        lab.attach()
        assert lab.gr(GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI), OTHER_SGSN) == [
            (OTHER_SGSN, GsupMessage(MessageType.PURGE_MS_RESULT, IMSI, cn_domain=CnDomain.PS))
        ]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.sgsn == SGSN[0]

    def test_an_unknown_imsi_is_refused(self, lab: Lab) -> None:
        """GMM cause 2, IMSI unknown in HLR."""
        assert lab.gr(GsupMessage(MessageType.PURGE_MS_REQUEST, UNKNOWN)) == [
            (SGSN, error(MessageType.PURGE_MS_ERROR, GmmCause.IMSI_UNKNOWN_IN_HLR, UNKNOWN))
        ]


class TestRouteing:
    """Send Routeing Information for GPRS (TS 29.060 §7.4.1, TS 23.060 §9.2.2.2.1)."""

    @pytest.mark.clause("29.060 §7.4.1, §7.4.2", "Send Routeing Information for GPRS")
    def test_a_registered_subscriber_has_an_sgsn(self, lab: Lab) -> None:
        """The answer accepts and names the SGSN; the GGSN is not listed."""
        lab.attach()
        answer = lab.routeing()
        assert answer.cause is Cause.REQUEST_ACCEPTED
        assert answer.imsi == IMSI
        assert answer.sgsn_address == SGSN[0]
        assert (answer.map_cause, answer.ms_not_reachable_reason) == (None, None)
        assert lab.events() == [
            RouteingInformationGiven(IMSI, GGSN[0], Cause.REQUEST_ACCEPTED, SGSN[0], None, None)
        ]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == ()

    def test_an_unknown_imsi_is_refused(self, lab: Lab) -> None:
        """Cause 194 with MAP user error 1, unknown subscriber."""
        ((peer, answer),) = lab.gtp(SendRouteingInformationRequest(imsi=UNKNOWN))
        assert peer == GGSN
        assert isinstance(answer, SendRouteingInformationResponse)
        assert answer.cause is Cause.IMSI_NOT_KNOWN
        assert answer.map_cause == MapCause.UNKNOWN_SUBSCRIBER
        assert lab.events() == [
            RouteingInformationGiven(
                UNKNOWN, GGSN[0], Cause.IMSI_NOT_KNOWN, None, None, MapCause.UNKNOWN_SUBSCRIBER
            )
        ]

    def test_the_known_octets(self, lab: Lab) -> None:
        """Request and answers are those that Wireshark has confirmed."""
        request = bytes.fromhex("3220000d00000000000100000232140599999999f9")
        lab.attach()
        lab.hlr.receive(Interface.GTP_C, request, peer=GGSN, local=(HLR, 2123), now=0.0)
        lab.hlr.set_not_reachable(IMSI, REASON.GPRS_DETACHED, 0.0)
        again = request[:9] + b"\x02" + request[10:]
        lab.hlr.receive(Interface.GTP_C, again, peer=GGSN, local=(HLR, 2123), now=0.0)
        unknown = request[:9] + b"\x03" + request[10:13] + bytes.fromhex("32140500000000f0")
        lab.hlr.receive(Interface.GTP_C, unknown, peer=GGSN, local=(HLR, 2123), now=0.0)
        assert [datagram.data.hex() for datagram in lab.hlr.take_datagrams()] == [
            "32210016000000000001000001800232140599999999f9850004c0000202",
            "32210018000000000002000001800232140599999999f91d06850004c0000202",
            "32210011000000000003000001c20232140500000000f00b01",
        ]

    def test_a_subscriber_without_sgsn_is_absent_and_the_ggsn_listed(self, lab: Lab) -> None:
        """Accepted with MAP user error 27, absent subscriber, and without an address."""
        answer = lab.routeing()
        assert answer.cause is Cause.REQUEST_ACCEPTED
        assert answer.map_cause == MapCause.ABSENT_SUBSCRIBER
        assert answer.sgsn_address is None
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == (GGSN[0],)

    @pytest.mark.parametrize(
        "reason", [REASON.NO_PAGING_RESPONSE_SGSN, REASON.NO_PAGING_RESPONSE_MSC]
    )
    def test_an_ms_that_was_not_paged_is_given_without_listing(
        self, lab: Lab, reason: MsNotReachableReason
    ) -> None:
        """The GGSN tries all the same, so it need not be told later."""
        lab.attach()
        lab.hlr.set_not_reachable(IMSI, reason, 1.0)
        answer = lab.routeing()
        assert (answer.sgsn_address, answer.ms_not_reachable_reason) == (SGSN[0], reason)
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == ()

    @pytest.mark.parametrize(
        "reason",
        [
            reason
            for reason in REASON
            if reason not in (REASON.NO_PAGING_RESPONSE_SGSN, REASON.NO_PAGING_RESPONSE_MSC)
        ],
    )
    def test_any_other_reason_lists_the_ggsn_once(
        self, lab: Lab, reason: MsNotReachableReason
    ) -> None:
        """The answer has the reason; asking twice lists once, another GGSN beside it."""
        lab.attach()
        lab.hlr.set_not_reachable(IMSI, reason, 1.0)
        for ggsn in (GGSN, GGSN, OTHER_GGSN):
            answer = lab.routeing(ggsn)
            assert answer.ms_not_reachable_reason == reason
            assert answer.cause is Cause.REQUEST_ACCEPTED
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == (GGSN[0], OTHER_GGSN[0])

    def test_a_request_without_imsi_is_refused(self, lab: Lab) -> None:
        """Cause 202, mandatory IE missing; nothing is told."""
        octets = bytes.fromhex("32200004000000000001 0000")
        lab.hlr.receive(Interface.GTP_C, octets, peer=GGSN, local=(HLR, 2123), now=0.0)
        (datagram,) = lab.hlr.take_datagrams()
        assert datagram.data == bytes.fromhex("32210006000000000001 0000 01ca")
        assert lab.events() == []

    def test_a_duplicate_gets_the_same_answer(self, lab: Lab) -> None:
        """Even where the truth has changed since."""
        first = lab.gtp(SendRouteingInformationRequest(imsi=IMSI, sequence=9))
        lab.attach()
        assert lab.gtp(SendRouteingInformationRequest(imsi=IMSI, sequence=9)) == first


class TestFailureReport:
    """Failure Report (TS 29.060 §7.4.3) and what follows (TS 23.060 §9.2.2.2.2)."""

    def report(self, lab: Lab, ggsn: Address = GGSN) -> list[tuple[Address, object]]:
        sent = lab.gtp(FailureReportRequest(imsi=IMSI), ggsn)
        peer, answer = sent[0]
        assert peer == ggsn
        assert isinstance(answer, FailureReportResponse)
        assert answer.cause is Cause.REQUEST_ACCEPTED
        return sent[1:]

    def test_it_sets_the_flag_and_lists_the_ggsn(self, lab: Lab) -> None:
        """The MS counts as detached until the SGSN says otherwise."""
        lab.attach()
        assert self.report(lab) == []
        assert lab.events() == [
            FailureReported(IMSI, GGSN[0]),
            MsBecameNotReachable(IMSI, REASON.GPRS_DETACHED),
        ]
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.not_reachable
        assert location.waiting_ggsns == (GGSN[0],)

    def test_a_reason_that_is_known_stays(self, lab: Lab) -> None:
        """The report tells nothing more precise."""
        lab.attach()
        lab.hlr.set_not_reachable(IMSI, REASON.ROAMING_RESTRICTION, 0.0)
        lab.events()
        self.report(lab)
        assert lab.events() == [FailureReported(IMSI, GGSN[0])]

    def test_an_unknown_imsi_is_refused(self, lab: Lab) -> None:
        """Cause 194 with MAP user error 1, unknown subscriber."""
        ((_, answer),) = lab.gtp(FailureReportRequest(imsi=UNKNOWN))
        assert isinstance(answer, FailureReportResponse)
        assert answer.cause is Cause.IMSI_NOT_KNOWN
        assert answer.map_cause == MapCause.UNKNOWN_SUBSCRIBER
        assert lab.events() == []

    def test_a_report_that_the_ms_has_overtaken_is_answered_with_its_presence(
        self, lab: Lab
    ) -> None:
        """The MS came back after the GGSN had asked: no flag, and the GGSN hears at once."""
        lab.attach()
        lab.routeing()
        lab.now = 2.0
        lab.gr(ready_for_sm())
        lab.events()
        request = note(self.report(lab))
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert not location.not_reachable
        assert location.waiting_ggsns == (GGSN[0],)
        lab.gtp(acceptance_of(request))
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == ()

    def test_a_purge_after_the_contact_counts(self, lab: Lab) -> None:
        """The MS came back and was purged since: the flag stays, and the GGSN waits."""
        lab.attach()
        lab.routeing()
        lab.gr(ready_for_sm())
        lab.gr(GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI))
        assert self.report(lab) == []
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.reason is REASON.PURGED_GPRS
        assert location.waiting_ggsns == (GGSN[0],)

    def test_a_report_after_note_ms_gprs_present_counts_the_same(self, lab: Lab) -> None:
        """What the GGSN was told with the MS's return may be overtaken like an answer."""
        lab.attach()
        self.report(lab)
        lab.gr(ready_for_sm())
        lab.gr(ready_for_sm())
        note(self.report(lab))

    def test_a_second_report_without_asking_again_counts(self, lab: Lab) -> None:
        """What is out of date is so once; the two nodes don't go round in a circle."""
        lab.attach()
        lab.routeing()
        lab.now = 2.0
        lab.gr(ready_for_sm())
        self.report(lab)
        assert self.report(lab) == []
        location = lab.hlr.location(IMSI)
        assert location is not None
        assert location.not_reachable


class TestReturn:
    """The MS is back: Mobile User Activity (TS 23.060 §9.2.2.2.3), Note MS GPRS Present."""

    @pytest.fixture
    def waiting(self, lab: Lab) -> Lab:
        """A lab whose MS is detached, with one GGSN listed."""
        lab.attach()
        lab.gtp(FailureReportRequest(imsi=IMSI))
        lab.events()
        return lab

    @pytest.mark.clause("29.060 §7.4.5, §7.4.6", "Note MS GPRS Present")
    @pytest.mark.clause(
        "GSUP", "Ready for SM (TS 29.002 §12.4): the mobile is reachable, GGSNs hear"
    )
    def test_ready_for_sm_clears_the_flag_and_tells_the_ggsn(self, waiting: Lab) -> None:
        """The SGSN gets its result, the GGSN the SGSN's address."""
        (result, *notes) = waiting.gr(ready_for_sm())
        assert result == (SGSN, READY)
        request = note(notes)
        assert waiting.events() == [MsBecameReachable(IMSI)]
        response = NoteMsGprsPresentResponse(
            cause=Cause.REQUEST_ACCEPTED, sequence=request.sequence
        )
        assert waiting.gtp(response) == []
        assert waiting.events() == [GgsnNotified(IMSI, GGSN[0], Cause.REQUEST_ACCEPTED)]
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert (location.not_reachable, location.waiting_ggsns) == (False, ())
        assert waiting.hlr.next_timeout() is None

    def test_an_update_from_another_sgsn_tells_the_new_address(self, waiting: Lab) -> None:
        """The GGSN is told after the new SGSN has the subscriber."""
        (granted, *notes) = waiting.attach(OTHER_SGSN)
        assert granted == (OTHER_SGSN, UPDATED)
        note(notes, sgsn=OTHER_SGSN)

    def test_each_listed_ggsn_is_told_once(self, waiting: Lab) -> None:
        """The list is empty afterwards: the next contact tells nobody."""
        waiting.routeing(OTHER_GGSN)
        waiting.routeing(GGSN)
        notes = waiting.gr(ready_for_sm())[1:]
        assert [peer for peer, _ in notes] == [GGSN, OTHER_GGSN]
        assert waiting.gr(ready_for_sm()) == [(SGSN, READY)]

    def test_a_silent_ggsn_is_told_again_until_it_hears(self, waiting: Lab) -> None:
        """It tries nothing before; so it cannot wait for the MS to move, who may never do so."""
        waiting.gr(ready_for_sm())
        assert len(waiting.wait(20.0)) == 2
        assert waiting.events() == [
            MsBecameReachable(IMSI),
            GgsnNotificationFailed(IMSI, GGSN[0], "timed out"),
        ]
        assert waiting.hlr.under_way["GGSNs to tell"] == 1
        request = note(waiting.wait(AGAIN[0] - 5.0))
        waiting.gtp(acceptance_of(request))
        assert waiting.events() == [GgsnNotified(IMSI, GGSN[0], Cause.REQUEST_ACCEPTED)]
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == ()
        assert waiting.hlr.next_timeout() is None

    def test_a_ggsn_that_stays_silent_waits_for_the_next_contact(self, waiting: Lab) -> None:
        """After the last wait it stays listed, and the MS that shows itself has it told."""
        waiting.gr(ready_for_sm())
        waiting.wait(2.0 * sum(AGAIN))
        assert waiting.hlr.next_timeout() is None
        assert len(waiting.events()) == 2 + len(AGAIN)
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == (GGSN[0],)
        note(waiting.gr(ready_for_sm())[1:])

    def test_a_contact_ends_the_wait_of_a_ggsn_that_was_not_told(self, waiting: Lab) -> None:
        """The MS shows itself meanwhile: the GGSN is told at once, and once."""
        waiting.gr(ready_for_sm())
        waiting.wait(20.0)
        waiting.gtp(acceptance_of(note(waiting.gr(ready_for_sm())[1:])))
        assert waiting.hlr.next_timeout() is None

    def test_nobody_is_told_of_an_ms_that_is_lost_again(self, waiting: Lab) -> None:
        """The flag is set anew before the GGSN could be told: it goes on waiting."""
        waiting.gr(ready_for_sm())
        waiting.wait(20.0)
        waiting.gr(GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI))
        assert waiting.hlr.next_timeout() is None
        note(waiting.attach()[1:])

    def test_an_answer_counts_only_for_what_was_asked_before_it(self, waiting: Lab) -> None:
        """A GGSN that reports again while it is being told is told again."""
        first = note(waiting.gr(ready_for_sm())[1:])
        waiting.gr(ready_for_sm())
        waiting.gtp(FailureReportRequest(imsi=IMSI))
        waiting.gtp(acceptance_of(first))
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert location.waiting_ggsns == (GGSN[0],)

    def test_a_refusing_ggsn_is_told(self, waiting: Lab) -> None:
        """Its cause is in the event; it is not asked again."""
        request = note(waiting.gr(ready_for_sm())[1:])
        waiting.events()
        refusal = NoteMsGprsPresentResponse(cause=Cause.IMSI_NOT_KNOWN, sequence=request.sequence)
        waiting.gtp(refusal)
        assert waiting.events() == [GgsnNotified(IMSI, GGSN[0], Cause.IMSI_NOT_KNOWN)]

    def test_memory_available_says_nothing_of_packets(self, waiting: Lab) -> None:
        """The alert reason Memory Available is for short messages only."""
        message = GsupMessage(
            MessageType.READY_FOR_SM_REQUEST, IMSI, sm_alert_reason=SmAlertReason.MEMORY_AVAILABLE
        )
        assert waiting.gr(message) == [(SGSN, READY)]
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert location.not_reachable

    @pytest.mark.clause("GSUP", "Ready for SM of an SGSN that does not serve the mobile: refused")
    def test_an_sgsn_that_does_not_serve_the_ms_is_refused(self, waiting: Lab) -> None:
        """Only the serving SGSN can say that the MS is there."""
        assert waiting.gr(ready_for_sm(), OTHER_SGSN) == [
            (
                OTHER_SGSN,
                error(MessageType.READY_FOR_SM_ERROR, GmmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE),
            )
        ]
        location = waiting.hlr.location(IMSI)
        assert location is not None
        assert location.not_reachable

    def test_by_command(self, waiting: Lab) -> None:
        """Clearing the flag by hand tells the GGSNs too."""
        waiting.hlr.clear_not_reachable(IMSI, 5.0)
        note(waiting.sent())

    def test_without_an_sgsn_the_ggsns_wait_on(self, lab: Lab) -> None:
        """They are told an address, so there has to be one: the next Update Location tells."""
        lab.routeing()
        lab.hlr.clear_not_reachable(IMSI, 5.0)
        assert lab.sent() == []
        note(lab.attach()[1:])


class TestCommandsAndQueries:
    """What the operator may do and see."""

    def test_the_flag_is_set_by_hand(self, lab: Lab) -> None:
        """A new reason is told, the same one again is not."""
        lab.hlr.set_not_reachable(IMSI, REASON.GPRS_DETACHED, 0.0)
        lab.hlr.set_not_reachable(IMSI, REASON.GPRS_DETACHED, 1.0)
        lab.hlr.set_not_reachable(IMSI, REASON.ROAMING_RESTRICTION, 2.0)
        assert lab.events() == [
            MsBecameNotReachable(IMSI, REASON.GPRS_DETACHED),
            MsBecameNotReachable(IMSI, REASON.ROAMING_RESTRICTION),
        ]

    def test_an_unknown_imsi_is_our_callers_fault(self, lab: Lab) -> None:
        """Commands raise KeyError."""
        with pytest.raises(KeyError):
            lab.hlr.set_not_reachable(UNKNOWN, REASON.GPRS_DETACHED, 0.0)
        with pytest.raises(KeyError):
            lab.hlr.clear_not_reachable(UNKNOWN, 0.0)

    def test_subscribers_are_found_by_every_identity(self, lab: Lab) -> None:
        """IMSI, MSISDN and static address lead to the subscription, anything else to None."""
        hlr = lab.hlr
        assert hlr.subscriber(IMSI) is SUBSCRIBER
        assert hlr.by_msisdn("447700900123") is SUBSCRIBER
        assert hlr.by_address("10.45.0.7") is SUBSCRIBER
        assert hlr.by_address("2001:db8::7") is SUBSCRIBER
        assert hlr.subscriber(UNKNOWN) is None
        assert hlr.by_msisdn("1") is None
        assert hlr.by_address("10.45.0.8") is None
        assert hlr.location(UNKNOWN) is None

    def test_it_stops_without_farewell(self, lab: Lab) -> None:
        """There is no one to tell; the name is what it was given."""
        lab.hlr.stop(0.0)
        assert lab.sent() == []
        assert lab.hlr.name == "hlr"


class TestBadInput:
    """Whatever a peer sends, the HLR stays."""

    @pytest.mark.parametrize(
        ("octets", "answer"),
        [
            (
                "04 0108 32140599999999f9 2801 09",
                error(MessageType.UPDATE_LOCATION_ERROR, GmmCause.INVALID_MANDATORY_INFORMATION),
            ),
            (
                "20 0108 32140599999999f9",
                error(MessageType.SUPPLEMENTARY_SERVICE_ERROR, GmmCause.MESSAGE_TYPE_UNKNOWN),
            ),
        ],
    )
    def test_a_request_that_cannot_be_served_is_refused(
        self, lab: Lab, octets: str, answer: GsupMessage
    ) -> None:
        """With its cause, where type and subscriber can be read."""
        assert lab.octets_on_gr(bytes.fromhex(octets)) == [(SGSN, answer)]

    @pytest.mark.parametrize("octets", ["", "ff", "04", "05 0108 32140599999999f9"])
    @pytest.mark.clause("GSUP", "messages that cannot be read: refused, or discarded")
    def test_what_cannot_be_answered_is_discarded(self, lab: Lab, octets: str) -> None:
        """It is counted, and nothing goes out."""
        assert lab.octets_on_gr(bytes.fromhex(octets)) == []
        assert lab.hlr.gr_counters.discarded == 1

    def test_other_interfaces_are_none_of_its_business(self, lab: Lab) -> None:
        """A frame from the radio does nothing."""
        lab.hlr.receive(Interface.RADIO, b"\0", peer=SGSN, local=(HLR, 0), now=0.0)
        assert lab.sent() == []

    def test_random_octets_never_raise(self, lab: Lab) -> None:
        """On neither interface."""
        random = Random(11)
        for _ in range(1000):
            lab.octets_on_gr(random.choice((b"\x04\x01", b"\x12", b"")) + random.randbytes(12))
            data = random.choice((b"\x32\x20\0\x0d", b"\x32")) + random.randbytes(20)
            lab.hlr.receive(Interface.GTP_C, data, peer=GGSN, local=(HLR, 2123), now=0.0)
            lab.hlr.take_datagrams()
        assert lab.hlr.gtp_counters.requests_received == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Subscriber("12345", "1"),
        lambda: Subscriber("23415000000000x", "1"),
        lambda: Subscriber(IMSI, ""),
        lambda: Subscriber(IMSI, "+447700900123"),
        lambda: SubscribedApn(""),
        lambda: SubscribedApn("wap.example."),
        lambda: SubscribedApn("wap.example", "10.45.0"),
        lambda: HlrConfig(HLR, (SUBSCRIBER, Subscriber(IMSI, "2"))),
        lambda: HlrConfig(HLR, (SUBSCRIBER, Subscriber(UNKNOWN, "447700900123"))),
        lambda: HlrConfig(HLR, gr_timeout=0.0),
    ],
)
def test_contradictions_in_the_configuration_are_refused(make: Callable[[], object]) -> None:
    """Whatever could not work is refused when it is made."""
    with pytest.raises(ValueError):
        make()
