"""PDUs that open, keep and end a session.

Spec: SMPP 3.4 §4.1 (bind, outbind), §4.2 (unbind), §4.3 (generic_nack), §4.11 (enquire_link).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from testbed.codecs.smpp.base import Request, Response
from testbed.codecs.smpp.constants import VERSION_3_4, CommandId
from testbed.codecs.smpp.constants import CommandStatus as S
from testbed.codecs.smpp.fields import Address, Field, Integer, Text
from testbed.codecs.smpp.parameters import SC_INTERFACE_VERSION, tags
from testbed.codecs.smpp.values import NO_ADDRESS, SmeAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericNack(Response):
    """generic_nack: the request's header could not be used (§4.3)."""

    COMMAND: ClassVar[CommandId] = CommandId.GENERIC_NACK


_BIND: Final = (
    Field("system_id", Text(16), S.RINVSYSID),
    Field("password", Text(9), S.RINVPASWD),
    Field("system_type", Text(13), S.RINVSYSTYP),
    Field("interface_version", Integer(), S.RBINDFAIL),
    Field("address_range", Address(41), S.RBINDFAIL),
)
_BIND_RESP: Final = (Field("system_id", Text(16), S.RINVSYSID),)
_BIND_RESP_TAGS: Final = tags(SC_INTERFACE_VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind(Request):
    """What the three bind operations share (§4.1)."""

    FIELDS: ClassVar[tuple[Field, ...]] = _BIND

    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = VERSION_3_4
    address_range: SmeAddress = NO_ADDRESS
    """Addresses that the ESME serves, as a UNIX regular expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindTransmitter(Bind):
    """bind_transmitter: an ESME wants to submit (§4.1.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_TRANSMITTER


@dataclass(frozen=True, slots=True, kw_only=True)
class BindReceiver(Bind):
    """bind_receiver: an ESME wants to be delivered to (§4.1.3)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_RECEIVER


@dataclass(frozen=True, slots=True, kw_only=True)
class BindTransceiver(Bind):
    """bind_transceiver: an ESME wants both (§4.1.5)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_TRANSCEIVER


@dataclass(frozen=True, slots=True, kw_only=True)
class BindResp(Response):
    """What the responses to the three bind operations share."""

    FIELDS: ClassVar[tuple[Field, ...]] = _BIND_RESP
    EXPECTED: ClassVar[frozenset[int]] = _BIND_RESP_TAGS

    system_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindTransmitterResp(BindResp):
    """bind_transmitter_resp (§4.1.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_TRANSMITTER_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class BindReceiverResp(BindResp):
    """bind_receiver_resp (§4.1.4)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_RECEIVER_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class BindTransceiverResp(BindResp):
    """bind_transceiver_resp (§4.1.6)."""

    COMMAND: ClassVar[CommandId] = CommandId.BIND_TRANSCEIVER_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbind(Request):
    """outbind: the SMSC wants an ESME to bind as receiver (§4.1.7). It has no response."""

    COMMAND: ClassVar[CommandId] = CommandId.OUTBIND
    FIELDS: ClassVar[tuple[Field, ...]] = (
        Field("system_id", Text(16), S.RINVSYSID),
        Field("password", Text(9), S.RINVPASWD),
    )

    system_id: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind(Request):
    """unbind: one side ends the session (§4.2.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.UNBIND


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbindResp(Response):
    """unbind_resp (§4.2.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.UNBIND_RESP


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquireLink(Request):
    """enquire_link: is the other side there? (§4.11.1)."""

    COMMAND: ClassVar[CommandId] = CommandId.ENQUIRE_LINK


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquireLinkResp(Response):
    """enquire_link_resp (§4.11.2)."""

    COMMAND: ClassVar[CommandId] = CommandId.ENQUIRE_LINK_RESP
