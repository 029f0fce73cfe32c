"""Every scenario of ``corenet demo``, captured and read by Wireshark's dissectors."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from testbed.lab.build import load
from testbed.scenarios.demo import SHOWN_FIRST
from testbed.scenarios.loading import load_scenario
from tests.interop.dissection import Dissection, Packet
from tests.interop.peers import CORENET, Namespace, make_place

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

LAB = load("demo").model
GGSN, SGSN, HLR = LAB.ggsn.address, LAB.sgsn.address, LAB.hlr.address
GATEWAY, INITIATOR = LAB.gateway.address, LAB.initiator.address
APN = LAB.gateway.apn
LAB_GGSN_OF_ROAMING = load("roaming").model.ggsn.address
AREA = LAB.sgsn.routing_areas[0]
ACCEPTED = 128
WTP_ACK, WTP_ABORT = 3, 4
EMPTY_FRAME = str(8 + 16 + 6)
"""UDP length of an LLC frame with nothing in it, as the answer to a page, in GSMTAP."""
LONGEST = 180.0
"""Seconds after which a scenario that has not ended never will."""
AT_ONCE = 4
"""More would only wait for each other on a small machine."""

SHORT = "You have 4 new messages"
SHORT_MESSAGES = {"sms-fallback": 3, "sms-partial-loss": 4}
"""How many are sent to the terminal, repeats included."""
NETWORK_REQUEST = [32, 33, 27, 28]
LADDERS = {
    "offline": [*NETWORK_REQUEST, 16, 17, 255],
    "gi-trigger": [*NETWORK_REQUEST, 16, 17, 255],
    "confirmed": [*NETWORK_REQUEST, 16, 17, *[255] * 7],
    "client-refuses": [*NETWORK_REQUEST, 16, 17, *[255] * 7],
    "online": [255],
    "standby-paging": [*NETWORK_REQUEST, 16, 17, 255],
    "paging-unanswered": [*NETWORK_REQUEST, 29, 30],
    "moving": [16, 17, 50, 51, 52, 18, 19, 255],
    "ms-rejects": [*NETWORK_REQUEST, 29, 30],
    "ms-silent": [*NETWORK_REQUEST, 29, 30],
    "not-attached": [32, 33],
    "unknown-subscriber": [32, 33],
    "sms-fallback": [*NETWORK_REQUEST, 29, 30],
    "sms-partial-loss": [*NETWORK_REQUEST, 29, 30],
}
"""GTP messages of the scenario's terminal, its first attempt only."""


@dataclass(frozen=True)
class Performed:
    """A scenario that was performed, and its capture."""

    name: str
    status: int
    printed: str
    capture: Path

    @cached_property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed."""
        document: dict[str, Any] = json.loads(self.printed)
        return document

    @cached_property
    def capture_read(self) -> Dissection:
        """The capture as tshark reads it."""
        return Dissection(self.capture)

    @property
    def static_address(self) -> str:
        """The address that the lab gives the scenario's terminal."""
        (one,) = (part for part in LAB.subscribers if part.msisdn == self.document["msisdn"])
        address = one.apns[0].address
        assert address is not None
        return address


def perform(name: str, capture: Path) -> Performed:
    """Run ``corenet demo`` in a place of its own."""
    place = make_place()
    try:
        done = subprocess.run(
            place.command(
                *(str(CORENET), "demo", "--scenario", name, "--pcap", str(capture), "--json")
            ),
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    finally:
        place.close()
    capture.with_suffix(".json").write_text(done.stdout, encoding="utf-8")
    capture.with_suffix(".log").write_text(done.stderr, encoding="utf-8")
    return Performed(name, done.returncode, done.stdout, capture)


@pytest.fixture(scope="module")
def performances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Performed]:
    """Perform every scenario: some side by side where each may have its own network."""
    folder = tmp_path_factory.mktemp("scenarios")
    place = make_place()
    at_once = AT_ONCE if isinstance(place, Namespace) else 1
    place.close()
    with ThreadPoolExecutor(at_once) as pool:
        done = pool.map(lambda name: perform(name, folder / f"{name}.pcapng"), SHOWN_FIRST)
        return {performed.name: performed for performed in done}


@pytest.fixture(params=SHOWN_FIRST)
def performed(request: pytest.FixtureRequest, performances: dict[str, Performed]) -> Performed:
    """Return one scenario after the other."""
    return performances[request.param]


def test_scenario_ends_as_it_should(performed: Performed) -> None:
    """The command's status and its document say so."""
    assert performed.status == 0, performed.printed
    assert performed.document["scenario"] == performed.name
    assert performed.document["as_expected"] is True
    assert performed.document["capture"] == str(performed.capture)


def test_nothing_is_malformed_and_no_expert_complains(performed: Performed) -> None:
    """No packet of any scenario draws a warning or an error, and RADIUS is answered in truth."""
    assert performed.capture_read.complaints() == []
    codes = [packet["radius.code"] for packet in packets_on(performed.capture_read, "RADIUS")]
    assert codes.count("4") == codes.count("5") > 0


def test_every_packet_is_dissected_to_its_last_layer(performed: Performed) -> None:
    """What is on an interface is read as what it is there for."""
    layers = {
        "Gn": {"gtp"},
        "Gc": {"gtp"},
        "Gr": {"tcp"},
        "Gi": {"udp"},
        "radio": {"gsmtap"},
        "RADIUS": {"radius"},
        "SMPP": {"tcp"},
    }
    for packet in performed.capture_read.packets:
        assert layers[packet["frame.interface_name"]] <= set(packet.layers)
        if packet["frame.interface_name"] == "Gi":
            assert {"wsp", "wtp"} & set(packet.layers)
        if packet["frame.interface_name"] == "radio" and packet["udp.length"] != EMPTY_FRAME:
            assert {"gsm_a.dtap", "sndcp", "wsp", "gsm_a.ccch"} & set(packet.layers)
        assert "data" not in packet.layers


def test_gtp_messages_come_in_order(performed: Performed) -> None:
    """The terminal's first attempt is the ladder of TS 23.060 §9.2.2.2, as far as it goes."""
    messages = performed.capture_read.gtp()
    if load_scenario(performed.name).lab.model.name == "demo":
        # One mobile has activated a context by itself before; at the end all are deleted.
        assert messages[:2] == [16, 17]
        messages = messages[2:]
    ladder = list(takewhile(lambda message: message != 20, messages))
    expected = LADDERS[performed.name]
    assert ladder[: len(expected)] == expected
    if performed.name not in ("ms-rejects", "ms-silent", "paging-unanswered"):
        assert ladder == expected


@pytest.mark.parametrize("name", [name for name in LADDERS if name not in ("online", "moving")])
def test_routeing_information_is_asked_for_the_subscriber(
    name: str, performances: dict[str, Performed]
) -> None:
    """Message 32 names the IMSI; 33 has its sequence number, and the SGSN or why there is none."""
    performed = performances[name]
    request = first(performed, {"gtp.message": 32})
    answer = first(performed, {"gtp.message": 33})
    imsi = performed.document["imsi"]
    assert ends(request) == (GGSN, HLR)
    assert ends(answer) == (HLR, GGSN)
    assert request["e212.imsi"] == answer["e212.imsi"] == imsi
    assert request.number("gtp.teid") == answer.number("gtp.teid") == 0
    assert request["gtp.seq_number"] == answer["gtp.seq_number"]
    said = (answer.number("gtp.cause"), answer.number("gtp.map_cause"), answer.all("gtp.gsn_ipv4"))
    # MAP: 1 unknown subscriber, 27 absent subscriber. GTP: 194 IMSI not known.
    assert said == {
        "not-attached": (ACCEPTED, 27, []),
        "unknown-subscriber": (194, 1, []),
    }.get(name, (ACCEPTED, None, [SGSN]))


@pytest.mark.parametrize(
    "name", ["offline", "confirmed", "client-refuses", "gi-trigger", "ms-rejects", "ms-silent"]
)
def test_notification_has_the_terminals_values(
    name: str, performances: dict[str, Performed]
) -> None:
    """Message 27 offers IMSI, static address and APN; 28 goes to the TEID that 27 named."""
    performed = performances[name]
    request = first(performed, {"gtp.message": 27})
    answer = first(performed, {"gtp.message": 28})
    assert (ends(request), ends(answer)) == ((GGSN, SGSN), (SGSN, GGSN))
    assert request["e212.imsi"] == performed.document["imsi"]
    assert request["gtp.user_ipv4"] == performed.static_address
    assert request["gtp.apn"] == APN
    assert request.all("gtp.gsn_ipv4") == [GGSN]
    assert request.number("gtp.teid") == 0
    assert answer.number("gtp.cause") == ACCEPTED
    assert answer.number("gtp.teid") == request.number("gtp.teid_cp") != 0
    assert answer["gtp.seq_number"] == request["gtp.seq_number"]


@pytest.mark.parametrize(
    "name", ["offline", "gi-trigger", "ms-rejects", "ms-silent", "standby-paging"]
)
def test_mobile_is_asked_to_activate(name: str, performances: dict[str, Performed]) -> None:
    """REQUEST PDP CONTEXT ACTIVATION goes down with what the notification offered."""
    performed = performances[name]
    asked = first(performed, {"gsm_a.dtap.msg_sm_type": 0x44})
    assert asked["gsmtap.uplink"] == "0"
    assert asked["gsm_a.dtap.ti_flag"] == "0"
    assert asked["gsm_a.gm.sm.ip4_address"] == performed.static_address
    assert asked["gsm_a.gm.sm.apn"] == APN
    assert f"mobile {performed.document['imsi']}" in asked.all("frame.comment")


@pytest.mark.parametrize(("name", "times"), [("standby-paging", 1), ("paging-unanswered", 3)])
def test_mobile_is_paged(name: str, times: int, performances: dict[str, Performed]) -> None:
    """PAGING REQUEST TYPE 1 for GPRS has the P-TMSI that the mobile was given; 28 came before."""
    performed = performances[name]
    packets = performed.capture_read.packets
    accepted = packets.index(first(performed, {"gtp.message": 28}))
    mine = f"mobile {performed.document['imsi']}"
    attach = first(performed, {"gsm_a.dtap.msg_gmm_type": 2, "frame.comment": mine})
    pages = [one for one in packets if "gsm_a.ccch" in one.layers][:times]
    assert len(pages) == times
    for page in pages:
        assert packets.index(page) > accepted
        assert mine in page.all("frame.comment")
        assert page.number("gsm_a.dtap.msg_rr_type") == 0x21
        assert page["3gpp.tmsi"] == attach["3gpp.tmsi"]
    after = packets[packets.index(pages[-1]) + 1]
    assert (after.number("gtp.message") == 29) == (name == "paging-unanswered")
    assert (after.all("udp.length")[:1] == [EMPTY_FRAME]) == (name == "standby-paging")


def test_contexts_move_between_sgsns(performances: dict[str, Performed]) -> None:
    """Messages 50 to 52 share a number; 18 has the tunnel that 52 has; the push goes into it."""
    performed = performances["moving"]
    asked, told, done = (first(performed, {"gtp.message": number}) for number in (50, 51, 52))
    assert asked["gtp.seq_number"] == told["gtp.seq_number"] == done["gtp.seq_number"]
    assert ends(asked) == ends(done) == ends(told)[::-1]
    assert told["e212.imsi"] == performed.document["imsi"]
    assert told.number("gtp.cause") == done.number("gtp.cause") == ACCEPTED
    assert done.number("gtp.teid") == told.number("gtp.teid_cp")
    update = first(performed, {"gtp.message": 18})
    assert ends(update) == (ends(asked)[0], LAB_GGSN_OF_ROAMING)
    assert done.number("gtp.teid_ii") == update.number("gtp.teid_data")
    push = first(performed, {"gtp.message": 255})
    assert push.number("gtp.teid") == update.number("gtp.teid_data")


@pytest.mark.parametrize(
    "name", ["offline", "confirmed", "client-refuses", "gi-trigger", "standby-paging"]
)
def test_mobile_activates(name: str, performances: dict[str, Performed]) -> None:
    """ACTIVATE PDP CONTEXT REQUEST is on the network's transaction; ACCEPT has the address."""
    performed = performances[name]
    address = {"gsm_a.gm.sm.ip4_address": performed.static_address}
    request = performed.capture_read.one({"gsm_a.dtap.msg_sm_type": 0x41} | address)
    accept = performed.capture_read.one({"gsm_a.dtap.msg_sm_type": 0x42} | address)
    assert (request["gsmtap.uplink"], accept["gsmtap.uplink"]) == ("1", "0")
    assert (request["gsm_a.dtap.ti_flag"], accept["gsm_a.dtap.ti_flag"]) == ("1", "0")
    assert request["gsm_a.dtap.tio"] == accept["gsm_a.dtap.tio"]
    assert request["gsm_a.gm.sm.apn"] == APN
    assert request.number("gsm_a.gm.gmm.nsapi") == 5


@pytest.mark.parametrize(
    "name", ["offline", "confirmed", "client-refuses", "gi-trigger", "standby-paging"]
)
def test_context_is_created(name: str, performances: dict[str, Performed]) -> None:
    """Messages 16 and 17 have the terminal's values, and tunnels that belong together."""
    performed = performances[name]
    request, answer = created(performed)
    assert (ends(request), ends(answer)) == ((SGSN, GGSN), (GGSN, SGSN))
    assert request["e212.imsi"] == performed.document["imsi"]
    assert request["e164.msisdn"] == performed.document["msisdn"]
    assert request["gtp.apn"] == APN
    assert request["gtp.user_ipv4"] == answer["gtp.user_ipv4"] == performed.static_address
    assert request.number("gtp.nsapi") == 5
    assert (request["e212.rai.mcc"], request["e212.rai.mnc"]) == (AREA.mcc, AREA.mnc)
    assert (request.number("gtp.lac"), request.number("gtp.rai_rac")) == (AREA.lac, AREA.rac)
    assert request.number("gtp.teid") == 0
    assert answer.number("gtp.teid") == request.number("gtp.teid_cp") != 0
    assert answer.number("gtp.cause") == ACCEPTED
    assert request.all("gtp.gsn_ipv4") == [SGSN, SGSN]
    assert answer.all("gtp.gsn_ipv4") == [GGSN, GGSN]


@pytest.mark.parametrize("name", ["offline", "online", "gi-trigger"])
def test_push_is_the_same_on_gi_in_the_tunnel_and_on_the_air(
    name: str, performances: dict[str, Performed]
) -> None:
    """The SI passes as WSP push from gateway to mobile, inside G-PDU and inside SNDCP."""
    performed = performances[name]
    address = performed.document["pdp_address"]
    sender = INITIATOR if name == "gi-trigger" else GATEWAY
    pushes = performed.capture_read.having({"wsp.pdu_type": 6})
    assert [push["frame.interface_name"] for push in pushes] == ["Gi", "Gn", "radio"]
    for push in pushes:
        assert (push.all("ip.src")[-1], push.all("ip.dst")[-1]) == (sender, address)
        assert push.all("udp.dstport")[-1] == "2948"
        assert push["wsp.header.content_type"] == "application/vnd.wap.sic"
        assert push.all("wbxml.known_tag") == ["si", "indication"]
        assert push.all("wbxml.known_attrstart") == ["href='http://www.'", "si-id="]
        assert push.all("wbxml.str_i") == ["example", "mail/123", "mail1@example.com", SHORT]
        if sender == GATEWAY:
            assert push.all("udp.srcport")[-1] == str(LAB.gateway.wdp_port)
            assert push["wsp.header.x_wap_application_id"] == "x-wap-application:wml.ua"
    tunnelled, on_air = pushes[1:]
    request, _ = created(performed)
    assert (tunnelled.number("gtp.message"), ends(tunnelled)) == (255, (GGSN, SGSN))
    assert tunnelled["gtp.teid"] == request["gtp.teid_data"]
    assert on_air.number("sndcp.nsapib") == 5


@pytest.mark.parametrize(("name", "last"), [("confirmed", WTP_ACK), ("client-refuses", WTP_ABORT)])
def test_confirmed_push_is_asked_for_and_answered(
    name: str, last: int, performances: dict[str, Performed]
) -> None:
    """SIA, Connect, ConnectReply, Ack, ConfirmedPush, Ack or Abort, Disconnect: all is heard."""
    performed = performances[name]
    address = performed.document["pdp_address"]
    on_gi = [one for one in packets_on(performed.capture_read, "Gi") if "wtp" in one.layers]
    connect, reply, ack, push, answer, disconnect = on_gi
    assert (connect.number("wsp.pdu_type"), reply.number("wsp.pdu_type")) == (1, 2)
    assert ack.number("wtp.pdu_type") == 3
    assert (push.number("wtp.pdu_type"), push.number("wtp.inv.transaction_class")) == (1, 1)
    assert push.number("wsp.pdu_type") == 7
    assert push["wsp.header.content_type"] == "application/vnd.wap.sic"
    assert push.all("wbxml.str_i") == ["example", "mail/123", "mail1@example.com", SHORT]
    assert answer.number("wtp.pdu_type") == last
    # The demo ends with a gateway that stops.
    assert (disconnect.number("wtp.inv.transaction_class"), disconnect.number("wsp.pdu_type")) == (
        0,
        5,
    )
    assert [packet["ip.src"] for packet in on_gi] == [address, GATEWAY] * 3
    if name == "client-refuses":
        assert answer.number("wtp.abort.reason.user") == 0xEB
    invitations = performed.capture_read.having(
        {"wsp.header.content_type": "application/vnd.wap.sia"}
    )
    assert [one["frame.interface_name"] for one in invitations] == ["Gi", "Gn", "radio"]
    assert {one.all("udp.dstport")[-1] for one in invitations} == {"2948"}


@pytest.mark.parametrize(
    ("name", "sm_cause", "gtp_cause", "times"),
    [("ms-rejects", 31, 4, 1), ("ms-silent", None, 5, 5)],
)
def test_reject_says_why(
    name: str,
    sm_cause: int | None,
    gtp_cause: int,
    times: int,
    performances: dict[str, Performed],
) -> None:
    """Message 29 has the address, the APN and the cause of what the mobile did; 30 accepts it."""
    performed = performances[name]
    packets = performed.capture_read.packets
    reject = first(performed, {"gtp.message": 29})
    answer = first(performed, {"gtp.message": 30})
    before = packets[: packets.index(reject)]
    types = [packet.number("gsm_a.dtap.msg_sm_type") for packet in before]
    assert types.count(0x44) == times
    refusals = [packet for packet in before if packet.number("gsm_a.dtap.msg_sm_type") == 0x45]
    assert [packet.number("gsm_a.gm.sm.cause") for packet in refusals] == (
        [] if sm_cause is None else [sm_cause]
    )
    assert reject.number("gtp.cause") == gtp_cause
    assert reject["gtp.user_ipv4"] == performed.static_address
    assert reject["gtp.apn"] == APN
    assert reject["gtp.teid"] == first(performed, {"gtp.message": 27})["gtp.teid_cp"]
    assert answer.number("gtp.cause") == ACCEPTED
    assert answer["gtp.teid"] == reject["gtp.teid_cp"]
    assert answer["gtp.seq_number"] == reject["gtp.seq_number"]


@pytest.mark.parametrize("name", ["offline", "online", "gi-trigger"])
def test_accounting_tells_of_the_context(name: str, performances: dict[str, Performed]) -> None:
    """Start and Stop have the terminal's values, and what passed in between."""
    performed = performances[name]
    mine = {"radius.Calling_Station_Id": performed.document["msisdn"]}
    start = performed.capture_read.one({"radius.Acct_Status_Type": 1} | mine)
    stop = performed.capture_read.one({"radius.Acct_Status_Type": 2} | mine)
    request, answer = created(performed)
    for record in (start, stop):
        assert record["radius.Framed-IP-Address"] == performed.document["pdp_address"]
        assert record["radius.Called_Station_Id"] == APN
        assert record["e212.imsi"] == performed.document["imsi"]
        assert record.number("radius.3GPP_Charging_ID") == answer.number("gtp.chrg_id")
        assert record["radius.3GPP_SGSN_Address"] == SGSN
        assert record["radius.3GPP_GGSN_Address"] == GGSN
        assert record["radius.3GPP_NSAPI"] == request["gtp.nsapi"]
    assert start["radius.Acct_Session_Id"] == stop["radius.Acct_Session_Id"]
    tunnelled = performed.capture_read.one({"gtp.message": 255})
    assert stop.number("radius.Acct_Output_Packets") == 1
    assert stop.number("radius.Acct_Output_Octets") == tunnelled.number("gtp.length")
    assert stop["radius.3GPP_Session_Stop_Indicator"] == "ff"


def test_registration_has_the_subscription(performances: dict[str, Performed]) -> None:
    """GSUP names the subscriber upwards, and MSISDN and APN downwards."""
    performed = performances["offline"]
    mine = {"e212.imsi": performed.document["imsi"]}
    update = performed.capture_read.one({"gsup.msg_type": 0x04} | mine)
    data = performed.capture_read.one({"gsup.msg_type": 0x10} | mine)
    performed.capture_read.one({"gsup.msg_type": 0x12} | mine)
    performed.capture_read.one({"gsup.msg_type": 0x06} | mine)
    assert (ends(update), ends(data)) == ((SGSN, HLR), (HLR, SGSN))
    assert update.number("gsup.cn_domain") == 1
    assert data["e164.msisdn"] == performed.document["msisdn"]
    assert data["gsup.apn"] == APN


def test_capture_can_be_read_from_standard_output() -> None:
    """``--pcap -`` gives tshark the same capture through a pipe, with nothing in between."""
    place = make_place()
    try:
        done = subprocess.run(
            place.command(str(CORENET), "demo", "--pcap", "-"), capture_output=True, timeout=LONGEST
        )
    finally:
        place.close()
    assert done.returncode == 0, done.stderr.decode()
    read = Dissection(done.stdout)
    assert read.complaints() == []
    assert [message for message in read.gtp()[2:] if message != 20][:7] == LADDERS["offline"]
    assert SHORT in done.stderr.decode()


def test_spoilt_capture_is_noticed(performances: dict[str, Performed]) -> None:
    """A checksum or an authenticator that is wrong does not get past these tests."""
    octets = performances["offline"].capture.read_bytes()
    changed = octets.replace(b"447700900101", b"447700900109")
    assert changed != octets
    complaints = "\n".join(Dissection(changed).complaints())
    assert "checksum" in complaints.lower()
    wrong = Dissection(octets, radius_secret="another").complaints()
    assert any("authenticator" in complaint.lower() for complaint in wrong)


def first(performed: Performed, wanted: dict[str, int | str]) -> Packet:
    """Return the first packet with these values."""
    return performed.capture_read.having(wanted)[0]


def ends(packet: Packet) -> tuple[str, str]:
    """Return the outermost source and destination."""
    return packet["ip.src"], packet["ip.dst"]


def created(performed: Performed) -> tuple[Packet, Packet]:
    """Return messages 16 and 17 of the scenario's terminal."""
    read = performed.capture_read
    request = read.one({"gtp.message": 16, "e212.imsi": performed.document["imsi"]})
    answer = read.one({"gtp.message": 17, "gtp.seq_number": request["gtp.seq_number"]})
    return request, answer


def packets_on(read: Dissection, interface: str) -> Iterator[Packet]:
    """Yield what passed on an interface."""
    return (packet for packet in read.packets if packet["frame.interface_name"] == interface)


@pytest.mark.parametrize("name", ["sms-fallback", "sms-partial-loss"])
def test_push_by_sms_is_one_transaction(name: str, performances: dict[str, Performed]) -> None:
    """data_sm has it whole; its segments go over GSUP and the air, and are joined to the push."""
    performed = performances[name]
    expected = load_scenario(name)
    read = performed.capture_read
    submitted = read.one({"smpp.command_id": 0x0000_0103})
    answered = read.one({"smpp.command_id": 0x8000_0103})
    assert answered.number("smpp.command_status") == 0
    assert submitted["smpp.destination_addr"] == expected.part.arrange.terminal
    forwarded = read.having({"gsup.msg_type": 0x28, "ip.dst": SGSN})
    assert len(forwarded) == SHORT_MESSAGES[name]
    assert [push["frame.interface_name"] for push in read.having({"wsp.pdu_type": 6})][
        -1
    ] == "radio"
    last = read.having({"wsp.pdu_type": 6})[-1]
    assert last.all("wbxml.str_i")[-1] == expected.part.act[0].push.text
