"""The SMSC as a node: ESMEs on one side, the HLR on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest

from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
)
from corenet.interfaces.gsup import (
    decode as decode_gsup,
)
from corenet.interfaces.node import Address, Event, Interface
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.times import RelativeValidity, Timestamp
from corenet.interfaces.streams import Disconnect, Transmit
from testbed.codecs.smpp import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    EsmClass,
    Framer,
    MessageState,
    MessagingMode,
    NetworkErrorCode,
    NetworkType,
    Pdu,
    QuerySm,
    QuerySmResp,
    Receipt,
    RegisteredDelivery,
    RelativeTime,
    ReplaceSm,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    decode,
    encode,
    response_to,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.config import Esme, Limits, SmscConfig
from testbed.smsc.effects import Commit, FindMessage
from testbed.smsc.events import (
    EsmeBound,
    EsmeGone,
    EsmeRefused,
    MessageAccepted,
    MessageEnded,
    StoreFailed,
    SubmissionRefused,
    TransactionEnded,
)
from testbed.smsc.node import Smsc
from testbed.smsc.stored import MessageRecord, public_id

NOW = 1_700_000_000.0
HLR: Address = ("127.0.0.2", 4222)
ANN, BOB = "447700900123", "447700900124"
IMSI = "234150000000001"
SERVICE = SmeAddress.international("447700900100")
PORTS = (p.SOURCE_PORT(9200), p.DESTINATION_PORT(2948))
CONFIG = SmscConfig(
    address="127.0.0.1",
    hlr=HLR,
    esmes=(Esme("gateway", "secret"), Esme("crm", "secret", lane="general")),
    lanes={"push": 3.0, "general": 1.0},
)

R = TypeVar("R", bound=Pdu)


class Bench:
    """An SMSC between ESMEs, an HLR and a store that the test plays."""

    def __init__(self, config: SmscConfig = CONFIG) -> None:
        self.smsc = Smsc(config, random=Random(1))
        self.now = NOW
        self.requests: list[GsupMessage] = []
        """MT-forwardSMs that wait for an answer."""
        self.gsup: list[GsupMessage] = []
        self.pdus: dict[int, list[tuple[int, Pdu]]] = {}
        self.framers: dict[int, Framer] = {}
        self.closed: set[int] = set()
        self.events: list[Event] = []
        self.disk: dict[str, MessageRecord] = {}
        self.disk_fails = False
        self.sequence = 100
        self.smsc.start(self.now)

    # The ESMEs

    def connect(self, connection: int) -> None:
        self.framers[connection] = Framer()
        self.pdus[connection] = []
        peer = ("127.0.0.9", 40_000 + connection)
        self.smsc.connected(
            Interface.SMPP, connection, peer=peer, local=("", 0), attempt=None, now=self.now
        )
        self.collect()

    def bind(
        self,
        connection: int = 1,
        system_id: str = "gateway",
        kind: Callable[..., Pdu] = BindTransceiver,
        password: str = "secret",
    ) -> Response:
        self.connect(connection)
        return self.ask(
            kind(system_id=system_id, password=password, interface_version=0x34), connection
        )

    def send(self, pdu: Pdu, connection: int = 1) -> int:
        self.sequence += 1
        octets = encode(pdu, self.sequence)
        self.smsc.stream_received(connection, octets, self.now)
        self.collect()
        return self.sequence

    def ask(self, pdu: Pdu, connection: int = 1) -> Response:
        answer = self.answer_to(self.send(pdu, connection), connection)
        assert answer is not None
        return answer

    def answer_to(self, sequence: int, connection: int = 1) -> Response | None:
        for number, pdu in self.pdus[connection]:
            if number == sequence and isinstance(pdu, Response):
                return pdu
        return None

    def got(self, kind: type[R], connection: int = 1) -> list[R]:
        return [pdu for _, pdu in self.pdus[connection] if isinstance(pdu, kind)]

    # The network, the store and time

    def collect(self) -> None:
        for _ in range(100):
            datagrams = self.smsc.take_datagrams()
            commands = self.smsc.take_stream_commands()
            effects = self.smsc.take_effects()
            self.events += self.smsc.take_events()
            if not (datagrams or commands or effects):
                return
            for datagram in datagrams:
                assert (datagram.interface, datagram.peer) == (Interface.GR, HLR)
                message = decode_gsup(datagram.data)
                self.gsup.append(message)
                if message.type is MessageType.MT_FORWARD_SM_REQUEST:
                    self.requests.append(message)
            for command in commands:
                if isinstance(command, Transmit):
                    framer = self.framers[command.connection]
                    framer.add(command.data)
                    while (octets := framer.take()) is not None:
                        self.hear(command.connection, *decode(octets))
                elif isinstance(command, Disconnect):
                    self.closed.add(command.connection)
            for effect in effects:
                match effect:
                    case Commit(number, record) if self.disk_fails:
                        self.smsc.commit_failed(number, "the disk is full", self.now)
                    case Commit(number, record):
                        self.disk[record.message_id] = record
                        self.smsc.committed(number, self.now)
                    case FindMessage(number, message_id):
                        records = [
                            one for key, one in self.disk.items() if public_id(key) == message_id
                        ]
                        self.smsc.message_found(number, records, self.now)

    def hear(self, connection: int, sequence: int, pdu: Pdu) -> None:
        self.pdus[connection].append((sequence, pdu))
        if isinstance(pdu, EnquireLink):
            self.smsc.stream_received(connection, encode(EnquireLinkResp(), sequence), self.now)

    def network(self, rp_cause: int | None = None) -> GsupMessage:
        """Answer the oldest MT-forwardSM: it has arrived, or has failed for a cause."""
        request = self.requests.pop(0)
        assert request.sm_rp_da is not None
        kind = MessageType.MT_FORWARD_SM_RESULT
        if rp_cause is not None:
            kind = MessageType.MT_FORWARD_SM_ERROR
        answer = GsupMessage(
            kind,
            IMSI,
            msisdn=request.sm_rp_da.digits,
            sm_rp_mr=request.sm_rp_mr,
            sm_rp_cause=rp_cause,
        )
        self.hlr(answer)
        return request

    def hlr(self, message: GsupMessage) -> None:
        self.smsc.receive(Interface.GR, message.encode(), peer=HLR, local=("", 0), now=self.now)
        self.collect()

    def back(self, terminal: str = ANN) -> None:
        self.hlr(
            GsupMessage(
                MessageType.READY_FOR_SM_REQUEST,
                IMSI,
                msisdn=terminal,
                sm_alert_reason=SmAlertReason.MS_PRESENT,
            )
        )

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.smsc.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.smsc.handle_timeout(self.now)
            self.collect()
        self.now = end

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def push(size: int = 10, **fields: object) -> DataSm:
    """Return a whole push in transaction mode."""
    defaults: dict[str, object] = {
        "source": SERVICE,
        "destination": SmeAddress.international(ANN),
        "esm_class": int(EsmClass(MessagingMode.TRANSACTION)),
        "data_coding": 0xF5,
        "tlvs": (*PORTS, p.MESSAGE_PAYLOAD(bytes(size))),
    }
    return DataSm(**{**defaults, **fields})


def text(**fields: object) -> SubmitSm:
    """Return a message that is to be stored and forwarded."""
    defaults: dict[str, object] = {
        "source": SERVICE,
        "destination": SmeAddress.international(ANN),
        "data_coding": 4,
        "short_message": b"hello",
    }
    return SubmitSm(**{**defaults, **fields})


# Binding


def test_an_esme_binds_with_its_password() -> None:
    """The answer names the SMSC; who is not known, or has another password, is refused."""
    bench = Bench()
    assert bench.bind().status == CommandStatus.ROK
    assert bench.bind(2, password="wrong").status == CommandStatus.RINVPASWD
    assert bench.bind(3, system_id="nobody").status == CommandStatus.RINVSYSID
    assert [type(event) for event in bench.events] == [EsmeBound, EsmeRefused, EsmeRefused]


def test_without_accounts_everybody_may_bind() -> None:
    """An SMSC in a lab need not know its ESMEs."""
    bench = Bench(replace(CONFIG, esmes=()))
    assert bench.bind(system_id="anyone", password="").status == CommandStatus.ROK


def test_an_esme_has_only_so_many_sessions() -> None:
    """One that is over makes room for another."""
    bench = Bench(replace(CONFIG, limits=Limits(sessions=1)))
    bench.bind(1)
    assert bench.bind(2).status == CommandStatus.RBINDFAIL
    bench.send(Unbind(), 1)
    assert 1 in bench.closed
    assert bench.bind(3).status == CommandStatus.ROK
    assert bench.told(EsmeGone)


# Transaction mode


def test_the_answer_to_a_transaction_is_its_outcome() -> None:
    """data_sm is answered when the last segment has arrived, and not before."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push(200))
    assert len(bench.requests) == 1
    bench.network()
    assert bench.answer_to(sequence) is None
    bench.network()
    answer = bench.answer_to(sequence)
    assert isinstance(answer, DataSmResp)
    assert answer.status == CommandStatus.ROK
    assert answer.message_id
    (ended,) = bench.told(TransactionEnded)
    assert isinstance(ended, TransactionEnded)
    assert (ended.outcome, ended.attempts) == ("delivered in 2 segments", 2)


def test_a_session_goes_on_while_transactions_are_under_way() -> None:
    """Many are open at a time, and are answered in whatever order they end."""
    bench = Bench()
    bench.bind()
    first = bench.send(push(destination=SmeAddress.international(ANN)))
    second = bench.send(push(destination=SmeAddress.international(BOB)))
    bench.requests.reverse()
    bench.network()
    assert bench.answer_to(first) is None
    assert bench.answer_to(second) is not None
    bench.network()
    assert bench.answer_to(first) is not None


def test_a_lost_segment_is_repaired_unheard() -> None:
    """The ESME sees but success; only the segment that failed went out twice."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push(200))
    sent = [bench.network(42), bench.network(), bench.network()]
    answer = bench.answer_to(sequence)
    assert answer is not None
    assert answer.is_success
    tpdus = [request.sm_rp_ui for request in sent]
    assert tpdus[0] == tpdus[1] != tpdus[2]


def test_a_failed_transaction_says_precisely_why() -> None:
    """data_sm_resp has reason, network error and the segments that are missing."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push(300))
    bench.network()
    bench.network(27)
    answer = bench.answer_to(sequence)
    assert isinstance(answer, DataSmResp)
    assert answer.status == CommandStatus.RDELIVERYFAILURE
    assert answer.get(p.DELIVERY_FAILURE_REASON) == 0
    assert answer.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(NetworkType.GSM, 6)
    said = answer.get(p.ADDITIONAL_STATUS_INFO_TEXT)
    assert said == "destination out of order (rp 27); segments missing of 3: 2, 3"
    assert not bench.requests


def test_a_window_that_closes_is_a_failure() -> None:
    """What the network does not answer for in time has not arrived."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push())
    bench.wait(CONFIG.transaction.window)
    answer = bench.answer_to(sequence)
    assert isinstance(answer, DataSmResp)
    assert answer.get(p.DELIVERY_FAILURE_REASON) == 3
    assert answer.get(p.NETWORK_ERROR_CODE) is None


@pytest.mark.parametrize(
    ("rp_cause", "status"),
    [
        (27, CommandStatus.RX_T_APPN),
        (30, CommandStatus.RINVDSTADR),
        (111, CommandStatus.RSUBMITFAIL),
    ],
)
def test_submit_sm_has_but_its_status_for_an_outcome(rp_cause: int, status: CommandStatus) -> None:
    """Temporary, permanent, or no such terminal."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(text(esm_class=0x02))
    bench.network(rp_cause)
    answer = bench.answer_to(sequence)
    assert isinstance(answer, SubmitSmResp)
    assert (answer.status, answer.message_id) == (status, "")


def test_a_transaction_over_submit_sm_succeeds() -> None:
    """With message_payload it takes a whole push too."""
    bench = Bench()
    bench.bind()
    tlvs = (*PORTS, p.MESSAGE_PAYLOAD(bytes(200)))
    sequence = bench.send(text(esm_class=0x02, short_message=b"", data_coding=0xF5, tlvs=tlvs))
    bench.network()
    bench.network()
    answer = bench.answer_to(sequence)
    assert isinstance(answer, SubmitSmResp)
    assert answer.message_id


def test_a_transaction_is_known_on_a_new_connection() -> None:
    """An ESME that has lost its link submits it again, and the terminal gets one push."""
    bench = Bench()
    bench.bind()
    again = push(tlvs=(*push().tlvs, p.USER_MESSAGE_REFERENCE(7)))
    bench.send(again)
    bench.smsc.disconnected(1, "reset by peer", bench.now)
    bench.collect()
    bench.bind(2)
    sequence = bench.send(again, 2)
    bench.network()
    assert not bench.requests
    answer = bench.answer_to(sequence, 2)
    assert answer is not None
    assert answer.is_success


def test_the_delivery_pending_flag_brings_an_alert() -> None:
    """Who asked for it hears when the absent terminal is back, once."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push(tlvs=(*push().tlvs, p.SET_DPF(1))))
    bench.network(27)
    answer = bench.answer_to(sequence)
    assert answer is not None
    assert answer.get(p.DPF_RESULT) == 1
    bench.back()
    bench.back()
    (alert,) = bench.got(AlertNotification)
    assert alert.source.address == ANN
    assert alert.get(p.MS_AVAILABILITY_STATUS) == 0


def test_full_queues_say_so() -> None:
    """Beyond what the SMSC has under way, submissions get ESME_RMSGQFUL at once."""
    bench = Bench(replace(CONFIG, limits=Limits(transactions=1)))
    bench.bind()
    bench.send(push())
    assert bench.ask(push()).status == CommandStatus.RMSGQFUL


def test_no_capacity_in_time_says_so() -> None:
    """A transaction whose turn does not come is answered, and may go another way."""
    bench = Bench(replace(CONFIG, under_way=1, begin=5.0))
    bench.bind()
    bench.send(push())
    sequence = bench.send(push(destination=SmeAddress.international(BOB)))
    bench.wait(5)
    answer = bench.answer_to(sequence)
    assert answer is not None
    assert answer.status == CommandStatus.RMSGQFUL


# Datagram mode


def test_a_datagram_is_answered_at_once() -> None:
    """Nobody hears how it went."""
    bench = Bench()
    bench.bind()
    answer = bench.ask(text(esm_class=0x01))
    assert isinstance(answer, SubmitSmResp)
    assert answer.message_id
    bench.network(42)
    assert not bench.requests


# Store and forward


def test_a_message_is_answered_when_it_is_written_down() -> None:
    """Then it goes out, and its end is written down too."""
    bench = Bench()
    bench.bind()
    answer = bench.ask(text())
    assert isinstance(answer, SubmitSmResp)
    bench.wait(0)
    request = bench.network()
    assert isinstance(tpdu.decode(request.sm_rp_ui or b"", uplink=False), tpdu.Deliver)
    assert bench.disk[answer.message_id].state.message_state is MessageState.DELIVERED
    assert bench.told(MessageAccepted)
    assert bench.told(MessageEnded)


def test_a_message_that_cannot_be_written_down_is_refused() -> None:
    """What was not stored was not accepted."""
    bench = Bench()
    bench.bind()
    bench.disk_fails = True
    assert bench.ask(text()).status == CommandStatus.RSYSERR
    bench.wait(100)
    assert not bench.requests
    assert bench.told(StoreFailed)
    assert bench.told(SubmissionRefused)


@pytest.mark.parametrize("kind", [DataSm, SubmitMulti])
def test_each_kind_of_submission_is_refused_by_its_own_response(kind: type[Pdu]) -> None:
    """data_sm and submit_multi too may ask for store and forward, on a disk that is full."""
    bench = Bench()
    bench.bind()
    bench.disk_fails = True
    address = SmeAddress.international(ANN)
    where: dict[str, object] = {"destination": address}
    if kind is SubmitMulti:
        where = {"destinations": (address, SmeAddress.international(BOB))}
    tlvs = (p.MESSAGE_PAYLOAD(b"x"),)
    answer = bench.ask(kind(source=SERVICE, data_coding=4, tlvs=tlvs, **where))
    assert answer == response_to(kind.COMMAND, CommandStatus.RSYSERR)


def test_a_transaction_that_reaches_nobody_is_refused_as_a_whole() -> None:
    """submit_multi in transaction mode, with no destination that it arrived at."""
    bench = Bench()
    bench.bind()
    destinations = (SmeAddress.international(ANN), SmeAddress.international(BOB))
    pdu = SubmitMulti(source=SERVICE, destinations=destinations, esm_class=2, short_message=b"x")
    sequence = bench.send(pdu)
    bench.network(30)
    bench.network(30)
    answer = bench.answer_to(sequence)
    assert isinstance(answer, SubmitMultiResp)
    assert answer.status == CommandStatus.RINVDSTADR


def test_receipts_go_out_as_the_esme_answers() -> None:
    """However many are due at once, and however small the window and the queue."""
    bench = Bench(replace(CONFIG, deliver_window=1))
    bench.bind(kind=BindTransmitter)
    for _ in range(1_100):
        bench.ask(text(registered_delivery=1))
        bench.wait(0)
        bench.network()
    bench.bind(2, kind=BindReceiver)
    answered = 0
    while answered < len(bench.pdus[2]):
        sequence, pdu = bench.pdus[2][answered]
        answered += 1
        if isinstance(pdu, DeliverSm):
            answer = encode(DeliverSmResp(), sequence)
            bench.smsc.stream_received(2, answer, bench.now)
            bench.collect()
    assert len(bench.got(DeliverSm, 2)) == 1_100
    assert bench.smsc.counters["receipts due"] == 0


def test_an_outcome_that_cannot_be_written_down_is_tried_again() -> None:
    """The receipt waits until the outcome is on disk."""
    bench = Bench()
    bench.bind()
    bench.ask(text(registered_delivery=int(RegisteredDelivery(Receipt.FINAL))))
    bench.wait(0)
    bench.disk_fails = True
    bench.network()
    assert not bench.got(DeliverSm)
    bench.disk_fails = False
    bench.wait(1)
    assert len(bench.got(DeliverSm)) == 1


def test_a_receipt_tells_the_end() -> None:
    """It names the message, its state and times, in text and in parameters."""
    bench = Bench()
    bench.bind()
    answer = bench.ask(text(registered_delivery=1))
    assert isinstance(answer, SubmitSmResp)
    bench.wait(0)
    bench.network()
    (receipt,) = bench.got(DeliverSm)
    assert receipt.get(p.RECEIPTED_MESSAGE_ID) == answer.message_id
    assert receipt.get(p.MESSAGE_STATE) == MessageState.DELIVERED
    assert receipt.source.address == ANN
    assert receipt.destination == SERVICE
    assert b" stat:DELIVRD err:000 " in receipt.short_message
    sequence = next(number for number, pdu in bench.pdus[1] if pdu is receipt)
    bench.smsc.stream_received(1, encode(DeliverSmResp(), sequence), bench.now)
    bench.collect()
    assert bench.smsc.counters["receipts due"] == 0
    assert bench.smsc.counters["messages kept"] == 0


def test_a_receipt_waits_for_its_esme() -> None:
    """It goes when somebody of that ESME receives, and stays due until it is taken."""
    bench = Bench()
    bench.bind(kind=BindTransmitter)
    bench.ask(text(registered_delivery=1))
    bench.wait(0)
    bench.network(30)
    assert not bench.got(DeliverSm)
    bench.bind(2, kind=BindReceiver)
    (receipt,) = bench.got(DeliverSm, 2)
    assert receipt.get(p.NETWORK_ERROR_CODE) == NetworkErrorCode(NetworkType.GSM, 1)
    assert b" stat:UNDELIV err:001 " in receipt.short_message
    bench.smsc.disconnected(2, "reset by peer", bench.now)
    bench.collect()
    assert bench.smsc.counters["receipts due"] == 1
    bench.bind(3, kind=BindReceiver)
    assert len(bench.got(DeliverSm, 3)) == 1


def test_a_receipt_that_is_refused_comes_again() -> None:
    """After a while it is tried once more."""
    bench = Bench()
    bench.bind()
    bench.ask(text(registered_delivery=1))
    bench.wait(0)
    bench.network()
    sequence = next(number for number, pdu in bench.pdus[1] if isinstance(pdu, DeliverSm))
    refusal = DeliverSmResp(status=CommandStatus.RX_T_APPN)
    bench.smsc.stream_received(1, encode(refusal, sequence), bench.now)
    bench.collect()
    bench.wait(60)
    assert len(bench.got(DeliverSm)) == 2


def test_an_absent_terminals_messages_go_when_it_is_back() -> None:
    """The HLR's alert is what they wait for."""
    bench = Bench()
    bench.bind()
    bench.ask(text())
    bench.wait(0)
    bench.network(27)
    assert not bench.requests
    bench.back()
    assert len(bench.requests) == 1


def test_each_destination_is_a_message() -> None:
    """submit_multi has one id, and says which destinations failed in transaction mode."""
    bench = Bench()
    bench.bind()
    destinations = (SmeAddress.international(ANN), SmeAddress.international(BOB))
    stored = SubmitMulti(
        source=SERVICE, destinations=destinations, data_coding=4, short_message=b"x"
    )
    answer = bench.ask(stored)
    assert isinstance(answer, SubmitMultiResp)
    assert answer.unsuccessful == ()
    assert set(bench.disk) == {answer.message_id, f"{answer.message_id}.1"}
    bench.requests.clear()

    bench = Bench()
    bench.bind()
    sequence = bench.send(replace(stored, esm_class=0x02))
    bench.network(30)
    bench.network()
    outcome = bench.answer_to(sequence)
    assert isinstance(outcome, SubmitMultiResp)
    (one,) = outcome.unsuccessful
    assert (one.destination.address, one.status) == (ANN, CommandStatus.RINVDSTADR)


def test_a_message_is_queried_also_after_its_end() -> None:
    """While it is in mind it is answered at once, later from the store."""
    bench = Bench()
    bench.bind()
    accepted = bench.ask(text())
    assert isinstance(accepted, SubmitSmResp)
    query = QuerySm(message_id=accepted.message_id, source=SERVICE)
    answer = bench.ask(query)
    assert isinstance(answer, QuerySmResp)
    assert (answer.message_state, answer.final_date) == (MessageState.ENROUTE, None)
    bench.wait(0)
    bench.network()
    answer = bench.ask(query)
    assert isinstance(answer, QuerySmResp)
    assert answer.message_state == MessageState.DELIVERED
    assert answer.final_date is not None


def test_only_ones_own_messages_are_found() -> None:
    """Another ESME's, another source's and unknown ones are not."""
    bench = Bench()
    bench.bind()
    bench.bind(2, system_id="crm")
    accepted = bench.ask(text())
    assert isinstance(accepted, SubmitSmResp)
    known = accepted.message_id
    others = SmeAddress.international("447700900199")
    for query, connection in (
        (QuerySm(message_id=known, source=SERVICE), 2),
        (QuerySm(message_id=known, source=others), 1),
        (QuerySm(message_id="0", source=SERVICE), 1),
    ):
        assert bench.ask(query, connection).status == CommandStatus.RQUERYFAIL


def test_messages_are_cancelled() -> None:
    """By id, or all for a destination; what is under way or unknown is not."""
    bench = Bench()
    bench.bind()
    later = RelativeTime.of(600)
    ids = []
    for _ in range(3):
        answer = bench.ask(text(schedule_delivery_time=later))
        assert isinstance(answer, SubmitSmResp)
        ids.append(answer.message_id)
    ann = SmeAddress.international(ANN)
    assert bench.ask(CancelSm(message_id=ids[0], source=SERVICE)).is_success
    again = bench.ask(CancelSm(message_id=ids[0], source=SERVICE))
    assert again.status == CommandStatus.RINVMSGID
    assert bench.ask(CancelSm(source=SERVICE, destination=ann)).is_success
    nothing = bench.ask(CancelSm(source=SERVICE, destination=ann))
    assert nothing.status == CommandStatus.RCANCELFAIL
    under_way = bench.ask(text())
    assert isinstance(under_way, SubmitSmResp)
    bench.wait(0)
    late = bench.ask(CancelSm(message_id=under_way.message_id, source=SERVICE))
    assert late.status == CommandStatus.RCANCELFAIL


def test_a_message_that_waits_is_replaced() -> None:
    """Its text is another one then; one that has gone out is not."""
    bench = Bench()
    bench.bind()
    answer = bench.ask(text(schedule_delivery_time=RelativeTime.of(600)))
    assert isinstance(answer, SubmitSmResp)
    other = ReplaceSm(message_id=answer.message_id, source=SERVICE, short_message=b"other")
    assert bench.ask(other).is_success
    bench.wait(600)
    assert (bench.requests[0].sm_rp_ui or b"").endswith(b"other")
    assert bench.ask(other).status == CommandStatus.RREPLACEFAIL
    unknown = replace(other, message_id="0")
    assert bench.ask(unknown).status == CommandStatus.RINVMSGID
    default = replace(other, sm_default_msg_id=1)
    assert bench.ask(default).status == CommandStatus.RINVDFTMSGID


def test_a_message_takes_the_place_of_one_that_waits() -> None:
    """With replace_if_present the earlier one of the same addresses and service is deleted."""
    bench = Bench()
    bench.bind()
    first = bench.ask(text(schedule_delivery_time=RelativeTime.of(600)))
    assert isinstance(first, SubmitSmResp)
    second = bench.ask(text(replace_if_present_flag=1))
    assert isinstance(second, SubmitSmResp)
    assert bench.disk[first.message_id].state.message_state is MessageState.DELETED
    bench.wait(0)
    assert len(bench.requests) == 1


def test_what_was_kept_is_taken_up_after_a_restart() -> None:
    """Messages go on, and receipts that were not taken come."""
    before = Bench()
    before.bind()
    before.ask(text())
    before.wait(0)
    before.ask(text(destination=SmeAddress.international(BOB), registered_delivery=1))
    before.wait(0)
    before.requests.reverse()
    before.network()

    after = Bench()
    after.smsc.restore(before.disk.values(), after.now)
    after.wait(0)
    assert len(after.requests) == 1
    after.bind()
    assert len(after.got(DeliverSm)) == 1


# Messages of mobiles


def mobile_submits(bench: Bench, to: str = BOB, **more: object) -> GsupMessage:
    """Have Ann's mobile submit a text; return what the HLR is answered."""
    pdu = tpdu.Submit(1, SmsAddress(to), b"hi", **more)
    request = GsupMessage(
        MessageType.MO_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_mr=9,
        sm_rp_oa=SmRpAddress.msisdn(ANN),
        sm_rp_ui=pdu.encode(),
    )
    bench.hlr(request)
    return next(message for message in bench.gsup if message.sm_rp_mr == 9)


def test_a_mobile_writes_to_another() -> None:
    """Its message is written down, answered, and forwarded on the lane of general traffic."""
    bench = Bench()
    answer = mobile_submits(bench, validity=RelativeValidity(11))
    assert answer.type is MessageType.MO_FORWARD_SM_RESULT
    bench.wait(0)
    (request,) = bench.requests
    assert request.sm_rp_da == SmRpAddress.msisdn(BOB)
    received = tpdu.decode(request.sm_rp_ui or b"", uplink=False)
    assert isinstance(received, tpdu.Deliver)
    assert (received.originator, received.payload) == (SmsAddress(ANN), b"hi")
    (record,) = bench.disk.values()
    assert (record.lane, record.expires) == ("general", NOW + 3600)


@pytest.mark.parametrize(
    ("to", "more", "cause"),
    [
        ("*100#", {}, 1),
        (BOB, {"validity": Timestamp(int(NOW) - 5)}, 21),
    ],
)
def test_a_mobiles_message_that_leads_nowhere_is_refused(
    to: str, more: dict[str, object], cause: int
) -> None:
    """The mobile is told at once."""
    bench = Bench()
    answer = mobile_submits(bench, to, **more)
    assert (answer.type, answer.sm_rp_cause) == (MessageType.MO_FORWARD_SM_ERROR, cause)
    assert bench.told(SubmissionRefused)


def test_a_mobiles_message_that_cannot_be_written_down_is_refused() -> None:
    """It may try again."""
    bench = Bench()
    bench.disk_fails = True
    answer = mobile_submits(bench)
    assert (answer.type, answer.sm_rp_cause) == (MessageType.MO_FORWARD_SM_ERROR, 41)


# Faults


def test_what_is_wrong_gets_its_status() -> None:
    """And the session goes on."""
    bench = Bench()
    bench.bind()
    wrong = text(destination=SmeAddress("ann", 1, 1))
    assert bench.ask(wrong).status == CommandStatus.RINVDSTADR
    named = push(source=SmeAddress("a" * 12, 5, 0))
    assert bench.ask(named).status == CommandStatus.RSUBMITFAIL
    assert bench.ask(text()).is_success
    assert len(bench.told(SubmissionRefused)) == 2


def test_an_esme_that_left_gets_no_answer_and_harms_nobody() -> None:
    """A transaction ends as it ends, whether anybody hears of it or not."""
    bench = Bench()
    bench.bind()
    bench.send(push())
    bench.smsc.disconnected(1, "reset by peer", bench.now)
    bench.collect()
    bench.network()
    (ended,) = bench.told(TransactionEnded)
    assert isinstance(ended, TransactionEnded)
    assert ended.outcome == "delivered in 1 segment"


def test_push_has_its_lane() -> None:
    """While another ESME floods, pushes still get their part of the capacity."""
    bench = Bench(replace(CONFIG, under_way=1))
    bench.bind()
    bench.bind(2, system_id="crm")
    for number in range(20):
        one = SmeAddress.international(f"4477009001{number:02}")
        bench.send(text(esm_class=0x01, destination=one), 2)
    for number in range(3):
        one = SmeAddress.international(f"4477009002{number:02}")
        bench.send(push(destination=one))
    sent = [bench.network().sm_rp_da for _ in range(5)]
    assert sum(one is not None and one.digits.startswith("4477009002") for one in sent) == 3


def test_it_stops_in_good_order() -> None:
    """Transactions are answered, and sessions are unbound."""
    bench = Bench()
    bench.bind()
    sequence = bench.send(push())
    bench.send(push())
    bench.smsc.stop(bench.now)
    bench.collect()
    assert len(bench.requests) == 1
    answer = bench.answer_to(sequence)
    assert answer is not None
    assert answer.status == CommandStatus.RDELIVERYFAILURE
    assert bench.got(Unbind)
