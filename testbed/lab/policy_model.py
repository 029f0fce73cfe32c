"""What a lab file may say about the routes that pushes take to their terminals."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from testbed.codecs.wsp.push import PUSH_PORT
from testbed.gateway.carriers.send import application_name
from testbed.gateway.routing.policy import DEFAULT_ORDER, Confirm, Next, Refusal, Route, Rule
from testbed.lab.parts import Host, Msisdn, Network, Part, Port, Seconds


def _octets(value: str) -> str:
    return bytes.fromhex(value).hex()


class RulePart(Part):
    """A rule of the policy: how the pushes of some applications and initiators go."""

    applications: tuple[str, ...] = Field(
        default=(),
        description="X-Wap-Application-Id of the pushes that it is for, by name or number; "
        "any when absent",
    )
    initiators: tuple[str, ...] = Field(
        default=(), description="names of the initiators that it is for; any when absent"
    )
    order: tuple[Route, ...] = Field(
        default=DEFAULT_ORDER, description="in which routes are tried; `ip` before what leads to it"
    )
    activation_for: Seconds | None = Field(
        default=None,
        description="how long activation, or the Gi trigger, is tried before the next route; "
        "when absent 120 where SMS follows, and else as long as attempts are left",
    )
    sms_for: Seconds | None = Field(
        default=None, description="how long SMS is tried before the next route; no end when absent"
    )
    hold_for: Seconds | None = Field(
        default=None,
        description="how long a push is held before the next route; no end when absent",
    )
    lifetime: Seconds | None = Field(
        default=None,
        description="of a push that names no deliver-before; the gateway's when absent",
    )
    confirm: Confirm | None = Field(
        default=None,
        description="when a push of these that no client confirms counts as delivered, as "
        "[`ota.confirm`](#ota) says it; the gateway's when absent",
    )
    activations: int | None = Field(
        default=None,
        ge=1,
        description="activations for these pushes at one time; the gateway's limit when absent",
    )
    after: dict[Refusal, Next] = Field(
        default_factory=dict,
        description="what follows a refusal, where it is not [what follows by default]"
        "(policy.md#refusals)",
    )

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        self.rule()
        return self

    def rule(self) -> Rule:
        """Return the rule as the gateway has it."""
        return Rule(
            frozenset(application_name(application) for application in self.applications),
            frozenset(self.initiators),
            self.order,
            activation_for=self.activation_for,
            sms_for=self.sms_for,
            hold_for=self.hold_for,
            lifetime=self.lifetime,
            confirm=self.confirm,
            activations=self.activations,
            after=self.after,
        )


class GiTriggerPart(Part):
    """Who can be activated by a datagram to a static address, and how."""

    addresses: dict[Msisdn, Host] = Field(
        default_factory=dict, description="directory of static addresses, by MSISDN"
    )
    networks: tuple[Network, ...] = Field(
        default=(),
        description="of static addresses that pushes to TYPE=IPV4 may trigger, "
        "beside those of the directory",
    )
    push: bool = Field(
        default=True,
        description="true: the push itself is the trigger, and the GGSN stores it; "
        "false: `datagram` is, and the push follows when accounting shows the context",
    )
    port: Port = Field(default=PUSH_PORT, description="UDP port that `datagram` goes to")
    datagram: Annotated[
        str, StringConstraints(strict=True, max_length=2800), AfterValidator(_octets)
    ] = Field(default="", description="its octets, in hexadecimal")
    wait: Seconds = Field(
        default=45.0, description="for the accounting session that shows the context"
    )
