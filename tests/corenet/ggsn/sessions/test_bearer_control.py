"""Bearer control mode: who may ask for further contexts with an address."""

from __future__ import annotations

import pytest

from corenet.ggsn.events import PdpContextUpdated
from corenet.ggsn.sessions.bearer_control import BearerControlError
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    InitiatePdpContextActivationRequest,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

IMSI, APN = "234150999999999", "wap.example"
SGSN, NEW_SGSN = "192.0.2.2", "192.0.2.3"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
PUSH = bytes.fromhex("2100 0a 03 50 23f0")
ASKS = bytes.fromhex("80 0005 00")
"""The mobile takes what the network asks for."""
MS_ONLY, BOTH = "80000501" + "01", "80000501" + "02"
NRSN = 0x20


@pytest.mark.parametrize(
    ("pco", "flags", "told_mobile", "told_sgsn"),
    [
        (ASKS, NRSN, BOTH, 1),
        (ASKS, NRSN | 0x41, BOTH, 1),
        (ASKS, None, MS_ONLY, None),
        (ASKS, 0, MS_ONLY, None),
        (ASKS, 0x10, MS_ONLY, None),
        (None, NRSN, None, 0),
        (bytes.fromhex("80 000d 00 0010 00"), NRSN, None, 0),
        (None, None, None, None),
    ],
)
@pytest.mark.clause("29.060 §7.3.2", "Bearer Control Mode, by what MS and SGSN say")
def test_the_mode_is_selected_by_what_both_say(bench, pco, flags, told_mobile, told_sgsn):
    """Each is told where it has said something; silence is "MS only"."""
    apn = bench.config.apns[0]
    bench = type(bench)(apns=(type(apn)(apn.name, apn.pools), *bench.config.apns[1:]))
    bench.create(pco=pco, common_flags=flags)
    response = bench.sent(CreatePdpContextResponse)
    assert (response.pco.hex() if response.pco else None) == told_mobile
    assert response.bearer_control_mode == told_sgsn


@pytest.fixture
def both(bench):
    """A GGSN with a context in mode "MS and network"."""
    bench.create(pco=ASKS, common_flags=NRSN)
    bench.primary = bench.sent(CreatePdpContextResponse)
    assert bench.primary.bearer_control_mode == 1
    return bench


def updated(bench, host=SGSN, **changes):
    """An SGSN sends an Update; the answer."""
    values = {
        "teid": bench.primary.teid_control,
        "nsapi": 5,
        "teid_data": 0x201,
        "teid_control": 0x200,
        "sgsn_address_control": host,
        "sgsn_address_user": host,
        "qos": QOS,
    }
    bench.request(UpdatePdpContextRequest(**(values | changes)), host)
    return bench.sent(UpdatePdpContextResponse, to=host)


def asks(bench):
    """Whether the network may ask for a secondary context."""
    bench.ggsn.request_secondary(IMSI, APN, QOS, PUSH, bench.now)
    bench.take()
    bench.sent(InitiatePdpContextActivationRequest)
    return True


@pytest.mark.parametrize(
    ("changes", "who"),
    [({"pco": ASKS}, "SGSN"), ({"common_flags": NRSN}, "mobile"), ({}, "SGSN")],
)
@pytest.mark.clause(
    "23.060 §9.2.2.3, §9.2.3.2", "the network asks for contexts and templates in its mode alone"
)
def test_the_network_does_not_ask_where_it_may_not(bench, changes, who):
    """Neither for a secondary context nor for a template; the error says who is to blame."""
    bench.create(**changes)
    bench.sent(CreatePdpContextResponse)
    for command in (
        lambda: bench.ggsn.request_secondary(IMSI, APN, QOS, PUSH, bench.now),
        lambda: bench.ggsn.change_template(IMSI, APN, 5, PUSH, bench.now),
    ):
        with pytest.raises(BearerControlError, match=f"MS only.*{who} has not said"):
            command()
    bench.take()
    assert bench.control == []
    assert bench.ggsn.under_way["secondary requests"] == 0


def test_another_qos_is_asked_in_any_mode(bench):
    """It concerns what is there (TS 23.060 §9.2.3.2)."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    assert bench.ggsn.change_qos(IMSI, APN, QOS, bench.now) == 1


def test_secondary_contexts_have_the_mode_of_their_address(both):
    """Their templates may be changed by the network, also when the primary one has gone."""
    request = CreatePdpContextRequest(
        teid=both.primary.teid_control, teid_data=0x306, nsapi=6, linked_nsapi=5, qos=QOS,
        sgsn_address_control=SGSN, sgsn_address_user=SGSN, tft=PUSH, common_flags=NRSN,
    )  # fmt: skip
    both.request(request, SGSN)
    response = both.sent(CreatePdpContextResponse)
    assert (response.cause, response.bearer_control_mode) == (Cause.REQUEST_ACCEPTED, 1)
    assert both.ggsn.change_template(IMSI, APN, 6, PUSH, both.now)


def test_an_update_of_the_same_sgsn_changes_nothing_by_silence(both):
    """What it says otherwise counts."""
    assert updated(both).bearer_control_mode is None
    assert asks(both)
    assert updated(both, common_flags=NRSN).bearer_control_mode == 1
    assert updated(both, common_flags=0x40).bearer_control_mode is None
    assert told_of(both, SGSN) == (0, MS_ONLY)
    with pytest.raises(BearerControlError):
        asks(both)


def told_of(bench, host):
    """The mode that the mobile is told through the SGSN, which answers; as octet and options."""
    request = bench.sent(UpdatePdpContextRequest, to=host)
    assert (request.qos, request.tft) == (None, None)
    bench.told(PdpContextUpdated)
    teid = bench.primary.teid_control
    answer = UpdatePdpContextResponse(teid=teid, cause=Cause.REQUEST_ACCEPTED, qos=QOS)
    bench.respond(request, answer, host)
    assert len(bench.told(PdpContextUpdated)) == 1
    return request.bearer_control_mode, request.pco.hex()


@pytest.mark.clause("29.060 §7.3.3", "another SGSN, another bearer control mode: the MS is told")
def test_another_sgsn_that_does_not_take_requests_ends_it(both):
    """The mobile is told by an Update PDP Context Request, and again when it comes back."""
    assert updated(both, NEW_SGSN).bearer_control_mode is None
    assert told_of(both, NEW_SGSN) == (0, MS_ONLY)
    with pytest.raises(BearerControlError):
        asks(both)
    assert updated(both, NEW_SGSN).bearer_control_mode is None
    assert both.control == []
    assert updated(both, SGSN, common_flags=NRSN).bearer_control_mode == 1
    assert told_of(both, SGSN) == (1, BOTH)
    assert asks(both)
    assert both.control == []


def test_a_mobile_that_says_nothing_is_told_nothing(bench):
    """Wherever it goes."""
    bench.create(common_flags=NRSN)
    bench.primary = bench.sent(CreatePdpContextResponse)
    assert updated(bench, NEW_SGSN).cause is Cause.REQUEST_ACCEPTED
    assert bench.control == []


def test_another_sgsn_that_takes_requests_goes_on(both):
    """The mobile is told nothing."""
    assert updated(both, NEW_SGSN, common_flags=NRSN).bearer_control_mode == 1
    assert both.control == []


def test_a_mobile_says_it_later(bench):
    """In the options of a modification; it is answered at once."""
    bench.create(common_flags=NRSN)
    bench.primary = bench.sent(CreatePdpContextResponse)
    response = updated(bench, pco=ASKS, common_flags=NRSN)
    assert (response.pco.hex(), response.bearer_control_mode) == (BOTH, 1)
    assert asks(bench)
