"""What a lab file may say of RADIUS at the GGSN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from corenet.ggsn.config import (
    AccessPolicy,
    AccountingPolicy,
    AuthenticatedBy,
    DynamicPolicy,
    RadiusAuthentication,
    RadiusClient,
    RadiusServer,
)
from testbed.lab.parts import Host, Network, Part, Port, Seconds

Secret = Annotated[str, StringConstraints(min_length=1)]
Tries = Annotated[int, Field(ge=1, le=20)]
Plmn = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{5,6}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253)]


class RadiusPart(Part):
    """A RADIUS server that accounting records go to."""

    address: Host
    port: Port = 1813
    secret: Secret = "corenet"


class AuthenticationServerPart(Part):
    """A RADIUS server that is asked who is let in."""

    address: Host
    port: Port = 1812
    secret: Secret = "corenet"
    message_authenticator: bool = Field(
        default=False,
        description="true: answers without a Message-Authenticator are ignored, since anybody on "
        "their way could have forged them",
    )


class ApnAuthenticationPart(Part):
    """RADIUS servers decide who gets a context on an APN, and what goes with it."""

    servers: tuple[AuthenticationServerPart, ...] = Field(
        min_length=1, description="the preferred first"
    )
    by: Literal["pco", "imsi", "msisdn"] = Field(
        default="pco",
        description="name and password that they are asked for: the mobile's own, by PAP or CHAP; "
        "or its IMSI or MSISDN with `password`",
    )
    password: str = Field(default="", max_length=128)

    def policy(self) -> RadiusAuthentication:
        """Return it as the GGSN has it."""
        return RadiusAuthentication(
            tuple(
                RadiusServer(
                    (one.address, one.port), one.secret.encode(), one.message_authenticator
                )
                for one in self.servers
            ),
            AuthenticatedBy(self.by),
            self.password,
        )


class AccountingPart(Part):
    """How accounting records are repeated, and for how long."""

    first_wait: Seconds = Field(
        default=3.0, description="until a record is sent again; doubled each time"
    )
    longest_wait: Seconds = Field(default=30.0, description="that the doubling ends at")
    tries: Tries = Field(default=4, description="at one server, before the next one is tried")
    dead_time: float = Field(
        default=60.0, ge=0, le=86_400, description="that a silent server comes after the others"
    )
    give_up_after: float = Field(
        default=86_400.0,
        gt=0,
        le=31_536_000,
        description="after which a record is given up that nobody has answered; until then the "
        "address of a context that has ended is given to nobody",
    )
    records: int = Field(
        default=200_000,
        ge=1,
        le=10_000_000,
        description="that may wait for an answer; beyond it the oldest is given up",
    )

    def policy(self, interim_interval: float | None) -> AccountingPolicy:
        """Return it as the GGSN has it."""
        return AccountingPolicy(
            interim_interval=interim_interval,
            first_wait=self.first_wait,
            longest_wait=max(self.first_wait, self.longest_wait),
            tries_per_server=self.tries,
            dead_time=self.dead_time,
            give_up_after=self.give_up_after,
            queue_limit=self.records,
        )


class AuthenticationPart(Part):
    """How the servers are asked that APNs name for authentication."""

    wait: Seconds = Field(default=1.5, description="until a request is sent again")
    tries: Tries = Field(default=2, description="at one server, before the next one is tried")
    deadline: Seconds = Field(
        default=10.0,
        description="after which the mobile is refused because nobody answers; shorter than the "
        "SGSN's patience, T3-RESPONSE times N3-REQUESTS, and not longer than that of `gtp`",
    )
    dead_time: float = Field(
        default=60.0, ge=0, le=86_400, description="that a silent server comes after the others"
    )

    def policy(self) -> AccessPolicy:
        """Return it as the GGSN has it."""
        return AccessPolicy(self.wait, self.tries, self.deadline, self.dead_time)


class OrderingServerPart(Part):
    """RADIUS servers that may order the end or a change of sessions."""

    address: Network = Field(description="an address or network that they send from")
    secret: Secret = "corenet"


class OrdersPart(Part):
    """Orders of RADIUS servers: Disconnect and CoA (RFC 5176)."""

    servers: tuple[OrderingServerPart, ...] = Field(min_length=1)
    port: Port = 3799
    window: Seconds = Field(
        default=300.0, description="by which an order's Event-Timestamp may be off"
    )
    needs_timestamp: bool = Field(
        default=False, description="whether an order without Event-Timestamp is dropped"
    )

    def policy(self) -> DynamicPolicy:
        """Return it as the GGSN has it."""
        clients = tuple(RadiusClient(one.address, one.secret.encode()) for one in self.servers)
        return DynamicPolicy(clients, self.port, self.window, self.needs_timestamp)


def two_secrets(parts: Iterable[ApnAuthenticationPart]) -> str | None:
    """Return the address of a server that is given two secrets, or None."""
    secrets: dict[tuple[str, int], str] = {}
    for server in (server for part in parts for server in part.servers):
        if secrets.setdefault((server.address, server.port), server.secret) != server.secret:
            return f"{server.address}:{server.port}"
    return None
