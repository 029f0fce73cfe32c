"""The browser of a mobile: fetches pages through a WAP gateway, and shows them.

Theory of operation. Pages are fetched one after the other. Each needs a PDP context, which is
activated where there is none, and ends in a page or an error on the screen. What is fetched ahead,
for a service loading with the action cache, ends in the cache without a sign; a page that is in the
cache is shown from there. A multimedia message is fetched in the same way, from where its
notification says; then what became of it is posted there, so that its centre need not keep it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from corenet.interfaces.application import Application, Host, Shown
from testbed.codecs import mms
from testbed.codecs.co import CacheOperation
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.mms import MessageNotification
from testbed.codecs.wsp.pdus import Get, Post, Reply
from testbed.handset.asking import Asking, DatagramAsking, SessionAsking
from testbed.handset.pages import PageCache, header, message_of, page_of
from testbed.handset.settings import Mode, WapGateway

MOST_WAITING: Final = 8
"""Pages that wait for their turn."""
MOST_REDIRECTIONS: Final = 5
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307})
_SUCCESS, _REDIRECTION = 200, 300
"""Where the statuses of answers begin."""
_SCHEMES: Final = frozenset({"http", "https"})


@dataclass(slots=True)
class _Fetch:
    """One page that is wanted."""

    url: str
    """Where it is to be found, as redirections have it."""
    wanted: str
    """As it was asked for."""
    is_shown: bool
    """Whether the user waits for it."""
    redirections: int = 0
    notification: MessageNotification | None = None
    """Of the multimedia message that is there, where it is one."""
    told: mms.Status | None = None
    """What its centre is told of it, once that is known."""

    @property
    def what(self) -> str:
        """What it is, in words."""
        return "page" if self.notification is None else "multimedia message"

    @property
    def done(self) -> str:
        """What is to be done with it, in words."""
        return "fetched" if self.told is None else "acknowledged"

    @property
    def request(self) -> Get | Post:
        """What the gateway is asked for."""
        if self.notification is None or self.told is None:
            return Get(self.url)
        body = mms.encode_notify_response(self.notification.transaction_id, self.told)
        return Post(self.url, ContentType(mms.MEDIA_TYPE), body)


class Browser(Application):
    """Opens what the user taps on, and what it is told to open."""

    def __init__(self, host: Host, gateway: WapGateway) -> None:
        self._host = host
        self._gateway = gateway
        self._cache = PageCache()
        self._waiting: deque[_Fetch] = deque()
        self._fetch: _Fetch | None = None
        self._asking: Asking | None = None
        self._asked = gateway
        """Whom ``_asking`` asks."""
        self._address = ""
        """Where it was asked from last."""
        self._is_asking = False
        """Whether ``_fetch`` is under way; else it waits for a PDP context."""

    def configure(self, name: str, value: str) -> bool:
        """Change the gateway, or how it is asked, for pages that are not on their way."""
        gateway = self._gateway.having(name, value)
        if gateway is None:
            return False
        self._gateway = gateway
        return True

    # What is wanted of it

    def tapped(self, shown: Shown, now: float) -> bool:
        """Open what is behind something shown."""
        url = shown.details.get("href")
        if url is None:
            return False
        self.open(url, now)
        return True

    def open(self, url: str, now: float) -> None:
        """Show what is at an address."""
        page = self._cache.find(url, now)
        if page is None:
            self._want(_Fetch(url, url, is_shown=True), now)
        else:
            self._host.show(page)

    def preload(self, url: str, now: float) -> None:
        """Fetch what is at an address and keep it."""
        self._want(_Fetch(url, url, is_shown=False), now)

    def retrieve(self, notification: MessageNotification, now: float) -> None:
        """Fetch a multimedia message, and show it."""
        url = notification.content_location
        self._want(_Fetch(url, url, is_shown=True, notification=notification), now)

    def invalidate(self, operation: CacheOperation) -> None:
        """Keep what the operation names no longer."""
        self._cache.invalidate(operation)

    def _want(self, fetch: _Fetch, now: float) -> None:
        under_way = (*self._waiting, *((self._fetch,) if self._fetch else ()))
        for other in under_way:
            if other.wanted == fetch.wanted:
                other.is_shown = other.is_shown or fetch.is_shown
                return
        if len(self._waiting) == MOST_WAITING:
            self._tell_failure(fetch, f"{MOST_WAITING} other pages wait to be fetched")
            return
        self._waiting.append(fetch)
        self._begin_next(now)

    # What is told of contexts

    def context_activated(self, address: str, now: float) -> None:
        """Fetch what waited for this."""
        if self._fetch is not None and not self._is_asking:
            self._ask(self._fetch, address, now)

    def context_refused(self, now: float) -> None:
        """Give up what waited for a context."""
        if self._fetch is not None and not self._is_asking:
            self._failed("no PDP context", now)

    def context_ended(self, address: str, now: float) -> None:
        """Be done with what went over this context."""
        if self._asking is None or self._address != address:
            return
        self._asking.pause(now)
        if self._is_asking:
            self._failed("the PDP context is gone", now)

    # Fetching

    def _begin_next(self, now: float) -> None:
        if self._fetch is not None or not self._waiting:
            return
        fetch = self._fetch = self._waiting.popleft()
        address = self._host.address
        if not _can_be_fetched(fetch.url):
            self._failed(f"{fetch.url[:200]} is no address of a page", now)
        elif address is not None:
            self._ask(fetch, address, now)
        elif not self._host.activate(now):
            self._failed("no PDP context", now)

    def _ask(self, fetch: _Fetch, address: str, now: float) -> None:
        self._is_asking = True
        if self._asking is not None and self._asked != self._gateway:
            self._asking.drop()
            self._asking = None
        if self._asking is None:
            self._asking = self._way()
            self._asked = self._gateway
        self._address = address
        self._asking.ask(fetch.request, address, now)

    def _way(self) -> Asking:
        gateway = self._gateway
        if gateway.mode is Mode.SESSION:
            return SessionAsking(
                self._host,
                (gateway.address, gateway.session_port),
                answered=self._answered,
                failed=self._failed,
            )
        return DatagramAsking(
            self._host,
            (gateway.address, gateway.connectionless_port),
            answered=self._answered,
            failed=self._failed,
        )

    def _answered(self, reply: Reply, now: float) -> None:
        fetch = self._fetch
        if fetch is None or self._asking is None:
            return
        location = header(reply.headers, "Location")
        if reply.status in _REDIRECTIONS and location is not None:
            self._redirect(fetch, self._asking, location, now)
            return
        if fetch.notification is not None:
            self._message_answered(fetch, fetch.notification, self._asking, reply, now)
            return
        page = page_of(reply, fetch.url)
        self._host.report(
            "page fetched",
            {"url": fetch.url, "status": str(reply.status), "octets": str(len(reply.body))},
        )
        if fetch.is_shown:
            self._host.show(page)
        else:
            self._cache.keep(fetch.wanted, reply, page, now)
        self._finish(now)

    def _message_answered(
        self,
        fetch: _Fetch,
        notification: MessageNotification,
        asking: Asking,
        reply: Reply,
        now: float,
    ) -> None:
        """Take a multimedia message, or the answer to what its centre was told of it."""
        details = {"url": fetch.url, "status": str(reply.status)}
        if not _SUCCESS <= reply.status < _REDIRECTION:
            self._failed(f"the answer has status {reply.status}", now)
            return
        if fetch.told is not None:
            self._host.report(f"{fetch.what} {fetch.done}", details)
            self._finish(now)
            return
        try:
            message = mms.decode_message(reply.body)
        except ContentError as error:
            self._tell_failure(fetch, str(error))
            fetch.told = mms.Status.UNRECOGNISED
        else:
            if message.failure is not None:
                self._failed(f"its centre says: {message.failure}", now)
                return
            details["octets"] = str(len(reply.body))
            self._host.report(f"{fetch.what} {fetch.done}", details)
            self._host.show(message_of(message, notification))
            fetch.told = mms.Status.RETRIEVED
        fetch.is_shown = False
        asking.ask(fetch.request, self._address, now)

    def _redirect(self, fetch: _Fetch, asking: Asking, location: str, now: float) -> None:
        fetch.redirections += 1
        url = _joined(fetch.url, location)
        if fetch.redirections > MOST_REDIRECTIONS:
            self._failed(f"more than {MOST_REDIRECTIONS} redirections", now)
        elif not _can_be_fetched(url):
            self._failed(f"a redirection to {url[:200]}", now)
        else:
            fetch.url = url
            asking.ask(fetch.request, self._address, now)

    def _failed(self, reason: str, now: float) -> None:
        if self._fetch is not None:
            self._tell_failure(self._fetch, reason)
            self._finish(now)

    def _tell_failure(self, fetch: _Fetch, reason: str) -> None:
        what = f"{fetch.what} not {fetch.done}"
        self._host.report(what, {"url": fetch.url, "reason": reason})
        if fetch.is_shown:
            self._host.show(Shown("error", reason, {"href": fetch.wanted}))

    def _finish(self, now: float) -> None:
        self._fetch = None
        self._is_asking = False
        self._begin_next(now)


def _can_be_fetched(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc)


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return location
