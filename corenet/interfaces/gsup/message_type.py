"""The types of GSUP messages.

Spec: OsmoHLR user manual, "Generic Subscriber Update Protocol".
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType


class MessageType(IntEnum):
    """GSUP message types. Request, error and result are the four-step group's 0, 1 and 2."""

    UPDATE_LOCATION_REQUEST = 0x04
    UPDATE_LOCATION_ERROR = 0x05
    UPDATE_LOCATION_RESULT = 0x06
    SEND_AUTH_INFO_REQUEST = 0x08
    SEND_AUTH_INFO_ERROR = 0x09
    SEND_AUTH_INFO_RESULT = 0x0A
    AUTH_FAIL_REPORT = 0x0B
    PURGE_MS_REQUEST = 0x0C
    PURGE_MS_ERROR = 0x0D
    PURGE_MS_RESULT = 0x0E
    INSERT_SUBSCRIBER_DATA_REQUEST = 0x10
    INSERT_SUBSCRIBER_DATA_ERROR = 0x11
    INSERT_SUBSCRIBER_DATA_RESULT = 0x12
    DELETE_SUBSCRIBER_DATA_REQUEST = 0x14
    DELETE_SUBSCRIBER_DATA_ERROR = 0x15
    DELETE_SUBSCRIBER_DATA_RESULT = 0x16
    LOCATION_CANCEL_REQUEST = 0x1C
    LOCATION_CANCEL_ERROR = 0x1D
    LOCATION_CANCEL_RESULT = 0x1E
    SUPPLEMENTARY_SERVICE_REQUEST = 0x20
    SUPPLEMENTARY_SERVICE_ERROR = 0x21
    SUPPLEMENTARY_SERVICE_RESULT = 0x22
    MO_FORWARD_SM_REQUEST = 0x24
    MO_FORWARD_SM_ERROR = 0x25
    MO_FORWARD_SM_RESULT = 0x26
    MT_FORWARD_SM_REQUEST = 0x28
    MT_FORWARD_SM_ERROR = 0x29
    MT_FORWARD_SM_RESULT = 0x2A
    READY_FOR_SM_REQUEST = 0x2C
    READY_FOR_SM_ERROR = 0x2D
    READY_FOR_SM_RESULT = 0x2E
    CHECK_IMEI_REQUEST = 0x30
    CHECK_IMEI_ERROR = 0x31
    CHECK_IMEI_RESULT = 0x32

    @property
    def text(self) -> str:
        """The type in words, such as "UpdateLocation Request"."""
        *procedure, kind = self.name.split("_")
        return "".join(_WORDS.get(word, word.capitalize()) for word in procedure) + (
            " " + kind.capitalize()
        )

    @property
    def is_request(self) -> bool:
        """Whether it asks for a result or an error."""
        return not self & 3

    @property
    def is_error(self) -> bool:
        """Whether it refuses a request."""
        return self & 3 == 1

    @property
    def request(self) -> MessageType:
        """The request that this type answers, or is."""
        return MessageType(self & ~3)

    @property
    def error(self) -> MessageType:
        """The type that refuses this request."""
        return MessageType(self & ~3 | 1)

    @property
    def result(self) -> MessageType:
        """The type that grants this request."""
        return MessageType(self & ~3 | 2)


_WORDS = MappingProxyType(
    {"MS": "MS", "SM": "SM", "MO": "MO-", "MT": "MT-", "FORWARD": "forward", "IMEI": "IMEI"}
)
