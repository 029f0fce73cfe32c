"""PAP as initiators write it: documents typed by hand, and what WAP-247 wants for each."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import MessageState, StatusCode
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, MSISDN, NOTIFY_URL
from testbed.gateway.testing import MESSAGE as PLAIN

ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
AWAY = TerminalView(IMSI, MSISDN, reachable=False)
TO = f'<address address-value="WAPPUSH=+{MSISDN}/TYPE=PLMN@ppg.example"/>'
VERSIONS = {
    "1.0": ("-//WAPFORUM//DTD PAP 1.0//EN", "http://www.wapforum.org/DTD/pap_1.0.dtd"),
    "2.0": ("-//WAPFORUM//DTD PAP 2.0//EN", "http://www.wapforum.org/DTD/pap_2.0.dtd"),
    "2.1": ("-//OMA//DTD PAP 2.1//EN", "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd"),
    "3.0": ("-//WAPFORUM//DTD PAP 3.0//EN", "http://www.wapforum.org/DTD/pap_3.0.dtd"),
}
SI = (
    '<?xml version="1.0"?>\n<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" '
    '"http://www.wapforum.org/DTD/si.dtd">\n'
    '<si><indication href="http://www.xyz.com/email/123/abc.wml">You have 4 new emails'
    "</indication></si>"
)


def document(inner: str, version: str = "2.0", subset: str = "") -> str:
    public, system = VERSIONS[version]
    return (
        f'<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "{public}" "{system}"{subset}>\n'
        f"<pap>{inner}</pap>"
    )


def push(attributes: str = "", children: str = TO, push_id: str = "9fjeo39jf084@pi.com") -> str:
    return f'<push-message push-id="{push_id}" {attributes}>{children}</push-message>'


def related(control: str, content: str = SI, more: str = "") -> bytes:
    """Return a multipart/related body as in the standard's example (WAP-247 §8)."""
    return (
        f"--asdlfkjiurwghasf\r\nContent-Type: application/xml\r\n\r\n{control}\r\n"
        f"--asdlfkjiurwghasf\r\nContent-Type: text/vnd.wap.si\r\n{more}\r\n{content}\r\n"
        "--asdlfkjiurwghasf--\r\n"
    ).encode()


RELATED = 'multipart/related; boundary=asdlfkjiurwghasf; type="application/xml"'


@pytest.fixture
def bench(bench):
    bench.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    return bench


def submit(bench, inner: str, version: str = "2.0") -> str:
    """Post a push; return the answer as it stands in the body."""
    answer = bench.post(RELATED, related(document(inner, version)))
    assert (answer.status, answer.content_type) == (202, "application/xml")
    return answer.body.decode()


def ask(bench, inner: str) -> str:
    answer = bench.post("application/xml", document(inner).encode())
    assert answer.status == 202
    return answer.body.decode()


def attribute(text: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', text)
    assert found is not None, text
    return found[1]


def code(text: str) -> int:
    return int(attribute(text, "code"))


# Versions (WAP-247 §9.1)


@pytest.mark.parametrize(("version", "answered"), [("1.0", "1.0"), ("2.0", "2.0"), ("2.1", "2.0")])
def test_each_version_is_answered_in_one_that_it_can_read(bench, version, answered):
    """1.0 in 1.0; what came later in 2.0; its result notification likewise."""
    posts = []
    bench.initiator = lambda post: posts.append(post.body.decode()) or (200, b"")
    text = submit(bench, push(f'ppg-notify-requested-to="{NOTIFY_URL}"'), version)
    assert code(text) == 1001
    assert VERSIONS[answered][0] in text
    assert VERSIONS[answered][0] in posts[0]


def test_another_version_is_not_supported(bench):
    """badmessage-response with 3002."""
    text = submit(bench, push(), "3.0")
    assert "<badmessage-response" in text
    assert code(text) == 3002


def test_a_document_that_names_its_versions_is_taken(bench):
    """``wap-pap-ver`` in the internal subset, as PAP 2.0 has it."""
    subset = ' [<?wap-pap-ver supported-versions="2.0,1.*"?>]'
    body = related(document(push(), subset=subset))
    assert code(bench.post(RELATED, body).body.decode()) == 1001


# Safety of XML


@pytest.mark.parametrize(
    "subset",
    [
        ' [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]',
        ' [<!ENTITY % remote SYSTEM "http://127.0.0.1:9/x.dtd">%remote;]',
        ' [<!ENTITY file SYSTEM "file:///etc/passwd">]',
        ' [<!ATTLIST push-message push-id CDATA "1">]',
    ],
)
def test_nothing_is_declared_in_a_document(bench, subset):
    """No entity can be made to grow, or to name a file or a host: 2000."""
    body = related(document(push('source-reference="x"'), subset=subset))
    text = bench.post(RELATED, body).body.decode()
    assert (code(text), "<badmessage-response" in text) == (2000, True)
    assert "root:" not in text


def test_no_dtd_is_fetched(bench):
    """The DOCTYPE names a host that listens; nobody comes."""
    with socket.socket() as host:
        host.bind(("127.0.0.1", 0))
        host.listen()
        host.setblocking(False)
        system = f"http://127.0.0.1:{host.getsockname()[1]}/pap_2.0.dtd"
        control = document(push()).replace(VERSIONS["2.0"][1], system)
        assert code(bench.post(RELATED, related(control)).body.decode()) == 1001
        with pytest.raises(BlockingIOError):
            host.accept()


@pytest.mark.parametrize(
    "inner",
    [
        "<push-message>" * 1000,
        push('source-reference="' + "x" * 100_000 + '"'),
        push(children=TO * 5_000),
    ],
    ids=["nested", "a long attribute", "many elements"],
)
def test_a_document_is_bounded(bench, inner):
    """In depth, in the length of an attribute, in the number of addresses."""
    text = bench.post(RELATED, related(document(inner))).body.decode()
    assert code(text) in (2000, 3005)


def test_a_body_is_bounded(bench):
    """What is too long is no PAP to the gateway: HTTP 413 (WAP-247 §8 leaves that to HTTP)."""
    answer = bench.post(RELATED, related(document(push()), content="x" * 1_000_000))
    assert answer.status == 413
    assert bench.gateway.unfinished == 0


# push-message (§9.2)


def test_the_example_of_the_standard_is_accepted(bench):
    """Several addresses in every form, times, quality: one answer, and an outcome for each."""
    bench.views[Terminal.by_address("10.45.0.7")] = ONLINE
    addresses = TO + "".join(
        f'<address address-value="{value}"/>'
        for value in (
            "WAPPUSH=10.45.0.7/TYPE=IPV4@ppg.carrier.com",
            "WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPV6@ppg.carrier.com",
            "WAPPUSH=2001:db8:0:0:0:0:0:1/TYPE=IPV6@ppg.carrier.com",
            "WAPPUSH=joe%40xyz.com/TYPE=USER@ppg.carrier.com",
            "wappush=+4477-0090.0123/type=plmn@ppg.carrier.com",
        )
    )
    quality = (
        '<quality-of-service priority="high" delivery-method="unconfirmed" network="GSM" '
        'network-required="true" bearer="GPRS" bearer-required="true"/>'
    )
    text = submit(
        bench,
        push(
            'deliver-before-timestamp="2027-02-01T00:00:00Z" source-reference="xyz" '
            f'progress-notes-requested="true" ppg-notify-requested-to="{NOTIFY_URL}"',
            addresses + quality,
        ),
    )
    assert code(text) == 1001
    assert "<progress-note" in text
    outcomes = {result.address: (result.state.value, result.code) for result in bench.notifications}
    assert list(outcomes.values()).count(("delivered", 1000)) == 3
    assert sorted(code for state, code in outcomes.values() if state == "rejected") == [
        2002,
        2002,
        2003,
    ]
    assert len(bench.pushed) == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPV6@ppg", 2002),
        ("WAPPUSH=2001:db8:0:0:0:0:0:1/TYPE=IPV6@ppg", 2002),
        ("WAPPUSH=fe80::1%25eth0/TYPE=IPV6@ppg", 2002),
        ("WAPPUSH=::ffff:10.45.0.7/TYPE=IPv6@ppg", 1001),
        ("WAPPUSH=::/TYPE=IPV6@ppg", 2002),
        ("WAPPUSH=1:2:3:4:5:6:7:8:9/TYPE=IPV6@ppg", 2002),
        ("WAPPUSH=%zz/TYPE=USER@ppg", 2002),
        ("WAPPUSH=%FF/TYPE=USER@ppg", 2002),
        ("WAPPUSH=john%20doe/TYPE=USER@ppg", 2003),
        ("WAPPUSH=+44/TYPE=PLMN", 2002),
    ],
)
def test_no_address_upsets_the_gateway(bench, value, expected):
    """It is served, or refused with 2002 where no terminal can have it, 2003 where nobody does."""
    bench.views[Terminal.by_address("10.45.0.7")] = ONLINE
    assert code(submit(bench, push(children=f'<address address-value="{value}"/>'))) == expected


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ('network="TETRA"', 1001),
        ('network="TETRA" network-required="true"', 3009),
        ('bearer="CSD"', 1001),
        ('bearer="CSD" bearer-required="true"', 3010),
        ('network="Any" network-required="true" bearer="Any" bearer-required="true"', 1001),
        ('priority="urgent"', 2000),
        ('delivery-method="by pigeon"', 2000),
    ],
)
def test_what_is_required_is_had_or_refused(bench, quality, expected):
    """A wish is a wish; a value that PAP does not have is a bad message."""
    assert code(submit(bench, push(children=f"{TO}<quality-of-service {quality}/>"))) == expected


@pytest.mark.parametrize(
    "method",
    ["unconfirmed", "preferconfirmed", "notspecified", "oneshot", "store-and-forward"],
)
def test_every_delivery_method_is_taken(bench, method):
    """What has to be confirmed waits for a session; nothing is refused at submission."""
    inner = push(children=f'{TO}<quality-of-service delivery-method="{method}"/>')
    assert code(submit(bench, inner)) == 1001


def test_headers_of_the_content_go_over_the_air(bench):
    """The application, and where the content and its initiator are; nothing else does."""
    more = (
        "X-Wap-Application-Id: x-wap-application:wml.ua\r\n"
        "X-Wap-Content-URI: http://www.xyz.com/mail\r\n"
        "X-Wap-Initiator-URI: http://pi.xyz.com/\r\nX-Secret: 4711\r\n"
    )
    body = related(document(push()), more=more)
    assert code(bench.post(RELATED, body).body.decode()) == 1001
    (datagram,) = bench.pushed
    assert b"http://www.xyz.com/mail" in datagram.data
    assert b"http://pi.xyz.com/" in datagram.data
    assert b"4711" not in datagram.data


def test_a_capabilities_entity_is_accepted(bench):
    """As part 3; nothing is matched against it."""
    body = related(document(push())).removesuffix(b"--asdlfkjiurwghasf--\r\n")
    body += (
        b"--asdlfkjiurwghasf\r\nContent-Type: application/xml\r\n\r\n"
        b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="x"/>\r\n--asdlfkjiurwghasf--\r\n'
    )
    assert code(bench.post(RELATED, body).body.decode()) == 1001


def test_a_push_id_is_never_free_again(bench):
    """Not when its push has ended, nor after a restart."""
    assert code(submit(bench, push())) == 1001
    assert code(submit(bench, push())) == 2007
    bench.restart()
    bench.advance(86_400)
    assert code(submit(bench, push())) == 2007
    assert len(bench.pushed) == 1


# resultnotification-message (§9.6, §9.7)


def test_a_result_is_posted_until_the_initiator_has_answered(bench):
    """No connection, HTTP 500, a service failure: again; then it has answered."""
    tries = iter(
        [
            "refused",
            (500, b""),
            (200, pap.build(pap.ResultNotificationResponse("9fjeo39jf084@pi.com", "x", 4001))),
            (200, pap.build(pap.ResultNotificationResponse("9fjeo39jf084@pi.com", "x", 1000))),
        ]
    )
    posts = []
    bench.initiator = lambda post: posts.append(post) or next(tries)
    submit(bench, push(f'ppg-notify-requested-to="{NOTIFY_URL}"'))
    bench.advance(3600)
    assert len(posts) == 4
    assert bench.store.unfinished() == []


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ("", None),
        ("<quality-of-service/>", None),
        ('<quality-of-service priority="low"/>', ("low", "unconfirmed")),
        ('<quality-of-service delivery-method="unconfirmed"/>', ("medium", "unconfirmed")),
        ('<quality-of-service delivery-method="oneshot"/>', ("medium", "unconfirmed")),
    ],
)
def test_a_result_says_how_the_push_was_delivered(bench, quality, expected):
    """quality-of-service, where the push had something to say about it; in the status likewise."""
    submit(bench, push(f'ppg-notify-requested-to="{NOTIFY_URL}"', TO + quality))
    bench.advance(10)
    (result,) = bench.notifications
    got = result.quality_of_service
    assert (got and (got.priority.value, got.delivery_method.value)) == expected
    assert (got and (got.network, got.bearer)) == (expected and ("GSM", "GPRS"))
    status = ask(bench, '<statusquery-message push-id="9fjeo39jf084@pi.com"/>')
    assert ("<quality-of-service" in status) == (expected is not None)


# cancel, statusquery, ccq (§9.8 to §9.12)


def test_a_push_is_asked_about_and_cancelled(bench):
    """pending, then cancelled; each answer names the push and the address."""
    bench.views[Terminal.by_msisdn(MSISDN)] = AWAY
    submit(bench, push(f'ppg-notify-requested-to="{NOTIFY_URL}"'))
    query = f'<statusquery-message push-id="9fjeo39jf084@pi.com">{TO}</statusquery-message>'
    text = ask(bench, query)
    assert (attribute(text, "message-state"), code(text)) == ("pending", 1001)
    text = ask(bench, '<cancel-message push-id="9fjeo39jf084@pi.com"/>')
    assert ("<cancel-result" in text, code(text)) == (True, 1000)
    text = ask(bench, query)
    assert (attribute(text, "message-state"), code(text)) == ("cancelled", 1000)
    assert TO in text
    assert [result.state for result in bench.notifications] == [MessageState.CANCELLED]


def test_capabilities_are_asked_for(bench):
    """3008: they are known of no client; the query's id comes back."""
    text = ask(bench, f'<ccq-message query-id="q1" app-id="x">{TO}</ccq-message>')
    assert (attribute(text, "query-id"), code(text)) == ("q1", 3008)


@pytest.mark.parametrize(
    "inner",
    [
        '<push-response push-id="1"><response-result code="1000"/></push-response>',
        '<badmessage-response code="2000"/>',
        "<nonsense/>",
        "",
        f"{push()}{push()}",
        '<push-message push-id="1"/>',
        f"<push-message>{TO}</push-message>",
        f'<push-message push-id="1" colour="red">{TO}</push-message>',
        f'<push-message push-id="1" deliver-after-timestamp="tomorrow">{TO}</push-message>',
    ],
)
def test_what_no_initiator_says_is_a_bad_message(bench, inner):
    """badmessage-response with 2000, and what is wrong."""
    text = ask(bench, inner)
    assert ("<badmessage-response" in text, code(text)) == (True, 2000)
    assert attribute(text, "desc")


# Status codes and message states (§9.13, §9.14)


def test_the_classes_of_status_codes_are_those_of_the_standard():
    """Every code that the gateway can say has the class of its number."""
    assert {int(one) // 1000 for one in StatusCode} <= {1, 2, 3, 4, 5}
    assert {one.value for one in MessageState} == {
        "rejected",
        "pending",
        "delivered",
        "undeliverable",
        "expired",
        "aborted",
        "timeout",
        "cancelled",
        "unknown",
    }


def test_an_initiator_who_asks_too_much_is_told_to_come_again(make_bench):
    """4001 at once: the push is not taken, and its push-id not used."""
    limits = replace(make_bench().config.limits, unfinished=1)
    bench = make_bench(limits=limits)
    bench.views[Terminal.by_msisdn(MSISDN)] = AWAY
    assert bench.submit(PLAIN).code == 1001
    assert bench.submit(replace(PLAIN, push_id="2")).code == 4001
    assert bench.store.find("2") is None
