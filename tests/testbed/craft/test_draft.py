"""Messages made of words: the usual ones, those with something said, and the wrong ones."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtp.codes import ExtendedCommonFlags, RatType
from gtp.constants import Cause, IEType, MessageType
from gtp.errors import RemoteProtocolError
from gtp.ies import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension
from gtp.messages import MESSAGES, CreatePdpContextRequest, GPdu, decode
from gtp.messages.table import Presence
from testbed.craft.draft import (
    KINDS,
    Faults,
    draft,
    message_named,
    octets,
    reference,
    sequence_of,
    word_of,
)
from testbed.craft.values import FORMS, OCTETS, WordsError

OWN = "192.0.2.9"
CREATE = MessageType.CREATE_PDP_CONTEXT_REQUEST


def made(message_type: MessageType, *words: str, **faults: object) -> bytes:
    return octets(draft(message_type, words, OWN), 7, Faults(**faults))


def created(*words: str) -> CreatePdpContextRequest:
    message = decode(made(CREATE, *words))
    assert isinstance(message, CreatePdpContextRequest)
    return message


@pytest.mark.parametrize("number", sorted(KINDS))
def test_every_message_is_valid_without_words(number: int) -> None:
    """Of each type there is a usual message that the decoder finds nothing wrong with."""
    message = decode(made(MessageType(number)))
    assert int(message.TYPE) == int(MessageType(number))
    assert message.other_ies == ()
    assert message.sequence in (0, 7)


@pytest.mark.parametrize("number", sorted(MESSAGES))
def test_every_element_can_be_said(number: int) -> None:
    """Whatever a message may have is taken as words or octets, and comes out where it belongs."""
    kind = MESSAGES[number]
    base = draft(kind.TYPE, [], OWN)
    names = {part.name for part in base.parts}
    required = {place.name for place in kind.IES if place.presence is Presence.MANDATORY}
    assert required <= names | {place.name for place in kind.IES if place.repeatable}
    for place in kind.IES:
        drafted = draft(kind.TYPE, [f"{place.name}={OCTETS}0102"], OWN)
        assert [part.octets[-2:] for part in drafted.parts if part.name == place.name] == [
            b"\x01\x02"
        ]


def test_words_become_values() -> None:
    """Digits, addresses, names, flags and numbers are read as people write them."""
    message = created(
        "imsi=234150000000001",
        "apn=wap.example",
        "teid=0x10",
        "end_user_address=10.0.0.7",
        "sgsn-address-user=2001:db8::1",
        "rat_type=utran",
        "rai=234-15-0x1234-5",
        "ambr=100/200",
        "ms_time_zone=-01:30,1",
        "extended_common_flags=unauthenticated-imsi",
        "signalling_priority=yes",
        "private_extension=10923:0102",
        "private_extension=hex:000103",
    )
    assert message.imsi == "234150000000001"
    assert message.apn == "wap.example"
    assert message.teid == 0x10
    assert message.end_user_address == EndUserAddress.for_ipv4("10.0.0.7")
    assert message.sgsn_address_control == OWN
    assert message.sgsn_address_user == "2001:db8::1"
    assert message.rat_type == RatType.UTRAN
    assert message.rai == bytes.fromhex("32f451123405")
    assert message.ambr == Ambr(100, 200)
    assert message.ms_time_zone == MsTimeZone(-6, 1)
    assert message.extended_common_flags == ExtendedCommonFlags.UNAUTHENTICATED_IMSI
    assert message.signalling_priority is True
    assert message.private_extension == (
        PrivateExtension(10923, b"\x01\x02"),
        PrivateExtension(1, b"\x03"),
    )


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("ipv4", EndUserAddress.dynamic_ipv4()),
        ("ipv6", EndUserAddress(None, None, PdpType.IPV6)),
        ("ppp", EndUserAddress(None, None, PdpType.PPP)),
        ("2001:db8::1", EndUserAddress.for_ipv6("2001:db8::1")),
        ("10.0.0.1+2001:db8::1", EndUserAddress.for_both("10.0.0.1", "2001:db8::1")),
    ],
)
def test_end_user_addresses(words: str, address: EndUserAddress) -> None:
    """An end user address is one address, two, or a PDP type where one is asked for."""
    assert created(f"end_user_address={words}").end_user_address == address


def test_causes_go_by_name_or_number() -> None:
    """A cause is named as in the standard, or has a number, even one that is unassigned."""
    response = MessageType.DELETE_PDP_CONTEXT_RESPONSE
    for words, cause in (("non-existent", 192), ("system failure", 204), ("250", 250)):
        assert decode(made(response, f"cause={words}")).cause == Cause(cause)


def test_header_words() -> None:
    """A sequence number that is given stays; without one the sender's is taken."""
    assert sequence_of(made(CREATE, "sequence=513")) == 513
    assert sequence_of(made(CREATE)) == 7
    assert sequence_of(made(MessageType.END_MARKER)) is None
    assert sequence_of(made(MessageType.END_MARKER, "sequence=3")) == 3


def test_g_pdu_has_a_payload() -> None:
    """A G-PDU carries the octets that are given, or an empty IPv4 packet."""
    message = decode(made(MessageType.G_PDU, "payload=01 02", "teid=5"))
    assert isinstance(message, GPdu)
    assert (message.payload, message.teid) == (b"\x01\x02", 5)
    assert made(MessageType.G_PDU)[8] == 0x45


def test_foreign_elements_go_by_number() -> None:
    """An element that the message has no place for is given by its type, octets unchecked."""
    message = decode(made(MessageType.ECHO_RESPONSE, "131=hex:ff", "5=00000001"))
    assert [(raw.type, raw.value) for raw in message.other_ies] == [
        (5, b"\0\0\0\x01"),
        (131, b"\xff"),
    ]
    listed = made(MessageType.ECHO_RESPONSE, "141=c0")
    assert listed.endswith(b"\x8d\x01\xc0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("imsi=12a", "imsi=12a: is not a string of 1 to 15 digits; it is written as digits"),
        ("imsi", "'imsi' is not name=value"),
        ("nsapi=x", "'x' is no number"),
        ("colour=red", "Create PDP Context Request has no colour; it has teid, sequence, imsi"),
        ("tft=0x1", "is not made of pairs of hexadecimal digits"),
        ("teid=0x100000000", "is not 0 to 4294967295"),
        ("sequence=65536", "is not 0 to 65535"),
        ("user_csg_information=1", "is written as octets"),
        ("rai=1-2", "it has not four parts"),
        ("ms_time_zone=1:00", "neither + nor -"),
        ("signalling_priority=perhaps", "neither yes nor no"),
        ("300=00", "has no 300"),
    ],
)
def test_wrong_words_are_named(words: str, said: str) -> None:
    """What cannot be read is named with what could be."""
    with pytest.raises(WordsError) as refused:
        made(CREATE, words)
    assert said in str(refused.value)


def test_what_is_there_once_is_given_once() -> None:
    """A second value for one place is a mistake; as a foreign element it is meant."""
    with pytest.raises(WordsError, match="imsi is there once"):
        made(CREATE, "imsi=1", "imsi=2")
    assert len(decode(made(CREATE, "2=1200000000000000")).other_ies) == 1


@pytest.mark.parametrize("name", ["create-pdp-context-request", "CreatePdpContextRequest", "16"])
def test_messages_are_found_by_any_name(name: str) -> None:
    """A message goes by its name in words, its class, or its number."""
    assert message_named(name) is CREATE


def test_unknown_message_names_its_neighbours() -> None:
    """A name that is nearly one says which it might be."""
    with pytest.raises(WordsError, match="did you mean pdu-notification-request or"):
        message_named("pdu notification")
    with pytest.raises(WordsError, match=r"there is no message 'zebra'$"):
        message_named("zebra")


def test_every_name_leads_back() -> None:
    """What ``word_of`` says is understood again."""
    for kind in KINDS.values():
        assert message_named(word_of(kind.TYPE)) is kind.TYPE


def test_dropped_elements_are_missing() -> None:
    """A mandatory element can be left out, and the decoder misses it."""
    with pytest.raises(RemoteProtocolError, match="mandatory NSAPI is missing"):
        decode(made(CREATE, dropped=("nsapi",)))
    assert len(made(CREATE)) - len(made(CREATE, dropped=("133",))) == 14
    with pytest.raises(WordsError, match="no tft to leave out"):
        made(CREATE, dropped=("tft",))


def test_lengths_can_lie() -> None:
    """The length field of an element or of the header says what it is told to."""
    with pytest.raises(RemoteProtocolError, match="overruns"):
        decode(made(CREATE, element_lengths=(("apn", 300),)))
    assert made(CREATE, header_length=3)[2:4] == b"\0\x03"
    for name, length, said in (
        ("nsapi", 3, "has no length field"),
        ("tft", 3, "no tft"),
        ("apn", 70_000, "not 0 to 65535"),
    ):
        with pytest.raises(WordsError, match=said):
            made(CREATE, element_lengths=((name, length),))


def test_octets_can_be_added_changed_and_cut_off() -> None:
    """Trailing octets come behind, patches in place of others, and the rest is cut off last."""
    whole = made(MessageType.ECHO_REQUEST)
    assert made(MessageType.ECHO_REQUEST, trailing=b"\xaa") == whole + b"\xaa"
    assert made(MessageType.ECHO_REQUEST, patches=((1, b"\x52"),))[0] == 0x52
    assert made(MessageType.ECHO_REQUEST, octets=5) == whole[:5]
    assert made(MessageType.ECHO_REQUEST, octets=-1) == whole[:-1]
    with pytest.raises(WordsError, match="no octet 13"):
        made(MessageType.ECHO_REQUEST, patches=((13, b"\0"),))
    with pytest.raises(WordsError, match="do not fit"):
        made(MessageType.G_PDU, "payload=" + "00" * 70_000)


def test_reference_lists_a_messages_elements() -> None:
    """The list of a message's elements says of each how to write it and what it usually is."""
    rows = {row[0]: row[1:] for row in reference(CREATE)}
    assert rows["imsi"] == ("C", "digits", "001010000000001")
    assert rows["nsapi"] == ("M", "a number, decimal or after 0x hexadecimal", "5")
    assert rows["tft"] == ("C", "octets in hexadecimal", "")
    assert rows["additional_trace_info"][1] == "hex:…"


def test_every_form_is_of_a_type_that_messages_have() -> None:
    """No form is there for nothing."""
    used = {place.element.type for kind in MESSAGES.values() for place in kind.IES}
    assert set(FORMS) <= used
    assert IEType.IMSI in FORMS


@given(st.lists(st.text(max_size=12).map(lambda text: f"imsi={text}"), max_size=2))
def test_whatever_is_written_is_at_most_refused(words: list[str]) -> None:
    """Only ``WordsError`` comes of what a user may write."""
    with suppress(WordsError):
        made(CREATE, *words)
