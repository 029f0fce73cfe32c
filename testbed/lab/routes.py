"""From a lab file's rules to the gateway's policy, and what only shows when it is seen whole."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.config import OtaPolicy
from testbed.gateway.routing.policy import Confirm, Policy, Route, Rule
from testbed.lab.gateway_model import GatewayPart
from testbed.lab.policy_model import GiTriggerPart
from testbed.lab.yaml_source import Path, Problem, Source

_BY_TRIGGER = Rule(order=(Route.IP, Route.GI_TRIGGER, Route.HOLD))


def policy(part: GatewayPart) -> Policy:
    """Return the policy of a gateway whose rules ``problems`` finds nothing wrong with."""
    if part.policy:
        return Policy(tuple(rule.rule() for rule in part.policy))
    if part.gi_trigger is not None and not part.ask_core:
        return Policy((_BY_TRIGGER,))
    return Policy()


def gi_trigger(part: GiTriggerPart) -> GiTrigger:
    """Return who can be triggered, and how."""
    return GiTrigger(
        dict(part.addresses),
        part.networks,
        sends_push=part.push,
        port=part.port,
        payload=bytes.fromhex(part.datagram),
        wait=part.wait,
    )


def problems(part: GatewayPart, source: Source, *, has_smsc: bool) -> Iterator[Problem]:
    """Find what is wrong with the rules together, each with its place."""
    yield from _unanswerable(part, source)
    names = {initiator.name for initiator in part.initiators}
    last = len(part.policy) - 1
    for number, one in enumerate(part.policy):
        path = ("gateway", "policy", number)
        rule = one.rule()
        if rule.fits_all and number < last:
            text = "this rule fits every push, so those after it never hold"
            yield source.problem(path, text)
        if number == last and not rule.fits_all:
            text = (
                "the last rule fits every push: let it name no applications or initiators, "
                "or add one after it"
            )
            yield source.problem(path, text)
        for position, name in enumerate(one.initiators):
            if name not in names:
                known = ", ".join(sorted(names)) or "none, so nobody is told from another"
                text = f"there is no initiator {name}; gateway.initiators has {known}"
                yield source.problem((*path, "initiators", position), text)
        for position, route in enumerate(one.order):
            if route is Route.SMS and not has_smsc:
                text = "sms needs an SMSC: set smsc, or gateway.sms.smscs"
                yield source.problem((*path, "order", position), text)
            if route is Route.GI_TRIGGER and part.gi_trigger is None:
                text = "gi-trigger needs gateway.gi_trigger, which says who can be triggered"
                yield source.problem((*path, "order", position), text)


def _unanswerable(part: GatewayPart, source: Source) -> Iterator[Problem]:
    """Find where the core is to be asked what has left for a mobile, and cannot be."""
    asking: list[Path] = [
        ("gateway", "policy", number, "confirm")
        for number, one in enumerate(part.policy)
        if one.confirm is Confirm.CONTEXT
    ]
    if part.ota.confirm is Confirm.CONTEXT:
        asking.insert(0, ("gateway", "ota", "confirm"))
    longest = OtaPolicy().confirm_time
    for path in asking:
        if not part.ask_core:
            yield source.problem(path, "only the core knows of contexts: it needs ask_core")
        if not 0 < part.ota.returned <= longest:
            text = f"context needs gateway.ota.returned above 0 and at most {longest:g}"
            yield source.problem(path, text)
