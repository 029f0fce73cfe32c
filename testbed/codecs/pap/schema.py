"""The PAP document type as a table that drives reading, validation and writing.

Specs: WAP-164 (PAP 1.0), WAP-247 §9 (PAP 2.0). One ``ElementRule`` per element says its
attributes (with the value's field and coding) and its children in order, as the DTD does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from testbed.codecs.pap import documents
from testbed.codecs.pap.status import DeliveryMethod, MessageState, Priority, ReplaceMethod
from testbed.codecs.timestamps import format_timestamp, parse_timestamp

_CODE = re.compile(r"[1-5][0-9]{3}")


@dataclass(frozen=True, slots=True)
class Coding:
    """How an attribute's text and its value turn into each other; ValueError where they don't."""

    read: Callable[[str], object]
    write: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute and the field that holds it."""

    name: str
    field: str
    coding: Coding
    required: bool = False
    since_2_0: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A child element in its place of the content model.

    ``field`` of None means that the child's own fields belong to the parent's value.
    """

    element: str
    field: str | None
    least: int
    most: int | None

    @property
    def single(self) -> bool:
        """Whether the field holds one value and not a tuple."""
        return self.most == 1


@dataclass(frozen=True, slots=True)
class ElementRule:
    """An element: the value it becomes (None: fields for its parent), attributes, children."""

    name: str
    value: type | None
    attributes: tuple[Attribute, ...] = ()
    children: tuple[Child, ...] = ()
    by_name: dict[str, Attribute] = field(init=False, repr=False, compare=False)
    required: tuple[Attribute, ...] = field(init=False, repr=False, compare=False)
    defaults: dict[str, object] = field(init=False, repr=False, compare=False)
    """What each field is that no attribute has given, where it need not be given."""

    def __post_init__(self) -> None:
        by_name = {attribute.name: attribute for attribute in self.attributes}
        object.__setattr__(self, "by_name", by_name)
        required = tuple(attribute for attribute in self.attributes if attribute.required)
        object.__setattr__(self, "required", required)
        known = fields(self.value) if is_dataclass(self.value) else ()
        defaults = {one.name: one.default for one in known if one.default is not MISSING}
        object.__setattr__(self, "defaults", defaults)


def _text(text: str) -> str:
    return text


def _read_identifier(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _read_flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _write_flag(value: bool) -> str:
    return "true" if value else "false"


def _read_code(text: str) -> int:
    if _CODE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a status code of four digits")
    return int(text)


def _write_code(code: int) -> str:
    if not 1000 <= code <= 5999:
        raise ValueError(f"{code} is not a status code of four digits")
    return str(int(code))


def _one_of(kind: type[StrEnum]) -> Coding:
    members = {member.value: member for member in kind}

    def read(text: str) -> StrEnum:
        try:
            return members[text]
        except KeyError:
            raise ValueError(f"{text!r} is none of {', '.join(kind)}") from None

    return Coding(read, str)


TEXT = Coding(_text, _text)
IDENTIFIER = Coding(_read_identifier, _read_identifier)
FLAG = Coding(_read_flag, _write_flag)
CODE = Coding(_read_code, _write_code)
TIME = Coding(parse_timestamp, format_timestamp)

_PUSH_ID = Attribute("push-id", "push_id", IDENTIFIER, required=True)
_RESULT = (Attribute("code", "code", CODE, required=True), Attribute("desc", "desc", TEXT))
_SENDER = (
    Attribute("sender-address", "sender_address", TEXT),
    Attribute("sender-name", "sender_name", TEXT),
)
_STATE = Attribute("message-state", "state", _one_of(MessageState), required=True)
_EVENT_TIME = Attribute("event-time", "event_time", TIME)
_ONE_ADDRESS = Child("address", "address", 1, 1)
_ANY_ADDRESSES = Child("address", "addresses", 0, None)
_OPTIONAL_QUALITY = Child("quality-of-service", "quality_of_service", 0, 1)

_RULES = (
    ElementRule(
        "push-message",
        documents.PushMessage,
        (
            _PUSH_ID,
            Attribute("replace-push-id", "replace_push_id", IDENTIFIER, since_2_0=True),
            Attribute("replace-method", "replace_method", _one_of(ReplaceMethod), since_2_0=True),
            Attribute("deliver-before-timestamp", "deliver_before", TIME),
            Attribute("deliver-after-timestamp", "deliver_after", TIME),
            Attribute("source-reference", "source_reference", TEXT),
            Attribute("ppg-notify-requested-to", "notify_url", IDENTIFIER),
            Attribute("progress-notes-requested", "progress_notes", FLAG),
        ),
        (Child("address", "addresses", 1, None), _OPTIONAL_QUALITY),
    ),
    ElementRule("address", str, (Attribute("address-value", "value", TEXT, required=True),)),
    ElementRule(
        "quality-of-service",
        documents.QualityOfService,
        (
            Attribute("priority", "priority", _one_of(Priority)),
            Attribute("delivery-method", "delivery_method", _one_of(DeliveryMethod)),
            Attribute("network", "network", TEXT),
            Attribute("network-required", "network_required", FLAG),
            Attribute("bearer", "bearer", TEXT),
            Attribute("bearer-required", "bearer_required", FLAG),
        ),
    ),
    ElementRule(
        "push-response",
        documents.PushResponse,
        (_PUSH_ID, *_SENDER, Attribute("reply-time", "reply_time", TIME)),
        (Child("progress-note", "progress_notes", 0, None), Child("response-result", None, 1, 1)),
    ),
    ElementRule(
        "progress-note",
        documents.ProgressNote,
        (
            Attribute("stage", "stage", TEXT, required=True),
            Attribute("note", "note", TEXT),
            Attribute("time", "time", TIME),
        ),
    ),
    ElementRule("response-result", None, _RESULT),
    ElementRule("cancel-message", documents.CancelMessage, (_PUSH_ID,), (_ANY_ADDRESSES,)),
    ElementRule(
        "cancel-response",
        documents.CancelResponse,
        (_PUSH_ID,),
        (Child("cancel-result", "results", 1, None),),
    ),
    ElementRule("cancel-result", documents.CancelResult, _RESULT, (_ANY_ADDRESSES,)),
    ElementRule(
        "resultnotification-message",
        documents.ResultNotification,
        (
            _PUSH_ID,
            *_SENDER,
            Attribute("received-time", "received_time", TIME),
            _EVENT_TIME,
            _STATE,
            *_RESULT,
        ),
        (_ONE_ADDRESS, _OPTIONAL_QUALITY),
    ),
    ElementRule(
        "resultnotification-response",
        documents.ResultNotificationResponse,
        (_PUSH_ID, *_RESULT),
        (_ONE_ADDRESS,),
    ),
    ElementRule("statusquery-message", documents.StatusQuery, (_PUSH_ID,), (_ANY_ADDRESSES,)),
    ElementRule(
        "statusquery-response",
        documents.StatusQueryResponse,
        (_PUSH_ID,),
        (Child("statusquery-result", "results", 1, None),),
    ),
    ElementRule(
        "statusquery-result",
        documents.StatusQueryResult,
        (_EVENT_TIME, _STATE, *_RESULT),
        (_ANY_ADDRESSES, _OPTIONAL_QUALITY),
    ),
    ElementRule(
        "ccq-message",
        documents.CcqMessage,
        (Attribute("query-id", "query_id", TEXT), Attribute("app-id", "app_id", TEXT)),
        (_ONE_ADDRESS,),
    ),
    ElementRule(
        "ccq-response",
        documents.CcqResponse,
        (Attribute("query-id", "query_id", TEXT), *_RESULT),
        (_ONE_ADDRESS,),
    ),
    ElementRule(
        "badmessage-response",
        documents.BadMessageResponse,
        (*_RESULT, Attribute("bad-message-fragment", "fragment", TEXT)),
    ),
)

ELEMENTS = {rule.name: rule for rule in _RULES}
"""Every element below ``pap``."""

DOCUMENTS: dict[type, ElementRule] = {
    rule.value: rule
    for rule in _RULES
    if rule.value is not None and rule.name.endswith(("-message", "-response"))
}
"""The elements that are a document, by the value they become."""

DOCUMENT_NAMES = frozenset(rule.name for rule in DOCUMENTS.values())
