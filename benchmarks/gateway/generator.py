"""Posts pushes as fast as told and takes the datagrams that come of them; one process, no library.

Run by ``benchmarks.gateway`` as a program of its own, so that its CPU time is told apart from the
gateway's. Requests are prebuilt but for a number of eight digits in the push-id and in the link
of the Service Indication, by which a datagram is told to which POST it belongs. Connections stay
open; there is at most one request on each.

Takes a ``Task`` as JSON on standard input, prints an ``Outcome`` as JSON.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field

TERMINAL_PORT, RADIUS_PORT = 2948, 1813
_MARK = b"?n="
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)\r\n", re.IGNORECASE)
_RECEIVE_BUFFER = 8 << 20
_SETTLE_SECONDS = 5.0
"""How long to wait for answers and datagrams after the last POST."""


@dataclass(frozen=True)
class Task:
    """What to do."""

    hosts: list[str]
    """Where PAP is served; connections are spread over them."""
    port: int
    path: str
    terminals: list[str]
    run: str
    """Makes push-ids differ from those of other runs."""
    seconds: float
    rate: float | None = None
    """POSTs a second, whatever the gateway does; None: the next one once one is answered."""
    connections: int = 64
    accounting: list[tuple[str, str]] = field(default_factory=list)
    """RADIUS servers, and for each a packet in hexadecimal digits, to be sent before."""


@dataclass
class Outcome:
    """What came of it; latencies in seconds."""

    posted: int = 0
    accepted: int = 0
    refused: int = 0
    datagrams: int = 0
    answered_before: int = 0
    """Pushes answered with 1001 before their datagram came."""
    seconds: float = 0.0
    """From the first POST to the last answer."""
    cpu_seconds: float = 0.0
    """Of this process."""
    delayed: int = 0
    """POSTs that waited for a connection."""
    to_datagram: list[float] = field(default_factory=list)
    to_answer: list[float] = field(default_factory=list)


def request(task: Task) -> bytes:
    """Return a request with ADDRESS and NNNNNNNN to be filled in."""
    boundary = "asdlfkjiurwghasf"
    body = (
        f"--{boundary}\r\nContent-Type: application/xml\r\n\r\n"
        '<?xml version="1.0"?>\n<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 1.0//EN" '
        '"http://www.wapforum.org/DTD/pap_1.0.dtd">\n'
        f'<pap product-name="bench"><push-message push-id="{task.run}-NNNNNNNN@pi.example">'
        '<address address-value="WAPPUSH=ADDRESS/TYPE=IPv4@ppg.example"/>'
        '<quality-of-service priority="low" delivery-method="unconfirmed" '
        'network-required="true" network="GSM" bearer-required="true" bearer="GPRS"/>'
        f"</push-message></pap>\r\n--{boundary}\r\n"
        "Content-Type: text/vnd.wap.si\r\n\r\n"
        '<?xml version="1.0"?>\n<!DOCTYPE si PUBLIC "-//WAPFORUM//DTD SI 1.0//EN" '
        '"http://www.wapforum.org/DTD/si.dtd">\n'
        '<si><indication href="http://wap.example.com/mail?n=NNNNNNNN" si-id="si1@pi.example" '
        'action="signal-high" created="2026-01-02T03:04:05Z" '
        'si-expires="2036-06-30T00:00:00Z">You have 4 new emails</indication></si>\r\n'
        f"--{boundary}--\r\n"
    )
    widest = max(map(len, task.terminals))
    # Padding, so that every request has the same length whatever the address.
    length = len(body) - len("ADDRESS") + widest
    head = (
        f"POST {task.path} HTTP/1.1\r\nHost: {task.hosts[0]}\r\n"
        f'Content-Type: multipart/related; boundary="{boundary}"; type="application/xml"\r\n'
        f"Content-Length: {length}\r\n\r\n"
    )
    return (head + body).encode()


class _Generator:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.outcome = Outcome()
        self._templates = [self._template(address) for address in task.terminals]
        self._poll = select.epoll()
        self._connections: dict[int, socket.socket] = {}
        self._pending: dict[int, bytes] = {}
        self._number_on: dict[int, int] = {}
        self._posted: dict[int, float] = {}
        self._arrived: dict[int, float] = {}
        self._idle: deque[int] = deque()
        self._terminal = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def _template(self, address: str) -> tuple[bytes, bytes, bytes]:
        # White space around the root element makes up for shorter addresses.
        pad = b" " * (max(map(len, self.task.terminals)) - len(address))
        whole = request(self.task).replace(b"ADDRESS", address.encode())
        whole = whole.replace(b"</pap>", b"</pap>" + pad)
        first, second, third = whole.split(b"NNNNNNNN")
        return first, second, third

    def run(self) -> Outcome:
        task, outcome = self.task, self.outcome
        self._terminal.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._terminal.setblocking(False)
        self._terminal.bind(("0.0.0.0", TERMINAL_PORT))
        self._poll.register(self._terminal.fileno(), select.EPOLLIN)
        self._announce()
        for number in range(task.connections):
            self._connect(task.hosts[number % len(task.hosts)])
        cpu, begin = time.process_time(), time.perf_counter()
        end = begin + task.seconds
        if task.rate is None:
            self._closed_loop(begin, end)
        else:
            self._open_loop(begin, end, task.rate)
        self._settle()
        outcome.cpu_seconds = time.process_time() - cpu
        for number, posted in self._posted.items():
            if number in self._arrived:
                outcome.to_datagram.append(self._arrived[number] - posted)
        outcome.datagrams = len(self._arrived)
        return outcome

    def _announce(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radius:
            radius.settimeout(5.0)
            for server, packet in self.task.accounting:
                radius.sendto(bytes.fromhex(packet), (server, RADIUS_PORT))
                radius.recv(4096)

    def _connect(self, host: str) -> None:
        connection = socket.create_connection((host, self.task.port), timeout=5.0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        number = connection.fileno()
        self._connections[number] = connection
        self._pending[number] = b""
        self._idle.append(number)
        self._poll.register(number, select.EPOLLIN)

    def _closed_loop(self, begin: float, end: float) -> None:
        now = begin
        while now < end:
            while self._idle:
                self._post(now)
                now = time.perf_counter()
            self._take(end - now)
            now = time.perf_counter()

    def _open_loop(self, begin: float, end: float, rate: float) -> None:
        due, now = begin, begin
        while due < end:
            while due <= now and self._idle:
                # What waited for a connection counts from when it was due.
                self.outcome.delayed += now - due > 0.005
                self._post(due if now - due > 0.005 else now)
                due += 1.0 / rate
                now = time.perf_counter()
            self._take(max(due - now, 0.0) if self._idle else 1.0)
            now = time.perf_counter()

    def _settle(self) -> None:
        deadline = time.perf_counter() + _SETTLE_SECONDS
        while time.perf_counter() < deadline and (
            self._number_on or len(self._arrived) < self.outcome.accepted
        ):
            self._take(0.05)

    def _post(self, posted: float) -> None:
        outcome = self.outcome
        number = outcome.posted
        outcome.posted += 1
        digits = b"%08d" % number
        first, second, third = self._templates[number % len(self._templates)]
        connection = self._idle.popleft()
        self._number_on[connection] = number
        self._posted[number] = posted
        self._connections[connection].send(first + digits + second + digits + third)

    def _take(self, wait: float) -> None:
        terminal = self._terminal.fileno()
        for number, _ in self._poll.poll(wait):
            if number == terminal:
                self._take_datagrams()
            else:
                self._take_answer(number)

    def _take_datagrams(self) -> None:
        while True:
            try:
                data = self._terminal.recv(2048)
            except BlockingIOError:
                return
            place = data.find(_MARK) + len(_MARK)
            self._arrived[int(data[place : place + 8])] = time.perf_counter()

    def _take_answer(self, connection: int) -> None:
        received = self._connections[connection].recv(65536)
        if not received:
            raise SystemExit("the gateway has closed a connection")
        data = self._pending[connection] + received
        head = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data) if head >= 0 else None
        if length is None or len(data) < head + 4 + int(length[1]):
            self._pending[connection] = data
            return
        self._pending[connection] = b""
        now = time.perf_counter()
        number = self._number_on.pop(connection)
        if b'"1001"' in data:
            self.outcome.accepted += 1
            self.outcome.answered_before += number not in self._arrived
        else:
            if not self.outcome.refused:
                print(data.decode(errors="replace"), file=sys.stderr)
            self.outcome.refused += 1
        self.outcome.to_answer.append(now - self._posted[number])
        self.outcome.seconds = now - self._posted[0]
        self._idle.append(connection)


def main() -> None:
    task = Task(**json.load(sys.stdin))
    json.dump(asdict(_Generator(task).run()), sys.stdout)


if __name__ == "__main__":
    main()
