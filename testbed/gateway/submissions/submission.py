"""Reads what an initiator posted: a push to accept, a question, or what to answer instead.

Specs: WAP-247 (PAP 2.0) §8 (HTTP), §9 (documents), §9.14 (status codes).

A body that is no PAP at all is answered by HTTP (4xx, text). Everything else gets a PAP document
with HTTP 202, whatever its status code says. A push is accepted if it can go to one of its
addresses at least; each of the others ends at once as rejected, with its own status code. What is
switched off gets 3001 or 3011, and a fault of ours 3000, in the answer that belongs to what was
posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from testbed.codecs import ccpp, media, multipart, pap
from testbed.codecs.ccpp import Profile
from testbed.codecs.errors import ContentError
from testbed.codecs.hosts import is_listed
from testbed.codecs.pap import PapError, StatusCode, Version
from testbed.gateway.carriers.send import UnsendableError, prepare
from testbed.gateway.config import GatewayConfig, Operation
from testbed.gateway.keeping.records import PushRecord
from testbed.gateway.routing.bearers import BEARERS, NETWORKS, Bearer
from testbed.gateway.submissions import answers, operations
from testbed.gateway.submissions.answers import Refusal
from testbed.gateway.submissions.capabilities import Clients
from testbed.gateway.submissions.operations import Accepted, Question, Submitted, rejected
from testbed.gateway.submissions.recipients import Nobody, terminal_of

_XML_TYPES: Final = frozenset({answers.PAP_TYPE, "text/xml"})
_OPERATIONS: Final[Mapping[type[Submitted], Operation]] = MappingProxyType(
    {
        pap.PushMessage: Operation.PUSH,
        pap.CancelMessage: Operation.CANCEL,
        pap.StatusQuery: Operation.STATUS,
        pap.CcqMessage: Operation.CCQ,
    }
)
_Entities = tuple[multipart.Part, ...]
"""What comes behind the control entity."""
_MOST_PARTS: Final = 3
"""Control, content and capabilities entity."""


class _RefusedError(Exception):
    def __init__(self, code: StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def read(
    content_type: str,
    body: bytes,
    config: GatewayConfig,
    now: float,
    *,
    clients: Clients,
    initiator: str = "",
) -> Accepted | Question | Refusal:
    """Read a posted body. Never raises for what an initiator sent.

    ``clients`` knows which pushes do not fit whom.
    """
    try:
        kind = media.parse(content_type).media
    except ValueError as error:
        return answers.no_pap(415, f"Content-Type: {error}")
    if len(body) > config.limits.body:
        return answers.no_pap(413, f"a body has at most {config.limits.body} octets")
    reading = _Reading(config, clients, now, initiator)
    if kind in _XML_TYPES:
        return reading.document(body, ())
    if kind != "multipart/related":
        return answers.no_pap(415, f"{kind} is neither multipart/related nor {answers.PAP_TYPE}")
    bad = StatusCode.BAD_REQUEST
    try:
        parts = multipart.parse(content_type, body)
    except multipart.MultipartError as error:
        return answers.bad_message(bad, str(error), answers.shown(body), config)
    control = parts[0]
    if control.content_type.media not in _XML_TYPES:
        kind = control.content_type.media
        text = f"part 1: the control entity is {kind}, not {answers.PAP_TYPE}"
        return answers.bad_message(bad, text, answers.shown(control.body), config)
    if len(parts) > _MOST_PARTS:
        text = "a message has a control, a content and a capabilities entity at most"
        return answers.bad_message(bad, text, answers.shown(parts[3].body), config)
    return reading.document(control.body, parts[1:])


class _Reading:
    """One document, and from whom it is."""

    def __init__(self, config: GatewayConfig, clients: Clients, now: float, initiator: str) -> None:
        self._config = config
        self._clients = clients
        self._now = now
        self._initiator = initiator

    def document(self, xml: bytes, entities: _Entities) -> Accepted | Question | Refusal:
        config = self._config
        try:
            envelope = pap.parse_envelope(xml)
        except PapError as error:
            element = f"{error.element}: " if error.element else ""
            return answers.bad_message(
                error.code,
                f"{element}{error}",
                error.fragment or answers.shown(xml),
                config,
                error.push_id or "",
            )
        version = Version.V1_0 if envelope.version is Version.V1_0 else Version.V2_0
        match envelope.document:
            case (
                pap.PushMessage() | pap.CancelMessage() | pap.StatusQuery() | pap.CcqMessage()
            ) as document:
                pass
            case other:
                text = f"a gateway does not take a {type(other).__name__}"
                return answers.bad_message(StatusCode.BAD_REQUEST, text, answers.shown(xml), config)
        try:
            return self._operation(document, entities, version)
        except _RefusedError as refused:
            code, text, fault = refused.code, refused.text, ""
        except Exception as error:
            code = StatusCode.INTERNAL_SERVER_ERROR
            text, fault = code.text, answers.traceback_of(error)
        refusal = operations.refused(document, code, text, version, config, self._now)
        return replace(refusal, fault=fault)

    def _operation(
        self, document: Submitted, entities: _Entities, version: Version
    ) -> Accepted | Question | Refusal:
        offered = self._config.operations
        needed = _OPERATIONS[type(document)]
        if needed not in offered:
            raise _RefusedError(
                StatusCode.NOT_IMPLEMENTED, f"this gateway does no {needed}: it is switched off"
            )
        match document:
            case pap.PushMessage():
                if document.replace_push_id is not None and Operation.REPLACE not in offered:
                    raise _RefusedError(
                        StatusCode.REPLACEMENT_NOT_SUPPORTED, "pushes are not replaced here"
                    )
                return self._push(document, entities, version)
            case question:
                return Question(question, version)

    def _push(self, message: pap.PushMessage, entities: _Entities, version: Version) -> Accepted:
        config, now = self._config, self._now
        if not 0 < len(message.push_id) <= config.limits.push_id:
            raise _RefusedError(
                StatusCode.BAD_REQUEST, f"a push-id has 1 to {config.limits.push_id} characters"
            )
        if message.replace_push_id == message.push_id:
            raise _RefusedError(StatusCode.BAD_REQUEST, "a push cannot replace itself")
        nobodies = self._nobodies(message.addresses)
        quality = message.quality_of_service or pap.QualityOfService()
        bearer = _bearer(quality)
        _check_times(message, now)
        if message.notify_url is not None:
            _check_notify_url(message.notify_url, config.notification.hosts)
        if not entities:
            raise _RefusedError(StatusCode.BAD_REQUEST, "a push needs a content entity as part 2")
        content = entities[0]
        assumed = _assumed(entities[1]) if len(entities) > 1 else None
        _check_media(content.content_type.media, config.content_types)
        try:
            air = prepare(
                content.content_type, content.body, content.headers, largest=config.limits.push
            )
        except UnsendableError as error:
            raise _RefusedError(error.code, error.text) from None
        if assumed is not None or not self._clients.is_silent:
            types = (content.content_type.media, media.parse(air.content_type).media)
            nobodies = self._misfits(message.addresses, nobodies, types, assumed)
        rule = config.rule_for(
            air.application, self._initiator, bearer, bearer_required=quality.bearer_required
        )
        if rule is None:
            raise _RefusedError(
                StatusCode.REQUIRED_BEARER_NOT_AVAILABLE, f"pushes do not go by {quality.bearer}"
            )
        lifetime = config.lifetime if rule.lifetime is None else rule.lifetime
        before = message.deliver_before
        start = now if message.deliver_after is None else max(now, message.deliver_after)
        push = PushRecord(
            push_id=message.push_id,
            received=now,
            deliver_before=start + lifetime if before is None else before,
            deliver_after=message.deliver_after,
            addresses=message.addresses,
            pdu=air.pdu,
            content_type=air.content_type,
            version=version,
            notify_url=message.notify_url,
            source_reference=message.source_reference,
            priority=quality.priority,
            delivery_method=quality.delivery_method,
            initiator=self._initiator,
            replaces=message.replace_push_id,
            replace_method=message.replace_method,
            application=air.application,
            bearer=bearer,
            bearer_required=quality.bearer_required and bearer is not Bearer.ANY,
        )
        ended = tuple(rejected(push, n, who.code, who.text) for n, who in nobodies.items())
        return Accepted(push, ended, message.progress_notes)

    def _nobodies(self, addresses: tuple[str, ...]) -> dict[int, Nobody]:
        """Return the addresses that cannot be served; refuse where none can."""
        config = self._config
        if len(addresses) > config.limits.addresses:
            raise _RefusedError(
                StatusCode.MULTIPLE_ADDRESSES_NOT_SUPPORTED,
                f"a push has at most {config.limits.addresses} addresses",
            )
        nobodies: dict[int, Nobody] = {}
        for number, value in enumerate(addresses):
            whom = terminal_of(value, config.users, has_ipv6=config.has_ipv6)
            if isinstance(whom, Nobody):
                nobodies[number] = whom
        return _unless_all(nobodies, addresses)

    def _misfits(
        self,
        addresses: tuple[str, ...],
        nobodies: dict[int, Nobody],
        types: tuple[str, ...],
        assumed: Profile | None,
    ) -> dict[int, Nobody]:
        """Return, beside ``nobodies``, the addresses whose clients the push does not fit."""
        unserved = dict(nobodies)
        for number, value in enumerate(addresses):
            whom = terminal_of(value, self._config.users, has_ipv6=self._config.has_ipv6)
            if not isinstance(whom, Nobody):
                misfit = self._clients.misfit(whom, types, assumed)
                if misfit is not None:
                    unserved[number] = misfit
        return _unless_all(unserved, addresses)


def _unless_all(nobodies: dict[int, Nobody], addresses: tuple[str, ...]) -> dict[int, Nobody]:
    """Return the addresses that cannot be served, unless those are all: then the push can't."""
    if len(nobodies) == len(addresses):
        first = nobodies[0]
        raise _RefusedError(first.code, first.text)
    return nobodies


def _assumed(entity: multipart.Part) -> Profile:
    """Return what the initiator takes the client to be able to do."""
    kind = entity.content_type.media
    if kind not in ccpp.MEDIA_TYPES:
        raise _RefusedError(
            StatusCode.CAPABILITY_MATCHING_NOT_SUPPORTED,
            f"capabilities entity: {kind} is not read here, {answers.PAP_TYPE} is",
        )
    try:
        return ccpp.parse(entity.body)
    except ContentError as error:
        raise _RefusedError(StatusCode.BAD_REQUEST, f"capabilities entity: {error}") from None


def _check_media(media_type: str, allowed: tuple[str, ...]) -> None:
    kind = media_type.partition("/")[0]
    if not {"*/*", f"{kind}/*", media_type}.intersection(allowed):
        raise _RefusedError(StatusCode.NOT_POSSIBLE, f"{media_type} is not pushed here")


def _bearer(quality: pap.QualityOfService) -> Bearer:
    """Return the bearer that is asked for; refuse what is required and cannot be had."""
    is_there = (quality.network or "any").lower() in NETWORKS
    if quality.network_required and not is_there:
        raise _RefusedError(
            StatusCode.REQUIRED_NETWORK_NOT_AVAILABLE, f"there is no {quality.network} here"
        )
    bearer = BEARERS.get((quality.bearer or "any").lower())
    if bearer is None and quality.bearer_required:
        raise _RefusedError(
            StatusCode.REQUIRED_BEARER_NOT_AVAILABLE, f"there is no {quality.bearer} here"
        )
    return bearer or Bearer.ANY


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
    if not is_listed(host, hosts):
        raise _RefusedError(
            StatusCode.FORBIDDEN, f"results are not reported to {host}: it is not an allowed host"
        )
