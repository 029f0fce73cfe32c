"""RADIUS servers end and change contexts (RFC 5176), and give them limits (RFC 2865)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from corenet.ggsn.config import AccountingPolicy, Apn
from corenet.ggsn.events import DeletionReason, PdpContextDeleted, SessionOrderReceived
from corenet.radius.attributes import encode_attributes
from corenet.radius.packets import Code
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.user_plane import encapsulate
from tests.corenet.ggsn.radius_bench import ORDERS, SERVER, Servers, values

IMSI, OTHER = "234150999999999", "234150000000002"
SGSN = "192.0.2.2"
DISCONNECT, COA = Code.DISCONNECT_REQUEST, Code.COA_REQUEST
DISCONNECTED, CHANGED = (41, 0), (44, 0)
POOLS = (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8:3::/48"))
QOS = "99-0b921f7396fefe744a0000"


@pytest.fixture
def ordered(make_bench):
    """A GGSN with two contexts that takes orders, and its servers."""
    bench = make_bench(
        apns=(Apn("wap.example", POOLS, user_name="wap"), Apn("other.example")),
        static_bindings=(),
        radius=(SERVER,),
        dynamic_authorization=ORDERS,
        nas_identifier="ggsn.example",
    )
    servers = Servers(bench)
    kind = EndUserAddress(pdp_type=PdpType.IPV4V6)
    bench.create(end_user_address=kind)
    bench.first = bench.sent(CreatePdpContextResponse)
    bench.create(imsi=OTHER, msisdn="447700900124", end_user_address=kind, teid_data=0x301)
    bench.second = bench.sent(CreatePdpContextResponse)
    bench.session = f"C0000201{bench.first.charging_id:08X}"
    servers.accounting()
    bench.events.clear()
    return bench, servers


def named(bench) -> dict[str, dict]:
    """Return ways to name the first context."""
    address = bench.first.end_user_address
    return {
        "session": {"Acct_Session_Id": bench.session},
        "session in small letters": {"Acct_Session_Id": bench.session.lower()},
        "address": {"Framed_IP_Address": address.ipv4},
        "prefix": {"Framed_IPv6_Prefix": "2001:db8:3::/64"},
        "number": {"Calling_Station_Id": "447700900123"},
        "IMSI": {"X3GPP_IMSI": IMSI},
        "charging id": {"X3GPP_Charging_Id": bench.first.charging_id},
        "name and IMSI": {"User_Name": "wap", "X3GPP_IMSI": IMSI},
        "all": {
            "Acct_Session_Id": bench.session,
            "Framed_IP_Address": address.ipv4,
            "Called_Station_Id": "WAP.example",
            "X3GPP_NSAPI": "5",
            "X3GPP_IMSI": IMSI,
            "NAS_IP_Address": "192.0.2.1",
            "NAS_Identifier": "ggsn.example",
            "Event_Timestamp": int(bench.now),
        },
    }


@pytest.mark.parametrize(
    "by",
    [
        "session", "session in small letters", "address", "prefix", "number", "IMSI",
        "charging id", "name and IMSI", "all",
    ],
)  # fmt: skip
@pytest.mark.clause("RFC 5176 §3", "sessions named by attributes, all of which must fit")
def test_a_disconnect_ends_the_context_that_it_names(ordered, by: str) -> None:
    """The SGSN is told, accounting says Admin-Reset, and the order is acknowledged at once."""
    bench, servers = ordered
    assert servers.order(DISCONNECT, **named(bench)[by]) == DISCONNECTED
    request = bench.sent(DeletePdpContextRequest, to=SGSN)
    assert request.nsapi == 5
    assert bench.ggsn.contexts_of(IMSI) == []
    assert len(bench.ggsn.contexts()) == 1
    (stop,) = servers.accounting()
    assert stop["Acct-Terminate-Cause"] == ["Admin-Reset"]
    assert stop["3GPP-Session-Stop-Indicator"] == [0xFF]
    assert [e.reason for e in bench.told(PdpContextDeleted)] == [DeletionReason.RADIUS_REQUEST]
    assert bench.told(SessionOrderReceived) == [SessionOrderReceived("192.0.2.5", True, 1)]


@pytest.mark.parametrize(
    ("further", "cause"),
    [
        ({"Acct_Session_Id": "C000020100000000"}, 503),
        ({"Framed_IP_Address": "10.45.0.9"}, 503),
        ({"X3GPP_IMSI": "234150000000003"}, 503),
        ({"X3GPP_IMSI": OTHER, "Acct_Session_Id": ...}, 503),
        ({"Acct_Session_Id": ..., "Called_Station_Id": "other.example"}, 503),
        ({"Acct_Session_Id": ..., "Framed_Interface_Id": bytes(8)}, 503),
        ({"Acct_Session_Id": ..., "X3GPP_NSAPI": "6"}, 503),
        ({}, 402),
        ({"Called_Station_Id": "wap.example"}, 402),
        ({"X3GPP_NSAPI": "5"}, 402),
        ({"Acct_Session_Id": ..., "Framed_MTU": 1400}, 401),
        ({"Acct_Session_Id": ..., "Session_Timeout": 60}, 401),
        ({"Acct_Session_Id": ..., "NAS_IP_Address": "192.0.2.77"}, 403),
        ({"Acct_Session_Id": ..., "NAS_Identifier": "another"}, 403),
        ({"Acct_Session_Id": ..., "NAS_IPv6_Address": "2001:db8::1"}, 403),
        ({"Acct_Session_Id": ..., "Service_Type": 17}, 405),
    ],
)
@pytest.mark.clause("RFC 5176 §3.5", "Error-Cause 401, 402, 403, 405, 503")
def test_a_disconnect_that_cannot_be_carried_out_says_why(ordered, further, cause) -> None:
    """Error-Cause of RFC 5176 §3.5; every context stays."""
    bench, servers = ordered
    attributes = {name: bench.session if value is ... else value for name, value in further.items()}
    assert servers.order(DISCONNECT, **attributes) == (42, cause)
    assert len(bench.ggsn.contexts()) == 2
    assert bench.control == []
    assert bench.told(SessionOrderReceived)[0].refused is not None


def test_a_disconnect_with_a_wrong_secret_is_not_answered(ordered) -> None:
    """Dropped and counted."""
    bench, servers = ordered
    session = {"Acct_Session_Id": bench.session}
    assert servers.order(DISCONNECT, b"guess", **session) == (0, 0)
    assert len(bench.ggsn.contexts()) == 2
    assert bench.ggsn.dynamic_counters.not_authentic == 1


def test_a_disconnect_may_mean_several_contexts(ordered) -> None:
    """All that fit are ended (RFC 5176 §3)."""
    bench, servers = ordered
    assert servers.order(DISCONNECT, User_Name="wap") == DISCONNECTED
    assert bench.ggsn.contexts() == []
    assert bench.told(SessionOrderReceived)[0].contexts == 2


@pytest.mark.parametrize(("teardown", "left"), [(None, 1), (0, 1), (1, 0)])
@pytest.mark.clause("29.061 §16.4.7", "3GPP-Teardown-Indicator, 3GPP-Session-Stop-Indicator")
def test_the_teardown_indicator_ends_contexts_that_share_the_address(
    ordered, teardown, left
) -> None:
    """TS 29.061 §16.4.7: with it the whole session goes; without it what is named."""
    bench, servers = ordered
    bench.create(
        teid=bench.first.teid_control,
        nsapi=6,
        linked_nsapi=5,
        imsi=None,
        apn=None,
        end_user_address=None,
        selection_mode=None,
        msisdn=None,
        teid_data=0x202,
        tft=bytes.fromhex("21 30 00 05 30 11 50 0b 84".replace(" ", "")),
    )
    secondary = bench.sent(CreatePdpContextResponse)
    assert secondary.cause is Cause.REQUEST_ACCEPTED
    (start,) = servers.accounting()
    assert start["Framed-IP-Address"] == [bench.first.end_user_address.ipv4]
    named = {"Acct_Session_Id": f"C0000201{secondary.charging_id:08X}"}
    further = {} if teardown is None else {"X3GPP_Teardown_Indicator": teardown}
    assert servers.order(DISCONNECT, **named, **further) == DISCONNECTED
    assert len(bench.ggsn.contexts_of(IMSI)) == left
    stops = servers.accounting()
    indicated = ["3GPP-Session-Stop-Indicator" in stop for stop in stops]
    assert indicated == ([False] if left else [False, True])


# Changes


def change(bench, servers, **attributes):
    """Order a change of the first context."""
    return servers.order(COA, Acct_Session_Id=bench.session, **attributes)


@pytest.mark.clause("RFC 2865 §5.27", "Session-Timeout, by Access-Accept and CoA")
def test_a_change_of_limits_counts_from_now(ordered) -> None:
    """The context ends when the new time is over, and the SGSN is told."""
    bench, servers = ordered
    assert change(bench, servers, Session_Timeout=100) == CHANGED
    bench.advance(60)
    assert change(bench, servers, Session_Timeout=100) == CHANGED
    bench.advance(99)
    assert len(bench.ggsn.contexts_of(IMSI)) == 1
    bench.advance(1)
    assert bench.ggsn.contexts_of(IMSI) == []
    assert type(bench.control[0][0]) is DeletePdpContextRequest
    assert servers.accounting()[-1]["Acct-Terminate-Cause"] == ["Session-Timeout"]


def test_a_limit_can_be_taken_away(ordered) -> None:
    """With 0."""
    bench, servers = ordered
    change(bench, servers, Session_Timeout=100, Idle_Timeout=100)
    assert change(bench, servers, Session_Timeout=0, Idle_Timeout=0) == CHANGED
    bench.advance(1000)
    assert len(bench.ggsn.contexts_of(IMSI)) == 1


@pytest.mark.clause("RFC 2865 §5.28", "Idle-Timeout, by Access-Accept and CoA")
def test_a_context_without_traffic_ends(ordered) -> None:
    """Within an eighth of the idle time; each packet, up or down, prolongs it."""
    bench, servers = ordered
    assert change(bench, servers, Idle_Timeout=80) == CHANGED
    address = bench.first.end_user_address.ipv4
    bench.advance(70)
    bench.from_gi(bench.packet(destination=address))
    bench.advance(75)
    up = bench.packet(destination="198.51.100.1", source=(address, 2948))
    bench.from_tunnel(encapsulate(bench.first.teid_data, up))
    bench.advance(79)
    assert len(bench.ggsn.contexts_of(IMSI)) == 1
    bench.advance(12)
    assert bench.ggsn.contexts_of(IMSI) == []
    assert servers.accounting()[-1]["Acct-Terminate-Cause"] == ["Idle-Timeout"]


def test_limits_end_with_their_context(ordered) -> None:
    """No timer is left behind."""
    bench, servers = ordered
    change(bench, servers, Idle_Timeout=80, Session_Timeout=100)
    for imsi in (IMSI, OTHER):
        bench.ggsn.deactivate(imsi, None, bench.now)
    bench.take()
    while bench.control:
        request, _ = bench.control.pop(0)
        if isinstance(request, DeletePdpContextRequest):
            bench.respond(
                request, DeletePdpContextResponse(teid=1, cause=Cause.REQUEST_ACCEPTED), SGSN
            )
    servers.accounting()
    assert bench.ggsn.next_timeout() is None


def test_another_interval_of_interim_updates(ordered) -> None:
    """Acct-Interim-Interval begins at once (RFC 2869 §5.16)."""
    bench, servers = ordered
    assert change(bench, servers, Acct_Interim_Interval=30) == CHANGED
    bench.advance(29)
    assert servers.accounting() == []
    bench.advance(1)
    assert [one["Acct-Status-Type"] for one in servers.accounting()] == [["Interim-Update"]]
    change(bench, servers, Acct_Interim_Interval=10)
    for _ in range(2):
        bench.advance(10)
        assert len(servers.accounting()) == 1


def test_an_interval_of_the_configuration_gives_way(make_bench) -> None:
    """What the server says of one context counts for it."""
    bench = make_bench(
        radius=(SERVER,),
        accounting=AccountingPolicy(interim_interval=60.0),
        dynamic_authorization=ORDERS,
    )
    servers = Servers(bench)
    bench.create()
    servers.accounting()
    assert servers.order(COA, X3GPP_IMSI=IMSI, Acct_Interim_Interval=600) == CHANGED
    bench.advance(500)
    assert servers.accounting() == []


def test_another_class_is_in_later_records(ordered) -> None:
    """Only for the context that was named."""
    bench, servers = ordered
    assert change(bench, servers, Class=b"gold") == CHANGED
    for imsi in (IMSI, OTHER):
        bench.ggsn.deactivate(imsi, None, bench.now)
    bench.take()
    stops = servers.accounting()
    assert [values(stop).get("Class") for stop in stops] == [b"gold", None]


def answer_update(bench, cause=Cause.REQUEST_ACCEPTED):
    request = bench.sent(UpdatePdpContextRequest, to=SGSN)
    bench.respond(request, UpdatePdpContextResponse(teid=1, cause=cause), SGSN)
    return request


@pytest.mark.clause("RFC 5176 §3.5", "CoA: another QoS, asked of the SGSN; 506 where it refuses")
def test_another_qos_is_acknowledged_when_the_sgsn_has_accepted(ordered) -> None:
    """Until then there is no answer; the rest of the order is done with it."""
    bench, servers = ordered
    asked = {"X3GPP_GPRS_Negotiated_QoS_Profile": QOS, "Class": b"gold"}
    assert change(bench, servers, **asked) == (0, 0)
    request = answer_update(bench)
    assert request.qos.hex() == "020b921f7396fefe744a0000"
    assert servers.answer() == CHANGED
    (interim,) = servers.accounting()
    assert interim["3GPP-GPRS-Negotiated-QoS-Profile"] == [QOS]
    assert bench.ggsn.contexts_of(IMSI)[0].qos == request.qos


def refuse(bench):
    answer_update(bench, Cause.NO_RESOURCES_AVAILABLE)


def say_nothing(bench):
    bench.advance(60)


def delete(bench):
    bench.request(
        DeletePdpContextRequest(teid=bench.first.teid_control, nsapi=5, teardown=True), SGSN
    )


def ask_for_another(bench):
    bench.ggsn.change_qos(IMSI, "wap.example", bytes.fromhex("020b921f"), bench.now)
    bench.take()


def stop(bench):
    bench.ggsn.stop(bench.now)
    bench.take()


@pytest.mark.parametrize("happens", [refuse, say_nothing, delete, ask_for_another, stop])
def test_another_qos_that_does_not_come_about_is_refused(ordered, happens) -> None:
    """506, and nothing else of the order is done; whatever prevents it."""
    bench, servers = ordered
    asked = {"X3GPP_GPRS_Negotiated_QoS_Profile": QOS, "Session_Timeout": 10_000}
    assert change(bench, servers, **asked) == (0, 0)
    happens(bench)
    assert servers.answer() == (45, 506)
    assert servers.answer() == (0, 0)


def test_another_qos_of_several_contexts_waits_for_all(ordered) -> None:
    """One that refuses is enough to refuse the order."""
    bench, servers = ordered
    asked = {"X3GPP_GPRS_Negotiated_QoS_Profile": QOS}
    assert servers.order(COA, User_Name="wap", **asked) == (0, 0)
    first = bench.sent(UpdatePdpContextRequest)
    second = bench.sent(UpdatePdpContextRequest)
    bench.respond(first, UpdatePdpContextResponse(teid=1, cause=Cause.SYSTEM_FAILURE), SGSN)
    assert servers.answer() == (0, 0)
    bench.respond(second, UpdatePdpContextResponse(teid=1, cause=Cause.REQUEST_ACCEPTED), SGSN)
    assert servers.answer() == (45, 506)


def test_a_new_sgsn_is_asked_in_place_of_the_old_one(ordered) -> None:
    """The order is answered when it has accepted."""
    bench, servers = ordered
    change(bench, servers, X3GPP_GPRS_Negotiated_QoS_Profile=QOS)
    bench.sent(UpdatePdpContextRequest, to=SGSN)
    bench.request(
        UpdatePdpContextRequest(
            teid=bench.first.teid_control,
            nsapi=5,
            teid_control=0x900,
            teid_data=0x901,
            sgsn_address_control="192.0.2.3",
            sgsn_address_user="192.0.2.3",
            qos=bytes.fromhex("020b921f7396fefe742bffff"),
        ),
        "192.0.2.3",
    )
    bench.sent(UpdatePdpContextResponse, to="192.0.2.3")
    request = bench.sent(UpdatePdpContextRequest, to="192.0.2.3")
    assert servers.answer() == (0, 0)
    bench.respond(
        request, UpdatePdpContextResponse(teid=1, cause=Cause.REQUEST_ACCEPTED), "192.0.2.3"
    )
    assert servers.answer() == CHANGED


@pytest.mark.parametrize(
    ("attributes", "cause"),
    [
        ({}, 402),
        ({"Framed_MTU": 1400}, 401),
        ({"X3GPP_Teardown_Indicator": 1, "Class": b"x"}, 401),
        ({"X3GPP_GPRS_Negotiated_QoS_Profile": "none"}, 407),
        ({"X3GPP_GPRS_Negotiated_QoS_Profile": "99-0b"}, 407),
        ({"X3GPP_GPRS_Negotiated_QoS_Profile": "99-xyz"}, 407),
        ({"Service_Type": 2, "Class": b"x"}, 405),
    ],
)
def test_a_change_that_cannot_be_carried_out_says_why(ordered, attributes, cause) -> None:
    """Error-Cause of RFC 5176 §3.5; nothing is changed."""
    bench, servers = ordered
    assert change(bench, servers, **attributes) == (45, cause)
    assert bench.control == []


def test_a_number_of_another_length_is_no_value(ordered) -> None:
    """407: Session-Timeout has four octets."""
    bench, servers = ordered
    octets = encode_attributes({"Acct-Session-Id": bench.session}) + b"\x1b\x03\x01"
    assert servers.order_octets(COA, octets) == (45, 407)
