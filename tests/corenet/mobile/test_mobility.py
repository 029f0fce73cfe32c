"""Attach and detach: each success, refusal, timeout and crossing (TS 24.008 §4.7.3, §4.7.4)."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces import llc
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Interface
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.errors import MobileError, UnknownMobile
from corenet.mobile.events import (
    Attached,
    AttachFailed,
    ContextDeactivated,
    DeactivationReason,
    Detached,
    DetachReason,
    MobileState,
)
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import (
    CELLS,
    NO_PERIODIC_UPDATE,
    ROUTEING_AREA,
    SGSN,
    ScriptedNetwork,
)

IMSI = "234150999999999"
P_TMSI = 0xC0000001
ATTACH_REQUEST = (IMSI, gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)))
ATTACH_COMPLETE = (IMSI, gmm.AttachComplete())
DETACH_REQUEST = (IMSI, gmm.DetachRequestUplink(p_tmsi=P_TMSI))
AGAIN = (
    IMSI,
    gmm.AttachRequest(gmm.MobileIdentity(p_tmsi=P_TMSI), old_rai=ROUTEING_AREA),
)
"""An Attach Request with what is left of an attachment before."""
DETACH_ACCEPT = (IMSI, gmm.DetachAcceptUplink())
ACCEPT = gmm.AttachAccept(ROUTEING_AREA, P_TMSI, periodic_update_timer=NO_PERIODIC_UPDATE)
NETWORK_DETACH = gmm.DetachRequestDownlink(gmm.NetworkDetachType.REATTACH_NOT_REQUIRED)
REATTACH = gmm.DetachRequestDownlink(gmm.NetworkDetachType.REATTACH_REQUIRED)


def state(mobiles: Mobiles) -> MobileState:
    return mobiles.mobile(IMSI).state


def activate(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    mobiles.activate(IMSI, None, network.now)
    address = PdpAddress.for_ipv4("10.45.0.7")
    accept = sm.ActivatePdpContextAccept(
        sm.TransactionIdentifier(0, flag=True), pdp_address=address
    )
    network.say(IMSI, accept)
    network.heard()
    network.events()


def test_new_mobile_is_detached_and_quiet(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A mobile that was added is powered, covered, detached, and wants nothing."""
    view = mobiles.mobile(IMSI)
    assert (view.state, view.powered, view.coverage) == (MobileState.DETACHED, True, True)
    assert (view.since, view.p_tmsi, view.contexts, view.shown) == (None, None, (), ())
    assert mobiles.next_timeout() is None
    assert network.heard() == []
    assert (mobiles.name, mobiles.imsis(), mobiles.counters) == ("mobiles", (IMSI,), {})


def test_attach_ends_with_complete(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile says its IMSI, gets a P-TMSI and completes."""
    mobiles.attach(IMSI, network.now)
    assert state(mobiles) is MobileState.ATTACHING
    assert network.heard() == [ATTACH_REQUEST]
    network.wait(2)
    network.say(IMSI, ACCEPT)
    assert network.heard() == [ATTACH_COMPLETE]
    assert network.events() == [Attached(IMSI, P_TMSI)]
    view = mobiles.mobile(IMSI)
    assert (view.state, view.p_tmsi, view.since) == (MobileState.ATTACHED, P_TMSI, 1002.0)
    assert mobiles.next_timeout() is None


def test_frames_come_from_the_mobile_s_own_address(mobiles: Mobiles) -> None:
    """A frame goes from (imsi, 0) to the SGSN, uplink, each with the next N(U)."""
    mobiles.attach(IMSI, 1000.0)
    mobiles.handle_timeout(1015.0)
    first, second = mobiles.take_datagrams()
    assert (first.interface, first.peer, first.local) == (Interface.RADIO, SGSN, (IMSI, 0))
    frames = llc.decode_ui(first.data), llc.decode_ui(second.data)
    assert [(frame.sapi, frame.uplink, frame.nu) for frame in frames] == [
        (1, True, 0),
        (1, True, 1),
    ]


def test_accept_without_p_tmsi_needs_no_complete(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Attach Complete acknowledges a P-TMSI and nothing else."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA))
    assert network.heard() == []
    assert network.events() == [Attached(IMSI, None)]


def test_repeated_accept_is_completed_again(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A network that repeats Attach Accept has not had the Complete."""
    network.attach(IMSI)
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    assert network.heard() == [ATTACH_COMPLETE]
    assert network.events() == []


def test_attach_is_repeated_and_succeeds(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A lost Attach Request goes out again when T3310 expires."""
    mobiles.attach(IMSI, network.now)
    network.wait(15)
    assert network.heard() == [ATTACH_REQUEST] * 2
    network.say(IMSI, ACCEPT)
    assert state(mobiles) is MobileState.ATTACHED
    assert mobiles.next_timeout() is None


def test_attach_is_given_up_after_five_attempts(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3310 expires for the fifth time and the mobile is detached; T3311 runs."""
    mobiles.attach(IMSI, network.now)
    network.wait(74.9)
    assert network.events() == []
    network.wait(0.1)
    assert network.heard() == [ATTACH_REQUEST] * 5
    assert network.events() == [AttachFailed(IMSI, None)]
    assert state(mobiles) is MobileState.DETACHED
    network.wait(15)
    assert network.heard() == [ATTACH_REQUEST]
    assert state(mobiles) is MobileState.ATTACHING


@pytest.mark.parametrize("cause", [2, 3, 6, 7, 8, 11, 12, 13, 14, 15])
def test_attach_is_refused_for_good(mobiles: Mobiles, network: ScriptedNetwork, cause: int) -> None:
    """Attach Reject leaves the mobile detached with the cause told; it does not come back."""
    mobiles.attach(IMSI, network.now)
    network.say(IMSI, gmm.AttachReject(cause))
    assert network.events() == [AttachFailed(IMSI, cause)]
    assert state(mobiles) is MobileState.DETACHED
    assert mobiles.next_timeout() is None


@pytest.mark.parametrize("cause", [10, 17, 22, 96, 111])
def test_attach_that_is_refused_is_tried_again(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """T3311 after each of four failures, T3302 after the fifth, and then the same anew."""
    mobiles.attach(IMSI, network.now)
    for wait in (15, 15, 15, 15, 720, 15):
        assert network.heard() == [ATTACH_REQUEST]
        network.say(IMSI, gmm.AttachReject(cause))
        network.wait(wait - 0.1)
        assert network.heard() == []
        network.wait(0.2)
    assert network.heard() == [ATTACH_REQUEST]
    network.say(IMSI, ACCEPT)
    assert state(mobiles) is MobileState.ATTACHED
    assert mobiles.next_timeout() is None


def test_detach_ends_the_attempts(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A mobile that waits for T3311 and is detached or switched off tries no more."""
    mobiles.attach(IMSI, network.now)
    network.say(IMSI, gmm.AttachReject(17))
    mobiles.detach(IMSI, network.now)
    assert mobiles.next_timeout() is None
    mobiles.attach(IMSI, network.now)
    network.say(IMSI, gmm.AttachReject(17))
    mobiles.power_off(IMSI, network.now)
    assert mobiles.next_timeout() is None


def test_identity_that_is_not_known_any_more(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Cause 9 to a P-TMSI makes the mobile attach with its IMSI at once."""
    network.attach(IMSI)
    mobiles.detach(IMSI, network.now)
    network.say(IMSI, gmm.DetachAcceptDownlink())
    mobiles.attach(IMSI, network.now)
    assert network.heard()[-1] == AGAIN
    network.say(IMSI, gmm.AttachReject(9))
    assert network.heard() == [ATTACH_REQUEST]


def test_mobile_says_who_it_is(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Identity Request for the IMSI is answered in any state, for another identity not."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    network.say(IMSI, gmm.IdentityRequest())
    network.say(IMSI, gmm.IdentityRequest(gmm.IdentityType.IMEI))
    assert network.heard() == [(IMSI, gmm.IdentityResponse(gmm.MobileIdentity(imsi=IMSI)))]
    assert mobiles.counters == {"unexpected_messages": 1}


def test_attach_twice_is_one_attach(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The command changes nothing while attaching or attached."""
    mobiles.attach(IMSI, network.now)
    mobiles.attach(IMSI, network.now)
    assert network.heard() == [ATTACH_REQUEST]
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    network.heard()
    mobiles.attach(IMSI, network.now)
    assert network.heard() == []


@pytest.mark.parametrize(
    "message",
    [
        gmm.AttachAccept(ROUTEING_AREA, P_TMSI),
        gmm.AttachReject(7),
        gmm.DetachAcceptDownlink(),
        NETWORK_DETACH,
    ],
)
def test_detached_mobile_ignores_mobility_messages(
    mobiles: Mobiles, network: ScriptedNetwork, message: gmm.GmmMessage
) -> None:
    """What belongs to no procedure is counted and not answered."""
    network.say(IMSI, message)
    assert (network.heard(), network.events()) == ([], [])
    assert mobiles.counters == {"unexpected_messages": 1}


def test_late_answers_to_finished_procedures_are_ignored(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """An attached mobile ignores Attach Reject and Detach Accept."""
    network.attach(IMSI)
    network.say(IMSI, gmm.AttachReject(7))
    network.say(IMSI, gmm.DetachAcceptDownlink())
    assert (network.heard(), state(mobiles)) == ([], MobileState.ATTACHED)
    assert mobiles.counters == {"unexpected_messages": 2}


def test_detach_is_accepted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile drops its contexts, asks, and is detached with the answer."""
    network.attach(IMSI)
    activate(mobiles, network)
    mobiles.detach(IMSI, network.now)
    assert state(mobiles) is MobileState.DETACHING
    assert network.heard() == [DETACH_REQUEST]
    assert network.events() == [
        ContextDeactivated(IMSI, "wap.example", 5, "10.45.0.7", DeactivationReason.DETACHED)
    ]
    network.say(IMSI, gmm.DetachAcceptDownlink())
    assert network.events() == [Detached(IMSI, DetachReason.MOBILE)]
    assert (state(mobiles), mobiles.next_timeout()) == (MobileState.DETACHED, None)


def test_detach_is_given_up_after_five_attempts(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3321 expires for the fifth time and the mobile is detached all the same."""
    network.attach(IMSI)
    mobiles.detach(IMSI, network.now)
    network.wait(75)
    assert network.heard() == [DETACH_REQUEST] * 5
    assert network.events() == [Detached(IMSI, DetachReason.MOBILE)]
    assert (state(mobiles), mobiles.next_timeout()) == (MobileState.DETACHED, None)


def test_detach_of_a_detached_mobile_is_nothing(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The command changes nothing while detached or detaching."""
    mobiles.detach(IMSI, network.now)
    assert (network.heard(), network.events()) == ([], [])


def test_detach_while_attaching_ends_the_attach(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3310 stops, T3321 runs, and a late Attach Accept changes nothing."""
    mobiles.attach(IMSI, network.now)
    mobiles.detach(IMSI, network.now)
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    assert state(mobiles) is MobileState.DETACHING
    assert network.heard() == [ATTACH_REQUEST, (IMSI, gmm.DetachRequestUplink())]


def test_attach_while_detaching_starts_anew(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile doesn't wait for Detach Accept to attach again."""
    network.attach(IMSI)
    mobiles.detach(IMSI, network.now)
    mobiles.attach(IMSI, network.now)
    assert network.heard() == [DETACH_REQUEST, AGAIN]
    assert network.events() == [Detached(IMSI, DetachReason.MOBILE)]
    network.say(IMSI, gmm.DetachAcceptDownlink())
    network.wait(15)
    assert network.heard() == [AGAIN]


def test_network_detaches_the_mobile(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The mobile accepts and drops its contexts."""
    network.attach(IMSI)
    activate(mobiles, network)
    network.say(IMSI, NETWORK_DETACH)
    assert network.heard() == [DETACH_ACCEPT]
    assert network.events() == [
        ContextDeactivated(IMSI, "wap.example", 5, "10.45.0.7", DeactivationReason.DETACHED),
        Detached(IMSI, DetachReason.NETWORK),
    ]
    assert (state(mobiles), mobiles.mobile(IMSI).p_tmsi) == (MobileState.DETACHED, P_TMSI)


@pytest.mark.parametrize("cause", [3, 7, 11])
def test_network_does_not_want_the_mobile(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """With such a cause the mobile forgets its P-TMSI."""
    network.attach(IMSI)
    network.say(IMSI, gmm.DetachRequestDownlink(cause=cause))
    assert network.heard() == [DETACH_ACCEPT]
    assert (state(mobiles), mobiles.mobile(IMSI).p_tmsi) == (MobileState.DETACHED, None)


def test_network_wants_the_mobile_back(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """With re-attach required the mobile accepts and attaches at once."""
    network.attach(IMSI)
    network.say(IMSI, REATTACH)
    assert network.heard() == [DETACH_ACCEPT, AGAIN]
    assert state(mobiles) is MobileState.ATTACHING


def test_imsi_detach_leaves_gprs_alone(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A detach for circuit-switched services only is accepted and changes nothing."""
    network.attach(IMSI)
    network.say(IMSI, gmm.DetachRequestDownlink(gmm.NetworkDetachType.IMSI_DETACH))
    assert network.heard() == [DETACH_ACCEPT]
    assert (state(mobiles), network.events()) == (MobileState.ATTACHED, [])


def test_network_detach_crosses_the_attach(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Re-attach required is ignored, for the mobile does; otherwise the attach has failed."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    network.say(IMSI, REATTACH)
    assert (network.heard(), state(mobiles)) == ([], MobileState.ATTACHING)
    network.say(IMSI, gmm.DetachRequestDownlink(cause=11))
    assert network.heard() == [DETACH_ACCEPT]
    assert network.events() == [AttachFailed(IMSI, 11)]


@pytest.mark.parametrize("request_", [NETWORK_DETACH, REATTACH])
def test_network_detach_crosses_the_mobile_s(
    mobiles: Mobiles, network: ScriptedNetwork, request_: gmm.GmmMessage
) -> None:
    """Both sides want the same; the mobile accepts and does not come back."""
    network.attach(IMSI)
    mobiles.detach(IMSI, network.now)
    network.say(IMSI, request_)
    assert network.heard() == [DETACH_REQUEST, DETACH_ACCEPT]
    assert network.events() == [Detached(IMSI, DetachReason.MOBILE)]
    assert (state(mobiles), mobiles.next_timeout()) == (MobileState.DETACHED, None)


def test_power_off_says_goodbye_once(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Detach with power-off isn't answered, and the mobile is deaf from then on."""
    network.attach(IMSI)
    activate(mobiles, network)
    mobiles.power_off(IMSI, network.now)
    mobiles.power_off(IMSI, network.now)
    assert network.heard() == [
        (IMSI, gmm.DetachRequestUplink(power_off=True, p_tmsi=P_TMSI)),
    ]
    assert network.events()[-1] == Detached(IMSI, DetachReason.POWER_OFF)
    view = mobiles.mobile(IMSI)
    assert (view.powered, view.state, view.contexts) == (False, MobileState.DETACHED, ())
    network.say(IMSI, REATTACH)
    assert (network.heard(), mobiles.next_timeout()) == ([], None)
    assert mobiles.counters == {"frames_out_of_reach": 1}


def test_power_off_while_attaching_ends_the_attach(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """No attachment has ended, as there was none."""
    mobiles.attach(IMSI, network.now)
    mobiles.power_off(IMSI, network.now)
    assert network.heard() == [ATTACH_REQUEST, (IMSI, gmm.DetachRequestUplink(power_off=True))]
    assert (network.events(), mobiles.next_timeout()) == ([], None)


def test_power_off_while_detached_is_silent(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Who is not there needs no goodbye."""
    mobiles.power_off(IMSI, network.now)
    assert (network.heard(), network.events()) == ([], [])


def test_power_on_attaches(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A mobile that is switched on attaches; one that is on already does nothing."""
    mobiles.power_on(IMSI, network.now)
    assert network.heard() == []
    mobiles.power_off(IMSI, network.now)
    mobiles.power_on(IMSI, network.now)
    assert network.heard() == [ATTACH_REQUEST]


def test_mobile_without_power_cannot_attach(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The command is refused with the reason."""
    mobiles.power_off(IMSI, network.now)
    with pytest.raises(MobileError, match="switched off"):
        mobiles.attach(IMSI, network.now)


def test_mobile_out_of_coverage_neither_hears_nor_is_heard(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Back in coverage it attaches at once."""
    mobiles.set_coverage(IMSI, False, network.now)
    mobiles.attach(IMSI, network.now)
    assert network.heard() == []
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    assert state(mobiles) is MobileState.ATTACHING
    mobiles.set_coverage(IMSI, True, network.now)
    assert network.heard() == [ATTACH_REQUEST]
    assert mobiles.counters == {"frames_unsent": 1, "frames_out_of_reach": 1}
    assert mobiles.mobile(IMSI).coverage


def test_status_from_the_network_is_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """GMM STATUS is never answered."""
    network.attach(IMSI)
    network.say(IMSI, gmm.GmmStatus(97))
    assert (network.heard(), mobiles.counters) == ([], {"gmm_status_received": 1})


@pytest.mark.parametrize(
    ("octets", "cause"),
    [("0899", 97), ("0802", 96), ("0801", 97)],
)
def test_attached_mobile_answers_wrong_messages_with_status(
    mobiles: Mobiles, network: ScriptedNetwork, octets: str, cause: int
) -> None:
    """Unknown types and wrong mandatory elements get GMM STATUS (TS 24.008 §8.4, §8.5)."""
    network.attach(IMSI)
    network.say(IMSI, bytes.fromhex(octets))
    assert network.heard() == [(IMSI, gmm.GmmStatus(cause))]


@pytest.mark.parametrize("octets", ["", "08", "1899", "0501", "0a44"])
def test_detached_mobile_ignores_what_it_cannot_take(
    mobiles: Mobiles, network: ScriptedNetwork, octets: str
) -> None:
    """Short messages, other protocols and session management are not answered."""
    network.say(IMSI, bytes.fromhex(octets))
    assert (network.heard(), network.events()) == ([], [])
    assert sum(mobiles.counters.values()) == 1


@pytest.mark.parametrize(
    "frame",
    [
        b"noise",
        llc.encode_ui(1, b"\x08\x03", uplink=True, nu=0),
        llc.encode_ui(7, b"\x08\x03", uplink=False, nu=0),
        bytes.fromhex("41c003") + b"secret" + bytes(3),
    ],
)
def test_frames_that_are_not_for_us_are_counted(
    mobiles: Mobiles, network: ScriptedNetwork, frame: bytes
) -> None:
    """Noise, uplink, ciphered frames and SAPIs that nothing uses are dropped."""
    network.send_frame(IMSI, frame)
    assert network.heard() == []
    assert sum(mobiles.counters.values()) == 1


def test_frame_that_comes_twice_is_taken_once(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A copy made by the link changes nothing."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    accept = gmm.AttachAccept(ROUTEING_AREA, P_TMSI).encode()
    for _ in range(2):
        network.send_frame(IMSI, llc.encode_ui(1, accept, uplink=False, nu=100))
    assert network.heard() == [ATTACH_COMPLETE]
    assert mobiles.counters == {"frames_duplicate": 1}


def test_network_that_lost_the_mobile_is_heard(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """An SGSN that has begun anew counts from 0 again when it sends the mobile away."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    for nu, message in ((0, gmm.AttachAccept(ROUTEING_AREA, P_TMSI)), (0, REATTACH)):
        network.send_frame(IMSI, llc.encode_ui(1, message.encode(), uplink=False, nu=nu))
    assert network.heard() == [ATTACH_COMPLETE, DETACH_ACCEPT, AGAIN]
    accept = gmm.AttachAccept(ROUTEING_AREA, P_TMSI).encode()
    network.send_frame(IMSI, llc.encode_ui(1, accept, uplink=False, nu=0))
    assert network.heard() == [ATTACH_COMPLETE]
    mobiles.detach(IMSI, network.now)
    accept = gmm.DetachAcceptDownlink().encode()
    network.send_frame(IMSI, llc.encode_ui(1, accept, uplink=False, nu=0))
    assert state(mobiles) is MobileState.DETACHED


def test_frames_for_nobody_are_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Another IMSI, another interface and another sender are dropped."""
    network.say("999", NETWORK_DETACH)
    frame = llc.encode_ui(1, NETWORK_DETACH.encode(), uplink=False, nu=0)
    mobiles.receive(Interface.GI, frame, peer=SGSN, local=(IMSI, 0), now=1000.0)
    mobiles.receive(Interface.RADIO, frame, peer=("other", 0), local=(IMSI, 0), now=1000.0)
    assert mobiles.counters == {"frames_for_nobody": 3}


def test_unknown_imsi_is_refused(mobiles: Mobiles) -> None:
    """A command for a mobile that was not added names the IMSI."""
    with pytest.raises(UnknownMobile, match="no mobile has IMSI 42"):
        mobiles.attach("42", 1000.0)


@pytest.mark.parametrize("imsi", [IMSI, "23x", "", "2" * 16])
def test_wrong_imsi_is_not_added(mobiles: Mobiles, imsi: str) -> None:
    """An IMSI is 1 to 15 digits and there once."""
    with pytest.raises(ValueError, match="IMSI"):
        mobiles.add(MobileConfig(imsi, "1"))


def test_mobiles_attach_at_start_within_the_spread() -> None:
    """With a spread, each attaches at its own moment, the same ones for the same seed."""

    def trace() -> list[tuple[float, str]]:
        timers = MobileTimers(attach_spread=10.0)
        mobiles = Mobiles(cells=CELLS, random=Random(3), timers=timers)
        for number in range(20):
            mobiles.add(MobileConfig(f"2341500000000{number:02}", "1", attach_at_start=number > 0))
        mobiles.start(1000.0)
        mobiles.power_off("234150000000001", 1000.0)
        seen = []
        while (due := mobiles.next_timeout()) is not None and due <= 1010.0:
            mobiles.handle_timeout(due)
            seen += [(due, str(datagram.local)) for datagram in mobiles.take_datagrams()]
        return seen

    first = trace()
    assert len({imsi for _, imsi in first}) == 18
    assert len({due for due, _ in first}) == 18
    assert first == trace()


def test_mobiles_attach_at_start_at_once_and_leave_at_stop() -> None:
    """Without a spread all attach with the start; with the stop all are switched off."""
    mobiles = Mobiles(cells=CELLS, random=Random(3), name="many")
    for number in range(3):
        mobiles.add(MobileConfig(f"23415000000000{number}", "1", attach_at_start=True))
    network = ScriptedNetwork(mobiles)
    mobiles.start(network.now)
    assert len(network.heard()) == 3
    for imsi in mobiles.imsis():
        network.say(imsi, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    network.heard()
    mobiles.stop(network.now)
    assert [message.encode()[2] for _, message in network.heard()] == [0x09] * 3
    assert mobiles.next_timeout() is None


def test_timers_must_allow_an_attempt() -> None:
    """Without a transmission there is no procedure."""
    with pytest.raises(ValueError, match="attempts"):
        MobileTimers(attempts=0)


def test_behaviour_is_checked_and_reads_well() -> None:
    """A cause is an octet, a delay is not negative, and both can be told to a user."""
    with pytest.raises(ValueError, match="300"):
        Behaviour.reject(300)
    with pytest.raises(ValueError, match="negative"):
        Behaviour.accept(-1.0)
    assert str(Behaviour.reject(31)) == "reject with activation rejected unspecified (sm 31)"
    assert (str(Behaviour.accept()), str(Behaviour.silent())) == ("accept", "silent")
