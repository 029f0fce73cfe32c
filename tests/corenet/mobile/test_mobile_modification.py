"""PDP context modification in a mobile (TS 24.008 §6.1.3.3): each side's, refusals, crossings."""

from __future__ import annotations

import pytest

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.errors import MobileError
from corenet.mobile.events import ContextModified, ContextState, ModificationRefused
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import ScriptedNetwork

IMSI = "234150999999999"
APN = "wap.example"
TI = sm.TransactionIdentifier(0)
QOS = bytes.fromhex("0b921f7396fefe742bffff")
LESS = bytes.fromhex("0b921f73964040742bffff")
TFT = bytes.fromhex("2131 0a 02 3011")
"""Create filter 1: UDP."""
REQUEST = sm.ModifyPdpContextRequestDownlink(TI.mirrored, LESS)
ACCEPTED = sm.ModifyPdpContextAcceptUplink(TI)


@pytest.fixture
def active(mobiles: Mobiles, network: ScriptedNetwork) -> ScriptedNetwork:
    """The network, with a context of the mobile's own on NSAPI 5."""
    network.attach(IMSI)
    mobiles.activate(IMSI, APN, network.now)
    ((_, request),) = network.heard()
    assert isinstance(request, sm.ActivatePdpContextRequest)
    network.say(
        IMSI,
        sm.ActivatePdpContextAccept(
            TI.mirrored, qos=QOS, pdp_address=PdpAddress.for_ipv4("10.45.0.7")
        ),
    )
    network.events()
    return network


def told(network: ScriptedNetwork) -> list[object]:
    return [message for _, message in network.heard()]


def at_rest(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    assert mobiles.next_timeout() is None
    assert told(network) == []


# -- wanted by the mobile ----------------------------------------------------------------------


def ask(mobiles: Mobiles, network: ScriptedNetwork, tft: bytes | None = None) -> None:
    """The mobile asks for less, and for a template where one is given."""
    mobiles.modify(IMSI, APN, network.now, qos=LESS, tft=tft)
    assert told(network) == [sm.ModifyPdpContextRequestUplink(TI, qos=LESS, tft=tft)]


@pytest.mark.clause("24.008 §6.1.3.3.2", "PDP context modification by the mobile")
def test_the_network_accepts(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """What the network grants counts, and the template is in force."""
    ask(mobiles, active, TFT)
    assert mobiles.mobile(IMSI).contexts[0].filters == 0
    lower = LESS[:5] + b"\x20" + LESS[6:]
    active.say(IMSI, sm.ModifyPdpContextAcceptDownlink(TI.mirrored, lower, 5))
    assert active.events() == [ContextModified(IMSI, APN, 5, lower, by_network=False)]
    (view,) = mobiles.mobile(IMSI).contexts
    assert (view.qos, view.filters) == (lower, 1)
    at_rest(mobiles, active)


def test_the_network_rejects(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """The context stays as it was."""
    ask(mobiles, active, TFT)
    active.say(IMSI, sm.ModifyPdpContextReject(TI.mirrored, 41))
    assert active.events() == [ModificationRefused(IMSI, APN, 5, 41, by_network=False)]
    (view,) = mobiles.mobile(IMSI).contexts
    assert (view.qos, view.filters) == (QOS, 0)
    at_rest(mobiles, active)


def test_the_network_wants_the_apn_left_alone(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """T3396: no other change is asked for until it expires."""
    ask(mobiles, active, TFT)
    active.say(IMSI, sm.ModifyPdpContextReject(TI.mirrored, 26, back_off_timer=0xA2))
    with pytest.raises(MobileError, match="left alone for another 120 s"):
        ask(mobiles, active, TFT)
    active.wait(120)
    ask(mobiles, active, TFT)


@pytest.mark.clause("24.008 §6.1.3.3.4", "expiry of T3381")
def test_the_network_is_silent(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """T3381 expires five times, eight seconds apart, and the context stays as it was."""
    ask(mobiles, active)
    active.wait(39.9)
    assert len(told(active)) == 4
    assert active.events() == []
    active.wait(0.2)
    assert active.events() == [ModificationRefused(IMSI, APN, 5, None, by_network=False)]
    at_rest(mobiles, active)


def test_a_wrong_template_is_asked_for_all_the_same(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """It is the network's to refuse; if it accepts, nothing comes of the template."""
    ask(mobiles, active, b"\xff")
    active.say(IMSI, sm.ModifyPdpContextAcceptDownlink(TI.mirrored))
    (view,) = mobiles.mobile(IMSI).contexts
    assert (view.qos, view.filters) == (QOS, 0)


def test_one_change_at_a_time(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """A second one is refused until the first has ended, and an unknown context always is."""
    ask(mobiles, active)
    with pytest.raises(MobileError, match="modified already"):
        mobiles.modify(IMSI, APN, active.now, qos=QOS)
    with pytest.raises(MobileError, match="NSAPI 9"):
        mobiles.modify(IMSI, APN, active.now, nsapi=9, qos=QOS)


@pytest.mark.parametrize(
    "answer",
    [sm.ModifyPdpContextAcceptDownlink(TI.mirrored, LESS), sm.ModifyPdpContextReject(TI, 26)],
)
def test_an_answer_to_nothing_is_passed_over(
    mobiles: Mobiles, active: ScriptedNetwork, answer: sm.SmMessage
) -> None:
    """A repeated answer changes nothing; one for an unknown context gets SM STATUS 81."""
    active.say(IMSI, answer)
    known = answer.ti == TI.mirrored
    assert told(active) == ([] if known else [sm.SmStatus(TI.mirrored, 81)])
    assert mobiles.mobile(IMSI).contexts[0].qos == QOS


def test_the_mobile_deactivates_meanwhile(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """T3381 stops, and the change's answer comes too late."""
    ask(mobiles, active)
    mobiles.deactivate(IMSI, APN, active.now)
    assert told(active) == [sm.DeactivatePdpContextRequest(TI)]
    active.say(IMSI, sm.ModifyPdpContextAcceptDownlink(TI.mirrored, LESS))
    active.say(IMSI, sm.DeactivatePdpContextAccept(TI.mirrored))
    assert mobiles.mobile(IMSI).contexts == ()
    at_rest(mobiles, active)


def test_the_network_deactivates_meanwhile(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """The change ends with its context."""
    ask(mobiles, active)
    active.say(IMSI, sm.DeactivatePdpContextRequest(TI.mirrored))
    assert told(active) == [sm.DeactivatePdpContextAccept(TI)]
    at_rest(mobiles, active)


# -- wanted by the network ---------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.3.1", "PDP context modification by the network")
def test_the_mobile_accepts(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """QoS, LLC SAPI, template and address are as the network says."""
    address = PdpAddress.for_ipv4("10.45.0.9")
    request = sm.ModifyPdpContextRequestDownlink(TI.mirrored, LESS, 5, pdp_address=address, tft=TFT)
    active.say(IMSI, request)
    assert told(active) == [ACCEPTED]
    assert active.events() == [ContextModified(IMSI, APN, 5, LESS, by_network=True)]
    (view,) = mobiles.mobile(IMSI).contexts
    assert (view.qos, view.filters, view.address) == (LESS, 1, "10.45.0.9")
    at_rest(mobiles, active)


def test_a_repeated_request_is_accepted_again(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """The network has not heard the first answer."""
    request = sm.ModifyPdpContextRequestDownlink(TI.mirrored, LESS, tft=TFT)
    active.say(IMSI, request)
    active.say(IMSI, request)
    assert told(active) == [ACCEPTED, ACCEPTED]
    assert mobiles.mobile(IMSI).contexts[0].filters == 1


@pytest.mark.clause("24.008 §6.1.3.3.3a", "modification not accepted by the mobile")
def test_the_mobile_rejects(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """As its behaviour says, and the context stays as it was."""
    mobiles.set_behaviour(IMSI, Behaviour.reject(26), active.now)
    active.say(IMSI, REQUEST)
    assert told(active) == [sm.ModifyPdpContextReject(TI, 26)]
    assert active.events() == [ModificationRefused(IMSI, APN, 5, 26, by_network=True)]
    assert mobiles.mobile(IMSI).contexts[0].qos == QOS


def test_the_mobile_is_silent(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """As its behaviour says."""
    mobiles.set_behaviour(IMSI, Behaviour.silent(), active.now)
    active.say(IMSI, REQUEST)
    at_rest(mobiles, active)
    assert mobiles.counters["modify_requests_ignored"] == 1


def test_the_mobile_thinks_about_it(mobiles: Mobiles, active: ScriptedNetwork) -> None:
    """However often it is asked meanwhile, it answers once, in its own time."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(10.0), active.now)
    active.say(IMSI, REQUEST)
    active.wait(8)
    active.say(IMSI, REQUEST)
    assert told(active) == []
    active.wait(2)
    assert told(active) == [ACCEPTED]
    at_rest(mobiles, active)


def test_the_context_goes_while_the_mobile_thinks(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """Nothing is answered any more."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(10.0), active.now)
    active.say(IMSI, REQUEST)
    mobiles.deactivate(IMSI, APN, active.now)
    active.wait(7)
    active.say(IMSI, sm.DeactivatePdpContextAccept(TI.mirrored))
    active.heard()
    active.wait(20)
    at_rest(mobiles, active)


@pytest.mark.parametrize(
    ("tft", "cause"),
    [
        ("40", 41),  # delete a template that is not there
        ("20", 42),  # create without filters
        ("2131 0a 04 3011 3006", 44),  # one filter, two protocols
        ("2131 0a 02 9911", 45),  # unknown component
    ],
)
def test_a_wrong_template_is_refused(
    mobiles: Mobiles, active: ScriptedNetwork, tft: str, cause: int
) -> None:
    """With its cause, whatever the behaviour (TS 24.008 §6.1.3.3.4)."""
    octets = bytes.fromhex(tft)
    active.say(IMSI, sm.ModifyPdpContextRequestDownlink(TI.mirrored, LESS, tft=octets))
    assert told(active) == [sm.ModifyPdpContextReject(TI, cause)]
    assert mobiles.mobile(IMSI).contexts[0].qos == QOS


def test_an_unknown_context_gets_sm_status(network: ScriptedNetwork) -> None:
    """Cause 81 (TS 24.008 §8.3)."""
    network.attach(IMSI)
    network.say(IMSI, REQUEST)
    assert told(network) == [sm.SmStatus(TI, 81)]


def test_a_context_that_is_not_active_yet_gets_sm_status(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The request does not fit the state."""
    network.attach(IMSI)
    mobiles.activate(IMSI, APN, network.now)
    network.heard()
    network.say(IMSI, REQUEST)
    assert told(network) == [sm.SmStatus(TI, 98)]


def test_a_context_that_is_being_deactivated_stays_so(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """The mobile's deactivation goes on, and the request is passed over."""
    mobiles.deactivate(IMSI, APN, active.now)
    active.heard()
    active.say(IMSI, REQUEST)
    assert told(active) == []
    assert mobiles.mobile(IMSI).contexts[0].state is ContextState.DEACTIVATING


@pytest.mark.clause("24.008 §6.1.3.3.4", "collision of two modifications")
def test_the_networks_modification_takes_precedence(
    mobiles: Mobiles, active: ScriptedNetwork
) -> None:
    """The mobile ends its own without a word and accepts the network's."""
    ask(mobiles, active)
    other = sm.ModifyPdpContextRequestDownlink(TI.mirrored, QOS, 5)
    active.say(IMSI, other)
    assert told(active) == [ACCEPTED]
    assert active.events() == [
        ModificationRefused(IMSI, APN, 5, None, by_network=False),
        ContextModified(IMSI, APN, 5, QOS, by_network=True),
    ]
    active.wait(60)
    at_rest(mobiles, active)
