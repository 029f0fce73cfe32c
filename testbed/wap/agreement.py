"""Capability negotiation: what client and server of a session hold each other to (WAP-230 §6.3.2).

The client says what it would like, the server answers with what it grants, which is never more. A
capability that the client does not mention has its default; one that the server does not mention
is granted as asked. Sizes of 0 are without limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption

NO_OPTIONS: Final = ProtocolOption(0)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The capabilities of a session; the defaults are those of WAP-230 §8.3.2."""

    client_sdu: int = 1400
    """Octets of the largest PDU that the client takes."""
    server_sdu: int = 1400
    """Octets of the largest PDU that the server takes."""
    options: ProtocolOption = NO_OPTIONS
    method_mor: int = 1
    """Method requests outstanding at once."""
    push_mor: int = 1
    """Confirmed pushes outstanding at once."""

    def allows(self, option: ProtocolOption) -> bool:
        """Return whether an optional part of the service can be used."""
        return option in self.options


DEFAULTS: Final = Agreement()


def asking(wanted: Agreement) -> Capabilities:
    """Return what a client's Connect says: where it wants something other than the default."""
    return Capabilities(
        client_sdu=_unless(wanted.client_sdu, DEFAULTS.client_sdu),
        server_sdu=_unless(wanted.server_sdu, DEFAULTS.server_sdu),
        options=wanted.options or None,
        method_mor=_unless(wanted.method_mor, DEFAULTS.method_mor),
        push_mor=_unless(wanted.push_mor, DEFAULTS.push_mor),
    )


def _unless(value: int, default: int) -> int | None:
    return None if value == default else value


def grant(asked: Capabilities, most: Agreement) -> tuple[Agreement, Capabilities]:
    """Return what a server with these bounds agrees to, and what its ConnectReply says.

    The answer has every capability that was asked for, and each whose default is too much.
    Extended methods and header code pages are asked for by name, and none is granted.
    """
    wanted = _with_defaults(asked)
    agreed = Agreement(
        client_sdu=_smaller(wanted.client_sdu, most.client_sdu),
        server_sdu=_smaller(wanted.server_sdu, most.server_sdu),
        options=wanted.options & most.options,
        method_mor=min(wanted.method_mor, most.method_mor),
        push_mor=min(wanted.push_mor, most.push_mor),
    )
    answer = Capabilities(
        client_sdu=_answer(agreed.client_sdu, wanted.client_sdu, asked.client_sdu),
        server_sdu=_answer(agreed.server_sdu, wanted.server_sdu, asked.server_sdu),
        options=None if asked.options is None else agreed.options,
        method_mor=_answer(agreed.method_mor, wanted.method_mor, asked.method_mor),
        push_mor=_answer(agreed.push_mor, wanted.push_mor, asked.push_mor),
        extended_methods=None if asked.extended_methods is None else (),
        header_code_pages=None if asked.header_code_pages is None else (),
    )
    return agreed, answer


def settle(wanted: Agreement, granted: Capabilities) -> Agreement:
    """Return what a client that wanted this holds to, where a server has granted that.

    What the server grants beyond that does not count.
    """
    options = wanted.options if granted.options is None else granted.options
    return Agreement(
        client_sdu=_smaller(wanted.client_sdu, _or(granted.client_sdu, wanted.client_sdu)),
        server_sdu=_smaller(wanted.server_sdu, _or(granted.server_sdu, wanted.server_sdu)),
        options=wanted.options & options,
        method_mor=min(wanted.method_mor, _or(granted.method_mor, wanted.method_mor)),
        push_mor=min(wanted.push_mor, _or(granted.push_mor, wanted.push_mor)),
    )


def fits(octets: int, sdu: int) -> bool:
    """Return whether a PDU is within an SDU size."""
    return sdu == 0 or octets <= sdu


def _with_defaults(asked: Capabilities) -> Agreement:
    return Agreement(
        client_sdu=_or(asked.client_sdu, DEFAULTS.client_sdu),
        server_sdu=_or(asked.server_sdu, DEFAULTS.server_sdu),
        options=DEFAULTS.options if asked.options is None else asked.options,
        method_mor=_or(asked.method_mor, DEFAULTS.method_mor),
        push_mor=_or(asked.push_mor, DEFAULTS.push_mor),
    )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _smaller(one: int, other: int) -> int:
    """Return the smaller of two sizes of which 0 is the largest."""
    return min(one, other) if one and other else one or other


def _answer(agreed: int, wanted: int, asked: int | None) -> int | None:
    return None if asked is None and agreed == wanted else agreed
