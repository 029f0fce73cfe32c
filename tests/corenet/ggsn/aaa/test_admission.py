"""RADIUS decides who gets a context (TS 29.061 §16.3): each answer, each silence, each crossing."""

from __future__ import annotations

from hashlib import md5
from ipaddress import IPv4Network, IPv6Network

import pytest

from corenet.ggsn.config import (
    AccessPolicy,
    Apn,
    AuthenticatedBy,
    Credential,
    GgsnConfig,
    RadiusAuthentication,
    RadiusServer,
    StaticBinding,
)
from corenet.ggsn.events import DeletionReason, PdpContextDeleted, PdpContextRefused
from corenet.radius.packets import Code
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    EchoRequest,
    EchoResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from tests.corenet.ggsn.radius_bench import JUDGE, SERVER, Servers, values

IMSI, OTHER = "234150999999999", "234150000000002"
SGSN = "192.0.2.2"
ACCEPT, REJECT = Code.ACCESS_ACCEPT, Code.ACCESS_REJECT
POOLS = (IPv4Network("10.45.0.0/29"), IPv6Network("2001:db8:3::/60"))
BY_PCO = RadiusAuthentication((JUDGE,))
PAP = bytes.fromhex("80 c023 0f 0107000f 05616c696365 0468757368".replace(" ", ""))
CHALLENGE = bytes(range(16))
CHAP_VALUE = md5(b"\x05hush" + CHALLENGE).digest()
CHAP = (
    bytes.fromhex("80 c223 15 0105001510".replace(" ", ""))
    + CHALLENGE
    + bytes.fromhex("c223 1a 0205001a10".replace(" ", ""))
    + CHAP_VALUE
    + b"alice"
)


@pytest.fixture
def judged(make_bench):
    """Return what makes a GGSN that asks RADIUS on its one APN, and its servers."""

    def make(authentication=BY_PCO, bindings=(), **changes):
        settings = {"pools": POOLS, "dns": ("192.0.2.53",)} | changes.pop("apn", {})
        bench = make_bench(
            apns=(Apn("wap.example", authentication=authentication, **settings),),
            static_bindings=bindings,
            radius=(SERVER,),
            authentication=AccessPolicy(wait=0.4, deadline=2.0),
            **changes,
        )
        servers = Servers(bench)
        servers.accounting()
        bench.events.clear()
        return bench, servers

    return make


def create(bench, kind=PdpType.IPV4, pco=PAP, **changes):
    """Ask for a context with a dynamic address."""
    address = {"end_user_address": EndUserAddress(pdp_type=kind)}
    return bench.create(**({"pco": pco, **address} | changes))


@pytest.mark.clause("29.061 §16.4.1", "Access-Request")
def test_the_server_is_told_of_the_context_that_is_asked_for(judged) -> None:
    """Name and password of the mobile, and every attribute that accounting will have."""
    bench, servers = judged(plmn="23415", nas_identifier="ggsn.example")
    create(bench, rat_type=2)
    assert bench.control == []
    (question,) = servers.questions()
    told = values(question)
    assert question.PwDecrypt(told.pop("User-Password")) == "hush"
    assert told.pop("Message-Authenticator")
    servers.judge(question, ACCEPT)
    created = bench.sent(CreatePdpContextResponse)
    assert told.pop("3GPP-Charging-Id") == created.charging_id
    (start,) = servers.accounting()
    begun = values(start)
    only_then = {
        "Acct-Status-Type", "Acct-Session-Id", "Framed-IP-Address", "3GPP-Charging-Id",
        "Acct-Authentic", "Event-Timestamp", "Acct-Delay-Time",
    }  # fmt: skip
    assert begun.keys() - told.keys() == only_then
    assert told == {name: begun[name] for name in told}
    assert told["User-Name"] == "alice"
    assert begun["Acct-Authentic"] == "RADIUS"


def test_chap_is_passed_on(judged) -> None:
    """Challenge and response go to the server, which alone knows the password."""
    bench, servers = judged()
    create(bench, pco=CHAP)
    (question,) = servers.questions()
    assert question["CHAP-Challenge"] == [CHALLENGE]
    assert question["CHAP-Password"] == [b"\x05" + CHAP_VALUE]
    assert question["User-Name"] == ["alice"]
    servers.judge(question, ACCEPT)
    created = bench.sent(CreatePdpContextResponse)
    assert created.cause is Cause.REQUEST_ACCEPTED
    assert created.pco.hex() == "80c2230403050004"


@pytest.mark.parametrize(
    ("by", "name"), [(AuthenticatedBy.IMSI, IMSI), (AuthenticatedBy.MSISDN, "447700900123")]
)
def test_a_mobile_may_be_known_by_its_numbers(judged, by, name) -> None:
    """Name and password are then the operator's affair, whatever the mobile says."""
    bench, servers = judged(RadiusAuthentication((JUDGE,), by, "secret of the APN"))
    create(bench)
    (question,) = servers.questions()
    assert question["User-Name"] == [name]
    assert question.PwDecrypt(question["User-Password"][0]) == "secret of the APN"


@pytest.mark.parametrize(
    ("authentication", "changes"),
    [
        (BY_PCO, {"pco": None}),
        (BY_PCO, {"pco": bytes.fromhex("80000d00")}),
        (BY_PCO, {"pco": bytes.fromhex("80c0230401070009")}),
        (BY_PCO, {"pco": CHAP[:4] + CHAP[25:]}),
        (RadiusAuthentication((JUDGE,), AuthenticatedBy.MSISDN), {"msisdn": None}),
    ],
    ids=["no options", "other options", "broken PAP", "no challenge", "no MSISDN"],
)
def test_who_says_nothing_is_refused_at_once(judged, authentication, changes) -> None:
    """There is nothing to ask."""
    bench, servers = judged(authentication)
    create(bench, **changes)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.USER_AUTHENTICATION_FAILED
    assert servers.questions() == []


@pytest.mark.clause("29.061 §16.4.2", "Access-Accept: addresses, name servers, Class, User-Name")
def test_what_the_server_grants_is_the_contexts(judged) -> None:
    """Addresses, name servers, Class in every record, and the name that it gives."""
    bench, servers = judged()
    create(bench, PdpType.IPV4V6, pco=PAP + bytes.fromhex("000d00000300"))
    (question,) = servers.questions()
    servers.judge(
        question,
        ACCEPT,
        Framed_IP_Address="10.45.0.5",
        Framed_IPv6_Prefix="2001:db8:3:7::/64",
        Framed_Interface_Id=bytes(7) + b"\x09",
        User_Name="alice@example",
        Class=[b"one", b"two"],
        MS_Primary_DNS_Server="192.0.2.77",
        X3GPP_IPv6_DNS_Servers=bytes.fromhex("20010db8000000000000000000000077"),
    )
    created = bench.sent(CreatePdpContextResponse)
    assert created.end_user_address.ipv4 == "10.45.0.5"
    assert created.end_user_address.ipv6 == "2001:db8:3:7::9"
    assert "000d04c000024d" in created.pco.hex()
    assert "00031020010db8000000000000000000000077" in created.pco.hex()
    (start,) = servers.accounting()
    assert start["Class"] == [b"one", b"two"]
    assert start["User-Name"] == ["alice@example"]
    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.take()
    (stop,) = servers.accounting()
    assert stop["Class"] == [b"one", b"two"]
    # Given back, the address has its turn like any other.
    taken = set()
    for number in range(6):
        create(bench, imsi=f"23415000000{number:04}", teid_data=number)
        servers.judge(servers.questions()[0], ACCEPT)
        bench.control = [one for one in bench.control if "Delete" not in type(one[0]).__name__]
        taken.add(bench.sent(CreatePdpContextResponse).end_user_address.ipv4)
    assert taken == {f"10.45.0.{number}" for number in range(1, 7)}


def test_an_interface_identifier_goes_with_a_prefix_of_the_pool(judged) -> None:
    """Where the server leaves the prefix to the GGSN; one of a wrong length is none."""
    for identifier, ending in ((bytes(7) + b"\x09", "::9"), (b"\x09", "")):
        bench, servers = judged()
        create(bench, PdpType.IPV6)
        servers.judge(servers.questions()[0], ACCEPT, Framed_Interface_Id=identifier)
        address = bench.sent(CreatePdpContextResponse).end_user_address.ipv6
        assert address.startswith("2001:db8:3:")
        assert address.endswith(ending)
        assert (address == "2001:db8:3::9") is bool(ending)


def test_name_servers_of_one_family_leave_those_of_the_other(judged) -> None:
    """The APN's stay where the server names none."""
    bench, servers = judged(apn={"dns": ("192.0.2.53", "2001:db8::53")})
    create(bench, pco=PAP + bytes.fromhex("000d00000300"))
    servers.judge(servers.questions()[0], ACCEPT, MS_Primary_DNS_Server="192.0.2.77")
    pco = bench.sent(CreatePdpContextResponse).pco.hex()
    assert "c000024d" in pco
    assert "c0000235" not in pco
    assert "20010db8000000000000000000000053" in pco


def test_an_update_has_the_mobiles_own_name_servers_too(judged) -> None:
    """Options that a mobile sends with a change are answered as those with its Create were."""
    bench, servers = judged(apn={"dns": ("192.0.2.53",)})
    create(bench, pco=PAP + bytes.fromhex("000d00"))
    servers.judge(servers.questions()[0], ACCEPT, MS_Primary_DNS_Server="192.0.2.77")
    created = bench.sent(CreatePdpContextResponse)
    update = UpdatePdpContextRequest(
        teid=created.teid_control, nsapi=5, teid_data=0x201, pco=bytes.fromhex("80000d00"),
        sgsn_address_control=SGSN, sgsn_address_user=SGSN, qos=created.qos,
    )  # fmt: skip
    bench.request(update, SGSN)
    assert bench.sent(UpdatePdpContextResponse).pco.hex() == "80000d04c000024d"


@pytest.mark.parametrize("choice", ["255.255.255.254", "255.255.255.255"])
def test_the_server_may_leave_the_choice_of_the_address(judged, choice) -> None:
    """To the GGSN, or to the mobile, for which the GGSN chooses (RFC 2865 §5.8)."""
    bench, servers = judged()
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address=choice)
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.1"


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("198.51.100.1", Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE),
        ("10.45.0.1", Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED),
        ("10.45.0.4", Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED),
    ],
    ids=["not ours", "another's now", "bound to another"],
)
def test_an_address_that_cannot_be_had_is_refused(judged, address, cause) -> None:
    """Packets for it would not come here, or are somebody else's."""
    bench, servers = judged(bindings=(StaticBinding(OTHER, "wap.example", "10.45.0.4"),))
    create(bench, imsi="234150000000003")
    servers.judge(servers.questions()[0], ACCEPT)
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.1"
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address=address)
    assert bench.sent(CreatePdpContextResponse).cause is cause
    assert bench.ggsn.contexts_of(IMSI) == []


def test_an_address_that_is_held_for_another_is_refused(judged) -> None:
    """Accounting has not been told that the last owner has gone; the same one may have it."""
    bench, servers = judged()
    create(bench, imsi=OTHER)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address="10.45.0.5")
    bench.ggsn.deactivate(OTHER, None, bench.now)
    bench.take()
    bench.control.clear()
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address="10.45.0.5")
    refused = bench.sent(CreatePdpContextResponse)
    assert refused.cause is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
    create(bench, imsi=OTHER)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address="10.45.0.5")
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    servers.accounting()
    assert bench.ggsn.context_at("10.45.0.5").imsi == OTHER


def test_a_static_binding_gives_way_to_what_the_server_says(judged) -> None:
    """It knows better; without its word the binding holds."""
    bench, servers = judged(bindings=(StaticBinding(IMSI, "wap.example", "10.45.0.4"),))
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address="10.45.0.5")
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.5"
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT)
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.4"
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT, Framed_IP_Address="10.45.0.4")
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.4"


def test_an_apn_without_pools_has_its_addresses_from_the_server(judged) -> None:
    """It is asked to choose (3GPP-Allocate-IP-Type), out of the ranges that come here."""
    bench, servers = judged(apn={"pools": (), "static_ranges": POOLS})
    create(bench)
    (question,) = servers.questions()
    assert question["3GPP-Allocate-IP-Type"] == [1]
    servers.judge(question, ACCEPT, Framed_IP_Address="10.45.0.5")
    assert bench.sent(CreatePdpContextResponse).end_user_address.ipv4 == "10.45.0.5"
    create(bench, imsi=OTHER)
    servers.judge(servers.questions()[0], ACCEPT)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE


@pytest.mark.parametrize(
    ("pco", "told"), [(PAP, "80c0230503070005 00"), (CHAP, "80c2230404050004")]
)
@pytest.mark.clause("29.061 §16.3", "Access-Reject: cause 209")
def test_a_reject_refuses_the_context_and_the_mobile(judged, pco, told) -> None:
    """Cause 209; PAP's Nak or CHAP's Failure tells the terminal equipment."""
    bench, servers = judged()
    create(bench, pco=pco)
    servers.judge(servers.questions()[0], REJECT)
    refused = bench.sent(CreatePdpContextResponse)
    assert refused.cause is Cause.USER_AUTHENTICATION_FAILED
    assert refused.pco.hex() == told.replace(" ", "")
    assert refused.teid == 0x200
    assert bench.told(PdpContextRefused)[0].cause.number == 209
    assert bench.ggsn.contexts() == []
    assert servers.accounting() == []


@pytest.mark.clause("29.061 §16.3", "no answer: cause 199, within the patience of the SGSN")
def test_nobody_answers_in_time(judged) -> None:
    """Cause 199 while the SGSN still waits: nobody has judged the user, and it may try again."""
    bench, servers = judged()
    create(bench)
    bench.advance(1.9)
    assert bench.control == []
    bench.advance(0.1)
    refused = bench.sent(CreatePdpContextResponse)
    assert refused.cause is Cause.NO_RESOURCES_AVAILABLE
    assert refused.pco.hex() == "80c023050307000500"
    late = servers.questions()[-1]
    servers.judge(late, ACCEPT)
    assert bench.control == []
    assert bench.ggsn.access_counters.unanswered == 1
    assert bench.ggsn.access_counters.ignored == 1


def test_the_deadline_is_within_the_patience_of_an_sgsn(make_bench) -> None:
    """T3-RESPONSE times N3-REQUESTS, taken to be as our own, whatever the policy says."""
    bench = make_bench(
        apns=(Apn("wap.example", POOLS, authentication=BY_PCO),),
        static_bindings=(),
        authentication=AccessPolicy(deadline=600.0),
    )
    create(bench)
    bench.advance(3.0)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.NO_RESOURCES_AVAILABLE


def test_a_repeated_create_is_no_second_question(judged) -> None:
    """One Access-Request; the answer goes out once, and again to what is repeated later."""
    bench, servers = judged()
    message = create(bench)
    (question,) = servers.questions()
    for _ in range(3):
        bench.deliver(message, SGSN)
    assert servers.questions() == []
    assert bench.ggsn.under_way["questions to RADIUS"] == 1
    servers.judge(question, ACCEPT)
    first = bench.sent(CreatePdpContextResponse)
    assert bench.control == []
    bench.deliver(message, SGSN)
    assert bench.sent(CreatePdpContextResponse).encode() == first.encode()
    assert len(bench.ggsn.contexts()) == 1


def test_a_new_create_takes_the_place_of_one_that_waits(judged) -> None:
    """The SGSN has given the first one up; what comes for it later is ignored."""
    bench, servers = judged()
    create(bench)
    (first,) = servers.questions()
    create(bench, teid_data=0x333)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.NO_RESOURCES_AVAILABLE
    (second,) = servers.questions()
    servers.judge(first, REJECT)
    assert bench.control == []
    servers.judge(second, ACCEPT)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    assert [view.sgsn_teid_data for view in bench.ggsn.contexts()] == [0x333]


def test_answers_may_come_in_any_order(judged) -> None:
    """Each goes to the Create that it belongs to."""
    bench, servers = judged()
    create(bench)
    create(bench, imsi=OTHER, teid_control=0x400, teid_data=0x401)
    one, other = servers.questions()
    servers.judge(other, ACCEPT)
    assert bench.sent(CreatePdpContextResponse).teid == 0x400
    servers.judge(one, REJECT)
    assert bench.sent(CreatePdpContextResponse).teid == 0x200


def test_a_context_is_replaced_only_when_the_server_accepts(judged) -> None:
    """Until then, and after a reject, the one that was there stays."""
    bench, servers = judged()
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT)
    bench.sent(CreatePdpContextResponse)
    create(bench)
    servers.judge(servers.questions()[0], REJECT)
    bench.sent(CreatePdpContextResponse)
    assert len(bench.ggsn.contexts()) == 1
    create(bench)
    servers.judge(servers.questions()[0], ACCEPT)
    bench.sent(CreatePdpContextResponse)
    assert [e.reason for e in bench.told(PdpContextDeleted)] == [DeletionReason.REPLACED]


def test_the_pool_may_be_used_up_while_the_server_thinks(judged) -> None:
    """What was free when the Create came is taken when it is granted."""
    bench, servers = judged(apn={"pools": (IPv4Network("10.45.0.0/30"),)})
    for number in range(3):
        create(bench, imsi=f"23415000000000{number}", teid_data=number)
    causes = []
    for question in servers.questions():
        servers.judge(question, ACCEPT)
        causes.append(bench.sent(CreatePdpContextResponse).cause)
    assert causes == [Cause.REQUEST_ACCEPTED] * 2 + [Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED]


def test_an_sgsn_that_restarts_wants_nothing_more(judged) -> None:
    """Its Create is forgotten there; no context comes of the server's answer."""
    bench, servers = judged()
    create(bench, recovery=1)
    (question,) = servers.questions()
    bench.request(EchoRequest(), SGSN)
    bench.sent(EchoResponse)
    create(bench, imsi=OTHER, recovery=2)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.NO_RESOURCES_AVAILABLE
    servers.judge(question, ACCEPT)
    assert bench.ggsn.contexts_of(IMSI) == []


def test_a_delete_finds_nothing_while_the_server_thinks(judged) -> None:
    """There is no context yet."""
    bench, servers = judged()
    create(bench)
    bench.request(DeletePdpContextRequest(teid=0x1234, nsapi=5, teardown=True), SGSN)
    bench.control.pop(0)
    servers.judge(servers.questions()[0], ACCEPT)
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED


def test_a_ggsn_that_stops_refuses_what_waits(judged) -> None:
    """Nobody waits for an answer that cannot come."""
    bench, _ = judged()
    create(bench)
    bench.ggsn.stop(bench.now)
    bench.take()
    assert bench.sent(CreatePdpContextResponse).cause is Cause.NO_RESOURCES_AVAILABLE
    assert bench.ggsn.under_way["questions to RADIUS"] == 0


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"apn": "unknown"}, Cause.MISSING_OR_UNKNOWN_APN),
        ({"end_user_address": None}, Cause.MANDATORY_IE_MISSING),
        (
            {"end_user_address": EndUserAddress(pdp_type=PdpType.PPP)},
            Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE,
        ),
        ({"imsi": None}, Cause.MANDATORY_IE_MISSING),
    ],
)
def test_what_is_refused_anyway_is_not_asked(judged, changes, cause) -> None:
    """No server is troubled with it."""
    bench, servers = judged()
    create(bench, **changes)
    assert bench.sent(CreatePdpContextResponse).cause is cause
    assert servers.questions() == []


def test_a_network_requested_activation_is_judged_too(judged) -> None:
    """It goes on once the server has accepted, and fails if it rejects."""
    for code, step in ((ACCEPT, "active"), (REJECT, "create-pdp-context")):
        bench, servers = judged(bindings=(StaticBinding(IMSI, "wap.example", "10.45.0.4"),))
        bench.activate()
        bench.route()
        bench.notified()
        create(bench)
        servers.judge(servers.questions()[0], code)
        bench.sent(CreatePdpContextResponse)
        assert bench.outcome().step == step


def test_a_user_without_radius_has_its_name_in_accounting(make_bench) -> None:
    """From its options; else the name that the APN gives to all (TS 29.061 §16.4.3)."""
    bench = make_bench(
        apns=(Apn("wap.example", POOLS, user_name="wap"),), static_bindings=(), radius=(SERVER,)
    )
    servers = Servers(bench)
    servers.accounting()
    for pco, name in ((PAP, "alice"), (None, "wap")):
        create(bench, pco=pco)
        start = servers.accounting()[-1]
        assert start["User-Name"] == [name]
        assert start["Acct-Authentic"] == ["Local"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: RadiusAuthentication(()),
        lambda: RadiusAuthentication((JUDGE,), password="x" * 129),
        lambda: Apn("a", authentication=BY_PCO, credentials=(Credential("a", "b"),)),
        lambda: GgsnConfig(
            "192.0.2.1",
            "192.0.2.1",
            (
                Apn("a", authentication=BY_PCO),
                Apn("b", authentication=RadiusAuthentication((RadiusServer(JUDGE.address, b"?"),))),
            ),
        ),
        lambda: GgsnConfig("192.0.2.1", "192.0.2.1", (), charging_gateway="nowhere"),
    ],
)
def test_a_contradiction_is_refused(make) -> None:
    """No server, a password that cannot be told, two policies, two secrets, no address."""
    with pytest.raises(ValueError):
        make()
