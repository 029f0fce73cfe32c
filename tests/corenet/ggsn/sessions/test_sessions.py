"""Creation and deletion of PDP contexts (TS 29.060 §7.3.1-7.3.7)."""

from __future__ import annotations

import pytest

from corenet.ggsn.config import PathDownPolicy, RestartPolicy
from corenet.ggsn.events import (
    DeletionReason,
    PathChanged,
    PathState,
    PdpContextCreated,
    PdpContextDeleted,
    PdpContextRefused,
    SgsnRestarted,
)
from corenet.interfaces.activation import CauseSource
from gtp.constants import Cause
from gtp.ies import EndUserAddress, MsTimeZone, PdpType
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    ErrorIndication,
    VersionNotSupported,
)
from gtp.timers import Timers

IMSI = "234150999999999"
OTHER_IMSI = "234150000000002"
ADDRESS = "10.45.0.7"
APN = "wap.example"
SGSN = "192.0.2.2"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
DYNAMIC = EndUserAddress.dynamic_ipv4()


@pytest.mark.clause("29.060 §7.3.1, §7.3.2", "Create PDP Context, primary")
def test_a_static_context_is_created_and_answered_in_full(bench) -> None:
    """The response has every conditional element of an acceptance (TS 29.060 §7.3.2)."""
    bench.create()
    response = bench.sent(CreatePdpContextResponse, to=SGSN)
    assert response.teid == 0x200
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.reordering_required is False
    assert response.recovery == 7
    assert response.teid_data
    assert response.teid_control
    assert response.charging_id
    assert response.end_user_address == EndUserAddress.for_ipv4(ADDRESS)
    assert response.ggsn_address_control == "192.0.2.1"
    assert response.ggsn_address_user == "192.0.2.1"
    assert response.qos == QOS
    assert response.pco is None

    (created,) = bench.told(PdpContextCreated)
    assert bench.ggsn.contexts() == [created.context]
    assert bench.ggsn.contexts_of(IMSI) == [created.context]
    assert bench.ggsn.context_at(ADDRESS) == created.context
    view = created.context
    assert (view.imsi, view.msisdn, view.apn, view.address) == (
        IMSI,
        "447700900123",
        APN,
        ADDRESS,
    )
    assert (view.nsapi, view.since) == (5, bench.now)
    assert (view.sgsn_address, view.sgsn_user_address) == (SGSN, SGSN)
    assert (view.sgsn_teid_control, view.sgsn_teid_data) == (0x200, 0x201)
    assert (view.teid_control, view.teid_data) == (response.teid_control, response.teid_data)
    assert view.charging_id == response.charging_id
    assert not view.network_requested


def test_queries_find_nothing_where_nothing_is(bench) -> None:
    """No context, no such address, no address at all."""
    assert bench.ggsn.contexts() == []
    assert bench.ggsn.contexts_of(IMSI) == []
    assert bench.ggsn.context_at(ADDRESS) is None
    assert bench.ggsn.context_at("nonsense") is None


def test_a_dynamic_context_gets_an_address_of_the_pool(bench) -> None:
    """Asked without address octets, answered with an address."""
    bench.create(imsi=OTHER_IMSI, end_user_address=DYNAMIC)
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.1"


def test_the_apn_may_carry_an_operator_identifier(bench) -> None:
    """ "WAP.example.mnc015.mcc234.gprs" is "wap.example" (TS 23.003 §9.1)."""
    bench.create(apn="WAP.example.mnc015.mcc234.gprs")
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.ggsn.context_at(ADDRESS).apn == APN


def test_a_dual_stack_request_gets_ipv4(bench) -> None:
    """Cause 129 tells that the PDP type is the network's choice."""
    address = EndUserAddress(pdp_type=PdpType.IPV4V6)
    bench.create(imsi=OTHER_IMSI, end_user_address=address)
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE
    assert response.end_user_address.pdp_type is PdpType.IPV4


def test_a_mobile_that_asks_gets_name_servers(bench) -> None:
    """PCO container 0x000D is answered with both servers of the APN."""
    bench.create(pco=bytes.fromhex("80000d00"))
    assert bench.sent(CreatePdpContextResponse).pco == bytes.fromhex(
        "80000d04c0000235000d04c0000236"
    )


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"imsi": None}, Cause.MANDATORY_IE_MISSING),
        ({"teid_control": None}, Cause.MANDATORY_IE_MISSING),
        ({"end_user_address": None}, Cause.MANDATORY_IE_MISSING),
        ({"apn": None}, Cause.MISSING_OR_UNKNOWN_APN),
        ({"apn": "nowhere.example"}, Cause.MISSING_OR_UNKNOWN_APN),
        (
            {"end_user_address": EndUserAddress.for_ipv4("10.45.0.9")},
            Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        ),
        ({"imsi": OTHER_IMSI}, Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE),
        (
            {"end_user_address": EndUserAddress.for_ipv6("2001:db8::1")},
            Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        ),
        (
            {"apn": "static.example", "end_user_address": DYNAMIC},
            Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        ),
        ({"teid": 0x99}, Cause.NON_EXISTENT),
    ],
)
def test_a_create_that_cannot_be_served_is_refused(bench, changes, cause) -> None:
    """The refusal goes to the SGSN's TEID where it is known, and leaves nothing behind."""
    bench.create(**changes)
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is cause
    assert response.teid == (0 if changes.get("teid_control", 1) is None else 0x200)
    assert response.teid_data is None
    (refused,) = bench.told(PdpContextRefused)
    assert (refused.cause.source, refused.cause.number) == (CauseSource.GTP, cause.value)
    assert refused.sgsn_address == SGSN
    assert bench.ggsn.counters.contexts_refused == 1
    bench.assert_nothing_left()


def test_an_exhausted_pool_refuses_until_an_address_is_freed(bench) -> None:
    """Two addresses, three mobiles: the third gets 211, and then the freed address."""
    values = {"apn": "small.example", "end_user_address": DYNAMIC}
    teids = []
    for number, expected in enumerate(("10.46.0.1", "10.46.0.2")):
        bench.create(imsi=f"23415000000000{number}", teid_data=number + 1, **values)
        response = bench.sent(CreatePdpContextResponse)
        assert response.end_user_address.ipv4 == expected
        teids.append(response.teid_control)
    bench.create(imsi="234150000000009", **values)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
    bench.request(DeletePdpContextRequest(teid=teids[0], nsapi=5), SGSN)
    bench.sent(DeletePdpContextResponse)
    bench.create(imsi="234150000000009", **values)
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.46.0.1"


def test_a_replacement_gets_an_address_although_the_pool_is_exhausted(bench) -> None:
    """The context that it replaces gives its address back first."""
    values = {"apn": "small.example", "end_user_address": DYNAMIC}
    for number in range(2):
        bench.create(imsi=f"23415000000000{number}", teid_data=number + 1, **values)
        bench.sent(CreatePdpContextResponse)
    bench.create(imsi="234150000000001", teid_data=9, **values)
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.end_user_address.ipv4 == "10.46.0.2"
    assert {c.address for c in bench.ggsn.contexts()} == {"10.46.0.1", "10.46.0.2"}


def test_a_create_with_the_same_nsapi_replaces_the_context(bench) -> None:
    """The old context goes, the new one has its own TEIDs and charging ID."""
    bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(teid_data=0x301, teid_control=0x300)
    second = bench.sent(CreatePdpContextResponse)
    (deleted,) = bench.told(PdpContextDeleted)
    assert deleted.reason is DeletionReason.REPLACED
    assert deleted.context.charging_id == first.charging_id
    assert second.charging_id == first.charging_id + 1
    assert len({first.teid_data, second.teid_data}) == 2
    assert [c.sgsn_teid_data for c in bench.ggsn.contexts()] == [0x301]


def test_a_create_for_a_static_address_under_another_nsapi_replaces_its_holder(bench) -> None:
    """The SGSN has lost the first context, or it would not have asked."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.create(nsapi=6, teid_data=0x301, teid_control=0x300)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert [c.nsapi for c in bench.ggsn.contexts()] == [6]


def test_a_second_context_joins_the_control_tunnel(bench) -> None:
    """Header TEID ours, IMSI and TEID Control Plane left out: taken from the tunnel."""
    bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(
        teid=first.teid_control,
        imsi=None,
        teid_control=None,
        nsapi=6,
        teid_data=0x202,
        apn="small.example",
        end_user_address=DYNAMIC,
    )
    second = bench.sent(CreatePdpContextResponse)
    assert second.cause is Cause.REQUEST_ACCEPTED
    assert second.teid == 0x200
    assert second.teid_control == first.teid_control
    assert [c.nsapi for c in bench.ggsn.contexts_of(IMSI)] == [5, 6]

    bench.request(DeletePdpContextRequest(teid=first.teid_control, nsapi=5), SGSN)
    bench.sent(DeletePdpContextResponse)
    assert [c.nsapi for c in bench.ggsn.contexts_of(IMSI)] == [6]
    bench.request(DeletePdpContextRequest(teid=first.teid_control, nsapi=6), SGSN)
    assert bench.sent(DeletePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    bench.assert_nothing_left()


def test_a_replacement_in_its_own_tunnel_keeps_the_tunnel(bench) -> None:
    """The only context of a tunnel is replaced; both TEIDs for control stay."""
    bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(teid=first.teid_control, imsi=None, teid_control=None, teid_data=0x202)
    second = bench.sent(CreatePdpContextResponse)
    assert second.teid == 0x200
    assert second.teid_control == first.teid_control


def test_a_new_teid_in_the_tunnel_counts_from_then_on(bench) -> None:
    """The TEID Control Plane received last is the one to use (TS 29.060 §7.7.14)."""
    bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(
        teid=first.teid_control,
        teid_control=0x700,
        nsapi=6,
        apn="small.example",
        end_user_address=DYNAMIC,
    )
    assert bench.sent(CreatePdpContextResponse).teid == 0x700
    assert {c.sgsn_teid_control for c in bench.ggsn.contexts()} == {0x700}


def test_a_refusal_in_a_tunnel_goes_to_its_teid(bench) -> None:
    """Without a TEID Control Plane in the request the tunnel's is used."""
    bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(teid=first.teid_control, teid_control=None, nsapi=6, apn="nowhere.example")
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is Cause.MISSING_OR_UNKNOWN_APN
    assert response.teid == 0x200


@pytest.mark.parametrize("teardown", [True, False, None])
def test_the_sgsn_deletes_a_context(bench, teardown) -> None:
    """With and without Teardown Ind, as there are no secondary contexts."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    bench.request(
        DeletePdpContextRequest(teid=created.teid_control, nsapi=5, teardown=teardown), SGSN
    )
    response = bench.sent(DeletePdpContextResponse, to=SGSN)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.teid == 0x200
    assert bench.told(PdpContextDeleted)[0].reason is DeletionReason.SGSN_REQUEST
    assert bench.ggsn.counters.contexts_deleted[DeletionReason.SGSN_REQUEST] == 1
    bench.assert_nothing_left()


def test_deleting_what_is_not_there_is_answered_so(bench) -> None:
    """Cause 192 for an unknown tunnel and for an unknown NSAPI in a known one."""
    bench.request(DeletePdpContextRequest(teid=0x77, nsapi=5), SGSN)
    response = bench.sent(DeletePdpContextResponse)
    assert (response.cause, response.teid) == (Cause.NON_EXISTENT, 0)
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=9), SGSN)
    response = bench.sent(DeletePdpContextResponse)
    assert (response.cause, response.teid) == (Cause.NON_EXISTENT, 0x200)
    assert len(bench.ggsn.contexts()) == 1


@pytest.mark.clause("29.060 §7.3.6", "a second Delete: Non-existent to TEID 0")
def test_a_second_delete_of_the_same_context_finds_nothing(bench) -> None:
    """Non-existent, to TEID 0: the tunnel went with its last context. The first is not repeated."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    message = DeletePdpContextRequest(teid=created.teid_control, nsapi=5, teardown=True)
    bench.request(message, SGSN)
    first = bench.sent(DeletePdpContextResponse)
    assert (first.cause, first.teid) == (Cause.REQUEST_ACCEPTED, 0x200)
    bench.deliver(message, SGSN)
    assert bench.sent(DeletePdpContextResponse) == first
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5), SGSN)
    second = bench.sent(DeletePdpContextResponse)
    assert (second.cause, second.teid) == (Cause.NON_EXISTENT, 0)
    assert len(bench.told(PdpContextDeleted)) == 1


@pytest.mark.clause("29.060 §11.1", "refusals carry the SGSN's TEID where it is known")
def test_a_delete_without_nsapi_is_refused_to_the_sgsns_teid(bench) -> None:
    """It cannot be decoded; its header still tells whose tunnel it is (TS 29.060 §11.1.5)."""
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    for teid, answered in ((created.teid_control, 0x200), (0x77, 0)):
        octets = b"\x32\x14\0\4" + teid.to_bytes(4, "big") + b"\0\x09\0\0"
        bench.deliver_octets(octets, SGSN)
        response = bench.sent(DeletePdpContextResponse)
        assert (response.cause, response.teid) == (Cause.MANDATORY_IE_MISSING, answered)
    assert bench.ggsn.context_count == 1


@pytest.mark.parametrize("nsapi", [0, 1, 4, 5, 15])
@pytest.mark.clause("29.060 §7.7.17", "reserved NSAPIs", status="taken")
def test_any_nsapi_will_do(bench, nsapi) -> None:
    """Reserved ones too: some peers count from 0 (TS 29.060 §7.7.17)."""
    bench.create(nsapi=nsapi)
    created = bench.sent(CreatePdpContextResponse)
    assert created.cause is Cause.REQUEST_ACCEPTED
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=nsapi), SGSN)
    assert bench.sent(DeletePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    bench.assert_nothing_left()


def test_every_optional_element_may_be_missing(bench) -> None:
    """What is left: IMSI, TEIDs, NSAPI, address, APN, SGSN addresses, QoS."""
    bench.create(selection_mode=None, charging_characteristics=None, msisdn=None)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED


@pytest.mark.parametrize(("cache", "again"), [(None, True), (100, False)])
@pytest.mark.clause("29.060 §7.6", "stored responses bounded in octets, what gives way counted")
def test_a_repeated_create_gets_the_stored_answer(make_bench, cache, again) -> None:
    """As long as there is room for it; what gave way is counted (TS 29.060 §7.6)."""
    bench = make_bench(**{"response_cache": cache} if cache else {})
    request = bench.create()
    first = bench.sent(CreatePdpContextResponse)
    bench.create(imsi=OTHER_IMSI, end_user_address=DYNAMIC, teid_data=0x202)
    bench.sent(CreatePdpContextResponse)
    bench.deliver(request, SGSN)
    assert (bench.sent(CreatePdpContextResponse) == first) is again
    assert bench.ggsn.counters.contexts_created == (2 if again else 3)
    assert (bench.ggsn.endpoint_counters.responses_shed > 0) is not again


def test_we_delete_a_context_and_tell_the_sgsn(bench) -> None:
    """Gone here at once; the request goes to the SGSN's TEID and ends with its answer."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    assert bench.ggsn.deactivate(IMSI, "WAP.EXAMPLE", bench.now) == 1
    bench.take()
    request = bench.sent(DeletePdpContextRequest, to=SGSN)
    assert (request.teid, request.nsapi, request.teardown) == (0x200, 5, True)
    assert bench.told(PdpContextDeleted)[0].reason is DeletionReason.COMMAND
    bench.respond(request, DeletePdpContextResponse(cause=Cause.REQUEST_ACCEPTED), SGSN)
    bench.assert_nothing_left()


def test_a_delete_that_is_not_answered_ends(bench) -> None:
    """Three transmissions, and the context stays gone."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.take()
    bench.advance(3)
    assert len(bench.control) == 3
    bench.control.clear()
    bench.assert_nothing_left()


def test_a_restarted_sgsn_loses_its_contexts(bench) -> None:
    """The changed restart counter in a Create wipes the old and then creates the new."""
    bench.create(recovery=1)
    bench.sent(CreatePdpContextResponse)
    bench.create(
        host="192.0.2.3",
        imsi=OTHER_IMSI,
        end_user_address=DYNAMIC,
        recovery=9,
    )
    bench.sent(CreatePdpContextResponse)
    bench.create(imsi="234150000000003", end_user_address=DYNAMIC, recovery=2, teid_data=0x203)
    bench.sent(CreatePdpContextResponse)
    assert bench.told(SgsnRestarted) == [SgsnRestarted(SGSN, 2, 1)]
    assert [e.reason for e in bench.told(PdpContextDeleted)] == [DeletionReason.SGSN_RESTARTED]
    assert [c.imsi for c in bench.ggsn.contexts()] == [OTHER_IMSI, "234150000000003"]


@pytest.mark.clause(
    "23.007 §10",
    "contexts of an SGSN that restarts: dropped, or deleted with a request, by policy",
    status="GGSN",
)
def test_a_restarted_sgsn_is_told_where_the_policy_says_so(make_bench) -> None:
    """A Delete PDP Context Request with Teardown Ind for each, before the Create's answer."""
    bench = make_bench(on_sgsn_restart=RestartPolicy.DELETE)
    bench.create(recovery=1)
    bench.create(
        imsi=OTHER_IMSI, end_user_address=DYNAMIC, teid_control=0x300, teid_data=0x301, nsapi=6
    )
    bench.create(imsi="234150000000003", end_user_address=DYNAMIC, host="192.0.2.3")
    bench.control.clear()
    bench.create(imsi="234150000000004", end_user_address=DYNAMIC, recovery=2, teid_data=0x401)
    for teid, nsapi in ((0x200, 5), (0x300, 6)):
        request = bench.sent(DeletePdpContextRequest, to=SGSN)
        assert (request.teid, request.nsapi, request.teardown) == (teid, nsapi, True)
        bench.respond(request, DeletePdpContextResponse(cause=Cause.NON_EXISTENT), SGSN)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert [c.imsi[-1] for c in bench.ggsn.contexts()] == ["3", "4"]


def test_an_echo_response_tells_of_a_restart_too(make_bench) -> None:
    """A counter that wraps has changed as well (TS 23.007 §18)."""
    bench = make_bench(timers=Timers(t3_response=1.0, n3_requests=3, echo_interval=5.0))
    bench.create()
    bench.sent(CreatePdpContextResponse)
    for recovery, left in ((255, 1), (255, 1), (0, 0)):
        bench.advance(5)
        bench.respond(bench.sent(EchoRequest, to=SGSN), EchoResponse(recovery=recovery), SGSN)
        assert bench.ggsn.context_count == left
    assert bench.told(SgsnRestarted) == [SgsnRestarted(SGSN, 0, 1)]
    bench.assert_nothing_left()


@pytest.mark.parametrize(("policy", "left"), [(PathDownPolicy.KEEP, 1), (PathDownPolicy.DELETE, 0)])
@pytest.mark.clause("29.060 §11.2", "path failure: told, and contexts kept or deleted by policy")
@pytest.mark.clause(
    "23.007",
    "contexts of an SGSN that does not answer Echo: kept or dropped, by policy",
    status="GGSN",
)
def test_contexts_of_a_silent_sgsn_go_where_the_policy_says_so(make_bench, policy, left) -> None:
    """Asked every 5 seconds, three times each: deleted here without a word to it, or kept."""
    timers = Timers(t3_response=1.0, n3_requests=3, echo_interval=5.0)
    bench = make_bench(timers=timers, on_path_down=policy)
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.advance(8)
    assert [type(message) for message, _ in bench.control] == [EchoRequest] * 3
    bench.control.clear()
    assert bench.told(PathChanged)[-1].state is PathState.DOWN
    assert bench.ggsn.context_count == left
    reasons = [event.reason for event in bench.told(PdpContextDeleted)]
    assert reasons == [DeletionReason.PATH_DOWN] * (1 - left)
    if not left:
        bench.assert_nothing_left()


@pytest.mark.parametrize("octets", ["48200008 00000000 00000100", "1e1000000001" + "00" * 14])
@pytest.mark.clause("29.060 §7.2.3", "GTPv0 and GTPv2 at a GGSN")
def test_other_versions_are_told_what_we_speak(bench, octets) -> None:
    """GTPv2 and GTPv0: Version Not Supported with version 1 in its header (TS 29.060 §7.2.3)."""
    bench.deliver_octets(bytes.fromhex(octets), SGSN)
    assert bench.sent(VersionNotSupported, to=SGSN).teid == 0


def test_an_error_indication_drops_the_context_it_names(bench) -> None:
    """Matched by peer address and TEID in the message, whatever the header says."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    bench.from_tunnel(ErrorIndication(teid_data=0x201, peer_address="192.0.2.77").encode())
    bench.from_tunnel(ErrorIndication(teid_data=0x999, peer_address=SGSN).encode())
    assert len(bench.ggsn.contexts()) == 1
    bench.from_tunnel(ErrorIndication(teid_data=0x201, peer_address=SGSN).encode())
    assert bench.told(PdpContextDeleted)[0].reason is DeletionReason.ERROR_INDICATION
    bench.assert_nothing_left()


def test_the_path_is_watched_while_there_are_contexts(make_bench) -> None:
    """Echo begins with the first context and ends with the last; what the path does is told."""
    bench = make_bench(timers=Timers(t3_response=1.0, n3_requests=3, echo_interval=60.0))
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    bench.advance(60)
    echo = bench.sent(EchoRequest, to=SGSN)
    bench.respond(echo, EchoResponse(recovery=1), SGSN)
    bench.advance(63)
    bench.control.clear()
    states = [e.state for e in bench.told(PathChanged)]
    assert states == [PathState.UP, PathState.SUSPECTED, PathState.DOWN]
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5), SGSN)
    bench.sent(DeletePdpContextResponse)
    bench.assert_nothing_left()


def test_every_element_that_accounting_wants_is_taken(bench) -> None:
    """A Create with all location and equipment elements is accepted."""
    bench.create(
        rai=bytes.fromhex("32f451123401"),
        rat_type=2,
        user_location=bytes.fromhex("0132f45112340001"),
        ms_time_zone=MsTimeZone(4, 0),
        imei="3512345678901234",
    )
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
