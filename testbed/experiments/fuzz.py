"""Throws broken requests at a whole push gateway, and looks whether it keeps its head.

``python -m testbed.experiments.fuzz`` runs for a minute; exit status 1 where something went wrong,
with the octets that did it. With ``--atheris`` libFuzzer looks for new paths through the code; the
package atheris is then needed.

Theory of operation. An input is what comes over one TCP connection: HTTP requests that were right
once, and then had octets flipped, pieces cut out, doubled or nested, names and numbers put in.
The gateway behind the HTTP channel is a whole one, in virtual time, with its store in memory, a
core that knows some terminals, and an initiator that answers. After the connection has ended,
time passes until everything must have come to an end. ``Round.check`` says what must hold.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from random import Random
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from testbed.adapters.gateway_http import GatewaySite
from testbed.codecs import ccpp, multipart, pap, si, sl
from testbed.codecs.ccpp import Profile
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.codecs.pap import DeliveryMethod, Priority, QualityOfService, ReplaceMethod
from testbed.codecs.pap.schema import ELEMENTS
from testbed.experiments.fuzzing import (
    Change,
    cut,
    double,
    drifting,
    end,
    flip,
    move,
    run,
)
from testbed.gateway.config import ClientProfiles, GatewayConfig, RetryPolicy
from testbed.gateway.initiators import Caller
from testbed.gateway.keeping.records import StoredPush
from testbed.gateway.keeping.store import PushQuery, SqliteStore
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.submissions.answers import HttpAnswer
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import INDICATION, NOTIFY_URL, NOW, SECRET, GatewayBench, plmn

LIFETIME: Final = 600.0
"""Seconds that a push without deliver-before may take."""
PATIENCE: Final = 3000.0
"""Seconds after which everything has ended that is not meant for a later time."""
LARGEST: Final = 20_000
ONLINE, AWAY, STRANGE, SILENT = (f"44770090000{number}" for number in range(4))
_CONFIG: Final = GatewayConfig(
    "127.0.0.5",
    "wap",
    SECRET,
    users={"joe": ONLINE},
    lifetime=LIFETIME,
    client_profiles=ClientProfiles(clients={AWAY: Profile(("*/*",), user_agent="Phone/1")}),
    retry=RetryPolicy(waits=(100.0,), ask_again=100.0, poll=100.0),
)
_LAST: Final = NOW + 900.0


class BrokenError(AssertionError):
    """The gateway did what it must not do; the sentence says what."""


class Round:
    """One gateway, from the first octet of a connection to the end of all that it brought about."""

    def __init__(self) -> None:
        self._bench = GatewayBench(_CONFIG, SqliteStore(":memory:"))
        self._bench.views.update(
            {
                Terminal.by_msisdn(ONLINE): TerminalView("1", contexts=(("wap", "10.45.0.7"),)),
                Terminal.by_msisdn(AWAY): TerminalView("2", reachable=False),
                Terminal.by_msisdn(SILENT): CoreSilent("x"),
            }
        )
        self._bench.default_view = UnknownTerminal()
        self._clock = Clock()
        self._site = GatewaySite(
            self._clock,
            pap_path="/pap",
            largest_body=10_000,
            viewers=("*",),
            submit=self._submit,
            find=self._find,
            search=self._search,
            health=lambda: {"status": "ok"},
            metrics=lambda: b"",
        )

    def play(self, octets: bytes, pieces: Random) -> None:
        """Have octets come over a connection in pieces; close it; let time pass; look.

        Raises:
            BrokenError: something does not hold.
        """
        channel = self._site.buildProtocol(None)
        transport = StringTransport()
        channel.makeConnection(transport)
        begin = 0
        while begin < len(octets) and not transport.disconnecting:
            end = begin + pieces.randint(1, 4000)
            channel.dataReceived(octets[begin:end])
            begin = end
        answered = transport.value()
        channel.connectionLost(Failure(ConnectionDone()))
        self._clock.pump([1.0] * 3)
        self._bench.advance(PATIENCE)
        try:
            self._cancel_the_rest()
            self.check(answered)
        finally:
            self.close()

    def close(self) -> None:
        """Give the store up; a round that is played does so at its end."""
        self._bench.store.close()

    def _cancel_the_rest(self) -> None:
        """Cancel what has a time long ahead by a timestamp that was hit upon."""
        for stored in self._bench.store.unfinished():
            push = stored.push
            if max(push.deliver_before, push.deliver_after or 0.0) > NOW + PATIENCE:
                answer = self._bench.ask(pap.CancelMessage(push.push_id))
                assert isinstance(answer, pap.CancelResponse)
                if not {result.code for result in answer.results} <= {1000, 2008}:
                    raise BrokenError(f"a push that waits cannot be cancelled: {answer}")

    def check(self, answered: bytes) -> None:
        """Find out whether every promise was kept.

        Each submission has exactly one answer, a PAP document or HTTP 4xx; nothing on the
        connection is a server's fault; every push has ended and is reported, none is left over.
        """
        bench = self._bench
        for answer in bench.answers.values():
            if answer.content_type.startswith("multipart/"):
                control, capabilities = multipart.parse(answer.content_type, answer.body)
                pap.parse(control.body)
                ccpp.parse(capabilities.body)
            elif answer.status == 202:
                pap.parse(answer.body)
            elif not 400 <= answer.status < 500:
                raise BrokenError(f"a submission is answered by HTTP {answer.status}")
        # An answer may quote what it is about: only where a line begins is it a status.
        for status in re.findall(rb"^HTTP/1\.1 (.*)", answered, re.MULTILINE):
            if status[:1] not in (b"1", b"2", b"4"):
                raise BrokenError(f"the connection has HTTP {status[:60]!r}")
        if bench.gateway.unfinished or bench.gateway.counters["deliveries kept"]:
            raise BrokenError("a push has not ended")
        if bench.gateway.next_timeout() is not None:
            raise BrokenError("the gateway waits for something")
        if bench.store.unfinished():
            raise BrokenError("the store has something that is not done with")

    def _submit(self, content_type: str, body: bytes, _caller: Caller) -> Deferred[HttpAnswer]:
        # The bench sees to it that there is one answer, and not another one later.
        answer = self._bench.post(content_type, body)
        return succeed(HttpAnswer(answer.status, answer.content_type, answer.body))

    async def _find(self, push_id: str) -> StoredPush | None:
        return self._bench.gateway.push(push_id) or self._bench.store.find(push_id)

    async def _search(self, query: PushQuery) -> list[StoredPush]:
        return self._bench.store.search(query)


# What to begin with


def seeds() -> list[bytes]:
    """Return connections with nothing wrong: every document, content of every kind."""
    addresses = (plmn(ONLINE), plmn(AWAY), plmn(STRANGE), plmn(SILENT))
    push = pap.PushMessage(
        "1@pi.example",
        addresses,
        deliver_before=_LAST,
        deliver_after=NOW + 60,
        source_reference="r",
        notify_url=NOTIFY_URL,
        progress_notes=True,
        quality_of_service=QualityOfService(
            Priority.HIGH, DeliveryMethod.UNCONFIRMED, "GSM", False, "GPRS", False
        ),
    )
    odd = (
        "WAPPUSH=10.45.0.7/TYPE=IPV4@ppg.example",
        "WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPV6@ppg.example",
        "WAPPUSH=joe/TYPE=USER@ppg.example",
    )
    new = pap.PushMessage(
        "2@pi.example", odd, replace_push_id="1@pi.example", replace_method=ReplaceMethod.ALL
    )
    indication = Part(ContentType(si.XML_TYPE), si.build(INDICATION))
    loading = Part(ContentType(sl.XML_TYPE), sl.build(sl.ServiceLoading("http://x.example/")))
    headers = (("X-Wap-Application-Id", "x-wap-application:mms.ua"), ("Expires", "soon"))
    other = Part(ContentType("application/vnd.wap.mms-message"), b"\x8c\x82", headers)
    posts = [
        b"".join((_push(push, indication), _post(pap.StatusQuery("1@pi.example", addresses)))),
        b"".join((_push(push, indication), _push(new, loading))),
        b"".join((_push(push, indication), _post(pap.CancelMessage("1@pi.example")))),
        _push(new, other),
        b"".join(_post(pap.CcqMessage(address, "q", "app")) for address in addresses[:2]),
        _push(push, indication, Part(ContentType("text/xml"), ccpp.build(Profile(("a/b",))))),
        b"GET /v1/pushes/1%40pi.example HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/pushes?state=held&limit=3&received_from=2026-01-01T00:00:00Z HTTP/1.1\r\n\r\n",
    ]
    body = b"".join(posts[:1]).partition(b"\r\n\r\n")[2]
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(body[n : n + 700]), body[n : n + 700]) for n in range(0, 2100, 700)
    )
    head = posts[0].partition(b"Content-Length")[0]
    return [*posts, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"]


def _push(push: pap.PushMessage, *entities: Part) -> bytes:
    control = Part(ContentType("application/xml"), pap.build(push))
    return _request(*build_multipart([control, *entities], boundary="asdf"))


def _post(document: pap.Document) -> bytes:
    return _request("application/xml", pap.build(document))


def _request(content_type: str, body: bytes) -> bytes:
    head = (
        f"POST /pap HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def words() -> list[bytes]:
    """Return what means something to one layer or another."""
    names = {element.encode() for element in ELEMENTS}
    return sorted(
        {
            *names,
            *(b"<%b>" % name for name in names),
            *(b"</%b>" % name for name in names),
            b'push-id="', b'address-value="', b"/>", b"]]>", b"<![CDATA[", b"<!--", b"&amp;",
            b"&#0;", b"&#x10FFFF;", b"&x;", b'<!DOCTYPE pap SYSTEM "http://127.0.0.1:1/x.dtd">',
            b'<!DOCTYPE pap [<!ENTITY x "xxxxxxxxxx">]>',
            b'<!DOCTYPE pap [<!ENTITY % y SYSTEM "f">%y;]>',
            b'<?xml version="1.0" encoding="UTF-16"?>', b'encoding="utf-7"', b'encoding="x"',
            b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xf0\x9f\x98\x80", b"\xc0\x80",
            b"2026-02-30T25:61:61Z", b"9999-12-31T23:59:59Z", b"0000-00-00T00:00:00Z",
            b"\r\n\r\n", b"\r\n--asdf\r\n", b"\r\n--asdf--\r\n", b"--asdf", b"boundary=",
            b"charset=", b"multipart/related", b"Content-Type: ", b"Content-Length: -1\r\n",
            b"Content-Transfer-Encoding: base64\r\n", b"Transfer-Encoding: chunked\r\n",
            b"Expect: 100-continue\r\n", b"ffffffff\r\n", b"WAPPUSH=", b"/TYPE=IPv6@", b"%41", b"%",
            b"application/vnd.wap.sic", b"text/vnd.wap.si", b"text/vnd.wap.connectivity-xml",
        }
    )  # fmt: skip


_WORDS: Final = tuple(words())


def mutated(octets: bytes, random: Random) -> bytes:
    """Return a connection with some things changed; often its lengths fit again afterwards."""
    changed = bytearray(octets)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        random.choice(_CHANGES)(changed, random)
        del changed[LARGEST:]
    return _measured(bytes(changed)) if random.random() < 0.8 else bytes(changed)


def _measured(octets: bytes) -> bytes:
    """Put the length of a single request's body right."""
    head, end, body = octets.partition(b"\r\n\r\n")
    name = b"Content-Length: "
    before, found, after = head.partition(name)
    if not found or octets.count(b"POST /pap") != 1:
        return octets
    rest = after.partition(b"\r\n")
    return b"".join((before, name, b"%d" % len(body), rest[1], rest[2], end, body))


def _put_in(octets: bytearray, random: Random) -> None:
    place = random.randrange(len(octets) + 1)
    octets[place:place] = random.choice(_WORDS)


def _replace(octets: bytearray, random: Random) -> None:
    word = random.choice(_WORDS)
    place = octets.find(word)
    if place >= 0:
        octets[place : place + len(word)] = random.choice(_WORDS)


def _swell(octets: bytearray, random: Random) -> None:
    place = octets.find(b'="', random.randrange(len(octets) + 1))
    if place >= 0:
        text = random.choice((b"a", b" ", b"%41", b"&amp;", b"\xc3\xa4", b"1"))
        octets[place + 2 : place + 2] = text * random.choice((10, 300, 4000))


def _nest(octets: bytearray, random: Random) -> None:
    name = random.choice(sorted(ELEMENTS)).encode()
    place = octets.find(b"<pap")
    octets[place:place] = b"<%b>" % name * random.choice((3, 40, 800))


_CHANGES: Final[tuple[Change, ...]] = (
    flip, cut, double, move, _put_in, _put_in, _replace, _replace, _swell, _nest, end,
)  # fmt: skip


def inputs(random: Random) -> Iterator[bytes]:
    """Yield connections without end: the right ones first, then what becomes of them."""
    return drifting(seeds, mutated, random)


def play(octets: bytes, random: Random) -> None:
    """Play one connection against a gateway of its own. Raises BrokenError."""
    Round().play(octets, random)


def main() -> int:
    """Run from the command line."""
    return run(
        "testbed.experiments.fuzz",
        __doc__,
        instrumented=("testbed",),
        seeds=seeds(),
        inputs=inputs,
        play=play,
        largest=LARGEST,
        words=_WORDS,
        found="connections, each answered as it must be; nothing was left over.",
    )


if __name__ == "__main__":
    sys.exit(main())
