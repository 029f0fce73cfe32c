"""Expectations against a record: what is found, what is missed, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from corenet.ggsn.events import ActivationFinished
from corenet.interfaces import llc, paging
from corenet.interfaces.activation import ActivationOutcome, CauseSource, FailureCause, Step
from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas import sm
from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed, Phase
from gtp.constants import Cause
from gtp.messages import DeletePdpContextRequest, PduNotificationResponse
from testbed.codecs.smpp import EnquireLink, encode
from testbed.expectations.expected import event, message
from testbed.expectations.matching import every, first, in_order, instead
from testbed.expectations.seen import Record
from testbed.expectations.values import agrees, text

GGSN, SGSN = ("192.0.2.1", 2123), ("192.0.2.2", 2123)
FAILED = ActivationOutcome(
    "234150000000001",
    "wap.example",
    Step.MS_ACTIVATION,
    cause=FailureCause(CauseSource.GTP, 4, "MS refuses"),
    retry_after=300.0,
)


def passed(data, interface=Interface.GTP_C, *, time=0.0, phase=None):
    return Passed(time, interface, SGSN, GGSN, data, "sgsn", "ggsn", phase)


def notification_response(cause, time=0.0):
    return passed(PduNotificationResponse(cause=cause).encode(), time=time)


@pytest.fixture
def record():
    record = Record()
    record.passed(notification_response(Cause.IMSI_NOT_KNOWN, 0.25))
    record.passed(notification_response(Cause.REQUEST_ACCEPTED, 0.5))
    record.happened(0.75, "ggsn", ActivationFinished("key", FAILED))
    return record


@pytest.mark.parametrize("cause", [194, "IMSI/IMEI not known", "imsi-imei-not-known"])
def test_a_message_is_found_by_name_ends_and_elements(record, cause):
    """Causes can be numbers or words; ends can be nodes or addresses."""
    for source in ("sgsn", "192.0.2.2", None):
        wanted = message("pdu notification response", source=source, fields={"cause": cause})
        assert first(wanted, record) == 0
        assert first(wanted, record, start=1) is None


def test_an_event_is_found_by_the_fields_of_its_fields(record):
    """Paths with dots and mappings go into what an event has."""
    for fields in (
        {"outcome.step": "ms-activation", "outcome.cause.number": 4},
        {"outcome": {"step": "ms-activation", "cause": {"source": "gtp", "number": 4}}},
        {"outcome.retry_after": {"min": 299, "max": 301}, "outcome.address": None},
    ):
        assert first(event("ActivationFinished", of="ggsn", fields=fields), record) == 2
    assert first(message("ActivationFinished"), record) is None


def test_expectations_come_true_in_order(record):
    """With anything in between; the first one that does not is named."""
    refused = message("PDU Notification Response", fields={"cause": 194})
    accepted = message("PDU Notification Response", fields={"cause": 128})
    finished = event("ActivationFinished")
    found = in_order((refused, finished), record)
    assert (found.positions, found.complete) == ((0, 2), True)
    found = in_order((accepted, refused), record)
    assert (found.positions, found.missing) == ((1,), refused)
    assert every(message("PDU Notification Response"), record) == (0, 1)


@pytest.mark.parametrize(("behind", "complete"), [(0.0, True), (0.9, True), (1.1, False)])
def test_a_message_and_an_event_of_one_moment_have_no_order(behind, complete):
    """What a node does at one instant may be told before or after it; later it is too late."""
    record = Record()
    record.passed(notification_response(Cause.REQUEST_ACCEPTED, 1.0))
    record.happened(1.0 + behind, "ggsn", ActivationFinished("key", FAILED))
    wanted = (event("ActivationFinished"), message("PDU Notification Response"))
    assert in_order(wanted, record).complete is complete


def test_what_was_seen_instead_is_said(record):
    """Of the same name what differs, what came too early, or that there was nothing."""
    wanted = message("PDU Notification Response", source="far", fields={"cause": 204, "nothing": 1})
    line = instead(wanted, record, since=0.2)[0]
    assert line.startswith("sgsn → ggsn  PDU Notification Response at 50.0 ms is from sgsn at ")
    assert "has cause 194 (IMSI/IMEI not known), not 204" in line
    assert "has no field nothing (its fields: " in line
    early = message("PDU Notification Response", fields={"cause": 194})
    assert instead(early, record, 1)[0].endswith("at 250.0 ms came too early")
    assert instead(message("Echo Request"), record) == ["no message of that name was seen"]
    assert instead(event("PdusDropped"), record) == ["no event of that name was seen"]
    assert (
        "is on gtp-c, not on gtp-u"
        in instead(message("PDU Notification Response", on=Interface.GTP_U), record)[0]
    )


def test_only_the_first_differences_are_said():
    """Of many of the same name three are shown, and the number of the others."""
    record = Record()
    for _ in range(5):
        record.passed(notification_response(Cause.NO_RESOURCES_AVAILABLE))
    wanted = message("PDU Notification Response", fields={"cause": 128})
    assert len(instead(wanted, record)) == 4
    assert instead(wanted, record)[-1] == "and 2 more"


def test_an_expectation_says_what_it_is():
    """As it was written: name, ends, interface and fields."""
    wanted = message(
        "Echo Request",
        on=Interface.GTP_C,
        source="ggsn",
        to="sgsn",
        fields={"recovery": {"min": 2}},
    )
    assert str(wanted) == "Echo Request from ggsn to sgsn on gtp-c with recovery min 2"
    assert str(event("PdusDropped", of="ggsn", fields={"a": [1, True]})) == (
        "PdusDropped of ggsn with a [1, true]"
    )


def test_messages_of_each_interface_are_read():
    """NAS in LLC, paging, GSUP, and PDUs of SMPP out of its connection."""
    record = Record({"192.0.2.1": "initiator"})
    reject = sm.RequestPdpContextActivationReject(sm.TransactionIdentifier(0, True), 31).encode()
    frame = llc.encode_ui(llc.Sapi.MOBILITY_MANAGEMENT, reject, uplink=True, nu=0)
    record.passed(passed(frame, Interface.RADIO))
    record.passed(passed(paging.encode(0xC0000001), Interface.RADIO))
    error = GsupMessage(MessageType.UPDATE_LOCATION_ERROR, "234150000000001", cause=2)
    record.passed(passed(error.encode(), Interface.GR))
    octets = encode(EnquireLink(), 1)
    for part, phase in ((b"", Phase.OPENED), (octets[:5], Phase.DATA), (octets[5:], Phase.DATA)):
        record.passed(passed(part, Interface.SMPP, phase=phase))
    wanted = (
        message("Request PDP Context Activation Reject", fields={"cause": 31}),
        message("Paging Request", fields={"p_tmsi": 0xC0000001}),
        message(
            "UpdateLocation Error", on=Interface.GR, fields={"imsi": "2341500000*", "cause": 2}
        ),
        message("SMPP enquire_link"),
    )
    assert in_order(wanted, record).complete


@pytest.mark.parametrize("interface", [one for one in Interface if one not in ("gsup", "um")])
def test_what_is_malformed_is_kept_as_such(interface):
    """Octets that are no message are seen too; nothing raises."""
    record = Record()
    record.passed(
        passed(b"\x00" * 20, interface, phase=Phase.DATA if interface == "smpp" else None)
    )
    assert len(record) == 1
    assert record[0].name


def test_a_message_is_not_seen_twice_in_ipa():
    """GSUP to other processes passes on Gr too."""
    record = Record()
    record.passed(passed(b"\x00", Interface.GSUP))
    assert list(record) == []


def test_a_record_can_begin_anew(record):
    """What was seen before a scenario begins does not count."""
    record.clear()
    assert list(record) == []


def test_names_are_given_to_addresses_of_others():
    """An address that is no node's has the name that the record was given."""
    record = Record({"192.0.2.9": "initiator"})
    data = DeletePdpContextRequest(nsapi=5).encode()
    record.passed(Passed(0.0, Interface.GTP_C, ("192.0.2.9", 1), GGSN, data, "", ""))
    assert str(record[0]) == "initiator → 192.0.2.1  Delete PDP Context Request"
    assert first(message("delete-pdp-context-request", source="192.0.2.9"), record) == 0


@dataclass(frozen=True, slots=True)
class Happened(Event):
    members: tuple[str, ...]
    values: dict[str, int]


def test_members_are_found_by_number_and_key():
    """A path goes into tuples by number and into mappings by key; it may lead nowhere."""
    record = Record()
    record.happened(0.0, "node", Happened(("a",), {"b": 2}))
    assert record[0].look_up("members.0") == "a"
    assert record[0].look_up("values.b") == 2
    for path in ("members.1", "values.c", "members.x", "_members"):
        assert not first(event("Happened", fields={path: 1}), record)


@pytest.mark.parametrize(
    ("expected", "value", "agreed"),
    [
        (None, None, True),
        (None, 0, False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (128, Cause.REQUEST_ACCEPTED, True),
        (447700900101, "447700900101", True),
        (2, 2.0, True),
        ("request accepted", Cause.REQUEST_ACCEPTED, True),
        ("ms-activation", Step.MS_ACTIVATION, True),
        ("active", Step.MS_ACTIVATION, False),
        ("dead*", b"\xde\xad\xbe\xef", True),
        ("*.example", "wap.example", True),
        ("[urgent] call *", "[urgent] call home", True),
        ("[urgent]", "u", False),
        ("x", None, False),
        ({"min": 1}, 2, True),
        ({"min": 1, "max": 2}, 3, False),
        ({"max": 2}, "1", False),
        ({"min": 0}, True, False),
        ({"number": 4}, FAILED.cause, True),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {}, False),
        ([1, "b"], (1, "b"), True),
        ([1], (1, 2), False),
        ([1], 1, False),
    ],
)
def test_values_agree(expected, value, agreed):
    """Each kind of expectation against a value."""
    assert agrees(expected, value) is agreed


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Cause.REQUEST_ACCEPTED, "128 (Request accepted)"),
        (Step.ACTIVE, "active"),
        (b"", "no octets"),
        (b"\x01", "01"),
        (None, "absent"),
        (4, "4"),
    ],
)
def test_values_are_put_into_words(value, words):
    """As a failing expectation shows them."""
    assert text(value) == words
