"""PDP contexts of a mobile: each answer, refusal, timeout and crossing (TS 24.008 §6.1.3)."""

from __future__ import annotations

from functools import partial
from random import Random

import pytest

from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpAddress, PdpType
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ActivationRefused,
    ContextActivated,
    ContextDeactivated,
    ContextState,
    ContextView,
    DeactivationReason,
    NetworkRequestAnswered,
    RequestAnswer,
)
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"
APN = "wap.example"
STATIC = PdpAddress.for_ipv4("10.45.0.7")
DYNAMIC = PdpAddress.dynamic_ipv4()
# Transaction 1 that the network began, as the network and as the mobile write it.
NETWORK_TI = sm.TransactionIdentifier(1)
NETWORK_TI_ANSWERED = NETWORK_TI.mirrored
# Transaction 0 that the mobile began, as the mobile and as the network write it.
MOBILE_TI = sm.TransactionIdentifier(0)
MOBILE_TI_ANSWERED = MOBILE_TI.mirrored

REQUEST = sm.RequestPdpContextActivation(NETWORK_TI, STATIC, APN)
activation = partial(sm.ActivatePdpContextRequest, pco=sm.TAKES_NETWORK_REQUESTS)
"""Mobiles say that the network may ask them for more contexts."""
ANSWER = activation(NETWORK_TI_ANSWERED, 5, pdp_address=STATIC, apn=APN)
ACCEPT = sm.ActivatePdpContextAccept(NETWORK_TI, pdp_address=STATIC)
OWN_REQUEST = activation(MOBILE_TI, 5, pdp_address=DYNAMIC, apn=APN)
OWN_ACCEPT = sm.ActivatePdpContextAccept(MOBILE_TI_ANSWERED, pdp_address=STATIC)
ACTIVATED = ContextActivated(IMSI, APN, 5, "10.45.0.7", network_requested=True)


@pytest.fixture(autouse=True)
def _attached(network: ScriptedNetwork) -> None:
    network.attach(IMSI)


def told(network: ScriptedNetwork) -> list[object]:
    """Return what the one mobile said."""
    return [message for _, message in network.heard()]


def states(mobiles: Mobiles) -> list[ContextState]:
    return [context.state for context in mobiles.mobile(IMSI).contexts]


def activate_own(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    mobiles.activate(IMSI, APN, network.now)
    network.say(IMSI, OWN_ACCEPT)
    network.heard()
    network.events()


def activate_requested(network: ScriptedNetwork) -> None:
    network.say(IMSI, REQUEST)
    network.say(IMSI, ACCEPT)
    network.heard()
    network.events()


# The network's request


def test_request_is_accepted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile activates under the network's identifier, with its address and APN."""
    network.say(IMSI, REQUEST)
    assert told(network) == [ANSWER]
    assert network.events() == [
        NetworkRequestAnswered(IMSI, APN, "10.45.0.7", RequestAnswer.ACCEPTED)
    ]
    network.wait(1)
    network.say(IMSI, ACCEPT)
    assert (told(network), network.events()) == ([], [ACTIVATED])
    assert mobiles.mobile(IMSI).contexts == (
        ContextView(
            *(APN, 5, 1, ContextState.ACTIVE, "10.45.0.7", 1001.0),
            network_requested=True,
            qos=bytes(11),
        ),
    )
    assert mobiles.next_timeout() is None


def test_request_without_address_gets_one_with_the_accept(network: ScriptedNetwork) -> None:
    """A dynamic address is in the accept, and only there."""
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, DYNAMIC, APN))
    assert told(network) == [activation(NETWORK_TI_ANSWERED, 5, pdp_address=DYNAMIC, apn=APN)]
    network.say(IMSI, ACCEPT)
    assert network.events() == [
        NetworkRequestAnswered(IMSI, APN, "", RequestAnswer.ACCEPTED),
        ACTIVATED,
    ]


def test_accept_may_leave_a_static_address_out(network: ScriptedNetwork) -> None:
    """The address is the one that was asked for."""
    network.say(IMSI, REQUEST)
    network.say(IMSI, sm.ActivatePdpContextAccept(NETWORK_TI))
    assert network.events()[-1] == ACTIVATED


def test_accept_must_have_a_dynamic_address(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Without it the mobile says what is missing and goes on waiting."""
    mobiles.activate(IMSI, APN, network.now)
    network.say(IMSI, sm.ActivatePdpContextAccept(MOBILE_TI_ANSWERED))
    assert told(network) == [OWN_REQUEST, sm.SmStatus(MOBILE_TI, SmCause.CONDITIONAL_IE_ERROR)]
    assert states(mobiles) == [ContextState.ACTIVATING]


@pytest.mark.clause("24.008 §6.1.3.1.4", "Request PDP Context Activation Reject with any SM cause")
@pytest.mark.parametrize("cause", [26, 31, 40, 95, 96, 97, 98, 99, 100, 101, 111])
def test_request_is_rejected_with_the_cause_told(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """Each SM cause that an MS may give is given."""
    mobiles.set_behaviour(IMSI, Behaviour.reject(cause), network.now)
    network.say(IMSI, REQUEST)
    assert told(network) == [sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, cause)]
    assert network.events() == [
        NetworkRequestAnswered(IMSI, APN, "10.45.0.7", RequestAnswer.REJECTED, cause)
    ]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_repeated_request_is_rejected_again(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A network that asks again has not had the reject."""
    mobiles.set_behaviour(IMSI, Behaviour.reject(31), network.now)
    network.say(IMSI, REQUEST)
    network.say(IMSI, REQUEST)
    assert told(network) == [sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, 31)] * 2


def test_silent_mobile_says_nothing(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """However often the network asks."""
    mobiles.set_behaviour(IMSI, Behaviour.silent(), network.now)
    for _ in range(5):
        network.say(IMSI, REQUEST)
        network.wait(8)
    assert told(network) == []
    assert (
        network.events()
        == [NetworkRequestAnswered(IMSI, APN, "10.45.0.7", RequestAnswer.IGNORED)] * 5
    )
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)
    assert mobiles.mobile(IMSI).behaviour == Behaviour.silent()


def test_answer_takes_its_time(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """With a delay the answer comes then, once, though the network asks again meanwhile."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(delay=10.0), network.now)
    network.say(IMSI, REQUEST)
    network.wait(8)
    network.say(IMSI, REQUEST)
    assert told(network) == []
    network.wait(2)
    assert told(network) == [ANSWER]
    assert mobiles.counters == {"repeated_requests": 1}


def test_two_requests_are_thought_about_at_once(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Each is answered in its time, and one that has died is passed over."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(delay=10.0), network.now)
    other = PdpAddress.for_ipv4("10.46.0.7")
    second, third = sm.TransactionIdentifier(2), sm.TransactionIdentifier(3)
    network.say(IMSI, REQUEST)
    network.say(IMSI, sm.RequestPdpContextActivation(second, other, "b"))
    network.say(IMSI, sm.RequestPdpContextActivation(third, other, "c"))
    network.say(IMSI, sm.DeactivatePdpContextRequest(second))
    network.heard()
    mobiles.handle_timeout(network.now + 10)
    assert [message.ti.value for message in told(network)] == [1, 3]


def test_reject_takes_its_time(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A delayed reject is one the mobile decided on when it was asked."""
    mobiles.set_behaviour(IMSI, Behaviour.reject(31, delay=3.0), network.now)
    network.say(IMSI, REQUEST)
    mobiles.set_behaviour(IMSI, Behaviour.accept(), network.now)
    network.wait(3)
    assert told(network) == [sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, 31)]


@pytest.mark.parametrize("farewell", ["detach", "power_off", "deactivated", "status"])
def test_delayed_answer_dies_with_its_reason(
    mobiles: Mobiles, network: ScriptedNetwork, farewell: str
) -> None:
    """Whatever ends the attachment or the transaction ends the wish to answer."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(delay=10.0), network.now)
    network.say(IMSI, REQUEST)
    if farewell == "detach":
        mobiles.detach(IMSI, network.now)
        network.say(IMSI, gmm.DetachAcceptDownlink())
    elif farewell == "power_off":
        mobiles.power_off(IMSI, network.now)
    elif farewell == "deactivated":
        network.say(IMSI, sm.DeactivatePdpContextRequest(NETWORK_TI))
    else:
        network.say(IMSI, sm.SmStatus(NETWORK_TI, SmCause.INVALID_TRANSACTION_IDENTIFIER))
    network.heard()
    assert mobiles.next_timeout() is None
    network.wait(20)
    assert told(network) == []


def test_repeated_request_is_answered_again(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A network that asks again has not had the answer; T3380 goes on as it was."""
    network.say(IMSI, REQUEST)
    network.wait(8)
    network.say(IMSI, REQUEST)
    assert told(network) == [ANSWER] * 2
    assert mobiles.next_timeout() == 1030.0
    assert len(network.events()) == 1


def test_answer_is_repeated_by_t3380(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A lost Activate PDP Context Request goes out again after 30 s."""
    network.say(IMSI, REQUEST)
    network.wait(30)
    assert told(network) == [ANSWER] * 2
    network.say(IMSI, ACCEPT)
    assert (states(mobiles), mobiles.next_timeout()) == ([ContextState.ACTIVE], None)


def test_answer_is_given_up_after_five_attempts(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3380 expires for the fifth time and nothing is left."""
    network.say(IMSI, REQUEST)
    network.wait(150)
    assert told(network) == [ANSWER] * 5
    assert network.events()[-1] == ActivationRefused(IMSI, APN, None, network_requested=True)
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_network_rejects_after_it_asked(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A GGSN that refuses makes the SGSN reject."""
    network.say(IMSI, REQUEST)
    network.say(IMSI, sm.ActivatePdpContextReject(NETWORK_TI, 26))
    assert network.events()[-1] == ActivationRefused(IMSI, APN, 26, network_requested=True)
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_request_that_claims_the_mobile_s_identifier_is_ignored(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Who asks allots the identifier, so its flag must be 0."""
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI.mirrored, STATIC, APN))
    assert (told(network), network.events()) == ([], [])
    assert mobiles.counters == {"unexpected_messages": 1}


@pytest.mark.parametrize(
    "address",
    [PdpAddress(PdpType.IPV4V6), PdpAddress(1, b"", 0)],
)
def test_request_for_neither_ipv4_nor_ipv6_is_rejected(
    network: ScriptedNetwork, address: PdpAddress
) -> None:
    """A request is for one of the two; what it is not is said with cause 40."""
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, address, APN))
    assert told(network) == [
        sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, SmCause.FEATURE_NOT_SUPPORTED)
    ]


def test_request_for_ipv6_is_rejected_by_a_mobile_for_ipv4(network: ScriptedNetwork) -> None:
    """These mobiles do IPv4 and say so with cause 28."""
    address = PdpAddress(PdpType.IPV6, bytes(16))
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, address, APN))
    cause = SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE
    assert told(network) == [sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, cause)]


def test_request_with_all_nsapis_taken_is_rejected(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Eleven contexts are all there can be."""
    for value in range(11):
        ti = sm.TransactionIdentifier(value)
        address = PdpAddress.for_ipv4(f"10.45.0.{value + 1}")
        network.say(IMSI, sm.RequestPdpContextActivation(ti, address, f"apn{value}"))
    assert [message.nsapi for message in told(network)] == list(range(5, 16))
    ti = sm.TransactionIdentifier(11)
    network.say(IMSI, sm.RequestPdpContextActivation(ti, STATIC, APN))
    assert told(network) == [sm.RequestPdpContextActivationReject(ti.mirrored, 26)]
    assert len(states(mobiles)) == 11


# The network's request meets what the mobile is doing


@pytest.mark.clause("24.008 §6.1.3.5.3", "collisions of activations")
def test_request_for_what_the_mobile_is_activating_is_discarded(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """With the same address and APN the mobile's own activation wins."""
    mobiles.activate(IMSI, APN, network.now, address="10.45.0.7")
    assert told(network) == [activation(MOBILE_TI, 5, pdp_address=STATIC, apn=APN)]
    network.say(IMSI, REQUEST)
    assert told(network) == []
    assert network.events() == [
        NetworkRequestAnswered(IMSI, APN, "10.45.0.7", RequestAnswer.DISCARDED)
    ]
    network.say(IMSI, OWN_ACCEPT)
    assert network.events() == [
        ContextActivated(IMSI, APN, 5, "10.45.0.7", network_requested=False)
    ]


def test_request_with_dynamic_address_meets_the_mobile_s_own(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Both sides want any address on one APN: the very same context."""
    mobiles.activate(IMSI, APN, network.now)
    network.heard()
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, DYNAMIC, APN))
    assert told(network) == []
    assert network.events() == [NetworkRequestAnswered(IMSI, APN, "", RequestAnswer.DISCARDED)]


@pytest.mark.parametrize(
    ("own", "apn", "offered"),
    [
        pytest.param(None, APN, STATIC, id="address-pending"),
        pytest.param("10.45.0.7", APN, DYNAMIC, id="address-not-said"),
        pytest.param(None, None, STATIC, id="apn-not-said"),
    ],
)
def test_request_that_may_be_for_what_the_mobile_is_activating_is_rejected(
    mobiles: Mobiles,
    network: ScriptedNetwork,
    own: str | None,
    apn: str | None,
    offered: PdpAddress,
) -> None:
    """While the mobile cannot tell, it answers with cause 26."""
    mobiles.activate(IMSI, APN, network.now, address=own)
    network.heard()
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, offered, apn))
    assert told(network) == [
        sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, SmCause.INSUFFICIENT_RESOURCES)
    ]
    assert states(mobiles) == [ContextState.ACTIVATING]


@pytest.mark.parametrize(("apn", "own"), [("other.example", None), (APN, "10.45.0.8")])
def test_request_for_another_context_is_accepted_beside(
    mobiles: Mobiles, network: ScriptedNetwork, apn: str, own: str | None
) -> None:
    """Another APN, or another static address, is another context."""
    mobiles.activate(IMSI, apn, network.now, address=own)
    network.heard()
    network.say(IMSI, REQUEST)
    assert told(network) == [activation(NETWORK_TI_ANSWERED, 6, pdp_address=STATIC, apn=APN)]
    assert states(mobiles) == [ContextState.ACTIVATING] * 2


def test_request_meets_the_mobile_s_own_after_the_delay(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """What counts is what the mobile does when it answers."""
    mobiles.set_behaviour(IMSI, Behaviour.accept(delay=2.0), network.now)
    network.say(IMSI, REQUEST)
    mobiles.activate(IMSI, APN, network.now, address="10.45.0.7")
    network.heard()
    network.wait(2)
    assert told(network) == []
    assert network.events() == [
        NetworkRequestAnswered(IMSI, APN, "10.45.0.7", RequestAnswer.DISCARDED)
    ]


@pytest.mark.clause(
    "24.008 §6.1.3.1.5", "the network uses an identifier that the mobile has a context with"
)
def test_request_with_an_identifier_in_use_replaces_that_context(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The old context is dropped without a word and the new one begun."""
    activate_requested(network)
    network.say(
        IMSI, sm.RequestPdpContextActivation(NETWORK_TI, PdpAddress.for_ipv4("10.46.0.7"), "b")
    )
    assert told(network) == [
        activation(NETWORK_TI_ANSWERED, 5, pdp_address=PdpAddress.for_ipv4("10.46.0.7"), apn="b")
    ]
    assert network.events() == [
        ContextDeactivated(IMSI, APN, 5, "10.45.0.7", DeactivationReason.REPLACED),
        NetworkRequestAnswered(IMSI, "b", "10.46.0.7", RequestAnswer.ACCEPTED),
    ]


@pytest.mark.parametrize("offered", [STATIC, DYNAMIC])
def test_request_for_an_active_context_replaces_it(
    mobiles: Mobiles, network: ScriptedNetwork, offered: PdpAddress
) -> None:
    """A network that asks for what is active has lost it."""
    activate_own(mobiles, network)
    network.say(IMSI, sm.RequestPdpContextActivation(NETWORK_TI, offered, APN))
    assert told(network) == [activation(NETWORK_TI_ANSWERED, 5, pdp_address=offered, apn=APN)]
    assert network.events()[0] == ContextDeactivated(
        IMSI, APN, 5, "10.45.0.7", DeactivationReason.REPLACED
    )


def test_request_under_a_new_identifier_replaces_the_answer_to_the_old(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The network began anew while the mobile still waited for the accept."""
    network.say(IMSI, REQUEST)
    newer = sm.TransactionIdentifier(2)
    network.say(IMSI, sm.RequestPdpContextActivation(newer, STATIC, APN))
    assert told(network) == [
        ANSWER,
        activation(newer.mirrored, 5, pdp_address=STATIC, apn=APN),
    ]
    assert states(mobiles) == [ContextState.ACTIVATING]


def test_mobile_does_not_activate_what_the_network_asked_for(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """With the answer on its way, the command changes nothing."""
    network.say(IMSI, REQUEST)
    mobiles.activate(IMSI, APN, network.now)
    assert told(network) == [ANSWER]


# The mobile's own activation


def test_own_activation_is_accepted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Without an APN the first that is set up is taken, and the address is the network's."""
    mobiles.activate(IMSI, None, network.now)
    assert told(network) == [OWN_REQUEST]
    (context,) = mobiles.mobile(IMSI).contexts
    assert (context.state, context.address) == (ContextState.ACTIVATING, "")
    network.say(IMSI, OWN_ACCEPT)
    assert network.events() == [
        ContextActivated(IMSI, APN, 5, "10.45.0.7", network_requested=False)
    ]
    assert mobiles.next_timeout() is None


def test_own_activation_twice_is_one(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The command changes nothing while a context to the APN is there or on its way."""
    mobiles.activate(IMSI, APN, network.now)
    mobiles.activate(IMSI, APN, network.now)
    assert told(network) == [OWN_REQUEST]
    network.say(IMSI, OWN_ACCEPT)
    mobiles.activate(IMSI, APN, network.now)
    assert told(network) == []


def test_own_activation_is_refused(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The cause is told and nothing is left."""
    mobiles.activate(IMSI, APN, network.now)
    network.say(IMSI, sm.ActivatePdpContextReject(MOBILE_TI_ANSWERED, 33))
    assert network.events() == [ActivationRefused(IMSI, APN, 33, network_requested=False)]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


@pytest.mark.clause("24.008 §6.1.3.1.5", "expiry of T3380")
def test_own_activation_is_given_up_after_five_attempts(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """T3380 expires for the fifth time."""
    mobiles.activate(IMSI, APN, network.now)
    network.wait(149.9)
    assert (told(network), network.events()) == ([OWN_REQUEST] * 5, [])
    network.wait(0.1)
    assert network.events() == [ActivationRefused(IMSI, APN, None, network_requested=False)]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_own_activations_have_their_own_identifiers(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Seven at once, each with the lowest free TI and NSAPI; an eighth is impossible."""
    for number in range(7):
        mobiles.activate(IMSI, f"apn{number}", network.now)
    requests = told(network)
    assert [message.ti.value for message in requests] == list(range(7))
    assert [message.nsapi for message in requests] == list(range(5, 12))
    with pytest.raises(MobileError, match="no further PDP context"):
        mobiles.activate(IMSI, "apn7", network.now)


def test_detached_mobile_cannot_activate(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The command is refused with the state."""
    mobiles.detach(IMSI, network.now)
    with pytest.raises(MobileError, match="detaching, not attached"):
        mobiles.activate(IMSI, APN, network.now)


def test_mobile_without_apn_needs_one(network: ScriptedNetwork) -> None:
    """Where none is set up, the command must name it."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "1"))
    ScriptedNetwork(mobiles).attach(IMSI)
    with pytest.raises(MobileError, match="no APN"):
        mobiles.activate(IMSI, None, network.now)


def test_repeated_accept_changes_nothing(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A duplicate is counted."""
    activate_own(mobiles, network)
    network.say(IMSI, OWN_ACCEPT)
    assert (told(network), network.events()) == ([], [])
    assert mobiles.counters == {"unexpected_messages": 1}


# Deactivation


def test_mobile_deactivates(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The context is gone with the network's answer."""
    activate_own(mobiles, network)
    mobiles.deactivate(IMSI, APN, network.now)
    assert told(network) == [sm.DeactivatePdpContextRequest(MOBILE_TI)]
    assert states(mobiles) == [ContextState.DEACTIVATING]
    network.say(IMSI, sm.DeactivatePdpContextAccept(MOBILE_TI_ANSWERED))
    assert network.events() == [
        ContextDeactivated(IMSI, APN, 5, "10.45.0.7", DeactivationReason.MOBILE)
    ]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_deactivation_is_given_up_after_five_attempts(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """T3390 expires for the fifth time and the context is gone all the same."""
    activate_own(mobiles, network)
    mobiles.deactivate(IMSI, None, network.now)
    mobiles.deactivate(IMSI, None, network.now)
    network.wait(40)
    assert told(network) == [sm.DeactivatePdpContextRequest(MOBILE_TI)] * 5
    assert network.events() == [
        ContextDeactivated(IMSI, APN, 5, "10.45.0.7", DeactivationReason.MOBILE)
    ]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_deactivation_of_another_apn_changes_nothing(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Only the contexts to the APN named go."""
    activate_own(mobiles, network)
    mobiles.deactivate(IMSI, "other.example", network.now)
    assert (told(network), states(mobiles)) == ([], [ContextState.ACTIVE])


def test_activation_on_its_way_is_deactivated(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3380 stops, a late accept is ignored, and no active context has ended."""
    mobiles.activate(IMSI, APN, network.now)
    mobiles.deactivate(IMSI, APN, network.now)
    network.say(IMSI, OWN_ACCEPT)
    assert told(network) == [OWN_REQUEST, sm.DeactivatePdpContextRequest(MOBILE_TI)]
    network.say(IMSI, sm.DeactivatePdpContextAccept(MOBILE_TI_ANSWERED))
    assert (network.events(), states(mobiles), mobiles.next_timeout()) == ([], [], None)


def test_network_deactivates(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile accepts and tells the cause."""
    activate_requested(network)
    network.say(IMSI, sm.DeactivatePdpContextRequest(NETWORK_TI, 39))
    assert told(network) == [sm.DeactivatePdpContextAccept(NETWORK_TI_ANSWERED)]
    assert network.events() == [
        ContextDeactivated(IMSI, APN, 5, "10.45.0.7", DeactivationReason.NETWORK, 39)
    ]
    assert states(mobiles) == []


def test_network_deactivates_what_is_being_activated(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The activation has failed with the network's cause."""
    mobiles.activate(IMSI, APN, network.now)
    network.say(IMSI, sm.DeactivatePdpContextRequest(MOBILE_TI_ANSWERED, 38, teardown=True))
    assert told(network)[1:] == [sm.DeactivatePdpContextAccept(MOBILE_TI)]
    assert network.events() == [ActivationRefused(IMSI, APN, 38, network_requested=False)]
    assert mobiles.next_timeout() is None


def test_both_sides_deactivate(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The requests cross: the mobile accepts and is done (§6.1.3.4.3)."""
    activate_own(mobiles, network)
    mobiles.deactivate(IMSI, APN, network.now)
    network.say(IMSI, sm.DeactivatePdpContextRequest(MOBILE_TI_ANSWERED))
    assert told(network) == [
        sm.DeactivatePdpContextRequest(MOBILE_TI),
        sm.DeactivatePdpContextAccept(MOBILE_TI),
    ]
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


def test_teardown_takes_all_contexts_with_the_address(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Contexts to the same APN with the same address go together; others stay."""
    activate_requested(network)
    mobiles.activate(IMSI, "other.example", network.now)
    network.say(
        IMSI,
        sm.ActivatePdpContextAccept(
            MOBILE_TI_ANSWERED, pdp_address=PdpAddress.for_ipv4("10.46.0.7")
        ),
    )
    network.heard()
    network.say(IMSI, sm.DeactivatePdpContextRequest(NETWORK_TI, 36, teardown=True))
    assert told(network) == [sm.DeactivatePdpContextAccept(NETWORK_TI_ANSWERED)]
    assert [context.apn for context in mobiles.mobile(IMSI).contexts] == ["other.example"]


def test_unknown_context_is_as_good_as_deactivated(network: ScriptedNetwork) -> None:
    """The request for an unknown identifier is accepted (§8.3.2)."""
    network.say(IMSI, sm.DeactivatePdpContextRequest(NETWORK_TI))
    assert told(network) == [sm.DeactivatePdpContextAccept(NETWORK_TI_ANSWERED)]
    assert network.events() == []


# Errors (§8)


@pytest.mark.clause("24.008 §8.3", "unknown transaction identifier: SM STATUS with cause 81")
@pytest.mark.parametrize(
    "message",
    [
        ACCEPT,
        sm.ActivatePdpContextReject(NETWORK_TI, 26),
        sm.DeactivatePdpContextAccept(NETWORK_TI),
    ],
)
@pytest.mark.clause("24.008 §8", "unknown and erroneous messages, SM STATUS")
def test_unknown_identifier_is_answered_with_status(
    network: ScriptedNetwork, message: sm.SmMessage
) -> None:
    """No context has it: cause 81."""
    network.say(IMSI, message)
    assert told(network) == [
        sm.SmStatus(NETWORK_TI_ANSWERED, SmCause.INVALID_TRANSACTION_IDENTIFIER)
    ]


@pytest.mark.parametrize(
    "message",
    [
        sm.ActivatePdpContextReject(MOBILE_TI_ANSWERED, 26),
        sm.DeactivatePdpContextAccept(MOBILE_TI_ANSWERED),
    ],
)
def test_message_in_the_wrong_state_is_answered_with_status(
    mobiles: Mobiles, network: ScriptedNetwork, message: sm.SmMessage
) -> None:
    """The context is active and stays so: cause 98."""
    activate_own(mobiles, network)
    network.say(IMSI, message)
    assert told(network) == [sm.SmStatus(MOBILE_TI, SmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE)]
    assert states(mobiles) == [ContextState.ACTIVE]


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        pytest.param("1a99", sm.SmStatus(NETWORK_TI_ANSWERED, 97), id="unknown-type"),
        pytest.param(ANSWER.encode().hex(), sm.SmStatus(NETWORK_TI, 97), id="other-direction"),
        pytest.param(
            "1a44", sm.RequestPdpContextActivationReject(NETWORK_TI_ANSWERED, 96), id="request"
        ),
        pytest.param("1a42", sm.SmStatus(NETWORK_TI_ANSWERED, 96), id="accept"),
        pytest.param("1a55", None, id="status"),
        pytest.param("1a", None, id="too-short"),
        pytest.param("7a8144", None, id="reserved-identifier"),
    ],
)
def test_wrong_message_is_answered_as_its_kind_demands(
    network: ScriptedNetwork, octets: str, answer: sm.SmMessage | None
) -> None:
    """The procedure's own reject, SM STATUS, or nothing."""
    network.say(IMSI, bytes.fromhex(octets))
    assert told(network) == ([] if answer is None else [answer])


def test_status_unknown_transaction_drops_an_active_context(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The network does not know it, so it is gone; the status isn't answered."""
    activate_own(mobiles, network)
    network.say(IMSI, sm.SmStatus(MOBILE_TI_ANSWERED, 81))
    assert told(network) == []
    assert network.events() == [
        ContextDeactivated(IMSI, APN, 5, "10.45.0.7", DeactivationReason.UNKNOWN_TO_NETWORK, 81)
    ]
    assert states(mobiles) == []


@pytest.mark.parametrize("cause", [81, 97])
def test_status_aborts_an_activation(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """The procedure cannot go on."""
    mobiles.activate(IMSI, APN, network.now)
    network.say(IMSI, sm.SmStatus(MOBILE_TI_ANSWERED, cause))
    assert network.events() == [ActivationRefused(IMSI, APN, cause, network_requested=False)]
    assert mobiles.next_timeout() is None


def test_status_unknown_type_ends_a_deactivation(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """A network that knows no deactivation will not answer it."""
    activate_own(mobiles, network)
    mobiles.deactivate(IMSI, APN, network.now)
    network.say(IMSI, sm.SmStatus(MOBILE_TI_ANSWERED, 97))
    assert (states(mobiles), mobiles.next_timeout()) == ([], None)


@pytest.mark.parametrize("cause", [97, 111])
def test_other_status_is_only_counted(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """An active context stays; a status for nothing is not answered."""
    activate_own(mobiles, network)
    network.say(IMSI, sm.SmStatus(MOBILE_TI_ANSWERED, cause))
    network.say(IMSI, sm.SmStatus(NETWORK_TI, 81))
    assert (told(network), network.events()) == ([], [])
    assert states(mobiles) == [ContextState.ACTIVE]
    assert mobiles.counters == {"sm_status_received": 2}


# The network asks for patience


def refused(mobiles: Mobiles, network: ScriptedNetwork, octet: int | None) -> None:
    """Have a context that the mobile asks for refused, with a back-off time."""
    mobiles.activate(IMSI, APN, network.now)
    (request,) = told(network)
    network.say(IMSI, sm.ActivatePdpContextReject(request.ti.mirrored, 26, back_off_timer=octet))
    assert states(mobiles) == []


@pytest.mark.clause("24.008 §6.1.3.1.3", "T3396: a back-off time of the network is kept to")
@pytest.mark.parametrize(
    ("octet", "seconds"),
    [(0x63, 6.0), (0x82, 60.0), (0xA2, 120.0), (0x01, 600.0), (0x22, 7200.0), (0x41, 36_000.0)],
)
def test_an_apn_is_left_alone_for_as_long_as_the_network_wants(
    mobiles: Mobiles, network: ScriptedNetwork, octet: int, seconds: float
) -> None:
    """Until then the command is refused, and says how long; other APNs are as before."""
    refused(mobiles, network, octet)
    network.wait(seconds - 1)
    with pytest.raises(MobileError, match=rf"{APN} left alone for another 1 s \(T3396\)"):
        mobiles.activate(IMSI, APN, network.now)
    assert told(network) == []
    mobiles.activate(IMSI, "other.example", network.now)
    assert len(told(network)) == 1
    network.wait(1)
    mobiles.activate(IMSI, APN, network.now)
    assert told(network)[-1].apn == APN


@pytest.mark.parametrize("octet", [None, 0x60, 0x00])
def test_without_a_back_off_time_the_mobile_may_ask_again(
    mobiles: Mobiles, network: ScriptedNetwork, octet: int | None
) -> None:
    """Nor with one of zero."""
    refused(mobiles, network, octet)
    mobiles.activate(IMSI, APN, network.now)
    assert len(told(network)) == 1


def test_a_back_off_without_end_ends_with_the_power(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """A timer that is "deactivated" means for ever."""
    refused(mobiles, network, 0xE0)
    network.wait(1e6)
    with pytest.raises(MobileError, match="until the mobile is switched off"):
        mobiles.activate(IMSI, APN, network.now)
    mobiles.power_off(IMSI, network.now)
    mobiles.power_on(IMSI, network.now)
    network.attach(IMSI)
    mobiles.activate(IMSI, APN, network.now)
    assert told(network)[-1].apn == APN


def test_what_the_network_asks_for_itself_ends_the_back_off(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """It would not ask for what it does not want."""
    refused(mobiles, network, 0xE0)
    network.say(IMSI, REQUEST)
    assert len(told(network)) == 1
    network.say(IMSI, sm.ActivatePdpContextReject(NETWORK_TI, 26))
    mobiles.activate(IMSI, APN, network.now)
    assert len(told(network)) == 1
