"""What a push initiator sends and reads, without I/O (PAP over HTTP, WAP-247 §8).

Push messages go out as multipart/related with the control entity first and the content second;
answers and notifications are single PAP documents.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.codecs import address, media, multipart, pap, si, sl
from testbed.codecs.address import AddressError, AddressKind, ClientAddress
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import PapError, StatusCode, Version
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading

PAP_TYPE = "application/xml"
"""Content-Type of a PAP document that goes alone."""


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """The body of an HTTP request or response, and its Content-Type."""

    content_type: str
    body: bytes


def recipient(client: str, *, ppg: str = "ppg.example") -> str:
    """Return the address-value for an MSISDN (with or without "+") or an IP address.

    AddressError, a ValueError, where ``client`` is neither.
    """
    try:
        ip = ipaddress.ip_address(client)
    except ValueError:
        digits = client.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            raise AddressError(f"{client!r} is neither an MSISDN nor an IP address") from None
        return address.build(ClientAddress(AddressKind.PLMN, f"+{digits}", ppg))
    kind = AddressKind.IPV4 if ip.version == 4 else AddressKind.IPV6
    return address.build(ClientAddress(kind, client, ppg))


def indication_part(
    indication: ServiceIndication, *, headers: Sequence[tuple[str, str]] = ()
) -> Part:
    """Return the content entity for an SI; ValueError where XML cannot hold it."""
    return Part(ContentType(si.XML_TYPE), si.build(indication), tuple(headers))


def loading_part(loading: ServiceLoading, *, headers: Sequence[tuple[str, str]] = ()) -> Part:
    """Return the content entity for an SL; ValueError where XML cannot hold it."""
    return Part(ContentType(sl.XML_TYPE), sl.build(loading), tuple(headers))


def submission(
    message: pap.PushMessage,
    content: Part,
    *,
    boundary: str | None = None,
    version: Version = Version.V2_0,
    product_name: str | None = None,
) -> HttpMessage:
    """Return what to POST to the gateway; ValueError where ``message`` cannot be written.

    Without ``boundary`` one is derived from the entities, so that the same push has the same
    octets and the boundary does not occur in them.
    """
    control = pap.build(message, version=version, product_name=product_name)
    if boundary is None:
        boundary = "pap-" + hashlib.sha256(control + content.body).hexdigest()[:32]
    parts = (Part(ContentType(PAP_TYPE), control), content)
    return HttpMessage(*multipart.build(parts, boundary=boundary))


def read_answer(body: bytes) -> pap.PushResponse | pap.BadMessageResponse:
    """Read the gateway's answer to a submission; PapError where it is none."""
    document = pap.parse(body)
    if not isinstance(document, pap.PushResponse | pap.BadMessageResponse):
        raise PapError(
            StatusCode.BAD_REQUEST, f"{type(document).__name__} does not answer a submission"
        )
    return document


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was posted to the notification URL, and what to answer."""

    notification: pap.ResultNotification | None
    """None where the body was no result notification."""
    answer: HttpMessage


def take_notification(content_type: str, body: bytes) -> Receipt:
    """Read what was posted to the notification URL and say what to answer. Never raises.

    The answer to a notification is resultnotification-response with 1000, to anything else
    badmessage-response with the reason.
    """
    try:
        _check_alone(content_type)
        envelope = pap.parse_envelope(body)
        document = envelope.document
        if not isinstance(document, pap.ResultNotification):
            raise PapError(
                StatusCode.BAD_REQUEST, f"{type(document).__name__} is no result notification"
            )
    except PapError as error:
        bad = pap.BadMessageResponse(error.code, str(error), error.fragment)
        return Receipt(None, _alone(bad, Version.V2_0))
    response = pap.ResultNotificationResponse(
        push_id=document.push_id,
        address=document.address,
        code=StatusCode.OK,
        desc=StatusCode.OK.text,
    )
    return Receipt(document, _alone(response, envelope.version or Version.V2_0))


def _check_alone(content_type: str) -> None:
    try:
        kind = media.parse(content_type).media
    except ValueError as error:
        raise PapError(StatusCode.BAD_REQUEST, f"Content-Type: {error}") from None
    if kind not in (PAP_TYPE, "text/xml"):
        raise PapError(StatusCode.BAD_REQUEST, f"Content-Type is {kind}, not {PAP_TYPE}")


def _alone(document: pap.Document, version: Version) -> HttpMessage:
    return HttpMessage(f"{PAP_TYPE}; charset=utf-8", pap.build(document, version=version))
