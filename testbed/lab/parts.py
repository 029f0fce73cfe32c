"""The kinds of values that parts of a lab file have in common."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

Imsi = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{6,15}$")]
Msisdn = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{5,15}$")]
ApnName = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=100),
]
UnitName = Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,128}$")]
"""What a node is known by on Gr between processes."""
Qos = Annotated[
    str, StringConstraints(strict=True, pattern=r"^([0-9A-Fa-f]{8}|([0-9A-Fa-f]{2}){12,21})$")
]
"""In hexadecimal as in GTP (TS 29.060 §7.7.34)."""
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Wait = Annotated[float, Field(ge=0, le=60)]
DeviceName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,15}$")]
NamespaceName = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")
]
NodeName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9-]{0,30}$")]
CellIdentity = Annotated[int, Field(ge=0, le=0xFFFF)]


def _address(value: object) -> object:
    return str(IPv4Address(value)) if isinstance(value, str) else value


def _address_v6(value: object) -> object:
    return str(IPv6Address(value)) if isinstance(value, str) else value


def _any_address(value: object) -> object:
    return str(ip_address(value)) if isinstance(value, str) else value


def _network(value: str) -> str:
    return str(ip_network(value))


def _pool(value: str) -> str:
    return str(IPv4Network(value))


Host = Annotated[str, BeforeValidator(_address), Field(strict=True)]
HostV6 = Annotated[str, BeforeValidator(_address_v6), Field(strict=True)]
AnyHost = Annotated[str, BeforeValidator(_any_address), Field(strict=True)]
Network = Annotated[str, AfterValidator(_pool), Field(strict=True)]
AnyNetwork = Annotated[str, AfterValidator(_network), Field(strict=True)]
"""Of IPv4 or IPv6; an address is a network of one."""


class Part(BaseModel):
    """A part of a lab file: no setting beside those it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HlrLinkPart(Part):
    """An HLR of another process, ours or a foreign one, asked by GSUP in IPA over TCP."""

    address: Host
    port: Port = 4222
    unit_name: UnitName | None = Field(
        default=None,
        description="what the HLR knows the node by, unlike any other; sgsn or smsc when absent",
    )


class ControlPart(Part):
    """The control interface, HTTP with JSON."""

    address: Host = "127.0.0.1"
    port: Port = 8080
    token: str | None = Field(
        default=None, min_length=8, description="bearer token asked of clients"
    )

    @model_validator(mode="after")
    def _token_beyond_loopback(self) -> Self:
        if not IPv4Address(self.address).is_loopback and self.token is None:
            raise ValueError(
                f"{self.address} can be reached from outside this host: set a token, "
                "or listen on a loopback address"
            )
        return self
