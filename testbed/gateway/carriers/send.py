"""Builds what goes over the air: the WSP Push PDU and the datagram that carries it.

Specs: WAP-235 (Push OTA), WAP-230 §8.2.4.1 (Push), WAP-167 (SI), WAP-168 (SL), WAP-175 (CO),
OMA MMS Encapsulation §6.2 (m-notification-ind).

Theory of operation. Content is converted once, when a push is submitted, so that what cannot go
over the air is refused at once and a restart sends the same octets. XML becomes WBXML attribute
by attribute as the initiator wrote it. What is kept is the PDU without the transaction
id in front of it, which connection-oriented and SMS bearers share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from corenet.interfaces.node import Address, Datagram, Interface
from testbed.codecs import co, mms, si, sia, sl, wml
from testbed.codecs.errors import ContentError
from testbed.codecs.media import ContentType
from testbed.codecs.pap import StatusCode
from testbed.codecs.wsp import DEFAULT_APPLICATION, Push, WspError
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.push import PUSH_PORT
from testbed.codecs.wsp.tables import APPLICATIONS
from testbed.codecs.wtp import WTP_PORT

APPLICATION_ID: Final = "X-Wap-Application-Id"
PUSH_FLAG: Final = ("Push-Flag", "4")
"""The last push message; neither authenticated nor trusted (WAP-235 §7.4.2)."""

SECURE_APPLICATIONS: Final = frozenset({"x-wap-application:wta.ua"})
"""Those that must not be reached without WTLS (WAP-266, wireless telephony)."""

OVER_THE_AIR: Final = frozenset(
    {
        "x-wap-content-uri",
        "x-wap-initiator-uri",
        "content-location",
        "content-language",
        "content-encoding",
        "expires",
    }
)
"""Headers of the content entity that go along beside the application id, in lower case."""


_Conversion = Callable[[bytes], tuple[ContentType, bytes]]
"""From a content entity's octets to what goes over the air; ContentError where they are wrong."""


class UnsendableError(ValueError):
    """Content that cannot go over the air; ``code`` is the PAP status code to answer."""

    def __init__(self, code: StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class AirPush:
    """A push ready for the air."""

    pdu: bytes
    """From the type octet on, without transaction id."""
    content_type: str
    application: str
    """The application that it is for, by its registered name in lower case where it has one."""


def prepare(
    content_type: ContentType,
    body: bytes,
    headers: tuple[tuple[str, str], ...] = (),
    *,
    largest: int,
) -> AirPush:
    """Convert a content entity; UnsendableError where its content or a header is wrong.

    SI, SL and CO become WBXML, and WML where this machine can compile it; anything else goes as
    it is. ``largest`` bounds the octets of the PDU.
    """
    try:
        convert = _conversion(content_type.media)
        if convert is not None:
            content_type, body = convert(body)
        air = _air_headers(headers)
        push = Push(0, content_type, body, air)
        pdu = push.encode()[1:]
    except ContentError as error:
        raise UnsendableError(
            StatusCode.TRANSFORMATION_FAILURE, f"{content_type.media}: {error}"
        ) from None
    except WspError as error:
        raise UnsendableError(StatusCode.TRANSFORMATION_FAILURE, f"headers: {error}") from None
    if len(pdu) > largest:
        raise UnsendableError(
            StatusCode.NOT_POSSIBLE,
            f"the push has {len(pdu)} octets over the air, and {largest} are the most",
        )
    application = application_name(air[0][1])
    if application in SECURE_APPLICATIONS:
        raise UnsendableError(
            StatusCode.NOT_POSSIBLE, f"{application} takes pushes over WTLS only (UDP 2949)"
        )
    return AirPush(pdu, str(content_type), application)


def _conversion(media: str) -> _Conversion | None:
    if media == wml.XML_TYPE and not wml.is_available():
        return None
    return _CONVERSIONS.get(media)


def application_name(value: str) -> str:
    """Return what names an application, whether it is given by name or by number (OMNA)."""
    if value.isascii() and value.isdigit() and len(value) < 10:
        return APPLICATIONS.get(int(value), value)
    return value.lower()


def wdp(peer: Address, data: bytes) -> Datagram:
    """Return a WAP datagram to a terminal's address, of either family."""
    return Datagram(Interface.WDP6 if ":" in peer[0] else Interface.WDP, peer, data)


def datagram(pdu: bytes, *, tid: int, address: str) -> Datagram:
    """Return the datagram that brings ``pdu`` to the push client at ``address`` (UDP 2948)."""
    return wdp((address, PUSH_PORT), bytes([tid & 0xFF]) + pdu)


def invitation(host: str, port: int, application: str, *, tid: int, address: str) -> Datagram:
    """Return the datagram that asks the push client at ``address`` to open a session (SIA).

    ``host`` and ``port`` are where it is to connect to, ``application`` whom a push is for.
    """
    contact = ContactPoint.for_ip(host, None if port == WTP_PORT else port)
    content = sia.encode(sia.SessionInitiation((application,), (contact,)))
    headers = ((APPLICATION_ID, sia.APPLICATION), PUSH_FLAG)
    push = Push(tid & 0xFF, ContentType(sia.MEDIA_TYPE), content, headers)
    return Datagram(Interface.WDP, (address, PUSH_PORT), push.encode())


def _air_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    application = next(
        (value for name, value in headers if name.lower() == APPLICATION_ID.lower()),
        DEFAULT_APPLICATION,
    )
    passed = tuple((name, value) for name, value in headers if name.lower() in OVER_THE_AIR)
    return ((APPLICATION_ID, application), PUSH_FLAG, *passed)


def _transcoded(wbxml_type: str, transcode: Callable[[bytes], bytes]) -> _Conversion:
    return lambda body: (ContentType(wbxml_type), transcode(body))


def _checked(media: str, decode: Callable[[bytes], object]) -> _Conversion:
    def check(body: bytes) -> tuple[ContentType, bytes]:
        decode(body)
        return ContentType(media), body

    return check


_CONVERSIONS: Final = MappingProxyType[str, _Conversion](
    {
        si.XML_TYPE: _transcoded(si.WBXML_TYPE, si.transcode),
        si.WBXML_TYPE: _checked(si.WBXML_TYPE, si.decode),
        sl.XML_TYPE: _transcoded(sl.WBXML_TYPE, sl.transcode),
        sl.WBXML_TYPE: _checked(sl.WBXML_TYPE, sl.decode),
        co.XML_TYPE: _transcoded(co.WBXML_TYPE, co.transcode),
        co.WBXML_TYPE: _checked(co.WBXML_TYPE, co.decode),
        wml.XML_TYPE: _transcoded(wml.WBXML_TYPE, wml.transcode),
        mms.MEDIA_TYPE: _checked(mms.MEDIA_TYPE, mms.decode_notification),
    }
)
