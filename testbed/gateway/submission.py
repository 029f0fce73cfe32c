"""Reads what an initiator posted: a push to accept, or what to answer instead.

Specs: WAP-247 (PAP 2.0) §8 (HTTP), §9 (documents), §9.14 (status codes).

A body that is no PAP at all is answered by HTTP (4xx, text). Everything else gets a PAP document
with HTTP 202, whatever its status code says.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from testbed.codecs import address, media, multipart, pap
from testbed.codecs.address import AddressError, AddressKind, ClientAddress
from testbed.codecs.pap import DeliveryMethod, PapError, StatusCode, Version
from testbed.gateway.config import GatewayConfig
from testbed.gateway.records import PushRecord
from testbed.gateway.send import UnsendableError, prepare
from testbed.gateway.terminal import Terminal

PAP_TYPE: Final = "application/xml"
_XML_TYPES: Final = frozenset({PAP_TYPE, "text/xml"})
_NETWORKS: Final = frozenset({"any", "gsm"})
_BEARERS: Final = frozenset({"any", "gprs", "packet data"})
_FRAGMENT: Final = 100
"""Characters of a body that are shown back to who sent it."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What to answer a POST with."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A push that can be stored."""

    push: PushRecord


@dataclass(frozen=True, slots=True)
class Refusal:
    """A submission that is not accepted."""

    answer: HttpAnswer
    push_id: str
    """ "" where none could be read."""
    code: int
    """PAP status code, or 0 where the request was no PAP."""
    reason: str


class _RefusedError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def terminal_of(address_value: str) -> Terminal:
    """Return the terminal that an accepted ``address-value`` names."""
    client = address.parse(address_value)
    return (
        Terminal.by_address(client.value)
        if client.msisdn is None
        else Terminal.by_msisdn(client.msisdn)
    )


def read(content_type: str, body: bytes, config: GatewayConfig, now: float) -> Accepted | Refusal:
    """Read a posted body. Never raises for what an initiator sent."""
    try:
        kind = media.parse(content_type).media
    except ValueError as error:
        return _no_pap(415, f"Content-Type: {error}")
    if len(body) > config.limits.body:
        return _no_pap(413, f"a body has at most {config.limits.body} octets")
    if kind in _XML_TYPES:
        return _read_document(body, None, config, now)
    if kind != "multipart/related":
        return _no_pap(415, f"{kind} is neither multipart/related nor {PAP_TYPE}")
    try:
        parts = multipart.parse(content_type, body)
    except multipart.MultipartError as error:
        return _bad_message(StatusCode.BAD_REQUEST, str(error), _shown(body), config)
    if parts[0].content_type.media not in _XML_TYPES:
        text = f"part 1: the control entity is {parts[0].content_type.media}, not {PAP_TYPE}"
        return _bad_message(StatusCode.BAD_REQUEST, text, _shown(parts[0].body), config)
    content = parts[1] if len(parts) > 1 else None
    return _read_document(parts[0].body, content, config, now)


def accepted_answer(push: PushRecord, config: GatewayConfig, now: float) -> HttpAnswer:
    """Return the answer to a push that is stored: 1001."""
    return _push_response(push.push_id, StatusCode.ACCEPTED, None, push.version, config, now)


def refusal(
    push: PushRecord, code: StatusCode, reason: str, config: GatewayConfig, now: float
) -> Refusal:
    """Refuse a push that is right in itself."""
    answer = _push_response(push.push_id, code, reason, push.version, config, now)
    return Refusal(answer, push.push_id, code, reason)


def _read_document(
    xml: bytes, content: multipart.Part | None, config: GatewayConfig, now: float
) -> Accepted | Refusal:
    try:
        envelope = pap.parse_envelope(xml)
    except PapError as error:
        element = f"{error.element}: " if error.element else ""
        text = f"{element}{error}"
        refused = _bad_message(error.code, text, error.fragment or _shown(xml), config)
        return Refusal(refused.answer, error.push_id or "", refused.code, text)
    version = Version.V1_0 if envelope.version is Version.V1_0 else Version.V2_0
    message = envelope.document
    if not isinstance(message, pap.PushMessage):
        return _not_a_push(message, version, config)
    try:
        return Accepted(_push(message, content, version, config, now))
    except _RefusedError as refused:
        answer = _push_response(message.push_id, refused.code, refused.text, version, config, now)
        return Refusal(answer, message.push_id, refused.code, refused.text)


def _push(
    message: pap.PushMessage,
    content: multipart.Part | None,
    version: Version,
    config: GatewayConfig,
    now: float,
) -> PushRecord:
    if not 0 < len(message.push_id) <= config.limits.push_id:
        raise _RefusedError(
            StatusCode.BAD_REQUEST, f"a push-id has 1 to {config.limits.push_id} characters"
        )
    if message.replace_push_id is not None:
        raise _RefusedError(StatusCode.REPLACEMENT_NOT_SUPPORTED, "pushes are not replaced here")
    _check_addresses(message.addresses, config)
    _check_quality(message.quality_of_service)
    _check_times(message, now)
    if message.notify_url is not None:
        _check_notify_url(message.notify_url, config.notification.hosts)
    if content is None:
        raise _RefusedError(StatusCode.BAD_REQUEST, "a push needs a content entity as part 2")
    try:
        air = prepare(
            content.content_type, content.body, content.headers, largest=config.limits.datagram
        )
    except UnsendableError as error:
        raise _RefusedError(error.code, error.text) from None
    before = message.deliver_before
    start = now if message.deliver_after is None else max(now, message.deliver_after)
    return PushRecord(
        push_id=message.push_id,
        received=now,
        deliver_before=start + config.lifetime if before is None else before,
        deliver_after=message.deliver_after,
        addresses=message.addresses,
        pdu=air.pdu,
        content_type=air.content_type,
        version=version,
        notify_url=message.notify_url,
        source_reference=message.source_reference,
    )


def _check_addresses(addresses: tuple[str, ...], config: GatewayConfig) -> None:
    if len(addresses) > config.limits.addresses:
        raise _RefusedError(
            StatusCode.MULTIPLE_ADDRESSES_NOT_SUPPORTED,
            f"a push has at most {config.limits.addresses} addresses",
        )
    for text in addresses:
        try:
            client = address.parse(text)
        except AddressError as error:
            raise _RefusedError(StatusCode.ADDRESS_ERROR, error.text) from None
        _check_kind(client, text)


def _check_kind(client: ClientAddress, text: str) -> None:
    if client.kind is AddressKind.USER:
        raise _RefusedError(
            StatusCode.ADDRESS_NOT_FOUND, f"{text}: there is no directory of users here"
        )
    if client.kind is AddressKind.IPV6:
        raise _RefusedError(StatusCode.NOT_IMPLEMENTED, f"{text}: terminals have IPv4 here")


def _check_quality(quality: pap.QualityOfService | None) -> None:
    if quality is None:
        return
    if quality.delivery_method is DeliveryMethod.CONFIRMED:
        raise _RefusedError(
            StatusCode.DELIVERY_METHOD_NOT_POSSIBLE, "pushes are delivered unconfirmed here"
        )
    if quality.network_required and (quality.network or "any").lower() not in _NETWORKS:
        raise _RefusedError(
            StatusCode.REQUIRED_NETWORK_NOT_AVAILABLE, f"there is no {quality.network} here"
        )
    if quality.bearer_required and (quality.bearer or "any").lower() not in _BEARERS:
        raise _RefusedError(
            StatusCode.REQUIRED_BEARER_NOT_AVAILABLE, f"there is no {quality.bearer} here"
        )


def _check_times(message: pap.PushMessage, now: float) -> None:
    if message.deliver_before is None:
        return
    if message.deliver_before <= now:
        raise _RefusedError(StatusCode.BAD_REQUEST, "deliver-before-timestamp has passed")
    if message.deliver_after is not None and message.deliver_after >= message.deliver_before:
        raise _RefusedError(
            StatusCode.BAD_REQUEST, "deliver-after-timestamp is not before deliver-before-timestamp"
        )


def _check_notify_url(url: str, hosts: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname, parts.scheme.lower()
        has_login = parts.username is not None
        in_range = parts.port is None or parts.port > 0
    except ValueError:
        host, scheme, has_login, in_range = None, "", False, False
    if not url.isascii() or not url.isprintable() or " " in url:
        host = None
    if scheme not in ("http", "https") or not host or has_login or not in_range:
        raise _RefusedError(
            StatusCode.BAD_REQUEST, "ppg-notify-requested-to is not an http or https URL"
        )
    if not may_notify(host, hosts):
        raise _RefusedError(
            StatusCode.FORBIDDEN, f"results are not reported to {host}: it is not an allowed host"
        )


def may_notify(host: str, hosts: tuple[str, ...]) -> bool:
    """Return whether ``host`` is one of ``hosts``: names, addresses, networks, or "*"."""
    return any(_matches(host.lower(), allowed.lower()) for allowed in hosts)


def _matches(host: str, allowed: str) -> bool:
    if allowed in ("*", host):
        return True
    try:
        return ip_address(host) in ip_network(allowed)
    except ValueError:
        return False


# Answers


def _no_pap(status: int, text: str) -> Refusal:
    body = f"{text}\n".encode("utf-8", "replace")
    return Refusal(HttpAnswer(status, "text/plain; charset=utf-8", body), "", 0, text)


def _bad_message(code: int, text: str, fragment: str, config: GatewayConfig) -> Refusal:
    document = pap.BadMessageResponse(code, desc=_printable(text), fragment=_printable(fragment))
    return Refusal(_document(document, Version.V2_0, config), "", code, text)


def _push_response(
    push_id: str, code: int, text: str | None, version: Version, config: GatewayConfig, now: float
) -> HttpAnswer:
    return _document(
        pap.PushResponse(
            push_id,
            code,
            desc=_printable(text or StatusCode(code).text),
            sender_address=config.pap_url,
            sender_name=config.product_name,
            reply_time=now,
        ),
        version,
        config,
    )


def _not_a_push(message: pap.Document, version: Version, config: GatewayConfig) -> Refusal:
    code = StatusCode.NOT_IMPLEMENTED
    answer: pap.Document
    match message:
        case pap.CancelMessage():
            answer = pap.CancelResponse(
                message.push_id, (pap.CancelResult(code, code.text, message.addresses),)
            )
        case pap.StatusQuery():
            result = pap.StatusQueryResult(
                pap.MessageState.UNKNOWN, code, code.text, addresses=message.addresses
            )
            answer = pap.StatusQueryResponse(message.push_id, (result,))
        case pap.CcqMessage():
            answer = pap.CcqResponse(message.address, code, code.text, message.query_id)
        case _:
            code = StatusCode.BAD_REQUEST
            text = f"a gateway does not take a {type(message).__name__}"
            answer = pap.BadMessageResponse(code, text)
    push_id = str(getattr(message, "push_id", ""))
    return Refusal(_document(answer, version, config), push_id, code, code.text)


def _document(document: pap.Document, version: Version, config: GatewayConfig) -> HttpAnswer:
    body = pap.build(document, version=version, product_name=config.product_name)
    return HttpAnswer(202, PAP_TYPE, body)


def _shown(body: bytes) -> str:
    return body[:_FRAGMENT].decode("utf-8", "replace")


def _printable(text: str) -> str:
    """Return text that XML can hold."""
    return "".join(c if c.isprintable() or c in "\r\n\t" else "\ufffd" for c in text)
