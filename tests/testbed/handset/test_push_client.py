"""What a mobile's push client shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.application import Shown
from corenet.mobile.testing import ScriptedHost
from testbed.codecs import co, mms, si, sl
from testbed.codecs.media import ContentType
from testbed.codecs.si import Action, ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.timestamps import parse_timestamp
from testbed.codecs.wsp import PUSH_PORT, Push
from testbed.handset.push_client import PushClient

GATEWAY = ("192.0.2.9", 9200)
NOW = parse_timestamp("2026-11-22T12:00:00Z")
MINUTE = 60.0
SIC = ContentType(si.WBXML_TYPE)
SLC = ContentType(sl.WBXML_TYPE)


class Bench:
    """A mobile with a push client that has seen nothing."""

    def __init__(self):
        self.host = ScriptedHost(now=NOW)
        PushClient(self.host)

    @property
    def counts(self):
        return {what.removeprefix("pushes_"): n for what, n in self.host.counters.items()}

    def receive(self, payload, now=NOW):
        self.host.now = now
        self.host.shown.clear()
        self.host.arrive(payload, GATEWAY, PUSH_PORT)
        return tuple(self.host.shown)


@pytest.fixture
def client():
    """Return a client that has seen nothing."""
    return Bench()


def take(client, value, now=NOW, headers=()):
    """Return what the client shows for an SI, an SL, or a whole push."""
    if isinstance(value, ServiceIndication):
        value = Push(1, SIC, si.encode(value), headers)
    elif isinstance(value, ServiceLoading):
        value = Push(1, SLC, sl.encode(value), headers)
    shown = client.receive(value.encode(), now)
    assert client.host.sent == []
    return shown


def mail(text, created=NOW, si_id="mail@example.com", **fields):
    return ServiceIndication(text, si_id=si_id, created=created, **fields)


NOTIFICATION = bytes.fromhex(
    "8c82985431323334008d928919802b3434373730303930303132332f545950453d504c4d4e00"
    "964869008a808e0230398805810303f48083687474703a2f2f6d6d73632e6578616d706c652f6100"
)


def test_notification_of_a_multimedia_message_is_shown(client):
    """The subject is shown; where the message waits is in the details."""
    headers = (("X-Wap-Application-Id", "x-wap-application:mms.ua"),)
    (shown,) = take(client, Push(1, ContentType(mms.MEDIA_TYPE), NOTIFICATION, headers))
    assert (shown.kind, shown.text) == ("MMS", "Hi")
    assert shown.details["content-location"] == "http://mmsc.example/a"
    assert shown.details["sender"] == "+447700900123/TYPE=PLMN"
    assert shown.details["expires"] == "in 259200 s"
    assert take(client, Push(1, ContentType(mms.MEDIA_TYPE), NOTIFICATION[:-1])) == ()
    assert client.counts["malformed"] == 1


@pytest.mark.parametrize(("expiry", "is_shown"), [("6553f100", False), ("7fffffff", True)])
def test_notification_of_a_message_that_is_gone_is_dropped(client, expiry, is_shown):
    """Where its expiry is a time that has passed, there is nothing to fetch."""
    body = NOTIFICATION.replace(bytes.fromhex("8805810303f480"), bytes.fromhex(f"88068004{expiry}"))
    shown = take(client, Push(1, ContentType(mms.MEDIA_TYPE), body))
    assert bool(shown) is is_shown
    assert client.counts == {"received": 1, "shown" if is_shown else "expired": 1}


def test_cache_operation_is_taken_without_showing(client):
    """There is nothing to see, and nothing in a cache."""
    operation = co.CacheOperation((co.Invalidation(co.Scope.OBJECT, "http://a"),))
    assert take(client, Push(1, ContentType(co.WBXML_TYPE), co.encode(operation))) == ()
    assert take(client, Push(1, ContentType(co.XML_TYPE), co.build(operation))) == ()
    assert take(client, Push(1, ContentType(co.WBXML_TYPE), b"x")) == ()
    assert client.counts == {"received": 3, "silent": 2, "malformed": 1}


def test_listens_where_pushes_go():
    """Port 2948 is the push port; another can be given."""
    host = ScriptedHost()
    PushClient(host)
    PushClient(host, port=4035)
    assert set(host.ports) == {2948, 4035}


def test_indication_is_shown_with_its_details(client):
    """The text is shown; the rest is in the details."""
    value = mail(
        "You have mail", href="http://a.com/", expires=NOW + MINUTE, action=Action.SIGNAL_HIGH
    )
    assert take(client, value) == (
        Shown(
            "SI",
            "You have mail",
            {
                "action": "signal-high",
                "href": "http://a.com/",
                "si-id": "mail@example.com",
                "created": "2026-11-22T12:00:00Z",
                "si-expires": "2026-11-22T12:01:00Z",
                "application-id": "x-wap-application:wml.ua",
                "from": "192.0.2.9",
            },
        ),
    )
    assert client.counts == {"received": 1, "shown": 1}


def test_bare_indication_is_shown(client):
    """An indication needs no more than its text."""
    (shown,) = take(client, ServiceIndication("Hello"))
    assert shown.details == {
        "action": "signal-medium",
        "application-id": "x-wap-application:wml.ua",
        "from": "192.0.2.9",
    }


def test_application_is_told(client):
    """The application that the push names is in the details."""
    (shown,) = take(client, mail("x"), headers=(("X-Wap-Application-Id", "x-mine:a"),))
    assert shown.details["application-id"] == "x-mine:a"


def test_indication_as_xml_is_shown(client):
    """A gateway that does not encode SI is understood too."""
    push = Push(1, ContentType(si.XML_TYPE), si.build(mail("x")))
    assert take(client, push)[0].text == "x"


def test_expired_indication_is_dropped(client):
    """From its si-expires on an indication is not shown."""
    value = mail("old", expires=NOW)
    assert take(client, value, now=NOW) == ()
    assert client.counts == {"received": 1, "expired": 1}
    assert take(client, value, now=NOW - 1)[0].text == "old"


def test_newer_indication_replaces_an_older_one(client):
    """Of two with one si-id the one created later is shown last."""
    assert take(client, mail("one"))
    assert take(client, mail("two", created=NOW + MINUTE))[0].text == "two"


def test_older_indication_that_comes_late_is_dropped(client):
    """One that was created before what is there already is not shown."""
    take(client, mail("two", created=NOW + MINUTE))
    assert take(client, mail("one")) == ()
    assert client.counts == {"received": 2, "shown": 1, "superseded": 1}


def test_indication_that_comes_twice_is_shown_once(client):
    """A repeated push changes nothing."""
    assert take(client, mail("one"))
    assert take(client, mail("one")) == ()
    assert client.counts["superseded"] == 1


def test_indications_without_creation_time_replace_each_other(client):
    """Without created the order of arrival counts."""
    assert take(client, mail("one"))
    assert take(client, mail("two", created=None))
    assert take(client, mail("three", created=NOW - MINUTE))


def test_indications_with_different_identities_are_independent(client):
    """Another si-id is another indication."""
    take(client, mail("one"))
    assert take(client, mail("two", created=NOW - MINUTE, si_id="other"))


def test_address_stands_in_for_a_missing_si_id(client):
    """Without an si-id the href is the identity; without either, none is."""
    take(client, mail("one", si_id=None, href="http://a.com/"))
    assert take(client, mail("one", si_id=None, href="http://a.com/")) == ()
    assert take(client, mail("one", si_id=None))
    assert take(client, mail("one", si_id=None))


def test_deletion_shows_nothing_and_keeps_older_copies_away(client):
    """After a deletion an older indication with that si-id stays deleted."""
    take(client, mail("one"))
    deletion = mail("", created=NOW + MINUTE, action=Action.DELETE)
    assert take(client, deletion) == ()
    assert take(client, mail("one")) == ()
    assert client.counts == {"received": 3, "shown": 1, "deleted": 1, "superseded": 1}
    assert take(client, mail("two", created=NOW + 2 * MINUTE))


def test_deletion_that_is_older_than_the_indication_is_dropped(client):
    """A deletion from before the indication does not touch it."""
    take(client, mail("one"))
    take(client, mail("", created=NOW - MINUTE, action=Action.DELETE))
    assert client.counts["superseded"] == 1
    assert "deleted" not in client.counts


def test_signal_none_is_never_shown(client):
    """An indication with signal-none replaces older ones without a sign."""
    assert take(client, mail("quiet", action=Action.SIGNAL_NONE)) == ()
    assert take(client, mail("one", created=NOW - MINUTE)) == ()
    assert client.counts == {"received": 2, "silent": 1, "superseded": 1}


def test_many_indications_do_not_fill_the_memory(client):
    """Only the last identities are remembered."""
    for number in range(100):
        take(client, mail("x", si_id=f"{number}"))
    assert take(client, mail("x", si_id="99")) == ()
    assert take(client, mail("x", si_id="0"))[0].text == "x"


@pytest.mark.parametrize("action", [sl.Action.EXECUTE_LOW, sl.Action.EXECUTE_HIGH])
def test_loading_is_shown_by_its_address(client, action):
    """What would be loaded is shown."""
    assert take(client, ServiceLoading("http://a.com/", action)) == (
        Shown(
            "SL",
            "http://a.com/",
            {
                "href": "http://a.com/",
                "action": str(action),
                "application-id": "x-wap-application:wml.ua",
                "from": "192.0.2.9",
            },
        ),
    )


def test_loading_as_xml_is_shown(client):
    """A gateway that does not encode SL is understood too."""
    push = Push(1, ContentType(sl.XML_TYPE), sl.build(ServiceLoading("http://a.com/")))
    assert take(client, push)[0].text == "http://a.com/"


def test_loading_into_the_cache_is_silent(client):
    """The user notices nothing of action cache."""
    assert take(client, ServiceLoading("http://a.com/", sl.Action.CACHE)) == ()
    assert client.counts == {"received": 1, "silent": 1}


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (None, "grüß".encode(), "grüß"),
        ("utf-8", b"a\xff", "a\ufffd"),
        ("iso-8859-1", b"\xe9", "é"),
        ("utf-16", "é".encode("utf-16"), "é"),
        ("no-such", b"\xe9", "é"),
        ("hex", b"\xe9", "é"),
        ("idna", b"\xe9", "é"),
    ],
)
def test_text_is_shown_in_its_charset(client, charset, body, text):
    """Text is decoded as it says, and shown somehow where it does not say right."""
    parameters = () if charset is None else (("charset", charset),)
    (shown,) = take(client, Push(1, ContentType("text/plain", parameters), body))
    assert (shown.kind, shown.text) == ("text", text)
    assert shown.details["octets"] == str(len(body))


def test_other_content_is_shown_by_type_and_size(client):
    """Content that the client has no viewer for is told, not decoded."""
    (shown,) = take(client, Push(1, ContentType("application/vnd.syncml.notification"), b"12345"))
    assert (shown.kind, shown.text) == ("content", "application/vnd.syncml.notification, 5 octets")
    assert shown.details["content-type"] == "application/vnd.syncml.notification"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01\x40",
        Push(1, SIC, b"").encode(),
        Push(1, SLC, si.encode(ServiceIndication("x"))).encode(),
        Push(1, ContentType(si.XML_TYPE), b"<si/>").encode(),
    ],
)
def test_malformed_pushes_are_counted(client, payload):
    """What is no push, or holds broken content, is counted and nothing else."""
    assert client.receive(payload) == ()
    assert client.counts == {"received": 1, "malformed": 1}


@given(st.lists(st.binary() | st.binary().map(lambda rest: b"\1\6\1\xae\2\5\x6a\0" + rest)))
def test_nothing_is_raised_for_what_a_peer_sent(payloads):
    """Whatever arrives, the client lives on, and counts each datagram once."""
    client = Bench()
    for payload in payloads:
        client.receive(payload)
    counts = client.counts
    assert counts.pop("received", 0) == len(payloads)
    assert sum(counts.values()) == len(payloads)
