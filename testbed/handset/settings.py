"""What a handset does with pushes that want an answer, and which gateway it browses by."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from testbed.codecs.wsp.push import SOURCE_PORT as CONNECTIONLESS_PORT
from testbed.codecs.wtp import UserAbort
from testbed.codecs.wtp.constants import WTP_PORT as SESSION_PORT
from testbed.wap.client import REFUSALS


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


@dataclass(frozen=True, slots=True)
class HandsetSettings:
    """One handset's."""

    push: PushBehaviour = field(default_factory=PushBehaviour)
    gateway: WapGateway | None = None
    """None: it has no browser, and a service to load is only shown."""
