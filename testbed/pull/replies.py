"""From an HTTP response to a WSP Reply: content, headers, size (WAP-230 §8.2.3.3, §8.4.2).

Theory of operation. A terminal on a narrow link is sent what it can use: the content in a form
that it takes, and headers that WSP has a coding for or that are text. Redirections are handed to
it, with the place in full, so that a new request is judged like any other. What is larger than the
terminal takes, or in no form that it takes, becomes a short page that says so, under a status of
its own; an error page of the origin's likewise, under the origin's status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from testbed.codecs import media, wml
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import WspError, headers
from testbed.codecs.wsp.pdus import Reply
from testbed.pull import conversions
from testbed.pull.conversions import Content
from testbed.pull.effects import HttpHeaders, OriginAnswer
from testbed.pull.preferences import Preferences, values
from testbed.pull.requests import HOP_BY_HOP

PLAIN: Final = ContentType("text/plain")
UNKNOWN: Final = "application/octet-stream"
_LISTS: Final = frozenset({"allow", "cache-control", "vary"})
"""Headers of which WSP has one for each member."""
_CODED: Final = frozenset(
    (
        *("accept-ranges", "age", "allow", "cache-control", "content-base", "content-language"),
        *("content-location", "date", "etag", "expires", "last-modified", "location"),
        *("pragma", "retry-after", "server", "set-cookie", "vary", "www-authenticate"),
    )
)
"""Headers that WSP has a number for and that a terminal can use."""
_LONGEST_TEXT: Final = 300
"""Characters that the gateway says itself."""
_HEADER_OCTETS: Final = 2_048
"""Octets of the longest header that goes over the air."""
_MOST_HEADERS: Final = 64
_REDIRECTIONS: Final = range(300, 400)
_TITLES: Final = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    406: "Not acceptable",
    413: "Too large",
    414: "Address too long",
    501: "Not implemented",
    502: "Bad gateway",
    503: "Busy",
    504: "Timed out",
}
_INSTEAD: Final = {308: 307}
"""Statuses that WSP lacks, and of which it has one that means nearly the same."""
_NO_BODY: Final = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Ready:
    """A reply, and why the gateway made it itself where it did."""

    reply: Reply
    reason: str = ""


def page(status: int, text: str, liked: Preferences, *, headers: HttpHeaders = ()) -> Ready:
    """Return a reply of the gateway itself: a deck where the client says that it reads decks."""
    title = _TITLES.get(status, "Error")
    text = text[:_LONGEST_TEXT]
    if liked.media and liked.accepts(wml.WBXML_TYPE) > 0:
        body = wml.message(title, text.replace("\0", " "))
        return Ready(Reply(status, ContentType(wml.WBXML_TYPE), body, headers), text)
    return Ready(Reply(status, PLAIN, f"{title}: {text}\n".encode(), headers), text)


def build(
    answer: OriginAnswer, liked: Preferences, *, url: str, is_head: bool, largest: int
) -> Ready:
    """Return the reply to the request for ``url``; ``largest`` is in octets of the whole PDU."""
    if not 200 <= answer.status <= 599:
        return page(502, f"the origin server answered {answer.status}", liked)
    written = _headers(answer.headers, url)
    ready = _with_content(answer, liked, written, is_head=is_head)
    return fit(ready, liked, largest)


def fit(ready: Ready, liked: Preferences, largest: int) -> Ready:
    """Return the reply, or one in its place that says that it is too large."""
    octets = len(ready.reply.encode())
    if octets <= largest:
        return ready
    text = f"{octets} octets, and the terminal takes {largest}"
    small = page(413, text, liked)
    if len(small.reply.encode()) <= largest:
        return small
    return Ready(Reply(413, PLAIN), text)


def _with_content(
    answer: OriginAnswer, liked: Preferences, written: HttpHeaders, *, is_head: bool
) -> Ready:
    status = _INSTEAD.get(answer.status, answer.status)
    kind = _content_type(answer)
    if status in _REDIRECTIONS or status in _NO_BODY:
        return Ready(Reply(status, PLAIN, headers=written))
    encoding = (answer.header("content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        return page(502, f"the content is encoded by {encoding[:40]}, unasked", liked)
    if is_head:
        named = conversions.form_for(kind, liked)
        return Ready(Reply(status, named or kind, headers=written))
    if not answer.body:
        return Ready(Reply(status, kind, headers=written))
    try:
        content = conversions.convert(Content(kind, answer.body), liked)
    except ContentError as error:
        return page(502, f"{kind.media} is not in order: {error}", liked)
    if content is not None:
        return _encodable(Reply(status, content.content_type, content.body, written), liked)
    if status >= 400:
        return page(status, "the origin server's words are in no form that is taken here", liked)
    return page(406, f"{kind.media} is not taken by the terminal", liked)


def _encodable(reply: Reply, liked: Preferences) -> Ready:
    try:
        reply.encode()
    except WspError as error:
        return page(502, f"the content type cannot be sent: {error.text}", liked)
    return Ready(reply)


def _content_type(answer: OriginAnswer) -> ContentType:
    try:
        return media.parse(answer.header("content-type") or UNKNOWN)
    except ValueError:
        return ContentType(UNKNOWN)


def _headers(received: HttpHeaders, url: str) -> HttpHeaders:
    named = {name.lower() for name in values(received, "connection")}
    out: list[tuple[str, str]] = []
    for name, value in received:
        lower = name.lower()
        if lower in HOP_BY_HOP or lower in named:
            continue
        if lower in ("location", "content-location", "content-base"):
            value = _absolute(url, value)
        for one in values(((name, value),), lower) if lower in _LISTS else (value,):
            if len(out) < _MOST_HEADERS and _is_sent(lower) and _can_be_written(name, one):
                out.append((name, one))
    return tuple(out)


def _absolute(url: str, reference: str) -> str:
    try:
        return urljoin(url, reference)
    except ValueError:
        return reference


def _is_sent(name: str) -> bool:
    return name in _CODED or name.startswith("x-")


def _can_be_written(name: str, value: str) -> bool:
    try:
        return len(headers.write(((name, value),))) <= _HEADER_OCTETS
    except WspError:
        return False
