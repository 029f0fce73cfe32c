"""``corenet ctl`` against interfaces that answer what the test says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from testbed.lab.cli import run
from testbed.lab.register import RegisteredLab, registered

IMSI, MSISDN = "234150000000001", "447700900001"
CONTEXT = {
    "imsi": IMSI,
    "apn": "wap.example",
    "nsapi": 5,
    "address": "10.0.0.1",
    "sgsn_address": "127.0.0.2",
    "network_requested": True,
    "uplink_octets": 1,
    "downlink_octets": 2,
    "since": "now",
}
UNKNOWN = {"title": "Unknown terminal", "status": 404, "detail": "nobody has it"}
FAILED = {
    "title": "Activation failed",
    "detail": "ms-activation: MS refuses",
    "outcome": "failed",
    "step": "ms-activation",
    "cause": {"source": "gtp", "number": 4, "name": "MS refuses"},
    "steps": [],
}


class Interface:
    """Answers by method and path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {
            f"GET /v1/terminals/{IMSI}": (200, {"imsi": IMSI, "online": False}),
            f"GET /v1/terminals/{MSISDN}": (404, UNKNOWN),
            f"GET /v1/terminals?msisdn={MSISDN}": (200, {"terminals": [{"imsi": IMSI}]}),
        }
        self.asked: list[tuple[str, Any]] = []
        self.tokens: list[str | None] = []
        interface = self

        class Exchange(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                asked = f"{self.command} {self.path}"
                interface.asked.append((asked, body))
                interface.tokens.append(self.headers.get("Authorization"))
                status, answer = interface.answers.get(asked, (404, UNKNOWN))
                octets = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interface]:
    """Serve both the core's and the gateway's interface."""
    served = Interface()
    thread = Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("CORENET_URL", served.url)
    monkeypatch.setenv("CORENET_GATEWAY", f"{served.url}/v1/")
    for name in ("CORENET_TOKEN", "CORENET_SMSC"):
        monkeypatch.delenv(name, raising=False)
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


def ctl(*words: str) -> int:
    return run(["ctl", *words])


def test_lists_are_tables_or_json(interface: Interface, capsys: pytest.CaptureFixture[str]) -> None:
    """A list is a table for people, and with --json what was answered."""
    answer = {"total": 1, "contexts": [CONTEXT]}
    interface.answers["GET /v1/contexts?limit=5"] = (200, answer)
    assert ctl("contexts", "--limit", "5") == 0
    assert "10.0.0.1  127.0.0.2  network" in capsys.readouterr().out
    assert ctl("--json", "contexts", "--limit", "5") == 0
    assert json.loads(capsys.readouterr().out) == answer


def test_terminals_are_named_by_either_number(
    interface: Interface, capsys: pytest.CaptureFixture[str]
) -> None:
    """An IMSI is asked for as such, and then the number as an MSISDN; + says which it is."""
    for number in (IMSI, MSISDN, f"+{MSISDN}"):
        assert ctl("terminal", number) == 0
        assert f"imsi    {IMSI}" in capsys.readouterr().out
    assert [asked for asked, _ in interface.asked].count(f"GET /v1/terminals/{MSISDN}") == 1


def test_activation_is_asked_for_and_told(
    interface: Interface, capsys: pytest.CaptureFixture[str]
) -> None:
    """An activation has what was given; one that failed says why, and is status 1."""
    active = FAILED | {"outcome": "active", "address": "10.0.0.1"}
    interface.answers["POST /v1/activations"] = (200, active)
    assert ctl("activate", IMSI, "wap.example", "--deadline", "3", "--key", "k") == 0
    assert capsys.readouterr().out == "active 10.0.0.1\n"
    asked = {"imsi": IMSI, "apn": "wap.example", "deadline_seconds": 3.0, "key": "k"}
    assert interface.asked[-1] == ("POST /v1/activations", asked)
    interface.answers["POST /v1/activations"] = (502, FAILED)
    assert ctl("activate", IMSI, "wap.example") == 1
    shown = capsys.readouterr()
    assert shown.out == "failed, in ms-activation: MS refuses (gtp 4)\n"
    assert f"{interface.url} refused (HTTP 502). Activation failed: ms-act" in shown.err


@pytest.mark.parametrize(
    ("words", "asked", "body"),
    [
        (("deactivate", IMSI, "wap"), f"DELETE /v1/contexts/{IMSI}/wap", None),
        (
            ("deactivate", IMSI, "wap", "--nsapi", "5"),
            f"DELETE /v1/contexts/{IMSI}/wap/bearers/5",
            None,
        ),
        (
            ("detach", IMSI, "--reattach"),
            f"POST /v1/terminals/{IMSI}/detach",
            {"reattach": True},
        ),
        (("mobile", "attach", IMSI), f"POST /v1/mobiles/{IMSI}/attach", None),
        (
            ("mobile", "behaviour", IMSI, "reject", "--sm-cause", "26"),
            f"POST /v1/mobiles/{IMSI}/behaviour",
            {"on_request": "reject", "sm_cause": 26},
        ),
        (
            ("mobile", "coverage", IMSI, "no"),
            f"POST /v1/mobiles/{IMSI}/coverage",
            {"in_coverage": False},
        ),
        (
            ("mobile", "setting", IMSI, "on_push", "show"),
            f"POST /v1/mobiles/{IMSI}/setting",
            {"name": "on_push", "value": "show"},
        ),
        (("heal",), "DELETE /v1/faults", None),
        (("reset", "smpp"), "POST /v1/faults/smpp/reset", None),
        (("restart", "ggsn"), "POST /v1/nodes/ggsn/restart", None),
    ],
)
def test_deeds_are_done(
    interface: Interface,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    asked: str,
    body: Any,
) -> None:
    """Each verb is one request, and says what was done."""
    interface.answers[asked] = (200, {"done": "it"})
    assert ctl(*words) == 0
    assert interface.asked[-1] == (asked, body)
    assert capsys.readouterr().out == "it\n"


def test_faults(interface: Interface, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault is laid with what is said, and listed."""
    fault = {"interface": "gi", "loss": 0.5, "delay": 0.0, "lost": 0}
    interface.answers["PUT /v1/faults/gi"] = (200, fault)
    interface.answers["GET /v1/faults"] = (200, {"interfaces": [fault]})
    assert ctl("fault", "gi", "--loss", "0.5") == 0
    assert interface.asked[-1][1] == {"loss": 0.5, "delay": 0.0}
    assert ctl("faults") == 0
    assert capsys.readouterr().out.count("gi         50 %") == 2


def test_pushes_are_the_gateways(interface: Interface, capsys: pytest.CaptureFixture[str]) -> None:
    """Pushes are listed by state and shown one by one, from the gateway's interface."""
    interface.answers["GET /v1/pushes?state=held"] = (200, {"pushes": []})
    push = {"push_id": "a@b", "deliveries": []}
    interface.answers["GET /v1/pushes/a%40b"] = (200, push)
    interface.answers["GET /v1/pushes/x"] = (404, "no push has the push-id x\n")
    assert ctl("pushes", "--state", "held") == 0
    assert ctl("push", "a@b") == 0
    assert capsys.readouterr().out == "no pushes\npush_id  a@b\n"
    assert ctl("push", "x") == 1
    assert "(HTTP 404). no push has the push-id x" in capsys.readouterr().err


def test_queues_of_whoever_is_there(
    interface: Interface, capsys: pytest.CaptureFixture[str]
) -> None:
    """Queues are gathered from core, gateway and SMSC; one that is not there is left out."""
    assert ctl("queues") == 1
    sizes = '# TYPE corenet_size gauge\ncorenet_size{thing="a"} 2\ncorenet_size{thing="b"} 0\n'
    interface.answers["GET /metrics"] = (200, sizes)
    capsys.readouterr()
    assert ctl("--gateway", "127.0.0.1:1", "--smsc", interface.url, "queues") == 0
    assert (
        capsys.readouterr().out.splitlines()
        == ["AT    QUEUE  LENGTH"] + ["core  a           2"] * 2
    )
    assert ctl("--gateway", "127.0.0.1:1", "queues", "--all") == 0
    assert "core  b           0" in capsys.readouterr().out
    interface.answers["GET /metrics"] = (200, "{")
    assert ctl("queues") == 1
    assert "no metrics" in capsys.readouterr().err


def test_events_are_filtered_and_counted(
    interface: Interface, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the stream those events are shown that are asked for, so many, as lines or as JSON."""
    entries = [
        {"number": n, "time": 0.0, "node": "ggsn", "event": name, "imsi": imsi}
        for n, (name, imsi) in enumerate([("A", "1"), ("B", "1"), ("A", "2"), ("A", "1")])
    ]
    stream = "".join(f": beat\nid: 1\nevent: x\ndata: {json.dumps(one)}\n\n" for one in entries)
    interface.answers["GET /v1/events"] = (200, stream)
    assert ctl("events", "--since", "0", "--name", "A", "--imsi", "1", "--count", "2") == 0
    assert capsys.readouterr().out.count("A  imsi 1") == 2
    assert ctl("--json", "events", "--count", "1") == 0
    assert json.loads(capsys.readouterr().out) == entries[0]
    assert ctl("events") == 1
    assert "has ended the stream" in capsys.readouterr().err


def test_token_is_shown(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token comes from the option, or else from the environment."""
    interface.answers["GET /v1/contexts"] = (200, {"total": 0, "contexts": []})
    monkeypatch.setenv("CORENET_TOKEN", "secret")
    assert ctl("contexts") == 0
    assert ctl("--token", "other", "contexts") == 0
    assert interface.tokens == ["Bearer secret", "Bearer other"]


def test_errors_say_who_refused(interface: Interface, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody there, no URL, no JSON, a word that is no value: each has its sentence and status."""
    assert ctl("--url", "127.0.0.1:1", "contexts") == 1
    assert "http://127.0.0.1:1 cannot be asked" in capsys.readouterr().err
    assert ctl("--url", "ftp://x", "contexts") == 1
    assert "no HTTP URL" in capsys.readouterr().err
    assert ctl("--url", "http://x:99999", "contexts") == 1
    assert "no port that can be" in capsys.readouterr().err
    interface.answers["GET /v1/contexts"] = (200, "<html>")
    assert ctl("contexts") == 1
    assert "no JSON" in capsys.readouterr().err
    assert ctl("--json", "terminal", "+999") == 1
    assert json.loads(capsys.readouterr().out) == UNKNOWN
    assert ctl("mobile", "coverage", IMSI, "maybe") == 2


def test_where_nobody_answers_labs_that_run_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the option that asks them; not where somebody answers."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with registered(RegisteredLab("demo", os.getpid(), "http://127.0.20.4:8080", None)):
        assert ctl("--url", "127.0.0.1:1", "contexts") == 1
    told = capsys.readouterr().err.splitlines()
    assert told[1:] == ["corenet ctl: lab demo runs here: --url http://127.0.20.4:8080"]


def test_silence_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """Who accepts a connection and says nothing is given up."""
    from testbed.adapters.api_client import ApiClient, ApiError

    with socket.create_server(("127.0.0.1", 0)) as server:
        client = ApiClient(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.05)
        with pytest.raises(ApiError, match="does not answer within"):
            client.ask("GET", "/")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script for a shell names commands, verbs and options."""
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in (
        "ctl",
        "terminals",
        "power-off",
        "truncate",
        "roaming",
        "sgsn-restarts",
        "end-marker",
    ):
        assert word in script


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (("scen",), ["scenario"]),
        (("ctl", "fault", "gtp-"), ["gtp-c", "gtp-u"]),
        (("ctl", "reset", ""), ["gsup", "smpp"]),
        (("ctl", "mobile", "power-"), ["power-off", "power-on"]),
        (("run", "def"), ["default", "defect.yaml"]),
        (("scenario", "offl"), ["offline"]),
        (
            ("send", "create-pdp-context-re"),
            [f"create-pdp-context-re{w}" for w in ("quest", "sponse")],
        ),
        (("decode", "defe"), ["defect.yaml"]),
        (("run", "default", "--pcap", "defe"), ["defect.yaml"]),
    ],
)
def test_bash_offers_names_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], offers: list[str]
) -> None:
    """Verbs, interfaces, labs and scenarios that come along, messages; and files, as they lie."""
    assert run(["completion", "bash"]) == 0
    (tmp_path / "corenet.bash").write_text(capsys.readouterr().out, encoding="utf-8")
    (tmp_path / "defect.yaml").touch()
    asked = (
        'source corenet.bash; COMP_WORDS=(corenet "$@"); COMP_CWORD=$#; '
        "$(complete -p corenet | sed 's/.* -F \\([^ ]*\\) .*/\\1/') corenet \"${@: -1}\" x; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    command = ["bash", "--norc", "-c", asked, "bash", *words]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sorted(shown.stdout.split()) == offers
