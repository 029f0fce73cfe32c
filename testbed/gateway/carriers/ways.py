"""Chooses how a push goes to a terminal that has an address: in a datagram or on a session.

Specs: WAP-235 §7 (Push OTA over WSP), WAP-249 §6 (delivery methods), WAP-230 §6.3.3 (capabilities).

Theory of operation. A datagram is neither confirmed nor segmented. What has to be confirmed, or is
larger than a datagram, therefore needs a session; a confirmed push is a transaction of WTP, which
segments it. Where there is no session one is initiated first. A session that stands anyway takes
unconfirmed pushes too, if something was heard of it lately: one that the terminal has lost in a
restart would swallow them.

| wants                | no session                  | session                             |
|----------------------|-----------------------------|-------------------------------------|
| confirmed            | initiate one, else fail     | confirmed, else not possible        |
| preferconfirmed      | initiate one, else datagram | confirmed, else push or datagram    |
| others               | datagram                    | push if it is fresh, else datagram  |
| others, but larger   | initiate one, else fail     | confirmed, else not possible        |

Over IPv6 none is initiated, and what needs one is not possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from testbed.codecs.pap import DeliveryMethod, StatusCode
from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.gateway.carriers.outcomes import Failed, NotPossible
from testbed.wap.agreement import Agreement, fits


class Way(Enum):
    """How a push goes."""

    DATAGRAM = "datagram"
    """Connectionless, to the push port (S-Unit-Push)."""
    PUSH = "push"
    """On the session, unconfirmed (S-Push)."""
    CONFIRMED_PUSH = "confirmed push"
    """On the session (S-ConfirmedPush)."""
    INITIATE = "initiate"
    """The terminal is asked to open a session first (SIA)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a push."""

    method: DeliveryMethod
    octets: int
    """Of its PDU, without a transaction id."""
    largest_datagram: int
    """Octets of the largest connectionless push, with the transaction id."""
    over_ipv6: bool = False
    """Where there are no sessions."""

    @property
    def fits_datagram(self) -> bool:
        """Whether it can go without a session."""
        return self.octets < self.largest_datagram


def choose(
    wanted: Wanted, session: Agreement | None, *, is_fresh: bool = True, may_initiate: bool = True
) -> Way | Failed | NotPossible:
    """Return how a push goes now.

    ``session`` is what was agreed on with the client that takes pushes for this application, and
    ``is_fresh`` whether it was heard of lately. Without ``may_initiate`` no session is to be had.
    """
    if wanted.method in _CONFIRM or not wanted.fits_datagram:
        if session is None:
            return _without_session(wanted, may_initiate)
        objection = _objection(wanted, session)
        if objection is None:
            return Way.CONFIRMED_PUSH
        if wanted.method is DeliveryMethod.CONFIRMED or not wanted.fits_datagram:
            return objection
    takes = session is not None and session.allows(ProtocolOption.PUSH) and is_fresh
    if session is not None and takes and fits(wanted.octets, session.client_sdu):
        return Way.PUSH
    return Way.DATAGRAM


_CONFIRM = frozenset({DeliveryMethod.CONFIRMED, DeliveryMethod.PREFER_CONFIRMED})


_NO_SESSIONS = NotPossible(
    StatusCode.DELIVERY_METHOD_NOT_POSSIBLE, "sessions are not opened over IPv6"
)


def _without_session(wanted: Wanted, may_initiate: bool) -> Way | Failed | NotPossible:
    needs = wanted.method is DeliveryMethod.CONFIRMED or not wanted.fits_datagram
    if wanted.over_ipv6:
        return _NO_SESSIONS if needs else Way.DATAGRAM
    if may_initiate:
        return Way.INITIATE
    if needs:
        return Failed("the terminal opened no session")
    return Way.DATAGRAM


def _objection(wanted: Wanted, session: Agreement) -> NotPossible | None:
    if not session.allows(ProtocolOption.CONFIRMED_PUSH):
        return NotPossible(
            StatusCode.DELIVERY_METHOD_NOT_POSSIBLE, "the client takes no confirmed pushes"
        )
    if not fits(wanted.octets, session.client_sdu):
        return NotPossible(
            StatusCode.NOT_POSSIBLE,
            f"the push has {wanted.octets} octets, and the client takes {session.client_sdu}",
        )
    return None
