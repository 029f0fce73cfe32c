"""What a push initiator sends and reads, without I/O (PAP over HTTP, WAP-247 §8).

Push messages go out as multipart/related with the control entity first and the content second;
answers and notifications are single PAP documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.codecs import pap
from testbed.codecs.multipart import Part
from testbed.codecs.pap import Version
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """The body of an HTTP request or response, and its Content-Type."""

    content_type: str
    body: bytes


def recipient(client: str, *, ppg: str = "ppg.example") -> str:
    """Return the address-value for an MSISDN (with or without "+") or an IP address.

    ValueError where ``client`` is neither.
    """
    raise NotImplementedError


def indication_part(
    indication: ServiceIndication, *, headers: Sequence[tuple[str, str]] = ()
) -> Part:
    """Return the content entity for an SI."""
    raise NotImplementedError


def loading_part(loading: ServiceLoading, *, headers: Sequence[tuple[str, str]] = ()) -> Part:
    """Return the content entity for an SL."""
    raise NotImplementedError


def submission(
    message: pap.PushMessage,
    content: Part,
    *,
    boundary: str | None = None,
    version: Version = Version.V2_0,
    product_name: str | None = None,
) -> HttpMessage:
    """Return what to POST to the gateway.

    Without ``boundary`` one is derived from the entities, so that it occurs in neither.
    """
    raise NotImplementedError


def read_answer(body: bytes) -> pap.PushResponse | pap.BadMessageResponse:
    """Read the gateway's answer to a submission; PapError where it is none."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Receipt:
    """A result notification that came, and what to answer."""

    notification: pap.ResultNotification | None
    """None where the body was no result notification."""
    answer: HttpMessage


def take_notification(body: bytes) -> Receipt:
    """Read what was posted to the notification URL and say what to answer. Never raises."""
    raise NotImplementedError
