"""Subscribers in the control interface: what is asked and answered of the HLR's own data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from corenet.control.answering import whole
from corenet.control.model import Answer, Imsi, Msisdn, Page, PdpAddress, Qos, Request

ApnProfileName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*|[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*)$", min_length=1, max_length=99
    ),
]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{32}$")]
BarringName = Literal["none", "attach", "roaming"]
_BARRING = Field(
    description="attach: from attaching; roaming: from attaching in SGSNs of other networks"
)


class ApnProfile(Request):
    """An access point that a subscriber may use."""

    name: ApnProfileName = Field(description='"*" for any')
    address: PdpAddress | None = Field(default=None, description="static; null: the GGSN gives one")
    qos: Qos | None = Field(default=None, description="the best that is granted; null: any")


class XorCard(Request):
    """The key of a card for tests (TS 34.108 §8.1.2). It is never told again."""

    algorithm: Literal["xor"]
    key: Key = Field(description="128 bits in hexadecimal")


class _MilenageCard(Request):
    algorithm: Literal["milenage"]
    key: Key = Field(description="128 bits in hexadecimal")
    sqn: Annotated[int, Field(ge=0, lt=1 << 48), BeforeValidator(whole)] = Field(
        default=0, description="the highest sequence number that the card has been given"
    )


class MilenageOpcCard(_MilenageCard):
    """The keys of a Milenage card (TS 35.206). They are never told again."""

    opc: Key = Field(description="derived from op and key")


class MilenageOpCard(_MilenageCard):
    """The keys of a Milenage card, with the operator's own. They are never told again."""

    op: Key = Field(description="the operator's")


CardRequest = XorCard | MilenageOpcCard | MilenageOpCard
"""What a subscriber's card is authenticated with."""


Apns = Annotated[list[ApnProfile], Field(max_length=50)]


class SubscriberCreation(Request):
    """A new subscriber."""

    imsi: Imsi
    msisdn: Msisdn
    apns: Apns = Field(default=[])
    barring: Annotated[BarringName, _BARRING] = "none"
    card: CardRequest | None = None


class SubscriberChange(Request):
    """What is to be another of a subscriber; the rest stays as it is."""

    msisdn: Msisdn | None = None
    apns: Apns | None = Field(default=None, description="all that there are from now on")
    barring: Annotated[BarringName, _BARRING] | None = None
    card: CardRequest | None = Field(default=None, description="null: none from now on")


class SubscriberAnswer(Answer):
    """A subscriber, as the HLR has it."""

    imsi: str
    msisdn: str
    apns: list[ApnProfile]
    barring: BarringName
    card: Literal["milenage", "xor"] | None = Field(
        description="the card's algorithm; null: it cannot be authenticated. Keys are never told"
    )
    sgsn: str | None = Field(description="address of the serving SGSN; null: none")
    sgsn_since: datetime | None


class SubscriberList(Answer):
    """Subscribers of the HLR."""

    total: int = Field(description="how many there are")
    subscribers: list[SubscriberAnswer]


class SubscriberQuery(Page):
    """Which subscribers: a part of all, or the one with a number."""

    msisdn: Msisdn | None = None
