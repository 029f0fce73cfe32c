"""Connection-oriented pushes through a whole lab in virtual time: from PAP to the user and back."""

from __future__ import annotations

from io import BytesIO

import pytest

from corenet.capture.capture import Capture
from corenet.control.model import MobileDeactivation
from corenet.interfaces.node import Interface
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.codecs.wtp import UserAbort
from testbed.gateway.config import OtaPolicy, RetryPolicy
from testbed.gateway.events import PushSent, SessionInvited
from testbed.gateway.routing.policy import Confirm
from testbed.handset.settings import HandsetSettings, OnPush, PushBehaviour
from testbed.simulation.quality import LinkQuality
from tests.interop.dissection import Dissection
from tests.testbed.simulation.conftest import APN

CONFIRMED = DeliveryMethod.CONFIRMED
LARGE = Part(ContentType("text/plain"), b"x" * 20_000)


def handset(on_push: OnPush, reason: UserAbort = UserAbort.USER_REFUSED) -> HandsetSettings:
    return HandsetSettings(push=PushBehaviour(on_push, reason))


def one(results):
    (result,) = results
    return result


def test_an_offline_mobile_opens_a_session_and_confirms(make_crowd):
    """Activation, SIA, Connect, ConfirmedPush, Ack: the SI is shown, and said to be confirmed."""
    crowd = make_crowd()
    push_id = crowd.push(0, delivery_method=CONFIRMED)
    result = one(crowd.reported(push_id))
    assert (result.state, result.code) == (MessageState.DELIVERED, 1000)
    assert result.desc == "confirmed by the client"
    assert crowd.shown(0) == [push_id]
    assert len(crowd.told(SessionInvited)) == 1
    assert [sent.how for sent in crowd.told(PushSent)] == ["confirmed push"]
    crowd.assert_nothing_left()


def test_what_the_user_refuses_is_aborted(make_crowd):
    """With the reason that the mobile gives."""
    crowd = make_crowd(handset=handset(OnPush.REFUSE, UserAbort.USER_DISCARDED_RESOURCES))
    result = one(crowd.reported(crowd.push(0, delivery_method=CONFIRMED)))
    assert (result.state, result.code) == (MessageState.ABORTED, 5237)
    assert crowd.shown(0) == []


def test_what_nobody_confirms_is_a_timeout(make_crowd):
    """The mobile says nothing, over and over, until deliver-before while one is under way."""
    crowd = make_crowd(handset=handset(OnPush.SILENT), retry=RetryPolicy(waits=(1.0,)))
    result = one(crowd.reported(crowd.push(0, delivery_method=CONFIRMED, lifetime=100)))
    assert (result.state, result.code) == (MessageState.TIMEOUT, 4000)


def test_a_mobile_without_sessions_gets_what_prefers_them_in_a_datagram(make_crowd):
    """After the time for a session."""
    crowd = make_crowd(handset=handset(OnPush.NO_SESSION))
    push_id = crowd.push(0, delivery_method=DeliveryMethod.PREFER_CONFIRMED)
    result = one(crowd.reported(push_id))
    assert result.desc == "delivered without confirmation"
    crowd.lab.run(1)
    assert crowd.shown(0) == [push_id]


def test_a_mobile_without_sessions_lets_a_confirmed_push_expire(make_crowd):
    """There is no other way for it."""
    crowd = make_crowd(handset=handset(OnPush.NO_SESSION))
    result = one(crowd.reported(crowd.push(0, delivery_method=CONFIRMED, lifetime=120)))
    assert result.state is MessageState.EXPIRED
    assert "opened no session" in result.desc


def test_a_large_push_is_segmented_through_the_core(make_crowd):
    """No packet is longer than the SGSN carries, and all of the text arrives."""
    crowd = make_crowd()
    lengths = []
    crowd.network.on_passed(
        lambda passed: lengths.append(len(passed.data)) if passed.interface is Interface.GI else 0
    )
    push_id = crowd.push(0, content=LARGE)
    result = one(crowd.reported(push_id))
    assert result.desc == "confirmed by the client"
    (shown,) = crowd.lab.shown(crowd.imsis[0])
    assert shown.kind == "text"
    assert max(lengths) < 1500


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_lossy_way_costs_time_only(make_crowd, seed):
    """WTP sends again what is lost, of a large push too; each is shown once."""
    loss = {Interface.WSP: LinkQuality(loss=0.2), Interface.WDP: LinkQuality(loss=0.2)}
    crowd = make_crowd(seed=seed, quality=loss)
    small = crowd.push(0, delivery_method=CONFIRMED)
    large = crowd.push(0, content=LARGE)
    results = crowd.reported(small, large)
    assert {result.state for result in results} == {MessageState.DELIVERED}
    shown = crowd.lab.shown(crowd.imsis[0])
    assert sorted(one.kind for one in shown) == ["SI", "text"]
    assert small in [one.details.get("si-id") for one in shown]


def test_a_push_is_confirmed_after_the_gateway_crashed(make_crowd):
    """It was with the user when the gateway died: it is asked for and sent again, and counted."""
    crowd = make_crowd(handset=handset(OnPush.SILENT))
    push_id = crowd.push(0, delivery_method=CONFIRMED)
    crowd.network.run_until(lambda: bool(crowd.told(PushSent)))
    crowd.lab.run(0.1)
    crowd.host.crash()
    crowd.host.start()
    assert crowd.host.gateway.counters["possible duplicates"] == 1
    crowd.network.run_until(lambda: len(crowd.told(PushSent)) == 2, within=600)
    assert [sent.push_id for sent in crowd.told(PushSent)] == [push_id] * 2


# What the core says


def test_a_push_counts_when_the_core_has_sent_it_on(make_crowd):
    """The context's last packet downlink is younger than the push."""
    crowd = make_crowd(ota=OtaPolicy(confirm=Confirm.CONTEXT))
    push_id = crowd.push(0)
    result = one(crowd.reported(push_id))
    assert result.desc == "delivered without confirmation"
    crowd.lab.run(1)
    assert crowd.shown(0) == [push_id]


@pytest.mark.parametrize(("confirm", "shown"), [(Confirm.LEFT, 0), (Confirm.CONTEXT, 1)])
def test_a_push_to_a_mobile_that_went_away_meanwhile(make_crowd, confirm, shown):
    """Only a gateway that asks the core notices, and brings it there after all."""
    lost = LinkQuality(latency=0.5)
    crowd = make_crowd(ota=OtaPolicy(confirm=confirm, returned=1.0), quality={Interface.WDP: lost})
    first = crowd.push(0)
    crowd.reported(first)
    crowd.lab.run(5)
    push_id = crowd.push(0)
    crowd.network.run_until(lambda: len(crowd.told(PushSent)) == 2, within=60)
    # The context goes while the push is on its way to the GGSN.
    crowd.drive(0, "deactivate", MobileDeactivation(apn=APN))
    result = one(crowd.reported(push_id))
    assert result.state is MessageState.DELIVERED
    crowd.lab.run(5)
    assert crowd.shown(0).count(push_id) == shown


# What Wireshark says


@pytest.mark.interop
@pytest.mark.usefixtures("tshark")
@pytest.mark.parametrize("on_push", [OnPush.CONFIRM, OnPush.REFUSE, OnPush.SILENT])
def test_nothing_of_a_confirmed_push_is_malformed(make_crowd, on_push):
    """From SIA, which its dissector does not know, to the last Ack or Abort; segments too."""
    stream = BytesIO()
    crowd = make_crowd(handset=handset(on_push))
    crowd.network.on_passed(Capture(stream))
    small = crowd.push(0, delivery_method=CONFIRMED, lifetime=60)
    large = crowd.push(0, content=LARGE, lifetime=60)
    crowd.reported(small, large)
    read = Dissection(stream.getvalue())
    assert read.complaints() == []
    assert read.having({"wsp.pdu_type": 7})
