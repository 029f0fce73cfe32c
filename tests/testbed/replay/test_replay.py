"""A recorded dialogue played to a peer: what goes out, when, and what is found different."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from corenet.interfaces.node import Event, Interface
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    Message,
    PduNotificationRequest,
    PduNotificationResponse,
    VersionNotSupported,
    decode,
)
from testbed.replay.captures import Datagram, datagrams
from testbed.replay.dialogue import Dialogue, DialogueError, dialogue
from testbed.replay.differences import Kind, differences
from testbed.replay.player import (
    Besides,
    Pace,
    Player,
    ReplayEnded,
    StepCame,
    StepLeftOut,
    StepMissed,
    StepSent,
)
from testbed.replay.report import Report
from testbed.replay.rewriting import Names, control_teid, rewritten

SGSN, GGSN = "192.0.2.1", "192.0.2.2"
PEER, HERE = ("198.51.100.2", 2123), ("198.51.100.1", 2123)
QOS = bytes.fromhex("020b921f")
OLD_TEID, NEW_TEID = 0x100, 0x999


def create(sequence: int = 1, **values: Any) -> CreatePdpContextRequest:
    return CreatePdpContextRequest(
        sequence=sequence,
        teid_data=2,
        teid_control=1,
        nsapi=5,
        sgsn_address_control=SGSN,
        sgsn_address_user="192.0.2.77",
        qos=QOS,
        imsi="001010000000001",
        end_user_address=EndUserAddress.dynamic_ipv4(),
        **values,
    )


def created(sequence: int = 1, teid: int = OLD_TEID, **values: Any) -> CreatePdpContextResponse:
    settings: dict[str, Any] = {
        "cause": Cause.REQUEST_ACCEPTED,
        "reordering_required": False,
        "teid_data": teid + 1,
        "teid_control": teid,
        "charging_id": teid,
        "end_user_address": EndUserAddress.for_ipv4("10.0.0.1"),
        "ggsn_address_control": GGSN,
        "ggsn_address_user": GGSN,
        "qos": QOS,
    }
    return CreatePdpContextResponse(sequence=sequence, teid=1, **(settings | values))


def delete(sequence: int, teid: int = OLD_TEID) -> DeletePdpContextRequest:
    return DeletePdpContextRequest(sequence=sequence, teid=teid, nsapi=5, teardown=True)


def deleted(sequence: int, cause: Cause = Cause.REQUEST_ACCEPTED) -> DeletePdpContextResponse:
    return DeletePdpContextResponse(sequence=sequence, teid=1, cause=cause)


def notification(sequence: int, teid: int) -> PduNotificationRequest:
    return PduNotificationRequest(
        sequence=sequence,
        imsi="001010000000001",
        teid_control=teid,
        end_user_address=EndUserAddress.for_ipv4("10.0.0.1"),
        apn="wap",
        ggsn_address=GGSN,
    )


def recorded(*messages: tuple[float, str, Message]) -> Dialogue:
    """Make a dialogue of messages with their times and senders."""
    return dialogue(
        [
            Datagram(
                time,
                (sender, 2123),
                (GGSN if sender == SGSN else SGSN, 2123),
                message.encode(),
            )
            for time, sender, message in messages
        ]
    )


USUAL = recorded(
    (0.0, SGSN, create(1)),
    (0.1, GGSN, created(1)),
    (2.1, SGSN, delete(2)),
    (2.2, GGSN, deleted(2)),
)


class Stage:
    """A player, and a peer that the test speaks for."""

    def __init__(self, of: Dialogue, pace: Pace | None = None) -> None:
        self.player = Player(of, PEER, HERE[0], pace or Pace(), first_sequence=500)
        self.events: list[Event] = []

    def start(self, now: float = 0.0) -> list[Message]:
        self.player.start(now)
        return self.out()

    def say(self, message: Message, now: float, host: str = PEER[0]) -> list[Message]:
        self.player.receive(
            Interface.GTP_C, message.encode(), peer=(host, 2123), local=HERE, now=now
        )
        return self.out()

    def wait(self, now: float) -> list[Message]:
        self.player.handle_timeout(now)
        return self.out()

    def out(self) -> list[Message]:
        self.events += self.player.take_events()
        return [decode(one.data) for one in self.player.take_datagrams()]

    def happened(self, kind: type[Event]) -> Sequence[Any]:
        return [event for event in self.events if isinstance(event, kind)]


# The dialogue


def test_the_side_that_asks_first_is_played() -> None:
    """Who asks first is played, unless somebody else is named."""
    assert (USUAL.side, USUAL.peer, USUAL.peer_asks) == (SGSN, GGSN, False)
    assert [(step.outgoing, step.answers) for step in USUAL.steps] == [
        (True, None),
        (False, 1),
        (True, None),
        (False, 3),
    ]
    assert USUAL.steps[2].time == pytest.approx(2.1)


def test_repetitions_and_strangers_are_left_out() -> None:
    """What was sent again is one step, and other hosts' messages are none."""
    again = Datagram(1.0, (SGSN, 2123), (GGSN, 2123), create(1).encode())
    other = Datagram(1.5, ("192.0.2.9", 2123), (GGSN, 2123), EchoRequest(sequence=9).encode())
    noise = Datagram(1.6, (SGSN, 53), (GGSN, 53), b"not gtp at all")
    answer = Datagram(2.0, (GGSN, 2123), (SGSN, 2123), created(1).encode())
    user_data = Datagram(1.7, (SGSN, 2152), (GGSN, 2152), b"not GTP-C either")
    found = dialogue([again, again, other, noise, user_data, answer, answer])
    assert len(found.steps) == 2
    assert found.others == 1
    assert found.left_out == "1 GTP-U, 1 other UDP"


def test_captures_without_a_dialogue_are_refused() -> None:
    """No GTP, or a side that nobody is, is named."""
    with pytest.raises(DialogueError, match=r"only GTPv1-C .* in this capture there is none$"):
        dialogue([])
    user_data = [Datagram(0.0, (SGSN, 2152), (GGSN, 2152), b"0")] * 2
    accounting = Datagram(0.0, (GGSN, 1024), ("192.0.2.9", 1813), b"0")
    with pytest.raises(DialogueError, match=r"there is none; there is 2 GTP-U, 1 RADIUS$"):
        dialogue([*user_data, accounting])
    message = Datagram(0.0, (SGSN, 2123), (GGSN, 2123), create().encode())
    with pytest.raises(DialogueError, match="between two hosts"):
        dialogue([Datagram(0.0, (SGSN, 5000), (SGSN, 2123), create().encode())])
    with pytest.raises(DialogueError, match=f"none of the hosts .*: {SGSN}, {GGSN}"):
        dialogue([message], "192.0.2.55")
    assert dialogue([message], GGSN).side == GGSN


def test_a_capture_of_sgsnemu_is_understood() -> None:
    """sgsnemu's echo, creation and deletion are found in a capture of it."""
    path = Path(__file__).parents[2] / "vectors" / "osmo" / "sgsnemu.pcapng"
    found = dialogue(datagrams(path.read_bytes()))
    assert (found.side, found.peer) == ("127.0.11.1", "127.0.10.1")
    assert sorted(step.type for step in found.steps) == [1, 2, 16, 17, 20, 21]
    assert all(step.outgoing or step.answers for step in found.steps)


# What goes out


def test_teids_sequence_numbers_and_addresses_are_todays() -> None:
    """Numbers are new, the peer's TEID is the one it told now, our address the one we have."""
    stage = Stage(USUAL, Pace(keep_timing=False))
    (request,) = stage.start()
    assert isinstance(request, CreatePdpContextRequest)
    assert (request.sequence, request.teid) == (500, 0)
    assert request.sgsn_address_control == HERE[0]
    assert request.sgsn_address_user == "192.0.2.77"
    assert request.imsi == "001010000000001"
    (second,) = stage.say(created(500, NEW_TEID), 0.3)
    assert (second.sequence, second.teid) == (501, NEW_TEID)
    assert stage.say(deleted(501), 0.4) == []
    assert stage.happened(ReplayEnded)
    assert [event.seconds for event in stage.happened(StepCame)] == [
        pytest.approx(0.3),
        pytest.approx(0.1),
    ]
    assert stage.player.next_timeout() is None


def test_timing_is_kept() -> None:
    """A message goes as long after the one before it as it did in the recording."""
    stage = Stage(USUAL)
    stage.start(100.0)
    assert stage.say(created(500, NEW_TEID), 100.4) == []
    assert stage.player.next_timeout() == pytest.approx(102.4)
    assert stage.wait(102.0) == []
    assert len(stage.wait(102.4)) == 1


def test_requests_sent_together_are_sent_together() -> None:
    """What did not wait for an answer in the recording does not wait for it now."""
    both = recorded(
        (0.0, SGSN, create(1)),
        (0.0, SGSN, EchoRequest(sequence=2)),
        (0.1, GGSN, EchoResponse(recovery=1, sequence=2)),
        (0.2, GGSN, created(1)),
    )
    stage = Stage(both)
    assert len(stage.start()) == 2
    stage.say(created(500), 0.1)
    assert not stage.happened(ReplayEnded)
    stage.say(EchoResponse(recovery=7, sequence=501), 0.2)
    assert stage.happened(ReplayEnded)


def test_the_peers_requests_are_answered_as_recorded() -> None:
    """A request of the peer gets the recorded answer, under its number, to the TEID it tells."""
    asked = recorded(
        (0.0, SGSN, EchoRequest(sequence=1)),
        (0.1, GGSN, EchoResponse(recovery=1, sequence=1)),
        (1.0, GGSN, notification(77, OLD_TEID)),
        (
            1.1,
            SGSN,
            PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED, sequence=77, teid=OLD_TEID),
        ),
    )
    assert asked.peer_asks
    stage = Stage(asked, Pace(keep_timing=False))
    stage.start()
    stage.say(EchoResponse(recovery=1, sequence=500), 0.1)
    request = notification(4242, NEW_TEID)
    (answer,) = stage.say(request, 0.2)
    assert isinstance(answer, PduNotificationResponse)
    assert (answer.sequence, answer.teid) == (4242, NEW_TEID)
    assert stage.happened(ReplayEnded)


def test_a_request_that_comes_again_is_answered_again() -> None:
    """The peer may lose our answer as well as anybody."""
    asked = recorded(
        (0.0, SGSN, EchoRequest(sequence=1)),
        (0.1, GGSN, notification(77, OLD_TEID)),
        (0.2, SGSN, PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED, sequence=77)),
        (0.3, GGSN, EchoResponse(recovery=1, sequence=1)),
    )
    stage = Stage(asked, Pace(keep_timing=False))
    stage.start()
    request = notification(1, NEW_TEID)
    (first,) = stage.say(request, 0.1)
    (second,) = stage.say(request, 0.2)
    assert first == second
    assert stage.happened(Besides) == []


# What does not come


def test_unanswered_requests_are_repeated_and_missed() -> None:
    """A request goes out N3 times, T3 apart; then its answer is missed, and the rest goes on."""
    stage = Stage(USUAL, Pace(keep_timing=False, t3_response=1.0, n3_requests=2))
    stage.start()
    (again,) = stage.wait(1.0)
    assert again.sequence == 500
    (following,) = stage.wait(2.0)
    assert following.TYPE == 20
    assert (following.sequence, following.teid) == (501, OLD_TEID)
    assert [event.step.number for event in stage.happened(StepMissed)] == [2]
    assert [event.transmission for event in stage.happened(StepSent)] == [1, 2, 1]


def test_answers_to_what_did_not_come_are_left_out() -> None:
    """Where the peer does not ask, nobody answers; the wait is bounded."""
    asked = recorded(
        (0.0, SGSN, EchoRequest(sequence=1)),
        (0.1, GGSN, EchoResponse(recovery=1, sequence=1)),
        (1.0, GGSN, notification(77, OLD_TEID)),
        (1.1, SGSN, PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED, sequence=77)),
    )
    stage = Stage(asked, Pace(keep_timing=False, t3_response=2.0))
    stage.start()
    stage.say(EchoResponse(recovery=1, sequence=500), 0.5)
    assert stage.player.next_timeout() == pytest.approx(0.5 + 0.9 + 2.0)
    assert stage.wait(3.5) == []
    assert [event.step.number for event in stage.happened(StepMissed)] == [3]
    assert [event.step.number for event in stage.happened(StepLeftOut)] == [4]
    assert stage.happened(ReplayEnded)


def test_an_answer_from_before_the_recording_is_missed_at_once() -> None:
    """A response whose request was not recorded cannot come."""
    late = recorded((0.0, SGSN, EchoRequest(sequence=1)), (0.1, GGSN, deleted(9)))
    stage = Stage(late)
    stage.start()
    assert [event.step.number for event in stage.happened(StepMissed)] == [2]


def test_what_was_not_answered_may_be_now() -> None:
    """The field failure itself: no answer then; one now is told, and none ends it as well."""
    silent = recorded((0.0, SGSN, create(1)))
    answered = Stage(silent)
    answered.start()
    answered.say(created(500), 0.1)
    (besides,) = answered.happened(Besides)
    assert besides.answers.number == 1
    assert answered.happened(ReplayEnded)
    again = Stage(silent, Pace(t3_response=1.0, n3_requests=5))
    again.start()
    assert again.wait(1.0) == []
    assert again.happened(ReplayEnded)
    assert again.happened(StepMissed) == []


# What comes besides


def test_unrecorded_echo_requests_are_answered() -> None:
    """The peer's own echo is answered, with the restart counter of the recording if it has one."""
    with_recovery = recorded((0.0, SGSN, create(1, recovery=9)), (0.1, GGSN, created(1)))
    for of, recovery in ((USUAL, 0), (with_recovery, 9)):
        stage = Stage(of)
        stage.start()
        (answer,) = stage.say(EchoRequest(sequence=3), 0.1)
        assert isinstance(answer, EchoResponse)
        assert (answer.sequence, answer.recovery) == (3, recovery)


def test_others_are_not_heard_and_stopped_it_is_deaf() -> None:
    """Hosts beside the peer change nothing; neither does anything after the end."""
    stage = Stage(USUAL)
    stage.start()
    stage.say(created(500), 0.1, host="203.0.113.1")
    assert stage.happened(StepCame) == []
    stage.say(created(12345), 0.1)
    assert len(stage.happened(Besides)) == 1
    stage.player.stop(0.2)
    stage.say(created(500), 0.3)
    assert stage.happened(StepCame) == []
    assert stage.player.next_timeout() is None
    assert stage.player.name == "replay"


# What is different


def test_own_choices_are_no_differences() -> None:
    """A peer's TEIDs, addresses and charging ID are new each time; strictly they differ."""
    before, after = created(1).encode(), created(2, NEW_TEID).encode()
    assert differences(before, after) == []
    names = {one.name for one in differences(before, after, strict=True)}
    assert names == {"TEID Data I", "TEID Control Plane", "Charging ID"}


def test_other_values_missing_and_further_elements_are_found() -> None:
    """Each difference says the element, what it was, and what it is."""
    after = created(1, cause=Cause.NO_RESOURCES_AVAILABLE, qos=None, pco=b"\x80")
    found = differences(created(1).encode(), after.encode())
    assert [(one.kind, str(one)) for one in found] == [
        (Kind.OTHER, "Cause: No resources available (199), recorded Request accepted (128)"),
        (
            Kind.MISSING,
            "Quality of Service (UMTS): missing, recorded priority 2, delay class 1, "
            "reliability class 3, peak throughput 9, precedence class 2, mean throughput 31",
        ),
        (Kind.MORE, "Protocol Configuration Options: none, not in the recording"),
    ]
    assert differences(created(1).encode(), after.encode(), ignored={1, 135, 132}) == []


def test_what_differs_in_octets_alone_is_shown_in_octets() -> None:
    """Spare bits of a QoS profile are not in its words."""
    after = created(1, qos=bytes.fromhex("024b921f"))
    assert [str(one) for one in differences(created(1).encode(), after.encode())] == [
        "Quality of Service (UMTS): 024b921f, recorded 020b921f"
    ]


def test_recovery_comes_with_first_contacts_only() -> None:
    """That Recovery is there, or is not, says nothing; strictly it does."""
    with_it, without = created(1, recovery=4).encode(), created(1).encode()
    assert differences(with_it, without) == differences(without, with_it) == []
    assert len(differences(with_it, without, strict=True)) == 1
    assert len(differences(without, with_it, strict=True)) == 1


def test_another_message_is_a_difference() -> None:
    """What comes in the place of an answer is named."""
    (found,) = differences(EchoResponse(recovery=1).encode(), VersionNotSupported().encode())
    assert str(found) == "message type: Version Not Supported, recorded Echo Response"


def test_broken_messages_stay_broken() -> None:
    """Only octets that name something are changed, however broken the rest is."""
    data = bytearray(create(1).encode())
    data[2:4] = b"\x00\x03"
    data += b"\xff"
    made = rewritten(bytes(data), Names(), 7)
    assert made[2:4] == b"\x00\x03"
    assert made[-1:] == b"\xff"
    assert control_teid(EchoRequest().encode()) is None


# The report


def test_report_shows_what_went_and_what_differs() -> None:
    """Lines for people, values for programs, and the count of what is different."""
    lines: list[str] = []
    report = Report(lines.append)
    stage = Stage(USUAL, Pace(keep_timing=False))
    stage.start()
    stage.say(created(500, NEW_TEID), 0.1)
    stage.say(EchoRequest(sequence=1), 0.15)
    stage.say(deleted(501, Cause.NON_EXISTENT), 0.2)
    for event in stage.events:
        report.take(event)
    assert lines == [
        "   1 →  Create PDP Context Request",
        "   2 ←  Create PDP Context Response after 100.0 ms: as recorded",
        "   3 →  Delete PDP Context Request",
        "     ←  Echo Request: not in the recording",
        "   4 ←  Delete PDP Context Response after 100.0 ms: differs",
        "          Cause: Non-existent (192), recorded Request accepted (128)",
    ]
    assert report.different == 1
    last = report.plain()["steps"][-1]
    assert last["differences"] == [
        {
            "kind": "other",
            "element": "Cause",
            "recorded": "Request accepted (128)",
            "now": "Non-existent (192)",
        }
    ]


def test_report_counts_what_is_missed_and_what_is_answered_now() -> None:
    """Silence where there was an answer is different, and so is an answer where there was none."""
    step = USUAL.steps[1]
    lines: list[str] = []
    report = Report(lines.append)
    report.take(StepSent(USUAL.steps[0], b"", 2))
    report.take(StepMissed(step))
    report.take(StepLeftOut(USUAL.steps[2]))
    report.take(Besides(deleted(1).encode(), USUAL.steps[2]))
    assert report.different == 2
    assert lines == [
        "   1 →  Create PDP Context Request, again",
        "   2 ←  Create PDP Context Response: did not come",
        "   3 →  Delete PDP Context Request: left out, as what it answers did not come",
        "   3 ←  Delete PDP Context Response: answered, and was not in the recording",
        "          Cause: Request accepted (128)",
    ]
    missing = differences(created(1).encode(), created(1, qos=None, cause=Cause(199)).encode())
    assert [one.kind for one in missing] == [Kind.OTHER, Kind.MISSING]
