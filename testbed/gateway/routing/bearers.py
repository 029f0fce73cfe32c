"""Bearers that an initiator may ask for, and what is left of a rule's routes with one of them.

Specs: WAP-247 (quality-of-service: network, bearer and whether they are required), WAP-259 (names
of networks and bearers).

Theory of operation. A rule says in which order routes are tried; the bearer that a push asks for
is put above it. Where it is required the other bearer's routes are left out, and where it is only
preferred they come later. SMS is a route wherever there is an SMSC, whether the rule names it or
not; a packet route is one only where the rule has it. Holding is no bearer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.gateway.routing.policy import Next, Route, Rule


class Bearer(StrEnum):
    """What carries a push to its terminal."""

    ANY = "any"
    PACKET = "packet data"
    """IP over a PDP context."""
    SMS = "sms"


BEARERS: Final[Mapping[str, Bearer]] = MappingProxyType(
    {
        "any": Bearer.ANY,
        "gprs": Bearer.PACKET,
        "packet data": Bearer.PACKET,
        "ip": Bearer.PACKET,
        "sms": Bearer.SMS,
    }
)
"""By name in lower case; any other bearer cannot be had."""
NETWORKS: Final = frozenset({"any", "gsm"})
"""Networks that can be had, by name in lower case; GPRS is a bearer of GSM."""
_PACKET_ROUTES: Final = frozenset({Route.IP, Route.ACTIVATION, Route.GI_TRIGGER})


def narrowed(rule: Rule, bearer: Bearer, *, required: bool, has_smsc: bool) -> Rule | None:
    """Return the rule as it holds for a push that asks for ``bearer``; None: it can't be had."""
    order = rule.order
    match bearer:
        case Bearer.ANY:
            return rule
        case Bearer.PACKET if Route.SMS not in order:
            return rule if Route.IP in order or not required else None
        case Bearer.SMS if not has_smsc:
            return None if required else rule
        case Bearer.SMS:
            others = [route for route in order if route is not Route.SMS]
            if required:
                others = [route for route in others if route is Route.HOLD]
            return replace(rule, order=(Route.SMS, *others))
        case Bearer.PACKET if not required:
            return replace(rule, order=tuple(sorted(order, key=lambda r: r not in _PACKET_ROUTES)))
        case Bearer.PACKET if Route.IP not in order:
            return None
        case Bearer.PACKET:
            # A rule must not name what is not in its order; what is to follow there cannot.
            after = {
                refusal: Next.FAIL if follows is Next.SMS else follows
                for refusal, follows in rule.after.items()
            }
            packet = tuple(route for route in order if route is not Route.SMS)
            return replace(rule, order=packet, after=after)
