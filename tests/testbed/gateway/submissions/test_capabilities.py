"""What clients can do: told to who asks, and matched with pushes (WAP-247 §9.12, §9.14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import ccpp, multipart, pap, si
from testbed.codecs.ccpp import Profile
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import MessageState
from testbed.gateway.config import ClientProfiles
from testbed.gateway.initiators import Initiator
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.submissions.capabilities import profile_of
from testbed.gateway.terminal import Terminal
from testbed.gateway.terminal_testing import BenchTerminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    INDICATION,
    MESSAGE,
    MSISDN,
    accounting,
    plmn,
)

START, STOP = 1, 2
OTHER = "447700900456"
IPV4 = f"WAPPUSH={ADDRESS}/TYPE=IPV4@ppg.example"
QUERY = pap.CcqMessage(plmn(), query_id="q", app_id="x-wap-application:wml.ua")
HEADERS = (
    ("Accept", "text/vnd.wap.wml"),
    ("Accept", "image/vnd.wap.wbmp"),
    ("Accept-Charset", "utf-8"),
    ("User-Agent", "Nokia7110/1.0 (04.94)"),
    ("Profile", "http://wap.example/7110.rdf"),
    ("Encoding-Version", "1.3"),
)
SAID = Profile(
    ("text/vnd.wap.wml", "image/vnd.wap.wbmp"),
    ("utf-8",),
    "Nokia7110/1.0 (04.94)",
    "http://wap.example/7110.rdf",
)
TEXT_ONLY = Profile(("text/plain",))
PUSHES = Profile(("application/vnd.wap.sic", "text/plain"))


def away(bench):
    for msisdn in (MSISDN, OTHER):
        view = TerminalView(IMSI, msisdn, reachable=False)
        bench.views[Terminal.by_msisdn(msisdn)] = view
    return bench


@pytest.fixture
def told(make_bench):
    """Makes a gateway whose operator says what clients can do."""

    def make(default=ccpp.NOTHING, must_match=False, **changes):
        clients = changes.pop("clients", {})
        return away(make_bench(client_profiles=ClientProfiles(default, clients, must_match)))

    return make


def ask(bench, query=QUERY, initiator="") -> tuple[pap.CcqResponse, Profile | None]:
    """Return the answer, and the capabilities where they follow."""
    answer = bench.post("application/xml", pap.build(query), initiator=initiator)
    assert answer.status == 202
    if answer.content_type == "application/xml":
        return pap.parse(answer.body), None
    control, capabilities = multipart.parse(answer.content_type, answer.body)
    assert {control.content_type.media, capabilities.content_type.media} == {"application/xml"}
    return pap.parse(control.body), ccpp.parse(capabilities.body)


def online(bench, headers=HEADERS):
    """Let the terminal have an address and a session on it."""
    bench.radius(accounting(START))
    terminal = BenchTerminal(bench, headers=headers)
    terminal.connect()
    return terminal


# ccq-message


@pytest.mark.clause(
    "WAP-247",
    "client capabilities query",
    status="yes: from the headers of its session and the lab file",
)
def test_a_client_is_known_by_its_session(bench):
    """1000, and a second entity with what the headers of its session say."""
    online(bench)
    for address in (plmn(), IPV4):
        answer, profile = ask(bench, replace(QUERY, address=address))
        assert answer == pap.CcqResponse(address, 1000, "OK", "q")
        assert profile == SAID
    assert bench.gateway.counters["capabilities told"] == 2


def test_a_client_without_session_is_not_known_any_more(bench):
    """3008 before and after."""
    assert ask(bench)[0].code == 3008
    terminal = online(bench)
    assert ask(bench)[0].code == 1000
    terminal.client.disconnect(terminal.session, bench.now)
    terminal.settle()
    assert ask(bench)[0].code == 3008


def test_a_client_that_has_gone_offline_is_not_known_any_more(bench):
    """Its address may be another's soon."""
    online(bench)
    bench.radius(accounting(STOP, identifier=2))
    assert ask(bench) == (
        pap.CcqResponse(plmn(), 3008, "no capabilities are known of this client", "q"),
        None,
    )


def test_whoever_had_the_address_before_is_not_taken_for_the_client(bench):
    """Its session still stands at the gateway, for nothing was heard of its end."""
    online(bench)
    bench.now += 60
    who = {"msisdn": OTHER, "imsi": "234150999999998"}
    bench.radius(accounting(START, identifier=2, session="2", **who))
    assert ask(bench, replace(QUERY, address=plmn(OTHER)))[0].code == 3008
    assert ask(bench, replace(QUERY, address=IPV4))[0].code == 3008


def test_a_session_may_say_nothing(bench):
    """A push client's often does."""
    online(bench, headers=(("Bearer-Indication", "12"),))
    assert ask(bench)[0].code == 3008


@pytest.mark.parametrize(
    ("address", "code"), [("x", 2002), ("WAPPUSH=joe/TYPE=USER@ppg.example", 2003)]
)
def test_an_address_that_names_no_client_is_said_to(bench, address, code):
    """As for a push."""
    answer, profile = ask(bench, replace(QUERY, address=address))
    assert (answer.address, answer.query_id, answer.code, profile) == (address, "q", code, None)


def test_the_operator_can_say_what_clients_can_do(told):
    """By MSISDN, also of one that is not there, and by default of all others."""
    bench = told(TEXT_ONLY, clients={OTHER: PUSHES})
    assert ask(bench)[1] == TEXT_ONLY
    assert ask(bench, replace(QUERY, address=plmn(OTHER)))[1] == PUSHES


def test_what_the_session_says_adds_to_what_the_operator_says(told):
    """What it accepts is what either says; by default is only what neither says."""
    own = Profile(("application/vnd.wap.sic",), ("us-ascii",), "another", "http://other.example/")
    bench = told(TEXT_ONLY, clients={MSISDN: own})
    online(bench, headers=HEADERS[:4])
    assert ask(bench)[1] == Profile(
        (*SAID.accept, *own.accept), ("utf-8", "us-ascii"), SAID.user_agent, own.url
    )
    bench = told(Profile(("text/plain",), url="http://any.example/"))
    online(bench, headers=HEADERS[:4])
    assert ask(bench)[1] == replace(SAID, url="http://any.example/")


def test_headers_are_taken_for_what_they_mean():
    """Quality 0 is a refusal; what is no name is passed over; a list may be one header."""
    assert profile_of(
        (
            ("accept", "text/html; level=1; q=0.5, text/plain;q=0, *"),
            ("Accept", "image/png;q=x, nonsense"),
            ("Accept-Charset", "UTF-8, iso-8859-1;q=0.0, a b"),
            ("User-Agent", "a\x00b"),
            ("Profile", "http://nö.example/"),
            ("Profile", '"http://wap.example/a.rdf"'),
        )
    ) == Profile(
        ("text/html", "*/*", "image/png"), ("utf-8",), "a\ufffdb", "http://wap.example/a.rdf"
    )


def test_no_header_upsets_the_answer(bench):
    """A terminal may say what looks like the end of an entity."""
    online(bench, headers=(("User-Agent", "--capabilities-0--"), ("Accept", "<&>")))
    assert ask(bench)[1] == Profile(user_agent="--capabilities-0--")


def test_who_may_not_push_is_told_nothing_of_clients(bench):
    """2001, as for any document."""
    online(bench)
    body = pap.build(QUERY)
    bench.gateway.submit("k", "application/xml", body, bench.now, forbidden="you may not")
    bench.settle()
    answer = pap.parse(bench.answers["k"].body)
    assert (answer.query_id, answer.code, answer.desc) == ("q", 2001, "you may not")


def test_a_query_counts_towards_the_rate(make_bench):
    """4001 beyond it."""
    bench = make_bench(initiators=(Initiator("shop", rate=1.0, burst=1),))
    online(bench)
    assert [ask(bench, initiator="shop")[0].code for _ in range(2)] == [1000, 4001]


# The capabilities entity of a push


def push(bench, assumed: Profile | bytes | None, content=None, kind="application/xml", **changes):
    """Submit a push with what its initiator takes the client to accept."""
    if assumed is None:
        return bench.submit(replace(MESSAGE, **changes), content)
    body = ccpp.build(assumed) if isinstance(assumed, Profile) else assumed
    parts = [
        Part(ContentType("application/xml"), pap.build(replace(MESSAGE, **changes))),
        content or Part(ContentType(si.XML_TYPE), si.build(INDICATION)),
        Part(ContentType(kind), body),
    ]
    return pap.parse(bench.post(*multipart.build(parts, boundary="b")).body)


def test_what_an_initiator_takes_for_granted_and_is_not_there_is_a_mismatch(told):
    """2005 names what the client does not accept."""
    bench = told(PUSHES)
    answer = push(bench, Profile(("text/plain", "image/gif")))
    assert isinstance(answer, pap.PushResponse)
    assert (answer.push_id, answer.code) == ("1@pi.example", 2005)
    assert answer.desc == f"+{MSISDN} does not accept image/gif"
    assert bench.store.find("1@pi.example") is None


def test_content_that_the_client_does_not_accept_is_not_supported(told):
    """2006, where the assumption is right but the content is something else."""
    answer = push(told(TEXT_ONLY), TEXT_ONLY)
    assert answer.code == 2006
    assert answer.desc.endswith("does not accept the content: application/vnd.wap.sic")


def test_what_fits_is_accepted(told):
    """The content by its name before conversion, or after; a range stands for its types."""
    for accept in ("text/vnd.wap.si", "application/vnd.wap.sic", "application/*", "*/*"):
        profile = Profile((accept,))
        assert push(told(profile), profile).code == 1001


def test_a_session_counts_where_matching_is_asked_for(bench):
    """It accepts pages only: an SI is not among them."""
    away(bench)
    online(bench)
    assert push(bench, SAID).code == 2006
    assert push(bench, TEXT_ONLY).code == 2005
    page = Part(ContentType("image/vnd.wap.wbmp"), b"\0\0\1\1\0")
    assert push(bench, SAID, page).code == 1001


def test_a_session_does_not_count_where_nobody_asks_for_matching(bench):
    """It is the browser's, and pushes are for others too."""
    away(bench)
    online(bench)
    assert push(bench, None).code == 1001


def test_the_operators_word_counts_for_every_push(told):
    """2006 without a capabilities entity as well, unless the session accepts more."""
    bench = told(clients={MSISDN: TEXT_ONLY})
    assert push(bench, None).code == 2006
    assert push(bench, None, Part(ContentType("text/plain"), b"hello")).code == 1001
    online(bench, headers=(("Accept", "application/vnd.wap.sic"),))
    assert push(bench, None, push_id="2@pi.example").code == 1001


def test_what_holds_by_default_gives_way_to_the_session(told):
    """Nothing is matched then unless it is asked for."""
    bench = told(TEXT_ONLY)
    assert push(bench, None).code == 2006
    online(bench)
    assert push(bench, None).code == 1001


@pytest.mark.clause(
    "WAP-247",
    "capabilities entity matched with what is known of the client: 2005, 2006, 3004",
    status="CcppAccept alone",
)
def test_each_address_has_its_own_match(told):
    """One client fits; the other is rejected with its code and reported so."""
    bench = told(PUSHES, clients={OTHER: Profile(("image/png",))})
    addresses = (plmn(OTHER), "x", plmn())
    assert push(bench, Profile(("text/plain",)), addresses=addresses).code == 1001
    assert [(n.address, n.state, n.code) for n in bench.notifications] == [
        (plmn(OTHER), MessageState.REJECTED, 2005),
        ("x", MessageState.REJECTED, 2002),
    ]
    assert not bench.delivery(number=2).state.final


def test_of_whom_nothing_is_known_everything_is_accepted(bench):
    """The entity is no reason to refuse what would be pushed without it."""
    assert push(away(bench), TEXT_ONLY).code == 1001


def test_matching_can_be_required(told):
    """3004 where nothing is known of what the client accepts; else as usual."""
    bench = told(must_match=True, clients={OTHER: PUSHES})
    answer = push(bench, TEXT_ONLY)
    assert (answer.code, answer.desc) == (3004, f"it is not known what +{MSISDN} accepts")
    assert push(bench, TEXT_ONLY, addresses=(plmn(OTHER),)).code == 1001
    assert push(bench, None, push_id="2@pi.example").code == 1001


@pytest.mark.parametrize(
    ("entity", "place"),
    [(b"<rdf:RDF>", "line 1, column"), (b"<html/>", "html is not RDF"), (b"", "no element")],
)
def test_a_malformed_capabilities_entity_is_a_bad_request(bench, entity, place):
    """2000, with line and column: the document itself is right, so a push-response says it."""
    answer = push(bench, entity)
    assert isinstance(answer, pap.PushResponse)
    assert answer.code == 2000
    assert answer.desc.startswith("capabilities entity: line")
    assert place in answer.desc


def test_capabilities_in_another_form_cannot_be_matched(bench):
    """3004: binary UAProf, say."""
    answer = push(bench, b"\x03\x01\x6a\x00", kind="application/vnd.wap.uaprof")
    assert answer.code == 3004
