"""Secondary PDP contexts in a mobile (TS 24.008 §6.1.3.2): each side's, refusals, crossings."""

from __future__ import annotations

import pytest

from corenet.gi.ip import udp_packet
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ActivationRefused,
    ContextActivated,
    ContextDeactivated,
    RequestAnswer,
    SecondaryRequestAnswered,
)
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import ScriptedNetwork

IMSI = "234150999999999"
APN = "wap.example"
ADDRESS = "10.45.0.7"
PRIMARY = sm.TransactionIdentifier(0)
TI = sm.TransactionIdentifier(1)
NETWORK_TI = sm.TransactionIdentifier(2)
QOS = bytes.fromhex("0b921f7396fefe742bffff")
LESS = bytes.fromhex("0b921f73964040742bffff")
TFT = bytes.fromhex("2130 0a 03 50 23f0")
"""Create filter 0, both ways: remote port 9200."""
REQUEST = sm.RequestSecondaryPdpContextActivation(NETWORK_TI, PRIMARY.mirrored, LESS, TFT)
ACTIVATED = ContextActivated(IMSI, APN, 6, ADDRESS, network_requested=False)


@pytest.fixture
def active(mobiles: Mobiles, network: ScriptedNetwork) -> ScriptedNetwork:
    """The network, with a context of the mobile's own on NSAPI 5."""
    network.attach(IMSI)
    mobiles.activate(IMSI, APN, network.now)
    network.heard()
    address = PdpAddress.for_ipv4(ADDRESS)
    network.say(IMSI, sm.ActivatePdpContextAccept(PRIMARY.mirrored, qos=QOS, pdp_address=address))
    network.events()
    return network


def told(network: ScriptedNetwork) -> list[object]:
    return [message for _, message in network.heard()]


def ask(
    mobiles: Mobiles, network: ScriptedNetwork, tft: bytes | None = TFT
) -> sm.ActivateSecondaryPdpContextRequest:
    """The mobile asks for a secondary context."""
    mobiles.activate_secondary(IMSI, APN, network.now, qos=LESS, tft=tft)
    (request,) = told(network)
    assert isinstance(request, sm.ActivateSecondaryPdpContextRequest)
    return request


@pytest.fixture
def both(mobiles: Mobiles, active: ScriptedNetwork) -> ScriptedNetwork:
    """The same with a secondary context on NSAPI 6, for remote port 9200."""
    ask(mobiles, active)
    active.say(IMSI, sm.ActivateSecondaryPdpContextAccept(TI.mirrored, 5, LESS))
    active.events()
    return active


def nsapis(mobiles: Mobiles) -> list[int]:
    return [context.nsapi for context in mobiles.mobile(IMSI).contexts]


# -- by itself ---------------------------------------------------------------------------------


def test_the_network_accepts(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """A context with the address of the linked one, the QoS granted and the template asked for."""
    assert ask(mobiles, active) == sm.ActivateSecondaryPdpContextRequest(
        TI, 6, PRIMARY, qos=LESS, tft=TFT
    )
    active.say(IMSI, sm.ActivateSecondaryPdpContextAccept(TI.mirrored, 5, QOS))
    assert active.events() == [ACTIVATED]
    view = mobiles.mobile(IMSI).contexts[1]
    assert (view.address, view.linked_nsapi, view.qos, view.filters) == (ADDRESS, 5, QOS, 1)
    assert mobiles.next_timeout() is None


def test_the_network_rejects(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """The primary context stays."""
    ask(mobiles, active)
    active.say(IMSI, sm.ActivateSecondaryPdpContextReject(TI.mirrored, 46))
    assert active.events() == [ActivationRefused(IMSI, APN, 46, network_requested=False)]
    assert nsapis(mobiles) == [5]
    assert mobiles.next_timeout() is None


def test_the_network_wants_the_apn_left_alone(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """T3396 (§6.1.3.2.2.2): for two minutes nothing is asked for or changed, but deactivated."""
    ask(mobiles, active)
    reject = sm.ActivateSecondaryPdpContextReject(TI.mirrored, 26, back_off_timer=0xA2)
    active.say(IMSI, reject)
    told(active)
    for change in (mobiles.activate_secondary, mobiles.modify):
        with pytest.raises(MobileError, match="left alone for another 120 s"):
            change(IMSI, APN, active.now, qos=sm.SUBSCRIBED_QOS)
    assert told(active) == []
    active.wait(120)
    ask(mobiles, active)
    mobiles.deactivate(IMSI, APN, active.now)


@pytest.mark.clause("24.008 §6.1.3.2.3", "expiry of T3380")
def test_the_network_is_silent(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """T3380 expires five times, thirty seconds apart."""
    ask(mobiles, active)
    active.wait(149.9)
    assert len(told(active)) == 4
    active.wait(0.2)
    assert active.events() == [ActivationRefused(IMSI, APN, None, network_requested=False)]
    assert nsapis(mobiles) == [5]


def test_a_wrong_template_is_asked_for_all_the_same(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """It is the network's to refuse; if it accepts, nothing comes of the template."""
    assert ask(mobiles, active, b"\xff").tft == b"\xff"
    active.say(IMSI, sm.ActivateSecondaryPdpContextAccept(TI.mirrored, 5, QOS))
    assert mobiles.mobile(IMSI).contexts[1].filters == 0


def test_there_has_to_be_a_context_to_share_with(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """And identifiers that are free."""
    network.attach(IMSI)
    with pytest.raises(MobileError, match="no active PDP context to wap"):
        mobiles.activate_secondary(IMSI, APN, network.now)


def test_transaction_identifiers_run_out(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """Seven of the mobile's own."""
    for _ in range(6):
        mobiles.activate_secondary(IMSI, APN, active.now, tft=TFT)
    with pytest.raises(MobileError, match="no further"):
        mobiles.activate_secondary(IMSI, APN, active.now, tft=TFT)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (sm.ActivateSecondaryPdpContextAccept(TI.mirrored), 81),
        (sm.ActivateSecondaryPdpContextReject(TI.mirrored, 26), 81),
        (sm.ActivateSecondaryPdpContextReject(PRIMARY.mirrored, 26), 98),
    ],
)
def test_an_answer_to_nothing_gets_sm_status(
    active: ScriptedNetwork, message: sm.SmMessage, answer: int
) -> None:
    """There is no such transaction, or it is another one."""
    active.say(IMSI, message)
    assert told(active) == [sm.SmStatus(message.ti.mirrored, answer)]


def test_a_repeated_accept_is_passed_over(mobiles: Mobiles, both: ScriptedNetwork) -> None:
    """Nothing changes."""
    both.say(IMSI, sm.ActivateSecondaryPdpContextAccept(TI.mirrored, 5, QOS))
    assert told(both) == []
    assert mobiles.mobile(IMSI).contexts[1].qos == LESS


def test_packets_take_the_context_that_wants_them(mobiles: Mobiles, both: ScriptedNetwork) -> None:
    """By remote port on the way up; what comes down is taken from either."""
    for port in (9200, 9201):
        mobiles.send_udp(IMSI, 2948, ("192.0.2.9", port), b"", both.now)
    assert [nsapi for _, nsapi, _ in both.packets()] == [6, 5]
    for nsapi in (5, 6):
        both.send_packet(IMSI, nsapi, udp_packet(("192.0.2.9", 53), (ADDRESS, 4000), b""))
    assert mobiles.counters["datagrams_to_closed_ports"] == 2


# -- deactivation ------------------------------------------------------------------------------


def test_all_contexts_are_deactivated_with_teardown(
    mobiles: Mobiles, both: ScriptedNetwork
) -> None:
    """One request for the address."""
    mobiles.deactivate(IMSI, APN, both.now)
    assert told(both) == [sm.DeactivatePdpContextRequest(PRIMARY, teardown=True)]
    both.say(IMSI, sm.DeactivatePdpContextAccept(PRIMARY.mirrored))
    assert nsapis(mobiles) == []
    assert [type(event) for event in both.events()] == [ContextDeactivated] * 2
    assert mobiles.next_timeout() is None


@pytest.mark.parametrize(("nsapi", "ti"), [(5, PRIMARY), (6, TI)])
def test_one_context_is_deactivated(
    mobiles: Mobiles, both: ScriptedNetwork, nsapi: int, ti: sm.TransactionIdentifier
) -> None:
    """Without teardown; the other keeps the address."""
    mobiles.deactivate(IMSI, APN, both.now, nsapi=nsapi)
    assert told(both) == [sm.DeactivatePdpContextRequest(ti)]
    both.say(IMSI, sm.DeactivatePdpContextAccept(ti.mirrored))
    assert nsapis(mobiles) == [11 - nsapi]
    mobiles.send_udp(IMSI, 2948, ("192.0.2.9", 9200), b"", both.now)
    assert [packet[1] for packet in both.packets()] == [11 - nsapi]


@pytest.mark.parametrize(("teardown", "left"), [(True, []), (False, [6])])
def test_the_network_deactivates(
    mobiles: Mobiles, both: ScriptedNetwork, teardown: bool, left: list[int]
) -> None:
    """With teardown all that shares the address goes."""
    both.say(IMSI, sm.DeactivatePdpContextRequest(PRIMARY.mirrored, 36, teardown))
    assert told(both) == [sm.DeactivatePdpContextAccept(PRIMARY)]
    assert nsapis(mobiles) == left


def test_teardown_ends_an_activation_too(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """The secondary context that was on its way does not come."""
    ask(mobiles, active)
    active.say(IMSI, sm.DeactivatePdpContextRequest(PRIMARY.mirrored, 36, teardown=True))
    assert nsapis(mobiles) == []
    assert mobiles.next_timeout() is None


# -- on the network's request ------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.2", "the MS answers the network's request")
def test_the_mobile_activates_as_asked(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """Under the network's identifier, with its QoS and template."""
    active.say(IMSI, REQUEST)
    assert told(active) == [
        sm.ActivateSecondaryPdpContextRequest(NETWORK_TI.mirrored, 6, PRIMARY, qos=LESS, tft=TFT)
    ]
    assert active.events() == [SecondaryRequestAnswered(IMSI, APN, 5, RequestAnswer.ACCEPTED)]
    active.say(IMSI, sm.ActivateSecondaryPdpContextAccept(NETWORK_TI, 5, LESS))
    assert active.events() == [ContextActivated(IMSI, APN, 6, ADDRESS, network_requested=True)]


def test_a_repeated_request_repeats_the_activation(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """The network has not heard the first; once the context is active it is made anew."""
    active.say(IMSI, REQUEST)
    first = told(active)
    active.say(IMSI, REQUEST)
    assert told(active) == first
    active.say(IMSI, sm.ActivateSecondaryPdpContextAccept(NETWORK_TI, 5, LESS))
    other = sm.RequestSecondaryPdpContextActivation(NETWORK_TI, PRIMARY.mirrored, LESS)
    active.say(IMSI, other)
    assert len(nsapis(mobiles)) == 2


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (sm.RequestSecondaryPdpContextActivation(NETWORK_TI, TI.mirrored, LESS, TFT), 43),
        (
            sm.RequestSecondaryPdpContextActivation(
                NETWORK_TI, PRIMARY.mirrored, LESS, b"\xa1\x00"
            ),
            41,
        ),
        (sm.RequestSecondaryPdpContextActivation(NETWORK_TI, PRIMARY.mirrored, LESS, b"\x20"), 42),
    ],
)
def test_a_wrong_request_is_refused(
    active: ScriptedNetwork, request_: sm.SmMessage, cause: int
) -> None:
    """An unknown linked context, or a wrong template, whatever the behaviour."""
    active.say(IMSI, request_)
    assert told(active) == [
        sm.RequestSecondaryPdpContextActivationReject(NETWORK_TI.mirrored, cause)
    ]


def test_a_malformed_request_is_refused(active: ScriptedNetwork) -> None:
    """Without its linked TI: 96."""
    active.say(IMSI, bytes.fromhex("2a5b03000000"))
    reject = sm.RequestSecondaryPdpContextActivationReject(NETWORK_TI.mirrored, 96)
    assert told(active) == [reject]


def test_the_mobile_rejects(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """As its behaviour says."""
    mobiles.set_behaviour(IMSI, Behaviour.reject(40), active.now)
    active.say(IMSI, REQUEST)
    reject = sm.RequestSecondaryPdpContextActivationReject(NETWORK_TI.mirrored, 40)
    assert told(active) == [reject]
    assert active.events() == [SecondaryRequestAnswered(IMSI, APN, 5, RequestAnswer.REJECTED, 40)]


def test_the_mobile_is_silent(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """As its behaviour says."""
    mobiles.set_behaviour(IMSI, Behaviour.silent(), active.now)
    active.say(IMSI, REQUEST)
    assert told(active) == []
    assert active.events() == [SecondaryRequestAnswered(IMSI, APN, 5, RequestAnswer.IGNORED)]


def test_the_linked_context_goes_while_the_mobile_thinks(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """The answer is that there is none."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(10.0), active.now)
    active.say(IMSI, REQUEST)
    active.wait(8)
    active.say(IMSI, REQUEST)
    active.say(IMSI, sm.DeactivatePdpContextRequest(PRIMARY.mirrored))
    told(active)
    active.wait(2)
    reject = sm.RequestSecondaryPdpContextActivationReject(NETWORK_TI.mirrored, 43)
    assert told(active) == [reject]


def test_an_identifier_of_the_mobiles_own_is_no_request(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """The network allots the identifier of what it requests."""
    wrong = sm.RequestSecondaryPdpContextActivation(NETWORK_TI.mirrored, PRIMARY.mirrored)
    active.say(IMSI, wrong)
    assert told(active) == []
    assert mobiles.counters["unexpected_messages"] == 1
