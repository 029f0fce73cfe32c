"""Protocol configuration options, question by question (TS 24.008 §10.5.6.3)."""

from __future__ import annotations

from hashlib import md5

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corenet.ggsn.config import Apn, Credential
from corenet.ggsn.events import PdpContextRefused
from corenet.ggsn.options.pco import OptionAnswers
from gtp.constants import Cause
from gtp.messages import CreatePdpContextResponse

SERVERS = ("192.0.2.53", "192.0.2.54", "2001:db8::53", "2001:db8::54")
ADDRESS = bytes((10, 45, 0, 7))
ALICE = Credential("alice", "secret")
OPEN = Apn("wap.example", dns=SERVERS, mtu=1400)
BARE = Apn("wap.example")
ACKING = Apn("wap.example", dns=SERVERS, ipcp_ack=True)
LISTED = Apn("wap.example", dns=SERVERS, credentials=(ALICE, Credential("bob", "hush")))
CLOSED = Apn("wap.example", dns=SERVERS, credentials=())


def answer(asked: str, apn: Apn = OPEN, address: bytes | None = ADDRESS) -> str | None:
    """Return the answer in hexadecimal, as an APN gives it to a question in hexadecimal."""
    answered = OptionAnswers(apn).answer(bytes.fromhex(asked), address)
    return answered.hex() if answered is not None else None


def hexadecimal(annotated: str) -> str:
    """Return hexadecimal without spaces, lines and remarks."""
    return "".join(line.split("#")[0] for line in annotated.splitlines()).replace(" ", "")


# IPCP

IPCP_CATALOGUE = {
    "a handset asks for both name servers": (
        OPEN,
        """80              # extension bit, PPP
           8021 10         # IPCP, 16 octets
           01 05 0010      # Configure-Request, identifier 5, 16 octets
           81 06 00000000  # primary DNS: none yet
           83 06 00000000  # secondary DNS: none yet""",
        """80
           8021 10
           03 05 0010      # Configure-Nak, same identifier
           81 06 c0000235  # 192.0.2.53
           83 06 c0000236  # 192.0.2.54""",
    ),
    "a handset with identifier 0, whose gateway is to acknowledge": (
        ACKING,
        "80 8021 10 01000010 8106 00000000 8306 00000000",
        "80 8021 10 02000010 8106 c0000235 8306 c0000236",
    ),
    "an empty PAP before, as Osmocom's suite has it": (
        ACKING,
        "80 c023 00 8021 10 01000010 8106 00000000 8306 00000000",
        "80 8021 10 02000010 8106 c0000235 8306 c0000236",
    ),
    "two requests with one server each": (
        ACKING,
        "80 c023 00 8021 0a 0100000a 8106 00000000 8021 0a 0100000a 8306 00000000",
        "80 8021 0a 0200000a 8106 c0000235 8021 0a 0200000a 8306 c0000236",
    ),
    "only the secondary server": (
        OPEN,
        "80 8021 0a 0100000a 8306 00000000",
        "80 8021 0a 0300000a 8306 c0000236",
    ),
    "the secondary before the primary": (
        OPEN,
        "80 8021 10 01010010 8306 00000000 8106 00000000",
        "80 8021 10 03010010 8306 c0000236 8106 c0000235",
    ),
    "both servers right already": (
        OPEN,
        "80 8021 10 01050010 8106 c0000235 8306 c0000236",
        "80 8021 10 02050010 8106 c0000235 8306 c0000236",
    ),
    "a modem asks for its address too": (
        OPEN,
        "80 8021 16 01070016 0306 00000000 8106 00000000 8306 00000000",
        "80 8021 16 03070016 0306 0a2d0007 8106 c0000235 8306 c0000236",
    ),
    "address and servers right already": (
        OPEN,
        "80 8021 16 01070016 0306 0a2d0007 8106 c0000235 8306 c0000236",
        "80 8021 16 02070016 0306 0a2d0007 8106 c0000235 8306 c0000236",
    ),
    "a wrong address": (
        OPEN,
        "80 8021 0a 0101000a 0306 c0a80001",
        "80 8021 0a 0301000a 0306 0a2d0007",
    ),
    "Windows asks for NetBIOS name servers too: values go before rejections": (
        OPEN,
        """80 8021 22 01010022
           0306 00000000  # IP address
           8106 00000000  # primary DNS
           8206 00000000  # primary NBNS
           8306 00000000  # secondary DNS
           8406 00000000  # secondary NBNS""",
        "80 8021 16 03010016 0306 0a2d0007 8106 c0000235 8306 c0000236",
    ),
    "only NetBIOS name servers": (
        OPEN,
        "80 8021 10 01010010 8206 00000000 8406 00000000",
        "80 8021 10 04010010 8206 00000000 8406 00000000",
    ),
    "compression of headers": (
        OPEN,
        "80 8021 0a 0101000a 0206 002d0f01",
        "80 8021 0a 0401000a 0206 002d0f01",
    ),
    "an address of another length": (
        OPEN,
        "80 8021 08 01010008 81040000",
        "80 8021 08 04010008 81040000",
    ),
    "an APN without name servers": (
        BARE,
        "80 8021 10 01010010 8106 00000000 8306 00000000",
        "80 8021 10 04010010 8106 00000000 8306 00000000",
    ),
    "one server for two questions": (
        Apn("wap", dns=SERVERS[:1]),
        "80 8021 10 01010010 8106 00000000 8306 00000000",
        "80 8021 0a 0301000a 8106 c0000235",
    ),
    "no options": (OPEN, "80 8021 04 01050004", "80 8021 04 02050004"),
    "padding behind the packet": (
        OPEN,
        "80 8021 0c 0105000a 8106 c0000235 0000",
        "80 8021 0a 0205000a 8106 c0000235",
    ),
}


@pytest.mark.parametrize(("apn", "asked", "answered"), IPCP_CATALOGUE.values(), ids=IPCP_CATALOGUE)
@pytest.mark.clause(
    "RFC 1332, RFC 1877",
    "IPCP: address and DNS given, NBNS and compression rejected",
    status="yes; values before rejections",
)
@pytest.mark.clause(
    "RFC 1332, RFC 1877", "IPCP values in a Configure-Ack, by APN", status="extension"
)
def test_ipcp_is_answered(apn: Apn, asked: str, answered: str) -> None:
    """Ack, Nak or Reject, with the identifier and only the options that were asked for."""
    assert answer(hexadecimal(asked), apn) == hexadecimal(answered)


def test_a_mobile_without_ipv4_gets_no_address_by_ipcp() -> None:
    """The option is rejected where the context is IPv6."""
    asked = "80 8021 0a 0101000a 0306 00000000"
    assert answer(asked, address=None) == "8080210a0401000a030600000000"


# LCP


@pytest.mark.clause("RFC 1661", "LCP: all options rejected")
def test_options_of_the_link_are_rejected() -> None:
    """LCP's Configure-Request for CHAP (c223 05) and a magic number: the link ends in the mobile.

    One without options is acknowledged.
    """
    options = "0305 c22305 0506 12345678"
    asked = f"80 c021 0f 0109000f {options} c021 04 010a0004"
    assert answer(asked) == hexadecimal(f"80 c021 0f 0409000f {options} c021 04 020a0004")


# Containers

CONTAINERS = {
    "IPv4 name servers": ("80 000d 00", "80 000d 04 c0000235 000d 04 c0000236"),
    "IPv6 name servers": (
        "80 0003 00",
        """80
           0003 10 20010db8000000000000000000000053
           0003 10 20010db8000000000000000000000054""",
    ),
    "link MTU": ("80 0010 00", "80 0010 02 0578"),
    "bearer control mode: MS only, unless the SGSN takes the network's requests": (
        "80 0005 00",
        "80 0005 01 01",
    ),
    "allocation via NAS signalling, between others": (
        "80 0005 00 000a 00 0010 00",
        "80 0005 01 01 0010 02 0578",
    ),
    "asked for twice": ("80 0010 00 0010 00", "80 0010 02 0578"),
    "unknown ones between known ones": (
        "80 0001 00 0010 00 000c 00 ff00 03 02f815 0005 00",
        "80 0010 02 0578 0005 01 01",
    ),
    "what an Android handset sends": (
        """80
           8021 10 01000010 8106 00000000 8306 00000000
           000d 00 000a 00 0005 00 0010 00""",
        """80
           8021 10 03000010 8106 c0000235 8306 c0000236
           000d 04 c0000235 000d 04 c0000236
           0005 01 01
           0010 02 0578""",
    ),
    "another configuration protocol is PPP as well": ("81 0010 00", "80 0010 02 0578"),
    "cut short in the last entry's content": ("80 0010 05 01", "80 0010 02 0578"),
    "cut short in the last entry's identifier": ("80 0010 00 00", "80 0010 02 0578"),
}


@pytest.mark.parametrize(("asked", "answered"), CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.clause(
    "24.008 §10.5.6.3",
    "DNS servers (IPv4, IPv6), IPv4 link MTU, bearer control mode, allocation via NAS",
)
@pytest.mark.clause("24.008 §10.5.6.3", "other containers", status="ignored")
def test_containers_are_answered(asked: str, answered: str) -> None:
    """One entry per name server, one for each other value; the rest is left out."""
    assert answer(hexadecimal(asked)) == hexadecimal(answered)


def test_what_an_apn_has_not_got_is_not_told() -> None:
    """Neither name servers nor an MTU are made up."""
    assert answer("80 0003 00 000d 00 0010 00", BARE) is None


def test_answers_stop_where_an_element_of_nas_is_full() -> None:
    """What does not fit into 251 octets is left out; an entry is never cut."""
    request = "8021 16 01070016 0306 00000000 8106 00000000 8306 00000000"
    asked = "80" + request * 12 + "0010 00"
    answered = bytes.fromhex(answer(asked))
    assert len(answered) == 251
    assert [identifier for identifier, _ in entries(answered)] == [0x8021] * 10


# What gets no answer

UNANSWERED = {
    "nothing": "",
    "no entry": "80",
    "another octet to follow that nothing defines": "00 000d 00",
    "cut short in an identifier": "80 80",
    "cut short before a length": "80 8021",
    "cut short in a packet's header": "80 8021 10 01",
    "an empty IPCP": "80 8021 00",
    "an empty LCP, PAP and CHAP": "80 c021 00 c023 00 c223 00",
    "IPCP without a length": "80 8021 02 0105",
    "IPCP that is longer than its entry": "80 8021 04 01050009",
    "an IPCP Configure-Ack": "80 8021 0a 0205000a 8106 00000000",
    "an option without a length": "80 8021 05 01050005 81",
    "an option of impossible length": "80 8021 06 01050006 8101",
    "an option beyond the packet": "80 8021 08 01050008 81060000",
    "LCP that is longer than its entry": "80 c021 04 01050009",
    "an LCP Echo-Request": "80 c021 08 09050008 12345678",
    "a PAP Authenticate-Ack": "80 c023 05 0205000500",
    "PAP without an identifier": "80 c023 01 01",
    "a CHAP Challenge": "80 c223 09 01050009 0401020304",
    "a CHAP Success": "80 c223 04 03050004",
}


@pytest.mark.parametrize("asked", UNANSWERED.values(), ids=UNANSWERED)
def test_what_is_no_question_gets_no_answer(asked: str) -> None:
    """Nothing that can be read, or nothing that asks."""
    assert answer(asked) is None


def test_no_options_get_none() -> None:
    """A mobile that sent none gets none."""
    assert OptionAnswers(OPEN).answer(None, ADDRESS) is None
    assert OptionAnswers(OPEN).refusal(None) is None


def test_a_broken_request_is_answered_as_far_as_it_can_be_read() -> None:
    """The first option of an IPCP packet whose second is cut off with the rest."""
    asked = "80 0010 00 8021 10 01050010 8106 00000000 8306 00"
    assert answer(asked) == hexadecimal("80 0010 02 0578 8021 0a 0305000a 8106 c0000235")


# Authentication


def pap(name: str = "alice", password: str = "secret", identifier: int = 3) -> str:
    """Return a PAP Authenticate-Request as an entry."""
    body = bytes((len(name),)) + name.encode() + bytes((len(password),)) + password.encode()
    packet = bytes((1, identifier, 0, 4 + len(body))) + body
    return f"c023 {len(packet):02x} {packet.hex()}"


def chap(name: str = "alice", password: str = "secret", challenge: bytes = bytes(16)) -> str:
    """Return a CHAP Challenge and the Response to it as two entries."""
    return challenged(challenge) + responded(name, password, challenge)


def challenged(challenge: bytes) -> str:
    """Return a CHAP Challenge as an entry."""
    packet = bytes((1, 9, 0, 5 + len(challenge), len(challenge))) + challenge
    return f"c223 {len(packet):02x} {packet.hex()}"


def responded(name: str = "alice", password: str = "secret", challenge: bytes = bytes(16)) -> str:
    """Return the Response to a CHAP Challenge as an entry."""
    value = md5(b"\x09" + password.encode() + challenge, usedforsecurity=False).digest()
    packet = bytes((2, 9, 0, 21 + len(name), 16)) + value + name.encode()
    return f"c223 {len(packet):02x} {packet.hex()}"


ACK = "c023 05 02 03 0005 00"  # Authenticate-Ack, identifier 3, no message
NAK = "c023 05 03 03 0005 00"  # Authenticate-Nak
SUCCESS = "c223 04 03 09 0004"  # CHAP Success, identifier 9
FAILURE = "c223 04 04 09 0004"  # CHAP Failure

ATTEMPTS = {
    "everybody, by PAP": (OPEN, pap("anybody", ""), ACK, True),
    "everybody, by CHAP": (OPEN, chap("anybody", "guessed"), SUCCESS, True),
    "golden PAP": (
        LISTED,
        """c023 11         # PAP, 17 octets
           01 03 0011      # Authenticate-Request, identifier 3, 17 octets
           05 616c696365   # "alice"
           06 736563726574 # "secret" """,
        ACK,
        True,
    ),
    "golden CHAP": (
        LISTED,
        """c223 09          # CHAP, 9 octets
           01 09 0009       # Challenge, identifier 9, 9 octets
           04 01020304      # the value
           c223 1a          # CHAP, 26 octets
           02 09 001a       # Response, identifier 9, 26 octets
           10 326e94a2d20562c83ccbe6c275dd41a2 # MD5 of 09, "secret", 01020304
           616c696365       # "alice" """,
        SUCCESS,
        True,
    ),
    "PAP with padding": (LISTED, "c023 13" + pap()[7:] + "0000", ACK, True),
    "another name of the list": (LISTED, pap("bob", "hush"), ACK, True),
    "a wrong password by PAP": (LISTED, pap(password="guessed"), NAK, False),
    "somebody else's password by PAP": (LISTED, pap(password="hush"), NAK, False),
    "an unknown name by PAP": (LISTED, pap("carol"), NAK, False),
    "a wrong password by CHAP": (LISTED, chap(password="guessed"), FAILURE, False),
    "an unknown name by CHAP": (LISTED, chap("carol"), FAILURE, False),
    "CHAP without the Challenge": (LISTED, responded(), FAILURE, False),
    "CHAP with a broken Challenge": (
        LISTED,
        "c223 06 01090006 0401" + responded(),
        FAILURE,
        False,
    ),
    "PAP and CHAP, both right": (LISTED, pap() + chap(), ACK + SUCCESS, True),
    "PAP wrong, CHAP right": (LISTED, pap(password="?") + chap(), NAK + SUCCESS, True),
    "nobody, by PAP": (CLOSED, pap(), NAK, False),
    "nobody, by CHAP": (CLOSED, chap(), FAILURE, False),
    "a password beyond the packet": (LISTED, "c023 08 01030008 01610562", NAK, False),
    "a password beyond the packet, though everybody is let in": (
        OPEN,
        "c023 08 01030008 01610562",
        NAK,
        True,
    ),
    "a name beyond the packet": (OPEN, "c023 06 01030006 0561", NAK, True),
    "no name": (OPEN, "c023 04 01030004", NAK, True),
    "PAP longer than its entry": (OPEN, "c023 06 010300ff 0000", NAK, True),
    "PAP without a length": (OPEN, "c023 02 0103", NAK, True),
    "a CHAP value beyond the packet": (OPEN, "c223 06 02090006 1000", FAILURE, True),
}


@pytest.mark.parametrize(("apn", "asked", "answered", "admitted"), ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.clause("RFC 1334, RFC 1994", "PAP, and CHAP with MD5, by APN")
def test_a_mobile_that_authenticates_is_told(apn, asked, answered, admitted) -> None:
    """Each attempt has its own answer; the context depends on the policy of the APN."""
    answers = OptionAnswers(apn)
    pco = bytes.fromhex(hexadecimal("80" + asked))
    assert answers.admits(pco) is admitted
    expected = hexadecimal("80" + answered)
    assert answers.answer(pco, ADDRESS).hex() == expected
    # Who is let in is not refused, but if so, then in every attempt.
    assert admitted or answers.refusal(pco).hex() == expected


@pytest.mark.parametrize("asked", [None, "", "80", "80 000d 00", "80 c223 09 01050009 0401020304"])
def test_who_says_nothing_is_let_in_only_where_everybody_is(asked: str | None) -> None:
    """Without PAP or CHAP, an APN with a list refuses."""
    pco = bytes.fromhex(asked) if asked is not None else None
    assert OptionAnswers(OPEN).admits(pco)
    assert not OptionAnswers(LISTED).admits(pco)
    assert not OptionAnswers(CLOSED).admits(pco)


@pytest.mark.clause("29.060 §7.3.2", "Cause 209, with the reason in the options")
def test_a_refused_create_says_why(make_bench) -> None:
    """Cause 209 with the Authenticate-Nak, but without name servers; nothing is left behind."""
    bench = make_bench(apns=(LISTED,))
    bench.create(pco=bytes.fromhex("80" + pap(password="guessed") + "000d00"))
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is Cause.USER_AUTHENTICATION_FAILED
    assert response.teid == 0x200
    assert response.pco == bytes.fromhex("80" + NAK)
    (refused,) = bench.told(PdpContextRefused)
    assert refused.cause.number == 209
    bench.assert_nothing_left()


def test_a_create_that_authenticates_is_served(make_bench) -> None:
    """The answer has the Authenticate-Ack, the address that was granted, and the servers."""
    bench = make_bench(apns=(LISTED,))
    bench.create(pco=bytes.fromhex("80" + pap() + "8021 0a 0101000a 030600000000 000d00"))
    response = bench.sent(CreatePdpContextResponse)
    assert response.cause is Cause.REQUEST_ACCEPTED
    assert response.pco == bytes.fromhex(
        "80" + ACK + "8021 0a 0301000a 0306 0a2d0007 000d 04 c0000235 000d 04 c0000236"
    )


# Whatever octets


def entries(pco: bytes) -> list[tuple[int, bytes]]:
    """Return identifier and content of every entry; options that are no such list fail."""
    assert pco[0] == 0x80
    found = []
    at = 1
    while at < len(pco):
        size = pco[at + 2]
        assert at + 3 + size <= len(pco)
        found.append((int.from_bytes(pco[at : at + 2], "big"), pco[at + 3 : at + 3 + size]))
        at += 3 + size
    return found


PROTOCOLS = (0x8021, 0xC021, 0xC023, 0xC223)
CONTAINER_IDS = (0x0001, 0x0003, 0x0005, 0x000A, 0x000D, 0x0010, 0xFF00)


def packed(identifier: int, content: bytes) -> bytes:
    """Return an entry."""
    return identifier.to_bytes(2, "big") + bytes((len(content),)) + content


packets = st.builds(
    lambda code, identifier, body: bytes((code, identifier, 0, 4 + len(body))) + body,
    st.integers(0, 5),
    st.integers(0, 255),
    st.binary(max_size=24),
)
likely = st.builds(
    lambda parts, cut: (b"\x80" + b"".join(parts))[: None if cut == 0 else -cut],
    st.lists(
        st.builds(
            packed,
            st.sampled_from(PROTOCOLS + CONTAINER_IDS),
            st.one_of(st.just(b""), packets, st.binary(max_size=24)),
        ),
        max_size=12,
    ),
    st.integers(0, 3),
)


@given(st.one_of(st.binary(max_size=80), likely), st.sampled_from((OPEN, BARE, ACKING, LISTED)))
@example(b"\x80" + bytes.fromhex("001000") * 83, OPEN)
def test_any_octets_get_an_answer_or_none(octets: bytes, apn: Apn) -> None:
    """Nothing that a mobile sends raises, and every answer is well formed and fits."""
    answers = OptionAnswers(apn)
    if apn is not LISTED:
        assert answers.admits(octets)
    for answered in (answers.answer(octets, ADDRESS), answers.refusal(octets)):
        if answered is not None:
            assert 4 <= len(answered) <= 251
            for identifier, content in entries(answered):
                assert content
                if identifier in PROTOCOLS:
                    assert int.from_bytes(content[2:4], "big") == len(content)


options = st.lists(
    st.builds(
        lambda kind, value: bytes((kind, 2 + len(value))) + value,
        st.sampled_from((2, 3, 129, 130, 131, 132)),
        st.one_of(st.binary(min_size=4, max_size=4), st.binary(max_size=6)),
    ),
    max_size=4,
).map(b"".join)
names = st.binary(max_size=6).map(lambda name: bytes((len(name),)) + name)
requests = st.one_of(
    st.tuples(st.just(0x8021), st.just(1), options),
    st.tuples(st.just(0xC021), st.just(1), options),
    st.tuples(st.just(0xC023), st.just(1), st.one_of(st.builds(bytes.__add__, names, names))),
    st.tuples(st.just(0xC223), st.just(2), st.one_of(names, st.binary(max_size=12))),
)


@given(
    st.lists(st.tuples(requests, st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from((OPEN, BARE, ACKING, LISTED)),
)
@pytest.mark.clause(
    "24.008 §10.5.6.3", "protocol configuration options: every request in its own entry"
)
def test_every_request_has_exactly_one_answer(asked, apn: Apn) -> None:
    """In the same order, of the same protocol, with the same identifier."""
    pco = b"\x80"
    for (protocol, code, body), identifier in asked:
        pco += packed(protocol, bytes((code, identifier, 0, 4 + len(body))) + body)
    answered = OptionAnswers(apn).answer(pco, ADDRESS)
    assert answered is not None
    assert [(protocol, content[1]) for protocol, content in entries(answered)] == [
        (protocol, identifier) for (protocol, _, _), identifier in asked
    ]


SERVED: list[tuple[bytes, tuple[bytes, ...]]] = [
    (ADDRESS, ()),
    (bytes((10, 45, 0, 8)), ()),
    (ADDRESS, (bytes((192, 0, 2, 99)),)),
    (bytes((10, 45, 0, 9)), ()),
]


@given(
    st.lists(st.one_of(likely, st.binary(max_size=40)), min_size=1, max_size=3),
    st.sampled_from((OPEN, BARE, ACKING, LISTED)),
)
@example([bytes.fromhex("80 8021 0a 0100000a 0306 00000000".replace(" ", ""))], OPEN)
@example([bytes.fromhex("80 c023 0b 0101000b 05616c696365 00".replace(" ", ""))], LISTED)
def test_what_was_answered_before_changes_no_answer(asked: list[bytes], apn: Apn) -> None:
    """Mobiles that send the same octets get their own addresses, servers and verdicts."""
    known = OptionAnswers(apn)
    for pco in asked:
        for address, servers in SERVED:
            new = OptionAnswers(apn)
            assert known.answer(pco, address, servers) == new.answer(pco, address, servers)
            assert known.presented(pco) == new.presented(pco)
            assert known.admits(pco) == new.admits(pco)
            assert known.refusal(pco) == new.refusal(pco)


def test_more_questions_than_can_be_remembered_are_answered_all_the_same() -> None:
    """Each with an identifier, or an unknown container, of its own."""
    known = OptionAnswers(OPEN)
    for number in range(3000):
        asked = b"\x80" + packed(0xFF00, number.to_bytes(2, "big")) + packed(0x000D, b"")
        assert known.answer(asked, ADDRESS) == OptionAnswers(OPEN).answer(asked, None)
