"""What a handset shows of a gateway's answer, and the pages that it keeps for later."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from corenet.interfaces.application import Shown
from testbed.codecs import deck
from testbed.codecs.co import CacheOperation, Scope
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.mms import MessageNotification, MultimediaMessage
from testbed.codecs.multipart import Part
from testbed.codecs.timestamps import format_timestamp
from testbed.codecs.wsp.pdus import Headers, Reply

KEPT_FOR: Final = 3600.0
"""Seconds that a page is kept whose server does not say for how long."""
_MOST_KEPT: Final = 8
_MOST_SHOWN: Final = 4000
"""Characters of text."""


def header(headers: Headers, name: str) -> str | None:
    """Return the first header of that name in any case, or None."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def text_of(content_type: ContentType, body: bytes) -> str:
    """Return text in the charset that its content type names."""
    try:
        return body.decode(content_type.parameter("charset") or "utf-8", "replace")
    except (LookupError, ValueError):
        return body.decode("iso-8859-1")


def page_of(reply: Reply, url: str) -> Shown:
    """Return what is shown of an answer: a page, or an error where the status is one."""
    details = {"href": url, "status": str(reply.status), "octets": str(len(reply.body))}
    if reply.content_type is not None:
        details["content-type"] = str(reply.content_type)
    title, text = _seen(reply)
    if title:
        details["title"] = title
    seen = (text or title)[:_MOST_SHOWN]
    if 200 <= reply.status < 300:
        return Shown("page", seen, details)
    return Shown("error", seen or f"the answer has status {reply.status}", details)


def _seen(reply: Reply) -> tuple[str, str]:
    """Return title and text, or type and size as text where there is no viewer for it."""
    kind, body = reply.content_type, reply.body
    if kind is None or not body:
        return "", ""
    try:
        if kind.media == deck.WBXML_TYPE:
            page = deck.decode(body)
            return page.title, page.text
    except ContentError as error:
        return "", f"{kind.media} that cannot be read: {error}"
    if kind.media in deck.MARKUP_TYPES:
        page = deck.parse(text_of(kind, body))
        return page.title, page.text
    if kind.media.startswith("text/"):
        return "", text_of(kind, body)
    return "", f"{kind.media}, {len(body)} octets"


def message_of(message: MultimediaMessage, notification: MessageNotification) -> Shown:
    """Return what is shown of a multimedia message: its text, and what else is in it."""
    texts = [text_of(part.content_type, part.body) for part in message.parts if _is_text(part)]
    others = [
        f"{part.content_type.media}, {len(part.body)} octets"
        for part in message.parts
        if not _is_text(part)
    ]
    known = {
        "transaction-id": notification.transaction_id,
        "message-id": message.message_id,
        "sender": message.sender,
        "subject": message.subject,
        "date": None if message.date is None else format_timestamp(message.date),
        "content": "; ".join(others),
    }
    details = {name: value for name, value in known.items() if value}
    seen = "\n".join(texts) or message.subject or "a multimedia message"
    return Shown("MMS message", seen[:_MOST_SHOWN], details)


def _is_text(part: Part) -> bool:
    return part.content_type.media.startswith("text/")


class PageCache:
    """Pages that were fetched ahead, a few of them (WAP-168 §6, action cache; WAP-175)."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[float, Shown]] = OrderedDict()

    def keep(self, url: str, reply: Reply, page: Shown, now: float) -> None:
        """Keep a page for as long as its server lets it, which may be not at all."""
        lifetime = _lifetime(reply.headers)
        if page.kind == "page" and lifetime > 0:
            self._pages[url] = (now + lifetime, page)
            self._pages.move_to_end(url)
            if len(self._pages) > _MOST_KEPT:
                self._pages.popitem(last=False)

    def find(self, url: str, now: float) -> Shown | None:
        """Return the page that is kept for an address, or None."""
        until, page = self._pages.get(url, (0.0, None))
        return page if now < until else None

    def invalidate(self, operation: CacheOperation) -> None:
        """Forget what a cache operation names."""
        for invalidation in operation.invalidations:
            whole_service = invalidation.scope is Scope.SERVICE
            for url in tuple(self._pages):
                if url == invalidation.uri or (whole_service and url.startswith(invalidation.uri)):
                    del self._pages[url]


def _lifetime(headers: Headers) -> float:
    """Return for how long an answer may be kept, in seconds (RFC 9111 §5.2.2)."""
    for name, value in headers:
        if name.lower() != "cache-control":
            continue
        for directive in value.lower().split(","):
            what, _, argument = directive.strip().partition("=")
            if what in ("no-store", "no-cache"):
                return 0.0
            if what == "max-age" and argument.isdecimal():
                return float(argument)
    return KEPT_FOR
