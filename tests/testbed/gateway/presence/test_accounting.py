"""The server side of RADIUS accounting: what is answered, what is dropped, what is read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, Packet

from corenet.radius.accounting import AccountingStatus
from corenet.radius.clients import RadiusClient
from testbed.gateway.presence.accounting import AccountingServer, Answered, Dropped
from testbed.gateway.presence.sessions import AccountingRecord
from testbed.gateway.testing import SECRET, accounting

PEER = ("192.0.2.1", 40000)
VECTORS = Path(__file__).parents[3] / "vectors/kannel"

# A Stop with 3GPP attributes as a GGSN sends it, attribute by attribute.
STOP = bytes.fromhex(
    "2806 00000002"  # Acct-Status-Type Stop
    "0406 c0000201"  # NAS-IP-Address 192.0.2.1
    "0806 0a2d0007"  # Framed-IP-Address 10.45.0.7
    "1f0e 343437373030393030313233"  # Calling-Station-Id 447700900123
    "1e0d 7761702e6578616d706c65"  # Called-Station-Id wap.example
    "2c12 43303030303230313030303030303031"  # Acct-Session-Id C000020100000001
    "2a06 00000064"  # Acct-Input-Octets 100
    "1a17 000028af 0111 323334313530393939393939393939"  # 3GPP-IMSI 234150999999999
    "1a0c 000028af 0206 00000001"  # 3GPP-Charging-Id 1
    "1a09 000028af 0a03 35"  # 3GPP-NSAPI 5
    "1a09 000028af 0b03 ff"  # 3GPP-Session-Stop-Indicator
)


def signed(attributes: bytes, *, code: int = 4, identifier: int = 2) -> bytes:
    """Put a header before attributes, with the request authenticator of RFC 2866 §3."""
    head = bytes([code, identifier]) + (20 + len(attributes)).to_bytes(2, "big")
    return head + hashlib.md5(head + bytes(16) + attributes + SECRET).digest() + attributes


def server() -> AccountingServer:
    return AccountingServer((RadiusClient("192.0.2.0/24", SECRET),))


def test_a_stop_is_read():
    """Every attribute that the session table needs is found."""
    result = server().receive(signed(STOP), PEER, 0.0)
    assert isinstance(result, Answered)
    assert result.record == AccountingRecord(
        AccountingStatus.STOP,
        nas="192.0.2.1",
        session="C000020100000001",
        address="10.45.0.7",
        msisdn="447700900123",
        at=0.0,
        imsi="234150999999999",
        apn="wap.example",
        nsapi="5",
        last=True,
    )


def test_the_answer_is_an_accounting_response():
    """It has the request's identifier, no attributes, and the response authenticator."""
    request = signed(STOP)
    answer = server().receive(request, PEER, 0.0).answer
    head = bytes([5, 2, 0, 20])
    assert answer == head + hashlib.md5(head + request[4:20] + SECRET).digest()


def test_proxy_state_is_returned():
    """A proxy on the way gets its attribute back (RFC 2866 §5)."""
    answer = server().receive(signed(STOP + bytes.fromhex("21046869")), PEER, 0.0).answer
    assert answer[20:] == bytes.fromhex("21046869")


@pytest.mark.oracle
def test_pyrads_client_accepts_the_answer():
    """An independent client verifies the response authenticator."""
    packet = AcctPacket(id=9, secret=SECRET, dict=Dictionary())
    packet[40] = [bytes([0, 0, 0, 7])]
    request = packet.RequestPacket()
    answer = server().receive(request, PEER, 0.0).answer
    assert packet.VerifyReply(Packet(secret=SECRET, packet=answer), answer)


@pytest.mark.parametrize(
    ("name", "status", "msisdn", "address", "imsi"),
    [
        ("start_3gpp", AccountingStatus.START, "358407654321", "10.11.1.9", "244070000000001"),
        ("stop", AccountingStatus.STOP, "35840123 4567".replace(" ", ""), "10.11.1.7", None),
    ],
)
def test_what_kannel_accepted_is_accepted(name, status, msisdn, address, imsi):
    """Recorded requests are read, and answered with the octets that Kannel answered."""
    request = bytes.fromhex((VECTORS / f"radius_acct_{name}_req.hex").read_text())
    recorded = bytes.fromhex((VECTORS / f"radius_acct_{name}_resp.hex").read_text())
    result = server().receive(request, PEER, 0.0)
    assert result.answer == recorded
    record = result.record
    assert (record.status, record.msisdn, record.address, record.imsi) == (
        status,
        msisdn,
        address,
        imsi,
    )


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (1, AccountingStatus.START),
        (2, AccountingStatus.STOP),
        (3, AccountingStatus.INTERIM_UPDATE),
        (7, AccountingStatus.ACCOUNTING_ON),
        (8, AccountingStatus.ACCOUNTING_OFF),
    ],
)
def test_every_status_is_read(number, status):
    """Acct-Status-Type decides."""
    assert server().receive(accounting(number), PEER, 0.0).record.status is status


def test_a_status_of_no_concern_is_answered_only():
    """Tunnel-Start is taken note of by nobody, but its sender must not repeat it."""
    result = server().receive(accounting(9), PEER, 0.0)
    assert result.record is None
    assert result.answer


def test_a_retransmission_gets_the_same_answer_and_is_not_read_again():
    """The answer is kept under source, identifier and authenticator."""
    book = server()
    request = accounting(1)
    first = book.receive(request, PEER, 0.0)
    again = book.receive(request, PEER, 3.0)
    assert again == Answered(first.answer, None)
    assert book.counts["duplicate"] == 1


def test_the_same_octets_from_elsewhere_or_later_are_read():
    """A kept answer is for its source, and for a minute."""
    book = server()
    book.receive(accounting(1), PEER, 0.0)
    assert book.receive(accounting(1), ("192.0.2.9", 1), 1.0).record is not None
    assert book.receive(accounting(1), PEER, 61.0).record is not None


def test_kept_answers_are_bounded():
    """Many requests push the oldest answer out."""
    book = server()
    for port in range(4097):
        book.receive(accounting(1), ("192.0.2.1", port), 0.0)
    assert book.receive(accounting(1), ("192.0.2.1", 0), 0.0).record is not None


def test_a_client_that_nobody_knows_is_dropped():
    """Who is not configured gets no answer, even with a secret that another has."""
    book = server()
    assert book.receive(accounting(1), ("198.51.100.1", 1), 0.0) is Dropped.UNKNOWN_CLIENT
    assert book.receive(accounting(1), ("no address", 1), 0.0) is Dropped.UNKNOWN_CLIENT
    assert book.counts["unknown client"] == 2


def test_each_client_has_its_own_secret():
    """The first network that a sender is in says which."""
    book = AccountingServer(
        (RadiusClient("192.0.2.9", b"own secret"), RadiusClient("192.0.2.0/24", SECRET))
    )
    own = accounting(1, secret=b"own secret")
    assert isinstance(book.receive(own, ("192.0.2.9", 1), 0.0), Answered)
    assert book.receive(own, PEER, 0.0) is Dropped.WRONG_AUTHENTICATOR
    with pytest.raises(ValueError, match="secret is empty"):
        RadiusClient("192.0.2.1", b"")
    with pytest.raises(ValueError, match="192"):
        RadiusClient("192.0.2.300", SECRET)


@pytest.mark.parametrize(
    ("attributes", "at", "is_stamped"),
    [
        ("", 1000.0, False),
        ("2906 00000007", 993.0, False),
        ("3706 00000384", 900.0, True),
        ("2906 00000007 3706 00000384", 900.0, True),
        ("2905 000007", 1000.0, False),
    ],
    ids=["neither", "delay", "timestamp", "both", "delay of three octets"],
)
def test_a_record_says_when_it_happened(attributes, at, is_stamped):
    """Event-Timestamp if there is one, else the arrival less Acct-Delay-Time."""
    request = signed(bytes.fromhex("280600000001" + attributes))
    record = server().receive(request, PEER, 1000.0).record
    assert (record.at, record.is_stamped) == (at, is_stamped)


@pytest.mark.clause("29.061 §16.4", "Framed-IPv6-Prefix and Framed-Interface-Id at the gateway")
def test_attributes_of_ipv6_are_read():
    """A context of both families has two addresses, one of IPv6 alone the other."""
    ipv6 = (
        "5f12 20010db8000000000000000000000001"  # NAS-IPv6-Address 2001:db8::1
        "600a 0000000000000001"  # Framed-Interface-Id
        "6114 0040 20010db8000100000000000000000000"  # Framed-IPv6-Prefix 2001:db8:1::/64
        "1a0e 000028af 0f08 20010db80000"  # 3GPP-IPv6-DNS-Servers, cut short
    )
    status, address = "280600000001", "08060a2d0007"
    both = server().receive(signed(bytes.fromhex(status + address + ipv6)), PEER, 0.0).record
    assert (both.nas, both.address) == ("2001:db8::1", "10.45.0.7")
    assert both.ipv6_address == "2001:db8:1::1"
    alone = server().receive(signed(bytes.fromhex(status + ipv6)), PEER, 0.0)
    assert alone.answer
    assert (alone.record.address, alone.record.ipv6_address) == (None, "2001:db8:1::1")


@pytest.mark.parametrize(
    ("attributes", "address"),
    [
        ("6114 0040 20010db8000100000000000000000000", "2001:db8:1::"),
        ("610c 0040 20010db800010000 600a 0123456789abcdef", "2001:db8:1:0:123:4567:89ab:cdef"),
        ("610a 0040 20010db80001 600a 0000000000000001", "2001:db8:1::1"),
        ("610a 0040 20010db80001 6009 00000000000001", "2001:db8:1::"),
        ("610a 0030 20010db80001", None),
        ("6114 0080 20010db8000100000000000000000001", None),
        ("6104 0040", None),
        ("6103 00", None),
        ("6115 0040 20010db800010000000000000000000000", None),
    ],
    ids=[
        "no interface identifier",
        "eight octets",
        "zeros left out",
        "an identifier of seven octets",
        "/48",
        "/128",
        "no prefix",
        "no length",
        "too long",
    ],
)
def test_a_prefix_of_64_bits_is_a_terminals(attributes, address):
    """RFC 3162 §2.3: zeros at the end may be left out; other lengths are no terminal's."""
    request = signed(bytes.fromhex("280600000001" + attributes))
    assert server().receive(request, PEER, 0.0).record.ipv6_address == address


def test_a_wrong_secret_is_dropped():
    """Whoever does not know the secret moves no terminal."""
    book = server()
    assert book.receive(accounting(1, secret=b"guess"), PEER, 0.0) is Dropped.WRONG_AUTHENTICATOR
    assert book.counts["wrong authenticator"] == 1


def test_another_code_is_dropped():
    """An Access-Request has no business here."""
    assert server().receive(signed(STOP, code=1), PEER, 0.0) is Dropped.NOT_ACCOUNTING


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04\x01\x00",
        signed(STOP)[:-1],
        signed(STOP)[:2] + b"\x00\x13" + signed(STOP)[4:],
        signed(STOP + b"\x28"),
        signed(STOP + b"\x28\x01"),
        signed(STOP + b"\x28\x07\x00\x00"),
        signed(STOP[6:]),
        signed(bytes.fromhex("2805000001") + STOP[6:]),
    ],
    ids=[
        "nothing",
        "cut off in the header",
        "cut off in the attributes",
        "length below the header's",
        "half an attribute header",
        "attribute length 1",
        "attribute beyond the end",
        "no status",
        "status of three octets",
    ],
)
def test_malformed_requests_are_dropped_and_counted(data):
    """They get no answer, whatever their authenticator."""
    book = server()
    assert book.receive(data, PEER, 0.0) is Dropped.MALFORMED
    assert book.counts["malformed"] == 1


@pytest.mark.parametrize(
    ("attribute", "field", "value"),
    [
        ("1f0f 2b343437373030393030313233", "msisdn", "447700900123"),
        ("1f06 61626364", "msisdn", None),
        ("0806 00000000", "address", None),
        ("0806 fffffffe", "address", None),
        ("0805 0a2d00", "address", None),
        ("2004 6767", "nas", "gg"),
        ("2c04 4100", "session", "A"),
    ],
)
def test_odd_values_are_read_for_what_they_are(attribute, field, value):
    """Plus signs go, special addresses and letters are no address and no number."""
    request = signed(bytes.fromhex("280600000001" + attribute))
    assert getattr(server().receive(request, PEER, 0.0).record, field) == value


def test_a_ggsn_without_name_is_known_by_its_address():
    """The datagram's source stands in for NAS-IP-Address and NAS-Identifier."""
    assert server().receive(accounting(7, nas=""), PEER, 0.0).record.nas == "192.0.2.1"


@given(st.binary(max_size=200))
def test_random_octets_are_dropped(data):
    """Nothing that is not signed gets through, and nothing raises."""
    assert isinstance(server().receive(data, PEER, 0.0), Dropped)


@given(st.binary(max_size=120))
def test_random_attributes_never_raise(attributes):
    """A GGSN that knows the secret may send nonsense."""
    assert isinstance(server().receive(signed(attributes), PEER, 0.0), Answered | Dropped)
