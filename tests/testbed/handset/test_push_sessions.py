"""Sessions that a handset opens when it is asked to, and the pushes on them."""

from __future__ import annotations

import pytest

from testbed.codecs import si, wtp
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication
from testbed.codecs.wsp import Push, pdus
from testbed.codecs.wsp.contact import Bearer, ContactPoint
from testbed.codecs.wsp.pdus import ConfirmedPush, Reply
from testbed.codecs.wtp import UserAbort
from testbed.handset.push_client import PushClient
from testbed.handset.push_sessions import places_of
from testbed.handset.settings import OnPush, PushBehaviour
from testbed.wap.session_events import PushAborted, SessionRequested

GATEWAY, SECOND = ("192.0.2.9", 9201), ("192.0.2.10", 9301)
SIC = ContentType(si.WBXML_TYPE)
ADDRESS = "10.45.0.7"


def handset(around, **behaviour):
    """Put a push client on the host."""
    return PushClient(around.host, PushBehaviour(**behaviour))


def opened(around, **behaviour):
    """Return a gateway with a session that it has asked a handset for."""
    gateway = around.gateway()
    handset(around, **behaviour)
    around.invite(GATEWAY)
    assert gateway.names() == ["SessionRequested", "SessionEstablished"]
    around.host.reports.clear()
    around.host.counters.clear()
    return gateway


def mail(text="You have mail"):
    return ConfirmedPush(SIC, si.encode(ServiceIndication(text)))


@pytest.mark.clause("WAP-235 §8", "SIA at the terminal: it opens the session that is asked for")
def test_session_is_opened_where_the_request_says(around):
    """The Connect says for which applications, and over which bearer it came."""
    gateway = around.gateway()
    handset(around)
    around.invite(GATEWAY, applications=("x-wap-application:wml.ua", "x-wap-application:mms.ua"))
    requested = gateway.told[0]
    assert isinstance(requested, SessionRequested)
    assert requested.peer == (ADDRESS, 49_152)
    assert requested.headers == (
        ("Accept-Application", "x-wap-application:wml.ua"),
        ("Accept-Application", "x-wap-application:mms.ua"),
        ("Bearer-Indication", "11"),
    )
    assert around.host.reports == [("push session opened", {"gateway": "192.0.2.9:9201"})]
    assert around.host.counters["push_session_requests"] == 1


def test_port_of_the_gateway_may_be_left_out(around):
    """It is 9201 then."""
    gateway = around.gateway()
    handset(around)
    around.invite((GATEWAY[0],))
    assert "SessionEstablished" in gateway.names()


def test_confirmed_push_is_shown_and_confirmed(around):
    """The gateway hears that the application has taken it."""
    gateway = opened(around)
    gateway.do("confirmed_push", gateway.session, mail(), context="first")
    (confirmed,) = gateway.told
    assert (type(confirmed).__name__, confirmed.context) == ("PushConfirmed", "first")
    (shown,) = around.host.shown
    assert (shown.kind, shown.text) == ("SI", "You have mail")
    assert shown.details["from"] == "192.0.2.9"
    assert around.host.counters == {"pushes_received": 1, "pushes_shown": 1}


def test_unconfirmed_push_is_shown(around):
    """On the session, without an answer."""
    gateway = opened(around, on_push=OnPush.REFUSE)
    push = pdus.Push(SIC, mail().body, (("X-Wap-Application-Id", "x-mine:a"),))
    gateway.do("push", gateway.session, push)
    assert gateway.names() == []
    (shown,) = around.host.shown
    assert shown.details["application-id"] == "x-mine:a"


def test_large_push_comes_in_segments(around):
    """WTP takes it apart and puts it together."""
    gateway = opened(around)
    gateway.do(
        "confirmed_push", gateway.session, ConfirmedPush(ContentType("text/plain"), b"a" * 6000)
    )
    around.wait(1)
    assert gateway.names() == ["PushConfirmed"]
    assert len(around.host.shown[0].text) == 6000
    assert max(len(payload) for _, _, payload in around.passed) <= 1472


@pytest.mark.parametrize(
    "reason",
    [
        UserAbort.USER_REQUEST,
        UserAbort.USER_REFUSED,
        UserAbort.USER_PENDING,
        UserAbort.USER_DISCARDED_RESOURCES,
        UserAbort.USER_DISCARDED_UNPROCESSABLE,
    ],
)
@pytest.mark.clause(
    "WAP-230 §6.3", "S-ConfirmedPush at the terminal: confirmed, or aborted with EA to EE"
)
def test_confirmed_push_is_refused_for_the_reason_that_is_set(around, reason):
    """Nothing is shown, and the gateway hears why."""
    gateway = opened(around, on_push=OnPush.REFUSE, reason=reason)
    gateway.do("confirmed_push", gateway.session, mail())
    (aborted,) = gateway.told
    assert isinstance(aborted, PushAborted)
    assert (aborted.reason, aborted.by_user, aborted.by_peer) == (reason, True, True)
    assert around.host.shown == []
    assert around.host.counters == {"push_refused": 1}


def test_what_is_done_with_pushes_can_be_changed(around):
    """At any time, for sessions that are open too."""
    gateway = around.gateway()
    client = handset(around)
    around.invite(GATEWAY)
    assert client.configure("on_push", "refuse")
    assert client.configure("push_refusal", "pending")
    gateway.do("confirmed_push", gateway.session, mail())
    assert gateway.told[-1].reason == UserAbort.USER_PENDING
    assert client.configure("on_push", "confirm")
    gateway.do("confirmed_push", gateway.session, mail())
    assert gateway.names()[-1] == "PushConfirmed"
    assert not client.configure("wap_mode", "session")


@pytest.mark.parametrize(
    ("name", "value"), [("on_push", "shrug"), ("push_refusal", "USER_PENDING")]
)
def test_setting_that_there_is_not_is_refused(around, name, value):
    """With those that there are."""
    with pytest.raises(ValueError, match=f"'{value}' is none of [a-z-]+, "):
        handset(around).configure(name, value)


def test_only_reasons_to_refuse_a_push_can_be_set():
    """The others mean something else to the session."""
    with pytest.raises(ValueError, match="DISCONNECT is no reason"):
        PushBehaviour(reason=UserAbort.DISCONNECT)


def test_content_that_cannot_be_processed_is_refused(around):
    """However willing the handset is."""
    gateway = opened(around)
    gateway.do("confirmed_push", gateway.session, ConfirmedPush(SIC, b"x"))
    (aborted,) = gateway.told
    assert aborted.reason == UserAbort.USER_DISCARDED_UNPROCESSABLE
    assert around.host.counters["pushes_malformed"] == 1


def test_silent_handset_lets_the_push_run_out(around):
    """Neither shown nor answered: the transaction ends, and the session goes on."""
    gateway = opened(around, on_push=OnPush.SILENT, idle=3600)
    gateway.do("confirmed_push", gateway.session, mail())
    around.wait(200)
    assert gateway.names() == ["PushAborted"]
    assert around.host.shown == []
    assert around.host.counters["push_left_unanswered"] == 1
    assert around.host.counters["push_aborted"] == 1
    assert len(gateway.server.sessions()) == 1


def test_handset_may_open_no_session(around):
    """It takes connectionless pushes all the same."""
    gateway = around.gateway()
    handset(around, on_push=OnPush.NO_SESSION)
    around.invite(GATEWAY)
    assert gateway.names() == []
    assert around.host.reports == [("push session not opened", {"reason": "told to open none"})]
    around.push(Push(1, SIC, mail().body))
    assert len(around.host.shown) == 1


def test_copies_of_a_request_open_one_session(around):
    """While the handset connects, and shortly after."""
    gateway = around.gateway()
    gateway.grants = False
    handset(around)
    around.invite(GATEWAY)
    around.invite(GATEWAY)
    gateway.do("accept", gateway.session)
    around.wait(9)
    around.invite(GATEWAY)
    assert gateway.names() == ["SessionRequested", "SessionEstablished"]
    assert around.host.counters["push_session_requests_repeated"] == 2


def test_request_that_comes_later_opens_the_session_anew(around):
    """The gateway has lost its session, or it would not ask."""
    gateway = opened(around)
    around.wait(10)
    del around.gateways[GATEWAY]
    gateway = around.gateway()
    around.invite(GATEWAY)
    assert gateway.names() == ["SessionRequested", "SessionEstablished"]
    assert [what for what, _ in around.host.reports] == [
        "push session ended",
        "push session opened",
    ]
    gateway.do("confirmed_push", gateway.session, mail())
    assert gateway.names() == ["PushConfirmed"]


def test_later_request_that_names_another_place_first_replaces_the_session(around):
    """The new session is there before the old one is left."""
    first, second = opened(around), around.gateway(SECOND)
    around.wait(10)
    around.invite(SECOND, GATEWAY)
    assert first.names() == ["SessionEnded"]
    assert second.names() == ["SessionRequested", "SessionEstablished"]


def test_several_gateways_have_a_session_each(around):
    """On one port, up to as many as the handset can have."""
    first, second = around.gateway(), around.gateway(SECOND)
    handset(around, most_sessions=2)
    for place in (GATEWAY, SECOND, ("192.0.2.11", 9201)):
        around.invite(place)
    for gateway in (first, second):
        gateway.do("confirmed_push", gateway.session, mail(str(gateway.place)))
        assert gateway.names()[-1] == "PushConfirmed"
    assert len(around.host.shown) == 2
    assert around.host.reports[-1] == (
        "push session not opened",
        {"gateway": "192.0.2.11:9201", "reason": "2 sessions are open"},
    )


def test_next_contact_point_is_tried(around):
    """The first does not answer, the second grants no session, the third does."""
    second, third = around.gateway(SECOND), around.gateway(("192.0.2.11", 9201))
    second.grants = False
    handset(around)
    around.invite(GATEWAY, SECOND, ("192.0.2.11", 9201))
    around.wait(70)
    second.do("refuse", second.session, Reply(503, ContentType("text/plain")))
    assert third.names() == ["SessionRequested", "SessionEstablished"]
    assert around.host.reports == [("push session opened", {"gateway": "192.0.2.11:9201"})]


def test_gateway_that_is_gone_is_given_up(around):
    """After WTP has tried for its time; then nothing is left of the attempt."""
    handset(around)
    around.invite(GATEWAY)
    around.wait(200)
    assert around.host.reports == [
        ("push session not opened", {"gateway": "192.0.2.9:9201", "reason": "aborted"})
    ]
    assert around.is_at_rest()
    around.gateway()
    around.invite(GATEWAY)
    assert around.host.reports[-1][0] == "push session opened"


def test_refused_session_is_reported(around):
    """With the gateway's status."""
    gateway = around.gateway()
    gateway.grants = False
    handset(around)
    around.invite(GATEWAY)
    gateway.do("refuse", gateway.session, Reply(503, ContentType("text/plain")))
    assert around.host.reports == [
        ("push session not opened", {"gateway": "192.0.2.9:9201", "reason": "status 503"})
    ]


def test_handset_follows_a_redirection(around):
    """To where the gateway sends it, and not for ever."""
    first, second = around.gateway(), around.gateway(SECOND)
    first.grants = False
    handset(around)
    around.invite(GATEWAY)
    first.do("redirect", first.session, (ContactPoint.for_ip(*SECOND),))
    assert second.names() == ["SessionRequested", "SessionEstablished"]


def test_redirections_end(around):
    """Two gateways that send the handset to each other do not keep it busy."""
    pair = (around.gateway(), around.gateway(SECOND))
    handset(around)
    for gateway in pair:
        gateway.grants = False
    around.invite(GATEWAY)
    for turn in range(4):
        gateway, other = pair[turn % 2], pair[1 - turn % 2]
        gateway.do("redirect", gateway.session, (ContactPoint.for_ip(*other.place),))
    assert not any(gateway.server.sessions() for gateway in pair)
    assert around.host.reports == [
        ("push session not opened", {"gateway": "192.0.2.10:9301", "reason": "redirected"})
    ]


def test_gateway_ends_the_session(around):
    """The handset is at rest once WTP has nothing to repeat."""
    gateway = opened(around)
    gateway.do("disconnect", gateway.session)
    assert around.host.reports == [
        ("push session ended", {"gateway": "192.0.2.9:9201", "reason": "disconnected"})
    ]
    around.wait(100)
    assert around.is_at_rest()


def test_idle_session_is_ended_by_the_handset(around):
    """Pushes of either kind keep it; without one it lasts as long as is set."""
    gateway = opened(around, idle=300)
    around.wait(200)
    gateway.do("confirmed_push", gateway.session, mail())
    around.wait(200)
    gateway.do("push", gateway.session, pdus.Push(SIC, mail().body))
    around.wait(299)
    assert len(gateway.server.sessions()) == 1
    around.wait(1)
    assert gateway.names() == ["PushConfirmed", "SessionEnded"]
    assert around.host.reports[-1][1]["reason"] == "idle"
    around.wait(100)
    assert around.is_at_rest()


def test_session_dies_with_its_context(around):
    """Without a word, for there is nothing to say it over; another context begins anew."""
    gateway = around.gateway()
    client = handset(around)
    around.invite(GATEWAY)
    around.host.address = None
    around.passed.clear()
    client.context_ended(ADDRESS, around.host.now)
    assert around.host.reports[-1] == (
        "push session ended",
        {"gateway": "192.0.2.9:9201", "reason": "the PDP context is gone"},
    )
    assert around.is_at_rest()
    assert around.passed == []
    client.context_ended("10.46.0.1", around.host.now)
    around.host.address = "10.45.0.8"
    client.context_activated("10.45.0.8", around.host.now)
    around.invite(GATEWAY)
    assert gateway.names()[-2:] == ["SessionRequested", "SessionEstablished"]


def test_context_that_goes_while_connecting_ends_the_attempt(around):
    """No timer is left."""
    client = handset(around)
    around.invite(GATEWAY)
    client.context_ended(ADDRESS, around.host.now)
    assert around.is_at_rest()


def test_request_by_short_message_has_a_context_activated(around):
    """The sessions that were asked for meanwhile are opened when it is there."""
    gateway, second = around.gateway(), around.gateway(SECOND)
    around.host.address = None
    client = handset(around)
    around.invite(GATEWAY, local="447700900123")
    around.invite(SECOND, local="447700900123")
    assert around.host.activations == 2
    assert around.passed == []
    around.host.address = ADDRESS
    client.context_activated(ADDRESS, around.host.now)
    around.carry()
    for each in (gateway, second):
        assert each.names() == ["SessionRequested", "SessionEstablished"]


def test_request_by_short_message_uses_the_context_that_is_there(around):
    """None is asked for then."""
    gateway = around.gateway()
    handset(around)
    around.invite(GATEWAY, local="447700900123")
    assert gateway.names() == ["SessionRequested", "SessionEstablished"]
    assert around.host.activations == 0


def test_no_context_means_no_session(around):
    """Refused later, impossible at once, or asked for too often: each is reported."""
    around.host.address = None
    client = handset(around)
    for _ in range(5):
        around.invite(GATEWAY, local="447700900123")
    client.context_refused(around.host.now)
    around.host.may_activate = False
    around.invite(GATEWAY, local="447700900123")
    told = ("push session not opened", {"reason": "no PDP context"})
    assert around.host.reports == [told] * 6
    client.context_activated(ADDRESS, around.host.now)
    assert around.is_at_rest()


def test_suspended_session_is_ended(around):
    """A handset has no use for one that nothing can be pushed on."""
    gateway = opened(around, on_push=OnPush.SILENT)
    gateway.do("confirmed_push", gateway.session, mail())
    (invoke,) = (wtp.decode(data) for source, _, data in around.passed[-1:] if source == GATEWAY)
    abort = wtp.Abort(tid=invoke.tid, reason=UserAbort.SUSPEND, user=True)
    around.host.arrive(abort.encode(), GATEWAY, 49_152)
    around.carry()
    assert around.host.reports[-1][1]["reason"] == "suspended by the gateway"
    assert gateway.server.sessions() == ()


def test_request_without_a_usable_place_is_reported(around):
    """IPv6, a number for another bearer, or nothing at all."""
    handset(around)
    around.invite(("2001:db8::1", 9201))
    around.invite()
    assert around.host.counters["push_session_not_opened"] == 2
    assert around.is_at_rest()


def test_places_are_those_over_ip():
    """Bearers that carry IPv4 count, and each place once."""
    contacts = (
        ContactPoint(b"\x44\x77\x90", bearer=Bearer.GSM_SMS),
        ContactPoint.for_ip("10.0.0.1", 9201, Bearer.GSM_SMS),
        ContactPoint.for_ip("10.0.0.1"),
        ContactPoint.for_ip("10.0.0.1", 9201, Bearer.GSM_GPRS),
        ContactPoint.for_ip("10.0.0.2", 9301, Bearer.IPV4),
        ContactPoint.for_ip("2001:db8::1"),
    )
    assert places_of(contacts) == (("10.0.0.1", 9201), ("10.0.0.2", 9301))


def test_malformed_request_is_counted(around):
    """As a push that breaks its definition."""
    handset(around)
    around.push(Push(1, ContentType("application/vnd.wap.sia"), b"\1"))
    assert around.host.counters["pushes_malformed"] == 1


@pytest.mark.parametrize("on_push", [OnPush.CONFIRM, OnPush.REFUSE])
def test_push_that_the_gateway_has_given_up_is_not_answered(around, on_push):
    """Push and abort come in one datagram: the push is looked at, and its answer is too late."""
    gateway = opened(around, on_push=on_push)
    push = gateway.server.confirmed_push(gateway.session, mail(), around.host.now)
    gateway.do("abort_push", push)
    assert len(around.host.shown) == (on_push is OnPush.CONFIRM)
    assert around.host.counters["push_aborted"] == 1
    assert gateway.names() == []


def test_datagram_for_another_context_is_ignored(around):
    """The port is the mobile's, the session one address's."""
    gateway = opened(around)
    gateway.server.disconnect(gateway.session, around.host.now)
    ((farewell, peer),) = gateway.server.take_datagrams()
    receive = around.host.ports[peer[1]]
    receive(farewell, GATEWAY, ("10.46.0.1", peer[1]), around.host.now)
    assert around.host.reports == []
    receive(farewell, GATEWAY, peer, around.host.now)
    assert [what for what, _ in around.host.reports] == ["push session ended"]


def test_application_that_no_header_can_name_is_reported(around):
    """The request may hold what a Connect may not; nothing is left of the attempt."""
    handset(around)
    # Version, an application id with a control character, one contact point.
    content = bytes.fromhex("00" + "04753a0100" + "05" + "04c0000209")
    around.push(Push(1, ContentType("application/vnd.wap.sia"), content))
    ((what, details),) = around.host.reports
    assert what == "push session not opened"
    assert "control character" in details["reason"]
    assert around.is_at_rest()
