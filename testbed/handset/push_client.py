"""The push client of a mobile: takes WSP pushes on UDP 2948 and shows them.

Specs: WAP-167 §6 (what a client does with SI), WAP-168 §6 (SL), WAP-175 (CO), OMA MMS
Encapsulation §6.2 (m-notification-ind), WAP-230 (the push itself).

Theory of operation. A service indication is known by its si-id, or by its href where it has
none. One that is expired is dropped; of two with the same identity the one created later stays,
in whichever order they arrive, and one that arrives again changes nothing. What was deleted is
remembered too, so that an older copy that comes late does not bring it back.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from corenet.interfaces.application import Application, Host, Shown
from corenet.interfaces.node import Address
from testbed.codecs import co, mms, si, sl, wsp
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.timestamps import format_timestamp
from testbed.codecs.wsp import PUSH_PORT, Push, WspError

_MOST_REMEMBERED: Final = 64


class PushClient(Application):
    """Shows SI, SL, notifications of multimedia messages and other pushes.

    What becomes of the datagrams is counted: ``pushes_received``, and beside that each as one of
    ``pushes_shown``, ``pushes_malformed`` (not a push, or content that breaks its definition),
    ``pushes_expired``, ``pushes_superseded`` (not newer than what the client has, or had, under
    that identity), ``pushes_silent`` (SI with signal-none, SL with cache, CO) and
    ``pushes_deleted`` (SI with action delete that the client obeyed).
    """

    def __init__(self, host: Host, *, port: int = PUSH_PORT) -> None:
        self._host = host
        self._created: OrderedDict[str, float | None] = OrderedDict()
        host.bind(self._receive, port)

    def _receive(self, payload: bytes, source: Address, _local: Address, now: float) -> None:
        """Take a datagram's payload. Never raises for what a peer sent."""
        self._count("received")
        try:
            push = wsp.decode_push(payload)
            shown = self._content(push, now)
        except (WspError, ContentError):
            self._count("malformed")
            return
        if shown is None:
            return
        self._count("shown")
        application = push.header("X-Wap-Application-Id") or wsp.DEFAULT_APPLICATION
        details = {**shown.details, "application-id": application, "from": source[0]}
        self._host.show(replace(shown, details=details))

    def _count(self, name: str) -> None:
        self._host.count(f"pushes_{name}")

    def _content(self, push: Push, now: float) -> Shown | None:
        media = push.content_type.media
        if media == si.WBXML_TYPE:
            return self._indication(si.decode(push.body), now)
        if media == si.XML_TYPE:
            return self._indication(si.parse(push.body), now)
        if media == sl.WBXML_TYPE:
            return self._loading(sl.decode(push.body))
        if media == sl.XML_TYPE:
            return self._loading(sl.parse(push.body))
        if media in (co.WBXML_TYPE, co.XML_TYPE):
            # There is no cache whose content could be invalid.
            (co.decode if media == co.WBXML_TYPE else co.parse)(push.body)
            self._count("silent")
            return None
        if media == mms.MEDIA_TYPE:
            return _message(mms.decode_notification(push.body))
        details = {"content-type": str(push.content_type), "octets": str(len(push.body))}
        if media.startswith("text/"):
            return Shown("text", _text(push.content_type, push.body), details)
        return Shown("content", f"{media}, {len(push.body)} octets", details)

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

    def _loading(self, loading: ServiceLoading) -> Shown | None:
        if loading.action is sl.Action.CACHE:
            self._count("silent")
            return None
        return Shown("SL", loading.href, {"href": loading.href, "action": str(loading.action)})


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


def _message(notification: mms.MessageNotification) -> Shown:
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


def _text(content_type: ContentType, body: bytes) -> str:
    try:
        return body.decode(content_type.parameter("charset") or "utf-8", "replace")
    except (LookupError, ValueError):
        return body.decode("iso-8859-1")
