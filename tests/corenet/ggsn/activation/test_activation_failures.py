"""Network-requested activation that fails: each refusal, each silence (TS 23.060 §9.2.2.2)."""

from __future__ import annotations

import pytest

from corenet.ggsn.events import (
    ActivationFinished,
    DropReason,
    MsNotReachable,
    MsReachable,
    PdpContextRefused,
    PdusDropped,
)
from corenet.interfaces.activation import CauseSource, FailureCause, LocalCause, Step
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextResponse,
    FailureReportRequest,
    FailureReportResponse,
    NoteMsGprsPresentResponse,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    SendRouteingInformationRequest,
    VersionNotSupported,
)

IMSI = "234150999999999"
DYNAMIC_IMSI = "234150000000002"
APN = "wap.example"
ADDRESS = "10.45.0.7"
SGSN = "192.0.2.2"
NEW_SGSN = "192.0.2.3"
HLR = "192.0.2.9"


def gtp(number: int, name: str) -> FailureCause:
    return FailureCause(CauseSource.GTP, number, name)


local = FailureCause.local


def drops(bench) -> dict[DropReason, int]:
    """Return the drops that were counted."""
    return {reason: n for reason, n in bench.ggsn.counters.dropped.items() if n}


# Acceptance


@pytest.mark.parametrize(
    ("imsi", "apn", "cause"),
    [
        (IMSI, "nowhere.example", LocalCause.UNKNOWN_APN),
        (DYNAMIC_IMSI, "static.example", LocalCause.NO_ADDRESS),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(
    bench, imsi: str, apn: str, cause: LocalCause
) -> None:
    """An unknown APN, and an APN without pool and binding, fail in the acceptance step."""
    bench.activate(imsi=imsi, apn=apn)
    outcome = bench.outcome()
    assert outcome.step is Step.ACCEPTANCE
    assert outcome.cause == local(cause)
    assert not outcome.hold_until_reachable
    assert outcome.retry_after is None
    assert bench.ggsn.counters.activations_refused == 1
    bench.assert_nothing_left()


def test_a_deadline_that_has_passed_starts_nothing(bench) -> None:
    """The request is refused before any message goes out."""
    bench.activate(deadline=bench.now)
    outcome = bench.outcome()
    assert (outcome.step, outcome.cause) == (Step.ACCEPTANCE, local(LocalCause.DEADLINE_EXPIRED))
    bench.assert_nothing_left()


# Routeing information


def test_an_unknown_imsi_is_refused_for_long(bench) -> None:
    """MAP "unknown subscriber" drops the PDU, sets no flag and begins the long back-off."""
    bench.from_gi(bench.packet())
    bench.activate()
    bench.route(sgsn=None, cause=Cause.IMSI_NOT_KNOWN, map_cause=1)

    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == FailureCause(CauseSource.MAP, 1, "Unknown subscriber")
    assert outcome.retry_after == 300.0
    assert not outcome.hold_until_reachable
    assert bench.ggsn.not_reachable(IMSI) is None
    assert bench.told(PdusDropped) == [
        PdusDropped(IMSI, APN, ADDRESS, 1, DropReason.ACTIVATION_FAILED)
    ]
    bench.advance(300)
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    ("cause", "ies", "expected", "back_off"),
    [
        (Cause.REQUEST_ACCEPTED, {"map_cause": 1}, ("map", 1, "Unknown subscriber"), 300.0),
        (Cause.REQUEST_ACCEPTED, {"map_cause": 13}, ("map", 13, "Call barred"), 30.0),
        (Cause.SYSTEM_FAILURE, {"map_cause": 34}, ("map", 34, "System failure"), 30.0),
        (Cause.SYSTEM_FAILURE, {"map_cause": 99}, ("map", 99, "MAP error 99"), 30.0),
        (Cause.IMSI_NOT_KNOWN, {}, ("gtp", 194, Cause.IMSI_NOT_KNOWN.text), 300.0),
        (Cause.SYSTEM_FAILURE, {}, ("gtp", 204, "System failure"), 30.0),
    ],
)
def test_a_refusal_by_the_hlr_ends_the_procedure(bench, cause, ies, expected, back_off) -> None:
    """Whether the HLR accepts with a MAP cause or refuses, the more precise cause is told."""
    bench.activate()
    bench.route(sgsn=None, cause=cause, **ies)
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert (outcome.cause.source, outcome.cause.number, outcome.cause.name) == expected
    assert outcome.retry_after == back_off
    bench.advance(back_off)
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    ("sgsn", "cause", "ies", "name"),
    [
        (None, Cause.REQUEST_ACCEPTED, {}, "Absent subscriber: no SGSN serves it"),
        (None, Cause.SYSTEM_FAILURE, {"map_cause": 27}, "Absent subscriber: no SGSN serves it"),
        (
            SGSN,
            Cause.REQUEST_ACCEPTED,
            {"ms_not_reachable_reason": 6},
            "Absent subscriber: GPRS detached",
        ),
        (
            None,
            Cause.SYSTEM_FAILURE,
            {"map_cause": 27, "ms_not_reachable_reason": 8},
            "Absent subscriber: purged for GPRS",
        ),
        (
            SGSN,
            Cause.REQUEST_ACCEPTED,
            {"ms_not_reachable_reason": 77},
            "Absent subscriber: reason 77",
        ),
    ],
)
@pytest.mark.clause("23.060 §9.2.2.2", "Protection and Mobile User Activity (MNRG)")
def test_an_absent_subscriber_is_held_until_reachable(bench, sgsn, cause, ies, name) -> None:
    """MNRG is set, the PDU dropped, and nothing tried until the HLR notes that the MS is back."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route(sgsn=sgsn, cause=cause, **ies)

    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == FailureCause(CauseSource.MAP, 27, name)
    assert outcome.hold_until_reachable
    assert outcome.retry_after is None
    assert bench.told(MsNotReachable) == [MsNotReachable(IMSI, name)]
    assert drops(bench) == {DropReason.MS_NOT_REACHABLE: 1}
    bench.assert_nothing_left()

    bench.from_gi(bench.packet())
    bench.activate(key="again")
    refused = bench.outcome("again")
    assert refused.step is Step.ACCEPTANCE
    assert refused.cause == local(LocalCause.MS_NOT_REACHABLE, name)
    assert refused.hold_until_reachable
    assert drops(bench) == {DropReason.MS_NOT_REACHABLE: 2}
    assert bench.told(PdusDropped)[-1].reason is DropReason.MS_NOT_REACHABLE
    bench.assert_nothing_left()


def test_the_ms_clears_the_flag_by_activating_itself(bench) -> None:
    """A Create PDP Context Request shows that the MS is there."""
    bench.activate()
    bench.route(sgsn=None)
    bench.create()
    assert bench.told(MsReachable) == [MsReachable(IMSI, SGSN)]
    assert bench.ggsn.not_reachable(IMSI) is None


def test_a_silent_hlr_is_asked_n3_times(bench) -> None:
    """Three transmissions, then failure with a short back-off."""
    bench.activate()
    bench.advance(3)
    assert len(bench.control) == 3
    assert len({m.sequence for m, _ in bench.control}) == 1
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == local(LocalCause.HLR_SILENT)
    assert outcome.retry_after == 10.0
    assert outcome.steps == ((Step.ROUTEING_INFORMATION, 3.0),)
    bench.control.clear()
    bench.advance(10)
    bench.assert_nothing_left()


def test_an_hlr_of_another_version_is_a_failure(bench) -> None:
    """Version Not Supported counts as a response, and an unusable one."""
    bench.activate()
    request = bench.sent(SendRouteingInformationRequest)
    bench.respond(request, VersionNotSupported(), HLR)
    outcome = bench.outcome()
    assert outcome.cause == local(LocalCause.HLR_UNUSABLE, "version not supported")


def test_a_response_that_breaks_the_protocol_is_a_failure(bench) -> None:
    """A response without its mandatory IMSI is named as invalid."""
    bench.activate()
    request = bench.sent(SendRouteingInformationRequest)
    # Message 33 with Cause 128 alone: octets 9-10 are the sequence number.
    octets = bytearray.fromhex("322100060000000000000000" + "0180")
    octets[8:10] = request.sequence.to_bytes(2, "big")
    bench.deliver_octets(bytes(octets), HLR)
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause.source is CauseSource.LOCAL
    assert outcome.cause.name.startswith("HLR answers with nothing usable: invalid response: ")


@pytest.mark.parametrize("imsi", ["", "12345678901234567", "none"])
def test_an_imsi_that_cannot_be_expressed_is_a_failure(bench, imsi: str) -> None:
    """The caller gets an outcome, not an exception."""
    bench.activate(imsi=imsi)
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause == local(LocalCause.NOT_SENT)
    bench.advance(10)
    bench.assert_nothing_left()


def test_note_ms_gprs_present_ends_back_offs(bench) -> None:
    """The HLR knows better than a failure of a while ago."""
    bench.activate()
    bench.route(sgsn=None, cause=Cause.SYSTEM_FAILURE, map_cause=34)
    bench.note_present()
    bench.sent(NoteMsGprsPresentResponse)
    assert bench.ggsn.next_timeout() is None
    bench.activate(key="again")
    bench.sent(PduNotificationRequest, to=NEW_SGSN)


# Notification


@pytest.mark.clause("23.060 §9.2.2.2", "IMSI not known at the SGSN: asked again, then reported")
def test_an_unknown_imsi_at_the_same_sgsn_is_reported(bench) -> None:
    """Cause 194, the HLR names the same SGSN, Failure Report, held."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified(Cause.IMSI_NOT_KNOWN)
    bench.route()
    assert bench.told(ActivationFinished) == []
    assert bench.ggsn.not_reachable(IMSI) is not None
    bench.reported()

    outcome = bench.outcome()
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == gtp(194, Cause.IMSI_NOT_KNOWN.text)
    assert outcome.hold_until_reachable
    assert drops(bench) == {DropReason.MS_NOT_REACHABLE: 1}
    bench.assert_nothing_left()


def test_an_unknown_imsi_at_every_sgsn_named_is_reported(bench) -> None:
    """Two SGSNs that point at each other are not notified for ever."""
    bench.activate()
    bench.route()
    bench.notified(Cause.IMSI_NOT_KNOWN)
    bench.route(sgsn=NEW_SGSN)
    bench.notified(Cause.IMSI_NOT_KNOWN, sgsn=NEW_SGSN)
    bench.route(sgsn=SGSN)
    bench.reported()
    assert bench.outcome().hold_until_reachable
    bench.assert_nothing_left()


def test_an_unknown_imsi_may_turn_out_to_be_absent(bench) -> None:
    """The second answer of the HLR counts as the first would have."""
    bench.activate()
    bench.route()
    bench.notified(Cause.IMSI_NOT_KNOWN)
    bench.route(sgsn=None)
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause.number == 27
    assert outcome.hold_until_reachable
    bench.assert_nothing_left()


@pytest.mark.clause("29.060 §7.4.3, §7.4.4", "Failure Report")
def test_a_detached_ms_is_reported_and_held(bench) -> None:
    """Cause 195 sets MNRG and goes to the HLR as a Failure Report."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    assert drops(bench) == {DropReason.MS_NOT_REACHABLE: 1}
    bench.from_gi(bench.packet())
    bench.activate(key="joins")
    bench.reported()

    outcomes = {e.key: e.outcome for e in bench.told(ActivationFinished)}
    assert outcomes["k"] == outcomes["joins"]
    assert outcomes["k"].step is Step.PDU_NOTIFICATION
    assert outcomes["k"].cause == gtp(195, Cause.MS_GPRS_DETACHED.text)
    assert outcomes["k"].hold_until_reachable
    assert drops(bench) == {DropReason.MS_NOT_REACHABLE: 2}
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    ("cause", "ies"),
    [(Cause.SYSTEM_FAILURE, {}), (Cause.REQUEST_ACCEPTED, {"map_cause": 1})],
)
def test_a_failure_report_that_is_refused_promises_nothing(bench, cause, ies) -> None:
    """Nobody would say when the MS is back, so the flag goes and a back-off comes."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    bench.reported(cause, **ies)
    outcome = bench.outcome()
    assert outcome.cause.number == 195
    assert not outcome.hold_until_reachable
    assert outcome.retry_after == 30.0
    assert bench.ggsn.not_reachable(IMSI) is None
    bench.advance(30)
    bench.assert_nothing_left()


def test_a_failure_report_without_answer_promises_nothing(bench) -> None:
    """As when it is refused, after N3-REQUESTS transmissions."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    bench.advance(3)
    assert [type(m) for m, _ in bench.control] == [FailureReportRequest] * 3
    bench.control.clear()
    outcome = bench.outcome()
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause.number == 195
    assert not outcome.hold_until_reachable
    bench.advance(30)
    bench.assert_nothing_left()


def test_an_ms_that_is_back_before_the_report_is_answered_is_not_held(bench) -> None:
    """Message 36 overtakes message 35."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    report = bench.sent(FailureReportRequest)
    bench.note_present()
    bench.sent(NoteMsGprsPresentResponse)
    bench.respond(report, FailureReportResponse(cause=Cause.REQUEST_ACCEPTED), HLR)
    outcome = bench.outcome()
    assert not outcome.hold_until_reachable
    assert outcome.retry_after == 30.0


@pytest.mark.parametrize("cause", [Cause.IMSI_NOT_KNOWN, Cause.MS_GPRS_DETACHED])
def test_without_hlr_nothing_is_reported(make_bench, cause) -> None:
    """A GGSN without HLR backs off instead."""
    bench = make_bench(hlr=None)
    bench.note_present(sgsn=SGSN)
    bench.sent(NoteMsGprsPresentResponse)
    bench.activate()
    bench.notified(cause)
    outcome = bench.outcome()
    assert outcome.cause == gtp(cause.value, cause.text)
    assert outcome.step is Step.PDU_NOTIFICATION
    assert not outcome.hold_until_reachable
    assert outcome.retry_after == 30.0
    bench.advance(30)
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    ("cause", "back_off"),
    [
        (Cause.GPRS_CONNECTION_SUSPENDED, 30.0),
        (Cause.NO_RESOURCES_AVAILABLE, 30.0),
        (Cause.SERVICE_NOT_SUPPORTED, 30.0),
        (Cause.SYSTEM_FAILURE, 30.0),
        (Cause.ROAMING_RESTRICTION, 30.0),
        (Cause.MANDATORY_IE_INCORRECT, 30.0),
        (Cause.MS_NOT_GPRS_RESPONDING, 60.0),
        (Cause.MS_REFUSES, 300.0),
        (Cause(250), 30.0),
    ],
)
def test_a_refused_notification_backs_off(bench, cause: Cause, back_off: float) -> None:
    """Any other cause in message 28 drops the PDU and refuses new attempts for a while."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified(cause)
    outcome = bench.outcome()
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == gtp(cause.value, cause.text)
    assert outcome.retry_after == back_off
    assert not outcome.hold_until_reachable
    assert drops(bench) == {DropReason.ACTIVATION_FAILED: 1}

    bench.now += 1
    bench.from_gi(bench.packet())
    bench.activate(key="again")
    refused = bench.outcome("again")
    assert refused.step is Step.ACCEPTANCE
    assert refused.cause == local(LocalCause.BACK_OFF, cause.text)
    assert refused.retry_after == back_off - 1
    assert drops(bench)[DropReason.BACK_OFF] == 1
    assert bench.control == []
    bench.advance(back_off)
    bench.assert_nothing_left()


def test_a_silent_sgsn_is_asked_n3_times(bench) -> None:
    """The HLR has just named it, so nothing else is tried."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.advance(3)
    assert [type(m) for m, _ in bench.control] == [PduNotificationRequest] * 3
    bench.control.clear()
    outcome = bench.outcome()
    assert outcome.step is Step.PDU_NOTIFICATION
    assert outcome.cause == local(LocalCause.SGSN_SILENT)
    assert outcome.retry_after == 10.0
    assert drops(bench) == {DropReason.ACTIVATION_FAILED: 1}
    bench.advance(10)
    bench.assert_nothing_left()


def test_a_silent_remembered_sgsn_that_the_hlr_confirms_is_a_failure(bench) -> None:
    """It is not notified a second time."""
    bench.note_present(sgsn=SGSN)
    bench.sent(NoteMsGprsPresentResponse)
    bench.activate()
    bench.advance(3)
    del bench.control[:3]
    bench.route(sgsn=SGSN)
    outcome = bench.outcome()
    assert outcome.cause == local(LocalCause.SGSN_SILENT)
    bench.advance(10)
    bench.assert_nothing_left()


# The MS


@pytest.mark.parametrize(
    ("cause", "back_off"),
    [
        (Cause.MS_REFUSES_X, 300.0),
        (Cause.MS_REFUSES, 300.0),
        (Cause.MS_NOT_GPRS_RESPONDING_X, 60.0),
        (Cause.MS_NOT_GPRS_RESPONDING, 60.0),
        (Cause.NO_RESOURCES_AVAILABLE, 30.0),
        (Cause.IMSI_NOT_KNOWN, 30.0),
        (Cause.MS_GPRS_DETACHED, 30.0),
    ],
)
@pytest.mark.clause("29.060 §7.3.10, §7.3.11", "PDU Notification Reject")
def test_a_reject_by_the_ms_ends_the_procedure(bench, cause: Cause, back_off: float) -> None:
    """Message 29 is answered with 30 at the SGSN's own TEID; the PDUs go, a back-off begins."""
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    notification = bench.notified()
    bench.reject(notification, cause)

    response = bench.sent(PduNotificationRejectResponse, to=SGSN)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.teid == 0x5151
    outcome = bench.outcome()
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == gtp(cause.value, cause.text)
    assert outcome.retry_after == back_off
    assert drops(bench) == {DropReason.ACTIVATION_FAILED: 1}
    bench.advance(back_off)
    bench.assert_nothing_left()


def test_an_ms_that_did_not_respond_is_notified_without_asking_the_hlr(bench) -> None:
    """After the back-off the SGSN is known still."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.reject(notification, Cause.MS_NOT_GPRS_RESPONDING_X)
    bench.sent(PduNotificationRejectResponse)
    bench.advance(60)
    bench.activate(key="again")
    bench.sent(PduNotificationRequest, to=SGSN)


@pytest.mark.parametrize(
    "changes",
    [
        {"teid": 0, "teid_control": "own"},
        {"teid": 0},
        {"teid": 0x4242},
    ],
)
def test_a_reject_is_matched_by_what_it_has(bench, changes) -> None:
    """Header TEID, else the TEID Control Plane repeated, else address and APN."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    if changes.get("teid_control") == "own":
        changes = {**changes, "teid_control": notification.teid_control}
    bench.reject(notification, Cause.MS_REFUSES_X, **changes)
    response = bench.sent(PduNotificationRejectResponse)
    assert response.cause is Cause.REQUEST_ACCEPTED
    # Our own TEID in IE 17 names no tunnel endpoint of the SGSN's.
    assert response.teid == (0 if "teid_control" in changes else 0x5151)
    assert bench.outcome().cause.number == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"end_user_address": EndUserAddress.for_ipv4("10.45.0.9")},
        {"end_user_address": EndUserAddress.dynamic_ipv4()},
        {"apn": "small.example"},
    ],
)
def test_a_reject_that_matches_nothing_is_refused(bench, changes) -> None:
    """Cause 192, and the procedure under way does not mind."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.reject(notification, Cause.MS_REFUSES_X, teid=0x4242, **changes)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.NON_EXISTENT
    assert bench.told(ActivationFinished) == []


def test_a_reject_whose_response_to_the_notification_was_lost_counts(bench) -> None:
    """Message 29 says more than the 28 that never came: the MS had been asked."""
    bench.activate()
    bench.route()
    notification = bench.sent(PduNotificationRequest)
    bench.reject(notification, Cause.MS_REFUSES_X)
    bench.sent(PduNotificationRejectResponse)
    outcome = bench.outcome()
    assert (outcome.step, outcome.cause.number) == (Step.MS_ACTIVATION, 4)
    bench.advance(300)
    bench.assert_nothing_left()


def test_the_guard_timer_ends_the_waiting_for_create(make_bench) -> None:
    """The SGSN accepted, and then nothing came."""
    bench = make_bench(guard_time=20.0)
    bench.activate()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    bench.advance(20)
    outcome = bench.outcome()
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == local(LocalCause.GUARD_TIMER_EXPIRED)
    assert outcome.retry_after == 30.0
    assert outcome.steps[-1] == (Step.MS_ACTIVATION, 20.0)
    assert drops(bench) == {DropReason.ACTIVATION_FAILED: 1}
    bench.advance(30)
    bench.assert_nothing_left()


# Create


def test_a_create_without_resources_ends_the_procedure(make_bench) -> None:
    """Refused with 199, and the caller is told that it was the creation."""
    bench = make_bench(maximum_contexts=0)
    bench.from_gi(bench.packet())
    bench.activate()
    bench.route()
    bench.notified()
    bench.create()
    assert bench.sent(CreatePdpContextResponse).cause is Cause.NO_RESOURCES_AVAILABLE
    outcome = bench.outcome()
    assert outcome.step is Step.CREATE_PDP_CONTEXT
    assert outcome.cause == gtp(199, "No resources available")
    assert outcome.retry_after == 30.0
    assert drops(bench) == {DropReason.ACTIVATION_FAILED: 1}
    assert len(bench.told(PdpContextRefused)) == 1
    bench.advance(30)
    bench.assert_nothing_left()


def test_a_create_for_an_unknown_apn_ends_the_procedure(bench) -> None:
    """Matched by IMSI and static address, refused with 219."""
    bench.activate()
    bench.route()
    bench.notified()
    bench.create(apn="nowhere.example")
    assert bench.sent(CreatePdpContextResponse).cause is Cause.MISSING_OR_UNKNOWN_APN
    outcome = bench.outcome()
    assert outcome.step is Step.CREATE_PDP_CONTEXT
    assert outcome.cause.number == 219
    bench.advance(30)
    bench.assert_nothing_left()


def test_a_create_of_somebody_else_does_not_end_the_procedure(bench) -> None:
    """Neither another subscriber's nor one that names another address on an unknown APN."""
    bench.activate()
    bench.route()
    bench.notified()
    bench.create(imsi=DYNAMIC_IMSI)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE
    bench.create(apn="nowhere.example", imsi=DYNAMIC_IMSI)
    bench.create(apn="nowhere.example", end_user_address=EndUserAddress.dynamic_ipv4())
    assert bench.told(ActivationFinished) == []
    assert bench.ggsn.activations_under_way == 1


# Deadlines


def test_a_deadline_ends_the_waiting_of_its_key_alone(bench) -> None:
    """The step where it stands is told; the procedure goes on for the others."""
    bench.activate(key="hasty", deadline=bench.now + 5)
    bench.activate(key="patient")
    bench.route()
    bench.notified()
    bench.advance(5)
    outcome = bench.outcome("hasty")
    assert outcome.step is Step.MS_ACTIVATION
    assert outcome.cause == local(LocalCause.DEADLINE_EXPIRED)
    assert outcome.retry_after is None
    assert outcome.steps[-1] == (Step.MS_ACTIVATION, 5.0)
    bench.create()
    assert bench.outcome("patient").active


def test_a_procedure_that_nobody_waits_for_goes_on(bench) -> None:
    """The MS has been asked and may come all the same."""
    bench.activate(deadline=bench.now + 0.5)
    bench.advance(0.5)
    assert bench.outcome().step is Step.ROUTEING_INFORMATION
    bench.route()
    bench.notified()
    bench.create()
    assert bench.ggsn.context_at(ADDRESS) is not None
    assert bench.told(ActivationFinished) == []
