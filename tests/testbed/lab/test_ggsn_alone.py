"""The lab ``ggsn`` as it ships, against every case of Osmocom's suite for GGSNs (GGSN_Tests).

Each test plays the part of the SGSN that the suite plays, with the suite's own octets where they
are peculiar, and names the cases that it stands for by what follows ``TC_`` in their names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from itertools import count
from random import Random

import pytest

from corenet.ggsn.node import Ggsn
from corenet.gi.icmp import Echo, icmpv6_packet, parse_echo
from corenet.gi.router import router_solicitation
from corenet.interfaces.node import Interface
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    GPdu,
    Message,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
    decode,
)
from testbed.lab.build import load

GGSN, SGSN = "127.0.10.1", "127.0.11.1"
DNS, DNS_2 = "c0000235", "c0000236"
DNS_V6, DNS_V6_2 = (IPv6Address(text).packed.hex() for text in ("2001:db8::53", "2001:db8::54"))
QOS = bytes.fromhex("000b921f9496fefe4505fefe005b5b6e6e")
ORDERED_QOS = bytes.fromhex("000b921f8c96fefe4505fefe005b5b6e6e")
"""The same with delivery order."""
TYPES = {"internet": PdpType.IPV4, "inet6": PdpType.IPV6, "inet46": PdpType.IPV4V6}


@dataclass(frozen=True)
class Context:
    """A PDP context as the SGSN knows it."""

    imsi: str
    nsapi: int
    teid_control: int
    teid_data: int
    response: CreatePdpContextResponse

    @property
    def address(self) -> EndUserAddress:
        """What the mobile has got."""
        assert self.response.end_user_address is not None
        return self.response.end_user_address

    @property
    def link_local(self) -> bytes:
        """The one link-local address that the mobile may have."""
        assert self.address.ipv6 is not None
        return bytes.fromhex("fe80000000000000") + IPv6Address(self.address.ipv6).packed[8:]

    @property
    def global_address(self) -> str:
        """An address of the mobile's prefix, as the suite makes it."""
        assert self.address.ipv6 is not None
        prefix = IPv6Address(self.address.ipv6).packed[:8]
        return str(IPv6Address(prefix + bytes.fromhex("1234123412341234")))


class Suite:
    """An SGSN at the lab's GGSN."""

    def __init__(self) -> None:
        lab = load("ggsn")
        assert lab.core is not None
        config = lab.core.ggsns["ggsn"]
        self.ggsn = Ggsn(config, random=Random(1), recovery=7)
        self.now = 1_800_000_000.0
        self.ggsn.start(self.now)
        self.recovery = 200
        self.control: list[Message] = []
        self.user: list[tuple[bytes, tuple[str, int]]] = []
        self._numbers = count(1)

    def send(self, octets: bytes, interface: Interface = Interface.GTP_C) -> None:
        """Have octets arrive, from the SGSN's address and the usual port."""
        port = 2123 if interface is Interface.GTP_C else 2152
        self.ggsn.receive(interface, octets, peer=(SGSN, port), local=(GGSN, port), now=self.now)
        self.take()

    def take(self) -> None:
        for datagram in self.ggsn.take_datagrams():
            if datagram.interface is Interface.GTP_C:
                assert datagram.peer == (SGSN, 2123)
                self.control.append(decode(datagram.data))
            elif datagram.interface is Interface.GTP_U:
                self.user.append((datagram.data, datagram.peer))

    def wait(self, seconds: float) -> None:
        """Let time pass; Echo Requests are answered, as the suite does it."""
        end = self.now + seconds
        while (due := self.ggsn.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.ggsn.handle_timeout(self.now)
            self.take()
            for message in [m for m in self.control if isinstance(m, EchoRequest)]:
                self.control.remove(message)
                self.pong(message)
        self.now = end

    def pong(self, request: Message) -> None:
        answer = EchoResponse(recovery=self.recovery)
        answer.sequence = request.sequence
        self.send(answer.encode())

    def ask(self, request: Message) -> Message:
        """Send a request and return what comes back first."""
        request.sequence = next(self._numbers)
        self.send(request.encode())
        return self.control.pop(0)

    def activate(
        self,
        apn: str = "internet",
        pco: str | None = None,
        *,
        pdp_type: PdpType | None = None,
        nsapi: int = 5,
        qos: bytes = QOS,
    ) -> Context:
        """Create a context; whether it is accepted is the test's to look at."""
        number = next(self._numbers)
        request = CreatePdpContextRequest(
            imsi=f"26242{number:010d}", recovery=self.recovery, selection_mode=0,
            teid_data=0x10000 + number, teid_control=0x20000 + number, nsapi=nsapi,
            charging_characteristics=0, apn=apn, msisdn="1234", qos=qos, rat_type=2,
            end_user_address=EndUserAddress(None, None, pdp_type or TYPES[apn]),
            pco=bytes.fromhex(pco) if pco is not None else None,
            sgsn_address_control=SGSN, sgsn_address_user=SGSN, imei="1234567890123456",
        )  # fmt: skip
        response = self.ask(request)
        assert isinstance(response, CreatePdpContextResponse)
        assert response.teid == request.teid_control
        imsi, control, data = request.imsi, request.teid_control, request.teid_data
        assert imsi is not None
        assert control is not None
        return Context(imsi, nsapi, control, data, response)

    def delete_request(self, context: Context) -> DeletePdpContextRequest:
        teid = context.response.teid_control
        assert teid is not None
        return DeletePdpContextRequest(teid=teid, nsapi=context.nsapi, teardown=True)

    def delete(self, context: Context) -> None:
        """Delete a context that is there."""
        response = self.ask(self.delete_request(context))
        assert isinstance(response, DeletePdpContextResponse)
        assert (response.cause, response.teid) == (Cause.REQUEST_ACCEPTED, context.teid_control)

    def up(self, context: Context, packet: bytes, number: int | None = None) -> None:
        """Have a packet come from a mobile."""
        teid = context.response.teid_data
        assert teid is not None
        g_pdu = GPdu(teid=teid, payload=packet, sequenced=number is not None, sequence=number or 0)
        self.send(g_pdu.encode(), Interface.GTP_U)

    def down(self, context: Context) -> GPdu:
        """Return the one packet that has gone to the mobile, through its own tunnel."""
        ((data, peer),) = self.user
        self.user.clear()
        message = decode(data)
        assert isinstance(message, GPdu)
        assert (message.teid, peer) == (context.teid_data, (SGSN, 2152))
        return message


@pytest.fixture
def suite() -> Suite:
    """An SGSN at a GGSN that has just been started."""
    return Suite()


def entries(context: Context) -> list[tuple[str, str]]:
    """Return identifiers and contents of the options in an answer."""
    pco = context.response.pco
    assert pco is not None
    assert pco[0] == 0x80
    found, at = [], 1
    while at < len(pco):
        end = at + 3 + pco[at + 2]
        found.append((pco[at : at + 2].hex(), pco[at + 3 : end].hex()))
        at = end
    return found


@pytest.mark.parametrize("apn", ["internet", "inet6", "inet46"])
@pytest.mark.parametrize("nsapi", range(16))
def test_a_context_is_created_and_deleted(suite: Suite, apn: str, nsapi: int) -> None:
    """pdp4_act_deact, pdp6_act_deact, pdp46_act_deact; the suite takes any NSAPI of 0 to 15."""
    context = suite.activate(apn, nsapi=nsapi)
    assert context.response.cause is Cause.REQUEST_ACCEPTED
    assert context.address.pdp_type is TYPES[apn]
    assert (context.address.ipv4 is not None) == (apn != "inet6")
    assert (context.address.ipv6 is not None) == (apn != "internet")
    suite.delete(context)
    assert suite.ggsn.contexts() == []


NO_PAP = "c02300"
BROKEN_PAP = (
    "c0233c 0100003c 04 44435338 323700bc1c08087c1508083e00790000150808fd06000001" + 27 * "00"
)
"""What a phone has sent: the name's length is wrong, and so the password's."""
OPTIONS = {
    "pdp4_act_deact_ipcp": (
        "internet",
        NO_PAP + "802110 017b0010 810600000000 830600000000",
        [("8021", f"027b0010 8106{DNS} 8306{DNS_2}")],
    ),
    "pdp46_act_deact_ipcp": (
        "inet46",
        NO_PAP + "802110 01000010 810600000000 830600000000",
        [("8021", f"02000010 8106{DNS} 8306{DNS_2}")],
    ),
    "pdp4_act_deact_ipcp_pap_broken": (
        "internet",
        BROKEN_PAP + "802110 01000010 810600000000 830600000000",
        [("c023", "0200000500"), ("8021", f"02000010 8106{DNS} 8306{DNS_2}")],
    ),
    "pdp4_act_deact_with_single_dns, the primary": (
        "internet",
        NO_PAP + "80210a 0100000a 810600000000",
        [("8021", f"0200000a 8106{DNS}")],
    ),
    "pdp4_act_deact_with_single_dns, the secondary": (
        "internet",
        NO_PAP + "80210a 0100000a 830600000000",
        [("8021", f"0200000a 8306{DNS_2}")],
    ),
    "pdp4_act_deact_with_separate_dns": (
        "internet",
        NO_PAP + "80210a 0100000a 810600000000 80210a 0100000a 830600000000",
        [("8021", f"0200000a 8106{DNS}"), ("8021", f"0200000a 8306{DNS_2}")],
    ),
    "pdp4_act_deact_pcodns": ("internet", "000d00", [("000d", DNS), ("000d", DNS_2)]),
    "pdp46_act_deact_pcodns4": ("inet46", "000d00", [("000d", DNS), ("000d", DNS_2)]),
    "pdp6_act_deact_pcodns": ("inet6", "000300", [("0003", DNS_V6), ("0003", DNS_V6_2)]),
    "pdp46_act_deact_pcodns6": ("inet46", "000300", [("0003", DNS_V6), ("0003", DNS_V6_2)]),
}


@pytest.mark.parametrize(("apn", "asked", "answered"), OPTIONS.values(), ids=OPTIONS)
@pytest.mark.clause("29.061 §11.2.1.2", "options as Osmocom's suite asks for them, case by case")
def test_options_are_answered(
    suite: Suite, apn: str, asked: str, answered: list[tuple[str, str]]
) -> None:
    """What the suite wants in the answer is there, in this order, and nothing else."""
    context = suite.activate(apn, "80" + asked)
    assert context.response.cause is Cause.REQUEST_ACCEPTED
    assert entries(context) == [(name, text.replace(" ", "")) for name, text in answered]


@pytest.mark.parametrize("apn", ["inet6", "inet46"])
def test_a_solicitation_is_answered_with_the_prefix_alone(suite: Suite, apn: str) -> None:
    """pdp6_act_deact_icmp6, pdp46_act_deact_icmp6: one option, M and O clear, L clear."""
    context = suite.activate(apn)
    suite.up(context, router_solicitation(context.link_local))
    packet = suite.down(context).payload
    message = packet[40:]
    assert (packet[24:40], packet[7]) == (context.link_local, 255)
    assert (message[0], message[5], len(message)) == (134, 0, 16 + 32)
    option = message[16:]
    assert (option[:4].hex(), option[16:24]) == (
        "03044040",
        IPv6Address(context.address.ipv6 or "").packed[:8],
    )


@pytest.mark.parametrize("apn", ["inet6", "inet46"])
def test_neighbours_are_not_told_anything(suite: Suite, apn: str) -> None:
    """The suite's Neighbor Solicitation for the mobile's own address has nobody to answer it."""
    context = suite.activate(apn)
    group = bytes.fromhex("ff0200000000000000000001ff") + context.link_local[13:]
    message = bytes((135, 0)) + bytes(6) + context.link_local
    suite.up(context, icmpv6_packet(context.link_local, group, message, hop_limit=255))
    assert suite.user == []


Pinged = tuple[str, Callable[[Context], tuple[str, str]]]


def v4(context: Context) -> tuple[str, str]:
    return context.address.ipv4 or "", "192.0.2.53"


def v6(context: Context) -> tuple[str, str]:
    return context.global_address, "2001:db8::53"


PINGS: dict[str, Pinged] = {
    "pdp4_act_deact_gtpu_access": ("internet", v4),
    "pdp46_act_deact_gtpu_access": ("inet46", v4),
    "pdp6_act_deact_gtpu_access": ("inet6", v6),
    "pdp46, by IPv6": ("inet46", v6),
}


@pytest.mark.parametrize(("apn", "ends"), PINGS.values(), ids=PINGS)
def test_name_servers_answer_pings(
    suite: Suite, apn: str, ends: Callable[[Context], tuple[str, str]]
) -> None:
    """The reply comes back through the mobile's tunnel, without a sequence number."""
    context = suite.activate(apn)
    source, destination = ends(context)
    suite.up(context, Echo(source, destination, 7, 1).packet())
    g_pdu = suite.down(context)
    assert not g_pdu.sequenced
    assert parse_echo(g_pdu.payload) == Echo(destination, source, 7, 1, reply=True)


def test_the_gateway_answers_pings_and_says_what_is_too_long(suite: Suite) -> None:
    """No case of the suite's, but what a host would expect of the first router on its way."""
    one, other = suite.activate(), suite.activate()
    assert one.address.ipv4 not in (None, "10.45.0.1")
    suite.up(one, Echo(one.address.ipv4 or "", "10.45.0.1", 7, 1).packet())
    assert parse_echo(suite.down(one).payload).source == "10.45.0.1"
    ends = one.address.ipv4 or "", other.address.ipv4 or ""
    suite.up(one, Echo(*ends, 7, 1, bytes(1472)).packet())
    error = suite.down(one).payload
    assert (error[12:16], error[20:22]) == (bytes((10, 45, 0, 1)), b"\x03\x04")
    assert int.from_bytes(error[26:28], "big") == 1400


def mangled(address: bytes, start: int = 0) -> bytes:
    """Return another address, as the suite makes it."""
    return address[:start] + bytes(octet ^ 0x11 for octet in address[start:])


def wrong_v4(context: Context) -> bytes:
    address, server = v4(context)
    head, last = address.rsplit(".", 1)
    return Echo(f"{head}.{int(last) ^ 0x11}", server, 7, 1).packet()


def wrong_global(context: Context) -> bytes:
    address, server = v6(context)
    wrong = str(IPv6Address(mangled(IPv6Address(address).packed)))
    return Echo(wrong, server, 7, 1).packet()


def wrong_link_local(context: Context) -> bytes:
    return router_solicitation(mangled(context.link_local, 8))


def other_family(context: Context) -> bytes:
    if context.address.ipv6 is None:
        return router_solicitation(IPv6Address("fe80::1:2:3:4").packed)
    return Echo("192.168.10.2", "8.8.8.8", 7, 1).packet()


DROPPED: dict[str, tuple[str, Callable[[Context], bytes]]] = {
    "pdp4_act_deact_gtpu_access_wrong_saddr": ("internet", wrong_v4),
    "pdp4_act_deact_gtpu_access_ipv6_apn4": ("internet", other_family),
    "pdp6_act_deact_gtpu_access_wrong_ll_saddr": ("inet6", wrong_link_local),
    "pdp6_act_deact_gtpu_access_wrong_global_saddr": ("inet6", wrong_global),
    "pdp6_act_deact_gtpu_access_ipv4_apn6": ("inet6", other_family),
    "pdp46_act_deact_gtpu_access_wrong_saddr_ipv4": ("inet46", wrong_v4),
    "pdp46_act_deact_gtpu_access_wrong_ll_saddr_ipv6": ("inet46", wrong_link_local),
    "pdp46_act_deact_gtpu_access_wrong_global_saddr_ipv6": ("inet46", wrong_global),
}


@pytest.mark.parametrize(("apn", "made"), DROPPED.values(), ids=DROPPED)
def test_what_is_not_the_mobiles_own_goes_nowhere(
    suite: Suite, apn: str, made: Callable[[Context], bytes]
) -> None:
    """Neither a reply nor an error: it is counted and dropped."""
    context = suite.activate(apn)
    suite.up(context, made(context))
    assert suite.user == []
    assert sum(suite.ggsn.counters.dropped.values()) == 1


@pytest.mark.parametrize("number", [None, 0, 40_000])
@pytest.mark.parametrize("ordered", [False, True])
def test_mobiles_reach_one_another_by_ipv4(suite: Suite, number: int | None, ordered: bool) -> None:
    """pdp4_clients_interact with and without sequence numbers, from whatever number on.

    The suite has osmo-ggsn number its G-PDUs by its terminal; ours does so by delivery order.
    """
    qos = ORDERED_QOS if ordered else QOS
    one, other = suite.activate(qos=qos), suite.activate(qos=qos)
    source, destination = one.address.ipv4 or "", other.address.ipv4 or ""
    suite.up(one, Echo(source, destination, 7, 1).packet(), number)
    suite.wait(0.2)
    g_pdu = suite.down(other)
    assert parse_echo(g_pdu.payload) == Echo(source, destination, 7, 1)
    assert g_pdu.sequenced == ordered


@pytest.mark.parametrize("apn", ["inet6", "inet46"])
@pytest.mark.parametrize("local", [True, False])
def test_mobiles_do_not_reach_one_another_by_ipv6(suite: Suite, apn: str, local: bool) -> None:
    """pdp6_clients_interact, pdp46_clients_interact: neither on the link nor beyond."""
    one, other = suite.activate(apn), suite.activate(apn)
    if local:
        ends = str(IPv6Address(one.link_local)), str(IPv6Address(other.link_local))
    else:
        ends = one.global_address, other.global_address
    suite.up(one, Echo(*ends, 7, 1).packet())
    assert suite.user == []


@pytest.mark.parametrize("moved", ["control", "user"])
def test_the_sgsn_changes_its_end(suite: Suite, moved: str) -> None:
    """pdp4_act_update_teic, pdp4_act_update_teid: answered and served at the new TEID."""
    context = suite.activate()
    control, data = context.teid_control, context.teid_data
    if moved == "control":
        control ^= 0x11
    else:
        data ^= 0x11
    assert context.response.teid_control is not None
    update = UpdatePdpContextRequest(
        teid=context.response.teid_control, imsi=context.imsi, recovery=suite.recovery,
        teid_data=data, teid_control=control, nsapi=context.nsapi, qos=QOS, rat_type=2,
        sgsn_address_control=SGSN, sgsn_address_user=SGSN,
    )  # fmt: skip
    response = suite.ask(update)
    assert isinstance(response, UpdatePdpContextResponse)
    assert (response.cause, response.teid) == (Cause.REQUEST_ACCEPTED, control)
    assert response.teid_data is not None
    assert response.teid_control is not None
    context = replace(context, teid_control=control, teid_data=data)
    suite.up(context, Echo(*v4(context), 7, 1).packet())
    suite.down(context)
    suite.delete(context)


def test_both_families_are_asked_of_an_apn_that_has_one(suite: Suite) -> None:
    """pdp46_act_deact_apn4: IPv4 with Cause 129; IPv6 alone is refused, with no address."""
    context = suite.activate(pdp_type=PdpType.IPV4V6)
    assert context.response.cause is Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE
    assert context.address.pdp_type is PdpType.IPV4
    refused = suite.activate(pdp_type=PdpType.IPV6).response
    assert refused.cause is Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE
    assert refused.end_user_address is None


def test_echo_is_answered_on_both_planes(suite: Suite) -> None:
    """echo_req_resp, echo_req_resp_gtpu: each with the number that it was asked with."""
    answer = suite.ask(EchoRequest())
    assert isinstance(answer, EchoResponse)
    assert answer.recovery == 7
    request = EchoRequest()
    request.sequence = 5
    suite.send(request.encode(), Interface.GTP_U)
    ((data, peer),) = suite.user
    answer = decode(data)
    assert isinstance(answer, EchoResponse)
    assert (answer.sequence, peer) == (5, (SGSN, 2152))


def test_a_new_counter_in_a_create_ends_the_older_contexts(suite: Suite) -> None:
    """pdp_act2_recovery: one Delete with Teardown Ind for the first, none for the second.

    It is sent three times, five seconds apart, and given up before the suite's next case.
    """
    first = suite.activate()
    suite.recovery += 1
    second = CreatePdpContextRequest(
        sequence=9999, imsi="262420000009999", recovery=suite.recovery, selection_mode=0,
        teid_data=0x91, teid_control=0x90, nsapi=5, apn="internet", msisdn="1234", qos=QOS,
        end_user_address=EndUserAddress(None, None, PdpType.IPV4), charging_characteristics=0,
        sgsn_address_control=SGSN, sgsn_address_user=SGSN,
    )  # fmt: skip
    suite.send(second.encode())
    suite.wait(15)
    created = [m for m in suite.control if isinstance(m, CreatePdpContextResponse)]
    assert [(m.teid, m.cause) for m in created] == [(0x90, Cause.REQUEST_ACCEPTED)]
    deletes = [m for m in suite.control if isinstance(m, DeletePdpContextRequest)]
    assert {(m.teid, m.teardown, m.cause) for m in deletes} == {(first.teid_control, True, None)}
    assert len(deletes) == 3
    suite.control.clear()
    suite.wait(60)
    assert suite.control == []
    assert [context.imsi for context in suite.ggsn.contexts()] == ["262420000009999"]


def test_a_new_counter_in_an_echo_response_ends_the_contexts(suite: Suite) -> None:
    """pdp_act_restart_ctr_echo: asked five and ten seconds later, then deleted with Teardown."""
    context = suite.activate()
    suite.wait(9.9)
    assert suite.control == []
    suite.recovery += 1
    suite.wait(0.1)
    (delete,) = suite.control
    assert isinstance(delete, DeletePdpContextRequest)
    assert (delete.teid, delete.teardown, delete.cause) == (context.teid_control, True, None)


def test_a_delete_that_comes_again_gets_the_same_answer(suite: Suite) -> None:
    """act_deact_retrans_duplicate: also five seconds later; a new one finds nothing, at TEID 0."""
    context = suite.activate()
    request = suite.delete_request(context)
    request.sequence = 4711
    suite.send(request.encode())
    suite.wait(5)
    suite.send(request.encode())
    first, again = suite.control
    suite.control.clear()
    assert isinstance(first, DeletePdpContextResponse)
    assert (first, first.cause) == (again, Cause.REQUEST_ACCEPTED)
    answer = suite.ask(suite.delete_request(context))
    assert isinstance(answer, DeletePdpContextResponse)
    assert (answer.cause, answer.teid) == (Cause.NON_EXISTENT, 0)


def test_a_thousand_contexts_are_used_at_one_time(suite: Suite) -> None:
    """lots_of_concurrent_pdp_ctx: each is created, answered a ping, and deleted."""
    contexts = [suite.activate(pco="80000d00") for _ in range(1000)]
    for context in contexts:
        suite.up(context, Echo(*v4(context), 7, 1).packet())
        suite.down(context)
    for context in contexts:
        suite.delete(context)
    assert suite.ggsn.under_way["PDP contexts"] == 0


def test_the_pool_is_used_up_and_freed(suite: Suite) -> None:
    """addr_pool_exhaustion: 4,093 contexts, then Cause 211; what is deleted can be had again."""
    contexts = []
    while (context := suite.activate(nsapi=1)).response.cause is Cause.REQUEST_ACCEPTED:
        contexts.append(context)
    assert context.response.cause is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
    assert len(contexts) == 2**12 - 3  # network, broadcast, gateway
    suite.delete(contexts[7])
    suite.delete(contexts[3])
    assert [suite.activate().address for _ in range(2)] == [
        contexts[7].address,
        contexts[3].address,
    ]


def test_a_ping_from_the_link_is_not_carried_beyond_it(suite: Suite) -> None:
    """pdp6_act_deact_gtpu_access_ll_saddr lets a GGSN choose; ours never forwards link-local."""
    context = suite.activate("inet6")
    source = str(IPv6Address(context.link_local))
    suite.up(context, Echo(source, "2001:db8::53", 7, 1).packet())
    assert suite.user == []
