"""The ESME has pushes delivered: whole in transaction mode, in segments elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from corenet.interfaces.node import Event, Interface
from corenet.interfaces.sms.errors import Reader
from corenet.interfaces.sms.header import Concatenation, Ports, decode_header
from testbed.codecs.smpp import (
    AlertNotification,
    BindTransceiver,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSm,
    EsmClass,
    GenericNack,
    MessageState,
    MessageType,
    MessagingMode,
    NetworkErrorCode,
    NetworkType,
    Response,
    SmeAddress,
    SubmitSm,
    SubmitSmResp,
)
from testbed.codecs.smpp import parameters as p
from testbed.esme.config import EsmeConfig, Smsc, SmscMode
from testbed.esme.events import (
    SmscBound,
    SmscLost,
    SmsTransactionEnded,
    TerminalAnnounced,
    TransactionModeMissed,
)
from testbed.esme.node import Esme
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsOutcome, SmsUnknown
from testbed.esme.pushes import PushTransaction
from testbed.simulation.network import VirtualNetwork
from testbed.smpp.events import Answered, Submitted
from testbed.smpp.links import Account, Backoff
from testbed.smpp.testing import ObligingSmsc

ANN = "447700900123"
FIRST, SECOND = "192.0.2.9", "192.0.2.10"


class Centre:
    """An SMSC that keeps what it hears, and answers as the test says."""

    def __init__(self, network: VirtualNetwork, host: str, name: str) -> None:
        self.network = network
        self.heard: list[Submitted] = []
        self.answer: Callable[[Submitted], Response | None] = lambda _: None
        self.node = ObligingSmsc(name, answer=self._answer)
        network.attach(self.node, {Interface.SMPP: (host, 2775)})

    def _answer(self, submitted: Submitted) -> Response | None:
        self.heard.append(submitted)
        return self.answer(submitted)

    def respond(self, submitted: Submitted, response: Response) -> None:
        def act(now: float) -> None:
            session = self.node.server.session(submitted.connection)
            assert session is not None
            session.respond(submitted.sequence, response, now)

        self.network.command(self.node, act)

    def receipt(self, connection: int, **more: object) -> None:
        fields: dict[str, object] = {
            "source": SmeAddress.international(ANN),
            "destination": SmeAddress.international("447785016000"),
            "esm_class": int(EsmClass(type=MessageType.DELIVERY_RECEIPT)),
            **more,
        }
        pdu = DeliverSm(**fields)

        def act(now: float) -> None:
            session = self.node.server.session(connection)
            assert session is not None
            session.deliver(pdu, "receipt", now)

        self.network.command(self.node, act)

    @property
    def pdus(self) -> list[object]:
        return [submitted.request for submitted in self.heard]


class Bench:
    """An ESME and its SMSCs in virtual time."""

    def __init__(self, modes: tuple[SmscMode, ...] = (SmscMode.TRANSACTION,)) -> None:
        self.network = VirtualNetwork(1)
        self.events: list[Event] = []
        hosts = (FIRST, SECOND)[: len(modes)]
        self.centres = [
            Centre(self.network, host, f"smsc-{number}") for number, host in enumerate(hosts)
        ]
        bind = BindTransceiver(system_id="gateway", password="", interface_version=0x34)
        config = EsmeConfig(
            "192.0.2.5",
            tuple(
                Smsc(Account(f"smsc-{number}", (host, 2775), bind), mode)
                for number, (host, mode) in enumerate(zip(hosts, modes, strict=True))
            ),
            backoff=Backoff(first=1, longest=4),
        )
        self.esme = Esme(config, random=Random(1))
        self.network.on_event(
            lambda _, name, event: self.events.append(event) if name == "esme" else None
        )
        self.network.attach(self.esme, {Interface.SMPP: ("192.0.2.5", 0)})
        self.run(1)

    @property
    def centre(self) -> Centre:
        return self.centres[0]

    def run(self, seconds: float) -> None:
        self.network.run_until(self.network.now() + seconds)

    def submit(self, key: str = "p1~0.1", size: int = 10, lifetime: float = 100.0) -> None:
        push = PushTransaction(
            key, ANN, bytes(size), 9200, 2948, self.network.now() + lifetime, priority=1
        )
        self.network.command(self.esme, lambda now: self.esme.submit(push, now))
        self.run(1)

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def outcomes(self) -> list[SmsOutcome]:
        ended = (event for event in self.events if isinstance(event, SmsTransactionEnded))
        return [event.outcome for event in ended]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# Transaction mode


def test_a_push_goes_whole(bench: Bench) -> None:
    """One data_sm has all of it, with ports, reference and time to live as parameters."""
    bench.submit(size=500, lifetime=60)
    (pdu,) = bench.centre.pdus
    assert isinstance(pdu, DataSm)
    assert EsmClass.read(pdu.esm_class).mode is MessagingMode.TRANSACTION
    assert (pdu.get(p.DESTINATION_PORT), pdu.get(p.SOURCE_PORT)) == (2948, 9200)
    assert pdu.get(p.MESSAGE_PAYLOAD) == bytes(500)
    assert pdu.get(p.QOS_TIME_TO_LIVE) == 60
    assert pdu.get(p.USER_MESSAGE_REFERENCE) is not None
    assert pdu.destination.address == ANN


def test_the_response_is_the_outcome(bench: Bench) -> None:
    """Until it comes the push is under way, and others go on."""
    bench.submit("one", size=200)
    bench.submit("two")
    bench.run(20)
    assert bench.outcomes == []
    second, first = reversed(bench.centre.heard)
    bench.centre.respond(second, DataSmResp(message_id="2"))
    bench.run(1)
    assert bench.outcomes == [SmsDelivered(1)]
    bench.centre.respond(first, DataSmResp(message_id="1"))
    bench.run(1)
    assert bench.outcomes == [SmsDelivered(1), SmsDelivered(2)]


def test_a_failure_is_told_precisely(bench: Bench) -> None:
    """Status, reason, network error and missing segments come through."""
    tlvs = (
        p.DELIVERY_FAILURE_REASON(0),
        p.NETWORK_ERROR_CODE(NetworkErrorCode(NetworkType.GSM, 6)),
        p.ADDITIONAL_STATUS_INFO_TEXT("absent (rp 27); segments missing of 3: 2, 3"),
    )
    bench.centre.answer = lambda _: DataSmResp(status=CommandStatus.RDELIVERYFAILURE, tlvs=tlvs)
    bench.submit()
    (outcome,) = bench.outcomes
    assert outcome == SmsFailed(
        0xFE, 0, (3, 6), (2, 3), "absent (rp 27); segments missing of 3: 2, 3"
    )


def test_the_same_key_is_the_same_push(bench: Bench) -> None:
    """While it is under way it is joined; after it, it has the same reference."""
    bench.submit("key")
    bench.submit("key")
    assert len(bench.centre.heard) == 1
    bench.centre.respond(bench.centre.heard[0], DataSmResp())
    bench.run(1)
    assert len(bench.outcomes) == 1
    bench.submit("key")
    first, again = bench.centre.pdus
    assert first == again


def test_silence_is_unknown(bench: Bench) -> None:
    """Nobody can say what became of it: by its deadline, or when the SMSC should have answered."""
    bench.submit("short", lifetime=30)
    bench.run(30)
    assert bench.outcomes == [SmsUnknown("no answer by its deadline")]
    bench.submit("long", lifetime=1_000)
    bench.run(121)
    assert bench.outcomes[1:] == [SmsUnknown("the SMSC did not answer")]
    late = bench.centre.heard[0]
    assert late is not None


def test_a_lost_link_is_unknown(bench: Bench) -> None:
    """The SMSC may have delivered it; when the link is back, pushes go again."""
    bench.submit()
    bench.network.cut("esme", "smsc-0")
    bench.run(1)
    assert bench.outcomes == [SmsUnknown("the link to the SMSC was lost")]
    assert bench.told(SmscLost)
    bench.submit("meanwhile")
    assert bench.outcomes[1:] == [SmsFailed(CommandStatus.RSYSERR, reason="no SMSC is reached")]
    bench.network.mend("esme", "smsc-0")
    bench.run(30)
    assert len(bench.told(SmscBound)) == 2
    assert bench.esme.is_up
    bench.centre.answer = lambda _: DataSmResp()
    bench.submit("later")
    assert bench.outcomes[2:] == [SmsDelivered(1)]


def test_another_smsc_takes_over() -> None:
    """While the preferred one is down the next one has the pushes."""
    bench = Bench((SmscMode.TRANSACTION, SmscMode.TRANSACTION))
    bench.submit("one")
    bench.network.cut("esme", "smsc-0")
    bench.run(1)
    bench.submit("two")
    assert len(bench.centres[0].heard) == len(bench.centres[1].heard) == 1


@pytest.mark.parametrize(
    "answer",
    [DataSmResp(status=CommandStatus.RINVESMCLASS), GenericNack(status=CommandStatus.RINVCMDID)],
)
def test_an_smsc_without_transaction_mode_gets_segments(bench: Bench, answer: Response) -> None:
    """It is found out once; from then on pushes are cut here."""
    bench.centre.answer = lambda s: answer if isinstance(s.request, DataSm) else None
    bench.submit(size=200)
    assert [type(pdu) for pdu in bench.centre.pdus] == [DataSm, SubmitSm, SubmitSm]
    assert len(bench.told(TransactionModeMissed)) == 1
    bench.submit("two")
    assert [type(pdu) for pdu in bench.centre.pdus[3:]] == [SubmitSm]


def test_a_terminal_that_is_back_is_announced(bench: Bench) -> None:
    """The SMSC was asked to say so, and its alert names the number."""
    bench.submit()
    (submitted,) = bench.centre.heard
    assert submitted.request.get(p.SET_DPF) == 1

    def alert(now: float) -> None:
        session = bench.centre.node.server.session(submitted.connection)
        assert session is not None
        source = SmeAddress.international(ANN)
        session.alert(AlertNotification(source=source), now)

    bench.network.command(bench.centre.node, alert)
    bench.run(1)
    assert bench.told(TerminalAnnounced) == [TerminalAnnounced(ANN)]


# Segments


@pytest.fixture
def classic() -> Bench:
    bench = Bench((SmscMode.SEGMENTS,))
    numbers = iter(range(100))
    bench.centre.answer = lambda _: SubmitSmResp(message_id=f"m{next(numbers)}")
    return bench


def test_segments_have_headers_and_ask_for_receipts(classic: Bench) -> None:
    """Each is a stored message of its own, with the same reference in its header."""
    classic.submit(size=300)
    headers = []
    for pdu in classic.centre.pdus:
        assert isinstance(pdu, SubmitSm)
        esm_class = EsmClass.read(pdu.esm_class)
        assert (esm_class.mode, esm_class.udhi) == (MessagingMode.STORE_AND_FORWARD, True)
        assert (pdu.registered_delivery, pdu.priority_flag, pdu.data_coding) == (1, 1, 0xF5)
        assert len(pdu.short_message) <= 140
        headers.append(decode_header(Reader(pdu.short_message)))
    references = {header[0].reference for header in headers if isinstance(header[0], Concatenation)}
    assert len(headers) == 3
    assert len(references) == 1
    assert all(header[1] == Ports(2948, 9200) for header in headers)


def receipt_text(message_id: str, state: str, error: int = 0) -> bytes:
    """Return a receipt as SMSCs write it."""
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2611221200 done date:2611221201 "
        f"stat:{state} err:{error:03} text:"
    ).encode()


def test_all_receipts_make_the_outcome(classic: Bench) -> None:
    """By parameters or in words, in any order."""
    classic.submit(size=200)
    connection = classic.centre.heard[0].connection
    classic.centre.receipt(connection, short_message=receipt_text("m1", "DELIVRD"))
    classic.run(1)
    assert classic.outcomes == []
    tlvs = (p.RECEIPTED_MESSAGE_ID("m0"), p.MESSAGE_STATE(int(MessageState.DELIVERED)))
    classic.centre.receipt(connection, tlvs=tlvs)
    classic.run(1)
    assert classic.outcomes == [SmsDelivered(2)]
    answered = [e for e in classic.centre.node.told if isinstance(e, Answered)]
    assert [event.response.status for event in answered] == [0, 0]


def test_a_receipt_may_come_before_its_response(classic: Bench) -> None:
    """Some SMSCs are that fast."""
    classic.centre.answer = lambda _: None
    classic.submit()
    (submitted,) = classic.centre.heard
    classic.centre.receipt(submitted.connection, short_message=receipt_text("x", "DELIVRD"))
    classic.run(1)
    assert classic.outcomes == []
    classic.centre.respond(submitted, SubmitSmResp(message_id="x"))
    classic.run(1)
    assert classic.outcomes == [SmsDelivered(1)]


def test_a_segment_that_failed_fails_the_push(classic: Bench) -> None:
    """The outcome names it, once all receipts are there."""
    classic.submit(size=300)
    connection = classic.centre.heard[0].connection
    for message_id, state in (("m0", "DELIVRD"), ("m1", "UNDELIV"), ("m2", "ENROUTE")):
        classic.centre.receipt(connection, short_message=receipt_text(message_id, state, 6))
    classic.run(1)
    assert classic.outcomes == []
    classic.centre.receipt(connection, short_message=receipt_text("m2", "EXPIRED"))
    classic.run(1)
    (outcome,) = classic.outcomes
    assert isinstance(outcome, SmsFailed)
    assert outcome.segments == (2, 3)
    assert outcome.network_error_code == (0, 6)
    assert outcome.reason == "a segment is undeliverable"


def test_a_segment_that_is_refused_fails_the_push(classic: Bench) -> None:
    """The others' receipts are waited for: they may be at the terminal."""
    answers = iter((SubmitSmResp(message_id="m0"), SubmitSmResp(status=CommandStatus.RMSGQFUL)))
    classic.centre.answer = lambda _: next(answers)
    classic.submit(size=200)
    assert classic.outcomes == []
    connection = classic.centre.heard[0].connection
    classic.centre.receipt(connection, short_message=receipt_text("m0", "DELIVRD"))
    classic.run(1)
    (outcome,) = classic.outcomes
    assert isinstance(outcome, SmsFailed)
    assert (outcome.command_status, outcome.segments) == (CommandStatus.RMSGQFUL, (2,))


def test_receipts_that_do_not_come_are_unknown(classic: Bench) -> None:
    """By the push's deadline nobody has said what became of it."""
    classic.submit(size=200, lifetime=60)
    classic.run(60)
    assert classic.outcomes == [SmsUnknown("no answer by its deadline")]
    connection = classic.centre.heard[0].connection
    classic.centre.receipt(connection, short_message=receipt_text("m0", "DELIVRD"))
    classic.run(1)
    assert len(classic.outcomes) == 1


def test_what_is_no_receipt_is_taken_and_dropped(classic: Bench) -> None:
    """A gateway for push reads no mail."""
    classic.submit()
    connection = classic.centre.heard[0].connection
    classic.centre.receipt(connection, esm_class=0, short_message=b"hello")
    classic.run(1)
    assert classic.esme.counters["messages dropped"] == 1


def test_a_push_that_is_too_long_is_refused(classic: Bench) -> None:
    """More than 255 segments no terminal can join."""
    classic.submit(size=127 * 255 + 1)
    (outcome,) = classic.outcomes
    assert isinstance(outcome, SmsFailed)
    assert outcome.command_status == CommandStatus.RSUBMITFAIL


def test_it_stops_in_good_order(bench: Bench) -> None:
    """What an SMSC has is unknown then, and the link is unbound."""
    bench.submit()
    bench.network.stop(bench.esme)
    bench.run(5)
    assert len(bench.outcomes) == 1
    assert isinstance(bench.outcomes[0], SmsUnknown)
    assert not bench.esme.is_up


def test_an_esme_needs_an_smsc() -> None:
    """Without one there is nobody to bind to."""
    with pytest.raises(ValueError, match="SMSC"):
        EsmeConfig("192.0.2.5", ())
