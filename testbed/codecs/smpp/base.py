"""What every PDU of SMPP has.

Spec: SMPP 3.4 §3.2, §3.3. A PDU knows nothing of its sequence_number, which belongs to the session
that sends it; a response has the command_status of its header as ``status``. A response with an
error and nothing else to say has no body (§4.1.2, §4.4.2); one without a body is taken whatever its
status, because many entities answer deliver_sm so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, TypeVar

from testbed.codecs.smpp.constants import CommandId, CommandStatus
from testbed.codecs.smpp.fields import Field
from testbed.codecs.smpp.parameters import Parameter, Tlv

T = TypeVar("T")
P = TypeVar("P", bound="Pdu")

NO_TAGS: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """What every PDU has."""

    COMMAND: ClassVar[CommandId]
    FIELDS: ClassVar[tuple[Field, ...]] = ()
    """Its mandatory part, in order."""
    EXPECTED: ClassVar[frozenset[int]] = NO_TAGS
    """Tags of the optional parameters that the standard gives it."""

    tlvs: tuple[Tlv, ...] = ()
    """Its optional parameters, in order; those that nobody expects or knows too."""

    def get(self, parameter: Parameter[T]) -> T | None:
        """Return the value of an optional parameter, or None where there is none.

        Of several the first counts. One that the PDU should not have may be anything, and is
        ignored where it is no value (SMPP 3.4 §3.3).
        """
        for tlv in self.tlvs:
            if tlv.tag == parameter.tag:
                try:
                    return parameter.decode(tlv.value)
                except ValueError:
                    return None
        return None

    def without_tlvs(self: P) -> P:
        """Return it without its optional parameters, as a peer of SMPP 3.3 needs it."""
        return replace(self, tlvs=()) if self.tlvs else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Pdu):
    """A PDU that begins an operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Pdu):
    """A PDU that ends an operation."""

    status: int = CommandStatus.ROK
    """The command_status: one of ``CommandStatus``, or another number."""

    @property
    def is_success(self) -> bool:
        """Whether it reports no error."""
        return self.status == CommandStatus.ROK
