"""What becomes of pushes through the gateway under test."""

from __future__ import annotations

from testbed.bench.mobile import Mobiles
from testbed.bench.parts import Core, Initiator

OFFLINE, ONLINE, REFUSING = "447700900001", "447700900002", "447700900003"


def test_a_terminal_that_is_offline_is_activated(
    core: Core, mobiles: Mobiles, initiator: Initiator, gateway_url: str
) -> None:
    """The gateway has the network activate a PDP context, and the push goes over it."""
    mobile = mobiles[OFFLINE]
    push = initiator.push(mobile, text="hello", url=gateway_url)
    core.expect("PDU Notification Request", to="sgsn", imsi=mobile.imsi)
    core.expect("Request PDP Context Activation", source="sgsn")
    mobile.expect_push("hello")
    push.expect_result("delivered")


def test_a_terminal_that_is_online_gets_its_push_at_once(
    core: Core, mobiles: Mobiles, initiator: Initiator, gateway_url: str
) -> None:
    """No context is asked for: there is one."""
    initiator.push(mobiles[ONLINE], text="hello", url=gateway_url)
    mobiles[ONLINE].expect_push("hello")
    core.expect_none("PDU Notification Request", during=0.2)


def test_a_terminal_that_refuses_shows_nothing(
    core: Core, mobiles: Mobiles, initiator: Initiator, gateway_url: str
) -> None:
    """The gateway holds the push, and its initiator is told nothing yet."""
    push = initiator.push(mobiles[REFUSING], url=gateway_url)
    core.expect("PDU Notification Reject Request", source="sgsn")
    mobiles[REFUSING].expect_nothing_shown(during=0.5)
    assert push.results == []
