"""What a browser is told of what passes: every arrow of a push, whose it is, what is in it."""

from __future__ import annotations

import pytest

from testbed.gateway.events import ActivationRequested
from testbed.lab.build import load
from testbed.lab.page.tree import tree
from testbed.lab.page.watch import TerminalsWatch, Watch
from testbed.lab.virtual import virtual_lab

MSISDN, IMSI = "447700900101", "234150000000101"
OTHER = "234150000000102"
"""Has a context from the start."""
LADDER = [
    "PAP push-message",
    "judges",
    "POST /v1/activations",
    "Send Routeing Information for GPRS Request",
    "Send Routeing Information for GPRS Response",
    "PDU Notification Request",
    "PDU Notification Response",
    "Request PDP Context Activation",
    "Activate PDP Context Request",
    "Create PDP Context Request",
    "Create PDP Context Response",
    "Accounting-Request",
    "Activate PDP Context Accept",
    "Accounting-Response",
    "activation",
    "datagram",
    "G-PDU",
    "User Data",
    "shows SI",
    "push delivered",
    "PAP resultnotification-message",
]


@pytest.fixture(scope="module")
def watch():
    """Watch an offline push in virtual time, and another terminal's beside it."""
    with virtual_lab(load("demo"), seed=1) as lab:
        lab.start()
        assert lab.settle(10)
        numbers = {terminal.msisdn: terminal.imsi for terminal in lab.core.config.mobiles}
        watch = Watch(numbers.get)
        lab.network.on_passed(watch.passed)
        lab.network.on_event(watch.happened)
        lab.push(MSISDN, text="hello")
        lab.run(5)
        lab.push("447700900102", text="to another")
        lab.run(5)
        yield watch


def names(arrows):
    return [arrow.rung.message for arrow in arrows]


def test_a_terminals_ladder_is_whole_and_its_own(watch):
    """From the initiator's push to the notification, on every interface, and nothing else."""
    seen = names(TerminalsWatch(watch, IMSI).since(0))
    assert sorted(seen) == sorted(LADDER)


def test_what_is_learned_serves_a_terminal_with_a_context(watch):
    """The other's push is found by its address and tunnel, which were there before."""
    seen = names(TerminalsWatch(watch, OTHER).since(0))
    assert {"judges", "datagram", "shows SI", "push delivered"} <= set(seen)
    assert "PDU Notification Request" not in seen


def test_arrows_are_numbered_and_kept(watch):
    """One number after the other, and each is found by its own."""
    arrows = list(watch.since(0))
    assert [arrow.number for arrow in arrows] == list(range(1, watch.last + 1))
    assert watch.arrow(1) is arrows[0]
    assert watch.arrow(0) is None
    assert watch.arrow(watch.last + 1) is None
    assert list(watch.since(watch.last - 1)) == arrows[-1:]


def test_the_oldest_arrows_are_forgotten(watch):
    """A watch keeps so many; who asks for all gets those."""
    small = Watch(lambda _: None, kept=3)
    for arrow in watch.since(0):
        small._add(arrow.rung)
    assert (small.last, small.first_kept) == (watch.last, watch.last - 2)
    assert len(list(small.since(0))) == 3
    assert small.arrow(1) is None
    assert small.arrow(small.first_kept).rung == watch.arrow(small.first_kept).rung


def test_listeners_hear_what_is_theirs_until_they_leave(watch):
    """A terminal's listener hears of that terminal only."""
    heard, all_heard = [], []
    small = Watch(lambda _: None)
    leave = TerminalsWatch(small, IMSI).listen(heard.append)
    leave_all = small.listen(all_heard.append)
    for imsi in (IMSI, OTHER):
        small.happened(1.0, "gateway", ActivationRequested("k", imsi, "wap.example", ()))
    leave()
    leave()
    leave_all()
    small.happened(1.0, "gateway", ActivationRequested("k", IMSI, "wap.example", ()))
    assert [arrow.number for arrow in heard] == [1]
    assert [arrow.number for arrow in all_heard] == [1, 2]


def test_an_arrow_is_plain_values(watch):
    """As JSON has them."""
    (arrow,) = (
        arrow for arrow in watch.since(0) if arrow.rung.message == "PDU Notification Request"
    )
    plain = arrow.plain()
    assert plain["source"] == "ggsn"
    assert plain["destination"] == "sgsn"
    assert plain["interface"] == "GTP-C"
    assert plain["imsi"] == IMSI
    assert "EUA 127.20.0.101" in plain["details"]


def leaves(nodes):
    for node in nodes:
        yield node["name"], node["text"]
        yield from leaves(node["parts"])


@pytest.mark.parametrize(
    ("message", "leaf"),
    [
        ("PDU Notification Request", ("IMSI", IMSI)),
        ("PDU Notification Request", ("TEID", "0x00000000")),
        ("Request PDP Context Activation", ("apn", "wap.example")),
        ("Accounting-Request", ("Framed-IP-Address", "127.20.0.101")),
        ("G-PDU", ("destination port", "2948")),
        ("judges", ("verdict", "activate")),
        ("shows SI", ("text", "hello")),
    ],
)
def test_an_arrow_opens_to_what_is_in_it(watch, message, leaf):
    """Information elements by their names, of every protocol, and an event's members."""
    arrows = TerminalsWatch(watch, IMSI).since(0)
    arrow = next(arrow for arrow in arrows if arrow.rung.message == message)
    assert leaf in list(leaves(tree(arrow.rung.subject)))


def test_every_arrow_opens(watch):
    """Whatever it is."""
    for arrow in watch.since(0):
        assert all(isinstance(text, str) for _, text in leaves(tree(arrow.rung.subject))), arrow


def test_a_short_message_is_its_terminals() -> None:
    """SMPP names it by its MSISDN, the rest by IMSI."""
    with virtual_lab(load("sms"), seed=1) as lab:
        lab.start()
        assert lab.settle(10)
        mobile = lab.core.config.mobiles[0]
        watch = Watch({mobile.msisdn: mobile.imsi}.get)
        lab.network.on_passed(watch.passed)
        lab.network.on_event(watch.happened)
        lab.push(mobile.msisdn, text="hello")
        lab.run(60)
        seen = names(TerminalsWatch(watch, mobile.imsi).since(0))
        assert {"SMPP data_sm", "MT-forwardSM Request", "shows SI"} <= set(seen)


def test_what_names_nobody_is_found_by_its_tunnel() -> None:
    """A Delete PDP Context Request has a TEID alone, and its answer is known by the request."""
    with virtual_lab(load("demo"), seed=1) as lab:
        lab.start()
        assert lab.settle(10)
        watch = Watch({MSISDN: IMSI}.get)
        lab.network.on_passed(watch.passed)
        lab.network.on_event(watch.happened)
        lab.push(MSISDN, text="hello")
        lab.run(5)
        ggsn = lab.core.ggsns["ggsn"]
        lab.network.command(ggsn, lambda now: ggsn.deactivate(IMSI, "wap.example", now))
        lab.run(5)
        seen = names(TerminalsWatch(watch, IMSI).since(0))
        assert {"Delete PDP Context Request", "Delete PDP Context Response"} <= set(seen)
