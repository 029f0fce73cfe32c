"""What a handset's browser fetches, and what it shows."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from corenet.interfaces.application import Shown
from corenet.mobile.testing import ScriptedHost
from testbed.codecs import co, mms, sl, wtp
from testbed.codecs.co import CacheOperation, Invalidation, Scope
from testbed.codecs.media import ContentType
from testbed.codecs.sl import Action, ServiceLoading
from testbed.codecs.wsp import Push
from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import Get, Post, Reply, encode_unit
from testbed.codecs.wsp.pdus import Push as SessionPush
from testbed.codecs.wtp import UserAbort
from testbed.handset.browser import Browser
from testbed.handset.handset import handsets
from testbed.handset.settings import HandsetSettings, Mode, OnPush, PushBehaviour, WapGateway
from testbed.wap.server import GRANTED, SessionServer

GATEWAY, SECOND = ("192.0.2.9", 9201), ("192.0.2.10", 9201)
ADDRESS = "10.45.0.7"
MAIL = "http://www.example.com/mail"
TEXT = ContentType("text/plain")
DECK = ContentType("application/vnd.wap.wmlc")
# wml, card title="Mail", p: "Four new"
FOUR_NEW = bytes.fromhex(
    "02046a00"
    + "7f"
    + "e7"
    + "36"
    + "034d61696c00"
    + "01"
    + "60"
    + "03466f7572206e657700"
    + "010101"
)


class Lab:
    """A handset with a browser, and the gateways around it."""

    def __init__(self, around, mode=Mode.SESSION, push=None):
        self.around = around
        self.host = around.host
        self.mode = mode
        settings = HandsetSettings(push or PushBehaviour(), WapGateway("192.0.2.9", mode))
        self.applications = handsets({self.host.imsi: settings})(self.host)
        self.gateway = (
            around.gateway(GATEWAY) if mode is Mode.SESSION else around.datagram_gateway()
        )

    @property
    def browser(self):
        return self.applications[1]

    def open(self, url=MAIL):
        """Have the user tap on something; return what is shown then."""
        before = len(self.host.shown)
        assert self.browser.tapped(Shown("SI", "Mail", {"href": url}), self.host.now)
        self.around.carry()
        return self.host.shown[before:]

    def tell(self, verb, *arguments):
        """Tell the applications of a context."""
        for application in self.applications:
            getattr(application, verb)(*arguments, self.host.now)
        self.around.carry()


@pytest.fixture(params=list(Mode))
def lab(request, around):
    """A lab for each of the two ways to ask."""
    return Lab(around, request.param)


@pytest.fixture
def on_session(around):
    return Lab(around)


@pytest.fixture
def in_datagrams(around):
    return Lab(around, Mode.CONNECTIONLESS)


def last_error(lab):
    """Return the text of the last thing shown, which is an error."""
    shown = lab.host.shown[-1]
    assert (shown.kind, shown.details) == ("error", {"href": MAIL})
    return shown.text


# Pages


@pytest.mark.clause(
    "WAP-230 §6.3, §6.4", "S-MethodInvoke and S-Unit-MethodInvoke by the terminal's browser"
)
def test_deck_is_shown_by_title_and_text(lab):
    """What the card says, decoded from binary WML; the rest is in the details."""
    lab.gateway.replies[MAIL] = Reply(200, DECK, FOUR_NEW)
    (page,) = lab.open()
    assert page == Shown(
        "page",
        "Four new",
        {
            "href": MAIL,
            "status": "200",
            "octets": str(len(FOUR_NEW)),
            "content-type": "application/vnd.wap.wmlc",
            "title": "Mail",
        },
    )
    fetched = {"url": MAIL, "status": "200", "octets": str(len(FOUR_NEW))}
    assert lab.host.reports == [("page fetched", fetched)]


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        (ContentType("text/vnd.wap.wml"), b"<wml><card><p>Hi</p></card></wml>", "Hi"),
        (ContentType("text/html"), b"<title>Only a title</title>", "Only a title"),
        (TEXT, b"plain", "plain"),
        (ContentType("text/plain", (("charset", "iso-8859-1"),)), b"caf\xe9", "caf\xe9"),
        (ContentType("text/plain", (("charset", "none"),)), b"caf\xe9", "caf\xe9"),
        (ContentType("image/vnd.wap.wbmp"), bytes(9), "image/vnd.wap.wbmp, 9 octets"),
        (TEXT, b"", ""),
        (None, b"", ""),
        (TEXT, b"x" * 5000, "x" * 4000),
    ],
)
def test_page_is_shown_as_its_type_says(on_session, kind, body, shown):
    """Text where there is any, else type and size."""
    on_session.gateway.replies[MAIL] = Reply(200, kind, body)
    on_session.open()
    on_session.around.wait(1)
    (page,) = on_session.host.shown
    assert (page.kind, page.text) == ("page", shown)


def test_deck_that_cannot_be_read_says_so(lab):
    """The user sees where it breaks."""
    lab.gateway.replies[MAIL] = Reply(200, DECK, FOUR_NEW[:-12])
    (page,) = lab.open()
    assert page.text.startswith("application/vnd.wap.wmlc that cannot be read: octet ")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(404, TEXT, b"No such mail"), "No such mail"),
        (Reply(502, DECK, FOUR_NEW), "Four new"),
        (Reply(500), "the answer has status 500"),
        (Reply(302, TEXT), "the answer has status 302"),
    ],
)
def test_error_of_the_server_is_shown(lab, reply, text):
    """With what the answer says, or else its status."""
    lab.gateway.replies[MAIL] = reply
    (error,) = lab.open()
    assert (error.kind, error.text) == ("error", text)
    assert error.details["status"] == str(reply.status)


def test_redirections_are_followed(lab):
    """Relative ones too; the page has the address at which it was found."""
    lab.gateway.replies[MAIL] = Reply(302, TEXT, headers=(("Location", "/inbox"),))
    inbox = "http://www.example.com/inbox"
    lab.gateway.replies[inbox] = Reply(200, TEXT, b"empty")
    (page,) = lab.open()
    assert (page.text, page.details["href"]) == ("empty", inbox)


def test_redirections_end(lab):
    """Five are enough."""
    lab.gateway.replies[MAIL] = Reply(301, TEXT, headers=(("Location", MAIL),))
    lab.open()
    assert last_error(lab) == "more than 5 redirections"


@pytest.mark.parametrize("location", ["tel:+447700900123", "http://[", "//["])
def test_redirection_to_what_is_no_page_is_an_error(lab, location):
    """It is named."""
    lab.gateway.replies[MAIL] = Reply(302, TEXT, headers=(("Location", location),))
    lab.open()
    assert last_error(lab) == f"a redirection to {location}"


@pytest.mark.parametrize("url", ["mail", "wtai://wp/mc;5551234", "http://", "http://["])
def test_address_that_no_gateway_could_fetch_is_an_error(lab, url):
    """Nothing is sent."""
    (error,) = lab.open(url)
    assert (error.kind, error.text) == ("error", f"{url} is no address of a page")
    assert lab.around.passed == []


def test_nothing_opens_without_an_address(lab):
    """A tap on plain text is not the browser's."""
    assert not lab.browser.tapped(Shown("text", "hello"), lab.host.now)


def test_pages_are_fetched_one_after_the_other(lab):
    """Each once, however often it is asked for meanwhile; too many at once are refused."""
    urls = [f"http://www.example.com/{number}" for number in range(10)]
    for url in urls:
        lab.open(url)
    lab.open(urls[0])
    lab.open(urls[3])
    (refused,) = lab.host.shown
    assert (refused.kind, refused.details["href"]) == ("error", urls[9])
    assert refused.text == "8 other pages wait to be fetched"
    for url in urls:
        lab.gateway.replies[url] = Reply(200, TEXT, url.encode())
    if lab.mode is Mode.SESSION:
        (asked,) = (event for event in lab.gateway.told if hasattr(event, "request"))
        lab.gateway.do("reply", asked.transaction, lab.gateway.replies[urls[0]])
    else:
        lab.around.wait(15)
    assert [page.text for page in lab.host.shown[1:]] == urls[:9]


# Contexts


def test_context_is_activated_where_there_is_none(lab):
    """The page is fetched when it is there."""
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"here")
    lab.host.address = None
    assert lab.open() == []
    assert (lab.host.activations, lab.around.passed) == (1, [])
    lab.host.address = ADDRESS
    lab.tell("context_activated", ADDRESS)
    assert [page.text for page in lab.host.shown] == ["here"]
    lab.tell("context_activated", ADDRESS)
    lab.tell("context_refused")
    assert len(lab.host.shown) == 1


def test_no_context_means_no_page(lab):
    """Refused at once, or later."""
    lab.host.address = None
    lab.open()
    lab.tell("context_refused")
    assert last_error(lab) == "no PDP context"
    lab.host.may_activate = False
    lab.open()
    assert len(lab.host.shown) == 2
    assert last_error(lab) == "no PDP context"


def test_context_that_goes_takes_the_page_with_it(lab):
    """The user is told; nothing is left, and the next page can be asked for."""
    lab.open()
    lab.tell("context_ended", "10.46.0.1")
    assert lab.host.shown == []
    lab.host.address = None
    lab.tell("context_ended", ADDRESS)
    assert last_error(lab) == "the PDP context is gone"
    lab.around.wait(600)
    assert lab.around.is_at_rest()
    lab.host.address = "10.45.0.8"
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"again")
    assert [page.text for page in lab.open()] == ["again"]


def test_context_that_goes_after_the_page_is_no_error(lab):
    """A session waits for another one, and not for ever."""
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"here")
    lab.open()
    lab.tell("context_ended", ADDRESS)
    lab.tell("context_ended", ADDRESS)
    assert len(lab.host.shown) == 1
    lab.around.wait(600)
    assert lab.around.is_at_rest()


# Without a session


def test_question_in_a_datagram_is_repeated(in_datagrams):
    """The same question from the same port, and then no more."""
    in_datagrams.open()
    in_datagrams.around.wait(59)
    assert in_datagrams.host.shown == []
    questions = in_datagrams.around.passed
    assert len(questions) == 4
    assert len(set(questions)) == 1
    in_datagrams.around.wait(1)
    assert last_error(in_datagrams) == "the gateway does not answer"
    assert in_datagrams.around.is_at_rest()


def test_headers_say_what_the_handset_takes(lab):
    """In each datagram, or once for the session."""
    lab.open()
    if lab.mode is Mode.SESSION:
        headers = lab.gateway.told[0].headers
    else:
        ((_, request),) = lab.gateway.asked
        headers = request.headers
    assert ("Accept", "application/vnd.wap.wmlc") in headers
    assert ("User-Agent", "Corenet handset") in headers


def test_answers_that_do_not_belong_to_the_question_are_counted(in_datagrams):
    """Another transaction, another sender, another PDU, or nothing at all."""
    lab = in_datagrams
    lab.open()
    (_, (_, port), _) = (None, lab.around.passed[0][0], None)
    ((tid, request),) = lab.gateway.asked
    place = lab.gateway.place
    reply = encode_unit(tid, Reply(200, TEXT))
    lab.host.arrive(encode_unit(tid ^ 1, Reply(200, TEXT)), place, port)
    lab.host.arrive(reply, ("192.0.2.66", 9200), port)
    lab.host.arrive(encode_unit(tid, request), place, port)
    lab.host.arrive(b"", place, port)
    assert lab.host.shown == []
    assert lab.host.counters == {"unexpected_answers": 3, "malformed_answers": 1}
    lab.host.arrive(reply, place, port)
    assert len(lab.host.shown) == 1


def test_transactions_are_numbered(in_datagrams):
    """Each question has the next id, of one octet."""
    lab = in_datagrams
    for number in range(257):
        url = f"{MAIL}/{number}"
        lab.gateway.replies[url] = Reply(200, TEXT, b"x")
        lab.open(url)
    tids = [tid for tid, _ in lab.gateway.asked]
    assert tids[0] == tids[256]
    assert len(set(tids)) == 256


# On a session


def test_session_serves_for_several_pages_and_is_ended_when_idle(on_session):
    """Two minutes after the last one, with a word to the gateway."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    lab.around.wait(100)
    lab.open()
    lab.around.wait(119)
    assert len(lab.gateway.server.sessions()) == 1
    lab.around.wait(1)
    assert lab.gateway.names().count("SessionEstablished") == 1
    assert lab.gateway.server.sessions() == ()
    lab.around.wait(100)
    assert lab.around.is_at_rest()


def move(lab, address="10.45.0.8"):
    """Take the handset's context away, and give it another one."""
    lab.host.address = None
    lab.tell("context_ended", ADDRESS)
    lab.gateway.names()
    lab.around.passed.clear()
    lab.host.address = address


def test_session_is_resumed_from_another_context(on_session):
    """From another address: the gateway has the same session, and is asked on it."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    session = lab.gateway.session
    move(lab)
    assert lab.around.passed == []
    lab.open()
    assert [page.kind for page in lab.host.shown] == ["page", "page"]
    assert lab.gateway.names()[0] == "SessionResumed"
    assert lab.gateway.session == session
    assert {local for local, destination, _ in lab.around.passed if destination == GATEWAY} == {
        ("10.45.0.8", 49_153)
    }
    lab.around.wait(300)
    assert lab.gateway.server.sessions() == ()
    assert lab.around.is_at_rest()


def test_session_that_cannot_be_resumed_is_opened_anew(on_session):
    """The gateway has lost it meanwhile."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    move(lab)
    lab.gateway = lab.around.gateway(GATEWAY)
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"y")
    assert [page.text for page in lab.open()] == ["y"]
    assert lab.gateway.names()[:2] == ["SessionRequested", "SessionEstablished"]


def test_session_that_the_gateway_does_not_resume_is_opened_anew(on_session):
    """It says so with a status."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    move(lab)
    del lab.around.gateways[GATEWAY]
    lab.open()
    (local, _, octets) = lab.around.passed[0]
    invoke = wtp.decode(octets)
    gateway = lab.around.gateway(GATEWAY)
    gateway.replies[MAIL] = Reply(200, TEXT, b"y")
    refusal = wtp.Result(tid=invoke.tid | 0x8000, data=Reply(403, TEXT).encode())
    lab.host.arrive(refusal.encode(), GATEWAY, local[1])
    lab.around.carry()
    assert lab.host.shown[-1].text == "y"


def test_gateway_that_is_gone_at_the_resumption_is_asked_for_another_session(on_session):
    """Which it does not open either: an error, and rest."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    move(lab)
    del lab.around.gateways[GATEWAY]
    lab.open()
    lab.around.wait(300)
    assert last_error(lab) == "the gateway opens no session (aborted)"
    assert lab.around.is_at_rest()


def test_session_without_resumption_ends_with_its_context(on_session):
    """Where the gateway has not agreed to it."""
    lab = on_session
    agreed = replace(GRANTED, options=ProtocolOption(0))
    lab.gateway.server = SessionServer(random=Random(1), granted=agreed)
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    move(lab)
    assert lab.around.is_at_rest()
    lab.open()
    assert "SessionEstablished" in lab.gateway.names()


def test_context_that_goes_during_the_resumption_ends_the_session(on_session):
    """The next page is asked for on another one."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    move(lab)
    kept = lab.around.gateways.pop(GATEWAY)
    lab.open()
    lab.tell("context_ended", "10.45.0.8")
    assert last_error(lab) == "the PDP context is gone"
    assert lab.around.is_at_rest()
    lab.around.gateways[GATEWAY] = kept
    assert [page.kind for page in lab.open()] == ["page"]


def test_long_page_comes_in_segments(on_session):
    """WTP takes it apart, and puts it together again."""
    on_session.gateway.replies[MAIL] = Reply(200, TEXT, b"abc" * 5000)
    on_session.open()
    on_session.around.wait(1)
    (page,) = on_session.host.shown
    assert page.details["octets"] == "15000"
    assert max(len(payload) for _, _, payload in on_session.around.passed) <= 1472


def test_gateway_that_is_not_there_opens_no_session(on_session):
    """WTP tries for its time."""
    del on_session.around.gateways[GATEWAY]
    on_session.open()
    on_session.around.wait(100)
    assert last_error(on_session) == "the gateway opens no session (aborted)"
    on_session.around.wait(100)
    assert on_session.around.is_at_rest()


def test_refused_session_is_an_error(on_session):
    """With its status."""
    lab = on_session
    lab.gateway.grants = False
    lab.open()
    lab.gateway.do("refuse", lab.gateway.session, Reply(503, TEXT))
    assert last_error(lab) == "the gateway grants no session (status 503)"


@pytest.mark.parametrize("permanent", [False, True])
def test_handset_connects_elsewhere_when_told(on_session, permanent):
    """For this session, or for all that follow."""
    lab = on_session
    lab.gateway.grants = False
    second = lab.around.gateway(SECOND)
    second.replies[MAIL] = Reply(200, TEXT, b"second")
    lab.open()
    contacts = (ContactPoint.for_ip(*SECOND),)
    lab.gateway.do("redirect", lab.gateway.session, contacts, permanent=permanent)
    assert lab.host.shown[-1].text == "second"
    lab.around.wait(300)
    lab.gateway.names()
    lab.open()
    assert (lab.gateway.names() == []) is permanent


def test_redirections_of_sessions_end(on_session):
    """A gateway that sends the handset to itself does not keep it busy."""
    lab = on_session
    lab.gateway.grants = False
    lab.open()
    for _ in range(3):
        lab.gateway.do("redirect", lab.gateway.session, (ContactPoint.for_ip(*GATEWAY),))
    assert last_error(lab) == "the gateway keeps no session"


def test_redirection_to_no_place_over_ip_is_an_error(on_session):
    """IPv6, say."""
    lab = on_session
    lab.gateway.grants = False
    lab.open()
    lab.gateway.do("redirect", lab.gateway.session, (ContactPoint.for_ip("2001:db8::1"),))
    assert "sends elsewhere" in last_error(lab)


def test_gateway_that_has_lost_the_session_is_asked_on_another(on_session):
    """It says so when it is asked, and the user sees nothing of it."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"first")
    lab.open()
    lab.around.wait(80)
    lab.gateway = lab.around.gateway(GATEWAY)
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"second")
    (page,) = lab.open()
    assert page.text == "second"
    assert lab.gateway.names()[:2] == ["SessionRequested", "SessionEstablished"]


def test_gateway_that_ends_the_session_while_it_is_asked_is_asked_again(on_session):
    """Up to the third session."""
    lab = on_session
    lab.open()
    for _ in range(3):
        lab.gateway.do("disconnect", lab.gateway.session)
    assert last_error(lab) == "the gateway keeps no session"


def test_gateway_that_ends_the_session_afterwards_is_no_error(on_session):
    """Another session is opened for the next page."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.open()
    lab.gateway.do("disconnect", lab.gateway.session)
    lab.open()
    assert [page.kind for page in lab.host.shown] == ["page", "page"]


def test_suspended_session_is_replaced(on_session):
    """The gateway gives a method up by suspending: the handset asks on another session."""
    lab = on_session
    lab.open()
    method = lab.gateway.told[-1]
    lab.gateway.do("abort_method", method.transaction)
    assert last_error(lab) == "the gateway gives no answer (user request)"
    lab.open()
    method = lab.gateway.told[-1]
    lab.gateway.server.abort_method(method.transaction, lab.host.now, UserAbort.SUSPEND)
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.around.carry()
    assert lab.host.shown[-1].kind == "page"


def test_gateway_that_falls_silent_is_an_error(on_session):
    """The session is given up with the method; the next page is asked for on another."""
    lab = on_session
    lab.open()
    lab.around.wait(200)
    assert last_error(lab) == "the gateway gives no answer (no response)"
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    lab.gateway.names()
    assert [page.kind for page in lab.open()] == ["page"]
    assert "SessionEstablished" in lab.gateway.names()


def test_question_that_is_too_long_is_an_error(on_session):
    """Longer than the gateway takes."""
    url = MAIL + "?" + "a" * 300_000
    on_session.open(url)
    assert on_session.host.shown[-1].text == "300032 octets, and the server takes 262144"


# Pushes that lead to pages


def test_service_loading_is_opened(lab):
    """It is shown, and then what it leads to."""
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"loaded")
    loading = sl.encode(ServiceLoading(MAIL, Action.EXECUTE_HIGH))
    lab.around.push(Push(1, ContentType(sl.WBXML_TYPE), loading))
    assert [(shown.kind, shown.text) for shown in lab.host.shown] == [
        ("SL", MAIL),
        ("page", "loaded"),
    ]


def preload(lab):
    loading = sl.encode(ServiceLoading(MAIL, Action.CACHE))
    lab.around.push(Push(1, ContentType(sl.WBXML_TYPE), loading))


def test_service_loading_for_the_cache_is_fetched_without_a_sign(lab):
    """When the user opens it, it comes from the cache, for as long as it may be kept."""
    lab.gateway.replies[MAIL] = Reply(
        200, TEXT, b"kept", headers=(("Cache-Control", "max-age=60"), ("X-Other", "1"))
    )
    preload(lab)
    assert lab.host.shown == []
    del lab.gateway.replies[MAIL]
    assert [page.text for page in lab.open()] == ["kept"]
    lab.around.wait(60)
    assert lab.open() == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, TEXT, b"x", headers=(("Cache-Control", "no-store"),)),
        Reply(200, TEXT, b"x", headers=(("Cache-Control", "private, no-cache"),)),
        Reply(404, TEXT, b"x"),
    ],
)
def test_what_may_not_be_kept_is_not(lab, reply):
    """An error is no page, and a server may forbid it."""
    lab.gateway.replies[MAIL] = reply
    preload(lab)
    del lab.gateway.replies[MAIL]
    assert lab.open() == []


def test_failure_to_fetch_for_the_cache_is_not_shown(lab):
    """It is reported."""
    lab.host.address = None
    lab.host.may_activate = False
    preload(lab)
    assert lab.host.shown == []
    assert lab.host.reports == [("page not fetched", {"url": MAIL, "reason": "no PDP context"})]


def test_user_may_ask_for_what_is_being_fetched_for_the_cache(lab):
    """Then it is shown when it comes."""
    preload(lab)
    lab.open()
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"x")
    if lab.mode is Mode.SESSION:
        lab.gateway.do("reply", lab.gateway.told[-1].transaction, lab.gateway.replies[MAIL])
    else:
        lab.around.wait(15)
    assert [page.text for page in lab.host.shown] == ["x"]


@pytest.mark.parametrize(
    ("scope", "uri", "kept"),
    [
        (Scope.OBJECT, MAIL, False),
        (Scope.OBJECT, "http://www.example.com/", True),
        (Scope.SERVICE, "http://www.example.com/", False),
        (Scope.SERVICE, "http://www.example.org/", True),
    ],
)
@pytest.mark.clause("WAP-168 §6", "SL at the terminal: execute, cache; WAP-175 CO obeyed")
def test_cache_operation_is_obeyed(lab, scope, uri, kept):
    """One object, or every one of a service."""
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"kept")
    preload(lab)
    operation = co.encode(CacheOperation((Invalidation(scope, uri),)))
    lab.around.push(Push(1, ContentType(co.WBXML_TYPE), operation))
    del lab.gateway.replies[MAIL]
    assert bool(lab.open()) is kept


def test_cache_keeps_a_few_pages(lab):
    """The oldest gives way."""
    for number in range(9):
        url = f"{MAIL}/{number}"
        lab.gateway.replies[url] = Reply(200, TEXT, b"x")
        lab.browser.preload(url, lab.host.now)
        lab.around.carry()
    lab.gateway.replies.clear()
    assert lab.open(f"{MAIL}/1")
    assert lab.open(f"{MAIL}/0") == []


def test_push_session_and_browser_live_side_by_side(on_session):
    """With the same gateway, each from a port of its own."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"loaded")
    lab.around.invite(GATEWAY)
    session = lab.gateway.session
    loading = sl.encode(ServiceLoading(MAIL))
    lab.gateway.do("push", session, SessionPush(ContentType(sl.WBXML_TYPE), loading))
    assert [shown.kind for shown in lab.host.shown] == ["SL", "page"]
    assert len(lab.gateway.server.sessions()) == 2


# Settings


def test_way_to_the_gateway_can_be_changed(on_session):
    """For the pages that are fetched from then on, those that wait included."""
    lab = on_session
    datagrams = lab.around.datagram_gateway()
    second = MAIL + "/2"
    lab.open(MAIL)
    lab.open(second)
    assert lab.browser.configure("wap_mode", "connectionless")
    datagrams.replies[second] = Reply(200, TEXT, b"in a datagram")
    lab.gateway.do("reply", lab.gateway.told[-1].transaction, Reply(200, TEXT, b"on a session"))
    assert [page.text for page in lab.host.shown] == ["on a session", "in a datagram"]
    assert lab.gateway.names()[-1] == "ReplyConfirmed"
    lab.around.wait(1000)
    assert lab.around.is_at_rest()


def test_gateway_can_be_changed(on_session):
    """The session with the other one is forgotten."""
    lab = on_session
    lab.gateway.replies[MAIL] = Reply(200, TEXT, b"first")
    second = lab.around.gateway(SECOND)
    second.replies[MAIL] = Reply(200, TEXT, b"second")
    lab.open()
    assert lab.browser.configure("wap_gateway", SECOND[0])
    lab.open()
    assert [page.text for page in lab.host.shown] == ["first", "second"]
    assert not lab.browser.configure("on_push", "confirm")


@pytest.mark.parametrize(("name", "value"), [("wap_gateway", "gw"), ("wap_mode", "fast")])
def test_way_that_there_is_not_is_refused(on_session, name, value):
    """With a word on what is wrong."""
    with pytest.raises(ValueError, match=value):
        on_session.browser.configure(name, value)


def test_handset_without_a_gateway_has_no_browser():
    """A service to load is shown and not opened; nothing takes a tap."""
    host = ScriptedHost()
    settings = HandsetSettings(PushBehaviour(OnPush.NO_SESSION))
    (client,) = handsets({"1": HandsetSettings(gateway=WapGateway("192.0.2.9"))}, settings)(host)
    assert not client.tapped(Shown("SL", MAIL, {"href": MAIL}), host.now)
    loading = sl.encode(ServiceLoading(MAIL))
    push = Push(1, ContentType(sl.WBXML_TYPE), loading).encode()
    host.arrive(push, ("192.0.2.9", 9200), 2948)
    assert [shown.kind for shown in host.shown] == ["SL"]
    assert host.sent == []


def test_settings_are_those_of_the_imsi():
    """The usual ones have no gateway."""
    host = ScriptedHost()
    own = HandsetSettings(gateway=WapGateway("192.0.2.9"))
    assert isinstance(handsets({host.imsi: own})(host)[1], Browser)
    assert len(handsets({"1": own})(ScriptedHost())) == 1


# Multimedia messages

CENTRE = "http://mmsc.example/a"
MMS = ContentType(mms.MEDIA_TYPE)
# m-retrieve-conf, version 1.2, subject "Hi", multipart/mixed: text/plain "Hello", image/jpeg
MESSAGE = bytes.fromhex("8c84 8d92 96486900 84a3 02 0105 83 48656c6c6f 0103 9e ffd8ff")
FETCHED = Shown(
    "MMS message",
    "Hello",
    {"transaction-id": "T1234", "subject": "Hi", "content": "image/jpeg, 3 octets"},
)


class Centre:
    """Where a multimedia message is, and what becomes of it is told."""

    def __init__(self, lab, reply=None, acknowledged=204):
        self.asked = []
        self._reply = reply or Reply(200, MMS, MESSAGE)
        self._acknowledged = Reply(acknowledged, None, b"")
        lab.gateway.replies[CENTRE] = self.answer

    def answer(self, request):
        self.asked.append(request)
        return self._reply if isinstance(request, Get) else self._acknowledged

    @property
    def told(self):
        """What it was told."""
        return [request.body for request in self.asked if isinstance(request, Post)]


def notify(lab):
    """Have the handset be notified by a push; return what is shown then, behind that."""
    before = len(lab.host.shown)
    body = bytes.fromhex(
        "8c82985431323334008d928a80" + "8e0230398805810303f48083" + CENTRE.encode().hex() + "00"
    )
    lab.around.push(Push(1, MMS, body))
    shown = lab.host.shown[before:]
    assert shown[0].kind == "MMS"
    return shown[1:]


@pytest.mark.clause("OMA MMS §6.2, §6.3", "Immediate retrieval, and m-notifyresp-ind")
def test_message_is_fetched_and_acknowledged(lab):
    """By a Get of where it is, and a Post there that says retrieved."""
    centre = Centre(lab)
    assert notify(lab) == [FETCHED]
    assert [(type(request), request.uri) for request in centre.asked] == [
        (Get, CENTRE),
        (Post, CENTRE),
    ]
    assert centre.asked[1].content_type == MMS
    assert centre.told == [mms.encode_notify_response("T1234", mms.Status.RETRIEVED)]
    assert [what for what, _ in lab.host.reports] == [
        "multimedia message fetched",
        "multimedia message acknowledged",
    ]


def test_message_brings_up_a_context(on_session):
    """Where there is none, as for a notification that came as a short message."""
    centre = Centre(on_session)
    on_session.host.address = None
    assert notify(on_session) == []
    on_session.host.address = ADDRESS
    on_session.tell("context_activated", ADDRESS)
    assert on_session.host.shown[-1] == FETCHED
    assert len(centre.told) == 1


def test_message_that_is_none_is_unrecognised(lab):
    """The user sees an error; the centre is told."""
    centre = Centre(lab, Reply(200, MMS, b"rubbish"))
    (shown,) = notify(lab)
    assert (shown.kind, shown.details) == ("error", {"href": CENTRE})
    assert centre.told == [mms.encode_notify_response("T1234", mms.Status.UNRECOGNISED)]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(404, None, b""), "the answer has status 404"),
        (
            Reply(200, MMS, bytes.fromhex("8c84 8d92 99e2 9a676f6e6500")),
            "its centre says: gone",
        ),
    ],
)
def test_message_that_is_not_to_be_had_is_an_error(lab, reply, why):
    """Nothing has become of it, so nothing is told."""
    centre = Centre(lab, reply)
    (shown,) = notify(lab)
    assert (shown.kind, shown.text) == ("error", why)
    assert centre.told == []
    assert lab.host.reports == [("multimedia message not fetched", {"url": CENTRE, "reason": why})]


def test_acknowledgement_that_fails_is_no_concern_of_the_users(lab):
    """The message is there; the event tells that its centre does not know."""
    Centre(lab, acknowledged=500)
    assert notify(lab) == [FETCHED]
    assert lab.host.reports[-1][0] == "multimedia message not acknowledged"


def test_next_page_is_fetched_after_a_message(on_session):
    """One after the other."""
    Centre(on_session)
    on_session.gateway.replies[MAIL] = Reply(200, TEXT, b"mail")
    assert notify(on_session) == [FETCHED]
    (page,) = on_session.open()
    assert page.text == "mail"
