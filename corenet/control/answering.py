"""What a mobile does with the network's requests, as clients and lab files say it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from corenet.interfaces.nas.causes import SmCause
from corenet.mobile.behaviour import Answer, Behaviour, Distribution, Fault

OnRequest = Literal["accept", "reject", "silent", "detach", "wrong-nsapi", "malformed"]
FaultName = Literal[
    "too-short",
    "reserved-transaction",
    "unknown-transaction",
    "unknown-type",
    "missing-element",
    "unknown-element",
]


def whole(value: object) -> object:
    """Take 26.0 for 26, as JSON Schema does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Answering(BaseModel):
    """How a mobile answers what the network requests of it, and when."""

    on_request: OnRequest = Field(
        default="accept",
        description="what it does with Request PDP Context Activation (TS 24.008 §6.1.3.1.2)",
    )
    sm_cause: Annotated[int, BeforeValidator(whole)] = Field(
        default=SmCause.ACTIVATION_REJECTED_UNSPECIFIED.value,
        ge=1,
        le=255,
        description="the SM cause of a reject (TS 24.008 §10.5.6.6)",
    )
    nsapi: Annotated[int, BeforeValidator(whole)] = Field(
        default=0,
        ge=0,
        le=15,
        description="the NSAPI of wrong-nsapi: 0 to 4 are reserved, from 5 on one may be in use",
    )
    fault: FaultName = Field(
        default="missing-element",
        description="what is wrong with what a malformed answer says (TS 24.008 §8.2 to §8.5)",
    )
    answer_after: float = Field(
        default=0.0, ge=0, le=3600, description="seconds it takes to answer"
    )
    answer_distribution: Literal["constant", "uniform", "exponential"] = Field(
        default="constant",
        description="of the time that answers take: constant, uniform from `answer_after` to "
        "`answer_at_most`, or exponential with a mean of `answer_after`",
    )
    answer_at_most: float = Field(
        default=3600.0, ge=0, le=3600, description="seconds that no answer takes more than"
    )

    def behaviour(self) -> Behaviour:
        """Return what the mobile is told."""
        return Behaviour(
            Answer(self.on_request),
            self.sm_cause,
            self.answer_after,
            Distribution(self.answer_distribution),
            self.answer_at_most,
            self.nsapi,
            Fault(self.fault),
        )
