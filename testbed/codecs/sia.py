"""Session initiation application: the request to open a session and take pushes on it.

Specs: WAP-235 §8 (SIA content), sent as a connectionless push for ``APPLICATION`` to UDP 2948.
The layout is a version octet, a counted list of application ids and a counted list of contact
points; the latter are encoded as in Redirect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testbed.codecs.errors import ContentError
from testbed.codecs.wsp import contact, headers
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, uintvar

MEDIA_TYPE: Final = "application/vnd.wap.sia"
APPLICATION: Final = "x-wap-application:push.sia"
"""Whom a push with this content is for."""

_VERSION = 0
_APPLICATION_ID = "X-Wap-Application-Id"
_APPLICATION_HEADER = b"\xaf"


@dataclass(frozen=True, slots=True)
class SessionInitiation:
    """What a gateway wants: a session for these applications, at one of these places."""

    applications: tuple[str, ...]
    """Application ids as in X-Wap-Application-Id."""
    contacts: tuple[ContactPoint, ...]
    """Where the gateway listens; without a port, on 9201."""


def encode(initiation: SessionInitiation) -> bytes:
    """Return the content's octets; WspError where a value does not fit its field."""
    applications = b"".join(
        headers.write(((_APPLICATION_ID, application),)).removeprefix(_APPLICATION_HEADER)
        for application in initiation.applications
    )
    contacts = contact.write(initiation.contacts)
    counted = uintvar(len(applications)) + applications + uintvar(len(contacts)) + contacts
    return bytes((_VERSION,)) + counted


def decode(data: bytes) -> SessionInitiation:
    """Read the content; ContentError where it is none, or of a version that is not known."""
    cursor = Cursor(data)
    try:
        version = cursor.octet()
        if version != _VERSION:
            raise WspError(f"version {version} of SIA", 0)
        applications = _applications(cursor.part(cursor.uintvar()))
        contacts = contact.read(cursor.part(cursor.uintvar()))
        if cursor:
            raise cursor.error(f"{cursor.left} octets after the end")
    except WspError as error:
        raise ContentError(error.text, octet=error.octet) from None
    return SessionInitiation(applications, contacts)


def _applications(cursor: Cursor) -> tuple[str, ...]:
    found = []
    while cursor:
        start = cursor.position
        cursor.raw()
        header = Cursor(_APPLICATION_HEADER + cursor.data[start : cursor.position])
        found.append(headers.read(header)[0][1])
    return tuple(found)
