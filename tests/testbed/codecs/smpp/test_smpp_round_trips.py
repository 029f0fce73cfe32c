"""Whatever a PDU holds, its octets hold too; whatever octets hold, only a protocol error comes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testbed.codecs.smpp import (
    PDUS,
    Framer,
    FramingError,
    Pdu,
    RemoteProtocolError,
    answer_to,
    decode,
    encode,
)
from testbed.codecs.smpp.constants import RESPONSE_BIT, CommandId
from tests.testbed.codecs.smpp.smpp_strategies import ANY_PDU, pdus

SEQUENCES = st.integers(0, 0xFFFF_FFFF)


def test_every_command_of_the_standard_has_its_pdu() -> None:
    """There is a PDU for each command_id of SMPP 3.4 §5.1.2.1."""
    assert sorted(PDUS) == sorted(CommandId)


@pytest.mark.parametrize("command", sorted(PDUS), ids=lambda number: CommandId(number).spelling)
@given(data=st.data())
@pytest.mark.clause("SMPP 3.4 §3.1, §3.2, §4", "every PDU, both ways")
def test_octets_of_a_pdu_are_the_pdu(command: int, data: st.DataObject) -> None:
    """What is encoded is decoded to the same PDU and sequence number."""
    pdu = data.draw(pdus(PDUS[command]))
    sequence = data.draw(SEQUENCES)
    octets = encode(pdu, sequence)
    assert int.from_bytes(octets[:4]) == len(octets)
    assert decode(octets) == (sequence, pdu)


@given(pdu=ANY_PDU, sequence=SEQUENCES, data=st.data())
def test_a_damaged_pdu_ends_in_a_protocol_error_or_in_a_pdu(
    pdu: Pdu, sequence: int, data: st.DataObject
) -> None:
    """Octets changed, cut off or added: only RemoteProtocolError, with an answer that encodes."""
    octets = bytearray(encode(pdu, sequence))
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(st.integers(0, 255))
    del octets[data.draw(st.integers(16, len(octets))) :]
    octets += data.draw(st.binary(max_size=8))
    octets[:4] = len(octets).to_bytes(4)
    check_any(bytes(octets))


@given(st.one_of(st.binary(max_size=80), st.binary(min_size=16, max_size=300)))
@example(b"")
@example(bytes(16))
def test_any_octets_end_in_a_protocol_error_or_in_a_pdu(octets: bytes) -> None:
    """Nothing but RemoteProtocolError leaves the decoder."""
    check_any(octets)
    check_any((len(octets) + 4).to_bytes(4) + octets)


@given(st.sampled_from(sorted(PDUS)), st.binary(max_size=200))
def test_any_body_ends_in_a_protocol_error_or_in_a_pdu(command: int, body: bytes) -> None:
    """A body of any octets under a good header is refused by the right kind of answer."""
    octets = (16 + len(body)).to_bytes(4) + command.to_bytes(4) + bytes(4) + b"\0\0\0\x07" + body
    error = refused(octets)
    if error is None:
        return
    assert not isinstance(error, FramingError)
    assert (error.sequence, error.command_id) == (7, command)
    answer = answer_to(error)
    if command & RESPONSE_BIT or command in (CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION):
        assert answer is None
    else:
        assert answer is not None
        assert command | RESPONSE_BIT == answer.COMMAND
        assert answer.status == error.status != 0


def refused(octets: bytes) -> RemoteProtocolError | None:
    """Return the error that octets end in, or None where they are a PDU that survives."""
    try:
        sequence, pdu = decode(octets)
    except RemoteProtocolError as error:
        return error
    assert decode(encode(pdu, sequence)) == (sequence, pdu)
    return None


def check_any(octets: bytes) -> None:
    error = refused(octets)
    if error is None:
        return
    assert str(error)
    answer = answer_to(error)
    if answer is not None:
        assert decode(encode(answer, error.sequence)) == (error.sequence, answer)


@given(st.lists(ANY_PDU, min_size=1, max_size=4), st.lists(st.integers(1, 40), max_size=60))
def test_a_stream_in_any_pieces_gives_the_same_pdus(pdus: list[Pdu], pieces: list[int]) -> None:
    """However TCP cuts the stream, the same PDUs come out, each as soon as it is whole."""
    whole = [encode(pdu, number) for number, pdu in enumerate(pdus, 1)]
    stream = b"".join(whole)
    framer = Framer(largest=1 << 20)
    taken: list[bytes] = []
    for size in (*pieces, len(stream)):
        framer.add(stream[:size])
        stream = stream[size:]
        while (octets := framer.take()) is not None:
            taken.append(octets)
    assert taken == whole
    assert framer.is_between_pdus
