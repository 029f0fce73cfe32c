"""Secondary PDP contexts at the GGSN (TS 29.060 §7.3.1, TS 23.060 §9.2.2.1.1 and §9.2.2.3)."""

import pytest

from corenet.ggsn.events import (
    DeletionReason,
    DropReason,
    PdpContextCreated,
    PdpContextDeleted,
    PdpContextUpdated,
    PdpContextUpdateFailed,
    SecondaryActivationFailed,
    SecondaryActivationSucceeded,
    SecondaryFailure,
    UpdateFailure,
)
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.ies.filters import TftError
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    GPdu,
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

SGSN = "192.0.2.2"
IMSI = "234150999999999"
APN = "wap.example"
ADDRESS = "10.45.0.7"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
LESS = bytes.fromhex("020b921f73964040742bffff")
PUSH = bytes.fromhex("2100 0a 03 50 23f0")
"""Create filter 0, precedence 10: remote port 9200."""
OTHER = bytes.fromhex("2100 14 03 50 23f1")
"""Create filter 0, precedence 20: remote port 9201."""


@pytest.fixture
def active(bench):
    """A GGSN with a primary context on NSAPI 5, in bearer control mode "MS and network"."""
    bench.create(pco=bytes.fromhex("80000500"), common_flags=0x20)
    bench.primary = bench.sent(CreatePdpContextResponse)
    bench.events.clear()
    return bench


def create(bench, nsapi=6, **changes):
    """The SGSN asks for a context with the address of the one on NSAPI 5."""
    values = {
        "teid": bench.primary.teid_control,
        "teid_data": 0x300 + nsapi,
        "nsapi": nsapi,
        "linked_nsapi": 5,
        "sgsn_address_control": SGSN,
        "sgsn_address_user": SGSN,
        "qos": LESS,
        "tft": PUSH,
    }
    bench.request(CreatePdpContextRequest(**(values | changes)), SGSN)
    return bench.sent(CreatePdpContextResponse)


@pytest.fixture
def both(active):
    """The same with a secondary context on NSAPI 6, for what comes from port 9200."""
    active.secondary = create(active)
    assert active.secondary.cause is Cause.REQUEST_ACCEPTED
    active.events.clear()
    return active


def nsapis(bench):
    return [context.nsapi for context in bench.ggsn.contexts()]


def updated(bench, nsapi, **changes):
    """The SGSN changes a context; the cause of the answer."""
    values = {
        "teid": bench.primary.teid_control,
        "nsapi": nsapi,
        "teid_data": 0x201 if nsapi == 5 else 0x300 + nsapi,
        "sgsn_address_control": SGSN,
        "sgsn_address_user": SGSN,
        "qos": QOS if nsapi == 5 else LESS,
    }
    bench.request(UpdatePdpContextRequest(**(values | changes)), SGSN)
    return bench.sent(UpdatePdpContextResponse).cause


def way_of(bench, port=9200):
    """The SGSN's TEID of the tunnel that a packet from that port takes, or None."""
    bench.from_gi(bench.packet(source=("198.51.100.1", port)))
    return bench.tunnelled()[1] if bench.user else None


# -- creation --------------------------------------------------------------------------------


@pytest.mark.clause("29.060 §7.3.1", "Create PDP Context Request for a secondary context")
def test_a_secondary_context_shares_address_and_control_tunnel(active):
    """It has a data tunnel, a QoS, a charging identifier and a template of its own."""
    response = create(active)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.teid == 0x200
    assert response.teid_control == active.primary.teid_control
    assert response.teid_data not in (0, active.primary.teid_data)
    assert response.charging_id != active.primary.charging_id
    assert response.end_user_address == EndUserAddress.for_ipv4(ADDRESS)
    assert response.qos == LESS
    (event,) = active.told(PdpContextCreated)
    view = event.context
    assert (view.imsi, view.apn, view.address, view.msisdn) == (IMSI, APN, ADDRESS, "447700900123")
    assert (view.nsapi, view.linked_nsapi, len(view.filters)) == (6, 5, 1)
    assert active.ggsn.counters.secondary_contexts_created == 1


@pytest.mark.clause("23.060 §15.3", "packet filters choose among the contexts of an address")
def test_packets_take_the_context_that_wants_them(both):
    """What fits the template goes through the secondary context, the rest through the primary."""
    assert way_of(both, 9200) == 0x306
    assert way_of(both, 9201) == 0x201
    assert create(both, nsapi=7, tft=OTHER).cause is Cause.REQUEST_ACCEPTED
    assert way_of(both, 9201) == 0x307
    assert way_of(both, 53) == 0x201
    by_nsapi = {view.nsapi: view.downlink_packets for view in both.ggsn.contexts()}
    assert by_nsapi == {5: 2, 6: 1, 7: 1}


def test_packets_come_up_through_either(both):
    """The address is the source of what comes through each tunnel."""
    for teid in (both.primary.teid_data, both.secondary.teid_data):
        packet = both.packet("198.51.100.1", source=(ADDRESS, 2948))
        both.from_tunnel(GPdu(teid=teid, payload=packet).encode())
    assert len(both.gi) == 2


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"teid": 0x1234}, Cause.NON_EXISTENT),
        ({"teid": 0}, Cause.NON_EXISTENT),
        ({"linked_nsapi": 9}, Cause.CONTEXT_NOT_FOUND),
        ({"nsapi": 5}, Cause.MANDATORY_IE_INCORRECT),
        ({"sgsn_address_user": "2001:db8::2"}, Cause.MANDATORY_IE_INCORRECT),
        ({"tft": None}, Cause.PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED),
        ({"tft": b"\xc0"}, Cause.PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED),
        ({"tft": b"\x40"}, Cause.SEMANTIC_ERROR_IN_TFT_OPERATION),
        ({"tft": b"\xa1\x00"}, Cause.SEMANTIC_ERROR_IN_TFT_OPERATION),
        ({"tft": b"\x20"}, Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION),
        ({"tft": b"\xff"}, Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION),
        (
            {"tft": bytes.fromhex("2100 0a 04 3011 3006")},
            Cause.SEMANTIC_ERRORS_IN_PACKET_FILTERS,
        ),
        ({"tft": bytes.fromhex("2100 0a 02 9911")}, Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS),
    ],
)
@pytest.mark.clause("29.060 §7.3.2", "refusals of a secondary context")
def test_a_secondary_context_is_refused(active, changes, cause):
    """Each with its cause, to the SGSN's TEID where the tunnel is known; nothing is left."""
    response = create(active, **changes)
    assert response.cause is cause
    assert response.teid == (0 if "teid" in changes else 0x200)
    assert nsapis(active) == [5]
    assert active.ggsn.under_way["tunnel endpoints"] == 1


def test_a_precedence_in_use_is_refused(both):
    """Two contexts cannot have filters of one precedence."""
    assert create(both, nsapi=7).cause is Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS


def test_no_primary_context_is_replaced(active):
    """An NSAPI that another address's context has is no free one."""
    active.create(
        teid=active.primary.teid_control,
        nsapi=7,
        teid_control=None,
        teid_data=0x202,
        end_user_address=EndUserAddress(None, None, 0xF121 & 0xFFF),
        apn="small.example",
    )
    active.sent(CreatePdpContextResponse)
    assert create(active, nsapi=7).cause is Cause.MANDATORY_IE_INCORRECT


def test_the_same_nsapi_again_replaces(both):
    """An SGSN that has lost a secondary context makes it anew."""
    response = create(both, teid_data=0x999)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert nsapis(both) == [5, 6]
    (gone,) = both.told(PdpContextDeleted)
    assert gone.reason is DeletionReason.REPLACED
    assert way_of(both) == 0x999


@pytest.mark.parametrize("limits", [{"maximum_contexts": 1}, {}])
def test_limits_count_secondary_contexts(make_bench, limits):
    """Neither the GGSN's nor the APN's limit is passed."""
    bench = make_bench(**limits)
    if not limits:
        apn = bench.config.apns[0]
        limited = type(apn)(apn.name, apn.pools, maximum_contexts=1)
        bench = make_bench(apns=(limited, *bench.config.apns[1:]))
    bench.create()
    bench.primary = bench.sent(CreatePdpContextResponse)
    assert create(bench).cause is Cause.NO_RESOURCES_AVAILABLE


def test_a_new_primary_context_takes_the_old_ones_secondaries_along(both):
    """A Create for the primary's NSAPI ends all contexts of the old address."""
    both.create(teid_data=0x888)
    both.sent(CreatePdpContextResponse)
    assert nsapis(both) == [5]
    assert way_of(both) == 0x888


# -- templates ---------------------------------------------------------------------------------


def test_a_template_is_changed_by_the_sgsn(both):
    """Filters added, replaced, deleted; each changes the way of packets at once."""
    add = bytes.fromhex("6101 0b 03 50 23f1")
    assert updated(both, 6, tft=add) is Cause.REQUEST_ACCEPTED
    assert way_of(both, 9201) == 0x306
    replace = bytes.fromhex("8101 0b 03 50 0035")
    assert updated(both, 6, tft=replace) is Cause.REQUEST_ACCEPTED
    assert (way_of(both, 9201), way_of(both, 53)) == (0x201, 0x306)
    assert updated(both, 6, tft=b"\xa1\x01") is Cause.REQUEST_ACCEPTED
    assert (way_of(both, 53), way_of(both, 9200)) == (0x201, 0x306)


@pytest.mark.parametrize(
    ("tft", "cause"),
    [
        (b"\xa1\x00", Cause.SEMANTIC_ERROR_IN_TFT_OPERATION),
        (b"\x40", Cause.SEMANTIC_ERROR_IN_TFT_OPERATION),
        (b"\xa0", Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION),
        (bytes.fromhex("6101 0b 05 51 0002 0001"), Cause.SEMANTIC_ERRORS_IN_PACKET_FILTERS),
        (bytes.fromhex("6101 0a 03 50 23f1"), Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS),
    ],
)
@pytest.mark.clause("29.060 §7.3.4", "refusals of a traffic flow template")
def test_a_wrong_template_changes_nothing(both, tft, cause):
    """Neither the template nor what else the request says is taken over."""
    assert updated(both, 6, tft=tft, qos=QOS, sgsn_address_user="192.0.2.77") is cause
    assert way_of(both) == 0x306
    assert {view.qos for view in both.ggsn.contexts()} == {QOS, LESS}


def test_without_a_context_for_the_rest_packets_are_dropped(active):
    """A primary context with a template gets what fits it, and nothing else goes anywhere."""
    assert updated(active, 5, tft=PUSH) is Cause.REQUEST_ACCEPTED
    assert (way_of(active, 9200), way_of(active, 9201)) == (0x201, None)
    assert active.ggsn.counters.dropped[DropReason.NO_PACKET_FILTER] == 1
    assert create(active, tft=None).cause is Cause.REQUEST_ACCEPTED
    assert way_of(active, 9201) == 0x306
    assert updated(active, 5, tft=b"\x40") is Cause.SEMANTIC_ERROR_IN_TFT_OPERATION


def test_a_template_is_changed_by_command(both):
    """The SGSN is asked; the template counts once it accepts."""
    both.ggsn.change_template(IMSI, APN, 6, OTHER, both.now)
    both.take()
    request = both.sent(UpdatePdpContextRequest, to=SGSN)
    assert (request.teid, request.nsapi, request.tft, request.qos) == (0x200, 6, OTHER, None)
    assert way_of(both, 9201) == 0x201
    both.respond(
        request,
        UpdatePdpContextResponse(
            teid=both.primary.teid_control, cause=Cause.REQUEST_ACCEPTED, qos=LESS
        ),
        SGSN,
    )
    assert both.told(PdpContextUpdated)
    assert way_of(both, 9201) == 0x306


def test_a_refused_template_stays_as_it_was(both):
    """What the MS does not accept is not in force."""
    both.ggsn.change_template(IMSI, APN, 6, OTHER, both.now)
    both.take()
    request = both.sent(UpdatePdpContextRequest)
    refusal = UpdatePdpContextResponse(teid=both.primary.teid_control, cause=Cause.MS_REFUSES)
    both.respond(request, refusal, SGSN)
    (failed,) = both.told(PdpContextUpdateFailed)
    assert (failed.failure, failed.cause.number) == (UpdateFailure.REFUSED, 197)
    assert (way_of(both, 9200), way_of(both, 9201)) == (0x306, 0x201)


def test_commands_that_cannot_be(both):
    """A wrong template is refused before anybody is asked, and an unknown context is none."""
    with pytest.raises(TftError):
        both.ggsn.change_template(IMSI, APN, 6, b"\xff", both.now)
    assert not both.ggsn.change_template(IMSI, APN, 9, OTHER, both.now)
    assert not both.ggsn.change_template(IMSI, "no.example", 6, OTHER, both.now)
    assert not both.ggsn.deactivate_bearer(IMSI, APN, 9, both.now)
    assert not both.ggsn.request_secondary("1234567", APN, QOS, PUSH, both.now)
    assert both.control == []


# -- changes that cross ------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"qos": QOS}, {"tft": OTHER}])
@pytest.mark.clause("29.060 §7.3.4", "collision with a network-initiated request")
def test_a_change_of_the_ms_waits_for_ours(both, changes):
    """228, and ours goes on."""
    both.ggsn.change_qos(IMSI, APN, LESS[:1] + QOS[1:], both.now, 6)
    both.take()
    ours = both.sent(UpdatePdpContextRequest)
    assert updated(both, 6, **({"qos": bytes(12)} | changes)) == 228
    both.respond(
        ours,
        UpdatePdpContextResponse(
            teid=both.primary.teid_control, cause=Cause.REQUEST_ACCEPTED, qos=ours.qos
        ),
        SGSN,
    )
    assert updated(both, 6, qos=QOS) is Cause.REQUEST_ACCEPTED


def test_only_the_context_that_is_named_gets_another_qos(both):
    """With an NSAPI one context is changed, without all of them."""
    assert both.ggsn.change_qos(IMSI, APN, QOS, both.now, 6) == 1
    both.take()
    assert both.sent(UpdatePdpContextRequest).nsapi == 6
    assert both.ggsn.change_qos(IMSI, APN, QOS, both.now) == 2


def test_a_change_that_asks_the_ms_has_the_time_that_takes(both):
    """It is sent as often as it takes the SGSN to give the MS up (five times eight seconds)."""
    both.ggsn.change_qos(IMSI, APN, QOS, both.now, 6)
    both.advance(8.9)
    assert len(both.control) == 9
    assert not both.told(PdpContextUpdateFailed)
    both.advance(0.2)
    (failed,) = both.told(PdpContextUpdateFailed)
    assert failed.failure is UpdateFailure.TIMED_OUT


@pytest.mark.clause("23.060 §9.2.3", "QoS negotiated down to what the APN gives")
def test_an_apn_gives_no_better_qos_than_it_has(make_bench):
    """Create, Update and our own request are all limited."""
    bench = make_bench()
    apn = bench.config.apns[0]
    limited = type(apn)(apn.name, apn.pools, qos=LESS)
    bench = make_bench(apns=(limited, *bench.config.apns[1:]))
    bench.create()
    bench.primary = bench.sent(CreatePdpContextResponse)
    assert bench.primary.qos == LESS
    assert updated(bench, 5) is Cause.REQUEST_ACCEPTED
    assert create(bench, qos=QOS).qos == LESS
    bench.ggsn.change_qos(IMSI, APN, QOS, bench.now, 5)
    bench.take()
    assert bench.sent(UpdatePdpContextRequest).qos == LESS
    with pytest.raises(ValueError, match=r"APN wap\.example: no QoS profile"):
        type(apn)(apn.name, apn.pools, qos=b"\x02")


# -- deletion ----------------------------------------------------------------------------------


def delete(bench, nsapi, teardown):
    """The SGSN deletes."""
    bench.request(
        DeletePdpContextRequest(
            teid=bench.primary.teid_control, nsapi=nsapi, teardown=teardown or None
        ),
        SGSN,
    )
    return bench.sent(DeletePdpContextResponse)


@pytest.mark.clause("29.060 §7.3.5", "Delete without Teardown Ind")
@pytest.mark.parametrize(("gone", "left"), [(5, 6), (6, 5)])
def test_one_context_goes_and_the_others_keep_the_address(both, gone, left):
    """Even where the primary one goes first."""
    assert delete(both, gone, teardown=False).cause is Cause.REQUEST_ACCEPTED
    assert nsapis(both) == [left]
    assert both.ggsn.context_at(ADDRESS).nsapi == left
    assert way_of(both, 9200) == (0x201 if left == 5 else 0x306)
    assert delete(both, left, teardown=False).cause is Cause.REQUEST_ACCEPTED
    assert both.ggsn.context_at(ADDRESS) is None
    both.assert_nothing_left()


@pytest.mark.clause("29.060 §7.3.5", "Delete with Teardown Ind")
@pytest.mark.parametrize("nsapi", [5, 6])
def test_teardown_takes_all(both, nsapi):
    """Whichever context is named."""
    assert delete(both, nsapi, teardown=True).cause is Cause.REQUEST_ACCEPTED
    assert len(both.told(PdpContextDeleted)) == 2
    assert delete(both, 11 - nsapi, teardown=True).cause is Cause.NON_EXISTENT
    both.assert_nothing_left()


def test_a_dynamic_address_is_free_with_the_last_context(bench):
    """Not before: the secondary context still has it."""
    dynamic = EndUserAddress(None, None, 0x121)
    bench.create(end_user_address=dynamic, apn="small.example")
    bench.primary = bench.sent(CreatePdpContextResponse)
    address = bench.primary.end_user_address.ipv4
    create(bench)
    delete(bench, 5, teardown=False)
    free = {
        bench.create(imsi=f"23415000000000{number}", end_user_address=dynamic, apn="small.example")
        and bench.sent(CreatePdpContextResponse).end_user_address
        for number in range(4)
    }
    assert address not in {each.ipv4 for each in free if each is not None}


def test_the_network_deletes_one_or_all(both):
    """One without Teardown Ind; all with one Delete for the address."""
    create(both, nsapi=7, tft=OTHER)
    assert both.ggsn.deactivate_bearer(IMSI, APN, 7, both.now)
    both.take()
    request = both.sent(DeletePdpContextRequest)
    assert (request.nsapi, request.teardown) == (7, False)
    assert nsapis(both) == [5, 6]
    assert both.ggsn.deactivate(IMSI, APN, both.now) == 2
    both.take()
    request = both.sent(DeletePdpContextRequest)
    assert (request.nsapi, request.teardown) == (5, True)
    assert both.control == []
    assert nsapis(both) == []


def test_the_last_context_goes_with_teardown(active):
    """Also where it alone is named."""
    active.ggsn.deactivate_bearer(IMSI, APN, 5, active.now)
    active.take()
    assert active.sent(DeletePdpContextRequest).teardown is True


# -- on the network's request ------------------------------------------------------------------


def ask(bench, tft=OTHER):
    """The network asks for a secondary context; the request that goes to the SGSN."""
    assert bench.ggsn.request_secondary(IMSI, APN, LESS, tft, bench.now)
    bench.take()
    return bench.sent(InitiatePdpContextActivationRequest, to=SGSN)


def answer(bench, request, cause=Cause.REQUEST_ACCEPTED):
    """The SGSN answers."""
    teid = bench.primary.teid_control
    bench.respond(request, InitiatePdpContextActivationResponse(teid=teid, cause=cause), SGSN)


def failure(bench):
    """The one failure there is."""
    (event,) = bench.told(SecondaryActivationFailed)
    assert event.linked.nsapi == 5
    assert bench.ggsn.under_way["secondary requests"] == 0
    return event.failure, event.cause.number if event.cause is not None else None


@pytest.mark.clause("29.060 §7.3.13, §7.3.14", "Initiate PDP Context Activation", status="GGSN")
@pytest.mark.parametrize("create_first", [True, False])
def test_the_network_gets_a_secondary_context(active, create_first):
    """Create and response in either order; the correlation identifier brings them together."""
    request = ask(active)
    assert (request.teid, request.linked_nsapi) == (0x200, 5)
    assert (request.qos, request.tft) == (LESS, OTHER)
    if not create_first:
        answer(active, request)
    response = create(active, tft=OTHER, correlation_id=request.correlation_id)
    assert response.cause is Cause.REQUEST_ACCEPTED
    if create_first:
        assert not active.told(SecondaryActivationSucceeded)
        answer(active, request)
    (event,) = active.told(SecondaryActivationSucceeded)
    assert (event.linked.nsapi, event.context.nsapi) == (5, 6)
    assert event.context.network_requested
    assert active.ggsn.next_timeout() is None
    assert active.ggsn.counters.secondary_requests_succeeded == 1


@pytest.mark.parametrize("cause", [192, 196, 197, 199, 200, 210, 215, 218, 227])
def test_the_sgsn_refuses(active, cause):
    """Whatever it says is told."""
    answer(active, ask(active), Cause(cause))
    assert failure(active) == (SecondaryFailure.REFUSED, cause)


def test_the_sgsn_is_silent(active):
    """It has as long as asking the MS takes."""
    ask(active)
    active.advance(8.9)
    assert not active.told(SecondaryActivationFailed)
    active.advance(0.2)
    assert failure(active) == (SecondaryFailure.TIMED_OUT, None)


def test_the_sgsn_accepts_and_no_context_comes(active):
    """The guard time ends the waiting; a late context is an ordinary one."""
    request = ask(active)
    answer(active, request)
    active.advance(60.1)
    assert failure(active) == (SecondaryFailure.NO_CONTEXT, None)
    create(active, tft=OTHER, correlation_id=request.correlation_id)
    assert not active.ggsn.contexts()[1].network_requested


def test_a_lost_response_does_not_matter(active):
    """The context is what was wanted."""
    request = ask(active)
    create(active, tft=OTHER, correlation_id=request.correlation_id)
    active.advance(10)
    assert active.told(SecondaryActivationSucceeded)


def test_we_refuse_the_create(active):
    """The MS may change the template, and it may be wrong then."""
    request = ask(active)
    create(active, tft=b"\x20", correlation_id=request.correlation_id)
    assert failure(active) == (SecondaryFailure.CREATE_REFUSED, 216)
    answer(active, request, Cause.MS_REFUSES)
    assert not active.told(SecondaryActivationFailed)


@pytest.mark.parametrize("by_sgsn", [True, False])
def test_the_linked_context_goes_meanwhile(active, by_sgsn):
    """Nothing is asked for any more."""
    request = ask(active)
    if by_sgsn:
        delete(active, 5, teardown=True)
    else:
        active.ggsn.deactivate(IMSI, APN, active.now)
        active.take()
        active.sent(DeletePdpContextRequest)
    assert failure(active) == (SecondaryFailure.CONTEXT_DELETED, None)
    answer(active, request)
    assert not active.told(SecondaryActivationSucceeded)


def test_the_new_context_goes_before_the_response(active):
    """What the SGSN accepts then is waited for anew."""
    request = ask(active)
    create(active, tft=OTHER, correlation_id=request.correlation_id)
    delete(active, 6, teardown=False)
    answer(active, request)
    active.advance(60.1)
    assert failure(active) == (SecondaryFailure.NO_CONTEXT, None)


def test_an_unreadable_answer_is_told(active):
    """A response without its cause is none."""
    request = ask(active)
    data = bytearray(InitiatePdpContextActivationResponse(cause=Cause.NON_EXISTENT).encode())
    data[8:10] = request.sequence.to_bytes(2, "big")
    data[3] = 4
    active.deliver_octets(bytes(data[:12]), SGSN)
    assert failure(active) == (SecondaryFailure.INVALID_RESPONSE, None)


def test_two_requests_are_told_apart(active):
    """Each has a correlation identifier of its own."""
    first, second = ask(active, PUSH), ask(active)
    assert first.correlation_id != second.correlation_id
    create(active, nsapi=7, tft=OTHER, correlation_id=second.correlation_id)
    answer(active, second)
    (event,) = active.told(SecondaryActivationSucceeded)
    assert event.context.nsapi == 7
    assert active.ggsn.under_way["secondary requests"] == 1


def test_a_wrong_template_is_not_asked_for(active):
    """Neither is a QoS that is none."""
    with pytest.raises(TftError):
        active.ggsn.request_secondary(IMSI, APN, QOS, b"\x20", active.now)
    with pytest.raises(ValueError, match="octets"):
        active.ggsn.request_secondary(IMSI, APN, b"\x02", PUSH, active.now)
    assert active.control == []
