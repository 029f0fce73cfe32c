"""Short messages through HLR, SGSN and radio to mobiles and back, and each way in which they fail.

A service centre is played by the test: it speaks GSUP with the HLR, as docs/reference says.
TS 23.040 §10, TS 24.011 §5 and §6, TS 29.002 §12.
"""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pytest

from corenet.control.model import Coverage, Tap
from corenet.hlr.events import (
    GrRequestTimedOut,
    ServiceCentreAlerted,
    ServiceCentreNotAlerted,
    ShortMessageForwarded,
)
from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    decode,
)
from corenet.interfaces.llc import Sapi, decode_ui
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Interface
from corenet.interfaces.sms import cp, rp, tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.coding import DCS_OCTETS_CLASS_1, encode_text
from corenet.interfaces.sms.cp import CpAck, CpData
from corenet.interfaces.sms.header import Concatenation, Ports
from corenet.interfaces.sms.segmentation import segment
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver, FailureCause
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ContextActivated,
    ShortMessageAbandoned,
    ShortMessageNotSent,
    ShortMessageReceived,
    ShortMessageSent,
)
from corenet.sgsn.events import ShortMessageDelivered, ShortMessageNotDelivered
from corenet.sgsn.node import Sgsn
from gtp.codes import MsNotReachableReason
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication, encode
from testbed.codecs.wsp.push import Push
from testbed.pull.config import PullConfig
from testbed.simulation.quality import LinkQuality

FIXED, MSISDN = "234150000000001", "447700900001"
CENTRE = "447785016005"
PLACE = ("192.0.2.9", 4222)
OTHER_PLACE = ("192.0.2.19", 4222)
SENDER = SmsAddress("447709000123")
SILENCE = 3 * 10.0
"""Seconds until a mobile that does not acknowledge is given up: three times TC1*."""
TR1N = 40.0


class ServiceCentre:
    """A service centre on Gr that does as the test says and keeps what it hears."""

    def __init__(self, bench, name="smsc", place=PLACE, source_name=b"smsc"):
        self.bench = bench
        self.source_name = source_name
        self.heard = []
        self.alerted = []
        self.submitted = []
        self.answer_submissions = True
        self.answer_alerts = True
        self.cause = None
        self.node = ScriptedNode(name, react=self._react)
        bench.network.attach(self.node, {Interface.GR: place})

    def _react(self, node, received):
        message = decode(received.data)
        self.heard.append(message)
        if message.type is MessageType.READY_FOR_SM_REQUEST:
            self.alerted.append(message)
            if self.answer_alerts:
                self._answer(node, message, message.type.result)
        elif message.type is MessageType.MO_FORWARD_SM_REQUEST:
            self.submitted.append(message)
            if self.answer_submissions:
                kind = message.type.result if self.cause is None else message.type.error
                self._answer(node, message, kind, sm_rp_cause=self.cause)

    def _answer(self, node, message, kind, **more):
        answer = GsupMessage(
            kind,
            message.imsi,
            sm_rp_mr=message.sm_rp_mr,
            source_name=message.destination_name,
            destination_name=message.source_name,
            **more,
        )
        node.send(Interface.GR, (self.bench.hlr.config.address, 4222), answer.encode())

    def send(self, reference, octets, *, imsi=FIXED, msisdn=None, **more):
        """Send an MT-forwardSM with these octets as TPDU."""
        address = SmRpAddress.imsi(imsi) if msisdn is None else SmRpAddress.msisdn(msisdn)
        request = GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            "" if msisdn is not None else imsi,
            sm_rp_mr=reference,
            sm_rp_da=address,
            sm_rp_oa=SmRpAddress.service_centre(CENTRE),
            sm_rp_ui=octets,
            source_name=self.source_name,
            **more,
        )
        self.bench.network.command(
            self.node,
            lambda now: self.node.send(
                Interface.GR, (self.bench.hlr.config.address, 4222), request.encode()
            ),
        )

    def answers(self, reference=None):
        """Return results and errors of MT-forwardSM, of one reference or of all."""
        return [
            message
            for message in self.heard
            if message.type.request is MessageType.MT_FORWARD_SM_REQUEST
            and reference in (None, message.sm_rp_mr)
        ]

    def outcome(self, reference=1, within=200.0):
        """Let time pass until the message with that reference is answered; return the answer."""
        assert self.bench.network.run_until(lambda: self.answers(reference), within=within)
        (answer,) = self.answers(reference)
        assert answer.destination_name == self.source_name
        assert answer.imsi == FIXED
        return answer

    def refusal(self, reference=1, within=200.0):
        """Return the causes with which a message was refused, and after how long."""
        since = self.bench.network.now()
        answer = self.outcome(reference, within)
        assert answer.type is MessageType.MT_FORWARD_SM_ERROR
        return answer.cause, answer.sm_rp_cause, self.bench.network.now() - since


def deliver(text="Hello", now=1_700_000_000, **more):
    dcs, payload = encode_text(text)
    return Deliver(SENDER, Timestamp(now), payload, dcs, **more).encode()


def shown(bench, imsi=FIXED):
    return [(one.kind, one.text) for one in bench.lab.shown(imsi)]


def behave(bench, answer, **more):
    behaviour = SmsBehaviour(SmsAnswer(answer), **more)
    bench.network.command(
        bench.mobiles, lambda now: bench.mobiles.set_sms_behaviour(FIXED, behaviour, now)
    )


def cp_messages(bench):
    """Return the CP messages that went over the air, each with its direction."""
    return [
        ("up" if frame.uplink else "down", cp.decode(frame.payload))
        for frame in (decode_ui(p.data) for p in bench.passed if p.interface is Interface.RADIO)
        if frame.sapi == Sapi.SMS
    ]


@pytest.fixture
def bench(make_bench):
    return make_bench(hlr={"service_centres": {CENTRE: PLACE}})


@pytest.fixture
def centre(bench):
    return ServiceCentre(bench)


# Delivered


@pytest.mark.clause("29.002 §12.2, §12.3", "MO- and MT-forwardSM, as GSUP")
def test_text_reaches_the_screen_and_the_result_the_centre(bench, centre):
    """RP-DATA, CP-ACK, RP-ACK, CP-ACK over the air; a result for the centre."""
    centre.send(1, deliver("Hello €"))
    answer = centre.outcome()
    assert answer.type is MessageType.MT_FORWARD_SM_RESULT
    assert answer.sm_rp_ui is None
    bench.run(1)
    assert shown(bench) == [("SMS", "Hello €")]
    assert [(way, type(message)) for way, message in cp_messages(bench)] == [
        ("down", CpData),
        ("up", CpAck),
        ("up", CpData),
        ("down", CpAck),
    ]
    assert [type(e) for e in bench.told((ShortMessageDelivered, ShortMessageForwarded))] == [
        ShortMessageDelivered,
        ShortMessageForwarded,
    ]
    bench.assert_nothing_left()


def test_centre_may_know_the_number_only(bench, centre):
    """The HLR finds the subscriber; the answer has IMSI and number."""
    centre.send(1, deliver(), msisdn=MSISDN)
    answer = centre.outcome()
    assert answer.type is MessageType.MT_FORWARD_SM_RESULT
    assert answer.msisdn == MSISDN


def test_messages_wait_for_one_another(bench, centre):
    """A mobile gets one at a time, in order; each has its own result."""
    for reference in range(1, 6):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(5)
    assert [answer.sm_rp_mr for answer in centre.answers()] == [1, 2, 3, 4, 5]
    assert shown(bench) == [("SMS", f"number {n}") for n in range(1, 6)]


def test_more_messages_than_identifiers_go_back_to_back(bench, centre):
    """Seven transaction identifiers are enough for any number of messages in a row."""
    for reference in range(1, 16):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(5)
    assert len(shown(bench)) == 15
    bench.assert_nothing_left()


def test_push_in_parts_reaches_the_push_client(bench, centre):
    """Parts with ports, out of order, make one WSP push, as over UDP."""
    indication = ServiceIndication(text="Mail " * 60, href="http://www.example.com/", si_id="1")
    push = Push(1, ContentType("application/vnd.wap.sic"), encode(indication)).encode()
    parts = segment(push, dcs=DCS_OCTETS_CLASS_1, header=(Ports(2948, 9200),), reference=7)
    assert len(parts) == 3
    for number, part in reversed(list(enumerate(parts, start=1))):
        octets = Deliver(
            SENDER, Timestamp(1_700_000_000), part.payload, DCS_OCTETS_CLASS_1, part.header
        ).encode()
        centre.send(number, octets)
    bench.run(5)
    (one,) = bench.lab.shown(FIXED)
    assert (one.kind, one.details["si-id"], one.details["from"]) == ("SI", "1", "+447709000123")
    (received,) = bench.told(ShortMessageReceived)
    assert (received.parts, received.port, received.text) == (3, 2948, None)


def test_push_in_one_part_reaches_the_push_client(bench, centre):
    """A port alone is enough; there is no concatenation to wait for."""
    push = Push(1, ContentType("text/plain"), b"short").encode()
    header = (Ports(2948, 9200),)
    centre.send(1, Deliver(SENDER, Timestamp(1_700_000_000), push, 4, header).encode())
    bench.run(2)
    assert shown(bench) == [("text", "short")]


def test_page_behind_a_push_over_short_messages_is_fetched_over_ip(make_crowd):
    """The user taps, the handset activates a context of its own, and shows the page."""
    crowd = make_crowd(pull=PullConfig(origins=("*",)))
    url = "http://www.example.com/mail"
    crowd.lab.origin.serve(url, b"Four new messages", "text/plain")
    centre = ServiceCentre(SimpleNamespace(network=crowd.network, hlr=crowd.lab.core.hlr))
    indication = ServiceIndication(text="You have mail", href=url, si_id="1")
    push = Push(1, ContentType("application/vnd.wap.sic"), encode(indication)).encode()
    tpdu = Deliver(SENDER, Timestamp(1_700_000_000), push, 4, (Ports(2948, 9200),))
    centre.send(1, tpdu.encode(), imsi=crowd.imsis[0])
    crowd.lab.run(5)
    crowd.drive(0, "tap", Tap(item=1))
    crowd.lab.run(30)
    assert shown(crowd, crowd.imsis[0]) == [("SI", "You have mail"), ("page", "Four new messages")]
    (context,) = crowd.told(ContextActivated)
    assert not context.network_requested


@pytest.mark.parametrize("seed", range(4))
def test_loss_on_the_air_is_repaired(make_bench, seed):
    """CP-DATA goes again at TC1*; nothing is shown twice, and nothing is left behind."""
    bench = make_bench(seed=seed, hlr={"service_centres": {CENTRE: PLACE}})
    centre = ServiceCentre(bench)
    bench.network.set_quality(Interface.RADIO, LinkQuality(loss=0.2, duplication=0.1))
    for reference in range(1, 6):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(200)
    delivered = {a.sm_rp_mr for a in centre.answers() if not a.type.is_error}
    texts = [text for _, text in shown(bench)]
    assert len(texts) == len(set(texts))
    assert {f"number {n}" for n in delivered} <= set(texts)
    assert len(centre.answers()) == 5
    bench.network.set_quality(Interface.RADIO, LinkQuality())
    bench.assert_nothing_left()


# Refused on the way


def test_unknown_subscriber_is_refused_at_once(bench, centre):
    """No such IMSI: the HLR answers, no SGSN is troubled."""
    centre.send(1, deliver(), imsi="234159999999999")
    bench.run(1)
    (answer,) = centre.answers()
    assert (answer.cause, answer.sm_rp_cause) == (
        GmmCause.IMSI_UNKNOWN_IN_HLR,
        RpCause.UNKNOWN_SUBSCRIBER,
    )


def test_unknown_number_is_refused_with_the_number(bench, centre):
    """There is no IMSI to name; the number says whose message it was."""
    centre.send(1, deliver(), msisdn="447700999999")
    bench.run(1)
    (answer,) = centre.answers()
    assert (answer.imsi, answer.msisdn, answer.sm_rp_cause) == ("", "447700999999", 30)


def test_absent_subscriber_is_refused_at_once_and_announced_later(make_bench):
    """Not attached: absent, and one Ready for SM when the mobile attaches."""
    bench = make_bench(attached=False)
    centre = ServiceCentre(bench)
    centre.send(1, deliver())
    assert centre.refusal(within=1)[:2] == (GmmCause.IMPLICITLY_DETACHED, 27)
    assert bench.hlr.location(FIXED).waiting_centres == ("smsc",)
    assert bench.hlr.location(FIXED).reason is MsNotReachableReason.GPRS_DETACHED
    bench.run(60)
    assert centre.alerted == []
    bench.drive("attach")
    bench.run(5)
    (alert,) = centre.alerted
    assert (alert.imsi, alert.msisdn, alert.sm_alert_reason) == (
        FIXED,
        MSISDN,
        SmAlertReason.MS_PRESENT,
    )
    assert bench.hlr.location(FIXED).waiting_centres == ()
    assert bench.told(ServiceCentreAlerted)
    centre.send(2, deliver())
    assert centre.outcome(2).type is MessageType.MT_FORWARD_SM_RESULT


def test_detached_mobile_is_absent_at_its_sgsn(bench, centre):
    """The SGSN still knows the subscriber, and that it has detached."""
    bench.drive("detach")
    bench.run(2)
    centre.send(1, deliver())
    assert centre.refusal(within=1)[:2] == (GmmCause.IMPLICITLY_DETACHED, 27)
    bench.drive("attach")
    bench.run(5)
    assert len(centre.alerted) == 1


def test_silent_mobile_is_absent_and_no_further_attempt_troubles_the_air(bench, centre):
    """Three CP-DATA in vain; then the HLR refuses at once, until the mobile is heard."""
    bench.drive("coverage", Coverage(in_coverage=False))
    centre.send(1, deliver())
    cause, rp_cause, took = centre.refusal()
    assert (cause, rp_cause) == (GmmCause.MSC_TEMPORARILY_NOT_REACHABLE, 27)
    assert took == pytest.approx(SILENCE, abs=1)
    location = bench.hlr.location(FIXED)
    assert location.reason is MsNotReachableReason.NO_PAGING_RESPONSE_SGSN
    bench.passed.clear()
    centre.send(2, deliver())
    assert centre.refusal(2, within=1)[1] == 27
    assert cp_messages(bench) == []
    bench.drive("coverage", Coverage(in_coverage=True))
    bench.activate_by_itself()
    bench.run(5)
    assert [alert.sm_alert_reason for alert in centre.alerted] == [SmAlertReason.MS_PRESENT]
    centre.send(3, deliver())
    assert centre.outcome(3).type is MessageType.MT_FORWARD_SM_RESULT


def test_what_waits_for_a_silent_mobile_fails_with_it(bench, centre):
    """Nobody waits another half minute for each."""
    bench.drive("coverage", Coverage(in_coverage=False))
    for reference in range(1, 4):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(SILENCE + 1)
    assert [answer.sm_rp_cause for answer in centre.answers()] == [27, 27, 27]


def test_mobile_that_never_answers_fails_at_tr1n(bench, centre):
    """It acknowledges CP-DATA, so it is there; the message has failed for a time."""
    behave(bench, "unanswered")
    centre.send(1, deliver())
    cause, rp_cause, took = centre.refusal()
    # The mobile's own TR2M ends the transfer before the network's TR1N would.
    assert (cause, rp_cause) == (GmmCause.PROTOCOL_ERROR_UNSPECIFIED, RpCause.PROTOCOL_ERROR)
    assert took == pytest.approx(15, abs=1)
    assert not bench.hlr.location(FIXED).not_reachable


def test_answer_that_does_not_come_fails_at_tr1n(bench, centre):
    """The mobile goes out of reach between CP-ACK and RP-ACK."""
    behave(bench, "accept", delay=5.0)
    centre.send(1, deliver())
    bench.run(2)
    bench.drive("coverage", Coverage(in_coverage=False))
    cause, rp_cause, took = centre.refusal()
    assert (cause, rp_cause) == (GmmCause.NETWORK_FAILURE, RpCause.TEMPORARY_FAILURE)
    assert took == pytest.approx(TR1N - 2, abs=1)


def test_silent_by_behaviour_is_as_out_of_coverage(bench, centre):
    """A mobile told to be silent does not acknowledge either."""
    behave(bench, "silent")
    centre.send(1, deliver())
    assert centre.refusal()[:2] == (GmmCause.MSC_TEMPORARILY_NOT_REACHABLE, 27)


def test_memory_full_is_told_and_its_end_too(bench, centre):
    """RP-ERROR 22 with the reason in the report; RP-SMMA makes the HLR alert the centre."""
    behave(bench, "memory-full")
    centre.send(1, deliver())
    answer = centre.outcome()
    assert (answer.cause, answer.sm_rp_cause) == (None, RpCause.MEMORY_CAPACITY_EXCEEDED)
    refusal = next(m for way, m in cp_messages(bench) if way == "up" and isinstance(m, CpData))
    report = rp.decode(refusal.user_data, uplink=True).user_data
    full = FailureCause.MEMORY_CAPACITY_EXCEEDED
    assert tpdu.decode(report, uplink=True, error=True) == tpdu.DeliverReport(full)
    location = bench.hlr.location(FIXED)
    assert location.memory_full
    assert not location.not_reachable
    assert location.waiting_centres == ("smsc",)
    terminal = bench.lab.control.terminal(FIXED)
    assert (terminal.memory_full, terminal.waiting_centres) == (True, ["smsc"])
    bench.run(60)
    assert centre.alerted == []
    behave(bench, "accept")
    bench.run(2)
    assert [alert.sm_alert_reason for alert in centre.alerted] == [SmAlertReason.MEMORY_AVAILABLE]
    assert not bench.hlr.location(FIXED).memory_full
    centre.send(2, deliver())
    assert centre.outcome(2).type is MessageType.MT_FORWARD_SM_RESULT
    counted = {
        name.removeprefix("short_messages."): number
        for name, number in bench.lab.control.counters()["hlr"].items()
        if name.startswith("short_messages.") and number
    }
    assert counted == {"to_mobiles": 1, "refused": 1, "alerts": 1}
    bench.assert_nothing_left()


def test_memory_that_is_free_while_detached_is_told_on_attach(bench, centre):
    """Who cannot speak says it as soon as it can."""
    behave(bench, "memory-full")
    centre.send(1, deliver())
    centre.outcome()
    bench.drive("detach")
    bench.run(2)
    behave(bench, "accept")
    bench.run(2)
    assert centre.alerted == []
    bench.drive("attach")
    bench.run(5)
    assert centre.alerted[-1].sm_alert_reason is SmAlertReason.MEMORY_AVAILABLE


def test_full_memory_outlasts_an_absence(bench, centre):
    """A mobile that is back, but full, is no reason to try again (TS 23.040 §3.2.7)."""
    behave(bench, "memory-full")
    centre.send(1, deliver())
    centre.outcome()
    bench.drive("detach")
    bench.run(2)
    bench.drive("attach")
    bench.run(5)
    assert centre.alerted == []
    assert bench.hlr.location(FIXED).waiting_centres == ("smsc",)


@pytest.mark.clause("24.011 §6.3.3", "RP-SMMA, repeated once after TRAM")
def test_memory_notice_is_said_again_after_tram(bench, centre):
    """RP-SMMA that the network did not answer is repeated once."""
    behave(bench, "memory-full")
    centre.send(1, deliver())
    centre.outcome()
    bench.network.cut("sgsn", "hlr")
    behave(bench, "accept")
    bench.run(20)
    bench.network.mend("sgsn", "hlr")
    assert centre.alerted == []
    bench.run(40)
    assert len(centre.alerted) == 1


def test_refusal_of_the_mobile_comes_with_its_cause(bench, centre):
    """Any RP cause that the mobile gives is the centre's to judge; nobody waits."""
    behave(bench, "reject", cause=RpCause.PROTOCOL_ERROR)
    centre.send(1, deliver())
    assert centre.refusal()[:2] == (None, RpCause.PROTOCOL_ERROR)
    assert bench.hlr.location(FIXED).waiting_centres == ()


@pytest.mark.clause("23.040 §9.2.3.22", "TP-Failure-Cause", status="sent with RP causes 22 and 111")
def test_tpdu_that_is_none_is_the_mobiles_to_refuse(bench, centre):
    """Protocol error, with the reason in the report."""
    centre.send(1, b"\x04\xff")
    answer = centre.outcome()
    assert answer.sm_rp_cause == RpCause.PROTOCOL_ERROR
    report = tpdu.decode(answer.sm_rp_ui, uplink=True, error=True)
    assert report.failure_cause == FailureCause.TPDU_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("limits", "taken"), [({"max_short_messages": 1}, 1), ({"short_messages_per_mobile": 1}, 2)]
)
def test_congestion_at_the_sgsn(make_bench, limits, taken):
    """Beyond what it takes the SGSN refuses at once, and says that it is congestion."""
    bench = make_bench(sgsn=limits)
    centre = ServiceCentre(bench)
    behave(bench, "accept", delay=3.0)
    for reference in range(1, 4):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(1)
    assert [(a.cause, a.sm_rp_cause) for a in centre.answers()] == [
        (GmmCause.CONGESTION, RpCause.CONGESTION)
    ] * (3 - taken)
    bench.run(10)
    assert len(shown(bench)) == taken


def test_long_line_is_congestion(bench, centre):
    """Who waits longer than TR1N behind others is refused."""
    behave(bench, "accept", delay=14.0)
    for reference in range(1, 6):
        centre.send(reference, deliver(f"number {reference}"))
    bench.run(100)
    assert sorted(a.sm_rp_cause or 0 for a in centre.answers()) == [0, 0, 0, 42, 42]


@pytest.mark.parametrize("element", ["sm_rp_mr", "sm_rp_ui", "sm_rp_oa"])
def test_request_without_a_mandatory_element_is_refused(bench, centre, element):
    """The HLR checks what it is to forward."""
    full = {
        "sm_rp_mr": 1,
        "sm_rp_ui": deliver(),
        "sm_rp_oa": SmRpAddress.service_centre(CENTRE),
    }
    request = GsupMessage(MessageType.MT_FORWARD_SM_REQUEST, FIXED, **{**full, element: None})
    bench.network.command(
        centre.node,
        lambda now: centre.node.send(Interface.GR, ("192.0.2.3", 4222), request.encode()),
    )
    bench.run(1)
    assert [(a.cause, a.sm_rp_cause) for a in centre.answers()] == [(96, 96)]


def test_same_message_twice_is_delivered_once(bench, centre):
    """What comes again with its reference while it is under way has the one answer."""
    behave(bench, "accept", delay=2.0)
    centre.send(1, deliver())
    bench.run(0.5)
    centre.send(1, deliver())
    bench.run(10)
    assert len(centre.answers()) == 1
    assert len(shown(bench)) == 1


def test_reference_in_use_is_refused_to_another_message(bench, centre):
    """Two answers could not be told apart."""
    behave(bench, "accept", delay=2.0)
    centre.send(1, deliver("one"))
    centre.send(1, deliver("two"))
    bench.run(1)
    (answer,) = centre.answers()
    assert answer.sm_rp_cause == RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE


def test_two_centres_may_use_the_same_reference(bench, centre):
    """Each gets its own result, whatever it calls itself."""
    other = ServiceCentre(bench, "other", OTHER_PLACE, source_name=None)
    centre.send(1, deliver("from one"))
    other.send(1, deliver("from the other"))
    assert centre.outcome().type is MessageType.MT_FORWARD_SM_RESULT
    assert other.outcome().type is MessageType.MT_FORWARD_SM_RESULT
    assert len(shown(bench)) == 2


def test_message_repeated_after_its_answer_was_lost_is_shown_once(bench, centre):
    """The centre has not heard, and sends again with the same reference."""
    behave(bench, "accept", delay=5.0)
    centre.send(1, deliver())
    bench.run(2)
    bench.network.cut("sgsn", "mobiles")
    assert centre.refusal()[1] == RpCause.TEMPORARY_FAILURE
    bench.network.mend("sgsn", "mobiles")
    centre.heard.clear()
    bench.run(60)
    centre.send(1, deliver())
    assert centre.outcome().type is MessageType.MT_FORWARD_SM_RESULT
    assert len(shown(bench)) == 1


def test_detach_ends_what_is_under_way(bench, centre):
    """The centre hears at once that the subscriber is gone."""
    behave(bench, "accept", delay=10.0)
    centre.send(1, deliver("one"))
    centre.send(2, deliver("two"))
    bench.run(1)
    bench.drive("detach")
    bench.run(2)
    assert [a.cause for a in centre.answers()] == [GmmCause.IMPLICITLY_DETACHED] * 2
    bench.assert_nothing_left()


def restart_sgsn(bench):
    """Replace the SGSN by one that knows nothing."""
    bench.network.detach(bench.sgsn)
    sgsn = Sgsn(bench.sgsn.config, name="sgsn", random=Random(9), recovery=2)
    bench.network.attach(
        sgsn,
        {
            Interface.GTP_C: ("192.0.2.2", 2123),
            Interface.GTP_U: ("192.0.2.2", 2152),
            Interface.GR: ("192.0.2.2", 4222),
            Interface.RADIO: ("sgsn", 0),
        },
    )


def test_restarted_sgsn_does_not_know_the_subscriber(bench, centre):
    """The centre waits; the mobile's next word makes it attach anew, and the centre hears."""
    restart_sgsn(bench)
    centre.send(1, deliver())
    cause, rp_cause, _ = centre.refusal(within=1)
    assert (cause, rp_cause) == (
        GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED,
        RpCause.UNIDENTIFIED_SUBSCRIBER,
    )
    bench.activate_by_itself()
    bench.run(10)
    assert len(centre.alerted) == 1
    centre.send(2, deliver())
    assert centre.outcome(2).type is MessageType.MT_FORWARD_SM_RESULT


def test_sgsn_that_restarts_meanwhile_never_answers(bench, centre):
    """The HLR gives the message up, so that the centre does not wait for ever."""
    behave(bench, "accept", delay=10.0)
    centre.send(1, deliver())
    bench.run(1)
    restart_sgsn(bench)
    cause, rp_cause, took = centre.refusal()
    assert (cause, rp_cause) == (GmmCause.NETWORK_FAILURE, RpCause.NETWORK_OUT_OF_ORDER)
    assert took == pytest.approx(89, abs=1)
    assert bench.told(GrRequestTimedOut)


def test_centre_that_misses_its_alert_is_told_at_the_next_occasion(bench, centre):
    """It stays noted until it has answered."""
    centre.answer_alerts = False
    bench.drive("detach")
    bench.run(2)
    centre.send(1, deliver())
    bench.run(1)
    bench.drive("attach")
    bench.run(15)
    assert len(centre.alerted) == 1
    assert bench.told(ServiceCentreNotAlerted)
    assert bench.hlr.location(FIXED).waiting_centres == ("smsc",)
    centre.answer_alerts = True
    bench.drive("detach")
    bench.run(2)
    bench.drive("attach")
    bench.run(5)
    assert len(centre.alerted) == 2
    assert bench.hlr.location(FIXED).waiting_centres == ()


# From the mobile


def submit(bench, text="Hello", destination="+447700900999"):
    bench.network.command(
        bench.mobiles, lambda now: bench.mobiles.send_sms(FIXED, destination, text, now)
    )


def test_message_of_a_mobile_reaches_its_centre(bench, centre):
    """MO-forwardSM with the sender's number; RP-ACK back."""
    submit(bench, "Hi")
    bench.run(2)
    (message,) = centre.submitted
    assert (message.imsi, message.sm_rp_da, message.sm_rp_oa) == (
        FIXED,
        SmRpAddress.service_centre(CENTRE),
        SmRpAddress.msisdn(MSISDN),
    )
    sent = tpdu.decode(message.sm_rp_ui, uplink=True)
    assert (sent.text, sent.destination) == ("Hi", SmsAddress("447700900999"))
    (told,) = bench.told(ShortMessageSent)
    assert told.destination == "+447700900999"
    bench.assert_nothing_left()


def test_long_message_of_a_mobile_goes_in_parts(bench, centre):
    """One part after the other, all with one reference."""
    submit(bench, "long " * 60)
    bench.run(5)
    parts = [tpdu.decode(message.sm_rp_ui, uplink=True) for message in centre.submitted]
    assert len(parts) == 2
    assert "".join(part.text for part in parts) == "long " * 60
    first, second = (part.header[0] for part in parts)
    assert isinstance(first, Concatenation)
    assert first.reference == second.reference
    assert len(bench.told(ShortMessageSent)) == 1


def test_unknown_centre_is_told_to_the_mobile(make_bench):
    """RP cause 1, unassigned number: nobody serves that number."""
    bench = make_bench()
    submit(bench)
    submit(bench, "another")
    bench.run(2)
    told = bench.told(ShortMessageNotSent)
    assert [(one.cause, one.text) for one in told] == [(1, "refused by the network")] * 2


def test_refusal_of_the_centre_is_told_to_the_mobile(bench, centre):
    """What the centre says goes through as it is."""
    centre.cause = RpCause.FACILITY_NOT_SUBSCRIBED
    submit(bench)
    bench.run(2)
    (told,) = bench.told(ShortMessageNotSent)
    assert told.cause == RpCause.FACILITY_NOT_SUBSCRIBED


def test_centre_that_does_not_answer_is_network_out_of_order(bench, centre):
    """The HLR gives up before the network's TR2N."""
    centre.answer_submissions = False
    submit(bench)
    bench.run(20)
    (told,) = bench.told(ShortMessageNotSent)
    assert told.cause == RpCause.NETWORK_OUT_OF_ORDER


def test_mobile_out_of_coverage_gives_up_by_itself(bench, centre):
    """No CP-ACK after three attempts."""
    bench.drive("coverage", Coverage(in_coverage=False))
    submit(bench)
    bench.run(SILENCE + 1)
    (told,) = bench.told(ShortMessageNotSent)
    assert (told.cause, told.text) == (None, "no acknowledgement")


def test_mobile_that_detaches_gives_up_what_it_sends(bench, centre):
    """Its message and those behind it are not sent."""
    centre.answer_submissions = False
    submit(bench)
    submit(bench, "another")
    bench.run(1)
    bench.drive("detach")
    bench.run(20)
    assert [one.text for one in bench.told(ShortMessageNotSent)] == ["dropped", "dropped"]
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    ("destination", "text"), [("+44770090012345678901234", "Hi"), ("+447700900999", "x" * 40_000)]
)
def test_what_cannot_be_sent_is_refused_at_once(bench, destination, text):
    """A number or a text that no short message holds."""
    with pytest.raises(MobileError, match="cannot be sent"):
        submit(bench, text, destination)


def test_mobile_without_a_centre_sends_nothing(make_bench):
    """Its user has set up no number."""
    bench = make_bench(mobile={"service_centre": ""})
    with pytest.raises(MobileError, match="no service centre"):
        submit(bench)


def test_detached_mobile_sends_nothing(make_bench):
    """It has to attach first."""
    bench = make_bench(attached=False)
    with pytest.raises(MobileError, match="not attached"):
        submit(bench)


# Reassembly on the mobile


def test_parts_that_stay_alone_are_forgotten(make_bench):
    """After the mobile's own time it tells what it has given up."""
    bench = make_bench(mobile={"reassembly": 120.0})
    centre = ServiceCentre(bench)
    parts = segment(bytes(300), dcs=4, reference=9)
    centre.send(
        1, Deliver(SENDER, Timestamp(1_700_000_000), parts[0].payload, 4, parts[0].header).encode()
    )
    bench.run(119)
    assert bench.told(ShortMessageAbandoned) == []
    bench.run(2)
    (told,) = bench.told(ShortMessageAbandoned)
    assert (told.originator, told.reference, told.received, told.total) == (
        "+447709000123",
        9,
        1,
        3,
    )
    bench.assert_nothing_left()


def test_port_that_nobody_listens_on_is_counted(bench, centre):
    """The mobile has taken the message all the same."""
    header = (Ports(9999, 1),)
    centre.send(1, Deliver(SENDER, Timestamp(1_700_000_000), b"x", 4, header).encode())
    assert centre.outcome().type is MessageType.MT_FORWARD_SM_RESULT
    bench.run(1)
    assert bench.mobiles.counters["short_messages_to_closed_ports"] == 1


def test_data_without_port_is_shown_as_such(bench, centre):
    """There is no text to show."""
    centre.send(1, Deliver(SENDER, Timestamp(1_700_000_000), bytes(9), 4).encode())
    bench.run(1)
    assert shown(bench) == [("SMS", "9 octets")]


def test_status_report_is_shown(bench, centre):
    """The user hears what became of a message."""
    report = tpdu.StatusReport(1, SENDER, Timestamp(1_700_000_000), Timestamp(1_700_000_001), 0)
    centre.send(1, report.encode())
    centre.outcome()
    failed = tpdu.StatusReport(2, SENDER, Timestamp(1_700_000_000), Timestamp(1_700_000_001), 0x41)
    centre.send(2, failed.encode())
    centre.outcome(2)
    assert shown(bench) == [("SMS report", "delivered"), ("SMS report", "status 0x41")]


def test_failed_delivery_says_why(bench, centre):
    """The SGSN's event has the words for the log."""
    behave(bench, "silent")
    centre.send(1, deliver())
    centre.refusal()
    (told,) = bench.told(ShortMessageNotDelivered)
    assert (told.reference, told.text) == (1, "no acknowledgement")


# Everything at once


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_each_message_has_one_answer_that_is_true(make_crowd, seed):
    """Ten mobiles come, go, fill up and fall silent on a bad radio while messages come for them.

    Each message is answered once; one that is answered with a result is on the screen, once; and
    when all mobiles are there and well again, no service centre waits for any.
    """
    crowd = make_crowd(10, seed=seed)
    mobiles, hlr = crowd.lab.core.mobiles, crowd.lab.core.hlr
    centre = ServiceCentre(SimpleNamespace(network=crowd.network, hlr=hlr))
    random = Random(seed)
    crowd.network.set_quality(
        Interface.RADIO, LinkQuality(loss=0.1, duplication=0.1, reordering=0.1)
    )

    def behave(index, answer):
        behaviour = SmsBehaviour(answer, delay=random.choice((0.0, 5.0)))
        crowd.network.command(
            mobiles,
            lambda now: mobiles.set_sms_behaviour(crowd.imsis[index], behaviour, now),
        )

    sent = {}
    for number in range(200):
        index = random.randrange(10)
        imsi, words = crowd.imsis[index], f"message {number}"
        sent[imsi, number % 256] = words
        centre.send(number % 256, deliver(words), imsi=imsi)
        other = random.randrange(10)
        happening = random.choice(("attach", "attach", "detach", "in", "out", "answer"))
        if happening in ("attach", "detach"):
            crowd.drive(other, happening)
        elif happening == "answer":
            behave(other, random.choice(tuple(SmsAnswer)))
        else:
            crowd.drive(other, "coverage", Coverage(in_coverage=happening == "in"))
        crowd.lab.run(random.uniform(0, 3))
    crowd.lab.run(200)
    answers = {(answer.imsi, answer.sm_rp_mr): answer for answer in centre.answers()}
    assert len(centre.answers()) == len(answers) == len(sent)
    on_screen = {imsi: [text for _, text in shown(crowd, imsi)] for imsi in crowd.imsis}
    for (imsi, reference), words in sent.items():
        times = on_screen[imsi].count(words)
        delivered = not answers[imsi, reference].type.is_error
        assert times == 1 if delivered else times <= 1
    assert any(one.type.is_error for one in answers.values())
    assert not all(one.type.is_error for one in answers.values())
    crowd.network.set_quality(Interface.RADIO, LinkQuality())
    for index in range(10):
        crowd.drive(index, "coverage", Coverage(in_coverage=True))
        crowd.drive(index, "detach")
    crowd.lab.run(120)
    for index in range(10):
        crowd.drive(index, "attach")
        behave(index, SmsAnswer.ACCEPT)
    crowd.lab.run(120)
    assert [hlr.location(imsi).waiting_centres for imsi in crowd.imsis] == [()] * 10
    crowd.assert_nothing_left()
