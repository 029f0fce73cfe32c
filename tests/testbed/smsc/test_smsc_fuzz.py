"""Whatever ESMEs, network, disk and operator do, the SMSC keeps its promises and leaves nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from corenet.interfaces.gsup import GsupMessage, MessageType, SmAlertReason
from testbed.codecs.smpp import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    DataSm,
    EsmClass,
    GenericNack,
    MessagingMode,
    Outbind,
    Pdu,
    QuerySm,
    Receipt,
    RegisteredDelivery,
    RelativeTime,
    ReplaceSm,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    encode,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.config import Limits, SmscConfig
from testbed.smsc.stored import ReceiptState, RetryPolicy
from tests.testbed.codecs.smpp.smpp_strategies import ANY_PDU
from tests.testbed.smsc.smsc_world import HLR, IMSI, World

CONFIG = SmscConfig(
    address="127.0.0.1",
    hlr=HLR,
    lanes={"push": 3.0, "general": 1.0},
    under_way=3,
    retry=RetryPolicy(waits=(5.0, 50.0), look=500.0, validity=1_000.0, longest_validity=5_000.0),
    limits=Limits(transactions=20, per_terminal=4, segments=5, sessions=4),
)
CONFIGS = st.sampled_from(
    [
        CONFIG,
        replace(CONFIG, rate=2.0),
        replace(CONFIG, transaction=replace(CONFIG.transaction, at_once=3), wide_references=True),
        replace(CONFIG, deliver_window=1),
    ]
)
SERVICE = SmeAddress.international("447700900100")
TERMINALS = st.sampled_from(["447700900123", "447700900124", "447700900125"])
ADDRESSES = TERMINALS.map(SmeAddress.international)
REGISTERED = st.sampled_from([Receipt.NONE, Receipt.FINAL, Receipt.ON_FAILURE]).map(
    lambda receipt: int(RegisteredDelivery(receipt))
)
CLASSES = st.sampled_from([*MessagingMode]).map(lambda mode: int(EsmClass(mode)))
TIMES = st.one_of(st.none(), st.builds(RelativeTime, *[st.just(0)] * 4, *[st.integers(0, 59)] * 2))
PAYLOADS = st.sampled_from([1, 130, 300, 600, 1_500]).map(
    lambda size: (p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(bytes(size)))
)
REFERENCES = st.one_of(
    st.just(()), st.integers(0, 2).map(lambda number: (p.USER_MESSAGE_REFERENCE(number),))
)
TLVS = st.tuples(PAYLOADS, REFERENCES, st.sampled_from([(), (p.SET_DPF(1),)])).map(
    lambda parts: tuple(tlv for part in parts for tlv in part)
)
COMMON = {
    "source": st.just(SERVICE),
    "esm_class": CLASSES,
    "registered_delivery": REGISTERED,
    "data_coding": st.just(4),
    "tlvs": TLVS,
}
SUBMISSIONS: st.SearchStrategy[Pdu] = st.one_of(
    st.builds(DataSm, destination=ADDRESSES, **COMMON),
    st.builds(
        SubmitSm,
        destination=ADDRESSES,
        validity_period=TIMES,
        schedule_delivery_time=TIMES,
        replace_if_present_flag=st.integers(0, 1),
        priority_flag=st.integers(0, 3),
        **COMMON,
    ),
    st.builds(
        SubmitMulti,
        destinations=st.lists(ADDRESSES, min_size=1, max_size=4).map(tuple),
        **COMMON,
    ),
)
BINDS: st.SearchStrategy[Pdu] = st.builds(
    lambda kind, system_id: kind(system_id=system_id, interface_version=0x34),
    st.sampled_from([BindTransceiver, BindTransmitter, BindReceiver]),
    st.sampled_from(["gateway", "crm"]),
)
UNANSWERED = (Response, AlertNotification, Outbind, GenericNack)
REQUESTS = ANY_PDU.filter(lambda pdu: not isinstance(pdu, UNANSWERED))
CAUSES = st.sampled_from([None, None, 1, 22, 27, 41, 42, 111])


class SmscLives(RuleBasedStateMachine):
    """What may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    def _world(self) -> World:
        assert self.world is not None
        return self.world

    @precondition(lambda self: self.world is None)
    @rule(config=CONFIGS)
    def begin(self, config: SmscConfig) -> None:
        self.world = World(config, 1_700_000_000.0)
        self.world.bind()

    @precondition(lambda self: self.world is not None)
    @rule(bind=st.one_of(st.none(), BINDS), takes=st.booleans())
    def come(self, bind: Pdu | None, takes: bool) -> None:
        session = self._world().connect()
        session.takes = takes
        if bind is not None:
            self._world().send(session, bind)

    @precondition(lambda self: self.world is not None)
    @rule(pdu=SUBMISSIONS, data=st.data(), times=st.integers(1, 5))
    def submit(self, pdu: Pdu, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            self._send(pdu, data)

    @precondition(lambda self: self.world is not None)
    @rule(pdu=REQUESTS, data=st.data())
    def send_anything(self, pdu: Pdu, data: st.DataObject) -> None:
        self._send(pdu, data)

    @precondition(lambda self: self.world is not None)
    @rule(data=st.data(), kind=st.sampled_from([QuerySm, CancelSm, ReplaceSm]), times=TIMES)
    def operate(self, data: st.DataObject, kind: type[Pdu], times: RelativeTime | None) -> None:
        known = sorted(self._world().disk)
        message_id = data.draw(st.sampled_from(known)) if known else ""
        fields: dict[str, object] = {"message_id": message_id, "source": SERVICE}
        if kind is CancelSm:
            fields["destination"] = data.draw(ADDRESSES)
            fields["message_id"] = data.draw(st.sampled_from(["", message_id]))
        if kind is ReplaceSm:
            fields |= {"short_message": b"new", "validity_period": times}
        self._send(kind(**fields), data)

    @precondition(lambda self: self.world is not None)
    @rule(pdu=SUBMISSIONS, data=st.data())
    def mutilate(self, pdu: Pdu, data: st.DataObject) -> None:
        """Send a PDU with some octets changed, or some gone; its length is right or not."""
        octets = bytearray(encode(pdu, 7))
        for place, octet in data.draw(
            st.lists(st.tuples(st.integers(0, len(octets) - 1), st.integers(0, 255)), max_size=4)
        ):
            octets[place] = octet
        del octets[data.draw(st.integers(16, len(octets))) :]
        if data.draw(st.booleans()):
            octets[:4] = len(octets).to_bytes(4)
        for session in self._world().open()[:1]:
            session.is_sane = False
            self._world().give(session, bytes(octets))

    @precondition(lambda self: self.world is not None)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if sessions := self._world().open():
            self._world().lose(data.draw(st.sampled_from(sessions)))

    @precondition(lambda self: self.world is not None)
    @rule(data=st.data(), cause=CAUSES)
    def answer(self, data: st.DataObject, cause: int | None) -> None:
        requests = self._world().requests
        if requests:
            place = data.draw(st.integers(0, len(requests) - 1))
            self._world().network(requests.pop(place), cause)

    @precondition(lambda self: self.world is not None)
    @rule(times=st.integers(1, 20))
    def answer_many(self, times: int) -> None:
        world = self._world()
        for _ in range(times):
            if world.requests:
                world.network(world.requests.pop(0))

    @precondition(lambda self: self.world is not None)
    @rule(terminal=TERMINALS)
    def come_back(self, terminal: str) -> None:
        ready, reason = MessageType.READY_FOR_SM_REQUEST, SmAlertReason.MS_PRESENT
        self._world().hlr(GsupMessage(ready, IMSI, msisdn=terminal, sm_alert_reason=reason))

    @precondition(lambda self: self.world is not None)
    @rule(octets=st.binary(max_size=40))
    def send_gsup(self, octets: bytes) -> None:
        self._world().gsup(octets)

    @precondition(lambda self: self.world is not None)
    @rule(most=st.integers(1, 10), fails=st.booleans())
    def write(self, most: int, fails: bool) -> None:
        self._world().write(most, fails=fails)

    @precondition(lambda self: self.world is not None)
    @rule()
    def write_all(self) -> None:
        self._world().write()

    @precondition(lambda self: self.world is not None)
    @rule(seconds=st.sampled_from([0.1, 1.0, 6.0, 45.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self._world().wait(seconds)

    @precondition(lambda self: self.world is not None)
    @rule()
    def crash(self) -> None:
        self._world().crash()

    @precondition(lambda self: self.world is not None)
    @rule()
    def stop(self) -> None:
        self._world().stop()

    def _send(self, pdu: Pdu, data: st.DataObject) -> None:
        if sessions := self._world().open():
            self._world().send(data.draw(st.sampled_from(sessions)), pdu)

    def teardown(self) -> None:
        """In peace, everything ends: answers, messages, receipts, timers."""
        world = self.world
        if world is None:
            return
        for session in world.open():
            session.takes = True
        world.work()
        world.wait(10_000.0, on_disk=True)
        for session in world.open():
            waiting = [type(pdu).__name__ for pdu in session.waiting.values()]
            assert not session.is_sane or not waiting, waiting
        # Whoever submitted is there to take the receipts, also after a bind of the fuzzer's own.
        for system_id in sorted({record.esme for record in world.disk.values()}):
            for session in world.open():
                world.lose(session)
            world.bind(BindTransceiver(system_id=system_id, interface_version=0x34))
            world.wait(100.0, on_disk=True)
        for record in world.disk.values():
            assert record.state.final, record
            assert record.receipt is not ReceiptState.DUE, record
        for session in world.open():
            world.lose(session)
        world.work()
        counters = world.smsc.counters
        for thing in (
            "transactions under way",
            "messages kept",
            "receipts due",
            "segments under way",
            "references in use",
            "writes under way",
            "sessions",
            "lane push queued",
            "lane general queued",
        ):
            assert counters[thing] == 0, thing
        assert world.smsc.next_timeout() is None


TestSmscLives = SmscLives.TestCase
TestSmscLives.settings = settings(max_examples=40, stateful_step_count=30)
