"""A push initiator as a program: posts bodies as they are and collects result notifications.

It runs where the gateways are, in a place of their own, and knows nothing of what it posts. Reads
a list of ``Errand`` as JSON from standard input, all of which are run at once, and prints a list of
``Outcome`` in the same order.
"""

from __future__ import annotations

import base64
import http.client
import json
import select
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from testbed.initiator.submission import take_notification

if TYPE_CHECKING:
    from tests.interop.peers import Place

LISTENS = ("127.0.0.1", 18099)
"""Where result notifications are taken; the path says whose they are."""
ANSWER_SECONDS = 100.0
"""How long a gateway has to answer one POST."""
GAP = 5.0
"""Seconds between two POSTs of one errand: by then the first push has arrived."""
RUSH = 8.0
"""Seconds that a server has to refuse a body by its announced length."""


@dataclass(frozen=True)
class Post:
    """One POST."""

    content_type: str
    body: bytes


@dataclass(frozen=True)
class Errand:
    """POSTs to one gateway, one after the other."""

    key: str
    """Path that result notifications of it are posted to."""
    url: str
    posts: tuple[Post, ...]


@dataclass(frozen=True)
class Answer:
    """What a POST was answered; status 0 where the connection ended without an answer."""

    status: int
    content_type: str = ""
    body: str = ""


@dataclass
class Outcome:
    """What came of an errand."""

    answers: list[Answer] = field(default_factory=list)
    notifications: list[str] = field(default_factory=list)
    """Bodies of the result notifications, in order of arrival."""


def run_errands(place: Place, errands: Sequence[Errand], *, seconds: float) -> list[Outcome]:
    """Run errands in ``place``; notifications are waited for ``seconds`` after the last answer."""
    task = {
        "seconds": seconds,
        "errands": [
            {
                "key": errand.key,
                "url": errand.url,
                "posts": [
                    (post.content_type, base64.b64encode(post.body).decode())
                    for post in errand.posts
                ],
            }
            for errand in errands
        ],
    }
    printed = place.run(sys.executable, __file__, input=json.dumps(task), timeout=300.0)
    return [
        Outcome([Answer(**answer) for answer in outcome["answers"]], outcome["notifications"])
        for outcome in json.loads(printed)
    ]


def _post(url: str, post: Post) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=ANSWER_SECONDS
    )
    try:
        connection.putrequest("POST", parts.path, skip_accept_encoding=True)
        connection.putheader("Content-Type", post.content_type)
        connection.putheader("Content-Length", str(len(post.body)))
        connection.endheaders()
        # A server that refuses at once closes; what is still being written then would cost us
        # its answer.
        large = len(post.body) > 100_000
        if not large or not select.select([connection.sock], [], [], RUSH)[0]:
            connection.send(post.body)
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return Answer(response.status, response.getheader("Content-Type", ""), body)
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        connection.close()


def _run(errand: Errand) -> list[Answer]:
    answers = []
    for number, post in enumerate(errand.posts):
        if number:
            time.sleep(GAP)
        answers.append(_post(errand.url, post))
    return answers


def main() -> None:
    """Run what standard input says."""
    task = json.load(sys.stdin)
    errands = [
        Errand(
            entry["key"],
            entry["url"],
            tuple(Post(kind, base64.b64decode(body)) for kind, body in entry["posts"]),
        )
        for entry in task["errands"]
    ]
    arrived: defaultdict[str, list[str]] = defaultdict(list)

    class Notified(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            receipt = take_notification(self.headers.get("Content-Type", ""), body)
            self.send_response(202)
            self.send_header("Content-Type", receipt.answer.content_type)
            self.send_header("Content-Length", str(len(receipt.answer.body)))
            self.end_headers()
            self.wfile.write(receipt.answer.body)
            arrived[self.path.strip("/")].append(body.decode("utf-8", "replace"))

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(LISTENS, Notified)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with ThreadPoolExecutor(max_workers=max(1, len(errands))) as pool:
        answers = list(pool.map(_run, errands))
    time.sleep(task["seconds"])
    server.shutdown()
    outcomes = [
        asdict(Outcome(got, list(arrived[errand.key])))
        for errand, got in zip(errands, answers, strict=True)
    ]
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
