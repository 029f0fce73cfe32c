"""What one can do with a lab, and expect of it; in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from corenet.control.errors import ControlError
from testbed.bench.lab import Lab, LabNotReadyError, MissingPartError, Options, open_lab
from testbed.bench.under_test import GatewayUnderTest
from testbed.bench.watch import ExpectationFailedError
from testbed.bench.world import NotSubmittedError
from testbed.lab.virtual import OnlyOnSocketsError

STATIC = "447700900101"
ONLINE = "447700900102"
ROUND_TRIP = """
name: small
ggsn:
  address: 127.0.20.1
  apns: [{name: wap.example, pool: 127.20.0.0/16}]
sgsn: {address: 127.0.20.2}
hlr: {address: 127.0.20.3}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    apns: [{name: wap.example, address: 127.20.0.1}]
    mobile: {attached: false}
"""


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The demo lab."""
    with open_lab("demo") as lab:
        yield lab


@pytest.fixture
def small() -> Iterator[Lab]:
    """A lab with one mobile, which is not attached, and without gateway and control interface."""
    with open_lab(ROUND_TRIP) as lab:
        yield lab


def test_a_push_is_followed_to_the_screen(lab: Lab) -> None:
    """Submitted, activated for, shown, and the initiator told."""
    mobile = lab.mobiles[STATIC]
    push = lab.gateway.push(mobile, text="hello", href="http://www.example.com/1")
    assert push.code == 1001
    lab.core.expect("PDU Notification Request", to="sgsn", imsi=mobile.imsi)
    lab.expect_in_order("PDU Notification Request", "Create PDP Context Request", "G-PDU")
    shown = mobile.expect_push("hello*", href="http://www.example.com/1", kind="SI")
    assert mobile.screen == (shown,)
    assert push.expect_result("delivered").code == 1000
    lab.events.expect("PushSent", of="gateway", push_id=push.push_id)
    assert mobile.address == mobile.expect_context("wap.example").address == "127.20.0.101"
    assert [one.address for one in lab.core.contexts] == ["127.20.0.1", "127.20.0.101"]
    assert "shows SI" in lab.ladder()


def test_a_lab_is_ready_when_mobiles_have_what_they_activate_themselves(lab: Lab) -> None:
    """As on sockets: what they did is before the test, not in it."""
    lab.mobiles[ONLINE].expect_context(within=0)
    lab.core.expect_none("Create PDP Context Request", during=5.0)


def test_a_result_that_is_another_one_fails(lab: Lab) -> None:
    """The failure says what the initiator was told."""
    push = lab.gateway.push("447700900106")
    with pytest.raises(ExpectationFailedError, match=r"says delivered; it was undeliverable \("):
        push.expect_result("delivered", within=5)
    assert push.expect_result("undeliverable").push_id == push.push_id
    late = lab.gateway.push("447700900104", lifetime=8)
    with pytest.raises(ExpectationFailedError, match="it was none at all"):
        late.expect_result(within=1)
    late.expect_result("expired", within=30)


def test_a_push_that_does_not_come_fails(lab: Lab) -> None:
    """The failure has what the mobile did show."""
    mobile = lab.mobiles[STATIC]
    lab.gateway.push(mobile, text="one")
    with pytest.raises(ExpectationFailedError, match=r"shown\.text one, not two"):
        mobile.expect_push("two", within=5)
    mobile.expect_nothing_shown(during=5)
    lab.gateway.push(mobile, text="three")
    with pytest.raises(ExpectationFailedError, match="was not to be seen"):
        mobile.expect_nothing_shown(during=5)


def test_the_network_activates_and_ends_contexts(lab: Lab) -> None:
    """In success, and with the cause where not."""
    mobile = lab.mobiles[STATIC]
    assert lab.core.activate(mobile).address == "127.20.0.101"
    lab.core.deactivate(mobile)
    mobile.expect_no_context()
    outcome = lab.core.activate("+447700900103", "wap.example")
    assert outcome.cause is not None
    assert outcome.cause.number == 4
    with pytest.raises(ExpectationFailedError, match=r"900104 on wap\.example has not"):
        lab.core.activate("447700900104", within=1)
    with pytest.raises(ControlError):
        lab.core.terminal("1234567")


def test_users_do_what_they_do(small: Lab) -> None:
    """Each verb of a mobile, and what comes of it."""
    mobile = small.mobiles[0]
    mobile.attach()
    mobile.expect_attached()
    mobile.activate()
    assert not mobile.expect_context().network_requested
    mobile.deactivate()
    mobile.expect_no_context("WAP.example")
    mobile.detach()
    mobile.expect_detached()
    small.forget()
    mobile.attach()
    mobile.expect_event("Attached")
    mobile.move(0)
    mobile.leave_coverage()
    assert mobile.terminal.mobile is not None
    assert not mobile.terminal.mobile.in_coverage
    mobile.enter_coverage()
    mobile.answer_requests("reject", sm_cause=27)
    outcome = small.core.activate(mobile)
    assert outcome.cause is not None
    mobile.answer_requests("silent")
    mobile.answer_sms("reject", rp_cause=41)
    with pytest.raises(ControlError, match="knows no service centre"):
        mobile.send_sms("447700900002", "hello")
    mobile.lose_power()
    mobile.power_on()
    mobile.power_off()
    small.core.expect("Detach Request")
    assert small.until(lambda: not mobile.terminal.attached)


def test_a_state_that_does_not_come_is_told(small: Lab) -> None:
    """With what the mobile is instead."""
    with pytest.raises(ExpectationFailedError) as failed:
        small.mobiles[0].expect_context("wap.example", within=1)
    text = str(failed.value)
    assert "not so within 1 s: 447700900001: a PDP context on wap.example" in text
    assert "it is not attached, PDP contexts: none" in text


def test_a_page_is_tapped(lab: Lab) -> None:
    """The latest thing that is shown."""
    mobile = lab.mobiles[STATIC]
    lab.gateway.push(mobile, text="hello")
    mobile.expect_push("hello")
    mobile.tap()
    lab.events.expect("PageServed", of="gateway")


def test_mobiles_are_found_by_place_and_number(lab: Lab) -> None:
    """MSISDN with or without +, IMSI, position, slice."""
    mobile = lab.mobiles[1]
    assert mobile.msisdn == ONLINE
    assert lab.mobiles[f"+{ONLINE}"].imsi == lab.mobiles[mobile.imsi].imsi == mobile.imsi
    assert [one.msisdn for one in lab.mobiles[:2]] == [STATIC, ONLINE]
    assert len(lab.mobiles) == len(list(lab.mobiles)) == 10
    assert repr(mobile) == f"<mobile {ONLINE}, IMSI {mobile.imsi}>"
    with pytest.raises(LookupError, match="has MSISDN or IMSI 4477"):
        lab.mobiles["4477"]


def test_time_and_seed_are_the_labs(lab: Lab) -> None:
    """One seed, one course of events."""
    before = lab.now()
    lab.run(100)
    assert lab.now() == before + 100
    ladders = []
    for _ in range(2):
        with open_lab("demo", options=Options(seed=7)) as one:
            one.gateway.push(STATIC)
            one.run(10)
            ladders.append(one.ladder())
    assert ladders[0] == ladders[1]
    assert lab.seed == 1


def test_parts_that_a_lab_has_not_are_named(small: Lab) -> None:
    """Before anything is asked of them."""
    with pytest.raises(MissingPartError, match="lab small has no gateway"):
        _ = small.gateway
    with pytest.raises(MissingPartError, match="lab small has no SMSC"):
        _ = small.smsc
    assert small.core.url is None
    with pytest.raises(NotSubmittedError, match="no gateway but that of the lab file"):
        small.initiator.push("447700900001", url="http://127.0.0.1:8080/pap")


def test_virtual_time_has_no_addresses(lab: Lab, tmp_path: Path) -> None:
    """A process could not reach it: all is as the file says, and no gateway can be under test."""
    assert lab.is_virtual
    assert lab.address("127.0.20.1") == "127.0.20.1"
    assert lab.addresses == {}
    assert lab.core.url is None
    with pytest.raises(MissingPartError):
        _ = lab.spare_address
    with pytest.raises(ValueError, match="has to be on sockets"):
        GatewayUnderTest(lab, tmp_path)


def test_an_smsc_says_where_it_is() -> None:
    """And who may bind there."""
    with open_lab("sms") as lab:
        assert (lab.smsc.address, lab.smsc.port) == ("127.0.20.7", 2775)
        assert lab.smsc.accounts == {"gateway": "secret"}
        lab.gateway.push("447700900201", text="hello")
        mobile = lab.mobiles["447700900201"]
        mobile.expect_push("hello", within=60)
        mobile.set("on_push", "refuse")
        mobile.send_sms("+447700900202", "hi")
        mobile.expect_event("ShortMessageSent", within=60)


def test_a_lab_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    """What only sockets have; mobiles that nobody lets attach. Its labs can be looked at."""
    with pytest.raises(OnlyOnSocketsError), open_lab("gateway"):
        pass
    barred = ROUND_TRIP.replace("    mobile: {attached: false}", "    barring: attach")
    opened: list[Lab] = []
    options = Options(folder=tmp_path)
    with (
        pytest.raises(LabNotReadyError, match="not every mobile of lab small"),
        open_lab(barred, options=options, opened=opened.append),
    ):
        pass
    assert "Attach Reject" in opened[0].ladder()
    assert not opened[0].ladder().startswith("…")
    assert opened[0].capture is not None
    assert opened[0].capture.stat().st_size > 0


def test_the_network_is_disturbed_and_healed(lab: Lab) -> None:
    """Interfaces lose and delay, connections break, nodes restart, in the words of the terminal."""
    lab.core.disturb("gtp-c", loss=1.0)
    assert not lab.core.activate(STATIC, within=60).active
    lab.core.heal()
    lab.core.reset("smpp")
    lab.core.activate(ONLINE)
    assert lab.core.contexts
    lab.core.restart("ggsn")
    assert not lab.core.contexts
    with pytest.raises(ControlError, match="gsup and smpp do"):
        lab.core.reset("gtp-c")
    with pytest.raises(ValueError, match="gtp"):
        lab.core.disturb("gtp", loss=1.0)
