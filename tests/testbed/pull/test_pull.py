"""Requests of terminals: what is fetched for them, and what they are answered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import Get, Method, Post, Push, Reply, encode_unit
from testbed.pull.config import PullConfig, PullLimits
from testbed.pull.effects import FetchFailure
from testbed.pull.events import PageServed, RequestAbandoned
from tests.testbed.pull.conftest import MSISDN, PEER, TEXT, URL, WMLC, PullBench, post

OTHER = ("10.45.0.8", 49152)
PLAIN = ContentType("text/plain")

# Requests and replies


def test_a_page_is_fetched_and_answered(bench):
    """Get without a session: one fetch, one datagram with the same transaction id."""
    bench.get()
    (fetch,) = bench.fetches
    assert (fetch.method, fetch.url, fetch.body, fetch.timeout) == ("GET", URL, None, 30.0)
    assert bench.datagrams == []
    bench.answer(200, b"hello")
    assert bench.reply == Reply(200, PLAIN, b"hello")


def test_a_page_is_fetched_for_a_session(bench):
    """Get on a session: the reply goes to the transaction."""
    bench.method(Get(URL))
    bench.answer(200, b"hello")
    assert bench.answered == Reply(200, PLAIN, b"hello")
    assert bench.datagrams == []


def test_what_is_posted_goes_along(bench):
    """Post carries content type and body."""
    bench.unit(post(b"a=1&b=2"))
    (fetch,) = bench.fetches
    assert (fetch.method, fetch.body) == ("POST", b"a=1&b=2")
    assert bench.sent("Content-Type") == ["application/x-www-form-urlencoded"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "HEAD", "DELETE"])
@pytest.mark.clause("WAP-230 §8.2.3.2, §8.2.3.3", "Get, Options, Head, Delete; Post, Put")
def test_methods_without_a_body_are_passed_on(bench, method):
    """Under the name that HTTP has for them."""
    bench.unit(Get(URL, (), Method[method]))
    assert (bench.fetches[0].method, bench.fetches[0].body) == (method, None)


def test_put_is_passed_on(bench):
    """Like Post."""
    bench.unit(Post(URL, PLAIN, b"x", (), Method.PUT))
    assert (bench.fetches[0].method, bench.fetches[0].body) == ("PUT", b"x")


@pytest.mark.parametrize(
    "pdu", [Get(URL, (), Method.TRACE), Get(URL, (), 0x50), Post(URL, PLAIN, b"", (), 0x71)]
)
@pytest.mark.clause("WAP-230", "Trace, extended methods", status="no: 501")
def test_other_methods_are_not_implemented(bench, pdu):
    """Trace would show the terminal what origin servers are told; the others nobody agreed on."""
    bench.unit(pdu)
    assert bench.fetches == []
    assert bench.reply.status == 501


def test_a_head_is_answered_without_a_body(bench):
    """Its content type is the one that a Get would bring."""
    bench.unit(Get(URL, (WMLC,), Method.HEAD))
    bench.answer(200, b"", ("Content-Type", "text/vnd.wap.si"), ("ETag", '"1"'))
    assert (bench.reply.status, bench.reply.body) == (200, b"")
    assert ("ETag", '"1"') in bench.reply.headers


def test_each_reply_is_told(bench):
    """Who, where, what, how large, how long: one event for each page."""
    bench.get()
    bench.now += 0.5
    bench.answer(404, b"no")
    (event,) = bench.events
    assert event == PageServed(f"+{MSISDN}", "GET", "127.0.0.1", 404, 6, 0.5)
    assert bench.pull.counters["replies 4xx"] == bench.pull.counters["units"] == 1


def test_a_terminal_without_a_number_is_told_by_its_address(bench):
    """No accounting session says whose the address is."""
    bench.get(peer=OTHER)
    bench.answer()
    assert bench.events[0].terminal == OTHER[0]


# What comes to nothing


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (FetchFailure.UNREACHABLE, 502),
        (FetchFailure.FORBIDDEN, 403),
        (FetchFailure.TOO_LARGE, 413),
        (FetchFailure.TIMED_OUT, 504),
    ],
)
def test_a_failure_has_its_status(bench, failure, status):
    """The reply says in words what is wrong, and the event why the gateway answered itself."""
    bench.get()
    bench.fail(failure, "no route to it")
    assert bench.reply.status == status
    assert b"127.0.0.1: no route to it" in bench.reply.body
    assert bench.events[0].reason == "127.0.0.1: no route to it"


def test_a_browser_gets_errors_as_decks(bench):
    """Who reads binary WML gets that, and needs no library here."""
    bench.get(URL, WMLC)
    bench.fail(FetchFailure.UNREACHABLE)
    assert bench.reply.content_type == ContentType("application/vnd.wap.wmlc")
    assert b"Bad gateway" in bench.reply.body


def test_an_origin_that_is_silent_times_out(bench):
    """504 when the time is over, and the fetch is broken off; its answer finds nobody."""
    bench.get()
    bench.wait(29.9)
    assert bench.datagrams == []
    bench.wait(0.2)
    assert bench.reply.status == 504
    assert bench.cancelled == [bench.fetches[0].number]
    bench.answer()
    assert len(bench.datagrams) == 1
    assert bench.pull.next_timeout() is None


def test_an_answer_that_is_no_final_one_is_a_bad_gateway(bench):
    """A status that HTTP does not have for an answer."""
    bench.get()
    bench.answer(101)
    assert bench.reply.status == 502


def test_an_answer_that_nobody_asked_for_is_passed_over(bench):
    """As is one that comes twice."""
    bench.get()
    bench.answer()
    bench.answer()
    bench.answer(number=99)
    bench.fail(FetchFailure.TIMED_OUT, number=98)
    assert len(bench.datagrams) == 1


@pytest.mark.parametrize(
    "octets", [b"", b"\x01", b"\x01\x04\x20\x00", encode_unit(1, Push(PLAIN, b""))]
)
def test_what_is_no_request_gets_no_answer(bench, octets):
    """It is counted."""
    bench.raw(octets)
    assert bench.datagrams == []
    assert bench.pull.counters["units dropped"] == 1


@pytest.mark.parametrize(
    "content_type",
    [
        ContentType("text/plain\r\nx-wap-network-client-msisdn: 1"),
        ContentType("a/b", (("c", "\n"),)),
    ],
)
def test_no_header_is_smuggled_in_a_content_type(bench, content_type):
    """400, and the origin server hears nothing."""
    bench.method(Post(URL, content_type, b"x"))
    assert bench.fetches == []
    assert bench.answered.status == 400


def test_a_malformed_request_is_a_bad_one(bench):
    """Its transaction id can be read, so it is answered."""
    bench.tid = 7
    bench.raw(b"\x07\x40\x05http")
    assert bench.reply.status == 400


# How much at one time


def test_only_so_many_are_fetched_at_one_time(make_bench):
    """What is beyond that waits, in order, and is fetched when another has ended."""
    bench = make_bench(fetches=2, waiting=8)
    for path in "abcd":
        bench.get(f"http://localhost/{path}")
    assert [fetch.url[-1] for fetch in bench.fetches] == ["a", "b"]
    assert bench.pull.sizes["fetches waiting"] == 2
    bench.answer(number=1)
    bench.fail(FetchFailure.UNREACHABLE, number=2)
    assert [fetch.url[-1] for fetch in bench.fetches] == ["a", "b", "c", "d"]


def test_what_has_waited_has_less_time(make_bench):
    """The time of a request counts from when it came."""
    bench = make_bench(fetches=1)
    bench.get()
    bench.get()
    bench.wait(10)
    bench.answer(number=1)
    assert [fetch.timeout for fetch in bench.fetches] == [30.0, 20.0]


def test_a_full_queue_is_busy_at_once(make_bench):
    """503, and what waits is not touched."""
    bench = make_bench(fetches=1, waiting=1)
    bench.get()
    bench.get()
    bench.get()
    assert bench.reply.status == 503
    assert len(bench.fetches) == 1


def test_what_waits_too_long_is_busy(make_bench):
    """It never was fetched: 503, not 504."""
    bench = make_bench(fetches=1)
    bench.get(peer=OTHER)
    bench.now += 1
    bench.get()
    bench.wait(31)
    first, second = (event.status for event in bench.events)
    assert (first, second) == (504, 503)
    assert len(bench.fetches) == 1


def test_a_broken_off_fetch_counts_until_it_is_over(make_bench):
    """So that there never are more connections than is said."""
    bench = make_bench(fetches=1)
    first = bench.method(Get(URL))
    bench.method(Get(URL))
    bench.end(first)
    assert bench.cancelled == [1]
    assert len(bench.fetches) == 1
    bench.fail(FetchFailure.TIMED_OUT, number=1)
    assert len(bench.fetches) == 2


def test_one_terminal_has_its_share(make_bench):
    """Beyond it 503, while another terminal is served."""
    bench = make_bench(per_terminal=2)
    bench.get()
    bench.get()
    bench.get()
    assert bench.reply.status == 503
    bench.get(peer=OTHER)
    assert len(bench.fetches) == 3
    bench.answer(number=1)
    bench.get()
    assert len(bench.fetches) == 4


# Without a session: copies


def test_a_copy_while_the_first_is_under_way_is_passed_over(bench):
    """The terminal is impatient; the origin server is asked once."""
    bench.unit(post(), tid=5)
    bench.unit(post(), tid=5)
    assert len(bench.fetches) == 1
    bench.answer()
    assert len(bench.datagrams) == 1
    assert bench.pull.counters["units repeated"] == 1


@pytest.mark.clause(
    "WAP-230 §6.4.2, §8.2.1", "methods without a session, at the gateway; copies answered once"
)
def test_a_copy_of_what_was_answered_gets_the_same(bench):
    """Octet by octet, and the origin server is not asked again."""
    bench.unit(post(), tid=5)
    bench.answer()
    bench.now += 10
    bench.unit(post(), tid=5)
    assert len(bench.fetches) == 1
    assert bench.datagrams[0] == bench.datagrams[1]


@pytest.mark.parametrize("another", ["peer", "octets", "time"])
def test_what_only_looks_like_a_copy_is_fetched(bench, another):
    """From elsewhere, of something else, or when the transaction ids have come round."""
    bench.unit(post(), tid=5)
    bench.answer()
    bench.now += 61 if another == "time" else 0
    peer = OTHER if another == "peer" else PEER
    bench.unit(post(b"b=2" if another == "octets" else b"a=1"), tid=5, peer=peer)
    assert len(bench.fetches) == 2


def test_a_transaction_id_in_new_use_has_the_new_answer(bench):
    """The answer to its earlier use is not kept for copies."""
    bench.unit(Get(URL), tid=5)
    bench.unit(Get(URL + "2"), tid=5)
    bench.answer(200, b"old", number=1)
    bench.unit(Get(URL + "2"), tid=5)
    assert len(bench.datagrams) == 1
    bench.answer(200, b"new", number=2)
    bench.unit(Get(URL + "2"), tid=5)
    assert bench.datagrams[1] == bench.datagrams[2]
    assert len(bench.fetches) == 2


def test_only_so_many_replies_are_remembered(make_bench):
    """The oldest gives way."""
    bench = make_bench(remembered=2)
    for tid in (1, 2, 3, 1):
        bench.unit(Get(URL), tid=tid)
        bench.answer()
    assert len(bench.fetches) == 4


# On a session: what is given up


def test_a_method_that_is_given_up_is_not_fetched_on(bench):
    """The fetch is broken off, nothing is answered, and the event says so."""
    transaction = bench.method(Get(URL))
    bench.now += 2
    bench.end(transaction)
    assert bench.cancelled == [1]
    bench.answer()
    assert bench.replies == []
    assert bench.events == [RequestAbandoned(f"+{MSISDN}", "127.0.0.1", 2.0)]
    assert bench.pull.next_timeout() is None


def test_a_method_that_waits_can_be_given_up(make_bench):
    """It never is fetched."""
    bench = make_bench(fetches=1)
    bench.method(Get(URL))
    second = bench.method(Get(URL))
    bench.end(second)
    bench.answer(number=1)
    assert len(bench.fetches) == 1


def test_the_end_of_what_is_answered_is_no_news(bench):
    """A reply that has arrived ends a transaction too."""
    transaction = bench.method(Get(URL))
    bench.answer()
    bench.end(transaction)
    assert bench.cancelled == []
    assert [type(event) for event in bench.events] == [PageServed]


# Sizes


def test_a_page_for_a_datagram_has_to_fit(bench):
    """1400 octets with all; what is larger becomes 413 with both sizes."""
    bench.get()
    bench.answer(200, bytes(1395))
    assert len(bench.datagrams[0][0]) == 1400
    bench.datagrams.clear()
    bench.get()
    bench.answer(200, bytes(1396))
    assert bench.reply.status == 413
    assert b"1400 octets, and the terminal takes 1399" in bench.reply.body


@pytest.mark.parametrize(("client_sdu", "octets"), [(2000, 2000), (0, 350_000), (10**6, 350_000)])
def test_a_page_for_a_session_fits_what_was_agreed(bench, client_sdu, octets):
    """What the client takes, and never more than WTP can segment."""
    bench.method(Get(URL), client_sdu=client_sdu)
    bench.answer(200, bytes(octets - 4))
    assert len(bench.answered.encode()) == octets
    bench.replies.clear()
    bench.method(Get(URL), client_sdu=client_sdu)
    bench.answer(200, bytes(octets - 3))
    assert bench.answered.status == 413


def test_a_client_that_takes_next_to_nothing_gets_the_status(bench):
    """Where even the words do not fit."""
    bench.method(Get(URL), client_sdu=20)
    bench.answer(200, bytes(100))
    assert bench.answered == Reply(413, PLAIN)


# Anything


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=40) | st.builds(lambda b: b"\x01\x40" + b, st.binary())))
def test_any_datagram_is_taken(datagrams):
    """No error; each request that is fetched ends in one reply."""
    bench = PullBench(PullConfig(origins=("*",)))
    for octets in datagrams:
        bench.raw(octets)
    bench.wait(31)
    assert bench.pull.next_timeout() is None
    assert bench.pull.sizes["fetches under way"] == 0


@settings(max_examples=200)
@given(
    st.integers(0, 999),
    st.binary(max_size=2000),
    st.lists(st.tuples(st.sampled_from(("Content-Type", "Location", "ETag", "Age")), st.text())),
    st.sampled_from(((), (WMLC,), (("Accept", "text/*"),))),
)
def test_any_answer_becomes_a_reply(status, body, headers, accept):
    """That the terminal can take: it is encoded, and fits."""
    bench = PullBench()
    bench.get(URL, *accept)
    bench.answer(status, body, *headers)
    assert 0 < len(bench.datagrams[0][0]) <= 1400
    assert bench.reply.status >= 200


def test_limits_are_above_nothing():
    """What would serve nobody is refused."""
    with pytest.raises(ValueError, match="fetches of pull is 0"):
        PullLimits(fetches=0)
    with pytest.raises(ValueError, match="timeout"):
        PullConfig(timeout=0)


def test_headers_are_kept(bench):
    """What the origin says of the page, as far as WSP has words for it."""
    date = "Sun, 22 Nov 2026 08:00:00 GMT"
    bench.get()
    bench.answer(200, b"x", TEXT, ("Date", date), ("Cache-Control", "max-age=60, public"))
    assert bench.reply.headers == (
        ("Date", date),
        ("Cache-Control", "max-age=60"),
        ("Cache-Control", "public"),
    )
