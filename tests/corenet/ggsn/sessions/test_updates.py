"""Changes of PDP contexts (TS 29.060 §7.3.3-7.3.4): told by the SGSN, asked for by us."""

from __future__ import annotations

import pytest

from corenet.ggsn.events import (
    DeletionReason,
    DropReason,
    PathChanged,
    PathState,
    PdpContextDeleted,
    PdpContextUpdated,
    PdpContextUpdateFailed,
    PdpContextUpdateRefused,
    UpdatedBy,
    UpdateFailure,
)
from gtp.codes import DirectTunnelFlags
from gtp.constants import Cause, IEType
from gtp.ies import EndUserAddress, MsTimeZone
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    ErrorIndication,
    MsInfoChangeNotificationRequest,
    MsInfoChangeNotificationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.timers import Timers

IMSI = "234150999999999"
APN = "wap.example"
SGSN = "192.0.2.2"
NEW_SGSN = "192.0.2.3"
RNC = "192.0.2.4"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
BETTER = bytes.fromhex("010b921f73967070742bffff")
ACCEPTED = Cause.REQUEST_ACCEPTED


@pytest.fixture
def active(bench):
    """A GGSN with one context; ``bench.created`` is how it was answered."""
    bench.create()
    bench.created = bench.sent(CreatePdpContextResponse)
    bench.events.clear()
    return bench


def update(bench, host=SGSN, **changes):
    """Send an Update PDP Context Request, as from an SGSN."""
    values = {
        "teid": bench.created.teid_control,
        "nsapi": 5,
        "teid_data": 0x201,
        "sgsn_address_control": host,
        "sgsn_address_user": host,
        "qos": QOS,
    }
    return bench.request(UpdatePdpContextRequest(**(values | changes)), host)


def ask(bench, qos=BETTER) -> UpdatePdpContextRequest:
    """Have the GGSN ask for another QoS; return what it sent."""
    assert bench.ggsn.change_qos(IMSI, APN, qos, bench.now) == 1
    bench.take()
    return bench.sent(UpdatePdpContextRequest)


def failure(bench):
    """Return the one failure that was told."""
    (failed,) = bench.told(PdpContextUpdateFailed)
    return failed.failure


# Told by the SGSN


@pytest.mark.parametrize("where", ["sgsn_address_control", "sgsn_address_user"])
@pytest.mark.parametrize("address", ["2001:db8::2", "0.0.0.0", "255.255.255.255", "224.0.0.1"])
def test_an_end_that_nothing_can_be_sent_to_changes_nothing(active, where, address) -> None:
    """Cause 201, at the old end."""
    update(active, NEW_SGSN, **{where: address, "teid_data": 0x999})
    response = active.sent(UpdatePdpContextResponse)
    assert (response.cause, response.teid) == (Cause.MANDATORY_IE_INCORRECT, 0x200)
    (view,) = active.ggsn.contexts()
    assert (view.sgsn_address, view.sgsn_user_address) == (SGSN, SGSN)


@pytest.mark.clause("29.060 §7.3.3", "alternative SGSN addresses: the one of our family is taken")
def test_the_alternative_address_is_taken_where_the_first_is_of_the_other_family(active) -> None:
    """An SGSN with both families says both; each plane for itself."""
    update(
        active,
        NEW_SGSN,
        sgsn_address_control="2001:db8::2",
        sgsn_address_user="192.0.2.44",
        alternative_sgsn_address_control="192.0.2.45",
        alternative_sgsn_address_user="2001:db8::3",
    )
    assert active.sent(UpdatePdpContextResponse).cause is ACCEPTED
    (view,) = active.ggsn.contexts()
    assert (view.sgsn_address, view.sgsn_user_address) == ("192.0.2.45", "192.0.2.44")


def test_an_answers_address_of_the_other_family_leaves_the_tunnel_where_it_is(active) -> None:
    """The SGSN's new TEID counts, and what can be sent to."""
    request = ask(active)
    answer = UpdatePdpContextResponse(
        cause=ACCEPTED, teid_data=0x777, gsn_addresses=("2001:db8::2",), qos=BETTER
    )
    active.respond(request, answer, SGSN)
    (view,) = active.ggsn.contexts()
    assert (view.sgsn_user_address, view.sgsn_teid_data) == (SGSN, 0x777)


@pytest.mark.clause("23.060 §9.2.3.1", "SGSN-initiated modification at the GGSN")
def test_an_update_is_answered_in_full(active) -> None:
    """The response has every conditional element of an acceptance (TS 29.060 §7.3.4)."""
    update(active, qos=BETTER, pco=bytes.fromhex("80000d00"))
    response = active.sent(UpdatePdpContextResponse, to=SGSN)
    created = active.created
    assert (response.teid, response.cause, response.recovery) == (0x200, ACCEPTED, 7)
    assert (response.teid_data, response.teid_control) == (created.teid_data, created.teid_control)
    assert response.charging_id == created.charging_id
    assert response.gsn_addresses == ("192.0.2.1", "192.0.2.1")
    assert response.qos == BETTER
    assert response.pco == bytes.fromhex("80000d04c0000235000d04c0000236")
    (updated,) = active.told(PdpContextUpdated)
    assert (updated.by, updated.context.qos) == (UpdatedBy.SGSN, BETTER)
    assert active.ggsn.contexts() == [updated.context]
    assert active.ggsn.counters.contexts_updated == 1


@pytest.mark.clause(
    "29.060 §7.3.3, §7.3.4",
    "Update PDP Context from the SGSN: new ends, QoS, location, options",
    status="GGSN",
)
def test_another_sgsn_is_answered_and_served_at_its_new_ends(active) -> None:
    """TEIDs and addresses count from the response on; packets go to the new tunnel."""
    update(active, NEW_SGSN, teid_control=0x300, teid_data=0x301)
    assert active.sent(UpdatePdpContextResponse, to=NEW_SGSN).teid == 0x300
    active.from_gi(active.packet())
    assert active.tunnelled() == (active.packet(), 0x301, (NEW_SGSN, 2152))
    (view,) = active.ggsn.contexts()
    assert (view.sgsn_address, view.sgsn_user_address) == (NEW_SGSN, NEW_SGSN)
    assert (view.sgsn_teid_control, view.sgsn_teid_data) == (0x300, 0x301)
    active.from_tunnel(ErrorIndication(teid_data=0x201, peer_address=SGSN).encode())
    assert active.ggsn.context_count == 1
    active.from_tunnel(ErrorIndication(teid_data=0x301, peer_address=NEW_SGSN).encode(), NEW_SGSN)
    assert active.told(PdpContextDeleted)[0].reason is DeletionReason.ERROR_INDICATION
    active.assert_nothing_left()


def test_an_old_sgsn_that_restarts_takes_nothing_with_it(active) -> None:
    """The context is the new SGSN's; its own restart ends it."""
    active.request(EchoRequest(), SGSN)
    active.sent(EchoResponse)
    update(active, NEW_SGSN, recovery=1)
    active.sent(UpdatePdpContextResponse)
    active.create(imsi="234150000000002", end_user_address=EndUserAddress.dynamic_ipv4())
    active.sent(CreatePdpContextResponse)
    for recovery, left in ((1, 2), (2, 1)):
        active.create(
            imsi="234150000000003",
            end_user_address=EndUserAddress.dynamic_ipv4(),
            apn="nowhere",
            recovery=recovery,
        )
        active.sent(CreatePdpContextResponse)
        assert active.ggsn.context_count == left
    assert active.ggsn.contexts_of(IMSI)
    update(active, NEW_SGSN, recovery=2)
    assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    active.assert_nothing_left()


def test_the_path_that_is_watched_moves_with_the_context(make_bench) -> None:
    """Echo goes to the new SGSN, and ends with the last context."""
    bench = make_bench(timers=Timers(t3_response=1.0, n3_requests=3, echo_interval=60.0))
    bench.create()
    bench.created = bench.sent(CreatePdpContextResponse)
    update(bench, NEW_SGSN)
    bench.sent(UpdatePdpContextResponse)
    bench.advance(60)
    echo = bench.sent(EchoRequest, to=NEW_SGSN)
    bench.respond(echo, EchoResponse(recovery=1), NEW_SGSN)
    assert bench.told(PathChanged) == [PathChanged(NEW_SGSN, PathState.UP)]
    assert bench.control == []
    teid = bench.created.teid_control
    bench.request(DeletePdpContextRequest(teid=teid, nsapi=5), NEW_SGSN)
    bench.sent(DeletePdpContextResponse)
    bench.assert_nothing_left()


def test_without_a_teid_the_imsi_tells_which_context_is_meant(active) -> None:
    """Header TEID 0, as from an SGSN that has lost ours (TS 29.060 §7.3.3)."""
    update(active, teid=0, imsi=IMSI, teid_control=0x300)
    response = active.sent(UpdatePdpContextResponse)
    assert (response.cause, response.teid) == (ACCEPTED, 0x300)
    update(active, teid=0)
    assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT


def test_location_and_equipment_are_taken_over_where_they_are_told(active) -> None:
    """Elements that are absent leave what is known."""
    update(
        active,
        rai=bytes.fromhex("130062123401"),
        rat_type=1,
        user_location=bytes.fromhex("0132f45112340001"),
        ms_time_zone=MsTimeZone(-4, 0),
        imei="3512345678901234",
    )
    update(active)
    assert active.sent(UpdatePdpContextResponse).cause is ACCEPTED
    assert active.ggsn.contexts()[0].rat_type == 1


@pytest.mark.parametrize(
    ("changes", "cause", "teid"),
    [
        ({"teid": 0x77}, Cause.NON_EXISTENT, 0),
        ({"teid": 0x77, "teid_control": 0x300}, Cause.NON_EXISTENT, 0x300),
        ({"nsapi": 6}, Cause.NON_EXISTENT, 0x200),
        ({"teid_data": None}, Cause.MANDATORY_IE_MISSING, 0x200),
        ({"qos": None}, Cause.MANDATORY_IE_MISSING, 0x200),
        (
            {"sgsn_address_control": None, "sgsn_address_user": None},
            Cause.MANDATORY_IE_MISSING,
            0x200,
        ),
        ({"qos": None, "teid": 0x77}, Cause.MANDATORY_IE_MISSING, 0),
    ],
)
@pytest.mark.clause("29.060 §7.3.3", "no such context, mandatory element missing")
def test_an_update_that_cannot_be_served_changes_nothing(active, changes, cause, teid) -> None:
    """The refusal goes to the SGSN's TEID where it is known."""
    before = active.ggsn.contexts()
    update(active, **({"teid_control": None} | changes))
    response = active.sent(UpdatePdpContextResponse)
    assert (response.cause, response.teid) == (cause, teid)
    (refused,) = active.told(PdpContextUpdateRefused)
    assert (refused.sgsn_address, refused.cause.number) == (SGSN, cause.value)
    assert active.ggsn.contexts() == before
    assert active.ggsn.counters.updates_refused == 1


def test_a_repeated_update_gets_the_same_octets_and_changes_nothing(active) -> None:
    """The response is lost, the SGSN asks again (TS 29.060 §7.6)."""
    request = update(active, qos=BETTER)
    first = active.sent(UpdatePdpContextResponse)
    update(active)
    active.sent(UpdatePdpContextResponse)
    active.deliver(request, SGSN)
    assert active.sent(UpdatePdpContextResponse) == first
    assert active.ggsn.contexts()[0].qos == QOS


# Where the MS is


@pytest.mark.parametrize(
    ("names", "changed"),
    [
        ({"teid": "tunnel"}, [5, 6]),
        ({"teid": "tunnel", "linked_nsapi": 6}, [6]),
        ({"imsi": IMSI}, [5, 6]),
        ({"imsi": IMSI, "linked_nsapi": 5}, [5]),
    ],
)
@pytest.mark.clause(
    "29.060 §7.5B", "MS Info Change Notification", status="GGSN; it asks for no reports"
)
def test_ms_info_change_is_taken_over(active, names, changed) -> None:
    """For all contexts of the MS or the one named; what named it is in the answer (§7.5B.1)."""
    tunnel = active.created.teid_control
    address = EndUserAddress.dynamic_ipv4()
    active.create(
        teid=tunnel, nsapi=6, apn="small.example", end_user_address=address, teid_data=0x202
    )
    active.sent(CreatePdpContextResponse)
    names = {name: tunnel if value == "tunnel" else value for name, value in names.items()}
    location = bytes.fromhex("0132f45112340001")
    request = MsInfoChangeNotificationRequest(rat_type=1, user_location=location, **names)
    active.request(request, SGSN)
    response = active.sent(MsInfoChangeNotificationResponse, to=SGSN)
    assert (response.cause, response.teid) == (ACCEPTED, 0x200)
    assert (response.imsi, response.linked_nsapi) == (names.get("imsi"), names.get("linked_nsapi"))
    assert [e.context.nsapi for e in active.told(PdpContextUpdated)] == changed
    assert [v.nsapi for v in active.ggsn.contexts() if v.rat_type == 1] == changed


@pytest.mark.parametrize(
    "names",
    [{}, {"teid": 0x77}, {"imsi": "234150000000002"}, {"imsi": IMSI, "linked_nsapi": 9}],
)
def test_ms_info_change_of_nobody_here_is_answered_so(active, names) -> None:
    """Non-existent, to TEID 0."""
    active.request(MsInfoChangeNotificationRequest(rat_type=1, **names), SGSN)
    response = active.sent(MsInfoChangeNotificationResponse)
    assert (response.cause, response.teid) == (Cause.NON_EXISTENT, 0)
    assert active.told(PdpContextUpdated) == []


# Direct tunnel


def direct(bench) -> None:
    """Have the SGSN give the user plane to an RNC."""
    update(
        bench,
        sgsn_address_user=RNC,
        teid_data=0x401,
        direct_tunnel_flags=DirectTunnelFlags.DIRECT_TUNNEL,
    )
    bench.sent(UpdatePdpContextResponse)
    bench.events.clear()


def lose_tunnel(bench) -> UpdatePdpContextRequest:
    """Have the RNC know nothing of the tunnel; return what the SGSN is told."""
    bench.from_tunnel(ErrorIndication(teid_data=0x401, peer_address=RNC).encode(), RNC)
    return bench.sent(UpdatePdpContextRequest, to=SGSN)


@pytest.mark.clause("23.060 §15.6", "direct tunnel")
def test_a_direct_tunnel_goes_to_the_rnc(active) -> None:
    """Packets pass the SGSN by; control stays with it."""
    direct(active)
    (view,) = active.ggsn.contexts()
    assert (view.direct_tunnel, view.sgsn_address, view.sgsn_user_address) == (True, SGSN, RNC)
    active.from_gi(active.packet())
    assert active.tunnelled() == (active.packet(), 0x401, (RNC, 2152))
    update(active)
    assert not active.ggsn.contexts()[0].direct_tunnel


@pytest.mark.clause(
    "29.060 §7.3.7, 23.060 §15.6",
    "Error Indication on a direct tunnel: the SGSN repairs it",
    status="GGSN",
)
def test_a_lost_direct_tunnel_is_the_sgsns_to_repair(active) -> None:
    """The SGSN is told once, nothing goes down meanwhile, its own Update repairs it."""
    direct(active)
    request = lose_tunnel(active)
    assert (request.teid, request.nsapi, request.qos) == (0x200, 5, None)
    assert request.direct_tunnel_flags is DirectTunnelFlags.ERROR_INDICATION
    active.from_tunnel(ErrorIndication(teid_data=0x401, peer_address=RNC).encode(), RNC)
    active.from_gi(active.packet())
    assert (active.control, active.user) == ([], [])
    assert active.ggsn.counters.dropped[DropReason.TUNNEL_LOST] == 1
    active.respond(request, UpdatePdpContextResponse(cause=ACCEPTED), SGSN)
    assert active.told(PdpContextUpdated)[0].by is UpdatedBy.GGSN
    update(active, teid_data=0x501)
    active.sent(UpdatePdpContextResponse)
    active.from_gi(active.packet())
    assert active.tunnelled()[1:] == (0x501, (SGSN, 2152))


def test_a_lost_direct_tunnel_that_nobody_repairs_ends_the_context(active) -> None:
    """Three transmissions without an answer."""
    direct(active)
    lose_tunnel(active)
    active.advance(3)
    active.control.clear()
    assert failure(active) is UpdateFailure.TIMED_OUT
    assert active.told(PdpContextDeleted)[0].reason is DeletionReason.ERROR_INDICATION
    active.assert_nothing_left()


def test_a_tunnel_lost_while_qos_is_asked_for_is_told_with_it(active) -> None:
    """One request has both; the earlier one is repeated no more."""
    direct(active)
    ask(active)
    request = lose_tunnel(active)
    assert (request.qos, request.direct_tunnel_flags) == (
        BETTER,
        DirectTunnelFlags.ERROR_INDICATION,
    )
    active.respond(request, UpdatePdpContextResponse(cause=ACCEPTED, qos=BETTER), SGSN)
    active.advance(10)
    assert active.control == []
    assert active.ggsn.contexts()[0].qos == BETTER


# Asked for by us


@pytest.mark.clause("29.060 §7.3.3", "Update PDP Context from the GGSN: QoS", status="yes")
def test_another_qos_is_asked_of_the_sgsn(active) -> None:
    """What the SGSN answers counts: less than was asked for, here."""
    request = ask(active)
    assert (request.teid, request.nsapi, request.qos) == (0x200, 5, BETTER)
    assert (request.teid_data, request.direct_tunnel_flags) == (None, None)
    less = bytes.fromhex("020b921f73967070742bffff")
    response = UpdatePdpContextResponse(
        cause=ACCEPTED, qos=less, teid_data=0x901, gsn_addresses=("192.0.2.77",)
    )
    active.respond(request, response, SGSN)
    (updated,) = active.told(PdpContextUpdated)
    assert (updated.by, updated.context.qos) == (UpdatedBy.GGSN, less)
    active.from_gi(active.packet())
    assert active.tunnelled()[1:] == (0x901, ("192.0.2.77", 2152))


def test_an_answer_without_elements_accepts_what_was_asked_for(active) -> None:
    """Tunnel and address stay."""
    active.respond(ask(active), UpdatePdpContextResponse(cause=ACCEPTED), SGSN)
    (view,) = active.ggsn.contexts()
    assert (view.qos, view.sgsn_teid_data, view.sgsn_user_address) == (BETTER, 0x201, SGSN)


def test_only_one_of_tunnel_and_address_may_change(active) -> None:
    """A new TEID Data I alone."""
    response = UpdatePdpContextResponse(cause=ACCEPTED, qos=BETTER, teid_data=0x901)
    active.respond(ask(active), response, SGSN)
    (view,) = active.ggsn.contexts()
    assert (view.sgsn_teid_data, view.sgsn_user_address) == (0x901, SGSN)


def test_an_unknown_subscriber_or_apn_has_nothing_to_change(active) -> None:
    """Nothing is sent."""
    ggsn = active.ggsn
    assert ggsn.change_qos(IMSI, "nowhere", BETTER, active.now) == 0
    assert ggsn.change_qos("234150000000002", APN, BETTER, active.now) == 0
    active.take()
    assert active.control == []


def test_what_is_no_qos_profile_is_the_callers_fault(active) -> None:
    """A profile has at least four octets."""
    with pytest.raises(ValueError, match="octet"):
        active.ggsn.change_qos(IMSI, APN, b"\x01\x02", active.now)


def test_an_sgsn_may_refuse(active) -> None:
    """The context stays as it was; the cause is told."""
    response = UpdatePdpContextResponse(cause=Cause.NO_RESOURCES_AVAILABLE)
    active.respond(ask(active), response, SGSN)
    (failed,) = active.told(PdpContextUpdateFailed)
    assert failed.failure is UpdateFailure.REFUSED
    assert failed.cause.number == Cause.NO_RESOURCES_AVAILABLE
    assert active.ggsn.contexts()[0].qos == QOS
    assert active.ggsn.counters.updates_failed == 1


def test_a_context_that_the_sgsn_does_not_have_is_deleted(active) -> None:
    """Non-existent: nobody serves it any more; nothing more is sent."""
    active.respond(ask(active), UpdatePdpContextResponse(cause=Cause.NON_EXISTENT), SGSN)
    assert failure(active) is UpdateFailure.REFUSED
    assert active.told(PdpContextDeleted)[0].reason is DeletionReason.UNKNOWN_TO_SGSN
    active.assert_nothing_left()


def test_an_sgsn_that_says_nothing_leaves_the_context_as_it_was(active) -> None:
    """It has as long as it takes to ask the MS five times."""
    ask(active)
    active.advance(9)
    assert len(active.control) == 8
    assert failure(active) is UpdateFailure.TIMED_OUT
    assert active.ggsn.contexts()[0].qos == QOS


def test_an_answer_that_breaks_the_protocol_fails(active) -> None:
    """A response without its Cause."""
    request = ask(active)
    sequence = request.sequence.to_bytes(2, "big")
    active.deliver_octets(bytes.fromhex("3213000400000000") + sequence + b"\0\0", SGSN)
    assert failure(active) is UpdateFailure.INVALID_RESPONSE


def test_a_second_change_supersedes_the_first(active) -> None:
    """The first is repeated no more; the second's answer counts."""
    ask(active)
    second = ask(active, QOS)
    assert failure(active) is UpdateFailure.SUPERSEDED
    active.respond(second, UpdatePdpContextResponse(cause=ACCEPTED), SGSN)
    active.advance(10)
    assert active.control == []
    assert active.told(PdpContextUpdateFailed) == []


def test_a_context_deleted_while_the_sgsn_is_asked(active) -> None:
    """Crossing: the request is repeated no more, and a late answer means nothing."""
    request = ask(active)
    teid = active.created.teid_control
    active.request(DeletePdpContextRequest(teid=teid, nsapi=5, teardown=True), SGSN)
    active.sent(DeletePdpContextResponse)
    assert failure(active) is UpdateFailure.CONTEXT_DELETED
    active.respond(request, UpdatePdpContextResponse(cause=ACCEPTED), SGSN)
    active.advance(10)
    assert active.told(PdpContextUpdated) == []
    active.assert_nothing_left()


def test_an_sgsns_update_crosses_ours(active) -> None:
    """The same SGSN: its word counts until it answers us."""
    request = ask(active)
    update(active, rat_type=1)
    assert active.sent(UpdatePdpContextResponse).qos == QOS
    active.respond(request, UpdatePdpContextResponse(cause=ACCEPTED, qos=BETTER), SGSN)
    assert active.ggsn.contexts()[0].qos == BETTER


def test_a_new_sgsn_is_asked_what_the_old_one_was(active) -> None:
    """Crossing: what the old one still answers means nothing, "Non-existent" least of all."""
    request = ask(active)
    update(active, NEW_SGSN, teid_control=0x300)
    active.sent(UpdatePdpContextResponse, to=NEW_SGSN)
    again = active.sent(UpdatePdpContextRequest, to=NEW_SGSN)
    assert (again.teid, again.qos) == (0x300, BETTER)
    active.respond(request, UpdatePdpContextResponse(cause=Cause.NON_EXISTENT), SGSN)
    assert active.ggsn.context_count == 1
    active.respond(again, UpdatePdpContextResponse(cause=ACCEPTED), NEW_SGSN)
    assert active.ggsn.contexts()[0].qos == BETTER
    assert active.told(PdpContextUpdateFailed) == []


def test_what_an_sgsn_lacks_is_named() -> None:
    """The first in the order of the table."""
    request = UpdatePdpContextRequest(nsapi=5, teid_data=1, qos=QOS)
    assert request.lacking_from_sgsn() is IEType.GSN_ADDRESS
