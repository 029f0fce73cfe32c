"""What an initiator is answered: PAP documents with HTTP 202, or plain HTTP errors.

Specs: WAP-247 (PAP 2.0) §8 (HTTP), §9 (documents), §9.14 (status codes).
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from testbed.codecs import pap
from testbed.codecs.markup import escape
from testbed.codecs.pap import ProgressNote, StatusCode, Version
from testbed.codecs.timestamps import format_timestamp
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.records import PushRecord

PAP_TYPE: Final = "application/xml"
_FRAGMENT: Final = 100
"""Characters of a body that are shown back to who sent it."""
_DESCRIPTION: Final = 500
"""Characters of a description, which may quote what was sent."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What to answer a POST with."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers: names and values."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A submission that is not accepted."""

    answer: HttpAnswer
    push_id: str
    """ "" where none could be read."""
    code: int
    """PAP status code, or 0 where the request was no PAP."""
    reason: str
    fault: str = ""
    """The traceback where the gateway itself is at fault (3000)."""


def document(message: pap.Document, version: Version, config: GatewayConfig) -> HttpAnswer:
    """Return a PAP document as an answer: 202, whatever its status code says."""
    body = pap.build(message, version=version, product_name=config.product_name)
    return HttpAnswer(202, PAP_TYPE, body)


def no_pap(status: int, text: str) -> Refusal:
    """Refuse what is no PAP at all, by HTTP."""
    body = f"{text}\n".encode("utf-8", "replace")
    return Refusal(HttpAnswer(status, "text/plain; charset=utf-8", body), "", 0, text)


def unauthorized(challenges: tuple[str, ...]) -> HttpAnswer:
    """Return what asks an initiator who it is."""
    headers = tuple(("WWW-Authenticate", challenge) for challenge in challenges)
    text = b"say who you are\n"
    return HttpAnswer(401, "text/plain; charset=utf-8", text, headers)


def bad_message(
    code: int, text: str, fragment: str, config: GatewayConfig, push_id: str = ""
) -> Refusal:
    """Refuse a message that could not be understood, with the piece that is wrong."""
    message = pap.BadMessageResponse(code, desc=printable(text), fragment=printable(fragment))
    return Refusal(document(message, Version.V2_0, config), push_id, code, text)


def push_response(
    push_id: str,
    code: int,
    text: str,
    version: Version,
    config: GatewayConfig,
    now: float,
    notes: tuple[ProgressNote, ...] = (),
) -> HttpAnswer:
    """Return the answer to a push-message."""
    message = pap.PushResponse(
        push_id,
        code,
        desc=printable(text),
        sender_address=config.pap_url,
        sender_name=config.product_name,
        reply_time=now,
        progress_notes=notes,
    )
    return document(message, version, config)


def accepted(
    push: PushRecord, config: GatewayConfig, now: float, *, progress_notes: bool
) -> HttpAnswer:
    """Return the answer to a push that is stored: 1001."""
    code = StatusCode.ACCEPTED
    if not progress_notes:
        before, between, after = _acceptance(push.version, config.pap_url, config.product_name)
        body = f"{before}{escape(push.push_id)}{between}{format_timestamp(now)}{after}".encode()
        return HttpAnswer(202, PAP_TYPE, body)
    notes = (
        ProgressNote("1", "received and checked", push.received),
        ProgressNote("2", "stored", now),
    )
    return push_response(push.push_id, code, code.text, push.version, config, now, notes)


@lru_cache(maxsize=16)
def _acceptance(version: Version, pap_url: str, product_name: str) -> tuple[str, str, str]:
    """Return what is around push-id and time in the answer that most submissions get."""
    push_id, time = "{push-id}", 0.0
    code = StatusCode.ACCEPTED
    message = pap.PushResponse(
        push_id,
        code,
        desc=code.text,
        sender_address=pap_url,
        sender_name=product_name,
        reply_time=time,
    )
    whole = pap.build(message, version=version, product_name=product_name).decode()
    before, _, rest = whole.partition(push_id)
    between, _, after = rest.partition(format_timestamp(time))
    return before, between, after


def refusal(push: PushRecord, code: int, reason: str, config: GatewayConfig, now: float) -> Refusal:
    """Refuse a push that is right in itself."""
    answer = push_response(push.push_id, code, reason, push.version, config, now)
    return Refusal(answer, push.push_id, code, reason)


def traceback_of(fault: Exception) -> str:
    """Return what the log is to say of a fault."""
    return "".join(traceback.format_exception(fault))


def shown(body: bytes) -> str:
    """Return the beginning of a body, to be shown back."""
    return body[:_FRAGMENT].decode("utf-8", "replace")


def printable(text: str) -> str:
    """Return text that XML can hold, and whose length a reader will take."""
    if len(text) > _DESCRIPTION:
        text = f"{text[:_DESCRIPTION]}…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\r\n\t" else "\ufffd" for c in text)
