"""Routing area update and cell change at the mobile (TS 24.008 §4.7.2, §4.7.5, §4.7.6)."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces import llc
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.nas.gprs_timer import encode_timer
from corenet.interfaces.node import Interface
from corenet.mobile.config import Cell, MobileConfig
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ContextDeactivated,
    DeactivationReason,
    Detached,
    DetachReason,
    MobileState,
    RoutingAreaUpdated,
    RoutingAreaUpdateFailed,
)
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, NO_PERIODIC_UPDATE, ROUTEING_AREA, SGSN, ScriptedNetwork

IMSI = "234150999999999"
P_TMSI = 0xC0000001
AWAY = bytes.fromhex("32f451123402")
COMPLETE = gmm.RoutingAreaUpdateComplete()
MOVED = gmm.RoutingAreaUpdateRequest(ROUTEING_AREA, p_tmsi=P_TMSI)
PERIODIC = gmm.RoutingAreaUpdateRequest(ROUTEING_AREA, gmm.UpdateType.PERIODIC, p_tmsi=P_TMSI)
AGAIN = gmm.AttachRequest(gmm.MobileIdentity(p_tmsi=P_TMSI), old_rai=ROUTEING_AREA)
ACCEPT = gmm.RoutingAreaUpdateAccept(
    AWAY, P_TMSI + 1, b"sig", periodic_update_timer=NO_PERIODIC_UPDATE
)


@pytest.fixture
def mobiles() -> Mobiles:
    """One mobile in cell 0; cell 1 is of the same area, cell 2 of another."""
    mobiles = Mobiles(
        cells={0: Cell(SGSN, ROUTEING_AREA), 1: Cell(SGSN, ROUTEING_AREA), 2: Cell(SGSN, AWAY)},
        random=Random(1),
    )
    mobiles.add(MobileConfig(IMSI, "447700900123", apns=("wap.example",)))
    mobiles.start(1000.0)
    return mobiles


def said(network: ScriptedNetwork) -> list[object]:
    return [message for _, message in network.heard()]


def activate(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    mobiles.activate(IMSI, None, network.now)
    accept = sm.ActivatePdpContextAccept(
        sm.TransactionIdentifier(0, flag=True), pdp_address=PdpAddress.for_ipv4("10.45.0.7")
    )
    network.say(IMSI, accept)
    network.heard()
    network.events()


# -- movement -----------------------------------------------------------------------------------


def test_another_area_is_updated(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Request with the old area and P-TMSI from the new cell; Accept; Complete."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    (datagram,) = mobiles.take_datagrams()
    assert datagram.local == (IMSI, 2)
    mobiles.move(IMSI, 2, network.now)
    assert said(network) == []
    network.cell = 2
    network.say(IMSI, ACCEPT)
    assert said(network) == [COMPLETE]
    assert network.events() == [RoutingAreaUpdated(IMSI, "234-15-4660-2")]
    view = mobiles.mobile(IMSI)
    assert (view.state, view.cell, view.p_tmsi) == (MobileState.ATTACHED, 2, P_TMSI + 1)
    assert mobiles.next_timeout() is None


def test_an_accept_without_p_tmsi_needs_no_complete(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The P-TMSI stays."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateAccept(AWAY))
    assert said(network) == [MOVED]
    assert mobiles.mobile(IMSI).p_tmsi == P_TMSI


def test_a_repeated_accept_is_completed_again(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A network that repeats itself has not had the Complete."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    network.say(IMSI, ACCEPT)
    network.say(IMSI, ACCEPT)
    assert said(network) == [MOVED, COMPLETE, COMPLETE]
    assert len(network.events()) == 1


def test_another_cell_of_the_area(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A READY mobile sends a frame from there; one in STANDBY says nothing."""
    network.attach(IMSI)
    mobiles.move(IMSI, 1, network.now)
    assert (said(network), network.unsaid) == ([], [IMSI])
    network.wait(44.1)
    mobiles.move(IMSI, 0, network.now)
    assert (said(network), network.unsaid) == ([], [IMSI])


def test_what_is_sent_to_a_cell_that_was_left_is_lost(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Only frames to the cell where the mobile is reach it."""
    network.attach(IMSI)
    mobiles.move(IMSI, 1, network.now)
    network.say(IMSI, gmm.IdentityRequest())
    assert said(network) == []
    assert mobiles.counters == {"frames_in_other_cells": 1}


def test_there_is_no_such_cell(mobiles: Mobiles) -> None:
    """Neither at first nor to go to."""
    with pytest.raises(MobileError, match="there is no cell 9"):
        mobiles.move(IMSI, 9, 1000.0)
    with pytest.raises(ValueError, match="there is no cell 9"):
        mobiles.add(MobileConfig("1", "1", cell=9))


def test_a_mobile_that_is_off_or_out_of_coverage_says_nothing(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Back in coverage it sees that it is in another area."""
    network.attach(IMSI)
    mobiles.set_coverage(IMSI, False, network.now)
    mobiles.move(IMSI, 2, network.now)
    assert said(network) == []
    mobiles.set_coverage(IMSI, True, network.now)
    assert said(network) == [MOVED]
    mobiles.lose_power(IMSI, network.now)
    mobiles.move(IMSI, 0, network.now)
    assert said(network) == []


def test_coverage_that_is_back_in_the_same_cell(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """In STANDBY there is nothing to say."""
    network.attach(IMSI)
    network.wait(50)
    mobiles.set_coverage(IMSI, False, network.now)
    mobiles.set_coverage(IMSI, True, network.now)
    assert (said(network), network.unsaid) == ([], [])


def test_a_mobile_that_moves_while_it_attaches(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """It attaches in the new cell at once."""
    mobiles.attach(IMSI, network.now)
    network.heard()
    mobiles.move(IMSI, 2, network.now)
    (request,) = said(network)
    assert isinstance(request, gmm.AttachRequest)
    network.cell = 2
    network.say(IMSI, gmm.AttachAccept(AWAY, P_TMSI))
    assert mobiles.mobile(IMSI).state is MobileState.ATTACHED


def test_a_mobile_that_goes_on_while_it_updates(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """It updates from the cell where it is, even where that is of the area it came from."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    mobiles.move(IMSI, 0, network.now)
    assert said(network) == [MOVED, MOVED]


# -- what waits for an update ---------------------------------------------------------------------


def test_everything_else_waits_for_the_update(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Session management and user data are sent once the network has accepted."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    mobiles.activate(IMSI, None, network.now)
    network.wait(14)
    assert said(network) == [MOVED]
    network.cell = 2
    network.say(IMSI, ACCEPT)
    complete, request = said(network)
    assert complete == COMPLETE
    assert isinstance(request, sm.ActivatePdpContextRequest)


def test_too_much_that_waits_is_dropped(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Thirty-two frames are kept, each once."""
    network.attach(IMSI)
    activate(mobiles, network)
    mobiles.move(IMSI, 2, network.now)
    for number in range(40):
        mobiles.send_udp(IMSI, 4000, ("192.0.2.9", 9), bytes((number,)), network.now)
    network.heard()
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateAccept(AWAY))
    assert len(network.packets()) == 32
    assert mobiles.counters["frames_unsent"] == 8


def test_contexts_that_the_network_has_lost_end(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The Accept says which NSAPIs are active."""
    network.attach(IMSI)
    activate(mobiles, network)
    mobiles.move(IMSI, 2, network.now)
    (request,) = said(network)
    assert isinstance(request, gmm.RoutingAreaUpdateRequest)
    assert request.context_status == 1 << 5
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateAccept(AWAY, context_status=1 << 5))
    assert len(mobiles.mobile(IMSI).contexts) == 1
    mobiles.move(IMSI, 0, network.now)
    network.cell = 0
    network.events()
    network.say(IMSI, gmm.RoutingAreaUpdateAccept(ROUTEING_AREA, context_status=0))
    assert network.events()[-1] == ContextDeactivated(
        IMSI, "wap.example", 5, "10.45.0.7", DeactivationReason.UNKNOWN_TO_NETWORK
    )


# -- periodic -----------------------------------------------------------------------------------


def test_a_silent_mobile_updates_in_time(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3312 runs from the end of the READY timer."""
    network.attach(IMSI, periodic_update_timer=encode_timer(360))
    network.wait(44 + 360 - 0.1)
    assert said(network) == []
    network.wait(0.2)
    assert said(network) == [PERIODIC]
    network.say(IMSI, gmm.RoutingAreaUpdateAccept(ROUTEING_AREA))
    network.wait(44 + 3240 + 1)
    assert said(network) == [PERIODIC]


def test_whatever_is_sent_puts_the_update_off(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The answer to a page does."""
    network.attach(IMSI, periodic_update_timer=encode_timer(360))
    network.wait(400)
    network.page(IMSI, P_TMSI)
    network.wait(400)
    assert said(network) == []
    network.wait(5)
    assert said(network) == [PERIODIC]


def test_no_update_without_standby(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A mobile that is READY for ever does not update."""
    mobiles.attach(IMSI, network.now)
    never = encode_timer(None)
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI, ready_timer=never))
    assert mobiles.next_timeout() is None


def test_the_ready_timer_is_the_one_that_was_asked_for(network: ScriptedNetwork) -> None:
    """A network that names none leaves the mobile its own."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "1", ready_timer=10.0))
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI, periodic_update_timer=encode_timer(60))
    assert mobiles.next_timeout() == 1070.0


# -- refusals and timeouts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "request_"),
    [(9, gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI))), (10, AGAIN)],
)
def test_a_network_that_does_not_know_the_mobile(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int, request_: gmm.AttachRequest
) -> None:
    """It attaches at once: after cause 9 with its IMSI."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateReject(cause))
    assert said(network) == [MOVED, request_]
    assert network.events() == [
        RoutingAreaUpdateFailed(IMSI, cause),
        Detached(IMSI, DetachReason.REFUSED),
    ]


def test_a_network_that_has_restarted_is_heard(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Its Reject of a periodic update counts from 0 again, and is no copy of an earlier frame."""
    mobiles.attach(IMSI, network.now)
    accept = gmm.AttachAccept(ROUTEING_AREA, P_TMSI, periodic_update_timer=encode_timer(360))
    network.send_frame(IMSI, llc.encode_ui(1, accept.encode(), uplink=False, nu=0))
    network.wait(44 + 360 + 0.1)
    assert said(network)[-1] == PERIODIC
    reject = gmm.RoutingAreaUpdateReject(9).encode()
    network.send_frame(IMSI, llc.encode_ui(1, reject, uplink=False, nu=0))
    assert said(network) == [gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI))]


@pytest.mark.parametrize("cause", [3, 7, 11, 13])
def test_a_network_that_does_not_want_the_mobile(
    mobiles: Mobiles, network: ScriptedNetwork, cause: int
) -> None:
    """It is detached and forgets its P-TMSI."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateReject(cause))
    assert said(network) == [MOVED]
    view = mobiles.mobile(IMSI)
    assert (view.state, view.p_tmsi) == (MobileState.DETACHED, None)
    assert mobiles.next_timeout() is None


def test_an_update_that_is_refused_is_tried_again(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """T3311 after each of four failures, T3302 after the fifth."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    for wait in (15, 15, 15, 15, 720):
        assert said(network) == [MOVED]
        network.say(IMSI, gmm.RoutingAreaUpdateReject(17))
        network.wait(wait - 0.1)
        assert said(network) == []
        network.wait(0.2)
    assert said(network) == [MOVED]
    network.say(IMSI, ACCEPT)
    assert mobiles.next_timeout() is None


def test_an_update_is_repeated(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """T3330 five times, then T3311; the mobile stays attached."""
    network.attach(IMSI)
    mobiles.move(IMSI, 2, network.now)
    network.wait(74.9)
    assert said(network) == [MOVED] * 5
    network.wait(0.2)
    assert network.events() == [RoutingAreaUpdateFailed(IMSI, None)]
    assert mobiles.mobile(IMSI).state is MobileState.ATTACHED
    network.wait(15)
    assert said(network) == [MOVED]


def test_a_new_cell_is_reason_to_try_at_once(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Whether the attach or the update had failed."""
    mobiles.attach(IMSI, network.now)
    network.say(IMSI, gmm.AttachReject(17))
    network.heard()
    mobiles.move(IMSI, 1, network.now)
    assert len(said(network)) == 1
    network.cell = 1
    network.say(IMSI, gmm.AttachAccept(ROUTEING_AREA, P_TMSI))
    mobiles.move(IMSI, 2, network.now)
    network.cell = 2
    network.say(IMSI, gmm.RoutingAreaUpdateReject(17))
    network.heard()
    mobiles.move(IMSI, 1, network.now)
    assert said(network) == [MOVED]


def test_messages_out_of_place_are_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """None of them changes a mobile that is detached, or updates nothing."""
    for message in (
        ACCEPT,
        gmm.RoutingAreaUpdateReject(9),
        gmm.PTmsiReallocationCommand(1, ROUTEING_AREA),
    ):
        network.say(IMSI, message)
    network.attach(IMSI)
    network.say(IMSI, gmm.RoutingAreaUpdateReject(9))
    assert mobiles.counters == {"unexpected_messages": 4}
    assert mobiles.mobile(IMSI).state is MobileState.ATTACHED


# -- the rest -----------------------------------------------------------------------------------


def test_a_new_p_tmsi_is_taken(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Reallocation Command is completed, and the signature is shown from then on."""
    network.attach(IMSI)
    network.say(IMSI, gmm.PTmsiReallocationCommand(P_TMSI + 5, ROUTEING_AREA, b"new"))
    assert said(network) == [gmm.PTmsiReallocationComplete()]
    mobiles.move(IMSI, 2, network.now)
    (request,) = said(network)
    assert request == gmm.RoutingAreaUpdateRequest(
        ROUTEING_AREA, p_tmsi=P_TMSI + 5, p_tmsi_signature=b"new"
    )


def test_power_is_lost(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Contexts and attachment are gone without a word, in any state; power on attaches."""
    network.attach(IMSI)
    activate(mobiles, network)
    mobiles.lose_power(IMSI, network.now)
    assert said(network) == []
    assert network.events()[-1] == Detached(IMSI, DetachReason.POWER_LOST)
    assert mobiles.next_timeout() is None
    mobiles.lose_power(IMSI, network.now)
    mobiles.power_on(IMSI, network.now)
    assert said(network) == [AGAIN]
    mobiles.lose_power(IMSI, network.now)
    assert network.events() == []
    assert mobiles.next_timeout() is None


def test_frames_from_another_sgsn_are_not_heard(mobiles: Mobiles) -> None:
    """A cell has one SGSN behind it."""
    mobiles.receive(Interface.RADIO, b"", peer=("other", 0), local=(IMSI, 0), now=1000.0)
    assert mobiles.counters == {"frames_for_nobody": 1}
