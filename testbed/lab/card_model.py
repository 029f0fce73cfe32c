"""What a lab file says of cards: the keys by which subscribers are authenticated."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from corenet.authentication.milenage import opc_of
from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from testbed.lab.parts import Part

Key = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Fa-f]{32}$")]


class CardPart(Part):
    """A SIM or USIM: what its subscriber is authenticated by."""

    algorithm: Literal["milenage", "xor"] = Field(
        default="milenage",
        description="milenage: a USIM (TS 35.206); xor: a SIM with the test algorithm "
        "(TS 34.108), whose answers are made of RAND xor key",
    )
    key: Key = Field(description="K or Ki, 32 hexadecimal digits")
    opc: Key | None = Field(default=None, description="OPc, for milenage; or else `op`")
    op: Key | None = Field(default=None, description="OP, from which OPc is made")
    sqn: int = Field(
        default=0,
        ge=0,
        lt=1 << 48,
        description="highest sequence number that has been used, IND in its last 5 bits",
    )

    @model_validator(mode="after")
    def _one_variant(self) -> Self:
        given = (self.op is not None) + (self.opc is not None)
        if self.algorithm == "milenage" and given != 1:
            raise ValueError("milenage takes op or opc, one of the two")
        if self.algorithm == "xor" and (given or self.sqn):
            raise ValueError("xor has neither op, opc nor sqn")
        return self

    @cached_property
    def secret(self) -> Secret:
        """What HLR and card share; one object for all subscribers of a range."""
        key = bytes.fromhex(self.key)
        if self.algorithm == "xor":
            return XorSecret(key)
        if self.opc is not None:
            return MilenageSecret(key, bytes.fromhex(self.opc))
        assert self.op is not None
        return MilenageSecret(key, opc_of(key, bytes.fromhex(self.op)))
