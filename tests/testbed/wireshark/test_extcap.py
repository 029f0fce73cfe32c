"""What Wireshark is told when it asks what there is to capture."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from testbed.lab.register import RegisteredLab, registered
from testbed.wireshark.extcap import interfaces, main

OCTETS = b"a capture" * 10_000


class Lab(BaseHTTPRequestHandler):
    """A control interface with a capture."""

    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer open sesame":
            self.answer(401, b'{"detail": "a bearer token is asked for"}')
        elif self.path != "/v1/capture":
            self.answer(404, b"not JSON")
        else:
            self.answer(200, OCTETS)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def url():
    """Serve a lab's capture."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Lab) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def captured(tmp_path, *arguments):
    """Return exit status and octets of a capture."""
    fifo = tmp_path / "fifo"
    fifo.write_bytes(b"")
    status = main(["--capture", "--fifo", str(fifo), *arguments])
    return status, fifo.read_bytes()


def test_running_labs_are_interfaces(capsys):
    """Each by its name and where it is; one more is for labs elsewhere."""
    name = f"corenet-demo-{os.getpid()}"
    with registered(RegisteredLab("demo", os.getpid(), "http://127.0.10.4:8080", None)):
        assert main(["--extcap-interfaces", "--extcap-version=4.0"]) == 0
    printed = capsys.readouterr().out
    assert f"interface {{value={name}}}{{display=Corenet lab demo (127.0.10.4:8080)}}" in printed
    assert "interface {value=corenet}{display=Corenet lab at a URL}" in interfaces()
    assert name not in interfaces()


def test_packets_begin_with_ip(capsys):
    """The link type is LINKTYPE_RAW."""
    assert main(["--extcap-dlts", "--extcap-interface", "corenet-demo-1"]) == 0
    assert capsys.readouterr().out.startswith("dlt {number=101}")


def test_only_a_lab_elsewhere_is_asked_about(capsys):
    """URL and token; of a lab of this user both are known."""
    assert main(["--extcap-config", "--extcap-interface", "corenet-demo-1"]) == 0
    assert capsys.readouterr().out.strip() == ""
    assert main(["--extcap-config", "--extcap-interface", "corenet"]) == 0
    printed = capsys.readouterr().out
    assert "{call=--url}" in printed
    assert "{call=--token}" in printed


def test_a_labs_capture_goes_into_the_pipe(tmp_path, url):
    """With the token that the lab has said."""
    with registered(RegisteredLab("demo", os.getpid(), url, "open sesame")):
        name = f"corenet-demo-{os.getpid()}"
        assert captured(tmp_path, "--extcap-interface", name) == (0, OCTETS)


def test_a_lab_elsewhere_is_captured_by_its_url(tmp_path, url):
    """A URL may end with a slash."""
    asked = ("--url", f"{url}/", "--token", "open sesame")
    assert captured(tmp_path, *asked) == (0, OCTETS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", "{url}"), "refuses: 401 a bearer token is asked for"),
        (("--url", "{url}/x", "--token", "open sesame"), "refuses: 404 Not Found"),
        (("--url", "ftp://127.0.0.1"), "is no http or https URL"),
        (("--url", "http://127.0.0.1:99999"), "no capture from"),
        (("--url", "http://127.0.0.1:1"), "Connection refused"),
        (("--extcap-interface", "corenet-demo-1"), "corenet-demo-1 has ended"),
    ],
)
def test_wireshark_shows_why_there_is_no_capture(tmp_path, url, capsys, arguments, said):
    """The reason is what the program writes as its error."""
    arguments = [argument.replace("{url}", url) for argument in arguments]
    assert captured(tmp_path, *arguments) == (1, b"")
    assert said in capsys.readouterr().err


def test_a_user_is_told_how_it_is_called(capsys):
    """Without a question it says so, and ends with the status of wrong use."""
    assert main([]) == 2
    assert "usage: corenet-extcap" in capsys.readouterr().err
