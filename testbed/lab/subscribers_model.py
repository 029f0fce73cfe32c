"""What a lab file may say of subscribers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from testbed.lab.card_model import CardPart
from testbed.lab.mobiles_model import MixedPart, MobilePart
from testbed.lab.parts import (
    AnyHost,
    ApnName,
    Imsi,
    Msisdn,
    Part,
    Qos,
)


class SubscribedApnPart(Part):
    """An APN that a subscriber may use."""

    name: ApnName
    address: AnyHost | None = Field(
        default=None,
        description="static PDP address, IPv4 or IPv6; dynamic when absent. A range counts up from "
        "it, of IPv6 by prefixes of 64 bits",
    )
    qos: Qos | None = Field(
        default=None,
        description="the best quality of service that is subscribed, in hexadecimal as in GTP; "
        "any when absent",
    )


class SubscriberPart(Part):
    """A subscriber, or with ``count`` a range of them with numbers and addresses counting up."""

    imsi: Imsi
    msisdn: Msisdn
    count: int = Field(default=1, ge=1, le=1_000_000)
    apns: tuple[SubscribedApnPart, ...] = Field(min_length=1)
    card: CardPart | None = Field(
        default=None,
        description="what it is authenticated by, in the HLR and in its mobile; the cards of a "
        "range are alike",
    )
    barring: Literal["none", "attach", "roaming"] = Field(
        default="none",
        description="attach: no SGSN may serve it (GMM cause 7); roaming: no SGSN of "
        "`hlr.foreign_sgsns` (GMM cause 14)",
    )
    known_to_hlr: bool = Field(default=True, description="false: the HLR has never heard of it")
    mobile: MobilePart | None = Field(
        default=MobilePart(), description="null: no mobile of ours is behind it"
    )
    mix: tuple[MixedPart, ...] = Field(
        default=(),
        description="kinds of mobiles in place of `mobile`, drawn for each of a range by `seed`",
    )

    @model_validator(mode="after")
    def _has_one_kind_of_kinds(self) -> Self:
        if self.mix and "mobile" in self.model_fields_set:
            raise ValueError("mobiles are those of mobile, or of mix, not of both")
        return self

    def kinds(self) -> tuple[tuple[tuple[str | int, ...], MobilePart], ...]:
        """Return what its mobiles may be, with where that stands in this part."""
        if self.mix:
            return tuple(
                (("mix", index, "mobile"), one.mobile) for index, one in enumerate(self.mix)
            )
        return () if self.mobile is None else ((("mobile",), self.mobile),)
