"""What the benchmark's scripted SGSN sends and reads is what it is meant to be."""

from __future__ import annotations

import pytest

from benchmarks.ggsn.messages import (
    SEQUENCES,
    control_teid,
    create,
    delete,
    deleted,
    imsi,
    numbered,
    split,
)
from benchmarks.ggsn.sgsn import AGAIN_SEQUENCE, FIRST_SEQUENCE, sequence_of
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    decode,
)


def test_the_ggsn_serves_what_it_sends(bench) -> None:
    """A context is created and deleted by the octets that are only patched."""
    host = "192.0.2.2"
    request = numbered(split(create(7, host, apn="wap.example").encode()), 513)
    assert isinstance(decode(request), CreatePdpContextRequest)
    bench.deliver_octets(request, host)
    answer = bench.sent(CreatePdpContextResponse)
    assert (answer.cause, answer.sequence) == (Cause.REQUEST_ACCEPTED, 513)
    assert [context.imsi for context in bench.ggsn.contexts()] == [imsi(7)]
    teid = control_teid(answer.encode())
    assert int.from_bytes(teid, "big") == answer.teid_control
    bench.deliver_octets(delete(teid, 514), host)
    assert bench.sent(DeletePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    bench.assert_nothing_left()


def test_a_refusal_ends_the_measurement() -> None:
    """It would measure something else."""
    refused = CreatePdpContextResponse(cause=Cause.NO_RESOURCES_AVAILABLE)
    with pytest.raises(SystemExit, match="refused"):
        control_teid(refused.encode())


def test_a_deletion_by_the_ggsn_is_accepted() -> None:
    """The answer has the request's number."""
    request = DeletePdpContextRequest(teid=5, sequence=300, nsapi=5, teardown=True)
    answer = decode(deleted(request.encode()))
    assert isinstance(answer, DeletePdpContextResponse)
    assert (answer.sequence, answer.cause) == (300, Cause.REQUEST_ACCEPTED)


def test_a_pair_has_two_numbers_of_its_own_among_those_under_way() -> None:
    """Numbers come around, but not to the first thousand, which osmo-ggsn remembers."""
    numbers = [sequence_of(pair) for pair in range(SEQUENCES)]
    assert numbers[0] == FIRST_SEQUENCE
    assert all(number % 2 == 0 and number + 1 < SEQUENCES for number in numbers)
    assert min(numbers[SEQUENCES // 2 :]) >= AGAIN_SEQUENCE
    assert len(set(numbers[40_000:40_064])) == 64
