"""Network and bearer of a push's quality-of-service: which route it takes, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import StatusCode
from testbed.codecs.wsp import decode_push
from testbed.esme.outcome import SmsFailed
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.bearers import BEARERS, Bearer, narrowed
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.routing.policy import Next, Policy, Refusal, Route, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    GatewayBench,
    accounting,
)

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
BY_MSISDN = Terminal.by_msisdn(MSISDN)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
ABSENT = SmsFailed(0xFE, delivery_failure_reason=0)


def asking(bearer: str, *, required: bool = False, **more: object) -> pap.PushMessage:
    """Return a push that asks for a bearer."""
    quality = pap.QualityOfService(bearer=bearer, bearer_required=required, **more)
    return replace(MESSAGE, quality_of_service=quality)


@pytest.fixture
def with_smsc(make_bench) -> GatewayBench:
    """A gateway with an SMSC, whose policy does without it, and a terminal that is online."""
    bench = make_bench(has_smsc=True)
    bench.views[BY_MSISDN] = ONLINE
    return bench


# What is asked for, and what is had


@pytest.mark.parametrize(("bearer", "network"), [("SMS", None), ("sms", "GSM")])
def test_a_required_short_message_is_one_whatever_the_policy_prefers(with_smsc, bearer, network):
    """The terminal is online, and no packet goes to it."""
    push = asking(bearer, required=True, network=network, network_required=network is not None)
    answer = with_smsc.submit(push)
    assert answer.code == StatusCode.ACCEPTED
    assert (len(with_smsc.messages), with_smsc.pushed, with_smsc.activations) == (1, [], [])
    assert decode_push(with_smsc.messages[0].pdu).content_type.media == "application/vnd.wap.sic"
    (result,) = with_smsc.notifications
    assert (result.state.value, result.code) == ("delivered", StatusCode.OK)
    assert (result.quality_of_service.network, result.quality_of_service.bearer) == ("GSM", "SMS")


def test_what_short_messages_cannot_do_is_not_done_otherwise(with_smsc):
    """A terminal out of reach is waited for; when it shows itself SMS is tried again."""
    with_smsc.sms = lambda _: ABSENT
    with_smsc.submit(asking("SMS", required=True))
    assert with_smsc.delivery().state is State.HELD
    with_smsc.radius(accounting(1))
    assert (len(with_smsc.messages), with_smsc.pushed) == (2, [])


def test_a_preferred_short_message_goes_first_and_not_alone(with_smsc):
    """Where SMS comes to nothing, the routes of the policy follow."""
    with_smsc.sms = lambda _: ABSENT
    with_smsc.submit(asking("SMS"))
    assert (len(with_smsc.messages), len(with_smsc.pushed)) == (1, 1)
    (result,) = with_smsc.notifications
    assert (result.state.value, result.quality_of_service.bearer) == ("delivered", "GPRS")


def test_a_required_short_message_needs_an_smsc(make_bench):
    """Without one the required bearer is not available (3010), and a preference is passed over."""
    bench = make_bench()
    bench.views[BY_MSISDN] = ONLINE
    refused = bench.submit(asking("SMS", required=True))
    assert refused.code == StatusCode.REQUIRED_BEARER_NOT_AVAILABLE
    assert refused.desc == "pushes do not go by SMS"
    assert bench.submit(asking("SMS")).code == StatusCode.ACCEPTED
    assert len(bench.pushed) == 1


@pytest.mark.parametrize("bearer", ["GPRS", "Packet Data", "IP"])
def test_a_required_packet_bearer_is_never_a_short_message(make_bench, bearer):
    """Also where activation failed so that the policy would go on with SMS."""
    rule = Rule(order=(SMS, IP, HOLD), after={Refusal.UNDELIVERED: Next.SMS})
    bench = make_bench(has_smsc=True, policy=Policy((rule,)))
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN)
    bench.submit(asking(bearer, required=True))
    assert bench.delivery().state is State.HELD
    bench.views[BY_MSISDN] = ONLINE
    bench.gateway.terminal_reachable(bench.now, imsi=IMSI)
    bench.settle()
    assert (bench.messages, len(bench.pushed)) == ([], 1)
    (result,) = bench.notifications
    assert result.quality_of_service.bearer == "GPRS"


def test_a_required_packet_bearer_is_refused_where_the_policy_has_sms_alone(make_bench):
    """Whoever pushes so goes by SMS, says the operator."""
    bench = make_bench(has_smsc=True, policy=Policy((Rule(order=(SMS, HOLD)),)))
    answer = bench.submit(asking("GPRS", required=True))
    assert answer.code == StatusCode.REQUIRED_BEARER_NOT_AVAILABLE


def test_a_required_bearer_stays_required_over_a_restart(with_smsc):
    """The store keeps what was asked for."""
    with_smsc.sms = lambda _: ABSENT
    with_smsc.submit(asking("SMS", required=True))
    with_smsc.restart()
    assert with_smsc.pushed == []
    assert with_smsc.gateway.push("1@pi.example").push.bearer is Bearer.SMS


def test_a_push_whose_bearer_has_gone_from_the_configuration_is_refused(with_smsc):
    """It was accepted when there was an SMSC, and the gateway has restarted without one."""
    with_smsc.sms = lambda _: ABSENT
    with_smsc.submit(asking("SMS", required=True))
    with_smsc.config = replace(with_smsc.config, has_smsc=False)
    with_smsc.restart()
    (result,) = with_smsc.notifications
    assert result.code == StatusCode.REQUIRED_BEARER_NOT_AVAILABLE
    assert with_smsc.pushed == []


def test_activations_of_both_count_against_one_rule(make_bench):
    """A bearer that is asked for gives nobody more activations at a time than the rule has."""
    bench = make_bench(has_smsc=True, policy=Policy((Rule(activations=1),)))
    other = "447700900124"
    bench.views[Terminal.by_msisdn(other)] = TerminalView("234150999999998", other)
    bench.outcome = None
    bench.submit(MESSAGE)
    address = f"WAPPUSH=+{other}/TYPE=PLMN@ppg.example"
    bench.submit(replace(asking("GPRS"), push_id="2@pi.example", addresses=(address,)))
    assert len(bench.activations) == 1


@pytest.mark.parametrize(
    ("quality", "code"),
    [
        ({"bearer": "CSD", "bearer_required": True}, StatusCode.REQUIRED_BEARER_NOT_AVAILABLE),
        ({"bearer": "USSD", "bearer_required": True}, StatusCode.REQUIRED_BEARER_NOT_AVAILABLE),
        ({"network": "TETRA", "network_required": True}, StatusCode.REQUIRED_NETWORK_NOT_AVAILABLE),
        ({"bearer": "CSD"}, StatusCode.ACCEPTED),
        ({"network": "TETRA"}, StatusCode.ACCEPTED),
        ({"bearer": "Any", "bearer_required": True}, StatusCode.ACCEPTED),
        ({"network": "ANY", "network_required": True}, StatusCode.ACCEPTED),
        ({"bearer_required": True, "network_required": True}, StatusCode.ACCEPTED),
    ],
)
def test_only_what_is_required_is_refused(with_smsc, quality, code):
    """What is merely preferred and cannot be had is passed over."""
    push = replace(MESSAGE, quality_of_service=pap.QualityOfService(**quality))
    content = Part(ContentType("text/plain"), b"hello")
    assert with_smsc.submit(push, content).code == code


# Rules


@pytest.mark.parametrize(
    ("order", "bearer", "required", "narrowed_to"),
    [
        ((IP, ACTIVATION, HOLD), Bearer.ANY, True, (IP, ACTIVATION, HOLD)),
        ((IP, ACTIVATION, HOLD), Bearer.SMS, True, (SMS, HOLD)),
        ((IP, ACTIVATION), Bearer.SMS, True, (SMS,)),
        ((IP, ACTIVATION, SMS, HOLD), Bearer.SMS, False, (SMS, IP, ACTIVATION, HOLD)),
        ((SMS, IP, TRIGGER, HOLD), Bearer.PACKET, False, (IP, TRIGGER, SMS, HOLD)),
        ((IP, ACTIVATION, SMS, HOLD), Bearer.PACKET, True, (IP, ACTIVATION, HOLD)),
        ((SMS, HOLD), Bearer.PACKET, True, None),
        ((SMS, HOLD), Bearer.PACKET, False, (SMS, HOLD)),
    ],
)
def test_what_is_left_of_an_order(order, bearer, required, narrowed_to):
    """The other bearer's routes go where one is required, and come later where it is preferred."""
    rule = narrowed(Rule(order=order), bearer, required=required, has_smsc=True)
    assert (None if rule is None else rule.order) == narrowed_to


def test_every_bearer_has_a_name():
    """Each can be asked for."""
    assert set(BEARERS.values()) == set(Bearer)
