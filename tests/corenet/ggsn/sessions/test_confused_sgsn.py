"""An SGSN that confuses subscribers, tunnels and contexts: nothing breaks, and nobody suffers."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    MsInfoChangeNotificationRequest,
    UpdatePdpContextRequest,
)

SGSNS = ("192.0.2.2", "192.0.2.3")
IMSIS = ("234150999999999", "234150000000002", None)
APNS = ("wap.example", "small.example", "static.example", None)
QOS = bytes.fromhex("020b921f7396fefe742bffff")
ADDRESSES = (
    EndUserAddress(None, None, PdpType.IPV4),
    EndUserAddress.for_ipv4("10.45.0.7"),
    None,
)
TEMPLATES = (None, bytes.fromhex("2100 0a 03 50 23f0"), bytes.fromhex("2100 14 03 50 23f1"))
NSAPIS = st.integers(5, 7)

creates = st.fixed_dictionaries(
    {
        "imsi": st.sampled_from(IMSIS),
        "apn": st.sampled_from(APNS),
        "end_user_address": st.sampled_from(ADDRESSES),
        "nsapi": NSAPIS,
        "linked_nsapi": st.sampled_from((None, None, 5, 6)),
        "teid_control": st.sampled_from((None, 1, 2)),
        "teid_data": st.integers(1, 3),
        "tft": st.sampled_from(TEMPLATES),
    }
)
updates = st.fixed_dictionaries(
    {
        "imsi": st.sampled_from(IMSIS),
        "nsapi": NSAPIS,
        "teid_control": st.sampled_from((None, 1, 2)),
        "teid_data": st.integers(1, 3),
        "tft": st.sampled_from(TEMPLATES),
    }
)
deletes = st.fixed_dictionaries({"nsapi": NSAPIS, "teardown": st.sampled_from((None, True))})
changes = st.fixed_dictionaries(
    {"imsi": st.sampled_from(IMSIS), "linked_nsapi": st.sampled_from((None, 5, 6))}
)
steps = st.tuples(
    st.one_of(
        st.tuples(st.just(CreatePdpContextRequest), creates),
        st.tuples(st.just(CreatePdpContextRequest), creates),
        st.tuples(st.just(UpdatePdpContextRequest), updates),
        st.tuples(st.just(DeletePdpContextRequest), deletes),
        st.tuples(st.just(MsInfoChangeNotificationRequest), changes),
    ),
    st.sampled_from(SGSNS),
    st.integers(0, 6),
)
"""What is sent, from where, and through which of the tunnels that there are; 0 is none."""


def send(bench, kind, values, host, tunnel):
    """Send one request, which is answered; return the answer."""
    teids = sorted({view.teid_control for view in bench.ggsn.contexts()})
    teid = ([0, *teids])[tunnel % (len(teids) + 1)]
    ends = {"sgsn_address_control": host, "sgsn_address_user": host, "qos": QOS}
    if kind is CreatePdpContextRequest:
        values = values | ends | {"selection_mode": 0, "recovery": 1}
    elif kind is UpdatePdpContextRequest:
        values = values | ends
    elif kind is MsInfoChangeNotificationRequest:
        values = values | {"rat_type": 2}
    bench.request(kind(teid=teid, **values), host)
    answer, peer = bench.control.pop(0)
    assert peer == (host, 2123)
    assert answer.TYPE == kind.TYPE + 1
    return answer


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25))
def test_contexts_stay_whole_whatever_an_sgsn_mixes_up(make_bench, script) -> None:
    """One context for each tunnel and NSAPI, one owner for each address; all can be ended."""
    bench = make_bench()
    for (kind, values), host, tunnel in script:
        answer = send(bench, kind, values, host, tunnel)
        bench.control.clear()
        views = bench.ggsn.contexts()
        places = Counter((view.teid_control, view.nsapi) for view in views)
        assert not places or max(places.values()) == 1
        for view in views:
            sharing = {other.imsi for other in views if other.address == view.address}
            assert sharing == {view.imsi}
        if isinstance(answer, CreatePdpContextResponse) and answer.cause.is_acceptance:
            (made,) = (view for view in views if view.teid_data == answer.teid_data)
            assert values["imsi"] in (None, made.imsi)
            assert made.nsapi == values["nsapi"]
    for imsi in IMSIS[:2]:
        bench.ggsn.deactivate(imsi, None, bench.now)
    bench.advance(1000)
    bench.control.clear()
    bench.assert_nothing_left()
    assert bench.ggsn.under_way["tunnel endpoints"] == 0
    assert bench.ggsn.under_way["watched paths"] == 0


@pytest.mark.clause("29.060 §7.3.1", "an IMSI that is not the tunnel's: Cause 201")
def test_a_subscriber_is_not_created_in_another_ones_tunnel(bench) -> None:
    """Cause 201: the TEID says one subscriber and the IMSI another."""
    bench.create()
    teid = bench.sent(CreatePdpContextResponse).teid_control
    dynamic = EndUserAddress(None, None, PdpType.IPV4)
    bench.create(teid=teid, imsi=IMSIS[1], teid_control=0x300, end_user_address=dynamic)
    refused = bench.sent(CreatePdpContextResponse)
    assert (refused.cause, refused.teid) == (Cause.MANDATORY_IE_INCORRECT, 0x300)
    assert [view.imsi for view in bench.ggsn.contexts()] == [IMSIS[0]]
