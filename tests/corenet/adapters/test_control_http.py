"""The control interface over HTTP, in memory and virtual time."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from twisted.internet.task import Clock

from corenet.adapters.control_exchange import BODY_LIMIT
from corenet.adapters.control_http import IDLE_SECONDS, ControlInterface
from corenet.control.openapi import document

APN = "wap.example"
PROBLEM = "application/problem+json"


def problem(answer, status, field=None):
    """Check that an answer is a problem document, and return it."""
    assert answer.status == status
    assert answer.media == PROBLEM
    assert len(answer.body) == int(answer.headers["Content-Length"])
    told = answer.json()
    assert (told["type"], told["status"]) == ("about:blank", status)
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in answer.body.decode()
    assert told.get("field") == field
    return told


# Looking up and listing


@pytest.mark.parametrize("name", ["msisdn", "imsi", "address"])
def test_terminal_is_looked_up(client, who, name):
    """The query names a terminal by number or address."""
    answer = client().get(f"/v1/terminals?{name}={getattr(who(2), name)}")
    assert (answer.status, answer.media) == (200, "application/json")
    (terminal,) = answer.json()["terminals"]
    assert (terminal["imsi"], terminal["online"]) == (who(2).imsi, False)
    assert terminal["attached_since"].startswith("2023-11-14T22:13:20")


def test_terminal_is_a_resource(client, who):
    """A terminal has a path of its own, as in the list."""
    core = client()
    listed = core.get("/v1/terminals?limit=1").json()
    assert listed["total"] == 3
    assert core.get(f"/v1/terminals/{who(1).imsi}").json() == listed["terminals"][0]


def test_head_is_get_without_a_body(client, who):
    """HEAD has the same headers, length included."""
    core = client()
    path = f"/v1/terminals/{who(1).imsi}"
    head, whole = core.ask("HEAD", path), core.get(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.wire.endswith(b"\r\n\r\n")


def test_contexts_are_listed_and_deactivated(client, who):
    """DELETE on the context's path ends it."""
    core = client()
    core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN})
    (context,) = core.get("/v1/contexts").json()["contexts"]
    assert (context["imsi"], context["address"]) == (who(1).imsi, who(1).address)
    path = f"/v1/contexts/{who(1).imsi}/{APN}"
    assert core.ask("DELETE", path).json() == {"done": "1 PDP context deleted"}
    assert core.get("/v1/contexts").json() == {"total": 0, "contexts": []}
    problem(core.ask("DELETE", path), 404, "apn")


# Activations


def test_activation_is_answered_when_it_is_up(client, who):
    """200 with the address, and where to find the activation again."""
    core = client()
    answer = core.post("/v1/activations", {"msisdn": who(1).msisdn, "apn": APN, "key": "push:1"})
    assert (answer.status, answer.media) == (200, "application/json")
    active = answer.json()
    assert (active["outcome"], active["address"]) == ("active", who(1).address)
    location = answer.headers["Content-Location"]
    assert location == "/v1/activations/push%3A1"
    assert core.get(location).json() == active


def test_failed_activation_is_a_problem_with_step_and_cause(client, who):
    """502 says all that the activation says; the resource itself is found."""
    core = client()
    core.post(f"/v1/mobiles/{who(1).imsi}/behaviour", {"on_request": "reject", "sm_cause": 26})
    answer = core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN, "key": "k"})
    told = problem(answer, 502)
    assert (told["step"], told["cause"]["number"]) == ("ms-activation", 4)
    assert told["mobile_cause"] == {
        "source": "sm",
        "number": 26,
        "name": "insufficient resources",
    }
    found = core.get("/v1/activations/k")
    assert found.status == 200
    assert found.json().items() <= told.items()
    again = core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN, "key": "k"})
    assert (again.status, again.json()) == (502, told)


def test_activation_that_is_late_is_a_timeout(client, who):
    """504 at the deadline."""
    core = client()
    core.post(f"/v1/mobiles/{who(1).imsi}/behaviour", {"on_request": "silent"})
    answer = core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN, "deadline_seconds": 2})
    assert problem(answer, 504)["cause"]["name"] == "deadline expired"


@pytest.mark.parametrize("prefer", ["respond-async", 'wait=10, Respond-Async; foo="bar"'])
def test_activation_can_be_polled(client, who, prefer):
    """With Prefer: respond-async it is 202 with a Location that is polled."""
    core = client()
    headers = [("Prefer", prefer)]
    body = {"imsi": who(1).imsi, "apn": APN}
    answer = core.post("/v1/activations", body, headers)
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "respond-async")
    assert answer.json()["outcome"] == "running"
    location = answer.headers["Location"]
    assert core.get(location).json() == answer.json()
    core.world.wait(5)
    active = core.get(location).json()
    assert (active["outcome"], active["key"]) == ("active", answer.json()["key"])
    assert core.post("/v1/activations", body, headers).status == 200


def test_requests_with_one_key_share_its_end(client, who):
    """All that wait get the same answer; another terminal under that key is refused."""
    core = client()
    body = {"imsi": who(1).imsi, "apn": APN, "key": "k"}
    waiting = [core.begin("POST", "/v1/activations", body) for _ in range(2)]
    problem(core.post("/v1/activations", body | {"imsi": who(2).imsi}), 409, "key")
    core.world.wait(5)
    answers = [connection.received() for connection in waiting]
    assert answers[0].split(b"\r\n\r\n")[1] == answers[1].split(b"\r\n\r\n")[1] != b""


def test_client_that_goes_leaves_nothing_behind(client, who):
    """The activation goes on; nobody is answered, and nothing waits."""
    core = client()
    gone = core.begin("POST", "/v1/activations", {"imsi": who(1).imsi, "apn": APN, "key": "k"})
    (running,) = [core.world.control.activation("k")]
    assert len(running.waiting) == 1
    gone.break_off()
    assert running.waiting == []
    core.world.wait(5)
    assert core.get("/v1/activations/k").json()["outcome"] == "active"
    assert gone.received() == b""


def test_client_that_goes_when_it_is_answered_is_no_fault(client, who):
    """The end of an activation and that of a connection may meet."""
    core = client()
    body = {"imsi": who(1).imsi, "apn": APN, "key": "k"}
    first, second = (core.begin("POST", "/v1/activations", body) for _ in range(2))
    running = core.world.control.activation("k")
    running.waiting.insert(1, second.break_off)
    core.world.wait(5)
    assert b"200 OK" in first.received()
    assert second.received() == b""


def test_fault_when_an_activation_ends_is_told_and_hurts_nobody_else(client, who, monkeypatch):
    """Should an outcome not be told, the client gets 500 and the core goes on."""
    core = client()
    waiting = core.begin("POST", "/v1/activations", {"imsi": who(1).imsi, "apn": APN, "key": "k"})

    def fail(self):
        raise RuntimeError("broken")

    monkeypatch.setattr(type(core.world.control.activation("k")), "view", fail)
    with capture_logs() as logs:
        core.world.wait(5)
    assert b"500 Internal Server Error" in waiting.received()
    assert any(log["event"] == "request failed" for log in logs)
    assert core.world.terminal(1).online


# Mobiles


def test_mobile_is_driven(client, who):
    """Each verb has its path; what it takes stands in the body."""
    core = client()
    mobile = f"/v1/mobiles/{who(1).imsi}"
    for verb, body in (
        ("detach", None),
        ("attach", None),
        ("power-off", None),
        ("power-on", None),
        ("coverage", {"in_coverage": False}),
        ("coverage", {"in_coverage": True}),
        ("behaviour", {"on_request": "accept", "answer_after": 0.5}),
        ("activate", {"apn": APN}),
        ("deactivate", {}),
    ):
        answer = core.post(f"{mobile}/{verb}", body)
        assert (answer.status, answer.json()) == (200, {"done": verb}), verb
        core.world.wait(2)
    core.post(f"{mobile}/power-off")
    told = problem(core.post(f"{mobile}/activate", {"apn": APN}), 409)
    assert "not attached" in told["detail"]
    problem(core.post("/v1/mobiles/999990000000000/attach"), 404, "imsi")


# What is wrong with a request


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"null", "body"),
        (b"\xff\xfe{}", "body"),
        (b'{"apn": "\xff", "imsi": "234150000000001"}', "body"),
        (b'{"apn": "\\ud800", "imsi": "234150000000001"}', "body"),
        (b'{"imsi": "234150000000001"}', "apn"),
        (b'{"apn": "wap.example"}', "body"),
        (b'{"apn": "wap.example", "imsi": "1", "imsi": "2"}', "imsi"),
        (b'{"apn": "wap.example", "imsi": "234150000000001", "colour": 1}', "colour"),
        (b'{"apn": "wap.example", "imsi": 234150000000001}', "imsi"),
        (b'{"apn": "wap example", "imsi": "234150000000001"}', "apn"),
        (b'{"apn": "wap.example", "imsi": "234150000000001", "key": "a b"}', "key"),
        (b'{"apn": "a", "imsi": "234150000000001", "deadline_seconds": NaN}', "deadline_seconds"),
        (b'{"apn": "a", "imsi": "234150000000001", "deadline_seconds": 1e999}', "deadline_seconds"),
        (b"[" * 50_000, "body"),
        (b'{"imsi":' * 5_000, "body"),
    ],
)
def test_wrong_body_is_refused_by_the_field(client, body, field):
    """400 names the member that is wrong, or the body."""
    answer = client().post("/v1/activations", body, [("Content-Type", "application/json")])
    told = problem(answer, 400, field)
    assert told["errors"][0]["field"] == field


def test_every_wrong_member_is_named(client):
    """The first is the field; all of them are in errors."""
    answer = client().post("/v1/activations", {"imsi": "x", "apn": "", "key": ""})
    told = problem(answer, 400, "imsi")
    assert [error["field"] for error in told["errors"]] == ["imsi", "apn", "key"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/terminals?imsi=abc", "imsi"),
        ("/v1/terminals?address=300.1.1.1", "address"),
        ("/v1/terminals?limit=many", "limit"),
        ("/v1/terminals?limit=5&limit=6", "limit"),
        ("/v1/terminals?colour=red", "colour"),
        ("/v1/terminals?imsi=%FF", "imsi"),
        ("/v1/terminals?%FF=1", "�"),
        ("/v1/terminals/abc", "imsi"),
        ("/v1/terminals/%FF", "path"),
        ("/v1/activations/a%2Fb", "key"),
        ("/v1/contexts?offset=-1", "offset"),
        ("/v1/contexts?offset=" + "9" * 5000, "offset"),
        ("/v1/activations/k?verbose=1", "verbose"),
        ("/v1/events?since=1", "since"),
        ("/v1/openapi.json?x=1", "x"),
        ("/metrics?x=1", "x"),
    ],
)
def test_wrong_path_or_query_is_refused_by_the_field(client, path, field):
    """400 names the parameter."""
    problem(client().get(path), 400, field)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v2/terminals"),
        ("GET", "//v1/terminals"),
        ("GET", "/v1/terminals/"),
        ("POST", "/v1/mobiles/234150000000001/fly"),
        ("GET", "http://core.example/v1/terminals"),
        ("GET", "/v1/terminals/../metrics"),
    ],
)
def test_unknown_path_is_not_found(client, method, path):
    """404 is a problem document like any other."""
    problem(client().ask(method, path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/terminals", "GET, HEAD"),
        ("GET", "/v1/activations", "POST"),
        ("PUT", "/v1/activations/k", "GET, HEAD"),
        ("OPTIONS", "/v1/contexts", "GET, HEAD"),
        ("BREW", "/metrics", "GET, HEAD"),
        ("get", "/metrics", "GET, HEAD"),
    ],
)
def test_other_method_is_not_allowed(client, method, path, allowed):
    """405 says what is."""
    answer = client().ask(method, path)
    assert allowed in problem(answer, 405)["detail"]
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "media",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", b"\xff"],
)
def test_body_that_is_not_json_is_unsupported(client, media):
    """415 names the header, whatever the body says; forms are nothing special."""
    headers = [] if media is None else [("Content-Type", media)]
    answer = client().post("/v1/activations", b"imsi=1&apn=2", headers)
    problem(answer, 415, "Content-Type")


def test_content_type_may_have_parameters(client, who):
    """A character set does no harm."""
    body = json.dumps({"imsi": who(1).imsi, "apn": APN}).encode()
    headers = [("Content-Type", "Application/JSON; charset=utf-8")]
    assert client().post("/v1/activations", body, headers).status == 200


def test_body_where_none_is_taken_is_refused(client, who):
    """What would be ignored is refused."""
    core = client()
    problem(core.post(f"/v1/mobiles/{who(1).imsi}/attach", {"x": 1}), 400, "body")
    problem(core.ask("GET", "/v1/contexts", b"hello"), 400, "body")


@pytest.mark.parametrize("expect", [[], [("Expect", "100-continue")]])
def test_body_announced_too_large_is_refused_before_it_comes(client, wire, read_answer, expect):
    """413 follows the headers at once; the connection is closed, and nothing is kept or served."""
    connection = client().connect()
    request = wire("POST", "/v1/activations", b"", [("Content-Type", "application/json"), *expect])
    head = request.replace(b"Content-Length: 0", b"Content-Length: %d" % (BODY_LIMIT + 1))
    connection.send(head)
    octets = connection.received()
    assert b"100 Continue" not in octets
    answer = read_answer(octets)
    problem(answer, 413, "body")
    assert answer.headers["Connection"] == "close"
    assert connection.transport.disconnecting
    connection.send(b"x" * (BODY_LIMIT + 1))
    assert connection.received() == b""
    connection.break_off()


def test_chunked_body_is_refused_when_it_grows_too_large(client, read_answer):
    """Where no length is announced, 413 comes as soon as the bound is passed."""
    connection = client().connect()
    connection.send(
        b"POST /v1/activations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    connection.send(chunk + chunk)
    assert connection.received() == b""
    connection.send(chunk)
    problem(read_answer(connection.received()), 413, "body")
    connection.send(chunk + b"0\r\n\r\n")
    assert connection.received() == b""


def test_body_as_large_as_may_be_is_read(client):
    """The bound itself is within; what is wrong then is what the body says."""
    body = b'{"apn": "' + b"a" * (BODY_LIMIT - 11) + b'"}'
    assert len(body) == BODY_LIMIT
    headers = [("Content-Type", "application/json")]
    problem(client().post("/v1/activations", body, headers), 400, "apn")


def test_expected_body_is_asked_for(client, who, wire):
    """A body that may come is told so."""
    core = client()
    body = {"imsi": who(1).imsi, "apn": APN}
    connection = core.begin("POST", "/v1/activations", body, [("Expect", "100-continue")])
    assert connection.received().startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("octets", [b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"a" * 20_000])
def test_what_is_not_http_is_refused(client, octets):
    """400, and the connection is closed."""
    connection = client().connect()
    connection.send(octets + b"\r\n\r\n")
    assert connection.received().startswith((b"HTTP/1.1 400", b""))
    assert connection.transport.disconnecting


PIECES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"GET ",
            b"POST ",
            b"/v1/activations",
            b"/v1/terminals?imsi=",
            b"%ff",
            b" HTTP/1.1\r\n",
            b"Host: a\r\n",
            b"Content-Type: application/json\r\n",
            b"Content-Length: 2\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"\r\n",
            b"2\r\n{}\r\n",
            b"0\r\n\r\n",
            b'{"imsi": "234150000000001", "apn": "wap.example"}',
        ]
    ),
)


@given(pieces=st.lists(PIECES, max_size=15))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_octets_are_refused_or_served(client, pieces):
    """Whatever comes over a connection, nothing breaks and no answer is a fault of ours."""
    core = client(ggsns={}, sgsns={}, hlr=None, mobiles=())
    connection = core.connect()
    with capture_logs() as logs:
        for piece in pieces:
            if not connection.transport.disconnecting:
                connection.send(piece)
    assert b" 500 " not in connection.received()
    assert "request failed" not in [log["event"] for log in logs]
    connection.break_off()
    assert core.clock.getDelayedCalls() == []


def test_headers_of_any_octets_are_no_fault(client, who):
    """Headers that are not UTF-8 are read as far as they can be."""
    core = client()
    headers = [("Prefer", b"\xff"), ("X-\x41", b"\x80")]
    answer = core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN}, headers)
    assert answer.status == 200
    problem(
        core.ask("GET", "/v1/events", headers=[("Last-Event-ID", b"\xff")]), 400, "Last-Event-ID"
    )


def test_fault_of_the_core_is_logged_and_not_shown(client, monkeypatch):
    """500 is a problem document without a trace of the code; the log has the trace."""
    core = client()

    def fail(self, page):
        raise RuntimeError("secret")

    monkeypatch.setattr(type(core.world.control), "contexts", fail)
    with capture_logs() as logs:
        told = problem(core.get("/v1/contexts"), 500)
    assert "secret" not in str(told)
    (log,) = logs
    assert (log["event"], log["log_level"], log["exc_info"]) == ("request failed", "error", True)


def test_connection_serves_one_request_after_another(client, wire, read_answer):
    """A refusal does not end a connection that may go on."""
    connection = client().connect()
    for path, status in (("/v1/contexts", 200), ("/nothing", 404), ("/v1/terminals", 200)):
        connection.send(wire("GET", path))
        assert read_answer(connection.received()).status == status


def test_silent_client_is_let_go(client):
    """A connection on which nothing is asked ends after a while, by the reactor's clock."""
    core = client()
    connection = core.connect()
    core.clock.advance(IDLE_SECONDS + 1)
    assert connection.transport.disconnecting


# Who may ask


def test_token_is_asked_of_every_request(client):
    """Without the right bearer token there is 401, whatever is asked."""
    core = client(token="open sesame")
    for path in ("/v1/terminals", "/v1/events", "/metrics", "/v1/openapi.json", "/nothing"):
        for offered in (None, b"Bearer wrong", b"Basic open sesame", b"Bearer", b"Bearer \xff\xfe"):
            headers = [] if offered is None else [("Authorization", offered)]
            answer = core.ask("GET", path, headers=headers)
            problem(answer, 401, "Authorization")
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="corenet"'
    for right in ("Bearer open sesame", "bearer  open sesame"):
        assert core.ask("GET", "/v1/terminals", headers=[("Authorization", right)]).status == 200


def test_nothing_is_done_without_the_token(client, who):
    """A refused command is not carried out."""
    core = client(token="open sesame")
    problem(core.post(f"/v1/mobiles/{who(1).imsi}/power-off"), 401, "Authorization")
    core.world.wait(2)
    assert core.world.terminal(1).attached


def test_empty_token_is_refused(world):
    """A token that everybody has is none."""
    with pytest.raises(ValueError, match="not empty"):
        ControlInterface(world().control, Clock(), token="")


class Reactor:
    """Takes note of where it is to listen."""

    def __init__(self):
        self.listening = []

    def listenTCP(self, port, factory, interface):
        self.listening.append((interface, port))
        return SimpleNamespace()


def test_interface_listens_on_loopback_by_default(world):
    """Nobody outside this host is served unless that is asked for."""
    reactor = Reactor()
    interface = ControlInterface(world().control, Clock())
    interface.listen(reactor)
    for address in ("127.0.10.4", "::1"):
        interface.listen(reactor, address, 0)
    assert reactor.listening == [("127.0.0.1", 8080), ("127.0.10.4", 0), ("::1", 0)]


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "::ffff:192.0.2.1"])
def test_interface_listens_elsewhere_with_a_token_only(world, address):
    """Another address without a token is refused."""
    reactor = Reactor()
    with pytest.raises(ValueError, match="without a token"):
        ControlInterface(world().control, Clock()).listen(reactor, address, 8080)
    assert reactor.listening == []
    ControlInterface(world().control, Clock(), token="open sesame").listen(reactor, address, 8080)
    assert reactor.listening == [(address, 8080)]


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1.example"])
def test_interface_listens_on_addresses_only(world, address):
    """A name could be anybody's address tomorrow."""
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        ControlInterface(world().control, Clock()).listen(Reactor(), address, 8080)


def test_closed_interface_serves_nothing(client):
    """While the core stops, who still asks is told so."""
    core = client()
    core.interface.close()
    problem(core.get("/v1/terminals"), 503)


def test_core_that_is_not_in_service_says_so(client, who):
    """503 before the nodes run; what can be looked up is."""
    core = client(attach=False)
    body = {"imsi": who(1).imsi, "apn": APN}
    problem(core.post("/v1/activations", body), 503)
    problem(core.ask("DELETE", f"/v1/contexts/{who(1).imsi}/{APN}"), 503)
    problem(core.post(f"/v1/mobiles/{who(1).imsi}/attach"), 503)
    assert core.get("/v1/terminals").json()["total"] == 3


# What is served beside


def test_openapi_document_is_served(client):
    """The document is the one that is made from the operations."""
    answer = client().get("/v1/openapi.json")
    assert (answer.media, answer.json()) == ("application/json", document())


def test_metrics_are_prometheus_text(client, who):
    """Every counter of every node, and the sizes, parse as an exposition."""
    core = client()
    core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN})
    answer = core.get("/metrics")
    assert answer.media == "text/plain; version=0.0.4; charset=utf-8"
    families = {
        family.name: family for family in text_string_to_metric_families(answer.body.decode())
    }
    assert {name: family.type for name, family in families.items()} == {
        "corenet_node_events": "counter",
        "corenet_size": "gauge",
    }
    counted = {
        (sample.labels["node"], sample.labels["name"]): sample.value
        for sample in families["corenet_node_events"].samples
    }
    assert {node for node, _ in counted} == {"ggsn", "sgsn", "hlr"}
    assert counted["ggsn", "contexts_created"] == 1
    assert counted["sgsn", "gtp.requests_sent"] == 1
    sizes = {sample.labels["thing"]: sample.value for sample in families["corenet_size"].samples}
    assert (sizes["terminals"], sizes["pdp_contexts"], sizes["attached_mobiles"]) == (3, 1, 3)


def test_every_outcome_of_a_command_is_one_log_line(client, who):
    """Who commands is logged with what came of it; who looks is not."""
    core = client()
    core.post(f"/v1/mobiles/{who(1).imsi}/behaviour", {"on_request": "reject"})
    with capture_logs() as logs:
        core.get("/v1/terminals")
        core.post("/v1/activations", {"imsi": who(1).imsi, "apn": APN, "key": "k"})
        core.post("/v1/activations", {"imsi": who(2).imsi, "apn": APN, "key": "l"})
        core.post("/v1/mobiles/999990000000000/attach")
    common = {"event": "request", "log_level": "info", "method": "POST"}
    asked = common | {"path": "/v1/activations"}
    assert logs == [
        asked
        | {
            "status": 502,
            "key": "k",
            "imsi": who(1).imsi,
            "problem": "ms-activation: MS refuses (gtp 4)",
        },
        asked | {"status": 200, "key": "l", "imsi": who(2).imsi},
        common
        | {
            "path": "/v1/mobiles/999990000000000/attach",
            "status": 404,
            "problem": "no mobile has IMSI 999990000000000",
        },
    ]


# Faults


def test_faults_are_laid_listed_and_cleared(client):
    """An interface gets loss and delay, shows them, and is well again when all are cleared."""
    core = client()
    laid = core.ask("PUT", "/v1/faults/radio", {"loss": 0.5, "delay": 0.2})
    assert laid.status == 200
    assert laid.json() == {
        "interface": "radio",
        "loss": 0.5,
        "delay": 0.2,
        "lost": 0,
        "over_tcp": False,
    }
    listed = core.get("/v1/faults").json()["interfaces"]
    assert [one["interface"] for one in listed if one["loss"]] == ["radio"]
    assert {one["interface"] for one in listed} >= {"gtp-c", "gtp-u", "gi", "radio", "gr"}
    assert core.ask("DELETE", "/v1/faults").json() == {"done": "1 fault cleared"}
    assert not any(one["loss"] for one in core.get("/v1/faults").json()["interfaces"])


def test_faults_that_cannot_be_are_refused(client):
    """An interface nobody knows, a probability above 1, a reset where there is no connection."""
    core = client()
    problem(core.ask("PUT", "/v1/faults/gn", {}), 400, "interface")
    problem(core.ask("PUT", "/v1/faults/radio", {"loss": 2}), 400, "loss")
    assert core.ask("POST", "/v1/faults/smpp/reset").json() == {"done": "0 connections reset"}
    refused = problem(core.ask("POST", "/v1/faults/gr/reset"), 409, "interface")
    assert "connections" in refused["detail"]
    problem(core.ask("POST", "/v1/nodes/smsc/restart"), 404, "node")
