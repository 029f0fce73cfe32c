"""What a handset makes of pushed content, whichever way it came.

Specs: WAP-167 §6 (what a client does with SI), WAP-168 §6 (SL), WAP-175 (CO), OMA MMS
Encapsulation §6.2 (m-notification-ind).

Theory of operation. A service indication is known by its si-id, or by its href where it has
none. One that is expired is dropped; of two with the same identity the one created later stays,
in whichever order they arrive, and one that arrives again changes nothing. What was deleted is
remembered too, so that an older copy that comes late does not bring it back. A service loading is
shown and opened at once, or without a sign where it is for the cache. The notification of a
multimedia message is shown, and the message fetched at once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final, Protocol

from corenet.interfaces.application import Host, Shown
from testbed.codecs import co, mms, si, sl, wsp
from testbed.codecs.co import CacheOperation
from testbed.codecs.errors import ContentError
from testbed.codecs.mms import MessageNotification
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.timestamps import format_timestamp
from testbed.codecs.wsp.pdus import Push
from testbed.handset.pages import header, text_of

_MOST_REMEMBERED: Final = 64


class Loader(Protocol):
    """What opens services: the handset's browser."""

    def open(self, url: str, now: float) -> None:
        """Fetch what is there and show it."""
        ...

    def preload(self, url: str, now: float) -> None:
        """Fetch what is there and keep it, without a sign to the user."""
        ...

    def retrieve(self, notification: MessageNotification, now: float) -> None:
        """Fetch a multimedia message and show it."""
        ...

    def invalidate(self, operation: CacheOperation) -> None:
        """Keep what the operation names no longer."""
        ...


class PushContent:
    """Shows SI, SL, notifications of multimedia messages and other content.

    What becomes of it is counted, each as one of ``pushes_shown``, ``pushes_malformed`` (it breaks
    its definition), ``pushes_expired``, ``pushes_superseded`` (not newer than what the handset
    has, or had, under that identity), ``pushes_silent`` (SI with signal-none, SL with cache, CO)
    and ``pushes_deleted`` (SI with action delete that was obeyed).
    """

    def __init__(self, host: Host, loader: Loader | None) -> None:
        self._host = host
        self._loader = loader
        self._created: OrderedDict[str, float | None] = OrderedDict()

    def take(self, push: Push, source: str, now: float) -> bool:
        """Show a push that ``source`` sent; return False where it breaks its definition."""
        notification = None
        try:
            if push.content_type.media == mms.MEDIA_TYPE:
                notification = mms.decode_notification(push.body)
                shown = self._notified(notification, now)
            else:
                shown = self._content(push, now)
        except ContentError:
            self._count("malformed")
            return False
        if shown is not None:
            self._count("shown")
            details = {**shown.details, "application-id": _application(push), "from": source}
            self._host.show(replace(shown, details=details))
            if shown.kind == "SL" and self._loader is not None:
                self._loader.open(shown.text, now)
            if notification is not None and self._loader is not None:
                self._loader.retrieve(notification, now)
        return True

    def _count(self, name: str) -> None:
        self._host.count(f"pushes_{name}")

    def _content(self, push: Push, now: float) -> Shown | None:
        media = push.content_type.media
        if media == si.WBXML_TYPE:
            return self._indication(si.decode(push.body), now)
        if media == si.XML_TYPE:
            return self._indication(si.parse(push.body), now)
        if media == sl.WBXML_TYPE:
            return self._loading(sl.decode(push.body), now)
        if media == sl.XML_TYPE:
            return self._loading(sl.parse(push.body), now)
        if media in (co.WBXML_TYPE, co.XML_TYPE):
            operation = (co.decode if media == co.WBXML_TYPE else co.parse)(push.body)
            self._count("silent")
            if self._loader is not None:
                self._loader.invalidate(operation)
            return None
        details = {"content-type": str(push.content_type), "octets": str(len(push.body))}
        if media.startswith("text/"):
            return Shown("text", text_of(push.content_type, push.body), details)
        return Shown("content", f"{media}, {len(push.body)} octets", details)

    def _notified(self, notification: MessageNotification, now: float) -> Shown | None:
        expiry = notification.expiry
        if not expiry.is_relative and expiry.seconds <= now:
            self._count("expired")
            return None
        return _message(notification)

    def _indication(self, indication: ServiceIndication, now: float) -> Shown | None:
        if indication.expires is not None and indication.expires <= now:
            self._count("expired")
            return None
        identity = indication.si_id or indication.href
        if identity is not None:
            if self._is_superseded(identity, indication.created):
                self._count("superseded")
                return None
            self._remember(identity, indication.created)
        if indication.action is si.Action.DELETE:
            self._count("deleted")
            return None
        if indication.action is si.Action.SIGNAL_NONE:
            self._count("silent")
            return None
        return Shown("SI", indication.text, _indication_details(indication))

    def _is_superseded(self, identity: str, created: float | None) -> bool:
        known = self._created.get(identity)
        return known is not None and created is not None and created <= known

    def _remember(self, identity: str, created: float | None) -> None:
        self._created[identity] = created
        self._created.move_to_end(identity)
        if len(self._created) > _MOST_REMEMBERED:
            self._created.popitem(last=False)

    def _loading(self, loading: ServiceLoading, now: float) -> Shown | None:
        if loading.action is sl.Action.CACHE:
            self._count("silent")
            if self._loader is not None:
                self._loader.preload(loading.href, now)
            return None
        return Shown("SL", loading.href, {"href": loading.href, "action": str(loading.action)})


def _application(push: Push) -> str:
    """Return whom a push is for, who is the browser where it says nothing."""
    return header(push.headers, "X-Wap-Application-Id") or wsp.DEFAULT_APPLICATION


def _indication_details(indication: ServiceIndication) -> dict[str, str]:
    details = {"action": str(indication.action)}
    if indication.href is not None:
        details["href"] = indication.href
    if indication.si_id is not None:
        details["si-id"] = indication.si_id
    if indication.created is not None:
        details["created"] = format_timestamp(indication.created)
    if indication.expires is not None:
        details["si-expires"] = format_timestamp(indication.expires)
    return details


def _message(notification: MessageNotification) -> Shown:
    subject, expiry = notification.subject, notification.expiry
    details = {
        "content-location": notification.content_location,
        "transaction-id": notification.transaction_id,
        "class": notification.message_class,
        "octets": str(notification.message_size),
        "expires": f"in {expiry.seconds} s"
        if expiry.is_relative
        else format_timestamp(expiry.seconds),
    }
    if notification.sender is not None:
        details["sender"] = notification.sender
    return Shown("MMS", subject or "a multimedia message", details)
