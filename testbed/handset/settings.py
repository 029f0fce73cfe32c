"""What a handset does with pushes that want an answer, and which gateway it browses by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Final, TypeVar

from testbed.codecs.wsp.push import SOURCE_PORT as CONNECTIONLESS_PORT
from testbed.codecs.wtp import UserAbort
from testbed.codecs.wtp.constants import WTP_PORT as SESSION_PORT
from testbed.wap.client import REFUSALS

T = TypeVar("T")

REFUSAL_NAMES: Final = {
    "requested": UserAbort.USER_REQUEST,
    "refused": UserAbort.USER_REFUSED,
    "pending": UserAbort.USER_PENDING,
    "no-resources": UserAbort.USER_DISCARDED_RESOURCES,
    "unprocessable": UserAbort.USER_DISCARDED_UNPROCESSABLE,
}
"""The reasons for a refusal, as lab files and the control interface name them."""


class OnPush(StrEnum):
    """What the handset does with a confirmed push, and with the request for a session."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    """Aborts the push with the reason that is set."""
    SILENT = "silent"
    """Neither confirms nor refuses, until the transaction ends for want of an answer."""
    NO_SESSION = "no-session"
    """Opens no session, so that there can be no confirmed push."""


@dataclass(frozen=True, slots=True)
class PushBehaviour:
    """How the push client behaves. Pushes without confirmation are always shown."""

    on_push: OnPush = OnPush.CONFIRM
    reason: UserAbort = UserAbort.USER_REFUSED
    """Of a refusal; one of ``REFUSALS``."""
    idle: float = 300.0
    """Seconds without a push after which the handset ends a session, greater than 0."""
    most_sessions: int = 4
    """With as many gateways at once."""

    def __post_init__(self) -> None:
        if self.reason not in REFUSALS:
            raise ValueError(f"{self.reason.name} is no reason to refuse a push")

    def having(self, name: str, value: str) -> PushBehaviour | None:
        """Return the behaviour with another setting; None where it has none of that name.

        Raises ValueError where the setting cannot have that value.
        """
        match name:
            case "on_push":
                return replace(self, on_push=_one_of({str(one): one for one in OnPush}, value))
            case "push_refusal":
                return replace(self, reason=_one_of(REFUSAL_NAMES, value))
            case _:
                return None


class Mode(StrEnum):
    """How the browser speaks to its gateway."""

    CONNECTIONLESS = "connectionless"
    """A datagram for a request and one for its answer, which is to be short."""
    SESSION = "session"
    """On a WSP session, with answers of any size."""


@dataclass(frozen=True, slots=True)
class WapGateway:
    """The gateway that the browser asks for pages."""

    address: str
    mode: Mode = Mode.SESSION
    session_port: int = SESSION_PORT
    connectionless_port: int = CONNECTIONLESS_PORT

    def having(self, name: str, value: str) -> WapGateway | None:
        """Return the gateway with another setting; None where it has none of that name.

        Another gateway is asked at the usual ports. Raises ValueError where the setting cannot
        have that value.
        """
        match name:
            case "wap_gateway":
                return WapGateway(str(IPv4Address(value)), self.mode)
            case "wap_mode":
                return replace(self, mode=_one_of({str(one): one for one in Mode}, value))
            case _:
                return None


@dataclass(frozen=True, slots=True)
class HandsetSettings:
    """One handset's."""

    push: PushBehaviour = field(default_factory=PushBehaviour)
    gateway: WapGateway | None = None
    """None: it has no browser, and a service to load is only shown."""


def _one_of(values: Mapping[str, T], name: str) -> T:
    if name not in values:
        raise ValueError(f"{name!r} is none of {', '.join(values)}")
    return values[name]
