"""Whose a message is that does not say so."""

from __future__ import annotations

from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed
from gtp.constants import Cause
from gtp.messages import FailureReportRequest, FailureReportResponse, Message
from testbed.expectations.messages import Read
from testbed.lab.page.attribution import Attribution

GGSN, HLR, OTHER = ("127.0.0.1", 2123), ("127.0.0.3", 2123), ("127.0.0.4", 2123)
IMSI = "234150000000101"
ANSWER = FailureReportResponse(sequence=7, cause=Cause.REQUEST_ACCEPTED)


def whose(attribution, source, destination, message: Message):
    passed = Passed(1.0, Interface.GTP_C, source, destination, message.encode(), "", "")
    return attribution.of_message(passed, Read("", message))


def test_an_answer_is_of_whom_the_request_was():
    """By who asked whom, and the sequence number: the answer has no TEID and no IMSI."""
    attribution = Attribution(lambda _: None)
    assert whose(attribution, HLR, GGSN, ANSWER) is None
    assert whose(attribution, GGSN, HLR, FailureReportRequest(sequence=7, imsi=IMSI)) == IMSI
    assert whose(attribution, HLR, GGSN, ANSWER) == IMSI
    assert whose(attribution, OTHER, GGSN, ANSWER) is None


def test_an_address_is_known_from_before():
    """That of a context that was there when somebody began to look."""
    attribution = Attribution(lambda _: None)
    attribution.learn_address("127.20.0.1", IMSI)

    class Sent:
        address = "WAPPUSH=127.20.0.1/TYPE=IPV4@ppg.example"

    assert attribution.of_event(Sent()) == IMSI
    Sent.address = "no address at all = none"
    assert attribution.of_event(Sent()) is None
