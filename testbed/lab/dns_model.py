"""What a lab file says of the DNS that SGSNs ask for GGSNs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from corenet.interfaces.names import NAME_PORT
from corenet.sgsn.config import THREE_DIGIT_MNCS, DnsConfig
from testbed.lab.parts import AnyHost, Part, Port, Seconds


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Mcc = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{3}$")]


class DnsPart(Part):
    """The DNS that an SGSN asks for the GGSNs of an APN that `ggsns` does not name."""

    servers: Annotated[tuple[AnyHost, ...], BeforeValidator(_one_or_more)] = Field(
        min_length=1, description="name servers, the preferred first; one needs no list"
    )
    port: Port = Field(default=NAME_PORT, description="of the name servers")
    timeout: Seconds = Field(
        default=10.0, description="until an activation fails because nobody answers"
    )
    shortest: Seconds = Field(
        default=1.0, description="how long an answer is believed at least, whatever its TTL"
    )
    longest: Seconds = Field(default=86_400.0, description="how long an answer is believed at most")
    longest_negative: Seconds = Field(
        default=300.0, description="how long it is believed at most that a name is not there"
    )
    failure_time: Seconds = Field(
        default=5.0, description="how long a name is not asked again when there was no answer"
    )
    names: int = Field(default=1000, ge=1, description="answers kept")
    three_digit_mncs: tuple[Mcc, ...] | None = Field(
        default=None,
        description="mobile country codes under which network codes have three digits, to find "
        "the home network of an IMSI; those of North America and some more when absent",
    )

    def config(self) -> DnsConfig:
        """Return it as an SGSN wants it."""
        return DnsConfig(
            servers=tuple((server, self.port) for server in self.servers),
            timeout=self.timeout,
            shortest=self.shortest,
            longest=self.longest,
            longest_negative=self.longest_negative,
            failure_time=self.failure_time,
            max_names=self.names,
            three_digit_mncs=THREE_DIGIT_MNCS
            if self.three_digit_mncs is None
            else frozenset(self.three_digit_mncs),
        )
