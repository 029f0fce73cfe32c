"""Network-requested activation that succeeds, from both triggers (TS 23.060 §9.2.2.2)."""

from __future__ import annotations

from socket import inet_aton

import pytest

from corenet.ggsn.events import (
    ActivationFinished,
    ActivationStarted,
    DropReason,
    MsReachable,
    PdpContextCreated,
    PduStored,
    StepReached,
    StoredPdusSent,
    Trigger,
)
from corenet.interfaces.activation import CauseSource, Step
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextResponse,
    NoteMsGprsPresentResponse,
    PduNotificationRequest,
    SendRouteingInformationRequest,
)

IMSI = "234150999999999"
DYNAMIC_IMSI = "234150000000002"
APN = "wap.example"
ADDRESS = "10.45.0.7"
GGSN = "192.0.2.1"
SGSN = "192.0.2.2"
NEW_SGSN = "192.0.2.3"


@pytest.mark.clause("23.060 §9.2.2.2", "trigger: the control interface", status="extension")
def test_the_control_trigger_walks_the_whole_ladder(bench) -> None:
    """Routeing, notification, creation: each message says what it should, each step is told."""
    bench.activate()
    bench.now += 0.25
    bench.route()
    bench.now += 0.5
    notification = bench.notified()
    bench.now += 2.0
    bench.create()

    assert notification.teid == 0
    assert notification.teid_control != 0
    assert notification.imsi == IMSI
    assert notification.end_user_address == EndUserAddress.for_ipv4(ADDRESS)
    assert notification.apn == APN
    assert notification.ggsn_address == "192.0.2.1"
    assert bench.sent(CreatePdpContextResponse, to=SGSN).cause is Cause.REQUEST_ACCEPTED
    outcome = bench.outcome()
    assert outcome.active
    assert outcome.address == ADDRESS
    assert outcome.cause is None
    assert outcome.steps == (
        (Step.ROUTEING_INFORMATION, 0.25),
        (Step.PDU_NOTIFICATION, 0.5),
        (Step.MS_ACTIVATION, 2.0),
        (Step.CREATE_PDP_CONTEXT, 0.0),
    )
    assert [e.step for e in bench.told(StepReached)] == [step for step, _ in outcome.steps]
    assert bench.told(ActivationStarted) == [ActivationStarted("k", IMSI, APN, Trigger.CONTROL)]
    assert bench.ggsn.activations_under_way == 0
    assert bench.ggsn.next_timeout() is None


def test_the_context_keeps_the_notifications_teid(bench) -> None:
    """The TEID Control Plane of message 27 becomes the context's."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.create()

    response = bench.sent(CreatePdpContextResponse)
    assert response.teid_control == notification.teid_control
    assert bench.told(PdpContextCreated)[0].context.network_requested


@pytest.mark.clause("23.060 §9.2.2.2.1", "trigger: a PDU for a static address")
def test_a_packet_on_gi_triggers_and_is_delivered_behind_the_create_response(bench) -> None:
    """Packets wait while the procedure runs and go out in order once the context is there."""
    first, second = bench.packet(payload=b"first"), bench.packet(payload=b"second")
    bench.from_gi(first)
    bench.route()
    bench.from_gi(second)
    bench.notified()
    assert bench.user == []
    bench.create()

    sent = bench.ggsn.counters
    assert sent.pdus_stored == 2
    assert [e.count for e in bench.told(PduStored)] == [1, 2]
    assert bench.tunnelled() == (first, 0x201, (SGSN, 2152))
    assert bench.tunnelled() == (second, 0x201, (SGSN, 2152))
    assert bench.told(StoredPdusSent) == [StoredPdusSent(IMSI, APN, ADDRESS, 2)]
    assert bench.told(ActivationStarted)[0].trigger is Trigger.GI
    finished = bench.told(ActivationFinished)
    assert [e.key for e in finished] == ["gi:1"]
    assert bench.ggsn.counters.activations_started == 1


def test_the_response_leaves_before_the_stored_packets(make_bench) -> None:
    """In the order of the datagrams GTP-C comes first."""
    bench = make_bench()
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    bench.passed.clear()
    bench.create()
    sent = [packet for packet in bench.passed if packet[12:16] == inet_aton(GGSN)]
    assert [int.from_bytes(packet[20:22], "big") for packet in sent] == [2123, 2152]


def test_two_triggers_at_once_join_one_procedure(bench) -> None:
    """A packet, two commands and a repeated key: one ladder, an outcome for each key."""
    bench.from_gi(bench.packet())
    bench.activate(key="one")
    bench.activate(key="two", deadline=bench.now + 30)
    bench.activate(key="two")
    bench.route()
    bench.notified()
    bench.create()

    bench.sent(CreatePdpContextResponse)
    assert bench.control == []
    finished = {e.key: e.outcome for e in bench.told(ActivationFinished)}
    assert set(finished) == {"gi:1", "one", "two"}
    assert all(outcome.address == ADDRESS for outcome in finished.values())
    assert [e.joined for e in bench.told(ActivationStarted)] == [False, True, True]
    assert len(bench.user) == 1
    assert bench.ggsn.next_timeout() is None


def test_an_active_subscriber_is_answered_at_once(bench) -> None:
    """No message is sent for a context that is there."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.activate()

    outcome = bench.outcome()
    assert outcome.active
    assert outcome.address == ADDRESS
    assert outcome.steps == ()
    assert bench.control == []


@pytest.mark.clause(
    "23.060 §9.2.2.2",
    "a dynamic address, for the control interface's trigger only",
    status="extension",
)
def test_a_subscriber_without_static_address_is_activated_by_the_control_trigger(bench) -> None:
    """The notification has an address of no octets, and IMSI and APN match the Create."""
    bench.activate(imsi=DYNAMIC_IMSI)
    bench.route(imsi=DYNAMIC_IMSI)
    notification = bench.notified()
    bench.create(imsi=DYNAMIC_IMSI, end_user_address=EndUserAddress.dynamic_ipv4())

    assert notification.end_user_address == EndUserAddress.dynamic_ipv4()
    response = bench.sent(CreatePdpContextResponse)
    assert response.end_user_address.ipv4 == "10.45.0.1"
    assert bench.outcome().address == "10.45.0.1"


def test_a_dynamic_create_of_a_bound_subscriber_gets_the_static_address(bench) -> None:
    """An MS that asks for any address still completes the procedure for its static one."""
    bench.activate()
    bench.route()
    bench.notified()
    bench.create(end_user_address=EndUserAddress.dynamic_ipv4())
    assert bench.outcome().address == ADDRESS


@pytest.mark.parametrize("reason", [0, 5])
def test_a_missing_page_response_does_not_keep_from_notifying(bench, reason: int) -> None:
    """Reasons "no paging response" leave the SGSN to try again (TS 23.060 §9.2.2.2.1)."""
    bench.activate()
    bench.route(ms_not_reachable_reason=reason)
    bench.notified()
    bench.create()
    assert bench.outcome().active


def test_another_sgsn_is_notified_when_the_first_does_not_know_the_imsi(bench) -> None:
    """After cause 194 the HLR is asked again; the SGSN that it names now gets the notification."""
    bench.activate()
    bench.route()
    bench.notified(Cause.IMSI_NOT_KNOWN)
    bench.route(sgsn=NEW_SGSN)
    bench.notified(sgsn=NEW_SGSN)
    bench.create(host=NEW_SGSN)

    outcome = bench.outcome()
    assert outcome.active
    assert [step for step, _ in outcome.steps] == [
        Step.ROUTEING_INFORMATION,
        Step.PDU_NOTIFICATION,
        Step.ROUTEING_INFORMATION,
        Step.PDU_NOTIFICATION,
        Step.MS_ACTIVATION,
        Step.CREATE_PDP_CONTEXT,
    ]


def test_note_ms_gprs_present_names_the_sgsn_for_the_next_attempt(bench) -> None:
    """Message 36 clears MNRG, is answered and told; the next activation skips the HLR, once."""
    bench.activate()
    bench.route(sgsn=None, ms_not_reachable_reason=6)
    assert bench.ggsn.not_reachable(IMSI) is not None
    bench.note_present()

    assert bench.sent(NoteMsGprsPresentResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.told(MsReachable) == [MsReachable(IMSI, NEW_SGSN)]
    assert bench.ggsn.not_reachable(IMSI) is None
    bench.activate(key="again")
    bench.notified(sgsn=NEW_SGSN)
    bench.create(host=NEW_SGSN)
    assert bench.outcome("again").active
    bench.sent(CreatePdpContextResponse)

    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.take()
    bench.control.clear()
    bench.activate(key="third")
    bench.sent(SendRouteingInformationRequest)


def test_note_ms_gprs_present_is_told_even_after_our_restart(bench) -> None:
    """The flag was lost, but whoever holds something back wants to know."""
    bench.note_present(imsi=DYNAMIC_IMSI)
    assert bench.sent(NoteMsGprsPresentResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.told(MsReachable) == [MsReachable(DYNAMIC_IMSI, NEW_SGSN)]


def test_without_hlr_a_remembered_sgsn_is_enough(make_bench) -> None:
    """Message 36 may come from anywhere; without it nobody knows where the MS is."""
    bench = make_bench(hlr=None)
    bench.activate()
    outcome = bench.outcome()
    assert outcome.step is Step.ROUTEING_INFORMATION
    assert outcome.cause.source is CauseSource.LOCAL
    assert outcome.cause.name == "no HLR to ask for the SGSN"

    bench.note_present(sgsn=SGSN)
    bench.sent(NoteMsGprsPresentResponse)
    bench.activate(key="again")
    bench.notified()
    bench.create()
    assert bench.outcome("again").active


def test_a_silent_remembered_sgsn_leads_back_to_the_hlr(bench) -> None:
    """The address may be old: after N3-REQUESTS the HLR is asked, and its answer is used."""
    bench.note_present(sgsn=SGSN)
    bench.sent(NoteMsGprsPresentResponse)
    bench.activate()
    bench.advance(3.0)
    assert [type(m) for m, _ in bench.control[:3]] == [PduNotificationRequest] * 3
    del bench.control[:3]
    bench.route(sgsn=NEW_SGSN)
    bench.notified(sgsn=NEW_SGSN)
    bench.create(host=NEW_SGSN)
    assert bench.outcome().active


def test_nothing_is_dropped_on_the_way(bench) -> None:
    """A successful activation counts no drop."""
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    bench.create()
    assert all(count == 0 for count in bench.ggsn.counters.dropped.values())
    assert set(bench.ggsn.counters.dropped) == set(DropReason)
